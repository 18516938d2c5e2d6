#include <stdio.h>

#include "core/columns.h"
#include "core/mapping_file.h"
#include "core/notes.h"
#include "support.h"

/* 2026-11-24T00:32:00Z: when every message here arrives. */
#define ARRIVAL_S INT64_C(1795480320)
#define S INT64_C(1000000000)
#define ARRIVAL (ARRIVAL_S * S)
#define MESSAGE_ID (-77)
#define ARENA_BYTES ((size_t)256 * 1024)

static const struct time_window week = {7 * 86400 * S, 600 * S, 0};
static const struct json_limits limits = {32, 8192};

/* The columns that nearly every case would repeat. They have their own tests. */
static const char *const hidden[] = {"raw_data", "message_id", NULL};

/* ---- one filling ---- */

struct filled {
    struct arena arena;
    struct lookup *lookup;
    struct payload payload;
    struct lp_row row;
    enum reject reason;
    struct filling filling;
    struct err err;
    char *block;
    struct buf text; /* of the row */
};

static struct mapping *mapping;
static const struct properties *message_properties; /* of the next message */

static void make_mapping(void)
{
    mapping = mapping_new();
    ck_assert_ptr_nonnull(mapping);
}

static void drop_mapping(void)
{
    mapping_free(mapping);
}

static void overlay(const char *json)
{
    struct err err;
    err_clear(&err);
    ck_assert_msg(mapping_overlay_text(mapping, span_of(json), "site.json", &err), "%s", err.text);
}

static void fill(struct filled *filled, enum message_kind kind, const char *device_no, struct span json)
{
    struct message message = {kind, span_of(device_no), ARRIVAL, MESSAGE_ID, message_properties, NULL, 0, 0};
    *filled = (struct filled){.reason = REJECT_NONE};
    err_clear(&filled->err);
    buf_init(&filled->text, 1024 * 1024);
    ck_assert(arena_init(&filled->arena, ARENA_BYTES));
    struct span text = payload_trim(exact_copy(json, &filled->block));
    filled->lookup = lookup_new(&mapping->tables[kind]);
    ck_assert_ptr_nonnull(filled->lookup);
    ck_assert_int_eq(payload_parse(text, &limits, filled->lookup, &filled->arena, &filled->payload, &filled->err),
                     REJECT_NONE);
    filled->reason = columns_fill(mapping, &week, &message, &filled->payload, &filled->arena, &filled->row,
                                  &filled->filling, &filled->err);
}

static void finish(struct filled *filled)
{
    lookup_free(filled->lookup);
    arena_free(&filled->arena);
    buf_free(&filled->text);
    free(filled->block);
}

/* The row's fields, or `!reason`. */
static const char *outcome(struct filled *filled)
{
    if (filled->reason != REJECT_NONE) {
        buf_format(&filled->text, "!%s", reject_name(filled->reason));
    } else {
        put_fields(&filled->text, &filled->row, hidden);
    }
    return text_of(&filled->text);
}

static const char *text_field(const struct filled *filled, const char *name, struct buf *out)
{
    const struct lp_value *value = lp_row_find(&filled->row, name);
    buf_init(out, 1024 * 1024);
    if (value) {
        ck_assert_int_eq(value->type, LP_VALUE_TEXT);
        buf_span(out, value->as.text);
    }
    return text_of(out);
}

/* ---- values: each case is the payload's members; a good ts is added ---- */

struct value_case {
    const char *name;
    const char *members;
    const char *want;
};

