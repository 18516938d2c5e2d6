/* cli/shared.h - flags that several programs have, written once.
 *
 * A table for every program that makes rows: which topics, whose clock, limits, duplicates,
 * reports, mapping, output. And for a program that has only some of them, what is the same about a
 * flag in each: its own table adds group, offset and, where it means something else there, the
 * help.
 */
#ifndef VENDING_CLI_SHARED_H
#define VENDING_CLI_SHARED_H

#include "base/units.h"
#include "cli/actions.h"
#include "cli/options.h"
#include "core/topic.h"

/* Members are those of struct settings (core/settings.h). */
extern const struct option_table pipeline_options;

/* What --rows says: rows of a table to show. preset is for "auto"; SIZE_MAX = all. */
size_t rows_limit(const char *rows, size_t preset);

#define SHARED_TOPIC_PREFIX                                                                                            \
    .name = "topic-prefix", .argument = "TOPIC", .kind = OPTION_TEXT, .initial = "v1/vm", .min = 1, .max = 256,        \
    .accepts = topic_is_prefix, .expects = TOPIC_PREFIX_EXPECTED

#define SHARED_MAPPING .name = "mapping", .argument = "FILE", .kind = OPTION_FILE

#define SHARED_MAX_LINE                                                                                                \
    .name = "max-line", .argument = "BYTES", .kind = OPTION_BYTES, .initial = "1MiB", .min = 1 * KIB, .max = 64 * MIB

#define SHARED_LOG_RATE                                                                                                \
    .name = "log-rate", .argument = "COUNT", .kind = OPTION_COUNT, .initial = "60", .min = 0, .max = 1000000,          \
    .help = "lines a minute on standard error; more are counted and the count is said; 0 = no limit"

#endif
