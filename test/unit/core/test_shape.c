#include <string.h>

#include "core/path_table.h"
#include "core/shape.h"
#include "support.h"

#define ARENA_BYTES ((size_t)64 * 1024)

static const struct json_limits limits = {32, 8192};
static struct arena arena;

static void make_arena(void)
{
    ck_assert(arena_init(&arena, ARENA_BYTES));
}

static void free_arena(void)
{
    arena_free(&arena);
}

/* Columns with a blank between, paths of one with a bar between: "a.0 a.1 b|c". */
static void make_table(struct path_table *table, const char *columns)
{
    char text[1024];
    char *other_columns = text;
    size_t column = 0;
    path_table_begin(table);
    ck_assert_uint_lt(strlen(columns), sizeof text);
    memcpy(text, columns, strlen(columns) + 1);
    for (char *paths = strtok_r(text, " ", &other_columns); paths; paths = strtok_r(NULL, " ", &other_columns)) {
        char *other_paths = paths;
        for (char *path = strtok_r(paths, "|", &other_paths); path; path = strtok_r(NULL, "|", &other_paths)) {
            path_table_add(table, column, path);
        }
        column++;
    }
}

static bool holds_nothing(const struct lookup_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        size_t used;
        if (lookup_find(paths, i, &used)->kind != JSON_KIND_ABSENT && used == paths->paths[i].count) {
            return false;
        }
    }
    return true;
}

/* As core/columns.c goes: columns in their order, then what no column takes, then equal keys. */
static void note_all(struct shape *shape, const struct table_map *map, const struct lookup *lookup)
{
    for (size_t c = 0; c < map->column_count; c++) {
        const struct lookup_paths *paths = &lookup_columns(lookup)[c];
        if (holds_nothing(paths)) {
            shape_note_absent(shape, paths);
        }
    }
    shape_note_surplus(shape, map, lookup);
    shape_note_repeated(shape, lookup);
}

#define ZONES "e.t.0 e.t.1 e.t.2 e.x"

