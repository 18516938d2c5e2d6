/* core/path.h - where a value is in a payload: the names of keys and positions of arrays on the
 * way. */
#ifndef VENDING_CORE_PATH_H
#define VENDING_CORE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"
#include "base/span.h"

#define PATH_MAX_PARTS 8

/* "environment.freezer_temps.2", split once when the mapping is loaded. */
struct path {
    const char *text; /* as written, terminated */
    size_t count;
    struct {
        const char *name; /* terminated */
        long index;       /* the name as an array position, -1 if it is none; "01" is none */
    } parts[PATH_MAX_PARTS];
};

/* Splits at dots. storage holds strlen(text) + 1 bytes and must live as long as the path, as must
 * text. false = empty, an empty part, or more than PATH_MAX_PARTS parts. */
MUST_USE bool path_split(struct path *path, const char *text, char *storage);

/* The text of the first `parts` parts, at most path->count. */
struct span path_prefix(const struct path *path, size_t parts);

struct span path_text(const struct path *path);

#endif
