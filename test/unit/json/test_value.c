#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"
#include "support.h"
#include "json/show.h"
#include "json/token.h"
#include "json/value.h"

#define ARENA_BYTES ((size_t)64 * 1024)

static struct arena arena;

static void make_arena(void)
{
    ck_assert(arena_init(&arena, ARENA_BYTES));
}

static void free_arena(void)
{
    arena_free(&arena);
}

/* As json/scan.h gives it: digits that are too wide come as a text. */
static struct json_raw raw_of(enum json_kind kind, struct span text)
{
    if (kind == JSON_KIND_INT || kind == JSON_KIND_REAL) {
        struct json_token token;
        json_token_next(text, 0, &token);
        ck_assert(token.kind == JSON_TOKEN_NUMBER && token.raw.kind == kind && token.end == text.len);
        return token.raw;
    }
    return (struct json_raw){
        .kind = kind,
        .has_escapes = kind == JSON_KIND_TEXT && memchr(text.ptr, '\\', text.len),
        .text = text,
    };
}

/* ---- texts ---- */

static const struct {
    const char *name;
    struct span text;
    struct span value;
    struct span key;
} texts[] = {
    {"nothing", SPAN_LITERAL(""), SPAN_LITERAL(""), SPAN_LITERAL("")},
    {"plain", SPAN_LITERAL("VM-SH-001"), SPAN_LITERAL("VM-SH-001"), SPAN_LITERAL("VM-SH-001")},
    {"digits that are too wide", SPAN_LITERAL("1e999"), SPAN_LITERAL("1e999"), SPAN_LITERAL("1e999")},
    {"Chinese as it is", SPAN_LITERAL("\xE5\xBE\xAE"), SPAN_LITERAL("\xE5\xBE\xAE"), SPAN_LITERAL("\xE5\xBE\xAE")},
    {"short escapes", SPAN_LITERAL("\\\"\\\\\\/\\b\\f\\n\\r\\t"), SPAN_LITERAL("\"\\/\b\f\n\r\t"),
     SPAN_LITERAL("\"\\/\b\f\n\r\t")},
    {"four digits", SPAN_LITERAL("\\u0041\\u00e9\\u5FAE"), SPAN_LITERAL("A\xC3\xA9\xE5\xBE\xAE"),
     SPAN_LITERAL("A\xC3\xA9\xE5\xBE\xAE")},
    {"a pair", SPAN_LITERAL("\\ud83d\\ude00"), SPAN_LITERAL("\xF0\x9F\x98\x80"), SPAN_LITERAL("\xF0\x9F\x98\x80")},
    {"between plain characters", SPAN_LITERAL("a\\nb\xC3\xA9\\tc"), SPAN_LITERAL("a\nb\xC3\xA9\tc"),
     SPAN_LITERAL("a\nb\xC3\xA9\tc")},
    {"NUL", SPAN_LITERAL("a\\u0000b"), SPAN_LITERAL("a\0b"),
     SPAN_LITERAL("a\xEF\xBF\xBD"
                  "b")},
    {"half a pair", SPAN_LITERAL("\\ud83d"), SPAN_LITERAL("\xFF"), SPAN_LITERAL("\xEF\xBF\xBD")},
    {"the other half", SPAN_LITERAL("\\ude00x"), SPAN_LITERAL("\xFFx"), SPAN_LITERAL("\xEF\xBF\xBDx")},
    {"two first halves", SPAN_LITERAL("\\ud83d\\ud83d\\ude00"), SPAN_LITERAL("\xFF\xF0\x9F\x98\x80"),
     SPAN_LITERAL("\xEF\xBF\xBD\xF0\x9F\x98\x80")},
    {"half a pair and another escape", SPAN_LITERAL("\\ud83d\\u0041\\n"),
     SPAN_LITERAL("\xFF"
                  "A\n"),
     SPAN_LITERAL("\xEF\xBF\xBD"
                  "A\n")},
    {"a replacement character as it came", SPAN_LITERAL("\\ufffd"), SPAN_LITERAL("\xEF\xBF\xBD"),
     SPAN_LITERAL("\xEF\xBF\xBD")},
};

