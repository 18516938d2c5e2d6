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

static NOT_INLINED const char *text_to_float(struct convert *convert, const struct column *column,
                                             const struct json_value *value, struct lp_value *out)
{
    double number = 0;
    if (value->kind == JSON_KIND_TEXT) {
        switch (number_double(value->text, &number)) {
        case NUMBER_OK:
            *out = lp_value_float(number);
            return check_range(convert, column, number);
        case NUMBER_OUT_OF_RANGE:
            return "does not fit a double";
        case NUMBER_NOT_A_NUMBER:
            break;
        }
    }
    return "not a number";
}

static const char *to_float(struct convert *convert, const struct column *column, const struct json_value *value,
                            struct lp_value *out)
{
    if (value->kind != JSON_KIND_REAL && value->kind != JSON_KIND_INT) {
        return text_to_float(convert, column, value, out);
    }
    double number = value->kind == JSON_KIND_REAL ? value->r : (double)value->i;
    out->type = LP_VALUE_FLOAT;
    out->as.f = number;
    out->digits = value->digits;
    return check_range(convert, column, number);
}

static bool is_narrow(const struct column *column)
{
    return column->type == COLUMN_INTEGER;
}

static NOT_INLINED const char *too_wide(const struct column *column)
{
    return is_narrow(column) ? "does not fit a 32-bit integer" : "does not fit a 64-bit integer";
}

static const char *check_int(struct convert *convert, const struct column *column, int64_t number)
{
    if (is_narrow(column) && (number < INT32_MIN || number > INT32_MAX)) {
        return too_wide(column);
    }
    return check_range(convert, column, (double)number);
}

static NOT_INLINED const char *other_to_int(struct convert *convert, const struct column *column,
                                            const struct json_value *value, struct lp_value *out)
{
    int64_t number = 0;
    bool is_int = false;
    bool is_wide = false;
    if (value->kind == JSON_KIND_REAL) {
        is_int = number_double_is_int64(value->r, &number);
        is_wide = !is_int && trunc(value->r) == value->r;
    } else if (value->kind == JSON_KIND_TEXT) {
        enum number_status status = number_int64(value->text, &number);
        is_int = status == NUMBER_OK;
        is_wide = status == NUMBER_OUT_OF_RANGE;
    }
    if (!is_int) {
        return is_wide ? too_wide(column) : "not an integer";
    }
    *out = lp_value_int(number);
    return check_int(convert, column, number);
}

static const char *to_int(struct convert *convert, const struct column *column, const struct json_value *value,
                          struct lp_value *out)
{
    if (value->kind != JSON_KIND_INT) {
        return other_to_int(convert, column, value, out);
    }
    out->type = LP_VALUE_INT;
    out->as.i = value->i;
    out->digits = value->digits;
    return check_int(convert, column, value->i);
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
