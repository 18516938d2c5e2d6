#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mapping_file.h"
#include "core/mapping_print.h"
#include "core/vocabulary.h"

#define FILE_NAME "site.json"

static struct mapping *mapping;
static struct err err;

static void set_up(void)
{
    mapping = mapping_new();
    ck_assert_ptr_nonnull(mapping);
    err_clear(&err);
}

static void tear_down(void)
{
    mapping_free(mapping);
    mapping = NULL;
}

/* Overlays from the very end of a block of its own, so that a read past it is caught, and frees the text at once. */
static bool overlay_bytes(struct mapping *to, const char *text, size_t len)
{
    char *block = malloc(len > 0 ? len : 1);
    ck_assert_ptr_nonnull(block);
    memcpy(block, text, len);
    err_clear(&err);
    bool ok = mapping_overlay_text(to, (struct span){block, len}, FILE_NAME, &err);
    free(block);
    ck_assert_msg(ok == (err.text[0] == '\0'), "ok %d, but err '%s'", (int)ok, err.text);
    return ok;
}

static bool overlay(struct mapping *to, const char *text)
{
    return overlay_bytes(to, text, strlen(text));
}

/* ---- a mapping as text ---- */

static void show_paths(FILE *out, const struct path *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s%s", i > 0 ? "," : "", paths[i].text);
        for (size_t p = 0; p < paths[i].count; p++) {
            ck_assert_ptr_nonnull(paths[i].parts[p].name);
        }
    }
}

static void show_column(FILE *out, const struct column *column)
{
    ck_assert_uint_eq(column->name_len, strlen(column->name));
    fprintf(out, "%s ", column->name);
    show_paths(out, column->paths, column->path_count);
    fprintf(out, " t%d '%s' %.17g..%.17g [", (int)column->type, column->unit, column->min, column->max);
    for (size_t i = 0; i < column->fault_count; i++) {
        fprintf(out, "%s%.17g", i > 0 ? "," : "", column->faults[i]);
    }
    fprintf(out, "] %zu f%d%s", column->max_bytes, (int)column->form, column->required ? " required" : "");
}

static char *show_mapping(const struct mapping *shown)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        const struct table_map *table = &shown->tables[kind];
        fprintf(out, "%s\n", table->measurement);
        show_paths(out, table->device_no, table->device_no_count);
        fputc('\n', out);
        show_paths(out, table->time, table->time_count);
        fputc('\n', out);
        for (size_t i = 0; i < table->column_count; i++) {
            show_column(out, &table->columns[i]);
            fputc('\n', out);
        }
    }
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        const struct vocabulary *words = &shown->words[kind];
        for (size_t i = 0; i < words->term_count; i++) {
            fprintf(out, "%d %s %s\n", kind, words->terms[i].name, words->terms[i].severity);
        }
        for (size_t i = 0; i < words->alias_count; i++) {
            fprintf(out, "%d %s = %s\n", kind, words->aliases[i].key, words->terms[words->aliases[i].term].name);
        }
    }
    fclose(out);
    return text;
}

static char *print(const struct mapping *printed, size_t *len)
{
    struct buf text;
    buf_init(&text, MAPPING_PRINT_MAX_BYTES);
    mapping_print(printed, &text);
    *len = text.len;
    buf_char(&text, '\0');
    ck_assert(!text.failed);
    return text.ptr;
}

/* ---- columns ---- */

#define TELEMETRY(columns) "{\"telemetry\": {\"columns\": [" columns "]}}"
#define EVENTS(columns) "{\"events\": {\"columns\": [" columns "]}}"
#define STATUS(columns) "{\"status\": {\"columns\": [" columns "]}}"
#define TYPES(types) "{\"events\": {\"types\": {" types "}}}"
#define STATUS_TYPES(types) "{\"status\": {\"types\": {" types "}}}"
#define ACKS(columns) "{\"acks\": {\"columns\": [" columns "]}}"
#define ACK_TYPES(types) "{\"acks\": {\"types\": {" types "}}}"

