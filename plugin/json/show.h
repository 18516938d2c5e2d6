/* json/show.h - one JSON value, and how a message to a person shows it. */
#ifndef VENDING_JSON_SHOW_H
#define VENDING_JSON_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum json_kind {
    JSON_KIND_ABSENT,
    JSON_KIND_NULL,
    JSON_KIND_BOOL,
    JSON_KIND_INT,
    JSON_KIND_REAL,
    JSON_KIND_TEXT,
    JSON_KIND_OBJECT,
    JSON_KIND_ARRAY
};

struct json_value {
    enum json_kind kind;
    bool b;
    int64_t i;
    double r;
    struct span text; /* may hold NUL; a view into the document */
    size_t count;     /* elements of an array, members of an object */
};

/* Writes a value as short JSON text, at most size - 1 bytes cut between characters (then ending in
 * "..."), terminated, valid UTF-8 without NUL, line breaks and other controls. Containers are
 * "{...}" and "[...]". size is at least 8. Returns its length. */
size_t json_show_value(const struct json_value *value, char *out, size_t size);

#endif
