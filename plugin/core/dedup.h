/* core/dedup.h - a bounded memory of what was seen: the last N keys, each with a mark and a time
 * (plugin/README.md, Redelivery). */
#ifndef VENDING_CORE_DEDUP_H
#define VENDING_CORE_DEDUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

struct dedup; /* about 32 bytes an entry, allocated once */

/* Remembers up to capacity keys, each for max_age_ns. NULL = no memory. capacity 0 remembers
 * nothing. */
MUST_USE struct dedup *dedup_new(size_t capacity, int64_t max_age_ns);
void dedup_free(struct dedup *dedup);

/* Was this key last seen with this same mark, no longer than max_age_ns before (or after) now_ns?
 * If not, it is remembered with this mark from now on; the oldest entry makes room. If so, the
 * entry stays as it is. */
MUST_USE bool dedup_seen(struct dedup *dedup, uint64_t key, uint64_t mark, int64_t now_ns);

#endif
