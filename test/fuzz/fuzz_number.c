/* Anything as a number in text, and any eight bytes as a number to be written: as strtod, strtold's grammar cut down, and printf
 * have it. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "base/number.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the grammar of base/number.h, read once more ---- */

struct reading {
    bool is_number;
    bool negative;
    char *digits; /* of whole and fraction, without zeros in front */
    size_t count;
    int64_t exponent; /* of the last of them */
};

#define EXPONENT_END 100000000 /* farther than any number of digits here */

static bool is_at(struct span text, size_t pos, const char *set)
{
    return pos < text.len && text.ptr[pos] != '\0' && strchr(set, text.ptr[pos]);
}

static size_t read_digits(struct span text, size_t pos, struct reading *out)
{
    for (; is_at(text, pos, "0123456789"); pos++) {
        if (text.ptr[pos] != '0' || out->count > 0) {
            out->digits[out->count++] = text.ptr[pos];
        }
    }
    return pos;
}

static size_t read_exponent(struct span text, size_t pos, int64_t *exponent)
{
    bool negative = is_at(text, pos, "-");
    size_t first = pos += is_at(text, pos, "+-") ? 1 : 0;
    for (*exponent = 0; is_at(text, pos, "0123456789"); pos++) {
        *exponent = *exponent < EXPONENT_END ? *exponent * 10 + (text.ptr[pos] - '0') : *exponent;
    }
    *exponent = negative ? -*exponent : *exponent;
    return pos > first ? pos : text.len + 1;
}

/* digits: as many bytes as the text has. */
static struct reading read_number(struct span text, char *digits)
{
    struct reading reading = {.digits = digits};
    text = span_trim(text);
    size_t pos = is_at(text, 0, "+-") ? 1 : 0;
    reading.negative = is_at(text, 0, "-");
    size_t end = read_digits(text, pos, &reading);
    size_t seen = end - pos;
    if (is_at(text, end, ".")) {
        pos = end + 1;
        end = read_digits(text, pos, &reading);
        seen += end - pos;
        reading.exponent = -(int64_t)(end - pos);
    }
    if (seen > 0 && is_at(text, end, "eE")) {
        int64_t exponent;
        end = read_exponent(text, end + 1, &exponent);
        reading.exponent += exponent;
    }
    reading.is_number = seen > 0 && end == text.len;
    return reading;
}

/* ---- what is expected ---- */

static void check_double(struct span text, const struct reading *reading)
{
    double got = 1;
    enum number_status status = number_double(text, &got);
    char *terminated = malloc(text.len + 1);
    require(terminated != NULL, "there is memory", text);
    memcpy(terminated, text.ptr, text.len);
    terminated[text.len] = '\0';
    double want = reading->is_number ? strtod(terminated, NULL) : 0;
    free(terminated);
    enum number_status expected = !reading->is_number ? NUMBER_NOT_A_NUMBER
                                  : isfinite(want)    ? NUMBER_OK
                                                      : NUMBER_OUT_OF_RANGE;
    want = expected == NUMBER_OK ? want : 0;
    require(status == expected, "number_double takes what is a number, and no more", text);
    require(memcmp(&got, &want, sizeof got) == 0, "number_double gives what strtod gives", text);
}

static enum number_status expected_int64(struct reading reading, int64_t *out)
{
    uint64_t magnitude = 0;
    *out = 0;
    while (reading.count > 0 && reading.digits[reading.count - 1] == '0') {
        reading.count--;
        reading.exponent++;
    }
    if (!reading.is_number || (reading.count > 0 && reading.exponent < 0)) {
        return NUMBER_NOT_A_NUMBER;
    }
    if (reading.count > 0 && (int64_t)reading.count + reading.exponent > 19) {
        return NUMBER_OUT_OF_RANGE;
    }
    for (size_t i = 0; i < reading.count; i++) {
        magnitude = magnitude * 10 + (uint64_t)(reading.digits[i] - '0');
    }
    for (int64_t i = 0; reading.count > 0 && i < reading.exponent; i++) {
        magnitude *= 10;
    }
    if (magnitude > (uint64_t)INT64_MAX + (reading.negative ? 1 : 0)) {
        return NUMBER_OUT_OF_RANGE;
    }
    *out = (int64_t)(reading.negative ? 0 - magnitude : magnitude);
    return NUMBER_OK;
}

static void check_int64(struct span text, const struct reading *reading)
{
    int64_t got = 1;
    int64_t want;
    enum number_status status = number_int64(text, &got);
    require(status == expected_int64(*reading, &want), "number_int64 takes what is an integer, and no more", text);
    require(got == want, "number_int64 is exact", text);
}

/* ---- writing ---- */

static void check_written(size_t len, const char *got, const char *want)
{
    require(len == strlen(got) && strcmp(got, want) == 0, want, (struct span){got, len});
}

static void check_writing(uint64_t bits)
{
    char got[NUMBER_TEXT_BYTES];
    char want[NUMBER_TEXT_BYTES];
    double value;
    memcpy(&value, &bits, sizeof value);
    snprintf(want, sizeof want, "%" PRIu64, bits);
    check_written(number_format_uint64(bits, got), got, want);
    snprintf(want, sizeof want, "%" PRId64, (int64_t)bits);
    check_written(number_format_int64((int64_t)bits, got), got, want);
    if (isfinite(value)) {
        int digits = 15;
        do {
            snprintf(want, sizeof want, "%.*g", digits, value);
        } while (strtod(want, NULL) != value && digits++ < 17);
        check_written(number_format_double(value, got), got, want);
    }
}

/* The text; its first eight bytes are a number to be written, as is the number that it reads as. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = {(const char *)data, size};
    char *block = require_copy(input);
    char *digits = malloc(size + 1);
    struct span text = {block, size};
    require(digits != NULL, "there is memory", text);
    struct reading reading = read_number(text, digits);
    check_double(text, &reading);
    check_int64(text, &reading);
    check_writing(require_take(&input, 8));
    double value;
    uint64_t bits;
    if (number_double(text, &value) == NUMBER_OK) {
        memcpy(&bits, &value, sizeof bits);
        check_writing(bits);
    }
    free(digits);
    free(block);
    return 0;
}
