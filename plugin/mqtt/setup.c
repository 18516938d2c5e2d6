#include "mqtt/setup.h"

#include <mqtt_protocol.h>
#include <openssl/ssl.h>

#include "base/units.h"
#include "mqtt/certificate.h"
#include "mqtt/secret.h"

#define PORT_PLAIN 1883
#define PORT_TLS 8883

/* ---- files ---- */

static bool can_read(const char *flag, const char *file, struct err *err)
{
    int error = file ? mqtt_secret_check(file) : 0;
    if (error) {
        err_set(err, 0, "--%s: %.160s: %s", flag, file, mqtt_secret_strerror(error));
    }
    return error == 0;
}

bool mqtt_setup_check_files(const struct mqtt_settings *settings, struct err *err)
{
    char secret[MQTT_SECRET_BYTES];
    unsigned others;
    return can_read("tls-ca", settings->ca_file, err) && can_read("tls-cert", settings->cert_file, err) &&
           can_read("tls-key", settings->key_file, err) &&
           (!settings->password_file || mqtt_secret_read(settings->password_file, secret, &others, err));
}

/* ---- the library's options ---- */

/* OpenSSL would ask on the terminal. */
static int no_passphrase(char *out, int size, int rwflag, void *ctx)
{
    (void)out;
    (void)size;
    (void)rwflag;
    (void)ctx;
    return 0;
}

/* A context of ours, which the library fills as it would its own. It takes a reference of its
 * own. */
static int set_context(struct mosquitto *library, struct mqtt_failure_facts *facts)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context) {
        return MOSQ_ERR_NOMEM;
    }
    mqtt_certificate_check(context, facts);
    int result = mosquitto_int_option(library, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 1);
    if (result == MOSQ_ERR_SUCCESS) {
        result = mosquitto_void_option(library, MOSQ_OPT_SSL_CTX, context);
    }
    SSL_CTX_free(context);
    return result;
}

static int set_tls(struct mosquitto *library, const struct mqtt_settings *settings, struct mqtt_failure_facts *facts)
{
    /* The library takes our certificate only together with a CA file or folder, although the
     * system's may lie elsewhere. */
    const char *ca_folder = settings->ca_file ? NULL : "/etc/ssl/certs";
    bool verifies = settings->tls != MQTT_SETTINGS_TLS_INSECURE;
    int result = mosquitto_tls_set(library, settings->ca_file, ca_folder, settings->cert_file, settings->key_file,
                                   no_passphrase);
    if (result == MOSQ_ERR_SUCCESS && !settings->ca_file) {
        result = mosquitto_int_option(library, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
    }
    if (result == MOSQ_ERR_SUCCESS) {
        result = mosquitto_tls_opts_set(library, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL, NULL);
    }
    if (result == MOSQ_ERR_SUCCESS) {
        result = mosquitto_tls_insecure_set(library, settings->tls != MQTT_SETTINGS_TLS_VERIFY);
    }
    if (result == MOSQ_ERR_SUCCESS && verifies) {
        result = set_context(library, facts);
    }
    return result;
}

int mqtt_setup_library(struct mosquitto *library, const struct mqtt_settings *settings,
                       struct mqtt_failure_facts *facts)
{
    const struct {
        enum mosq_opt_t option;
        size_t value; /* 0 = the library's own */
    } options[] = {
        {MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5},
        {MOSQ_OPT_RECEIVE_MAXIMUM, settings->receive_maximum},
        {MOSQ_OPT_SEND_MAXIMUM, settings->send_maximum},
        {MOSQ_OPT_TCP_NODELAY, 1},
    };
    int result = MOSQ_ERR_SUCCESS;
    for (size_t i = 0; i < COUNT(options) && result == MOSQ_ERR_SUCCESS; i++) {
        if (options[i].value > 0) {
            result = mosquitto_int_option(library, options[i].option, (int)options[i].value);
        }
    }
    if (result == MOSQ_ERR_SUCCESS && settings->tls != MQTT_SETTINGS_TLS_OFF) {
        result = set_tls(library, settings, facts);
    }
    return result;
}

/* ---- CONNECT ---- */

bool mqtt_setup_login(struct mosquitto *library, const struct mqtt_settings *settings, unsigned *others,
                      struct err *err)
{
    char secret[MQTT_SECRET_BYTES];
    const char *username = settings->username[0] ? settings->username : NULL;
    const char *password = settings->password;
    *others = 0;
    if (settings->password_file) {
        if (!mqtt_secret_read(settings->password_file, secret, others, err)) {
            return false;
        }
        password = secret;
    }
    int result = mosquitto_username_pw_set(library, username, password);
    if (result != MOSQ_ERR_SUCCESS) {
        err_set(err, 0, "user name and password: %s", mosquitto_strerror(result));
    }
    return result == MOSQ_ERR_SUCCESS;
}

/* The properties of CONNECT can be handed over only by the call that waits for the connection
 * (mosquitto_connect_bind_v5), while the one that does not wait takes none but uses those that it
 * finds. Without a host the former keeps them and goes no further. */
int mqtt_setup_connect_properties(struct mosquitto *library, const struct mqtt_settings *settings)
{
    mosquitto_property *properties = NULL;
    int result = MOSQ_ERR_SUCCESS;
    if (settings->session_expiry_ns > 0) {
        uint32_t expiry_s = (uint32_t)(settings->session_expiry_ns / SECOND_NS);
        result = mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, expiry_s);
    }
    if (settings->max_packet > 0 && result == MOSQ_ERR_SUCCESS) {
        result =
            mosquitto_property_add_int32(&properties, MQTT_PROP_MAXIMUM_PACKET_SIZE, (uint32_t)settings->max_packet);
    }
    if (properties && result == MOSQ_ERR_SUCCESS) {
        /* It fails for want of a host, as meant. */
        (void)mosquitto_connect_bind_v5(library, NULL, 0, 0, NULL, properties);
    }
    mosquitto_property_free_all(&properties);
    return result;
}

int mqtt_setup_port(const struct mqtt_settings *settings)
{
    int usual = settings->tls == MQTT_SETTINGS_TLS_OFF ? PORT_PLAIN : PORT_TLS;
    return settings->port ? (int)settings->port : usual;
}

int mqtt_setup_keepalive_s(const struct mqtt_settings *settings)
{
    return (int)(settings->keepalive_ns / SECOND_NS);
}
