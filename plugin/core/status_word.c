#include "core/status_word.h"

#include "core/vocabulary.h"

static struct span without_quotes(struct span text)
{
    bool quoted = text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"';
    return quoted ? span_trim((struct span){text.ptr + 1, text.len - 2}) : text;
}

static char *put(char *out, struct span text)
{
    memcpy(out, text.ptr, text.len);
    return out + text.len;
}

struct span status_word_payload(const struct mapping *mapping, struct span bytes, struct arena *arena)
{
    const struct span nothing = {"", 0};
    struct span word = without_quotes(bytes);
    const struct column *column = mapping_find_column(&mapping->tables[MESSAGE_STATUS], "status");
    const struct term *known = vocabulary_find_spelling(&mapping->words[MESSAGE_STATUS], word);
    if (!column || !known) {
        return nothing;
    }
    /* keys and dots of the path, 5 bytes around each key, 2 quotes */
    const struct path *path = &column->paths[0];
    char *start = arena_alloc(arena, path_text(path).len + strlen(known->name) + 5 * path->count + 2);
    if (!start) {
        return nothing;
    }
    char *out = start;
    for (size_t i = 0; i < path->count; i++) {
        out = put(out, SPAN_LITERAL("{\""));
        out = put(out, span_of(path->parts[i].name));
        out = put(out, SPAN_LITERAL("\":"));
    }
    out = put(out, SPAN_LITERAL("\""));
    out = put(out, span_of(known->name));
    out = put(out, SPAN_LITERAL("\""));
    for (size_t i = 0; i < path->count; i++) {
        out = put(out, SPAN_LITERAL("}"));
    }
    return (struct span){start, (size_t)(out - start)};
}
