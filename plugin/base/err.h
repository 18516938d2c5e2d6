/* base/err.h - an error as a value: where it is and why, in words a person can act on.
 *
 * Parsers fill one in and return; only main decides what an error means. The first error set wins.
 */
#ifndef VENDING_BASE_ERR_H
#define VENDING_BASE_ERR_H

#include <stddef.h>

#define ERR_TEXT_BYTES 256

struct err {
    /* byte offset of the fault in the input, 0 where that has no meaning */
    size_t pos;
    char text[ERR_TEXT_BYTES]; /* terminated, ASCII or UTF-8, empty = no error */
};

/* Makes *err empty. err may be NULL, here and in err_set. */
void err_clear(struct err *err);

/* Sets position and printf-style text, cut between characters to fit; keeps an error that is
 * already there. */
void err_set(struct err *err, size_t pos, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
