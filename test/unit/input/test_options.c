#include <stdio.h>

#include "cli/actions.h"
#include "cli/help.h"
#include "input/options.h"
#include "support.h"

#define S INT64_C(1000000000)

static bool parse(const char *const *args, struct input_settings *settings, struct options_result *result,
                  struct err *err)
{
    static char storage[7][128];
    char *argv[8] = {storage[0]};
    int argc = 1;
    for (; argc < 7 && args[argc - 1]; argc++) {
        snprintf(storage[argc], sizeof storage[argc], "%s", args[argc - 1]);
        argv[argc] = storage[argc];
    }
    err_clear(err);
    return input_options_parse(argc, argv, settings, result, err);
}

START_TEST(defaults)
{
    const char *const none[] = {NULL};
    struct input_settings settings;
    struct options_result result;
    struct err err;
    ck_assert_msg(parse(none, &settings, &result, &err), "%s", err.text);
    ck_assert_int_eq(result.action, ACTION_RUN);
    ck_assert(!options_given(&input_program, &result, "report-interval"));
    ck_assert_int_eq(settings.qos, INPUT_QOS_1);
    ck_assert_str_eq(settings.share, "");
    ck_assert_str_eq(settings.mqtt.host, "127.0.0.1");
    ck_assert_int_eq(settings.mqtt.session_expiry_ns, 86400 * S);
    ck_assert_uint_eq(settings.mqtt.receive_maximum, 100);
    ck_assert_uint_eq(settings.mqtt.max_packet, 16 * (size_t)MIB);
    ck_assert(!settings.mqtt.clean_start);
    ck_assert_ptr_null(settings.recorder.file);
    ck_assert_uint_eq(settings.recorder.max_bytes, 64 * (size_t)MIB);
    ck_assert_int_eq(settings.recorder.max_age_ns, 3600 * S);
    ck_assert_uint_eq(settings.recorder.keep, 24);
    ck_assert_str_eq(settings.rows.topic_prefix, "v1/vm");
    ck_assert_uint_eq(settings.rows.max_payload, 256 * 1024);
    ck_assert_int_eq(settings.rows.max_age_ns, 7 * 86400 * S);
    ck_assert_int_eq(settings.rows.report_interval_ns, 10 * S);
    ck_assert_int_eq(settings.rows.format, FORMAT_INFLUX);
    /* The pipeline looks at it, though nothing here is line protocol. */
    ck_assert_ptr_nonnull(settings.rows.topic_tag);
    ck_assert_ptr_nonnull(settings.rows.payload_field);
}
END_TEST

START_TEST(flags_of_every_table)
{
    const char *const args[] = {"--host=broker", "--record=/tmp/raw",       "--max-age=1d",
                                "--qos=0",       "--report-interval=500ms", NULL};
    struct input_settings settings;
    struct options_result result;
    struct err err;
    ck_assert_msg(parse(args, &settings, &result, &err), "%s", err.text);
    ck_assert_str_eq(settings.mqtt.host, "broker");
    ck_assert_str_eq(settings.recorder.file, "/tmp/raw");
    ck_assert_int_eq(settings.rows.max_age_ns, 86400 * S);
    ck_assert_int_eq(settings.rows.report_interval_ns, S / 2);
    ck_assert_int_eq(settings.qos, INPUT_QOS_0);
    ck_assert(options_given(&input_program, &result, "report-interval"));
}
END_TEST

