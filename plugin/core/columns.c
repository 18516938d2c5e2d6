#include "core/columns.h"

#include <math.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/macros.h"
#include "base/number.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "core/event_type.h"

#define SHOWN_VALUE_BYTES 65 /* 64 and the terminator */
#define REASON_BYTES 96
#define MAX_BLOCKED 8
#define SEVERITY_UNKNOWN "unknown"
#define PRIORITY_MAX_BYTES 64

/* ---- anomalies: "path=value reason; path=value reason" ---- */

struct notes {
    char *text; /* ANOMALIES_MAX_BYTES in the arena */
    size_t len;
    size_t count;  /* all anomalies, also those that did not fit */
    size_t hidden; /* those that did not fit */
};

#define SEPARATOR "; "

/* Room kept for the closing "; and N more". */
#define NOTES_TAIL_BYTES 40

static void note(struct notes *notes, struct span path, const char *value, const char *reason)
{
    notes->count++;
    size_t room = ANOMALIES_MAX_BYTES - NOTES_TAIL_BYTES - notes->len;
    int n = snprintf(notes->text + notes->len, room, "%s%.*s=%s%s%s", notes->len > 0 ? SEPARATOR : "", (int)path.len,
                     path.ptr, value, reason[0] == '\0' ? "" : " ", reason);
    if (n >= 0 && (size_t)n < room && notes->hidden == 0) {
        notes->len += (size_t)n;
    } else {
        notes->hidden++; /* from the first that does not fit on, so that the order stays clear */
    }
}

static void note_value(struct notes *notes, struct span path, const struct json_value *value, const char *reason)
{
    char shown[SHOWN_VALUE_BYTES];
    json_show_value(value, shown, sizeof shown);
    note(notes, path, shown, reason);
}

static struct span finish_notes(struct notes *notes)
{
    if (notes->hidden > 0) {
        int n = snprintf(notes->text + notes->len, NOTES_TAIL_BYTES, "%sand %zu more", notes->len > 0 ? SEPARATOR : "",
                         notes->hidden);
        notes->len += n > 0 ? (size_t)n : 0;
    }
    return (struct span){notes->text, notes->len};
}

/* ---- one filling ---- */

struct fill {
    const struct mapping *mapping;
    const struct time_window *window;
    const struct message *message;
    const struct table_map *table;
    const struct payload *payload;
    struct arena *arena;
    struct lp_row *row;
    struct notes notes;
    struct span blocked[MAX_BLOCKED]; /* path prefixes already reported as neither object nor array */
    size_t blocked_count;
    bool device_timed;
    bool out_of_memory;
};

enum outcome { FILLED, ABSENT, REFUSED };

static void note_blocked(struct fill *fill, const struct path *path, size_t used, const struct json_value *value)
{
    struct span prefix = path_prefix(path, used);
    for (size_t i = 0; i < fill->blocked_count; i++) {
        if (span_equal(fill->blocked[i], prefix)) {
            return;
        }
    }
    if (fill->blocked_count < MAX_BLOCKED) {
        fill->blocked[fill->blocked_count++] = prefix;
    }
    note_value(&fill->notes, prefix, value, "not an object or array");
}

/* The first of the paths that holds a value; a null counts only when nothing else is there. */
static struct json_value look_up(struct fill *fill, const struct path *paths, size_t count, const struct path **at)
{
    struct json_value null = {.kind = JSON_KIND_ABSENT};
    *at = &paths[0];
    for (size_t i = 0; i < count; i++) {
        size_t used = 0;
        struct json_value value = payload_get(fill->payload, &paths[i], &used);
        if (value.kind == JSON_KIND_ABSENT) {
            continue;
        }
        if (used < paths[i].count) {
            note_blocked(fill, &paths[i], used, &value);
        } else if (value.kind != JSON_KIND_NULL) {
            *at = &paths[i];
            return value;
        } else if (null.kind == JSON_KIND_ABSENT) {
            null = value;
            *at = &paths[i];
        }
    }
    return null;
}

static char *take(struct fill *fill, size_t size)
{
    char *space = arena_alloc(fill->arena, size);
    if (!space) {
        fill->out_of_memory = true;
    }
    return space;
}

static bool add_field(struct fill *fill, const char *name, struct lp_value value)
{
    bool fits = lp_row_field(fill->row, name, value);
    if (!fits) {
        fill->out_of_memory = true;
    }
    return fits;
}

/* ---- numbers ---- */