static const struct {
    const char *name;
    const char *text;
    enum message_kind kind;
    const char *column;
    const char *shown; /* NULL = there is no such column */
} columns[] = {
    {"nothing given", "{}", MESSAGE_TELEMETRY, "voltage", "voltage system.voltage t0 'V' 0..500 [] 0 f0"},
    {"empty section", "{\"telemetry\": {}}", MESSAGE_TELEMETRY, "voltage",
     "voltage system.voltage t0 'V' 0..500 [] 0 f0"},
    {"name alone", TELEMETRY("{\"column\": \"voltage\"}"), MESSAGE_TELEMETRY, "voltage",
     "voltage system.voltage t0 'V' 0..500 [] 0 f0"},
    {"max alone", TELEMETRY("{\"column\": \"voltage\", \"max\": 480.5}"), MESSAGE_TELEMETRY, "voltage",
     "voltage system.voltage t0 'V' 0..480.5 [] 0 f0"},
    {"no limit", TELEMETRY("{\"column\": \"voltage\", \"min\": null, \"max\": null}"), MESSAGE_TELEMETRY, "voltage",
     "voltage system.voltage t0 'V' -inf..inf [] 0 f0"},
    {"equal limits", TELEMETRY("{\"column\": \"voltage\", \"min\": 5, \"max\": 5}"), MESSAGE_TELEMETRY, "voltage",
     "voltage system.voltage t0 'V' 5..5 [] 0 f0"},
    {"path", TELEMETRY("{\"column\": \"voltage\", \"path\": \"u\"}"), MESSAGE_TELEMETRY, "voltage",
     "voltage u t0 'V' 0..500 [] 0 f0"},
    {"four paths", TELEMETRY("{\"column\": \"voltage\", \"path\": [\"a\", \"b.0\", \"c\", \"电.压\"]}"),
     MESSAGE_TELEMETRY, "voltage", "voltage a,b.0,c,电.压 t0 'V' 0..500 [] 0 f0"},
    {"unit", TELEMETRY("{\"column\": \"voltage\", \"unit\": \"mV\"}"), MESSAGE_TELEMETRY, "voltage",
     "voltage system.voltage t0 'mV' 0..500 [] 0 f0"},
    {"faults replaced", TELEMETRY("{\"column\": \"ambient_temp\", \"faults\": [1, -2.5, 3, 4]}"), MESSAGE_TELEMETRY,
     "ambient_temp", "ambient_temp environment.ambient_temp t0 'degC' -90..80 [1,-2.5,3,4] 0 f0"},
    {"no faults", TELEMETRY("{\"column\": \"ambient_temp\", \"faults\": []}"), MESSAGE_TELEMETRY, "ambient_temp",
     "ambient_temp environment.ambient_temp t0 'degC' -90..80 [] 0 f0"},
    {"required", TELEMETRY("{\"column\": \"voltage\", \"required\": true}"), MESSAGE_TELEMETRY, "voltage",
     "voltage system.voltage t0 'V' 0..500 [] 0 f0 required"},
    {"enabled", TELEMETRY("{\"column\": \"voltage\", \"enabled\": true, \"min\": 1}"), MESSAGE_TELEMETRY, "voltage",
     "voltage system.voltage t0 'V' 1..500 [] 0 f0"},
    {"removed", TELEMETRY("{\"column\": \"csq\", \"enabled\": false}"), MESSAGE_TELEMETRY, "csq", NULL},
    {"removed, neighbours stay", TELEMETRY("{\"column\": \"rssi\", \"enabled\": false}"), MESSAGE_TELEMETRY, "lat",
     "lat location.lat t0 'deg' -90..90 [] 0 f0"},
    {"removed, then new",
     TELEMETRY("{\"column\": \"csq\", \"enabled\": false}, {\"column\": \"csq\", \"path\": \"q\", \"type\": \"text\"}"),
     MESSAGE_TELEMETRY, "csq", "csq q t4 '' -inf..inf [] 512 f0"},
    {"new float", TELEMETRY("{\"column\": \"humidity\", \"path\": \"env.rh\", \"type\": \"float\"}"), MESSAGE_TELEMETRY,
     "humidity", "humidity env.rh t0 '' -inf..inf [] 0 f0"},
    {"new integer", TELEMETRY("{\"column\": \"n\", \"path\": \"n\", \"type\": \"integer\", \"max\": 9}"),
     MESSAGE_TELEMETRY, "n", "n n t1 '' -inf..9 [] 0 f0"},
    {"new bigint", TELEMETRY("{\"column\": \"n\", \"path\": \"n\", \"type\": \"bigint\", \"faults\": [-1]}"),
     MESSAGE_TELEMETRY, "n", "n n t2 '' -inf..inf [-1] 0 f0"},
    {"new boolean", TELEMETRY("{\"column\": \"n\", \"path\": \"n\", \"type\": \"boolean\"}"), MESSAGE_TELEMETRY, "n",
     "n n t3 '' -inf..inf [] 0 f0"},
    {"new text", EVENTS("{\"column\": \"n\", \"path\": \"data.n\", \"type\": \"text\"}"), MESSAGE_EVENTS, "n",
     "n data.n t4 '' -inf..inf [] 512 f0"},
    {"new text, all keys",
     STATUS("{\"max_bytes\": 8, \"form\": \"lower\", \"required\": false, \"enabled\": true, \"unit\": \"\", \"min\": "
            "null, "
            "\"max\": null, \"faults\": [], \"path\": [\"n\"], \"type\": \"text\", \"column\": \"n\"}"),
     MESSAGE_STATUS, "n", "n n t4 '' -inf..inf [] 8 f1"},
    {"new, all keys of a number",
     TELEMETRY("{\"column\": \"n\", \"path\": \"n\", \"type\": \"float\", \"unit\": \"Pa\", \"min\": -1e300, \"max\": "
               "1E+2, \"faults\": [0], \"required\": true, \"form\": \"plain\"}"),
     MESSAGE_TELEMETRY, "n", "n n t0 'Pa' -1.0000000000000001e+300..100 [0] 0 f0 required"},
    {"longest name",
     TELEMETRY("{\"column\": \"_23456789012345678901234567890123456789012345678901234567890123\", \"path\": \"n\", "
               "\"type\": \"float\"}"),
     MESSAGE_TELEMETRY, "_23456789012345678901234567890123456789012345678901234567890123",
     "_23456789012345678901234567890123456789012345678901234567890123 n t0 '' -inf..inf [] 0 f0"},
    {"later entry wins", TELEMETRY("{\"column\": \"voltage\", \"max\": 1}, {\"column\": \"voltage\", \"max\": 2}"),
     MESSAGE_TELEMETRY, "voltage", "voltage system.voltage t0 'V' 0..2 [] 0 f0"},
    {"number to text drops limits", TELEMETRY("{\"column\": \"csq\", \"type\": \"text\"}"), MESSAGE_TELEMETRY, "csq",
     "csq connectivity.csq t4 '' -inf..inf [] 512 f0"},
    {"number to text, bytes given first", TELEMETRY("{\"max_bytes\": 9, \"column\": \"csq\", \"type\": \"text\"}"),
     MESSAGE_TELEMETRY, "csq", "csq connectivity.csq t4 '' -inf..inf [] 9 f0"},
    {"text to number drops bytes", STATUS("{\"min\": 3, \"column\": \"reason\", \"type\": \"integer\"}"),
     MESSAGE_STATUS, "reason", "reason reason t1 '' 3..inf [] 0 f0"},
    {"number to number keeps limits", TELEMETRY("{\"column\": \"csq\", \"type\": \"bigint\"}"), MESSAGE_TELEMETRY,
     "csq", "csq connectivity.csq t2 '' 0..199 [99,199] 0 f0"},
    {"fixed column, what may change",
     EVENTS("{\"column\": \"event_type\", \"path\": [\"event_type\", \"type\"], \"max_bytes\": 99, \"type\": \"text\", "
            "\"form\": \"event_type\", \"required\": true}"),
     MESSAGE_EVENTS, "event_type", "event_type event_type,type t4 '' -inf..inf [] 99 f2 required"},
    {"a fixed column's name on another table is free",
     TELEMETRY("{\"column\": \"status\", \"path\": \"s\", \"type\": \"integer\"}"), MESSAGE_TELEMETRY, "status",
     "status s t1 '' -inf..inf [] 0 f0"},
    {"and can be removed",
     STATUS("{\"column\": \"event_type\", \"path\": \"e\", \"type\": \"text\"}, {\"column\": \"event_type\", "
            "\"enabled\": false}"),
     MESSAGE_STATUS, "event_type", NULL},
};

static void check_column(const char *name, enum message_kind kind, const char *column, const char *want)
{
    char *shown = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&shown, &len);
    ck_assert_ptr_nonnull(out);
    const struct table_map *table = &mapping->tables[kind];
    size_t found = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, column) == 0) {
            show_column(out, &table->columns[i]);
            found++;
        }
    }
    fclose(out);
    ck_assert_msg(found == (want ? 1 : 0), "%s: column %s is there %zu times", name, column, found);
    ck_assert_msg(!want || strcmp(shown, want) == 0, "%s: got %s", name, shown);
    free(shown);
}

START_TEST(one_column)
{
    bool ok = overlay(mapping, columns[_i].text);
    ck_assert_msg(ok, "%s: %s", columns[_i].name, err.text);
    check_column(columns[_i].name, columns[_i].kind, columns[_i].column, columns[_i].shown);
}
END_TEST

START_TEST(device_no_and_time)
{
    ck_assert_msg(
        overlay(mapping, "{\"events\": {\"device_no\": [\"device_no\", \"id\", \"data.sn\"], \"time\": \"t\"}}"), "%s",
        err.text);
    const struct table_map *events = &mapping->tables[MESSAGE_EVENTS];
    ck_assert_uint_eq(events->device_no_count, 3);
    ck_assert_str_eq(events->device_no[2].text, "data.sn");
    ck_assert_uint_eq(events->device_no[2].count, 2);
    ck_assert_uint_eq(events->time_count, 1);
    ck_assert_str_eq(events->time[0].text, "t");
    ck_assert_str_eq(mapping->tables[MESSAGE_TELEMETRY].time[0].text, "ts");
}
END_TEST

