#include "core/unit.h"

#include "base/ascii.h"
#include "base/macros.h"

/* How a unit may be spelled, a longer spelling before its own end. An own spelling in lower case is compared without regard to case:
 * there are no milliamperes in "a", but "mV" is not "MV". */
static const struct {
    const char *unit;
    const char *spelling;
    bool any_case;
} spellings[] = {
    {"V", "v", true},       {"A", "a", true},     {"s", "s", true},     {"g", "g", true},     {"dBm", "dbm", true},
    {"degC", "degc", true}, {"degC", "°c", true}, {"degC", "ºc", true}, {"degC", "℃", false}, {"degC", "c", true},
    {"deg", "deg", true},   {"deg", "°", false},  {"deg", "º", false},
};

static bool ends_with(struct span text, const char *end, bool any_case)
{
    size_t len = strlen(end);
    if (any_case && text.len >= len) {
        return span_equal_ignoring_case(span_after(text, text.len - len), end);
    }
    return span_ends_with(text, span_of(end));
}

static struct span without(struct span text, const char *end)
{
    text.len -= strlen(end);
    return span_trim(text);
}

struct span unit_strip(struct span text, const char *unit)
{
    if (text.len == 0 || unit[0] == '\0' || ascii_is_digit(text.ptr[text.len - 1])) {
        return text;
    }
    for (size_t i = 0; i < COUNT(spellings); i++) {
        if (strcmp(spellings[i].unit, unit) == 0 && ends_with(text, spellings[i].spelling, spellings[i].any_case)) {
            return without(text, spellings[i].spelling);
        }
    }
    return ends_with(text, unit, false) ? without(text, unit) : text;
}
