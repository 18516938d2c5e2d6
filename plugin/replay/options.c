#include "replay/options.h"

#include <string.h>

#include "base/macros.h"
#include "base/number.h"
#include "base/span.h"
#include "base/units.h"
#include "cli/help.h"
#include "cli/shared.h"
#include "mqtt/options.h"

#define SLOWEST 0.001
#define FASTEST 1000000.0
#define FLAT_OUT "max"

#define NO_SPEED (-1.0)

/* 0 = as fast as it goes; NO_SPEED = not a speed. */
static double read_speed(const char *text)
{
    double speed = 0;
    if (strcmp(text, FLAT_OUT) == 0) {
        return 0;
    }
    bool is_read = number_double(span_of(text), &speed) == NUMBER_OK && speed >= SLOWEST && speed <= FASTEST;
    return is_read ? speed : NO_SPEED;
}

static bool is_speed(const char *text)
{
    return read_speed(text) >= 0;
}

#define MEMBER(name) offsetof(struct replay_options, name)

static const struct option options[] = {
    {.group = "At which pace",
     .name = "speed",
     .argument = "FACTOR",
     .kind = OPTION_TEXT,
     .offset = MEMBER(speed_text),
     .initial = "1",
     .min = 1,
     .max = 32,
     .accepts = is_speed,
     .expects = "a factor from 0.001 to 1000000, or max",
     .help = "times the capture's own pace, such as 10 or 0.5; max = as fast as the broker "
             "acknowledges"},
    {.group = "At which pace",
     .name = "loop",
     .argument = "COUNT",
     .kind = OPTION_COUNT,
     .offset = MEMBER(rounds),
     .initial = "1",
     .alone = "0",
     .min = 0,
     .max = 1000000000,
     .help = "rounds through the captures; --loop alone, or 0 = for ever"},
    {.group = "At which pace",
     .name = "max-gap",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(max_gap_ns),
     .initial = "0",
     .min = 1 * MS_NS,
     .max = 365 * DAY_NS,
     .zero_too = true,
     .help = "a longer pause in the capture is shortened to this; 0 = pauses stay"},

    {.group = "Times",
     .name = "shift-time",
     .kind = OPTION_SWITCH,
     .offset = MEMBER(shift_time),
     .help = "move every time in the payloads (ts, and data.timestamp of events) by as much as "
             "its message is moved, in the form the device wrote it; all else stays byte for "
             "byte, and a time that cannot be moved is counted. No message is published before the time that it then "
             "states. Without this "
             "flag, rounds repeat the same messages"},
    {.group = "Times",
     .name = "start",
     .argument = "OFFSET",
     .kind = OPTION_OFFSET,
     .offset = MEMBER(start_ns),
     .initial_words = "now; with --speed above 1, so far back that the last message is of now",
     .min = -3650 * DAY_NS,
     .max = 3650 * DAY_NS,
     .help = "the time that the first message states, such as -24h. What is in the past comes at "
             "--speed; once the present is reached, messages come as time goes by"},
    {.group = "Times",
     .name = "until",
     .argument = "OFFSET",
     .kind = OPTION_OFFSET,
     .offset = MEMBER(until_ns),
     .min = -3650 * DAY_NS,
     .max = 3650 * DAY_NS,
     .help = "end before the first message that states this time or a later one: now, 10m; both "
             "offsets count from when publishing begins"},

    {.group = "Machines",
     .name = "devices",
     .argument = "COUNT",
     .kind = OPTION_COUNT,
     .offset = MEMBER(devices),
     .initial = "0",
     .initial_words = "as many as the captures have",
     .min = 0,
     .max = 1000000,
     .help = "make it a fleet of so many: clones have numbers of their own, in the topic and in "
             "the payload (VM-SH-001 of 3 machines in Shanghai gives VM-SH-004, ...); with fewer "
             "than the captures have, the others are left out"},
    {.group = "Machines",
     .name = "spread",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(spread_ns),
     .initial = "10s",
     .min = 0,
     .max = 1 * HOUR_NS,
     .help = "time over which the clones of one message are spread"},
    {.group = "Machines",
     SHARED_TOPIC_PREFIX,
     .offset = MEMBER(topic_prefix),
     .help = "topics below it are PREFIX/{device_no}/...; others are published as they are, and "
             "once"},
    {.group = "Machines",
     SHARED_MAPPING,
     .offset = MEMBER(mapping_file),
     .help = "the processor's mapping file, if it names other paths for time and device_no"},

    {.group = "Limits",
     .name = "min-qos",
     .argument = "QOS",
     .kind = OPTION_COUNT,
     .offset = MEMBER(min_qos),
     .initial = "0",
     .min = 0,
     .max = 2,
     .help = "raise a lower QoS to this: messages of QoS 0 (telemetry) are dropped by the broker "
             "when a subscriber is slower than --speed max"},
    {.group = "Limits",
     .name = "in-flight",
     .argument = "COUNT",
     .kind = OPTION_COUNT,
     .offset = MEMBER(in_flight),
     .initial = "20",
     .min = 1,
     .max = 10000,
     .help = "messages handed over that are not acknowledged yet. More than the broker takes at a "
             "time (Mosquitto: 20, its max_inflight_messages) wait here, and those of QoS 0 "
             "overtake them"},
    {.group = "Limits",
     .name = "give-up",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(give_up_ns),
     .initial = "1m",
     .min = 1 * SECOND_NS,
     .max = 365 * DAY_NS,
     .zero_too = true,
     .help = "end if for so long there was no connection, or the broker acknowledged nothing of what "
             "is in flight; 0 = never"},
    {.group = "Limits",
     SHARED_MAX_LINE,
     .offset = MEMBER(max_line),
     .help = "a longer line of a capture is passed over"},
    {.group = "Limits", SHARED_LOG_RATE, .offset = MEMBER(log_rate)},
};

