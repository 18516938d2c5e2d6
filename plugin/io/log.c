#include "io/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/span.h"
#include "base/utf8.h"

#define MINUTE_NS (INT64_C(60) * 1000 * 1000 * 1000)
#define ERROR_WAIT_MS 1000 /* an error is worth a wait for a slow reader, other lines are not */
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
static bool has_room(int fd, enum log_level level)
{
    struct pollfd target = {.fd = fd, .events = POLLOUT};
    int ready;
    do {
        ready = poll(&target, 1, level == LOG_ERROR ? ERROR_WAIT_MS : 0);
    } while (ready < 0 && errno == EINTR);
    return ready > 0;
}

static bool put_line(int fd, enum log_level level, const char *line, size_t len)
{
    if (!has_room(fd, level)) {
        return false;
    }
    ssize_t written;
    do {
        written = write(fd, line, len);
    } while (written < 0 && errno == EINTR);
    return written == (ssize_t)len;
}

/* Bytes that are not UTF-8, and control characters (C0, DEL, C1), become '?'. Returns the bytes
 * kept. */
static size_t clean(char *text, size_t len)
{
    size_t kept = 0;
    for (size_t pos = 0; pos < len;) {
        size_t valid = utf8_invalid_at((struct span){text + pos, len - pos});
        for (size_t end = pos + valid; pos < end;) {
            size_t char_len;
            uint32_t code = utf8_decode((struct span){text + pos, end - pos}, &char_len);
            if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
                text[kept++] = '?';
            } else {
                memmove(text + kept, text + pos, char_len);
                kept += char_len;
            }
            pos += char_len;
        }
        if (pos < len) {
            text[kept++] = '?';
            pos++;
        }
    }
    return kept;
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

static bool say(struct log *log, enum log_level level, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

static bool say(struct log *log, enum log_level level, const char *format, va_list args)
{
    char line[LOG_LINE_BYTES + 1];
    char *text = line + PREFIX_BYTES;
    memcpy(line, prefixes[level], PREFIX_BYTES);
    int wanted = vsnprintf(text, TEXT_BYTES + 1, format, args);
    if (wanted < 0) {
        return false;
    }
    bool cut = (size_t)wanted > TEXT_BYTES;
    size_t len = clean(text, cut ? cut_between_characters(text) : (size_t)wanted);
    if (cut) {
        memcpy(text + len, cut_mark, sizeof cut_mark - 1);
        len += sizeof cut_mark - 1;
    }
    text[len] = '\n';
    return put_line(log->fd, level, line, PREFIX_BYTES + len + 1);
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
    if (level != LOG_ERROR && log->per_minute > 0 && log->used >= log->per_minute) {
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
    if (at_end || now_ns >= log->minute_end_ns) {
        begin_minute(log, now_ns);
    }
}
