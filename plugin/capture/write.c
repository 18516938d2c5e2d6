#include "capture/write.h"

#include <inttypes.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "json/write.h"

#define SECONDS_TEXT_BYTES 19 /* "2026-11-24T00:31:58" */

static void put_time(struct buf *out, int64_t ns)
{
    char text[TIMESTAMP_TEXT_BYTES];
    int64_t us = ns % SECOND_NS / CAPTURE_TIME_STEP_NS;
    timestamp_format(ns, text);
    buf_text(out, "{\"tst\":\"");
    buf_bytes(out, text, SECONDS_TEXT_BYTES);
    buf_format(out, ".%06" PRId64 "Z+0000\"", us);
}

static void put_users(struct buf *out, const struct properties *properties, const char *separator)
{
    const char *between = "";
    if (!properties_find(properties, PROPERTY_USER)) {
        return;
    }
    json_write_key(out, separator, property_name(PROPERTY_USER));
    buf_char(out, '{');
    for (size_t i = 0; i < properties->count; i++) {
        const struct property *property = &properties->items[i];
        if (property->id == PROPERTY_USER) {
            buf_text(out, between);
            json_write_string(out, property->name);
            buf_char(out, ':');
            json_write_string(out, property->text);
            between = ",";
        }
    }
    buf_char(out, '}');
}

static void put_properties(struct buf *out, const struct properties *properties)
{
    const char *separator = "";
    if (properties->count == 0) {
        return;
    }
    json_write_key(out, ",", "properties");
    buf_char(out, '{');
    for (size_t i = 0; i < properties->count; i++) {
        const struct property *property = &properties->items[i];
        if (property->id == PROPERTY_USER) {
            continue;
        }
        json_write_key(out, separator, property_name(property->id));
        if (property_is_number(property->id)) {
            buf_format(out, "%" PRIu32, property->number);
        } else {
            json_write_string(out, property->text);
        }
        separator = ",";
    }
    put_users(out, properties, separator);
    buf_char(out, '}');
}

void capture_write_line(struct buf *out, const struct capture_message *message, int mid)
{
    put_time(out, message->time_ns);
    json_write_key(out, ",", "topic");
    json_write_string(out, message->topic);
    buf_format(out, ",\"qos\":%d,\"retain\":%d,\"payloadlen\":%zu", message->qos, message->retain ? 1 : 0,
               message->payload.len);
    if (mid != 0) {
        buf_format(out, ",\"mid\":%d", mid);
    }
    put_properties(out, &message->properties);
    json_write_key(out, ",", "payload");
    if (message->payload.len > 0) {
        json_write_string(out, message->payload);
    } else {
        buf_text(out, "null");
    }
    buf_text(out, "}\n");
}
