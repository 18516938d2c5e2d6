/* core/properties.h - the MQTT 5 properties of a message: those that a publisher sets, in the order
 * they came.
 *
 * Text is a view into what the message came from. The names are those that mosquitto_sub writes
 * into a capture.
 */
#ifndef VENDING_CORE_PROPERTIES_H
#define VENDING_CORE_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define PROPERTIES_MAX 32 /* kept of one message */

enum property_id {
    PROPERTY_PAYLOAD_FORMAT, /* number: 1 = the payload is UTF-8 */
    PROPERTY_MESSAGE_EXPIRY, /* number: seconds left */
    PROPERTY_CONTENT_TYPE,
    PROPERTY_RESPONSE_TOPIC,
    PROPERTY_CORRELATION_DATA,
    PROPERTY_USER, /* name and text; may come more than once */
    PROPERTY_IDS
};

struct property {
    enum property_id id;
    uint32_t number;
    struct span name; /* of a user property */
    struct span text;
};

struct properties {
    struct property items[PROPERTIES_MAX];
    size_t count;
    size_t dropped; /* for which there was no room */
};

/* "content-type" and the like; "user-properties" for PROPERTY_USER. */
const char *property_name(enum property_id id);

/* Is its value a number? */
bool property_is_number(enum property_id id);

/* Appends, or counts it as dropped. */
void properties_add(struct properties *properties, struct property property);

/* The first with that id, or the first user property of that name; NULL = none. */
const struct property *properties_find(const struct properties *properties, enum property_id id);
const struct property *properties_find_user(const struct properties *properties, const char *name);

#endif
