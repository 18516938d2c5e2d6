#include "io/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/span.h"
#include "io/visible.h"

#define MINUTE_NS (INT64_C(60) * 1000 * 1000 * 1000)
#define ERROR_WAIT_MS 500 /* an error is worth a wait for a slow reader, other lines are not */
#define PREFIX_BYTES 3
#define TEXT_BYTES (LOG_LINE_BYTES - PREFIX_BYTES - 1)

static const char prefixes[][PREFIX_BYTES + 1] = {
    [LOG_ERROR] = "E! ", [LOG_WARNING] = "W! ", [LOG_INFO] = "I! ", [LOG_DEBUG] = "D! "};

static const char cut_mark[] = "...";

void log_init(struct log *log, int fd, size_t lines_per_minute)
{
    *log = (struct log){.fd = fd, .per_minute = lines_per_minute};
}

/* A pipe that polls as writable takes a whole line: lines are shorter than PIPE_BUF. A full one
 * would block the data's path. */
static bool has_room(struct log *log, enum log_level level)
{
    struct pollfd target = {.fd = log->fd, .events = POLLOUT};
    int ready;
    do {
        ready = poll(&target, 1, level == LOG_ERROR && !log->is_full ? ERROR_WAIT_MS : 0);
    } while (ready < 0 && errno == EINTR);
    log->is_full = ready == 0 && (log->is_full || level == LOG_ERROR);
    return ready > 0;
}

static bool put_line(struct log *log, enum log_level level, const char *line, size_t len)
{
    if (!has_room(log, level)) {
        return false;
    }
    ssize_t written;
    do {
        written = write(log->fd, line, len);
    } while (written < 0 && errno == EINTR);
    return written == (ssize_t)len;
}

/* How much of a text that vsnprintf cut may be kept, so that the mark fits and no character is
 * split. */
static size_t cut_between_characters(const char *text)
{
    size_t len = TEXT_BYTES - (sizeof cut_mark - 1);
    for (int i = 0; i < 3 && ((unsigned char)text[len] & 0xc0) == 0x80; i++) {
        len--;
    }
    return len;
}

/* Text that was cut already, or is too long when it is visible, ends in the mark. Returns its
 * bytes. */
static size_t show(struct span text, bool cut, char out[TEXT_BYTES])
{
    size_t len = 0;
    size_t fits = 0; /* before the mark */
    size_t pos = 0;
    for (size_t bytes; pos < text.len; pos += bytes) {
        char shown[VISIBLE_BYTES];
        size_t more = visible_char(span_after(text, pos), shown, &bytes);
        if (len + more > TEXT_BYTES) {
            break;
        }
        memcpy(out + len, shown, more);
        len += more;
        fits = len <= TEXT_BYTES - (sizeof cut_mark - 1) ? len : fits;
    }
    if (cut || pos < text.len) {
        memcpy(out + fits, cut_mark, sizeof cut_mark - 1);
        len = fits + sizeof cut_mark - 1;
    }
    return len;
}

static bool say(struct log *log, enum log_level level, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static bool say(struct log *log, enum log_level level, const char *format, va_list args)
{
    char text[TEXT_BYTES + 1];
    char line[LOG_LINE_BYTES];
    memcpy(line, prefixes[level], PREFIX_BYTES);
    int wanted = vsnprintf(text, sizeof text, format, args);
    if (wanted < 0) {
        return false;
    }
    bool cut = (size_t)wanted > TEXT_BYTES;
    struct span whole = {text, cut ? cut_between_characters(text) : (size_t)wanted};
    size_t len = PREFIX_BYTES + show(whole, cut, line + PREFIX_BYTES);
    line[len] = '\n';
    return put_line(log, level, line, len + 1);
}

static bool sayf(struct log *log, enum log_level level, const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool sayf(struct log *log, enum log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool said = say(log, level, format, args);
    va_end(args);
    return said;
}

static void log_suppressed(struct log *log)
{
    if (log->suppressed > 0 && sayf(log, LOG_WARNING, "%llu more log lines were held back (limit: %zu a minute)",
                                    (unsigned long long)log->suppressed, log->per_minute)) {
        log->suppressed = 0;
    }
}

static void begin_minute(struct log *log, int64_t now_ns)
{
    log_suppressed(log);
    log->used = 0;
    log->minute_end_ns = now_ns + MINUTE_NS;
}

void log_line(struct log *log, int64_t now_ns, enum log_level level, const char *format, ...)
{
    log_flush(log, now_ns, false);
    if (level != LOG_ERROR && !log->at_end && log->per_minute > 0 && log->used >= log->per_minute) {
        log->suppressed++;
        return;
    }
    va_list args;
    va_start(args, format);
    bool said = say(log, level, format, args);
    va_end(args);
    if (!said) {
        log->suppressed++;
    } else if (level != LOG_ERROR) {
        log->used++;
    }
}

void log_flush(struct log *log, int64_t now_ns, bool at_end)
{
    log->at_end = log->at_end || at_end;
    if (log->at_end || now_ns >= log->minute_end_ns) {
        begin_minute(log, now_ns);
    }
}
