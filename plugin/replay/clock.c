#include "replay/clock.h"

static int64_t gap_before(const struct replay_clock_timeline *timeline, int64_t tst_ns)
{
    if (timeline->new_round) {
        return REPLAY_CLOCK_ROUND_GAP_NS;
    }
    /* Both are times of timestamp.h, of which none is negative: no overflow. */
    int64_t gap_ns = tst_ns - timeline->tst_ns;
    if (timeline->max_gap_ns > 0 && gap_ns > timeline->max_gap_ns) {
        return timeline->max_gap_ns;
    }
    return gap_ns > 0 ? gap_ns : 0;
}

int64_t replay_clock_add(struct replay_clock_timeline *timeline, int64_t tst_ns)
{
    if (timeline->started) {
        int64_t gap_ns = gap_before(timeline, tst_ns);
        timeline->offset_ns += gap_ns <= REPLAY_CLOCK_MAX_NS - timeline->offset_ns ? gap_ns : 0;
    }
    timeline->started = true;
    timeline->new_round = false;
    timeline->tst_ns = tst_ns;
    return timeline->offset_ns;
}

void replay_clock_new_round(struct replay_clock_timeline *timeline)
{
    timeline->new_round = true;
}

int64_t replay_clock_length(const struct replay_clock_timeline *one_round, uint64_t rounds)
{
    int64_t round_ns = one_round->offset_ns + REPLAY_CLOCK_ROUND_GAP_NS;
    if (rounds > (uint64_t)(REPLAY_CLOCK_MAX_NS / round_ns)) {
        return REPLAY_CLOCK_MAX_NS;
    }
    return (int64_t)rounds * round_ns - REPLAY_CLOCK_ROUND_GAP_NS;
}

/* How long it takes to come that far. */
static int64_t at_speed(double speed, int64_t offset_ns)
{
    double ns = speed > 0 ? (double)offset_ns / speed : 0;
    return ns < (double)REPLAY_CLOCK_MAX_NS ? (int64_t)ns : REPLAY_CLOCK_MAX_NS;
}

int64_t replay_clock_start_for(double speed, int64_t begin_ns, int64_t length_ns)
{
    bool is_faster = speed <= 0 || speed > 1;
    return is_faster ? begin_ns - (length_ns - at_speed(speed, length_ns)) : begin_ns;
}

int64_t replay_clock_moment_ns(const struct replay_clock_pace *pace, int64_t offset_ns)
{
    return pace->start_ns + offset_ns;
}

int64_t replay_clock_due_ns(const struct replay_clock_pace *pace, int64_t offset_ns)
{
    int64_t due_ns = pace->begin_ns + at_speed(pace->speed, offset_ns);
    int64_t moment_ns = replay_clock_moment_ns(pace, offset_ns);
    return pace->shifts && moment_ns > due_ns ? moment_ns : due_ns;
}
