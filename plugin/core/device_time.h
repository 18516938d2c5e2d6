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
    int64_t zone_s; /* of a time without a zone: its offset, seconds east of Greenwich */
};

/* What a time is to a message. */
enum time_rule {
    TIME_OF_EVENT,   /* the moment that it tells of */
    TIME_OF_STATE,   /* of a reading or a status, which is never later than it was known here: a clock
                       * that runs ahead would hide what comes after it is set right */
    TIME_OF_OFFLINE, /* of a last will's making, and so never the row's */
    TIME_OF_OUTCOME, /* of a command: the device interface has none there */
};

struct device_time {
    int64_t row_ns;   /* what the row gets */
    bool is_trusted;  /* the device's own time works: row_ns is that, or the arrival just before it */
    bool is_known;    /* the device's own is in device_ns, trusted or not */
    bool is_zoneless; /* it is known, and came without a zone */
    int64_t device_ns;
    const char *anomaly; /* what is to be noted of the value; "" = nothing */
};

/* value: what stands where the mapping has the time; absent or null = the device said none. */
struct device_time device_time_of(const struct json_value *value, int64_t arrival_ns, const struct time_window *window,
                                  enum time_rule rule);

/* The same time of a clock that stands still (core/standstill.h), which is no time. */
struct device_time device_time_standing(struct device_time time, int64_t arrival_ns);

#endif
