#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/recorder.h"
#include "support.h"

#define S INT64_C(1000000000)
#define NOW (INT64_C(1795480318) * S) /* 2026-11-24T00:31:58Z */

static char folder[64];
static char file[80];
static struct capture_recorder record;
static struct err err;

static void make_folder(void)
{
    snprintf(folder, sizeof folder, "/tmp/vending-record-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/raw", folder);
    err_clear(&err);
}

static const char *numbered(size_t number)
{
    static char name[96];
    snprintf(name, sizeof name, number ? "%s.%zu" : "%s", file, number);
    return name;
}

static void remove_folder(void)
{
    for (size_t number = 0; number < 12; number++) {
        unlink(numbered(number));
    }
    rmdir(folder);
}

static void open_record(size_t max_bytes, int64_t max_age_ns, size_t keep, int64_t now_ns)
{
    const struct capture_recorder_settings settings = {file, max_bytes, max_age_ns, keep};
    ck_assert_msg(capture_recorder_open(&record, &settings, now_ns, &err), "%s", err.text);
}

static const char *contents(size_t number)
{
    static char text[4096];
    FILE *in = fopen(numbered(number), "rb");
    if (!in) {
        return NULL;
    }
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    return text;
}

static void check_contents(size_t number, const char *want)
{
    const char *got = contents(number);
    ck_assert_msg((got == NULL) == (want == NULL), "file %zu is %s", number, got ? got : "not there");
    ck_assert_msg(!want || strcmp(got, want) == 0, "file %zu:\ngot  %s\nwant %s", number, got, want);
}

static void write_contents(size_t number, const char *text)
{
    FILE *out = fopen(numbered(number), "wb");
    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    ck_assert_int_eq(fclose(out), 0);
}

/* A line that is written at once. */
static void put(const char *line, int64_t now_ns)
{
    ck_assert_int_eq(capture_recorder_put(&record, span_of(line), now_ns), RECORDER_AS_BEFORE);
    ck_assert_int_eq(capture_recorder_flush(&record, now_ns), RECORDER_AS_BEFORE);
}

START_TEST(gathers_lines)
{
    open_record(1000, 0, 3, NOW);
    ck_assert_int_eq(capture_recorder_put(&record, SPAN_LITERAL("one\n"), NOW), RECORDER_AS_BEFORE);
    ck_assert_int_eq(capture_recorder_put(&record, SPAN_LITERAL("two\n"), NOW), RECORDER_AS_BEFORE);
    check_contents(0, "");
    capture_recorder_flush(&record, NOW);
    check_contents(0, "one\ntwo\n");
    ck_assert_int_eq(capture_recorder_put(&record, SPAN_LITERAL("three\n"), NOW), RECORDER_AS_BEFORE);
    capture_recorder_close(&record, NOW);
    check_contents(0, "one\ntwo\nthree\n");
    ck_assert_uint_eq(record.written, 3);
    ck_assert_uint_eq(record.lost, 0);
    struct stat about;
    ck_assert_int_eq(stat(file, &about), 0);
    ck_assert_uint_eq(about.st_mode & 0007, 0);
}
END_TEST

START_TEST(rotates_by_size)
{
    open_record(10, 0, 3, NOW);
    put("12345678\n", NOW); /* 9 bytes */
    put("9\n", NOW);        /* 11 with these: a new file */
    check_contents(0, "9\n");
    check_contents(1, "12345678\n");
    put("abcdefg\n", NOW); /* 10: exactly full */
    check_contents(0, "9\nabcdefg\n");
    put("h\n", NOW);
    put("a line longer than a file\n", NOW);
    put("i\n", NOW);
    check_contents(0, "i\n");
    check_contents(1, "a line longer than a file\n");
    check_contents(2, "h\n");
    check_contents(3, NULL);
    capture_recorder_close(&record, NOW);
}
END_TEST

/* Lines that are gathered never make a file too large. */
START_TEST(gathered_lines_rotate)
{
    open_record(10, 0, 9, NOW);
    for (char c = 'a'; c <= 'f'; c++) {
        char line[] = {c, c, c, '\n', '\0'};
        ck_assert_int_eq(capture_recorder_put(&record, span_of(line), NOW), RECORDER_AS_BEFORE);
    }
    capture_recorder_close(&record, NOW);
    check_contents(0, "eee\nfff\n");
    check_contents(1, "ccc\nddd\n");
    check_contents(2, "aaa\nbbb\n");
}
END_TEST

