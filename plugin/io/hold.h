/* io/hold.h - a plugin that cannot start, and must not end either.
 *
 * Telegraf drops what it hands to a plugin that has ended, and acknowledges it to the broker; what
 * waits in the pipe of one that does not read is not acknowledged, and the health check misses its
 * heartbeat (plugin/README.md, Being a good execd citizen).
 */
#ifndef VENDING_IO_HOLD_H
#define VENDING_IO_HOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/units.h"

#define HOLD_INTERVAL_NS MINUTE_NS

/* Does this process look like a plugin: standard input is a pipe or a socket, and standard error is
 * no terminal? If not, a person or a script waits for its end. */
MUST_USE bool hold_is_plugin(void);

/* Says the problem at once and after every interval, and reads nothing, until the other end of
 * standard input is closed or SIGTERM comes. A pipe is made as small as it can be, because what is
 * in it counts as delivered. Returns the exit status. */
MUST_USE int hold_out(const char *program, const char *problem, int64_t interval_ns);

#endif
