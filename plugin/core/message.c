#include "core/message.h"

const char *message_kind_name(enum message_kind kind)
{
    static const char *const names[MESSAGE_KINDS] = {[MESSAGE_TELEMETRY] = "telemetry",
                                                     [MESSAGE_EVENTS] = "events",
                                                     [MESSAGE_STATUS] = "status",
                                                     [MESSAGE_ACKS] = "acks"};
    return names[kind];
}
