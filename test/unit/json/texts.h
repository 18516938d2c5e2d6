/* texts.h - JSON texts that the tests of several files of json/ share. */
#ifndef VENDING_TEST_JSON_TEXTS_H
#define VENDING_TEST_JSON_TEXTS_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "json/repair.h"

/* One of everything; short, as each of its bytes is changed to every other. */
static const struct span rich =
    SPAN_LITERAL("{\"k\\u0000\":[-1.5e+2,0,true,false,null,\"\\n\\ud83d\\ude00\\ud83d\xC3\xA9\"],\"w\":1e999 }");

/* unit, so many times; to be given to release(). */
static inline struct span repeat(const char *unit, size_t times)
{
    size_t len = strlen(unit);
    char *block = malloc(len * times);
    ck_assert_ptr_nonnull(block);
    for (size_t i = 0; i < times; i++) {
        memcpy(block + i * len, unit, len);
    }
    return (struct span){block, len * times};
}

/* The repaired text in a block of its own. */
static inline char *repaired_text(struct span text, enum json_repair_mode mode, size_t *len)
{
    char *out = malloc(JSON_REPAIR_BYTES(text.len));
    ck_assert_ptr_nonnull(out);
    *len = json_repair_text(text, mode, out);
    ck_assert_uint_le(*len, (3 * text.len + 1) / 2 + 1); /* json/repair.c */
    return out;
}

#endif
