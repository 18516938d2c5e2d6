/* mqtt/convert.h - the MQTT 5 properties of a PUBLISH, from libmosquitto's list and to it.
 *
 * Those that core/properties.h knows (MQTT 5, 3.3.2.3): payload format indicator, message expiry
 * interval, content type, response topic, correlation data and user properties. A subscription
 * identifier or topic alias concerns one connection only and is not taken over.
 */
#ifndef VENDING_MQTT_CONVERT_H
#define VENDING_MQTT_CONVERT_H

#include <mosquitto.h>
#include <stddef.h>

#include "base/macros.h"
#include "core/properties.h"

/* What libmosquitto allocated for the texts of one message. */
struct mqtt_convert_texts {
    void *blocks[2 * PROPERTIES_MAX]; /* a user property has two */
    size_t count;
};

/* Adds the list's properties to *out, which the caller has emptied, in their order; beyond
 * PROPERTIES_MAX they are counted in out->dropped. Texts in *out are views into *texts, to be freed
 * with mqtt_convert_free() when the message is done. list may be NULL: there are none. */
void mqtt_convert_from_library(const mosquitto_property *list, struct properties *out,
                               struct mqtt_convert_texts *texts);
void mqtt_convert_free(struct mqtt_convert_texts *texts);

/* Appends the properties to *list, which starts as NULL; from may be NULL. The caller frees the
 * list with mosquitto_property_free_all(), also after an error. Returns MOSQ_ERR_SUCCESS or
 * libmosquitto's error: MOSQ_ERR_PAYLOAD_SIZE for a text or name of more bytes than MQTT can carry
 * (65,535), MOSQ_ERR_MALFORMED_UTF8 for one that is no UTF-8 or holds a NUL. */
MUST_USE int mqtt_convert_to_library(const struct properties *from, mosquitto_property **list);

#endif
