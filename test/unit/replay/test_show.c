#include <stdio.h>
#include <unistd.h>

#include "io/clock.h"
#include "replay/show.h"
#include "support.h"

#define SECOND INT64_C(1000000000)

static const struct {
    const char *name;
    struct replay_show_progress progress;
    size_t columns;
    const char *line;
} lines[] = {
    {"half done",
     {.published = 12345, .elapsed_ns = 12 * SECOND, .fraction = 0.5, .rate = 4321.9},
     80,
     "[=================>                ]   50%  12,345 published  4,321/s  0:12 left"},
    {"at the beginning", {.fraction = 0}, 60, "[>                                 ]    0%  0 published  0/s"},
    {"at the end",
     {.published = 1000000, .elapsed_ns = 100 * SECOND, .fraction = 1, .rate = 10000},
     60,
     "[==========]  100%  1,000,000 published  10,000/s  0:00 left"},
    {"the end is not known",
     {.published = 999, .elapsed_ns = 3725 * SECOND, .fraction = -1, .rate = 1},
     80,
     "999 published  1/s  1:02:05"},
    {"hours to go",
     {.published = 1, .elapsed_ns = 3600 * SECOND, .fraction = 0.25, .rate = 1},
     40,
     " 25%  1 published  1/s  3:00:00 left"},
    {"more time than anybody has",
     {.published = 1, .elapsed_ns = 3600 * SECOND, .fraction = 1e-9, .rate = 0},
     40,
     "  0%  1 published  0/s  999:00:00 left"},
    {"a narrow terminal", {.published = 12345, .elapsed_ns = SECOND, .fraction = 0.5, .rate = 1}, 12, " 50%  12,345"},
    {"no terminal at all", {.published = 12345, .fraction = 0.5}, 0, ""},
};

START_TEST(line)
{
    char out[REPLAY_SHOW_LINE_BYTES];
    size_t len = replay_show_line(&lines[_i].progress, lines[_i].columns, out);
    ck_assert_msg(strcmp(out, lines[_i].line) == 0, "%s: got \"%s\"", lines[_i].name, out);
    ck_assert_uint_eq(len, strlen(out));
}
END_TEST

START_TEST(fits_any_width)
{
    const struct replay_show_progress progress = {
        .published = UINT64_MAX, .elapsed_ns = INT64_MAX, .fraction = 0.3, .rate = 1e18};
    for (size_t columns = 0; columns < 2 * REPLAY_SHOW_LINE_BYTES; columns++) {
        char out[REPLAY_SHOW_LINE_BYTES];
        size_t len = replay_show_line(&progress, columns, out);
        ck_assert_uint_eq(len, strlen(out));
        ck_assert_uint_le(len, columns);
    }
}
END_TEST

START_TEST(summary)
{
    const struct replay_show_progress progress = {
        .published = 100000, .acknowledged = 99998, .failed = 2, .invalid_lines = 3, .elapsed_ns = 4 * SECOND};
    const struct replay_show_progress nothing = {0};
    char out[REPLAY_SHOW_LINE_BYTES];
    ck_assert_uint_eq(replay_show_summary(&progress, out), strlen(out));
    ck_assert_str_eq(out, "published 100000, acknowledged 99998, failed 2, invalid lines 3; 4.0 s, 25000/s");
    replay_show_summary(&nothing, out);
    ck_assert_str_eq(out, "published 0, acknowledged 0, failed 0, invalid lines 0; 0.0 s, 0/s");
}
END_TEST

/* What happens seldom is named when it happens. */
START_TEST(summary_of_losses)
{
    const struct replay_show_progress progress = {
        .published = 9, .acknowledged = 9, .unmoved_times = 2, .left_out_properties = 3, .elapsed_ns = SECOND};
    char out[REPLAY_SHOW_LINE_BYTES];
    replay_show_summary(&progress, out);
    ck_assert_str_eq(
        out,
        "published 9, acknowledged 9, failed 0, invalid lines 0, times not moved 2, properties left out 3; 1.0 s, 9/s");
}
END_TEST

START_TEST(summary_of_the_largest_numbers)
{
    const struct replay_show_progress progress = {.published = UINT64_MAX,
                                                  .acknowledged = UINT64_MAX,
                                                  .failed = UINT64_MAX,
                                                  .invalid_lines = UINT64_MAX,
                                                  .unmoved_times = UINT64_MAX,
                                                  .left_out_properties = UINT64_MAX,
                                                  .elapsed_ns = 1};
    char *out = malloc(REPLAY_SHOW_LINE_BYTES); /* its end is seen by the sanitizer */
    ck_assert_uint_eq(replay_show_summary(&progress, out), strlen(out));
    ck_assert_ptr_nonnull(strstr(out, "/s"));
    free(out);
}
END_TEST

/* Where there is no terminal nothing is drawn: only log lines come. */
START_TEST(no_terminal)
{
    const struct replay_show_progress progress = {.published = 1, .fraction = 0.5};
    struct replay_show show;
    int fds[2];
    char text[256];
    ck_assert_int_eq(pipe(fds), 0);
    replay_show_init(&show, 0);
    show.log.fd = fds[1];
    ck_assert(replay_show_deadline_ns(&show) == CLOCK_NEVER);
    replay_show_update(&show, progress, SECOND);
    replay_show_log(&show, LOG_WARNING, "%d lines", 3);
    replay_show_end(&show, SECOND);
    close(fds[1]);
    ssize_t len = read(fds[0], text, sizeof text - 1);
    ck_assert_int_gt(len, 0);
    text[len] = '\0';
    ck_assert_str_eq(text, "W! 3 lines\n");
    close(fds[0]);
}
END_TEST

/* On a terminal: five times a second, the rate over the last second at least. */
START_TEST(drawn_when_due)
{
    struct replay_show_progress progress = {.acknowledged = 500, .fraction = 0.5};
    struct replay_show show;
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr)); /* of this test alone */
    replay_show_init(&show, 0);
    show.draws = true;
    replay_show_begin(&show, 10 * SECOND);
    replay_show_update(&show, progress, 11 * SECOND);
    ck_assert(show.is_drawn);
    ck_assert_int_eq(replay_show_deadline_ns(&show), 11 * SECOND + SECOND / 5);
    ck_assert_double_eq_tol(show.rate, 500, 1e-9);
    progress.acknowledged = 600;
    replay_show_update(&show, progress, 11 * SECOND + 1);
    ck_assert_int_eq(replay_show_deadline_ns(&show), 11 * SECOND + SECOND / 5);
    replay_show_update(&show, progress, 13 * SECOND);
    ck_assert_double_eq_tol(show.rate, 50, 1e-9);
    replay_show_stop(&show);
    ck_assert(replay_show_deadline_ns(&show) == CLOCK_NEVER);
    replay_show_end(&show, 13 * SECOND);
    ck_assert(!show.is_drawn);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_show");
    TCase *tcase = tcase_create("replay_show");
    tcase_add_loop_test(tcase, line, 0, (int)COUNT(lines));
    tcase_add_test(tcase, fits_any_width);
    tcase_add_test(tcase, summary);
    tcase_add_test(tcase, summary_of_losses);
    tcase_add_test(tcase, summary_of_the_largest_numbers);
    tcase_add_test(tcase, no_terminal);
    tcase_add_test(tcase, drawn_when_due);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
