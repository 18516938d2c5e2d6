/* Packets are written out by hand from MQTT 5: 2.1 (fixed header), 2.2.2 (properties), 3.3
 * (PUBLISH), 3.4 (PUBACK). */
#include "mqtt/packet.h"
#include "support.h"

/* A literal may hold NULs. */
#define PACKET(literal)                                                                                                \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }

static struct mqtt_message message;

static void expect_text(struct span got, struct span want)
{
    ck_assert_msg(span_equal(got, want), "got \"%.*s\", wanted \"%.*s\"", (int)got.len, got.ptr, (int)want.len,
                  want.ptr);
}

static const struct span full = PACKET("\x3b\x55"
                                       "\0\x06"
                                       "v1/vm/"
                                       "\x12\x34"
                                       "\x45"
                                       "\x01\x01"
                                       "\x02\xff\xff\xff\xfe"
                                       "\x03\0\x10"
                                       "application/json"
                                       "\x08\0\x01r"
                                       "\x09\0\x03"
                                       "a\0b"
                                       "\x26\0\x08priority\0\x04high"
                                       "\x26\0\x08priority\0\x03low"
                                       "{}xyz");

START_TEST(every_property)
{
    size_t size = 0;
    ck_assert_int_eq(mqtt_packet_read(full, &size, &message), MQTT_PACKET_MESSAGE);
    ck_assert_uint_eq(size, full.len);
    ck_assert_int_eq(message.qos, 1);
    ck_assert_int_eq(message.mid, 0x1234);
    ck_assert(message.retain);
    expect_text(message.topic, SPAN_LITERAL("v1/vm/"));
    expect_text(message.payload, SPAN_LITERAL("{}xyz"));
    const struct property *items = message.properties.items;
    ck_assert_uint_eq(message.properties.count, 7);
    ck_assert(items[0].id == PROPERTY_PAYLOAD_FORMAT && items[0].number == 1);
    ck_assert(items[1].id == PROPERTY_MESSAGE_EXPIRY && items[1].number == UINT32_MAX - 1);
    ck_assert_int_eq(items[2].id, PROPERTY_CONTENT_TYPE);
    expect_text(items[2].text, SPAN_LITERAL("application/json"));
    ck_assert_int_eq(items[3].id, PROPERTY_RESPONSE_TOPIC);
    expect_text(items[3].text, SPAN_LITERAL("r"));
    ck_assert_int_eq(items[4].id, PROPERTY_CORRELATION_DATA);
    expect_text(items[4].text, (struct span)PACKET("a\0b"));
    ck_assert_int_eq(items[6].id, PROPERTY_USER);
    expect_text(items[5].name, SPAN_LITERAL("priority"));
    expect_text(items[5].text, SPAN_LITERAL("high"));
    expect_text(items[6].text, SPAN_LITERAL("low"));
}
END_TEST

START_TEST(without_anything)
{
    struct span packet = PACKET("\x30\x04\0\x01t\0behind");
    size_t size = 0;
    message.properties.count = 5; /* of the one before */
    ck_assert_int_eq(mqtt_packet_read(packet, &size, &message), MQTT_PACKET_MESSAGE);
    ck_assert_uint_eq(size, 6);
    ck_assert(message.qos == 0 && message.mid == 0 && !message.retain);
    ck_assert_uint_eq(message.payload.len, 0);
    ck_assert_uint_eq(message.properties.count, 0);
}
END_TEST

/* It asks for more than there is, and for no more than there will be. */
START_TEST(each_beginning)
{
    for (size_t len = 0; len < full.len; len++) {
        size_t size = 0;
        ck_assert_int_eq(mqtt_packet_read((struct span){full.ptr, len}, &size, &message), MQTT_PACKET_INCOMPLETE);
        ck_assert_msg(size > len && size <= full.len, "of %zu: %zu", len, size);
    }
    /* The longest that there is: 256 MiB, and 5 bytes of header. */
    size_t size = 0;
    ck_assert_int_eq(mqtt_packet_read((struct span)PACKET("\x30\xff\xff\xff\x7f\0"), &size, &message),
                     MQTT_PACKET_INCOMPLETE);
    ck_assert_uint_eq(size, 268435460);
}
END_TEST

