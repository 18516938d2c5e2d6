#include "lp/encode.h"

#include <inttypes.h>
#include <math.h>

#include "base/number.h"
#include "base/utf8.h"

/* The three escape sets: a character that is in the context's set gets a backslash. */
static const char measurement_escapes[] = ", ";
static const char name_escapes[] = ",= ";
static const char string_escapes[] = "\"\\";

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

static bool is_line_break(char c)
{
    return c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == '\v';
}

/* Bytes up to the first that cannot go out as it is: those below the set's reach are copied in one
 * piece. */
static size_t plain_run(struct span text, const char *escapes, bool one_line)
{
    size_t n = 0;
    while (n < text.len && text.ptr[n] != '\0' && !strchr(escapes, text.ptr[n]) &&
           !(one_line && is_line_break(text.ptr[n]))) {
        n++;
    }
    return n;
}

static void put_valid(struct buf *out, struct span text, const char *escapes, bool one_line)
{
    while (text.len > 0) {
        size_t run = plain_run(text, escapes, one_line);
        buf_bytes(out, text.ptr, run);
        text = span_after(text, run);
        if (text.len == 0) {
            return;
        }
        if (text.ptr[0] == '\0') {
            buf_text(out, REPLACEMENT);
        } else if (one_line && is_line_break(text.ptr[0])) {
            buf_char(out, '_');
        } else {
            buf_char(out, '\\');
            buf_char(out, text.ptr[0]);
        }
        text = span_after(text, 1);
    }
}

/* Escaped text; bytes that are not UTF-8 one by one as U+FFFD. */
static void put(struct buf *out, struct span text, const char *escapes, bool one_line)
{
    for (;;) {
        size_t valid = utf8_invalid_at(text);
        put_valid(out, (struct span){text.ptr, valid}, escapes, one_line);
        if (valid == text.len) {
            return;
        }
        buf_text(out, REPLACEMENT);
        text = span_after(text, valid + 1);
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

static void put_tag(struct buf *out, const struct lp_row_tag *tag)
{
    struct span name = trim(span_of(tag->name));
    struct span value = trim(tag->value);
    if (name.len > 0 && value.len > 0) {
        buf_char(out, ',');
        put(out, name, name_escapes, true);
        buf_char(out, '=');
        put(out, value, name_escapes, true);
    }
}

static bool is_writable(struct lp_value value)
{
    return value.type != LP_VALUE_FLOAT || isfinite(value.as.f);
}

static void put_value(struct buf *out, struct lp_value value)
{
    char digits[NUMBER_TEXT_BYTES] = "";
    switch (value.type) {
    case LP_VALUE_FLOAT:
        buf_bytes(out, digits, number_format_double(value.as.f, digits));
        break;
    case LP_VALUE_INT:
        buf_format(out, "%" PRId64 "i", value.as.i);
        break;
    case LP_VALUE_UINT:
        buf_format(out, "%" PRIu64 "u", value.as.u);
        break;
    case LP_VALUE_BOOL:
        buf_text(out, value.as.b ? "true" : "false");
        break;
    case LP_VALUE_TEXT:
        buf_char(out, '"');
        put(out, value.as.text, string_escapes, false);
        buf_char(out, '"');
        break;
    }
}

/* false = line protocol cannot say it: left out. */
static bool put_field(struct buf *out, char separator, const struct lp_row_field *field)
{
    struct span name = trim(span_of(field->name));
    if (name.len == 0 || !is_writable(field->value)) {
        return false;
    }
    buf_char(out, separator);
    put(out, name, name_escapes, true);
    buf_char(out, '=');
    put_value(out, field->value);
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
    put(out, measurement, measurement_escapes, true);
    for (size_t i = 0; i < row->tag_count; i++) {
        put_tag(out, &row->tags[i]);
    }
    for (size_t i = 0; i < row->field_count; i++) {
        written += put_field(out, written == 0 ? ' ' : ',', &row->fields[i]);
    }
    buf_format(out, " %" PRId64 "\n", row->time_ns);
    if (out->failed || written == 0 || measurement.len == 0) {
        buf_truncate(out, start);
        return false;
    }
    return true;
}
