#include "arguments.h"
#include "cli/actions.h"
#include "cli/shared.h"
#include "replay/options.h"
#include "support.h"

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)

static bool parse(const char *const args[], struct replay_options *settings, struct options_result *result,
                  struct err *err)
{
    struct arguments arguments = make_arguments(args);
    err_clear(err);
    return replay_options_parse(arguments.count, arguments.values, settings, result, err);
}

START_TEST(defaults)
{
    const char *const args[] = {"a.jsonl", NULL};
    struct replay_options settings;
    struct err err;
    struct options_result result;
    ck_assert_msg(parse(args, &settings, &result, &err), "%s", err.text);
    ck_assert_int_eq(result.action, ACTION_RUN);
    ck_assert_uint_eq(settings.file_count, 1);
    ck_assert_str_eq(settings.files[0], "a.jsonl");
    ck_assert(settings.speed == 1);
    ck_assert_uint_eq(settings.rounds, 1);
    ck_assert_int_eq(settings.max_gap_ns, 0);
    ck_assert(!settings.shift_time);
    ck_assert_int_eq(settings.start_ns, OPTION_NO_OFFSET);
    ck_assert_int_eq(settings.until_ns, OPTION_NO_OFFSET);
    ck_assert_uint_eq(settings.devices, 0);
    ck_assert_int_eq(settings.spread_ns, 10 * SECOND);
    ck_assert_str_eq(settings.topic_prefix, "v1/vm");
    ck_assert_ptr_null(settings.mapping_file);
    ck_assert_uint_eq(settings.min_qos, 0);
    ck_assert_uint_eq(settings.in_flight, 20);
    ck_assert_int_eq(settings.give_up_ns, 60 * SECOND);
    ck_assert_uint_eq(settings.max_line, 1048576);
    ck_assert_uint_eq(settings.log_rate, 60);
    ck_assert_str_eq(settings.mqtt.host, "127.0.0.1");
    ck_assert(!replay_options_needs_survey(&settings));
}
END_TEST

START_TEST(every_flag)
{
    const char *const args[] = {"--speed=0.5",
                                "--loop",
                                "--max-gap=5s",
                                "--shift-time",
                                "--start=-24h",
                                "--until",
                                "10m",
                                "--devices=1000",
                                "--spread=1m",
                                "--topic-prefix=a/b",
                                "--mapping=m.json",
                                "--in-flight=7",
                                "--give-up=0",
                                "--max-line=2KiB",
                                "--log-rate=0",
                                "--min-qos=2",
                                "--host=h",
                                "--port=1",
                                "--check",
                                "a",
                                "b",
                                NULL};
    struct replay_options settings;
    struct err err;
    struct options_result result;
    ck_assert_msg(parse(args, &settings, &result, &err), "%s", err.text);
    ck_assert_int_eq(result.action, ACTION_CHECK);
    ck_assert_uint_eq(settings.file_count, 2);
    ck_assert_str_eq(settings.files[1], "b");
    ck_assert(settings.speed == 0.5);
    ck_assert_uint_eq(settings.rounds, 0);
    ck_assert_int_eq(settings.max_gap_ns, 5 * SECOND);
    ck_assert(settings.shift_time);
    ck_assert_int_eq(settings.start_ns, -24 * HOUR);
    ck_assert_int_eq(settings.until_ns, HOUR / 6);
    ck_assert_uint_eq(settings.devices, 1000);
    ck_assert_int_eq(settings.spread_ns, 60 * SECOND);
    ck_assert_str_eq(settings.topic_prefix, "a/b");
    ck_assert_str_eq(settings.mapping_file, "m.json");
    ck_assert_uint_eq(settings.min_qos, 2);
    ck_assert_uint_eq(settings.in_flight, 7);
    ck_assert_int_eq(settings.give_up_ns, 0);
    ck_assert_uint_eq(settings.max_line, 2048);
    ck_assert_uint_eq(settings.log_rate, 0);
    ck_assert_str_eq(settings.mqtt.host, "h");
    ck_assert_uint_eq(settings.mqtt.port, 1);
}
END_TEST

/* What has to be read beforehand, and how fast "max" is. */
static const struct {
    const char *name;
    const char *args[8];
    double speed;
    bool survey;
} good[] = {
    {"standard input", {"-"}, 1, false},
    {"flat out", {"--speed=max", "a"}, 0, false},
    {"faster", {"--speed", "1.5", "a"}, 1.5, false},
    {"faster, times shifted: they have to begin in the past", {"--speed=10", "--shift-time", "a"}, 10, true},
    {"flat out, the same", {"--speed=max", "--shift-time", "--loop=5", "a"}, 0, true},
    {"... unless it is said where", {"--speed=max", "--shift-time", "--loop", "--start=-7d", "a"}, 0, false},
    {"slower", {"--speed=0.001", "--shift-time", "a"}, 0.001, false},
    {"machines have to be counted", {"--devices=1", "a"}, 1, true},
    {"until something after now", {"--shift-time", "--until=1s", "a"}, 1, false},
    {"until now", {"--shift-time", "--start=-1s", "--until=now", "a"}, 1, false},
};

