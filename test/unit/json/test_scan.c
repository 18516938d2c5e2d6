#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "json/scan.h"

static const struct json_limits usual = {32, 8192};

/* ---- what is well formed, and what is counted ---- */

static const struct {
    const char *name;
    struct span text;
    struct json_report report;
} well_formed[] = {
    {"empty object", SPAN_LITERAL("{}"), {1, 0, 0}},
    {"empty array", SPAN_LITERAL("[]"), {1, 0, 0}},
    {"true", SPAN_LITERAL("true"), {1, 0, 0}},
    {"false", SPAN_LITERAL("false"), {1, 0, 0}},
    {"null", SPAN_LITERAL("null"), {1, 0, 0}},
    {"zero", SPAN_LITERAL("0"), {1, 0, 0}},
    {"negative zero", SPAN_LITERAL("-0"), {1, 0, 0}},
    {"every part of a number", SPAN_LITERAL("-12.340e-05"), {1, 0, 0}},
    {"exponents", SPAN_LITERAL("[1e5,1E5,1e+5,0e0]"), {5, 0, 0}},
    {"empty string", SPAN_LITERAL("\"\""), {1, 0, 0}},
    {"every escape", SPAN_LITERAL("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\""), {1, 0, 0}},
    {"white space everywhere", SPAN_LITERAL(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n"), {5, 0, 0}},
    {"keys are not values", SPAN_LITERAL("{\"a\":1,\"b\":{\"c\":[true,null]}}"), {6, 0, 0}},
    {"one key twice", SPAN_LITERAL("{\"a\":1,\"a\":2}"), {3, 0, 0}},
    {"an empty key", SPAN_LITERAL("{\"\":1}"), {2, 0, 0}},
    {"UTF-8 of every length", SPAN_LITERAL("\"a\xC3\xA9\xE5\xBE\xAE\xF0\x9F\x98\x80\""), {1, 0, 0}},
    {"DEL is no control character", SPAN_LITERAL("\"\x7F\""), {1, 0, 0}},

    {"int64 and no wider", SPAN_LITERAL("[9223372036854775807,-9223372036854775808]"), {3, 0, 0}},
    {"one above int64", SPAN_LITERAL("[9223372036854775808]"), {2, 1, 0}},
    {"one below int64", SPAN_LITERAL("[-9223372036854775809]"), {2, 1, 0}},
    {"20 digits as a real", SPAN_LITERAL("[12345678901234567890.5]"), {2, 0, 0}},
    {"64 characters", SPAN_LITERAL("0.12345678901234567890123456789012345678901234567890123456789012"), {1, 0, 0}},
    {"65 characters", SPAN_LITERAL("0.123456789012345678901234567890123456789012345678901234567890123"), {1, 1, 0}},
    {"exponent 307", SPAN_LITERAL("[1e307,-1e307,1e-307,9.99e307]"), {5, 0, 0}},
    {"exponent 308", SPAN_LITERAL("[1e308,1e-308,1E+308,0e308]"), {5, 4, 0}},
    {"overflow and underflow", SPAN_LITERAL("[1e999,-1e999,1e-400]"), {4, 3, 0}},
    {"an exponent outside int64", SPAN_LITERAL("[1e99999999999999999999,1e-99999999999999999999]"), {3, 2, 0}},
    {"an exponent with zeros in front", SPAN_LITERAL("[1e0000000307,1e0000000308]"), {3, 1, 0}},
    {"overflow with an exponent of 307", SPAN_LITERAL("[17e307,18e307,-18e307]"), {4, 2, 0}},
    {"overflow by digits in front of the exponent",
     SPAN_LITERAL("[1000000000000000000000000000000000000000000000000000000000e252]"),
     {2, 1, 0}},
    {"digits in front of an exponent that makes up for them",
     SPAN_LITERAL("[1000000000000000000000000000000000000000000000000000000000e250]"),
     {2, 0, 0}},

    {"NUL in a string", SPAN_LITERAL("[\"a\\u0000b\\u0000\"]"), {2, 0, 2}},
    {"NUL in a key", SPAN_LITERAL("{\"a\\u0000\":1}"), {2, 0, 1}},
    {"a backslash, then u0000", SPAN_LITERAL("\"\\\\u0000\""), {1, 0, 0}},
    {"a lone high surrogate", SPAN_LITERAL("\"\\ud83d\""), {1, 0, 1}},
    {"a lone low surrogate", SPAN_LITERAL("\"\\ude00\""), {1, 0, 1}},
    {"surrogates the wrong way round", SPAN_LITERAL("\"\\ude00\\ud83d\""), {1, 0, 2}},
    {"a high surrogate before a pair", SPAN_LITERAL("\"\\ud83d\\ud83d\\ude00\""), {1, 0, 1}},
    {"a high surrogate before another escape", SPAN_LITERAL("\"\\ud83d\\n\\ud83d\\u0041\\ud83dx\""), {1, 0, 3}},
    {"the first and the last pair", SPAN_LITERAL("\"\\ud800\\udc00\\udbff\\udfff\""), {1, 0, 0}},
    {"noncharacters are characters", SPAN_LITERAL("\"\\uffff\\ufffe\""), {1, 0, 0}},
};

START_TEST(counts_what_is_well_formed)
{
    for (size_t i = 0; i < sizeof well_formed / sizeof well_formed[0]; i++) {
        const char *name = well_formed[i].name;
        struct span text = exact(well_formed[i].text);
        struct json_report report = {9, 9, 9};
        struct err err = {0};
        enum reject reason = json_scan(text, &usual, &report, &err);
        ck_assert_msg(reason == REJECT_NONE, "%s: %s at %zu", name, err.text, err.pos);
        ck_assert_msg(err.text[0] == '\0', "%s: an error without a fault: %s", name, err.text);
        ck_assert_msg(report.values == well_formed[i].report.values &&
                          report.wide_numbers == well_formed[i].report.wide_numbers &&
                          report.bad_escapes == well_formed[i].report.bad_escapes,
                      "%s: %zu values, %zu wide, %zu bad", name, report.values, report.wide_numbers,
                      report.bad_escapes);
        release(text);
    }
}
END_TEST

/* ---- what is refused, and where ---- */

static const struct {
    const char *name;
    struct span text;
    enum reject reason;
    size_t pos;
    const char *why;
} refused[] = {
    {"nothing", SPAN_LITERAL(""), REJECT_INVALID_JSON, 0, "the text ends too early"},
    {"only white space", SPAN_LITERAL(" \n"), REJECT_INVALID_JSON, 2, "the text ends too early"},
    {"no JSON at all", SPAN_LITERAL("hello"), REJECT_INVALID_JSON, 0, "expected a value"},
    {"a NUL", SPAN_LITERAL("\0"), REJECT_INVALID_JSON, 0, "expected a value"},
    {"a NUL between tokens", SPAN_LITERAL("[1,\0 2]"), REJECT_INVALID_JSON, 3, "expected a value"},
    {"a NUL behind the end", SPAN_LITERAL("{}\0"), REJECT_INVALID_JSON, 2, "expected a value"},
    {"a vertical tab is no white space", SPAN_LITERAL("\v{}"), REJECT_INVALID_JSON, 0, "expected a value"},
    {"a form feed is no white space", SPAN_LITERAL("{}\f"), REJECT_INVALID_JSON, 2, "expected a value"},
    {"a no-break space is no white space", SPAN_LITERAL("\xC2\xA0{}"), REJECT_INVALID_JSON, 0, "expected a value"},
    {"a byte-order mark", SPAN_LITERAL("\xEF\xBB\xBF{}"), REJECT_INVALID_JSON, 0, "expected a value"},
    {"a comment", SPAN_LITERAL("{}/**/"), REJECT_INVALID_JSON, 2, "expected a value"},
    {"words in capitals", SPAN_LITERAL("[True]"), REJECT_INVALID_JSON, 1, "expected a value"},
    {"half a word", SPAN_LITERAL("[tru"), REJECT_INVALID_JSON, 1, "expected a value"},
    {"a longer word", SPAN_LITERAL("[truely]"), REJECT_INVALID_JSON, 5, "expected a value"},
    {"two words in one", SPAN_LITERAL("[truenull]"), REJECT_INVALID_JSON, 5, "expected a comma or a closing bracket"},
    {"NaN", SPAN_LITERAL("[NaN]"), REJECT_INVALID_JSON, 1, "expected a value"},
    {"single quotes", SPAN_LITERAL("{'a':1}"), REJECT_INVALID_JSON, 1, "expected a value"},

    {"two documents", SPAN_LITERAL("{} {}"), REJECT_INVALID_JSON, 3, "text behind the end of the document"},
    {"a closing bracket too many", SPAN_LITERAL("[]]"), REJECT_INVALID_JSON, 2, "a bracket that closes nothing here"},
    {"the wrong bracket", SPAN_LITERAL("[1}"), REJECT_INVALID_JSON, 2, "a bracket that closes nothing here"},
    {"the other wrong bracket", SPAN_LITERAL("{\"a\":1]"), REJECT_INVALID_JSON, 6,
     "a bracket that closes nothing here"},
    {"an array that does not end", SPAN_LITERAL("[1"), REJECT_INVALID_JSON, 2, "the text ends too early"},
    {"an object that does not end", SPAN_LITERAL("{\"a\":1,"), REJECT_INVALID_JSON, 7, "the text ends too early"},
    {"a comma before the bracket", SPAN_LITERAL("[1,]"), REJECT_INVALID_JSON, 3, "a bracket that closes nothing here"},
    {"a comma before the brace", SPAN_LITERAL("{\"a\":1,}"), REJECT_INVALID_JSON, 7,
     "a bracket that closes nothing here"},
    {"a comma first", SPAN_LITERAL("[,1]"), REJECT_INVALID_JSON, 1, "a comma that follows no value"},
    {"two commas", SPAN_LITERAL("[1,,2]"), REJECT_INVALID_JSON, 3, "a comma that follows no value"},
    {"a comma at the top", SPAN_LITERAL("1,2"), REJECT_INVALID_JSON, 1, "a comma that follows no value"},
    {"no comma", SPAN_LITERAL("[1 2]"), REJECT_INVALID_JSON, 3, "expected a comma or a closing bracket"},
    {"a colon in an array", SPAN_LITERAL("[1:2]"), REJECT_INVALID_JSON, 2, "a colon that belongs to no key"},
    {"no colon", SPAN_LITERAL("{\"a\" 1}"), REJECT_INVALID_JSON, 5, "expected a colon"},
    {"two colons", SPAN_LITERAL("{\"a\"::1}"), REJECT_INVALID_JSON, 5, "a colon that belongs to no key"},
    {"a key without a value", SPAN_LITERAL("{\"a\"}"), REJECT_INVALID_JSON, 4, "a bracket that closes nothing here"},
    {"a colon without a value", SPAN_LITERAL("{\"a\":}"), REJECT_INVALID_JSON, 5, "a bracket that closes nothing here"},
    {"a key without quotes", SPAN_LITERAL("{a:1}"), REJECT_INVALID_JSON, 1, "expected a value"},
    {"a number as a key", SPAN_LITERAL("{1:1}"), REJECT_INVALID_JSON, 1, "expected a key in quotes"},
    {"a word as a second key", SPAN_LITERAL("{\"a\":1,null:1}"), REJECT_INVALID_JSON, 7, "expected a key in quotes"},
    {"an object as a key", SPAN_LITERAL("{{}:1}"), REJECT_INVALID_JSON, 1, "expected a key in quotes"},

    {"a zero in front", SPAN_LITERAL("[01]"), REJECT_INVALID_JSON, 1, "not a number"},
    {"a minus and a zero in front", SPAN_LITERAL("[-01]"), REJECT_INVALID_JSON, 1, "not a number"},
    {"a minus alone", SPAN_LITERAL("[-]"), REJECT_INVALID_JSON, 1, "not a number"},
    {"a minus at the end", SPAN_LITERAL("-"), REJECT_INVALID_JSON, 0, "not a number"},
    {"a plus", SPAN_LITERAL("[+1]"), REJECT_INVALID_JSON, 1, "expected a value"},
    {"a point first", SPAN_LITERAL("[.5]"), REJECT_INVALID_JSON, 1, "expected a value"},
    {"a point last", SPAN_LITERAL("[5.]"), REJECT_INVALID_JSON, 3, "a digit must follow the decimal point"},
    {"a point at the end", SPAN_LITERAL("5."), REJECT_INVALID_JSON, 2, "a digit must follow the decimal point"},
    {"a point before the exponent", SPAN_LITERAL("[5.e1]"), REJECT_INVALID_JSON, 3,
     "a digit must follow the decimal point"},
    {"no exponent", SPAN_LITERAL("[5e]"), REJECT_INVALID_JSON, 3, "a digit must follow the exponent sign"},
    {"only the exponent's sign", SPAN_LITERAL("5e+"), REJECT_INVALID_JSON, 3, "a digit must follow the exponent sign"},
    {"hexadecimal", SPAN_LITERAL("[0x10]"), REJECT_INVALID_JSON, 2, "expected a value"},
    {"a decimal comma", SPAN_LITERAL("{\"a\":1,5}"), REJECT_INVALID_JSON, 7, "expected a key in quotes"},

    {"a string that does not end", SPAN_LITERAL("\"abc"), REJECT_INVALID_JSON, 4, "the text ends inside a string"},
    {"a backslash at the end", SPAN_LITERAL("\"abc\\"), REJECT_INVALID_JSON, 5, "the text ends inside a string"},
    {"a quote that is escaped", SPAN_LITERAL("\"abc\\\""), REJECT_INVALID_JSON, 6, "the text ends inside a string"},
    {"a raw newline in a string", SPAN_LITERAL("[\"a\nb\"]"), REJECT_INVALID_JSON, 3, "control character in a string"},
    {"a raw tab in a string", SPAN_LITERAL("[\"\t\"]"), REJECT_INVALID_JSON, 2, "control character in a string"},
    {"a raw NUL in a string", SPAN_LITERAL("[\"a\0b\"]"), REJECT_INVALID_JSON, 3, "control character in a string"},
    {"a raw NUL in a key", SPAN_LITERAL("{\"\0\":1}"), REJECT_INVALID_JSON, 2, "control character in a string"},
    {"the last control character", SPAN_LITERAL("\"\x1F\""), REJECT_INVALID_JSON, 1, "control character in a string"},
    {"an unknown escape", SPAN_LITERAL("\"a\\x\""), REJECT_INVALID_JSON, 2, "unknown escape in a string"},
    {"an escaped NUL byte", SPAN_LITERAL("\"\\\0\""), REJECT_INVALID_JSON, 1, "unknown escape in a string"},
    {"a capital U", SPAN_LITERAL("\"\\U0041\""), REJECT_INVALID_JSON, 1, "unknown escape in a string"},
    {"three hex digits", SPAN_LITERAL("\"\\u123\""), REJECT_INVALID_JSON, 1, "\\u without four hex digits"},
    {"a hex digit that is none", SPAN_LITERAL("\"\\u12g4\""), REJECT_INVALID_JSON, 1, "\\u without four hex digits"},
    {"hex digits cut off", SPAN_LITERAL("\"\\u00"), REJECT_INVALID_JSON, 1, "\\u without four hex digits"},
    {"the second of a pair is cut", SPAN_LITERAL("\"\\ud83d\\u"), REJECT_INVALID_JSON, 7,
     "\\u without four hex digits"},

    {"a byte that is never UTF-8", SPAN_LITERAL("{\"a\":\"\xFF\"}"), REJECT_INVALID_UTF8, 6, "not UTF-8"},
    {"Latin-1", SPAN_LITERAL("{\"a\":\"caf\xE9\"}"), REJECT_INVALID_UTF8, 9, "not UTF-8"},
    {"GBK", SPAN_LITERAL("[\"\xCE\xA2\xB2\xA8\"]"), REJECT_INVALID_UTF8, 4, "not UTF-8"},
    {"overlong", SPAN_LITERAL("\"\xC0\x80\""), REJECT_INVALID_UTF8, 1, "not UTF-8"},
    {"a surrogate in UTF-8", SPAN_LITERAL("\"\xED\xA0\x80\""), REJECT_INVALID_UTF8, 1, "not UTF-8"},
    {"above U+10FFFF", SPAN_LITERAL("\"\xF4\x90\x80\x80\""), REJECT_INVALID_UTF8, 1, "not UTF-8"},
    {"UTF-8 cut off", SPAN_LITERAL("\"\xE5\xBE"), REJECT_INVALID_UTF8, 1, "not UTF-8"},
    {"UTF-8 before grammar", SPAN_LITERAL("]\xFF"), REJECT_INVALID_UTF8, 1, "not UTF-8"},
};

START_TEST(refuses_with_position_and_words)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const char *name = refused[i].name;
        struct span text = exact(refused[i].text);
        struct json_report report;
        struct err err = {0};
        enum reject reason = json_scan(text, &usual, &report, &err);
        ck_assert_msg(reason == refused[i].reason, "%s: %s", name, reject_name(reason));
        ck_assert_msg(err.pos == refused[i].pos && strcmp(err.text, refused[i].why) == 0, "%s: \"%s\" at %zu", name,
                      err.text, err.pos);
        release(text);
    }
}
END_TEST

