/* Which characters are hidden is Unicode's: general categories Cc, Zl, Zp, and of Cf those that turn
 * the direction of text (UAX 9) or have no width. */
#include "io/visible.h"
#include "support.h"

static const struct {
    const char *name;
    struct span text;
    const char *shown;
    size_t len;
} cases[] = {
    {"a letter", SPAN_LITERAL("ab"), "a", 1},
    {"a backslash", SPAN_LITERAL("\\"), "\\", 1},
    {"two bytes", SPAN_LITERAL("\xc3\xa9x"), "\xc3\xa9", 2},
    {"four bytes", SPAN_LITERAL("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80", 4},
    {"a line break", SPAN_LITERAL("\n"), "\\n", 1},
    {"a tab", SPAN_LITERAL("\t"), "\\t", 1},
    {"a return", SPAN_LITERAL("\r"), "\\r", 1},
    {"NUL", SPAN_LITERAL("\0"), "\\u0000", 1},
    {"escape", SPAN_LITERAL("\x1b["), "\\u001b", 1},
    {"DEL", SPAN_LITERAL("\x7f"), "\\u007f", 1},
    {"C1: CSI", SPAN_LITERAL("\xc2\x9b"), "\\u009b", 2},
    {"behind C1", SPAN_LITERAL("\xc2\xa0"), "\xc2\xa0", 2},
    {"Arabic letter mark", SPAN_LITERAL("\xd8\x9c"), "\\u061c", 2},
    {"left to right mark", SPAN_LITERAL("\xe2\x80\x8e"), "\\u200e", 3},
    {"right to left mark", SPAN_LITERAL("\xe2\x80\x8f"), "\\u200f", 3},
    {"a hyphen behind it", SPAN_LITERAL("\xe2\x80\x90"), "\xe2\x80\x90", 3},
    {"line separator", SPAN_LITERAL("\xe2\x80\xa8"), "\\u2028", 3},
    {"right to left override", SPAN_LITERAL("\xe2\x80\xae"), "\\u202e", 3},
    {"an isolate", SPAN_LITERAL("\xe2\x81\xa6"), "\\u2066", 3},
    {"its end", SPAN_LITERAL("\xe2\x81\xa9"), "\\u2069", 3},
    {"byte order mark", SPAN_LITERAL("\xef\xbb\xbf"), "\\ufeff", 3},
    {"no UTF-8", SPAN_LITERAL("\xff"), "\\xff", 1},
    {"cut off", SPAN_LITERAL("\xe9\x97"), "\\xe9", 1},
    {"a surrogate", SPAN_LITERAL("\xed\xa0\x80"), "\\xed", 1},
};

START_TEST(one)
{
    struct span text = exact(cases[_i].text);
    char *out = malloc(VISIBLE_BYTES); /* a block of its own, so that a byte too many is seen */
    size_t len = 0;
    ck_assert_ptr_nonnull(out);
    size_t bytes = visible_char(text, out, &len);
    ck_assert_msg(bytes == strlen(cases[_i].shown) && memcmp(out, cases[_i].shown, bytes) == 0 && len == cases[_i].len,
                  "%s: got %.*s", cases[_i].name, (int)bytes, out);
    free(out);
    release(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("visible");
    TCase *tcase = tcase_create("visible");
    tcase_add_loop_test(tcase, one, 0, (int)COUNT(cases));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
