#include "core/pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/macros.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "core/columns.h"
#include "core/payload.h"
#include "core/redelivery.h"
#include "core/topic.h"
#include "lp/decode.h"
#include "json/repair.h"

/* What is not JSON or row text of one record: anomalies, canonical names, digits. */
#define ARENA_SPARE_BYTES 65536

struct pipeline {
    const struct settings *settings;
    const struct mapping *mapping;
    struct span topic_tag, topic_prefix, payload_field;
    struct lp_sink sink;
    pipeline_on_reject *on_reject;
    void *on_reject_ctx;
    struct arena arena;
    struct lookup *lookups[MESSAGE_KINDS]; /* one for each table */
    struct redelivery *redelivery;
    struct stats stats;
    struct lp_row row;
};

/* One message on its way; kind and device_no are known only below our prefix. */
struct arrival {
    struct span topic;                   /* empty if not known */
    struct span bytes;                   /* the payload, or what stands for it in vm_rejected */
    size_t size;                         /* bytes that it had before anything was cut */
    const struct properties *properties; /* NULL = none are known */
    struct span device_no;
    enum message_kind kind;
    int64_t time_ns;
};

/* Room for every copy that one record can need: its strings without their escapes and its topic, the
 * decoded base64, the repaired payload and texts out of it, or the base64 of what is rejected. */
static size_t arena_size(const struct settings *settings)
{
    return 2 * settings->max_line + 2 * JSON_REPAIR_BYTES(settings->max_payload) + ARENA_SPARE_BYTES;
}

struct pipeline *pipeline_new(const struct settings *settings, const struct mapping *mapping, struct lp_sink sink,
                              struct siphash_key window_key, pipeline_on_reject *on_reject, void *on_reject_ctx)
{
    struct pipeline *pipeline = calloc(1, sizeof *pipeline);
    if (!pipeline) {
        return NULL;
    }
    pipeline->settings = settings;
    pipeline->mapping = mapping;
    pipeline->topic_tag = span_of(settings->topic_tag);
    pipeline->topic_prefix = span_of(settings->topic_prefix);
    pipeline->payload_field = span_of(settings->payload_field);
    pipeline->sink = sink;
    pipeline->on_reject = on_reject;
    pipeline->on_reject_ctx = on_reject_ctx;
    bool have_lookups = true;
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        pipeline->lookups[kind] = lookup_new(&mapping->tables[kind]);
        have_lookups = have_lookups && pipeline->lookups[kind];
    }
    pipeline->redelivery = redelivery_new(settings->dedup_window, settings->dedup_age_ns, window_key);
    if (!arena_init(&pipeline->arena, arena_size(settings)) || !have_lookups || !pipeline->redelivery) {
        pipeline_free(pipeline);
        return NULL;
    }
    return pipeline;
}

void pipeline_free(struct pipeline *pipeline)
{
    if (pipeline) {
        arena_free(&pipeline->arena);
        for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
            lookup_free(pipeline->lookups[kind]);
        }
        redelivery_free(pipeline->redelivery);
        free(pipeline);
    }
}

/* ---- rejected ---- */

/* Text that PostgreSQL takes, from whatever a topic holds; empty when there is no memory for it. */
static struct span storable(struct pipeline *pipeline, struct span text)
{
    if (utf8_is_storable(text)) {
        return text;
    }
    char *out = arena_alloc(&pipeline->arena, 3 * text.len);
    return (struct span){out, out ? utf8_sanitise(text, out) : 0};
}

static void add_payload(struct pipeline *pipeline, struct span bytes, size_t size)
{
    struct lp_row *row = &pipeline->row;
    const char *encoding = "text";
    if (!utf8_is_storable(bytes)) {
        char *out = arena_alloc(&pipeline->arena, BASE64_ENCODED_BYTES(bytes.len));
        bytes = (struct span){out, out ? base64_encode(bytes, out) : 0};
        encoding = "base64";
    }
    lp_row_field(row, "payload", lp_value_text(bytes));
    lp_row_field(row, "payload_encoding", lp_value_text(span_of(encoding)));
    lp_row_field(row, "payload_size", lp_value_int((int64_t)size));
}

