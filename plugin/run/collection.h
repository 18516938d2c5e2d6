/* run/collection.h - rows kept as cells of text until they are printed, within fixed bounds.
 *
 * Cells are grouped into columns by measurement, in the order of the rows although each may
 * leave some out. Memory is taken once: 2.2 MiB.
 */
#ifndef VENDING_RUN_COLLECTION_H
#define VENDING_RUN_COLLECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/span.h"
#include "lp/row.h"
#include "run/cell.h"

#define COLLECTION_MAX_ROWS 1000                  /* kept at a time; and as many records */
#define COLLECTION_MAX_TEXT ((size_t)1024 * 1024) /* bytes of their text */
#define COLLECTION_CELL_WIDTH 40                  /* columns of a terminal; longer text is cut */
#define COLLECTION_RAW_WIDTH 160                  /* the same for a passed-through record */
#define COLLECTION_NAME_WIDTH 256                 /* PostgreSQL's names have at most 63 bytes */
#define COLLECTION_ALL SIZE_MAX                   /* as the number of rows to keep: all that come */

#define COLLECTION_MAX_MEASUREMENTS 16
#define COLLECTION_MAX_CELLS_OF_ROW (1 + LP_ROW_MAX_TAGS + LP_ROW_MAX_FIELDS)
#define COLLECTION_MAX_COLUMNS (2 * COLLECTION_MAX_CELLS_OF_ROW)

/* Text in the collection's block; see collection_text. */
struct cell {
    uint32_t start;
    uint16_t bytes;
    uint16_t width;  /* in columns of a terminal */
    uint16_t column; /* the id of its column */
};

struct cell_column {
    struct cell name;
    uint16_t value_width; /* of the widest value */
    uint16_t id;          /* what cells call it; its place may change */
    bool has_text;        /* else its values are numbers and stand to the right */
    bool has_value;
};

struct measurement {
    char name[CELL_BYTES(COLLECTION_NAME_WIDTH)];
    size_t name_bytes;
    struct cell_column columns[COLLECTION_MAX_COLUMNS]; /* in the order in which they are printed */
    size_t column_count;
    size_t row_count; /* kept now */
    size_t shown;     /* kept, cleared ones included where the limit is over everything */
    size_t hidden;    /* came beyond the limit */
};

/* A row. */
struct line {
    uint16_t measurement;
    uint16_t cell_count;
    uint32_t first_cell;
};

struct collection {
    size_t max_rows; /* to keep of a measurement, and of passed-through records */
    bool whole;      /* the limit is over everything that comes, not between two collection_clear */
    char *text;
    size_t text_used;
    struct cell *cells;
    size_t cell_count;
    struct measurement *measurements; /* in order of appearance */
    size_t measurement_count;
    struct line lines[COLLECTION_MAX_ROWS];
    size_t line_count;
    struct cell raw[COLLECTION_MAX_ROWS];
    size_t raw_count, raw_shown, raw_hidden;
};

/* max_rows and whole: see the struct. NULL = no memory. */
struct collection *collection_new(size_t max_rows, bool whole) MUST_USE;
void collection_free(struct collection *collection);

/* Keeps the row, or counts it as hidden. false = there is no room: print, collection_clear, and
 * try again, which then succeeds. */
bool collection_add_row(struct collection *collection, const struct lp_row *row) MUST_USE;

/* The same with a passed-through record, with or without its newline. */
bool collection_add_raw(struct collection *collection, struct span record) MUST_USE;

/* Forgets what is kept, and the counts unless the limit is over everything. */
void collection_clear(struct collection *collection);

struct span collection_text(const struct collection *collection, const struct cell *cell);

#endif
