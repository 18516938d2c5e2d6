#include "cli/shared.h"

#include <stddef.h>

#include "core/settings.h"
#include "core/topic.h"
#include "json/scan.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define DAY (86400 * SECOND)
#define MIB (INT64_C(1024) * 1024)

_Static_assert(sizeof(enum output_format) == sizeof(int), "options.c stores a choice as an int");

/* In the order of its enum. */
static const char *const formats[] = {[FORMAT_INFLUX] = "influx", [FORMAT_TABLE] = "table", NULL};

#define MEMBER(name) offsetof(struct settings, name)

static const struct option of_pipeline[] = {
    {.group = "Which messages are ours",
     .name = "topic-prefix",
     .argument = "TOPIC",
     .kind = OPTION_TEXT,
     .offset = MEMBER(topic_prefix),
     .initial = "v1/vm",
     .min = 1,
     .max = 256,
     .accepts = topic_is_prefix,
     .expects = TOPIC_PREFIX_EXPECTED,
     .help = "PREFIX/{device_no}/telemetry, events and status are ours"},
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
     .help = "a row of vm_ingest this often and at the end, with what came in and what became of it; 0 = none"},
    {.group = "Reports",
     .name = "instance",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .offset = MEMBER(instance),
     .initial = "",
     .initial_words = "the host's name",
     .min = 0,
     .max = 255,
     .help = "tag of vm_ingest: which of several this is"},
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
     .action = ACTION_PRINT_MAPPING,
     .help = "print the mapping in force, in the format that --mapping reads, and exit"},

    {.group = "Output",
     .name = "format",
     .kind = OPTION_CHOICE,
     .offset = MEMBER(format),
     .initial = "influx",
     .choices = formats,
     .help = "influx = line protocol; table = for people"},
};

static const struct option of_actions[] = {
    {.group = "Other",
     .name = "check",
     .kind = OPTION_ACTION,
     .action = ACTION_CHECK,
     .help = "validate flags and mapping, say what is in force, and exit"},
    {.group = "Other",
     .name = "version",
     .kind = OPTION_ACTION,
     .action = ACTION_VERSION,
     .at_once = true,
     .help = "print the version and exit"},
    {.group = "Other",
     .name = "help",
     .kind = OPTION_ACTION,
     .action = ACTION_HELP,
     .at_once = true,
     .help = "print this and exit"},
};

const struct option_table pipeline_options = {of_pipeline, sizeof of_pipeline / sizeof of_pipeline[0]};
const struct option_table action_options = {of_actions, sizeof of_actions / sizeof of_actions[0]};

bool action_only_prints(enum program_action action)
{
    return action == ACTION_HELP || action == ACTION_VERSION;
}
