#include "capture/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/timestamp.h"

#define MODE 0640 /* traffic of machines: for their operator's group, not for everybody */

const char *capture_recorder_strerror(int error)
{
    return error == EINVAL ? "not a regular file" : strerror(error);
}

/* ---- the file ---- */

static const char time_mark[] = "{\"tst\":\"";

/* When its first line came: its tst, or now if it has none. */
static int64_t first_line_ns(int fd, int64_t now_ns)
{
    char head[sizeof time_mark + 64];
    ssize_t n = pread(fd, head, sizeof head, 0);
    struct span text = {head, n > 0 ? (size_t)n : 0};
    int64_t ns = 0;
    if (!span_starts_with(text, span_of(time_mark))) {
        return now_ns;
    }
    text = span_after(text, sizeof time_mark - 1);
    const char *quote = memchr(text.ptr, '"', text.len);
    bool is_time = quote && timestamp_parse_iso((struct span){text.ptr, (size_t)(quote - text.ptr)}, &ns);
    return is_time ? ns : now_ns;
}

/* What an earlier run left without a newline, because it was killed, gets one: so it costs no more
 * than itself. */
static bool close_last_line(int fd, size_t *size)
{
    char last = '\n';
    if (*size > 0 && pread(fd, &last, 1, (off_t)*size - 1) != 1) {
        return false;
    }
    if (last != '\n') {
        if (write(fd, "\n", 1) != 1) {
            return false;
        }
        (*size)++;
    }
    return true;
}

/* errno says why not. Not-blocking, because the name may be a pipe's that nobody reads. */
static bool open_file(struct capture_recorder *record, int64_t now_ns)
{
    struct stat about;
    int fd = open(record->settings.file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, MODE);
    if (fd < 0) {
        return false;
    }
    if (fstat(fd, &about) == 0) {
        size_t size = (size_t)about.st_size;
        if (!S_ISREG(about.st_mode)) {
            errno = EINVAL;
        } else if (close_last_line(fd, &size)) {
            record->fd = fd;
            record->size = size;
            record->began_ns = size > 0 ? first_line_ns(fd, now_ns) : 0;
            return true;
        }
    }
    int error = errno;
    close(fd);
    errno = error;
    return false;
}

static void close_file(struct capture_recorder *record)
{
    if (record->fd >= 0) {
        close(record->fd);
        record->fd = -1;
    }
}

/* ---- rotation ---- */

/* false = the name is too long. */
static bool name_of(const struct capture_recorder *record, size_t number, char out[RECORDER_NAME_BYTES])
{
    int len = number == 0 ? snprintf(out, RECORDER_NAME_BYTES, "%s", record->settings.file)
                          : snprintf(out, RECORDER_NAME_BYTES, "%s.%zu", record->settings.file, number);
    return len > 0 && len < RECORDER_NAME_BYTES;
}

/* Each file takes the name of the next older one; the oldest is overwritten. */
static bool rotate(struct capture_recorder *record)
{
    char from[RECORDER_NAME_BYTES];
    char to[RECORDER_NAME_BYTES];
    close_file(record);
    if (record->settings.keep == 1) {
        return unlink(record->settings.file) == 0 || errno == ENOENT;
    }
    for (size_t number = record->settings.keep - 1; number > 0; number--) {
        if (!name_of(record, number - 1, from) || !name_of(record, number, to)) {
            errno = ENAMETOOLONG;
            return false;
        }
        if (rename(from, to) != 0 && errno != ENOENT) {
            return false;
        }
    }
    return true;
}

static bool is_full(const struct capture_recorder *record, size_t more, int64_t now_ns)
{
    const struct capture_recorder_settings *settings = &record->settings;
    if (record->size == 0) {
        return false;
    }
    bool too_old = settings->max_age_ns > 0 && now_ns - record->began_ns >= settings->max_age_ns;
    return too_old || record->size + more > settings->max_bytes;
}

/* ---- writing ---- */

/* What one very long line took is given back. */
static void empty_lines(struct capture_recorder *record)
{
    record->line_count = 0;
    buf_truncate(&record->lines, 0);
    if (record->lines.cap > 4 * RECORDER_BUFFER_BYTES) {
        buf_free(&record->lines);
    }
}

