#include "mqtt/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes read, at most size; -1 = errno says why. */
static ssize_t read_all(int fd, char *out, size_t size)
{
    size_t len = 0;
    while (len < size) {
        ssize_t n = read(fd, out + len, size - len);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        len += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)len;
}

static bool take_first_line(const char *file, char out[MQTT_SECRET_BYTES], size_t len, struct err *err)
{
    const char *newline = memchr(out, '\n', len);
    size_t line = newline ? (size_t)(newline - out) : len;
    if (line > 0 && out[line - 1] == '\r') {
        line--;
    }
    if (line == MQTT_SECRET_BYTES) {
        err_set(err, 0, "password file %.160s: the first line is longer than %d bytes", file, MQTT_SECRET_BYTES - 1);
        return false;
    }
    if (line == 0 || memchr(out, '\0', line)) {
        err_set(err, 0, "password file %.160s: the first line is %s", file, line == 0 ? "empty" : "not text");
        return false;
    }
    out[line] = '\0';
    return true;
}

/* -1 = errno says why; EINVAL = no regular file. */
static int open_regular(const char *file, unsigned *others)
{
    struct stat about;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would be waited for */
    if (fd < 0) {
        return -1;
    }
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        close(fd);
        errno = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
        return -1;
    }
    *others = about.st_mode & (S_IROTH | S_IWOTH);
    return fd;
}

bool mqtt_secret_read(const char *file, char out[MQTT_SECRET_BYTES], unsigned *others, struct err *err)
{
    int fd = open_regular(file, others);
    ssize_t len = fd >= 0 ? read_all(fd, out, MQTT_SECRET_BYTES) : -1;
    if (len < 0) {
        err_set(err, 0, "password file %.160s: %s", file, mqtt_secret_strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return len >= 0 && take_first_line(file, out, (size_t)len, err);
}

int mqtt_secret_check(const char *file)
{
    unsigned others;
    int fd = open_regular(file, &others);
    if (fd < 0) {
        return errno;
    }
    close(fd);
    return 0;
}

const char *mqtt_secret_strerror(int error)
{
    return error == EINVAL ? "not a regular file" : strerror(error);
}
