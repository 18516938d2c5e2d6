/* core/mapping_builtin.h - the mapping as it is built in: columns with their paths, types and
 * limits, and the words that are known with their severities and aliases. Data and nothing else; core/mapping.h
 * makes of it what the pipeline works with, and a site's file (core/mapping_file.h) changes that.
 */
#ifndef VENDING_CORE_MAPPING_BUILTIN_H
#define VENDING_CORE_MAPPING_BUILTIN_H

#include <stdbool.h>
#include <stddef.h>

#include "core/mapping.h"

#define MAPPING_BUILTIN_MAX_ALIASES 16

/* As struct column has it, with paths as text. Limits count for numbers alone. */
struct mapping_builtin_column {
    const char *name;
    const char *paths[COLUMN_MAX_PATHS]; /* NULL after the last */
    enum column_type type;
    const char *unit;
    double min, max;
    size_t max_bytes;
    double faults[COLUMN_MAX_FAULTS];
    size_t fault_count;
    enum column_form form;
    enum column_words words;
    enum column_part part;
    bool required;
};

struct mapping_builtin_term {
    const char *name; /* canonical */
    const char *severity;
    const char *aliases[MAPPING_BUILTIN_MAX_ALIASES]; /* in any spelling; NULL after the last */
};

struct mapping_builtin_table {
    const char *measurement;
    const char *device_no[COLUMN_MAX_PATHS];
    const char *time[COLUMN_MAX_PATHS];
    const struct mapping_builtin_column *columns;
    size_t column_count;
    const struct mapping_builtin_term *terms;
    size_t term_count;
};

extern const struct mapping_builtin_table mapping_builtin_tables[MESSAGE_KINDS];

#endif
