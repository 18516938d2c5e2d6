/* json/show.h - how a message to a person shows a JSON value. */
#ifndef VENDING_JSON_SHOW_H
#define VENDING_JSON_SHOW_H

#include <stddef.h>

#include "json/value.h"

/* Writes a value as short JSON text, at most size - 1 bytes cut between characters (then ending in
 * "..."), terminated, valid UTF-8 without NUL, line breaks and other controls. Containers are
 * "{...}" and "[...]". size is at least 8. Returns its length. */
size_t json_show_value(const struct json_value *value, char *out, size_t size);

#endif
