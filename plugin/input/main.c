/* vending-input: messages from an MQTT 5 broker in, line protocol on standard output, log lines on
 * standard error. Started by Telegraf's inputs.execd. It reads messages only when standard output
 * has taken what those before gave: the broker holds the rest. It acknowledges them only when
 * Telegraf has taken their rows out of the pipe, which it closes when we end: the broker sends again
 * what a kill has cut short.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "capture/recorder.h"
#include "capture/write.h"
#include "cli/actions.h"
#include "input/options.h"
#include "io/clock.h"
#include "io/process.h"
#include "mqtt/client.h"
#include "run/engine.h"

#define FILTER_BYTES 512
#define CLIENT_ID_BYTES (ENGINE_HOST_BYTES + 64)
#define DRAIN_NS SECOND_NS           /* after the request to end: for what lies in the socket */
#define DISCONNECT_WAIT_NS SECOND_NS /* ... and for the broker to take our DISCONNECT */
#define OUTPUT_LIMIT_NS (STOP_LIMIT_NS - DISCONNECT_WAIT_NS)
#define TAKEN_LOOKS 10             /* for rows to be taken, before other things are looked after */
#define TAKEN_LOOK_NS (50 * US_NS) /* between two of them */
#define TAKEN_LIMIT_NS SECOND_NS   /* for that long more may be read */
#define TAKEN_WAIT_NS (50 * MS_NS) /* the longest until the next look */
#define STDIN_CHUNK_BYTES 4096
#define STDIN_LOOKS 16                       /* at its beginning, for an end that is there already */
#define ROW_BYTES 512                        /* of a row, beside what it has of the payload, mostly */
#define LONG_LINE_BYTES ((size_t)256 * 1024) /* memory for a longer recorded one is given back */

struct subscriber {
    struct input_settings settings;
    struct engine engine;
    struct mqtt_client *mqtt;
    struct capture_recorder recorder;
    struct buf line;       /* of one message */
    bool is_interactive;   /* a person looks on: SIGINT is meant for us */
    bool watches_stdin;    /* its end asks us to end */
    int64_t untaken_ns;    /* since when there are rows that are not known to be taken (monotonic); 0 = none */
    uint64_t cut_messages; /* with more properties than are taken, */
    uint64_t dropped_properties;
    char client_id[CLIENT_ID_BYTES];
    char filters[MESSAGE_KINDS][FILTER_BYTES];
};

/* ---- what the MQTT client calls ---- */

static void on_log(void *ctx, enum log_level level, const char *line)
{
    struct subscriber *subscriber = ctx;
    log_line(&subscriber->engine.log, clock_monotonic_ns(), level, "%s", line);
}

static void log_change(struct subscriber *subscriber, enum capture_recorder_change change)
{
    const struct capture_recorder *recorder = &subscriber->recorder;
    switch (change) {
    case RECORDER_AS_BEFORE:
        break;
    case RECORDER_FAILED:
        log_line(&subscriber->engine.log, clock_monotonic_ns(), LOG_ERROR,
                 "cannot record to %s: %s; messages are not recorded until that is mended, rows are not concerned",
                 recorder->settings.file, capture_recorder_strerror(recorder->error));
        break;
    case RECORDER_RECOVERED:
        log_line(&subscriber->engine.log, clock_monotonic_ns(), LOG_INFO,
                 "recording to %s again; %" PRIu64 " messages were left out since the start", recorder->settings.file,
                 recorder->lost);
        break;
    }
}

static void record_message(struct subscriber *subscriber, const struct mqtt_message *message, int64_t arrival_ns)
{
    const struct capture_message captured = {.time_ns = arrival_ns,
                                             .topic = message->topic,
                                             .payload = message->payload,
                                             .qos = message->qos,
                                             .retain = message->retain,
                                             .properties = message->properties};
    buf_truncate(&subscriber->line, 0);
    capture_write_line(&subscriber->line, &captured, message->mid);
    if (subscriber->line.failed) {
        subscriber->recorder.lost++;
    } else {
        log_change(subscriber, capture_recorder_put(&subscriber->recorder, buf_view(&subscriber->line), arrival_ns));
    }
    if (subscriber->line.cap > LONG_LINE_BYTES) {
        buf_free(&subscriber->line);
    }
}

