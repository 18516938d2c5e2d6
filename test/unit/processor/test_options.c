#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "cli/actions.h"
#include "cli/help.h"
#include "processor/options.h"

#define SECOND INT64_C(1000000000)

static bool parse(const char *const args[], struct settings *settings, struct options_result *result, struct err *err)
{
    struct arguments arguments = make_arguments(args);
    err_clear(err);
    return processor_options_parse(arguments.count, arguments.values, settings, result, err);
}

/* plugin/README.md, Time, Redelivery, Flags. */
START_TEST(defaults)
{
    const char *const args[] = {NULL};
    struct settings settings;
    struct options_result result;
    struct err err;
    ck_assert_msg(parse(args, &settings, &result, &err), "%s", err.text);
    ck_assert_str_eq(settings.topic_tag, "topic");
    ck_assert_str_eq(settings.topic_prefix, "v1/vm");
    ck_assert_str_eq(settings.payload_field, "value");
    ck_assert_int_eq(settings.payload_encoding, PAYLOAD_PLAIN);
    ck_assert_int_eq(settings.max_age_ns, 7 * 86400 * SECOND);
    ck_assert_int_eq(settings.max_ahead_ns, 600 * SECOND);
    ck_assert_uint_eq(settings.max_payload, 262144);
    ck_assert_uint_eq(settings.max_line, 1048576);
    ck_assert_uint_eq(settings.max_depth, 32);
    ck_assert_uint_eq(settings.max_values, 8192);
    ck_assert_uint_eq(settings.dedup_window, 65536);
    ck_assert_int_eq(settings.dedup_age_ns, 3600 * SECOND);
    ck_assert_int_eq(settings.dedup_untimed_ns, 10 * SECOND);
    ck_assert_str_eq(settings.time_zone, "");
    ck_assert_int_eq(settings.report_interval_ns, 10 * SECOND);
    ck_assert_uint_eq(settings.log_rate, 60);
    ck_assert_str_eq(settings.instance, "");
    ck_assert_ptr_null(settings.mapping_file);
    ck_assert_ptr_null(settings.capture_file);
    ck_assert_int_eq(settings.format, FORMAT_INFLUX);
    ck_assert_int_eq(result.action, ACTION_RUN);
    ck_assert(!options_given(&processor_program, &result, "report-interval"));
}
END_TEST

START_TEST(every_flag)
{
    const char *const args[] = {"--topic-tag=t",
                                "--topic-prefix=site/a",
                                "--payload-field=p",
                                "--payload-encoding=base64",
                                "--max-age=1d",
                                "--max-ahead=0",
                                "--max-payload=1KiB",
                                "--max-line=2KiB",
                                "--max-depth=64",
                                "--max-values=1",
                                "--dedup-window=0",
                                "--dedup-age=5m",
                                "--dedup-untimed=2s",
                                "--time-zone=-03:30",
                                "--report-interval=0",
                                "--instance=edge 1",
                                "--log-rate=0",
                                "--mapping=m.json",
                                "--capture=-",
                                "--format=table",
                                "--check",
                                NULL};
    struct settings settings;
    struct options_result result;
    struct err err;
    ck_assert_msg(parse(args, &settings, &result, &err), "%s", err.text);
    ck_assert_str_eq(settings.topic_tag, "t");
    ck_assert_str_eq(settings.topic_prefix, "site/a");
    ck_assert_str_eq(settings.payload_field, "p");
    ck_assert_int_eq(settings.payload_encoding, PAYLOAD_BASE64);
    ck_assert_int_eq(settings.max_age_ns, 86400 * SECOND);
    ck_assert_int_eq(settings.max_ahead_ns, 0);
    ck_assert_uint_eq(settings.max_payload, 1024);
    ck_assert_uint_eq(settings.max_line, 2048);
    ck_assert_uint_eq(settings.max_depth, 64);
    ck_assert_uint_eq(settings.max_values, 1);
    ck_assert_uint_eq(settings.dedup_window, 0);
    ck_assert_int_eq(settings.dedup_age_ns, 300 * SECOND);
    ck_assert_int_eq(settings.dedup_untimed_ns, 2 * SECOND);
    ck_assert_str_eq(settings.time_zone, "-03:30");
    ck_assert_int_eq(settings.report_interval_ns, 0);
    ck_assert_str_eq(settings.instance, "edge 1");
    ck_assert_uint_eq(settings.log_rate, 0);
    ck_assert_str_eq(settings.mapping_file, "m.json");
    ck_assert_str_eq(settings.capture_file, "-");
    ck_assert_int_eq(settings.format, FORMAT_TABLE);
    ck_assert_int_eq(result.action, ACTION_CHECK);
    ck_assert(options_given(&processor_program, &result, "report-interval"));
}
END_TEST

