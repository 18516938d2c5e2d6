#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/source.h"
#include "support.h"

#define MAX_LINE 200
#define MESSAGE(text) "{\"tst\":\"2026-11-24T00:31:58.387371Z+0000\",\"topic\":\"t\",\"payload\":\"" text "\"}\n"

static char folder[32];
static char files[3][64];
static const char *const names[] = {files[0], files[1], files[2]};

static void put(const char *file, const char *text)
{
    FILE *out = fopen(file, "w");
    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    fclose(out);
}

static void make_files(void)
{
    static char long_line[MAX_LINE + 2];
    memset(long_line, 'x', MAX_LINE + 1);
    strcpy(folder, "/tmp/test_source.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (size_t i = 0; i < COUNT(files); i++) {
        snprintf(files[i], sizeof files[i], "%s/%zu", folder, i);
    }
    put(files[0], MESSAGE("a") "\n" MESSAGE("b") "oops\n");
    put(files[1], "");
    FILE *out = fopen(files[2], "w");
    fprintf(out, "%s\n%s", long_line, "{\"tst\":\"2026-11-24T00:31:59Z\",\"topic\":\"t\",\"payload\":\"c\"}");
    fclose(out);
}

static void remove_files(void)
{
    for (size_t i = 0; i < COUNT(files); i++) {
        unlink(files[i]);
    }
    rmdir(folder);
}

/* Which line of which file: "0:4 " is the fourth of the first. */
static void note_bad_line(void *ctx, const char *file, uint64_t line, const char *why)
{
    char *notes = ctx;
    sprintf(notes + strlen(notes), "%s:%llu %s; ", strrchr(file, '/') + 1, (unsigned long long)line, why);
}

static const char *read_all(struct capture_source *source, char *out)
{
    struct capture_message message;
    struct err err = {0};
    enum capture_source_status status;
    out[0] = '\0';
    while ((status = capture_source_next(source, &message, &err)) == CAPTURE_SOURCE_MESSAGE) {
        strncat(out, message.payload.ptr, message.payload.len);
    }
    ck_assert_int_eq(status, CAPTURE_SOURCE_END);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_END);
    return out;
}

#define NOTES                                                                                                          \
    "0:4 expected a value; "                                                                                           \
    "2:1 a line of 202 bytes, at most 200 are taken; "

START_TEST(files_in_order_again_and_again)
{
    char notes[512] = "";
    char out[64];
    struct err err = {0};
    struct capture_source *source = capture_source_new(names, COUNT(names), MAX_LINE, note_bad_line, notes, &err);
    ck_assert_msg(source != NULL, "%s", err.text);
    ck_assert(!capture_source_is_once(source));
    ck_assert(capture_source_fraction(source) == 0);
    ck_assert_str_eq(read_all(source, out), "abc");
    ck_assert_str_eq(notes, NOTES);
    ck_assert_uint_eq(capture_source_invalid_lines(source), 2);
    ck_assert(capture_source_fraction(source) == 1);
    capture_source_rewind(source);
    ck_assert(capture_source_fraction(source) == 0);
    ck_assert_uint_eq(capture_source_invalid_lines(source), 0);
    ck_assert_str_eq(read_all(source, out), "abc");
    ck_assert_uint_eq(capture_source_invalid_lines(source), 2);
    capture_source_free(source);
}
END_TEST

START_TEST(back_to_the_start_from_the_middle)
{
    struct capture_message message;
    struct err err = {0};
    char out[64];
    struct capture_source *source = capture_source_new(names, COUNT(names), MAX_LINE, NULL, NULL, &err);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_MESSAGE);
    capture_source_rewind(source);
    ck_assert_str_eq(read_all(source, out), "abc");
    capture_source_free(source);
    capture_source_free(NULL);
}
END_TEST

