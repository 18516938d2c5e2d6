/* io/reader.h - a descriptor's bytes as records of line protocol, or as lines of a capture; one
 * read at a time.
 */
#ifndef VENDING_IO_READER_H
#define VENDING_IO_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "lp/frame.h"

#define READER_CHUNK_BYTES ((size_t)64 * 1024) /* the most that one read brings */

struct reader {
    int fd; /* the caller's */
    struct lp_framer *framer;
    uint64_t bytes; /* read so far */
    bool ended;     /* nothing more will be read */
    bool cut_off;   /* ... although the end was not reached */
    int error;      /* errno of the read that failed, 0 = none */
};

/* max_line: bytes of the longest record that is handed out whole. false = no memory; *reader is
 * then safe to free. */
MUST_USE bool reader_init(struct reader *reader, int fd, enum lp_frame_syntax syntax, size_t max_line);
void reader_free(struct reader *reader);

/* One read(2). true = it brought something. At the end of the input, or after an error, it has
 * ended. */
bool reader_read(struct reader *reader);

/* Nothing more is to be read, although there may be more. */
void reader_cut_off(struct reader *reader);

/* The next record or line of what was read; a view that lives until the next call. */
struct lp_frame reader_next(struct reader *reader);

/* Is this what was left, without its newline, when reading was cut off? It may be half a record
 * that looks like a whole one. */
bool reader_is_half(const struct reader *reader, const struct lp_frame *frame);

#endif
