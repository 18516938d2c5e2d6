#include <stdio.h>

#include "core/properties.h"
#include "support.h"

START_TEST(names)
{
    ck_assert_str_eq(property_name(PROPERTY_PAYLOAD_FORMAT), "payload-format-indicator");
    ck_assert_str_eq(property_name(PROPERTY_MESSAGE_EXPIRY), "message-expiry-interval");
    ck_assert_str_eq(property_name(PROPERTY_CONTENT_TYPE), "content-type");
    ck_assert_str_eq(property_name(PROPERTY_RESPONSE_TOPIC), "response-topic");
    ck_assert_str_eq(property_name(PROPERTY_CORRELATION_DATA), "correlation-data");
    ck_assert_str_eq(property_name(PROPERTY_USER), "user-properties");
    for (int id = 0; id < PROPERTY_IDS; id++) {
        bool number = id == PROPERTY_PAYLOAD_FORMAT || id == PROPERTY_MESSAGE_EXPIRY;
        ck_assert_int_eq(property_is_number((enum property_id)id), number);
    }
}
END_TEST

START_TEST(the_first_is_found)
{
    struct properties properties = {.count = 0};
    ck_assert_ptr_null(properties_find(&properties, PROPERTY_CONTENT_TYPE));
    ck_assert_ptr_null(properties_find_user(&properties, "a"));
    properties_add(&properties, (struct property){.id = PROPERTY_CONTENT_TYPE, .name = {"a", 1}, .text = {"one", 3}});
    properties_add(&properties, (struct property){.id = PROPERTY_USER, .name = {"ab", 2}, .text = {"two", 3}});
    properties_add(&properties, (struct property){.id = PROPERTY_USER, .name = {"a", 1}, .text = {"three", 5}});
    properties_add(&properties, (struct property){.id = PROPERTY_USER, .name = {"a", 1}, .text = {"four", 4}});
    ck_assert_ptr_eq(properties_find(&properties, PROPERTY_CONTENT_TYPE), &properties.items[0]);
    ck_assert_ptr_eq(properties_find(&properties, PROPERTY_USER), &properties.items[1]);
    ck_assert_ptr_eq(properties_find_user(&properties, "a"), &properties.items[2]);
    ck_assert_ptr_null(properties_find_user(&properties, "A"));
    ck_assert_ptr_null(properties_find_user(&properties, ""));
}
END_TEST

START_TEST(no_room)
{
    struct properties properties = {.count = 0};
    for (uint32_t i = 0; i < PROPERTIES_MAX + 5; i++) {
        properties_add(&properties, (struct property){.id = PROPERTY_MESSAGE_EXPIRY, .number = i});
    }
    ck_assert_uint_eq(properties.count, PROPERTIES_MAX);
    ck_assert_uint_eq(properties.dropped, 5);
    ck_assert_uint_eq(properties.items[PROPERTIES_MAX - 1].number, PROPERTIES_MAX - 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("properties");
    TCase *tcase = tcase_create("properties");
    tcase_add_test(tcase, names);
    tcase_add_test(tcase, the_first_is_found);
    tcase_add_test(tcase, no_room);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
