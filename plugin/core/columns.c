#include "core/columns.h"

#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "base/utf8.h"
#include "core/convert.h"
#include "core/notes.h"
#include "core/shape.h"
#include "core/vocabulary.h"

#define SEVERITY_UNKNOWN "unknown"
#define COMMAND_ACK "COMMAND_ACK"
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
    struct shape shape;
    /* by part: the place of its field in the row, and where it was in the payload; NULL = there is
     * none */
    size_t position[COLUMN_PARTS];
    const struct path *position_path[COLUMN_PARTS];
    const struct json_raw *position_raw[COLUMN_PARTS];
    struct device_time time;
    bool is_offline;
};

enum outcome { FILLED, ABSENT, REFUSED };

static void read_value(struct fill *fill, const struct json_raw *raw, struct json_value *value)
{
    if (!json_value_read(raw, fill->convert.arena, value)) {
        fill->convert.out_of_memory = true;
    }
}

/* A text of nothing but padding. Few begin as one would. */
static inline bool is_blank(const struct json_raw *raw)
{
    return raw->kind == JSON_KIND_TEXT &&
           (raw->text.len == 0 ||
            (((unsigned char)raw->text.ptr[0] <= ' ' || raw->text.ptr[0] == '\\') && json_value_is_blank(raw)));
}

/* What look_up() finds, where the first path alone does not say. */
static NOT_INLINED const struct json_raw *look_further(const struct lookup_paths *paths, const struct path **at)
{
    static const struct json_raw absent = {.kind = JSON_KIND_ABSENT, .text = {"", 0}};
    const struct json_raw *otherwise = &absent;
    for (size_t i = 0; i < paths->count; i++) {
        const struct path *path = &paths->paths[i];
        size_t used = 0;
        const struct json_raw *raw = lookup_find(paths, i, &used);
        if (raw->kind == JSON_KIND_ABSENT || used < path->count) {
            continue;
        }
        if (raw->kind != JSON_KIND_NULL && !is_blank(raw)) {
            *at = path;
            return raw;
        }
        if (otherwise == &absent) {
            *at = path;
            otherwise = raw;
        }
    }
    return otherwise;
}

/* The first of the paths that holds a value; a null, or a text of nothing, counts only when nothing
 * else is there. */
static inline const struct json_raw *look_up(const struct lookup_paths *paths, const struct path **at)
{
    const struct lookup_node *first = paths->nodes[0];
    *at = &paths->paths[0];
    bool is_there =
        paths->count > 0 && lookup_is_current(first) && first->raw.kind > JSON_KIND_NULL && !is_blank(&first->raw);
    return is_there ? &first->raw : look_further(paths, at);
}

static NOT_INLINED enum outcome refuse(struct fill *fill, const struct path *path, const struct json_value *value,
                                       const char *reason)
{
    notes_add_value(&fill->notes, path_text(path), value, reason);
    return REFUSED;
}

static NOT_INLINED enum outcome note_absent(struct shape *shape, const struct lookup_paths *paths)
{
    shape->last_parent = paths->count == 1 ? paths->nodes[0]->parent : NULL;
    shape->last_is_element = paths->nodes[0]->index >= 0;
    shape_note_absent(shape, paths);
    return ABSENT;
}

static inline enum outcome absent_column(struct shape *shape, const struct lookup_paths *paths)
{
    const struct lookup_node *node = paths->nodes[0];
    bool is_beside = paths->count == 1 && node->parent == shape->last_parent;
    return is_beside && (node->index >= 0) == shape->last_is_element ? ABSENT : note_absent(shape, paths);
}

static enum outcome fill_column(struct fill *fill, const struct column *column, const struct lookup_paths *paths)
{
    const struct path *path = NULL;
    struct json_value value;
    const struct json_raw *raw = look_up(paths, &path);
    if (raw->kind == JSON_KIND_ABSENT) {
        return absent_column(&fill->shape, paths);
    }
    read_value(fill, raw, &value);
    if (raw->kind == JSON_KIND_NULL || is_blank(raw)) {
        return column->type == COLUMN_TEXT ? ABSENT : refuse(fill, path, &value, "no value");
    }
    struct lp_value *out = lp_row_space(fill->row);
    if (!out) {
        return REFUSED; /* the row has failed */
    }
    const char *reason = convert_value(&fill->convert, column, &value, out);
    if (reason[0] != '\0') {
        return refuse(fill, path, &value, reason);
    }
    if (column->type == COLUMN_TEXT) {
        if (column->required && out->as.text.len == 0) {
            return ABSENT;
        }
        if (fill->convert.remark[0] != '\0') {
            notes_add_value(&fill->notes, path_text(path), &value, fill->convert.remark);
        }
    }
    fill->position[column->part] = fill->row->field_count;
    fill->position_path[column->part] = path;
    fill->position_raw[column->part] = raw;
    lp_row_keep(fill->row, column->name, column->name_len);
    return FILLED;
}