/* ---- known words ---- */

static const struct {
    const char *name;
    const char *text;
    enum message_kind kind;
    const char *spelling;
    const char *type; /* "" = not known */
    const char *severity;
} types[] = {
    {"severity alone", TYPES("\"DOOR_OPENED\": {\"severity\": \"low\"}"), MESSAGE_EVENTS, "开门", "DOOR_OPENED", "low"},
    {"a severity of the site's own", TYPES("\"DOOR_OPENED\": {\"severity\": \"紧急\"}"), MESSAGE_EVENTS, "DOOR_OPEN",
     "DOOR_OPENED", "紧急"},
    {"severity alone, others stay", TYPES("\"DOOR_OPENED\": {\"severity\": \"low\"}"), MESSAGE_EVENTS, "JAM",
     "CHANNEL_JAM", "high"},
    {"an alias more", TYPES("\"CHANNEL_JAM\": {\"aliases\": [\"STUCK\"]}"), MESSAGE_EVENTS, "stuck", "CHANNEL_JAM",
     "high"},
    {"an alias more, others stay", TYPES("\"CHANNEL_JAM\": {\"aliases\": [\"STUCK\"]}"), MESSAGE_EVENTS, "卡货",
     "CHANNEL_JAM", "high"},
    {"an alias in Chinese", TYPES("\"CHANNEL_JAM\": {\"aliases\": [\"堵了\"]}"), MESSAGE_EVENTS, "堵 了", "CHANNEL_JAM",
     "high"},
    {"an alias in any spelling", TYPES("\"CHANNEL_JAM\": {\"aliases\": [\"gotStuck now\"]}"), MESSAGE_EVENTS,
     "GOT_STUCK_NOW", "CHANNEL_JAM", "high"},
    {"an alias that is there", TYPES("\"CHANNEL_JAM\": {\"aliases\": [\"jam\", \"JAM\"]}"), MESSAGE_EVENTS, "JAM",
     "CHANNEL_JAM", "high"},
    {"no aliases", TYPES("\"CHANNEL_JAM\": {\"aliases\": []}"), MESSAGE_EVENTS, "JAM", "CHANNEL_JAM", "high"},
    {"a new type", TYPES("\"FAN_STUCK\": {\"severity\": \"high\", \"aliases\": [\"风扇故障\"]}"), MESSAGE_EVENTS,
     "风扇故障", "FAN_STUCK", "high"},
    {"a new type by its name", TYPES("\"FAN_STUCK\": {\"severity\": \"high\"}"), MESSAGE_EVENTS, "fanStuck",
     "FAN_STUCK", "high"},
    {"a new type that says nothing", TYPES("\"FAN_STUCK\": {}"), MESSAGE_EVENTS, "FANSTUCK", "FAN_STUCK", "unknown"},
    {"a new type in Chinese", TYPES("\"缺货\": {\"severity\": \"low\"}"), MESSAGE_EVENTS, "缺货", "缺货", "low"},
    {"an alias of a status", STATUS_TYPES("\"offline\": {\"aliases\": [\"0\", \"断电\"]}"), MESSAGE_STATUS, "0",
     "offline", ""},
    {"... others stay", STATUS_TYPES("\"offline\": {\"aliases\": [\"0\"]}"), MESSAGE_STATUS, "LWT", "offline", ""},
    {"... and 1", STATUS_TYPES("\"online\": {\"aliases\": [\"1\", \"true\"]}"), MESSAGE_STATUS, "True", "online", ""},
    {"... in Chinese", STATUS_TYPES("\"offline\": {\"aliases\": [\"断电\"]}"), MESSAGE_STATUS, "断 电", "offline", ""},
    {"a new status", STATUS_TYPES("\"in_service\": {\"aliases\": [\"维护\"]}"), MESSAGE_STATUS, "维护", "in_service",
     ""},
    {"a new status by its name", STATUS_TYPES("\"sleeping\": {}"), MESSAGE_STATUS, "Sleeping", "sleeping", ""},
    {"a status is no event", STATUS_TYPES("\"sleeping\": {}"), MESSAGE_EVENTS, "sleeping", "", ""},
    {"what an event is called may be a status", STATUS_TYPES("\"jam\": {}"), MESSAGE_STATUS, "JAM", "jam", ""},
    {"an outcome's severity", ACK_TYPES("\"failed\": {\"severity\": \"critical\"}"), MESSAGE_ACKS, "Failed", "failed",
     "critical"},
    {"an outcome's alias", ACK_TYPES("\"failed\": {\"aliases\": [\"error\"]}"), MESSAGE_ACKS, "ERROR", "failed",
     "high"},
    {"a new outcome", ACK_TYPES("\"timed_out\": {\"severity\": \"medium\"}"), MESSAGE_ACKS, "timedOut", "timed_out",
     "medium"},
    {"a new outcome that says nothing", ACK_TYPES("\"pending\": {}"), MESSAGE_ACKS, "pending", "pending", "unknown"},
    {"nobody's", TYPES("\"FAN_STUCK\": {}"), MESSAGE_EVENTS, "FAN", "", ""},
};

START_TEST(known_words)
{
    const char *name = types[_i].name;
    bool ok = overlay(mapping, types[_i].text);
    ck_assert_msg(ok, "%s: %s", name, err.text);
    const struct term *type = vocabulary_find_spelling(&mapping->words[types[_i].kind], span_of(types[_i].spelling));
    ck_assert_msg(strcmp(type ? type->name : "", types[_i].type) == 0, "%s: is %s", name, type ? type->name : "none");
    ck_assert_msg(strcmp(type ? type->severity : "", types[_i].severity) == 0, "%s: severity %s", name,
                  type ? type->severity : "none");
}
END_TEST

/* ---- errors, each with file, line, key and what is allowed ---- */

#define A64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define RESERVED(column) "{\"column\": \"" column "\", \"path\": \"a\", \"type\": \"text\"}"
#define RESERVED_ERROR(section, column, why)                                                                           \
    "site.json:1: key " section ".columns.0.column: a column cannot be named " column ": that " why
#define FOR_EVER "; Telegraf's output would repeat the batch for ever"

