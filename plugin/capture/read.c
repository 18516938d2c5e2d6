#include "capture/read.h"

#include "base/timestamp.h"
#include "json/read.h"
#include "json/scan.h"

#define MAX_VALUES 100000 /* of one capture line whose payload is nested JSON (%J) */

static bool fail(struct err *err, size_t pos, const char *why)
{
    err_set(err, pos, "%s", why);
    return false;
}

static bool is_blank_line(struct span line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (!strchr(" \t\r\n", line.ptr[i]) || line.ptr[i] == '\0') {
            return false;
        }
    }
    return true;
}

static bool is_string(struct span value)
{
    return value.len >= 2 && value.ptr[0] == '"';
}

/* A string's bytes, or a JSON value's own text, in the arena. */
static bool take_bytes(struct span value, struct arena *arena, struct span *out)
{
    struct span inner = is_string(value) ? (struct span){value.ptr + 1, value.len - 2} : value;
    char *space = arena_alloc(arena, inner.len + 1);
    if (!space) {
        return false;
    }
    size_t len = inner.len;
    if (is_string(value)) {
        len = json_read_string(inner, space);
    } else {
        memcpy(space, inner.ptr, inner.len);
    }
    *out = (struct span){space, len};
    return true;
}

/* The grammar alone: bytes that are not UTF-8 are the payload's affair, not the capture's. */
static bool is_well_formed(struct span line, struct err *err)
{
    const struct json_limits limits = {JSON_MAX_DEPTH, MAX_VALUES};
    struct json_report report;
    return json_scan_bytes(line, &limits, NULL, &report, err) == JSON_OK;
}

/* mosquitto_sub writes null for a message without payload; %J does so for one whose payload is the
 * word null, too. */
static bool is_no_payload(struct span payload, struct span payload_len)
{
    return span_equal(payload, SPAN_LITERAL("null")) &&
           (payload_len.len == 0 || span_equal(payload_len, SPAN_LITERAL("0")));
}

/* The members that count, as they stand in the line; of equal keys the last. */
enum key { KEY_TIME, KEY_TOPIC, KEY_PAYLOAD, KEY_PAYLOAD_LEN, KEY_QOS, KEY_RETAIN, KEY_PROPERTIES, KEYS };

static void find_members(struct span line, struct span found[KEYS])
{
    static const struct span names[KEYS] = {
        [KEY_TIME] = {"tst", 3},
        [KEY_TOPIC] = {"topic", 5},
        [KEY_PAYLOAD] = {"payload", 7},
        [KEY_PAYLOAD_LEN] = {"payloadlen", 10},
        [KEY_QOS] = {"qos", 3},
        [KEY_RETAIN] = {"retain", 6},
        [KEY_PROPERTIES] = {"properties", 10},
    };
    struct json_read_iter iter;
    struct json_read_member member;
    json_read_begin(&iter, line);
    while (json_read_next(&iter, &member)) {
        for (size_t i = 0; i < KEYS; i++) {
            if (span_equal(member.key, names[i])) {
                found[i] = member.value;
            }
        }
    }
}

static bool take_time(struct span value, int64_t *ns)
{
    return is_string(value) && timestamp_parse_iso((struct span){value.ptr + 1, value.len - 2}, ns);
}

/* ---- properties ---- */

static bool is_object(struct span value)
{
    return value.len > 0 && value.ptr[0] == '{';
}

/* A whole number that fits; false = something else. */
static bool read_uint32(struct span text, uint32_t *out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || number > UINT32_MAX / 10) {
            return false;
        }
        number = number * 10 + (uint64_t)(text.ptr[i] - '0');
    }
    *out = (uint32_t)number;
    return text.len > 0 && number <= UINT32_MAX;
}

/* PROPERTY_IDS = unknown. */
static enum property_id find_id(struct span name)
{
    int id = 0;
    while (id < PROPERTY_IDS && !span_equal(name, span_of(property_name((enum property_id)id)))) {
        id++;
    }
    return (enum property_id)id;
}

/* They are of the connection that the message came over, not of the message. */
static bool is_of_connection(struct span name)
{
    return span_equal(name, SPAN_LITERAL("subscription-identifier")) || span_equal(name, SPAN_LITERAL("topic-alias"));
}

/* Adds a property whose text is a value of the line. One without room is only counted, and takes no
 * memory. false = no memory. */
static bool add_text(struct property property, struct span value, struct arena *arena, struct properties *out)
{
    if (out->count < PROPERTIES_MAX && !take_bytes(value, arena, &property.text)) {
        return false;
    }
    properties_add(out, property);
    return true;
}