static void reject(struct pipeline *pipeline, const struct arrival *arrival, enum reject reason, const char *detail)
{
    struct lp_row *row = &pipeline->row;
    struct span kept = arrival->bytes;
    if (kept.len > pipeline->settings->max_payload) {
        kept.len = pipeline->settings->max_payload;
        size_t valid = utf8_invalid_at(kept);
        /* no half character at the cut */
        kept.len = kept.len - valid < UTF8_MAX_BYTES ? valid : kept.len;
    }
    int64_t id = redelivery_message_id(arrival->topic, kept);

    lp_row_begin(row, "vm_rejected", arrival->time_ns);
    lp_row_tag(row, "device_no", arrival->device_no);
    if (arrival->topic.len > 0) {
        lp_row_field(row, "topic", lp_value_text(storable(pipeline, arrival->topic)));
    }
    lp_row_field(row, "reason", lp_value_text(span_of(reject_name(reason))));
    lp_row_field(row, "detail", lp_value_text(span_of(detail)));
    add_payload(pipeline, kept, arrival->size);
    lp_row_field(row, "message_id", lp_value_int(id));

    pipeline->stats.rejected[reason]++;
    pipeline->sink.row(pipeline->sink.ctx, row);
    if (pipeline->on_reject) {
        pipeline->on_reject(pipeline->on_reject_ctx, reason, arrival->topic, detail);
    }
}

/* ---- one message ---- */

/* Does the status in the row, whose bytes were seen before, hold the moment at which it was
 * written? */
static bool is_dated_duplicate(struct pipeline *pipeline, const struct arrival *arrival)
{
    if (arrival->kind != MESSAGE_STATUS) {
        return false;
    }
    const struct settings *settings = pipeline->settings;
    const struct lp_value *device_ts = lp_row_find(&pipeline->row, "device_ts");
    return device_ts &&
           timestamp_is_within(device_ts->as.i, arrival->time_ns, settings->max_age_ns, settings->max_ahead_ns) &&
           redelivery_is_dated_repeat(pipeline->redelivery, arrival->topic, arrival->bytes, arrival->time_ns);
}

/* Gives the row to the sink and counts it, or counts a duplicate; or says why there is no row. */
static enum reject fill_row(struct pipeline *pipeline, const struct arrival *arrival, struct err *err)
{
    const struct settings *settings = pipeline->settings;
    const struct json_limits limits = {settings->max_depth, settings->max_values};
    const struct time_window window = {settings->max_age_ns, settings->max_ahead_ns};
    bool has_id = arrival->kind != MESSAGE_TELEMETRY;
    const struct message message = {
        .kind = arrival->kind,
        .device_no = arrival->device_no,
        .arrival_ns = arrival->time_ns,
        .message_id = has_id ? redelivery_message_id(arrival->topic, arrival->bytes) : 0,
        .properties = arrival->properties,
    };
    if (arrival->bytes.len == 0) {
        err_set(err, 0, "the payload is empty");
        return REJECT_EMPTY_PAYLOAD;
    }
    if (arrival->bytes.len > settings->max_payload) {
        err_set(err, 0, "%zu bytes, at most %zu are taken", arrival->bytes.len, settings->max_payload);
        return REJECT_PAYLOAD_TOO_LARGE;
    }
    struct payload payload;
    enum reject reason =
        payload_parse(arrival->bytes, &limits, pipeline->lookups[arrival->kind], &pipeline->arena, &payload, err);
    if (reason != REJECT_NONE) {
        return reason;
    }
    struct filling filling;
    reason =
        columns_fill(pipeline->mapping, &window, &message, &payload, &pipeline->arena, &pipeline->row, &filling, err);
    if (reason == REJECT_NONE && is_dated_duplicate(pipeline, arrival)) {
        pipeline->stats.duplicates++;
    } else if (reason == REJECT_NONE) {
        pipeline->sink.row(pipeline->sink.ctx, &pipeline->row);
        pipeline->stats.rows[arrival->kind]++;
        pipeline->stats.anomalies += filling.anomalies;
        if (filling.device_timed) {
            stats_lag(&pipeline->stats, arrival->time_ns, pipeline->row.time_ns);
        }
    }
    return reason;
}

