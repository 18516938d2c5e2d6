/* What is refused and how it is said is tested through command lines: test_options.c. */
#include <stdio.h>

#include "cli/value.h"
#include "support.h"
#include "tables.h"

static const struct option *find(const struct option_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->options[i].name, name) == 0) {
            return &table->options[i];
        }
    }
    ck_abort_msg("no option %s", name);
    return NULL;
}

static const char *printed(const struct option *option, const void *settings)
{
    static char text[128];
    memset(text, 0, sizeof text);
    FILE *out = fmemopen(text, sizeof text, "w");
    ck_assert_ptr_nonnull(out);
    value_print(option, settings, out);
    fclose(out);
    return text;
}

/* As a user writes it, and as it is shown: in the largest unit that leaves a whole number. */
static const struct {
    const char *option, *text, *shown;
} values[] = {
    {"name", "door", "door"},
    {"name", "a,b c", "\"a,b c\""},
    {"file", "plan.txt", "plan.txt"},
    {"colour", "red", "red"},
    {"coats", "5", "5"},
    {"bytes", "2048", "2KiB"},
    {"bytes", "2049B", "2049"},
    {"bytes", "1MiB", "1MiB"},
    {"drying", "90m", "90m"},
    {"drying", "120m", "2h"},
    {"drying", "1500ms", "1500ms"},
    {"drying", "0", "0"},
    {"pause", "86400s", "1d"},
};

START_TEST(there_and_back)
{
    struct paint paint = {0};
    struct err err;
    const struct option *option = find(&paint_table, values[_i].option);
    err_clear(&err);
    struct option unchecked = *option;
    unchecked.accepts = NULL;
    ck_assert_msg(value_set(&unchecked, values[_i].text, &paint, &err), "%s", err.text);
    ck_assert(value_is_set(option, &paint));
    ck_assert_str_eq(printed(option, &paint), values[_i].shown);
}
END_TEST

START_TEST(members_have_the_type_of_their_kind)
{
    struct paint paint = {0};
    struct err err;
    err_clear(&err);
    ck_assert(value_set(find(&paint_table, "colour"), "green", &paint, &err));
    ck_assert_int_eq(paint.colour, GREEN);
    ck_assert(value_set(find(&paint_table, "bytes"), "64KiB", &paint, &err));
    ck_assert_uint_eq(paint.bytes, 65536);
    ck_assert(value_set(find(&paint_table, "drying"), "1d", &paint, &err));
    ck_assert_int_eq(paint.drying_ns, DAY_NS);
}
END_TEST

START_TEST(defaults)
{
    struct paint paint;
    struct walk walk;
    struct err err;
    memset(&paint, 0x55, sizeof paint);
    memset(&walk, 0x55, sizeof walk);
    err_clear(&err);
    ck_assert(value_set_default(find(&paint_table, "name"), &paint, &err));
    ck_assert_str_eq(paint.name, "door");
    ck_assert(value_set_default(find(&paint_table, "file"), &paint, &err));
    ck_assert_ptr_null(paint.file);
    ck_assert(!value_is_set(find(&paint_table, "file"), &paint));
    ck_assert(value_set_default(find(&walk_table, "to"), &walk, &err));
    ck_assert(walk.to_ns == OPTION_NO_OFFSET);
    ck_assert(!value_is_set(find(&walk_table, "to"), &walk));
    ck_assert(!value_is_set(find(&paint_table, "list"), &paint));
    struct option wrong = *find(&paint_table, "coats");
    wrong.initial = "none";
    ck_assert(!value_set_default(&wrong, &paint, &err));
    ck_assert_str_eq(err.text, "--coats: \"none\" is not a whole number");
}
END_TEST

START_TEST(switches)
{
    struct walk walk = {0};
    const struct option *slowly = find(&walk_table, "slowly");
    ck_assert_str_eq(printed(slowly, &walk), "no");
    value_switch_on(slowly, &walk);
    ck_assert(walk.slowly);
    ck_assert_str_eq(printed(slowly, &walk), "yes");
}
END_TEST

START_TEST(ranges)
{
    char min[VALUE_NUMBER_BYTES];
    char max[VALUE_NUMBER_BYTES];
    ck_assert(value_format_range(find(&paint_table, "bytes"), min, max));
    ck_assert_str_eq(min, "10");
    ck_assert_str_eq(max, "2MiB");
    ck_assert(value_format_range(find(&walk_table, "from"), min, max));
    ck_assert_str_eq(min, "-7d");
    ck_assert_str_eq(max, "1d");
    ck_assert(!value_format_range(find(&paint_table, "name"), min, max));
}
END_TEST

START_TEST(choices_as_far_as_they_fit)
{
    char text[16];
    value_join_choices(find(&paint_table, "colour"), " or ", text, sizeof text);
    ck_assert_str_eq(text, "red or green");
    value_join_choices(find(&paint_table, "colour"), "|", text, 6);
    ck_assert_str_eq(text, "red|g");
}
END_TEST

/* The longest text that is shown whole leaves room for the terminator. */
START_TEST(shown)
{
    char out[VALUE_SHOWN_BYTES];
    char text[VALUE_SHOWN_BYTES + 1];
    memset(text, 'x', sizeof text);
    text[VALUE_SHOWN_BYTES - 1] = '\0';
    ck_assert_str_eq(value_show(text, out), text);
    text[VALUE_SHOWN_BYTES - 1] = 'x';
    text[VALUE_SHOWN_BYTES] = '\0';
    const char *cut = value_show(text, out);
    ck_assert_uint_lt(strlen(cut), VALUE_SHOWN_BYTES);
    ck_assert_str_eq(cut + strlen(cut) - 3, "...");
    ck_assert_str_eq(value_show("a\tb\x7f", out), "a?b?");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("value");
    TCase *tcase = tcase_create("value");
    tcase_add_loop_test(tcase, there_and_back, 0, (int)COUNT(values));
    tcase_add_test(tcase, members_have_the_type_of_their_kind);
    tcase_add_test(tcase, defaults);
    tcase_add_test(tcase, switches);
    tcase_add_test(tcase, ranges);
    tcase_add_test(tcase, choices_as_far_as_they_fit);
    tcase_add_test(tcase, shown);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
