#include "mqtt/client.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/units.h"
#include "mqtt/backoff.h"
#include "mqtt/convert.h"
#include "mqtt/failure.h"
#include "mqtt/reason.h"
#include "mqtt/receiver.h"
#include "mqtt/setup.h"

#define ATTEMPT_NS (15 * SECOND_NS)            /* from connecting to the broker's answer */
#define LASTED_NS (10 * SECOND_NS)             /* such a connection starts the waits anew */
#define KEEPALIVE_CHECK_NS SECOND_NS           /* between looks at the keep-alive */
#define LONG_PAUSE_NS (2 * KEEPALIVE_CHECK_NS) /* without being read */
#define LIBRARY_READS 100                      /* in one turn, at most */
#define TOPIC_BYTES 65536                      /* the longest MQTT can carry, terminated */

enum state {
    WAITING,    /* for the next try */
    CONNECTING, /* until the broker's answer */
    CONNECTED,
    CLOSING, /* our DISCONNECT is on its way */
    CLOSED,
};

/* Who reads from the socket of a connection. */
enum reads {
    READS_LIBRARY,     /* all of it: with TLS, or with QoS 2 */
    READS_ONE_MESSAGE, /* the library until it has called back for a message, then the receiver */
    READS_BY_RECEIVER,
};

struct subscription {
    const char *filter;
    int qos;
    int mid;      /* of the SUBSCRIBE that is on its way; 0 = none */
    bool refused; /* to be tried again */
};

struct mqtt_client {
    struct mosquitto *library;
    struct mqtt_settings settings;
    struct mqtt_client_callbacks callbacks;
    struct subscription subscriptions[MQTT_CLIENT_MAX_SUBSCRIPTIONS];
    size_t subscription_count;
    struct mqtt_receiver receiver;
    enum state state;
    enum reads reads;
    bool took_message;   /* since it was last reset */
    bool wants_more;     /* said the program when it was last called back for a message */
    bool unacknowledged; /* messages were called back, and the program has not said that they are safe */
    bool handed_over;    /* host and keep-alive are known to the library */
    bool had_session;    /* the broker accepted us before */
    bool was_paused;     /* the program did not want to read, see is_settled */
    size_t failures;
    int64_t now_ns;
    int64_t retry_ns;
    int64_t attempt_end_ns;
    int64_t connected_ns;
    int64_t keepalive_check_ns;
    int64_t read_ns;        /* when the program last wanted to read */
    int64_t settled_ns;     /* after a long pause: from when on a missing answer counts */
    int64_t resubscribe_ns; /* INT64_MAX = nothing refused */
    unsigned warned_of;     /* permissions of the password's file, S_IROTH and S_IWOTH */
    struct mqtt_failure_facts facts;
    char topic[TOPIC_BYTES];
};

/* ---- the log ---- */

