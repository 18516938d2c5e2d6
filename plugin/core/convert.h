/* core/convert.h - a JSON value to what a column stores: types, widths, ranges and fault codes, and
 * text that says a number or a boolean without doubt (plugin/README.md, Never lose 2 to 5).
 */
#ifndef VENDING_CORE_CONVERT_H
#define VENDING_CORE_CONVERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/macros.h"
#include "base/span.h"
#include "base/timestamp.h"
#include "core/mapping.h"
#include "lp/value.h"
#include "json/show.h"

#define CONVERT_REASON_BYTES 96

struct convert {
    const struct mapping *mapping; /* its words */
    struct arena *arena;           /* of text that has to be made */
    /* the arena was full, once at least: the row is not to be used */
    bool out_of_memory;
    const char *remark; /* what is to be noted of a value although it is stored; "" = nothing */
    char reason[CONVERT_REASON_BYTES];
};

/* "" = *out holds the value, a view into value or arena. Else why there is none, in words behind a
 * value ("outside -90..80"); good until the next call. value is neither absent nor null. */
MUST_USE const char *convert_value(struct convert *convert, const struct column *column, const struct json_value *value,
                                   struct lp_value *out);

/* Without padding, and ASCII letters to lower case. Empty when the arena is full. */
struct span convert_lower(struct convert *convert, struct span text);

/* A point in time in any form of base/timestamp.h, without padding. false = it is none. */
MUST_USE bool convert_time(const struct json_value *value, struct timestamp_zone *zone, int64_t *ns);

#endif
