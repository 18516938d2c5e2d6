#include "run/output.h"

#include <stdlib.h>

#include "io/clock.h"
#include "lp/encode.h"
#include "run/ndjson.h"

#define TEXT_GROWTH 12 /* a control character as \u00xx, in quotes within quotes */

/* ---- bytes ---- */

void output_flush(struct output *output)
{
    if (output->bytes.len > 0) {
        int64_t start_ns = clock_monotonic_ns();
        if (output->never_waits) {
            buf_consume(&output->bytes, writer_put_ready(&output->writer, buf_view(&output->bytes)));
        } else {
            /* writer.error keeps what went wrong, writer.left how much; the program ends on it. */
            IGNORE_RESULT(writer_put(&output->writer, buf_view(&output->bytes)));
        }
        output->writing_ns += clock_monotonic_ns() - start_ns;
        if (output->never_waits && output->writer.error) {
            output->writer.left += output->bytes.len;
        }
        if (!output->never_waits || output->writer.error) {
            buf_truncate(&output->bytes, 0);
        }
    }
}

static void flush_if_much(struct output *output)
{
    if (output->bytes.len > OUTPUT_FLUSH_BYTES) {
        output_flush(output);
    }
}

static bool append(struct output *output, struct span bytes)
{
    size_t before = output->bytes.len;
    buf_span(&output->bytes, bytes);
    if (output->bytes.failed) {
        buf_truncate(&output->bytes, before);
        return false;
    }
    return true;
}

/* What does not fit even into an empty buffer is counted as lost. */
static void put_bytes(struct output *output, struct span bytes)
{
    if (append(output, bytes)) {
        flush_if_much(output);
        return;
    }
    output_flush(output);
    if (!append(output, bytes)) {
        output->lost++;
    }
}

/* ---- influx ---- */

/* A record passed through at the end of the input may lack its newline: it gets one only if
 * something follows. */
static void close_line(struct output *output)
{
    if (output->line_open) {
        put_bytes(output, SPAN_LITERAL("\n"));
        output->line_open = false;
    }
}

static void put_row(void *ctx, const struct lp_row *row)
{
    struct output *output = ctx;
    close_line(output);
    if (lp_encode_row(&output->bytes, row)) {
        flush_if_much(output);
        return;
    }
    output_flush(output);
    if (!lp_encode_row(&output->bytes, row)) {
        output->lost++;
    }
}

static void put_raw(void *ctx, struct span record)
{
    struct output *output = ctx;
    close_line(output);
    put_bytes(output, record);
    output->line_open = record.len > 0 && record.ptr[record.len - 1] != '\n';
}

/* ---- json and csv ---- */

static bool encode_flat(struct output *output)
{
    size_t before = output->bytes.len;
    if (output->csv) {
        csv_row(&output->bytes, output->csv, output->flat);
    } else {
        ndjson_row(&output->bytes, output->flat);
    }
    if (output->bytes.failed) {
        buf_truncate(&output->bytes, before);
        return false;
    }
    return true;
}

static void put_flat(struct output *output)
{
    if (encode_flat(output)) {
        flush_if_much(output);
        return;
    }
    output_flush(output);
    if (!encode_flat(output)) {
        output->lost++;
    }
}

static void put_flat_row(void *ctx, const struct lp_row *row)
{
    struct output *output = ctx;
    if (flat_from_row(output->flat, row)) {
        put_flat(output);
    } else {
        output->lost++;
    }
}

static void put_flat_raw(void *ctx, struct span record)
{
    struct output *output = ctx;
    struct err err;
    err_clear(&err);
    if (flat_from_record(output->flat, record, &err)) {
        put_flat(output);
    } else {
        output->unshown++;
        output->unshown_why = err;
    }
}

/* ---- table ---- */

static void put_listing_text(void *ctx, struct span text)
{
    put_bytes(ctx, text);
}

static void hold(struct output *output)
{
    if (!output->holds_rows) {
        output->holds_rows = true;
        output->holds_since_ns = clock_monotonic_ns();
    }
}

static void collect_row(void *ctx, const struct lp_row *row)
{
    struct output *output = ctx;
    struct lp_sink sink = listing_sink(output->listing);
    hold(output);
    sink.row(sink.ctx, row);
}

static void collect_raw(void *ctx, struct span record)
{
    struct output *output = ctx;
    struct lp_sink sink = listing_sink(output->listing);
    hold(output);
    sink.raw(sink.ctx, record);
}

void output_show_listing(struct output *output, size_t width)
{
    if (output->holds_rows) {
        listing_set_width(output->listing, width);
        listing_flush(output->listing);
        output->holds_rows = false;
    }
}

/* ---- the whole ---- */

struct lp_sink output_sink(struct output *output)
{
    if (output->listing) {
        return (struct lp_sink){output, collect_row, collect_raw};
    }
    return output->flat ? (struct lp_sink){output, put_flat_row, put_flat_raw}
                        : (struct lp_sink){output, put_row, put_raw};
}

void output_text(struct output *output, struct span text)
{
    put_bytes(output, text);
}

static bool init_flat(struct output *output, const struct output_settings *settings)
{
    output->flat = calloc(1, sizeof *output->flat);
    output->bytes.max = OUTPUT_FLUSH_BYTES + TEXT_GROWTH * settings->max_bytes;
    return output->flat && flat_init(output->flat, settings->max_line);
}

static bool init_csv(struct output *output, const struct output_settings *settings)
{
    output->csv = csv_new(settings->mapping, settings->reports);
    if (!output->csv || !init_flat(output, settings)) {
        return false;
    }
    csv_header(&output->bytes, output->csv);
    return !output->bytes.failed;
}

bool output_init(struct output *output, int fd, const struct output_settings *settings)
{
    *output = (struct output){0};
    writer_init(&output->writer, fd);
    buf_init(&output->bytes, OUTPUT_FLUSH_BYTES + settings->max_bytes);
    switch (settings->format) {
    case FORMAT_INFLUX:
        return true;
    case FORMAT_TABLE:
        output->listing = listing_new(settings->max_rows, settings->whole, put_listing_text, output);
        return output->listing != NULL;
    case FORMAT_JSON:
        return init_flat(output, settings);
    case FORMAT_CSV:
        return init_csv(output, settings);
    }
    return false;
}

void output_free(struct output *output)
{
    listing_free(output->listing);
    csv_free(output->csv);
    if (output->flat) {
        flat_free(output->flat);
        free(output->flat);
    }
    buf_free(&output->bytes);
}