static void write_log(struct mqtt_client *client, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void write_log(struct mqtt_client *client, enum log_level level, const char *format, ...)
{
    char line[MQTT_CLIENT_LINE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    client->callbacks.log(client->callbacks.ctx, level, line);
}

static int64_t random_wait_ns(const struct mqtt_client *client)
{
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
        random = (uint64_t)client->now_ns;
    }
    return mqtt_backoff_ns(client->failures, client->settings.reconnect_max_ns, random);
}

/* ---- the end of an attempt or a connection ---- */

/* Logged once: what comes after the first failure is only its consequence. */
static void give_up(struct mqtt_client *client, struct mqtt_failure failure)
{
    if (client->state != CONNECTING && client->state != CONNECTED) {
        return;
    }
    bool was_connected = client->state == CONNECTED;
    client->state = WAITING;
    client->failures++;
    int64_t wait_ns = random_wait_ns(client);
    client->retry_ns = client->now_ns + wait_ns;
    write_log(client, was_connected ? LOG_WARNING : LOG_ERROR, "%s:%d: %s: %s%s%s; next try in %.1f s",
              client->settings.host, mqtt_setup_port(&client->settings), failure.what, failure.why,
              failure.advice[0] ? ": " : "", failure.advice, (double)wait_ns / (double)SECOND_NS);
    if (was_connected && client->callbacks.lost) {
        client->callbacks.lost(client->callbacks.ctx);
    }
}

static const struct mqtt_failure_facts *current_facts(struct mqtt_client *client)
{
    client->facts.is_connected = client->state == CONNECTED;
    client->facts.has_lasted = client->now_ns - client->connected_ns >= LASTED_NS;
    return &client->facts;
}

/* A result of the library's that is no success. error: errno as it stood then. */
static void give_up_for_result(struct mqtt_client *client, int result, int error)
{
    give_up(client, mqtt_failure_of_result(current_facts(client), result, error));
}

/* ---- subscriptions ---- */

static void subscribe_to(struct mqtt_client *client, struct subscription *subscription)
{
    /* A retained message comes once per session, and not with every connection. */
    const int how =
        MQTT_SUB_OPT_SEND_RETAIN_NEW | (client->settings.retain_as_published ? MQTT_SUB_OPT_RETAIN_AS_PUBLISHED : 0);
    subscription->refused = false;
    int result =
        mosquitto_subscribe_v5(client->library, &subscription->mid, subscription->filter, subscription->qos, how, NULL);
    if (result != MOSQ_ERR_SUCCESS) {
        write_log(client, LOG_ERROR, "cannot subscribe to %s: %s", subscription->filter, mosquitto_strerror(result));
        subscription->mid = 0;
    }
}

static void subscribe_all(struct mqtt_client *client)
{
    client->resubscribe_ns = INT64_MAX;
    for (size_t i = 0; i < client->subscription_count; i++) {
        subscribe_to(client, &client->subscriptions[i]);
    }
}

static void subscribe_refused(struct mqtt_client *client)
{
    client->resubscribe_ns = INT64_MAX;
    for (size_t i = 0; i < client->subscription_count; i++) {
        if (client->subscriptions[i].refused) {
            subscribe_to(client, &client->subscriptions[i]);
        }
    }
}

static void take_grant(struct mqtt_client *client, struct subscription *subscription, int code)
{
    subscription->mid = 0;
    if (code < MQTT_REASON_REFUSED) {
        write_log(client, LOG_INFO, "subscribed to %s with QoS %d", subscription->filter, code);
        return;
    }
    struct mqtt_reason reason = mqtt_reason_of_code(code);
    subscription->refused = true;
    client->resubscribe_ns = client->now_ns + client->settings.reconnect_max_ns;
    write_log(client, LOG_ERROR, "the broker refuses the subscription to %s: %s (%d)%s%s; next try in %.0f s",
              subscription->filter, reason.words, code, reason.advice[0] ? ": " : "", reason.advice,
              (double)client->settings.reconnect_max_ns / (double)SECOND_NS);
}

static void report_subscribed(struct mqtt_client *client)
{
    size_t refused = 0;
    for (size_t i = 0; i < client->subscription_count; i++) {
        if (client->subscriptions[i].mid) {
            return; /* there is more to come */
        }
        refused += client->subscriptions[i].refused;
    }
    if (client->callbacks.subscribed) {
        client->callbacks.subscribed(client->callbacks.ctx, client->subscription_count - refused, refused);
    }
}

/* ---- what the library calls ---- */

static void on_log(struct mosquitto *library, void *ctx, int level, const char *text)
{
    struct mqtt_client *client = ctx;
    (void)library;
    if (level == MOSQ_LOG_ERR) {
        mqtt_failure_take_log(&client->facts, text);
    }
}

static void on_connect(struct mosquitto *library, void *ctx, int code, int flags, const mosquitto_property *properties)
{
    struct mqtt_client *client = ctx;
    bool present = flags & 1;
    (void)properties;
    if (code != MQTT_RC_SUCCESS) {
        give_up(client, mqtt_failure_refused(code));
        return;
    }
    mosquitto_log_callback_set(library, NULL); /* it would be given two lines a message */
    client->state = CONNECTED;
    client->connected_ns = client->now_ns;
    client->keepalive_check_ns = client->now_ns + KEEPALIVE_CHECK_NS;
    client->read_ns = client->now_ns;
    write_log(client, LOG_INFO, "connected to %s:%d as %s%s, %s session", client->settings.host,
              mqtt_setup_port(&client->settings), client->settings.client_id,
              client->settings.tls == MQTT_SETTINGS_TLS_OFF ? "" : " with TLS", present ? "earlier" : "new");
    if (client->subscription_count > 0 && client->had_session && !present && !client->settings.clean_start &&
        client->settings.session_expiry_ns > 0) {
        write_log(client, LOG_WARNING,
                  "the broker has lost our session: what was published since then did not wait for us");
    }
    client->had_session = true;
    subscribe_all(client);
    if (client->callbacks.connected) {
        client->callbacks.connected(client->callbacks.ctx, present);
    }
}

static void on_disconnect(struct mosquitto *library, void *ctx, int code, const mosquitto_property *properties)
{
    int error = errno;
    struct mqtt_client *client = ctx;
    (void)library;
    (void)properties;
    if (client->state == CLOSING) {
        client->state = CLOSED;
    } else if (code >= MQTT_REASON_REFUSED) {
        give_up(client, mqtt_failure_ended(code));
    } else {
        give_up_for_result(client, code, error);
    }
}

static void on_subscribe(struct mosquitto *library, void *ctx, int mid, int count, const int *codes,
                         const mosquitto_property *properties)
{
    struct mqtt_client *client = ctx;
    (void)library;
    (void)properties;
    for (size_t i = 0; i < client->subscription_count && count > 0; i++) {
        if (client->subscriptions[i].mid == mid) {
            take_grant(client, &client->subscriptions[i], codes[0]);
            report_subscribed(client);
            return;
        }
    }
}

static bool call_back(void *ctx, const struct mqtt_message *message)
{
    struct mqtt_client *client = ctx;
    client->took_message = true;
    client->unacknowledged = true;
    client->wants_more = client->callbacks.message(client->callbacks.ctx, message);
    return client->wants_more;
}

static void on_message(struct mosquitto *library, void *ctx, const struct mosquitto_message *from,
                       const mosquitto_property *properties)
{
    struct mqtt_client *client = ctx;
    struct mqtt_convert_texts texts;
    (void)library;
    if (!client->callbacks.message) {
        return;
    }
    struct mqtt_message message = {
        .topic = span_of(from->topic),
        .payload = {from->payload ? from->payload : "", (size_t)from->payloadlen},
        .qos = from->qos,
        .mid = from->mid,
        .retain = from->retain,
    };
    mqtt_convert_from_library(properties, &message.properties, &texts);
    call_back(client, &message);
    mqtt_convert_free(&texts);
    if (client->reads == READS_ONE_MESSAGE && from->qos < 2) {
        client->reads = READS_BY_RECEIVER;
    }
    /* The library's wake-up has failed with EAGAIN, for which it would leave the rest of a TLS record
     * unread, where no poll would find it. */
    errno = 0;
}

static void on_publish(struct mosquitto *library, void *ctx, int mid, int code, const mosquitto_property *properties)
{
    struct mqtt_client *client = ctx;
    (void)library;
    (void)properties;
    if (client->callbacks.published) {
        client->callbacks.published(client->callbacks.ctx, mid, code);
    }
}

/* ---- connecting ---- */

/* From CONNACK on, which could be poisoned as well. */
static enum reads who_reads(const struct mqtt_client *client)
{
    return client->callbacks.message && !client->facts.uses_tls ? READS_BY_RECEIVER : READS_LIBRARY;
}

/* The password's file is read for every connection: said once, and again if it has changed. */
static void warn_of_open_password(struct mqtt_client *client, unsigned others)
{
    static const char *const verbs[] = {
        [S_IROTH] = "read", [S_IWOTH] = "write", [S_IROTH | S_IWOTH] = "read and write"};
    if (others && others != client->warned_of) {
        write_log(client, LOG_WARNING, "password file %.160s: everybody may %s it: chmod o= it",
                  client->settings.password_file, verbs[others]);
    }
    client->warned_of = others;
}

static void attempt(struct mqtt_client *client)
{
    struct err err;
    err_clear(&err);
    client->state = CONNECTING;
    client->attempt_end_ns = client->now_ns + ATTEMPT_NS;
    client->was_paused = false;
    client->settled_ns = 0;
    client->reads = who_reads(client);
    client->unacknowledged = false;
    mqtt_receiver_reset(&client->receiver);
    mqtt_failure_reset(&client->facts);
    mosquitto_log_callback_set(client->library, on_log);
    unsigned others;
    if (!mqtt_setup_login(client->library, &client->settings, &others, &err)) {
        give_up(client, mqtt_failure_no_password(err.text));
        return;
    }
    warn_of_open_password(client, others);
    int result;
    if (client->handed_over) {
        result = mosquitto_reconnect_async(client->library);
    } else {
        result = mqtt_setup_connect_properties(client->library, &client->settings);
        if (result == MOSQ_ERR_SUCCESS) {
            client->handed_over = true;
            result = mosquitto_connect_async(client->library, client->settings.host, mqtt_setup_port(&client->settings),
                                             mqtt_setup_keepalive_s(&client->settings));
        }
    }
    if (result != MOSQ_ERR_SUCCESS) {
        give_up_for_result(client, result, errno);
    }
}

/* ---- the loop ---- */

static bool is_in_handshake(const struct mqtt_client *client)
{
    const SSL *ssl = client->settings.tls == MQTT_SETTINGS_TLS_OFF ? NULL : mosquitto_ssl_get(client->library);
    return ssl && !SSL_is_init_finished(ssl);
}

/* PUBACKs go in the order of their messages (MQTT 5, 4.6): what the library has of them goes before
 * the receiver takes more. */
static bool may_take(const struct mqtt_client *client, bool may_read)
{
    bool is_ready = client->reads != READS_BY_RECEIVER ||
                    (mqtt_receiver_has_room(&client->receiver) && !mosquitto_want_write(client->library));
    return client->state == CONNECTING || (may_read && is_ready);
}

static bool wants_write(const struct mqtt_client *client)
{
    return !client->unacknowledged && mqtt_client_has_unsent(client);
}

struct pollfd mqtt_client_poll(const struct mqtt_client *client, bool may_read)
{
    struct pollfd watched = {.fd = -1};
    if (client->state == WAITING || client->state == CLOSED) {
        return watched;
    }
    if (is_in_handshake(client)) {
        watched.events = client->facts.socket_is_ready ? POLLIN : POLLOUT;
    } else {
        watched.events = (short)((may_take(client, may_read) ? POLLIN : 0) | (wants_write(client) ? POLLOUT : 0));
    }
    /* A descriptor that is watched for nothing would still say that it was hung up, again and
     * again. */
    watched.fd = watched.events ? mosquitto_socket(client->library) : -1;
    return watched;
}

int64_t mqtt_client_deadline_ns(const struct mqtt_client *client, bool may_read)
{
    switch (client->state) {
    case WAITING:
        return client->retry_ns;
    case CONNECTING:
        return client->attempt_end_ns;
    case CONNECTED:
        return may_read && client->keepalive_check_ns < client->resubscribe_ns ? client->keepalive_check_ns
                                                                               : client->resubscribe_ns;
    case CLOSING:
    case CLOSED:
        break;
    }
    return INT64_MAX;
}

/* The error of a connection that could not be made, which the library would not notice during a
 * handshake. */
static int socket_error(const struct mqtt_client *client)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(mosquitto_socket(client->library), SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        error = errno;
    }
    return error;
}

