/* replay/inflight.h - what was handed to the broker's connection and is not done yet, by packet
 * identifier; how it all ended.
 *
 * A message of QoS 1 or 2 stays in flight over a lost connection: it is sent again. One of QoS 0
 * that had not been written by then is lost, and counts as failed.
 */
#ifndef VENDING_REPLAY_INFLIGHT_H
#define VENDING_REPLAY_INFLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLAY_INFLIGHT_MAX 65535 /* packet identifiers that MQTT has */

struct replay_inflight {
    uint8_t kind[REPLAY_INFLIGHT_MAX + 1]; /* by packet identifier: none, QoS 0, more */
    size_t unwritten;                      /* of QoS 0 */
    size_t unacknowledged;                 /* of QoS 1 and 2 */
    uint64_t published;                    /* all that was handed over */
    uint64_t acknowledged;                 /* written (QoS 0), acknowledged (1), complete (2) */
    uint64_t failed;
    uint64_t answered; /* what was said to be done: acknowledged, or refused by the broker */
    int early_mid;     /* done before its publishing call returned; 0 = none */
};

void replay_inflight_init(struct replay_inflight *inflight);

/* After a message was handed over. */
void replay_inflight_add(struct replay_inflight *inflight, int mid, int qos);

/* What is said of a packet identifier, which may be before replay_inflight_add. */
void replay_inflight_done(struct replay_inflight *inflight, int mid, bool refused);

/* The connection is gone. Returns the number of messages that are lost with it. */
size_t replay_inflight_lost(struct replay_inflight *inflight);

/* A message that could not be handed over. */
void replay_inflight_failed(struct replay_inflight *inflight);

size_t replay_inflight_count(const struct replay_inflight *inflight);

#endif