/* One property but a user's. Of another type than it should have, or unknown: left out. false = no
 * memory. */
static bool take_property(const struct json_read_member *member, struct arena *arena, struct capture_message *out)
{
    struct property property = {.id = find_id(member->key)};
    if (property.id < PROPERTY_USER && property_is_number(property.id) &&
        read_uint32(member->value, &property.number)) {
        properties_add(&out->properties, property);
        return true;
    }
    if (property.id < PROPERTY_USER && !property_is_number(property.id) && is_string(member->value)) {
        return add_text(property, member->value, arena, &out->properties);
    }
    out->odd_properties += is_of_connection(member->key) ? 0 : 1;
    return true;
}

static bool take_user_property(const struct json_read_member *member, struct arena *arena, struct capture_message *out)
{
    struct property property = {.id = PROPERTY_USER};
    if (!is_string(member->value)) {
        out->odd_properties++;
        return true;
    }
    if (out->properties.count < PROPERTIES_MAX) {
        char *name = arena_alloc(arena, member->key.len + 1);
        if (!name) {
            return false;
        }
        property.name = (struct span){name, json_read_string(member->key, name)};
    }
    return add_text(property, member->value, arena, &out->properties);
}

static bool take_user_properties(struct span object, struct arena *arena, struct capture_message *out)
{
    struct json_read_iter iter;
    struct json_read_member member;
    json_read_begin(&iter, object);
    while (json_read_next(&iter, &member)) {
        if (!take_user_property(&member, arena, out)) {
            return false;
        }
    }
    return true;
}

static bool take_properties(struct span object, struct arena *arena, struct capture_message *out)
{
    struct json_read_iter iter;
    struct json_read_member member;
    if (!is_object(object)) {
        out->odd_properties += object.len == 0 || span_equal(object, SPAN_LITERAL("null")) ? 0 : 1;
        return true;
    }
    json_read_begin(&iter, object);
    while (json_read_next(&iter, &member)) {
        bool is_users = find_id(member.key) == PROPERTY_USER && is_object(member.value);
        if (is_users ? !take_user_properties(member.value, arena, out) : !take_property(&member, arena, out)) {
            return false;
        }
    }
    return true;
}

/* ---- the message ---- */

static bool take_message(struct span line, const struct span found[KEYS], struct arena *arena,
                         struct capture_message *out, struct err *err)
{
    if (!take_time(found[KEY_TIME], &out->time_ns)) {
        return fail(err, found[KEY_TIME].ptr ? (size_t)(found[KEY_TIME].ptr - line.ptr) : 0,
                    "no tst, or not a time such as 2026-11-24T00:31:58.387371Z+0000");
    }
    if (!is_string(found[KEY_TOPIC])) {
        return fail(err, found[KEY_TOPIC].ptr ? (size_t)(found[KEY_TOPIC].ptr - line.ptr) : 0, "no topic");
    }
    if (!take_bytes(found[KEY_TOPIC], arena, &out->topic)) {
        return fail(err, 0, "no memory for the topic");
    }
    out->payload = SPAN_LITERAL("");
    if (found[KEY_PAYLOAD].ptr && !is_no_payload(found[KEY_PAYLOAD], found[KEY_PAYLOAD_LEN]) &&
        !take_bytes(found[KEY_PAYLOAD], arena, &out->payload)) {
        return fail(err, 0, "no memory for the payload");
    }
    if (!take_properties(found[KEY_PROPERTIES], arena, out)) {
        return fail(err, 0, "no memory for the properties");
    }
    const struct span qos = found[KEY_QOS];
    out->qos = qos.len == 1 && qos.ptr[0] >= '0' && qos.ptr[0] <= '2' ? qos.ptr[0] - '0' : 0;
    /* A number up to mosquitto 2.0, a boolean from 2.1 on. */
    out->retain =
        span_equal(found[KEY_RETAIN], SPAN_LITERAL("1")) || span_equal(found[KEY_RETAIN], SPAN_LITERAL("true"));
    return true;
}

bool capture_read_line(struct span line, struct arena *arena, struct capture_message *out, struct err *err)
{
    *out = (struct capture_message){0};
    if (is_blank_line(line) || !is_well_formed(line, err)) {
        return false;
    }
    struct span found[KEYS] = {{0}};
    struct capture_message message = {0};
    find_members(line, found);
    if (!take_message(line, found, arena, &message, err)) {
        return false;
    }
    *out = message;
    return true;
}
