#include "core/redelivery.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "core/dedup.h"

/* message_id must be the same everywhere, so its key is public. */
static const struct siphash_key message_id_key = {0, 0};

struct redelivery {
    struct siphash_key key;
    /* events, dated statuses, whatever was rejected: key = mark = the message */
    struct dedup *messages;
    struct dedup *statuses; /* key = the topic, mark = its last status */
};

struct redelivery *redelivery_new(size_t window, int64_t age_ns, struct siphash_key key)
{
    struct redelivery *redelivery = calloc(1, sizeof *redelivery);
    if (!redelivery) {
        return NULL;
    }
    redelivery->key = key;
    redelivery->messages = dedup_new(window, age_ns);
    redelivery->statuses = dedup_new(window, INT64_MAX);
    if (!redelivery->messages || !redelivery->statuses) {
        redelivery_free(redelivery);
        return NULL;
    }
    return redelivery;
}

void redelivery_free(struct redelivery *redelivery)
{
    if (redelivery) {
        dedup_free(redelivery->messages);
        dedup_free(redelivery->statuses);
        free(redelivery);
    }
}

static uint64_t hash_message(struct siphash_key key, struct span topic, struct span bytes)
{
    const struct span parts[] = {topic, {"", 1}, bytes};
    return siphash(key, parts, COUNT(parts));
}

int64_t redelivery_message_id(struct span topic, struct span bytes)
{
    uint64_t hash = hash_message(message_id_key, topic, bytes);
    int64_t id;
    memcpy(&id, &hash, sizeof id);
    return id;
}

bool redelivery_is_repeat(struct redelivery *redelivery, enum message_kind kind, struct span topic, struct span bytes,
                          int64_t now_ns)
{
    if (kind == MESSAGE_TELEMETRY) {
        return false;
    }
    uint64_t mark = hash_message(redelivery->key, topic, bytes);
    switch (kind) {
    case MESSAGE_EVENTS:
        return dedup_seen(redelivery->messages, mark, mark, now_ns);
    case MESSAGE_STATUS:
        return dedup_seen(redelivery->statuses, siphash(redelivery->key, &topic, 1), mark, now_ns);
    case MESSAGE_TELEMETRY:
    case MESSAGE_KINDS:
        break;
    }
    return false;
}

bool redelivery_is_dated_repeat(struct redelivery *redelivery, struct span topic, struct span bytes, int64_t now_ns)
{
    uint64_t mark = hash_message(redelivery->key, topic, bytes);
    return dedup_seen(redelivery->messages, mark, mark, now_ns);
}
