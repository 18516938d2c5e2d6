/* lp/value.h - one typed value, as line protocol and the tables know them. */
#ifndef VENDING_LP_VALUE_H
#define VENDING_LP_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum lp_value_type { LP_VALUE_FLOAT, LP_VALUE_INT, LP_VALUE_UINT, LP_VALUE_BOOL, LP_VALUE_TEXT };

struct lp_value {
    enum lp_value_type type;
    union {
        double f;
        int64_t i;
        uint64_t u;
        bool b;
        struct span text; /* a view */
    } as;
    /* of a number that came as text which lp/encode.h would write; else empty */
    struct span digits;
};

static inline struct lp_value lp_value_float(double f)
{
    return (struct lp_value){.type = LP_VALUE_FLOAT, .as = {.f = f}};
}
static inline struct lp_value lp_value_int(int64_t i)
{
    return (struct lp_value){.type = LP_VALUE_INT, .as = {.i = i}};
}
static inline struct lp_value lp_value_bool(bool b)
{
    return (struct lp_value){.type = LP_VALUE_BOOL, .as = {.b = b}};
}
static inline struct lp_value lp_value_text(struct span text)
{
    return (struct lp_value){.type = LP_VALUE_TEXT, .as = {.text = text}};
}

#endif
