#include "core/convert.h"

#include <math.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/macros.h"
#include "base/number.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "core/event_type.h"

static char *take(struct convert *convert, size_t size)
{
    char *space = arena_alloc(convert->arena, size);
    convert->out_of_memory = convert->out_of_memory || !space;
    return space;
}

/* ---- numbers ---- */

static NOT_INLINED const char *out_of_range(struct convert *convert, const struct column *column)
{
    char min[NUMBER_TEXT_BYTES] = "";
    char max[NUMBER_TEXT_BYTES] = "";
    if (isfinite(column->min)) {
        number_format_double(column->min, min);
    }
    if (isfinite(column->max)) {
        number_format_double(column->max, max);
    }
    if (min[0] != '\0' && max[0] != '\0') {
        snprintf(convert->reason, sizeof convert->reason, "outside %s..%s", min, max);
    } else {
        snprintf(convert->reason, sizeof convert->reason, "%s %s", min[0] != '\0' ? "below" : "above",
                 min[0] != '\0' ? min : max);
    }
    return convert->reason;
}

/* "" when the number is plausible, else the reason. */
static const char *check_range(struct convert *convert, const struct column *column, double number)
{
    for (size_t i = 0; i < column->fault_count; i++) {
        if (number == column->faults[i]) {
            return "sensor fault code";
        }
    }
    return number >= column->min && number <= column->max ? "" : out_of_range(convert, column);
}

/* Of what is no number. */
static NOT_INLINED const char *read_float(const struct json_value *value, double *out)
{
    if (value->kind == JSON_KIND_TEXT) {
        switch (number_double(value->text, out)) {
        case NUMBER_OK:
            return "";
        case NUMBER_OUT_OF_RANGE:
            return "does not fit a double";
        case NUMBER_NOT_A_NUMBER:
            break;
        }
    }
    return "not a number";
}

/* Of what is no integer. */
static NOT_INLINED const char *read_int(const struct json_value *value, const char *too_wide, int64_t *out)
{
    if (value->kind == JSON_KIND_REAL) {
        if (number_double_is_int64(value->r, out)) {
            return "";
        }
        return trunc(value->r) == value->r ? too_wide : "not an integer";
    }
    if (value->kind == JSON_KIND_TEXT) {
        switch (number_int64(value->text, out)) {
        case NUMBER_OK:
            return "";
        case NUMBER_OUT_OF_RANGE:
            return too_wide;
        case NUMBER_NOT_A_NUMBER:
            break;
        }
    }
    return "not an integer";
}

static const char *to_float(struct convert *convert, const struct column *column, const struct json_value *value,
                            struct lp_value *out)
{
    bool is_number = value->kind == JSON_KIND_REAL || value->kind == JSON_KIND_INT;
    out->type = LP_VALUE_FLOAT;
    out->digits = is_number ? value->digits : (struct span){"", 0};
    if (is_number) {
        out->as.f = value->kind == JSON_KIND_REAL ? value->r : (double)value->i;
    } else {
        const char *reason = read_float(value, &out->as.f);
        if (reason[0] != '\0') {
            return reason;
        }
    }
    return check_range(convert, column, out->as.f);
}

static const char *to_int(struct convert *convert, const struct column *column, const struct json_value *value,
                          struct lp_value *out)
{
    bool narrow = column->type == COLUMN_INTEGER;
    const char *too_wide = narrow ? "does not fit a 32-bit integer" : "does not fit a 64-bit integer";
    bool is_int = value->kind == JSON_KIND_INT;
    out->type = LP_VALUE_INT;
    out->digits = is_int ? value->digits : (struct span){"", 0};
    if (is_int) {
        out->as.i = value->i;
    } else {
        const char *reason = read_int(value, too_wide, &out->as.i);
        if (reason[0] != '\0') {
            return reason;
        }
    }
    if (narrow && (out->as.i < INT32_MIN || out->as.i > INT32_MAX)) {
        return too_wide;
    }
    return check_range(convert, column, (double)out->as.i);
}

