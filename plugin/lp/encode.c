#include "lp/encode.h"

#include <math.h>

#include "base/macros.h"
#include "base/number.h"
#include "base/utf8.h"
#include "base/word.h"

/* What cannot go out as it is, and where. */
enum {
    IN_MEASUREMENT = 1, /* gets a backslash there */
    IN_NAME = 2,
    IN_STRING = 4,
    BREAK = 8, /* ends a line, or is white space that the parser takes for the end of a name */
    NUL = 16,
    HIGH = 32, /* part of a character, if it is UTF-8 */
};

#define HIGH_16 HIGH, HIGH, HIGH, HIGH, HIGH, HIGH, HIGH, HIGH, HIGH, HIGH, HIGH, HIGH, HIGH, HIGH, HIGH, HIGH
static const unsigned char classes[256] = {
    [0] = NUL,
    ['\t'] = BREAK,
    ['\n'] = BREAK,
    ['\v'] = BREAK,
    ['\f'] = BREAK,
    ['\r'] = BREAK,
    [' '] = IN_MEASUREMENT | IN_NAME,
    ['"'] = IN_STRING,
    [','] = IN_MEASUREMENT | IN_NAME,
    ['='] = IN_NAME,
    ['\\'] = IN_STRING,
    [0x80] = HIGH_16,
    HIGH_16,
    HIGH_16,
    HIGH_16,
    HIGH_16,
    HIGH_16,
    HIGH_16,
    HIGH_16,
};

/* What a text is written as: the classes that need care there. */
enum context {
    AS_MEASUREMENT = IN_MEASUREMENT | BREAK | NUL | HIGH,
    AS_NAME = IN_NAME | BREAK | NUL | HIGH,
    AS_STRING = IN_STRING | NUL | HIGH,
};

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

/* Writes the character at the start of text, which needs care. Returns its bytes. */
static size_t put_special(struct buf *out, struct span text, unsigned class)
{
    size_t len = (class & HIGH) ? utf8_character(text) : 1;
    if (len > 1) {
        buf_bytes(out, text.ptr, len);
    } else if (len == 0 || (class & NUL)) {
        buf_text(out, REPLACEMENT);
    } else if (class & BREAK) {
        buf_char(out, '_');
    } else if (buf_reserve(out, 2)) {
        out->ptr[out->len++] = '\\';
        out->ptr[out->len++] = text.ptr[0];
    }
    return len > 0 ? len : 1;
}

/* Escaped text; bytes that are not UTF-8 one by one as U+FFFD. What needs no care is copied in one
 * piece. */
static NOT_INLINED void put(struct buf *out, struct span text, enum context context)
{
    size_t done = 0;
    for (size_t pos = 0; pos < text.len;) {
        unsigned class = classes[(unsigned char)text.ptr[pos]] & context;
        if (class == 0) {
            pos++;
            continue;
        }
        buf_bytes(out, text.ptr + done, pos - done);
        pos += put_special(out, span_after(text, pos), class);
        done = pos;
    }
    buf_bytes(out, text.ptr + done, text.len - done);
}

/* Writes characters of a string that need no care, as far as whole words and the room go. Writes a
 * word ahead. */
static const char *put_words(struct buf *out, const char *at, const char *end)
{
    char *to = out->ptr + out->len;
    const char *last = out->ptr + out->cap;
    uint64_t found = 0;
    while (WORD_IS_USABLE && found == 0 && (size_t)(end - at) >= WORD_BYTES && (size_t)(last - to) >= WORD_BYTES) {
        uint64_t word = word_load(at);
        found = word_not_plain(word);
        size_t len = found ? word_first(found) : WORD_BYTES;
        memcpy(to, &word, sizeof word);
        to += len;
        at += len;
    }
    out->len = (size_t)(to - out->ptr);
    return at;
}

/* Writes characters of more than one byte, as far as they go; where there is none, the byte as
 * U+FFFD. */
static NOT_INLINED const char *put_high(struct buf *out, const char *at, const char *end)
{
    const char *first = at;
    size_t len = 2;
    while (at < end && len > 1) {
        len = utf8_character((struct span){at, (size_t)(end - at)});
        at += len > 1 ? len : 0;
    }
    if (at == first) {
        buf_text(out, REPLACEMENT);
        return at + 1;
    }
    buf_bytes(out, first, (size_t)(at - first));
    return at;
}

/* put(), AS_STRING, of a text that may be long and full of quotes. */
static NOT_INLINED void put_string(struct buf *out, struct span text)
{
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;
    while (!out->failed) {
        at = put_words(out, at, end);
        if (at == end) {
            return;
        }
        unsigned class = classes[(unsigned char)*at] & AS_STRING;
        if (class == 0) {
            buf_char(out, *at++);
        } else if (class == IN_STRING) {
            buf_char(out, '\\');
            buf_char(out, *at++);
        } else if (class == HIGH) {
            at = put_high(out, at, end);
        } else {
            buf_text(out, REPLACEMENT);
            at++;
        }
    }
}

