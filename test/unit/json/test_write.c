#include <jansson.h>
#include <string.h>

#include "support.h"
#include "json/write.h"

START_TEST(strings)
{
    static const struct {
        const char *name;
        struct span text;
        struct span json;
    } cases[] = {
        {"nothing", SPAN_LITERAL(""), SPAN_LITERAL("\"\"")},
        {"plain", SPAN_LITERAL("VM-SH-001 / x"), SPAN_LITERAL("\"VM-SH-001 / x\"")},
        {"quotes and backslashes", SPAN_LITERAL("\"\\\""), SPAN_LITERAL("\"\\\"\\\\\\\"\"")},
        {"short escapes", SPAN_LITERAL("\b\f\n\r\t"), SPAN_LITERAL("\"\\b\\f\\n\\r\\t\"")},
        {"other controls", SPAN_LITERAL("\0\x01\x0b\x1f"), SPAN_LITERAL("\"\\u0000\\u0001\\u000b\\u001f\"")},
        {"DEL is no control in JSON", SPAN_LITERAL("\x7f"), SPAN_LITERAL("\"\x7f\"")},
        {"characters stay", SPAN_LITERAL("\xe5\x8d\xa1\xf0\x9f\x98\x80"),
         SPAN_LITERAL("\"\xe5\x8d\xa1\xf0\x9f\x98\x80\"")},
        {"so do bytes that are no characters", SPAN_LITERAL("\xff\xc0"), SPAN_LITERAL("\"\xff\xc0\"")},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span text = exact(cases[i].text);
        struct buf out;
        buf_init(&out, 256);
        json_write_string(&out, text);
        ck_assert_msg(span_equal(buf_view(&out), cases[i].json), "%s: %s", cases[i].name, text_of(&out));
        buf_free(&out);
        release(text);
    }
}
END_TEST

/* Every byte below 0x80, alone and beside others: jansson reads back what was written. */
START_TEST(jansson_reads_it_back)
{
    for (int c = 0; c < 0x80; c++) {
        const char text[] = {'a', (char)c, (char)c, 'z'};
        struct buf out;
        buf_init(&out, 256);
        json_write_string(&out, (struct span){text, sizeof text});
        json_t *back = json_loadb(out.ptr, out.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        ck_assert_msg(back && json_string_length(back) == sizeof text &&
                          memcmp(json_string_value(back), text, sizeof text) == 0,
                      "byte %02x", (unsigned)c);
        json_decref(back);
        buf_free(&out);
    }
}
END_TEST

START_TEST(keys)
{
    struct buf out;
    buf_init(&out, 256);
    json_write_key(&out, "{", "a");
    buf_text(&out, "1");
    json_write_key(&out, ", ", "b\"");
    ck_assert_str_eq(text_of(&out), "{\"a\":1, \"b\\\"\":");
    buf_free(&out);
}
END_TEST

START_TEST(a_full_buffer_says_so)
{
    struct buf out;
    buf_init(&out, 4);
    json_write_string(&out, SPAN_LITERAL("abcdefgh"));
    ck_assert(out.failed);
    buf_free(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json/write");
    TCase *tests = tcase_create("json/write");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, strings);
    tcase_add_test(tests, jansson_reads_it_back);
    tcase_add_test(tests, keys);
    tcase_add_test(tests, a_full_buffer_says_so);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
