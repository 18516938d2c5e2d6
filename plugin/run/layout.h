/* run/layout.h - which columns of a table stand side by side on a terminal of limited width, and
 * how wide.
 *
 * If everything fits as it is, it stays. Else names go over several lines, long texts are cut,
 * and what still does not fit goes below its row: long texts first, then columns from the right.
 * The first column (the time) always stays.
 */
#ifndef VENDING_RUN_LAYOUT_H
#define VENDING_RUN_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

#define LAYOUT_GAP 2         /* blanks between columns */
#define LAYOUT_LONG_WIDTH 24 /* a text wider than this may be cut down to it */

struct layout_column {
    struct span name;
    size_t name_width;
    size_t value_width; /* of the widest value */
    bool is_text;       /* else numbers, which are never cut */
    size_t width;       /* found: columns of the terminal for it */
    bool below;         /* found: it goes below the row */
};

/* Finds width and below of each column. width: of the terminal; 0 = any. */
void layout_fit(struct layout_column *columns, size_t count, size_t width);

/* A name over several lines: the next piece of it, from *pos on, that goes on a line of that
 * width. Pieces end behind an underscore; one that is longer than the line is a line all the
 * same. Moves *pos behind it. Empty at the end of the name. */
struct span layout_name_line(struct span name, size_t width, size_t *pos);

#endif
