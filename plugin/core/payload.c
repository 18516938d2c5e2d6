#include "core/payload.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/number.h"
#include "json/repair.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

static bool is_padding(char c)
{
    return c == '\0' || ascii_is_space(c);
}

struct span payload_trim(struct span bytes)
{
    const struct span mark = SPAN_LITERAL(BYTE_ORDER_MARK);
    for (;;) {
        if (bytes.len > 0 && is_padding(bytes.ptr[0])) {
            bytes = span_after(bytes, 1);
        } else if (span_starts_with(bytes, mark)) {
            bytes = span_after(bytes, mark.len);
        } else {
            break;
        }
    }
    while (bytes.len > 0 && is_padding(bytes.ptr[bytes.len - 1])) {
        bytes.len--;
    }
    return bytes;
}

static bool repair(struct span bytes, enum json_repair_mode mode, struct arena *arena, struct span *out)
{
    char *space = arena_alloc(arena, JSON_REPAIR_BYTES(bytes.len));
    if (!space) {
        return false;
    }
    *out = (struct span){space, json_repair_text(bytes, mode, space)};
    arena_shrink(arena, space, out->len);
    return true;
}

static enum reject load(struct span text, struct payload *out, struct err *err)
{
    json_error_t error = {0};
    json_t *root = json_loadb(text.ptr, text.len, JSON_ALLOW_NUL, &error);
    if (!root) {
        /* json_scan_text has passed the text, so it is memory; jansson then says nothing, or calls
         * a token invalid. */
        err_set(err, 0, "no memory to parse the payload%s%s", error.text[0] != '\0' ? ": " : "", error.text);
        return REJECT_OUT_OF_MEMORY;
    }
    out->root = root;
    return REJECT_NONE;
}

static enum reject reject_of(enum json_status status)
{
    switch (status) {
    case JSON_OK:
        return REJECT_NONE;
    case JSON_INVALID_UTF8:
        return REJECT_INVALID_UTF8;
    case JSON_INVALID:
        return REJECT_INVALID_JSON;
    case JSON_TOO_DEEP:
        return REJECT_TOO_DEEP;
    case JSON_TOO_MANY_VALUES:
        return REJECT_TOO_MANY_VALUES;
    }
    return REJECT_INVALID_JSON;
}

enum reject payload_parse(struct span bytes, const struct json_limits *limits, struct arena *arena, struct payload *out,
                          struct err *err)
{
    *out = (struct payload){0};
    struct payload parsed = {.text = bytes};
    struct span for_parser = bytes;
    enum reject reason = reject_of(json_scan_text(bytes, limits, &parsed.report, err));
    if (reason != REJECT_NONE) {
        return reason;
    }
    if (bytes.ptr[0] != '{') {
        err_set(err, 0, "the payload is JSON but not an object");
        return REJECT_NOT_AN_OBJECT;
    }
    if (parsed.report.wide_numbers + parsed.report.bad_escapes > 0 &&
        (!repair(bytes, JSON_REPAIR_FOR_PARSER, arena, &for_parser) ||
         !repair(bytes, JSON_REPAIR_FOR_JSONB, arena, &parsed.text))) {
        err_set(err, 0, "no memory to repair the payload");
        return REJECT_OUT_OF_MEMORY;
    }
    reason = load(for_parser, &parsed, err);
    if (reason == REJECT_NONE) {
        *out = parsed;
    }
    return reason;
}

void payload_free(struct payload *payload)
{
    json_decref(payload->root);
    payload->root = NULL;
}

static struct json_value convert(const json_t *node)
{
    struct json_value value = {.kind = JSON_KIND_ABSENT};
    if (!node) {
        return value;
    }
    switch (json_typeof(node)) {
    case JSON_OBJECT:
        value.kind = JSON_KIND_OBJECT;
        value.count = json_object_size(node);
        break;
    case JSON_ARRAY:
        value.kind = JSON_KIND_ARRAY;
        value.count = json_array_size(node);
        break;
    case JSON_STRING:
        value.kind = JSON_KIND_TEXT;
        value.text = (struct span){json_string_value(node), json_string_length(node)};
        break;
    case JSON_INTEGER:
        value.kind = JSON_KIND_INT;
        value.i = json_integer_value(node);
        break;
    case JSON_REAL:
        value.kind = JSON_KIND_REAL;
        value.r = json_real_value(node);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        value.kind = JSON_KIND_BOOL;
        value.b = json_is_true(node);
        break;
    case JSON_NULL:
        value.kind = JSON_KIND_NULL;
        break;
    }
    return value;
}

struct json_value payload_get(const struct payload *payload, const struct path *path, size_t *used)
{
    const json_t *node = payload->root;
    size_t depth = 0;
    while (depth < path->count && node) {
        if (json_is_object(node)) {
            node = json_object_get(node, path->parts[depth].name);
        } else if (json_is_array(node)) {
            long index = path->parts[depth].index;
            node = index >= 0 ? json_array_get(node, (size_t)index) : NULL;
        } else {
            break;
        }
        depth++;
    }
    *used = depth;
    if (depth < path->count && node && json_is_null(node)) {
        node = NULL;
    }
    if (!node) {
        *used = path->count;
    }
    return convert(node);
}
