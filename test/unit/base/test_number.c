#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "support.h"

#define BYTES(literal)                                                                                                 \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }
#define OK NUMBER_OK
#define BAD NUMBER_NOT_A_NUMBER
#define FAR NUMBER_OUT_OF_RANGE

/* One text, read both ways. */
static const struct {
    const char *name;
    struct span text;
    enum number_status real_status;
    enum number_status int_status;
    double real;
    int64_t integer;
} texts[] = {
    {"zero", BYTES("0"), OK, OK, 0, 0},
    {"integer", BYTES("42"), OK, OK, 42, 42},
    {"negative", BYTES("-42"), OK, OK, -42, -42},
    {"plus", BYTES("+42"), OK, OK, 42, 42},
    {"leading zeros", BYTES("0042"), OK, OK, 42, 42},
    {"fraction", BYTES("220.5"), OK, BAD, 220.5, 0},
    {"fraction of zero", BYTES("3.0"), OK, OK, 3, 3},
    {"long fraction of zero", BYTES("-3.000000"), OK, OK, -3, -3},
    {"bare fraction", BYTES(".5"), OK, BAD, 0.5, 0},
    {"bare point after", BYTES("5."), OK, OK, 5, 5},
    {"negative bare fraction", BYTES("-.25"), OK, BAD, -0.25, 0},
    {"exponent", BYTES("3e2"), OK, OK, 300, 300},
    {"exponent with plus", BYTES("3E+2"), OK, OK, 300, 300},
    {"exponent with minus", BYTES("300e-2"), OK, OK, 3, 3},
    {"exponent makes a fraction", BYTES("3e-1"), OK, BAD, 0.3, 0},
    {"exponent undoes a fraction", BYTES("1.25e2"), OK, OK, 125, 125},
    {"exponent undoes not enough", BYTES("1.25e1"), OK, BAD, 12.5, 0},
    {"exponent with zeros", BYTES("2e0000000000000000000000002"), OK, OK, 200, 200},
    {"point after, exponent", BYTES("5.e1"), OK, OK, 50, 50},
    {"bare fraction, exponent", BYTES(".5e1"), OK, OK, 5, 5},
    {"white space", BYTES(" \t\r\n\v\f7 \t\r\n\v\f"), OK, OK, 7, 7},
    {"int64 max", BYTES("9223372036854775807"), OK, OK, 0x1p63, INT64_MAX},
    {"int64 max + 1", BYTES("9223372036854775808"), OK, FAR, 0x1p63, 0},
    {"int64 min", BYTES("-9223372036854775808"), OK, OK, -0x1p63, INT64_MIN},
    {"int64 min - 1", BYTES("-9223372036854775809"), OK, FAR, -0x1p63, 0},
    {"int64 max with a point", BYTES("9223372036854775807.0"), OK, OK, 0x1p63, INT64_MAX},
    {"int64 max in exponent form", BYTES("9.223372036854775807e18"), OK, OK, 0x1p63, INT64_MAX},
    {"int64 max from below", BYTES("92233720368547758070e-1"), OK, OK, 0x1p63, INT64_MAX},
    {"19 nines", BYTES("9999999999999999999"), OK, FAR, 1e19, 0},
    {"uint64 max", BYTES("18446744073709551615"), OK, FAR, 0x1p64, 0},
    {"uint64 max + 1", BYTES("18446744073709551616"), OK, FAR, 0x1p64, 0},
    {"wide with a fraction", BYTES("18446744073709551616.5"), OK, BAD, 0x1p64, 0},
    {"2^53 + 1", BYTES("9007199254740993"), OK, OK, 0x1p53, INT64_C(9007199254740993)},
    {"a tenth", BYTES("0.1"), OK, BAD, 0x1.999999999999ap-4, 0},
    {"1e23", BYTES("1e23"), OK, FAR, 0x1.52d02c7e14af6p+76, 0},
    {"largest double", BYTES("1.7976931348623157e308"), OK, FAR, 0x1.fffffffffffffp+1023, 0},
    {"past the largest double", BYTES("1.7976931348623159e308"), FAR, FAR, 0, 0},
    {"largest subnormal", BYTES("2.2250738585072011e-308"), OK, BAD, 0x0.fffffffffffffp-1022, 0},
    {"smallest double", BYTES("5e-324"), OK, BAD, 0x1p-1074, 0},
    {"just over half of the smallest", BYTES("2.4703282292062328e-324"), OK, BAD, 0x1p-1074, 0},
    {"just under half of the smallest", BYTES("2.4703282292062327e-324"), OK, BAD, 0, 0},
    {"overflow", BYTES("1e999"), FAR, FAR, 0, 0},
    {"negative overflow", BYTES("-1e999"), FAR, FAR, 0, 0},
    {"underflow", BYTES("1e-999"), OK, BAD, 0, 0},
    {"exponent past int64", BYTES("1e99999999999999999999999999"), FAR, FAR, 0, 0},
    {"negative exponent past int64", BYTES("1e-99999999999999999999999999"), OK, BAD, 0, 0},
    {"zero with an exponent past int64", BYTES("0e99999999999999999999999999"), OK, OK, 0, 0},
    {"zeros with a point and exponent", BYTES("-000.000e5"), OK, OK, 0, 0},
    {"empty", BYTES(""), BAD, BAD, 0, 0},
    {"only white space", BYTES(" \n"), BAD, BAD, 0, 0},
    {"only a sign", BYTES("-"), BAD, BAD, 0, 0},
    {"only a point", BYTES("."), BAD, BAD, 0, 0},
    {"sign and point", BYTES("+."), BAD, BAD, 0, 0},
    {"only an exponent", BYTES("e5"), BAD, BAD, 0, 0},
    {"point and exponent", BYTES(".e5"), BAD, BAD, 0, 0},
    {"exponent cut", BYTES("1e"), BAD, BAD, 0, 0},
    {"exponent cut after its sign", BYTES("1e-"), BAD, BAD, 0, 0},
    {"exponent with a fraction", BYTES("1e1.5"), BAD, BAD, 0, 0},
    {"exponent twice", BYTES("1e1e1"), BAD, BAD, 0, 0},
    {"exponent of both cases", BYTES("1eE1"), BAD, BAD, 0, 0},
    {"two signs", BYTES("--1"), BAD, BAD, 0, 0},
    {"two different signs", BYTES("+-1"), BAD, BAD, 0, 0},
    {"exponent with two signs", BYTES("1e+-1"), BAD, BAD, 0, 0},
    {"sign apart", BYTES("- 1"), BAD, BAD, 0, 0},
    {"two points", BYTES("1.2.3"), BAD, BAD, 0, 0},
    {"decimal comma", BYTES("220,5"), BAD, BAD, 0, 0},
    {"thousands", BYTES("1,000"), BAD, BAD, 0, 0},
    {"inner space", BYTES("1 000"), BAD, BAD, 0, 0},
    {"unit", BYTES("220.5V"), BAD, BAD, 0, 0},
    {"suffix of C", BYTES("1.5f"), BAD, BAD, 0, 0},
    {"hex", BYTES("0x10"), BAD, BAD, 0, 0},
    {"hex float", BYTES("0x1p4"), BAD, BAD, 0, 0},
    {"inf", BYTES("inf"), BAD, BAD, 0, 0},
    {"-Infinity", BYTES("-Infinity"), BAD, BAD, 0, 0},
    {"nan", BYTES("nan"), BAD, BAD, 0, 0},
    {"text", BYTES("4G"), BAD, BAD, 0, 0},
    {"NUL after", BYTES("1\0"), BAD, BAD, 0, 0},
    {"NUL before",
     BYTES("\0"
           "1"),
     BAD, BAD, 0, 0},
    {"NUL inside",
     BYTES("1\0"
           "2"),
     BAD, BAD, 0, 0},
    {"full-width digit", BYTES("\xEF\xBC\x91"), BAD, BAD, 0, 0},
    {"Arabic decimal point",
     BYTES("1\xD9\xAB"
           "5"),
     BAD, BAD, 0, 0},
    {"no-break space",
     BYTES("\xC2\xA0"
           "1"),
     BAD, BAD, 0, 0},
    {"byte over 0x7F", BYTES("\xB1"), BAD, BAD, 0, 0},
};

