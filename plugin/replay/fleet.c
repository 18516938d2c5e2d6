#include "replay/fleet.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/ascii.h"
#include "base/siphash.h"

#define FIRST_CAPACITY 64
#define NUMBER_MAX_DIGITS 15 /* a longer number belongs to the stem: sums stay far within 64 bits */
#define NUMBER_TEXT 24       /* of a formatted one */

struct machine {
    char name[DEVICE_NO_MAX_BYTES];
    size_t name_len;
    size_t stem_len;
    size_t width; /* digits of the number; 0 = it has none */
    uint64_t number;
    /* among those of the same stem: */
    uint64_t first_free; /* the number above all of theirs */
    size_t family;       /* how many they are */
    size_t place;        /* its position */
};

struct replay_fleet {
    struct machine *machines;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* of a hash table, twice the capacity; a position + 1, 0 = free */
    size_t size;     /* machines there are to be */
};

struct replay_fleet *replay_fleet_new(void)
{
    return calloc(1, sizeof(struct replay_fleet));
}

void replay_fleet_free(struct replay_fleet *fleet)
{
    if (fleet) {
        free(fleet->machines);
        free(fleet->slots);
        free(fleet);
    }
}

static struct span name_of(const struct machine *machine)
{
    return (struct span){machine->name, machine->name_len};
}

static struct span stem_of(const struct machine *machine)
{
    return (struct span){machine->name, machine->stem_len};
}

/* The slot where the name is, or the free one where it belongs. */
static size_t slot_of(const struct replay_fleet *fleet, struct span name)
{
    /* A capture is a file of the user's own, so the key need not be secret. */
    const struct siphash_key key = {0, 0};
    size_t slot = (size_t)siphash(key, &name, 1) % (2 * fleet->capacity);
    while (fleet->slots[slot] != 0 && !span_equal(name_of(&fleet->machines[fleet->slots[slot] - 1]), name)) {
        slot = (slot + 1) % (2 * fleet->capacity);
    }
    return slot;
}

static bool grow(struct replay_fleet *fleet)
{
    size_t capacity = fleet->capacity > 0 ? 2 * fleet->capacity : FIRST_CAPACITY;
    struct machine *machines = realloc(fleet->machines, capacity * sizeof *machines);
    if (!machines) {
        return false;
    }
    fleet->machines = machines;
    uint32_t *slots = calloc(2 * capacity, sizeof *slots);
    if (!slots) {
        return false;
    }
    free(fleet->slots);
    fleet->slots = slots;
    fleet->capacity = capacity;
    for (size_t i = 0; i < fleet->count; i++) {
        slots[slot_of(fleet, name_of(&machines[i]))] = (uint32_t)i + 1;
    }
    return true;
}

static void split_name(struct machine *machine)
{
    size_t stem = machine->name_len;
    while (stem > 0 && ascii_is_digit(machine->name[stem - 1])) {
        stem--;
    }
    machine->width = machine->name_len - stem;
    if (machine->width > NUMBER_MAX_DIGITS) {
        machine->width = 0;
        stem = machine->name_len;
    }
    machine->stem_len = stem;
    machine->number = 0;
    for (size_t i = stem; i < machine->name_len; i++) {
        machine->number = machine->number * 10 + (uint64_t)(machine->name[i] - '0');
    }
}

bool replay_fleet_add(struct replay_fleet *fleet, struct span device_no)
{
    size_t machine;
    if (replay_fleet_find(fleet, device_no, &machine)) {
        return true;
    }
    if (device_no.len > DEVICE_NO_MAX_BYTES || fleet->count == REPLAY_FLEET_MAX_MACHINES ||
        (fleet->count == fleet->capacity && !grow(fleet))) {
        return false;
    }
    struct machine *added = &fleet->machines[fleet->count];
    *added = (struct machine){.name_len = device_no.len};
    memcpy(added->name, device_no.ptr, device_no.len);
    split_name(added);
    fleet->slots[slot_of(fleet, device_no)] = (uint32_t)++fleet->count;
    return true;
}

size_t replay_fleet_count(const struct replay_fleet *fleet)
{
    return fleet->count;
}

bool replay_fleet_find(const struct replay_fleet *fleet, struct span device_no, size_t *machine)
{
    *machine = 0;
    if (fleet->count == 0) {
        return false;
    }
    uint32_t found = fleet->slots[slot_of(fleet, device_no)];
    *machine = found > 0 ? found - 1 : 0;
    return found > 0;
}

/* ---- families: those of the same stem ---- */

/* "kiosk" gives clones "kiosk-1", so it is of one family with a machine "kiosk-7". */
static struct span family_stem(const struct machine *machine, char out[DEVICE_NO_MAX_BYTES + 1])
{
    struct span stem = stem_of(machine);
    if (machine->width > 0) {
        return stem;
    }
    memcpy(out, stem.ptr, stem.len);
    out[stem.len] = '-';
    return (struct span){out, stem.len + 1};
}

