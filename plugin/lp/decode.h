/* lp/decode.h - one line-protocol record, piece by piece, checked as it goes; no memory of its own.
 *
 * Grammar and escapes as Telegraf 1.37 writes and reads them (plugins/serializers/influx/escape.go,
 * plugins/parsers/influx/machine.go.rl). A backslash is an escape only directly before ',', '=', '
 * ' (measurement: ',' and ' '; string field: '"' and '\\'); elsewhere it stands for itself. What
 * Telegraf's serializer can write is accepted, even where its own parser would not (vertical tab in
 * a tag).
 */
#ifndef VENDING_LP_DECODE_H
#define VENDING_LP_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/span.h"
#include "lp/value.h"

enum lp_decode_piece {
    LP_DECODE_MEASUREMENT, /* .raw */
    LP_DECODE_TAG,         /* .key, .raw */
    LP_DECODE_FIELD,       /* .key, .value; a text without its escapes, see lp_decode_begin */
    /* .value is LP_VALUE_INT, nanoseconds; absent when the record has none */
    LP_DECODE_TIME,
    LP_DECODE_END,   /* the record is whole and well formed */
    LP_DECODE_BLANK, /* empty line or comment: not a record */
    LP_DECODE_ERROR, /* not line protocol: position and reason are in the err */
};

struct lp_decode_item {
    struct span key; /* escaped as it came */
    struct span raw; /* escaped as it came */
    struct lp_value value;
};

struct lp_decode_cursor {
    struct span record; /* without the end of line */
    size_t pos;
    int state;
    char *text; /* where the next string goes */
};

/* Starts on a record as lp_frame_next gives it. text holds record.len bytes: string fields are
 * written there without their escapes, one behind the other. */
void lp_decode_begin(struct lp_decode_cursor *cursor, struct span record, char *text);

/* The next piece, in order of the record. Call until LP_DECODE_END, LP_DECODE_BLANK or
 * LP_DECODE_ERROR, which a further call says again. *item is zeroed first. */
MUST_USE enum lp_decode_piece lp_decode_next(struct lp_decode_cursor *cursor, struct lp_decode_item *item,
                                             struct err *err);

/* Is this key or tag value, escaped as it came, the same text as plain? */
bool lp_decode_name_equal(struct span escaped, struct span plain);

/* Undoes the escapes of a tag or key into out, which holds escaped.len bytes. Returns the bytes
 * written. */
size_t lp_decode_name(struct span escaped, char *out);

#endif
