#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "io/terminal.h"
#include "support.h"

static int ends[2]; /* a terminal's two */

static void set_up(void)
{
    ck_assert_int_eq(openpty(&ends[0], &ends[1], NULL, NULL, NULL), 0);
    unsetenv("COLUMNS");
}

static void tear_down(void)
{
    close(ends[0]);
    close(ends[1]);
}

static void resize(unsigned short columns)
{
    const struct winsize size = {.ws_row = 24, .ws_col = columns};
    ck_assert_int_eq(ioctl(ends[1], TIOCSWINSZ, &size), 0);
}

START_TEST(what_the_terminal_says)
{
    setenv("COLUMNS", "99", 1);
    resize(130);
    ck_assert_uint_eq(terminal_width(ends[1]), 130);
    resize(60);
    ck_assert_uint_eq(terminal_width(ends[1]), 60);
}
END_TEST

START_TEST(what_the_environment_says)
{
    static const struct {
        const char *columns;
        size_t width;
    } cases[] = {
        {"99", 99}, {"0", 80}, {"", 80}, {"wide", 80}, {"99x", 80}, {"-5", 80}, {"99999999999999999999999", 80}};
    resize(0);
    ck_assert_uint_eq(terminal_width(ends[1]), TERMINAL_USUAL_WIDTH);
    for (size_t i = 0; i < COUNT(cases); i++) {
        setenv("COLUMNS", cases[i].columns, 1);
        ck_assert_msg(terminal_width(ends[1]) == cases[i].width, "COLUMNS=%s", cases[i].columns);
    }
}
END_TEST

START_TEST(no_terminal)
{
    int pipe_ends[2];
    setenv("COLUMNS", "99", 1);
    ck_assert_int_eq(pipe(pipe_ends), 0);
    ck_assert_uint_eq(terminal_width(pipe_ends[1]), 0);
    ck_assert_uint_eq(terminal_width(-1), 0);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("terminal");
    TCase *tcase = tcase_create("terminal");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, what_the_terminal_says);
    tcase_add_test(tcase, what_the_environment_says);
    tcase_add_test(tcase, no_terminal);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
