#include "run/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/siphash.h"
#include "base/units.h"
#include "cli/shared.h"
#include "core/mapping_file.h"
#include "core/mapping_print.h"
#include "io/clock.h"
#include "io/terminal.h"
#include "run/collection.h"
#include "run/summary.h"

#define SPARE_BYTES ((size_t)1024 * 1024) /* of a row: columns beside the payload */
#define LISTING_WAIT_NS SECOND_NS         /* see listing_due_ns */
#define ROWS_ON_TERMINAL 10               /* of a table, unless --rows says otherwise */
#define SUMMARY_BYTES ((size_t)64 * 1024)
#define TOPIC_SHOWN_BYTES 200 /* in a log line */

/* ---- log lines ---- */

static void log_reject(void *ctx, enum reject reason, struct span topic, const char *detail)
{
    struct engine *engine = ctx;
    int shown = (int)(topic.len < TOPIC_SHOWN_BYTES ? topic.len : TOPIC_SHOWN_BYTES);
    log_line(&engine->log, clock_monotonic_ns(), LOG_WARNING, "rejected %s%s%.*s: %s", reject_name(reason),
             shown ? " on " : "", shown, shown ? topic.ptr : "", detail);
}

static void log_zoneless(void *ctx, struct span device_no)
{
    struct engine *engine = ctx;
    log_line(&engine->log, clock_monotonic_ns(), LOG_WARNING,
             "%.*s sends times without a time zone: they are read as UTC; --time-zone says otherwise, or that this is "
             "right",
             (int)device_no.len, device_no.ptr);
}

/* Rows for which there was no memory, a fault of ours, and records that a format cannot show. */
static void log_lost(struct engine *engine)
{
    struct output *output = &engine->output;
    int64_t now_ns = clock_monotonic_ns();
    if (output->lost > 0) {
        log_line(&engine->log, now_ns, LOG_ERROR, "no memory to write out %" PRIu64 " rows: they are lost",
                 output->lost);
        output->lost = 0;
    }
    if (output->unshown > 0) {
        log_line(&engine->log, now_ns, LOG_WARNING,
                 "left out records that are not ours: %" PRIu64 ", the last because %s", output->unshown,
                 output->unshown_why.text);
        output->unshown = 0;
    }
}

void engine_log_end(struct engine *engine)
{
    const struct stats *total = &engine->total;
    int64_t now_ns = clock_monotonic_ns();
    struct buf reasons;
    log_flush(&engine->log, now_ns, true);
    if (engine->on_terminal && isatty(STDERR_FILENO)) {
        return; /* the summary has said it */
    }
    buf_init(&reasons, LOG_LINE_BYTES);
    summary_write_reasons(&reasons, total);
    log_line(&engine->log, now_ns, LOG_INFO,
             "end: received %" PRIu64 " = telemetry %" PRIu64 ", events %" PRIu64 ", status %" PRIu64
             ", passed %" PRIu64 ", duplicates %" PRIu64 ", ignored %" PRIu64 ", rejected %" PRIu64
             "%.*s; anomalies %" PRIu64 "; %" PRIu64 " bytes in, %" PRIu64 " out, in %.1f s",
             total->received, total->rows[MESSAGE_TELEMETRY], total->rows[MESSAGE_EVENTS], total->rows[MESSAGE_STATUS],
             total->passed, total->duplicates, total->ignored, stats_rejected(total), (int)reasons.len,
             reasons.ptr ? reasons.ptr : "", total->anomalies, total->bytes_in, engine->output.writer.written,
             (double)(now_ns - engine->started_ns) / (double)SECOND_NS);
    buf_free(&reasons);
}

/* ---- reports ---- */

/* Bytes and time as they stand now. */
static struct stats measure(const struct engine *engine)
{
    return (struct stats){
        .bytes_in = engine->bytes_in, .bytes_out = engine->output.writer.written, .busy_ns = engine->busy_ns};
}

/* The counts since the last time. */
static struct stats take_counts(struct engine *engine)
{
    struct stats measured = measure(engine);
    struct stats stats = pipeline_take_stats(engine->pipeline);
    stats.bytes_in += measured.bytes_in - engine->reported.bytes_in;
    stats.bytes_out += measured.bytes_out - engine->reported.bytes_out;
    stats.busy_ns += measured.busy_ns - engine->reported.busy_ns;
    stats_add(&engine->total, &stats);
    engine->reported = measured;
    return stats;
}

