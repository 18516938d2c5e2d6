#include <math.h>
#include <string.h>

#include "core/convert.h"
#include "support.h"

#define INT(n)                                                                                                         \
    {                                                                                                                  \
        .kind = JSON_KIND_INT, .i = (n)                                                                                \
    }
#define REAL(n)                                                                                                        \
    {                                                                                                                  \
        .kind = JSON_KIND_REAL, .r = (n), .text = SPAN_LITERAL(#n)                                                     \
    }
#define TEXT(words)                                                                                                    \
    {                                                                                                                  \
        .kind = JSON_KIND_TEXT, .text = SPAN_LITERAL(words)                                                            \
    }
#define NO_NUMBER(word)                                                                                                \
    {                                                                                                                  \
        .kind = JSON_KIND_NAN, .text = SPAN_LITERAL(word)                                                              \
    }
#define BOOL(truth)                                                                                                    \
    {                                                                                                                  \
        .kind = JSON_KIND_BOOL, .b = (truth)                                                                           \
    }
#define OBJECT                                                                                                         \
    {                                                                                                                  \
        .kind = JSON_KIND_OBJECT                                                                                       \
    }
#define ARRAY                                                                                                          \
    {                                                                                                                  \
        .kind = JSON_KIND_ARRAY                                                                                        \
    }

static const struct column probe = {
    .name = "probe", .unit = "", .type = COLUMN_FLOAT, .min = -90, .max = 80, .faults = {-127, 85}, .fault_count = 2};
static const struct column positive = {.name = "positive", .unit = "", .type = COLUMN_FLOAT, .min = 0, .max = INFINITY};
static const struct column narrow = {
    .name = "narrow", .unit = "", .type = COLUMN_INTEGER, .min = -INFINITY, .max = INFINITY};
static const struct column wide = {
    .name = "wide", .unit = "", .type = COLUMN_BIGINT, .min = -INFINITY, .max = INFINITY};
static const struct column truth = {.name = "truth", .unit = "", .type = COLUMN_BOOLEAN};
static const struct column volts = {.name = "volts", .type = COLUMN_FLOAT, .unit = "V", .min = 0, .max = 500};
static const struct column celsius = {
    .name = "celsius", .type = COLUMN_FLOAT, .unit = "degC", .min = -90, .max = 80, .faults = {-127}, .fault_count = 1};
static const struct column signal = {.name = "signal", .type = COLUMN_INTEGER, .unit = "dBm", .min = -150, .max = 0};
static const struct column door = {.name = "door", .type = COLUMN_BOOLEAN, .unit = "", .words = WORDS_CLOSED};
static const struct column state = {
    .name = "status", .type = COLUMN_TEXT, .unit = "", .max_bytes = 32, .form = FORM_STATUS};
static const struct column outcome = {
    .name = "severity", .type = COLUMN_TEXT, .unit = "", .max_bytes = 32, .form = FORM_OUTCOME};
static const struct column word = {.name = "word", .unit = "", .type = COLUMN_TEXT, .max_bytes = 16};
static const struct column low = {.name = "low", .unit = "", .type = COLUMN_TEXT, .max_bytes = 16, .form = FORM_LOWER};
static const struct column type = {
    .name = "event_type", .unit = "", .type = COLUMN_TEXT, .max_bytes = 64, .form = FORM_EVENT_TYPE};

/* plugin/README.md, Never lose 4 and 5: what is unambiguous is read, what cannot be is an anomaly. */
static const struct {
    const char *name;
    const struct column *column;
    struct json_value value;
    const char *got; /* as support.h writes a value, a remark behind it; or the reason behind "!" */
} cases[] = {
    {"a float", &probe, REAL(-18.5), "-18.5"},
    {"an integer for a float", &probe, INT(-18), "-18"},
    {"a float as text", &probe, TEXT(" -18.50 "), "-18.5"},
    {"warm, but no fault", &probe, REAL(12), "12"},
    {"cut off", &probe, INT(-127), "!sensor fault code"},
    {"just started", &probe, TEXT("85.0"), "!sensor fault code"},
    {"impossible", &probe, REAL(80.5), "!outside -90..80"},
    {"below the one limit", &positive, INT(-1), "!below 0"},
    {"a unit", &probe, TEXT("24.1C"), "!not a number"},
    {"no double", &probe, TEXT("1e999"), "!does not fit a double"},
    {"true for a float", &probe, BOOL(true), "!not a number"},
    {"an object for a float", &probe, OBJECT, "!not a number"},
    {"an integer", &narrow, INT(7), "7i"},
    {"an integer written as a float", &narrow, REAL(3.0), "3i"},
    {"an integer as text", &narrow, TEXT("3e2"), "300i"},
    {"the widest", &narrow, INT(INT32_MAX), "2147483647i"},
    {"one more", &narrow, INT(INT64_C(2147483648)), "!does not fit a 32-bit integer"},
    {"half an integer", &narrow, REAL(3.5), "!not an integer"},
    {"an integer of a float's width", &narrow, REAL(1e300), "!does not fit a 32-bit integer"},
    {"64 bits", &wide, INT(INT64_MIN), "-9223372036854775808i"},
    {"65 bits", &wide, TEXT("9223372036854775808"), "!does not fit a 64-bit integer"},
    {"true", &truth, BOOL(true), "true"},
    {"1", &truth, INT(1), "true"},
    {"0.0", &truth, REAL(0), "false"},
    {"2", &truth, INT(2), "!not a boolean"},
    {"FALSE", &truth, TEXT("FALSE"), "false"},
    {"yes", &truth, TEXT("yes"), "!not a boolean"},
    {"text", &word, TEXT("A-7"), "\"A-7\""},
    {"a number for text", &word, INT(101), "\"101\""},
    {"a real for text", &word, REAL(1.5), "!not text"},
    {"an array for text", &word, ARRAY, "!not text"},
    {"just long enough", &word, TEXT("1234567890123456"), "\"1234567890123456\""},
    {"too long", &word, TEXT("12345678901234567"), "!longer than 16 bytes"},
    {"a NUL", &word, TEXT("a\0b"), "!holds a character that PostgreSQL cannot store"},
    {"lower case", &low, TEXT(" Online\t"), "\"online\""},
    {"a known event", &type, TEXT("channel-jam"), "\"CHANNEL_JAM\""},
    {"by an alias", &type, TEXT("卡货"), "\"CHANNEL_JAM\""},
    {"an unknown one", &type, TEXT("coinStuck"), "\"COIN_STUCK\""},
    {"an event type with padding", &type, TEXT("\0 jam\0"), "\"CHANNEL_JAM\""},

    {"no number for a float", &probe, NO_NUMBER("nan"), "!not a number"},
    {"... for an integer", &narrow, NO_NUMBER("-inf"), "!not an integer"},
    {"... for a boolean", &truth, NO_NUMBER("Infinity"), "!not a boolean"},
    {"... for text", &word, NO_NUMBER("nan"), "!not text"},
    {"... for a status", &state, NO_NUMBER("nan"), "!not text"},

    {"padding around a float", &probe, TEXT("\0\0-18.5 \0"), "-18.5"},
    {"padding around an integer", &narrow, TEXT(" \t7\0"), "7i"},
    {"padding around a boolean", &truth, TEXT("\0true\n"), "true"},
    {"padding around text", &word, TEXT("\0 A-7\0\0"), "\"A-7\""},
    {"padding is not counted", &word, TEXT("  1234567890123456\0"), "\"1234567890123456\""},
    {"a NUL inside a number", &narrow, TEXT("1\0002"), "!not an integer"},
    {"padding alone", &word, TEXT("\0 "), "!not text"},

    {"its own unit", &volts, TEXT("221.4V"), "221.4"},
    {"behind a blank", &volts, TEXT(" 221.4 v "), "221.4"},
    {"another unit", &volts, TEXT("221400 mV"), "!not a number"},
    {"a unit of nothing", &volts, TEXT("V"), "!not a number"},
    {"too much with its unit", &volts, TEXT("501 V"), "!outside 0..500"},
    {"no double with its unit", &volts, TEXT("1e999V"), "!does not fit a double"},
    {"degrees in one sign", &celsius, TEXT("24.1 ℃"), "24.1"},
    {"degrees in two", &celsius, TEXT("-18°C"), "-18"},
    {"degrees Fahrenheit", &celsius, TEXT("75 °F"), "!not a number"},
    {"a fault with its unit", &celsius, TEXT("-127℃"), "!sensor fault code"},
    {"a whole number with its unit", &signal, TEXT("-63dbm"), "-63i"},
    {"a fraction with its unit", &signal, TEXT("-63.5 dBm"), "!not an integer"},
    {"a unit where the column has none", &narrow, TEXT("7 s"), "!not an integer"},

    {"as it is written, not as a double has it", &narrow, REAL(500.00000000000000001), "!not an integer"},
    {"with an exponent", &narrow, REAL(5e2), "500i"},
    {"with an exponent below it", &narrow, REAL(5000e-1), "500i"},
    {"a real of 2^63", &wide, REAL(9223372036854775808.0), "!does not fit a 64-bit integer"},
    {"the last 64 bits of a real", &wide, REAL(9223372036854775807.0), "9223372036854775807i"},
    {"almost one", &truth, REAL(1.00000000000000000001), "!not a boolean"},
    {"1e0", &truth, REAL(1e0), "true"},
    {"-0.0", &truth, REAL(-0.0), "false"},

    {"on", &truth, TEXT("On"), "true"},
    {"off", &truth, TEXT("OFF"), "false"},
    {"open, of what has no door", &truth, TEXT("open"), "!not a boolean"},
    {"open", &door, TEXT("Open"), "false"},
    {"closed", &door, TEXT(" CLOSED "), "true"},
    {"a door that is on", &door, TEXT("on"), "true"},
    {"a door that is ajar", &door, TEXT("ajar"), "!not a boolean"},
    {"Y", &truth, TEXT("Y"), "!not a boolean"},
    {"no", &truth, TEXT("no"), "!not a boolean"},
    {"N", &truth, TEXT("N"), "!not a boolean"},
    {"T", &truth, TEXT("T"), "!not a boolean"},
    {"F", &truth, TEXT("F"), "!not a boolean"},
    {"2 as text", &truth, TEXT("2"), "!not a boolean"},
    {"empty for a boolean", &truth, TEXT(""), "!not a boolean"},

    {"a whole real for text", &word, REAL(101.0), "\"101\""},
    {"a time for text", &word, REAL(1717243198250.0), "\"1717243198250\""},
    {"an exponent for text", &word, REAL(1e15), "\"1000000000000000\""},
    {"18 zeros for text", &type, REAL(1e18), "\"1000000000000000000\""},
    {"too many digits for text", &word, REAL(1e16), "!longer than 16 bytes"},
    {"a real beyond 64 bits for text", &word, REAL(1e19), "!not text"},
    {"minus zero for text", &word, REAL(-0.0), "\"0\""},

    {"a known status", &state, TEXT(" On-Line"), "\"online\""},
    {"a status by an alias", &state, TEXT("掉线"), "\"offline\""},
    {"a status nobody knows", &state, TEXT(" In Service "), "\"in service\" unknown status"},
    {"a status of a number", &state, INT(1), "\"1\" unknown status"},
    {"a status of true", &state, BOOL(true), "!not text"},
    {"an outcome", &outcome, TEXT("success"), "\"low\""},
    {"a bad outcome", &outcome, TEXT("Failed"), "\"high\""},
    {"a refusal", &outcome, TEXT("REJECTED"), "\"high\""},
    {"an outcome nobody knows", &outcome, TEXT("pending"), "\"low\" unknown status"},
};

static struct arena arena;
static struct mapping *mapping;

static void set_up(void)
{
    mapping = mapping_new();
    ck_assert_ptr_nonnull(mapping);
    ck_assert(arena_init(&arena, 4096));
}

static void tear_down(void)
{
    mapping_free(mapping);
    arena_free(&arena);
}

START_TEST(values)
{
    struct convert convert = {.mapping = mapping, .arena = &arena};
    struct lp_value value;
    struct buf got;
    buf_init(&got, 256);
    const char *reason = convert_value(&convert, cases[_i].column, &cases[_i].value, &value);
    if (reason[0] != '\0') {
        buf_format(&got, "!%s", reason);
    } else {
        put_value(&got, &value);
        if (cases[_i].column->type == COLUMN_TEXT && convert.remark[0] != '\0') {
            buf_format(&got, " %s", convert.remark);
        }
    }
    ck_assert_msg(strcmp(text_of(&got), cases[_i].got) == 0, "%s: %s", cases[_i].name, got.ptr);
    ck_assert(!convert.out_of_memory);
    buf_free(&got);
}
END_TEST

START_TEST(a_full_arena_is_said)
{
    struct arena none;
    ck_assert(arena_init(&none, 1));
    struct convert convert = {.mapping = mapping, .arena = &none};
    const struct json_value value = TEXT("channel-jam and more than one byte");
    struct lp_value out;
    const char *reason = convert_value(&convert, &type, &value, &out);
    ck_assert(convert.out_of_memory);
    ck_assert_ptr_nonnull(reason);
    arena_free(&none);
}
END_TEST

START_TEST(times)
{
    static const struct {
        struct json_value value;
        int64_t ns; /* 0 = none */
    } forms[] = {
        {INT(1795480318), INT64_C(1795480318000000000)},
        {REAL(1795480318.25), INT64_C(1795480318250000000)},
        {TEXT("1795480318123"), INT64_C(1795480318123000000)},
        {TEXT("2026-11-24T08:31:58+08:00"), INT64_C(1795480318000000000)},
        {TEXT(" 2026-11-24 08:31:58 +0800\0"), INT64_C(1795480318000000000)},
        {TEXT("\0"
              "1795480318\0\0"),
         INT64_C(1795480318000000000)},
        {NO_NUMBER("nan"), 0},
        {TEXT(""), 0},
        {TEXT("soon"), 0},
        {BOOL(true), 0},
        {{.kind = JSON_KIND_NULL}, 0},
        {ARRAY, 0},
    };
    for (size_t i = 0; i < COUNT(forms); i++) {
        struct timestamp_zone utc = {0, false};
        int64_t ns = 0;
        ck_assert_msg(convert_time(&forms[i].value, &utc, &ns) == (forms[i].ns != 0), "%zu", i);
        ck_assert_msg(forms[i].ns == 0 || ns == forms[i].ns, "%zu: %lld", i, (long long)ns);
    }
}
END_TEST

/* A zone is for times that name none, and used by them alone. */
START_TEST(times_without_a_zone)
{
    struct timestamp_zone zone = {8 * 3600, false};
    const struct json_value number = INT(1795480318);
    const struct json_value zoned = TEXT("2026-11-24T00:31:58Z");
    const struct json_value zoneless = TEXT("2026-11-24T08:31:58 ");
    int64_t ns;
    ck_assert(convert_time(&number, &zone, &ns) && !zone.used);
    ck_assert(convert_time(&zoned, &zone, &ns) && !zone.used);
    ck_assert(convert_time(&zoneless, &zone, &ns) && zone.used);
    ck_assert_int_eq(ns, INT64_C(1795480318000000000));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/convert");
    TCase *tests = tcase_create("core/convert");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, values, 0, (int)COUNT(cases));
    tcase_add_test(tests, a_full_arena_is_said);
    tcase_add_test(tests, times);
    tcase_add_test(tests, times_without_a_zone);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
