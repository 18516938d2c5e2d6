/* Anything as a time, moved by anything: what comes out is a time in the same form, so much later as the form can say, and
 * never more than there is room for. */
#include "base/number.h"
#include "base/timestamp.h"
#include "replay/retime.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECOND INT64_C(1000000000)
#define ROUNDING (4.0L / UINT64_MAX) /* of a few sums of long doubles, which have 64 bits */

static size_t digits_at(struct span text, size_t pos)
{
    size_t end = pos;
    while (end < text.len && ascii_is_digit(text.ptr[end])) {
        end++;
    }
    return end - pos;
}

static long double power_of_ten(long exponent)
{
    long double power = 1;
    for (; exponent > 0; exponent--) {
        power *= 10;
    }
    for (; exponent < 0; exponent++) {
        power /= 10;
    }
    return power;
}

/* A time in nanoseconds, and the least step that its form can say, 1 where that is less. */
struct moment {
    long double ns;
    long double step;
};

static struct moment moment_of_iso(struct span text)
{
    int64_t ns = 0;
    require(timestamp_parse_iso(text, &ns), "what was moved is a time", text);
    struct span body = span_trim(text);
    bool is_basic = body.ptr[4] != '-';
    size_t seconds = is_basic ? 13 : 17;
    bool has_seconds =
        body.len > seconds && (is_basic ? ascii_is_digit(body.ptr[seconds]) : body.ptr[seconds - 1] == ':');
    struct span rest = span_after(body, has_seconds ? seconds + 2 : body.len);
    size_t digits = rest.len > 0 && (rest.ptr[0] == '.' || rest.ptr[0] == ',') ? digits_at(rest, 1) : 0;
    long double step = has_seconds ? SECOND * power_of_ten(-(long)(digits < 9 ? digits : 9)) : 60 * SECOND;
    return (struct moment){(long double)ns, step};
}

static struct moment moment_of_number(struct span text)
{
    char number[REPLAY_RETIME_MAX_BYTES + 1];
    memcpy(number, text.ptr, text.len);
    number[text.len] = '\0';
    long double value = strtold(number, NULL);
    const char *point = memchr(text.ptr, '.', text.len);
    const char *e = strpbrk(number, "eE");
    long digits = point ? (long)digits_at(text, (size_t)(point - text.ptr) + 1) : 0;
    int64_t whole;
    bool is_whole = number_int64(text, &whole) == NUMBER_OK; /* otherwise the processor goes by the double */
    long double unit = (long double)timestamp_unit((uint64_t)(is_whole ? value : strtod(number, NULL)));
    long double step = unit * power_of_ten((e ? strtol(e + 1, NULL, 10) : 0) - digits);
    return (struct moment){value * unit, step > 1 ? step : 1};
}

static struct moment moment_of(struct span text)
{
    int64_t ns;
    return timestamp_parse_iso(text, &ns) ? moment_of_iso(text) : moment_of_number(text);
}

/* Both without their digits. */
static bool has_same_form(struct span a, struct span b)
{
    size_t i = 0;
    size_t k = 0;
    for (;;) {
        i += digits_at(a, i);
        k += digits_at(b, k);
        if (i == a.len || k == b.len) {
            return i == a.len && k == b.len;
        }
        if (a.ptr[i++] != b.ptr[k++]) {
            return false;
        }
    }
}

static void check_moved(struct span text, struct span moved, int64_t shift_ns)
{
    struct moment before = moment_of(text);
    struct moment after = moment_of(moved);
    long double error = after.ns - before.ns - (long double)shift_ns;
    require(moved.len <= REPLAY_RETIME_MAX_BYTES, "there is room for it", text);
    require(has_same_form(text, moved), "the form stays", text);
    long double rounding = 1 + (before.ns + after.ns) * ROUNDING;
    require(error <= rounding && error > -before.step - rounding, "it is so much later, cut downward", text);
    require(shift_ns != 0 || span_equal(text, moved), "a shift of nothing changes nothing", text);
}

/* Eight bytes of shift, then the text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = {(const char *)data, size};
    int64_t shift_ns = (int64_t)require_take(&input, 8);
    char *block = require_copy(input);
    char *out = malloc(REPLAY_RETIME_MAX_BYTES);
    struct span text = {block, input.len};
    size_t len = 0;
    require(out != NULL, "there is memory", text);
    if (replay_retime(text, shift_ns, out, &len)) {
        check_moved(text, (struct span){out, len}, shift_ns);
    } else {
        require(len == 0, "nothing is given where nothing is moved", text);
    }
    free(out);
    free(block);
    return 0;
}
