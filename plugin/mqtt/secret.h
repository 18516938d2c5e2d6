/* mqtt/secret.h - a password from a file: its first line, without the end of it. */
#ifndef VENDING_MQTT_SECRET_H
#define VENDING_MQTT_SECRET_H

#include <stdbool.h>

#include "base/err.h"
#include "base/macros.h"

#define MQTT_SECRET_BYTES 4096 /* the longest, with its terminator */

/* false = why is in *err; the file's contents never are. Only a regular file will do, or a symbolic
 * link to one (Kubernetes mounts secrets so): a pipe or device would have to be waited for. An empty
 * first line is no password, nor is one with a NUL. *others: what everybody may do with the file,
 * S_IROTH and S_IWOTH or neither. */
MUST_USE bool mqtt_secret_read(const char *file, char out[MQTT_SECRET_BYTES], unsigned *others, struct err *err);

/* Can a regular file of that name be opened for reading now? 0, or errno; EINVAL = no regular
 * file. */
MUST_USE int mqtt_secret_check(const char *file);
const char *mqtt_secret_strerror(int error);

#endif
