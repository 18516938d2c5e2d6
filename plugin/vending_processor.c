/* vending-processor: line protocol (or a capture) on standard input, line protocol (or tables) on standard output, log lines on
 * standard error. Started by Telegraf's processors.execd, so contract.md, "Being a good execd citizen", rules here.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "capture.h"
#include "input.h"
#include "log.h"
#include "mapping.h"
#include "mapping_file.h"
#include "output.h"
#include "pipeline.h"
#include "processor_options.h"
#include "stats.h"
#include "timestamp.h"

enum exit_code { DONE = 0, CANNOT_RUN = 1, WRONG_CONFIGURATION = 2 };

#define SPARE_BYTES ((size_t)1024 * 1024) /* of a row: columns beside the payload */
#define ARENA_SPARE_BYTES ((size_t)64 * 1024)
#define SECOND_NS TIMESTAMP_NS_PER_S
#define STOP_IDLE_NS SECOND_NS         /* after SIGTERM: no input for so long means that none will come */
#define STOP_LIMIT_NS (4 * SECOND_NS)  /* and this is the end, input or not: Telegraf kills after 5 s */
#define DRAIN_LIMIT_NS (4 * SECOND_NS) /* for the reader to take what was written last */
#define TABLE_IDLE_NS SECOND_NS        /* a table is shown when nothing came for so long */
#define TOPIC_SHOWN_BYTES 200          /* in a log line */

struct processor {
    struct settings settings;
    char host[256];
    bool reports; /* rows of vm_ingest are wanted */
    struct mapping *mapping;
    struct pipeline *pipeline;
    struct log log;
    struct input input;
    struct output output;
    struct sink sink;
    struct arena arena; /* of one capture line */
    int64_t capture_ns; /* tst of the capture's last message: when a line that is none came */
    int signal_fd;      /* -1 = none */
    int64_t started_ns; /* all times from here on are of the monotonic clock */
    int64_t stop_ns;    /* when SIGTERM came, 0 = not yet */
    int64_t input_ns;   /* of the last read that brought something */
    int64_t report_ns;  /* of the last report */
    int64_t next_report_ns;
    int64_t busy_ns;       /* time spent on what was read, writing left out */
    struct stats reported; /* bytes and busy_ns as they stood at the last report */
    struct stats total;
};

static int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static int64_t monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static int64_t wall_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

/* ---- log lines ---- */

static void log_reject(void *ctx, enum reject reason, struct span topic, const char *detail)
{
    struct processor *processor = ctx;
    int shown = (int)(topic.len < TOPIC_SHOWN_BYTES ? topic.len : TOPIC_SHOWN_BYTES);
    log_line(&processor->log, monotonic_ns(), LOG_WARNING, "rejected %s%s%.*s: %s", reject_name(reason),
             shown ? " on " : "", shown, shown ? topic.ptr : "", detail);
}

