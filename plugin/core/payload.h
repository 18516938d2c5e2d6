/* core/payload.h - payload bytes to JSON values found by path.
 *
 * Device text is taken as it comes: pretty-printed, with a byte-order mark, with NUL or white space
 * around it.
 */
#ifndef VENDING_CORE_PAYLOAD_H
#define VENDING_CORE_PAYLOAD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/span.h"
#include "core/lookup.h"
#include "core/reject.h"
#include "json/scan.h"

struct payload {
    /* as a jsonb column takes it: the trimmed original bytes, or repaired ones in the arena */
    struct span text;
    struct json_report report;
    const struct lookup *lookup; /* what stands at the mapped paths */
};

/* The payload without surrounding ASCII white space, NULs and byte-order mark: what is parsed,
 * hashed and stored. */
struct span payload_trim(struct span bytes);

/* Parses trimmed bytes, which must be one JSON object, for the paths of lookup. REJECT_NONE, or the
 * reason with position and words in *err. bytes and arena must live as long as *out, which is
 * zeroed on entry and stays so on failure; the lookup's next text ends it, too. arena NULL = nobody
 * stores the text, which then stays as it came. */
MUST_USE enum reject payload_parse(struct span bytes, const struct json_limits *limits, struct lookup *lookup,
                                   struct arena *arena, struct payload *out, struct err *err);

#endif
