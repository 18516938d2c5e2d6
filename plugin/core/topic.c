#include "core/topic.h"

#include "base/ascii.h"

/* What stands behind {prefix}/{device_no}/. */
static const struct {
    const char *levels;
    enum message_kind kind;
} kinds[] = {
    {"telemetry", MESSAGE_TELEMETRY}, {"events", MESSAGE_EVENTS},     {"status", MESSAGE_STATUS},
    {"commands/ack", MESSAGE_ACKS},   {"commands", MESSAGE_COMMANDS},
};

static bool is_device_char(char c)
{
    return ascii_is_upper(c) || ascii_is_lower(c) || ascii_is_digit(c) || c == '.' || c == '_' || c == ':' || c == '-';
}

static bool is_device_no(struct span text)
{
    if (text.len == 0 || text.len > DEVICE_NO_MAX_BYTES) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!is_device_char(text.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool find_kind(struct span name, enum message_kind *kind)
{
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (span_equal(name, span_of(kinds[i].levels))) {
            *kind = kinds[i].kind;
            return true;
        }
    }
    return false;
}

bool topic_is_prefix(const char *text)
{
    struct span prefix = span_of(text);
    return prefix.len > 0 && prefix.ptr[prefix.len - 1] != '/' && !strpbrk(text, "+#");
}

bool topic_is_ours(struct span topic, struct span prefix)
{
    return span_starts_with(topic, prefix) && topic.len > prefix.len && topic.ptr[prefix.len] == '/';
}

/* The level behind the prefix of an own topic, good or not. */
static struct span device_level(struct span topic, struct span prefix)
{
    struct span rest = span_after(topic, prefix.len + 1);
    const char *slash = memchr(rest.ptr, '/', rest.len);
    return slash ? (struct span){rest.ptr, (size_t)(slash - rest.ptr)} : rest;
}

struct span topic_device_no(struct span topic, struct span prefix)
{
    struct span device = topic_is_ours(topic, prefix) ? device_level(topic, prefix) : (struct span){"", 0};
    return is_device_no(device) ? device : (struct span){"", 0};
}

enum reject topic_parse(struct span topic, struct span prefix, struct span *device_no, enum message_kind *kind)
{
    *device_no = topic_device_no(topic, prefix);
    *kind = MESSAGE_TELEMETRY;
    if (!topic_is_ours(topic, prefix)) {
        return REJECT_UNKNOWN_TOPIC;
    }
    struct span rest = span_after(topic, prefix.len + 1);
    size_t device_len = device_level(topic, prefix).len;
    if (device_len == rest.len || !find_kind(span_after(rest, device_len + 1), kind)) {
        return REJECT_UNKNOWN_TOPIC;
    }
    return device_no->len > 0 ? REJECT_NONE : REJECT_BAD_DEVICE_NO;
}
