#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

void err_clear(struct err *err)
{
    if (err) {
        err->pos = 0;
        err->text[0] = '\0';
    }
}

void err_set(struct err *err, size_t pos, const char *format, ...)
{
    if (!err || err->text[0] != '\0') {
        return;
    }
    err->pos = pos;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    if (len >= (int)sizeof err->text) {
        /* The text may end in a rejected row, where half a character would cost the batch. */
        err->text[utf8_invalid_at((struct span){err->text, sizeof err->text - 1})] = '\0';
    }
}
