#include "run/listing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/collection.h"
#include "run/layout.h"

#define BELOW_INDENT 4
#define BELOW_BYTES (CELL_BYTES(COLLECTION_NAME_WIDTH) + 1 + CELL_BYTES(COLLECTION_CELL_WIDTH))

struct listing {
    listing_emit *emit;
    void *emit_ctx;
    size_t width;  /* 0 = any */
    bool in_parts; /* the bound was reached: a heading counts what stands below it */
    struct collection *collection;
};

/* A measurement on its way out: its columns that hold something, in order, and how they are laid
 * out. */
struct table_view {
    const struct measurement *measurement;
    const struct cell_column *columns[COLLECTION_MAX_COLUMNS];
    struct layout_column layout[COLLECTION_MAX_COLUMNS];
    size_t count;
};

/* ---- pieces ---- */

static void emit(const struct listing *listing, struct span text)
{
    listing->emit(listing->emit_ctx, text);
}

static void emit_repeated(const struct listing *listing, char c, size_t count)
{
    char run[64];
    memset(run, c, sizeof run);
    while (count > 0) {
        size_t n = count < sizeof run ? count : sizeof run;
        emit(listing, (struct span){run, n});
        count -= n;
    }
}

/* Text as it is, or cut to a width that is less. Returns the columns it takes. */
static size_t emit_cut(const struct listing *listing, struct span text, size_t width, size_t max_width)
{
    if (width <= max_width) {
        emit(listing, text);
        return width;
    }
    char cut[CELL_BYTES(COLLECTION_NAME_WIDTH)];
    size_t room = max_width < COLLECTION_NAME_WIDTH ? max_width : COLLECTION_NAME_WIDTH;
    size_t bytes = cell_fit(text, room, cut, &width);
    emit(listing, (struct span){cut, bytes});
    return width;
}

static void emit_heading(const struct listing *listing, struct span name, size_t rows, const char *noun)
{
    char text[64];
    int len = snprintf(text, sizeof text, " (%zu %s%s)\n", rows, noun, rows == 1 ? "" : "s");
    emit_cut(listing, name, name.len, listing->width ? listing->width / 2 : SIZE_MAX);
    emit(listing, (struct span){text, (size_t)len});
}

/* How many more there were, and the blank line behind a table. */
static void emit_end(const struct listing *listing, size_t hidden, const char *noun)
{
    char text[96];
    if (hidden > 0) {
        int len = snprintf(text, sizeof text, "%zu more %s%s: --rows all\n", hidden, noun, hidden == 1 ? "" : "s");
        emit(listing, (struct span){text, (size_t)len});
    }
    emit(listing, SPAN_LITERAL("\n"));
}

/* ---- a row ---- */

/* Puts text in its column. *owed is the blanks between the last text and this one: none are left
 * at the end of a line. width is the text's own. */
static void emit_aligned(const struct listing *listing, const struct layout_column *column, struct span text,
                         size_t width, size_t *owed)
{
    size_t shown = width < column->width ? width : column->width;
    size_t padding = column->width - shown;
    size_t before = column->is_text ? 0 : padding;
    if (text.len == 0) {
        *owed += column->width + LAYOUT_GAP;
        return;
    }
    emit_repeated(listing, ' ', *owed + before);
    shown = emit_cut(listing, text, width, column->width);
    *owed = column->width - before - shown + LAYOUT_GAP;
}

