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
#include <string.h>

#include "base/macros.h"
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

/* Makes room for `more` bytes behind the present ones; false sets `failed`. */
MUST_USE bool buf_grow(struct buf *buf, size_t more);
static inline bool buf_reserve(struct buf *buf, size_t more)
{
    return (!buf->failed && buf->cap - buf->len >= more) || buf_grow(buf, more);
}

static inline void buf_bytes(struct buf *buf, const char *ptr, size_t len)
{
    if (len > 0 && buf_reserve(buf, len)) {
        memcpy(buf->ptr + buf->len, ptr, len);
        buf->len += len;
    }
}

static inline void buf_char(struct buf *buf, char c)
{
    if (buf_reserve(buf, 1)) {
        buf->ptr[buf->len++] = c;
    }
}

static inline void buf_span(struct buf *buf, struct span text)
{
    buf_bytes(buf, text.ptr, text.len);
}

/* A terminated string of our own. */
static inline void buf_text(struct buf *buf, const char *text)
{
    buf_bytes(buf, text, strlen(text));
}

/* printf-style. Needs room for one byte more than it adds. */
void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takes the first len bytes (at most the present length) away. */
void buf_consume(struct buf *buf, size_t len);

/* Cuts back to len bytes (at most the present length) and clears `failed`. Memory is kept for
 * reuse. */
void buf_truncate(struct buf *buf, size_t len);

struct span buf_view(const struct buf *buf);

#endif
