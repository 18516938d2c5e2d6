#include "lp/decode.h"

#include "base/macros.h"
#include "base/number.h"
#include "base/word.h"
#include "lp/chars.h"

/* Where the cursor stands; the last three are where it stays. */
enum state { AT_MEASUREMENT, AT_TAG, AT_FIELD, AT_TIME, AT_END, AT_BLANK, AT_ERROR };

#define TIME_DIGITS 19 /* machine.go.rl, timestamp */

/* What ends a name, escaped as it may be. A line break cannot be in one. */
enum { STOPS_MEASUREMENT = 1, STOPS_NAME = 2, STOPS_BOTH = 3, ESCAPES = 4 };
static const unsigned char stops[256] = {
    [' '] = STOPS_BOTH,  ['\t'] = STOPS_BOTH, ['\f'] = STOPS_BOTH, ['\n'] = STOPS_BOTH,
    ['\r'] = STOPS_BOTH, [','] = STOPS_BOTH,  ['='] = STOPS_NAME,  ['\\'] = ESCAPES,
};

void lp_decode_begin(struct lp_decode_cursor *cursor, struct span record, char *text)
{
    bool has_newline = record.len > 0 && record.ptr[record.len - 1] == '\n';
    *cursor = (struct lp_decode_cursor){has_newline ? span_without_newline(record) : record, 0, AT_MEASUREMENT, text};
}

static bool at_end(const struct lp_decode_cursor *cursor)
{
    return cursor->pos == cursor->record.len;
}

static char peek(const struct lp_decode_cursor *cursor)
{
    return cursor->record.ptr[cursor->pos];
}

static void skip_blanks(struct lp_decode_cursor *cursor)
{
    while (!at_end(cursor) && lp_chars_is_blank(peek(cursor))) {
        cursor->pos++;
    }
}

static enum lp_decode_piece fail(struct lp_decode_cursor *cursor, struct err *err, const char *reason)
{
    cursor->state = AT_ERROR;
    err_set(err, cursor->pos, "%s", reason);
    return LP_DECODE_ERROR;
}

/* A backslash escapes these in names; before anything else it stands for itself. */
static bool is_escapable(char c)
{
    return c == ',' || c == '=' || c == ' ';
}

/* Moves over a name up to the first unescaped character that stops it. */
static struct span take_name(struct lp_decode_cursor *cursor, unsigned char what)
{
    const char *record = cursor->record.ptr;
    size_t len = cursor->record.len;
    size_t start = cursor->pos;
    size_t pos = start;
    for (;;) {
        while (pos < len && !(stops[(unsigned char)record[pos]] & (what | ESCAPES))) {
            pos++;
        }
        if (pos == len || record[pos] != '\\') {
            break;
        }
        pos += pos + 1 < len && is_escapable(record[pos + 1]) ? 2 : 1;
    }
    cursor->pos = pos;
    return (struct span){record + start, pos - start};
}

static enum lp_decode_piece read_measurement(struct lp_decode_cursor *cursor, struct lp_decode_item *item,
                                             struct err *err)
{
    skip_blanks(cursor);
    if (at_end(cursor) || peek(cursor) == '#') {
        cursor->state = AT_BLANK;
        return LP_DECODE_BLANK;
    }
    item->raw = take_name(cursor, STOPS_MEASUREMENT);
    if (item->raw.len == 0) {
        return fail(cursor, err, "expected a measurement");
    }
    if (at_end(cursor)) {
        return fail(cursor, err, "expected a field");
    }
    if (peek(cursor) != ',' && !lp_chars_is_separator(peek(cursor))) {
        return fail(cursor, err, "expected a comma or a space");
    }
    cursor->state = peek(cursor) == ',' ? AT_TAG : AT_FIELD;
    return LP_DECODE_MEASUREMENT;
}

static enum lp_decode_piece read_tag(struct lp_decode_cursor *cursor, struct lp_decode_item *item, struct err *err)
{
    cursor->pos++; /* the comma */
    item->key = take_name(cursor, STOPS_NAME);
    if (item->key.len == 0 || at_end(cursor) || peek(cursor) != '=') {
        return fail(cursor, err, "expected a tag");
    }
    cursor->pos++;
    item->raw = take_name(cursor, STOPS_NAME);
    if (item->raw.len == 0) {
        return fail(cursor, err, "expected a tag value");
    }
    if (at_end(cursor)) {
        return fail(cursor, err, "expected a field");
    }
    if (peek(cursor) != ',' && !lp_chars_is_separator(peek(cursor))) {
        return fail(cursor, err, "expected a comma or a space");
    }
    cursor->state = peek(cursor) == ',' ? AT_TAG : AT_FIELD;
    return LP_DECODE_TAG;
}

