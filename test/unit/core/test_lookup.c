#include <stdio.h>

#include "core/jansson_walk.h"
#include "core/lookup.h"
#include "core/path_table.h"
#include "support.h"
#include "json/repair.h"
#include "json/show.h"

#define ARENA_BYTES ((size_t)1024 * 1024)
#define TEXT_BYTES ((size_t)1024 * 1024)

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

/* ---- cases: paths and what is found there, blanks between them ---- */

static struct lookup *make_lookup(struct path_table *table, const char *paths)
{
    char copy[256];
    char *rest = copy;
    size_t column = 0;
    ck_assert_uint_lt(strlen(paths), sizeof copy);
    memcpy(copy, paths, strlen(paths) + 1);
    path_table_begin(table);
    for (char *path = strtok_r(copy, " ", &rest); path; path = strtok_r(NULL, " ", &rest)) {
        path_table_add(table, column++, path);
    }
    struct lookup *lookup = lookup_new(&table->map);
    ck_assert_ptr_nonnull(lookup);
    return lookup;
}

static void free_lookup(struct lookup *lookup, struct path_table *table)
{
    lookup_free(lookup);
    path_table_end(table);
}

static void put_value_or_none(struct buf *out, const struct json_value *value)
{
    char shown[64];
    json_show_value(value, shown, sizeof shown);
    buf_text(out, out->len > 0 ? " " : "");
    buf_text(out, value->kind == JSON_KIND_ABSENT ? "-" : shown);
}

/* What is at the first path of each column; where fewer parts led to it than there are, "/" and
 * their number. */
static void put_found(struct buf *out, const struct lookup *lookup, size_t columns)
{
    buf_truncate(out, 0);
    for (size_t c = 0; c < columns; c++) {
        const struct lookup_paths *paths = &lookup_columns(lookup)[c];
        struct json_value value;
        size_t used;
        ck_assert(path_table_get(paths, 0, &arena, &value, &used));
        put_value_or_none(out, &value);
        if (used < paths->paths[0].count) {
            ck_assert(value.kind != JSON_KIND_ABSENT);
            buf_format(out, "/%zu", used);
        }
    }
}

static void put_surplus(struct buf *out, const struct lookup *lookup, size_t columns)
{
    buf_truncate(out, 0);
    for (size_t c = 0; c < columns; c++) {
        struct json_value value;
        ck_assert(lookup_surplus(&lookup_columns(lookup)[c], 0, &arena, &value));
        ck_assert(value.kind == JSON_KIND_ABSENT || lookup_has_surplus(lookup));
        put_value_or_none(out, &value);
    }
}

static enum json_status scan(struct lookup *lookup, struct span text)
{
    struct json_report report;
    return lookup_scan(lookup, text, &limits, &report, NULL);
}

struct found_case {
    const char *name;
    const char *paths;
    const char *text;
    const char *want;
};

