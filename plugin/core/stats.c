#include "core/stats.h"
#include "base/macros.h"

#include <stddef.h>

/* The plain counters: name of the column and where it stands. rows[] and rejected[] follow their
 * own name tables. */
static const struct {
    const char *column;
    size_t offset;
} counters[] = {
    {"received", offsetof(struct stats, received)},
    {"telemetry", offsetof(struct stats, rows[MESSAGE_TELEMETRY])},
    {"events", offsetof(struct stats, rows[MESSAGE_EVENTS])},
    {"status", offsetof(struct stats, rows[MESSAGE_STATUS])},
    {"passed", offsetof(struct stats, passed)},
    {"duplicates", offsetof(struct stats, duplicates)},
    {"ignored", offsetof(struct stats, ignored)},
    {"anomalies", offsetof(struct stats, anomalies)},
    {"zoneless", offsetof(struct stats, zoneless)},
};

#define NS_PER_S 1e9
#define COUNTERS (COUNT(counters))

static uint64_t read_counter(const struct stats *stats, size_t i)
{
    return *(const uint64_t *)(const void *)((const char *)stats + counters[i].offset);
}

static void add_count(struct lp_row *row, const char *column, uint64_t count)
{
    lp_row_field(row, column, lp_value_int(count > INT64_MAX ? INT64_MAX : (int64_t)count));
}

uint64_t stats_rejected(const struct stats *stats)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < REJECT_REASONS; i++) {
        sum += stats->rejected[i];
    }
    return sum;
}

void stats_row(const struct stats *stats, const char *instance, int64_t time_ns, double interval_s, struct lp_row *row)
{
    lp_row_begin(row, "vm_ingest", time_ns);
    lp_row_tag(row, "instance", span_of(instance));
    for (size_t i = 0; i < COUNTERS; i++) {
        add_count(row, counters[i].column, read_counter(stats, i));
    }
    add_count(row, "rejected", stats_rejected(stats));
    for (int reason = REJECT_NONE + 1; reason < REJECT_REASONS; reason++) {
        add_count(row, reject_column((enum reject)reason), stats->rejected[reason]);
    }
    add_count(row, "bytes_in", stats->bytes_in);
    add_count(row, "bytes_out", stats->bytes_out);
    add_count(row, "busy_us", stats->busy_ns > 0 ? (uint64_t)stats->busy_ns / 1000 : 0);
    lp_row_field(row, "interval_s", lp_value_float(interval_s));
    if (stats->lags > 0) {
        lp_row_field(row, "lag_avg_s", lp_value_float(stats->lag_sum_ns / (double)stats->lags / NS_PER_S));
        lp_row_field(row, "lag_max_s", lp_value_float(stats->lag_max_ns / NS_PER_S));
    }
}

static void add_lags(struct stats *stats, uint64_t lags, double sum_ns, double max_ns)
{
    if (lags == 0) {
        return;
    }
    stats->lag_max_ns = stats->lags == 0 || max_ns > stats->lag_max_ns ? max_ns : stats->lag_max_ns;
    stats->lag_sum_ns += sum_ns;
    stats->lags += lags;
}

void stats_lag(struct stats *stats, int64_t arrival_ns, int64_t device_ns)
{
    double lag_ns = (double)(arrival_ns - device_ns);
    add_lags(stats, 1, lag_ns, lag_ns);
}

void stats_add(struct stats *total, const struct stats *part)
{
    total->received += part->received;
    for (size_t i = 0; i < MESSAGE_KINDS; i++) {
        total->rows[i] += part->rows[i];
    }
    for (size_t i = 0; i < REJECT_REASONS; i++) {
        total->rejected[i] += part->rejected[i];
    }
    total->passed += part->passed;
    total->duplicates += part->duplicates;
    total->ignored += part->ignored;
    total->zoneless += part->zoneless;
    total->anomalies += part->anomalies;
    total->bytes_in += part->bytes_in;
    total->bytes_out += part->bytes_out;
    total->busy_ns += part->busy_ns;
    add_lags(total, part->lags, part->lag_sum_ns, part->lag_max_ns);
}
