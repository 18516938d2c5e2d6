/* lp/value.h - one typed value, as line protocol and the tables know them. */
#ifndef VENDING_LP_VALUE_H
#define VENDING_LP_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum value_type { VALUE_FLOAT, VALUE_INT, VALUE_UINT, VALUE_BOOL, VALUE_TEXT };

struct value {
    enum value_type type;
    union {
        double f;
        int64_t i;
        uint64_t u;
        bool b;
        struct span text; /* a view */
    } as;
};

static inline struct value value_float(double f)
{
    return (struct value){VALUE_FLOAT, {.f = f}};
}
static inline struct value value_int(int64_t i)
{
    return (struct value){VALUE_INT, {.i = i}};
}
static inline struct value value_bool(bool b)
{
    return (struct value){VALUE_BOOL, {.b = b}};
}
static inline struct value value_text(struct span text)
{
    return (struct value){VALUE_TEXT, {.text = text}};
}

#endif
