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
    switch (error) {
    case EINVAL:
        return "not a regular file";
    case ELOOP:
        return "a symbolic link, which is not followed";
    default:
        return strerror(error);
    }
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

/* errno says why not. Not-blocking, because the name may be a pipe's that nobody reads. A link is
 * not followed: in a folder that others may write to it would lead to any file of ours. */
static bool open_file(struct capture_recorder *recorder, int64_t now_ns)
{
    struct stat about;
    const int how = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW;
    int fd = open(recorder->settings.file, how, MODE);
    if (fd < 0) {
        return false;
    }
    if (fstat(fd, &about) == 0) {
        size_t size = (size_t)about.st_size;
        if (!S_ISREG(about.st_mode)) {
            errno = EINVAL;
        } else if (close_last_line(fd, &size)) {
            recorder->fd = fd;
            recorder->size = size;
            recorder->began_ns = size > 0 ? first_line_ns(fd, now_ns) : 0;
            return true;
        }
    }
    int error = errno;
    close(fd);
    errno = error;
    return false;
}

static void close_file(struct capture_recorder *recorder)
{
    if (recorder->fd >= 0) {
        close(recorder->fd);
        recorder->fd = -1;
    }
}

/* ---- rotation ---- */

/* false = the name is too long. */
static bool name_of(const struct capture_recorder *recorder, size_t number, char out[RECORDER_NAME_BYTES])
{
    int len = number == 0 ? snprintf(out, RECORDER_NAME_BYTES, "%s", recorder->settings.file)
                          : snprintf(out, RECORDER_NAME_BYTES, "%s.%zu", recorder->settings.file, number);
    return len > 0 && len < RECORDER_NAME_BYTES;
}

/* Each file takes the name of the next older one; the oldest is overwritten. */
static bool rotate(struct capture_recorder *recorder)
{
    char from[RECORDER_NAME_BYTES];
    char to[RECORDER_NAME_BYTES];
    close_file(recorder);
    if (recorder->settings.keep == 1) {
        return unlink(recorder->settings.file) == 0 || errno == ENOENT;
    }
    for (size_t number = recorder->settings.keep - 1; number > 0; number--) {
        if (!name_of(recorder, number - 1, from) || !name_of(recorder, number, to)) {
            errno = ENAMETOOLONG;
            return false;
        }
        if (rename(from, to) != 0 && errno != ENOENT) {
            return false;
        }
    }
    return true;
}

static bool is_full(const struct capture_recorder *recorder, size_t more, int64_t now_ns)
{
    const struct capture_recorder_settings *settings = &recorder->settings;
    if (recorder->size == 0) {
        return false;
    }
    bool too_old = settings->max_age_ns > 0 && now_ns - recorder->began_ns >= settings->max_age_ns;
    return too_old || recorder->size + more > settings->max_bytes;
}

/* ---- writing ---- */

/* What one very long line took is given back. */
static void empty_lines(struct capture_recorder *recorder)
{
    recorder->line_count = 0;
    buf_truncate(&recorder->lines, 0);
    if (recorder->lines.cap > 4 * RECORDER_BUFFER_BYTES) {
        buf_free(&recorder->lines);
    }
}

static enum capture_recorder_change fail(struct capture_recorder *recorder, int error, int64_t now_ns)
{
    bool is_new = recorder->error == 0;
    recorder->error = error;
    recorder->retry_ns = now_ns + RECORDER_RETRY_NS;
    recorder->lost += recorder->line_count;
    empty_lines(recorder);
    return is_new ? RECORDER_FAILED : RECORDER_AS_BEFORE;
}

