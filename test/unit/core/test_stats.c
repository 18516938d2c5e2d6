#include "core/stats.h"
#include "support.h"

/* Every counter another number, so that none can stand for another. */
static struct stats numbered(void)
{
    struct stats stats = {
        .received = 1000,
        .rows = {[MESSAGE_TELEMETRY] = 101, [MESSAGE_EVENTS] = 102, [MESSAGE_STATUS] = 103},
        .passed = 104,
        .duplicates = 105,
        .ignored = 110,
        .zoneless = 111,
        .anomalies = 106,
        .bytes_in = 107,
        .bytes_out = 108,
        .busy_ns = 109999,
    };
    for (int reason = REJECT_NONE + 1; reason < REJECT_REASONS; reason++) {
        stats.rejected[reason] = (uint64_t)reason;
    }
    return stats;
}

static void check_row(const struct stats *stats, const char *instance, double interval_s, const char *want)
{
    struct buf got;
    struct lp_row row;
    buf_init(&got, 4096);
    stats_row(stats, instance, 42, interval_s, &row);
    put_row(&got, &row, NULL);
    ck_assert_str_eq(text_of(&got), want);
    buf_free(&got);
}

START_TEST(the_row)
{
    struct stats stats = numbered();
    check_row(&stats, "edge-1", 10.5,
              "vm_ingest,instance=edge-1 received=1000i telemetry=101i events=102i status=103i passed=104i "
              "duplicates=105i ignored=110i anomalies=106i zoneless=111i rejected=153i "
              "rejected_not_line_protocol=1i rejected_line_too_long=2i rejected_unknown_topic=3i "
              "rejected_bad_device_no=4i rejected_no_payload=5i rejected_bad_base64=6i rejected_empty_payload=7i "
              "rejected_payload_too_large=8i rejected_invalid_utf8=9i rejected_invalid_json=10i rejected_too_deep=11i "
              "rejected_too_many_values=12i rejected_not_an_object=13i rejected_device_mismatch=14i "
              "rejected_missing_field=15i rejected_no_data=16i rejected_out_of_memory=17i bytes_in=107i bytes_out=108i "
              "busy_us=109i "
              "interval_s=10.5 @42");
}
END_TEST

/* Acknowledgements are events: the pipeline counts them there, and the row has no column of theirs. */
START_TEST(acknowledgements_have_no_column)
{
    struct stats stats = {.rows = {[MESSAGE_ACKS] = 9}};
    struct lp_row row;
    stats_row(&stats, "x", 0, 1, &row);
    ck_assert_ptr_null(lp_row_find(&row, "acks"));
    ck_assert_int_eq(lp_row_find(&row, "events")->as.i, 0);
}
END_TEST

START_TEST(nothing_happened)
{
    struct stats stats = {0};
    struct lp_row row;
    stats_row(&stats, "edge-1", 7, 0, &row);
    ck_assert_int_eq(row.time_ns, 7);
    for (size_t i = 0; i + 1 < row.field_count; i++) {
        ck_assert_msg(row.fields[i].value.as.i == 0, "%s", row.fields[i].name);
    }
}
END_TEST

/* A bigint column holds no more than this. */
START_TEST(counts_past_the_column)
{
    struct stats stats = {.bytes_in = UINT64_MAX, .bytes_out = INT64_MAX, .busy_ns = -5};
    struct lp_row row;
    stats_row(&stats, "x", 0, 1, &row);
    ck_assert_int_eq(lp_row_find(&row, "bytes_in")->as.i, INT64_MAX);
    ck_assert_int_eq(lp_row_find(&row, "bytes_out")->as.i, INT64_MAX);
    ck_assert_int_eq(lp_row_find(&row, "busy_us")->as.i, 0);
}
END_TEST

START_TEST(rejected_over_all_reasons)
{
    struct stats stats = {0};
    ck_assert_uint_eq(stats_rejected(&stats), 0);
    stats = numbered();
    ck_assert_uint_eq(stats_rejected(&stats), 153);
}
END_TEST

