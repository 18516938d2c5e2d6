/* mqtt/reason.h - why a broker refuses or a TLS connection fails, in words, and what to do about
 * it. */
#ifndef VENDING_MQTT_REASON_H
#define VENDING_MQTT_REASON_H

#define MQTT_REASON_REFUSED 128 /* reason codes from here on mean refused */

struct mqtt_reason {
    const char *words;  /* "not authorized" */
    const char *advice; /* what to do; "" = nothing is known */
};

/* Of an MQTT 5 reason code (specification, 2.4), whatever packet it came in. One that is not
 * known is "reason code not known". */
struct mqtt_reason mqtt_reason_of_code(int code);

/* Of the text that OpenSSL has for a failed handshake ("wrong version number"); words are that
 * text if nothing better is known. */
struct mqtt_reason mqtt_reason_of_tls(const char *openssl_text);

/* Of a broker's certificate that was not accepted: OpenSSL's X509_V_ERR_... code, and its words
 * for it. */
struct mqtt_reason mqtt_reason_of_certificate(long code, const char *openssl_words);

#endif
