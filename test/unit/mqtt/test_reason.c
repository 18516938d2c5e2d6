#include <openssl/x509_vfy.h>
#include <stdio.h>

#include "mqtt/reason.h"
#include "support.h"

/* The reason codes that may stand in a CONNACK, a SUBACK, a PUBACK or a DISCONNECT (MQTT 5,
 * 3.2.2.2, 3.9.3, 3.4.2.1, 3.14.2.1). */
static const int codes[] = {128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143,
                            144, 147, 149, 150, 151, 152, 153, 154, 155, 156, 157, 158, 159, 160, 161, 162};

START_TEST(every_code_has_words)
{
    struct mqtt_reason reason = mqtt_reason_of_code(codes[_i]);
    ck_assert_msg(reason.words[0] && strcmp(reason.words, "reason code not known") != 0, "%d", codes[_i]);
    ck_assert_ptr_nonnull(reason.advice);
    for (size_t i = 0; i < COUNT(codes); i++) {
        ck_assert_msg((int)i == _i || strcmp(mqtt_reason_of_code(codes[i]).words, reason.words) != 0, "%d and %d",
                      codes[i], codes[_i]);
    }
}
END_TEST

/* Where the user can do something, the line names what. */
static const struct {
    int code;
    const char *names;
} advised[] = {
    {132, "MQTT 5"},        {133, "--client-id"}, {134, "--username"},  {134, "--password-file"},
    {134, "MQTT_PASSWORD"}, {135, "access list"}, {141, "--keepalive"}, {142, "--client-id"},
    {143, "--share"},       {156, "--host"},      {158, "--share"},
};

START_TEST(advice)
{
    const char *text = mqtt_reason_of_code(advised[_i].code).advice;
    ck_assert_msg(strstr(text, advised[_i].names), "%d: %s", advised[_i].code, text);
}
END_TEST

START_TEST(unknown_codes)
{
    ck_assert_str_eq(mqtt_reason_of_code(200).words, "reason code not known");
    ck_assert_str_eq(mqtt_reason_of_code(-1).words, "reason code not known");
    ck_assert_str_eq(mqtt_reason_of_code(200).advice, "");
}
END_TEST

/* The texts are OpenSSL's own, as a real broker brought them about. */
static const struct {
    const char *text;
    const char *words;
    const char *advises;
} handshakes[] = {
    {"wrong version number", "it does not speak TLS there", "--port"},
    {"tlsv13 alert certificate required", "it wants a client certificate", "--tls-cert"},
    {"tlsv1 alert unknown ca", "it does not trust our --tls-cert", "signed by a CA"},
    {"sslv3 alert certificate expired", "our --tls-cert has expired", "renew"},
    {"sslv3 alert handshake failure", "no TLS handshake", "cipher"},
    {"unexpected eof while reading", "it closed the connection during the TLS handshake", "--tls"},
    {"something else", "something else", ""},
};

START_TEST(tls)
{
    struct mqtt_reason reason = mqtt_reason_of_tls(handshakes[_i].text);
    ck_assert_str_eq(reason.words, handshakes[_i].words);
    ck_assert_msg(strstr(reason.advice, handshakes[_i].advises), "%s", reason.advice);
}
END_TEST

START_TEST(certificates)
{
    struct mqtt_reason reason = mqtt_reason_of_certificate(X509_V_ERR_CERT_HAS_EXPIRED, "certificate has expired");
    ck_assert_str_eq(reason.words, "certificate has expired");
    ck_assert_ptr_nonnull(strstr(reason.advice, "renew"));
    ck_assert_ptr_nonnull(strstr(mqtt_reason_of_certificate(X509_V_ERR_HOSTNAME_MISMATCH, "").advice, "--host"));
    ck_assert_ptr_nonnull(
        strstr(mqtt_reason_of_certificate(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "").advice, "--tls-ca"));
    ck_assert_str_eq(mqtt_reason_of_certificate(7777, "words").words, "words");
    ck_assert_str_eq(mqtt_reason_of_certificate(7777, "words").advice, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mqtt_reason");
    TCase *tcase = tcase_create("mqtt_reason");
    tcase_add_loop_test(tcase, every_code_has_words, 0, (int)COUNT(codes));
    tcase_add_loop_test(tcase, advice, 0, (int)COUNT(advised));
    tcase_add_test(tcase, unknown_codes);
    tcase_add_loop_test(tcase, tls, 0, (int)COUNT(handshakes));
    tcase_add_test(tcase, certificates);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
