/* cli/actions.h - what every program does with its command line: --help, --version, --check and
 * --print-mapping, a refusal, or its run.
 *
 * A program's main() is a call of actions_main() with what is its own. Exit statuses are those of
 * io/process.h.
 */
#ifndef VENDING_CLI_ACTIONS_H
#define VENDING_CLI_ACTIONS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"
#include "cli/options.h"

#ifndef VENDING_VERSION
#error "VENDING_VERSION is not defined: the Makefile says which version this is"
#endif

enum program_action {
    ACTION_RUN,
    ACTION_HELP,
    ACTION_VERSION,
    ACTION_CHECK,
    ACTION_PRINT_MAPPING,
};

/* --check, --version and --help. A program that has a mapping adds --print-mapping
 * (cli/shared.h). */
extern const struct option_table action_options;

/* Do they only print something about the program itself, whatever the other flags say? */
bool action_only_prints(enum program_action action);

/* A program's own part in it. Each is called at most once, in this order, with ctx. */
struct program_callbacks {
    /* Reads the command line with options_parse(), and checks what flags may not say together
     * unless the action only prints. false = what is wrong is in *err. */
    bool (*parse)(void *ctx, int argc, char *const argv[], struct options_result *result, struct err *err);
    /* Before --check, --print-mapping and a run: loads what the settings name. false = as above. */
    bool (*load)(void *ctx, enum program_action action, struct err *err);
    /* One of the three. print_check: on standard output, one line with its newline. print_mapping:
     * the same, may be NULL where the program has no such flag; false = no memory. run returns the
     * exit status. */
    void (*print_check)(void *ctx);
    bool (*print_mapping)(void *ctx);
    int (*run)(void *ctx);
    /* What to do about a problem that parse or load named; returns the exit status. NULL =
     * process_refuse(). The flags may be what is wrong: argv is as it came. */
    int (*refuse)(int argc, char *const argv[], const char *problem);
};

/* Does what the command line says and returns the exit status. A refusal is a line on standard
 * error. What load has taken is the caller's to free. */
MUST_USE int actions_main(const struct program *program, const struct program_callbacks *callbacks, void *ctx, int argc,
                          char *const argv[]);

#endif
