#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/log.h"

#define MINUTE_NS (INT64_C(60) * 1000 * 1000 * 1000)

/* A pipe to log into, and what came out of it. */
static int ends[2];
static char got[1 << 16];

static void open_pipe(void)
{
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
}

static void close_pipe(void)
{
    close(ends[0]);
    close(ends[1]);
}

static const char *read_lines(void)
{
    ssize_t n = read(ends[0], got, sizeof got - 1);
    got[n > 0 ? n : 0] = '\0';
    return got;
}

static const struct {
    const char *name;
    enum log_level level;
    const char *text;
    const char *line;
} lines[] = {
    {"error", LOG_ERROR, "no", "E! no\n"},
    {"warning", LOG_WARNING, "hm", "W! hm\n"},
    {"info", LOG_INFO, "so", "I! so\n"},
    {"debug", LOG_DEBUG, "", "D! \n"},
    {"line breaks and control characters", LOG_INFO, "a\nb\rc\td\x1b[31m\x7f", "I! a\\nb\\rc\\td\\u001b[31m\\u007f\n"},
    {"C1 control characters", LOG_INFO, "a\xc2\x85z", "I! a\\u0085z\n"},
    {"valid UTF-8 stays", LOG_INFO, "\xe9\x97\xa8 \xc3\xa9 \xf0\x9f\x98\x80",
     "I! \xe9\x97\xa8 \xc3\xa9 \xf0\x9f\x98\x80\n"},
    {"bytes that are not UTF-8", LOG_INFO, "a\xff\xe9\x97z\xc3", "I! a\\xff\\xe9\\x97z\\xc3\n"},
    {"text that runs backwards", LOG_WARNING, "a\xe2\x80\xae.exe\xe2\x81\xa9", "W! a\\u202e.exe\\u2069\n"},
};

START_TEST(one_line)
{
    struct log log;
    log_init(&log, ends[1], 60);
    log_line(&log, 1, lines[_i].level, "%s", lines[_i].text);
    ck_assert_msg(strcmp(read_lines(), lines[_i].line) == 0, "%s: got %s", lines[_i].name, got);
}
END_TEST

/* A line is cut between characters, marked, and never longer than LOG_LINE_BYTES. */
START_TEST(long_line)
{
    static char text[8192];
    const char *units[] = {"x", "\xc3\xa9", "\xe9\x97\xa8", "\xf0\x9f\x98\x80"};
    const char *unit = units[_i % 4];
    size_t shift = (size_t)_i / 4;
    memset(text, '-', shift);
    for (size_t pos = shift; pos + 4 < sizeof text; pos += strlen(unit)) {
        memcpy(text + pos, unit, strlen(unit) + 1);
    }
    struct log log;
    log_init(&log, ends[1], 0);
    log_line(&log, 1, LOG_WARNING, "%s", text);
    size_t len = strlen(read_lines());
    ck_assert_msg(len <= LOG_LINE_BYTES && len > LOG_LINE_BYTES - 4, "%zu bytes", len);
    ck_assert_str_eq(got + len - 4, "...\n");
    ck_assert_ptr_null(strchr(got, '\\'));
}
END_TEST

START_TEST(exact_length)
{
    static char text[LOG_LINE_BYTES];
    memset(text, 'x', sizeof text);
    text[LOG_LINE_BYTES - 4] = '\0'; /* with prefix and newline just what fits */
    struct log log;
    log_init(&log, ends[1], 0);
    log_line(&log, 1, LOG_INFO, "%s", text);
    ck_assert_uint_eq(strlen(read_lines()), LOG_LINE_BYTES);
    ck_assert_int_eq(got[LOG_LINE_BYTES - 2], 'x');
}
END_TEST

START_TEST(only_continuation_bytes)
{
    static char text[4096];
    memset(text, 0x80, sizeof text - 1);
    struct log log;
    log_init(&log, ends[1], 0);
    log_line(&log, 1, LOG_INFO, "%s", text);
    ck_assert_uint_gt(strlen(read_lines()), 1000);
    ck_assert_uint_le(strlen(got), LOG_LINE_BYTES);
    ck_assert_ptr_nonnull(strstr(got, "\\x80\\x80...\n"));
}
END_TEST

/* Escapes are longer than what they stand for: cut again, and none in its middle. */
START_TEST(only_control_characters)
{
    static char text[500];
    memset(text, 0x1b, sizeof text - 1);
    struct log log;
    log_init(&log, ends[1], 0);
    log_line(&log, 1, LOG_WARNING, "%s", text);
    size_t len = strlen(read_lines());
    ck_assert_msg(len <= LOG_LINE_BYTES && len > LOG_LINE_BYTES - 6, "%zu bytes", len);
    ck_assert_str_eq(got + len - 10, "\\u001b...\n");
}
END_TEST

