#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/process.h"
#include "io/writer.h"

#define MUCH ((size_t)3 * 1024 * 1024)

static char *pattern(size_t len)
{
    char *bytes = malloc(len);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (char)(i % 251);
    }
    return bytes;
}

/* A child that reads the pipe slowly and exits with 0 if it got exactly the pattern. */
static pid_t start_reader(const int ends[2], size_t len)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child > 0) {
        close(ends[0]);
        return child;
    }
    close(ends[1]);
    size_t seen = 0;
    bool same = true;
    static char chunk[10007];
    const struct timespec pause = {0, 1000000};
    for (ssize_t n = read(ends[0], chunk, sizeof chunk); n > 0; n = read(ends[0], chunk, sizeof chunk)) {
        for (ssize_t i = 0; i < n; i++) {
            same = same && chunk[i] == (char)((seen + (size_t)i) % 251);
        }
        seen += (size_t)n;
        nanosleep(&pause, NULL); /* slow enough for the writer to have to wait */
    }
    _exit(same && seen == len ? 0 : 1);
}

static void on_alarm(int number)
{
    (void)number;
}

/* A timer whose signal interrupts write(2) again and again. */
static void interrupt_often(void)
{
    const struct sigaction action = {.sa_handler = on_alarm};
    const struct itimerval often = {{0, 20000}, {0, 20000}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
}

static void stop_interrupting(void)
{
    const struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &never, NULL);
}

static const struct {
    const char *name;
    bool non_blocking;
    bool interrupted;
} ways[] = {
    {"blocking", false, false},
    {"non-blocking: short writes and EAGAIN", true, false},
    {"interrupted", false, true},
    {"both", true, true},
};

START_TEST(everything_arrives)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t reader = start_reader(ends, MUCH);
    if (ways[_i].non_blocking) {
        ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    }
    if (ways[_i].interrupted) {
        interrupt_often();
    }
    char *bytes = pattern(MUCH);
    struct writer writer;
    writer_init(&writer, ends[1]);
    bool done = writer_put(&writer, (struct span){bytes, MUCH});
    stop_interrupting();
    ck_assert_msg(done && writer.error == 0 && writer.written == MUCH, "%s: error %d", ways[_i].name, writer.error);
    close(ends[1]);
    int status;
    ck_assert_int_eq(waitpid(reader, &status, 0), reader);
    ck_assert_msg(status == 0, "%s: the reader got something else", ways[_i].name);
    free(bytes);
}
END_TEST

START_TEST(nothing)
{
    struct writer writer;
    writer_init(&writer, -1);
    ck_assert(writer_put(&writer, (struct span){"", 0}));
    ck_assert_int_eq(writer.error, 0);
}
END_TEST

START_TEST(reader_gone)
{
    int ends[2];
    struct writer writer;
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    writer_init(&writer, ends[1]);
    ck_assert(!writer_put(&writer, SPAN_LITERAL("x")));
    ck_assert_int_eq(writer.error, EPIPE);
    ck_assert_uint_eq(writer.written, 0);
    close(ends[1]);
}
END_TEST

START_TEST(first_error_stays)
{
    struct writer writer;
    int full = open("/dev/full", O_WRONLY);
    ck_assert_int_ge(full, 0);
    writer_init(&writer, full);
    ck_assert(!writer_put(&writer, SPAN_LITERAL("x")));
    ck_assert_int_eq(writer.error, ENOSPC);
    writer.fd = -1;
    ck_assert(!writer_put(&writer, SPAN_LITERAL("y")));
    ck_assert_int_eq(writer.error, ENOSPC);
    close(full);
}
END_TEST

START_TEST(bad_descriptor)
{
    struct writer writer;
    writer_init(&writer, -1);
    ck_assert(!writer_put(&writer, SPAN_LITERAL("x")));
    ck_assert_int_eq(writer.error, EBADF);
}
END_TEST

/* The reader takes its time; when the writer is told that all is taken, nothing is left in the pipe. */
START_TEST(drains_a_slow_reader)
{
    int ends[2];
    int left = -1;
    ck_assert_int_eq(pipe(ends), 0);
    size_t much = 60000; /* fits into the pipe as a whole */
    char *bytes = pattern(much);
    struct writer writer;
    writer_init(&writer, ends[1]);
    ck_assert(writer_put(&writer, (struct span){bytes, much}));
    pid_t reader = start_reader(ends, much);
    ck_assert(writer_drain(&writer));
    ck_assert_int_eq(ioctl(ends[1], FIONREAD, &left), 0);
    ck_assert_int_eq(left, 0);
    close(ends[1]);
    int status;
    ck_assert_int_eq(waitpid(reader, &status, 0), reader);
    ck_assert_int_eq(status, 0);
    free(bytes);
}
END_TEST

/* A request to end that came so long ago that its deadline has passed. */
static struct stop late_stop(void)
{
    struct stop stop;
    stop_init(&stop);
    stop_ask(&stop);
    stop.asked_ns -= STOP_LIMIT_NS;
    return stop;
}

START_TEST(drains_no_longer_than_the_deadline)
{
    int ends[2];
    struct writer writer;
    struct stop stop = late_stop();
    ck_assert_int_eq(pipe(ends), 0);
    writer_init(&writer, ends[1]);
    ck_assert(writer_put(&writer, SPAN_LITERAL("x")));
    writer.stop = &stop;
    ck_assert(!writer_drain(&writer));
    ck_assert_uint_eq(writer_unread(&writer), 1);
    writer.stop = NULL;
    close(ends[0]);
    ck_assert(!writer_drain(&writer)); /* the reader is gone: no waiting, or the test runs out of time */
    close(ends[1]);
}
END_TEST

