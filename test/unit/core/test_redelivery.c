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

#define TEN_SECONDS (10 * SECOND)

static struct redelivery *redelivery;
static const struct redelivery_limits limits = {64, HOUR, TEN_SECONDS};

static void set_up(void)
{
    redelivery = redelivery_new(&limits, (struct siphash_key){1, 2});
    ck_assert_ptr_nonnull(redelivery);
}

static void tear_down(void)
{
    redelivery_free(redelivery);
}

/* As the pipeline asks: before a message is read and, if that did not tell, after. */
static bool seen(enum message_kind kind, enum redelivery_time time, struct span topic, struct span bytes,
                 int64_t now_ns)
{
    struct redelivery_mark mark = redelivery_mark_of(redelivery, topic, bytes);
    return redelivery_is_quick(redelivery, kind, mark, now_ns) ||
           redelivery_is_repeat(redelivery, kind, time, mark, now_ns);
}

START_TEST(events_with_a_time)
{
    ck_assert(!seen(MESSAGE_EVENTS, REDELIVERY_TIMED, EVENTS, SPAN_LITERAL("a"), 0));
    ck_assert(!seen(MESSAGE_EVENTS, REDELIVERY_TIMED, EVENTS, SPAN_LITERAL("b"), 0));
    ck_assert(!seen(MESSAGE_EVENTS, REDELIVERY_TIMED, OTHER_EVENTS, SPAN_LITERAL("a"), 0));
    ck_assert(seen(MESSAGE_EVENTS, REDELIVERY_TIMED, EVENTS, SPAN_LITERAL("a"), HOUR));
    ck_assert(!seen(MESSAGE_EVENTS, REDELIVERY_TIMED, EVENTS, SPAN_LITERAL("b"), HOUR + 1)); /* forgotten by then */
}
END_TEST

/* Three jams a quarter of an hour apart are three; one delivered twice is one. */
static void check_untimed(enum message_kind kind)
{
    ck_assert(!seen(kind, REDELIVERY_UNTIMED, EVENTS, SPAN_LITERAL("a"), 0));
    ck_assert(seen(kind, REDELIVERY_UNTIMED, EVENTS, SPAN_LITERAL("a"), TEN_SECONDS));
    ck_assert(!seen(kind, REDELIVERY_UNTIMED, EVENTS, SPAN_LITERAL("a"), TEN_SECONDS + 1));
    ck_assert(seen(kind, REDELIVERY_UNTIMED, EVENTS, SPAN_LITERAL("a"), TEN_SECONDS + 2));
    ck_assert(!seen(kind, REDELIVERY_UNTIMED, EVENTS, SPAN_LITERAL("a"), 900 * SECOND));
    ck_assert(!seen(kind, REDELIVERY_UNTIMED, EVENTS, SPAN_LITERAL("a"), 1800 * SECOND));
}

START_TEST(events_without_a_time)
{
    check_untimed(MESSAGE_EVENTS);
}
END_TEST

/* Where the first is the shorter time it holds for what has a time. */
START_TEST(a_short_age)
{
    tear_down();
    redelivery = redelivery_new(&(struct redelivery_limits){64, SECOND, TEN_SECONDS}, (struct siphash_key){1, 2});
    ck_assert_ptr_nonnull(redelivery);
    ck_assert(!seen(MESSAGE_EVENTS, REDELIVERY_TIMED, EVENTS, SPAN_LITERAL("a"), 0));
    ck_assert(seen(MESSAGE_EVENTS, REDELIVERY_TIMED, EVENTS, SPAN_LITERAL("a"), SECOND));
    ck_assert(!seen(MESSAGE_EVENTS, REDELIVERY_TIMED, EVENTS, SPAN_LITERAL("a"), SECOND + 1));
    ck_assert(!seen(MESSAGE_EVENTS, REDELIVERY_UNTIMED, EVENTS, SPAN_LITERAL("b"), 0));
    ck_assert(seen(MESSAGE_EVENTS, REDELIVERY_UNTIMED, EVENTS, SPAN_LITERAL("b"), TEN_SECONDS));
}
END_TEST

START_TEST(acknowledgements)
{
    check_untimed(MESSAGE_ACKS);
}
END_TEST

START_TEST(telemetry)
{
    const struct span topic = SPAN_LITERAL("v1/vm/VM-1/telemetry");
    ck_assert(!seen(MESSAGE_TELEMETRY, REDELIVERY_TIMED, topic, SPAN_LITERAL("a"), 0));
    ck_assert(!seen(MESSAGE_TELEMETRY, REDELIVERY_TIMED, topic, SPAN_LITERAL("a"), 0));
    ck_assert(!seen(MESSAGE_TELEMETRY, REDELIVERY_UNTIMED, topic, SPAN_LITERAL("b"), 0));
    ck_assert(!seen(MESSAGE_TELEMETRY, REDELIVERY_UNTIMED, topic, SPAN_LITERAL("b"), 0));
}
END_TEST