/* Without the backslashes at its end, which would escape what follows. */
static struct span trim(struct span name)
{
    while (name.len > 0 && name.ptr[name.len - 1] == '\\') {
        name.len--;
    }
    return name;
}

static void put_name(struct buf *out, char separator, struct span name)
{
    buf_char(out, separator);
    put(out, name, AS_NAME);
    buf_char(out, '=');
}

/* The same of a name without escapes. */
static void put_plain_name(struct buf *out, char separator, struct span name)
{
    size_t len = name.len + 2;
    if (buf_reserve(out, len)) {
        char *at = out->ptr + out->len;
        at[0] = separator;
        memcpy(at + 1, name.ptr, name.len);
        at[len - 1] = '=';
        out->len += len;
    }
}

static void put_tag(struct buf *out, const struct lp_row_tag *tag)
{
    struct span name = trim(span_of(tag->name));
    struct span value = trim(tag->value);
    if (name.len > 0 && value.len > 0) {
        put_name(out, ',', name);
        put(out, value, AS_NAME);
    }
}

static bool is_writable(const struct lp_value *value)
{
    return value->type != LP_VALUE_FLOAT || isfinite(value->as.f);
}

/* Numbers are written where they stand in the end, if there is room to spare; else by way of
 * spare. */
static char *number_place(const struct buf *out, char spare[NUMBER_TEXT_BYTES])
{
    bool has_room = !out->failed && out->cap - out->len >= NUMBER_TEXT_BYTES;
    return has_room ? out->ptr + out->len : spare;
}

static void number_written(struct buf *out, const char *place, size_t len)
{
    if (place == out->ptr + out->len) {
        out->len += len;
    } else {
        buf_bytes(out, place, len);
    }
}

static NOT_INLINED void put_float(struct buf *out, double number)
{
    char spare[NUMBER_TEXT_BYTES];
    char *place = number_place(out, spare);
    number_written(out, place, number_format_double(number, place));
}

static NOT_INLINED void put_int(struct buf *out, int64_t number)
{
    char spare[NUMBER_TEXT_BYTES];
    char *place = number_place(out, spare);
    number_written(out, place, number_format_int64(number, place));
}

static NOT_INLINED void put_uint(struct buf *out, uint64_t number)
{
    char spare[NUMBER_TEXT_BYTES];
    char *place = number_place(out, spare);
    number_written(out, place, number_format_uint64(number, place));
}

static void put_value(struct buf *out, const struct lp_value *value)
{
    switch (value->type) {
    case LP_VALUE_FLOAT:
        if (value->digits.len > 0) {
            buf_span(out, value->digits);
        } else {
            put_float(out, value->as.f);
        }
        break;
    case LP_VALUE_INT:
        if (value->digits.len > 0) {
            buf_span(out, value->digits);
        } else {
            put_int(out, value->as.i);
        }
        buf_char(out, 'i');
        break;
    case LP_VALUE_UINT:
        put_uint(out, value->as.u);
        buf_char(out, 'u');
        break;
    case LP_VALUE_BOOL:
        buf_text(out, value->as.b ? "true" : "false");
        break;
    case LP_VALUE_TEXT:
        buf_char(out, '"');
        put_string(out, value->as.text);
        buf_char(out, '"');
        break;
    }
}

/* false = line protocol cannot say it: left out. */
static bool put_field(struct buf *out, char separator, const struct lp_row_field *field)
{
    if (!is_writable(&field->value)) {
        return false;
    }
    if (field->plain_len > 0) {
        put_plain_name(out, separator, (struct span){field->name, field->plain_len});
    } else {
        struct span name = trim(span_of(field->name));
        if (name.len == 0) {
            return false;
        }
        put_name(out, separator, name);
    }
    put_value(out, &field->value);
    return true;
}

bool lp_encode_row(struct buf *out, const struct lp_row *row)
{
    if (out->failed) {
        return false;
    }
    size_t start = out->len;
    size_t written = 0;
    struct span measurement = trim(span_of(row->measurement));
    put(out, measurement, AS_MEASUREMENT);
    for (size_t i = 0; i < row->tag_count; i++) {
        put_tag(out, &row->tags[i]);
    }
    for (size_t i = 0; i < row->field_count; i++) {
        written += put_field(out, written == 0 ? ' ' : ',', &row->fields[i]);
    }
    buf_char(out, ' ');
    put_int(out, row->time_ns);
    buf_char(out, '\n');
    if (out->failed || written == 0 || measurement.len == 0) {
        buf_truncate(out, start);
        return false;
    }
    return true;
}
