/* Entries in and out of a small schedule, in any order: the one that is due comes, whole, as in a plain list. */
#include <stdalign.h>

#include "replay/schedule.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RING_BYTES 2048
#define MAX_ENTRIES 16
#define HEADER_BYTES 128 /* more than an entry takes beside its own bytes */

struct listed {
    uint64_t number;
    int64_t time_ns, step_ns;
    size_t copy, copies, size;
};

struct list {
    struct listed entries[MAX_ENTRIES];
    size_t count;
    uint64_t added;
};

static const struct span nothing = {"", 0};

static char byte_of(const struct listed *entry)
{
    return (char)(entry->number * 37 + entry->size);
}

static void add(struct replay_schedule *schedule, struct list *list, struct span *input)
{
    struct listed entry = {.number = list->added};
    entry.time_ns = (int64_t)require_take(input, 1);
    entry.step_ns = (int64_t)require_take(input, 1) % 8;
    entry.copies = 1 + require_take(input, 1) % 4;
    entry.size = require_take(input, 2) % (RING_BYTES + 64);
    char *room = replay_schedule_add(schedule, entry.time_ns, entry.copies, entry.step_ns, entry.size);
    if (!room) {
        require(list->count > 0 || entry.size + HEADER_BYTES > RING_BYTES, "in an empty schedule there is room",
                nothing);
        return;
    }
    require(list->count < MAX_ENTRIES, "no more entries than are allowed", nothing);
    require((uintptr_t)room % alignof(max_align_t) == 0, "an entry is aligned", nothing);
    memset(room, byte_of(&entry), entry.size);
    list->entries[list->count++] = entry;
    list->added++;
}

static struct listed *first_of(struct list *list)
{
    struct listed *first = NULL;
    for (size_t i = 0; i < list->count; i++) {
        struct listed *one = &list->entries[i];
        bool is_earlier =
            first && (one->time_ns < first->time_ns || (one->time_ns == first->time_ns && one->number < first->number));
        first = !first || is_earlier ? one : first;
    }
    return first;
}

static bool check_next(const struct replay_schedule *schedule, struct list *list)
{
    struct replay_schedule_item next;
    const struct listed *want = first_of(list);
    bool is_there = replay_schedule_next(schedule, &next);
    require(is_there == (want != NULL), "what is there comes", nothing);
    if (!want) {
        return false;
    }
    const char *bytes = next.entry;
    require(next.time_ns == want->time_ns && next.copy == want->copy, "the first comes first", nothing);
    for (size_t i = 0; i < want->size; i++) {
        require(bytes[i] == byte_of(want), "an entry stays as it was put in", nothing);
    }
    return true;
}

static void take(struct replay_schedule *schedule, struct list *list)
{
    if (!check_next(schedule, list)) {
        return;
    }
    struct listed *first = first_of(list);
    replay_schedule_done(schedule);
    first->time_ns += first->step_ns;
    if (++first->copy == first->copies) {
        *first = list->entries[--list->count];
    }
}

/* A byte says what is done; an entry takes five more. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = {(const char *)data, size};
    struct list list = {.count = 0};
    struct replay_schedule *schedule = replay_schedule_new(RING_BYTES, MAX_ENTRIES);
    require(schedule != NULL, "there is memory", nothing);
    while (input.len > 0) {
        if (require_take(&input, 1) % 2 == 0) {
            add(schedule, &list, &input);
        } else {
            take(schedule, &list);
        }
        (void)check_next(schedule, &list);
    }
    while (list.count > 0) {
        take(schedule, &list);
    }
    (void)check_next(schedule, &list);
    replay_schedule_free(schedule);
    return 0;
}
