/* json/token.h - JSON text as tokens (RFC 8259, section 2), one at a time, without memory. Internal
 * to the room.
 */
#ifndef VENDING_JSON_TOKEN_H
#define VENDING_JSON_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "json/value.h"

enum json_token_kind {
    /* a value begins with one of these */
    JSON_TOKEN_WORD, /* true, false, null; nan, inf, infinity in any case, also with a minus */
    JSON_TOKEN_NUMBER,
    JSON_TOKEN_STRING,
    JSON_TOKEN_OPEN_ARRAY,
    JSON_TOKEN_OPEN_OBJECT,
    /* ... and with none of these */
    JSON_TOKEN_CLOSE_ARRAY,
    JSON_TOKEN_CLOSE_OBJECT,
    JSON_TOKEN_COLON,
    JSON_TOKEN_COMMA,
    JSON_TOKEN_END,
    JSON_TOKEN_ERROR,
};

struct json_token {
    enum json_token_kind kind;
    bool has_high;       /* a string with bytes >= 0x80, which may not be UTF-8 */
    size_t start, end;   /* offsets in the text, quotes included */
    const char *error;   /* why, of a JSON_TOKEN_ERROR */
    struct json_raw raw; /* of a string, number or word */
};

/* What a token is by its first byte; JSON_TOKEN_WORD also for a byte that begins none. */
extern const unsigned char json_token_kinds[256];

/* The parts of json_token_next() that are not a few instructions. */
size_t json_token_skip_blanks(struct span text, size_t pos);
void json_token_read_string(struct span text, struct json_token *token);
void json_token_read_other(struct span text, struct json_token *token);

static inline size_t json_token_start(struct span text, size_t pos)
{
    return pos < text.len && (unsigned char)text.ptr[pos] <= ' ' ? json_token_skip_blanks(text, pos) : pos;
}

/* The token at or behind pos; at the end of the text JSON_TOKEN_END for ever. */
static inline void json_token_next(struct span text, size_t pos, struct json_token *token)
{
    pos = json_token_start(text, pos);
    bool is_end = pos == text.len;
    enum json_token_kind kind =
        is_end ? JSON_TOKEN_END : (enum json_token_kind)json_token_kinds[(unsigned char)text.ptr[pos]];
    token->kind = kind;
    token->start = pos;
    if (kind == JSON_TOKEN_STRING) {
        json_token_read_string(text, token);
    } else if (kind < JSON_TOKEN_STRING) {
        json_token_read_other(text, token);
    } else {
        token->end = pos + !is_end;
    }
}

/* Is the token at or behind *pos that sign? Then it is stepped over: half of all tokens are
 * signs. */
static inline bool json_token_take(struct span text, size_t *pos, char sign)
{
    size_t start = json_token_start(text, *pos);
    bool is_there = start < text.len && text.ptr[start] == sign;
    *pos = start + is_there;
    return is_there;
}

/* The bytes of a token of that text. */
static inline struct span json_token_text(struct span text, const struct json_token *token)
{
    return (struct span){text.ptr + token->start, token->end - token->start};
}

/* One character or escape of a string whose token is whole. */
struct json_token_unit {
    uint32_t code; /* what it stands for; a byte >= 0x80 as it is */
    size_t len;    /* its bytes in the text */
    bool is_escape;
    bool is_bad; /* \u0000, or a surrogate without its other half (then code is U+FFFD) */
};

struct json_token_unit json_token_read_unit(struct span text, size_t pos);

#endif
