#include "mqtt/backoff.h"

int64_t mqtt_backoff_ns(size_t failures, int64_t max_ns, uint64_t random)
{
    int64_t limit_ns = MQTT_BACKOFF_FIRST_NS;
    for (size_t i = 1; i < failures && limit_ns < max_ns; i++) {
        limit_ns *= 2;
    }
    limit_ns = limit_ns < max_ns ? limit_ns : max_ns;
    return limit_ns > 0 ? (int64_t)(random % (uint64_t)limit_ns) : 0;
}
