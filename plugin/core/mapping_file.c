#include "core/mapping_file.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/macros.h"
#include "base/number.h"
#include "core/event_type.h"
#include "json/read.h"

#define KEY_BYTES 128
#define NAME_MAX_BYTES 63 /* of a PostgreSQL identifier */
#define SEVERITY_MAX_BYTES 64
#define ENTRIES_MAX 176 /* of one "columns": every column once to remove and once to add */
_Static_assert(ENTRIES_MAX == 2 * MAPPING_MAX_COLUMNS, "every column twice");

/* Names that no mapped column may have, but for the fixed one of its table, and why. */
static const struct {
    const char *name;
    const char *why;
} reserved[] = {
    {"time", "is the row's time; Telegraf's output would repeat the batch for ever"},
    {"device_no", "is the row's tag; Telegraf's output would repeat the batch for ever"},
    {"topic", "is the tag that holds the topic; Telegraf's output would repeat the batch for ever"},
    {"raw_data", "is worked out"},
    {"severity", "is worked out"},
    {"priority", "is worked out"},
    {"message_id", "is worked out"},
    {"device_ts", "is worked out"},
    {"anomalies", "is worked out"},
};

/* ---- reading ---- */

struct reading {
    struct mapping *mapping;
    enum message_kind kind; /* the section */
    const char *file;
    struct span text;
    struct err *err;
    bool ok;
};

/* Fails with "FILE:LINE: key KEY: ...". key is a dotted path. */
static void fail(struct reading *reading, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fail(struct reading *reading, const char *key, const char *format, ...)
{
    char what[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    err_set(reading->err, 0, "%s:%zu: key %s: %s", reading->file, json_read_line_of(reading->text, key), key, what);
    reading->ok = false;
}

/* A longer key is cut: it is for a message. */
static void end_key(char out[KEY_BYTES], int written)
{
    if (written < 0) {
        out[0] = '\0';
    }
}

static void join(char out[KEY_BYTES], const char *prefix, const char *key)
{
    end_key(out, snprintf(out, KEY_BYTES, "%s.%s", prefix, key));
}

static void join_index(char out[KEY_BYTES], const char *prefix, size_t index)
{
    end_key(out, snprintf(out, KEY_BYTES, "%s.%zu", prefix, index));
}

static const char *kind_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "a boolean";
    case JSON_NULL:
        break;
    }
    return "null";
}

static const char *keep(struct reading *reading, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = mapping_alloc(reading->mapping, size);
    if (!copy) {
        err_set(reading->err, 0, "%s: no memory", reading->file);
        reading->ok = false;
        return "";
    }
    memcpy(copy, text, size);
    return copy;
}

static bool want(struct reading *reading, const char *key, const json_t *value, bool is_right, const char *wanted)
{
    if (!is_right) {
        fail(reading, key, "must be %s, not %s", wanted, kind_name(value));
    }
    return is_right;
}

/* The value's place in a list of names, or a failure that lists the names. */
static size_t choose(struct reading *reading, const char *key, const json_t *value, const char *const *names,
                     size_t count)
{
    char list[KEY_BYTES] = "";
    size_t len = 0;
    if (!want(reading, key, value, json_is_string(value), "a text")) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(json_string_value(value), names[i]) == 0) {
            return i;
        }
        int n = snprintf(list + len, sizeof list - len, "%s%s", i > 0 ? ", " : "", names[i]);
        len += n > 0 ? (size_t)n : 0;
    }
    fail(reading, key, "\"%s\" is not one of %s", json_string_value(value), list);
    return 0;
}

static void read_paths(struct reading *reading, const char *key, const json_t *value, struct path *paths, size_t *count)
{
    size_t given = json_is_array(value) ? json_array_size(value) : 1;
    *count = 0;
    if (!want(reading, key, value, json_is_array(value) || json_is_string(value), "a path or an array of paths")) {
        return;
    }
    if (given == 0 || given > COLUMN_MAX_PATHS) {
        fail(reading, key, "must hold 1 to %d paths", COLUMN_MAX_PATHS);
        return;
    }
    for (size_t i = 0; i < given && reading->ok; i++) {
        const json_t *path = json_is_array(value) ? json_array_get(value, i) : value;
        if (want(reading, key, path, json_is_string(path), "a path such as system.voltage") &&
            !mapping_add_path(reading->mapping, paths, count, json_string_value(path))) {
            fail(reading, key, "\"%s\" is not a path of 1 to %d names with dots between them", json_string_value(path),
                 PATH_MAX_PARTS);
        }
    }
}

