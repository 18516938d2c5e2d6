#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "support.h"

#define BYTES(literal)                                                                                                 \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }
#define S SECOND_NS
#define NOON (INT64_C(1795521600) * S) /* 2026-11-24T12:00:00Z */

static const struct {
    const char *name;
    struct span text;
    bool ok;
    int64_t ns;
} isos[] = {
    {"epoch", BYTES("1970-01-01T00:00:00Z"), true, 0},
    {"first nanosecond", BYTES("1970-01-01T00:00:00.000000001Z"), true, 1},
    {"last second", BYTES("2261-12-31T23:59:59Z"), true, INT64_C(9214646399) * S},
    {"last nanosecond", BYTES("2261-12-31T23:59:59.999999999Z"), true, INT64_C(9214646399999999999)},
    {"last second, farthest west", BYTES("2261-12-31T23:59:60-23:59"), true, INT64_C(9214732740) * S},
    {"year before the first", BYTES("1969-12-31T23:59:59Z"), false, 0},
    {"year after the last", BYTES("2262-01-01T00:00:00Z"), false, 0},
    {"year 0", BYTES("0000-01-01T00:00:00Z"), false, 0},
    {"year 9999", BYTES("9999-12-31T23:59:59Z"), false, 0},
    {"before the epoch by its offset", BYTES("1970-01-01T00:00:00+08:00"), true, -28800 * S},
    {"leap day 1972", BYTES("1972-02-29T00:00:00Z"), true, INT64_C(68169600) * S},
    {"leap day 2000", BYTES("2000-02-29T00:00:00Z"), true, INT64_C(951782400) * S},
    {"day after it", BYTES("2000-03-01T00:00:00Z"), true, INT64_C(951868800) * S},
    {"leap day 2024", BYTES("2024-02-29T12:00:00Z"), true, INT64_C(1709208000) * S},
    {"no leap day 2023", BYTES("2023-02-29T12:00:00Z"), false, 0},
    {"no leap day 2100", BYTES("2100-02-29T00:00:00Z"), false, 0},
    {"end of February 2100", BYTES("2100-02-28T23:59:59Z"), true, INT64_C(4107542399) * S},
    {"March 2100", BYTES("2100-03-01T00:00:00Z"), true, INT64_C(4107542400) * S},
    {"30 February", BYTES("2024-02-30T00:00:00Z"), false, 0},
    {"31 April", BYTES("2026-04-31T00:00:00Z"), false, 0},
    {"32 December", BYTES("2026-12-32T00:00:00Z"), false, 0},
    {"day 0", BYTES("2026-11-00T00:00:00Z"), false, 0},
    {"month 0", BYTES("2026-00-24T00:00:00Z"), false, 0},
    {"month 13", BYTES("2026-13-24T00:00:00Z"), false, 0},
    {"hour 23", BYTES("2026-11-24T23:00:00Z"), true, NOON + 39600 * S},
    {"hour 24", BYTES("2026-11-24T24:00:00Z"), false, 0},
    {"minute 60", BYTES("2026-11-24T12:60:00Z"), false, 0},
    {"second 61", BYTES("2026-11-24T12:00:61Z"), false, 0},
    {"leap second", BYTES("2016-12-31T23:59:60Z"), true, INT64_C(1483228800) * S},
    {"leap second with a fraction", BYTES("2016-12-31T23:59:60.5Z"), true, INT64_C(1483228800) * S + S / 2},
    {"seconds left out", BYTES("2026-11-24T12:00Z"), true, NOON},
    {"seconds and zone left out", BYTES("2026-11-24T12:00"), true, NOON},
    {"seconds left out, offset", BYTES("2026-11-24T20:00+08:00"), true, NOON},
    {"zone left out", BYTES("2026-11-24T12:00:00"), true, NOON},
    {"zone left out, fraction", BYTES("2026-11-24T12:00:00.25"), true, NOON + S / 4},
    {"small letters", BYTES("2026-11-24t12:00:00z"), true, NOON},
    {"space between", BYTES("2026-11-24 12:00:00Z"), true, NOON},
    {"two spaces between", BYTES("2026-11-24  12:00:00Z"), false, 0},
    {"white space around", BYTES(" \t2026-11-24T12:00:00Z\r\n"), true, NOON},
    {"space before the zone", BYTES("2026-11-24T12:00:00 Z"), true, NOON},
    {"space before the offset", BYTES("2026-11-24 20:00:00 +0800"), true, NOON},
    {"two spaces before the offset", BYTES("2026-11-24 20:00:00  +0800"), false, 0},
    {"space before nothing but a suffix", BYTES("2026-11-24T12:00:00 [UTC]"), false, 0},
    {"suffix", BYTES("2026-11-24T12:00:00.000Z[UTC]"), true, NOON},
    {"suffix behind an offset", BYTES("2026-11-24T20:00:00+08:00[Asia/Shanghai]"), true, NOON},
    {"suffix alone", BYTES("2026-11-24T12:00:00[UTC]"), false, 0},
    {"suffix without a name", BYTES("2026-11-24T12:00:00Z[]"), false, 0},
    {"suffix without an end", BYTES("2026-11-24T12:00:00Z[UTC"), false, 0},
    {"milliseconds", BYTES("2026-11-24T12:00:00.123Z"), true, NOON + 123000000},
    {"microseconds", BYTES("2026-11-24T12:00:00.123456Z"), true, NOON + 123456000},
    {"nanoseconds", BYTES("2026-11-24T12:00:00.123456789Z"), true, NOON + 123456789},
    {"one digit", BYTES("2026-11-24T12:00:00.1Z"), true, NOON + 100000000},
    {"comma", BYTES("2026-11-24T12:00:00,5Z"), true, NOON + S / 2},
    {"tenth digit is cut", BYTES("2026-11-24T12:00:00.1234567899Z"), true, NOON + 123456789},
    {"nines are cut, not rounded", BYTES("2026-11-24T12:00:00.99999999999999999999Z"), true, NOON + S - 1},
    {"fraction without digits", BYTES("2026-11-24T12:00:00.Z"), false, 0},
    {"fraction of minutes", BYTES("2026-11-24T12:00.5Z"), false, 0},
    {"two fractions", BYTES("2026-11-24T12:00:00.1.2Z"), false, 0},
    {"offset with a colon", BYTES("2026-11-24T20:00:00+08:00"), true, NOON},
    {"offset without a colon", BYTES("2026-11-24T20:00:00+0800"), true, NOON},
    {"offset of hours", BYTES("2026-11-24T20:00:00+08"), true, NOON},
    {"offset with a fraction", BYTES("2026-11-24T20:00:00.123+08:00"), true, NOON + 123000000},
    {"offset west", BYTES("2026-11-24T08:30:00-03:30"), true, NOON},
    {"offset over midnight", BYTES("2026-11-25T01:45:00+13:45"), true, NOON},
    {"offset of zero, west", BYTES("2026-11-24T12:00:00-00:00"), true, NOON},
    {"mosquitto_sub's tst", BYTES("2026-11-24T20:00:00.000000Z+0800"), true, NOON},
    {"mosquitto_sub's tst in UTC", BYTES("2026-11-24T12:00:00.452123Z+0000"), true, NOON + 452123000},
    {"offset of 24 hours", BYTES("2026-11-24T12:00:00+24:00"), false, 0},
    {"offset of 60 minutes", BYTES("2026-11-24T12:00:00+08:60"), false, 0},
    {"offset of one digit", BYTES("2026-11-24T12:00:00+8"), false, 0},
    {"offset of three digits", BYTES("2026-11-24T12:00:00+080"), false, 0},
    {"offset of five digits", BYTES("2026-11-24T12:00:00+08000"), false, 0},
    {"offset cut after the colon", BYTES("2026-11-24T12:00:00+08:"), false, 0},
    {"offset with seconds", BYTES("2026-11-24T12:00:00+08:00:00"), false, 0},
    {"offset twice", BYTES("2026-11-24T12:00:00+08:00+08:00"), false, 0},
    {"only a sign", BYTES("2026-11-24T12:00:00+"), false, 0},
    {"Z twice", BYTES("2026-11-24T12:00:00ZZ"), false, 0},
    {"Z after the offset", BYTES("2026-11-24T12:00:00+08:00Z"), false, 0},
    {"text after", BYTES("2026-11-24T12:00:00Z!"), false, 0},
    {"zone name", BYTES("2026-11-24T12:00:00 CST"), false, 0},
    {"NUL after", BYTES("2026-11-24T12:00:00Z\0"), false, 0},
    {"NUL for the T",
     BYTES("2026-11-24\0"
           "12:00:00Z"),
     false, 0},
    {"NUL for the zone", BYTES("2026-11-24T12:00:00\0"), false, 0},
    {"date only", BYTES("2026-11-24"), false, 0},
    {"hour only", BYTES("2026-11-24T12"), false, 0},
    {"time only", BYTES("12:00:00Z"), false, 0},
    {"slashes", BYTES("2026/11/24 12:00:00"), false, 0},
    {"basic", BYTES("20261124T120000Z"), true, NOON},
    {"basic, fraction", BYTES("20261124T120000.25Z"), true, NOON + S / 4},
    {"basic, offset", BYTES("20261124T200000+0800"), true, NOON},
    {"basic, minutes", BYTES("20261124T1200Z"), true, NOON},
    {"basic, hour", BYTES("20261124T12Z"), false, 0},
    {"basic date, extended clock", BYTES("20261124T12:00:00Z"), false, 0},
    {"extended date, basic clock", BYTES("2026-11-24T120000Z"), false, 0},
    {"basic, seconds of one digit", BYTES("20261124T12000Z"), false, 0},
    {"basic month 13", BYTES("20261324T120000Z"), false, 0},
    {"month of one digit", BYTES("2026-1-24T12:00:00Z"), false, 0},
    {"hour of one digit", BYTES("2026-11-24T9:00:00Z"), false, 0},
    {"year of five digits", BYTES("12026-11-24T12:00:00Z"), false, 0},
    {"sign before the year", BYTES("+2026-11-24T12:00:00Z"), false, 0},
    {"sign in a number", BYTES("2026-+1-24T12:00:00Z"), false, 0},
    {"full-width digits",
     BYTES("\xEF\xBC\x92"
           "026-11-24T12:00:00Z"),
     false, 0},
    {"empty", BYTES(""), false, 0},
    {"white space", BYTES("  "), false, 0},
    {"number", BYTES("1795480318"), false, 0},
    {"text", BYTES("never"), false, 0},
};

