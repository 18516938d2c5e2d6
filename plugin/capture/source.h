/* capture/source.h - capture files, one after the other and as often as they are wanted, as
 * messages.
 *
 * An invalid line (or one that is too long) is counted, reported and passed over. Standard input
 * ("-"), a pipe with a name and a device are read as it comes, and can be read once only. Nothing
 * here waits.
 */
#ifndef VENDING_CAPTURE_SOURCE_H
#define VENDING_CAPTURE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/macros.h"
#include "capture/read.h"

struct capture_source;

/* Called for every invalid line. */
typedef void capture_source_on_invalid_line(void *ctx, const char *file, uint64_t line, const char *why);

/* Sees whether every file can be read, by opening each that is a regular one. files must outlive the source; on_invalid_line may
 * be NULL. NULL = why is in *err. */
MUST_USE struct capture_source *capture_source_new(const char *const *files, size_t count, size_t max_line,
                                                   capture_source_on_invalid_line *on_invalid_line, void *ctx,
                                                   struct err *err);
void capture_source_free(struct capture_source *source);

enum capture_source_status {
    CAPTURE_SOURCE_MESSAGE,
    CAPTURE_SOURCE_WAIT, /* nothing yet, or much that is no message: poll capture_source_fd() */
    CAPTURE_SOURCE_END,  /* of the last file */
    CAPTURE_SOURCE_FAILED,
};

/* The next message; it lives until the next call. */
MUST_USE enum capture_source_status capture_source_next(struct capture_source *source, struct capture_message *message,
                                                        struct err *err);

/* Back to the first line of the first file. */
void capture_source_rewind(struct capture_source *source);

/* The descriptor that is read. */
int capture_source_fd(const struct capture_source *source);

/* Is there anything among the files that can be read once only? */
bool capture_source_is_once(const struct capture_source *source);

uint64_t
/* since the start or capture_source_rewind() */
capture_source_invalid_lines(const struct capture_source *source);
double capture_source_fraction(
    /* of all bytes that were read since then; below 0 = nobody knows */
    const struct capture_source *source);

#endif
