#include "core/vocabulary.h"

#include "core/event_type.h"

static int compare(struct span a, struct span b)
{
    size_t shared = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.ptr, b.ptr, shared);
    return order != 0 ? order : a.len < b.len ? -1 : a.len > b.len;
}

const struct term *vocabulary_find(const struct vocabulary *words, struct span canonical)
{
    char space[EVENT_TYPE_MAX_BYTES];
    if (canonical.len > sizeof space) {
        return NULL;
    }
    struct span key = {space, event_type_key(canonical, space)};
    size_t low = 0;
    size_t high = words->alias_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(key, span_of(words->aliases[middle].key));
        if (order == 0) {
            return &words->terms[words->aliases[middle].term];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

static bool is_spelling(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!event_type_is_word(c) && c != ' ' && c != '_' && c != '-') {
            return false;
        }
    }
    return name.len <= EVENT_TYPE_MAX_BYTES;
}

const struct term *vocabulary_find_spelling(const struct vocabulary *words, struct span name)
{
    char space[2 * EVENT_TYPE_MAX_BYTES + 1];
    if (!is_spelling(name)) {
        return NULL;
    }
    size_t len = event_type_canonical(name, space);
    return vocabulary_find(words, (struct span){space, len});
}
