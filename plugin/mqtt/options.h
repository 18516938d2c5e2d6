/* mqtt/options.h - the flags that say which broker, as whom, and how safely: one table for every
 * program that connects. */
#ifndef VENDING_MQTT_OPTIONS_H
#define VENDING_MQTT_OPTIONS_H

#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"
#include "cli/options.h"
#include "mqtt/client.h"

/* Members are those of struct mqtt_settings. --client-id is "" unless given: the program then
 * puts its own. */
extern const struct option_table mqtt_options;

/* What flags may not say together; and takes the password out of the environment, where
 * MQTT_PASSWORD is its name. */
MUST_USE bool mqtt_options_finish(struct mqtt_settings *settings, struct err *err);

#endif