/* "" when the number is plausible, else the reason, which may be in buffer. */
static const char *check_range(const struct column *column, double number, char *buffer)
{
    for (size_t i = 0; i < column->fault_count; i++) {
        if (number == column->faults[i]) {
            return "sensor fault code";
        }
    }
    if (number >= column->min && number <= column->max) {
        return "";
    }
    char min[NUMBER_TEXT_BYTES] = "";
    char max[NUMBER_TEXT_BYTES] = "";
    if (isfinite(column->min)) {
        number_format_double(column->min, min);
    }
    if (isfinite(column->max)) {
        number_format_double(column->max, max);
    }
    if (min[0] != '\0' && max[0] != '\0') {
        snprintf(buffer, REASON_BYTES, "outside %s..%s", min, max);
    } else {
        snprintf(buffer, REASON_BYTES, "%s %s", min[0] != '\0' ? "below" : "above", min[0] != '\0' ? min : max);
    }
    return buffer;
}

static const char *read_float(const struct json_value *value, double *out)
{
    switch (value->kind) {
    case JSON_KIND_INT:
        *out = (double)value->i;
        return "";
    case JSON_KIND_REAL:
        *out = value->r;
        return "";
    case JSON_KIND_TEXT:
        switch (number_double(value->text, out)) {
        case NUMBER_OK:
            return "";
        case NUMBER_OUT_OF_RANGE:
            return "does not fit a double";
        case NUMBER_NOT_A_NUMBER:
            break;
        }
        return "not a number";
    case JSON_KIND_ABSENT:
    case JSON_KIND_NULL:
    case JSON_KIND_BOOL:
    case JSON_KIND_OBJECT:
    case JSON_KIND_ARRAY:
        break;
    }
    return "not a number";
}

static const char *read_int(const struct json_value *value, const char *too_wide, int64_t *out)
{
    switch (value->kind) {
    case JSON_KIND_INT:
        *out = value->i;
        return "";
    case JSON_KIND_REAL:
        if (number_double_is_int64(value->r, out)) {
            return "";
        }
        return trunc(value->r) == value->r ? too_wide : "not an integer";
    case JSON_KIND_TEXT:
        switch (number_int64(value->text, out)) {
        case NUMBER_OK:
            return "";
        case NUMBER_OUT_OF_RANGE:
            return too_wide;
        case NUMBER_NOT_A_NUMBER:
            break;
        }
        return "not an integer";
    case JSON_KIND_ABSENT:
    case JSON_KIND_NULL:
    case JSON_KIND_BOOL:
    case JSON_KIND_OBJECT:
    case JSON_KIND_ARRAY:
        break;
    }
    return "not an integer";
}

static const char *convert_float(const struct column *column, const struct json_value *value, struct lp_value *out,
                                 char *buffer)
{
    double number = 0;
    const char *reason = read_float(value, &number);
    *out = lp_value_float(number);
    return reason[0] != '\0' ? reason : check_range(column, number, buffer);
}

static const char *convert_int(const struct column *column, const struct json_value *value, struct lp_value *out,
                               char *buffer)
{
    bool narrow = column->type == COLUMN_INTEGER;
    const char *too_wide = narrow ? "does not fit a 32-bit integer" : "does not fit a 64-bit integer";
    int64_t number = 0;
    const char *reason = read_int(value, too_wide, &number);
    if (reason[0] != '\0') {
        return reason;
    }
    if (narrow && (number < INT32_MIN || number > INT32_MAX)) {
        return too_wide;
    }
    *out = lp_value_int(number);
    return check_range(column, (double)number, buffer);
}

/* word is in lower case. */
static bool equals_ignoring_case(struct span text, const char *word)
{
    if (text.len != strlen(word)) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (ascii_lower(text.ptr[i]) != word[i]) {
            return false;
        }
    }
    return true;
}

static const char *convert_bool(const struct json_value *value, struct lp_value *out)
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
        if (equals_ignoring_case(value->text, words[i].text)) {
            *out = lp_value_bool(words[i].means);
            return "";
        }
    }
    return "not a boolean";
}

/* ---- text ---- */

static struct span to_lower(struct fill *fill, struct span text)
{
    text = span_trim(text);
    char *out = take(fill, text.len + 1);
    if (!out) {
        return (struct span){"", 0};
    }
    for (size_t i = 0; i < text.len; i++) {
        out[i] = ascii_lower(text.ptr[i]);
    }
    return (struct span){out, text.len};
}

