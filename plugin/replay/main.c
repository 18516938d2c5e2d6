/* vending-replay: capture files in, MQTT messages out. Simulator of a fleet, load generator, and
 * the way to bring back what was recorded.
 *
 * capture lines -> source -> feed (every message and its clones, by time) -> publisher -> client
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/units.h"
#include "capture/source.h"
#include "cli/actions.h"
#include "core/mapping_file.h"
#include "io/clock.h"
#include "io/process.h"
#include "mqtt/client.h"
#include "replay/ending.h"
#include "replay/feed.h"
#include "replay/options.h"
#include "replay/publisher.h"
#include "replay/show.h"
#include "replay/survey.h"

#define SESSION_EXPIRY_NS (10 * MINUTE_NS)
#define DISCONNECT_WAIT_NS (2 * SECOND_NS) /* for the connection to close */
#define CLIENT_ID_BYTES 64
#define TURNS 64 /* in a row before other things get a look */

struct replay {
    struct replay_options settings;
    char client_id[CLIENT_ID_BYTES];
    struct replay_show show;
    int signal_fd; /* -1 = none */
    struct mapping *mapping;
    struct replay_fleet *fleet;
    struct replay_message_rules rules;
    struct capture_source *source;
    struct replay_survey survey;
    struct replay_feed *feed;
    struct mqtt_client *client;
    struct replay_publisher publisher;
    bool is_surveyed; /* invalid lines were logged and counted */
    uint64_t invalid_lines;
    int64_t now_ns; /* monotonic */
    struct replay_ending ending;
};

static void set_now(struct replay *replay, int64_t now_ns)
{
    replay->now_ns = now_ns;
    replay->publisher.now_ns = now_ns;
}

static struct replay_show_progress progress_of(const struct replay *replay)
{
    const struct replay_publisher *publisher = &replay->publisher;
    return (struct replay_show_progress){
        .published = publisher->inflight.published,
        .acknowledged = publisher->inflight.acknowledged,
        .failed = publisher->inflight.failed,
        .invalid_lines = replay->invalid_lines,
        .unmoved_times = publisher->unmoved_times,
        .left_out_properties = publisher->left_out_properties,
        .elapsed_ns = publisher->has_begun ? replay->now_ns - publisher->begin_ns : 0,
        .fraction = replay_feed_fraction(replay->feed),
    };
}

/* ---- callbacks of the MQTT client ---- */

static void on_log(void *ctx, enum log_level level, const char *line)
{
    struct replay *replay = ctx;
    replay_show_log(&replay->show, level, "%s", line);
}

static void on_connected(void *ctx, bool session_present)
{
    struct replay *replay = ctx;
    (void)session_present;
    if (!replay->publisher.has_begun) {
        int64_t wall_ns = clock_wall_ns();
        set_now(replay, clock_monotonic_ns());
        replay_show_begin(&replay->show, replay->now_ns);
        replay_publisher_begin(&replay->publisher, wall_ns, replay->now_ns);
    }
}

static void on_lost(void *ctx)
{
    struct replay *replay = ctx;
    replay_publisher_lost(&replay->publisher);
}

static void on_published(void *ctx, int mid, int reason)
{
    struct replay *replay = ctx;
    replay_publisher_done(&replay->publisher, mid, reason);
}

/* ---- the loop ---- */

static void take_signals(struct replay *replay)
{
    while (process_take_signal(replay->signal_fd)) {
        replay_ending_signal(&replay->ending, replay->now_ns);
        replay->publisher.must_end = true;
    }
}

/* Waits for something to happen, and lets the client deal with what concerns it. */
static void wait_and_turn(struct replay *replay, int64_t deadline_ns)
{
    /* Only when it would be read, or poll would return at once, again and again. */
    bool waits_for_input = replay_publisher_has_room(&replay->publisher) && replay_feed_waits(replay->feed);
    struct pollfd watched[] = {
        mqtt_client_poll(replay->client, true),
        {.fd = replay->signal_fd, .events = POLLIN},
        {.fd = waits_for_input ? capture_source_fd(replay->source) : -1, .events = POLLIN},
    };
    deadline_ns = clock_earlier(deadline_ns, mqtt_client_deadline_ns(replay->client, true));
    deadline_ns = clock_earlier(deadline_ns, replay_show_deadline_ns(&replay->show));
    if (poll(watched, COUNT(watched), clock_poll_timeout(deadline_ns, replay->now_ns)) < 0) {
        watched[0].revents = 0;
        watched[1].revents = 0;
    }
    set_now(replay, clock_monotonic_ns());
    if (watched[1].revents) {
        take_signals(replay);
    }
    mqtt_client_turn(replay->client, watched[0].revents, true, replay->now_ns);
}

