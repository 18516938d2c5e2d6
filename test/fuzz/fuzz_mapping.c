/* Anything as a mapping file; where it is accepted, a message goes through it, so that no file can make a row that is refused later. */
#include "core/mapping_file.h"
#include "promises.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const messages[MESSAGE_KINDS] = {
    [MESSAGE_TELEMETRY] =
        "{\"ts\":1795480319,\"a\":{\"b\":[1,\"2\",true,null]},\"system\":{\"voltage\":220.5},\"x\":1e300}",
    [MESSAGE_EVENTS] = "{\"ts\":1795480319,\"event_type\":\"channel-jam\",\"data\":{\"channel_id\":\"M-01\",\"a\":7}}",
    [MESSAGE_STATUS] = "{\"ts\":1795480319,\"status\":\"Online\",\"firmware\":\"5.0.1\",\"a\":\"b\"}",
    [MESSAGE_ACKS] = "{\"cmd_id\":\"c\",\"status\":\"failed\",\"error\":{\"code\":\"E000\"},\"a\":[1,nan]}",
};
static const char *const topics[MESSAGE_KINDS] = {
    [MESSAGE_TELEMETRY] = "v1/vm/VM-SH-001/telemetry",
    [MESSAGE_EVENTS] = "v1/vm/VM-SH-001/events",
    [MESSAGE_STATUS] = "v1/vm/VM-SH-001/status",
    [MESSAGE_ACKS] = "v1/vm/VM-SH-001/commands/ack",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct promises promises;
    struct err err;
    struct mapping *mapping = mapping_new();
    err_clear(&err);
    if (!mapping || !mapping_overlay_text(mapping, (struct span){(const char *)data, size}, "fuzz", &err)) {
        mapping_free(mapping);
        return 0;
    }
    promises_begin(&promises, mapping);
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        pipeline_message(promises.pipeline, &(struct pipeline_input){span_of(topics[kind]), span_of(messages[kind]),
                                                                     .arrival_ns = PROMISES_NOW_NS});
    }
    promises_end(&promises);
    return 0;
}