static struct span to_event_type(struct fill *fill, struct span text)
{
    char *out = take(fill, 2 * text.len + 1);
    if (!out) {
        return (struct span){"", 0};
    }
    struct span canonical = {out, event_type_canonical(text, out)};
    const struct event_type *known = event_type_find(fill->mapping, canonical);
    return known ? span_of(known->name) : canonical;
}

static const char *convert_text(struct fill *fill, const struct column *column, const struct json_value *value,
                                struct lp_value *out, char *buffer)
{
    struct span text = value->text;
    if (value->kind == JSON_KIND_INT) {
        char *digits = take(fill, NUMBER_TEXT_BYTES);
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
        snprintf(buffer, REASON_BYTES, "longer than %zu bytes", column->max_bytes);
        return buffer;
    }
    switch (column->form) {
    case FORM_PLAIN:
        break;
    case FORM_LOWER:
        text = to_lower(fill, text);
        break;
    case FORM_EVENT_TYPE:
        text = to_event_type(fill, text);
        break;
    }
    *out = lp_value_text(text);
    return "";
}

/* ---- columns ---- */

static const char *convert(struct fill *fill, const struct column *column, const struct json_value *value,
                           struct lp_value *out, char *buffer)
{
    switch (column->type) {
    case COLUMN_FLOAT:
        return convert_float(column, value, out, buffer);
    case COLUMN_INTEGER:
    case COLUMN_BIGINT:
        return convert_int(column, value, out, buffer);
    case COLUMN_BOOLEAN:
        return convert_bool(value, out);
    case COLUMN_TEXT:
        return convert_text(fill, column, value, out, buffer);
    }
    return "";
}

static enum outcome fill_column(struct fill *fill, const struct column *column)
{
    const struct path *path = NULL;
    struct json_value value = look_up(fill, column->paths, column->path_count, &path);
    if (value.kind == JSON_KIND_ABSENT) {
        return ABSENT;
    }
    if (value.kind == JSON_KIND_NULL) {
        if (column->type == COLUMN_TEXT) {
            return ABSENT;
        }
        note_value(&fill->notes, path_text(path), &value, "no value");
        return REFUSED;
    }
    char buffer[REASON_BYTES];
    struct lp_value out = lp_value_bool(false);
    const char *reason = convert(fill, column, &value, &out, buffer);
    if (reason[0] != '\0') {
        note_value(&fill->notes, path_text(path), &value, reason);
        return REFUSED;
    }
    if (column->required && out.type == LP_VALUE_TEXT && out.as.text.len == 0) {
        return ABSENT;
    }
    return add_field(fill, column->name, out) ? FILLED : REFUSED;
}

/* ---- arrays longer than the mapping ---- */

static bool same_base(const struct path *a, const struct path *b)
{
    return a->count == b->count && span_equal(path_prefix(a, a->count - 1), path_prefix(b, b->count - 1));
}

/* The first path of the table to another position in the same array, or NULL. */
static const struct path *find_position(const struct table_map *table, const struct path *path, long index)
{
    for (size_t c = 0; c < table->column_count; c++) {
        for (size_t p = 0; p < table->columns[c].path_count; p++) {
            const struct path *other = &table->columns[c].paths[p];
            if (other->parts[other->count - 1].index == index && same_base(other, path)) {
                return other;
            }
        }
    }
    return NULL;
}

/* Notes the first element that no column takes, if this path is the array's last mapped one (the first such, if columns share it). */
static void note_surplus(struct fill *fill, const struct path *path)
{
    long index = path->parts[path->count - 1].index;
    if (index < 0 || path->count < 2) {
        return;
    }
    struct path base = *path;
    base.count--;
    size_t used = 0;
    struct json_value array = payload_get(fill->payload, &base, &used);
    if (array.kind != JSON_KIND_ARRAY || used < base.count || array.count <= (size_t)index + 1 ||
        find_position(fill->table, path, index + 1) || find_position(fill->table, path, index) != path) {
        return;
    }
    struct path next = *path;
    next.parts[next.count - 1].index = index + 1;
    struct json_value element = payload_get(fill->payload, &next, &used);
    struct span prefix = path_prefix(path, path->count - 1);
    char name[REASON_BYTES + 64];
    snprintf(name, sizeof name, "%.*s.%ld", (int)prefix.len, prefix.ptr, index + 1);
    note_value(&fill->notes, span_of(name), &element, "no column");
}

static void note_surpluses(struct fill *fill)
{
    for (size_t c = 0; c < fill->table->column_count; c++) {
        const struct column *column = &fill->table->columns[c];
        for (size_t p = 0; p < column->path_count; p++) {
            note_surplus(fill, &column->paths[p]);
        }
    }
}

