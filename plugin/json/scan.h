/* json/scan.h - a look over JSON text (RFC 8259) before anything is built from it: no recursion, no memory that grows.
 *
 * jansson refuses a whole document for one number it cannot hold, and PostgreSQL's jsonb refuses a whole row for a \u0000, a lone surrogate
 * or a number of too many digits. The scan finds these, bounds depth and size, and can write a text that both accept.
 */
#ifndef VENDING_JSON_SCAN_H
#define VENDING_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/span.h"
#include "core/reject.h"

#define JSON_MAX_DEPTH 64 /* the most that a limit may ask for */

struct json_limits {
    size_t max_depth;  /* nested arrays and objects, at most JSON_MAX_DEPTH */
    size_t max_values; /* values of all kinds in one document */
};

struct json_report {
    size_t values;
    size_t wide_numbers; /* see json_repair */
    size_t bad_escapes;  /* \u0000 and lone surrogates, in keys as well */
};

/* Checks the whole text: REJECT_NONE, or REJECT_INVALID_UTF8, REJECT_INVALID_JSON, REJECT_TOO_DEEP, REJECT_TOO_MANY_VALUES with position
 * and reason in *err. Grammar errors are found here, so jansson sees well-formed text only. */
enum reject json_scan(struct span text, const struct json_limits *limits, struct json_report *report, struct err *err);

/* The same, but for UTF-8: bytes >= 0x80 are taken as they are. For text that quotes bytes of others (capture.h). */
enum reject json_scan_bytes(struct span text, const struct json_limits *limits, struct json_report *report,
                            struct err *err);

/* How json_repair writes what \u0000 and lone surrogates stand for. */
enum json_repair_mode {
    JSON_REPAIR_FOR_PARSER, /* as \u0000: the parser takes it (JSON_ALLOW_NUL) and the column's check then sees it */
    JSON_REPAIR_FOR_JSONB,  /* as \ufffd */
};

/* Copies well-formed text with wide numbers as strings of the same characters, and bad escapes as the mode says (in keys always as
 * \ufffd: jansson takes no NUL there). Wide is a number that overflows a double, an integer outside int64, more than 64 characters, or a written
 * exponent beyond +-307. out holds JSON_REPAIR_BYTES(text.len) bytes. Returns the bytes written. */
#define JSON_REPAIR_BYTES(len) (2 * (len) + 2)
size_t json_repair(struct span text, enum json_repair_mode mode, char *out);

/* One member of an object or one element of an array, read in order without building anything. */
struct json_iter {
    struct span text;
    size_t pos;
    int state;
};
struct json_member {
    struct span key;   /* between the quotes, escaped as it came; empty for an array's element */
    struct span value; /* the value's own text, quotes or braces included */
};

/* Starts on the text of an object or array that json_scan has passed. */
void json_iter_begin(struct json_iter *iter, struct span text);
bool json_iter_next(struct json_iter *iter, struct json_member *member);

/* The value at a dotted path ("environment.freezer_temps.2", array positions as numbers) of text that json_scan has passed; of equal keys the last. Keys
 * are compared as they came, escapes and all. false = there is none. */
bool json_find(struct span text, const char *dotted_path, struct span *value);

/* The string between the quotes (escaped as it came) to its bytes: out holds escaped.len bytes. Bytes >= 0x80 are copied as they are; a lone
 * surrogate becomes U+FFFD; \u0000 a NUL. Returns the bytes written. */
size_t json_unescape(struct span escaped, char *out);

/* The 1-based line in the text at which a dotted path's value ("columns.3.type", array positions as numbers) has its key or, for an
 * element, its start; the deepest part of the path that exists counts; 1 if none. For error messages about configuration. */
size_t json_line_of(struct span text, const char *dotted_path);

#endif
