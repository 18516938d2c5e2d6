/* io/process.h - what every program here does with its process: descriptors, signals, exit
 * status. */
#ifndef VENDING_IO_PROCESS_H
#define VENDING_IO_PROCESS_H

#include <stdbool.h>

#include "base/macros.h"

enum exit_code { DONE = 0, CANNOT_RUN = 1, WRONG_CONFIGURATION = 2 };

/* First of all. A standard descriptor that was closed is given one that cannot be used for its
 * purpose, SIGPIPE and SIGXFSZ become errors of write(2), and SIGUSR1 and SIGUSR2, which mean
 * nothing here, are ignored. */
void process_begin(void);

/* A descriptor that becomes readable at SIGTERM; -1 = errno says why not. interactive: at SIGINT,
 * too, and at SIGHUP (the terminal is gone) unless that was ignored before (nohup). Otherwise SIGINT
 * and SIGHUP, which reach the whole process group and are not meant for a program below Telegraf,
 * are ignored. */
MUST_USE int process_watch_signals(bool interactive);

/* Takes one signal from that descriptor. false = there was none. */
MUST_USE bool process_take_signal(int signal_fd);

/* Says what is wrong with the configuration, in a line that Telegraf understands, and returns the
 * exit status for it. */
int process_refuse(const char *program, const char *problem);

/* After printing to standard output: did it get somewhere? The exit status. */
int process_printed(void);

#endif
