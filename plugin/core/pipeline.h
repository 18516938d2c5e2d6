/* core/pipeline.h - one record in, rows out: the whole processor without a descriptor or a clock.
 *
 * bytes -> line protocol -> payload -> columns -> row. Used by main, by the tests and by the MQTT
 * input.
 */
#ifndef VENDING_CORE_PIPELINE_H
#define VENDING_CORE_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/siphash.h"
#include "base/span.h"
#include "core/mapping.h"
#include "core/properties.h"
#include "core/reject.h"
#include "core/settings.h"
#include "core/stats.h"
#include "lp/row.h"

struct pipeline;

/* For the log; each may be NULL. */
struct pipeline_callbacks {
    /* For every rejected message. topic is empty when it is not known. */
    void (*on_reject)(void *ctx, enum reject reason, struct span topic, const char *detail);
    /* For a machine whose times name no zone, once, as long as no zone was chosen. */
    void (*on_zoneless)(void *ctx, struct span device_no);
    void *ctx;
};

/* settings, mapping and sink must outlive the pipeline. window_key: random, so that nobody can
 * craft a message that passes for another's duplicate. callbacks may be NULL. NULL = no memory. */
MUST_USE struct pipeline *pipeline_new(const struct settings *settings, const struct mapping *mapping,
                                       struct lp_sink sink, struct siphash_key window_key,
                                       const struct pipeline_callbacks *callbacks);
void pipeline_free(struct pipeline *pipeline);

/* One line-protocol record as the framer gives it. now_ns is the arrival time of a record that has
 * none. */
void pipeline_record(struct pipeline *pipeline, struct span record, int64_t now_ns);

/* A record over the limit: its first bytes and its size. */
void pipeline_oversized(struct pipeline *pipeline, struct span head, uint64_t total_size, int64_t now_ns);

/* An MQTT message as it came. */
struct pipeline_input {
    struct span topic;
    struct span payload;
    const struct properties *properties; /* of MQTT 5; NULL = none are known */
    /* the broker had it in store: unless it holds a time that works it is no news, and ignored */
    bool is_retained;
    int64_t arrival_ns;
};

/* One MQTT message, or several in one (core/batch.h). A topic that is not ours is rejected as
 * unknown: there is nothing to pass through. */
void pipeline_message(struct pipeline *pipeline, const struct pipeline_input *input);

/* An invalid line of a capture, or any input that could not be read as what it should be. */
void pipeline_reject(struct pipeline *pipeline, enum reject reason, struct span bytes, const char *detail,
                     int64_t now_ns);

/* Counts since the last call, which starts them anew. */
struct stats pipeline_take_stats(struct pipeline *pipeline);

#endif
