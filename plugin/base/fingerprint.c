#include "base/fingerprint.h"

#include "base/word.h"

/* 2^64 by the golden ratio: multiplicative hashing (Knuth, 6.4). */
#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)

static uint64_t mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * GOLDEN;
    return sum ^ sum >> 32;
}

uint64_t fingerprint(uint64_t key, struct span text)
{
    uint64_t sum = key ^ text.len * GOLDEN;
    size_t pos = 0;
    for (; text.len - pos >= WORD_BYTES; pos += WORD_BYTES) {
        sum = mix(sum, word_load(text.ptr + pos));
    }
    uint64_t rest = 0;
    for (; pos < text.len; pos++) {
        rest = rest << 8 | (unsigned char)text.ptr[pos];
    }
    return mix(mix(sum, rest), key);
}
