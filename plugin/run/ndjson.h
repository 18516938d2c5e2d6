/* run/ndjson.h - a row as one JSON object on one line (NDJSON), as jq and pandas
 * (read_json(lines=True)) read it.
 *
 * {"measurement":"vm_telemetry","time":"2026-11-24T00:31:59.452Z","device_no":"VM-1","csq":25}
 * and a newline: flat, the row's own two first, then tags, then fields, with the names of
 * flat.h. Types are kept: integers without and floats with a point or exponent, booleans, text.
 * A record without a time has "time":null.
 */
#ifndef VENDING_RUN_NDJSON_H
#define VENDING_RUN_NDJSON_H

#include "base/buf.h"
#include "run/flat.h"

/* Appends; the buffer's failed flag says whether it fitted. */
void ndjson_row(struct buf *out, const struct flat *flat);

/* One value. */
void ndjson_value(struct buf *out, const struct lp_value *value);

#endif
