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

#define DATE_LEN 10
#define TIME_AT 11 /* of a date and time */
#define MINUTE_LEN 5
#define SECOND_AT 17
#define NS_DIGITS 9

/* Puts digits of a nanosecond count over the fraction at out; what is finer stays. */
static void write_fraction(int64_t ns, char *out, size_t count)
{
    char digits[INT64_DIGITS + 2];
    snprintf(digits, sizeof digits, "%09" PRId64, ns);
    memcpy(out, digits, count < NS_DIGITS ? count : NS_DIGITS);
}

/* Do date and time stand where they are written over: YYYY-MM-DDTHH:MM? */
static bool is_in_place(struct span body)
{
    return body.len >= TIME_AT + MINUTE_LEN && body.ptr[4] == '-' && body.ptr[7] == '-' && body.ptr[TIME_AT + 2] == ':';
}

static bool retime_iso(struct span text, int64_t shift_ns, char *out, size_t *len)
{
    int64_t local;
    if (!timestamp_parse_iso(text, &local)) {
        return false;
    }
    size_t start = 0;
    while (start < text.len && !ascii_is_digit(text.ptr[start])) {
        start++;
    }
    struct span body = span_after(text, start);
    if (!is_in_place(body)) {
        return false;
    }
    bool has_seconds = body.len > SECOND_AT && body.ptr[SECOND_AT - 1] == ':';
    size_t clock_end = has_seconds ? SECOND_AT + 2 : TIME_AT + MINUTE_LEN;
    size_t fraction = clock_end + 1;
    bool has_fraction =
        has_seconds && body.len > clock_end && (body.ptr[clock_end] == '.' || body.ptr[clock_end] == ',');
    size_t fraction_len = has_fraction ? digits_at(body, fraction) : 0;
    /* Without its offset it is read as UTC: that is the local time, which is what stands there. */
    struct span clock = {body.ptr, has_fraction ? fraction + fraction_len : clock_end};
    if (!timestamp_parse_iso(clock, &local) || !add(local, shift_ns, &local)) {
        return false;
    }
    char moved[TIMESTAMP_TEXT_BYTES];
    timestamp_format(local, moved);
    memcpy(out, text.ptr, text.len);
    memcpy(out + start, moved, DATE_LEN);
    memcpy(out + start + TIME_AT, moved + TIME_AT, MINUTE_LEN);
    if (has_seconds) {
        memcpy(out + start + SECOND_AT, moved + SECOND_AT, 2);
        write_fraction(local % SECOND_NS, out + start + fraction, fraction_len);
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
