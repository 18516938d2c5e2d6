#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mapping.h"
#include "core/vocabulary.h"

static struct mapping *mapping;

static void set_up(void)
{
    mapping = mapping_new();
    ck_assert_ptr_nonnull(mapping);
}

static void tear_down(void)
{
    mapping_free(mapping);
    mapping = NULL;
}

static const struct column *find(enum message_kind kind, const char *name)
{
    const struct table_map *table = &mapping->tables[kind];
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, name) == 0) {
            return &table->columns[i];
        }
    }
    return NULL;
}

static const char *join_paths(const struct path *paths, size_t count, char out[256])
{
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(out);
        snprintf(out + len, 256 - len, "%s%s", i > 0 ? " " : "", paths[i].text);
    }
    return out;
}

/* ---- the tables ---- */

static const struct {
    const char *name;
    const char *measurement;
    const char *device_no;
    const char *time;
} tables[MESSAGE_KINDS] = {
    {"telemetry", "vm_telemetry", "device_no id", "ts"},
    {"events", "vm_events", "device_no", "ts"},
    {"status", "vm_status", "device_no id", "ts"},
    {"acks", "vm_events", "device_no", "ts"},
};

/* So lp/encode.h may write them as they are. */
START_TEST(names_are_plain)
{
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        for (size_t i = 0; i < mapping->tables[kind].column_count; i++) {
            const struct column *column = &mapping->tables[kind].columns[i];
            ck_assert_uint_eq(column->name_len, strlen(column->name));
            ck_assert_uint_eq(strspn(column->name, "abcdefghijklmnopqrstuvwxyz_0123456789"), column->name_len);
        }
    }
}
END_TEST

START_TEST(one_table)
{
    char text[256];
    const struct table_map *map = &mapping->tables[_i];
    ck_assert_str_eq(message_kind_name((enum message_kind)_i), tables[_i].name);
    ck_assert_str_eq(map->measurement, tables[_i].measurement);
    ck_assert_str_eq(join_paths(map->device_no, map->device_no_count, text), tables[_i].device_no);
    ck_assert_str_eq(join_paths(map->time, map->time_count, text), tables[_i].time);
}
END_TEST

/* ---- the columns, in the order in which a row has them ---- */

#define NONE INFINITY /* no limits */

