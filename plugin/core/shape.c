#include "core/shape.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES 160 /* of a shown element's path */

/* Was this place noted before? If not, it is now. */
static bool is_noted(struct shape *shape, struct span place)
{
    for (size_t i = 0; i < shape->noted_count; i++) {
        if (span_equal(shape->noted[i], place)) {
            return true;
        }
    }
    if (shape->noted_count < SHAPE_MAX_PLACES) {
        shape->noted[shape->noted_count++] = place;
    }
    return false;
}

static void note_raw(struct shape *shape, struct span place, const struct json_raw *raw, const char *reason)
{
    struct json_value value;
    size_t used = shape->arena->used;
    if (!json_value_read(raw, shape->arena, &value)) {
        shape->out_of_memory = true;
    }
    notes_add_value(shape->notes, place, &value, reason);
    arena_rewind(shape->arena, used);
}

/* ---- nothing there ---- */

static bool is_position(const struct path *path, size_t part)
{
    return part < path->count && path->parts[part].index >= 0;
}

static bool leads_into_array(const struct path *path, size_t part)
{
    for (; part < path->count; part++) {
        if (is_position(path, part)) {
            return true;
        }
    }
    return false;
}

struct verdict {
    const char *value;
    const char *reason; /* "" = it may be so */
    size_t parts;       /* of the path, that name the place */
};

/* The next part of the path is the first that is not there. */
static struct verdict judge(const struct path *path, const struct lookup_gap *gap)
{
    size_t next = gap->used;
    bool is_array = gap->kind == JSON_KIND_ARRAY;
    if (gap->kind == JSON_KIND_NULL && leads_into_array(path, next)) {
        return (struct verdict){"null", "no value", next};
    }
    if (is_array && !is_position(path, next) && gap->has_elements) {
        return (struct verdict){"[...]", "not an object", next};
    }
    if (is_array && is_position(path, next) && !gap->has_elements) {
        return (struct verdict){"[]", "empty", next};
    }
    if (gap->kind == JSON_KIND_OBJECT && is_position(path, next) && !gap->has_elements) {
        return (struct verdict){"{...}", "not an array", next};
    }
    /* a section that is there without its array; one that is not may be sent apart */
    if (gap->kind == JSON_KIND_OBJECT && next > 0 && !is_position(path, next) && is_position(path, next + 1)) {
        return (struct verdict){"", "missing", next + 1};
    }
    return (struct verdict){"", "", 0};
}

static bool note_gap(struct shape *shape, const struct lookup_paths *paths, size_t i)
{
    struct lookup_gap gap;
    const struct path *path = &paths->paths[i];
    if (!lookup_gap(paths, i, &gap)) {
        return false;
    }
    struct verdict verdict = judge(path, &gap);
    if (verdict.reason[0] == '\0') {
        return false;
    }
    struct span place = path_prefix(path, verdict.parts);
    if (!is_noted(shape, place)) {
        notes_add(shape->notes, place, verdict.value, verdict.reason);
    }
    return true;
}

void shape_note_absent(struct shape *shape, const struct lookup_paths *paths)
{
    bool is_blocked = false;
    for (size_t i = 0; i < paths->count; i++) {
        size_t used = 0;
        const struct json_raw *raw = lookup_find(paths, i, &used);
        if (raw->kind > JSON_KIND_NULL && used < paths->paths[i].count) {
            struct span place = path_prefix(&paths->paths[i], used);
            is_blocked = true;
            if (!is_noted(shape, place)) {
                note_raw(shape, place, raw, "not an object or array");
            }
        }
    }
    for (size_t i = 0; !is_blocked && i < paths->count; i++) {
        if (note_gap(shape, paths, i)) {
            return;
        }
    }
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

/* The element behind the one that the path leads to, if no column takes it. */
static void note_next_element(struct shape *shape, const struct table_map *table, const struct lookup *lookup,
                              size_t column, size_t i)
{
    const struct lookup_paths *paths = &lookup_columns(lookup)[column];
    const struct path *path = &paths->paths[i];
    struct json_value element;
    if (path->parts[path->count - 1].index < 0) {
        return;
    }
    size_t used = shape->arena->used;
    if (!lookup_surplus(paths, i, shape->arena, &element)) {
        shape->out_of_memory = true;
    }
    if (element.kind != JSON_KIND_ABSENT && !is_named_before(table, column, i)) {
        struct span prefix = path_prefix(path, path->count - 1);
        char name[NAME_BYTES];
        snprintf(name, sizeof name, "%.*s.%ld", (int)prefix.len, prefix.ptr, path->parts[path->count - 1].index + 1);
        notes_add_value(shape->notes, span_of(name), &element, "no column");
    }
    arena_rewind(shape->arena, used);
}

void shape_note_surplus(struct shape *shape, const struct table_map *table, const struct lookup *lookup)
{
    for (size_t c = 0; c < table->column_count; c++) {
        for (size_t p = 0; p < table->columns[c].path_count; p++) {
            note_next_element(shape, table, lookup, c, p);
        }
    }
}

/* ---- equal keys ---- */

void shape_note_repeated(struct shape *shape, const struct lookup *lookup)
{
    for (size_t i = 0; i < lookup_repeated_count(lookup); i++) {
        struct span place;
        const struct json_raw *raw = lookup_repeated(lookup, i, &place);
        if (raw->kind != JSON_KIND_ABSENT) {
            note_raw(shape, place, raw, "given twice, the last counts");
        }
    }
}
