#include <stdio.h>

#include "replay/schedule.h"
#include "support.h"

static void add(struct replay_schedule *schedule, char name, int64_t time_ns, size_t copies, int64_t step_ns)
{
    char *record = replay_schedule_add(schedule, time_ns, copies, step_ns, 1);
    ck_assert_ptr_nonnull(record);
    *record = name;
}

/* Takes everything out: "a0@5 " is the first copy of a, due at 5. */
static const char *take_all(struct replay_schedule *schedule, char *out)
{
    struct replay_schedule_item next;
    out[0] = '\0';
    while (replay_schedule_next(schedule, &next)) {
        sprintf(out + strlen(out), "%c%zu@%lld ", *(const char *)next.entry, next.copy, (long long)next.time_ns);
        replay_schedule_done(schedule);
    }
    return out;
}

START_TEST(in_order)
{
    struct replay_schedule *schedule = replay_schedule_new(4096, 16);
    char out[256];
    struct replay_schedule_item next;
    ck_assert_ptr_nonnull(schedule);
    ck_assert(!replay_schedule_next(schedule, &next));
    add(schedule, 'a', 0, 1, 0);
    add(schedule, 'b', 5, 1, 0);
    ck_assert_str_eq(take_all(schedule, out), "a0@0 b0@5 ");
    add(schedule, 'a', 0, 3, 10);
    add(schedule, 'b', 5, 2, 10);
    add(schedule, 'c', 10, 1, 10);
    ck_assert_str_eq(take_all(schedule, out), "a0@0 b0@5 a1@10 c0@10 b1@15 a2@20 ");
    add(schedule, 'a', 7, 2, 0);
    add(schedule, 'b', 7, 2, 0);
    ck_assert_str_eq(take_all(schedule, out), "a0@7 a1@7 b0@7 b1@7 ");
    replay_schedule_free(schedule);
}
END_TEST

START_TEST(bounded)
{
    struct replay_schedule *schedule = replay_schedule_new(4096, 3);
    char out[256];
    for (int i = 0; i < 3; i++) {
        add(schedule, (char)('a' + i), i, 1, 0);
    }
    ck_assert_ptr_null(replay_schedule_add(schedule, 9, 1, 0, 1));
    replay_schedule_done(schedule);
    add(schedule, 'd', 3, 1, 0);
    ck_assert_str_eq(take_all(schedule, out), "b0@1 c0@2 d0@3 ");
    ck_assert_ptr_null(replay_schedule_add(schedule, 9, 1, 0, 4096));
    ck_assert_ptr_null(replay_schedule_add(schedule, 9, 1, 0, SIZE_MAX));
    ck_assert_ptr_nonnull(replay_schedule_add(schedule, 9, 1, 0, 2100));
    ck_assert_ptr_null(replay_schedule_add(schedule, 9, 1, 0, 2000));
    replay_schedule_done(schedule);
    ck_assert_ptr_nonnull(replay_schedule_add(schedule, 9, 1, 0, 3900));
    replay_schedule_free(schedule);

    struct replay_schedule *none = replay_schedule_new(8, 3);
    ck_assert_ptr_null(replay_schedule_add(none, 0, 1, 0, 1));
    replay_schedule_free(none);
    replay_schedule_free(NULL);
}
END_TEST

#define MAX_RECORD 700

static unsigned next_random(unsigned *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

struct truth {
    int64_t time_ns[4096]; /* of the record's first copy */
    size_t size[4096];
    size_t copies[4096];
    size_t done[4096];
    size_t added;
};

/* The record holds its number all through. */
static void check_and_drop(struct replay_schedule *schedule, struct truth *truth, int64_t step_ns)
{
    struct replay_schedule_item next;
    size_t number;
    ck_assert(replay_schedule_next(schedule, &next));
    memcpy(&number, next.entry, sizeof number);
    ck_assert_uint_lt(number, truth->added);
    unsigned char whole[MAX_RECORD];
    memset(whole, (int)number, sizeof whole);
    ck_assert_int_eq(memcmp((const char *)next.entry + sizeof number, whole, truth->size[number] - sizeof number), 0);
    ck_assert_uint_eq(next.copy, truth->done[number]);
    ck_assert_int_eq(next.time_ns, truth->time_ns[number] + (int64_t)next.copy * step_ns);
    truth->done[number]++;
    replay_schedule_done(schedule);
}

/* Records of any size, through a ring that holds a dozen: what comes out is what went in, every
 * copy once. */
START_TEST(any_order_of_adding_and_taking)
{
    static struct truth truth;
    const int64_t step_ns = 3;
    unsigned random = 7;
    size_t refused = 0;
    int64_t time_ns = 0;
    struct replay_schedule *schedule = replay_schedule_new((size_t)12 * MAX_RECORD, 64);
    memset(&truth, 0, sizeof truth);
    while (truth.added < COUNT(truth.size)) {
        size_t size = sizeof(size_t) + next_random(&random) % (MAX_RECORD - sizeof(size_t));
        size_t copies = 1 + next_random(&random) % 5;
        char *record = replay_schedule_add(schedule, time_ns, copies, step_ns, size);
        if (!record) {
            refused++;
            check_and_drop(schedule, &truth, step_ns);
            continue;
        }
        ck_assert_uint_eq((uintptr_t)record % _Alignof(max_align_t), 0);
        memset(record, (int)truth.added, size);
        memcpy(record, &truth.added, sizeof truth.added);
        truth.size[truth.added] = size;
        truth.copies[truth.added] = copies;
        truth.time_ns[truth.added++] = time_ns;
        time_ns += next_random(&random) % 4;
        for (unsigned n = next_random(&random) % 3; n > 0; n--) {
            struct replay_schedule_item next;
            if (replay_schedule_next(schedule, &next)) {
                check_and_drop(schedule, &truth, step_ns);
            }
        }
    }
    struct replay_schedule_item next;
    int64_t drained_ns = 0;
    while (replay_schedule_next(schedule, &next)) {
        /* Nothing is added any more, so nothing comes late. */
        ck_assert_int_ge(next.time_ns, drained_ns);
        drained_ns = next.time_ns;
        check_and_drop(schedule, &truth, step_ns);
    }
    for (size_t i = 0; i < truth.added; i++) {
        ck_assert_msg(truth.done[i] == truth.copies[i], "record %zu: %zu copies of %zu", i, truth.done[i],
                      truth.copies[i]);
    }
    ck_assert_uint_gt(refused, 100);
    replay_schedule_free(schedule);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_schedule");
    TCase *tcase = tcase_create("replay_schedule");
    tcase_add_test(tcase, in_order);
    tcase_add_test(tcase, bounded);
    tcase_add_test(tcase, any_order_of_adding_and_taking);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
