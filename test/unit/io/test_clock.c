#include <stdio.h>

#include "io/clock.h"
#include "support.h"

#define MS INT64_C(1000000)
#define S (1000 * MS)

static const struct {
    const char *name;
    int64_t deadline;
    int64_t now;
    int want;
} timeouts[] = {
    {"never", CLOCK_NEVER, 7, -1},
    {"now", 5 * S, 5 * S, 0},
    {"long past", 5 * S, 500 * S, 0},
    {"one nanosecond", 5 * S + 1, 5 * S, 1},
    {"a whole millisecond", 5 * S + MS, 5 * S, 1},
    {"a little more", 5 * S + MS + 1, 5 * S, 2},
    {"a minute", 65 * S, 5 * S, 60000},
    {"longer than a minute", 65 * S + 1, 5 * S, 60000},
    {"very long", CLOCK_NEVER - 1, 0, 60000},
};

START_TEST(poll_timeouts)
{
    int got = clock_poll_timeout(timeouts[_i].deadline, timeouts[_i].now);
    ck_assert_msg(got == timeouts[_i].want, "%s: %d", timeouts[_i].name, got);
}
END_TEST

START_TEST(clocks)
{
    int64_t before = clock_monotonic_ns();
    ck_assert_int_ge(clock_monotonic_ns(), before);
    ck_assert_int_gt(clock_wall_ns(), INT64_C(1700000000) * S); /* this was written later */
    ck_assert_int_eq(clock_earlier(1, 2), 1);
    ck_assert_int_eq(clock_earlier(2, 1), 1);
    ck_assert_int_eq(clock_earlier(CLOCK_NEVER, 1), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clock");
    TCase *tcase = tcase_create("clock");
    tcase_add_loop_test(tcase, poll_timeouts, 0, (int)COUNT(timeouts));
    tcase_add_test(tcase, clocks);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