START_TEST(reading)
{
    size_t i = (size_t)_i;
    struct span tail = exact(texts[i].text);
    double real = 99;
    enum number_status status = number_double(tail, &real);
    ck_assert_msg(status == texts[i].real_status, "%s: as double, status %d", texts[i].name, (int)status);
    ck_assert_msg(real == texts[i].real, "%s: as double, %a, want %a", texts[i].name, real, texts[i].real);
    int64_t integer = 99;
    status = number_int64(tail, &integer);
    ck_assert_msg(status == texts[i].int_status, "%s: as integer, status %d", texts[i].name, (int)status);
    ck_assert_msg(integer == texts[i].integer, "%s: as integer, %lld", texts[i].name, (long long)integer);
    release(tail);
}
END_TEST

START_TEST(sign_of_zero)
{
    double value = 1;
    ck_assert_int_eq(number_double(SPAN_LITERAL("-0.0"), &value), NUMBER_OK);
    ck_assert(value == 0 && signbit(value));
    ck_assert_int_eq(number_double(SPAN_LITERAL("0"), &value), NUMBER_OK);
    ck_assert(value == 0 && !signbit(value));
}
END_TEST

START_TEST(no_text_at_all)
{
    double real = 1;
    int64_t integer = 1;
    ck_assert_int_eq(number_double((struct span){NULL, 0}, &real), NUMBER_NOT_A_NUMBER);
    ck_assert_int_eq(number_int64((struct span){NULL, 0}, &integer), NUMBER_NOT_A_NUMBER);
    ck_assert(real == 0 && integer == 0);
}
END_TEST

