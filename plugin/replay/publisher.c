#include "replay/publisher.h"

#include <inttypes.h>

#include "base/macros.h"
#include "base/units.h"
#include "io/clock.h"
#include "mqtt/reason.h"

#define TRUSTED_AGE_DAYS 7    /* the processor's --max-age */
#define MAX_GROWTH 10         /* of a payload: a batch of "ts":0 that become times of today, with long names */
#define TOPIC_SHOWN_BYTES 200 /* in a log line */

void replay_publisher_init(struct replay_publisher *publisher, size_t max_line)
{
    replay_inflight_init(&publisher->inflight);
    buf_init(&publisher->topic, max_line + DEVICE_NO_MAX_BYTES);
    buf_init(&publisher->payload, MAX_GROWTH * max_line + 1024);
}

void replay_publisher_free(struct replay_publisher *publisher)
{
    buf_free(&publisher->topic);
    buf_free(&publisher->payload);
}

/* ---- the beginning ---- */

void replay_publisher_begin(struct replay_publisher *publisher, int64_t wall_ns, int64_t monotonic_ns)
{
    const struct replay_options *options = publisher->options;
    struct replay_clock_pace *pace = &publisher->pace;
    publisher->has_begun = true;
    publisher->begin_ns = monotonic_ns;
    publisher->now_ns = monotonic_ns;
    publisher->wall_minus_monotonic_ns = wall_ns - monotonic_ns;
    *pace = (struct replay_clock_pace){.speed = options->speed, .begin_ns = wall_ns, .shifts = options->shift_time};
    pace->start_ns = options->start_ns != OPTION_NO_OFFSET
                         ? wall_ns + options->start_ns
                         : replay_clock_start_for(options->speed, wall_ns, publisher->length_ns);
    if (options->until_ns != OPTION_NO_OFFSET) {
        replay_feed_end_at(publisher->feed, wall_ns + options->until_ns - pace->start_ns);
    }
    int64_t age_ns = wall_ns - pace->start_ns;
    if (options->shift_time && age_ns > TRUSTED_AGE_DAYS * DAY_NS) {
        replay_show_log(publisher->show, LOG_WARNING,
                        "times begin %" PRId64 " days ago: by default the processor does not trust more than %d",
                        age_ns / DAY_NS, TRUSTED_AGE_DAYS);
    }
}

/* ---- publishing ---- */

static int shown_topic(const struct replay_publisher *publisher)
{
    size_t len = publisher->topic.len;
    return (int)(len < TOPIC_SHOWN_BYTES ? len : TOPIC_SHOWN_BYTES);
}

static void log_not_published(struct replay_publisher *publisher, const struct err *err)
{
    replay_show_log(publisher->show, LOG_WARNING, "cannot publish to %.*s: %s", shown_topic(publisher),
                    publisher->topic.ptr, err->text);
}

/* What was published is not all that the capture has, or not as it was asked for. */
static void count_losses(struct replay_publisher *publisher, size_t unmoved_times, size_t left_out_properties)
{
    const struct {
        size_t count;
        uint64_t *sum;
        const char *what;
    } losses[] = {
        {unmoved_times, &publisher->unmoved_times, "times that cannot be moved"},
        {left_out_properties, &publisher->left_out_properties, "properties that were left out"},
    };
    for (size_t i = 0; i < COUNT(losses); i++) {
        *losses[i].sum += losses[i].count;
        if (losses[i].count > 0) {
            replay_show_log(publisher->show, LOG_WARNING, "a message to %.*s has %s: %zu", shown_topic(publisher),
                            publisher->topic.ptr, losses[i].what, losses[i].count);
        }
    }
}

/* Returns how many times could not be moved. */
static size_t render(struct replay_publisher *publisher, const struct replay_feed_item *next)
{
    int64_t moment_ns = replay_clock_moment_ns(&publisher->pace, next->offset_ns);
    buf_truncate(&publisher->topic, 0);
    buf_truncate(&publisher->payload, 0);
    return replay_message_render(publisher->rules, next->message, next->copy, moment_ns, &publisher->topic,
                                 &publisher->payload);
}

