#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/process.h"
#include "support.h"

/* Each test is a process of its own (check forks): what it does to signals and descriptors ends with it. */

static bool is_readable(int fd)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    return poll(&watched, 1, 0) == 1;
}

START_TEST(sigterm_is_seen_on_the_descriptor)
{
    int fd = process_watch_signals(false);
    ck_assert_int_ge(fd, 0);
    ck_assert(!process_take_signal(fd));
    raise(SIGTERM);
    ck_assert(is_readable(fd));
    ck_assert(process_take_signal(fd));
    ck_assert(!process_take_signal(fd));
    close(fd);
}
END_TEST

START_TEST(signals_of_the_group_are_ignored_below_telegraf)
{
    int fd = process_watch_signals(false);
    raise(SIGINT);
    raise(SIGHUP);
    ck_assert(!is_readable(fd));
    close(fd);
}
END_TEST

START_TEST(a_person_may_interrupt)
{
    int fd = process_watch_signals(true);
    raise(SIGINT);
    ck_assert(process_take_signal(fd));
    close(fd);
}
END_TEST

START_TEST(a_terminal_that_is_closed_ends_a_persons_program)
{
    signal(SIGHUP, SIG_DFL); /* the tests may run in one process */
    int fd = process_watch_signals(true);
    raise(SIGHUP);
    ck_assert(process_take_signal(fd));
    close(fd);
}
END_TEST

START_TEST(nohup_counts)
{
    signal(SIGHUP, SIG_IGN);
    int fd = process_watch_signals(true);
    raise(SIGHUP);
    ck_assert(!is_readable(fd));
    close(fd);
}
END_TEST

START_TEST(signals_without_a_meaning_do_no_harm)
{
    process_begin();
    raise(SIGUSR1);
    raise(SIGUSR2);
}
END_TEST

START_TEST(a_broken_pipe_and_a_full_file_are_errors)
{
    int ends[2];
    process_begin();
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert_int_eq(write(ends[1], "x", 1), -1);
    ck_assert_int_eq(errno, EPIPE);

    struct rlimit limit;
    char name[] = "/tmp/vending-process-XXXXXX";
    int file = mkstemp(name);
    unlink(name);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    ssize_t written = write(file, "x", 1);
    int error = errno;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(written, -1);
    ck_assert_int_eq(error, EFBIG);
    close(file);
}
END_TEST

/* A file that is opened later must not become standard output by chance. */
START_TEST(closed_descriptors_are_occupied)
{
    int kept = dup(STDIN_FILENO);
    close(STDIN_FILENO);
    process_begin();
    int next = dup(STDERR_FILENO);
    char byte;
    ck_assert_int_gt(next, STDERR_FILENO);
    ck_assert_int_eq(read(STDIN_FILENO, &byte, 1), -1);
    ck_assert_int_eq(errno, EBADF);
    close(next);
    ck_assert_int_eq(dup2(kept, STDIN_FILENO), STDIN_FILENO);
    close(kept);
}
END_TEST

START_TEST(refusing)
{
    int ends[2];
    char line[128];
    int kept = dup(STDERR_FILENO);
    ck_assert_int_eq(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    int status = process_refuse("vending-test", "nothing is right");
    dup2(kept, STDERR_FILENO);
    close(ends[1]);
    ssize_t n = read(ends[0], line, sizeof line - 1);
    ck_assert_int_gt(n, 0);
    line[n] = '\0';
    ck_assert_str_eq(line, "E! vending-test: nothing is right\n");
    ck_assert_int_eq(status, 2);
    close(ends[0]);
    close(kept);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("process");
    TCase *tcase = tcase_create("process");
    tcase_add_test(tcase, sigterm_is_seen_on_the_descriptor);
    tcase_add_test(tcase, signals_of_the_group_are_ignored_below_telegraf);
    tcase_add_test(tcase, a_person_may_interrupt);
    tcase_add_test(tcase, a_terminal_that_is_closed_ends_a_persons_program);
    tcase_add_test(tcase, nohup_counts);
    tcase_add_test(tcase, signals_without_a_meaning_do_no_harm);
    tcase_add_test(tcase, closed_descriptors_are_occupied);
    tcase_add_test(tcase, refusing);
    tcase_add_test(tcase, a_broken_pipe_and_a_full_file_are_errors);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
