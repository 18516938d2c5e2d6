/* Lists are made and read with libmosquitto's own functions: what goes through is what a PUBLISH
 * carries (MQTT 5, 3.3.2.3). */
#include <mqtt_protocol.h>
#include <stdio.h>

#include "mqtt/convert.h"
#include "support.h"

static void expect_text(struct span got, const char *want)
{
    ck_assert_msg(span_equal(got, span_of(want)), "got \"%.*s\", wanted \"%s\"", (int)got.len, got.ptr, want);
}

/* In the order in which they stand in the packet, user properties with equal names included. */
START_TEST(from_library)
{
    mosquitto_property *list = NULL;
    mosquitto_property_add_byte(&list, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1);
    mosquitto_property_add_int32(&list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, UINT32_MAX);
    mosquitto_property_add_varint(&list, MQTT_PROP_SUBSCRIPTION_IDENTIFIER, 7);
    mosquitto_property_add_string(&list, MQTT_PROP_CONTENT_TYPE, "application/json");
    mosquitto_property_add_string(&list, MQTT_PROP_RESPONSE_TOPIC, "");
    mosquitto_property_add_binary(&list, MQTT_PROP_CORRELATION_DATA, "a\0b", 3);
    mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, "priority", "1");
    mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, "priority", "2");

    struct properties properties = {0};
    struct mqtt_convert_texts texts;
    mqtt_convert_from_library(list, &properties, &texts);
    mosquitto_property_free_all(&list);
    ck_assert_uint_eq(properties.count, 7);
    ck_assert_uint_eq(properties.dropped, 0);
    ck_assert_int_eq(properties.items[0].id, PROPERTY_PAYLOAD_FORMAT);
    ck_assert_uint_eq(properties.items[0].number, 1);
    ck_assert_int_eq(properties.items[1].id, PROPERTY_MESSAGE_EXPIRY);
    ck_assert_uint_eq(properties.items[1].number, UINT32_MAX);
    ck_assert_int_eq(properties.items[2].id, PROPERTY_CONTENT_TYPE);
    expect_text(properties.items[2].text, "application/json");
    ck_assert_int_eq(properties.items[3].id, PROPERTY_RESPONSE_TOPIC);
    expect_text(properties.items[3].text, "");
    ck_assert_int_eq(properties.items[4].id, PROPERTY_CORRELATION_DATA);
    ck_assert(span_equal(properties.items[4].text, (struct span){"a\0b", 3}));
    expect_text(properties.items[5].name, "priority");
    expect_text(properties.items[5].text, "1");
    expect_text(properties.items[6].name, "priority");
    expect_text(properties.items[6].text, "2");
    mqtt_convert_free(&texts);
    ck_assert_uint_eq(texts.count, 0);
}
END_TEST

START_TEST(none)
{
    struct properties properties = {0};
    struct mqtt_convert_texts texts;
    mosquitto_property *list = NULL;
    mqtt_convert_from_library(NULL, &properties, &texts);
    ck_assert_uint_eq(properties.count, 0);
    mqtt_convert_free(&texts);
    ck_assert_int_eq(mqtt_convert_to_library(NULL, &list), MOSQ_ERR_SUCCESS);
    ck_assert_ptr_null(list);
    ck_assert_int_eq(mqtt_convert_to_library(&properties, &list), MOSQ_ERR_SUCCESS);
    ck_assert_ptr_null(list);
}
END_TEST

START_TEST(more_than_are_kept)
{
    mosquitto_property *list = NULL;
    for (int i = 0; i < PROPERTIES_MAX + 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        mosquitto_property_add_string_pair(&list, MQTT_PROP_USER_PROPERTY, name, "x");
    }
    struct properties properties = {0};
    struct mqtt_convert_texts texts;
    mqtt_convert_from_library(list, &properties, &texts);
    mosquitto_property_free_all(&list);
    ck_assert_uint_eq(properties.count, PROPERTIES_MAX);
    ck_assert_uint_eq(properties.dropped, 3);
    expect_text(properties.items[PROPERTIES_MAX - 1].name, "31");
    mqtt_convert_free(&texts);
}
END_TEST

