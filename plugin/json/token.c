#include "json/token.h"

#include "base/ascii.h"
#include "base/macros.h"
#include "base/word.h"

#define REPLACEMENT 0xFFFDU

/* A hex digit's value, and 16 more; 0 = it is none. */
static const unsigned char hex_digits[256] = {
    ['0'] = 16, ['1'] = 17, ['2'] = 18, ['3'] = 19, ['4'] = 20, ['5'] = 21, ['6'] = 22, ['7'] = 23,
    ['8'] = 24, ['9'] = 25, ['a'] = 26, ['b'] = 27, ['c'] = 28, ['d'] = 29, ['e'] = 30, ['f'] = 31,
    ['A'] = 26, ['B'] = 27, ['C'] = 28, ['D'] = 29, ['E'] = 30, ['F'] = 31,
};

/* The four hex digits behind a "\u" at pos, -1 if there are none. */
static long hex4(struct span text, size_t pos)
{
    if (text.len < 4 || pos > text.len - 4) {
        return -1;
    }
    const unsigned char *c = (const unsigned char *)text.ptr + pos;
    unsigned digits[] = {hex_digits[c[0]], hex_digits[c[1]], hex_digits[c[2]], hex_digits[c[3]]};
    bool are_all = (digits[0] & digits[1] & digits[2] & digits[3] & 16) != 0;
    long value = (long)((digits[0] & 15) << 12 | (digits[1] & 15) << 8 | (digits[2] & 15) << 4 | (digits[3] & 15));
    return are_all ? value : -1;
}

/* What the character behind a backslash stands for, but for 'u'; 0 = it is no escape. */
static const char meanings[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

static NOT_INLINED void fail(struct json_token *token, size_t pos, const char *error)
{
    *token = (struct json_token){.kind = JSON_TOKEN_ERROR, .start = pos, .end = pos, .error = error};
}

/* The position behind the escape at pos. 0 = it is none, and the token says why. */
static NOT_INLINED size_t skip_escape(struct span text, size_t pos, struct json_token *token)
{
    if (pos + 1 == text.len) {
        fail(token, text.len, "the text ends inside a string");
        return 0;
    }
    char escape = text.ptr[pos + 1];
    if (escape == 'u') {
        if (hex4(text, pos + 2) < 0) {
            fail(token, pos, "\\u without four hex digits");
            return 0;
        }
        return pos + 6;
    }
    if (meanings[(unsigned char)escape] == 0) {
        fail(token, pos, "unknown escape in a string");
        return 0;
    }
    return pos + 2;
}

/* Over plain characters of a string, as far as whole words go. */
static inline size_t skip_plain(struct span text, size_t pos)
{
    while (WORD_IS_USABLE && text.len - pos >= WORD_BYTES) {
        uint64_t found = word_not_plain(word_load(text.ptr + pos));
        if (found) {
            return pos + word_first(found);
        }
        pos += WORD_BYTES;
    }
    return pos;
}

static inline void end_string(struct span text, size_t quote, struct json_token *token)
{
    size_t first = token->start + 1;
    token->end = quote + 1;
    token->raw.text = (struct span){text.ptr + first, quote - first};
}

/* A string from its first character on that may be more than a plain one. */
static NOT_INLINED void read_on(struct span text, size_t pos, struct json_token *token)
{
    while (pos < text.len && text.ptr[pos] != '"') {
        unsigned char c = (unsigned char)text.ptr[pos];
        if (c < ' ') {
            fail(token, pos, "control character in a string");
            return;
        }
        if (c == '\\') {
            token->raw.has_escapes = true;
            pos = skip_escape(text, pos, token);
            if (pos == 0) {
                return;
            }
        } else if (c >= 0x80) {
            token->has_high = true;
            pos++;
        } else {
            pos = skip_plain(text, pos + 1);
        }
    }
    if (pos == text.len) {
        fail(token, pos, "the text ends inside a string");
    } else {
        end_string(text, pos, token);
    }
}

void json_token_read_string(struct span text, struct json_token *token)
{
    size_t pos = skip_plain(text, token->start + 1);
    token->has_high = false;
    token->raw.kind = JSON_KIND_TEXT;
    token->raw.has_escapes = false;
    if (pos < text.len && text.ptr[pos] == '"') {
        end_string(text, pos, token);
    } else {
        read_on(text, pos, token);
    }
}

/* What printf makes of a double that is no number, at pos and in any case; false = it is not there. */
static bool take_nan(struct span text, size_t pos, struct json_token *token)
{
    static const struct span words[] = {{"nan", 3}, {"infinity", 8}, {"inf", 3}};
    for (size_t i = 0; i < COUNT(words); i++) {
        size_t len = words[i].len;
        if (text.len - pos >= len && span_equal_ignoring_case((struct span){text.ptr + pos, len}, words[i].ptr)) {
            token->kind = JSON_TOKEN_WORD;
            token->end = pos + len;
            token->raw =
                (struct json_raw){.kind = JSON_KIND_NAN, .text = {text.ptr + token->start, token->end - token->start}};
            return true;
        }
    }
    return false;
}

/* Over digits, which are put behind those in *sum. */
static inline const char *take_digits(const char *at, const char *end, uint64_t *sum)
{
    for (; at < end; at++) {
        uint32_t digit = (uint32_t)(unsigned char)*at - '0';
        if (digit > 9) {
            break;
        }
        *sum = *sum * 10 + digit;
    }
    return at;
}

/* An exponent, whose digits do not count here. NULL = it is none, and the token says why. */
static NOT_INLINED const char *skip_exponent(struct span text, const char *at, struct json_token *token)
{
    const char *end = text.ptr + text.len;
    uint64_t sum = 0;
    at++;
    at += at < end && (*at == '+' || *at == '-') ? 1 : 0;
    const char *first = at;
    at = take_digits(at, end, &sum);
    if (at == first) {
        fail(token, (size_t)(at - text.ptr), "a digit must follow the exponent sign");
        return NULL;
    }
    token->raw.kind = JSON_KIND_REAL;
    return at;
}

static void read_number(struct span text, struct json_token *token)
{
    const char *start = text.ptr + token->start;
    const char *end = text.ptr + text.len;
    const char *first = start + (*start == '-');
    uint64_t sum = 0;
    const char *at = take_digits(first, end, &sum);
    size_t count = (size_t)(at - first);
    size_t behind = 0;
    token->raw.kind = JSON_KIND_INT;
    if (count == 0 || (count > 1 && *first == '0')) {
        if (count > 0 || !take_nan(text, token->start + 1, token)) {
            fail(token, token->start, "not a number");
        }
        return;
    }
    if (at < end && *at == '.') {
        token->raw.kind = JSON_KIND_REAL;
        first = ++at;
        at = take_digits(at, end, &sum);
        behind = (size_t)(at - first);
        if (behind == 0) {
            fail(token, (size_t)(at - text.ptr), "a digit must follow the decimal point");
            return;
        }
    }
    count += behind;
    if (at < end && (*at | 0x20) == 'e') {
        count = SIZE_MAX;
        at = skip_exponent(text, at, token);
        if (!at) {
            return;
        }
    }
    token->raw.digit_count = count <= JSON_RAW_DIGITS ? (uint8_t)count : 0;
    token->raw.behind = count <= JSON_RAW_DIGITS ? (uint8_t)behind : 0;
    token->raw.digits = sum;
    token->raw.text = (struct span){start, (size_t)(at - start)};
    token->end = token->start + token->raw.text.len;
}

static NOT_INLINED void read_word(struct span text, struct json_token *token)
{
    static const struct span words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (span_starts_with(span_after(text, token->start), words[i])) {
            token->kind = JSON_TOKEN_WORD;
            token->end = token->start + words[i].len;
            token->raw =
                (struct json_raw){.kind = words[i].ptr[0] == 'n' ? JSON_KIND_NULL : JSON_KIND_BOOL, .text = words[i]};
            return;
        }
    }
    if (!take_nan(text, token->start, token)) {
        fail(token, token->start, "expected a value");
    }
}

