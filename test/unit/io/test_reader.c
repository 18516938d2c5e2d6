#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/reader.h"

#define MAX_LINE 1024

static int ends[2];
static struct reader input;

static void open_pipe(void)
{
    ck_assert_int_eq(pipe(ends), 0);
}

static void close_pipe(void)
{
    reader_free(&input);
    close(ends[0]);
    if (ends[1] >= 0) {
        close(ends[1]);
    }
}

static void send_text(const char *text)
{
    ck_assert_int_eq(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
}

static void close_sender(void)
{
    close(ends[1]);
    ends[1] = -1;
}

static void expect(const char *text)
{
    struct lp_frame frame = reader_next(&input);
    ck_assert_int_eq(frame.kind, LP_FRAME_RECORD);
    ck_assert_msg(span_equal(frame.bytes, span_of(text)), "got %.*s, want %s", (int)frame.bytes.len, frame.bytes.ptr,
                  text);
}

static const enum lp_frame_syntax kinds[] = {LP_FRAME_LINE_PROTOCOL, LP_FRAME_LINES};

START_TEST(to_the_end)
{
    ck_assert(reader_init(&input, ends[0], kinds[_i], MAX_LINE));
    send_text("a b=1\nc d");
    ck_assert(reader_read(&input));
    ck_assert_uint_eq(input.bytes, 9);
    expect("a b=1\n");
    ck_assert_int_eq(reader_next(&input).kind, LP_FRAME_NONE);
    send_text("=2");
    close_sender();
    ck_assert(reader_read(&input));
    ck_assert_int_eq(reader_next(&input).kind, LP_FRAME_NONE);
    ck_assert(!input.ended);
    ck_assert(!reader_read(&input));
    ck_assert(input.ended && !input.cut_off && input.error == 0);
    struct lp_frame last = reader_next(&input);
    ck_assert(span_equal(last.bytes, SPAN_LITERAL("c d=2")));
    ck_assert(!reader_is_half(&input, &last));
    ck_assert_int_eq(reader_next(&input).kind, LP_FRAME_NONE);
    ck_assert_uint_eq(input.bytes, 11);
}
END_TEST

START_TEST(quotes_hold_newlines_in_line_protocol_alone)
{
    ck_assert(reader_init(&input, ends[0], kinds[_i], MAX_LINE));
    send_text("a b=\"1\n2\"\n");
    ck_assert(reader_read(&input));
    expect(kinds[_i] == LP_FRAME_LINES ? "a b=\"1\n" : "a b=\"1\n2\"\n");
}
END_TEST

START_TEST(cut_off)
{
    ck_assert(reader_init(&input, ends[0], kinds[_i], MAX_LINE));
    send_text("a b=1\nc d=2");
    ck_assert(reader_read(&input));
    reader_cut_off(&input);
    ck_assert(input.ended && input.cut_off);
    struct lp_frame whole = reader_next(&input);
    ck_assert(span_equal(whole.bytes, SPAN_LITERAL("a b=1\n")));
    ck_assert(!reader_is_half(&input, &whole));
    struct lp_frame half = reader_next(&input);
    ck_assert(span_equal(half.bytes, SPAN_LITERAL("c d=2")));
    ck_assert(reader_is_half(&input, &half));
}
END_TEST

START_TEST(cut_off_at_the_end_is_no_cut)
{
    ck_assert(reader_init(&input, ends[0], kinds[_i], MAX_LINE));
    close_sender();
    ck_assert(!reader_read(&input));
    reader_cut_off(&input);
    ck_assert(!input.cut_off);
}
END_TEST

START_TEST(nothing_there_yet)
{
    ck_assert(reader_init(&input, ends[0], kinds[_i], MAX_LINE));
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    ck_assert(!reader_read(&input));
    ck_assert(!input.ended && input.error == 0);
}
END_TEST

START_TEST(read_error)
{
    int directory = open("/", O_RDONLY);
    ck_assert(reader_init(&input, directory, kinds[_i], MAX_LINE));
    ck_assert(!reader_read(&input));
    ck_assert(input.ended && input.cut_off);
    ck_assert_int_eq(input.error, EISDIR);
    ck_assert_int_eq(reader_next(&input).kind, LP_FRAME_NONE);
    close(directory);
}
END_TEST

static Suite *input_suite(void)
{
    Suite *suite = suite_create("input");
    TCase *tcase = tcase_create("input");
    int count = (int)(sizeof kinds / sizeof kinds[0]);
    tcase_add_checked_fixture(tcase, open_pipe, close_pipe);
    tcase_add_loop_test(tcase, to_the_end, 0, count);
    tcase_add_loop_test(tcase, quotes_hold_newlines_in_line_protocol_alone, 0, count);
    tcase_add_loop_test(tcase, cut_off, 0, count);
    tcase_add_loop_test(tcase, cut_off_at_the_end_is_no_cut, 0, count);
    tcase_add_loop_test(tcase, nothing_there_yet, 0, count);
    tcase_add_loop_test(tcase, read_error, 0, count);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(input_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
