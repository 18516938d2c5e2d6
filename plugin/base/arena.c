#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

#define ALIGNMENT alignof(max_align_t)

bool arena_init(struct arena *arena, size_t size)
{
    arena->block = malloc(size > 0 ? size : 1);
    arena->size = arena->block ? size : 0;
    arena->used = 0;
    return arena->block != NULL;
}

void arena_free(struct arena *arena)
{
    free(arena->block);
    *arena = (struct arena){NULL, 0, 0};
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t start = (arena->used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!arena->block || start > arena->size || size > arena->size - start) {
        return NULL;
    }
    arena->used = start + size;
    return arena->block + start;
}

void arena_shrink(struct arena *arena, const void *ptr, size_t size)
{
    size_t start = (size_t)((const char *)ptr - arena->block);
    if (start + size < arena->used) {
        arena->used = start + size;
    }
}

void arena_rewind(struct arena *arena, size_t used)
{
    arena->used = used;
}

void arena_reset(struct arena *arena)
{
    arena->used = 0;
}
