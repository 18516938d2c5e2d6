/* lp/chars.h - white space of line protocol, where framing and decoding must agree. Internal to the
 * two.
 *
 * Telegraf's parser takes tab, vertical tab, form feed and space
 * (plugins/parsers/influx/machine.go.rl, ws). Its serializer escapes all of them in names but the
 * vertical tab, which is therefore an ordinary character inside a name.
 */
#ifndef VENDING_LP_CHARS_H
#define VENDING_LP_CHARS_H

#include <stdbool.h>

static inline bool lp_chars_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

/* Does it, unescaped, end a measurement, tag or key? */
static inline bool lp_chars_is_separator(char c)
{
    return lp_chars_is_blank(c) && c != '\v';
}

#endif
