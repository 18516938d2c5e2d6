/* core/mapping.h - what maps where: one declarative table, built in, changed by a site's JSON file.
 *
 * Columns that are worked out rather than looked up (device_no, time, raw_data, severity, priority,
 * message_id, device_ts, anomalies) are not in it, and no mapped column may have such a name. The
 * file's format is in mapping_file.h.
 */
#ifndef VENDING_CORE_MAPPING_H
#define VENDING_CORE_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"
#include "base/span.h"
#include "core/message.h"
#include "core/path.h"

enum column_type {
    COLUMN_FLOAT,   /* double precision */
    COLUMN_INTEGER, /* integer, 32 bits */
    COLUMN_BIGINT,  /* bigint, 64 bits */
    COLUMN_BOOLEAN, /* boolean */
    COLUMN_TEXT,    /* text */
};
#define COLUMN_TYPES (COLUMN_TEXT + 1)
extern const char *const column_type_names[COLUMN_TYPES]; /* as a mapping file has them */

/* What is done to a text before it is stored. */
enum column_form {
    FORM_PLAIN,
    FORM_LOWER,      /* ASCII letters to lower case: "Online" -> "online" */
    FORM_EVENT_TYPE, /* canonical UPPER_SNAKE through the alias table (event_type.h) */
};
#define COLUMN_FORMS (FORM_EVENT_TYPE + 1)
extern const char *const column_form_names[COLUMN_FORMS];

#define COLUMN_MAX_PATHS 4
#define COLUMN_MAX_FAULTS 4

struct column {
    const char *name; /* of a-z, 0-9 and _ */
    size_t name_len;
    struct path paths[COLUMN_MAX_PATHS]; /* the first that holds a value counts */
    size_t path_count;
    enum column_type type;
    enum column_form form;
    const char *unit; /* "" if none; documentation */
    /* plausible range of a number, inclusive; -INFINITY/INFINITY = none */
    double min, max;
    size_t max_bytes; /* of a text; longer is an anomaly */
    /* a sensor's fault codes: anomalies although within the range */
    double faults[COLUMN_MAX_FAULTS];
    size_t fault_count;
    bool required; /* without it the message is refused */
};

struct table_map {
    const char *measurement; /* = the table */
    struct path device_no[COLUMN_MAX_PATHS];
    size_t device_no_count;
    struct path time[COLUMN_MAX_PATHS];
    size_t time_count;
    struct column *columns;
    size_t column_count;
};

struct event_type {
    const char *name;     /* canonical */
    const char *severity; /* low, medium, high, critical; a site may use others */
};

struct event_alias {
    const char *key;   /* as event_type_key() gives it: upper case, no separators */
    size_t type_index; /* into event_types */
};

struct mapping {
    struct table_map tables[MESSAGE_KINDS];
    struct event_type *event_types;
    size_t event_type_count;
    struct event_alias *event_aliases; /* sorted by key; every type's own name is among them */
    size_t event_alias_count;
    void *storage; /* owns every string and array */
};

/* The built-in mapping. NULL = no memory. */
MUST_USE struct mapping *mapping_new(void);
void mapping_free(struct mapping *mapping);

/* The column of that name, or NULL. */
struct column *mapping_find_column(const struct table_map *table, const char *name);

/* size bytes that live as long as the mapping; NULL = no memory. For core/mapping_file.c. */
MUST_USE void *mapping_alloc(struct mapping *mapping, size_t size);

/* The array with room for one element more than count, each of size bytes; NULL = no memory. An
 * array that grows by this alone, from nothing, takes no more than four times its size. It may
 * move. */
MUST_USE void *mapping_grow(struct mapping *mapping, void *array, size_t count, size_t size);

/* Puts a path's text, copied, behind those in paths. false = not a path, too many, or no memory. */
MUST_USE bool mapping_add_path(struct mapping *mapping, struct path *paths, size_t *count, const char *text);

/* Makes `alias`, in any spelling, mean the type. false = *taken names the type that has it already;
 * or, with *taken NULL, it is longer than EVENT_TYPE_MAX_BYTES, has no letter, or there is no
 * memory. */
MUST_USE bool mapping_add_alias(struct mapping *mapping, const char *alias, size_t type_index, const char **taken);

#endif