static const struct {
    const char *name;
    const char *text;
    const char *error;
} errors[] = {
    {"type",
     "{\n\"telemetry\": {\n  \"columns\": [\n    {\"column\": \"voltage\"},\n    {\"column\": \"current\"},\n    "
     "{\"column\": \"rssi\"},\n    {\n      \"column\": \"n\",\n      \"path\": [\n        \"n\"\n      ],\n      "
     "\"type\": \"flaot\"\n    }\n  ]\n}\n}\n",
     "site.json:12: key telemetry.columns.3.type: \"flaot\" is not one of float, integer, bigint, boolean, text"},
    {"type, letters' case", TELEMETRY("{\"column\": \"voltage\", \"type\": \"Float\"}"),
     "site.json:1: key telemetry.columns.0.type: \"Float\" is not one of float, integer, bigint, boolean, text"},
    {"type, no text", TELEMETRY("{\"column\": \"voltage\", \"type\": 3}"),
     "site.json:1: key telemetry.columns.0.type: must be a text, not a number"},
    {"form", STATUS("{\"column\": \"reason\", \"form\": \"upper\"}"),
     "site.json:1: key status.columns.0.form: \"upper\" is not one of plain, lower, event_type, status, outcome"},
    {"form for another column", STATUS("\n{\"column\": \"reason\", \"form\": \"event_type\"}"),
     "site.json:2: key status.columns.0: form event_type is for one built-in column alone"},
    {"form of statuses for another column", STATUS("{\"column\": \"reason\", \"form\": \"status\"}"),
     "site.json:1: key status.columns.0: form status is for one built-in column alone"},
    {"form of outcomes for another column", ACKS("{\"column\": \"error_code\", \"form\": \"outcome\"}"),
     "site.json:1: key acks.columns.0: form outcome is for one built-in column alone"},
    {"form of a number", TELEMETRY("{\"column\": \"csq\", \"form\": \"lower\"}"),
     "site.json:1: key telemetry.columns.0: form of column csq goes with type text alone"},
    {"max_bytes of a number", TELEMETRY("{\"column\": \"csq\", \"max_bytes\": 4}"),
     "site.json:1: key telemetry.columns.0: max_bytes of column csq goes with type text alone"},
    {"min of a text", STATUS("{\"column\": \"reason\", \"min\": 4}"),
     "site.json:1: key status.columns.0: min, max and faults of column reason go with a type of number alone"},
    {"max of a boolean", TELEMETRY("{\"column\": \"door_closed\", \"max\": 1}"),
     "site.json:1: key telemetry.columns.0: min, max and faults of column door_closed go with a type of number alone"},
    {"faults of a text", STATUS("{\"column\": \"reason\", \"faults\": [4]}"),
     "site.json:1: key status.columns.0: min, max and faults of column reason go with a type of number alone"},
    {"max before a type that is no number", TELEMETRY("{\"max\": 4, \"column\": \"csq\", \"type\": \"text\"}"),
     "site.json:1: key telemetry.columns.0: min, max and faults of column csq go with a type of number alone"},

    {"time", TELEMETRY(RESERVED("time")), RESERVED_ERROR("telemetry", "time", "is the row's time" FOR_EVER)},
    {"device_no", EVENTS(RESERVED("device_no")), RESERVED_ERROR("events", "device_no", "is the row's tag" FOR_EVER)},
    {"topic", STATUS(RESERVED("topic")), RESERVED_ERROR("status", "topic", "is the tag that holds the topic" FOR_EVER)},
    {"raw_data", TELEMETRY(RESERVED("raw_data")), RESERVED_ERROR("telemetry", "raw_data", "is worked out")},
    {"severity", STATUS(RESERVED("severity")), RESERVED_ERROR("status", "severity", "is worked out")},
    {"priority", EVENTS(RESERVED("priority")), RESERVED_ERROR("events", "priority", "is worked out")},
    {"message_id", TELEMETRY(RESERVED("message_id")), RESERVED_ERROR("telemetry", "message_id", "is worked out")},
    {"device_ts", EVENTS(RESERVED("device_ts")), RESERVED_ERROR("events", "device_ts", "is worked out")},
    {"anomalies", EVENTS(RESERVED("anomalies")), RESERVED_ERROR("events", "anomalies", "is worked out")},
    {"reserved, to be removed", TELEMETRY("{\"column\": \"time\", \"enabled\": false}"),
     RESERVED_ERROR("telemetry", "time", "is the row's time" FOR_EVER)},

    {"name in capitals", TELEMETRY("{\"column\": \"Voltage\"}"),
     "site.json:1: key telemetry.columns.0.column: \"Voltage\" is not a column name: a-z, 0-9 and _, at most 63, no "
     "digit first"},
    {"name of digits", TELEMETRY("{\"column\": \"1a\"}"),
     "site.json:1: key telemetry.columns.0.column: \"1a\" is not a column name: a-z, 0-9 and _, at most 63, no digit "
     "first"},
    {"empty name", TELEMETRY("{\"column\": \"\"}"),
     "site.json:1: key telemetry.columns.0.column: \"\" is not a column name: a-z, 0-9 and _, at most 63, no digit "
     "first"},
    {"name with a blank", TELEMETRY("{\"column\": \"a b\"}"),
     "site.json:1: key telemetry.columns.0.column: \"a b\" is not a column name: a-z, 0-9 and _, at most 63, no digit "
     "first"},
    {"name in Chinese", TELEMETRY("{\"column\": \"电压\"}"),
     "site.json:1: key telemetry.columns.0.column: \"电压\" is not a column name: a-z, 0-9 and _, at most 63, no digit "
     "first"},
    {"name of 64", TELEMETRY("{\"column\": \"a234567890123456789012345678901234567890123456789012345678901234\"}"),
     "site.json:1: key telemetry.columns.0.column: "
     "\"a234567890123456789012345678901234567890123456789012345678901234\" is not a column name: a-z, 0-9 and _, at "
     "most 63, no digit first"},
    {"no name", TELEMETRY("{\"path\": \"a\"}"), "site.json:1: key telemetry.columns.0: needs \"column\", its name"},
    {"name no text", TELEMETRY("{\"column\": 1}"), "site.json:1: key telemetry.columns.0: needs \"column\", its name"},

    {"new without path", TELEMETRY("{\"column\": \"n\", \"type\": \"text\"}"),
     "site.json:1: key telemetry.columns.0: the new column n needs path and type"},
    {"new without type", TELEMETRY("{\"column\": \"n\", \"path\": \"n\"}"),
     "site.json:1: key telemetry.columns.0: the new column n needs path and type"},
    {"key unknown", TELEMETRY("{\"column\": \"csq\",\n \"maximum\": 1}"),
     "site.json:2: key telemetry.columns.0.maximum: is none of column, path, type, unit, min, max, faults, max_bytes, "
     "form, required, enabled"},
    {"section unknown", "{\n\"telemtry\": {}}",
     "site.json:2: key telemtry: is none of telemetry, events, status, acks"},
    {"telemetry has no words", "{\"telemetry\": {\"types\": {}}}",
     "site.json:1: key telemetry.types: is none of device_no, time, columns"},
    {"key of statuses unknown", "{\"status\": {\"type\": {}}}",
     "site.json:1: key status.type: is none of device_no, time, columns, types"},
    {"key of events unknown", "{\"events\": {\"type\": {}}}",
     "site.json:1: key events.type: is none of device_no, time, columns, types"},

    {"path no text", TELEMETRY("{\"column\": \"csq\", \"path\": 1}"),
     "site.json:1: key telemetry.columns.0.path: must be a path or an array of paths, not a number"},
    {"path among paths no text", TELEMETRY("{\"column\": \"csq\", \"path\": [\"a\", null]}"),
     "site.json:1: key telemetry.columns.0.path: must be a path such as system.voltage, not null"},
    {"no paths", TELEMETRY("{\"column\": \"csq\", \"path\": []}"),
     "site.json:1: key telemetry.columns.0.path: must hold 1 to 4 paths"},
    {"five paths", TELEMETRY("{\"column\": \"csq\", \"path\": [\"a\", \"b\", \"c\", \"d\", \"e\"]}"),
     "site.json:1: key telemetry.columns.0.path: must hold 1 to 4 paths"},
    {"path empty", TELEMETRY("{\"column\": \"csq\", \"path\": \"\"}"),
     "site.json:1: key telemetry.columns.0.path: \"\" is not a path of 1 to 8 names with dots between them"},
    {"path with two dots", TELEMETRY("{\"column\": \"csq\", \"path\": \"a..b\"}"),
     "site.json:1: key telemetry.columns.0.path: \"a..b\" is not a path of 1 to 8 names with dots between them"},
    {"path of nine", TELEMETRY("{\"column\": \"csq\", \"path\": \"a.b.c.d.e.f.g.h.i\"}"),
     "site.json:1: key telemetry.columns.0.path: \"a.b.c.d.e.f.g.h.i\" is not a path of 1 to 8 names with dots between "
     "them"},
    {"no time", "{\"status\": {\"time\": []}}", "site.json:1: key status.time: must hold 1 to 4 paths"},
    {"device_no", "{\"status\": {\"device_no\": {}}}",
     "site.json:1: key status.device_no: must be a path or an array of paths, not an object"},

    {"min a text", TELEMETRY("{\"column\": \"csq\", \"min\": \"0\"}"),
     "site.json:1: key telemetry.columns.0.min: must be a number, or null for no limit, not a text"},
    {"max a boolean", TELEMETRY("{\"column\": \"csq\", \"max\": true}"),
     "site.json:1: key telemetry.columns.0.max: must be a number, or null for no limit, not a boolean"},
    {"min above max", TELEMETRY("{\"column\": \"csq\", \"min\": 2, \"max\": 1}"),
     "site.json:1: key telemetry.columns.0: min of column csq is above its max"},
    {"min above the max that stays", TELEMETRY("{\"column\": \"csq\", \"min\": 200}"),
     "site.json:1: key telemetry.columns.0: min of column csq is above its max"},
    {"faults no array", TELEMETRY("{\"column\": \"csq\", \"faults\": 99}"),
     "site.json:1: key telemetry.columns.0.faults: must be an array of numbers, not a number"},
    {"faults no numbers", TELEMETRY("{\"column\": \"csq\", \"faults\": [99, \"x\"]}"),
     "site.json:1: key telemetry.columns.0.faults: must be an array of numbers, not a text"},
    {"five faults", TELEMETRY("{\"column\": \"csq\", \"faults\": [1, 2, 3, 4, 5]}"),
     "site.json:1: key telemetry.columns.0.faults: holds more than 4 numbers"},
    {"max_bytes 0", STATUS("{\"column\": \"reason\", \"max_bytes\": 0}"),
     "site.json:1: key status.columns.0.max_bytes: must be a whole number from 1 to 1048576"},
    {"max_bytes too many", STATUS("{\"column\": \"reason\", \"max_bytes\": 1048577}"),
     "site.json:1: key status.columns.0.max_bytes: must be a whole number from 1 to 1048576"},
    {"max_bytes a fraction", STATUS("{\"column\": \"reason\", \"max_bytes\": 1.0}"),
     "site.json:1: key status.columns.0.max_bytes: must be a whole number from 1 to 1048576"},
    {"unit a number", TELEMETRY("{\"column\": \"csq\", \"unit\": 1}"),
     "site.json:1: key telemetry.columns.0.unit: must be a text, not a number"},
    {"required a text", TELEMETRY("{\"column\": \"csq\", \"required\": \"yes\"}"),
     "site.json:1: key telemetry.columns.0.required: must be true or false, not a text"},
    {"enabled a number", TELEMETRY("{\"column\": \"csq\", \"enabled\": 0}"),
     "site.json:1: key telemetry.columns.0.enabled: must be true or false, not a number"},

    {"event_type removed", EVENTS("{\"column\": \"event_type\", \"enabled\": false}"),
     "site.json:1: key events.columns.0.enabled: column event_type cannot be removed"},
    {"status removed", STATUS("{\"column\": \"status\", \"enabled\": false}"),
     "site.json:1: key status.columns.0.enabled: column status cannot be removed"},
    {"event_type not required", EVENTS("{\"column\": \"event_type\", \"required\": false}"),
     "site.json:1: key events.columns.0.required: of column event_type cannot be changed"},
    {"status not required", STATUS("{\"column\": \"status\", \"required\": false}"),
     "site.json:1: key status.columns.0.required: of column status cannot be changed"},
    {"event_type no text", EVENTS("{\"column\": \"event_type\", \"type\": \"integer\"}"),
     "site.json:1: key events.columns.0.type: of column event_type cannot be changed"},
    {"status no text", STATUS("{\"column\": \"status\", \"type\": \"boolean\"}"),
     "site.json:1: key status.columns.0.type: of column status cannot be changed"},
    {"event_type in another form", EVENTS("{\"column\": \"event_type\", \"form\": \"plain\"}"),
     "site.json:1: key events.columns.0.form: of column event_type cannot be changed"},
    {"status in another form", STATUS("{\"column\": \"status\", \"form\": \"event_type\"}"),
     "site.json:1: key status.columns.0.form: of column status cannot be changed"},
    {"severity of acks removed", ACKS("{\"column\": \"severity\", \"enabled\": false}"),
     "site.json:1: key acks.columns.0.enabled: column severity cannot be removed"},
    {"severity of acks not required", ACKS("{\"column\": \"severity\", \"required\": false}"),
     "site.json:1: key acks.columns.0.required: of column severity cannot be changed"},
    {"severity of acks in another form", ACKS("{\"column\": \"severity\", \"form\": \"plain\"}"),
     "site.json:1: key acks.columns.0.form: of column severity cannot be changed"},
    {"acks: event_type", ACKS(RESERVED("event_type")),
     "site.json:1: key acks.columns.0.column: a column of acks cannot be named event_type: that is COMMAND_ACK"},
    {"acks: raw_data", ACKS(RESERVED("raw_data")), RESERVED_ERROR("acks", "raw_data", "is worked out")},
    {"acks: message_id", ACKS(RESERVED("message_id")), RESERVED_ERROR("acks", "message_id", "is worked out")},
    {"acks: priority", ACKS(RESERVED("priority")), RESERVED_ERROR("acks", "priority", "is worked out")},
    {"removing what is not there", TELEMETRY("{\"column\": \"csqq\", \"enabled\": false}"),
     "site.json:1: key telemetry.columns.0.enabled: vm_telemetry has no column csqq"},
    {"removing twice",
     TELEMETRY("{\"column\": \"csq\", \"enabled\": false},\n{\"column\": \"csq\", \"enabled\": false}"),
     "site.json:2: key telemetry.columns.1.enabled: vm_telemetry has no column csq"},

    {"alias of another", TYPES("\n\"CHANNEL_JAM\": {\n\"aliases\": [\"STUCK\",\n\"vendSuccess\"]}"),
     "site.json:4: key events.types.CHANNEL_JAM.aliases.1: \"vendSuccess\" already means DISPENSE_SUCCESS"},
    {"alias the name of another", TYPES("\"CHANNEL_JAM\": {\"aliases\": [\"door opened\"]}"),
     "site.json:1: key events.types.CHANNEL_JAM.aliases.0: \"door opened\" already means DOOR_OPENED"},
    {"new type with the alias of another", TYPES("\"JAM\": {}"),
     "site.json:1: key events.types.JAM: already means CHANNEL_JAM"},
    {"alias of two new types", TYPES("\"AA\": {\"aliases\": [\"x\"]}, \"BB\": {\"aliases\": [\"X\"]}"),
     "site.json:1: key events.types.BB.aliases.0: \"X\" already means AA"},
    {"type not canonical", TYPES("\"fan stuck\": {}"),
     "site.json:1: key events.types.fan stuck: \"fan stuck\" is not canonical, write FAN_STUCK"},
    {"type empty", TYPES("\"\": {}"), "site.json:1: key events.types.: holds no letter"},
    {"type of separators", TYPES("\"--\": {}"), "site.json:1: key events.types.--: holds no letter"},
    {"type no object", TYPES("\"CHANNEL_JAM\": \"high\""),
     "site.json:1: key events.types.CHANNEL_JAM: must be an object, not a text"},
    {"types no object", "{\"events\": {\"types\": []}}",
     "site.json:1: key events.types: must be an object, not an array"},
    {"key of a type", TYPES("\"CHANNEL_JAM\": {\"alias\": []}"),
     "site.json:1: key events.types.CHANNEL_JAM.alias: is neither severity nor aliases"},
    {"severity a number", TYPES("\"CHANNEL_JAM\": {\"severity\": 1}"),
     "site.json:1: key events.types.CHANNEL_JAM.severity: must be a text, not a number"},
    {"severity empty", TYPES("\"CHANNEL_JAM\": {\"severity\": \"\"}"),
     "site.json:1: key events.types.CHANNEL_JAM.severity: must be 1 to 64 bytes"},
    {"severity long", TYPES("\"CHANNEL_JAM\": {\"severity\": \"" A64 "A\"}"),
     "site.json:1: key events.types.CHANNEL_JAM.severity: must be 1 to 64 bytes"},
    {"aliases no array", TYPES("\"CHANNEL_JAM\": {\"aliases\": \"x\"}"),
     "site.json:1: key events.types.CHANNEL_JAM.aliases: must be an array of texts, not a text"},
    {"alias no text", TYPES("\"CHANNEL_JAM\": {\"aliases\": [false]}"),
     "site.json:1: key events.types.CHANNEL_JAM.aliases.0: must be a text, not a boolean"},
    {"alias empty", TYPES("\"CHANNEL_JAM\": {\"aliases\": [\"\"]}"),
     "site.json:1: key events.types.CHANNEL_JAM.aliases.0: holds no letter"},
    {"alias of separators", TYPES("\"CHANNEL_JAM\": {\"aliases\": [\"- _\"]}"),
     "site.json:1: key events.types.CHANNEL_JAM.aliases.0: holds no letter"},
    {"alias long", TYPES("\"CHANNEL_JAM\": {\"aliases\": [\"" A64 "A\"]}"),
     "site.json:1: key events.types.CHANNEL_JAM.aliases.0: longer than 64 bytes"},

    {"a status has no severity", STATUS_TYPES("\"offline\": {\"severity\": \"high\"}"),
     "site.json:1: key status.types.offline.severity: a status has no severity"},
    {"status in capitals", STATUS_TYPES("\"Sleeping\": {}"),
     "site.json:1: key status.types.Sleeping: \"Sleeping\" is not canonical, write sleeping"},
    {"status with a blank", STATUS_TYPES("\"in service\": {}"),
     "site.json:1: key status.types.in service: \"in service\" is not canonical, write in_service"},
    {"a word of two statuses", STATUS_TYPES("\"offline\": {\"aliases\": [\"1\"]}, \"online\": {\"aliases\": [\"1\"]}"),
     "site.json:1: key status.types.online.aliases.0: \"1\" already means offline"},
    {"the word of another status", STATUS_TYPES("\"offline\": {\"aliases\": [\"Up\"]}"),
     "site.json:1: key status.types.offline.aliases.0: \"Up\" already means online"},
    {"a new status by the alias of another", STATUS_TYPES("\"lwt\": {}"),
     "site.json:1: key status.types.lwt: already means offline"},
    {"statuses no object", "{\"status\": {\"types\": [\"online\"]}}",
     "site.json:1: key status.types: must be an object, not an array"},
    {"the word of another outcome", ACK_TYPES("\"failed\": {\"aliases\": [\"success\"]}"),
     "site.json:1: key acks.types.failed.aliases.0: \"success\" already means success"},
    {"section no object", "{\"telemetry\": []}", "site.json:1: key telemetry: must be an object, not an array"},
    {"columns no array", "{\"telemetry\": {\"columns\": {}}}",
     "site.json:1: key telemetry.columns: must be an array of columns, not an object"},
    {"column no object", TELEMETRY("\"csq\""), "site.json:1: key telemetry.columns.0: must be an object, not a text"},
    {"root no object", "[]", "site.json:1: must be an object, not an array"},
    {"the first of two errors", TELEMETRY("{\"column\": \"a b\"}, {\"column\": \"c d\"}"),
     "site.json:1: key telemetry.columns.0.column: \"a b\" is not a column name: a-z, 0-9 and _, at most 63, no digit "
     "first"},
};