/* ---- positions ---- */

#define NO_FIX_DEG 0.001 /* around 0,0, where no machine stands: what a receiver sends without a fix */

static void note_part(struct fill *fill, enum column_part part, const char *reason)
{
    struct json_value value;
    read_value(fill, fill->position_raw[part], &value);
    notes_add_value(&fill->notes, path_text(fill->position_path[part]), &value, reason);
}

static double degrees(const struct fill *fill, enum column_part part)
{
    return fabs(fill->row->fields[fill->position[part]].value.as.f);
}

static const char *path_of_part(const struct table_map *table, enum column_part part)
{
    size_t i = 0;
    while (i + 1 < table->column_count && table->columns[i].part != part) {
        i++;
    }
    return table->columns[i].paths[0].text;
}

/* Latitude and longitude hold or fall together. */
static NOT_INLINED void check_position(struct fill *fill)
{
    bool has_latitude = fill->position_path[PART_LATITUDE] != NULL;
    bool has_longitude = fill->position_path[PART_LONGITUDE] != NULL;
    if (has_latitude && has_longitude) {
        if (degrees(fill, PART_LATITUDE) <= NO_FIX_DEG && degrees(fill, PART_LONGITUDE) <= NO_FIX_DEG) {
            note_part(fill, PART_LATITUDE, "no fix");
            size_t first = fill->position[PART_LATITUDE];
            size_t second = fill->position[PART_LONGITUDE];
            lp_row_remove(fill->row, first > second ? first : second);
            lp_row_remove(fill->row, first > second ? second : first);
        }
    } else if (has_latitude || has_longitude) {
        enum column_part part = has_latitude ? PART_LATITUDE : PART_LONGITUDE;
        char reason[CONVERT_REASON_BYTES];
        snprintf(reason, sizeof reason, "without %s",
                 path_of_part(fill->table, has_latitude ? PART_LONGITUDE : PART_LATITUDE));
        note_part(fill, part, reason);
        lp_row_remove(fill->row, fill->position[part]);
    }
}

/* ---- time and identity ---- */

static enum time_rule time_rule_of(const struct fill *fill)
{
    switch (fill->message->kind) {
    case MESSAGE_EVENTS:
        return TIME_OF_EVENT;
    case MESSAGE_ACKS:
        return TIME_OF_OUTCOME;
    case MESSAGE_STATUS:
    case MESSAGE_TELEMETRY:
    case MESSAGE_KINDS:
    case MESSAGE_COMMANDS:
        break;
    }
    return fill->is_offline ? TIME_OF_OFFLINE : TIME_OF_STATE;
}

/* Sets the row's time, and device_ts where the table has it. */
static void fill_time(struct fill *fill)
{
    const struct message *message = fill->message;
    bool is_status = message->kind == MESSAGE_STATUS;
    const struct lp_value *status = is_status ? lp_row_find(fill->row, "status") : NULL;
    const struct path *path = NULL;
    struct json_value value;
    const struct json_raw *raw = look_up(lookup_time(fill->payload->lookup), &path);
    read_value(fill, raw, &value);
    if (raw->kind == JSON_KIND_NULL || is_blank(raw)) {
        value.kind = JSON_KIND_ABSENT; /* shown as nothing */
    }
    fill->is_offline = status && span_equal(status->as.text, SPAN_LITERAL("offline"));
    fill->time = device_time_of(&value, message->arrival_ns, fill->window, time_rule_of(fill));
    if (fill->time.is_trusted && message->kind == MESSAGE_TELEMETRY && message->standstill &&
        standstill_check(message->standstill, message->device_mark, message->reading_mark, fill->time.device_ns,
                         message->arrival_ns)) {
        fill->time = device_time_standing(fill->time, message->arrival_ns);
    }
    fill->row->time_ns = fill->time.row_ns;
    if (is_status && fill->time.is_known) {
        lp_row_field(fill->row, "device_ts", lp_value_int(fill->time.device_ns));
    }
    if (fill->time.anomaly[0] != '\0') {
        notes_add_value(&fill->notes, path_text(path), &value, fill->time.anomaly);
    }
}

