/* run/listing.h - rows as tables for people: one per measurement, columns aligned, with the records
 * that were passed through at the end.
 *
 * Rows are collected up to a bound and then printed, in order of first appearance. Columns
 * without a value are left out; a long value is cut. Plain text with blanks between the columns:
 * it reads the same on a terminal, in a file and in a chat. With a width no line is wider: names
 * go over several lines, long texts are cut further, and what still does not fit goes below its
 * row as name=value (layout.h).
 */
#ifndef VENDING_RUN_LISTING_H
#define VENDING_RUN_LISTING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"
#include "base/span.h"
#include "lp/row.h"

#define LISTING_MIN_WIDTH 40 /* a narrower terminal is taken to be so wide */

struct listing; /* some 2.2 MiB, allocated once */

/* Gets the printed text, piece by piece. */
typedef void listing_emit(void *ctx, struct span text);

/* max_rows: printed of a table, and of passed-through records; how many more there were is said
 * below; COLLECTION_ALL = all. whole: that limit is over everything that comes, which is then
 * printed by one listing_flush if the rows to print stay within the bounds of collection.h; else
 * it is of each flush. NULL = no memory. */
struct listing *listing_new(size_t max_rows, bool whole, listing_emit *emit, void *ctx) MUST_USE;
void listing_free(struct listing *listing);

/* Columns of the terminal, from now on; 0 = any, which is so at first. */
void listing_set_width(struct listing *listing, size_t width);

/* The sink that collects into the listing. When the bound is reached, it prints. */
struct lp_sink listing_sink(struct listing *listing);

/* Prints what was collected, if anything, and starts anew. */
void listing_flush(struct listing *listing);

#endif