START_TEST(good_combinations)
{
    struct replay_options settings;
    struct err err;
    struct options_result result;
    ck_assert_msg(parse(good[_i].args, &settings, &result, &err), "%s: %s", good[_i].name, err.text);
    ck_assert_msg(settings.speed == good[_i].speed, "%s: speed %g", good[_i].name, settings.speed);
    ck_assert_msg(replay_options_needs_survey(&settings) == good[_i].survey, "%s: survey", good[_i].name);
}
END_TEST

static const struct {
    const char *name;
    const char *args[8];
    const char *error;
} bad[] = {
    {"no capture", {"--shift-time"}, "no capture to play; vending-replay --help shows the flags"},
    {"speed", {"--speed=fast", "a"}, "--speed: \"fast\" is not a factor from 0.001 to 1000000, or max"},
    {"speed of nothing", {"--speed=0", "a"}, "--speed: \"0\" is not a factor from 0.001 to 1000000, or max"},
    {"speed back", {"--speed=-1", "a"}, "--speed: \"-1\" is not a factor from 0.001 to 1000000, or max"},
    {"speed beyond all", {"--speed=1e7", "a"}, "--speed: \"1e7\" is not a factor from 0.001 to 1000000, or max"},
    {"start alone", {"--start=-1h", "a"}, "--start has no effect without --shift-time"},
    {"until alone", {"--until=1h", "a"}, "--until has no effect without --shift-time"},
    {"until before start",
     {"--shift-time", "--start=-1h", "--until=-2h", "a"},
     "--until is not after --start: there would be nothing to publish"},
    {"until now, from now",
     {"--shift-time", "--until=now", "a"},
     "--until is not after --start: there would be nothing to publish"},
    {"for ever, faster, from where?",
     {"--shift-time", "--loop", "--speed=2", "a"},
     "--loop for ever and --shift-time with --speed above 1 need --start, such as --start -24h: where times begin"},
    {"standard input, flat out, from where?",
     {"--shift-time", "--speed=max", "-"},
     "--shift-time with --speed above 1 needs --start when standard input is read, whose length nobody knows"},
    {"standard input again and again", {"--loop", "a", "-"}, "--loop: standard input can be read only once"},
    {"machines of standard input",
     {"--devices=3", "-"},
     "--devices: standard input can be read only once, and the machines have to be counted first"},
    {"standard input twice", {"-", "-"}, "standard input (-) is given twice"},
    {"in flight", {"--in-flight=0", "a"}, "--in-flight: \"0\" is outside 1 to 10000"},
    {"prefix",
     {"--topic-prefix=x/", "a"},
     "--topic-prefix: \"x/\" is not a topic prefix such as v1/vm (no slash at its end, no + or #)"},
    {"a rule of the connection's",
     {"--tls-ca=x", "a"},
     "--tls-ca, --tls-cert and --tls-key have no effect without --tls verify"},
};

START_TEST(bad_combinations)
{
    struct replay_options settings;
    struct err err;
    struct options_result result;
    ck_assert_msg(!parse(bad[_i].args, &settings, &result, &err), "%s: was accepted", bad[_i].name);
    ck_assert_msg(strcmp(err.text, bad[_i].error) == 0, "%s: got %s", bad[_i].name, err.text);
}
END_TEST

START_TEST(help_needs_nothing)
{
    const char *const help[] = {"--start=now", "--help", NULL};
    const char *const version[] = {"--version", NULL};
    struct replay_options settings;
    struct err err;
    struct options_result result;
    ck_assert(parse(help, &settings, &result, &err));
    ck_assert_int_eq(result.action, ACTION_HELP);
    ck_assert(parse(version, &settings, &result, &err));
    ck_assert_int_eq(result.action, ACTION_VERSION);
}
END_TEST

/* The tables themselves: help for each, names once. */
START_TEST(table_is_tidy)
{
    size_t count = options_count(&replay_options_program);
    for (size_t i = 0; i < count; i++) {
        const struct option *option = options_at(&replay_options_program, i);
        ck_assert_msg(strlen(option->help) > 7, "--%s has no help", option->name);
        for (size_t j = i + 1; j < count; j++) {
            ck_assert_msg(strcmp(option->name, options_at(&replay_options_program, j)->name) != 0,
                          "--%s stands there twice", option->name);
        }
    }
    for (const char *line = replay_options_program.notes; *line; line = strchr(line, '\n') + 1) {
        ck_assert_msg(strcspn(line, "\n") <= 80, "too long: %.40s...", line);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_options");
    TCase *tcase = tcase_create("replay_options");
    tcase_add_test(tcase, defaults);
    tcase_add_test(tcase, every_flag);
    tcase_add_loop_test(tcase, good_combinations, 0, (int)COUNT(good));
    tcase_add_loop_test(tcase, bad_combinations, 0, (int)COUNT(bad));
    tcase_add_test(tcase, help_needs_nothing);
    tcase_add_test(tcase, table_is_tidy);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
