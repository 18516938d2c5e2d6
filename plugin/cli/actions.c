#include "cli/actions.h"

#include <stdio.h>

#include "cli/help.h"
#include "io/process.h"

static const struct option options[] = {
    {.group = "Other",
     .name = "check",
     .kind = OPTION_ACTION,
     .action = ACTION_CHECK,
     .help = "validate flags and mapping, say what is in force, and exit"},
    {.group = "Other",
     .name = "version",
     .kind = OPTION_ACTION,
     .action = ACTION_VERSION,
     .at_once = true,
     .help = "print the version and exit"},
    {.group = "Other",
     .name = "help",
     .kind = OPTION_ACTION,
     .action = ACTION_HELP,
     .at_once = true,
     .help = "print this and exit; so does -h"},
};

const struct option_table action_options = {options, COUNT(options)};

bool action_only_prints(enum program_action action)
{
    return action == ACTION_HELP || action == ACTION_VERSION;
}

static int perform(const struct program *program, enum program_action action, const struct program_callbacks *callbacks,
                   void *ctx)
{
    switch (action) {
    case ACTION_RUN:
        return callbacks->run(ctx);
    case ACTION_CHECK:
        callbacks->print_check(ctx);
        return process_printed();
    case ACTION_PRINT_MAPPING:
        return callbacks->print_mapping && callbacks->print_mapping(ctx) ? process_printed() : CANNOT_RUN;
    case ACTION_HELP:
        help_print(program, stdout);
        return process_printed();
    case ACTION_VERSION:
        printf("%s %s\n", program->name, program->version);
        return process_printed();
    }
    return CANNOT_RUN;
}

static int refuse(const struct program *program, const struct program_callbacks *callbacks, int argc,
                  char *const argv[], const char *problem)
{
    return callbacks->refuse ? callbacks->refuse(argc, argv, problem) : process_refuse(program->name, problem);
}

int actions_main(const struct program *program, const struct program_callbacks *callbacks, void *ctx, int argc,
                 char *const argv[])
{
    struct options_result result;
    struct err err;
    process_begin();
    err_clear(&err);
    if (!callbacks->parse(ctx, argc, argv, &result, &err)) {
        return refuse(program, callbacks, argc, argv, err.text);
    }
    enum program_action action = (enum program_action)result.action;
    if (!action_only_prints(action) && !callbacks->load(ctx, action, &err)) {
        return refuse(program, callbacks, argc, argv, err.text);
    }
    return perform(program, action, callbacks, ctx);
}
