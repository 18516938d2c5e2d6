#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/path_table.h"
#include "core/payload.h"
#include "support.h"
#include "json/repair.h"
#include "json/show.h"

#define ARENA_BYTES (4 * 1024 * 1024)

static const struct json_limits usual = {32, 8192};

/* ---- trim ---- */

START_TEST(trims_padding)
{
    static const struct {
        const char *name;
        struct span bytes;
        struct span trimmed;
    } cases[] = {
        {"nothing", SPAN_LITERAL(""), SPAN_LITERAL("")},
        {"nothing to trim", SPAN_LITERAL("{}"), SPAN_LITERAL("{}")},
        {"white space", SPAN_LITERAL(" \t\r\n\v\f{ } \t\r\n\v\f"), SPAN_LITERAL("{ }")},
        {"NUL behind", SPAN_LITERAL("{}\0\0"), SPAN_LITERAL("{}")},
        {"NUL before", SPAN_LITERAL("\0{}"), SPAN_LITERAL("{}")},
        {"NUL and newline mixed", SPAN_LITERAL("\n\0 {}\r\0\n"), SPAN_LITERAL("{}")},
        {"a byte-order mark", SPAN_LITERAL("\xEF\xBB\xBF{}"), SPAN_LITERAL("{}")},
        {"space on both sides of the mark", SPAN_LITERAL(" \xEF\xBB\xBF \n{}"), SPAN_LITERAL("{}")},
        {"the mark twice", SPAN_LITERAL("\xEF\xBB\xBF\xEF\xBB\xBF{}"), SPAN_LITERAL("{}")},
        {"half a mark stays", SPAN_LITERAL("\xEF\xBB"), SPAN_LITERAL("\xEF\xBB")},
        {"a mark behind", SPAN_LITERAL("{}\xEF\xBB\xBF"), SPAN_LITERAL("{}")},
        {"marks and space behind", SPAN_LITERAL("{}\n\xEF\xBB\xBF \0\xEF\xBB\xBF\r"), SPAN_LITERAL("{}")},
        {"a mark inside stays", SPAN_LITERAL("a\xEF\xBB\xBF b"), SPAN_LITERAL("a\xEF\xBB\xBF b")},
        {"half a mark behind stays", SPAN_LITERAL("{}\xBB\xBF"), SPAN_LITERAL("{}\xBB\xBF")},
        {"only a mark", SPAN_LITERAL("\xEF\xBB\xBF"), SPAN_LITERAL("")},
        {"only padding", SPAN_LITERAL("\0 \n\0"), SPAN_LITERAL("")},
        {"inside stays", SPAN_LITERAL("a \0 b"), SPAN_LITERAL("a \0 b")},
        {"other control characters stay", SPAN_LITERAL("\x01{}\x1F"), SPAN_LITERAL("\x01{}\x1F")},
        {"a no-break space stays", SPAN_LITERAL("\xC2\xA0{}"), SPAN_LITERAL("\xC2\xA0{}")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span bytes = exact(cases[i].bytes);
        struct span got = payload_trim(bytes);
        ck_assert_msg(span_equal(got, cases[i].trimmed), "%s: %zu bytes left", cases[i].name, got.len);
        release(bytes);
    }
}
END_TEST

START_TEST(trims_a_flood_of_marks)
{
    static char marks[262144];
    for (size_t i = 0; i < sizeof marks; i++) {
        marks[i] = "\xEF\xBB\xBF"[i % 3];
    }
    struct span got = payload_trim((struct span){marks, sizeof marks});
    ck_assert_uint_eq(got.len, sizeof marks % 3);
}
END_TEST

/* ---- parse ---- */

static struct arena arena;
static struct path_table table;
static struct lookup *lookup; /* of the path "a" */

static void set_up(void)
{
    ck_assert(arena_init(&arena, ARENA_BYTES));
    lookup = path_table_of_one(&table, "a");
}

static void tear_down(void)
{
    lookup_free(lookup);
    path_table_end(&table);
    arena_free(&arena);
}

START_TEST(parses_objects)
{
    static const struct {
        const char *name;
        struct span bytes;
        struct span text;
        size_t wide_numbers;
        size_t bad_escapes;
    } cases[] = {
        {"an empty object", SPAN_LITERAL("{}"), SPAN_LITERAL("{}"), 0, 0},
        {"as it came", SPAN_LITERAL("{ \"a\" :\r\n\t1.50 }"), SPAN_LITERAL("{ \"a\" :\r\n\t1.50 }"), 0, 0},
        {"a wide number", SPAN_LITERAL("{\"a\":1e999}"), SPAN_LITERAL("{\"a\":\"1e999\"}"), 1, 0},
        {"a double that overflows", SPAN_LITERAL("{\"a\":18e307}"), SPAN_LITERAL("{\"a\":\"18e307\"}"), 1, 0},
        {"NUL in a value", SPAN_LITERAL("{\"a\":\"x\\u0000\"}"), SPAN_LITERAL("{\"a\":\"x\\ufffd\"}"), 0, 1},
        {"NUL in a key", SPAN_LITERAL("{\"a\\u0000\":1}"), SPAN_LITERAL("{\"a\\ufffd\":1}"), 0, 1},
        {"both", SPAN_LITERAL("{\"\\u0000\":-1e-999,\"b\":\"\\udead\"}"),
         SPAN_LITERAL("{\"\\ufffd\":\"-1e-999\",\"b\":\"\\ufffd\"}"), 1, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span bytes = exact(cases[i].bytes);
        struct payload payload;
        struct err err = {0};
        enum reject reason = payload_parse(bytes, &usual, lookup, &arena, &payload, &err);
        ck_assert_msg(reason == REJECT_NONE, "%s: %s: %s", cases[i].name, reject_name(reason), err.text);
        ck_assert_msg(span_equal(payload.text, cases[i].text), "%s: %.*s", cases[i].name, (int)payload.text.len,
                      payload.text.ptr);
        ck_assert_msg((payload.text.ptr == bytes.ptr) == span_equal(cases[i].bytes, cases[i].text),
                      "%s: a copy that is not needed", cases[i].name);
        ck_assert_uint_eq(payload.report.wide_numbers, cases[i].wide_numbers);
        ck_assert_uint_eq(payload.report.bad_escapes, cases[i].bad_escapes);
        ck_assert(payload.lookup == lookup);
        release(bytes);
    }
}
END_TEST

START_TEST(refuses_with_position_and_words)
{
    static const struct {
        const char *name;
        struct span bytes;
        enum reject reason;
        size_t pos;
        const char *why;
    } cases[] = {
        {"nothing", SPAN_LITERAL(""), REJECT_INVALID_JSON, 0, "the text ends too early"},
        {"not JSON", SPAN_LITERAL("online"), REJECT_INVALID_JSON, 0, "expected a value"},
        {"JSON cut off", SPAN_LITERAL("{\"a\":1"), REJECT_INVALID_JSON, 6, "the text ends too early"},
        {"text behind", SPAN_LITERAL("{}{}"), REJECT_INVALID_JSON, 2, "text behind the end of the document"},
        {"a raw NUL in a text", SPAN_LITERAL("{\"a\":\"\0\"}"), REJECT_INVALID_JSON, 6,
         "control character in a string"},
        {"a NUL behind a number", SPAN_LITERAL("{\"a\":1\0}"), REJECT_INVALID_JSON, 6, "expected a value"},
        {"not UTF-8", SPAN_LITERAL("{\"a\":\"\xE9\"}"), REJECT_INVALID_UTF8, 6, "not UTF-8"},
        {"an array", SPAN_LITERAL("[{\"a\":1}]"), REJECT_NOT_AN_OBJECT, 0, "the payload is JSON but not an object"},
        {"a string", SPAN_LITERAL("\"{}\""), REJECT_NOT_AN_OBJECT, 0, "the payload is JSON but not an object"},
        {"a number", SPAN_LITERAL("17"), REJECT_NOT_AN_OBJECT, 0, "the payload is JSON but not an object"},
        {"null", SPAN_LITERAL("null"), REJECT_NOT_AN_OBJECT, 0, "the payload is JSON but not an object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span bytes = exact(cases[i].bytes);
        struct payload payload;
        struct err err = {0};
        memset(&payload, 0x55, sizeof payload);
        enum reject reason = payload_parse(bytes, &usual, lookup, &arena, &payload, &err);
        ck_assert_msg(reason == cases[i].reason && err.pos == cases[i].pos && strcmp(err.text, cases[i].why) == 0,
                      "%s: %s, \"%s\" at %zu", cases[i].name, reject_name(reason), err.text, err.pos);
        ck_assert_msg(!payload.lookup && !payload.text.ptr && payload.report.values == 0, "%s: not zeroed",
                      cases[i].name);
        release(bytes);
    }
}
END_TEST

/* A block of `size` bytes: head, then unit over and over. */
static struct span fill(size_t size, const char *head, const char *unit)
{
    char *block = malloc(size);
    size_t start = strlen(head);
    ck_assert_ptr_nonnull(block);
    for (size_t i = 0; i < size; i++) {
        block[i] = i < start ? head[i] : unit[(i - start) % strlen(unit)];
    }
    return (struct span){block, size};
}

START_TEST(refuses_the_huge_without_memory)
{
    static const struct {
        const char *name;
        size_t size;
        const char *head;
        const char *unit;
        enum reject reason;
        size_t pos;
    } cases[] = {
        {"100,000 arrays in one another", 100000, "", "[", REJECT_TOO_DEEP, 32},
        {"the same inside an object", 100000, "{\"a\":", "[", REJECT_TOO_DEEP, 5 + 31},
        {"100,000 objects in one another", 500000, "", "{\"a\":", REJECT_TOO_DEEP, 32 * 5},
        {"an array of 256 KiB of objects", 262144, "[", "{},", REJECT_TOO_MANY_VALUES, 1 + 3 * 8191},
        {"the same inside an object", 262144, "{\"a\":[", "{},", REJECT_TOO_MANY_VALUES, 6 + 3 * 8190},
        {"256 KiB of members", 262144, "{", "\"a\":0,", REJECT_TOO_MANY_VALUES, 1 + 6 * 8191 + 4},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span bytes = fill(cases[i].size, cases[i].head, cases[i].unit);
        struct payload payload;
        struct err err = {0};
        enum reject reason = payload_parse(bytes, &usual, lookup, &arena, &payload, &err);
        ck_assert_msg(reason == cases[i].reason && err.pos == cases[i].pos, "%s: %s, \"%s\" at %zu", cases[i].name,
                      reject_name(reason), err.text, err.pos);
        release(bytes);
    }
    ck_assert_uint_eq(arena.used, 0);
}
END_TEST

/* Of a payload of full size with as many values as allowed nothing is copied, but for its
 * repaired text. */
START_TEST(takes_the_huge_without_memory)
{
    static const struct {
        const char *name;
        const char *unit; /* one member, numbered by %05d */
        int members;
        bool is_repaired;
    } cases[] = {
        {"objects", ",\"%05d\":{}", 8190, false},
        {"objects with one member", ",\"%05d\":{\"a\":0}", 4095, false},
        {"arrays", ",\"%05d\":[]", 8190, false},
        {"long keys", ",\"%05d...................\":0", 8190, false},
        {"wide numbers", ",\"%05d\":1e308", 8190, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static char text[262144];
        size_t n = (size_t)snprintf(text, sizeof text, "{\"first\":0");
        for (int m = 0; m < cases[i].members; m++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            n += (size_t)snprintf(text + n, sizeof text - n, cases[i].unit, m);
#pragma GCC diagnostic pop
        }
        n += (size_t)snprintf(text + n, sizeof text - n, ",\"a\":7}");
        ck_assert_uint_lt(n, sizeof text);
        struct json_limits one_more = {usual.max_depth, usual.max_values + 1};
        struct payload payload;
        struct json_value value;
        size_t used;
        struct err err = {0};
        arena_reset(&arena);
        enum reject reason = payload_parse((struct span){text, n}, &one_more, lookup, &arena, &payload, &err);
        ck_assert_msg(reason == REJECT_NONE, "%s: %s: %s", cases[i].name, reject_name(reason), err.text);
        ck_assert_msg(arena.used == (cases[i].is_repaired ? payload.text.len : 0), "%s: %zu bytes", cases[i].name,
                      arena.used);
        ck_assert(path_table_get(&lookup_columns(lookup)[0], 0, &arena, &value, &used));
        ck_assert_msg(value.kind == JSON_KIND_INT && value.i == 7, "%s: the last value is lost", cases[i].name);
    }
}
END_TEST

START_TEST(reports_a_full_arena)
{
    const struct span bytes = SPAN_LITERAL("{\"a\":1e999,\"b\":\"\\u0000\"}");
    size_t enough = 0;
    for (size_t size = 0; enough == 0; size++) {
        struct arena small;
        struct payload payload;
        struct err err = {0};
        ck_assert(arena_init(&small, size));
        enum reject reason = payload_parse(bytes, &usual, lookup, &small, &payload, &err);
        if (reason == REJECT_NONE) {
            enough = size;
        } else {
            ck_assert_int_eq(reason, REJECT_OUT_OF_MEMORY);
            ck_assert_str_eq(err.text, "no memory to repair the payload");
            ck_assert(!payload.lookup && !payload.text.ptr);
        }
        arena_free(&small);
    }
    ck_assert_uint_le(enough, JSON_REPAIR_BYTES(bytes.len));
}
END_TEST

/* ---- get and show ---- */

static void check_get(const char *name, struct span bytes, const char *path, size_t used_wanted, enum json_kind kind,
                      const char *shown_wanted)
{
    struct path_table one;
    struct lookup *by_path = path_table_of_one(&one, path);
    struct payload payload;
    struct json_value value;
    struct err err = {0};
    char shown[65];
    size_t used = 99;
    ck_assert_msg(payload_parse(bytes, &usual, by_path, &arena, &payload, &err) == REJECT_NONE, "%s: %s", name,
                  err.text);
    ck_assert(path_table_get(&lookup_columns(payload.lookup)[0], 0, &arena, &value, &used));
    size_t len = json_show_value(&value, shown, sizeof shown);
    ck_assert_msg(value.kind == kind && used == used_wanted && strcmp(shown, shown_wanted) == 0 && len == strlen(shown),
                  "%s, %s: kind %d, %zu parts, %s", name, path, (int)value.kind, used, shown);
    lookup_free(by_path);
    path_table_end(&one);
    arena_reset(&arena);
}

START_TEST(gets_values_by_path)
{
    static const char document[] =
        "{\"t\":true,\"f\":false,\"n\":null,\"i\":-7,\"r\":0.1,\"s\":\"x\",\"e\":\"\",\"o\":{\"a\":{\"b\":1},\"0\":"
        "\"key\"},"
        "\"l\":[1,[2,3],{\"c\":4},null],\"eo\":{},\"el\":[],\"d\":1,\"d\":{\"x\":2},\"a.b\":1,"
        "\"max\":9223372036854775807,\"min\":-9223372036854775808,\"\xE5\xBE\xAE\":\"\xE6\xB3\xA2\",\"big\":1e307,"
        "\"negative zero\":-0,\"real zero\":-0.0,\"whole\":3.0}";
    static const struct {
        const char *path;
        size_t used;
        enum json_kind kind;
        const char *shown;
    } cases[] = {
        {"t", 1, JSON_KIND_BOOL, "true"},
        {"f", 1, JSON_KIND_BOOL, "false"},
        {"n", 1, JSON_KIND_NULL, "null"},
        {"i", 1, JSON_KIND_INT, "-7"},
        {"r", 1, JSON_KIND_REAL, "0.1"},
        {"s", 1, JSON_KIND_TEXT, "\"x\""},
        {"e", 1, JSON_KIND_TEXT, "\"\""},
        {"eo", 1, JSON_KIND_OBJECT, "{...}"},
        {"el", 1, JSON_KIND_ARRAY, "[...]"},
        {"max", 1, JSON_KIND_INT, "9223372036854775807"},
        {"min", 1, JSON_KIND_INT, "-9223372036854775808"},
        {"big", 1, JSON_KIND_REAL, "1e+307"},
        {"negative zero", 1, JSON_KIND_INT, "0"},
        {"real zero", 1, JSON_KIND_REAL, "-0"},
        {"whole", 1, JSON_KIND_REAL, "3"},
        {"\xE5\xBE\xAE", 1, JSON_KIND_TEXT, "\"\xE6\xB3\xA2\""},
        {"o.a", 2, JSON_KIND_OBJECT, "{...}"},
        {"o.a.b", 3, JSON_KIND_INT, "1"},
        {"o.0", 2, JSON_KIND_TEXT, "\"key\""},
        {"l.0", 2, JSON_KIND_INT, "1"},
        {"l.1.1", 3, JSON_KIND_INT, "3"},
        {"l.2.c", 3, JSON_KIND_INT, "4"},
        {"l.3", 2, JSON_KIND_NULL, "null"},
        /* absent */
        {"x", 1, JSON_KIND_ABSENT, ""},
        {"T", 1, JSON_KIND_ABSENT, ""},
        {"o.x", 2, JSON_KIND_ABSENT, ""},
        {"o.x.y.z", 4, JSON_KIND_ABSENT, ""},
        {"l.4", 2, JSON_KIND_ABSENT, ""},
        {"l.999999", 2, JSON_KIND_ABSENT, ""},
        {"l.c", 2, JSON_KIND_ABSENT, ""},
        {"el.0", 2, JSON_KIND_ABSENT, ""},
        {"eo.0", 2, JSON_KIND_ABSENT, ""},
        {"a.b", 2, JSON_KIND_ABSENT, ""},
        /* null on the way */
        {"n.x", 2, JSON_KIND_ABSENT, ""},
        {"n.0.x", 3, JSON_KIND_ABSENT, ""},
        {"l.3.x", 3, JSON_KIND_ABSENT, ""},
        /* a scalar on the way */
        {"i.x", 1, JSON_KIND_INT, "-7"},
        {"s.0", 1, JSON_KIND_TEXT, "\"x\""},
        {"t.x.y", 1, JSON_KIND_BOOL, "true"},
        {"o.a.b.c", 3, JSON_KIND_INT, "1"},
        {"l.0.0", 2, JSON_KIND_INT, "1"},
        /* the last of equal keys counts, as jsonb has it */
        {"d.x", 2, JSON_KIND_INT, "2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        check_get("document", SPAN_LITERAL(document), cases[i].path, cases[i].used, cases[i].kind, cases[i].shown);
    }
}
END_TEST

START_TEST(repaired_values_reach_the_columns)
{
    static const struct {
        const char *name;
        struct span bytes;
        const char *path;
        const char *shown;
    } cases[] = {
        {"a wide number is text", SPAN_LITERAL("{\"a\":1e999}"), "a", "\"1e999\""},
        {"so is one that underflows", SPAN_LITERAL("{\"a\":1e-400}"), "a", "\"1e-400\""},
        {"its neighbours are as they were", SPAN_LITERAL("{\"a\":1e999,\"b\":7}"), "b", "7"},
        {"NUL in text is seen", SPAN_LITERAL("{\"a\":\"x\\u0000y\"}"), "a", "\"x\\u0000y\""},
        {"a lone surrogate is seen as no character", SPAN_LITERAL("{\"a\":\"\\ud800\"}"), "a", "\"\xEF\xBF\xBD\""},
        {"a key with NUL", SPAN_LITERAL("{\"a\\u0000\":1}"), "a\xEF\xBF\xBD", "1"},
        {"a key with NUL is not the shorter key", SPAN_LITERAL("{\"a\\u0000b\":1}"), "a", ""},
        {"two keys that repair alike", SPAN_LITERAL("{\"\\u0000\":1,\"\\ud800\":2}"), "\xEF\xBF\xBD", "2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum json_kind kind = cases[i].shown[0] == '"' ? JSON_KIND_TEXT
                              : cases[i].shown[0]      ? JSON_KIND_INT
                                                       : JSON_KIND_ABSENT;
        check_get(cases[i].name, cases[i].bytes, cases[i].path, 1, kind, cases[i].shown);
    }
}
END_TEST

START_TEST(values_are_exact)
{
    static const char *const paths[] = {"s", "i", "r", "t"};
    struct path_table four;
    struct json_value values[COUNT(paths)];
    struct payload payload;
    path_table_begin(&four);
    for (size_t i = 0; i < COUNT(paths); i++) {
        path_table_add(&four, i, paths[i]);
    }
    struct lookup *by_path = lookup_new(&four.map);
    ck_assert_ptr_nonnull(by_path);
    ck_assert_int_eq(payload_parse(SPAN_LITERAL("{\"s\":\"a\\u0000b\",\"i\":5,\"r\":2.5,\"t\":true}"), &usual, by_path,
                                   &arena, &payload, NULL),
                     REJECT_NONE);
    for (size_t i = 0; i < COUNT(paths); i++) {
        size_t used;
        ck_assert(path_table_get(&lookup_columns(payload.lookup)[i], 0, &arena, &values[i], &used));
    }
    ck_assert(span_equal(values[0].text, SPAN_LITERAL("a\0b")));
    ck_assert_int_eq(values[1].i, 5);
    ck_assert_double_eq(values[2].r, 2.5);
    ck_assert(values[3].b);
    lookup_free(by_path);
    path_table_end(&four);
}
END_TEST

/* ---- test/captures/README.md, Seen in the field ---- */

START_TEST(reads_what_was_seen_in_the_field)
{
    static const struct {
        const char *name;
        struct span bytes; /* as they come from the broker */
        const char *path;
        enum json_kind kind;
        const char *shown;
    } cases[] = {
        {"id for device_no", SPAN_LITERAL("{\"id\":\"VM-SH-001\"}"), "id", JSON_KIND_TEXT, "\"VM-SH-001\""},
        {"id for device_no", SPAN_LITERAL("{\"id\":\"VM-SH-001\"}"), "device_no", JSON_KIND_ABSENT, ""},
        {"numbers as strings", SPAN_LITERAL("{\"system\":{\"voltage\":\"220.5\"}}"), "system.voltage", JSON_KIND_TEXT,
         "\"220.5\""},
        {"seconds", SPAN_LITERAL("{\"ts\":1795480318}"), "ts", JSON_KIND_INT, "1795480318"},
        {"milliseconds", SPAN_LITERAL("{\"ts\":1795480318123}"), "ts", JSON_KIND_INT, "1795480318123"},
        {"seconds with a fraction", SPAN_LITERAL("{\"ts\":1795480318.25}"), "ts", JSON_KIND_REAL, "1795480318.25"},
        {"ISO text", SPAN_LITERAL("{\"ts\":\"2026-11-24T00:31:58.123Z\"}"), "ts", JSON_KIND_TEXT,
         "\"2026-11-24T00:31:58.123Z\""},
        {"lower-case event names", SPAN_LITERAL("{\"event_type\":\"door_opened\"}"), "event_type", JSON_KIND_TEXT,
         "\"door_opened\""},
        {"dashed event names", SPAN_LITERAL("{\"event_type\":\"DOOR-OPENED\"}"), "event_type", JSON_KIND_TEXT,
         "\"DOOR-OPENED\""},
        {"null for a dead probe", SPAN_LITERAL("{\"environment\":{\"freezer_temps\":[-18.5,null,-18]}}"),
         "environment.freezer_temps.1", JSON_KIND_NULL, "null"},
        {"its neighbour keeps its place", SPAN_LITERAL("{\"environment\":{\"freezer_temps\":[-18.5,null,-18]}}"),
         "environment.freezer_temps.2", JSON_KIND_INT, "-18"},
        {"the fault code -127", SPAN_LITERAL("{\"environment\":{\"freezer_temps\":[-127]}}"),
         "environment.freezer_temps.0", JSON_KIND_INT, "-127"},
        {"the fault code 85.0", SPAN_LITERAL("{\"environment\":{\"ambient_temp\":85.0}}"), "environment.ambient_temp",
         JSON_KIND_REAL, "85"},
        {"a clock that starts in 1970", SPAN_LITERAL("{\"ts\":12}"), "ts", JSON_KIND_INT, "12"},
        {"pretty-printed", SPAN_LITERAL("{\n  \"system\": {\r\n\t\"voltage\": 220.5\n  }\n}\n"), "system.voltage",
         JSON_KIND_REAL, "220.5"},
        {"with a byte-order mark", SPAN_LITERAL("\xEF\xBB\xBF{\"ts\":1}"), "ts", JSON_KIND_INT, "1"},
        {"a C string's NUL behind", SPAN_LITERAL("{\"ts\":1}\0"), "ts", JSON_KIND_INT, "1"},
        {"NUL characters in text", SPAN_LITERAL("{\"reason\":\"unexpected\\u0000\\u0000\"}"), "reason", JSON_KIND_TEXT,
         "\"unexpected\\u0000\\u0000\""},
        {"Chinese text", SPAN_LITERAL("{\"message\":\"\xE7\x94\xB5\xE6\x9C\xBA\"}"), "message", JSON_KIND_TEXT,
         "\"\xE7\x94\xB5\xE6\x9C\xBA\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span bytes = exact(cases[i].bytes);
        size_t parts = 1;
        for (const char *c = cases[i].path; *c; c++) {
            parts += *c == '.';
        }
        check_get(cases[i].name, payload_trim(bytes), cases[i].path, parts, cases[i].kind, cases[i].shown);
        release(bytes);
    }
}
END_TEST

START_TEST(refuses_what_was_seen_in_the_field)
{
    static const struct {
        const char *name;
        struct span bytes;
        enum reject reason;
        size_t pos;
    } cases[] = {
        {"GBK text", SPAN_LITERAL("{\"reason\":\"\xB5\xE7\xD4\xB4\"}"), REJECT_INVALID_UTF8, 11},
        {"Latin-1 text",
         SPAN_LITERAL("{\"unit\":\"\xB0"
                      "C\"}"),
         REJECT_INVALID_UTF8, 9},
        {"a text cut inside a character", SPAN_LITERAL("{\"reason\":\"\xE7\x94\"}"), REJECT_INVALID_UTF8, 11},
        {"a raw NUL within text", SPAN_LITERAL("{\"reason\":\"a\0b\"}"), REJECT_INVALID_JSON, 12},
        {"a raw newline within text", SPAN_LITERAL("{\"reason\":\"a\nb\"}"), REJECT_INVALID_JSON, 12},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span bytes = exact(cases[i].bytes);
        struct payload payload;
        struct err err = {0};
        enum reject reason = payload_parse(payload_trim(bytes), &usual, lookup, &arena, &payload, &err);
        ck_assert_msg(reason == cases[i].reason && err.pos == cases[i].pos, "%s: %s, \"%s\" at %zu", cases[i].name,
                      reject_name(reason), err.text, err.pos);
        release(bytes);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("payload");
    TCase *tests = tcase_create("payload");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, trims_padding);
    tcase_add_test(tests, trims_a_flood_of_marks);
    tcase_add_test(tests, parses_objects);
    tcase_add_test(tests, refuses_with_position_and_words);
    tcase_add_test(tests, refuses_the_huge_without_memory);
    tcase_add_test(tests, takes_the_huge_without_memory);
    tcase_add_test(tests, reports_a_full_arena);
    tcase_add_test(tests, gets_values_by_path);
    tcase_add_test(tests, repaired_values_reach_the_columns);
    tcase_add_test(tests, values_are_exact);
    tcase_add_test(tests, reads_what_was_seen_in_the_field);
    tcase_add_test(tests, refuses_what_was_seen_in_the_field);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
