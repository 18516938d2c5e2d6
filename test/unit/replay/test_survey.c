#include "replay/survey.h"
#include "support.h"

#define MAX_LINE 1048576
#define PREFIX SPAN_LITERAL("v1/vm")

/* README.md of test/captures: ten machines, two minutes, 152 lines; ten command acknowledgements
 * of others' topics below the prefix. */
static const char *const captures[] = {"test/captures/fleet.jsonl", "test/captures/command-acks.jsonl"};

static struct replay_fleet *fleet;

static void set_up(void)
{
    fleet = replay_fleet_new();
    ck_assert_ptr_nonnull(fleet);
}

static void tear_down(void)
{
    replay_fleet_free(fleet);
}

START_TEST(counts)
{
    struct replay_survey survey = {0};
    struct capture_message message;
    struct err err = {0};
    size_t machine;
    struct capture_source *source = capture_source_new(captures, 1, MAX_LINE, NULL, NULL, &err);
    ck_assert_msg(source && replay_survey_read(&survey, source, PREFIX, fleet, &err), "%s", err.text);
    ck_assert_uint_eq(survey.messages, 152);
    ck_assert_uint_eq(replay_fleet_count(fleet), 10);
    ck_assert(replay_fleet_find(fleet, SPAN_LITERAL("VM-SH-001"), &machine));
    /* from its first tst, 00:31:58.387371, to its last, 00:33:58.384451 */
    ck_assert_int_eq(survey.timeline.offset_ns, INT64_C(119997080000));
    ck_assert_int_eq(capture_source_next(source, &message, &err), CAPTURE_SOURCE_MESSAGE);
    ck_assert_msg(span_equal(message.topic, SPAN_LITERAL("v1/vm/VM-SH-001/status")), "it is at its beginning again");
    capture_source_free(source);
}
END_TEST

START_TEST(machines_by_any_of_their_topics)
{
    struct replay_survey survey = {0};
    struct err err = {0};
    struct capture_source *source = capture_source_new(captures, 2, MAX_LINE, NULL, NULL, &err);
    ck_assert(replay_survey_read(&survey, source, PREFIX, fleet, &err));
    ck_assert_uint_eq(survey.messages, 162);
    ck_assert_uint_ge(replay_fleet_count(fleet), 10);
    capture_source_free(source);

    struct replay_survey of_others = {0};
    struct replay_fleet *none = replay_fleet_new();
    source = capture_source_new(captures, 2, MAX_LINE, NULL, NULL, &err);
    ck_assert(replay_survey_read(&of_others, source, SPAN_LITERAL("v2/vm"), none, &err));
    ck_assert_uint_eq(of_others.messages, 162);
    ck_assert_uint_eq(replay_fleet_count(none), 0);
    capture_source_free(source);
    replay_fleet_free(none);
}
END_TEST

START_TEST(too_many_machines)
{
    struct replay_survey survey = {0};
    struct err err = {0};
    for (int i = 0; i < REPLAY_FLEET_MAX_MACHINES; i++) {
        char name[] = "00000";
        for (int digit = 4, rest = i; digit >= 0; digit--, rest /= 16) {
            name[digit] = "0123456789abcdef"[rest % 16];
        }
        ck_assert(replay_fleet_add(fleet, span_of(name)));
    }
    struct capture_source *source = capture_source_new(captures, 1, MAX_LINE, NULL, NULL, &err);
    ck_assert(!replay_survey_read(&survey, source, PREFIX, fleet, &err));
    ck_assert_str_eq(err.text, "the captures have more than 65536 machines, or there is no memory for them");
    capture_source_free(source);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_survey");
    TCase *tcase = tcase_create("replay_survey");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, counts);
    tcase_add_test(tcase, machines_by_any_of_their_topics);
    tcase_add_test(tcase, too_many_machines);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
