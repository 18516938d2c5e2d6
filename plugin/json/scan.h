/* json/scan.h - reads JSON text (RFC 8259, and nan where a value may be) once, from start to end: is it well-formed, within its
 * limits, and what is in it. No recursion, no memory, nothing is built: a visitor is called for
 * each key and value as it comes.
 *
 * What PostgreSQL's jsonb refuses a whole row for (\u0000, a lone surrogate, a number of too many
 * digits) is counted; json/repair.h writes a text without it.
 */
#ifndef VENDING_JSON_SCAN_H
#define VENDING_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/span.h"
#include "json/value.h"

#define JSON_MAX_DEPTH 64 /* the most that a limit may ask for */

enum json_status {
    JSON_OK,
    JSON_INVALID_UTF8,
    JSON_INVALID, /* not the grammar */
    JSON_TOO_DEEP,
    JSON_TOO_MANY_VALUES,
};

struct json_limits {
    size_t max_depth;  /* nested arrays and objects, at most JSON_MAX_DEPTH */
    size_t max_values; /* values of all kinds in one document */
};

struct json_report {
    size_t values;
    size_t wide_numbers; /* see json/repair.h */
    size_t bad_escapes;  /* \u0000 and lone surrogates, in keys as well */
    size_t not_numbers;  /* nan and its kin: no JSON, but one bad token costs one value */
};

/* Called in the order of the text, also for a text that turns out not to be JSON further on. Views
 * are into the text. */
struct json_visitor {
    void *ctx;
    /* A member's key as a JSON_KIND_TEXT, before its value. */
    void (*key)(void *ctx, const struct json_raw *key);
    /* A value; of an object or array the beginning, and close() when it is over. */
    void (*value)(void *ctx, const struct json_raw *value);
    void (*close)(void *ctx);
};

/* Checks the whole text. But for JSON_OK, position and reason are in *err (which may be NULL). A
 * text that passes is well-formed for every other function of this room. visitor may be NULL. */
MUST_USE enum json_status json_scan_text(struct span text, const struct json_limits *limits,
                                         const struct json_visitor *visitor, struct json_report *report,
                                         struct err *err);

/* The same, but for UTF-8: bytes >= 0x80 are taken as they are. For text that quotes bytes of
 * others (capture/read.h). */
MUST_USE enum json_status json_scan_bytes(struct span text, const struct json_limits *limits,
                                          const struct json_visitor *visitor, struct json_report *report,
                                          struct err *err);

#endif
