#include <stdio.h>

#include "core/event_type.h"
#include "core/vocabulary.h"
#include "support.h"

#define A63 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static struct mapping *mapping;

static void set_up(void)
{
    mapping = mapping_new();
    ck_assert_ptr_nonnull(mapping);
}

static void tear_down(void)
{
    mapping_free(mapping);
}

/* plugin/README.md, Event types and Statuses. */
static const struct {
    enum message_kind kind;
    const char *spelling;
    const char *name; /* NULL = nobody knows it */
} known[] = {
    {MESSAGE_EVENTS, "DISPENSE_SUCCESS", "DISPENSE_SUCCESS"},
    {MESSAGE_EVENTS, "dispense-success", "DISPENSE_SUCCESS"},
    {MESSAGE_EVENTS, "Dispense Success", "DISPENSE_SUCCESS"},
    {MESSAGE_EVENTS, "dispenseSuccess", "DISPENSE_SUCCESS"},
    {MESSAGE_EVENTS, "DISPENSESUCCESS", "DISPENSE_SUCCESS"},
    {MESSAGE_EVENTS, "dispensesuccess", "DISPENSE_SUCCESS"},
    {MESSAGE_EVENTS, "vend success", "DISPENSE_SUCCESS"},
    {MESSAGE_EVENTS, "出货成功", "DISPENSE_SUCCESS"},
    {MESSAGE_EVENTS, "出货 成功", "DISPENSE_SUCCESS"},
    {MESSAGE_EVENTS, "channelJam", "CHANNEL_JAM"},
    {MESSAGE_EVENTS, "jam", "CHANNEL_JAM"},
    {MESSAGE_EVENTS, "卡货", "CHANNEL_JAM"},
    {MESSAGE_EVENTS, "snapshot-captured", "SNAPSHOT_CAPTURED"},
    {MESSAGE_EVENTS, "温度过高", "TEMP_OVERHEAT"},
    {MESSAGE_EVENTS, "command ack", "COMMAND_ACK"},
    {MESSAGE_EVENTS, "fan stuck", NULL},
    {MESSAGE_EVENTS, "DISPENSE", NULL},
    {MESSAGE_EVENTS, "DISPENSE_SUCCESSES", NULL},
    {MESSAGE_EVENTS, "出货", NULL},
    {MESSAGE_EVENTS, "🔥", NULL},
    {MESSAGE_EVENTS, "", NULL},
    {MESSAGE_EVENTS, "---", NULL},
    {MESSAGE_EVENTS, A63 "A", NULL},
    {MESSAGE_EVENTS, "online", NULL}, /* a status is no event */

    {MESSAGE_STATUS, "online", "online"},
    {MESSAGE_STATUS, "ONLINE", "online"},
    {MESSAGE_STATUS, "on-line", "online"},
    {MESSAGE_STATUS, " On_Line ", "online"},
    {MESSAGE_STATUS, "connected", "online"},
    {MESSAGE_STATUS, "connect", "online"},
    {MESSAGE_STATUS, "UP", "online"},
    {MESSAGE_STATUS, "Birth", "online"},
    {MESSAGE_STATUS, "在线", "online"},
    {MESSAGE_STATUS, "上线", "online"},
    {MESSAGE_STATUS, "已连接", "online"},
    {MESSAGE_STATUS, "offline", "offline"},
    {MESSAGE_STATUS, "Disconnected", "offline"},
    {MESSAGE_STATUS, "disconnect", "offline"},
    {MESSAGE_STATUS, "connection lost", "offline"},
    {MESSAGE_STATUS, "CONNECTION_LOST", "offline"},
    {MESSAGE_STATUS, "connectionLost", "offline"},
    {MESSAGE_STATUS, "connectionlost", "offline"},
    {MESSAGE_STATUS, "lost", "offline"},
    {MESSAGE_STATUS, "LWT", "offline"},
    {MESSAGE_STATUS, "down", "offline"},
    {MESSAGE_STATUS, "death", "offline"},
    {MESSAGE_STATUS, "离线", "offline"},
    {MESSAGE_STATUS, "下线", "offline"},
    {MESSAGE_STATUS, "掉线", "offline"},
    {MESSAGE_STATUS, "断线", "offline"},
    {MESSAGE_STATUS, "已断开", "offline"},
    {MESSAGE_STATUS, "0", NULL}, /* a site says what that means */
    {MESSAGE_STATUS, "1", NULL},
    {MESSAGE_STATUS, "true", NULL},
    {MESSAGE_STATUS, "sleeping", NULL},
    {MESSAGE_STATUS, "JAM", NULL},
    {MESSAGE_STATUS, "", NULL},

    {MESSAGE_ACKS, "success", "success"},
    {MESSAGE_ACKS, "FAILED", "failed"},
    {MESSAGE_ACKS, "Rejected", "rejected"},
    {MESSAGE_ACKS, "ok", NULL},
    {MESSAGE_TELEMETRY, "online", NULL}, /* it has no words */
};

static const char *name_of(const struct term *term)
{
    return term ? term->name : "nothing";
}

