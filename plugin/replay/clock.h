/* replay/clock.h - when each message of a capture is published again, and which time it then claims. No clock is read here.
 *
 * A capture's messages stand on a line at offsets from its first one, as their tst tells. Another round begins a second after the last message. The offset
 * then gives two times: when to publish, at the pace that is asked for; and with shifted times, the moment that the message speaks of. No
 * message is published before the moment that it speaks of, so a replay that starts in the past comes up to the present and stays there.
 */
#ifndef VENDING_REPLAY_CLOCK_H
#define VENDING_REPLAY_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define REPLAY_ROUND_GAP_NS INT64_C(1000000000) /* between the last message and the next round's first */
#define REPLAY_MAX_NS (INT64_C(3650) * 86400 * INT64_C(1000000000)) /* that a line may be long */

struct replay_line {
    int64_t max_gap_ns; /* a longer pause is shortened to this; 0 = none is */
    int64_t tst_ns;     /* of the last message */
    int64_t offset_ns;  /* and its place */
    bool started;
    bool new_round; /* the next message begins one */
};

/* The place of the next message: never before the last one's. A clock that went back counts as no time; what would lead past REPLAY_MAX_NS too. */
int64_t replay_line_add(struct replay_line *line, int64_t tst_ns);

/* The next message is the first of another round. */
void replay_line_new_round(struct replay_line *line);

/* The length of so many rounds, of which one is known: from the first message to the last. REPLAY_MAX_NS if it is more. */
int64_t replay_line_length(const struct replay_line *one_round, uint64_t rounds);

struct replay_pace {
    double speed;     /* times the capture's own; 0 = as fast as it goes */
    int64_t begin_ns; /* when publishing begins */
    bool shifts;      /* messages speak of other times than the capture's */
    int64_t start_ns; /* which the first message then speaks of */
};

/* Where to start so that a replay of that length ends in the present, and none of it speaks of the future. */
int64_t replay_start_for(double speed, int64_t begin_ns, int64_t length_ns);

/* When to publish. */
int64_t replay_due_ns(const struct replay_pace *pace, int64_t offset_ns);

/* The moment that a message at that place speaks of, if times are shifted. */
int64_t replay_moment_ns(const struct replay_pace *pace, int64_t offset_ns);

#endif
