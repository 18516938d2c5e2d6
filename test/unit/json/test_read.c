#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "json/read.h"
#include "json/texts.h"

START_TEST(walks_members_in_order)
{
    static const struct {
        const char *name;
        const char *text;
        const char *members; /* key=value; for each */
    } cases[] = {
        {"an empty object", "{ }", ""},
        {"an empty array", "[]", ""},
        {"members", " { \"a\" : 1 , \"b\":\"x\\\"y\" } ", "a=1;b=\"x\\\"y\";"},
        {"elements", "[1, true ,null]", "=1;=true;=null;"},
        {"what nests stays whole", "{\"a\":{\"b\":[1,{}]},\"c\":[[2]]}", "a={\"b\":[1,{}]};c=[[2]];"},
        {"brackets in strings", "{\"a\":[\"]}\"],\"b\":2}", "a=[\"]}\"];b=2;"},
        {"equal keys come twice", "{\"a\":1,\"a\":2}", "a=1;a=2;"},
        {"keys as they came", "{\"\\u0061\":1,\"\":2}", "\\u0061=1;=2;"},
        {"a scalar has none", "17", ""},
        {"a string has none", "\"[1]\"", ""},
        {"nothing has none", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span text = exact(span_of(cases[i].text));
        struct json_read_iter iter;
        struct json_read_member member;
        char got[128] = "";
        size_t n = 0;
        json_read_begin(&iter, text);
        while (json_read_next(&iter, &member)) {
            n += (size_t)snprintf(got + n, sizeof got - n, "%.*s=%.*s;", (int)member.key.len, member.key.ptr,
                                  (int)member.value.len, member.value.ptr);
        }
        ck_assert_msg(strcmp(got, cases[i].members) == 0, "%s: %s", cases[i].name, got);
        ck_assert_msg(!json_read_next(&iter, &member) && member.value.len == 0, "%s: more behind the end",
                      cases[i].name);
        release(text);
    }
}
END_TEST

START_TEST(walk_of_broken_text_ends)
{
    for (size_t len = 0; len <= rich.len; len++) {
        struct span text = exact((struct span){rich.ptr, len});
        struct json_read_iter iter;
        struct json_read_member member;
        size_t members = 0;
        json_read_begin(&iter, text);
        while (json_read_next(&iter, &member)) {
            ck_assert_uint_le(++members, len);
        }
        release(text);
    }
}
END_TEST

START_TEST(unescapes)
{
    static const struct {
        const char *name;
        struct span escaped;
        struct span bytes;
    } cases[] = {
        {"nothing", SPAN_LITERAL(""), SPAN_LITERAL("")},
        {"plain", SPAN_LITERAL("abc"), SPAN_LITERAL("abc")},
        {"every short escape", SPAN_LITERAL("\\\"\\\\\\/\\b\\f\\n\\r\\t"), SPAN_LITERAL("\"\\/\b\f\n\r\t")},
        {"one to four bytes", SPAN_LITERAL("\\u0041\\u00e9\\u5FAE\\uD83D\\uDE00"),
         SPAN_LITERAL("A\xC3\xA9\xE5\xBE\xAE\xF0\x9F\x98\x80")},
        {"NUL", SPAN_LITERAL("a\\u0000b"), SPAN_LITERAL("a\0b")},
        {"lone surrogates", SPAN_LITERAL("\\ud83d\\ude00 \\ud83d!\\ude00"),
         SPAN_LITERAL("\xF0\x9F\x98\x80 \xEF\xBF\xBD!\xEF\xBF\xBD")},
        {"a lone surrogate at the end", SPAN_LITERAL("\\ud83d"), SPAN_LITERAL("\xEF\xBF\xBD")},
        {"bytes that are not UTF-8", SPAN_LITERAL("\xFF\\n\xC3"), SPAN_LITERAL("\xFF\n\xC3")},
        {"a backslash, then n", SPAN_LITERAL("\\\\n"), SPAN_LITERAL("\\n")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span escaped = exact(cases[i].escaped);
        char *out = malloc(escaped.len);
        size_t len = json_read_string(escaped, out);
        ck_assert_msg(span_equal((struct span){out, len}, cases[i].bytes), "%s: %.*s", cases[i].name, (int)len, out);
        free(out);
        release(escaped);
    }
}
END_TEST

START_TEST(finds_values)
{
    static const char text[] =
        " {\"a\": {\"b\": [1, {\"c\": \"x\"}], \"b.c\": 2}, \"n\": null, \"e\": {}, \"t\": 1, \"t\": [2] } ";
    static const struct {
        const char *path;
        const char *value; /* NULL = not there */
    } cases[] = {
        {"a.b.0", "1"},  {"a.b.1.c", "\"x\""}, {"a.b.1", "{\"c\": \"x\"}"},
        {"n", "null"},   {"e", "{}"},          {"t", "[2]"},
        {"t.0", "2"},    {"", text},           {"a.b.2", NULL},
        {"a.b.c", NULL}, {"a.b.0.c", NULL},    {"n.a", NULL},
        {"e.a", NULL},   {"x", NULL},          {".a", NULL},
        {"a..b", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span value = {text, 1};
        bool found = json_read_find(SPAN_LITERAL(text), cases[i].path, &value);
        ck_assert_msg(found == (cases[i].value != NULL), "%s: found %d", cases[i].path, found);
        ck_assert_msg(span_equal(value, span_of(cases[i].value ? cases[i].value : "")), "%s: %.*s", cases[i].path,
                      (int)value.len, value.ptr);
    }
}
END_TEST

START_TEST(finds_lines)
{
    static const char text[] = "{\n"
                               "  \"columns\": [\n"
                               "    {\"path\": \"a\",\n"
                               "     \"type\": \"float\"},\n"
                               "    {\n"
                               "     \"type\":\n"
                               "     \"int\"}\n"
                               "  ],\n"
                               "  \"twice\": 1,\n"
                               "  \"twice\": {\"in\": 2}\n"
                               "}\n";
    static const struct {
        const char *path;
        size_t line;
    } cases[] = {
        {"", 1},
        {"columns", 2},
        {"columns.0", 3},
        {"columns.0.path", 3},
        {"columns.0.type", 4},
        {"columns.1", 5},
        {"columns.1.type", 6},
        {"columns.1.type.deeper", 6},
        {"columns.2.type", 2},
        {"columns.type", 2},
        {"columns.", 2},
        {"columns.+1", 2},
        {"columns.01", 2},
        {"columns.99999999999999999999999", 2},
        {"twice", 10},
        {"twice.in", 10},
        {"absent", 1},
        {"absent.0", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t line = json_read_line_of(SPAN_LITERAL(text), cases[i].path);
        ck_assert_msg(line == cases[i].line, "%s: line %zu", cases[i].path, line);
    }
    ck_assert_uint_eq(json_read_line_of(SPAN_LITERAL(""), "a.b"), 1);
    ck_assert_uint_eq(json_read_line_of(SPAN_LITERAL("\n\n{"), "a.b"), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json/read");
    TCase *tests = tcase_create("json/read");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, walks_members_in_order);
    tcase_add_test(tests, walk_of_broken_text_ends);
    tcase_add_test(tests, unescapes);
    tcase_add_test(tests, finds_values);
    tcase_add_test(tests, finds_lines);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