START_TEST(standard_input_as_it_comes)
{
    static const char *const input[] = {files[0], "-"};
    static const char message_text[] = MESSAGE("x");
    int pipe_fds[2];
    struct capture_message message;
    struct err err = {0};
    ck_assert_int_eq(pipe(pipe_fds), 0);
    ck_assert_int_eq(dup2(pipe_fds[0], STDIN_FILENO), STDIN_FILENO);
    struct capture_source *source = capture_source_new(input, 2, MAX_LINE, NULL, NULL, &err);
    ck_assert(capture_source_is_once(source));
    ck_assert(capture_source_fraction(source) < 0);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_MESSAGE);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_MESSAGE);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_WAIT);
    ck_assert_int_eq(capture_source_fd(source), STDIN_FILENO);
    ck_assert_int_eq(write(pipe_fds[1], message_text, 10), 10);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_WAIT);
    ck_assert_int_eq(write(pipe_fds[1], message_text + 10, sizeof message_text - 11), sizeof message_text - 11);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_MESSAGE);
    ck_assert(span_equal(message.payload, SPAN_LITERAL("x")));
    close(pipe_fds[1]);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_END);
    capture_source_free(source);
    close(pipe_fds[0]);
}
END_TEST

/* It is not opened before its turn, as its writer would take that for a reader; and nobody waits in
 * open(2) for a writer. */
START_TEST(a_pipe_with_a_name)
{
    const char *const input[] = {files[0], files[1]};
    static const char message_text[] = MESSAGE("x");
    struct capture_message message;
    struct err err = {0};
    unlink(files[1]);
    ck_assert_int_eq(mkfifo(files[1], 0600), 0);
    struct capture_source *source = capture_source_new(input, 2, MAX_LINE, NULL, NULL, &err);
    ck_assert_msg(source != NULL, "%s", err.text);
    ck_assert(capture_source_is_once(source));
    ck_assert(capture_source_fraction(source) < 0);
    ck_assert_int_eq(open(files[1], O_WRONLY | O_NONBLOCK), -1);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_MESSAGE);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_MESSAGE);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_WAIT);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_WAIT);
    int writer = open(files[1], O_WRONLY | O_NONBLOCK);
    ck_assert_int_ge(writer, 0);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_WAIT);
    ck_assert_int_eq(write(writer, message_text, sizeof message_text - 1), sizeof message_text - 1);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_MESSAGE);
    ck_assert(span_equal(message.payload, SPAN_LITERAL("x")));
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_WAIT);
    close(writer);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_END);
    capture_source_free(source);
}
END_TEST

/* Between two messages it comes back now and then, so that a program can look at other things. */
START_TEST(much_that_is_no_message)
{
    struct capture_message message;
    struct err err = {0};
    char notes[512] = "";
    size_t waits = 0;
    enum capture_source_status status;
    ck_assert_int_eq(truncate(files[1], (off_t)20 * 1024 * 1024), 0);
    struct capture_source *source = capture_source_new(names + 1, 1, MAX_LINE, note_bad_line, notes, &err);
    while ((status = capture_source_next(source, &message, &err)) == CAPTURE_SOURCE_WAIT) {
        waits++;
    }
    ck_assert_int_eq(status, CAPTURE_SOURCE_END);
    ck_assert_uint_gt(waits, 1);
    ck_assert_str_eq(notes, "1:1 a line of 20971520 bytes, at most 200 are taken; ");
    capture_source_free(source);
}
END_TEST

START_TEST(what_cannot_be_read)
{
    const char *const none[] = {files[0], "/nowhere/x"};
    const char *const a_folder[] = {folder};
    struct err err = {0};
    ck_assert_ptr_null(capture_source_new(none, 2, MAX_LINE, NULL, NULL, &err));
    ck_assert_str_eq(err.text, "/nowhere/x: No such file or directory");
    err_clear(&err);
    ck_assert_ptr_null(capture_source_new(a_folder, 1, MAX_LINE, NULL, NULL, &err));
    ck_assert_ptr_nonnull(strstr(err.text, ": Is a directory"));
}
END_TEST

START_TEST(a_file_that_goes_away)
{
    struct capture_message message;
    struct err err = {0};
    struct capture_source *source = capture_source_new(names, 1, MAX_LINE, NULL, NULL, &err);
    unlink(files[0]);
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_FAILED);
    ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
    capture_source_free(source);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("source");
    TCase *tcase = tcase_create("source");
    tcase_add_checked_fixture(tcase, make_files, remove_files);
    tcase_add_test(tcase, files_in_order_again_and_again);
    tcase_add_test(tcase, back_to_the_start_from_the_middle);
    tcase_add_test(tcase, standard_input_as_it_comes);
    tcase_add_test(tcase, a_pipe_with_a_name);
    tcase_add_test(tcase, much_that_is_no_message);
    tcase_add_test(tcase, what_cannot_be_read);
    tcase_add_test(tcase, a_file_that_goes_away);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