static bool has_shaken_hands(const struct mqtt_client *client)
{
    const SSL *ssl = client->facts.uses_tls ? mosquitto_ssl_get(client->library) : NULL;
    return ssl && SSL_is_init_finished(ssl);
}

/* Is the TCP connection made? If not, it has been given up. */
static bool is_made(struct mqtt_client *client, short revents)
{
    int error = socket_error(client);
    if (error && has_shaken_hands(client)) { /* within the call that began it */
        client->facts.socket_is_ready = true;
        give_up_for_result(client, MOSQ_ERR_ERRNO, error);
    } else if (error) {
        give_up(client, mqtt_failure_of_errno(current_facts(client), error));
    } else if (revents & POLLHUP) { /* the error is given once: the beginning handshake took it */
        give_up(client, mqtt_failure_without_errno());
    }
    return client->state == CONNECTING;
}

/* A call into the library that may end the connection; on_disconnect has mostly been called
 * already. */
static void take_result(struct mqtt_client *client, int result)
{
    if (result == MOSQ_ERR_SUCCESS) {
        return;
    }
    if (client->state == CLOSING) {
        client->state = CLOSED;
    }
    give_up_for_result(client, result, errno);
}

static void go_on_connecting(struct mqtt_client *client, short revents)
{
    if (client->now_ns >= client->attempt_end_ns) {
        give_up(client, mqtt_failure_no_answer());
        return;
    }
    if (!revents) {
        return;
    }
    if (!client->facts.socket_is_ready && !is_made(client, revents)) {
        return;
    }
    client->facts.socket_is_ready = true;
    if (!is_in_handshake(client)) {
        return;
    }
    /* What was said before the connection was reset is still there to be read. */
    take_result(client, mosquitto_loop_read(client->library, 1));
    if (is_in_handshake(client) && (revents & (POLLERR | POLLHUP))) {
        give_up(client, mqtt_failure_in_handshake());
    }
}

