#include "json/repair.h"

#include "base/number.h"
#include "json/token.h"

#define WIDEST_NUMBER 64 /* characters */
#define WIDEST_EXPONENT 307
/* Up to here no number of WIDEST_NUMBER characters overflows a double. */
#define SAFE_EXPONENT (WIDEST_EXPONENT - WIDEST_NUMBER)

static bool is_wide_exponent(struct span number, struct span exponent)
{
    int64_t power;
    if (number_int64(exponent, &power) != NUMBER_OK || power > WIDEST_EXPONENT || power < -WIDEST_EXPONENT) {
        return true;
    }
    double value;
    return power > SAFE_EXPONENT && number_double(number, &value) != NUMBER_OK;
}

bool json_repair_is_wide(struct span number)
{
    if (number.len > WIDEST_NUMBER) {
        return true;
    }
    bool is_real = false;
    for (size_t i = 0; i < number.len; i++) {
        if (number.ptr[i] == 'e' || number.ptr[i] == 'E') {
            return is_wide_exponent(number, span_after(number, i + 1));
        }
        is_real = is_real || number.ptr[i] == '.';
    }
    int64_t integer;
    return !is_real && number_int64(number, &integer) != NUMBER_OK;
}

#define BAD_ESCAPE_BYTES 6 /* \\u0000 or half a surrogate pair */

/* The first bad escape at or behind `at`, NULL = there is none. */
static const char *find_bad_escape(struct span string, const char *at)
{
    const char *end = string.ptr + string.len;
    while (at < end) {
        if (*at != '\\') {
            at = memchr(at, '\\', (size_t)(end - at));
            if (!at) {
                return NULL;
            }
        }
        if (at[1] != 'u') { /* a short one is never bad */
            at += 2;
            continue;
        }
        struct json_token_unit unit = json_token_read_unit(string, (size_t)(at - string.ptr));
        if (unit.is_bad) {
            return at;
        }
        at += unit.len;
    }
    return NULL;
}

size_t json_repair_count_escapes(struct span string)
{
    size_t bad = 0;
    for (const char *at = string.ptr; (at = find_bad_escape(string, at)) != NULL; at += BAD_ESCAPE_BYTES) {
        bad++;
    }
    return bad;
}

/* Copies a string token; bad escapes as `with`, which is as long. */
static size_t copy_string(struct span string, const char *with, char *out)
{
    memcpy(out, string.ptr, string.len);
    for (const char *at = string.ptr; (at = find_bad_escape(string, at)) != NULL; at += BAD_ESCAPE_BYTES) {
        memcpy(out + (at - string.ptr), with, BAD_ESCAPE_BYTES);
    }
    return string.len;
}

/* A number or a word, in quotes if need be. */
static size_t copy_scalar(struct span text, bool in_quotes, char *out)
{
    size_t quotes = in_quotes ? 1 : 0;
    memcpy(out + quotes, text.ptr, text.len);
    if (in_quotes) {
        out[0] = '"';
        out[text.len + 1] = '"';
    }
    return text.len + 2 * quotes;
}

/* What grows, by its two quotes, is a wide number or nan. It has at least three characters, and
 * between two of them stands at least one more. So len bytes hold at most (len + 1) / 4 of them and
 * become at most (3 * len + 1) / 2: JSON_REPAIR_BYTES is ample. */
size_t json_repair_text(struct span text, enum json_repair_mode mode, char *out)
{
    const char *value_escape = mode == JSON_REPAIR_FOR_PARSER ? "\\u0000" : "\\ufffd";
    size_t n = 0;
    size_t copied = 0;
    struct json_token token;
    json_token_next(text, 0, &token);
    while (token.kind != JSON_TOKEN_END && token.kind != JSON_TOKEN_ERROR) {
        memcpy(out + n, text.ptr + copied, token.start - copied);
        n += token.start - copied;
        struct span piece = json_token_text(text, &token);
        struct json_token next;
        json_token_next(text, token.end, &next);
        if (token.kind == JSON_TOKEN_STRING) {
            /* jansson takes no NUL in a key. */
            n += copy_string(piece, next.kind == JSON_TOKEN_COLON ? "\\ufffd" : value_escape, out + n);
        } else if (token.kind == JSON_TOKEN_NUMBER) {
            n += copy_scalar(piece, json_repair_is_wide(piece), out + n);
        } else if (token.kind == JSON_TOKEN_WORD) {
            n += copy_scalar(piece, token.raw.kind == JSON_KIND_NAN, out + n);
        } else {
            memcpy(out + n, piece.ptr, piece.len);
            n += piece.len;
        }
        copied = token.end;
        token = next;
    }
    memcpy(out + n, text.ptr + copied, text.len - copied);
    return n + text.len - copied;
}
