/* replay/publisher.h - from the feed to the broker: each message when it is due, and never more in
 * flight than was allowed.
 *
 * Pace and times count from replay_publisher_begin(), at the first connection. Reads no clock: the
 * program sets now_ns (monotonic) before it calls.
 */
#ifndef VENDING_REPLAY_PUBLISHER_H
#define VENDING_REPLAY_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "mqtt/client.h"
#include "replay/clock.h"
#include "replay/feed.h"
#include "replay/inflight.h"
#include "replay/message.h"
#include "replay/options.h"
#include "replay/show.h"

struct replay_publisher {
    /* For the program to set. */
    const struct replay_options *options;
    const struct replay_message_rules *rules;
    struct replay_feed *feed;
    struct mqtt_client *client;
    struct replay_show *show; /* gets the log lines */
    int64_t length_ns;        /* of all rounds at the captures' pace, clones included */
    int64_t now_ns;
    bool must_end; /* nothing more is published */

    /* To be read. */
    struct replay_inflight inflight;
    uint64_t unmoved_times;       /* in what was published: they stay as the capture has them */
    uint64_t left_out_properties; /* of what was published */
    bool has_begun;
    int64_t begin_ns; /* monotonic */

    struct replay_clock_pace pace;
    int64_t wall_minus_monotonic_ns;
    bool is_live;              /* it was said that the present is reached */
    struct buf topic, payload; /* of the message that is being published */
};

/* max_line: of the captures, bytes. The members above are the program's, before or after. */
void replay_publisher_init(struct replay_publisher *publisher, size_t max_line);
void replay_publisher_free(struct replay_publisher *publisher);

/* The first connection stands: works out where times begin, and says so if the processor would not
 * trust them. */
void replay_publisher_begin(struct replay_publisher *publisher, int64_t wall_ns, int64_t monotonic_ns);

/* Is there a connection, and room for one more in flight? */
bool replay_publisher_has_room(const struct replay_publisher *publisher);

/* Publishes what is due, as far as there is room. Returns when to come again though nothing
 * happens; INT64_MAX = never. */
int64_t replay_publisher_run(struct replay_publisher *publisher);

/* Is everything published, or the end asked for, and nothing in flight any more? */
bool replay_publisher_is_done(const struct replay_publisher *publisher);

/* What the client's callbacks say: the connection is gone; a message is done, with that reason
 * code. */
void replay_publisher_lost(struct replay_publisher *publisher);
void replay_publisher_done(struct replay_publisher *publisher, int mid, int reason);

#endif
