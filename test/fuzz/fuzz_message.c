/* Anything that a machine can send as a payload, twice: the second is a duplicate or the same row again. */
#include <stdio.h>

#include "base/macros.h"
#include "promises.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says to which topic. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct promises promises;
    char topic[64];
    static const char *const kinds[] = {"telemetry", "events", "status", "commands/ack", "commands"};
    int len = snprintf(topic, sizeof topic, "v1/vm/VM-SH-001/%s", kinds[data[0] % COUNT(kinds)]);
    promises_begin(&promises, NULL);
    for (int time = 0; time < 2; time++) {
        const struct pipeline_input input = {.topic = {topic, (size_t)len},
                                             .payload = {(const char *)data + 1, size - 1},
                                             .is_retained = data[0] >= 128,
                                             .arrival_ns = PROMISES_NOW_NS + time * INT64_C(20000000000)};
        pipeline_message(promises.pipeline, &input);
    }
    promises_end(&promises);
    return 0;
}
