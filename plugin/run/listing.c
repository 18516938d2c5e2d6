#include "run/listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/timestamp.h"
#include "base/utf8.h"

#define MAX_MEASUREMENTS 16
#define MAX_CELLS_OF_ROW (1 + LP_ROW_MAX_TAGS + LP_ROW_MAX_FIELDS)
#define MAX_COLUMNS (2 * MAX_CELLS_OF_ROW)
#define NAME_WIDTH 256 /* PostgreSQL's names have at most 63 bytes */
#define MAX_CELLS 32768
#define RAW_WIDTH 160                           /* of a passed-through record */
#define CELL_BYTES(width) ((size_t)4 * (width)) /* a character has at most 4 bytes */
#define GAP 2                                   /* blanks between columns */

/* Text cut to a width, in the listing's block. */
struct cell {
    uint32_t start;
    uint16_t bytes;
    uint16_t width;  /* in columns of the screen */
    uint16_t column; /* identity of its column, not its place */
};

struct column_info {
    struct cell name;
    uint16_t width;
    uint16_t id;   /* what cells call it */
    bool has_text; /* else its values are numbers and stand to the right */
    bool has_value;
};

struct measurement {
    struct cell name;
    struct column_info columns[MAX_COLUMNS]; /* in the order they are printed */
    size_t column_count;
    size_t row_count;
};

struct line {
    uint16_t measurement;
    uint16_t cell_count;
    uint32_t first_cell;
};

struct listing {
    listing_emit *emit;
    void *emit_ctx;
    char *text;
    size_t text_used;
    struct cell *cells;
    size_t cell_count;
    struct measurement *measurements;
    size_t measurement_count;
    struct line lines[LISTING_MAX_ROWS];
    size_t line_count;
    struct cell raw[LISTING_MAX_ROWS];
    size_t raw_count;
};

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

/* Control characters, line breaks, and marks that would turn the direction of a terminal's text. */
static const struct range control[] = {{0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c}, {0x200b, 0x200f},
                                       {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}};

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

/* ---- cells ---- */

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
struct layout {
    char *out;
    size_t bytes;
    size_t width;
    size_t fit_bytes; /* what may stay if an ellipsis has to follow */
    size_t fit_width;
};

static const char ellipsis[] = "\xe2\x80\xa6";

static void cut_short(struct layout *layout)
{
    memcpy(layout->out + layout->fit_bytes, ellipsis, sizeof ellipsis - 1);
    layout->bytes = layout->fit_bytes + sizeof ellipsis - 1;
    layout->width = layout->fit_width + 1;
}

/* false = it does not fit any more. */
static bool lay_char(struct layout *layout, uint32_t code, size_t max_width)
{
    uint32_t shown = IS_IN(control, code) ? ' ' : code;
    size_t width = char_width(shown);
    char encoded[4];
    size_t len = utf8_write(shown, encoded);
    if (layout->width + width > max_width || layout->bytes + len > CELL_BYTES(max_width)) {
        return false;
    }
    memcpy(layout->out + layout->bytes, encoded, len);
    layout->bytes += len;
    layout->width += width;
    if (layout->width < max_width && layout->bytes + sizeof ellipsis - 1 <= CELL_BYTES(max_width)) {
        layout->fit_bytes = layout->bytes;
        layout->fit_width = layout->width;
    }
    return true;
}

/* Text as a cell. The caller has made sure of CELL_BYTES(max_width) bytes of room. */
static struct cell make_cell(struct listing *listing, struct span text, size_t max_width)
{
    struct layout layout = {.out = listing->text + listing->text_used};
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
    struct cell cell = {(uint32_t)listing->text_used, (uint16_t)layout.bytes, (uint16_t)layout.width, 0};
    listing->text_used += layout.bytes;
    return cell;
}

static struct cell value_cell(struct listing *listing, const struct lp_value *value)
{
    char text[NUMBER_TEXT_BYTES + 32];
    int len = 0;
    switch (value->type) {
    case LP_VALUE_FLOAT:
        len = (int)number_format_double(value->as.f, text);
        break;
    case LP_VALUE_INT:
        len = snprintf(text, sizeof text, "%" PRId64, value->as.i);
        break;
    case LP_VALUE_UINT:
        len = snprintf(text, sizeof text, "%" PRIu64, value->as.u);
        break;
    case LP_VALUE_BOOL:
        return make_cell(listing, value->as.b ? SPAN_LITERAL("true") : SPAN_LITERAL("false"), LISTING_CELL_WIDTH);
    case LP_VALUE_TEXT:
        return make_cell(listing, value->as.text, LISTING_CELL_WIDTH);
    }
    return make_cell(listing, (struct span){text, (size_t)len}, LISTING_CELL_WIDTH);
}

static bool is_number(const struct lp_value *value)
{
    return value->type == LP_VALUE_FLOAT || value->type == LP_VALUE_INT || value->type == LP_VALUE_UINT;
}

/* ---- collecting ---- */

static bool is_named(const struct listing *listing, const struct cell *name, const char *text)
{
    size_t len = strlen(text);
    return name->bytes == len && memcmp(listing->text + name->start, text, len) == 0;
}