static void log_start(struct processor *processor)
{
    const struct settings *settings = &processor->settings;
    log_line(&processor->log, monotonic_ns(), LOG_INFO, "vending-processor %s reads %s %s, mapping %s", VENDING_VERSION,
             settings->capture_file ? "the capture" : "line protocol from",
             settings->capture_file && strcmp(settings->capture_file, "-") != 0 ? settings->capture_file
                                                                                : "standard input",
             settings->mapping_file ? settings->mapping_file : "built-in");
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

static void log_end(struct processor *processor)
{
    const struct stats *total = &processor->total;
    int64_t now_ns = monotonic_ns();
    struct buf reasons;
    buf_init(&reasons, LOG_LINE_BYTES);
    list_reasons(total, &reasons);
    log_flush(&processor->log, now_ns, 1);
    log_line(&processor->log, now_ns, LOG_INFO,
             "end: received %" PRIu64 " = telemetry %" PRIu64 ", events %" PRIu64 ", status %" PRIu64
             ", passed %" PRIu64 ", duplicates %" PRIu64 ", rejected %" PRIu64 "%.*s; anomalies %" PRIu64 "; %" PRIu64
             " bytes in, %" PRIu64 " out, in %.1f s",
             total->received, total->rows[MESSAGE_TELEMETRY], total->rows[MESSAGE_EVENTS], total->rows[MESSAGE_STATUS],
             total->passed, total->duplicates, stats_rejected(total), (int)reasons.len, reasons.ptr ? reasons.ptr : "",
             total->anomalies, total->bytes_in, processor->output.writer.written,
             (double)(now_ns - processor->started_ns) / (double)SECOND_NS);
    buf_free(&reasons);
}

/* ---- reports ---- */

/* Bytes and time as they stand now. */
static struct stats measure(const struct processor *processor)
{
    return (struct stats){.bytes_in = processor->input.bytes,
                          .bytes_out = processor->output.writer.written,
                          .busy_ns = processor->busy_ns};
}

/* Takes the counts since the last report, and says them in a row of vm_ingest if that is wanted. */
static void report(struct processor *processor)
{
    output_flush(&processor->output);
    int64_t now_ns = monotonic_ns();
    struct stats measured = measure(processor);
    struct stats stats = pipeline_take_stats(processor->pipeline);
    stats.bytes_in += measured.bytes_in - processor->reported.bytes_in;
    stats.bytes_out += measured.bytes_out - processor->reported.bytes_out;
    stats.busy_ns += measured.busy_ns - processor->reported.busy_ns;
    if (processor->reports) {
        struct row row;
        double interval_s = (double)(now_ns - processor->report_ns) / (double)SECOND_NS;
        stats_row(&stats, processor->settings.instance, wall_ns(), interval_s, &row);
        processor->sink.row(processor->sink.ctx, &row);
    }
    stats_add(&processor->total, &stats);
    processor->reported = measured;
    processor->report_ns = now_ns;
}

static void report_if_due(struct processor *processor)
{
    int64_t interval_ns = processor->settings.report_interval_ns;
    int64_t now_ns = monotonic_ns();
    if (!processor->reports || now_ns < processor->next_report_ns) {
        return;
    }
    report(processor);
    processor->next_report_ns += interval_ns;
    if (processor->next_report_ns <= now_ns) {
        processor->next_report_ns = now_ns + interval_ns;
    }
}

/* ---- input ---- */

static void take_capture_line(struct processor *processor, struct span line, int64_t now_ns)
{
    struct capture_message message;
    struct err err;
    err_clear(&err);
    if (capture_parse(line, &processor->arena, &message, &err)) {
        processor->capture_ns = message.time_ns;
        pipeline_message(processor->pipeline, message.topic, message.payload, &message.properties, message.time_ns);
    } else if (err.text[0]) {
        char detail[ERR_TEXT_BYTES + 64];
        snprintf(detail, sizeof detail, "not a line of a capture: %s (byte %zu)", err.text, err.pos);
        pipeline_reject(processor->pipeline, REJECT_NOT_LINE_PROTOCOL, line, detail, now_ns);
    }
    arena_reset(&processor->arena);
}

static struct span without_newline(struct span line)
{
    while (line.len > 0 && (line.ptr[line.len - 1] == '\n' || line.ptr[line.len - 1] == '\r')) {
        line.len--;
    }
    return line;
}

static void take_frame(struct processor *processor, const struct frame *frame, int64_t now_ns)
{
    if (frame->kind == FRAME_OVERSIZED) {
        pipeline_oversized(processor->pipeline, frame->bytes, frame->total_size, now_ns);
    } else if (input_is_half(&processor->input, frame)) {
        pipeline_reject(processor->pipeline, REJECT_NOT_LINE_PROTOCOL, frame->bytes,
                        "reading was stopped inside this record", now_ns);
    } else if (processor->settings.capture_file) {
        take_capture_line(processor, without_newline(frame->bytes), now_ns);
    } else {
        pipeline_record(processor->pipeline, frame->bytes, now_ns);
    }
}

/* When what comes now arrived. A capture's own time is used where a line has none, so that a replay gives the same rows. */
static int64_t arrival_ns(const struct processor *processor, int64_t now_ns)
{
    return processor->capture_ns ? processor->capture_ns : now_ns;
}

/* Everything that has been read. */
static void take_frames(struct processor *processor)
{
    int64_t now_ns = wall_ns();
    int64_t start_ns = monotonic_ns();
    int64_t writing_ns = processor->output.writing_ns;
    struct frame frame = input_next(&processor->input);
    while (frame.kind != FRAME_NONE && !processor->output.writer.error) {
        take_frame(processor, &frame, arrival_ns(processor, now_ns));
        frame = input_next(&processor->input);
    }
    processor->busy_ns += monotonic_ns() - start_ns - (processor->output.writing_ns - writing_ns);
}

/* ---- waiting ---- */

static int64_t earlier(int64_t a_ns, int64_t b_ns)
{
    return a_ns < b_ns ? a_ns : b_ns;
}

/* When to stop after SIGTERM if nothing comes any more. */
static int64_t stop_deadline(const struct processor *processor)
{
    int64_t quiet_since_ns = processor->input_ns > processor->stop_ns ? processor->input_ns : processor->stop_ns;
    return earlier(quiet_since_ns + STOP_IDLE_NS, processor->stop_ns + STOP_LIMIT_NS);
}

/* What lies ready is still read, but not for ever. */
static bool must_stop(const struct processor *processor, bool readable)
{
    int64_t deadline_ns = readable ? processor->stop_ns + STOP_LIMIT_NS : stop_deadline(processor);
    return processor->stop_ns && monotonic_ns() >= deadline_ns;
}

/* When something is to be done although no input comes. INT64_MAX = never. */
static int64_t next_deadline(const struct processor *processor)
{
    int64_t deadline_ns = processor->reports ? processor->next_report_ns : INT64_MAX;
    if (processor->stop_ns) {
        deadline_ns = earlier(deadline_ns, stop_deadline(processor));
    }
    if (processor->output.holds_rows) {
        deadline_ns = earlier(deadline_ns, processor->input_ns + TABLE_IDLE_NS);
    }
    if (processor->log.suppressed > 0) {
        deadline_ns = earlier(deadline_ns, processor->log.minute_end_ns);
    }
    return deadline_ns;
}

/* Milliseconds for poll, rounded up so that the deadline has passed then. */
static int poll_timeout(int64_t deadline_ns)
{
    if (deadline_ns == INT64_MAX) {
        return -1;
    }
    int64_t wait_ms = (deadline_ns - monotonic_ns() + 999999) / 1000000;
    if (wait_ms < 0) {
        return 0;
    }
    return wait_ms > 60000 ? 60000 : (int)wait_ms;
}

static void take_signal(struct processor *processor)
{
    struct signalfd_siginfo info;
    if (read(processor->signal_fd, &info, sizeof info) == (ssize_t)sizeof info && !processor->stop_ns) {
        processor->stop_ns = monotonic_ns();
    }
}

/* true = there is something to read, or the end of it. */
static bool wait_for_input(struct processor *processor)
{
    struct pollfd watched[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = processor->signal_fd, .events = POLLIN}};
    if (poll(watched, 2, poll_timeout(next_deadline(processor))) <= 0) {
        return false;
    }
    if (watched[1].revents) {
        take_signal(processor);
    }
    return watched[0].revents != 0;
}

