/* capture/read.h - one line of a capture: what mosquitto_sub -F '%j' writes for one message.
 *
 * Keys used: tst, topic, payload, qos, retain, payloadlen, properties (those of MQTT 5; what is odd
 * about them is left out and counted). payload is a string, or (as '%J' writes it) a JSON value. mosquitto_sub
 * copies bytes that are not UTF-8 as they are; so does this. A message without payload has null. Of
 * a payload that holds NUL mosquitto_sub writes only what stands before it (payloadlen tells): the
 * rest is lost before it comes here.
 */
#ifndef VENDING_CAPTURE_READ_H
#define VENDING_CAPTURE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/span.h"
#include "core/properties.h"

struct capture_message {
    int64_t time_ns; /* tst: when mosquitto_sub got it */
    struct span topic;
    struct span payload;
    int qos;     /* 0 if the line has none */
    bool retain; /* false if the line has none */
    struct properties properties;
    size_t odd_properties; /* left out: unknown, or of another type than they should have */
};

/* What an arena needs for one line of at most so many bytes. */
#define CAPTURE_READ_ARENA_BYTES(max_line) (2 * (max_line) + (size_t)64 * 1024)

/* Reads one line (end of line included or not). Topic, payload and properties are in the arena.
 * false = not a capture line: why and where in *err. A blank line is no error: false with an empty
 * err. */
MUST_USE bool capture_read_line(struct span line, struct arena *arena, struct capture_message *out, struct err *err);

#endif
