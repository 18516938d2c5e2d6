/* json/scan.h - is a text JSON (RFC 8259)? Checked before anything is built from it: no recursion, no
 * memory.
 *
 * jansson refuses a whole document for one number that it cannot hold, and PostgreSQL's jsonb a
 * whole row for a \u0000, a lone surrogate or a number of too many digits. The scan counts these
 * (json/repair.h writes a text that both accept), and bounds depth and size.
 */
#ifndef VENDING_JSON_SCAN_H
#define VENDING_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/span.h"

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
};

/* Checks the whole text. But for JSON_OK, position and reason are in *err (which may be NULL). A
 * text that passes is well-formed for every other function of this room. */
MUST_USE enum json_status json_scan_text(struct span text, const struct json_limits *limits, struct json_report *report,
                                         struct err *err);

/* The same, but for UTF-8: bytes >= 0x80 are taken as they are. For text that quotes bytes of
 * others (capture/read.h). */
MUST_USE enum json_status json_scan_bytes(struct span text, const struct json_limits *limits,
                                          struct json_report *report, struct err *err);

#endif
