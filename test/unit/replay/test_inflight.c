#include "replay/inflight.h"
#include "support.h"

static struct replay_inflight inflight;

static void start(void)
{
    memset(&inflight, 0x55, sizeof inflight);
    replay_inflight_init(&inflight);
}

static void expect(size_t count, uint64_t published, uint64_t acknowledged, uint64_t failed)
{
    ck_assert_uint_eq(replay_inflight_count(&inflight), count);
    ck_assert_uint_eq(inflight.published, published);
    ck_assert_uint_eq(inflight.acknowledged, acknowledged);
    ck_assert_uint_eq(inflight.failed, failed);
}

START_TEST(counts)
{
    expect(0, 0, 0, 0);
    replay_inflight_add(&inflight, 1, 1);
    replay_inflight_add(&inflight, 65535, 2);
    expect(2, 2, 0, 0);
    replay_inflight_done(&inflight, 65535, false);
    replay_inflight_done(&inflight, 1, true);
    expect(0, 2, 1, 1);
    replay_inflight_failed(&inflight);
    expect(0, 2, 1, 2);
}
END_TEST

/* With QoS 0 the library may say so from within the call that publishes. */
START_TEST(done_before_it_was_added)
{
    replay_inflight_done(&inflight, 7, false);
    replay_inflight_add(&inflight, 7, 0);
    expect(0, 1, 1, 0);
    replay_inflight_add(&inflight, 8, 0);
    expect(1, 2, 1, 0);
    replay_inflight_done(&inflight, 8, false);
    expect(0, 2, 2, 0);
    replay_inflight_add(&inflight, 7, 1); /* the identifier comes again */
    expect(1, 3, 2, 0);
}
END_TEST

/* What was to be sent again is still in flight; what was not written is lost. */
START_TEST(a_lost_connection)
{
    replay_inflight_add(&inflight, 1, 1);
    replay_inflight_add(&inflight, 2, 0);
    replay_inflight_add(&inflight, 3, 0);
    ck_assert_uint_eq(replay_inflight_lost(&inflight), 2);
    expect(1, 3, 0, 2);
    ck_assert_uint_eq(replay_inflight_lost(&inflight), 0);
    replay_inflight_add(&inflight, 2, 1);
    replay_inflight_done(&inflight, 2, false);
    replay_inflight_done(&inflight, 1, false);
    expect(0, 4, 2, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_inflight");
    TCase *tcase = tcase_create("replay_inflight");
    tcase_add_checked_fixture(tcase, start, NULL);
    tcase_add_test(tcase, counts);
    tcase_add_test(tcase, done_before_it_was_added);
    tcase_add_test(tcase, a_lost_connection);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
