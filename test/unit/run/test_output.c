#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/output.h"

#define MAX_BYTES 4096

/* A file without a name: what was written can be read back, however much it is. */
static int file = -1;
static struct output output;
static struct mapping *mapping;
static char *got;

static void open_file(void)
{
    char name[] = "/tmp/test_output.XXXXXX";
    file = mkstemp(name);
    ck_assert_int_ge(file, 0);
    unlink(name);
    mapping = mapping_new();
    ck_assert_ptr_nonnull(mapping);
}

static void close_file(void)
{
    output_free(&output);
    free(got);
    got = NULL;
    close(file);
    mapping_free(mapping);
}

static const char *written(void)
{
    off_t size = lseek(file, 0, SEEK_END);
    free(got);
    got = calloc(1, (size_t)size + 1);
    ck_assert_ptr_nonnull(got);
    ck_assert_int_eq(pread(file, got, (size_t)size, 0), size);
    return got;
}

static bool init(int fd, enum output_format format, size_t max_bytes)
{
    const struct output_settings settings = {
        .format = format, .max_line = max_bytes, .max_bytes = max_bytes, .mapping = mapping, .max_rows = SIZE_MAX};
    return output_init(&output, fd, &settings);
}

static void put_row(int64_t n)
{
    struct lp_row row;
    struct lp_sink sink = output_sink(&output);
    lp_row_begin(&row, "t", 7);
    lp_row_field(&row, "n", lp_value_int(n));
    sink.row(sink.ctx, &row);
}

static void put_raw(const char *record)
{
    struct lp_sink sink = output_sink(&output);
    sink.raw(sink.ctx, span_of(record));
}

START_TEST(rows_and_records)
{
    ck_assert(init(file, FORMAT_INFLUX, MAX_BYTES));
    put_row(1);
    put_raw("a b=1 \r\n");
    put_raw("last b=2");
    ck_assert_str_eq(written(), "");
    output_flush(&output);
    ck_assert_str_eq(written(), "t n=1i 7\na b=1 \r\nlast b=2");
    output_flush(&output);
    ck_assert_uint_eq(output.writer.written, strlen(written()));
}
END_TEST

/* A record without newline gets one only if something follows, also when it has been written
 * long since. */
START_TEST(open_line)
{
    ck_assert(init(file, FORMAT_INFLUX, MAX_BYTES));
    put_raw("last b=2");
    output_flush(&output);
    put_row(1);
    output_flush(&output);
    ck_assert_str_eq(written(), "last b=2\nt n=1i 7\n");
}
END_TEST

START_TEST(much_goes_out_at_once)
{
    ck_assert(init(file, FORMAT_INFLUX, MAX_BYTES));
    int rows = 20000;
    for (int i = 0; i < rows; i++) {
        put_row(i);
    }
    ck_assert_uint_gt(strlen(written()), 2 * OUTPUT_FLUSH_BYTES);
    ck_assert_uint_le(output.bytes.cap, OUTPUT_FLUSH_BYTES + MAX_BYTES);
    output_flush(&output);
    const char *line = written();
    for (int i = 0; i < rows; i++) {
        ck_assert_msg(strtol(line + 4, NULL, 10) == i, "row %d: %.20s", i, line);
        line = strchr(line, '\n') + 1;
    }
    ck_assert_str_eq(line, "");
    ck_assert_uint_eq(output.lost, 0);
}
END_TEST

/* At the cap, what is there goes out first. */
START_TEST(cap)
{
    static char record[MAX_BYTES + 1];
    memset(record, 'x', MAX_BYTES - 1);
    record[MAX_BYTES - 1] = '\n';
    ck_assert(init(file, FORMAT_INFLUX, MAX_BYTES));
    for (int i = 0; i < 100; i++) {
        put_raw(record);
        put_row(i);
    }
    output_flush(&output);
    ck_assert_uint_eq(output.lost, 0);
    ck_assert_uint_gt(strlen(written()), (size_t)100 * MAX_BYTES);
}
END_TEST

START_TEST(more_than_the_cap)
{
    static char record[OUTPUT_FLUSH_BYTES + MAX_BYTES + 2];
    memset(record, 'x', sizeof record - 1);
    ck_assert(init(file, FORMAT_INFLUX, MAX_BYTES));
    put_row(1);
    put_raw(record);
    ck_assert_uint_eq(output.lost, 1);
    put_row(2);
    output_flush(&output);
    ck_assert_ptr_nonnull(strstr(written(), "t n=1i 7\n"));
    ck_assert_ptr_nonnull(strstr(written(), "t n=2i 7\n"));
}
END_TEST

/* Nobody reads: rows stay, in their order and whole, until there is room. */
START_TEST(never_waits)
{
    int ends[2];
    size_t count = 0;
    size_t seen = 0;
    char *text = calloc(1, 1024 * 1024);
    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    ck_assert(init(ends[1], FORMAT_INFLUX, 1024 * 1024));
    output.never_waits = true;
    while (output.bytes.len < 100000) {
        put_row((int64_t)count++);
        output_flush(&output);
    }
    ck_assert_uint_eq(output.lost, 0);
    while (output.bytes.len > 0) {
        ssize_t n = read(ends[0], text + seen, 7001);
        ck_assert_int_gt(n, 0);
        seen += (size_t)n;
        output_flush(&output);
    }
    for (ssize_t n = 1; n > 0; seen += n > 0 ? (size_t)n : 0) {
        n = read(ends[0], text + seen, 65536);
    }
    ck_assert_uint_eq(output.writer.written, seen);
    const char *at = text;
    for (size_t i = 0; i < count; i++) {
        char want[64];
        int len = snprintf(want, sizeof want, "t n=%zui 7\n", i);
        ck_assert_msg(strncmp(at, want, (size_t)len) == 0, "row %zu: %.30s", i, at);
        at += len;
    }
    ck_assert_uint_eq((size_t)(at - text), seen);
    close(ends[0]);
    close(ends[1]);
    free(text);
}
END_TEST

