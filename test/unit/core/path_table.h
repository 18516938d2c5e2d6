/* path_table.h - a table whose columns are nothing but paths, for what reads values by path. */
#ifndef VENDING_TEST_CORE_PATH_TABLE_H
#define VENDING_TEST_CORE_PATH_TABLE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/lookup.h"
#include "core/mapping.h"

#define PATH_TABLE_COLUMNS 96

struct path_table {
    struct table_map map;
    struct column columns[PATH_TABLE_COLUMNS];
    /* owned: each path's text, and its parts behind it */
    char *texts[PATH_TABLE_COLUMNS * COLUMN_MAX_PATHS];
    size_t text_count;
};

static inline void path_table_begin(struct path_table *table)
{
    *table = (struct path_table){.map = {.measurement = "test"}};
    table->map.columns = table->columns;
}

/* One more path of a column, which may be the one behind the last. */
static inline void path_table_add(struct path_table *table, size_t column, const char *path)
{
    size_t size = strlen(path) + 1;
    char *text = malloc(2 * size);
    ck_assert_ptr_nonnull(text);
    memcpy(text, path, size);
    ck_assert_uint_lt(column, PATH_TABLE_COLUMNS);
    struct column *to = &table->columns[column];
    ck_assert_uint_lt(to->path_count, COLUMN_MAX_PATHS);
    ck_assert_msg(path_split(&to->paths[to->path_count++], text, text + size), "%s is no path", path);
    table->texts[table->text_count++] = text;
    table->map.column_count = column < table->map.column_count ? table->map.column_count : column + 1;
}

static inline void path_table_end(struct path_table *table)
{
    while (table->text_count > 0) {
        free(table->texts[--table->text_count]);
    }
}

/* The lookup of a table that has no other path. */
static inline struct lookup *path_table_of_one(struct path_table *table, const char *path)
{
    path_table_begin(table);
    path_table_add(table, 0, path);
    struct lookup *lookup = lookup_new(&table->map);
    ck_assert_ptr_nonnull(lookup);
    return lookup;
}

/* What stands at the i-th of the paths, read. false = the arena is full. */
static inline bool path_table_get(const struct lookup_paths *paths, size_t i, struct arena *arena,
                                  struct json_value *value, size_t *used)
{
    return json_value_read(lookup_find(paths, i, used), arena, value);
}

#endif