/* Rows go out together as long as a pipe takes them whole (PIPE_BUF): a kill leaves no half row
 * behind, which a reader could take for one. */
static void make_room(struct subscriber *subscriber, const struct mqtt_message *message)
{
    struct output *output = &subscriber->engine.output;
    if (output->bytes.len + ROW_BYTES + 2 * message->payload.len > PIPE_BUF) {
        output_flush(output);
    }
}

/* The pipeline and a recording have the others. Each machine may do so in each message: said once,
 * and counted. */
static void log_dropped(struct subscriber *subscriber, const struct mqtt_message *message)
{
    if (message->properties.dropped == 0) {
        return;
    }
    if (subscriber->cut_messages++ == 0) {
        log_line(
            &subscriber->engine.log, clock_monotonic_ns(), LOG_WARNING,
            "a message on %.*s has %zu MQTT properties: the first %d are taken, the others left out; such messages "
            "are counted from now on",
            (int)message->topic.len, message->topic.ptr, message->properties.count + message->properties.dropped,
            PROPERTIES_MAX);
    }
    subscriber->dropped_properties += message->properties.dropped;
}

static void log_all_dropped(struct subscriber *subscriber)
{
    if (subscriber->cut_messages > 0) {
        log_line(&subscriber->engine.log, clock_monotonic_ns(), LOG_WARNING,
                 "%" PRIu64 " messages had more than %d MQTT properties: %" PRIu64 " were left out",
                 subscriber->cut_messages, PROPERTIES_MAX, subscriber->dropped_properties);
    }
}

static bool on_message(void *ctx, const struct mqtt_message *message)
{
    struct subscriber *subscriber = ctx;
    struct engine *engine = &subscriber->engine;
    int64_t now_ns = clock_wall_ns();
    /* As a recording can hold it, so that it gives the same rows. */
    int64_t arrival_ns = now_ns - now_ns % CAPTURE_TIME_STEP_NS;
    make_room(subscriber, message);
    engine_begin_work(engine);
    engine->bytes_in += message->topic.len + message->payload.len;
    engine->input_ns = engine->work_start_ns;
    subscriber->untaken_ns = subscriber->untaken_ns ? subscriber->untaken_ns : engine->work_start_ns;
    if (subscriber->settings.recorder.file) {
        record_message(subscriber, message, arrival_ns);
    }
    /* As it was published it would not tell a status that comes now from one that was kept: then all count as news. */
    bool was_stored = message->retain && !subscriber->settings.mqtt.retain_as_published;
    const struct pipeline_input input = {message->topic, message->payload, &message->properties, was_stored,
                                         arrival_ns};
    pipeline_message(engine->pipeline, &input);
    engine_end_work(engine);
    log_dropped(subscriber, message);
    return engine->output.bytes.len < PIPE_BUF && !engine->output.writer.error;
}

/* ---- waiting ---- */

static bool output_has_failed(const struct subscriber *subscriber)
{
    return subscriber->engine.output.writer.error != 0;
}

static void take_output_events(struct subscriber *subscriber, short revents)
{
    if ((revents & (POLLERR | POLLHUP)) && !output_has_failed(subscriber)) {
        subscriber->engine.output.writer.error = EPIPE;
    }
}

/* Takes a row without waiting? Also finds out that nobody reads any more. */
static bool output_is_ready(struct subscriber *subscriber)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (poll(&output, 1, 0) <= 0) {
        return false;
    }
    take_output_events(subscriber, output.revents);
    return (output.revents & POLLOUT) && !output_has_failed(subscriber);
}

