#include "replay/message.h"

#include <string.h>

#include "base/utf8.h"
#include "core/topic.h"

#define PROPERTY_MAX_BYTES 65535 /* of a text in MQTT 5 (1.5.4, 1.5.6) */
#define NAME_SHOWN_BYTES 64      /* in an error */

struct span replay_message_device(struct span topic, struct span topic_prefix)
{
    return topic_device_no(topic, topic_prefix);
}

size_t replay_message_copies(const struct replay_message_rules *rules, const struct capture_message *message)
{
    struct span device_no = replay_message_device(message->topic, rules->topic_prefix);
    size_t machine;
    if (!rules->fleet || device_no.len == 0 || !replay_fleet_find(rules->fleet, device_no, &machine)) {
        return 1;
    }
    return replay_fleet_copies(rules->fleet, machine);
}

/* ---- keeping ---- */

static size_t text_size(const struct properties *properties)
{
    size_t size = 0;
    for (size_t i = 0; i < properties->count; i++) {
        size += properties->items[i].name.len + properties->items[i].text.len;
    }
    return size;
}

size_t replay_message_size(const struct capture_message *message)
{
    return sizeof(struct replay_message) + message->properties.count * sizeof(struct property) + message->topic.len +
           message->payload.len + text_size(&message->properties);
}

static struct span keep_text(struct span text, char **at)
{
    struct span kept = {*at, text.len};
    if (text.len > 0) {
        memcpy(*at, text.ptr, text.len);
    }
    *at += text.len;
    return kept;
}

static void keep_properties(struct replay_message *kept, const struct properties *from, struct property *items,
                            char **at)
{
    kept->properties = items;
    kept->property_count = from->count;
    for (size_t i = 0; i < from->count; i++) {
        items[i] = from->items[i];
        items[i].name = keep_text(from->items[i].name, at);
        items[i].text = keep_text(from->items[i].text, at);
    }
}

void replay_message_keep(const struct replay_message_rules *rules, const struct capture_message *message, void *space)
{
    struct replay_message *kept = space;
    struct property *items = (struct property *)(kept + 1);
    char *at = (char *)(items + message->properties.count);
    int qos = message->qos > rules->min_qos ? message->qos : rules->min_qos;
    *kept = (struct replay_message){.tst_ns = message->time_ns, .qos = qos, .retain = message->retain};
    kept->left_out_properties = message->odd_properties + message->properties.dropped;
    keep_properties(kept, &message->properties, items, &at);
    kept->topic = keep_text(message->topic, &at);
    kept->payload = keep_text(message->payload, &at);

    enum message_kind kind;
    bool is_ours = topic_parse(kept->topic, rules->topic_prefix, &kept->device_no, &kind) == REJECT_NONE;
    if (rules->fleet) {
        (void)replay_fleet_find(rules->fleet, kept->device_no, &kept->machine);
    }
    if (is_ours && (rules->fleet || rules->shifts)) {
        replay_patch_find(rules->mapping, kind, kept->device_no, kept->payload, &kept->patch);
    }
}

/* ---- copies ---- */

size_t replay_message_render(const struct replay_message_rules *rules, const struct replay_message *message,
                             size_t copy, int64_t moment_ns, struct buf *topic, struct buf *payload)
{
    char name[DEVICE_NO_MAX_BYTES];
    struct span device_no = {name, 0};
    int64_t shift_ns = rules->shifts ? moment_ns - message->tst_ns : 0;
    if (copy > 0) {
        device_no.len = replay_fleet_name(rules->fleet, message->machine, copy, name);
        size_t before = (size_t)(message->device_no.ptr - message->topic.ptr);
        buf_bytes(topic, message->topic.ptr, before);
        buf_span(topic, device_no);
        buf_span(topic, span_after(message->topic, before + message->device_no.len));
    } else {
        buf_span(topic, message->topic);
    }
    return replay_patch_apply(&message->patch, message->payload, shift_ns, device_no, payload);
}

/* ---- can it be published? ---- */

static bool check_text(struct span text, bool is_binary, const char *what, struct span name, struct err *err)
{
    int shown = (int)(name.len < NAME_SHOWN_BYTES ? name.len : NAME_SHOWN_BYTES);
    const char *blank = shown > 0 ? " " : "";
    if (text.len > PROPERTY_MAX_BYTES) {
        err_set(err, 0, "%s%s%.*s has %zu bytes, at most %d can be published", what, blank, shown, name.ptr, text.len,
                PROPERTY_MAX_BYTES);
        return false;
    }
    if (!is_binary && !utf8_is_storable(text)) {
        err_set(err, 0, "%s%s%.*s is not UTF-8, or holds a NUL", what, blank, shown, name.ptr);
        return false;
    }
    return true;
}

static bool check_property(const struct property *property, struct err *err)
{
    const struct span none = {"", 0};
    if (property_is_number(property->id)) {
        return true;
    }
    if (property->id == PROPERTY_USER) {
        return check_text(property->name, false, "the name of a user property", none, err) &&
               check_text(property->text, false, "its user property", property->name, err);
    }
    return check_text(property->text, property->id == PROPERTY_CORRELATION_DATA, "its",
                      span_of(property_name(property->id)), err);
}

static bool check_topic(struct span topic, struct err *err)
{
    static const char *const own[] = {"$SYS", "$share"};
    for (size_t i = 0; i < COUNT(own); i++) {
        struct span name = span_of(own[i]);
        if (span_starts_with(topic, name) && (topic.len == name.len || topic.ptr[name.len] == '/')) {
            err_set(err, 0, "a topic below %s is the broker's own, and it closes the connection for it", own[i]);
            return false;
        }
    }
    return true;
}

bool replay_message_check(struct span topic, const struct properties *properties, struct err *err)
{
    if (!check_topic(topic, err)) {
        return false;
    }
    for (size_t i = 0; i < properties->count; i++) {
        if (!check_property(&properties->items[i], err)) {
            return false;
        }
    }
    return true;
}

void replay_message_properties(const struct replay_message *message, struct properties *out)
{
    *out = (struct properties){.count = message->property_count};
    if (message->property_count > 0) {
        memcpy(out->items, message->properties, message->property_count * sizeof *out->items);
    }
}
