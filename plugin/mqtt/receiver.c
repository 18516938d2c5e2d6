#include "mqtt/receiver.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "mqtt/packet.h"

#define PUBLISH_BYTES_MIN 8 /* with QoS 1: header, topic of one byte, packet identifier, no properties */
#define PUBACK_BYTES 4
#define READ_ACK_BYTES_MAX (MQTT_RECEIVER_BYTES / PUBLISH_BYTES_MIN * PUBACK_BYTES) /* of one read */
#define ACK_BYTES_MAX (2 * READ_ACK_BYTES_MAX)

bool mqtt_receiver_init(struct mqtt_receiver *receiver)
{
    *receiver = (struct mqtt_receiver){.window = malloc(MQTT_RECEIVER_BYTES), .awaited = 1};
    buf_init(&receiver->acks, ACK_BYTES_MAX);
    return buf_reserve(&receiver->acks, ACK_BYTES_MAX) && receiver->window;
}

void mqtt_receiver_free(struct mqtt_receiver *receiver)
{
    free(receiver->window);
    buf_free(&receiver->acks);
}

void mqtt_receiver_reset(struct mqtt_receiver *receiver)
{
    buf_truncate(&receiver->acks, 0);
    receiver->awaited = 1;
}

/* The socket polls as readable when it holds that much, or nothing more can come. false = it does
 * already, or it cannot be told so. */
static bool await(struct mqtt_receiver *receiver, int fd, size_t bytes)
{
    int count = (int)bytes;
    if (bytes == receiver->awaited || setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &count, sizeof count) != 0) {
        return false;
    }
    receiver->awaited = bytes;
    return true;
}

/* What it held when we looked is there. */
static bool consume(struct mqtt_receiver *receiver, int fd, size_t bytes)
{
    while (bytes > 0) {
        ssize_t n = recv(fd, receiver->window, bytes, MSG_DONTWAIT);
        if (n > 0) {
            bytes -= (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* Nothing could be taken: the packet at the front is not ours, or not there whole. size: as
 * mqtt_packet_read() gives it. */
static enum mqtt_receiver_next leave(struct mqtt_receiver *receiver, int fd, enum mqtt_packet_kind kind, size_t size)
{
    if (kind == MQTT_PACKET_QOS_2) {
        return MQTT_RECEIVER_ALL_FOR_LIBRARY;
    }
    if (kind == MQTT_PACKET_POISONED) {
        return MQTT_RECEIVER_POISONED;
    }
    /* Readable without what was waited for: the connection has ended within the packet. */
    if (kind == MQTT_PACKET_INCOMPLETE && size <= MQTT_RECEIVER_BYTES && await(receiver, fd, size)) {
        return MQTT_RECEIVER_GO_ON;
    }
    (void)await(receiver, fd, 1);
    return kind == MQTT_PACKET_OTHER ? MQTT_RECEIVER_ONE_FOR_LIBRARY : MQTT_RECEIVER_PART_OF_MESSAGE;
}

enum mqtt_receiver_next mqtt_receiver_read(struct mqtt_receiver *receiver, int fd, mqtt_receiver_callback *callback,
                                           void *ctx)
{
    enum mqtt_packet_kind kind = MQTT_PACKET_INCOMPLETE;
    size_t used = 0;
    size_t size = 0;
    ssize_t n = recv(fd, receiver->window, MQTT_RECEIVER_BYTES, MSG_PEEK | MSG_DONTWAIT);
    if (n < 0) {
        return errno == EAGAIN || errno == EINTR ? MQTT_RECEIVER_GO_ON : MQTT_RECEIVER_FAILED;
    }
    if (n == 0) { /* the end, which the library is to find */
        return MQTT_RECEIVER_ONE_FOR_LIBRARY;
    }
    for (bool wanted = true; wanted && used < (size_t)n; used += size) {
        struct span rest = {receiver->window + used, (size_t)n - used};
        kind = mqtt_packet_read(rest, &size, &receiver->message);
        if (kind != MQTT_PACKET_MESSAGE) {
            break;
        }
        wanted = callback(ctx, &receiver->message);
        if (receiver->message.qos > 0) {
            mqtt_packet_add_puback(&receiver->acks, receiver->message.mid);
        }
    }
    if (used == 0) {
        return leave(receiver, fd, kind, size);
    }
    (void)await(receiver, fd, 1);
    return consume(receiver, fd, used) ? MQTT_RECEIVER_GO_ON : MQTT_RECEIVER_FAILED;
}

bool mqtt_receiver_has_room(const struct mqtt_receiver *receiver)
{
    return receiver->acks.len <= ACK_BYTES_MAX - READ_ACK_BYTES_MAX;
}

bool mqtt_receiver_has_acks(const struct mqtt_receiver *receiver)
{
    return receiver->acks.len > 0;
}

static bool may_pass(int error)
{
    return error == EAGAIN || error == EINTR || error == ENOBUFS || error == ENOMEM;
}

void mqtt_receiver_send_acks(struct mqtt_receiver *receiver, int fd)
{
    if (receiver->acks.len > 0) {
        ssize_t n = send(fd, receiver->acks.ptr, receiver->acks.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0) {
            buf_consume(&receiver->acks, (size_t)n);
        } else if (!may_pass(errno)) {
            buf_truncate(&receiver->acks, 0);
        }
    }
}