/* What Telegraf's signal = "STDIN" writes has no meaning here; the end of it has. true = it has
 * ended. */
static bool read_stdin(void)
{
    char ignored[STDIN_CHUNK_BYTES];
    ssize_t n = read(STDIN_FILENO, ignored, sizeof ignored);
    return n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
}

static bool is_readable(int fd)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    return poll(&watched, 1, 0) > 0;
}

/* Telegraf ends us by closing the pipe that is our standard input. What is no pipe (/dev/null under
 * cron and systemd, a file, a terminal), or has ended before we began, tells us nothing. */
static const char *why_stdin_tells_nothing(void)
{
    struct stat about;
    if (fstat(STDIN_FILENO, &about) != 0 || !(S_ISFIFO(about.st_mode) || S_ISSOCK(about.st_mode))) {
        return "is no pipe";
    }
    for (int reads = 0; reads < STDIN_LOOKS && is_readable(STDIN_FILENO); reads++) {
        if (read_stdin()) {
            return "has ended already";
        }
    }
    return NULL;
}

static void look_at_stdin(struct subscriber *subscriber)
{
    const char *why = why_stdin_tells_nothing();
    subscriber->watches_stdin = !why;
    if (why) {
        log_line(&subscriber->engine.log, clock_monotonic_ns(), LOG_INFO,
                 "standard input %s: nothing but SIGTERM%s ends this program", why,
                 subscriber->is_interactive ? " or Ctrl-C" : "");
    }
}

static void take_stdin(struct subscriber *subscriber)
{
    if (read_stdin()) {
        subscriber->watches_stdin = false;
        log_line(&subscriber->engine.log, clock_monotonic_ns(), LOG_INFO, "standard input has ended: so do we");
        stop_ask(&subscriber->engine.stop);
    }
}

enum watched { WATCH_STDIN, WATCH_SIGNAL, WATCH_OUTPUT, WATCH_MQTT, WATCHED };

/* Waits until something is to be done, but not beyond the deadline; returns what happened to the
 * MQTT socket. */
static short wait_for_something(struct subscriber *subscriber, bool may_read, int64_t deadline_ns)
{
    bool needs_room = subscriber->engine.output.bytes.len > 0 || (!may_read && !subscriber->untaken_ns);
    struct pollfd watched[WATCHED] = {
        [WATCH_STDIN] = {.fd = subscriber->watches_stdin ? STDIN_FILENO : -1, .events = POLLIN},
        [WATCH_SIGNAL] = {.fd = subscriber->engine.stop.signal_fd, .events = POLLIN},
        /* Ready it would wake us again and again; that nobody reads any more is reported without
         * asking. */
        [WATCH_OUTPUT] = {.fd = STDOUT_FILENO, .events = needs_room ? POLLOUT : 0},
        [WATCH_MQTT] = mqtt_client_poll(subscriber->mqtt, may_read),
    };
    if (poll(watched, WATCHED, clock_poll_timeout(deadline_ns, clock_monotonic_ns())) <= 0) {
        return 0;
    }
    if (watched[WATCH_STDIN].revents) {
        take_stdin(subscriber);
    }
    if (watched[WATCH_SIGNAL].revents) {
        (void)stop_look(&subscriber->engine.stop);
    }
    take_output_events(subscriber, watched[WATCH_OUTPUT].revents);
    return watched[WATCH_MQTT].revents;
}

/* ---- the loop ---- */

static void flush_recording(struct subscriber *subscriber)
{
    if (subscriber->settings.recorder.file) {
        log_change(subscriber, capture_recorder_flush(&subscriber->recorder, clock_wall_ns()));
    }
}

/* Rows that Telegraf has taken out of the pipe are safe; those that people look at when they are
 * written. Nothing tells that a pipe has become empty, so it is looked at, a few times at once:
 * the broker sends no more than its window until we have acknowledged. */