/* ---- the loop ---- */

/* Rows for which there was no memory: a fault of ours, so it is said. */
static void tell_lost(struct processor *processor)
{
    if (processor->output.lost > 0) {
        log_line(&processor->log, monotonic_ns(), LOG_ERROR, "no memory to write out %" PRIu64 " rows: they are lost",
                 processor->output.lost);
        processor->output.lost = 0;
    }
}

static void do_what_is_due(struct processor *processor)
{
    int64_t now_ns = monotonic_ns();
    report_if_due(processor);
    if (processor->output.holds_rows && now_ns >= processor->input_ns + TABLE_IDLE_NS) {
        output_show_table(&processor->output);
    }
    tell_lost(processor);
    log_flush(&processor->log, now_ns, 0);
}

static void run_until_end(struct processor *processor)
{
    while (!processor->input.ended && !processor->output.writer.error) {
        bool readable = wait_for_input(processor);
        if (must_stop(processor, readable)) {
            input_cut_off(&processor->input);
        } else if (readable && input_read(&processor->input)) {
            processor->input_ns = monotonic_ns();
        }
        take_frames(processor);
        do_what_is_due(processor);
        output_flush(&processor->output);
    }
}

/* Why the input or the output failed. */
static int tell_failure(struct processor *processor)
{
    int error = processor->output.writer.error ? processor->output.writer.error : processor->input.error;
    if (!error) {
        return DONE;
    }
    log_line(&processor->log, monotonic_ns(), LOG_ERROR, "cannot %s: %s",
             processor->output.writer.error ? "write to standard output" : "read the input", strerror(error));
    return CANNOT_RUN;
}

