/* core/diagnosis.h - why a payload is no message, for the person who has to tell the firmware's
 * makers: where, what stands there, and the usual cause in words (plugin/README.md, Rejects).
 */
#ifndef VENDING_CORE_DIAGNOSIS_H
#define VENDING_CORE_DIAGNOSIS_H

#include <stddef.h>

#include "base/err.h"
#include "base/span.h"
#include "core/reject.h"

#define DIAGNOSIS_BYTES (ERR_TEXT_BYTES + 160) /* so that nothing is cut */
#define DIAGNOSIS_QUOTED_BYTES 16              /* of the payload at the fault; what cannot be printed is '?' */

/* Writes "WHAT (byte N), at `BYTES`: CAUSE" of what was found in a text, as much of it as there is to
 * say; terminated. */
void diagnosis_write(enum reject reason, struct span text, const struct err *err, char out[DIAGNOSIS_BYTES]);

#endif
