/* The receiver between a pair of sockets. With libmosquitto around it: test_client.c. */
#include <sys/socket.h>
#include <unistd.h>

#include "mqtt/receiver.h"
#include "support.h"

static struct mqtt_receiver receiver;
static int ours, peer;
static size_t messages;
static size_t wanted; /* messages in a read */
static int last_mid;

static void begin(void)
{
    int fds[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    ours = fds[0];
    peer = fds[1];
    messages = 0;
    wanted = SIZE_MAX;
    ck_assert(mqtt_receiver_init(&receiver));
}

static void end(void)
{
    mqtt_receiver_free(&receiver);
    close(ours);
    close(peer);
}

static bool on_message(void *ctx, const struct mqtt_message *message)
{
    (void)ctx;
    last_mid = message->mid;
    return ++messages < wanted;
}

static void say(struct span bytes)
{
    ck_assert_int_eq(write(peer, bytes.ptr, bytes.len), (ssize_t)bytes.len);
}

#define SAY(literal) say((struct span){literal, sizeof(literal) - 1})

/* QoS 1, packet identifiers from 1 on. */
static void say_messages(int count)
{
    for (int i = 1; i <= count; i++) {
        const char packet[] = {0x32, 8, 0, 1, 't', (char)(i >> 8), (char)i, 0, '{', '}'};
        say((struct span){packet, sizeof packet});
    }
}

static enum mqtt_receiver_next receive(void)
{
    return mqtt_receiver_read(&receiver, ours, on_message, NULL);
}

START_TEST(all_that_is_there)
{
    char acks[4096];
    ck_assert_int_eq(receive(), MQTT_RECEIVER_GO_ON); /* nothing */
    say_messages(200);
    SAY("\xd0\0\x32"); /* PINGRESP, and what has begun */
    ck_assert_int_eq(receive(), MQTT_RECEIVER_GO_ON);
    ck_assert_uint_eq(messages, 200);
    ck_assert(mqtt_receiver_has_acks(&receiver) && mqtt_receiver_has_room(&receiver));
    ck_assert_int_lt(recv(peer, acks, sizeof acks, MSG_DONTWAIT), 0);
    mqtt_receiver_send_acks(&receiver, ours);
    ck_assert(!mqtt_receiver_has_acks(&receiver));
    ck_assert_int_eq(recv(peer, acks, sizeof acks, MSG_DONTWAIT), 800);
    for (int i = 1; i <= 200; i++) {
        const char puback[] = {0x40, 2, (char)(i >> 8), (char)i};
        ck_assert(memcmp(acks + 4 * (i - 1), puback, sizeof puback) == 0);
    }
    /* The library's packet is left where it is. */
    ck_assert_int_eq(receive(), MQTT_RECEIVER_ONE_FOR_LIBRARY);
    ck_assert_int_eq(read(ours, acks, 2), 2);
    ck_assert(memcmp(acks, "\xd0\0", 2) == 0);
    ck_assert_int_eq(receive(), MQTT_RECEIVER_GO_ON);
    SAY("\x08\0\x01t\x02\0\0{}");
    ck_assert_int_eq(receive(), MQTT_RECEIVER_GO_ON);
    ck_assert_uint_eq(messages, 201);
    ck_assert_int_eq(last_mid, 0x200);
}
END_TEST

START_TEST(no_more_than_is_wanted)
{
    wanted = 2;
    say_messages(3);
    ck_assert_int_eq(receive(), MQTT_RECEIVER_GO_ON);
    ck_assert_uint_eq(messages, 2);
    ck_assert_int_eq(receive(), MQTT_RECEIVER_GO_ON);
    ck_assert_uint_eq(messages, 3);
    ck_assert_int_eq(last_mid, 3);
}
END_TEST

START_TEST(what_the_library_goes_on_with)
{
    static const struct {
        struct span bytes;
        enum mqtt_receiver_next next;
    } cases[] = {
        {SPAN_LITERAL("\x32\xfc\xff\x07"), MQTT_RECEIVER_GO_ON},           /* as large as what is looked at */
        {SPAN_LITERAL("\x32\xfd\xff\x07"), MQTT_RECEIVER_PART_OF_MESSAGE}, /* one byte more */
        {SPAN_LITERAL("\x34\x20"), MQTT_RECEIVER_ALL_FOR_LIBRARY},
        {SPAN_LITERAL("\xe0"), MQTT_RECEIVER_GO_ON},
    };
    say(cases[_i].bytes);
    ck_assert_int_eq(receive(), cases[_i].next);
    if (cases[_i].next == MQTT_RECEIVER_GO_ON) { /* readable again, and nothing more is there */
        ck_assert_int_eq(receive(), MQTT_RECEIVER_PART_OF_MESSAGE);
    }
    ck_assert_uint_eq(messages, 0);
}
END_TEST

START_TEST(the_end)
{
    say_messages(1);
    shutdown(peer, SHUT_WR);
    ck_assert_int_eq(receive(), MQTT_RECEIVER_GO_ON);
    ck_assert_uint_eq(messages, 1);
    ck_assert_int_eq(receive(), MQTT_RECEIVER_ONE_FOR_LIBRARY);
    ck_assert_int_eq(mqtt_receiver_read(&receiver, -1, on_message, NULL), MQTT_RECEIVER_FAILED);
}
END_TEST

/* Kept while the socket takes nothing, until there is no room for those of one more read; then in
 * their order. */
START_TEST(acks_that_cannot_be_sent)
{
    char bytes[65536] = {0};
    size_t others = 0;
    size_t acks = 0;
    ssize_t n;
    while ((n = send(ours, bytes, 1000, MSG_DONTWAIT)) > 0) {
        others += (size_t)n;
    }
    while (mqtt_receiver_has_room(&receiver)) {
        say_messages(100);
        ck_assert_int_eq(receive(), MQTT_RECEIVER_GO_ON);
        mqtt_receiver_send_acks(&receiver, ours);
        ck_assert_uint_lt(messages, 100000);
    }
    while (mqtt_receiver_has_acks(&receiver) || acks < 4 * messages) {
        n = recv(peer, bytes, sizeof bytes, MSG_DONTWAIT);
        for (ssize_t i = 0; i < n; i++) {
            if (others > 0) {
                others--;
            } else {
                ck_assert(acks % 4 != 3 || (size_t)bytes[i] == acks / 4 % 100 + 1);
                acks++;
            }
        }
        mqtt_receiver_send_acks(&receiver, ours);
    }
    ck_assert_uint_eq(acks, 4 * messages);
}
END_TEST

START_TEST(acks_of_a_connection_that_is_gone)
{
    for (int reset = 0; reset < 2; reset++) {
        say_messages(2);
        ck_assert_int_eq(receive(), MQTT_RECEIVER_GO_ON);
        if (reset == 0) {
            mqtt_receiver_reset(&receiver);
        } else {
            close(peer);
            mqtt_receiver_send_acks(&receiver, ours);
        }
        ck_assert(!mqtt_receiver_has_acks(&receiver));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mqtt_receiver");
    TCase *tcase = tcase_create("mqtt_receiver");
    tcase_add_checked_fixture(tcase, begin, end);
    tcase_add_test(tcase, all_that_is_there);
    tcase_add_test(tcase, no_more_than_is_wanted);
    tcase_add_loop_test(tcase, what_the_library_goes_on_with, 0, 4);
    tcase_add_test(tcase, the_end);
    tcase_add_test(tcase, acks_that_cannot_be_sent);
    tcase_add_test(tcase, acks_of_a_connection_that_is_gone);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