START_TEST(write_error)
{
    int full = open("/dev/full", O_WRONLY);
    ck_assert(init(full, FORMAT_INFLUX, MAX_BYTES));
    put_row(1);
    output_flush(&output);
    ck_assert_int_eq(output.writer.error, ENOSPC);
    for (int i = 0; i < 20000; i++) {
        put_row(i); /* goes nowhere, and does no harm */
    }
    ck_assert_uint_eq(output.lost, 0);
    close(full);
}
END_TEST

START_TEST(as_a_table)
{
    ck_assert(init(file, FORMAT_TABLE, MAX_BYTES));
    ck_assert(!output.holds_rows);
    put_row(1);
    put_raw("a b=1\n");
    ck_assert(output.holds_rows);
    output_flush(&output);
    ck_assert_str_eq(written(), "");
    output_show_listing(&output, 0);
    output_show_listing(&output, 0);
    output_flush(&output);
    ck_assert(!output.holds_rows);
    ck_assert_str_eq(written(), "t (1 row)\n"
                                "time                      n\n"
                                "------------------------  -\n"
                                "1970-01-01T00:00:00.000Z  1\n"
                                "\n"
                                "passed through (1 record)\n"
                                "a b=1\n"
                                "\n");
}
END_TEST

START_TEST(as_json)
{
    ck_assert(init(file, FORMAT_JSON, MAX_BYTES));
    put_row(1);
    put_raw("a,b=c d=2 8\n");
    put_raw("# no record\n");
    put_raw("last e=t");
    output_flush(&output);
    ck_assert_str_eq(written(), "{\"measurement\":\"t\",\"time\":\"1970-01-01T00:00:00.000000007Z\",\"n\":1}\n"
                                "{\"measurement\":\"a\",\"time\":\"1970-01-01T00:00:00.000000008Z\",\"b\":\"c\","
                                "\"d\":2.0}\n"
                                "{\"measurement\":\"last\",\"time\":null,\"e\":true}\n");
    ck_assert_uint_eq(output.unshown, 1);
    ck_assert_str_eq(output.unshown_why.text, "it is empty, or a comment");
    ck_assert_uint_eq(output.lost, 0);
}
END_TEST

/* The header comes first, and alone if there is no row. */
START_TEST(as_csv)
{
    ck_assert(init(file, FORMAT_CSV, MAX_BYTES));
    output_flush(&output);
    size_t header = strlen(written());
    ck_assert_ptr_nonnull(strstr(got, "measurement,time,device_no,"));
    ck_assert_str_eq(got + header - 8, ",other\r\n");
    put_row(1);
    output_flush(&output);
    ck_assert_int_eq(strncmp(written() + header, "t,1970-01-01T00:00:00.000000007Z,,", 34), 0);
    ck_assert_str_eq(got + strlen(got) - 14, ",\"{\"\"n\"\":1}\"\r\n");
}
END_TEST

/* The longest row there can be grows by being escaped, and is not lost. */
START_TEST(the_longest_row_as_json_and_csv)
{
    static char text[MAX_BYTES];
    memset(text, '\x01', sizeof text);
    for (int format = FORMAT_JSON; format <= FORMAT_CSV; format++) {
        struct lp_row row;
        ck_assert(init(file, (enum output_format)format, MAX_BYTES));
        struct lp_sink sink = output_sink(&output);
        for (int i = 0; i < 100; i++) {
            lp_row_begin(&row, "t", 7);
            lp_row_field(&row, "x", lp_value_text((struct span){text, sizeof text}));
            sink.row(sink.ctx, &row);
        }
        output_flush(&output);
        ck_assert_uint_eq(output.lost, 0);
        ck_assert_uint_gt(output.writer.written, (uint64_t)100 * 6 * MAX_BYTES);
        if (format == FORMAT_JSON) {
            output_free(&output);
        }
    }
}
END_TEST

START_TEST(text_between)
{
    ck_assert(init(file, FORMAT_TABLE, MAX_BYTES));
    output_text(&output, SPAN_LITERAL("summary\n"));
    put_row(1);
    output_show_listing(&output, 40);
    output_flush(&output);
    ck_assert_int_eq(strncmp(written(), "summary\nt (1 row)\n", 18), 0);
}
END_TEST

static Suite *output_suite(void)
{
    Suite *suite = suite_create("output");
    TCase *tcase = tcase_create("output");
    tcase_add_checked_fixture(tcase, open_file, close_file);
    tcase_add_test(tcase, rows_and_records);
    tcase_add_test(tcase, open_line);
    tcase_add_test(tcase, much_goes_out_at_once);
    tcase_add_test(tcase, cap);
    tcase_add_test(tcase, more_than_the_cap);
    tcase_add_test(tcase, never_waits);
    tcase_add_test(tcase, write_error);
    tcase_add_test(tcase, as_a_table);
    tcase_add_test(tcase, as_json);
    tcase_add_test(tcase, as_csv);
    tcase_add_test(tcase, the_longest_row_as_json_and_csv);
    tcase_add_test(tcase, text_between);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(output_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