START_TEST(find)
{
    const struct vocabulary *words = &mapping->words[known[_i].kind];
    const char *want = known[_i].name ? known[_i].name : "nothing";
    struct span name = exact(span_of(known[_i].spelling));
    char *out = malloc(2 * name.len + 1);
    ck_assert_ptr_nonnull(out);
    struct span canonical = exact((struct span){out, event_type_canonical(name, out)});
    const char *got = name_of(vocabulary_find_spelling(words, name));
    ck_assert_msg(strcmp(got, want) == 0, "'%s': got %s, want %s", known[_i].spelling, got, want);
    got = name_of(vocabulary_find(words, canonical));
    ck_assert_msg(strcmp(got, want) == 0, "'%s', canonical: got %s, want %s", known[_i].spelling, got, want);
    free(out);
    release(canonical);
    release(name);
}
END_TEST

START_TEST(refuses_what_is_too_long)
{
    const char *taken;
    struct span longest = exact(span_of(A63 "A"));
    struct span longer = exact(span_of(A63 "AA"));
    struct span blanks = exact(span_of(A63 "- A")); /* 64 without what stands between */
    ck_assert(mapping_add_alias(mapping, MESSAGE_STATUS, A63 "A", 0, &taken));
    const struct vocabulary *words = &mapping->words[MESSAGE_STATUS];
    ck_assert_str_eq(name_of(vocabulary_find(words, longest)), words->terms[0].name);
    ck_assert_str_eq(name_of(vocabulary_find_spelling(words, longest)), words->terms[0].name);
    ck_assert_ptr_null(vocabulary_find(words, longer));
    ck_assert_ptr_null(vocabulary_find_spelling(words, longer));
    ck_assert_ptr_null(vocabulary_find_spelling(words, blanks));
    release(longest);
    release(longer);
    release(blanks);
}
END_TEST

START_TEST(finds_nothing_in_an_empty_table)
{
    const struct vocabulary nothing = {.term_count = 0};
    ck_assert_ptr_null(vocabulary_find(&nothing, SPAN_LITERAL("JAM")));
    ck_assert_ptr_null(vocabulary_find_spelling(&nothing, SPAN_LITERAL("jam")));
    ck_assert_ptr_null(vocabulary_find_spelling(&nothing, (struct span){NULL, 0}));
}
END_TEST

/* `{offline}` and the like are no words, though their letters are: the payload may be anything. */
START_TEST(knows_no_word_with_other_signs)
{
    static const char *const others[] = {"{offline}", "offline.", "off/line", "\"offline\"", "offline\n", "off\tline",
                                         "[lwt]",     "lost!",    "=up",      "'up'",        "u\x7Fp",    "u\x01p"};
    for (size_t i = 0; i < COUNT(others); i++) {
        struct span word = exact(span_of(others[i]));
        ck_assert_msg(vocabulary_find_spelling(&mapping->words[MESSAGE_STATUS], word) == NULL, "%s", others[i]);
        release(word);
    }
    ck_assert_ptr_null(vocabulary_find_spelling(&mapping->words[MESSAGE_STATUS], SPAN_LITERAL("up\0")));
    ck_assert_ptr_null(vocabulary_find_spelling(&mapping->words[MESSAGE_STATUS], SPAN_LITERAL("up\xFF")));
    /* an event's name may have any between its words */
    char canonical[64];
    size_t len = event_type_canonical(SPAN_LITERAL("D.I.S.P.E.N.S.E/success!"), canonical);
    const struct term *event = vocabulary_find(&mapping->words[MESSAGE_EVENTS], (struct span){canonical, len});
    ck_assert_str_eq(name_of(event), "DISPENSE_SUCCESS");
}
END_TEST

/* The look-up is binary: each of any number of aliases is found, and nothing between them. */
START_TEST(finds_each_of_many)
{
    char name[16];
    for (int count = 1; count <= 70; count++) {
        struct term term = {"x", ""};
        struct alias aliases[70];
        char keys[70][16];
        for (int i = 0; i < count; i++) {
            snprintf(keys[i], sizeof keys[i], "B%02d", i);
            aliases[i] = (struct alias){keys[i], 0};
        }
        const struct vocabulary words = {&term, 1, aliases, (size_t)count};
        for (int i = 0; i < count; i++) {
            ck_assert_msg(vocabulary_find(&words, span_of(keys[i])) == &term, "%s of %d", keys[i], count);
            snprintf(name, sizeof name, "%sX", keys[i]);
            ck_assert_msg(vocabulary_find(&words, span_of(name)) == NULL, "%s of %d", name, count);
            ck_assert_msg(vocabulary_find(&words, (struct span){keys[i], 2}) == NULL, "%.2s of %d", keys[i], count);
        }
        ck_assert_ptr_null(vocabulary_find(&words, SPAN_LITERAL("A")));
        ck_assert_ptr_null(vocabulary_find(&words, SPAN_LITERAL("C")));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/vocabulary");
    TCase *tests = tcase_create("core/vocabulary");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, find, 0, (int)COUNT(known));
    tcase_add_test(tests, refuses_what_is_too_long);
    tcase_add_test(tests, knows_no_word_with_other_signs);
    tcase_add_test(tests, finds_nothing_in_an_empty_table);
    tcase_add_test(tests, finds_each_of_many);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
