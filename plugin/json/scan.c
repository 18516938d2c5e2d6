#include "json/scan.h"

#include <stdint.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/macros.h"
#include "base/number.h"
#include "base/utf8.h"

#define WIDEST_NUMBER 64 /* characters */
#define WIDEST_EXPONENT 307
/* Up to here no number of WIDEST_NUMBER characters overflows a double. */
#define SAFE_EXPONENT (WIDEST_EXPONENT - WIDEST_NUMBER)
#define REPLACEMENT 0xFFFDU

/* ---- tokens ---- */

enum token_kind {
    TOKEN_END,
    TOKEN_OPEN_OBJECT,
    TOKEN_CLOSE_OBJECT,
    TOKEN_OPEN_ARRAY,
    TOKEN_CLOSE_ARRAY,
    TOKEN_COLON,
    TOKEN_COMMA,
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_WORD, /* true, false, null */
    TOKEN_ERROR,
};

struct token {
    enum token_kind kind;
    size_t start, end; /* offsets in the text, quotes included */
    const char *error;
};

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

static struct token token_error(size_t pos, const char *error)
{
    return (struct token){TOKEN_ERROR, pos, pos, error};
}

static struct token scan_string(struct span text, size_t start)
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
    return (struct token){TOKEN_STRING, start, pos + 1, NULL};
}

static size_t skip_digits(struct span text, size_t pos)
{
    while (pos < text.len && ascii_is_digit(text.ptr[pos])) {
        pos++;
    }
    return pos;
}

static struct token scan_number(struct span text, size_t start)
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
    return (struct token){TOKEN_NUMBER, start, pos, NULL};
}

static struct token scan_word(struct span text, size_t start)
{
    static const struct span words[] = {{"true", 4}, {"false", 5}, {"null", 4}};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (span_starts_with(span_after(text, start), words[i])) {
            return (struct token){TOKEN_WORD, start, start + words[i].len, NULL};
        }
    }
    return token_error(start, "expected a value");
}

static struct token next_token(struct span text, size_t pos)
{
    while (pos < text.len && text.ptr[pos] != '\0' && strchr(" \t\n\r", text.ptr[pos])) {
        pos++;
    }
    if (pos == text.len) {
        return (struct token){TOKEN_END, pos, pos, NULL};
    }
    static const char punctuation[] = "{}[]:,";
    static const enum token_kind kinds[] = {TOKEN_OPEN_OBJECT, TOKEN_CLOSE_OBJECT, TOKEN_OPEN_ARRAY,
                                            TOKEN_CLOSE_ARRAY, TOKEN_COLON,        TOKEN_COMMA};
    char c = text.ptr[pos];
    const char *sign = c == '\0' ? NULL : strchr(punctuation, c);
    if (sign) {
        return (struct token){kinds[sign - punctuation], pos, pos + 1, NULL};
    }
    if (c == '"') {
        return scan_string(text, pos);
    }
    return c == '-' || ascii_is_digit(c) ? scan_number(text, pos) : scan_word(text, pos);
}

static struct span token_text(struct span text, const struct token *token)
{
    return (struct span){text.ptr + token->start, token->end - token->start};
}

/* ---- what neither jansson nor PostgreSQL can hold ---- */

static bool is_wide_exponent(struct span number, struct span exponent)
{
    int64_t power;
    if (number_int64(exponent, &power) != NUMBER_OK || power > WIDEST_EXPONENT || power < -WIDEST_EXPONENT) {
        return true;
    }
    double value;
    return power > SAFE_EXPONENT && number_double(number, &value) != NUMBER_OK;
}

static bool is_wide(struct span number)
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

/* The code point that a string's character or escape at pos stands for, and its length there; bad escapes (NUL and
 * lone surrogates) say so. Bytes >= 0x80 are returned one by one as they are. */
struct unit {
    uint32_t code;
    size_t len;
    bool is_escape;
    bool is_bad;
};

static struct unit read_escape(struct span text, size_t pos)
{
    static const char letters[] = "bfnrt";
    static const char means[] = "\b\f\n\r\t";
    char c = text.ptr[pos + 1];
    if (c != 'u') {
        const char *letter = strchr(letters, c);
        return (struct unit){(unsigned char)(letter ? means[letter - letters] : c), 2, true, false};
    }
    long high = hex4(text, pos + 2);
    if (high < 0xD800 || high > 0xDFFF) {
        return (struct unit){(uint32_t)high, 6, true, high == 0};
    }
    bool paired = high < 0xDC00 && pos + 12 <= text.len && text.ptr[pos + 6] == '\\' && text.ptr[pos + 7] == 'u';
    long low = paired ? hex4(text, pos + 8) : -1;
    if (low < 0xDC00 || low > 0xDFFF) {
        return (struct unit){REPLACEMENT, 6, true, true};
    }
    uint32_t code = 0x10000U + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00);
    return (struct unit){code, 12, true, false};
}

