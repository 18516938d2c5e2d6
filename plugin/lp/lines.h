/* lp/lines.h - lines that end at a newline, from bytes that arrive in any chunks: a capture file.
 *
 * The same shape as lp_frame.h, whose records are not lines (a string field may hold newlines).
 */
#ifndef VENDING_LP_LINES_H
#define VENDING_LP_LINES_H

#include <stddef.h>

#include "lp/frame.h"

struct lines; /* one buffer of max_line + chunk bytes, allocated once */

/* NULL = no memory. A line of more than max_line bytes, its newline not counted, is oversized. */
struct lines *lines_new(size_t max_line, size_t chunk);
void lines_free(struct lines *lines);

/* Space for the next read: at least 1 byte once lines_next has said LP_FRAME_NONE. */
char *lines_space(struct lines *lines, size_t *size);

/* Says that n bytes were put there. */
void lines_filled(struct lines *lines, size_t n);

/* Says that no more input comes: a last line without newline is then a line too. */
void lines_end(struct lines *lines);

/* The next line, its newline included. Work is linear in the input. */
struct lp_frame lines_next(struct lines *lines);

#endif