static const struct found_case found[] = {
    {"one key", "a", "{\"a\":1}", "1"},
    {"nothing", "a b.d", "{}", "- -"},
    {"in another order", "a b c", "{\"c\":3,\"a\":1,\"b\":2}", "1 2 3"},
    {"among others", "a", "{\"x\":{\"a\":2},\"a\":1,\"y\":[{\"a\":3}]}", "1"},
    {"nested", "a.b.c a.b a.d", "{\"a\":{\"b\":{\"c\":1},\"d\":2}}", "1 {...} 2"},
    {"the same name at several depths", "a a.a a.a.a", "{\"a\":{\"a\":{\"a\":1}}}", "{...} {...} 1"},
    {"the same path twice", "a.b a.b", "{\"a\":{\"b\":1}}", "1 1"},
    {"every kind", "a b c d e f g", "{\"a\":null,\"b\":true,\"c\":-7,\"d\":0.5,\"e\":\"x\",\"f\":{},\"g\":[]}",
     "null true -7 0.5 \"x\" {...} [...]"},
    {"wide numbers are texts", "a b", "{\"a\":1e999,\"b\":99999999999999999999}", "\"1e999\" \"99999999999999999999\""},
    {"as deep as a path goes", "a.b.c.d.e.f.g.h", "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{\"h\":1}}}}}}}}",
     "1"},

    {"equal keys: the last counts", "a", "{\"a\":1,\"b\":0,\"a\":2}", "2"},
    {"the later object lacks what the earlier had", "a.b a.c", "{\"a\":{\"b\":1,\"c\":2},\"a\":{\"c\":3}}", "- 3"},
    {"the later is a scalar", "a.b", "{\"a\":{\"b\":1},\"a\":5}", "5/1"},
    {"the later is null", "a.b", "{\"a\":{\"b\":1},\"a\":null}", "-"},
    {"the later is an array", "a.b", "{\"a\":{\"b\":1},\"a\":[1]}", "-"},
    {"the later array is shorter", "a.0 a.1", "{\"a\":[1,2],\"a\":[3]}", "3 -"},
    {"the later array is empty", "a.0", "{\"a\":[1],\"a\":[]}", "-"},
    {"the later is an object again", "a.b", "{\"a\":{\"b\":1},\"a\":5,\"a\":{\"b\":2}}", "2"},
    {"the earlier was a scalar", "a.b", "{\"a\":5,\"a\":{\"b\":2}}", "2"},
    {"equal keys above", "a.b.c a.b.d", "{\"a\":{\"b\":{\"c\":1,\"d\":2}},\"a\":{\"b\":{\"c\":3}}}", "3 -"},
    {"equal keys below", "a.b.c", "{\"a\":{\"b\":{\"c\":1},\"b\":{}}}", "-"},
    {"equal keys, one with escapes", "a", "{\"a\":1,\"\\u0061\":2}", "2"},

    {"a key with escapes", "a\"b\\c/ x", "{\"a\\\"b\\\\c\\/\":1,\"\\u0078\":2}", "1 2"},
    {"a key beyond the BMP", "\xF0\x9F\x98\x80", "{\"\\ud83d\\ude00\":1}", "1"},
    {"a key as it is and escaped", "\xE5\xBE\xAE", "{\"\\u5fae\":2}", "2"},
    {"what only looks escaped", "u0061", "{\"u0061\":1}", "1"},
    {"a key with NUL", "a\xEF\xBF\xBD", "{\"a\\u0000\":1}", "1"},
    {"a key with half a surrogate", "a\xEF\xBF\xBD", "{\"a\\ud83d\":1}", "1"},
    {"a key with NUL is not the shorter key", "a", "{\"a\\u0000\":1,\"a\\u0000b\":2}", "-"},
    {"prefixes and suffixes", "a ab abc bc c", "{\"ab\":2,\"bc\":4,\"abcd\":9,\"b\":9,\"c\":5,\"a\":1,\"abc\":3}",
     "1 2 3 4 5"},
    {"an empty key", "a", "{\"\":1}", "-"},
    {"a key with a dot is no path", "a.b", "{\"a.b\":1}", "-"},
    {"letters count", "a", "{\"A\":1}", "-"},

    {"positions", "a.0 a.1 a.2", "{\"a\":[1,2,3]}", "1 2 3"},
    {"beyond the end", "a.0 a.1 a.999999", "{\"a\":[1]}", "1 - -"},
    {"only a later one", "a.2", "{\"a\":[1,2,3]}", "3"},
    {"gaps", "a.1 a.3", "{\"a\":[0,1,2,3,4]}", "1 3"},
    {"positions are counted anew", "a.0 b.0", "{\"a\":[1,2],\"b\":[3]}", "1 3"},
    {"values of all kinds count", "a.5", "{\"a\":[1,[2,3],{\"x\":[4]},null,\"\",6]}", "6"},
    {"an object where an array is mapped", "a.0 a.1", "{\"a\":{\"0\":1,\"x\":2}}", "1 -"},
    {"an array where an object is mapped", "a.b", "{\"a\":[1,2]}", "-"},
    {"an object in an array", "a.1.b a.0.b", "{\"a\":[{\"b\":1},{\"b\":2}]}", "2 1"},
    {"an array in an array", "a.1.0 a.0.1", "{\"a\":[[1,2],[3,4]]}", "3 2"},
    {"objects in arrays do not mix", "a.0.b a.1.b a.2.b", "{\"a\":[{\"b\":1},{\"c\":2},{\"b\":3,\"b\":4}]}", "1 - 4"},
    {"a position with a zero in front is a name", "a.01 a.1", "{\"a\":[5,6]}", "- 6"},
    {"... which an object may have", "a.01 a.1", "{\"a\":{\"01\":5}}", "5 -"},
    {"a number at the top is a name", "0", "{\"0\":1}", "1"},
    {"an array that nobody maps", "a", "{\"x\":[1,{\"a\":2}],\"a\":1}", "1"},

    {"a scalar in the way", "a.b.c", "{\"a\":5}", "5/1"},
    {"further down", "a.b.c", "{\"a\":{\"b\":\"x\"}}", "\"x\"/2"},
    {"false in the way", "a.b", "{\"a\":false}", "false/1"},
    {"an element in the way", "a.0.b", "{\"a\":[7]}", "7/2"},
    {"of an array", "a.0", "{\"a\":7}", "7/1"},
    {"null in the way", "a.b.c a.b", "{\"a\":null}", "- -"},
    {"null at the end", "a.b", "{\"a\":{\"b\":null}}", "null"},
    {"null as an element", "a.0 a.0.b", "{\"a\":[null]}", "null -"},

    {"a text that is an array", "0 a", "[1,2]", "1 -"},
    {"a text that is a scalar", "a", "17", "17/0"},
    {"a text that is null", "a", "null", "-"},
};

START_TEST(finds)
{
    const struct found_case *one = &found[_i];
    struct path_table table;
    struct lookup *lookup = make_lookup(&table, one->paths);
    struct span text = exact(span_of(one->text));
    struct buf got;
    buf_init(&got, TEXT_BYTES);
    ck_assert_msg(scan(lookup, text) == JSON_OK, "%s", one->name);
    put_found(&got, lookup, table.map.column_count);
    ck_assert_msg(strcmp(text_of(&got), one->want) == 0, "%s: %s, want %s", one->name, got.ptr, one->want);
    buf_free(&got);
    release(text);
    free_lookup(lookup, &table);
}
END_TEST

