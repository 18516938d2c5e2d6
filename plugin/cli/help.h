/* cli/help.h - --help, made from the program's tables: usage, flags by group, defaults, limits,
 * notes. */
#ifndef VENDING_CLI_HELP_H
#define VENDING_CLI_HELP_H

#include <stdio.h>

#include "cli/options.h"

/* How values are written: for the notes of every program. Goes on at the end of a line. */
#define HELP_VALUES                                                                                                    \
    "A flag is written --flag value or --flag=value. Durations are whole numbers with\n"                               \
    "a unit: 500ms, 10s, 10m, 1h, 7d. Sizes are bytes, or end in KiB or MiB."

/* Prints it at 80 columns. Options of a group stand together, groups in the order of their
 * first. */
void help_print(const struct program *program, FILE *out);

#endif
