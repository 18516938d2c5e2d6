/* F_GETPIPE_SZ. NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#define _GNU_SOURCE

#include "io/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/clock.h"

#define LOOK_AGAIN_MS 1 /* nothing tells a writer that its pipe has become empty */

void writer_init(struct writer *writer, int fd)
{
    struct stat about;
    *writer = (struct writer){.fd = fd};
    if (fstat(fd, &about) == 0) {
        int size = S_ISFIFO(about.st_mode) ? fcntl(fd, F_GETPIPE_SZ) : 0;
        writer->pipe_bytes = size > 0 ? (size_t)size : 0;
        writer->may_wait = writer->pipe_bytes > 0 || S_ISSOCK(about.st_mode) || isatty(fd);
    }
}

/* ---- how much goes at once ---- */

size_t writer_unread(const struct writer *writer)
{
    int unread = 0;
    return writer->pipe_bytes > 0 && ioctl(writer->fd, FIONREAD, &unread) == 0 && unread > 0 ? (size_t)unread : 0;
}

/* As many whole lines as that many bytes hold. */
static size_t cut(struct span bytes, size_t max)
{
    size_t len = max;
    if (bytes.len <= max) {
        return bytes.len;
    }
    while (len > 0 && bytes.ptr[len - 1] != '\n') {
        len--;
    }
    return len > 0 ? len : max;
}

/* ---- waiting ---- */

static bool is_writable(int fd)
{
    struct pollfd target = {.fd = fd, .events = POLLOUT};
    return poll(&target, 1, 0) > 0;
}

/* A pipe that polls as writable takes PIPE_BUF bytes at least. false = it was not by the
 * deadline. */
static bool wait_writable(const struct writer *writer)
{
    struct pollfd watched[] = {{.fd = writer->fd, .events = POLLOUT},
                               {.fd = writer->stop ? writer->stop->signal_fd : -1, .events = POLLIN}};
    for (;;) {
        int64_t deadline_ns = writer->stop ? stop_deadline_ns(writer->stop) : CLOCK_NEVER;
        int64_t now_ns = clock_monotonic_ns();
        int ready = poll(watched, 2, clock_poll_timeout(deadline_ns, now_ns));
        if (ready > 0 && watched[0].revents) {
            return true;
        }
        if (ready > 0) {
            (void)stop_look(writer->stop);
        } else if (ready == 0 && now_ns >= deadline_ns) {
            return false;
        }
    }
}

/* ---- writing ---- */

/* How much of it goes without waiting, once some does; 0 = none did by the deadline. */
static size_t wait_for_room(const struct writer *writer, struct span bytes)
{
    if (!writer->may_wait) {
        return bytes.len;
    }
    if (writer->pipe_bytes > 0 && writer_unread(writer) == 0) {
        return cut(bytes, writer->pipe_bytes);
    }
    return wait_writable(writer) ? cut(bytes, PIPE_BUF) : 0;
}

bool writer_put(struct writer *writer, struct span bytes)
{
    while (bytes.len > 0 && !writer->error) {
        size_t len = wait_for_room(writer, bytes);
        ssize_t n = len > 0 ? write(writer->fd, bytes.ptr, len) : 0;
        if (len == 0) {
            writer->error = WRITER_GAVE_UP;
        } else if (n >= 0) {
            writer->written += (uint64_t)n;
            bytes = span_after(bytes, (size_t)n);
        } else if (errno == EAGAIN) { /* non-blocking, because a process that shares it made it so */
            writer->may_wait = true;
        } else if (errno != EINTR) {
            writer->error = errno;
        }
    }
    writer->left += bytes.len;
    return !writer->error;
}

size_t writer_put_ready(struct writer *writer, struct span bytes)
{
    size_t done = 0;
    while (done < bytes.len && !writer->error && is_writable(writer->fd)) {
        struct span rest = span_after(bytes, done);
        ssize_t n = write(writer->fd, rest.ptr, cut(rest, PIPE_BUF));
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno != EINTR && errno != EAGAIN) {
            writer->error = errno;
        }
    }
    writer->written += done;
    return done;
}

/* ---- the end ---- */

/* Sleeps a little; false = the reader is gone. */
static bool reader_lives(int fd)
{
    struct pollfd target = {.fd = fd, .events = 0};
    return poll(&target, 1, LOOK_AGAIN_MS) <= 0;
}

bool writer_drain(const struct writer *writer)
{
    while (writer_unread(writer) > 0) {
        bool is_late =
            writer->stop && stop_look(writer->stop) && clock_monotonic_ns() >= stop_deadline_ns(writer->stop);
        if (is_late || !reader_lives(writer->fd)) {
            return false;
        }
    }
    return true;
}
