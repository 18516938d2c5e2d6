/* core/unit.h - numbers in text with their unit behind: "24.1 ℃", "221.4V" (plugin/README.md, Never
 * lose 5).
 */
#ifndef VENDING_CORE_UNIT_H
#define VENDING_CORE_UNIT_H

#include "base/span.h"

/* The text without the column's own unit, and without blanks before that, if it ends in it; else as
 * it is. unit: as the mapping has it, "" = none. Of the units that are built in, other spellings
 * count as well (degC: ℃, °C, C); letters count in any case where no two units differ by it. */
struct span unit_strip(struct span text, const char *unit);

#endif