static const struct value_case telemetry_cases[] = {
    /* everything at once, in the table's order whatever the payload's */
    {"a whole message",
     "\"location\":{\"lng\":121.464493,\"lat\":31.222464},\"connectivity\":{\"csq\":25,\"type\":\"4G\",\"rssi\":-63},"
     "\"environment\":{\"vibration_g\":0.046,\"ambient_temp\":26.9,\"freezer_temps\":[-18.5,-18.91,-18.23,-18.77]},"
     "\"system\":{\"door_closed\":true,\"uptime\":10,\"current\":1.1,\"voltage\":220.5},\"device_no\":\"VM-SH-001\"",
     "voltage=220.5 current=1.1 uptime=10i door_closed=true freezer_temp_0=-18.5 freezer_temp_1=-18.91 "
     "freezer_temp_2=-18.23 freezer_temp_3=-18.77 ambient_temp=26.9 vibration_g=0.046 rssi=-63i lat=31.222464 "
     "lng=121.464493 network_type=\"4G\" csq=25i"},

    /* stored although not normal: alarms are another's business */
    {"a warm freezer", "\"environment\":{\"freezer_temps\":[12]}", "freezer_temp_0=12"},
    {"low voltage", "\"system\":{\"voltage\":150}", "voltage=150"},
    {"high voltage", "\"system\":{\"voltage\":260.5}", "voltage=260.5"},
    {"a hard knock", "\"environment\":{\"freezer_temps\":[1],\"vibration_g\":17.5}",
     "freezer_temp_0=1 vibration_g=17.5"},

    {"csq as real modems have it", "\"connectivity\":{\"csq\":34}", "csq=34i"},

    /* float columns */
    {"float: integer", "\"system\":{\"voltage\":220}", "voltage=220"},
    {"float: minus zero", "\"system\":{\"voltage\":-0.0}", "voltage=-0"},
    {"float: text", "\"system\":{\"voltage\":\"220.5\"}", "voltage=220.5"},
    {"float: text with blanks", "\"system\":{\"voltage\":\" 220.5 \"}", "voltage=220.5"},
    {"float: text with exponent", "\"system\":{\"voltage\":\"2.2e2\"}", "voltage=220"},
    {"float: text, integer", "\"environment\":{\"freezer_temps\":[\"-31\"]}", "freezer_temp_0=-31"},
    {"float: text with unit", "\"system\":{\"voltage\":\"220V\"}", "voltage=220"},
    {"float: decimal comma", "\"system\":{\"voltage\":\"220,5\"}",
     "anomalies=\"system.voltage=\"220,5\" not a number\""},
    {"float: empty text", "\"system\":{\"voltage\":\"\"}", "anomalies=\"system.voltage=\"\" no value\""},
    {"float: NaN", "\"system\":{\"voltage\":\"NaN\"}", "anomalies=\"system.voltage=\"NaN\" not a number\""},
    {"float: infinity", "\"system\":{\"voltage\":\"inf\"}", "anomalies=\"system.voltage=\"inf\" not a number\""},
    {"float: hexadecimal", "\"system\":{\"voltage\":\"0x10\"}", "anomalies=\"system.voltage=\"0x10\" not a number\""},
    {"float: true", "\"system\":{\"voltage\":true}", "anomalies=\"system.voltage=true not a number\""},
    {"float: false", "\"system\":{\"voltage\":false}", "anomalies=\"system.voltage=false not a number\""},
    {"float: null", "\"system\":{\"voltage\":null}", "anomalies=\"system.voltage=null no value\""},
    {"float: object", "\"system\":{\"voltage\":{\"v\":220}}", "anomalies=\"system.voltage={...} not a number\""},
    {"float: array", "\"system\":{\"voltage\":[220]}", "anomalies=\"system.voltage=[...] not a number\""},
    {"float: too wide", "\"system\":{\"voltage\":1e999}",
     "anomalies=\"system.voltage=\"1e999\" does not fit a double\""},
    {"float: text too wide", "\"system\":{\"voltage\":\"-1e400\"}",
     "anomalies=\"system.voltage=\"-1e400\" does not fit a double\""},
    {"float: wide, but it fits", "\"system\":{\"voltage\":9223372036854775808}",
     "anomalies=\"system.voltage=\"9223372036854775808\" outside 0..500\""},
    {"float: text outside", "\"system\":{\"voltage\":\"501\"}", "anomalies=\"system.voltage=\"501\" outside 0..500\""},

    /* integer columns */
    {"integer: 3.0", "\"system\":{\"uptime\":3.0}", "uptime=3i"},
    {"integer: 3e2", "\"system\":{\"uptime\":3e2}", "uptime=300i"},
    {"integer: text", "\"system\":{\"uptime\":\"3\"}", "uptime=3i"},
    {"integer: text 3.0", "\"system\":{\"uptime\":\"3.0\"}", "uptime=3i"},
    {"integer: text with blanks", "\"system\":{\"uptime\":\" 3\\n\"}", "uptime=3i"},
    {"integer: negative text", "\"connectivity\":{\"rssi\":\"-63\"}", "rssi=-63i"},
    {"integer: 3.5", "\"system\":{\"uptime\":3.5}", "anomalies=\"system.uptime=3.5 not an integer\""},
    {"integer: text 3.5", "\"system\":{\"uptime\":\"3.5\"}", "anomalies=\"system.uptime=\"3.5\" not an integer\""},
    {"integer: words", "\"system\":{\"uptime\":\"3 days\"}", "anomalies=\"system.uptime=\"3 days\" not an integer\""},
    {"integer: empty text", "\"system\":{\"uptime\":\"\"}", "anomalies=\"system.uptime=\"\" no value\""},
    {"integer: true", "\"system\":{\"uptime\":true}", "anomalies=\"system.uptime=true not an integer\""},
    {"integer: null", "\"system\":{\"uptime\":null}", "anomalies=\"system.uptime=null no value\""},
    {"integer: object", "\"system\":{\"uptime\":{}}", "anomalies=\"system.uptime={...} not an integer\""},
    {"integer: array", "\"system\":{\"uptime\":[]}", "anomalies=\"system.uptime=[...] not an integer\""},
    {"integer: 2^31", "\"system\":{\"uptime\":2147483648}",
     "anomalies=\"system.uptime=2147483648 does not fit a 32-bit integer\""},
    {"integer: below -2^31", "\"connectivity\":{\"rssi\":-2147483649}",
     "anomalies=\"connectivity.rssi=-2147483649 does not fit a 32-bit integer\""},
    {"integer: -2^31", "\"connectivity\":{\"rssi\":-2147483648}",
     "anomalies=\"connectivity.rssi=-2147483648 outside -150..0\""},
    {"integer: text 2^31", "\"system\":{\"uptime\":\"2147483648\"}",
     "anomalies=\"system.uptime=\"2147483648\" does not fit a 32-bit integer\""},
    {"integer: past 64 bits", "\"system\":{\"uptime\":9223372036854775808}",
     "anomalies=\"system.uptime=\"9223372036854775808\" does not fit a 32-bit integer\""},
    {"integer: a large real", "\"system\":{\"uptime\":1e300}",
     "anomalies=\"system.uptime=1e+300 does not fit a 32-bit integer\""},
    {"integer: past a double", "\"system\":{\"uptime\":1e999}",
     "anomalies=\"system.uptime=\"1e999\" does not fit a 32-bit integer\""},

    /* boolean columns */
    {"boolean: true", "\"system\":{\"door_closed\":true}", "door_closed=true"},
    {"boolean: false", "\"system\":{\"door_closed\":false}", "door_closed=false"},
    {"boolean: 1", "\"system\":{\"door_closed\":1}", "door_closed=true"},
    {"boolean: 0", "\"system\":{\"door_closed\":0}", "door_closed=false"},
    {"boolean: 1.0", "\"system\":{\"door_closed\":1.0}", "door_closed=true"},
    {"boolean: 0.0", "\"system\":{\"door_closed\":0.0}", "door_closed=false"},
    {"boolean: \"true\"", "\"system\":{\"door_closed\":\"true\"}", "door_closed=true"},
    {"boolean: \"True\"", "\"system\":{\"door_closed\":\"True\"}", "door_closed=true"},
    {"boolean: \"TRUE\"", "\"system\":{\"door_closed\":\"TRUE\"}", "door_closed=true"},
    {"boolean: \"false\"", "\"system\":{\"door_closed\":\"false\"}", "door_closed=false"},
    {"boolean: \"FaLsE\"", "\"system\":{\"door_closed\":\"FaLsE\"}", "door_closed=false"},
    {"boolean: \"1\"", "\"system\":{\"door_closed\":\"1\"}", "door_closed=true"},
    {"boolean: \"0\"", "\"system\":{\"door_closed\":\"0\"}", "door_closed=false"},
    {"boolean: 2", "\"system\":{\"door_closed\":2}", "anomalies=\"system.door_closed=2 not a boolean\""},
    {"boolean: -1", "\"system\":{\"door_closed\":-1}", "anomalies=\"system.door_closed=-1 not a boolean\""},
    {"boolean: 0.5", "\"system\":{\"door_closed\":0.5}", "anomalies=\"system.door_closed=0.5 not a boolean\""},
    {"boolean: 1e300", "\"system\":{\"door_closed\":1e300}", "anomalies=\"system.door_closed=1e+300 not a boolean\""},
    {"boolean: \"yes\"", "\"system\":{\"door_closed\":\"yes\"}",
     "anomalies=\"system.door_closed=\"yes\" not a boolean\""},
    {"boolean: \"truex\"", "\"system\":{\"door_closed\":\"truex\"}",
     "anomalies=\"system.door_closed=\"truex\" not a boolean\""},
    {"boolean: \"tru\"", "\"system\":{\"door_closed\":\"tru\"}",
     "anomalies=\"system.door_closed=\"tru\" not a boolean\""},
    {"boolean: \"\"", "\"system\":{\"door_closed\":\"\"}", "anomalies=\"system.door_closed=\"\" no value\""},
    {"boolean: null", "\"system\":{\"door_closed\":null}", "anomalies=\"system.door_closed=null no value\""},
    {"boolean: object", "\"system\":{\"door_closed\":{}}", "anomalies=\"system.door_closed={...} not a boolean\""},
    {"boolean: array", "\"system\":{\"door_closed\":[1]}", "anomalies=\"system.door_closed=[...] not a boolean\""},

    /* text columns */
    {"text", "\"connectivity\":{\"type\":\"WiFi\"}", "network_type=\"WiFi\""},
    {"text: integer", "\"connectivity\":{\"type\":4}", "network_type=\"4\""},
    {"text: negative integer", "\"connectivity\":{\"type\":-5}", "network_type=\"-5\""},
    {"text: quote, backslash, newline", "\"connectivity\":{\"type\":\"a\\\"\\\\\\nb\"}", "network_type=\"a\"\\\nb\""},
    {"text: Chinese", "\"connectivity\":{\"type\":\"\\u6709\xE7\xBA\xBF\"}",
     "network_type=\"\xE6\x9C\x89\xE7\xBA\xBF\""},
    {"text: beyond the BMP", "\"connectivity\":{\"type\":\"\\ud83d\\ude00\"}", "network_type=\"\xF0\x9F\x98\x80\""},
    {"text: real", "\"connectivity\":{\"type\":4.5}", "anomalies=\"connectivity.type=4.5 not text\""},
    {"text: 4.0", "\"connectivity\":{\"type\":4.0}", "network_type=\"4\""},
    {"text: true", "\"connectivity\":{\"type\":true}", "anomalies=\"connectivity.type=true not text\""},
    {"text: object", "\"connectivity\":{\"type\":{}}", "anomalies=\"connectivity.type={...} not text\""},
    {"text: array", "\"connectivity\":{\"type\":[\"4G\"]}", "anomalies=\"connectivity.type=[...] not text\""},
    {"text: null is absent", "\"connectivity\":{\"type\":null,\"csq\":20}", "csq=20i"},
    {"text: a number too wide", "\"connectivity\":{\"type\":99999999999999999999}",
     "anomalies=\"connectivity.type=\"99999999999999999999\" longer than 16 bytes\""},

    /* a dead probe among the living, and surplus elements */
    {"a dead probe", "\"environment\":{\"freezer_temps\":[-18,null,-18.5,-19]}",
     "freezer_temp_0=-18 freezer_temp_2=-18.5 freezer_temp_3=-19 "
     "anomalies=\"environment.freezer_temps.1=null no value\""},
    {"few zones", "\"environment\":{\"freezer_temps\":[-18,-17]}", "freezer_temp_0=-18 freezer_temp_1=-17"},
    {"one zone too many", "\"environment\":{\"freezer_temps\":[1,2,3,4,-18.2]}",
     "freezer_temp_0=1 freezer_temp_1=2 freezer_temp_2=3 freezer_temp_3=4 "
     "anomalies=\"environment.freezer_temps.4=-18.2 no column\""},
    {"many zones too many: the first is named", "\"environment\":{\"freezer_temps\":[1,2,3,4,\"x\",6,7,8,9,10]}",
     "freezer_temp_0=1 freezer_temp_1=2 freezer_temp_2=3 freezer_temp_3=4 "
     "anomalies=\"environment.freezer_temps.4=\"x\" no column\""},
    {"a dead probe too many", "\"environment\":{\"freezer_temps\":[1,2,3,4,null]}",
     "freezer_temp_0=1 freezer_temp_1=2 freezer_temp_2=3 freezer_temp_3=4 "
     "anomalies=\"environment.freezer_temps.4=null no column\""},

    /* a scalar where the path goes on, said once */
    {"system is a number", "\"system\":5,\"connectivity\":{\"csq\":7}",
     "csq=7i anomalies=\"system=5 not an object or array\""},
    {"system is text", "\"system\":\"ok\"", "anomalies=\"system=\"ok\" not an object or array\""},
    {"system is true", "\"system\":true", "anomalies=\"system=true not an object or array\""},
    {"one temperature instead of four", "\"environment\":{\"freezer_temps\":-18.5}",
     "anomalies=\"environment.freezer_temps=-18.5 not an object or array\""},
    {"the environment is text", "\"environment\":\"fine\"",
     "anomalies=\"environment=\"fine\" not an object or array\""},
    {"all of it", "\"system\":1,\"environment\":2,\"connectivity\":3,\"location\":4",
     "anomalies=\"system=1 not an object or array; environment=2 not an object or array; "
     "connectivity=3 not an object or array; location=4 not an object or array\""},
    {"null is absent", "\"system\":null,\"connectivity\":{\"csq\":7}", "csq=7i"},
    {"null zones", "\"environment\":{\"freezer_temps\":null,\"ambient_temp\":5}",
     "ambient_temp=5 anomalies=\"environment.freezer_temps=null no value\""},

    /* fault codes, as numbers and as text */
    {"cut probe", "\"environment\":{\"freezer_temps\":[-127,-127.0,\"-127\",\"-127.00\"]}",
     "anomalies=\"environment.freezer_temps.0=-127 sensor fault code; environment.freezer_temps.1=-127 sensor fault "
     "code; environment.freezer_temps.2=\"-127\" sensor fault code; environment.freezer_temps.3=\"-127.00\" sensor "
     "fault code\""},
    {"probe that has just started", "\"environment\":{\"freezer_temps\":[85,85.0,84.9375,\"85\"]}",
     "anomalies=\"environment.freezer_temps.0=85 sensor fault code; environment.freezer_temps.1=85 sensor fault code; "
     "environment.freezer_temps.2=84.9375 outside -90..80; environment.freezer_temps.3=\"85\" sensor fault code\""},
    {"ambient probe", "\"environment\":{\"freezer_temps\":[1],\"ambient_temp\":-127}",
     "freezer_temp_0=1 anomalies=\"environment.ambient_temp=-127 sensor fault code\""},
    {"ambient probe that has just started", "\"environment\":{\"freezer_temps\":[1],\"ambient_temp\":85.0}",
     "freezer_temp_0=1 anomalies=\"environment.ambient_temp=85 sensor fault code\""},
    {"modem that does not know", "\"connectivity\":{\"csq\":99}",
     "anomalies=\"connectivity.csq=99 sensor fault code\""},
    {"modem that does not know, extended", "\"connectivity\":{\"csq\":199}",
     "anomalies=\"connectivity.csq=199 sensor fault code\""},

    /* order: columns in the table's order, surplus elements, then the time */
    {"order", "\"environment\":{\"freezer_temps\":[1,2,3,4,5],\"vibration_g\":-1},\"system\":{\"current\":-1}",
     "freezer_temp_0=1 freezer_temp_1=2 freezer_temp_2=3 freezer_temp_3=4 "
     "anomalies=\"system.current=-1 outside 0..200; environment.vibration_g=-1 outside 0..200; "
     "environment.freezer_temps.4=5 no column\""},

    /* names the device may use, or not */
    {"device_no", "\"device_no\":\"VM-SH-001\",\"connectivity\":{\"csq\":7}", "csq=7i"},
    {"id", "\"id\":\"VM-SH-001\",\"connectivity\":{\"csq\":7}", "csq=7i"},
    {"device_no null, id good", "\"device_no\":null,\"id\":\"VM-SH-001\",\"connectivity\":{\"csq\":7}", "csq=7i"},
    {"both null", "\"device_no\":null,\"id\":null,\"connectivity\":{\"csq\":7}", "csq=7i"},
    {"another device_no", "\"device_no\":\"VM-SH-002\",\"connectivity\":{\"csq\":7}", "!device_mismatch"},
    {"another id", "\"id\":\"VM-SH-002\",\"connectivity\":{\"csq\":7}", "!device_mismatch"},
    {"device_no null, another id", "\"device_no\":null,\"id\":\"x\",\"connectivity\":{\"csq\":7}", "!device_mismatch"},
    {"device_no cut short", "\"device_no\":\"VM-SH-00\",\"connectivity\":{\"csq\":7}", "!device_mismatch"},
    {"device_no in small letters", "\"device_no\":\"vm-sh-001\",\"connectivity\":{\"csq\":7}", "!device_mismatch"},
    {"device_no empty", "\"device_no\":\"\",\"connectivity\":{\"csq\":7}", "csq=7i"},
    {"device_no of padding, another id", "\"device_no\":\" \\u0000\",\"id\":\"x\",\"connectivity\":{\"csq\":7}",
     "!device_mismatch"},
    {"device_no of padding, id good", "\"device_no\":\"\\t \",\"id\":\"VM-SH-001\",\"connectivity\":{\"csq\":7}",
     "csq=7i"},
    {"device_no with padding", "\"device_no\":\" VM-SH-001\\u0000\\u0000\",\"connectivity\":{\"csq\":7}", "csq=7i"},
    {"device_no with NUL", "\"device_no\":\"VM-SH\\u0000-001\",\"connectivity\":{\"csq\":7}", "!device_mismatch"},
    {"device_no nan", "\"device_no\":nan,\"connectivity\":{\"csq\":7}", "!device_mismatch"},
    {"device_no a number", "\"device_no\":1,\"connectivity\":{\"csq\":7}", "!device_mismatch"},
    {"device_no true", "\"device_no\":true,\"connectivity\":{\"csq\":7}", "!device_mismatch"},
    {"device_no an object", "\"device_no\":{},\"connectivity\":{\"csq\":7}", "!device_mismatch"},

    /* nothing to store */
    {"no members", "\"x\":1", "!no_data"},
    {"empty sections", "\"system\":{},\"connectivity\":{},\"location\":{}", "!no_data"},
    {"null sections", "\"system\":null,\"connectivity\":null,\"location\":null", "!no_data"},
    {"an empty text alone", "\"connectivity\":{\"type\":\"\"}", "!no_data"},
    {"padding alone", "\"connectivity\":{\"type\":\" \\u0000\"}", "!no_data"},
    {"a null text alone", "\"connectivity\":{\"type\":null}", "!no_data"},
    {"the values one level too high", "\"voltage\":220,\"current\":1", "!no_data"},
    {"a null number alone", "\"connectivity\":{\"csq\":null}", "anomalies=\"connectivity.csq=null no value\""},

    /* of equal keys the last counts */
    {"equal keys", "\"system\":{\"voltage\":1,\"voltage\":2}",
     "voltage=2 anomalies=\"system.voltage=2 given twice, the last counts\""},

    /* a wide number or NUL that no column takes: not worth a word */
    {"wide, but nobody's", "\"x\":1e999,\"y\":\"\\u0000\\ud800\",\"connectivity\":{\"csq\":7}", "csq=7i"},

    /* what firmware prints where it has no number (D1) */
    {"nan", "\"system\":{\"voltage\":nan,\"current\":1}", "current=1 anomalies=\"system.voltage=nan not a number\""},
    {"every spelling of nan",
     "\"system\":{\"voltage\":-NaN,\"current\":Infinity,\"uptime\":-inf,\"door_closed\":INF},"
     "\"environment\":{\"freezer_temps\":[NAN,-Infinity,inf,1]},\"connectivity\":{\"type\":nan,\"csq\":-nan}",
     "freezer_temp_3=1 anomalies=\"system.voltage=-NaN not a number; system.current=Infinity not a number; "
     "system.uptime=-inf not an integer; system.door_closed=INF not a boolean; environment.freezer_temps.0=NAN not a "
     "number; environment.freezer_temps.1=-Infinity not a number; environment.freezer_temps.2=inf not a number; "
     "connectivity.type=nan not text; connectivity.csq=-nan not an integer\""},
    {"nan where no column looks", "\"x\":nan,\"y\":[-inf],\"connectivity\":{\"csq\":7}", "csq=7i"},
    {"nan in an object's place", "\"system\":nan,\"connectivity\":{\"csq\":7}",
     "csq=7i anomalies=\"system=nan not an object or array\""},
    {"nan in an array's place", "\"environment\":{\"freezer_temps\":nan}",
     "anomalies=\"environment.freezer_temps=nan not an object or array\""},
    {"nan too many", "\"environment\":{\"freezer_temps\":[1,2,3,4,nan]}",
     "freezer_temp_0=1 freezer_temp_1=2 freezer_temp_2=3 freezer_temp_3=4 "
     "anomalies=\"environment.freezer_temps.4=nan no column\""},

    /* padding (D2) */
    {"padding around a number", "\"system\":{\"voltage\":\"\\u0000 220.5\\u0000\\t\"}", "voltage=220.5"},
    {"padding around an integer", "\"system\":{\"uptime\":\"\\u0000\\u00003\\u0000\"}", "uptime=3i"},
    {"padding around a boolean", "\"system\":{\"door_closed\":\"\\n true \\u0000\"}", "door_closed=true"},
    {"padding around a text", "\"connectivity\":{\"type\":\" 4G\\u0000\\u0000\\r\\n\"}", "network_type=\"4G\""},
    {"a NUL between digits", "\"system\":{\"uptime\":\"3\\u00000\"}",
     "anomalies=\"system.uptime=\"3\\u00000\" not an integer\""},
    {"a text of padding", "\"connectivity\":{\"type\":\"\\u0000 \\t\",\"csq\":7}", "csq=7i"},
    {"a number of padding", "\"system\":{\"voltage\":\" \\u0000\"}",
     "anomalies=\"system.voltage=\" \\u0000\" no value\""},
    {"a boolean of padding", "\"system\":{\"door_closed\":\"\\u0000\"}",
     "anomalies=\"system.door_closed=\"\\u0000\" no value\""},
    {"16 bytes and padding", "\"connectivity\":{\"type\":\"  1234567890123456  \"}",
     "network_type=\"1234567890123456\""},
    {"a no-break space is no padding", "\"connectivity\":{\"type\":\"4G\\u00a0\"}", "network_type=\"4G\xC2\xA0\""},

    /* arrays (D9): each once, where its first column stands */
    {"zones null", "\"environment\":{\"freezer_temps\":null},\"connectivity\":{\"csq\":99}",
     "anomalies=\"environment.freezer_temps=null no value; connectivity.csq=99 sensor fault code\""},
    {"no zones", "\"environment\":{\"freezer_temps\":[],\"ambient_temp\":5}",
     "ambient_temp=5 anomalies=\"environment.freezer_temps=[] empty\""},
    {"no zones, and nothing else", "\"environment\":{\"freezer_temps\":[]}",
     "anomalies=\"environment.freezer_temps=[] empty\""},
    {"zones by other names", "\"environment\":{\"freezer_temps\":{\"left\":-18,\"right\":-19},\"ambient_temp\":5}",
     "ambient_temp=5 anomalies=\"environment.freezer_temps={...} not an array\""},
    {"zones of an empty object", "\"environment\":{\"freezer_temps\":{},\"ambient_temp\":5}",
     "ambient_temp=5 anomalies=\"environment.freezer_temps={...} not an array\""},
    {"zones by their numbers", "\"environment\":{\"freezer_temps\":{\"0\":-18,\"2\":-19}}",
     "freezer_temp_0=-18 freezer_temp_2=-19"},
    {"zones missing", "\"environment\":{\"ambient_temp\":5}",
     "ambient_temp=5 anomalies=\"environment.freezer_temps= missing\""},
    {"an empty environment", "\"environment\":{}", "anomalies=\"environment.freezer_temps= missing\""},
    {"the environment null", "\"environment\":null,\"system\":{\"current\":-1}",
     "anomalies=\"system.current=-1 outside 0..200; environment=null no value\""},
    {"no environment", "\"connectivity\":{\"csq\":7}", "csq=7i"},
    {"the environment an array", "\"environment\":[1,2],\"connectivity\":{\"csq\":7}",
     "csq=7i anomalies=\"environment=[...] not an object\""},
    {"the environment an empty array", "\"environment\":[],\"connectivity\":{\"csq\":7}", "csq=7i"},
    {"nothing but an empty array", "\"system\":[]", "!no_data"},
    {"an array in an object's place", "\"location\":[31.2,121.4],\"connectivity\":{\"csq\":7}",
     "csq=7i anomalies=\"location=[...] not an object\""},
    {"an empty array in an object's place", "\"location\":[],\"connectivity\":{\"csq\":7}", "csq=7i"},
    {"zones of nulls", "\"environment\":{\"freezer_temps\":[null,null]}",
     "anomalies=\"environment.freezer_temps.0=null no value; environment.freezer_temps.1=null no value\""},
    {"zones in zones", "\"environment\":{\"freezer_temps\":[[1,2]]}",
     "anomalies=\"environment.freezer_temps.0=[...] not a number\""},

    /* positions (D10) */
    {"a position", "\"location\":{\"lat\":31.2,\"lng\":121.4}", "lat=31.2 lng=121.4"},
    {"Null Island", "\"location\":{\"lat\":0,\"lng\":0.0}", "anomalies=\"location.lat=0 no fix\""},
    {"around it", "\"location\":{\"lat\":-0.001,\"lng\":0.001}", "anomalies=\"location.lat=-0.001 no fix\""},
    {"as text", "\"location\":{\"lat\":\"0.0000\",\"lng\":\"0\"}", "anomalies=\"location.lat=\"0.0000\" no fix\""},
    {"just not around it", "\"location\":{\"lat\":0.0011,\"lng\":0.001}", "lat=0.0011 lng=0.001"},
    {"nor that", "\"location\":{\"lat\":0,\"lng\":-0.0011}", "lat=0 lng=-0.0011"},
    {"on the equator", "\"location\":{\"lat\":0,\"lng\":121.4}", "lat=0 lng=121.4"},
    {"a latitude alone", "\"location\":{\"lat\":31.2}", "anomalies=\"location.lat=31.2 without location.lng\""},
    {"a longitude alone", "\"location\":{\"lng\":121.4}", "anomalies=\"location.lng=121.4 without location.lat\""},
    {"a latitude of null", "\"location\":{\"lat\":null,\"lng\":121.4}",
     "anomalies=\"location.lat=null no value; location.lng=121.4 without location.lat\""},
    {"a longitude that is refused", "\"location\":{\"lat\":31.2,\"lng\":181}",
     "anomalies=\"location.lng=181 outside -180..180; location.lat=31.2 without location.lng\""},
    {"a longitude of nan", "\"location\":{\"lat\":31.2,\"lng\":nan},\"connectivity\":{\"csq\":99}",
     "anomalies=\"location.lng=nan not a number; connectivity.csq=99 sensor fault code; "
     "location.lat=31.2 without location.lng\""},
    {"a latitude of padding", "\"location\":{\"lat\":\"\",\"lng\":0}",
     "anomalies=\"location.lat=\"\" no value; location.lng=0 without location.lat\""},
    {"columns around it stay", "\"location\":{\"lat\":0,\"lng\":0},\"connectivity\":{\"rssi\":-63,\"type\":\"4G\"}",
     "rssi=-63i network_type=\"4G\" anomalies=\"location.lat=0 no fix\""},

    /* units and words (D11) */
    {"each with its unit",
     "\"system\":{\"voltage\":\"220.5 V\",\"current\":\"1.1A\",\"uptime\":\"10 s\",\"door_closed\":\"CLOSED\"},"
     "\"environment\":{\"freezer_temps\":[\"-18.5 \xE2\x84\x83\",\"-18\xC2\xB0"
     "C\",\"-19 \xC2\xBA"
     "C\",\"-20degC\"],\"ambient_temp\":\"24.1 C\",\"vibration_g\":\"0.046g\"},"
     "\"connectivity\":{\"rssi\":\"-63 dBm\"},\"location\":{\"lat\":\"31.2\xC2\xB0\",\"lng\":\"121.4 deg\"}",
     "voltage=220.5 current=1.1 uptime=10i door_closed=true freezer_temp_0=-18.5 freezer_temp_1=-18 freezer_temp_2=-19 "
     "freezer_temp_3=-20 ambient_temp=24.1 vibration_g=0.046 rssi=-63i lat=31.2 lng=121.4"},
    {"letters of units in any case",
     "\"system\":{\"voltage\":\"220 v\",\"current\":\"1a\",\"uptime\":\"10S\"},"
     "\"environment\":{\"freezer_temps\":[\"1 c\",\"2DEGC\",\"3\xC2\xB0"
     "c\"],\"vibration_g\":\"1 G\"},\"connectivity\":{\"rssi\":\"-63DBM\"},"
     "\"location\":{\"lat\":\"1DEG\",\"lng\":\"2Deg\"}",
     "voltage=220 current=1 uptime=10i freezer_temp_0=1 freezer_temp_1=2 freezer_temp_2=3 vibration_g=1 rssi=-63i "
     "lat=1 "
     "lng=2"},
    {"another's unit",
     "\"system\":{\"voltage\":\"220 mV\",\"current\":\"1 V\",\"uptime\":\"10 ms\"},"
     "\"environment\":{\"freezer_temps\":[\"1\xC2\xB0"
     "F\",\"2 F\",\"3 K\"]},\"connectivity\":{\"rssi\":\"-63 dB\",\"csq\":\"7 dBm\"},"
     "\"location\":{\"lat\":\"31.2 N\",\"lng\":\"121.4E\"}",
     "anomalies=\"system.voltage=\"220 mV\" not a number; system.current=\"1 V\" not a number; "
     "system.uptime=\"10 ms\" not an integer; environment.freezer_temps.0=\"1\xC2\xB0"
     "F\" not a number; environment.freezer_temps.1=\"2 F\" not a number; environment.freezer_temps.2=\"3 K\" not a "
     "number; connectivity.rssi=\"-63 dB\" not an integer; location.lat=\"31.2 N\" not a number; "
     "location.lng=\"121.4E\" not a number; connectivity.csq=\"7 dBm\" not an integer\""},
    {"a unit twice", "\"system\":{\"voltage\":\"220VV\"}", "anomalies=\"system.voltage=\"220VV\" not a number\""},
    {"a unit alone", "\"system\":{\"voltage\":\"V\"}", "anomalies=\"system.voltage=\"V\" not a number\""},
    {"a unit with padding", "\"environment\":{\"freezer_temps\":[\" 24.1 \xE2\x84\x83\\u0000\"]}",
     "freezer_temp_0=24.1"},
    {"a fault code with its unit", "\"environment\":{\"freezer_temps\":[\"-127 C\"]}",
     "anomalies=\"environment.freezer_temps.0=\"-127 C\" sensor fault code\""},
    {"a decimal comma with its unit", "\"system\":{\"voltage\":\"220,5 V\"}",
     "anomalies=\"system.voltage=\"220,5 V\" not a number\""},
    {"on", "\"system\":{\"door_closed\":\"ON\"}", "door_closed=true"},
    {"off", "\"system\":{\"door_closed\":\" off\"}", "door_closed=false"},
    {"open", "\"system\":{\"door_closed\":\"Open\"}", "door_closed=false"},
    {"opened", "\"system\":{\"door_closed\":\"opened\"}", "anomalies=\"system.door_closed=\"opened\" not a boolean\""},
    {"y", "\"system\":{\"door_closed\":\"Y\"}", "anomalies=\"system.door_closed=\"Y\" not a boolean\""},
    {"t", "\"system\":{\"door_closed\":\"T\"}", "anomalies=\"system.door_closed=\"T\" not a boolean\""},
    {"no", "\"system\":{\"door_closed\":\"no\"}", "anomalies=\"system.door_closed=\"no\" not a boolean\""},
    {"a whole real for a text", "\"connectivity\":{\"type\":101.0}", "network_type=\"101\""},
    {"a longer one", "\"connectivity\":{\"type\":1717243198250.0}", "network_type=\"1717243198250\""},
    {"with an exponent", "\"connectivity\":{\"type\":1e15}", "network_type=\"1000000000000000\""},
    {"a negative one", "\"connectivity\":{\"type\":-5.00}", "network_type=\"-5\""},
    {"almost an integer", "\"system\":{\"uptime\":500.00000000000000001}",
     "anomalies=\"system.uptime=500 not an integer\""},
    {"almost true", "\"system\":{\"door_closed\":1.00000000000000000001}",
     "anomalies=\"system.door_closed=1 not a boolean\""},
    {"almost false", "\"system\":{\"door_closed\":1e-30}", "anomalies=\"system.door_closed=1e-30 not a boolean\""},

    /* equal keys (D11), behind the columns and the surplus, in the order in which they came again */
    {"equal sections", "\"system\":{\"voltage\":1},\"system\":{\"current\":2}",
     "current=2 anomalies=\"system={...} given twice, the last counts\""},
    {"given three times", "\"system\":{\"voltage\":1,\"voltage\":2,\"voltage\":3}",
     "voltage=3 anomalies=\"system.voltage=3 given twice, the last counts\""},
    {"the last is null", "\"system\":{\"voltage\":1,\"voltage\":null}",
     "anomalies=\"system.voltage=null no value; system.voltage=null given twice, the last counts\""},
    {"two places, a fault, a surplus",
     "\"connectivity\":{\"csq\":1,\"csq\":99},\"environment\":{\"freezer_temps\":[0],\"freezer_temps\":[1,2,3,4,5]},"
     "\"system\":{\"uptime\":1,\"uptime\":2},\"location\":{\"lat\":0,\"lng\":0}",
     "uptime=2i freezer_temp_0=1 freezer_temp_1=2 freezer_temp_2=3 freezer_temp_3=4 "
     "anomalies=\"connectivity.csq=99 sensor fault code; environment.freezer_temps.4=5 no column; "
     "connectivity.csq=99 given twice, the last counts; environment.freezer_temps=[...] given twice, the last counts; "
     "system.uptime=2 given twice, the last counts; location.lat=0 no fix\""},
    {"equal keys that no column takes", "\"x\":1,\"x\":2,\"system\":{\"y\":1,\"y\":2},\"connectivity\":{\"csq\":7}",
     "csq=7i"},
    {"equal times", "\"ts\":5,\"connectivity\":{\"csq\":7}",
     "csq=7i anomalies=\"ts=1795480320 given twice, the last counts\""},
    {"equal device numbers", "\"device_no\":\"x\",\"device_no\":\"VM-SH-001\",\"connectivity\":{\"csq\":7}",
     "csq=7i anomalies=\"device_no=\"VM-SH-001\" given twice, the last counts\""},
    {"twice in the section that does not count, and the section",
     "\"system\":{\"voltage\":1,\"voltage\":2},\"system\":{\"voltage\":3}",
     "voltage=3 anomalies=\"system.voltage=3 given twice, the last counts; system={...} given twice, the last "
     "counts\""},
};

