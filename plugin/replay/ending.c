#include "replay/ending.h"

#include <inttypes.h>
#include <stdio.h>

void replay_ending_init(struct replay_ending *ending, int64_t give_up_ns, int64_t now_ns)
{
    *ending = (struct replay_ending){.give_up_ns = give_up_ns, .connected_ns = now_ns};
}

static void end(struct replay_ending *ending, enum replay_ending_why why)
{
    if (ending->why == REPLAY_ENDING_NOT_YET) {
        ending->why = why;
    }
}

void replay_ending_signal(struct replay_ending *ending, int64_t now_ns)
{
    if (ending->has_signal) {
        end(ending, REPLAY_ENDING_SECOND_SIGNAL);
        return;
    }
    ending->has_signal = true;
    ending->signal_ns = now_ns;
}

/* ---- the connection ---- */

/* From when on the present silence counts: what was in flight at the last look still is, and
 * nothing has been answered. */
static void note_progress(struct replay_ending *ending, bool is_connected, const struct replay_inflight *inflight,
                          int64_t now_ns)
{
    size_t in_flight = replay_inflight_count(inflight);
    bool is_silent = in_flight > 0 && ending->in_flight > 0 && inflight->answered == ending->answered;
    bool has_answered = inflight->answered != ending->answered_before;
    bool is_new = is_connected && !ending->is_connected;
    if (!is_silent || (is_new && has_answered)) {
        ending->silent_since_ns = now_ns;
    }
    if (is_new) {
        ending->answered_before = inflight->answered;
    }
    ending->is_connected = is_connected;
    ending->connected_ns = is_connected ? now_ns : ending->connected_ns;
    ending->in_flight = in_flight;
    ending->answered = inflight->answered;
}

static int64_t check_connection(struct replay_ending *ending, int64_t now_ns)
{
    int64_t deadline_ns = INT64_MAX;
    if (ending->give_up_ns > 0 && !ending->is_connected) {
        deadline_ns = ending->connected_ns + ending->give_up_ns;
        if (now_ns >= deadline_ns) {
            end(ending, REPLAY_ENDING_NO_CONNECTION);
        }
    }
    /* While there is no connection: only if the last one brought nothing either. */
    bool is_awaited = ending->in_flight > 0 && (ending->is_connected || ending->answered == ending->answered_before);
    if (ending->give_up_ns > 0 && is_awaited) {
        int64_t end_ns = ending->silent_since_ns + ending->give_up_ns;
        deadline_ns = end_ns < deadline_ns ? end_ns : deadline_ns;
        if (now_ns >= end_ns) {
            end(ending, REPLAY_ENDING_NO_ACKNOWLEDGEMENT);
        }
    }
    return deadline_ns;
}

int64_t replay_ending_check(struct replay_ending *ending, bool is_connected, const struct replay_inflight *inflight,
                            int64_t now_ns)
{
    note_progress(ending, is_connected, inflight, now_ns);
    int64_t deadline_ns = check_connection(ending, now_ns);
    if (!ending->has_signal) {
        return deadline_ns;
    }
    int64_t end_ns = ending->signal_ns + REPLAY_ENDING_WAIT_NS;
    if (now_ns >= end_ns) {
        end(ending, REPLAY_ENDING_SIGNAL);
    }
    return end_ns < deadline_ns ? end_ns : deadline_ns;
}

/* ---- words ---- */

size_t replay_ending_line(const struct replay_ending *ending, const struct replay_inflight *inflight,
                          bool is_all_published, char out[REPLAY_ENDING_LINE_BYTES])
{
    static const struct {
        const char *before, *after; /* the seconds */
    } reasons[] = {
        [REPLAY_ENDING_NOT_YET] = {"after ", " s"},
        [REPLAY_ENDING_NO_CONNECTION] = {"no connection for ", " s (--give-up)"},
        [REPLAY_ENDING_NO_ACKNOWLEDGEMENT] = {"no acknowledgement for ", " s (--give-up)"},
        [REPLAY_ENDING_SIGNAL] = {"not everything was acknowledged within ", " s of the signal"},
        [REPLAY_ENDING_SECOND_SIGNAL] = {"a second signal within ", " s"},
    };
    bool is_given_up = ending->why == REPLAY_ENDING_NO_CONNECTION || ending->why == REPLAY_ENDING_NO_ACKNOWLEDGEMENT;
    double seconds = (double)(is_given_up ? ending->give_up_ns : REPLAY_ENDING_WAIT_NS) / (double)SECOND_NS;
    int len = snprintf(out, REPLAY_ENDING_LINE_BYTES, "%s%.10g%s: %" PRIu64 " messages acknowledged, %zu not%s",
                       reasons[ending->why].before, seconds, reasons[ending->why].after, inflight->acknowledged,
                       replay_inflight_count(inflight),
                       is_all_published ? "" : ", what was left of the captures was not published");
    return len > 0 ? (size_t)len : 0;
}