START_TEST(reads_texts)
{
    struct span text = exact(texts[_i].text);
    struct json_raw raw = raw_of(JSON_KIND_TEXT, text);
    struct json_value value;
    ck_assert(json_value_read(&raw, &arena, &value));
    ck_assert_int_eq(value.kind, JSON_KIND_TEXT);
    ck_assert_msg(span_equal(value.text, texts[_i].value), "%s: %.*s", texts[_i].name, (int)value.text.len,
                  value.text.ptr);
    ck_assert_msg(raw.has_escapes == (arena.used > 0), "%s: copied or not", texts[_i].name);
    ck_assert_msg(raw.has_escapes || value.text.ptr == text.ptr, "%s: not where it stands", texts[_i].name);
    ck_assert_msg(!raw.has_escapes || arena.used == value.text.len, "%s: %zu bytes", texts[_i].name, arena.used);

    char *out = malloc(text.len + 1); /* + 1, as a block of nothing may be NULL */
    ck_assert_ptr_nonnull(out);
    out[text.len] = '#';
    struct span key = {out, json_value_read_key(&raw, out)};
    ck_assert_msg(span_equal(key, texts[_i].key), "%s, as a key: %.*s", texts[_i].name, (int)key.len, key.ptr);
    ck_assert_msg(out[text.len] == '#', "%s: wrote past the end", texts[_i].name);
    free(out);
    release(text);
}
END_TEST

/* Every unit there is: as many values as \u can say, alone. */
START_TEST(reads_every_escape)
{
    for (unsigned code = 0; code <= 0xFFFF; code++) {
        char text[8];
        snprintf(text, sizeof text, "\\u%04X", code);
        const struct json_raw raw = {.kind = JSON_KIND_TEXT, .has_escapes = true, .text = {text, 6}};
        struct json_value value;
        bool is_half = code >= 0xD800 && code <= 0xDFFF;
        bool is_bad = code == 0 || is_half;
        size_t want = is_bad || code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
        arena_reset(&arena);
        if (!json_value_read(&raw, &arena, &value) || value.text.len != want ||
            (value.text.ptr[0] == '\0') != (code == 0) || (value.text.ptr[0] == '\xFF') != is_half) {
            ck_abort_msg("U+%04X", code);
        }
    }
}
END_TEST

START_TEST(a_full_arena_gives_nothing)
{
    const struct json_raw raw = raw_of(JSON_KIND_TEXT, SPAN_LITERAL("\\u0041\\n"));
    for (size_t size = 0; size <= raw.text.len; size++) {
        struct arena small;
        struct json_value value = {.kind = JSON_KIND_TEXT, .text = SPAN_LITERAL("before")};
        ck_assert(arena_init(&small, size));
        bool ok = json_value_read(&raw, &small, &value);
        ck_assert_msg(ok == (size == raw.text.len), "%zu bytes", size);
        ck_assert_int_eq(value.kind, ok ? JSON_KIND_TEXT : JSON_KIND_ABSENT);
        arena_free(&small);
    }
}
END_TEST

/* ---- texts of nothing ---- */