/* ---- time and identity ---- */

static bool read_time(const struct json_value *value, int64_t *ns)
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

/* Sets the row's time, and device_ts where the table has it. */
static void fill_time(struct fill *fill)
{
    int64_t arrival = fill->message->arrival_ns;
    const struct lp_value *status = fill->message->kind == MESSAGE_STATUS ? lp_row_find(fill->row, "status") : NULL;
    bool offline = status && span_equal(status->as.text, SPAN_LITERAL("offline"));
    fill->row->time_ns = arrival;

    const struct path *path = NULL;
    struct json_value value = look_up(fill, fill->table->time, fill->table->time_count, &path);
    int64_t device = 0;
    if (value.kind == JSON_KIND_ABSENT || value.kind == JSON_KIND_NULL) {
        if (!offline) {
            note(&fill->notes, path_text(path), "", "missing, arrival time used");
        }
        return;
    }
    if (!read_time(&value, &device)) {
        note_value(&fill->notes, path_text(path), &value, offline ? "not a time" : "not a time, arrival time used");
        return;
    }
    if (fill->message->kind == MESSAGE_STATUS) {
        add_field(fill, "device_ts", lp_value_int(device));
    }
    if (offline) {
        return;
    }
    if (timestamp_is_within(device, arrival, fill->window->max_age_ns, fill->window->max_ahead_ns)) {
        fill->row->time_ns = device;
        fill->device_timed = true;
    } else {
        note_value(&fill->notes, path_text(path), &value,
                   device > arrival ? "too far ahead, arrival time used" : "too old, arrival time used");
    }
}

/* Does the payload name another device than the topic? */
static bool contradicts(struct fill *fill, struct err *err)
{
    const struct path *path = NULL;
    struct json_value value = look_up(fill, fill->table->device_no, fill->table->device_no_count, &path);
    if (value.kind == JSON_KIND_ABSENT || value.kind == JSON_KIND_NULL) {
        return false;
    }
    char digits[NUMBER_TEXT_BYTES];
    struct span text = value.text;
    if (value.kind == JSON_KIND_INT) {
        snprintf(digits, sizeof digits, "%lld", (long long)value.i);
        text = span_of(digits);
    }
    if ((value.kind == JSON_KIND_TEXT || value.kind == JSON_KIND_INT) && span_equal(text, fill->message->device_no)) {
        return false;
    }
    char shown[SHOWN_VALUE_BYTES];
    json_show_value(&value, shown, sizeof shown);
    err_set(err, 0, "%s=%s but the topic says %.*s", path->text, shown, (int)fill->message->device_no.len,
            fill->message->device_no.ptr);
    return true;
}

/* ---- tables ---- */

static enum reject lack_memory(struct err *err)
{
    err_set(err, 0, "no memory for the row's text");
    return REJECT_OUT_OF_MEMORY;
}

/* What is wrong with a required column, whose anomaly begins at `before` unless there was no room for it. */
static enum reject miss(const struct fill *fill, const struct column *column, enum outcome outcome, size_t before,
                        struct err *err)
{
    struct span words = {fill->notes.text + before, fill->notes.len - before};
    if (outcome == ABSENT) {
        err_set(err, 0, "%s is missing or empty", column->paths[0].text);
    } else if (words.len == 0) {
        err_set(err, 0, "%s has no usable value", column->paths[0].text);
    } else {
        words = before > 0 ? span_after(words, sizeof SEPARATOR - 1) : words;
        err_set(err, 0, "%.*s", (int)words.len, words.ptr);
    }
    return REJECT_MISSING_FIELD;
}

static enum reject fill_columns(struct fill *fill, struct err *err)
{
    size_t present = 0;
    for (size_t i = 0; i < fill->table->column_count; i++) {
        const struct column *column = &fill->table->columns[i];
        size_t before = fill->notes.len;
        enum outcome outcome = fill_column(fill, column);
        if (fill->out_of_memory) {
            return lack_memory(err);
        }
        if (column->required && outcome != FILLED) {
            return miss(fill, column, outcome, before, err);
        }
        present += outcome != ABSENT;
    }
    if (present == 0 && fill->notes.count == 0) {
        err_set(err, 0, "none of the mapped values is there");
        return REJECT_NO_DATA;
    }
    return REJECT_NONE;
}

