/* mqtt/receiver.h - takes messages straight from a TCP socket that libmosquitto owns: as many with
 * one read as the socket holds, their PUBACKs with one write, when the program says so.
 *
 * The library reads byte by byte and acknowledges before it calls back. So the receiver looks at
 * what is in the socket (MSG_PEEK), takes the messages at the front of it, and leaves every other
 * packet where it is, for the library to read.
 */
#ifndef VENDING_MQTT_RECEIVER_H
#define VENDING_MQTT_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/macros.h"
#include "mqtt/message.h"

#define MQTT_RECEIVER_BYTES ((size_t)128 * 1024) /* looked at with one read */

struct mqtt_receiver {
    char *window;    /* what the socket holds */
    struct buf acks; /* PUBACKs to be sent */
    size_t awaited;  /* bytes without which the socket is not to be reported as readable */
    struct mqtt_message message;
};

/* false = the program wants no more for now. */
typedef bool mqtt_receiver_callback(void *ctx, const struct mqtt_message *message);

enum mqtt_receiver_next {
    MQTT_RECEIVER_GO_ON,           /* poll again */
    MQTT_RECEIVER_ONE_FOR_LIBRARY, /* the next packet is the library's, and whole */
    MQTT_RECEIVER_PART_OF_MESSAGE, /* ... is too large for us, or cut off; when the library has
                                      called back for it, it is between two packets again */
    MQTT_RECEIVER_ALL_FOR_LIBRARY, /* it reads ahead from now on */
    MQTT_RECEIVER_POISONED,        /* the next packet is for nobody: the connection is to be given up */
    MQTT_RECEIVER_FAILED,          /* errno says why */
};

/* false = no memory; *receiver is then safe to free. */
MUST_USE bool mqtt_receiver_init(struct mqtt_receiver *receiver);
void mqtt_receiver_free(struct mqtt_receiver *receiver);

/* For a new connection. What was not acknowledged on the one before will come again. */
void mqtt_receiver_reset(struct mqtt_receiver *receiver);

/* Are so few PUBACKs waiting that those of one read more can be kept? */
bool mqtt_receiver_has_room(const struct mqtt_receiver *receiver);

/* Reads once, from a socket that was polled as readable, and calls back for each message; says who
 * is to read next. Only if there is room. */
MUST_USE enum mqtt_receiver_next mqtt_receiver_read(struct mqtt_receiver *receiver, int fd,
                                                    mqtt_receiver_callback *callback, void *ctx);

bool mqtt_receiver_has_acks(const struct mqtt_receiver *receiver);

/* Sends the PUBACKs, or as many as the socket takes. Of a connection that is gone they are dropped:
 * reading will find out why. */
void mqtt_receiver_send_acks(struct mqtt_receiver *receiver, int fd);

#endif
