/* replay/clock.h - when each message of a capture is published again, and which time it then
 * states. No clock is read here.
 *
 * A capture's messages stand on a timeline at offsets from its first one, as their tst says.
 * Another round begins a second after the last message. The offset then gives two times: when to
 * publish, at the pace that is asked for; and with shifted times, the time that the message states.
 * No message is published before the time that it states, so a replay that starts in the past comes
 * up to the present and stays there.
 */
#ifndef VENDING_REPLAY_CLOCK_H
#define VENDING_REPLAY_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"

#define REPLAY_CLOCK_ROUND_GAP_NS SECOND_NS /* before the next round's first message */
#define REPLAY_CLOCK_MAX_NS (3650 * DAY_NS) /* that a timeline may be long */

struct replay_clock_timeline {
    int64_t max_gap_ns; /* a longer pause is shortened to this; 0 = pauses stay */
    int64_t tst_ns;     /* of the last message */
    int64_t offset_ns;  /* and its place */
    bool started;
    bool new_round; /* the next message begins one */
};

/* The place of the next message: never before the last one's. A clock that went back counts as
 * no time; what would lead past REPLAY_CLOCK_MAX_NS too. */
int64_t replay_clock_add(struct replay_clock_timeline *timeline, int64_t tst_ns);

/* The next message is the first of another round. */
void replay_clock_new_round(struct replay_clock_timeline *timeline);

/* The length of so many rounds, of which one is known: from the first message to the last.
 * REPLAY_CLOCK_MAX_NS if it is more. */
int64_t replay_clock_length(const struct replay_clock_timeline *one_round, uint64_t rounds);

struct replay_clock_pace {
    double speed;     /* times the capture's own; 0 = as fast as it goes */
    int64_t begin_ns; /* when publishing begins */
    bool shifts;      /* messages state other times than the capture's */
    int64_t start_ns; /* which the first message then states */
};

/* Where to start so that a replay of that length ends in the present, and no message states a
 * time in the future. */
int64_t replay_clock_start_for(double speed, int64_t begin_ns, int64_t length_ns);

/* When to publish. */
int64_t replay_clock_due_ns(const struct replay_clock_pace *pace, int64_t offset_ns);

/* The time that a message at that place states, if times are shifted. */
int64_t replay_clock_moment_ns(const struct replay_clock_pace *pace, int64_t offset_ns);

#endif
