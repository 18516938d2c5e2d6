/* What is worked out before anything is published. Publishing itself:
 * test/integration/test_replay.py. */
#include <stdio.h>
#include <unistd.h>

#include "base/units.h"
#include "cli/options.h"
#include "io/clock.h"
#include "replay/publisher.h"
#include "support.h"

#define WALL (INT64_C(1800000000) * SECOND_NS)
#define MONOTONIC (100 * SECOND_NS)

static struct replay_options options;
static struct replay_message_rules rules;
static struct replay_show show;
static struct mapping *mapping;
static struct capture_source *source;
static struct replay_publisher publisher;
static char file[32];
static int log_fds[2];

static void set_up(void)
{
    const struct mqtt_settings settings = {
        .host = "127.0.0.1", .port = 1, .client_id = "test", .username = "", .keepalive_ns = 30 * SECOND_NS};
    const struct mqtt_client_callbacks callbacks = {.log = NULL};
    static const char *const files[] = {file}; /* it outlives the source */
    const struct replay_feed_settings feed = {.rounds = 1, .max_line = 400};
    struct err err = {0};
    strcpy(file, "/tmp/test_publisher.XXXXXX");
    int fd = mkstemp(file);
    ck_assert_int_ge(fd, 0);
    dprintf(fd, "{\"tst\":\"2026-11-24T00:00:00Z\",\"topic\":\"v1/vm/a/events\",\"payload\":\"x\"}\n"
                "{\"tst\":\"2026-11-24T00:00:10Z\",\"topic\":\"v1/vm/a/events\",\"payload\":\"y\"}\n");
    close(fd);
    mapping = mapping_new();
    ck_assert_ptr_nonnull(mapping);
    options =
        (struct replay_options){.speed = 1, .start_ns = OPTION_NO_OFFSET, .until_ns = OPTION_NO_OFFSET, .in_flight = 1};
    rules = (struct replay_message_rules){.mapping = mapping, .topic_prefix = SPAN_LITERAL("v1/vm")};
    source = capture_source_new(files, 1, feed.max_line, NULL, NULL, &err);
    ck_assert_ptr_nonnull(source);
    ck_assert_int_eq(pipe(log_fds), 0);
    replay_show_init(&show, 0);
    show.log.fd = log_fds[1];
    publisher = (struct replay_publisher){.options = &options, .rules = &rules, .show = &show};
    publisher.feed = replay_feed_new(source, &rules, &feed);
    publisher.client = mqtt_client_new(&settings, &callbacks, &err);
    ck_assert(publisher.feed && publisher.client);
    replay_publisher_init(&publisher, feed.max_line);
}

static void tear_down(void)
{
    replay_publisher_free(&publisher);
    mqtt_client_free(publisher.client);
    replay_feed_free(publisher.feed);
    capture_source_free(source);
    mapping_free(mapping);
    close(log_fds[0]);
    close(log_fds[1]);
    unlink(file);
}

/* What was logged, once. */
static const char *logged(void)
{
    static char text[2048];
    close(log_fds[1]);
    ssize_t len = read(log_fds[0], text, sizeof text - 1);
    ck_assert_int_ge(len, 0);
    text[len] = '\0';
    return text;
}

/* Where times begin: now, where the user says, or so far back that the last message is of now. */
static const struct {
    const char *name;
    double speed;
    int64_t start_ns;
    int64_t length_ns;
    int64_t want_ns; /* from now */
} starts[] = {
    {"at the capture's pace", 1, OPTION_NO_OFFSET, HOUR_NS, 0},
    {"as it is said", 1, -DAY_NS, HOUR_NS, -DAY_NS},
    {"as fast as it goes", 0, OPTION_NO_OFFSET, HOUR_NS, -HOUR_NS},
    {"twice as fast: half the time passes meanwhile", 2, OPTION_NO_OFFSET, HOUR_NS, -HOUR_NS / 2},
    {"slower", 0.5, OPTION_NO_OFFSET, HOUR_NS, 0},
};

