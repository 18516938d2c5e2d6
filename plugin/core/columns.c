#include "core/columns.h"

#include <stdio.h>

#include "base/number.h"
#include "base/utf8.h"
#include "core/convert.h"
#include "core/event_type.h"
#include "core/notes.h"

#define MAX_BLOCKED 8
#define SEVERITY_UNKNOWN "unknown"
#define PRIORITY_MAX_BYTES 64

/* ---- one filling ---- */

struct fill {
    const struct time_window *window;
    const struct message *message;
    const struct table_map *table;
    const struct payload *payload;
    struct lp_row *row;
    struct convert convert;
    struct notes notes;
    /* path prefixes already reported as neither object nor array */
    struct span blocked[MAX_BLOCKED];
    size_t blocked_count;
    bool device_timed;
};

enum outcome { FILLED, ABSENT, REFUSED };

static void read_value(struct fill *fill, const struct json_raw *raw, struct json_value *value)
{
    if (!json_value_read(raw, fill->convert.arena, value)) {
        fill->convert.out_of_memory = true;
    }
}

static NOT_INLINED void note_blocked(struct fill *fill, const struct path *path, size_t used,
                                     const struct json_raw *raw)
{
    struct json_value value;
    struct span prefix = path_prefix(path, used);
    for (size_t i = 0; i < fill->blocked_count; i++) {
        if (span_equal(fill->blocked[i], prefix)) {
            return;
        }
    }
    if (fill->blocked_count < MAX_BLOCKED) {
        fill->blocked[fill->blocked_count++] = prefix;
    }
    read_value(fill, raw, &value);
    notes_add_value(&fill->notes, prefix, &value, "not an object or array");
}

/* What look_up() finds, where the first path alone does not say. */
static NOT_INLINED const struct json_raw *look_further(struct fill *fill, const struct lookup_paths *paths,
                                                       const struct path **at)
{
    static const struct json_raw absent = {.kind = JSON_KIND_ABSENT, .text = {"", 0}};
    const struct json_raw *otherwise = &absent;
    for (size_t i = 0; i < paths->count; i++) {
        const struct path *path = &paths->paths[i];
        size_t used = 0;
        const struct json_raw *raw = lookup_find(paths, i, &used);
        if (raw->kind > JSON_KIND_NULL) {
            if (used == path->count) {
                *at = path;
                return raw;
            }
            note_blocked(fill, path, used, raw);
        } else if (raw->kind == JSON_KIND_NULL && otherwise == &absent) {
            *at = path;
            otherwise = raw;
        }
    }
    return otherwise;
}

/* The first of the paths that holds a value; a null counts only when nothing else is there. */
static inline const struct json_raw *look_up(struct fill *fill, const struct lookup_paths *paths,
                                             const struct path **at)
{
    const struct lookup_node *first = paths->nodes[0];
    *at = &paths->paths[0];
    bool is_there = paths->count > 0 && lookup_is_current(first) && first->raw.kind > JSON_KIND_NULL;
    return is_there ? &first->raw : look_further(fill, paths, at);
}

static NOT_INLINED enum outcome refuse(struct fill *fill, const struct path *path, const struct json_value *value,
                                       const char *reason)
{
    notes_add_value(&fill->notes, path_text(path), value, reason);
    return REFUSED;
}

static enum outcome fill_column(struct fill *fill, const struct column *column, const struct lookup_paths *paths)
{
    const struct path *path = NULL;
    struct json_value value;
    read_value(fill, look_up(fill, paths, &path), &value);
    if (value.kind == JSON_KIND_ABSENT) {
        return ABSENT;
    }
    if (value.kind == JSON_KIND_NULL) {
        if (column->type == COLUMN_TEXT) {
            return ABSENT;
        }
        return refuse(fill, path, &value, "no value");
    }
    struct lp_value *out = lp_row_space(fill->row);
    if (!out) {
        return REFUSED; /* the row has failed */
    }
    const char *reason = convert_value(&fill->convert, column, &value, out);
    if (reason[0] != '\0') {
        return refuse(fill, path, &value, reason);
    }
    if (column->required && out->type == LP_VALUE_TEXT && out->as.text.len == 0) {
        return ABSENT;
    }
    lp_row_keep(fill->row, column->name, column->name_len);
    return FILLED;
}

