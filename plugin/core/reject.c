#include "core/reject.h"

#define PREFIX "rejected_"

/* One text serves both names: the column is the prefix and the reason. */
static const char *const columns[REJECT_REASONS] = {
    [REJECT_NONE] = PREFIX,
    [REJECT_NOT_LINE_PROTOCOL] = PREFIX "not_line_protocol",
    [REJECT_LINE_TOO_LONG] = PREFIX "line_too_long",
    [REJECT_UNKNOWN_TOPIC] = PREFIX "unknown_topic",
    [REJECT_BAD_DEVICE_NO] = PREFIX "bad_device_no",
    [REJECT_NO_PAYLOAD] = PREFIX "no_payload",
    [REJECT_BAD_BASE64] = PREFIX "bad_base64",
    [REJECT_EMPTY_PAYLOAD] = PREFIX "empty_payload",
    [REJECT_PAYLOAD_TOO_LARGE] = PREFIX "payload_too_large",
    [REJECT_INVALID_UTF8] = PREFIX "invalid_utf8",
    [REJECT_INVALID_JSON] = PREFIX "invalid_json",
    [REJECT_TOO_DEEP] = PREFIX "too_deep",
    [REJECT_TOO_MANY_VALUES] = PREFIX "too_many_values",
    [REJECT_NOT_AN_OBJECT] = PREFIX "not_an_object",
    [REJECT_DEVICE_MISMATCH] = PREFIX "device_mismatch",
    [REJECT_MISSING_FIELD] = PREFIX "missing_field",
    [REJECT_NO_DATA] = PREFIX "no_data",
    [REJECT_OUT_OF_MEMORY] = PREFIX "out_of_memory",
};

const char *reject_column(enum reject reason)
{
    return columns[reason];
}

const char *reject_name(enum reject reason)
{
    return columns[reason] + sizeof(PREFIX) - 1;
}
