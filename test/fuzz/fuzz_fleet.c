/* Any machines, and any number of them with their clones: as many as were asked for, and no two of one name. */
#include "core/topic.h"
#include "replay/fleet.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_NAMES 300

struct name {
    char text[DEVICE_NO_MAX_BYTES];
    size_t len;
};

/* A topic names machines, and nothing else comes here. */
static struct span machine_of(struct span text)
{
    static char topic[128];
    int len = snprintf(topic, sizeof topic, "v1/%.*s", (int)(text.len < 100 ? text.len : 100), text.ptr);
    return topic_device_no((struct span){topic, (size_t)len}, SPAN_LITERAL("v1"));
}

static void add_machines(struct replay_fleet *fleet, struct span lines)
{
    while (lines.len > 0 && replay_fleet_count(fleet) < MAX_NAMES) {
        const char *end = memchr(lines.ptr, '\n', lines.len);
        size_t len = end ? (size_t)(end - lines.ptr) : lines.len;
        struct span machine = machine_of((struct span){lines.ptr, len});
        size_t before = replay_fleet_count(fleet);
        size_t at = 0;
        if (machine.len > 0) {
            bool is_known = replay_fleet_find(fleet, machine, &at);
            require(replay_fleet_add(fleet, machine), "a machine is taken", machine);
            require(replay_fleet_count(fleet) == before + (is_known ? 0 : 1), "a machine counts once", machine);
            require(replay_fleet_find(fleet, machine, &at) && at <= before, "a machine is found", machine);
        }
        lines = span_after(lines, end ? len + 1 : len);
    }
}

static struct span view(const struct name *name)
{
    return (struct span){name->text, name->len};
}

static int compare(const void *left, const void *right)
{
    const struct name *a = left;
    const struct name *b = right;
    int order = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
    return order != 0 || a->len == b->len ? order : a->len < b->len ? -1 : 1;
}

static void check_names(const struct replay_fleet *fleet, size_t wanted)
{
    static struct name names[MAX_NAMES];
    size_t count = 0;
    for (size_t machine = 0; machine < replay_fleet_count(fleet); machine++) {
        size_t copies = replay_fleet_copies(fleet, machine);
        require(copies <= replay_fleet_max_copies(fleet), "the most copies are the most", SPAN_LITERAL("the fleet"));
        for (size_t copy = 0; copy < copies; copy++) {
            struct name *name = &names[count++];
            require(count <= wanted, "no more machines than were asked for", SPAN_LITERAL("the fleet"));
            name->len = replay_fleet_name(fleet, machine, copy, name->text);
            require(name->len <= DEVICE_NO_MAX_BYTES && machine_of(view(name)).len == name->len,
                    "it is a machine's name", view(name));
        }
    }
    require(count == wanted || replay_fleet_count(fleet) == 0, "as many machines as were asked for",
            SPAN_LITERAL("the fleet"));
    qsort(names, count, sizeof names[0], compare);
    for (size_t i = 1; i < count; i++) {
        require(compare(&names[i - 1], &names[i]) != 0, "no two machines have one name", view(&names[i]));
    }
    for (size_t i = 0; i < count; i++) {
        size_t machine;
        require(!replay_fleet_find(fleet, view(&names[i]), &machine) || replay_fleet_copies(fleet, machine) > 0,
                "no clone has the name of a machine that is left out", view(&names[i]));
    }
}

/* Two bytes say how many machines there are to be; then a machine a line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = {(const char *)data, size};
    struct err err = {0};
    struct replay_fleet *fleet = replay_fleet_new();
    require(fleet != NULL, "there is memory", input);
    size_t wanted = require_take(&input, 2) % MAX_NAMES + 1;
    add_machines(fleet, input);
    if (replay_fleet_set_size(fleet, wanted, &err)) {
        check_names(fleet, wanted);
    } else {
        require(err.text[0] != '\0', "a refusal has a reason", input);
    }
    replay_fleet_free(fleet);
    return 0;
}
