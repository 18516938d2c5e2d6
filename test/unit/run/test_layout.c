#include <stdio.h>
#include <string.h>

#include "run/layout.h"
#include "support.h"

#define MAX_COLUMNS 8

/* Columns as {name, widest value, is a text}; the first of a table is "time" with 24. */
struct given {
    const char *name;
    size_t value_width;
    bool is_text;
};

static const struct {
    const char *what;
    size_t width;
    struct given columns[MAX_COLUMNS];
    const char *found; /* widths, "-" = below */
} cases[] = {
    {"any width", 0, {{"time", 24, true}, {"a_long_name", 3, false}, {"text", 40, true}}, "24 11 40"},
    {"fits as it is", 79, {{"time", 24, true}, {"a_long_name", 3, false}, {"text", 40, true}}, "24 11 40"},
    /* one column too many: the name goes over several lines, "long_" is the longest piece */
    {"names over several lines", 78, {{"time", 24, true}, {"a_long_name", 3, false}, {"text", 40, true}}, "24 5 40"},
    {"a long text is cut", 70, {{"time", 24, true}, {"a_long_name", 3, false}, {"text", 40, true}}, "24 5 37"},
    {"as far as it goes", 57, {{"time", 24, true}, {"a_long_name", 3, false}, {"text", 40, true}}, "24 5 24"},
    {"then it goes below", 56, {{"time", 24, true}, {"a_long_name", 3, false}, {"text", 40, true}}, "24 5 -"},
    {"the widest first", 89, {{"time", 24, true}, {"a", 30, true}, {"b", 40, true}}, "24 30 31"},
    {"evenly", 84, {{"time", 24, true}, {"a", 30, true}, {"b", 40, true}}, "24 28 28"},
    {"the last long one below",
     60,
     {{"time", 24, true}, {"a", 40, true}, {"b", 40, true}, {"c", 2, false}},
     "24 30 - 2"},
    {"both below", 50, {{"time", 24, true}, {"a", 40, true}, {"b", 40, true}, {"c", 2, false}}, "24 - - 2"},
    {"numbers are not cut", 50, {{"time", 24, true}, {"n", 30, false}, {"m", 20, false}}, "24 - -"},
    {"from the right", 60, {{"time", 24, true}, {"n", 20, false}, {"m", 20, false}}, "24 20 -"},
    {"short texts are not cut", 40, {{"time", 24, true}, {"s", 24, true}}, "24 -"},
    {"the first stays", 10, {{"time", 24, true}, {"s", 24, true}}, "24 -"},
    {"none", 10, {{NULL, 0, false}}, ""},
};

START_TEST(fit)
{
    struct layout_column columns[MAX_COLUMNS];
    size_t count = 0;
    for (; count < MAX_COLUMNS && cases[_i].columns[count].name; count++) {
        const struct given *given = &cases[_i].columns[count];
        columns[count] = (struct layout_column){.name = span_of(given->name),
                                                .name_width = strlen(given->name),
                                                .value_width = given->value_width,
                                                .is_text = given->is_text,
                                                .below = true};
    }
    layout_fit(columns, count, cases[_i].width);
    char found[128] = "";
    for (size_t i = 0; i < count; i++) {
        char one[16];
        snprintf(one, sizeof one, "%zu", columns[i].width);
        strcat(found, i > 0 ? " " : "");
        strcat(found, columns[i].below ? "-" : one);
    }
    ck_assert_msg(strcmp(found, cases[_i].found) == 0, "%s: got %s", cases[_i].what, found);
}
END_TEST

static const struct {
    const char *name;
    size_t width;
    const char *lines;
} names[] = {
    {"voltage", 7, "voltage|"},
    {"voltage", 3, "voltage|"},
    {"freezer_temp_0", 14, "freezer_temp_0|"},
    {"freezer_temp_0", 13, "freezer_temp_|0|"},
    {"freezer_temp_0", 8, "freezer_|temp_0|"},
    {"freezer_temp_0", 1, "freezer_|temp_|0|"},
    {"_a__b_", 3, "_a_|_b_|"},
    {"", 5, ""},
};

START_TEST(name_lines)
{
    struct span name = exact(span_of(names[_i].name));
    char found[64] = "";
    for (size_t pos = 0; pos < name.len;) {
        struct span line = layout_name_line(name, names[_i].width, &pos);
        strncat(found, line.ptr, line.len);
        strcat(found, "|");
    }
    ck_assert_str_eq(found, names[_i].lines);
    release(name);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layout");
    TCase *tcase = tcase_create("layout");
    tcase_add_loop_test(tcase, fit, 0, (int)COUNT(cases));
    tcase_add_loop_test(tcase, name_lines, 0, (int)COUNT(names));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