static double read_limit(struct reading *reading, const char *key, const json_t *value, double none)
{
    if (json_is_null(value)) {
        return none;
    }
    return want(reading, key, value, json_is_number(value), "a number, or null for no limit") ? json_number_value(value)
                                                                                              : none;
}

static void read_faults(struct reading *reading, const char *key, const json_t *value, struct column *column)
{
    if (!want(reading, key, value, json_is_array(value), "an array of numbers")) {
        return;
    }
    if (json_array_size(value) > COLUMN_MAX_FAULTS) {
        fail(reading, key, "holds more than %d numbers", COLUMN_MAX_FAULTS);
        return;
    }
    column->fault_count = json_array_size(value);
    for (size_t i = 0; i < column->fault_count; i++) {
        const json_t *fault = json_array_get(value, i);
        if (!want(reading, key, fault, json_is_number(fault), "an array of numbers")) {
            return;
        }
        column->faults[i] = json_number_value(fault);
    }
}

static bool read_bool(struct reading *reading, const char *key, const json_t *value)
{
    return want(reading, key, value, json_is_boolean(value), "true or false") && json_is_true(value);
}

static size_t read_bytes(struct reading *reading, const char *key, const json_t *value)
{
    const json_int_t most = MAPPING_FILE_MAX_BYTES;
    if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > most) {
        fail(reading, key, "must be a whole number from 1 to %lld", (long long)most);
        return 1;
    }
    return (size_t)json_integer_value(value);
}

/* What a table cannot do without keeps type, form and place; "" if there is no such column. */
static const char *fixed_column(enum message_kind kind)
{
    switch (kind) {
    case MESSAGE_EVENTS:
        return "event_type";
    case MESSAGE_STATUS:
        return "status";
    case MESSAGE_ACKS:
        return "severity";
    case MESSAGE_TELEMETRY:
    case MESSAGE_KINDS:
    case MESSAGE_COMMANDS:
        break;
    }
    return "";
}

static bool is_fixed(const struct reading *reading, const struct column *column)
{
    return strcmp(column->name, fixed_column(reading->kind)) == 0;
}

static bool is_number(const struct column *column)
{
    return column->type == COLUMN_FLOAT || column->type == COLUMN_INTEGER || column->type == COLUMN_BIGINT;
}

/* ---- the keys of a column ---- */

static void read_path(struct reading *reading, const char *key, const json_t *value, struct column *column)
{
    read_paths(reading, key, value, column->paths, &column->path_count);
}

static void read_type(struct reading *reading, const char *key, const json_t *value, struct column *column)
{
    column->type = (enum column_type)choose(reading, key, value, column_type_names, COLUMN_TYPES);
}

static void read_form(struct reading *reading, const char *key, const json_t *value, struct column *column)
{
    enum column_form form = (enum column_form)choose(reading, key, value, column_form_names, COLUMN_FORMS);
    /* what older versions printed of the column status */
    column->form = column->form == FORM_STATUS && form == FORM_LOWER ? FORM_STATUS : form;
}

static void read_unit(struct reading *reading, const char *key, const json_t *value, struct column *column)
{
    bool is_text = want(reading, key, value, json_is_string(value), "a text");
    column->unit = is_text ? keep(reading, json_string_value(value)) : "";
}

static void read_min(struct reading *reading, const char *key, const json_t *value, struct column *column)
{
    column->min = read_limit(reading, key, value, -INFINITY);
}

static void read_max(struct reading *reading, const char *key, const json_t *value, struct column *column)
{
    column->max = read_limit(reading, key, value, INFINITY);
}

static void read_max_bytes(struct reading *reading, const char *key, const json_t *value, struct column *column)
{
    column->max_bytes = read_bytes(reading, key, value);
}

static void read_required(struct reading *reading, const char *key, const json_t *value, struct column *column)
{
    column->required = read_bool(reading, key, value);
}

typedef void read_key_function(struct reading *reading, const char *key, const json_t *value, struct column *column);