/* With TLS one call takes what one record holds. */
static void read_by_library(struct mqtt_client *client)
{
    bool goes_on = true;
    for (int i = 0; i < LIBRARY_READS && goes_on; i++) {
        client->took_message = false;
        take_result(client, mosquitto_loop_read(client->library, 1));
        goes_on = client->took_message && client->wants_more && client->state == CONNECTED &&
                  client->reads != READS_BY_RECEIVER;
    }
}

static void read_by_receiver(struct mqtt_client *client)
{
    switch (mqtt_receiver_read(&client->receiver, mosquitto_socket(client->library), call_back, client)) {
    case MQTT_RECEIVER_GO_ON:
        break;
    case MQTT_RECEIVER_ONE_FOR_LIBRARY:
        take_result(client, mosquitto_loop_read(client->library, 1));
        break;
    case MQTT_RECEIVER_PART_OF_MESSAGE:
        client->reads = READS_ONE_MESSAGE;
        read_by_library(client);
        break;
    case MQTT_RECEIVER_ALL_FOR_LIBRARY:
        client->reads = READS_LIBRARY;
        read_by_library(client);
        break;
    case MQTT_RECEIVER_POISONED:
        take_result(client, MOSQ_ERR_MALFORMED_PACKET);
        break;
    case MQTT_RECEIVER_FAILED:
        take_result(client, errno == ECONNRESET ? MOSQ_ERR_CONN_LOST : MOSQ_ERR_ERRNO);
        break;
    }
}

