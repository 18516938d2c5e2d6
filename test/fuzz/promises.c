#include "promises.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "core/settings.h"
#include "core/topic.h"
#include "lp/decode.h"
#include "lp/encode.h"
#include "lp/frame.h"

#define ROW_BYTES ((size_t)1024 * 1024)

static const struct settings settings = {
    .topic_tag = "topic",
    .topic_prefix = "v1/vm",
    .payload_field = "value",
    .max_age_ns = INT64_C(7) * 86400 * 1000000000,
    .max_ahead_ns = INT64_C(600) * 1000000000,
    .max_payload = 2048,
    .max_line = PROMISES_MAX_LINE,
    .max_depth = 16,
    .max_values = 256,
    .dedup_window = 16,
    .dedup_age_ns = INT64_C(3600) * 1000000000,
    .dedup_untimed_ns = INT64_C(10) * 1000000000,
};

static void require(bool holds, const char *promise, const struct lp_row *row)
{
    if (!holds) {
        fprintf(stderr, "broken: %s, in a row of %s\n", promise, row->measurement);
        abort();
    }
}

/* Columns that the table says are NOT NULL, beside time and device_no. */
static const struct {
    const char *measurement;
    const char *column;
} not_null[] = {{"vm_events", "event_type"}, {"vm_status", "status"}, {"vm_rejected", "reason"}};

static const struct column *find_column(const struct mapping *mapping, const struct lp_row *row, const char *name)
{
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        const struct table_map *table = &mapping->tables[kind];
        for (size_t i = 0; strcmp(table->measurement, row->measurement) == 0 && i < table->column_count; i++) {
            if (strcmp(table->columns[i].name, name) == 0) {
                return &table->columns[i];
            }
        }
    }
    return NULL;
}

static void check_type(const struct column *column, const struct lp_value *value, const struct lp_row *row)
{
    switch (column->type) {
    case COLUMN_FLOAT:
        require(value->type == LP_VALUE_FLOAT, "a float column gets a float", row);
        break;
    case COLUMN_INTEGER:
        require(value->type == LP_VALUE_INT, "an integer column gets an integer", row);
        require(value->as.i >= INT32_MIN && value->as.i <= INT32_MAX, "an integer fits int4", row);
        break;
    case COLUMN_BIGINT:
        require(value->type == LP_VALUE_INT, "a bigint column gets an integer", row);
        break;
    case COLUMN_BOOLEAN:
        require(value->type == LP_VALUE_BOOL, "a boolean column gets a boolean", row);
        break;
    case COLUMN_TEXT:
        require(value->type == LP_VALUE_TEXT, "a text column gets text", row);
        break;
    }
}

static void check_field(const struct mapping *mapping, const struct lp_row *row, size_t at)
{
    const struct lp_row_field *field = &row->fields[at];
    const struct column *column = find_column(mapping, row, field->name);
    require(field->value.type != LP_VALUE_FLOAT || isfinite(field->value.as.f), "no NaN, no infinity", row);
    require(field->value.type != LP_VALUE_TEXT || utf8_is_storable(field->value.as.text), "text is UTF-8 without NUL",
            row);
    require(strcmp(field->name, "time") != 0, "no column is named time", row);
    for (size_t i = 0; i < row->tag_count; i++) {
        require(strcmp(field->name, row->tags[i].name) != 0, "no field is named like a tag", row);
    }
    for (size_t i = 0; i < at; i++) {
        require(strcmp(field->name, row->fields[i].name) != 0, "no field comes twice", row);
    }
    if (column) {
        check_type(column, &field->value, row);
    }
}

/* What is written reads back as one record with the same number of pieces. */
static void check_line(const struct lp_row *row)
{
    struct buf line;
    struct lp_decode_cursor cursor;
    struct lp_decode_item item;
    struct err err;
    size_t tags = 0;
    size_t fields = 0;
    buf_init(&line, ROW_BYTES);
    require(lp_encode_row(&line, row), "a row can be written", row);
    char *text = malloc(line.len);
    require(text != NULL, "there is memory", row);
    lp_decode_begin(&cursor, buf_view(&line), text);
    enum lp_decode_piece piece = lp_decode_next(&cursor, &item, &err);
    for (; piece != LP_DECODE_END && piece != LP_DECODE_BLANK && piece != LP_DECODE_ERROR;
         piece = lp_decode_next(&cursor, &item, &err)) {
        tags += piece == LP_DECODE_TAG;
        fields += piece == LP_DECODE_FIELD;
    }
    require(piece == LP_DECODE_END, "a line reads back", row);
    require(tags == row->tag_count && fields == row->field_count, "a line reads back whole", row);
    free(text);
    buf_free(&line);
}

static void take_row(void *ctx, const struct lp_row *row)
{
    struct promises *promises = ctx;
    promises->rows++;
    for (size_t i = 0; i < row->tag_count; i++) {
        require(row->tags[i].value.len > 0 && row->tags[i].value.len <= DEVICE_NO_MAX_BYTES, "a tag has a value", row);
    }
    for (size_t i = 0; i < row->field_count; i++) {
        check_field(promises->mapping, row, i);
    }
    for (size_t i = 0; i < sizeof not_null / sizeof not_null[0]; i++) {
        if (strcmp(not_null[i].measurement, row->measurement) == 0) {
            require(lp_row_find(row, not_null[i].column) != NULL, "no NOT NULL column is missing", row);
        }
    }
    require(row->tag_count == 1 || strcmp(row->measurement, "vm_rejected") == 0, "a row names its machine", row);
    check_line(row);
}

static void take_raw(void *ctx, struct span record)
{
    struct promises *promises = ctx;
    promises->raws++;
    if (record.len == 0) {
        abort();
    }
}

void promises_begin(struct promises *promises, struct mapping *mapping)
{
    const struct siphash_key key = {1, 2};
    *promises = (struct promises){.mapping = mapping ? mapping : mapping_new()};
    promises->pipeline =
        pipeline_new(&settings, promises->mapping, (struct lp_sink){promises, take_row, take_raw}, key, NULL);
    if (!promises->pipeline) {
        abort();
    }
}

void promises_end(struct promises *promises)
{
    struct stats stats = pipeline_take_stats(promises->pipeline);
    uint64_t rows = stats.rows[MESSAGE_TELEMETRY] + stats.rows[MESSAGE_EVENTS] + stats.rows[MESSAGE_STATUS];
    if (promises->rows != rows + stats_rejected(&stats) || promises->raws != stats.passed ||
        stats.received != promises->rows + promises->raws + stats.duplicates + stats.ignored) {
        fprintf(stderr,
                "broken: every message ends as one row, one pass, one counted duplicate or one that is ignored\n");
        abort();
    }
    pipeline_free(promises->pipeline);
    mapping_free(promises->mapping);
}
