/* What the client does without a broker. With one: test/integration/test_input.py and
 * test_replay.py. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/units.h"
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

/* ---- a broker of the test's own: what it says and hears are bytes ---- */

#define BIG_BYTES 200000 /* more than the receiver looks at */

static struct {
    int listener;
    int fd;
    struct mqtt_client *mqtt;
    struct buf heard; /* from the client */
    struct buf got;   /* the messages, as text */
    size_t messages;  /* called back */
    bool wants_one;   /* in a turn */
    size_t readable;  /* turns with something to read */
} fake;

static bool on_message(void *ctx, const struct mqtt_message *message)
{
    (void)ctx;
    fake.messages++;
    buf_format(&fake.got, "%.*s qos %d mid %d retain %d properties %zu, %zu bytes %.*s\n", (int)message->topic.len,
               message->topic.ptr, message->qos, message->mid, message->retain, message->properties.count,
               message->payload.len, message->payload.len < 20 ? (int)message->payload.len : 20, message->payload.ptr);
    for (size_t i = 0; i < message->properties.count; i++) {
        const struct property *property = &message->properties.items[i];
        buf_format(&fake.got, "  %d %u ", (int)property->id, property->number);
        buf_span(&fake.got, property->name);
        buf_char(&fake.got, '=');
        buf_span(&fake.got, property->text);
        buf_char(&fake.got, '\n');
    }
    return !fake.wants_one;
}

static void say(struct span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fake.fd, bytes.ptr, bytes.len);
        ck_assert_int_gt(n, 0);
        bytes = span_after(bytes, (size_t)n);
    }
}

#define SAY(literal) say((struct span){literal, sizeof(literal) - 1})