const unsigned char json_token_kinds[256] = {
    ['"'] = JSON_TOKEN_STRING,      ['-'] = JSON_TOKEN_NUMBER,       ['0'] = JSON_TOKEN_NUMBER,
    ['1'] = JSON_TOKEN_NUMBER,      ['2'] = JSON_TOKEN_NUMBER,       ['3'] = JSON_TOKEN_NUMBER,
    ['4'] = JSON_TOKEN_NUMBER,      ['5'] = JSON_TOKEN_NUMBER,       ['6'] = JSON_TOKEN_NUMBER,
    ['7'] = JSON_TOKEN_NUMBER,      ['8'] = JSON_TOKEN_NUMBER,       ['9'] = JSON_TOKEN_NUMBER,
    ['['] = JSON_TOKEN_OPEN_ARRAY,  [']'] = JSON_TOKEN_CLOSE_ARRAY,  [':'] = JSON_TOKEN_COLON,
    ['{'] = JSON_TOKEN_OPEN_OBJECT, ['}'] = JSON_TOKEN_CLOSE_OBJECT, [','] = JSON_TOKEN_COMMA,
};

void json_token_read_other(struct span text, struct json_token *token)
{
    if (token->kind == JSON_TOKEN_NUMBER) {
        read_number(text, token);
    } else {
        read_word(text, token);
    }
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

size_t json_token_skip_blanks(struct span text, size_t pos)
{
    while (pos < text.len && is_blank(text.ptr[pos])) {
        pos++;
    }
    return pos;
}

static struct json_token_unit read_escape(struct span text, size_t pos)
{
    char c = text.ptr[pos + 1];
    if (c != 'u') {
        return (struct json_token_unit){(unsigned char)meanings[(unsigned char)c], 2, true, false};
    }
    long high = hex4(text, pos + 2);
    if (high < 0xD800 || high > 0xDFFF) {
        return (struct json_token_unit){(uint32_t)high, 6, true, high == 0};
    }
    bool paired = high < 0xDC00 && pos + 12 <= text.len && text.ptr[pos + 6] == '\\' && text.ptr[pos + 7] == 'u';
    long low = paired ? hex4(text, pos + 8) : -1;
    if (low < 0xDC00 || low > 0xDFFF) {
        return (struct json_token_unit){REPLACEMENT, 6, true, true};
    }
    uint32_t code = 0x10000U + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
    return (struct json_token_unit){code, 12, true, false};
}

struct json_token_unit json_token_read_unit(struct span text, size_t pos)
{
    if (text.ptr[pos] == '\\') {
        return read_escape(text, pos);
    }
    return (struct json_token_unit){(unsigned char)text.ptr[pos], 1, false, false};
}
