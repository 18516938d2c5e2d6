/* mqtt/settings.h - which broker, as whom and how safely: what a client is made from.
 *
 * Texts belong to the caller and must outlive the client. mqtt/options.h has the flags that fill
 * it.
 */
#ifndef VENDING_MQTT_SETTINGS_H
#define VENDING_MQTT_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mqtt_settings_tls {
    MQTT_SETTINGS_TLS_OFF,
    MQTT_SETTINGS_TLS_VERIFY,    /* the broker's certificate is signed by the CA and for the host */
    MQTT_SETTINGS_TLS_VERIFY_CA, /* ... is signed by the CA */
    MQTT_SETTINGS_TLS_INSECURE,  /* any certificate will do: encrypted, but with whom? */
};

struct mqtt_settings {
    const char *host;
    size_t port;               /* 0 = 1883, with TLS 8883 */
    const char *client_id;     /* not empty */
    const char *username;      /* "" = none */
    const char *password_file; /* its first line; read again for every connection; NULL = none */
    const char *password;      /* used if there is no file; NULL = none */
    int64_t keepalive_ns;      /* whole seconds, 5 at least */
    int64_t reconnect_max_ns;
    int64_t session_expiry_ns; /* the broker keeps the session for so long; 0 = not */
    bool clean_start;          /* forget the earlier session, at every connection */
    size_t receive_maximum;    /* of QoS 1 and 2 on their way to us; 0 = the library's 20 */
    size_t send_maximum;       /* ... from us, below the broker's limit; 0 = the library's 20 */
    bool retain_as_published;  /* see struct mqtt_message */
    size_t max_packet;         /* bytes; larger ones the broker keeps to itself; 0 = no limit */
    enum mqtt_settings_tls tls;
    const char *ca_file; /* PEM; NULL = the system's CAs */
    const char *cert_file, *key_file;
};

#endif
