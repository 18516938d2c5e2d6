/* run/summary.h - what became of everything that came in, for people: messages, rows by table,
 * rejected messages with their reasons, values refused in rows that were kept. */
#ifndef VENDING_RUN_SUMMARY_H
#define VENDING_RUN_SUMMARY_H

#include <stddef.h>

#include "base/buf.h"
#include "core/mapping.h"
#include "core/stats.h"

/* Appends the lines and an empty one. messages = the sum of the numbers below it but the
 * anomalies, which are single values. Duplicates and records that are not ours only if there
 * were any. width: columns of the terminal, which no line exceeds (at 40 and more); 0 = any. */
void summary_write(struct buf *out, const struct stats *stats, const struct mapping *mapping, size_t width);

/* Appends " (invalid_json 3, too_deep 1)": the reasons of rejected messages; nothing if there
 * are none. */
void summary_write_reasons(struct buf *out, const struct stats *stats);

#endif
