#include "replay/retime.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/number.h"
#include "base/timestamp.h"
#include "base/units.h"

#define MAX_POWER 18
#define INT64_DIGITS 19

static size_t digits_at(struct span text, size_t pos)
{
    size_t end = pos;
    while (end < text.len && ascii_is_digit(text.ptr[end])) {
        end++;
    }
    return end - pos;
}

static int64_t power_of_ten(int64_t exponent)
{
    int64_t power = 1;
    for (int64_t i = 0; i < exponent; i++) {
        power *= 10;
    }
    return power;
}

/* Towards the past. */
static int64_t floor_divide(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* false = the sum is negative or does not fit. base is not negative. */
static bool add(int64_t base, int64_t step, int64_t *sum)
{
    if (step > 0 && base > INT64_MAX - step) {
        return false;
    }
    *sum = base + step;
    return *sum >= 0;
}

/* ---- numbers ---- */

/* Where the parts of a number stand in its text; a fraction of none and an exponent of 0 where
 * there is none. */
struct number {
    size_t whole, whole_len;
    size_t fraction, fraction_len; /* behind the point */
    bool has_point;
    int64_t exponent;
    int64_t unit; /* what 1 is, in nanoseconds */
};

/* As timestamp_parse_text() reads it: a whole number as it is, any other by its double. */
static int64_t unit_of(struct span text, double value)
{
    int64_t whole;
    return timestamp_unit(number_int64(text, &whole) == NUMBER_OK ? (uint64_t)whole : (uint64_t)value);
}

static bool take_number(struct span text, struct number *out)
{
    double value;
    if (number_double(text, &value) != NUMBER_OK || !(value >= 0 && value < 1e19)) {
        return false;
    }
    size_t pos = 0;
    while (pos < text.len && !ascii_is_digit(text.ptr[pos]) && text.ptr[pos] != '.') {
        pos++; /* white space and a plus: a minus is not >= 0, or it is -0 */
    }
    *out = (struct number){.whole = pos, .whole_len = digits_at(text, pos)};
    pos += out->whole_len;
    out->has_point = pos < text.len && text.ptr[pos] == '.';
    pos += out->has_point ? 1 : 0;
    out->fraction = pos;
    out->fraction_len = out->has_point ? digits_at(text, pos) : 0;
    pos += out->fraction_len;
    out->unit = unit_of(text, value);
    if (pos < text.len && (text.ptr[pos] == 'e' || text.ptr[pos] == 'E')) {
        return number_int64(span_after(text, pos + 1), &out->exponent) == NUMBER_OK;
    }
    return true;
}

/* The power of ten of the fraction's last digit, in nanoseconds; below 0 = finer than that. */
static int64_t last_digit_power(const struct number *number)
{
    int64_t unit_power = 0;
    while (power_of_ten(unit_power) < number->unit) {
        unit_power++;
    }
    return unit_power + number->exponent - (int64_t)number->fraction_len;
}

/* The digits of whole and fraction, less `ignored` at the end, as one integer. */
static bool read_digits(struct span text, const struct number *number, size_t ignored, int64_t *out)
{
    char digits[REPLAY_RETIME_MAX_BYTES];
    memcpy(digits, text.ptr + number->whole, number->whole_len);
    memcpy(digits + number->whole_len, text.ptr + number->fraction, number->fraction_len);
    struct span all = {digits, number->whole_len + number->fraction_len - ignored};
    return number_int64(all, out) == NUMBER_OK;
}

static void put(char *out, size_t *len, const char *from, size_t count)
{
    memcpy(out + *len, from, count);
    *len += count;
}

/* The text with other digits, `kept` of the fraction's last ones left as they are. false = more than
 * there is room for: a number gains up to 18 digits. */
static bool write_digits(struct span text, const struct number *number, size_t kept, int64_t digits, char *out,
                         size_t *len)
{
    char all[INT64_DIGITS + 2];
    size_t changed = number->fraction_len - kept;
    size_t usual = number->whole_len > 0 ? 1 : 0; /* not ".5" where there was "1.5" */
    bool is_padded = usual > 0 && text.ptr[number->whole] == '0';
    size_t least = changed + (is_padded ? number->whole_len : usual);
    if (least > INT64_DIGITS) {
        return false;
    }
    size_t count = (size_t)snprintf(all, sizeof all, "%0*" PRId64, (int)least, digits);
    if (text.len - number->whole_len - changed + count > REPLAY_RETIME_MAX_BYTES) {
        return false;
    }
    *len = 0;
    put(out, len, text.ptr, number->whole);
    put(out, len, all, count - changed);
    put(out, len, ".", number->has_point ? 1 : 0);
    put(out, len, all + count - changed, changed);
    size_t rest = number->fraction + changed;
    put(out, len, text.ptr + rest, text.len - rest);
    return true;
}

static bool retime_number(struct span text, int64_t shift_ns, char *out, size_t *len)
{
    struct number number;
    int64_t digits;
    if (!take_number(text, &number) || number.exponent > MAX_POWER || number.exponent < -MAX_POWER) {
        return false;
    }
    int64_t power = last_digit_power(&number);
    size_t ignored = power < 0 ? (size_t)-power : 0;
    power = power < 0 ? 0 : power;
    if (ignored > number.fraction_len || power > MAX_POWER || !read_digits(text, &number, ignored, &digits) ||
        !add(digits, floor_divide(shift_ns, power_of_ten(power)), &digits) ||
        !write_digits(text, &number, ignored, digits, out, len)) {
        return false;
    }
    /* It has to be read as the same unit again. */
    struct number moved;
    return take_number((struct span){out, *len}, &moved) && moved.unit == number.unit;
}

/* ---- ISO 8601 ---- */

#define NS_DIGITS 9

/* Where year, month, day, hour, minute and second stand in each of the two forms; the year has four
 * digits, the others two. */
enum part { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, PARTS };
static const size_t extended[PARTS] = {0, 5, 8, 11, 14, 17}; /* 2024-06-01T11:59:58 */
static const size_t basic[PARTS] = {0, 4, 6, 9, 11, 13};     /* 20240601T115958 */

/* The parts of a time that timestamp_parse_iso() takes, from its first digit on. */
struct layout {
    const size_t *at;
    size_t parts; /* SECOND or PARTS */
    size_t fraction, fraction_len;
    size_t clock_end; /* where an offset may follow */
};

static bool find_layout(struct span body, struct layout *out)
{
    bool is_extended = body.len > extended[MONTH] && body.ptr[extended[MONTH] - 1] == '-';
    const size_t *at = is_extended ? extended : basic;
    *out = (struct layout){.at = at, .parts = SECOND, .clock_end = at[MINUTE] + 2};
    if (body.len < out->clock_end) {
        return false;
    }
    bool has_seconds = body.len >= at[SECOND] + 2 && ascii_is_digit(body.ptr[at[SECOND]]) &&
                       (!is_extended || body.ptr[at[SECOND] - 1] == ':');
    if (has_seconds) {
        out->parts = PARTS;
        out->clock_end = at[SECOND] + 2;
        bool has_point =
            body.len > out->clock_end && (body.ptr[out->clock_end] == '.' || body.ptr[out->clock_end] == ',');
        out->fraction = out->clock_end + 1;
        out->fraction_len = has_point ? digits_at(body, out->fraction) : 0;
        out->clock_end = has_point ? out->fraction + out->fraction_len : out->clock_end;
    }
    return true;
}

/* Puts digits of a nanosecond count over the fraction at out; what is finer stays. */
static void write_fraction(int64_t ns, char *out, size_t count)
{
    char digits[INT64_DIGITS + 2];
    snprintf(digits, sizeof digits, "%09" PRId64, ns);
    memcpy(out, digits, count < NS_DIGITS ? count : NS_DIGITS);
}

static bool retime_iso(struct span text, int64_t shift_ns, char *out, size_t *len)
{
    int64_t local;
    struct layout layout;
    if (!timestamp_parse_iso(text, &local)) {
        return false;
    }
    size_t start = 0;
    while (start < text.len && !ascii_is_digit(text.ptr[start])) {
        start++;
    }
    struct span body = span_after(text, start);
    /* Without its offset it is read as UTC: that is the local time, which is what stands there. */
    if (!find_layout(body, &layout) || !timestamp_parse_iso((struct span){body.ptr, layout.clock_end}, &local) ||
        !add(local, shift_ns, &local)) {
        return false;
    }
    char moved[TIMESTAMP_TEXT_BYTES];
    timestamp_format(local, moved);
    memcpy(out, text.ptr, text.len);
    for (size_t part = YEAR; part < layout.parts; part++) {
        memcpy(out + start + layout.at[part], moved + extended[part], part == YEAR ? 4 : 2);
    }
    if (layout.fraction_len > 0) {
        write_fraction(local % SECOND_NS, out + start + layout.fraction, layout.fraction_len);
    }
    *len = text.len;
    return timestamp_parse_iso((struct span){out, *len}, &local);
}

bool replay_retime(struct span text, int64_t shift_ns, char out[REPLAY_RETIME_MAX_BYTES], size_t *len)
{
    *len = 0;
    if (text.len > REPLAY_RETIME_MAX_BYTES ||
        !(retime_number(text, shift_ns, out, len) || retime_iso(text, shift_ns, out, len))) {
        *len = 0;
        return false;
    }
    if (shift_ns == 0) { /* of two spellings of one moment (a leap second) the device's own */
        memcpy(out, text.ptr, text.len);
        *len = text.len;
    }
    return true;
}
