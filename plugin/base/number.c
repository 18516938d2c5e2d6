#include "base/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"

/* More digits than decide how a double rounds: 768 do, for the longest midpoint between two
 * doubles. */
#define DECISIVE_DIGITS 800

/* Beyond any number of digits that fits into memory beside it, and far from the ends of int64. */
#define EXPONENT_CAP INT64_C(1000000000000000)

/* Past these powers of ten every double is infinite or zero. */
#define POWER_TOO_LARGE 400
#define POWER_TOO_SMALL (-400)

#define INT64_DIGITS 19

/* A number as 0.DDD times ten to the power of `point`. Its digits DDD, without zeros at either end,
 * are those from `first` up to `end` of whole and fraction laid end to end; none means zero. */
struct decimal {
    bool negative;
    struct span whole; /* views into the text */
    struct span fraction;
    size_t first;
    size_t end;
    int64_t point;
};

static int digit_at(const struct decimal *number, size_t i)
{
    char c = i < number->whole.len ? number->whole.ptr[i] : number->fraction.ptr[i - number->whole.len];
    return c - '0';
}

static struct span take_digits(struct span *text)
{
    size_t n = 0;
    while (n < text->len && ascii_is_digit(text->ptr[n])) {
        n++;
    }
    struct span digits = {text->ptr, n};
    *text = span_after(*text, n);
    return digits;
}

static bool take_char(struct span *text, char c)
{
    if (text->len == 0 || text->ptr[0] != c) {
        return false;
    }
    *text = span_after(*text, 1);
    return true;
}

/* true = there was a minus. */
static bool take_sign(struct span *text)
{
    return !take_char(text, '+') && take_char(text, '-');
}

/* The digits of an exponent after its 'e', cut at EXPONENT_CAP. */
static bool take_exponent(struct span *text, int64_t *exponent)
{
    bool negative = take_sign(text);
    struct span digits = take_digits(text);
    *exponent = 0;
    for (size_t i = 0; i < digits.len && *exponent < EXPONENT_CAP; i++) {
        *exponent = *exponent * 10 + (digits.ptr[i] - '0');
    }
    *exponent = negative ? -*exponent : *exponent;
    return digits.len > 0;
}

static bool read_decimal(struct span text, struct decimal *number)
{
    int64_t exponent = 0;
    *number = (struct decimal){.fraction = {"", 0}};
    text = span_trim(text);
    if (text.len == 0) {
        return false;
    }
    number->negative = take_sign(&text);
    number->whole = take_digits(&text);
    if (take_char(&text, '.')) {
        number->fraction = take_digits(&text);
    }
    number->end = number->whole.len + number->fraction.len;
    if (number->end == 0) {
        return false;
    }
    if ((take_char(&text, 'e') || take_char(&text, 'E')) && !take_exponent(&text, &exponent)) {
        return false;
    }
    while (number->end > 0 && digit_at(number, number->end - 1) == 0) {
        number->end--;
    }
    while (number->first < number->end && digit_at(number, number->first) == 0) {
        number->first++;
    }
    number->point = (int64_t)number->whole.len - (int64_t)number->first + exponent;
    return text.len == 0;
}

/* strtod on digits and an exponent. Digits that are left out can only decide a tie, which one more
 * digit does for them all. */
static double to_double(const struct decimal *number)
{
    char text[DECISIVE_DIGITS + 32];
    size_t digits = number->end - number->first;
    size_t kept = digits < DECISIVE_DIGITS ? digits : DECISIVE_DIGITS;
    size_t n = 0;
    for (size_t i = 0; i < kept; i++) {
        text[n++] = (char)('0' + digit_at(number, number->first + i));
    }
    if (kept < digits) {
        text[n++] = '1';
    }
    snprintf(text + n, sizeof text - n, "e%" PRId64, number->point - (int64_t)n);
    return strtod(text, NULL);
}

/* ---- the usual forms, quickly ---- */

