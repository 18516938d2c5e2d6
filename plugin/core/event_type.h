/* core/event_type.h - event names as devices spell them to one canonical UPPER_SNAKE name
 * (plugin/README.md, Event types).
 *
 * "dispense-success", "Dispense Success", "dispenseSuccess", "DISPENSESUCCESS" and a known synonym
 * in English or Chinese are all DISPENSE_SUCCESS. A name nobody knows is kept: "fan stuck" is
 * FAN_STUCK.
 */
#ifndef VENDING_CORE_EVENT_TYPE_H
#define VENDING_CORE_EVENT_TYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ascii.h"
#include "base/span.h"

/* of a canonical name: it is indexed, and a longer one cut between characters */
#define EVENT_TYPE_MAX_BYTES 64

/* Part of a word: letters, digits, and whatever is not ASCII. */
static inline bool event_type_is_word(char c)
{
    return ascii_is_upper(c) || ascii_is_lower(c) || ascii_is_digit(c) || (unsigned char)c >= 0x80;
}

/* Canonical spelling: ASCII upper case; anything between words ('-', ' ', '.', '/', ...; a step
 * from lower to upper case, the last capital of a run before a lower-case letter) becomes one '_',
 * none at the ends; other characters (Chinese) stay. name is valid UTF-8 without NUL. out holds 2 *
 * name.len + 1 bytes. Returns the bytes written, 0 if nothing is left. */
size_t event_type_canonical(struct span name, char *out);

/* The look-up key of a canonical name: without '_'. out holds canonical.len bytes. Returns the
 * bytes written. */
size_t event_type_key(struct span canonical, char *out);

#endif
