#include "core/standstill.h"
#include "support.h"

/* plugin/README.md, Time: a clock that stands still. */
#define SECOND INT64_C(1000000000)

static struct standstill *standstill;
static uint64_t reading; /* each another one */

static void set_up(void)
{
    standstill = standstill_new(65536);
    ck_assert_ptr_nonnull(standstill);
}

static void tear_down(void)
{
    standstill_free(standstill);
}

/* Parts of one reading, and clocks of whole seconds. */
START_TEST(some_readings_of_one_time)
{
    for (int i = 0; i < 9; i++) {
        ck_assert_msg(!standstill_check(standstill, 7, ++reading, 100 * SECOND, 101 * SECOND + i), "reading %d", i);
    }
    ck_assert(standstill_check(standstill, 7, ++reading, 100 * SECOND, 101 * SECOND + 9)); /* the tenth */
    ck_assert(standstill_check(standstill, 7, ++reading, 100 * SECOND, 101 * SECOND + 9));
    ck_assert(!standstill_check(standstill, 7, ++reading, 100 * SECOND, 101 * SECOND)); /* as the first: who knows */
    ck_assert(!standstill_check(standstill, 7, ++reading, 100 * SECOND + 1, 101 * SECOND)); /* it goes on */
}
END_TEST

START_TEST(for_longer_than_a_minute)
{
    ck_assert(!standstill_check(standstill, 7, ++reading, 100 * SECOND, 200 * SECOND));
    ck_assert(!standstill_check(standstill, 7, ++reading, 100 * SECOND, 260 * SECOND));
    ck_assert(standstill_check(standstill, 7, ++reading, 100 * SECOND, 260 * SECOND + 1));
    ck_assert(standstill_check(standstill, 7, ++reading, 100 * SECOND, 139 * SECOND)); /* captures are not sorted */
}
END_TEST

/* The same bytes again are no other reading: the landing skips them. */
START_TEST(the_same_reading_again)
{
    for (int i = 0; i < 20; i++) {
        ck_assert(!standstill_check(standstill, 7, 1, 100 * SECOND, (101 + i) * SECOND));
    }
    ck_assert(standstill_check(standstill, 7, 2, 100 * SECOND, 200 * SECOND));
}
END_TEST

START_TEST(machines_are_apart)
{
    for (uint64_t device = 1; device <= 9; device++) {
        ck_assert(!standstill_check(standstill, device << 40, ++reading, 100 * SECOND, 100 * SECOND));
    }
    ck_assert(!standstill_check(standstill, 1, ++reading, INT64_MIN, INT64_MAX));
    ck_assert(standstill_check(standstill, 1, ++reading, INT64_MIN, INT64_MIN));
}
END_TEST

/* Ten thousand machines are all remembered, but for a few of one place. */
START_TEST(a_fleet)
{
    size_t forgotten = 0;
    for (int round = 0; round < 2; round++) {
        for (uint64_t n = 1; n <= 10000; n++) {
            uint64_t device = n * UINT64_C(0x9E3779B97F4A7C15);
            bool stands = standstill_check(standstill, device ^ device >> 29, ++reading, 5, round * 61 * SECOND);
            forgotten += stands != (round == 1);
        }
    }
    ck_assert_uint_le(forgotten, 100);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/standstill");
    TCase *tests = tcase_create("core/standstill");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, some_readings_of_one_time);
    tcase_add_test(tests, for_longer_than_a_minute);
    tcase_add_test(tests, the_same_reading_again);
    tcase_add_test(tests, machines_are_apart);
    tcase_add_test(tests, a_fleet);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
