#include "core/redelivery.h"
#include "support.h"

/* plugin/README.md, Redelivery. */
#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)
#define EVENTS SPAN_LITERAL("v1/vm/VM-1/events")
#define OTHER_EVENTS SPAN_LITERAL("v1/vm/VM-2/events")
#define STATUS SPAN_LITERAL("v1/vm/VM-1/status")
#define OTHER_STATUS SPAN_LITERAL("v1/vm/VM-2/status")
#define ONLINE SPAN_LITERAL("{\"status\":\"online\"}")
#define OFFLINE SPAN_LITERAL("{\"status\":\"offline\"}")

static struct redelivery *redelivery;

static void set_up(void)
{
    redelivery = redelivery_new(64, HOUR, (struct siphash_key){1, 2});
    ck_assert_ptr_nonnull(redelivery);
}

static void tear_down(void)
{
    redelivery_free(redelivery);
}

static bool seen(enum message_kind kind, struct span topic, struct span bytes, int64_t now_ns)
{
    return redelivery_is_repeat(redelivery, kind, topic, bytes, now_ns);
}

START_TEST(events)
{
    ck_assert(!seen(MESSAGE_EVENTS, EVENTS, SPAN_LITERAL("a"), 0));
    ck_assert(!seen(MESSAGE_EVENTS, EVENTS, SPAN_LITERAL("b"), 0));
    ck_assert(!seen(MESSAGE_EVENTS, OTHER_EVENTS, SPAN_LITERAL("a"), 0));
    ck_assert(seen(MESSAGE_EVENTS, EVENTS, SPAN_LITERAL("a"), HOUR));
    ck_assert(!seen(MESSAGE_EVENTS, EVENTS, SPAN_LITERAL("b"), HOUR + 1)); /* forgotten by then */
}
END_TEST

START_TEST(telemetry_and_what_is_not_ours)
{
    for (int i = 0; i < 2; i++) {
        ck_assert(!seen(MESSAGE_TELEMETRY, SPAN_LITERAL("v1/vm/VM-1/telemetry"), SPAN_LITERAL("a"), 0));
        ck_assert(!seen(MESSAGE_KINDS, SPAN_LITERAL("v1/vm/VM-1/other"), SPAN_LITERAL("a"), 0));
    }
}
END_TEST

/* Of a status without a clock only the newest repeats, whatever its age. */
START_TEST(statuses)
{
    ck_assert(!seen(MESSAGE_STATUS, STATUS, ONLINE, 0));
    ck_assert(!seen(MESSAGE_STATUS, OTHER_STATUS, ONLINE, 0));
    ck_assert(seen(MESSAGE_STATUS, STATUS, ONLINE, 1000 * HOUR));
    ck_assert(!seen(MESSAGE_STATUS, STATUS, OFFLINE, 0));
    ck_assert(!seen(MESSAGE_STATUS, STATUS, ONLINE, 0)); /* back again: news */
    ck_assert(seen(MESSAGE_STATUS, OTHER_STATUS, ONLINE, 0));
}
END_TEST

START_TEST(dated_statuses)
{
    ck_assert(!redelivery_is_dated_repeat(redelivery, STATUS, ONLINE, 0));
    ck_assert(!redelivery_is_dated_repeat(redelivery, STATUS, OFFLINE, 0));
    ck_assert(redelivery_is_dated_repeat(redelivery, STATUS, ONLINE, 0)); /* whatever came between */
}
END_TEST

START_TEST(no_window)
{
    struct redelivery *none = redelivery_new(0, HOUR, (struct siphash_key){1, 2});
    for (int i = 0; i < 2; i++) {
        ck_assert(!redelivery_is_repeat(none, MESSAGE_EVENTS, EVENTS, SPAN_LITERAL("a"), 0));
        ck_assert(!redelivery_is_repeat(none, MESSAGE_STATUS, STATUS, ONLINE, 0));
    }
    redelivery_free(none);
}
END_TEST

/* What separates topic and bytes is no part of either. */
START_TEST(message_ids)
{
    int64_t id = redelivery_message_id(EVENTS, SPAN_LITERAL("a"));

    ck_assert_int_eq(id, redelivery_message_id(EVENTS, SPAN_LITERAL("a")));
    ck_assert_int_ne(id, redelivery_message_id(EVENTS, SPAN_LITERAL("b")));
    ck_assert_int_ne(id, redelivery_message_id(OTHER_EVENTS, SPAN_LITERAL("a")));
    ck_assert_int_ne(redelivery_message_id(SPAN_LITERAL("ab"), SPAN_LITERAL("c")),
                     redelivery_message_id(SPAN_LITERAL("a"), SPAN_LITERAL("bc")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/redelivery");
    TCase *tests = tcase_create("core/redelivery");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, events);
    tcase_add_test(tests, telemetry_and_what_is_not_ours);
    tcase_add_test(tests, statuses);
    tcase_add_test(tests, dated_statuses);
    tcase_add_test(tests, no_window);
    tcase_add_test(tests, message_ids);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
