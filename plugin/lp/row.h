/* lp/row.h - one row for one table: what every stage hands on and what the output formats print.
 *
 * Names are the columns of the table of the same name (contract.md, Tables). Text is a view into the record's arena or
 * input, or a constant: a row lives no longer than the record it came from.
 */
#ifndef VENDING_LP_ROW_H
#define VENDING_LP_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "lp/value.h"

#define ROW_MAX_TAGS 2
#define ROW_MAX_FIELDS 96 /* a mapping may not give a table more columns than this */

struct row_tag {
    const char *name;
    struct span value; /* never empty */
};

struct row_field {
    const char *name;
    struct value value;
};

struct row {
    const char *measurement;
    struct row_tag tags[ROW_MAX_TAGS];
    size_t tag_count;
    struct row_field fields[ROW_MAX_FIELDS];
    size_t field_count;
    int64_t time_ns; /* Unix time, nanoseconds */
};

/* Empties the row and names its table. */
void row_begin(struct row *row, const char *measurement, int64_t time_ns);

/* Appends. A tag of no bytes is left out (line protocol cannot say it); what does not fit is left out: false. */
bool row_tag(struct row *row, const char *name, struct span value);
bool row_field(struct row *row, const char *name, struct value value);

/* The field of that name, or NULL. */
const struct value *row_find(const struct row *row, const char *name);

/* Where rows and passed-through records go: line protocol or a table for people. */
struct sink {
    void *ctx;
    void (*row)(void *ctx, const struct row *row);
    void (*raw)(void *ctx, struct span record); /* bytes of a metric that is not ours, as they came */
};

#endif
