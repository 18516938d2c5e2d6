/* core/pipeline.h - one record in, rows out: the whole processor without a descriptor or a clock.
 *
 * bytes -> line protocol -> payload -> columns -> row. Used by main, by the tests and by the MQTT
 * input.
 */
#ifndef VENDING_CORE_PIPELINE_H
#define VENDING_CORE_PIPELINE_H

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

/* Called for every rejected message, for the log. topic is empty when it is not known. */
typedef void pipeline_on_reject(void *ctx, enum reject reason, struct span topic, const char *detail);

/* settings, mapping and sink must outlive the pipeline. window_key: random, so that nobody can
 * craft a message that passes for another's duplicate. on_reject may be NULL. NULL = no memory. */
MUST_USE struct pipeline *pipeline_new(const struct settings *settings, const struct mapping *mapping,
                                       struct lp_sink sink, struct siphash_key window_key,
                                       pipeline_on_reject *on_reject, void *on_reject_ctx);
void pipeline_free(struct pipeline *pipeline);

/* One line-protocol record as the framer gives it. now_ns is the arrival time of a record that has
 * none. */
void pipeline_record(struct pipeline *pipeline, struct span record, int64_t now_ns);

/* A record over the limit: its first bytes and its size. */
void pipeline_oversized(struct pipeline *pipeline, struct span head, uint64_t total_size, int64_t now_ns);

/* One MQTT message. A topic that is not ours is rejected as unknown: there is nothing to pass
 * through. properties may be NULL. */
void pipeline_message(struct pipeline *pipeline, struct span topic, struct span payload,
                      const struct properties *properties, int64_t arrival_ns);

/* An invalid line of a capture, or any input that could not be read as what it should be. */
void pipeline_reject(struct pipeline *pipeline, enum reject reason, struct span bytes, const char *detail,
                     int64_t now_ns);

/* Counts since the last call, which starts them anew. */
struct stats pipeline_take_stats(struct pipeline *pipeline);

#endif