/* plugin/README.md, Anomalies. */
static const struct {
    const char *name;
    const char *columns;
    const char *text;
    const char *notes;
} cases[] = {
    {"all is there", ZONES, "{\"e\":{\"t\":[1,2,3],\"x\":4}}", ""},
    {"fewer than there may be", ZONES, "{\"e\":{\"t\":[1],\"x\":4}}", ""},
    {"nothing is there", ZONES, "{}", ""},
    {"a null element is a value's affair", ZONES, "{\"e\":{\"t\":[null]}}", ""},
    {"an array that is null", ZONES, "{\"e\":{\"t\":null}}", "e.t=null no value"},
    {"an array that is empty", ZONES, "{\"e\":{\"t\":[]}}", "e.t=[] empty"},
    {"an array that is an object", ZONES, "{\"e\":{\"t\":{\"a\":1}}}", "e.t={...} not an array"},
    {"an array that is an empty object", ZONES, "{\"e\":{\"t\":{}}}", "e.t={...} not an array"},
    {"an object with one of the positions", ZONES, "{\"e\":{\"t\":{\"2\":1}}}", ""},
    {"an object with a position that nobody takes", ZONES, "{\"e\":{\"t\":{\"3\":1}}}", "e.t={...} not an array"},
    {"an array that is missing", ZONES, "{\"e\":{\"x\":1}}", "e.t= missing"},
    {"... and its section is empty", ZONES, "{\"e\":{}}", "e.t= missing"},
    {"a section that is null", ZONES, "{\"e\":null}", "e=null no value"},
    {"a section that is an array", ZONES, "{\"e\":[1]}", "e=[...] not an object"},
    {"a section that is an empty array", ZONES, "{\"e\":[]}", ""},
    {"a section that is plain", ZONES, "{\"e\":7}", "e=7 not an object or array"},
    {"a section that is a text", ZONES, "{\"e\":\"a\\nb\"}", "e=\"a\\u000ab\" not an object or array"},
    {"a section that is no number", ZONES, "{\"e\":-nan}", "e=-nan not an object or array"},
    {"an array that is plain", ZONES, "{\"e\":{\"t\":false}}", "e.t=false not an object or array"},
    {"elements that are arrays", "e.0.v e.1.v", "{\"e\":[[1],[]]}", "e.0=[...] not an object"},

    /* what is not in an array may be absent, and null */
    {"a null section without arrays", "s.a s.b", "{\"s\":null}", ""},
    {"an empty section without arrays", "s.a s.b", "{\"s\":{}}", ""},
    {"an array for a section without arrays", "s.a s.b", "{\"s\":[1,2]}", "s=[...] not an object"},
    {"a plain value for two sections", "s.a s.b.c", "{\"s\":true}", "s=true not an object or array"},

    /* an array at the top has no section */
    {"an array at the top that is missing", "t.0 t.1 x", "{\"x\":1}", ""},
    {"an array at the top that is null", "t.0 t.1", "{\"t\":null}", "t=null no value"},
    {"an array at the top that is empty", "t.0 t.1", "{\"t\":[]}", "t=[] empty"},

    /* arrays deeper down */
    {"no elements of elements", "a.b.0.c.1 a.b.0.c.2", "{\"a\":{\"b\":[{\"c\":[]}]}}", "a.b.0.c=[] empty"},
    {"null below an element", "a.b.0.c.1", "{\"a\":{\"b\":[{\"c\":null}]}}", "a.b.0.c=null no value"},
    {"missing below an element", "a.b.0.c.1", "{\"a\":{\"b\":[{}]}}", "a.b.0.c= missing"},
    {"missing two below", "a.b.0.c.1", "{\"a\":{}}", "a.b= missing"},
    {"a null section of it", "a.b.0.c.1", "{\"a\":null}", "a=null no value"},
    {"a matrix", "m.0.0 m.0.1 m.1.0", "{\"m\":[[1],[]]}", "m.1=[] empty"},

    /* two arrays, in the order of their columns */
    {"each once", "b.t.0 a.t.0 b.t.1 a.t.1", "{\"a\":{\"t\":[]},\"b\":{\"t\":null}}",
     "b.t=null no value; a.t=[] empty"},

    /* several paths: none of them may give a value */
    {"the other path has it", "e.t.0|f", "{\"e\":{\"t\":[]},\"f\":1}", ""},
    {"neither path has it", "e.t.0|f.t.0", "{\"e\":{\"t\":[]}}", "e.t=[] empty"},
    {"the second has a reason", "f.t.0|e.t.0", "{\"e\":{\"t\":[]}}", "e.t=[] empty"},
    {"both have one: the first", "f.t.0|e.t.0", "{\"e\":{\"t\":[]},\"f\":{}}", "f.t= missing"},
    {"a plain value in the way of the second", "e.t.0|f.v", "{\"e\":{},\"f\":7}", "f=7 not an object or array"},
    {"plain values in the way of both", "e.v|f.v", "{\"e\":8,\"f\":7}",
     "e=8 not an object or array; f=7 not an object or array"},

    /* surplus */
    {"one too many", ZONES, "{\"e\":{\"t\":[1,2,3,4,5]}}", "e.t.3=4 no column"},
    {"one too many that is null", ZONES, "{\"e\":{\"t\":[1,2,3,null]}}", "e.t.3=null no column"},
    {"one too many that is a container", ZONES, "{\"e\":{\"t\":[1,2,3,{}]}}", "e.t.3={...} no column"},
    {"one too many in two arrays", "a.0 b.0", "{\"a\":[1,2],\"b\":[1,\"x\"]}", "a.1=2 no column; b.1=\"x\" no column"},
    {"a hole in the columns", "a.0 a.2", "{\"a\":[1,2,3,4]}", "a.1=2 no column; a.3=4 no column"},
    {"an element of two columns", "a.0 a.0", "{\"a\":[1,2]}", "a.1=2 no column"},

    /* equal keys */
    {"twice", "a", "{\"a\":1,\"a\":2}", "a=2 given twice, the last counts"},
    {"thrice", "a", "{\"a\":1,\"a\":2,\"a\":3}", "a=3 given twice, the last counts"},
    {"a section", "s.a", "{\"s\":{},\"s\":{\"a\":1}}", "s={...} given twice, the last counts"},
    {"an array", "t.0", "{\"t\":[1],\"t\":[2,3]}", "t.1=3 no column; t=[...] given twice, the last counts"},
    {"an escaped key", "ab", "{\"ab\":1,\"\\u0061b\":2}", "ab=2 given twice, the last counts"},
    {"a position as a key", "t.0", "{\"t\":{\"0\":1,\"0\":2}}", "t.0=2 given twice, the last counts"},
    {"in the order in which they came again", "a b", "{\"a\":1,\"b\":1,\"b\":2,\"a\":2}",
     "b=2 given twice, the last counts; a=2 given twice, the last counts"},
    {"nobody's", "a", "{\"x\":1,\"x\":2,\"s\":{\"a\":1,\"a\":2}}", ""},
    {"one that another covers", "s.a", "{\"s\":{\"a\":1,\"a\":2},\"s\":7}",
     "s=7 not an object or array; s=7 given twice, the last counts"},
    {"not twice: in two elements", "t.0.a t.1.a", "{\"t\":[{\"a\":1},{\"a\":2}]}", ""},
    {"all of it", "e.t.0 s.a x", "{\"e\":{},\"s\":1,\"x\":1,\"x\":2}",
     "e.t= missing; s=1 not an object or array; x=2 given twice, the last counts"},
};

