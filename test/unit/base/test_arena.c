#include <check.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* Without memory malloc returns NULL, under AddressSanitizer too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

START_TEST(blocks_are_aligned_and_apart)
{
    static const size_t sizes[] = {1, 3, 0, 8, 15, 16, 17, 100, 1};
    struct arena arena;
    ck_assert(arena_init(&arena, 1024));
    const char *end = arena.block;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char *ptr = arena_alloc(&arena, sizes[i]);
        ck_assert_msg(ptr != NULL, "block %zu: none", i);
        ck_assert_msg((uintptr_t)ptr % alignof(max_align_t) == 0, "block %zu: not aligned", i);
        ck_assert_msg(ptr >= end, "block %zu: overlaps the one before", i);
        memset(ptr, 'x', sizes[i]);
        end = ptr + sizes[i];
    }
    ck_assert(end <= arena.block + arena.size);
    arena_free(&arena);
}
END_TEST

/* From an arena of `size` after `first` bytes were taken: does `next` fit? */
static const struct {
    const char *name;
    size_t size, first, next;
    bool fits;
} limits[] = {
    {"all of it", 64, 0, 64, true},
    {"one too many", 64, 0, 65, false},
    {"the rest", 64, 16, 48, true},
    {"one more than the rest", 64, 16, 49, false},
    {"alignment counts", 64, 17, 32, true},
    {"alignment counts, one too many", 64, 17, 33, false},
    {"nothing at the very end", 64, 64, 0, true},
    {"one at the very end", 64, 64, 1, false},
    {"no aligned start is left", 63, 60, 0, false},
    {"huge", 64, 1, SIZE_MAX, false},
    {"huge less the start", 64, 1, SIZE_MAX - 16, false},
    {"from an arena of nothing", 0, 0, 1, false},
};

START_TEST(limit)
{
    struct arena arena;
    ck_assert_msg(arena_init(&arena, limits[_i].size), "%s: no arena", limits[_i].name);
    ck_assert_msg(arena_alloc(&arena, limits[_i].first) != NULL, "%s: first", limits[_i].name);
    size_t used = arena.used;
    bool fits = arena_alloc(&arena, limits[_i].next) != NULL;
    ck_assert_msg(fits == limits[_i].fits, "%s: %d", limits[_i].name, fits);
    ck_assert_msg(fits || arena.used == used, "%s: a refusal took memory", limits[_i].name);
    arena_free(&arena);
}
END_TEST

START_TEST(rewind_gives_the_newest_back)
{
    struct arena arena;
    ck_assert(arena_init(&arena, 100));
    char *first = arena_alloc(&arena, 10);
    ck_assert_ptr_nonnull(first);
    memset(first, 'x', 10);
    size_t used = arena.used;
    void *second = arena_alloc(&arena, 40);
    ck_assert_ptr_nonnull(arena_alloc(&arena, 20));
    arena_rewind(&arena, used);
    ck_assert_uint_eq(arena.used, used);
    ck_assert_ptr_eq(arena_alloc(&arena, 80), second);
    ck_assert(first[0] == 'x' && first[9] == 'x');
    arena_free(&arena);
}
END_TEST

START_TEST(reset_gives_all_back)
{
    struct arena arena;
    ck_assert(arena_init(&arena, 100));
    void *first = arena_alloc(&arena, 100);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(arena_alloc(&arena, 1));
    arena_reset(&arena);
    ck_assert_ptr_eq(arena_alloc(&arena, 100), first);
    arena_free(&arena);
}
END_TEST

START_TEST(shrink_gives_the_end_back)
{
    struct arena arena;
    ck_assert(arena_init(&arena, 128));
    char *first = arena_alloc(&arena, 16);
    char *last = arena_alloc(&arena, 112);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(last);
    ck_assert_ptr_null(arena_alloc(&arena, 1));
    memset(last, 'k', 112);
    arena_shrink(&arena, last, 5);
    char *next = arena_alloc(&arena, 96);
    ck_assert_ptr_eq(next, last + 16);
    ck_assert_int_eq(memcmp(last, "kkkkk", 5), 0);
    arena_shrink(&arena, next, 200); /* never grows */
    ck_assert_uint_eq(arena.used, 128);
    arena_shrink(&arena, next, 0);
    ck_assert_uint_eq(arena.used, 32);
    arena_free(&arena);
}
END_TEST

START_TEST(freed_arena_is_empty)
{
    struct arena arena;
    ck_assert(arena_init(&arena, 100));
    arena_free(&arena);
    ck_assert_ptr_null(arena_alloc(&arena, 1));
    ck_assert_ptr_null(arena_alloc(&arena, 0));
    arena_reset(&arena);
    arena_free(&arena);
}
END_TEST

START_TEST(no_memory)
{
    struct arena arena = {(char *)&arena, 1, 1};
    /* More than the address space holds; through a volatile, so that no compiler objects. */
    volatile size_t too_much = SIZE_MAX / 2;
    if (arena_init(&arena, too_much)) {
        ck_abort_msg("half of the address space was allocated");
    }
    ck_assert_ptr_null(arena.block);
    ck_assert_ptr_null(arena_alloc(&arena, 1));
    arena_free(&arena);
}
END_TEST

static Suite *arena_suite(void)
{
    Suite *suite = suite_create("arena");
    TCase *tcase = tcase_create("arena");
    tcase_add_test(tcase, blocks_are_aligned_and_apart);
    tcase_add_loop_test(tcase, limit, 0, (int)(sizeof limits / sizeof limits[0]));
    tcase_add_test(tcase, rewind_gives_the_newest_back);
    tcase_add_test(tcase, reset_gives_all_back);
    tcase_add_test(tcase, shrink_gives_the_end_back);
    tcase_add_test(tcase, freed_arena_is_empty);
    tcase_add_test(tcase, no_memory);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(arena_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
