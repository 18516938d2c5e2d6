/* replay/options.h - the command line of vending-replay: its table of flags, and what they may
 * not say together. */
#ifndef VENDING_REPLAY_OPTIONS_H
#define VENDING_REPLAY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "cli/options.h"
#include "mqtt/settings.h"

struct replay_options {
    struct mqtt_settings mqtt;
    const char *files[OPTIONS_MAX_OPERANDS];
    size_t file_count;
    size_t max_line;
    const char *topic_prefix;
    const char *mapping_file; /* NULL = built in */

    size_t rounds;  /* 0 = for ever */
    size_t devices; /* 0 = as many as the capture has */
    int64_t spread_ns;

    const char *speed_text;
    double speed;       /* 0 = as fast as it goes */
    int64_t max_gap_ns; /* 0 = pauses stay */
    bool shift_time;
    int64_t start_ns; /* from the beginning; OPTION_NO_OFFSET = not given */
    int64_t until_ns; /* the same */

    size_t min_qos;
    size_t in_flight;
    int64_t give_up_ns; /* 0 = never */
    size_t log_rate;
};

extern const struct program replay_options_program;

/* options_parse() with the replay's tables, and the checks across flags; looks at no file. false
 * = what is wrong is in *err. */
MUST_USE bool replay_options_parse(int argc, char *const argv[], struct replay_options *settings,
                                   struct options_result *result, struct err *err);

/* Must the captures be read once beforehand? Their machines have to be known to number clones,
 * and their length to begin in the past with times that end in the present. */
bool replay_options_needs_survey(const struct replay_options *settings);

#endif
