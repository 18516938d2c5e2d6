/* io/terminal.h - is a descriptor a terminal, and how wide is it? */
#ifndef VENDING_IO_TERMINAL_H
#define VENDING_IO_TERMINAL_H

#include <stddef.h>

#define TERMINAL_USUAL_WIDTH 80

/* Columns of the terminal behind a descriptor: what the terminal says (TIOCGWINSZ), else the
 * environment's COLUMNS, else 80. 0 = it is no terminal. */
size_t terminal_width(int fd);

#endif
