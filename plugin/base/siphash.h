/* base/siphash.h - SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed 64-bit hash for input that
 * an adversary chooses. */
#ifndef VENDING_BASE_SIPHASH_H
#define VENDING_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct siphash_key {
    uint64_t k0, k1;
};

/* Hash of the spans' bytes laid end to end. */
uint64_t siphash(struct siphash_key key, const struct span *parts, size_t count);

#endif
