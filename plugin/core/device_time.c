#include "core/device_time.h"

#include "base/timestamp.h"
#include "core/convert.h"

static bool is_given(const struct json_value *value)
{
    return value->kind != JSON_KIND_ABSENT && value->kind != JSON_KIND_NULL;
}

struct device_time device_time_of(const struct json_value *value, int64_t arrival_ns, const struct time_window *window,
                                  bool is_offline)
{
    struct device_time time = {.row_ns = arrival_ns, .anomaly = ""};
    if (!is_given(value)) {
        time.anomaly = is_offline ? "" : "missing, arrival time used";
        return time;
    }
    time.is_known = convert_time(value, &time.device_ns);
    if (!time.is_known) {
        time.anomaly = is_offline ? "not a time" : "not a time, arrival time used";
        return time;
    }
    if (is_offline) {
        return time;
    }
    time.is_trusted = timestamp_is_within(time.device_ns, arrival_ns, window->max_age_ns, window->max_ahead_ns);
    if (time.is_trusted) {
        time.row_ns = time.device_ns;
    } else {
        bool is_ahead = time.device_ns > arrival_ns;
        time.anomaly = is_ahead ? "too far ahead, arrival time used" : "too old, arrival time used";
    }
    return time;
}
