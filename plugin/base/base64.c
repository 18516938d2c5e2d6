#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The six bits that a character stands for, -1 if it is none. */
static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Where text of `len` bytes, of which the first `data` are not padding, departs from whole groups
 * of four. A group's first two bytes cannot be padding; its end is the most that padding can
 * reach. */
static size_t end_of_group(size_t data, size_t len)
{
    size_t end = data % 4 == 1 ? data : (data + 3) / 4 * 4;
    return end < len ? end : len;
}

bool base64_decode(struct span text, char *out, size_t *out_len, size_t *bad_pos)
{
    *out_len = 0;
    *bad_pos = 0;
    size_t padding = 0;
    while (padding < 2 && padding < text.len && text.ptr[text.len - 1 - padding] == '=') {
        padding++;
    }
    size_t n = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < text.len - padding; i++) {
        int six = sextet(text.ptr[i]);
        if (six < 0) {
            *bad_pos = i;
            return false;
        }
        bits = (bits << 6 | (unsigned)six) & 0xFFFFFF;
        if (i % 4 > 0) {
            out[n++] = (char)(bits >> (6 - i % 4 * 2) & 0xFF);
        }
    }
    if (text.len % 4 != 0) {
        *bad_pos = end_of_group(text.len - padding, text.len);
        return false;
    }
    /* Nothing may be left over in the bits that padding cuts off. */
    if (padding > 0 && (bits & ((1U << (padding * 2)) - 1)) != 0) {
        *bad_pos = text.len - padding - 1;
        return false;
    }
    *out_len = n;
    return true;
}

size_t base64_encode(struct span bytes, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes.len; i += 3) {
        unsigned bits = 0;
        size_t group = bytes.len - i < 3 ? bytes.len - i : 3;
        for (size_t k = 0; k < 3; k++) {
            bits = bits << 8 | (k < group ? (unsigned char)bytes.ptr[i + k] : 0U);
        }
        for (size_t k = 0; k < 4; k++) {
            out[n++] = k <= group ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
        }
    }
    return n;
}
