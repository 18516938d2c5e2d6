/* core/standstill.h - clocks that stand still: machines whose readings all bear one time
 * (plugin/README.md, Time).
 */
#ifndef VENDING_CORE_STANDSTILL_H
#define VENDING_CORE_STANDSTILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

/* Readings of one time may be parts of one, or of a clock of whole seconds or minutes. They are not
 * when they come for longer than this, or when there are so many and time went on between them. */
#define STANDSTILL_AFTER_NS INT64_C(60000000000)
#define STANDSTILL_READINGS 10

struct standstill;

/* Remembers about so many machines, those that were met last, 40 bytes each. NULL = no memory. */
MUST_USE struct standstill *standstill_new(size_t machines);
void standstill_free(struct standstill *standstill);

/* Notes a reading of a machine with its own time and that of arrival, and says whether the machine's
 * clock stands still. device, reading: hashes of its topic and of the bytes: the same reading once
 * more is no other one. */
MUST_USE bool standstill_check(struct standstill *standstill, uint64_t device, uint64_t reading, int64_t device_ns,
                               int64_t arrival_ns);

#endif
