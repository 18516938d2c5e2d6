#include "io/terminal.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAX_COLUMNS 65535 /* what struct winsize can say */

/* COLUMNS as a number; 0 = not set, or no sensible one. */
static size_t width_of_environment(void)
{
    const char *text = getenv("COLUMNS");
    size_t width = 0;
    for (; text && *text >= '0' && *text <= '9' && width <= MAX_COLUMNS; text++) {
        width = 10 * width + (size_t)(*text - '0');
    }
    return text && !*text && width <= MAX_COLUMNS ? width : 0;
}

size_t terminal_width(int fd)
{
    if (!isatty(fd)) {
        return 0;
    }
    struct winsize size = {0};
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    size_t width = width_of_environment();
    return width > 0 ? width : TERMINAL_USUAL_WIDTH;
}
