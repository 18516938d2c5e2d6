/* run/engine.h - what stands around the pipeline in a running program: mapping, output, log, counts
 * and their reports.
 *
 * The processor and the MQTT input differ in where messages come from; everything behind that is
 * here. All times are of the monotonic clock unless they are a message's.
 *
 * --format table on a terminal: a file is read to its end, then the summary is printed and the
 * first rows of each table. What comes from a pipe or a broker is shown a second after its first
 * row came, so that one can look on, and the summary comes last. Elsewhere tables are printed
 * when nothing came for a second, when there are many rows, and at the end.
 */
#ifndef VENDING_RUN_ENGINE_H
#define VENDING_RUN_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "cli/options.h"
#include "core/mapping.h"
#include "core/pipeline.h"
#include "core/settings.h"
#include "core/stats.h"
#include "io/log.h"
#include "io/stop.h"
#include "lp/row.h"
#include "run/output.h"

#define ENGINE_HOST_BYTES 256

struct engine {
    struct settings *settings;
    bool reports;       /* rows of vm_ingest are wanted; for the program to set */
    bool input_is_file; /* it ends by itself; for the program to set before engine_prepare */
    bool on_terminal;   /* --format table, for a person who looks on */
    bool quiet;         /* that person sees the summary: log lines that say the same are left out */
    struct mapping *mapping;
    struct pipeline *pipeline;
    struct log log;
    struct output output;
    struct stop stop; /* the program sets signal_fd and limit_ns before engine_prepare */
    bool is_drained;  /* after engine_finish: the reader has taken everything */
    struct lp_sink sink;
    uint64_t bytes_in; /* read so far; the program counts them */
    int64_t input_ns;  /* of the last read that brought something; the program sets it */
    int64_t started_ns;
    int64_t report_ns; /* of the last report */
    int64_t next_report_ns;
    int64_t work_start_ns, work_writing_ns; /* as they stood at engine_begin_work */
    int64_t busy_ns;                        /* time spent on what was read, writing left out */
    struct stats reported;                  /* bytes and busy_ns as they stood at the last report */
    struct stats total;
    char host[ENGINE_HOST_BYTES];
};

/* Before anything else: the instance's name, where settings have none, and the mapping. settings
 * must outlive the engine. false = *err says what is wrong with the mapping. engine_free() in
 * any case. */
bool engine_load(struct engine *engine, struct settings *settings, struct err *err) MUST_USE;

/* Log and clocks; then everything that the pipeline needs: NULL, or what could not be had (errno
 * may say why). */
void engine_begin(struct engine *engine);
const char *engine_prepare(struct engine *engine) MUST_USE;
void engine_free(struct engine *engine);

/* Around the work on what was read: counts the time. */
void engine_begin_work(struct engine *engine);
void engine_end_work(struct engine *engine);

/* When something is due although nothing comes; CLOCK_NEVER = never. engine_do_what_is_due()
 * then does it, logs what was lost, and writes out what there is. */
int64_t engine_deadline_ns(const struct engine *engine);
void engine_do_what_is_due(struct engine *engine);

/* The last report and what is left to write, with the summary on a terminal; waits until the
 * reader of a pipe has taken it, or for the deadline of the stop. From now on no line of the log is
 * held back. */
void engine_finish(struct engine *engine);

/* After engine_finish(): logs why standard output has failed, or how much of it nobody has read.
 * true = all of it was taken. */
MUST_USE bool engine_log_output(struct engine *engine);

/* Only counts what was done since the last report, for a program that does not report. */
void engine_count(struct engine *engine);

/* The line that says what became of everything. */
void engine_log_end(struct engine *engine);

/* --check: the mapping in numbers and every setting, on standard output. */
void engine_print_check(const struct engine *engine, const struct program *program, const void *settings);

/* --print-mapping: the mapping in force, on standard output. false = no memory for it. */
MUST_USE bool engine_print_mapping(const struct engine *engine);

#endif
