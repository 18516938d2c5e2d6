/* That the options reach the broker is tested with a real one: test/integration/test_input.py. */
#include <stdio.h>
#include <unistd.h>

#include "mqtt/setup.h"
#include "support.h"

#define S INT64_C(1000000000)

static char file[] = "/tmp/test_setup.XXXXXX";
static struct mosquitto *library;
static struct mqtt_failure_facts facts;
static unsigned others;

static void start(void)
{
    snprintf(file, sizeof file, "/tmp/test_setup.XXXXXX");
    int fd = mkstemp(file);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "not a certificate\n", 18), 18);
    close(fd);
    mosquitto_lib_init();
    library = mosquitto_new("test", true, NULL);
    ck_assert_ptr_nonnull(library);
}

static void end(void)
{
    mosquitto_destroy(library);
    mosquitto_lib_cleanup();
    unlink(file);
}

/* As IANA has them: mqtt and secure-mqtt. */
START_TEST(port)
{
    struct mqtt_settings settings = {.tls = MQTT_SETTINGS_TLS_OFF};
    ck_assert_int_eq(mqtt_setup_port(&settings), 1883);
    for (int tls = MQTT_SETTINGS_TLS_VERIFY; tls <= MQTT_SETTINGS_TLS_INSECURE; tls++) {
        settings.tls = (enum mqtt_settings_tls)tls;
        ck_assert_int_eq(mqtt_setup_port(&settings), 8883);
    }
    settings.port = 65535;
    ck_assert_int_eq(mqtt_setup_port(&settings), 65535);
}
END_TEST

START_TEST(keepalive)
{
    const struct mqtt_settings settings = {.keepalive_ns = 65535 * S};
    ck_assert_int_eq(mqtt_setup_keepalive_s(&settings), 65535);
}
END_TEST

START_TEST(files)
{
    struct mqtt_settings settings = {.ca_file = file, .cert_file = file, .key_file = file, .password_file = file};
    struct err err;
    err_clear(&err);
    ck_assert_msg(mqtt_setup_check_files(&settings, &err), "%s", err.text);
    settings.key_file = "/nonexistent/key";
    ck_assert(!mqtt_setup_check_files(&settings, &err));
    ck_assert_str_eq(err.text, "--tls-key: /nonexistent/key: No such file or directory");
}
END_TEST

START_TEST(every_kind_of_tls)
{
    struct mqtt_settings settings = {.tls = (enum mqtt_settings_tls)_i, .receive_maximum = 65535, .send_maximum = 1};
    ck_assert_int_eq(mqtt_setup_library(library, &settings, &facts), MOSQ_ERR_SUCCESS);
}
END_TEST

START_TEST(what_the_library_does_not_take)
{
    const struct mqtt_settings no_ca = {.tls = MQTT_SETTINGS_TLS_VERIFY, .ca_file = "/nonexistent/ca"};
    const struct mqtt_settings too_many = {.receive_maximum = 65536};
    ck_assert_int_eq(mqtt_setup_library(library, &no_ca, &facts), MOSQ_ERR_INVAL);
    ck_assert_int_eq(mqtt_setup_library(library, &too_many, &facts), MOSQ_ERR_INVAL);
}
END_TEST

START_TEST(login)
{
    struct mqtt_settings settings = {.username = "", .password = NULL};
    struct err err;
    err_clear(&err);
    ck_assert_msg(mqtt_setup_login(library, &settings, &others, &err), "%s", err.text);
    settings.username = "me";
    settings.password_file = file;
    ck_assert_msg(mqtt_setup_login(library, &settings, &others, &err), "%s", err.text);
    settings.password_file = "/nonexistent/p";
    ck_assert(!mqtt_setup_login(library, &settings, &others, &err));
    ck_assert_str_eq(err.text, "password file /nonexistent/p: No such file or directory");
    err_clear(&err);
    settings.password_file = NULL;
    settings.username = "\xff"; /* MQTT 5, 3.1.3.5: a user name is UTF-8 */
    ck_assert(!mqtt_setup_login(library, &settings, &others, &err));
    ck_assert_msg(strncmp(err.text, "user name and password: ", 24) == 0, "%s", err.text);
}
END_TEST

START_TEST(connect_properties)
{
    const struct mqtt_settings none = {.host = "127.0.0.1"};
    const struct mqtt_settings both = {.host = "127.0.0.1", .session_expiry_ns = 86400 * S, .max_packet = 1 << 20};
    ck_assert_int_eq(mqtt_setup_connect_properties(library, &none), MOSQ_ERR_SUCCESS);
    ck_assert_int_eq(mqtt_setup_connect_properties(library, &both), MOSQ_ERR_SUCCESS);
    ck_assert_int_eq(mosquitto_socket(library), -1); /* nothing was connected to */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mqtt_setup");
    TCase *tcase = tcase_create("mqtt_setup");
    tcase_add_checked_fixture(tcase, start, end);
    tcase_add_test(tcase, port);
    tcase_add_test(tcase, keepalive);
    tcase_add_test(tcase, files);
    tcase_add_loop_test(tcase, every_kind_of_tls, MQTT_SETTINGS_TLS_OFF, MQTT_SETTINGS_TLS_INSECURE + 1);
    tcase_add_test(tcase, what_the_library_does_not_take);
    tcase_add_test(tcase, login);
    tcase_add_test(tcase, connect_properties);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
