#include "core/path.h"

#include <stdlib.h>
#include <string.h>

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
        bool is_index = strspn(part, "0123456789") == strlen(part) && strlen(part) < 7;
        path->parts[path->count].name = part;
        path->parts[path->count].index = is_index ? strtol(part, NULL, 10) : -1;
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
