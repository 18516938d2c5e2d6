/* core/device_time.h - the time of a row: the device's own where it can be trusted, else that of
 * arrival (plugin/README.md, Time).
 */
#ifndef VENDING_CORE_DEVICE_TIME_H
#define VENDING_CORE_DEVICE_TIME_H

#include <stdbool.h>
#include <stdint.h>

#include "json/show.h"

/* How far device time is trusted: from arrival - max_age to arrival + max_ahead. */
struct time_window {
    int64_t max_age_ns;
    int64_t max_ahead_ns;
};

struct device_time {
    int64_t row_ns;  /* what the row gets */
    bool is_trusted; /* row_ns is the device's own */
    bool is_known;   /* the device's own is in device_ns, trusted or not */
    int64_t device_ns;
    const char *anomaly; /* what is to be noted of the value; "" = nothing */
};

/* value: what stands where the mapping has the time; absent or null = the device said none.
 * is_offline: a status of offline, whose time is that of the last will's making and so never the
 * row's. */
struct device_time device_time_of(const struct json_value *value, int64_t arrival_ns, const struct time_window *window,
                                  bool is_offline);

#endif
