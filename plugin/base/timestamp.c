#include "base/timestamp.h"

#include <math.h>
#include <stdio.h>

#include "base/macros.h"
#include "base/number.h"
#include "base/units.h"

#define S_PER_DAY 86400
#define FIRST_YEAR 1970
#define LAST_YEAR 2261 /* 2262-04-11 is where int64 nanoseconds end */

/* Days since 1970-01-01 of a civil date: years counted from March, so that the leap day is the last
 * of its year. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Exactly `digits` digits off the front. */
static bool take_number(struct span *text, size_t digits, int *out)
{
    *out = 0;
    if (text->len < digits) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        if (text->ptr[i] < '0' || text->ptr[i] > '9') {
            return false;
        }
        *out = *out * 10 + (text->ptr[i] - '0');
    }
    *text = span_after(*text, digits);
    return true;
}

static inline bool take_one_of(struct span *text, const char *set)
{
    if (text->len == 0) {
        return false;
    }
    while (*set != text->ptr[0]) {
        if (*set++ == '\0') {
            return false;
        }
    }
    if (text->ptr[0] == '\0') {
        return false;
    }
    *text = span_after(*text, 1);
    return true;
}

/* *basic: the form without separators (20240601), which the clock behind it then has as well. */
static bool take_date(struct span *text, int64_t *days, bool *basic)
{
    int year;
    int month;
    int day;
    if (!take_number(text, 4, &year)) {
        return false;
    }
    *basic = !take_one_of(text, "-");
    if (!take_number(text, 2, &month) || (!*basic && !take_one_of(text, "-")) || !take_number(text, 2, &day)) {
        return false;
    }
    if (year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month)) {
        return false;
    }
    *days = days_from_civil(year, month, day);
    return true;
}

static bool take_fraction(struct span *text, int64_t *ns)
{
    int64_t unit = SECOND_NS;
    size_t digits = 0;
    int digit;
    *ns = 0;
    while (take_number(text, 1, &digit)) {
        unit /= 10;
        *ns += digit * unit;
        digits++;
    }
    return digits > 0;
}

static bool is_digit_next(struct span text)
{
    return text.len > 0 && text.ptr[0] >= '0' && text.ptr[0] <= '9';
}

static bool take_clock(struct span *text, bool basic, int64_t *seconds, int64_t *ns)
{
    int hour;
    int minute;
    int second = 0;
    *ns = 0;
    if (!take_number(text, 2, &hour) || (!basic && !take_one_of(text, ":")) || !take_number(text, 2, &minute)) {
        return false;
    }
    if (basic ? is_digit_next(*text) : take_one_of(text, ":")) {
        if (!take_number(text, 2, &second) || (take_one_of(text, ".,") && !take_fraction(text, ns))) {
            return false;
        }
    }
    *seconds = hour * 3600 + minute * 60 + second;
    return hour <= 23 && minute <= 59 && second <= 60;
}

/* "[Asia/Shanghai]" behind the offset, which counts (RFC 9557). */
static void take_suffix(struct span *text)
{
    if (text->len > 2 && text->ptr[0] == '[' && text->ptr[text->len - 1] == ']') {
        *text = span_after(*text, text->len);
    }
}

/* "Z", "+08:00", "Z+0800", "+08", each with a blank in front and a suffix behind; or nothing: then
 * *seconds stays as it is, and *given is false. */
static bool take_offset(struct span *text, int64_t *seconds, bool *given)
{
    int hours;
    int minutes = 0;
    *given = text->len > 0;
    if (!*given) {
        return true;
    }
    (void)take_one_of(text, " ");
    bool utc = take_one_of(text, "Zz");
    bool negative = text->len > 0 && text->ptr[0] == '-';
    if (!take_one_of(text, "+-")) {
        *seconds = 0;
        take_suffix(text);
        return utc;
    }
    if (!take_number(text, 2, &hours)) {
        return false;
    }
    bool colon = take_one_of(text, ":");
    if ((is_digit_next(*text) || colon) && !take_number(text, 2, &minutes)) {
        return false;
    }
    take_suffix(text);
    int magnitude = hours * 3600 + minutes * 60;
    *seconds = negative ? -magnitude : magnitude;
    return hours <= 23 && minutes <= 59;
}

bool timestamp_parse_offset(struct span text, int64_t *seconds)
{
    bool given = false;
    *seconds = 0;
    bool is_offset =
        text.len > 0 && strchr("Zz+-", text.ptr[0]) && text.ptr[0] != '\0' && text.ptr[text.len - 1] != ']';
    return is_offset && take_offset(&text, seconds, &given) && text.len == 0;
}

