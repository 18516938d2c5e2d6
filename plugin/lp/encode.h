/* lp/encode.h - a row as one line of line protocol that Telegraf's influx parser reads back to the
 * same values.
 *
 * Three escape sets: measurement, tag and key, string field. A line break or tab in a tag or name
 * cannot be said in line protocol and is written as '_'; backslashes at the end of a name or tag
 * are left off, as Telegraf does, and a tag that is then empty as well. Text is written as valid
 * UTF-8 without NUL whatever it holds (a bad byte becomes U+FFFD), NaN and infinities are left out:
 * what leaves here never poisons a batch (plugin/README.md, Never lose 2).
 */
#ifndef VENDING_LP_ENCODE_H
#define VENDING_LP_ENCODE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/macros.h"
#include "lp/row.h"

/* Appends the row and a newline. false = nothing was appended: no name, no field, or out is at its
 * cap or has failed before. */
MUST_USE bool lp_encode_row(struct buf *out, const struct lp_row *row);

#endif
