/* core/reject.h - why a whole message is refused (plugin/README.md, Rejects).
 *
 * The names are the values of vm_rejected.reason and, behind "rejected_", the columns of vm_ingest.
 */
#ifndef VENDING_CORE_REJECT_H
#define VENDING_CORE_REJECT_H

enum reject {
    REJECT_NONE, /* not refused */
    REJECT_NOT_LINE_PROTOCOL,
    REJECT_LINE_TOO_LONG,
    REJECT_UNKNOWN_TOPIC,
    REJECT_BAD_DEVICE_NO,
    REJECT_NO_PAYLOAD,
    REJECT_BAD_BASE64,
    REJECT_EMPTY_PAYLOAD,
    REJECT_PAYLOAD_TOO_LARGE,
    REJECT_INVALID_UTF8,
    REJECT_INVALID_JSON,
    REJECT_TOO_DEEP,
    REJECT_TOO_MANY_VALUES,
    REJECT_NOT_AN_OBJECT,
    REJECT_DEVICE_MISMATCH,
    REJECT_MISSING_FIELD,
    REJECT_NO_DATA,
    REJECT_OUT_OF_MEMORY,
    REJECT_REASONS /* how many there are */
};

/* "invalid_json" and the like; "" for REJECT_NONE. */
const char *reject_name(enum reject reason);

/* "rejected_invalid_json": the column of vm_ingest that counts it. */
const char *reject_column(enum reject reason);

#endif
