/* base/units.h - durations in nanoseconds and sizes in bytes. */
#ifndef VENDING_BASE_UNITS_H
#define VENDING_BASE_UNITS_H

#include <stdint.h>

#define US_NS INT64_C(1000)
#define MS_NS (1000 * US_NS)
#define SECOND_NS (1000 * MS_NS)
#define MINUTE_NS (60 * SECOND_NS)
#define HOUR_NS (60 * MINUTE_NS)
#define DAY_NS (24 * HOUR_NS)

#define KIB INT64_C(1024)
#define MIB (1024 * KIB)

#endif
