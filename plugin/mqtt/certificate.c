#include "mqtt/certificate.h"

#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- what stands in the certificate ---- */

struct text {
    char *out; /* of MQTT_FAILURE_CERT_TEXT_BYTES */
    size_t len;
};

/* What does not fit is left out: as long as it is bounded, part of it says enough. */
static void add(struct text *text, const char *separator, const char *more, size_t len)
{
    size_t room = MQTT_FAILURE_CERT_TEXT_BYTES - text->len;
    int wanted = snprintf(text->out + text->len, room, "%s%.*s", text->len > 0 ? separator : "", (int)len, more);
    text->len += wanted > 0 && (size_t)wanted < room ? (size_t)wanted : 0;
    text->out[text->len] = '\0';
}

static void add_address(struct text *text, const ASN1_OCTET_STRING *address)
{
    char words[INET6_ADDRSTRLEN];
    int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
    bool is_address = family == AF_INET || ASN1_STRING_length(address) == 16;
    if (is_address && inet_ntop(family, ASN1_STRING_get0_data(address), words, sizeof words)) {
        add(text, ", ", words, strlen(words));
    }
}

/* Its host names and addresses. */
static void write_names(X509 *certificate, char *out)
{
    struct text text = {.out = out};
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DNS) {
            const char *dns = (const char *)ASN1_STRING_get0_data(name->d.dNSName);
            add(&text, ", ", dns, (size_t)ASN1_STRING_length(name->d.dNSName));
        } else if (name->type == GEN_IPADD) {
            add_address(&text, name->d.iPAddress);
        }
    }
    GENERAL_NAMES_free(names);
    if (text.len == 0) { /* the common name stands in for them */
        char name[MQTT_FAILURE_CERT_TEXT_BYTES];
        int len = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
        add(&text, "", name, len > 0 ? (size_t)len : 0);
    }
}

static void write_time(const ASN1_TIME *time, char *out)
{
    struct text text = {.out = out};
    struct tm tm;
    char words[32];
    if (ASN1_TIME_to_tm(time, &tm) == 1) {
        size_t len = strftime(words, sizeof words, "%Y-%m-%dT%H:%M:%SZ", &tm);
        add(&text, "", words, len);
    }
}

static void describe(X509_STORE_CTX *store, struct mqtt_failure_facts *facts)
{
    X509 *certificate = X509_STORE_CTX_get_current_cert(store);
    if (!certificate) {
        return;
    }
    switch (facts->cert_verdict) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        write_names(certificate, facts->cert_text);
        break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
        write_time(X509_get0_notAfter(certificate), facts->cert_text);
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        write_time(X509_get0_notBefore(certificate), facts->cert_text);
        break;
    default:
        break;
    }
}

/* ---- the verdict ---- */

static bool is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

static bool is_for_host(X509 *certificate, const char *host)
{
    unsigned flags = is_address(host) ? X509_CHECK_FLAG_NO_WILDCARDS : 0;
    return certificate &&
           (X509_check_host(certificate, host, 0, flags, NULL) == 1 || X509_check_ip_asc(certificate, host, 0) == 1);
}

/* OpenSSL's own judgement stands. */
static int as_judged(int accepted, X509_STORE_CTX *store)
{
    (void)store;
    return accepted;
}

static int verify(X509_STORE_CTX *store, void *ctx)
{
    struct mqtt_failure_facts *facts = ctx;
    X509_STORE_CTX_set_verify_cb(store, as_judged); /* and not the library's */
    bool accepted = X509_verify_cert(store) == 1;
    if (accepted && facts->cert_host && !is_for_host(X509_STORE_CTX_get0_cert(store), facts->cert_host)) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
        X509_STORE_CTX_set_current_cert(store, X509_STORE_CTX_get0_cert(store));
        accepted = false;
    }
    if (!accepted) {
        facts->cert_verdict = X509_STORE_CTX_get_error(store);
        describe(store, facts);
    }
    return accepted ? 1 : 0;
}

void mqtt_certificate_check(SSL_CTX *context, struct mqtt_failure_facts *facts)
{
    SSL_CTX_set_cert_verify_callback(context, verify, facts);
}