static void write_packets(struct mqtt_client *client)
{
    if (client->unacknowledged) {
        return;
    }
    mqtt_receiver_send_acks(&client->receiver, mosquitto_socket(client->library));
    if (!mqtt_receiver_has_acks(&client->receiver) && mosquitto_want_write(client->library)) {
        take_result(client, mosquitto_loop_write(client->library, 1));
    }
}

static void read_and_write(struct mqtt_client *client, short revents, bool may_read)
{
    if ((revents & (POLLIN | POLLHUP | POLLERR)) && may_take(client, may_read)) {
        if (client->reads == READS_BY_RECEIVER) {
            read_by_receiver(client);
        } else {
            read_by_library(client);
        }
    }
    if (client->state != WAITING && client->state != CLOSED) {
        write_packets(client);
    }
}

/* After a long pause the answer to a ping may stand behind what was not read: some time is given to
 * come to it, or nothing is left. */
static bool is_settled(struct mqtt_client *client, short revents, bool may_read)
{
    if (!may_read) {
        client->was_paused = true;
        return false;
    }
    if (client->was_paused && client->now_ns - client->read_ns >= LONG_PAUSE_NS) {
        client->settled_ns = client->now_ns + client->settings.keepalive_ns / 2;
    }
    client->was_paused = false;
    client->read_ns = client->now_ns;
    return client->now_ns >= client->settled_ns || !(revents & POLLIN);
}