static bool parse_iso(struct span text, struct timestamp_zone *zone, int64_t *ns)
{
    int64_t days = 0;
    int64_t clock = 0;
    int64_t fraction = 0;
    int64_t offset = zone->offset_s;
    bool basic = false;
    bool given = false;
    *ns = 0;
    text = span_trim(text);
    if (!take_date(&text, &days, &basic) || !take_one_of(&text, "Tt ") ||
        !take_clock(&text, basic, &clock, &fraction) || !take_offset(&text, &offset, &given) || text.len > 0) {
        return false;
    }
    zone->used = zone->used || !given;
    *ns = (days * S_PER_DAY + clock - offset) * SECOND_NS + fraction;
    return true;
}

bool timestamp_parse_iso(struct span text, int64_t *ns)
{
    struct timestamp_zone utc = {0, false};
    return parse_iso(text, &utc, ns);
}

int64_t timestamp_unit(uint64_t magnitude)
{
    static const struct {
        uint64_t below;
        int64_t unit;
    } units[] = {
        {UINT64_C(100000000000), SECOND_NS},
        {UINT64_C(100000000000000), MS_NS},
        {UINT64_C(100000000000000000), US_NS},
    };
    for (size_t i = 0; i < COUNT(units); i++) {
        if (magnitude < units[i].below) {
            return units[i].unit;
        }
    }
    return 1;
}

bool timestamp_from_int(int64_t number, int64_t *ns)
{
    int64_t unit = timestamp_unit(number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
    *ns = 0;
    if (number > INT64_MAX / unit || number < INT64_MIN / unit) {
        return false;
    }
    *ns = number * unit;
    return true;
}

bool timestamp_from_double(double number, int64_t *ns)
{
    *ns = 0;
    if (!(fabs(number) < 9223372036854775808.0)) {
        return false;
    }
    int64_t unit = timestamp_unit((uint64_t)fabs(number));
    double whole = floor(number);
    int64_t base;
    if (!number_double_is_int64(whole, &base) || base > INT64_MAX / unit - 1 || base < INT64_MIN / unit) {
        return false;
    }
    /* A double of seconds today is exact to 2^-22 s: to the microsecond, no further. */
    double fraction = (number - whole) * (double)unit;
    int64_t step = unit > US_NS ? US_NS : 1;
    *ns = base * unit + (int64_t)llround(fraction / (double)step) * step;
    return true;
}

bool timestamp_parse_text(struct span text, struct timestamp_zone *zone, int64_t *ns)
{
    int64_t whole;
    double number;
    if (parse_iso(text, zone, ns)) {
        return true;
    }
    if (number_int64(text, &whole) == NUMBER_OK) {
        return timestamp_from_int(whole, ns);
    }
    return number_double(text, &number) == NUMBER_OK && timestamp_from_double(number, ns);
}

/* a - b, stopping at the ends of the range. */
static int64_t saturating_sub(int64_t a, int64_t b)
{
    if (b > 0 && a < INT64_MIN + b) {
        return INT64_MIN;
    }
    if (b < 0 && a > INT64_MAX + b) {
        return INT64_MAX;
    }
    return a - b;
}

bool timestamp_is_within(int64_t ns, int64_t now_ns, int64_t max_age_ns, int64_t max_ahead_ns)
{
    return saturating_sub(ns, now_ns) <= max_ahead_ns && saturating_sub(now_ns, ns) <= max_age_ns;
}

void timestamp_format(int64_t ns, char out[TIMESTAMP_TEXT_BYTES])
{
    int64_t ms = ns / MS_NS - (ns % MS_NS < 0 ? 1 : 0);
    int64_t day_ms = S_PER_DAY * INT64_C(1000);
    int64_t days = ms / day_ms - (ms % day_ms < 0 ? 1 : 0);
    int64_t left = ms - days * day_ms;

    /* The inverse of days_from_civil; days are far within range, so no era before year 0 is met. */
    int64_t z = days + 719468;
    int64_t era_day = z % 146097;
    int64_t year_of_era = (era_day - era_day / 1460 + era_day / 36524 - era_day / 146096) / 365;
    int64_t day_of_year = era_day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_index = (5 * day_of_year + 2) / 153;
    int64_t month = month_index < 10 ? month_index + 3 : month_index - 9;
    int64_t year = z / 146097 * 400 + year_of_era + (month <= 2 ? 1 : 0);

    int written = snprintf(out, TIMESTAMP_TEXT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)year, (int)month,
                           (int)(day_of_year - (153 * month_index + 2) / 5 + 1), (int)(left / 3600000),
                           (int)(left / 60000 % 60), (int)(left / 1000 % 60), (int)(left % 1000));
    if (written < 0) {
        out[0] = '\0';
    }
}
