/* run/output.h - where rows and passed-through records end up: line protocol or a listing, gathered in a buffer, written to a descriptor. */
#ifndef VENDING_RUN_OUTPUT_H
#define VENDING_RUN_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "core/settings.h"
#include "io/writer.h"
#include "lp/row.h"
#include "run/listing.h"

#define OUTPUT_FLUSH_BYTES                                                                                             \
    ((size_t)64 * 1024) /* more than this is written out at once, less when output_flush is called */

struct output {
    struct writer writer; /* its error and its count are there to be read */
    struct buf bytes;
    struct listing *listing; /* NULL = line protocol */
    bool line_open;          /* the last record has no newline */
    bool holds_rows;         /* the listing has something to show */
    bool never_waits;        /* what the descriptor does not take stays in bytes; for the program to set */
    uint64_t lost;           /* rows and records for which there was no memory */
    int64_t writing_ns;      /* time spent in writing */
};

/* max_bytes: of the longest row or record there can be. false = no memory; *output is then safe to free. */
bool output_init(struct output *output, int fd, enum output_format format, size_t max_bytes)
    __attribute__((warn_unused_result));
void output_free(struct output *output);

/* The sink that leads here; *output must stay where it is. */
struct lp_sink output_sink(struct output *output);

/* Turns the rows that the listing holds into text. */
void output_show_listing(struct output *output);

/* Writes out what there is, or what can be written without waiting. Errors are kept in the writer; after one, nothing stays. */
void output_flush(struct output *output);

#endif