static const struct value_case event_cases[] = {
    /* every type as it should be */
    {"DISPENSE_SUCCESS",
     "\"event_type\":\"DISPENSE_SUCCESS\",\"data\":{\"order_id\":\"ORD-1\",\"meal_cid\":\"M-01\",\"sauce_cid\":\"S-"
     "01\","
     "\"oven_id\":\"OVEN_A\",\"heat_duration\":45,\"image_url\":\"https://x/1.jpg\"}",
     "event_type=\"DISPENSE_SUCCESS\" order_id=\"ORD-1\" channel_id=\"M-01\" oven_id=\"OVEN_A\" "
     "image_url=\"https://x/1.jpg\" severity=\"medium\""},
    {"DISPENSE_FAILED",
     "\"event_type\":\"DISPENSE_FAILED\",\"data\":{\"order_id\":\"ORD-2\",\"meal_cid\":\"M-02\",\"error_code\":"
     "\"E102\"}",
     "event_type=\"DISPENSE_FAILED\" order_id=\"ORD-2\" channel_id=\"M-02\" error_code=\"E102\" severity=\"high\""},
    {"CHANNEL_JAM",
     "\"event_type\":\"CHANNEL_JAM\",\"data\":{\"channel_id\":\"M-07\",\"motor_current\":2.5,\"error_code\":\"E103\"}",
     "event_type=\"CHANNEL_JAM\" channel_id=\"M-07\" error_code=\"E103\" severity=\"high\""},
    {"HEATING_FAILURE", "\"event_type\":\"HEATING_FAILURE\",\"data\":{\"oven_id\":\"OVEN_B\",\"expected_power\":1800}",
     "event_type=\"HEATING_FAILURE\" oven_id=\"OVEN_B\" severity=\"high\""},
    {"DOOR_OPENED", "\"event_type\":\"DOOR_OPENED\",\"data\":{\"door_id\":1}",
     "event_type=\"DOOR_OPENED\" severity=\"high\""},
    {"VANDALISM_ALERT",
     "\"event_type\":\"VANDALISM_ALERT\",\"data\":{\"g_force\":3.1,\"image_url\":\"i\",\"video_url\":\"v\"}",
     "event_type=\"VANDALISM_ALERT\" image_url=\"i\" video_url=\"v\" severity=\"critical\""},
    {"TEMP_OVERHEAT", "\"event_type\":\"TEMP_OVERHEAT\",\"data\":{\"zone_index\":2,\"error_code\":\"E301\"}",
     "event_type=\"TEMP_OVERHEAT\" error_code=\"E301\" severity=\"high\""},
    {"SNAPSHOT_CAPTURED", "\"event_type\":\"SNAPSHOT_CAPTURED\",\"data\":{\"image_url\":\"i\"}",
     "event_type=\"SNAPSHOT_CAPTURED\" image_url=\"i\" severity=\"low\""},

    /* as devices spell it */
    {"small letters", "\"event_type\":\"channel_jam\"", "event_type=\"CHANNEL_JAM\" severity=\"high\""},
    {"dash", "\"event_type\":\"channel-jam\"", "event_type=\"CHANNEL_JAM\" severity=\"high\""},
    {"space", "\"event_type\":\" Channel Jam \"", "event_type=\"CHANNEL_JAM\" severity=\"high\""},
    {"camelCase", "\"event_type\":\"snapshotCaptured\"", "event_type=\"SNAPSHOT_CAPTURED\" severity=\"low\""},
    {"no separator", "\"event_type\":\"VANDALISMALERT\"", "event_type=\"VANDALISM_ALERT\" severity=\"critical\""},
    {"Chinese", "\"event_type\":\"\\u5361\\u8d27\"", "event_type=\"CHANNEL_JAM\" severity=\"high\""},
    {"unknown", "\"event_type\":\"fan stuck\"", "event_type=\"FAN_STUCK\" severity=\"unknown\""},
    {"unknown Chinese", "\"event_type\":\"\\u505c\\u7535\"",
     "event_type=\"\xE5\x81\x9C\xE7\x94\xB5\" severity=\"unknown\""},
    {"a number", "\"event_type\":42", "event_type=\"42\" severity=\"unknown\""},
    {"65 letters are cut to 64", "\"event_type\":\"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLM\"",
     "event_type=\"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKL\" severity=\"unknown\""},

    /* no event type, no row */
    {"none", "\"data\":{}", "!missing_field"},
    {"null", "\"event_type\":null", "!missing_field"},
    {"empty", "\"event_type\":\"\"", "!missing_field"},
    {"nothing but separators", "\"event_type\":\" -- \"", "!missing_field"},
    {"true", "\"event_type\":true", "!missing_field"},
    {"a real", "\"event_type\":1.5", "!missing_field"},
    {"an object", "\"event_type\":{}", "!missing_field"},
    {"padding", "\"event_type\":\"\\u0000\"", "!missing_field"},
    {"NUL", "\"event_type\":\"A\\u0000B\"", "!missing_field"},
    {"nan", "\"event_type\":nan", "!missing_field"},
    {"padded", "\"event_type\":\" A\\u0000\"",
     "event_type=\"A\" severity=\"unknown\" anomalies=\"payload=1 character(s) PostgreSQL cannot store, replaced\""},
    {"lone surrogate", "\"event_type\":\"A\\ud800\"", "!missing_field"},

    /* channel_id = data.channel_id, else data.meal_cid */
    {"both", "\"event_type\":\"X\",\"data\":{\"meal_cid\":\"M-1\",\"channel_id\":\"C-1\"}",
     "event_type=\"X\" channel_id=\"C-1\" severity=\"unknown\""},
    {"meal_cid alone", "\"event_type\":\"X\",\"data\":{\"meal_cid\":\"M-1\"}",
     "event_type=\"X\" channel_id=\"M-1\" severity=\"unknown\""},
    {"channel_id null", "\"event_type\":\"X\",\"data\":{\"meal_cid\":\"M-1\",\"channel_id\":null}",
     "event_type=\"X\" channel_id=\"M-1\" severity=\"unknown\""},
    {"both null", "\"event_type\":\"X\",\"data\":{\"meal_cid\":null,\"channel_id\":null}",
     "event_type=\"X\" severity=\"unknown\""},
    {"a number as channel_id", "\"event_type\":\"X\",\"data\":{\"channel_id\":7}",
     "event_type=\"X\" channel_id=\"7\" severity=\"unknown\""},
    {"a bad channel_id is no reason to guess",
     "\"event_type\":\"X\",\"data\":{\"meal_cid\":\"M-1\",\"channel_id\":true}",
     "event_type=\"X\" severity=\"unknown\" anomalies=\"data.channel_id=true not text\""},
    {"a bad meal_cid", "\"event_type\":\"X\",\"data\":{\"meal_cid\":[1]}",
     "event_type=\"X\" severity=\"unknown\" anomalies=\"data.meal_cid=[...] not text\""},

    /* data */
    {"no data", "\"event_type\":\"X\"", "event_type=\"X\" severity=\"unknown\""},
    {"data null", "\"event_type\":\"X\",\"data\":null", "event_type=\"X\" severity=\"unknown\""},
    {"data empty", "\"event_type\":\"X\",\"data\":{}", "event_type=\"X\" severity=\"unknown\""},
    {"data is text", "\"event_type\":\"X\",\"data\":\"oops\"",
     "event_type=\"X\" severity=\"unknown\" anomalies=\"data=\"oops\" not an object or array\""},
    {"data is an array", "\"event_type\":\"X\",\"data\":[1]",
     "event_type=\"X\" severity=\"unknown\" anomalies=\"data=[...] not an object\""},
    {"data is an empty array", "\"event_type\":\"X\",\"data\":[]", "event_type=\"X\" severity=\"unknown\""},
    {"null values", "\"event_type\":\"X\",\"data\":{\"order_id\":null,\"image_url\":null}",
     "event_type=\"X\" severity=\"unknown\""},
    {"text that PostgreSQL cannot store: NUL", "\"event_type\":\"X\",\"data\":{\"order_id\":\"a\\u0000b\"}",
     "event_type=\"X\" severity=\"unknown\" anomalies=\"data.order_id=\"a\\u0000b\" holds a character that PostgreSQL "
     "cannot store; payload=1 character(s) PostgreSQL cannot store, replaced\""},
    {"text that PostgreSQL cannot store: lone surrogate",
     "\"event_type\":\"X\",\"data\":{\"error_code\":\"\\udc00\",\"oven_id\":\"\\ud800x\"}",
     "event_type=\"X\" severity=\"unknown\" anomalies=\"data.oven_id=\"\xEF\xBF\xBDx\" holds a character that "
     "PostgreSQL "
     "cannot store; data.error_code=\"\xEF\xBF\xBD\" holds a character that PostgreSQL cannot store; payload=2 "
     "character(s) PostgreSQL cannot store, replaced\""},
    {"numbers too wide",
     "\"event_type\":\"X\",\"data\":{\"g_force\":1e999,\"order_id\":123456789012345678901234567890}",
     "event_type=\"X\" order_id=\"123456789012345678901234567890\" severity=\"unknown\" "
     "anomalies=\"payload=2 number(s) too wide, kept as text\""},
    {"no numbers", "\"event_type\":\"X\",\"data\":{\"g_force\":nan,\"order_id\":-inf}",
     "event_type=\"X\" severity=\"unknown\" anomalies=\"data.order_id=-inf not text; "
     "payload=2 value(s) that are no number, kept as text\""},
    {"order of the notes",
     "\"event_type\":\"X\",\"data\":{\"a\":\"\\u0000\",\"b\":1e999,\"c\":nan,\"oven_id\":\"O\",\"oven_id\":\"P\","
     "\"video_url\":1.5}",
     "event_type=\"X\" oven_id=\"P\" severity=\"unknown\" anomalies=\"data.video_url=1.5 not text; "
     "data.oven_id=\"P\" given twice, the last counts; payload=1 number(s) too wide, kept as text; "
     "payload=1 value(s) that are no number, kept as text; "
     "payload=1 character(s) PostgreSQL cannot store, replaced\""},
    {"an empty text is none", "\"event_type\":\"X\",\"data\":{\"order_id\":\"\",\"oven_id\":\" \"}",
     "event_type=\"X\" severity=\"unknown\""},
    {"an empty channel_id, and a meal", "\"event_type\":\"X\",\"data\":{\"channel_id\":\"\",\"meal_cid\":\" M-1\"}",
     "event_type=\"X\" channel_id=\"M-1\" severity=\"unknown\""},
    {"a whole real as order", "\"event_type\":\"X\",\"data\":{\"order_id\":1e18}",
     "event_type=\"X\" order_id=\"1000000000000000000\" severity=\"unknown\""},
    {"COMMAND_ACK of a machine's own", "\"event_type\":\"command-ack\"", "event_type=\"COMMAND_ACK\" severity=\"low\""},

    /* the device */
    {"device_no", "\"event_type\":\"X\",\"device_no\":\"VM-SH-001\"", "event_type=\"X\" severity=\"unknown\""},
    {"another device_no", "\"event_type\":\"X\",\"device_no\":\"VM-SH-002\"", "!device_mismatch"},
    {"id means nothing here", "\"event_type\":\"X\",\"id\":\"evt-1\"", "event_type=\"X\" severity=\"unknown\""},
    {"the device before the event type", "\"device_no\":\"VM-SH-002\"", "!device_mismatch"},
};

