#include "replay/ending.h"
#include "support.h"

#define START (100 * SECOND_NS)
#define GIVE_UP (60 * SECOND_NS)

static struct replay_ending ending;
static struct replay_inflight inflight;
static int next_mid;

static void start(void)
{
    memset(&ending, 0x55, sizeof ending);
    replay_ending_init(&ending, GIVE_UP, START);
    replay_inflight_init(&inflight);
    next_mid = 1;
}

static void hand_over(int count)
{
    for (; count > 0; count--) {
        replay_inflight_add(&inflight, next_mid++, 1);
    }
}

/* A look so many seconds after the start, with the number of seconds till the next look and what
 * was found. */
static void look(int second, bool is_connected, int64_t next, enum replay_ending_why why)
{
    int64_t now_ns = START + second * SECOND_NS;
    int64_t deadline_ns = replay_ending_check(&ending, is_connected, &inflight, now_ns);
    int64_t want_ns = next < 0 ? INT64_MAX : now_ns + next * SECOND_NS;
    ck_assert_msg(deadline_ns == want_ns, "at %d s: the next look in %lld s", second,
                  (long long)((deadline_ns - now_ns) / SECOND_NS));
    ck_assert_msg(ending.why == why, "at %d s: why is %d", second, (int)ending.why);
}

#define NEVER (-1)

static void expect_line(bool is_all_published, const char *want)
{
    char out[REPLAY_ENDING_LINE_BYTES];
    ck_assert_uint_eq(replay_ending_line(&ending, &inflight, is_all_published, out), strlen(out));
    ck_assert_str_eq(out, want);
}

START_TEST(nobody_there)
{
    look(0, false, 60, REPLAY_ENDING_NOT_YET);
    look(59, false, 1, REPLAY_ENDING_NOT_YET);
    look(60, false, 0, REPLAY_ENDING_NO_CONNECTION);
    look(61, true, NEVER, REPLAY_ENDING_NO_CONNECTION); /* it stays */
    expect_line(false,
                "no connection for 60 s (--give-up): 0 messages acknowledged, 0 not, what was left of the captures "
                "was not published");
}
END_TEST

START_TEST(a_connection_that_goes_and_comes_back)
{
    look(0, true, NEVER, REPLAY_ENDING_NOT_YET);
    look(300, true, NEVER, REPLAY_ENDING_NOT_YET);
    look(301, false, 59, REPLAY_ENDING_NOT_YET);
    look(359, false, 1, REPLAY_ENDING_NOT_YET);
    look(359, true, NEVER, REPLAY_ENDING_NOT_YET);
    look(419, false, 0, REPLAY_ENDING_NO_CONNECTION); /* nobody looked in between */
}
END_TEST

START_TEST(no_acknowledgement)
{
    hand_over(20);
    look(0, true, 60, REPLAY_ENDING_NOT_YET);
    look(30, true, 30, REPLAY_ENDING_NOT_YET);
    replay_inflight_done(&inflight, 1, false);
    look(40, true, 60, REPLAY_ENDING_NOT_YET); /* something has come */
    look(99, true, 1, REPLAY_ENDING_NOT_YET);
    hand_over(1); /* which is none */
    look(100, true, 0, REPLAY_ENDING_NO_ACKNOWLEDGEMENT);
    expect_line(true, "no acknowledgement for 60 s (--give-up): 1 messages acknowledged, 20 not");
}
END_TEST

START_TEST(a_refusal_is_an_answer)
{
    hand_over(2);
    look(0, true, 60, REPLAY_ENDING_NOT_YET);
    replay_inflight_done(&inflight, 1, true);
    look(59, true, 60, REPLAY_ENDING_NOT_YET);
}
END_TEST

/* Messages that come once an hour are not waited for since the last one. */
START_TEST(nothing_in_flight)
{
    look(0, true, NEVER, REPLAY_ENDING_NOT_YET);
    hand_over(1);
    look(3600, true, 60, REPLAY_ENDING_NOT_YET);
    replay_inflight_done(&inflight, 1, false);
    look(3601, true, NEVER, REPLAY_ENDING_NOT_YET);
    hand_over(1);
    replay_inflight_done(&inflight, 2, false);
    hand_over(1);
    look(7200, true, 60, REPLAY_ENDING_NOT_YET);
}
END_TEST

