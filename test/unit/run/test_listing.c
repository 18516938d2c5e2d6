#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "run/collection.h"
#include "run/listing.h"

#define T0 INT64_C(1795480319452000000) /* 2026-11-24T00:31:59.452Z */

static struct buf printed;
static struct listing *listing;

static void emit(void *ctx, struct span text)
{
    buf_span(ctx, text);
}

static void set_up(void)
{
    buf_init(&printed, 64 * 1024 * 1024);
    listing = listing_new(SIZE_MAX, false, emit, &printed);
    ck_assert_ptr_nonnull(listing);
}

static void tear_down(void)
{
    listing_free(listing);
    buf_free(&printed);
}

static void put(const struct lp_row *row)
{
    struct lp_sink sink = listing_sink(listing);
    sink.row(sink.ctx, row);
}

static void put_raw(struct span record)
{
    struct lp_sink sink = listing_sink(listing);
    sink.raw(sink.ctx, record);
}

static const char *text(void)
{
    listing_flush(listing);
    buf_char(&printed, '\0');
    return printed.ptr;
}

/* The bytes in a block of their own, so that a read past them is seen. */
static struct span exact(struct span bytes)
{
    char *copy = malloc(bytes.len);
    ck_assert(copy || bytes.len == 0);
    memcpy(copy, bytes.ptr, bytes.len);
    return (struct span){copy, bytes.len};
}

START_TEST(nothing)
{
    ck_assert_str_eq(text(), "");
}
END_TEST

START_TEST(one_table)
{
    struct lp_row row;
    lp_row_begin(&row, "vm_telemetry", T0);
    lp_row_tag(&row, "device_no", SPAN_LITERAL("VM-SH-001"));
    lp_row_field(&row, "voltage", lp_value_float(220.5));
    lp_row_field(&row, "uptime", lp_value_int(-7));
    lp_row_field(&row, "door_closed", lp_value_bool(true));
    put(&row);
    lp_row_begin(&row, "vm_telemetry", T0 + 1000000);
    lp_row_tag(&row, "device_no", SPAN_LITERAL("VM-2"));
    lp_row_field(&row, "voltage", lp_value_float(9));
    lp_row_field(&row, "uptime", lp_value_int(123456));
    lp_row_field(&row, "door_closed", lp_value_bool(false));
    put(&row);
    ck_assert_str_eq(text(), "vm_telemetry (2 rows)\n"
                             "time                      device_no  voltage  uptime  door_closed\n"
                             "------------------------  ---------  -------  ------  -----------\n"
                             "2026-11-24T00:31:59.452Z  VM-SH-001    220.5      -7  true\n"
                             "2026-11-24T00:31:59.453Z  VM-2             9  123456  false\n"
                             "\n");
}
END_TEST

/* A column takes its place behind its neighbour in the row that brings it; one without any value
 * is not shown. */
START_TEST(columns_of_several_rows)
{
    struct lp_row row;
    lp_row_begin(&row, "t", T0);
    lp_row_field(&row, "a", lp_value_int(1));
    lp_row_field(&row, "empty", lp_value_text(SPAN_LITERAL("")));
    lp_row_field(&row, "d", lp_value_int(4));
    put(&row);
    lp_row_begin(&row, "t", T0);
    lp_row_tag(&row, "tag", SPAN_LITERAL("x"));
    lp_row_field(&row, "a", lp_value_int(1));
    lp_row_field(&row, "b", lp_value_text(SPAN_LITERAL("bee")));
    lp_row_field(&row, "d", lp_value_int(44));
    lp_row_field(&row, "e", lp_value_float(0.5));
    put(&row);
    lp_row_begin(&row, "t", T0);
    lp_row_field(&row, "b", lp_value_text(SPAN_LITERAL("")));
    put(&row);
    ck_assert_str_eq(text(), "t (3 rows)\n"
                             "time                      tag  a  b     d    e\n"
                             "------------------------  ---  -  ---  --  ---\n"
                             "2026-11-24T00:31:59.452Z       1        4\n"
                             "2026-11-24T00:31:59.452Z  x    1  bee  44  0.5\n"
                             "2026-11-24T00:31:59.452Z\n"
                             "\n");
}
END_TEST