static const struct option_table own_options = {options, COUNT(options)};
static const struct option_part parts[] = {
    {&own_options, 0},
    {&mqtt_options, MEMBER(mqtt)},
    {&action_options, 0},
};

const struct program replay_options_program = {
    .name = "vending-replay",
    .version = VENDING_VERSION,
    .summary = "publishes captures to a broker again",
    .usage = "  vending-replay [--FLAG VALUE ...] CAPTURE ...\n",
    .notes = "A capture is what mosquitto_sub -F '%j' or vending-input --record wrote;\n"
             "- = standard input, which is published as it comes, as a pipe with a name is.\n"
             "Several are played one after the other. Topic, QoS, retain and MQTT 5\n"
             "properties are the capture's; mosquitto_sub -V 5 --retain-as-published records\n"
             "the last two as the publisher set them. Invalid lines are counted, logged and\n"
             "passed over.\n"
             "\n" HELP_VALUES " Offsets\n"
             "are durations with a sign (-24h), or now.\n"
             "\n"
             "The client id is vending-replay- and random digits unless given. The broker\n"
             "keeps the session over a lost connection for 10 minutes, and messages of QoS 1\n"
             "and 2 that it has not acknowledged are sent again. QoS 0 counts as acknowledged\n"
             "when it is written. SIGINT and SIGTERM end the program: what is in flight is\n"
             "waited for, 5 s at most. Another round begins 1 s after the last message.\n"
             "\n"
             "The processor does not trust times of more than 7 days ago (its --max-age).\n"
             "\n"
             "How to:\n"
             "  play a capture           vending-replay CAPTURE\n"
             "  as if it were today, ten times as fast\n"
             "                           vending-replay --speed 10 --shift-time CAPTURE\n"
             "  a live fleet of 50       vending-replay --loop --shift-time --devices 50\n"
             "                             CAPTURE\n"
             "  the last 24 hours at once, and live from there on\n"
             "                           vending-replay --loop --shift-time --start -24h\n"
             "                             --speed max --min-qos 1 CAPTURE\n"
             "  the last 24 hours only   ... --until now\n"
             "  load                     vending-replay --loop=100 --shift-time\n"
             "                             --devices 1000 --speed max CAPTURE\n"
             "  after an accident        vending-replay --speed max --min-qos 1\n"
             "                             recorded-*.jsonl\n"
             "  look at a capture        vending-replay --check CAPTURE\n"
             "\n"
             "On a terminal standard error shows how far it is. The last line, on standard\n"
             "output, says what was published, acknowledged and failed.\n"
             "Exit status: 0 all acknowledged, 1 not all (the last line on standard error\n"
             "says how far it came and why no further), or a capture could not be read,\n"
             "2 bad flag, mapping, file.\n",
    .parts = parts,
    .part_count = COUNT(parts),
    .takes_operands = true,
};

