/* Anything as a line of a capture: topic, payload and properties come from it. */
#include <stdlib.h>

#include "base/arena.h"
#include "capture/read.h"
#include "promises.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct promises promises;
    struct capture_message message;
    struct arena arena;
    struct err err;
    err_clear(&err);
    promises_begin(&promises, NULL);
    if (!arena_init(&arena, 2 * PROMISES_MAX_LINE)) {
        abort();
    }
    if (capture_read_line((struct span){(const char *)data, size}, &arena, &message, &err)) {
        pipeline_message(promises.pipeline, &(struct pipeline_input){message.topic, message.payload,
                                                                     &message.properties, false, message.time_ns});
    }
    arena_free(&arena);
    promises_end(&promises);
    return 0;
}