static int run(struct processor *processor)
{
    log_start(processor);
    run_until_end(processor);
    report(processor);
    output_show_table(&processor->output);
    output_flush(&processor->output);
    (void)writer_drain(&processor->output.writer, DRAIN_LIMIT_NS);
    tell_lost(processor);
    int code = tell_failure(processor);
    log_end(processor);
    return code;
}

/* ---- setting up ---- */

/* SIGTERM is read from a descriptor, so that it is seen both while waiting and under constant load. SIGINT and SIGHUP reach the whole
 * process group and are not meant for us; a person who looks at a capture does mean it. */
static int set_up_signals(bool interactive)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGTERM);
    if (interactive) {
        sigaddset(&watched, SIGINT);
    } else {
        sigaction(SIGINT, &ignore, NULL);
        sigaction(SIGHUP, &ignore, NULL);
    }
    sigprocmask(SIG_BLOCK, &watched, NULL);
    return signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
}

static bool random_key(struct siphash_key *key)
{
    return getrandom(key, sizeof *key, 0) == (ssize_t)sizeof *key;
}

/* A row has columns of a few KiB beside one text, repaired and escaped; a passed record is at most a line. */
static size_t max_row_bytes(const struct settings *settings)
{
    return settings->max_line + 4 * settings->max_payload + SPARE_BYTES;
}

/* Takes what the loop needs. NULL, or what could not be had. */
static const char *prepare(struct processor *processor)
{
    const struct settings *settings = &processor->settings;
    struct siphash_key key;
    processor->signal_fd = set_up_signals(settings->capture_file != NULL);
    if (processor->signal_fd < 0) {
        return "cannot watch for signals";
    }
    if (!random_key(&key)) {
        return "cannot get random bytes";
    }
    if (!output_init(&processor->output, STDOUT_FILENO, settings->format, max_row_bytes(settings)) ||
        !input_init(&processor->input, STDIN_FILENO, settings->capture_file ? INPUT_LINES : INPUT_LINE_PROTOCOL,
                    settings->max_line) ||
        (settings->capture_file && !arena_init(&processor->arena, 2 * settings->max_line + ARENA_SPARE_BYTES))) {
        return "no memory for the buffers";
    }
    processor->sink = output_sink(&processor->output);
    processor->pipeline = pipeline_new(settings, processor->mapping, processor->sink, key, log_reject, processor);
    if (!processor->pipeline) {
        return "no memory for the pipeline";
    }
    return NULL;
}

static int prepare_and_run(struct processor *processor)
{
    log_init(&processor->log, STDERR_FILENO, processor->settings.log_rate);
    processor->started_ns = monotonic_ns();
    processor->report_ns = processor->started_ns;
    processor->next_report_ns = processor->started_ns + processor->settings.report_interval_ns;

    const char *problem = prepare(processor);
    int code = CANNOT_RUN;
    if (problem) {
        log_line(&processor->log, processor->started_ns, LOG_ERROR, "%s: %s", problem, strerror(errno));
    } else {
        code = run(processor);
    }
    pipeline_free(processor->pipeline);
    input_free(&processor->input);
    output_free(&processor->output);
    arena_free(&processor->arena);
    if (processor->signal_fd >= 0) {
        close(processor->signal_fd);
    }
    return code;
}