static void check(const char *name, const char *columns, struct span text, const char *want)
{
    struct path_table table;
    struct json_report report;
    struct notes notes;
    struct span end = exact(text);
    make_table(&table, columns);
    struct lookup *lookup = lookup_new(&table.map);
    ck_assert_ptr_nonnull(lookup);
    ck_assert_int_eq(lookup_scan(lookup, end, &limits, &report, NULL), JSON_OK);
    ck_assert(notes_begin(&notes, &arena));
    size_t used = arena.used;
    struct shape shape = {.notes = &notes, .arena = &arena};
    note_all(&shape, &table.map, lookup);
    ck_assert_msg(arena.used == used, "%s: keeps %zu bytes", name, arena.used - used);
    ck_assert(!shape.out_of_memory);
    struct span got = notes_text(&notes);
    ck_assert_msg(span_equal(got, span_of(want)), "%s:\n got  %.*s\n want %s", name, (int)got.len, got.ptr, want);
    lookup_free(lookup);
    path_table_end(&table);
    release(end);
}

START_TEST(shapes)
{
    check(cases[_i].name, cases[_i].columns, span_of(cases[_i].text), cases[_i].notes);
}
END_TEST

/* Up to so many places are each noted once, however many columns are below them. */
START_TEST(as_many_places_as_are_remembered)
{
    struct buf columns;
    struct buf text;
    struct buf want;
    buf_init(&columns, 4096);
    buf_init(&text, 4096);
    buf_init(&want, 4096);
    for (int round = 0; round < 2; round++) {
        for (int place = 0; place < SHAPE_MAX_PLACES; place++) {
            buf_format(&columns, "%sp%d.v%d", columns.len > 0 ? " " : "", place, round);
        }
    }
    for (int place = 0; place < SHAPE_MAX_PLACES; place++) {
        buf_format(&text, "%s\"p%d\":%d", place > 0 ? "," : "{", place, place);
        buf_format(&want, "%sp%d=%d not an object or array", place > 0 ? "; " : "", place, place);
    }
    buf_text(&text, "}");
    check("places", text_of(&columns), buf_view(&text), text_of(&want));
    buf_free(&columns);
    buf_free(&text);
    buf_free(&want);
}
END_TEST

/* However many keys are given twice: the first ones are noted. */
START_TEST(many_equal_keys)
{
    struct buf columns;
    struct buf text;
    struct buf want;
    buf_init(&columns, 4096);
    buf_init(&text, 4096);
    buf_init(&want, 4096);
    for (int key = 0; key < 3 * LOOKUP_MAX_REPEATED; key++) {
        buf_format(&columns, "%sk%d", key > 0 ? " " : "", key);
        buf_format(&text, "%s\"k%d\":1,\"k%d\":%d", key > 0 ? "," : "{", key, key, key);
        if (key < LOOKUP_MAX_REPEATED) {
            buf_format(&want, "%sk%d=%d given twice, the last counts", key > 0 ? "; " : "", key, key);
        }
    }
    buf_text(&text, "}");
    check("equal keys", text_of(&columns), buf_view(&text), text_of(&want));
    buf_free(&columns);
    buf_free(&text);
    buf_free(&want);
}
END_TEST

/* A text with escapes that is to be shown, and no memory for it. */
START_TEST(a_full_arena_is_said)
{
    static const struct {
        const char *columns;
        const char *text;
    } texts[] = {
        {"s.a", "{\"s\":\"\\n\"}"},
        {"t.0", "{\"t\":[1,\"\\n\"]}"},
        {"a", "{\"a\":1,\"a\":\"\\n\"}"},
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct path_table table;
        struct json_report report;
        struct notes notes;
        struct arena full;
        make_table(&table, texts[i].columns);
        struct lookup *lookup = lookup_new(&table.map);
        ck_assert_ptr_nonnull(lookup);
        ck_assert_int_eq(lookup_scan(lookup, span_of(texts[i].text), &limits, &report, NULL), JSON_OK);
        ck_assert(arena_init(&full, 0));
        ck_assert(notes_begin(&notes, &arena));
        struct shape shape = {.notes = &notes, .arena = &full};
        note_all(&shape, &table.map, lookup);
        ck_assert_msg(shape.out_of_memory, "%s", texts[i].text);
        arena_free(&full);
        lookup_free(lookup);
        path_table_end(&table);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/shape");
    TCase *tests = tcase_create("core/shape");
    tcase_add_checked_fixture(tests, make_arena, free_arena);
    tcase_add_loop_test(tests, shapes, 0, (int)COUNT(cases));
    tcase_add_test(tests, as_many_places_as_are_remembered);
    tcase_add_test(tests, many_equal_keys);
    tcase_add_test(tests, a_full_arena_is_said);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
