/* capture/recorder.h - a file that is written line by line and rotated: FILE is the present one,
 * FILE.1 the one before, up to FILE.{keep-1}.
 *
 * A new file is begun when a line would make the present one larger than max_bytes, or when its
 * first line is older than max_age_ns. So the disk holds at most keep * max_bytes (a single line
 * that is longer counts as that).
 *
 * Files beyond those, of a run that kept more, are removed at the start.
 *
 * A disk that is full, or any other fault, never stops the program: lines are left out and counted,
 * half a line is taken back, and the file is tried again once a second. Lines are gathered;
 * capture_recorder_flush() hands them to the system.
 */
#ifndef VENDING_CAPTURE_RECORDER_H
#define VENDING_CAPTURE_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/macros.h"
#include "base/span.h"
#include "base/units.h"

#define RECORDER_BUFFER_BYTES ((size_t)64 * 1024) /* gathered before they are written */
#define RECORDER_RETRY_NS SECOND_NS
#define RECORDER_NAME_BYTES 4096
#define RECORDER_LINE_BYTES ((size_t)64 * 1024 * 1024) /* a longer line is left out */

struct capture_recorder_settings {
    const char *file; /* NULL = nothing is recorded */
    size_t max_bytes;
    int64_t max_age_ns; /* 0 = whatever its age */
    size_t keep;        /* files in all, 1 at least */
};

struct capture_recorder {
    struct capture_recorder_settings settings;
    int fd; /* -1 = not open */
    size_t size;
    int64_t began_ns;  /* time of the first line; 0 = none yet */
    struct buf lines;  /* gathered, whole */
    size_t line_count; /* of those */
    int error;         /* errno of the present fault, 0 = all is well */
    int64_t retry_ns;  /* after a fault: not before */
    uint64_t written;  /* lines */
    uint64_t lost;     /* lines left out */
};

/* What a call has changed, for the log. */
enum capture_recorder_change { RECORDER_AS_BEFORE, RECORDER_FAILED, RECORDER_RECOVERED };

/* Opens the file, or begins it; an earlier one is continued. false = why is in *err (it cannot be
 * opened, is not a regular file, or a symbolic link); the recorder has then failed, and tries again
 * like that. */
MUST_USE bool capture_recorder_open(struct capture_recorder *recorder, const struct capture_recorder_settings *settings,
                                    int64_t now_ns, struct err *err);

/* recorder->error in words. */
const char *capture_recorder_strerror(int error);

/* Writes what was gathered, and closes. */
void capture_recorder_close(struct capture_recorder *recorder, int64_t now_ns);

/* One line with its newline. now_ns: Unix time. */
enum capture_recorder_change capture_recorder_put(struct capture_recorder *recorder, struct span line, int64_t now_ns);
enum capture_recorder_change capture_recorder_flush(struct capture_recorder *recorder, int64_t now_ns);

#endif
