#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/clock.h"
#include "run/engine.h"
#include "support.h"

#define S INT64_C(1000000000)

/* Standard output and error are pipes while a test runs: an engine writes there. */
static int output_end, error_end, kept_output, kept_error;

static int redirect(int fd, int *kept)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    *kept = dup(fd);
    dup2(ends[1], fd);
    close(ends[1]);
    return ends[0];
}

static void restore(int fd, int *kept)
{
    dup2(*kept, fd);
    close(*kept);
}

static const char *read_all(int fd, char *out, size_t size)
{
    ssize_t n = read(fd, out, size - 1);
    out[n > 0 ? n : 0] = '\0';
    return out;
}

static struct settings settings;
static struct engine engine;

static void begin(bool reports)
{
    struct err err;
    err_clear(&err);
    settings = (struct settings){.topic_tag = "topic",
                                 .topic_prefix = "v1/vm",
                                 .payload_field = "value",
                                 .max_age_ns = 10 * S,
                                 .max_ahead_ns = 10 * S,
                                 .max_payload = 4096,
                                 .max_line = 4096,
                                 .max_depth = 8,
                                 .max_values = 64,
                                 .report_interval_ns = 10 * S,
                                 .instance = "here",
                                 .rows = "auto"};
    engine = (struct engine){.reports = reports};
    ck_assert_msg(engine_load(&engine, &settings, &err), "%s", err.text);
    engine_begin(&engine);
    fflush(stdout);
    output_end = redirect(STDOUT_FILENO, &kept_output);
    error_end = redirect(STDERR_FILENO, &kept_error);
    ck_assert_ptr_null(engine_prepare(&engine));
}

static void end(char *output, size_t output_size, char *errors, size_t errors_size)
{
    read_all(output_end, output, output_size);
    read_all(error_end, errors, errors_size);
    restore(STDOUT_FILENO, &kept_output);
    restore(STDERR_FILENO, &kept_error);
    close(output_end);
    close(error_end);
    engine_free(&engine);
}

static void take(const char *payload)
{
    engine_begin_work(&engine);
    engine.bytes_in += strlen(payload);
    pipeline_message(engine.pipeline, &(struct pipeline_input){SPAN_LITERAL("v1/vm/VM-1/events"), span_of(payload),
                                                               .arrival_ns = 100 * S});
    engine_end_work(&engine);
}

START_TEST(messages_become_rows_and_counts)
{
    char output[8192];
    char errors[2048];
    begin(true);
    take("{\"event_type\":\"A\",\"ts\":101}");
    take("no JSON");
    engine_do_what_is_due(&engine); /* writes, and is too early for a report */
    read_all(output_end, output, sizeof output);
    ck_assert_ptr_nonnull(strstr(output, "vm_events,device_no=VM-1 event_type=\"A\""));
    ck_assert_ptr_nonnull(strstr(output, "vm_rejected,device_no=VM-1 "));
    ck_assert_ptr_null(strstr(output, "vm_ingest"));
    size_t rows = strlen(output);

    /* The last report says all of it, whoever reads the pipe. */
    int kept = output_end;
    fcntl(kept, F_SETFL, 0);
    pid_t reader = fork();
    if (reader == 0) { /* reads, as Telegraf would: the end waits for that */
        char bytes[8192];
        _exit(read(kept, bytes, sizeof bytes) > 0 ? 0 : 1);
    }
    engine_finish(&engine);
    ck_assert(engine_log_output(&engine));
    engine_log_end(&engine);
    ck_assert_uint_eq(engine.total.received, 2);
    ck_assert_uint_eq(engine.total.rows[MESSAGE_EVENTS], 1);
    ck_assert_uint_eq(stats_rejected(&engine.total), 1);
    ck_assert_uint_eq(engine.total.bytes_in, strlen("{\"event_type\":\"A\",\"ts\":101}") + strlen("no JSON"));
    ck_assert_uint_eq(engine.total.bytes_out, rows); /* the report itself is not in it */
    ck_assert_int_gt(engine.total.busy_ns, 0);
    int status = 1;
    ck_assert_int_eq(waitpid(reader, &status, 0), reader);
    ck_assert_int_eq(status, 0);
    fcntl(kept, F_SETFL, O_NONBLOCK);
    end(output, sizeof output, errors, sizeof errors);
    ck_assert_ptr_nonnull(strstr(errors, "W! rejected invalid_json on v1/vm/VM-1/events: "));
    ck_assert_ptr_nonnull(strstr(errors,
                                 "I! end: received 2 = telemetry 0, events 1, status 0, passed 0, duplicates 0, "
                                 "ignored 0, rejected 1 (invalid_json 1); anomalies 0; 34 bytes in, "));
}
END_TEST

