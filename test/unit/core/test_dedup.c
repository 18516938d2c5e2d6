#include "core/dedup.h"
#include "support.h"

/* ---- by hand ---- */

struct step {
    uint64_t key, mark;
    int64_t now;
    bool seen;
};

static const struct {
    const char *name;
    size_t capacity;
    int64_t max_age;
    struct step steps[12];
    size_t count;
} cases[] = {
    {"a repeat", 4, 100, {{1, 1, 0, false}, {1, 1, 0, true}, {1, 1, 0, true}}, 3},
    {"another key", 4, 100, {{1, 1, 0, false}, {2, 1, 0, false}, {1, 1, 0, true}, {2, 1, 0, true}}, 4},
    {"another mark", 4, 100, {{1, 1, 0, false}, {1, 2, 0, false}, {1, 2, 0, true}, {1, 1, 0, false}}, 4},
    {"key and mark 0", 4, 100, {{0, 0, 0, false}, {0, 0, 0, true}}, 2},
    {"key and mark at their end",
     4,
     100,
     {{UINT64_MAX, UINT64_MAX, 0, false}, {UINT64_MAX, UINT64_MAX, 0, true}, {UINT64_MAX, 0, 0, false}},
     3},
    {"just old enough", 4, 100, {{1, 1, 0, false}, {1, 1, 100, true}}, 2},
    {"too old", 4, 100, {{1, 1, 0, false}, {1, 1, 101, false}, {1, 1, 201, true}}, 3},
    {"a repeat does not make it younger", 4, 100, {{1, 1, 0, false}, {1, 1, 90, true}, {1, 1, 110, false}}, 3},
    {"time that runs back", 4, 100, {{1, 1, 500, false}, {1, 1, 400, true}, {1, 1, 399, false}, {1, 1, 499, true}}, 4},
    {"age 0", 4, 0, {{1, 1, 5, false}, {1, 1, 5, true}, {1, 1, 6, false}}, 3},
    {"the whole range of time",
     4,
     100,
     {{1, 1, INT64_MIN, false}, {1, 1, INT64_MAX, false}, {1, 1, INT64_MIN, false}, {1, 1, INT64_MIN + 100, true}},
     4},
    {"no age limit",
     4,
     INT64_MAX,
     {{1, 1, 0, false}, {1, 1, INT64_MAX, true}, {2, 1, -1, false}, {2, 1, INT64_MAX, false}},
     4},
    {"capacity 0", 0, 100, {{1, 1, 0, false}, {1, 1, 0, false}, {2, 2, 0, false}, {1, 1, 0, false}}, 4},
    {"capacity 1",
     1,
     100,
     {{1, 1, 0, false}, {1, 1, 0, true}, {2, 2, 0, false}, {1, 1, 0, false}, {1, 1, 0, true}, {2, 2, 0, false}},
     6},
    {"the oldest makes room",
     3,
     100,
     {{1, 1, 0, false},
      {2, 2, 0, false},
      {3, 3, 0, false},
      {4, 4, 0, false},
      {2, 2, 0, true},
      {3, 3, 0, true},
      {4, 4, 0, true},
      {1, 1, 0, false},
      {2, 2, 0, false}},
     9},
    {"a repeat does not keep it",
     2,
     100,
     {{1, 1, 0, false}, {2, 2, 0, false}, {1, 1, 0, true}, {3, 3, 0, false}, {2, 2, 0, true}, {1, 1, 0, false}},
     6},
    {"a new mark makes it the newest",
     2,
     100,
     {{1, 1, 0, false}, {2, 2, 0, false}, {1, 9, 0, false}, {3, 3, 0, false}, {1, 9, 0, true}, {2, 2, 0, false}},
     6},
    {"one key that changes often costs no other its place",
     2,
     100,
     {{1, 1, 0, false},
      {2, 1, 0, false},
      {2, 2, 0, false},
      {2, 3, 0, false},
      {2, 4, 0, false},
      {1, 1, 0, true},
      {2, 4, 0, true}},
     7},
};

START_TEST(by_hand)
{
    struct dedup *dedup = dedup_new(cases[_i].capacity);
    ck_assert_ptr_nonnull(dedup);
    for (size_t s = 0; s < cases[_i].count; s++) {
        const struct step *step = &cases[_i].steps[s];
        bool known = dedup_knows(dedup, step->key, step->mark, step->now, cases[_i].max_age);
        ck_assert_msg(known == step->seen, "%s: step %zu, without a trace", cases[_i].name, s);
        bool seen = dedup_seen(dedup, step->key, step->mark, step->now, cases[_i].max_age);
        ck_assert_msg(seen == step->seen, "%s: step %zu", cases[_i].name, s);
    }
    dedup_free(dedup);
}
END_TEST

