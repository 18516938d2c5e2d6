/* Anything that a machine can send as a payload, twice: the second is a duplicate or the same row again. */
#include <stdio.h>

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
    int len = snprintf(topic, sizeof topic, "v1/vm/VM-SH-001/%s", message_kind_name(data[0] % MESSAGE_KINDS));
    promises_begin(&promises, NULL);
    for (int time = 0; time < 2; time++) {
        pipeline_message(promises.pipeline, (struct span){topic, (size_t)len},
                         (struct span){(const char *)data + 1, size - 1}, NULL, PROMISES_NOW_NS);
    }
    promises_end(&promises);
    return 0;
}