/* Does the payload name another device than the topic? */
static bool contradicts(struct fill *fill, struct err *err)
{
    const struct path *path = NULL;
    struct json_value value;
    const struct json_raw *raw = look_up(lookup_device_no(fill->payload->lookup), &path);
    if (raw->kind == JSON_KIND_ABSENT || raw->kind == JSON_KIND_NULL || is_blank(raw)) {
        return false;
    }
    read_value(fill, raw, &value);
    if (fill->convert.out_of_memory) {
        return false; /* which fill_columns() says */
    }
    char digits[NUMBER_TEXT_BYTES];
    struct span text = {"", 0};
    bool is_whole = value.kind == JSON_KIND_INT ||
                    (value.kind == JSON_KIND_REAL && number_int64(value.text, &value.i) == NUMBER_OK);
    if (is_whole) {
        text = (struct span){digits, number_format_int64(value.i, digits)};
    } else if (value.kind == JSON_KIND_TEXT) {
        text = span_trim_padding(value.text);
    }
    if (span_equal(text, fill->message->device_no)) {
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

static void note_repairs(struct fill *fill, size_t count, const char *what)
{
    char reason[CONVERT_REASON_BYTES];
    if (count > 0) {
        snprintf(reason, sizeof reason, "%zu %s", count, what);
        notes_add(&fill->notes, SPAN_LITERAL("payload"), reason, "");
    }
}

static NOT_INLINED void fill_raw_data(struct fill *fill)
{
    const struct json_report *report = &fill->payload->report;
    lp_row_field(fill->row, "raw_data", lp_value_text(fill->payload->text));
    note_repairs(fill, report->wide_numbers, "number(s) too wide, kept as text");
    note_repairs(fill, report->not_numbers, "value(s) that are no number, kept as text");
    note_repairs(fill, report->bad_escapes, "character(s) PostgreSQL cannot store, replaced");
}

static NOT_INLINED void fill_severity(struct fill *fill)
{
    const struct lp_value *type = lp_row_find(fill->row, "event_type");
    const struct vocabulary *types = &fill->convert.mapping->words[MESSAGE_EVENTS];
    const struct term *known = type ? vocabulary_find(types, type->as.text) : NULL;
    lp_row_field(fill->row, "severity",
                 lp_value_text(known ? span_of(known->severity) : SPAN_LITERAL(SEVERITY_UNKNOWN)));
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
        if (fill->message->kind == MESSAGE_EVENTS || fill->message->kind == MESSAGE_ACKS) {
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
    fill.shape.notes = &fill.notes;
    fill.shape.arena = arena;
    fill.shape.noted_count = 0;
    fill.shape.out_of_memory = false;
    fill.shape.last_parent = NULL;
    fill.position_path[PART_LATITUDE] = NULL;
    fill.position_path[PART_LONGITUDE] = NULL;
    lp_row_begin(row, table->measurement, message->arrival_ns);
    lp_row_tag(row, "device_no", message->device_no);
    if (!notes_begin(&fill.notes, arena)) {
        return lack_memory(err);
    }
    if (contradicts(&fill, err)) {
        return REJECT_DEVICE_MISMATCH;
    }
    if (message->kind == MESSAGE_ACKS) {
        lp_row_field(row, "event_type", lp_value_text(SPAN_LITERAL(COMMAND_ACK)));
    }
    enum reject reason = fill_columns(&fill, err);
    if (reason != REJECT_NONE) {
        return reason;
    }
    if (lookup_has_surplus(payload->lookup)) {
        shape_note_surplus(&fill.shape, table, payload->lookup);
    }
    if (lookup_repeated_count(payload->lookup) > 0) {
        shape_note_repeated(&fill.shape, payload->lookup);
    }
    if (table->has_position) {
        check_position(&fill);
    }
    if (message->kind == MESSAGE_EVENTS || message->kind == MESSAGE_ACKS) {
        fill_raw_data(&fill);
    }
    if (message->kind == MESSAGE_EVENTS) {
        fill_severity(&fill);
    }
    fill_from_properties(&fill);
    fill_time(&fill);
    if (message->kind != MESSAGE_TELEMETRY) {
        lp_row_field(row, "message_id", lp_value_int(message->message_id));
    }
    if (fill.notes.count > 0) {
        lp_row_field(row, "anomalies", lp_value_text(notes_text(&fill.notes)));
    }
    if (fill.convert.out_of_memory || fill.shape.out_of_memory || row->failed) {
        return lack_memory(err);
    }
    *filling = (struct filling){fill.notes.count, fill.time, fill.is_offline};
    return REJECT_NONE;
}
