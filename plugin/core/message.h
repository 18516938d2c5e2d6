/* core/message.h - what a message is, whatever brought it. */
#ifndef VENDING_CORE_MESSAGE_H
#define VENDING_CORE_MESSAGE_H

#include <stdint.h>

#include "base/span.h"
#include "core/properties.h"
#include "core/standstill.h"

#define DEVICE_NO_MAX_BYTES 64

enum message_kind {
    MESSAGE_TELEMETRY,
    MESSAGE_EVENTS,
    MESSAGE_STATUS,
    MESSAGE_ACKS, /* of commands: rows of vm_events as well */
    MESSAGE_KINDS,
    MESSAGE_COMMANDS, /* from the server to a machine: known, and not ours to read */
};

/* "telemetry", "events", "status", "acks": the section of a mapping file. */
const char *message_kind_name(enum message_kind kind);

/* What is known of a message beside its payload. */
struct message {
    enum message_kind kind;
    struct span device_no;
    int64_t arrival_ns;
    int64_t message_id;
    const struct properties *properties; /* of MQTT 5; NULL = none are known */
    struct standstill *standstill;       /* the clocks of all machines; NULL = none are watched */
    uint64_t device_mark, reading_mark;  /* what machine and message are there */
};

#endif
