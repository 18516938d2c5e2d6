#include "replay/show.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"

#define MIN_BAR 10 /* columns, brackets not counted */
#define MAX_BAR 40
#define NUMBER_BYTES 32
#define MOST_HOURS 999

/* 1234567 as "1,234,567". */
static const char *grouped(uint64_t number, char out[NUMBER_BYTES])
{
    char digits[NUMBER_BYTES];
    size_t len = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, number);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            out[n++] = ',';
        }
        out[n++] = digits[i];
    }
    out[n] = '\0';
    return out;
}

/* "1:02:03", "2:03". */
static const char *clock_text(double seconds, char out[NUMBER_BYTES])
{
    int64_t s = seconds < MOST_HOURS * 3600.0 ? (int64_t)(seconds + 0.5) : INT64_C(3600) * MOST_HOURS;
    if (s >= 3600) {
        snprintf(out, NUMBER_BYTES, "%" PRId64 ":%02" PRId64 ":%02" PRId64, s / 3600, s / 60 % 60, s % 60);
    } else {
        snprintf(out, NUMBER_BYTES, "%" PRId64 ":%02" PRId64, s / 60, s % 60);
    }
    return out;
}

static double seconds(const struct replay_show_progress *progress)
{
    return (double)progress->elapsed_ns / (double)SECOND_NS;
}

/* "[====>     ]  " of so many columns in all. */
static size_t put_bar(double fraction, size_t columns, char *out)
{
    size_t width = columns - 4;
    size_t filled = (size_t)(fraction * (double)width);
    memset(out, ' ', columns);
    out[0] = '[';
    memset(out + 1, '=', filled);
    if (filled < width) {
        out[1 + filled] = '>';
    }
    out[1 + width] = ']';
    return columns;
}

static size_t put_words(const struct replay_show_progress *progress, char *out, size_t size)
{
    char published[NUMBER_BYTES];
    char rate[NUMBER_BYTES];
    char time[NUMBER_BYTES];
    bool is_known = progress->fraction >= 0;
    int percent = is_known ? (int)(progress->fraction * 100) : 0;
    double left = progress->fraction > 0 ? seconds(progress) * (1 - progress->fraction) / progress->fraction : 0;
    grouped(progress->published, published);
    grouped((uint64_t)progress->rate, rate);
    if (!is_known) {
        return (size_t)snprintf(out, size, "%s published  %s/s  %s", published, rate,
                                clock_text(seconds(progress), time));
    }
    if (progress->fraction <= 0) {
        return (size_t)snprintf(out, size, "%3d%%  %s published  %s/s", percent, published, rate);
    }
    return (size_t)snprintf(out, size, "%3d%%  %s published  %s/s  %s left", percent, published, rate,
                            clock_text(left, time));
}

size_t replay_show_line(const struct replay_show_progress *progress, size_t columns, char out[REPLAY_SHOW_LINE_BYTES])
{
    char words[REPLAY_SHOW_LINE_BYTES / 2];
    size_t len = put_words(progress, words, sizeof words);
    size_t most = columns < REPLAY_SHOW_LINE_BYTES ? columns : REPLAY_SHOW_LINE_BYTES - 1;
    size_t bar = most > len ? most - len : 0;
    size_t n = 0;
    bar = bar > MAX_BAR ? MAX_BAR : bar;
    if (progress->fraction >= 0 && bar >= MIN_BAR) {
        n = put_bar(progress->fraction < 1 ? progress->fraction : 1, bar, out);
    }
    len = n + len > most ? most - n : len;
    memcpy(out + n, words, len);
    out[n + len] = '\0';
    return n + len;
}

size_t replay_show_summary(const struct replay_show_progress *progress, char out[REPLAY_SHOW_LINE_BYTES])
{
    double elapsed = seconds(progress);
    double rate = elapsed > 0 ? (double)progress->acknowledged / elapsed : 0;
    int len = snprintf(
        out, REPLAY_SHOW_LINE_BYTES,
        "published %" PRIu64 ", acknowledged %" PRIu64 ", failed %" PRIu64 ", broken lines %" PRIu64 "; %.1f s, %.0f/s",
        progress->published, progress->acknowledged, progress->failed, progress->bad_lines, elapsed, rate);
    return len > 0 ? (size_t)len : 0;
}
