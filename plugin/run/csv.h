/* run/csv.h - rows of every measurement as one table of comma-separated values (RFC 4180), as
 * spreadsheets and pandas (read_csv) read it.
 *
 * One header and one table: what reads CSV takes the first line for the names of all columns, so
 * that a block per measurement could not be read without being cut apart first. The columns are
 * measurement, time, and every tag and field that a row of the mapping's tables can have, by the
 * names of flat.h, each once however many tables have it; then "other": a JSON object of what
 * has no column here, which is what a site's records of other measurements hold. A row leaves
 * empty what it has not; an empty text is "". Text with a comma, quote or line break stands in
 * quotes. Text is not changed: a spreadsheet may take one that begins with '=' for a formula.
 * Lines end in CR LF.
 */
#ifndef VENDING_RUN_CSV_H
#define VENDING_RUN_CSV_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/macros.h"
#include "core/mapping.h"
#include "run/flat.h"

struct csv;

/* reports: columns of vm_ingest, too. mapping is not kept. NULL = no memory. */
struct csv *csv_new(const struct mapping *mapping, bool reports) MUST_USE;
void csv_free(struct csv *csv);

/* Append a line; the buffer's failed flag says whether it fitted. */
void csv_header(struct buf *out, const struct csv *csv);
void csv_row(struct buf *out, const struct csv *csv, const struct flat *flat);

#endif
