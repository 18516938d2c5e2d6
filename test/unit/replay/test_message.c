#include "replay/message.h"
#include "support.h"

#define SECOND INT64_C(1000000000)
#define TST (INT64_C(1795480318) * SECOND)

static struct mapping *mapping;
static struct replay_fleet *fleet;

static void set_up(void)
{
    mapping = mapping_new();
    fleet = replay_fleet_new();
    ck_assert(mapping && fleet);
    ck_assert(replay_fleet_add(fleet, SPAN_LITERAL("VM-SH-001")));
    ck_assert(replay_fleet_add(fleet, SPAN_LITERAL("VM-BJ-001")));
    ck_assert(replay_fleet_add(fleet, SPAN_LITERAL("VM-GZ-001")));
    /* Two of the first and second, one of the third. */
    ck_assert(replay_fleet_set_size(fleet, 5, NULL));
}

static void tear_down(void)
{
    mapping_free(mapping);
    replay_fleet_free(fleet);
}

static struct capture_message message_of(const char *topic, const char *payload)
{
    return (struct capture_message){
        .time_ns = TST, .topic = span_of(topic), .payload = span_of(payload), .qos = 1, .retain = true};
}

/* Topic and payload of a copy that speaks of an hour later, after the capture's own bytes are
 * gone. */
static const char *render(const struct replay_message_rules *rules, struct capture_message message, size_t copy,
                          size_t unmoved)
{
    static char text[1024];
    struct buf topic;
    struct buf payload;
    char *topic_block;
    char *payload_block;
    buf_init(&topic, 1024);
    buf_init(&payload, 1024);
    message.topic = exact_copy(message.topic, &topic_block);
    message.payload = exact_copy(message.payload, &payload_block);
    void *space = malloc(replay_message_size(&message));
    replay_message_keep(rules, &message, space);
    free(topic_block);
    free(payload_block);
    const struct replay_message *kept = space;
    ck_assert_int_eq(kept->qos, 1);
    ck_assert(kept->retain);
    ck_assert_uint_eq(replay_message_render(rules, kept, copy, TST + 3600 * SECOND, &topic, &payload), unmoved);
    strcpy(text, text_of(&topic));
    strcat(strcat(text, " "), text_of(&payload));
    free(space);
    buf_free(&topic);
    buf_free(&payload);
    return text;
}

#define STATUS(device, ts) "{\"status\":\"online\",\"device_no\":\"" device "\",\"ts\":" ts "}"
#define ACK(device, ts) "{\"cmd_id\":\"c1\",\"status\":\"success\",\"ts\":" ts ",\"device_no\":\"" device "\"}"

static const struct {
    const char *name;
    bool clones, shifts;
    const char *topic, *payload;
    size_t copies;
    size_t copy;
    const char *rendered;
} cases[] = {
    {"as it was", false, false, "v1/vm/VM-SH-001/status", STATUS("VM-SH-001", "1795480318"), 1, 0,
     "v1/vm/VM-SH-001/status " STATUS("VM-SH-001", "1795480318")},
    {"an hour later", false, true, "v1/vm/VM-SH-001/status", STATUS("VM-SH-001", "1795480318"), 1, 0,
     "v1/vm/VM-SH-001/status " STATUS("VM-SH-001", "1795483918")},
    {"a clock that is behind stays behind", false, true, "v1/vm/VM-SH-001/status", STATUS("VM-SH-001", "1795480000"), 1,
     0, "v1/vm/VM-SH-001/status " STATUS("VM-SH-001", "1795483600")},
    {"the machine itself", true, false, "v1/vm/VM-SH-001/status", STATUS("VM-SH-001", "1795480318"), 2, 0,
     "v1/vm/VM-SH-001/status " STATUS("VM-SH-001", "1795480318")},
    {"a clone", true, false, "v1/vm/VM-SH-001/status", STATUS("VM-SH-001", "1795480318"), 2, 1,
     "v1/vm/VM-SH-002/status " STATUS("VM-SH-002", "1795480318")},
    {"a clone an hour later", true, true, "v1/vm/VM-BJ-001/status", STATUS("VM-BJ-001", "1795480318"), 2, 1,
     "v1/vm/VM-BJ-002/status " STATUS("VM-BJ-002", "1795483918")},
    {"one that has no clone", true, false, "v1/vm/VM-GZ-001/status", "{}", 1, 0, "v1/vm/VM-GZ-001/status {}"},
    {"a payload that is no JSON", true, true, "v1/vm/VM-SH-001/events", "{\"ts\":1795480318", 2, 1,
     "v1/vm/VM-SH-002/events {\"ts\":1795480318"},
    {"no payload", true, true, "v1/vm/VM-SH-001/status", "", 2, 1, "v1/vm/VM-SH-002/status "},
    {"an acknowledgement is an event", true, true, "v1/vm/VM-SH-001/commands/ack", ACK("VM-SH-001", "1795480318"), 2, 1,
     "v1/vm/VM-SH-002/commands/ack " ACK("VM-SH-002", "1795483918")},
    {"a topic that is none of a machine's messages: the payload is not looked into", true, true, "v1/vm/VM-SH-001/log",
     STATUS("VM-SH-001", "1795480318"), 2, 1, "v1/vm/VM-SH-002/log " STATUS("VM-SH-001", "1795480318")},
    {"a topic of others", true, true, "v1/lift/VM-SH-001/status", STATUS("VM-SH-001", "1795480318"), 1, 0,
     "v1/lift/VM-SH-001/status " STATUS("VM-SH-001", "1795480318")},
    {"no machine's topic", true, true, "v1/vm/a b/status", "{\"ts\":1795480318}", 1, 0,
     "v1/vm/a b/status {\"ts\":1795480318}"},
};

