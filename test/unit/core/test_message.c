#include "core/message.h"
#include "support.h"

/* The sections of a mapping file (plugin/README.md, Mapping file). */
START_TEST(names)
{
    ck_assert_str_eq(message_kind_name(MESSAGE_TELEMETRY), "telemetry");
    ck_assert_str_eq(message_kind_name(MESSAGE_EVENTS), "events");
    ck_assert_str_eq(message_kind_name(MESSAGE_STATUS), "status");
    ck_assert_str_eq(message_kind_name(MESSAGE_ACKS), "acks");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/message");
    TCase *tests = tcase_create("core/message");
    tcase_add_test(tests, names);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