static enum capture_recorder_change fail(struct capture_recorder *record, int error, int64_t now_ns)
{
    bool is_new = record->error == 0;
    record->error = error;
    record->retry_ns = now_ns + RECORDER_RETRY_NS;
    record->lost += record->line_count;
    empty_lines(record);
    return is_new ? RECORDER_FAILED : RECORDER_AS_BEFORE;
}

/* All of it, or nothing: half a line would spoil the one that follows. */
static bool write_whole(struct capture_recorder *record, struct span bytes)
{
    size_t done = 0;
    while (done < bytes.len) {
        ssize_t n = write(record->fd, bytes.ptr + done, bytes.len - done);
        if (n < 0 && errno != EINTR) {
            int error = errno;
            if (ftruncate(record->fd, (off_t)record->size) != 0) {
                close_file(record); /* opened again, it gets a newline */
            }
            errno = error;
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    record->size += bytes.len;
    return true;
}

enum capture_recorder_change capture_recorder_flush(struct capture_recorder *record, int64_t now_ns)
{
    if (record->line_count == 0) {
        return RECORDER_AS_BEFORE;
    }
    /* A clock that was set back must not keep it from trying. */
    if (record->error && now_ns < record->retry_ns && record->retry_ns - now_ns <= RECORDER_RETRY_NS) {
        return fail(record, record->error, record->retry_ns - RECORDER_RETRY_NS);
    }
    if (record->fd < 0 && !open_file(record, now_ns)) {
        return fail(record, errno, now_ns);
    }
    if (is_full(record, record->lines.len, now_ns) && (!rotate(record) || !open_file(record, now_ns))) {
        return fail(record, errno, now_ns);
    }
    if (!write_whole(record, buf_view(&record->lines))) {
        return fail(record, errno, now_ns);
    }
    bool recovered = record->error != 0;
    record->began_ns = record->began_ns ? record->began_ns : now_ns;
    record->written += record->line_count;
    record->error = 0;
    empty_lines(record);
    return recovered ? RECORDER_RECOVERED : RECORDER_AS_BEFORE;
}

/* What is gathered goes into one file: never more than that holds. */
static size_t gathered_at_most(const struct capture_recorder *record)
{
    size_t max = record->settings.max_bytes;
    return max < RECORDER_BUFFER_BYTES ? max : RECORDER_BUFFER_BYTES;
}

enum capture_recorder_change capture_recorder_put(struct capture_recorder *record, struct span line, int64_t now_ns)
{
    enum capture_recorder_change change = RECORDER_AS_BEFORE;
    if (record->lines.len + line.len > gathered_at_most(record)) {
        change = capture_recorder_flush(record, now_ns);
    }
    buf_span(&record->lines, line);
    if (record->lines.failed) { /* so long a line; nothing was gathered before it */
        buf_truncate(&record->lines, 0);
        record->lost += record->line_count + 1;
        record->line_count = 0;
        return change;
    }
    record->line_count++;
    if (record->lines.len >= gathered_at_most(record)) {
        enum capture_recorder_change second = capture_recorder_flush(record, now_ns);
        change = second != RECORDER_AS_BEFORE ? second : change;
    }
    return change;
}

static void remove_surplus(const struct capture_recorder *record)
{
    char name[RECORDER_NAME_BYTES];
    for (size_t number = record->settings.keep; name_of(record, number, name) && unlink(name) == 0; number++) {
    }
}

bool capture_recorder_open(struct capture_recorder *record, const struct capture_recorder_settings *settings,
                           int64_t now_ns, struct err *err)
{
    char name[RECORDER_NAME_BYTES];
    *record = (struct capture_recorder){.settings = *settings, .fd = -1};
    buf_init(&record->lines, RECORDER_LINE_BYTES);
    if (!name_of(record, settings->keep, name)) {
        err_set(err, 0, "--record: the name is too long");
        record->error = ENAMETOOLONG;
        return false;
    }
    remove_surplus(record);
    if (!open_file(record, now_ns)) {
        record->error = errno;
        record->retry_ns = now_ns + RECORDER_RETRY_NS;
        err_set(err, 0, "--record: %.160s: %s", settings->file, capture_recorder_strerror(record->error));
        return false;
    }
    return true;
}

void capture_recorder_close(struct capture_recorder *record, int64_t now_ns)
{
    (void)capture_recorder_flush(record, now_ns);
    close_file(record);
    buf_free(&record->lines);
}
