#include "replay/patch.h"

#include "base/ascii.h"
#include "core/batch.h"
#include "core/payload.h"
#include "core/topic.h"
#include "replay/retime.h"
#include "json/read.h"
#include "json/scan.h"

#define MAX_VALUES 100000 /* of a payload that is looked into; more is no device's */
#define ESCAPED_BYTES 6   /* of one character as \uXXXX */

/* Times beside the mapping's: they are in a message's data, so no column is made of them. */
static const char *const more_times[MESSAGE_KINDS] = {[MESSAGE_EVENTS] = "data.timestamp"};

/* The text of a number or of a string, quotes left out. */
static bool is_scalar(struct span value, struct span *text)
{
    bool is_string = value.len >= 2 && value.ptr[0] == '"';
    bool is_number = value.len > 0 && (value.ptr[0] == '-' || ascii_is_digit(value.ptr[0]));
    *text = is_string ? (struct span){value.ptr + 1, value.len - 2} : value;
    return is_string || is_number;
}

static bool is_device(struct span text, struct span device_no)
{
    char plain[ESCAPED_BYTES * DEVICE_NO_MAX_BYTES];
    if (text.len > sizeof plain) {
        return false;
    }
    size_t len = json_read_string(text, plain);
    return span_equal((struct span){plain, len}, device_no);
}

/* Keeps the places in order; one that is found by two paths counts once. */
static void add_place(struct replay_patch *patch, struct replay_patch_place place)
{
    size_t at = patch->count;
    while (at > 0 && patch->places[at - 1].start >= place.start) {
        at--;
    }
    bool is_known = at < patch->count && patch->places[at].start == place.start;
    if (is_known || patch->count == REPLAY_PATCH_MAX_PLACES) {
        return;
    }
    memmove(patch->places + at + 1, patch->places + at, (patch->count - at) * sizeof *patch->places);
    patch->places[at] = place;
    patch->count++;
}

static void look_at(const char *path, enum replay_patch_kind kind, struct span device_no, struct span payload,
                    struct replay_patch *out)
{
    struct span value;
    struct span text;
    if (!json_read_find(payload, path, &value) || !is_scalar(value, &text)) {
        return;
    }
    if (kind == REPLAY_PATCH_TIME ? text.len > 0 : is_device(text, device_no)) {
        add_place(out,
                  (struct replay_patch_place){(size_t)(text.ptr - payload.ptr), text.len, kind, text.ptr == value.ptr});
    }
}

/* In one object, which the scan has passed. */
static void find_places(const struct mapping *mapping, enum message_kind kind, struct span device_no, struct span body,
                        struct replay_patch *out)
{
    const struct table_map *table = &mapping->tables[kind];
    for (size_t i = 0; i < table->time_count; i++) {
        look_at(table->time[i].text, REPLAY_PATCH_TIME, device_no, body, out);
    }
    if (more_times[kind]) {
        look_at(more_times[kind], REPLAY_PATCH_TIME, device_no, body, out);
    }
    for (size_t i = 0; i < table->device_no_count; i++) {
        look_at(table->device_no[i].text, REPLAY_PATCH_DEVICE, device_no, body, out);
    }
}

static bool is_json(struct span text)
{
    const struct json_limits limits = {JSON_MAX_DEPTH, MAX_VALUES};
    struct json_report report;
    return json_scan_bytes(text, &limits, NULL, &report, NULL) == JSON_OK;
}

void replay_patch_find(const struct mapping *mapping, enum message_kind kind, struct span device_no,
                       struct span payload, struct replay_patch *out)
{
    struct span body = payload_trim(payload);
    struct batch batch;
    *out = (struct replay_patch){.mapping = mapping, .kind = kind, .device_no = device_no};
    bool is_whole = is_json(body);
    if (is_whole && body.ptr[0] == '{') {
        find_places(mapping, kind, device_no, body, out);
        for (size_t i = 0; i < out->count; i++) {
            out->places[i].start += (size_t)(body.ptr - payload.ptr);
        }
        return;
    }
    enum reject reason = is_whole ? REJECT_NOT_AN_OBJECT : REJECT_INVALID_JSON;
    out->batch_reason = batch_begin(&batch, body, reason) ? reason : REJECT_NONE;
}

/* false = it stays as it is. */
static bool put_time(struct span text, int64_t shift_ns, struct buf *out)
{
    char moved[REPLAY_RETIME_MAX_BYTES];
    size_t len;
    bool ok = replay_retime(text, shift_ns, moved, &len);
    buf_span(out, ok ? (struct span){moved, len} : text);
    return ok || shift_ns == 0;
}

/* The name of a clone need not be a number where the machine's is one. */
static void put_device(const struct replay_patch_place *place, struct span device_no, struct buf *out)
{
    const char *quote = place->is_bare && !is_json(device_no) ? "\"" : "";
    buf_text(out, quote);
    buf_span(out, device_no);
    buf_text(out, quote);
}

static size_t apply_places(const struct replay_patch *patch, struct span payload, int64_t shift_ns,
                           struct span device_no, struct buf *out)
{
    size_t copied = 0;
    size_t unmoved = 0;
    for (size_t i = 0; i < patch->count; i++) {
        const struct replay_patch_place *place = &patch->places[i];
        struct span text = {payload.ptr + place->start, place->len};
        buf_bytes(out, payload.ptr + copied, place->start - copied);
        if (place->kind == REPLAY_PATCH_TIME) {
            unmoved += put_time(text, shift_ns, out) ? 0 : 1;
        } else if (device_no.len > 0) {
            put_device(place, device_no, out);
        } else {
            buf_span(out, text);
        }
        copied = place->start + place->len;
    }
    buf_bytes(out, payload.ptr + copied, payload.len - copied);
    return unmoved;
}

/* What stands between the messages stays, too. */
static size_t apply_batch(const struct replay_patch *patch, struct span payload, int64_t shift_ns,
                          struct span device_no, struct buf *out)
{
    struct batch batch;
    struct span message;
    size_t copied = 0;
    size_t unmoved = 0;
    bool is_batch = batch_begin(&batch, payload_trim(payload), patch->batch_reason);
    while (is_batch && batch_next(&batch, &message)) {
        struct replay_patch one = {.count = 0};
        size_t start = (size_t)(message.ptr - payload.ptr);
        if (message.len > 0 && message.ptr[0] == '{' && is_json(message)) {
            find_places(patch->mapping, patch->kind, patch->device_no, message, &one);
        }
        buf_bytes(out, payload.ptr + copied, start - copied);
        unmoved += apply_places(&one, message, shift_ns, device_no, out);
        copied = start + message.len;
    }
    buf_bytes(out, payload.ptr + copied, payload.len - copied);
    return unmoved;
}

size_t replay_patch_apply(const struct replay_patch *patch, struct span payload, int64_t shift_ns,
                          struct span device_no, struct buf *out)
{
    return patch->batch_reason == REJECT_NONE ? apply_places(patch, payload, shift_ns, device_no, out)
                                              : apply_batch(patch, payload, shift_ns, device_no, out);
}
