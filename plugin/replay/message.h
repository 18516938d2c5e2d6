/* replay/message.h - one message of a capture on its way out: kept in one piece of memory, and
 * made into each of its copies. */
#ifndef VENDING_REPLAY_MESSAGE_H
#define VENDING_REPLAY_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/span.h"
#include "capture/read.h"
#include "core/mapping.h"
#include "core/properties.h"
#include "replay/fleet.h"
#include "replay/patch.h"

/* What is done to messages. */
struct replay_message_rules {
    const struct mapping *mapping;
    struct span topic_prefix;
    const struct replay_fleet *fleet; /* NULL = no clones */
    bool shifts;                      /* times are moved */
    int min_qos;                      /* a lower one is raised to it */
};

struct replay_message {
    int64_t tst_ns;
    int qos;
    bool retain;
    struct span topic; /* this and all text below lies behind the struct */
    struct span payload;
    struct span device_no; /* in the topic; empty = of no machine */
    size_t machine;        /* in the fleet, if there is one */
    struct replay_patch patch;
    const struct property *properties;
    size_t property_count;
    size_t left_out_properties; /* of the capture's: too many, or none that MQTT knows */
};

/* The machine that a topic below the prefix names, whatever follows; empty = none. A view into
 * the topic. */
struct span replay_message_device(struct span topic, struct span topic_prefix);

/* How often a message is published: once, or for every machine that its own stands for; 0 = its
 * machine is left out. */
size_t replay_message_copies(const struct replay_message_rules *rules, const struct capture_message *message);

/* The bytes that it takes to keep it, and keeping it in so many bytes, aligned for any type. */
size_t replay_message_size(const struct capture_message *message);
void replay_message_keep(const struct replay_message_rules *rules, const struct capture_message *message, void *space);

/* Puts topic and payload of a copy behind what is in the buffers. moment_ns: the time that the
 * copy states instead of its tst, if times are shifted. Returns how many times stay as they are
 * though they were to be moved (patch.h). */
MUST_USE size_t replay_message_render(const struct replay_message_rules *rules, const struct replay_message *message,
                                      size_t copy, int64_t moment_ns, struct buf *topic, struct buf *payload);

/* Can MQTT carry the properties, and does a broker take that topic? Not those of its own: it would
 * close the connection. false = what is wrong is in *err. */
MUST_USE bool replay_message_check(struct span topic, const struct properties *properties, struct err *err);

/* As mqtt_client_publish takes them. */
void replay_message_properties(const struct replay_message *message, struct properties *out);

#endif
