/* core/redelivery.h - which messages are the same one again: QoS 1 may deliver twice, and a broker
 * repeats a retained status at every subscribe (plugin/README.md, Redelivery).
 *
 * Same bytes on a topic are the same message only where they hold the moment at which they were
 * written. Where they do not, they are a repeat within seconds: the time that a redelivery takes. A
 * status repeats what is its machine's newest: an offline, whose time is that of connecting, and
 * nothing else. Telemetry never repeats here: its table tells.
 */
#ifndef VENDING_CORE_REDELIVERY_H
#define VENDING_CORE_REDELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/siphash.h"
#include "base/span.h"
#include "core/message.h"

struct redelivery;

struct redelivery_limits {
    size_t window;      /* messages remembered, twice: statuses and all else; 0 = none repeats */
    int64_t age_ns;     /* a message with a time of its own repeats within this */
    int64_t untimed_ns; /* one without within this */
};

/* key: random, so that nobody can craft a message that passes for another's. NULL = no memory. */
MUST_USE struct redelivery *redelivery_new(const struct redelivery_limits *limits, struct siphash_key key);
void redelivery_free(struct redelivery *redelivery);

/* The 64 bits that name a message in every table. The same on every machine and at every replay. */
int64_t redelivery_message_id(struct span topic, struct span bytes);

/* What a message is known by here. */
struct redelivery_mark {
    uint64_t topic;
    uint64_t message;
};
struct redelivery_mark redelivery_mark_of(const struct redelivery *redelivery, struct span topic, struct span bytes);

/* Is it a repeat whatever its bytes say? Asked before they are read; nothing is remembered. kind
 * MESSAGE_KINDS = a topic of another shape, where nothing repeats. now_ns: when it arrived. */
MUST_USE bool redelivery_is_quick(const struct redelivery *redelivery, enum message_kind kind,
                                  struct redelivery_mark mark, int64_t now_ns);

/* What a message that was read says of its time. */
enum redelivery_time {
    REDELIVERY_UNTIMED, /* none that works; also of a message that was rejected */
    REDELIVERY_TIMED,
    REDELIVERY_OFFLINE, /* a status of offline, whatever its time */
};

/* Is it one that was remembered? If not, it is from now on. */
MUST_USE bool redelivery_is_repeat(struct redelivery *redelivery, enum message_kind kind, enum redelivery_time time,
                                   struct redelivery_mark mark, int64_t now_ns);

#endif