static bool has_to_end(struct replay *replay)
{
    return replay->ending.why != REPLAY_ENDING_NOT_YET || replay_publisher_is_done(&replay->publisher);
}

/* While acknowledgements keep coming, the socket is read again without asking whether it is
 * readable. */
static int64_t publish_and_acknowledge(struct replay *replay)
{
    struct replay_publisher *publisher = &replay->publisher;
    int64_t deadline_ns = replay_publisher_run(publisher);
    for (int i = 0; i < TURNS && publisher->has_begun && mqtt_client_is_connected(replay->client); i++) {
        uint64_t before = publisher->inflight.acknowledged;
        set_now(replay, clock_monotonic_ns());
        mqtt_client_turn(replay->client, POLLIN, true, replay->now_ns);
        if (publisher->inflight.acknowledged == before) {
            break;
        }
        deadline_ns = replay_publisher_run(publisher);
    }
    return deadline_ns;
}

static void run_until_end(struct replay *replay)
{
    set_now(replay, clock_monotonic_ns());
    replay_ending_init(&replay->ending, replay->settings.give_up_ns, replay->now_ns);
    while (!has_to_end(replay)) {
        int64_t deadline_ns = publish_and_acknowledge(replay);
        deadline_ns =
            clock_earlier(deadline_ns, replay_ending_check(&replay->ending, mqtt_client_is_connected(replay->client),
                                                           &replay->publisher.inflight, replay->now_ns));
        if (!has_to_end(replay)) {
            wait_and_turn(replay, deadline_ns);
        }
        replay_show_update(&replay->show, progress_of(replay), replay->now_ns);
    }
}

static void disconnect(struct replay *replay)
{
    int64_t end_ns = replay->now_ns + DISCONNECT_WAIT_NS;
    replay_show_stop(&replay->show);
    mqtt_client_disconnect(replay->client);
    while (!mqtt_client_is_closed(replay->client) && replay->now_ns < end_ns) {
        wait_and_turn(replay, end_ns);
    }
}

/* How far it came, and why no further; empty = everything is done. */
static void describe_ending(const struct replay *replay, char out[REPLAY_ENDING_LINE_BYTES])
{
    struct replay_feed_item next;
    bool is_all_published = replay_feed_next(replay->feed, &next) == REPLAY_FEED_END;
    out[0] = '\0';
    if (!replay_publisher_is_done(&replay->publisher)) {
        replay_ending_line(&replay->ending, &replay->publisher.inflight, is_all_published, out);
    }
}

static int finish(struct replay *replay)
{
    char ending[REPLAY_ENDING_LINE_BYTES];
    char line[REPLAY_SHOW_LINE_BYTES];
    const char *error = replay_feed_error(replay->feed);
    struct replay_show_progress progress = progress_of(replay);
    describe_ending(replay, ending);
    disconnect(replay);
    if (error[0]) {
        replay_show_log(&replay->show, LOG_ERROR, "cannot read %s", error);
    }
    replay_show_end(&replay->show, replay->now_ns);
    if (ending[0]) {
        replay_show_log(&replay->show, LOG_ERROR, "%s", ending);
    }
    replay_show_summary(&progress, line);
    puts(line);
    bool is_whole = progress.acknowledged == progress.published && progress.failed == 0 && !error[0] && !ending[0];
    int printed = process_printed();
    return is_whole ? printed : CANNOT_RUN;
}

/* ---- setting up ---- */