/* The values below the row, as many on a line as fit. */
static void emit_below(const struct listing *listing, const struct table_view *view, const struct cell *const by_id[])
{
    char item[BELOW_BYTES];
    char fitted[CELL_BYTES(COLLECTION_NAME_WIDTH + COLLECTION_CELL_WIDTH + 1)];
    size_t room = listing->width - BELOW_INDENT;
    size_t used = 0;
    for (size_t i = 0; i < view->count; i++) {
        const struct cell *cell = by_id[view->columns[i]->id];
        if (!view->layout[i].below || !cell || cell->bytes == 0) {
            continue;
        }
        struct span name = view->layout[i].name;
        memcpy(item, name.ptr, name.len);
        item[name.len] = '=';
        memcpy(item + name.len + 1, listing->collection->text + cell->start, cell->bytes);
        size_t width;
        size_t most = COLLECTION_NAME_WIDTH + COLLECTION_CELL_WIDTH + 1;
        size_t bytes =
            cell_fit((struct span){item, name.len + 1 + cell->bytes}, room < most ? room : most, fitted, &width);
        bool same_line = used > 0 && used + LAYOUT_GAP + width <= room;
        emit(listing, used > 0 && !same_line ? SPAN_LITERAL("\n") : SPAN_LITERAL(""));
        emit_repeated(listing, ' ', same_line ? LAYOUT_GAP : BELOW_INDENT);
        emit(listing, (struct span){fitted, bytes});
        used = same_line ? used + LAYOUT_GAP + width : width;
    }
    emit(listing, used > 0 ? SPAN_LITERAL("\n") : SPAN_LITERAL(""));
}

static void emit_line(const struct listing *listing, const struct table_view *view, const struct line *line)
{
    static const struct cell empty;
    const struct collection *collection = listing->collection;
    const struct cell *by_id[COLLECTION_MAX_COLUMNS] = {NULL};
    for (size_t i = 0; i < line->cell_count; i++) {
        const struct cell *cell = &collection->cells[line->first_cell + i];
        by_id[cell->column] = cell;
    }
    size_t owed = 0;
    for (size_t i = 0; i < view->count; i++) {
        const struct cell *cell = by_id[view->columns[i]->id] ? by_id[view->columns[i]->id] : &empty;
        if (!view->layout[i].below) {
            emit_aligned(listing, &view->layout[i], collection_text(collection, cell), cell->width, &owed);
        }
    }
    emit(listing, SPAN_LITERAL("\n"));
    emit_below(listing, view, by_id);
}

/* ---- the header ---- */

/* Lines that the name takes in its column. */
static size_t name_lines(const struct layout_column *column)
{
    size_t lines = 0;
    for (size_t pos = 0; pos < column->name.len; lines++) {
        (void)layout_name_line(column->name, column->width, &pos);
    }
    return lines;
}

static size_t header_height(const struct table_view *view)
{
    size_t height = 0;
    for (size_t i = 0; i < view->count; i++) {
        size_t lines = view->layout[i].below ? 0 : name_lines(&view->layout[i]);
        height = lines > height ? lines : height;
    }
    return height;
}

/* The part of the name on a line of the header, counted from its last. */
static struct span name_part(const struct layout_column *column, size_t from_last)
{
    struct span part = {column->name.ptr, 0};
    size_t lines = name_lines(column);
    size_t pos = 0;
    if (column->name_width <= column->width) {
        return from_last == 0 ? column->name : part;
    }
    for (size_t i = 0; from_last < lines && i < lines - from_last; i++) {
        part = layout_name_line(column->name, column->width, &pos);
    }
    return part;
}

static void emit_header(const struct listing *listing, const struct table_view *view)
{
    for (size_t line = header_height(view); line > 0; line--) {
        size_t owed = 0;
        for (size_t i = 0; i < view->count; i++) {
            const struct layout_column *column = &view->layout[i];
            struct span part = name_part(column, line - 1);
            size_t width = part.len == column->name.len ? column->name_width : part.len;
            if (!column->below) {
                emit_aligned(listing, column, part, width, &owed);
            }
        }
        emit(listing, SPAN_LITERAL("\n"));
    }
    for (size_t i = 0; i < view->count; i++) {
        if (!view->layout[i].below) {
            emit_repeated(listing, ' ', i == 0 ? 0 : LAYOUT_GAP);
            emit_repeated(listing, '-', view->layout[i].width);
        }
    }
    emit(listing, SPAN_LITERAL("\n"));
}

/* ---- tables ---- */

