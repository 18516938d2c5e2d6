#include "io/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const struct sigaction ignore = {.sa_handler = SIG_IGN};

/* A descriptor that was closed by whoever started us would be given to the next file that is
 * opened. It gets one that cannot be used for its purpose, so that reading or writing says why. */
static void occupy_standard_descriptors(void)
{
    static const int useless[] = {[STDIN_FILENO] = O_WRONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_RDONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            (void)open("/dev/null", useless[fd]);
        }
    }
}

void process_begin(void)
{
    occupy_standard_descriptors();
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGXFSZ, &ignore, NULL);
    sigaction(SIGUSR1, &ignore, NULL);
    sigaction(SIGUSR2, &ignore, NULL);
}

static bool is_ignored(int number)
{
    struct sigaction present;
    return sigaction(number, NULL, &present) == 0 && present.sa_handler == SIG_IGN;
}

/* Read from a descriptor, so that a signal is seen both while waiting and under constant load. */
int process_watch_signals(bool interactive)
{
    sigset_t watched;
    sigemptyset(&watched);
    sigaddset(&watched, SIGTERM);
    if (interactive) {
        sigaddset(&watched, SIGINT);
        if (!is_ignored(SIGHUP)) { /* a blocked signal would come although it is ignored */
            sigaddset(&watched, SIGHUP);
        }
    } else {
        sigaction(SIGINT, &ignore, NULL);
        sigaction(SIGHUP, &ignore, NULL);
    }
    sigprocmask(SIG_BLOCK, &watched, NULL);
    return signalfd(-1, &watched, SFD_NONBLOCK | SFD_CLOEXEC);
}

bool process_take_signal(int signal_fd)
{
    struct signalfd_siginfo info;
    return read(signal_fd, &info, sizeof info) == (ssize_t)sizeof info;
}

int process_refuse(const char *program, const char *problem)
{
    fprintf(stderr, "E! %s: %s\n", program, problem);
    return WRONG_CONFIGURATION;
}

int process_printed(void)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "E! cannot write to standard output: %s\n", strerror(errno));
        return CANNOT_RUN;
    }
    return DONE;
}
