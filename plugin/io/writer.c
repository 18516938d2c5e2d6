#include "io/writer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/clock.h"

#define LOOK_AGAIN_MS 1 /* nothing tells a writer that its pipe has become empty */

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

static bool is_writable(int fd)
{
    struct pollfd target = {.fd = fd, .events = POLLOUT};
    return poll(&target, 1, 0) > 0;
}

/* A pipe that polls as writable takes PIPE_BUF bytes at least. */
size_t writer_put_ready(struct writer *writer, struct span bytes)
{
    size_t done = 0;
    while (done < bytes.len && !writer->error && is_writable(writer->fd)) {
        size_t left = bytes.len - done;
        ssize_t n = write(writer->fd, bytes.ptr + done, left < PIPE_BUF ? left : PIPE_BUF);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno != EINTR && errno != EAGAIN) {
            writer->error = errno;
        }
    }
    writer->written += done;
    return done;
}

static bool is_pipe(int fd)
{
    struct stat about;
    return fstat(fd, &about) == 0 && S_ISFIFO(about.st_mode);
}

/* Sleeps a little; false = the reader is gone. */
static bool reader_lives(int fd)
{
    struct pollfd target = {.fd = fd, .events = 0};
    return poll(&target, 1, LOOK_AGAIN_MS) <= 0;
}

bool writer_drain(const struct writer *writer, int64_t limit_ns)
{
    int64_t end_ns = clock_monotonic_ns() + limit_ns;
    int left = 0;
    if (!is_pipe(writer->fd)) {
        return true;
    }
    while (ioctl(writer->fd, FIONREAD, &left) == 0 && left > 0) {
        if (!reader_lives(writer->fd) || clock_monotonic_ns() >= end_ns) {
            return false;
        }
    }
    return true;
}