/* What is remembered again counts from then on; each question has an age of its own. */
START_TEST(remembered_again)
{
    struct dedup *dedup = dedup_new(2);
    ck_assert_ptr_nonnull(dedup);
    dedup_remember(dedup, 1, 1, 0);
    ck_assert(dedup_knows(dedup, 1, 1, 10, 10));
    ck_assert(!dedup_knows(dedup, 1, 1, 10, 9));
    ck_assert(!dedup_knows(dedup, 1, 2, 10, INT64_MAX));
    dedup_remember(dedup, 2, 1, 5);
    dedup_remember(dedup, 1, 1, 10);
    ck_assert(dedup_knows(dedup, 1, 1, 20, 10));
    dedup_remember(dedup, 3, 1, 20); /* in the place of the older one */
    ck_assert(!dedup_knows(dedup, 2, 1, 20, INT64_MAX));
    ck_assert(dedup_knows(dedup, 1, 1, 20, INT64_MAX));
    dedup_free(dedup);
}
END_TEST

/* ---- against a list that does the same without cleverness ---- */

#define MODEL_MAX 64

struct model {
    struct {
        uint64_t key, mark;
        int64_t time;
    } entries[MODEL_MAX]; /* the oldest first */
    size_t count, capacity;
    int64_t max_age;
};

static void model_remove(struct model *model, size_t at)
{
    model->count--;
    memmove(&model->entries[at], &model->entries[at + 1], (model->count - at) * sizeof model->entries[0]);
}

static bool model_seen(struct model *model, uint64_t key, uint64_t mark, int64_t now)
{
    for (size_t i = 0; i < model->count; i++) {
        if (model->entries[i].key != key) {
            continue;
        }
        int64_t apart = now - model->entries[i].time;
        if (model->entries[i].mark == mark && apart <= model->max_age && apart >= -model->max_age) {
            return true;
        }
        model_remove(model, i);
        break;
    }
    if (model->count == model->capacity) {
        model_remove(model, 0);
    }
    model->entries[model->count].key = key;
    model->entries[model->count].mark = mark;
    model->entries[model->count].time = now;
    model->count++;
    return false;
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static const struct {
    size_t capacity;
    uint64_t keys, marks;
    unsigned shift; /* keys differ from this bit on: they all want the same place in the table */
    int64_t max_age;
} walks[] = {
    {1, 3, 2, 0, 40},    {2, 5, 2, 0, 1000}, {3, 7, 1, 0, 40},    {3, 7, 3, 32, 25},       {4, 9, 2, 1, INT64_MAX / 4},
    {5, 6, 4, 2, 100},   {7, 30, 1, 0, 60},  {8, 12, 2, 3, 1000}, {8, 8, 2, 0, 10},        {16, 40, 2, 0, 200},
    {16, 17, 3, 5, 500}, {31, 64, 2, 4, 90}, {64, 100, 2, 0, 0},  {64, 130, 1, 60, 10000}, {63, 70, 2, 6, 300},
};

START_TEST(against_the_model)
{
    struct dedup *dedup = dedup_new(walks[_i].capacity);
    ck_assert_ptr_nonnull(dedup);
    struct model model = {.capacity = walks[_i].capacity, .max_age = walks[_i].max_age};
    uint64_t state = 88172645463325252U + (uint64_t)_i;
    int64_t now = 0;
    for (int n = 0; n < 10000; n++) {
        uint64_t key = next_random(&state) % walks[_i].keys << walks[_i].shift;
        uint64_t mark = next_random(&state) % walks[_i].marks;
        now += (int64_t)(next_random(&state) % 12) - 3; /* now and then back */
        bool want = model_seen(&model, key, mark, now);
        bool got = dedup_seen(dedup, key, mark, now, walks[_i].max_age);
        if (got != want) { /* an assertion for each step would take most of the time */
            ck_abort_msg("walk %d, step %d: key %llx mark %llu: got %d", _i, n, (unsigned long long)key,
                         (unsigned long long)mark, got);
        }
    }
    dedup_free(dedup);
}
END_TEST

/* The size in use: all of the last 65,536 keys are known, none before. */
START_TEST(large)
{
    enum { CAPACITY = 65536 };
    struct dedup *dedup = dedup_new(CAPACITY);
    ck_assert_ptr_nonnull(dedup);
    size_t early = 0;
    size_t late = 0;
    for (uint64_t n = 0; n < 3 * CAPACITY; n++) {
        early += dedup_seen(dedup, n * 0x9E3779B97F4A7C15U, 1, 0, 10);
    }
    for (uint64_t n = 2 * CAPACITY; n < 3 * CAPACITY; n++) {
        late += dedup_seen(dedup, n * 0x9E3779B97F4A7C15U, 1, 0, 10);
    }
    ck_assert_uint_eq(early, 0);
    ck_assert_uint_eq(late, CAPACITY);
    ck_assert(!dedup_seen(dedup, (2 * CAPACITY - 1) * 0x9E3779B97F4A7C15U, 1, 0, 10));
    dedup_free(dedup);
}
END_TEST

START_TEST(free_nothing)
{
    dedup_free(NULL);
}
END_TEST

static Suite *dedup_suite(void)
{
    Suite *suite = suite_create("dedup");
    TCase *tcase = tcase_create("dedup");
    tcase_add_loop_test(tcase, by_hand, 0, (int)COUNT(cases));
    tcase_add_test(tcase, remembered_again);
    tcase_add_loop_test(tcase, against_the_model, 0, (int)COUNT(walks));
    tcase_add_test(tcase, large);
    tcase_add_test(tcase, free_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(dedup_suite());
}