/* Pings, and notices when they are not answered. */
static void keep_alive(struct mqtt_client *client, short revents, bool may_read)
{
    if (is_settled(client, revents, may_read) && client->now_ns >= client->keepalive_check_ns) {
        client->keepalive_check_ns = client->now_ns + KEEPALIVE_CHECK_NS;
        take_result(client, mosquitto_loop_misc(client->library));
    }
    if (client->failures > 0 && client->now_ns - client->connected_ns >= LASTED_NS) {
        client->failures = 0;
    }
    if (client->state == CONNECTED && client->now_ns >= client->resubscribe_ns) {
        subscribe_refused(client);
    }
}

void mqtt_client_turn(struct mqtt_client *client, short revents, bool may_read, int64_t now_ns)
{
    client->now_ns = now_ns;
    switch (client->state) {
    case WAITING:
        if (now_ns >= client->retry_ns) {
            attempt(client);
        }
        return;
    case CONNECTING:
        go_on_connecting(client, revents);
        if (client->state == CONNECTING && !is_in_handshake(client)) {
            read_and_write(client, revents, may_read);
        }
        return;
    case CONNECTED:
        read_and_write(client, revents, may_read);
        if (client->state == CONNECTED) {
            keep_alive(client, revents, may_read);
        }
        return;
    case CLOSING:
        read_and_write(client, revents, may_read);
        return;
    case CLOSED:
        return;
    }
}

void mqtt_client_acknowledge(struct mqtt_client *client)
{
    client->unacknowledged = false;
    if (client->state == CONNECTED) {
        write_packets(client);
    }
}

bool mqtt_client_is_connected(const struct mqtt_client *client)
{
    return client->state == CONNECTED;
}

size_t mqtt_client_failures(const struct mqtt_client *client)
{
    return client->failures;
}

bool mqtt_client_has_unsent(const struct mqtt_client *client)
{
    return mqtt_receiver_has_acks(&client->receiver) || mosquitto_want_write(client->library);
}

void mqtt_client_disconnect(struct mqtt_client *client)
{
    bool connected = client->state == CONNECTED && !client->unacknowledged;
    client->state = connected ? CLOSING : CLOSED;
    if (connected && mosquitto_disconnect_v5(client->library, MQTT_RC_NORMAL_DISCONNECTION, NULL) != MOSQ_ERR_SUCCESS) {
        client->state = CLOSED;
    }
}

bool mqtt_client_is_closed(const struct mqtt_client *client)
{
    return client->state == CLOSED;
}

/* ---- publishing ---- */

static bool copy_topic(struct mqtt_client *client, struct span topic, struct err *err)
{
    if (topic.len == 0 || topic.len >= TOPIC_BYTES || memchr(topic.ptr, '\0', topic.len)) {
        err_set(err, 0, "the topic is empty, too long or holds a NUL");
        return false;
    }
    memcpy(client->topic, topic.ptr, topic.len);
    client->topic[topic.len] = '\0';
    return true;
}

static bool is_socket_failure(int result)
{
    return result == MOSQ_ERR_NO_CONN || result == MOSQ_ERR_CONN_LOST || result == MOSQ_ERR_ERRNO;
}

/* Did the library take the message, though it could not send it at once? */
static bool is_taken(int result, int qos)
{
    return result == MOSQ_ERR_SUCCESS || (qos > 0 && is_socket_failure(result));
}

