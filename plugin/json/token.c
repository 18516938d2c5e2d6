#include "json/token.h"

#include "base/ascii.h"
#include "base/macros.h"

#define REPLACEMENT 0xFFFDU

static int hex_digit(char c)
{
    if (ascii_is_digit(c)) {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The four hex digits behind a "\u" at pos, -1 if there are none. */
static long hex4(struct span text, size_t pos)
{
    long value = 0;
    if (text.len < 4 || pos > text.len - 4) {
        return -1;
    }
    for (size_t i = 0; i < 4; i++) {
        int digit = hex_digit(text.ptr[pos + i]);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static struct json_token token_error(size_t pos, const char *error)
{
    return (struct json_token){JSON_TOKEN_ERROR, pos, pos, error};
}

static struct json_token scan_string(struct span text, size_t start)
{
    size_t pos = start + 1;
    while (pos < text.len && text.ptr[pos] != '"') {
        unsigned char c = (unsigned char)text.ptr[pos];
        if (c < 0x20) {
            return token_error(pos, "control character in a string");
        }
        if (c != '\\') {
            pos++;
            continue;
        }
        if (pos + 1 == text.len) {
            break;
        }
        char escape = text.ptr[pos + 1];
        if (escape == 'u') {
            if (hex4(text, pos + 2) < 0) {
                return token_error(pos, "\\u without four hex digits");
            }
            pos += 6;
        } else if (escape != '\0' && strchr("\"\\/bfnrt", escape)) {
            pos += 2;
        } else {
            return token_error(pos, "unknown escape in a string");
        }
    }
    if (pos >= text.len || text.ptr[pos] != '"') {
        return token_error(text.len, "the text ends inside a string");
    }
    return (struct json_token){JSON_TOKEN_STRING, start, pos + 1, NULL};
}

static size_t skip_digits(struct span text, size_t pos)
{
    while (pos < text.len && ascii_is_digit(text.ptr[pos])) {
        pos++;
    }
    return pos;
}

static struct json_token scan_number(struct span text, size_t start)
{
    size_t pos = start + (text.ptr[start] == '-' ? 1 : 0);
    size_t digits = pos;
    pos = skip_digits(text, pos);
    if (pos == digits || (pos - digits > 1 && text.ptr[digits] == '0')) {
        return token_error(start, "not a number");
    }
    if (pos < text.len && text.ptr[pos] == '.') {
        digits = pos + 1;
        pos = skip_digits(text, digits);
        if (pos == digits) {
            return token_error(pos, "a digit must follow the decimal point");
        }
    }
    if (pos < text.len && (text.ptr[pos] == 'e' || text.ptr[pos] == 'E')) {
        pos++;
        pos += pos < text.len && (text.ptr[pos] == '+' || text.ptr[pos] == '-') ? 1 : 0;
        digits = pos;
        pos = skip_digits(text, digits);
        if (pos == digits) {
            return token_error(pos, "a digit must follow the exponent sign");
        }
    }
    return (struct json_token){JSON_TOKEN_NUMBER, start, pos, NULL};
}

static struct json_token scan_word(struct span text, size_t start)
{
    static const struct span words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (span_starts_with(span_after(text, start), words[i])) {
            return (struct json_token){JSON_TOKEN_WORD, start, start + words[i].len, NULL};
        }
    }
    return token_error(start, "expected a value");
}

struct json_token json_token_next(struct span text, size_t pos)
{
    while (pos < text.len && text.ptr[pos] != '\0' && strchr(" \t\n\r", text.ptr[pos])) {
        pos++;
    }
    if (pos == text.len) {
        return (struct json_token){JSON_TOKEN_END, pos, pos, NULL};
    }
    static const char punctuation[] = "{}[]:,";
    static const enum json_token_kind kinds[] = {JSON_TOKEN_OPEN_OBJECT, JSON_TOKEN_CLOSE_OBJECT, JSON_TOKEN_OPEN_ARRAY,
                                                 JSON_TOKEN_CLOSE_ARRAY, JSON_TOKEN_COLON,        JSON_TOKEN_COMMA};
    char c = text.ptr[pos];
    const char *sign = c == '\0' ? NULL : strchr(punctuation, c);
    if (sign) {
        return (struct json_token){kinds[sign - punctuation], pos, pos + 1, NULL};
    }
    if (c == '"') {
        return scan_string(text, pos);
    }
    return c == '-' || ascii_is_digit(c) ? scan_number(text, pos) : scan_word(text, pos);
}

struct span json_token_text(struct span text, const struct json_token *token)
{
    return (struct span){text.ptr + token->start, token->end - token->start};
}

static struct json_token_unit read_escape(struct span text, size_t pos)
{
    static const char letters[] = "bfnrt";
    static const char means[] = "\b\f\n\r\t";
    char c = text.ptr[pos + 1];
    if (c != 'u') {
        const char *letter = strchr(letters, c);
        return (struct json_token_unit){(unsigned char)(letter ? means[letter - letters] : c), 2, true, false};
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
