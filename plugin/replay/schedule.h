/* replay/schedule.h - entries, each due several times at a distance, given back in the order of
 * their times; in a fixed piece of memory.
 *
 * A replay puts a capture's messages in, in their order, and takes out those messages and their
 * clones', which are due a little later. Only as much of the capture is held as the clones are
 * behind. When there is no room, entries have to be taken first: then one put in late comes out
 * late.
 */
#ifndef VENDING_REPLAY_SCHEDULE_H
#define VENDING_REPLAY_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

struct replay_schedule;

/* Holds up to `bytes` of entries, and max_entries of them. NULL = no memory. */
MUST_USE struct replay_schedule *replay_schedule_new(size_t bytes, size_t max_entries);
void replay_schedule_free(struct replay_schedule *schedule);

/* Room for an entry of size bytes, aligned for any type, that is due `copies` (1 at least)
 * times: at time_ns, and every step_ns (0 or more) after that. It stays until its last copy is
 * done. NULL = no room now; in an empty schedule: there never is. */
MUST_USE void *replay_schedule_add(struct replay_schedule *schedule, int64_t time_ns, size_t copies, int64_t step_ns,
                                   size_t size);

struct replay_schedule_item {
    const void *entry;
    size_t copy; /* 0 = the first */
    int64_t time_ns;
};

/* What is due first; of what is due at the same time, what was added first. false = nothing is
 * there. */
MUST_USE bool replay_schedule_next(const struct replay_schedule *schedule, struct replay_schedule_item *next);

/* That is done with: its entry is gone with the last copy. */
void replay_schedule_done(struct replay_schedule *schedule);

#endif
