#include <stdlib.h>

#include "support.h"
#include "json/repair.h"
#include "json/texts.h"

START_TEST(repairs_what_nobody_can_hold)
{
    static const struct {
        const char *name;
        const char *text;
        const char *for_parser;
        const char *for_jsonb;
    } cases[] = {
        {"nothing to do", " {\"a\" : [1, 2.50, \"x\\u00e9\\/\"] }\n", " {\"a\" : [1, 2.50, \"x\\u00e9\\/\"] }\n",
         " {\"a\" : [1, 2.50, \"x\\u00e9\\/\"] }\n"},
        {"a wide number", "{\"a\":1e999,\"b\":1}", "{\"a\":\"1e999\",\"b\":1}", "{\"a\":\"1e999\",\"b\":1}"},
        {"underflow", "[ 1e-400 ]", "[ \"1e-400\" ]", "[ \"1e-400\" ]"},
        {"only a wide number", "1e308", "\"1e308\"", "\"1e308\""},
        {"20 digits", "[-12345678901234567890]", "[\"-12345678901234567890\"]", "[\"-12345678901234567890\"]"},
        {"a double that overflows", "[18e307]", "[\"18e307\"]", "[\"18e307\"]"},
        {"no number", "{\"a\":nan,\"b\": -inf ,\"c\":[Infinity]}",
         "{\"a\":\"nan\",\"b\": \"-inf\" ,\"c\":[\"Infinity\"]}",
         "{\"a\":\"nan\",\"b\": \"-inf\" ,\"c\":[\"Infinity\"]}"},
        {"only nan", "NaN", "\"NaN\"", "\"NaN\""},
        {"nan in quotes stays", "{\"nan\":\"nan\"}", "{\"nan\":\"nan\"}", "{\"nan\":\"nan\"}"},
        {"words stay", "[true,false,null]", "[true,false,null]", "[true,false,null]"},
        {"digits in a string are no number", "[\"1e999\"]", "[\"1e999\"]", "[\"1e999\"]"},
        {"NUL in a value", "[\"a\\u0000b\"]", "[\"a\\u0000b\"]", "[\"a\\ufffdb\"]"},
        {"NUL in a key", "{\"a\\u0000b\" :1}", "{\"a\\ufffdb\" :1}", "{\"a\\ufffdb\" :1}"},
        {"NUL in a key and its value", "{\"\\u0000\":\"\\u0000\"}", "{\"\\ufffd\":\"\\u0000\"}",
         "{\"\\ufffd\":\"\\ufffd\"}"},
        {"a lone surrogate in a value", "[\"\\uD83D\"]", "[\"\\u0000\"]", "[\"\\ufffd\"]"},
        {"a lone surrogate in a key", "{\"\\uDE00\":1}", "{\"\\ufffd\":1}", "{\"\\ufffd\":1}"},
        {"a pair stays", "[\"\\ud83d\\ude00\"]", "[\"\\ud83d\\ude00\"]", "[\"\\ud83d\\ude00\"]"},
        {"one before a pair", "[\"\\ud83d\\ud83d\\ude00\"]", "[\"\\u0000\\ud83d\\ude00\"]",
         "[\"\\ufffd\\ud83d\\ude00\"]"},
        {"a backslash, then u0000", "[\"\\\\u0000\"]", "[\"\\\\u0000\"]", "[\"\\\\u0000\"]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *wanted[] = {cases[i].for_parser, cases[i].for_jsonb};
        for (int mode = JSON_REPAIR_FOR_PARSER; mode <= JSON_REPAIR_FOR_JSONB; mode++) {
            struct span text = exact(span_of(cases[i].text));
            struct span got;
            got.ptr = repaired_text(text, (enum json_repair_mode)mode, &got.len);
            ck_assert_msg(span_equal(got, span_of(wanted[mode])), "%s, mode %d: %.*s", cases[i].name, mode,
                          (int)got.len, got.ptr);
            release(got);
            release(text);
        }
    }
}
END_TEST

/* Nothing grows more: the shortest word there is, as close together as can be. */
START_TEST(grows_by_half_at_most)
{
    struct span words = repeat("nan,", 40000);
    char *text = (char *)(uintptr_t)words.ptr;
    text[words.len - 1] = ' ';
    char *out = malloc(JSON_REPAIR_BYTES(words.len));
    ck_assert_ptr_nonnull(out);
    size_t len = json_repair_text(words, JSON_REPAIR_FOR_JSONB, out);
    ck_assert_uint_eq(len, words.len / 4 * 6);
    ck_assert_uint_le(len, JSON_REPAIR_BYTES(words.len));
    free(out);
    release(words);
}
END_TEST

/* The shortest wide numbers, as close together as can be. */
START_TEST(wide_numbers_grow_by_a_third)
{
    struct span numbers = repeat("1e308,", 40000);
    char *text = (char *)(uintptr_t)numbers.ptr;
    text[numbers.len - 1] = ' ';
    size_t len;
    char *out = repaired_text(numbers, JSON_REPAIR_FOR_PARSER, &len);
    ck_assert_uint_eq(len, numbers.len / 6 * 8);
    ck_assert_uint_le(len, JSON_REPAIR_BYTES(numbers.len));
    free(out);
    release(numbers);
}
END_TEST

/* The widest that an IEEE double, an int64 and 64 characters hold, and the next. */
START_TEST(wide_is_what_neither_side_can_hold)
{
    static const struct {
        const char *number;
        bool wide;
    } cases[] = {
        {"0", false},
        {"-9223372036854775808", false},
        {"9223372036854775807", false},
        {"9223372036854775808", true},
        {"1e307", false},
        {"1e308", true},
        {"-1E-307", false},
        {"1e-308", true},
        {"17e307", false}, /* 1.7e308 is a double */
        {"18e307", true},  /* 1.8e308 is none */
        {"1.7976931348623157e308", true},
        {"0.1234567890123456789012345678901234567890123456789012345678901", false},
        {"0.123456789012345678901234567890123456789012345678901234567890123", true},
        {"1e99999999999999999999", true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_msg(json_repair_is_wide(span_of(cases[i].number)) == cases[i].wide, "%s", cases[i].number);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json/repair");
    TCase *tests = tcase_create("json/repair");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, repairs_what_nobody_can_hold);
    tcase_add_test(tests, wide_numbers_grow_by_a_third);
    tcase_add_test(tests, grows_by_half_at_most);
    tcase_add_test(tests, wide_is_what_neither_side_can_hold);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
