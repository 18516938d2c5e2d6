#include "mqtt/convert.h"

#include <mqtt_protocol.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX_BYTES 65535 /* MQTT 5, 1.5.4 and 1.5.6 */

static const struct {
    int mqtt;
    enum property_id ours;
} property_ids[] = {
    {MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, PROPERTY_PAYLOAD_FORMAT},
    {MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, PROPERTY_MESSAGE_EXPIRY},
    {MQTT_PROP_CONTENT_TYPE, PROPERTY_CONTENT_TYPE},
    {MQTT_PROP_RESPONSE_TOPIC, PROPERTY_RESPONSE_TOPIC},
    {MQTT_PROP_CORRELATION_DATA, PROPERTY_CORRELATION_DATA},
    {MQTT_PROP_USER_PROPERTY, PROPERTY_USER},
};

/* ---- from the library ---- */

static enum property_id our_id(int identifier)
{
    for (size_t i = 0; i < COUNT(property_ids); i++) {
        if (property_ids[i].mqtt == identifier) {
            return property_ids[i].ours;
        }
    }
    return PROPERTY_IDS;
}

static struct span keep(struct mqtt_convert_texts *texts, char *text, size_t len)
{
    if (!text) {
        return (struct span){"", 0};
    }
    texts->blocks[texts->count++] = text;
    return (struct span){text, len};
}

static struct span keep_text(struct mqtt_convert_texts *texts, char *text)
{
    return keep(texts, text, text ? strlen(text) : 0);
}

static void read_property(const mosquitto_property *from, struct properties *out, struct mqtt_convert_texts *texts)
{
    int identifier = mosquitto_property_identifier(from);
    struct property property = {.id = our_id(identifier)};
    char *text = NULL;
    char *name = NULL;
    uint8_t byte = 0;
    uint16_t len = 0;
    switch (property.id) {
    case PROPERTY_PAYLOAD_FORMAT:
        mosquitto_property_read_byte(from, identifier, &byte, false);
        property.number = byte;
        break;
    case PROPERTY_MESSAGE_EXPIRY:
        mosquitto_property_read_int32(from, identifier, &property.number, false);
        break;
    case PROPERTY_CONTENT_TYPE:
    case PROPERTY_RESPONSE_TOPIC:
        mosquitto_property_read_string(from, identifier, &text, false);
        property.text = keep_text(texts, text);
        break;
    case PROPERTY_CORRELATION_DATA:
        mosquitto_property_read_binary(from, identifier, (void **)&text, &len, false);
        property.text = keep(texts, text, len);
        break;
    case PROPERTY_USER:
        mosquitto_property_read_string_pair(from, identifier, &name, &text, false);
        property.name = keep_text(texts, name);
        property.text = keep_text(texts, text);
        break;
    case PROPERTY_IDS: /* a subscription identifier, or what a later MQTT has */
        return;
    }
    properties_add(out, property);
}

void mqtt_convert_from_library(const mosquitto_property *list, struct properties *out, struct mqtt_convert_texts *texts)
{
    texts->count = 0;
    for (; list; list = mosquitto_property_next(list)) {
        if (out->count == PROPERTIES_MAX) {
            out->dropped++;
        } else {
            read_property(list, out, texts);
        }
    }
}

void mqtt_convert_free(struct mqtt_convert_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        free(texts->blocks[i]);
    }
    texts->count = 0;
}

/* ---- to the library ---- */

static char *terminated(struct span text)
{
    char *copy = malloc(text.len + 1);
    if (copy) {
        memcpy(copy, text.len > 0 ? text.ptr : "", text.len);
        copy[text.len] = '\0';
    }
    return copy;
}

static bool holds_nul(struct span text)
{
    return text.len > 0 && memchr(text.ptr, '\0', text.len);
}

/* name and text: those of the property, terminated. */
static int add_property(mosquitto_property **list, int identifier, const struct property *property, const char *name,
                        const char *text)
{
    switch (property->id) {
    case PROPERTY_PAYLOAD_FORMAT:
        return mosquitto_property_add_byte(list, identifier, (uint8_t)property->number);
    case PROPERTY_MESSAGE_EXPIRY:
        return mosquitto_property_add_int32(list, identifier, property->number);
    case PROPERTY_CONTENT_TYPE:
    case PROPERTY_RESPONSE_TOPIC:
        return mosquitto_property_add_string(list, identifier, text);
    case PROPERTY_CORRELATION_DATA:
        return mosquitto_property_add_binary(list, identifier, property->text.ptr, (uint16_t)property->text.len);
    case PROPERTY_USER:
        return mosquitto_property_add_string_pair(list, identifier, name, text);
    case PROPERTY_IDS:
        break;
    }
    return MOSQ_ERR_SUCCESS;
}

static int write_property(mosquitto_property **list, int identifier, const struct property *property)
{
    if (property->name.len > TEXT_MAX_BYTES || property->text.len > TEXT_MAX_BYTES) {
        return MOSQ_ERR_PAYLOAD_SIZE;
    }
    if (holds_nul(property->name) || (property->id != PROPERTY_CORRELATION_DATA && holds_nul(property->text))) {
        return MOSQ_ERR_MALFORMED_UTF8;
    }
    char *name = terminated(property->name);
    char *text = terminated(property->text);
    int result = name && text ? add_property(list, identifier, property, name, text) : MOSQ_ERR_NOMEM;
    free(name);
    free(text);
    return result;
}

static int find_identifier(enum property_id id)
{
    for (size_t i = 0; i < COUNT(property_ids); i++) {
        if (property_ids[i].ours == id) {
            return property_ids[i].mqtt;
        }
    }
    return 0;
}

int mqtt_convert_to_library(const struct properties *from, mosquitto_property **list)
{
    int result = MOSQ_ERR_SUCCESS;
    for (size_t i = 0; from && i < from->count && result == MOSQ_ERR_SUCCESS; i++) {
        result = write_property(list, find_identifier(from->items[i].id), &from->items[i]);
    }
    return result;
}
