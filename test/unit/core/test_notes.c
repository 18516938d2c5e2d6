#include <string.h>

#include "core/notes.h"
#include "support.h"

static struct arena arena;
static struct notes notes;

static void set_up(void)
{
    ck_assert(arena_init(&arena, 2 * NOTES_MAX_BYTES));
    ck_assert(notes_begin(&notes, &arena));
}

static void tear_down(void)
{
    arena_free(&arena);
}

static void expect(const char *text)
{
    struct span got = notes_text(&notes);
    ck_assert_msg(span_equal(got, span_of(text)), "%.*s", (int)got.len, got.ptr);
}

START_TEST(nothing)
{
    ck_assert_uint_eq(notes.count, 0);
    expect("");
}
END_TEST

START_TEST(one_after_the_other)
{
    const struct json_value value = {.kind = JSON_KIND_TEXT, .text = SPAN_LITERAL("a\"b\n")};
    notes_add(&notes, SPAN_LITERAL("ts"), "", "missing, arrival time used");
    notes_add_value(&notes, SPAN_LITERAL("system.voltage"), &value, "not a number");
    notes_add(&notes, SPAN_LITERAL("payload"), "1 number(s) too wide, kept as text", "");
    ck_assert_uint_eq(notes.count, 3);
    expect("ts= missing, arrival time used; system.voltage=\"a\\\"b\\u000a\" not a number; "
           "payload=1 number(s) too wide, kept as text");
}
END_TEST

START_TEST(long_values_are_cut)
{
    char text[200];
    memset(text, 'x', sizeof text);
    const struct json_value value = {.kind = JSON_KIND_TEXT, .text = {text, sizeof text}};
    notes_add_value(&notes, SPAN_LITERAL("a"), &value, "too long");
    struct span got = notes_text(&notes);
    ck_assert_uint_eq(got.len, strlen("a=") + NOTES_VALUE_BYTES - 1 + strlen(" too long"));
    ck_assert_ptr_nonnull(strstr(got.ptr, "xxx... too long"));
}
END_TEST

/* Once one is left out, so is every later one, however short: the order stays clear. */
START_TEST(what_does_not_fit_is_counted)
{
    char reason[1000];
    memset(reason, 'r', sizeof reason - 1);
    reason[sizeof reason - 1] = '\0';
    notes_add(&notes, SPAN_LITERAL("a"), "1", reason);
    notes_add(&notes, SPAN_LITERAL("b"), "2", "short");
    notes_add(&notes, SPAN_LITERAL("c"), "3", reason);
    notes_add(&notes, SPAN_LITERAL("d"), "4", "short");
    struct span got = notes_text(&notes);
    ck_assert_uint_eq(notes.count, 4);
    ck_assert_uint_le(got.len, NOTES_MAX_BYTES);
    static const char end[] = "; b=2 short; and 2 more";
    ck_assert_msg(got.len > strlen(end) && memcmp(got.ptr + got.len - strlen(end), end, strlen(end)) == 0, "%.*s",
                  (int)got.len, got.ptr);
}
END_TEST

START_TEST(a_full_arena)
{
    struct arena small;
    struct notes none;
    ck_assert(arena_init(&small, NOTES_MAX_BYTES / 2));
    ck_assert(!notes_begin(&none, &small));
    arena_free(&small);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/notes");
    TCase *tests = tcase_create("core/notes");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, nothing);
    tcase_add_test(tests, one_after_the_other);
    tcase_add_test(tests, long_values_are_cut);
    tcase_add_test(tests, what_does_not_fit_is_counted);
    tcase_add_test(tests, a_full_arena);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
