/* vending-processor: line protocol (or a capture) on standard input, rows in one of the formats on
 * standard output, log lines on standard error. Started by Telegraf's processors.execd, so
 * plugin/README.md, "Being a good execd citizen", rules here.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/units.h"
#include "capture/read.h"
#include "cli/actions.h"
#include "io/clock.h"
#include "io/hold.h"
#include "io/process.h"
#include "io/reader.h"
#include "processor/options.h"
#include "run/engine.h"

#define STOP_IDLE_NS SECOND_NS       /* after SIGTERM: no input for so long is the end */
#define STOP_READ_NS (3 * SECOND_NS) /* and this is, input or not: the rest of STOP_LIMIT_NS is for output */

struct processor {
    struct settings settings;
    struct engine engine;
    struct reader reader;
    struct arena arena; /* of one capture line */
    int64_t capture_ns; /* tst of the capture's last message: taken for an invalid line after it */
    int source_fd;      /* standard input or the capture; -1 = not open */
};

static void log_start(struct processor *processor)
{
    const struct settings *settings = &processor->settings;
    log_line(
        &processor->engine.log, clock_monotonic_ns(), LOG_INFO, "%s %s reads %s %s, mapping %s", processor_program.name,
        processor_program.version, settings->capture_file ? "the capture" : "line protocol from",
        settings->capture_file && strcmp(settings->capture_file, "-") != 0 ? settings->capture_file : "standard input",
        settings->mapping_file ? settings->mapping_file : "built-in");
}

/* ---- what was read ---- */

