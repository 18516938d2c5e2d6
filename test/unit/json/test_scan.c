#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "json/repair.h"
#include "json/scan.h"
#include "json/texts.h"

static const char *status_name(enum json_status status)
{
    static const char *const names[] = {[JSON_OK] = "ok",
                                        [JSON_INVALID_UTF8] = "invalid UTF-8",
                                        [JSON_INVALID] = "invalid",
                                        [JSON_TOO_DEEP] = "too deep",
                                        [JSON_TOO_MANY_VALUES] = "too many values"};
    return names[status];
}

static const struct json_limits usual = {32, 8192};

/* ---- what is well formed, and what is counted ---- */

static const struct {
    const char *name;
    struct span text;
    struct json_report report;
} well_formed[] = {
    {"empty object", SPAN_LITERAL("{}"), {1, 0, 0, 0}},
    {"empty array", SPAN_LITERAL("[]"), {1, 0, 0, 0}},
    {"true", SPAN_LITERAL("true"), {1, 0, 0, 0}},
    {"false", SPAN_LITERAL("false"), {1, 0, 0, 0}},
    {"null", SPAN_LITERAL("null"), {1, 0, 0, 0}},
    {"zero", SPAN_LITERAL("0"), {1, 0, 0, 0}},
    {"negative zero", SPAN_LITERAL("-0"), {1, 0, 0, 0}},
    {"every part of a number", SPAN_LITERAL("-12.340e-05"), {1, 0, 0, 0}},
    {"exponents", SPAN_LITERAL("[1e5,1E5,1e+5,0e0]"), {5, 0, 0, 0}},
    {"empty string", SPAN_LITERAL("\"\""), {1, 0, 0, 0}},
    {"every escape", SPAN_LITERAL("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\""), {1, 0, 0, 0}},
    {"white space everywhere", SPAN_LITERAL(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n"), {5, 0, 0, 0}},
    {"keys are not values", SPAN_LITERAL("{\"a\":1,\"b\":{\"c\":[true,null]}}"), {6, 0, 0, 0}},
    {"one key twice", SPAN_LITERAL("{\"a\":1,\"a\":2}"), {3, 0, 0, 0}},
    {"an empty key", SPAN_LITERAL("{\"\":1}"), {2, 0, 0, 0}},
    {"UTF-8 of every length", SPAN_LITERAL("\"a\xC3\xA9\xE5\xBE\xAE\xF0\x9F\x98\x80\""), {1, 0, 0, 0}},
    {"DEL is no control character", SPAN_LITERAL("\"\x7F\""), {1, 0, 0, 0}},

    {"int64 and no wider", SPAN_LITERAL("[9223372036854775807,-9223372036854775808]"), {3, 0, 0, 0}},
    {"one above int64", SPAN_LITERAL("[9223372036854775808]"), {2, 1, 0, 0}},
    {"one below int64", SPAN_LITERAL("[-9223372036854775809]"), {2, 1, 0, 0}},
    {"20 digits as a real", SPAN_LITERAL("[12345678901234567890.5]"), {2, 0, 0, 0}},
    {"64 characters", SPAN_LITERAL("0.12345678901234567890123456789012345678901234567890123456789012"), {1, 0, 0, 0}},
    {"65 characters", SPAN_LITERAL("0.123456789012345678901234567890123456789012345678901234567890123"), {1, 1, 0, 0}},
    {"exponent 307", SPAN_LITERAL("[1e307,-1e307,1e-307,9.99e307]"), {5, 0, 0, 0}},
    {"exponent 308", SPAN_LITERAL("[1e308,1e-308,1E+308,0e308]"), {5, 4, 0, 0}},
    {"overflow and underflow", SPAN_LITERAL("[1e999,-1e999,1e-400]"), {4, 3, 0, 0}},
    {"an exponent outside int64", SPAN_LITERAL("[1e99999999999999999999,1e-99999999999999999999]"), {3, 2, 0, 0}},
    {"an exponent with zeros in front", SPAN_LITERAL("[1e0000000307,1e0000000308]"), {3, 1, 0, 0}},
    {"overflow with an exponent of 307", SPAN_LITERAL("[17e307,18e307,-18e307]"), {4, 2, 0, 0}},
    {"overflow by digits in front of the exponent",
     SPAN_LITERAL("[1000000000000000000000000000000000000000000000000000000000e252]"),
     {2, 1, 0, 0}},
    {"digits in front of an exponent that makes up for them",
     SPAN_LITERAL("[1000000000000000000000000000000000000000000000000000000000e250]"),
     {2, 0, 0, 0}},

    {"nan", SPAN_LITERAL("nan"), {1, 0, 0, 1}},
    {"nan in any case", SPAN_LITERAL("[nan,NaN,NAN,nAn,-nan,-NaN]"), {7, 0, 0, 6}},
    {"inf in any case", SPAN_LITERAL("[inf,Inf,INF,-inf,-INF]"), {6, 0, 0, 5}},
    {"infinity in any case", SPAN_LITERAL("[infinity,Infinity,INFINITY,-Infinity]"), {5, 0, 0, 4}},
    {"nan at the end of every container",
     SPAN_LITERAL("{\"a\":[nan],\"b\":{\"c\":-inf},\"d\":Infinity}"),
     {6, 0, 0, 3}},
    {"nan with white space around", SPAN_LITERAL(" [\tnan\r\n, -inf ] "), {3, 0, 0, 2}},
    {"nan as text is text", SPAN_LITERAL("{\"nan\":\"nan\"}"), {2, 0, 0, 0}},

    {"NUL in a string", SPAN_LITERAL("[\"a\\u0000b\\u0000\"]"), {2, 0, 2, 0}},
    {"NUL in a key", SPAN_LITERAL("{\"a\\u0000\":1}"), {2, 0, 1, 0}},
    {"a backslash, then u0000", SPAN_LITERAL("\"\\\\u0000\""), {1, 0, 0, 0}},
    {"a lone high surrogate", SPAN_LITERAL("\"\\ud83d\""), {1, 0, 1, 0}},
    {"a lone low surrogate", SPAN_LITERAL("\"\\ude00\""), {1, 0, 1, 0}},
    {"surrogates the wrong way round", SPAN_LITERAL("\"\\ude00\\ud83d\""), {1, 0, 2, 0}},
    {"a high surrogate before a pair", SPAN_LITERAL("\"\\ud83d\\ud83d\\ude00\""), {1, 0, 1, 0}},
    {"a high surrogate before another escape", SPAN_LITERAL("\"\\ud83d\\n\\ud83d\\u0041\\ud83dx\""), {1, 0, 3, 0}},
    {"the first and the last pair", SPAN_LITERAL("\"\\ud800\\udc00\\udbff\\udfff\""), {1, 0, 0, 0}},
    {"noncharacters are characters", SPAN_LITERAL("\"\\uffff\\ufffe\""), {1, 0, 0, 0}},
};

START_TEST(counts_what_is_well_formed)
{
    for (size_t i = 0; i < sizeof well_formed / sizeof well_formed[0]; i++) {
        const char *name = well_formed[i].name;
        struct span text = exact(well_formed[i].text);
        struct json_report report = {9, 9, 9, 9};
        struct err err = {0};
        enum json_status status = json_scan_text(text, &usual, NULL, &report, &err);
        ck_assert_msg(status == JSON_OK, "%s: %s at %zu", name, err.text, err.pos);
        ck_assert_msg(err.text[0] == '\0', "%s: an error without a fault: %s", name, err.text);
        ck_assert_msg(report.values == well_formed[i].report.values &&
                          report.wide_numbers == well_formed[i].report.wide_numbers &&
                          report.bad_escapes == well_formed[i].report.bad_escapes &&
                          report.not_numbers == well_formed[i].report.not_numbers,
                      "%s: %zu values, %zu wide, %zu bad, %zu no numbers", name, report.values, report.wide_numbers,
                      report.bad_escapes, report.not_numbers);
        release(text);
    }
}
END_TEST

/* ---- what is refused, and where ---- */

static const struct {
    const char *name;
    struct span text;
    enum json_status status;
    size_t pos;
    const char *why;
} refused[] = {
    {"nothing", SPAN_LITERAL(""), JSON_INVALID, 0, "the text ends too early"},
    {"only white space", SPAN_LITERAL(" \n"), JSON_INVALID, 2, "the text ends too early"},
    {"no JSON at all", SPAN_LITERAL("hello"), JSON_INVALID, 0, "expected a value"},
    {"a NUL", SPAN_LITERAL("\0"), JSON_INVALID, 0, "expected a value"},
    {"a NUL between tokens", SPAN_LITERAL("[1,\0 2]"), JSON_INVALID, 3, "expected a value"},
    {"a NUL behind the end", SPAN_LITERAL("{}\0"), JSON_INVALID, 2, "expected a value"},
    {"a vertical tab is no white space", SPAN_LITERAL("\v{}"), JSON_INVALID, 0, "expected a value"},
    {"a form feed is no white space", SPAN_LITERAL("{}\f"), JSON_INVALID, 2, "expected a value"},
    {"a no-break space is no white space", SPAN_LITERAL("\xC2\xA0{}"), JSON_INVALID, 0, "expected a value"},
    {"a byte-order mark", SPAN_LITERAL("\xEF\xBB\xBF{}"), JSON_INVALID, 0, "expected a value"},
    {"a comment", SPAN_LITERAL("{}/**/"), JSON_INVALID, 2, "expected a value"},
    {"words in capitals", SPAN_LITERAL("[True]"), JSON_INVALID, 1, "expected a value"},
    {"half a word", SPAN_LITERAL("[tru"), JSON_INVALID, 1, "expected a value"},
    {"a longer word", SPAN_LITERAL("[truely]"), JSON_INVALID, 5, "expected a value"},
    {"two words in one", SPAN_LITERAL("[truenull]"), JSON_INVALID, 5, "expected a comma or a closing bracket"},
    {"a word that begins as nan", SPAN_LITERAL("[nano]"), JSON_INVALID, 4, "expected a value"},
    {"nan and a digit", SPAN_LITERAL("[nan0]"), JSON_INVALID, 4, "expected a comma or a closing bracket"},
    {"nan as printf has it elsewhere", SPAN_LITERAL("[nan(ind)]"), JSON_INVALID, 4, "expected a value"},
    {"nan twice", SPAN_LITERAL("[nannan]"), JSON_INVALID, 4, "expected a comma or a closing bracket"},
    {"nan of another make", SPAN_LITERAL("[1.#QNAN]"), JSON_INVALID, 3, "a digit must follow the decimal point"},
    {"half of infinity", SPAN_LITERAL("[infinit]"), JSON_INVALID, 4, "expected a value"},
    {"more than infinity", SPAN_LITERAL("[infinitys]"), JSON_INVALID, 9, "expected a value"},
    {"two letters of nan", SPAN_LITERAL("[na]"), JSON_INVALID, 1, "expected a value"},
    {"nan cut off", SPAN_LITERAL("{\"a\":na"), JSON_INVALID, 5, "expected a value"},
    {"-nan cut off", SPAN_LITERAL("[-na"), JSON_INVALID, 1, "not a number"},
    {"inf cut off", SPAN_LITERAL("[in"), JSON_INVALID, 1, "expected a value"},
    {"nan, and the text ends", SPAN_LITERAL("[nan"), JSON_INVALID, 4, "the text ends too early"},
    {"-inf, and the text ends", SPAN_LITERAL("[-inf"), JSON_INVALID, 5, "the text ends too early"},
    {"a plus before it", SPAN_LITERAL("[+nan]"), JSON_INVALID, 1, "expected a value"},
    {"two minuses before it", SPAN_LITERAL("[--nan]"), JSON_INVALID, 1, "not a number"},
    {"a blank behind the minus", SPAN_LITERAL("[- nan]"), JSON_INVALID, 1, "not a number"},
    {"nan as a key", SPAN_LITERAL("{nan:1}"), JSON_INVALID, 1, "expected a key in quotes"},
    {"-inf as a second key", SPAN_LITERAL("{\"a\":1,-inf:1}"), JSON_INVALID, 7, "expected a key in quotes"},
    {"NULL", SPAN_LITERAL("[NULL]"), JSON_INVALID, 1, "expected a value"},
    {"None", SPAN_LITERAL("[None]"), JSON_INVALID, 1, "expected a value"},
    {"undefined", SPAN_LITERAL("[undefined]"), JSON_INVALID, 1, "expected a value"},
    {"a value that is missing", SPAN_LITERAL("{\"a\":,\"b\":1}"), JSON_INVALID, 5, "a comma that follows no value"},
    {"single quotes", SPAN_LITERAL("{'a':1}"), JSON_INVALID, 1, "expected a value"},

    {"two documents", SPAN_LITERAL("{} {}"), JSON_INVALID, 3, "text behind the end of the document"},
    {"a closing bracket too many", SPAN_LITERAL("[]]"), JSON_INVALID, 2, "a bracket that closes nothing here"},
    {"the wrong bracket", SPAN_LITERAL("[1}"), JSON_INVALID, 2, "a bracket that closes nothing here"},
    {"the other wrong bracket", SPAN_LITERAL("{\"a\":1]"), JSON_INVALID, 6, "a bracket that closes nothing here"},
    {"an array that does not end", SPAN_LITERAL("[1"), JSON_INVALID, 2, "the text ends too early"},
    {"an object that does not end", SPAN_LITERAL("{\"a\":1,"), JSON_INVALID, 7, "the text ends too early"},
    {"a comma before the bracket", SPAN_LITERAL("[1,]"), JSON_INVALID, 3, "a bracket that closes nothing here"},
    {"a comma before the brace", SPAN_LITERAL("{\"a\":1,}"), JSON_INVALID, 7, "a bracket that closes nothing here"},
    {"a comma first", SPAN_LITERAL("[,1]"), JSON_INVALID, 1, "a comma that follows no value"},
    {"two commas", SPAN_LITERAL("[1,,2]"), JSON_INVALID, 3, "a comma that follows no value"},
    {"a comma at the top", SPAN_LITERAL("1,2"), JSON_INVALID, 1, "a comma that follows no value"},
    {"no comma", SPAN_LITERAL("[1 2]"), JSON_INVALID, 3, "expected a comma or a closing bracket"},
    {"a colon in an array", SPAN_LITERAL("[1:2]"), JSON_INVALID, 2, "a colon that belongs to no key"},
    {"no colon", SPAN_LITERAL("{\"a\" 1}"), JSON_INVALID, 5, "expected a colon"},
    {"two colons", SPAN_LITERAL("{\"a\"::1}"), JSON_INVALID, 5, "a colon that belongs to no key"},
    {"a key without a value", SPAN_LITERAL("{\"a\"}"), JSON_INVALID, 4, "a bracket that closes nothing here"},
    {"a colon without a value", SPAN_LITERAL("{\"a\":}"), JSON_INVALID, 5, "a bracket that closes nothing here"},
    {"a key without quotes", SPAN_LITERAL("{a:1}"), JSON_INVALID, 1, "expected a value"},
    {"a number as a key", SPAN_LITERAL("{1:1}"), JSON_INVALID, 1, "expected a key in quotes"},
    {"a word as a second key", SPAN_LITERAL("{\"a\":1,null:1}"), JSON_INVALID, 7, "expected a key in quotes"},
    {"an object as a key", SPAN_LITERAL("{{}:1}"), JSON_INVALID, 1, "expected a key in quotes"},

    {"a zero in front", SPAN_LITERAL("[01]"), JSON_INVALID, 1, "not a number"},
    {"a minus and a zero in front", SPAN_LITERAL("[-01]"), JSON_INVALID, 1, "not a number"},
    {"a minus alone", SPAN_LITERAL("[-]"), JSON_INVALID, 1, "not a number"},
    {"a minus at the end", SPAN_LITERAL("-"), JSON_INVALID, 0, "not a number"},
    {"a plus", SPAN_LITERAL("[+1]"), JSON_INVALID, 1, "expected a value"},
    {"a point first", SPAN_LITERAL("[.5]"), JSON_INVALID, 1, "expected a value"},
    {"a point last", SPAN_LITERAL("[5.]"), JSON_INVALID, 3, "a digit must follow the decimal point"},
    {"a point at the end", SPAN_LITERAL("5."), JSON_INVALID, 2, "a digit must follow the decimal point"},
    {"a point before the exponent", SPAN_LITERAL("[5.e1]"), JSON_INVALID, 3, "a digit must follow the decimal point"},
    {"no exponent", SPAN_LITERAL("[5e]"), JSON_INVALID, 3, "a digit must follow the exponent sign"},
    {"only the exponent's sign", SPAN_LITERAL("5e+"), JSON_INVALID, 3, "a digit must follow the exponent sign"},
    {"hexadecimal", SPAN_LITERAL("[0x10]"), JSON_INVALID, 2, "expected a value"},
    {"a decimal comma", SPAN_LITERAL("{\"a\":1,5}"), JSON_INVALID, 7, "expected a key in quotes"},

    {"a string that does not end", SPAN_LITERAL("\"abc"), JSON_INVALID, 4, "the text ends inside a string"},
    {"a backslash at the end", SPAN_LITERAL("\"abc\\"), JSON_INVALID, 5, "the text ends inside a string"},
    {"a quote that is escaped", SPAN_LITERAL("\"abc\\\""), JSON_INVALID, 6, "the text ends inside a string"},
    {"a raw newline in a string", SPAN_LITERAL("[\"a\nb\"]"), JSON_INVALID, 3, "control character in a string"},
    {"a raw tab in a string", SPAN_LITERAL("[\"\t\"]"), JSON_INVALID, 2, "control character in a string"},
    {"a raw NUL in a string", SPAN_LITERAL("[\"a\0b\"]"), JSON_INVALID, 3, "control character in a string"},
    {"a raw NUL in a key", SPAN_LITERAL("{\"\0\":1}"), JSON_INVALID, 2, "control character in a string"},
    {"the last control character", SPAN_LITERAL("\"\x1F\""), JSON_INVALID, 1, "control character in a string"},
    {"an unknown escape", SPAN_LITERAL("\"a\\x\""), JSON_INVALID, 2, "unknown escape in a string"},
    {"an escaped NUL byte", SPAN_LITERAL("\"\\\0\""), JSON_INVALID, 1, "unknown escape in a string"},
    {"a capital U", SPAN_LITERAL("\"\\U0041\""), JSON_INVALID, 1, "unknown escape in a string"},
    {"three hex digits", SPAN_LITERAL("\"\\u123\""), JSON_INVALID, 1, "\\u without four hex digits"},
    {"a hex digit that is none", SPAN_LITERAL("\"\\u12g4\""), JSON_INVALID, 1, "\\u without four hex digits"},
    {"hex digits cut off", SPAN_LITERAL("\"\\u00"), JSON_INVALID, 1, "\\u without four hex digits"},
    {"the second of a pair is cut", SPAN_LITERAL("\"\\ud83d\\u"), JSON_INVALID, 7, "\\u without four hex digits"},

    {"a byte that is never UTF-8", SPAN_LITERAL("{\"a\":\"\xFF\"}"), JSON_INVALID_UTF8, 6, "not UTF-8"},
    {"Latin-1", SPAN_LITERAL("{\"a\":\"caf\xE9\"}"), JSON_INVALID_UTF8, 9, "not UTF-8"},
    {"GBK", SPAN_LITERAL("[\"\xCE\xA2\xB2\xA8\"]"), JSON_INVALID_UTF8, 4, "not UTF-8"},
    {"overlong", SPAN_LITERAL("\"\xC0\x80\""), JSON_INVALID_UTF8, 1, "not UTF-8"},
    {"a surrogate in UTF-8", SPAN_LITERAL("\"\xED\xA0\x80\""), JSON_INVALID_UTF8, 1, "not UTF-8"},
    {"above U+10FFFF", SPAN_LITERAL("\"\xF4\x90\x80\x80\""), JSON_INVALID_UTF8, 1, "not UTF-8"},
    {"UTF-8 cut off", SPAN_LITERAL("\"\xE5\xBE"), JSON_INVALID_UTF8, 1, "not UTF-8"},
    {"UTF-8 before grammar", SPAN_LITERAL("]\xFF"), JSON_INVALID_UTF8, 1, "not UTF-8"},
};

START_TEST(refuses_with_position_and_words)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const char *name = refused[i].name;
        struct span text = exact(refused[i].text);
        struct json_report report;
        struct err err = {0};
        enum json_status status = json_scan_text(text, &usual, NULL, &report, &err);
        ck_assert_msg(status == refused[i].status, "%s: %s", name, status_name(status));
        ck_assert_msg(err.pos == refused[i].pos && strcmp(err.text, refused[i].why) == 0, "%s: \"%s\" at %zu", name,
                      err.text, err.pos);
        release(text);
    }
}
END_TEST

