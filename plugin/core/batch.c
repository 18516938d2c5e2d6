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

/* Behind the bracket that closes the one at pos, before `end`; 0 = there is none. A line break ends a
 * string, where it is not allowed. */
static size_t find_close(struct span text, size_t pos, size_t end)
{
    size_t depth = 0;
    bool in_string = false;
    for (; pos < end; pos++) {
        char c = text.ptr[pos];
        if (in_string) {
            pos += c == '\\';
            in_string = c != '"' && c != '\n';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
            if (depth == 0) {
                return pos + 1;
            }
        }
    }
    return 0;
}

static bool next_line(struct batch *batch, struct span *message)
{
    bool newline;
    struct span text = batch->text;
    size_t start = skip_blanks(text, batch->pos, &newline);
    if (start == text.len) {
        return false;
    }
    size_t next = find_next_line(text, start);
    size_t end = text.ptr[start] == '{' ? find_close(text, start, next) : 0;
    size_t behind = skip_blanks(text, end, &newline);
    if (end == 0 || (behind < text.len && !newline)) {
        end = next;
        behind = next;
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

/* ---- arrays ---- */

static bool has_an_object(struct json_read_iter elements)
{
    struct json_read_member element;
    while (json_read_next(&elements, &element)) {
        if (element.value.ptr[0] == '{') {
            return true;
        }
    }
    return false;
}

/* ---- both ---- */

bool batch_begin(struct batch *batch, struct span payload, enum reject reason)
{
    *batch = (struct batch){.text = payload};
    if (payload.len == 0) {
        return false;
    }
    if (reason == REJECT_NOT_AN_OBJECT && payload.ptr[0] == '[') {
        json_read_begin(&batch->elements, payload);
        batch->is_array = true;
        return has_an_object(batch->elements);
    }
    bool is_damaged = reason == REJECT_INVALID_JSON || reason == REJECT_INVALID_UTF8 || reason == REJECT_TOO_DEEP;
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
