#include "core/properties.h"

static const struct {
    const char *name;
    bool is_number;
} kinds[PROPERTY_IDS] = {
    [PROPERTY_PAYLOAD_FORMAT] = {"payload-format-indicator", true},
    [PROPERTY_MESSAGE_EXPIRY] = {"message-expiry-interval", true},
    [PROPERTY_CONTENT_TYPE] = {"content-type", false},
    [PROPERTY_RESPONSE_TOPIC] = {"response-topic", false},
    [PROPERTY_CORRELATION_DATA] = {"correlation-data", false},
    [PROPERTY_USER] = {"user-properties", false},
};

const char *property_name(enum property_id id)
{
    return kinds[id].name;
}

bool property_is_number(enum property_id id)
{
    return kinds[id].is_number;
}

void properties_add(struct properties *properties, struct property property)
{
    if (properties->count == PROPERTIES_MAX) {
        properties->dropped++;
        return;
    }
    properties->items[properties->count++] = property;
}

const struct property *properties_find(const struct properties *properties, enum property_id id)
{
    for (size_t i = 0; i < properties->count; i++) {
        if (properties->items[i].id == id) {
            return &properties->items[i];
        }
    }
    return NULL;
}

const struct property *properties_find_user(const struct properties *properties, const char *name)
{
    struct span wanted = span_of(name);
    for (size_t i = 0; i < properties->count; i++) {
        const struct property *property = &properties->items[i];
        if (property->id == PROPERTY_USER && span_equal(property->name, wanted)) {
            return property;
        }
    }
    return NULL;
}