/* A connection that brought an answer is waited for, and another one gets the whole time anew. */
START_TEST(a_connection_that_answered_and_went)
{
    hand_over(2);
    look(0, true, 60, REPLAY_ENDING_NOT_YET);
    replay_inflight_done(&inflight, 1, false);
    look(10, true, 60, REPLAY_ENDING_NOT_YET);
    look(40, true, 30, REPLAY_ENDING_NOT_YET);
    look(41, false, 59, REPLAY_ENDING_NOT_YET);
    look(90, false, 10, REPLAY_ENDING_NOT_YET);
    look(95, true, 60, REPLAY_ENDING_NOT_YET);
    look(154, true, 1, REPLAY_ENDING_NOT_YET);
    look(155, true, 0, REPLAY_ENDING_NO_ACKNOWLEDGEMENT);
}
END_TEST

/* Of connections that come and go and never bring one there is an end. */
START_TEST(connections_that_never_answer)
{
    hand_over(2);
    look(0, true, 60, REPLAY_ENDING_NOT_YET);
    replay_inflight_done(&inflight, 1, false);
    look(5, true, 60, REPLAY_ENDING_NOT_YET);
    look(10, false, 55, REPLAY_ENDING_NOT_YET);
    look(20, true, 60, REPLAY_ENDING_NOT_YET);
    look(21, false, 59, REPLAY_ENDING_NOT_YET);
    look(30, true, 50, REPLAY_ENDING_NOT_YET);
    look(31, false, 49, REPLAY_ENDING_NOT_YET);
    look(80, false, 0, REPLAY_ENDING_NO_ACKNOWLEDGEMENT);
}
END_TEST

START_TEST(lost_messages_are_no_answer)
{
    replay_inflight_add(&inflight, next_mid++, 0);
    hand_over(1);
    look(0, true, 60, REPLAY_ENDING_NOT_YET);
    ck_assert_uint_eq(replay_inflight_lost(&inflight), 1);
    look(50, true, 10, REPLAY_ENDING_NOT_YET);
}
END_TEST

START_TEST(never)
{
    replay_ending_init(&ending, 0, START);
    hand_over(1);
    look(0, true, NEVER, REPLAY_ENDING_NOT_YET);
    look(100000, true, NEVER, REPLAY_ENDING_NOT_YET);
    look(200000, false, NEVER, REPLAY_ENDING_NOT_YET);
}
END_TEST

START_TEST(a_signal)
{
    hand_over(3);
    look(0, true, 60, REPLAY_ENDING_NOT_YET);
    replay_ending_signal(&ending, START + 10 * SECOND_NS);
    look(11, true, 4, REPLAY_ENDING_NOT_YET);
    look(15, true, 0, REPLAY_ENDING_SIGNAL);
    expect_line(false, "not everything was acknowledged within 5 s of the signal: 0 messages acknowledged, 3 not, what "
                       "was left of the "
                       "captures was not published");
}
END_TEST

START_TEST(a_second_signal)
{
    hand_over(1);
    replay_ending_signal(&ending, START);
    ck_assert_int_eq(ending.why, REPLAY_ENDING_NOT_YET);
    replay_ending_signal(&ending, START);
    ck_assert_int_eq(ending.why, REPLAY_ENDING_SECOND_SIGNAL);
    expect_line(true, "a second signal within 5 s: 0 messages acknowledged, 1 not");
}
END_TEST

/* The nearer of both. */
START_TEST(a_signal_and_patience_that_ends_before)
{
    replay_ending_init(&ending, 2 * SECOND_NS, START);
    hand_over(1);
    replay_ending_signal(&ending, START);
    look(0, true, 2, REPLAY_ENDING_NOT_YET);
    look(2, true, 0, REPLAY_ENDING_NO_ACKNOWLEDGEMENT);
    expect_line(true, "no acknowledgement for 2 s (--give-up): 0 messages acknowledged, 1 not");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_ending");
    TCase *tcase = tcase_create("replay_ending");
    tcase_add_checked_fixture(tcase, start, NULL);
    tcase_add_test(tcase, nobody_there);
    tcase_add_test(tcase, a_connection_that_goes_and_comes_back);
    tcase_add_test(tcase, no_acknowledgement);
    tcase_add_test(tcase, a_refusal_is_an_answer);
    tcase_add_test(tcase, nothing_in_flight);
    tcase_add_test(tcase, a_connection_that_answered_and_went);
    tcase_add_test(tcase, connections_that_never_answer);
    tcase_add_test(tcase, lost_messages_are_no_answer);
    tcase_add_test(tcase, never);
    tcase_add_test(tcase, a_signal);
    tcase_add_test(tcase, a_second_signal);
    tcase_add_test(tcase, a_signal_and_patience_that_ends_before);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
