#include "lp/row.h"
#include "support.h"

START_TEST(begins_empty)
{
    struct lp_row row;
    memset(&row, 0xA5, sizeof row);
    lp_row_begin(&row, "vm_telemetry", -7);

    ck_assert_str_eq(row.measurement, "vm_telemetry");
    ck_assert_int_eq(row.time_ns, -7);
    ck_assert_uint_eq(row.tag_count, 0);
    ck_assert_uint_eq(row.field_count, 0);
    ck_assert_ptr_null(lp_row_find(&row, "voltage"));
}
END_TEST

START_TEST(begins_again_without_what_was_there)
{
    struct lp_row row;
    lp_row_begin(&row, "vm_events", 1);
    lp_row_tag(&row, "device_no", SPAN_LITERAL("VM-1"));
    lp_row_field(&row, "severity", lp_value_text(SPAN_LITERAL("high")));
    lp_row_begin(&row, "vm_status", 2);

    ck_assert_str_eq(row.measurement, "vm_status");
    ck_assert_uint_eq(row.tag_count, 0);
    ck_assert_ptr_null(lp_row_find(&row, "severity"));
}
END_TEST

START_TEST(keeps_order_and_types)
{
    struct lp_row row;
    lp_row_begin(&row, "t", 0);
    lp_row_tag(&row, "device_no", SPAN_LITERAL("VM-1"));
    lp_row_field(&row, "f", lp_value_float(220.5));
    lp_row_field(&row, "i", lp_value_int(INT64_MIN));
    lp_row_field(&row, "b", lp_value_bool(true));
    lp_row_field(&row, "t", lp_value_text(SPAN_LITERAL("")));

    struct buf text;
    buf_init(&text, 4096);
    put_row(&text, &row, NULL);
    ck_assert_str_eq(text_of(&text), "t,device_no=VM-1 f=220.5 i=-9223372036854775808i b=true t=\"\" @0");
    buf_free(&text);
}
END_TEST

static void put_in_space(struct lp_row *row, int64_t number)
{
    struct lp_value *space = lp_row_space(row);
    ck_assert_ptr_nonnull(space);
    *space = lp_value_int(number);
}

/* A value whose field is not kept leaves nothing behind. */
START_TEST(keeps_what_is_kept)
{
    struct lp_row row;
    lp_row_begin(&row, "t", 0);
    put_in_space(&row, 1);
    put_in_space(&row, 2);
    lp_row_keep(&row, "kept", 4);
    lp_row_field(&row, "behind", lp_value_int(3));
    put_in_space(&row, 4);

    ck_assert_uint_eq(row.field_count, 2);
    ck_assert_int_eq(lp_row_find(&row, "kept")->as.i, 2);
    ck_assert_uint_eq(row.fields[0].plain_len, 4);
    ck_assert_uint_eq(row.fields[1].plain_len, 0);
    while (row.field_count < LP_ROW_MAX_FIELDS) {
        lp_row_field(&row, "more", lp_value_int(5));
    }
    ck_assert(!row.failed);
    ck_assert_ptr_null(lp_row_space(&row));
    ck_assert(row.failed);
}
END_TEST

START_TEST(finds_by_the_whole_name)
{
    struct lp_row row;
    lp_row_begin(&row, "t", 0);
    lp_row_field(&row, "lat", lp_value_int(1));
    lp_row_field(&row, "lng", lp_value_int(2));
    lp_row_field(&row, "lat", lp_value_int(3));

    ck_assert_ptr_eq(lp_row_find(&row, "lng"), &row.fields[1].value);
    ck_assert_ptr_eq(lp_row_find(&row, "lat"), &row.fields[0].value);
    ck_assert_ptr_null(lp_row_find(&row, "la"));
    ck_assert_ptr_null(lp_row_find(&row, "latt"));
    ck_assert_ptr_null(lp_row_find(&row, ""));
}
END_TEST

