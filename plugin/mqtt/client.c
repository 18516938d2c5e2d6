#include "mqtt/client.h"

#include <errno.h>
#include <inttypes.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/units.h"
#include "mqtt/backoff.h"
#include "mqtt/reason.h"
#include "mqtt/secret.h"

#define ATTEMPT_NS (15 * SECOND_NS) /* from connecting to the broker's answer */
#define LASTED_NS (10 * SECOND_NS)  /* a connection that held so long starts the waits anew */
#define CARE_NS SECOND_NS           /* between looks at the keep-alive */
#define LONG_PAUSE_NS (2 * CARE_NS) /* without being read */
#define PORT_PLAIN 1883
#define PORT_TLS 8883
#define TOPIC_BYTES 65536 /* the longest that MQTT can carry, with a terminator */
#define TLS_TEXT_BYTES 160

enum state {
    WAITING,    /* for the next try */
    CONNECTING, /* until the broker's answer */
    CONNECTED,
    CLOSING, /* our goodbye is on its way */
    CLOSED,
};

struct subscription {
    const char *filter;
    int qos;
    int mid;      /* of the SUBSCRIBE that is on its way; 0 = none */
    bool refused; /* to be tried again */
};

struct mqtt_client {
    struct mosquitto *lib;
    struct mqtt_settings settings;
    struct mqtt_client_callbacks callbacks;
    struct subscription subscriptions[MQTT_CLIENT_MAX_SUBSCRIPTIONS];
    size_t subscription_count;
    enum state state;
    bool handed_over;     /* host and keep-alive are known to the library */
    bool socket_is_ready; /* TCP stands: the rest of a TLS handshake waits for reading only */
    bool had_session;     /* the broker accepted us before */
    bool was_paused;      /* the program did not want to read, see take_care */
    size_t failures;
    int64_t now_ns;
    int64_t retry_ns;
    int64_t attempt_end_ns;
    int64_t connected_ns;
    int64_t care_ns;
    int64_t read_ns;               /* when the program last wanted to read */
    int64_t settled_ns;            /* after a long pause: from when on an answer that is missing means something */
    int64_t resubscribe_ns;        /* INT64_MAX = nothing refused */
    char tls_text[TLS_TEXT_BYTES]; /* OpenSSL's first words on this attempt */
    bool wrong_host_name;
    char topic[TOPIC_BYTES];
};

/* ---- telling ---- */

