/* mqtt/backoff.h - how long to wait before the next try: exponential backoff with full jitter.
 *
 * A broker that comes back is met by all its clients; each waits a random time from nothing up to a
 * limit that doubles, so that they do not come all at once.
 */
#ifndef VENDING_MQTT_BACKOFF_H
#define VENDING_MQTT_BACKOFF_H

#include <stddef.h>
#include <stdint.h>

#include "base/units.h"

#define MQTT_BACKOFF_FIRST_NS SECOND_NS /* the limit after the first failure */

/* failures: tries in a row that failed, this one included. random: any number, uniform. The
 * result is below max_ns. */
int64_t mqtt_backoff_ns(size_t failures, int64_t max_ns, uint64_t random);

#endif
