/* base/fingerprint.h - 64 bits that tell two texts apart, in a fifth of SipHash's steps. Whoever
 * knows the key can make two that look the same: for what concerns the sender alone.
 */
#ifndef VENDING_BASE_FINGERPRINT_H
#define VENDING_BASE_FINGERPRINT_H

#include <stdint.h>

#include "base/span.h"

uint64_t fingerprint(uint64_t key, struct span text);

#endif
