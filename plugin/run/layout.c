#include "run/layout.h"

/* ---- names over several lines ---- */

/* Bytes up to and with the next underscore, or to the end. */
static size_t piece_length(struct span name, size_t pos)
{
    size_t end = pos;
    while (end < name.len && name.ptr[end] != '_') {
        end++;
    }
    return (end < name.len ? end + 1 : end) - pos;
}

struct span layout_name_line(struct span name, size_t width, size_t *pos)
{
    struct span line = {name.ptr + *pos, piece_length(name, *pos)};
    *pos += line.len;
    while (*pos < name.len && line.len + piece_length(name, *pos) <= width) {
        size_t len = piece_length(name, *pos);
        line.len += len;
        *pos += len;
    }
    return line;
}

static size_t longest_piece(struct span name)
{
    size_t longest = 0;
    for (size_t pos = 0; pos < name.len;) {
        size_t len = piece_length(name, pos);
        longest = len > longest ? len : longest;
        pos += len;
    }
    return longest;
}

/* ---- fitting ---- */

static size_t greater(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* How far a column may be cut. */
static size_t slack(const struct layout_column *column)
{
    bool is_long = column->is_text && column->width > LAYOUT_LONG_WIDTH;
    return is_long && !column->below ? column->width - LAYOUT_LONG_WIDTH : 0;
}

static size_t total_width(const struct layout_column *columns, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (!columns[i].below) {
            total += columns[i].width + (total > 0 ? LAYOUT_GAP : 0);
        }
    }
    return total;
}

static size_t total_slack(const struct layout_column *columns, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        total += slack(&columns[i]);
    }
    return total;
}

/* The last long text, else the last column; 0 = none but the first is left. */
static size_t next_below(const struct layout_column *columns, size_t count)
{
    size_t last = 0;
    for (size_t i = count - 1; i > 0; i--) {
        if (slack(&columns[i]) > 0) {
            return i;
        }
        last = last == 0 && !columns[i].below ? i : last;
    }
    return last;
}

/* Takes the excess from the widest texts, evenly. There is slack enough. */
static void cut_long(struct layout_column *columns, size_t count, size_t excess)
{
    for (; excess > 0; excess--) {
        struct layout_column *widest = NULL;
        for (size_t i = 0; i < count; i++) {
            if (slack(&columns[i]) > 0 && (!widest || columns[i].width > widest->width)) {
                widest = &columns[i];
            }
        }
        if (!widest) {
            return;
        }
        widest->width--;
    }
}

void layout_fit(struct layout_column *columns, size_t count, size_t width)
{
    for (size_t i = 0; i < count; i++) {
        columns[i].width = greater(columns[i].name_width, columns[i].value_width);
        columns[i].below = false;
    }
    if (width == 0 || count == 0 || total_width(columns, count) <= width) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        columns[i].width = greater(longest_piece(columns[i].name), columns[i].value_width);
    }
    while (total_width(columns, count) > width + total_slack(columns, count)) {
        size_t below = next_below(columns, count);
        if (below == 0) {
            return;
        }
        columns[below].below = true;
    }
    size_t total = total_width(columns, count);
    cut_long(columns, count, total > width ? total - width : 0);
}
