#include <math.h>
#include <string.h>

#include "run/flat.h"
#include "support.h"

#define MAX_LINE 65536

static struct flat flat;

static void set_up(void)
{
    ck_assert(flat_init(&flat, MAX_LINE));
}

static void tear_down(void)
{
    flat_free(&flat);
}

/* measurement|name=value|... @time */
static const char *shown(struct buf *out)
{
    buf_init(out, 1024 * 1024);
    buf_span(out, flat.measurement);
    for (size_t i = 0; i < flat.count; i++) {
        buf_char(out, '|');
        buf_span(out, flat.columns[i].name);
        buf_char(out, '=');
        put_value(out, &flat.columns[i].value);
    }
    if (flat.has_time) {
        buf_format(out, " @%lld", (long long)flat.time_ns);
    }
    return text_of(out);
}

START_TEST(a_row)
{
    struct lp_row row;
    struct buf out;
    lp_row_begin(&row, "vm_events", -5);
    lp_row_tag(&row, "device_no", SPAN_LITERAL("VM-1"));
    lp_row_field(&row, "time", lp_value_int(1));
    lp_row_field(&row, "time_", lp_value_int(2));
    lp_row_field(&row, "timer", lp_value_int(3));
    lp_row_field(&row, "measurement", lp_value_float(0.5));
    lp_row_field(&row, "text",
                 lp_value_text(SPAN_LITERAL("a\xff"
                                            "b")));
    ck_assert(flat_from_row(&flat, &row));
    ck_assert_str_eq(shown(&out), "vm_events|device_no=\"VM-1\"|time_=1i|time__=2i|timer=3i|measurement_=0.5|text=\"a"
                                  "\xef\xbf\xbd"
                                  "b\" @-5");
    buf_free(&out);
}
END_TEST

static const struct {
    struct span record;
    const char *shown; /* NULL = it cannot be */
} records[] = {
    {SPAN_LITERAL("cpu,cpu=cpu0,host=gw usage=98.5,n=-7i 1795480800000000001\n"),
     "cpu|cpu=\"cpu0\"|host=\"gw\"|usage=98.5|n=-7i @1795480800000000001"},
    {SPAN_LITERAL("m u=18446744073709551615u,t=t,f=false,e=\"\" -1\r\n"),
     "m|u=18446744073709551615u|t=true|f=false|e=\"\" @-1"},
    {SPAN_LITERAL("no_time v=1"), "no_time|v=1"},
    {SPAN_LITERAL("we\\,at\\ her,k\\,1\\=a\\ b=v\\,1\\=c\\ d,p=C:\\dir f\\ 1=\"a=\\\"b\\\", \\\\\" 1"),
     "we,at her|k,1=a b=\"v,1=c d\"|p=\"C:\\dir\"|f 1=\"a=\"b\", \\\" @1"},
    {SPAN_LITERAL("m,time=a,host=b host=1,host_=2,time=3,host=4 1"),
     "m|time_=\"a\"|host=\"b\"|host_=1|host__=2|time__=3|host___=4 @1"},
    {SPAN_LITERAL("m s=\"line 1\nline 2\" 1"), "m|s=\"line 1\nline 2\" @1"},
    {SPAN_LITERAL("m\xff,t\xff=\xff s=\"\xff\" 1"),
     "m\xef\xbf\xbd|t\xef\xbf\xbd=\"\xef\xbf\xbd\"|s=\"\xef\xbf\xbd\" @1"},
    {SPAN_LITERAL("no fields"), NULL},
    {SPAN_LITERAL("# a comment"), NULL},
    {SPAN_LITERAL(""), NULL},
};

START_TEST(a_record)
{
    struct err err;
    struct buf out;
    struct span record = exact(records[_i].record);
    err_clear(&err);
    bool fits = flat_from_record(&flat, record, &err);
    ck_assert_int_eq(fits, records[_i].shown != NULL);
    if (fits) {
        ck_assert_str_eq(shown(&out), records[_i].shown);
        buf_free(&out);
    } else {
        ck_assert_str_ne(err.text, "");
    }
    release(record);
}
END_TEST