#define MANY 100000

/* before + MANY times `fill` + after: far more characters than any buffer of the reader. */
static const struct {
    const char *name;
    const char *before;
    char fill;
    const char *after;
    enum number_status real_status;
    enum number_status int_status;
    double real;
    int64_t integer;
} longs[] = {
    {"leading zeros", "-", '0', "7", OK, OK, -7, -7},
    {"trailing zeros of a fraction", "2.5", '0', "", OK, BAD, 2.5, 0},
    {"fraction of zeros", "3.", '0', "", OK, OK, 3, 3},
    {"zeros only", "", '0', "", OK, OK, 0, 0},
    {"small, brought back", "0.", '0', "1e100001", OK, OK, 1, 1},
    {"large, brought back", "1", '0', "e-100000", OK, OK, 1, 1},
    {"large, brought back to a fraction", "15", '0', "e-100001", OK, BAD, 1.5, 0},
    {"thirds", "0.", '3', "", OK, BAD, 0x1.5555555555555p-2, 0},
    {"nines round up", "0.", '9', "", OK, BAD, 1, 0},
    {"a hundred thousand digits", "", '9', "", FAR, FAR, 0, 0},
    {"a hundred thousand zeros", "-1", '0', "", FAR, FAR, 0, 0},
    {"a tie stays even", "1.00000000000000011102230246251565404236316680908203125", '0', "", OK, BAD, 1, 0},
    {"a tie decided by the last digit", "1.00000000000000011102230246251565404236316680908203125", '0', "1", OK, BAD,
     0x1.0000000000001p0, 0},
    {"fault at the end", "1", '0', "x", BAD, BAD, 0, 0},
    {"an exponent of zeros", "1e", '0', "1", OK, OK, 10, 10},
    {"a huge exponent", "1e", '9', "", FAR, FAR, 0, 0},
    {"a huge negative exponent", "1e-", '9', "", OK, BAD, 0, 0},
};