START_TEST(rotates_by_age)
{
    open_record(1000, 60 * S, 2, NOW);
    put("a\n", NOW + 5 * S); /* the age is the first line's, not the file's */
    put("b\n", NOW + 65 * S - 1);
    check_contents(0, "a\nb\n");
    put("c\n", NOW + 65 * S);
    check_contents(0, "c\n");
    check_contents(1, "a\nb\n");
    put("d\n", NOW + 600 * S);
    check_contents(0, "d\n");
    check_contents(1, "c\n");
    check_contents(2, NULL);
    capture_recorder_close(&record, NOW);
}
END_TEST

START_TEST(keeps_one_file)
{
    open_record(4, 0, 1, NOW);
    put("abc\n", NOW);
    put("def\n", NOW);
    check_contents(0, "def\n");
    check_contents(1, NULL);
    capture_recorder_close(&record, NOW);
}
END_TEST

START_TEST(goes_on_with_an_earlier_file)
{
    write_contents(0, "{\"tst\":\"2026-11-24T00:31:00.000000Z+0000\",\"topic\"\nhalf a li");
    open_record(1000, 60 * S, 2, NOW); /* 58 s after the first line's tst */
    put("a\n", NOW + 2 * S - 1);
    check_contents(0, "{\"tst\":\"2026-11-24T00:31:00.000000Z+0000\",\"topic\"\nhalf a li\na\n");
    put("b\n", NOW + 2 * S);
    check_contents(0, "b\n");
    capture_recorder_close(&record, NOW);

    open_record(1000, 60 * S, 2, NOW); /* a first line without tst counts from now */
    put("c\n", NOW + 60 * S - 1);
    check_contents(0, "b\nc\n");
    capture_recorder_close(&record, NOW);

    open_record(5, 0, 2, NOW);
    put("d\n", NOW);
    check_contents(0, "d\n");
    check_contents(1, "b\nc\n");
    capture_recorder_close(&record, NOW);
}
END_TEST

START_TEST(removes_what_is_too_many)
{
    for (size_t number = 0; number < 8; number++) {
        write_contents(number, "x\n");
    }
    unlink(numbered(6));
    open_record(1000, 0, 3, NOW);
    capture_recorder_close(&record, NOW);
    for (size_t number = 0; number < 8; number++) {
        check_contents(number, number < 3 || number == 7 ? "x\n" : NULL); /* behind a gap it may be somebody else's */
    }
}
END_TEST

/* A limit of the file's size stands in for a full disk: the write is short, the next one fails. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk)
{
    open_record(1000, 0, 3, NOW);
    put("12345\n", NOW);
    limit_files(10);
    ck_assert_int_eq(capture_recorder_put(&record, SPAN_LITERAL("6789abc\n"), NOW), RECORDER_AS_BEFORE);
    ck_assert_int_eq(capture_recorder_put(&record, SPAN_LITERAL("d\n"), NOW), RECORDER_AS_BEFORE);
    ck_assert_int_eq(capture_recorder_flush(&record, NOW), RECORDER_FAILED);
    ck_assert_int_eq(record.error, EFBIG);
    ck_assert_uint_eq(record.lost, 2);
    check_contents(0, "12345\n"); /* no half line */

    limit_files(RLIM_INFINITY);
    capture_recorder_put(&record, SPAN_LITERAL("e\n"), NOW + RECORDER_RETRY_NS - 1);
    ck_assert_int_eq(capture_recorder_flush(&record, NOW + RECORDER_RETRY_NS - 1),
                     RECORDER_AS_BEFORE); /* not tried yet */
    ck_assert_uint_eq(record.lost, 3);
    capture_recorder_put(&record, SPAN_LITERAL("f\n"), NOW + RECORDER_RETRY_NS);
    ck_assert_int_eq(capture_recorder_flush(&record, NOW + RECORDER_RETRY_NS), RECORDER_RECOVERED);
    check_contents(0, "12345\nf\n");
    ck_assert_uint_eq(record.written, 2);
    ck_assert_uint_eq(record.lost, 3);
    ck_assert_int_eq(record.error, 0);
    capture_recorder_close(&record, NOW);
}
END_TEST

START_TEST(a_fault_is_told_once)
{
    open_record(1000, 0, 3, NOW);
    limit_files(1);
    capture_recorder_put(&record, SPAN_LITERAL("12\n"), NOW);
    ck_assert_int_eq(capture_recorder_flush(&record, NOW), RECORDER_FAILED);
    for (int64_t t = 1; t < 5; t++) {
        capture_recorder_put(&record, SPAN_LITERAL("12\n"), NOW + t * RECORDER_RETRY_NS);
        ck_assert_int_eq(capture_recorder_flush(&record, NOW + t * RECORDER_RETRY_NS), RECORDER_AS_BEFORE);
    }
    ck_assert_uint_eq(record.lost, 5);
    limit_files(RLIM_INFINITY);
    capture_recorder_put(&record, SPAN_LITERAL("12\n"), NOW - 3600 * S); /* the clock was set back */
    ck_assert_int_eq(capture_recorder_flush(&record, NOW - 3600 * S), RECORDER_RECOVERED);
    capture_recorder_close(&record, NOW);
}
END_TEST

