/* base/word.h - eight bytes at a time: where in them is the first of one kind? With a byte of 0x80
 * for each byte that is meant, and nothing else below the first of them (the carry of a subtraction
 * may say more above it). Little endian alone knows which is the first; elsewhere WORD_IS_USABLE is
 * 0, and what would use it goes byte by byte.
 */
#ifndef VENDING_BASE_WORD_H
#define VENDING_BASE_WORD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define WORD_BYTES sizeof(uint64_t)
#define WORD_IS_USABLE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)

#define WORD_ONES UINT64_C(0x0101010101010101)
#define WORD_HIGHS UINT64_C(0x8080808080808080)

static inline uint64_t word_load(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* The first byte lowest, on every machine. */
static inline uint64_t word_load_little(const char *bytes)
{
    uint64_t word = word_load(bytes);
    return WORD_IS_USABLE ? word : __builtin_bswap64(word);
}

/* Bytes that are 0 (Mycroft, 1987). */
static inline uint64_t word_zeros(uint64_t word)
{
    return (word - WORD_ONES) & ~word & WORD_HIGHS;
}

static inline uint64_t word_equal(uint64_t word, char c)
{
    return word_zeros(word ^ WORD_ONES * (unsigned char)c);
}

/* ... one or the other of two ASCII characters, in fewer steps than twice the above. */
static inline uint64_t word_equal_either(uint64_t word, char a, char b)
{
    uint64_t zeros =
        ((word ^ WORD_ONES * (unsigned char)a) - WORD_ONES) | ((word ^ WORD_ONES * (unsigned char)b) - WORD_ONES);
    return zeros & ~word & WORD_HIGHS;
}

/* Bytes below `limit`, at most 0x80. */
static inline uint64_t word_below(uint64_t word, unsigned char limit)
{
    return (word - WORD_ONES * limit) & ~word & WORD_HIGHS;
}

/* Where bytes of 0x80 and above are meant as well: both in fewer steps. */
static inline uint64_t word_below_or_high(uint64_t word, unsigned char limit)
{
    return ((word - WORD_ONES * limit) | word) & WORD_HIGHS;
}

/* Controls, '"', '\\' and bytes of 0x80 and above: what a text in quotes may not hold as it is. With
 * their second bit turned, controls and the quote are all that is below the quote. */
static inline uint64_t word_not_plain(uint64_t word)
{
    return word_below_or_high(word ^ WORD_ONES * 2, '"' - 1) | word_below_or_high(word ^ WORD_ONES * '\\', 1);
}

/* Bytes of 0x80 and above. */
static inline uint64_t word_high(uint64_t word)
{
    return word & WORD_HIGHS;
}

/* The position of the first byte that is meant; there is one. */
static inline size_t word_first(uint64_t found)
{
    return (unsigned)__builtin_ctzll(found) / 8;
}

#endif
