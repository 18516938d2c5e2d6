#include "replay/schedule.h"

#include <stdlib.h>

/* An entry in the ring, what is due of it, and the caller's bytes. */
struct entry {
    size_t size; /* of all, in the ring */
    uint64_t number;
    int64_t time_ns; /* of the next copy */
    int64_t step_ns;
    size_t copy;
    size_t copies;
    max_align_t bytes[];
};

/* Entries lie in the ring one behind the other, in the order they came, from `tail` on. The last
 * bytes before the ring's end stay unused when an entry does not fit there: then it wraps, and
 * `wrap` is where they begin. */
struct replay_schedule {
    char *ring;
    size_t size;
    size_t tail, head;
    size_t wrap;
    bool is_wrapped;
    size_t count;
    uint64_t added;
    struct entry **heap; /* those with a copy left, the first one on top */
    size_t heap_count;
    size_t max_entries;
};

struct replay_schedule *replay_schedule_new(size_t bytes, size_t max_entries)
{
    struct replay_schedule *schedule = calloc(1, sizeof *schedule);
    if (!schedule) {
        return NULL;
    }
    schedule->size = bytes;
    schedule->max_entries = max_entries;
    schedule->ring = malloc(bytes);
    schedule->heap = calloc(max_entries, sizeof(struct entry *));
    if (!schedule->ring || !schedule->heap) {
        replay_schedule_free(schedule);
        return NULL;
    }
    return schedule;
}

void replay_schedule_free(struct replay_schedule *schedule)
{
    if (schedule) {
        free(schedule->ring);
        free(schedule->heap);
        free(schedule);
    }
}

/* ---- the heap ---- */

static bool is_before(const struct entry *a, const struct entry *b)
{
    return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->number < b->number;
}

static void swap(struct entry **a, struct entry **b)
{
    struct entry *kept = *a;
    *a = *b;
    *b = kept;
}

static void sift_up(struct replay_schedule *schedule, size_t at)
{
    struct entry **heap = schedule->heap;
    while (at > 0 && is_before(heap[at], heap[(at - 1) / 2])) {
        swap(&heap[at], &heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static void sift_down(struct replay_schedule *schedule)
{
    struct entry **heap = schedule->heap;
    size_t at = 0;
    for (;;) {
        size_t first = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < schedule->heap_count; child++) {
            first = is_before(heap[child], heap[first]) ? child : first;
        }
        if (first == at) {
            return;
        }
        swap(&heap[at], &heap[first]);
        at = first;
    }
}

/* ---- the ring ---- */

/* Room for so many bytes in one piece; NULL = none. The head never comes to stand on the tail
 * while entries are there. */
static struct entry *take_room(struct replay_schedule *schedule, size_t size)
{
    if (schedule->count == 0) {
        schedule->tail = 0;
        schedule->head = 0;
        schedule->is_wrapped = false;
    }
    if (!schedule->is_wrapped && size > schedule->size - schedule->head) {
        if (schedule->count == 0 || size >= schedule->tail) {
            return NULL;
        }
        schedule->wrap = schedule->head;
        schedule->is_wrapped = true;
        schedule->head = 0;
    } else if (schedule->is_wrapped && size >= schedule->tail - schedule->head) {
        return NULL;
    }
    /* Sizes are multiples of the alignment, so this is aligned. */
    struct entry *entry = (struct entry *)(void *)(schedule->ring + schedule->head);
    schedule->head += size;
    schedule->count++;
    return entry;
}

static const struct entry *oldest(const struct replay_schedule *schedule)
{
    return (const struct entry *)(const void *)(schedule->ring + schedule->tail);
}

/* Gives back what is done with, in the order it came. */
static void free_oldest(struct replay_schedule *schedule)
{
    while (schedule->count > 0 && oldest(schedule)->copy == oldest(schedule)->copies) {
        schedule->tail += oldest(schedule)->size;
        schedule->count--;
        if (schedule->is_wrapped && schedule->tail == schedule->wrap) {
            schedule->tail = 0;
            schedule->is_wrapped = false;
        }
    }
}

/* ---- in and out ---- */

void *replay_schedule_add(struct replay_schedule *schedule, int64_t time_ns, size_t copies, int64_t step_ns,
                          size_t size)
{
    if (schedule->heap_count == schedule->max_entries || size > schedule->size) {
        return NULL;
    }
    size_t unit = sizeof(max_align_t);
    size_t whole = (sizeof(struct entry) + size + unit - 1) / unit * unit;
    struct entry *entry = take_room(schedule, whole);
    if (!entry) {
        return NULL;
    }
    *entry = (struct entry){
        .size = whole,
        .number = schedule->added++,
        .time_ns = time_ns,
        .step_ns = step_ns,
        .copies = copies,
    };
    schedule->heap[schedule->heap_count++] = entry;
    sift_up(schedule, schedule->heap_count - 1);
    return entry->bytes;
}

bool replay_schedule_next(const struct replay_schedule *schedule, struct replay_schedule_item *next)
{
    if (schedule->heap_count == 0) {
        *next = (struct replay_schedule_item){0};
        return false;
    }
    const struct entry *entry = schedule->heap[0];
    *next = (struct replay_schedule_item){entry->bytes, entry->copy, entry->time_ns};
    return true;
}

void replay_schedule_done(struct replay_schedule *schedule)
{
    struct entry *entry = schedule->heap[0];
    entry->copy++;
    entry->time_ns += entry->step_ns;
    if (entry->copy == entry->copies) {
        schedule->heap[0] = schedule->heap[--schedule->heap_count];
        free_oldest(schedule);
    }
    sift_down(schedule);
}
