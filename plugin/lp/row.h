/* lp/row.h - one row for one table: what every stage hands on and what the output formats print.
 *
 * Names are the columns of the table of the same name (plugin/README.md, Tables). Text is a view
 * into the record's arena or input, or a constant: a row lives no longer than the record it came
 * from.
 */
#ifndef VENDING_LP_ROW_H
#define VENDING_LP_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "lp/value.h"

#define LP_ROW_MAX_TAGS 2
#define LP_ROW_MAX_FIELDS 96 /* a mapping may not give a table more columns than this */

struct lp_row_tag {
    const char *name;
    struct span value; /* never empty */
};

struct lp_row_field {
    const char *name;
    struct lp_value value;
    size_t plain_len; /* of a name that is written as it is, 0 = it may need escapes */
};

struct lp_row {
    const char *measurement;
    struct lp_row_tag tags[LP_ROW_MAX_TAGS];
    size_t tag_count;
    struct lp_row_field fields[LP_ROW_MAX_FIELDS];
    size_t field_count;
    int64_t time_ns; /* Unix time, nanoseconds */
    bool failed;     /* a tag or field did not fit */
};

/* Empties the row and names its table. */
void lp_row_begin(struct lp_row *row, const char *measurement, int64_t time_ns);

/* Append. A tag of no bytes is left out (line protocol cannot say it). What does not fit is left
 * out and sets row->failed: one check at the end is enough. */
void lp_row_tag(struct lp_row *row, const char *name, struct span value);
void lp_row_field(struct lp_row *row, const char *name, struct lp_value value);

/* The same in two steps: the place for the value of the next field, which is one once it is kept.
 * NULL = it does not fit. A plain_len other than 0 says that line protocol needs no escape in the
 * name, and how long it is. */
static inline struct lp_value *lp_row_space(struct lp_row *row)
{
    if (row->field_count == LP_ROW_MAX_FIELDS) {
        row->failed = true;
        return NULL;
    }
    return &row->fields[row->field_count].value;
}

static inline void lp_row_keep(struct lp_row *row, const char *name, size_t plain_len)
{
    struct lp_row_field *field = &row->fields[row->field_count++];
    field->name = name;
    field->plain_len = plain_len;
}

/* Takes a field, by its place, out again. */
void lp_row_remove(struct lp_row *row, size_t field);

/* The field of that name, or NULL. */
const struct lp_value *lp_row_find(const struct lp_row *row, const char *name);

/* Where rows and passed-through records go: line protocol or a table for people. */
struct lp_sink {
    void *ctx;
    void (*row)(void *ctx, const struct lp_row *row);
    /* bytes of a metric that is not ours, as they came */
    void (*raw)(void *ctx, struct span record);
};

#endif
