/* core/status_word.h - a status that is no JSON object but the word itself: the usual last will is
 * the plain text `offline` (plugin/README.md, Statuses).
 */
#ifndef VENDING_CORE_STATUS_WORD_H
#define VENDING_CORE_STATUS_WORD_H

#include "base/arena.h"
#include "base/span.h"
#include "core/mapping.h"

/* The payload that a machine with an object would have sent, in the arena: {"status":"offline"} at
 * the mapping's first path, of a word that the mapping knows, with or without quotes around it.
 * Empty = it is no such word, or the arena is full. */
struct span status_word_payload(const struct mapping *mapping, struct span bytes, struct arena *arena);

#endif
