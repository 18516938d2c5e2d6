/* require.h - a promise that is checked: a broken one is said and aborts, which is what libFuzzer looks for. */
#ifndef VENDING_TEST_REQUIRE_H
#define VENDING_TEST_REQUIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"

static inline void require(bool holds, const char *promise, struct span where)
{
    if (!holds) {
        fprintf(stderr, "broken: %s, with \"%.*s\"\n", promise, (int)where.len, where.ptr);
        abort();
    }
}

/* A copy in a block of its own size, so that the sanitizer sees one byte too many; the caller frees it. */
static inline char *require_copy(struct span text)
{
    char *block = malloc(text.len > 0 ? text.len : 1);
    require(block != NULL, "there is memory", text);
    if (text.len > 0) {
        memcpy(block, text.ptr, text.len);
    }
    return block;
}

/* A number off the front, its lowest byte first; 0 past the end. */
static inline uint64_t require_take(struct span *input, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes && input->len > 0; i++) {
        number |= (uint64_t)(unsigned char)input->ptr[0] << (8 * i);
        *input = span_after(*input, 1);
    }
    return number;
}

#endif
