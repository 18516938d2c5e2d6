#include "io/visible.h"

#include <string.h>

#include "base/macros.h"
#include "base/utf8.h"

static const struct {
    uint32_t first, last;
} hidden[] = {{0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c}, {0x200b, 0x200f},
              {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}};

bool visible_is_hidden(uint32_t code)
{
    for (size_t i = 0; i < COUNT(hidden); i++) {
        if (code >= hidden[i].first && code <= hidden[i].last) {
            return true;
        }
    }
    return false;
}

static size_t put_hex(char *out, char letter, uint32_t value, size_t digits)
{
    out[0] = '\\';
    out[1] = letter;
    for (size_t i = 0; i < digits; i++) {
        out[2 + i] = "0123456789abcdef"[value >> 4 * (digits - 1 - i) & 0xf];
    }
    return 2 + digits;
}

size_t visible_escape(uint32_t code, char out[VISIBLE_BYTES])
{
    static const struct {
        uint32_t code;
        char letter;
    } letters[] = {{'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}};
    for (size_t i = 0; i < COUNT(letters); i++) {
        if (letters[i].code == code) {
            out[0] = '\\';
            out[1] = letters[i].letter;
            return 2;
        }
    }
    return put_hex(out, 'u', code, 4);
}

size_t visible_char(struct span text, char out[VISIBLE_BYTES], size_t *len)
{
    if (utf8_character(text) == 0) {
        *len = 1;
        return put_hex(out, 'x', (unsigned char)text.ptr[0], 2);
    }
    uint32_t code = utf8_decode(text, len);
    if (visible_is_hidden(code)) {
        return visible_escape(code, out);
    }
    memcpy(out, text.ptr, *len);
    return *len;
}
