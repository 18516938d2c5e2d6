/* run/engine.h - what stands around the pipeline in a running program: mapping, output, log, counts and their reports.
 *
 * The processor and the MQTT input differ in where messages come from; everything behind that is here. All times are of the monotonic
 * clock unless they are a message's.
 */
#ifndef VENDING_RUN_ENGINE_H
#define VENDING_RUN_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/options.h"
#include "core/mapping.h"
#include "core/pipeline.h"
#include "core/settings.h"
#include "core/stats.h"
#include "io/log.h"
#include "lp/row.h"
#include "run/output.h"

#define FLOW_HOST_BYTES 256

struct flow {
    struct settings *settings;
    bool reports; /* rows of vm_ingest are wanted */
    struct mapping *mapping;
    struct pipeline *pipeline;
    struct log log;
    struct output output;
    struct lp_sink sink;
    uint64_t bytes_in; /* read so far; the program counts them */
    int64_t input_ns;  /* of the last read that brought something; the program sets it */
    int64_t started_ns;
    int64_t report_ns; /* of the last report */
    int64_t next_report_ns;
    int64_t work_start_ns, work_writing_ns; /* as they stood at flow_begin_work */
    int64_t busy_ns;                        /* time spent on what was read, writing left out */
    struct stats reported;                  /* bytes and busy_ns as they stood at the last report */
    struct stats total;
    char host[FLOW_HOST_BYTES];
};

/* Before anything else: the instance's name, where settings have none, and the mapping. settings must outlive the flow. false = what is wrong
 * with the mapping. flow_free() in any case. */
bool flow_load(struct flow *flow, struct settings *settings, struct err *err);

/* Log and clocks; then everything that the pipeline needs: NULL, or what could not be had (errno may say why). */
void flow_begin(struct flow *flow);
const char *flow_prepare(struct flow *flow);
void flow_free(struct flow *flow);

/* Around the work on what was read: counts the time. */
void flow_begin_work(struct flow *flow);
void flow_end_work(struct flow *flow);

/* When something is due although nothing comes; CLOCK_NEVER = never. flow_do_what_is_due() then does it, tells what was
 * lost, and writes out what there is. */
int64_t flow_deadline_ns(const struct flow *flow);
void flow_do_what_is_due(struct flow *flow);

/* The last report and what is left to write; waits for the reader of the pipe to take it. */
void flow_finish(struct flow *flow);

/* Only counts what was done since the last report, for flow_log_end(): where there is nobody to read a last row. */
void flow_count(struct flow *flow);

/* The line that says what became of everything. */
void flow_log_end(struct flow *flow);

/* --check: the mapping in numbers and every setting, on standard output. */
void flow_print_check(const struct flow *flow, const struct program *program, const void *settings);

#endif