START_TEST(what_is_left_to_the_library)
{
    static const struct {
        const char *name;
        enum mqtt_packet_kind kind;
        struct span packet;
    } cases[] = {
        {"PINGRESP", MQTT_PACKET_OTHER, PACKET("\xd0\0")},
        {"SUBACK", MQTT_PACKET_OTHER, PACKET("\x90\x04\0\x01\0\x01")},
        {"QoS 2", MQTT_PACKET_QOS_2, PACKET("\x34\x06\0\x01t\0\x01\0")},
        {"QoS 2, the beginning", MQTT_PACKET_QOS_2, PACKET("\x34\x06")},
        {"QoS 3", MQTT_PACKET_QOS_2, PACKET("\x36\x06\0\x01t\0\x01\0")},
        {"a length that does not end", MQTT_PACKET_OTHER, PACKET("\x30\x80\x80\x80\x80\x01")},
        {"nothing in it", MQTT_PACKET_OTHER, PACKET("\x30\0")},
        {"no topic", MQTT_PACKET_OTHER, PACKET("\x30\x03\0\0\0")},
        {"a topic longer than the packet", MQTT_PACKET_OTHER, PACKET("\x30\x04\0\x09t\0")},
        {"a topic that is not UTF-8", MQTT_PACKET_OTHER, PACKET("\x30\x04\0\x01\xff\0")},
        {"NUL in the topic", MQTT_PACKET_OTHER, PACKET("\x30\x04\0\x01\0\0")},
        {"no packet identifier", MQTT_PACKET_OTHER, PACKET("\x32\x03\0\x01t")},
        {"packet identifier 0", MQTT_PACKET_OTHER, PACKET("\x32\x06\0\x01t\0\0\0")},
        {"no properties' length", MQTT_PACKET_OTHER, PACKET("\x30\x03\0\x01t")},
        {"properties longer than the packet", MQTT_PACKET_OTHER, PACKET("\x30\x06\0\x01t\x09\x01\x01")},
        {"a property longer than they are", MQTT_PACKET_OTHER, PACKET("\x30\x08\0\x01t\x03\x03\0\x09x")},
        {"a topic alias", MQTT_PACKET_OTHER, PACKET("\x30\x07\0\x01t\x03\x23\0\x01")},
        {"a subscription identifier", MQTT_PACKET_OTHER, PACKET("\x30\x06\0\x01t\x02\x0b\x07")},
        {"what only CONNACK may have", MQTT_PACKET_OTHER, PACKET("\x30\x07\0\x01t\x03\x21\0\x05")},
        {"half a property behind a good one", MQTT_PACKET_OTHER, PACKET("\x30\x08\0\x01t\x04\x01\x01\x26\0")},
        {"payload format 2", MQTT_PACKET_OTHER, PACKET("\x30\x06\0\x01t\x02\x01\x02")},
        {"payload format twice", MQTT_PACKET_OTHER, PACKET("\x30\x08\0\x01t\x04\x01\x01\x01\x01")},
        {"a name that is not UTF-8", MQTT_PACKET_OTHER, PACKET("\x30\x0a\0\x01t\x06\x26\0\x01\xff\0\0")},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t size = 0;
        enum mqtt_packet_kind kind = mqtt_packet_read(cases[i].packet, &size, &message);
        ck_assert_msg(kind == cases[i].kind, "%s: %d", cases[i].name, (int)kind);
    }
}
END_TEST

/* libmosquitto ends the program for these. Which properties there are: 2.2.2.2; where they stand: 3.2, 3.4 to 3.7,
 * 3.9, 3.11, 3.14, 3.15. */