START_TEST(reading_long_texts)
{
    size_t before = strlen(longs[_i].before);
    size_t after = strlen(longs[_i].after);
    char *text = malloc(before + MANY + after);
    ck_assert_ptr_nonnull(text);
    memcpy(text, longs[_i].before, before);
    memset(text + before, longs[_i].fill, MANY);
    memcpy(text + before + MANY, longs[_i].after, after);
    struct span span = {text, before + MANY + after};
    double real = 99;
    int64_t integer = 99;
    enum number_status status = number_double(span, &real);
    ck_assert_msg(status == longs[_i].real_status && real == longs[_i].real, "%s: as double, status %d, %a",
                  longs[_i].name, (int)status, real);
    status = number_int64(span, &integer);
    ck_assert_msg(status == longs[_i].int_status && integer == longs[_i].integer, "%s: as integer, status %d, %lld",
                  longs[_i].name, (int)status, (long long)integer);
    free(text);
}
END_TEST

/* (2^53 - 1) * 2^-1075 lies halfway between the largest subnormal and the smallest normal double; no midpoint has more digits.
 * They are those of (2^53 - 1) * 5^1075. Exactly halfway goes to the even one, up; the least bit below goes down. */
START_TEST(longest_midpoint)
{
    enum { DIGITS = 768 };
    char digits[DIGITS + 16] = {0};          /* lowest first */
    const char *factor = "1990474529917009"; /* 2^53 - 1 = 9007199254740991, lowest first */
    for (size_t i = 0; factor[i]; i++) {
        digits[i] = (char)(factor[i] - '0');
    }
    for (int power = 0; power < 1075; power++) {
        int carry = 0;
        for (size_t i = 0; i < sizeof digits; i++) {
            carry += digits[i] * 5;
            digits[i] = (char)(carry % 10);
            carry /= 10;
        }
    }
    ck_assert(digits[DIGITS - 1] > 0 && digits[DIGITS] == 0 && digits[0] == 5);
    char text[DIGITS + 16];
    for (size_t i = 0; i < DIGITS; i++) {
        text[i] = (char)('0' + digits[DIGITS - 1 - i]);
    }
    snprintf(text + DIGITS, 16, "e-1075");
    struct span span = {text, strlen(text)};
    double value = 0;
    ck_assert_int_eq(number_double(span, &value), NUMBER_OK);
    ck_assert_msg(value == 0x1p-1022, "halfway: %a", value);
    text[DIGITS - 1]--;
    ck_assert_int_eq(number_double(span, &value), NUMBER_OK);
    ck_assert_msg(value == 0x0.fffffffffffffp-1022, "below halfway: %a", value);
}
END_TEST

static const struct {
    const char *name;
    double value;
    bool is_int;
    int64_t integer;
} doubles[] = {
    {"zero", 0.0, true, 0},
    {"minus zero", -0.0, true, 0},
    {"integer", -42.0, true, -42},
    {"fraction", 0.5, false, 0},
    {"nearly an integer", 0x1.fffffffffffffp0, false, 0},
    {"2^53", 0x1p53, true, INT64_C(9007199254740992)},
    {"-2^63", -0x1p63, true, INT64_MIN},
    {"below -2^63", -0x1.0000000000001p63, false, 0},
    {"2^63", 0x1p63, false, 0},
    {"just below 2^63", 0x1.fffffffffffffp62, true, INT64_C(9223372036854774784)},
    {"huge", 1e300, false, 0},
    {"tiny", 5e-324, false, 0},
    {"infinity", INFINITY, false, 0},
    {"minus infinity", -INFINITY, false, 0},
    {"NaN", NAN, false, 0},
};

START_TEST(double_is_int64)
{
    int64_t integer = 99;
    bool is_int = number_double_is_int64(doubles[_i].value, &integer);
    ck_assert_msg(is_int == doubles[_i].is_int && integer == doubles[_i].integer, "%s: %d %lld", doubles[_i].name,
                  is_int, (long long)integer);
}
END_TEST

