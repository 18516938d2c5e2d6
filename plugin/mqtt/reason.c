#include "mqtt/reason.h"

#include <stddef.h>
#include <string.h>

#include <openssl/x509_vfy.h>

#include "base/macros.h"

#define ASK_THE_BROKER "the broker's log says more"

static const struct {
    int code;
    struct mqtt_reason reason;
} reasons[] = {
    {16, {"no matching subscribers", ""}},
    {128, {"unspecified error", ASK_THE_BROKER}},
    {129, {"malformed packet", "a fault of ours or the broker's: please report it"}},
    {130, {"protocol error", "a fault of ours or the broker's: please report it"}},
    {131, {"implementation specific error", ASK_THE_BROKER}},
    {132, {"unsupported protocol version", "the broker must speak MQTT 5"}},
    {133, {"client identifier not valid", "the broker does not take this --client-id: choose another"}},
    {134, {"bad user name or password", "check --username, and the password in --password-file or MQTT_PASSWORD"}},
    {135,
     {"not authorized",
      "check --username and the password, and that the broker's access list allows this user the topics"}},
    {136, {"server unavailable", ""}},
    {137, {"server busy", ""}},
    {138, {"banned", "ask whoever runs the broker why this client, user or address is banned"}},
    {139, {"the server is shutting down", ""}},
    {140, {"bad authentication method", "the broker wants a login other than user name and password"}},
    {141, {"keep alive time-out", "the broker heard nothing for one and a half times --keepalive"}},
    {142, {"session taken over", "another program uses the same --client-id: each needs its own"}},
    {143, {"topic filter not valid", "check --topic-prefix and --share"}},
    {144, {"topic name not valid", "the broker does not take messages on this topic"}},
    {147, {"receive maximum exceeded", ASK_THE_BROKER}},
    {149, {"packet too large", "raise the broker's limit (Mosquitto: message_size_limit, max_packet_size)"}},
    {150, {"message rate too high", "publish more slowly, or raise the broker's limit"}},
    {151, {"quota exceeded", "raise the broker's limits for this client"}},
    {152, {"administrative action", "somebody ended the connection at the broker"}},
    {153, {"payload format not valid", "the message says that it is UTF-8 and is not"}},
    {154, {"retained messages not supported", "the broker must have them switched on: status messages are retained"}},
    {155, {"QoS not supported", "the broker must allow QoS 1"}},
    {156, {"use another server", "ask whoever runs the broker for its address, and set --host"}},
    {157, {"server moved", "ask whoever runs the broker for its address, and set --host"}},
    {158, {"shared subscriptions not supported", "leave --share out, or switch them on at the broker"}},
    {159, {"connection rate exceeded", ""}},
    {160, {"maximum connect time", ""}},
    {161, {"subscription identifiers not supported", ""}},
    {162, {"wildcard subscriptions not supported", "switch them on at the broker: topics are v1/vm/+/..."}},
};

#define CLIENT_CERTIFICATE "it must be signed by a CA that the broker trusts, and still be valid"

/* The first whose text is found counts. */
static const struct {
    const char *found;
    struct mqtt_reason reason;
} tls_reasons[] = {
    {"wrong version number", {"it does not speak TLS there", "check --port, or leave --tls out"}},
    {"packet length too long", {"it does not speak TLS there", "check --port, or leave --tls out"}},
    {"unexpected eof",
     {"it closed the connection during the TLS handshake", "check --port and --tls; the broker may want --tls-cert"}},
    {"certificate required", {"it wants a client certificate", "set --tls-cert and --tls-key"}},
    {"alert unknown ca", {"it does not trust our --tls-cert", CLIENT_CERTIFICATE}},
    {"alert certificate expired", {"our --tls-cert has expired", "renew it"}},
    {"alert bad certificate", {"it does not accept our --tls-cert", CLIENT_CERTIFICATE}},
    {"alert certificate unknown", {"it does not accept our --tls-cert", CLIENT_CERTIFICATE}},
    {"alert unsupported certificate", {"it does not accept our --tls-cert", CLIENT_CERTIFICATE}},
    {"alert certificate revoked", {"our --tls-cert is revoked", "renew it"}},
    {"handshake failure",
     {"no TLS handshake", "broker and client have no cipher in common, or the broker wants --tls-cert"}},
    {"unsupported protocol", {"no TLS version in common", "the broker must offer TLS 1.2 or 1.3"}},
    {"protocol version", {"no TLS version in common", "the broker must offer TLS 1.2 or 1.3"}},
};

#define NAMES "--host must be a name in the certificate; --tls verify-ca goes without this check"

static const struct {
    long code;
    const char *advice;
} certificate_reasons[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, "renew the certificate, or set this machine's clock"},
    {X509_V_ERR_CERT_NOT_YET_VALID, "set this machine's clock"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "--tls-ca must hold the CA that signed it"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "--tls-ca must hold the CA that signed it"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "--tls-ca must hold the CA that signed it"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
     "--tls-ca must hold this very certificate, or the CA that signs a new one"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "--tls-ca must hold the CA that signed it"},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, "--tls-ca holds another CA of the same name"},
    {X509_V_ERR_CERT_REVOKED, "renew the certificate"},
    {X509_V_ERR_HOSTNAME_MISMATCH, NAMES},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, NAMES},
    {X509_V_ERR_INVALID_PURPOSE, "it must be a server's certificate: extended key usage serverAuth"},
    {X509_V_ERR_INVALID_CA, "the CA that signed it may not: its own certificate needs CA:TRUE"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, "the broker needs a certificate with a longer key: RSA 2048, or elliptic"},
    {X509_V_ERR_CA_KEY_TOO_SMALL, "the CA needs a longer key: RSA 2048, or elliptic"},
    {X509_V_ERR_CA_MD_TOO_WEAK, "the CA must sign with SHA-256 or better"},
};

struct mqtt_reason mqtt_reason_of_code(int code)
{
    for (size_t i = 0; i < COUNT(reasons); i++) {
        if (reasons[i].code == code) {
            return reasons[i].reason;
        }
    }
    return (struct mqtt_reason){"reason code not known", ""};
}

struct mqtt_reason mqtt_reason_of_tls(const char *openssl_text)
{
    for (size_t i = 0; i < COUNT(tls_reasons); i++) {
        if (strstr(openssl_text, tls_reasons[i].found)) {
            return tls_reasons[i].reason;
        }
    }
    return (struct mqtt_reason){openssl_text, ""};
}

struct mqtt_reason mqtt_reason_of_certificate(long code, const char *openssl_words)
{
    for (size_t i = 0; i < COUNT(certificate_reasons); i++) {
        if (certificate_reasons[i].code == code) {
            return (struct mqtt_reason){openssl_words, certificate_reasons[i].advice};
        }
    }
    return (struct mqtt_reason){openssl_words, ""};
}
