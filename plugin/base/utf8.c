#include "base/utf8.h"
#include "base/macros.h"

#define REPLACEMENT 0xFFFDU

static bool is_within(unsigned char c, unsigned char min, unsigned char max)
{
    return c >= min && c <= max;
}

/* RFC 3629, section 4: only the second byte's range depends on the first. */
size_t utf8_character(struct span text)
{
    const unsigned char *c = (const unsigned char *)text.ptr;
    if (c[0] < 0x80) {
        return 1;
    }
    if (c[0] < 0xE0) {
        return c[0] >= 0xC2 && text.len >= 2 && is_within(c[1], 0x80, 0xBF) ? 2 : 0;
    }
    if (c[0] < 0xF0) {
        bool is_whole = text.len >= 3 && is_within(c[1], c[0] == 0xE0 ? 0xA0 : 0x80, c[0] == 0xED ? 0x9F : 0xBF) &&
                        is_within(c[2], 0x80, 0xBF);
        return is_whole ? 3 : 0;
    }
    bool is_whole = c[0] <= 0xF4 && text.len >= 4 &&
                    is_within(c[1], c[0] == 0xF0 ? 0x90 : 0x80, c[0] == 0xF4 ? 0x8F : 0xBF) &&
                    is_within(c[2], 0x80, 0xBF) && is_within(c[3], 0x80, 0xBF);
    return is_whole ? 4 : 0;
}

/* Are the next eight bytes ASCII? */
static bool is_ascii_word(struct span text, size_t pos)
{
    uint64_t word;
    if (text.len - pos < sizeof word) {
        return false;
    }
    memcpy(&word, text.ptr + pos, sizeof word);
    return (word & UINT64_C(0x8080808080808080)) == 0;
}

size_t utf8_invalid_at(struct span text)
{
    size_t pos = 0;
    while (pos < text.len) {
        if (is_ascii_word(text, pos)) {
            pos += sizeof(uint64_t);
            continue;
        }
        if ((unsigned char)text.ptr[pos] < 0x80) {
            pos++;
            continue;
        }
        size_t len = utf8_character(span_after(text, pos));
        if (len == 0) {
            return pos;
        }
        pos += len;
    }
    return pos;
}

bool utf8_is_storable(struct span text)
{
    return (text.len == 0 || !memchr(text.ptr, '\0', text.len)) && utf8_invalid_at(text) == text.len;
}

struct span utf8_prefix(struct span text, size_t max)
{
    if (text.len <= max) {
        return text;
    }
    while (max > 0 && ((unsigned char)text.ptr[max] & 0xC0) == 0x80) {
        max--;
    }
    return (struct span){text.ptr, max};
}

size_t utf8_sanitise(struct span text, char *out)
{
    size_t n = 0;
    while (text.len > 0) {
        size_t len = text.ptr[0] == '\0' ? 0 : utf8_character(text);
        if (len == 0) {
            n += utf8_write(REPLACEMENT, out + n);
            len = 1;
        } else {
            memcpy(out + n, text.ptr, len);
            n += len;
        }
        text = span_after(text, len);
    }
    return n;
}

uint32_t utf8_decode(struct span text, size_t *len)
{
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    *len = utf8_character(text);
    if (*len == 0) {
        *len = 1;
        return REPLACEMENT;
    }
    uint32_t code = (unsigned char)text.ptr[0] & lead_bits[*len];
    for (size_t i = 1; i < *len; i++) {
        code = code << 6 | ((unsigned char)text.ptr[i] & 0x3F);
    }
    return code;
}

size_t utf8_write(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (char)(lead[len] | code);
    return len;
}
