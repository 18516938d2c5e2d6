#include <string.h>

#include "run/csv.h"
#include "support.h"

static struct flat flat;
static struct mapping *mapping;
static struct csv *csv;
static struct buf out;

static void set_up(void)
{
    mapping = mapping_new();
    ck_assert_ptr_nonnull(mapping);
    csv = csv_new(mapping, false);
    ck_assert_ptr_nonnull(csv);
    ck_assert(flat_init(&flat, 4096));
    buf_init(&out, 65536);
}

static void tear_down(void)
{
    buf_free(&out);
    flat_free(&flat);
    csv_free(csv);
    mapping_free(mapping);
}

#define HEADER                                                                                                         \
    "measurement,time,device_no,voltage,current,uptime,door_closed,freezer_temp_0,freezer_temp_1,freezer_temp_2,"      \
    "freezer_temp_3,ambient_temp,vibration_g,rssi,lat,lng,network_type,csq,event_type,order_id,channel_id,oven_id,"    \
    "error_code,image_url,video_url,status,firmware,hardware,reason,severity,priority,raw_data,device_ts,message_id,"  \
    "anomalies,topic,detail,payload_encoding,payload_size,payload"

/* Each column once, `reason` too, which two tables have. */
START_TEST(header)
{
    csv_header(&out, csv);
    ck_assert_str_eq(text_of(&out), HEADER ",other\r\n");
}
END_TEST

START_TEST(header_with_reports)
{
    struct csv *reports = csv_new(mapping, true);
    ck_assert_ptr_nonnull(reports);
    csv_header(&out, reports);
    const char *text = text_of(&out);
    ck_assert(strncmp(text, HEADER ",instance,received,", sizeof HEADER + 18) == 0);
    ck_assert_ptr_nonnull(strstr(text, ",rejected_invalid_json,"));
    ck_assert_ptr_nonnull(strstr(text, ",interval_s,lag_avg_s,lag_max_s,other\r\n"));
    csv_free(reports);
}
END_TEST

/* The value of a column of the one row written, as it stands between the commas (which no value
 * here has). */
static struct span value_of(const char *column, struct span row)
{
    char head[] = HEADER ",other";
    const char *at = row.ptr;
    for (char *name = strtok(head, ","); name && strcmp(name, column) != 0; name = strtok(NULL, ",")) {
        at = memchr(at, ',', (size_t)(row.ptr + row.len - at));
        ck_assert_ptr_nonnull(at);
        at++;
    }
    return (struct span){at, strcspn(at, ",\r")};
}

START_TEST(a_row)
{
    struct lp_row row;
    lp_row_begin(&row, "vm_events", INT64_C(1795480319452000001));
    lp_row_tag(&row, "device_no", SPAN_LITERAL("VM-1"));
    lp_row_field(&row, "voltage", lp_value_float(220));
    lp_row_field(&row, "order_id", lp_value_text(SPAN_LITERAL("")));
    lp_row_field(&row, "door_closed", lp_value_bool(false));
    lp_row_field(&row, "event_type", lp_value_text(SPAN_LITERAL("a\"b\nc"))); /* not in order */
    lp_row_field(&row, "message_id", lp_value_int(-7));
    ck_assert(flat_from_row(&flat, &row));
    csv_row(&out, csv, &flat);
    struct span line = span_of(text_of(&out));
    static const struct {
        const char *column, *value;
    } expected[] = {{"measurement", "vm_events"},
                    {"time", "2026-11-24T00:31:59.452000001Z"},
                    {"device_no", "VM-1"},
                    {"voltage", "220.0"},
                    {"current", ""},
                    {"order_id", "\"\""},
                    {"door_closed", "false"},
                    {"event_type", "\"a\"\"b\nc\""},
                    {"message_id", "-7"},
                    {"payload", ""},
                    {"other", ""}};
    for (size_t i = 0; i < COUNT(expected); i++) {
        ck_assert_msg(span_equal(value_of(expected[i].column, line), span_of(expected[i].value)), "%s in %s",
                      expected[i].column, line.ptr);
    }
    ck_assert_str_eq(line.ptr + line.len - 2, "\r\n");
}
END_TEST

/* A record of others: what has no column is an object in the last one. */
START_TEST(a_record)
{
    struct err err;
    ck_assert(flat_from_record(&flat, SPAN_LITERAL("cpu,host=g\\,w status=\"ok\",usage=98.5,n=1i,s=\"a\\\"b\""), &err));
    csv_row(&out, csv, &flat);
    struct span line = span_of(text_of(&out));
    ck_assert(span_starts_with(line, SPAN_LITERAL("cpu,,,")));
    ck_assert(span_equal(value_of("status", line), SPAN_LITERAL("ok")));
    static const char end[] =
        ",\"{\"\"host\"\":\"\"g,w\"\",\"\"usage\"\":98.5,\"\"n\"\":1,\"\"s\"\":\"\"a\\\"\"b\"\"}\"\r\n";
    ck_assert_str_eq(line.ptr + line.len - (sizeof end - 1), end);
}
END_TEST

/* What does not fit is said by the buffer, wherever it ends. */
START_TEST(no_room)
{
    struct err err;
    ck_assert(flat_from_record(&flat, SPAN_LITERAL("cpu,host=gw status=\"ok\",usage=98.5 1"), &err));
    csv_row(&out, csv, &flat);
    for (size_t room = 0; room < out.len; room++) {
        struct buf small;
        buf_init(&small, room);
        csv_row(&small, csv, &flat);
        ck_assert_msg(small.failed, "%zu bytes of %zu", room, out.len);
        buf_free(&small);
    }
}
END_TEST

START_TEST(free_nothing)
{
    csv_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("csv");
    TCase *tcase = tcase_create("csv");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, header);
    tcase_add_test(tcase, header_with_reports);
    tcase_add_test(tcase, a_row);
    tcase_add_test(tcase, a_record);
    tcase_add_test(tcase, no_room);
    tcase_add_test(tcase, free_nothing);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
