/* json/read.h - values of JSON text that json/scan.h has passed, found in the text itself: nothing
 * is built. For small texts (capture lines, configuration): every call walks from the start.
 */
#ifndef VENDING_JSON_READ_H
#define VENDING_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"
#include "base/span.h"

/* A walk over the members of an object or the elements of an array. */
struct json_read_iter {
    struct span text;
    size_t pos;
    int state;
};
struct json_read_member {
    struct span key;   /* between the quotes, escaped as it came; empty for an array's element */
    struct span value; /* the value's own text, quotes or braces included */
};

/* Starts on the text of an object or array; anything else has no members. */
void json_read_begin(struct json_read_iter *iter, struct span text);

/* The next one, in the order of the text; false = there is none. */
MUST_USE bool json_read_next(struct json_read_iter *iter, struct json_read_member *member);

/* The value at a dotted path ("environment.freezer_temps.2", array positions as numbers); of equal
 * keys the last. Keys are compared as they came, escapes and all. false = there is none. */
MUST_USE bool json_read_find(struct span text, const char *dotted_path, struct span *value);

/* What a string between its quotes stands for: out holds escaped.len bytes. Bytes >= 0x80 are
 * copied as they are; a lone surrogate becomes U+FFFD, \u0000 a NUL. Returns the bytes written. */
size_t json_read_string(struct span escaped, char *out);

/* The 1-based line on which the value of a dotted path has its key (an element: its start). Of a
 * path that does not exist, the deepest part that does; 1 if none. For messages about
 * configuration. */
size_t json_read_line_of(struct span text, const char *dotted_path);

#endif
