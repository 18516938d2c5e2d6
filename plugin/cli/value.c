#include "cli/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/span.h"
#include "base/units.h"
#include "base/utf8.h"

struct unit {
    const char *name;
    int64_t factor;
};

/* ---- numbers and their units ---- */

/* Smallest first; the empty name ends a table. */
static const struct unit duration_units[] = {
    {"ms", MS_NS}, {"s", SECOND_NS}, {"m", MINUTE_NS}, {"h", HOUR_NS}, {"d", DAY_NS}, {"", 0},
};
static const struct unit byte_units[] = {{"B", 1}, {"KiB", KIB}, {"MiB", MIB}, {"", 0}};
static const struct unit count_units[] = {{"", 0}};

/* What differs between the kinds that are numbers. */
struct number_kind {
    const struct unit *units;
    bool bare; /* a number without unit is allowed */
    const char *expects;
};

static const struct number_kind duration_kind = {duration_units, false, "a duration such as 30s, 10m, 7d"};
static const struct number_kind offset_kind = {duration_units, false, "now, or an offset such as -24h, 10m"};
static const struct number_kind bytes_kind = {byte_units, true, "a size such as 65536, 64KiB, 1MiB"};
static const struct number_kind count_kind = {count_units, true, "a whole number"};

static const struct number_kind *number_kind(enum option_kind kind)
{
    switch (kind) {
    case OPTION_COUNT:
        return &count_kind;
    case OPTION_BYTES:
        return &bytes_kind;
    case OPTION_DURATION:
        return &duration_kind;
    case OPTION_OFFSET:
        return &offset_kind;
    case OPTION_TEXT:
    case OPTION_FILE:
    case OPTION_CHOICE:
    case OPTION_SWITCH:
    case OPTION_ACTION:
        break;
    }
    return NULL;
}

/* ---- reading values ---- */

/* A user's text made fit for one line: no control characters, not too long. */
const char *value_show(const char *text, char out[VALUE_SHOWN_BYTES])
{
    size_t len = strlen(text);
    bool cut = len >= VALUE_SHOWN_BYTES;
    size_t kept = cut ? VALUE_SHOWN_BYTES - sizeof "..." : len;
    for (int i = 0; cut && i < 3 && ((unsigned char)text[kept] & 0xc0) == 0x80; i++) {
        kept--; /* to the start of a character */
    }
    for (size_t i = 0; i < kept; i++) {
        unsigned char c = (unsigned char)text[i];
        out[i] = text[i];
        if (c < 0x20 || c == 0x7f) {
            out[i] = '?';
        }
    }
    memcpy(out + kept, cut ? "..." : "", cut ? sizeof "..." : 1);
    return out;
}

