#include "run/collection.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/timestamp.h"

#define MAX_CELLS 32768

/* ---- cells ---- */

/* Text as a cell. The caller has made sure of CELL_BYTES(max_width) bytes of room. */
static struct cell make_cell(struct collection *collection, struct span text, size_t max_width)
{
    size_t width;
    size_t bytes = cell_fit(text, max_width, collection->text + collection->text_used, &width);
    struct cell cell = {(uint32_t)collection->text_used, (uint16_t)bytes, (uint16_t)width, 0};
    collection->text_used += bytes;
    return cell;
}

static struct cell value_cell(struct collection *collection, const struct lp_value *value)
{
    char text[NUMBER_TEXT_BYTES + 32];
    struct span shown = {text, 0};
    switch (value->type) {
    case LP_VALUE_FLOAT:
        shown.len = number_format_double(value->as.f, text);
        break;
    case LP_VALUE_INT:
        shown.len = (size_t)snprintf(text, sizeof text, "%" PRId64, value->as.i);
        break;
    case LP_VALUE_UINT:
        shown.len = (size_t)snprintf(text, sizeof text, "%" PRIu64, value->as.u);
        break;
    case LP_VALUE_BOOL:
        shown = span_of(value->as.b ? "true" : "false");
        break;
    case LP_VALUE_TEXT:
        shown = value->as.text;
        break;
    }
    return make_cell(collection, shown, COLLECTION_CELL_WIDTH);
}

static bool is_number(const struct lp_value *value)
{
    return value->type == LP_VALUE_FLOAT || value->type == LP_VALUE_INT || value->type == LP_VALUE_UINT;
}

struct span collection_text(const struct collection *collection, const struct cell *cell)
{
    return (struct span){collection->text + cell->start, cell->bytes};
}

/* ---- measurements and their columns ---- */

static struct measurement *find_measurement(const struct collection *collection, const char *name)
{
    for (size_t i = 0; i < collection->measurement_count; i++) {
        struct measurement *measurement = &collection->measurements[i];
        if (span_equal((struct span){measurement->name, measurement->name_bytes}, span_of(name))) {
            return measurement;
        }
    }
    return NULL;
}

static struct measurement *add_measurement(struct collection *collection, const char *name)
{
    size_t width;
    struct measurement *measurement = &collection->measurements[collection->measurement_count++];
    measurement->name_bytes = cell_fit(span_of(name), COLLECTION_NAME_WIDTH, measurement->name, &width);
    measurement->column_count = 0;
    measurement->row_count = 0;
    measurement->shown = 0;
    measurement->hidden = 0;
    return measurement;
}

/* The place of the column, made at `place` if there is none: behind its neighbour in this row,
 * so that the order is that of the rows although each may leave some out. */
static size_t find_column(struct collection *collection, struct measurement *measurement, const char *name,
                          size_t place)
{
    struct cell_column *columns = measurement->columns;
    size_t count = measurement->column_count;
    for (size_t i = 0; i < count; i++) {
        size_t guess = (place + i) % count;
        if (span_equal(collection_text(collection, &columns[guess].name), span_of(name))) {
            return guess;
        }
    }
    memmove(&columns[place + 1], &columns[place], (count - place) * sizeof columns[0]);
    columns[place] = (struct cell_column){.name = make_cell(collection, span_of(name), COLLECTION_NAME_WIDTH),
                                          .id = (uint16_t)count};
    measurement->column_count++;
    return place;
}

/* Adds a cell to the row that is being kept; returns the place behind its column. */
static size_t add_cell(struct collection *collection, struct measurement *measurement, const char *name, size_t place,
                       struct cell cell, bool number)
{
    size_t at = find_column(collection, measurement, name, place);
    struct cell_column *column = &measurement->columns[at];
    cell.column = column->id;
    collection->cells[collection->cell_count++] = cell;
    column->has_text = column->has_text || !number;
    column->has_value = column->has_value || cell.bytes > 0;
    if (cell.width > column->value_width) {
        column->value_width = cell.width;
    }
    return at + 1;
}

/* ---- rows ---- */

/* Is there room for a row whose cells and names are all new and of the greatest size? Rows with
 * ever other fields are not ours, but are no fault. */