static const struct {
    const char *name;
    read_key_function *read; /* NULL = read_column() has read it */
    bool fixed;              /* not to be changed of the table's fixed column */
} column_keys[] = {
    {"column", NULL, false},        {"path", read_path, false},
    {"type", read_type, true},      {"unit", read_unit, false},
    {"min", read_min, false},       {"max", read_max, false},
    {"faults", read_faults, false}, {"max_bytes", read_max_bytes, false},
    {"form", read_form, true},      {"required", read_required, true},
    {"enabled", NULL, false},
};

static void fail_unknown_key(struct reading *reading, const char *key)
{
    char names[KEY_BYTES] = "";
    size_t len = 0;
    for (size_t i = 0; i < COUNT(column_keys); i++) {
        int n = snprintf(names + len, sizeof names - len, "%s%s", i > 0 ? ", " : "", column_keys[i].name);
        len += n > 0 ? (size_t)n : 0;
    }
    fail(reading, key, "is none of %s", names);
}

static void read_key(struct reading *reading, const char *prefix, const char *name, const json_t *value,
                     struct column *column)
{
    char key[KEY_BYTES];
    struct column before = *column;
    size_t i = 0;
    join(key, prefix, name);
    while (i < COUNT(column_keys) && strcmp(name, column_keys[i].name) != 0) {
        i++;
    }
    if (i == COUNT(column_keys)) {
        fail_unknown_key(reading, key);
        return;
    }
    if (column_keys[i].read) {
        column_keys[i].read(reading, key, value, column);
    }
    bool changed = column->type != before.type || column->form != before.form || column->required != before.required;
    if (reading->ok && column_keys[i].fixed && changed && is_fixed(reading, column)) {
        fail(reading, key, "of column %s cannot be changed", column->name);
    }
}

static bool is_column_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= NAME_MAX_BYTES && strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") == len &&
           !(name[0] >= '0' && name[0] <= '9');
}

static void check_name(struct reading *reading, const char *key, const char *name)
{
    if (!is_column_name(name)) {
        fail(reading, key, "\"%s\" is not a column name: a-z, 0-9 and _, at most %d, no digit first", name,
             NAME_MAX_BYTES);
    }
    for (size_t i = 0; i < COUNT(reserved); i++) {
        if (strcmp(name, reserved[i].name) == 0 && strcmp(name, fixed_column(reading->kind)) != 0) {
            fail(reading, key, "a column cannot be named %s: that %s", name, reserved[i].why);
        }
    }
    if (reading->kind == MESSAGE_ACKS && strcmp(name, "event_type") == 0) {
        fail(reading, key, "a column of acks cannot be named event_type: that is COMMAND_ACK");
    }
}

static void remove_column(struct reading *reading, const char *key, struct table_map *table, const char *name)
{
    struct column *column = mapping_find_column(table, name);
    if (!column) {
        fail(reading, key, "%s has no column %s", table->measurement, name);
        return;
    }
    if (is_fixed(reading, column)) {
        fail(reading, key, "column %s cannot be removed", name);
        return;
    }
    size_t index = (size_t)(column - table->columns);
    memmove(column, column + 1, (table->column_count - index - 1) * sizeof *column);
    table->column_count--;
}

static struct column *add_column(struct reading *reading, const char *prefix, struct table_map *table, const char *name,
                                 const json_t *entry)
{
    if (table->column_count == MAPPING_MAX_COLUMNS) {
        fail(reading, prefix, "more than %d columns in %s", MAPPING_MAX_COLUMNS, table->measurement);
        return NULL;
    }
    if (!json_object_get(entry, "path") || !json_object_get(entry, "type")) {
        fail(reading, prefix, "the new column %s needs path and type", name);
        return NULL;
    }
    struct column *grown = mapping_grow(reading->mapping, table->columns, table->column_count, sizeof *grown);
    if (!grown) {
        err_set(reading->err, 0, "%s: no memory", reading->file);
        reading->ok = false;
        return NULL;
    }
    table->columns = grown;
    struct column *column = &grown[table->column_count++];
    *column = (struct column){
        .name = keep(reading, name), .name_len = strlen(name), .unit = "", .min = -INFINITY, .max = INFINITY};
    return column;
}

/* Drops what a new type has no use for. */
static void fit_to_type(struct column *column)
{
    bool is_text = column->type == COLUMN_TEXT;
    if (!is_number(column)) {
        column->min = -INFINITY;
        column->max = INFINITY;
        column->fault_count = 0;
    }
    if (!is_text) {
        column->max_bytes = 0;
        column->form = FORM_PLAIN;
    } else if (column->max_bytes == 0) {
        column->max_bytes = MAPPING_TEXT_MAX_BYTES;
    }
}