START_TEST(iso)
{
    struct timestamp_zone utc = {0, false};
    struct span tail = exact(isos[_i].text);
    int64_t ns = 99;
    bool ok = timestamp_parse_iso(tail, &ns);
    ck_assert_msg(ok == isos[_i].ok, "%s: %d", isos[_i].name, ok);
    ck_assert_msg(!ok || ns == isos[_i].ns, "%s: %lld, want %lld", isos[_i].name, (long long)ns,
                  (long long)isos[_i].ns);
    ns = 99;
    ck_assert_msg(timestamp_parse_text(tail, &utc, &ns) ==
                      (isos[_i].ok || span_equal(tail, SPAN_LITERAL("1795480318"))),
                  "%s: as any text", isos[_i].name);
    ck_assert_msg(!ok || ns == isos[_i].ns, "%s: as any text, %lld", isos[_i].name, (long long)ns);
    release(tail);
}
END_TEST

/* Cut anywhere, it is read or refused, never read past its end. */
START_TEST(iso_cut_anywhere)
{
    const struct span whole = SPAN_LITERAL("2026-11-24T20:00:00.123456789+08:00");
    for (size_t len = 0; len < whole.len; len++) {
        struct span tail = exact((struct span){whole.ptr, len});
        int64_t ns = 0;
        /* After minutes, seconds, each digit of the fraction, and the hours of the offset it is whole. */
        bool want = len == 16 || len == 19 || (len >= 21 && len <= 29) || len == 32;
        ck_assert_msg(timestamp_parse_iso(tail, &ns) == want, "%zu bytes", len);
        release(tail);
    }
}
END_TEST

