/* base/span.h - bytes as pointer and length.
 *
 * Input from a device is never a C string: it may hold NUL and need not be terminated. A span is a
 * view: it owns nothing and lives as long as the buffer it points into.
 */
#ifndef VENDING_BASE_SPAN_H
#define VENDING_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/ascii.h"

struct span {
    const char *ptr;
    size_t len;
};

/* A span over a string literal. */
#define SPAN_LITERAL(text) ((struct span){(text), sizeof(text) - 1})

/* A span over a terminated string of our own (never over input). */
static inline struct span span_of(const char *text)
{
    return (struct span){text, strlen(text)};
}

static inline bool span_equal(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool span_starts_with(struct span text, struct span prefix)
{
    return text.len >= prefix.len && (prefix.len == 0 || memcmp(text.ptr, prefix.ptr, prefix.len) == 0);
}

static inline bool span_ends_with(struct span text, struct span suffix)
{
    return text.len >= suffix.len &&
           (suffix.len == 0 || memcmp(text.ptr + text.len - suffix.len, suffix.ptr, suffix.len) == 0);
}

/* The rest of a span after its first n bytes; n must not exceed its length. */
static inline struct span span_after(struct span text, size_t n)
{
    return (struct span){text.ptr + n, text.len - n};
}

/* ASCII letters in any case; word is in lower case. */
static inline bool span_equal_ignoring_case(struct span text, const char *word)
{
    if (text.len != strlen(word)) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (ascii_lower(text.ptr[i]) != word[i]) {
            return false;
        }
    }
    return true;
}

/* Without ASCII white space at either end. */
static inline struct span span_trim(struct span text)
{
    while (text.len > 0 && ascii_is_space(text.ptr[0])) {
        text = span_after(text, 1);
    }
    while (text.len > 0 && ascii_is_space(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

static inline bool span_is_padding(char c)
{
    return c == '\0' || ascii_is_space(c);
}

/* Without ASCII white space and NULs at either end: what registers of a fixed width are filled up
 * with. */
static inline struct span span_trim_padding(struct span text)
{
    while (text.len > 0 && span_is_padding(text.ptr[0])) {
        text = span_after(text, 1);
    }
    while (text.len > 0 && span_is_padding(text.ptr[text.len - 1])) {
        text.len--;
    }
    return text;
}

/* Without the end of a line: one newline, and one carriage return before it. */
static inline struct span span_without_newline(struct span line)
{
    line.len -= line.len > 0 && line.ptr[line.len - 1] == '\n';
    line.len -= line.len > 0 && line.ptr[line.len - 1] == '\r';
    return line;
}

#endif
