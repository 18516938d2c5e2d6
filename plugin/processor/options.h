/* processor/options.h - the command line of vending-processor: its own flags beside the shared
 * ones, and what they may not say together. */
#ifndef VENDING_PROCESSOR_OPTIONS_H
#define VENDING_PROCESSOR_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"
#include "cli/options.h"
#include "core/settings.h"

extern const struct program processor_program;

/* options_parse() with the processor's tables, and the checks across flags. false = what is
 * wrong is in *err. */
MUST_USE bool processor_options_parse(int argc, char *const argv[], struct settings *settings,
                                      struct options_result *result, struct err *err);

#endif
