/* replay/patch.h - the values of a payload that a replay changes, found and rewritten where they
 * stand; every other byte stays as it is.
 *
 * These are the device's times (the mapping's time paths, and data.timestamp of an event, see
 * test/captures/README.md, Events) and its number where it is the topic's; of several messages in
 * one payload (core/batch.h) those of each. A payload in which nothing is found (no JSON, no ts) is
 * left alone.
 */
#ifndef VENDING_REPLAY_PATCH_H
#define VENDING_REPLAY_PATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/span.h"
#include "core/mapping.h"
#include "core/reject.h"

#define REPLAY_PATCH_MAX_PLACES (2 * COLUMN_MAX_PATHS + 1)

enum replay_patch_kind { REPLAY_PATCH_TIME, REPLAY_PATCH_DEVICE };

struct replay_patch_place {
    size_t start, len; /* of the value in the payload, quotes not included */
    enum replay_patch_kind kind;
    bool is_bare; /* a number: no quotes around it */
};

struct replay_patch {
    /* what it was found for, for a batch */
    const struct mapping *mapping;
    enum message_kind kind;
    struct span device_no;
    enum reject batch_reason; /* as batch_begin() takes it; REJECT_NONE = one message */

    struct replay_patch_place places[REPLAY_PATCH_MAX_PLACES]; /* of one message, in their order */
    size_t count;
};

/* Finds what there is to change in a message of that kind from that device: every number or text
 * where a time belongs, and the device's own number. In a batch they are found anew whenever it is
 * changed: mapping and device_no must outlive *out. */
void replay_patch_find(const struct mapping *mapping, enum message_kind kind, struct span device_no,
                       struct span payload, struct replay_patch *out);

/* Puts the payload behind what is in out, its times moved (retime.h; one that cannot be moved
 * stays) and its number replaced; an empty device_no leaves that as it is. Returns how many times
 * stay though they were to be moved. */
MUST_USE size_t replay_patch_apply(const struct replay_patch *patch, struct span payload, int64_t shift_ns,
                                   struct span device_no, struct buf *out);

#endif
