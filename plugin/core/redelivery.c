#include "core/redelivery.h"

#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "core/dedup.h"

/* message_id must be the same everywhere, so its key is public. */
static const struct siphash_key message_id_key = {0, 0};

struct redelivery {
    struct redelivery_limits limits;
    struct siphash_key key;
    struct dedup *messages; /* all but telemetry and offlines; key = mark = the message */
    struct dedup *statuses; /* key = the topic, mark = its newest status */
};

struct redelivery *redelivery_new(const struct redelivery_limits *limits, struct siphash_key key)
{
    struct redelivery *redelivery = calloc(1, sizeof *redelivery);
    if (!redelivery) {
        return NULL;
    }
    redelivery->limits = *limits;
    redelivery->key = key;
    redelivery->messages = dedup_new(limits->window);
    redelivery->statuses = dedup_new(limits->window);
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

struct redelivery_mark redelivery_mark_of(const struct redelivery *redelivery, struct span topic, struct span bytes)
{
    return (struct redelivery_mark){siphash(redelivery->key, &topic, 1), hash_message(redelivery->key, topic, bytes)};
}

bool redelivery_is_quick(const struct redelivery *redelivery, enum message_kind kind, struct redelivery_mark mark,
                         int64_t now_ns)
{
    const struct redelivery_limits *limits = &redelivery->limits;
    int64_t shorter_ns = limits->untimed_ns < limits->age_ns ? limits->untimed_ns : limits->age_ns;
    switch (kind) {
    case MESSAGE_EVENTS:
    case MESSAGE_ACKS:
        return dedup_knows(redelivery->messages, mark.message, mark.message, now_ns, shorter_ns);
    case MESSAGE_STATUS:
        return dedup_knows(redelivery->statuses, mark.topic, mark.message, now_ns, limits->untimed_ns);
    case MESSAGE_TELEMETRY:
    case MESSAGE_KINDS:
    case MESSAGE_COMMANDS:
        break;
    }
    return false;
}

static bool is_repeated_status(struct redelivery *redelivery, enum redelivery_time time, struct redelivery_mark mark,
                               int64_t now_ns)
{
    const struct redelivery_limits *limits = &redelivery->limits;
    int64_t age_ns = time == REDELIVERY_UNTIMED ? limits->untimed_ns : INT64_MAX;
    if (dedup_knows(redelivery->statuses, mark.topic, mark.message, now_ns, age_ns) ||
        (time == REDELIVERY_TIMED &&
         dedup_knows(redelivery->messages, mark.message, mark.message, now_ns, limits->age_ns))) {
        return true;
    }
    if (time != REDELIVERY_OFFLINE) {
        dedup_remember(redelivery->messages, mark.message, mark.message, now_ns);
    }
    dedup_remember(redelivery->statuses, mark.topic, mark.message, now_ns);
    return false;
}

bool redelivery_is_repeat(struct redelivery *redelivery, enum message_kind kind, enum redelivery_time time,
                          struct redelivery_mark mark, int64_t now_ns)
{
    const struct redelivery_limits *limits = &redelivery->limits;
    int64_t age_ns = time == REDELIVERY_TIMED ? limits->age_ns : limits->untimed_ns;
    switch (kind) {
    case MESSAGE_EVENTS:
    case MESSAGE_ACKS:
        return dedup_seen(redelivery->messages, mark.message, mark.message, now_ns, age_ns);
    case MESSAGE_STATUS:
        return is_repeated_status(redelivery, time, mark, now_ns);
    case MESSAGE_TELEMETRY:
    case MESSAGE_KINDS:
    case MESSAGE_COMMANDS:
        break;
    }
    return false;
}