static void take_capture_line(struct processor *processor, struct span line, int64_t now_ns)
{
    struct capture_message message;
    struct err err;
    err_clear(&err);
    if (capture_read_line(line, &processor->arena, &message, &err)) {
        processor->capture_ns = message.time_ns;
        const struct pipeline_input input = {message.topic, message.payload, &message.properties, false,
                                             message.time_ns};
        pipeline_message(processor->engine.pipeline, &input);
    } else if (err.text[0]) {
        char detail[ERR_TEXT_BYTES + 64];
        snprintf(detail, sizeof detail, "not a line of a capture: %s (byte %zu)", err.text, err.pos);
        pipeline_reject(processor->engine.pipeline, REJECT_NOT_LINE_PROTOCOL, line, detail, now_ns);
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

static void take_frame(struct processor *processor, const struct lp_frame *frame, int64_t now_ns)
{
    if (frame->kind == LP_FRAME_OVERSIZED) {
        pipeline_oversized(processor->engine.pipeline, frame->bytes, frame->total_size, now_ns);
    } else if (reader_is_half(&processor->reader, frame)) {
        pipeline_reject(processor->engine.pipeline, REJECT_NOT_LINE_PROTOCOL, frame->bytes,
                        "reading was stopped inside this record", now_ns);
    } else if (processor->settings.capture_file) {
        take_capture_line(processor, without_newline(frame->bytes), now_ns);
    } else {
        pipeline_record(processor->engine.pipeline, frame->bytes, now_ns);
    }
}

/* When what comes now arrived. A capture's own time is used where a line has none, so that a
 * replay gives the same rows. */
static int64_t arrival_ns(const struct processor *processor, int64_t now_ns)
{
    return processor->capture_ns ? processor->capture_ns : now_ns;
}

/* Everything that has been read. */
static void take_frames(struct processor *processor)
{
    int64_t now_ns = clock_wall_ns();
    engine_begin_work(&processor->engine);
    struct lp_frame frame = reader_next(&processor->reader);
    while (frame.kind != LP_FRAME_NONE) { /* also if output has failed: so what is left out is counted */
        take_frame(processor, &frame, arrival_ns(processor, now_ns));
        frame = reader_next(&processor->reader);
    }
    engine_end_work(&processor->engine);
}

/* ---- waiting ---- */

/* When to stop after SIGTERM if nothing comes any more. */
static int64_t stop_deadline(const struct processor *processor)
{
    const struct engine *engine = &processor->engine;
    int64_t quiet_since_ns = engine->input_ns > engine->stop.asked_ns ? engine->input_ns : engine->stop.asked_ns;
    return clock_earlier(quiet_since_ns + STOP_IDLE_NS, engine->stop.asked_ns + STOP_READ_NS);
}

/* What lies ready is still read, but not for ever. */
static bool must_stop(const struct processor *processor, bool readable)
{
    int64_t asked_ns = processor->engine.stop.asked_ns;
    int64_t deadline_ns = readable ? asked_ns + STOP_READ_NS : stop_deadline(processor);
    return asked_ns && clock_monotonic_ns() >= deadline_ns;
}

/* When something is to be done although no input comes. */
static int64_t next_deadline(const struct processor *processor)
{
    int64_t deadline_ns = engine_deadline_ns(&processor->engine);
    if (processor->engine.stop.asked_ns) {
        deadline_ns = clock_earlier(deadline_ns, stop_deadline(processor));
    }
    return deadline_ns;
}

/* true = there is something to read, or the end of it. */
static bool wait_for_input(struct processor *processor)
{
    struct pollfd watched[] = {{.fd = processor->reader.fd, .events = POLLIN},
                               {.fd = processor->engine.stop.signal_fd, .events = POLLIN}};
    if (poll(watched, 2, clock_poll_timeout(next_deadline(processor), clock_monotonic_ns())) <= 0) {
        return false;
    }
    if (watched[1].revents) {
        (void)stop_look(&processor->engine.stop);
    }
    return watched[0].revents != 0;
}

/* ---- the loop ---- */

static void run_until_end(struct processor *processor)
{
    while (!processor->reader.ended && !processor->engine.output.writer.error) {
        bool readable = wait_for_input(processor);
        if (must_stop(processor, readable)) {
            reader_cut_off(&processor->reader);
        } else if (readable && reader_read(&processor->reader)) {
            processor->engine.input_ns = clock_monotonic_ns();
        }
        processor->engine.bytes_in = processor->reader.bytes;
        take_frames(processor);
        engine_do_what_is_due(&processor->engine);
    }
}

/* Why the input or the output failed. */
static int log_failure(struct processor *processor)
{
    if (!engine_log_output(&processor->engine)) {
        return CANNOT_RUN;
    }
    if (processor->reader.error) {
        log_line(&processor->engine.log, clock_monotonic_ns(), LOG_ERROR, "cannot read the input: %s",
                 strerror(processor->reader.error));
        return CANNOT_RUN;
    }
    return DONE;
}

static int run(struct processor *processor)
{
    if (!processor->engine.quiet) {
        log_start(processor);
    }
    run_until_end(processor);
    engine_finish(&processor->engine);
    int code = log_failure(processor);
    engine_log_end(&processor->engine);
    return code;
}

/* ---- setting up ---- */

/* Takes what the loop needs. NULL, or what could not be had. A person who looks at a capture
 * means the SIGINT. */
static const char *prepare(struct processor *processor)
{
    const struct settings *settings = &processor->settings;
    struct stat source;
    processor->engine.input_is_file = fstat(processor->source_fd, &source) == 0 && S_ISREG(source.st_mode);
    processor->engine.stop.signal_fd = process_watch_signals(settings->capture_file != NULL);
    if (processor->engine.stop.signal_fd < 0) {
        return "cannot watch for signals";
    }
    if (!reader_init(&processor->reader, processor->source_fd,
                     settings->capture_file ? LP_FRAME_LINES : LP_FRAME_LINE_PROTOCOL, settings->max_line) ||
        (settings->capture_file && !arena_init(&processor->arena, CAPTURE_READ_ARENA_BYTES(settings->max_line)))) {
        return "no memory for the buffers";
    }
    return engine_prepare(&processor->engine);
}

/* Under Telegraf it must not end of its own configuration: what is handed to a plugin that has ended is lost. */
static int hold_or_end(struct processor *processor, const char *problem)
{
    char text[ERR_TEXT_BYTES];
    snprintf(text, sizeof text, "%s: %s", problem, strerror(errno));
    if (!processor->settings.capture_file && hold_is_plugin()) {
        return hold_out(processor_program.name, text, HOLD_INTERVAL_NS);
    }
    log_line(&processor->engine.log, clock_monotonic_ns(), LOG_ERROR, "%s", text);
    return CANNOT_RUN;
}

static int prepare_and_run(void *ctx)
{
    struct processor *processor = ctx;
    engine_begin(&processor->engine);
    const char *problem = prepare(processor);
    return problem ? hold_or_end(processor, problem) : run(processor);
}

/* ---- the command line ---- */

/* Where to read from: standard input, unless a file is named. -1 = *err says why not. */
static int open_source(const char *file, struct err *err)
{
    if (!file || strcmp(file, "-") == 0) {
        return STDIN_FILENO;
    }
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        err_set(err, 0, "--capture: %.160s: %s", file, strerror(errno));
    }
    return fd;
}

static bool parse(void *ctx, int argc, char *const argv[], struct options_result *result, struct err *err)
{
    struct processor *processor = ctx;
    const struct settings *settings = &processor->settings;
    if (!processor_options_parse(argc, argv, &processor->settings, result, err)) {
        return false;
    }
    bool asked_for = options_given(&processor_program, result, "report-interval");
    processor->engine.reports = settings->report_interval_ns > 0 && (!settings->capture_file || asked_for);
    return true;
}

/* The mapping, and what to read. */
static bool load(void *ctx, enum program_action action, struct err *err)
{
    struct processor *processor = ctx;
    (void)action;
    if (!engine_load(&processor->engine, &processor->settings, err)) {
        return false;
    }
    processor->source_fd = open_source(processor->settings.capture_file, err);
    return processor->source_fd >= 0;
}

/* The same for a fault that flags or the mapping have. Whoever gives one of these flags waits for the
 * end. */
static int refuse(int argc, char *const argv[], const char *problem)
{
    static const char *const ends[] = {"check", "capture", "help", "version", "print-mapping"};
    bool may_end = !hold_is_plugin();
    for (size_t i = 0; i < COUNT(ends); i++) {
        may_end = may_end || options_named(argc, argv, ends[i]);
    }
    return may_end ? process_refuse(processor_program.name, problem)
                   : hold_out(processor_program.name, problem, HOLD_INTERVAL_NS);
}

static void print_check(void *ctx)
{
    const struct processor *processor = ctx;
    engine_print_check(&processor->engine, &processor_program, &processor->settings);
}

static bool print_mapping(void *ctx)
{
    const struct processor *processor = ctx;
    return engine_print_mapping(&processor->engine);
}

int main(int argc, char *argv[])
{
    static const struct program_callbacks callbacks = {.parse = parse,
                                                       .load = load,
                                                       .print_check = print_check,
                                                       .print_mapping = print_mapping,
                                                       .run = prepare_and_run,
                                                       .refuse = refuse};
    struct processor processor = {.source_fd = -1, .engine.stop.signal_fd = -1};
    int code = actions_main(&processor_program, &callbacks, &processor, argc, argv);
    reader_free(&processor.reader);
    arena_free(&processor.arena);
    engine_free(&processor.engine);
    if (processor.engine.stop.signal_fd >= 0) {
        close(processor.engine.stop.signal_fd);
    }
    if (processor.source_fd > STDIN_FILENO) {
        close(processor.source_fd);
    }
    return code;
}
