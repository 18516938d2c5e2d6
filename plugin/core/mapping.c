#include "core/mapping.h"

#include <math.h>
#include <stdlib.h>

#include "base/macros.h"
#include "core/event_type.h"

/* ---- the table ---- */

struct line {
    const char *name;
    const char *paths[COLUMN_MAX_PATHS];
    enum column_type type;
    const char *unit;
    double min, max;
    size_t max_bytes;
    double faults[COLUMN_MAX_FAULTS];
    size_t fault_count;
    enum column_form form;
    bool required;
};

/* Limits are what is physically possible, not what is normal: a freezer at +12 degC must be stored. -127 and 85 are what the temperature
 * probes give when they are cut off and when they have just started; 99 and 199 are a modem's "not known" (3GPP TS 27.007, +CSQ), and real
 * machines do report 32 to 34. */
#define PROBE(column, path)                                                                                            \
    {                                                                                                                  \
        .name = (column), .paths = {path}, .type = COLUMN_FLOAT, .unit = "degC", .min = -90, .max = 80,                \
        .faults = {-127, 85}, .fault_count = 2                                                                         \
    }
#define TEXT(column, bytes, ...)                                                                                       \
    {                                                                                                                  \
        .name = (column), .paths = {__VA_ARGS__}, .type = COLUMN_TEXT, .unit = "", .max_bytes = (bytes)                \
    }

static const struct line telemetry_lines[] = {
    {.name = "voltage", .paths = {"system.voltage"}, .type = COLUMN_FLOAT, .unit = "V", .min = 0, .max = 500},
    {.name = "current", .paths = {"system.current"}, .type = COLUMN_FLOAT, .unit = "A", .min = 0, .max = 200},
    {.name = "uptime", .paths = {"system.uptime"}, .type = COLUMN_INTEGER, .unit = "s", .min = 0, .max = INT32_MAX},
    {.name = "door_closed", .paths = {"system.door_closed"}, .type = COLUMN_BOOLEAN, .unit = ""},
    PROBE("freezer_temp_0", "environment.freezer_temps.0"),
    PROBE("freezer_temp_1", "environment.freezer_temps.1"),
    PROBE("freezer_temp_2", "environment.freezer_temps.2"),
    PROBE("freezer_temp_3", "environment.freezer_temps.3"),
    PROBE("ambient_temp", "environment.ambient_temp"),
    {.name = "vibration_g",
     .paths = {"environment.vibration_g"},
     .type = COLUMN_FLOAT,
     .unit = "g",
     .min = 0,
     .max = 200},
    {.name = "rssi", .paths = {"connectivity.rssi"}, .type = COLUMN_INTEGER, .unit = "dBm", .min = -150, .max = 0},
    {.name = "lat", .paths = {"location.lat"}, .type = COLUMN_FLOAT, .unit = "deg", .min = -90, .max = 90},
    {.name = "lng", .paths = {"location.lng"}, .type = COLUMN_FLOAT, .unit = "deg", .min = -180, .max = 180},
    TEXT("network_type", 16, "connectivity.type"),
    {.name = "csq",
     .paths = {"connectivity.csq"},
     .type = COLUMN_INTEGER,
     .unit = "",
     .min = 0,
     .max = 199,
     .faults = {99, 199},
     .fault_count = 2},
};

static const struct line event_lines[] = {
    {.name = "event_type",
     .paths = {"event_type"},
     .type = COLUMN_TEXT,
     .unit = "",
     .max_bytes = 1024,
     .form = FORM_EVENT_TYPE,
     .required = true},
    TEXT("order_id", 128, "data.order_id"),
    TEXT("channel_id", 64, "data.channel_id", "data.meal_cid"),
    TEXT("oven_id", 64, "data.oven_id"),
    TEXT("error_code", 64, "data.error_code"),
    TEXT("image_url", 2048, "data.image_url"),
    TEXT("video_url", 2048, "data.video_url"),
};

