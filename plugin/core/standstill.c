#include "core/standstill.h"

#include <stdlib.h>

/* A machine has four places, chosen by its hash; of those the one that was longest silent gives
 * way. */
#define WAYS 4

struct clock {
    uint64_t device; /* 0 = nobody */
    int64_t device_ns;
    int64_t since_ns; /* arrival of the first reading with that time */
    uint64_t last;    /* the reading before */
    uint32_t readings;
    uint32_t used; /* the standstill's count when it was last met */
};

struct standstill {
    struct clock (*sets)[WAYS];
    size_t mask; /* of a set's place */
    uint32_t count;
};

struct standstill *standstill_new(size_t machines)
{
    struct standstill *standstill = calloc(1, sizeof *standstill);
    size_t sets = 1;
    while (sets * WAYS < machines) {
        sets *= 2;
    }
    if (!standstill) {
        return NULL;
    }
    standstill->mask = sets - 1;
    standstill->sets = calloc(sets, sizeof *standstill->sets);
    if (!standstill->sets) {
        standstill_free(standstill);
        return NULL;
    }
    return standstill;
}

void standstill_free(struct standstill *standstill)
{
    if (standstill) {
        free(standstill->sets);
        free(standstill);
    }
}

static struct clock *find(struct standstill *standstill, uint64_t device)
{
    struct clock *set = standstill->sets[device & standstill->mask];
    struct clock *oldest = &set[0];
    for (int i = 0; i < WAYS; i++) {
        if (set[i].device == device) {
            return &set[i];
        }
        if (standstill->count - set[i].used > standstill->count - oldest->used) {
            oldest = &set[i];
        }
    }
    *oldest = (struct clock){.device = device};
    return oldest;
}

static uint64_t apart(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

bool standstill_check(struct standstill *standstill, uint64_t device, uint64_t reading, int64_t device_ns,
                      int64_t arrival_ns)
{
    struct clock *clock = find(standstill, device);
    clock->used = ++standstill->count;
    if (clock->readings == 0 || clock->device_ns != device_ns) {
        clock->device_ns = device_ns;
        clock->since_ns = arrival_ns;
        clock->readings = 1;
        clock->last = reading;
        return false;
    }
    if (clock->last == reading) {
        return false;
    }
    clock->last = reading;
    if (clock->readings < STANDSTILL_READINGS) {
        clock->readings++;
    }
    /* a capture whose times stand still as well tells nothing of the machine's */
    uint64_t passed_ns = apart(arrival_ns, clock->since_ns);
    return passed_ns > STANDSTILL_AFTER_NS || (clock->readings == STANDSTILL_READINGS && passed_ns > 0);
}