static const struct {
    enum message_kind kind;
    const char *name;
    const char *paths;
    enum column_type type;
    const char *unit;
    double min, max;
    double faults[2];
    size_t fault_count;
    size_t max_bytes;
    enum column_form form;
    bool required;
} columns[] = {
    {MESSAGE_TELEMETRY, "voltage", "system.voltage", COLUMN_FLOAT, "V", 0, 500, {0}, 0, 0, FORM_PLAIN, false},
    {MESSAGE_TELEMETRY, "current", "system.current", COLUMN_FLOAT, "A", 0, 200, {0}, 0, 0, FORM_PLAIN, false},
    {MESSAGE_TELEMETRY, "uptime", "system.uptime", COLUMN_INTEGER, "s", 0, 2147483647, {0}, 0, 0, FORM_PLAIN, false},
    {MESSAGE_TELEMETRY,
     "door_closed",
     "system.door_closed",
     COLUMN_BOOLEAN,
     "",
     -NONE,
     NONE,
     {0},
     0,
     0,
     FORM_PLAIN,
     false},
    {MESSAGE_TELEMETRY,
     "freezer_temp_0",
     "environment.freezer_temps.0",
     COLUMN_FLOAT,
     "degC",
     -90,
     80,
     {-127, 85},
     2,
     0,
     FORM_PLAIN,
     false},
    {MESSAGE_TELEMETRY,
     "freezer_temp_1",
     "environment.freezer_temps.1",
     COLUMN_FLOAT,
     "degC",
     -90,
     80,
     {-127, 85},
     2,
     0,
     FORM_PLAIN,
     false},
    {MESSAGE_TELEMETRY,
     "freezer_temp_2",
     "environment.freezer_temps.2",
     COLUMN_FLOAT,
     "degC",
     -90,
     80,
     {-127, 85},
     2,
     0,
     FORM_PLAIN,
     false},
    {MESSAGE_TELEMETRY,
     "freezer_temp_3",
     "environment.freezer_temps.3",
     COLUMN_FLOAT,
     "degC",
     -90,
     80,
     {-127, 85},
     2,
     0,
     FORM_PLAIN,
     false},
    {MESSAGE_TELEMETRY,
     "ambient_temp",
     "environment.ambient_temp",
     COLUMN_FLOAT,
     "degC",
     -90,
     80,
     {-127, 85},
     2,
     0,
     FORM_PLAIN,
     false},
    {MESSAGE_TELEMETRY,
     "vibration_g",
     "environment.vibration_g",
     COLUMN_FLOAT,
     "g",
     0,
     200,
     {0},
     0,
     0,
     FORM_PLAIN,
     false},
    {MESSAGE_TELEMETRY, "rssi", "connectivity.rssi", COLUMN_INTEGER, "dBm", -150, 0, {0}, 0, 0, FORM_PLAIN, false},
    {MESSAGE_TELEMETRY, "lat", "location.lat", COLUMN_FLOAT, "deg", -90, 90, {0}, 0, 0, FORM_PLAIN, false},
    {MESSAGE_TELEMETRY, "lng", "location.lng", COLUMN_FLOAT, "deg", -180, 180, {0}, 0, 0, FORM_PLAIN, false},
    {MESSAGE_TELEMETRY,
     "network_type",
     "connectivity.type",
     COLUMN_TEXT,
     "",
     -NONE,
     NONE,
     {0},
     0,
     16,
     FORM_PLAIN,
     false},
    {MESSAGE_TELEMETRY, "csq", "connectivity.csq", COLUMN_INTEGER, "", 0, 199, {99, 199}, 2, 0, FORM_PLAIN, false},

    {MESSAGE_EVENTS, "event_type", "event_type", COLUMN_TEXT, "", -NONE, NONE, {0}, 0, 1024, FORM_EVENT_TYPE, true},
    {MESSAGE_EVENTS, "order_id", "data.order_id", COLUMN_TEXT, "", -NONE, NONE, {0}, 0, 128, FORM_PLAIN, false},
    {MESSAGE_EVENTS,
     "channel_id",
     "data.channel_id data.meal_cid",
     COLUMN_TEXT,
     "",
     -NONE,
     NONE,
     {0},
     0,
     64,
     FORM_PLAIN,
     false},
    {MESSAGE_EVENTS, "oven_id", "data.oven_id", COLUMN_TEXT, "", -NONE, NONE, {0}, 0, 64, FORM_PLAIN, false},
    {MESSAGE_EVENTS, "error_code", "data.error_code", COLUMN_TEXT, "", -NONE, NONE, {0}, 0, 64, FORM_PLAIN, false},
    {MESSAGE_EVENTS, "image_url", "data.image_url", COLUMN_TEXT, "", -NONE, NONE, {0}, 0, 2048, FORM_PLAIN, false},
    {MESSAGE_EVENTS, "video_url", "data.video_url", COLUMN_TEXT, "", -NONE, NONE, {0}, 0, 2048, FORM_PLAIN, false},

    {MESSAGE_STATUS, "status", "status", COLUMN_TEXT, "", -NONE, NONE, {0}, 0, 32, FORM_STATUS, true},
    {MESSAGE_STATUS, "firmware", "firmware", COLUMN_TEXT, "", -NONE, NONE, {0}, 0, 64, FORM_PLAIN, false},
    {MESSAGE_STATUS, "hardware", "hardware", COLUMN_TEXT, "", -NONE, NONE, {0}, 0, 64, FORM_PLAIN, false},
    {MESSAGE_STATUS, "reason", "reason", COLUMN_TEXT, "", -NONE, NONE, {0}, 0, 256, FORM_PLAIN, false},

    {MESSAGE_ACKS, "severity", "status", COLUMN_TEXT, "", -NONE, NONE, {0}, 0, 32, FORM_OUTCOME, true},
    {MESSAGE_ACKS, "error_code", "error.code", COLUMN_TEXT, "", -NONE, NONE, {0}, 0, 64, FORM_PLAIN, false},
};

static bool same(double a, double b)
{
    return !(a < b) && !(a > b);
}

