/* base/base64.h - RFC 4648 section 4, with padding (what Go's base64.StdEncoding writes). */
#ifndef VENDING_BASE_BASE64_H
#define VENDING_BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"
#include "base/span.h"

/* Upper bounds for the two output buffers. */
#define BASE64_DECODED_BYTES(len) ((len) / 4 * 3 + 3)
#define BASE64_ENCODED_BYTES(len) (((len) + 2) / 3 * 4)

/* Decodes into out and sets *out_len. Padding is required, white space and non-zero trailing bits
 * are refused: false, with the offset of the first bad byte in *bad_pos. */
MUST_USE bool base64_decode(struct span text, char *out, size_t *out_len, size_t *bad_pos);

/* Encodes into out; returns the bytes written. */
size_t base64_encode(struct span bytes, char *out);

#endif
