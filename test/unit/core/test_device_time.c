#include "core/device_time.h"
#include "support.h"

/* plugin/README.md, Time: by default 7 days back and 10 minutes ahead. */
#define SECOND INT64_C(1000000000)
#define ARRIVAL (INT64_C(1795480318) * SECOND)
#define AGE (7 * 86400 * SECOND)
#define AHEAD (600 * SECOND)
#define AT(seconds)                                                                                                    \
    {                                                                                                                  \
        .kind = JSON_KIND_INT, .i = 1795480318 + (seconds)                                                             \
    }
#define TEXT(words)                                                                                                    \
    {                                                                                                                  \
        .kind = JSON_KIND_TEXT, .text = SPAN_LITERAL(words)                                                            \
    }

static const struct {
    const char *name;
    struct json_value value;
    enum time_rule rule;
    int64_t row_s; /* from arrival */
    bool is_trusted, is_known;
    const char *anomaly;
} cases[] = {
    {"the device's own", AT(-5), TIME_OF_EVENT, -5, true, true, ""},
    {"the first that is trusted", AT(-7 * 86400), TIME_OF_EVENT, -7 * 86400, true, true, ""},
    {"a second older", AT(-7 * 86400 - 1), TIME_OF_EVENT, 0, false, true, "too old, arrival time used"},
    {"the last that is trusted", AT(600), TIME_OF_EVENT, 600, true, true, ""},
    {"a second later", AT(601), TIME_OF_EVENT, 0, false, true, "too far ahead, arrival time used"},
    {"1970", {.kind = JSON_KIND_INT, .i = 12}, TIME_OF_EVENT, 0, false, true, "too old, arrival time used"},
    {"text", TEXT("2026-11-24T00:31:58Z"), TIME_OF_EVENT, 0, true, true, ""},
    {"no time", TEXT("soon"), TIME_OF_EVENT, 0, false, false, "not a time, arrival time used"},
    {"true", {.kind = JSON_KIND_BOOL, .b = true}, TIME_OF_EVENT, 0, false, false, "not a time, arrival time used"},
    {"absent", {.kind = JSON_KIND_ABSENT}, TIME_OF_EVENT, 0, false, false, "missing, arrival time used"},
    {"null", {.kind = JSON_KIND_NULL}, TIME_OF_EVENT, 0, false, false, "missing, arrival time used"},

    {"a reading's own", AT(-5), TIME_OF_STATE, -5, true, true, ""},
    {"a reading of now", AT(0), TIME_OF_STATE, 0, true, true, ""},
    {"a reading of a clock ahead", AT(1), TIME_OF_STATE, 0, true, true, ""},
    {"a reading as far ahead as is trusted", AT(600), TIME_OF_STATE, 0, true, true, ""},
    {"a reading farther ahead", AT(601), TIME_OF_STATE, 0, false, true, "too far ahead, arrival time used"},
    {"a reading without a time",
     {.kind = JSON_KIND_NULL},
     TIME_OF_STATE,
     0,
     false,
     false,
     "missing, arrival time used"},

    {"offline has the time of its making", AT(-3600), TIME_OF_OFFLINE, 0, true, true, ""},
    {"offline, however old", AT(-700 * 86400), TIME_OF_OFFLINE, 0, false, true, ""},
    {"offline of a clock ahead", AT(700), TIME_OF_OFFLINE, 0, false, true, ""},
    {"offline without a time", {.kind = JSON_KIND_ABSENT}, TIME_OF_OFFLINE, 0, false, false, ""},
    {"offline with no time", TEXT("soon"), TIME_OF_OFFLINE, 0, false, false, "not a time"},

    {"an outcome has none", {.kind = JSON_KIND_ABSENT}, TIME_OF_OUTCOME, 0, false, false, ""},
    {"an outcome that has one", AT(-5), TIME_OF_OUTCOME, -5, true, true, ""},
    {"an outcome with no time", TEXT("soon"), TIME_OF_OUTCOME, 0, false, false, "not a time, arrival time used"},
};

START_TEST(whose_time)
{
    const struct time_window window = {AGE, AHEAD, 0};
    struct device_time time = device_time_of(&cases[_i].value, ARRIVAL, &window, cases[_i].rule);
    ck_assert_msg(time.row_ns == ARRIVAL + cases[_i].row_s * SECOND, "%s: %lld s", cases[_i].name,
                  (long long)((time.row_ns - ARRIVAL) / SECOND));
    ck_assert_msg(time.is_trusted == cases[_i].is_trusted, "%s: trusted", cases[_i].name);
    ck_assert_msg(time.is_known == cases[_i].is_known, "%s: known", cases[_i].name);
    ck_assert_msg(strcmp(time.anomaly, cases[_i].anomaly) == 0, "%s: %s", cases[_i].name, time.anomaly);
    ck_assert(!time.is_zoneless);
}
END_TEST

START_TEST(without_a_zone)
{
    const struct time_window window = {AGE, AHEAD, 8 * 3600};
    const struct json_value local = TEXT("2026-11-24 08:31:58");
    struct device_time time = device_time_of(&local, ARRIVAL, &window, TIME_OF_EVENT);
    ck_assert_int_eq(time.row_ns, ARRIVAL);
    ck_assert(time.is_zoneless && time.is_trusted);
    const struct json_value garbage = TEXT("08:31:58");
    ck_assert(!device_time_of(&garbage, ARRIVAL, &window, TIME_OF_EVENT).is_zoneless);
}
END_TEST

START_TEST(of_a_clock_that_stands)
{
    const struct time_window window = {AGE, AHEAD, 0};
    const struct json_value value = AT(-5);
    struct device_time time = device_time_standing(device_time_of(&value, ARRIVAL, &window, TIME_OF_STATE), ARRIVAL);
    ck_assert_int_eq(time.row_ns, ARRIVAL);
    ck_assert(!time.is_trusted && time.is_known);
    ck_assert_str_eq(time.anomaly, "stands still, arrival time used");
}
END_TEST

START_TEST(the_devices_own_is_kept)
{
    const struct time_window window = {AGE, AHEAD, 0};
    const struct json_value value = AT(-700 * 86400);
    struct device_time time = device_time_of(&value, ARRIVAL, &window, TIME_OF_OFFLINE);
    ck_assert_int_eq(time.device_ns, ARRIVAL - 700 * 86400 * SECOND);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/device_time");
    TCase *tests = tcase_create("core/device_time");
    tcase_add_loop_test(tests, whose_time, 0, (int)COUNT(cases));
    tcase_add_test(tests, without_a_zone);
    tcase_add_test(tests, of_a_clock_that_stands);
    tcase_add_test(tests, the_devices_own_is_kept);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
