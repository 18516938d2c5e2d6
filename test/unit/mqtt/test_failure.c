/* Wanted texts follow from what errno, OpenSSL and MQTT 5 mean, and from what a person can do
 * about it. */
#include <errno.h>
#include <mosquitto.h>
#include <netdb.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>

#include "mqtt/failure.h"
#include "support.h"

static void expect(const char *name, struct mqtt_failure failure, const char *what, const char *why, const char *advice)
{
    ck_assert_msg(strcmp(failure.what, what) == 0, "%s: what is \"%s\"", name, failure.what);
    ck_assert_msg(strstr(failure.why, why) != NULL, "%s: why is \"%s\"", name, failure.why);
    ck_assert_msg(advice[0] ? strstr(failure.advice, advice) != NULL : !failure.advice[0], "%s: advice is \"%s\"", name,
                  failure.advice);
}

/* Where an attempt has come to. */
static const struct mqtt_failure_facts started = {.uses_tls = false};
static const struct mqtt_failure_facts tcp = {.socket_is_ready = true};
static const struct mqtt_failure_facts tls = {.uses_tls = true, .socket_is_ready = true};
static const struct mqtt_failure_facts with_cert = {.uses_tls = true, .socket_is_ready = true, .has_cert = true};
static const struct mqtt_failure_facts tls_started = {.uses_tls = true};
static const struct mqtt_failure_facts young = {.is_connected = true, .socket_is_ready = true};
static const struct mqtt_failure_facts old = {.is_connected = true, .socket_is_ready = true, .has_lasted = true};
static const struct mqtt_failure_facts tls_connected = {
    .is_connected = true, .socket_is_ready = true, .uses_tls = true, .has_lasted = true};

static const struct {
    const char *name;
    const struct mqtt_failure_facts *facts;
    int result;
    int error;
    const char *what, *why, *advice;
} results[] = {
    {"nobody listens", &started, MOSQ_ERR_ERRNO, ECONNREFUSED, "cannot connect", "Connection refused", "--host"},
    {"no such name", &started, MOSQ_ERR_EAI, EAI_NONAME, "cannot connect", "not known", "--host"},
    {"no route", &started, MOSQ_ERR_ERRNO, EHOSTUNREACH, "cannot connect", "No route to host", "--host"},
    {"no network", &started, MOSQ_ERR_ERRNO, ENETUNREACH, "cannot connect", "Network is unreachable", "--host"},
    {"reset before CONNACK", &tcp, MOSQ_ERR_ERRNO, ECONNRESET, "cannot connect", "reset by peer", "--port and --tls"},
    {"closed before CONNACK", &tcp, MOSQ_ERR_CONN_LOST, 0, "cannot connect", "closed it", "--port and --tls"},
    {"an older MQTT", &tcp, MOSQ_ERR_PROTOCOL, 0, "cannot connect", "not MQTT 5", "--port"},
    {"nonsense", &tcp, MOSQ_ERR_MALFORMED_PACKET, 0, "cannot connect", "not MQTT 5", "--port"},
    {"no memory", &tcp, MOSQ_ERR_NOMEM, 0, "cannot connect", "memory", ""},
    {"TLS 1.3: our certificate is wanted", &tls, MOSQ_ERR_CONN_LOST, 0, "TLS failed", "after the handshake",
     "may want a client certificate"},
    {"TLS 1.3: our certificate is refused", &with_cert, MOSQ_ERR_ERRNO, ECONNRESET, "TLS failed", "after the handshake",
     "may not accept our --tls-cert"},
    {"refused, reported as a fault of TLS", &tls_started, MOSQ_ERR_TLS, 0, "cannot connect", "refused", "--host"},
    {"closed at once after connecting", &young, MOSQ_ERR_CONN_LOST, 0, "the connection is lost", "closed it",
     "another program may use the same --client-id"},
    {"closed later", &old, MOSQ_ERR_CONN_LOST, 0, "the connection is lost", "closed it", ""},
    {"closed within a packet", &old, MOSQ_ERR_ERRNO, 0, "the connection is lost", "closed it", ""},
    {"reset later", &old, MOSQ_ERR_ERRNO, ECONNRESET, "the connection is lost", "reset by peer", ""},
    {"a cable pulled", &old, MOSQ_ERR_KEEPALIVE, 0, "the connection is lost", "--keepalive", ""},
    {"lost below TLS", &tls_connected, MOSQ_ERR_CONN_LOST, 0, "the connection is lost", "closed it", ""},
};

START_TEST(of_result)
{
    struct mqtt_failure failure = mqtt_failure_of_result(results[_i].facts, results[_i].result, results[_i].error);
    expect(results[_i].name, failure, results[_i].what, results[_i].why, results[_i].advice);
}
END_TEST

