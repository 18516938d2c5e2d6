/* run/listing.h - rows as tables for people: one per measurement, columns aligned, with the records that were passed through at the end.
 *
 * Rows are collected up to a bound and then printed, in order of first appearance. Columns without a value are left out; a long
 * value is cut. Plain text with blanks between the columns: it reads the same on a terminal, in a file and in a chat.
 */
#ifndef VENDING_RUN_LISTING_H
#define VENDING_RUN_LISTING_H

#include <stddef.h>

#include "base/span.h"
#include "lp/row.h"

#define LISTING_MAX_ROWS 1000                  /* collected before they are printed */
#define LISTING_MAX_TEXT ((size_t)1024 * 1024) /* bytes of their text */
#define LISTING_CELL_WIDTH 40                  /* columns of the screen; what is longer ends in an ellipsis */

struct listing; /* some 2 MiB, allocated once */

/* Gets the printed text, piece by piece. */
typedef void listing_emit(void *ctx, struct span text);

/* NULL = no memory. */
struct listing *listing_new(listing_emit *emit, void *ctx);
void listing_free(struct listing *listing);

/* The sink that collects into the listing. When the bound is reached, it prints. */
struct lp_sink listing_sink(struct listing *listing);

/* Prints what was collected, if anything, and starts anew. */
void listing_flush(struct listing *listing);

#endif
