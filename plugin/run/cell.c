#include "run/cell.h"

#include <stdbool.h>
#include <stdint.h>

#include "base/utf8.h"
#include "io/visible.h"

/* ---- the width of characters ---- */

struct range {
    uint32_t first, last;
};

/* East Asian Wide and Fullwidth (Unicode Annex 11), and pictographs, in round ranges. */
static const struct range wide[] = {
    {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff}, {0xa000, 0xa4cf},
    {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff01, 0xff60}, {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

/* Combining marks that stand on the character before them. */
static const struct range zero_width[] = {{0x0300, 0x036f}, {0x20d0, 0x20f0}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};

static bool is_in(const struct range *ranges, size_t count, uint32_t code)
{
    for (size_t i = 0; i < count; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

#define IS_IN(ranges, code) is_in(ranges, sizeof(ranges) / sizeof((ranges)[0]), code)

static size_t char_width(uint32_t code)
{
    if (IS_IN(zero_width, code)) {
        return 0;
    }
    return IS_IN(wide, code) ? 2 : 1;
}

/* ---- layout ---- */

/* The character at the start of text that need not be UTF-8. */
static uint32_t next_char(struct span text, size_t *len)
{
    for (size_t n = 1; n <= 4 && n <= text.len; n++) {
        struct span one = {text.ptr, n};
        if (utf8_invalid_at(one) == n) {
            return utf8_decode(one, len);
        }
    }
    *len = 1;
    return 0xfffd;
}

/* Text being laid out on one line of limited width. */
struct line_layout {
    char *out;
    size_t bytes;
    size_t width;
    size_t fit_bytes; /* what may stay if an ellipsis has to follow */
    size_t fit_width;
};

static const char ellipsis[] = "\xe2\x80\xa6";

static void cut_short(struct line_layout *layout)
{
    memcpy(layout->out + layout->fit_bytes, ellipsis, sizeof ellipsis - 1);
    layout->bytes = layout->fit_bytes + sizeof ellipsis - 1;
    layout->width = layout->fit_width + 1;
}

/* false = it does not fit any more. */
static bool lay(struct line_layout *layout, struct span shown, size_t width, size_t max_width)
{
    if (layout->width + width > max_width || layout->bytes + shown.len > CELL_BYTES(max_width)) {
        return false;
    }
    memcpy(layout->out + layout->bytes, shown.ptr, shown.len);
    layout->bytes += shown.len;
    layout->width += width;
    if (layout->width < max_width && layout->bytes + sizeof ellipsis - 1 <= CELL_BYTES(max_width)) {
        layout->fit_bytes = layout->bytes;
        layout->fit_width = layout->width;
    }
    return true;
}

/* White space that breaks lines or jumps is a blank here: a cell is on one line. */
static bool lay_char(struct line_layout *layout, uint32_t code, size_t max_width)
{
    char shown[VISIBLE_BYTES];
    if (code == '\n' || code == '\r' || code == '\t') {
        code = ' ';
    }
    if (visible_is_hidden(code)) {
        size_t len = visible_escape(code, shown);
        return lay(layout, (struct span){shown, len}, len, max_width);
    }
    size_t len = utf8_write(code, shown);
    return lay(layout, (struct span){shown, len}, char_width(code), max_width);
}

size_t cell_fit(struct span text, size_t max_width, char *out, size_t *width)
{
    struct line_layout layout = {.out = out};
    bool fits = true;
    for (size_t pos = 0; pos < text.len && fits;) {
        size_t len;
        uint32_t code = next_char(span_after(text, pos), &len);
        fits = lay_char(&layout, code, max_width);
        pos += len;
    }
    if (!fits) {
        cut_short(&layout);
    }
    *width = layout.width;
    return layout.bytes;
}
