#include "core/path.h"

#include <stdlib.h>
#include <string.h>

/* The name as an array position, -1 if it is none: "0" or "17", but not "017", which would be
 * another name for the same element. */
static long index_of(const char *name)
{
    size_t len = strlen(name);
    bool is_index = strspn(name, "0123456789") == len && len < 7 && (name[0] != '0' || len == 1);
    return is_index ? strtol(name, NULL, 10) : -1;
}

bool path_split(struct path *path, const char *text, char *storage)
{
    *path = (struct path){.text = text};
    memcpy(storage, text, strlen(text) + 1);
    for (char *part = storage; part;) {
        char *dot = strchr(part, '.');
        if (dot) {
            *dot = '\0';
        }
        if (*part == '\0' || path->count == PATH_MAX_PARTS) {
            return false;
        }
        path->parts[path->count].name = part;
        path->parts[path->count].index = index_of(part);
        path->count++;
        part = dot ? dot + 1 : NULL;
    }
    return true;
}

struct span path_prefix(const struct path *path, size_t parts)
{
    size_t len = 0;
    for (size_t i = 0; i < parts; i++) {
        len += strlen(path->parts[i].name) + (i > 0 ? 1 : 0);
    }
    return (struct span){path->text, len};
}

struct span path_text(const struct path *path)
{
    return span_of(path->text);
}