static NOT_INLINED const char *to_bool(const struct json_value *value, struct lp_value *out)
{
    static const struct {
        const char *text;
        bool means;
    } words[] = {{"true", true}, {"false", false}, {"1", true}, {"0", false}};

    if (value->kind == JSON_KIND_BOOL) {
        *out = lp_value_bool(value->b);
        return "";
    }
    int64_t number = -1;
    if (value->kind == JSON_KIND_INT) {
        number = value->i;
    } else if (value->kind == JSON_KIND_REAL && !number_double_is_int64(value->r, &number)) {
        number = -1;
    }
    if (number == 0 || number == 1) {
        *out = lp_value_bool(number == 1);
        return "";
    }
    for (size_t i = 0; value->kind == JSON_KIND_TEXT && i < COUNT(words); i++) {
        if (span_equal_ignoring_case(value->text, words[i].text)) {
            *out = lp_value_bool(words[i].means);
            return "";
        }
    }
    return "not a boolean";
}

/* ---- text ---- */

struct span convert_lower(struct convert *convert, struct span text)
{
    text = span_trim(text);
    char *out = take(convert, text.len + 1);
    if (!out) {
        return (struct span){"", 0};
    }
    for (size_t i = 0; i < text.len; i++) {
        out[i] = ascii_lower(text.ptr[i]);
    }
    return (struct span){out, text.len};
}

static struct span to_event_type(struct convert *convert, struct span text)
{
    char *out = take(convert, 2 * text.len + 1);
    if (!out) {
        return (struct span){"", 0};
    }
    struct span canonical = {out, event_type_canonical(text, out)};
    const struct event_type *known = event_type_find(convert->mapping, canonical);
    return known ? span_of(known->name) : canonical;
}

static NOT_INLINED const char *to_text(struct convert *convert, const struct column *column,
                                       const struct json_value *value, struct lp_value *out)
{
    struct span text = value->text;
    if (value->kind == JSON_KIND_INT) {
        char *digits = take(convert, NUMBER_TEXT_BYTES);
        if (!digits) {
            return "not text";
        }
        int n = snprintf(digits, NUMBER_TEXT_BYTES, "%lld", (long long)value->i);
        text = (struct span){digits, n > 0 ? (size_t)n : 0};
    } else if (value->kind != JSON_KIND_TEXT) {
        return "not text";
    }
    if (!utf8_is_storable(text)) {
        return "holds a character that PostgreSQL cannot store";
    }
    if (text.len > column->max_bytes) {
        snprintf(convert->reason, sizeof convert->reason, "longer than %zu bytes", column->max_bytes);
        return convert->reason;
    }
    switch (column->form) {
    case FORM_PLAIN:
        break;
    case FORM_LOWER:
        text = convert_lower(convert, text);
        break;
    case FORM_EVENT_TYPE:
        text = to_event_type(convert, text);
        break;
    }
    *out = lp_value_text(text);
    return "";
}

const char *convert_value(struct convert *convert, const struct column *column, const struct json_value *value,
                          struct lp_value *out)
{
    switch (column->type) {
    case COLUMN_FLOAT:
        return to_float(convert, column, value, out);
    case COLUMN_INTEGER:
    case COLUMN_BIGINT:
        return to_int(convert, column, value, out);
    case COLUMN_BOOLEAN:
        return to_bool(value, out);
    case COLUMN_TEXT:
        return to_text(convert, column, value, out);
    }
    return "";
}

bool convert_time(const struct json_value *value, int64_t *ns)
{
    switch (value->kind) {
    case JSON_KIND_INT:
        return timestamp_from_int(value->i, ns);
    case JSON_KIND_REAL:
        return timestamp_from_double(value->r, ns);
    case JSON_KIND_TEXT:
        return timestamp_parse_text(value->text, ns);
    case JSON_KIND_ABSENT:
    case JSON_KIND_NULL:
    case JSON_KIND_BOOL:
    case JSON_KIND_OBJECT:
    case JSON_KIND_ARRAY:
        break;
    }
    return false;
}
