#include "core/pipeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/fingerprint.h"
#include "base/macros.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "core/batch.h"
#include "core/columns.h"
#include "core/dedup.h"
#include "core/diagnosis.h"
#include "core/payload.h"
#include "core/redelivery.h"
#include "core/standstill.h"
#include "core/status_word.h"
#include "core/topic.h"
#include "lp/decode.h"
#include "json/repair.h"

/* What is not JSON or row text of one record: anomalies, canonical names, digits. */
#define ARENA_SPARE_BYTES 65536
#define ZONELESS_MACHINES 4096 /* that are remembered as logged */

struct pipeline {
    const struct settings *settings;
    const struct mapping *mapping;
    struct span topic_tag, topic_prefix, payload_field;
    struct lp_sink sink;
    struct pipeline_callbacks callbacks;
    struct siphash_key window_key;
    struct time_window window;
    struct arena arena;
    struct lookup *lookups[MESSAGE_KINDS]; /* one for each kind */
    struct redelivery *redelivery;
    struct standstill *standstill;
    struct dedup *zoneless; /* machines that send times without a zone; NULL = a zone was chosen */
    struct stats stats;
    struct lp_row row;
};

/* One message on its way; kind and device_no are known only below our prefix. */
struct arrival {
    struct span topic;                   /* empty if not known */
    struct span bytes;                   /* the payload, or what stands for it in vm_rejected */
    size_t size;                         /* bytes that it had before anything was cut */
    const struct properties *properties; /* NULL = none are known */
    bool is_retained;
    struct span device_no;
    enum message_kind kind;
    struct redelivery_mark mark;
    int64_t time_ns;
};

/* What the texts of a row of that table can take: without their escapes, and in another form. */
static size_t text_bytes(const struct table_map *table)
{
    size_t bytes = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        bytes += 2 * table->columns[i].max_bytes;
    }
    return bytes;
}

/* Room for every copy that one record can need: its strings without their escapes and its topic, the
 * decoded base64, the repaired payload, a text out of it that is too long for its column and those
 * that are kept, or the base64 of what is rejected. */
static size_t arena_size(const struct settings *settings, const struct mapping *mapping)
{
    size_t texts = 0;
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        size_t bytes = text_bytes(&mapping->tables[kind]);
        texts = bytes > texts ? bytes : texts;
    }
    return 2 * settings->max_line + 2 * JSON_REPAIR_BYTES(settings->max_payload) + texts + ARENA_SPARE_BYTES;
}

struct pipeline *pipeline_new(const struct settings *settings, const struct mapping *mapping, struct lp_sink sink,
                              struct siphash_key window_key, const struct pipeline_callbacks *callbacks)
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
    pipeline->callbacks = callbacks ? *callbacks : (struct pipeline_callbacks){0};
    pipeline->window_key = window_key;
    pipeline->window = (struct time_window){settings->max_age_ns, settings->max_ahead_ns, 0};
    bool zone_is_chosen = settings->time_zone && settings->time_zone[0] != '\0' &&
                          timestamp_parse_offset(span_of(settings->time_zone), &pipeline->window.zone_s);
    bool have_lookups = true;
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        pipeline->lookups[kind] = lookup_new(&mapping->tables[kind]);
        have_lookups = have_lookups && pipeline->lookups[kind];
    }
    const struct redelivery_limits limits = {settings->dedup_window, settings->dedup_age_ns,
                                             settings->dedup_untimed_ns};
    pipeline->redelivery = redelivery_new(&limits, window_key);
    pipeline->standstill = standstill_new(settings->dedup_window);
    pipeline->zoneless = zone_is_chosen ? NULL : dedup_new(ZONELESS_MACHINES);
    if (!arena_init(&pipeline->arena, arena_size(settings, mapping)) || !have_lookups || !pipeline->redelivery ||
        !pipeline->standstill || (!zone_is_chosen && !pipeline->zoneless)) {
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
        standstill_free(pipeline->standstill);
        dedup_free(pipeline->zoneless);
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
    int64_t id = redelivery_message_id(arrival->topic, arrival->bytes);

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
    if (pipeline->callbacks.on_reject) {
        pipeline->callbacks.on_reject(pipeline->callbacks.ctx, reason, arrival->topic, detail);
    }
}

/* ---- one message ---- */

/* Counts a row whose time came without a zone, and says so once a machine. */
static void note_zoneless(struct pipeline *pipeline, const struct arrival *arrival)
{
    uint64_t device = siphash(pipeline->window_key, &arrival->device_no, 1);
    pipeline->stats.zoneless++;
    if (!dedup_seen(pipeline->zoneless, device, device, 0, 0) && pipeline->callbacks.on_zoneless) {
        pipeline->callbacks.on_zoneless(pipeline->callbacks.ctx, arrival->device_no);
    }
}

