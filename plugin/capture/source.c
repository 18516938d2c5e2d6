#include "capture/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/reader.h"

#define MAX_READS 64 /* in one call: some megabytes without a message */

struct capture_source {
    const char *const *files;
    size_t count;
    size_t max_line;
    capture_source_on_invalid_line *on_invalid_line;
    void *ctx;
    size_t next;         /* the file to open next */
    bool is_open;        /* the one before it */
    struct reader input; /* ... is read through this */
    struct arena arena;  /* of the last message */
    uint64_t line;       /* of the present file */
    uint64_t invalid_lines;
    uint64_t bytes_before; /* of the files that have been read */
    uint64_t total_bytes;
    bool total_is_known; /* all are regular files */
    bool is_once;        /* not all can be read again */
};

static bool is_stdin(const char *file)
{
    return strcmp(file, "-") == 0;
}

/* Does not wait for a pipe's writer: poll says when there is something. */
static int open_file(const char *file)
{
    if (is_stdin(file)) {
        return STDIN_FILENO;
    }
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
    if (flags >= 0) {
        (void)fcntl(fd, F_SETFL, flags & ~O_NONBLOCK);
    }
    return fd;
}

/* A folder can be opened, but not read; a pipe would be shut in its writer's face. */
static bool can_be_read(const char *file, const struct stat *status)
{
    if (S_ISDIR(status->st_mode)) {
        errno = EISDIR;
        return false;
    }
    if (is_stdin(file) || !S_ISREG(status->st_mode)) {
        return is_stdin(file) || access(file, R_OK) == 0;
    }
    int fd = open_file(file);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static bool look_at_file(struct capture_source *source, const char *file, struct err *err)
{
    struct stat status;
    bool is_there = is_stdin(file) ? fstat(STDIN_FILENO, &status) == 0 : stat(file, &status) == 0;
    if (!is_there || !can_be_read(file, &status)) {
        err_set(err, 0, "%.160s: %s", file, strerror(errno));
        return false;
    }
    bool is_regular = S_ISREG(status.st_mode);
    source->total_bytes += is_regular ? (uint64_t)status.st_size : 0;
    source->total_is_known = source->total_is_known && is_regular;
    source->is_once = source->is_once || is_stdin(file) || !is_regular;
    return true;
}

static bool look_at_files(struct capture_source *source, struct err *err)
{
    source->total_is_known = true;
    for (size_t i = 0; i < source->count; i++) {
        if (!look_at_file(source, source->files[i], err)) {
            return false;
        }
    }
    return true;
}

struct capture_source *capture_source_new(const char *const *files, size_t count, size_t max_line,
                                          capture_source_on_invalid_line *on_invalid_line, void *ctx, struct err *err)
{
    struct capture_source *source = calloc(1, sizeof *source);
    if (!source || !arena_init(&source->arena, CAPTURE_READ_ARENA_BYTES(max_line))) {
        err_set(err, 0, "no memory to read captures");
        capture_source_free(source);
        return NULL;
    }
    source->files = files;
    source->count = count;
    source->max_line = max_line;
    source->on_invalid_line = on_invalid_line;
    source->ctx = ctx;
    if (!look_at_files(source, err)) {
        capture_source_free(source);
        return NULL;
    }
    return source;
}

static void close_file(struct capture_source *source)
{
    if (source->is_open) {
        int fd = source->input.fd;
        source->bytes_before += source->input.bytes;
        reader_free(&source->input);
        source->is_open = false;
        if (fd != STDIN_FILENO) {
            close(fd);
        }
    }
}

void capture_source_free(struct capture_source *source)
{
    if (source) {
        close_file(source);
        arena_free(&source->arena);
        free(source);
    }
}

static bool open_next(struct capture_source *source, struct err *err)
{
    const char *file = source->files[source->next];
    int fd = open_file(file);
    if (fd < 0) {
        err_set(err, 0, "%.160s: %s", file, strerror(errno));
        return false;
    }
    source->is_open = true;
    source->line = 0;
    source->next++;
    if (!reader_init(&source->input, fd, LP_FRAME_LINES, source->max_line)) {
        source->input.fd = fd; /* close_file() closes it */
        err_set(err, 0, "no memory to read %.160s", file);
        return false;
    }
    return true;
}

static const char *present_file(const struct capture_source *source)
{
    return source->files[source->next - 1];
}

static void report_invalid_line(struct capture_source *source, const char *why)
{
    source->invalid_lines++;
    if (source->on_invalid_line) {
        source->on_invalid_line(source->ctx, present_file(source), source->line, why);
    }
}

/* true = the line is a message. */
static bool take_line(struct capture_source *source, const struct lp_frame *frame, struct capture_message *message)
{
    struct err err;
    err_clear(&err);
    arena_reset(&source->arena);
    source->line++;
    if (frame->kind == LP_FRAME_OVERSIZED) {
        char why[ERR_TEXT_BYTES];
        snprintf(why, sizeof why, "a line of %" PRIu64 " bytes, at most %zu are taken", frame->total_size,
                 source->max_line);
        report_invalid_line(source, why);
        return false;
    }
    if (capture_read_line(frame->bytes, &source->arena, message, &err)) {
        return true;
    }
    if (err.text[0]) {
        report_invalid_line(source, err.text);
    }
    return false;
}

/* A regular file is always readable. */
static bool is_readable(int fd)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    return poll(&watched, 1, 0) > 0;
}

enum capture_source_status capture_source_next(struct capture_source *source, struct capture_message *message,
                                               struct err *err)
{
    for (size_t reads = 0;;) {
        if (!source->is_open && source->next == source->count) {
            return CAPTURE_SOURCE_END;
        }
        if (!source->is_open && !open_next(source, err)) {
            return CAPTURE_SOURCE_FAILED;
        }
        struct lp_frame frame = reader_next(&source->input);
        if (frame.kind != LP_FRAME_NONE) {
            if (take_line(source, &frame, message)) {
                return CAPTURE_SOURCE_MESSAGE;
            }
        } else if (source->input.error) {
            err_set(err, 0, "%.160s: %s", present_file(source), strerror(source->input.error));
            return CAPTURE_SOURCE_FAILED;
        } else if (source->input.ended) {
            close_file(source);
        } else if (reads == MAX_READS || !is_readable(source->input.fd)) {
            return CAPTURE_SOURCE_WAIT;
        } else {
            reads++;
            reader_read(&source->input);
        }
    }
}

void capture_source_rewind(struct capture_source *source)
{
    close_file(source);
    source->next = 0;
    source->invalid_lines = 0;
    source->bytes_before = 0;
}

int capture_source_fd(const struct capture_source *source)
{
    return source->input.fd;
}

bool capture_source_is_once(const struct capture_source *source)
{
    return source->is_once;
}

uint64_t capture_source_invalid_lines(const struct capture_source *source)
{
    return source->invalid_lines;
}

double capture_source_fraction(const struct capture_source *source)
{
    uint64_t bytes = source->bytes_before + (source->is_open ? source->input.bytes : 0);
    if (!source->total_is_known) {
        return -1;
    }
    return source->total_bytes > bytes ? (double)bytes / (double)source->total_bytes : 1;
}
