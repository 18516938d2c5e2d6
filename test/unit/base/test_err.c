#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"

START_TEST(first_error_wins)
{
    struct err err;
    memset(&err, 'x', sizeof err);
    err_clear(&err);
    ck_assert_str_eq(err.text, "");
    ck_assert_uint_eq(err.pos, 0);
    err_set(&err, 7, "%s at %d", "comma", 3);
    err_set(&err, 9, "later");
    ck_assert_str_eq(err.text, "comma at 3");
    ck_assert_uint_eq(err.pos, 7);
    err_clear(&err);
    ck_assert_str_eq(err.text, "");
    ck_assert_uint_eq(err.pos, 0);
    err_set(&err, 9, "later");
    ck_assert_str_eq(err.text, "later");
    ck_assert_uint_eq(err.pos, 9);
}
END_TEST

START_TEST(null_is_nobody_asks)
{
    err_clear(NULL);
    err_set(NULL, 1, "%s", "unheard");
}
END_TEST

/* `lead` times 'a', then `count` times `unit`: what is kept of it. */
static const struct {
    const char *name;
    const char *unit;
    size_t lead, count;
    size_t kept;
} cuts[] = {
    {"one below the room", "a", 0, ERR_TEXT_BYTES - 2, ERR_TEXT_BYTES - 2},
    {"exactly the room", "a", 0, ERR_TEXT_BYTES - 1, ERR_TEXT_BYTES - 1},
    {"one too many", "a", 0, ERR_TEXT_BYTES, ERR_TEXT_BYTES - 1},
    {"far too many", "a", 0, 1900, ERR_TEXT_BYTES - 1},
    {"two bytes, fits between", "\xC3\xA9", 1, 200, 255},
    {"two bytes, cut inside", "\xC3\xA9", 0, 200, 254},
    {"two bytes, cut inside, one too many", "\xC3\xA9", 0, 128, 254},
    {"three bytes, fits between", "\xE4\xB8\xAD", 0, 200, 255},
    {"three bytes, cut after one", "\xE4\xB8\xAD", 2, 200, 254},
    {"three bytes, cut after two", "\xE4\xB8\xAD", 1, 200, 253},
    {"four bytes, cut after three", "\xF0\x9F\x98\x80", 0, 200, 252},
    {"full to the brim with characters", "\xE4\xB8\xAD", 0, 85, 255},
};

START_TEST(cut_to_fit)
{
    struct {
        struct err err;
        char guard[8];
    } box;
    char text[2048];
    size_t len = 0;
    memset(text, 'a', cuts[_i].lead);
    len += cuts[_i].lead;
    for (size_t i = 0; i < cuts[_i].count; i++) {
        memcpy(text + len, cuts[_i].unit, strlen(cuts[_i].unit));
        len += strlen(cuts[_i].unit);
    }
    text[len] = '\0';
    memset(&box, '#', sizeof box);
    err_clear(&box.err);
    err_set(&box.err, 1, "%s", text);
    size_t kept = strlen(box.err.text);
    ck_assert_msg(kept == cuts[_i].kept, "%s: kept %zu, want %zu", cuts[_i].name, kept, cuts[_i].kept);
    ck_assert_msg(memcmp(box.err.text, text, kept) == 0, "%s: not a prefix", cuts[_i].name);
    ck_assert_msg(utf8_is_storable(span_of(box.err.text)), "%s: not UTF-8", cuts[_i].name);
    ck_assert_msg(memcmp(box.guard, "########", 8) == 0, "%s: wrote past the end", cuts[_i].name);
}
END_TEST

static Suite *err_suite(void)
{
    Suite *suite = suite_create("err");
    TCase *tcase = tcase_create("err");
    tcase_add_test(tcase, first_error_wins);
    tcase_add_test(tcase, null_is_nobody_asks);
    tcase_add_loop_test(tcase, cut_to_fit, 0, (int)(sizeof cuts / sizeof cuts[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(err_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
