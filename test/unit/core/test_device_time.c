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
    bool is_offline;
    int64_t row_s; /* from arrival */
    bool is_trusted, is_known;
    const char *anomaly;
} cases[] = {
    {"the device's own", AT(-5), false, -5, true, true, ""},
    {"the first that is trusted", AT(-7 * 86400), false, -7 * 86400, true, true, ""},
    {"a second older", AT(-7 * 86400 - 1), false, 0, false, true, "too old, arrival time used"},
    {"the last that is trusted", AT(600), false, 600, true, true, ""},
    {"a second later", AT(601), false, 0, false, true, "too far ahead, arrival time used"},
    {"1970", {.kind = JSON_KIND_INT, .i = 12}, false, 0, false, true, "too old, arrival time used"},
    {"text", TEXT("2026-11-24T00:31:58Z"), false, 0, true, true, ""},
    {"no time", TEXT("soon"), false, 0, false, false, "not a time, arrival time used"},
    {"true", {.kind = JSON_KIND_BOOL, .b = true}, false, 0, false, false, "not a time, arrival time used"},
    {"absent", {.kind = JSON_KIND_ABSENT}, false, 0, false, false, "missing, arrival time used"},
    {"null", {.kind = JSON_KIND_NULL}, false, 0, false, false, "missing, arrival time used"},
    {"offline has the time of its making", AT(-3600), true, 0, false, true, ""},
    {"offline, however old", AT(-700 * 86400), true, 0, false, true, ""},
    {"offline without a time", {.kind = JSON_KIND_ABSENT}, true, 0, false, false, ""},
    {"offline with no time", TEXT("soon"), true, 0, false, false, "not a time"},
};

START_TEST(whose_time)
{
    const struct time_window window = {AGE, AHEAD};
    struct device_time time = device_time_of(&cases[_i].value, ARRIVAL, &window, cases[_i].is_offline);
    ck_assert_msg(time.row_ns == ARRIVAL + cases[_i].row_s * SECOND, "%s: %lld s", cases[_i].name,
                  (long long)((time.row_ns - ARRIVAL) / SECOND));
    ck_assert_msg(time.is_trusted == cases[_i].is_trusted, "%s: trusted", cases[_i].name);
    ck_assert_msg(time.is_known == cases[_i].is_known, "%s: known", cases[_i].name);
    ck_assert_msg(strcmp(time.anomaly, cases[_i].anomaly) == 0, "%s: %s", cases[_i].name, time.anomaly);
}
END_TEST

START_TEST(the_devices_own_is_kept)
{
    const struct time_window window = {AGE, AHEAD};
    const struct json_value value = AT(-700 * 86400);
    struct device_time time = device_time_of(&value, ARRIVAL, &window, true);
    ck_assert_int_eq(time.device_ns, ARRIVAL - 700 * 86400 * SECOND);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/device_time");
    TCase *tests = tcase_create("core/device_time");
    tcase_add_loop_test(tests, whose_time, 0, (int)COUNT(cases));
    tcase_add_test(tests, the_devices_own_is_kept);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
