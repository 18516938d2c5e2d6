#include "replay/clock.h"

static int64_t gap_before(const struct replay_line *line, int64_t tst_ns)
{
    if (line->new_round) {
        return REPLAY_ROUND_GAP_NS;
    }
    /* Both are times of timestamp.h, of which none is negative: no overflow. */
    int64_t gap_ns = tst_ns - line->tst_ns;
    if (line->max_gap_ns > 0 && gap_ns > line->max_gap_ns) {
        return line->max_gap_ns;
    }
    return gap_ns > 0 ? gap_ns : 0;
}

int64_t replay_line_add(struct replay_line *line, int64_t tst_ns)
{
    if (line->started) {
        int64_t gap_ns = gap_before(line, tst_ns);
        line->offset_ns += gap_ns <= REPLAY_MAX_NS - line->offset_ns ? gap_ns : 0;
    }
    line->started = true;
    line->new_round = false;
    line->tst_ns = tst_ns;
    return line->offset_ns;
}

void replay_line_new_round(struct replay_line *line)
{
    line->new_round = true;
}

int64_t replay_line_length(const struct replay_line *one_round, uint64_t rounds)
{
    int64_t round_ns = one_round->offset_ns + REPLAY_ROUND_GAP_NS;
    if (rounds > (uint64_t)(REPLAY_MAX_NS / round_ns)) {
        return REPLAY_MAX_NS;
    }
    return (int64_t)rounds * round_ns - REPLAY_ROUND_GAP_NS;
}

/* How long it takes to come that far. */
static int64_t at_speed(double speed, int64_t offset_ns)
{
    double ns = speed > 0 ? (double)offset_ns / speed : 0;
    return ns < (double)REPLAY_MAX_NS ? (int64_t)ns : REPLAY_MAX_NS;
}

int64_t replay_start_for(double speed, int64_t begin_ns, int64_t length_ns)
{
    bool is_faster = speed <= 0 || speed > 1;
    return is_faster ? begin_ns - (length_ns - at_speed(speed, length_ns)) : begin_ns;
}

int64_t replay_moment_ns(const struct replay_pace *pace, int64_t offset_ns)
{
    return pace->start_ns + offset_ns;
}

int64_t replay_due_ns(const struct replay_pace *pace, int64_t offset_ns)
{
    int64_t due_ns = pace->begin_ns + at_speed(pace->speed, offset_ns);
    int64_t moment_ns = replay_moment_ns(pace, offset_ns);
    return pace->shifts && moment_ns > due_ns ? moment_ns : due_ns;
}