static int compare(const void *left, const void *right)
{
    const struct machine *a = *(struct machine *const *)left;
    const struct machine *b = *(struct machine *const *)right;
    char a_space[DEVICE_NO_MAX_BYTES + 1];
    char b_space[DEVICE_NO_MAX_BYTES + 1];
    struct span a_stem = family_stem(a, a_space);
    struct span b_stem = family_stem(b, b_space);
    int order = memcmp(a_stem.ptr, b_stem.ptr, a_stem.len < b_stem.len ? a_stem.len : b_stem.len);
    if (order == 0 && a_stem.len != b_stem.len) {
        order = a_stem.len < b_stem.len ? -1 : 1;
    }
    if (order == 0 && a != b) {
        order = a < b ? -1 : 1; /* both are in the one array */
    }
    return order;
}

static bool are_family(const struct machine *a, const struct machine *b)
{
    char a_space[DEVICE_NO_MAX_BYTES + 1];
    char b_space[DEVICE_NO_MAX_BYTES + 1];
    return span_equal(family_stem(a, a_space), family_stem(b, b_space));
}

static void set_family(struct machine **members, size_t count)
{
    uint64_t first_free = 1;
    for (size_t i = 0; i < count; i++) {
        uint64_t after = members[i]->width > 0 ? members[i]->number + 1 : 1;
        first_free = after > first_free ? after : first_free;
    }
    for (size_t i = 0; i < count; i++) {
        members[i]->first_free = first_free;
        members[i]->family = count;
        members[i]->place = i;
    }
}

static bool find_families(struct replay_fleet *fleet)
{
    if (fleet->count == 0) {
        return true;
    }
    struct machine **sorted = calloc(fleet->count, sizeof(struct machine *));
    if (!sorted) {
        return false;
    }
    for (size_t i = 0; i < fleet->count; i++) {
        sorted[i] = &fleet->machines[i];
    }
    qsort(sorted, fleet->count, sizeof(struct machine *), compare);
    size_t start = 0;
    for (size_t i = 1; i <= fleet->count; i++) {
        if (i == fleet->count || !are_family(sorted[start], sorted[i])) {
            set_family(sorted + start, i - start);
            start = i;
        }
    }
    free(sorted);
    return true;
}

/* ---- names ---- */

static uint64_t clone_number(const struct machine *machine, size_t copy)
{
    return machine->first_free + (uint64_t)(copy - 1) * machine->family + machine->place;
}

/* Stem, what parts it from the number, and the number, at out if that is not NULL. Returns the
 * length of all, which may be too long for a name. */
static size_t clone_name(const struct machine *machine, size_t copy, char *out)
{
    char number[NUMBER_TEXT];
    uint64_t value = clone_number(machine, copy);
    struct span separator = machine->width > 0 ? SPAN_LITERAL("") : SPAN_LITERAL("-");
    size_t number_len = (size_t)snprintf(number, sizeof number, "%0*" PRIu64, (int)machine->width, value);
    if (out) {
        memcpy(out, machine->name, machine->stem_len);
        memcpy(out + machine->stem_len, separator.ptr, separator.len);
        memcpy(out + machine->stem_len + separator.len, number, number_len);
    }
    return machine->stem_len + separator.len + number_len;
}

size_t replay_fleet_name(const struct replay_fleet *fleet, size_t machine, size_t copy, char out[DEVICE_NO_MAX_BYTES])
{
    const struct machine *one = &fleet->machines[machine];
    if (copy == 0) {
        memcpy(out, one->name, one->name_len);
        return one->name_len;
    }
    return clone_name(one, copy, out);
}

size_t replay_fleet_copies(const struct replay_fleet *fleet, size_t machine)
{
    return machine < fleet->size ? (fleet->size - machine - 1) / fleet->count + 1 : 0;
}

size_t replay_fleet_max_copies(const struct replay_fleet *fleet)
{
    return fleet->count > 0 ? replay_fleet_copies(fleet, 0) : 0;
}

/* A longer one would be a name without a number, which another machine may have. */
static bool is_number_countable(uint64_t number)
{
    char text[NUMBER_TEXT];
    return snprintf(text, sizeof text, "%" PRIu64, number) <= NUMBER_MAX_DIGITS;
}

/* The last copy has the highest number, so the longest name. */
static bool names_fit(const struct replay_fleet *fleet, struct err *err)
{
    for (size_t i = 0; i < fleet->count; i++) {
        const struct machine *one = &fleet->machines[i];
        size_t copies = replay_fleet_copies(fleet, i);
        if (copies > 1 && clone_name(one, copies - 1, NULL) > DEVICE_NO_MAX_BYTES) {
            err_set(err, 0, "a clone of %.*s would have a name of more than %d characters", (int)one->name_len,
                    one->name, DEVICE_NO_MAX_BYTES);
            return false;
        }
        if (copies > 1 && !is_number_countable(clone_number(one, copies - 1))) {
            err_set(err, 0, "a clone of %.*s would have a number of more than %d digits", (int)one->name_len, one->name,
                    NUMBER_MAX_DIGITS);
            return false;
        }
    }
    return true;
}

bool replay_fleet_set_size(struct replay_fleet *fleet, size_t machines, struct err *err)
{
    fleet->size = machines;
    if (!find_families(fleet)) {
        err_set(err, 0, "no memory for the fleet");
        return false;
    }
    return names_fit(fleet, err);
}
