#include "replay/clock.h"
#include "support.h"

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)
#define T0 (INT64_C(1795480318) * SECOND) /* the fleet capture's first message */
#define NOW (T0 + 100 * DAY)

START_TEST(places)
{
    struct replay_clock_timeline timeline = {0};
    ck_assert_int_eq(replay_clock_add(&timeline, T0), 0);
    ck_assert_int_eq(replay_clock_add(&timeline, T0 + 3), 3);
    ck_assert_int_eq(replay_clock_add(&timeline, T0 + 3), 3);
    ck_assert_int_eq(replay_clock_add(&timeline, T0 + HOUR), HOUR);
    ck_assert_int_eq(replay_clock_add(&timeline, T0), HOUR); /* its clock went back */
    ck_assert_int_eq(replay_clock_add(&timeline, T0 + SECOND), HOUR + SECOND);
    replay_clock_new_round(&timeline);
    ck_assert_int_eq(replay_clock_add(&timeline, T0), HOUR + 2 * SECOND);
    ck_assert_int_eq(replay_clock_add(&timeline, T0 + 3), HOUR + 2 * SECOND + 3);
}
END_TEST

START_TEST(long_pauses)
{
    struct replay_clock_timeline timeline = {.max_gap_ns = 5 * SECOND};
    replay_clock_add(&timeline, T0);
    ck_assert_int_eq(replay_clock_add(&timeline, T0 + 5 * SECOND), 5 * SECOND);
    ck_assert_int_eq(replay_clock_add(&timeline, T0 + DAY), 10 * SECOND);
    ck_assert_int_eq(replay_clock_add(&timeline, T0 + DAY + SECOND), 11 * SECOND);

    struct replay_clock_timeline endless = {0};
    replay_clock_add(&endless, 0);
    ck_assert_int_eq(replay_clock_add(&endless, REPLAY_CLOCK_MAX_NS), REPLAY_CLOCK_MAX_NS);
    ck_assert_int_eq(replay_clock_add(&endless, REPLAY_CLOCK_MAX_NS + 1), REPLAY_CLOCK_MAX_NS);
}
END_TEST

START_TEST(lengths)
{
    struct replay_clock_timeline timeline = {0};
    replay_clock_add(&timeline, T0);
    replay_clock_add(&timeline, T0 + HOUR);
    ck_assert_int_eq(replay_clock_length(&timeline, 1), HOUR);
    ck_assert_int_eq(replay_clock_length(&timeline, 3), 3 * HOUR + 2 * SECOND);
    ck_assert_int_eq(replay_clock_length(&timeline, UINT64_MAX), REPLAY_CLOCK_MAX_NS);
}
END_TEST

/* When something is published and what it speaks of, both as distances from the beginning. */
static const struct {
    const char *name;
    struct replay_clock_pace pace;
    int64_t offset_ns;
    int64_t due_ns;
    int64_t moment_ns;
} cases[] = {
    {"original pace", {1, NOW, false, 0}, HOUR, HOUR, HOUR - NOW},
    {"ten times faster", {10, NOW, false, 0}, HOUR, HOUR / 10, HOUR - NOW},
    {"half as fast", {0.5, NOW, false, 0}, HOUR, 2 * HOUR, HOUR - NOW},
    {"flat out", {0, NOW, false, 0}, HOUR, 0, HOUR - NOW},
    {"shifted to now", {1, NOW, true, NOW}, HOUR, HOUR, HOUR},
    {"an hour ago and flat out: the past at once", {0, NOW, true, NOW - HOUR}, HOUR - 1, 0, -1},
    {"... up to the present", {0, NOW, true, NOW - HOUR}, HOUR, 0, 0},
    {"... and then as time goes by", {0, NOW, true, NOW - HOUR}, 3 * HOUR, 2 * HOUR, 2 * HOUR},
    {"an hour ago at the original pace: always an hour behind", {1, NOW, true, NOW - HOUR}, DAY, DAY, DAY - HOUR},
    {"an hour ago and twice as fast: behind", {2, NOW, true, NOW - HOUR}, HOUR, HOUR / 2, 0},
    {"... caught up after two hours of the capture", {2, NOW, true, NOW - HOUR}, 2 * HOUR, HOUR, HOUR},
    {"... not ahead", {2, NOW, true, NOW - HOUR}, 4 * HOUR, 3 * HOUR, 3 * HOUR},
    {"slower than can be counted", {1e-9, NOW, false, 0}, DAY, REPLAY_CLOCK_MAX_NS, DAY - NOW},
};

START_TEST(paces)
{
    int64_t due_ns = replay_clock_due_ns(&cases[_i].pace, cases[_i].offset_ns) - NOW;
    int64_t moment_ns = replay_clock_moment_ns(&cases[_i].pace, cases[_i].offset_ns) - NOW;
    ck_assert_msg(due_ns == cases[_i].due_ns, "%s: due %lld s", cases[_i].name, (long long)(due_ns / SECOND));
    ck_assert_msg(moment_ns == cases[_i].moment_ns, "%s: %lld s", cases[_i].name, (long long)(moment_ns / SECOND));
}
END_TEST

/* Whatever the speed, the last message speaks of the moment in which it is published, and none
 * speaks of the future. */
START_TEST(ends_in_the_present)
{
    static const double speeds[] = {0, 1.5, 10, 1000};
    for (size_t i = 0; i < COUNT(speeds); i++) {
        struct replay_clock_pace pace = {speeds[i], NOW, true, replay_clock_start_for(speeds[i], NOW, DAY)};
        for (int64_t offset_ns = 0; offset_ns <= DAY; offset_ns += DAY / 8) {
            ck_assert_int_le(replay_clock_moment_ns(&pace, offset_ns), replay_clock_due_ns(&pace, offset_ns));
        }
        ck_assert_int_eq(replay_clock_moment_ns(&pace, DAY), replay_clock_due_ns(&pace, DAY));
    }
    ck_assert_int_eq(replay_clock_start_for(0, NOW, DAY), NOW - DAY);
    ck_assert_int_eq(replay_clock_start_for(10, NOW, DAY), NOW - DAY + DAY / 10);
    ck_assert_int_eq(replay_clock_start_for(1, NOW, DAY), NOW);
    ck_assert_int_eq(replay_clock_start_for(0.5, NOW, DAY), NOW);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_clock");
    TCase *tcase = tcase_create("replay_clock");
    tcase_add_test(tcase, places);
    tcase_add_test(tcase, long_pauses);
    tcase_add_test(tcase, lengths);
    tcase_add_loop_test(tcase, paces, 0, (int)COUNT(cases));
    tcase_add_test(tcase, ends_in_the_present);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
