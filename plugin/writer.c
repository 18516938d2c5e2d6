#include "writer.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

void writer_init(struct writer *writer, int fd)
{
    *writer = (struct writer){.fd = fd};
}

/* A descriptor may be non-blocking because the process that shares it made it so. */
static bool wait_writable(int fd)
{
    struct pollfd target = {.fd = fd, .events = POLLOUT};
    return poll(&target, 1, -1) >= 0 || errno == EINTR;
}

bool writer_put(struct writer *writer, struct span bytes)
{
    while (bytes.len > 0 && !writer->error) {
        ssize_t n = write(writer->fd, bytes.ptr, bytes.len);
        if (n >= 0) {
            writer->written += (uint64_t)n;
            bytes = span_after(bytes, (size_t)n);
        } else if (errno != EINTR && !(errno == EAGAIN && wait_writable(writer->fd))) {
            writer->error = errno;
        }
    }
    return !writer->error;
}