static void on_invalid_line(void *ctx, const char *file, uint64_t line, const char *why)
{
    struct replay *replay = ctx;
    if (!replay->is_surveyed && !(replay->feed && replay_feed_is_repeating(replay->feed))) {
        replay->invalid_lines++;
        replay_show_log(&replay->show, LOG_WARNING, "%.160s:%" PRIu64 ": not a message, passed over: %s", file, line,
                        why);
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

static struct replay_feed *make_feed(const struct replay *replay)
{
    const struct replay_options *settings = &replay->settings;
    size_t copies = replay->rules.fleet ? replay_fleet_max_copies(replay->fleet) : 1;
    const struct replay_feed_settings feed = {
        .rounds = settings->rounds,
        .max_gap_ns = settings->max_gap_ns,
        .step_ns = copies > 0 ? settings->spread_ns / (int64_t)copies : 0,
        .max_line = settings->max_line,
    };
    return replay_feed_new(replay->source, &replay->rules, &feed);
}

static void make_publisher(struct replay *replay)
{
    const struct replay_options *settings = &replay->settings;
    int64_t last_clone_ns = replay->rules.fleet ? settings->spread_ns : 0;
    replay->publisher = (struct replay_publisher){
        .options = settings,
        .rules = &replay->rules,
        .feed = replay->feed,
        .client = replay->client,
        .show = &replay->show,
        .length_ns = replay_clock_length(&replay->survey.timeline, settings->rounds) + last_clone_ns,
    };
    replay_publisher_init(&replay->publisher, settings->max_line);
}

static bool prepare(struct replay *replay, struct err *err)
{
    struct mqtt_settings *mqtt = &replay->settings.mqtt;
    const struct mqtt_client_callbacks callbacks = {
        .ctx = replay, .log = on_log, .connected = on_connected, .lost = on_lost, .published = on_published};
    mqtt->session_expiry_ns = SESSION_EXPIRY_NS;
    mqtt->send_maximum = replay->settings.in_flight;
    replay->feed = make_feed(replay);
    replay->signal_fd = process_watch_signals(true);
    if (!replay->feed || replay->signal_fd < 0 || !set_client_id(replay)) {
        err_set(err, 0, "cannot set up: %s", strerror(errno));
        return false;
    }
    replay->client = mqtt_client_new(mqtt, &callbacks, err);
    if (!replay->client) {
        return false;
    }
    make_publisher(replay);
    replay_show_start(&replay->show);
    return true;
}

static int run(void *ctx)
{
    struct replay *replay = ctx;
    struct err err;
    err_clear(&err);
    if (!prepare(replay, &err)) {
        return process_refuse(replay_options_program.name, err.text);
    }
    replay_show_log(&replay->show, LOG_INFO, "%s %s publishes %zu capture%s to %s", replay_options_program.name,
                    replay_options_program.version, replay->settings.file_count,
                    replay->settings.file_count == 1 ? "" : "s", replay->settings.mqtt.host);
    run_until_end(replay);
    return finish(replay);
}

/* ---- the command line ---- */

static bool parse(void *ctx, int argc, char *const argv[], struct options_result *result, struct err *err)
{
    struct replay *replay = ctx;
    return replay_options_parse(argc, argv, &replay->settings, result, err);
}

/* is_read_again: what can be read once only does not do. */
static bool open_captures(struct replay *replay, bool is_read_again, struct err *err)
{
    const struct replay_options *settings = &replay->settings;
    replay->source =
        capture_source_new(settings->files, settings->file_count, settings->max_line, on_invalid_line, replay, err);
    if (replay->source && is_read_again && capture_source_is_once(replay->source)) {
        err_set(err, 0,
                "a capture that is a pipe or a device can be read only once: --loop, --devices, and --shift-time "
                "with --speed above 1 and without --start, need files");
        return false;
    }
    return replay->source != NULL;
}

/* Mapping, captures and what is to be known of them beforehand. */
static bool load(void *ctx, enum program_action action, struct err *err)
{
    struct replay *replay = ctx;
    const struct replay_options *settings = &replay->settings;
    bool must_survey = action == ACTION_CHECK || replay_options_needs_survey(settings);
    replay_show_init(&replay->show, settings->log_rate);
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
    bool is_published = action != ACTION_CHECK;
    if (!open_captures(replay, is_published && (settings->rounds != 1 || must_survey), err)) {
        return false;
    }
    if (!must_survey) {
        return true;
    }
    replay->is_surveyed =
        replay_survey_read(&replay->survey, replay->source, replay->rules.topic_prefix, replay->fleet, err);
    return replay->is_surveyed && set_up_fleet(replay, err);
}

static void print_check(void *ctx)
{
    const struct replay *replay = ctx;
    printf("configuration is valid: %" PRIu64 " messages of %zu machines in %.1f s, %" PRIu64 " invalid lines; ",
           replay->survey.messages, replay_fleet_count(replay->fleet),
           (double)replay->survey.timeline.offset_ns / (double)SECOND_NS, replay->invalid_lines);
    options_print_settings(&replay_options_program, &replay->settings, stdout);
    putchar('\n');
}

int main(int argc, char *argv[])
{
    static const struct program_callbacks callbacks = {
        .parse = parse, .load = load, .print_check = print_check, .run = run};
    static struct replay replay = {.signal_fd = -1}; /* static for its size alone */
    int code = actions_main(&replay_options_program, &callbacks, &replay, argc, argv);
    mqtt_client_free(replay.client);
    replay_publisher_free(&replay.publisher);
    replay_feed_free(replay.feed);
    capture_source_free(replay.source);
    mapping_free(replay.mapping);
    replay_fleet_free(replay.fleet);
    if (replay.signal_fd >= 0) {
        close(replay.signal_fd);
    }
    return code;
}
