#include "json/token.h"

#include "base/ascii.h"
#include "base/macros.h"
#include "base/word.h"

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

/* What the character behind a backslash stands for, but for 'u'; 0 = it is no escape. */
static const char meanings[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

/* What a byte is to the reader. */
enum {
    PLAIN = 1, /* in a string: itself */
    BLANK = 2, /* white space between tokens */
};

#define P PLAIN
#define B (PLAIN | BLANK)
#define PLAIN_8 P, P, P, P, P, P, P, P
static const unsigned char classes[256] = {
    /* controls */
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    BLANK,
    BLANK,
    0,
    0,
    BLANK,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    /* blank to '?', without '"' */
    B,
    P,
    0,
    P,
    P,
    P,
    P,
    P,
    PLAIN_8,
    P,
    P,
    P,
    P,
    P,
    P,
    P,
    P,
    P,
    P,
    P,
    P,
    P,
    P,
    P,
    P,
    /* '@' to '_', without the backslash */
    PLAIN_8,
    PLAIN_8,
    PLAIN_8,
    P,
    P,
    P,
    P,
    0,
    P,
    P,
    P,
    /* '`' to DEL; above that nothing, as it may not be UTF-8 */
    PLAIN_8,
    PLAIN_8,
    PLAIN_8,
    PLAIN_8,
};

static bool is_of(char c, unsigned char class)
{
    return (classes[(unsigned char)c] & class) != 0;
}

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

/* Over the plain characters of a string. */
static size_t skip_plain(struct span text, size_t pos)
{
    while (WORD_IS_USABLE && text.len - pos >= WORD_BYTES) {
        uint64_t word = word_load(text.ptr + pos);
        uint64_t found = word_equal(word, '"') | word_equal(word, '\\') | word_below(word, ' ') | word_high(word);
        if (found) {
            return pos + word_first(found);
        }
        pos += WORD_BYTES;
    }
    while (pos < text.len && is_of(text.ptr[pos], PLAIN)) {
        pos++;
    }
    return pos;
}

static NOT_INLINED void read_string(struct span text, struct json_token *token)
{
    size_t pos = token->start + 1;
    token->has_high = false;
    token->raw.kind = JSON_KIND_TEXT;
    token->raw.has_escapes = false;
    for (;;) {
        pos = skip_plain(text, pos);
        if (pos == text.len) {
            fail(token, text.len, "the text ends inside a string");
            return;
        }
        unsigned char c = (unsigned char)text.ptr[pos];
        if (c == '"') {
            token->kind = JSON_TOKEN_STRING;
            token->end = pos + 1;
            token->raw.text = (struct span){text.ptr + token->start + 1, pos - token->start - 1};
            return;
        }
        if (c >= 0x80) {
            token->has_high = true;
            pos++;
        } else if (c == '\\') {
            token->raw.has_escapes = true;
            pos = skip_escape(text, pos, token);
            if (pos == 0) {
                return;
            }
        } else {
            fail(token, pos, "control character in a string");
            return;
        }
    }
}

/* Over digits, which are put behind those in *sum. */
static size_t take_digits(struct span text, size_t pos, uint64_t *sum)
{
    uint64_t digits = *sum;
    while (pos < text.len && ascii_is_digit(text.ptr[pos])) {
        digits = digits * 10 + (uint64_t)(text.ptr[pos++] - '0');
    }
    *sum = digits;
    return pos;
}

static NOT_INLINED void read_number(struct span text, struct json_token *token)
{
    uint64_t sum = 0;
    size_t first = token->start + (text.ptr[token->start] == '-' ? 1 : 0);
    size_t pos = take_digits(text, first, &sum);
    size_t count = pos - first;
    size_t behind = 0;
    token->raw.kind = JSON_KIND_INT;
    token->raw.has_exponent = false;
    if (count == 0 || (count > 1 && text.ptr[first] == '0')) {
        fail(token, token->start, "not a number");
        return;
    }
    if (pos < text.len && text.ptr[pos] == '.') {
        token->raw.kind = JSON_KIND_REAL;
        first = pos + 1;
        pos = take_digits(text, first, &sum);
        behind = pos - first;
        if (behind == 0) {
            fail(token, pos, "a digit must follow the decimal point");
            return;
        }
    }
    if (pos < text.len && (text.ptr[pos] == 'e' || text.ptr[pos] == 'E')) {
        token->raw.kind = JSON_KIND_REAL;
        token->raw.has_exponent = true;
        pos++;
        pos += pos < text.len && (text.ptr[pos] == '+' || text.ptr[pos] == '-') ? 1 : 0;
        first = pos;
        pos = take_digits(text, first, &sum);
        if (pos == first) {
            fail(token, pos, "a digit must follow the exponent sign");
            return;
        }
    }
    bool is_plain = !token->raw.has_exponent && count + behind <= JSON_RAW_DIGITS;
    token->raw.digit_count = is_plain ? (uint8_t)(count + behind) : 0;
    token->raw.behind = is_plain ? (uint8_t)behind : 0;
    token->raw.digits = sum;
    token->kind = JSON_TOKEN_NUMBER;
    token->end = pos;
    token->raw.text = json_token_text(text, token);
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
    fail(token, token->start, "expected a value");
}

#define W JSON_TOKEN_WORD
#define N JSON_TOKEN_NUMBER
#define WORDS_8 W, W, W, W, W, W, W, W
#define WORDS_32 WORDS_8, WORDS_8, WORDS_8, WORDS_8
const unsigned char json_token_kinds[256] = {
    WORDS_32, /* controls */
    /* blank to '?' */
    W,
    W,
    JSON_TOKEN_STRING,
    W,
    W,
    W,
    W,
    W,
    W,
    W,
    W,
    W,
    JSON_TOKEN_COMMA,
    N,
    W,
    W,
    N,
    N,
    N,
    N,
    N,
    N,
    N,
    N,
    N,
    N,
    JSON_TOKEN_COLON,
    W,
    W,
    W,
    W,
    W,
    /* '@' to '_' */
    WORDS_8,
    WORDS_8,
    WORDS_8,
    W,
    W,
    W,
    JSON_TOKEN_OPEN_ARRAY,
    W,
    JSON_TOKEN_CLOSE_ARRAY,
    W,
    W,
    /* '`' to DEL */
    WORDS_8,
    WORDS_8,
    WORDS_8,
    W,
    W,
    W,
    JSON_TOKEN_OPEN_OBJECT,
    W,
    JSON_TOKEN_CLOSE_OBJECT,
    W,
    W,
    WORDS_32,
    WORDS_32,
    WORDS_32,
    WORDS_32,
};

void json_token_read(struct span text, struct json_token *token)
{
    if (token->kind == JSON_TOKEN_STRING) {
        read_string(text, token);
    } else if (token->kind == JSON_TOKEN_NUMBER) {
        read_number(text, token);
    } else {
        read_word(text, token);
    }
}

size_t json_token_skip_blanks(struct span text, size_t pos)
{
    while (pos < text.len && is_of(text.ptr[pos], BLANK)) {
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