START_TEST(refused)
{
    bool ok = overlay(mapping, errors[_i].text);
    ck_assert_msg(!ok, "%s: taken", errors[_i].name);
    ck_assert_msg(strcmp(err.text, errors[_i].error) == 0, "%s:\n got %s\nwant %s", errors[_i].name, err.text,
                  errors[_i].error);
}
END_TEST

/* What is not JSON: file and line; the words are jansson's. */
static const struct {
    const char *name;
    const char *text;
    size_t len;
    const char *error; /* how it begins */
} syntax[] = {
    {"empty", "", 0, "site.json:1: "},
    {"white space", " \n ", 3, "site.json:2: "},
    {"comma missing", "{\n\"telemetry\": {}\n\"events\": {}}", 31, "site.json:3: "},
    {"not closed", "{\n\"telemetry\": {\n", 17, "site.json:3: "},
    {"behind its end", "{}\n{}", 5, "site.json:2: "},
    {"comment", "{\n// no\n}", 9, "site.json:2: "},
    {"key twice", "{\"status\": {},\n\"status\": {}}", 28, "site.json:2: duplicate object key"},
    {"number too wide", "{\n\"status\": 1e999}", 18, "site.json:2: real number overflow"},
    {"integer too wide", "{\n\"status\": 99999999999999999999}", 33, "site.json:2: too big integer"},
    {"NUL", "{\0}", 3, "site.json:1: NUL character"},
    {"NUL behind a number", "{\n\"status\": 1\0}", 14, "site.json:2: NUL character"},
    {"NUL at the end", "{}\n\0", 4, "site.json:2: NUL character"},
    {"NUL escaped", "{\n\"a\\u0000\": 1}", 15, "site.json:2: "},
    {"not UTF-8", "{\n\"\xFF\": 1}", 8, "site.json:2: unable to decode byte 0xff"},
    {"lone surrogate", "{\n\"\\ud800\": 1}", 14, "site.json:2: invalid Unicode"},
};

