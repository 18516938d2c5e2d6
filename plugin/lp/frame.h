/* lp/frame.h - where one line-protocol record ends and the next begins, in bytes that arrive in any
 * chunks.
 *
 * A record ends at a newline outside a string field; a string field (Telegraf writes it raw) may
 * hold newlines. Quotes mean something only directly behind the '=' of a field: in measurement and
 * tags they are ordinary characters, so this follows the syntax far enough to know where it is
 * (Telegraf plugins/serializers/influx, plugins/parsers/influx/machine.go.rl).
 *
 * Recovery. Telegraf never writes a quote inside a string unescaped. If a string's closing quote is
 * not followed by ',', white space or the end of the line, the quote was missing on an earlier
 * line: the record is then cut at its first newline and the next line is read as usual. Where a
 * record outgrows the limit or the input ends inside a string there is no such proof, and what
 * follows a newline could be a device's own text; it is never read as a record (a device must not
 * be able to inject metrics).
 */
#ifndef VENDING_LP_FRAME_H
#define VENDING_LP_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/span.h"

enum lp_frame_syntax {
    LP_FRAME_LINE_PROTOCOL,
    LP_FRAME_LINES, /* a record is a line, whatever it holds: a capture */
};

enum lp_frame_kind {
    /* no whole record is left: read more (or the input has ended and all is consumed) */
    LP_FRAME_NONE,
    /* one record, terminating newline included where there was one; also empty lines and
     * comments */
    LP_FRAME_RECORD,
    LP_FRAME_OVERSIZED, /* a record over the limit: its first bytes; the rest has been dropped */
};

struct lp_frame {
    enum lp_frame_kind kind;
    struct span bytes;   /* a view, good until the next call on the framer */
    uint64_t total_size; /* bytes that the record had in the input, newline included */
};

struct lp_framer; /* one buffer of max_record + chunk bytes, allocated once */

/* NULL = no memory, or chunk is 0. A record of more than max_record bytes, its newline not counted,
 * is oversized; chunk is the most that one read brings. */
MUST_USE struct lp_framer *lp_frame_new(enum lp_frame_syntax syntax, size_t max_record, size_t chunk);
void lp_frame_free(struct lp_framer *framer);

/* Space for the next read: at least 1 byte once lp_frame_next has said LP_FRAME_NONE. */
char *lp_frame_space(struct lp_framer *framer, size_t *size);

/* Says that n bytes were put there. */
void lp_frame_filled(struct lp_framer *framer, size_t n);

/* Says that no more input comes: a last record without newline is then a record too. */
void lp_frame_end(struct lp_framer *framer);

/* The next record. Work is linear in the input: no byte of a long record is looked at again when
 * more arrives. */
struct lp_frame lp_frame_next(struct lp_framer *framer);

#endif
