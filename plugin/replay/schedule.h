/* replay/schedule.h - records, each due several times at a distance, given back in the order of their times; in a fixed piece of memory.
 *
 * A replay puts a capture's messages in, in their order, and takes out those messages and their clones', which are due a little later. Only
 * as much of the capture is held as the clones are behind. When there is no room, records have to be taken first: then one put in
 * late comes out late.
 */
#ifndef VENDING_REPLAY_SCHEDULE_H
#define VENDING_REPLAY_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct schedule;

/* Holds up to `bytes` of records, and max_records of them. NULL = no memory. */
struct schedule *schedule_new(size_t bytes, size_t max_records);
void schedule_free(struct schedule *schedule);

/* Room for a record of size bytes, aligned for any type, that is due `copies` (1 at least) times: at time_ns, and every step_ns (0 or more) after
 * that. It stays until its last copy is done. NULL = no room now; in an empty schedule: there never is. */
void *schedule_add(struct schedule *schedule, int64_t time_ns, size_t copies, int64_t step_ns, size_t size);

struct scheduled {
    const void *record;
    size_t copy; /* 0 = the first */
    int64_t time_ns;
};

/* What is due first; of what is due at the same time, what was added first. false = nothing is there. */
bool schedule_next(const struct schedule *schedule, struct scheduled *next);

/* That is done with: its record is gone with the last copy. */
void schedule_done(struct schedule *schedule);

#endif
