/* input/options.h - the command line of vending-input: its own flags beside the shared ones, and
 * what they may not say together. */
#ifndef VENDING_INPUT_OPTIONS_H
#define VENDING_INPUT_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"
#include "capture/recorder.h"
#include "cli/options.h"
#include "core/settings.h"
#include "mqtt/settings.h"

enum input_qos { INPUT_QOS_0, INPUT_QOS_1 };

struct input_settings {
    struct settings rows; /* what the messages become */
    struct mqtt_settings mqtt;
    enum input_qos qos;
    const char *share; /* "" = none */
    struct capture_recorder_settings recorder;
};

extern const struct program input_program;

/* options_parse() with the input's tables, and the checks across flags. false = what is wrong is in
 * *err. */
MUST_USE bool input_options_parse(int argc, char *const argv[], struct input_settings *settings,
                                  struct options_result *result, struct err *err);

#endif
