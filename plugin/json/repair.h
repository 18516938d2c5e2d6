/* json/repair.h - JSON text that jansson and PostgreSQL's jsonb both accept, from text that is
 * well-formed but holds what one of them refuses.
 */
#ifndef VENDING_JSON_REPAIR_H
#define VENDING_JSON_REPAIR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* A number that overflows a double, an integer outside int64, more than 64 characters, or a written
 * exponent beyond +-307. */
bool json_repair_is_wide(struct span number);

/* How many \u0000 and lone surrogates a string token (quotes included or not) holds. */
size_t json_repair_count_escapes(struct span string);

/* What bad escapes are written as. */
enum json_repair_mode {
    /* \u0000, which jansson takes (JSON_ALLOW_NUL): what the tests hold the reader against */
    JSON_REPAIR_FOR_PARSER,
    JSON_REPAIR_FOR_JSONB, /* \ufffd */
};

/* Copies text that json/scan.h has passed, with wide numbers and nan as strings of the same characters and
 * bad escapes as the mode says (in keys always \ufffd: jansson takes no NUL there). out holds
 * JSON_REPAIR_BYTES(text.len) bytes. Returns the bytes written. */
#define JSON_REPAIR_BYTES(len) (2 * (len) + 2)
size_t json_repair_text(struct span text, enum json_repair_mode mode, char *out);

#endif