static enum redelivery_time redelivery_time_of(const struct filling *filling)
{
    if (filling->is_offline) {
        return REDELIVERY_OFFLINE;
    }
    return filling->time.is_trusted ? REDELIVERY_TIMED : REDELIVERY_UNTIMED;
}

/* A row that is filled: news, a repeat, or no news. */
static void finish_row(struct pipeline *pipeline, const struct arrival *arrival, const struct filling *filling)
{
    struct stats *stats = &pipeline->stats;
    if (arrival->is_retained && !filling->time.is_trusted) {
        stats->ignored++; /* who knows when that was */
        return;
    }
    if (redelivery_is_repeat(pipeline->redelivery, arrival->kind, redelivery_time_of(filling), arrival->mark,
                             arrival->time_ns)) {
        stats->duplicates++;
        return;
    }
    pipeline->sink.row(pipeline->sink.ctx, &pipeline->row);
    stats->rows[arrival->kind == MESSAGE_ACKS ? MESSAGE_EVENTS : arrival->kind]++;
    stats->anomalies += filling->anomalies;
    if (filling->time.is_trusted && !filling->is_offline) {
        stats_lag(stats, arrival->time_ns, filling->time.device_ns);
    }
    if (filling->time.is_zoneless && pipeline->zoneless) {
        note_zoneless(pipeline, arrival);
    }
}

/* What the payload holds; of a status also the word alone. */
static enum reject parse(struct pipeline *pipeline, const struct arrival *arrival, struct payload *payload,
                         struct err *err)
{
    const struct json_limits limits = {pipeline->settings->max_depth, pipeline->settings->max_values};
    struct lookup *lookup = pipeline->lookups[arrival->kind];
    bool is_stored = arrival->kind == MESSAGE_EVENTS || arrival->kind == MESSAGE_ACKS;
    struct arena *arena = is_stored ? &pipeline->arena : NULL;
    enum reject reason = payload_parse(arrival->bytes, &limits, lookup, arena, payload, err);
    if (arrival->kind == MESSAGE_STATUS && (reason == REJECT_NOT_AN_OBJECT || reason == REJECT_INVALID_JSON)) {
        struct span word = status_word_payload(pipeline->mapping, arrival->bytes, &pipeline->arena);
        return word.len > 0 ? payload_parse(word, &limits, lookup, arena, payload, err) : reason;
    }
    return reason;
}

/* Is it a repeat that need not be read? Then it is counted; else it has its mark from here on. */
static bool is_quick_repeat(struct pipeline *pipeline, struct arrival *arrival)
{
    if (arrival->kind == MESSAGE_TELEMETRY) {
        return false; /* which repeats nothing here, and has no mark */
    }
    arrival->mark = redelivery_mark_of(pipeline->redelivery, arrival->topic, arrival->bytes);
    bool is_quick = redelivery_is_quick(pipeline->redelivery, arrival->kind, arrival->mark, arrival->time_ns);
    pipeline->stats.duplicates += is_quick;
    return is_quick;
}

/* Makes a row of the message, or counts it, or says why it is rejected. */
static enum reject take(struct pipeline *pipeline, const struct arrival *arrival, struct err *err)
{
    bool has_id = arrival->kind != MESSAGE_TELEMETRY;
    struct payload payload;
    struct filling filling;
    enum reject reason = parse(pipeline, arrival, &payload, err);
    if (reason != REJECT_NONE) {
        return reason;
    }
    uint64_t key = pipeline->window_key.k0;
    const struct message message = {
        .kind = arrival->kind,
        .device_no = arrival->device_no,
        .arrival_ns = arrival->time_ns,
        .message_id = has_id ? redelivery_message_id(arrival->topic, arrival->bytes) : 0,
        .properties = arrival->properties,
        .standstill = pipeline->standstill,
        .device_mark = has_id ? 0 : fingerprint(key, arrival->device_no),
        .reading_mark = has_id ? 0 : fingerprint(key, arrival->bytes),
    };
    reason = columns_fill(pipeline->mapping, &pipeline->window, &message, &payload, &pipeline->arena, &pipeline->row,
                          &filling, err);
    if (reason == REJECT_NONE) {
        finish_row(pipeline, arrival, &filling);
    }
    return reason;
}

