/* What the client does without a broker. With one: test/integration/test_input.py and
 * test_replay.py. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/clock.h"
#include "mqtt/client.h"
#include "support.h"

#define S INT64_C(1000000000)

static char logged[2048];
static int lines;

static void on_log(void *ctx, enum log_level level, const char *line)
{
    (void)ctx;
    (void)level;
    lines++;
    snprintf(logged, sizeof logged, "%s", line);
}

static void begin(void)
{
    logged[0] = '\0';
    lines = 0;
}

static struct mqtt_settings settings_for(size_t port)
{
    return (struct mqtt_settings){.host = "127.0.0.1",
                                  .port = port,
                                  .client_id = "test",
                                  .username = "",
                                  .keepalive_ns = 30 * S,
                                  .reconnect_max_ns = 30 * S};
}

static struct mqtt_client *new_client(const struct mqtt_settings *settings, struct err *err)
{
    const struct mqtt_client_callbacks callbacks = {.log = on_log};
    err_clear(err);
    return mqtt_client_new(settings, &callbacks, err);
}

/* A port of the loopback interface; listening, or with nobody there. */
static int open_port(bool listens, size_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    ck_assert(!listens || listen(fd, 1) == 0);
    *port = ntohs(address.sin_port);
    return fd;
}

/* Turns until one more line is logged. Time is the test's own, from *now_ns on. */
static void turn_until_logged(struct mqtt_client *mqtt, int64_t now_ns)
{
    int before = lines;
    for (int i = 0; i < 1000 && lines == before; i++) {
        struct pollfd watched = mqtt_client_poll(mqtt, true);
        (void)poll(&watched, 1, watched.fd < 0 ? 0 : 100);
        mqtt_client_turn(mqtt, watched.fd < 0 ? 0 : watched.revents, true, now_ns);
    }
    ck_assert_int_eq(lines, before + 1);
}

START_TEST(nobody_there)
{
    size_t port;
    int fd = open_port(false, &port);
    struct mqtt_settings settings = settings_for(port);
    settings.tls = (enum mqtt_settings_tls)_i;
    struct err err;
    char want[256];
    struct mqtt_client *mqtt = new_client(&settings, &err);
    ck_assert_msg(mqtt != NULL, "%s", err.text);
    ck_assert(!mqtt_client_is_connected(mqtt) && !mqtt_client_is_closed(mqtt));
    ck_assert_int_eq(mqtt_client_poll(mqtt, true).fd, -1);
    int64_t now_ns = 100 * S;
    int64_t limit_ns = S;
    for (size_t attempt = 1; attempt <= 7; attempt++) {
        turn_until_logged(mqtt, now_ns);
        snprintf(want, sizeof want, "127.0.0.1:%zu: cannot connect: ", port);
        ck_assert_msg(strncmp(logged, want, strlen(want)) == 0 && strstr(logged, "refused") &&
                          strstr(logged, "check --host") && strstr(logged, "; next try in "),
                      "%s", logged);
        ck_assert_uint_eq(mqtt_client_failures(mqtt), attempt);
        int64_t next_ns = mqtt_client_deadline_ns(mqtt, true);
        ck_assert(next_ns >= now_ns && next_ns < now_ns + limit_ns);
        /* Not before its time. */
        mqtt_client_turn(mqtt, 0, true, next_ns - 1);
        ck_assert_int_eq(mqtt_client_poll(mqtt, true).fd, -1);
        now_ns = next_ns;
        limit_ns = limit_ns * 2 < 30 * S ? limit_ns * 2 : 30 * S;
    }
    mqtt_client_free(mqtt);
    close(fd);
}
END_TEST

/* Accepts and says nothing. */
START_TEST(a_broker_that_does_not_answer)
{
    size_t port;
    int fd = open_port(true, &port);
    struct mqtt_settings settings = settings_for(port);
    struct err err;
    struct mqtt_client *mqtt = new_client(&settings, &err);
    ck_assert_ptr_nonnull(mqtt);
    for (int i = 0; i < 10; i++) {
        struct pollfd watched = mqtt_client_poll(mqtt, true);
        (void)poll(&watched, 1, 0);
        mqtt_client_turn(mqtt, watched.revents, true, 100 * S);
    }
    ck_assert_int_eq(lines, 0);
    ck_assert_int_eq(mqtt_client_deadline_ns(mqtt, true), 115 * S);
    mqtt_client_turn(mqtt, 0, true, 115 * S);
    ck_assert_msg(strstr(logged, "cannot connect: no answer: check --host and --port"), "%s", logged);
    ck_assert(!mqtt_client_is_connected(mqtt));
    mqtt_client_free(mqtt);
    close(fd);
}
END_TEST