static struct unit read_unit(struct span text, size_t pos)
{
    if (text.ptr[pos] == '\\') {
        return read_escape(text, pos);
    }
    return (struct unit){(unsigned char)text.ptr[pos], 1, false, false};
}

static size_t count_bad_escapes(struct span string)
{
    size_t bad = 0;
    const char *slash = memchr(string.ptr, '\\', string.len);
    size_t pos = slash ? (size_t)(slash - string.ptr) : string.len;
    while (pos < string.len) {
        struct unit unit = read_unit(string, pos);
        bad += unit.is_bad;
        pos += unit.len;
    }
    return bad;
}

/* ---- the grammar ---- */

enum expect {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_CLOSE,
    EXPECT_KEY,
    EXPECT_KEY_OR_CLOSE,
    EXPECT_COLON,
    EXPECT_NEXT,
    EXPECT_END
};

struct walk {
    const struct json_limits *limits;
    struct json_report *report;
    struct err *err;
    bool is_object[JSON_MAX_DEPTH]; /* of each open container */
    size_t depth;
    enum expect expect;
};

static enum reject bad(struct walk *walk, size_t pos, const char *what)
{
    err_set(walk->err, pos, "%s", what);
    return REJECT_INVALID_JSON;
}

static enum expect after_value(const struct walk *walk)
{
    return walk->depth == 0 ? EXPECT_END : EXPECT_NEXT;
}

static enum reject open_container(struct walk *walk, const struct token *token)
{
    size_t most = walk->limits->max_depth < JSON_MAX_DEPTH ? walk->limits->max_depth : JSON_MAX_DEPTH;
    if (walk->depth == most) {
        err_set(walk->err, token->start, "nested deeper than %zu", most);
        return REJECT_TOO_DEEP;
    }
    bool is_object = token->kind == TOKEN_OPEN_OBJECT;
    walk->is_object[walk->depth++] = is_object;
    walk->expect = is_object ? EXPECT_KEY_OR_CLOSE : EXPECT_VALUE_OR_CLOSE;
    return REJECT_NONE;
}

static enum reject close_container(struct walk *walk, const struct token *token)
{
    bool fits = walk->depth > 0 && walk->is_object[walk->depth - 1] == (token->kind == TOKEN_CLOSE_OBJECT);
    bool may_close =
        walk->expect == EXPECT_NEXT || walk->expect == EXPECT_KEY_OR_CLOSE || walk->expect == EXPECT_VALUE_OR_CLOSE;
    if (!fits || !may_close) {
        return bad(walk, token->start, "a bracket that closes nothing here");
    }
    walk->depth--;
    walk->expect = after_value(walk);
    return REJECT_NONE;
}

static enum reject take_value(struct walk *walk, struct span text, const struct token *token)
{
    if (walk->expect != EXPECT_VALUE && walk->expect != EXPECT_VALUE_OR_CLOSE) {
        static const char *const wanted[] = {
            [EXPECT_VALUE] = "",
            [EXPECT_VALUE_OR_CLOSE] = "",
            [EXPECT_KEY] = "expected a key in quotes",
            [EXPECT_KEY_OR_CLOSE] = "expected a key in quotes",
            [EXPECT_COLON] = "expected a colon",
            [EXPECT_NEXT] = "expected a comma or a closing bracket",
            [EXPECT_END] = "text behind the end of the document",
        };
        return bad(walk, token->start, wanted[walk->expect]);
    }
    if (walk->report->values == walk->limits->max_values) {
        err_set(walk->err, token->start, "more than %zu values", walk->limits->max_values);
        return REJECT_TOO_MANY_VALUES;
    }
    walk->report->values++;
    if (token->kind == TOKEN_OPEN_OBJECT || token->kind == TOKEN_OPEN_ARRAY) {
        return open_container(walk, token);
    }
    if (token->kind == TOKEN_STRING) {
        walk->report->bad_escapes += count_bad_escapes(token_text(text, token));
    } else if (token->kind == TOKEN_NUMBER) {
        walk->report->wide_numbers += is_wide(token_text(text, token));
    }
    walk->expect = after_value(walk);
    return REJECT_NONE;
}

