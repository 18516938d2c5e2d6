/* processor_options.h - the command line of vending-processor: its table of flags, and what they may not say together. */
#ifndef VENDING_PROCESSOR_OPTIONS_H
#define VENDING_PROCESSOR_OPTIONS_H

#include <stdbool.h>

#include "err.h"
#include "options.h"
#include "settings.h"

#ifndef VENDING_VERSION
#define VENDING_VERSION "0.1.0"
#endif

enum processor_action {
    PROCESSOR_RUN,
    PROCESSOR_HELP,
    PROCESSOR_VERSION,
    PROCESSOR_CHECK,
    PROCESSOR_PRINT_MAPPING,
};

struct processor_request {
    enum processor_action action;
    bool report_asked_for; /* --report-interval was on the command line */
};

extern const struct program processor_program;

/* options_parse with the processor's table, and the checks across flags. */
bool processor_options_parse(int argc, char *const argv[], struct settings *settings, struct processor_request *request,
                             struct err *err);

#endif
