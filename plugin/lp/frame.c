#include "lp/frame.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "lp/chars.h"

/* Where the scan stands within a record. */
enum state {
    START,       /* before the first character that is not white space */
    COMMENT,     /* '#': to the end of the line */
    HEAD,        /* measurement and tags */
    HEAD_ESCAPE, /* behind a backslash there */
    KEY,         /* a field's key, or white space before it */
    KEY_ESCAPE,  /* behind a backslash there */
    VALUE_START, /* behind the '=' of a field */
    VALUE,       /* a number or boolean */
    TEXT,        /* inside a string */
    TEXT_ESCAPE, /* behind a backslash there */
    TEXT_END,    /* behind the closing quote */
    REST,        /* timestamp and whatever else: to the end of the line */
};

#define NOWHERE SIZE_MAX

struct lp_framer {
    char *buffer;
    size_t capacity;
    size_t max_record;
    size_t start;           /* of the present record */
    size_t scan;            /* next byte to look at */
    size_t end;             /* of what has been read */
    size_t searched;        /* up to here, no newline from start on */
    enum state first_state; /* of every record: COMMENT reads any line to its newline */
    enum state state;
    size_t first_break; /* first newline inside a string of this record, NOWHERE if none */
    uint64_t dropped;   /* bytes of this record that are no longer in the buffer */
    /* this record is over the limit: only its first max_record bytes are kept */
    bool oversized;
    bool ended;
};

struct lp_framer *lp_frame_new(enum lp_frame_syntax syntax, size_t max_record, size_t chunk)
{
    struct lp_framer *framer = chunk > 0 && chunk <= SIZE_MAX - max_record ? calloc(1, sizeof *framer) : NULL;
    if (!framer) {
        return NULL;
    }
    framer->max_record = max_record;
    framer->capacity = max_record + chunk;
    framer->first_state = syntax == LP_FRAME_LINES ? COMMENT : START;
    framer->state = framer->first_state;
    framer->first_break = NOWHERE;
    framer->buffer = malloc(framer->capacity);
    if (!framer->buffer) {
        free(framer);
        return NULL;
    }
    return framer;
}

void lp_frame_free(struct lp_framer *framer)
{
    if (framer) {
        free(framer->buffer);
        free(framer);
    }
}

/* Moves what is left to the front, only when the space behind it has run out: a byte moves at most
 * once per record that it is read as. */
static void compact(struct lp_framer *framer)
{
    if (framer->start == 0) {
        return;
    }
    memmove(framer->buffer, framer->buffer + framer->start, framer->end - framer->start);
    framer->scan -= framer->start;
    framer->end -= framer->start;
    framer->searched = framer->searched > framer->start ? framer->searched - framer->start : 0;
    if (framer->first_break != NOWHERE) {
        framer->first_break -= framer->start;
    }
    framer->start = 0;
}

char *lp_frame_space(struct lp_framer *framer, size_t *size)
{
    if (framer->start == framer->end) {
        framer->start = framer->scan = framer->end = framer->searched = 0;
    }
    if (framer->capacity - framer->end < framer->capacity - framer->max_record) {
        compact(framer);
    }
    size_t chunk = framer->capacity - framer->max_record;
    size_t space = framer->capacity - framer->end;
    *size = space < chunk ? space : chunk;
    return framer->buffer + framer->end;
}

void lp_frame_filled(struct lp_framer *framer, size_t n)
{
    framer->end += n;
}

void lp_frame_end(struct lp_framer *framer)
{
    framer->ended = true;
}

/* What a closing quote may be followed by. */
static bool ends_text(char c)
{
    return c == ',' || c == '\n' || c == '\r' || lp_chars_is_blank(c);
}

static enum state in_head(char c)
{
    return c == '\\' ? HEAD_ESCAPE : lp_chars_is_separator(c) ? KEY : HEAD;
}

static enum state in_value(char c)
{
    return c == ',' ? KEY : lp_chars_is_blank(c) ? REST : VALUE;
}

/* One step: the state behind character c in state s. Newlines outside strings never get here. */
static enum state step(enum state s, char c)
{
    switch (s) {
    case START:
        return c == '#' ? COMMENT : lp_chars_is_blank(c) ? START : in_head(c);
    case COMMENT:
    case REST:
        return s;
    case HEAD:
        return in_head(c);
    case HEAD_ESCAPE:
        return c == '\\' ? HEAD_ESCAPE : HEAD;
    case KEY:
        return c == '\\' ? KEY_ESCAPE : c == '=' ? VALUE_START : KEY;
    case KEY_ESCAPE:
        return c == '\\' ? KEY_ESCAPE : KEY;
    case VALUE_START:
        return c == '"' ? TEXT : in_value(c);
    case VALUE:
        return in_value(c);
    case TEXT:
        return c == '\\' ? TEXT_ESCAPE : c == '"' ? TEXT_END : TEXT;
    case TEXT_ESCAPE:
        return TEXT;
    case TEXT_END:
        return c == ',' ? KEY : REST;
    }
    return s;
}

