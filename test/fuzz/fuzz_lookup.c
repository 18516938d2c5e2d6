/* Anything as JSON, and any paths into it: what is read in one pass is what jansson reads, and what
 * it refuses jansson refuses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/core/jansson_walk.h"
#include "core/lookup.h"
#include "json/repair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_COLUMNS 16
#define MAX_PATHS_BYTES 1024
#define ARENA_BYTES ((size_t)1024 * 1024)

/* More values than an input has bytes. */
static const struct json_limits limits = {JSON_MAX_DEPTH, 100000};

static void require(bool holds, const char *promise, const char *where)
{
    if (!holds) {
        fprintf(stderr, "broken: %s, at %s\n", promise, where);
        abort();
    }
}

struct paths {
    char text[MAX_PATHS_BYTES];
    char storage[MAX_PATHS_BYTES];
    struct column columns[MAX_COLUMNS];
    struct table_map map;
};

/* Paths with blanks between them, each a column; what is none is left out. */
static void split_paths(struct paths *paths, struct span text)
{
    size_t len = text.len < MAX_PATHS_BYTES ? text.len : MAX_PATHS_BYTES - 1;
    *paths = (struct paths){.map = {.measurement = "fuzz", .columns = paths->columns}};
    memcpy(paths->text, text.ptr, len);
    char *rest = NULL;
    for (char *path = strtok_r(paths->text, " ", &rest); path && paths->map.column_count < MAX_COLUMNS;
         path = strtok_r(NULL, " ", &rest)) {
        struct column *column = &paths->columns[paths->map.column_count];
        column->path_count = 1;
        paths->map.column_count += path_split(&column->paths[0], path, paths->storage + (path - paths->text));
    }
}

static json_t *load(struct span text, enum json_repair_mode mode)
{
    char *repaired = malloc(JSON_REPAIR_BYTES(text.len));
    require(repaired != NULL, "there is memory", "the text");
    size_t len = json_repair_text(text, mode, repaired);
    json_t *root = json_loadb(repaired, len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    free(repaired);
    require(root != NULL, "jansson takes what the scan takes, once repaired", "the text");
    return root;
}

static void compare(const struct lookup *lookup, const struct paths *paths, const json_t *root)
{
    static struct arena arena; /* kept: a block of this size is slow to make under the sanitizer */
    require(arena.block || arena_init(&arena, ARENA_BYTES), "there is memory", "the arena");
    arena_reset(&arena);
    for (size_t c = 0; c < paths->map.column_count; c++) {
        const struct lookup_paths *at = &lookup_columns(lookup)[c];
        const struct path *path = &at->paths[0];
        struct json_value got;
        size_t used;
        size_t used_wanted;
        struct json_value want = jansson_walk(root, path, &used_wanted);
        require(json_value_read(lookup_find(at, 0, &used), &arena, &got), "the arena is large enough", path->text);
        require(used == used_wanted, "as many parts are used", path->text);
        require(jansson_walk_same(&got, &want), "the same value is found", path->text);
        want = jansson_walk_surplus(root, &paths->map, path);
        require(lookup_surplus(at, 0, &arena, &got), "the arena is large enough", path->text);
        require(jansson_walk_same(&got, &want), "the same surplus is found", path->text);
    }
}

/* jansson overlooks a NUL behind a number. */
static bool is_refused_by_jansson(struct span text)
{
    json_t *root = json_loadb(text.ptr, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    json_decref(root);
    return !root || memchr(text.ptr, '\0', text.len);
}

static void check_text(struct lookup *lookup, const struct paths *paths, struct span text)
{
    struct json_report report;
    struct json_report alone;
    struct err err = {0};
    enum json_status status = lookup_scan(lookup, text, &limits, &report, &err);
    require(json_scan_text(text, &limits, NULL, &alone, NULL) == status, "the visitor changes nothing", "the text");
    if (status == JSON_OK) {
        require(memcmp(&report, &alone, sizeof report) == 0, "the visitor changes no count", "the text");
        json_t *root = load(text, JSON_REPAIR_FOR_PARSER);
        compare(lookup, paths, root);
        json_decref(root);
        json_decref(load(text, JSON_REPAIR_FOR_JSONB));
    } else {
        require(err.pos <= text.len && err.text[0] != '\0', "a fault has a place and words", "the text");
        require(status == JSON_TOO_DEEP || is_refused_by_jansson(text), "what the scan refuses jansson refuses",
                err.text);
    }
}

/* A line of paths, then the texts, a NUL and a newline between them: nothing of one is seen in the
 * next. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = {(const char *)data, size};
    const char *newline = size > 0 ? memchr(input.ptr, '\n', size) : NULL;
    if (!newline) {
        return 0;
    }
    static struct paths paths;
    split_paths(&paths, (struct span){input.ptr, (size_t)(newline - input.ptr)});
    struct lookup *lookup = lookup_new(&paths.map);
    require(lookup != NULL, "there is memory", "the lookup");
    input = span_after(input, (size_t)(newline - input.ptr) + 1);
    while (input.len > 0) {
        const char *end = input.ptr;
        const char *last = input.ptr + input.len;
        while (end < last && !(end + 1 < last && end[0] == '\0' && end[1] == '\n')) {
            end++;
        }
        size_t len = (size_t)(end - input.ptr);
        check_text(lookup, &paths, (struct span){input.ptr, len});
        input = span_after(input, len + 2 < input.len ? len + 2 : input.len);
    }
    lookup_free(lookup);
    return 0;
}
