/* support.h - what several unit tests need: input that ends at the end of its block, and rows as one line of text. */
#ifndef VENDING_TEST_SUPPORT_H
#define VENDING_TEST_SUPPORT_H

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/number.h"
#include "base/span.h"
#include "lp/row.h"

/* A copy in a block of its own size, so that reading one byte too many is seen by the sanitizer. To be given to release(). */
static inline struct span exact(struct span text)
{
    char *block = malloc(text.len);
    ck_assert(block || text.len == 0);
    if (text.len > 0) {
        memcpy(block, text.ptr, text.len);
    }
    return (struct span){block, text.len};
}

static inline void release(struct span text)
{
    free((void *)(uintptr_t)text.ptr);
}

/* The same for a span that is cut before it is given back: the caller frees the block. */
static inline struct span exact_copy(struct span text, char **block)
{
    struct span copy = exact(text);
    *block = (char *)(uintptr_t)copy.ptr;
    return copy;
}

static inline void put_value(struct buf *out, const struct lp_value *value)
{
    char digits[NUMBER_TEXT_BYTES];
    switch (value->type) {
    case LP_VALUE_FLOAT:
        number_format_double(value->as.f, digits);
        buf_text(out, digits);
        break;
    case LP_VALUE_INT:
        buf_format(out, "%lldi", (long long)value->as.i);
        break;
    case LP_VALUE_UINT:
        buf_format(out, "%lluu", (unsigned long long)value->as.u);
        break;
    case LP_VALUE_BOOL:
        buf_text(out, value->as.b ? "true" : "false");
        break;
    case LP_VALUE_TEXT:
        buf_char(out, '"');
        buf_span(out, value->as.text);
        buf_char(out, '"');
        break;
    }
}

static inline bool is_among(const char *name, const char *const *names)
{
    for (; names && *names; names++) {
        if (strcmp(name, *names) == 0) {
            return true;
        }
    }
    return false;
}

/* The fields as `name=value name=value`, text between quotes as it is. hidden: names to leave out, ends with NULL; may be NULL. */
static inline void put_fields(struct buf *out, const struct lp_row *row, const char *const *hidden)
{
    size_t start = out->len;
    for (size_t i = 0; i < row->field_count; i++) {
        if (!is_among(row->fields[i].name, hidden)) {
            buf_format(out, "%s%s=", out->len > start ? " " : "", row->fields[i].name);
            put_value(out, &row->fields[i].value);
        }
    }
}

/* The whole row: `table,tag=value fields @time`. */
static inline void put_row(struct buf *out, const struct lp_row *row, const char *const *hidden)
{
    buf_text(out, row->measurement);
    for (size_t i = 0; i < row->tag_count; i++) {
        buf_format(out, ",%s=", row->tags[i].name);
        buf_span(out, row->tags[i].value);
    }
    buf_char(out, ' ');
    put_fields(out, row, hidden);
    buf_format(out, " @%lld", (long long)row->time_ns);
}

/* The buffer as a string. */
static inline const char *text_of(struct buf *buf)
{
    buf_char(buf, '\0');
    ck_assert(!buf->failed);
    buf->len--;
    return buf->ptr;
}

/* How often a test of many rounds goes round: a tenth where check does not fork, as under valgrind
 * (Makefile), which is fifty times as slow and looks for other faults. */
static inline int rounds(int all)
{
    const char *fork = getenv("CK_FORK");
    return fork && strcmp(fork, "no") == 0 ? all / 10 : all;
}

static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