bool mqtt_client_publish(struct mqtt_client *client, struct span topic, struct span payload, int qos, bool retain,
                         const struct properties *properties, int *mid, struct err *err)
{
    mosquitto_property *list = NULL;
    if (client->state != CONNECTED) {
        err_set(err, 0, "not connected");
        return false;
    }
    if (!copy_topic(client, topic, err)) {
        return false;
    }
    if (qos > 0) { /* the library reads ahead as long as it has such a message */
        client->reads = READS_LIBRARY;
    }
    int result = mqtt_convert_to_library(properties, &list);
    if (result == MOSQ_ERR_SUCCESS) {
        int len = payload.len > MQTT_MAX_PAYLOAD ? -1 : (int)payload.len;
        result = mosquitto_publish_v5(client->library, mid, client->topic, len, payload.ptr, qos, retain, list);
    }
    int error = errno;
    mosquitto_property_free_all(&list);
    if (!is_taken(result, qos)) {
        if (is_socket_failure(result)) { /* now, or the program would go on with the next message */
            give_up_for_result(client, result, error);
        }
        err_set(err, 0, "%s",
                result == MOSQ_ERR_INVAL ? "the topic may not be published to" : mosquitto_strerror(result));
        return false;
    }
    return true;
}

/* ---- setting up ---- */

static void set_callbacks(struct mosquitto *library)
{
    mosquitto_connect_v5_callback_set(library, on_connect);
    mosquitto_disconnect_v5_callback_set(library, on_disconnect);
    mosquitto_subscribe_v5_callback_set(library, on_subscribe);
    mosquitto_message_v5_callback_set(library, on_message);
    mosquitto_publish_v5_callback_set(library, on_publish);
}

struct mqtt_client *mqtt_client_new(const struct mqtt_settings *settings, const struct mqtt_client_callbacks *callbacks,
                                    struct err *err)
{
    if (!mqtt_setup_check_files(settings, err)) {
        return NULL;
    }
    struct mqtt_client *client = calloc(1, sizeof *client);
    if (!client) {
        err_set(err, 0, "no memory for the MQTT client");
        return NULL;
    }
    client->settings = *settings;
    client->callbacks = *callbacks;
    client->facts.uses_tls = settings->tls != MQTT_SETTINGS_TLS_OFF;
    client->facts.has_cert = settings->cert_file != NULL;
    client->facts.cert_host = settings->tls == MQTT_SETTINGS_TLS_VERIFY ? settings->host : NULL;
    client->resubscribe_ns = INT64_MAX;
    mosquitto_lib_init();
    client->library = mosquitto_new(settings->client_id, settings->clean_start, client);
    int result = client->library ? mqtt_setup_library(client->library, settings, &client->facts) : MOSQ_ERR_NOMEM;
    if (client->library) {
        set_callbacks(client->library);
    }
    if (result == MOSQ_ERR_SUCCESS && callbacks->message) {
        /* Otherwise it sends a PUBACK before it calls back. So it only queues what is to be sent, as
         * it would for another thread, until mosquitto_loop_write(). */
        result = mosquitto_threaded_set(client->library, true);
        result = mqtt_receiver_init(&client->receiver) ? result : MOSQ_ERR_NOMEM;
    }
    if (result != MOSQ_ERR_SUCCESS) {
        err_set(err, 0, "cannot set up the MQTT client: %s", mosquitto_strerror(result));
        mqtt_client_free(client);
        return NULL;
    }
    return client;
}

void mqtt_client_free(struct mqtt_client *client)
{
    if (client) {
        mosquitto_destroy(client->library);
        mqtt_receiver_free(&client->receiver);
        mosquitto_lib_cleanup();
        free(client);
    }
}

bool mqtt_client_subscribe(struct mqtt_client *client, const char *filter, int qos)
{
    if (client->subscription_count == MQTT_CLIENT_MAX_SUBSCRIPTIONS) {
        return false;
    }
    client->subscriptions[client->subscription_count++] = (struct subscription){.filter = filter, .qos = qos};
    return true;
}