/* Answers with what is not MQTT. */
START_TEST(not_a_broker)
{
    size_t port;
    int fd = open_port(true, &port);
    struct mqtt_settings settings = settings_for(port);
    struct err err;
    struct mqtt_client *mqtt = new_client(&settings, &err);
    ck_assert_ptr_nonnull(mqtt);
    mqtt_client_turn(mqtt, 0, true, 100 * S);
    int client = accept(fd, NULL, NULL);
    ck_assert_int_ge(client, 0);
    ck_assert_int_gt(write(client, "HTTP/1.1 400 Bad Request\r\n\r\n", 28), 0);
    close(client);
    turn_until_logged(mqtt, 100 * S);
    ck_assert_msg(strstr(logged, "check --port and --tls"), "%s", logged);
    mqtt_client_free(mqtt);
    close(fd);
}
END_TEST

START_TEST(disconnect_without_a_connection)
{
    struct mqtt_settings settings = settings_for(1);
    struct err err;
    struct mqtt_client *mqtt = new_client(&settings, &err);
    ck_assert_ptr_nonnull(mqtt);
    mqtt_client_disconnect(mqtt);
    ck_assert(mqtt_client_is_closed(mqtt));
    mqtt_client_turn(mqtt, 0, true, 100 * S);
    ck_assert(mqtt_client_is_closed(mqtt));
    ck_assert_int_eq(mqtt_client_deadline_ns(mqtt, true), CLOCK_NEVER);
    mqtt_client_free(mqtt);
}
END_TEST

START_TEST(what_cannot_be)
{
    static const struct {
        const char *name;
        struct mqtt_settings settings;
        const char *want;
    } cases[] = {
        {"CA", {.ca_file = "/nonexistent/ca"}, "--tls-ca: /nonexistent/ca: No such file or directory"},
        {"certificate", {.cert_file = "/nonexistent/c"}, "--tls-cert: /nonexistent/c: No such file or directory"},
        {"key", {.key_file = "/nonexistent/k"}, "--tls-key: /nonexistent/k: No such file or directory"},
        {"password", {.password_file = "/nonexistent/p"}, "password file /nonexistent/p: No such file or directory"},
    };
    struct err err;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct mqtt_settings settings = settings_for(1);
        settings.tls = MQTT_SETTINGS_TLS_VERIFY;
        settings.ca_file = cases[i].settings.ca_file;
        settings.cert_file = cases[i].settings.cert_file;
        settings.key_file = cases[i].settings.key_file;
        settings.password_file = cases[i].settings.password_file;
        ck_assert_msg(!new_client(&settings, &err), "%s", cases[i].name);
        ck_assert_str_eq(err.text, cases[i].want);
    }

    struct mqtt_settings settings = settings_for(1);
    struct mqtt_client *mqtt = new_client(&settings, &err);
    ck_assert_ptr_nonnull(mqtt);
    for (int i = 0; i < MQTT_CLIENT_MAX_SUBSCRIPTIONS; i++) {
        ck_assert(mqtt_client_subscribe(mqtt, "a/+", 1));
    }
    ck_assert(!mqtt_client_subscribe(mqtt, "a/+", 1));
    int mid = 0;
    ck_assert(!mqtt_client_publish(mqtt, SPAN_LITERAL("a"), SPAN_LITERAL("x"), 1, false, NULL, &mid, &err));
    ck_assert_str_eq(err.text, "not connected");
    mqtt_client_free(mqtt);
    mqtt_client_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mqtt");
    TCase *tcase = tcase_create("mqtt");
    tcase_add_checked_fixture(tcase, begin, NULL);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, nobody_there, MQTT_SETTINGS_TLS_OFF,
                        MQTT_SETTINGS_TLS_INSECURE + 1); /* whatever TLS was wanted */
    tcase_add_test(tcase, a_broker_that_does_not_answer);
    tcase_add_test(tcase, not_a_broker);
    tcase_add_test(tcase, disconnect_without_a_connection);
    tcase_add_test(tcase, what_cannot_be);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