/* A message that makes no row, unless it is one that was rejected a moment ago. */
static void refuse(struct pipeline *pipeline, const struct arrival *arrival, enum reject reason, const struct err *err)
{
    if (redelivery_is_repeat(pipeline->redelivery, arrival->kind, REDELIVERY_UNTIMED, arrival->mark,
                             arrival->time_ns)) {
        pipeline->stats.duplicates++;
        return;
    }
    char detail[DIAGNOSIS_BYTES];
    diagnosis_write(reason, arrival->bytes, err, detail);
    reject(pipeline, arrival, reason, detail);
}

/* Each message of a batch on its own; all but the first are counted as received here. */
static void handle_batch(struct pipeline *pipeline, struct arrival *arrival, struct batch *batch)
{
    struct span bytes;
    struct err err;
    pipeline->stats.received--;
    while (batch_next(batch, &bytes)) {
        struct arrival one = *arrival;
        size_t used = pipeline->arena.used;
        one.bytes = payload_trim(bytes);
        one.size = bytes.len;
        pipeline->stats.received++;
        err_clear(&err);
        enum reject reason = is_quick_repeat(pipeline, &one) ? REJECT_NONE : take(pipeline, &one, &err);
        if (reason != REJECT_NONE) {
            refuse(pipeline, &one, reason, &err);
        }
        arena_rewind(&pipeline->arena, used);
    }
}

static void handle_payload(struct pipeline *pipeline, struct arrival *arrival)
{
    const struct settings *settings = pipeline->settings;
    enum reject reason = REJECT_NONE;
    struct batch batch;
    struct err err;
    err_clear(&err);
    if (is_quick_repeat(pipeline, arrival)) {
        return;
    }
    if (arrival->bytes.len == 0) {
        err_set(&err, 0, "the payload is empty");
        reason = REJECT_EMPTY_PAYLOAD;
    } else if (arrival->bytes.len > settings->max_payload) {
        err_set(&err, 0, "%zu bytes, at most %zu are taken", arrival->bytes.len, settings->max_payload);
        reason = REJECT_PAYLOAD_TOO_LARGE;
    } else {
        reason = take(pipeline, arrival, &err);
    }
    bool is_batch = reason != REJECT_NONE && batch_begin(&batch, arrival->bytes, reason);
    if (is_batch && batch.values <= settings->max_values) {
        handle_batch(pipeline, arrival, &batch);
        return;
    }
    if (is_batch) {
        reason = REJECT_TOO_MANY_VALUES;
        err_clear(&err);
        err_set(&err, 0, "a batch of more than %zu values", settings->max_values);
    }
    if (reason != REJECT_NONE) {
        refuse(pipeline, arrival, reason, &err);
    }
}

/* arrival holds topic, bytes (trimmed), size and time; everything else is found here. */
static void handle(struct pipeline *pipeline, struct arrival *arrival)
{
    struct err err;
    enum reject reason = topic_parse(arrival->topic, pipeline->topic_prefix, &arrival->device_no, &arrival->kind);
    bool is_cleared = arrival->kind == MESSAGE_STATUS && arrival->size == 0; /* by the broker's owner */
    err_clear(&err);
    if (reason == REJECT_UNKNOWN_TOPIC) {
        arrival->kind = MESSAGE_KINDS;
        err_set(&err, 0, "the topic is not %s/{device_no}/{telemetry|events|status}", pipeline->settings->topic_prefix);
        refuse(pipeline, arrival, reason, &err);
    } else if (reason == REJECT_BAD_DEVICE_NO) {
        err_set(&err, 0, "device_no must be 1 to %d characters of A-Z a-z 0-9 . _ : -", DEVICE_NO_MAX_BYTES);
        if (!is_quick_repeat(pipeline, arrival)) {
            refuse(pipeline, arrival, reason, &err);
        }
    } else if (arrival->kind == MESSAGE_COMMANDS || is_cleared) {
        pipeline->stats.ignored++;
    } else {
        handle_payload(pipeline, arrival);
    }
}

void pipeline_message(struct pipeline *pipeline, const struct pipeline_input *input)
{
    struct arrival arrival = {
        .topic = input->topic,
        .bytes = payload_trim(input->payload),
        .size = input->payload.len,
        .properties = input->properties,
        .is_retained = input->is_retained,
        .time_ns = input->arrival_ns,
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
    char detail[DIAGNOSIS_BYTES];
    diagnosis_write(reason, bytes, &err, detail);
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
        char detail[DIAGNOSIS_BYTES];
        diagnosis_write(REJECT_NOT_LINE_PROTOCOL, record, &err, detail);
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
