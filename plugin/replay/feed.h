/* replay/feed.h - captures as the messages that are due next: rounds through the files, clones in
 * their places, and an end.
 *
 * Reads only as far ahead as it takes to know what comes next.
 */
#ifndef VENDING_REPLAY_FEED_H
#define VENDING_REPLAY_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "capture/source.h"
#include "replay/message.h"

struct replay_feed_settings {
    uint64_t rounds;    /* 0 = for ever */
    int64_t max_gap_ns; /* see replay/clock.h */
    int64_t step_ns;    /* between the clones of a message */
    size_t max_line;    /* of the captures */
};

struct replay_feed;

/* source and rules must outlive the feed. NULL = no memory. */
MUST_USE struct replay_feed *replay_feed_new(struct capture_source *source, const struct replay_message_rules *rules,
                                             const struct replay_feed_settings *settings);
void replay_feed_free(struct replay_feed *feed);

/* Ends the feed: nothing at that place on the timeline or behind it comes any more. */
void replay_feed_end_at(struct replay_feed *feed, int64_t offset_ns);

enum replay_feed_status {
    REPLAY_FEED_MESSAGE,
    REPLAY_FEED_WAIT, /* standard input has nothing now: poll it */
    REPLAY_FEED_END,
};

struct replay_feed_item {
    const struct replay_message *message;
    size_t copy;
    int64_t offset_ns; /* its place on the timeline, see replay/clock.h */
};

/* What comes next; the same until replay_feed_done(). A capture that cannot be read any more
 * ends the feed, see replay_feed_error(). */
enum replay_feed_status replay_feed_next(struct replay_feed *feed, struct replay_feed_item *next);

/* That is dealt with. */
void replay_feed_done(struct replay_feed *feed);

/* Does what comes next depend on standard input? */
bool replay_feed_waits(const struct replay_feed *feed);

/* Has the first round been read to its end? From then on lines are seen again. */
bool replay_feed_is_repeating(const struct replay_feed *feed);

/* Of everything, 0 to 1; below 0 = nobody knows. */
double replay_feed_fraction(const struct replay_feed *feed);

/* Why it ended before its end; empty = it did not. */
const char *replay_feed_error(const struct replay_feed *feed);

#endif
