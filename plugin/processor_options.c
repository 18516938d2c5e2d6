#include "processor_options.h"

#include <stddef.h>
#include <string.h>

#include "json_scan.h"
#include "span.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define DAY (86400 * SECOND)
#define KIB INT64_C(1024)
#define MIB (1024 * KIB)

_Static_assert(sizeof(enum payload_encoding) == sizeof(int), "options.c stores a choice as an int");
_Static_assert(sizeof(enum output_format) == sizeof(int), "options.c stores a choice as an int");

/* In the order of their enums. */
static const char *const encodings[] = {[PAYLOAD_PLAIN] = "plain", [PAYLOAD_BASE64] = "base64", NULL};
static const char *const formats[] = {[FORMAT_INFLUX] = "influx", [FORMAT_TABLE] = "table", NULL};

static bool is_topic_prefix(const char *text)
{
    struct span prefix = span_of(text);
    return prefix.len > 0 && prefix.ptr[prefix.len - 1] != '/' && !strpbrk(text, "+#");
}

#define MEMBER(name) offsetof(struct settings, name)

static const struct option options[] = {
    {.group = "Which metrics are ours",
     .name = "topic-tag",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .offset = MEMBER(topic_tag),
     .initial = "topic",
     .min = 1,
     .max = 64,
     .help = "tag that holds the MQTT topic"},
    {.group = "Which metrics are ours",
     .name = "topic-prefix",
     .argument = "TOPIC",
     .kind = OPTION_TEXT,
     .offset = MEMBER(topic_prefix),
     .initial = "v1/vm",
     .min = 1,
     .max = 256,
     .accepts = is_topic_prefix,
     .expects = "a topic prefix such as v1/vm (no slash at its end, no + or #)",
     .help = "topics below it are ours: PREFIX/{device_no}/telemetry, events or status; metrics with another topic or "
             "none pass through unchanged"},
    {.group = "Which metrics are ours",
     .name = "payload-field",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .offset = MEMBER(payload_field),
     .initial = "value",
     .min = 1,
     .max = 64,
     .help = "string field that holds the payload"},
    {.group = "Which metrics are ours",
     .name = "payload-encoding",
     .kind = OPTION_CHOICE,
     .offset = MEMBER(payload_encoding),
     .initial = "plain",
     .choices = encodings,
     .help = "how that field holds it; base64 carries bytes that are not UTF-8"},

    {.group = "Whose clock",
     .name = "max-age",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(max_age_ns),
     .initial = "7d",
     .min = 0,
     .max = 3650 * DAY,
     .help = "a device's time further behind its arrival is not trusted: the row gets the arrival time"},
    {.group = "Whose clock",
     .name = "max-ahead",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(max_ahead_ns),
     .initial = "10m",
     .min = 0,
     .max = 3650 * DAY,
     .help = "nor is one further ahead"},

    {.group = "Limits",
     .name = "max-payload",
     .argument = "BYTES",
     .kind = OPTION_BYTES,
     .offset = MEMBER(max_payload),
     .initial = "256KiB",
     .min = 64,
     .max = 16 * MIB,
     .help = "a larger payload is rejected and its first bytes kept"},
    {.group = "Limits",
     .name = "max-line",
     .argument = "BYTES",
     .kind = OPTION_BYTES,
     .offset = MEMBER(max_line),
     .initial = "1MiB",
     .min = 1 * KIB,
     .max = 64 * MIB,
     .help = "a longer record of line protocol, or line of a capture, is rejected; not less than --max-payload"},
    {.group = "Limits",
     .name = "max-depth",
     .argument = "LEVELS",
     .kind = OPTION_COUNT,
     .offset = MEMBER(max_depth),
     .initial = "32",
     .min = 1,
     .max = JSON_MAX_DEPTH,
     .help = "objects and arrays inside each other in one payload"},
    {.group = "Limits",
     .name = "max-values",
     .argument = "COUNT",
     .kind = OPTION_COUNT,
     .offset = MEMBER(max_values),
     .initial = "8192",
     .min = 1,
     .max = 1000000,
     .help = "JSON values in one payload"},

    {.group = "Duplicates (events and status)",
     .name = "dedup-window",
     .argument = "COUNT",
     .kind = OPTION_COUNT,
     .offset = MEMBER(dedup_window),
     .initial = "65536",
     .min = 0,
     .max = 4194304,
     .help = "messages remembered, some 80 bytes each; 0 = no duplicate is dropped"},
    {.group = "Duplicates (events and status)",
     .name = "dedup-age",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(dedup_age_ns),
     .initial = "1h",
     .min = 1 * MS,
     .max = 365 * DAY,
     .help = "and for no longer than this"},

    {.group = "Reports",
     .name = "report-interval",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(report_interval_ns),
     .initial = "10s",
     .min = 100 * MS,
     .max = 1 * DAY,
     .zero_too = true,
     .help = "a row of vm_ingest this often and at the end, with what came in and what became of it; 0 = none; with "
             "--capture only if this flag is given"},
    {.group = "Reports",
     .name = "instance",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .offset = MEMBER(instance),
     .initial = "",
     .initial_words = "the host's name",
     .min = 0,
     .max = 255,
     .help = "tag of vm_ingest: which processor this is"},
    {.group = "Reports",
     .name = "log-rate",
     .argument = "COUNT",
     .kind = OPTION_COUNT,
     .offset = MEMBER(log_rate),
     .initial = "60",
     .min = 0,
     .max = 1000000,
     .help = "lines a minute on standard error; more are counted and the count is said; 0 = no limit"},

    {.group = "Mapping",
     .name = "mapping",
     .argument = "FILE",
     .kind = OPTION_FILE,
     .offset = MEMBER(mapping_file),
     .help = "JSON file that adds or changes columns, limits, event names and severities"},
    {.group = "Mapping",
     .name = "print-mapping",
     .kind = OPTION_ACTION,
     .action = PROCESSOR_PRINT_MAPPING,
     .help = "print the mapping in force, in the format that --mapping reads, and exit"},

    {.group = "Captures and tables",
     .name = "capture",
     .argument = "FILE",
     .kind = OPTION_FILE,
     .offset = MEMBER(capture_file),
     .help =
         "read what mosquitto_sub -F '%j' wrote instead of line protocol, each message as though it had come at its "
         "tst; - = standard input"},
    {.group = "Captures and tables",
     .name = "format",
     .kind = OPTION_CHOICE,
     .offset = MEMBER(format),
     .initial = "influx",
     .choices = formats,
     .help = "influx = line protocol; table = for people"},

    {.group = "Other",
     .name = "check",
     .kind = OPTION_ACTION,
     .action = PROCESSOR_CHECK,
     .help = "validate flags and mapping, say what is in force, and exit"},
    {.group = "Other",
     .name = "version",
     .kind = OPTION_ACTION,
     .action = PROCESSOR_VERSION,
     .at_once = true,
     .help = "print the version and exit"},
    {.group = "Other",
     .name = "help",
     .kind = OPTION_ACTION,
     .action = PROCESSOR_HELP,
     .at_once = true,
     .help = "print this and exit"},
};

