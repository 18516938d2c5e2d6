#include "core/payload.h"

#include "json/repair.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

struct span payload_trim(struct span bytes)
{
    const struct span mark = SPAN_LITERAL(BYTE_ORDER_MARK);
    for (;;) {
        bytes = span_trim_padding(bytes);
        if (span_starts_with(bytes, mark)) {
            bytes = span_after(bytes, mark.len);
        } else if (span_ends_with(bytes, mark)) {
            bytes.len -= mark.len;
        } else {
            return bytes;
        }
    }
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

/* Text as a jsonb column takes it. Empty = the arena is full. */
static struct span repair(struct span bytes, struct arena *arena)
{
    char *space = arena_alloc(arena, JSON_REPAIR_BYTES(bytes.len));
    struct span repaired = {space, space ? json_repair_text(bytes, JSON_REPAIR_FOR_JSONB, space) : 0};
    if (space) {
        arena_shrink(arena, space, repaired.len);
    }
    return repaired;
}

enum reject payload_parse(struct span bytes, const struct json_limits *limits, struct lookup *lookup,
                          struct arena *arena, struct payload *out, struct err *err)
{
    *out = (struct payload){0};
    struct payload parsed = {.text = bytes, .lookup = lookup};
    enum reject reason = reject_of(lookup_scan(lookup, bytes, limits, &parsed.report, err));
    if (reason != REJECT_NONE) {
        return reason;
    }
    if (bytes.ptr[0] != '{') {
        err_set(err, 0, "the payload is JSON but not an object");
        return REJECT_NOT_AN_OBJECT;
    }
    if (arena && parsed.report.wide_numbers + parsed.report.bad_escapes + parsed.report.not_numbers > 0) {
        parsed.text = repair(bytes, arena);
        if (parsed.text.len == 0) {
            err_set(err, 0, "no memory to repair the payload");
            return REJECT_OUT_OF_MEMORY;
        }
    }
    *out = parsed;
    return REJECT_NONE;
}