START_TEST(not_json)
{
    bool ok = overlay_bytes(mapping, syntax[_i].text, syntax[_i].len);
    ck_assert_msg(!ok, "%s: taken", syntax[_i].name);
    ck_assert_msg(strncmp(err.text, syntax[_i].error, strlen(syntax[_i].error)) == 0 &&
                      strlen(err.text) > strlen("site.json:1: "),
                  "%s: %s", syntax[_i].name, err.text);
}
END_TEST

START_TEST(deep_nesting)
{
    size_t len = 100000;
    char *text = malloc(len);
    ck_assert_ptr_nonnull(text);
    memset(text, '[', len);
    ck_assert(!overlay_bytes(mapping, text, len));
    ck_assert_str_eq(err.text, "site.json:1: maximum parsing depth reached near '['");
    free(text);
}
END_TEST

START_TEST(no_err_wanted)
{
    ck_assert(!mapping_overlay_text(mapping, span_of("{"), FILE_NAME, NULL));
    ck_assert(!mapping_overlay_text(mapping, span_of("{\"x\": 1}"), FILE_NAME, NULL));
    ck_assert(!mapping_overlay(mapping, "/nowhere/site.json", NULL));
}
END_TEST

/* ---- bounds ---- */

/* head, then n times item with its number in it and commas between, then tail */
static char *repeat(const char *head, int n, const char *before, const char *after, const char *tail)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    ck_assert_ptr_nonnull(out);
    fputs(head, out);
    for (int i = 0; i < n; i++) {
        fprintf(out, "%s%s%d%s", i > 0 ? "," : "", before, i, after);
    }
    fputs(tail, out);
    fclose(out);
    return text;
}

