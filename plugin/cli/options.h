/* cli/options.h - command lines read by tables: defaults, flags and operands, and the line that
 * says what is in force. cli/help.h prints --help from the same tables.
 *
 * A flag is written --name value or --name=value; one that may stand alone (a switch, or with a
 * value of its own for that) takes a value only as --name=value. -h is --help. What is no flag is an operand, if
 * the program takes any; behind "--" all is. The parser fills the program's own settings struct,
 * member by member, by the offset each option gives. It prints and exits nothing by itself. A table
 * may serve several programs: each says where in its own settings the struct of that table's
 * members is.
 */
#ifndef VENDING_CLI_OPTIONS_H
#define VENDING_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "base/macros.h"
#include "cli/option.h"

#define OPTIONS_MAX 64            /* options one program may have */
#define OPTIONS_MAX_OPERANDS 1024 /* operands (files) on one command line */

struct option_table {
    const struct option *options;
    size_t count;
};

/* A table in a program. */
struct option_part {
    const struct option_table *table;
    size_t base; /* where the struct with the options' members begins in the program's settings */
};

struct program {
    const char *name;
    const char *version;
    const char *summary; /* one line */
    const char *usage;   /* lines below "Usage:", each ending in a newline */
    const char *notes;   /* the short how-to at the end */
    const struct option_part *parts;
    size_t part_count;
    bool takes_operands;
};

struct options_result {
    int action;                                 /* 0 = none was given */
    bool given[OPTIONS_MAX];                    /* on the command line? By position, see options_at */
    const char *operands[OPTIONS_MAX_OPERANDS]; /* views into argv */
    size_t operand_count;
};

/* The options of all tables one after the other: how many, and the one at a position below that. */
size_t options_count(const struct program *program);
const struct option *options_at(const struct program *program, size_t index);

/* Sets every default, then what the arguments say. Texts are views into argv or the table. false
 * = the first thing that is wrong, in one line without the program's name ("--max-age: \"7x\" is
 * not a duration such as 30s, 10m, 7d"): an unknown flag, a missing, bad or out-of-range value,
 * an operand where none is taken or one too many, a flag given twice, two actions. */
MUST_USE bool options_parse(const struct program *program, int argc, char *const argv[], void *settings,
                            struct options_result *result, struct err *err);

/* Does an argument spell this flag, whatever else is wrong with the command line? */
bool options_named(int argc, char *const argv[], const char *name);

/* Was this flag on the command line? */
bool options_given(const struct program *program, const struct options_result *result, const char *name);

/* Prints what is in force on one line without its end: name=value, separated by blanks; a file
 * that is not set is left out. */
void options_print_settings(const struct program *program, const void *settings, FILE *out);

#endif