START_TEST(needs_no_err)
{
    struct json_report report;
    ck_assert_int_eq(json_scan(SPAN_LITERAL("[1,]"), &usual, &report, NULL), REJECT_INVALID_JSON);
    ck_assert_int_eq(json_scan(SPAN_LITERAL("\xFF"), &usual, &report, NULL), REJECT_INVALID_UTF8);
}
END_TEST

START_TEST(takes_other_bytes_where_asked)
{
    static const struct {
        const char *name;
        struct span text;
        enum reject reason;
    } cases[] = {
        {"bytes in a string", SPAN_LITERAL("{\"\xFF\":\"\x80\xC0\xFE\"}"), REJECT_NONE},
        {"bytes outside a string", SPAN_LITERAL("{\"a\":\xFF}"), REJECT_INVALID_JSON},
        {"control characters are refused all the same", SPAN_LITERAL("\"\xFF\n\""), REJECT_INVALID_JSON},
        {"a quote swallows nothing", SPAN_LITERAL("[\"\xE5\",1]"), REJECT_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span text = exact(cases[i].text);
        struct json_report report;
        ck_assert_msg(json_scan_bytes(text, &usual, &report, NULL) == cases[i].reason, "%s", cases[i].name);
        release(text);
    }
}
END_TEST

/* ---- limits ---- */

START_TEST(holds_to_its_limits)
{
    static const struct {
        const char *name;
        const char *text;
        struct json_limits limits;
        enum reject reason;
        size_t pos;
        const char *why;
    } cases[] = {
        {"as deep as allowed", "[[[]]]", {3, 99}, REJECT_NONE, 0, ""},
        {"one deeper", "[[[[]]]]", {3, 99}, REJECT_TOO_DEEP, 3, "nested deeper than 3"},
        {"one deeper in objects", "{\"a\":{\"b\":{}}}", {2, 99}, REJECT_TOO_DEEP, 10, "nested deeper than 2"},
        {"beside one another is not deep", "[[],[],[[]]]", {3, 99}, REJECT_NONE, 0, ""},
        {"a scalar has no depth", "1", {0, 99}, REJECT_NONE, 0, ""},
        {"nothing may nest", "[]", {0, 99}, REJECT_TOO_DEEP, 0, "nested deeper than 0"},
        {"as many as allowed", "[1,2,{\"a\":3}]", {3, 5}, REJECT_NONE, 0, ""},
        {"one more", "[1,2,{\"a\":3}]", {3, 4}, REJECT_TOO_MANY_VALUES, 10, "more than 4 values"},
        {"one container more", "[1,2,{\"a\":3}]", {3, 3}, REJECT_TOO_MANY_VALUES, 5, "more than 3 values"},
        {"a fault before the limit", "[1,]", {1, 1}, REJECT_TOO_MANY_VALUES, 1, "more than 1 values"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_report report;
        struct err err = {0};
        enum reject reason = json_scan(span_of(cases[i].text), &cases[i].limits, &report, &err);
        ck_assert_msg(reason == cases[i].reason && err.pos == cases[i].pos && strcmp(err.text, cases[i].why) == 0,
                      "%s: %s, \"%s\" at %zu", cases[i].name, reject_name(reason), err.text, err.pos);
    }
}
END_TEST

static struct span repeat(const char *unit, size_t times)
{
    size_t len = strlen(unit);
    char *block = malloc(len * times);
    ck_assert_ptr_nonnull(block);
    for (size_t i = 0; i < times; i++) {
        memcpy(block + i * len, unit, len);
    }
    return (struct span){block, len * times};
}

START_TEST(bounds_what_is_huge)
{
    static const struct {
        const char *name;
        const char *unit;
        size_t times;
        struct json_limits limits;
        enum reject reason;
        size_t pos;
    } cases[] = {
        {"100,000 arrays in one another", "[", 100000, {32, 8192}, REJECT_TOO_DEEP, 32},
        {"100,000 objects in one another", "{\"a\":", 100000, {32, 8192}, REJECT_TOO_DEEP, 32 * 5},
        {"no limit goes past the stack", "[", 100000, {100000, 200000}, REJECT_TOO_DEEP, JSON_MAX_DEPTH},
        {"256 KiB of digits", "7", 262144, {32, 8192}, REJECT_NONE, 0},
        {"256 KiB of keys without values", "{\"a\"", 65536, {32, 8192}, REJECT_INVALID_JSON, 4},
        {"256 KiB of closing brackets", "]", 262144, {32, 8192}, REJECT_INVALID_JSON, 0},
        {"256 KiB of white space", " ", 262144, {32, 8192}, REJECT_INVALID_JSON, 262144},
        {"256 KiB of backslashes", "\\", 262144, {32, 8192}, REJECT_INVALID_JSON, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span text = repeat(cases[i].unit, cases[i].times);
        struct json_report report;
        struct err err = {0};
        enum reject reason = json_scan(text, &cases[i].limits, &report, &err);
        ck_assert_msg(reason == cases[i].reason && err.pos == cases[i].pos, "%s: %s, \"%s\" at %zu", cases[i].name,
                      reject_name(reason), err.text, err.pos);
        release(text);
    }
}
END_TEST

/* ---- a second opinion ---- */

/* One of everything; short, as each of its bytes is changed to every other. */
static const struct span rich =
    SPAN_LITERAL("{\"k\\u0000\":[-1.5e+2,0,true,false,null,\"\\n\\ud83d\\ude00\\ud83d\xC3\xA9\"],\"w\":1e999 }");

static char *repaired_text(struct span text, enum json_repair_mode mode, size_t *len)
{
    char *out = malloc(JSON_REPAIR_BYTES(text.len));
    ck_assert_ptr_nonnull(out);
    *len = json_repair(text, mode, out);
    ck_assert_uint_le(*len, (4 * text.len + 1) / 3);
    return out;
}

static bool jansson_takes(struct span text, struct err *err)
{
    json_error_t error;
    json_t *root = json_loadb(text.ptr, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    *err = (struct err){0};
    if (!root) {
        err_set(err, (size_t)error.position, "%s", error.text);
    }
    json_decref(root);
    return root != NULL;
}

/* jansson takes what the scan passes, once repaired, and refuses what the scan refuses; but a NUL behind a number it overlooks. */
static void compare_with_jansson(struct span text, const char *what)
{
    struct json_report report;
    struct err err = {0};
    struct err other;
    if (json_scan(text, &usual, &report, &err) != REJECT_NONE) {
        bool holds_nul = text.len > 0 && memchr(text.ptr, '\0', text.len);
        ck_assert_msg(err.pos <= text.len, "%s: fault at %zu of %zu", what, err.pos, text.len);
        ck_assert_msg(holds_nul || !jansson_takes(text, &other), "%s: only the scan refuses it: %s at %zu", what,
                      err.text, err.pos);
        return;
    }
    for (int mode = JSON_REPAIR_FOR_PARSER; mode <= JSON_REPAIR_FOR_JSONB; mode++) {
        struct span repaired;
        repaired.ptr = repaired_text(text, (enum json_repair_mode)mode, &repaired.len);
        ck_assert_msg(jansson_takes(repaired, &other), "%s: %s at %zu of %.*s", what, other.text, other.pos,
                      (int)repaired.len, repaired.ptr);
        struct json_report after;
        ck_assert_int_eq(json_scan(repaired, &usual, &after, NULL), REJECT_NONE);
        ck_assert_uint_eq(after.values, report.values);
        ck_assert_uint_eq(after.wide_numbers, 0);
        ck_assert(after.bad_escapes == 0 || mode == JSON_REPAIR_FOR_PARSER);
        release(repaired);
    }
}

START_TEST(agrees_with_jansson)
{
    for (size_t i = 0; i < sizeof well_formed / sizeof well_formed[0]; i++) {
        compare_with_jansson(well_formed[i].text, well_formed[i].name);
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        compare_with_jansson(refused[i].text, refused[i].name);
    }
}
END_TEST

START_TEST(agrees_with_jansson_on_every_changed_byte)
{
    compare_with_jansson(rich, "unchanged");
    for (size_t pos = 0; pos < rich.len; pos++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            struct span text = exact(rich);
            ((char *)(uintptr_t)text.ptr)[pos] = (char)byte;
            char what[64];
            snprintf(what, sizeof what, "byte %zu as %02x", pos, byte);
            compare_with_jansson(text, what);
            release(text);
        }
    }
}
END_TEST

START_TEST(refuses_every_beginning)
{
    for (size_t len = 0; len < rich.len; len++) {
        struct span text = exact((struct span){rich.ptr, len});
        struct json_report report;
        struct err err = {0};
        enum reject reason = json_scan(text, &usual, &report, &err);
        ck_assert_msg(reason == REJECT_INVALID_JSON || reason == REJECT_INVALID_UTF8, "%zu bytes: %s", len,
                      reject_name(reason));
        ck_assert_msg(err.pos <= len && err.text[0] != '\0', "%zu bytes: \"%s\" at %zu", len, err.text, err.pos);
        release(text);
    }
}
END_TEST

/* Put together at random from pieces that meet in odd ways; the same at every run. */
START_TEST(agrees_with_jansson_on_random_pieces)
{
    static const struct span pieces[] = {
        {"{", 1},      {"}", 1},     {"[", 1},         {"]", 1},        {":", 1},
        {",", 1},      {" ", 1},     {"\n", 1},        {"\"", 1},       {"\"a\"", 3},
        {"\"a\":", 4}, {"\"\\u", 3}, {"\\ud83d", 6},   {"\\ude00", 6},  {"\\u0000", 6},
        {"0", 1},      {"-", 1},     {"1e308", 5},     {".5", 2},       {"99999999999999999999", 20},
        {"18e307", 6}, {"true", 4},  {"null", 4},      {"\xC3\xA9", 2}, {"\xC3", 1},
        {"\0", 1},     {"\\", 1},    {"{\"k\":1}", 7}, {"[1,2]", 5},    {"1", 1},
    };
    unsigned state = 20261124;
    for (int round = 0; round < 20000; round++) {
        char text[256];
        size_t len = 0;
        for (unsigned left = 1 + (unsigned)round % 9; left > 0; left--) {
            state = state * 1664525U + 1013904223U;
            struct span piece = pieces[(state >> 16) % (sizeof pieces / sizeof pieces[0])];
            memcpy(text + len, piece.ptr, piece.len);
            len += piece.len;
        }
        char what[32];
        snprintf(what, sizeof what, "round %d", round);
        struct span end = exact((struct span){text, len});
        compare_with_jansson(end, what);
        release(end);
    }
}
END_TEST

/* ---- repair ---- */

START_TEST(repairs_what_nobody_can_hold)
{
    static const struct {
        const char *name;
        const char *text;
        const char *for_parser;
        const char *for_jsonb;
    } cases[] = {
        {"nothing to do", " {\"a\" : [1, 2.50, \"x\\u00e9\\/\"] }\n", " {\"a\" : [1, 2.50, \"x\\u00e9\\/\"] }\n",
         " {\"a\" : [1, 2.50, \"x\\u00e9\\/\"] }\n"},
        {"a wide number", "{\"a\":1e999,\"b\":1}", "{\"a\":\"1e999\",\"b\":1}", "{\"a\":\"1e999\",\"b\":1}"},
        {"underflow", "[ 1e-400 ]", "[ \"1e-400\" ]", "[ \"1e-400\" ]"},
        {"only a wide number", "1e308", "\"1e308\"", "\"1e308\""},
        {"20 digits", "[-12345678901234567890]", "[\"-12345678901234567890\"]", "[\"-12345678901234567890\"]"},
        {"a double that overflows", "[18e307]", "[\"18e307\"]", "[\"18e307\"]"},
        {"digits in a string are no number", "[\"1e999\"]", "[\"1e999\"]", "[\"1e999\"]"},
        {"NUL in a value", "[\"a\\u0000b\"]", "[\"a\\u0000b\"]", "[\"a\\ufffdb\"]"},
        {"NUL in a key", "{\"a\\u0000b\" :1}", "{\"a\\ufffdb\" :1}", "{\"a\\ufffdb\" :1}"},
        {"NUL in a key and its value", "{\"\\u0000\":\"\\u0000\"}", "{\"\\ufffd\":\"\\u0000\"}",
         "{\"\\ufffd\":\"\\ufffd\"}"},
        {"a lone surrogate in a value", "[\"\\uD83D\"]", "[\"\\u0000\"]", "[\"\\ufffd\"]"},
        {"a lone surrogate in a key", "{\"\\uDE00\":1}", "{\"\\ufffd\":1}", "{\"\\ufffd\":1}"},
        {"a pair stays", "[\"\\ud83d\\ude00\"]", "[\"\\ud83d\\ude00\"]", "[\"\\ud83d\\ude00\"]"},
        {"one before a pair", "[\"\\ud83d\\ud83d\\ude00\"]", "[\"\\u0000\\ud83d\\ude00\"]",
         "[\"\\ufffd\\ud83d\\ude00\"]"},
        {"a backslash, then u0000", "[\"\\\\u0000\"]", "[\"\\\\u0000\"]", "[\"\\\\u0000\"]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *wanted[] = {cases[i].for_parser, cases[i].for_jsonb};
        for (int mode = JSON_REPAIR_FOR_PARSER; mode <= JSON_REPAIR_FOR_JSONB; mode++) {
            struct span text = exact(span_of(cases[i].text));
            struct span got;
            got.ptr = repaired_text(text, (enum json_repair_mode)mode, &got.len);
            ck_assert_msg(span_equal(got, span_of(wanted[mode])), "%s, mode %d: %.*s", cases[i].name, mode,
                          (int)got.len, got.ptr);
            release(got);
            release(text);
        }
    }
}
END_TEST

/* Nothing grows more: the shortest wide numbers, as close together as can be. */
START_TEST(repair_grows_by_a_third_at_most)
{
    struct span numbers = repeat("1e308,", 40000);
    char *text = (char *)(uintptr_t)numbers.ptr;
    text[numbers.len - 1] = ' ';
    size_t len;
    char *out = repaired_text(numbers, JSON_REPAIR_FOR_PARSER, &len);
    ck_assert_uint_eq(len, numbers.len / 6 * 8);
    ck_assert_uint_le(len, JSON_REPAIR_BYTES(numbers.len));
    free(out);
    release(numbers);
}
END_TEST

/* ---- reading without building ---- */

START_TEST(walks_members_in_order)
{
    static const struct {
        const char *name;
        const char *text;
        const char *members; /* key=value; for each */
    } cases[] = {
        {"an empty object", "{ }", ""},
        {"an empty array", "[]", ""},
        {"members", " { \"a\" : 1 , \"b\":\"x\\\"y\" } ", "a=1;b=\"x\\\"y\";"},
        {"elements", "[1, true ,null]", "=1;=true;=null;"},
        {"what nests stays whole", "{\"a\":{\"b\":[1,{}]},\"c\":[[2]]}", "a={\"b\":[1,{}]};c=[[2]];"},
        {"brackets in strings", "{\"a\":[\"]}\"],\"b\":2}", "a=[\"]}\"];b=2;"},
        {"equal keys come twice", "{\"a\":1,\"a\":2}", "a=1;a=2;"},
        {"keys as they came", "{\"\\u0061\":1,\"\":2}", "\\u0061=1;=2;"},
        {"a scalar has none", "17", ""},
        {"a string has none", "\"[1]\"", ""},
        {"nothing has none", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span text = exact(span_of(cases[i].text));
        struct json_iter iter;
        struct json_member member;
        char got[128] = "";
        size_t n = 0;
        json_iter_begin(&iter, text);
        while (json_iter_next(&iter, &member)) {
            n += (size_t)snprintf(got + n, sizeof got - n, "%.*s=%.*s;", (int)member.key.len, member.key.ptr,
                                  (int)member.value.len, member.value.ptr);
        }
        ck_assert_msg(strcmp(got, cases[i].members) == 0, "%s: %s", cases[i].name, got);
        ck_assert_msg(!json_iter_next(&iter, &member) && member.value.len == 0, "%s: more behind the end",
                      cases[i].name);
        release(text);
    }
}
END_TEST

START_TEST(walk_of_broken_text_ends)
{
    for (size_t len = 0; len <= rich.len; len++) {
        struct span text = exact((struct span){rich.ptr, len});
        struct json_iter iter;
        struct json_member member;
        size_t members = 0;
        json_iter_begin(&iter, text);
        while (json_iter_next(&iter, &member)) {
            ck_assert_uint_le(++members, len);
        }
        release(text);
    }
}
END_TEST

START_TEST(unescapes)
{
    static const struct {
        const char *name;
        struct span escaped;
        struct span bytes;
    } cases[] = {
        {"nothing", SPAN_LITERAL(""), SPAN_LITERAL("")},
        {"plain", SPAN_LITERAL("abc"), SPAN_LITERAL("abc")},
        {"every short escape", SPAN_LITERAL("\\\"\\\\\\/\\b\\f\\n\\r\\t"), SPAN_LITERAL("\"\\/\b\f\n\r\t")},
        {"one to four bytes", SPAN_LITERAL("\\u0041\\u00e9\\u5FAE\\uD83D\\uDE00"),
         SPAN_LITERAL("A\xC3\xA9\xE5\xBE\xAE\xF0\x9F\x98\x80")},
        {"NUL", SPAN_LITERAL("a\\u0000b"), SPAN_LITERAL("a\0b")},
        {"lone surrogates", SPAN_LITERAL("\\ud83d\\ude00 \\ud83d!\\ude00"),
         SPAN_LITERAL("\xF0\x9F\x98\x80 \xEF\xBF\xBD!\xEF\xBF\xBD")},
        {"a lone surrogate at the end", SPAN_LITERAL("\\ud83d"), SPAN_LITERAL("\xEF\xBF\xBD")},
        {"bytes that are not UTF-8", SPAN_LITERAL("\xFF\\n\xC3"), SPAN_LITERAL("\xFF\n\xC3")},
        {"a backslash, then n", SPAN_LITERAL("\\\\n"), SPAN_LITERAL("\\n")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span escaped = exact(cases[i].escaped);
        char *out = malloc(escaped.len);
        size_t len = json_unescape(escaped, out);
        ck_assert_msg(span_equal((struct span){out, len}, cases[i].bytes), "%s: %.*s", cases[i].name, (int)len, out);
        free(out);
        release(escaped);
    }
}
END_TEST

START_TEST(finds_values)
{
    static const char text[] =
        " {\"a\": {\"b\": [1, {\"c\": \"x\"}], \"b.c\": 2}, \"n\": null, \"e\": {}, \"t\": 1, \"t\": [2] } ";
    static const struct {
        const char *path;
        const char *value; /* NULL = not there */
    } cases[] = {
        {"a.b.0", "1"},  {"a.b.1.c", "\"x\""}, {"a.b.1", "{\"c\": \"x\"}"},
        {"n", "null"},   {"e", "{}"},          {"t", "[2]"},
        {"t.0", "2"},    {"", text},           {"a.b.2", NULL},
        {"a.b.c", NULL}, {"a.b.0.c", NULL},    {"n.a", NULL},
        {"e.a", NULL},   {"x", NULL},          {".a", NULL},
        {"a..b", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span value = {text, 1};
        bool found = json_find(SPAN_LITERAL(text), cases[i].path, &value);
        ck_assert_msg(found == (cases[i].value != NULL), "%s: found %d", cases[i].path, found);
        ck_assert_msg(span_equal(value, span_of(cases[i].value ? cases[i].value : "")), "%s: %.*s", cases[i].path,
                      (int)value.len, value.ptr);
    }
}
END_TEST

START_TEST(finds_lines)
{
    static const char text[] = "{\n"
                               "  \"columns\": [\n"
                               "    {\"path\": \"a\",\n"
                               "     \"type\": \"float\"},\n"
                               "    {\n"
                               "     \"type\":\n"
                               "     \"int\"}\n"
                               "  ],\n"
                               "  \"twice\": 1,\n"
                               "  \"twice\": {\"in\": 2}\n"
                               "}\n";
    static const struct {
        const char *path;
        size_t line;
    } cases[] = {
        {"", 1},
        {"columns", 2},
        {"columns.0", 3},
        {"columns.0.path", 3},
        {"columns.0.type", 4},
        {"columns.1", 5},
        {"columns.1.type", 6},
        {"columns.1.type.deeper", 6},
        {"columns.2.type", 2},
        {"columns.type", 2},
        {"columns.", 2},
        {"columns.+1", 2},
        {"columns.01", 2},
        {"columns.99999999999999999999999", 2},
        {"twice", 10},
        {"twice.in", 10},
        {"absent", 1},
        {"absent.0", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t line = json_line_of(SPAN_LITERAL(text), cases[i].path);
        ck_assert_msg(line == cases[i].line, "%s: line %zu", cases[i].path, line);
    }
    ck_assert_uint_eq(json_line_of(SPAN_LITERAL(""), "a.b"), 1);
    ck_assert_uint_eq(json_line_of(SPAN_LITERAL("\n\n{"), "a.b"), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_scan");
    TCase *tests = tcase_create("json_scan");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, counts_what_is_well_formed);
    tcase_add_test(tests, refuses_with_position_and_words);
    tcase_add_test(tests, needs_no_err);
    tcase_add_test(tests, takes_other_bytes_where_asked);
    tcase_add_test(tests, holds_to_its_limits);
    tcase_add_test(tests, bounds_what_is_huge);
    tcase_add_test(tests, agrees_with_jansson);
    tcase_add_test(tests, agrees_with_jansson_on_every_changed_byte);
    tcase_add_test(tests, refuses_every_beginning);
    tcase_add_test(tests, agrees_with_jansson_on_random_pieces);
    tcase_add_test(tests, repairs_what_nobody_can_hold);
    tcase_add_test(tests, repair_grows_by_a_third_at_most);
    tcase_add_test(tests, walks_members_in_order);
    tcase_add_test(tests, walk_of_broken_text_ends);
    tcase_add_test(tests, unescapes);
    tcase_add_test(tests, finds_values);
    tcase_add_test(tests, finds_lines);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
