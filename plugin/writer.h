/* writer.h - all of some bytes to a descriptor, whatever write(2) makes of it: short writes, EINTR, a full non-blocking pipe.
 *
 * The first error ends it: later calls do nothing. SIGPIPE must be ignored, so that a reader that is gone is an error (EPIPE).
 */
#ifndef VENDING_WRITER_H
#define VENDING_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "span.h"

struct writer {
    int fd;
    int error;        /* errno of the write that failed, 0 = none */
    uint64_t written; /* bytes that went out */
};

void writer_init(struct writer *writer, int fd);

/* Writes all of it, waiting as long as it takes. false = failed, now or before; writer->error says why. */
bool writer_put(struct writer *writer, struct span bytes);

#endif
