/* io/reader.h - a descriptor's bytes as records of line protocol, or as lines of a capture; one read at a time. */
#ifndef VENDING_IO_READER_H
#define VENDING_IO_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lp/frame.h"
#include "lp/lines.h"

#define INPUT_CHUNK_BYTES ((size_t)64 * 1024) /* the most that one read brings */

enum input_kind { INPUT_LINE_PROTOCOL, INPUT_LINES };

struct input {
    int fd;
    struct framer *framer; /* one of the two */
    struct lines *lines;
    uint64_t bytes; /* read so far */
    bool ended;     /* nothing more will be read */
    bool cut_off;   /* ... although the end was not reached */
    int error;      /* errno of the read that failed, 0 = none */
};

/* false = no memory; *input is then safe to free. */
bool input_init(struct input *input, int fd, enum input_kind kind, size_t max_line) __attribute__((warn_unused_result));
void input_free(struct input *input);

/* One read(2). true = it brought something. At the end of the input, or after an error, the input has ended. */
bool input_read(struct input *input);

/* Nothing more is to be read, although there may be more. */
void input_cut_off(struct input *input);

/* The next record or line of what was read. */
struct frame input_next(struct input *input);

/* Is this what was left, without its newline, when the input was cut off? It may be half a record that looks like a whole one. */
bool input_is_half(const struct input *input, const struct frame *frame);

#endif
