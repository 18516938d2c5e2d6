#include "run/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define INDENT 2
#define MIN_NAME_WIDTH 14 /* "passed through" */
#define MAX_NAME_WIDTH 24
#define NUMBER_WIDTH 8
#define REASON_BYTES 64

void summary_write_reasons(struct buf *out, const struct stats *stats)
{
    const char *separator = " (";
    for (int reason = REJECT_NONE + 1; reason < REJECT_REASONS; reason++) {
        if (stats->rejected[reason] > 0) {
            buf_format(out, "%s%s %" PRIu64, separator, reject_name((enum reject)reason), stats->rejected[reason]);
            separator = ", ";
        }
    }
    if (stats_rejected(stats) > 0) {
        buf_char(out, ')');
    }
}

static int name_width(const struct mapping *mapping)
{
    size_t width = MIN_NAME_WIDTH;
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        size_t len = strlen(mapping->tables[kind].measurement);
        width = len > width ? len : width;
    }
    return (int)(width < MAX_NAME_WIDTH ? width : MAX_NAME_WIDTH);
}

static void write_count(struct buf *out, int width, const char *name, uint64_t count, const char *what)
{
    buf_format(out, "%*s%-*.*s  %*" PRIu64 "%s%s\n", INDENT, "", width, width, name, NUMBER_WIDTH, count,
               what[0] ? " " : "", what);
}

/* The reasons, as many on a line as fit. */
static void write_reject_lines(struct buf *out, const struct stats *stats, int indent, size_t width)
{
    size_t used = 0;
    for (int reason = REJECT_NONE + 1; reason < REJECT_REASONS; reason++) {
        char text[REASON_BYTES];
        if (stats->rejected[reason] == 0) {
            continue;
        }
        size_t len = (size_t)snprintf(text, sizeof text, "%s %" PRIu64, reject_name((enum reject)reason),
                                      stats->rejected[reason]);
        bool fits = width == 0 || used + 3 + len <= width; /* with a comma behind it, too */
        if (used > 0 && fits) {
            buf_format(out, ", %s", text);
            used += 2 + len;
        } else {
            buf_format(out, "%s%*s%s", used > 0 ? ",\n" : "", indent, "", text);
            used = (size_t)indent + len;
        }
    }
    buf_text(out, used > 0 ? "\n" : "");
}

void summary_write(struct buf *out, const struct stats *stats, const struct mapping *mapping, size_t width)
{
    int names = name_width(mapping);
    buf_text(out, "summary\n");
    write_count(out, names, "messages", stats->received, "");
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        uint64_t rows = stats->rows[kind];
        if (kind == MESSAGE_ACKS) {
            continue; /* among the events */
        }
        write_count(out, names, mapping->tables[kind].measurement, rows, rows == 1 ? "row" : "rows");
    }
    uint64_t rejected = stats_rejected(stats);
    write_count(out, names, "vm_rejected", rejected, rejected == 1 ? "row" : "rows");
    write_reject_lines(out, stats, INDENT + 2, width);
    if (stats->duplicates > 0) {
        write_count(out, names, "duplicates", stats->duplicates, "dropped");
    }
    if (stats->ignored > 0) {
        write_count(out, names, "ignored", stats->ignored, "commands and what is no news");
    }
    if (stats->passed > 0) {
        write_count(out, names, "passed through", stats->passed, "not ours");
    }
    write_count(out, names, "anomalies", stats->anomalies, stats->anomalies == 1 ? "value" : "values");
    buf_char(out, '\n');
}
