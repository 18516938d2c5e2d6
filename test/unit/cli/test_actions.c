/* Whole programs are tested as processes: test/cli. */
#include <stdio.h>
#include <unistd.h>

#include "arguments.h"
#include "cli/actions.h"
#include "io/process.h"
#include "support.h"

static const struct option mapping_options[] = {
    {.group = "Mapping",
     .name = "print-mapping",
     .kind = OPTION_ACTION,
     .action = ACTION_PRINT_MAPPING,
     .help = "print it"},
};
static const struct option_table mapping_table = {mapping_options, COUNT(mapping_options)};
static const struct option_part parts[] = {{&mapping_table, 0}, {&action_options, 0}};
static const struct program program = {.name = "any",
                                       .version = "1.2.3",
                                       .summary = "does something",
                                       .usage = "  any\n",
                                       .notes = "notes\n",
                                       .parts = parts,
                                       .part_count = COUNT(parts)};

/* What was called, a letter each, and what is to fail. */
struct trace {
    char calls[8];
    bool load_fails;
    bool mapping_fails;
    enum program_action action; /* as load got it */
};

static void note(struct trace *trace, const char *call)
{
    strcat(trace->calls, call);
}

static bool parse(void *ctx, int argc, char *const argv[], struct options_result *result, struct err *err)
{
    static char unused;
    note(ctx, "p");
    return options_parse(&program, argc, argv, &unused, result, err);
}

static bool load(void *ctx, enum program_action action, struct err *err)
{
    struct trace *trace = ctx;
    note(trace, "l");
    trace->action = action;
    if (trace->load_fails) {
        err_set(err, 0, "no such file");
    }
    return !trace->load_fails;
}

static void print_check(void *ctx)
{
    note(ctx, "c");
    puts("valid");
}

static bool print_mapping(void *ctx)
{
    struct trace *trace = ctx;
    note(trace, "m");
    puts("{}");
    return !trace->mapping_fails;
}

static int refuse(int argc, char *const argv[], const char *problem)
{
    printf("%d %s %s\n", argc, argv[1], problem);
    return 5;
}

static int run(void *ctx)
{
    note(ctx, "r");
    return 7;
}

static const struct program_callbacks callbacks = {
    .parse = parse, .load = load, .print_check = print_check, .print_mapping = print_mapping, .run = run};

/* Calls it with one argument, or none, and collects what it writes to standard output and
 * standard error. */
static int perform(const char *argument, const struct program_callbacks *with, struct trace *trace, char *text,
                   size_t size)
{
    const char *const args[] = {argument, NULL};
    struct arguments arguments = make_arguments(args);
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    fflush(stdout);
    int out = dup(STDOUT_FILENO);
    int err = dup(STDERR_FILENO);
    ck_assert(out >= 0 && err >= 0);
    ck_assert(dup2(fileno(file), STDOUT_FILENO) >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    int code = actions_main(&program, with, trace, arguments.count, arguments.values);
    fflush(stdout);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out);
    close(err);
    rewind(file);
    text[fread(text, 1, size - 1, file)] = '\0';
    fclose(file);
    return code;
}

static const struct {
    const char *argument;
    struct trace trace;
    const char *calls;
    int code;
    const char *text;
} cases[] = {
    {NULL, {.calls = ""}, "plr", 7, ""},
    {NULL, {.load_fails = true}, "pl", WRONG_CONFIGURATION, "E! any: no such file\n"},
    {"--check", {.calls = ""}, "plc", DONE, "valid\n"},
    {"--check", {.load_fails = true}, "pl", WRONG_CONFIGURATION, "E! any: no such file\n"},
    {"--print-mapping", {.calls = ""}, "plm", DONE, "{}\n"},
    {"--print-mapping", {.mapping_fails = true}, "plm", CANNOT_RUN, "{}\n"},
    {"--version", {.load_fails = true}, "p", DONE, "any 1.2.3\n"},
    {"--nonsense",
     {.calls = ""},
     "p",
     WRONG_CONFIGURATION,
     "E! any: unknown flag \"--nonsense\"; any --help shows the flags\n"},
};

START_TEST(what_is_done)
{
    char text[512];
    struct trace trace = cases[_i].trace;
    int code = perform(cases[_i].argument, &callbacks, &trace, text, sizeof text);
    ck_assert_str_eq(text, cases[_i].text);
    ck_assert_str_eq(trace.calls, cases[_i].calls);
    ck_assert_int_eq(code, cases[_i].code);
}
END_TEST

START_TEST(help)
{
    char text[4096];
    struct trace trace = {.load_fails = true};
    ck_assert_int_eq(perform(_i ? "-h" : "--help", &callbacks, &trace, text, sizeof text), DONE);
    ck_assert_msg(strncmp(text, "any 1.2.3 - does something\n", 27) == 0, "%s", text);
    ck_assert_ptr_nonnull(strstr(text, "  --check "));
    ck_assert_str_eq(trace.calls, "p");
}
END_TEST

/* parse's problems and load's; a program that refuses in its own way. */
START_TEST(a_refusal_of_its_own)
{
    char text[512];
    struct program_callbacks own = callbacks;
    own.refuse = refuse;
    struct trace trace = {.calls = ""};
    ck_assert_int_eq(perform("--nonsense", &own, &trace, text, sizeof text), 5);
    ck_assert_str_eq(text, "2 --nonsense unknown flag \"--nonsense\"; any --help shows the flags\n");
    trace = (struct trace){.load_fails = true};
    ck_assert_int_eq(perform("--check", &own, &trace, text, sizeof text), 5);
    ck_assert_str_eq(text, "2 --check no such file\n");
}
END_TEST

START_TEST(which_only_print)
{
    ck_assert(action_only_prints(ACTION_HELP) && action_only_prints(ACTION_VERSION));
    ck_assert(!action_only_prints(ACTION_RUN) && !action_only_prints(ACTION_CHECK));
    ck_assert(!action_only_prints(ACTION_PRINT_MAPPING));
}
END_TEST

START_TEST(load_knows_the_action)
{
    char text[512];
    struct trace trace = {.calls = ""};
    perform("--check", &callbacks, &trace, text, sizeof text);
    ck_assert_int_eq(trace.action, ACTION_CHECK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("actions");
    TCase *tcase = tcase_create("actions");
    tcase_add_loop_test(tcase, what_is_done, 0, (int)COUNT(cases));
    tcase_add_loop_test(tcase, help, 0, 2);
    tcase_add_test(tcase, a_refusal_of_its_own);
    tcase_add_test(tcase, which_only_print);
    tcase_add_test(tcase, load_knows_the_action);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
