/* core/mapping_print.h - a mapping as a file that core/mapping_file.h reads. */
#ifndef VENDING_CORE_MAPPING_PRINT_H
#define VENDING_CORE_MAPPING_PRINT_H

#include "base/buf.h"
#include "core/mapping.h"

/* more than the largest mapping comes to */
#define MAPPING_PRINT_MAX_BYTES ((size_t)4 * 1024 * 1024)

/* Appends the JSON that, laid over the built-in mapping, gives the same mapping: built-in columns
 * that were removed are in it with "enabled": false. out->failed = there was no room. */
void mapping_print(const struct mapping *mapping, struct buf *out);

#endif