START_TEST(renders)
{
    const struct replay_message_rules rules = {mapping, SPAN_LITERAL("v1/vm"), cases[_i].clones ? fleet : NULL,
                                               cases[_i].shifts, 0};
    struct capture_message message = message_of(cases[_i].topic, cases[_i].payload);
    ck_assert_uint_eq(replay_message_copies(&rules, &message), cases[_i].copies);
    const char *text = render(&rules, message, cases[_i].copy, 0);
    ck_assert_msg(strcmp(text, cases[_i].rendered) == 0, "%s: got %s", cases[_i].name, text);
}
END_TEST

START_TEST(counts_times_that_stay)
{
    const struct replay_message_rules rules = {mapping, SPAN_LITERAL("v1/vm"), NULL, true, 0};
    struct capture_message message = message_of("v1/vm/VM-SH-001/status", STATUS("VM-SH-001", "99999999999"));
    ck_assert_str_eq(render(&rules, message, 0, 1), "v1/vm/VM-SH-001/status " STATUS("VM-SH-001", "99999999999"));
}
END_TEST

START_TEST(leaves_machines_out)
{
    const struct replay_message_rules rules = {mapping, SPAN_LITERAL("v1/vm"), fleet, false, 0};
    struct capture_message message = message_of("v1/vm/VM-GZ-001/status", "{}");
    ck_assert(replay_fleet_set_size(fleet, 2, NULL));
    ck_assert_uint_eq(replay_message_copies(&rules, &message), 0);
}
END_TEST

START_TEST(raises_qos)
{
    for (int min_qos = 0; min_qos <= 2; min_qos++) {
        for (int qos = 0; qos <= 2; qos++) {
            const struct replay_message_rules rules = {mapping, SPAN_LITERAL("v1/vm"), NULL, false, min_qos};
            struct capture_message message = message_of("v1/vm/VM-SH-001/events", "{}");
            message.qos = qos;
            struct replay_message *kept = malloc(replay_message_size(&message));
            replay_message_keep(&rules, &message, kept);
            ck_assert_int_eq(kept->qos, qos > min_qos ? qos : min_qos);
            free(kept);
        }
    }
}
END_TEST

START_TEST(keeps_properties)
{
    const struct replay_message_rules rules = {mapping, SPAN_LITERAL("v1/vm"), NULL, false, 0};
    struct capture_message message = message_of("v1/vm/VM-SH-001/events", "{}");
    char name[] = "priority";
    char text[] = "high";
    struct properties out;
    properties_add(&message.properties, (struct property){.id = PROPERTY_MESSAGE_EXPIRY, .number = 60});
    properties_add(&message.properties,
                   (struct property){.id = PROPERTY_USER, .name = span_of(name), .text = span_of(text)});
    void *space = malloc(replay_message_size(&message));
    replay_message_keep(&rules, &message, space);
    memset(name, '-', sizeof name);
    memset(text, '-', sizeof text);
    replay_message_properties(space, &out);
    ck_assert_uint_eq(out.count, 2);
    ck_assert_uint_eq(properties_find(&out, PROPERTY_MESSAGE_EXPIRY)->number, 60);
    ck_assert(span_equal(properties_find_user(&out, "priority")->text, SPAN_LITERAL("high")));
    free(space);
}
END_TEST

