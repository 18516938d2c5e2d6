/* mqtt/secret.h - a password from a file: its first line, without the end of it. */
#ifndef VENDING_MQTT_SECRET_H
#define VENDING_MQTT_SECRET_H

#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"

#define MQTT_SECRET_BYTES 4096 /* the longest, with its terminator */

/* false = why is in *err; the file's contents never are. An empty first line is no password, nor
 * is one with a NUL. */
MUST_USE bool mqtt_secret_read(const char *file, char out[MQTT_SECRET_BYTES], struct err *err);

#endif
