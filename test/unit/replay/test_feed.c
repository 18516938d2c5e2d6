#include <stdio.h>
#include <unistd.h>

#include "replay/feed.h"
#include "support.h"

#define SECOND INT64_C(1000000000)
#define MAX_LINE 400
#define LINE(second, device, payload)                                                                                  \
    "{\"tst\":\"2026-11-24T00:00:" second "Z\",\"topic\":\"v1/vm/" device "/events\",\"payload\":\"" payload "\"}\n"

static char file[32];
static const char *const files[] = {file};
static struct mapping *mapping;
static struct replay_fleet *fleet;
static struct replay_message_rules rules;
static struct capture_source *source;
static struct replay_feed *feed;

static void set_up(void)
{
    mapping = mapping_new();
    fleet = replay_fleet_new();
    ck_assert(mapping && fleet);
    rules = (struct replay_message_rules){.mapping = mapping, .topic_prefix = SPAN_LITERAL("v1/vm")};
    source = NULL;
    feed = NULL;
    strcpy(file, "/tmp/test_feed.XXXXXX");
    int fd = mkstemp(file);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void tear_down(void)
{
    replay_feed_free(feed);
    capture_source_free(source);
    replay_fleet_free(fleet);
    mapping_free(mapping);
    unlink(file);
}

static void start(const char *capture, struct replay_feed_settings settings)
{
    struct err err = {0};
    FILE *out = fopen(file, "w");
    fputs(capture, out);
    fclose(out);
    source = capture_source_new(files, 1, MAX_LINE, NULL, NULL, &err);
    ck_assert_msg(source != NULL, "%s", err.text);
    settings.max_line = MAX_LINE;
    feed = replay_feed_new(source, &rules, &settings);
    ck_assert_ptr_nonnull(feed);
}

/* What comes, up to a number of messages: payload, copy and place in tenths of a second, as
 * "a0@15 ". */
static const char *take(int most)
{
    static char text[1024];
    struct replay_feed_item next;
    text[0] = '\0';
    for (int i = 0; i < most && replay_feed_next(feed, &next) == REPLAY_FEED_MESSAGE; i++) {
        struct replay_feed_item again;
        ck_assert_int_eq(replay_feed_next(feed, &again), REPLAY_FEED_MESSAGE);
        ck_assert(again.message == next.message && again.copy == next.copy);
        sprintf(text + strlen(text), "%.*s%zu@%lld ", (int)next.message->payload.len, next.message->payload.ptr,
                next.copy, (long long)(next.offset_ns * 10 / SECOND));
        replay_feed_done(feed);
    }
    return text;
}

static const char *take_all(void)
{
    struct replay_feed_item next;
    const char *text = take(1000);
    ck_assert_int_eq(replay_feed_next(feed, &next), REPLAY_FEED_END);
    ck_assert_int_eq(replay_feed_next(feed, &next), REPLAY_FEED_END);
    return text;
}

static const char two[] = LINE("00", "VM-1", "a") LINE("02", "VM-2", "b");

START_TEST(one_round)
{
    start(two, (struct replay_feed_settings){.rounds = 1});
    ck_assert(replay_feed_fraction(feed) == 0);
    ck_assert_str_eq(take(1), "a0@0 ");
    ck_assert(!replay_feed_is_repeating(feed));
    ck_assert_str_eq(take_all(), "b0@20 ");
    ck_assert(replay_feed_fraction(feed) == 1);
    ck_assert_str_eq(replay_feed_error(feed), "");
    ck_assert(!replay_feed_waits(feed));
}
END_TEST

START_TEST(some_rounds)
{
    start(two, (struct replay_feed_settings){.rounds = 3});
    ck_assert_str_eq(take_all(), "a0@0 b0@20 a0@30 b0@50 a0@60 b0@80 ");
}
END_TEST

START_TEST(rounds_for_ever)
{
    start(two, (struct replay_feed_settings){.max_gap_ns = SECOND / 2});
    ck_assert_str_eq(take(5), "a0@0 b0@5 a0@15 b0@20 a0@30 ");
    ck_assert(replay_feed_is_repeating(feed));
    ck_assert(replay_feed_fraction(feed) < 0);
}
END_TEST

START_TEST(nothing_for_ever_is_over_at_once)
{
    start("oops\n", (struct replay_feed_settings){.rounds = 0});
    ck_assert_str_eq(take_all(), "");
}
END_TEST

static void make_fleet(size_t size)
{
    ck_assert(replay_fleet_add(fleet, SPAN_LITERAL("VM-1")));
    ck_assert(replay_fleet_add(fleet, SPAN_LITERAL("VM-2")));
    ck_assert(replay_fleet_set_size(fleet, size, NULL));
    rules.fleet = fleet;
}

/* Three copies of the first machine, two of the second, a second and a half apart. */
START_TEST(clones_come_between)
{
    make_fleet(5);
    start(two, (struct replay_feed_settings){.rounds = 2, .step_ns = 3 * SECOND / 2});
    ck_assert_str_eq(take_all(), "a0@0 a1@15 b0@20 a2@30 a0@30 b1@35 a1@45 b0@50 a2@60 b1@65 ");
}
END_TEST

START_TEST(machines_left_out)
{
    make_fleet(1);
    start(two, (struct replay_feed_settings){.rounds = 2});
    ck_assert_str_eq(take_all(), "a0@0 a0@30 ");
}
END_TEST

START_TEST(an_end)
{
    start(two, (struct replay_feed_settings){.rounds = 0});
    replay_feed_end_at(feed, 5 * SECOND);
    ck_assert_str_eq(take_all(), "a0@0 b0@20 a0@30 ");
}
END_TEST

START_TEST(an_end_before_the_last_clones)
{
    make_fleet(4);
    start(two, (struct replay_feed_settings){.rounds = 1, .step_ns = SECOND});
    replay_feed_end_at(feed, 3 * SECOND);
    ck_assert_str_eq(take_all(), "a0@0 a1@10 b0@20 ");
}
END_TEST

START_TEST(a_capture_that_goes_away)
{
    start(two, (struct replay_feed_settings){.rounds = 2});
    ck_assert_str_eq(take(1), "a0@0 ");
    unlink(file);
    ck_assert_str_eq(take_all(), "b0@20 ");
    ck_assert_ptr_nonnull(strstr(replay_feed_error(feed), "No such file"));
}
END_TEST

START_TEST(standard_input)
{
    static const char *const stdin_only[] = {"-"};
    const struct replay_feed_settings settings = {.rounds = 1, .max_line = MAX_LINE};
    struct replay_feed_item next;
    struct err err = {0};
    int pipe_fds[2];
    ck_assert_int_eq(pipe(pipe_fds), 0);
    ck_assert_int_eq(dup2(pipe_fds[0], STDIN_FILENO), STDIN_FILENO);
    source = capture_source_new(stdin_only, 1, MAX_LINE, NULL, NULL, &err);
    feed = replay_feed_new(source, &rules, &settings);
    ck_assert_int_eq(replay_feed_next(feed, &next), REPLAY_FEED_WAIT);
    ck_assert(replay_feed_waits(feed));
    ck_assert_int_eq(write(pipe_fds[1], LINE("00", "VM-1", "a"), strlen(LINE("00", "VM-1", "a"))),
                     (int)strlen(LINE("00", "VM-1", "a")));
    ck_assert_str_eq(take(1), "a0@0 "); /* at once, though nobody knows what comes behind it */
    ck_assert_int_eq(replay_feed_next(feed, &next), REPLAY_FEED_WAIT);
    close(pipe_fds[1]);
    ck_assert_int_eq(replay_feed_next(feed, &next), REPLAY_FEED_END);
    close(pipe_fds[0]);
}
END_TEST

/* More than the schedule holds at a time, all of one moment and with clones: nothing is missing. */
START_TEST(more_than_fits)
{
    enum { MESSAGES = 70000 };
    struct replay_feed_item next;
    char *capture = malloc((size_t)MESSAGES * 128);
    size_t len = 0;
    size_t got = 0;
    make_fleet(4);
    for (int i = 0; i < MESSAGES; i++) {
        len += (size_t)sprintf(capture + len, "%s", LINE("00", "VM-1", "x"));
    }
    start(capture, (struct replay_feed_settings){.rounds = 1, .step_ns = SECOND});
    free(capture);
    while (replay_feed_next(feed, &next) == REPLAY_FEED_MESSAGE) {
        got++;
        replay_feed_done(feed);
    }
    ck_assert_uint_eq(got, 2 * MESSAGES);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_feed");
    TCase *tcase = tcase_create("replay_feed");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, one_round);
    tcase_add_test(tcase, some_rounds);
    tcase_add_test(tcase, rounds_for_ever);
    tcase_add_test(tcase, nothing_for_ever_is_over_at_once);
    tcase_add_test(tcase, clones_come_between);
    tcase_add_test(tcase, machines_left_out);
    tcase_add_test(tcase, an_end);
    tcase_add_test(tcase, an_end_before_the_last_clones);
    tcase_add_test(tcase, a_capture_that_goes_away);
    tcase_add_test(tcase, standard_input);
    tcase_add_test(tcase, more_than_fits);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
