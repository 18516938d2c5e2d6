#include "mqtt/packet.h"

#include <mqtt_protocol.h>
#include <stdint.h>

#include "base/utf8.h"

#define LENGTH_BYTES_MAX 4 /* of a variable byte integer */
#define TYPE_MASK 0xF0
#define QOS_2_FLAG 0x04
#define RETAIN_FLAG 0x01

/* ---- the encodings of MQTT 5, 1.5 ---- */

/* What is left of a packet. After the first thing that is not there, or not as it must be, it is
 * failed. */
struct cursor {
    struct span rest;
    bool failed;
};

static struct span take(struct cursor *cursor, size_t len)
{
    if (cursor->failed || cursor->rest.len < len) {
        cursor->failed = true;
        return (struct span){"", 0};
    }
    struct span taken = {cursor->rest.ptr, len};
    cursor->rest = span_after(cursor->rest, len);
    return taken;
}

/* Most significant byte first. */
static uint32_t take_number(struct cursor *cursor, size_t len)
{
    struct span bytes = take(cursor, len);
    uint32_t number = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        number = number << 8 | (unsigned char)bytes.ptr[i];
    }
    return number;
}

static size_t take_variable_number(struct cursor *cursor)
{
    size_t number = 0;
    for (unsigned i = 0; i < LENGTH_BYTES_MAX; i++) {
        uint32_t byte = take_number(cursor, 1);
        number |= (size_t)(byte & 0x7F) << 7 * i;
        if (!(byte & 0x80)) {
            return number;
        }
    }
    cursor->failed = true;
    return 0;
}

static struct span take_binary(struct cursor *cursor)
{
    return take(cursor, take_number(cursor, 2));
}

static struct span take_text(struct cursor *cursor)
{
    struct span text = take_binary(cursor);
    cursor->failed = cursor->failed || !utf8_is_storable(text);
    return text;
}

/* ---- PUBLISH ---- */

/* All but the user properties may be there once. */
static void check_single(struct cursor *cursor, const struct properties *properties, enum property_id id)
{
    cursor->failed = cursor->failed || (id != PROPERTY_USER && properties_find(properties, id));
}

static void take_property(struct cursor *cursor, struct properties *properties)
{
    struct property property = {0};
    switch (take_number(cursor, 1)) {
    case MQTT_PROP_PAYLOAD_FORMAT_INDICATOR:
        property.id = PROPERTY_PAYLOAD_FORMAT;
        property.number = take_number(cursor, 1);
        cursor->failed = cursor->failed || property.number > 1;
        break;
    case MQTT_PROP_MESSAGE_EXPIRY_INTERVAL:
        property.id = PROPERTY_MESSAGE_EXPIRY;
        property.number = take_number(cursor, 4);
        break;
    case MQTT_PROP_CONTENT_TYPE:
        property.id = PROPERTY_CONTENT_TYPE;
        property.text = take_text(cursor);
        break;
    case MQTT_PROP_RESPONSE_TOPIC:
        property.id = PROPERTY_RESPONSE_TOPIC;
        property.text = take_text(cursor);
        break;
    case MQTT_PROP_CORRELATION_DATA:
        property.id = PROPERTY_CORRELATION_DATA;
        property.text = take_binary(cursor);
        break;
    case MQTT_PROP_USER_PROPERTY:
        property.id = PROPERTY_USER;
        property.name = take_text(cursor);
        property.text = take_text(cursor);
        break;
    default: /* a topic alias among them, to which we did not agree */
        cursor->failed = true;
        return;
    }
    check_single(cursor, properties, property.id);
    properties_add(properties, property);
}

static void take_properties(struct cursor *cursor, struct properties *properties)
{
    struct cursor list = {.rest = take(cursor, take_variable_number(cursor))};
    properties->count = 0;
    properties->dropped = 0;
    while (list.rest.len > 0 && !list.failed) {
        take_property(&list, properties);
    }
    cursor->failed = cursor->failed || list.failed;
}

/* body: what follows the fixed header. */
static bool read_publish(struct span body, unsigned char first, struct mqtt_message *message)
{
    struct cursor cursor = {.rest = body};
    message->qos = first >> 1 & 3;
    message->retain = first & RETAIN_FLAG;
    message->topic = take_text(&cursor);
    message->mid = message->qos > 0 ? (int)take_number(&cursor, 2) : 0;
    take_properties(&cursor, &message->properties);
    message->payload = cursor.rest;
    return !cursor.failed && message->topic.len > 0 && (message->mid > 0) == (message->qos > 0);
}

enum mqtt_packet_kind mqtt_packet_read(struct span bytes, size_t *size, struct mqtt_message *message)
{
    struct cursor cursor = {.rest = bytes};
    unsigned char first = (unsigned char)take_number(&cursor, 1);
    size_t len = take_variable_number(&cursor);
    if (cursor.failed) { /* the length may not have ended, or have no end */
        *size = bytes.len <= LENGTH_BYTES_MAX ? bytes.len + 1 : bytes.len;
        return bytes.len <= LENGTH_BYTES_MAX ? MQTT_PACKET_INCOMPLETE : MQTT_PACKET_OTHER;
    }
    *size = bytes.len - cursor.rest.len + len;
    bool is_publish = (first & TYPE_MASK) == CMD_PUBLISH;
    if (is_publish && (first & QOS_2_FLAG)) {
        return MQTT_PACKET_QOS_2;
    }
    if (cursor.rest.len < len) {
        return MQTT_PACKET_INCOMPLETE;
    }
    return is_publish && read_publish(take(&cursor, len), first, message) ? MQTT_PACKET_MESSAGE : MQTT_PACKET_OTHER;
}

void mqtt_packet_add_puback(struct buf *out, int mid)
{
    const char packet[] = {CMD_PUBACK, 2, (char)(mid >> 8), (char)mid};
    buf_bytes(out, packet, sizeof packet);
}
