#include "core/topic.h"
#include "support.h"

#define T64 "0123456789012345678901234567890123456789012345678901234567890123"
#define BYTES(text)                                                                                                    \
    {                                                                                                                  \
        (text), sizeof(text) - 1                                                                                       \
    }

static const struct {
    const char *name;
    struct span topic;
    const char *prefix;
    bool ours;
    enum reject reason;
    const char *device_no;
    enum message_kind kind; /* where there is no reason to refuse */
} cases[] = {
    {"telemetry", BYTES("v1/vm/VM-SH-001/telemetry"), "v1/vm", true, REJECT_NONE, "VM-SH-001", MESSAGE_TELEMETRY},
    {"events", BYTES("v1/vm/VM-SH-001/events"), "v1/vm", true, REJECT_NONE, "VM-SH-001", MESSAGE_EVENTS},
    {"status", BYTES("v1/vm/VM-SH-001/status"), "v1/vm", true, REJECT_NONE, "VM-SH-001", MESSAGE_STATUS},
    {"every character", BYTES("v1/vm/azAZ09._:-/status"), "v1/vm", true, REJECT_NONE, "azAZ09._:-", MESSAGE_STATUS},
    {"one character", BYTES("v1/vm/7/status"), "v1/vm", true, REJECT_NONE, "7", MESSAGE_STATUS},
    {"64 characters", BYTES("v1/vm/" T64 "/events"), "v1/vm", true, REJECT_NONE, T64, MESSAGE_EVENTS},
    {"another prefix", BYTES("site/b/machines/X/events"), "site/b/machines", true, REJECT_NONE, "X", MESSAGE_EVENTS},
    {"prefix of one level", BYTES("vm/X/events"), "vm", true, REJECT_NONE, "X", MESSAGE_EVENTS},

    {"65 characters", BYTES("v1/vm/" T64 "x/events"), "v1/vm", true, REJECT_BAD_DEVICE_NO, "", MESSAGE_KINDS},
    {"no character", BYTES("v1/vm//events"), "v1/vm", true, REJECT_BAD_DEVICE_NO, "", MESSAGE_KINDS},
    {"space", BYTES("v1/vm/VM 1/events"), "v1/vm", true, REJECT_BAD_DEVICE_NO, "", MESSAGE_KINDS},
    {"comma", BYTES("v1/vm/VM,1/events"), "v1/vm", true, REJECT_BAD_DEVICE_NO, "", MESSAGE_KINDS},
    {"plus", BYTES("v1/vm/+/events"), "v1/vm", true, REJECT_BAD_DEVICE_NO, "", MESSAGE_KINDS},
    {"NUL", BYTES("v1/vm/VM\0/events"), "v1/vm", true, REJECT_BAD_DEVICE_NO, "", MESSAGE_KINDS},
    {"NUL and more", BYTES("v1/vm/VM\0X/events"), "v1/vm", true, REJECT_BAD_DEVICE_NO, "", MESSAGE_KINDS},
    {"newline", BYTES("v1/vm/VM\n/events"), "v1/vm", true, REJECT_BAD_DEVICE_NO, "", MESSAGE_KINDS},
    {"Chinese", BYTES("v1/vm/\xE4\xB8\xAD/events"), "v1/vm", true, REJECT_BAD_DEVICE_NO, "", MESSAGE_KINDS},
    {"not UTF-8", BYTES("v1/vm/\xFF/events"), "v1/vm", true, REJECT_BAD_DEVICE_NO, "", MESSAGE_KINDS},

    {"command", BYTES("v1/vm/X/commands"), "v1/vm", true, REJECT_NONE, "X", MESSAGE_COMMANDS},
    {"acknowledgement", BYTES("v1/vm/X/commands/ack"), "v1/vm", true, REJECT_NONE, "X", MESSAGE_ACKS},
    {"command of a bad device", BYTES("v1/vm/a b/commands"), "v1/vm", true, REJECT_BAD_DEVICE_NO, "", MESSAGE_KINDS},
    {"acknowledgement of a bad device", BYTES("v1/vm//commands/ack"), "v1/vm", true, REJECT_BAD_DEVICE_NO, "",
     MESSAGE_KINDS},
    {"acknowledgement and more", BYTES("v1/vm/X/commands/ack/1"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "X",
     MESSAGE_KINDS},
    {"command and slash", BYTES("v1/vm/X/commands/"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "X", MESSAGE_KINDS},
    {"a command's other level", BYTES("v1/vm/X/commands/nack"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "X",
     MESSAGE_KINDS},
    {"one command", BYTES("v1/vm/X/command"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "X", MESSAGE_KINDS},
    {"acknowledgement without its command", BYTES("v1/vm/X/ack"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "X",
     MESSAGE_KINDS},
    {"a level more", BYTES("v1/vm/X/status/now"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "X", MESSAGE_KINDS},
    {"slash at the end", BYTES("v1/vm/X/status/"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "X", MESSAGE_KINDS},
    {"capitals", BYTES("v1/vm/X/Status"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "X", MESSAGE_KINDS},
    {"kind cut short", BYTES("v1/vm/X/statu"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "X", MESSAGE_KINDS},
    {"kind and more", BYTES("v1/vm/X/statusx"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "X", MESSAGE_KINDS},
    {"kind and NUL", BYTES("v1/vm/X/status\0"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "X", MESSAGE_KINDS},
    {"no kind", BYTES("v1/vm/X/"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "X", MESSAGE_KINDS},
    {"no level behind the device", BYTES("v1/vm/X"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "X", MESSAGE_KINDS},
    {"prefix and slash", BYTES("v1/vm/"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "", MESSAGE_KINDS},
    {"unknown kind of a bad device", BYTES("v1/vm/a b/x"), "v1/vm", true, REJECT_UNKNOWN_TOPIC, "", MESSAGE_KINDS},

    {"prefix alone", BYTES("v1/vm"), "v1/vm", false, REJECT_UNKNOWN_TOPIC, "", MESSAGE_KINDS},
    {"prefix cut short", BYTES("v1/v"), "v1/vm", false, REJECT_UNKNOWN_TOPIC, "", MESSAGE_KINDS},
    {"prefix that goes on", BYTES("v1/vms/X/status"), "v1/vm", false, REJECT_UNKNOWN_TOPIC, "", MESSAGE_KINDS},
    {"another version", BYTES("v2/vm/X/status"), "v1/vm", false, REJECT_UNKNOWN_TOPIC, "", MESSAGE_KINDS},
    {"slash in front", BYTES("/v1/vm/X/status"), "v1/vm", false, REJECT_UNKNOWN_TOPIC, "", MESSAGE_KINDS},
    {"capital prefix", BYTES("V1/vm/X/status"), "v1/vm", false, REJECT_UNKNOWN_TOPIC, "", MESSAGE_KINDS},
    {"empty", BYTES(""), "v1/vm", false, REJECT_UNKNOWN_TOPIC, "", MESSAGE_KINDS},
};

START_TEST(topics)
{
    char *block;
    struct span topic = exact_copy(cases[_i].topic, &block);
    struct span prefix = span_of(cases[_i].prefix);
    struct span device_no = BYTES("left over");
    enum message_kind kind = MESSAGE_KINDS;

    ck_assert_msg(topic_is_ours(topic, prefix) == cases[_i].ours, "%s: ours?", cases[_i].name);
    enum reject reason = topic_parse(topic, prefix, &device_no, &kind);
    ck_assert_msg(reason == cases[_i].reason, "%s: got %s", cases[_i].name, reject_name(reason));
    ck_assert(span_equal(topic_device_no(topic, prefix), span_of(cases[_i].device_no)));
    ck_assert_msg(span_equal(device_no, span_of(cases[_i].device_no)), "%s: got device_no \"%.*s\"", cases[_i].name,
                  (int)device_no.len, device_no.ptr);
    if (reason == REJECT_NONE) {
        ck_assert_msg(kind == cases[_i].kind, "%s: got kind %d", cases[_i].name, (int)kind);
        ck_assert_msg(device_no.ptr == topic.ptr + prefix.len + 1, "%s: not a view", cases[_i].name);
    }
    free(block);
}
END_TEST

/* The 64 characters that are allowed, and no other byte. */
START_TEST(every_byte_in_a_device_no)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-";
    for (int byte = 0; byte < 256; byte++) {
        char topic[] = "v1/vm/a?/status";
        struct span device_no;
        enum message_kind kind;
        topic[7] = (char)byte;
        enum reject reason =
            topic_parse((struct span){topic, sizeof topic - 1}, SPAN_LITERAL("v1/vm"), &device_no, &kind);
        enum reject want = memchr(allowed, byte, sizeof allowed - 1) ? REJECT_NONE
                           : byte == '/'                             ? REJECT_UNKNOWN_TOPIC
                                                                     : REJECT_BAD_DEVICE_NO;
        ck_assert_msg(reason == want, "byte %d: got \"%s\"", byte, reject_name(reason));
    }
}
END_TEST

START_TEST(no_topic)
{
    ck_assert(!topic_is_ours((struct span){NULL, 0}, SPAN_LITERAL("v1/vm")));
}
END_TEST

START_TEST(prefixes)
{
    static const char *const good[] = {"v1/vm", "v1", "/v1", "a b"};
    static const char *const bad[] = {"", "/", "v1/vm/", "v1/+", "#"};
    for (size_t i = 0; i < COUNT(good); i++) {
        ck_assert_msg(topic_is_prefix(good[i]), "%s", good[i]);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        ck_assert_msg(!topic_is_prefix(bad[i]), "%s", bad[i]);
    }
}
END_TEST

static Suite *topic_suite(void)
{
    Suite *suite = suite_create("topic");
    TCase *tcase = tcase_create("topic");
    tcase_add_loop_test(tcase, topics, 0, (int)COUNT(cases));
    tcase_add_test(tcase, every_byte_in_a_device_no);
    tcase_add_test(tcase, no_topic);
    tcase_add_test(tcase, prefixes);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(topic_suite());
}
