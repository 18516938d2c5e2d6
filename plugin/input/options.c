#include "input/options.h"

#include <string.h>

#include "base/macros.h"
#include "base/units.h"
#include "cli/help.h"
#include "cli/shared.h"
#include "mqtt/options.h"

_Static_assert(sizeof(enum input_qos) == sizeof(int), "options.c stores a choice as an int");

/* In the order of its enum. */
static const char *const qos_choices[] = {[INPUT_QOS_0] = "0", [INPUT_QOS_1] = "1", NULL};

static bool is_share_name(const char *text)
{
    return !strpbrk(text, "/+#");
}

#define MEMBER(name) offsetof(struct input_settings, name)

static const struct option options[] = {
    {.group = "Subscription",
     .name = "qos",
     .kind = OPTION_CHOICE,
     .offset = MEMBER(qos),
     .initial = "1",
     .choices = qos_choices,
     .help = "1 = the broker keeps what was published with QoS 1 until we have it"},
    {.group = "Subscription",
     .name = "session-expiry",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(mqtt.session_expiry_ns),
     .initial = "1d",
     .min = 1 * SECOND_NS,
     .max = 365 * DAY_NS,
     .zero_too = true,
     .help = "for how long it keeps messages while we are away; 0 = not at all"},
    {.group = "Subscription",
     .name = "receive-maximum",
     .argument = "COUNT",
     .kind = OPTION_COUNT,
     .offset = MEMBER(mqtt.receive_maximum),
     .initial = "100",
     .min = 1,
     .max = 65535,
     .help = "messages with QoS 1 that may be on their way to us; while standard output is not "
             "read the broker holds the rest"},
    {.group = "Subscription",
     .name = "max-packet",
     .argument = "BYTES",
     .kind = OPTION_BYTES,
     .offset = MEMBER(mqtt.max_packet),
     .initial = "16MiB",
     .min = 64 * KIB,
     .max = 256 * MIB,
     .help = "a larger message the broker drops; one below that and above --max-payload is "
             "rejected with its first bytes kept"},
    {.group = "Subscription",
     .name = "share",
     .argument = "GROUP",
     .kind = OPTION_TEXT,
     .offset = MEMBER(share),
     .initial = "",
     .initial_words = "none",
     .min = 0,
     .max = 64,
     .accepts = is_share_name,
     .expects = "a name without / + #",
     .help = "share telemetry and events with the other members of the group: each message goes "
             "to one of them; every member gets every status, since brokers send no retained "
             "messages to a group"},

    {.group = "Recording",
     .name = "record",
     .argument = "FILE",
     .kind = OPTION_FILE,
     .offset = MEMBER(recorder.file),
     .help = "write every message to this file as a capture (mosquitto_sub -F '%j'); older ones "
             "are FILE.1, FILE.2, ..."},
    {.group = "Recording",
     .name = "record-size",
     .argument = "BYTES",
     .kind = OPTION_BYTES,
     .offset = MEMBER(recorder.max_bytes),
     .initial = "64MiB",
     .min = 4 * KIB,
     .max = 65536 * MIB,
     .help = "begin a new file before it is larger than this"},
    {.group = "Recording",
     .name = "record-age",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(recorder.max_age_ns),
     .initial = "1h",
     .min = 1 * MINUTE_NS,
     .max = 365 * DAY_NS,
     .zero_too = true,
     .help = "or when its first message is older than this; 0 = whatever its age"},
    {.group = "Recording",
     .name = "record-keep",
     .argument = "COUNT",
     .kind = OPTION_COUNT,
     .offset = MEMBER(recorder.keep),
     .initial = "24",
     .min = 1,
     .max = 1000,
     .help = "files in all; the disk holds at most this many times --record-size"},
};

static const struct option_table own_options = {options, COUNT(options)};
static const struct option_part parts[] = {
    {&mqtt_options, MEMBER(mqtt)},
    {&own_options, 0},
    {&pipeline_options, MEMBER(rows)},
    {&action_options, 0},
};

