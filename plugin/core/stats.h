/* core/stats.h - what the processor counts about itself, and its vm_ingest row
 * (plugin/README.md, Tables).
 *
 * Counts are since the last report, so that a sum over time is right across restarts. Always:
 * received = telemetry + events + status + rejected + duplicates + passed + ignored.
 */
#ifndef VENDING_CORE_STATS_H
#define VENDING_CORE_STATS_H

#include <stdint.h>

#include "core/mapping.h"
#include "core/reject.h"
#include "lp/row.h"

struct stats {
    uint64_t received;            /* records or messages that came in; blank lines and comments are none */
    uint64_t rows[MESSAGE_KINDS]; /* reported by table: acknowledgements are events */
    uint64_t rejected[REJECT_REASONS];
    uint64_t passed;     /* metrics that are not ours */
    uint64_t duplicates; /* seen before */
    uint64_t ignored;    /* commands, cleared statuses, retained messages without a time */
    uint64_t zoneless;   /* times without a zone while none was chosen */
    uint64_t anomalies;  /* single values refused inside rows that were kept */
    uint64_t bytes_in;
    uint64_t bytes_out;
    int64_t busy_ns; /* time spent between reading and writing */
    uint64_t lags;   /* rows whose time is the device's */
    /* from that to the arrival, over those rows; below 0 where a clock is ahead */
    double lag_sum_ns;
    double lag_max_ns; /* the longest; without meaning while there is none */
};

uint64_t stats_rejected(const struct stats *stats); /* over all reasons */

/* The row: tag instance; integer fields received, telemetry, events, status, passed, duplicates,
 * ignored, anomalies, zoneless, rejected, rejected_{reason}..., bytes_in, bytes_out, busy_us; float field interval_s;
 * float fields lag_avg_s and lag_max_s if any row had the device's time. instance must outlive the
 * row. */
void stats_row(const struct stats *stats, const char *instance, int64_t time_ns, double interval_s, struct lp_row *row);

/* Counts a row's way from the device to here. */
void stats_lag(struct stats *stats, int64_t arrival_ns, int64_t device_ns);

void stats_add(struct stats *total, const struct stats *part);

#endif