const double number_exact_powers[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

#define PLAIN_DIGITS 19 /* so many fit 64 bits without a sign */

/* -DIGITS.DIGITS with at most PLAIN_DIGITS in all, and at least one on each side of a point. */
struct plain {
    bool negative;
    uint64_t digits; /* as a whole number */
    size_t count;
    size_t behind; /* the point */
};

static const char *take_plain_digits(const char *at, const char *end, uint64_t *digits)
{
    uint64_t sum = *digits;
    while (at < end && ascii_is_digit(*at)) {
        sum = sum * 10 + (uint64_t)(*at++ - '0');
    }
    *digits = sum;
    return at;
}

static bool read_plain(struct span text, struct plain *number)
{
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;
    if (text.len == 0 || text.len > PLAIN_DIGITS + 2) {
        return false;
    }
    number->negative = *at == '-';
    at += number->negative;
    number->digits = 0;
    number->behind = 0;
    const char *first = at;
    at = take_plain_digits(at, end, &number->digits);
    number->count = (size_t)(at - first);
    if (number->count > 0 && at < end && *at == '.') {
        first = ++at;
        at = take_plain_digits(at, end, &number->digits);
        number->behind = (size_t)(at - first);
        number->count += number->behind;
        if (number->behind == 0) {
            return false;
        }
    }
    return at == end && number->count > 0 && number->count <= PLAIN_DIGITS;
}

enum number_status number_double(struct span text, double *out)
{
    struct plain plain;
    if (read_plain(text, &plain) && plain.count <= NUMBER_EXACT_DIGITS) {
        double value = number_from_digits(plain.digits, plain.behind);
        *out = plain.negative ? -value : value;
        return NUMBER_OK;
    }
    struct decimal number;
    *out = 0;
    if (!read_decimal(text, &number)) {
        return NUMBER_NOT_A_NUMBER;
    }
    double value = 0;
    if (number.end > number.first) {
        if (number.point > POWER_TOO_LARGE) {
            return NUMBER_OUT_OF_RANGE;
        }
        value = number.point < POWER_TOO_SMALL ? 0 : to_double(&number);
    }
    if (!isfinite(value)) {
        return NUMBER_OUT_OF_RANGE;
    }
    *out = number.negative ? -value : value;
    return NUMBER_OK;
}

enum number_status number_int64(struct span text, int64_t *out)
{
    struct plain plain;
    if (read_plain(text, &plain) && plain.behind == 0 && plain.digits <= INT64_MAX) {
        *out = plain.negative ? -(int64_t)plain.digits : (int64_t)plain.digits;
        return NUMBER_OK;
    }
    struct decimal number;
    *out = 0;
    if (!read_decimal(text, &number)) {
        return NUMBER_NOT_A_NUMBER;
    }
    size_t digits = number.end - number.first;
    if (digits == 0) {
        return NUMBER_OK;
    }
    /* The last digit is not zero: behind the point, it is a fraction. */
    if ((int64_t)digits > number.point) {
        return NUMBER_NOT_A_NUMBER;
    }
    if (number.point > INT64_DIGITS) {
        return NUMBER_OUT_OF_RANGE;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < (size_t)number.point; i++) {
        value = value * 10 + (i < digits ? (uint64_t)digit_at(&number, number.first + i) : 0);
    }
    if (value > (uint64_t)INT64_MAX + (number.negative ? 1 : 0)) {
        return NUMBER_OUT_OF_RANGE;
    }
    if (number.negative) {
        *out = value > (uint64_t)INT64_MAX ? INT64_MIN : -(int64_t)value;
    } else {
        *out = (int64_t)value;
    }
    return NUMBER_OK;
}

bool number_double_is_int64(double value, int64_t *out)
{
    *out = 0;
    /* 2^63 is the first double past int64 (in decimal, as cppcheck misreads 0x1p63); comparisons
     * with NaN are false. */
    if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0) || trunc(value) != value) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

/* ---- printing ---- */

#define UINT64_DIGITS 20

/* out holds UINT64_DIGITS and a terminator. Two digits at a time: a division costs more than all
 * else. */
static size_t put_uint64(uint64_t value, char *out)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    char digits[UINT64_DIGITS];
    size_t first = UINT64_DIGITS;
    while (value >= 10) {
        first -= 2;
        memcpy(digits + first, pairs + 2 * (value % 100), 2);
        value /= 100;
    }
    if (value > 0 || first == UINT64_DIGITS) {
        digits[--first] = (char)('0' + value);
    }
    memcpy(out, digits + first, UINT64_DIGITS - first);
    out[UINT64_DIGITS - first] = '\0';
    return UINT64_DIGITS - first;
}

size_t number_format_uint64(uint64_t value, char out[NUMBER_TEXT_BYTES])
{
    return put_uint64(value, out);
}

size_t number_format_int64(int64_t value, char out[NUMBER_TEXT_BYTES])
{
    if (value >= 0) {
        return put_uint64((uint64_t)value, out);
    }
    out[0] = '-';
    return 1 + put_uint64(-(uint64_t)value, out + 1);
}

/* The least number of digits behind the point, and all digits as a whole number below 1e15, that
 * stand for the double: then those are the digits that %.15g prints, since text of NUMBER_EXACT_DIGITS
 * survives a double. false = there are none, or %g would print an exponent. */
static bool find_digits(double magnitude, uint64_t *digits, size_t *behind)
{
    const double too_many = number_exact_powers[NUMBER_EXACT_DIGITS];
    if (!(magnitude >= 1e-4 && magnitude < too_many)) {
        return false;
    }
    for (size_t n = 0; magnitude * number_exact_powers[n] < too_many - 1; n++) {
        double whole = (double)(uint64_t)(magnitude * number_exact_powers[n] + 0.5);
        if (whole / number_exact_powers[n] == magnitude) {
            *digits = (uint64_t)whole;
            *behind = n;
            return true;
        }
    }
    return false;
}

/* The digits with a point so far from their end. */
static size_t put_digits(uint64_t digits, size_t behind, char *out)
{
    uint64_t power = 1;
    for (size_t i = 0; i < behind; i++) {
        power *= 10;
    }
    size_t n = put_uint64(digits / power, out);
    if (behind > 0) {
        uint64_t fraction = digits % power;
        out[n++] = '.';
        for (size_t i = behind; i > 0; i--) {
            out[n + i - 1] = (char)('0' + fraction % 10);
            fraction /= 10;
        }
        n += behind;
    }
    out[n] = '\0';
    return n;
}

size_t number_format_double(double value, char out[NUMBER_TEXT_BYTES])
{
    uint64_t whole;
    size_t behind;
    if (value == 0) {
        memcpy(out, signbit(value) ? "-0" : "0", signbit(value) ? 3 : 2);
        return strlen(out);
    }
    if (find_digits(fabs(value), &whole, &behind)) {
        size_t sign = value < 0 ? 1 : 0;
        out[0] = '-';
        while (behind > 0 && whole % 10 == 0) {
            whole /= 10;
            behind--;
        }
        return sign + put_digits(whole, behind, out + sign);
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, NUMBER_TEXT_BYTES, "%.*g", digits, value);
        if (strtod(out, NULL) == value) {
            break;
        }
    }
    return strlen(out);
}
