#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 4096

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_free(struct buf *buf)
{
    free(buf->ptr);
    buf_init(buf, buf->max);
}

bool buf_grow(struct buf *buf, size_t more)
{
    if (buf->failed || more > buf->max - buf->len) {
        buf->failed = true;
        return false;
    }
    if (buf->cap - buf->len >= more) {
        return true;
    }
    size_t cap = buf->cap > 0 ? buf->cap : FIRST_CAPACITY;
    while (cap < buf->len + more) {
        cap = cap > buf->max / 2 ? buf->max : cap * 2;
    }
    cap = cap > buf->max ? buf->max : cap;
    char *grown = realloc(buf->ptr, cap);
    if (!grown) {
        buf->failed = true;
        return false;
    }
    buf->ptr = grown;
    buf->cap = cap;
    return true;
}

void buf_format(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    /* One byte more for vsnprintf's terminator, which is not counted in. */
    if (len < 0 || !buf_reserve(buf, (size_t)len + 1)) {
        buf->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
}

void buf_consume(struct buf *buf, size_t len)
{
    if (len > 0) {
        memmove(buf->ptr, buf->ptr + len, buf->len - len);
        buf->len -= len;
    }
}

void buf_truncate(struct buf *buf, size_t len)
{
    buf->len = len < buf->len ? len : buf->len;
    buf->failed = false;
}

struct span buf_view(const struct buf *buf)
{
    return (struct span){buf->ptr, buf->len};
}