START_TEST(what_is_not_ours)
{
    for (int i = 0; i < 2; i++) {
        ck_assert(!seen(MESSAGE_KINDS, REDELIVERY_UNTIMED, SPAN_LITERAL("v1/vm/VM-1/other"), SPAN_LITERAL("a"), 0));
    }
}
END_TEST

/* Last wills have equal bytes: online, offline, online, offline is what happened. */
START_TEST(last_wills)
{
    for (int64_t i = 0; i < 2; i++) {
        ck_assert(!seen(MESSAGE_STATUS, REDELIVERY_UNTIMED, STATUS, ONLINE, i));
        ck_assert(!seen(MESSAGE_STATUS, REDELIVERY_OFFLINE, STATUS, OFFLINE, i));
    }
    ck_assert(seen(MESSAGE_STATUS, REDELIVERY_OFFLINE, STATUS, OFFLINE, 1000 * HOUR)); /* retained */
    ck_assert(!seen(MESSAGE_STATUS, REDELIVERY_OFFLINE, OTHER_STATUS, OFFLINE, 1000 * HOUR));
}
END_TEST

START_TEST(statuses_with_a_time)
{
    ck_assert(!seen(MESSAGE_STATUS, REDELIVERY_TIMED, STATUS, ONLINE, 0));
    ck_assert(seen(MESSAGE_STATUS, REDELIVERY_TIMED, STATUS, ONLINE, 1000 * HOUR)); /* still the newest */
    ck_assert(!seen(MESSAGE_STATUS, REDELIVERY_OFFLINE, STATUS, OFFLINE, 1));
    ck_assert(seen(MESSAGE_STATUS, REDELIVERY_TIMED, STATUS, ONLINE, HOUR));    /* delivered twice */
    ck_assert(seen(MESSAGE_STATUS, REDELIVERY_OFFLINE, STATUS, OFFLINE, HOUR)); /* and that is no news of it */
    ck_assert(!seen(MESSAGE_STATUS, REDELIVERY_TIMED, STATUS, ONLINE, HOUR + 1));
}
END_TEST

/* A clock that was set right in between: the bytes were seen, and now their time can be trusted. */
START_TEST(a_status_whose_time_works_later)
{
    ck_assert(!seen(MESSAGE_STATUS, REDELIVERY_UNTIMED, STATUS, ONLINE, 0));
    ck_assert(!seen(MESSAGE_STATUS, REDELIVERY_OFFLINE, STATUS, OFFLINE, 1));
    ck_assert(seen(MESSAGE_STATUS, REDELIVERY_TIMED, STATUS, ONLINE, HOUR));
    ck_assert(!seen(MESSAGE_STATUS, REDELIVERY_UNTIMED, STATUS, ONLINE, HOUR));
}
END_TEST

START_TEST(statuses_without_a_time)
{
    ck_assert(!seen(MESSAGE_STATUS, REDELIVERY_UNTIMED, STATUS, ONLINE, 0));
    ck_assert(seen(MESSAGE_STATUS, REDELIVERY_UNTIMED, STATUS, ONLINE, TEN_SECONDS));
    ck_assert(!seen(MESSAGE_STATUS, REDELIVERY_UNTIMED, STATUS, ONLINE, TEN_SECONDS + 1));
}
END_TEST

START_TEST(no_window)
{
    tear_down();
    redelivery = redelivery_new(&(struct redelivery_limits){0, HOUR, HOUR}, (struct siphash_key){1, 2});
    for (int i = 0; i < 2; i++) {
        ck_assert(!seen(MESSAGE_EVENTS, REDELIVERY_TIMED, EVENTS, SPAN_LITERAL("a"), 0));
        ck_assert(!seen(MESSAGE_STATUS, REDELIVERY_OFFLINE, STATUS, OFFLINE, 0));
        ck_assert(!seen(MESSAGE_TELEMETRY, REDELIVERY_TIMED, STATUS, OFFLINE, 0));
    }
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
    tcase_add_test(tests, events_with_a_time);
    tcase_add_test(tests, events_without_a_time);
    tcase_add_test(tests, a_short_age);
    tcase_add_test(tests, acknowledgements);
    tcase_add_test(tests, telemetry);
    tcase_add_test(tests, what_is_not_ours);
    tcase_add_test(tests, last_wills);
    tcase_add_test(tests, statuses_with_a_time);
    tcase_add_test(tests, a_status_whose_time_works_later);
    tcase_add_test(tests, statuses_without_a_time);
    tcase_add_test(tests, no_window);
    tcase_add_test(tests, message_ids);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
