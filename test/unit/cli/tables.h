/* tables.h - two programs of no use, whose options are of every kind: for the tests of cli. */
#ifndef VENDING_TEST_CLI_TABLES_H
#define VENDING_TEST_CLI_TABLES_H

#include <stddef.h>
#include <string.h>

#include "base/macros.h"
#include "base/units.h"
#include "cli/options.h"

/* ---- paint: texts, a choice, numbers, actions ---- */

enum colour { RED, GREEN };
enum { ACTION_LIST = 1, ACTION_TEST, ACTION_HELP };

struct paint {
    const char *name;
    const char *file;
    enum colour colour;
    size_t coats;
    size_t bytes;
    int64_t drying_ns;
    int64_t pause_ns;
};

static const char *const colours[] = {"red", "green", NULL};

static bool no_blank(const char *text)
{
    return !strchr(text, ' ');
}

#define MEMBER(name) offsetof(struct paint, name)

static const struct option paint_options[] = {
    {.group = "What",
     .name = "name",
     .argument = "NAME",
     .kind = OPTION_TEXT,
     .offset = MEMBER(name),
     .initial = "door",
     .min = 1,
     .max = 8,
     .accepts = no_blank,
     .expects = "a name without blanks",
     .help = "what to paint"},
    {.group = "What",
     .name = "file",
     .argument = "FILE",
     .kind = OPTION_FILE,
     .offset = MEMBER(file),
     .help = "a plan"},
    {.group = "How",
     .name = "colour",
     .kind = OPTION_CHOICE,
     .offset = MEMBER(colour),
     .initial = "green",
     .choices = colours,
     .help = "which colour"},
    {.group = "How",
     .name = "coats",
     .argument = "COUNT",
     .kind = OPTION_COUNT,
     .offset = MEMBER(coats),
     .initial = "2",
     .min = 1,
     .max = 5,
     .help = "how many, in words that are so many that they do not fit on one line of the right-hand column"},
    {.group = "How",
     .name = "bytes",
     .argument = "BYTES",
     .kind = OPTION_BYTES,
     .offset = MEMBER(bytes),
     .initial = "64KiB",
     .min = 10,
     .max = 2097152,
     .help = "a size"},
    {.group = "How",
     .name = "drying",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(drying_ns),
     .initial = "90s",
     .min = 0,
     .max = 7 * DAY_NS,
     .help = "a time"},
    {.group = "How",
     .name = "pause",
     .argument = "DURATION",
     .kind = OPTION_DURATION,
     .offset = MEMBER(pause_ns),
     .initial = "1h",
     .min = SECOND_NS,
     .max = DAY_NS,
     .zero_too = true,
     .help = "a time or none"},
    {.group = "Other", .name = "list", .kind = OPTION_ACTION, .action = ACTION_LIST, .help = "list"},
    {.group = "Other", .name = "test", .kind = OPTION_ACTION, .action = ACTION_TEST, .help = "test"},
    {.group = "Other", .name = "help", .kind = OPTION_ACTION, .action = ACTION_HELP, .at_once = true, .help = "help"},
};

static const struct option_table paint_table = {paint_options, COUNT(paint_options)};
static const struct option_part paint_parts[] = {{&paint_table, 0}};

static const struct program paint_program = {
    .name = "paint",
    .version = "1.2.3",
    .summary = "paints",
    .usage = "  paint [--FLAG VALUE ...]\n",
    .notes = "That is all.\n",
    .parts = paint_parts,
    .part_count = COUNT(paint_parts),
};

/* ---- walk: a switch, an offset, a flag that may stand alone, operands ---- */

struct walk {
    bool slowly;
    int64_t from_ns;
    int64_t to_ns;
    size_t rounds;
};

static const struct option walk_options[] = {
    {.group = "How",
     .name = "slowly",
     .kind = OPTION_SWITCH,
     .offset = offsetof(struct walk, slowly),
     .help = "take your time"},
    {.group = "How",
     .name = "from",
     .argument = "OFFSET",
     .kind = OPTION_OFFSET,
     .offset = offsetof(struct walk, from_ns),
     .initial = "now",
     .min = -7 * DAY_NS,
     .max = DAY_NS,
     .help = "since when"},
    {.group = "How",
     .name = "to",
     .argument = "OFFSET",
     .kind = OPTION_OFFSET,
     .offset = offsetof(struct walk, to_ns),
     .min = -7 * DAY_NS,
     .max = DAY_NS,
     .help = "until when"},
    {.group = "How",
     .name = "rounds",
     .argument = "COUNT",
     .kind = OPTION_COUNT,
     .offset = offsetof(struct walk, rounds),
     .initial = "1",
     .alone = "0",
     .min = 0,
     .max = 9,
     .help = "how often; alone = for ever"},
};

static const struct option_table walk_table = {walk_options, COUNT(walk_options)};
static const struct option_part walk_parts[] = {{&walk_table, 0}};

static const struct program walk_program = {
    .name = "walk",
    .version = "1",
    .summary = "walks",
    .usage = "  walk PLACE ...\n",
    .notes = "",
    .parts = walk_parts,
    .part_count = COUNT(walk_parts),
    .takes_operands = true,
};

#endif
