#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lp/lines.h"

#define MAX_LINE 8

/* Frames as text: r[...] a line, o<size>[...] one over the limit. */
static const struct {
    const char *name;
    const char *input;
    const char *frames;
} cases[] = {
    {"nothing", "", ""},
    {"one line", "abc\n", "r[abc\n]"},
    {"no newline at the end", "abc\nde", "r[abc\n]r[de]"},
    {"empty lines", "\n\na\n", "r[\n]r[\n]r[a\n]"},
    {"CRLF stays", "a\r\n", "r[a\r\n]"},
    {"just what fits", "12345678\nab\n", "r[12345678\n]r[ab\n]"},
    {"one byte more", "123456789\nab\n", "o10[12345678]r[ab\n]"},
    {"one byte more, at the end", "123456789", "o9[12345678]"},
    {"just what fits, at the end", "12345678", "r[12345678]"},
    {"much too long", "123456789012345678901234567890\nab\n", "o31[12345678]r[ab\n]"},
    {"much too long, at the end", "x\n123456789012345678901234567890", "r[x\n]o30[12345678]"},
    {"two long ones", "1234567890\nabcdefghijklmnop\nz", "o11[12345678]o17[abcdefgh]r[z]"},
    {"quotes mean nothing", "\"a\nb\"\n", "r[\"a\n]r[b\"\n]"},
};

static void take(struct lines *lines, char *out)
{
    for (struct lp_frame frame = lines_next(lines); frame.kind != LP_FRAME_NONE; frame = lines_next(lines)) {
        char head[32];
        if (frame.kind == LP_FRAME_OVERSIZED) {
            snprintf(head, sizeof head, "o%llu[", (unsigned long long)frame.total_size);
        } else {
            ck_assert_uint_eq(frame.total_size, frame.bytes.len);
            snprintf(head, sizeof head, "r[");
        }
        strcat(out, head);
        strncat(out, frame.bytes.ptr, frame.bytes.len);
        strcat(out, "]");
    }
}

static void feed(struct lines *lines, const char *input, size_t chunk, char *out)
{
    size_t len = strlen(input);
    for (size_t pos = 0; pos < len;) {
        size_t size;
        char *space = lines_space(lines, &size);
        ck_assert_uint_ge(size, 1);
        size_t n = len - pos < chunk ? len - pos : chunk;
        n = n < size ? n : size;
        memcpy(space, input + pos, n);
        lines_filled(lines, n);
        take(lines, out);
        pos += n;
    }
    lines_end(lines);
    take(lines, out);
    take(lines, out); /* the end stays the end */
}

START_TEST(any_chunks)
{
    for (size_t chunk = 1; chunk <= 40; chunk++) {
        for (size_t space = 1; space <= 40; space += 13) {
            char out[512] = "";
            struct lines *lines = lines_new(MAX_LINE, space);
            ck_assert_ptr_nonnull(lines);
            feed(lines, cases[_i].input, chunk, out);
            ck_assert_msg(strcmp(out, cases[_i].frames) == 0, "%s in chunks of %zu: got %s", cases[_i].name, chunk,
                          out);
            lines_free(lines);
        }
    }
}
END_TEST

START_TEST(free_nothing)
{
    lines_free(NULL);
}
END_TEST

static Suite *lines_suite(void)
{
    Suite *suite = suite_create("lines");
    TCase *tcase = tcase_create("lines");
    tcase_add_loop_test(tcase, any_chunks, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_test(tcase, free_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(lines_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
