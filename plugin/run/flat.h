/* run/flat.h - a row of ours, or a record that was passed through, as one list of named, typed
 * values: what JSON and CSV show.
 *
 * Names are unique, and "measurement" and "time" are free for the row's own: a tag or field of
 * one of these names, with or without underscores behind it, gets one underscore more ("time" is
 * "time_"); one that an earlier tag or field has already gets underscores until it is unique (a
 * field "host" beside a tag "host" is "host_").
 */
#ifndef VENDING_RUN_FLAT_H
#define VENDING_RUN_FLAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/number.h"
#include "base/span.h"
#include "lp/row.h"
#include "lp/value.h"

#define FLAT_MAX_COLUMNS 1024 /* tags and fields of a record that is not ours */

struct flat_column {
    struct span name;
    struct lp_value value;
};

/* Text is valid UTF-8: bytes that are not came as U+FFFD. It lives until the next row or record. */
struct flat {
    struct span measurement;
    bool has_time;   /* a record may have none */
    int64_t time_ns; /* Unix time */
    struct flat_column columns[FLAT_MAX_COLUMNS];
    size_t count;
    struct arena arena; /* of text that had to be made */
};

/* max_line: bytes of the longest record. false = no memory; *flat is then safe to free. */
bool flat_init(struct flat *flat, size_t max_line) MUST_USE;
void flat_free(struct flat *flat);

/* false = no memory. */
bool flat_from_row(struct flat *flat, const struct lp_row *row) MUST_USE;

/* A line-protocol record, with or without its newline. false = it cannot be shown; *err says
 * why. */
bool flat_from_record(struct flat *flat, struct span record, struct err *err) MUST_USE;

/* "2026-11-24T00:31:59.452Z": RFC 3339 in UTC, with 3, 6 or 9 digits behind the second, as many
 * as it needs. */
#define FLAT_TIME_BYTES 48
void flat_time(int64_t time_ns, char out[FLAT_TIME_BYTES]);

/* A number: an integer as such, of any size; a float in the fewest of 15 to 17 digits that read
 * back as the same, with ".0" where it would look like an integer. false = it is none, or NaN or
 * infinite. */
#define FLAT_NUMBER_BYTES (NUMBER_TEXT_BYTES + 2)
bool flat_number(const struct lp_value *value, char out[FLAT_NUMBER_BYTES]) MUST_USE;

/* A name as it stands in a flat, where nothing else has it: with the underscore that keeps
 * "measurement" and "time" free. */
void flat_write_name(struct buf *out, struct span name);

#endif