static const struct line status_lines[] = {
    {.name = "status",
     .paths = {"status"},
     .type = COLUMN_TEXT,
     .unit = "",
     .max_bytes = 32,
     .form = FORM_LOWER,
     .required = true},
    TEXT("firmware", 64, "firmware"),
    TEXT("hardware", 64, "hardware"),
    TEXT("reason", 256, "reason"),
};

static const struct {
    const char *name;
    const char *measurement;
    const char *device_no[COLUMN_MAX_PATHS];
    const char *time[COLUMN_MAX_PATHS];
    const struct line *lines;
    size_t count;
} tables[MESSAGE_KINDS] = {
    [MESSAGE_TELEMETRY] =
        {"telemetry", "vm_telemetry", {"device_no", "id"}, {"ts"}, telemetry_lines, COUNT(telemetry_lines)},
    [MESSAGE_EVENTS] = {"events", "vm_events", {"device_no"}, {"ts"}, event_lines, COUNT(event_lines)},
    [MESSAGE_STATUS] = {"status", "vm_status", {"device_no", "id"}, {"ts"}, status_lines, COUNT(status_lines)},
};

#define TYPE_MAX_ALIASES 16

/* Severity as the device protocol's priority. Each type's own name is an alias of itself. */
static const struct {
    const char *name;
    const char *severity;
    const char *aliases[TYPE_MAX_ALIASES];
} types[] = {
    {"DISPENSE_SUCCESS",
     "medium",
     {"DISPENSED", "DISPENSE_OK", "VEND_SUCCESS", "VEND_OK", "SALE_SUCCESS", "出货成功", "出餐成功", "取餐成功"}},
    {"DISPENSE_FAILED",
     "high",
     {"DISPENSE_FAILURE", "DISPENSE_FAIL", "DISPENSE_ERROR", "VEND_FAILED", "VEND_FAILURE", "出货失败", "出餐失败"}},
    {"CHANNEL_JAM",
     "high",
     {"CHANNEL_JAMMED", "JAM", "JAMMED", "MOTOR_JAM", "卡货", "卡货道", "货道卡货", "货道堵塞", "货道卡住"}},
    {"HEATING_FAILURE",
     "high",
     {"HEATING_FAILED", "HEATER_FAILURE", "HEAT_FAILURE", "OVEN_FAILURE", "OVEN_FAULT", "加热失败", "加热故障",
      "加热异常"}},
    {"DOOR_OPENED", "high", {"DOOR_OPEN", "OPEN_DOOR", "开门", "门打开", "门被打开", "柜门打开"}},
    {"VANDALISM_ALERT",
     "critical",
     {"VANDALISM", "VANDAL_ALERT", "TAMPER", "TAMPER_ALERT", "暴力告警", "暴力破坏", "震动告警", "撞击告警"}},
    {"TEMP_OVERHEAT",
     "high",
     {"TEMPERATURE_OVERHEAT", "OVERHEAT", "TEMP_HIGH", "HIGH_TEMP", "OVER_TEMPERATURE", "超温", "超温告警", "冷冻超温",
      "温度过高"}},
    {"SNAPSHOT_CAPTURED", "low", {"SNAPSHOT", "SNAPSHOT_TAKEN", "PHOTO_CAPTURED", "抓拍", "抓拍完成", "拍照"}},
};

const char *message_kind_name(enum message_kind kind)
{
    return tables[kind].name;
}

