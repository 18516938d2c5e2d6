/* base/ascii.h - classes of ASCII characters, the same in every locale: <ctype.h> asks the locale,
 * and may not be asked about bytes above 0x7F in a signed char.
 */
#ifndef VENDING_BASE_ASCII_H
#define VENDING_BASE_ASCII_H

#include <stdbool.h>

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool ascii_is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* Blank, tab, newline, vertical tab, form feed, carriage return. */
static inline bool ascii_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline char ascii_lower(char c)
{
    return ascii_is_upper(c) ? (char)(c + ('a' - 'A')) : c;
}

static inline char ascii_upper(char c)
{
    return ascii_is_lower(c) ? (char)(c - ('a' - 'A')) : c;
}

#endif
