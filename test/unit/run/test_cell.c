#include <string.h>

#include "run/cell.h"
#include "support.h"

#define MEN "\xe9\x97\xa8" /* a character two columns wide */
#define MARK "\xe2\x80\xa6"

static const struct {
    const char *name;
    struct span text;
    size_t max_width;
    const char *shown;
    size_t width;
} cases[] = {
    {"empty", SPAN_LITERAL(""), 5, "", 0},
    {"shorter", SPAN_LITERAL("abc"), 5, "abc", 3},
    {"just fits", SPAN_LITERAL("abcde"), 5, "abcde", 5},
    {"one too long", SPAN_LITERAL("abcdef"), 5, "abcd" MARK, 5},
    {"cut again", SPAN_LITERAL("abcd" MARK), 3, "ab" MARK, 3},
    {"one column", SPAN_LITERAL("abc"), 1, MARK, 1},
    {"wide ones", SPAN_LITERAL(MEN MEN), 4, MEN MEN, 4},
    {"wide ones that leave a column", SPAN_LITERAL(MEN MEN MEN), 5, MEN MEN MARK, 5},
    {"wide ones that leave none", SPAN_LITERAL(MEN MEN MEN), 4, MEN MARK, 3},
    {"a wide one in one column", SPAN_LITERAL(MEN), 1, MARK, 1},
    {"a combining mark", SPAN_LITERAL("e\xcc\x81x"), 2, "e\xcc\x81x", 2},
    {"an escape sequence", SPAN_LITERAL("\x1b[1m"), 9, "\\u001b[1m", 9},
    {"an escape that is cut", SPAN_LITERAL("abc\x1b[1m"), 9, "abc" MARK, 4},
    {"a line break", SPAN_LITERAL("a\r\nb"), 9, "a  b", 4},
    {"right to left",
     SPAN_LITERAL("a\xe2\x80\xae"
                  "b"),
     9, "a\\u202eb", 8},
    {"not UTF-8",
     SPAN_LITERAL("a\xff"
                  "b"),
     9,
     "a\xef\xbf\xbd"
     "b",
     3},
    {"the start of a character", SPAN_LITERAL("\xe9\x97"), 9, "\xef\xbf\xbd\xef\xbf\xbd", 2},
};

START_TEST(one)
{
    struct span text = exact(cases[_i].text);
    /* A block of its own, so that a byte too many is seen. */
    char *out = malloc(CELL_BYTES(cases[_i].max_width));
    ck_assert_ptr_nonnull(out);
    size_t width = 99;
    size_t bytes = cell_fit(text, cases[_i].max_width, out, &width);
    ck_assert_msg(bytes == strlen(cases[_i].shown) && memcmp(out, cases[_i].shown, bytes) == 0, "%s: got %.*s",
                  cases[_i].name, (int)bytes, out);
    ck_assert_msg(width == cases[_i].width, "%s: %zu columns", cases[_i].name, width);
    free(out);
    release(text);
}
END_TEST

/* More marks on one character than the bytes of a cell hold. */
START_TEST(many_marks)
{
    char text[2 * 100 + 1] = "e";
    for (size_t i = 0; i < 100; i++) {
        memcpy(text + 1 + 2 * i, "\xcc\x81", 2);
    }
    char *out = malloc(CELL_BYTES(4));
    size_t width;
    size_t bytes = cell_fit((struct span){text, sizeof text}, 4, out, &width);
    ck_assert_uint_le(bytes, CELL_BYTES(4));
    ck_assert_uint_le(width, 4);
    ck_assert(memcmp(out + bytes - 3, MARK, 3) == 0);
    free(out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cell");
    TCase *tcase = tcase_create("cell");
    tcase_add_loop_test(tcase, one, 0, (int)COUNT(cases));
    tcase_add_test(tcase, many_marks);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
