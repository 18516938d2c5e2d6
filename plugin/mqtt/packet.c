#include "mqtt/packet.h"

#include <mqtt_protocol.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/utf8.h"

#define LENGTH_BYTES_MAX 4 /* of a variable byte integer */
#define TYPE_MASK 0xF0
#define QOS_2_FLAG 0x04
#define QOS_1_FLAG 0x02
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

/* ---- properties that there are ---- */

enum value {
    VALUE_NONE, /* no such property */
    VALUE_BYTE,
    VALUE_TWO_BYTES,
    VALUE_FOUR_BYTES,
    VALUE_VARIABLE,
    VALUE_BINARY, /* or text */
    VALUE_TWO_TEXTS,
};

/* MQTT 5, 2.2.2.2. */
static const unsigned char values[] = {
    [MQTT_PROP_PAYLOAD_FORMAT_INDICATOR] = VALUE_BYTE,
    [MQTT_PROP_MESSAGE_EXPIRY_INTERVAL] = VALUE_FOUR_BYTES,
    [MQTT_PROP_CONTENT_TYPE] = VALUE_BINARY,
    [MQTT_PROP_RESPONSE_TOPIC] = VALUE_BINARY,
    [MQTT_PROP_CORRELATION_DATA] = VALUE_BINARY,
    [MQTT_PROP_SUBSCRIPTION_IDENTIFIER] = VALUE_VARIABLE,
    [MQTT_PROP_SESSION_EXPIRY_INTERVAL] = VALUE_FOUR_BYTES,
    [MQTT_PROP_ASSIGNED_CLIENT_IDENTIFIER] = VALUE_BINARY,
    [MQTT_PROP_SERVER_KEEP_ALIVE] = VALUE_TWO_BYTES,
    [MQTT_PROP_AUTHENTICATION_METHOD] = VALUE_BINARY,
    [MQTT_PROP_AUTHENTICATION_DATA] = VALUE_BINARY,
    [MQTT_PROP_REQUEST_PROBLEM_INFORMATION] = VALUE_BYTE,
    [MQTT_PROP_WILL_DELAY_INTERVAL] = VALUE_FOUR_BYTES,
    [MQTT_PROP_REQUEST_RESPONSE_INFORMATION] = VALUE_BYTE,
    [MQTT_PROP_RESPONSE_INFORMATION] = VALUE_BINARY,
    [MQTT_PROP_SERVER_REFERENCE] = VALUE_BINARY,
    [MQTT_PROP_REASON_STRING] = VALUE_BINARY,
    [MQTT_PROP_RECEIVE_MAXIMUM] = VALUE_TWO_BYTES,
    [MQTT_PROP_TOPIC_ALIAS_MAXIMUM] = VALUE_TWO_BYTES,
    [MQTT_PROP_TOPIC_ALIAS] = VALUE_TWO_BYTES,
    [MQTT_PROP_MAXIMUM_QOS] = VALUE_BYTE,
    [MQTT_PROP_RETAIN_AVAILABLE] = VALUE_BYTE,
    [MQTT_PROP_USER_PROPERTY] = VALUE_TWO_TEXTS,
    [MQTT_PROP_MAXIMUM_PACKET_SIZE] = VALUE_FOUR_BYTES,
    [MQTT_PROP_WILDCARD_SUB_AVAILABLE] = VALUE_BYTE,
    [MQTT_PROP_SUBSCRIPTION_ID_AVAILABLE] = VALUE_BYTE,
    [MQTT_PROP_SHARED_SUB_AVAILABLE] = VALUE_BYTE,
};

/* false = there is no such property. */
static bool skip_property(struct cursor *list)
{
    size_t id = take_variable_number(list);
    switch (id < COUNT(values) ? (enum value)values[id] : VALUE_NONE) {
    case VALUE_NONE:
        return list->failed;
    case VALUE_BYTE:
        (void)take(list, 1);
        break;
    case VALUE_TWO_BYTES:
        (void)take(list, 2);
        break;
    case VALUE_FOUR_BYTES:
        (void)take(list, 4);
        break;
    case VALUE_VARIABLE:
        (void)take_variable_number(list);
        break;
    case VALUE_TWO_TEXTS:
        (void)take_binary(list);
        (void)take_binary(list);
        break;
    case VALUE_BINARY:
        (void)take_binary(list);
        break;
    }
    return true;
}

/* As far as the list is there, and whole. */
static bool has_poison(struct cursor *cursor)
{
    size_t len = take_variable_number(cursor);
    struct cursor list = {.rest = {cursor->rest.ptr, len < cursor->rest.len ? len : cursor->rest.len}};
    while (!cursor->failed && list.rest.len > 0 && !list.failed) {
        if (!skip_property(&list)) {
            return true;
        }
    }
    return false;
}

/* body: what follows the fixed header, or the beginning of it. */
static bool is_poisoned(struct span body, unsigned char first)
{
    struct cursor cursor = {.rest = body};
    switch (first & TYPE_MASK) {
    case CMD_PUBLISH:
        (void)take_binary(&cursor);
        (void)take(&cursor, first & (QOS_2_FLAG | QOS_1_FLAG) ? 2 : 0);
        break;
    case CMD_CONNACK: /* flags and reason */
    case CMD_SUBACK:
    case CMD_UNSUBACK:
        (void)take(&cursor, 2);
        break;
    case CMD_PUBACK:
    case CMD_PUBREC:
    case CMD_PUBREL:
    case CMD_PUBCOMP: /* packet identifier, reason */
        (void)take(&cursor, 3);
        break;
    case CMD_DISCONNECT:
    case CMD_AUTH:
        (void)take(&cursor, 1);
        break;
    default: /* without properties, or none that a broker sends */
        return false;
    }
    return !cursor.failed && has_poison(&cursor);
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
    bool is_whole = cursor.rest.len >= len;
    struct span body = {cursor.rest.ptr, is_whole ? len : cursor.rest.len};
    if (is_publish && is_whole && !(first & QOS_2_FLAG) && read_publish(body, first, message)) {
        return MQTT_PACKET_MESSAGE;
    }
    if ((is_publish || is_whole) && is_poisoned(body, first)) {
        return MQTT_PACKET_POISONED;
    }
    if (is_publish && (first & QOS_2_FLAG)) {
        return MQTT_PACKET_QOS_2;
    }
    return is_whole ? MQTT_PACKET_OTHER : MQTT_PACKET_INCOMPLETE;
}

void mqtt_packet_add_puback(struct buf *out, int mid)
{
    const char packet[] = {CMD_PUBACK, 2, (char)(mid >> 8), (char)mid};
    buf_bytes(out, packet, sizeof packet);
}
