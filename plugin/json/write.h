/* json/write.h - JSON text, piece by piece, into a buffer: the tree's one writer of strings. */
#ifndef VENDING_JSON_WRITE_H
#define VENDING_JSON_WRITE_H

#include "base/buf.h"
#include "base/span.h"

/* A string with its quotes. '"', '\\' and controls below 0x20 are escaped, these the short way
 * where there is one ("\n"), else as \u00xx: what cJSON, and with it mosquitto_sub, writes. All
 * other bytes are copied as they are, also those that are not UTF-8: that is for the caller to
 * know. */
void json_write_string(struct buf *out, struct span text);

/* separator, the name as a string, and a colon: the start of an object's member. */
void json_write_key(struct buf *out, const char *separator, const char *name);

#endif