START_TEST(one_column)
{
    char paths[256];
    const char *name = columns[_i].name;
    const struct column *got = find(columns[_i].kind, name);
    ck_assert_msg(got != NULL, "%s: no such column", name);
    join_paths(got->paths, got->path_count, paths);
    ck_assert_msg(strcmp(paths, columns[_i].paths) == 0, "%s: paths %s", name, paths);
    ck_assert_msg(got->type == columns[_i].type, "%s: type %d", name, (int)got->type);
    ck_assert_msg(strcmp(got->unit, columns[_i].unit) == 0, "%s: unit '%s'", name, got->unit);
    ck_assert_msg(same(got->min, columns[_i].min), "%s: min %g", name, got->min);
    ck_assert_msg(same(got->max, columns[_i].max), "%s: max %g", name, got->max);
    ck_assert_msg(got->fault_count == columns[_i].fault_count, "%s: %zu faults", name, got->fault_count);
    for (size_t i = 0; i < got->fault_count; i++) {
        ck_assert_msg(same(got->faults[i], columns[_i].faults[i]), "%s: fault %g", name, got->faults[i]);
    }
    ck_assert_msg(got->max_bytes == columns[_i].max_bytes, "%s: max_bytes %zu", name, got->max_bytes);
    ck_assert_msg(got->form == columns[_i].form, "%s: form %d", name, (int)got->form);
    ck_assert_msg(got->required == columns[_i].required, "%s: required %d", name, (int)got->required);
    ck_assert_uint_eq(got->name_len, strlen(name));
    enum column_part part = strcmp(name, "lat") == 0   ? PART_LATITUDE
                            : strcmp(name, "lng") == 0 ? PART_LONGITUDE
                                                       : PART_ALONE;
    ck_assert_msg(got->part == part, "%s: part %d", name, (int)got->part);
    enum column_words words = strcmp(name, "door_closed") == 0 ? WORDS_CLOSED : WORDS_NONE;
    ck_assert_msg(got->words == words, "%s: words %d", name, (int)got->words);
}
END_TEST

/* Latitude and longitude hold or fall together where a table has both, as numbers. */
START_TEST(positions)
{
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        ck_assert_int_eq(mapping->tables[kind].has_position, kind == MESSAGE_TELEMETRY);
    }
    struct table_map *table = &mapping->tables[MESSAGE_TELEMETRY];
    struct column *lng = mapping_find_column(table, "lng");
    ck_assert_ptr_nonnull(lng);
    lng->type = COLUMN_TEXT;
    mapping_find_position(table);
    ck_assert(!table->has_position);
    lng->type = COLUMN_FLOAT;
    mapping_find_position(table);
    ck_assert(table->has_position);
    table->column_count = (size_t)(lng - table->columns);
    mapping_find_position(table);
    ck_assert(!table->has_position);
    ck_assert_ptr_null(mapping_find_column(table, "lng"));
}
END_TEST

/* These and no others, in this order. */
START_TEST(order)
{
    size_t seen[MESSAGE_KINDS] = {0};
    for (int i = 0; i < (int)COUNT(columns); i++) {
        enum message_kind kind = columns[i].kind;
        size_t at = seen[kind]++;
        ck_assert_msg(at < mapping->tables[kind].column_count, "%s: no column there", columns[i].name);
        ck_assert_str_eq(mapping->tables[kind].columns[at].name, columns[i].name);
    }
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        ck_assert_uint_eq(mapping->tables[kind].column_count, seen[kind]);
    }
}
END_TEST

START_TEST(path_parts)
{
    const struct path *path = &find(MESSAGE_TELEMETRY, "freezer_temp_2")->paths[0];
    ck_assert_uint_eq(path->count, 3);
    ck_assert_str_eq(path->parts[0].name, "environment");
    ck_assert_str_eq(path->parts[1].name, "freezer_temps");
    ck_assert_int_eq(path->parts[1].index, -1);
    ck_assert_int_eq(path->parts[2].index, 2);
}
END_TEST

/* ---- the owner's CREATE TABLE statements: every column is mapped with a type that fits, or is worked out ---- */

enum sql { DOUBLE_PRECISION, INTEGER, BOOLEAN, TEXT, WORKED_OUT };

