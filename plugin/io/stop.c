#include "io/stop.h"

#include "io/clock.h"
#include "io/process.h"

void stop_init(struct stop *stop)
{
    *stop = (struct stop){.signal_fd = -1, .limit_ns = STOP_LIMIT_NS};
}

void stop_ask(struct stop *stop)
{
    if (!stop->asked_ns) {
        stop->asked_ns = clock_monotonic_ns();
    }
}

bool stop_look(struct stop *stop)
{
    if (stop->signal_fd >= 0 && process_take_signal(stop->signal_fd)) {
        stop_ask(stop);
    }
    return stop->asked_ns != 0;
}

int64_t stop_deadline_ns(const struct stop *stop)
{
    return stop->asked_ns ? stop->asked_ns + stop->limit_ns : CLOCK_NEVER;
}
