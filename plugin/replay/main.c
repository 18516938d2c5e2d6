/* vending-replay: capture files in, MQTT messages out. Simulator of a fleet, load generator, and the way to bring back what was recorded.
 *
 * capture lines -> source -> schedule (every message and its clones, by time) -> mqtt, never more in flight than was allowed.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/units.h"
#include "cli/help.h"
#include "cli/shared.h"
#include "core/mapping_file.h"
#include "io/clock.h"
#include "io/log.h"
#include "io/process.h"
#include "mqtt/client.h"
#include "mqtt/reason.h"
#include "replay/clock.h"
#include "replay/feed.h"
#include "replay/inflight.h"
#include "replay/message.h"
#include "replay/options.h"
#include "replay/show.h"
#include "replay/survey.h"

#define SESSION_EXPIRY_NS (600 * SECOND_NS)
#define STOP_PATIENCE_NS (5 * SECOND_NS)    /* for acknowledgements after a signal */
#define GOODBYE_PATIENCE_NS (2 * SECOND_NS) /* for the connection to close */
#define DRAW_NS (SECOND_NS / 5)
#define RATE_NS SECOND_NS
#define TRUSTED_AGE_NS (INT64_C(7) * 86400 * SECOND_NS) /* the processor's --max-age */
#define CLIENT_ID_BYTES 64
#define TURNS 64 /* in a row before other things get a look */
#define USUAL_COLUMNS 80
#define TOPIC_SHOWN_BYTES 200 /* in a log line */

struct replay {
    struct replay_settings settings;
    char client_id[CLIENT_ID_BYTES];
    struct log log;
    int signal_fd;
    struct mapping *mapping;
    struct replay_fleet *fleet;
    struct replay_message_rules rules;
    struct capture_source *source;
    struct replay_survey survey;
    struct replay_feed *feed;
    struct mqtt_client *mqtt;
    struct replay_inflight inflight;
    struct buf topic, payload; /* of the message that is being published */

    bool is_surveyed; /* bad lines were told and counted */
    uint64_t bad_lines;

    /* publishing */
    struct replay_clock_pace pace;
    bool begun;
    int64_t wall_minus_monotonic_ns;
    int64_t now_ns; /* monotonic */
    int64_t begin_ns;
    int64_t connected_ns; /* when there was a connection last */
    int64_t stop_ns;      /* of the signal, 0 = none */
    bool stop_now;        /* a second one */
    bool gave_up;

    /* showing */
    bool shows;
    bool shown; /* the line stands there now */
    int64_t draw_ns;
    int64_t rate_since_ns;
    uint64_t rate_since;
    double rate;
};

/* ---- standard error: log lines, and on a terminal one line that is drawn over and over ---- */

static void erase(struct replay *replay)
{
    if (replay->shown) {
        fputs("\r\033[K", stderr);
        replay->shown = false;
    }
}

