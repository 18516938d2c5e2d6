/* io/stop.h - the request to end: when it came, and by when the program has to have written out
 * what it has.
 *
 * It comes as a signal, on the descriptor of process_watch_signals(), or from the program itself.
 * Whoever waits watches that descriptor, too: so the request is seen while output is not read.
 * Times are of the monotonic clock.
 */
#ifndef VENDING_IO_STOP_H
#define VENDING_IO_STOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"

#define STOP_LIMIT_NS (4 * SECOND_NS) /* for all that is done after the request: Telegraf kills after 5 s */

struct stop {
    int signal_fd;    /* -1 = none */
    int64_t limit_ns; /* for output, from the request on; at most STOP_LIMIT_NS */
    int64_t asked_ns; /* 0 = not yet */
};

void stop_init(struct stop *stop);

/* The program asks. A second request changes nothing. */
void stop_ask(struct stop *stop);

/* Takes a signal, if there is one, without waiting. true = the end was asked for, now or before. */
bool stop_look(struct stop *stop);

/* By when output has to be done; CLOCK_NEVER = nobody has asked. */
int64_t stop_deadline_ns(const struct stop *stop);

#endif
