/* processor/options.h - the command line of vending-processor: its own flags beside the shared ones, and what they may not say together. */
#ifndef VENDING_PROCESSOR_OPTIONS_H
#define VENDING_PROCESSOR_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/options.h"
#include "cli/shared.h"
#include "core/settings.h"

struct processor_request {
    enum program_action action;
    bool report_asked_for; /* --report-interval was on the command line */
};

extern const struct program processor_program;

/* options_parse with the processor's table, and the checks across flags. */
bool processor_options_parse(int argc, char *const argv[], struct settings *settings, struct processor_request *request,
                             struct err *err);

#endif
