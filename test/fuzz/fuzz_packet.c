/* Anything as what a broker sends, read without libmosquitto: each message goes to the pipeline, each
 * other packet is stepped over.
 */
#include <stdlib.h>

#include "mqtt/packet.h"
#include "promises.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require_within(struct span part, struct span whole)
{
    if (part.len > 0 && (part.ptr < whole.ptr || part.ptr + part.len > whole.ptr + whole.len)) {
        abort();
    }
}

/* What mqtt/packet.h says of a packet that it gives out as a message. */
static void check_message(const struct mqtt_message *message, struct span packet)
{
    require_within(message->topic, packet);
    require_within(message->payload, packet);
    for (size_t i = 0; i < message->properties.count; i++) {
        require_within(message->properties.items[i].text, packet);
    }
    if (message->topic.len == 0 || message->qos < 0 || message->qos > 1 || (message->mid != 0) != (message->qos == 1)) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct promises promises;
    struct span rest = {(const char *)data, size};
    promises_begin(&promises, NULL);
    while (rest.len > 0) {
        struct mqtt_message message = {.mid = 0};
        size_t packet = 0;
        enum mqtt_packet_kind kind = mqtt_packet_read(rest, &packet, &message);
        if (kind == MQTT_PACKET_INCOMPLETE) {
            if (packet <= rest.len) {
                abort(); /* it would be waited for what is there */
            }
            break;
        }
        if (kind == MQTT_PACKET_QOS_2 || kind == MQTT_PACKET_POISONED) {
            break; /* said as soon as it is seen: from there on libmosquitto reads, or nobody */
        }
        if (packet == 0 || packet > rest.len) {
            abort();
        }
        if (kind == MQTT_PACKET_MESSAGE) {
            check_message(&message, (struct span){rest.ptr, packet});
            pipeline_message(promises.pipeline, &(struct pipeline_input){message.topic, message.payload,
                                                                         &message.properties, message.retain, 0});
        }
        rest = span_after(rest, packet);
    }
    promises_end(&promises);
    return 0;
}
