#include "capture/write.h"

#include <inttypes.h>

#include "base/timestamp.h"
#include "base/units.h"

#define SECONDS_TEXT_BYTES 19 /* "2026-11-24T00:31:58" */

/* What follows the backslash; 0 = \u00XX. As cJSON, and with it mosquitto_sub, has it. */
static const char short_escapes[] = {
    ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't', ['"'] = '"', ['\\'] = '\\',
};

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static void put_escaped(struct buf *out, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    if (c < sizeof short_escapes && short_escapes[c]) {
        buf_char(out, '\\');
        buf_char(out, short_escapes[c]);
    } else {
        buf_text(out, "\\u00");
        buf_char(out, digits[c >> 4]);
        buf_char(out, digits[c & 15]);
    }
}

static void put_string(struct buf *out, struct span text)
{
    size_t done = 0;
    buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (!is_plain(c)) {
            buf_bytes(out, text.ptr + done, i - done);
            put_escaped(out, c);
            done = i + 1;
        }
    }
    buf_bytes(out, text.ptr + done, text.len - done);
    buf_char(out, '"');
}

static void put_key(struct buf *out, const char *name, const char *separator)
{
    buf_text(out, separator);
    put_string(out, span_of(name));
    buf_char(out, ':');
}

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
    put_key(out, property_name(PROPERTY_USER), separator);
    buf_char(out, '{');
    for (size_t i = 0; i < properties->count; i++) {
        const struct property *property = &properties->items[i];
        if (property->id == PROPERTY_USER) {
            buf_text(out, between);
            put_string(out, property->name);
            buf_char(out, ':');
            put_string(out, property->text);
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
    put_key(out, "properties", ",");
    buf_char(out, '{');
    for (size_t i = 0; i < properties->count; i++) {
        const struct property *property = &properties->items[i];
        if (property->id == PROPERTY_USER) {
            continue;
        }
        put_key(out, property_name(property->id), separator);
        if (property_is_number(property->id)) {
            buf_format(out, "%" PRIu32, property->number);
        } else {
            put_string(out, property->text);
        }
        separator = ",";
    }
    put_users(out, properties, separator);
    buf_char(out, '}');
}

void capture_write_line(struct buf *out, const struct capture_message *message, int mid)
{
    put_time(out, message->time_ns);
    put_key(out, "topic", ",");
    put_string(out, message->topic);
    buf_format(out, ",\"qos\":%d,\"retain\":%d,\"payloadlen\":%zu", message->qos, message->retain ? 1 : 0,
               message->payload.len);
    if (mid != 0) {
        buf_format(out, ",\"mid\":%d", mid);
    }
    put_properties(out, &message->properties);
    put_key(out, "payload", ",");
    if (message->payload.len > 0) {
        put_string(out, message->payload);
    } else {
        buf_text(out, "null");
    }
    buf_text(out, "}\n");
}
