#include "run/ndjson.h"
#include "support.h"

static struct flat flat;

static void set_up(void)
{
    ck_assert(flat_init(&flat, 4096));
}

static void tear_down(void)
{
    flat_free(&flat);
}

START_TEST(a_row)
{
    struct lp_row row;
    struct buf out;
    buf_init(&out, 4096);
    lp_row_begin(&row, "vm_events", INT64_C(1795480319452000000));
    lp_row_tag(&row, "device_no", SPAN_LITERAL("VM-SH-001"));
    lp_row_field(&row, "voltage", lp_value_float(220));
    lp_row_field(&row, "uptime", lp_value_int(INT64_MIN));
    lp_row_field(&row, "u", (struct lp_value){.type = LP_VALUE_UINT, .as = {.u = UINT64_MAX}});
    lp_row_field(&row, "door_closed", lp_value_bool(true));
    lp_row_field(&row, "alarm", lp_value_bool(false));
    lp_row_field(&row, "raw_data", lp_value_text(SPAN_LITERAL("{\"a\":\"\\n\"}\n\x01\xe9\x97\xa8")));
    ck_assert(flat_from_row(&flat, &row));
    ndjson_row(&out, &flat);
    ck_assert_str_eq(text_of(&out), "{\"measurement\":\"vm_events\",\"time\":\"2026-11-24T00:31:59.452Z\","
                                    "\"device_no\":\"VM-SH-001\",\"voltage\":220.0,\"uptime\":-9223372036854775808,"
                                    "\"u\":18446744073709551615,\"door_closed\":true,\"alarm\":false,"
                                    "\"raw_data\":\"{\\\"a\\\":\\\"\\\\n\\\"}\\n\\u0001\xe9\x97\xa8\"}\n");
    buf_free(&out);
}
END_TEST

START_TEST(a_record_without_time)
{
    struct err err;
    struct buf out;
    buf_init(&out, 4096);
    ck_assert(flat_from_record(&flat, SPAN_LITERAL("m,time=t f\"1=1"), &err));
    ndjson_row(&out, &flat);
    ck_assert_str_eq(text_of(&out), "{\"measurement\":\"m\",\"time\":null,\"time_\":\"t\",\"f\\\"1\":1.0}\n");
    buf_free(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ndjson");
    TCase *tcase = tcase_create("ndjson");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_row);
    tcase_add_test(tcase, a_record_without_time);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
