#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "json/show.h"

START_TEST(shows_text_as_json)
{
    static const struct {
        const char *name;
        struct span text;
        size_t size;
        const char *shown;
    } cases[] = {
        {"empty", SPAN_LITERAL(""), 65, "\"\""},
        {"quotes and backslashes", SPAN_LITERAL("a\"b\\c/"), 65, "\"a\\\"b\\\\c/\""},
        {"line breaks and other controls", SPAN_LITERAL("a\nb\r\t\x01\x1F\x7F"), 65,
         "\"a\\u000ab\\u000d\\u0009\\u0001\\u001f\\u007f\""},
        {"NUL", SPAN_LITERAL("\0x\0"), 65, "\"\\u0000x\\u0000\""},
        {"line breaks of Unicode", SPAN_LITERAL("\xC2\x85\xE2\x80\xA8\xE2\x80\xA9"), 65, "\"\\u0085\\u2028\\u2029\""},
        {"what a terminal obeys", SPAN_LITERAL("\x1B[2J\xC2\x9B"), 65, "\"\\u001b[2J\\u009b\""},
        {"other characters", SPAN_LITERAL("\xC2\xA0\xE5\xBE\xAE\xF0\x9F\x98\x80"), 65,
         "\"\xC2\xA0\xE5\xBE\xAE\xF0\x9F\x98\x80\""},
        {"62 bytes fit into 64", SPAN_LITERAL("12345678901234567890123456789012345678901234567890123456789012"), 65,
         "\"12345678901234567890123456789012345678901234567890123456789012\""},
        {"63 do not", SPAN_LITERAL("123456789012345678901234567890123456789012345678901234567890123"), 65,
         "\"123456789012345678901234567890123456789012345678901234567890..."},
        {"all that fits", SPAN_LITERAL("abcde"), 8, "\"abcde\""},
        {"one more", SPAN_LITERAL("abcdef"), 8, "\"abc..."},
        {"characters stay whole", SPAN_LITERAL("a\xE5\xBE\xAE\xE5\xBE\xAE"), 8, "\"a..."},
        {"so they do at the edge", SPAN_LITERAL("\xE5\xBE\xAE\xE5\xBE\xAE"), 8, "\"\xE5\xBE\xAE..."},
        {"four bytes do not fit", SPAN_LITERAL("\xF0\x9F\x98\x80..."), 8, "\"..."},
        {"escapes stay whole", SPAN_LITERAL("\"\"\"\""), 8, "\"\\\"..."},
        {"long escapes stay whole", SPAN_LITERAL("a\n"), 8, "\"a..."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_value value = {.kind = JSON_KIND_TEXT, .text = exact(cases[i].text)};
        char *out = malloc(cases[i].size);
        ck_assert_ptr_nonnull(out);
        size_t len = json_show_value(&value, out, cases[i].size);
        ck_assert_msg(strcmp(out, cases[i].shown) == 0 && len == strlen(out), "%s: %s (%zu)", cases[i].name, out, len);
        free(out);
        release(value.text);
    }
}
END_TEST

/* A word that is no number stands without quotes, as it came. */
START_TEST(shows_words_as_they_came)
{
    static const char *const words[] = {"nan", "NaN", "-nan", "inf", "-Infinity", "INFINITY"};
    for (size_t i = 0; i < COUNT(words); i++) {
        struct json_value value = {.kind = JSON_KIND_NAN, .text = exact(span_of(words[i]))};
        char out[16];
        ck_assert_uint_eq(json_show_value(&value, out, sizeof out), strlen(words[i]));
        ck_assert_str_eq(out, words[i]);
        release(value.text);
    }
}
END_TEST

/* A lone surrogate comes as a byte that is no UTF-8 (json/value.h). */
START_TEST(shows_bytes_that_are_no_character)
{
    struct json_value value = {.kind = JSON_KIND_TEXT,
                               .text = SPAN_LITERAL("a\xFF"
                                                    "b\xE5")};
    char out[16];
    ck_assert_uint_eq(json_show_value(&value, out, sizeof out), 10);
    ck_assert_str_eq(out, "\"a\xEF\xBF\xBD"
                          "b\xEF\xBF\xBD\"");
}
END_TEST

/* Into every size allowed: never too long, always terminated, never half a character. */
START_TEST(shows_within_any_size)
{
    static const struct json_value values[] = {
        {.kind = JSON_KIND_ABSENT},
        {.kind = JSON_KIND_NULL},
        {.kind = JSON_KIND_BOOL, .b = false},
        {.kind = JSON_KIND_INT, .i = INT64_MIN},
        {.kind = JSON_KIND_REAL, .r = -2.2250738585072014e-308},
        {.kind = JSON_KIND_TEXT, .text = SPAN_LITERAL("a\xC3\xA9\xE5\xBE\xAE\xF0\x9F\x98\x80\"\\\n\0\xF0\x9F\x98\x80")},
        {.kind = JSON_KIND_NAN, .text = SPAN_LITERAL("-Infinity")},
        {.kind = JSON_KIND_OBJECT},
        {.kind = JSON_KIND_ARRAY},
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        for (size_t size = 8; size < 80; size++) {
            char *out = malloc(size);
            ck_assert_ptr_nonnull(out);
            memset(out, 0x55, size);
            size_t len = json_show_value(&values[i], out, size);
            ck_assert_msg(len < size && out[len] == '\0' && strlen(out) == len, "value %zu, size %zu: %zu", i, size,
                          len);
            json_error_t error;
            char quoted[128];
            snprintf(quoted, sizeof quoted, "\"%s", values[i].kind == JSON_KIND_TEXT ? out + 1 : out);
            size_t end = strlen(quoted);
            if (quoted[end - 1] != '"' || end == 1) {
                strcat(quoted, "\"");
            }
            json_t *back = json_loads(quoted, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
            ck_assert_msg(back, "value %zu, size %zu: %s: %s", i, size, out, error.text);
            json_decref(back);
            free(out);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json/show");
    TCase *tests = tcase_create("json/show");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, shows_text_as_json);
    tcase_add_test(tests, shows_words_as_they_came);
    tcase_add_test(tests, shows_bytes_that_are_no_character);
    tcase_add_test(tests, shows_within_any_size);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
