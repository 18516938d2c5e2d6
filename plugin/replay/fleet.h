/* replay/fleet.h - the machines of a capture, and the names of the clones that make a larger fleet
 * of them.
 *
 * A name is a stem and a number: VM-SH- and 001. Clones of VM-SH-001 keep stem and width and get
 * numbers above every number of that stem in the capture: no two machines ever have the same name.
 * A name without a number gets one: kiosk, kiosk-1.
 */
#ifndef VENDING_REPLAY_FLEET_H
#define VENDING_REPLAY_FLEET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/macros.h"
#include "base/span.h"
#include "core/topic.h"

#define REPLAY_FLEET_MAX_MACHINES 65536 /* of a capture */

struct replay_fleet;

/* An empty one; NULL = no memory. */
MUST_USE struct replay_fleet *replay_fleet_new(void);
void replay_fleet_free(struct replay_fleet *fleet);

/* Adds a machine, copied, unless it is there. false = too many of them, or no memory. */
MUST_USE bool replay_fleet_add(struct replay_fleet *fleet, struct span device_no);

/* After the last was added: says how many machines there are to be. Machines of the capture come
 * first, in the order in which they were added, then their first clones, and so on; with fewer
 * than the capture has, the last are left out. false = a name or a number would be too long, or no
 * memory. */
MUST_USE bool replay_fleet_set_size(struct replay_fleet *fleet, size_t machines, struct err *err);

size_t replay_fleet_count(const struct replay_fleet *fleet); /* machines of the capture */

/* Its position in the capture; false = not there. */
bool replay_fleet_find(const struct replay_fleet *fleet, struct span device_no, size_t *machine);

/* How many machines that one stands for, itself included; 0 = it is left out. */
size_t replay_fleet_copies(const struct replay_fleet *fleet, size_t machine);

/* The most that one stands for. */
size_t replay_fleet_max_copies(const struct replay_fleet *fleet);

/* The name of a copy below replay_fleet_copies(); 0 = the machine's own. Returns its length. */
size_t replay_fleet_name(const struct replay_fleet *fleet, size_t machine, size_t copy, char out[DEVICE_NO_MAX_BYTES]);

#endif
