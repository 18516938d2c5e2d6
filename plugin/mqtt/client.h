/* mqtt/client.h - an MQTT 5 client for one broker, with one thread and no waiting of its own. The only file pair that knows libmosquitto.
 *
 * The program polls the descriptor that mqtt_client_poll() names, together with its others, and calls mqtt_client_turn(): only then is anything
 * read, written, tried again or called back. A program that does not want to read says so (may_read), and the broker holds the messages.
 *
 * A connection that fails or is lost is tried again by itself, after a random time of up to 1, 2, 4, ... s (exponential backoff with full
 * jitter, no more than settings.reconnect_max_ns). Each refusal is told once, in one line that says what to do.
 *
 * libmosquitto acknowledges a message of QoS 1 just before it calls back. One mqtt_client_turn() takes one packet (with TLS: what one TLS
 * record holds, 16 KiB), so a program that writes out what it got before the next turn risks no more than that.
 */
#ifndef VENDING_MQTT_CLIENT_H
#define VENDING_MQTT_CLIENT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/span.h"
#include "core/properties.h"
#include "io/log.h"

#define MQTT_CLIENT_MAX_SUBSCRIPTIONS 8
#define MQTT_CLIENT_LINE_BYTES 512 /* of what is told */

enum mqtt_settings_tls {
    MQTT_SETTINGS_TLS_OFF,
    MQTT_SETTINGS_TLS_VERIFY,    /* the broker's certificate must be signed by the CA and be for the host */
    MQTT_SETTINGS_TLS_VERIFY_CA, /* ... be signed by the CA */
    MQTT_SETTINGS_TLS_INSECURE,  /* any certificate will do: encrypted, but with whom? */
};

struct mqtt_settings {
    const char *host;
    size_t port;               /* 0 = 1883, with TLS 8883 */
    const char *client_id;     /* not empty */
    const char *username;      /* "" = none */
    const char *password_file; /* its first line; read again for every connection; NULL = none */
    const char *password;      /* used if there is no file; NULL = none */
    int64_t keepalive_ns;      /* whole seconds, 5 at least */
    int64_t reconnect_max_ns;
    int64_t session_expiry_ns; /* how long the broker keeps the session while we are away; 0 = not */
    bool clean_start;          /* forget the session of before, at every connection */
    size_t receive_maximum;    /* messages of QoS 1 and 2 that may be on their way to us; 0 = the library's 20 */
    size_t send_maximum;       /* ... and from us; the broker's own limit counts too; 0 = the library's 20 */
    size_t max_packet;         /* bytes; larger ones the broker keeps to itself; 0 = no limit */
    enum mqtt_settings_tls tls;
    const char *ca_file; /* PEM; NULL = the system's CAs */
    const char *cert_file, *key_file;
};

struct mqtt_client_message {
    struct span topic;
    struct span payload;
    int qos;
    int mid; /* packet identifier, 0 with QoS 0 */
    bool retain;
    struct properties properties;
};

/* Called from within mqtt_client_turn(). Each but log may be NULL. None may free the client. */
struct mqtt_client_callbacks {
    void *ctx;
    /* One line for the log, without its end. */
    void (*log)(void *ctx, enum log_level level, const char *line);
    /* The broker has accepted us. session_present: it still has our subscriptions and what came for them. */
    void (*connected)(void *ctx, bool session_present);
    /* The broker has granted every subscription, or refused some of them (then told). */
    void (*subscribed)(void *ctx, size_t granted, size_t refused);
    /* The connection is gone; it will be tried again. */
    void (*lost)(void *ctx);
    /* Everything is a view that lives until this returns. */
    void (*message)(void *ctx, const struct mqtt_client_message *message);
    /* What mqtt_client_publish() took is done: written (QoS 0), acknowledged (1), complete (2). reason: MQTT 5 reason code, 128 and above =
     * refused, mqtt_reason.h has the words. With QoS 0 it may come before mqtt_client_publish() returns. */
    void (*published)(void *ctx, int mid, int reason);
};

struct mqtt_client;

/* Checks the files and sets everything up; connects to nothing yet. Texts of the settings must outlive the client. NULL = why is in *err. */
struct mqtt_client *mqtt_client_new(const struct mqtt_settings *settings, const struct mqtt_client_callbacks *callbacks,
                                    struct err *err);
void mqtt_client_free(struct mqtt_client *mqtt);

/* Before the first turn: a topic filter to subscribe to at every connection. It must outlive the client. Retained messages come when the
 * subscription is new to the broker, and keep their flag. false = too many. */
bool mqtt_client_subscribe(struct mqtt_client *mqtt, const char *filter, int qos);

/* What to poll for: fd -1 = nothing now. The time (any monotonic clock) by which to call mqtt_client_turn() even if nothing happens. */
struct pollfd mqtt_client_poll(const struct mqtt_client *mqtt, bool may_read);
int64_t mqtt_client_deadline_ns(const struct mqtt_client *mqtt, bool may_read);

/* Does what is due: connects, reads one packet (if may_read and revents says so), writes. */
void mqtt_client_turn(struct mqtt_client *mqtt, short revents, bool may_read, int64_t now_ns);

bool mqtt_client_is_connected(const struct mqtt_client *mqtt);
size_t mqtt_client_failures(const struct mqtt_client *mqtt); /* attempts in a row that came to nothing */

/* Hands a message over. QoS 1 and 2: sent again by itself after a lost connection, until it is done. properties may be NULL.
 * false = not taken (why is in *err): not connected, or the message is none that MQTT can carry, or too large for the broker. */
bool mqtt_client_publish(struct mqtt_client *mqtt, struct span topic, struct span payload, int qos, bool retain,
                         const struct properties *properties, int *mid, struct err *err);

/* Does the socket take less than was handed over? */
bool mqtt_client_has_unsent(const struct mqtt_client *mqtt);

/* Says goodbye; the session stays for session_expiry_ns. Turn on until it is closed, or until patience ends. */
void mqtt_client_disconnect(struct mqtt_client *mqtt);
bool mqtt_client_is_closed(const struct mqtt_client *mqtt);

#endif