/* Read back by the library itself. */
START_TEST(to_library)
{
    const struct properties properties = {
        .count = 6,
        .items = {{.id = PROPERTY_PAYLOAD_FORMAT, .number = 1},
                  {.id = PROPERTY_MESSAGE_EXPIRY, .number = 3600},
                  {.id = PROPERTY_CONTENT_TYPE, .text = SPAN_LITERAL("application/json")},
                  {.id = PROPERTY_RESPONSE_TOPIC, .text = SPAN_LITERAL("answers/1")},
                  {.id = PROPERTY_CORRELATION_DATA, .text = {"a\0b", 3}},
                  {.id = PROPERTY_USER, .name = SPAN_LITERAL("priority"), .text = SPAN_LITERAL("high")}}};
    mosquitto_property *list = NULL;
    ck_assert_int_eq(mqtt_convert_to_library(&properties, &list), MOSQ_ERR_SUCCESS);
    ck_assert_int_eq(mosquitto_property_check_all(CMD_PUBLISH, list), MOSQ_ERR_SUCCESS);

    uint8_t byte = 0;
    uint32_t number = 0;
    uint16_t len = 0;
    char *text = NULL;
    char *name = NULL;
    void *bytes = NULL;
    mosquitto_property_read_byte(list, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, &byte, false);
    ck_assert_uint_eq(byte, 1);
    mosquitto_property_read_int32(list, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, &number, false);
    ck_assert_uint_eq(number, 3600);
    mosquitto_property_read_string(list, MQTT_PROP_CONTENT_TYPE, &text, false);
    ck_assert_str_eq(text, "application/json");
    free(text);
    mosquitto_property_read_string(list, MQTT_PROP_RESPONSE_TOPIC, &text, false);
    ck_assert_str_eq(text, "answers/1");
    free(text);
    mosquitto_property_read_binary(list, MQTT_PROP_CORRELATION_DATA, &bytes, &len, false);
    ck_assert(len == 3 && memcmp(bytes, "a\0b", 3) == 0);
    free(bytes);
    mosquitto_property_read_string_pair(list, MQTT_PROP_USER_PROPERTY, &name, &text, false);
    ck_assert_str_eq(name, "priority");
    ck_assert_str_eq(text, "high");
    free(name);
    free(text);
    mosquitto_property_free_all(&list);
}
END_TEST

/* MQTT 5, 1.5.4, 1.5.6: 65,535 bytes. */
#define LONGEST 65535
static char long_text[LONGEST + 1];

static struct properties one(struct property property)
{
    return (struct properties){.count = 1, .items = {property}};
}

START_TEST(a_text_that_is_too_long)
{
    const struct span text = {long_text, sizeof long_text};
    const struct properties too_long[] = {
        one((struct property){.id = PROPERTY_CONTENT_TYPE, .text = text}),
        one((struct property){.id = PROPERTY_CORRELATION_DATA, .text = text}),
        one((struct property){.id = PROPERTY_USER, .text = text, .name = SPAN_LITERAL("n")}),
        one((struct property){.id = PROPERTY_USER, .name = text, .text = SPAN_LITERAL("t")}),
    };
    memset(long_text, 'x', sizeof long_text);
    for (size_t i = 0; i < COUNT(too_long); i++) {
        mosquitto_property *list = NULL;
        ck_assert_int_eq(mqtt_convert_to_library(&too_long[i], &list), MOSQ_ERR_PAYLOAD_SIZE);
        mosquitto_property_free_all(&list);
    }
}
END_TEST

START_TEST(the_longest_texts)
{
    const struct span text = {long_text, LONGEST};
    const struct properties longest = {.count = 3,
                                       .items = {{.id = PROPERTY_RESPONSE_TOPIC, .text = text},
                                                 {.id = PROPERTY_CORRELATION_DATA, .text = text},
                                                 {.id = PROPERTY_USER, .name = text, .text = text}}};
    mosquitto_property *list = NULL;
    struct properties back = {0};
    struct mqtt_convert_texts texts;
    memset(long_text, 'x', sizeof long_text);
    ck_assert_int_eq(mqtt_convert_to_library(&longest, &list), MOSQ_ERR_SUCCESS);
    mqtt_convert_from_library(list, &back, &texts);
    mosquitto_property_free_all(&list);
    ck_assert_uint_eq(back.count, 3);
    for (size_t i = 0; i < back.count; i++) {
        ck_assert(span_equal(back.items[i].text, text));
        ck_assert(span_equal(back.items[i].name, longest.items[i].name));
    }
    mqtt_convert_free(&texts);
}
END_TEST

/* MQTT's text has no NUL, and what stands before it is another text. */
START_TEST(a_text_with_a_nul)
{
    const struct span text = {"a\0b", 3};
    const struct properties with_nul[] = {
        one((struct property){.id = PROPERTY_CONTENT_TYPE, .text = text}),
        one((struct property){.id = PROPERTY_USER, .text = text, .name = SPAN_LITERAL("n")}),
        one((struct property){.id = PROPERTY_USER, .name = text, .text = SPAN_LITERAL("t")}),
    };
    for (size_t i = 0; i < COUNT(with_nul); i++) {
        mosquitto_property *list = NULL;
        ck_assert_int_eq(mqtt_convert_to_library(&with_nul[i], &list), MOSQ_ERR_MALFORMED_UTF8);
        mosquitto_property_free_all(&list);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mqtt_convert");
    TCase *tcase = tcase_create("mqtt_convert");
    tcase_add_test(tcase, from_library);
    tcase_add_test(tcase, none);
    tcase_add_test(tcase, more_than_are_kept);
    tcase_add_test(tcase, to_library);
    tcase_add_test(tcase, a_text_that_is_too_long);
    tcase_add_test(tcase, the_longest_texts);
    tcase_add_test(tcase, a_text_with_a_nul);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