START_TEST(a_folder_that_goes_away)
{
    open_record(5, 0, 3, NOW);
    put("abc\n", NOW);
    unlink(file);
    ck_assert_int_eq(rmdir(folder), 0);
    capture_recorder_put(&record, SPAN_LITERAL("def\n"), NOW);
    ck_assert_int_eq(capture_recorder_flush(&record, NOW), RECORDER_FAILED);
    ck_assert_int_eq(record.error, ENOENT);
    ck_assert_int_eq(mkdir(folder, 0700), 0);
    capture_recorder_put(&record, SPAN_LITERAL("ghi\n"), NOW + RECORDER_RETRY_NS);
    ck_assert_int_eq(capture_recorder_flush(&record, NOW + RECORDER_RETRY_NS), RECORDER_RECOVERED);
    check_contents(0, "ghi\n");
    capture_recorder_close(&record, NOW);
}
END_TEST

START_TEST(what_cannot_be_opened)
{
    const struct capture_recorder_settings nowhere = {"/nonexistent/raw", 1000, 0, 3};
    ck_assert(!capture_recorder_open(&record, &nowhere, NOW, &err));
    ck_assert_str_eq(err.text, "--record: /nonexistent/raw: No such file or directory");
    capture_recorder_close(&record, NOW);

    const struct capture_recorder_settings device = {"/dev/null", 1000, 0, 3};
    err_clear(&err);
    ck_assert(!capture_recorder_open(&record, &device, NOW, &err));
    ck_assert_str_eq(err.text, "--record: /dev/null: not a regular file");
    capture_recorder_close(&record, NOW);

    /* Where the link leads nothing is created. */
    const struct capture_recorder_settings link = {file, 1000, 0, 3};
    ck_assert_int_eq(symlink(numbered(1), file), 0);
    err_clear(&err);
    ck_assert(!capture_recorder_open(&record, &link, NOW, &err));
    ck_assert_ptr_nonnull(strstr(err.text, ": a symbolic link, which is not followed"));
    ck_assert_int_ne(access(numbered(1), F_OK), 0);
    capture_recorder_close(&record, NOW);
    unlink(file);
}
END_TEST

/* Whoever may write into the folder must not choose what file is written to. */
START_TEST(links_are_not_followed)
{
    char other[128];
    struct stat about;
    snprintf(other, sizeof other, "%s.5", file);
    ck_assert_int_eq(symlink(other, file), 0);
    const struct capture_recorder_settings settings = {file, 6, 0, 3};
    err_clear(&err);
    ck_assert(!capture_recorder_open(&record, &settings, NOW, &err));
    ck_assert_ptr_nonnull(strstr(err.text, ": a symbolic link, which is not followed"));
    ck_assert_int_eq(capture_recorder_put(&record, SPAN_LITERAL("one\n"), NOW), RECORDER_AS_BEFORE);
    capture_recorder_close(&record, NOW);
    ck_assert_int_ne(stat(other, &about), 0);
    ck_assert_int_eq(unlink(file), 0);

    /* Nor is one that stands where an earlier file goes. */
    ck_assert_int_eq(symlink(other, numbered(1)), 0);
    open_record(6, 0, 3, NOW);
    put("one\n", NOW);
    put("two\n", NOW);
    capture_recorder_close(&record, NOW);
    ck_assert_int_ne(stat(other, &about), 0);
    check_contents(0, "two\n");
    check_contents(1, "one\n");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("record");
    TCase *tcase = tcase_create("record");
    tcase_add_checked_fixture(tcase, make_folder, remove_folder);
    tcase_add_test(tcase, gathers_lines);
    tcase_add_test(tcase, rotates_by_size);
    tcase_add_test(tcase, gathered_lines_rotate);
    tcase_add_test(tcase, rotates_by_age);
    tcase_add_test(tcase, keeps_one_file);
    tcase_add_test(tcase, goes_on_with_an_earlier_file);
    tcase_add_test(tcase, removes_what_is_too_many);
    tcase_add_test(tcase, a_full_disk);
    tcase_add_test(tcase, a_fault_is_told_once);
    tcase_add_test(tcase, a_folder_that_goes_away);
    tcase_add_test(tcase, what_cannot_be_opened);
    tcase_add_test(tcase, links_are_not_followed);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
