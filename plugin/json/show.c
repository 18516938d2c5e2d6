#include "json/show.h"

#include <stdio.h>

#include "base/number.h"
#include "base/utf8.h"

/* Controls (C1 as well: terminals obey them), and what a reader may take for the end of a line. */
static bool is_unsafe(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029;
}

/* One character of a text as JSON writes it; out holds SHOWN_CHARACTER_BYTES. */
#define SHOWN_CHARACTER_BYTES 8
#define REPLACEMENT 0xFFFDU /* for a byte that is no character */

static size_t show_character(uint32_t code, char *out)
{
    if (code == '"' || code == '\\') {
        out[0] = '\\';
        out[1] = (char)code;
        return 2;
    }
    if (is_unsafe(code)) {
        int n = snprintf(out, SHOWN_CHARACTER_BYTES, "\\u%04x", (unsigned)code);
        return n > 0 ? (size_t)n : 0;
    }
    return utf8_write(code, out);
}

static size_t show_text(struct span text, char *out, size_t size)
{
    const char *dots = "...";
    size_t n = 1;
    size_t fits = 1; /* as far as there is still room for the dots */
    out[0] = '"';
    while (text.len > 0) {
        char shown[SHOWN_CHARACTER_BYTES];
        size_t len = utf8_character(text);
        bool is_character = len > 0;
        size_t bytes = show_character(is_character ? utf8_decode(text, &len) : REPLACEMENT, shown);
        len = is_character ? len : 1;
        if (n + bytes + 2 > size) {
            memcpy(out + fits, dots, strlen(dots) + 1);
            return fits + strlen(dots);
        }
        memcpy(out + n, shown, bytes);
        n += bytes;
        fits = n + strlen(dots) < size ? n : fits;
        text = span_after(text, len);
    }
    out[n++] = '"';
    out[n] = '\0';
    return n;
}

static size_t show_plain(const char *text, char *out, size_t size)
{
    int n = snprintf(out, size, "%s", text);
    return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

size_t json_show_value(const struct json_value *value, char *out, size_t size)
{
    char digits[NUMBER_TEXT_BYTES];
    switch (value->kind) {
    case JSON_KIND_ABSENT:
        return show_plain("", out, size);
    case JSON_KIND_NULL:
        return show_plain("null", out, size);
    case JSON_KIND_BOOL:
        return show_plain(value->b ? "true" : "false", out, size);
    case JSON_KIND_INT:
        snprintf(digits, sizeof digits, "%lld", (long long)value->i);
        return show_plain(digits, out, size);
    case JSON_KIND_REAL:
        number_format_double(value->r, digits);
        return show_plain(digits, out, size);
    case JSON_KIND_TEXT:
        return show_text(value->text, out, size);
    case JSON_KIND_NAN:
        snprintf(digits, sizeof digits, "%.*s", (int)value->text.len, value->text.ptr);
        return show_plain(digits, out, size);
    case JSON_KIND_OBJECT:
        return show_plain("{...}", out, size);
    case JSON_KIND_ARRAY:
        return show_plain("[...]", out, size);
    }
    return 0;
}
