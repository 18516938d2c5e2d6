/* core/redelivery.h - which messages are the same one again: QoS 1 may deliver twice, and a broker
 * repeats a retained status at every subscribe (plugin/README.md, Redelivery).
 *
 * - A message on an events topic, also one that is rejected, repeats when topic and bytes were seen
 *   within the window.
 * - A status repeats when it is its machine's newest again, however old that is: a clock that
 *   starts in 1970 at every power cut gives the same bytes for every online and every offline.
 * - A status that holds the moment at which it was written repeats like an event.
 * - Telemetry, and what is on no topic of ours, never repeats here; telemetry's table has a key for
 *   it.
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

/* window: messages remembered (0 = none: nothing repeats), twice: of statuses and of all else.
 * age_ns: and for no longer. key: random, so that nobody can craft a message that passes for
 * another's. NULL = no memory. */
MUST_USE struct redelivery *redelivery_new(size_t window, int64_t age_ns, struct siphash_key key);
void redelivery_free(struct redelivery *redelivery);

/* The 64 bits that name a message in every table. The same on every machine and at every replay. */
int64_t redelivery_message_id(struct span topic, struct span bytes);

/* Has it been seen, as far as the bytes tell? Remembers it. kind MESSAGE_KINDS = a topic of another
 * shape. now_ns: when it arrived. */
MUST_USE bool redelivery_is_repeat(struct redelivery *redelivery, enum message_kind kind, struct span topic,
                                   struct span bytes, int64_t now_ns);

/* The same for a status of which it is known that its own time works. */
MUST_USE bool redelivery_is_dated_repeat(struct redelivery *redelivery, struct span topic, struct span bytes,
                                         int64_t now_ns);

#endif