#define TS "device_ts=1795480320000000000i"

static const struct value_case status_cases[] = {
    {"online", "\"status\":\"online\",\"device_no\":\"VM-SH-001\",\"firmware\":\"5.0.1\",\"hardware\":\"v3.2\"",
     "status=\"online\" firmware=\"5.0.1\" hardware=\"v3.2\" " TS},
    {"last will", "\"status\":\"offline\",\"device_no\":\"VM-SH-001\",\"reason\":\"unexpected\"",
     "status=\"offline\" reason=\"unexpected\" " TS},
    {"maintenance", "\"status\":\"offline\",\"reason\":\"maintenance\"",
     "status=\"offline\" reason=\"maintenance\" " TS},
    {"capitals", "\"status\":\"ONLINE\"", "status=\"online\" " TS},
    {"another status", "\"status\":\"Sleeping\"",
     "status=\"sleeping\" " TS " anomalies=\"status=\"Sleeping\" unknown status\""},
    {"another with a blank", "\"status\":\" In Service\\u0000\"",
     "status=\"in service\" " TS " anomalies=\"status=\" In Service\\u0000\" unknown status\""},
    {"an alias of online", "\"status\":\"Connected\"", "status=\"online\" " TS},
    {"an alias of offline", "\"status\":\"connection_lost\"", "status=\"offline\" " TS},
    {"an alias in Chinese", "\"status\":\"\\u79bb\\u7ebf\"", "status=\"offline\" " TS},
    {"padded", "\"status\":\"\\u0000 online \"", "status=\"online\" " TS},
    {"firmware of padding", "\"status\":\"online\",\"firmware\":\"\",\"hardware\":\"\\u0000\"",
     "status=\"online\" " TS},
    {"true as text", "\"status\":\"true\"", "status=\"true\" " TS " anomalies=\"status=\"true\" unknown status\""},
    {"a whole real", "\"status\":1.0", "status=\"1\" " TS " anomalies=\"status=1 unknown status\""},
    {"nan", "\"status\":nan", "!missing_field"},
    {"given twice", "\"status\":\"offline\",\"status\":\"online\"",
     "status=\"online\" " TS " anomalies=\"status=\"online\" given twice, the last counts\""},
    {"only ASCII letters change", "\"status\":\"\\u00c4B\"",
     "status=\"\xC3\x84"
     "b\" " TS " anomalies=\"status=\"\xC3\x84"
     "B\" unknown status\""},
    {"a number", "\"status\":1", "status=\"1\" " TS " anomalies=\"status=1 unknown status\""},
    {"firmware a number", "\"status\":\"online\",\"firmware\":501", "status=\"online\" firmware=\"501\" " TS},
    {"firmware a real", "\"status\":\"online\",\"firmware\":5.1,\"hardware\":true",
     "status=\"online\" " TS " anomalies=\"firmware=5.1 not text; hardware=true not text\""},
    {"reason null", "\"status\":\"offline\",\"reason\":null", "status=\"offline\" " TS},
    {"no note on raw_data, which status has not", "\"status\":\"online\",\"x\":1e999,\"y\":\"\\u0000\"",
     "status=\"online\" " TS},
    {"no status", "\"firmware\":\"5\"", "!missing_field"},
    {"null", "\"status\":null", "!missing_field"},
    {"empty", "\"status\":\"\"", "!missing_field"},
    {"blank", "\"status\":\" \"", "!missing_field"},
    {"true", "\"status\":true", "!missing_field"},
    {"an object", "\"status\":{\"a\":1}", "!missing_field"},
    {"NUL", "\"status\":\"on\\u0000line\"", "!missing_field"},
    {"id", "\"status\":\"online\",\"id\":\"VM-SH-001\"", "status=\"online\" " TS},
    {"another id", "\"status\":\"online\",\"id\":\"VM-SH-009\"", "!device_mismatch"},
    {"another device_no", "\"status\":\"online\",\"device_no\":\"VM-SH-009\"", "!device_mismatch"},
};

#define ACK "event_type=\"COMMAND_ACK\" "

static const struct value_case ack_cases[] = {
    {"success", "\"cmd_id\":\"C-1\",\"status\":\"success\",\"result\":{\"a\":1},\"error\":null",
     ACK "severity=\"low\""},
    {"failed",
     "\"cmd_id\":\"C-1\",\"status\":\"failed\",\"result\":null,\"error\":{\"code\":\"E103\",\"message\":\"m\"}",
     ACK "severity=\"high\" error_code=\"E103\""},
    {"rejected", "\"status\":\"rejected\",\"error\":{\"code\":\"E000\"}", ACK "severity=\"high\" error_code=\"E000\""},
    {"in any case", "\"status\":\" FAILED\"", ACK "severity=\"high\""},
    {"in any case too", "\"status\":\"Rejected\"", ACK "severity=\"high\""},
    {"an unknown outcome", "\"status\":\"Pending\"",
     ACK "severity=\"low\" anomalies=\"status=\"Pending\" unknown status\""},
    {"a number", "\"status\":1", ACK "severity=\"low\" anomalies=\"status=1 unknown status\""},
    {"online is no outcome", "\"status\":\"online\"",
     ACK "severity=\"low\" anomalies=\"status=\"online\" unknown status\""},
    {"an order is none of ours", "\"status\":\"success\",\"data\":{\"order_id\":\"O-1\"},\"order_id\":\"O-2\"",
     ACK "severity=\"low\""},
    {"an error that is text", "\"status\":\"failed\",\"error\":\"E103\"",
     ACK "severity=\"high\" anomalies=\"error=\"E103\" not an object or array\""},
    {"a code that is a number", "\"status\":\"failed\",\"error\":{\"code\":103}",
     ACK "severity=\"high\" error_code=\"103\""},
    {"a wide number", "\"status\":\"success\",\"result\":1e999",
     ACK "severity=\"low\" anomalies=\"payload=1 number(s) too wide, kept as text\""},
    {"the machine's own number", "\"status\":\"success\",\"device_no\":\"VM-SH-001\"", ACK "severity=\"low\""},
    {"another machine", "\"status\":\"success\",\"device_no\":\"VM-SH-002\"", "!device_mismatch"},
    {"no status", "\"cmd_id\":\"C-1\"", "!missing_field"},
    {"null", "\"status\":null", "!missing_field"},
    {"empty", "\"status\":\"\"", "!missing_field"},
    {"padding", "\"status\":\" \\u0000\"", "!missing_field"},
    {"true", "\"status\":true", "!missing_field"},
    {"an object", "\"status\":{}", "!missing_field"},
    {"nan", "\"status\":nan", "!missing_field"},
};

static const struct {
    const struct value_case *cases;
    size_t count;
} groups[MESSAGE_KINDS] = {
    [MESSAGE_TELEMETRY] = {telemetry_cases, COUNT(telemetry_cases)},
    [MESSAGE_EVENTS] = {event_cases, COUNT(event_cases)},
    [MESSAGE_STATUS] = {status_cases, COUNT(status_cases)},
    [MESSAGE_ACKS] = {ack_cases, COUNT(ack_cases)},
};

/* "; " inside a shown value would count twice: no case here has one. */
static size_t count_items(const char *anomalies)
{
    size_t items = anomalies[0] == '\0' ? 0 : 1;
    for (const char *at = strstr(anomalies, "; "); at; at = strstr(at + 2, "; ")) {
        items++;
    }
    return items;
}

static void check_identity(const struct filled *filled, const char *name, enum message_kind kind)
{
    static const char *const tables[] = {"vm_telemetry", "vm_events", "vm_status", "vm_events"};
    bool has_raw_data = kind == MESSAGE_EVENTS || kind == MESSAGE_ACKS;
    const struct lp_value *id = lp_row_find(&filled->row, "message_id");
    ck_assert_msg(strcmp(filled->row.measurement, tables[kind]) == 0, "%s: table", name);
    ck_assert_msg(filled->row.tag_count == 1 && strcmp(filled->row.tags[0].name, "device_no") == 0 &&
                      span_equal(filled->row.tags[0].value, SPAN_LITERAL("VM-SH-001")),
                  "%s: tag", name);
    ck_assert_msg((id != NULL) == (kind != MESSAGE_TELEMETRY), "%s: message_id", name);
    ck_assert_msg(!id || (id->type == LP_VALUE_INT && id->as.i == MESSAGE_ID), "%s: message_id", name);
    ck_assert_msg((lp_row_find(&filled->row, "raw_data") != NULL) == has_raw_data, "%s: raw_data", name);
    ck_assert_msg(filled->row.time_ns == ARRIVAL, "%s: time", name);
}

static void check_value_case(enum message_kind kind, const struct value_case *test)
{
    struct filled filled;
    struct buf json;
    struct buf anomalies;
    buf_init(&json, 1024 * 1024);
    buf_format(&json, "{%s,\"ts\":%lld}", test->members, (long long)ARRIVAL_S);
    fill(&filled, kind, "VM-SH-001", buf_view(&json));
    const char *got = outcome(&filled);
    ck_assert_msg(strcmp(got, test->want) == 0, "%s %s:\n got  %s\n want %s", message_kind_name(kind), test->name, got,
                  test->want);
    if (filled.reason == REJECT_NONE) {
        check_identity(&filled, test->name, kind);
        size_t items = count_items(text_field(&filled, "anomalies", &anomalies));
        ck_assert_msg(filled.filling.anomalies == items, "%s: counted %zu anomalies", test->name,
                      filled.filling.anomalies);
        ck_assert_msg(filled.err.text[0] == '\0', "%s: error without need: %s", test->name, filled.err.text);
        buf_free(&anomalies);
    } else {
        ck_assert_msg(filled.err.text[0] != '\0', "%s: no words", test->name);
    }
    finish(&filled);
    buf_free(&json);
}

START_TEST(values)
{
    for (size_t i = 0; i < groups[_i].count; i++) {
        check_value_case((enum message_kind)_i, &groups[_i].cases[i]);
    }
}
END_TEST

/* ---- limits: each column, both edges ---- */

