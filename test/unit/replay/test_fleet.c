#include <stdio.h>

#include "replay/fleet.h"
#include "support.h"

static const struct {
    const char *name;
    size_t size;
    const char *machines[5];
    const char *fleet; /* every machine's copies, each behind a blank; '|' ends a machine */
} cases[] = {
    {"one machine, itself", 1, {"VM-SH-001"}, " VM-SH-001|"},
    {"one machine, three", 3, {"VM-SH-001"}, " VM-SH-001 VM-SH-002 VM-SH-003|"},
    {"fewer than there are", 1, {"VM-SH-001", "VM-BJ-001"}, " VM-SH-001||"},
    {"as many", 2, {"VM-SH-001", "VM-BJ-001"}, " VM-SH-001| VM-BJ-001|"},
    {"one more", 3, {"VM-SH-001", "VM-BJ-001"}, " VM-SH-001 VM-SH-002| VM-BJ-001|"},
    {"a region has numbers of its own",
     6,
     {"VM-SH-001", "VM-BJ-007"},
     " VM-SH-001 VM-SH-002 VM-SH-003| VM-BJ-007 VM-BJ-008 VM-BJ-009|"},
    {"never a number that is taken",
     9,
     {"VM-SH-003", "VM-SH-001", "VM-SH-009"},
     " VM-SH-003 VM-SH-010 VM-SH-013| VM-SH-001 VM-SH-011 VM-SH-014| VM-SH-009 VM-SH-012 VM-SH-015|"},
    {"the width is kept, and grows", 3, {"VM-SH-998"}, " VM-SH-998 VM-SH-999 VM-SH-1000|"},
    {"two widths", 4, {"VM-SH-7", "VM-SH-0012"}, " VM-SH-7 VM-SH-13| VM-SH-0012 VM-SH-0014|"},
    {"no number", 3, {"kiosk"}, " kiosk kiosk-1 kiosk-2|"},
    {"no number beside numbers", 4, {"kiosk", "kiosk-2"}, " kiosk kiosk-3| kiosk-2 kiosk-4|"},
    {"nothing but a number", 2, {"1001"}, " 1001 1002|"},
    {"a number too long to count on", 2, {"8688888888888888"}, " 8688888888888888 8688888888888888-1|"},
    {"stems that begin alike", 4, {"VM-S-1", "VM-SH-1"}, " VM-S-1 VM-S-2| VM-SH-1 VM-SH-2|"},
    {"nothing", 7, {NULL}, ""},
};

START_TEST(names)
{
    struct replay_fleet *fleet = replay_fleet_new();
    struct buf out;
    struct err err = {0};
    buf_init(&out, 4096);
    ck_assert_ptr_nonnull(fleet);
    for (size_t i = 0; cases[_i].machines[i]; i++) {
        ck_assert(replay_fleet_add(fleet, span_of(cases[_i].machines[i])));
        ck_assert(replay_fleet_add(fleet, span_of(cases[_i].machines[0]))); /* again: nothing new */
    }
    ck_assert_msg(replay_fleet_set_size(fleet, cases[_i].size, &err), "%s: %s", cases[_i].name, err.text);
    size_t most = 0;
    for (size_t i = 0; i < replay_fleet_count(fleet); i++) {
        for (size_t copy = 0; copy < replay_fleet_copies(fleet, i); copy++) {
            char name[DEVICE_NO_MAX_BYTES];
            buf_char(&out, ' ');
            buf_span(&out, (struct span){name, replay_fleet_name(fleet, i, copy, name)});
        }
        most = replay_fleet_copies(fleet, i) > most ? replay_fleet_copies(fleet, i) : most;
        buf_char(&out, '|');
    }
    ck_assert_msg(strcmp(text_of(&out), cases[_i].fleet) == 0, "%s: got%s", cases[_i].name, text_of(&out));
    ck_assert_uint_eq(replay_fleet_max_copies(fleet), most);
    buf_free(&out);
    replay_fleet_free(fleet);
}
END_TEST