static struct measurement *find_measurement(struct listing *listing, const char *name)
{
    for (size_t i = 0; i < listing->measurement_count; i++) {
        if (is_named(listing, &listing->measurements[i].name, name)) {
            return &listing->measurements[i];
        }
    }
    struct measurement *measurement = &listing->measurements[listing->measurement_count++];
    measurement->name = make_cell(listing, span_of(name), NAME_WIDTH);
    measurement->column_count = 0;
    measurement->row_count = 0;
    return measurement;
}

/* The place of the column, made at `place` if there is none: behind its neighbour in this row, so that the order is that of the rows
 * although each may leave some out. */
static size_t find_column(struct listing *listing, struct measurement *measurement, const char *name, size_t place)
{
    struct column_info *columns = measurement->columns;
    size_t count = measurement->column_count;
    for (size_t i = 0; i < count; i++) {
        size_t guess = (place + i) % count;
        if (is_named(listing, &columns[guess].name, name)) {
            return guess;
        }
    }
    memmove(&columns[place + 1], &columns[place], (count - place) * sizeof columns[0]);
    columns[place] = (struct column_info){.name = make_cell(listing, span_of(name), NAME_WIDTH), .id = (uint16_t)count};
    columns[place].width = columns[place].name.width;
    measurement->column_count++;
    return place;
}

/* Adds a cell to the row that is being collected; returns the place behind its column. */
static size_t add_cell(struct listing *listing, struct measurement *measurement, const char *name, size_t place,
                       struct cell cell, bool number)
{
    size_t at = find_column(listing, measurement, name, place);
    struct column_info *column = &measurement->columns[at];
    cell.column = column->id;
    listing->cells[listing->cell_count++] = cell;
    column->has_text = column->has_text || !number;
    column->has_value = column->has_value || cell.bytes > 0;
    if (cell.width > column->width) {
        column->width = cell.width;
    }
    return at + 1;
}

/* Is there room for a row whose cells and names are all new and of the greatest size? */
static bool has_room(const struct listing *listing, size_t cells)
{
    size_t text = CELL_BYTES(cells * (NAME_WIDTH + LISTING_CELL_WIDTH) + NAME_WIDTH);
    return listing->line_count < LISTING_MAX_ROWS && listing->cell_count + cells <= MAX_CELLS &&
           listing->measurement_count < MAX_MEASUREMENTS && listing->text_used + text <= LISTING_MAX_TEXT;
}

/* Is there room for a row of which every column is new? Rows with ever other fields are not ours, but are no fault. */
static bool has_columns(const struct listing *listing, const struct lp_row *row)
{
    for (size_t i = 0; i < listing->measurement_count; i++) {
        if (is_named(listing, &listing->measurements[i].name, row->measurement)) {
            return listing->measurements[i].column_count <= MAX_COLUMNS - MAX_CELLS_OF_ROW;
        }
    }
    return true;
}

static void collect_row(void *ctx, const struct lp_row *row)
{
    struct listing *listing = ctx;
    size_t cells = 1 + row->tag_count + row->field_count;
    if (!has_room(listing, cells) || !has_columns(listing, row)) {
        listing_flush(listing);
    }
    struct measurement *measurement = find_measurement(listing, row->measurement);
    struct line *line = &listing->lines[listing->line_count++];
    line->measurement = (uint16_t)(measurement - listing->measurements);
    line->first_cell = (uint32_t)listing->cell_count;
    measurement->row_count++;

    char time[TIMESTAMP_TEXT_BYTES];
    timestamp_format(row->time_ns, time);
    size_t place =
        add_cell(listing, measurement, "time", 0, make_cell(listing, span_of(time), LISTING_CELL_WIDTH), false);
    for (size_t i = 0; i < row->tag_count; i++) {
        struct cell cell = make_cell(listing, row->tags[i].value, LISTING_CELL_WIDTH);
        place = add_cell(listing, measurement, row->tags[i].name, place, cell, false);
    }
    for (size_t i = 0; i < row->field_count; i++) {
        struct cell cell = value_cell(listing, &row->fields[i].value);
        place = add_cell(listing, measurement, row->fields[i].name, place, cell, is_number(&row->fields[i].value));
    }
    line->cell_count = (uint16_t)(listing->cell_count - line->first_cell);
}

static void collect_raw(void *ctx, struct span record)
{
    struct listing *listing = ctx;
    if (listing->raw_count == LISTING_MAX_ROWS || listing->text_used + CELL_BYTES(RAW_WIDTH) > LISTING_MAX_TEXT) {
        listing_flush(listing);
    }
    while (record.len > 0 && (record.ptr[record.len - 1] == '\n' || record.ptr[record.len - 1] == '\r')) {
        record.len--;
    }
    listing->raw[listing->raw_count++] = make_cell(listing, record, RAW_WIDTH);
}

struct lp_sink listing_sink(struct listing *listing)
{
    return (struct lp_sink){listing, collect_row, collect_raw};
}

/* ---- printing ---- */