static const struct {
    const char *name;
    const char *head, *before, *after, *tail;
    int most;
    const char *error;
} bounds[] = {
    {"columns", "{\"status\": {\"columns\": [", "{\"column\": \"c", "\", \"path\": \"p\", \"type\": \"float\"}", "]}}",
     MAPPING_MAX_COLUMNS - 4, "site.json:1: key status.columns.84: more than 88 columns in vm_status"},
    {"types", "{\"events\": {\"types\": {", "\"T", "\": {}", "}}}", MAPPING_MAX_TYPES - 9,
     "site.json:1: key events.types.T247: more than 256 types"},
    {"entries", "{\"status\": {\"columns\": [", "{\"column\": \"reason\", \"max_bytes\": 1", "}", "]}}",
     2 * MAPPING_MAX_COLUMNS, "site.json:1: key status.columns: holds more than 176 entries"},
};

START_TEST(bound)
{
    char *most = repeat(bounds[_i].head, bounds[_i].most, bounds[_i].before, bounds[_i].after, bounds[_i].tail);
    ck_assert_msg(overlay(mapping, most), "%s: %s", bounds[_i].name, err.text);
    free(most);
    struct mapping *other = mapping_new();
    ck_assert_ptr_nonnull(other);
    char *more = repeat(bounds[_i].head, bounds[_i].most + 1, bounds[_i].before, bounds[_i].after, bounds[_i].tail);
    ck_assert_msg(!overlay(other, more), "%s: one too many taken", bounds[_i].name);
    ck_assert_msg(strcmp(err.text, bounds[_i].error) == 0, "%s: %s", bounds[_i].name, err.text);
    free(more);
    mapping_free(other);
}
END_TEST

START_TEST(bound_of_aliases)
{
    int room = MAPPING_MAX_ALIASES - (int)mapping->words[MESSAGE_EVENTS].alias_count;
    char error[ERR_TEXT_BYTES];
    snprintf(error, sizeof error, "site.json:1: key events.types.CHANNEL_JAM.aliases.%d: more than %d aliases", room,
             MAPPING_MAX_ALIASES);
    char *text = repeat("{\"events\": {\"types\": {\"CHANNEL_JAM\": {\"aliases\": [", room + 1, "\"A", "\"", "]}}}}");
    ck_assert(!overlay(mapping, text));
    ck_assert_str_eq(err.text, error);
    ck_assert_uint_eq(mapping->words[MESSAGE_EVENTS].alias_count, MAPPING_MAX_ALIASES);
    free(text);
}
END_TEST

/* ---- a whole file, cut and spoilt at every byte: refused or taken, never read past, nothing leaked ---- */

static const char example[] =
    "{\"telemetry\": {\"device_no\": [\"device_no\", \"id\", \"sn\"], \"time\": \"ts\",\n"
    "  \"columns\": [{\"column\": \"voltage\", \"path\": [\"system.voltage\", \"u\"], \"min\": 1.5, \"max\": null},\n"
    "    {\"column\": \"csq\", \"enabled\": false}, {\"column\": \"rssi\", \"enabled\": false},\n"
    "    {\"column\": \"current\", \"type\": \"text\"}, {\"column\": \"uptime\", \"type\": \"bigint\"},\n"
    "    {\"column\": \"humidity\", \"path\": \"environment.rh\", \"type\": \"float\", \"unit\": \"% "
    "\\\"\\\\\\u0001\",\n"
    "      \"min\": -1e-7, \"max\": 1e21, \"faults\": [-1, 0.1], \"required\": true},\n"
    "    {\"column\": \"seq\", \"path\": \"seq\", \"type\": \"bigint\", \"min\": -9007199254740993}]},\n"
    " \"events\": {\"types\": {\"CHANNEL_JAM\": {\"severity\": \"critical\", \"aliases\": [\"STUCK\", \"堵了\"]},\n"
    "    \"FAN_STUCK\": {\"severity\": \"严重\", \"aliases\": [\"风扇故障\"]}}},\n"
    " \"status\": {\"columns\": [{\"column\": \"iccid\", \"path\": \"sim.iccid\", \"type\": \"text\", \"max_bytes\": "
    "22,\n"
    "    \"form\": \"lower\"}, {\"column\": \"ok\", \"path\": \"ok\", \"type\": \"boolean\"}]}}";

START_TEST(cut_anywhere)
{
    for (size_t len = 0; len < strlen(example); len++) {
        struct mapping *other = mapping_new();
        ck_assert_ptr_nonnull(other);
        ck_assert_msg(!overlay_bytes(other, example, len), "cut at %zu", len);
        ck_assert_msg(strncmp(err.text, "site.json:", 10) == 0, "cut at %zu: %s", len, err.text);
        mapping_free(other);
    }
}
END_TEST

START_TEST(spoilt_anywhere)
{
    static const char bad[] = {'\0', '\xFF', '"', '[', '}', '1', ' '};
    char text[sizeof example];
    for (size_t i = 0; i < strlen(example); i++) {
        for (size_t b = 0; b < sizeof bad; b++) {
            struct mapping *other = mapping_new();
            ck_assert_ptr_nonnull(other);
            memcpy(text, example, sizeof example);
            text[i] = bad[b];
            bool ok = overlay_bytes(other, text, strlen(example));
            ck_assert_msg(!ok || (bad[b] != '\0' && bad[b] != '\xFF'), "byte %zu", i);
            mapping_free(other);
        }
    }
}
END_TEST