/* Copies a string without its escapes, up to its closing quote, the end or an escape that is none.
 * Whole words are written ahead: what is behind the last character does not count. */
static NOT_INLINED const char *copy_text(const char *at, const char *end, char **text)
{
    char *out = *text;
    for (;;) {
        if (WORD_IS_USABLE && (size_t)(end - at) >= WORD_BYTES) {
            uint64_t word = word_load(at);
            uint64_t found = word_equal_either(word, '"', '\\');
            size_t len = found ? word_first(found) : WORD_BYTES;
            memcpy(out, &word, sizeof word);
            out += len;
            at += len;
            if (!found) {
                continue;
            }
        } else if (at == end) {
            break;
        }
        char c = *at;
        if (c == '\\') {
            if (end - at < 2 || (at[1] != '"' && at[1] != '\\')) {
                break;
            }
            c = *++at;
        } else if (c == '"') {
            break;
        }
        *out++ = c;
        at++;
    }
    *text = out;
    return at;
}

static enum lp_decode_piece read_text(struct lp_decode_cursor *cursor, struct lp_decode_item *item, struct err *err)
{
    char *text = cursor->text;
    char *out = text;
    const char *at = copy_text(cursor->record.ptr + cursor->pos + 1, cursor->record.ptr + cursor->record.len, &out);
    cursor->pos = (size_t)(at - cursor->record.ptr);
    if (at_end(cursor)) {
        return fail(cursor, err, "expected the closing quote of a string");
    }
    if (*at == '\\') {
        return fail(cursor, err, "expected a quote or a backslash behind a backslash");
    }
    item->value = lp_value_text((struct span){text, (size_t)(out - text)});
    cursor->text = out;
    cursor->pos++;
    return LP_DECODE_FIELD;
}

static bool read_bool(struct span text, bool *out)
{
    static const struct {
        const char *text;
        bool means;
    } words[] = {
        {"t", true},  {"T", true},  {"true", true},   {"True", true},   {"TRUE", true},
        {"f", false}, {"F", false}, {"false", false}, {"False", false}, {"FALSE", false},
    };
    for (size_t i = 0; i < COUNT(words); i++) {
        if (span_equal(text, span_of(words[i].text))) {
            *out = words[i].means;
            return true;
        }
    }
    return false;
}

/* One or more. */
static bool are_digits(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9') {
            return false;
        }
    }
    return text.len > 0;
}

/* Digits without a needless leading zero, with an optional minus. */
static bool is_integer(struct span text, bool may_be_negative)
{
    if (may_be_negative && text.len > 0 && text.ptr[0] == '-') {
        text = span_after(text, 1);
    }
    return are_digits(text) && (text.len == 1 || text.ptr[0] != '0');
}

static bool read_unsigned(struct span text, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint64_t digit = (uint64_t)(text.ptr[i] - '0');
        if (*out > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *out = *out * 10 + digit;
    }
    return true;
}

/* A number, by its last character: i, u, or a float. */
static bool read_number(struct span text, struct lp_value *out)
{
    char last = text.ptr[text.len - 1];
    struct span digits = {text.ptr, text.len - 1};
    int64_t i;
    uint64_t u;
    double f;
    if (last == 'i') {
        bool ok = is_integer(digits, true) && number_int64(digits, &i) == NUMBER_OK;
        *out = lp_value_int(ok ? i : 0);
        return ok;
    }
    if (last == 'u') {
        bool ok = is_integer(digits, false) && read_unsigned(digits, &u);
        *out = (struct lp_value){.type = LP_VALUE_UINT, .as = {.u = ok ? u : 0}};
        return ok;
    }
    bool ok = text.ptr[0] != '+' && number_double(text, &f) == NUMBER_OK;
    *out = lp_value_float(ok ? f : 0);
    return ok;
}

static enum lp_decode_piece read_plain(struct lp_decode_cursor *cursor, struct lp_decode_item *item, struct err *err)
{
    size_t start = cursor->pos;
    while (!at_end(cursor) && peek(cursor) != ',' && peek(cursor) != '\r' && peek(cursor) != '\n' &&
           !lp_chars_is_blank(peek(cursor))) {
        cursor->pos++;
    }
    struct span text = {cursor->record.ptr + start, cursor->pos - start};
    bool truth = false;
    if (text.len > 0 && read_bool(text, &truth)) {
        item->value = lp_value_bool(truth);
        return LP_DECODE_FIELD;
    }
    if (text.len > 0 && read_number(text, &item->value)) {
        return LP_DECODE_FIELD;
    }
    cursor->pos = start;
    return fail(cursor, err, "expected a field value");
}

