#include "replay/feed.h"

#include <stdlib.h>

#include "replay/clock.h"
#include "replay/schedule.h"

#define SCHEDULE_BYTES ((size_t)16 * 1024 * 1024)
#define SCHEDULE_LINES 4 /* of the longest kind have to fit in any case */
#define SCHEDULE_ENTRIES 65536

struct replay_feed {
    struct capture_source *source;
    const struct replay_message_rules *rules;
    struct replay_feed_settings settings;
    int64_t end_ns; /* the place where to end */
    struct replay_schedule *schedule;
    struct replay_clock_timeline timeline;
    struct capture_message held; /* read, and not in the schedule yet */
    bool holds;
    int64_t last_ns;         /* place of what was put into the schedule last */
    uint64_t round;          /* complete ones */
    uint64_t round_messages; /* of the present one */
    bool waits;
    bool has_read_all;
    struct err err;
};

struct replay_feed *replay_feed_new(struct capture_source *source, const struct replay_message_rules *rules,
                                    const struct replay_feed_settings *settings)
{
    size_t least = SCHEDULE_LINES * settings->max_line;
    struct replay_feed *feed = calloc(1, sizeof *feed);
    if (!feed) {
        return NULL;
    }
    feed->source = source;
    feed->rules = rules;
    feed->settings = *settings;
    feed->end_ns = INT64_MAX;
    feed->timeline.max_gap_ns = settings->max_gap_ns;
    feed->schedule = replay_schedule_new(least > SCHEDULE_BYTES ? least : SCHEDULE_BYTES, SCHEDULE_ENTRIES);
    if (!feed->schedule) {
        replay_feed_free(feed);
        return NULL;
    }
    return feed;
}

void replay_feed_free(struct replay_feed *feed)
{
    if (feed) {
        replay_schedule_free(feed->schedule);
        free(feed);
    }
}

void replay_feed_end_at(struct replay_feed *feed, int64_t offset_ns)
{
    feed->end_ns = offset_ns;
}

/* ---- reading ---- */

/* false = that was the last one. */
static bool begin_next_round(struct replay_feed *feed)
{
    bool is_empty = feed->round_messages == 0; /* for ever would be just that */
    feed->round++;
    if (is_empty || feed->round == feed->settings.rounds) {
        return false;
    }
    feed->round_messages = 0;
    capture_source_rewind(feed->source);
    replay_clock_new_round(&feed->timeline);
    return true;
}

/* Reads until a message is held, or there is none. */
static void hold_next(struct replay_feed *feed)
{
    feed->waits = false;
    while (!feed->holds && !feed->has_read_all && !feed->waits) {
        switch (capture_source_next(feed->source, &feed->held, &feed->err)) {
        case CAPTURE_SOURCE_MESSAGE:
            feed->holds = true;
            feed->round_messages++;
            replay_clock_add(&feed->timeline, feed->held.time_ns);
            break;
        case CAPTURE_SOURCE_WAIT:
            feed->waits = true;
            break;
        case CAPTURE_SOURCE_END:
            feed->has_read_all = !begin_next_round(feed);
            break;
        case CAPTURE_SOURCE_FAILED:
            feed->has_read_all = true;
            break;
        }
    }
}

/* Puts the held message into the schedule. false = no room now. */
static bool put_held(struct replay_feed *feed)
{
    int64_t offset_ns = feed->timeline.offset_ns;
    size_t copies = replay_message_copies(feed->rules, &feed->held);
    if (offset_ns >= feed->end_ns) {
        feed->has_read_all = true;
        copies = 0;
    }
    if (copies > 0) {
        size_t size = replay_message_size(&feed->held);
        void *space = replay_schedule_add(feed->schedule, offset_ns, copies, feed->settings.step_ns, size);
        if (!space) {
            return false;
        }
        replay_message_keep(feed->rules, &feed->held, space);
        feed->last_ns = offset_ns;
    }
    feed->holds = false;
    return true;
}

/* ---- what comes next ---- */

/* What is read later has no earlier place than what was read last. So as soon as something
 * stands before that, it is the next. */
static bool find_next(struct replay_feed *feed, struct replay_schedule_item *next)
{
    for (;;) {
        if (replay_schedule_next(feed->schedule, next) && next->time_ns < feed->last_ns) {
            return true;
        }
        hold_next(feed);
        if (!feed->holds || !put_held(feed)) {
            return replay_schedule_next(feed->schedule, next);
        }
    }
}

enum replay_feed_status replay_feed_next(struct replay_feed *feed, struct replay_feed_item *next)
{
    struct replay_schedule_item scheduled;
    while (find_next(feed, &scheduled)) {
        if (scheduled.time_ns < feed->end_ns) {
            *next = (struct replay_feed_item){scheduled.entry, scheduled.copy, scheduled.time_ns};
            return REPLAY_FEED_MESSAGE;
        }
        replay_schedule_done(feed->schedule); /* a clone past the end */
    }
    *next = (struct replay_feed_item){0};
    return feed->has_read_all ? REPLAY_FEED_END : REPLAY_FEED_WAIT;
}

void replay_feed_done(struct replay_feed *feed)
{
    replay_schedule_done(feed->schedule);
}

bool replay_feed_waits(const struct replay_feed *feed)
{
    return feed->waits;
}

bool replay_feed_is_repeating(const struct replay_feed *feed)
{
    return feed->round > 0;
}

double replay_feed_fraction(const struct replay_feed *feed)
{
    double of_round = capture_source_fraction(feed->source);
    if (feed->settings.rounds == 0 || of_round < 0) {
        return -1;
    }
    return feed->has_read_all ? 1 : ((double)feed->round + of_round) / (double)feed->settings.rounds;
}

const char *replay_feed_error(const struct replay_feed *feed)
{
    return feed->err.text;
}
