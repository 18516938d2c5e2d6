#include <stdio.h>

#include "core/reject.h"
#include "support.h"

/* The reasons a person meets in vm_rejected and vm_ingest: names are data, so they may not change unseen. */
static const struct {
    enum reject reason;
    const char *name;
} cases[] = {
    {REJECT_NONE, ""},
    {REJECT_NOT_LINE_PROTOCOL, "not_line_protocol"},
    {REJECT_LINE_TOO_LONG, "line_too_long"},
    {REJECT_UNKNOWN_TOPIC, "unknown_topic"},
    {REJECT_BAD_DEVICE_NO, "bad_device_no"},
    {REJECT_NO_PAYLOAD, "no_payload"},
    {REJECT_BAD_BASE64, "bad_base64"},
    {REJECT_EMPTY_PAYLOAD, "empty_payload"},
    {REJECT_PAYLOAD_TOO_LARGE, "payload_too_large"},
    {REJECT_INVALID_UTF8, "invalid_utf8"},
    {REJECT_INVALID_JSON, "invalid_json"},
    {REJECT_TOO_DEEP, "too_deep"},
    {REJECT_TOO_MANY_VALUES, "too_many_values"},
    {REJECT_NOT_AN_OBJECT, "not_an_object"},
    {REJECT_DEVICE_MISMATCH, "device_mismatch"},
    {REJECT_MISSING_FIELD, "missing_field"},
    {REJECT_NO_DATA, "no_data"},
    {REJECT_OUT_OF_MEMORY, "out_of_memory"},
};

START_TEST(names)
{
    char column[64];
    snprintf(column, sizeof column, "rejected_%s", cases[_i].name);
    ck_assert_str_eq(reject_name(cases[_i].reason), cases[_i].name);
    ck_assert_str_eq(reject_column(cases[_i].reason), column);
}
END_TEST

START_TEST(every_reason_is_in_the_table)
{
    ck_assert_uint_eq(COUNT(cases), REJECT_REASONS);
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_int_eq(cases[i].reason, (int)i);
    }
}
END_TEST

static Suite *reject_suite(void)
{
    Suite *suite = suite_create("reject");
    TCase *tcase = tcase_create("reject");
    tcase_add_loop_test(tcase, names, 0, (int)COUNT(cases));
    tcase_add_test(tcase, every_reason_is_in_the_table);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(reject_suite());
}
