#include <stdio.h>

#include "arguments.h"
#include "cli/options.h"
#include "support.h"
#include "tables.h"

#define MAX_ARGS 8

/* Parses the arguments after the program's name. */
static bool parse(const char *const *args, struct paint *paint, struct options_result *result, struct err *err)
{
    struct arguments arguments = make_arguments(args);
    err_clear(err);
    return options_parse(&paint_program, arguments.count, arguments.values, paint, result, err);
}

START_TEST(defaults)
{
    const char *const none[] = {NULL};
    struct paint paint;
    struct options_result result;
    struct err err;
    memset(&paint, 0x55, sizeof paint);
    ck_assert(parse(none, &paint, &result, &err));
    ck_assert_str_eq(paint.name, "door");
    ck_assert_ptr_null(paint.file);
    ck_assert_int_eq(paint.colour, GREEN);
    ck_assert_uint_eq(paint.coats, 2);
    ck_assert_uint_eq(paint.bytes, 65536);
    ck_assert_int_eq(paint.drying_ns, 90 * SECOND_NS);
    ck_assert_int_eq(paint.pause_ns, 3600 * SECOND_NS);
    ck_assert_int_eq(result.action, 0);
    ck_assert(!options_given(&paint_program, &result, "coats"));
}
END_TEST

/* Arguments, and what options_print_settings then says. */
static const struct {
    const char *name;
    const char *args[MAX_ARGS];
    const char *settings;
} good[] = {
    {"text", {"--name", "wall"}, "name=wall colour=green coats=2 bytes=64KiB drying=90s pause=1h"},
    {"text behind =", {"--name=wall"}, "name=wall colour=green coats=2 bytes=64KiB drying=90s pause=1h"},
    {"a second = is part of the value",
     {"--name=a=b"},
     "name=a=b colour=green coats=2 bytes=64KiB drying=90s pause=1h"},
    {"longest text", {"--name=12345678"}, "name=12345678 colour=green coats=2 bytes=64KiB drying=90s pause=1h"},
    {"file", {"--file", "a b"}, "name=door file=\"a b\" colour=green coats=2 bytes=64KiB drying=90s pause=1h"},
    {"file -", {"--file", "-"}, "name=door file=- colour=green coats=2 bytes=64KiB drying=90s pause=1h"},
    {"file like a flag", {"--file=--x"}, "name=door file=--x colour=green coats=2 bytes=64KiB drying=90s pause=1h"},
    {"choice", {"--colour", "red"}, "name=door colour=red coats=2 bytes=64KiB drying=90s pause=1h"},
    {"least count", {"--coats=1"}, "name=door colour=green coats=1 bytes=64KiB drying=90s pause=1h"},
    {"greatest count", {"--coats=5"}, "name=door colour=green coats=5 bytes=64KiB drying=90s pause=1h"},
    {"leading zeros", {"--coats=0005"}, "name=door colour=green coats=5 bytes=64KiB drying=90s pause=1h"},
    {"bytes", {"--bytes=1000"}, "name=door colour=green coats=2 bytes=1000 drying=90s pause=1h"},
    {"bytes as B", {"--bytes=1000B"}, "name=door colour=green coats=2 bytes=1000 drying=90s pause=1h"},
    {"KiB", {"--bytes=3KiB"}, "name=door colour=green coats=2 bytes=3KiB drying=90s pause=1h"},
    {"MiB", {"--bytes=2MiB"}, "name=door colour=green coats=2 bytes=2MiB drying=90s pause=1h"},
    {"ms", {"--drying=500ms"}, "name=door colour=green coats=2 bytes=64KiB drying=500ms pause=1h"},
    {"s", {"--drying=10s"}, "name=door colour=green coats=2 bytes=64KiB drying=10s pause=1h"},
    {"60 s = 1 m", {"--drying=60s"}, "name=door colour=green coats=2 bytes=64KiB drying=1m pause=1h"},
    {"m", {"--drying=10m"}, "name=door colour=green coats=2 bytes=64KiB drying=10m pause=1h"},
    {"d", {"--drying=7d"}, "name=door colour=green coats=2 bytes=64KiB drying=7d pause=1h"},
    {"0", {"--drying=0"}, "name=door colour=green coats=2 bytes=64KiB drying=0 pause=1h"},
    {"0 below the least", {"--pause=0s"}, "name=door colour=green coats=2 bytes=64KiB drying=90s pause=0"},
    {"all",
     {"--name", "a", "--coats=3", "--colour=red", "--pause", "2s"},
     "name=a colour=red coats=3 bytes=64KiB drying=90s pause=2s"},
};

