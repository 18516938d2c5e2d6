#include "run/output.h"

#include "io/clock.h"
#include "lp/encode.h"

void output_flush(struct output *output)
{
    if (output->bytes.len > 0) {
        int64_t start_ns = clock_monotonic_ns();
        if (output->never_waits) {
            buf_consume(&output->bytes, writer_put_ready(&output->writer, buf_view(&output->bytes)));
        } else {
            /* writer.error keeps what went wrong; the program ends on it. */
            IGNORE_RESULT(writer_put(&output->writer, buf_view(&output->bytes)));
        }
        output->writing_ns += clock_monotonic_ns() - start_ns;
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

/* A record passed through at the end of the input may lack its newline: it gets one only if something follows. */
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

static void put_listing_text(void *ctx, struct span text)
{
    put_bytes(ctx, text);
}

static void collect_row(void *ctx, const struct lp_row *row)
{
    struct output *output = ctx;
    struct lp_sink sink = listing_sink(output->listing);
    sink.row(sink.ctx, row);
    output->holds_rows = true;
}

static void collect_raw(void *ctx, struct span record)
{
    struct output *output = ctx;
    struct lp_sink sink = listing_sink(output->listing);
    sink.raw(sink.ctx, record);
    output->holds_rows = true;
}

struct lp_sink output_sink(struct output *output)
{
    return output->listing ? (struct lp_sink){output, collect_row, collect_raw}
                           : (struct lp_sink){output, put_row, put_raw};
}

void output_show_listing(struct output *output)
{
    if (output->holds_rows) {
        listing_flush(output->listing);
        output->holds_rows = false;
    }
}

bool output_init(struct output *output, int fd, enum output_format format, size_t max_bytes)
{
    *output = (struct output){0};
    writer_init(&output->writer, fd);
    buf_init(&output->bytes, OUTPUT_FLUSH_BYTES + max_bytes);
    switch (format) {
    case FORMAT_INFLUX:
        return true;
    case FORMAT_TABLE:
        output->listing = listing_new(put_listing_text, output);
        break;
    }
    return output->listing != NULL;
}

void output_free(struct output *output)
{
    listing_free(output->listing);
    buf_free(&output->bytes);
}