static void describe(const struct err *err, char *out, size_t size)
{
    if (err->pos > 0) {
        snprintf(out, size, "%s (byte %zu)", err->text, err->pos);
    } else {
        snprintf(out, size, "%s", err->text);
    }
}

/* arrival holds topic, bytes (trimmed), size and time; everything else is found here. */
static void handle(struct pipeline *pipeline, struct arrival *arrival)
{
    struct err err;
    err_clear(&err);
    enum reject reason = topic_parse(arrival->topic, pipeline->topic_prefix, &arrival->device_no, &arrival->kind);
    if (reason == REJECT_UNKNOWN_TOPIC) {
        arrival->kind = MESSAGE_KINDS;
        err_set(&err, 0, "the topic is not %s/{device_no}/{telemetry|events|status}", pipeline->settings->topic_prefix);
    } else if (reason == REJECT_BAD_DEVICE_NO) {
        err_set(&err, 0, "device_no must be 1 to %d characters of A-Z a-z 0-9 . _ : -", DEVICE_NO_MAX_BYTES);
    }
    if (redelivery_is_repeat(pipeline->redelivery, arrival->kind, arrival->topic, arrival->bytes, arrival->time_ns)) {
        pipeline->stats.duplicates++;
        return;
    }
    if (reason == REJECT_NONE) {
        reason = fill_row(pipeline, arrival, &err);
    }
    if (reason == REJECT_NONE) {
        return;
    }
    char detail[ERR_TEXT_BYTES + 32];
    describe(&err, detail, sizeof detail);
    reject(pipeline, arrival, reason, detail);
}

void pipeline_message(struct pipeline *pipeline, struct span topic, struct span payload,
                      const struct properties *properties, int64_t arrival_ns)
{
    struct arrival arrival = {
        .topic = topic,
        .bytes = payload_trim(payload),
        .size = payload.len,
        .properties = properties,
        .time_ns = arrival_ns,
    };
    pipeline->stats.received++;
    handle(pipeline, &arrival);
    arena_reset(&pipeline->arena);
}

void pipeline_reject(struct pipeline *pipeline, enum reject reason, struct span bytes, const char *detail,
                     int64_t now_ns)
{
    struct arrival arrival = {.bytes = bytes, .size = bytes.len, .time_ns = now_ns};
    pipeline->stats.received++;
    reject(pipeline, &arrival, reason, detail);
    arena_reset(&pipeline->arena);
}

void pipeline_oversized(struct pipeline *pipeline, struct span head, uint64_t total_size, int64_t now_ns)
{
    char detail[ERR_TEXT_BYTES];
    snprintf(detail, sizeof detail, "a line of %" PRIu64 " bytes, at most %zu are taken", total_size,
             pipeline->settings->max_line);
    struct arrival arrival = {.bytes = head, .size = (size_t)total_size, .time_ns = now_ns};
    pipeline->stats.received++;
    reject(pipeline, &arrival, REJECT_LINE_TOO_LONG, detail);
    arena_reset(&pipeline->arena);
}

/* ---- one record of line protocol ---- */

struct decoded {
    struct span topic;   /* escaped as it came; ptr NULL = no such tag */
    struct span payload; /* ptr NULL = no such string field */
    int64_t time_ns;
};

/* Walks the whole record, since what is passed on must be well formed too. */
static enum lp_decode_piece decode(struct pipeline *pipeline, struct span record, struct decoded *out, struct err *err)
{
    struct lp_decode_cursor cursor;
    struct lp_decode_item item;
    /* there is room: see arena_size() */
    char *text = arena_alloc(&pipeline->arena, record.len + 1);
    if (!text) {
        err_set(err, 0, "no memory for the record");
        return LP_DECODE_ERROR;
    }
    lp_decode_begin(&cursor, record, text);
    for (;;) {
        enum lp_decode_piece piece = lp_decode_next(&cursor, &item, err);
        switch (piece) {
        case LP_DECODE_MEASUREMENT:
            break;
        case LP_DECODE_TAG:
            if (lp_decode_name_equal(item.key, pipeline->topic_tag)) {
                out->topic = item.raw;
            }
            break;
        case LP_DECODE_FIELD:
            if (item.value.type == LP_VALUE_TEXT && lp_decode_name_equal(item.key, pipeline->payload_field)) {
                out->payload = item.value.as.text;
            }
            break;
        case LP_DECODE_TIME:
            out->time_ns = item.value.as.i;
            break;
        case LP_DECODE_END:
        case LP_DECODE_BLANK:
        case LP_DECODE_ERROR:
            return piece;
        }
    }
}

