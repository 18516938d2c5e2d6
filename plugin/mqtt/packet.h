/* mqtt/packet.h - the first MQTT 5 packet of some bytes: is it there whole, and is it a PUBLISH
 * that can be read without libmosquitto (MQTT 5, 2.1 and 3.3)?
 *
 * Only what is beyond doubt is: QoS 0 or 1, a topic, properties that may be there, UTF-8 where it
 * is asked for. Control characters and non-characters in texts are taken (1.5.4: a receiver may
 * refuse them, but must refuse U+0000 alone): one machine's odd topic is rejected by the pipeline,
 * and must not cost the connection again and again. Anything else, a malformed packet too, is the
 * library's to judge; but for a property that MQTT 5 does not have, in whatever packet: on that
 * libmosquitto 2.0.11 aborts the program.
 */
#ifndef VENDING_MQTT_PACKET_H
#define VENDING_MQTT_PACKET_H

#include <stddef.h>

#include "base/buf.h"
#include "base/macros.h"
#include "base/span.h"
#include "mqtt/message.h"

enum mqtt_packet_kind {
    MQTT_PACKET_INCOMPLETE, /* there is more to come */
    MQTT_PACKET_MESSAGE,    /* a PUBLISH, read */
    MQTT_PACKET_QOS_2,      /* a PUBLISH with QoS 2 (or 3, which there is not) */
    MQTT_PACKET_OTHER,
    MQTT_PACKET_POISONED, /* a property that there is not: the library may not get it */
};

/* Looks at the packet with which the bytes begin. *size: its bytes; of one that is incomplete, how
 * many must be there to say more. A PUBLISH that is incomplete is poisoned already if that is seen
 * in what is there. *message is filled for MQTT_PACKET_MESSAGE, with views into the bytes. */
MUST_USE enum mqtt_packet_kind mqtt_packet_read(struct span bytes, size_t *size, struct mqtt_message *message);

/* Appends the PUBACK (3.4) for a packet identifier: success, no properties. */
void mqtt_packet_add_puback(struct buf *out, int mid);

#endif
