/* jansson_walk.h - what core/lookup.h answers, as jansson's tree of the same text has it
 * (json_repair_text() for the parser). */
#ifndef VENDING_TEST_CORE_JANSSON_WALK_H
#define VENDING_TEST_CORE_JANSSON_WALK_H

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "core/mapping.h"
#include "json/value.h"

static inline struct json_value jansson_walk_value(const json_t *node)
{
    static const enum json_kind kinds[] = {
        [JSON_OBJECT] = JSON_KIND_OBJECT, [JSON_ARRAY] = JSON_KIND_ARRAY, [JSON_STRING] = JSON_KIND_TEXT,
        [JSON_INTEGER] = JSON_KIND_INT,   [JSON_REAL] = JSON_KIND_REAL,   [JSON_TRUE] = JSON_KIND_BOOL,
        [JSON_FALSE] = JSON_KIND_BOOL,    [JSON_NULL] = JSON_KIND_NULL,
    };
    if (!node) {
        return (struct json_value){.kind = JSON_KIND_ABSENT};
    }
    return (struct json_value){
        .kind = kinds[json_typeof(node)],
        .b = json_is_true(node),
        .i = json_integer_value(node),
        .r = json_real_value(node),
        .text = {json_string_value(node), json_string_length(node)},
    };
}

static inline const json_t *jansson_walk_child(const json_t *node, const struct path *path, size_t part)
{
    long index = path->parts[part].index;
    if (json_is_object(node)) {
        return json_object_get(node, path->parts[part].name);
    }
    return json_is_array(node) && index >= 0 ? json_array_get(node, (size_t)index) : NULL;
}

/* The value at a path; *used as lookup_find() says it. */
static inline struct json_value jansson_walk(const json_t *node, const struct path *path, size_t *used)
{
    size_t depth = 0;
    while (depth < path->count && (json_is_object(node) || json_is_array(node))) {
        node = jansson_walk_child(node, path, depth++);
    }
    bool is_blocked = depth < path->count && node && !json_is_null(node);
    *used = is_blocked ? depth : path->count;
    return jansson_walk_value(depth < path->count && !is_blocked ? NULL : node);
}

static inline bool jansson_walk_has_path_to(const struct path *paths, size_t count, const struct path *to)
{
    for (size_t i = 0; i < count; i++) {
        bool same = paths[i].count >= to->count;
        for (size_t part = 0; same && part < to->count; part++) {
            same = strcmp(paths[i].parts[part].name, to->parts[part].name) == 0;
        }
        if (same) {
            return true;
        }
    }
    return false;
}

/* The element behind the path's, unless a path leads there. */
static inline struct json_value jansson_walk_surplus(const json_t *root, const struct table_map *map,
                                                     const struct path *path)
{
    char digits[32];
    struct path next = *path;
    long index = path->parts[path->count - 1].index + 1;
    snprintf(digits, sizeof digits, "%ld", index);
    next.parts[path->count - 1].name = digits;
    next.parts[path->count - 1].index = index;
    bool is_mapped = false;
    for (size_t c = 0; c < map->column_count; c++) {
        is_mapped = is_mapped || jansson_walk_has_path_to(map->columns[c].paths, map->columns[c].path_count, &next);
    }
    const json_t *array = root;
    for (size_t part = 0; part + 1 < path->count; part++) {
        array = jansson_walk_child(array, path, part);
    }
    bool has_one = index > 0 && !is_mapped && json_is_array(array);
    return jansson_walk_value(has_one ? json_array_get(array, (size_t)index) : NULL);
}

/* Where the way to a path's end ends before it, as lookup_gap() says it; false = it does not. */
static inline bool jansson_walk_gap(const json_t *node, const struct path *path, struct json_value *there, size_t *used)
{
    *used = 0;
    while (*used < path->count) {
        const json_t *child = jansson_walk_child(node, path, *used);
        if (!child) {
            break;
        }
        node = child;
        ++*used;
    }
    *there = jansson_walk_value(node);
    return *used < path->count || json_is_null(node);
}

/* What stands at the first parts of a path, which are there: does an array have an element, or an
 * object a key that is a mapped position? */
static inline bool jansson_walk_has_elements(const json_t *node, const struct table_map *map, const struct path *path,
                                             size_t parts)
{
    for (size_t part = 0; part < parts; part++) {
        node = jansson_walk_child(node, path, part);
    }
    if (json_is_array(node)) {
        return json_array_size(node) > 0;
    }
    for (size_t c = 0; c < map->column_count; c++) {
        for (size_t p = 0; p < map->columns[c].path_count; p++) {
            const struct path *other = &map->columns[c].paths[p];
            bool is_below = other->count > parts && other->parts[parts].index >= 0;
            for (size_t part = 0; is_below && part < parts; part++) {
                is_below = strcmp(other->parts[part].name, path->parts[part].name) == 0;
            }
            if (is_below && json_object_get(node, other->parts[parts].name)) {
                return true;
            }
        }
    }
    return false;
}

/* A lone surrogate is a NUL in the text for jansson, and a byte that is no UTF-8 here. */
static inline bool jansson_walk_same_text(struct span got, struct span want)
{
    bool same = got.len == want.len;
    for (size_t i = 0; same && i < got.len; i++) {
        same = got.ptr[i] == want.ptr[i] || (got.ptr[i] == '\xFF' && want.ptr[i] == '\0');
    }
    return same;
}

/* The same value; and where its digits are kept, those that would be written. */
static inline bool jansson_walk_same(const struct json_value *got, const struct json_value *want)
{
    char digits[NUMBER_TEXT_BYTES];
    if (got->kind == JSON_KIND_NAN) { /* which jansson has as the text that it is repaired to */
        return want->kind == JSON_KIND_TEXT && span_equal(got->text, want->text);
    }
    if (got->kind != want->kind) {
        return false;
    }
    switch (got->kind) {
    case JSON_KIND_BOOL:
        return got->b == want->b;
    case JSON_KIND_TEXT:
        return jansson_walk_same_text(got->text, want->text);
    case JSON_KIND_INT:
    case JSON_KIND_REAL: {
        bool is_int = got->kind == JSON_KIND_INT;
        size_t len = number_format_double(is_int ? (double)got->i : got->r, digits);
        bool same = is_int ? got->i == want->i : memcmp(&got->r, &want->r, sizeof got->r) == 0;
        return same && (got->digits.len == 0 || span_equal(got->digits, (struct span){digits, len}));
    }
    case JSON_KIND_ABSENT:
    case JSON_KIND_NULL:
    case JSON_KIND_NAN:
    case JSON_KIND_OBJECT:
    case JSON_KIND_ARRAY:
        break;
    }
    return true;
}

#endif
