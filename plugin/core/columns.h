/* core/columns.h - one parsed payload and the mapping to one typed row (plugin/README.md, Never
 * lose 3 to 5, Time, Tables). */
#ifndef VENDING_CORE_COLUMNS_H
#define VENDING_CORE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/span.h"
#include "core/device_time.h"
#include "core/mapping.h"
#include "core/message.h"
#include "core/payload.h"
#include "core/properties.h"
#include "core/reject.h"
#include "lp/row.h"

/* What is known of a filled row beside its columns. */
struct filling {
    size_t anomalies; /* values that were refused singly */
    struct device_time time;
    bool is_offline; /* a status of offline */
};

/* Fills *row; text that had to be made is in the arena. REJECT_NONE, or REJECT_DEVICE_MISMATCH,
 * REJECT_MISSING_FIELD, REJECT_NO_DATA, REJECT_OUT_OF_MEMORY with words in *err and nothing in
 * *filling. */
MUST_USE enum reject columns_fill(const struct mapping *mapping, const struct time_window *window,
                                  const struct message *message, const struct payload *payload, struct arena *arena,
                                  struct lp_row *row, struct filling *filling, struct err *err);

#endif
