/* base/number.h - numbers in text, both ways.
 *
 * No program calls setlocale(): the decimal point of strtod and printf is always '.'.
 *
 * Reading takes the JSON number grammar, widened by a leading '+', leading zeros, surrounding ASCII
 * white space and a bare ".5" or "5.": what is unambiguous in text (plugin/README.md, Never lose
 * 5). Not taken: hex, inf, nan, thousands separators, decimal commas, trailing units.
 */
#ifndef VENDING_BASE_NUMBER_H
#define VENDING_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/span.h"

enum number_status { NUMBER_OK, NUMBER_NOT_A_NUMBER, NUMBER_OUT_OF_RANGE };

/* Text to a finite double; overflow is NUMBER_OUT_OF_RANGE, underflow gives 0. *out is 0 unless
 * NUMBER_OK. */
MUST_USE enum number_status number_double(struct span text, double *out);

/* Text to an integer: "3", "-3", "3.0", "3e2" (an exact integer in any spelling) but not "3.5"
 * (NUMBER_NOT_A_NUMBER). Exact over the whole of int64. *out is 0 unless NUMBER_OK. */
MUST_USE enum number_status number_int64(struct span text, int64_t *out);

/* So many digits are a whole number that a double holds exactly, and survive one as text. */
#define NUMBER_EXACT_DIGITS 15

extern const double number_exact_powers[23]; /* of ten: all that a double holds exactly */

/* digits / 10^behind, at most NUMBER_EXACT_DIGITS of both: as both are exact, the quotient is the
 * nearest double (Clinger, 1990). */
static inline double number_from_digits(uint64_t digits, size_t behind)
{
    return (double)(int64_t)digits / number_exact_powers[behind];
}

/* A double that is an exact integer within int64, else false. */
MUST_USE bool number_double_is_int64(double value, int64_t *out);

#define NUMBER_TEXT_BYTES 32

/* Decimal text, terminated. Returns its length. */
size_t number_format_int64(int64_t value, char out[NUMBER_TEXT_BYTES]);
size_t number_format_uint64(uint64_t value, char out[NUMBER_TEXT_BYTES]);

/* Decimal text that reads back as the same double, terminated: the first of 15, 16 and 17
 * significant digits that does (so 220.1 is "220.1"). value must be finite. Takes the forms that
 * Telegraf's influx parser reads (plugins/parsers/influx/machine.go.rl). Returns its length. */
size_t number_format_double(double value, char out[NUMBER_TEXT_BYTES]);

#endif
