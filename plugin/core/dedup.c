#include "core/dedup.h"

#include <stdlib.h>

/* Entries hang in one list in order of arrival; a hash table of their positions (linear probing, at
 * most half full) finds them by key. A key that is remembered anew moves to the list's end, so that
 * only distinct keys take room. */

#define NONE UINT32_MAX

struct entry {
    uint64_t key;
    uint64_t mark;
    int64_t time_ns;
    uint32_t older, newer; /* neighbours in the list */
};

struct dedup {
    struct entry *entries;
    uint32_t *table;
    size_t capacity;
    size_t count;
    size_t table_mask;
    uint32_t oldest, newest;
};

struct dedup *dedup_new(size_t capacity)
{
    size_t slots = 2;
    while (slots < capacity * 2) {
        slots *= 2;
    }
    struct dedup *dedup = calloc(1, sizeof *dedup);
    if (!dedup) {
        return NULL;
    }
    dedup->capacity = capacity;
    dedup->table_mask = slots - 1;
    dedup->oldest = NONE;
    dedup->newest = NONE;
    dedup->entries = calloc(capacity ? capacity : 1, sizeof *dedup->entries);
    dedup->table = malloc(slots * sizeof *dedup->table);
    if (!dedup->entries || !dedup->table) {
        dedup_free(dedup);
        return NULL;
    }
    for (size_t i = 0; i < slots; i++) {
        dedup->table[i] = NONE;
    }
    return dedup;
}

void dedup_free(struct dedup *dedup)
{
    if (dedup) {
        free(dedup->entries);
        free(dedup->table);
        free(dedup);
    }
}

/* ---- the table ---- */

/* The table slot that holds the key, or the empty one where it would go. */
static size_t probe(const struct dedup *dedup, uint64_t key)
{
    size_t slot = (size_t)key & dedup->table_mask;
    while (dedup->table[slot] != NONE && dedup->entries[dedup->table[slot]].key != key) {
        slot = (slot + 1) & dedup->table_mask;
    }
    return slot;
}

/* Empties a slot and moves later entries of the same run back over it, so that probing needs no
 * tombstones. */
static void erase(struct dedup *dedup, size_t hole)
{
    size_t mask = dedup->table_mask;
    for (size_t slot = (hole + 1) & mask; dedup->table[slot] != NONE; slot = (slot + 1) & mask) {
        size_t home = (size_t)dedup->entries[dedup->table[slot]].key & mask;
        if (((slot - home) & mask) >= ((slot - hole) & mask)) {
            dedup->table[hole] = dedup->table[slot];
            hole = slot;
        }
    }
    dedup->table[hole] = NONE;
}

static bool is_recent(int64_t then_ns, int64_t now_ns, int64_t max_age_ns)
{
    uint64_t apart = now_ns >= then_ns ? (uint64_t)now_ns - (uint64_t)then_ns : (uint64_t)then_ns - (uint64_t)now_ns;
    return apart <= (uint64_t)max_age_ns;
}

/* ---- the list ---- */

static void unlink_entry(struct dedup *dedup, uint32_t position)
{
    const struct entry *entry = &dedup->entries[position];
    *(entry->older == NONE ? &dedup->oldest : &dedup->entries[entry->older].newer) = entry->newer;
    *(entry->newer == NONE ? &dedup->newest : &dedup->entries[entry->newer].older) = entry->older;
}

static void append_entry(struct dedup *dedup, uint32_t position)
{
    struct entry *entry = &dedup->entries[position];
    entry->older = dedup->newest;
    entry->newer = NONE;
    *(dedup->newest == NONE ? &dedup->oldest : &dedup->entries[dedup->newest].newer) = position;
    dedup->newest = position;
}

/* An entry that is in neither list nor table: a fresh one while there are any, then the oldest. */
static uint32_t free_entry(struct dedup *dedup)
{
    if (dedup->count < dedup->capacity) {
        return (uint32_t)dedup->count++;
    }
    uint32_t position = dedup->oldest;
    unlink_entry(dedup, position);
    erase(dedup, probe(dedup, dedup->entries[position].key));
    return position;
}

bool dedup_knows(const struct dedup *dedup, uint64_t key, uint64_t mark, int64_t now_ns, int64_t max_age_ns)
{
    uint32_t position = dedup->table[probe(dedup, key)];
    if (position == NONE) {
        return false;
    }
    const struct entry *entry = &dedup->entries[position];
    return entry->mark == mark && is_recent(entry->time_ns, now_ns, max_age_ns);
}

void dedup_remember(struct dedup *dedup, uint64_t key, uint64_t mark, int64_t now_ns)
{
    if (dedup->capacity == 0) {
        return;
    }
    uint32_t position = dedup->table[probe(dedup, key)];
    if (position == NONE) {
        position = free_entry(dedup);
        dedup->entries[position].key = key;
        dedup->table[probe(dedup, key)] = position;
    } else {
        unlink_entry(dedup, position);
    }
    dedup->entries[position].mark = mark;
    dedup->entries[position].time_ns = now_ns;
    append_entry(dedup, position);
}

bool dedup_seen(struct dedup *dedup, uint64_t key, uint64_t mark, int64_t now_ns, int64_t max_age_ns)
{
    if (dedup_knows(dedup, key, mark, now_ns, max_age_ns)) {
        return true;
    }
    dedup_remember(dedup, key, mark, now_ns);
    return false;
}