void engine_count(struct engine *engine)
{
    (void)take_counts(engine);
}

static void report(struct engine *engine)
{
    output_flush(&engine->output);
    int64_t now_ns = clock_monotonic_ns();
    struct stats stats = take_counts(engine);
    if (engine->reports) {
        struct lp_row row;
        double interval_s = (double)(now_ns - engine->report_ns) / (double)SECOND_NS;
        stats_row(&stats, engine->settings->instance, clock_wall_ns(), interval_s, &row);
        engine->sink.row(engine->sink.ctx, &row);
    }
    engine->report_ns = now_ns;
}

static void report_if_due(struct engine *engine)
{
    int64_t interval_ns = engine->settings->report_interval_ns;
    int64_t now_ns = clock_monotonic_ns();
    if (!engine->reports || now_ns < engine->next_report_ns) {
        return;
    }
    report(engine);
    engine->next_report_ns += interval_ns;
    if (engine->next_report_ns <= now_ns) {
        engine->next_report_ns = now_ns + interval_ns;
    }
}

void engine_begin_work(struct engine *engine)
{
    engine->work_start_ns = clock_monotonic_ns();
    engine->work_writing_ns = engine->output.writing_ns;
}

void engine_end_work(struct engine *engine)
{
    int64_t writing_ns = engine->output.writing_ns - engine->work_writing_ns;
    engine->busy_ns += clock_monotonic_ns() - engine->work_start_ns - writing_ns;
}

/* When the rows held are to be printed: on a terminal soon after the first, and those of a file
 * at its end; elsewhere when nothing more comes. */
static int64_t listing_due_ns(const struct engine *engine)
{
    if (!engine->output.holds_rows || (engine->on_terminal && engine->input_is_file)) {
        return CLOCK_NEVER;
    }
    return (engine->on_terminal ? engine->output.holds_since_ns : engine->input_ns) + LISTING_WAIT_NS;
}

static void show_listing(struct engine *engine)
{
    output_show_listing(&engine->output, engine->on_terminal ? terminal_width(STDOUT_FILENO) : 0);
}

int64_t engine_deadline_ns(const struct engine *engine)
{
    int64_t deadline_ns = engine->reports ? engine->next_report_ns : CLOCK_NEVER;
    if (engine->log.suppressed > 0) {
        deadline_ns = clock_earlier(deadline_ns, engine->log.minute_end_ns);
    }
    return clock_earlier(deadline_ns, listing_due_ns(engine));
}

void engine_do_what_is_due(struct engine *engine)
{
    int64_t now_ns = clock_monotonic_ns();
    report_if_due(engine);
    if (now_ns >= listing_due_ns(engine)) {
        show_listing(engine);
    }
    log_lost(engine);
    log_flush(&engine->log, now_ns, false);
    output_flush(&engine->output);
}

static void show_summary(struct engine *engine)
{
    struct buf text;
    buf_init(&text, SUMMARY_BYTES);
    summary_write(&text, &engine->total, engine->mapping, terminal_width(STDOUT_FILENO));
    output_text(&engine->output, buf_view(&text));
    buf_free(&text);
}

void engine_finish(struct engine *engine)
{
    log_flush(&engine->log, clock_monotonic_ns(), true);
    report(engine);
    /* Else rows stand above it already. */
    bool first = engine->input_is_file && engine->output.writer.written == 0;
    if (engine->on_terminal && first) {
        show_summary(engine);
    }
    show_listing(engine);
    if (engine->on_terminal && !first) {
        show_summary(engine);
    }
    output_flush(&engine->output);
    engine->is_drained = !engine->output.writer.error && writer_drain(&engine->output.writer);
    log_lost(engine);
}