START_TEST(fraction_of_any_length)
{
    enum { DIGITS = 100000 };
    const struct span head = SPAN_LITERAL("2026-11-24T12:00:00.");
    char *text = malloc(head.len + DIGITS);
    ck_assert_ptr_nonnull(text);
    memcpy(text, head.ptr, head.len);
    memset(text + head.len, '1', DIGITS);
    int64_t ns = 0;
    ck_assert(timestamp_parse_iso((struct span){text, head.len + DIGITS}, &ns));
    ck_assert_int_eq(ns, NOON + 111111111);
    free(text);
}
END_TEST

/* Every day of every year, counted one by one, both ways. */
START_TEST(every_day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t day_count = 0;
    for (int year = 1970; year <= 2261; year++) {
        bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
        for (int month = 1; month <= 12; month++) {
            int days = lengths[month - 1] + (month == 2 && leap);
            for (int day = 1; day <= days + 1; day++) {
                char text[64];
                char back[TIMESTAMP_TEXT_BYTES];
                int64_t ns = -1;
                snprintf(text, sizeof text, "%04d-%02d-%02dT23:59:59.999Z", year, month, day);
                if (timestamp_parse_iso(span_of(text), &ns) != (day <= days)) {
                    ck_abort_msg("%s", text);
                }
                if (day <= days) {
                    int64_t want = (day_count * 86400 + 86399) * S + 999000000;
                    timestamp_format(ns, back);
                    if (ns != want || strcmp(back, text) != 0) {
                        ck_abort_msg("%s: %lld, want %lld, shown as %s", text, (long long)ns, (long long)want, back);
                    }
                    day_count++;
                }
            }
        }
    }
}
END_TEST

