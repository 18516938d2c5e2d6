#include "mqtt/failure.h"

#include <errno.h>
#include <mosquitto.h>
#include <netdb.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

#include "mqtt/reason.h"

static const char cannot_connect[] = "cannot connect";
static const char connection_lost[] = "the connection is lost";
static const char tls_failed[] = "TLS failed";

#define CHECK_PORT_AND_TLS "check --port and --tls; the broker's log says more"
#define CHECK_HOST_AND_PORT "check --host and --port, and that the broker runs"

static struct mqtt_failure make(const char *what, const char *why, const char *advice)
{
    struct mqtt_failure failure = {.what = what, .advice = advice};
    snprintf(failure.why, sizeof failure.why, "%s", why);
    return failure;
}

/* ---- the facts of an attempt ---- */

void mqtt_failure_reset(struct mqtt_failure_facts *facts)
{
    facts->is_connected = false;
    facts->has_lasted = false;
    facts->socket_is_ready = false;
    facts->cert_verdict = X509_V_OK;
    facts->cert_text[0] = '\0';
    facts->tls_text[0] = '\0';
}

/* The reason is the last part of
 * "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed". */
void mqtt_failure_take_log(struct mqtt_failure_facts *facts, const char *line)
{
    if (!facts->tls_text[0]) {
        const char *colon = strstr(line, "OpenSSL Error") ? strrchr(line, ':') : NULL;
        snprintf(facts->tls_text, sizeof facts->tls_text, "%s", colon ? colon + 1 : line);
    }
}

/* ---- TLS ---- */

static struct mqtt_failure of_certificate(const struct mqtt_failure_facts *facts)
{
    long verdict = facts->cert_verdict;
    const char *words = verdict == X509_V_OK ? "no reason given" : X509_verify_cert_error_string(verdict);
    struct mqtt_reason reason = mqtt_reason_of_certificate(verdict, words);
    struct mqtt_failure failure = {.what = tls_failed, .advice = reason.advice};
    bool has_text = facts->cert_text[0];
    snprintf(failure.why, sizeof failure.why, "the broker's certificate is not accepted: %s%s%s%s", reason.words,
             has_text ? " (" : "", facts->cert_text, has_text ? ")" : "");
    return failure;
}

static struct mqtt_failure of_tls(const struct mqtt_failure_facts *facts)
{
    if (facts->cert_verdict != X509_V_OK || strstr(facts->tls_text, "certificate verify failed")) {
        return of_certificate(facts);
    }
    struct mqtt_reason reason = mqtt_reason_of_tls(facts->tls_text[0] ? facts->tls_text : "no reason given");
    return make(tls_failed, reason.words, reason.advice);
}

/* TCP was connected, the handshake went well, and then the connection ended: with TLS 1.3 a broker
 * looks at our certificate only then, and what it says of it may be overtaken by the end. */
static bool ended_after_handshake(const struct mqtt_failure_facts *facts, int result)
{
    bool ended = result == MOSQ_ERR_CONN_LOST || result == MOSQ_ERR_ERRNO;
    return !facts->is_connected && facts->socket_is_ready && facts->uses_tls && ended;
}

static struct mqtt_failure after_handshake(const struct mqtt_failure_facts *facts)
{
    if (facts->tls_text[0]) {
        return of_tls(facts);
    }
    return make(tls_failed, "it closed the connection after the handshake",
                facts->has_cert ? "it may not accept our --tls-cert; its log says more"
                                : "it may want a client certificate, --tls-cert and --tls-key; its log says more");
}

struct mqtt_failure mqtt_failure_in_handshake(void)
{
    return make(tls_failed, "it closed the connection during the TLS handshake", CHECK_PORT_AND_TLS);
}

/* Newer versions of the library begin the handshake at once and call a refused connection a TLS
 * error. */
static bool failed_before_tls(const struct mqtt_failure_facts *facts)
{
    return !facts->socket_is_ready && !facts->tls_text[0] && facts->cert_verdict == X509_V_OK;
}

/* ---- the socket ---- */

static const char *what_failed(const struct mqtt_failure_facts *facts)
{
    return facts->is_connected ? connection_lost : cannot_connect;
}

struct mqtt_failure mqtt_failure_of_errno(const struct mqtt_failure_facts *facts, int error)
{
    bool unreachable = error == ECONNREFUSED || error == ENETUNREACH || error == EHOSTUNREACH;
    const char *advice = unreachable ? CHECK_HOST_AND_PORT : CHECK_PORT_AND_TLS;
    return make(what_failed(facts), strerror(error), facts->is_connected ? "" : advice);
}

struct mqtt_failure mqtt_failure_without_errno(void)
{
    return make(cannot_connect, "refused, or closed at once",
                "check --host, --port and --tls, and that the broker runs");
}

struct mqtt_failure mqtt_failure_no_answer(void)
{
    return make(cannot_connect, "no answer", "check --host and --port, and whether a firewall is between");
}

/* Two clients of one name take turns: each throws out the other when it comes back. Not every
 * broker says so. */
static struct mqtt_failure of_close(const struct mqtt_failure_facts *facts)
{
    const char *advice = CHECK_PORT_AND_TLS;
    if (facts->is_connected) {
        advice = facts->has_lasted ? "" : "if it goes on like that, another program may use the same --client-id";
    }
    return make(what_failed(facts), "the broker closed it", advice);
}

/* ---- the library's results ---- */

struct mqtt_failure mqtt_failure_of_result(const struct mqtt_failure_facts *facts, int result, int error)
{
    if (ended_after_handshake(facts, result)) {
        return after_handshake(facts);
    }
    switch (result) {
    case MOSQ_ERR_EAI:
        return make(cannot_connect, gai_strerror(error), "check --host");
    case MOSQ_ERR_ERRNO:
        if (error == 0) { /* the end within a packet */
            return of_close(facts);
        }
        return error == EPROTO && facts->uses_tls ? of_tls(facts) : mqtt_failure_of_errno(facts, error);
    case MOSQ_ERR_TLS:
    case MOSQ_ERR_TLS_HANDSHAKE:
        return failed_before_tls(facts) ? mqtt_failure_without_errno() : of_tls(facts);
    case MOSQ_ERR_CONN_LOST:
        return of_close(facts);
    case MOSQ_ERR_KEEPALIVE:
        return make(what_failed(facts), "no answer within --keepalive", "");
    case MOSQ_ERR_PROTOCOL:
    case MOSQ_ERR_MALFORMED_PACKET:
    case MOSQ_ERR_NOT_SUPPORTED:
        return make(what_failed(facts), "what comes is not MQTT 5", "check --port and --tls");
    default:
        return make(what_failed(facts), mosquitto_strerror(result), "");
    }
}

/* ---- the broker's word, and ours ---- */

static struct mqtt_failure of_code(const char *what, int code)
{
    struct mqtt_reason reason = mqtt_reason_of_code(code);
    struct mqtt_failure failure = {.what = what, .advice = reason.advice};
    snprintf(failure.why, sizeof failure.why, "%s (%d)", reason.words, code);
    return failure;
}

struct mqtt_failure mqtt_failure_refused(int code)
{
    return of_code("the broker refuses the connection", code);
}

struct mqtt_failure mqtt_failure_ended(int code)
{
    return of_code("the broker ends the connection", code);
}

struct mqtt_failure mqtt_failure_no_password(const char *why)
{
    return make("no password", why, "");
}