/* Thousands of machines in five regions, three times as many with their clones: each name once,
 * each found. */
START_TEST(never_the_same_name)
{
    enum { CAPTURED = 3000, WANTED = 10001 };
    struct replay_fleet *fleet = replay_fleet_new();
    struct replay_fleet *all = replay_fleet_new();
    size_t machine;
    for (int i = 0; i < CAPTURED; i++) {
        char name[32];
        if (i % 5 == 4) {
            snprintf(name, sizeof name, "%d", i);
        } else {
            snprintf(name, sizeof name, "VM-R%d-%03d", i % 5, i);
        }
        ck_assert(replay_fleet_add(fleet, span_of(name)));
        ck_assert(replay_fleet_find(fleet, span_of(name), &machine));
        ck_assert_uint_eq(machine, replay_fleet_count(fleet) - 1);
    }
    size_t captured = replay_fleet_count(fleet);
    ck_assert(replay_fleet_set_size(fleet, WANTED, NULL));
    for (size_t i = 0; i < captured; i++) {
        for (size_t copy = 0; copy < replay_fleet_copies(fleet, i); copy++) {
            char name[DEVICE_NO_MAX_BYTES];
            size_t before = replay_fleet_count(all);
            ck_assert(replay_fleet_add(all, (struct span){name, replay_fleet_name(fleet, i, copy, name)}));
            ck_assert_msg(replay_fleet_count(all) == before + 1, "machine %zu, copy %zu has another's name", i, copy);
        }
    }
    ck_assert_uint_eq(replay_fleet_count(all), WANTED);
    ck_assert(!replay_fleet_find(fleet, SPAN_LITERAL("VM-R0-"), &machine));
    replay_fleet_free(fleet);
    replay_fleet_free(all);
}
END_TEST

START_TEST(a_name_too_long)
{
    struct replay_fleet *fleet = replay_fleet_new();
    struct err err = {0};
    char name[DEVICE_NO_MAX_BYTES];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '9';
    ck_assert(replay_fleet_add(fleet, (struct span){name, sizeof name}));
    ck_assert(replay_fleet_set_size(fleet, 1, &err));
    ck_assert(!replay_fleet_set_size(fleet, 2, &err));
    ck_assert_str_eq(err.text,
                     "a clone of xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx9 would have a name "
                     "of more than 64 characters");
    replay_fleet_free(fleet);
}
END_TEST

/* A longer number would be a machine's that counts as having none (NUMBER_MAX_DIGITS in fleet.c). */
START_TEST(a_number_too_long)
{
    struct replay_fleet *fleet = replay_fleet_new();
    struct err err = {0};
    ck_assert(replay_fleet_add(fleet, SPAN_LITERAL("A999999999999998")));
    ck_assert(replay_fleet_add(fleet, SPAN_LITERAL("A1000000000000000")));
    ck_assert(replay_fleet_set_size(fleet, 3, &err));
    ck_assert(!replay_fleet_set_size(fleet, 5, &err));
    ck_assert_str_eq(err.text, "a clone of A999999999999998 would have a number of more than 15 digits");
    replay_fleet_free(fleet);
}
END_TEST

START_TEST(too_many)
{
    struct replay_fleet *fleet = replay_fleet_new();
    for (int i = 0; i < REPLAY_FLEET_MAX_MACHINES; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d", i);
        ck_assert(replay_fleet_add(fleet, span_of(name)));
    }
    ck_assert(replay_fleet_add(fleet, SPAN_LITERAL("0")));
    ck_assert(!replay_fleet_add(fleet, SPAN_LITERAL("x")));
    replay_fleet_free(fleet);
    replay_fleet_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_fleet");
    TCase *tcase = tcase_create("replay_fleet");
    tcase_add_loop_test(tcase, names, 0, (int)COUNT(cases));
    tcase_add_test(tcase, never_the_same_name);
    tcase_add_test(tcase, a_name_too_long);
    tcase_add_test(tcase, a_number_too_long);
    tcase_add_test(tcase, too_many);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