static struct properties one(struct property property)
{
    return (struct properties){.count = 1, .items = {property}};
}

/* What MQTT cannot carry is refused with a reason (MQTT 5, 1.5.4 and 1.5.6). */
START_TEST(refuses_properties)
{
    static char longest[65536];
    const struct span fits = {longest, sizeof longest - 1};
    const struct span too_long = {longest, sizeof longest};
    const struct span name = SPAN_LITERAL("priority");
    const struct {
        struct properties properties;
        const char *why; /* empty = it can be carried */
    } all[] = {
        {one((struct property){.id = PROPERTY_USER, .name = fits, .text = fits}), ""},
        {one((struct property){.id = PROPERTY_CORRELATION_DATA, .text = SPAN_LITERAL("\xff\0")}), ""},
        {one((struct property){.id = PROPERTY_MESSAGE_EXPIRY, .number = 7}), ""},
        {one((struct property){.id = PROPERTY_CONTENT_TYPE, .text = too_long}),
         "its content-type has 65536 bytes, at most 65535 can be published"},
        {one((struct property){.id = PROPERTY_CORRELATION_DATA, .text = too_long}),
         "its correlation-data has 65536 bytes, at most 65535 can be published"},
        {one((struct property){.id = PROPERTY_USER, .name = name, .text = too_long}),
         "its user property priority has 65536 bytes, at most 65535 can be published"},
        {one((struct property){.id = PROPERTY_USER, .name = too_long, .text = name}),
         "the name of a user property has 65536 bytes, at most 65535 can be published"},
        {one((struct property){.id = PROPERTY_RESPONSE_TOPIC, .text = SPAN_LITERAL("a\0b")}),
         "its response-topic is not UTF-8, or holds a NUL"},
        {one((struct property){.id = PROPERTY_USER, .name = name, .text = SPAN_LITERAL("\xb5")}),
         "its user property priority is not UTF-8, or holds a NUL"},
        {one((struct property){.id = PROPERTY_USER, .name = SPAN_LITERAL("\xb5"), .text = name}),
         "the name of a user property is not UTF-8, or holds a NUL"},
    };
    memset(longest, 'x', sizeof longest);
    for (size_t i = 0; i < COUNT(all); i++) {
        struct err err = {0};
        ck_assert(replay_message_check(SPAN_LITERAL("t"), &all[i].properties, &err) == (all[i].why[0] == '\0'));
        ck_assert_str_eq(err.text, all[i].why);
    }
}
END_TEST

START_TEST(refuses_topics_of_the_broker)
{
    static const struct {
        const char *topic;
        bool is_taken;
    } all[] = {
        {"$SYS", false},   {"$SYS/broker/uptime", false}, {"$share", false}, {"$share/group/v1/vm/a/events", false},
        {"$SYSTEM", true}, {"$shared/x", true},           {"$aws/x", true},  {"v1/$SYS/x", true},
        {"", true},
    };
    const struct properties none = {0};
    for (size_t i = 0; i < COUNT(all); i++) {
        struct err err = {0};
        ck_assert_msg(replay_message_check(span_of(all[i].topic), &none, &err) == all[i].is_taken, "%s", all[i].topic);
        ck_assert((err.text[0] == '\0') == all[i].is_taken);
    }
}
END_TEST

START_TEST(counts_properties_that_are_left_out)
{
    const struct replay_message_rules rules = {mapping, SPAN_LITERAL("v1/vm"), NULL, false, 0};
    struct capture_message message = message_of("v1/vm/VM-SH-001/events", "{}");
    message.odd_properties = 2;
    message.properties.dropped = 3;
    struct replay_message *kept = malloc(replay_message_size(&message));
    replay_message_keep(&rules, &message, kept);
    ck_assert_uint_eq(kept->left_out_properties, 5);
    free(kept);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_message");
    TCase *tcase = tcase_create("replay_message");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, renders, 0, (int)COUNT(cases));
    tcase_add_test(tcase, counts_times_that_stay);
    tcase_add_test(tcase, leaves_machines_out);
    tcase_add_test(tcase, raises_qos);
    tcase_add_test(tcase, keeps_properties);
    tcase_add_test(tcase, refuses_properties);
    tcase_add_test(tcase, refuses_topics_of_the_broker);
    tcase_add_test(tcase, counts_properties_that_are_left_out);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