static const struct found_case surplus[] = {
    {"none", "a.0 a.1", "{\"a\":[1,2]}", "- -"},
    {"one", "a.0 a.1", "{\"a\":[1,2,3]}", "- 3"},
    {"the first of many", "a.0 a.1", "{\"a\":[1,2,3,4,5]}", "- 3"},
    {"a null", "a.0", "{\"a\":[1,null]}", "null"},
    {"an object", "a.0", "{\"a\":[1,{\"b\":2}]}", "{...}"},
    {"a text with escapes", "a.0", "{\"a\":[1,\"\\u0078\"]}", "\"x\""},
    {"a shorter array", "a.3", "{\"a\":[1,2]}", "-"},
    {"behind a gap, too", "a.0 a.2", "{\"a\":[1,2,3,4]}", "2 4"},
    {"a gap at the front is none", "a.1", "{\"a\":[1,2,3]}", "3"},
    {"the element is mapped further down", "a.0 a.1.b", "{\"a\":[1,{\"b\":2}]}", "- -"},
    {"of an equal key the last", "a.0", "{\"a\":[1,2],\"a\":[3]}", "-"},
    {"of an equal key that is no array", "a.0", "{\"a\":[1,2],\"a\":{\"0\":3}}", "-"},
    {"an equal key above", "a.b.0", "{\"a\":{\"b\":[1,2]},\"a\":{}}", "-"},
    {"an object has none", "a.0", "{\"a\":{\"0\":1,\"1\":2}}", "-"},
    {"arrays in arrays", "a.0.0", "{\"a\":[[1,2],[3]]}", "2"},
    {"no position", "a.b", "{\"a\":[1,2]}", "-"},
};

START_TEST(finds_surplus)
{
    const struct found_case *one = &surplus[_i];
    struct path_table table;
    struct lookup *lookup = make_lookup(&table, one->paths);
    struct buf got;
    buf_init(&got, TEXT_BYTES);
    ck_assert_int_eq(scan(lookup, span_of(one->text)), JSON_OK);
    put_surplus(&got, lookup, table.map.column_count);
    ck_assert_msg(strcmp(text_of(&got), one->want) == 0, "%s: %s, want %s", one->name, got.ptr, one->want);
    buf_free(&got);
    free_lookup(lookup, &table);
}
END_TEST

/* ---- one text after another ---- */

START_TEST(nothing_stays_of_an_earlier_text)
{
    static const struct {
        const char *text;
        bool is_json;
        const char *found;
        const char *surplus;
    } steps[] = {
        {"{\"a\":{\"b\":1,\"c\":[1,2,3]},\"d\":4}", true, "1 2 4", "- 3 -"},
        {"{}", true, "- - -", "- - -"},
        {"{\"a\":{\"b\":1,\"c\":[1,2,3]},\"d\":4}", true, "1 2 4", "- 3 -"},
        {"{\"a\":{}}", true, "- - -", "- - -"},
        {"{\"a\":{\"c\":[9,8]}}", true, "- 8 -", "- - -"},
        {"{\"a\":{\"b\":1,\"c\":[1,2,3]},\"d\":4,", false, NULL, NULL},
        {"{\"d\":5}", true, "- - 5", "- - -"},
        {"{\"a\":{\"b\":1,\"c\":[1,2,3", false, NULL, NULL},
        {"{\"a\":{\"c\":[]}}", true, "- - -", "- - -"},
        {"{\"a\":{\"b\":[[[[", false, NULL, NULL},
        {"{\"a\":{\"b\":2}}", true, "2 - -", "- - -"},
        {"", false, "- - -", "- - -"},
        {"5", true, "5/0 5/0 5/0", "- - -"},
        {"{\"a\":7}", true, "7/1 7/1 -", "- - -"},
        {"{\"a\":null,\"d\":0}", true, "- - 0", "- - -"},
    };
    struct path_table table;
    struct lookup *lookup = make_lookup(&table, "a.b a.c.1 d");
    struct buf got;
    buf_init(&got, TEXT_BYTES);
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct span text = exact(span_of(steps[i].text));
        bool is_json = scan(lookup, text) == JSON_OK;
        ck_assert_msg(is_json == steps[i].is_json, "%zu", i);
        if (steps[i].found) {
            put_found(&got, lookup, 3);
            ck_assert_msg(strcmp(text_of(&got), steps[i].found) == 0, "%zu: %s", i, got.ptr);
            put_surplus(&got, lookup, 3);
            ck_assert_msg(strcmp(text_of(&got), steps[i].surplus) == 0, "%zu, surplus: %s", i, got.ptr);
        }
        release(text);
    }
    buf_free(&got);
    free_lookup(lookup, &table);
}
END_TEST

/* Before the first text there is nothing. */
START_TEST(nothing_at_first)
{
    struct path_table table;
    struct lookup *lookup = make_lookup(&table, "a a.0");
    struct buf got;
    buf_init(&got, TEXT_BYTES);
    put_found(&got, lookup, 2);
    ck_assert_str_eq(text_of(&got), "- -");
    put_surplus(&got, lookup, 2);
    ck_assert_str_eq(text_of(&got), "- -");
    buf_free(&got);
    free_lookup(lookup, &table);
    lookup_free(NULL);
}
END_TEST

