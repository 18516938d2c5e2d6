#include "core/diagnosis.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/macros.h"

/* ---- what stands at a place ---- */

static char at(struct span text, size_t pos)
{
    return pos < text.len ? text.ptr[pos] : '\0';
}

/* The last character before pos that is not white space, '\0' = there is none. */
static char before(struct span text, size_t pos)
{
    while (pos > 0 && ascii_is_space(text.ptr[pos - 1])) {
        pos--;
    }
    return pos > 0 ? text.ptr[pos - 1] : '\0';
}

static bool is_letter(char c)
{
    return ascii_is_lower(c) || ascii_is_upper(c) || (unsigned char)c >= 0x80;
}

static void quote(struct span text, size_t pos, char out[DIAGNOSIS_QUOTED_BYTES + 1])
{
    size_t n = 0;
    for (; n < DIAGNOSIS_QUOTED_BYTES && pos + n < text.len; n++) {
        char c = text.ptr[pos + n];
        out[n] = c;
        if (c < ' ' || c > '~') {
            out[n] = '?';
        }
    }
    out[n] = '\0';
}

/* ---- other formats ---- */

/* How formats begin that are no text. */
static const struct {
    struct span first;
    const char *cause;
} formats[] = {
    {{"\x1F\x8B", 2}, "this is gzip"},
    {{"\x78\x01", 2}, "this looks like zlib"},
    {{"\x78\x9C", 2}, "this looks like zlib"},
    {{"\x78\xDA", 2}, "this looks like zlib"},
    {{"PK\x03\x04", 4}, "this is a zip file"},
    {{"\xFF\xFE", 2}, "this looks like UTF-16"},
    {{"\xFE\xFF", 2}, "this looks like UTF-16"},
    {{"{\0", 2}, "this looks like UTF-16"},
    {{"eyJ", 3}, "this looks like base64 of JSON: --payload-encoding base64"},
    {{"ey", 2}, "this looks like base64 of JSON: --payload-encoding base64"},
    {{"<", 1}, "this looks like XML"},
};

static const char *other_format(struct span text)
{
    for (size_t i = 0; i < COUNT(formats); i++) {
        if (span_starts_with(text, formats[i].first)) {
            return formats[i].cause;
        }
    }
    return "";
}

/* Is every byte above ASCII half of a GBK character (a lead 81 to FE, then 40 to FE but 7F)? */
static bool looks_like_gbk(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char lead = (unsigned char)text.ptr[i];
        if (lead < 0x80) {
            continue;
        }
        unsigned char trail = (unsigned char)at(text, ++i);
        if (lead == 0x80 || lead == 0xFF || trail < 0x40 || trail == 0x7F || trail == 0xFF) {
            return false;
        }
    }
    return true;
}

/* Is what stands at pos, to the end of the text, the beginning of a UTF-8 character? */
static bool is_cut_character(struct span text, size_t pos)
{
    unsigned char lead = (unsigned char)at(text, pos);
    size_t len = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || text.len - pos >= len) {
        return false;
    }
    for (size_t i = pos + 1; i < text.len; i++) {
        if (((unsigned char)text.ptr[i] & 0xC0) != 0x80) {
            return false;
        }
    }
    return true;
}

static const char *cause_of_bytes(struct span text, size_t pos)
{
    if (pos < text.len && is_cut_character(text, pos)) {
        return "cut off";
    }
    return looks_like_gbk(span_after(text, pos)) ? "this looks like GBK" : "";
}

/* ---- JSON ---- */

#define ODD_NUMBER "a number in a form that JSON has not: +1, .5, 01, 0x1F"

static const char *cause_of_comma(struct span text, size_t pos)
{
    char last = before(text, pos);
    char here = at(text, pos);
    if (last == ',' && (here == '}' || here == ']')) {
        return here == '}' ? "a comma before }" : "a comma before ]";
    }
    if (here == ',' || here == '}' || here == ']') {
        return last == ':' ? "a value is missing" : last == ',' ? "two commas" : "";
    }
    return "";
}

