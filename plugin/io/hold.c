#include "io/hold.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/clock.h"
#include "io/log.h"
#include "io/process.h"

#define SET_PIPE_SIZE 1031 /* F_SETPIPE_SZ, which is hidden without _GNU_SOURCE */
#define USUAL_PIPE_BYTES 65536

bool hold_is_plugin(void)
{
    struct stat input;
    return fstat(STDIN_FILENO, &input) == 0 && (S_ISFIFO(input.st_mode) || S_ISSOCK(input.st_mode)) &&
           !isatty(STDERR_FILENO);
}

/* One page, or as little as takes what has been written already. */
static void shrink_pipe(void)
{
    int size = (int)sysconf(_SC_PAGESIZE);
    while (size > 0 && size < USUAL_PIPE_BYTES && fcntl(STDIN_FILENO, SET_PIPE_SIZE, size) < 0) {
        size *= 2;
    }
}

/* true = the end: nobody writes any more, SIGTERM, or there is nothing to wait with. */
static bool wait_for_end(int signal_fd, int64_t deadline_ns)
{
    struct pollfd watched[] = {{.fd = STDIN_FILENO, .events = 0}, {.fd = signal_fd, .events = POLLIN}};
    if (signal_fd < 0) {
        return true;
    }
    if (poll(watched, 2, clock_poll_timeout(deadline_ns, clock_monotonic_ns())) <= 0) {
        return false;
    }
    return watched[0].revents != 0 || process_take_signal(signal_fd);
}

int hold_out(const char *program, const char *problem, int64_t interval_ns)
{
    struct log log;
    log_init(&log, STDERR_FILENO, 0);
    int signal_fd = process_watch_signals(false);
    shrink_pipe();
    int64_t due_ns = clock_monotonic_ns();
    do {
        if (clock_monotonic_ns() >= due_ns) {
            log_line(&log, due_ns, LOG_ERROR, "%s: %s; no message is read until that is mended and Telegraf restarted",
                     program, problem);
            due_ns += interval_ns;
        }
    } while (!wait_for_end(signal_fd, due_ns));
    if (signal_fd >= 0) {
        close(signal_fd);
    }
    return WRONG_CONFIGURATION;
}
