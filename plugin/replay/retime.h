/* replay/retime.h - a device's time moved by some nanoseconds, written in the form that the device
 * has used.
 *
 * What a time is, timestamp.h says: a Unix number in s, ms, us or ns with or without fraction or
 * exponent, or ISO 8601; each also as text. The copy has the same unit, as many digits of fraction,
 * the same separators and offset: whoever reads times so, reads the moved one so.
 */
#ifndef VENDING_REPLAY_RETIME_H
#define VENDING_REPLAY_RETIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/span.h"

#define REPLAY_RETIME_MAX_BYTES 64 /* of a time that is moved, and of the moved one */

/* Moves a number (as JSON or text has it), or text that holds a number or an ISO time, quotes
 * not included. What is finer than the form can hold is cut downward. false = not a time, or the
 * moved one has no place in the form: before 1970, after 2261, in the range of another unit, or of
 * more bytes than out has. *len gets the bytes in out; a shift of 0 gives the text itself. */
MUST_USE bool replay_retime(struct span text, int64_t shift_ns, char out[REPLAY_RETIME_MAX_BYTES], size_t *len);

#endif
