#include "run/engine.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/siphash.h"
#include "base/units.h"
#include "core/mapping_file.h"
#include "io/clock.h"

#define SPARE_BYTES ((size_t)1024 * 1024) /* of a row: columns beside the payload */
#define TABLE_IDLE_NS SECOND_NS           /* a table is shown when nothing came for so long */
#define DRAIN_LIMIT_NS (4 * SECOND_NS)    /* for the reader to take what was written last */
#define TOPIC_SHOWN_BYTES 200             /* in a log line */

/* ---- log lines ---- */

static void log_reject(void *ctx, enum reject reason, struct span topic, const char *detail)
{
    struct flow *flow = ctx;
    int shown = (int)(topic.len < TOPIC_SHOWN_BYTES ? topic.len : TOPIC_SHOWN_BYTES);
    log_line(&flow->log, clock_monotonic_ns(), LOG_WARNING, "rejected %s%s%.*s: %s", reject_name(reason),
             shown ? " on " : "", shown, shown ? topic.ptr : "", detail);
}

/* Rows for which there was no memory: a fault of ours, so it is said. */
static void tell_lost(struct flow *flow)
{
    if (flow->output.lost > 0) {
        log_line(&flow->log, clock_monotonic_ns(), LOG_ERROR, "no memory to write out %" PRIu64 " rows: they are lost",
                 flow->output.lost);
        flow->output.lost = 0;
    }
}

/* " (invalid_json 3, too_deep 1)" */
static void list_reasons(const struct stats *stats, struct buf *out)
{
    const char *separator = " (";
    for (int reason = REJECT_NONE + 1; reason < REJECT_REASONS; reason++) {
        if (stats->rejected[reason] > 0) {
            buf_format(out, "%s%s %" PRIu64, separator, reject_name((enum reject)reason), stats->rejected[reason]);
            separator = ", ";
        }
    }
    if (stats_rejected(stats) > 0) {
        buf_char(out, ')');
    }
}

void flow_log_end(struct flow *flow)
{
    const struct stats *total = &flow->total;
    int64_t now_ns = clock_monotonic_ns();
    struct buf reasons;
    buf_init(&reasons, LOG_LINE_BYTES);
    list_reasons(total, &reasons);
    log_flush(&flow->log, now_ns, 1);
    log_line(&flow->log, now_ns, LOG_INFO,
             "end: received %" PRIu64 " = telemetry %" PRIu64 ", events %" PRIu64 ", status %" PRIu64
             ", passed %" PRIu64 ", duplicates %" PRIu64 ", rejected %" PRIu64 "%.*s; anomalies %" PRIu64 "; %" PRIu64
             " bytes in, %" PRIu64 " out, in %.1f s",
             total->received, total->rows[MESSAGE_TELEMETRY], total->rows[MESSAGE_EVENTS], total->rows[MESSAGE_STATUS],
             total->passed, total->duplicates, stats_rejected(total), (int)reasons.len, reasons.ptr ? reasons.ptr : "",
             total->anomalies, total->bytes_in, flow->output.writer.written,
             (double)(now_ns - flow->started_ns) / (double)SECOND_NS);
    buf_free(&reasons);
}

/* ---- reports ---- */

/* Bytes and time as they stand now. */
static struct stats measure(const struct flow *flow)
{
    return (struct stats){
        .bytes_in = flow->bytes_in, .bytes_out = flow->output.writer.written, .busy_ns = flow->busy_ns};
}

/* The counts since the last time. */
static struct stats take_counts(struct flow *flow)
{
    struct stats measured = measure(flow);
    struct stats stats = pipeline_take_stats(flow->pipeline);
    stats.bytes_in += measured.bytes_in - flow->reported.bytes_in;
    stats.bytes_out += measured.bytes_out - flow->reported.bytes_out;
    stats.busy_ns += measured.busy_ns - flow->reported.busy_ns;
    stats_add(&flow->total, &stats);
    flow->reported = measured;
    return stats;
}

void flow_count(struct flow *flow)
{
    (void)take_counts(flow);
}

static void report(struct flow *flow)
{
    output_flush(&flow->output);
    int64_t now_ns = clock_monotonic_ns();
    struct stats stats = take_counts(flow);
    if (flow->reports) {
        struct lp_row row;
        double interval_s = (double)(now_ns - flow->report_ns) / (double)SECOND_NS;
        stats_row(&stats, flow->settings->instance, clock_wall_ns(), interval_s, &row);
        flow->sink.row(flow->sink.ctx, &row);
    }
    flow->report_ns = now_ns;
}

