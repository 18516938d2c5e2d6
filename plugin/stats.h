/* stats.h - what the processor counts about itself, and its vm_ingest row (contract.md, Names).
 *
 * Counts are since the last report, so that a sum over time is right across restarts. Always:
 * received = telemetry + events + status + rejected + duplicates + passed.
 */
#ifndef VENDING_STATS_H
#define VENDING_STATS_H

#include <stdint.h>

#include "mapping.h"
#include "reject.h"
#include "row.h"

struct stats {
    uint64_t received; /* records or messages that came in; blank lines and comments are none */
    uint64_t rows[MESSAGE_KINDS];
    uint64_t rejected[REJECT_REASONS];
    uint64_t passed;     /* metrics that are not ours */
    uint64_t duplicates; /* events and statuses seen before */
    uint64_t anomalies;  /* single values refused inside rows that were kept */
    uint64_t bytes_in;
    uint64_t bytes_out;
    int64_t busy_ns; /* time spent between reading and writing */
};

uint64_t stats_rejected(const struct stats *stats); /* over all reasons */

/* The row: tag instance; integer fields received, telemetry, events, status, passed, duplicates, anomalies, rejected, rejected_{reason}..., bytes_in,
 * bytes_out, busy_us; float field interval_s. instance must outlive the row. */
void stats_row(const struct stats *stats, const char *instance, int64_t time_ns, double interval_s, struct row *row);

void stats_add(struct stats *total, const struct stats *part);

#endif