static const struct {
    double value;
    const char *text;
} shown[] = {
    {0, "0"},
    {-0.0, "-0"},
    {1, "1"},
    {-18.2, "-18.2"},
    {100, "100"},
    {220.1, "220.1"},
    {0.1, "0.1"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1.0 / 3, "0.3333333333333333"},
    {31.230416, "31.230416"},
    {-180, "-180"},
    {0.0001, "0.0001"},
    {0.00001, "1e-05"},
    {123456789012345, "123456789012345"},
    {1e15, "1e+15"},
    {123456789012345680.0, "1.2345678901234568e+17"},
    {0x1p53, "9007199254740992"},
    {1e22, "1e+22"},
    {1e23, "1e+23"},
    {1.7976931348623157e308, "1.7976931348623157e+308"},
    {-2.2250738585072014e-308, "-2.2250738585072014e-308"},
    {0x1p-1074, "4.94065645841247e-324"},
};

START_TEST(formatting)
{
    size_t i = (size_t)_i;
    char out[NUMBER_TEXT_BYTES];
    memset(out, '#', sizeof out);
    size_t len = number_format_double(shown[i].value, out);
    ck_assert_str_eq(out, shown[i].text);
    ck_assert_msg(len == strlen(shown[i].text), "%s: length %zu", shown[i].text, len);
}
END_TEST

static const char *skip_digits(const char *text)
{
    return text + strspn(text, "0123456789");
}

/* `fieldfloat` of Telegraf's plugins/parsers/influx/machine.go.rl, narrowed to digits on both sides of the point. */
static bool is_influx_float(const char *text)
{
    text += *text == '-';
    const char *end = skip_digits(text);
    bool good = end > text;
    if (*end == '.') {
        text = end + 1;
        end = skip_digits(text);
        good = good && end > text;
    }
    if (*end == 'e') {
        text = end + 1 + (end[1] == '+' || end[1] == '-');
        end = skip_digits(text);
        good = good && end > text;
    }
    return good && *end == '\0';
}

/* Bit patterns all over the range, and decimals as sensors give them: text and back is the same double. */
START_TEST(round_trip)
{
    uint64_t bits = 1;
    for (int i = 0; i < 20000; i++) {
        bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        double value;
        if (i % 2 == 0) {
            memcpy(&value, &bits, sizeof value);
        } else {
            value = (double)(int32_t)(bits >> 32) / 1000;
        }
        if (!isfinite(value)) {
            continue;
        }
        char out[NUMBER_TEXT_BYTES];
        double back = 0;
        size_t len = number_format_double(value, out);
        enum number_status status = number_double((struct span){out, len}, &back);
        if (!is_influx_float(out)) {
            ck_abort_msg("%a: \"%s\" is no float of line protocol", value, out);
        }
        if (status != NUMBER_OK || memcmp(&back, &value, sizeof value) != 0) {
            ck_abort_msg("%a: \"%s\" reads as %a, status %d", value, out, back, (int)status);
        }
    }
}
END_TEST

/* ---- the quick forms against the slow ones ---- */

/* A linear congruential generator (Knuth, MMIX): the same numbers on every machine. */
static uint64_t draw(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed ^ *seed >> 29;
}

/* The header's definition: the first of 15, 16 and 17 digits that reads back. */
static void check_format(double value)
{
    char want[NUMBER_TEXT_BYTES];
    char got[NUMBER_TEXT_BYTES];
    int digits = 15;
    do {
        snprintf(want, sizeof want, "%.*g", digits, value);
    } while (strtod(want, NULL) != value && digits++ < 17);
    size_t len = number_format_double(value, got);
    if (strcmp(got, want) != 0 || len != strlen(want)) {
        ck_abort_msg("%a: %s, want %s", value, got, want);
    }
}

/* A text that ends where its digits end, as strtod reads it; and as an integer, where it is one. */
static void check_read(const char *text, size_t len)
{
    double got = 99;
    double want = strtod(text, NULL);
    enum number_status status = number_double((struct span){text, len}, &got);
    if (status != NUMBER_OK || memcmp(&got, &want, sizeof got) != 0) {
        ck_abort_msg("%s: status %d, %a, want %a", text, (int)status, got, want);
    }
}

