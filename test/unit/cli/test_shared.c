#include <stdio.h>

#include "cli/actions.h"
#include "cli/shared.h"
#include "core/settings.h"
#include "support.h"

#define S INT64_C(1000000000)

static const struct option_part parts[] = {{&pipeline_options, 0}, {&action_options, 0}};
static const struct program program = {.name = "any", .parts = parts, .part_count = COUNT(parts)};

static bool parse(const char *const *args, struct settings *settings, struct options_result *result, struct err *err)
{
    static char storage[5][128];
    char *argv[6] = {storage[0]};
    int argc = 1;
    for (; argc < 5 && args[argc - 1]; argc++) {
        snprintf(storage[argc], sizeof storage[argc], "%s", args[argc - 1]);
        argv[argc] = storage[argc];
    }
    memset(settings, 0, sizeof *settings);
    err_clear(err);
    return options_parse(&program, argc, argv, settings, result, err);
}

START_TEST(defaults)
{
    const char *const none[] = {NULL};
    struct settings settings;
    struct options_result result;
    struct err err;
    ck_assert_msg(parse(none, &settings, &result, &err), "%s", err.text);
    ck_assert_str_eq(settings.topic_prefix, "v1/vm");
    ck_assert_int_eq(settings.max_age_ns, 7 * 86400 * S);
    ck_assert_int_eq(settings.max_ahead_ns, 600 * S);
    ck_assert_uint_eq(settings.max_payload, 262144);
    ck_assert_uint_eq(settings.max_depth, 32);
    ck_assert_uint_eq(settings.max_values, 8192);
    ck_assert_uint_eq(settings.dedup_window, 65536);
    ck_assert_int_eq(settings.dedup_age_ns, 3600 * S);
    ck_assert_int_eq(settings.dedup_untimed_ns, 10 * S);
    ck_assert_str_eq(settings.time_zone, ""); /* none was chosen */
    ck_assert_int_eq(settings.report_interval_ns, 10 * S);
    ck_assert_uint_eq(settings.log_rate, 60);
    ck_assert_str_eq(settings.instance, "");
    ck_assert_ptr_null(settings.mapping_file);
    ck_assert_int_eq(settings.format, FORMAT_INFLUX);
    ck_assert_str_eq(settings.rows, "auto");
}
END_TEST

START_TEST(rows)
{
    static const struct {
        const char *text;
        size_t limit; /* 0 = it is refused */
    } cases[] = {{"auto", 10},
                 {"all", SIZE_MAX},
                 {"1", 1},
                 {"250", 250},
                 {"1000000", 1000000},
                 {"1000001", 0},
                 {"", 0},
                 {"0", 0},
                 {"-1", 0},
                 {"ten", 0},
                 {"10x", 0},
                 {" 10", 0},
                 {"99999999999999", 0},
                 {"All", 0},
                 {"1.5", 0}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char flag[64];
        struct settings settings;
        struct options_result result;
        struct err err;
        snprintf(flag, sizeof flag, "--rows=%s", cases[i].text);
        const char *const args[] = {flag, NULL};
        bool taken = parse(args, &settings, &result, &err);
        ck_assert_msg(taken == (cases[i].limit > 0), "%s: %s", flag, err.text);
        if (taken) {
            ck_assert_uint_eq(rows_limit(settings.rows, 10), cases[i].limit);
        }
    }
}
END_TEST

/* plugin/README.md, Time: a fixed offset, and no zone's name. */
START_TEST(time_zones)
{
    static const struct {
        const char *text;
        bool is_valid;
    } cases[] = {{"Z", true},      {"z", true},    {"+08:00", true}, {"-03:30", true},
                 {"+0800", true},  {"+08", true},  {"-00:00", true}, {"+24:00", false},
                 {"08:00", false}, {"CST", false}, {"UTC", false},   {"8", false},
                 {"+8", false},    {"Z ", false},  {" Z", false},    {"+08:00:00", false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        char flag[64];
        struct settings settings;
        struct options_result result;
        struct err err;
        snprintf(flag, sizeof flag, "--time-zone=%s", cases[i].text);
        const char *const args[] = {flag, NULL};
        ck_assert_msg(parse(args, &settings, &result, &err) == cases[i].is_valid, "%s: %s", flag, err.text);
        ck_assert(!cases[i].is_valid || strcmp(settings.time_zone, cases[i].text) == 0);
        ck_assert(cases[i].is_valid || strstr(err.text, "--time-zone") != NULL);
    }
}
END_TEST

START_TEST(ages_of_duplicates)
{
    static const struct {
        const char *flag;
        int64_t untimed_ns; /* -1 = it is refused */
    } cases[] = {
        {"--dedup-untimed=0", 0},     {"--dedup-untimed=500ms", S / 2}, {"--dedup-untimed=365d", 365 * 86400 * S},
        {"--dedup-untimed=366d", -1}, {"--dedup-untimed=10", -1},       {"--dedup-untimed=-1s", -1}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *const args[] = {cases[i].flag, NULL};
        struct settings settings;
        struct options_result result;
        struct err err;
        bool taken = parse(args, &settings, &result, &err);
        ck_assert_msg(taken == (cases[i].untimed_ns >= 0), "%s: %s", cases[i].flag, err.text);
        ck_assert(!taken || settings.dedup_untimed_ns == cases[i].untimed_ns);
    }
}
END_TEST

START_TEST(formats)
{
    static const char *const names[] = {"influx", "table", "json", "csv"};
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *const args[] = {"--format", names[i], NULL};
        struct settings settings;
        struct options_result result;
        struct err err;
        ck_assert_msg(parse(args, &settings, &result, &err), "%s", err.text);
        ck_assert_int_eq(settings.format, (int)i);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shared");
    TCase *tcase = tcase_create("shared");
    tcase_add_test(tcase, defaults);
    tcase_add_test(tcase, rows);
    tcase_add_test(tcase, time_zones);
    tcase_add_test(tcase, ages_of_duplicates);
    tcase_add_test(tcase, formats);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
