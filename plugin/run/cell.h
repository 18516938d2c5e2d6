/* run/cell.h - text on one line of a terminal, in a limited number of its columns.
 *
 * Widths are columns of a terminal: East Asian Wide and Fullwidth characters and pictographs
 * take two, combining marks none (Unicode Annex 11, in round ranges).
 */
#ifndef VENDING_RUN_CELL_H
#define VENDING_RUN_CELL_H

#include <stddef.h>

#include "base/span.h"

/* Bytes that text of so many columns takes at most: a character has up to four. */
#define CELL_BYTES(width) ((size_t)4 * (width))

/* Puts text into out, which holds CELL_BYTES(max_width); max_width is at least 1. What is longer
 * is cut and ends in an ellipsis. Line breaks and tabs become blanks, other characters that are not
 * to be seen or turn the direction of text escapes (io/visible.h), bytes that are not UTF-8 U+FFFD.
 * Returns the bytes written; *width is the columns they take. */
size_t cell_fit(struct span text, size_t max_width, char *out, size_t *width);

#endif