static const struct {
    const char *name;
    const char *args[5];
    const char *want; /* NULL = accepted */
} cases[] = {
    {"a group", {"--share=group-1"}, NULL},
    {"no group, as a variable that is not set gives it", {"--share="}, NULL},
    {"a group with a level", {"--share=a/b"}, "--share: \"a/b\" is not a name without / + #"},
    {"a group with a wildcard", {"--share=+"}, "--share: \"+\" is not a name without / + #"},
    {"no session", {"--session-expiry=0"}, NULL},
    {"part of a second", {"--session-expiry=1500ms"}, "--session-expiry: MQTT counts whole seconds"},
    {"less than a second", {"--session-expiry=1ms"}, "--session-expiry: \"1ms\" is outside 1s to 365d (0 = none)"},
    {"a payload larger than its packet",
     {"--max-packet=128KiB"},
     "--max-packet 131072 is less than --max-payload 262144: no payload of that size could come in"},
    {"both small", {"--max-packet=128KiB", "--max-payload=64KiB"}, NULL},
    {"QoS 2, which the library would acknowledge and then lose", {"--qos=2"}, "--qos: \"2\" is not 0 or 1"},
    {"the connection's own checks",
     {"--tls-ca=x"},
     "--tls-ca, --tls-cert and --tls-key have no effect without --tls verify"},
    {"no receive maximum", {"--receive-maximum=0"}, "--receive-maximum: \"0\" is outside 1 to 65535"},
    {"no file kept", {"--record-keep=0"}, "--record-keep: \"0\" is outside 1 to 1000"},
    {"whatever its age", {"--record-age=0"}, NULL},
    {"a flag of the processor's alone",
     {"--capture=x"},
     "unknown flag \"--capture=x\"; vending-input --help shows the flags"},
    {"an operand", {"x"}, "unexpected argument \"x\"; vending-input --help shows the flags"},
};

START_TEST(together)
{
    struct input_settings settings;
    struct options_result result;
    struct err err;
    bool accepted = parse(cases[_i].args, &settings, &result, &err);
    ck_assert_msg(accepted == !cases[_i].want, "%s: %s", cases[_i].name, err.text);
    ck_assert_msg(accepted || strcmp(err.text, cases[_i].want) == 0, "%s: %s", cases[_i].name, err.text);
}
END_TEST

START_TEST(actions)
{
    static const struct {
        const char *args[3];
        enum program_action want;
    } wanted[] = {
        {{"--help"}, ACTION_HELP},
        {{"--version"}, ACTION_VERSION},
        {{"--check"}, ACTION_CHECK},
        {{"--print-mapping"}, ACTION_PRINT_MAPPING},
        {{"--tls-ca=x", "--help"}, ACTION_HELP}, /* although flags contradict */
    };
    for (size_t i = 0; i < COUNT(wanted); i++) {
        struct input_settings settings;
        struct options_result result;
        struct err err;
        ck_assert_msg(parse(wanted[i].args, &settings, &result, &err), "%s", err.text);
        ck_assert_int_eq(result.action, wanted[i].want);
    }
}
END_TEST

START_TEST(table_is_tidy)
{
    size_t count = options_count(&input_program);
    ck_assert_uint_le(count, OPTIONS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct option *option = options_at(&input_program, i);
        ck_assert_msg(option->group && option->help && strlen(option->help) > 5, "--%s has no help", option->name);
        for (size_t j = i + 1; j < count; j++) {
            ck_assert_msg(strcmp(option->name, options_at(&input_program, j)->name) != 0, "--%s stands there twice",
                          option->name);
        }
    }
}
END_TEST

START_TEST(help_fits_80_columns)
{
    static char text[32768];
    FILE *out = fmemopen(text, sizeof text, "w");
    ck_assert_ptr_nonnull(out);
    help_print(&input_program, out);
    fclose(out);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        ck_assert_msg(strlen(line) <= 80, "%zu columns: %s", strlen(line), line);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("input_options");
    TCase *tcase = tcase_create("input_options");
    tcase_add_test(tcase, defaults);
    tcase_add_test(tcase, flags_of_every_table);
    tcase_add_loop_test(tcase, together, 0, (int)COUNT(cases));
    tcase_add_test(tcase, actions);
    tcase_add_test(tcase, table_is_tidy);
    tcase_add_test(tcase, help_fits_80_columns);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