static void check_column(struct reading *reading, const char *prefix, const struct column *column)
{
    bool is_text = column->type == COLUMN_TEXT;
    bool has_limits = isfinite(column->min) || isfinite(column->max) || column->fault_count > 0;
    if (column->min > column->max) {
        fail(reading, prefix, "min of column %s is above its max", column->name);
    } else if (has_limits && !is_number(column)) {
        fail(reading, prefix, "min, max and faults of column %s go with a type of number alone", column->name);
    } else if (column->max_bytes > 0 && !is_text) {
        fail(reading, prefix, "max_bytes of column %s goes with type text alone", column->name);
    } else if (column->form != FORM_PLAIN && !is_text) {
        fail(reading, prefix, "form of column %s goes with type text alone", column->name);
    } else if (column->form > FORM_LOWER && !is_fixed(reading, column)) {
        fail(reading, prefix, "form %s is for one built-in column alone", column_form_names[column->form]);
    }
}

static void read_keys(struct reading *reading, const char *prefix, json_t *entry, struct column *column)
{
    json_t *type = json_object_get(entry, "type");
    if (type) { /* before the keys that depend on it, wherever it is */
        read_key(reading, prefix, "type", type, column);
        fit_to_type(column);
    }
    for (void *it = json_object_iter(entry); it && reading->ok; it = json_object_iter_next(entry, it)) {
        read_key(reading, prefix, json_object_iter_key(it), json_object_iter_value(it), column);
    }
    if (reading->ok) {
        check_column(reading, prefix, column);
    }
}

static void read_column(struct reading *reading, const char *prefix, json_t *entry, struct table_map *table)
{
    char key[KEY_BYTES];
    const json_t *name = json_is_object(entry) ? json_object_get(entry, "column") : NULL;
    if (!want(reading, prefix, entry, json_is_object(entry), "an object")) {
        return;
    }
    if (!name || !json_is_string(name)) {
        fail(reading, prefix, "needs \"column\", its name");
        return;
    }
    join(key, prefix, "column");
    check_name(reading, key, json_string_value(name));
    const json_t *enabled = json_object_get(entry, "enabled");
    join(key, prefix, "enabled");
    if (reading->ok && enabled && !read_bool(reading, key, enabled)) {
        if (reading->ok) {
            remove_column(reading, key, table, json_string_value(name));
        }
        return;
    }
    struct column *column = mapping_find_column(table, json_string_value(name));
    if (reading->ok && !column) {
        column = add_column(reading, prefix, table, json_string_value(name), entry);
    }
    if (reading->ok) {
        read_keys(reading, prefix, entry, column);
    }
}

/* ---- known words ---- */

/* A name as it is stored: UPPER_SNAKE of an event type, lower case of another word. Terminated. */
static size_t canonical_name(enum message_kind kind, const char *name, char *out)
{
    size_t len = event_type_canonical(span_of(name), out);
    for (size_t i = 0; i < len && kind != MESSAGE_EVENTS; i++) {
        out[i] = ascii_lower(out[i]);
    }
    out[len] = '\0';
    return len;
}

static size_t find_type(struct reading *reading, const char *key, const char *name)
{
    struct mapping *mapping = reading->mapping;
    struct vocabulary *words = &mapping->words[reading->kind];
    for (size_t i = 0; i < words->term_count; i++) {
        if (strcmp(words->terms[i].name, name) == 0) {
            return i;
        }
    }
    if (words->term_count == MAPPING_MAX_TYPES) {
        fail(reading, key, "more than %d types", MAPPING_MAX_TYPES);
        return 0;
    }
    struct term *grown = mapping_grow(mapping, words->terms, words->term_count, sizeof *grown);
    char *canonical = mapping_alloc(mapping, 2 * strlen(name) + 1);
    if (!grown || !canonical) {
        fail(reading, key, "no memory");
        return 0;
    }
    if (canonical_name(reading->kind, name, canonical) == 0) {
        fail(reading, key, "holds no letter");
        return 0;
    }
    if (strcmp(canonical, name) != 0) {
        fail(reading, key, "\"%s\" is not canonical, write %s", name, canonical);
        return 0;
    }
    grown[words->term_count] = (struct term){canonical, reading->kind == MESSAGE_STATUS ? "" : "unknown"};
    words->terms = grown;
    return words->term_count++;
}