static bool in_text(enum state s)
{
    return s == TEXT || s == TEXT_ESCAPE;
}

/* Ends the present record before position `next`, where the following one starts. */
static struct lp_frame finish(struct lp_framer *framer, size_t next)
{
    size_t len = next - framer->start;
    struct lp_frame frame = {
        .kind = framer->oversized ? LP_FRAME_OVERSIZED : LP_FRAME_RECORD,
        .bytes = {framer->buffer + framer->start, framer->oversized ? framer->max_record : len},
        .total_size = framer->dropped + len,
    };
    framer->start = framer->scan = framer->searched = next;
    framer->state = framer->first_state;
    framer->first_break = NOWHERE;
    framer->dropped = 0;
    framer->oversized = false;
    return frame;
}

/* Forgets what has been read of an oversized record but for its first bytes; all in the buffer has
 * been looked at. */
static void drop_rest(struct lp_framer *framer)
{
    size_t keep_to = framer->start + framer->max_record;
    framer->dropped += framer->end - keep_to;
    framer->scan = framer->end = keep_to;
}

/* Looks at one character that belongs to the present record. */
static void take(struct lp_framer *framer, char c)
{
    if (c == '\n' && framer->first_break == NOWHERE) {
        framer->first_break = framer->scan;
    }
    framer->state = step(framer->state, c);
    framer->scan++;
    if (framer->scan - framer->start > framer->max_record) {
        framer->oversized = true;
        framer->first_break = NOWHERE;
    }
}

/* ---- the usual record, quickly ---- */

/* Does a record that begins at start, up to its first newline, end there whatever is in it? So it
 * does
 *
 * - where there is no quote: then it has no string;
 * - where it ends in a quote, a blank and a timestamp, the quote behind neither '=' nor a
 *   backslash. Inside a string such a quote closes it, and anywhere else it opens none.
 *
 * Most records are one or the other. The rest, and what is too long, goes through the states one by
 * one. */
static bool ends_for_sure(const char *record, size_t len)
{
    size_t pos = len;
    while (pos > 0 && ascii_is_digit(record[pos - 1])) {
        pos--;
    }
    if (pos < len && pos >= 3 && record[pos - 1] == ' ' && record[pos - 2] == '"' && record[pos - 3] != '=' &&
        record[pos - 3] != '\\') {
        return true;
    }
    return memchr(record, '"', len) == NULL;
}

/* The position behind a record that is known to end at its first newline, 0 = that cannot be
 * said. */
static size_t find_usual_end(struct lp_framer *framer)
{
    const char *record = framer->buffer + framer->start;
    size_t from = framer->searched > framer->start ? framer->searched : framer->start;
    const char *newline = memchr(framer->buffer + from, '\n', framer->end - from);
    framer->searched = newline ? (size_t)(newline - framer->buffer) : framer->end;
    if (!newline) {
        return 0;
    }
    size_t len = (size_t)(newline - record);
    bool ends = len <= framer->max_record && (framer->first_state == COMMENT || ends_for_sure(record, len));
    return ends ? framer->start + len + 1 : 0;
}

/* Is more to be read before a record can be looked for, as there is no newline yet? */
static bool must_wait(const struct lp_framer *framer)
{
    return framer->searched == framer->end && !framer->ended && framer->end - framer->start <= framer->max_record;
}

struct lp_frame lp_frame_next(struct lp_framer *framer)
{
    if (framer->scan == framer->start && !framer->oversized) {
        size_t end = find_usual_end(framer);
        if (end > 0) {
            return finish(framer, end);
        }
        if (must_wait(framer)) {
            return (struct lp_frame){.kind = LP_FRAME_NONE};
        }
    }
    while (framer->scan < framer->end) {
        char c = framer->buffer[framer->scan];
        if (c == '\n' && !in_text(framer->state)) {
            return finish(framer, framer->scan + 1);
        }
        if (framer->state == TEXT_END && !ends_text(c) && framer->first_break != NOWHERE) {
            /* A quote was missing on an earlier line: this record is that line. */
            return finish(framer, framer->first_break + 1);
        }
        take(framer, c);
    }
    if (framer->ended && (framer->end > framer->start || framer->oversized)) {
        return finish(framer, framer->end);
    }
    if (framer->oversized) {
        drop_rest(framer);
    }
    return (struct lp_frame){.kind = LP_FRAME_NONE};
}