/* All of it, or nothing: half a line would spoil the one that follows. */
static bool write_whole(struct capture_recorder *recorder, struct span bytes)
{
    size_t done = 0;
    while (done < bytes.len) {
        ssize_t n = write(recorder->fd, bytes.ptr + done, bytes.len - done);
        if (n < 0 && errno != EINTR) {
            int error = errno;
            if (ftruncate(recorder->fd, (off_t)recorder->size) != 0) {
                close_file(recorder); /* opened again, it gets a newline */
            }
            errno = error;
            return false;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    recorder->size += bytes.len;
    return true;
}

enum capture_recorder_change capture_recorder_flush(struct capture_recorder *recorder, int64_t now_ns)
{
    if (recorder->line_count == 0) {
        return RECORDER_AS_BEFORE;
    }
    /* A clock that was set back must not keep it from trying. */
    if (recorder->error && now_ns < recorder->retry_ns && recorder->retry_ns - now_ns <= RECORDER_RETRY_NS) {
        return fail(recorder, recorder->error, recorder->retry_ns - RECORDER_RETRY_NS);
    }
    if (recorder->fd < 0 && !open_file(recorder, now_ns)) {
        return fail(recorder, errno, now_ns);
    }
    if (is_full(recorder, recorder->lines.len, now_ns) && (!rotate(recorder) || !open_file(recorder, now_ns))) {
        return fail(recorder, errno, now_ns);
    }
    if (!write_whole(recorder, buf_view(&recorder->lines))) {
        return fail(recorder, errno, now_ns);
    }
    bool recovered = recorder->error != 0;
    recorder->began_ns = recorder->began_ns ? recorder->began_ns : now_ns;
    recorder->written += recorder->line_count;
    recorder->error = 0;
    empty_lines(recorder);
    return recovered ? RECORDER_RECOVERED : RECORDER_AS_BEFORE;
}

/* What is gathered goes into one file: never more than that holds. */
static size_t gathered_at_most(const struct capture_recorder *recorder)
{
    size_t max = recorder->settings.max_bytes;
    return max < RECORDER_BUFFER_BYTES ? max : RECORDER_BUFFER_BYTES;
}

enum capture_recorder_change capture_recorder_put(struct capture_recorder *recorder, struct span line, int64_t now_ns)
{
    enum capture_recorder_change change = RECORDER_AS_BEFORE;
    if (recorder->lines.len + line.len > gathered_at_most(recorder)) {
        change = capture_recorder_flush(recorder, now_ns);
    }
    buf_span(&recorder->lines, line);
    if (recorder->lines.failed) { /* so long a line; nothing was gathered before it */
        buf_truncate(&recorder->lines, 0);
        recorder->lost += recorder->line_count + 1;
        recorder->line_count = 0;
        return change;
    }
    recorder->line_count++;
    if (recorder->lines.len >= gathered_at_most(recorder)) {
        enum capture_recorder_change second = capture_recorder_flush(recorder, now_ns);
        change = second != RECORDER_AS_BEFORE ? second : change;
    }
    return change;
}

static void remove_surplus(const struct capture_recorder *recorder)
{
    char name[RECORDER_NAME_BYTES];
    for (size_t number = recorder->settings.keep; name_of(recorder, number, name) && unlink(name) == 0; number++) {
    }
}

bool capture_recorder_open(struct capture_recorder *recorder, const struct capture_recorder_settings *settings,
                           int64_t now_ns, struct err *err)
{
    char name[RECORDER_NAME_BYTES];
    *recorder = (struct capture_recorder){.settings = *settings, .fd = -1};
    buf_init(&recorder->lines, RECORDER_LINE_BYTES);
    if (!name_of(recorder, settings->keep, name)) {
        err_set(err, 0, "--record: the name is too long");
        recorder->error = ENAMETOOLONG;
        return false;
    }
    remove_surplus(recorder);
    if (!open_file(recorder, now_ns)) {
        recorder->error = errno;
        recorder->retry_ns = now_ns + RECORDER_RETRY_NS;
        err_set(err, 0, "--record: %.160s: %s", settings->file, capture_recorder_strerror(recorder->error));
        return false;
    }
    return true;
}

void capture_recorder_close(struct capture_recorder *recorder, int64_t now_ns)
{
    (void)capture_recorder_flush(recorder, now_ns);
    close_file(recorder);
    buf_free(&recorder->lines);
}
