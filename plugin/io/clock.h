/* io/clock.h - the two clocks in nanoseconds, and a deadline as poll(2) wants it. */
#ifndef VENDING_IO_CLOCK_H
#define VENDING_IO_CLOCK_H

#include <stdint.h>

#define CLOCK_NEVER INT64_MAX /* as a deadline */

int64_t clock_monotonic_ns(void);
int64_t clock_wall_ns(void); /* Unix time */

int64_t clock_earlier(int64_t a_ns, int64_t b_ns);

/* Milliseconds from now (monotonic) until the deadline, rounded up so that it has passed then; -1 =
 * never, 60000 at most. */
int clock_poll_timeout(int64_t deadline_ns, int64_t now_ns);

#endif