static bool has_room(const struct collection *collection, const struct measurement *measurement, size_t cells)
{
    size_t text = CELL_BYTES(cells * (COLLECTION_NAME_WIDTH + COLLECTION_CELL_WIDTH) + COLLECTION_NAME_WIDTH);
    return collection->line_count < COLLECTION_MAX_ROWS && collection->cell_count + cells <= MAX_CELLS &&
           collection->text_used + text <= COLLECTION_MAX_TEXT &&
           (measurement ? measurement->column_count <= COLLECTION_MAX_COLUMNS - COLLECTION_MAX_CELLS_OF_ROW
                        : collection->measurement_count < COLLECTION_MAX_MEASUREMENTS);
}

static void keep_row(struct collection *collection, struct measurement *measurement, const struct lp_row *row)
{
    struct line *line = &collection->lines[collection->line_count++];
    if (measurement->row_count == 0) {
        collection->text_used += measurement->name_bytes; /* the heading is text, too */
    }
    line->measurement = (uint16_t)(measurement - collection->measurements);
    line->first_cell = (uint32_t)collection->cell_count;
    char time[TIMESTAMP_TEXT_BYTES];
    timestamp_format(row->time_ns, time);
    struct cell cell = make_cell(collection, span_of(time), COLLECTION_CELL_WIDTH);
    size_t place = add_cell(collection, measurement, "time", 0, cell, false);
    for (size_t i = 0; i < row->tag_count; i++) {
        cell = make_cell(collection, row->tags[i].value, COLLECTION_CELL_WIDTH);
        place = add_cell(collection, measurement, row->tags[i].name, place, cell, false);
    }
    for (size_t i = 0; i < row->field_count; i++) {
        cell = value_cell(collection, &row->fields[i].value);
        place = add_cell(collection, measurement, row->fields[i].name, place, cell, is_number(&row->fields[i].value));
    }
    line->cell_count = (uint16_t)(collection->cell_count - line->first_cell);
    measurement->row_count++;
    measurement->shown++;
}

bool collection_add_row(struct collection *collection, const struct lp_row *row)
{
    struct measurement *measurement = find_measurement(collection, row->measurement);
    if (measurement && measurement->shown >= collection->max_rows) {
        measurement->hidden++;
        return true;
    }
    if (!has_room(collection, measurement, 1 + row->tag_count + row->field_count)) {
        return false;
    }
    keep_row(collection, measurement ? measurement : add_measurement(collection, row->measurement), row);
    return true;
}

bool collection_add_raw(struct collection *collection, struct span record)
{
    if (collection->raw_shown >= collection->max_rows) {
        collection->raw_hidden++;
        return true;
    }
    if (collection->raw_count == COLLECTION_MAX_ROWS ||
        collection->text_used + CELL_BYTES(COLLECTION_RAW_WIDTH) > COLLECTION_MAX_TEXT) {
        return false;
    }
    while (record.len > 0 && (record.ptr[record.len - 1] == '\n' || record.ptr[record.len - 1] == '\r')) {
        record.len--;
    }
    collection->raw[collection->raw_count++] = make_cell(collection, record, COLLECTION_RAW_WIDTH);
    collection->raw_shown++;
    return true;
}

void collection_clear(struct collection *collection)
{
    collection->text_used = 0;
    collection->cell_count = 0;
    collection->line_count = 0;
    collection->raw_count = 0;
    bool counts = collection->whole && collection->max_rows != COLLECTION_ALL;
    if (!counts || collection->measurement_count == COLLECTION_MAX_MEASUREMENTS) {
        collection->measurement_count = 0;
        collection->raw_shown = 0;
        collection->raw_hidden = 0;
    }
    for (size_t i = 0; i < collection->measurement_count; i++) {
        collection->measurements[i].column_count = 0;
        collection->measurements[i].row_count = 0;
    }
}

struct collection *collection_new(size_t max_rows, bool whole)
{
    struct collection *collection = calloc(1, sizeof *collection);
    if (!collection) {
        return NULL;
    }
    collection->max_rows = max_rows;
    collection->whole = whole;
    collection->text = malloc(COLLECTION_MAX_TEXT);
    collection->cells = malloc(MAX_CELLS * sizeof *collection->cells);
    collection->measurements = malloc(COLLECTION_MAX_MEASUREMENTS * sizeof *collection->measurements);
    if (!collection->text || !collection->cells || !collection->measurements) {
        collection_free(collection);
        return NULL;
    }
    return collection;
}

void collection_free(struct collection *collection)
{
    if (collection) {
        free(collection->text);
        free(collection->cells);
        free(collection->measurements);
        free(collection);
    }
}