static const struct {
    const char *name;
    int64_t number;
    bool ok;
    int64_t ns;
} ints[] = {
    {"epoch", 0, true, 0},
    {"one second", 1, true, S},
    {"before the epoch", -1, true, -S},
    {"seconds", 1795480318, true, INT64_C(1795480318) * S},
    {"milliseconds", INT64_C(1795480318123), true, INT64_C(1795480318123000000)},
    {"microseconds", INT64_C(1795480318123456), true, INT64_C(1795480318123456000)},
    {"nanoseconds", INT64_C(1795480318123456789), true, INT64_C(1795480318123456789)},
    {"most seconds that fit", INT64_C(9223372036), true, INT64_C(9223372036) * S},
    {"one second more", INT64_C(9223372037), false, 0},
    {"fewest seconds that fit", INT64_C(-9223372036), true, INT64_C(-9223372036) * S},
    {"one second less", INT64_C(-9223372037), false, 0},
    {"last of seconds", INT64_C(99999999999), false, 0},
    {"first of milliseconds", INT64_C(100000000000), true, INT64_C(100000000000000000)},
    {"first of milliseconds, negative", INT64_C(-100000000000), true, INT64_C(-100000000000000000)},
    {"most milliseconds that fit", INT64_C(9223372036854), true, INT64_C(9223372036854000000)},
    {"one millisecond more", INT64_C(9223372036855), false, 0},
    {"last of milliseconds", INT64_C(99999999999999), false, 0},
    {"first of microseconds", INT64_C(100000000000000), true, INT64_C(100000000000000000)},
    {"most microseconds that fit", INT64_C(9223372036854775), true, INT64_C(9223372036854775000)},
    {"one microsecond more", INT64_C(9223372036854776), false, 0},
    {"last of microseconds", INT64_C(99999999999999999), false, 0},
    {"last of microseconds, negative", INT64_C(-99999999999999999), false, 0},
    {"first of nanoseconds", INT64_C(100000000000000000), true, INT64_C(100000000000000000)},
    {"int64 max", INT64_MAX, true, INT64_MAX},
    {"int64 min", INT64_MIN, true, INT64_MIN},
};

START_TEST(integer)
{
    int64_t ns = 99;
    bool ok = timestamp_from_int(ints[_i].number, &ns);
    ck_assert_msg(ok == ints[_i].ok, "%s: %d", ints[_i].name, ok);
    ck_assert_msg(!ok || ns == ints[_i].ns, "%s: %lld, want %lld", ints[_i].name, (long long)ns,
                  (long long)ints[_i].ns);
}
END_TEST