static const struct {
    const char *column;
    const char *before, *after; /* around the number in the payload */
    const char *path;
    const char *low, *below, *high, *above;
    const char *reason;
    const char *reason_above; /* NULL = the same */
} ranges[] = {
    {"voltage", "{\"system\":{\"voltage\":", "}}", "system.voltage", "0", "-0.001", "500", "500.001", "outside 0..500",
     NULL},
    {"current", "{\"system\":{\"current\":", "}}", "system.current", "0", "-0.001", "200", "200.001", "outside 0..200",
     NULL},
    {"uptime", "{\"system\":{\"uptime\":", "}}", "system.uptime", "0", "-1", "2147483647", "2147483648",
     "outside 0..2147483647", "does not fit a 32-bit integer"},
    {"freezer_temp_0", "{\"environment\":{\"freezer_temps\":[", "]}}", "environment.freezer_temps.0", "-90", "-90.001",
     "80", "80.001", "outside -90..80", NULL},
    {"freezer_temp_1", "{\"environment\":{\"freezer_temps\":[0,", "]}}", "environment.freezer_temps.1", "-90",
     "-90.001", "80", "80.001", "outside -90..80", NULL},
    {"freezer_temp_2", "{\"environment\":{\"freezer_temps\":[0,0,", "]}}", "environment.freezer_temps.2", "-90",
     "-90.001", "80", "80.001", "outside -90..80", NULL},
    {"freezer_temp_3", "{\"environment\":{\"freezer_temps\":[0,0,0,", "]}}", "environment.freezer_temps.3", "-90",
     "-90.001", "80", "80.001", "outside -90..80", NULL},
    {"ambient_temp", "{\"environment\":{\"freezer_temps\":[0],\"ambient_temp\":", "}}", "environment.ambient_temp",
     "-90", "-90.001", "80", "80.001", "outside -90..80", NULL},
    {"vibration_g", "{\"environment\":{\"freezer_temps\":[0],\"vibration_g\":", "}}", "environment.vibration_g", "0",
     "-0.001", "200", "200.001", "outside 0..200", NULL},
    {"rssi", "{\"connectivity\":{\"rssi\":", "}}", "connectivity.rssi", "-150", "-151", "0", "1", "outside -150..0",
     NULL},
    {"csq", "{\"connectivity\":{\"csq\":", "}}", "connectivity.csq", "0", "-1", "198", "200", "outside 0..199", NULL},
    {"lat", "{\"location\":{\"lat\":", ",\"lng\":1}}", "location.lat", "-90", "-90.001", "90", "90.001",
     "outside -90..90; location.lng=1 without location.lat", NULL},
    {"lng", "{\"location\":{\"lat\":1,\"lng\":", "}}", "location.lng", "-180", "-180.001", "180", "180.001",
     "outside -180..180; location.lat=1 without location.lng", NULL},
};

static void check_number(size_t i, const char *number, const char *reason)
{
    struct filled filled;
    struct buf json;
    struct buf got;
    struct buf want;
    buf_init(&json, 4096);
    buf_init(&want, 4096);
    buf_format(&json, "%s%s%s", ranges[i].before, number, ranges[i].after);
    json.len--; /* one brace off, for the time */
    buf_format(&json, ",\"ts\":%lld}", (long long)ARRIVAL_S);
    fill(&filled, MESSAGE_TELEMETRY, "VM-SH-001", buf_view(&json));
    ck_assert_int_eq(filled.reason, REJECT_NONE);

    if (reason) {
        buf_format(&want, "%s=%s %s", ranges[i].path, number, reason);
    }
    ck_assert_str_eq(text_field(&filled, "anomalies", &got), text_of(&want));
    const struct lp_value *value = lp_row_find(&filled.row, ranges[i].column);
    ck_assert_msg((value != NULL) == (reason == NULL), "%s at %s", ranges[i].column, number);
    if (value) {
        char shown[NUMBER_TEXT_BYTES];
        number_format_double(value->type == LP_VALUE_INT ? (double)value->as.i : value->as.f, shown);
        ck_assert_str_eq(shown, number);
    }
    buf_free(&json);
    buf_free(&got);
    buf_free(&want);
    finish(&filled);
}

START_TEST(number_limits)
{
    size_t i = (size_t)_i;
    check_number(i, ranges[i].low, NULL);
    check_number(i, ranges[i].below, ranges[i].reason);
    check_number(i, ranges[i].high, NULL);
    check_number(i, ranges[i].above, ranges[i].reason_above ? ranges[i].reason_above : ranges[i].reason);
}
END_TEST

/* Every number column of the built-in mapping has its edges above, so that a new one cannot go untested. */
START_TEST(every_number_column_has_its_edges)
{
    const struct table_map *table = &mapping->tables[MESSAGE_TELEMETRY];
    for (size_t c = 0; c < table->column_count; c++) {
        bool found = table->columns[c].type == COLUMN_BOOLEAN || table->columns[c].type == COLUMN_TEXT;
        for (size_t i = 0; i < COUNT(ranges); i++) {
            found = found || strcmp(ranges[i].column, table->columns[c].name) == 0;
        }
        ck_assert_msg(found, "%s", table->columns[c].name);
    }
}
END_TEST

static const struct {
    enum message_kind kind;
    const char *column;
    const char *before, *after; /* around the text */
    const char *path;
    size_t max;
    bool required;
} texts[] = {
    {MESSAGE_TELEMETRY, "network_type", "{\"connectivity\":{\"type\":\"", "\"}", "connectivity.type", 16, false},
    {MESSAGE_EVENTS, "order_id", "{\"event_type\":\"X\",\"data\":{\"order_id\":\"", "\"}", "data.order_id", 128, false},
    {MESSAGE_EVENTS, "channel_id", "{\"event_type\":\"X\",\"data\":{\"channel_id\":\"", "\"}", "data.channel_id", 64,
     false},
    {MESSAGE_EVENTS, "channel_id", "{\"event_type\":\"X\",\"data\":{\"meal_cid\":\"", "\"}", "data.meal_cid", 64,
     false},
    {MESSAGE_EVENTS, "oven_id", "{\"event_type\":\"X\",\"data\":{\"oven_id\":\"", "\"}", "data.oven_id", 64, false},
    {MESSAGE_EVENTS, "error_code", "{\"event_type\":\"X\",\"data\":{\"error_code\":\"", "\"}", "data.error_code", 64,
     false},
    {MESSAGE_EVENTS, "image_url", "{\"event_type\":\"X\",\"data\":{\"image_url\":\"", "\"}", "data.image_url", 2048,
     false},
    {MESSAGE_EVENTS, "video_url", "{\"event_type\":\"X\",\"data\":{\"video_url\":\"", "\"}", "data.video_url", 2048,
     false},
    {MESSAGE_EVENTS, "event_type", "{\"event_type\":\"", "\"", "event_type", 1024, true},
    {MESSAGE_STATUS, "status", "{\"status\":\"", "\"", "status", 32, true},
    {MESSAGE_STATUS, "firmware", "{\"status\":\"online\",\"firmware\":\"", "\"", "firmware", 64, false},
    {MESSAGE_STATUS, "hardware", "{\"status\":\"online\",\"hardware\":\"", "\"", "hardware", 64, false},
    {MESSAGE_STATUS, "reason", "{\"status\":\"online\",\"reason\":\"", "\"", "reason", 256, false},
    {MESSAGE_ACKS, "severity", "{\"status\":\"", "\"", "status", 32, true},
    {MESSAGE_ACKS, "error_code", "{\"status\":\"success\",\"error\":{\"code\":\"", "\"}", "error.code", 64, false},
};

static void fill_text(struct filled *filled, size_t i, const char *unit, size_t bytes)
{
    struct buf json;
    buf_init(&json, 16384);
    buf_text(&json, texts[i].before);
    for (size_t n = 0; n < bytes; n += strlen(unit)) {
        buf_text(&json, unit);
    }
    buf_format(&json, "%s,\"ts\":%lld}", texts[i].after, (long long)ARRIVAL_S);
    fill(filled, texts[i].kind, "VM-SH-001", buf_view(&json));
    buf_free(&json);
}

static void check_text_kept(size_t i, const char *unit, size_t bytes)
{
    struct filled filled;
    fill_text(&filled, i, unit, bytes);
    const struct lp_value *value = lp_row_find(&filled.row, texts[i].column);
    ck_assert_msg(filled.reason == REJECT_NONE && value && value->type == LP_VALUE_TEXT, "%s", texts[i].column);
    bool is_event_type = strcmp(texts[i].column, "event_type") == 0; /* cut at 64 after it was made canonical */
    bool is_severity = strcmp(texts[i].column, "severity") == 0;     /* of what is unknown */
    bool is_unknown = is_severity || strcmp(texts[i].column, "status") == 0;
    size_t len = is_event_type ? 64 - 64 % strlen(unit) : is_severity ? strlen("low") : bytes;
    ck_assert_uint_eq(value->as.text.len, len);
    ck_assert_msg((lp_row_find(&filled.row, "anomalies") != NULL) == is_unknown, "%s", texts[i].column);
    finish(&filled);
}

static void check_text_refused(size_t i, const char *unit, size_t bytes)
{
    struct filled filled;
    struct buf got;
    char reason[64];
    char path[64];
    fill_text(&filled, i, unit, bytes);
    snprintf(reason, sizeof reason, " longer than %zu bytes", texts[i].max);
    snprintf(path, sizeof path, "%s=\"%s", texts[i].path, unit);
    if (texts[i].required) {
        ck_assert_int_eq(filled.reason, REJECT_MISSING_FIELD);
        ck_assert_msg(strncmp(filled.err.text, path, strlen(path)) == 0, "%s", filled.err.text);
        finish(&filled);
        return;
    }
    const char *anomalies = text_field(&filled, "anomalies", &got);
    ck_assert_ptr_null(lp_row_find(&filled.row, texts[i].column));
    ck_assert_msg(strncmp(anomalies, path, strlen(path)) == 0, "%s", anomalies);
    ck_assert_msg(strlen(anomalies) > strlen(reason) &&
                      strcmp(anomalies + strlen(anomalies) - strlen(reason), reason) == 0,
                  "%s", anomalies);
    ck_assert_uint_le(strlen(anomalies), strlen(texts[i].path) + 1 + 64 + strlen(reason));
    buf_free(&got);
    finish(&filled);
}

START_TEST(text_limits)
{
    size_t i = (size_t)_i;
    check_text_kept(i, "x", texts[i].max);
    check_text_refused(i, "x", texts[i].max + 1);
    check_text_kept(i, "\xC3\xA9", texts[i].max); /* bytes, not characters */
    check_text_refused(i, "\xC3\xA9", texts[i].max + 2);
}
END_TEST

START_TEST(every_text_column_has_its_limit)
{
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        const struct table_map *table = &mapping->tables[kind];
        for (size_t c = 0; c < table->column_count; c++) {
            bool found = table->columns[c].type != COLUMN_TEXT;
            for (size_t i = 0; i < COUNT(texts); i++) {
                found = found || (texts[i].kind == (enum message_kind)kind &&
                                  strcmp(texts[i].column, table->columns[c].name) == 0);
            }
            ck_assert_msg(found, "%s", table->columns[c].name);
        }
    }
}
END_TEST

/* ---- time ---- */

#define UNUSED INT64_MIN /* no device_ts */

static const struct {
    const char *name;
    const char *ts;   /* the member's value; NULL = none */
    int64_t offset;   /* of the row's time from arrival, ns; of telemetry, events and an online status */
    const char *note; /* behind ts=; NULL = no anomaly */
    int64_t device;   /* device_ts of a status */
} times[] = {
    /* all spellings of 31 s before arrival */
    {"s", "1795480289", -31 * S, NULL, ARRIVAL - 31 * S},
    {"ms", "1795480289123", -31 * S + 123000000, NULL, ARRIVAL - 31 * S + 123000000},
    {"us", "1795480289123456", -31 * S + 123456000, NULL, ARRIVAL - 31 * S + 123456000},
    {"ns", "1795480289123456789", -31 * S + 123456789, NULL, ARRIVAL - 31 * S + 123456789},
    {"s with fraction", "1795480289.25", -31 * S + 250000000, NULL, ARRIVAL - 31 * S + 250000000},
    {"s as 1.79e9", "1.795480289e9", -31 * S, NULL, ARRIVAL - 31 * S},
    {"s as text", "\"1795480289\"", -31 * S, NULL, ARRIVAL - 31 * S},
    {"s with fraction as text", "\"1795480289.25\"", -31 * S + 250000000, NULL, ARRIVAL - 31 * S + 250000000},
    {"ms as text", "\"1795480289123\"", -31 * S + 123000000, NULL, ARRIVAL - 31 * S + 123000000},
    {"us as text", "\"1795480289123456\"", -31 * S + 123456000, NULL, ARRIVAL - 31 * S + 123456000},
    {"ns as text", "\"1795480289123456789\"", -31 * S + 123456789, NULL, ARRIVAL - 31 * S + 123456789},
    {"ISO", "\"2026-11-24T00:31:29Z\"", -31 * S, NULL, ARRIVAL - 31 * S},
    {"ISO ms", "\"2026-11-24T00:31:29.123Z\"", -31 * S + 123000000, NULL, ARRIVAL - 31 * S + 123000000},
    {"ISO us", "\"2026-11-24T00:31:29.123456Z\"", -31 * S + 123456000, NULL, ARRIVAL - 31 * S + 123456000},
    {"ISO ns", "\"2026-11-24T00:31:29.123456789Z\"", -31 * S + 123456789, NULL, ARRIVAL - 31 * S + 123456789},
    {"ISO one digit", "\"2026-11-24T00:31:29.5Z\"", -31 * S + 500000000, NULL, ARRIVAL - 31 * S + 500000000},
    {"ISO east", "\"2026-11-24T08:31:29+08:00\"", -31 * S, NULL, ARRIVAL - 31 * S},
    {"ISO west", "\"2026-11-23T19:31:29.0-05:00\"", -31 * S, NULL, ARRIVAL - 31 * S},
    {"ISO half an hour", "\"2026-11-24T06:01:29+05:30\"", -31 * S, NULL, ARRIVAL - 31 * S},
    {"ISO with a space, small z", "\"2026-11-24 00:31:29z\"", -31 * S, NULL, ARRIVAL - 31 * S},
    {"ISO without offset", "\"2026-11-24T00:31:29\"", -31 * S, NULL, ARRIVAL - 31 * S},
    {"as it arrives", "1795480320", 0, NULL, ARRIVAL},
    {"ISO with a blank before the offset", "\"2026-11-24 08:31:29 +0800\"", -31 * S, NULL, ARRIVAL - 31 * S},
    {"basic ISO", "\"20261124T003129Z\"", -31 * S, NULL, ARRIVAL - 31 * S},
    {"ISO with a zone's name behind its offset", "\"2026-11-24T00:31:29Z[UTC]\"", -31 * S, NULL, ARRIVAL - 31 * S},
    {"ISO with padding", "\" 2026-11-24T00:31:29Z\\u0000\\u0000\"", -31 * S, NULL, ARRIVAL - 31 * S},
    {"a number with padding", "\"\\u00001795480289\\u0000 \"", -31 * S, NULL, ARRIVAL - 31 * S},
    {"a clock that is ahead", "1795480380", 60 * S, NULL, ARRIVAL + 60 * S},

    /* the window's edges */
    {"just young enough", "\"2026-11-17T00:32:00Z\"", -7 * 86400 * S, NULL, ARRIVAL - 7 * 86400 * S},
    {"1 ns too old", "\"2026-11-17T00:31:59.999999999Z\"", 0,
     "\"2026-11-17T00:31:59.999999999Z\" too old, arrival time used", ARRIVAL - 7 * 86400 * S - 1},
    {"just not too far ahead", "\"2026-11-24T00:42:00Z\"", 600 * S, NULL, ARRIVAL + 600 * S},
    {"1 ns too far ahead", "\"2026-11-24T00:42:00.000000001Z\"", 0,
     "\"2026-11-24T00:42:00.000000001Z\" too far ahead, arrival time used", ARRIVAL + 600 * S + 1},
    {"1970", "12", 0, "12 too old, arrival time used", 12 * S},
    {"0", "0", 0, "0 too old, arrival time used", 0},
    {"before 1970", "-5", 0, "-5 too old, arrival time used", -5 * S},
    {"1970 as ISO", "\"1970-01-01T00:00:12Z\"", 0, "\"1970-01-01T00:00:12Z\" too old, arrival time used", 12 * S},
    {"2099", "4070908800", 0, "4070908800 too far ahead, arrival time used", 4070908800 * S},
    {"the end of time", "9223372036854775807", 0, "9223372036854775807 too far ahead, arrival time used", INT64_MAX},

    /* none */
    {"missing", NULL, 0, " missing, arrival time used", UNUSED},
    {"null", "null", 0, " missing, arrival time used", UNUSED},

    /* no time */
    {"empty", "\"\"", 0, " missing, arrival time used", UNUSED},
    {"padding", "\" \\u0000\"", 0, " missing, arrival time used", UNUSED},
    {"nan", "nan", 0, "nan not a time, arrival time used", UNUSED},
    {"-Infinity", "-Infinity", 0, "-Infinity not a time, arrival time used", UNUSED},
    {"a zone by its name", "\"2026-11-24T08:31:29 CST\"", 0,
     "\"2026-11-24T08:31:29 CST\" not a time, arrival time used", UNUSED},
    {"words", "\"yesterday\"", 0, "\"yesterday\" not a time, arrival time used", UNUSED},
    {"a date that is none", "\"2026-02-30T00:00:00Z\"", 0, "\"2026-02-30T00:00:00Z\" not a time, arrival time used",
     UNUSED},
    {"a date alone", "\"2026-11-24\"", 0, "\"2026-11-24\" not a time, arrival time used", UNUSED},
    {"true", "true", 0, "true not a time, arrival time used", UNUSED},
    {"object", "{}", 0, "{...} not a time, arrival time used", UNUSED},
    {"array", "[1795480289]", 0, "[...] not a time, arrival time used", UNUSED},
    {"past 64 bits", "9223372036854775808", 0, "\"9223372036854775808\" not a time, arrival time used", UNUSED},
    {"past a double", "1e999", 0, "\"1e999\" not a time, arrival time used", UNUSED},
    {"NUL", "\"1\\u00002\"", 0, "\"1\\u00002\" not a time, arrival time used", UNUSED},
};

