#include "core/event_type.h"

#include "base/ascii.h"
#include "base/utf8.h"

/* Does a word start at a capital? Behind a small letter or digit ("dispenseSuccess"), and where it
 * is the last capital of a run before a small letter ("HTTPError"). */
static bool starts_word(struct span name, size_t i)
{
    if (i == 0 || !ascii_is_upper(name.ptr[i])) {
        return false;
    }
    char before = name.ptr[i - 1];
    bool small_follows = i + 1 < name.len && ascii_is_lower(name.ptr[i + 1]);
    return ascii_is_lower(before) || ascii_is_digit(before) ? ascii_is_lower(before) || small_follows
                                                            : ascii_is_upper(before) && small_follows;
}

size_t event_type_canonical(struct span name, char *out)
{
    size_t n = 0;
    bool gap = false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!event_type_is_word(c)) {
            gap = true;
            continue;
        }
        if ((gap || starts_word(name, i)) && n > 0) {
            out[n++] = '_';
        }
        gap = false;
        out[n++] = ascii_upper(c);
    }
    n = utf8_prefix((struct span){out, n}, EVENT_TYPE_MAX_BYTES).len;
    return n > 0 && out[n - 1] == '_' ? n - 1 : n;
}

size_t event_type_key(struct span canonical, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < canonical.len; i++) {
        if (canonical.ptr[i] != '_') {
            out[n++] = canonical.ptr[i];
        }
    }
    return n;
}
