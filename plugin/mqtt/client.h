/* mqtt/client.h - an MQTT 5 client for one broker, with one thread and no waiting of its own.
 *
 * The program polls the descriptor that mqtt_client_poll() names, together with its others, and
 * calls mqtt_client_turn(): only then is anything read, written, tried again or called back. A
 * program that does not want to read says so (may_read), and the broker holds the messages.
 *
 * A connection that fails or is lost is tried again by itself, after a random time of up to 1, 2,
 * 4, ... s (mqtt/backoff.h), no more than settings.reconnect_max_ns. Each failure is logged once,
 * in one line that says what to do (mqtt/failure.h).
 *
 * One mqtt_client_turn() takes the messages that the socket holds, for as long as the program wants
 * more. None of them is acknowledged to the broker before mqtt_client_acknowledge(): what the
 * program had not made safe by then, the broker sends again to whoever has the session next.
 *
 * Times are of the program's monotonic clock, in nanoseconds.
 */
#ifndef VENDING_MQTT_CLIENT_H
#define VENDING_MQTT_CLIENT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/span.h"
#include "core/properties.h"
#include "io/log.h"
#include "mqtt/message.h"
#include "mqtt/settings.h"

#define MQTT_CLIENT_MAX_SUBSCRIPTIONS 8
#define MQTT_CLIENT_LINE_BYTES 512 /* of a log line */

/* Called from within mqtt_client_turn(). Each but log may be NULL. None may free the client. */
struct mqtt_client_callbacks {
    void *ctx;
    /* One line for the log, without its newline. */
    void (*log)(void *ctx, enum log_level level, const char *line);
    /* The broker has accepted us. session_present: it still has our subscriptions and what came
     * for them. */
    void (*connected)(void *ctx, bool session_present);
    /* The broker has granted every subscription, or refused some of them (which was logged). */
    void (*subscribed)(void *ctx, size_t granted, size_t refused);
    /* The connection is gone; it will be tried again. */
    void (*lost)(void *ctx);
    /* Everything is a view that lives until this returns. NULL = the client does not subscribe.
     * true = another one would be welcome in this turn; even if not there may be more, as many as
     * one TLS record holds. */
    bool (*message)(void *ctx, const struct mqtt_message *message);
    /* What mqtt_client_publish() took is done: written (QoS 0), acknowledged (1), complete (2).
     * reason: MQTT 5 reason code, MQTT_REASON_REFUSED and above = refused, mqtt/reason.h has the
     * words. With QoS 0 it may come before mqtt_client_publish() returns. */
    void (*published)(void *ctx, int mid, int reason);
};

struct mqtt_client;

/* Checks the files and sets everything up; connects to nothing yet. Settings and callbacks are
 * copied, texts of the settings must outlive the client. NULL = why is in *err. To be freed by
 * mqtt_client_free(), which takes NULL too. */
MUST_USE struct mqtt_client *mqtt_client_new(const struct mqtt_settings *settings,
                                             const struct mqtt_client_callbacks *callbacks, struct err *err);
void mqtt_client_free(struct mqtt_client *client);

/* Before the first turn: a topic filter to subscribe to at every connection. It must outlive the
 * client. Retained messages come when the subscription is new to the broker.
 * false = there are MQTT_CLIENT_MAX_SUBSCRIPTIONS already. */
MUST_USE bool mqtt_client_subscribe(struct mqtt_client *client, const char *filter, int qos);

/* What to poll for: fd -1 = nothing now. The time by which to call mqtt_client_turn() even if
 * nothing happens; INT64_MAX = never. */
struct pollfd mqtt_client_poll(const struct mqtt_client *client, bool may_read);
int64_t mqtt_client_deadline_ns(const struct mqtt_client *client, bool may_read);

/* Does what is due: connects, reads (if may_read and revents says so), writes, pings. While there
 * are messages to be acknowledged nothing is written. */
void mqtt_client_turn(struct mqtt_client *client, short revents, bool may_read, int64_t now_ns);

/* Every message that was called back is safe: acknowledges those of QoS 1 to the broker. */
void mqtt_client_acknowledge(struct mqtt_client *client);

bool mqtt_client_is_connected(const struct mqtt_client *client);

/* Attempts in a row that came to nothing. */
size_t mqtt_client_failures(const struct mqtt_client *client);

/* Hands a message over, copied. QoS 1 and 2: sent again by itself after a lost connection, until
 * it is done. properties may be NULL. *mid gets the packet identifier. false = not taken (why is
 * in *err): not connected (any more), not a message that MQTT can carry, or too large for the
 * broker. */
MUST_USE bool mqtt_client_publish(struct mqtt_client *client, struct span topic, struct span payload, int qos,
                                  bool retain, const struct properties *properties, int *mid, struct err *err);

/* Does the socket take less than was handed over? */
bool mqtt_client_has_unsent(const struct mqtt_client *client);

/* Sends DISCONNECT; the session stays for session_expiry_ns. Turn on until it is closed, for as
 * long as the program wants to wait. With messages that are not acknowledged it is closed at once,
 * without DISCONNECT: so they will come again. */
void mqtt_client_disconnect(struct mqtt_client *client);
bool mqtt_client_is_closed(const struct mqtt_client *client);

#endif