/* Digits only; false = none, or more than an int64 holds. *rest is what follows them. */
static bool read_digits(const char *text, int64_t *number, const char **rest)
{
    const char *at = text;
    *number = 0;
    for (; ascii_is_digit(*at); at++) {
        int digit = *at - '0';
        if (*number > (INT64_MAX - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    *rest = at;
    return at != text;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
    for (const struct unit *unit = units; unit->factor; unit++) {
        if (strcmp(unit->name, name) == 0) {
            return unit;
        }
    }
    return NULL;
}

/* false = not such a number at all. One that is too large for an int64 is as good as out of
 * range: INT64_MAX. */
static bool read_number(const struct number_kind *kind, const char *text, int64_t *number)
{
    const char *rest;
    if (!read_digits(text, number, &rest)) {
        return false;
    }
    if (!*rest) {
        return kind->bare || *number == 0;
    }
    const struct unit *unit = find_unit(kind->units, rest);
    if (!unit) {
        return false;
    }
    *number = *number > INT64_MAX / unit->factor ? INT64_MAX : *number * unit->factor;
    return true;
}

/* The same with a sign before it, or "now". */
static bool read_offset(const char *text, int64_t *number)
{
    bool negative = *text == '-';
    if (strcmp(text, "now") == 0) {
        *number = 0;
        return true;
    }
    if (!read_number(&offset_kind, text + (negative || *text == '+' ? 1 : 0), number)) {
        return false;
    }
    *number = negative ? -*number : *number;
    return true;
}

/* In the largest unit that leaves a whole number. */
static const char *format_number(const struct number_kind *kind, int64_t number, char out[VALUE_NUMBER_BYTES])
{
    const char *name = "";
    int64_t factor = 1;
    for (const struct unit *unit = kind->units; unit->factor && number != 0; unit++) {
        if (number % unit->factor == 0 && unit->factor > 1) {
            name = unit->name;
            factor = unit->factor;
        }
    }
    snprintf(out, VALUE_NUMBER_BYTES, "%" PRId64 "%s", number / factor, name);
    return out;
}

static void store(const struct option *option, void *settings, const void *value, size_t size)
{
    memcpy((char *)settings + option->offset, value, size);
}

/* Times are int64_t, other numbers size_t. */
static bool is_time(const struct option *option)
{
    return option->kind == OPTION_DURATION || option->kind == OPTION_OFFSET;
}

static bool set_number(const struct option *option, const char *text, void *settings, struct err *err)
{
    const struct number_kind *kind = number_kind(option->kind);
    char shown[VALUE_SHOWN_BYTES];
    char min[VALUE_NUMBER_BYTES];
    char max[VALUE_NUMBER_BYTES];
    int64_t number;
    bool read = option->kind == OPTION_OFFSET ? read_offset(text, &number) : read_number(kind, text, &number);
    if (!read) {
        err_set(err, 0, "--%s: \"%s\" is not %s", option->name, value_show(text, shown), kind->expects);
        return false;
    }
    if ((number < option->min || number > option->max) && !(number == 0 && option->zero_too)) {
        err_set(err, 0, "--%s: \"%s\" is outside %s to %s%s", option->name, value_show(text, shown),
                format_number(kind, option->min, min), format_number(kind, option->max, max),
                option->zero_too ? " (0 = none)" : "");
        return false;
    }
    if (is_time(option)) {
        store(option, settings, &number, sizeof number);
    } else {
        size_t size = (size_t)number;
        store(option, settings, &size, sizeof size);
    }
    return true;
}

static bool is_plain_text(const char *text)
{
    struct span span = span_of(text);
    if (utf8_invalid_at(span) < span.len) {
        return false;
    }
    for (size_t i = 0; i < span.len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool set_text(const struct option *option, const char *text, void *settings, struct err *err)
{
    char shown[VALUE_SHOWN_BYTES];
    int64_t len = (int64_t)strlen(text);
    if (len < option->min || len > option->max) {
        err_set(err, 0, "--%s: \"%s\" has %" PRId64 " bytes, allowed are %" PRId64 " to %" PRId64, option->name,
                value_show(text, shown), len, option->min, option->max);
        return false;
    }
    if (!is_plain_text(text)) {
        err_set(err, 0, "--%s: \"%s\" holds a control character or is not UTF-8", option->name,
                value_show(text, shown));
        return false;
    }
    if (option->accepts && !option->accepts(text)) {
        err_set(err, 0, "--%s: \"%s\" is not %s", option->name, value_show(text, shown), option->expects);
        return false;
    }
    store(option, settings, &text, sizeof text);
    return true;
}

static bool set_file(const struct option *option, const char *text, void *settings, struct err *err)
{
    if (!*text) {
        err_set(err, 0, "--%s: the file name is empty", option->name);
        return false;
    }
    store(option, settings, &text, sizeof text);
    return true;
}

void value_join_choices(const struct option *option, const char *separator, char *out, size_t size)
{
    size_t len = 0;
    out[0] = '\0';
    for (int i = 0; option->choices[i] && len < size; i++) {
        len += (size_t)snprintf(out + len, size - len, "%s%s", i ? separator : "", option->choices[i]);
    }
}

static bool set_choice(const struct option *option, const char *text, void *settings, struct err *err)
{
    for (int i = 0; option->choices[i]; i++) {
        if (strcmp(option->choices[i], text) == 0) {
            store(option, settings, &i, sizeof i);
            return true;
        }
    }
    char shown[VALUE_SHOWN_BYTES];
    char all[128];
    value_join_choices(option, " or ", all, sizeof all);
    err_set(err, 0, "--%s: \"%s\" is not %s", option->name, value_show(text, shown), all);
    return false;
}

bool value_set(const struct option *option, const char *text, void *settings, struct err *err)
{
    switch (option->kind) {
    case OPTION_TEXT:
        return set_text(option, text, settings, err);
    case OPTION_FILE:
        return set_file(option, text, settings, err);
    case OPTION_CHOICE:
        return set_choice(option, text, settings, err);
    case OPTION_COUNT:
    case OPTION_BYTES:
    case OPTION_DURATION:
    case OPTION_OFFSET:
        return set_number(option, text, settings, err);
    case OPTION_SWITCH:
    case OPTION_ACTION:
        break;
    }
    return true;
}

bool value_set_default(const struct option *option, void *settings, struct err *err)
{
    const char *none = NULL;
    if (option->initial) {
        return value_set(option, option->initial, settings, err);
    }
    if (option->kind == OPTION_TEXT || option->kind == OPTION_FILE) {
        store(option, settings, &none, sizeof none);
    } else if (option->kind == OPTION_OFFSET) {
        const int64_t no_offset = OPTION_NO_OFFSET;
        store(option, settings, &no_offset, sizeof no_offset);
    }
    return true;
}

/* ---- back into text ---- */

static void load(const struct option *option, const void *settings, void *value, size_t size)
{
    memcpy(value, (const char *)settings + option->offset, size);
}

static int64_t load_number(const struct option *option, const void *settings)
{
    int64_t number = 0;
    if (is_time(option)) {
        load(option, settings, &number, sizeof number);
    } else {
        size_t size;
        load(option, settings, &size, sizeof size);
        number = (int64_t)size;
    }
    return number;
}

static const char *load_text(const struct option *option, const void *settings)
{
    const char *text;
    load(option, settings, &text, sizeof text);
    return text;
}

/* Quoted where its end would not be seen otherwise. */
static void print_text(const char *text, FILE *out)
{
    const char *quote = *text && !strpbrk(text, " \"\t\r\n") ? "" : "\"";
    fputs(quote, out);
    for (; *text; text++) {
        fputc((unsigned char)*text < 0x20 ? '?' : *text, out);
    }
    fputs(quote, out);
}

void value_print(const struct option *option, const void *settings, FILE *out)
{
    char number[VALUE_NUMBER_BYTES];
    int choice;
    bool on;
    switch (option->kind) {
    case OPTION_TEXT:
    case OPTION_FILE:
        print_text(load_text(option, settings), out);
        break;
    case OPTION_CHOICE:
        load(option, settings, &choice, sizeof choice);
        fputs(option->choices[choice], out);
        break;
    case OPTION_COUNT:
    case OPTION_BYTES:
    case OPTION_DURATION:
    case OPTION_OFFSET:
        fputs(format_number(number_kind(option->kind), load_number(option, settings), number), out);
        break;
    case OPTION_SWITCH:
        load(option, settings, &on, sizeof on);
        fputs(on ? "yes" : "no", out);
        break;
    case OPTION_ACTION:
        break;
    }
}

bool value_is_set(const struct option *option, const void *settings)
{
    if (option->kind == OPTION_TEXT || option->kind == OPTION_FILE) {
        return load_text(option, settings) != NULL;
    }
    if (option->kind == OPTION_OFFSET) {
        return load_number(option, settings) != OPTION_NO_OFFSET;
    }
    return option->kind != OPTION_ACTION;
}

bool value_format_range(const struct option *option, char min[VALUE_NUMBER_BYTES], char max[VALUE_NUMBER_BYTES])
{
    const struct number_kind *kind = number_kind(option->kind);
    if (kind) {
        format_number(kind, option->min, min);
        format_number(kind, option->max, max);
    }
    return kind != NULL;
}

void value_switch_on(const struct option *option, void *settings)
{
    const bool on = true;
    store(option, settings, &on, sizeof on);
}
