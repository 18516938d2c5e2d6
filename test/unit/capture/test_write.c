#include <stdio.h>

#include "capture/write.h"
#include "support.h"

#define NS INT64_C(1795480318387371000) /* 2026-11-24T00:31:58.387371Z */
#define HEAD "{\"tst\":\"2026-11-24T00:31:58.387371Z+0000\",\"topic\":\"v1/vm/VM-1/events\","

/* What mosquitto_sub 2.0.11 -F '%j' wrote for these messages, but for tst, which it writes in local time. */
static const struct {
    const char *name;
    struct span payload;
    int qos;
    bool retain;
    int mid;
    const char *want; /* behind HEAD */
} lines[] = {
    {"QoS 1", SPAN_LITERAL("{\"a\":1}"), 1, false, 10,
     "\"qos\":1,\"retain\":0,\"payloadlen\":7,\"mid\":10,\"payload\":\"{\\\"a\\\":1}\"}\n"},
    {"QoS 0", SPAN_LITERAL("x"), 0, false, 0, "\"qos\":0,\"retain\":0,\"payloadlen\":1,\"payload\":\"x\"}\n"},
    {"retained", SPAN_LITERAL("x"), 2, true, 65535,
     "\"qos\":2,\"retain\":1,\"payloadlen\":1,\"mid\":65535,\"payload\":\"x\"}\n"},
    {"no payload", SPAN_LITERAL(""), 0, false, 0, "\"qos\":0,\"retain\":0,\"payloadlen\":0,\"payload\":null}\n"},
    {"escapes", SPAN_LITERAL("\b\f\n\r\t\x1b\x7f/\\\"\x01"), 0, false, 0,
     "\"qos\":0,\"retain\":0,\"payloadlen\":11,\"payload\":\"\\b\\f\\n\\r\\t\\u001b\x7f/\\\\\\\"\\u0001\"}\n"},
    {"not UTF-8",
     SPAN_LITERAL("\xff\xc0"
                  "a\xe5"),
     0, false, 0,
     "\"qos\":0,\"retain\":0,\"payloadlen\":4,\"payload\":\"\xff\xc0"
     "a\xe5\"}\n"},
    {"a NUL, which mosquitto_sub cannot", SPAN_LITERAL("a\0b"), 0, false, 0,
     "\"qos\":0,\"retain\":0,\"payloadlen\":3,\"payload\":\"a\\u0000b\"}\n"},
};

START_TEST(as_mosquitto_sub)
{
    struct capture_message message = {.time_ns = NS + 999, /* tst has microseconds */
                                      .topic = SPAN_LITERAL("v1/vm/VM-1/events"),
                                      .payload = lines[_i].payload,
                                      .qos = lines[_i].qos,
                                      .retain = lines[_i].retain};
    struct buf got;
    char want[512];
    buf_init(&got, 4096);
    snprintf(want, sizeof want, "%s%s", HEAD, lines[_i].want);
    capture_write_line(&got, &message, lines[_i].mid);
    ck_assert_msg(strcmp(text_of(&got), want) == 0, "%s:\ngot  %swant %s", lines[_i].name, got.ptr, want);
    buf_free(&got);
}
END_TEST

