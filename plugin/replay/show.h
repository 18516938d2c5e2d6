/* replay/show.h - what a replay says while it runs: log lines on standard error, below them on a
 * terminal one line that is drawn over and over, and one line that says what it came to.
 */
#ifndef VENDING_REPLAY_SHOW_H
#define VENDING_REPLAY_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/log.h"

#define REPLAY_SHOW_LINE_BYTES 512 /* room for every number at its longest */

struct replay_show_progress {
    uint64_t published;
    uint64_t acknowledged;
    uint64_t failed;        /* refused, lost with the connection (QoS 0), or not to be published */
    uint64_t invalid_lines; /* of the captures */
    uint64_t unmoved_times; /* that could not be shifted */
    uint64_t left_out_properties;
    int64_t elapsed_ns;
    double fraction; /* done, 0 to 1; below 0 = nobody knows */
    double rate;     /* acknowledged a second, of late */
};

/* The line for a terminal of that many columns, without its end: "[=====>    ]  55%  12,345
 * published 4,321/s  0:12 left". What does not fit is left out, the bar first. Terminated;
 * returns its length. */
size_t replay_show_line(const struct replay_show_progress *progress, size_t columns, char out[REPLAY_SHOW_LINE_BYTES]);

/* The summary, without its end: "published 100000, acknowledged 99998, failed 2, invalid lines 3;
 * 4.0 s, 25000/s"; times not moved and properties left out are named where there are any.
 * Terminated; returns its length. */
size_t replay_show_summary(const struct replay_show_progress *progress, char out[REPLAY_SHOW_LINE_BYTES]);

/* Standard error. Times are of the monotonic clock. */
struct replay_show {
    struct log log;
    bool draws;      /* there is a terminal to draw on */
    bool is_drawn;   /* the line stands there now */
    int64_t draw_ns; /* when to draw again */
    int64_t rate_since_ns;
    uint64_t rate_since;
    double rate;
};

/* Log lines a minute, 0 = no limit. Draws nothing yet. */
void replay_show_init(struct replay_show *show, size_t log_rate);

/* Draws from now on, if standard error is a terminal. The rate is counted from begin on. */
void replay_show_start(struct replay_show *show);
void replay_show_begin(struct replay_show *show, int64_t now_ns);

/* A log line; the drawn line gives way to it. */
void replay_show_log(struct replay_show *show, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Draws the line if that is due, its rate as measured here, and says how many log lines were
 * held back. */
void replay_show_update(struct replay_show *show, struct replay_show_progress progress, int64_t now_ns);

/* When to call replay_show_update() though nothing happens; INT64_MAX = never. */
int64_t replay_show_deadline_ns(const struct replay_show *show);

/* Draws no more. And at the very end: takes the line away, and says what was held back. */
void replay_show_stop(struct replay_show *show);
void replay_show_end(struct replay_show *show, int64_t now_ns);

#endif