static void tell(struct replay *replay, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(struct replay *replay, enum log_level level, const char *format, ...)
{
    char line[LOG_LINE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    erase(replay);
    log_line(&replay->log, clock_monotonic_ns(), level, "%s", line);
}

static struct replay_show_progress progress_of(const struct replay *replay)
{
    return (struct replay_show_progress){
        .published = replay->inflight.published,
        .acknowledged = replay->inflight.acknowledged,
        .failed = replay->inflight.failed,
        .bad_lines = replay->bad_lines,
        .elapsed_ns = replay->begun ? replay->now_ns - replay->begin_ns : 0,
        .fraction = replay_feed_fraction(replay->feed),
        .rate = replay->rate,
    };
}

static size_t terminal_columns(void)
{
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col - 1U : USUAL_COLUMNS - 1U; /* the last column would wrap */
}

static void measure_rate(struct replay *replay)
{
    int64_t time_ns = replay->now_ns - replay->rate_since_ns;
    if (time_ns >= RATE_NS) {
        uint64_t count = replay->inflight.acknowledged - replay->rate_since;
        replay->rate = (double)count * (double)SECOND_NS / (double)time_ns;
        replay->rate_since = replay->inflight.acknowledged;
        replay->rate_since_ns = replay->now_ns;
    }
}

static void draw_if_due(struct replay *replay)
{
    if (!replay->shows || replay->now_ns < replay->draw_ns) {
        return;
    }
    char line[REPLAY_SHOW_LINE_BYTES];
    measure_rate(replay);
    struct replay_show_progress progress = progress_of(replay);
    replay_show_line(&progress, terminal_columns(), line);
    fprintf(stderr, "\r\033[K%s", line);
    fflush(stderr);
    replay->shown = true;
    replay->draw_ns = replay->now_ns + DRAW_NS;
}

/* ---- publishing ---- */

static int64_t wall_ns(const struct replay *replay)
{
    return replay->now_ns + replay->wall_minus_monotonic_ns;
}

static void tell_not_published(struct replay *replay, const struct err *err)
{
    int shown = (int)(replay->topic.len < TOPIC_SHOWN_BYTES ? replay->topic.len : TOPIC_SHOWN_BYTES);
    tell(replay, LOG_WARNING, "cannot publish to %.*s: %s", shown, replay->topic.ptr, err->text);
}

/* false = the connection is gone: later. */
static bool publish(struct replay *replay, const struct replay_feed_item *next)
{
    const struct replay_message *message = next->message;
    struct properties properties;
    struct err err;
    int mid = 0;
    err_clear(&err);
    buf_truncate(&replay->topic, 0);
    buf_truncate(&replay->payload, 0);
    replay_message_render(&replay->rules, message, next->copy, replay_clock_moment_ns(&replay->pace, next->offset_ns),
                          &replay->topic, &replay->payload);
    replay_message_properties(message, &properties);
    if (replay->topic.failed || replay->payload.failed) {
        err_set(&err, 0, "no memory");
    } else if (mqtt_client_publish(replay->mqtt, buf_view(&replay->topic), buf_view(&replay->payload), message->qos,
                                   message->retain, &properties, &mid, &err)) {
        replay_inflight_add(&replay->inflight, mid, message->qos);
        return true;
    } else if (!mqtt_client_is_connected(replay->mqtt)) {
        return false;
    }
    replay_inflight_failed(&replay->inflight);
    tell_not_published(replay, &err);
    return true;
}

static bool has_room(const struct replay *replay)
{
    return replay->begun && !replay->stop_ns && mqtt_client_is_connected(replay->mqtt) &&
           replay_inflight_count(&replay->inflight) < replay->settings.in_flight;
}

/* Publishes what is due, as far as there is room. Returns when (monotonic) to come again though nothing happens. */
static int64_t publish_due(struct replay *replay)
{
    struct replay_feed_item next;
    while (has_room(replay) && replay_feed_next(replay->feed, &next) == REPLAY_FEED_MESSAGE) {
        int64_t due_ns = replay_clock_due_ns(&replay->pace, next.offset_ns);
        if (due_ns > wall_ns(replay)) {
            return due_ns - replay->wall_minus_monotonic_ns;
        }
        if (!publish(replay, &next)) {
            break;
        }
        replay_feed_done(replay->feed);
    }
    return CLOCK_NEVER;
}

static bool all_is_done(struct replay *replay)
{
    struct replay_feed_item next;
    if (replay_inflight_count(&replay->inflight) > 0) {
        return false;
    }
    return replay->stop_ns || (replay->begun && replay_feed_next(replay->feed, &next) == REPLAY_FEED_END);
}

/* ---- what the connection tells ---- */

static void on_tell(void *ctx, enum log_level level, const char *line)
{
    tell(ctx, level, "%s", line);
}

/* How long everything takes at the captures' pace. */
static int64_t length_of_all(const struct replay *replay)
{
    int64_t last_clone_ns = replay->rules.fleet ? replay->settings.spread_ns : 0;
    return replay_clock_length(&replay->survey.timeline, replay->settings.rounds) + last_clone_ns;
}

/* Pace and times count from the first connection. */
static void begin(struct replay *replay)
{
    const struct replay_settings *settings = &replay->settings;
    struct replay_clock_pace *pace = &replay->pace;
    int64_t now_ns = clock_wall_ns();
    replay->begun = true;
    replay->begin_ns = clock_monotonic_ns();
    replay->rate_since_ns = replay->begin_ns;
    replay->now_ns = replay->begin_ns;
    replay->wall_minus_monotonic_ns = now_ns - replay->begin_ns;
    *pace = (struct replay_clock_pace){.speed = settings->speed, .begin_ns = now_ns, .shifts = settings->shift_time};
    pace->start_ns = settings->start_ns != OPTION_NO_OFFSET
                         ? now_ns + settings->start_ns
                         : replay_clock_start_for(settings->speed, now_ns, length_of_all(replay));
    if (settings->until_ns != OPTION_NO_OFFSET) {
        replay_feed_end_at(replay->feed, now_ns + settings->until_ns - pace->start_ns);
    }
    if (settings->shift_time && now_ns - pace->start_ns > TRUSTED_AGE_NS) {
        tell(replay, LOG_WARNING,
             "times begin %" PRId64 " days ago: by default the processor does not trust more than 7",
             (now_ns - pace->start_ns) / (86400 * SECOND_NS));
    }
}

static void on_connected(void *ctx, bool session_present)
{
    struct replay *replay = ctx;
    (void)session_present;
    if (!replay->begun) {
        begin(replay);
    }
}

static void on_lost(void *ctx)
{
    struct replay *replay = ctx;
    size_t lost = replay_inflight_lost(&replay->inflight);
    if (lost > 0) {
        tell(replay, LOG_WARNING, "%zu messages of QoS 0 were lost with the connection", lost);
    }
}

static void on_published(void *ctx, int mid, int reason)
{
    struct replay *replay = ctx;
    replay_inflight_done(&replay->inflight, mid, reason >= MQTT_REASON_REFUSED);
    if (reason >= MQTT_REASON_REFUSED) {
        struct mqtt_reason words = mqtt_reason_of_code(reason);
        tell(replay, LOG_WARNING, "the broker refused a message: %s (%d)%s%s", words.words, reason,
             words.advice[0] ? ": " : "", words.advice);
    }
}

/* ---- the loop ---- */

static void take_signals(struct replay *replay)
{
    while (process_take_signal(replay->signal_fd)) {
        replay->stop_now = replay->stop_ns != 0;
        replay->stop_ns = replay->now_ns;
    }
}

/* Waits for something to happen, and lets the client deal with what concerns it. */
static void wait_and_turn(struct replay *replay, int64_t deadline_ns)
{
    /* Only when it would be read, or poll would return at once, again and again. */
    bool waits_for_input = has_room(replay) && replay_feed_waits(replay->feed);
    struct pollfd watched[] = {
        mqtt_client_poll(replay->mqtt, true),
        {.fd = replay->signal_fd, .events = POLLIN},
        {.fd = waits_for_input ? capture_source_fd(replay->source) : -1, .events = POLLIN},
    };
    deadline_ns = clock_earlier(deadline_ns, mqtt_client_deadline_ns(replay->mqtt, true));
    deadline_ns = replay->shows ? clock_earlier(deadline_ns, replay->draw_ns) : deadline_ns;
    if (poll(watched, COUNT(watched), clock_poll_timeout(deadline_ns, replay->now_ns)) < 0) {
        watched[0].revents = 0;
        watched[1].revents = 0;
    }
    replay->now_ns = clock_monotonic_ns();
    if (watched[1].revents) {
        take_signals(replay);
    }
    mqtt_client_turn(replay->mqtt, watched[0].revents, true, replay->now_ns);
}

/* The connection has to be there again within --give-up. */
static int64_t check_connection(struct replay *replay)
{
    int64_t give_up_ns = replay->settings.give_up_ns;
    if (mqtt_client_is_connected(replay->mqtt) || give_up_ns == 0) {
        replay->connected_ns = replay->now_ns;
        return CLOCK_NEVER;
    }
    if (replay->now_ns - replay->connected_ns >= give_up_ns) {
        replay->gave_up = true;
        tell(replay, LOG_ERROR, "no connection for %" PRId64 " s (--give-up)", give_up_ns / SECOND_NS);
    }
    return replay->connected_ns + give_up_ns;
}

static bool has_to_end(struct replay *replay)
{
    bool stop_is_over = replay->stop_ns && replay->now_ns - replay->stop_ns >= STOP_PATIENCE_NS;
    return replay->gave_up || replay->stop_now || stop_is_over || all_is_done(replay);
}

/* While acknowledgements keep coming, the socket is read again without asking whether it is readable. */
static int64_t publish_and_acknowledge(struct replay *replay)
{
    int64_t deadline_ns = publish_due(replay);
    for (int i = 0; i < TURNS && replay->begun && mqtt_client_is_connected(replay->mqtt); i++) {
        uint64_t before = replay->inflight.acknowledged;
        replay->now_ns = clock_monotonic_ns();
        mqtt_client_turn(replay->mqtt, POLLIN, true, replay->now_ns);
        if (replay->inflight.acknowledged == before) {
            break;
        }
        deadline_ns = publish_due(replay);
    }
    return deadline_ns;
}

static void say_goodbye(struct replay *replay)
{
    int64_t end_ns = replay->now_ns + GOODBYE_PATIENCE_NS;
    replay->shows = false;
    mqtt_client_disconnect(replay->mqtt);
    while (!mqtt_client_is_closed(replay->mqtt) && replay->now_ns < end_ns) {
        wait_and_turn(replay, end_ns);
    }
}

static void run_until_end(struct replay *replay)
{
    replay->now_ns = clock_monotonic_ns();
    replay->connected_ns = replay->now_ns;
    while (!has_to_end(replay)) {
        int64_t deadline_ns = publish_and_acknowledge(replay);
        deadline_ns = clock_earlier(deadline_ns, check_connection(replay));
        deadline_ns = replay->stop_ns ? replay->stop_ns + STOP_PATIENCE_NS : deadline_ns;
        if (!has_to_end(replay)) {
            wait_and_turn(replay, deadline_ns);
        }
        draw_if_due(replay);
        log_flush(&replay->log, replay->now_ns, false);
    }
}

static int finish(struct replay *replay)
{
    char line[REPLAY_SHOW_LINE_BYTES];
    struct replay_show_progress progress = progress_of(replay);
    say_goodbye(replay);
    if (replay_feed_error(replay->feed)[0]) {
        tell(replay, LOG_ERROR, "cannot read %s", replay_feed_error(replay->feed));
    }
    erase(replay);
    log_flush(&replay->log, replay->now_ns, true);
    replay_show_summary(&progress, line);
    puts(line);
    bool all = progress.acknowledged == progress.published && progress.failed == 0;
    bool is_whole = !replay_feed_error(replay->feed)[0] && !replay->gave_up;
    int printed = process_printed();
    return all && is_whole ? printed : CANNOT_RUN;
}

static int run(struct replay *replay)
{
    tell(replay, LOG_INFO, "vending-replay %s publishes %zu capture%s to %s", VENDING_VERSION,
         replay->settings.file_count, replay->settings.file_count == 1 ? "" : "s", replay->settings.mqtt.host);
    run_until_end(replay);
    return finish(replay);
}

/* ---- setting up ---- */

static void on_bad_line(void *ctx, const char *file, uint64_t line, const char *why)
{
    struct replay *replay = ctx;
    if (!replay->is_surveyed && !(replay->feed && replay_feed_is_repeating(replay->feed))) {
        replay->bad_lines++;
        tell(replay, LOG_WARNING, "%.160s:%" PRIu64 ": not a message, passed over: %s", file, line, why);
    }
}

static bool set_up_fleet(struct replay *replay, struct err *err)
{
    size_t devices = replay->settings.devices;
    if (devices == 0) {
        return true;
    }
    if (!replay_fleet_set_size(replay->fleet, devices, err)) {
        return false;
    }
    replay->rules.fleet = replay->fleet;
    return true;
}

/* Mapping, captures and what is to be known of them beforehand. */
static bool load(struct replay *replay, bool must_survey, struct err *err)
{
    struct replay_settings *settings = &replay->settings;
    replay->mapping = mapping_new();
    replay->fleet = replay_fleet_new();
    if (!replay->mapping || !replay->fleet) {
        err_set(err, 0, "no memory for the mapping");
        return false;
    }
    replay->rules = (struct replay_message_rules){.mapping = replay->mapping,
                                                  .topic_prefix = span_of(settings->topic_prefix),
                                                  .shifts = settings->shift_time,
                                                  .min_qos = (int)settings->min_qos};
    replay->survey.timeline.max_gap_ns = settings->max_gap_ns;
    if (settings->mapping_file && !mapping_overlay(replay->mapping, settings->mapping_file, err)) {
        return false;
    }
    replay->source =
        capture_source_new(settings->files, settings->file_count, settings->max_line, on_bad_line, replay, err);
    if (!replay->source || !must_survey) {
        return replay->source != NULL;
    }
    replay->is_surveyed =
        replay_survey_read(&replay->survey, replay->source, replay->rules.topic_prefix, replay->fleet, err);
    return replay->is_surveyed && set_up_fleet(replay, err);
}

/* A name that nobody else has, unless the user gave one. */
static bool set_client_id(struct replay *replay)
{
    uint64_t digits;
    struct mqtt_settings *mqtt = &replay->settings.mqtt;
    if (mqtt->client_id[0]) {
        return true;
    }
    if (getrandom(&digits, sizeof digits, 0) != (ssize_t)sizeof digits) {
        return false;
    }
    snprintf(replay->client_id, sizeof replay->client_id, "vending-replay-%016" PRIx64, digits);
    mqtt->client_id = replay->client_id;
    return true;
}

static bool prepare(struct replay *replay, struct err *err)
{
    struct mqtt_settings *mqtt = &replay->settings.mqtt;
    const struct mqtt_client_callbacks callbacks = {
        .ctx = replay, .log = on_tell, .connected = on_connected, .lost = on_lost, .published = on_published};
    size_t max_line = replay->settings.max_line;
    size_t copies = replay->rules.fleet ? replay_fleet_max_copies(replay->fleet) : 1;
    const struct replay_feed_settings feed = {
        .rounds = replay->settings.rounds,
        .max_gap_ns = replay->settings.max_gap_ns,
        .step_ns = copies > 0 ? replay->settings.spread_ns / (int64_t)copies : 0,
        .max_line = max_line,
    };
    mqtt->session_expiry_ns = SESSION_EXPIRY_NS;
    mqtt->send_maximum = replay->settings.in_flight;
    replay_inflight_init(&replay->inflight);
    buf_init(&replay->topic, max_line + DEVICE_NO_MAX_BYTES);
    buf_init(&replay->payload, 2 * max_line + 1024);
    replay->feed = replay_feed_new(replay->source, &replay->rules, &feed);
    replay->signal_fd = process_watch_signals(true);
    if (!replay->feed || replay->signal_fd < 0 || !set_client_id(replay)) {
        err_set(err, 0, "cannot set up: %s", strerror(errno));
        return false;
    }
    replay->mqtt = mqtt_client_new(mqtt, &callbacks, err);
    replay->shows = isatty(STDERR_FILENO);
    return replay->mqtt != NULL;
}

static int prepare_and_run(struct replay *replay)
{
    struct err err;
    err_clear(&err);
    int code = prepare(replay, &err) ? run(replay) : process_refuse(replay_options_program.name, err.text);
    mqtt_client_free(replay->mqtt);
    replay_feed_free(replay->feed);
    buf_free(&replay->topic);
    buf_free(&replay->payload);
    if (replay->signal_fd >= 0) {
        close(replay->signal_fd);
    }
    return code;
}

/* ---- the command line ---- */

static int print_check(const struct replay *replay)
{
    printf("configuration is valid: %" PRIu64 " messages of %zu machines in %.1f s, %" PRIu64 " broken lines; ",
           replay->survey.messages, replay_fleet_count(replay->fleet),
           (double)replay->survey.timeline.offset_ns / (double)SECOND_NS, replay->bad_lines);
    options_print_settings(&replay_options_program, &replay->settings, stdout);
    putchar('\n');
    return process_printed();
}

static int act(struct replay *replay, enum program_action action)
{
    struct err err;
    err_clear(&err);
    switch (action) {
    case ACTION_HELP:
        help_print(&replay_options_program, stdout);
        return process_printed();
    case ACTION_VERSION:
        printf("%s %s\n", replay_options_program.name, replay_options_program.version);
        return process_printed();
    case ACTION_RUN:
    case ACTION_CHECK:
    case ACTION_PRINT_MAPPING:
        break;
    }
    log_init(&replay->log, STDERR_FILENO, replay->settings.log_rate);
    if (!load(replay, action == ACTION_CHECK || replay_options_needs_survey(&replay->settings), &err)) {
        return process_refuse(replay_options_program.name, err.text);
    }
    return action == ACTION_CHECK ? print_check(replay) : prepare_and_run(replay);
}

int main(int argc, char *argv[])
{
    static struct replay replay = {.signal_fd = -1}; /* static for its size alone */
    struct err err;
    int action;
    process_begin();
    err_clear(&err);
    int code = replay_options_parse(argc, argv, &replay.settings, &action, &err)
                   ? act(&replay, (enum program_action)action)
                   : process_refuse(replay_options_program.name, err.text);
    capture_source_free(replay.source);
    mapping_free(replay.mapping);
    replay_fleet_free(replay.fleet);
    return code;
}
