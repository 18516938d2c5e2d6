#include "core/device_time.h"

#include "base/timestamp.h"
#include "core/convert.h"

static bool is_given(const struct json_value *value)
{
    return value->kind != JSON_KIND_ABSENT && value->kind != JSON_KIND_NULL;
}

struct device_time device_time_of(const struct json_value *value, int64_t arrival_ns, const struct time_window *window,
                                  enum time_rule rule)
{
    bool is_offline = rule == TIME_OF_OFFLINE;
    struct device_time time = {.row_ns = arrival_ns, .anomaly = ""};
    if (!is_given(value)) {
        time.anomaly = is_offline || rule == TIME_OF_OUTCOME ? "" : "missing, arrival time used";
        return time;
    }
    struct timestamp_zone zone = {window->zone_s, false};
    time.is_known = convert_time(value, &zone, &time.device_ns);
    time.is_zoneless = time.is_known && zone.used;
    if (!time.is_known) {
        time.anomaly = is_offline ? "not a time" : "not a time, arrival time used";
        return time;
    }
    bool is_ahead = time.device_ns > arrival_ns;
    time.is_trusted = timestamp_is_within(time.device_ns, arrival_ns, window->max_age_ns, window->max_ahead_ns);
    if (time.is_trusted && (rule == TIME_OF_EVENT || rule == TIME_OF_OUTCOME || !is_ahead) && !is_offline) {
        time.row_ns = time.device_ns;
    } else if (!time.is_trusted && !is_offline) {
        time.anomaly = is_ahead ? "too far ahead, arrival time used" : "too old, arrival time used";
    }
    return time;
}

struct device_time device_time_standing(struct device_time time, int64_t arrival_ns)
{
    time.row_ns = arrival_ns;
    time.is_trusted = false;
    time.anomaly = "stands still, arrival time used";
    return time;
}
