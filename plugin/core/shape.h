/* core/shape.h - anomalies of a payload's shape, where no value is at fault: something plain where
 * an object belongs, an array that is missing, empty or longer than the mapping, equal keys
 * (plugin/README.md, Anomalies). Each place is noted once, however many columns are below it.
 */
#ifndef VENDING_CORE_SHAPE_H
#define VENDING_CORE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/span.h"
#include "core/lookup.h"
#include "core/mapping.h"
#include "core/notes.h"

#define SHAPE_MAX_PLACES 16

struct shape {
    struct notes *notes;
    struct arena *arena; /* of texts that are shown */
    struct span noted[SHAPE_MAX_PLACES];
    size_t noted_count;
    bool out_of_memory; /* the arena was full */
    /* Of the column that was absent before this one: what its only path leads from, and whether to an
     * element. One beside it is absent for the same reason. */
    const struct lookup_node *last_parent;
    bool last_is_element;
};

/* Why there is nothing at any of these paths, if that is not how it may be: a plain value in the
 * way, an array in an object's place, and of an array's elements that the array is null, empty, no
 * array, or not in its section. */
void shape_note_absent(struct shape *shape, const struct lookup_paths *paths);

/* Elements that no column takes, the first of each array. */
void shape_note_surplus(struct shape *shape, const struct table_map *table, const struct lookup *lookup);

/* Mapped keys that were given twice. */
void shape_note_repeated(struct shape *shape, const struct lookup *lookup);

#endif
