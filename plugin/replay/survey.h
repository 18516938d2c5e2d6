/* replay/survey.h - what captures hold, by reading them once: how many messages, of which
 * machines, over which time. */
#ifndef VENDING_REPLAY_SURVEY_H
#define VENDING_REPLAY_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/span.h"
#include "capture/source.h"
#include "replay/clock.h"
#include "replay/fleet.h"

struct replay_survey {
    uint64_t messages;
    struct replay_clock_timeline timeline; /* of one round; its max_gap_ns is the caller's */
};

/* Reads the source to its end, waiting for standard input, and goes back to its beginning.
 * Machines are added to the fleet. false = *err says why. */
MUST_USE bool replay_survey_read(struct replay_survey *survey, struct capture_source *source, struct span topic_prefix,
                                 struct replay_fleet *fleet, struct err *err);

#endif
