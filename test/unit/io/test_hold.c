#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/units.h"
#include "io/hold.h"
#include "io/process.h"
#include "support.h"

#define PATIENCE_MS 60000
#define LINE "E! any: no such file; no message is read until that is mended and Telegraf restarted\n"

/* A program that holds out, with pipes as Telegraf gives it, or a socket as its input. */
struct held {
    pid_t pid;
    int input;
    int log;
};

static struct held start(bool by_socket, int64_t interval_ns)
{
    int input[2];
    int log[2];
    ck_assert_int_eq(by_socket ? socketpair(AF_UNIX, SOCK_STREAM, 0, input) : pipe(input), 0);
    ck_assert_int_eq(pipe(log), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        dup2(input[0], STDIN_FILENO);
        dup2(log[1], STDERR_FILENO);
        close(input[0]);
        close(input[1]);
        close(log[0]);
        close(log[1]);
        process_begin();
        _exit(hold_is_plugin() ? hold_out("any", "no such file", interval_ns) : 99);
    }
    close(input[0]);
    close(log[1]);
    return (struct held){pid, input[1], log[0]};
}

/* So many bytes of its log. */
static void read_log(const struct held *held, char *text, size_t size)
{
    size_t got = 0;
    while (got < size) {
        struct pollfd watched = {.fd = held->log, .events = POLLIN};
        ck_assert_int_eq(poll(&watched, 1, PATIENCE_MS), 1);
        ssize_t count = read(held->log, text + got, size - got);
        ck_assert_int_gt(count, 0);
        got += (size_t)count;
    }
    text[size] = '\0';
}

static void wait_for_line(const struct held *held)
{
    char text[sizeof LINE];
    read_log(held, text, sizeof LINE - 1);
    ck_assert_str_eq(text, LINE);
}

static void ends_with_2(const struct held *held)
{
    int status;
    ck_assert_int_eq(waitpid(held->pid, &status, 0), held->pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), WRONG_CONFIGURATION);
}

static bool is_running(const struct held *held)
{
    return waitpid(held->pid, NULL, WNOHANG) == 0;
}

START_TEST(until_the_other_end_is_closed)
{
    struct held held = start(_i == 1, HOLD_INTERVAL_NS);
    wait_for_line(&held);
    ck_assert_int_eq(write(held.input, "m f=1 1\n", 8), 8);
    ck_assert(is_running(&held));
    close(held.input);
    ends_with_2(&held);
}
END_TEST

START_TEST(until_sigterm)
{
    struct held held = start(false, HOLD_INTERVAL_NS);
    wait_for_line(&held);
    kill(held.pid, SIGINT); /* of the process group: not meant for a plugin */
    kill(held.pid, SIGHUP);
    ck_assert(is_running(&held));
    kill(held.pid, SIGTERM);
    ends_with_2(&held);
}
END_TEST

START_TEST(again_after_every_interval)
{
    struct held held = start(false, 20 * MS_NS);
    for (int i = 0; i < 3; i++) {
        wait_for_line(&held);
    }
    close(held.input);
    ends_with_2(&held);
}
END_TEST

/* What it does not read counts as delivered as soon as it is in the pipe. */
START_TEST(the_pipe_takes_one_page)
{
    char block[128] = {0};
    struct held held = start(false, HOLD_INTERVAL_NS);
    wait_for_line(&held);
    ck_assert_int_eq(fcntl(held.input, F_SETFL, O_NONBLOCK), 0);
    long taken = 0;
    while (write(held.input, block, sizeof block) == (ssize_t)sizeof block) {
        taken += (long)sizeof block;
    }
    ck_assert_int_eq(taken, sysconf(_SC_PAGESIZE));
    close(held.input);
    ends_with_2(&held);
}
END_TEST

/* The pipe holds more than a page before it holds out: it stays as large as that takes. */
START_TEST(what_is_in_the_pipe_stays)
{
    static const char block[20000];
    int input[2];
    ck_assert_int_eq(pipe(input), 0);
    ck_assert_int_eq(write(input[1], block, sizeof block), (ssize_t)sizeof block);
    close(input[1]);
    dup2(input[0], STDIN_FILENO);
    ck_assert(freopen("/dev/null", "w", stderr));
    ck_assert_int_eq(hold_out("any", "no", HOLD_INTERVAL_NS), WRONG_CONFIGURATION);
    char rest[sizeof block + 1];
    size_t got = 0;
    for (ssize_t count = 1; count > 0; got += (size_t)count) {
        count = read(input[0], rest + got, sizeof rest - got);
        ck_assert_int_ge(count, 0);
    }
    ck_assert_uint_eq(got, sizeof block);
}
END_TEST

START_TEST(a_file_is_no_plugins_input)
{
    ck_assert(freopen("/dev/null", "r", stdin));
    ck_assert(!hold_is_plugin());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hold");
    TCase *tcase = tcase_create("hold");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, until_the_other_end_is_closed, 0, 2);
    tcase_add_test(tcase, until_sigterm);
    tcase_add_test(tcase, again_after_every_interval);
    tcase_add_test(tcase, the_pipe_takes_one_page);
    tcase_add_test(tcase, what_is_in_the_pipe_stays);
    tcase_add_test(tcase, a_file_is_no_plugins_input);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
