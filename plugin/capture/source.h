/* capture/source.h - capture files, one after the other and as often as they are wanted, as messages.
 *
 * A line that is none (or too long) is counted, told and passed over. Standard input ("-") is read as it comes and can be read once only.
 */
#ifndef VENDING_CAPTURE_SOURCE_H
#define VENDING_CAPTURE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "capture/read.h"

struct source;

/* Told of every line that is none. */
typedef void source_on_bad_line(void *ctx, const char *file, uint64_t line, const char *why);

/* Opens every file once, to see that it can be read. files must outlive the source; on_bad_line may be NULL. NULL = why is in *err. */
struct source *source_new(const char *const *files, size_t count, size_t max_line, source_on_bad_line *on_bad_line,
                          void *ctx, struct err *err);
void source_free(struct source *source);

enum source_status {
    SOURCE_MESSAGE,
    SOURCE_WAIT, /* nothing yet: poll source_fd() */
    SOURCE_END,  /* of the last file */
    SOURCE_FAILED,
};

/* The next message; it lives until the next call. */
enum source_status source_next(struct source *source, struct capture_message *message, struct err *err);

/* Back to the first line of the first file. */
void source_rewind(struct source *source);

/* The descriptor that is read. */
int source_fd(const struct source *source);

/* Is standard input among the files? */
bool source_is_once(const struct source *source);

uint64_t source_bad_lines(const struct source *source); /* since the start or source_rewind() */
double
source_fraction(const struct source *source); /* of all bytes that were read since then; below 0 = nobody knows */

#endif
