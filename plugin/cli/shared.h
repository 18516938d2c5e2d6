/* cli/shared.h - the flags of every program that makes rows: which topics, whose clock, limits,
 * duplicates, reports, mapping. */
#ifndef VENDING_CLI_SHARED_H
#define VENDING_CLI_SHARED_H

#include "cli/options.h"

#ifndef VENDING_VERSION
#define VENDING_VERSION "0.1.0"
#endif

enum program_action {
    ACTION_RUN,
    ACTION_HELP,
    ACTION_VERSION,
    ACTION_CHECK,
    ACTION_PRINT_MAPPING,
};

/* Members are those of struct settings. */
extern const struct option_table pipeline_options;

/* What --rows says: rows of a table to show. preset is for "auto"; SIZE_MAX = all. */
size_t rows_limit(const char *rows, size_t preset);

/* --check, --version and --help: of any program. */
extern const struct option_table action_options;

/* Do they only print something about the program itself, whatever the other flags say? */
bool action_only_prints(enum program_action action);

#endif