static enum reject take_token(struct walk *walk, struct span text, const struct token *token)
{
    bool wants_key = walk->expect == EXPECT_KEY || walk->expect == EXPECT_KEY_OR_CLOSE;
    switch (token->kind) {
    case TOKEN_ERROR:
        return bad(walk, token->start, token->error);
    case TOKEN_END:
        return walk->expect == EXPECT_END ? REJECT_NONE : bad(walk, token->start, "the text ends too early");
    case TOKEN_CLOSE_OBJECT:
    case TOKEN_CLOSE_ARRAY:
        return close_container(walk, token);
    case TOKEN_COLON:
        if (walk->expect != EXPECT_COLON) {
            return bad(walk, token->start, "a colon that belongs to no key");
        }
        walk->expect = EXPECT_VALUE;
        return REJECT_NONE;
    case TOKEN_COMMA:
        if (walk->expect != EXPECT_NEXT) {
            return bad(walk, token->start, "a comma that follows no value");
        }
        walk->expect = walk->is_object[walk->depth - 1] ? EXPECT_KEY : EXPECT_VALUE;
        return REJECT_NONE;
    case TOKEN_STRING:
        if (wants_key) {
            walk->report->bad_escapes += count_bad_escapes(token_text(text, token));
            walk->expect = EXPECT_COLON;
            return REJECT_NONE;
        }
        return take_value(walk, text, token);
    case TOKEN_OPEN_OBJECT:
    case TOKEN_OPEN_ARRAY:
    case TOKEN_NUMBER:
    case TOKEN_WORD:
        return take_value(walk, text, token);
    }
    return REJECT_NONE;
}

enum reject json_scan(struct span text, const struct json_limits *limits, struct json_report *report, struct err *err)
{
    size_t valid = utf8_invalid_at(text);
    if (valid < text.len) {
        *report = (struct json_report){0};
        err_set(err, valid, "not UTF-8");
        return REJECT_INVALID_UTF8;
    }
    return json_scan_bytes(text, limits, report, err);
}

enum reject json_scan_bytes(struct span text, const struct json_limits *limits, struct json_report *report,
                            struct err *err)
{
    *report = (struct json_report){0};
    struct walk walk = {.limits = limits, .report = report, .err = err, .expect = EXPECT_VALUE};
    struct token token = {TOKEN_END, 0, 0, NULL};
    do {
        token = next_token(text, token.end);
        enum reject reason = take_token(&walk, text, &token);
        if (reason != REJECT_NONE) {
            return reason;
        }
    } while (token.kind != TOKEN_END);
    return REJECT_NONE;
}

/* ---- repair ---- */

/* Copies a string token; bad escapes as `with`. Every escape keeps its length (both are six characters). */
static size_t copy_string(struct span string, const char *with, char *out)
{
    size_t n = 0;
    for (size_t pos = 0; pos < string.len;) {
        struct unit unit = read_unit(string, pos);
        memcpy(out + n, unit.is_bad ? with : string.ptr + pos, unit.len);
        n += unit.len;
        pos += unit.len;
    }
    return n;
}

static size_t copy_number(struct span number, char *out)
{
    size_t quotes = is_wide(number) ? 1 : 0;
    memcpy(out + quotes, number.ptr, number.len);
    if (quotes > 0) {
        out[0] = '"';
        out[number.len + 1] = '"';
    }
    return number.len + 2 * quotes;
}

/* Only a wide number grows, by its two quotes. It has at least five characters ("1e308"), and between two of them stands at least one
 * more. So len bytes hold at most (len + 1) / 6 of them and become at most (4 * len + 1) / 3: JSON_REPAIR_BYTES is ample. */