static const struct {
    enum message_kind kind;
    const char *name;
    enum sql type;
    bool not_null;
} owners[] = {
    {MESSAGE_TELEMETRY, "time", WORKED_OUT, true},
    {MESSAGE_TELEMETRY, "device_no", WORKED_OUT, true},
    {MESSAGE_TELEMETRY, "voltage", DOUBLE_PRECISION, false},
    {MESSAGE_TELEMETRY, "current", DOUBLE_PRECISION, false},
    {MESSAGE_TELEMETRY, "uptime", INTEGER, false},
    {MESSAGE_TELEMETRY, "door_closed", BOOLEAN, false},
    {MESSAGE_TELEMETRY, "freezer_temp_0", DOUBLE_PRECISION, false},
    {MESSAGE_TELEMETRY, "freezer_temp_1", DOUBLE_PRECISION, false},
    {MESSAGE_TELEMETRY, "freezer_temp_2", DOUBLE_PRECISION, false},
    {MESSAGE_TELEMETRY, "freezer_temp_3", DOUBLE_PRECISION, false},
    {MESSAGE_TELEMETRY, "ambient_temp", DOUBLE_PRECISION, false},
    {MESSAGE_TELEMETRY, "vibration_g", DOUBLE_PRECISION, false},
    {MESSAGE_TELEMETRY, "rssi", INTEGER, false},
    {MESSAGE_TELEMETRY, "lat", DOUBLE_PRECISION, false},
    {MESSAGE_TELEMETRY, "lng", DOUBLE_PRECISION, false},
    {MESSAGE_EVENTS, "time", WORKED_OUT, true},
    {MESSAGE_EVENTS, "device_no", WORKED_OUT, true},
    {MESSAGE_EVENTS, "event_type", TEXT, true},
    {MESSAGE_EVENTS, "order_id", TEXT, false},
    {MESSAGE_EVENTS, "channel_id", TEXT, false},
    {MESSAGE_EVENTS, "oven_id", TEXT, false},
    {MESSAGE_EVENTS, "error_code", TEXT, false},
    {MESSAGE_EVENTS, "image_url", TEXT, false},
    {MESSAGE_EVENTS, "video_url", TEXT, false},
    {MESSAGE_EVENTS, "raw_data", WORKED_OUT, false},
    {MESSAGE_STATUS, "time", WORKED_OUT, true},
    {MESSAGE_STATUS, "device_no", WORKED_OUT, true},
    {MESSAGE_STATUS, "status", TEXT, true},
    {MESSAGE_STATUS, "firmware", TEXT, false},
    {MESSAGE_STATUS, "hardware", TEXT, false},
};

START_TEST(owners_column)
{
    static const enum column_type fitting[] = {
        [DOUBLE_PRECISION] = COLUMN_FLOAT,
        [INTEGER] = COLUMN_INTEGER,
        [BOOLEAN] = COLUMN_BOOLEAN,
        [TEXT] = COLUMN_TEXT,
    };
    const char *name = owners[_i].name;
    const struct column *got = find(owners[_i].kind, name);
    if (owners[_i].type == WORKED_OUT) {
        ck_assert_msg(got == NULL, "%s is worked out, but mapped too", name);
        return;
    }
    ck_assert_msg(got != NULL, "%s is not mapped", name);
    ck_assert_msg(got->type == fitting[owners[_i].type], "%s: type %d does not fit", name, (int)got->type);
    ck_assert_msg(got->required == owners[_i].not_null, "%s: NOT NULL is %d, required %d", name,
                  (int)owners[_i].not_null, (int)got->required);
}
END_TEST

/* ---- event types ---- */

static const struct {
    const char *name;
    const char *severity;
    const char *spellings[16];
} types[] = {
    {"DISPENSE_SUCCESS", "medium", {"VEND_SUCCESS", "DISPENSED", "VEND_OK", "出货成功"}},
    {"DISPENSE_FAILED", "high", {"VEND_FAILED", "DISPENSE_FAILURE", "dispense-fail", "出货失败"}},
    {"CHANNEL_JAM", "high", {"JAM", "channelJammed", "MOTOR_JAM", "卡货", "货道卡货"}},
    {"HEATING_FAILURE", "high", {"HEATER_FAILURE", "OVEN_FAILURE", "HEATING_FAILED", "加热失败", "加热故障"}},
    {"DOOR_OPENED", "high", {"DOOR_OPEN", "开门", "门打开"}},
    {"VANDALISM_ALERT", "critical", {"VANDALISM", "TAMPER", "暴力告警", "暴力破坏", "震动告警"}},
    {"TEMP_OVERHEAT", "high", {"OVERHEAT", "TEMP_HIGH", "超温", "温度过高"}},
    {"SNAPSHOT_CAPTURED", "low", {"SNAPSHOT", "抓拍"}},
    {"COMMAND_ACK", "low", {"command-ack"}},
};

static const struct term *lookup(const char *spelling)
{
    return vocabulary_find_spelling(&mapping->words[MESSAGE_EVENTS], span_of(spelling));
}

