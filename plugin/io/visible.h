/* io/visible.h - what came from a machine or a broker, so that a person who reads it on a terminal
 * sees what is there: characters that have no shape of their own, steer the terminal or turn the
 * direction of the text around them are shown as escapes.
 *
 * Those are the control characters (C0, DEL, C1), the marks and isolates of bidirectional text,
 * line and paragraph separators, and invisible ones (zero width, byte order mark, interlinear
 * annotation): Unicode's categories Cc, Zl, Zp and the dangerous part of Cf.
 */
#ifndef VENDING_IO_VISIBLE_H
#define VENDING_IO_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define VISIBLE_BYTES 6 /* of a character at most */

bool visible_is_hidden(uint32_t code);

/* Puts the escape of a hidden character below U+10000 into out and returns its bytes: \n, \r and
 * \t as JSON has them, all others \u202e. */
size_t visible_escape(uint32_t code, char out[VISIBLE_BYTES]);

/* The character with which the text, which need not be UTF-8, begins, as it is to be shown; a byte
 * that is none as \xff. Returns the bytes in out; *len is those taken of the text, which is not
 * empty. */
size_t visible_char(struct span text, char out[VISIBLE_BYTES], size_t *len);

#endif
