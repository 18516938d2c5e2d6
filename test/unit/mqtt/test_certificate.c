/* A handshake in memory: our side watches, the other has a certificate that is wrong in one way. */
#include <openssl/x509v3.h>

#include "mqtt/certificate.h"
#include "support.h"

#define DAY_S (24 * 3600)

static X509 *certificate;
static EVP_PKEY *key;
static SSL_CTX *ours, *theirs;
static struct mqtt_failure_facts facts;

static void make_certificate(long from_s, long until_s)
{
    key = EVP_EC_gen("P-256");
    certificate = X509_new();
    ck_assert(key && certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate), until_s);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"broker", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name,
                                                "DNS:a.example,DNS:*.b.example,IP:10.0.0.1,IP:fe80::1,email:x@y.z");
    ck_assert_ptr_nonnull(names);
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
    ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
}

/* As libmosquitto's, which is not to be asked. */
static int refuses_all(int preverified, X509_STORE_CTX *store)
{
    (void)preverified;
    (void)store;
    return 0;
}

/* trusted: it is one of our CAs. host: wanted; NULL = any. Returns whether the handshake went well. */
static bool shake(bool trusted, const char *host)
{
    ours = SSL_CTX_new(TLS_client_method());
    theirs = SSL_CTX_new(TLS_server_method());
    ck_assert(ours && theirs);
    ck_assert_int_eq(SSL_CTX_use_certificate(theirs, certificate), 1);
    ck_assert_int_eq(SSL_CTX_use_PrivateKey(theirs, key), 1);
    if (trusted) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(ours), certificate);
    }
    facts = (struct mqtt_failure_facts){.uses_tls = true, .cert_host = host};
    mqtt_certificate_check(ours, &facts);
    SSL_CTX_set_verify(ours, SSL_VERIFY_PEER, refuses_all);
    SSL *client = SSL_new(ours);
    SSL *server = SSL_new(theirs);
    BIO *client_end, *server_end;
    ck_assert_int_eq(BIO_new_bio_pair(&client_end, 0, &server_end, 0), 1);
    SSL_set_bio(client, client_end, client_end);
    SSL_set_bio(server, server_end, server_end);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    bool done = false;
    for (int i = 0; i < 20 && !done; i++) {
        done = SSL_do_handshake(client) == 1;
        SSL_do_handshake(server);
    }
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(ours);
    SSL_CTX_free(theirs);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return done;
}

START_TEST(a_good_one)
{
    make_certificate(-DAY_S, DAY_S);
    ck_assert(shake(true, NULL));
    ck_assert_int_eq(facts.cert_verdict, X509_V_OK);
    ck_assert_str_eq(facts.cert_text, "");
}
END_TEST

START_TEST(unknown)
{
    make_certificate(-DAY_S, DAY_S);
    ck_assert(!shake(false, NULL));
    ck_assert_int_eq(facts.cert_verdict, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
}
END_TEST

START_TEST(expired)
{
    make_certificate(-2 * DAY_S, -DAY_S);
    ck_assert(!shake(true, NULL));
    ck_assert_int_eq(facts.cert_verdict, X509_V_ERR_CERT_HAS_EXPIRED);
    ck_assert_uint_eq(strlen(facts.cert_text), strlen("2026-01-01T00:00:00Z"));
}
END_TEST

START_TEST(not_yet_valid)
{
    make_certificate(DAY_S, 2 * DAY_S);
    ck_assert(!shake(true, NULL));
    ck_assert_int_eq(facts.cert_verdict, X509_V_ERR_CERT_NOT_YET_VALID);
    ck_assert_uint_eq(strlen(facts.cert_text), strlen("2026-01-01T00:00:00Z"));
}
END_TEST

static const struct {
    const char *host;
    bool accepted;
} hosts[] = {
    {"a.example", true},      {"A.Example", true},  {"x.b.example", true}, {"10.0.0.1", true}, {"fe80::1", true},
    {"y.x.b.example", false}, {"b.example", false}, {"10.0.0.2", false},   {"fe80::2", false}, {"broker", false},
};

START_TEST(host_name)
{
    make_certificate(-DAY_S, DAY_S);
    bool accepted = shake(true, hosts[_i].host);
    ck_assert_msg(accepted == hosts[_i].accepted, "%s", hosts[_i].host);
    ck_assert_int_eq(facts.cert_verdict, accepted ? X509_V_OK : X509_V_ERR_HOSTNAME_MISMATCH);
    ck_assert_str_eq(facts.cert_text, accepted ? "" : "a.example, *.b.example, 10.0.0.1, fe80::1");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mqtt_certificate");
    TCase *tcase = tcase_create("mqtt_certificate");
    tcase_add_test(tcase, a_good_one);
    tcase_add_test(tcase, unknown);
    tcase_add_test(tcase, expired);
    tcase_add_test(tcase, not_yet_valid);
    tcase_add_loop_test(tcase, host_name, 0, (int)COUNT(hosts));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