START_TEST(where_times_begin)
{
    options.speed = starts[_i].speed;
    options.start_ns = starts[_i].start_ns;
    options.shift_time = true;
    publisher.length_ns = starts[_i].length_ns;
    replay_publisher_begin(&publisher, WALL, MONOTONIC);
    ck_assert(publisher.has_begun && publisher.begin_ns == MONOTONIC);
    ck_assert_msg(publisher.pace.start_ns - WALL == starts[_i].want_ns, "%s: got %lld", starts[_i].name,
                  (long long)(publisher.pace.start_ns - WALL));
    ck_assert_str_eq(logged(), "");
}
END_TEST

START_TEST(times_that_the_processor_does_not_trust)
{
    options.shift_time = true;
    options.start_ns = -8 * DAY_NS;
    replay_publisher_begin(&publisher, WALL, MONOTONIC);
    ck_assert_str_eq(logged(), "W! times begin 8 days ago: by default the processor does not trust more than 7\n");
}
END_TEST

/* The second message is ten seconds behind the first. */
START_TEST(until)
{
    struct replay_feed_item next;
    options.shift_time = true;
    options.start_ns = -MINUTE_NS;
    options.until_ns = -MINUTE_NS + 10 * SECOND_NS;
    replay_publisher_begin(&publisher, WALL, MONOTONIC);
    ck_assert_int_eq(replay_feed_next(publisher.feed, &next), REPLAY_FEED_MESSAGE);
    replay_feed_done(publisher.feed);
    ck_assert_int_eq(replay_feed_next(publisher.feed, &next), REPLAY_FEED_END);
}
END_TEST

START_TEST(without_a_connection)
{
    ck_assert(!replay_publisher_has_room(&publisher));
    ck_assert_int_eq(replay_publisher_run(&publisher), CLOCK_NEVER);
    ck_assert(!replay_publisher_is_done(&publisher));
    replay_publisher_begin(&publisher, WALL, MONOTONIC);
    ck_assert(!replay_publisher_has_room(&publisher));
    ck_assert(!replay_publisher_is_done(&publisher));
    ck_assert_uint_eq(publisher.inflight.published, 0);
}
END_TEST

/* After a signal: when what is in flight is done, however much the feed still holds. */
START_TEST(done)
{
    replay_inflight_add(&publisher.inflight, 1, 1);
    publisher.must_end = true;
    ck_assert(!replay_publisher_is_done(&publisher));
    replay_publisher_done(&publisher, 1, 0);
    ck_assert(replay_publisher_is_done(&publisher));
    ck_assert_uint_eq(publisher.inflight.acknowledged, 1);
    ck_assert_str_eq(logged(), "");
}
END_TEST

START_TEST(refused)
{
    replay_inflight_add(&publisher.inflight, 1, 1);
    replay_publisher_done(&publisher, 1, 151);
    ck_assert_uint_eq(publisher.inflight.failed, 1);
    ck_assert_str_eq(logged(), "W! the broker refused a message: quota exceeded (151): raise the broker's limits for "
                               "this client\n");
}
END_TEST

START_TEST(lost)
{
    replay_inflight_add(&publisher.inflight, 1, 0);
    replay_inflight_add(&publisher.inflight, 2, 1);
    replay_publisher_lost(&publisher);
    ck_assert_uint_eq(publisher.inflight.failed, 1);
    ck_assert_uint_eq(replay_inflight_count(&publisher.inflight), 1);
    replay_publisher_lost(&publisher); /* nothing more: nothing is said */
    ck_assert_str_eq(logged(), "W! 1 messages of QoS 0 were lost with the connection\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_publisher");
    TCase *tcase = tcase_create("replay_publisher");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, where_times_begin, 0, (int)COUNT(starts));
    tcase_add_test(tcase, times_that_the_processor_does_not_trust);
    tcase_add_test(tcase, until);
    tcase_add_test(tcase, without_a_connection);
    tcase_add_test(tcase, done);
    tcase_add_test(tcase, refused);
    tcase_add_test(tcase, lost);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