static void check_read_int(const char *text, size_t len)
{
    int64_t got = 99;
    errno = 0;
    long long want = strtoll(text, NULL, 10);
    enum number_status status = number_int64((struct span){text, len}, &got);
    enum number_status status_wanted = errno == ERANGE ? NUMBER_OUT_OF_RANGE : NUMBER_OK;
    if (status != status_wanted || got != (errno == ERANGE ? 0 : want)) {
        ck_abort_msg("%s as an integer: status %d, %lld", text, (int)status, (long long)got);
    }
}

static void check_text(const char *text)
{
    char copy[64];
    size_t len = strlen(text);
    double value = strtod(text, NULL);
    memset(copy, '9', sizeof copy); /* digits behind the end are none of it */
    memcpy(copy, text, len);
    double got = 99;
    ck_assert_int_eq(number_double((struct span){copy, len}, &got), NUMBER_OK);
    ck_assert_msg(memcmp(&got, &value, sizeof got) == 0, "%s: %a", text, got);
    check_format(value);
}

START_TEST(every_short_decimal)
{
    for (int i = 0; i < rounds(100000); i++) {
        unsigned digits = (unsigned)i;
        char text[16];
        unsigned power = 1;
        for (int behind = 0; behind <= 4; behind++, power *= 10) {
            const char *sign = digits % 2 ? "-" : "";
            int len = behind == 0
                          ? snprintf(text, sizeof text, "%s%u", sign, digits)
                          : snprintf(text, sizeof text, "%s%u.%0*u", sign, digits / power, behind, digits % power);
            check_read(text, (size_t)len);
            if (behind == 0) {
                check_read_int(text, (size_t)len);
            }
            check_format(strtod(text, NULL));
        }
    }
}
END_TEST

START_TEST(the_edges_of_the_quick_forms)
{
    static const char *const edges[] = {
        "0",
        "-0",
        "0.0",
        "-0.0",
        "00",
        "-00.00",
        "0.5",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993",
        "9007199254740994",
        "-9007199254740993",
        "99999999999999",
        "999999999999999",
        "1000000000000000",
        "9999999999999999",
        "99999999999999.9",
        "999999999999999.9",
        "9999999999999.99",
        "0.999999999999999",
        "0.9999999999999999",
        "9.99999999999999",
        "9.999999999999999",
        "0.0001",
        "0.00009999",
        "0.000099999999999999",
        "0.00010000000000000",
        "0.000100000000000001",
        "0.00099999999999999",
        "0.123456789012345",
        "0.1234567890123456",
        "1.00000000000000",
        "1.000000000000001",
        "123456789.123456",
        "000000000000001",
        "0000000000000001",
        "00000000000000000000001",
        "0000000000000000.1",
        "1234567890123456789",
        "12345678901234567890",
        "123456789012345678901",
        "0.1234567890123456789",
        "99999999999999999999",
        "18446744073709551615",
        "18446744073709551616",
        "18446744073709551617.5",
        "0.000000000000001",
        "0.0000000000000000000000000000001",
        "2.5",
        "4503599627370496.5",
        "4503599627370497.5",
        "549755813887.9999",
    };
    for (size_t i = 0; i < COUNT(edges); i++) {
        check_text(edges[i]);
    }
    const double around[] = {0x1p53, 1e15, 1e-4, 0.0001,          9.999e14, 1e14, 1,
                             0.1,    1e22, 1e23, 999999999999999, 4.35,     0.3};
    for (size_t i = 0; i < COUNT(around); i++) {
        double below = around[i];
        double above = around[i];
        for (int step = 0; step < 1000; step++) {
            check_format(below);
            check_format(-above);
            below = nextafter(below, 0);
            above = nextafter(above, INFINITY);
        }
    }
    check_format(0.0);
    check_format(-0.0);
}
END_TEST

START_TEST(random_doubles)
{
    uint64_t seed = 1;
    for (int i = 0; i < rounds(400000); i++) {
        uint64_t bits = draw(&seed);
        double value;
        if (i % 4 != 0) { /* of 2^-16 to 2^52: where the quick form is */
            bits = (bits & UINT64_C(0x800FFFFFFFFFFFFF)) | (1023 - 16 + draw(&seed) % 68) << 52;
        }
        memcpy(&value, &bits, sizeof value);
        if (isfinite(value)) {
            check_format(value);
        }
    }
}
END_TEST