const struct program input_program = {
    .name = "vending-input",
    .version = VENDING_VERSION,
    .summary = "vending machines' MQTT 5 messages in, typed metrics out",
    .usage = "  vending-input [--FLAG VALUE ...] > LINE_PROTOCOL\n"
             "  vending-input --session-expiry 0 --format table\n",
    .notes = HELP_VALUES "\n"
                         "\n"
                         "It subscribes to PREFIX/+/telemetry, events and status and writes the rows that\n"
                         "vending-processor would write, and what MQTT 5 alone brings: the user property\n"
                         "`priority` (a column of vm_events) and the content type (an anomaly unless it is\n"
                         "application/json). Telegraf's inputs.execd runs it.\n"
                         "\n"
                         "Client id: unless --client-id says otherwise it is vending-input-INSTANCE, see\n"
                         "--instance. It names the session in which the broker keeps messages for us, so\n"
                         "it must stay the same from start to start: in a container set one of the two.\n"
                         "\n"
                         "Environment: MQTT_PASSWORD, the password, if there is no --password-file.\n"
                         "\n"
                         "Connecting: a broker that is away or refuses is tried again for ever, after a\n"
                         "random time of up to 1, 2, 4, ... seconds and no more than --reconnect-max. Each\n"
                         "refusal is a line that says why and what to do.\n"
                         "\n"
                         "Delivery: a message with QoS 1 is acknowledged when Telegraf has taken its row\n"
                         "out of the pipe, with another --format than influx when the row is written.\n"
                         "What is not when we are killed, or lose the connection, the broker sends again:\n"
                         "that costs nothing, but rows may come twice. While standard output is full\n"
                         "nothing is read; longer than one and a half times --keepalive ends the\n"
                         "connection, and the broker keeps the session.\n"
                         "\n"
                         "Ending: at SIGTERM, or when the pipe that is standard input ends, what has come\n"
                         "is written out and the connection closed, within 4 s; the session stays. Rows\n"
                         "that nobody takes are an error. What is read from standard input is ignored\n"
                         "(Telegraf's signal = \"STDIN\"); one that is no pipe, or has ended before the\n"
                         "start, does not end it. SIGINT and SIGHUP are ignored, but end it with another\n"
                         "--format than influx, and at a terminal.\n"
                         "\n"
                         "How to:\n"
                         "  run under Telegraf       [[inputs.execd]]\n"
                         "                             command = [\"vending-input\", \"--host\", \"broker\"]\n"
                         "                             signal = \"none\"\n"
                         "  watch a broker           vending-input --host broker --client-id watch \\\n"
                         "                             --session-expiry 0 --format table\n"
                         "  keep the last day        vending-input --host broker --record /var/tmp/raw\n"
                         "  look at what was kept    vending-processor --capture /var/tmp/raw.3\n"
                         "  check before a restart   vending-input ... --check\n"
                         "\n"
                         "Standard output carries data only; messages go to standard error.\n"
                         "Exit status: 0 ended as asked, 1 writing failed, 2 bad flag, mapping, file.\n",
    .parts = parts,
    .part_count = COUNT(parts),
};

static bool finish(struct input_settings *settings, struct err *err)
{
    if (settings->mqtt.session_expiry_ns % SECOND_NS != 0) {
        err_set(err, 0, "--session-expiry: MQTT counts whole seconds");
        return false;
    }
    if (settings->mqtt.max_packet < settings->rows.max_payload) {
        err_set(err, 0, "--max-packet %zu is less than --max-payload %zu: no payload of that size could come in",
                settings->mqtt.max_packet, settings->rows.max_payload);
        return false;
    }
    return mqtt_options_finish(&settings->mqtt, err);
}

/* What only line protocol needs. */
static void set_the_rest(struct settings *settings)
{
    settings->topic_tag = "";
    settings->payload_field = "";
    settings->max_line = settings->max_payload;
}

bool input_options_parse(int argc, char *const argv[], struct input_settings *settings, struct options_result *result,
                         struct err *err)
{
    *settings = (struct input_settings){.qos = INPUT_QOS_1};
    if (!options_parse(&input_program, argc, argv, settings, result, err)) {
        return false;
    }
    set_the_rest(&settings->rows);
    return action_only_prints((enum program_action)result->action) || finish(settings, err);
}