/* false = the connection is gone: later. */
static bool publish(struct replay_publisher *publisher, const struct replay_feed_item *next)
{
    const struct replay_message *message = next->message;
    struct properties properties;
    struct err err;
    int mid = 0;
    err_clear(&err);
    size_t unmoved_times = render(publisher, next);
    replay_message_properties(message, &properties);
    if (publisher->topic.failed || publisher->payload.failed) {
        err_set(&err, 0, "no memory");
    } else if (replay_message_check(buf_view(&publisher->topic), &properties, &err) &&
               mqtt_client_publish(publisher->client, buf_view(&publisher->topic), buf_view(&publisher->payload),
                                   message->qos, message->retain, &properties, &mid, &err)) {
        replay_inflight_add(&publisher->inflight, mid, message->qos);
        count_losses(publisher, unmoved_times, message->left_out_properties);
        return true;
    } else if (!mqtt_client_is_connected(publisher->client)) {
        return false;
    }
    replay_inflight_failed(&publisher->inflight);
    log_not_published(publisher, &err);
    return true;
}

bool replay_publisher_has_room(const struct replay_publisher *publisher)
{
    return publisher->has_begun && !publisher->must_end && mqtt_client_is_connected(publisher->client) &&
           replay_inflight_count(&publisher->inflight) < publisher->options->in_flight;
}

/* Says once that the pace which was asked for is over, because what follows is of the future. */
static void log_present(struct replay_publisher *publisher, int64_t offset_ns)
{
    struct replay_clock_pace asked_for = publisher->pace;
    asked_for.shifts = false;
    int64_t due_ns = replay_clock_due_ns(&publisher->pace, offset_ns);
    if (!publisher->is_live && due_ns - replay_clock_due_ns(&asked_for, offset_ns) >= SECOND_NS) {
        publisher->is_live = true;
        int64_t wait_ns = due_ns - publisher->wall_minus_monotonic_ns - publisher->now_ns;
        replay_show_log(publisher->show, LOG_INFO,
                        "the present is reached: what follows comes as time goes by, the next message in %" PRId64 " s",
                        wait_ns / SECOND_NS);
    }
}

int64_t replay_publisher_run(struct replay_publisher *publisher)
{
    struct replay_feed_item next;
    while (replay_publisher_has_room(publisher) && replay_feed_next(publisher->feed, &next) == REPLAY_FEED_MESSAGE) {
        int64_t due_ns = replay_clock_due_ns(&publisher->pace, next.offset_ns) - publisher->wall_minus_monotonic_ns;
        if (due_ns > publisher->now_ns) {
            log_present(publisher, next.offset_ns);
            return due_ns;
        }
        if (!publish(publisher, &next)) {
            break;
        }
        replay_feed_done(publisher->feed);
    }
    return CLOCK_NEVER;
}

bool replay_publisher_is_done(const struct replay_publisher *publisher)
{
    struct replay_feed_item next;
    if (replay_inflight_count(&publisher->inflight) > 0) {
        return false;
    }
    return publisher->must_end || (publisher->has_begun && replay_feed_next(publisher->feed, &next) == REPLAY_FEED_END);
}

/* ---- what the connection says ---- */

void replay_publisher_lost(struct replay_publisher *publisher)
{
    size_t lost = replay_inflight_lost(&publisher->inflight);
    if (lost > 0) {
        replay_show_log(publisher->show, LOG_WARNING, "%zu messages of QoS 0 were lost with the connection", lost);
    }
}

void replay_publisher_done(struct replay_publisher *publisher, int mid, int reason)
{
    bool is_refused = reason >= MQTT_REASON_REFUSED;
    replay_inflight_done(&publisher->inflight, mid, is_refused);
    if (is_refused) {
        struct mqtt_reason words = mqtt_reason_of_code(reason);
        replay_show_log(publisher->show, LOG_WARNING, "the broker refused a message: %s (%d)%s%s", words.words, reason,
                        words.advice[0] ? ": " : "", words.advice);
    }
}
