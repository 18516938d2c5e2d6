/* replay/ending.h - when a replay ends though not everything is published and acknowledged, and
 * what it then says of it.
 *
 * It ends after --give-up without a connection, and after --give-up in which nothing that is in
 * flight was acknowledged. A connection that follows one with acknowledgements gets the whole time;
 * one that follows others without any gets what is left of theirs. After a signal it waits a little
 * for what is in flight; a second signal ends that. Reads no clock: times are of the program's
 * monotonic one.
 */
#ifndef VENDING_REPLAY_ENDING_H
#define VENDING_REPLAY_ENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"
#include "replay/inflight.h"

#define REPLAY_ENDING_WAIT_NS (5 * SECOND_NS) /* after a signal: for what is in flight */
#define REPLAY_ENDING_LINE_BYTES 256

enum replay_ending_why {
    REPLAY_ENDING_NOT_YET,
    REPLAY_ENDING_NO_CONNECTION,
    REPLAY_ENDING_NO_ACKNOWLEDGEMENT,
    REPLAY_ENDING_SIGNAL,
    REPLAY_ENDING_SECOND_SIGNAL,
};

struct replay_ending {
    enum replay_ending_why why; /* to be read */
    int64_t give_up_ns;
    bool has_signal;
    int64_t signal_ns;        /* when the first one came */
    int64_t connected_ns;     /* when there was a connection last */
    int64_t silent_since_ns;  /* nothing that is in flight was answered since */
    uint64_t answered_before; /* the present connection, or the last one */

    /* At the last look. */
    bool is_connected;
    size_t in_flight;
    uint64_t answered;
};

/* give_up_ns: 0 = never. */
void replay_ending_init(struct replay_ending *ending, int64_t give_up_ns, int64_t now_ns);

/* SIGINT or SIGTERM has come. */
void replay_ending_signal(struct replay_ending *ending, int64_t now_ns);

/* Sets why if it is time; once set it stays. Returns when to look again though nothing happens,
 * INT64_MAX = never. */
int64_t replay_ending_check(struct replay_ending *ending, bool is_connected, const struct replay_inflight *inflight,
                            int64_t now_ns);

/* Why it has ended, and what that leaves: "no acknowledgement for 60 s (--give-up): 980 messages
 * acknowledged, 20 not". Of messages that are not published, which nobody has counted, it says that
 * there are some. Terminated; returns its length. */
size_t replay_ending_line(const struct replay_ending *ending, const struct replay_inflight *inflight,
                          bool is_all_published, char out[REPLAY_ENDING_LINE_BYTES]);

#endif
