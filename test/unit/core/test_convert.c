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
        .kind = JSON_KIND_REAL, .r = (n)                                                                               \
    }
#define TEXT(words)                                                                                                    \
    {                                                                                                                  \
        .kind = JSON_KIND_TEXT, .text = SPAN_LITERAL(words)                                                            \
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
    .name = "probe", .type = COLUMN_FLOAT, .min = -90, .max = 80, .faults = {-127, 85}, .fault_count = 2};
static const struct column positive = {.name = "positive", .type = COLUMN_FLOAT, .min = 0, .max = INFINITY};
static const struct column narrow = {.name = "narrow", .type = COLUMN_INTEGER, .min = -INFINITY, .max = INFINITY};
static const struct column wide = {.name = "wide", .type = COLUMN_BIGINT, .min = -INFINITY, .max = INFINITY};
static const struct column truth = {.name = "truth", .type = COLUMN_BOOLEAN};
static const struct column word = {.name = "word", .type = COLUMN_TEXT, .max_bytes = 16};
static const struct column low = {.name = "low", .type = COLUMN_TEXT, .max_bytes = 16, .form = FORM_LOWER};
static const struct column type = {.name = "event_type", .type = COLUMN_TEXT, .max_bytes = 64, .form = FORM_EVENT_TYPE};

/* plugin/README.md, Never lose 4 and 5: what is unambiguous is read, what cannot be is an anomaly. */
static const struct {
    const char *name;
    const struct column *column;
    struct json_value value;
    const char *got; /* as support.h writes a value, or the reason behind "!" */
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

int main(void)
{
    Suite *suite = suite_create("core/convert");
    TCase *tests = tcase_create("core/convert");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, values, 0, (int)COUNT(cases));
    tcase_add_test(tests, a_full_arena_is_said);
    tcase_add_test(tests, times);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
