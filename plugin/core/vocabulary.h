/* core/vocabulary.h - known words looked up in any spelling: event types, statuses, outcomes of
 * commands (plugin/README.md, Event types, Statuses).
 */
#ifndef VENDING_CORE_VOCABULARY_H
#define VENDING_CORE_VOCABULARY_H

#include "base/span.h"
#include "core/mapping.h"

/* The known word of a name in canonical spelling (event_type_canonical()), or NULL. */
const struct term *vocabulary_find(const struct vocabulary *words, struct span canonical);

/* The same of a word as a machine spells it: in any case, with blanks, '_' and '-' wherever they are.
 * With any other sign, or longer than EVENT_TYPE_MAX_BYTES, it is not known. */
const struct term *vocabulary_find_spelling(const struct vocabulary *words, struct span name);

#endif