bool engine_log_output(struct engine *engine)
{
    const struct writer *writer = &engine->output.writer;
    int64_t now_ns = clock_monotonic_ns();
    size_t unread = writer_unread(writer);
    bool is_late = stop_deadline_ns(&engine->stop) <= now_ns;
    if (writer->error && writer->error != WRITER_GAVE_UP) {
        log_line(&engine->log, now_ns, LOG_ERROR, "cannot write to standard output: %s", strerror(writer->error));
    } else if (writer->error || (!engine->is_drained && is_late)) {
        log_line(&engine->log, now_ns, LOG_ERROR,
                 "standard output is not read, or too slowly: gave up %.1f s after the request to end, with %" PRIu64
                 " bytes of rows not written and %zu bytes written but not taken",
                 (double)(now_ns - engine->stop.asked_ns) / (double)SECOND_NS, writer->left, unread);
    } else if (!engine->is_drained) {
        log_line(&engine->log, now_ns, LOG_ERROR, "standard output was closed before its last %zu bytes were read",
                 unread);
    }
    return engine->is_drained;
}

/* ---- setting up ---- */

bool engine_load(struct engine *engine, struct settings *settings, struct err *err)
{
    engine->settings = settings;
    if (!settings->instance[0] && gethostname(engine->host, sizeof engine->host - 1) == 0) {
        settings->instance = engine->host;
    }
    if (!settings->instance[0]) {
        settings->instance = "unknown";
    }
    engine->mapping = mapping_new();
    if (!engine->mapping) {
        err_set(err, 0, "no memory for the mapping");
        return false;
    }
    return !settings->mapping_file || mapping_overlay(engine->mapping, settings->mapping_file, err);
}

void engine_begin(struct engine *engine)
{
    log_init(&engine->log, STDERR_FILENO, engine->settings->log_rate);
    stop_init(&engine->stop);
    engine->started_ns = clock_monotonic_ns();
    engine->report_ns = engine->started_ns;
    engine->next_report_ns = engine->started_ns + engine->settings->report_interval_ns;
}

/* A row has columns of a few KiB beside one text, repaired and escaped; a passed record is at
 * most a line. */
static size_t max_row_bytes(const struct settings *settings)
{
    return settings->max_line + 4 * settings->max_payload + SPARE_BYTES;
}

static bool prepare_output(struct engine *engine)
{
    const struct settings *settings = engine->settings;
    engine->on_terminal = settings->format == FORMAT_TABLE && terminal_width(STDOUT_FILENO) > 0;
    engine->quiet = engine->on_terminal && engine->input_is_file && isatty(STDERR_FILENO);
    const struct output_settings output = {
        .format = settings->format,
        .max_line = settings->max_line,
        .max_bytes = max_row_bytes(settings),
        .mapping = engine->mapping,
        .reports = engine->reports,
        .max_rows = rows_limit(settings->rows, engine->on_terminal ? ROWS_ON_TERMINAL : COLLECTION_ALL),
        .whole = engine->input_is_file,
    };
    bool is_ready = output_init(&engine->output, STDOUT_FILENO, &output);
    engine->output.writer.stop = &engine->stop;
    return is_ready;
}

const char *engine_prepare(struct engine *engine)
{
    const struct settings *settings = engine->settings;
    struct siphash_key key;
    if (getrandom(&key, sizeof key, 0) != (ssize_t)sizeof key) {
        return "cannot get random bytes";
    }
    if (!prepare_output(engine)) {
        return "no memory for the buffers";
    }
    engine->sink = output_sink(&engine->output);
    const struct pipeline_callbacks callbacks = {log_reject, log_zoneless, engine};
    engine->pipeline = pipeline_new(settings, engine->mapping, engine->sink, key, &callbacks);
    return engine->pipeline ? NULL : "no memory for the pipeline";
}

void engine_free(struct engine *engine)
{
    pipeline_free(engine->pipeline);
    output_free(&engine->output);
    mapping_free(engine->mapping);
}

void engine_print_check(const struct engine *engine, const struct program *program, const void *settings)
{
    const struct mapping *mapping = engine->mapping;
    printf("configuration is valid:");
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        printf(" %zu columns of %s,", mapping->tables[kind].column_count, message_kind_name((enum message_kind)kind));
    }
    printf(" %zu event types; ", mapping->words[MESSAGE_EVENTS].term_count);
    options_print_settings(program, settings, stdout);
    putchar('\n');
}

bool engine_print_mapping(const struct engine *engine)
{
    struct buf text;
    buf_init(&text, MAPPING_PRINT_MAX_BYTES);
    mapping_print(engine->mapping, &text);
    bool whole = !text.failed;
    if (whole) {
        fwrite(text.ptr, 1, text.len, stdout);
    }
    buf_free(&text);
    return whole;
}