/* Nobody reads: what was written ends with a whole line, and the rest is counted. */
START_TEST(gives_up_between_lines)
{
    static const char line[] = "0123456789 0123456789 0123456789 0123456789\n";
    struct stop stop = late_stop();
    struct writer writer;
    char *text = malloc(MUCH);
    int ends[2];
    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(pipe(ends), 0);
    for (size_t i = 0; i < MUCH; i++) {
        text[i] = line[i % (sizeof line - 1)];
    }
    writer_init(&writer, ends[1]);
    writer.stop = &stop;
    ck_assert(writer_put(&writer, SPAN_LITERAL("not empty any more\n")));
    ck_assert(!writer_put(&writer, (struct span){text, MUCH}));
    ck_assert_int_eq(writer.error, WRITER_GAVE_UP);
    size_t unread = writer_unread(&writer);
    ck_assert_uint_gt(unread, 10000);
    ck_assert_uint_eq(writer.written, unread);
    ck_assert_uint_eq(writer.written + writer.left, MUCH + 19);
    char *got = malloc(unread);
    ck_assert_int_eq(read(ends[0], got, unread), (ssize_t)unread);
    ck_assert_int_eq(got[unread - 1], '\n');

    ck_assert(!writer_put(&writer, SPAN_LITERAL("more")));
    ck_assert_uint_eq(writer.written + writer.left, MUCH + 19 + 4);
    close(ends[0]);
    close(ends[1]);
    free(got);
    free(text);
}
END_TEST

/* The request comes while it waits. */
START_TEST(sees_a_signal_while_it_waits)
{
    struct stop stop;
    struct writer writer;
    char *bytes = pattern(MUCH);
    int ends[2];
    stop_init(&stop);
    stop.limit_ns = 1;
    stop.signal_fd = process_watch_signals(false);
    ck_assert_int_ge(stop.signal_fd, 0);
    ck_assert_int_eq(pipe(ends), 0);
    writer_init(&writer, ends[1]);
    writer.stop = &stop;
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        int inside = 0;
        while (ioctl(ends[1], FIONREAD, &inside) == 0 && inside < 60000) { /* until it has to wait */
        }
        kill(parent, SIGTERM);
        _exit(0);
    }
    ck_assert(!writer_put(&writer, (struct span){bytes, MUCH}));
    ck_assert_int_eq(writer.error, WRITER_GAVE_UP);
    ck_assert_int_gt(stop.asked_ns, 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    close(stop.signal_fd);
    close(ends[0]);
    close(ends[1]);
    free(bytes);
}
END_TEST

/* A file, a device and an empty pipe keep nobody waiting. */
START_TEST(drains_what_holds_nothing)
{
    int ends[2];
    struct writer writer;
    ck_assert_int_eq(pipe(ends), 0);
    const int empty[] = {ends[1], open("/dev/null", O_WRONLY), open("/proc/self/exe", O_RDONLY), -1};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        writer_init(&writer, empty[i]);
        ck_assert_msg(writer_drain(&writer), "%zu", i);
    }
    close(empty[1]);
    close(empty[2]);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

/* Nobody reads: what fits into the pipe goes, the rest stays, and it never waits. */
START_TEST(ready_bytes_only)
{
    int ends[2];
    char *bytes = pattern(MUCH);
    struct writer writer;
    int inside = 0;
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(ends), 0);
    writer_init(&writer, ends[1]);
    size_t first = writer_put_ready(&writer, (struct span){bytes, MUCH});
    ck_assert_uint_gt(first, 0);
    ck_assert_uint_lt(first, MUCH);
    ck_assert_int_eq(ioctl(ends[0], FIONREAD, &inside), 0);
    ck_assert_uint_eq((size_t)inside, first);
    ck_assert_uint_eq(writer_put_ready(&writer, (struct span){bytes + first, MUCH - first}), 0);
    ck_assert_uint_eq(writer.written, first);
    ck_assert_int_eq(writer.error, 0);

    /* Room again, and then nobody at all. */
    char *got = malloc(first);
    ck_assert_int_eq(read(ends[0], got, first), (ssize_t)first);
    ck_assert_int_eq(memcmp(got, bytes, first), 0);
    ck_assert_uint_eq(writer_put_ready(&writer, (struct span){bytes + first, 1}), 1);
    close(ends[0]);
    ck_assert_uint_eq(writer_put_ready(&writer, (struct span){bytes, 1}), 0);
    ck_assert_int_eq(writer.error, EPIPE);
    close(ends[1]);
    free(got);
    free(bytes);
}
END_TEST

static Suite *writer_suite(void)
{
    Suite *suite = suite_create("writer");
    TCase *tcase = tcase_create("writer");
    tcase_set_timeout(tcase, 40);
    tcase_add_loop_test(tcase, everything_arrives, 0, (int)(sizeof ways / sizeof ways[0]));
    tcase_add_test(tcase, nothing);
    tcase_add_test(tcase, reader_gone);
    tcase_add_test(tcase, first_error_stays);
    tcase_add_test(tcase, bad_descriptor);
    tcase_add_test(tcase, ready_bytes_only);
    tcase_add_test(tcase, drains_a_slow_reader);
    tcase_add_test(tcase, drains_no_longer_than_the_deadline);
    tcase_add_test(tcase, gives_up_between_lines);
    tcase_add_test(tcase, sees_a_signal_while_it_waits);
    tcase_add_test(tcase, drains_what_holds_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(writer_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
