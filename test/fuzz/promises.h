/* promises.h - what must hold of every row that leaves the pipeline, whatever came in
 * (plugin/README.md, Never lose 1 and 2).
 *
 * A broken promise aborts, which is what libFuzzer looks for.
 */
#ifndef VENDING_TEST_PROMISES_H
#define VENDING_TEST_PROMISES_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "core/mapping.h"
#include "core/pipeline.h"

/* A pipeline with small limits, so that a short input reaches them, and what it gave away. */
struct promises {
    struct mapping *mapping;
    struct pipeline *pipeline;
    uint64_t rows; /* given to the sink */
    uint64_t raws;
};

#define PROMISES_MAX_LINE ((size_t)8192)
#define PROMISES_NOW_NS INT64_C(1795480320000000000)

/* mapping: owned from here on; NULL = the built-in one. */
void promises_begin(struct promises *promises, struct mapping *mapping);

/* Checks that every message ended as exactly one row, pass or counted duplicate, and frees everything. */
void promises_end(struct promises *promises);

#endif
