/* input/options.h - the command line of vending-input: its own flags beside the shared ones, and what they may not say together. */
#ifndef VENDING_INPUT_OPTIONS_H
#define VENDING_INPUT_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"
#include "capture/recorder.h"
#include "cli/options.h"
#include "cli/shared.h"
#include "core/settings.h"
#include "mqtt/client.h"

enum input_qos { INPUT_QOS_0, INPUT_QOS_1 };

struct input_settings {
    struct settings flow;
    struct mqtt_settings mqtt;
    enum input_qos qos;
    const char *share; /* "" = none */
    struct capture_recorder_settings record;
};

struct input_request {
    enum program_action action;
    bool report_asked_for; /* --report-interval was on the command line */
};

extern const struct program input_program;

/* options_parse with the input's tables, and the checks across flags. */
bool input_options_parse(int argc, char *const argv[], struct input_settings *settings, struct input_request *request,
                         struct err *err);

#endif
