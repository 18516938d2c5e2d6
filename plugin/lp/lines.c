#include "lp/lines.h"

#include <stdlib.h>
#include <string.h>

struct lines {
    char *block;
    size_t size;
    size_t max_line;
    size_t start;   /* of the first line not handed out */
    size_t scanned; /* no newline between start and here */
    size_t filled;
    uint64_t dropped; /* bytes of the present line that were not kept: it is over the limit */
    bool ended;
};

struct lines *lines_new(size_t max_line, size_t chunk)
{
    struct lines *lines = calloc(1, sizeof *lines);
    if (!lines) {
        return NULL;
    }
    lines->max_line = max_line;
    lines->size = max_line + chunk;
    lines->block = malloc(lines->size);
    if (!lines->block) {
        free(lines);
        return NULL;
    }
    return lines;
}

void lines_free(struct lines *lines)
{
    if (lines) {
        free(lines->block);
        free(lines);
    }
}

static void move_to_front(struct lines *lines)
{
    if (lines->start > 0) {
        memmove(lines->block, lines->block + lines->start, lines->filled - lines->start);
        lines->scanned -= lines->start;
        lines->filled -= lines->start;
        lines->start = 0;
    }
}

char *lines_space(struct lines *lines, size_t *size)
{
    move_to_front(lines);
    *size = lines->size - lines->filled;
    return lines->block + lines->filled;
}

void lines_filled(struct lines *lines, size_t n)
{
    lines->filled += n;
}

void lines_end(struct lines *lines)
{
    lines->ended = true;
}

/* The line from start to end; the next one begins behind it. */
static struct lp_frame hand_out(struct lines *lines, size_t end)
{
    size_t len = end - lines->start;
    uint64_t total = len + lines->dropped;
    bool has_newline = lines->block[end - 1] == '\n';
    bool fits = total - has_newline <= lines->max_line;
    size_t kept = fits || len < lines->max_line ? len : lines->max_line;
    struct lp_frame frame = {fits ? LP_FRAME_RECORD : LP_FRAME_OVERSIZED, {lines->block + lines->start, kept}, total};
    lines->start = end;
    lines->scanned = end;
    lines->dropped = 0;
    return frame;
}

/* Of a line over the limit only the first bytes are kept. */
static void drop_excess(struct lines *lines)
{
    size_t len = lines->filled - lines->start;
    if (len > lines->max_line) {
        lines->dropped += len - lines->max_line;
        lines->filled = lines->start + lines->max_line;
    }
    lines->scanned = lines->filled;
}

struct lp_frame lines_next(struct lines *lines)
{
    const char *from = lines->block + lines->scanned;
    const char *newline = memchr(from, '\n', lines->filled - lines->scanned);
    if (newline) {
        return hand_out(lines, (size_t)(newline - lines->block) + 1);
    }
    drop_excess(lines);
    if (lines->ended && lines->filled > lines->start) {
        return hand_out(lines, lines->filled);
    }
    return (struct lp_frame){LP_FRAME_NONE, {lines->block, 0}, 0};
}
