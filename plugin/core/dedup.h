/* core/dedup.h - a bounded memory of what was seen: the last N keys, each with a mark and a time
 * (plugin/README.md, Redelivery). */
#ifndef VENDING_CORE_DEDUP_H
#define VENDING_CORE_DEDUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

struct dedup; /* about 32 bytes an entry, allocated once */

/* Remembers up to capacity keys. NULL = no memory. capacity 0 remembers nothing. */
MUST_USE struct dedup *dedup_new(size_t capacity);
void dedup_free(struct dedup *dedup);

/* Was this key last remembered with this same mark, no longer than max_age_ns before (or after)
 * now_ns? */
MUST_USE bool dedup_knows(const struct dedup *dedup, uint64_t key, uint64_t mark, int64_t now_ns, int64_t max_age_ns);

/* Remembers the key with this mark from now on; the oldest entry makes room. */
void dedup_remember(struct dedup *dedup, uint64_t key, uint64_t mark, int64_t now_ns);

/* dedup_knows(); what is not known is remembered, what is known stays as it is. */
MUST_USE bool dedup_seen(struct dedup *dedup, uint64_t key, uint64_t mark, int64_t now_ns, int64_t max_age_ns);

#endif