/* The payload's bytes from the field's text: REJECT_NONE, or why not. */
static enum reject unpack(struct pipeline *pipeline, struct span text, struct span *bytes, struct err *err)
{
    *bytes = text;
    if (!text.ptr) {
        *bytes = (struct span){"", 0};
        err_set(err, 0, "no string field \"%s\"", pipeline->settings->payload_field);
        return REJECT_NO_PAYLOAD;
    }
    if (pipeline->settings->payload_encoding == PAYLOAD_PLAIN) {
        return REJECT_NONE;
    }
    char *decoded = arena_alloc(&pipeline->arena, BASE64_DECODED_BYTES(text.len));
    size_t len = 0;
    size_t bad_pos = 0;
    if (!decoded) {
        err_set(err, 0, "no memory for the payload");
        return REJECT_OUT_OF_MEMORY;
    }
    if (!base64_decode(text, decoded, &len, &bad_pos)) {
        err_set(err, bad_pos, "not base64");
        return REJECT_BAD_BASE64;
    }
    *bytes = (struct span){decoded, len};
    return REJECT_NONE;
}

/* A record whose topic is ours. */
static void handle_record(struct pipeline *pipeline, struct span record, struct span topic,
                          const struct decoded *decoded)
{
    struct err err;
    struct span bytes;
    err_clear(&err);
    enum reject reason = unpack(pipeline, decoded->payload, &bytes, &err);
    if (reason == REJECT_NONE) {
        struct arrival arrival = {
            .topic = topic,
            .bytes = payload_trim(bytes),
            .size = bytes.len,
            .time_ns = decoded->time_ns,
        };
        handle(pipeline, &arrival);
        return;
    }
    struct span kept = decoded->payload.ptr ? bytes : span_without_newline(record);
    struct arrival arrival = {.topic = topic,
                              .bytes = kept,
                              .size = kept.len,
                              .device_no = topic_device_no(topic, pipeline->topic_prefix),
                              .time_ns = decoded->time_ns};
    char detail[ERR_TEXT_BYTES + 32];
    describe(&err, detail, sizeof detail);
    reject(pipeline, &arrival, reason, detail);
}

void pipeline_record(struct pipeline *pipeline, struct span record, int64_t now_ns)
{
    struct err err;
    struct decoded decoded = {.time_ns = now_ns};
    err_clear(&err);
    enum lp_decode_piece piece = decode(pipeline, record, &decoded, &err);
    if (piece == LP_DECODE_BLANK) {
        return;
    }
    if (piece == LP_DECODE_ERROR) {
        char detail[ERR_TEXT_BYTES + 32];
        describe(&err, detail, sizeof detail);
        pipeline_reject(pipeline, REJECT_NOT_LINE_PROTOCOL, span_without_newline(record), detail, now_ns);
        return;
    }
    char *topic = decoded.topic.ptr ? arena_alloc(&pipeline->arena, decoded.topic.len + 1) : NULL;
    struct span plain = {topic, topic ? lp_decode_name(decoded.topic, topic) : 0};
    pipeline->stats.received++;
    if (topic_is_ours(plain, pipeline->topic_prefix)) {
        handle_record(pipeline, record, plain, &decoded);
    } else {
        pipeline->stats.passed++;
        pipeline->sink.raw(pipeline->sink.ctx, record);
    }
    arena_reset(&pipeline->arena);
}

struct stats pipeline_take_stats(struct pipeline *pipeline)
{
    struct stats taken = pipeline->stats;
    pipeline->stats = (struct stats){0};
    return taken;
}
