/* run/output.h - where rows and passed-through records end up: in one of the formats, gathered in a
 * buffer, written to a descriptor.
 *
 * influx, json and csv write each row as it comes; table is a listing, which collects rows and
 * prints them when output_show_listing() is called. In json and csv a passed-through record is a row, too.
 */
#ifndef VENDING_RUN_OUTPUT_H
#define VENDING_RUN_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/macros.h"
#include "core/mapping.h"
#include "core/settings.h"
#include "io/writer.h"
#include "lp/row.h"
#include "run/csv.h"
#include "run/flat.h"
#include "run/listing.h"

/* More than this is written out at once, less when output_flush is called. */
#define OUTPUT_FLUSH_BYTES ((size_t)64 * 1024)

struct output_settings {
    enum output_format format;
    size_t max_line;               /* bytes of the longest record */
    size_t max_bytes;              /* of the longest row or record in influx */
    const struct mapping *mapping; /* csv: the columns; used by output_init alone */
    bool reports;                  /* csv: columns of vm_ingest, too */
    size_t max_rows;               /* table: see listing_new */
    bool whole;                    /* table: see listing_new */
};

struct output {
    struct writer writer; /* its error and its count are there to be read */
    struct buf bytes;
    struct listing *listing; /* table */
    struct flat *flat;       /* json and csv */
    struct csv *csv;         /* csv */
    bool line_open;          /* the last record has no newline */
    bool holds_rows;         /* the listing has something to show, */
    int64_t holds_since_ns;  /* ... since then (monotonic clock) */
    bool never_waits;        /* what cannot be written now stays; for the program to set */
    uint64_t lost;           /* rows and records for which there was no memory */
    uint64_t unshown;        /* passed-through records that json and csv cannot show, */
    struct err unshown_why;  /* ... and the last one's reason */
    int64_t writing_ns;      /* time spent in writing */
};

/* fd stays the caller's. false = no memory; *output is then safe to free. */
bool output_init(struct output *output, int fd, const struct output_settings *settings) MUST_USE;
void output_free(struct output *output);

/* The sink that leads here; *output must stay where it is. */
struct lp_sink output_sink(struct output *output);

/* Bytes of our own between the rows: a summary. */
void output_text(struct output *output, struct span text);

/* Turns the rows that the listing holds into text no wider than the terminal, width 0 = of any
 * width. */
void output_show_listing(struct output *output, size_t width);

/* Writes out what there is, or what can be written without waiting. Errors are kept in the
 * writer; after one, nothing stays. */
void output_flush(struct output *output);

#endif