START_TEST(adding)
{
    struct stats total = {0};
    struct stats part = numbered();
    stats_add(&total, &part);
    check_row(
        &part, "x", 1,
        "vm_ingest,instance=x received=1000i telemetry=101i events=102i status=103i passed=104i "
        "duplicates=105i ignored=110i anomalies=106i zoneless=111i rejected=153i "
        "rejected_not_line_protocol=1i rejected_line_too_long=2i rejected_unknown_topic=3i "
        "rejected_bad_device_no=4i rejected_no_payload=5i rejected_bad_base64=6i "
        "rejected_empty_payload=7i rejected_payload_too_large=8i rejected_invalid_utf8=9i "
        "rejected_invalid_json=10i rejected_too_deep=11i rejected_too_many_values=12i "
        "rejected_not_an_object=13i rejected_device_mismatch=14i rejected_missing_field=15i "
        "rejected_no_data=16i rejected_out_of_memory=17i bytes_in=107i bytes_out=108i busy_us=109i interval_s=1 @42");
    stats_add(&total, &part);
    check_row(
        &total, "x", 1,
        "vm_ingest,instance=x received=2000i telemetry=202i events=204i status=206i passed=208i "
        "duplicates=210i ignored=220i anomalies=212i zoneless=222i rejected=306i "
        "rejected_not_line_protocol=2i rejected_line_too_long=4i rejected_unknown_topic=6i "
        "rejected_bad_device_no=8i rejected_no_payload=10i rejected_bad_base64=12i "
        "rejected_empty_payload=14i rejected_payload_too_large=16i rejected_invalid_utf8=18i "
        "rejected_invalid_json=20i rejected_too_deep=22i rejected_too_many_values=24i "
        "rejected_not_an_object=26i rejected_device_mismatch=28i rejected_missing_field=30i "
        "rejected_no_data=32i rejected_out_of_memory=34i bytes_in=214i bytes_out=216i busy_us=219i interval_s=1 @42");
}
END_TEST

/* Rows from a fast, a slow and a fast-running clock: 0.5 s, 3 s, and 2 s ahead. */
START_TEST(lag_from_device_to_arrival)
{
    const int64_t now = INT64_C(1795480320000000000);
    struct stats total = {0};
    struct stats stats = {0};
    struct lp_row row;
    stats_lag(&stats, now, now + 2000000000);
    stats_row(&stats, "x", 0, 1, &row);
    ck_assert_double_eq(lp_row_find(&row, "lag_max_s")->as.f, -2);
    stats_lag(&stats, now, now - 500000000);
    stats_lag(&stats, now, now - 3000000000);
    stats_add(&total, &(struct stats){0});
    stats_add(&total, &stats);
    stats_row(&total, "x", 0, 1, &row);
    ck_assert_double_eq(lp_row_find(&row, "lag_avg_s")->as.f, 0.5);
    ck_assert_double_eq(lp_row_find(&row, "lag_max_s")->as.f, 3);
}
END_TEST

/* No row with a device's time: no lag at all, which is not a lag of 0. */
START_TEST(no_lag_without_device_time)
{
    struct stats stats = numbered();
    struct lp_row row;
    stats_row(&stats, "x", 0, 1, &row);
    ck_assert_ptr_null(lp_row_find(&row, "lag_avg_s"));
    ck_assert_ptr_null(lp_row_find(&row, "lag_max_s"));
}
END_TEST

static Suite *stats_suite(void)
{
    Suite *suite = suite_create("stats");
    TCase *tcase = tcase_create("stats");
    tcase_add_test(tcase, the_row);
    tcase_add_test(tcase, acknowledgements_have_no_column);
    tcase_add_test(tcase, nothing_happened);
    tcase_add_test(tcase, counts_past_the_column);
    tcase_add_test(tcase, rejected_over_all_reasons);
    tcase_add_test(tcase, adding);
    tcase_add_test(tcase, lag_from_device_to_arrival);
    tcase_add_test(tcase, no_lag_without_device_time);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(stats_suite());
}
