#include "core/mapping.h"

#include <math.h>
#include <stdlib.h>

#include "core/event_type.h"
#include "core/mapping_builtin.h"

const char *const column_type_names[COLUMN_TYPES] = {
    [COLUMN_FLOAT] = "float",     [COLUMN_INTEGER] = "integer", [COLUMN_BIGINT] = "bigint",
    [COLUMN_BOOLEAN] = "boolean", [COLUMN_TEXT] = "text",
};
const char *const column_form_names[COLUMN_FORMS] = {
    [FORM_PLAIN] = "plain",   [FORM_LOWER] = "lower",     [FORM_EVENT_TYPE] = "event_type",
    [FORM_STATUS] = "status", [FORM_OUTCOME] = "outcome",
};

void mapping_find_position(struct table_map *table)
{
    bool has[COLUMN_PARTS] = {false};
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column *column = &table->columns[i];
        has[column->part] = has[column->part] || column->type == COLUMN_FLOAT;
    }
    table->has_position = has[PART_LATITUDE] && has[PART_LONGITUDE];
}

struct column *mapping_find_column(const struct table_map *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, name) == 0) {
            return &table->columns[i];
        }
    }
    return NULL;
}

/* ---- memory: one list of blocks, freed together ---- */

struct block {
    struct block *next;
    max_align_t bytes[];
};

void *mapping_alloc(struct mapping *mapping, size_t size)
{
    struct block *block = calloc(1, sizeof *block + size);
    if (!block) {
        return NULL;
    }
    block->next = mapping->storage;
    mapping->storage = block;
    return block->bytes;
}

/* New memory at each power of two; between them there is room. */
void *mapping_grow(struct mapping *mapping, void *array, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0) {
        return array;
    }
    void *grown = mapping_alloc(mapping, (count > 0 ? 2 * count : 1) * size);
    if (grown && count > 0) {
        memcpy(grown, array, count * size);
    }
    return grown;
}

void mapping_free(struct mapping *mapping)
{
    if (!mapping) {
        return;
    }
    for (struct block *block = mapping->storage; block;) {
        struct block *next = block->next;
        free(block);
        block = next;
    }
    free(mapping);
}

bool mapping_add_path(struct mapping *mapping, struct path *paths, size_t *count, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = mapping_alloc(mapping, 2 * size);
    if (!copy || *count == COLUMN_MAX_PATHS) {
        return false;
    }
    memcpy(copy, text, size);
    if (!path_split(&paths[*count], copy, copy + size)) {
        return false;
    }
    (*count)++;
    return true;
}

/* ---- aliases, sorted by key ---- */

static size_t alias_place(const struct vocabulary *words, const char *key)
{
    size_t place = 0;
    while (place < words->alias_count && strcmp(words->aliases[place].key, key) < 0) {
        place++;
    }
    return place;
}

bool mapping_add_alias(struct mapping *mapping, enum message_kind kind, const char *alias, size_t term,
                       const char **taken)
{
    struct vocabulary *words = &mapping->words[kind];
    char canonical[2 * EVENT_TYPE_MAX_BYTES + 1];
    char key[EVENT_TYPE_MAX_BYTES + 1];
    *taken = NULL;
    if (strlen(alias) > EVENT_TYPE_MAX_BYTES) {
        return false;
    }
    size_t len = event_type_key((struct span){canonical, event_type_canonical(span_of(alias), canonical)}, key);
    key[len] = '\0';
    size_t count = words->alias_count;
    size_t place = alias_place(words, key);
    if (place < count && strcmp(words->aliases[place].key, key) == 0) {
        size_t owner = words->aliases[place].term;
        *taken = owner == term ? NULL : words->terms[owner].name;
        return owner == term;
    }
    struct alias *aliases = mapping_grow(mapping, words->aliases, count, sizeof *aliases);
    char *kept = mapping_alloc(mapping, len + 1);
    if (len == 0 || !aliases || !kept) {
        return false;
    }
    memcpy(kept, key, len + 1);
    memmove(aliases + place + 1, aliases + place, (count - place) * sizeof *aliases);
    aliases[place] = (struct alias){kept, term};
    words->aliases = aliases;
    words->alias_count = count + 1;
    return true;
}

