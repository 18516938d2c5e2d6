#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/read.h"
#include "core/path_table.h"
#include "core/payload.h"
#include "support.h"

#define TST "\"tst\":\"2026-11-24T00:31:58.387371Z+0000\""
#define TST_NS INT64_C(1795480318387371000)
#define TOPIC "\"topic\":\"v1/vm/VM-SH-001/events\""
#define TOPIC_TEXT "v1/vm/VM-SH-001/events"

static struct arena arena;

static void make_arena(void)
{
    ck_assert(arena_init(&arena, 1024 * 1024));
}

static void free_arena(void)
{
    arena_free(&arena);
}

START_TEST(reads_lines)
{
    static const struct {
        const char *name;
        struct span line;
        int64_t time_ns;
        struct span topic;
        struct span payload;
        int qos;
        bool retain;
    } cases[] = {
        {"as mosquitto_sub writes it",
         SPAN_LITERAL("{" TST "," TOPIC
                      ",\"qos\":1,\"retain\":0,\"payloadlen\":7,\"mid\":9,\"payload\":\"{\\\"a\\\":1}\"}\n"),
         TST_NS, SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL("{\"a\":1}"), 1, false},
        {"with properties",
         SPAN_LITERAL(
             "{" TST "," TOPIC ",\"qos\":2,\"retain\":1,\"payloadlen\":1,\"properties\":{\"content-type\":"
             "\"application/json\",\"user-properties\":{\"payload\":\"no\",\"topic\":\"no\"}},\"payload\":\"x\"}"),
         TST_NS, SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL("x"), 2, true},
        {"any order, white space, CRLF", SPAN_LITERAL(" { \"payload\" : \"x\" , " TOPIC " , " TST " } \r\n"), TST_NS,
         SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL("x"), 0, false},
        {"local time, and the offset counts",
         SPAN_LITERAL("{\"tst\":\"2026-11-24T08:31:58.387371Z+0800\"," TOPIC ",\"payload\":\"x\"}"), TST_NS,
         SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL("x"), 0, false},
        {"west of Greenwich, the day before",
         SPAN_LITERAL("{\"tst\":\"2026-11-23T19:31:58.387371Z-0500\"," TOPIC ",\"payload\":\"x\"}"), TST_NS,
         SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL("x"), 0, false},
        {"an offset without Z, retain as a boolean: mosquitto 2.1",
         SPAN_LITERAL("{\"tst\":\"2026-11-24T08:31:58.387371+0800\"," TOPIC
                      ",\"qos\":0,\"retain\":true,\"payload\":\"x\"}"),
         TST_NS, SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL("x"), 0, true},
        {"retain false", SPAN_LITERAL("{" TST "," TOPIC ",\"retain\":false,\"payload\":\"x\"}"), TST_NS,
         SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL("x"), 0, false},
        {"qos and retain that are neither",
         SPAN_LITERAL("{" TST "," TOPIC ",\"qos\":12,\"retain\":10,\"payload\":\"x\"}"), TST_NS,
         SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL("x"), 0, false},

        {"%J: the payload's own text",
         SPAN_LITERAL("{" TST "," TOPIC ",\"payloadlen\":9,\"payload\":{ \"a\" : [1,2.50,\"\\u00e9\"] }}"), TST_NS,
         SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL("{ \"a\" : [1,2.50,\"\\u00e9\"] }"), 0, false},
        {"%J: a number", SPAN_LITERAL("{" TST "," TOPIC ",\"payloadlen\":2,\"payload\":17}"), TST_NS,
         SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL("17"), 0, false},
        {"%J: the word null", SPAN_LITERAL("{" TST "," TOPIC ",\"payloadlen\":4,\"payload\":null}"), TST_NS,
         SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL("null"), 0, false},
        {"no payload", SPAN_LITERAL("{" TST "," TOPIC ",\"payloadlen\":0,\"payload\":null}"), TST_NS,
         SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL(""), 0, false},
        {"no payload, the length behind", SPAN_LITERAL("{\"payload\":null,\"payloadlen\":0," TST "," TOPIC "}"), TST_NS,
         SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL(""), 0, false},
        {"null and no length", SPAN_LITERAL("{" TST "," TOPIC ",\"payload\":null}"), TST_NS, SPAN_LITERAL(TOPIC_TEXT),
         SPAN_LITERAL(""), 0, false},
        {"no payload key", SPAN_LITERAL("{" TST "," TOPIC "}"), TST_NS, SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL(""), 0,
         false},
        {"an empty payload", SPAN_LITERAL("{" TST "," TOPIC ",\"payload\":\"\"}"), TST_NS, SPAN_LITERAL(TOPIC_TEXT),
         SPAN_LITERAL(""), 0, false},

        {"every escape",
         SPAN_LITERAL("{" TST
                      ",\"topic\":\"a\\/\\\"q\\\"\\\\x\",\"payload\":\"\\b\\f\\n\\r\\t\\u001b\\u5fae\\ud83d\\ude00\"}"),
         TST_NS, SPAN_LITERAL("a/\"q\"\\x"), SPAN_LITERAL("\b\f\n\r\t\x1B\xE5\xBE\xAE\xF0\x9F\x98\x80"), 0, false},
        {"quotes as \\u0022: without cJSON", SPAN_LITERAL("{" TST "," TOPIC ",\"payload\":\"{\\u0022a\\u0022:1}\"}"),
         TST_NS, SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL("{\"a\":1}"), 0, false},
        {"bytes that are not UTF-8",
         SPAN_LITERAL("{" TST "," TOPIC ",\"payload\":\"ab\xFF\xFE\xE5"
                      "cd\x7F\"}"),
         TST_NS, SPAN_LITERAL(TOPIC_TEXT),
         SPAN_LITERAL("ab\xFF\xFE\xE5"
                      "cd\x7F"),
         0, false},
        {"such bytes in other places",
         SPAN_LITERAL("{" TST ",\"topic\":\"\xFF/\xE5\xBE\xAE\",\"\xFE\":\"\xFE\",\"payload\":\"x\"}"), TST_NS,
         SPAN_LITERAL("\xFF/\xE5\xBE\xAE"), SPAN_LITERAL("x"), 0, false},
        {"a NUL", SPAN_LITERAL("{" TST "," TOPIC ",\"payload\":\"a\\u0000b\"}"), TST_NS, SPAN_LITERAL(TOPIC_TEXT),
         SPAN_LITERAL("a\0b"), 0, false},
        {"the last of equal keys",
         SPAN_LITERAL("{" TST ",\"topic\":\"a\"," TOPIC ",\"payload\":\"x\",\"payload\":\"y\"}"), TST_NS,
         SPAN_LITERAL(TOPIC_TEXT), SPAN_LITERAL("y"), 0, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *name = cases[i].name;
        struct span line = exact(cases[i].line);
        struct capture_message message;
        struct err err = {0};
        bool read = capture_read_line(line, &arena, &message, &err);
        release(line); /* what was read lives in the arena */
        ck_assert_msg(read, "%s: %s at %zu", name, err.text, err.pos);
        ck_assert_msg(err.text[0] == '\0', "%s: %s", name, err.text);
        ck_assert_msg(message.time_ns == cases[i].time_ns, "%s: time %lld", name, (long long)message.time_ns);
        ck_assert_msg(span_equal(message.topic, cases[i].topic), "%s: topic %.*s", name, (int)message.topic.len,
                      message.topic.ptr);
        ck_assert_msg(span_equal(message.payload, cases[i].payload), "%s: payload %.*s", name, (int)message.payload.len,
                      message.payload.ptr);
        ck_assert_msg(message.payload.ptr, "%s: no payload to point at", name);
        ck_assert_msg(message.qos == cases[i].qos && message.retain == cases[i].retain, "%s: qos %d, retain %d", name,
                      message.qos, message.retain);
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(skips_blank_lines)
{
    static const struct span lines[] = {SPAN_LITERAL(""), SPAN_LITERAL("\n"), SPAN_LITERAL("\r\n"),
                                        SPAN_LITERAL(" \t \n")};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct span line = exact(lines[i]);
        struct capture_message message;
        struct err err = {0};
        ck_assert(!capture_read_line(line, &arena, &message, &err));
        ck_assert_msg(err.text[0] == '\0', "line %zu: %s", i, err.text);
        ck_assert(!capture_read_line(line, &arena, &message, NULL));
        release(line);
    }
}
END_TEST

#define NO_TST "no tst, or not a time such as 2026-11-24T00:31:58.387371Z+0000"

START_TEST(refuses_other_lines)
{
    static const struct {
        const char *name;
        struct span line;
        size_t pos;
        const char *why;
    } cases[] = {
        {"a log line", SPAN_LITERAL("Client mosq-1 received PUBLISH\n"), 0, "expected a value"},
        {"a NUL", SPAN_LITERAL("\0"), 0, "expected a value"},
        {"NULs behind", SPAN_LITERAL("{" TST "," TOPIC "}\0"), sizeof("{" TST "," TOPIC "}") - 1, "expected a value"},
        {"two in one line", SPAN_LITERAL("{}{}"), 2, "text behind the end of the document"},
        {"a raw newline inside", SPAN_LITERAL("{\"a\":\"\n\"}"), 6, "control character in a string"},
        {"too deep", SPAN_LITERAL("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["),
         JSON_MAX_DEPTH, "nested deeper than 64"},
        {"an array",
         SPAN_LITERAL("["
                      "{" TST "," TOPIC "}]"),
         0, NO_TST},
        {"a string", SPAN_LITERAL("\"tst\""), 0, NO_TST},
        {"no tst", SPAN_LITERAL("{" TOPIC ",\"payload\":\"x\"}"), 0, NO_TST},
        {"a tst that is no time", SPAN_LITERAL("{" TOPIC ",\"tst\":\"yesterday\"}"), sizeof("{" TOPIC ",\"tst\":") - 1,
         NO_TST},
        {"a tst that is no text", SPAN_LITERAL("{\"tst\":1795480318," TOPIC "}"), 7, NO_TST},
        {"an empty tst", SPAN_LITERAL("{\"tst\":\"\"," TOPIC "}"), 7, NO_TST},
        {"no topic", SPAN_LITERAL("{" TST ",\"payload\":\"x\"}"), 0, "no topic"},
        {"a topic that is no text", SPAN_LITERAL("{" TST ",\"topic\":7}"), sizeof("{" TST ",\"topic\":") - 1,
         "no topic"},
        {"only nested keys", SPAN_LITERAL("{\"a\":{" TST "," TOPIC "}}"), 0, NO_TST},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span line = exact(cases[i].line);
        struct capture_message message;
        struct err err = {0};
        memset(&message, 0x55, sizeof message);
        bool read = capture_read_line(line, &arena, &message, &err);
        ck_assert_msg(!read, "%s: taken", cases[i].name);
        ck_assert_msg(err.pos == cases[i].pos && strcmp(err.text, cases[i].why) == 0, "%s: \"%s\" at %zu",
                      cases[i].name, err.text, err.pos);
        ck_assert_msg(!message.topic.ptr && !message.payload.ptr && message.time_ns == 0, "%s: not zeroed",
                      cases[i].name);
        release(line);
        arena_reset(&arena);
    }
}
END_TEST

static const struct span usual_line = SPAN_LITERAL(
    "{" TST "," TOPIC ",\"qos\":1,\"retain\":0,\"payloadlen\":7,\"mid\":9,\"payload\":\"{\\\"\\u5fae\xFF\\\":1}\"}");

START_TEST(refuses_every_beginning)
{
    for (size_t len = 1; len < usual_line.len; len++) {
        struct span line = exact((struct span){usual_line.ptr, len});
        struct capture_message message;
        struct err err = {0};
        ck_assert_msg(!capture_read_line(line, &arena, &message, &err), "%zu bytes", len);
        ck_assert_msg(err.text[0] != '\0' && err.pos <= len, "%zu bytes: \"%s\" at %zu", len, err.text, err.pos);
        release(line);
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(reports_a_full_arena)
{
    bool passed = false;
    bool topic_failed = false;
    bool payload_failed = false;
    for (size_t size = 0; !passed; size++) {
        struct arena small;
        struct capture_message message;
        struct err err = {0};
        ck_assert(arena_init(&small, size));
        passed = capture_read_line(usual_line, &small, &message, &err);
        topic_failed = topic_failed || strcmp(err.text, "no memory for the topic") == 0;
        payload_failed = payload_failed || strcmp(err.text, "no memory for the payload") == 0;
        ck_assert_msg(passed || (err.text[0] != '\0' && !message.topic.ptr), "%zu bytes", size);
        ck_assert_uint_le(size, 2 * usual_line.len);
        arena_free(&small);
    }
    ck_assert(topic_failed && payload_failed);
}
END_TEST

/* ---- test/captures/README.md, Seen in the field: from the line to the fate of the payload ---- */

START_TEST(reads_what_was_seen_in_the_field)
{
    static const struct {
        const char *name;
        struct span line;
        struct span payload; /* trimmed */
        enum reject reason;
    } cases[] = {
        {"pretty-printed JSON with newlines",
         SPAN_LITERAL("{" TST "," TOPIC ",\"payload\":\"{\\n  \\\"a\\\": 1\\r\\n}\\n\"}"),
         SPAN_LITERAL("{\n  \"a\": 1\r\n}"), REJECT_NONE},
        {"bytes that are not UTF-8", SPAN_LITERAL("{" TST "," TOPIC ",\"payload\":\"{\\\"a\\\":\\\"\xB5\xE7\\\"}\"}"),
         SPAN_LITERAL("{\"a\":\"\xB5\xE7\"}"), REJECT_INVALID_UTF8},
        {"NUL characters in text", SPAN_LITERAL("{" TST "," TOPIC ",\"payload\":\"{\\\"a\\\":\\\"x\\\\u0000\\\"}\"}"),
         SPAN_LITERAL("{\"a\":\"x\\u0000\"}"), REJECT_NONE},
        {"a raw NUL in text", SPAN_LITERAL("{" TST "," TOPIC ",\"payload\":\"{\\\"a\\\":\\\"x\\u0000\\\"}\"}"),
         SPAN_LITERAL("{\"a\":\"x\0\"}"), REJECT_INVALID_JSON},
        {"a payload that mosquitto_sub cut at a raw NUL",
         SPAN_LITERAL("{" TST "," TOPIC ",\"payloadlen\":10,\"payload\":\"{\\\"a\\\":\\\"x\"}"),
         SPAN_LITERAL("{\"a\":\"x"), REJECT_INVALID_JSON},
        {"a raw NUL behind the JSON", SPAN_LITERAL("{" TST "," TOPIC ",\"payload\":\"{\\\"a\\\":1}\\u0000\"}"),
         SPAN_LITERAL("{\"a\":1}"), REJECT_NONE},
        {"a number too wide", SPAN_LITERAL("{" TST "," TOPIC ",\"payload\":\"{\\\"a\\\":1e999}\"}"),
         SPAN_LITERAL("{\"a\":1e999}"), REJECT_NONE},
        {"%J with the same", SPAN_LITERAL("{" TST "," TOPIC ",\"payload\":{\"a\":1e999}}"),
         SPAN_LITERAL("{\"a\":1e999}"), REJECT_NONE},
    };
    const struct json_limits limits = {32, 8192};
    struct path_table table;
    struct lookup *lookup = path_table_of_one(&table, "a");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span line = exact(cases[i].line);
        struct capture_message message;
        struct payload payload;
        struct err err = {0};
        bool read = capture_read_line(line, &arena, &message, &err);
        release(line);
        ck_assert_msg(read, "%s: %s at %zu", cases[i].name, err.text, err.pos);
        struct span bytes = payload_trim(message.payload);
        ck_assert_msg(span_equal(bytes, cases[i].payload), "%s: %.*s", cases[i].name, (int)bytes.len, bytes.ptr);
        enum reject reason = payload_parse(bytes, &limits, lookup, &arena, &payload, &err);
        ck_assert_msg(reason == cases[i].reason, "%s: %s: %s", cases[i].name, reject_name(reason), err.text);
        arena_reset(&arena);
    }
    lookup_free(lookup);
    path_table_end(&table);
}
END_TEST

/* The broker sends a QoS 1 message again with another mid, and a retained one with retain at every subscribe: topic and payload stay
 * the same bytes. */
START_TEST(redelivery_is_the_same_bytes)
{
    static const char *const lines[] = {
        "{" TST "," TOPIC ",\"qos\":1,\"retain\":0,\"payloadlen\":7,\"mid\":9,\"payload\":\"{\\\"a\\\":1}\"}",
        "{\"tst\":\"2026-11-24T00:32:58.387371Z+0000\"," TOPIC
        ",\"qos\":1,\"retain\":0,\"payloadlen\":7,\"mid\":10,\"payload\":\"{\\\"a\\\":1}\"}",
        "{\"tst\":\"2026-11-24T00:33:58.387371Z+0000\"," TOPIC
        ",\"qos\":1,\"retain\":1,\"payloadlen\":7,\"mid\":1,\"payload\":\"{\\\"a\\\":1}\"}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct capture_message message;
        struct err err = {0};
        ck_assert_msg(capture_read_line(span_of(lines[i]), &arena, &message, &err), "%s", err.text);
        ck_assert_int_eq(message.time_ns, TST_NS + (int64_t)i * 60 * INT64_C(1000000000));
        ck_assert(span_equal(message.topic, SPAN_LITERAL(TOPIC_TEXT)));
        ck_assert(span_equal(message.payload, SPAN_LITERAL("{\"a\":1}")));
        ck_assert_int_eq(message.retain, i == 2);
    }
}
END_TEST

/* Keys over and over cost no more memory than one of each. */
START_TEST(memory_does_not_grow_with_keys)
{
    char line[8192];
    struct capture_message message;
    size_t n = (size_t)snprintf(line, sizeof line, "{" TST "," TOPIC);
    line[n] = '}';
    ck_assert(capture_read_line((struct span){line, n + 1}, &arena, &message, NULL));
    size_t alone = arena.used;
    for (int i = 0; i < 200; i++) {
        n += (size_t)snprintf(line + n, sizeof line - n, "," TOPIC);
    }
    ck_assert_uint_lt(n, sizeof line);
    line[n] = '}';
    arena_reset(&arena);
    ck_assert(capture_read_line((struct span){line, n + 1}, &arena, &message, NULL));
    ck_assert_uint_eq(arena.used, alone);
}
END_TEST

/* ---- properties of MQTT 5 ---- */

static void check_property(const struct properties *properties, size_t i, enum property_id id, uint32_t number,
                           struct span name, struct span text)
{
    ck_assert_uint_lt(i, properties->count);
    const struct property *property = &properties->items[i];
    ck_assert_msg(property->id == id, "property %zu is %s", i, property_name(property->id));
    ck_assert_uint_eq(property->number, number);
    ck_assert_msg(span_equal(property->name, name), "property %zu: name %.*s", i, (int)property->name.len,
                  property->name.ptr);
    ck_assert_msg(span_equal(property->text, text), "property %zu: text %.*s", i, (int)property->text.len,
                  property->text.ptr);
}

/* As mosquitto_sub 2.0.11 wrote it for a message with every property that a publisher can set. */
START_TEST(reads_properties)
{
    static const struct span none = {"", 0};
    struct span line = exact(SPAN_LITERAL(
        "{" TST "," TOPIC ",\"qos\":1,\"retain\":0,\"payloadlen\":1,\"mid\":7,\"properties\":{\"content-type\":"
        "\"application/json\",\"user-properties\":{\"priority\":\"high\",\"a \\\"b\\\"\":\"\xE5\xBE\xAE\","
        "\"priority\":\"low\"},\"correlation-data\":\"xyz\",\"response-topic\":\"re/ply\",\"message-expiry-interval\":"
        "4294967295,\"payload-format-indicator\":1},\"payload\":\"x\"}"));
    struct capture_message message;
    struct err err = {0};
    ck_assert_msg(capture_read_line(line, &arena, &message, &err), "%s", err.text);
    release(line);
    check_property(&message.properties, 0, PROPERTY_CONTENT_TYPE, 0, none, SPAN_LITERAL("application/json"));
    check_property(&message.properties, 1, PROPERTY_USER, 0, SPAN_LITERAL("priority"), SPAN_LITERAL("high"));
    check_property(&message.properties, 2, PROPERTY_USER, 0, SPAN_LITERAL("a \"b\""), SPAN_LITERAL("\xE5\xBE\xAE"));
    check_property(&message.properties, 3, PROPERTY_USER, 0, SPAN_LITERAL("priority"), SPAN_LITERAL("low"));
    check_property(&message.properties, 4, PROPERTY_CORRELATION_DATA, 0, none, SPAN_LITERAL("xyz"));
    check_property(&message.properties, 5, PROPERTY_RESPONSE_TOPIC, 0, none, SPAN_LITERAL("re/ply"));
    check_property(&message.properties, 6, PROPERTY_MESSAGE_EXPIRY, UINT32_MAX, none, none);
    check_property(&message.properties, 7, PROPERTY_PAYLOAD_FORMAT, 1, none, none);
    ck_assert_uint_eq(message.properties.count, 8);
    ck_assert(span_equal(message.payload, SPAN_LITERAL("x")));
}
END_TEST

START_TEST(leaves_odd_properties_out)
{
    static const struct {
        const char *properties;
        size_t count;
    } odd[] = {
        {"{}", 0},
        {"[]", 1},
        {"7", 1},
        {"null", 0},
        {"\"content-type\"", 1},
        {"{\"content-type\":7}", 1},
        {"{\"content-type\":{\"content-type\":\"x\"}}", 1},
        {"{\"user-properties\":\"priority\"}", 1},
        {"{\"user-properties\":{\"priority\":1,\"b\":null,\"c\":{}}}", 3},
        {"{\"message-expiry-interval\":\"7\"}", 1},
        {"{\"message-expiry-interval\":-7}", 1},
        {"{\"message-expiry-interval\":7.0}", 1},
        {"{\"message-expiry-interval\":4294967296}", 1},
        {"{\"message-expiry-interval\":18446744073709551623}", 1},
        {"{\"subscription-identifier\":7,\"topic-alias\":7,\"x\":\"y\"}", 1},
    };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        char text[512];
        struct capture_message message;
        struct err err = {0};
        snprintf(text, sizeof text, "{" TST "," TOPIC ",\"properties\":%s,\"payload\":\"x\"}", odd[i].properties);
        ck_assert_msg(capture_read_line(span_of(text), &arena, &message, &err), "%s: %s", odd[i].properties, err.text);
        ck_assert_msg(message.properties.count == 0, "%s", odd[i].properties);
        ck_assert_msg(message.odd_properties == odd[i].count, "%s: counted %zu", odd[i].properties,
                      message.odd_properties);
        arena_reset(&arena);
    }
}
END_TEST

START_TEST(counts_properties_without_room)
{
    char text[4096];
    struct capture_message message;
    struct err err = {0};
    size_t len =
        (size_t)snprintf(text, sizeof text, "{" TST "," TOPIC ",\"properties\":{\"user-properties\":{\"n\":\"0\"");
    for (int i = 1; i < PROPERTIES_MAX + 3; i++) {
        len += (size_t)snprintf(text + len, sizeof text - len, ",\"n\":\"%d\"", i);
    }
    snprintf(text + len, sizeof text - len, "}},\"payload\":\"x\"}");
    ck_assert_msg(capture_read_line(span_of(text), &arena, &message, &err), "%s", err.text);
    ck_assert_uint_eq(message.properties.count, PROPERTIES_MAX);
    ck_assert_uint_eq(message.properties.dropped, 3);
}
END_TEST

/* Those without room cost no memory either: a line with very many of them is a message. */
START_TEST(very_many_properties)
{
    enum { MANY = 90000 };
    const size_t pair = sizeof "\"\":\"\"," - 1;
    char *text = malloc(512 + MANY * pair);
    struct capture_message message;
    struct arena small;
    struct err err = {0};
    ck_assert_ptr_nonnull(text);
    size_t len = (size_t)sprintf(text, "{" TST "," TOPIC ",\"properties\":{\"user-properties\":{");
    for (int i = 0; i < MANY; i++) {
        len += (size_t)sprintf(text + len, "\"\":\"\"%s", i + 1 < MANY ? "," : "");
    }
    len += (size_t)sprintf(text + len, "}},\"payload\":\"x\"}");
    ck_assert(arena_init(&small, CAPTURE_READ_ARENA_BYTES(len)));
    ck_assert_msg(capture_read_line((struct span){text, len}, &small, &message, &err), "%s", err.text);
    ck_assert_uint_eq(message.properties.dropped, MANY - PROPERTIES_MAX);
    arena_free(&small);
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("capture");
    TCase *tests = tcase_create("capture");
    tcase_add_checked_fixture(tests, make_arena, free_arena);
    tcase_add_test(tests, reads_lines);
    tcase_add_test(tests, skips_blank_lines);
    tcase_add_test(tests, refuses_other_lines);
    tcase_add_test(tests, refuses_every_beginning);
    tcase_add_test(tests, reports_a_full_arena);
    tcase_add_test(tests, reads_what_was_seen_in_the_field);
    tcase_add_test(tests, redelivery_is_the_same_bytes);
    tcase_add_test(tests, memory_does_not_grow_with_keys);
    tcase_add_test(tests, reads_properties);
    tcase_add_test(tests, leaves_odd_properties_out);
    tcase_add_test(tests, counts_properties_without_room);
    tcase_add_test(tests, very_many_properties);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
