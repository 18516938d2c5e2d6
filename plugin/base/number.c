#include "base/number.h"
#include "base/ascii.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

enum number_status number_double(struct span text, double *out)
{
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

size_t number_format_double(double value, char out[NUMBER_TEXT_BYTES])
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, NUMBER_TEXT_BYTES, "%.*g", digits, value);
        if (strtod(out, NULL) == value) {
            break;
        }
    }
    return strlen(out);
}
