/* core/lookup.h - the values of a table's mapped paths, found in one walk over a payload's text.
 *
 * The paths are a tree: each part is a node below the part before it. While json/scan.h reads the
 * text, a key leads from its container's node to its own, and a value is left at the node where it
 * stands. Nothing is built, and nothing is cleared between messages: what is left at a node counts
 * only while its container is the one that was met last.
 */
#ifndef VENDING_CORE_LOOKUP_H
#define VENDING_CORE_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/span.h"
#include "core/mapping.h"
#include "json/scan.h"
#include "json/value.h"

struct lookup;

/* A name's bytes at both ends, which overlap in a short one: up to 16 they are the name. */
struct lookup_name_words {
    uint64_t head, tail;
};

/* A part of a path, below the part before it. */
struct lookup_node {
    /* What the text has there, current while container_serial is the container's serial. */
    struct json_raw raw;
    uint64_t serial; /* of this value */
    uint64_t container_serial;
    struct lookup_node *parent; /* NULL = this is the text's own value */
    struct lookup_name_words words;
    const char *name;
    size_t name_len;
    uint32_t id;        /* one for each node, never 0 */
    int32_t index;      /* as an array position, -1 if it is none */
    int32_t last_index; /* the highest position among its children, -1 if there is none */
    uint16_t depth;     /* parts that lead to it */
    struct span path;   /* those parts, as the mapping has them */
    uint64_t filled;    /* the serial of its container, if that has elements */
    /* The element behind it, where that has no node. */
    uint64_t surplus_serial; /* of the array */
    struct json_raw surplus;
};

/* For the columns, device numbers and times of a table, which must outlive it and stay as it is.
 * NULL = no memory. */
MUST_USE struct lookup *lookup_new(const struct table_map *table);
void lookup_free(struct lookup *lookup);

/* Reads a text as json_scan_text() does, and keeps where the values are: text must stay until the
 * next call. */
MUST_USE enum json_status lookup_scan(struct lookup *lookup, struct span text, const struct json_limits *limits,
                                      struct json_report *report, struct err *err);

/* The paths of one column, or of the device number or the time: the first that holds a value
 * counts. */
struct lookup_paths {
    const struct path *paths; /* the table's own */
    size_t count;
    const struct lookup_node *nodes[COLUMN_MAX_PATHS]; /* where they lead to */
};

const struct lookup_paths *lookup_columns(const struct lookup *lookup); /* as many as the table has */
const struct lookup_paths *lookup_device_no(const struct lookup *lookup);
const struct lookup_paths *lookup_time(const struct lookup *lookup);

/* Is what stands at the node of the last text, and of the last of equal keys on the way? */
static inline bool lookup_is_current(const struct lookup_node *node)
{
    for (; node->parent; node = node->parent) {
        if (node->container_serial != node->parent->serial) {
            return false;
        }
    }
    return true;
}

/* The value at the i-th of the paths, as the last text has it; of equal keys the last counts. *used
 * gets the number of parts that led to it: paths[i].count when the path was walked to its end (an
 * absent last key is JSON_KIND_ABSENT), fewer when the way was blocked by a value that is neither
 * object nor array, which is then returned. A null on the way, and an array position past the end,
 * is JSON_KIND_ABSENT. */
const struct json_raw *lookup_find(const struct lookup_paths *paths, size_t i, size_t *used);

/* Where the way to a value ends before it. */
struct lookup_gap {
    enum json_kind kind; /* of what is there */
    size_t used;         /* parts that led to it */
    bool has_elements;   /* of an array: it is not empty; of an object: a mapped position is a key of it */
};

/* The gap on the i-th of the paths. false = a value is at its end. */
MUST_USE bool lookup_gap(const struct lookup_paths *paths, size_t i, struct lookup_gap *gap);

/* Mapped places, and what leads to them, that the last text has twice: how many, up to
 * LOOKUP_MAX_REPEATED, and what counts there (absent where another of equal keys covers it). */
#define LOOKUP_MAX_REPEATED 8
size_t lookup_repeated_count(const struct lookup *lookup);
const struct json_raw *lookup_repeated(const struct lookup *lookup, size_t i, struct span *path);

/* false = lookup_surplus() finds nothing in the last text, whatever it is asked. */
bool lookup_has_surplus(const struct lookup *lookup);

/* Where the i-th of the paths leads to an array's element, and no path to the one behind it: that
 * one. JSON_KIND_ABSENT = the array ends there. false = the arena is full. */
MUST_USE bool lookup_surplus(const struct lookup_paths *paths, size_t i, struct arena *arena, struct json_value *value);

#endif
