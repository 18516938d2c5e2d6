#include "processor/options.h"

#include <stddef.h>

#include "base/macros.h"
#include "base/units.h"
#include "cli/help.h"
#include "cli/shared.h"

_Static_assert(sizeof(enum payload_encoding) == sizeof(int), "options.c stores a choice as an int");

/* In the order of its enum. */
static const char *const encodings[] = {[PAYLOAD_PLAIN] = "plain", [PAYLOAD_BASE64] = "base64", NULL};

#define MEMBER(name) offsetof(struct settings, name)

static const struct option options[] = {
    {.group = "Which messages are ours",
     .name = "topic-tag",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .offset = MEMBER(topic_tag),
     .initial = "topic",
     .min = 1,
     .max = 64,
     .help = "tag that holds the MQTT topic; metrics with another topic, or none, pass through "
             "unchanged"},
    {.group = "Which messages are ours",
     .name = "payload-field",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .offset = MEMBER(payload_field),
     .initial = "value",
     .min = 1,
     .max = 64,
     .help = "string field that holds the payload"},
    {.group = "Which messages are ours",
     .name = "payload-encoding",
     .kind = OPTION_CHOICE,
     .offset = MEMBER(payload_encoding),
     .initial = "plain",
     .choices = encodings,
     .help = "how that field holds it; base64 carries bytes that are not UTF-8"},
    {.group = "Limits",
     SHARED_MAX_LINE,
     .offset = MEMBER(max_line),
     .help = "a longer record of line protocol, or line of a capture, is rejected; not less than "
             "--max-payload"},
    {.group = "Captures",
     .name = "capture",
     .argument = "FILE",
     .kind = OPTION_FILE,
     .offset = MEMBER(capture_file),
     .help = "read what mosquitto_sub -F '%j' wrote instead of line protocol, each message as "
             "though it had come at its tst; - = standard input; rows of vm_ingest then only if "
             "--report-interval is given"},
};

static const struct option_table own_options = {options, COUNT(options)};
static const struct option_part parts[] = {{&pipeline_options, 0}, {&own_options, 0}, {&action_options, 0}};

const struct program processor_program = {
    .name = "vending-processor",
    .version = VENDING_VERSION,
    .summary = "vending machines' JSON in, typed metrics out",
    .usage = "  vending-processor [--FLAG VALUE ...] < LINE_PROTOCOL > LINE_PROTOCOL\n"
             "  vending-processor --capture FILE [--format table]\n",
    .notes = HELP_VALUES "\n"
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
    .parts = parts,
    .part_count = COUNT(parts),
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

bool processor_options_parse(int argc, char *const argv[], struct settings *settings, struct options_result *result,
                             struct err *err)
{
    *settings = (struct settings){0};
    if (!options_parse(&processor_program, argc, argv, settings, result, err)) {
        return false;
    }
    return action_only_prints((enum program_action)result->action) || check_together(settings, err);
}