static const char *print_settings(const struct paint *paint)
{
    static char text[512];
    FILE *out = fmemopen(text, sizeof text, "w");
    ck_assert_ptr_nonnull(out);
    options_print_settings(&paint_program, paint, out);
    fclose(out);
    return text;
}

START_TEST(good_arguments)
{
    struct paint paint;
    struct options_result result;
    struct err err;
    ck_assert_msg(parse(good[_i].args, &paint, &result, &err), "%s: %s", good[_i].name, err.text);
    const char *settings = print_settings(&paint);
    ck_assert_msg(strcmp(settings, good[_i].settings) == 0, "%s: got %s", good[_i].name, settings);
    ck_assert_str_eq(err.text, "");
}
END_TEST

static const struct {
    const char *name;
    const char *args[MAX_ARGS];
    const char *error;
} bad[] = {
    {"unknown", {"--nme", "x"}, "unknown flag \"--nme\"; paint --help shows the flags"},
    {"unknown with value", {"--nme=x"}, "unknown flag \"--nme=x\"; paint --help shows the flags"},
    {"prefix of a flag", {"--nam", "x"}, "unknown flag \"--nam\"; paint --help shows the flags"},
    {"single dash", {"-name", "x"}, "unknown flag \"-name\"; paint --help shows the flags"},
    {"two dashes", {"--"}, "unknown flag \"--\"; paint --help shows the flags"},
    {"one dash", {"-"}, "unexpected argument \"-\"; paint --help shows the flags"},
    {"positional", {"x"}, "unexpected argument \"x\"; paint --help shows the flags"},
    {"empty argument", {""}, "unexpected argument \"\"; paint --help shows the flags"},
    {"line break in a flag", {"--a\nb"}, "unknown flag \"--a?b\"; paint --help shows the flags"},
    {"value missing", {"--name"}, "--name: the value is missing (--name NAME)"},
    {"flag instead of a value", {"--name", "--list"}, "--name: the value is missing (--name NAME)"},
    {"choice missing", {"--colour"}, "--colour: the value is missing (--colour red|green)"},
    {"value of an action", {"--list=yes"}, "--list takes no value"},
    {"twice", {"--name=a", "--coats=1", "--name", "b"}, "--name is given twice"},
    {"action twice", {"--list", "--list"}, "--list is given twice"},
    {"two actions", {"--list", "--name=a", "--test"}, "--list and --test contradict each other"},
    {"text too long", {"--name=123456789"}, "--name: \"123456789\" has 9 bytes, allowed are 1 to 8"},
    {"text empty", {"--name="}, "--name: \"\" has 0 bytes, allowed are 1 to 8"},
    {"text with control character", {"--name=a\tb"}, "--name: \"a?b\" holds a control character or is not UTF-8"},
    {"text not UTF-8", {"--name=a\xff"}, "--name: \"a\xff\" holds a control character or is not UTF-8"},
    {"text refused by its check", {"--name=a b"}, "--name: \"a b\" is not a name without blanks"},
    {"file empty", {"--file="}, "--file: the file name is empty"},
    {"choice unknown", {"--colour=blue"}, "--colour: \"blue\" is not red or green"},
    {"choice in capitals", {"--colour=RED"}, "--colour: \"RED\" is not red or green"},
    {"choice empty", {"--colour="}, "--colour: \"\" is not red or green"},
    {"count too small", {"--coats=0"}, "--coats: \"0\" is outside 1 to 5"},
    {"count too large", {"--coats=6"}, "--coats: \"6\" is outside 1 to 5"},
    {"count huge", {"--coats=99999999999999999999"}, "--coats: \"99999999999999999999\" is not a whole number"},
    {"count negative", {"--coats=-1"}, "--coats: \"-1\" is not a whole number"},
    {"count with sign", {"--coats=+1"}, "--coats: \"+1\" is not a whole number"},
    {"count with fraction", {"--coats=1.0"}, "--coats: \"1.0\" is not a whole number"},
    {"count with blank", {"--coats= 1"}, "--coats: \" 1\" is not a whole number"},
    {"count with unit", {"--coats=1KiB"}, "--coats: \"1KiB\" is not a whole number"},
    {"count empty", {"--coats="}, "--coats: \"\" is not a whole number"},
    {"bytes with another unit", {"--bytes=1kb"}, "--bytes: \"1kb\" is not a size such as 65536, 64KiB, 1MiB"},
    {"bytes too large", {"--bytes=3MiB"}, "--bytes: \"3MiB\" is outside 10 to 2MiB"},
    {"bytes overflow", {"--bytes=9223372036854775807MiB"}, "--bytes: \"9223372036854775807MiB\" is outside 10 to 2MiB"},
    {"duration with another unit", {"--drying", "7x"}, "--drying: \"7x\" is not a duration such as 30s, 10m, 7d"},
    {"duration without unit", {"--drying=7"}, "--drying: \"7\" is not a duration such as 30s, 10m, 7d"},
    {"duration without number", {"--drying=s"}, "--drying: \"s\" is not a duration such as 30s, 10m, 7d"},
    {"duration of two parts", {"--drying=1h30m"}, "--drying: \"1h30m\" is not a duration such as 30s, 10m, 7d"},
    {"duration negative", {"--drying", "-5s"}, "--drying: \"-5s\" is not a duration such as 30s, 10m, 7d"},
    {"duration too long", {"--drying=8d"}, "--drying: \"8d\" is outside 0 to 7d"},
    {"duration overflow", {"--drying=999999999999d"}, "--drying: \"999999999999d\" is outside 0 to 7d"},
    {"duration between none and the least", {"--pause=10ms"}, "--pause: \"10ms\" is outside 1s to 1d (0 = none)"},
    {"a long value is cut",
     {"--coats=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"},
     "--coats: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" is not a whole number"},
    {"between characters",
     {"--coats=\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8"
      "\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8"
      "\xe9\x97\xa8\xe9\x97\xa8x\xe9\x97\xa8\xe9\x97\xa8"},
     "--coats: \"\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8"
     "\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8\xe9\x97\xa8"
     "\xe9\x97\xa8\xe9\x97\xa8x...\" is not a whole number"},
    {"help does not hide what stands before it", {"--coats=x", "--help"}, "--coats: \"x\" is not a whole number"},
};

START_TEST(bad_arguments)
{
    struct paint paint;
    struct options_result result;
    struct err err;
    ck_assert_msg(!parse(bad[_i].args, &paint, &result, &err), "%s: was accepted", bad[_i].name);
    ck_assert_msg(strcmp(err.text, bad[_i].error) == 0, "%s: got %s", bad[_i].name, err.text);
}
END_TEST

static const struct {
    const char *name;
    const char *args[MAX_ARGS];
    int action;
} actions[] = {
    {"one", {"--list"}, ACTION_LIST},
    {"with values", {"--name=a", "--test"}, ACTION_TEST},
    {"help", {"--help"}, ACTION_HELP},
    {"help beside another", {"--list", "--help"}, ACTION_HELP},
    {"nothing matters after help", {"--help", "--bogus", "x"}, ACTION_HELP},
};

START_TEST(which_action)
{
    struct paint paint;
    struct options_result result;
    struct err err;
    ck_assert_msg(parse(actions[_i].args, &paint, &result, &err), "%s: %s", actions[_i].name, err.text);
    ck_assert_msg(result.action == actions[_i].action, "%s: got %d", actions[_i].name, result.action);
}
END_TEST

START_TEST(given)
{
    const char *const args[] = {"--coats=2", NULL};
    struct paint paint;
    struct options_result result;
    struct err err;
    ck_assert(parse(args, &paint, &result, &err));
    ck_assert(options_given(&paint_program, &result, "coats"));
    ck_assert(!options_given(&paint_program, &result, "name"));
    ck_assert(!options_given(&paint_program, &result, "no-such-flag"));
}
END_TEST

/* Whatever else is wrong. */
START_TEST(named)
{
    const char *const args[] = {"--nonsense", "x", "--coats=none", "--list", "-h", NULL};
    struct arguments arguments = make_arguments(args);
    ck_assert(options_named(arguments.count, arguments.values, "coats"));
    ck_assert(options_named(arguments.count, arguments.values, "list"));
    ck_assert(options_named(arguments.count, arguments.values, "help"));
    ck_assert(!options_named(arguments.count, arguments.values, "coat"));
    ck_assert(!options_named(arguments.count, arguments.values, "x"));
    ck_assert(!options_named(0, arguments.values, "list"));
}
END_TEST

START_TEST(settings_are_one_line)
{
    const char *const args[] = {"--file=a\nb", NULL};
    struct paint paint;
    struct options_result result;
    struct err err;
    ck_assert(parse(args, &paint, &result, &err));
    ck_assert_ptr_nonnull(strstr(print_settings(&paint), "file=\"a?b\""));
}
END_TEST

/* Two tables, the second one for a struct within the settings, as programs share them. */
START_TEST(several_tables)
{
    static const struct option more[] = {
        {.group = "How",
         .name = "layers",
         .argument = "COUNT",
         .kind = OPTION_COUNT,
         .offset = MEMBER(coats),
         .initial = "3",
         .min = 1,
         .max = 9,
         .help = "of the other wall"},
    };
    struct house {
        struct paint wall;
        struct paint other_wall;
    } house;
    static const struct option_table other_table = {more, COUNT(more)};
    static const struct option_part both[] = {{&paint_table, offsetof(struct house, wall)},
                                              {&other_table, offsetof(struct house, other_wall)}};
    struct program builder = paint_program;
    struct options_result result;
    struct err err;
    char arguments[][16] = {"", "--coats=4", "--layers", "7"};
    char *argv[] = {arguments[0], arguments[1], arguments[2], arguments[3], NULL};
    builder.parts = both;
    builder.part_count = COUNT(both);
    memset(&house, 0, sizeof house);
    err_clear(&err);
    ck_assert_msg(options_parse(&builder, 1, argv, &house, &result, &err), "%s", err.text);
    ck_assert_uint_eq(house.wall.coats, 2);
    ck_assert_uint_eq(house.other_wall.coats, 3);
    ck_assert_msg(options_parse(&builder, 4, argv, &house, &result, &err), "%s", err.text);
    ck_assert_uint_eq(house.wall.coats, 4);
    ck_assert_uint_eq(house.other_wall.coats, 7);
    ck_assert(options_given(&builder, &result, "layers"));
    ck_assert_uint_eq(options_count(&builder), COUNT(paint_options) + 1);
    ck_assert_str_eq(options_at(&builder, COUNT(paint_options))->name, "layers");
}
END_TEST

START_TEST(too_many_options)
{
    struct program crowded = paint_program;
    struct paint paint;
    struct options_result result;
    struct err err;
    char *argv[] = {NULL};
    err_clear(&err);
    const struct option_table too_many = {paint_options, OPTIONS_MAX + 1};
    const struct option_part too_many_part = {&too_many, 0};
    crowded.parts = &too_many_part;
    ck_assert(!options_parse(&crowded, 0, argv, &paint, &result, &err));
    ck_assert_str_eq(err.text, "the tables have more than 64 options");
}
END_TEST

/* ---- the other program: a switch, an offset, a flag that may stand alone, operands ---- */

static bool walk_parse(const char *const *args, struct walk *walk, struct options_result *result, struct err *err)
{
    struct arguments arguments = make_arguments(args);
    err_clear(err);
    *walk = (struct walk){0};
    return options_parse(&walk_program, arguments.count, arguments.values, walk, result, err);
}

static const struct {
    const char *name;
    const char *args[MAX_ARGS];
    const char *settings;
    const char *operands; /* each behind a blank */
} walks[] = {
    {"nothing", {NULL}, "slowly=no from=0 rounds=1", ""},
    {"operands in order, flags between", {"a", "--slowly", "b", "-"}, "slowly=yes from=0 rounds=1", " a b -"},
    {"a flag alone takes no next argument", {"--rounds", "5"}, "slowly=no from=0 rounds=0", " 5"},
    {"a flag with its value", {"--rounds=5", "x"}, "slowly=no from=0 rounds=5", " x"},
    {"an offset back", {"--from", "-24h"}, "slowly=no from=-1d rounds=1", ""},
    {"an offset ahead", {"--from=+90m"}, "slowly=no from=90m rounds=1", ""},
    {"an offset without sign", {"--from=5s"}, "slowly=no from=5s rounds=1", ""},
    {"an offset of nothing", {"--from=-0"}, "slowly=no from=0 rounds=1", ""},
    {"now", {"--from=now"}, "slowly=no from=0 rounds=1", ""},
    {"an offset that has no default", {"--to", "now"}, "slowly=no from=0 to=0 rounds=1", ""},
    {"behind two dashes", {"a", "--", "--slowly", "--", "-x"}, "slowly=no from=0 rounds=1", " a --slowly -- -x"},
};

START_TEST(operands_and_flags)
{
    struct walk walk;
    struct options_result result;
    struct err err;
    char operands[256] = "";
    char settings[256];
    ck_assert_msg(walk_parse(walks[_i].args, &walk, &result, &err), "%s: %s", walks[_i].name, err.text);
    FILE *out = fmemopen(settings, sizeof settings, "w");
    ck_assert_ptr_nonnull(out);
    options_print_settings(&walk_program, &walk, out);
    fclose(out);
    for (size_t i = 0; i < result.operand_count; i++) {
        strcat(strcat(operands, " "), result.operands[i]);
    }
    ck_assert_msg(strcmp(settings, walks[_i].settings) == 0, "%s: got %s", walks[_i].name, settings);
    ck_assert_msg(strcmp(operands, walks[_i].operands) == 0, "%s: got%s", walks[_i].name, operands);
}
END_TEST

#define OFFSET_RULE " is not now, or an offset such as -24h, 10m"

static const struct {
    const char *name;
    const char *args[MAX_ARGS];
    const char *error;
} bad_walks[] = {
    {"a switch with a value", {"--slowly=yes"}, "--slowly takes no value"},
    {"a switch twice", {"--slowly", "--slowly"}, "--slowly is given twice"},
    {"an empty operand", {""}, "unexpected argument \"\"; walk --help shows the flags"},
    {"a single dash", {"-rounds"}, "unknown flag \"-rounds\"; walk --help shows the flags"},
    {"a single dash before what looks like a flag",
     {"-xslowly"},
     "unknown flag \"-xslowly\"; walk --help shows the flags"},
    {"two signs", {"--from=+-5s"}, "--from: \"+-5s\"" OFFSET_RULE},
    {"no unit", {"--from=-5"}, "--from: \"-5\"" OFFSET_RULE},
    {"another word", {"--from=then"}, "--from: \"then\"" OFFSET_RULE},
    {"too far back", {"--from=-8d"}, "--from: \"-8d\" is outside -7d to 1d"},
    {"too far ahead", {"--from=2d"}, "--from: \"2d\" is outside -7d to 1d"},
    {"further than can be counted", {"--from=-999999999999d"}, "--from: \"-999999999999d\" is outside -7d to 1d"},
    {"an offset without value", {"--from"}, "--from: the value is missing (--from OFFSET)"},
};

START_TEST(bad_operands_and_flags)
{
    struct walk walk;
    struct options_result result;
    struct err err;
    ck_assert_msg(!walk_parse(bad_walks[_i].args, &walk, &result, &err), "%s: was accepted", bad_walks[_i].name);
    ck_assert_msg(strcmp(err.text, bad_walks[_i].error) == 0, "%s: got %s", bad_walks[_i].name, err.text);
}
END_TEST

START_TEST(too_many_operands)
{
    static char name[] = "x";
    static char *argv[OPTIONS_MAX_OPERANDS + 3];
    static struct options_result result;
    struct walk walk;
    struct err err;
    for (size_t i = 0; i < OPTIONS_MAX_OPERANDS + 2; i++) {
        argv[i] = name;
    }
    err_clear(&err);
    ck_assert(options_parse(&walk_program, OPTIONS_MAX_OPERANDS + 1, argv, &walk, &result, &err));
    ck_assert_uint_eq(result.operand_count, OPTIONS_MAX_OPERANDS);
    ck_assert(!options_parse(&walk_program, OPTIONS_MAX_OPERANDS + 2, argv, &walk, &result, &err));
    ck_assert_str_eq(err.text, "more than 1024 arguments that are no flags");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *tcase = tcase_create("options");
    tcase_add_test(tcase, defaults);
    tcase_add_loop_test(tcase, good_arguments, 0, (int)COUNT(good));
    tcase_add_loop_test(tcase, bad_arguments, 0, (int)COUNT(bad));
    tcase_add_loop_test(tcase, which_action, 0, (int)COUNT(actions));
    tcase_add_test(tcase, given);
    tcase_add_test(tcase, named);
    tcase_add_test(tcase, settings_are_one_line);
    tcase_add_test(tcase, several_tables);
    tcase_add_test(tcase, too_many_options);
    tcase_add_loop_test(tcase, operands_and_flags, 0, (int)COUNT(walks));
    tcase_add_loop_test(tcase, bad_operands_and_flags, 0, (int)COUNT(bad_walks));
    tcase_add_test(tcase, too_many_operands);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