#define PREFIX_RULE "\" is not a topic prefix such as v1/vm (no slash at its end, no + or #)"

static const struct {
    const char *name;
    const char *args[6];
    const char *error;
} bad[] = {
    {"duration", {"--max-age", "7x"}, "--max-age: \"7x\" is not a duration such as 30s, 10m, 7d"},
    {"prefix with slash", {"--topic-prefix=v1/vm/"}, "--topic-prefix: \"v1/vm/" PREFIX_RULE},
    {"prefix with +", {"--topic-prefix=v1/+"}, "--topic-prefix: \"v1/+" PREFIX_RULE},
    {"prefix with #", {"--topic-prefix=#"}, "--topic-prefix: \"#" PREFIX_RULE},
    {"encoding", {"--payload-encoding=hex"}, "--payload-encoding: \"hex\" is not plain or base64"},
    {"format", {"--format", "xml"}, "--format: \"xml\" is not influx or table or json or csv"},
    {"depth", {"--max-depth=65"}, "--max-depth: \"65\" is outside 1 to 64"},
    {"payload over line",
     {"--max-payload=2MiB"},
     "--max-line 1048576 is less than --max-payload 2097152: no payload of that size could come in"},
    {"line under payload",
     {"--max-line=64KiB", "--check"},
     "--max-line 65536 is less than --max-payload 262144: no payload of that size could come in"},
    {"two actions", {"--check", "--print-mapping"}, "--check and --print-mapping contradict each other"},
    {"report too often", {"--report-interval=50ms"}, "--report-interval: \"50ms\" is outside 100ms to 1d (0 = none)"},
    {"positional",
     {"capture.jsonl"},
     "unexpected argument \"capture.jsonl\"; vending-processor --help shows the flags"},
};

START_TEST(bad_arguments)
{
    struct settings settings;
    struct options_result result;
    struct err err;
    ck_assert_msg(!parse(bad[_i].args, &settings, &result, &err), "%s: was accepted", bad[_i].name);
    ck_assert_msg(strcmp(err.text, bad[_i].error) == 0, "%s: got %s", bad[_i].name, err.text);
}
END_TEST

static const struct {
    const char *name;
    const char *args[4];
    enum program_action action;
} actions[] = {
    {"help", {"--help"}, ACTION_HELP},
    {"version", {"--version"}, ACTION_VERSION},
    {"check", {"--check"}, ACTION_CHECK},
    {"mapping", {"--print-mapping"}, ACTION_PRINT_MAPPING},
    {"help although flags contradict", {"--max-line=1KiB", "--help"}, ACTION_HELP},
};

START_TEST(which_action)
{
    struct settings settings;
    struct options_result result;
    struct err err;
    ck_assert_msg(parse(actions[_i].args, &settings, &result, &err), "%s: %s", actions[_i].name, err.text);
    ck_assert_msg(result.action == (int)actions[_i].action, "%s: got %d", actions[_i].name, result.action);
}
END_TEST

/* The tables themselves: help for each, names once. */
START_TEST(table_is_tidy)
{
    const struct program *program = &processor_program;
    size_t count = options_count(program);
    for (size_t i = 0; i < count; i++) {
        const struct option *option = options_at(program, i);
        ck_assert_ptr_nonnull(option->group);
        ck_assert_ptr_nonnull(option->help);
        ck_assert_msg(strlen(option->help) > 10, "--%s has no help", option->name);
        for (size_t j = i + 1; j < count; j++) {
            const struct option *later = options_at(program, j);
            ck_assert_msg(strcmp(option->name, later->name) != 0, "--%s stands there twice", option->name);
        }
    }
}
END_TEST

START_TEST(help_fits_80_columns)
{
    static char text[16384];
    FILE *out = fmemopen(text, sizeof text, "w");
    ck_assert_ptr_nonnull(out);
    help_print(&processor_program, out);
    fclose(out);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        ck_assert_msg(strlen(line) <= 80, "%zu columns: %s", strlen(line), line);
    }
}
END_TEST

static Suite *processor_options_suite(void)
{
    Suite *suite = suite_create("processor_options");
    TCase *tcase = tcase_create("processor_options");
    tcase_add_test(tcase, defaults);
    tcase_add_test(tcase, every_flag);
    tcase_add_loop_test(tcase, bad_arguments, 0, (int)(sizeof bad / sizeof bad[0]));
    tcase_add_loop_test(tcase, which_action, 0, (int)(sizeof actions / sizeof actions[0]));
    tcase_add_test(tcase, table_is_tidy);
    tcase_add_test(tcase, help_fits_80_columns);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(processor_options_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
