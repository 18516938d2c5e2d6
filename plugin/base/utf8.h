/* base/utf8.h - is it UTF-8, and how much of it may be kept (RFC 3629; PostgreSQL text also refuses
 * NUL). */
#ifndef VENDING_BASE_UTF8_H
#define VENDING_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define UTF8_MAX_BYTES 4 /* of one character */

/* Bytes of the well-formed character at the start of non-empty text (RFC 3629, section 4), 0 if
 * there is none. */
size_t utf8_character(struct span text);

/* Offset of the first byte that is not UTF-8 (overlong forms, surrogates and > U+10FFFF are not),
 * text.len if none. */
size_t utf8_invalid_at(struct span text);

/* Valid UTF-8 without NUL: what a PostgreSQL text column takes. */
bool utf8_is_storable(struct span text);

/* The longest prefix of at most max bytes that ends between characters. text must be valid
 * UTF-8. */
struct span utf8_prefix(struct span text, size_t max);

/* Copies text to out with every NUL and every byte that is not UTF-8 as U+FFFD. out holds 3 *
 * text.len bytes. Returns the bytes written. */
size_t utf8_sanitise(struct span text, char *out);

/* Decodes the character at the start of valid, non-empty text: its code point, and its bytes in
 * *len. */
uint32_t utf8_decode(struct span text, size_t *len);

/* Writes a code point (<= U+10FFFF, no surrogate) to out, which holds 4 bytes. Returns the bytes
 * written. */
size_t utf8_write(uint32_t code, char *out);

#endif
