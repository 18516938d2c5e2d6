#include "replay/show.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/units.h"
#include "io/clock.h"
#include "io/terminal.h"

#define DRAW_NS (SECOND_NS / 5)
#define RATE_NS SECOND_NS /* over which the rate is measured */

#define MIN_BAR 10 /* columns, brackets not counted */
#define MAX_BAR 40
#define NUMBER_BYTES 32
#define MOST_HOURS 999

/* ---- texts ---- */

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
    const struct {
        const char *name;
        uint64_t count;
        bool is_always_said;
    } counts[] = {
        {"published", progress->published, true},
        {", acknowledged", progress->acknowledged, true},
        {", failed", progress->failed, true},
        {", invalid lines", progress->invalid_lines, true},
        {", times not moved", progress->unmoved_times, false},
        {", properties left out", progress->left_out_properties, false},
    };
    double elapsed = seconds(progress);
    double rate = elapsed > 0 ? (double)progress->acknowledged / elapsed : 0;
    size_t len = 0;
    for (size_t i = 0; i < COUNT(counts); i++) {
        if (counts[i].is_always_said || counts[i].count > 0) {
            len += (size_t)snprintf(out + len, REPLAY_SHOW_LINE_BYTES - len, "%s %" PRIu64, counts[i].name,
                                    counts[i].count);
        }
    }
    return len + (size_t)snprintf(out + len, REPLAY_SHOW_LINE_BYTES - len, "; %.1f s, %.0f/s", elapsed, rate);
}

/* ---- standard error ---- */

void replay_show_init(struct replay_show *show, size_t log_rate)
{
    *show = (struct replay_show){.draws = false};
    log_init(&show->log, STDERR_FILENO, log_rate);
}

void replay_show_start(struct replay_show *show)
{
    show->draws = terminal_width(STDERR_FILENO) > 0;
}

void replay_show_begin(struct replay_show *show, int64_t now_ns)
{
    show->rate_since_ns = now_ns;
}

static void erase(struct replay_show *show)
{
    if (show->is_drawn) {
        fputs("\r\033[K", stderr);
        show->is_drawn = false;
    }
}

void replay_show_log(struct replay_show *show, enum log_level level, const char *format, ...)
{
    char line[LOG_LINE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    erase(show);
    log_line(&show->log, clock_monotonic_ns(), level, "%s", line);
}

/* The last column would wrap. */
static size_t line_columns(void)
{
    size_t width = terminal_width(STDERR_FILENO);
    return width > 0 ? width - 1 : 0;
}

static void measure_rate(struct replay_show *show, uint64_t acknowledged, int64_t now_ns)
{
    int64_t time_ns = now_ns - show->rate_since_ns;
    if (time_ns >= RATE_NS) {
        show->rate = (double)(acknowledged - show->rate_since) * (double)SECOND_NS / (double)time_ns;
        show->rate_since = acknowledged;
        show->rate_since_ns = now_ns;
    }
}

static void draw(struct replay_show *show, struct replay_show_progress progress, int64_t now_ns)
{
    char line[REPLAY_SHOW_LINE_BYTES];
    measure_rate(show, progress.acknowledged, now_ns);
    progress.rate = show->rate;
    replay_show_line(&progress, line_columns(), line);
    fprintf(stderr, "\r\033[K%s", line);
    fflush(stderr);
    show->is_drawn = true;
    show->draw_ns = now_ns + DRAW_NS;
}

void replay_show_update(struct replay_show *show, struct replay_show_progress progress, int64_t now_ns)
{
    if (show->draws && now_ns >= show->draw_ns) {
        draw(show, progress, now_ns);
    }
    log_flush(&show->log, now_ns, false);
}

int64_t replay_show_deadline_ns(const struct replay_show *show)
{
    return show->draws ? show->draw_ns : CLOCK_NEVER;
}

void replay_show_stop(struct replay_show *show)
{
    show->draws = false;
}

void replay_show_end(struct replay_show *show, int64_t now_ns)
{
    erase(show);
    log_flush(&show->log, now_ns, true);
}