/* ---- building ---- */

static bool add_paths(struct mapping *mapping, struct path *paths, size_t *count,
                      const char *const texts[COLUMN_MAX_PATHS])
{
    for (size_t i = 0; i < COLUMN_MAX_PATHS && texts[i]; i++) {
        if (!mapping_add_path(mapping, paths, count, texts[i])) {
            return false;
        }
    }
    return true;
}

static bool has_limits(const struct mapping_builtin_column *builtin)
{
    return builtin->type == COLUMN_FLOAT || builtin->type == COLUMN_INTEGER || builtin->type == COLUMN_BIGINT;
}

static bool fill_column(struct mapping *mapping, struct column *column, const struct mapping_builtin_column *builtin)
{
    *column = (struct column){
        .name = builtin->name,
        .name_len = strlen(builtin->name),
        .type = builtin->type,
        .form = builtin->form,
        .words = builtin->words,
        .part = builtin->part,
        .unit = builtin->unit,
        .min = has_limits(builtin) ? builtin->min : -INFINITY,
        .max = has_limits(builtin) ? builtin->max : INFINITY,
        .max_bytes = builtin->max_bytes,
        .fault_count = builtin->fault_count,
        .required = builtin->required,
    };
    memcpy(column->faults, builtin->faults, sizeof column->faults);
    return add_paths(mapping, column->paths, &column->path_count, builtin->paths);
}

static bool fill_table(struct mapping *mapping, enum message_kind kind)
{
    struct table_map *table = &mapping->tables[kind];
    const struct mapping_builtin_table *builtin = &mapping_builtin_tables[kind];
    table->measurement = builtin->measurement;
    if (!add_paths(mapping, table->device_no, &table->device_no_count, builtin->device_no) ||
        !add_paths(mapping, table->time, &table->time_count, builtin->time)) {
        return false;
    }
    for (size_t i = 0; i < builtin->column_count; i++) {
        struct column *columns = mapping_grow(mapping, table->columns, i, sizeof *columns);
        if (!columns || !fill_column(mapping, &columns[i], &builtin->columns[i])) {
            return false;
        }
        table->columns = columns;
        table->column_count = i + 1;
    }
    mapping_find_position(table);
    return true;
}

static bool fill_words(struct mapping *mapping, enum message_kind kind)
{
    struct vocabulary *words = &mapping->words[kind];
    const struct mapping_builtin_table *builtin = &mapping_builtin_tables[kind];
    const char *taken;
    for (size_t i = 0; i < builtin->term_count; i++) {
        const struct mapping_builtin_term *term = &builtin->terms[i];
        struct term *grown = mapping_grow(mapping, words->terms, i, sizeof *grown);
        if (!grown) {
            return false;
        }
        grown[i] = (struct term){term->name, term->severity};
        words->terms = grown;
        words->term_count = i + 1;
        bool ok = mapping_add_alias(mapping, kind, term->name, i, &taken);
        for (size_t a = 0; ok && a < MAPPING_BUILTIN_MAX_ALIASES && term->aliases[a]; a++) {
            ok = mapping_add_alias(mapping, kind, term->aliases[a], i, &taken);
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

struct mapping *mapping_new(void)
{
    struct mapping *mapping = calloc(1, sizeof *mapping);
    bool ok = mapping != NULL;
    for (int kind = 0; ok && kind < MESSAGE_KINDS; kind++) {
        ok = fill_table(mapping, (enum message_kind)kind) && fill_words(mapping, (enum message_kind)kind);
    }
    if (!ok) {
        mapping_free(mapping);
        return NULL;
    }
    return mapping;
}
