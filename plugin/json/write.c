#include "json/write.h"

/* What follows the backslash; 0 = \u00XX. */
static const char short_escapes[] = {
    ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\',
};

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static void put_escaped(struct buf *out, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    if (c < sizeof short_escapes && short_escapes[c]) {
        buf_char(out, '\\');
        buf_char(out, short_escapes[c]);
    } else {
        buf_text(out, "\\u00");
        buf_char(out, digits[c >> 4]);
        buf_char(out, digits[c & 15]);
    }
}

void json_write_string(struct buf *out, struct span text)
{
    size_t done = 0;
    buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (!is_plain(c)) {
            buf_bytes(out, text.ptr + done, i - done);
            put_escaped(out, c);
            done = i + 1;
        }
    }
    buf_bytes(out, text.ptr + done, text.len - done);
    buf_char(out, '"');
}

void json_write_key(struct buf *out, const char *separator, const char *name)
{
    buf_text(out, separator);
    json_write_string(out, span_of(name));
    buf_char(out, ':');
}
