/* core/batch.h - one publish that holds several messages: an array of objects, or objects with a
 * newline between them, as machines send that store and forward (plugin/README.md, Batches).
 */
#ifndef VENDING_CORE_BATCH_H
#define VENDING_CORE_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"
#include "base/span.h"
#include "core/reject.h"
#include "json/read.h"

struct batch {
    struct span text;
    size_t pos;
    bool is_array;
    struct json_read_iter elements;
    size_t values; /* JSON values in all of it, where payload_parse() has not counted them */
};

/* Is a payload, which payload_parse() has refused for that reason, a batch? Then *batch stands
 * before its first message. Of an array that holds an object all elements are messages, whatever
 * they are. Objects with newlines between are one if at least one of them is whole; what begins as an
 * array is none of these. */
MUST_USE bool batch_begin(struct batch *batch, struct span payload, enum reject reason);

/* The bytes of the next message; false = there is none. Of objects with newlines between, a '{' at
 * the start of a line begins a message, whatever is open before it; one that is no balanced object
 * reaches to the newline before. */
MUST_USE bool batch_next(struct batch *batch, struct span *message);

#endif