static void tell(struct mqtt_client *mqtt, enum log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(struct mqtt_client *mqtt, enum log_level level, const char *format, ...)
{
    char line[MQTT_CLIENT_LINE_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    mqtt->callbacks.log(mqtt->callbacks.ctx, level, line);
}

static size_t port_of(const struct mqtt_client *mqtt)
{
    size_t usual = mqtt->settings.tls == MQTT_SETTINGS_TLS_OFF ? PORT_PLAIN : PORT_TLS;
    return mqtt->settings.port ? mqtt->settings.port : usual;
}

static int64_t random_wait_ns(const struct mqtt_client *mqtt)
{
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
        random = (uint64_t)mqtt->now_ns;
    }
    return mqtt_backoff_ns(mqtt->failures, mqtt->settings.reconnect_max_ns, random);
}

/* The end of an attempt or a connection, told once: what comes after the first reason is only its consequence. */
static void give_up(struct mqtt_client *mqtt, const char *what, const char *why, const char *advice)
{
    if (mqtt->state != CONNECTING && mqtt->state != CONNECTED) {
        return;
    }
    bool was_connected = mqtt->state == CONNECTED;
    mqtt->state = WAITING;
    mqtt->failures++;
    int64_t wait_ns = random_wait_ns(mqtt);
    mqtt->retry_ns = mqtt->now_ns + wait_ns;
    tell(mqtt, was_connected ? LOG_WARNING : LOG_ERROR, "%s:%zu: %s: %s%s%s; next try in %.1f s", mqtt->settings.host,
         port_of(mqtt), what, why, advice[0] ? ": " : "", advice, (double)wait_ns / (double)SECOND_NS);
    if (was_connected && mqtt->callbacks.lost) {
        mqtt->callbacks.lost(mqtt->callbacks.ctx);
    }
}

static void give_up_for_code(struct mqtt_client *mqtt, const char *what, int code)
{
    struct mqtt_reason reason = mqtt_reason_of_code(code);
    char why[MQTT_CLIENT_LINE_BYTES / 2];
    snprintf(why, sizeof why, "%s (%d)", reason.words, code);
    give_up(mqtt, what, why, reason.advice);
}

/* ---- why TLS or the socket failed ---- */

/* OpenSSL's verdict on the broker's certificate; X509_V_OK if it passed or there was none. */
static long certificate_verdict(const struct mqtt_client *mqtt)
{
    const SSL *ssl = mosquitto_ssl_get(mqtt->lib);
    return ssl ? SSL_get_verify_result(ssl) : X509_V_OK;
}

static const char tls_failed[] = "TLS failed";

static void give_up_for_tls(struct mqtt_client *mqtt)
{
    long verdict = mqtt->wrong_host_name ? X509_V_ERR_HOSTNAME_MISMATCH : certificate_verdict(mqtt);
    bool refused_by_us = mqtt->wrong_host_name || strstr(mqtt->tls_text, "certificate verify failed");
    if (refused_by_us) {
        struct mqtt_reason reason = mqtt_reason_of_certificate(verdict, X509_verify_cert_error_string(verdict));
        char why[MQTT_CLIENT_LINE_BYTES / 2];
        snprintf(why, sizeof why, "the broker's certificate is not accepted: %s", reason.words);
        give_up(mqtt, tls_failed, why, reason.advice);
        return;
    }
    struct mqtt_reason reason = mqtt_reason_of_tls(mqtt->tls_text[0] ? mqtt->tls_text : "no reason given");
    give_up(mqtt, tls_failed, reason.words, reason.advice);
}

static const char cannot_connect[] = "cannot connect";

#define CHECK_PORT_AND_TLS "check --port and --tls; the broker's log says more"

static void give_up_for_errno(struct mqtt_client *mqtt, const char *what, int error)
{
    bool unreachable = error == ECONNREFUSED || error == ENETUNREACH || error == EHOSTUNREACH;
    const char *advice = unreachable ? "check --host and --port, and that the broker runs" : CHECK_PORT_AND_TLS;
    give_up(mqtt, what, strerror(error), mqtt->state == CONNECTING ? advice : "");
}

/* TCP stood, the handshake was well, and then the connection ended: with TLS 1.3 a broker looks at our certificate only then, and what it says of it
 * may be overtaken by the end. */
static bool ended_after_handshake(const struct mqtt_client *mqtt, int result)
{
    bool ended = result == MOSQ_ERR_CONN_LOST || result == MOSQ_ERR_ERRNO;
    return mqtt->state == CONNECTING && mqtt->socket_is_ready && mqtt->settings.tls != MQTT_SETTINGS_TLS_OFF && ended;
}

static void give_up_after_handshake(struct mqtt_client *mqtt)
{
    if (mqtt->tls_text[0]) {
        give_up_for_tls(mqtt);
        return;
    }
    give_up(mqtt, tls_failed, "it closed the connection after the handshake",
            mqtt->settings.cert_file ? "it may not accept our --tls-cert; its log says more"
                                     : "it may want a client certificate, --tls-cert and --tls-key; its log says more");
}

/* Two clients of one name take turns: each throws out the other when it comes back. Not every broker says so. */
static const char *advice_for_closed(const struct mqtt_client *mqtt)
{
    bool lasted = mqtt->now_ns - mqtt->connected_ns >= LASTED_NS;
    return lasted ? "" : "if it goes on like that, another program may use the same --client-id";
}

/* TCP did not come to stand, but all that is left of the error is its end. */
static void give_up_without_errno(struct mqtt_client *mqtt)
{
    give_up(mqtt, cannot_connect, "refused, or closed at once",
            "check --host, --port and --tls, and that the broker runs");
}

/* Newer versions of the library begin the handshake at once and call a refused connection a TLS error. */
static bool failed_before_tls(const struct mqtt_client *mqtt)
{
    return !mqtt->socket_is_ready && !mqtt->tls_text[0] && !mqtt->wrong_host_name &&
           certificate_verdict(mqtt) == X509_V_OK;
}

/* A result of the library's that is no success. error: errno as it stood then. */
static void give_up_for_result(struct mqtt_client *mqtt, int result, int error)
{
    bool connecting = mqtt->state == CONNECTING;
    const char *what = connecting ? cannot_connect : "the connection is lost";
    if (ended_after_handshake(mqtt, result)) {
        give_up_after_handshake(mqtt);
        return;
    }
    switch (result) {
    case MOSQ_ERR_EAI:
        give_up(mqtt, cannot_connect, gai_strerror(error), "check --host");
        break;
    case MOSQ_ERR_ERRNO:
        if (error == EPROTO && mqtt->settings.tls != MQTT_SETTINGS_TLS_OFF) {
            give_up_for_tls(mqtt);
        } else {
            give_up_for_errno(mqtt, what, error);
        }
        break;
    case MOSQ_ERR_TLS:
    case MOSQ_ERR_TLS_HANDSHAKE:
        if (failed_before_tls(mqtt)) {
            give_up_without_errno(mqtt);
        } else {
            give_up_for_tls(mqtt);
        }
        break;
    case MOSQ_ERR_CONN_LOST:
        give_up(mqtt, what, "the broker closed it", connecting ? CHECK_PORT_AND_TLS : advice_for_closed(mqtt));
        break;
    case MOSQ_ERR_KEEPALIVE:
        give_up(mqtt, what, "no answer within --keepalive", "");
        break;
    case MOSQ_ERR_PROTOCOL:
    case MOSQ_ERR_MALFORMED_PACKET:
    case MOSQ_ERR_NOT_SUPPORTED:
        give_up(mqtt, what, "what comes is not MQTT 5", "check --port and --tls");
        break;
    default:
        give_up(mqtt, what, mosquitto_strerror(result), "");
        break;
    }
}

/* ---- properties ---- */

static const struct {
    int mqtt;
    enum property_id ours;
} property_ids[] = {
    {MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, PROPERTY_PAYLOAD_FORMAT},
    {MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, PROPERTY_MESSAGE_EXPIRY},
    {MQTT_PROP_CONTENT_TYPE, PROPERTY_CONTENT_TYPE},
    {MQTT_PROP_RESPONSE_TOPIC, PROPERTY_RESPONSE_TOPIC},
    {MQTT_PROP_CORRELATION_DATA, PROPERTY_CORRELATION_DATA},
    {MQTT_PROP_USER_PROPERTY, PROPERTY_USER},
};

static enum property_id our_id(int identifier)
{
    for (size_t i = 0; i < sizeof property_ids / sizeof property_ids[0]; i++) {
        if (property_ids[i].mqtt == identifier) {
            return property_ids[i].ours;
        }
    }
    return PROPERTY_IDS;
}

/* What the library copied for us, to be freed when the message is done. */
struct copies {
    void *blocks[2 * PROPERTIES_MAX];
    size_t count;
};

static struct span keep(struct copies *copies, char *text, size_t len)
{
    if (!text) {
        return (struct span){"", 0};
    }
    copies->blocks[copies->count++] = text;
    return (struct span){text, len};
}

static struct span keep_text(struct copies *copies, char *text)
{
    return keep(copies, text, text ? strlen(text) : 0);
}

static void read_property(const mosquitto_property *from, struct properties *out, struct copies *copies)
{
    int identifier = mosquitto_property_identifier(from);
    struct property property = {.id = our_id(identifier)};
    char *text = NULL;
    char *name = NULL;
    uint8_t byte = 0;
    uint16_t len = 0;
    switch (property.id) {
    case PROPERTY_PAYLOAD_FORMAT:
        mosquitto_property_read_byte(from, identifier, &byte, false);
        property.number = byte;
        break;
    case PROPERTY_MESSAGE_EXPIRY:
        mosquitto_property_read_int32(from, identifier, &property.number, false);
        break;
    case PROPERTY_CONTENT_TYPE:
    case PROPERTY_RESPONSE_TOPIC:
        mosquitto_property_read_string(from, identifier, &text, false);
        property.text = keep_text(copies, text);
        break;
    case PROPERTY_CORRELATION_DATA:
        mosquitto_property_read_binary(from, identifier, (void **)&text, &len, false);
        property.text = keep(copies, text, len);
        break;
    case PROPERTY_USER:
        mosquitto_property_read_string_pair(from, identifier, &name, &text, false);
        property.name = keep_text(copies, name);
        property.text = keep_text(copies, text);
        break;
    case PROPERTY_IDS: /* a subscription identifier, or what a later MQTT has */
        return;
    }
    properties_add(out, property);
}

static void read_properties(const mosquitto_property *list, struct properties *out, struct copies *copies)
{
    for (; list; list = mosquitto_property_next(list)) {
        if (out->count == PROPERTIES_MAX) {
            out->dropped++;
        } else {
            read_property(list, out, copies);
        }
    }
}

static int write_property(mosquitto_property **list, int identifier, const struct property *property)
{
    char name[1024];
    char text[4096];
    if (property->name.len >= sizeof name || property->text.len >= sizeof text) {
        return MOSQ_ERR_PAYLOAD_SIZE;
    }
    snprintf(name, sizeof name, "%.*s", (int)property->name.len, property->name.len ? property->name.ptr : "");
    snprintf(text, sizeof text, "%.*s", (int)property->text.len, property->text.len ? property->text.ptr : "");
    switch (property->id) {
    case PROPERTY_PAYLOAD_FORMAT:
        return mosquitto_property_add_byte(list, identifier, (uint8_t)property->number);
    case PROPERTY_MESSAGE_EXPIRY:
        return mosquitto_property_add_int32(list, identifier, property->number);
    case PROPERTY_CONTENT_TYPE:
    case PROPERTY_RESPONSE_TOPIC:
        return mosquitto_property_add_string(list, identifier, text);
    case PROPERTY_CORRELATION_DATA:
        return mosquitto_property_add_binary(list, identifier, property->text.ptr, (uint16_t)property->text.len);
    case PROPERTY_USER:
        return mosquitto_property_add_string_pair(list, identifier, name, text);
    case PROPERTY_IDS:
        break;
    }
    return MOSQ_ERR_SUCCESS;
}

/* The library's own list; the caller frees it. */
static int write_properties(const struct properties *from, mosquitto_property **list)
{
    int result = MOSQ_ERR_SUCCESS;
    for (size_t i = 0; from && i < from->count && result == MOSQ_ERR_SUCCESS; i++) {
        for (size_t k = 0; k < sizeof property_ids / sizeof property_ids[0]; k++) {
            if (property_ids[k].ours == from->items[i].id) {
                result = write_property(list, property_ids[k].mqtt, &from->items[i]);
            }
        }
    }
    return result;
}

/* ---- subscriptions ---- */

static void subscribe_to(struct mqtt_client *mqtt, struct subscription *subscription)
{
    /* A retained message comes once per session, and not with every connection. */
    const int how = MQTT_SUB_OPT_SEND_RETAIN_NEW | MQTT_SUB_OPT_RETAIN_AS_PUBLISHED;
    subscription->refused = false;
    int result =
        mosquitto_subscribe_v5(mqtt->lib, &subscription->mid, subscription->filter, subscription->qos, how, NULL);
    if (result != MOSQ_ERR_SUCCESS) {
        tell(mqtt, LOG_ERROR, "cannot subscribe to %s: %s", subscription->filter, mosquitto_strerror(result));
        subscription->mid = 0;
    }
}

static void subscribe_all(struct mqtt_client *mqtt)
{
    mqtt->resubscribe_ns = INT64_MAX;
    for (size_t i = 0; i < mqtt->subscription_count; i++) {
        subscribe_to(mqtt, &mqtt->subscriptions[i]);
    }
}

static void subscribe_refused(struct mqtt_client *mqtt)
{
    mqtt->resubscribe_ns = INT64_MAX;
    for (size_t i = 0; i < mqtt->subscription_count; i++) {
        if (mqtt->subscriptions[i].refused) {
            subscribe_to(mqtt, &mqtt->subscriptions[i]);
        }
    }
}

static void take_grant(struct mqtt_client *mqtt, struct subscription *subscription, int code)
{
    subscription->mid = 0;
    if (code < MQTT_REASON_REFUSED) {
        tell(mqtt, LOG_INFO, "subscribed to %s with QoS %d", subscription->filter, code);
        return;
    }
    struct mqtt_reason reason = mqtt_reason_of_code(code);
    subscription->refused = true;
    mqtt->resubscribe_ns = mqtt->now_ns + mqtt->settings.reconnect_max_ns;
    tell(mqtt, LOG_ERROR, "the broker refuses the subscription to %s: %s (%d)%s%s; next try in %.0f s",
         subscription->filter, reason.words, code, reason.advice[0] ? ": " : "", reason.advice,
         (double)mqtt->settings.reconnect_max_ns / (double)SECOND_NS);
}

static void tell_subscribed(struct mqtt_client *mqtt)
{
    size_t refused = 0;
    for (size_t i = 0; i < mqtt->subscription_count; i++) {
        if (mqtt->subscriptions[i].mid) {
            return; /* there is more to come */
        }
        refused += mqtt->subscriptions[i].refused;
    }
    if (mqtt->callbacks.subscribed) {
        mqtt->callbacks.subscribed(mqtt->callbacks.ctx, mqtt->subscription_count - refused, refused);
    }
}

/* ---- what the library calls ---- */

/* The reason is the last part of "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed". */
static void on_log(struct mosquitto *lib, void *ctx, int level, const char *text)
{
    struct mqtt_client *mqtt = ctx;
    (void)lib;
    if (level != MOSQ_LOG_ERR) {
        return;
    }
    if (strstr(text, "host name verification failed")) {
        mqtt->wrong_host_name = true;
    } else if (!mqtt->tls_text[0]) {
        const char *colon = strstr(text, "OpenSSL Error") ? strrchr(text, ':') : NULL;
        snprintf(mqtt->tls_text, sizeof mqtt->tls_text, "%s", colon ? colon + 1 : text);
    }
}

static void on_connect(struct mosquitto *lib, void *ctx, int code, int flags, const mosquitto_property *properties)
{
    struct mqtt_client *mqtt = ctx;
    bool present = flags & 1;
    (void)properties;
    if (code != MQTT_RC_SUCCESS) {
        give_up_for_code(mqtt, "the broker refuses the connection", code);
        return;
    }
    mosquitto_log_callback_set(lib, NULL); /* it would be given two lines a message */
    mqtt->state = CONNECTED;
    mqtt->connected_ns = mqtt->now_ns;
    mqtt->care_ns = mqtt->now_ns + CARE_NS;
    mqtt->read_ns = mqtt->now_ns;
    tell(mqtt, LOG_INFO, "connected to %s:%zu as %s%s, %s session", mqtt->settings.host, port_of(mqtt),
         mqtt->settings.client_id, mqtt->settings.tls == MQTT_SETTINGS_TLS_OFF ? "" : " with TLS",
         present ? "earlier" : "new");
    if (mqtt->subscription_count > 0 && mqtt->had_session && !present && !mqtt->settings.clean_start &&
        mqtt->settings.session_expiry_ns > 0) {
        tell(mqtt, LOG_WARNING, "the broker has lost our session: what was published since then did not wait for us");
    }
    mqtt->had_session = true;
    subscribe_all(mqtt);
    if (mqtt->callbacks.connected) {
        mqtt->callbacks.connected(mqtt->callbacks.ctx, present);
    }
}

static void on_disconnect(struct mosquitto *lib, void *ctx, int code, const mosquitto_property *properties)
{
    int error = errno;
    struct mqtt_client *mqtt = ctx;
    (void)lib;
    (void)properties;
    if (mqtt->state == CLOSING) {
        mqtt->state = CLOSED;
    } else if (code >= MQTT_REASON_REFUSED) {
        give_up_for_code(mqtt, "the broker ends the connection", code);
    } else {
        give_up_for_result(mqtt, code, error);
    }
}

static void on_subscribe(struct mosquitto *lib, void *ctx, int mid, int count, const int *codes,
                         const mosquitto_property *properties)
{
    struct mqtt_client *mqtt = ctx;
    (void)lib;
    (void)properties;
    for (size_t i = 0; i < mqtt->subscription_count && count > 0; i++) {
        if (mqtt->subscriptions[i].mid == mid) {
            take_grant(mqtt, &mqtt->subscriptions[i], codes[0]);
            tell_subscribed(mqtt);
            return;
        }
    }
}

static void on_message(struct mosquitto *lib, void *ctx, const struct mosquitto_message *from,
                       const mosquitto_property *properties)
{
    struct mqtt_client *mqtt = ctx;
    struct copies copies = {.count = 0};
    (void)lib;
    if (!mqtt->callbacks.message) {
        return;
    }
    struct mqtt_client_message message = {
        .topic = span_of(from->topic),
        .payload = {from->payload ? from->payload : "", (size_t)from->payloadlen},
        .qos = from->qos,
        .mid = from->mid,
        .retain = from->retain,
    };
    read_properties(properties, &message.properties, &copies);
    mqtt->callbacks.message(mqtt->callbacks.ctx, &message);
    for (size_t i = 0; i < copies.count; i++) {
        free(copies.blocks[i]);
    }
}

static void on_publish(struct mosquitto *lib, void *ctx, int mid, int code, const mosquitto_property *properties)
{
    struct mqtt_client *mqtt = ctx;
    (void)lib;
    (void)properties;
    if (mqtt->callbacks.published) {
        mqtt->callbacks.published(mqtt->callbacks.ctx, mid, code);
    }
}

/* ---- connecting ---- */

static int keepalive_s(const struct mqtt_client *mqtt)
{
    return (int)(mqtt->settings.keepalive_ns / SECOND_NS);
}

/* The properties of CONNECT can be handed over only by the call that waits for the connection (mosquitto_connect_bind_v5), while the
 * one that does not wait takes none but uses those that it finds. Without a host the former keeps them and goes no further. */
static int hand_over(struct mqtt_client *mqtt)
{
    mosquitto_property *properties = NULL;
    int result = MOSQ_ERR_SUCCESS;
    if (mqtt->settings.session_expiry_ns > 0) {
        uint32_t expiry_s = (uint32_t)(mqtt->settings.session_expiry_ns / SECOND_NS);
        result = mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, expiry_s);
    }
    if (mqtt->settings.max_packet > 0 && result == MOSQ_ERR_SUCCESS) {
        result = mosquitto_property_add_int32(&properties, MQTT_PROP_MAXIMUM_PACKET_SIZE,
                                              (uint32_t)mqtt->settings.max_packet);
    }
    if (properties && result == MOSQ_ERR_SUCCESS) {
        (void)mosquitto_connect_bind_v5(mqtt->lib, NULL, 0, 0, NULL, properties);
    }
    mosquitto_property_free_all(&properties);
    return result;
}