START_TEST(event_type)
{
    const struct term *own = lookup(types[_i].name);
    ck_assert_msg(own != NULL, "%s is not known", types[_i].name);
    ck_assert_str_eq(own->name, types[_i].name);
    ck_assert_str_eq(own->severity, types[_i].severity);
    for (size_t i = 0; types[_i].spellings[i]; i++) {
        ck_assert_msg(lookup(types[_i].spellings[i]) == own, "%s does not mean %s", types[_i].spellings[i],
                      types[_i].name);
    }
}
END_TEST

/* The look-up is binary: keys rise, no key is there twice, each is what a canonical name gives. */
START_TEST(aliases_are_sorted)
{
    ck_assert_uint_eq(mapping->words[MESSAGE_EVENTS].term_count, (int)COUNT(types));
    for (size_t i = 0; i < mapping->words[MESSAGE_EVENTS].alias_count; i++) {
        const char *key = mapping->words[MESSAGE_EVENTS].aliases[i].key;
        ck_assert_msg(strchr(key, '_') == NULL, "%s holds a separator", key);
        ck_assert_uint_lt(mapping->words[MESSAGE_EVENTS].aliases[i].term, mapping->words[MESSAGE_EVENTS].term_count);
        ck_assert_msg(lookup(key) ==
                          &mapping->words[MESSAGE_EVENTS].terms[mapping->words[MESSAGE_EVENTS].aliases[i].term],
                      "%s is lost", key);
        ck_assert_msg(i == 0 || strcmp(mapping->words[MESSAGE_EVENTS].aliases[i - 1].key, key) < 0,
                      "%s is out of order", key);
    }
}
END_TEST

#define A63 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct {
    const char *name;
    const char *alias;
    bool added;
    size_t grows; /* by how many entries */
    const char *taken;
} additions[] = {
    {"new", "STUCK_CHANNEL", true, 1, NULL},
    {"new, in another spelling", "stuck-channel", true, 1, NULL},
    {"sorts first", "00", true, 1, NULL},
    {"sorts last", "🔒", true, 1, NULL},
    {"its own name", "CHANNEL_JAM", true, 0, NULL},
    {"its own alias", "jam", true, 0, NULL},
    {"another's name", "Door Opened", false, 0, "DOOR_OPENED"},
    {"another's alias", "出货成功", false, 0, "DISPENSE_SUCCESS"},
    {"64 bytes", A63 "A", true, 1, NULL},
    {"65 bytes", A63 "AA", false, 0, NULL},
    {"empty", "", false, 0, NULL},
    {"separators alone", "-_ -", false, 0, NULL},
};

START_TEST(add_alias)
{
    const char *name = additions[_i].name;
    const char *taken = "unset";
    const struct term *jam = lookup("CHANNEL_JAM");
    size_t before = mapping->words[MESSAGE_EVENTS].alias_count;
    bool added = mapping_add_alias(mapping, MESSAGE_EVENTS, additions[_i].alias,
                                   (size_t)(jam - mapping->words[MESSAGE_EVENTS].terms), &taken);
    ck_assert_msg(added == additions[_i].added, "%s: added %d", name, (int)added);
    ck_assert_msg(mapping->words[MESSAGE_EVENTS].alias_count == before + additions[_i].grows, "%s: grew by %zu", name,
                  mapping->words[MESSAGE_EVENTS].alias_count - before);
    ck_assert_msg(!added || lookup(additions[_i].alias) == jam, "%s: not found", name);
    if (additions[_i].taken) {
        ck_assert_msg(taken && strcmp(taken, additions[_i].taken) == 0, "%s: taken by %s", name,
                      taken ? taken : "none");
    } else {
        ck_assert_msg(taken == NULL, "%s: taken by %s", name, taken);
    }
}
END_TEST

START_TEST(add_many_aliases)
{
    const char *taken;
    char alias[16];
    size_t before = mapping->words[MESSAGE_EVENTS].alias_count;
    for (int i = 0; i < 1000; i++) {
        snprintf(alias, sizeof alias, "X%d", i * 7919 % 1000);
        ck_assert_msg(mapping_add_alias(mapping, MESSAGE_EVENTS, alias, 0, &taken), "%s", alias);
    }
    ck_assert_uint_eq(mapping->words[MESSAGE_EVENTS].alias_count, before + 1000);
    for (int i = 0; i < 1000; i++) {
        snprintf(alias, sizeof alias, "x_%d", i);
        ck_assert_msg(lookup(alias) == &mapping->words[MESSAGE_EVENTS].terms[0], "%s", alias);
    }
    ck_assert_str_eq(lookup("JAM")->name, "CHANNEL_JAM");
}
END_TEST

