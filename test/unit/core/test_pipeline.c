#include <jansson.h>
#include <stdio.h>

#include "core/pipeline.h"
#include "support.h"

/* 2026-11-24T00:32:00Z */
#define ARRIVAL_S INT64_C(1795480320)
#define S INT64_C(1000000000)
#define ARRIVAL (ARRIVAL_S * S)
#define MINUTE (60 * S)
#define HOUR (3600 * S)
#define DAY (86400 * S)
#define OUTPUT_BYTES ((size_t)8 * 1024 * 1024)

#define BYTES(text)                                                                                                    \
    {                                                                                                                  \
        (text), sizeof(text) - 1                                                                                       \
    }

static const struct settings defaults = {
    .topic_tag = "topic",
    .topic_prefix = "v1/vm",
    .payload_field = "value",
    .payload_encoding = PAYLOAD_PLAIN,
    .max_age_ns = 7 * DAY,
    .max_ahead_ns = 10 * MINUTE,
    .max_payload = 262144,
    .max_line = 1048576,
    .max_depth = 32,
    .max_values = 8192,
    .dedup_window = 65536,
    .dedup_age_ns = HOUR,
    .dedup_untimed_ns = 10 * S,
};

/* ---- a pipeline whose output is text: a line for each row, the bytes of each record between bars ---- */

static struct settings settings;
static struct mapping *mapping;
static struct pipeline *pipeline;
static struct buf output;
static size_t row_count;
static size_t raw_count;
static bool hides_detail;

static void take_row(void *ctx, const struct lp_row *row)
{
    static const char *const detail[] = {"detail", NULL};
    (void)ctx;
    row_count++;
    put_row(&output, row, hides_detail ? detail : NULL);
    buf_char(&output, '\n');
}

static void take_raw(void *ctx, struct span record)
{
    (void)ctx;
    raw_count++;
    buf_char(&output, '|');
    buf_span(&output, record);
    buf_char(&output, '|');
}

static const struct lp_sink collector = {NULL, take_row, take_raw};

static void open_pipeline(void)
{
    const struct siphash_key key = {1, 2};
    pipeline = pipeline_new(&settings, mapping, collector, key, NULL);
    ck_assert_ptr_nonnull(pipeline);
    row_count = 0;
    raw_count = 0;
    buf_truncate(&output, 0);
}

static void set_up(void)
{
    settings = defaults;
    hides_detail = false;
    mapping = mapping_new();
    ck_assert_ptr_nonnull(mapping);
    buf_init(&output, OUTPUT_BYTES);
}

static void tear_down(void)
{
    pipeline_free(pipeline);
    pipeline = NULL;
    mapping_free(mapping);
    buf_free(&output);
}

static void feed(struct span record)
{
    char *block;
    struct span copy = exact_copy(record, &block);
    pipeline_record(pipeline, copy, ARRIVAL);
    free(block);
}

/* As Telegraf's serializer escapes them. */
static void put_escaped(struct buf *out, struct span text, const char *set)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '\0' && strchr(set, text.ptr[i])) {
            buf_char(out, '\\');
        }
        buf_char(out, text.ptr[i]);
    }
}

/* One message as it comes from inputs.mqtt_consumer. */
static void put_message(struct buf *record, struct span topic, struct span payload, int64_t time_ns)
{
    buf_text(record, "mqtt_consumer,host=edge,topic=");
    put_escaped(record, topic, ",= ");
    buf_text(record, " value=\"");
    put_escaped(record, payload, "\"\\");
    buf_format(record, "\" %lld\n", (long long)time_ns);
    ck_assert(!record->failed);
}

static void feed_message(struct span topic, struct span payload, int64_t time_ns)
{
    struct buf record;
    buf_init(&record, OUTPUT_BYTES);
    put_message(&record, topic, payload, time_ns);
    feed(buf_view(&record));
    buf_free(&record);
}

static void check_output(const char *name, const char *want)
{
    const char *got = text_of(&output);
    ck_assert_msg(strcmp(got, want) == 0, "%s:\n got  %s\n want %s", name, got, want);
}

static void check_sum(const struct stats *stats)
{
    uint64_t sum = stats->passed + stats->duplicates + stats_rejected(stats) + stats->ignored;
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        sum += stats->rows[kind];
    }
    ck_assert_uint_eq(stats->received, sum);
}

/* ---- ours ---- */

/* Record in, everything out. The message ids were worked out by another implementation of SipHash-2-4 with key 0 over topic, one NUL and
 * payload. */
static const struct {
    const char *name;
    struct span record;
    const char *want;
} records[] = {
    {"telemetry",
     BYTES("mqtt_consumer,host=edge,topic=v1/vm/VM-SH-001/telemetry "
           "value=\"{\\\"device_no\\\":\\\"VM-SH-001\\\",\\\"ts\\\":\\\"2026-11-24T00:31:59.452Z\\\","
           "\\\"system\\\":{\\\"voltage\\\":\\\"220.5\\\",\\\"uptime\\\":3.0}}\" 1795480320000000000\n"),
     "vm_telemetry,device_no=VM-SH-001 voltage=220.5 uptime=3i @1795480319452000000\n"},
    {"event, pretty-printed with raw newlines",
     BYTES("mqtt_consumer,topic=v1/vm/VM-SH-001/events value=\"{\n  \\\"event_type\\\": \\\"channel-jam\\\",\n  "
           "\\\"data\\\": {\\\"meal_cid\\\": \\\"M-07\\\"},\n  \\\"ts\\\": 1795480318\n}\n\" 1795480320000000000\n"),
     "vm_events,device_no=VM-SH-001 event_type=\"CHANNEL_JAM\" channel_id=\"M-07\" raw_data=\"{\n  \"event_type\": "
     "\"channel-jam\",\n  \"data\": {\"meal_cid\": \"M-07\"},\n  \"ts\": 1795480318\n}\" severity=\"high\" "
     "message_id=4050249156557269432i @1795480318000000000\n"},
    {"status",
     BYTES("mqtt_consumer,topic=v1/vm/VM-SH-001/status "
           "value=\"{\\\"status\\\":\\\"online\\\",\\\"firmware\\\":\\\"5.0.1\\\",\\\"ts\\\":1795480318}\" "
           "1795480320000000000\n"),
     "vm_status,device_no=VM-SH-001 status=\"online\" firmware=\"5.0.1\" device_ts=1795480318000000000i "
     "message_id=-4001207004376452666i @1795480318000000000\n"},
    {"last will: arrival time",
     BYTES("mqtt_consumer,topic=v1/vm/VM-SH-001/status "
           "value=\"{\\\"status\\\":\\\"offline\\\",\\\"reason\\\":\\\"unexpected\\\",\\\"ts\\\":1795480000}\" "
           "1795480320000000000\n"),
     "vm_status,device_no=VM-SH-001 status=\"offline\" reason=\"unexpected\" device_ts=1795480000000000000i "
     "message_id=-79142729959060362i @1795480320000000000\n"},
    {"the record's time is the arrival",
     BYTES("m,topic=v1/vm/X/status value=\"{\\\"status\\\":\\\"offline\\\"}\" 1795480000000000001\n"),
     "vm_status,device_no=X status=\"offline\" message_id=-4907235340784222364i "
     "@1795480000000000001\n"},
    {"no time: now", BYTES("m,topic=v1/vm/X/status value=\"{\\\"status\\\":\\\"offline\\\"}\"\n"),
     "vm_status,device_no=X status=\"offline\" message_id=-4907235340784222364i "
     "@1795480320000000000\n"},
    {"no newline", BYTES("m,topic=v1/vm/X/status value=\"{\\\"status\\\":\\\"offline\\\"}\" 5"),
     "vm_status,device_no=X status=\"offline\" message_id=-4907235340784222364i @5\n"},
    {"CRLF", BYTES("m,topic=v1/vm/X/status value=\"{\\\"status\\\":\\\"offline\\\"}\" 5\r\n"),
     "vm_status,device_no=X status=\"offline\" message_id=-4907235340784222364i @5\n"},
    {"tags and fields around",
     BYTES("m,a=1,topic=v1/vm/X/status,z=2 n=1i,value=\"{\\\"status\\\":\\\"offline\\\"}\",value2=\"[\" 5\n"),
     "vm_status,device_no=X status=\"offline\" message_id=-4907235340784222364i @5\n"},
    {"surrounding NUL, white space, byte-order mark: not in raw_data, not in the id",
     BYTES("m,topic=v1/vm/X/events value=\"\0 \xEF\xBB\xBF{\\\"event_type\\\":\\\"A\\\",\\\"ts\\\":1795480320}\r\n\0\" "
           "1795480320000000000\n"),
     "vm_events,device_no=X event_type=\"A\" raw_data=\"{\"event_type\":\"A\",\"ts\":1795480320}\" "
     "severity=\"unknown\" message_id=-329593543799012775i "
     "@1795480320000000000\n"},
    {"a telemetry row of nothing but anomalies",
     BYTES("m,topic=v1/vm/X/telemetry value=\"{\\\"system\\\":7}\" 1795480320000000000\n"),
     "vm_telemetry,device_no=X anomalies=\"system=7 not an object or array; ts= missing, arrival time used\" "
     "@1795480320000000000\n"},
    {"id from the original bytes, raw_data repaired",
     BYTES("m,topic=v1/vm/X/events value=\"{\\\"event_type\\\":\\\"A\\\",\\\"n\\\":1e999,\\\"ts\\\":1795480320}\" "
           "1795480320000000000\n"),
     "vm_events,device_no=X event_type=\"A\" raw_data=\"{\"event_type\":\"A\",\"n\":\"1e999\",\"ts\":1795480320}\" "
     "severity=\"unknown\" message_id=-955970929651835116i "
     "anomalies=\"payload=1 number(s) too wide, kept as text\" @1795480320000000000\n"},
};

START_TEST(ours)
{
    open_pipeline();
    feed(records[_i].record);
    check_output(records[_i].name, records[_i].want);
    ck_assert_uint_eq(raw_count, 0);
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.received, 1);
    check_sum(&stats);
}
END_TEST

/* ---- not ours: byte for byte ---- */

static const struct {
    const char *name;
    struct span record;
} others[] = {
    {"no topic", BYTES("cpu,host=a usage=1.50,n=007 1795480320000000000\n")},
    {"no tag at all", BYTES("cpu usage=1\n")},
    {"no time", BYTES("cpu,host=a usage=1\n")},
    {"no newline", BYTES("cpu,host=a usage=1 7")},
    {"CRLF", BYTES("cpu,host=a usage=1 7\r\n")},
    {"blanks", BYTES("  cpu,host=a   usage=1,b=2   7  \n")},
    {"escapes", BYTES("c\\ p\\,u,ho\\ st=a\\=b\\,c us\\=age=\"x\\\"y\\\\z\" 7\n")},
    {"raw newlines and NUL in a string", BYTES("cpu a=\"1\n2\r\n\0003\t\" 7\n")},
    {"not UTF-8", BYTES("cpu,host=\xFF a=\"\xC3\" 7\n")},
    {"unsigned, booleans, spelling of numbers", BYTES("cpu a=1u,b=T,c=false,d=1e3,e=-0.0,f=5i 7\n")},
    {"another topic", BYTES("m,topic=home/kitchen value=\"{}\" 7\n")},
    {"a topic that begins alike", BYTES("m,topic=v1/vms/X/events value=\"{}\" 7\n")},
    {"the prefix alone", BYTES("m,topic=v1/vm value=\"{}\" 7\n")},
    {"the topic as a field", BYTES("m topic=\"v1/vm/X/events\",value=\"{}\" 7\n")},
    {"another tag", BYTES("m,topic2=v1/vm/X/events,Topic=v1/vm/X/events value=\"{}\" 7\n")},
    {"a measurement like one of our tables", BYTES("vm_telemetry,device_no=X voltage=\"no\" 7\n")},
    {"a row of another processor", BYTES("vm_ingest,instance=b received=1i 7\n")},
};

START_TEST(not_ours)
{
    open_pipeline();
    feed(others[_i].record);
    struct span got = buf_view(&output);
    ck_assert_msg(row_count == 0 && raw_count == 1, "%s: %zu rows, %zu records", others[_i].name, row_count, raw_count);
    ck_assert_msg(got.len == others[_i].record.len + 2 &&
                      memcmp(got.ptr + 1, others[_i].record.ptr, others[_i].record.len) == 0,
                  "%s: got %.*s", others[_i].name, (int)got.len, got.ptr);
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.received, 1);
    ck_assert_uint_eq(stats.passed, 1);
}
END_TEST

START_TEST(no_records)
{
    static const struct span blanks[] = {BYTES(""), BYTES("\n"), BYTES("\r\n"), BYTES("  \t\n"),
                                         BYTES("# a comment\n")};
    open_pipeline();
    for (size_t i = 0; i < COUNT(blanks); i++) {
        feed(blanks[i]);
    }
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(output.len, 0);
    ck_assert_uint_eq(stats.received, 0);
}
END_TEST

/* ---- rejected: every reason, with what is kept ---- */