static void report_if_due(struct flow *flow)
{
    int64_t interval_ns = flow->settings->report_interval_ns;
    int64_t now_ns = clock_monotonic_ns();
    if (!flow->reports || now_ns < flow->next_report_ns) {
        return;
    }
    report(flow);
    flow->next_report_ns += interval_ns;
    if (flow->next_report_ns <= now_ns) {
        flow->next_report_ns = now_ns + interval_ns;
    }
}

void flow_begin_work(struct flow *flow)
{
    flow->work_start_ns = clock_monotonic_ns();
    flow->work_writing_ns = flow->output.writing_ns;
}

void flow_end_work(struct flow *flow)
{
    int64_t writing_ns = flow->output.writing_ns - flow->work_writing_ns;
    flow->busy_ns += clock_monotonic_ns() - flow->work_start_ns - writing_ns;
}

int64_t flow_deadline_ns(const struct flow *flow)
{
    int64_t deadline_ns = flow->reports ? flow->next_report_ns : CLOCK_NEVER;
    if (flow->log.suppressed > 0) {
        deadline_ns = clock_earlier(deadline_ns, flow->log.minute_end_ns);
    }
    if (flow->output.holds_rows) {
        deadline_ns = clock_earlier(deadline_ns, flow->input_ns + TABLE_IDLE_NS);
    }
    return deadline_ns;
}

void flow_do_what_is_due(struct flow *flow)
{
    int64_t now_ns = clock_monotonic_ns();
    report_if_due(flow);
    if (flow->output.holds_rows && now_ns >= flow->input_ns + TABLE_IDLE_NS) {
        output_show_table(&flow->output);
    }
    tell_lost(flow);
    log_flush(&flow->log, now_ns, 0);
    output_flush(&flow->output);
}

void flow_finish(struct flow *flow)
{
    report(flow);
    output_show_table(&flow->output);
    output_flush(&flow->output);
    (void)writer_drain(&flow->output.writer, DRAIN_LIMIT_NS);
    tell_lost(flow);
}

/* ---- setting up ---- */

bool flow_load(struct flow *flow, struct settings *settings, struct err *err)
{
    flow->settings = settings;
    if (!settings->instance[0] && gethostname(flow->host, sizeof flow->host - 1) == 0) {
        settings->instance = flow->host;
    }
    if (!settings->instance[0]) {
        settings->instance = "unknown";
    }
    flow->mapping = mapping_new();
    if (!flow->mapping) {
        err_set(err, 0, "no memory for the mapping");
        return false;
    }
    return !settings->mapping_file || mapping_overlay(flow->mapping, settings->mapping_file, err);
}

void flow_begin(struct flow *flow)
{
    log_init(&flow->log, STDERR_FILENO, flow->settings->log_rate);
    flow->started_ns = clock_monotonic_ns();
    flow->report_ns = flow->started_ns;
    flow->next_report_ns = flow->started_ns + flow->settings->report_interval_ns;
}

/* A row has columns of a few KiB beside one text, repaired and escaped; a passed record is at most a line. */
static size_t max_row_bytes(const struct settings *settings)
{
    return settings->max_line + 4 * settings->max_payload + SPARE_BYTES;
}

const char *flow_prepare(struct flow *flow)
{
    const struct settings *settings = flow->settings;
    struct siphash_key key;
    if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key) {
        return "cannot get random bytes";
    }
    if (!output_init(&flow->output, STDOUT_FILENO, settings->format, max_row_bytes(settings))) {
        return "no memory for the buffers";
    }
    flow->sink = output_sink(&flow->output);
    flow->pipeline = pipeline_new(settings, flow->mapping, flow->sink, key, log_reject, flow);
    return flow->pipeline ? NULL : "no memory for the pipeline";
}

void flow_free(struct flow *flow)
{
    pipeline_free(flow->pipeline);
    output_free(&flow->output);
    mapping_free(flow->mapping);
}

void flow_print_check(const struct flow *flow, const struct program *program, const void *settings)
{
    const struct mapping *mapping = flow->mapping;
    printf("configuration is valid:");
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        printf(" %zu columns of %s,", mapping->tables[kind].column_count, message_kind_name((enum message_kind)kind));
    }
    printf(" %zu event types; ", mapping->event_type_count);
    options_print_settings(program, settings, stdout);
    putchar('\n');
}