static void fill_event(struct fill *fill)
{
    const struct lp_value *type = lp_row_find(fill->row, "event_type");
    const struct event_type *known = type ? event_type_find(fill->mapping, type->as.text) : NULL;
    const struct json_report *report = &fill->payload->report;
    char reason[REASON_BYTES];

    add_field(fill, "raw_data", lp_value_text(fill->payload->text));
    add_field(fill, "severity", lp_value_text(known ? span_of(known->severity) : SPAN_LITERAL(SEVERITY_UNKNOWN)));
    if (report->wide_numbers > 0) {
        snprintf(reason, sizeof reason, "%zu number(s) too wide, kept as text", report->wide_numbers);
        note(&fill->notes, SPAN_LITERAL("payload"), reason, "");
    }
    if (report->bad_escapes > 0) {
        snprintf(reason, sizeof reason, "%zu character(s) PostgreSQL cannot store, replaced", report->bad_escapes);
        note(&fill->notes, SPAN_LITERAL("payload"), reason, "");
    }
}

/* ---- properties of MQTT 5 ---- */

static void note_property(struct fill *fill, const char *name, struct span text, const char *reason)
{
    const struct json_value value = {.kind = JSON_KIND_TEXT, .text = text};
    note_value(&fill->notes, span_of(name), &value, reason);
}

/* The type without its parameters: "application/json; charset=utf-8". */
static void check_content_type(struct fill *fill)
{
    const struct property *property = properties_find(fill->message->properties, PROPERTY_CONTENT_TYPE);
    if (!property) {
        return;
    }
    struct span type = property->text;
    const char *semicolon = type.len > 0 ? memchr(type.ptr, ';', type.len) : NULL;
    type.len = semicolon ? (size_t)(semicolon - type.ptr) : type.len;
    if (!equals_ignoring_case(span_trim(type), "application/json")) {
        note_property(fill, "properties.content-type", property->text, "not application/json");
    }
}

static void fill_priority(struct fill *fill)
{
    static const char path[] = "properties.priority";
    const struct property *property = properties_find_user(fill->message->properties, "priority");
    if (!property || span_trim(property->text).len == 0) {
        return;
    }
    char reason[REASON_BYTES];
    if (!utf8_is_storable(property->text)) {
        note_property(fill, path, property->text, "holds a character that PostgreSQL cannot store");
    } else if (span_trim(property->text).len > PRIORITY_MAX_BYTES) {
        snprintf(reason, sizeof reason, "longer than %d bytes", PRIORITY_MAX_BYTES);
        note_property(fill, path, property->text, reason);
    } else {
        add_field(fill, "priority", lp_value_text(to_lower(fill, property->text)));
    }
}

static void fill_from_properties(struct fill *fill)
{
    if (fill->message->properties) {
        check_content_type(fill);
        if (fill->message->kind == MESSAGE_EVENTS) {
            fill_priority(fill);
        }
    }
}

enum reject columns_fill(const struct mapping *mapping, const struct time_window *window, const struct message *message,
                         const struct payload *payload, struct arena *arena, struct lp_row *row,
                         struct filling *filling, struct err *err)
{
    const struct table_map *table = &mapping->tables[message->kind];
    struct fill fill = {
        .mapping = mapping,
        .window = window,
        .message = message,
        .table = table,
        .payload = payload,
        .arena = arena,
        .row = row,
    };
    *filling = (struct filling){0};
    lp_row_begin(row, table->measurement, message->arrival_ns);
    lp_row_tag(row, "device_no", message->device_no);
    fill.notes.text = take(&fill, ANOMALIES_MAX_BYTES);
    if (!fill.notes.text) {
        return lack_memory(err);
    }
    if (contradicts(&fill, err)) {
        return REJECT_DEVICE_MISMATCH;
    }
    enum reject reason = fill_columns(&fill, err);
    if (reason != REJECT_NONE) {
        return reason;
    }
    note_surpluses(&fill);
    if (message->kind == MESSAGE_EVENTS) {
        fill_event(&fill);
    }
    fill_from_properties(&fill);
    fill_time(&fill);
    if (message->kind != MESSAGE_TELEMETRY) {
        add_field(&fill, "message_id", lp_value_int(message->message_id));
    }
    if (fill.notes.count > 0) {
        add_field(&fill, "anomalies", lp_value_text(finish_notes(&fill.notes)));
    }
    if (fill.out_of_memory) {
        return lack_memory(err);
    }
    *filling = (struct filling){fill.notes.count, fill.device_timed};
    return REJECT_NONE;
}
