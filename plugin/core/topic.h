/* core/topic.h - {prefix}/{device_no}/{telemetry|events|status|commands|commands/ack}
 * (test/captures/README.md, Topics).
 */
#ifndef VENDING_CORE_TOPIC_H
#define VENDING_CORE_TOPIC_H

#include <stdbool.h>

#include "base/macros.h"
#include "base/span.h"
#include "core/message.h"
#include "core/reject.h"

/* Can a text be a prefix? If not, it is not what TOPIC_PREFIX_EXPECTED says. */
#define TOPIC_PREFIX_EXPECTED "a topic prefix such as v1/vm (no slash at its end, no + or #)"
bool topic_is_prefix(const char *text);

/* Is it below prefix ("v1/vm")? Whatever else a topic is, it is not ours if not. */
bool topic_is_ours(struct span topic, struct span prefix);

/* The machine of an own topic, whatever the topic's last levels are; empty if it is none of ours,
 * or not 1 to DEVICE_NO_MAX_BYTES of A-Z a-z 0-9 . _ : -. A view into topic. */
struct span topic_device_no(struct span topic, struct span prefix);

/* Takes an own topic apart: REJECT_NONE; REJECT_UNKNOWN_TOPIC (another shape or kind);
 * REJECT_BAD_DEVICE_NO (not 1 to DEVICE_NO_MAX_BYTES of A-Z a-z 0-9 . _ : -). *device_no is a view
 * into topic, empty unless it is a good one, also when the kind is unknown. */
MUST_USE enum reject topic_parse(struct span topic, struct span prefix, struct span *device_no,
                                 enum message_kind *kind);

#endif
