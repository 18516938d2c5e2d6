/* io/writer.h - all of some bytes to a descriptor, whatever write(2) makes of it: short writes,
 * EINTR, a full non-blocking pipe.
 *
 * It never waits inside write(2), where a request to end would not be seen, and it waits until the
 * deadline of the stop and no longer. Into a pipe or socket that holds something it writes no more
 * at once than goes as a whole (PIPE_BUF), cut behind a newline where there is one: what a reader
 * does not take ends with a whole line then.
 *
 * The first error ends it: later calls do nothing but count. SIGPIPE must be ignored, so that a
 * reader that is gone is an error (EPIPE).
 */
#ifndef VENDING_IO_WRITER_H
#define VENDING_IO_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/span.h"
#include "io/stop.h"

#define WRITER_GAVE_UP ETIMEDOUT /* as error: it was not taken by the stop's deadline */

struct writer {
    int fd;
    bool may_wait;     /* a pipe, a socket or a terminal: what is written may not fit */
    size_t pipe_bytes; /* that it holds; 0 = no pipe */
    struct stop *stop; /* for the program to set; NULL = it waits as long as it takes */
    int error;         /* errno of the write that failed, or WRITER_GAVE_UP; 0 = none */
    uint64_t written;  /* bytes that went out */
    uint64_t left;     /* bytes that writer_put() was given and did not write */
};

void writer_init(struct writer *writer, int fd);

/* Writes all of it, waiting as long as it may. false = failed, now or before; writer->error says
 * why. */
MUST_USE bool writer_put(struct writer *writer, struct span bytes);

/* Writes what the descriptor takes without waiting, and returns how many bytes that was. */
MUST_USE size_t writer_put_ready(struct writer *writer, struct span bytes);

/* Bytes in the pipe that its reader has not taken yet; 0 also if it is no pipe. */
size_t writer_unread(const struct writer *writer);

/* Waits until the reader of a pipe has taken all of it. Telegraf closes its end of the pipe the
 * moment the program has ended, and what is still in it then is lost (Go's os/exec,
 * Cmd.StdoutPipe). true = nothing is left, or the descriptor is no pipe; false = the reader is gone
 * or has not taken it by the stop's deadline. */
MUST_USE bool writer_drain(const struct writer *writer);

#endif
