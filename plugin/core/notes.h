/* core/notes.h - the text of a row's anomalies: "path=value reason; path=value reason"
 * (plugin/README.md, Never lose 3).
 */
#ifndef VENDING_CORE_NOTES_H
#define VENDING_CORE_NOTES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/macros.h"
#include "base/span.h"
#include "json/show.h"

#define NOTES_MAX_BYTES 2048 /* of the text; what does not fit is counted at its end */
#define NOTES_VALUE_BYTES 65 /* of a shown value: 64 and the terminator */
#define NOTES_SEPARATOR "; "

struct notes {
    char *text;    /* NOTES_MAX_BYTES in the arena */
    size_t len;    /* a note that fitted is text from the len before it on, behind a separator */
    size_t count;  /* all, also those that did not fit */
    size_t hidden; /* those that did not fit */
};

/* Starts anew; the text lives as long as the arena's content. false = the arena is full. */
MUST_USE bool notes_begin(struct notes *notes, struct arena *arena);

/* Adds "path=value reason"; reason may be "". */
void notes_add(struct notes *notes, struct span path, const char *value, const char *reason);

/* The same with the value as JSON has it, cut to NOTES_VALUE_BYTES. */
void notes_add_value(struct notes *notes, struct span path, const struct json_value *value, const char *reason);

/* The whole text, with "; and N more" where some did not fit. Nothing is added afterwards. */
struct span notes_text(struct notes *notes);

#endif