static const struct option_table tables[] = {{options, sizeof options / sizeof options[0], 0}};

const struct program processor_program = {
    .name = "vending-processor",
    .version = VENDING_VERSION,
    .summary = "vending machines' JSON in, typed metrics out",
    .usage = "  vending-processor [--FLAG VALUE ...] < LINE_PROTOCOL > LINE_PROTOCOL\n"
             "  vending-processor --capture FILE [--format table]\n",
    .notes = "A flag is written --flag value or --flag=value. Durations are whole numbers with\n"
             "a unit: 500ms, 10s, 10m, 1h, 7d. Sizes are bytes, or end in KiB or MiB.\n"
             "\n"
             "How to:\n"
             "  look at a capture        vending-processor --capture FILE --format table\n"
             "  watch a broker           mosquitto_sub -F '%j' -t 'v1/vm/#' |\n"
             "                             vending-processor --capture - --format table\n"
             "  run under Telegraf       [[processors.execd]]\n"
             "                             command = [\"vending-processor\"]\n"
             "  start a mapping file     vending-processor --print-mapping > mapping.json\n"
             "  check before a restart   vending-processor --mapping mapping.json --check\n"
             "\n"
             "Standard output carries data only; messages go to standard error.\n"
             "Exit status: 0 all done, 1 reading or writing failed, 2 bad flag, mapping, file.\n",
    .tables = tables,
    .table_count = sizeof tables / sizeof tables[0],
};

static bool check_together(const struct settings *settings, struct err *err)
{
    if (settings->max_line < settings->max_payload) {
        err_set(err, 0, "--max-line %zu is less than --max-payload %zu: no payload of that size could come in",
                settings->max_line, settings->max_payload);
        return false;
    }
    return true;
}

bool processor_options_parse(int argc, char *const argv[], struct settings *settings, struct processor_request *request,
                             struct err *err)
{
    struct options_result result;
    *settings = (struct settings){0};
    *request = (struct processor_request){PROCESSOR_RUN, false};
    if (!options_parse(&processor_program, argc, argv, settings, &result, err)) {
        return false;
    }
    request->action = (enum processor_action)result.action;
    request->report_asked_for = options_given(&processor_program, &result, "report-interval");
    bool only_prints = request->action == PROCESSOR_HELP || request->action == PROCESSOR_VERSION;
    return only_prints || check_together(settings, err);
}