START_TEST(rate)
{
    struct log log;
    log_init(&log, ends[1], 2);
    for (int i = 0; i < 10; i++) {
        log_line(&log, 5, LOG_WARNING, "w%d", i);
    }
    ck_assert_str_eq(read_lines(), "W! w0\nW! w1\n");
    log_line(&log, 6, LOG_ERROR, "an error is never held back");
    ck_assert_str_eq(read_lines(), "E! an error is never held back\n");
    log_flush(&log, 5 + MINUTE_NS - 1, false);
    ck_assert_str_eq(read_lines(), "");
    log_flush(&log, 5 + MINUTE_NS, false);
    ck_assert_str_eq(read_lines(), "W! 8 more log lines were held back (limit: 2 a minute)\n");
    log_line(&log, 5 + MINUTE_NS, LOG_INFO, "again");
    ck_assert_str_eq(read_lines(), "I! again\n");
}
END_TEST

START_TEST(count_comes_with_the_next_line)
{
    struct log log;
    log_init(&log, ends[1], 1);
    log_line(&log, 0, LOG_INFO, "a");
    log_line(&log, 0, LOG_INFO, "b");
    log_line(&log, MINUTE_NS, LOG_INFO, "c");
    ck_assert_str_eq(read_lines(), "I! a\nW! 1 more log lines were held back (limit: 1 a minute)\nI! c\n");
}
END_TEST

START_TEST(at_end)
{
    struct log log;
    log_init(&log, ends[1], 1);
    log_line(&log, 1, LOG_INFO, "a");
    log_line(&log, 1, LOG_INFO, "b");
    log_flush(&log, 2, true);
    log_line(&log, 2, LOG_INFO, "the last words");
    log_line(&log, 2, LOG_WARNING, "whatever the limit");
    log_line(&log, 3, LOG_INFO, "of a program");
    ck_assert_str_eq(read_lines(), "I! a\nW! 1 more log lines were held back (limit: 1 a minute)\n"
                                   "I! the last words\nW! whatever the limit\nI! of a program\n");
}
END_TEST

START_TEST(no_limit)
{
    struct log log;
    log_init(&log, ends[1], 0);
    for (int i = 0; i < 1000; i++) {
        log_line(&log, 0, LOG_DEBUG, "x");
    }
    ck_assert_uint_eq(strlen(read_lines()), 5 * 1000);
}
END_TEST

/* A reader that does not read must not stop the data: lines are counted instead, also with a descriptor that blocks. */
START_TEST(full_pipe)
{
    struct log log;
    static char text[1000];
    memset(text, 'x', sizeof text - 1);
    log_init(&log, ends[1], 0);
    for (int i = 0; i < 200; i++) {
        log_line(&log, 0, LOG_INFO, "%s", text);
    }
    ck_assert_uint_gt(log.suppressed, 100);
    ck_assert_uint_gt(strlen(read_lines()), 50000);
    log_flush(&log, 1, true);
    ck_assert_ptr_nonnull(strstr(read_lines(), " more log lines were held back"));
    ck_assert_uint_eq(log.suppressed, 0);
}
END_TEST

/* An error waits for a reader, but errors together no longer than one: the end of a program has a limit. */
START_TEST(errors_wait_once)
{
    struct log log;
    static char text[1000];
    memset(text, 'x', sizeof text - 1);
    log_init(&log, ends[1], 0);
    while (log.suppressed == 0) {
        log_line(&log, 0, LOG_INFO, "%s", text);
    }
    for (int i = 0; i < 1000; i++) { /* with a wait each, the test would run out of time */
        log_line(&log, 0, LOG_ERROR, "%s", text);
    }
    ck_assert_uint_eq(log.suppressed, 1001);
    read_lines();
    log_line(&log, 0, LOG_ERROR, "heard again");
    log_line(&log, 0, LOG_ERROR, "and again");
    ck_assert_ptr_nonnull(strstr(read_lines(), "E! heard again\nE! and again\n"));
}
END_TEST

START_TEST(closed_descriptor)
{
    struct log log;
    log_init(&log, -1, 60);
    log_line(&log, 0, LOG_WARNING, "nobody hears");
    log_flush(&log, 0, true);
}
END_TEST

static Suite *log_suite(void)
{
    Suite *suite = suite_create("log");
    TCase *tcase = tcase_create("log");
    tcase_add_checked_fixture(tcase, open_pipe, close_pipe);
    tcase_add_loop_test(tcase, one_line, 0, (int)(sizeof lines / sizeof lines[0]));
    tcase_add_loop_test(tcase, long_line, 0, 16);
    tcase_add_test(tcase, exact_length);
    tcase_add_test(tcase, only_continuation_bytes);
    tcase_add_test(tcase, rate);
    tcase_add_test(tcase, count_comes_with_the_next_line);
    tcase_add_test(tcase, at_end);
    tcase_add_test(tcase, no_limit);
    tcase_add_test(tcase, full_pipe);
    tcase_add_test(tcase, errors_wait_once);
    tcase_add_test(tcase, only_control_characters);
    tcase_add_test(tcase, closed_descriptor);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(log_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
