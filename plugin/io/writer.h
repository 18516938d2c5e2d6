/* io/writer.h - all of some bytes to a descriptor, whatever write(2) makes of it: short writes,
 * EINTR, a full non-blocking pipe.
 *
 * The first error ends it: later calls do nothing. SIGPIPE must be ignored, so that a reader that
 * is gone is an error (EPIPE).
 */
#ifndef VENDING_IO_WRITER_H
#define VENDING_IO_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/span.h"

struct writer {
    int fd;
    int error;        /* errno of the write that failed, 0 = none */
    uint64_t written; /* bytes that went out */
};

void writer_init(struct writer *writer, int fd);

/* Writes all of it, waiting as long as it takes. false = failed, now or before; writer->error says
 * why. */
MUST_USE bool writer_put(struct writer *writer, struct span bytes);

/* Writes what the descriptor takes without waiting, and returns how many bytes that was. */
MUST_USE size_t writer_put_ready(struct writer *writer, struct span bytes);

/* Waits until the reader of a pipe has taken all of it. Telegraf closes its end of the pipe the
 * moment the program has ended, and what is still in it then is lost (Go's os/exec,
 * Cmd.StdoutPipe). true = nothing is left, or the descriptor is no pipe; false = the reader is gone
 * or has not taken it within limit_ns. */
MUST_USE bool writer_drain(const struct writer *writer, int64_t limit_ns);

#endif