START_TEST(properties)
{
    struct capture_message message = {.time_ns = NS, .topic = SPAN_LITERAL("v1/vm/VM-1/events"), .payload = {"x", 1}};
    struct buf got;
    buf_init(&got, 4096);
    properties_add(&message.properties,
                   (struct property){.id = PROPERTY_USER, .name = {"priority", 8}, .text = {"high", 4}});
    properties_add(&message.properties,
                   (struct property){.id = PROPERTY_CONTENT_TYPE, .text = SPAN_LITERAL("application/json")});
    properties_add(&message.properties, (struct property){.id = PROPERTY_MESSAGE_EXPIRY, .number = UINT32_MAX});
    properties_add(&message.properties, (struct property){.id = PROPERTY_USER, .name = {"a\"", 2}, .text = {"\n", 1}});
    capture_write_line(&got, &message, 0);
    ck_assert_str_eq(text_of(&got),
                     HEAD "\"qos\":0,\"retain\":0,\"payloadlen\":1,\"properties\":{\"content-type\":"
                          "\"application/json\",\"message-expiry-interval\":4294967295,\"user-properties\":"
                          "{\"priority\":\"high\",\"a\\\"\":\"\\n\"}},\"payload\":\"x\"}\n");
    buf_truncate(&got, 0);
    message.properties.items[1] = message.properties.items[0];
    message.properties.count = 2;
    capture_write_line(&got, &message, 0);
    ck_assert_ptr_nonnull(strstr(text_of(&got),
                                 "\"properties\":{\"user-properties\":{\"priority\":\"high\",\"priority\":"
                                 "\"high\"}},"));
    buf_free(&got);
}
END_TEST

static void check_same(const struct properties *got, const struct properties *want)
{
    ck_assert_uint_eq(got->count, want->count);
    for (size_t i = 0; i < got->count; i++) {
        ck_assert_int_eq(got->items[i].id, want->items[i].id);
        ck_assert_uint_eq(got->items[i].number, want->items[i].number);
        ck_assert(span_equal(got->items[i].name, want->items[i].name));
        ck_assert(span_equal(got->items[i].text, want->items[i].text));
    }
}

/* Every byte, alone and between others, in a topic, a payload and a property. */
START_TEST(is_read_back_byte_for_byte)
{
    struct arena arena;
    struct buf line;
    ck_assert(arena_init(&arena, 65536));
    buf_init(&line, 65536);
    for (int c = 0; c < 256; c++) {
        char bytes[] = {(char)c, 'a', (char)c, (char)c};
        struct capture_message message = {.time_ns = NS,
                                          .topic = {bytes, sizeof bytes},
                                          .payload = {bytes, 1 + (size_t)c % sizeof bytes},
                                          .qos = c % 3,
                                          .retain = c % 2};
        struct capture_message got;
        struct err err = {0};
        properties_add(&message.properties,
                       (struct property){.id = PROPERTY_CORRELATION_DATA, .text = {bytes, sizeof bytes}});
        properties_add(&message.properties, (struct property){.id = PROPERTY_PAYLOAD_FORMAT, .number = (uint32_t)c});
        properties_add(
            &message.properties,
            (struct property){.id = PROPERTY_USER, .name = {bytes, sizeof bytes}, .text = {bytes, sizeof bytes}});
        buf_truncate(&line, 0);
        capture_write_line(&line, &message, c);
        ck_assert(!line.failed);
        char *block;
        struct span exact = exact_copy(buf_view(&line), &block);
        ck_assert_msg(capture_read_line(exact, &arena, &got, &err), "byte %d: %s at %zu", c, err.text, err.pos);
        ck_assert_int_eq(got.time_ns, message.time_ns);
        ck_assert_msg(span_equal(got.topic, message.topic), "topic with byte %d", c);
        ck_assert_msg(span_equal(got.payload, message.payload), "payload with byte %d", c);
        ck_assert_int_eq(got.qos, message.qos);
        ck_assert_int_eq(got.retain, message.retain);
        check_same(&got.properties, &message.properties);
        free(block);
        arena_reset(&arena);
    }
    buf_free(&line);
    arena_free(&arena);
}
END_TEST

START_TEST(without_room)
{
    struct capture_message message = {.time_ns = NS, .topic = {"t", 1}, .payload = {"x", 1}};
    struct buf line;
    buf_init(&line, 40);
    capture_write_line(&line, &message, 0);
    ck_assert(line.failed);
    buf_free(&line);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("capture_write_line");
    TCase *tcase = tcase_create("capture_write_line");
    tcase_add_loop_test(tcase, as_mosquitto_sub, 0, (int)COUNT(lines));
    tcase_add_test(tcase, properties);
    tcase_add_test(tcase, is_read_back_byte_for_byte);
    tcase_add_test(tcase, without_room);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
