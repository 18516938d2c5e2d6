/* core/payload.h - payload bytes to JSON values found by path. The only file pair that knows
 * jansson, with mapping_file.c.
 *
 * Device text is taken as it comes: pretty-printed, with a byte-order mark, with NUL or white space
 * around it.
 */
#ifndef VENDING_CORE_PAYLOAD_H
#define VENDING_CORE_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/span.h"
#include "core/path.h"
#include "core/reject.h"
#include "json/scan.h"
#include "json/show.h"

struct payload {
    void *root; /* jansson's; owned */
    /* as a jsonb column takes it: the trimmed original bytes, or repaired ones in the arena */
    struct span text;
    struct json_report report;
};

/* The payload without surrounding ASCII white space, NULs and byte-order mark: what is parsed,
 * hashed and stored. */
struct span payload_trim(struct span bytes);

/* Parses trimmed bytes, which must be one JSON object. REJECT_NONE, or the reason with position and
 * words in *err. On success the caller owns *out and calls payload_free; bytes and arena must live
 * as long. *out is zeroed on entry and stays so on failure. */
MUST_USE enum reject payload_parse(struct span bytes, const struct json_limits *limits, struct arena *arena,
                                   struct payload *out, struct err *err);
void payload_free(struct payload *payload);

/* The value at the path. *used gets the number of parts that led to it: path->count when the path
 * was walked to its end (an absent last key is JSON_KIND_ABSENT), fewer when the way was blocked by
 * a value that is neither object nor array, which is then returned. A null on the way is
 * JSON_KIND_ABSENT. An array position past the end is JSON_KIND_ABSENT. */
struct json_value payload_get(const struct payload *payload, const struct path *path, size_t *used);

#endif