/* Takes what the client has sent. */
static void listen_now(void)
{
    char bytes[4096];
    ssize_t n;
    while ((n = recv(fake.fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        buf_bytes(&fake.heard, bytes, (size_t)n);
    }
}

static void turn(int wait_ms)
{
    struct pollfd watched = mqtt_client_poll(fake.mqtt, true);
    (void)poll(&watched, 1, watched.fd < 0 ? 0 : wait_ms);
    fake.readable += (watched.revents & POLLIN) != 0;
    mqtt_client_turn(fake.mqtt, watched.fd < 0 ? 0 : watched.revents, true, 100 * S);
}

static void turn_until_messages(size_t count)
{
    for (int i = 0; i < 10000 && fake.messages < count; i++) {
        turn(100);
    }
    ck_assert_uint_eq(fake.messages, count);
}

static void turn_until_heard(size_t bytes)
{
    for (int i = 0; i < 10000 && fake.heard.len < bytes; i++) {
        turn(1);
        listen_now();
    }
    ck_assert_uint_eq(fake.heard.len, bytes);
}

static void begin_fake(void)
{
    size_t port;
    struct err err;
    const struct mqtt_client_callbacks callbacks = {.log = on_log, .message = on_message};
    begin();
    memset(&fake, 0, sizeof fake);
    buf_init(&fake.heard, MIB);
    buf_init(&fake.got, MIB);
    fake.listener = open_port(true, &port);
    struct mqtt_settings settings = settings_for(port);
    err_clear(&err);
    fake.mqtt = mqtt_client_new(&settings, &callbacks, &err);
    ck_assert_msg(fake.mqtt != NULL, "%s", err.text);
    turn(0);
    fake.fd = accept(fake.listener, NULL, NULL);
    ck_assert_int_ge(fake.fd, 0);
    const int at_once = 1;
    ck_assert_int_eq(setsockopt(fake.fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once), 0);
    SAY("\x20\x03\0\0\0"); /* CONNACK */
    turn_until_logged(fake.mqtt, 100 * S);
    ck_assert(mqtt_client_is_connected(fake.mqtt));
    listen_now();
    ck_assert_msg(fake.heard.len > 0 && fake.heard.ptr[0] == 0x10, "no CONNECT");
    buf_truncate(&fake.heard, 0);
}

static void end_fake(void)
{
    mqtt_client_free(fake.mqtt);
    buf_free(&fake.heard);
    buf_free(&fake.got);
    close(fake.fd);
    close(fake.listener);
}

/* A PUBLISH with QoS 1 and a payload of that size. */
static void say_big(int mid)
{
    static char payload[BIG_BYTES];
    size_t len = 6 + sizeof payload;
    const char header[] = {
        0x32, (char)(len | 0x80), (char)(len >> 7 | 0x80), (char)(len >> 14), 0, 1, 'b', 0, (char)mid, 0};
    memset(payload, 'x', sizeof payload);
    say((struct span){header, sizeof header});
    say((struct span){payload, sizeof payload});
}

/* Those that the receiver takes, those that it leaves to the library because they are large or odd, and QoS 0. */
static const struct {
    struct span bytes; /* none = a large one */
    int mid;
} kinds[] = {
    {{"\x32\x08\0\x01"
      "a\0\x01\0{}",
      10},
     1},
    {{NULL, 0}, 2},
    {{"\x32\x0a\0\x01"
      "c\0\x03\x02\x0b\x07{}",
      12},
     3}, /* a subscription identifier */
    {{"\x30\x06\0\x01"
      "d\0{}",
      8},
     0},
    {{"\x33\x08\0\x01"
      "e\0\x05\0{}",
      10},
     5},
    {{NULL, 0}, 6},
};

static void say_kind(size_t kind)
{
    if (kinds[kind].bytes.ptr) {
        say(kinds[kind].bytes);
    } else {
        say_big(kinds[kind].mid);
    }
}

/* After each turn the client has sent what was acknowledged before, and no byte more. */
START_TEST(nothing_is_acknowledged_before_the_program_says_so)
{
    char want[4 * COUNT(kinds)];
    size_t wanted = 0;
    size_t seen = 0;
    for (size_t round = 0; round < COUNT(kinds); round++) {
        say_kind((round + (size_t)_i) % COUNT(kinds));
        while (seen < round + 1) {
            turn_until_messages(seen + 1);
            for (int i = 0; i < 5; i++) {
                turn(0);
            }
            listen_now();
            ck_assert_uint_eq(fake.heard.len, wanted);
            for (; seen < fake.messages; seen++) {
                int mid = kinds[(seen + (size_t)_i) % COUNT(kinds)].mid;
                if (mid > 0) {
                    memcpy(want + wanted, (char[]){0x40, 2, 0, (char)mid}, 4);
                    wanted += 4;
                }
            }
            mqtt_client_acknowledge(fake.mqtt);
            turn_until_heard(wanted);
            ck_assert(memcmp(fake.heard.ptr, want, wanted) == 0);
        }
    }
    ck_assert_int_eq(lines, 1);
}
END_TEST

/* Whatever comes together: PUBACKs in the order of their messages, although two sides send them. */
START_TEST(acknowledged_in_order)
{
    pid_t child = fork();
    if (child == 0) { /* more than a socket takes at once */
        for (size_t i = 0; i < 10 * COUNT(kinds); i++) {
            say_kind((i + (size_t)_i) % COUNT(kinds));
        }
        _exit(0);
    }
    for (int i = 0; i < 100000 && (fake.heard.len < 10 * 5 * 4 || fake.messages < 10 * COUNT(kinds)); i++) {
        turn(100);
        mqtt_client_acknowledge(fake.mqtt);
        listen_now();
    }
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_uint_eq(fake.messages, 10 * COUNT(kinds));
    ck_assert_uint_eq(fake.heard.len, 10 * 5 * 4);
    size_t at = 0;
    for (size_t i = 0; i < 10 * COUNT(kinds); i++) {
        int mid = kinds[(i + (size_t)_i) % COUNT(kinds)].mid;
        if (mid > 0) {
            ck_assert_int_eq(fake.heard.ptr[at + 3], mid);
            at += 4;
        }
    }
}
END_TEST

/* A fast path beside a general one: with QoS 2 on its way (before which there may have been others)
 * the library reads all. */
START_TEST(receiver_and_library_read_the_same)
{
    static const char packets[] =
        "\x3b\x25\0\x05v1/vm\0\x11\x14\x01\x01\x02\0\0\0\x3c\x03\0\x01j\x26\0\x02pr\0\x02hi{\"a\":1}"
        "\x30\x04\0\x01t\0"
        "\x30\x09\0\x01t\x03\x08\0\0\xff\xfe"
        "\x31\x0c\0\x01t\x06\x09\0\x03\0\x01\x02xy"
        "\x32\x08\0\x01t\0\x12\0\0\0";
    say((struct span){packets, sizeof packets - 1});
    turn_until_messages(5);
    mqtt_client_acknowledge(fake.mqtt);
    turn_until_heard(8);
    size_t len = fake.got.len;
    SAY("\x34\x08\0\x01z\0\x77\0{}"); /* QoS 2, which is called back after its PUBREL only */
    say((struct span){packets, sizeof packets - 1});
    turn_until_messages(10);
    mqtt_client_acknowledge(fake.mqtt);
    turn_until_heard(8 + 4 + 8);
    ck_assert(memcmp(fake.heard.ptr + 8, "\x50\x02\0\x77", 4) == 0);
    ck_assert_msg(fake.got.len == 2 * len && memcmp(fake.got.ptr, fake.got.ptr + len, len) == 0, "%.*s",
                  (int)fake.got.len, fake.got.ptr);
}
END_TEST

/* What has begun does not wake the program again and again. */
START_TEST(byte_by_byte)
{
    static const char packets[] = "\x32\x08\0\x01t\0\x01\0{}"
                                  "\xd0\0" /* PINGRESP */
                                  "\x30\x06\0\x01t\0{}";
    for (size_t i = 0; i < sizeof packets - 1; i++) {
        ck_assert_uint_eq(fake.messages, i < 10 ? 0 : 1);
        say((struct span){packets + i, 1});
        fake.readable = 0;
        for (int turns = 0; turns < 5; turns++) {
            turn(2);
        }
        ck_assert_msg(fake.readable <= 1, "after byte %zu: %zu turns", i, fake.readable);
        mqtt_client_acknowledge(fake.mqtt);
    }
    turn_until_messages(2);
    ck_assert(mqtt_client_is_connected(fake.mqtt));
    turn_until_heard(4);
}
END_TEST

START_TEST(an_end_within_a_packet)
{
    static const struct span beginnings[] = {
        {"\x32", 1}, {"\x32\x08\0\x01t", 5}, {"\x32\xc0\x9a\x0c\0\x01t", 7}, {"\x90\x04\0", 3}};
    SAY("\x32\x08\0\x01t\0\x01\0{}");
    turn_until_messages(1);
    mqtt_client_acknowledge(fake.mqtt);
    say(beginnings[_i]);
    for (int i = 0; i < 3; i++) {
        turn(2);
    }
    ck_assert_int_eq(lines, 1);
    shutdown(fake.fd, SHUT_WR);
    turn_until_logged(fake.mqtt, 100 * S);
    ck_assert_msg(strstr(logged, "the connection is lost: the broker closed it"), "%s", logged);
    ck_assert_uint_eq(fake.messages, 1);
}
END_TEST

/* A rogue broker's: whoever gives such a packet to the library has aborted. */
START_TEST(a_property_that_there_is_not)
{
    static const struct span packets[] = {
        {"\x32\x08\0\x01t\0\x01\x02\x7f\x01", 10},
        {"\x90\x06\0\x01\x02\x7f\x01\x01", 8},
        {"\xe0\x04\x81\x02\x7f\x01", 6},
    };
    logged[0] = '\0';
    say(packets[_i]);
    turn_until_logged(fake.mqtt, 100 * S);
    ck_assert_msg(strstr(logged, "the connection is lost: what comes is not MQTT 5"), "%s", logged);
    ck_assert_uint_eq(fake.messages, 0);
}
END_TEST

START_TEST(a_program_that_wants_one_in_a_turn)
{
    fake.wants_one = true;
    SAY("\x30\x06\0\x01t\0{}\x30\x06\0\x01t\0{}\x30\x06\0\x01t\0{}");
    for (size_t i = 1; i <= 3; i++) {
        turn(100);
        ck_assert_uint_eq(fake.messages, i);
    }
}
END_TEST

/* What is not acknowledged is to come again, so nothing must say that all is well. */
START_TEST(disconnect)
{
    bool acknowledges = _i == 1;
    SAY("\x32\x08\0\x01t\0\x01\0{}");
    turn_until_messages(1);
    if (acknowledges) {
        mqtt_client_acknowledge(fake.mqtt);
    }
    mqtt_client_disconnect(fake.mqtt);
    for (int i = 0; i < 10 && !mqtt_client_is_closed(fake.mqtt); i++) {
        turn(10);
    }
    ck_assert(mqtt_client_is_closed(fake.mqtt));
    listen_now();
    ck_assert_uint_eq(fake.heard.len, acknowledges ? 4 + 2 : 0);
    ck_assert(!acknowledges || (unsigned char)fake.heard.ptr[4] == 0xe0);
}
END_TEST

/* Packet identifiers belong to the connection: what came on the one before is not acknowledged on
 * the next. */
START_TEST(a_lost_connection_takes_its_acknowledgements_along)
{
    SAY("\x32\x08\0\x01t\0\x01\0{}");
    turn_until_messages(1);
    close(fake.fd);
    turn_until_logged(fake.mqtt, 100 * S);
    int64_t retry_ns = mqtt_client_deadline_ns(fake.mqtt, true);
    mqtt_client_turn(fake.mqtt, 0, true, retry_ns);
    fake.fd = accept(fake.listener, NULL, NULL);
    ck_assert_int_ge(fake.fd, 0);
    SAY("\x20\x03\x01\0\0");
    turn_until_logged(fake.mqtt, retry_ns);
    listen_now();
    buf_truncate(&fake.heard, 0);
    mqtt_client_acknowledge(fake.mqtt);
    for (int i = 0; i < 5; i++) {
        turn(1);
    }
    listen_now();
    ck_assert_uint_eq(fake.heard.len, 0);
    SAY("\x3a\x08\0\x01t\0\x01\0{}"); /* again */
    turn_until_messages(2);
    mqtt_client_acknowledge(fake.mqtt);
    turn_until_heard(4);
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
    TCase *with_broker = tcase_create("with a broker of the test's own");
    tcase_add_checked_fixture(with_broker, begin_fake, end_fake);
    tcase_set_timeout(with_broker, 60);
    tcase_add_loop_test(with_broker, nothing_is_acknowledged_before_the_program_says_so, 0, COUNT(kinds));
    tcase_add_loop_test(with_broker, acknowledged_in_order, 0, COUNT(kinds));
    tcase_add_test(with_broker, receiver_and_library_read_the_same);
    tcase_add_test(with_broker, byte_by_byte);
    tcase_add_loop_test(with_broker, an_end_within_a_packet, 0, 4);
    tcase_add_loop_test(with_broker, a_property_that_there_is_not, 0, 3);
    tcase_add_test(with_broker, a_program_that_wants_one_in_a_turn);
    tcase_add_loop_test(with_broker, disconnect, 0, 2);
    tcase_add_test(with_broker, a_lost_connection_takes_its_acknowledgements_along);
    suite_add_tcase(suite, with_broker);
    return run_suite(suite);
}
