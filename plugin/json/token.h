/* json/token.h - JSON text as tokens (RFC 8259, section 2), one at a time, without memory. Internal
 * to the room. */
#ifndef VENDING_JSON_TOKEN_H
#define VENDING_JSON_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum json_token_kind {
    JSON_TOKEN_END,
    JSON_TOKEN_OPEN_OBJECT,
    JSON_TOKEN_CLOSE_OBJECT,
    JSON_TOKEN_OPEN_ARRAY,
    JSON_TOKEN_CLOSE_ARRAY,
    JSON_TOKEN_COLON,
    JSON_TOKEN_COMMA,
    JSON_TOKEN_STRING,
    JSON_TOKEN_NUMBER,
    JSON_TOKEN_WORD, /* true, false, null */
    JSON_TOKEN_ERROR,
};

struct json_token {
    enum json_token_kind kind;
    size_t start, end; /* offsets in the text, quotes included */
    const char *error; /* why, of a JSON_TOKEN_ERROR; else NULL */
};

/* The token at or behind pos; at the end of the text JSON_TOKEN_END for ever. */
struct json_token json_token_next(struct span text, size_t pos);

/* The bytes of a token of that text. */
struct span json_token_text(struct span text, const struct json_token *token);

/* One character or escape of a string whose token is whole. */
struct json_token_unit {
    uint32_t code; /* what it stands for; a byte >= 0x80 as it is */
    size_t len;    /* its bytes in the text */
    bool is_escape;
    bool is_bad; /* \u0000, or a surrogate without its other half (then code is U+FFFD) */
};

struct json_token_unit json_token_read_unit(struct span text, size_t pos);

#endif