/* ---- arrays longer than the mapping ---- */

/* Has an earlier column, or an earlier path of this one, the same path? */
static bool is_named_before(const struct table_map *table, size_t column, size_t path)
{
    const char *text = table->columns[column].paths[path].text;
    for (size_t c = 0; c <= column; c++) {
        size_t count = c < column ? table->columns[c].path_count : path;
        for (size_t p = 0; p < count; p++) {
            if (strcmp(table->columns[c].paths[p].text, text) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Notes the element behind the one that the path leads to, if no column takes it. */
static void note_surplus(struct fill *fill, size_t column, size_t i)
{
    const struct lookup_paths *paths = &lookup_columns(fill->payload->lookup)[column];
    const struct path *path = &paths->paths[i];
    struct json_value element;
    if (path->parts[path->count - 1].index < 0) {
        return;
    }
    if (!lookup_surplus(paths, i, fill->convert.arena, &element)) {
        fill->convert.out_of_memory = true;
    }
    if (element.kind == JSON_KIND_ABSENT || is_named_before(fill->table, column, i)) {
        return;
    }
    struct span prefix = path_prefix(path, path->count - 1);
    char name[CONVERT_REASON_BYTES + 64];
    snprintf(name, sizeof name, "%.*s.%ld", (int)prefix.len, prefix.ptr, path->parts[path->count - 1].index + 1);
    notes_add_value(&fill->notes, span_of(name), &element, "no column");
}

static NOT_INLINED void note_surpluses(struct fill *fill)
{
    for (size_t c = 0; c < fill->table->column_count; c++) {
        for (size_t p = 0; p < fill->table->columns[c].path_count; p++) {
            size_t arena_used = fill->convert.arena->used;
            note_surplus(fill, c, p);
            arena_rewind(fill->convert.arena, arena_used);
        }
    }
}

/* ---- time and identity ---- */

/* Sets the row's time, and device_ts where the table has it. */
static void fill_time(struct fill *fill)
{
    bool is_status = fill->message->kind == MESSAGE_STATUS;
    const struct lp_value *status = is_status ? lp_row_find(fill->row, "status") : NULL;
    bool is_offline = status && span_equal(status->as.text, SPAN_LITERAL("offline"));
    const struct path *path = NULL;
    struct json_value value;
    read_value(fill, look_up(fill, lookup_time(fill->payload->lookup), &path), &value);
    struct device_time time = device_time_of(&value, fill->message->arrival_ns, fill->window, is_offline);

    fill->row->time_ns = time.row_ns;
    fill->device_timed = time.is_trusted;
    if (is_status && time.is_known) {
        lp_row_field(fill->row, "device_ts", lp_value_int(time.device_ns));
    }
    if (value.kind == JSON_KIND_ABSENT || value.kind == JSON_KIND_NULL) {
        value.kind = JSON_KIND_ABSENT; /* shown as nothing */
    }
    if (time.anomaly[0] != '\0') {
        notes_add_value(&fill->notes, path_text(path), &value, time.anomaly);
    }
}

/* Does the payload name another device than the topic? */
static bool contradicts(struct fill *fill, struct err *err)
{
    const struct path *path = NULL;
    struct json_value value;
    read_value(fill, look_up(fill, lookup_device_no(fill->payload->lookup), &path), &value);
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
    char shown[NOTES_VALUE_BYTES];
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

/* What is wrong with a required column, whose anomaly begins at `before` unless there was no room
 * for it. */
static NOT_INLINED enum reject miss(const struct fill *fill, const struct column *column, enum outcome outcome,
                                    size_t before, struct err *err)
{
    struct span words = {fill->notes.text + before, fill->notes.len - before};
    if (outcome == ABSENT) {
        err_set(err, 0, "%s is missing or empty", column->paths[0].text);
    } else if (words.len == 0) {
        err_set(err, 0, "%s has no usable value", column->paths[0].text);
    } else {
        words = before > 0 ? span_after(words, sizeof NOTES_SEPARATOR - 1) : words;
        err_set(err, 0, "%.*s", (int)words.len, words.ptr);
    }
    return REJECT_MISSING_FIELD;
}

static enum reject fill_columns(struct fill *fill, struct err *err)
{
    const struct lookup_paths *paths = lookup_columns(fill->payload->lookup);
    size_t present = 0;
    for (size_t i = 0; i < fill->table->column_count; i++) {
        const struct column *column = &fill->table->columns[i];
        size_t before = fill->notes.len;
        size_t arena_used = fill->convert.arena->used;
        enum outcome outcome = fill_column(fill, column, &paths[i]);
        if (fill->convert.out_of_memory || fill->row->failed) {
            return lack_memory(err);
        }
        if (outcome != FILLED) {
            /* many columns may have looked at one text */
            arena_rewind(fill->convert.arena, arena_used);
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

static NOT_INLINED void fill_event(struct fill *fill)
{
    const struct lp_value *type = lp_row_find(fill->row, "event_type");
    const struct event_type *known = type ? event_type_find(fill->convert.mapping, type->as.text) : NULL;
    const struct json_report *report = &fill->payload->report;
    char reason[CONVERT_REASON_BYTES];

    lp_row_field(fill->row, "raw_data", lp_value_text(fill->payload->text));
    lp_row_field(fill->row, "severity",
                 lp_value_text(known ? span_of(known->severity) : SPAN_LITERAL(SEVERITY_UNKNOWN)));
    if (report->wide_numbers > 0) {
        snprintf(reason, sizeof reason, "%zu number(s) too wide, kept as text", report->wide_numbers);
        notes_add(&fill->notes, SPAN_LITERAL("payload"), reason, "");
    }
    if (report->bad_escapes > 0) {
        snprintf(reason, sizeof reason, "%zu character(s) PostgreSQL cannot store, replaced", report->bad_escapes);
        notes_add(&fill->notes, SPAN_LITERAL("payload"), reason, "");
    }
}

/* ---- properties of MQTT 5 ---- */

static void note_property(struct fill *fill, const char *name, struct span text, const char *reason)
{
    const struct json_value value = {.kind = JSON_KIND_TEXT, .text = text};
    notes_add_value(&fill->notes, span_of(name), &value, reason);
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
    if (!span_equal_ignoring_case(span_trim(type), "application/json")) {
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
    char reason[CONVERT_REASON_BYTES];
    if (!utf8_is_storable(property->text)) {
        note_property(fill, path, property->text, "holds a character that PostgreSQL cannot store");
    } else if (span_trim(property->text).len > PRIORITY_MAX_BYTES) {
        snprintf(reason, sizeof reason, "longer than %d bytes", PRIORITY_MAX_BYTES);
        note_property(fill, path, property->text, reason);
    } else {
        lp_row_field(fill->row, "priority", lp_value_text(convert_lower(&fill->convert, property->text)));
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
    struct fill fill;
    fill.window = window;
    fill.message = message;
    fill.table = table;
    fill.payload = payload;
    fill.row = row;
    fill.convert.mapping = mapping;
    fill.convert.arena = arena;
    fill.convert.out_of_memory = false;
    fill.blocked_count = 0;
    fill.device_timed = false;
    *filling = (struct filling){0};
    lp_row_begin(row, table->measurement, message->arrival_ns);
    lp_row_tag(row, "device_no", message->device_no);
    if (!notes_begin(&fill.notes, arena)) {
        return lack_memory(err);
    }
    if (contradicts(&fill, err)) {
        return REJECT_DEVICE_MISMATCH;
    }
    enum reject reason = fill_columns(&fill, err);
    if (reason != REJECT_NONE) {
        return reason;
    }
    if (lookup_has_surplus(payload->lookup)) {
        note_surpluses(&fill);
    }
    if (message->kind == MESSAGE_EVENTS) {
        fill_event(&fill);
    }
    fill_from_properties(&fill);
    fill_time(&fill);
    if (message->kind != MESSAGE_TELEMETRY) {
        lp_row_field(row, "message_id", lp_value_int(message->message_id));
    }
    if (fill.notes.count > 0) {
        lp_row_field(row, "anomalies", lp_value_text(notes_text(&fill.notes)));
    }
    if (fill.convert.out_of_memory || row->failed) {
        return lack_memory(err);
    }
    *filling = (struct filling){fill.notes.count, fill.device_timed};
    return REJECT_NONE;
}
