/* mqtt/message.h - a message that has come, as the client hands it to the program. */
#ifndef VENDING_MQTT_MESSAGE_H
#define VENDING_MQTT_MESSAGE_H

#include <stdbool.h>

#include "base/span.h"
#include "core/properties.h"

/* Everything is a view that lives as long as the call that brings it. */
struct mqtt_message {
    struct span topic;
    struct span payload;
    int qos;
    int mid; /* packet identifier, 0 with QoS 0 */
    bool retain;
    struct properties properties;
};

#endif
