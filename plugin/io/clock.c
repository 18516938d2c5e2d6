#include "io/clock.h"

#include <time.h>

#include "base/units.h"

#define LONGEST_MS 60000

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

int64_t clock_monotonic_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

int clock_poll_timeout(int64_t deadline_ns, int64_t now_ns)
{
    if (deadline_ns == CLOCK_NEVER) {
        return -1;
    }
    if (deadline_ns <= now_ns) {
        return 0;
    }
    int64_t wait_ms = (deadline_ns - now_ns - 1) / MS_NS + 1;
    return wait_ms > LONGEST_MS ? LONGEST_MS : (int)wait_ms;
}