static void make_view(const struct listing *listing, const struct measurement *measurement, struct table_view *view)
{
    view->measurement = measurement;
    view->count = 0;
    for (size_t i = 0; i < measurement->column_count; i++) {
        const struct cell_column *column = &measurement->columns[i];
        if (column->has_value) {
            view->columns[view->count] = column;
            view->layout[view->count++] = (struct layout_column){
                .name = collection_text(listing->collection, &column->name),
                .name_width = column->name.width,
                .value_width = column->value_width,
                .is_text = column->has_text,
            };
        }
    }
    layout_fit(view->layout, view->count, listing->width);
}

static void emit_measurement(const struct listing *listing, size_t index, bool last)
{
    const struct collection *collection = listing->collection;
    const struct measurement *measurement = &collection->measurements[index];
    size_t hidden = last ? measurement->hidden : 0;
    if (measurement->row_count == 0 && hidden == 0) {
        return;
    }
    emit_heading(listing, (struct span){measurement->name, measurement->name_bytes},
                 measurement->row_count + (listing->in_parts ? 0 : hidden), "row");
    if (measurement->row_count > 0) {
        struct table_view view;
        make_view(listing, measurement, &view);
        emit_header(listing, &view);
        for (size_t i = 0; i < collection->line_count; i++) {
            if (collection->lines[i].measurement == index) {
                emit_line(listing, &view, &collection->lines[i]);
            }
        }
    }
    emit_end(listing, hidden, "row");
}

static void emit_raw(const struct listing *listing, bool last)
{
    const struct collection *collection = listing->collection;
    size_t hidden = last ? collection->raw_hidden : 0;
    if (collection->raw_count == 0 && hidden == 0) {
        return;
    }
    emit_heading(listing, SPAN_LITERAL("passed through"), collection->raw_count + (listing->in_parts ? 0 : hidden),
                 "record");
    for (size_t i = 0; i < collection->raw_count; i++) {
        const struct cell *cell = &collection->raw[i];
        emit_cut(listing, collection_text(collection, cell), cell->width, listing->width ? listing->width : SIZE_MAX);
        emit(listing, SPAN_LITERAL("\n"));
    }
    emit_end(listing, hidden, "record");
}

/* last = of everything that comes, or a limit is of each part. */
static void print(struct listing *listing, bool last)
{
    for (size_t i = 0; i < listing->collection->measurement_count; i++) {
        emit_measurement(listing, i, last);
    }
    emit_raw(listing, last);
    collection_clear(listing->collection);
}

void listing_flush(struct listing *listing)
{
    print(listing, true);
}

/* ---- collecting ---- */

static void print_part(struct listing *listing)
{
    listing->in_parts = listing->collection->whole;
    print(listing, !listing->collection->whole);
}

static void collect_row(void *ctx, const struct lp_row *row)
{
    struct listing *listing = ctx;
    if (!collection_add_row(listing->collection, row)) {
        print_part(listing);
        IGNORE_RESULT(collection_add_row(listing->collection, row)); /* there is room now */
    }
}

static void collect_raw(void *ctx, struct span record)
{
    struct listing *listing = ctx;
    if (!collection_add_raw(listing->collection, record)) {
        print_part(listing);
        IGNORE_RESULT(collection_add_raw(listing->collection, record));
    }
}

struct lp_sink listing_sink(struct listing *listing)
{
    return (struct lp_sink){listing, collect_row, collect_raw};
}

void listing_set_width(struct listing *listing, size_t width)
{
    listing->width = width > 0 && width < LISTING_MIN_WIDTH ? LISTING_MIN_WIDTH : width;
}

struct listing *listing_new(size_t max_rows, bool whole, listing_emit *emit_text, void *ctx)
{
    struct listing *listing = calloc(1, sizeof *listing);
    if (!listing) {
        return NULL;
    }
    listing->emit = emit_text;
    listing->emit_ctx = ctx;
    listing->collection = collection_new(max_rows, whole);
    if (!listing->collection) {
        listing_free(listing);
        return NULL;
    }
    return listing;
}

void listing_free(struct listing *listing)
{
    if (listing) {
        collection_free(listing->collection);
        free(listing);
    }
}