static bool set_login(struct mqtt_client *mqtt, struct err *err)
{
    char secret[MQTT_SECRET_BYTES];
    const char *username = mqtt->settings.username[0] ? mqtt->settings.username : NULL;
    const char *password = mqtt->settings.password;
    if (mqtt->settings.password_file) {
        if (!mqtt_secret_read(mqtt->settings.password_file, secret, err)) {
            return false;
        }
        password = secret;
    }
    int result = mosquitto_username_pw_set(mqtt->lib, username, password);
    if (result != MOSQ_ERR_SUCCESS) {
        err_set(err, 0, "user name and password: %s", mosquitto_strerror(result));
    }
    return result == MOSQ_ERR_SUCCESS;
}

static void attempt(struct mqtt_client *mqtt)
{
    struct err err;
    err_clear(&err);
    mqtt->state = CONNECTING;
    mqtt->attempt_end_ns = mqtt->now_ns + ATTEMPT_NS;
    mqtt->socket_is_ready = false;
    mqtt->was_paused = false;
    mqtt->settled_ns = 0;
    mqtt->wrong_host_name = false;
    mqtt->tls_text[0] = '\0';
    mosquitto_log_callback_set(mqtt->lib, on_log);
    if (!set_login(mqtt, &err)) {
        give_up(mqtt, "no password", err.text, "");
        return;
    }
    int result;
    if (mqtt->handed_over) {
        result = mosquitto_reconnect_async(mqtt->lib);
    } else {
        result = hand_over(mqtt);
        if (result == MOSQ_ERR_SUCCESS) {
            mqtt->handed_over = true;
            result = mosquitto_connect_async(mqtt->lib, mqtt->settings.host, (int)port_of(mqtt), keepalive_s(mqtt));
        }
    }
    if (result != MOSQ_ERR_SUCCESS) {
        give_up_for_result(mqtt, result, errno);
    }
}