/* ---- there and back ---- */

static const struct {
    const char *name;
    const char *texts[3]; /* one over the other */
} trips[] = {
    {"built in", {NULL}},
    {"an example", {example}},
    {"three files",
     {TELEMETRY("{\"column\": \"n\", \"path\": \"n\", \"type\": \"float\"}"),
      TELEMETRY("{\"column\": \"n\", \"max\": 7}, {\"column\": \"voltage\", \"enabled\": false}"),
      TYPES("\"CHANNEL_JAM\": {\"severity\": \"low\"}")}},
    {"nothing left",
     {EVENTS("{\"column\": \"order_id\", \"enabled\": false}, {\"column\": \"channel_id\", \"enabled\": false}, "
             "{\"column\": \"oven_id\", \"enabled\": false}, {\"column\": \"error_code\", \"enabled\": false}, "
             "{\"column\": \"image_url\", \"enabled\": false}, {\"column\": \"video_url\", \"enabled\": false}")}},
    {"words of statuses and outcomes",
     {STATUS_TYPES("\"online\": {\"aliases\": [\"1\"]}, \"offline\": {\"aliases\": [\"0\"]}, \"sleeping\": {}"),
      ACK_TYPES("\"failed\": {\"severity\": \"严重\", \"aliases\": [\"error\"]}, \"pending\": {}"),
      ACKS("{\"column\": \"oven_id\", \"path\": \"result.oven_id\", \"type\": \"text\"}, "
           "{\"column\": \"severity\", \"path\": [\"status\", \"outcome\"]}")}},
    {"text from number and back",
     {TELEMETRY("{\"column\": \"csq\", \"type\": \"text\"}"),
      TELEMETRY("{\"column\": \"csq\", \"type\": \"integer\"}")}},
};

START_TEST(round_trip)
{
    const char *name = trips[_i].name;
    for (size_t i = 0; i < 3 && trips[_i].texts[i]; i++) {
        ck_assert_msg(overlay(mapping, trips[_i].texts[i]), "%s: %s", name, err.text);
    }
    size_t len;
    size_t len_again;
    char *printed = print(mapping, &len);
    struct mapping *other = mapping_new();
    ck_assert_ptr_nonnull(other);
    ck_assert_msg(overlay_bytes(other, printed, len), "%s: %s in\n%s", name, err.text, printed);
    char *want = show_mapping(mapping);
    char *got = show_mapping(other);
    ck_assert_msg(strcmp(got, want) == 0, "%s: got\n%s\nwant\n%s", name, got, want);
    char *again = print(other, &len_again);
    ck_assert_msg(strcmp(again, printed) == 0, "%s: printed again\n%s", name, again);
    free(again);
    free(got);
    free(want);
    free(printed);
    mapping_free(other);
}
END_TEST

/* Over what it was printed from, a mapping without removed columns changes nothing. */
START_TEST(overlay_of_itself)
{
    size_t len;
    ck_assert(
        overlay(mapping, TELEMETRY("{\"column\": \"n\", \"path\": \"n\", \"type\": \"text\", \"form\": \"lower\"}")));
    char *want = show_mapping(mapping);
    char *printed = print(mapping, &len);
    ck_assert_msg(overlay_bytes(mapping, printed, len), "%s", err.text);
    char *got = show_mapping(mapping);
    ck_assert_str_eq(got, want);
    free(got);
    free(printed);
    free(want);
}
END_TEST

/* ---- files ---- */

/* A file without a name in any directory: the text, and blanks behind it up to size. name gets what opens it. */
static FILE *make_file(const char *text, size_t size, char name[32])
{
    FILE *out = tmpfile();
    ck_assert_ptr_nonnull(out);
    fputs(text, out);
    for (size_t i = strlen(text); i < size; i++) {
        fputc(' ', out);
    }
    ck_assert_int_eq(fflush(out), 0);
    snprintf(name, 32, "/dev/fd/%d", fileno(out));
    return out;
}

#define MAX_4 TELEMETRY("{\"column\": \"voltage\", \"max\": 4}")

static const struct {
    const char *name;
    const char *text;
    size_t size;
    const char *error; /* behind the file's name; NULL = taken */
} files[] = {
    {"a file", MAX_4, 0, NULL},
    {"as large as may be", MAX_4, MAPPING_FILE_MAX_BYTES, NULL},
    {"one byte more", MAX_4, (size_t)MAPPING_FILE_MAX_BYTES + 1, ": larger than 1048576 bytes"},
    {"empty", "", 0, ":1: '[' or '{' expected near end of file"},
    {"an error in it", "{\n\n\"x\": 1}", 0, ":3: key x: is none of telemetry, events, status, acks"},
};

START_TEST(from_file)
{
    char name[32];
    char want[ERR_TEXT_BYTES] = "";
    FILE *made = make_file(files[_i].text, files[_i].size, name);
    if (files[_i].error) {
        snprintf(want, sizeof want, "%s%s", name, files[_i].error);
    }
    bool ok = mapping_overlay(mapping, name, &err);
    fclose(made);
    ck_assert_msg(ok == !files[_i].error && strcmp(err.text, want) == 0, "%s: %s", files[_i].name, err.text);
    if (ok) {
        check_column(files[_i].name, MESSAGE_TELEMETRY, "voltage", "voltage system.voltage t0 'V' 0..4 [] 0 f0");
    }
}
END_TEST

START_TEST(no_such_file)
{
    ck_assert(!mapping_overlay(mapping, "site.json", &err));
    ck_assert_str_eq(err.text, "site.json: No such file or directory");
}
END_TEST

START_TEST(directory_for_a_file)
{
    ck_assert(!mapping_overlay(mapping, "/", &err));
    ck_assert_str_eq(err.text, "/: Is a directory");
}
END_TEST

static Suite *mapping_file_suite(void)
{
    Suite *suite = suite_create("mapping_file");
    TCase *tcase = tcase_create("mapping_file");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 120); /* under valgrind */
    tcase_add_loop_test(tcase, one_column, 0, (int)COUNT(columns));
    tcase_add_test(tcase, device_no_and_time);
    tcase_add_loop_test(tcase, known_words, 0, (int)COUNT(types));
    tcase_add_loop_test(tcase, refused, 0, (int)COUNT(errors));
    tcase_add_loop_test(tcase, not_json, 0, (int)COUNT(syntax));
    tcase_add_test(tcase, deep_nesting);
    tcase_add_test(tcase, no_err_wanted);
    tcase_add_loop_test(tcase, bound, 0, (int)COUNT(bounds));
    tcase_add_test(tcase, bound_of_aliases);
    tcase_add_test(tcase, cut_anywhere);
    tcase_add_test(tcase, spoilt_anywhere);
    tcase_add_loop_test(tcase, round_trip, 0, (int)COUNT(trips));
    tcase_add_test(tcase, overlay_of_itself);
    tcase_add_loop_test(tcase, from_file, 0, (int)COUNT(files));
    tcase_add_test(tcase, no_such_file);
    tcase_add_test(tcase, directory_for_a_file);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(mapping_file_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