static enum lp_decode_piece read_field(struct lp_decode_cursor *cursor, struct lp_decode_item *item, struct err *err)
{
    if (!at_end(cursor) && peek(cursor) == ',') {
        cursor->pos++;
    } else {
        skip_blanks(cursor);
    }
    item->key = take_name(cursor, STOPS_NAME);
    if (item->key.len == 0 || at_end(cursor) || peek(cursor) != '=') {
        return fail(cursor, err, "expected a field");
    }
    cursor->pos++;
    bool is_text = !at_end(cursor) && peek(cursor) == '"';
    enum lp_decode_piece piece = is_text ? read_text(cursor, item, err) : read_plain(cursor, item, err);
    if (piece == LP_DECODE_ERROR) {
        return piece;
    }
    if (!at_end(cursor) && peek(cursor) != ',' && !lp_chars_is_blank(peek(cursor))) {
        return fail(cursor, err, "expected a comma, a space or the end of the line");
    }
    cursor->state = !at_end(cursor) && peek(cursor) == ',' ? AT_FIELD : AT_TIME;
    return LP_DECODE_FIELD;
}

/* Up to 19 digits, with an optional minus, within int64. */
static bool read_timestamp(struct span text, int64_t *out)
{
    uint64_t negative = text.len > 0 && text.ptr[0] == '-';
    struct span digits = span_after(text, negative);
    uint64_t sum = 0; /* 19 digits fit */
    if (digits.len == 0 || digits.len > TIME_DIGITS) {
        return false;
    }
    for (size_t i = 0; i < digits.len; i++) {
        uint32_t digit = (uint32_t)(unsigned char)digits.ptr[i] - '0';
        if (digit > 9) {
            return false;
        }
        sum = sum * 10 + digit;
    }
    if (sum > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *out = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

static enum lp_decode_piece read_time(struct lp_decode_cursor *cursor, struct lp_decode_item *item, struct err *err)
{
    skip_blanks(cursor);
    if (at_end(cursor)) {
        cursor->state = AT_END;
        return LP_DECODE_END;
    }
    size_t start = cursor->pos;
    while (!at_end(cursor) && !lp_chars_is_blank(peek(cursor))) {
        cursor->pos++;
    }
    int64_t ns = 0;
    if (!read_timestamp((struct span){cursor->record.ptr + start, cursor->pos - start}, &ns)) {
        cursor->pos = start;
        return fail(cursor, err, "expected a timestamp");
    }
    skip_blanks(cursor);
    if (!at_end(cursor)) {
        return fail(cursor, err, "expected the end of the line");
    }
    item->value = lp_value_int(ns);
    cursor->state = AT_END;
    return LP_DECODE_TIME;
}

static enum lp_decode_piece read_piece(struct lp_decode_cursor *cursor, struct lp_decode_item *item, struct err *err)
{
    switch ((enum state)cursor->state) {
    case AT_MEASUREMENT:
        return read_measurement(cursor, item, err);
    case AT_TAG:
        return read_tag(cursor, item, err);
    case AT_FIELD:
        return read_field(cursor, item, err);
    case AT_TIME:
        return read_time(cursor, item, err);
    case AT_END:
        return LP_DECODE_END;
    case AT_BLANK:
        return LP_DECODE_BLANK;
    case AT_ERROR:
        break;
    }
    return LP_DECODE_ERROR;
}

static const struct lp_decode_item nothing = {.value = {.type = LP_VALUE_BOOL}};

enum lp_decode_piece lp_decode_next(struct lp_decode_cursor *cursor, struct lp_decode_item *item, struct err *err)
{
    *item = nothing;
    enum lp_decode_piece piece = read_piece(cursor, item, err);
    if (piece == LP_DECODE_ERROR) {
        *item = nothing;
    }
    return piece;
}

bool lp_decode_name_equal(struct span escaped, struct span plain)
{
    size_t n = 0;
    for (size_t i = 0; i < escaped.len; i++, n++) {
        if (escaped.ptr[i] == '\\' && i + 1 < escaped.len && is_escapable(escaped.ptr[i + 1])) {
            i++;
        }
        if (n == plain.len || plain.ptr[n] != escaped.ptr[i]) {
            return false;
        }
    }
    return n == plain.len;
}

size_t lp_decode_name(struct span escaped, char *out)
{
    size_t n = 0;
    if (escaped.len > 0 && !memchr(escaped.ptr, '\\', escaped.len)) {
        memcpy(out, escaped.ptr, escaped.len);
        return escaped.len;
    }
    for (size_t i = 0; i < escaped.len; i++) {
        if (escaped.ptr[i] == '\\' && i + 1 < escaped.len && is_escapable(escaped.ptr[i + 1])) {
            i++;
        }
        out[n++] = escaped.ptr[i];
    }
    return n;
}
