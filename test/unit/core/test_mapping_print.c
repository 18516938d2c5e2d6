#include <jansson.h>
#include <string.h>

#include "core/mapping_file.h"
#include "core/mapping_print.h"
#include "support.h"

START_TEST(lines_of_the_builtin_mapping)
{
    struct mapping *mapping = mapping_new();
    struct err err = {0};
    struct buf text;
    buf_init(&text, MAPPING_PRINT_MAX_BYTES);
    ck_assert(mapping_overlay_text(
        mapping, SPAN_LITERAL("{\"telemetry\": {\"columns\": [{\"column\": \"rssi\", \"enabled\": false}]}}"),
        "site.json", &err));
    mapping_print(mapping, &text);
    const char *printed = text_of(&text);
    static const char *const lines[] = {
        "      {\"column\": \"rssi\", \"enabled\": false},\n",
        "      {\"column\": \"voltage\", \"path\": [\"system.voltage\"], \"type\": \"float\", \"unit\": \"V\", "
        "\"min\": 0, "
        "\"max\": 500, \"faults\": [], \"required\": false},\n",
        "      {\"column\": \"csq\", \"path\": [\"connectivity.csq\"], \"type\": \"integer\", \"unit\": \"\", \"min\": "
        "0, "
        "\"max\": 199, \"faults\": [99, 199], \"required\": false}\n",
        "      {\"column\": \"status\", \"path\": [\"status\"], \"type\": \"text\", \"unit\": \"\", \"max_bytes\": 32, "
        "\"form\": "
        "\"status\", \"required\": true},\n",
        "      {\"column\": \"severity\", \"path\": [\"status\"], \"type\": \"text\", \"unit\": \"\", "
        "\"max_bytes\": 32, \"form\": \"outcome\", \"required\": true},\n",
        /* each name in its words' spelling, and the keys of its aliases, sorted */
        "      \"online\": {\"aliases\": [\"BIRTH\", \"CONNECT\", \"CONNECTED\", \"ONLINE\", \"UP\", \"上线\", "
        "\"在线\", "
        "\"已连接\"]},\n",
        "      \"rejected\": {\"severity\": \"high\", \"aliases\": [\"REJECTED\"]}\n",
        "  \"acks\": {\n",
        "    \"device_no\": [\"device_no\", \"id\"],\n",
    };
    for (size_t i = 0; i < COUNT(lines); i++) {
        ck_assert_msg(strstr(printed, lines[i]) != NULL, "no line %s in\n%s", lines[i], printed);
    }
    buf_free(&text);
    mapping_free(mapping);
}
END_TEST

/* What a site wrote with quotes, controls and other characters in it comes out as JSON. */
START_TEST(texts_are_escaped)
{
    struct mapping *mapping = mapping_new();
    struct err err = {0};
    struct buf text;
    buf_init(&text, MAPPING_PRINT_MAX_BYTES);
    ck_assert(mapping_overlay_text(mapping,
                                   SPAN_LITERAL("{\"telemetry\": {\"columns\": [{\"column\": \"voltage\", \"unit\": "
                                                "\"a\\\"b\\\\\\n\\u001f伏\", \"path\": \"电.\\\"\"}]}}"),
                                   "site.json", &err));
    mapping_print(mapping, &text);
    ck_assert(!text.failed);
    json_error_t error;
    json_t *root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(root, "%s", error.text);
    json_t *column = json_array_get(json_object_get(json_object_get(root, "telemetry"), "columns"), 0);
    ck_assert_str_eq(json_string_value(json_object_get(column, "unit")), "a\"b\\\n\x1f伏");
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(column, "path"), 0)), "电.\"");
    json_decref(root);
    buf_free(&text);
    mapping_free(mapping);
}
END_TEST

START_TEST(says_when_there_is_no_room)
{
    struct mapping *mapping = mapping_new();
    struct buf text;
    buf_init(&text, 100);
    mapping_print(mapping, &text);
    ck_assert(text.failed);
    buf_free(&text);
    mapping_free(mapping);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/mapping_print");
    TCase *tests = tcase_create("core/mapping_print");
    tcase_add_test(tests, lines_of_the_builtin_mapping);
    tcase_add_test(tests, texts_are_escaped);
    tcase_add_test(tests, says_when_there_is_no_room);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