/* ---- what flags may not say together ---- */

static size_t count_standard_input(const struct replay_options *settings)
{
    size_t count = 0;
    for (size_t i = 0; i < settings->file_count; i++) {
        count += strcmp(settings->files[i], "-") == 0;
    }
    return count;
}

static bool needs_length(const struct replay_options *settings)
{
    bool is_faster = settings->speed <= 0 || settings->speed > 1;
    return settings->shift_time && is_faster && settings->start_ns == OPTION_NO_OFFSET;
}

bool replay_options_needs_survey(const struct replay_options *settings)
{
    return settings->devices > 0 || needs_length(settings);
}

/* The first rule that is broken counts. */
static bool check_together(const struct replay_options *settings, struct err *err)
{
    bool once = count_standard_input(settings) > 0;
    bool has_start = settings->start_ns != OPTION_NO_OFFSET;
    bool has_until = settings->until_ns != OPTION_NO_OFFSET;
    int64_t start_ns = has_start ? settings->start_ns : 0;
    const struct {
        bool broken;
        const char *why;
    } rules[] = {
        {settings->file_count == 0, "no capture to play; vending-replay --help shows the flags"},
        {count_standard_input(settings) > 1, "standard input (-) is given twice"},
        {!settings->shift_time && has_start, "--start has no effect without --shift-time"},
        {!settings->shift_time && has_until, "--until has no effect without --shift-time"},
        {has_until && settings->until_ns <= start_ns && !needs_length(settings),
         "--until is not after --start: there would be nothing to publish"},
        {needs_length(settings) && settings->rounds == 0,
         "--loop for ever and --shift-time with --speed above 1 need --start, such as --start -24h: where times begin"},
        {needs_length(settings) && once,
         "--shift-time with --speed above 1 needs --start when standard input is read, whose length nobody knows"},
        {settings->rounds != 1 && once, "--loop: standard input can be read only once"},
        {settings->devices > 0 && once,
         "--devices: standard input can be read only once, and the machines have to be counted first"},
    };
    for (size_t i = 0; i < COUNT(rules); i++) {
        if (rules[i].broken) {
            err_set(err, 0, "%s", rules[i].why);
            return false;
        }
    }
    return true;
}

static void take_operands(const struct options_result *result, struct replay_options *settings)
{
    settings->file_count = result->operand_count;
    memcpy(settings->files, result->operands, result->operand_count * sizeof *settings->files);
}

bool replay_options_parse(int argc, char *const argv[], struct replay_options *settings, struct options_result *result,
                          struct err *err)
{
    *settings = (struct replay_options){.speed = 1};
    if (!options_parse(&replay_options_program, argc, argv, settings, result, err)) {
        return false;
    }
    take_operands(result, settings);
    settings->speed = read_speed(settings->speed_text);
    return action_only_prints((enum program_action)result->action) ||
           (mqtt_options_finish(&settings->mqtt, err) && check_together(settings, err));
}
