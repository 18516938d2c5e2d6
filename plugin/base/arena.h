/* base/arena.h - memory for one record, given back all at once.
 *
 * One block of fixed size, allocated at start. Nothing in it is freed singly; arena_reset() makes
 * it empty for the next record. Untouched pages cost no resident memory.
 */
#ifndef VENDING_BASE_ARENA_H
#define VENDING_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"

struct arena {
    char *block;
    size_t size; /* bytes in block */
    size_t used; /* bytes handed out */
};

/* Allocates the block. false = no memory; *arena is then empty and safe to free. */
MUST_USE bool arena_init(struct arena *arena, size_t size);
void arena_free(struct arena *arena);

/* size bytes aligned for any type, or NULL when the block is full. Lives until the next
 * arena_reset. */
MUST_USE void *arena_alloc(struct arena *arena, size_t size);

/* Gives back the unused end of the newest allocation: ptr must be what arena_alloc returned
 * last. */
void arena_shrink(struct arena *arena, const void *ptr, size_t size);

/* Gives back all that was handed out since arena->used had this value. */
void arena_rewind(struct arena *arena, size_t used);

void arena_reset(struct arena *arena);

#endif
