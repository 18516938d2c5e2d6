#include "replay/survey.h"

#include <poll.h>

#include "replay/message.h"

static bool take(struct replay_survey *survey, const struct capture_message *message, struct span topic_prefix,
                 struct replay_fleet *fleet, struct err *err)
{
    struct span device_no = replay_message_device(message->topic, topic_prefix);
    survey->messages++;
    replay_clock_add(&survey->timeline, message->time_ns);
    if (device_no.len > 0 && !replay_fleet_add(fleet, device_no)) {
        err_set(err, 0, "the captures have more than %d machines, or there is no memory for them",
                REPLAY_FLEET_MAX_MACHINES);
        return false;
    }
    return true;
}

bool replay_survey_read(struct replay_survey *survey, struct capture_source *source, struct span topic_prefix,
                        struct replay_fleet *fleet, struct err *err)
{
    struct capture_message message;
    for (;;) {
        switch (capture_source_next(source, &message, err)) {
        case CAPTURE_SOURCE_MESSAGE:
            if (!take(survey, &message, topic_prefix, fleet, err)) {
                return false;
            }
            break;
        case CAPTURE_SOURCE_WAIT:
            (void)poll(&(struct pollfd){.fd = capture_source_fd(source), .events = POLLIN}, 1, -1);
            break;
        case CAPTURE_SOURCE_END:
            capture_source_rewind(source);
            return true;
        case CAPTURE_SOURCE_FAILED:
            return false;
        }
    }
}