static bool are_rows_taken(const struct subscriber *subscriber)
{
    const struct output *output = &subscriber->engine.output;
    const struct timespec pause = {.tv_nsec = TAKEN_LOOK_NS};
    if (output->bytes.len > 0 || output_has_failed(subscriber)) {
        return false;
    }
    if (subscriber->settings.rows.format != FORMAT_INFLUX) {
        return true;
    }
    for (int looks = 1; writer_unread(&output->writer) > 0; looks++) {
        if (looks == TAKEN_LOOKS) {
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return true;
}

static void acknowledge(struct subscriber *subscriber)
{
    if (subscriber->untaken_ns && are_rows_taken(subscriber)) {
        subscriber->untaken_ns = 0;
        mqtt_client_acknowledge(subscriber->mqtt);
    }
}

/* When to look again whether rows have been taken: the longer they were not, the later. */
static int64_t taken_deadline_ns(const struct subscriber *subscriber)
{
    int64_t now_ns = clock_monotonic_ns();
    int64_t wait_ns = (now_ns - subscriber->untaken_ns) / 4 + MS_NS;
    return subscriber->untaken_ns ? now_ns + clock_earlier(wait_ns, TAKEN_WAIT_NS) : CLOCK_NEVER;
}

/* While rows wait for long nothing more is read: so there comes a moment at which all are taken. */
static bool may_read_now(struct subscriber *subscriber)
{
    bool waits_long = subscriber->untaken_ns && clock_monotonic_ns() - subscriber->untaken_ns > TAKEN_LIMIT_NS;
    return subscriber->engine.output.bytes.len == 0 && !waits_long && output_is_ready(subscriber);
}

/* Reads what messages there are, as long as standard output takes their rows, and acknowledges
 * those that are safe. false = there were none. */
static bool turn(struct subscriber *subscriber, int64_t deadline_ns)
{
    struct output *output = &subscriber->engine.output;
    bool may_read = may_read_now(subscriber);
    int64_t due_ns = clock_earlier(mqtt_client_deadline_ns(subscriber->mqtt, may_read),
                                   may_read ? engine_deadline_ns(&subscriber->engine) : CLOCK_NEVER);
    due_ns = clock_earlier(due_ns, taken_deadline_ns(subscriber));
    short happened = wait_for_something(subscriber, may_read, clock_earlier(deadline_ns, due_ns));
    mqtt_client_turn(subscriber->mqtt, happened, may_read, clock_monotonic_ns());
    if (may_read) {
        engine_do_what_is_due(&subscriber->engine);
    } else {
        output_flush(output);
    }
    acknowledge(subscriber);
    return happened & POLLIN;
}

static void run_until_end(struct subscriber *subscriber)
{
    while (!subscriber->engine.stop.asked_ns && !output_has_failed(subscriber)) {
        if (!turn(subscriber, subscriber->recorder.line_count > 0 ? clock_monotonic_ns() : CLOCK_NEVER)) {
            flush_recording(subscriber);
        }
    }
}

/* What lies in the socket was sent once: with QoS 0 it would be lost. */
static void drain(struct subscriber *subscriber)
{
    int64_t end_ns = clock_monotonic_ns() + DRAIN_NS;
    bool more = mqtt_client_is_connected(subscriber->mqtt);
    while (more && !output_has_failed(subscriber) && clock_monotonic_ns() < end_ns) {
        more = turn(subscriber, clock_monotonic_ns());
    }
}

static void disconnect(struct subscriber *subscriber)
{
    int64_t end_ns = clock_monotonic_ns() + DISCONNECT_WAIT_NS;
    acknowledge(subscriber);
    mqtt_client_disconnect(subscriber->mqtt);
    while (!mqtt_client_is_closed(subscriber->mqtt) && clock_monotonic_ns() < end_ns) {
        struct pollfd socket = mqtt_client_poll(subscriber->mqtt, false);
        int timeout_ms = clock_poll_timeout(end_ns, clock_monotonic_ns());
        mqtt_client_turn(subscriber->mqtt, poll(&socket, 1, timeout_ms) > 0 ? socket.revents : 0, false,
                         clock_monotonic_ns());
    }
}

static void log_start(struct subscriber *subscriber)
{
    const struct input_settings *settings = &subscriber->settings;
    log_line(&subscriber->engine.log, clock_monotonic_ns(), LOG_INFO,
             "%s %s reads from the broker at %s, mapping %s%s%s", input_program.name, input_program.version,
             settings->mqtt.host, settings->rows.mapping_file ? settings->rows.mapping_file : "built-in",
             settings->recorder.file ? ", recording to " : "", settings->recorder.file ? settings->recorder.file : "");
}

static void log_recording(struct subscriber *subscriber)
{
    if (subscriber->settings.recorder.file) {
        log_line(&subscriber->engine.log, clock_monotonic_ns(), LOG_INFO,
                 "end of recording: %" PRIu64 " messages written, %" PRIu64 " left out", subscriber->recorder.written,
                 subscriber->recorder.lost);
    }
}

/* The last rows and the last report, and the wait for their reader. What it does not take was not
 * acknowledged. */
static void finish_output(struct subscriber *subscriber)
{
    struct engine *engine = &subscriber->engine;
    stop_ask(&engine->stop); /* if standard output has failed nobody has asked yet */
    engine->output.never_waits = false;
    engine_finish(engine);
}

/* Nobody reads, and the broker has what would be lost otherwise. */
static void log_what_comes_again(struct subscriber *subscriber)
{
    if (subscriber->settings.qos == INPUT_QOS_1) {
        log_line(&subscriber->engine.log, clock_monotonic_ns(), LOG_INFO,
                 "the broker sends messages with QoS 1 whose rows were not taken again");
    }
}

static int run(struct subscriber *subscriber)
{
    log_start(subscriber);
    look_at_stdin(subscriber);
    run_until_end(subscriber);
    drain(subscriber);
    finish_output(subscriber);
    disconnect(subscriber);
    capture_recorder_close(&subscriber->recorder, clock_wall_ns());
    bool is_done = engine_log_output(&subscriber->engine);
    if (!is_done) {
        log_what_comes_again(subscriber);
    }
    log_recording(subscriber);
    log_all_dropped(subscriber);
    engine_log_end(&subscriber->engine);
    return is_done ? DONE : CANNOT_RUN;
}

/* ---- setting up ---- */

/* Retained messages, which a status is, are not sent to a shared subscription. */
static void make_filter(struct subscriber *subscriber, enum message_kind kind)
{
    const struct input_settings *settings = &subscriber->settings;
    bool shared = settings->share[0] && kind != MESSAGE_STATUS;
    snprintf(subscriber->filters[kind], FILTER_BYTES, "%s%s%s%s/+/%s", shared ? "$share/" : "",
             shared ? settings->share : "", shared ? "/" : "", settings->rows.topic_prefix, message_kind_name(kind));
}

static bool make_client(struct subscriber *subscriber, struct err *err)
{
    struct input_settings *settings = &subscriber->settings;
    /* A recording has the flag as it was published. Otherwise it says which messages were stored. */
    settings->mqtt.retain_as_published = settings->recorder.file != NULL;
    const struct mqtt_client_callbacks callbacks = {.ctx = subscriber, .log = on_log, .message = on_message};
    if (!settings->mqtt.client_id[0]) {
        snprintf(subscriber->client_id, sizeof subscriber->client_id, "vending-input-%s", settings->rows.instance);
        settings->mqtt.client_id = subscriber->client_id;
    }
    subscriber->mqtt = mqtt_client_new(&settings->mqtt, &callbacks, err);
    if (!subscriber->mqtt) {
        return false;
    }
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        make_filter(subscriber, (enum message_kind)kind);
        if (!mqtt_client_subscribe(subscriber->mqtt, subscriber->filters[kind], settings->qos == INPUT_QOS_1 ? 1 : 0)) {
            err_set(err, 0, "no room for the subscription to %s", subscriber->filters[kind]);
            return false;
        }
    }
    return true;
}

/* A fault of the recording is no reason to lose rows: it is logged, and tried again. */
static void open_recording(struct subscriber *subscriber)
{
    const struct capture_recorder_settings *settings = &subscriber->settings.recorder;
    struct err err;
    err_clear(&err);
    buf_init(&subscriber->line, RECORDER_LINE_BYTES);
    if (settings->file && !capture_recorder_open(&subscriber->recorder, settings, clock_wall_ns(), &err)) {
        log_line(&subscriber->engine.log, clock_monotonic_ns(), LOG_ERROR,
                 "%s; messages are not recorded until that is mended, rows are not concerned", err.text);
    }
}

static int prepare_and_run(void *ctx)
{
    struct subscriber *subscriber = ctx;
    enum output_format format = subscriber->settings.rows.format;
    engine_begin(&subscriber->engine);
    subscriber->is_interactive = format != FORMAT_INFLUX || isatty(STDIN_FILENO);
    subscriber->engine.stop.limit_ns = OUTPUT_LIMIT_NS;
    subscriber->engine.stop.signal_fd = process_watch_signals(subscriber->is_interactive);
    const char *problem =
        subscriber->engine.stop.signal_fd < 0 ? "cannot watch for signals" : engine_prepare(&subscriber->engine);
    if (problem) {
        log_line(&subscriber->engine.log, clock_monotonic_ns(), LOG_ERROR, "%s: %s", problem, strerror(errno));
        return CANNOT_RUN;
    }
    subscriber->engine.output.never_waits = format != FORMAT_TABLE;
    open_recording(subscriber);
    return run(subscriber);
}

/* ---- the command line ---- */

static bool parse(void *ctx, int argc, char *const argv[], struct options_result *result, struct err *err)
{
    struct subscriber *subscriber = ctx;
    const struct settings *settings = &subscriber->settings.rows;
    if (!input_options_parse(argc, argv, &subscriber->settings, result, err)) {
        return false;
    }
    bool asked_for = options_given(&input_program, result, "report-interval");
    subscriber->engine.reports = settings->report_interval_ns > 0 && (settings->format == FORMAT_INFLUX || asked_for);
    return true;
}

/* The mapping, and a client with every file that it needs. */
static bool load(void *ctx, enum program_action action, struct err *err)
{
    struct subscriber *subscriber = ctx;
    (void)action;
    return engine_load(&subscriber->engine, &subscriber->settings.rows, err) && make_client(subscriber, err);
}

static void print_check(void *ctx)
{
    const struct subscriber *subscriber = ctx;
    engine_print_check(&subscriber->engine, &input_program, &subscriber->settings);
}

static bool print_mapping(void *ctx)
{
    const struct subscriber *subscriber = ctx;
    return engine_print_mapping(&subscriber->engine);
}

int main(int argc, char *argv[])
{
    static const struct program_callbacks callbacks = {.parse = parse,
                                                       .load = load,
                                                       .print_check = print_check,
                                                       .print_mapping = print_mapping,
                                                       .run = prepare_and_run};
    struct subscriber subscriber = {.engine.stop.signal_fd = -1, .recorder = {.fd = -1}};
    int code = actions_main(&input_program, &callbacks, &subscriber, argc, argv);
    mqtt_client_free(subscriber.mqtt);
    engine_free(&subscriber.engine);
    buf_free(&subscriber.line);
    if (subscriber.engine.stop.signal_fd >= 0) {
        close(subscriber.engine.stop.signal_fd);
    }
    return code;
}