/* ---- the command line ---- */

static int refuse(const char *problem)
{
    fprintf(stderr, "E! %s: %s\n", processor_program.name, problem); /* "E! ": under Telegraf this is its log */
    return WRONG_CONFIGURATION;
}

/* What was printed has to have got somewhere. */
static int printed(void)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "E! cannot write to standard output: %s\n", strerror(errno));
        return CANNOT_RUN;
    }
    return DONE;
}

static void print_check(const struct processor *processor)
{
    const struct mapping *mapping = processor->mapping;
    printf("configuration is valid:");
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        printf(" %zu columns of %s,", mapping->tables[kind].column_count, message_kind_name((enum message_kind)kind));
    }
    printf(" %zu event types; ", mapping->event_type_count);
    options_print_settings(&processor_program, &processor->settings, stdout);
    putchar('\n');
}

/* The capture becomes standard input, so that there is one way to read. */
static bool open_capture(const char *file, struct err *err)
{
    if (!file || strcmp(file, "-") == 0) {
        return true;
    }
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || (fd != STDIN_FILENO && dup2(fd, STDIN_FILENO) < 0)) {
        err_set(err, 0, "--capture: %.160s: %s", file, strerror(errno));
        return false;
    }
    if (fd != STDIN_FILENO) {
        close(fd);
    }
    return true;
}

static bool load(struct processor *processor, struct err *err)
{
    struct settings *settings = &processor->settings;
    if (!settings->instance[0] && gethostname(processor->host, sizeof processor->host - 1) == 0) {
        settings->instance = processor->host;
    }
    if (!settings->instance[0]) {
        settings->instance = "unknown";
    }
    processor->mapping = mapping_new();
    if (!processor->mapping) {
        err_set(err, 0, "no memory for the mapping");
        return false;
    }
    return (!settings->mapping_file || mapping_overlay(processor->mapping, settings->mapping_file, err)) &&
           open_capture(settings->capture_file, err);
}

static int act(struct processor *processor, enum processor_action action)
{
    switch (action) {
    case PROCESSOR_RUN:
        return prepare_and_run(processor);
    case PROCESSOR_CHECK:
        print_check(processor);
        return printed();
    case PROCESSOR_PRINT_MAPPING:
        mapping_print(processor->mapping, stdout);
        return printed();
    case PROCESSOR_HELP:
        options_print_help(&processor_program, stdout);
        return printed();
    case PROCESSOR_VERSION:
        printf("%s %s\n", processor_program.name, processor_program.version);
        return printed();
    }
    return DONE;
}

/* A descriptor that was closed by whoever started us would be given to the next file that is opened. It gets one that cannot be used
 * for its purpose, so that reading or writing says why. */
static void occupy_standard_descriptors(void)
{
    static const int useless[] = {[STDIN_FILENO] = O_WRONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_RDONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            (void)open("/dev/null", useless[fd]);
        }
    }
}

int main(int argc, char *argv[])
{
    struct processor processor = {.signal_fd = -1};
    struct processor_request request;
    struct err err;
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    occupy_standard_descriptors();
    sigaction(SIGPIPE, &ignore, NULL);
    err_clear(&err);
    if (!processor_options_parse(argc, argv, &processor.settings, &request, &err)) {
        return refuse(err.text);
    }
    bool only_prints = request.action == PROCESSOR_HELP || request.action == PROCESSOR_VERSION;
    processor.reports =
        processor.settings.report_interval_ns > 0 && (!processor.settings.capture_file || request.report_asked_for);
    bool loaded = only_prints || load(&processor, &err);
    int code = loaded ? act(&processor, request.action) : refuse(err.text);
    mapping_free(processor.mapping);
    return code;
}
