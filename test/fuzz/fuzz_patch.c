/* Anything as a payload whose times are moved and whose machine gets another number: only that is changed, JSON stays JSON, and
 * what was found is found again. */
#include "core/payload.h"
#include "replay/patch.h"
#include "require.h"
#include "json/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROOM ((size_t)1024 * 1024)

/* A machine, and what its clone is called (replay/fleet.h). */
static const struct {
    const char *machine;
    const char *clone;
} names[] = {{"VM-SH-001", "VM-SH-0104"},
             {"1001", "1002"},
             {"8688888888888888", "8688888888888888-1"},
             {"-9", "-10"},
             {"0", "1"}};

static bool is_json(struct span payload)
{
    const struct json_limits limits = {JSON_MAX_DEPTH, 100000};
    struct json_report report;
    return json_scan_bytes(payload_trim(payload), &limits, NULL, &report, NULL) == JSON_OK;
}

static void check_places(const struct replay_patch *patch, struct span payload)
{
    size_t end = 0;
    require(patch->count <= REPLAY_PATCH_MAX_PLACES, "places fit", payload);
    for (size_t i = 0; i < patch->count; i++) {
        const struct replay_patch_place *place = &patch->places[i];
        require(place->start >= end, "places stand in their order and apart", payload);
        end = place->start + place->len;
        require(end <= payload.len, "places are within the payload", payload);
    }
}

/* The bytes between the places are those of the payload. */
static void check_between(const struct replay_patch *before, struct span payload, const struct replay_patch *after,
                          struct span changed)
{
    size_t from = 0;
    size_t to = 0;
    for (size_t i = 0; i < before->count; i++) {
        const struct replay_patch_place *was = &before->places[i];
        const struct replay_patch_place *is = &after->places[i];
        size_t quote = was->is_bare && !is->is_bare ? 1 : 0;
        struct span old = {payload.ptr + from, was->start - from};
        struct span new = {changed.ptr + to, is->start - quote - to};
        require(span_equal(old, new), "nothing else is changed", payload);
        from = was->start + was->len;
        to = is->start + is->len + quote;
    }
    require(payload.len - from == changed.len - to, "nothing else is changed", payload);
    require(payload.len == from || memcmp(payload.ptr + from, changed.ptr + to, payload.len - from) == 0,
            "nothing else is changed", payload);
}

static const struct mapping *mapping(void)
{
    static struct mapping *made;
    made = made ? made : mapping_new();
    require(made != NULL, "there is memory", SPAN_LITERAL("the mapping"));
    return made;
}

static bool names_machine(enum message_kind kind, const char *machine, struct span payload)
{
    struct replay_patch patch;
    bool is_named = false;
    replay_patch_find(mapping(), kind, span_of(machine), payload, &patch);
    for (size_t i = 0; i < patch.count; i++) {
        is_named = is_named || patch.places[i].kind == REPLAY_PATCH_DEVICE;
    }
    return is_named;
}

static void check(enum message_kind kind, size_t name, int64_t shift_ns, struct span payload)
{
    struct replay_patch patch;
    struct replay_patch again;
    struct buf out;
    buf_init(&out, ROOM);
    replay_patch_find(mapping(), kind, span_of(names[name].machine), payload, &patch);
    check_places(&patch, payload);
    require(replay_patch_apply(&patch, payload, 0, (struct span){"", 0}, &out) == 0 &&
                span_equal(buf_view(&out), payload),
            "nothing to change changes nothing", payload);
    buf_truncate(&out, 0);
    size_t unmoved = replay_patch_apply(&patch, payload, shift_ns, span_of(names[name].clone), &out);
    size_t most = patch.batch_reason == REJECT_NONE ? patch.count : payload.len;
    require(!out.failed && unmoved <= most, "there is room, and no time counts twice", payload);
    require(is_json(payload) == is_json(buf_view(&out)), "JSON stays JSON", payload);
    if (!names_machine(kind, names[name].clone, payload)) { /* or there would be more of it */
        replay_patch_find(mapping(), kind, span_of(names[name].clone), buf_view(&out), &again);
        require(again.count == patch.count && again.batch_reason == patch.batch_reason, "what was found is found again",
                payload);
    }
    if (patch.batch_reason == REJECT_NONE && !names_machine(kind, names[name].clone, payload)) {
        check_between(&patch, payload, &again, buf_view(&out));
    }
    buf_free(&out);
}

/* A byte of kind, one of machine, eight of shift, then the payload. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = {(const char *)data, size};
    enum message_kind kind = (enum message_kind)(require_take(&input, 1) % MESSAGE_KINDS);
    size_t name = require_take(&input, 1) % COUNT(names);
    int64_t shift_ns = (int64_t)require_take(&input, 8);
    char *block = require_copy(input);
    check(kind, name, shift_ns, (struct span){block, input.len});
    free(block);
    return 0;
}
