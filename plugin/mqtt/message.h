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
    /* The broker had stored it and sends it because we have subscribed (MQTT 5, 3.3.1.3). With
     * retain_as_published: so its publisher has set it, and whether it was stored is not known. */
    bool retain;
    struct properties properties;
};

#endif
