#include <stdio.h>

#include "mqtt/options.h"
#include "support.h"

#define S INT64_C(1000000000)

static const struct option_part part = {&mqtt_options, 0};
static const struct program program = {.name = "client", .parts = &part, .part_count = 1};

/* Up to four arguments; false = what is wrong is in *err. */
static bool parse(const char *const *args, struct mqtt_settings *settings, struct err *err)
{
    static char storage[5][128];
    char *argv[6] = {storage[0]};
    struct options_result result;
    int argc = 1;
    for (; argc < 5 && args[argc - 1]; argc++) {
        snprintf(storage[argc], sizeof storage[argc], "%s", args[argc - 1]);
        argv[argc] = storage[argc];
    }
    memset(settings, 0, sizeof *settings);
    err_clear(err);
    return options_parse(&program, argc, argv, settings, &result, err) && mqtt_options_finish(settings, err);
}

START_TEST(defaults)
{
    const char *const none[] = {NULL};
    struct mqtt_settings settings;
    struct err err;
    unsetenv("MQTT_PASSWORD");
    ck_assert_msg(parse(none, &settings, &err), "%s", err.text);
    ck_assert_str_eq(settings.host, "127.0.0.1");
    ck_assert_uint_eq(settings.port, 0);
    ck_assert_str_eq(settings.client_id, "");
    ck_assert_str_eq(settings.username, "");
    ck_assert_ptr_null(settings.password_file);
    ck_assert_ptr_null(settings.password);
    ck_assert_int_eq(settings.keepalive_ns, 30 * S);
    ck_assert_int_eq(settings.reconnect_max_ns, 30 * S);
    ck_assert_int_eq(settings.tls, MQTT_SETTINGS_TLS_OFF);
    ck_assert_ptr_null(settings.ca_file);
    ck_assert(!settings.clean_start);
}
END_TEST

START_TEST(the_password_is_the_environments)
{
    const char *const none[] = {NULL};
    struct mqtt_settings settings;
    struct err err;
    setenv("MQTT_PASSWORD", "s3cret", 1);
    ck_assert(parse(none, &settings, &err));
    ck_assert_str_eq(settings.password, "s3cret");
    setenv("MQTT_PASSWORD", "", 1); /* Telegraf and Docker set what is not given to nothing */
    ck_assert(parse(none, &settings, &err));
    ck_assert_ptr_null(settings.password);
}
END_TEST

static const struct {
    const char *name;
    const char *args[5];
    const char *want; /* NULL = accepted */
} cases[] = {
    {"TLS with the system's CAs", {"--tls=verify"}, NULL},
    {"TLS with a CA", {"--tls=verify", "--tls-ca=ca.pem"}, NULL},
    {"with a client certificate", {"--tls=verify-ca", "--tls-cert=c", "--tls-key=k"}, NULL},
    {"a CA without TLS", {"--tls-ca=ca.pem"}, "--tls-ca, --tls-cert and --tls-key have no effect without --tls verify"},
    {"a certificate without TLS",
     {"--tls-cert=c", "--tls-key=k"},
     "--tls-ca, --tls-cert and --tls-key have no effect without --tls verify"},
    {"a certificate without a key", {"--tls=verify", "--tls-cert=c"}, "--tls-cert and --tls-key go together"},
    {"a key without a certificate", {"--tls=verify", "--tls-key=k"}, "--tls-cert and --tls-key go together"},
    {"another word for TLS", {"--tls=on"}, "--tls: \"on\" is not off or verify or verify-ca or insecure"},
    {"part of a second", {"--keepalive=5500ms"}, "--keepalive: MQTT counts whole seconds"},
    {"what the library does not take", {"--keepalive=4s"}, "--keepalive: \"4s\" is outside 5s to 65535s"},
    {"the longest", {"--keepalive=65535s"}, NULL},
    {"no port", {"--port=65536"}, "--port: \"65536\" is outside 0 to 65535"},
    {"no host", {"--host="}, "--host: \"\" has 0 bytes, allowed are 1 to 255"},
    {"a password in sight", {"--password=x"}, "unknown flag \"--password=x\"; client --help shows the flags"},
};

START_TEST(together)
{
    struct mqtt_settings settings;
    struct err err;
    bool accepted = parse(cases[_i].args, &settings, &err);
    ck_assert_msg(accepted == !cases[_i].want, "%s: %s", cases[_i].name, err.text);
    ck_assert_msg(accepted || strcmp(err.text, cases[_i].want) == 0, "%s: %s", cases[_i].name, err.text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mqtt_options");
    TCase *tcase = tcase_create("mqtt_options");
    tcase_add_test(tcase, defaults);
    tcase_add_test(tcase, the_password_is_the_environments);
    tcase_add_loop_test(tcase, together, 0, (int)COUNT(cases));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