START_TEST(measurements_in_order_of_appearance)
{
    struct lp_row row;
    for (int i = 0; i < 3; i++) {
        lp_row_begin(&row, i == 1 ? "vm_a" : "vm_b", T0);
        lp_row_field(&row, "n", lp_value_int(i));
        put(&row);
    }
    put_raw(SPAN_LITERAL("cpu usage=1 1\n"));
    ck_assert_str_eq(text(), "vm_b (2 rows)\n"
                             "time                      n\n"
                             "------------------------  -\n"
                             "2026-11-24T00:31:59.452Z  0\n"
                             "2026-11-24T00:31:59.452Z  2\n"
                             "\n"
                             "vm_a (1 row)\n"
                             "time                      n\n"
                             "------------------------  -\n"
                             "2026-11-24T00:31:59.452Z  1\n"
                             "\n"
                             "passed through (1 record)\n"
                             "cpu usage=1 1\n"
                             "\n");
}
END_TEST

#define TEN "1234567890"
#define MEN "\xe9\x97\xa8" /* a character two columns wide */
#define FIVE_WIDE MEN MEN MEN MEN MEN
#define MARK "\xe2\x80\xa6"

static const struct {
    const char *name;
    struct span value;
    const char *shown;
    size_t width;
} cells[] = {
    {"plain", SPAN_LITERAL("abc"), "abc", 3},
    {"just fits", SPAN_LITERAL(TEN TEN TEN TEN), TEN TEN TEN TEN, 40},
    {"one too long", SPAN_LITERAL(TEN TEN TEN TEN "x"), TEN TEN TEN "123456789" MARK, 40},
    {"wide", SPAN_LITERAL(MEN "1"), MEN "1", 3},
    {"wide, just fits", SPAN_LITERAL(FIVE_WIDE FIVE_WIDE FIVE_WIDE FIVE_WIDE), FIVE_WIDE FIVE_WIDE FIVE_WIDE FIVE_WIDE,
     40},
    {"wide, too long", SPAN_LITERAL(FIVE_WIDE FIVE_WIDE FIVE_WIDE FIVE_WIDE "x"),
     FIVE_WIDE FIVE_WIDE FIVE_WIDE MEN MEN MEN MEN MARK, 39},
    {"wide, half a character too long", SPAN_LITERAL("1" FIVE_WIDE FIVE_WIDE FIVE_WIDE FIVE_WIDE),
     "1" FIVE_WIDE FIVE_WIDE FIVE_WIDE MEN MEN MEN MEN MARK, 40},
    {"pictograph", SPAN_LITERAL("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80", 2},
    {"combining mark", SPAN_LITERAL("e\xcc\x81"), "e\xcc\x81", 1},
    {"two bytes, one column", SPAN_LITERAL("\xc3\xa9"), "\xc3\xa9", 1},
    {"line breaks and control characters", SPAN_LITERAL("a\nb\r\tc\x1b[0m\x7f|"), "a b  c\\u001b[0m\\u007f|", 22},
    {"NUL", SPAN_LITERAL("a\0b"), "a\\u0000b", 8},
    {"C1, line separator, direction marks",
     SPAN_LITERAL("a\xc2\x85"
                  "b\xe2\x80\xa8"
                  "c\xe2\x80\xae"
                  "d"),
     "a\\u0085b\\u2028c\\u202ed", 22},
    {"not UTF-8", SPAN_LITERAL("a\xff\xe9\x97"), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 4},
    {"not UTF-8 at the end", SPAN_LITERAL("\xf0\x9f\x98"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 3},
};

/* A cell as the last of its line, and how wide the rule over it is. */
START_TEST(one_cell)
{
    struct lp_row row;
    struct span value = exact(cells[_i].value);
    lp_row_begin(&row, "t", T0);
    lp_row_field(&row, "c", lp_value_text(value));
    put(&row);
    char expected[512];
    snprintf(expected, sizeof expected,
             "t (1 row)\ntime                      c\n------------------------  %.*s\n%s  %s\n\n", (int)cells[_i].width,
             "----------------------------------------", "2026-11-24T00:31:59.452Z", cells[_i].shown);
    ck_assert_msg(strcmp(text(), expected) == 0, "%s: got\n%s", cells[_i].name, printed.ptr);
    free((void *)(uintptr_t)value.ptr);
}
END_TEST

START_TEST(values)
{
    struct lp_row row;
    lp_row_begin(&row, "t", -1);
    lp_row_field(&row, "f", lp_value_float(1e300));
    lp_row_field(&row, "i", lp_value_int(INT64_MIN));
    lp_row_field(&row, "u", (struct lp_value){.type = LP_VALUE_UINT, .as = {.u = UINT64_MAX}});
    lp_row_field(&row, "mixed", lp_value_int(1));
    put(&row);
    lp_row_begin(&row, "t", 0);
    lp_row_field(&row, "mixed", lp_value_text(SPAN_LITERAL("one")));
    put(&row);
    const char *got = text();
    ck_assert_ptr_nonnull(strstr(got, "-9223372036854775808"));
    ck_assert_ptr_nonnull(strstr(got, "18446744073709551615"));
    ck_assert_ptr_nonnull(strstr(got, "  1\n")); /* with a text in it: a column of texts */
    ck_assert_ptr_nonnull(strstr(got, "  one\n"));
}
END_TEST

static size_t count(const char *haystack, const char *needle)
{
    size_t found = 0;
    for (const char *at = strstr(haystack, needle); at; at = strstr(at + 1, needle)) {
        found++;
    }
    return found;
}

START_TEST(row_bound)
{
    struct lp_row row;
    for (int i = 0; i < 2 * COLLECTION_MAX_ROWS + 1; i++) {
        lp_row_begin(&row, "t", T0);
        lp_row_field(&row, "n", lp_value_int(i));
        put(&row);
    }
    const char *got = text();
    ck_assert_uint_eq(count(got, "t (1000 rows)\n"), 2);
    ck_assert_uint_eq(count(got, "t (1 row)\n"), 1);
    ck_assert_uint_eq(count(got, "2026-11-24"), 2 * COLLECTION_MAX_ROWS + 1);
}
END_TEST

/* The most that a row can hold, again and again: nothing is lost, nothing overflows. */
START_TEST(text_bound)
{
    static const char *names[LP_ROW_MAX_FIELDS];
    static char storage[LP_ROW_MAX_FIELDS][16];
    struct lp_row row;
    struct span wide = SPAN_LITERAL("\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
                                    "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
                                    "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
                                    "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
    for (int i = 0; i < LP_ROW_MAX_FIELDS; i++) {
        snprintf(storage[i], sizeof storage[i], "c%d", i);
        names[i] = storage[i];
    }
    for (int i = 0; i < COLLECTION_MAX_ROWS; i++) {
        lp_row_begin(&row, "t", T0);
        for (int field = 0; field < LP_ROW_MAX_FIELDS; field++) {
            lp_row_field(&row, names[field], lp_value_text(wide));
        }
        put(&row);
    }
    const char *got = text();
    ck_assert_uint_eq(count(got, "2026-11-24"), COLLECTION_MAX_ROWS);
    ck_assert_uint_gt(count(got, " rows)\n"), 1);
}
END_TEST

/* Ever other columns and measurements: more tables, but every value is there. */
START_TEST(column_bound)
{
    static char names[2000][32];
    struct lp_row row;
    for (int i = 0; i < 2000; i++) {
        snprintf(names[i], sizeof names[i], "column%d", i);
        lp_row_begin(&row, i < 1000 ? "t" : names[i], T0);
        lp_row_field(&row, names[i], lp_value_int(7000000 + i));
        put(&row);
    }
    const char *got = text();
    for (int i = 0; i < 2000; i++) {
        char value[16];
        snprintf(value, sizeof value, "%d", 7000000 + i);
        ck_assert_msg(strstr(got, value) != NULL, "%s is missing", value);
    }
}
END_TEST

START_TEST(raw_records)
{
    static char record[400];
    memset(record, 'x', sizeof record);
    put_raw(SPAN_LITERAL("a b=\"1\n2\" 3\r\n"));
    put_raw(SPAN_LITERAL("no newline"));
    put_raw((struct span){record, sizeof record});
    char expected[1024];
    snprintf(expected, sizeof expected, "passed through (3 records)\na b=\"1 2\" 3\nno newline\n%.159s" MARK "\n\n",
             record);
    ck_assert_str_eq(text(), expected);
}
END_TEST

START_TEST(raw_bound)
{
    for (int i = 0; i < COLLECTION_MAX_ROWS + 1; i++) {
        put_raw(SPAN_LITERAL("x\n"));
    }
    const char *got = text();
    ck_assert_uint_eq(count(got, "passed through (1000 records)\n"), 1);
    ck_assert_uint_eq(count(got, "passed through (1 record)\n"), 1);
}
END_TEST

/* ---- a limited width ---- */

static void make_anew(size_t max_rows, bool whole)
{
    listing_free(listing);
    listing = listing_new(max_rows, whole, emit, &printed);
    ck_assert_ptr_nonnull(listing);
}

static void put_wide(int n)
{
    struct lp_row row;
    lp_row_begin(&row, "t", T0);
    lp_row_tag(&row, "device_no", SPAN_LITERAL("VM-1"));
    lp_row_field(&row, "freezer_temp_0", lp_value_float(-18.5));
    lp_row_field(&row, "empty", lp_value_text(SPAN_LITERAL("")));
    lp_row_field(&row, "payload", lp_value_text(SPAN_LITERAL(FIVE_WIDE FIVE_WIDE FIVE_WIDE)));
    if (n > 0) {
        lp_row_field(&row, "n", lp_value_int(n));
    }
    put(&row);
}

START_TEST(names_over_two_lines)
{
    listing_set_width(listing, 80);
    put_wide(1);
    ck_assert_str_eq(text(), "t (1 row)\n"
                             "                          device_  freezer_\n"
                             "time                      no         temp_0  payload                         n\n"
                             "------------------------  -------  --------  ------------------------------  -\n"
                             "2026-11-24T00:31:59.452Z  VM-1        -18.5  " FIVE_WIDE FIVE_WIDE FIVE_WIDE "  1\n"
                             "\n");
}
END_TEST

/* 75 - 48 columns of the others and the gaps: 13 characters of two columns, and the ellipsis. */
START_TEST(long_text_is_cut)
{
    listing_set_width(listing, 75);
    put_wide(1);
    ck_assert_str_eq(text(),
                     "t (1 row)\n"
                     "                          device_  freezer_\n"
                     "time                      no         temp_0  payload                      n\n"
                     "------------------------  -------  --------  ---------------------------  -\n"
                     "2026-11-24T00:31:59.452Z  VM-1        -18.5  " FIVE_WIDE FIVE_WIDE MEN MEN MEN MARK "  1\n"
                     "\n");
}
END_TEST

/* Below: in the order of the columns, as many on a line as fit, and nothing of what is empty. */
START_TEST(below_the_row)
{
    listing_set_width(listing, 40);
    put_wide(1);
    put_wide(0);
    ck_assert_str_eq(text(), "t (2 rows)\n"
                             "                          device_\n"
                             "time                      no\n"
                             "------------------------  -------\n"
                             "2026-11-24T00:31:59.452Z  VM-1\n"
                             "    freezer_temp_0=-18.5\n"
                             "    payload=" FIVE_WIDE FIVE_WIDE MEN MEN MEN MARK "\n"
                             "    n=1\n"
                             "2026-11-24T00:31:59.452Z  VM-1\n"
                             "    freezer_temp_0=-18.5\n"
                             "    payload=" FIVE_WIDE FIVE_WIDE MEN MEN MEN MARK "\n"
                             "\n");
}
END_TEST

START_TEST(narrower_than_can_be)
{
    listing_set_width(listing, 1);
    put_wide(0);
    const char *narrow = strdup(text());
    buf_truncate(&printed, 0);
    listing_set_width(listing, LISTING_MIN_WIDTH);
    put_wide(0);
    ck_assert_str_eq(text(), narrow);
    free((void *)(uintptr_t)narrow);
}
END_TEST

START_TEST(records_at_a_width)
{
    listing_set_width(listing, 40);
    put_raw(SPAN_LITERAL(TEN TEN TEN TEN "\n"));
    put_raw(SPAN_LITERAL(TEN TEN TEN TEN "x\n"));
    ck_assert_str_eq(text(), "passed through (2 records)\n" TEN TEN TEN TEN "\n" TEN TEN TEN "123456789" MARK "\n\n");
}
END_TEST

/* A name that is longer than the terminal is wide, of a measurement and of a column. */
START_TEST(long_names)
{
    static char name[300];
    struct lp_row row;
    memset(name, 'n', sizeof name - 1);
    listing_set_width(listing, 60);
    lp_row_begin(&row, name, T0);
    lp_row_field(&row, name, lp_value_int(1));
    put(&row);
    const char *got = text();
    for (const char *line = got; *line; line += strcspn(line, "\n") + 1) {
        ck_assert_msg(strcspn(line, "\n") <= 60 + strlen(MARK) - 1, "%s", line);
    }
    ck_assert_ptr_nonnull(strstr(got, "nnn" MARK " (1 row)\n"));
}
END_TEST

/* ---- a limited number of rows ---- */

static void put_numbered(const char *measurement, int n)
{
    struct lp_row row;
    lp_row_begin(&row, measurement, T0);
    lp_row_field(&row, "n", lp_value_int(n));
    put(&row);
}

#define HEADER "time                      n\n------------------------  -\n"
#define ROW(n) "2026-11-24T00:31:59.452Z  " n "\n"

START_TEST(some_rows_of_each)
{
    make_anew(2, false);
    for (int i = 0; i < 3; i++) {
        put_numbered("a", i);
        put_raw(SPAN_LITERAL("x"));
        put_raw(SPAN_LITERAL("y"));
    }
    put_numbered("b", 7);
    ck_assert_str_eq(text(), "a (3 rows)\n" HEADER ROW("0")
                                 ROW("1") "1 more row: --rows all\n\n"
                                          "b (1 row)\n" HEADER ROW(
                                              "7") "\n"
                                                   "passed through (6 records)\nx\ny\n4 more records: --rows all\n\n");
    buf_truncate(&printed, 0);
    put_numbered("a", 3);
    ck_assert_str_eq(text(), "a (1 row)\n" HEADER ROW("3") "\n"); /* the next part */
}
END_TEST

/* What is not shown takes no room: however much comes, it is one part. */
START_TEST(few_rows_of_many)
{
    make_anew(2, true);
    for (int i = 0; i < 100 * COLLECTION_MAX_ROWS; i++) {
        put_numbered("a", i);
    }
    ck_assert_str_eq(text(), "a (100000 rows)\n" HEADER ROW("0") ROW("1") "99998 more rows: --rows all\n\n");
}
END_TEST

/* More rows to show than there is room for: several parts, each with its own count, and what is
 * left out at the end. */
START_TEST(many_rows_in_parts)
{
    const size_t limit = COLLECTION_MAX_ROWS + 500;
    make_anew(limit, true);
    for (size_t i = 0; i < limit + 70; i++) {
        put_numbered("a", 1);
    }
    const char *got = text();
    ck_assert_uint_eq(count(got, "a (1000 rows)\n"), 1);
    ck_assert_uint_eq(count(got, "a (500 rows)\n"), 1);
    ck_assert_uint_eq(count(got, "2026-11-24"), limit);
    ck_assert_uint_eq(count(got, "70 more rows: --rows all\n"), 1);
}
END_TEST

START_TEST(free_nothing)
{
    listing_free(NULL);
}
END_TEST

static Suite *listing_suite(void)
{
    Suite *suite = suite_create("listing");
    TCase *tcase = tcase_create("listing");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, nothing);
    tcase_add_test(tcase, one_table);
    tcase_add_test(tcase, columns_of_several_rows);
    tcase_add_test(tcase, measurements_in_order_of_appearance);
    tcase_add_loop_test(tcase, one_cell, 0, (int)(sizeof cells / sizeof cells[0]));
    tcase_add_test(tcase, values);
    tcase_add_test(tcase, row_bound);
    tcase_add_test(tcase, text_bound);
    tcase_add_test(tcase, column_bound);
    tcase_add_test(tcase, raw_records);
    tcase_add_test(tcase, raw_bound);
    tcase_add_test(tcase, names_over_two_lines);
    tcase_add_test(tcase, long_text_is_cut);
    tcase_add_test(tcase, below_the_row);
    tcase_add_test(tcase, narrower_than_can_be);
    tcase_add_test(tcase, records_at_a_width);
    tcase_add_test(tcase, long_names);
    tcase_add_test(tcase, some_rows_of_each);
    tcase_add_test(tcase, few_rows_of_many);
    tcase_add_test(tcase, many_rows_in_parts);
    tcase_add_test(tcase, free_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(listing_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