const char *mapping_builtin_column(enum message_kind kind, size_t index)
{
    return index < tables[kind].count ? tables[kind].lines[index].name : NULL;
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

static size_t alias_place(const struct mapping *mapping, const char *key)
{
    size_t place = 0;
    while (place < mapping->event_alias_count && strcmp(mapping->event_aliases[place].key, key) < 0) {
        place++;
    }
    return place;
}

bool mapping_add_alias(struct mapping *mapping, const char *alias, size_t type_index, const char **taken)
{
    char canonical[2 * EVENT_TYPE_MAX_BYTES + 1];
    char key[EVENT_TYPE_MAX_BYTES + 1];
    *taken = NULL;
    if (strlen(alias) > EVENT_TYPE_MAX_BYTES) {
        return false;
    }
    size_t len = event_type_key((struct span){canonical, event_type_canonical(span_of(alias), canonical)}, key);
    key[len] = '\0';
    size_t count = mapping->event_alias_count;
    size_t place = alias_place(mapping, key);
    if (place < count && strcmp(mapping->event_aliases[place].key, key) == 0) {
        size_t owner = mapping->event_aliases[place].type_index;
        *taken = owner == type_index ? NULL : mapping->event_types[owner].name;
        return owner == type_index;
    }
    struct event_alias *aliases = mapping_grow(mapping, mapping->event_aliases, count, sizeof *aliases);
    char *kept = mapping_alloc(mapping, len + 1);
    if (len == 0 || !aliases || !kept) {
        return false;
    }
    memcpy(kept, key, len + 1);
    memmove(aliases + place + 1, aliases + place, (count - place) * sizeof *aliases);
    aliases[place] = (struct event_alias){kept, type_index};
    mapping->event_aliases = aliases;
    mapping->event_alias_count = count + 1;
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

static bool has_limits(const struct line *line)
{
    return line->type == COLUMN_FLOAT || line->type == COLUMN_INTEGER || line->type == COLUMN_BIGINT;
}

static bool fill_column(struct mapping *mapping, struct column *column, const struct line *line)
{
    *column = (struct column){
        .name = line->name,
        .type = line->type,
        .form = line->form,
        .unit = line->unit,
        .min = has_limits(line) ? line->min : -INFINITY,
        .max = has_limits(line) ? line->max : INFINITY,
        .max_bytes = line->max_bytes,
        .fault_count = line->fault_count,
        .required = line->required,
    };
    memcpy(column->faults, line->faults, sizeof column->faults);
    return add_paths(mapping, column->paths, &column->path_count, line->paths);
}

static bool fill_table(struct mapping *mapping, enum message_kind kind)
{
    struct table_map *table = &mapping->tables[kind];
    table->measurement = tables[kind].measurement;
    if (!add_paths(mapping, table->device_no, &table->device_no_count, tables[kind].device_no) ||
        !add_paths(mapping, table->time, &table->time_count, tables[kind].time)) {
        return false;
    }
    for (size_t i = 0; i < tables[kind].count; i++) {
        struct column *columns = mapping_grow(mapping, table->columns, i, sizeof *columns);
        if (!columns || !fill_column(mapping, &columns[i], &tables[kind].lines[i])) {
            return false;
        }
        table->columns = columns;
        table->column_count = i + 1;
    }
    return true;
}

static bool fill_types(struct mapping *mapping)
{
    const char *taken;
    for (size_t i = 0; i < COUNT(types); i++) {
        struct event_type *grown = mapping_grow(mapping, mapping->event_types, i, sizeof *grown);
        if (!grown) {
            return false;
        }
        grown[i] = (struct event_type){types[i].name, types[i].severity};
        mapping->event_types = grown;
        mapping->event_type_count = i + 1;
        bool ok = mapping_add_alias(mapping, types[i].name, i, &taken);
        for (size_t a = 0; ok && a < TYPE_MAX_ALIASES && types[i].aliases[a]; a++) {
            ok = mapping_add_alias(mapping, types[i].aliases[a], i, &taken);
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
    bool ok = mapping && fill_types(mapping);
    for (int kind = 0; ok && kind < MESSAGE_KINDS; kind++) {
        ok = fill_table(mapping, (enum message_kind)kind);
    }
    if (!ok) {
        mapping_free(mapping);
        return NULL;
    }
    return mapping;
}
