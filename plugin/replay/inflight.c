#include "replay/inflight.h"

#include <string.h>

enum kind { KIND_NONE, KIND_QOS_0, KIND_RELIABLE };

void replay_inflight_init(struct replay_inflight *inflight)
{
    memset(inflight, 0, sizeof *inflight);
}

static void count(struct replay_inflight *inflight, bool refused)
{
    inflight->answered++;
    if (refused) {
        inflight->failed++;
    } else {
        inflight->acknowledged++;
    }
}

void replay_inflight_add(struct replay_inflight *inflight, int mid, int qos)
{
    inflight->published++;
    if (mid == inflight->early_mid) {
        inflight->early_mid = 0;
        return;
    }
    inflight->early_mid = 0;
    inflight->kind[mid & REPLAY_INFLIGHT_MAX] = qos > 0 ? KIND_RELIABLE : KIND_QOS_0;
    if (qos > 0) {
        inflight->unacknowledged++;
    } else {
        inflight->unwritten++;
    }
}

void replay_inflight_done(struct replay_inflight *inflight, int mid, bool refused)
{
    uint8_t *kind = &inflight->kind[mid & REPLAY_INFLIGHT_MAX];
    count(inflight, refused);
    if (*kind == KIND_RELIABLE) {
        inflight->unacknowledged--;
    } else if (*kind == KIND_QOS_0) {
        inflight->unwritten--;
    } else {
        inflight->early_mid = mid;
    }
    *kind = KIND_NONE;
}

size_t replay_inflight_lost(struct replay_inflight *inflight)
{
    size_t lost = inflight->unwritten;
    for (size_t mid = 0; lost > 0 && mid <= REPLAY_INFLIGHT_MAX; mid++) {
        inflight->kind[mid] = inflight->kind[mid] == KIND_QOS_0 ? KIND_NONE : inflight->kind[mid];
    }
    inflight->failed += lost;
    inflight->unwritten = 0;
    return lost;
}

void replay_inflight_failed(struct replay_inflight *inflight)
{
    inflight->failed++;
}

size_t replay_inflight_count(const struct replay_inflight *inflight)
{
    return inflight->unwritten + inflight->unacknowledged;
}
