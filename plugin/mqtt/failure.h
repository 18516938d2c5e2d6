/* mqtt/failure.h - why an attempt to connect or a connection failed, in words a person can act on.
 *
 * libmosquitto says "it failed" in five ways: its own result codes, errno, OpenSSL's error text in
 * its log, OpenSSL's verdict on the broker's certificate (mqtt/certificate.h), and an MQTT 5 reason code from the
 * broker. The client gathers what it knows of the attempt in struct mqtt_failure_facts; the
 * functions here make a text of it. Nothing here touches a socket or the library's state.
 * mqtt/reason.h has the tables.
 */
#ifndef VENDING_MQTT_FAILURE_H
#define VENDING_MQTT_FAILURE_H

#include <stdbool.h>

#define MQTT_FAILURE_WHY_BYTES 256
#define MQTT_FAILURE_TLS_TEXT_BYTES 160
#define MQTT_FAILURE_CERT_TEXT_BYTES 128

/* What is known about an attempt, or about the connection that came of it. */
struct mqtt_failure_facts {
    bool is_connected;     /* the broker had accepted us */
    bool has_lasted;       /* ... for so long that it was no quick end */
    bool socket_is_ready;  /* TCP is connected */
    bool uses_tls;         /* as set */
    bool has_cert;         /* a client certificate is set */
    const char *cert_host; /* that the broker's certificate must be for, as set; NULL = any */
    long cert_verdict;     /* X509_V_... on the broker's certificate; X509_V_OK also if none was seen */
    char cert_text[MQTT_FAILURE_CERT_TEXT_BYTES]; /* its names, or the date that matters; "" = none */
    char tls_text[MQTT_FAILURE_TLS_TEXT_BYTES];   /* OpenSSL's first error; "" = none */
};

/* One log line is "HOST:PORT: what: why: advice". what and advice are constants. */
struct mqtt_failure {
    const char *what;                 /* "cannot connect" */
    char why[MQTT_FAILURE_WHY_BYTES]; /* "Connection refused" */
    const char *advice;               /* "check --host and --port, ..."; "" = there is none */
};

/* At the begin of an attempt: forgets what the one before found out. */
void mqtt_failure_reset(struct mqtt_failure_facts *facts);

/* Takes an error line of libmosquitto's log: OpenSSL's text stands only there. */
void mqtt_failure_take_log(struct mqtt_failure_facts *facts, const char *line);

/* A call of the library returned that MOSQ_ERR_... other than success; error is errno as it
 * stood then (for MOSQ_ERR_EAI a code of getaddrinfo(3)). */
struct mqtt_failure mqtt_failure_of_result(const struct mqtt_failure_facts *facts, int result, int error);

/* The socket has that errno. */
struct mqtt_failure mqtt_failure_of_errno(const struct mqtt_failure_facts *facts, int error);

/* TCP was not connected, and nothing is left of the error but its end. */
struct mqtt_failure mqtt_failure_without_errno(void);

/* The connection ended between TCP and the end of the TLS handshake. */
struct mqtt_failure mqtt_failure_in_handshake(void);

/* The broker did not answer in time. */
struct mqtt_failure mqtt_failure_no_answer(void);

/* The password could not be read; why is the reason. */
struct mqtt_failure mqtt_failure_no_password(const char *why);

/* The broker says so, with an MQTT 5 reason code (2.4): in its CONNACK, or in a DISCONNECT. */
struct mqtt_failure mqtt_failure_refused(int code);
struct mqtt_failure mqtt_failure_ended(int code);

#endif