/* What the library logs of TLS, and what it then returns. */
static const struct {
    const char *name;
    const char *line;
    long verdict;
    int result;
    int error;
    const char *why, *advice;
} handshakes[] = {
    {"another CA", "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed",
     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, MOSQ_ERR_TLS, 0, "certificate is not accepted: unable to get local",
     "--tls-ca"},
    {"expired", "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed", X509_V_ERR_CERT_HAS_EXPIRED,
     MOSQ_ERR_ERRNO, EPROTO, "certificate is not accepted: certificate has expired", "renew"},
    {"another host", "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed",
     X509_V_ERR_HOSTNAME_MISMATCH, MOSQ_ERR_TLS, 0, "certificate is not accepted: hostname mismatch", "--host"},
    {"no TLS there", "OpenSSL Error[0]: error:0A00010B:SSL routines::wrong version number", X509_V_OK,
     MOSQ_ERR_TLS_HANDSHAKE, 0, "does not speak TLS", "--port"},
    {"no verdict", "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed", X509_V_OK, MOSQ_ERR_TLS,
     0, "certificate is not accepted: no reason given", ""},
    {"a verdict and no words", "Error: something new", X509_V_ERR_CERT_NOT_YET_VALID, MOSQ_ERR_TLS, 0,
     "certificate is not accepted: certificate is not yet valid", "clock"},
    {"a client's", "OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed",
     X509_V_ERR_INVALID_PURPOSE, MOSQ_ERR_TLS, 0, "certificate is not accepted: ", "serverAuth"},
    {"no words", "Error: something new", X509_V_OK, MOSQ_ERR_TLS, 0, "Error: something new", ""},
};

START_TEST(of_handshake)
{
    struct mqtt_failure_facts facts = {.uses_tls = true, .tls_text = "left over"};
    mqtt_failure_reset(&facts);
    mqtt_failure_take_log(&facts, handshakes[_i].line);
    mqtt_failure_take_log(&facts, "OpenSSL Error[1]: error:00000000:a second one::does not count");
    facts.cert_verdict = handshakes[_i].verdict;
    facts.socket_is_ready = true;
    int result = handshakes[_i].result;
    expect(handshakes[_i].name, mqtt_failure_of_result(&facts, result, handshakes[_i].error), "TLS failed",
           handshakes[_i].why, handshakes[_i].advice);
}
END_TEST

START_TEST(what_stands_in_the_certificate)
{
    struct mqtt_failure_facts facts = {.uses_tls = true,
                                       .socket_is_ready = true,
                                       .cert_verdict = X509_V_ERR_HOSTNAME_MISMATCH,
                                       .cert_text = "a.example, 10.0.0.1"};
    expect("names", mqtt_failure_of_result(&facts, MOSQ_ERR_TLS, 0), "TLS failed",
           "is not accepted: hostname mismatch (a.example, 10.0.0.1)", "--host must be a name");
    mqtt_failure_reset(&facts);
    ck_assert_str_eq(facts.cert_text, "");
}
END_TEST

/* The alert that comes after the handshake counts, though the call returns only that the end
 * came. */
START_TEST(an_alert_after_the_handshake)
{
    struct mqtt_failure_facts facts = with_cert;
    mqtt_failure_take_log(&facts, "OpenSSL Error[0]: error:0A000418:SSL routines::tlsv1 alert unknown ca");
    expect("alert", mqtt_failure_of_result(&facts, MOSQ_ERR_CONN_LOST, 0), "TLS failed",
           "does not trust our --tls-cert", "signed by a CA");
}
END_TEST

START_TEST(reset_keeps_what_is_set)
{
    struct mqtt_failure_facts facts = {.uses_tls = true, .has_cert = true, .is_connected = true, .has_lasted = true};
    mqtt_failure_take_log(&facts, "Error: something new");
    facts.cert_verdict = X509_V_ERR_CERT_REVOKED;
    mqtt_failure_reset(&facts);
    ck_assert(facts.uses_tls && facts.has_cert);
    ck_assert(!facts.is_connected && !facts.has_lasted);
    ck_assert_int_eq(facts.cert_verdict, X509_V_OK);
    ck_assert_str_eq(facts.tls_text, "");
}
END_TEST

START_TEST(the_others)
{
    char long_text[2 * MQTT_FAILURE_WHY_BYTES];
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    expect("errno", mqtt_failure_of_errno(&started, ETIMEDOUT), "cannot connect", "timed out", "--port");
    expect("no errno", mqtt_failure_without_errno(), "cannot connect", "refused", "--host");
    expect("handshake", mqtt_failure_in_handshake(), "TLS failed", "during the TLS handshake", "--tls");
    expect("no answer", mqtt_failure_no_answer(), "cannot connect", "no answer", "firewall");
    expect("password", mqtt_failure_no_password("no such file"), "no password", "no such file", "");
    expect("CONNACK", mqtt_failure_refused(135), "the broker refuses the connection", "not authorized (135)",
           "--username");
    expect("DISCONNECT", mqtt_failure_ended(142), "the broker ends the connection", "session taken over (142)",
           "--client-id");
    ck_assert_uint_eq(strlen(mqtt_failure_no_password(long_text).why), MQTT_FAILURE_WHY_BYTES - 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mqtt_failure");
    TCase *tcase = tcase_create("mqtt_failure");
    tcase_add_loop_test(tcase, of_result, 0, (int)COUNT(results));
    tcase_add_loop_test(tcase, of_handshake, 0, (int)COUNT(handshakes));
    tcase_add_test(tcase, what_stands_in_the_certificate);
    tcase_add_test(tcase, an_alert_after_the_handshake);
    tcase_add_test(tcase, reset_keeps_what_is_set);
    tcase_add_test(tcase, the_others);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
