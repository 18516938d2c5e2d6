#include "cli/shared.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/ascii.h"
#include "base/macros.h"
#include "base/timestamp.h"
#include "base/units.h"
#include "core/settings.h"
#include "json/scan.h"

_Static_assert(sizeof(enum output_format) == sizeof(int), "options.c stores a choice as an int");

/* In the order of its enum. */
static const char *const formats[] = {
    [FORMAT_INFLUX] = "influx", [FORMAT_TABLE] = "table", [FORMAT_JSON] = "json", [FORMAT_CSV] = "csv", NULL};

#define MEMBER(name) offsetof(struct settings, name)

/* ---- --rows ---- */

#define MAX_ROWS 1000000

/* 0 = no number in the range. */
static size_t read_rows(const char *text)
{
    size_t rows = 0;
    for (; ascii_is_digit(*text) && rows <= MAX_ROWS; text++) {
        rows = 10 * rows + (size_t)(*text - '0');
    }
    return *text || rows > MAX_ROWS ? 0 : rows;
}

static bool rows_is_valid(const char *text)
{
    return strcmp(text, "all") == 0 || strcmp(text, "auto") == 0 || read_rows(text) > 0;
}

size_t rows_limit(const char *rows, size_t preset)
{
    if (strcmp(rows, "auto") == 0) {
        return preset;
    }
    return strcmp(rows, "all") == 0 ? SIZE_MAX : read_rows(rows);
}

/* ---- --time-zone ---- */

static bool zone_is_valid(const char *text)
{
    int64_t seconds;
    return text[0] == '\0' || timestamp_parse_offset(span_of(text), &seconds);
}

/* ---- the flags ---- */

static const struct option of_pipeline[] = {
    {.group = "Which messages are ours",
     SHARED_TOPIC_PREFIX,
     .offset = MEMBER(topic_prefix),
     .help = "PREFIX/{device_no}/telemetry, events and status are ours"},
    {.group = "Whose clock",
     .name = "max-age",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(max_age_ns),
     .initial = "7d",
     .min = 0,
     .max = 3650 * DAY_NS,
     .help = "a device's time further behind its arrival is not trusted: the row gets the arrival "
             "time"},
    {.group = "Whose clock",
     .name = "max-ahead",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(max_ahead_ns),
     .initial = "10m",
     .min = 0,
     .max = 3650 * DAY_NS,
     .help = "nor is one further ahead"},
    {.group = "Whose clock",
     .name = "time-zone",
     .argument = "OFFSET",
     .kind = OPTION_TEXT,
     .offset = MEMBER(time_zone),
     .initial = "",
     .initial_words = "Z",
     .min = 0,
     .max = 6,
     .accepts = zone_is_valid,
     .expects = "an offset such as +08:00, -03:30, Z",
     .help = "of a device's time that names no zone; unless it is given such times are counted, and each machine that "
             "sends them is logged once"},
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
    {.group = "Duplicates",
     .name = "dedup-window",
     .argument = "COUNT",
     .kind = OPTION_COUNT,
     .offset = MEMBER(dedup_window),
     .initial = "65536",
     .min = 0,
     .max = 4194304,
     .help = "messages, and machines' clocks, remembered: some 120 bytes each; 0 = no duplicate is dropped"},
    {.group = "Duplicates",
     .name = "dedup-age",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(dedup_age_ns),
     .initial = "1h",
     .min = 1 * MS_NS,
     .max = 365 * DAY_NS,
     .help = "and for no longer than this"},
    {.group = "Duplicates",
     .name = "dedup-untimed",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(dedup_untimed_ns),
     .initial = "10s",
     .min = 0,
     .max = 365 * DAY_NS,
     .help = "events and statuses without a time that works for no longer than this: same bytes later are another "
             "event"},
    {.group = "Reports",
     .name = "report-interval",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(report_interval_ns),
     .initial = "10s",
     .min = 100 * MS_NS,
     .max = 1 * DAY_NS,
     .zero_too = true,
     .help = "a row of vm_ingest this often and at the end, with what came in and what became of "
             "it; 0 = none"},
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
    {.group = "Reports", SHARED_LOG_RATE, .offset = MEMBER(log_rate)},
    {.group = "Mapping",
     SHARED_MAPPING,
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
     .help = "influx = line protocol; table = for people, on a terminal no wider than that, with a summary: of a file "
             "first, of what is still coming in last; json = one object a line; csv = one table of all measurements, "
             "with what has no column in it as JSON in the last"},
    {.group = "Output",
     .name = "rows",
     .argument = "all|auto|N",
     .kind = OPTION_TEXT,
     .offset = MEMBER(rows),
     .initial = "auto",
     .min = 1,
     .max = 16,
     .accepts = rows_is_valid,
     .expects = "all, auto, or a whole number from 1 to 1000000",
     .help = "how many rows --format table shows of each table, and below it how many more there were; auto = 10 on a "
             "terminal and all elsewhere"},
};

const struct option_table pipeline_options = {of_pipeline, COUNT(of_pipeline)};
