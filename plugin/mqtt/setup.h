/* mqtt/setup.h - libmosquitto's client as the settings want it: protocol options, TLS, login, and
 * what CONNECT says. Nothing here connects.
 *
 * The functions that return an int return MOSQ_ERR_SUCCESS or the library's error.
 */
#ifndef VENDING_MQTT_SETUP_H
#define VENDING_MQTT_SETUP_H

#include <mosquitto.h>
#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"
#include "mqtt/failure.h"
#include "mqtt/settings.h"

/* Can every file of the settings be read now? false = *err names the flag, the file and errno's
 * words. */
MUST_USE bool mqtt_setup_check_files(const struct mqtt_settings *settings, struct err *err);

/* MQTT 5, limits and TLS. Once, before the first connection. facts, which must outlive the library's
 * client, get to know why the broker's certificate is refused. */
MUST_USE int mqtt_setup_library(struct mosquitto *library, const struct mqtt_settings *settings,
                                struct mqtt_failure_facts *facts);

/* User name and password. Before each connection, since the password's file is read again. *others:
 * as mqtt_secret_read() has it, 0 without a file. */
MUST_USE bool mqtt_setup_login(struct mosquitto *library, const struct mqtt_settings *settings, unsigned *others,
                               struct err *err);

/* The properties of CONNECT (MQTT 5, 3.1.2.11): session expiry interval and maximum packet size.
 * Once, before the first connection; the library keeps them. */
MUST_USE int mqtt_setup_connect_properties(struct mosquitto *library, const struct mqtt_settings *settings);

/* The port to connect to: as set, or what IANA has registered for MQTT without and with TLS. */
int mqtt_setup_port(const struct mqtt_settings *settings);

/* The keep-alive interval of CONNECT. */
int mqtt_setup_keepalive_s(const struct mqtt_settings *settings);

#endif