static const struct {
    const char *name;
    double number;
    bool ok;
    int64_t ns;
} reals[] = {
    {"zero", 0, true, 0},
    {"minus zero", -0.0, true, 0},
    {"whole seconds", 1795480318.0, true, INT64_C(1795480318) * S},
    {"a quarter", 1795480318.25, true, INT64_C(1795480318250000000)},
    {"milliseconds of a second", 1795480318.123, true, INT64_C(1795480318123000000)},
    {"microseconds of a second", 1795480318.123456, true, INT64_C(1795480318123456000)},
    {"rounds up into the next second", 1795480318.9999998, true, INT64_C(1795480319000000000)},
    {"before the epoch", -0.5, true, -S / 2},
    {"below a microsecond", 1e-9, true, 0},
    {"milliseconds", 1795480318123.0, true, INT64_C(1795480318123000000)},
    {"half a millisecond", 1795480318123.5, true, INT64_C(1795480318123500000)},
    {"half a microsecond", 1795480318123456.5, true, INT64_C(1795480318123456500)},
    {"nanoseconds", 1795480318123456768.0, true, INT64_C(1795480318123456768)},
    {"just below milliseconds", 99999999999.5, false, 0},
    {"first of milliseconds", 1e11, true, INT64_C(100000000000000000)},
    {"first of microseconds", 1e14, true, INT64_C(100000000000000000)},
    {"first of nanoseconds", 1e17, true, INT64_C(100000000000000000)},
    {"too many seconds", 9223372036.9, false, 0},
    {"too few seconds", -9223372036.9, false, 0},
    {"largest below 2^63", 0x1.fffffffffffffp62, true, INT64_C(9223372036854774784)},
    {"2^63", 0x1p63, false, 0},
    {"-2^63", -0x1p63, false, 0},
    {"huge", 1e300, false, 0},
    {"infinity", INFINITY, false, 0},
    {"minus infinity", -INFINITY, false, 0},
    {"NaN", NAN, false, 0},
};

START_TEST(real)
{
    int64_t ns = 99;
    bool ok = timestamp_from_double(reals[_i].number, &ns);
    ck_assert_msg(ok == reals[_i].ok, "%s: %d", reals[_i].name, ok);
    ck_assert_msg(!ok || ns == reals[_i].ns, "%s: %lld, want %lld", reals[_i].name, (long long)ns,
                  (long long)reals[_i].ns);
}
END_TEST

static const struct {
    const char *name;
    struct span text;
    bool ok;
    int64_t ns;
} texts[] = {
    {"seconds", BYTES("1795480318"), true, INT64_C(1795480318) * S},
    {"seconds with a fraction", BYTES("1795480318.25"), true, INT64_C(1795480318250000000)},
    {"seconds with a point", BYTES("1795480318.0"), true, INT64_C(1795480318) * S},
    {"seconds in exponent form", BYTES("1.795480318e9"), true, INT64_C(1795480318) * S},
    {"milliseconds", BYTES("1795480318000"), true, INT64_C(1795480318) * S},
    {"nanoseconds, exact", BYTES("1795480318123456789"), true, INT64_C(1795480318123456789)},
    {"white space around", BYTES(" 1795480318\n"), true, INT64_C(1795480318) * S},
    {"last of microseconds", BYTES("99999999999999999"), false, 0},
    {"past int64", BYTES("9223372036854775808"), false, 0},
    {"overflow", BYTES("1e999"), false, 0},
    {"hex", BYTES("0x6b04"), false, 0},
    {"nan", BYTES("nan"), false, 0},
    {"empty", BYTES(""), false, 0},
    {"text", BYTES("yesterday"), false, 0},
    {"NUL", BYTES("1795480318\0"), false, 0},
};

START_TEST(any_text)
{
    struct timestamp_zone utc = {0, false};
    struct span tail = exact(texts[_i].text);
    int64_t ns = 99;
    bool ok = timestamp_parse_text(tail, &utc, &ns);
    ck_assert_msg(ok == texts[_i].ok, "%s: %d", texts[_i].name, ok);
    ck_assert_msg(!ok || ns == texts[_i].ns, "%s: %lld, want %lld", texts[_i].name, (long long)ns,
                  (long long)texts[_i].ns);
    release(tail);
}
END_TEST

static const struct {
    const char *text;
    int64_t ns;
    bool used;
} zoned[] = {
    {"2026-11-24T20:00:00", NOON, true},
    {"2026-11-24 20:00:00.25", NOON + S / 4, true},
    {"20261124T200000", NOON, true},
    {"2026-11-24T12:00:00Z", NOON, false},
    {"2026-11-24T12:00:00z", NOON, false},
    {"2026-11-24T08:30:00-03:30", NOON, false},
    {"2026-11-24T12:00:00 +0000", NOON, false},
    {"1795521600", NOON, false},
    {"1795521600000", NOON, false},
};

