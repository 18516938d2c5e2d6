#include "core/convert.h"

#include <math.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/macros.h"
#include "base/number.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "core/event_type.h"
#include "core/unit.h"
#include "core/vocabulary.h"

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

/* What a text says, padding and the column's unit left out. */
static struct span number_text(const struct column *column, const struct json_value *value)
{
    return unit_strip(span_trim_padding(value->text), column->unit);
}

static NOT_INLINED const char *text_to_float(struct convert *convert, const struct column *column,
                                             const struct json_value *value, struct lp_value *out)
{
    double number = 0;
    if (value->kind == JSON_KIND_TEXT) {
        switch (number_double(number_text(column, value), &number)) {
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

/* A number with a fraction or an exponent is judged as it is written, before a double rounds it. */
static NOT_INLINED const char *other_to_int(struct convert *convert, const struct column *column,
                                            const struct json_value *value, struct lp_value *out)
{
    int64_t number = 0;
    bool is_real = value->kind == JSON_KIND_REAL;
    if (is_real || value->kind == JSON_KIND_TEXT) {
        switch (number_int64(is_real ? value->text : number_text(column, value), &number)) {
        case NUMBER_OK:
            *out = lp_value_int(number);
            return check_int(convert, column, number);
        case NUMBER_OUT_OF_RANGE:
            return too_wide(column);
        case NUMBER_NOT_A_NUMBER:
            break;
        }
    }
    return "not an integer";
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

static NOT_INLINED const char *to_bool(const struct column *column, const struct json_value *value,
                                       struct lp_value *out)
{
    static const struct {
        const char *text;
        bool means;
        enum column_words words; /* of columns that have these; WORDS_NONE = of all */
    } words[] = {
        {"true", true, WORDS_NONE},     {"false", false, WORDS_NONE},  {"1", true, WORDS_NONE},
        {"0", false, WORDS_NONE},       {"on", true, WORDS_NONE},      {"off", false, WORDS_NONE},
        {"closed", true, WORDS_CLOSED}, {"open", false, WORDS_CLOSED},
    };

    if (value->kind == JSON_KIND_BOOL) {
        *out = lp_value_bool(value->b);
        return "";
    }
    int64_t number = value->kind == JSON_KIND_INT ? value->i : -1;
    if (value->kind == JSON_KIND_REAL && number_int64(value->text, &number) != NUMBER_OK) {
        number = -1;
    }
    if (number == 0 || number == 1) {
        *out = lp_value_bool(number == 1);
        return "";
    }
    struct span text = value->kind == JSON_KIND_TEXT ? span_trim_padding(value->text) : (struct span){"", 0};
    for (size_t i = 0; i < COUNT(words); i++) {
        bool is_of_column = words[i].words == WORDS_NONE || words[i].words == column->words;
        if (is_of_column && span_equal_ignoring_case(text, words[i].text)) {
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
    const struct term *known = vocabulary_find(&convert->mapping->words[MESSAGE_EVENTS], canonical);
    return known ? span_of(known->name) : canonical;
}

/* A word that nobody knows is stored, and remarked on. */
static struct span to_status(struct convert *convert, struct span text)
{
    const struct term *known = vocabulary_find_spelling(&convert->mapping->words[MESSAGE_STATUS], text);
    convert->remark = known ? "" : "unknown status";
    return known ? span_of(known->name) : convert_lower(convert, text);
}

static struct span to_severity(struct convert *convert, struct span text)
{
    const struct term *known = vocabulary_find_spelling(&convert->mapping->words[MESSAGE_ACKS], text);
    convert->remark = known ? "" : "unknown status";
    return known ? span_of(known->severity) : SPAN_LITERAL("low");
}

/* The digits of a whole number, whatever its form: 101, 101.0, 1e18. Empty = it is none. */
static struct span whole_digits(struct convert *convert, const struct json_value *value)
{
    int64_t whole = value->i;
    if (value->kind == JSON_KIND_REAL && number_int64(value->text, &whole) != NUMBER_OK) {
        return (struct span){"", 0};
    }
    char *digits = take(convert, NUMBER_TEXT_BYTES);
    return (struct span){digits, digits ? number_format_int64(whole, digits) : 0};
}

static NOT_INLINED const char *to_text(struct convert *convert, const struct column *column,
                                       const struct json_value *value, struct lp_value *out)
{
    struct span text = {"", 0};
    if (value->kind == JSON_KIND_INT || value->kind == JSON_KIND_REAL) {
        text = whole_digits(convert, value);
    } else if (value->kind == JSON_KIND_TEXT) {
        text = span_trim_padding(value->text);
    }
    if (text.len == 0) {
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
    case FORM_STATUS:
        text = to_status(convert, text);
        break;
    case FORM_OUTCOME:
        text = to_severity(convert, text);
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
        return to_bool(column, value, out);
    case COLUMN_TEXT:
        convert->remark = "";
        return to_text(convert, column, value, out);
    }
    return "";
}

bool convert_time(const struct json_value *value, struct timestamp_zone *zone, int64_t *ns)
{
    switch (value->kind) {
    case JSON_KIND_INT:
        return timestamp_from_int(value->i, ns);
    case JSON_KIND_REAL:
        return timestamp_from_double(value->r, ns);
    case JSON_KIND_TEXT:
        return timestamp_parse_text(span_trim_padding(value->text), zone, ns);
    case JSON_KIND_ABSENT:
    case JSON_KIND_NULL:
    case JSON_KIND_BOOL:
    case JSON_KIND_NAN:
    case JSON_KIND_OBJECT:
    case JSON_KIND_ARRAY:
        break;
    }
    return false;
}