/* Nobody reads, and the deadline has passed: it says how much that costs. */
START_TEST(output_that_is_not_read)
{
    char output[8192];
    char errors[2048];
    char line[256];
    begin(false);
    take("{\"event_type\":\"A\",\"ts\":101}");
    stop_ask(&engine.stop);
    engine.stop.asked_ns -= STOP_LIMIT_NS;
    engine_finish(&engine);
    ck_assert(!engine_log_output(&engine));
    snprintf(line, sizeof line,
             " s after the request to end, with 0 bytes of rows not written and %" PRIu64
             " bytes written but not taken\n",
             engine.output.writer.written);
    end(output, sizeof output, errors, sizeof errors);
    const char *at = strstr(errors, "E! standard output is not read, or too slowly: gave up 4.");
    ck_assert_msg(at && strstr(at, line), "%s", errors);
}
END_TEST

START_TEST(output_that_was_closed)
{
    char output[8192];
    char errors[2048];
    begin(false);
    take("{\"event_type\":\"A\",\"ts\":101}");
    engine_do_what_is_due(&engine);
    close(output_end);
    engine_finish(&engine);
    ck_assert(!engine_log_output(&engine));
    output_end = dup(error_end); /* for end() */
    end(output, sizeof output, errors, sizeof errors);
    ck_assert_msg(strstr(output, "E! standard output was closed before its last "), "%s", output);
}
END_TEST

START_TEST(a_report_when_it_is_due)
{
    char output[8192];
    char errors[2048];
    begin(true);
    ck_assert_int_eq(engine_deadline_ns(&engine), engine.started_ns + 10 * S);
    take("{\"event_type\":\"A\",\"ts\":101}");
    engine.next_report_ns = clock_monotonic_ns();
    engine_do_what_is_due(&engine);
    ck_assert_int_gt(engine_deadline_ns(&engine), clock_monotonic_ns());
    engine_do_what_is_due(&engine); /* once */
    end(output, sizeof output, errors, sizeof errors);
    const char *report = strstr(output, "vm_ingest,instance=here received=1i,telemetry=0i,events=1i,");
    ck_assert_msg(report != NULL, "%s", output);
    ck_assert_ptr_null(strstr(report + 1, "vm_ingest"));
}
END_TEST

START_TEST(no_reports)
{
    char output[8192];
    char errors[2048];
    begin(false);
    ck_assert_int_eq(engine_deadline_ns(&engine), CLOCK_NEVER);
    take("{\"event_type\":\"A\",\"ts\":101}");
    engine_do_what_is_due(&engine);
    engine_count(&engine);
    ck_assert_uint_eq(engine.total.received, 1);
    end(output, sizeof output, errors, sizeof errors);
    ck_assert_ptr_nonnull(strstr(output, "vm_events"));
    ck_assert_ptr_null(strstr(output, "vm_ingest"));
}
END_TEST

START_TEST(the_hosts_name_stands_in_for_the_instance)
{
    struct err err;
    char host[ENGINE_HOST_BYTES] = "";
    err_clear(&err);
    ck_assert_int_eq(gethostname(host, sizeof host - 1), 0);
    settings = (struct settings){.instance = ""};
    engine = (struct engine){.reports = false};
    ck_assert(engine_load(&engine, &settings, &err));
    ck_assert_str_eq(settings.instance, host[0] ? host : "unknown");
    engine_free(&engine);

    settings = (struct settings){.instance = "x", .mapping_file = "/nonexistent/mapping"};
    engine = (struct engine){.reports = false};
    ck_assert(!engine_load(&engine, &settings, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/mapping"));
    engine_free(&engine);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("engine");
    TCase *tcase = tcase_create("engine");
    tcase_add_test(tcase, messages_become_rows_and_counts);
    tcase_add_test(tcase, output_that_is_not_read);
    tcase_add_test(tcase, output_that_was_closed);
    tcase_add_test(tcase, a_report_when_it_is_due);
    tcase_add_test(tcase, no_reports);
    tcase_add_test(tcase, the_hosts_name_stands_in_for_the_instance);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
