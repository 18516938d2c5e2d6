#include <stdio.h>

#include "mqtt/backoff.h"
#include "support.h"

#define S INT64_C(1000000000)

/* The limit below which the wait is: `limit - 1` as the random number gives the longest, `limit`
 * none. */
static const struct {
    size_t failures;
    int64_t max;
    int64_t limit;
} cases[] = {
    {0, 30 * S, 1 * S},
    {1, 30 * S, 1 * S},
    {2, 30 * S, 2 * S},
    {3, 30 * S, 4 * S},
    {5, 30 * S, 16 * S},
    {6, 30 * S, 30 * S},
    {7, 30 * S, 30 * S},
    {1000000000, 30 * S, 30 * S},
    {13, 3600 * S, 3600 * S},
    {12, 3600 * S, 2048 * S},
    {1, S / 2, S / 2},
    {9, 1 * S, 1 * S},
    {100, INT64_MAX / 4, INT64_MAX / 4},
};

START_TEST(limits)
{
    size_t failures = cases[_i].failures;
    int64_t max = cases[_i].max;
    int64_t limit = cases[_i].limit;
    ck_assert_int_eq(mqtt_backoff_ns(failures, max, 0), 0);
    ck_assert_int_eq(mqtt_backoff_ns(failures, max, (uint64_t)limit - 1), limit - 1);
    ck_assert_int_eq(mqtt_backoff_ns(failures, max, (uint64_t)limit), 0);
    ck_assert_int_eq(mqtt_backoff_ns(failures, max, (uint64_t)limit / 3), limit / 3);
    int64_t last = mqtt_backoff_ns(failures, max, UINT64_MAX);
    ck_assert(last >= 0 && last < limit);
}
END_TEST

START_TEST(no_wait_allowed)
{
    ck_assert_int_eq(mqtt_backoff_ns(5, 0, 12345), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backoff");
    TCase *tcase = tcase_create("backoff");
    tcase_add_loop_test(tcase, limits, 0, (int)COUNT(cases));
    tcase_add_test(tcase, no_wait_allowed);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