START_TEST(needs_no_err)
{
    struct json_report report;
    ck_assert_int_eq(json_scan_text(SPAN_LITERAL("[1,]"), &usual, NULL, &report, NULL), JSON_INVALID);
    ck_assert_int_eq(json_scan_text(SPAN_LITERAL("\xFF"), &usual, NULL, &report, NULL), JSON_INVALID_UTF8);
}
END_TEST

START_TEST(takes_other_bytes_where_asked)
{
    static const struct {
        const char *name;
        struct span text;
        enum json_status status;
    } cases[] = {
        {"bytes in a string", SPAN_LITERAL("{\"\xFF\":\"\x80\xC0\xFE\"}"), JSON_OK},
        {"bytes outside a string", SPAN_LITERAL("{\"a\":\xFF}"), JSON_INVALID},
        {"control characters are refused all the same", SPAN_LITERAL("\"\xFF\n\""), JSON_INVALID},
        {"a quote swallows nothing", SPAN_LITERAL("[\"\xE5\",1]"), JSON_OK},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span text = exact(cases[i].text);
        struct json_report report;
        ck_assert_msg(json_scan_bytes(text, &usual, NULL, &report, NULL) == cases[i].status, "%s", cases[i].name);
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
        enum json_status status;
        size_t pos;
        const char *why;
    } cases[] = {
        {"as deep as allowed", "[[[]]]", {3, 99}, JSON_OK, 0, ""},
        {"one deeper", "[[[[]]]]", {3, 99}, JSON_TOO_DEEP, 3, "nested deeper than 3"},
        {"one deeper in objects", "{\"a\":{\"b\":{}}}", {2, 99}, JSON_TOO_DEEP, 10, "nested deeper than 2"},
        {"beside one another is not deep", "[[],[],[[]]]", {3, 99}, JSON_OK, 0, ""},
        {"a scalar has no depth", "1", {0, 99}, JSON_OK, 0, ""},
        {"nothing may nest", "[]", {0, 99}, JSON_TOO_DEEP, 0, "nested deeper than 0"},
        {"as many as allowed", "[1,2,{\"a\":3}]", {3, 5}, JSON_OK, 0, ""},
        {"one more", "[1,2,{\"a\":3}]", {3, 4}, JSON_TOO_MANY_VALUES, 10, "more than 4 values"},
        {"one container more", "[1,2,{\"a\":3}]", {3, 3}, JSON_TOO_MANY_VALUES, 5, "more than 3 values"},
        {"a fault before the limit", "[1,]", {1, 1}, JSON_TOO_MANY_VALUES, 1, "more than 1 values"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_report report;
        struct err err = {0};
        enum json_status status = json_scan_text(span_of(cases[i].text), &cases[i].limits, NULL, &report, &err);
        ck_assert_msg(status == cases[i].status && err.pos == cases[i].pos && strcmp(err.text, cases[i].why) == 0,
                      "%s: %s, \"%s\" at %zu", cases[i].name, status_name(status), err.text, err.pos);
    }
}
END_TEST

START_TEST(bounds_what_is_huge)
{
    static const struct {
        const char *name;
        const char *unit;
        size_t times;
        struct json_limits limits;
        enum json_status status;
        size_t pos;
    } cases[] = {
        {"100,000 arrays in one another", "[", 100000, {32, 8192}, JSON_TOO_DEEP, 32},
        {"100,000 objects in one another", "{\"a\":", 100000, {32, 8192}, JSON_TOO_DEEP, 32 * 5},
        {"no limit goes past the stack", "[", 100000, {100000, 200000}, JSON_TOO_DEEP, JSON_MAX_DEPTH},
        {"256 KiB of digits", "7", 262144, {32, 8192}, JSON_OK, 0},
        {"256 KiB of keys without values", "{\"a\"", 65536, {32, 8192}, JSON_INVALID, 4},
        {"256 KiB of closing brackets", "]", 262144, {32, 8192}, JSON_INVALID, 0},
        {"256 KiB of white space", " ", 262144, {32, 8192}, JSON_INVALID, 262144},
        {"256 KiB of backslashes", "\\", 262144, {32, 8192}, JSON_INVALID, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span text = repeat(cases[i].unit, cases[i].times);
        struct json_report report;
        struct err err = {0};
        enum json_status status = json_scan_text(text, &cases[i].limits, NULL, &report, &err);
        ck_assert_msg(status == cases[i].status && err.pos == cases[i].pos, "%s: %s, \"%s\" at %zu", cases[i].name,
                      status_name(status), err.text, err.pos);
        release(text);
    }
}
END_TEST

/* ---- a second opinion ---- */

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
    if (json_scan_text(text, &usual, NULL, &report, &err) != JSON_OK) {
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
        ck_assert_int_eq(json_scan_text(repaired, &usual, NULL, &after, NULL), JSON_OK);
        ck_assert_uint_eq(after.values, report.values);
        ck_assert_uint_eq(after.wide_numbers, 0);
        ck_assert_uint_eq(after.not_numbers, 0);
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
        enum json_status status = json_scan_text(text, &usual, NULL, &report, &err);
        ck_assert_msg(status == JSON_INVALID || status == JSON_INVALID_UTF8, "%zu bytes: %s", len, status_name(status));
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
        {"nan", 3},    {"-inf", 4},  {"Infinity", 8},  {"n", 1},        {"y", 1},
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

int main(void)
{
    Suite *suite = suite_create("json/scan");
    TCase *tests = tcase_create("json/scan");
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
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
