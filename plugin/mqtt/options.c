#include "mqtt/options.h"

#include <stdlib.h>

#include "base/macros.h"
#include "base/units.h"

_Static_assert(sizeof(enum mqtt_settings_tls) == sizeof(int), "options.c stores a choice as an int");

/* In the order of the enum. */
static const char *const tls_choices[] = {[MQTT_SETTINGS_TLS_OFF] = "off",
                                          [MQTT_SETTINGS_TLS_VERIFY] = "verify",
                                          [MQTT_SETTINGS_TLS_VERIFY_CA] = "verify-ca",
                                          [MQTT_SETTINGS_TLS_INSECURE] = "insecure",
                                          NULL};

#define MEMBER(name) offsetof(struct mqtt_settings, name)

static const struct option options[] = {
    {.group = "Which broker",
     .name = "host",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .offset = MEMBER(host),
     .initial = "127.0.0.1",
     .min = 1,
     .max = 255,
     .help = "its name or address"},
    {.group = "Which broker",
     .name = "port",
     .argument = "NUMBER",
     .kind = OPTION_COUNT,
     .offset = MEMBER(port),
     .initial = "0",
     .initial_words = "1883; 8883 with TLS",
     .min = 0,
     .max = 65535,
     .help = "its port"},
    {.group = "Which broker",
     .name = "client-id",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .offset = MEMBER(client_id),
     .initial = "",
     .initial_words = "see below",
     .min = 0,
     .max = 255,
     .help = "our name at the broker; two programs with the same one throw each other out"},
    {.group = "Which broker",
     .name = "keepalive",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(keepalive_ns),
     .initial = "30s",
     .min = 5 * SECOND_NS,
     .max = 65535 * SECOND_NS,
     .help = "how soon a dead connection is noticed, by us and by the broker"},
    {.group = "Which broker",
     .name = "reconnect-max",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(reconnect_max_ns),
     .initial = "30s",
     .min = 1 * SECOND_NS,
     .max = 1 * HOUR_NS,
     .help = "longest wait before another try; waits are random, below a limit of 1 s that "
             "doubles up to this"},

    {.group = "Login",
     .name = "username",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .offset = MEMBER(username),
     .initial = "",
     .initial_words = "none",
     .min = 0,
     .max = 1024,
     .help = "user name"},
    {.group = "Login",
     .name = "password-file",
     .argument = "FILE",
     .kind = OPTION_FILE,
     .offset = MEMBER(password_file),
     .help = "file whose first line is the password, read again for every connection; without it "
             "the environment variable MQTT_PASSWORD counts"},

    {.group = "TLS",
     .name = "tls",
     .kind = OPTION_CHOICE,
     .offset = MEMBER(tls),
     .initial = "off",
     .choices = tls_choices,
     .help = "verify = the broker's certificate must be signed by a known CA and be for --host; "
             "verify-ca = be signed by one; insecure = no check, for tests"},
    {.group = "TLS",
     .name = "tls-ca",
     .argument = "FILE",
     .kind = OPTION_FILE,
     .offset = MEMBER(ca_file),
     .help = "the CAs to trust, PEM; without it those of the system"},
    {.group = "TLS",
     .name = "tls-cert",
     .argument = "FILE",
     .kind = OPTION_FILE,
     .offset = MEMBER(cert_file),
     .help = "our certificate, PEM, if the broker wants one"},
    {.group = "TLS",
     .name = "tls-key",
     .argument = "FILE",
     .kind = OPTION_FILE,
     .offset = MEMBER(key_file),
     .help = "and its key, PEM, without a passphrase"},
};

const struct option_table mqtt_options = {options, COUNT(options)};

bool mqtt_options_finish(struct mqtt_settings *settings, struct err *err)
{
    if (settings->tls == MQTT_SETTINGS_TLS_OFF && (settings->ca_file || settings->cert_file || settings->key_file)) {
        err_set(err, 0, "--tls-ca, --tls-cert and --tls-key have no effect without --tls verify");
        return false;
    }
    if (!settings->cert_file != !settings->key_file) {
        err_set(err, 0, "--tls-cert and --tls-key go together");
        return false;
    }
    if (settings->keepalive_ns % SECOND_NS != 0) {
        err_set(err, 0, "--keepalive: MQTT counts whole seconds");
        return false;
    }
    /* There is one thread: nothing changes the environment. */
    settings->password = getenv("MQTT_PASSWORD");
    if (settings->password && !settings->password[0]) {
        settings->password = NULL;
    }
    return true;
}
