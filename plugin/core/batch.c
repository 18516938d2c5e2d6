#include "core/batch.h"

#include "json/scan.h"

/* ---- objects with newlines between ---- */

static size_t skip_blanks(struct span text, size_t pos, bool *newline)
{
    *newline = false;
    while (pos < text.len && span_is_padding(text.ptr[pos])) {
        *newline = *newline || text.ptr[pos] == '\n';
        pos++;
    }
    return pos;
}

/* Behind the bracket that closes the one at pos; 0 = there is none, or it is too deep to be looked
 * for: what is nested deeper is refused anyway, and without an end each of many openings would be
 * followed to the end of the text. A line break ends a string, where it is not allowed. */
static size_t find_close(struct span text, size_t pos)
{
    size_t depth = 0;
    bool in_string = false;
    for (; pos < text.len; pos++) {
        char c = text.ptr[pos];
        if (in_string) {
            pos += c == '\\';
            in_string = c != '"' && c != '\n';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
            if (depth > JSON_MAX_DEPTH) {
                return 0;
            }
        } else if (c == '}' || c == ']') {
            depth--;
            if (depth == 0) {
                return pos + 1;
            }
        }
    }
    return 0;
}

/* The newline before the next '{' that begins a line, or the end of the text. */
static size_t find_next_line(struct span text, size_t pos)
{
    for (;;) {
        const char *newline = pos < text.len ? memchr(text.ptr + pos, '\n', text.len - pos) : NULL;
        if (!newline) {
            return text.len;
        }
        pos = (size_t)(newline - text.ptr) + 1;
        if (pos < text.len && text.ptr[pos] == '{') {
            return pos - 1;
        }
    }
}

static bool next_line(struct batch *batch, struct span *message)
{
    bool newline;
    struct span text = batch->text;
    size_t start = skip_blanks(text, batch->pos, &newline);
    if (start == text.len) {
        return false;
    }
    size_t end = text.ptr[start] == '{' ? find_close(text, start) : 0;
    size_t behind = skip_blanks(text, end, &newline);
    if (end == 0 || (behind < text.len && !newline)) {
        end = find_next_line(text, start);
        behind = end;
    }
    batch->pos = behind;
    *message = span_trim_padding((struct span){text.ptr + start, end - start});
    return true;
}

/* Is one of several a whole object? If none is, the text is one message that is damaged. */
static bool holds_an_object(struct batch batch, size_t *values)
{
    const struct json_limits limits = {JSON_MAX_DEPTH, SIZE_MAX};
    struct json_report report;
    struct span message;
    size_t count = 0;
    bool whole = false;
    while (next_line(&batch, &message)) {
        count++;
        whole = json_scan_text(message, &limits, NULL, &report, NULL) == JSON_OK || whole;
        *values += report.values;
    }
    return whole && count > 1;
}

/* ---- both ---- */

bool batch_begin(struct batch *batch, struct span payload, enum reject reason)
{
    *batch = (struct batch){.text = payload};
    if (payload.len == 0) {
        return false;
    }
    if (reason == REJECT_NOT_AN_OBJECT && payload.ptr[0] == '[') {
        struct json_read_member element;
        json_read_begin(&batch->elements, payload);
        struct json_read_iter first = batch->elements;
        batch->is_array = true;
        return json_read_next(&first, &element);
    }
    bool is_damaged = reason == REJECT_INVALID_JSON || reason == REJECT_INVALID_UTF8;
    return is_damaged && payload.ptr[0] != '[' && holds_an_object(*batch, &batch->values);
}

bool batch_next(struct batch *batch, struct span *message)
{
    struct json_read_member element;
    if (!batch->is_array) {
        return next_line(batch, message);
    }
    if (!json_read_next(&batch->elements, &element)) {
        return false;
    }
    *message = element.value;
    return true;
}