/* Any one of four, and the order of the rest stays. */
START_TEST(takes_a_field_out_again)
{
    static const char *const left[] = {"b=2i c=true d=\"x\"", "a=1.5 c=true d=\"x\"", "a=1.5 b=2i d=\"x\"",
                                       "a=1.5 b=2i c=true"};
    for (size_t out = 0; out < COUNT(left); out++) {
        struct lp_row row;
        struct buf text;
        buf_init(&text, 256);
        lp_row_begin(&row, "t", 0);
        lp_row_field(&row, "a", lp_value_float(1.5));
        lp_row_field(&row, "b", lp_value_int(2));
        lp_row_field(&row, "c", lp_value_bool(true));
        lp_row_field(&row, "d", lp_value_text(SPAN_LITERAL("x")));
        lp_row_remove(&row, out);
        put_fields(&text, &row, NULL);
        ck_assert_str_eq(text_of(&text), left[out]);
        ck_assert_uint_eq(row.field_count, COUNT(left) - 1);
        ck_assert(!row.failed);
        buf_free(&text);
    }
}
END_TEST

START_TEST(takes_fields_out_of_a_full_row)
{
    struct lp_row row;
    lp_row_begin(&row, "t", 0);
    for (size_t i = 0; i < LP_ROW_MAX_FIELDS; i++) {
        lp_row_field(&row, "field", lp_value_int((int64_t)i));
    }
    lp_row_remove(&row, LP_ROW_MAX_FIELDS - 1);
    lp_row_remove(&row, 0);
    ck_assert_uint_eq(row.field_count, LP_ROW_MAX_FIELDS - 2);
    ck_assert_int_eq(row.fields[0].value.as.i, 1);
    ck_assert_int_eq(row.fields[row.field_count - 1].value.as.i, LP_ROW_MAX_FIELDS - 2);
    while (row.field_count > 0) {
        lp_row_remove(&row, 0);
    }
    ck_assert_ptr_null(lp_row_find(&row, "field"));
    struct lp_value *space = lp_row_space(&row);
    ck_assert_ptr_nonnull(space);
    *space = lp_value_int(7);
    lp_row_keep(&row, "again", 5);
    ck_assert_int_eq(lp_row_find(&row, "again")->as.i, 7);
    ck_assert_uint_eq(row.fields[0].plain_len, 5);
}
END_TEST

START_TEST(leaves_out_an_empty_tag)
{
    struct lp_row row;
    lp_row_begin(&row, "t", 0);
    lp_row_tag(&row, "device_no", (struct span){NULL, 0});
    ck_assert_uint_eq(row.tag_count, 0);
}
END_TEST

START_TEST(leaves_out_what_does_not_fit)
{
    struct lp_row row;
    lp_row_begin(&row, "t", 0);
    for (size_t i = 0; i < LP_ROW_MAX_TAGS; i++) {
        lp_row_tag(&row, "tag", SPAN_LITERAL("x"));
    }
    ck_assert(!row.failed);
    lp_row_tag(&row, "more", SPAN_LITERAL("x"));
    ck_assert(row.failed);
    row.failed = false;
    for (size_t i = 0; i < LP_ROW_MAX_FIELDS; i++) {
        lp_row_field(&row, "field", lp_value_int((int64_t)i));
    }
    ck_assert(!row.failed);
    lp_row_field(&row, "more", lp_value_int(0));
    ck_assert(row.failed);
    row.failed = false;

    ck_assert_uint_eq(row.tag_count, LP_ROW_MAX_TAGS);
    ck_assert_uint_eq(row.field_count, LP_ROW_MAX_FIELDS);
    ck_assert_ptr_null(lp_row_find(&row, "more"));
    ck_assert_int_eq(row.fields[LP_ROW_MAX_FIELDS - 1].value.as.i, LP_ROW_MAX_FIELDS - 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("row");
    TCase *tcase = tcase_create("row");
    tcase_add_test(tcase, begins_empty);
    tcase_add_test(tcase, begins_again_without_what_was_there);
    tcase_add_test(tcase, keeps_order_and_types);
    tcase_add_test(tcase, keeps_what_is_kept);
    tcase_add_test(tcase, finds_by_the_whole_name);
    tcase_add_test(tcase, takes_a_field_out_again);
    tcase_add_test(tcase, takes_fields_out_of_a_full_row);
    tcase_add_test(tcase, leaves_out_an_empty_tag);
    tcase_add_test(tcase, leaves_out_what_does_not_fit);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