START_TEST(says_what_the_scan_says)
{
    struct path_table table;
    struct lookup *lookup = make_lookup(&table, "a");
    struct json_report report;
    struct err err = {0};
    ck_assert_int_eq(lookup_scan(lookup, SPAN_LITERAL("{\"a\":[1e999,\"\\u0000\"]}"), &limits, &report, &err), JSON_OK);
    ck_assert_uint_eq(report.values, 4);
    ck_assert_uint_eq(report.wide_numbers, 1);
    ck_assert_uint_eq(report.bad_escapes, 1);
    ck_assert_int_eq(lookup_scan(lookup, SPAN_LITERAL("{\"a\":}"), &limits, &report, &err), JSON_INVALID);
    ck_assert_uint_eq(err.pos, 5);
    const struct json_limits narrow = {1, 9};
    ck_assert_int_eq(lookup_scan(lookup, SPAN_LITERAL("{\"a\":[1]}"), &narrow, &report, &err), JSON_TOO_DEEP);
    free_lookup(lookup, &table);
}
END_TEST

/* ---- tables ---- */

START_TEST(knows_device_number_and_time)
{
    static const char *const texts[] = {"id", "meta.at", "ts"};
    char storage[COUNT(texts)][16];
    struct path_table table;
    struct json_value value;
    size_t used;
    path_table_begin(&table);
    path_table_add(&table, 0, "ts");
    ck_assert(path_split(&table.map.device_no[0], texts[0], storage[0]));
    table.map.device_no_count = 1;
    ck_assert(path_split(&table.map.time[0], texts[1], storage[1]));
    ck_assert(path_split(&table.map.time[1], texts[2], storage[2]));
    table.map.time_count = 2;
    struct lookup *lookup = lookup_new(&table.map);
    ck_assert_ptr_nonnull(lookup);
    ck_assert_int_eq(scan(lookup, SPAN_LITERAL("{\"meta\":{\"at\":3},\"ts\":2,\"id\":1}")), JSON_OK);
    ck_assert_uint_eq(lookup_device_no(lookup)->count, 1);
    ck_assert(lookup_device_no(lookup)->paths == table.map.device_no);
    ck_assert(path_table_get(lookup_device_no(lookup), 0, &arena, &value, &used));
    ck_assert_int_eq(value.i, 1);
    ck_assert_uint_eq(lookup_time(lookup)->count, 2);
    ck_assert(path_table_get(lookup_time(lookup), 0, &arena, &value, &used));
    ck_assert_int_eq(value.i, 3);
    ck_assert(path_table_get(lookup_time(lookup), 1, &arena, &value, &used));
    ck_assert_int_eq(value.i, 2);
    ck_assert(path_table_get(&lookup_columns(lookup)[0], 0, &arena, &value, &used));
    ck_assert_int_eq(value.i, 2);
    free_lookup(lookup, &table);
}
END_TEST

/* Every path of every column of a table, by its number. */
static void check_numbered(const struct lookup *lookup, size_t columns, int64_t first)
{
    for (size_t c = 0; c < columns; c++) {
        const struct lookup_paths *paths = &lookup_columns(lookup)[c];
        for (size_t p = 0; p < paths->count; p++) {
            struct json_value value;
            size_t used;
            ck_assert(path_table_get(paths, p, &arena, &value, &used));
            ck_assert_msg(value.kind == JSON_KIND_INT && value.i == first++, "%s", paths->paths[p].text);
        }
    }
}

START_TEST(ninety_columns_under_one_object)
{
    struct path_table table;
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    path_table_begin(&table);
    for (size_t c = 0; c < 90; c++) {
        char path[32];
        snprintf(path, sizeof path, "system.value_%zu", c);
        path_table_add(&table, c, path);
        buf_format(&text, "%s\"value_%zu\":%zu", c > 0 ? "," : "{\"system\":{", c, c);
    }
    buf_text(&text, "}}");
    struct lookup *lookup = lookup_new(&table.map);
    ck_assert_ptr_nonnull(lookup);
    ck_assert_int_eq(scan(lookup, buf_view(&text)), JSON_OK);
    check_numbered(lookup, 90, 0);
    buf_free(&text);
    free_lookup(lookup, &table);
}
END_TEST

/* As much as a mapping can hold, no path like another. */
START_TEST(the_largest_table)
{
    struct path_table table;
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    path_table_begin(&table);
    for (size_t c = 0; c < 88; c++) {
        for (size_t p = 0; p < COLUMN_MAX_PATHS; p++) {
            char path[64];
            snprintf(path, sizeof path, "c%zu_%zu.p.q.r.s.t.0.u", c, p);
            path_table_add(&table, c, path);
            buf_format(&text, "%s\"c%zu_%zu\":{\"p\":{\"q\":{\"r\":{\"s\":{\"t\":[{\"u\":%zu}]}}}}}",
                       c + p > 0 ? "," : "{", c, p, COLUMN_MAX_PATHS * c + p);
        }
    }
    buf_text(&text, "}");
    struct lookup *lookup = lookup_new(&table.map);
    ck_assert_ptr_nonnull(lookup);
    ck_assert_int_eq(scan(lookup, buf_view(&text)), JSON_OK);
    check_numbered(lookup, 88, 0);
    buf_free(&text);
    free_lookup(lookup, &table);
}
END_TEST

