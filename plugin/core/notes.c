#include "core/notes.h"

#include <stdio.h>

/* Room kept for the closing "; and N more". */
#define TAIL_BYTES 40

bool notes_begin(struct notes *notes, struct arena *arena)
{
    *notes = (struct notes){.text = arena_alloc(arena, NOTES_MAX_BYTES)};
    return notes->text != NULL;
}

void notes_add(struct notes *notes, struct span path, const char *value, const char *reason)
{
    notes->count++;
    size_t room = NOTES_MAX_BYTES - TAIL_BYTES - notes->len;
    int n = snprintf(notes->text + notes->len, room, "%s%.*s=%s%s%s", notes->len > 0 ? NOTES_SEPARATOR : "",
                     (int)path.len, path.ptr, value, reason[0] == '\0' ? "" : " ", reason);
    if (n >= 0 && (size_t)n < room && notes->hidden == 0) {
        notes->len += (size_t)n;
    } else {
        notes->hidden++; /* from the first that does not fit on, so that the order stays clear */
    }
}

void notes_add_value(struct notes *notes, struct span path, const struct json_value *value, const char *reason)
{
    char shown[NOTES_VALUE_BYTES];
    json_show_value(value, shown, sizeof shown);
    notes_add(notes, path, shown, reason);
}

struct span notes_text(struct notes *notes)
{
    if (notes->hidden > 0) {
        int n = snprintf(notes->text + notes->len, TAIL_BYTES, "%sand %zu more", notes->len > 0 ? NOTES_SEPARATOR : "",
                         notes->hidden);
        notes->len += n > 0 ? (size_t)n : 0;
    }
    return (struct span){notes->text, notes->len};
}