/* As many columns as there can be, then one more. */
START_TEST(many_columns)
{
    struct err err;
    struct buf record;
    buf_init(&record, MAX_LINE);
    buf_text(&record, "m ");
    for (int i = 0; i < FLAT_MAX_COLUMNS; i++) {
        buf_format(&record, "%sf%d=%di", i ? "," : "", i, i);
    }
    ck_assert(flat_from_record(&flat, buf_view(&record), &err));
    ck_assert_uint_eq(flat.count, FLAT_MAX_COLUMNS);
    ck_assert_int_eq(flat.columns[FLAT_MAX_COLUMNS - 1].value.as.i, FLAT_MAX_COLUMNS - 1);
    buf_text(&record, ",more=1");
    err_clear(&err);
    ck_assert(!flat_from_record(&flat, buf_view(&record), &err));
    ck_assert_str_eq(err.text, "it has more than 1024 tags and fields, or too much text");
    ck_assert(flat_from_record(&flat, SPAN_LITERAL("m v=1"), &err)); /* which does no harm */
    buf_free(&record);
}
END_TEST

/* The longest line, all of it text that grows. */
START_TEST(much_text)
{
    struct err err;
    static char record[MAX_LINE];
    memset(record, '\xff', sizeof record);
    memcpy(record, "m t=\"", 5);
    memcpy(record + MAX_LINE - 2, "\"\n", 2);
    ck_assert(flat_from_record(&flat, (struct span){record, sizeof record}, &err));
    ck_assert_uint_eq(flat.columns[0].value.as.text.len, 3 * (MAX_LINE - 7));
}
END_TEST

static const struct {
    int64_t ns;
    const char *text;
} times[] = {
    {0, "1970-01-01T00:00:00.000Z"},
    {INT64_C(1795480319452000000), "2026-11-24T00:31:59.452Z"},
    {INT64_C(1795480319452001000), "2026-11-24T00:31:59.452001Z"},
    {INT64_C(1795480319452000001), "2026-11-24T00:31:59.452000001Z"},
    {INT64_C(1795480319000000010), "2026-11-24T00:31:59.000000010Z"},
    {-1, "1969-12-31T23:59:59.999999999Z"},
    {-1000000, "1969-12-31T23:59:59.999Z"},
    {INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
    {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
};

START_TEST(time_text)
{
    char text[FLAT_TIME_BYTES];
    flat_time(times[_i].ns, text);
    ck_assert_str_eq(text, times[_i].text);
}
END_TEST

START_TEST(numbers)
{
    const struct {
        struct lp_value value;
        const char *text;
    } cases[] = {
        {lp_value_float(220.1), "220.1"},
        {lp_value_float(220), "220.0"},
        {lp_value_float(-0.0), "-0.0"},
        {lp_value_float(1e300), "1e+300"},
        {lp_value_float(1e-7), "1e-07"},
        {lp_value_float(-1.7976931348623157e308), "-1.7976931348623157e+308"},
        {lp_value_int(INT64_MIN), "-9223372036854775808"},
        {{.type = LP_VALUE_UINT, .as = {.u = UINT64_MAX}}, "18446744073709551615"},
    };
    char text[FLAT_NUMBER_BYTES];
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert(flat_number(&cases[i].value, text));
        ck_assert_str_eq(text, cases[i].text);
    }
    const struct lp_value none[] = {lp_value_float((double)NAN), lp_value_float((double)INFINITY), lp_value_bool(true),
                                    lp_value_text(SPAN_LITERAL("1"))};
    for (size_t i = 0; i < COUNT(none); i++) {
        ck_assert(!flat_number(&none[i], text));
    }
}
END_TEST

START_TEST(free_name)
{
    struct buf out;
    buf_init(&out, 64);
    flat_write_name(&out, SPAN_LITERAL("time"));
    flat_write_name(&out, SPAN_LITERAL(" timer"));
    ck_assert_str_eq(text_of(&out), "time_ timer");
    buf_free(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("flat");
    TCase *tcase = tcase_create("flat");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, a_row);
    tcase_add_loop_test(tcase, a_record, 0, (int)COUNT(records));
    tcase_add_test(tcase, many_columns);
    tcase_add_test(tcase, much_text);
    tcase_add_loop_test(tcase, time_text, 0, (int)COUNT(times));
    tcase_add_test(tcase, numbers);
    tcase_add_test(tcase, free_name);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