START_TEST(knows_blank_texts)
{
    static const struct {
        struct span text;
        bool is_blank;
    } cases[] = {
        {SPAN_LITERAL(""), true},
        {SPAN_LITERAL(" "), true},
        {SPAN_LITERAL("\\u0000"), true},
        {SPAN_LITERAL("\\u0020\\u0009\\u000a\\u000B\\u000c\\u000d"), true}, /* each kind of ASCII white space */
        {SPAN_LITERAL("\\t\\n\\r\\f"), true},
        {SPAN_LITERAL(" \\u0000\\t "), true},
        {SPAN_LITERAL("\\b"), false}, /* no white space */
        {SPAN_LITERAL("\\u0001"), false},
        {SPAN_LITERAL("\\u00a0"), false}, /* nor the no-break space */
        {SPAN_LITERAL("\xC2\xA0"), false},
        {SPAN_LITERAL("\\u3000"), false},
        {SPAN_LITERAL("x"), false},
        {SPAN_LITERAL(" x"), false},
        {SPAN_LITERAL("\\u0000\\u0000x"), false},
        {SPAN_LITERAL("\\u0030"), false},
        {SPAN_LITERAL("\\ud83d"), false}, /* half a character is one that cannot be stored */
        {SPAN_LITERAL("\\\\"), false},
        {SPAN_LITERAL("\\\""), false},
        {SPAN_LITERAL("\\/"), false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span text = exact(cases[i].text);
        struct json_raw raw = raw_of(JSON_KIND_TEXT, text);
        ck_assert_msg(json_value_is_blank(&raw) == cases[i].is_blank, "%.*s", (int)text.len, text.ptr);
        /* as what it stands for has it */
        struct json_value value;
        ck_assert(json_value_read(&raw, &arena, &value));
        ck_assert_int_eq(span_trim_padding(value.text).len == 0, cases[i].is_blank);
        release(text);
    }
    static const enum json_kind others[] = {JSON_KIND_ABSENT, JSON_KIND_NULL, JSON_KIND_OBJECT, JSON_KIND_ARRAY};
    for (size_t i = 0; i < COUNT(others); i++) {
        const struct json_raw raw = {.kind = others[i], .text = {"", 0}};
        ck_assert_msg(!json_value_is_blank(&raw), "kind %d", (int)others[i]);
    }
}
END_TEST

/* ---- what has no text ---- */

START_TEST(reads_the_rest)
{
    static const struct {
        enum json_kind kind;
        struct span text;
        const char *shown;
    } cases[] = {
        {JSON_KIND_NULL, SPAN_LITERAL("null"), "null"},
        {JSON_KIND_BOOL, SPAN_LITERAL("true"), "true"},
        {JSON_KIND_BOOL, SPAN_LITERAL("false"), "false"},
        {JSON_KIND_NAN, SPAN_LITERAL("nan"), "nan"},
        {JSON_KIND_NAN, SPAN_LITERAL("-Infinity"), "-Infinity"},
        {JSON_KIND_OBJECT, {NULL, 0}, "{...}"},
        {JSON_KIND_ARRAY, {NULL, 0}, "[...]"},
        {JSON_KIND_ABSENT, {NULL, 0}, ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct json_raw raw = {.kind = cases[i].kind, .text = cases[i].text};
        struct json_value value;
        char shown[16];
        ck_assert(json_value_read(&raw, &arena, &value));
        ck_assert_int_eq(value.kind, cases[i].kind);
        json_show_value(&value, shown, sizeof shown);
        ck_assert_str_eq(shown, cases[i].shown);
        ck_assert_uint_eq(arena.used, 0);
    }
}
END_TEST

/* ---- numbers ---- */

static const struct {
    const char *text;
    enum json_kind kind;
    double real; /* of a JSON_KIND_REAL */
    int64_t integer;
    bool has_digits; /* as they came */
} numbers[] = {
    {"7", JSON_KIND_INT, 0, 7, true},
    {"-63", JSON_KIND_INT, 0, -63, true},
    {"0", JSON_KIND_INT, 0, 0, false},
    {"-0", JSON_KIND_INT, 0, 0, false}, /* is written 0 */
    {"100", JSON_KIND_INT, 0, 100, true},
    {"123456789012345", JSON_KIND_INT, 0, INT64_C(123456789012345), true},
    {"-123456789012345", JSON_KIND_INT, 0, INT64_C(-123456789012345), true},
    {"1234567890123456", JSON_KIND_INT, 0, INT64_C(1234567890123456),
     false}, /* a float is written 1.234567890123456e+15 */
    {"9223372036854775807", JSON_KIND_INT, 0, INT64_MAX, false},
    {"-9223372036854775808", JSON_KIND_INT, 0, INT64_MIN, false},
    {"220.5", JSON_KIND_REAL, 220.5, 0, true},
    {"-18.25", JSON_KIND_REAL, -18.25, 0, true},
    {"0.0001", JSON_KIND_REAL, 0.0001, 0, true},
    {"-0.0001", JSON_KIND_REAL, -0.0001, 0, true},
    {"0.00001", JSON_KIND_REAL, 0.00001, 0, false}, /* is written 1e-05 */
    {"220.50", JSON_KIND_REAL, 220.5, 0, false},    /* 220.5 */
    {"3.0", JSON_KIND_REAL, 3, 0, false},           /* 3 */
    {"0.0", JSON_KIND_REAL, 0, 0, false},
    {"-0.0", JSON_KIND_REAL, -0.0, 0, false},
    {"1e2", JSON_KIND_REAL, 100, 0, false}, /* 100 */
    {"1E-1", JSON_KIND_REAL, 0.1, 0, false},
    {"1.5e1", JSON_KIND_REAL, 15, 0, false},
    {"12345678901234.5", JSON_KIND_REAL, 12345678901234.5, 0, true},
    {"-12345678901234.5", JSON_KIND_REAL, -12345678901234.5, 0, true},
    {"0.12345678901234", JSON_KIND_REAL, 0.12345678901234, 0, true},
    {"123456789012345.5", JSON_KIND_REAL, 123456789012345.5, 0, false},
    {"0.30000000000000004", JSON_KIND_REAL, 0.30000000000000004, 0, false},
    {"1.7976931348623157e307", JSON_KIND_REAL, 1.7976931348623157e307, 0, false},
};

START_TEST(reads_numbers)
{
    struct span text = exact(span_of(numbers[_i].text));
    struct json_raw raw = raw_of(numbers[_i].kind, text);
    struct json_value value;
    ck_assert(json_value_read(&raw, &arena, &value));
    ck_assert_int_eq(value.kind, numbers[_i].kind);
    if (value.kind == JSON_KIND_INT) {
        ck_assert_int_eq(value.i, numbers[_i].integer);
    } else {
        ck_assert_msg(span_equal(value.text, text), "%s: its characters", numbers[_i].text);
        ck_assert(value.r == numbers[_i].real && !signbit(value.r) == !signbit(numbers[_i].real));
    }
    ck_assert_msg(span_equal(value.digits, numbers[_i].has_digits ? text : (struct span){"", 0}), "%s: %.*s",
                  numbers[_i].text, (int)value.digits.len, value.digits.ptr);
    release(text);
}
END_TEST

/* A linear congruential generator (Knuth, MMIX). */
static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % below;
}

/* A number is what strtod makes of it, and characters that are kept are those that would be written:
 * for numbers of JSON's grammar, of up to 19 digits. */
START_TEST(numbers_are_what_others_read_and_write)
{
    uint64_t seed = 7;
    int kept = 0;
    for (int round = 0; round < rounds(200000); round++) {
        char text[64];
        size_t n = 0;
        size_t whole = 1 + draw(&seed, 10);
        size_t behind = draw(&seed, 10);
        text[n] = '-';
        n += draw(&seed, 2);
        text[n++] = (char)('0' + (whole > 1 ? 1 + draw(&seed, 9) : draw(&seed, 10)));
        while (--whole > 0) {
            text[n++] = (char)('0' + (draw(&seed, 3) == 0 ? 0 : draw(&seed, 10)));
        }
        text[n] = '.';
        n += behind > 0;
        for (size_t i = behind; i > 0; i--) {
            text[n++] = (char)('0' + (draw(&seed, 3) == 0 ? 0 : draw(&seed, 10)));
        }
        text[n] = '\0';
        struct json_raw raw = raw_of(behind > 0 ? JSON_KIND_REAL : JSON_KIND_INT, (struct span){text, n});
        struct json_value value;
        char written[NUMBER_TEXT_BYTES];
        bool ok = json_value_read(&raw, &arena, &value);
        double number = value.kind == JSON_KIND_REAL ? value.r : (double)value.i;
        struct span want = {written, number_format_double(number, written)};
        if (!ok || number != strtod(text, NULL) || (value.digits.len > 0 && !span_equal(value.digits, want))) {
            ck_abort_msg("%s is written %s", text, written);
        }
        kept += value.digits.len > 0;
    }
    ck_assert_int_gt(kept, rounds(50000));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json/value");
    TCase *tests = tcase_create("json/value");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, make_arena, free_arena);
    tcase_add_loop_test(tests, reads_texts, 0, (int)COUNT(texts));
    tcase_add_test(tests, reads_every_escape);
    tcase_add_test(tests, a_full_arena_gives_nothing);
    tcase_add_test(tests, knows_blank_texts);
    tcase_add_test(tests, reads_the_rest);
    tcase_add_loop_test(tests, reads_numbers, 0, (int)COUNT(numbers));
    tcase_add_test(tests, numbers_are_what_others_read_and_write);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