static void read_alias(struct reading *reading, const char *key, const json_t *value, size_t type)
{
    const char *taken = NULL;
    char space[2 * EVENT_TYPE_MAX_BYTES + 1];
    if (!want(reading, key, value, json_is_string(value), "a text")) {
        return;
    }
    const char *alias = json_string_value(value);
    if (strlen(alias) > EVENT_TYPE_MAX_BYTES) {
        fail(reading, key, "longer than %d bytes", EVENT_TYPE_MAX_BYTES);
    } else if (event_type_canonical(span_of(alias), space) == 0) {
        fail(reading, key, "holds no letter");
    } else if (reading->mapping->words[reading->kind].alias_count == MAPPING_MAX_ALIASES) {
        fail(reading, key, "more than %d aliases", MAPPING_MAX_ALIASES);
    } else if (!mapping_add_alias(reading->mapping, reading->kind, alias, type, &taken)) {
        fail(reading, key, "\"%s\" %s %s", alias,
             taken ? "already means" : "could not be kept:", taken ? taken : "no memory");
    }
}

static void read_aliases(struct reading *reading, const char *key, const json_t *value, size_t type)
{
    char item[KEY_BYTES];
    if (!want(reading, key, value, json_is_array(value), "an array of texts")) {
        return;
    }
    for (size_t i = 0; i < json_array_size(value) && reading->ok; i++) {
        join_index(item, key, i);
        read_alias(reading, item, json_array_get(value, i), type);
    }
}

static void read_severity(struct reading *reading, const char *key, const json_t *value, struct term *type)
{
    if (!want(reading, key, value, json_is_string(value), "a text")) {
        return;
    }
    size_t len = json_string_length(value);
    if (len == 0 || len > SEVERITY_MAX_BYTES) {
        fail(reading, key, "must be 1 to %d bytes", SEVERITY_MAX_BYTES);
        return;
    }
    type->severity = keep(reading, json_string_value(value));
}

static void read_word(struct reading *reading, const char *prefix, const char *name, json_t *entry)
{
    char key[KEY_BYTES];
    if (!want(reading, prefix, entry, json_is_object(entry), "an object")) {
        return;
    }
    size_t type = find_type(reading, prefix, name);
    const char *taken = NULL;
    if (reading->ok && !mapping_add_alias(reading->mapping, reading->kind, name, type, &taken)) {
        fail(reading, prefix, "already means %s", taken ? taken : "nothing: no memory");
    }
    for (void *it = json_object_iter(entry); it && reading->ok; it = json_object_iter_next(entry, it)) {
        const char *what = json_object_iter_key(it);
        const json_t *value = json_object_iter_value(it);
        join(key, prefix, what);
        if (strcmp(what, "aliases") == 0) {
            read_aliases(reading, key, value, type);
        } else if (strcmp(what, "severity") != 0) {
            fail(reading, key, "is neither severity nor aliases");
        } else if (reading->kind == MESSAGE_STATUS) {
            fail(reading, key, "a status has no severity");
        } else {
            read_severity(reading, key, value, &reading->mapping->words[reading->kind].terms[type]);
        }
    }
}

static void read_types(struct reading *reading, const char *prefix, json_t *value)
{
    char key[KEY_BYTES];
    if (!want(reading, prefix, value, json_is_object(value), "an object")) {
        return;
    }
    for (void *it = json_object_iter(value); it && reading->ok; it = json_object_iter_next(value, it)) {
        join(key, prefix, json_object_iter_key(it));
        read_word(reading, key, json_object_iter_key(it), json_object_iter_value(it));
    }
}

/* ---- sections ---- */

static void read_columns(struct reading *reading, const char *prefix, const json_t *value, struct table_map *table)
{
    char key[KEY_BYTES];
    if (!want(reading, prefix, value, json_is_array(value), "an array of columns")) {
        return;
    }
    if (json_array_size(value) > ENTRIES_MAX) {
        fail(reading, prefix, "holds more than %d entries", ENTRIES_MAX);
        return;
    }
    for (size_t i = 0; i < json_array_size(value) && reading->ok; i++) {
        join_index(key, prefix, i);
        read_column(reading, key, json_array_get(value, i), table);
    }
    mapping_find_position(table);
}

