/* core/message.h - what a message is, whatever brought it. */
#ifndef VENDING_CORE_MESSAGE_H
#define VENDING_CORE_MESSAGE_H

#include <stdint.h>

#include "base/span.h"
#include "core/properties.h"

#define DEVICE_NO_MAX_BYTES 64

enum message_kind { MESSAGE_TELEMETRY, MESSAGE_EVENTS, MESSAGE_STATUS, MESSAGE_KINDS };

/* "telemetry", "events", "status": the last level of the topic and the section of a mapping
 * file. */
const char *message_kind_name(enum message_kind kind);

/* What is known of a message beside its payload. */
struct message {
    enum message_kind kind;
    struct span device_no;
    int64_t arrival_ns;
    int64_t message_id;
    const struct properties *properties; /* of MQTT 5; NULL = none are known */
};

#endif