static void check_time(size_t i, enum message_kind kind, const char *members, bool offline)
{
    struct filled filled;
    struct buf json;
    struct buf got;
    struct buf want;
    buf_init(&json, 4096);
    buf_init(&want, 4096);
    buf_format(&json, times[i].ts ? "{%s,\"ts\":%s}" : "{%s}", members, times[i].ts ? times[i].ts : "");
    fill(&filled, kind, "VM-SH-001", buf_view(&json));
    ck_assert_int_eq(filled.reason, REJECT_NONE);

    bool readable = times[i].device != UNUSED;
    bool missing = times[i].note && strncmp(times[i].note, " missing", strlen(" missing")) == 0;
    if (times[i].note && !offline && !(missing && kind == MESSAGE_ACKS)) {
        buf_format(&want, "ts=%s", times[i].note);
    } else if (offline && !readable && !missing) {
        size_t len = strlen(times[i].note) - strlen(", arrival time used");
        buf_format(&want, "ts=%.*s", (int)len, times[i].note);
    }
    /* What no number can hold is noted on an event, too: that is not the time's business. */
    const char *anomalies = text_field(&filled, "anomalies", &got);
    const char *last = strstr(anomalies, "ts=");
    ck_assert_msg(strcmp(last ? last : "", text_of(&want)) == 0, "%s (%s): got %s", times[i].name, members, anomalies);

    /* What a clock that is ahead says of a state is no later than its arrival. */
    bool is_state = kind == MESSAGE_TELEMETRY || kind == MESSAGE_STATUS;
    int64_t offset = offline || (is_state && times[i].offset > 0) ? 0 : times[i].offset;
    ck_assert_msg(filled.row.time_ns == ARRIVAL + offset, "%s (%s): time %lld", times[i].name, members,
                  (long long)(filled.row.time_ns - ARRIVAL));
    const struct lp_value *device = lp_row_find(&filled.row, "device_ts");
    ck_assert_msg((device != NULL) == (kind == MESSAGE_STATUS && readable), "%s (%s): device_ts", times[i].name,
                  members);
    ck_assert_msg(!device || (device->type == LP_VALUE_INT && device->as.i == times[i].device), "%s (%s): device_ts",
                  times[i].name, members);
    buf_free(&json);
    buf_free(&got);
    buf_free(&want);
    finish(&filled);
}

START_TEST(time_rules)
{
    size_t i = (size_t)_i;
    check_time(i, MESSAGE_TELEMETRY, "\"connectivity\":{\"csq\":7}", false);
    check_time(i, MESSAGE_EVENTS, "\"event_type\":\"X\"", false);
    check_time(i, MESSAGE_STATUS, "\"status\":\"online\"", false);
    check_time(i, MESSAGE_STATUS, "\"status\":\"offline\"", true);
    check_time(i, MESSAGE_STATUS, "\"status\":\"OFFLINE\",\"reason\":\"unexpected\"", true);
    check_time(i, MESSAGE_STATUS, "\"status\":\"lwt\"", true);
    check_time(i, MESSAGE_STATUS, "\"status\":\"sleeping\"", false);
    check_time(i, MESSAGE_ACKS, "\"status\":\"failed\"", false);
}
END_TEST

/* "offline" means so only as a status. */
START_TEST(offline_elsewhere)
{
    struct filled filled;
    fill(&filled, MESSAGE_EVENTS, "VM-SH-001",
         SPAN_LITERAL("{\"event_type\":\"offline\",\"status\":\"offline\",\"ts\":1795480300}"));
    ck_assert_int_eq(filled.row.time_ns, ARRIVAL - 20 * S);
    finish(&filled);
    fill(&filled, MESSAGE_STATUS, "VM-SH-001",
         SPAN_LITERAL("{\"status\":\"online\",\"reason\":\"offline\",\"ts\":1795480300}"));
    ck_assert_int_eq(filled.row.time_ns, ARRIVAL - 20 * S);
    finish(&filled);
}
END_TEST