/* ---- paths ---- */

static const struct {
    const char *name;
    const char *path;
    bool good;
} paths[] = {
    {"one part", "ts", true},       {"eight parts", "a.b.c.d.e.f.g.h", true},
    {"Chinese", "数据.电压", true}, {"nine parts", "a.b.c.d.e.f.g.h.i", false},
    {"empty", "", false},           {"a dot", ".", false},
    {"a dot first", ".a", false},   {"a dot last", "a.", false},
    {"two dots", "a..b", false},
};

START_TEST(add_path)
{
    struct path list[COLUMN_MAX_PATHS];
    size_t count = 0;
    char text[64];
    snprintf(text, sizeof text, "%s", paths[_i].path);
    bool good = mapping_add_path(mapping, list, &count, text);
    memset(text, 'z', sizeof text); /* it was copied */
    ck_assert_msg(good == paths[_i].good, "%s: %d", paths[_i].name, (int)good);
    ck_assert_msg(count == (good ? 1 : 0), "%s: %zu", paths[_i].name, count);
    ck_assert_msg(!good || strcmp(list[0].text, paths[_i].path) == 0, "%s", paths[_i].name);
}
END_TEST

START_TEST(add_too_many_paths)
{
    struct path list[COLUMN_MAX_PATHS];
    size_t count = 0;
    for (int i = 0; i < COLUMN_MAX_PATHS; i++) {
        ck_assert(mapping_add_path(mapping, list, &count, "a.b"));
    }
    ck_assert(!mapping_add_path(mapping, list, &count, "a.b"));
    ck_assert_uint_eq(count, COLUMN_MAX_PATHS);
}
END_TEST

/* ---- memory ---- */

START_TEST(grow_keeps_what_is_there)
{
    int *numbers = NULL;
    int moves = 0;
    for (int i = 0; i < 1000; i++) {
        int *grown = mapping_grow(mapping, numbers, (size_t)i, sizeof *grown);
        ck_assert_ptr_nonnull(grown);
        moves += grown != numbers;
        numbers = grown;
        numbers[i] = i;
    }
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(numbers[i], i);
    }
    ck_assert_int_le(moves, 11);
}
END_TEST

START_TEST(two_mappings_share_nothing)
{
    const char *taken;
    struct mapping *other = mapping_new();
    ck_assert_ptr_nonnull(other);
    size_t before = mapping->words[MESSAGE_EVENTS].alias_count;
    ck_assert(mapping_add_alias(other, MESSAGE_EVENTS, "STUCK", 2, &taken));
    other->tables[MESSAGE_TELEMETRY].columns[0].max = 1;
    mapping_free(other);
    ck_assert_uint_eq(mapping->words[MESSAGE_EVENTS].alias_count, before);
    ck_assert_ptr_null(lookup("STUCK"));
    ck_assert(same(find(MESSAGE_TELEMETRY, "voltage")->max, 500));
}
END_TEST

START_TEST(free_nothing)
{
    mapping_free(NULL);
}
END_TEST

static Suite *mapping_suite(void)
{
    Suite *suite = suite_create("mapping");
    TCase *tcase = tcase_create("mapping");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, one_table, 0, MESSAGE_KINDS);
    tcase_add_loop_test(tcase, one_column, 0, (int)COUNT(columns));
    tcase_add_test(tcase, names_are_plain);
    tcase_add_test(tcase, positions);
    tcase_add_test(tcase, order);
    tcase_add_test(tcase, path_parts);
    tcase_add_loop_test(tcase, owners_column, 0, (int)COUNT(owners));
    tcase_add_loop_test(tcase, event_type, 0, (int)COUNT(types));
    tcase_add_test(tcase, aliases_are_sorted);
    tcase_add_loop_test(tcase, add_alias, 0, (int)COUNT(additions));
    tcase_add_test(tcase, add_many_aliases);
    tcase_add_loop_test(tcase, add_path, 0, (int)COUNT(paths));
    tcase_add_test(tcase, add_too_many_paths);
    tcase_add_test(tcase, grow_keeps_what_is_there);
    tcase_add_test(tcase, two_mappings_share_nothing);
    tcase_add_test(tcase, free_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(mapping_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