/* A zone is for times that name none. */
START_TEST(zone)
{
    struct timestamp_zone east = {8 * 3600, false};
    int64_t ns = 99;
    ck_assert(timestamp_parse_text(span_of(zoned[_i].text), &east, &ns));
    ck_assert_msg(ns == zoned[_i].ns, "%s: %lld", zoned[_i].text, (long long)ns);
    ck_assert_msg(east.used == zoned[_i].used, "%s", zoned[_i].text);
    east.used = true;
    ck_assert(timestamp_parse_text(SPAN_LITERAL("2026-11-24T12:00:00Z"), &east, &ns));
    ck_assert(east.used);
}
END_TEST

static const struct {
    const char *text;
    bool ok;
    int64_t seconds;
} offsets[] = {
    {"Z", true, 0},
    {"z", true, 0},
    {"+08:00", true, 28800},
    {"+0800", true, 28800},
    {"+08", true, 28800},
    {"-03:30", true, -12600},
    {"-00:00", true, 0},
    {"+23:59", true, 86340},
    {"+24:00", false, 0},
    {"+08:60", false, 0},
    {"08:00", false, 0},
    {"+8", false, 0},
    {"", false, 0},
    {" +08:00", false, 0},
    {"+08:00 ", false, 0},
    {"UTC", false, 0},
    {"Asia/Shanghai", false, 0},
    {"Z[UTC]", false, 0},
    {"+", false, 0},
    {"+08:", false, 0},
};

START_TEST(offset)
{
    struct span tail = exact(span_of(offsets[_i].text));
    int64_t seconds = 99;
    bool ok = timestamp_parse_offset(tail, &seconds);
    ck_assert_msg(ok == offsets[_i].ok, "\"%s\": %d", offsets[_i].text, ok);
    ck_assert_msg(!ok || seconds == offsets[_i].seconds, "\"%s\": %lld", offsets[_i].text, (long long)seconds);
    release(tail);
}
END_TEST

static const struct {
    int64_t ns;
    const char *text;
} shown[] = {
    {0, "1970-01-01T00:00:00.000Z"},
    {999999, "1970-01-01T00:00:00.000Z"},
    {1000000, "1970-01-01T00:00:00.001Z"},
    {-1, "1969-12-31T23:59:59.999Z"},
    {-1000000, "1969-12-31T23:59:59.999Z"},
    {-1000001, "1969-12-31T23:59:59.998Z"},
    {-28800 * S, "1969-12-31T16:00:00.000Z"},
    {INT64_C(951782400) * S, "2000-02-29T00:00:00.000Z"},
    {INT64_C(1795480319452000000), "2026-11-24T00:31:59.452Z"},
    {NOON - 1, "2026-11-24T11:59:59.999Z"},
    {INT64_MAX, "2262-04-11T23:47:16.854Z"},
    {INT64_MIN, "1677-09-21T00:12:43.145Z"},
};

START_TEST(format)
{
    struct {
        char out[TIMESTAMP_TEXT_BYTES];
        char guard;
    } box;
    memset(&box, '#', sizeof box);
    timestamp_format(shown[_i].ns, box.out);
    ck_assert_str_eq(box.out, shown[_i].text);
    ck_assert_int_eq(box.guard, '#');
}
END_TEST

static Suite *timestamp_suite(void)
{
    Suite *suite = suite_create("timestamp");
    TCase *tcase = tcase_create("timestamp");
    tcase_add_loop_test(tcase, iso, 0, (int)(sizeof isos / sizeof isos[0]));
    tcase_add_test(tcase, iso_cut_anywhere);
    tcase_add_test(tcase, fraction_of_any_length);
    tcase_add_test(tcase, every_day);
    tcase_add_loop_test(tcase, integer, 0, (int)(sizeof ints / sizeof ints[0]));
    tcase_add_loop_test(tcase, real, 0, (int)(sizeof reals / sizeof reals[0]));
    tcase_add_loop_test(tcase, any_text, 0, (int)(sizeof texts / sizeof texts[0]));
    tcase_add_loop_test(tcase, zone, 0, (int)(sizeof zoned / sizeof zoned[0]));
    tcase_add_loop_test(tcase, offset, 0, (int)(sizeof offsets / sizeof offsets[0]));
    tcase_add_loop_test(tcase, format, 0, (int)(sizeof shown / sizeof shown[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(timestamp_suite());
}