/* ---- the loop ---- */

static bool is_in_handshake(const struct mqtt_client *mqtt)
{
    const SSL *ssl = mqtt->settings.tls == MQTT_SETTINGS_TLS_OFF ? NULL : mosquitto_ssl_get(mqtt->lib);
    return ssl && !SSL_is_init_finished(ssl);
}

struct pollfd mqtt_client_poll(const struct mqtt_client *mqtt, bool may_read)
{
    struct pollfd watched = {.fd = -1};
    if (mqtt->state == WAITING || mqtt->state == CLOSED) {
        return watched;
    }
    if (is_in_handshake(mqtt)) {
        watched.events = mqtt->socket_is_ready ? POLLIN : POLLOUT;
    } else {
        bool reads = may_read || mqtt->state == CONNECTING;
        bool writes = mosquitto_want_write(mqtt->lib);
        watched.events = (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
    }
    /* A descriptor that is watched for nothing would still say that it was hung up, again and again. */
    watched.fd = watched.events ? mosquitto_socket(mqtt->lib) : -1;
    return watched;
}

int64_t mqtt_client_deadline_ns(const struct mqtt_client *mqtt, bool may_read)
{
    switch (mqtt->state) {
    case WAITING:
        return mqtt->retry_ns;
    case CONNECTING:
        return mqtt->attempt_end_ns;
    case CONNECTED:
        return may_read && mqtt->care_ns < mqtt->resubscribe_ns ? mqtt->care_ns : mqtt->resubscribe_ns;
    case CLOSING:
    case CLOSED:
        break;
    }
    return INT64_MAX;
}

/* The error of a connection that could not be made, which the library would not notice during a handshake. */
static int socket_error(const struct mqtt_client *mqtt)
{
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(mosquitto_socket(mqtt->lib), SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        error = errno;
    }
    return error;
}

/* Is the TCP connection made? If not, it has been given up. */
static bool is_made(struct mqtt_client *mqtt, short revents)
{
    int error = socket_error(mqtt);
    if (error) {
        give_up_for_errno(mqtt, cannot_connect, error);
    } else if (revents & POLLHUP) { /* the error is told once, and the beginning of a handshake has taken it */
        give_up_without_errno(mqtt);
    }
    return mqtt->state == CONNECTING;
}

/* A call into the library that may end the connection; it has mostly told on_disconnect already. */
static void take_result(struct mqtt_client *mqtt, int result)
{
    if (result == MOSQ_ERR_SUCCESS) {
        return;
    }
    if (mqtt->state == CLOSING) {
        mqtt->state = CLOSED;
    }
    give_up_for_result(mqtt, result, errno);
}

static void go_on_connecting(struct mqtt_client *mqtt, short revents)
{
    if (mqtt->now_ns >= mqtt->attempt_end_ns) {
        give_up(mqtt, cannot_connect, "no answer", "check --host and --port, and whether a firewall is between");
        return;
    }
    if (!revents) {
        return;
    }
    if (!mqtt->socket_is_ready && !is_made(mqtt, revents)) {
        return;
    }
    mqtt->socket_is_ready = true;
    if (!is_in_handshake(mqtt)) {
        return;
    }
    /* What was said before the connection was reset is still there to be read. */
    take_result(mqtt, mosquitto_loop_read(mqtt->lib, 1));
    if (is_in_handshake(mqtt) && (revents & (POLLERR | POLLHUP))) {
        give_up(mqtt, tls_failed, "it closed the connection during the TLS handshake", CHECK_PORT_AND_TLS);
    }
}

static void read_and_write(struct mqtt_client *mqtt, short revents, bool may_read)
{
    if ((revents & (POLLIN | POLLHUP | POLLERR)) && (may_read || mqtt->state == CONNECTING)) {
        take_result(mqtt, mosquitto_loop_read(mqtt->lib, 1));
    }
    bool is_open = mqtt->state != WAITING && mqtt->state != CLOSED;
    if (is_open && mosquitto_want_write(mqtt->lib)) {
        take_result(mqtt, mosquitto_loop_write(mqtt->lib, 1));
    }
}

/* After a long pause the answer to a ping may stand behind what was not read: some time is given to come to it, or nothing is left. */
static bool is_settled(struct mqtt_client *mqtt, short revents, bool may_read)
{
    if (!may_read) {
        mqtt->was_paused = true;
        return false;
    }
    if (mqtt->was_paused && mqtt->now_ns - mqtt->read_ns >= LONG_PAUSE_NS) {
        mqtt->settled_ns = mqtt->now_ns + mqtt->settings.keepalive_ns / 2;
    }
    mqtt->was_paused = false;
    mqtt->read_ns = mqtt->now_ns;
    return mqtt->now_ns >= mqtt->settled_ns || !(revents & POLLIN);
}

/* Pings, and notices when they are not answered. */
static void take_care(struct mqtt_client *mqtt, short revents, bool may_read)
{
    if (is_settled(mqtt, revents, may_read) && mqtt->now_ns >= mqtt->care_ns) {
        mqtt->care_ns = mqtt->now_ns + CARE_NS;
        take_result(mqtt, mosquitto_loop_misc(mqtt->lib));
    }
    if (mqtt->failures > 0 && mqtt->now_ns - mqtt->connected_ns >= LASTED_NS) {
        mqtt->failures = 0;
    }
    if (mqtt->state == CONNECTED && mqtt->now_ns >= mqtt->resubscribe_ns) {
        subscribe_refused(mqtt);
    }
}

void mqtt_client_turn(struct mqtt_client *mqtt, short revents, bool may_read, int64_t now_ns)
{
    mqtt->now_ns = now_ns;
    switch (mqtt->state) {
    case WAITING:
        if (now_ns >= mqtt->retry_ns) {
            attempt(mqtt);
        }
        return;
    case CONNECTING:
        go_on_connecting(mqtt, revents);
        if (mqtt->state == CONNECTING && !is_in_handshake(mqtt)) {
            read_and_write(mqtt, revents, may_read);
        }
        return;
    case CONNECTED:
        read_and_write(mqtt, revents, may_read);
        if (mqtt->state == CONNECTED) {
            take_care(mqtt, revents, may_read);
        }
        return;
    case CLOSING:
        read_and_write(mqtt, revents, may_read);
        return;
    case CLOSED:
        return;
    }
}

bool mqtt_client_is_connected(const struct mqtt_client *mqtt)
{
    return mqtt->state == CONNECTED;
}

size_t mqtt_client_failures(const struct mqtt_client *mqtt)
{
    return mqtt->failures;
}

bool mqtt_client_has_unsent(const struct mqtt_client *mqtt)
{
    return mosquitto_want_write(mqtt->lib);
}

void mqtt_client_disconnect(struct mqtt_client *mqtt)
{
    bool connected = mqtt->state == CONNECTED;
    mqtt->state = connected ? CLOSING : CLOSED;
    if (connected && mosquitto_disconnect_v5(mqtt->lib, MQTT_RC_NORMAL_DISCONNECTION, NULL) != MOSQ_ERR_SUCCESS) {
        mqtt->state = CLOSED;
    }
}

bool mqtt_client_is_closed(const struct mqtt_client *mqtt)
{
    return mqtt->state == CLOSED;
}

/* ---- publishing ---- */

static bool copy_topic(struct mqtt_client *mqtt, struct span topic, struct err *err)
{
    if (topic.len == 0 || topic.len >= TOPIC_BYTES || memchr(topic.ptr, '\0', topic.len)) {
        err_set(err, 0, "the topic is empty, too long or holds a NUL");
        return false;
    }
    memcpy(mqtt->topic, topic.ptr, topic.len);
    mqtt->topic[topic.len] = '\0';
    return true;
}

/* Did the library take the message, though it could not send it at once? */
static bool is_taken(int result, int qos)
{
    bool socket_failed = result == MOSQ_ERR_NO_CONN || result == MOSQ_ERR_CONN_LOST || result == MOSQ_ERR_ERRNO;
    return result == MOSQ_ERR_SUCCESS || (qos > 0 && socket_failed);
}

bool mqtt_client_publish(struct mqtt_client *mqtt, struct span topic, struct span payload, int qos, bool retain,
                         const struct properties *properties, int *mid, struct err *err)
{
    mosquitto_property *list = NULL;
    if (mqtt->state != CONNECTED) {
        err_set(err, 0, "not connected");
        return false;
    }
    if (!copy_topic(mqtt, topic, err)) {
        return false;
    }
    int result = write_properties(properties, &list);
    if (result == MOSQ_ERR_SUCCESS) {
        int len = payload.len > MQTT_MAX_PAYLOAD ? -1 : (int)payload.len;
        result = mosquitto_publish_v5(mqtt->lib, mid, mqtt->topic, len, payload.ptr, qos, retain, list);
    }
    mosquitto_property_free_all(&list);
    if (!is_taken(result, qos)) {
        err_set(err, 0, "%s",
                result == MOSQ_ERR_INVAL ? "the topic may not be published to" : mosquitto_strerror(result));
        return false;
    }
    return true;
}

/* ---- setting up ---- */

/* OpenSSL would ask on the terminal. */
static int no_passphrase(char *out, int size, int rwflag, void *ctx)
{
    (void)out;
    (void)size;
    (void)rwflag;
    (void)ctx;
    return 0;
}

static bool can_read(const char *flag, const char *file, struct err *err)
{
    if (file && access(file, R_OK) != 0) {
        err_set(err, 0, "--%s: %.160s: %s", flag, file, strerror(errno));
        return false;
    }
    return true;
}

static bool files_are_there(const struct mqtt_settings *settings, struct err *err)
{
    char secret[MQTT_SECRET_BYTES];
    return can_read("tls-ca", settings->ca_file, err) && can_read("tls-cert", settings->cert_file, err) &&
           can_read("tls-key", settings->key_file, err) &&
           (!settings->password_file || mqtt_secret_read(settings->password_file, secret, err));
}

static int set_tls(struct mqtt_client *mqtt)
{
    const struct mqtt_settings *settings = &mqtt->settings;
    /* The library takes our certificate only together with a CA file or folder, although the system's may lie elsewhere. */
    const char *ca_folder = settings->ca_file ? NULL : "/etc/ssl/certs";
    bool verifies = settings->tls != MQTT_SETTINGS_TLS_INSECURE;
    int result = mosquitto_tls_set(mqtt->lib, settings->ca_file, ca_folder, settings->cert_file, settings->key_file,
                                   no_passphrase);
    if (result == MOSQ_ERR_SUCCESS && !settings->ca_file) {
        result = mosquitto_int_option(mqtt->lib, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    }
    if (result == MOSQ_ERR_SUCCESS) {
        result = mosquitto_tls_opts_set(mqtt->lib, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL, NULL);
    }
    if (result == MOSQ_ERR_SUCCESS) {
        result = mosquitto_tls_insecure_set(mqtt->lib, settings->tls != MQTT_SETTINGS_TLS_VERIFY);
    }
    return result;
}

static int set_up(struct mqtt_client *mqtt)
{
    const struct mqtt_settings *settings = &mqtt->settings;
    const struct {
        enum mosq_opt_t option;
        size_t value; /* 0 = as it is */
    } options[] = {
        {MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5},
        {MOSQ_OPT_RECEIVE_MAXIMUM, settings->receive_maximum},
        {MOSQ_OPT_SEND_MAXIMUM, settings->send_maximum},
        {MOSQ_OPT_TCP_NODELAY, 1},
    };
    int result = MOSQ_ERR_SUCCESS;
    for (size_t i = 0; i < sizeof options / sizeof options[0] && result == MOSQ_ERR_SUCCESS; i++) {
        if (options[i].value > 0) {
            result = mosquitto_int_option(mqtt->lib, options[i].option, (int)options[i].value);
        }
    }
    if (result == MOSQ_ERR_SUCCESS && settings->tls != MQTT_SETTINGS_TLS_OFF) {
        result = set_tls(mqtt);
    }
    mosquitto_connect_v5_callback_set(mqtt->lib, on_connect);
    mosquitto_disconnect_v5_callback_set(mqtt->lib, on_disconnect);
    mosquitto_subscribe_v5_callback_set(mqtt->lib, on_subscribe);
    mosquitto_message_v5_callback_set(mqtt->lib, on_message);
    mosquitto_publish_v5_callback_set(mqtt->lib, on_publish);
    return result;
}

struct mqtt_client *mqtt_client_new(const struct mqtt_settings *settings, const struct mqtt_client_callbacks *callbacks,
                                    struct err *err)
{
    if (!files_are_there(settings, err)) {
        return NULL;
    }
    struct mqtt_client *mqtt = calloc(1, sizeof *mqtt);
    if (!mqtt) {
        err_set(err, 0, "no memory for the MQTT client");
        return NULL;
    }
    mqtt->settings = *settings;
    mqtt->callbacks = *callbacks;
    mqtt->resubscribe_ns = INT64_MAX;
    mosquitto_lib_init();
    mqtt->lib = mosquitto_new(settings->client_id, settings->clean_start, mqtt);
    int result = mqtt->lib ? set_up(mqtt) : MOSQ_ERR_NOMEM;
    if (result != MOSQ_ERR_SUCCESS) {
        err_set(err, 0, "cannot set up the MQTT client: %s", mosquitto_strerror(result));
        mqtt_client_free(mqtt);
        return NULL;
    }
    return mqtt;
}

void mqtt_client_free(struct mqtt_client *mqtt)
{
    if (mqtt) {
        mosquitto_destroy(mqtt->lib);
        mosquitto_lib_cleanup();
        free(mqtt);
    }
}

bool mqtt_client_subscribe(struct mqtt_client *mqtt, const char *filter, int qos)
{
    if (mqtt->subscription_count == MQTT_CLIENT_MAX_SUBSCRIPTIONS) {
        return false;
    }
    mqtt->subscriptions[mqtt->subscription_count++] = (struct subscription){.filter = filter, .qos = qos};
    return true;
}