/* ---- names that differ in one byte ---- */

static const size_t name_lengths[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40};

/* Names of one length: one of the letter alone, and for each place one that differs there. Of every
 * second the document has the value: of the even ones or the odd ones, with escapes or without. */
START_TEST(names_differ_in_any_byte)
{
    size_t len = name_lengths[_i];
    char letters[64];
    memset(letters, 'n', sizeof letters);
    for (size_t variant = 0; variant < 4; variant++) {
        size_t odd = variant % 2;
        bool escaped = variant / 2 > 0;
        struct path_table table;
        struct buf text;
        buf_init(&text, TEXT_BYTES);
        path_table_begin(&table);
        for (size_t c = 0; c <= len; c++) {
            char name[64];
            memset(name, 'n', len);
            name[len] = '\0';
            name[c] = (char)(c < len ? 'm' : '\0');
            path_table_add(&table, c, name);
            if (c % 2 == odd) {
                buf_text(&text, text.len > 0 ? ",\"" : "{\"");
                for (size_t i = 0; i < len; i++) {
                    buf_format(&text, escaped ? "\\u%04x" : "%c", (unsigned char)name[i]);
                }
                buf_format(&text, "\":%zu", c);
            }
        }
        buf_format(&text, ",\"%.*s\":-1,\"%.*s\":-1}", (int)len - 1, letters, (int)len + 1, letters);
        struct lookup *lookup = lookup_new(&table.map);
        ck_assert_ptr_nonnull(lookup);
        struct span end = exact(buf_view(&text));
        ck_assert_int_eq(scan(lookup, end), JSON_OK);
        for (size_t c = 0; c <= len; c++) {
            struct json_value value;
            size_t used;
            ck_assert(path_table_get(&lookup_columns(lookup)[c], 0, &arena, &value, &used));
            bool good =
                c % 2 == odd ? value.kind == JSON_KIND_INT && value.i == (int64_t)c : value.kind == JSON_KIND_ABSENT;
            ck_assert_msg(good, "%zu bytes, the one that differs at %zu", len, c);
        }
        release(end);
        buf_free(&text);
        free_lookup(lookup, &table);
    }
}
END_TEST