size_t json_repair(struct span text, enum json_repair_mode mode, char *out)
{
    const char *value_escape = mode == JSON_REPAIR_FOR_PARSER ? "\\u0000" : "\\ufffd";
    size_t n = 0;
    size_t copied = 0;
    struct token token = next_token(text, 0);
    while (token.kind != TOKEN_END && token.kind != TOKEN_ERROR) {
        memcpy(out + n, text.ptr + copied, token.start - copied);
        n += token.start - copied;
        struct span piece = token_text(text, &token);
        struct token next = next_token(text, token.end);
        if (token.kind == TOKEN_STRING) {
            /* jansson takes no NUL in a key. */
            n += copy_string(piece, next.kind == TOKEN_COLON ? "\\ufffd" : value_escape, out + n);
        } else if (token.kind == TOKEN_NUMBER) {
            n += copy_number(piece, out + n);
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

/* ---- reading without building ---- */

/* The end of the value whose first token is given. */
static size_t value_end(struct span text, struct token token)
{
    size_t depth = 0;
    for (;;) {
        switch (token.kind) {
        case TOKEN_OPEN_OBJECT:
        case TOKEN_OPEN_ARRAY:
            depth++;
            break;
        case TOKEN_CLOSE_OBJECT:
        case TOKEN_CLOSE_ARRAY:
            depth -= depth > 0 ? 1 : 0;
            break;
        case TOKEN_END:
        case TOKEN_ERROR:
            return token.end;
        case TOKEN_COLON:
        case TOKEN_COMMA:
        case TOKEN_STRING:
        case TOKEN_NUMBER:
        case TOKEN_WORD:
            break;
        }
        if (depth == 0) {
            return token.end;
        }
        token = next_token(text, token.end);
    }
}

void json_iter_begin(struct json_iter *iter, struct span text)
{
    struct token open = next_token(text, 0);
    *iter = (struct json_iter){text, open.end, (int)open.kind};
}

bool json_iter_next(struct json_iter *iter, struct json_member *member)
{
    *member = (struct json_member){{"", 0}, {"", 0}};
    if (iter->state != TOKEN_OPEN_OBJECT && iter->state != TOKEN_OPEN_ARRAY) {
        return false;
    }
    struct token token = next_token(iter->text, iter->pos);
    if (token.kind == TOKEN_COMMA) {
        token = next_token(iter->text, token.end);
    }
    if (iter->state == TOKEN_OPEN_OBJECT && token.kind == TOKEN_STRING) {
        member->key = (struct span){iter->text.ptr + token.start + 1, token.end - token.start - 2};
        token = next_token(iter->text, next_token(iter->text, token.end).end);
    }
    if (token.kind == TOKEN_CLOSE_OBJECT || token.kind == TOKEN_CLOSE_ARRAY || token.kind == TOKEN_END ||
        token.kind == TOKEN_ERROR) {
        return false;
    }
    iter->pos = value_end(iter->text, token);
    member->value = (struct span){iter->text.ptr + token.start, iter->pos - token.start};
    return true;
}

size_t json_unescape(struct span escaped, char *out)
{
    size_t n = 0;
    for (size_t pos = 0; pos < escaped.len;) {
        struct unit unit = read_unit(escaped, pos);
        if (unit.is_escape) {
            n += utf8_write(unit.code, out + n);
        } else {
            out[n++] = escaped.ptr[pos];
        }
        pos += unit.len;
    }
    return n;
}

/* ---- by path ---- */

static bool is_index(struct span part, size_t index)
{
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%zu", index);
    return len > 0 && span_equal(part, (struct span){digits, (size_t)len});
}

/* The member or element that a path's part names. */
static bool find_part(struct span container, struct span part, struct json_member *found)
{
    struct json_iter iter;
    bool hit = false;
    struct json_member member;
    json_iter_begin(&iter, container);
    for (size_t index = 0; json_iter_next(&iter, &member); index++) {
        bool here = iter.state == TOKEN_OPEN_OBJECT ? span_equal(member.key, part) : is_index(part, index);
        if (here) {
            *found = member; /* the last of equal keys counts */
            hit = true;
        }
    }
    return hit;
}

/* One part further down a path; false = there is no such part, or no more. */
static bool descend(struct span container, const char **path, struct json_member *found)
{
    size_t len = strcspn(*path, ".");
    if (len == 0 || !find_part(container, (struct span){*path, len}, found)) {
        return false;
    }
    *path += len + ((*path)[len] == '.' ? 1 : 0);
    return true;
}

bool json_find(struct span text, const char *dotted_path, struct span *value)
{
    struct json_member member = {.value = text};
    while (descend(member.value, &dotted_path, &member)) {
    }
    bool found = *dotted_path == '\0';
    *value = found ? member.value : (struct span){"", 0};
    return found;
}

size_t json_line_of(struct span text, const char *dotted_path)
{
    struct json_member member = {.value = text};
    const char *place = text.ptr;
    while (descend(member.value, &dotted_path, &member)) {
        place = member.key.len > 0 ? member.key.ptr : member.value.ptr;
    }
    size_t line = 1;
    for (const char *c = text.ptr; c < place; c++) {
        line += *c == '\n';
    }
    return line;
}