static void read_section(struct reading *reading, enum message_kind kind, json_t *section)
{
    char key[KEY_BYTES];
    const char *prefix = message_kind_name(kind);
    struct table_map *table = &reading->mapping->tables[kind];
    reading->kind = kind;
    if (!want(reading, prefix, section, json_is_object(section), "an object")) {
        return;
    }
    for (void *it = json_object_iter(section); it && reading->ok; it = json_object_iter_next(section, it)) {
        const char *name = json_object_iter_key(it);
        json_t *value = json_object_iter_value(it);
        join(key, prefix, name);
        if (strcmp(name, "device_no") == 0) {
            read_paths(reading, key, value, table->device_no, &table->device_no_count);
        } else if (strcmp(name, "time") == 0) {
            read_paths(reading, key, value, table->time, &table->time_count);
        } else if (strcmp(name, "columns") == 0) {
            read_columns(reading, key, value, table);
        } else if (strcmp(name, "types") == 0 && kind != MESSAGE_TELEMETRY) {
            read_types(reading, key, value);
        } else {
            fail(reading, key, "is none of device_no, time, columns%s", kind != MESSAGE_TELEMETRY ? ", types" : "");
        }
    }
}

static void read_root(struct reading *reading, json_t *root)
{
    for (void *it = json_object_iter(root); it && reading->ok; it = json_object_iter_next(root, it)) {
        int kind = 0;
        while (kind < MESSAGE_KINDS &&
               strcmp(json_object_iter_key(it), message_kind_name((enum message_kind)kind)) != 0) {
            kind++;
        }
        if (kind == MESSAGE_KINDS) {
            fail(reading, json_object_iter_key(it), "is none of telemetry, events, status, acks");
        } else {
            read_section(reading, (enum message_kind)kind, json_object_iter_value(it));
        }
    }
}

/* jansson skips a NUL behind a number, so it is looked for first. */
static bool has_nul(struct span text, const char *file, struct err *err)
{
    const char *nul = text.len > 0 ? memchr(text.ptr, '\0', text.len) : NULL;
    size_t line = 1;
    for (const char *c = text.ptr; nul && c < nul; c++) {
        line += *c == '\n';
    }
    if (nul) {
        err_set(err, (size_t)(nul - text.ptr), "%s:%zu: NUL character", file, line);
    }
    return nul != NULL;
}

bool mapping_overlay_text(struct mapping *mapping, struct span text, const char *file, struct err *err)
{
    struct reading reading = {.mapping = mapping, .file = file, .text = text, .err = err, .ok = true};
    json_error_t error;
    if (has_nul(text, file, err)) {
        return false;
    }
    json_t *root = json_loadb(text.ptr, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!root) {
        bool no_memory = error.text[0] == '\0' || json_error_code(&error) == json_error_out_of_memory;
        err_set(err, (size_t)(error.position > 0 ? error.position : 0), "%s:%d: %s", file,
                error.line > 0 ? error.line : 1, no_memory ? "no memory" : error.text);
        return false;
    }
    if (json_is_object(root)) {
        read_root(&reading, root);
    } else {
        err_set(err, 0, "%s:1: must be an object, not %s", file, kind_name(root));
        reading.ok = false;
    }
    json_decref(root);
    return reading.ok;
}

bool mapping_overlay(struct mapping *mapping, const char *file, struct err *err)
{
    FILE *in = fopen(file, "rb");
    if (!in) {
        err_set(err, 0, "%s: %s", file, strerror(errno));
        return false;
    }
    char *text = malloc((size_t)MAPPING_FILE_MAX_BYTES + 1);
    if (!text) {
        err_set(err, 0, "%s: no memory", file);
        fclose(in);
        return false;
    }
    size_t len = fread(text, 1, (size_t)MAPPING_FILE_MAX_BYTES + 1, in);
    bool readable = !ferror(in);
    bool ok = false;
    if (!readable) {
        err_set(err, 0, "%s: %s", file, strerror(errno));
    } else if (len > MAPPING_FILE_MAX_BYTES) {
        err_set(err, 0, "%s: larger than %d bytes", file, MAPPING_FILE_MAX_BYTES);
    } else {
        ok = mapping_overlay_text(mapping, (struct span){text, len}, file, err);
    }
    fclose(in);
    free(text);
    return ok;
}