/* A name of any length is found in any spelling: here each of its bytes as an escape. */
START_TEST(a_long_name_with_escapes)
{
    char name[701];
    struct buf text;
    struct json_value value;
    size_t used;
    struct path_table table;
    memset(name, 'k', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    buf_init(&text, TEXT_BYTES);
    buf_text(&text, "{\"");
    for (size_t i = 0; i < strlen(name); i++) {
        buf_text(&text, "\\u006b");
    }
    buf_text(&text, "\":1,\"");
    for (size_t i = 0; i < strlen(name) + 1; i++) {
        buf_text(&text, "\\u006b");
    }
    buf_text(&text, "\":2}");
    struct lookup *lookup = path_table_of_one(&table, name);
    ck_assert_int_eq(scan(lookup, buf_view(&text)), JSON_OK);
    ck_assert(path_table_get(&lookup_columns(lookup)[0], 0, &arena, &value, &used));
    ck_assert(value.kind == JSON_KIND_INT && value.i == 1);
    buf_free(&text);
    free_lookup(lookup, &table);
}
END_TEST

/* ---- where a way ends, and what is there twice ---- */

START_TEST(gaps)
{
    static const struct {
        const char *path;
        const char *text;
        bool has_gap;
        struct lookup_gap gap;
    } ways[] = {
        {"a", "{\"a\":1}", false, {JSON_KIND_ABSENT, 0, false}},
        {"a", "{\"a\":{}}", false, {JSON_KIND_ABSENT, 0, false}}, /* a container is a value */
        {"a.b", "{\"a\":{\"b\":[]}}", false, {JSON_KIND_ABSENT, 0, false}},
        {"a", "{}", true, {JSON_KIND_OBJECT, 0, false}},
        {"a", "7", true, {JSON_KIND_INT, 0, false}},
        {"a", "[]", true, {JSON_KIND_ARRAY, 0, false}},
        {"a", "[1]", true, {JSON_KIND_ARRAY, 0, true}},
        {"a", "{\"a\":null}", true, {JSON_KIND_NULL, 1, false}},
        {"a.b", "{\"a\":null}", true, {JSON_KIND_NULL, 1, false}},
        {"a.b", "{\"a\":{\"x\":1}}", true, {JSON_KIND_OBJECT, 1, false}},
        {"a.b", "{\"a\":\"x\"}", true, {JSON_KIND_TEXT, 1, false}},
        {"a.b", "{\"a\":nan}", true, {JSON_KIND_NAN, 1, false}},
        {"a.1", "{\"a\":[]}", true, {JSON_KIND_ARRAY, 1, false}},
        {"a.1", "{\"a\":[1]}", true, {JSON_KIND_ARRAY, 1, true}},
        {"a.1", "{\"a\":[1,null]}", true, {JSON_KIND_NULL, 2, false}},
        {"a.1", "{\"a\":{}}", true, {JSON_KIND_OBJECT, 1, false}},
        {"a.1", "{\"a\":{\"0\":1}}", true, {JSON_KIND_OBJECT, 1, false}}, /* no mapped position */
        {"a.1", "{\"a\":{\"1\":1}}", false, {JSON_KIND_ABSENT, 0, false}},
        {"a.1.b", "{\"a\":{\"1\":{}}}", true, {JSON_KIND_OBJECT, 2, false}},
        {"a.b", "{\"a\":{\"b\":1},\"a\":{}}", true, {JSON_KIND_OBJECT, 1, false}}, /* the last counts */
        {"a.1", "{\"a\":[1,2],\"a\":[]}", true, {JSON_KIND_ARRAY, 1, false}},
        {"a.1", "{\"a\":{\"1\":1},\"a\":{}}", true, {JSON_KIND_OBJECT, 1, false}},
    };
    for (size_t i = 0; i < COUNT(ways); i++) {
        struct path_table table;
        struct lookup_gap gap = {JSON_KIND_ABSENT, 0, false};
        struct span text = exact(span_of(ways[i].text));
        struct lookup *lookup = make_lookup(&table, ways[i].path);
        ck_assert_int_eq(scan(lookup, text), JSON_OK);
        ck_assert_msg(lookup_gap(&lookup_columns(lookup)[0], 0, &gap) == ways[i].has_gap, "%s in %s", ways[i].path,
                      ways[i].text);
        ck_assert_msg(gap.kind == ways[i].gap.kind && gap.used == ways[i].gap.used &&
                          gap.has_elements == ways[i].gap.has_elements,
                      "%s in %s: kind %d, %zu parts, elements %d", ways[i].path, ways[i].text, (int)gap.kind, gap.used,
                      (int)gap.has_elements);
        release(text);
        free_lookup(lookup, &table);
    }
}
END_TEST

static void check_repeated(struct lookup *lookup, const char *text, const char *want)
{
    struct buf got;
    struct span end = exact(span_of(text));
    buf_init(&got, 1024);
    ck_assert_int_eq(scan(lookup, end), JSON_OK);
    for (size_t i = 0; i < lookup_repeated_count(lookup); i++) {
        struct span path;
        struct json_value value;
        char shown[64];
        ck_assert(json_value_read(lookup_repeated(lookup, i, &path), &arena, &value));
        json_show_value(&value, shown, sizeof shown);
        buf_format(&got, "%s%.*s=%s", i > 0 ? " " : "", (int)path.len, path.ptr, shown);
    }
    ck_assert_msg(strcmp(text_of(&got), want) == 0, "%s: %s", text, got.ptr);
    buf_free(&got);
    release(end);
}

START_TEST(equal_keys)
{
    struct path_table table;
    struct lookup *lookup = make_lookup(&table, "a b.c b.d t.0.e t.1.e");
    check_repeated(lookup, "{\"a\":1,\"b\":{\"c\":1}}", "");
    check_repeated(lookup, "{\"a\":1,\"a\":2}", "a=2");
    check_repeated(lookup, "{\"a\":1}", ""); /* nothing stays of it */
    check_repeated(lookup, "{\"a\":1,\"\\u0061\":2,\"a\":3}", "a=3");
    check_repeated(lookup, "{\"x\":1,\"x\":2}", "");
    check_repeated(lookup, "{\"b\":{\"c\":1,\"c\":2},\"a\":1,\"a\":null}", "b.c=2 a=null");
    check_repeated(lookup, "{\"b\":{\"c\":1},\"b\":{\"c\":2}}", "b={...}");
    check_repeated(lookup, "{\"b\":{\"c\":1,\"c\":2},\"b\":{\"d\":3}}", "b.c= b={...}"); /* the inner one is covered */
    check_repeated(lookup, "{\"t\":[{\"e\":1},{\"e\":2}]}", "");
    check_repeated(lookup, "{\"t\":[{\"e\":1},{\"e\":2,\"e\":3}]}", "t.1.e=3");
    check_repeated(lookup, "{\"t\":[],\"t\":[{\"e\":1}]}", "t=[...]");
    check_repeated(lookup, "{\"t\":{\"0\":1,\"0\":{\"e\":2}}}", "t.0={...}");
    free_lookup(lookup, &table);
}
END_TEST

/* Of more than are remembered the first. */
START_TEST(many_equal_keys)
{
    struct path_table table;
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    path_table_begin(&table);
    for (size_t c = 0; c < PATH_TABLE_COLUMNS; c++) {
        char name[8];
        snprintf(name, sizeof name, "k%zu", c);
        path_table_add(&table, c, name);
        buf_format(&text, "%s\"%s\":1,\"%s\":%zu", c > 0 ? "," : "{", name, name, c);
    }
    buf_text(&text, "}");
    struct lookup *lookup = lookup_new(&table.map);
    ck_assert_ptr_nonnull(lookup);
    ck_assert_int_eq(scan(lookup, buf_view(&text)), JSON_OK);
    ck_assert_uint_eq(lookup_repeated_count(lookup), LOOKUP_MAX_REPEATED);
    for (size_t i = 0; i < LOOKUP_MAX_REPEATED; i++) {
        struct span path;
        char name[8];
        snprintf(name, sizeof name, "k%zu", i);
        const struct json_raw *last = lookup_repeated(lookup, i, &path);
        ck_assert(span_equal(path, span_of(name)) && span_equal(last->text, span_of(name + 1)));
    }
    buf_free(&text);
    free_lookup(lookup, &table);
}
END_TEST

/* ---- memory ---- */

START_TEST(a_full_arena_is_said)
{
    struct path_table table;
    struct arena none;
    struct json_value value;
    size_t used;
    struct lookup *lookup = make_lookup(&table, "a.0 b c.x");
    ck_assert(arena_init(&none, 0));
    ck_assert_int_eq(scan(lookup, SPAN_LITERAL("{\"a\":[\"\\n\",\"\\n\"],\"b\":\"plain\",\"c\":\"\\t\"}")), JSON_OK);
    ck_assert(!path_table_get(&lookup_columns(lookup)[0], 0, &none, &value, &used));
    ck_assert_int_eq(value.kind, JSON_KIND_ABSENT);
    ck_assert(!lookup_surplus(&lookup_columns(lookup)[0], 0, &none, &value));
    ck_assert_int_eq(value.kind, JSON_KIND_ABSENT);
    ck_assert(!path_table_get(&lookup_columns(lookup)[2], 0, &none, &value, &used));
    ck_assert_int_eq(value.kind, JSON_KIND_ABSENT);
    ck_assert(path_table_get(&lookup_columns(lookup)[1], 0, &none, &value, &used));
    ck_assert(span_equal(value.text, SPAN_LITERAL("plain")));
    arena_free(&none);
    free_lookup(lookup, &table);
}
END_TEST

/* ---- a second opinion: jansson's tree, walked ---- */

/* Cheaper than check's own assertions, which cost a system call each. */
static void must_be(bool holds, const char *what, const char *path, struct span text)
{
    if (!holds) {
        ck_abort_msg("%s differs at %s of %.*s", what, path, (int)text.len, text.ptr);
    }
}

static void compare_all(const struct lookup *lookup, const struct table_map *map, const json_t *root, struct span text)
{
    arena_reset(&arena);
    for (size_t c = 0; c < map->column_count; c++) {
        const struct lookup_paths *paths = &lookup_columns(lookup)[c];
        must_be(paths->count == map->columns[c].path_count, "count of paths", map->columns[c].paths[0].text, text);
        for (size_t p = 0; p < paths->count; p++) {
            const struct path *path = &paths->paths[p];
            struct json_value got;
            size_t used;
            size_t used_wanted;
            struct json_value want = jansson_walk(root, path, &used_wanted);
            must_be(path_table_get(paths, p, &arena, &got, &used), "memory", path->text, text);
            must_be(used == used_wanted, "used parts", path->text, text);
            must_be(jansson_walk_same(&got, &want), "value", path->text, text);
            want = jansson_walk_surplus(root, map, path);
            must_be(lookup_surplus(paths, p, &arena, &got), "memory", path->text, text);
            must_be(jansson_walk_same(&got, &want), "surplus", path->text, text);
            struct lookup_gap gap;
            bool has_gap = jansson_walk_gap(root, path, &want, &used_wanted);
            must_be(lookup_gap(paths, p, &gap) == has_gap, "a gap", path->text, text);
            if (has_gap) {
                must_be(gap.kind == want.kind, "what is at the gap", path->text, text);
                must_be(gap.used == used_wanted, "where the gap is", path->text, text);
                must_be(gap.has_elements == jansson_walk_has_elements(root, map, path, used_wanted), "having elements",
                        path->text, text);
            }
        }
    }
}

/* A linear congruential generator (Knuth, MMIX): the same documents on every machine. */
static uint64_t seed = 20261125;

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

static const char *const names[] = {
    "a",
    "b",
    "ab",
    "ba",
    "abc",
    "abcd",
    "abcde",
    "0",
    "1",
    "2",
    "01",
    "3",
    "\"\\",
    "seven_0",
    "eight__0",
    "eight__1",
    "\xE5\xBE\xAE",
    "sixteen_bytes__0",
    "sixteen_bytes__1",
    "seventeen_bytes_0",
    "seventeen_0bytes_",
    "nine_bytes",
};

/* Few of them in one round, so that they meet. */
static const char *draw_name(uint32_t variety)
{
    return names[draw(variety)];
}

static void put_name(struct buf *out, const char *name)
{
    buf_char(out, '"');
    bool escapes = draw(4) == 0;
    for (; *name; name++) {
        if (escapes && (unsigned char)*name < 0x80 && draw(2) == 0) {
            buf_format(out, "\\u%04x", (unsigned)*name);
        } else {
            buf_text(out, *name == '"' || *name == '\\' ? "\\" : "");
            buf_char(out, *name);
        }
    }
    buf_text(out, draw(64) == 0 ? "\\u0000\"" : "\"");
}

static void put_scalar(struct buf *out)
{
    static const char *const scalars[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-1",
        "7",
        "0.5",
        "-0.0",
        "1e5",
        "1E-7",
        "220.10",
        "-18.25",
        "0.0001",
        "1e999",
        "\"\"",
        "\"text\"",
        "\"\\n\"",
        "\"\\u0041\"",
        "\"a\\u0000\"",
        "\"\\ud83d\"",
        "1.0",
        "100",
        "\"\\\\\\\"\"",
        "1e-999",
        "123456789012345",
        "1234567890123456",
        "0.00001",
        "9223372036854775807",
        "-9223372036854775808",
        "9223372036854775808",
        "\"\\ud83d\\ude00\"",
        "\"\xC3\xA9\"",
        "123456789.123456",
        "-123456789.1234567",
        "0.1234567890123456789",
    };
    buf_text(out, scalars[draw(COUNT(scalars))]);
}

static void put_blank(struct buf *out)
{
    static const char *const blanks[] = {"", "", "", "", " ", "\n\t", "\r\n          "};
    buf_text(out, blanks[draw(COUNT(blanks))]);
}

static void put_random(struct buf *out, uint32_t variety, int depth)
{
    uint32_t kind = depth == 0 ? 0 : draw(depth > 4 ? 2 : 5);
    if (kind > 3 || depth > 6) {
        put_scalar(out);
        return;
    }
    bool is_object = kind < 2;
    buf_char(out, is_object ? '{' : '[');
    for (uint32_t left = draw(depth == 0 ? 12 : 5); left > 0; left--) {
        put_blank(out);
        if (is_object) {
            put_name(out, draw_name(variety));
            put_blank(out);
            buf_char(out, ':');
        }
        if (draw(3) == 0) {
            put_scalar(out);
        } else {
            put_random(out, variety, depth + 1);
        }
        put_blank(out);
        buf_text(out, left > 1 ? "," : "");
    }
    buf_char(out, is_object ? '}' : ']');
}

static void draw_table(struct path_table *table, uint32_t variety)
{
    path_table_begin(table);
    size_t columns = 1 + draw(10);
    for (size_t c = 0; c < columns; c++) {
        for (uint32_t paths = 1 + draw(COLUMN_MAX_PATHS); paths > 0; paths--) {
            char path[256];
            size_t len = 0;
            for (uint32_t parts = 1 + draw(4); parts > 0; parts--) {
                len +=
                    (size_t)snprintf(path + len, sizeof path - len, "%s%s", draw_name(variety), parts > 1 ? "." : "");
            }
            path_table_add(table, c, path);
        }
    }
}

#define ROUNDS 20000
#define ROUNDS_OF_A_TABLE 20

START_TEST(agrees_with_jansson)
{
    struct path_table table;
    struct lookup *lookup = NULL;
    struct buf text;
    uint32_t variety = 0;
    int compared = 0;
    buf_init(&text, TEXT_BYTES);
    for (int round = 0; round < rounds(ROUNDS); round++) {
        if (round % ROUNDS_OF_A_TABLE == 0) {
            if (lookup) {
                free_lookup(lookup, &table);
            }
            variety = 3 + draw(COUNT(names) - 2);
            draw_table(&table, variety);
            lookup = lookup_new(&table.map);
            ck_assert_ptr_nonnull(lookup);
        }
        buf_truncate(&text, 0);
        put_random(&text, variety, 0);
        size_t cut = draw(8) == 0 ? draw((uint32_t)text.len) : 0;
        struct span whole = exact((struct span){text.ptr, text.len - cut});
        char *repaired = malloc(JSON_REPAIR_BYTES(whole.len));
        bool is_json = scan(lookup, whole) == JSON_OK;
        must_be(is_json == (cut == 0), "being JSON", "the whole", whole);
        if (is_json) {
            size_t len = json_repair_text(whole, JSON_REPAIR_FOR_PARSER, repaired);
            json_t *root = json_loadb(repaired, len, JSON_ALLOW_NUL, NULL);
            must_be(root != NULL, "what jansson takes", "the whole", whole);
            compare_all(lookup, &table.map, root, whole);
            json_decref(root);
            compared++;
        }
        free(repaired);
        release(whole);
    }
    ck_assert_int_gt(compared, rounds(ROUNDS) / 2);
    free_lookup(lookup, &table);
    buf_free(&text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/lookup");
    TCase *tests = tcase_create("core/lookup");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, make_arena, free_arena);
    tcase_add_loop_test(tests, finds, 0, (int)COUNT(found));
    tcase_add_loop_test(tests, finds_surplus, 0, (int)COUNT(surplus));
    tcase_add_test(tests, nothing_stays_of_an_earlier_text);
    tcase_add_test(tests, nothing_at_first);
    tcase_add_test(tests, says_what_the_scan_says);
    tcase_add_test(tests, knows_device_number_and_time);
    tcase_add_test(tests, ninety_columns_under_one_object);
    tcase_add_test(tests, the_largest_table);
    tcase_add_loop_test(tests, names_differ_in_any_byte, 0, (int)COUNT(name_lengths));
    tcase_add_test(tests, a_long_name_with_escapes);
    tcase_add_test(tests, gaps);
    tcase_add_test(tests, equal_keys);
    tcase_add_test(tests, many_equal_keys);
    tcase_add_test(tests, a_full_arena_is_said);
    tcase_add_test(tests, agrees_with_jansson);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
