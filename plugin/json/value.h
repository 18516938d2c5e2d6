/* json/value.h - one JSON value: as it stands in a text, and as what it stands for. */
#ifndef VENDING_JSON_VALUE_H
#define VENDING_JSON_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/macros.h"
#include "base/span.h"

enum json_kind {
    JSON_KIND_ABSENT,
    JSON_KIND_NULL,
    JSON_KIND_BOOL,
    JSON_KIND_INT,  /* within int64 */
    JSON_KIND_REAL, /* with a fraction or an exponent, within a double */
    JSON_KIND_TEXT, /* also a number that is neither: as the string of the same characters */
    JSON_KIND_NAN,  /* a word that firmware prints where it has no number: nan, -inf (json/token.h) */
    JSON_KIND_OBJECT,
    JSON_KIND_ARRAY
};

#define JSON_RAW_DIGITS 18 /* so many fit an int64 */

/* As json/scan.h finds it. */
struct json_raw {
    enum json_kind kind;
    bool has_escapes; /* of a text */
    /* Of a number: its digits, and how many of them stand behind the point; 0 digits = it has an
     * exponent, or more digits than JSON_RAW_DIGITS. */
    uint8_t digit_count;
    uint8_t behind;
    uint64_t digits;
    /* a scalar's characters, without a string's quotes; of a container nothing */
    struct span text;
};

/* Of the members below kind, the one of its kind is set. */
struct json_value {
    enum json_kind kind;
    bool b;
    int64_t i;
    double r;
    struct span text; /* may hold NUL; a view into the document or the arena; of a real or nan its characters */
    /* Of a number: its characters, where base/number.h would write the same ones; else empty. */
    struct span digits;
};

/* What it stands for. A text with escapes is written into the arena: \u0000 as NUL, and a lone
 * surrogate as a byte that is no UTF-8, so that a column's check of the text refuses both. false =
 * the arena is full, and *out is absent. */
MUST_USE bool json_value_read(const struct json_raw *raw, struct arena *arena, struct json_value *out);

/* A text of nothing but white space and NULs, escaped or not: as good as none. */
bool json_value_is_blank(const struct json_raw *raw);

/* What an object's key stands for: \u0000 and a lone surrogate as U+FFFD, as json/repair.h writes
 * them. out holds key->text.len bytes. Returns the bytes written. */
size_t json_value_read_key(const struct json_raw *key, char *out);

#endif
