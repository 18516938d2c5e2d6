#include "run/csv.h"

#include <stdlib.h>
#include <string.h>

#include "core/stats.h"
#include "run/ndjson.h"
#include "json/write.h"

#define MAX_COLUMNS ((size_t)(MESSAGE_KINDS + 1) * LP_ROW_MAX_FIELDS)
#define MAX_NAME_BYTES (MAX_COLUMNS * 1024)
#define LINE_END "\r\n"

/* Columns that are worked out, not mapped: those of vm_events and vm_status, then those of
 * vm_rejected. */
static const char *const worked_out[] = {
    "severity", "priority", "raw_data", "device_ts",        "message_id",   "anomalies",
    "topic",    "reason",   "detail",   "payload_encoding", "payload_size", "payload",
};

struct csv {
    struct buf names;           /* terminated, one behind the other */
    size_t starts[MAX_COLUMNS]; /* in names */
    size_t count;
};

/* ---- columns ---- */

static const char *name_at(const struct csv *csv, size_t i)
{
    return csv->names.ptr + csv->starts[i];
}

/* Its column; csv->count = it has none. guess: where to begin, for rows come in the columns'
 * order. */
static size_t find(const struct csv *csv, struct span name, size_t guess)
{
    for (size_t i = 0; i < csv->count; i++) {
        size_t at = (guess + i) % csv->count;
        if (span_equal(span_of(name_at(csv, at)), name)) {
            return at;
        }
    }
    return csv->count;
}

/* Adds the name unless it is there. false = no memory. */
static bool add(struct csv *csv, const char *name)
{
    size_t start = csv->names.len;
    flat_write_name(&csv->names, span_of(name));
    size_t len = csv->names.len - start;
    buf_char(&csv->names, '\0');
    if (csv->names.failed || csv->count == MAX_COLUMNS) {
        return false;
    }
    if (find(csv, (struct span){csv->names.ptr + start, len}, 0) < csv->count) {
        buf_truncate(&csv->names, start);
    } else {
        csv->starts[csv->count++] = start;
    }
    return true;
}

static bool add_reports(struct csv *csv)
{
    struct lp_row row;
    const struct stats stats = {.lags = 1}; /* then the row has every column */
    stats_row(&stats, "any", 0, 0, &row);
    bool fits = true;
    for (size_t i = 0; fits && i < row.tag_count; i++) {
        fits = add(csv, row.tags[i].name);
    }
    for (size_t i = 0; fits && i < row.field_count; i++) {
        fits = add(csv, row.fields[i].name);
    }
    return fits;
}

static bool add_all(struct csv *csv, const struct mapping *mapping, bool reports)
{
    bool fits = add(csv, "device_no");
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        const struct table_map *table = &mapping->tables[kind];
        for (size_t i = 0; fits && i < table->column_count; i++) {
            fits = add(csv, table->columns[i].name);
        }
    }
    for (size_t i = 0; fits && i < sizeof worked_out / sizeof worked_out[0]; i++) {
        fits = add(csv, worked_out[i]);
    }
    return fits && (!reports || add_reports(csv));
}

struct csv *csv_new(const struct mapping *mapping, bool reports)
{
    struct csv *csv = calloc(1, sizeof *csv);
    if (!csv) {
        return NULL;
    }
    buf_init(&csv->names, MAX_NAME_BYTES);
    if (!add_all(csv, mapping, reports)) {
        csv_free(csv);
        return NULL;
    }
    return csv;
}

void csv_free(struct csv *csv)
{
    if (csv) {
        buf_free(&csv->names);
        free(csv);
    }
}

/* ---- lines ---- */

static bool needs_quotes(struct span text)
{
    if (text.len == 0) {
        return true;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == ',' || c == '"' || c == '\n' || c == '\r') {
            return true;
        }
    }
    return false;
}

static void put_text(struct buf *out, struct span text)
{
    if (!needs_quotes(text)) {
        buf_span(out, text);
        return;
    }
    buf_char(out, '"');
    for (size_t done = 0; done < text.len;) {
        const char *quote = memchr(text.ptr + done, '"', text.len - done);
        size_t run = quote ? (size_t)(quote - text.ptr) - done + 1 : text.len - done;
        buf_bytes(out, text.ptr + done, run);
        buf_text(out, quote ? "\"" : "");
        done += run;
    }
    buf_char(out, '"');
}

static void put_value(struct buf *out, const struct lp_value *value)
{
    char number[FLAT_NUMBER_BYTES];
    if (value->type == LP_VALUE_TEXT) {
        put_text(out, value->as.text);
    } else if (value->type == LP_VALUE_BOOL) {
        buf_text(out, value->as.b ? "true" : "false");
    } else {
        buf_text(out, flat_number(value, number) ? number : "");
    }
}

/* A JSON object as the text of a CSV value. */
static void put_other(struct buf *out, const struct csv *csv, const struct flat *flat, const size_t columns[])
{
    struct buf object;
    bool any = false;
    buf_init(&object, out->max);
    for (size_t i = 0; i < flat->count; i++) {
        if (columns[i] == csv->count) {
            buf_char(&object, any ? ',' : '{');
            json_write_string(&object, flat->columns[i].name);
            buf_char(&object, ':');
            ndjson_value(&object, &flat->columns[i].value);
            any = true;
        }
    }
    if (any) {
        buf_char(&object, '}');
        put_text(out, buf_view(&object));
    }
    out->failed = out->failed || object.failed;
    buf_free(&object);
}

void csv_header(struct buf *out, const struct csv *csv)
{
    buf_text(out, "measurement,time");
    for (size_t i = 0; i < csv->count; i++) {
        buf_char(out, ',');
        put_text(out, span_of(name_at(csv, i)));
    }
    buf_text(out, ",other" LINE_END);
}

void csv_row(struct buf *out, const struct csv *csv, const struct flat *flat)
{
    char time[FLAT_TIME_BYTES];
    size_t columns[FLAT_MAX_COLUMNS]; /* of each value */
    const struct lp_value *values[MAX_COLUMNS] = {NULL};
    for (size_t i = 0; i < flat->count; i++) {
        columns[i] = find(csv, flat->columns[i].name, i > 0 && columns[i - 1] < csv->count ? columns[i - 1] : 0);
        if (columns[i] < csv->count) {
            values[columns[i]] = &flat->columns[i].value;
        }
    }
    put_text(out, flat->measurement);
    buf_char(out, ',');
    if (flat->has_time) {
        flat_time(flat->time_ns, time);
        buf_text(out, time);
    }
    for (size_t i = 0; i < csv->count; i++) {
        buf_char(out, ',');
        if (values[i]) {
            put_value(out, values[i]);
        }
    }
    buf_char(out, ',');
    put_other(out, csv, flat, columns);
    buf_text(out, LINE_END);
}