/* A letter or the like where a key or a value should be. */
static const char *cause_of_word(struct span text, size_t pos)
{
    static const struct span words[] = {{"True", 4}, {"False", 5}, {"None", 4}, {"undefined", 9}};
    char here = at(text, pos);
    for (size_t i = 0; i < COUNT(words); i++) {
        if (span_starts_with(span_after(text, pos), words[i])) {
            return "a word of another language: JSON has true, false and null";
        }
    }
    if (here == '\'') {
        return "single quotes";
    }
    if (here == '/') {
        return "a comment";
    }
    if (pos > 0 && ascii_is_digit(text.ptr[pos - 1])) {
        return is_letter(here) ? ODD_NUMBER : "";
    }
    return is_letter(here) ? "text without quotes" : "";
}

static const char *cause_in_json(struct span text, size_t pos)
{
    char here = at(text, pos);
    if (pos >= text.len) {
        return "cut off";
    }
    const char *cause = cause_of_comma(text, pos);
    if (cause[0] == '\0') {
        cause = cause_of_word(text, pos);
    }
    if (cause[0] != '\0') {
        return cause;
    }
    if (here == '+' || here == '.' || here == '-' || ascii_is_digit(here)) {
        char last = before(text, pos);
        bool is_value = last == ':' || last == ',' || last == '[';
        bool has_comma = pos > 1 && at(text, pos - 1) == ',' && ascii_is_digit(at(text, pos - 2));
        return has_comma ? "a comma inside a number" : is_value ? ODD_NUMBER : "";
    }
    if (here == '"') {
        return "a comma or a colon is missing before it";
    }
    if (here == '{' && before(text, pos) == '}') {
        return "several messages without a newline between them";
    }
    return (unsigned char)here < ' ' ? "a line break or another control character inside a string" : "";
}

static const char *instead_of_object(struct span text)
{
    switch (at(text, 0)) {
    case '[':
        return "an array without any object instead of an object";
    case '"':
        return "a string instead of an object";
    case 't':
    case 'f':
        return "a boolean instead of an object";
    case 'n':
        return "null instead of an object";
    default:
        return "a number instead of an object";
    }
}

/* ---- the whole ---- */

static const char *find_cause(enum reject reason, struct span text, size_t pos)
{
    const char *cause = other_format(text);
    switch (reason) {
    case REJECT_INVALID_UTF8:
        return cause[0] != '\0' ? cause : cause_of_bytes(text, pos);
    case REJECT_INVALID_JSON:
        return cause[0] != '\0' ? cause : cause_in_json(text, pos);
    case REJECT_NOT_AN_OBJECT:
        return instead_of_object(text);
    case REJECT_NONE:
    case REJECT_NOT_LINE_PROTOCOL:
    case REJECT_LINE_TOO_LONG:
    case REJECT_UNKNOWN_TOPIC:
    case REJECT_BAD_DEVICE_NO:
    case REJECT_NO_PAYLOAD:
    case REJECT_BAD_BASE64:
    case REJECT_EMPTY_PAYLOAD:
    case REJECT_PAYLOAD_TOO_LARGE:
    case REJECT_TOO_DEEP:
    case REJECT_TOO_MANY_VALUES:
    case REJECT_DEVICE_MISMATCH:
    case REJECT_MISSING_FIELD:
    case REJECT_NO_DATA:
    case REJECT_OUT_OF_MEMORY:
    case REJECT_REASONS:
        break;
    }
    return "";
}

static bool has_place(enum reject reason)
{
    return reason == REJECT_INVALID_UTF8 || reason == REJECT_INVALID_JSON || reason == REJECT_TOO_DEEP ||
           reason == REJECT_TOO_MANY_VALUES || reason == REJECT_BAD_BASE64 || reason == REJECT_NOT_LINE_PROTOCOL;
}

void diagnosis_write(enum reject reason, struct span text, const struct err *err, char out[DIAGNOSIS_BYTES])
{
    char place[40] = "";
    char bytes[DIAGNOSIS_QUOTED_BYTES + 1] = "";
    if (has_place(reason)) {
        snprintf(place, sizeof place, " (byte %zu)", err->pos);
        quote(text, err->pos, bytes);
    }
    const char *cause = err->pos <= text.len ? find_cause(reason, text, err->pos) : "";
    int n = snprintf(out, DIAGNOSIS_BYTES, "%s%s%s%s%s%s%s", err->text, place, bytes[0] != '\0' ? ", at `" : "", bytes,
                     bytes[0] != '\0' ? "`" : "", cause[0] != '\0' ? ": " : "", cause);
    if (n < 0) {
        out[0] = '\0';
    }
}