static void emit(struct listing *listing, struct span text)
{
    listing->emit(listing->emit_ctx, text);
}

static void emit_repeated(struct listing *listing, char c, size_t count)
{
    char run[64];
    memset(run, c, sizeof run);
    while (count > 0) {
        size_t n = count < sizeof run ? count : sizeof run;
        emit(listing, (struct span){run, n});
        count -= n;
    }
}

static void emit_cell(struct listing *listing, const struct cell *cell)
{
    emit(listing, (struct span){listing->text + cell->start, cell->bytes});
}

static void emit_heading(struct listing *listing, const struct cell *name, size_t rows, const char *noun)
{
    char text[64];
    int len = snprintf(text, sizeof text, " (%zu %s%s)\n", rows, noun, rows == 1 ? "" : "s");
    emit_cell(listing, name);
    emit(listing, (struct span){text, (size_t)len});
}

/* Puts the cell in its column. *owed is the blanks that stand between the last cell and this one: none are left at the end of a line. */
static void emit_aligned(struct listing *listing, const struct column_info *column, const struct cell *cell,
                         size_t *owed)
{
    size_t padding = (size_t)column->width - (cell ? cell->width : 0);
    size_t before = column->has_text ? 0 : padding;
    if (cell && cell->bytes > 0) {
        emit_repeated(listing, ' ', *owed + before);
        emit_cell(listing, cell);
        *owed = padding - before + GAP;
    } else {
        *owed += padding + GAP;
    }
}

static void emit_header(struct listing *listing, const struct measurement *measurement)
{
    size_t owed = 0;
    for (size_t i = 0; i < measurement->column_count; i++) {
        const struct column_info *column = &measurement->columns[i];
        if (column->has_value) {
            emit_aligned(listing, column, &column->name, &owed);
        }
    }
    emit(listing, SPAN_LITERAL("\n"));
    bool first = true;
    for (size_t i = 0; i < measurement->column_count; i++) {
        const struct column_info *column = &measurement->columns[i];
        if (column->has_value) {
            emit_repeated(listing, ' ', first ? 0 : GAP);
            emit_repeated(listing, '-', column->width);
            first = false;
        }
    }
    emit(listing, SPAN_LITERAL("\n"));
}

static void emit_line(struct listing *listing, const struct measurement *measurement, const struct line *line)
{
    const struct cell *by_id[MAX_COLUMNS] = {NULL};
    for (size_t i = 0; i < line->cell_count; i++) {
        const struct cell *cell = &listing->cells[line->first_cell + i];
        by_id[cell->column] = cell;
    }
    size_t owed = 0;
    for (size_t i = 0; i < measurement->column_count; i++) {
        const struct column_info *column = &measurement->columns[i];
        if (column->has_value) {
            emit_aligned(listing, column, by_id[column->id], &owed);
        }
    }
    emit(listing, SPAN_LITERAL("\n"));
}

static void emit_measurement(struct listing *listing, size_t index)
{
    const struct measurement *measurement = &listing->measurements[index];
    emit_heading(listing, &measurement->name, measurement->row_count, "row");
    emit_header(listing, measurement);
    for (size_t i = 0; i < listing->line_count; i++) {
        if (listing->lines[i].measurement == index) {
            emit_line(listing, measurement, &listing->lines[i]);
        }
    }
    emit(listing, SPAN_LITERAL("\n"));
}

static void emit_raw(struct listing *listing)
{
    char text[64];
    int len = snprintf(text, sizeof text, "passed through (%zu record%s)\n", listing->raw_count,
                       listing->raw_count == 1 ? "" : "s");
    emit(listing, (struct span){text, (size_t)len});
    for (size_t i = 0; i < listing->raw_count; i++) {
        emit_cell(listing, &listing->raw[i]);
        emit(listing, SPAN_LITERAL("\n"));
    }
    emit(listing, SPAN_LITERAL("\n"));
}

void listing_flush(struct listing *listing)
{
    for (size_t i = 0; i < listing->measurement_count; i++) {
        emit_measurement(listing, i);
    }
    if (listing->raw_count > 0) {
        emit_raw(listing);
    }
    listing->text_used = 0;
    listing->cell_count = 0;
    listing->measurement_count = 0;
    listing->line_count = 0;
    listing->raw_count = 0;
}

/* ---- life ---- */

struct listing *listing_new(listing_emit *emit_text, void *ctx)
{
    struct listing *listing = calloc(1, sizeof *listing);
    if (!listing) {
        return NULL;
    }
    listing->emit = emit_text;
    listing->emit_ctx = ctx;
    listing->text = malloc(LISTING_MAX_TEXT);
    listing->cells = malloc(MAX_CELLS * sizeof *listing->cells);
    listing->measurements = malloc(MAX_MEASUREMENTS * sizeof *listing->measurements);
    if (!listing->text || !listing->cells || !listing->measurements) {
        listing_free(listing);
        return NULL;
    }
    return listing;
}

void listing_free(struct listing *listing)
{
    if (listing) {
        free(listing->text);
        free(listing->cells);
        free(listing->measurements);
        free(listing);
    }
}