START_TEST(a_property_that_there_is_not)
{
    static const struct {
        const char *name;
        enum mqtt_packet_kind kind;
        struct span packet;
    } cases[] = {
        {"PUBLISH", MQTT_PACKET_POISONED, PACKET("\x30\x06\0\x01t\x02\x7f\x01")},
        {"QoS 1", MQTT_PACKET_POISONED, PACKET("\x32\x08\0\x01t\0\x01\x02\x7f\x01")},
        {"QoS 2", MQTT_PACKET_POISONED, PACKET("\x34\x08\0\x01t\0\x01\x02\x7f\x01")},
        {"the number 0", MQTT_PACKET_POISONED, PACKET("\x30\x06\0\x01t\x02\0\x01")},
        {"a long number", MQTT_PACKET_POISONED, PACKET("\x30\x07\0\x01t\x03\x81\x01\x01")},
        {"behind one that is refused", MQTT_PACKET_POISONED, PACKET("\x30\x08\0\x01t\x04\x01\x02\x7f\x01")},
        {"behind every kind", MQTT_PACKET_POISONED,
         PACKET("\x30\x25\0\x01t\x21\x01\x01\x02\0\0\0\x01\x03\0\x01x\x09\0\x02xy\x0b\x80\x01\x13\0\x01\x26\0\x01x\0"
                "\x01y\x7f")},
        {"a PUBLISH that is not there whole", MQTT_PACKET_POISONED, PACKET("\x30\xff\x7f\0\x01t\x7f\x7f")},
        {"... and has not come so far", MQTT_PACKET_INCOMPLETE, PACKET("\x30\xff\x7f\0\x01t\x7f")},
        {"CONNACK", MQTT_PACKET_POISONED, PACKET("\x20\x05\0\0\x02\x7f\x01")},
        {"CONNACK, a good one", MQTT_PACKET_OTHER, PACKET("\x20\x06\0\0\x03\x21\0\x14")},
        {"PUBACK", MQTT_PACKET_POISONED, PACKET("\x40\x06\0\x01\0\x02\x7f\x01")},
        {"PUBACK without", MQTT_PACKET_OTHER, PACKET("\x40\x02\0\x01")},
        {"PUBREC", MQTT_PACKET_POISONED, PACKET("\x50\x06\0\x01\0\x02\x7f\x01")},
        {"PUBREL", MQTT_PACKET_POISONED, PACKET("\x62\x06\0\x01\0\x02\x7f\x01")},
        {"PUBCOMP", MQTT_PACKET_POISONED, PACKET("\x70\x06\0\x01\0\x02\x7f\x01")},
        {"SUBACK", MQTT_PACKET_POISONED, PACKET("\x90\x06\0\x01\x02\x7f\x01\x01")},
        {"UNSUBACK", MQTT_PACKET_POISONED, PACKET("\xb0\x06\0\x01\x02\x7f\x01\0")},
        {"DISCONNECT", MQTT_PACKET_POISONED, PACKET("\xe0\x04\x81\x02\x7f\x01")},
        {"DISCONNECT, a good one", MQTT_PACKET_OTHER, PACKET("\xe0\x06\x81\x04\x1f\0\x01x")},
        {"DISCONNECT without", MQTT_PACKET_OTHER, PACKET("\xe0\0")},
        {"AUTH", MQTT_PACKET_POISONED, PACKET("\xf0\x04\x18\x02\x7f\x01")},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span packet = exact(cases[i].packet);
        size_t size = 0;
        enum mqtt_packet_kind kind = mqtt_packet_read(packet, &size, &message);
        ck_assert_msg(kind == cases[i].kind, "%s: %d", cases[i].name, (int)kind);
        release(packet);
    }
}
END_TEST

/* 1.5.4: U+0000 and what is no UTF-8 must be refused (above); these may be, and are taken. */
START_TEST(odd_topics)
{
    static const struct span topics[] = {
        PACKET("\x30\x06\0\x03"
               "a\x01z"
               "\0"),
        PACKET("\x30\x06\0\x03"
               "a\x7fz"
               "\0"),
        PACKET("\x30\x07\0\x04"
               "a\xc2\x85z"
               "\0"),
        PACKET("\x30\x08\0\x05"
               "a\xef\xbb\xbfz"
               "\0"),
        PACKET("\x30\x08\0\x05"
               "a\xef\xbf\xbfz"
               "\0"),
        PACKET("\x30\x08\0\x05"
               "a\xe2\x80\xaez"
               "\0"),
    };
    for (size_t i = 0; i < COUNT(topics); i++) {
        size_t size = 0;
        ck_assert_int_eq(mqtt_packet_read(topics[i], &size, &message), MQTT_PACKET_MESSAGE);
        ck_assert_uint_eq(message.topic.len, (size_t)topics[i].ptr[3]);
    }
}
END_TEST

START_TEST(puback)
{
    struct buf out;
    buf_init(&out, 8);
    mqtt_packet_add_puback(&out, 1);
    mqtt_packet_add_puback(&out, 0xfedc);
    expect_text(buf_view(&out), (struct span)PACKET("\x40\x02\0\x01\x40\x02\xfe\xdc"));
    buf_free(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mqtt_packet");
    TCase *tcase = tcase_create("mqtt_packet");
    tcase_add_test(tcase, every_property);
    tcase_add_test(tcase, without_anything);
    tcase_add_test(tcase, each_beginning);
    tcase_add_test(tcase, what_is_left_to_the_library);
    tcase_add_test(tcase, a_property_that_there_is_not);
    tcase_add_test(tcase, odd_topics);
    tcase_add_test(tcase, puback);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
