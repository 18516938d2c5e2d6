/* replay/show.h - how far a replay has come, as one line for a terminal, and what it came to, as one line for everybody. */
#ifndef VENDING_REPLAY_SHOW_H
#define VENDING_REPLAY_SHOW_H

#include <stddef.h>
#include <stdint.h>

struct replay_show_progress {
    uint64_t published;
    uint64_t acknowledged;
    uint64_t failed;    /* refused by the broker, lost with the connection (QoS 0), or not to be published */
    uint64_t bad_lines; /* of the captures */
    int64_t elapsed_ns;
    double fraction; /* done, 0 to 1; below 0 = nobody knows */
    double rate;     /* acknowledged a second, of late */
};

#define REPLAY_SHOW_LINE_BYTES 256

/* The line for a terminal of that many columns, without its end: "[=====>    ]  55%  12,345 published  4,321/s  0:12 left". What does not fit is left out,
 * the bar first. Terminated; returns its length. */
size_t replay_show_line(const struct replay_show_progress *progress, size_t columns, char out[REPLAY_SHOW_LINE_BYTES]);

/* The summary, without its end. Terminated; returns its length. */
size_t replay_show_summary(const struct replay_show_progress *progress, char out[REPLAY_SHOW_LINE_BYTES]);

#endif
