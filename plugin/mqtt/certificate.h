/* mqtt/certificate.h - looks at the broker's certificate, and notes why it is refused.
 *
 * OpenSSL follows the chain; the host name is compared here, with names and addresses of the
 * certificate (RFC 6125), or with its common name if it has none. libmosquitto would do the same,
 * but has freed the connection, mostly, before anybody could ask it why.
 */
#ifndef VENDING_MQTT_CERTIFICATE_H
#define VENDING_MQTT_CERTIFICATE_H

#include <openssl/ssl.h>

#include "mqtt/failure.h"

/* For every connection that is made from the context. facts, with the host that the certificate must
 * be for, must outlive the context. */
void mqtt_certificate_check(SSL_CTX *context, struct mqtt_failure_facts *facts);

#endif
