/* base/timestamp.h - points in time, in nanoseconds since the Unix epoch (UTC).
 *
 * What devices write is in plugin/README.md, Time: ISO 8601 / RFC 3339 with any fraction and
 * offset, or a Unix number in s, ms, us or ns by magnitude, also as text. Nothing here reads a clock
 * or the time zone.
 */
#ifndef VENDING_BASE_TIMESTAMP_H
#define VENDING_BASE_TIMESTAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/span.h"

/* In which zone a time without one is read, and whether that was needed. */
struct timestamp_zone {
    int64_t offset_s; /* east of Greenwich */
    bool used;        /* set to true by a time without a zone, never to false */
};

/* "Z", "+08:00", "-0330", "+08", and nothing else. */
MUST_USE bool timestamp_parse_offset(struct span text, int64_t *seconds);

/* "2026-11-24T00:31:59.452Z" and kin: 'T', 't' or a space between date and time; the basic form
 * without separators (20261124T003159Z); seconds may be left out; fraction after '.' or ',' of any
 * length (past nanoseconds cut); 'Z', 'z', +08:00, +0800, +08, also behind a blank; "Z+0800" as
 * mosquitto_sub's tst has it (local time, the offset counts); a name in brackets behind all that
 * (RFC 9557) does not count; a leap second :60 is the next second; surrounding white space. Without
 * an offset it is UTC, as the device protocol says. A date that does not exist, an hour over 23,
 * years outside 1970 to 2261 are false. */
MUST_USE bool timestamp_parse_iso(struct span text, int64_t *ns);

/* What a Unix number of this magnitude counts, in nanoseconds: below 1e11 seconds, below 1e14 ms,
 * below 1e17 us, else ns. */
int64_t timestamp_unit(uint64_t magnitude);

/* A Unix number by its magnitude. false = does not fit. */
MUST_USE bool timestamp_from_int(int64_t number, int64_t *ns);

/* The same with a fraction, exact to 1 us for seconds; false also for NaN and infinities. */
MUST_USE bool timestamp_from_double(double number, int64_t *ns);

/* Any of the above in text: ISO, without an offset in the zone given, or a number ("1795480318",
 * "1795480318.25", "1795480318000"). */
MUST_USE bool timestamp_parse_text(struct span text, struct timestamp_zone *zone, int64_t *ns);

/* Is a time neither further back from now than max_age nor further ahead than max_ahead? No
 * overflow, whatever the values. */
bool timestamp_is_within(int64_t ns, int64_t now_ns, int64_t max_age_ns, int64_t max_ahead_ns);

#define TIMESTAMP_TEXT_BYTES 32

/* "2026-11-24T00:31:59.452Z" (millisecond digits, cut downward), terminated. Any int64 is fine. */
void timestamp_format(int64_t ns, char out[TIMESTAMP_TEXT_BYTES]);

#endif
