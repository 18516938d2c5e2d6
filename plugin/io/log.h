/* io/log.h - lines on standard error as Telegraf's execd reads them: "E! ", "W! ", "I! ", "D! "
 * (plugin/README.md, Being a good execd citizen).
 *
 * A line is one write of at most LOG_LINE_BYTES. Characters that would not be seen, or would turn
 * the direction of the text, and bytes that are not UTF-8 are shown as escapes (io/visible.h). Past
 * the allowance of lines a minute, lines are counted instead and the count is said when lines are
 * allowed again. What a program says at its end is never held back.
 */
#ifndef VENDING_IO_LOG_H
#define VENDING_IO_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_BYTES 1024

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

struct log {
    int fd;
    size_t per_minute;     /* 0 = no limit */
    size_t used;           /* lines in the present minute */
    int64_t minute_end_ns; /* on the caller's monotonic clock */
    uint64_t suppressed;
    bool at_end;  /* nothing is held back any more */
    bool is_full; /* nobody read the last error within the time that it waits */
};

void log_init(struct log *log, int fd, size_t lines_per_minute);

/* Writes a line, or counts it. LOG_ERROR is never held back. now_ns: any monotonic clock. */
void log_line(struct log *log, int64_t now_ns, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Says how many lines were held back, if any and if the minute is over. at_end: the program ends,
 * so at once, and no line after it is held back. */
void log_flush(struct log *log, int64_t now_ns, bool at_end);

#endif
