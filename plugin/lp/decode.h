/* lp/decode.h - one line-protocol record, piece by piece, checked as it goes; no memory of its own.
 *
 * Grammar and escapes as Telegraf 1.37 writes and reads them (plugins/serializers/influx/escape.go,
 * plugins/parsers/influx/machine.go.rl). A backslash is an escape only directly before ',', '=', ' ' (measurement: ','
 * and ' '; string field: '"' and '\\'); elsewhere it stands for itself. What Telegraf's serializer can write is accepted,
 * even where its own parser would not (vertical tab in a tag).
 */
#ifndef VENDING_LP_DECODE_H
#define VENDING_LP_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "lp/value.h"

enum lp_piece {
    LP_MEASUREMENT, /* .raw */
    LP_TAG,         /* .key, .raw */
    LP_FIELD,       /* .key, .value; a VALUE_TEXT is raw: see lp_unescape_string */
    LP_TIME,        /* .value is VALUE_INT, nanoseconds; absent when the record has none */
    LP_END,         /* the record is whole and well formed */
    LP_BLANK,       /* empty line or comment: not a record */
    LP_ERROR,       /* not line protocol: position and reason are in the err */
};

struct lp_item {
    struct span key; /* escaped as it came */
    struct span raw; /* escaped as it came */
    struct value value;
};

struct lp_cursor {
    struct span record; /* without the end of line */
    size_t pos;
    int state;
};

/* Starts on a record as framer_next gives it. */
void lp_begin(struct lp_cursor *cursor, struct span record);

/* The next piece, in order of the record. Call until LP_END, LP_BLANK or LP_ERROR, which a further call says again.
 * *item is zeroed first. */
enum lp_piece lp_next(struct lp_cursor *cursor, struct lp_item *item, struct err *err);

/* Is this key or tag value, escaped as it came, the same text as plain? */
bool lp_name_equal(struct span escaped, struct span plain);

/* Undoes the escapes of a tag or key, or of a string field, into out, which holds escaped.len bytes. Returns the bytes
 * written. */
size_t lp_unescape_name(struct span escaped, char *out);
size_t lp_unescape_string(struct span escaped, char *out);

#endif
