/* base/buf.h - a byte buffer that grows up to a hard cap, and is reused.
 *
 * Appends never fail one by one: the first that does not fit (or finds no memory) sets `failed`,
 * later ones do nothing, and the caller checks once at the end. buf_truncate() undoes a
 * half-written record and clears the flag.
 */
#ifndef VENDING_BASE_BUF_H
#define VENDING_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct buf {
    char *ptr;
    size_t len;
    size_t cap;
    size_t max; /* never grows past this many bytes */
    bool failed;
};

/* An empty buffer; allocates nothing yet. */
void buf_init(struct buf *buf, size_t max);
void buf_free(struct buf *buf);

void buf_bytes(struct buf *buf, const char *ptr, size_t len);
void buf_span(struct buf *buf, struct span text);
void buf_text(struct buf *buf, const char *text); /* a terminated string of our own */
void buf_char(struct buf *buf, char c);

/* printf-style. Needs room for one byte more than it adds. */
void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes the first len bytes (at most the present length) away. */
void buf_consume(struct buf *buf, size_t len);

/* Cuts back to len bytes (at most the present length) and clears `failed`. Memory is kept for
 * reuse. */
void buf_truncate(struct buf *buf, size_t len);

struct span buf_view(const struct buf *buf);

#endif
