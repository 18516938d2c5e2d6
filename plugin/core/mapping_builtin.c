#include "core/mapping_builtin.h"

#include "base/macros.h"

/* Limits are what is physically possible, not what is normal: a freezer at +12 degC must be stored.
 * -127 and 85 are what the temperature probes give when they are cut off and when they have just
 * started; 99 and 199 are a modem's "not known" (3GPP TS 27.007, +CSQ), and real machines do report
 * 32 to 34. */
#define PROBE(column, path)                                                                                            \
    {                                                                                                                  \
        .name = (column), .paths = {path}, .type = COLUMN_FLOAT, .unit = "degC", .min = -90, .max = 80,                \
        .faults = {-127, 85}, .fault_count = 2                                                                         \
    }
#define TEXT(column, bytes, ...)                                                                                       \
    {                                                                                                                  \
        .name = (column), .paths = {__VA_ARGS__}, .type = COLUMN_TEXT, .unit = "", .max_bytes = (bytes)                \
    }

static const struct mapping_builtin_column telemetry_columns[] = {
    {.name = "voltage", .paths = {"system.voltage"}, .type = COLUMN_FLOAT, .unit = "V", .min = 0, .max = 500},
    {.name = "current", .paths = {"system.current"}, .type = COLUMN_FLOAT, .unit = "A", .min = 0, .max = 200},
    {.name = "uptime", .paths = {"system.uptime"}, .type = COLUMN_INTEGER, .unit = "s", .min = 0, .max = INT32_MAX},
    {.name = "door_closed", .paths = {"system.door_closed"}, .type = COLUMN_BOOLEAN, .unit = "", .words = WORDS_CLOSED},
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
    {.name = "lat",
     .paths = {"location.lat"},
     .type = COLUMN_FLOAT,
     .unit = "deg",
     .min = -90,
     .max = 90,
     .part = PART_LATITUDE},
    {.name = "lng",
     .paths = {"location.lng"},
     .type = COLUMN_FLOAT,
     .unit = "deg",
     .min = -180,
     .max = 180,
     .part = PART_LONGITUDE},
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

static const struct mapping_builtin_column event_columns[] = {
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

static const struct mapping_builtin_column status_columns[] = {
    {.name = "status",
     .paths = {"status"},
     .type = COLUMN_TEXT,
     .unit = "",
     .max_bytes = 32,
     .form = FORM_STATUS,
     .required = true},
    TEXT("firmware", 64, "firmware"),
    TEXT("hardware", 64, "hardware"),
    TEXT("reason", 256, "reason"),
};

/* The event type is COMMAND_ACK. */
static const struct mapping_builtin_column ack_columns[] = {
    {.name = "severity",
     .paths = {"status"},
     .type = COLUMN_TEXT,
     .unit = "",
     .max_bytes = 32,
     .form = FORM_OUTCOME,
     .required = true},
    TEXT("error_code", 64, "error.code"),
};

/* Severity as the device interface's priority. Each type's own name is an alias of itself. */
static const struct mapping_builtin_term event_types[] = {
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
    {"COMMAND_ACK", "low", {0}}, /* made of an acknowledgement; machines have no such event */
};

/* online and offline are what views and alarms go by. 0 and 1 mean different things to different
 * makers: a site says so in its file. */
static const struct mapping_builtin_term statuses[] = {
    {"online", "", {"connected", "connect", "up", "birth", "在线", "上线", "已连接"}},
    {"offline",
     "",
     {"disconnected", "disconnect", "connection lost", "lost", "lwt", "down", "death", "离线", "下线", "掉线", "断线",
      "已断开"}},
};

/* What became of a command (test/captures/README.md, Command acknowledgements). */
static const struct mapping_builtin_term outcomes[] = {
    {"success", "low", {0}},
    {"failed", "high", {0}},
    {"rejected", "high", {0}},
};

const struct mapping_builtin_table mapping_builtin_tables[MESSAGE_KINDS] = {
    [MESSAGE_TELEMETRY] =
        {"vm_telemetry", {"device_no", "id"}, {"ts"}, telemetry_columns, COUNT(telemetry_columns), NULL, 0},
    [MESSAGE_EVENTS] =
        {"vm_events", {"device_no"}, {"ts"}, event_columns, COUNT(event_columns), event_types, COUNT(event_types)},
    [MESSAGE_STATUS] =
        {"vm_status", {"device_no", "id"}, {"ts"}, status_columns, COUNT(status_columns), statuses, COUNT(statuses)},
    [MESSAGE_ACKS] = {"vm_events", {"device_no"}, {"ts"}, ack_columns, COUNT(ack_columns), outcomes, COUNT(outcomes)},
};
