/* io/reader.h - a descriptor's bytes as records of line protocol, or as lines of a capture; one read at a time. */
#ifndef VENDING_IO_READER_H
#define VENDING_IO_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "lp/frame.h"
#include "lp/lines.h"

#define READER_CHUNK_BYTES ((size_t)64 * 1024) /* the most that one read brings */

enum reader_kind { READER_LINE_PROTOCOL, READER_LINES };

struct reader {
    int fd;
    struct lp_framer *framer; /* one of the two */
    struct lines *lines;
    uint64_t bytes; /* read so far */
    bool ended;     /* nothing more will be read */
    bool cut_off;   /* ... although the end was not reached */
    int error;      /* errno of the read that failed, 0 = none */
};

/* false = no memory; *input is then safe to free. */
bool reader_init(struct reader *input, int fd, enum reader_kind kind, size_t max_line) MUST_USE;
void reader_free(struct reader *input);

/* One read(2). true = it brought something. At the end of the input, or after an error, the input has ended. */
bool reader_read(struct reader *input);

/* Nothing more is to be read, although there may be more. */
void reader_cut_off(struct reader *input);

/* The next record or line of what was read. */
struct lp_frame reader_next(struct reader *input);

/* Is this what was left, without its newline, when the input was cut off? It may be half a record that looks like a whole one. */
bool reader_is_half(const struct reader *input, const struct lp_frame *frame);

#endif