START_TEST(another_window)
{
    struct message message = {MESSAGE_STATUS, SPAN_LITERAL("X"), ARRIVAL, 0, NULL, NULL, 0, 0};
    const struct time_window minute = {60 * S, 0, 0};
    static const struct {
        const char *json;
        int64_t offset;
        bool trusted;
    } cases[] = {
        {"{\"status\":\"online\",\"ts\":1795480260}", -60 * S, true},
        {"{\"status\":\"online\",\"ts\":1795480259}", 0, false},
        {"{\"status\":\"online\",\"ts\":1795480320}", 0, true},
        {"{\"status\":\"online\",\"ts\":1795480321}", 0, false},
        {"{\"status\":\"online\",\"ts\":1795480319}", -S, true},
        {"{\"status\":\"online\"}", 0, false},
        {"{\"status\":\"offline\",\"ts\":1795480319}", 0, true}, /* though it is not the row's */
        {"{\"status\":\"offline\",\"ts\":1795480259}", 0, false},
        {"{\"status\":\"offline\"}", 0, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct filled filled;
        fill(&filled, MESSAGE_STATUS, "X", span_of(cases[i].json));
        ck_assert_int_eq(columns_fill(mapping, &minute, &message, &filled.payload, &filled.arena, &filled.row,
                                      &filled.filling, &filled.err),
                         REJECT_NONE);
        ck_assert_msg(filled.row.time_ns == ARRIVAL + cases[i].offset, "%s", cases[i].json);
        ck_assert_msg(filled.filling.time.is_trusted == cases[i].trusted, "%s", cases[i].json);
        finish(&filled);
    }
}
END_TEST

/* ---- raw_data ---- */

#define BYTES(text)                                                                                                    \
    {                                                                                                                  \
        (text), sizeof(text) - 1                                                                                       \
    }

static const struct {
    const char *name;
    struct span payload;
    const char *raw_data; /* NULL = the payload's own bytes */
} raws[] = {
    {"compact", BYTES("{\"event_type\":\"X\",\"ts\":1795480320}"), NULL},
    {"pretty-printed, raw newlines", BYTES("{\r\n\t\"event_type\" : \"X\",\n\n  \"data\": { } }"), NULL},
    {"escapes and spelling stay", BYTES("{\"event_type\":\"\\u0058\",\"a\":1.50,\"b\":1E2,\"c\":\"\\/\"}"), NULL},
    {"equal keys stay", BYTES("{\"event_type\":\"X\",\"a\":1,\"a\":2}"), NULL},
    {"Chinese stays", BYTES("{\"event_type\":\"\xE5\x8D\xA1\xE8\xB4\xA7\"}"), NULL},
    {"a pair of surrogates stays", BYTES("{\"event_type\":\"X\",\"a\":\"\\ud83d\\ude00\"}"), NULL},
    {"19 digits stay", BYTES("{\"event_type\":\"X\",\"a\":9223372036854775807}"), NULL},
    {"surrounding space", BYTES(" \r\n{\"event_type\":\"X\"}\n"), "{\"event_type\":\"X\"}"},
    {"surrounding NUL", BYTES("\0{\"event_type\":\"X\"}\0\0"), "{\"event_type\":\"X\"}"},
    {"byte-order mark", BYTES("\xEF\xBB\xBF{\"event_type\":\"X\"}"), "{\"event_type\":\"X\"}"},
    {"number past a double", BYTES("{\"event_type\": \"X\", \"a\": 1e999 }"),
     "{\"event_type\": \"X\", \"a\": \"1e999\" }"},
    {"integer past 64 bits", BYTES("{\"event_type\":\"X\",\"a\":[-9223372036854775809]}"),
     "{\"event_type\":\"X\",\"a\":[\"-9223372036854775809\"]}"},
    {"NUL", BYTES("{\"event_type\":\"X\",\"a\":\"1\\u00002\"}"), "{\"event_type\":\"X\",\"a\":\"1\\ufffd2\"}"},
    {"lone high surrogate", BYTES("{\"event_type\":\"X\",\"a\":\"\\ud83d\"}"),
     "{\"event_type\":\"X\",\"a\":\"\\ufffd\"}"},
    {"lone low surrogate", BYTES("{\"event_type\":\"X\",\"a\":\"\\uDE00\"}"),
     "{\"event_type\":\"X\",\"a\":\"\\ufffd\"}"},
    {"no numbers", BYTES("{\"event_type\":\"X\",\"a\":NaN,\"b\":[-inf, Infinity ],\"nan\":\"nan\"}"),
     "{\"event_type\":\"X\",\"a\":\"NaN\",\"b\":[\"-inf\", \"Infinity\" ],\"nan\":\"nan\"}"},
    {"padding stays", BYTES("{\"event_type\":\" X \"}"), NULL},
    {"in a key", BYTES("{\"event_type\":\"X\",\"a\\u0000\":1}"), "{\"event_type\":\"X\",\"a\\ufffd\":1}"},
};

START_TEST(raw_data)
{
    struct filled filled;
    fill(&filled, MESSAGE_EVENTS, "VM-SH-001", raws[_i].payload);
    struct span want = raws[_i].raw_data ? span_of(raws[_i].raw_data) : raws[_i].payload;
    const struct lp_value *raw = lp_row_find(&filled.row, "raw_data");
    ck_assert_ptr_nonnull(raw);
    ck_assert_msg(span_equal(raw->as.text, want), "%s: got %.*s", raws[_i].name, (int)raw->as.text.len,
                  raw->as.text.ptr);
    finish(&filled);
}
END_TEST

/* ---- rows as a whole ---- */

static const struct {
    const char *name;
    enum message_kind kind;
    const char *json;
    const char *want;
} rows[] = {
    {"telemetry", MESSAGE_TELEMETRY,
     "{\"device_no\":\"VM-SH-001\",\"ts\":\"2026-11-24T00:31:59.452Z\",\"connectivity\":{\"csq\":null}}",
     "vm_telemetry,device_no=VM-SH-001 anomalies=\"connectivity.csq=null no value\" @1795480319452000000"},
    {"event", MESSAGE_EVENTS,
     "{\"event_type\":\"channel-jam\",\"data\":{\"order_id\":\"O\",\"channel_id\":\"C\",\"oven_id\":\"V\","
     "\"error_code\":\"E\",\"image_url\":\"I\",\"video_url\":5.5},\"ts\":12}",
     "vm_events,device_no=VM-SH-001 event_type=\"CHANNEL_JAM\" order_id=\"O\" channel_id=\"C\" oven_id=\"V\" "
     "error_code=\"E\" image_url=\"I\" raw_data=\"{\"event_type\":\"channel-jam\",\"data\":{\"order_id\":\"O\","
     "\"channel_id\":\"C\",\"oven_id\":\"V\",\"error_code\":\"E\",\"image_url\":\"I\",\"video_url\":5.5},\"ts\":12}\" "
     "severity=\"high\" message_id=-77i anomalies=\"data.video_url=5.5 not text; ts=12 too old, arrival time used\" "
     "@1795480320000000000"},
    {"status", MESSAGE_STATUS,
     "{\"ts\":12,\"reason\":\"R\",\"hardware\":\"H\",\"firmware\":\"F\",\"status\":\"Online\"}",
     "vm_status,device_no=VM-SH-001 status=\"online\" firmware=\"F\" hardware=\"H\" reason=\"R\" "
     "device_ts=12000000000i message_id=-77i anomalies=\"ts=12 too old, arrival time used\" @1795480320000000000"},
};

START_TEST(whole_rows)
{
    struct filled filled;
    fill(&filled, rows[_i].kind, "VM-SH-001", span_of(rows[_i].json));
    put_row(&filled.text, &filled.row, NULL);
    const char *got = text_of(&filled.text);
    ck_assert_msg(strcmp(got, rows[_i].want) == 0, "%s:\n got  %s\n want %s", rows[_i].name, got, rows[_i].want);
    finish(&filled);
}
END_TEST

/* A device whose name is a number may write it as one. */
START_TEST(device_no_as_a_number)
{
    static const struct {
        const char *json;
        const char *device_no;
        enum reject want;
    } cases[] = {
        {"{\"device_no\":1001,\"connectivity\":{\"csq\":7}}", "1001", REJECT_NONE},
        {"{\"device_no\":\"1001\",\"connectivity\":{\"csq\":7}}", "1001", REJECT_NONE},
        {"{\"id\":1001,\"connectivity\":{\"csq\":7}}", "1001", REJECT_NONE},
        {"{\"device_no\":-1,\"connectivity\":{\"csq\":7}}", "-1", REJECT_NONE},
        {"{\"device_no\":1001.0,\"connectivity\":{\"csq\":7}}", "1001", REJECT_NONE},
        {"{\"device_no\":1.001e3,\"connectivity\":{\"csq\":7}}", "1001", REJECT_NONE},
        {"{\"device_no\":1001.5,\"connectivity\":{\"csq\":7}}", "1001", REJECT_DEVICE_MISMATCH},
        {"{\"device_no\":1001.00000000000000001,\"connectivity\":{\"csq\":7}}", "1001", REJECT_DEVICE_MISMATCH},
        {"{\"device_no\":1001,\"connectivity\":{\"csq\":7}}", "01001", REJECT_DEVICE_MISMATCH},
        {"{\"device_no\":100,\"connectivity\":{\"csq\":7}}", "1001", REJECT_DEVICE_MISMATCH},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct filled filled;
        fill(&filled, MESSAGE_TELEMETRY, cases[i].device_no, span_of(cases[i].json));
        ck_assert_msg(filled.reason == cases[i].want, "%s on %s: %s", cases[i].json, cases[i].device_no,
                      reject_name(filled.reason));
        finish(&filled);
    }
}
END_TEST

/* A rejected row's detail names what is wrong. */
START_TEST(words)
{
    static const struct {
        enum message_kind kind;
        const char *json;
        const char *parts[3];
    } cases[] = {
        {MESSAGE_TELEMETRY, "{\"id\":\"VM-2\"}", {"id=\"VM-2\"", "VM-SH-001", ""}},
        {MESSAGE_EVENTS, "{\"data\":{}}", {"event_type", "", ""}},
        {MESSAGE_EVENTS, "{\"event_type\":true}", {"event_type=true", "not text", ""}},
        {MESSAGE_STATUS, "{\"status\":[]}", {"status=[...]", "not text", ""}},
        {MESSAGE_STATUS, "{\"status\":\"\"}", {"status", "", ""}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct filled filled;
        fill(&filled, cases[i].kind, "VM-SH-001", span_of(cases[i].json));
        ck_assert_int_ne(filled.reason, REJECT_NONE);
        for (size_t p = 0; p < COUNT(cases[i].parts); p++) {
            ck_assert_msg(strstr(filled.err.text, cases[i].parts[p]) != NULL, "%s: %s", cases[i].json, filled.err.text);
        }
        finish(&filled);
    }
}
END_TEST

/* ---- what a site's mapping can bring ---- */

static const struct {
    const char *name;
    const char *file;
    enum message_kind kind;
    const char *json;
    const char *want;
} sites[] = {
    {"bigint", "{\"telemetry\":{\"columns\":[{\"column\":\"n\",\"path\":\"n\",\"type\":\"bigint\"}]}}",
     MESSAGE_TELEMETRY, "{\"n\":9223372036854775807,\"ts\":1795480320}", "n=9223372036854775807i"},
    {"bigint below", "{\"telemetry\":{\"columns\":[{\"column\":\"n\",\"path\":\"n\",\"type\":\"bigint\"}]}}",
     MESSAGE_TELEMETRY, "{\"n\":\"-9223372036854775808\",\"ts\":1795480320}", "n=-9223372036854775808i"},
    {"bigint too wide", "{\"telemetry\":{\"columns\":[{\"column\":\"n\",\"path\":\"n\",\"type\":\"bigint\"}]}}",
     MESSAGE_TELEMETRY, "{\"n\":9223372036854775808,\"ts\":1795480320}",
     "anomalies=\"n=\"9223372036854775808\" does not fit a 64-bit integer\""},
    {"bigint, a large real", "{\"telemetry\":{\"columns\":[{\"column\":\"n\",\"path\":\"n\",\"type\":\"bigint\"}]}}",
     MESSAGE_TELEMETRY, "{\"n\":1e30,\"ts\":1795480320}", "anomalies=\"n=1e+30 does not fit a 64-bit integer\""},
    {"bigint, 2^63 as a real", "{\"telemetry\":{\"columns\":[{\"column\":\"n\",\"path\":\"n\",\"type\":\"bigint\"}]}}",
     MESSAGE_TELEMETRY, "{\"n\":9223372036854775808.0,\"ts\":1795480320}",
     "anomalies=\"n=9.223372036854776e+18 does not fit a 64-bit integer\""},
    {"other limits",
     "{\"telemetry\":{\"columns\":[{\"column\":\"voltage\",\"min\":-1.5,\"max\":0.25,\"faults\":[-1]}]}}",
     MESSAGE_TELEMETRY, "{\"system\":{\"voltage\":1},\"ts\":1795480320}",
     "anomalies=\"system.voltage=1 outside -1.5..0.25\""},
    {"other faults", "{\"telemetry\":{\"columns\":[{\"column\":\"voltage\",\"min\":-2,\"faults\":[-1,7]}]}}",
     MESSAGE_TELEMETRY, "{\"system\":{\"voltage\":7},\"ts\":1795480320}",
     "anomalies=\"system.voltage=7 sensor fault code\""},
    {"no limit above", "{\"telemetry\":{\"columns\":[{\"column\":\"voltage\",\"max\":null}]}}", MESSAGE_TELEMETRY,
     "{\"system\":{\"voltage\":1e300,\"current\":201},\"ts\":1795480320}",
     "voltage=1e+300 anomalies=\"system.current=201 outside 0..200\""},
    {"below the only limit", "{\"telemetry\":{\"columns\":[{\"column\":\"voltage\",\"max\":null}]}}", MESSAGE_TELEMETRY,
     "{\"system\":{\"voltage\":-1},\"ts\":1795480320}", "anomalies=\"system.voltage=-1 below 0\""},
    {"above the only limit", "{\"telemetry\":{\"columns\":[{\"column\":\"voltage\",\"min\":null}]}}", MESSAGE_TELEMETRY,
     "{\"system\":{\"voltage\":501},\"ts\":1795480320}", "anomalies=\"system.voltage=501 above 500\""},
    {"another path",
     "{\"telemetry\":{\"columns\":[{\"column\":\"voltage\",\"path\":[\"system.voltage\",\"sys.v\",\"v\"]}]}}",
     MESSAGE_TELEMETRY, "{\"system\":{},\"sys\":{\"v\":null},\"v\":3,\"ts\":1795480320}", "voltage=3"},
    {"null on one path, nothing on the other",
     "{\"telemetry\":{\"columns\":[{\"column\":\"voltage\",\"path\":[\"system.voltage\",\"v\"]}]}}", MESSAGE_TELEMETRY,
     "{\"v\":null,\"ts\":1795480320}", "anomalies=\"v=null no value\""},
    {"a blocked path does not keep the next one from being read",
     "{\"telemetry\":{\"columns\":[{\"column\":\"voltage\",\"path\":[\"system.voltage\",\"v\"]}]}}", MESSAGE_TELEMETRY,
     "{\"system\":9,\"v\":3,\"ts\":1795480320}", "voltage=3 anomalies=\"system=9 not an object or array\""},
    {"another zone",
     "{\"telemetry\":{\"columns\":[{\"column\":\"freezer_temp_4\",\"path\":\"environment.freezer_temps.4\","
     "\"type\":\"float\"}]}}",
     MESSAGE_TELEMETRY, "{\"environment\":{\"freezer_temps\":[1,2,3,4,5,6]},\"ts\":1795480320}",
     "freezer_temp_0=1 freezer_temp_1=2 freezer_temp_2=3 freezer_temp_3=4 freezer_temp_4=5 "
     "anomalies=\"environment.freezer_temps.5=6 no column\""},
    {"a zone in two columns: surplus is said once",
     "{\"telemetry\":{\"columns\":[{\"column\":\"coldest\",\"path\":\"environment.freezer_temps.3\","
     "\"type\":\"float\"}]}}",
     MESSAGE_TELEMETRY, "{\"environment\":{\"freezer_temps\":[1,2,3,4,5]},\"ts\":1795480320}",
     "freezer_temp_0=1 freezer_temp_1=2 freezer_temp_2=3 freezer_temp_3=4 coldest=4 "
     "anomalies=\"environment.freezer_temps.4=5 no column\""},
    {"another severity, another alias",
     "{\"events\":{\"types\":{\"CHANNEL_JAM\":{\"severity\":\"low\",\"aliases\":[\"belt stuck\"]}}}}", MESSAGE_EVENTS,
     "{\"event_type\":\"Belt-Stuck\",\"ts\":1795480320}", "event_type=\"CHANNEL_JAM\" severity=\"low\""},
    {"another time", "{\"telemetry\":{\"time\":[\"meta.at\",\"ts\"]}}", MESSAGE_TELEMETRY,
     "{\"connectivity\":{\"csq\":7},\"meta\":{\"at\":\"x\"},\"ts\":1795480320}",
     "csq=7i anomalies=\"meta.at=\"x\" not a time, arrival time used\""},
    {"the time's path is blocked", "{\"telemetry\":{\"time\":[\"meta.at\",\"ts\"]}}", MESSAGE_TELEMETRY,
     "{\"connectivity\":{\"csq\":7},\"meta\":5,\"ts\":1795480320}", "csq=7i"},
    {"a latitude alone, where the longitude was removed",
     "{\"telemetry\":{\"columns\":[{\"column\":\"lng\",\"enabled\":false}]}}", MESSAGE_TELEMETRY,
     "{\"location\":{\"lat\":0.0},\"ts\":1795480320}", "lat=0"},
    {"a longitude that is text", "{\"telemetry\":{\"columns\":[{\"column\":\"lng\",\"type\":\"text\"}]}}",
     MESSAGE_TELEMETRY, "{\"location\":{\"lat\":31.2},\"ts\":1795480320}", "lat=31.2"},
    {"a position elsewhere",
     "{\"telemetry\":{\"columns\":[{\"column\":\"lat\",\"path\":\"gps.0\"},{\"column\":\"lng\",\"path\":[\"gps.1\","
     "\"x\"]}]}}",
     MESSAGE_TELEMETRY, "{\"gps\":[31.2],\"ts\":1795480320}", "anomalies=\"gps.0=31.2 without gps.1\""},
    {"a position by another path",
     "{\"telemetry\":{\"columns\":[{\"column\":\"lat\",\"path\":[\"location.lat\",\"y\"]},{\"column\":\"lng\",\"path\":"
     "[\"location.lng\",\"x\"]}]}}",
     MESSAGE_TELEMETRY, "{\"y\":0,\"x\":0.0005,\"ts\":1795480320}", "anomalies=\"y=0 no fix\""},
    {"a site's column behind the position",
     "{\"telemetry\":{\"columns\":[{\"column\":\"n\",\"path\":\"n\",\"type\":\"integer\"}]}}", MESSAGE_TELEMETRY,
     "{\"location\":{\"lat\":0,\"lng\":0},\"n\":7,\"ts\":1795480320}", "n=7i anomalies=\"location.lat=0 no fix\""},
    {"a site's unit",
     "{\"telemetry\":{\"columns\":[{\"column\":\"n\",\"path\":\"n\",\"type\":\"float\",\"unit\":\"%\"}]}}",
     MESSAGE_TELEMETRY, "{\"n\":\"55.5 %\",\"ts\":1795480320}", "n=55.5"},
    {"a site's array", "{\"telemetry\":{\"columns\":[{\"column\":\"n\",\"path\":\"s.n.0\",\"type\":\"float\"}]}}",
     MESSAGE_TELEMETRY, "{\"s\":{},\"connectivity\":{\"csq\":7},\"ts\":1795480320}",
     "csq=7i anomalies=\"s.n= missing\""},
    {"a site's boolean", "{\"telemetry\":{\"columns\":[{\"column\":\"n\",\"path\":\"n\",\"type\":\"boolean\"}]}}",
     MESSAGE_TELEMETRY, "{\"n\":\"open\",\"ts\":1795480320}", "anomalies=\"n=\"open\" not a boolean\""},
    {"a status that is 1 here", "{\"status\":{\"types\":{\"online\":{\"aliases\":[\"1\"]}}}}", MESSAGE_STATUS,
     "{\"status\":1,\"ts\":1795480320}", "status=\"online\" device_ts=1795480320000000000i"},
    {"a status of the site's own", "{\"status\":{\"types\":{\"in_service\":{\"aliases\":[\"维护\"]}}}}", MESSAGE_STATUS,
     "{\"status\":\"维护\",\"ts\":1795480320}", "status=\"in_service\" device_ts=1795480320000000000i"},
    {"an outcome of the site's own", "{\"acks\":{\"types\":{\"timeout\":{\"severity\":\"medium\"}}}}", MESSAGE_ACKS,
     "{\"status\":\"Timeout\",\"ts\":1795480320}", "event_type=\"COMMAND_ACK\" severity=\"medium\""},
    {"an acknowledgement's columns",
     "{\"acks\":{\"columns\":[{\"column\":\"oven_id\",\"path\":\"result.oven\",\"type\":\"text\"},{\"column\":"
     "\"severity\",\"path\":\"outcome\"}]}}",
     MESSAGE_ACKS, "{\"outcome\":\"failed\",\"result\":{\"oven\":\"B\"},\"ts\":1795480320}",
     "event_type=\"COMMAND_ACK\" severity=\"high\" oven_id=\"B\""},
    {"a column that is required, of padding",
     "{\"status\":{\"columns\":[{\"column\":\"firmware\",\"required\":true}]}}", MESSAGE_STATUS,
     "{\"status\":\"online\",\"firmware\":\" \",\"ts\":1795480320}", "!missing_field"},
    {"a column that is required, no number", "{\"telemetry\":{\"columns\":[{\"column\":\"csq\",\"required\":true}]}}",
     MESSAGE_TELEMETRY, "{\"connectivity\":{\"csq\":nan},\"ts\":1795480320}", "!missing_field"},
    {"a column that is required", "{\"telemetry\":{\"columns\":[{\"column\":\"csq\",\"required\":true}]}}",
     MESSAGE_TELEMETRY, "{\"system\":{\"voltage\":1},\"ts\":1795480320}", "!missing_field"},
};

START_TEST(site_mappings)
{
    struct filled filled;
    overlay(sites[_i].file);
    fill(&filled, sites[_i].kind, "VM-SH-001", span_of(sites[_i].json));
    const char *got = outcome(&filled);
    ck_assert_msg(strcmp(got, sites[_i].want) == 0, "%s:\n got  %s\n want %s", sites[_i].name, got, sites[_i].want);
    finish(&filled);
}
END_TEST

/* The words on a required column are its own, whatever was wrong before it. */
START_TEST(required_behind_an_anomaly)
{
    struct filled filled;
    overlay("{\"telemetry\":{\"columns\":[{\"column\":\"csq\",\"required\":true}]}}");
    fill(&filled, MESSAGE_TELEMETRY, "VM-SH-001", SPAN_LITERAL("{\"system\":5,\"connectivity\":{\"csq\":99}}"));
    ck_assert_int_eq(filled.reason, REJECT_MISSING_FIELD);
    ck_assert_str_eq(filled.err.text, "connectivity.csq=99 sensor fault code");
    finish(&filled);
}
END_TEST

/* ---- the cap of anomalies ---- */

#define MANY 70

/* A payload with n values that are no numbers, for columns x00 to x69. Each item is 33 bytes: `x07="0123456789abc" not a number`. */
static void fill_many(struct filled *filled, size_t n)
{
    struct buf json;
    buf_init(&json, 65536);
    buf_text(&json, "{");
    for (size_t i = 0; i < n; i++) {
        buf_format(&json, "\"x%02zu\":\"0123456789abc\",", i);
    }
    buf_format(&json, "\"ts\":%lld}", (long long)ARRIVAL_S);
    fill(filled, MESSAGE_TELEMETRY, "VM-SH-001", buf_view(&json));
    buf_free(&json);
}

static void map_many(void)
{
    struct buf file;
    buf_init(&file, 65536);
    for (size_t i = 0; i < MANY; i++) {
        buf_format(&file, "%s{\"column\":\"x%02zu\",\"path\":\"x%02zu\",\"type\":\"float\"}",
                   i == 0 ? "{\"telemetry\":{\"columns\":[" : ",", i, i);
    }
    buf_text(&file, "]}}");
    overlay(text_of(&file));
    buf_free(&file);
}

START_TEST(anomalies_are_capped)
{
    map_many();
    for (size_t n = 1; n <= MANY; n++) {
        struct filled filled;
        struct buf got;
        struct buf want;
        fill_many(&filled, n);
        ck_assert_int_eq(filled.reason, REJECT_NONE);
        ck_assert_uint_eq(filled.filling.anomalies, n);
        const char *text = text_field(&filled, "anomalies", &got);
        ck_assert_uint_le(strlen(text), NOTES_MAX_BYTES);

        /* as many as it says, in order, and the rest counted */
        unsigned long more = 0;
        const char *tail = strstr(text, "; and ");
        ck_assert(!tail || sscanf(tail, "; and %lu more", &more) == 1);
        buf_init(&want, 65536);
        for (size_t i = 0; i < n - more; i++) {
            buf_format(&want, "%sx%02zu=\"0123456789abc\" not a number", i > 0 ? "; " : "", i);
        }
        if (more > 0) {
            buf_format(&want, "; and %lu more", more);
        }
        ck_assert_msg(strcmp(text, text_of(&want)) == 0, "%zu: %s", n, text);
        ck_assert_msg(more == 0 || strlen(text) > NOTES_MAX_BYTES - 100, "%zu: room is left: %s", n, text);
        buf_free(&got);
        buf_free(&want);
        finish(&filled);
    }
}
END_TEST

/* From the first that does not fit on, none is shown, even if it would fit: the order stays clear. The time's note is counted. */
START_TEST(the_cap_keeps_the_order)
{
    struct filled filled;
    struct buf got;
    struct buf json;
    map_many();
    buf_init(&json, 65536);
    buf_text(&json, "{\"x00\":\"?\",");
    for (size_t i = 1; i < MANY - 1; i++) {
        buf_format(&json, "\"x%02zu\":\"0123456789abc!\",", i);
    }
    buf_format(&json, "\"x%d\":null,\"ts\":1}", MANY - 1);
    fill(&filled, MESSAGE_TELEMETRY, "VM-SH-001", buf_view(&json));
    const char *text = text_field(&filled, "anomalies", &got);
    ck_assert_uint_eq(filled.filling.anomalies, MANY + 1);
    ck_assert_uint_le(strlen(text), NOTES_MAX_BYTES);
    ck_assert_ptr_null(strstr(text, "ts="));
    ck_assert_ptr_null(strstr(text, "null"));
    unsigned long more = 0;
    const char *tail = strstr(text, "; and ");
    ck_assert(tail && sscanf(tail, "; and %lu more", &more) == 1);
    ck_assert_uint_eq(count_items(text) - 1 + more, MANY + 1);
    buf_free(&got);
    buf_free(&json);
    finish(&filled);
}
END_TEST

/* A required column that fails where there is no room for words has words all the same. */
START_TEST(required_behind_the_cap)
{
    struct filled filled;
    map_many();
    overlay("{\"telemetry\":{\"columns\":[{\"column\":\"last\",\"path\":\"last\",\"type\":\"float\","
            "\"required\":true}]}}");
    struct buf json;
    buf_init(&json, 65536);
    buf_text(&json, "{");
    for (size_t i = 0; i < MANY; i++) {
        buf_format(&json, "\"x%02zu\":\"0123456789abc\",", i);
    }
    buf_text(&json, "\"last\":true}");
    fill(&filled, MESSAGE_TELEMETRY, "VM-SH-001", buf_view(&json));
    ck_assert_int_eq(filled.reason, REJECT_MISSING_FIELD);
    ck_assert_msg(strstr(filled.err.text, "last") != NULL, "%s", filled.err.text);
    buf_free(&json);
    finish(&filled);
}
END_TEST

/* ---- memory ---- */

/* However small the arena: a reason, and never a row that is not whole. */
START_TEST(out_of_memory)
{
    static const struct {
        enum message_kind kind;
        const char *json;
    } cases[] = {
        {MESSAGE_TELEMETRY, "{\"connectivity\":{\"type\":4,\"csq\":99}}"},
        {MESSAGE_EVENTS, "{\"event_type\":\"channel jam\",\"data\":{\"order_id\":5,\"oven_id\":true}}"},
        {MESSAGE_STATUS, "{\"status\":\"ONLINE\",\"firmware\":7,\"reason\":8}"},
        /* texts with escapes, read into the arena first */
        {MESSAGE_EVENTS,
         "{\"device_no\":\"\\u0058\",\"event_type\":\"channel\\u0020jam\",\"data\":{\"order_id\":\"\\u0035\"}}"},
        {MESSAGE_STATUS, "{\"ts\":\"\\u0031\",\"status\":\"\\u004fnline\",\"reason\":\"a\\nb\"}"},
        {MESSAGE_TELEMETRY, "{\"environment\":{\"freezer_temps\":[1,2,3,4,\"\\u0035\"]}}"},
        {MESSAGE_TELEMETRY, "{\"environment\":{\"freezer_temps\":\"\\u0035\"},\"connectivity\":{\"csq\":7}}"},
        {MESSAGE_TELEMETRY, "{\"connectivity\":{\"csq\":7,\"type\":\"\\u0035\",\"type\":\"\\u0035\"}}"},
        {MESSAGE_TELEMETRY, "{\"device_no\":\"\\u0058\",\"location\":{\"lat\":0,\"lng\":0,\"lng\":\"\\u0030\"}}"},
        {MESSAGE_ACKS, "{\"status\":\"f\\u0061iled\",\"error\":{\"code\":\"\\u0035\"}}"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct message message = {cases[i].kind, SPAN_LITERAL("X"), ARRIVAL, MESSAGE_ID, NULL, NULL, 0, 0};
        struct filled filled;
        bool enough = false;
        fill(&filled, cases[i].kind, "X", span_of(cases[i].json));
        put_row(&filled.text, &filled.row, NULL);
        for (size_t size = 0; size < 4096; size += 8) {
            struct arena arena;
            struct lp_row row;
            struct buf got;
            struct filling filling = {0};
            struct err err;
            err_clear(&err);
            ck_assert(arena_init(&arena, size));
            enum reject reason = columns_fill(mapping, &week, &message, &filled.payload, &arena, &row, &filling, &err);
            ck_assert_msg(reason == (enough ? REJECT_NONE : reason), "%s in %zu bytes", cases[i].json, size);
            if (reason == REJECT_NONE) {
                enough = true;
                buf_init(&got, 65536);
                put_row(&got, &row, NULL);
                ck_assert_str_eq(text_of(&got), text_of(&filled.text));
                buf_free(&got);
            } else {
                ck_assert_msg(reason == REJECT_OUT_OF_MEMORY, "%s in %zu bytes: %s", cases[i].json, size,
                              reject_name(reason));
                ck_assert_str_ne(err.text, "");
                ck_assert_uint_eq(filling.anomalies, 0);
            }
            arena_free(&arena);
        }
        ck_assert(enough);
        finish(&filled);
    }
}
END_TEST

#define LONG_TEXT 30000
#define COLUMNS_THERE 40

/* A long text with escapes where many columns look, and none takes it, needs memory once, not as
 * often as it is looked at. */
static void check_long_text(const char *path_format, const char *head, const char *tail, const char *want)
{
    struct filled filled;
    struct buf text;
    buf_init(&text, 1024 * 1024);
    for (size_t i = 0; i < COLUMNS_THERE; i++) {
        char path[32];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(path, sizeof path, path_format, i);
#pragma GCC diagnostic pop
        buf_format(&text, "%s{\"column\":\"x%02zu\",\"path\":\"%s\",\"type\":\"float\"}",
                   i == 0 ? "{\"telemetry\":{\"columns\":[" : ",", i, path);
    }
    buf_text(&text, "]}}");
    overlay(text_of(&text));
    buf_truncate(&text, 0);
    buf_text(&text, head);
    for (size_t i = 0; i < LONG_TEXT; i++) {
        buf_char(&text, 'z');
    }
    buf_text(&text, tail);
    fill(&filled, MESSAGE_TELEMETRY, "VM-SH-001", buf_view(&text));
    const char *got = outcome(&filled);
    ck_assert_msg(span_starts_with(span_of(got), span_of(want)), "%s: got %.200s", path_format, got);
    finish(&filled);
    buf_free(&text);
}

START_TEST(a_long_text_in_the_way_of_many_columns)
{
    check_long_text("x.v%02zu", "{\"connectivity\":{\"csq\":7},\"x\":\"\\n", "\",\"ts\":1795480320}",
                    "csq=7i anomalies=\"x=\"\\u000azzz");
}
END_TEST

START_TEST(a_long_text_for_many_columns)
{
    check_long_text("x.0", "{\"connectivity\":{\"csq\":7},\"x\":[\"\\n", "\"],\"ts\":1795480320}",
                    "csq=7i anomalies=\"x.0=\"\\u000azzz");
}
END_TEST

START_TEST(a_long_text_behind_many_columns)
{
    check_long_text("x.0", "{\"connectivity\":{\"csq\":7},\"x\":[null,\"\\n", "\"],\"ts\":1795480320}",
                    "csq=7i anomalies=\"x.0=null no value; ");
}
END_TEST

/* ---- properties of MQTT 5 ---- */

#define BAD_TYPE(shown) "anomalies=\"properties.content-type=\"" shown "\" not application/json\""
#define LETTERS_8 "abcdefgh"
#define LETTERS_64 LETTERS_8 LETTERS_8 LETTERS_8 LETTERS_8 LETTERS_8 LETTERS_8 LETTERS_8 LETTERS_8

static const struct {
    const char *name;
    enum message_kind kind;
    struct span content_type; /* ptr NULL = none */
    struct span priority;     /* ptr NULL = none */
    const char *want;
} with_properties[] = {
    {"none", MESSAGE_EVENTS, {NULL, 0}, {NULL, 0}, ""},
    {"as the protocol has them", MESSAGE_EVENTS, SPAN_LITERAL("application/json"), SPAN_LITERAL("critical"),
     " priority=\"critical\""},
    {"spelt otherwise", MESSAGE_EVENTS, SPAN_LITERAL(" Application/JSON ; charset=UTF-8"), SPAN_LITERAL(" High\n"),
     " priority=\"high\""},
    {"a priority of no text", MESSAGE_EVENTS, {NULL, 0}, SPAN_LITERAL(" \t"), ""},
    {"a priority as long as may be",
     MESSAGE_EVENTS,
     {NULL, 0},
     SPAN_LITERAL(LETTERS_64),
     " priority=\"" LETTERS_64 "\""},
    {"one byte more",
     MESSAGE_EVENTS,
     {NULL, 0},
     SPAN_LITERAL(LETTERS_64 "i"),
     " anomalies=\"properties.priority=\"" LETTERS_8 LETTERS_8 LETTERS_8 LETTERS_8 LETTERS_8 LETTERS_8 LETTERS_8
     "abcd... longer than 64 bytes\""},
    {"a priority with a NUL",
     MESSAGE_EVENTS,
     {NULL, 0},
     SPAN_LITERAL("a\0b"),
     " anomalies=\"properties.priority=\"a\\u0000b\" holds a character that PostgreSQL cannot store\""},
    {"another type", MESSAGE_EVENTS, SPAN_LITERAL("text/plain"), {NULL, 0}, " " BAD_TYPE("text/plain")},
    {"an empty type", MESSAGE_EVENTS, SPAN_LITERAL(""), {NULL, 0}, " " BAD_TYPE("")},
    {"a longer type", MESSAGE_EVENTS, SPAN_LITERAL("application/jsonl"), {NULL, 0}, " " BAD_TYPE("application/jsonl")},
    {"an acknowledgement has one", MESSAGE_ACKS, SPAN_LITERAL("application/json"), SPAN_LITERAL("High"),
     " priority=\"high\""},
    {"an acknowledgement of another type",
     MESSAGE_ACKS,
     SPAN_LITERAL("text/html"),
     {NULL, 0},
     " " BAD_TYPE("text/html")},
    {"a status has no priority", MESSAGE_STATUS, SPAN_LITERAL("text/html"), SPAN_LITERAL("high"),
     " " BAD_TYPE("text/html")},
    {"nor has telemetry", MESSAGE_TELEMETRY, SPAN_LITERAL("text/html"), SPAN_LITERAL("high"),
     " " BAD_TYPE("text/html")},
};

START_TEST(properties)
{
    static const struct {
        const char *json;
        const char *want;
    } plain[MESSAGE_KINDS] = {
        [MESSAGE_TELEMETRY] = {"{\"ts\":1795480289,\"system\":{\"uptime\":1}}", "uptime=1i"},
        [MESSAGE_EVENTS] = {"{\"ts\":1795480289,\"event_type\":\"A\"}", "event_type=\"A\" severity=\"unknown\""},
        [MESSAGE_STATUS] = {"{\"ts\":1795480289,\"status\":\"online\"}",
                            "status=\"online\" device_ts=1795480289000000000i"},
        [MESSAGE_ACKS] = {"{\"status\":\"success\"}", "event_type=\"COMMAND_ACK\" severity=\"low\""},
    };
    enum message_kind kind = with_properties[_i].kind;
    struct properties set = {.count = 0};
    struct filled filled;
    char want[512];
    properties_add(&set, (struct property){.id = PROPERTY_USER, .name = SPAN_LITERAL("prio"), .text = {"no", 2}});
    if (with_properties[_i].content_type.ptr) {
        properties_add(&set, (struct property){.id = PROPERTY_CONTENT_TYPE, .text = with_properties[_i].content_type});
    }
    if (with_properties[_i].priority.ptr) {
        properties_add(&set, (struct property){.id = PROPERTY_USER,
                                               .name = SPAN_LITERAL("priority"),
                                               .text = with_properties[_i].priority});
    }
    message_properties = &set;
    fill(&filled, kind, "VM-1", span_of(plain[kind].json));
    message_properties = NULL;
    snprintf(want, sizeof want, "%s%s", plain[kind].want, with_properties[_i].want);
    const char *got = outcome(&filled);
    ck_assert_msg(strcmp(got, want) == 0, "%s:\ngot  %s\nwant %s", with_properties[_i].name, got, want);
    ck_assert_uint_eq(filled.filling.anomalies, strstr(want, "anomalies") ? 1 : 0);
    finish(&filled);
}
END_TEST

static Suite *columns_suite(void)
{
    Suite *suite = suite_create("columns");
    TCase *tcase = tcase_create("columns");
    tcase_add_checked_fixture(tcase, make_mapping, drop_mapping);
    tcase_add_loop_test(tcase, values, 0, MESSAGE_KINDS);
    tcase_add_loop_test(tcase, number_limits, 0, (int)COUNT(ranges));
    tcase_add_test(tcase, every_number_column_has_its_edges);
    tcase_add_loop_test(tcase, text_limits, 0, (int)COUNT(texts));
    tcase_add_test(tcase, every_text_column_has_its_limit);
    tcase_add_loop_test(tcase, time_rules, 0, (int)COUNT(times));
    tcase_add_test(tcase, offline_elsewhere);
    tcase_add_test(tcase, another_window);
    tcase_add_loop_test(tcase, raw_data, 0, (int)COUNT(raws));
    tcase_add_loop_test(tcase, whole_rows, 0, (int)COUNT(rows));
    tcase_add_test(tcase, device_no_as_a_number);
    tcase_add_test(tcase, words);
    tcase_add_loop_test(tcase, site_mappings, 0, (int)COUNT(sites));
    tcase_add_test(tcase, required_behind_an_anomaly);
    tcase_add_test(tcase, anomalies_are_capped);
    tcase_add_test(tcase, the_cap_keeps_the_order);
    tcase_add_test(tcase, required_behind_the_cap);
    tcase_add_loop_test(tcase, properties, 0, (int)COUNT(with_properties));
    tcase_add_test(tcase, out_of_memory);
    tcase_add_test(tcase, a_long_text_in_the_way_of_many_columns);
    tcase_add_test(tcase, a_long_text_for_many_columns);
    tcase_add_test(tcase, a_long_text_behind_many_columns);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(columns_suite());
}
