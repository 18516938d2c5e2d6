#include <stdio.h>

#include "cli/help.h"
#include "support.h"
#include "tables.h"

START_TEST(every_kind)
{
    static char text[4096];
    FILE *out = fmemopen(text, sizeof text, "w");
    ck_assert_ptr_nonnull(out);
    help_print(&paint_program, out);
    fclose(out);
    ck_assert_str_eq(text, "paint 1.2.3 - paints\n"
                           "\n"
                           "Usage:\n"
                           "  paint [--FLAG VALUE ...]\n"
                           "\n"
                           "What:\n"
                           "  --name NAME                 what to paint (default door)\n"
                           "  --file FILE                 a plan\n"
                           "\n"
                           "How:\n"
                           "  --colour red|green          which colour (default green)\n"
                           "  --coats COUNT               how many, in words that are so many that they do\n"
                           "                              not fit on one line of the right-hand column\n"
                           "                              (default 2, 1 to 5)\n"
                           "  --bytes BYTES               a size (default 64KiB, 10 to 2MiB)\n"
                           "  --drying DURATION           a time (default 90s, 0 to 7d)\n"
                           "  --pause DURATION            a time or none (default 1h, 1s to 1d)\n"
                           "\n"
                           "Other:\n"
                           "  --list                      list\n"
                           "  --test                      test\n"
                           "  --help                      help\n"
                           "\n"
                           "That is all.\n");
}
END_TEST

START_TEST(switches_offsets_and_flags_alone)
{
    static char text[1024];
    FILE *out = fmemopen(text, sizeof text, "w");
    ck_assert_ptr_nonnull(out);
    help_print(&walk_program, out);
    fclose(out);
    ck_assert_str_eq(text, "walk 1 - walks\n"
                           "\n"
                           "Usage:\n"
                           "  walk PLACE ...\n"
                           "\n"
                           "How:\n"
                           "  --slowly                    take your time\n"
                           "  --from OFFSET               since when (default now, -7d to 1d)\n"
                           "  --to OFFSET                 until when\n"
                           "  --rounds[=COUNT]            how often; alone = for ever (default 1, 0 to 9)\n"
                           "\n");
}
END_TEST

/* A flag of a second table stands with its group, not behind the groups of the first table. */
START_TEST(groups_across_tables)
{
    static const struct option more[] = {
        {.group = "How", .name = "layers", .kind = OPTION_SWITCH, .help = "of the other wall"},
    };
    static const struct option_table other_table = {more, COUNT(more)};
    static const struct option_part both[] = {{&paint_table, 0}, {&other_table, 0}};
    struct program builder = paint_program;
    builder.parts = both;
    builder.part_count = COUNT(both);
    static char text[8192];
    FILE *out = fmemopen(text, sizeof text, "w");
    ck_assert_ptr_nonnull(out);
    help_print(&builder, out);
    fclose(out);
    const char *how = strstr(text, "\nHow:\n");
    const char *layers = strstr(text, "--layers");
    const char *other = strstr(text, "\nOther:\n");
    ck_assert(how && layers && other && how < layers && layers < other);
    ck_assert_ptr_null(strstr(how + 1, "\nHow:\n"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("help");
    TCase *tcase = tcase_create("help");
    tcase_add_test(tcase, every_kind);
    tcase_add_test(tcase, switches_offsets_and_flags_alone);
    tcase_add_test(tcase, groups_across_tables);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