#define A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *name;
    struct span topic;
    struct span payload;
    const char *want; /* without detail and time */
} rejects[] = {
    {"unknown topic: another kind", BYTES("v1/vm/VM-1/other"), BYTES("{\"cmd_id\":1}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/other\" reason=\"unknown_topic\" payload=\"{\"cmd_id\":1}\" "
     "payload_encoding=\"text\" payload_size=12i message_id=7203173787706066240i"},
    {"an acknowledgement without a status", BYTES("v1/vm/VM-1/commands/ack"), BYTES("{\"cmd_id\":1}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/commands/ack\" reason=\"missing_field\" payload=\"{\"cmd_id\":1}\" "
     "payload_encoding=\"text\" payload_size=12i message_id=5418994501094904147i"},
    {"unknown topic: no kind", BYTES("v1/vm/VM-1"), BYTES("{}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1\" reason=\"unknown_topic\" payload=\"{}\" "
     "payload_encoding=\"text\" payload_size=2i message_id=-8719581189654786097i"},
    {"unknown topic: no device", BYTES("v1/vm//x"), BYTES("{}"),
     "vm_rejected topic=\"v1/vm//x\" reason=\"unknown_topic\" payload=\"{}\" payload_encoding=\"text\" payload_size=2i "
     "message_id=-674868432788221017i"},
    {"bad device_no", BYTES("v1/vm/VM 1,a=b/events"), BYTES("{}"),
     "vm_rejected topic=\"v1/vm/VM 1,a=b/events\" reason=\"bad_device_no\" payload=\"{}\" payload_encoding=\"text\" "
     "payload_size=2i message_id=-5501434683177762166i"},
    {"bad device_no, not UTF-8", BYTES("v1/vm/\xFF/telemetry"), BYTES("{}"),
     "vm_rejected topic=\"v1/vm/\xEF\xBF\xBD/telemetry\" reason=\"bad_device_no\" payload=\"{}\" "
     "payload_encoding=\"text\" payload_size=2i message_id=-11367302388773363i"},
    {"empty payload", BYTES("v1/vm/VM-1/events"), BYTES(""),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"empty_payload\" payload=\"\" "
     "payload_encoding=\"text\" payload_size=0i message_id=230397247312609635i"},
    {"a status empty but for NULs", BYTES("v1/vm/VM-1/status"), BYTES("\0\0"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/status\" reason=\"empty_payload\" payload=\"\" "
     "payload_encoding=\"text\" payload_size=2i message_id=-1769251906332440717i"},
    {"empty but for white space", BYTES("v1/vm/VM-1/telemetry"), BYTES(" \r\n\t"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/telemetry\" reason=\"empty_payload\" payload=\"\" "
     "payload_encoding=\"text\" payload_size=4i message_id=-2317490926987283243i"},
    {"too large", BYTES("v1/vm/VM-1/telemetry"), BYTES("{\"x\":\"" A32 A32 A32 "\"}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/telemetry\" reason=\"payload_too_large\" "
     "payload=\"{\"x\":\"" A32 A32 "aaaaaaaaaaaaaaaaaaaaaaaaaa\" payload_encoding=\"text\" payload_size=104i "
     "message_id=7205251926299259292i"},
    {"too large, cut within a character", BYTES("v1/vm/VM-1/telemetry"),
     BYTES("{\"x\":\"" A32 A32 "aaaaaaaaaaaaaaaaaaaaaaaaa\xE4\xB8\xAD\"}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/telemetry\" reason=\"payload_too_large\" "
     "payload=\"{\"x\":\"" A32 A32 "aaaaaaaaaaaaaaaaaaaaaaaaa\" payload_encoding=\"text\" payload_size=100i "
     "message_id=-2293606350521605732i"},
    {"not UTF-8", BYTES("v1/vm/VM-1/events"), BYTES("{\"a\":\"\xFF\"}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_utf8\" payload=\"eyJhIjoi/yJ9\" "
     "payload_encoding=\"base64\" payload_size=9i message_id=7574036238945516432i"},
    {"not JSON", BYTES("v1/vm/VM-1/events"), BYTES("{\"event_type\":\"A\""),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"{\"event_type\":\"A\"\" "
     "payload_encoding=\"text\" payload_size=17i message_id=-8610938520232655737i"},
    {"NUL inside", BYTES("v1/vm/VM-1/events"), BYTES("{\"a\":\"b\0c\"}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"eyJhIjoiYgBjIn0=\" "
     "payload_encoding=\"base64\" payload_size=11i message_id=1825458824238973482i"},
    {"raw newline in a JSON string", BYTES("v1/vm/VM-1/events"), BYTES("{\"a\":\"b\nc\"}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"{\"a\":\"b\nc\"}\" "
     "payload_encoding=\"text\" payload_size=11i message_id=4461730558062909979i"},
    {"two documents", BYTES("v1/vm/VM-1/events"), BYTES("{}{}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"{}{}\" "
     "payload_encoding=\"text\" payload_size=4i message_id=-3442159630443786098i"},
    {"too deep", BYTES("v1/vm/VM-1/events"), BYTES("{\"a\":[[[[]]]]}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"too_deep\" payload=\"{\"a\":[[[[]]]]}\" "
     "payload_encoding=\"text\" payload_size=14i message_id=5380956543530120398i"},
    {"too many values", BYTES("v1/vm/VM-1/events"), BYTES("{\"a\":[1,2,3,4,5,6,7]}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"too_many_values\" "
     "payload=\"{\"a\":[1,2,3,4,5,6,7]}\" payload_encoding=\"text\" payload_size=21i "
     "message_id=-1442914606367976746i"},
    {"an array without an object", BYTES("v1/vm/VM-1/status"), BYTES(" [1]\n"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/status\" reason=\"not_an_object\" payload=\"[1]\" "
     "payload_encoding=\"text\" payload_size=5i message_id=-8587901391470070580i"},
    {"an empty array", BYTES("v1/vm/VM-1/status"), BYTES(" []\n"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/status\" reason=\"not_an_object\" payload=\"[]\" "
     "payload_encoding=\"text\" payload_size=4i message_id=-6366778583862814252i"},
    {"an array cut short", BYTES("v1/vm/VM-1/events"), BYTES("[{\"event_type\":\"A\"},"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" "
     "payload=\"[{\"event_type\":\"A\"},\" payload_encoding=\"text\" payload_size=20i message_id=4243353774675024223i"},
    {"a text", BYTES("v1/vm/VM-1/status"), BYTES("\"sleeping\""),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/status\" reason=\"not_an_object\" payload=\"\"sleeping\"\" "
     "payload_encoding=\"text\" payload_size=10i message_id=-6640313187390528300i"},
    {"a status's word on another topic", BYTES("v1/vm/VM-1/events"), BYTES("offline"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"offline\" "
     "payload_encoding=\"text\" payload_size=7i message_id=-5717474858136064000i"},
    {"another device", BYTES("v1/vm/VM-1/status"), BYTES("{\"status\":\"online\",\"device_no\":\"VM-2\"}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/status\" reason=\"device_mismatch\" "
     "payload=\"{\"status\":\"online\",\"device_no\":\"VM-2\"}\" payload_encoding=\"text\" payload_size=38i "
     "message_id=6597361821902979215i"},
    {"no event type", BYTES("v1/vm/VM-1/events"), BYTES("{\"data\":{}}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"missing_field\" payload=\"{\"data\":{}}\" "
     "payload_encoding=\"text\" payload_size=11i message_id=7409193903012815481i"},
    {"no data", BYTES("v1/vm/VM-1/telemetry"), BYTES("{\"ts\":1795480320}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/telemetry\" reason=\"no_data\" payload=\"{\"ts\":1795480320}\" "
     "payload_encoding=\"text\" payload_size=17i message_id=5971406112808948871i"},
};

/* Sees that a rejected row has words, and that they are hidden in the texts compared. */
static size_t details_seen;

static void check_detail(void *ctx, const struct lp_row *row)
{
    const struct lp_value *detail = lp_row_find(row, "detail");
    ck_assert_ptr_nonnull(detail);
    ck_assert_int_eq(detail->type, LP_VALUE_TEXT);
    ck_assert_uint_gt(detail->as.text.len, 0);
    details_seen++;
    take_row(ctx, row);
}

static void open_rejecting(void)
{
    const struct siphash_key key = {3, 4};
    const struct lp_sink sink = {NULL, check_detail, take_raw};
    hides_detail = true;
    details_seen = 0;
    pipeline = pipeline_new(&settings, mapping, sink, key, NULL);
    ck_assert_ptr_nonnull(pipeline);
    row_count = 0;
}

static void check_reject(const char *name, const char *want)
{
    struct buf line;
    buf_init(&line, OUTPUT_BYTES);
    buf_format(&line, "%s @%lld\n", want, (long long)ARRIVAL);
    check_output(name, text_of(&line));
    buf_free(&line);
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats_rejected(&stats), 1);
    ck_assert_uint_eq(stats.received, 1);
    ck_assert_uint_eq(stats.anomalies, 0);
    ck_assert_uint_eq(details_seen, 1);
}

static void set_small_limits(void)
{
    settings.max_payload = 96;
    settings.max_depth = 4;
    settings.max_values = 8;
}

START_TEST(rejected)
{
    set_small_limits();
    open_rejecting();
    feed_message(rejects[_i].topic, rejects[_i].payload, ARRIVAL);
    check_reject(rejects[_i].name, rejects[_i].want);
}
END_TEST

/* Just within the same limits nothing is refused. */
START_TEST(just_within_the_limits)
{
    static const struct span payloads[] = {
        BYTES("{\"event_type\":\"A\",\"x\":\"" A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"), /* 96 bytes */
        BYTES("{\"event_type\":\"A\",\"x\":[[[]]]}"),                                             /* 4 deep */
        BYTES("{\"event_type\":\"A\",\"x\":[1,2,3,4,5]}"),                                        /* 8 values */
    };
    set_small_limits();
    open_pipeline();
    ck_assert_uint_eq(payloads[0].len, settings.max_payload);
    for (size_t i = 0; i < COUNT(payloads); i++) {
        feed_message(SPAN_LITERAL("v1/vm/VM-1/events"), payloads[i], ARRIVAL);
    }
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.rows[MESSAGE_EVENTS], COUNT(payloads));
}
END_TEST

/* White space around does not count for the limit. */
START_TEST(limit_after_trimming)
{
    char payload[200];
    memset(payload, ' ', sizeof payload);
    memcpy(payload + 90, "{\"event_type\":\"A\"}", 18);
    set_small_limits();
    open_pipeline();
    feed_message(SPAN_LITERAL("v1/vm/VM-1/events"), (struct span){payload, sizeof payload}, ARRIVAL);
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.rows[MESSAGE_EVENTS], 1);
}
END_TEST

/* Records whose trouble is in the line protocol. */
static const struct {
    const char *name;
    struct span record;
    const char *want;
} bad_records[] = {
    {"words", BYTES("hello world\n"),
     "vm_rejected reason=\"not_line_protocol\" payload=\"hello world\" payload_encoding=\"text\" payload_size=11i "
     "message_id=-3460927531392009003i"},
    {"CRLF", BYTES("hello\r\n"),
     "vm_rejected reason=\"not_line_protocol\" payload=\"hello\" payload_encoding=\"text\" payload_size=5i "
     "message_id=137085758659346223i"},
    {"one of ours cut short", BYTES("m,topic=v1/vm/VM-1/events value=\"{\\\"event"),
     "vm_rejected reason=\"not_line_protocol\" payload=\"m,topic=v1/vm/VM-1/events value=\"{\\\"event\" "
     "payload_encoding=\"text\" payload_size=41i "
     "message_id=5873318246927482234i"},
    {"one of ours, bad behind the payload", BYTES("m,topic=v1/vm/VM-1/events value=\"{}\" 12x\n"),
     "vm_rejected reason=\"not_line_protocol\" payload=\"m,topic=v1/vm/VM-1/events value=\"{}\" 12x\" "
     "payload_encoding=\"text\" payload_size=40i "
     "message_id=-3050694196275535963i"},
    {"not UTF-8", BYTES("\xFF\xFE\n"),
     "vm_rejected reason=\"not_line_protocol\" payload=\"//4=\" payload_encoding=\"base64\" payload_size=2i "
     "message_id=3257233565209559356i"},
    {"NUL", BYTES("a\0b\n"),
     "vm_rejected reason=\"not_line_protocol\" payload=\"YQBi\" payload_encoding=\"base64\" payload_size=3i "
     "message_id=594146357538478498i"},
    {"no payload field", BYTES("m,topic=v1/vm/VM-1/events other=\"{}\" 1795480320000000000\n"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"no_payload\" "
     "payload=\"m,topic=v1/vm/VM-1/events other=\"{}\" 1795480320000000000\" payload_encoding=\"text\" "
     "payload_size=56i message_id=1743123247325044581i"},
    {"the payload field a number", BYTES("m,topic=v1/vm/VM-1/events value=5i\n"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"no_payload\" "
     "payload=\"m,topic=v1/vm/VM-1/events value=5i\" payload_encoding=\"text\" payload_size=34i "
     "message_id=-2911765690944709526i"},
};

START_TEST(rejected_records)
{
    open_rejecting();
    feed(bad_records[_i].record);
    check_reject(bad_records[_i].name, bad_records[_i].want);
}
END_TEST

START_TEST(line_too_long)
{
    settings.max_payload = 8;
    open_rejecting();
    pipeline_oversized(pipeline, SPAN_LITERAL("m,topic=v1/vm/VM-1/events value="), UINT64_C(5000000000), ARRIVAL);
    check_reject("line too long", "vm_rejected reason=\"line_too_long\" payload=\"m,topic=\" payload_encoding=\"text\" "
                                  "payload_size=5000000000i message_id=-7428593158633361062i");
}
END_TEST

START_TEST(refused_from_outside)
{
    open_rejecting();
    pipeline_reject(pipeline, REJECT_INVALID_JSON, SPAN_LITERAL("{\"tst\":"), "not a capture line", ARRIVAL);
    check_reject("a capture line that is none",
                 "vm_rejected reason=\"invalid_json\" payload=\"{\"tst\":\" payload_encoding=\"text\" payload_size=7i "
                 "message_id=-7026621570636868612i");
}
END_TEST

static struct {
    enum reject reason;
    size_t calls;
    char topic[64];
    char detail[256];
} told;

static void note_reject(void *ctx, enum reject reason, struct span topic, const char *detail)
{
    ck_assert_ptr_eq(ctx, &told);
    told.reason = reason;
    told.calls++;
    snprintf(told.topic, sizeof told.topic, "%.*s", (int)topic.len, topic.ptr ? topic.ptr : "");
    snprintf(told.detail, sizeof told.detail, "%s", detail);
}

START_TEST(the_log_is_told)
{
    const struct siphash_key key = {0, 0};
    pipeline = pipeline_new(&settings, mapping, collector, key,
                            &(struct pipeline_callbacks){.on_reject = note_reject, .ctx = &told});
    ck_assert_ptr_nonnull(pipeline);
    told.calls = 0;
    feed_message(SPAN_LITERAL("v1/vm/VM-1/events"), SPAN_LITERAL("{\"event_type\":\"A\"}"), ARRIVAL);
    ck_assert_uint_eq(told.calls, 0);
    feed_message(SPAN_LITERAL("v1/vm/VM-1/events"), SPAN_LITERAL("{\"a\":x}"), ARRIVAL);
    ck_assert_uint_eq(told.calls, 1);
    ck_assert_int_eq(told.reason, REJECT_INVALID_JSON);
    ck_assert_str_eq(told.topic, "v1/vm/VM-1/events");
    ck_assert_ptr_nonnull(strstr(told.detail, "byte 5"));
    feed_message(SPAN_LITERAL("v1/vm/VM-1/events"), SPAN_LITERAL("{\"a\":x}"),
                 ARRIVAL); /* a repeat is not told again */
    ck_assert_uint_eq(told.calls, 1);
    feed(SPAN_LITERAL("nonsense\n"));
    ck_assert_uint_eq(told.calls, 2);
    ck_assert_int_eq(told.reason, REJECT_NOT_LINE_PROTOCOL);
    ck_assert_str_eq(told.topic, "");
    ck_assert_str_ne(told.detail, "");
}
END_TEST

/* ---- base64 ---- */

static const struct {
    const char *name;
    struct span record;
    const char *want;
} encoded[] = {
    {"a status", BYTES("m,topic=v1/vm/X/status value=\"eyJzdGF0dXMiOiJvZmZsaW5lIn0=\" 1795480320000000000\n"),
     "vm_status,device_no=X status=\"offline\" message_id=-4907235340784222364i"},
    {"white space and NUL around, inside the encoding",
     BYTES("m,topic=v1/vm/X/status value=\"AAp7InN0YXR1cyI6Im9mZmxpbmUifSAA\" 1795480320000000000\n"),
     "vm_status,device_no=X status=\"offline\" message_id=-4907235340784222364i"},
    {"bytes that are not UTF-8", BYTES("m,topic=v1/vm/X/status value=\"eyJhIjoi/yJ9\"\n"),
     "vm_rejected,device_no=X topic=\"v1/vm/X/status\" reason=\"invalid_utf8\" payload=\"eyJhIjoi/yJ9\" "
     "payload_encoding=\"base64\" payload_size=9i message_id=2616533076823036610i"},
    {"empty", BYTES("m,topic=v1/vm/X/events value=\"\"\n"),
     "vm_rejected,device_no=X topic=\"v1/vm/X/events\" reason=\"empty_payload\" payload=\"\" "
     "payload_encoding=\"text\" payload_size=0i message_id=-350381546242449221i"},
    {"a status's word", BYTES("m,topic=v1/vm/X/status value=\"b2ZmbGluZQ==\"\n"),
     "vm_status,device_no=X status=\"offline\" message_id=-1377644372259780044i"},
    {"not base64", BYTES("m,topic=v1/vm/X/status value=\"{\\\"status\\\":\\\"offline\\\"}\"\n"),
     "vm_rejected,device_no=X topic=\"v1/vm/X/status\" reason=\"bad_base64\" payload=\"{\"status\":\"offline\"}\" "
     "payload_encoding=\"text\" payload_size=20i message_id=-4907235340784222364i"},
    {"cut short", BYTES("m,topic=v1/vm/X/status value=\"e30\"\n"),
     "vm_rejected,device_no=X topic=\"v1/vm/X/status\" reason=\"bad_base64\" payload=\"e30\" "
     "payload_encoding=\"text\" payload_size=3i message_id=195719754220679503i"},
};

START_TEST(base64)
{
    settings.payload_encoding = PAYLOAD_BASE64;
    hides_detail = true;
    open_pipeline();
    feed(encoded[_i].record);
    struct buf want;
    buf_init(&want, 4096);
    buf_format(&want, "%s @%lld\n", encoded[_i].want, (long long)ARRIVAL);
    check_output(encoded[_i].name, text_of(&want));
    buf_free(&want);
}
END_TEST

/* The same message has the same id however it came. */
START_TEST(one_message_three_ways)
{
    struct span topic = SPAN_LITERAL("v1/vm/VM-1/events");
    struct span payload = SPAN_LITERAL("{\"event_type\":\"A\"}");
    const char *want = "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" "
                       "severity=\"unknown\" message_id=-1183243522914524316i "
                       "anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n";
    open_pipeline();
    feed_message(topic, payload, ARRIVAL);
    check_output("record", want);
    pipeline_free(pipeline);

    open_pipeline();
    pipeline_message(pipeline, &(struct pipeline_input){topic, payload, .arrival_ns = ARRIVAL});
    check_output("message", want);
    pipeline_free(pipeline);

    settings.payload_encoding = PAYLOAD_BASE64;
    open_pipeline();
    feed(SPAN_LITERAL("m,topic=v1/vm/VM-1/events value=\"eyJldmVudF90eXBlIjoiQSJ9\"\n"));
    check_output("base64", want);
}
END_TEST

/* ---- messages that never were line protocol ---- */

START_TEST(messages)
{
    hides_detail = true;
    settings.payload_encoding = PAYLOAD_BASE64; /* is about line protocol alone */
    open_pipeline();
    pipeline_message(pipeline, &(struct pipeline_input){SPAN_LITERAL("v1/vm/X/status"),
                                                        SPAN_LITERAL("{\"status\":\"offline\"}\n"), .arrival_ns = 9});
    pipeline_message(pipeline,
                     &(struct pipeline_input){SPAN_LITERAL("home/kitchen"), SPAN_LITERAL("21.5"), .arrival_ns = 9});
    pipeline_message(pipeline, &(struct pipeline_input){SPAN_LITERAL("a\0b"), SPAN_LITERAL("x"), .arrival_ns = 9});
    pipeline_message(pipeline, &(struct pipeline_input){(struct span){"", 0}, SPAN_LITERAL("x"), .arrival_ns = 9});
    check_output("messages",
                 "vm_status,device_no=X status=\"offline\" message_id=-4907235340784222364i @9\n"
                 "vm_rejected topic=\"home/kitchen\" reason=\"unknown_topic\" payload=\"21.5\" "
                 "payload_encoding=\"text\" payload_size=4i message_id=3563077540477213614i @9\n"
                 "vm_rejected topic=\"a\xEF\xBF\xBD"
                 "b\" reason=\"unknown_topic\" payload=\"x\" payload_encoding=\"text\" payload_size=1i "
                 "message_id=-4297081075006499892i @9\n"
                 "vm_rejected reason=\"unknown_topic\" payload=\"x\" payload_encoding=\"text\" payload_size=1i "
                 "message_id=-4237905211395008962i @9\n");
    ck_assert_uint_eq(raw_count, 0);
}
END_TEST

/* ---- duplicates ---- */

enum outcome { NOTHING, ROW, REJECTED, DUPLICATE };

struct step {
    const char *topic;
    const char *payload;
    int64_t after; /* the first */
    enum outcome want;
};

#define EVENTS_1 "v1/vm/VM-1/events"
#define EVENTS_2 "v1/vm/VM-2/events"
#define STATUS_1 "v1/vm/VM-1/status"
#define STATUS_2 "v1/vm/VM-2/status"
#define TELEMETRY_1 "v1/vm/VM-1/telemetry"
#define EVENT_A "{\"event_type\":\"A\"}"
#define EVENT_B "{\"event_type\":\"B\"}"
#define EVENT_C "{\"event_type\":\"C\"}"
/* an hour before ARRIVAL, and of a clock that has not been set */
#define EVENT_TIMED "{\"event_type\":\"A\",\"ts\":1795476720}"
#define EVENT_1970 "{\"event_type\":\"A\",\"ts\":12}"
#define ACK_1 "v1/vm/VM-1/commands/ack"
#define ACK "{\"cmd_id\":7,\"status\":\"success\"}"
#define ACK_TIMED "{\"cmd_id\":7,\"status\":\"success\",\"ts\":1795476720}"
#define READING "{\"system\":{\"voltage\":1},\"ts\":1795480320}"
#define ONLINE "{\"status\":\"online\"}"
#define OFFLINE "{\"status\":\"offline\"}"
#define ONLINE_1970 "{\"status\":\"online\",\"ts\":12}"
#define OFFLINE_1970 "{\"status\":\"offline\",\"ts\":12}"
#define ONLINE_NOW "{\"status\":\"online\",\"ts\":1795480320}"
#define OFFLINE_TIMED "{\"status\":\"offline\",\"ts\":1795476720}"
#define OFFLINE_NOW "{\"status\":\"offline\",\"ts\":1795480320}"

static const struct {
    const char *name;
    size_t window;
    struct step steps[10]; /* up to the first without topic */
} repeats[] = {
    {"an event",
     100,
     {{EVENTS_1, EVENT_A, 0, ROW}, {EVENTS_1, EVENT_A, S, DUPLICATE}, {EVENTS_1, EVENT_A, 2 * S, DUPLICATE}}},
    {"another event between",
     100,
     {{EVENTS_1, EVENT_A, 0, ROW},
      {EVENTS_1, EVENT_B, 0, ROW},
      {EVENTS_1, EVENT_A, 0, DUPLICATE},
      {EVENTS_1, EVENT_B, 0, DUPLICATE}}},
    {"the same event of another machine", 100, {{EVENTS_1, EVENT_A, 0, ROW}, {EVENTS_2, EVENT_A, 0, ROW}}},
    {"but for white space around it", 100, {{EVENTS_1, EVENT_A, 0, ROW}, {EVENTS_1, "\n" EVENT_A " ", 0, DUPLICATE}}},
    {"but for white space in it", 100, {{EVENTS_1, EVENT_A, 0, ROW}, {EVENTS_1, "{ \"event_type\":\"A\"}", 0, ROW}}},
    {"as old as remembered", 100, {{EVENTS_1, EVENT_TIMED, 0, ROW}, {EVENTS_1, EVENT_TIMED, HOUR, DUPLICATE}}},
    {"older than remembered",
     100,
     {{EVENTS_1, EVENT_TIMED, 0, ROW},
      {EVENTS_1, EVENT_TIMED, HOUR + 1, ROW},
      {EVENTS_1, EVENT_TIMED, HOUR + 2, DUPLICATE}}},
    {"a repeat is not remembered longer",
     100,
     {{EVENTS_1, EVENT_TIMED, 0, ROW},
      {EVENTS_1, EVENT_TIMED, 50 * MINUTE, DUPLICATE},
      {EVENTS_1, EVENT_TIMED, 70 * MINUTE, ROW}}},
    {"a clock that runs back", 100, {{EVENTS_1, EVENT_TIMED, 0, ROW}, {EVENTS_1, EVENT_TIMED, -HOUR, DUPLICATE}}},
    {"three jams a quarter of an hour apart",
     100,
     {{EVENTS_1, EVENT_A, 0, ROW},
      {EVENTS_1, EVENT_A, 2 * S, DUPLICATE},
      {EVENTS_1, EVENT_A, 15 * MINUTE, ROW},
      {EVENTS_1, EVENT_A, 15 * MINUTE + 10 * S, DUPLICATE},
      {EVENTS_1, EVENT_A, 30 * MINUTE, ROW}}},
    {"three jams of a clock in 1970",
     100,
     {{EVENTS_1, EVENT_1970, 0, ROW},
      {EVENTS_1, EVENT_1970, 10 * S, DUPLICATE},
      {EVENTS_1, EVENT_1970, 15 * MINUTE, ROW},
      {EVENTS_1, EVENT_1970, 30 * MINUTE, ROW}}},
    {"an event without a time, just too late",
     100,
     {{EVENTS_1, EVENT_A, 0, ROW}, {EVENTS_1, EVENT_A, 10 * S + 1, ROW}, {EVENTS_1, EVENT_A, 10 * S + 2, DUPLICATE}}},
    {"an acknowledgement",
     100,
     {{ACK_1, ACK, 0, ROW},
      {ACK_1, ACK, 10 * S, DUPLICATE},
      {ACK_1, ACK, 10 * S + 1, ROW},
      {EVENTS_1, ACK, 0, REJECTED}}},
    {"an acknowledgement with a time",
     100,
     {{ACK_1, ACK_TIMED, 0, ROW}, {ACK_1, ACK_TIMED, HOUR, DUPLICATE}, {ACK_1, ACK_TIMED, HOUR + 1, ROW}}},
    {"telemetry with a time never: its table tells",
     100,
     {{TELEMETRY_1, READING, 0, ROW}, {TELEMETRY_1, READING, S, ROW}, {TELEMETRY_1, READING, HOUR, ROW}}},
    {"a rejected event later",
     100,
     {{EVENTS_1, "{}", 0, REJECTED}, {EVENTS_1, "{}", 10 * S, DUPLICATE}, {EVENTS_1, "{}", 10 * S + 1, REJECTED}}},
    {"telemetry never",
     100,
     {{TELEMETRY_1, "{\"system\":{\"voltage\":1}}", 0, ROW}, {TELEMETRY_1, "{\"system\":{\"voltage\":1}}", 0, ROW}}},
    {"rejected telemetry never", 100, {{TELEMETRY_1, "{}", 0, REJECTED}, {TELEMETRY_1, "{}", 0, REJECTED}}},
    {"a rejected event",
     100,
     {{EVENTS_1, "{}", 0, REJECTED},
      {EVENTS_1, "{}", 0, DUPLICATE},
      {EVENTS_1, "[]", 0, REJECTED},
      {EVENTS_1, "", 0, REJECTED},
      {EVENTS_1, "", 0, DUPLICATE}}},
    {"a rejected status", 100, {{STATUS_1, "{}", 0, REJECTED}, {STATUS_1, "{}", 0, DUPLICATE}}},
    {"the window's oldest makes room",
     2,
     {{EVENTS_1, EVENT_A, 0, ROW},
      {EVENTS_1, EVENT_B, 0, ROW},
      {EVENTS_1, EVENT_C, 0, ROW},
      {EVENTS_1, EVENT_B, 0, DUPLICATE},
      {EVENTS_1, EVENT_C, 0, DUPLICATE},
      {EVENTS_1, EVENT_A, 0, ROW},
      {EVENTS_1, EVENT_B, 0, ROW}}},
    {"no window",
     0,
     {{EVENTS_1, EVENT_A, 0, ROW},
      {EVENTS_1, EVENT_A, 0, ROW},
      {STATUS_1, ONLINE, 0, ROW},
      {STATUS_1, ONLINE, 0, ROW},
      {EVENTS_1, "{}", 0, REJECTED},
      {EVENTS_1, "{}", 0, REJECTED}}},

    {"a retained status at every subscribe, however old",
     100,
     {{STATUS_1, OFFLINE, 0, ROW}, {STATUS_1, OFFLINE, S, DUPLICATE}, {STATUS_1, OFFLINE, 30 * DAY, DUPLICATE}}},
    {"without a time it is the same within seconds",
     100,
     {{STATUS_1, ONLINE, 0, ROW},
      {STATUS_1, ONLINE, 10 * S, DUPLICATE},
      {STATUS_1, ONLINE, 10 * S + 1, ROW},
      {STATUS_1, ONLINE, DAY, ROW}}},
    {"a retained status with a good clock, however old",
     100,
     {{STATUS_1, ONLINE_NOW, 0, ROW},
      {STATUS_1, ONLINE_NOW, S, DUPLICATE},
      {STATUS_1, ONLINE_NOW, 7 * DAY, DUPLICATE},
      {STATUS_1, ONLINE_NOW, 7 * DAY + S, ROW}}}, /* too old to be a time */
    {"online and offline without a time all count",
     100,
     {{STATUS_1, ONLINE, 0, ROW},
      {STATUS_1, OFFLINE, 0, ROW},
      {STATUS_1, ONLINE, 0, ROW},
      {STATUS_1, OFFLINE, 0, ROW},
      {STATUS_1, OFFLINE, 0, DUPLICATE}}},
    {"online and offline of a clock in 1970 all count",
     100,
     {{STATUS_1, ONLINE_1970, 0, ROW},
      {STATUS_1, OFFLINE_1970, 0, ROW},
      {STATUS_1, ONLINE_1970, 0, ROW},
      {STATUS_1, ONLINE_1970, 0, DUPLICATE}}},
    {"with a good clock the same bytes are the same message",
     100,
     {{STATUS_1, ONLINE_NOW, 0, ROW},
      {STATUS_1, OFFLINE_NOW, 0, ROW},
      {STATUS_1, ONLINE_NOW, 0, DUPLICATE},
      {STATUS_1, OFFLINE_NOW, 0, DUPLICATE}}},
    {"online and offline of an old clock, wills of a good one",
     100,
     {{STATUS_1, ONLINE_1970, 0, ROW},
      {STATUS_1, OFFLINE_NOW, 0, ROW},
      {STATUS_1, ONLINE_1970, 1, ROW},
      {STATUS_1, OFFLINE_NOW, 1, ROW},
      {STATUS_1, OFFLINE_NOW, DAY, DUPLICATE}}},
    {"a timed one that is not the newest, within the age and later",
     100,
     {{STATUS_1, ONLINE_NOW, 0, ROW},
      {STATUS_1, OFFLINE, 1, ROW},
      {STATUS_1, ONLINE_NOW, HOUR, DUPLICATE},
      {STATUS_1, OFFLINE, HOUR, DUPLICATE},
      {STATUS_1, ONLINE_NOW, HOUR + 1, ROW},
      {STATUS_1, OFFLINE, HOUR + 1, ROW}}},
    {"a word for a payload",
     100,
     {{STATUS_1, "offline", 0, ROW},
      {STATUS_1, "online", 0, ROW},
      {STATUS_1, "offline", 0, ROW},
      {STATUS_1, "offline", DAY, DUPLICATE},
      {STATUS_1, " offline\n", DAY, DUPLICATE},
      {STATUS_1, "\"offline\"", DAY, ROW}}}, /* other bytes */
    {"the same status of another machine",
     100,
     {{STATUS_1, ONLINE, 0, ROW},
      {STATUS_2, ONLINE, 0, ROW},
      {STATUS_1, ONLINE, 0, DUPLICATE},
      {STATUS_2, ONLINE, 0, DUPLICATE}}},
    {"a machine that flaps costs no other its place",
     2,
     {{STATUS_1, ONLINE, 0, ROW},
      {STATUS_2, ONLINE, 0, ROW},
      {STATUS_2, OFFLINE, 0, ROW},
      {STATUS_2, ONLINE, 0, ROW},
      {STATUS_2, OFFLINE, 0, ROW},
      {STATUS_1, ONLINE, 0, DUPLICATE}}},
    {"events cost no status its place",
     2,
     {{STATUS_1, ONLINE, 0, ROW},
      {EVENTS_1, EVENT_A, 0, ROW},
      {EVENTS_1, EVENT_B, 0, ROW},
      {EVENTS_1, EVENT_C, 0, ROW},
      {STATUS_1, ONLINE, 0, DUPLICATE}}},
};

static enum outcome outcome_of(const struct stats *stats)
{
    if (stats->duplicates == 1) {
        return DUPLICATE;
    }
    if (stats_rejected(stats) == 1) {
        return REJECTED;
    }
    return stats->rows[MESSAGE_TELEMETRY] + stats->rows[MESSAGE_EVENTS] + stats->rows[MESSAGE_STATUS] == 1 ? ROW
                                                                                                           : NOTHING;
}

START_TEST(duplicates)
{
    settings.dedup_window = repeats[_i].window;
    open_pipeline();
    for (size_t s = 0; s < COUNT(repeats[_i].steps) && repeats[_i].steps[s].topic; s++) {
        const struct step *step = &repeats[_i].steps[s];
        size_t before = row_count;
        feed_message(span_of(step->topic), span_of(step->payload), ARRIVAL + step->after);
        struct stats stats = pipeline_take_stats(pipeline);
        ck_assert_msg(outcome_of(&stats) == step->want, "%s: step %zu: got %d", repeats[_i].name, s,
                      (int)outcome_of(&stats));
        ck_assert_msg(row_count - before == (step->want == DUPLICATE ? 0 : 1), "%s: step %zu: rows", repeats[_i].name,
                      s);
        check_sum(&stats);
    }
}
END_TEST

/* What differs behind the part that is kept is not the same message. */
START_TEST(large_ones_that_begin_alike)
{
    set_small_limits();
    open_pipeline();
    feed_message(span_of(EVENTS_1), SPAN_LITERAL("{\"x\":\"" A32 A32 A32 "b\"}"), ARRIVAL);
    feed_message(span_of(EVENTS_1), SPAN_LITERAL("{\"x\":\"" A32 A32 A32 "c\"}"), ARRIVAL);
    feed_message(span_of(EVENTS_1), SPAN_LITERAL("{\"x\":\"" A32 A32 A32 "b\"}"), ARRIVAL);
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.rejected[REJECT_PAYLOAD_TOO_LARGE], 2);
    ck_assert_uint_eq(stats.duplicates, 1);
}
END_TEST

/* ---- batches ---- */

static const struct {
    const char *name;
    const char *topic;
    struct span payload;
    const char *want;
    size_t received;
} batches[] = {
    {"an array", "v1/vm/VM-1/events", BYTES("[{\"event_type\":\"A\"},{\"event_type\":\"B\"}]"),
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"B\" raw_data=\"{\"event_type\":\"B\"}\" severity=\"unknown\" "
     "message_id=2994814343052181898i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     2},
    {"an array of one", "v1/vm/VM-1/events", BYTES(" [ {\"event_type\":\"A\"} ] "),
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     1},
    {"an array of all kinds", "v1/vm/VM-1/events",
     BYTES("[{\"event_type\":\"A\"},7,\"x\",null,[],[{\"event_type\":\"C\"}],{},{\"event_type\":\"B\"}]"),
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"not_an_object\" payload=\"7\" "
     "payload_encoding=\"text\" payload_size=1i message_id=-6163614035867471962i @1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"not_an_object\" payload=\"\"x\"\" "
     "payload_encoding=\"text\" payload_size=3i message_id=4746810220150924696i @1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"not_an_object\" payload=\"null\" "
     "payload_encoding=\"text\" payload_size=4i message_id=2933422355834882665i @1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"not_an_object\" payload=\"[]\" "
     "payload_encoding=\"text\" payload_size=2i message_id=-4588708853235337871i @1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"not_an_object\" "
     "payload=\"[{\"event_type\":\"C\"}]\" payload_encoding=\"text\" payload_size=20i message_id=8183482986679411884i "
     "@1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"missing_field\" payload=\"{}\" "
     "payload_encoding=\"text\" payload_size=2i message_id=5644586732267973263i @1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"B\" raw_data=\"{\"event_type\":\"B\"}\" severity=\"unknown\" "
     "message_id=2994814343052181898i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     8},
    {"an array over lines", "v1/vm/VM-1/events",
     BYTES("[\n{\"event_type\":\"A\"},\r\n\r\n  {\"event_type\":\"B\"}\n]\n"),
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"B\" raw_data=\"{\"event_type\":\"B\"}\" severity=\"unknown\" "
     "message_id=2994814343052181898i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     2},
    {"an array with the same twice", "v1/vm/VM-1/events", BYTES("[{\"event_type\":\"A\"},{\"event_type\":\"A\"}]"),
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     2},
    {"an empty array", "v1/vm/VM-1/events", BYTES("[]"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"not_an_object\" payload=\"[]\" "
     "payload_encoding=\"text\" payload_size=2i message_id=-4588708853235337871i @1795480320000000000\n",
     1},
    {"an array that is not JSON", "v1/vm/VM-1/events", BYTES("[{\"event_type\":\"A\"},{\"event_type\":\"B\"}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" "
     "payload=\"[{\"event_type\":\"A\"},{\"event_type\":\"B\"}\" payload_encoding=\"text\" payload_size=38i "
     "message_id=5894216793940258169i @1795480320000000000\n",
     1},
    {"lines", "v1/vm/VM-1/events", BYTES("{\"event_type\":\"A\"}\n{\"event_type\":\"B\"}"),
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"B\" raw_data=\"{\"event_type\":\"B\"}\" severity=\"unknown\" "
     "message_id=2994814343052181898i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     2},
    {"lines that end in CRLF, and blank ones", "v1/vm/VM-1/events",
     BYTES("{\"event_type\":\"A\"}\r\n\r\n 	\r\n{\"event_type\":\"B\"}\r\n"),
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"B\" raw_data=\"{\"event_type\":\"B\"}\" severity=\"unknown\" "
     "message_id=2994814343052181898i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     2},
    {"pretty-printed objects", "v1/vm/VM-1/events", BYTES("{\n  \"event_type\": \"P\"\n}\n{\"event_type\":\"A\"}"),
     "vm_events,device_no=VM-1 event_type=\"P\" raw_data=\"{\n  \"event_type\": \"P\"\n}\" severity=\"unknown\" "
     "message_id=-8057128792176393392i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     2},
    {"one pretty-printed object is one", "v1/vm/VM-1/events", BYTES("{\n  \"event_type\": \"P\"\n}"),
     "vm_events,device_no=VM-1 event_type=\"P\" raw_data=\"{\n  \"event_type\": \"P\"\n}\" severity=\"unknown\" "
     "message_id=-8057128792176393392i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     1},
    {"an escaped newline is none", "v1/vm/VM-1/events", BYTES("{\"event_type\":\"A\\nB\"}"),
     "vm_events,device_no=VM-1 event_type=\"A_B\" raw_data=\"{\"event_type\":\"A\\nB\"}\" severity=\"unknown\" "
     "message_id=4560746940176770487i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     1},
    {"a broken first", "v1/vm/VM-1/events", BYTES("{\"event_type\":}\n{\"event_type\":\"A\"}\n{\"event_type\":\"B\"}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"{\"event_type\":}\" "
     "payload_encoding=\"text\" payload_size=15i message_id=-9074351132426315589i @1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"B\" raw_data=\"{\"event_type\":\"B\"}\" severity=\"unknown\" "
     "message_id=2994814343052181898i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     3},
    {"a broken middle", "v1/vm/VM-1/events", BYTES("{\"event_type\":\"A\"}\n{\"event_type\":}\n{\"event_type\":\"B\"}"),
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"{\"event_type\":}\" "
     "payload_encoding=\"text\" payload_size=15i message_id=-9074351132426315589i @1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"B\" raw_data=\"{\"event_type\":\"B\"}\" severity=\"unknown\" "
     "message_id=2994814343052181898i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     3},
    {"a broken last", "v1/vm/VM-1/events", BYTES("{\"event_type\":\"A\"}\n{\"event_type\":\"B\"}\n{\"event_type\":}"),
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"B\" raw_data=\"{\"event_type\":\"B\"}\" severity=\"unknown\" "
     "message_id=2994814343052181898i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"{\"event_type\":}\" "
     "payload_encoding=\"text\" payload_size=15i message_id=-9074351132426315589i @1795480320000000000\n",
     3},
    {"a last one cut short", "v1/vm/VM-1/events", BYTES("{\"event_type\":\"B\"}\n{\"event_type\":\"A"),
     "vm_events,device_no=VM-1 event_type=\"B\" raw_data=\"{\"event_type\":\"B\"}\" severity=\"unknown\" "
     "message_id=2994814343052181898i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"{\"event_type\":\"A\" "
     "payload_encoding=\"text\" payload_size=16i message_id=8403710424971214517i @1795480320000000000\n",
     2},
    {"a middle one cut short", "v1/vm/VM-1/events",
     BYTES("{\"event_type\":\"B\"}\n{\"event_type\":\n{\"event_type\":\"A\"}"),
     "vm_events,device_no=VM-1 event_type=\"B\" raw_data=\"{\"event_type\":\"B\"}\" severity=\"unknown\" "
     "message_id=2994814343052181898i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"{\"event_type\":\" "
     "payload_encoding=\"text\" payload_size=14i message_id=8278599214714088052i @1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     3},
    {"words between", "v1/vm/VM-1/events", BYTES("{\"event_type\":\"A\"}\nhello\nworld\n{\"event_type\":\"B\"}"),
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"hello\nworld\" "
     "payload_encoding=\"text\" payload_size=11i message_id=-1434574920158455761i @1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"B\" raw_data=\"{\"event_type\":\"B\"}\" severity=\"unknown\" "
     "message_id=2994814343052181898i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     3},
    {"words behind", "v1/vm/VM-1/events", BYTES("{\"event_type\":\"A\"}\n{\"event_type\":\"B\"}\ngarbage }"),
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"B\" raw_data=\"{\"event_type\":\"B\"}\" severity=\"unknown\" "
     "message_id=2994814343052181898i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"garbage }\" "
     "payload_encoding=\"text\" payload_size=9i message_id=-1605921422369370210i @1795480320000000000\n",
     3},
    {"behind an object on its line", "v1/vm/VM-1/events", BYTES("{\"event_type\":\"A\"} x\n{\"event_type\":\"B\"}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"{\"event_type\":\"A\"} "
     "x\" payload_encoding=\"text\" payload_size=20i message_id=-6160462814364931556i @1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"B\" raw_data=\"{\"event_type\":\"B\"}\" severity=\"unknown\" "
     "message_id=2994814343052181898i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     2},
    {"without a newline", "v1/vm/VM-1/events", BYTES("{\"event_type\":\"A\"}{\"event_type\":\"B\"}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" "
     "payload=\"{\"event_type\":\"A\"}{\"event_type\":\"B\"}\" payload_encoding=\"text\" payload_size=36i "
     "message_id=2599036262041975876i @1795480320000000000\n",
     1},
    {"with a blank", "v1/vm/VM-1/events", BYTES("{\"event_type\":\"A\"} {\"event_type\":\"B\"}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"{\"event_type\":\"A\"} "
     "{\"event_type\":\"B\"}\" payload_encoding=\"text\" payload_size=37i message_id=-5706920964848193708i "
     "@1795480320000000000\n",
     1},
    {"with commas", "v1/vm/VM-1/events", BYTES("{\"event_type\":\"A\"},\n{\"event_type\":\"B\"}"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" "
     "payload=\"{\"event_type\":\"A\"},\" payload_encoding=\"text\" payload_size=19i message_id=-4121499253939655095i "
     "@1795480320000000000\n"
     "vm_events,device_no=VM-1 event_type=\"B\" raw_data=\"{\"event_type\":\"B\"}\" severity=\"unknown\" "
     "message_id=2994814343052181898i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n",
     2},
    {"nothing whole", "v1/vm/VM-1/events", BYTES("{\"a\":\n{\"b\":"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"{\"a\":\n{\"b\":\" "
     "payload_encoding=\"text\" payload_size=11i message_id=-9172418628062628239i @1795480320000000000\n",
     1},
    {"a number behind a newline", "v1/vm/VM-1/events", BYTES("{\"event_type\":\"A\"}\n7"),
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"not_an_object\" payload=\"7\" "
     "payload_encoding=\"text\" payload_size=1i message_id=-6163614035867471962i @1795480320000000000\n",
     2},
    {"two arrays", "v1/vm/VM-1/events", BYTES("[7]\n[8]"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"invalid_json\" payload=\"[7]\n[8]\" "
     "payload_encoding=\"text\" payload_size=7i message_id=8786401754612827612i @1795480320000000000\n",
     1},
    {"a status's word beside an object", "v1/vm/VM-1/status", BYTES("[{\"status\":\"offline\"},\"Offline\",\"x\"]"),
     "vm_status,device_no=VM-1 status=\"offline\" message_id=-7815733779343300033i @1795480320000000000\n"
     "vm_status,device_no=VM-1 status=\"offline\" message_id=5341559955206940995i @1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/status\" reason=\"not_an_object\" payload=\"\"x\"\" "
     "payload_encoding=\"text\" payload_size=3i message_id=-1289042080981291019i @1795480320000000000\n",
     3},
    {"an array without an object", "v1/vm/VM-1/events", BYTES("[1,\"a\"]"),
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"not_an_object\" payload=\"[1,\"a\"]\" "
     "payload_encoding=\"text\" payload_size=7i message_id=3620267594963599082i @1795480320000000000\n",
     1},
    {"one that names another machine", "v1/vm/VM-1/events",
     BYTES("[{\"event_type\":\"A\"},{\"event_type\":\"B\",\"device_no\":\"VM-2\"}]"),
     "vm_events,device_no=VM-1 event_type=\"A\" raw_data=\"{\"event_type\":\"A\"}\" severity=\"unknown\" "
     "message_id=-1183243522914524316i anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n"
     "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/events\" reason=\"device_mismatch\" "
     "payload=\"{\"event_type\":\"B\",\"device_no\":\"VM-2\"}\" payload_encoding=\"text\" payload_size=37i "
     "message_id=7698629067078617113i @1795480320000000000\n",
     2},
    {"readings", "v1/vm/VM-1/telemetry",
     BYTES("[{\"system\":{\"voltage\":1},\"ts\":1795480318},{\"system\":{\"voltage\":2},\"ts\":1795480319}]"),
     "vm_telemetry,device_no=VM-1 voltage=1 @1795480318000000000\n"
     "vm_telemetry,device_no=VM-1 voltage=2 @1795480319000000000\n",
     2},
    {"statuses, in their order", "v1/vm/VM-1/status",
     BYTES("{\"status\":\"offline\"}\n{\"status\":\"online\",\"ts\":1795480319}"),
     "vm_status,device_no=VM-1 status=\"offline\" message_id=-7815733779343300033i @1795480320000000000\n"
     "vm_status,device_no=VM-1 status=\"online\" device_ts=1795480319000000000i message_id=-6381203562679223910i "
     "@1795480319000000000\n",
     2},
    {"acknowledgements", "v1/vm/VM-1/commands/ack", BYTES("[{\"status\":\"failed\",\"error\":{\"code\":\"E1\"}}]"),
     "vm_events,device_no=VM-1 event_type=\"COMMAND_ACK\" severity=\"high\" error_code=\"E1\" "
     "raw_data=\"{\"status\":\"failed\",\"error\":{\"code\":\"E1\"}}\" message_id=-1410799747001258791i "
     "@1795480320000000000\n",
     1},
};

START_TEST(batched)
{
    hides_detail = true;
    open_pipeline();
    feed_message(span_of(batches[_i].topic), batches[_i].payload, ARRIVAL);
    check_output(batches[_i].name, batches[_i].want);
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_msg(stats.received == batches[_i].received, "%s: received %zu", batches[_i].name, (size_t)stats.received);
    check_sum(&stats);
}
END_TEST

/* The same batch again is that many duplicates, and each of its messages alone is one, too. */
START_TEST(a_batch_again)
{
    open_pipeline();
    for (int time = 0; time < 2; time++) {
        feed_message(span_of(EVENTS_1), SPAN_LITERAL("[" EVENT_A "," EVENT_B ",7]"), ARRIVAL);
    }
    feed_message(span_of(EVENTS_1), span_of(EVENT_B), ARRIVAL);
    feed_message(span_of(EVENTS_1), SPAN_LITERAL("7"), ARRIVAL);
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.received, 8);
    ck_assert_uint_eq(stats.rows[MESSAGE_EVENTS], 2);
    ck_assert_uint_eq(stats.rejected[REJECT_NOT_AN_OBJECT], 1);
    ck_assert_uint_eq(stats.duplicates, 5);
    check_sum(&stats);
}
END_TEST

/* --max-values, --max-depth and --max-payload are those of the whole. */
START_TEST(limits_of_a_whole_batch)
{
    static const struct {
        const char *name;
        const char *payload;
        size_t rows;
        enum reject reason;
        size_t rejected;
    } cases[] = {
        {"8 values in an array", "[" EVENT_A "," EVENT_B "," EVENT_C ",7]", 3, REJECT_NOT_AN_OBJECT, 1},
        {"9 values in an array", "[" EVENT_A "," EVENT_B "," EVENT_C ",7,8]", 0, REJECT_TOO_MANY_VALUES, 1},
        {"8 values over lines", EVENT_A "\n" EVENT_B "\n{\"event_type\":\"C\",\"a\":1,\"b\":2}", 3, REJECT_NONE, 0},
        {"9 values over lines", EVENT_A "\n" EVENT_B "\n{\"event_type\":\"C\",\"a\":1,\"b\":2,\"c\":3}", 0,
         REJECT_TOO_MANY_VALUES, 1},
        {"9 values, one of them broken", EVENT_A "\n{\"a\":[1,2,3,4,5\n" EVENT_B, 0, REJECT_TOO_MANY_VALUES, 1},
        {"4 deep in an array", "[{\"event_type\":\"A\",\"a\":[[]]}]", 1, REJECT_NONE, 0},
        {"5 deep in an array", "[{\"event_type\":\"A\",\"a\":[[[]]]}]", 0, REJECT_TOO_DEEP, 1},
        {"96 bytes", "[" EVENT_A "," EVENT_B "                                                         ]", 2,
         REJECT_NONE, 0},
        {"97 bytes", "[" EVENT_A "," EVENT_B "                                                          ]", 0,
         REJECT_PAYLOAD_TOO_LARGE, 1},
    };
    set_small_limits();
    for (size_t i = 0; i < COUNT(cases); i++) {
        open_pipeline();
        feed_message(span_of(EVENTS_1), span_of(cases[i].payload), ARRIVAL);
        struct stats stats = pipeline_take_stats(pipeline);
        ck_assert_msg(stats.rows[MESSAGE_EVENTS] == cases[i].rows, "%s: %s", cases[i].name, text_of(&output));
        ck_assert_msg(cases[i].rejected == 0 || stats.rejected[cases[i].reason] >= cases[i].rejected, "%s: %s",
                      cases[i].name, text_of(&output));
        check_sum(&stats);
        pipeline_free(pipeline);
    }
    pipeline = NULL;
}
END_TEST

/* A hundred thousand openings, each of which could be followed to the end of the text: no more time
 * than for any other payload of that size. */
#define OPENINGS 100000

static void feed_openings(void)
{
    struct buf payload;
    buf_init(&payload, OUTPUT_BYTES);
    buf_text(&payload, EVENT_A "\n");
    for (int i = 0; i < OPENINGS; i++) {
        buf_text(&payload, "{[\n");
    }
    settings.max_payload = 1000000;
    settings.max_line = 4000000;
    open_pipeline();
    feed_message(span_of(EVENTS_1), buf_view(&payload), ARRIVAL);
    buf_free(&payload);
}

START_TEST(a_flood_of_openings)
{
    feed_openings();
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.received, 1);
    ck_assert_uint_eq(stats.rejected[REJECT_TOO_MANY_VALUES], 1);
    check_sum(&stats);
}
END_TEST

START_TEST(a_flood_of_openings_that_may_be_messages)
{
    settings.max_values = 1000000;
    feed_openings();
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.received, 1 + OPENINGS);
    ck_assert_uint_eq(stats.rows[MESSAGE_EVENTS], 1);
    ck_assert_uint_eq(stats.rejected[REJECT_INVALID_JSON], 1); /* they are all alike */
    ck_assert_uint_eq(stats.duplicates, OPENINGS - 1);
    check_sum(&stats);
}
END_TEST

/* As many messages as fit into one payload: memory is that of one. */
START_TEST(a_batch_of_many)
{
    struct buf payload;
    buf_init(&payload, OUTPUT_BYTES);
    for (size_t i = 0; i < 2000; i++) {
        buf_format(&payload, "{\"event_type\":\"A\",\"data\":{\"order_id\":\"\\u00%zu%zu\",\"x\":1e999}}\n", 3 + i % 4,
                   i % 10);
    }
    settings.dedup_window = 0;
    settings.max_values = 100000;
    open_pipeline();
    feed_message(span_of(EVENTS_1), buf_view(&payload), ARRIVAL);
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.rows[MESSAGE_EVENTS], 2000);
    check_sum(&stats);
    buf_free(&payload);
}
END_TEST

/* ---- retained messages: no news without a time that works ---- */

static void send(const char *topic, const char *payload, bool is_retained, int64_t arrival_ns)
{
    struct span bytes = exact(span_of(payload));
    pipeline_message(pipeline, &(struct pipeline_input){span_of(topic), bytes, NULL, is_retained, arrival_ns});
    release(bytes);
}

START_TEST(retained)
{
    static const struct {
        const char *name;
        const char *topic;
        const char *payload;
        bool is_ignored;
        bool is_rejected;
    } cases[] = {
        {"a status without a time", STATUS_1, ONLINE, true, false},
        {"a status of 1970", STATUS_1, ONLINE_1970, true, false},
        {"a status too far ahead", STATUS_1, "{\"status\":\"online\",\"ts\":1795500000}", true, false},
        {"a status whose time is none", STATUS_1, "{\"status\":\"online\",\"ts\":\"soon\"}", true, false},
        {"a status of now", STATUS_1, ONLINE_NOW, false, false},
        {"a will without a time", STATUS_1, OFFLINE, true, false},
        {"a will of 1970", STATUS_1, OFFLINE_1970, true, false},
        {"a will with a time", STATUS_1, OFFLINE_NOW, false, false},
        {"a word", STATUS_1, "offline", true, false},
        {"an event without a time", EVENTS_1, EVENT_A, true, false},
        {"an event of an hour ago", EVENTS_1, EVENT_TIMED, false, false},
        {"a reading without a time", TELEMETRY_1, "{\"system\":{\"voltage\":1}}", true, false},
        {"a reading of now", TELEMETRY_1, READING, false, false},
        {"an acknowledgement without a time", ACK_1, ACK, true, false},
        {"an acknowledgement with one", ACK_1, ACK_TIMED, false, false},
        {"an array without times", EVENTS_1, "[" EVENT_A "]", true, false},
        {"what is rejected", EVENTS_1, "{}", false, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        open_pipeline();
        send(cases[i].topic, cases[i].payload, true, ARRIVAL);
        struct stats stats = pipeline_take_stats(pipeline);
        ck_assert_msg(stats.ignored == (cases[i].is_ignored ? 1 : 0), "%s", cases[i].name);
        ck_assert_msg(row_count == (cases[i].is_ignored ? 0 : 1), "%s", cases[i].name);
        ck_assert_msg(stats_rejected(&stats) == (cases[i].is_rejected ? 1 : 0), "%s", cases[i].name);
        check_sum(&stats);
        pipeline_free(pipeline);

        /* The same bytes are news when they come anew, and ignored ones are not remembered. */
        open_pipeline();
        send(cases[i].topic, cases[i].payload, true, ARRIVAL);
        size_t before = row_count;
        send(cases[i].topic, cases[i].payload, false, ARRIVAL + S);
        ck_assert_msg(!cases[i].is_ignored || row_count == before + 1, "%s: live", cases[i].name);
        pipeline_free(pipeline);
    }
    pipeline = NULL;
}
END_TEST

/* A retained will that is taken has the time at which it was met. */
START_TEST(a_retained_will)
{
    open_pipeline();
    send(STATUS_1, OFFLINE_TIMED, true, ARRIVAL);
    check_output("a retained will", "vm_status,device_no=VM-1 status=\"offline\" device_ts=1795476720000000000i "
                                    "message_id=296500255626318731i @1795480320000000000\n");
    send(STATUS_1, OFFLINE_TIMED, true, ARRIVAL + DAY); /* at the next subscribe */
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.rows[MESSAGE_STATUS], 1);
    ck_assert_uint_eq(stats.duplicates, 1);
}
END_TEST

/* ---- commands, and statuses that the broker's owner clears ---- */

START_TEST(what_is_ignored)
{
    open_pipeline();
    send("v1/vm/VM-1/commands", "{\"cmd_id\":1}", false, ARRIVAL);
    send("v1/vm/VM-1/commands", "no JSON", false, ARRIVAL);
    send("v1/vm/VM-1/commands", "", true, ARRIVAL);
    send(STATUS_1, "", true, ARRIVAL);
    send(STATUS_1, "", false, ARRIVAL);
    feed(SPAN_LITERAL("m,topic=v1/vm/VM-1/status value=\"\"\n"));
    ck_assert_uint_eq(output.len, 0);
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.ignored, 6);
    ck_assert_uint_eq(stats.received, 6);
    check_sum(&stats);
    send("v1/vm/VM 1/commands", "", false, ARRIVAL);
    send("v1/vm/VM 1/status", "", false, ARRIVAL);
    send(STATUS_1, " ", false, ARRIVAL);
    send(TELEMETRY_1, "", true, ARRIVAL);
    send(ACK_1, "", false, ARRIVAL);
    stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.ignored, 0);
    ck_assert_uint_eq(stats.rejected[REJECT_BAD_DEVICE_NO], 2);
    ck_assert_uint_eq(stats.rejected[REJECT_EMPTY_PAYLOAD], 3);
}
END_TEST

START_TEST(acknowledgements)
{
    open_pipeline();
    feed_message(span_of(ACK_1),
                 SPAN_LITERAL("{\"cmd_id\":\"C-1\",\"status\":\"failed\",\"result\":null,\"error\":{\"code\":\"E103\","
                              "\"message\":\"m\"}}"),
                 ARRIVAL);
    feed_message(span_of(ACK_1), SPAN_LITERAL("{\"cmd_id\":\"C-2\",\"status\":\"success\",\"ts\":1795480318}"),
                 ARRIVAL);
    check_output("acknowledgements",
                 "vm_events,device_no=VM-1 event_type=\"COMMAND_ACK\" severity=\"high\" error_code=\"E103\" "
                 "raw_data=\"{\"cmd_id\":\"C-1\",\"status\":\"failed\",\"result\":null,\"error\":{\"code\":\"E103\","
                 "\"message\":\"m\"}}\" message_id=6643895637877438699i @1795480320000000000\n"
                 "vm_events,device_no=VM-1 event_type=\"COMMAND_ACK\" severity=\"low\" "
                 "raw_data=\"{\"cmd_id\":\"C-2\",\"status\":\"success\",\"ts\":1795480318}\" "
                 "message_id=8565321630678152371i @1795480318000000000\n");
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.rows[MESSAGE_EVENTS], 2);
    ck_assert_uint_eq(stats.rows[MESSAGE_ACKS], 0);
    ck_assert_uint_eq(stats.anomalies, 0);
    check_sum(&stats);
}
END_TEST

/* ---- statuses that are no object ---- */

static const struct {
    const char *name;
    struct span payload;
    const char *want; /* without what all have; NULL = not a word that is known */
} words[] = {
    {"a will", BYTES("offline"), "status=\"offline\""},
    {"in capitals", BYTES("OFFLINE"), "status=\"offline\""},
    {"with NULs around", BYTES("\0offline\0\0"), "status=\"offline\""},
    {"in quotes", BYTES("\"Offline\""), "status=\"offline\""},
    {"in quotes, with blanks", BYTES(" \" offline \"\n"), "status=\"offline\""},
    {"an alias", BYTES("LWT"), "status=\"offline\""},
    {"two words", BYTES("Connection lost"), "status=\"offline\""},
    {"in Chinese", BYTES("离线"), "status=\"offline\""},
    {"in Chinese, in quotes", BYTES("\"在线\""), "status=\"online\""},
    {"a birth", BYTES("birth"), "status=\"online\""},
    {"a number", BYTES("1"), NULL},
    {"an unknown word", BYTES("sleeping"), NULL},
    {"an unknown word in quotes", BYTES("\"sleeping\""), NULL},
    {"a word in braces", BYTES("{offline}"), NULL},
    {"single quotes", BYTES("'offline'"), NULL},
    {"half the quotes", BYTES("\"offline"), NULL},
    {"true", BYTES("true"), NULL},
    {"not UTF-8", BYTES("\xC0\xEB\xCF\xDF"), NULL},
};

START_TEST(words_for_statuses)
{
    open_pipeline();
    feed_message(span_of(STATUS_1), words[_i].payload, ARRIVAL);
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_msg(stats.rows[MESSAGE_STATUS] == (words[_i].want ? 1 : 0), "%s: %s", words[_i].name, text_of(&output));
    ck_assert_msg(stats_rejected(&stats) == (words[_i].want ? 0 : 1), "%s", words[_i].name);
    ck_assert_msg(!words[_i].want || strstr(text_of(&output), words[_i].want), "%s: %s", words[_i].name,
                  text_of(&output));
    check_sum(&stats);
}
END_TEST

START_TEST(rows_of_words)
{
    open_pipeline();
    feed_message(span_of(STATUS_1), SPAN_LITERAL("offline"), ARRIVAL);
    feed_message(span_of(STATUS_1), SPAN_LITERAL("\"up\"\n"), ARRIVAL);
    check_output("words",
                 "vm_status,device_no=VM-1 status=\"offline\" message_id=-822999656059072995i @1795480320000000000\n"
                 "vm_status,device_no=VM-1 status=\"online\" message_id=-6040026174151275184i "
                 "anomalies=\"ts= missing, arrival time used\" @1795480320000000000\n");
}
END_TEST

/* ---- clocks ---- */

static size_t count_rows(const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text_of(&output), part); at; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

/* Readings of one instant are all kept: parts of one, or of a clock of whole seconds. */
START_TEST(parts_of_one_instant)
{
    open_pipeline();
    feed_message(span_of(TELEMETRY_1), SPAN_LITERAL("{\"system\":{\"voltage\":1},\"ts\":1795480319}"), ARRIVAL);
    feed_message(span_of(TELEMETRY_1), SPAN_LITERAL("{\"connectivity\":{\"csq\":7},\"ts\":1795480319}"), ARRIVAL + S);
    feed_message(span_of(TELEMETRY_1), SPAN_LITERAL("{\"location\":{\"lat\":1,\"lng\":2},\"ts\":1795480319}"),
                 ARRIVAL + S);
    check_output("parts", "vm_telemetry,device_no=VM-1 voltage=1 @1795480319000000000\n"
                          "vm_telemetry,device_no=VM-1 csq=7i @1795480319000000000\n"
                          "vm_telemetry,device_no=VM-1 lat=1 lng=2 @1795480319000000000\n");
}
END_TEST

static void feed_reading(const char *topic, int voltage, int64_t after_ns)
{
    char payload[64];
    int len = snprintf(payload, sizeof payload, "{\"system\":{\"voltage\":%d},\"ts\":1795480319}", voltage);
    feed_message(span_of(topic), (struct span){payload, (size_t)len}, ARRIVAL + after_ns);
}

#define STANDS_STILL "anomalies=\"ts=1795480319 stands still, arrival time used\""

/* A frozen clock: from the tenth reading on the time of arrival counts. */
START_TEST(ten_readings_of_a_frozen_clock)
{
    open_pipeline();
    for (int i = 0; i < 12; i++) {
        feed_reading(TELEMETRY_1, 200 + i, i * S);
        ck_assert_msg(count_rows(STANDS_STILL) == (i < 9 ? 0 : (size_t)i - 8), "reading %d", i + 1);
    }
    ck_assert_uint_eq(count_rows("@1795480319000000000\n"), 9);
    ck_assert_uint_eq(count_rows(" " STANDS_STILL " @1795480329000000000\n"), 1); /* the tenth */
    ck_assert_uint_eq(count_rows(" " STANDS_STILL " @1795480331000000000\n"), 1);
    feed_message(span_of(TELEMETRY_1), SPAN_LITERAL("{\"system\":{\"voltage\":1},\"ts\":1795480331}"),
                 ARRIVAL + 12 * S);
    ck_assert_uint_eq(count_rows("voltage=1 @1795480331000000000\n"), 1); /* it goes on */
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.rows[MESSAGE_TELEMETRY], 13);
    ck_assert_uint_eq(stats.anomalies, 3);
    check_sum(&stats);
}
END_TEST

START_TEST(a_frozen_clock_after_a_minute)
{
    open_pipeline();
    feed_reading(TELEMETRY_1, 1, 0);
    feed_reading(TELEMETRY_1, 2, MINUTE);
    ck_assert_uint_eq(count_rows(STANDS_STILL), 0);
    feed_reading(TELEMETRY_1, 3, MINUTE + 1);
    ck_assert_uint_eq(count_rows("voltage=3 " STANDS_STILL " @1795480380000000001\n"), 1);
    feed_reading("v1/vm/VM-2/telemetry", 4, 2 * MINUTE); /* another machine's clock */
    ck_assert_uint_eq(count_rows(STANDS_STILL), 1);
}
END_TEST

/* In a capture whose times of arrival are all one nothing is known of the machines' clocks. */
START_TEST(readings_that_all_came_at_once)
{
    open_pipeline();
    for (int i = 0; i < 20; i++) {
        feed_reading(TELEMETRY_1, 200 + i, 0);
    }
    ck_assert_uint_eq(count_rows(STANDS_STILL), 0);
    ck_assert_uint_eq(count_rows("@1795480319000000000\n"), 20);
}
END_TEST

/* The same reading delivered again is no other reading. */
START_TEST(a_reading_delivered_again)
{
    open_pipeline();
    feed_reading(TELEMETRY_1, 1, 0);
    feed_reading(TELEMETRY_1, 1, HOUR);
    ck_assert_uint_eq(count_rows(STANDS_STILL), 0);
    ck_assert_uint_eq(count_rows("voltage=1 @1795480319000000000\n"), 2); /* the table skips the second */
}
END_TEST

/* A clock that is ahead: a state is no later than it was known here, an event keeps its moment. */
START_TEST(a_clock_that_is_ahead)
{
    open_pipeline();
    feed_message(span_of(TELEMETRY_1), SPAN_LITERAL("{\"system\":{\"voltage\":1},\"ts\":1795480900}"), ARRIVAL);
    feed_message(span_of(STATUS_1), SPAN_LITERAL("{\"status\":\"online\",\"ts\":1795480900}"), ARRIVAL);
    feed_message(span_of(EVENTS_1), SPAN_LITERAL("{\"event_type\":\"A\",\"ts\":1795480900}"), ARRIVAL);
    ck_assert_uint_eq(count_rows("vm_telemetry,device_no=VM-1 voltage=1 @1795480320000000000\n"), 1);
    ck_assert_uint_eq(count_rows("status=\"online\" device_ts=1795480900000000000i "), 1);
    ck_assert_uint_eq(count_rows(" @1795480320000000000\n"), 2);
    ck_assert_uint_eq(count_rows(" @1795480900000000000\n"), 1);
    ck_assert_uint_eq(count_rows("anomalies"), 0);
}
END_TEST

/* ---- times without a zone ---- */

static struct {
    size_t calls;
    char device_no[65];
} zoneless;

static void note_zoneless(void *ctx, struct span device_no)
{
    ck_assert_ptr_eq(ctx, &zoneless);
    zoneless.calls++;
    snprintf(zoneless.device_no, sizeof zoneless.device_no, "%.*s", (int)device_no.len, device_no.ptr);
}

static void open_zoned(const char *zone)
{
    const struct siphash_key key = {0, 0};
    settings.time_zone = zone;
    zoneless.calls = 0;
    pipeline = pipeline_new(&settings, mapping, collector, key,
                            &(struct pipeline_callbacks){.on_zoneless = note_zoneless, .ctx = &zoneless});
    ck_assert_ptr_nonnull(pipeline);
}

#define ZONELESS(seconds) "{\"system\":{\"voltage\":1},\"ts\":\"2026-11-24 00:31:" seconds "\"}"

START_TEST(without_a_zone)
{
    open_zoned(NULL);
    feed_message(SPAN_LITERAL("v1/vm/VM-1/telemetry"), SPAN_LITERAL(ZONELESS("01")), ARRIVAL);
    ck_assert_uint_eq(zoneless.calls, 1);
    ck_assert_str_eq(zoneless.device_no, "VM-1");
    feed_message(SPAN_LITERAL("v1/vm/VM-1/telemetry"), SPAN_LITERAL(ZONELESS("02")), ARRIVAL + DAY);
    feed_message(SPAN_LITERAL("v1/vm/VM-1/status"), SPAN_LITERAL("{\"status\":\"up\",\"ts\":\"2026-11-24T00:31:58\"}"),
                 ARRIVAL);
    ck_assert_uint_eq(zoneless.calls, 1); /* once a machine */
    feed_message(SPAN_LITERAL("v1/vm/VM-2/events"), SPAN_LITERAL("{\"event_type\":\"A\",\"ts\":\"20261124T003158\"}"),
                 ARRIVAL);
    ck_assert_uint_eq(zoneless.calls, 2);
    ck_assert_str_eq(zoneless.device_no, "VM-2");
    feed_message(SPAN_LITERAL("v1/vm/VM-3/telemetry"), SPAN_LITERAL(READING), ARRIVAL);
    feed_message(SPAN_LITERAL("v1/vm/VM-3/events"),
                 SPAN_LITERAL("{\"event_type\":\"A\",\"ts\":\"2026-11-24T00:31:58Z\"}"), ARRIVAL);
    feed_message(SPAN_LITERAL("v1/vm/VM-3/events"), SPAN_LITERAL("{\"event_type\":\"A\",\"ts\":\"soon\"}"), ARRIVAL);
    ck_assert_uint_eq(zoneless.calls, 2);
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.zoneless, 4);
    check_sum(&stats);
    ck_assert_uint_eq(count_rows("@1795480261000000000\n"), 1); /* as UTC */
}
END_TEST

/* Where a zone was chosen, be it UTC, nobody asks. */
START_TEST(with_a_zone)
{
    static const struct {
        const char *zone;
        const char *time;
    } cases[] = {
        {"Z", " @1795480261000000000\n"},
        {"+00:30", " @1795478461000000000\n"},
        {"-00:05", " @1795480320000000000\n"}, /* five minutes ahead */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        buf_truncate(&output, 0);
        open_zoned(cases[i].zone);
        feed_message(SPAN_LITERAL("v1/vm/VM-1/telemetry"), SPAN_LITERAL(ZONELESS("01")), ARRIVAL);
        ck_assert_msg(count_rows(cases[i].time) == 1, "%s: %s", cases[i].zone, text_of(&output));
        ck_assert_uint_eq(count_rows("anomalies"), 0);
        ck_assert_uint_eq(zoneless.calls, 0);
        struct stats stats = pipeline_take_stats(pipeline);
        ck_assert_uint_eq(stats.zoneless, 0);
        pipeline_free(pipeline);
    }
    pipeline = NULL;
}
END_TEST

/* ---- what a reject says ---- */

static const struct {
    const char *topic;
    const char *payload;
    const char *detail;
} details[] = {
    {EVENTS_1, "{\"a\":x}", "detail=\"expected a value (byte 5), at `x}`: text without quotes\""},
    {EVENTS_1, "{\"a\":1,}", "detail=\"a bracket that closes nothing here (byte 7), at `}`: a comma before }\""},
    {EVENTS_1, "{\"a\":\"b", "detail=\"the text ends inside a string (byte 7): cut off\""},
    {EVENTS_1, "[]",
     "detail=\"the payload is JSON but not an object: an array without any object instead of an object\""},
    {EVENTS_1, "\"jam\"", "detail=\"the payload is JSON but not an object: a string instead of an object\""},
    {EVENTS_1, "{\"a\":+1}",
     "detail=\"expected a value (byte 5), at `+1}`: a number in a form that JSON has not: +1, .5, 01, 0x1F\""},
    {EVENTS_1, "{\"data\":{}}", "detail=\"event_type is missing or empty\""},
};

START_TEST(details_of_rejects)
{
    open_pipeline();
    feed_message(span_of(details[_i].topic), span_of(details[_i].payload), ARRIVAL);
    ck_assert_msg(count_rows(details[_i].detail) == 1, "%s", text_of(&output));
}
END_TEST

/* ---- settings ---- */

static const struct {
    const char *name;
    struct settings settings;
    struct span record;
    const char *want;
} configured[] = {
    {"another tag",
     {.topic_tag = "mqtt_topic"},
     BYTES("m,mqtt_topic=v1/vm/X/telemetry value=\"{}\" 5\n"),
     "vm_rejected,device_no=X topic=\"v1/vm/X/telemetry\" reason=\"no_data\" payload=\"{}\" payload_encoding=\"text\" "
     "payload_size=2i message_id=3907952184403961452i @5\n"},
    {"the usual tag is then another's",
     {.topic_tag = "mqtt_topic"},
     BYTES("m,topic=v1/vm/X/telemetry value=\"{}\" 5\n"),
     "|m,topic=v1/vm/X/telemetry value=\"{}\" 5\n|"},
    {"a tag with a space",
     {.topic_tag = "the topic"},
     BYTES("m,the\\ topic=v1/vm/X/telemetry value=\"{}\" 5\n"),
     "vm_rejected,device_no=X topic=\"v1/vm/X/telemetry\" reason=\"no_data\" payload=\"{}\" payload_encoding=\"text\" "
     "payload_size=2i message_id=3907952184403961452i @5\n"},
    {"another prefix",
     {.topic_prefix = "site/a/vm"},
     BYTES("m,topic=site/a/vm/X/telemetry value=\"{}\" 5\n"),
     "vm_rejected,device_no=X topic=\"site/a/vm/X/telemetry\" reason=\"no_data\" payload=\"{}\" "
     "payload_encoding=\"text\" payload_size=2i message_id=-2819986682267053671i @5\n"},
    {"the usual prefix is then another's",
     {.topic_prefix = "site/a/vm"},
     BYTES("m,topic=v1/vm/X/telemetry value=\"{}\" 5\n"),
     "|m,topic=v1/vm/X/telemetry value=\"{}\" 5\n|"},
    {"another field",
     {.payload_field = "payload"},
     BYTES("m,topic=v1/vm/X/telemetry value=\"[]\",payload=\"{}\" 5\n"),
     "vm_rejected,device_no=X topic=\"v1/vm/X/telemetry\" reason=\"no_data\" payload=\"{}\" payload_encoding=\"text\" "
     "payload_size=2i message_id=3907952184403961452i @5\n"},
    {"the usual field is then none",
     {.payload_field = "payload"},
     BYTES("m,topic=v1/vm/X/telemetry value=\"{}\" 5\n"),
     "vm_rejected,device_no=X topic=\"v1/vm/X/telemetry\" reason=\"no_payload\" "
     "payload=\"m,topic=v1/vm/X/telemetry value=\"{}\" 5\" payload_encoding=\"text\" payload_size=38i "
     "message_id=7258433387537766861i @5\n"},
    {"a small payload",
     {.max_payload = 4},
     BYTES("m,topic=v1/vm/X/telemetry value=\"{\\\"a\\\":1}\" 5\n"),
     "vm_rejected,device_no=X topic=\"v1/vm/X/telemetry\" reason=\"payload_too_large\" payload=\"{\"a\"\" "
     "payload_encoding=\"text\" payload_size=7i message_id=-2768377330237525475i @5\n"},
    {"a younger age",
     {.max_age_ns = MINUTE},
     BYTES("m,topic=v1/vm/X/status value=\"{\\\"status\\\":\\\"on\\\",\\\"ts\\\":1795480259}\" 1795480320000000000\n"),
     "vm_status,device_no=X status=\"on\" device_ts=1795480259000000000i "
     "message_id=-6582119902439185443i "
     "anomalies=\"status=\"on\" unknown status; ts=1795480259 too old, arrival time used\" @1795480320000000000\n"},
    {"farther ahead",
     {.max_ahead_ns = HOUR},
     BYTES(
         "m,topic=v1/vm/X/events value=\"{\\\"event_type\\\":\\\"A\\\",\\\"ts\\\":1795483920}\" 1795480320000000000\n"),
     "vm_events,device_no=X event_type=\"A\" raw_data=\"{\"event_type\":\"A\",\"ts\":1795483920}\" "
     "severity=\"unknown\" "
     "message_id=-6503490646824607304i @1795483920000000000\n"},
    {"farther ahead, a status: no later than it arrived",
     {.max_ahead_ns = HOUR},
     BYTES("m,topic=v1/vm/X/status value=\"{\\\"status\\\":\\\"on\\\",\\\"ts\\\":1795483920}\" 1795480320000000000\n"),
     "vm_status,device_no=X status=\"on\" device_ts=1795483920000000000i "
     "message_id=-3698633870737566233i anomalies=\"status=\"on\" unknown status\" @1795480320000000000\n"},
    {"a zone for times without one",
     {.time_zone = "+08:00"},
     BYTES("m,topic=v1/vm/X/status value=\"{\\\"status\\\":\\\"up\\\",\\\"ts\\\":\\\"2026-11-24 08:31:58\\\"}\" "
           "1795480320000000000\n"),
     "vm_status,device_no=X status=\"online\" device_ts=1795480318000000000i "
     "message_id=-6232641237053988495i @1795480318000000000\n"},
    {"a zone where a time has one",
     {.time_zone = "-03:30"},
     BYTES("m,topic=v1/vm/X/status value=\"{\\\"status\\\":\\\"up\\\",\\\"ts\\\":\\\"2026-11-24T00:31:58Z\\\"}\" "
           "1795480320000000000\n"),
     "vm_status,device_no=X status=\"online\" device_ts=1795480318000000000i "
     "message_id=5932586789903421618i @1795480318000000000\n"},
};

/* The defaults, but for what the case sets. */
static struct settings with(const struct settings *changed)
{
    struct settings merged = defaults;
    merged.topic_tag = changed->topic_tag ? changed->topic_tag : defaults.topic_tag;
    merged.topic_prefix = changed->topic_prefix ? changed->topic_prefix : defaults.topic_prefix;
    merged.payload_field = changed->payload_field ? changed->payload_field : defaults.payload_field;
    merged.max_payload = changed->max_payload ? changed->max_payload : defaults.max_payload;
    merged.max_age_ns = changed->max_age_ns ? changed->max_age_ns : defaults.max_age_ns;
    merged.time_zone = changed->time_zone;
    merged.max_ahead_ns = changed->max_ahead_ns ? changed->max_ahead_ns : defaults.max_ahead_ns;
    return merged;
}

START_TEST(other_settings)
{
    settings = with(&configured[_i].settings);
    hides_detail = true;
    open_pipeline();
    feed(configured[_i].record);
    check_output(configured[_i].name, configured[_i].want);
}
END_TEST

/* The window's key is secret and random; nothing that is put out may depend on it. */
START_TEST(the_window_key_shows_nowhere)
{
    static const struct siphash_key keys[] = {{0, 0}, {UINT64_C(0x0123456789abcdef), UINT64_MAX}};
    char *texts[COUNT(keys)];
    for (size_t k = 0; k < COUNT(keys); k++) {
        pipeline = pipeline_new(&settings, mapping, collector, keys[k], NULL);
        ck_assert_ptr_nonnull(pipeline);
        buf_truncate(&output, 0);
        for (size_t i = 0; i < COUNT(rejects); i++) {
            feed_message(rejects[i].topic, rejects[i].payload, ARRIVAL);
        }
        for (size_t i = 0; i < COUNT(records); i++) {
            feed(records[i].record);
        }
        texts[k] = strdup(text_of(&output));
        pipeline_free(pipeline);
    }
    pipeline = NULL;
    ck_assert_str_eq(texts[0], texts[1]);
    ck_assert_str_ne(texts[0], "");
    free(texts[0]);
    free(texts[1]);
}
END_TEST

/* ---- counting ---- */

START_TEST(counts)
{
    open_pipeline();
    feed_message(span_of(TELEMETRY_1), SPAN_LITERAL("{\"system\":{\"voltage\":999,\"current\":-1},\"ts\":12}"),
                 ARRIVAL);
    feed_message(span_of(TELEMETRY_1), SPAN_LITERAL("{\"system\":{\"voltage\":1},\"ts\":1795480320}"), ARRIVAL);
    feed_message(span_of(TELEMETRY_1), SPAN_LITERAL("{}"), ARRIVAL);
    feed_message(span_of(EVENTS_1), span_of(EVENT_A), ARRIVAL);
    feed_message(span_of(EVENTS_1), span_of(EVENT_A), ARRIVAL);
    feed_message(span_of(EVENTS_1), span_of(EVENT_B), ARRIVAL);
    feed_message(span_of(EVENTS_1), SPAN_LITERAL("{\"event_type\":true,\"data\":1}"), ARRIVAL);
    feed_message(span_of(STATUS_1), span_of(ONLINE_NOW), ARRIVAL);
    feed_message(span_of(STATUS_1), span_of(ONLINE_NOW), ARRIVAL);
    feed(SPAN_LITERAL("cpu a=1\n"));
    feed(SPAN_LITERAL("\n"));
    feed(SPAN_LITERAL("nonsense\n"));
    pipeline_oversized(pipeline, SPAN_LITERAL("x"), 2000000, ARRIVAL);
    pipeline_reject(pipeline, REJECT_INVALID_JSON, SPAN_LITERAL("x"), "not a capture line", ARRIVAL);
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.received, 13);
    ck_assert_uint_eq(stats.rows[MESSAGE_TELEMETRY], 2);
    ck_assert_uint_eq(stats.rows[MESSAGE_EVENTS], 2);
    ck_assert_uint_eq(stats.rows[MESSAGE_STATUS], 1);
    ck_assert_uint_eq(stats.duplicates, 2);
    ck_assert_uint_eq(stats.passed, 1);
    ck_assert_uint_eq(stats.anomalies, 5); /* voltage, current, ts; a missing ts on each event */
    ck_assert_uint_eq(stats_rejected(&stats), 5);
    ck_assert_uint_eq(stats.rejected[REJECT_NO_DATA], 1);
    ck_assert_uint_eq(stats.rejected[REJECT_MISSING_FIELD], 1);
    ck_assert_uint_eq(stats.rejected[REJECT_NOT_LINE_PROTOCOL], 1);
    ck_assert_uint_eq(stats.rejected[REJECT_LINE_TOO_LONG], 1);
    ck_assert_uint_eq(stats.rejected[REJECT_INVALID_JSON], 1);
    check_sum(&stats);
    ck_assert_uint_eq(row_count, 10);
    ck_assert_uint_eq(raw_count, 1);

    stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.received, 0);
    ck_assert_uint_eq(stats_rejected(&stats), 0);
    ck_assert_uint_eq(stats.anomalies, 0);
}
END_TEST

/* ---- memory ---- */

/* What jansson holds at the moment, and how many more allocations it is granted. */
static size_t live;
static size_t granted = SIZE_MAX;

static void *count_malloc(size_t size)
{
    if (granted == 0) {
        return NULL;
    }
    granted -= granted == SIZE_MAX ? 0 : 1;
    void *block = malloc(size > 0 ? size : 1);
    live += block ? 1 : 0;
    return block;
}

static void count_free(void *block)
{
    live -= block ? 1 : 0;
    free(block);
}

/* Fifty machines for a while, some of them odd: nothing is left over from any message, and no message is lost. */
START_TEST(a_fleet)
{
    static const struct {
        const char *kind;
        const char *payload; /* with one number in it, that makes it another */
    } traffic[] = {
        {"telemetry",
         "{\"system\":{\"voltage\":%ld.5},\"environment\":{\"freezer_temps\":[-18,null,85,-19,1]},\"ts\":12}"},
        {"events", "{\"event_type\":\"channel-jam\",\"data\":{\"order_id\":\"%ld\",\"a\":1e999,\"b\":\"\\u0000\"}}"},
        {"status", "{\"status\":\"Online\",\"firmware\":%ld}"},
        {"events", "{\"event_type\":\"A\",\"data\":[%ld"},
        {"telemetry", "[%ld]"},
        {"commands", "{\"cmd_id\":%ld}"},
    };
    open_pipeline();
    json_set_alloc_funcs(count_malloc, count_free);
    live = 0;
    granted = SIZE_MAX;
    struct stats total = {0};
    for (long round = 0; round < 20; round++) {
        for (long machine = 0; machine < 50; machine++) {
            for (size_t t = 0; t < COUNT(traffic); t++) {
                char topic[64];
                char payload[256];
                const char *mark = strstr(traffic[t].payload, "%ld");
                snprintf(topic, sizeof topic, "v1/vm/VM-SH-%03ld/%s", machine, traffic[t].kind);
                snprintf(payload, sizeof payload, "%.*s%ld%s", (int)(mark - traffic[t].payload), traffic[t].payload,
                         round / 2, mark + 3); /* everything comes twice */
                feed_message(span_of(topic), span_of(payload), ARRIVAL + round * S);
                ck_assert_uint_eq(live, 0);
                buf_truncate(&output, 0);
            }
        }
        struct stats part = pipeline_take_stats(pipeline);
        check_sum(&part);
        stats_add(&total, &part);
    }
    check_sum(&total);
    ck_assert_uint_eq(total.received, (uint64_t)20 * 50 * COUNT(traffic));
    ck_assert_uint_eq(total.rows[MESSAGE_TELEMETRY], 20 * 50);
    ck_assert_uint_eq(total.rows[MESSAGE_EVENTS], 10 * 50);
    ck_assert_uint_eq(total.rows[MESSAGE_STATUS], 10 * 50);
    ck_assert_uint_eq(total.rejected[REJECT_NOT_AN_OBJECT], 20 * 50);
    ck_assert_uint_eq(total.ignored, 20 * 50); /* commands */
    ck_assert_uint_eq(total.rejected[REJECT_OUT_OF_MEMORY], 0);
    json_set_alloc_funcs(malloc, free);
}
END_TEST

/* jansson finds no memory, at its first allocation, its second, and so on: the message is rejected and kept, and the next one is
 * read as usual. */
START_TEST(no_memory)
{
    struct span topic = span_of(TELEMETRY_1);
    struct span payload =
        SPAN_LITERAL("{\"system\":{\"voltage\":220.5,\"a\":[1,2,{\"b\":\"text\"}]},\"ts\":1795480320}");
    hides_detail = true;
    open_pipeline();
    json_set_alloc_funcs(count_malloc, count_free);
    live = 0;
    bool enough = false;
    for (size_t n = 0; n < 200 && !enough; n++) {
        buf_truncate(&output, 0);
        granted = n;
        feed_message(topic, payload, ARRIVAL);
        struct stats stats = pipeline_take_stats(pipeline);
        enough = stats.rows[MESSAGE_TELEMETRY] == 1;
        ck_assert_uint_eq(live, 0);
        if (!enough) {
            char name[32];
            snprintf(name, sizeof name, "allocation %zu", n);
            ck_assert_msg(stats.rejected[REJECT_OUT_OF_MEMORY] == 1, "%s: %s", name, text_of(&output));
            check_output(name,
                         "vm_rejected,device_no=VM-1 topic=\"v1/vm/VM-1/telemetry\" reason=\"out_of_memory\" "
                         "payload=\"{\"system\":{\"voltage\":220.5,\"a\":[1,2,{\"b\":\"text\"}]},\"ts\":1795480320}\" "
                         "payload_encoding=\"text\" payload_size=67i message_id=-4793362619090826357i "
                         "@1795480320000000000\n");
        }
    }
    ck_assert(enough);
    json_set_alloc_funcs(malloc, free);
}
END_TEST

/* The largest messages there can be, over and over: each finds its memory, since the last one gave it back. */
static const struct {
    const char *name;
    struct span head, unit, tail; /* unit is repeated up to the size */
    size_t size;
    enum reject want;
    size_t kept; /* bytes of raw_data, or of a rejected payload; 0 = not looked at */
} giants[] = {
    {"as large as may be", BYTES("{\"event_type\":\"A\",\"x\":\""), BYTES("x"), BYTES("\"}"), 262144, REJECT_NONE,
     262144},
    {"a byte more", BYTES("{\"event_type\":\"A\",\"x\":\""), BYTES("x"), BYTES("\"}"), 262145, REJECT_PAYLOAD_TOO_LARGE,
     262144},
    {"NUL escapes", BYTES("{\"event_type\":\"A\",\"x\":\""), BYTES("\\u0000"), BYTES("\"}"), 262000, REJECT_NONE, 0},
    {"wide numbers", BYTES("{\"event_type\":\"A\",\"x\":[1"), BYTES(",1e999999999999999999999999999999999"),
     BYTES("]}"), 262000, REJECT_NONE, 0},
    {"the shortest wide numbers", BYTES("{\"event_type\":\"A\",\"x\":[1"), BYTES(",1e999"), BYTES("]}"), 40000,
     REJECT_NONE, 0},
    {"many values", BYTES("{\"event_type\":\"A\",\"x\":[1"), BYTES(",1"), BYTES("]}"), 262000, REJECT_TOO_MANY_VALUES,
     0},
    {"deep", BYTES("{\"event_type\":\"A\",\"x\":"), BYTES("["), BYTES(""), 262000, REJECT_TOO_DEEP, 0},
    {"quotes", BYTES("{"), BYTES("\""), BYTES("}"), 262000, REJECT_INVALID_JSON, 262000},
    {"not UTF-8", BYTES("{"), BYTES("\xFF"), BYTES("}"), 262144, REJECT_INVALID_UTF8, 349528},
    {"not UTF-8 and too large", BYTES("{"), BYTES("\xFF"), BYTES("}"), 900000, REJECT_PAYLOAD_TOO_LARGE, 349528},
    {"NUL", BYTES("{"), BYTES("\0"), BYTES("}"), 262144, REJECT_INVALID_JSON, 349528},
    {"nothing but white space", BYTES(""), BYTES(" "), BYTES(""), 900000, REJECT_EMPTY_PAYLOAD, 0},
    {"a long event type", BYTES("{\"event_type\":\""), BYTES("aB"), BYTES("\"}"), 1039, REJECT_NONE, 0},
};

static size_t text_length;

static void measure_row(void *ctx, const struct lp_row *row)
{
    (void)ctx;
    row_count++;
    const struct lp_value *text = lp_row_find(row, "raw_data");
    text = text ? text : lp_row_find(row, "payload");
    text_length = text ? text->as.text.len : 0;
}

START_TEST(large_messages)
{
    const struct siphash_key key = {5, 6};
    const struct lp_sink sink = {NULL, measure_row, take_raw};
    struct buf payload;
    struct buf record;
    settings.dedup_window = 0;
    pipeline = pipeline_new(&settings, mapping, sink, key, NULL);
    ck_assert_ptr_nonnull(pipeline);
    buf_init(&payload, OUTPUT_BYTES);
    buf_span(&payload, giants[_i].head);
    while (payload.len + giants[_i].unit.len + giants[_i].tail.len <= giants[_i].size) {
        buf_span(&payload, giants[_i].unit);
    }
    buf_span(&payload, giants[_i].tail);
    buf_init(&record, OUTPUT_BYTES);
    put_message(&record, span_of(EVENTS_1), buf_view(&payload), ARRIVAL);
    for (int n = 0; n < 5; n++) {
        text_length = 0;
        feed(buf_view(&record));
        struct stats stats = pipeline_take_stats(pipeline);
        uint64_t got = giants[_i].want == REJECT_NONE ? stats.rows[MESSAGE_EVENTS] : stats.rejected[giants[_i].want];
        ck_assert_msg(got == 1, "%s, time %d", giants[_i].name, n);
        ck_assert_msg(giants[_i].kept == 0 || text_length == giants[_i].kept, "%s: kept %zu", giants[_i].name,
                      text_length);
    }
    buf_free(&payload);
    buf_free(&record);
}
END_TEST

/* base64 of as many bytes as may be. */
START_TEST(large_and_encoded)
{
    const struct siphash_key key = {5, 6};
    const struct lp_sink sink = {NULL, measure_row, take_raw};
    struct buf record;
    settings.payload_encoding = PAYLOAD_BASE64;
    pipeline = pipeline_new(&settings, mapping, sink, key, NULL);
    ck_assert_ptr_nonnull(pipeline);
    buf_init(&record, OUTPUT_BYTES);
    buf_text(&record, "m,topic=v1/vm/VM-1/telemetry value=\"");
    for (size_t n = 0; n < 260000; n += 4) {
        buf_text(&record, "//79"); /* FF FE FD */
    }
    buf_text(&record, "\"\n");
    for (int n = 0; n < 5; n++) {
        feed(buf_view(&record));
        struct stats stats = pipeline_take_stats(pipeline);
        ck_assert_uint_eq(stats.rejected[REJECT_INVALID_UTF8], 1);
        ck_assert_uint_eq(text_length, 260000);
    }
    buf_free(&record);
}
END_TEST

/* By every way in: what one record took is there again for the next. */
static void feed_by(int way, struct span bytes)
{
    switch (way) {
    case 0:
        feed(bytes);
        break;
    case 1:
        pipeline_message(pipeline, &(struct pipeline_input){span_of(EVENTS_1), bytes, .arrival_ns = ARRIVAL});
        break;
    case 2:
        pipeline_reject(pipeline, REJECT_INVALID_JSON, bytes, "not a capture line", ARRIVAL);
        break;
    default:
        pipeline_oversized(pipeline, bytes, 9999999, ARRIVAL);
        break;
    }
}

START_TEST(every_way_in_gives_back)
{
    struct buf bytes;
    buf_init(&bytes, OUTPUT_BYTES);
    while (bytes.len < 262144) {
        buf_char(&bytes, (char)0xFF);
    }
    settings.dedup_window = 0;
    open_pipeline();
    for (int n = 0; n < 20; n++) {
        buf_truncate(&output, 0);
        feed_by(_i, buf_view(&bytes));
        ck_assert_msg(output.len > 349528, "way %d, time %d: %zu bytes", _i, n, output.len);
    }
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats_rejected(&stats), 20);
    buf_free(&bytes);
}
END_TEST

/* The longest topic that MQTT allows, each byte of which takes three to be stored. */
START_TEST(a_large_topic)
{
    struct buf topic;
    buf_init(&topic, OUTPUT_BYTES);
    buf_text(&topic, "v1/vm/");
    while (topic.len < 65535 - 7) {
        buf_char(&topic, (char)0xFF);
    }
    buf_text(&topic, "/events");
    open_pipeline();
    feed_message(buf_view(&topic), SPAN_LITERAL("{}"), ARRIVAL);
    struct stats stats = pipeline_take_stats(pipeline);
    ck_assert_uint_eq(stats.rejected[REJECT_BAD_DEVICE_NO], 1);
    ck_assert_uint_gt(output.len, (size_t)3 * (65535 - 13));
    buf_free(&topic);
}
END_TEST

START_TEST(free_nothing)
{
    pipeline_free(NULL);
}
END_TEST

static Suite *pipeline_suite(void)
{
    Suite *suite = suite_create("pipeline");
    TCase *tcase = tcase_create("pipeline");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, ours, 0, (int)COUNT(records));
    tcase_add_loop_test(tcase, not_ours, 0, (int)COUNT(others));
    tcase_add_test(tcase, no_records);
    tcase_add_loop_test(tcase, rejected, 0, (int)COUNT(rejects));
    tcase_add_test(tcase, just_within_the_limits);
    tcase_add_test(tcase, limit_after_trimming);
    tcase_add_loop_test(tcase, rejected_records, 0, (int)COUNT(bad_records));
    tcase_add_test(tcase, line_too_long);
    tcase_add_test(tcase, refused_from_outside);
    tcase_add_test(tcase, the_log_is_told);
    tcase_add_loop_test(tcase, base64, 0, (int)COUNT(encoded));
    tcase_add_test(tcase, one_message_three_ways);
    tcase_add_test(tcase, messages);
    tcase_add_loop_test(tcase, duplicates, 0, (int)COUNT(repeats));
    tcase_add_test(tcase, large_ones_that_begin_alike);
    tcase_add_loop_test(tcase, batched, 0, (int)COUNT(batches));
    tcase_add_test(tcase, a_batch_again);
    tcase_add_test(tcase, limits_of_a_whole_batch);
    tcase_add_test(tcase, a_flood_of_openings);
    tcase_add_test(tcase, a_flood_of_openings_that_may_be_messages);
    tcase_add_test(tcase, a_batch_of_many);
    tcase_add_test(tcase, retained);
    tcase_add_test(tcase, a_retained_will);
    tcase_add_test(tcase, what_is_ignored);
    tcase_add_test(tcase, acknowledgements);
    tcase_add_loop_test(tcase, words_for_statuses, 0, (int)COUNT(words));
    tcase_add_test(tcase, rows_of_words);
    tcase_add_test(tcase, parts_of_one_instant);
    tcase_add_test(tcase, ten_readings_of_a_frozen_clock);
    tcase_add_test(tcase, a_frozen_clock_after_a_minute);
    tcase_add_test(tcase, readings_that_all_came_at_once);
    tcase_add_test(tcase, a_reading_delivered_again);
    tcase_add_test(tcase, a_clock_that_is_ahead);
    tcase_add_test(tcase, without_a_zone);
    tcase_add_test(tcase, with_a_zone);
    tcase_add_loop_test(tcase, details_of_rejects, 0, (int)COUNT(details));
    tcase_add_loop_test(tcase, other_settings, 0, (int)COUNT(configured));
    tcase_add_test(tcase, the_window_key_shows_nowhere);
    tcase_add_test(tcase, counts);
    tcase_add_test(tcase, a_fleet);
    tcase_add_test(tcase, no_memory);
    tcase_add_loop_test(tcase, large_messages, 0, (int)COUNT(giants));
    tcase_add_test(tcase, large_and_encoded);
    tcase_add_loop_test(tcase, every_way_in_gives_back, 0, 4);
    tcase_add_test(tcase, a_large_topic);
    tcase_add_test(tcase, free_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(pipeline_suite());
}
