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
    FORM_EVENT_TYPE, /* canonical UPPER_SNAKE through the table of event types */
    FORM_STATUS,     /* through the table of statuses: "Connection lost" -> "offline" */
    FORM_OUTCOME,    /* a command's outcome, of which the severity is stored: "failed" -> "high" */
};
#define COLUMN_FORMS (FORM_OUTCOME + 1)
extern const char *const column_form_names[COLUMN_FORMS];

/* What a boolean may say in words besides true and false, on and off. */
enum column_words {
    WORDS_NONE,
    WORDS_CLOSED, /* closed = true, open = false */
};

/* What a column is to others. */
enum column_part {
    PART_ALONE,
    PART_LATITUDE, /* holds or falls with the longitude */
    PART_LONGITUDE,
};
#define COLUMN_PARTS (PART_LONGITUDE + 1)

#define COLUMN_MAX_PATHS 4
#define COLUMN_MAX_FAULTS 4

struct column {
    const char *name; /* of a-z, 0-9 and _ */
    size_t name_len;
    struct path paths[COLUMN_MAX_PATHS]; /* the first that holds a value counts */
    size_t path_count;
    enum column_type type;
    enum column_form form;
    enum column_words words;
    enum column_part part;
    const char *unit; /* "" if none; a number in text may have it behind (unit.h) */
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
    bool has_position; /* both latitude and longitude are among them */
};

/* A word that is known, and what else it may be called. */
struct term {
    const char *name;     /* canonical: an event type in upper case, another in lower case */
    const char *severity; /* low, medium, high, critical; a site may use others */
};

struct alias {
    const char *key; /* as event_type_key() gives it: upper case, no separators */
    size_t term;     /* its place among the terms */
};

struct vocabulary {
    struct term *terms;
    size_t term_count;
    struct alias *aliases; /* sorted by key; every term's own name is among them */
    size_t alias_count;
};

struct mapping {
    struct table_map tables[MESSAGE_KINDS];
    /* event types, statuses, outcomes of commands; of telemetry nothing */
    struct vocabulary words[MESSAGE_KINDS];
    void *storage; /* owns every string and array */
};

/* The built-in mapping. NULL = no memory. */
MUST_USE struct mapping *mapping_new(void);
void mapping_free(struct mapping *mapping);

/* Sets has_position of a table whose columns have been changed. */
void mapping_find_position(struct table_map *table);

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

/* Makes `alias`, in any spelling, mean a term of that kind. false = *taken names the term that has
 * it already; or, with *taken NULL, it is longer than EVENT_TYPE_MAX_BYTES, has no letter, or there
 * is no memory. */
MUST_USE bool mapping_add_alias(struct mapping *mapping, enum message_kind kind, const char *alias, size_t term,
                                const char **taken);

#endif
