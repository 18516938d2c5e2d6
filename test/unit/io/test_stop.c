#include <signal.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/process.h"
#include "io/stop.h"
#include "support.h"

START_TEST(nobody_asks)
{
    struct stop stop;
    stop_init(&stop);
    ck_assert(!stop_look(&stop)); /* and it reads no descriptor 0 */
    ck_assert_int_eq(stop_deadline_ns(&stop), CLOCK_NEVER);
}
END_TEST

/* The first request counts. */
START_TEST(the_program_asks)
{
    struct stop stop;
    int64_t before_ns = clock_monotonic_ns();
    stop_init(&stop);
    stop_ask(&stop);
    int64_t asked_ns = stop.asked_ns;
    ck_assert_int_ge(asked_ns, before_ns);
    stop_ask(&stop);
    ck_assert_int_eq(stop.asked_ns, asked_ns);
    ck_assert(stop_look(&stop));
    ck_assert_int_eq(stop_deadline_ns(&stop), asked_ns + 4 * SECOND_NS);
    stop.limit_ns = 3 * SECOND_NS;
    ck_assert_int_eq(stop_deadline_ns(&stop), asked_ns + 3 * SECOND_NS);
}
END_TEST

START_TEST(a_signal_asks)
{
    struct stop stop;
    stop_init(&stop);
    stop.signal_fd = process_watch_signals(false);
    ck_assert_int_ge(stop.signal_fd, 0);
    ck_assert(!stop_look(&stop));
    raise(SIGTERM);
    ck_assert(stop_look(&stop));
    int64_t asked_ns = stop.asked_ns;
    raise(SIGTERM);
    ck_assert(stop_look(&stop));
    ck_assert_int_eq(stop.asked_ns, asked_ns);
    close(stop.signal_fd);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stop");
    TCase *tcase = tcase_create("stop");
    tcase_add_test(tcase, nobody_asks);
    tcase_add_test(tcase, the_program_asks);
    tcase_add_test(tcase, a_signal_asks);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