/* 1 to 19 digits, the point anywhere or nowhere. */
START_TEST(random_decimals)
{
    uint64_t seed = 2;
    for (int i = 0; i < rounds(600000); i++) {
        char text[32] = "-";
        size_t n = draw(&seed) % 2;
        size_t digits = 1 + draw(&seed) % 19;
        size_t point = draw(&seed) % (digits + 1); /* digits before it; 0 = none */
        uint64_t from = draw(&seed);
        for (size_t d = 0; d < digits; d++, from /= 10) {
            text[n] = '.';
            n += d > 0 && d == point;
            text[n++] = (char)('0' + from % 10);
        }
        text[n] = '\0';
        check_read(text, n);
        if (point == 0 || point == digits) {
            check_read_int(text, n);
        }
        if (i % 4 == 0) {
            check_format(strtod(text, NULL));
        }
    }
}
END_TEST

START_TEST(integers_to_text_and_back)
{
    uint64_t seed = 3;
    static const uint64_t edges[] = {0,
                                     UINT64_C(9999999999999999999),
                                     UINT64_C(10000000000000000000),
                                     UINT64_MAX,
                                     INT64_MAX,
                                     (uint64_t)INT64_MAX + 1,
                                     UINT32_MAX,
                                     INT32_MAX,
                                     1};
    uint64_t power = 1;
    for (int i = 0; i < rounds(300000); i++) {
        uint64_t value = draw(&seed) >> draw(&seed) % 64;
        if (i < 60) { /* 10^n - 1, 10^n, 10^n + 1 */
            value = power + (uint64_t)(i % 3) - 1;
            power *= i % 3 == 2 ? 10 : 1;
        } else if (i < 60 + (int)COUNT(edges)) {
            value = edges[i - 60];
        }
        char want[NUMBER_TEXT_BYTES];
        char got[NUMBER_TEXT_BYTES];
        int len = snprintf(want, sizeof want, "%llu", (unsigned long long)value);
        if (number_format_uint64(value, got) != (size_t)len || strcmp(got, want) != 0) {
            ck_abort_msg("%s: %s", want, got);
        }
        len = snprintf(want, sizeof want, "%lld", (long long)value);
        if (number_format_int64((int64_t)value, got) != (size_t)len || strcmp(got, want) != 0) {
            ck_abort_msg("%s: %s", want, got);
        }
        check_read_int(want, (size_t)len);
        len = snprintf(want, sizeof want, "%llu", (unsigned long long)value);
        check_read_int(want, (size_t)len);
    }
}
END_TEST

static Suite *number_suite(void)
{
    Suite *suite = suite_create("number");
    TCase *tcase = tcase_create("number");
    tcase_add_loop_test(tcase, reading, 0, (int)(sizeof texts / sizeof texts[0]));
    tcase_add_test(tcase, sign_of_zero);
    tcase_add_test(tcase, no_text_at_all);
    tcase_add_loop_test(tcase, reading_long_texts, 0, (int)(sizeof longs / sizeof longs[0]));
    tcase_add_test(tcase, longest_midpoint);
    tcase_add_loop_test(tcase, double_is_int64, 0, (int)(sizeof doubles / sizeof doubles[0]));
    tcase_add_loop_test(tcase, formatting, 0, (int)(sizeof shown / sizeof shown[0]));
    tcase_add_test(tcase, round_trip);
    suite_add_tcase(suite, tcase);
    TCase *quick = tcase_create("quick forms");
    tcase_set_timeout(quick, 60);
    tcase_add_test(quick, every_short_decimal);
    tcase_add_test(quick, the_edges_of_the_quick_forms);
    tcase_add_test(quick, random_doubles);
    tcase_add_test(quick, random_decimals);
    tcase_add_test(quick, integers_to_text_and_back);
    suite_add_tcase(suite, quick);
    return suite;
}

int main(void)
{
    return run_suite(number_suite());
}
