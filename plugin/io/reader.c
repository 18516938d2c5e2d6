#include "io/reader.h"

#include <errno.h>
#include <unistd.h>

bool reader_init(struct reader *input, int fd, enum reader_kind kind, size_t max_line)
{
    *input = (struct reader){.fd = fd};
    switch (kind) {
    case READER_LINE_PROTOCOL:
        input->framer = lp_frame_new(max_line, READER_CHUNK_BYTES);
        break;
    case READER_LINES:
        input->lines = lines_new(max_line, READER_CHUNK_BYTES);
        break;
    }
    return input->framer || input->lines;
}

void reader_free(struct reader *input)
{
    lp_frame_free(input->framer);
    lines_free(input->lines);
}

static void end(struct reader *input)
{
    input->ended = true;
    if (input->framer) {
        lp_frame_end(input->framer);
    } else {
        lines_end(input->lines);
    }
}

void reader_cut_off(struct reader *input)
{
    if (!input->ended) {
        input->cut_off = true;
        end(input);
    }
}

static char *space(struct reader *input, size_t *size)
{
    return input->framer ? lp_frame_space(input->framer, size) : lines_space(input->lines, size);
}

static void filled(struct reader *input, size_t n)
{
    input->bytes += n;
    if (input->framer) {
        lp_frame_filled(input->framer, n);
    } else {
        lines_filled(input->lines, n);
    }
}

bool reader_read(struct reader *input)
{
    size_t size;
    char *target = space(input, &size);
    ssize_t n = read(input->fd, target, size < READER_CHUNK_BYTES ? size : READER_CHUNK_BYTES);
    if (n > 0) {
        filled(input, (size_t)n);
    } else if (n == 0) {
        end(input);
    } else if (errno != EINTR && errno != EAGAIN) {
        input->error = errno;
        reader_cut_off(input);
    }
    return n > 0;
}

struct lp_frame reader_next(struct reader *input)
{
    return input->framer ? lp_frame_next(input->framer) : lines_next(input->lines);
}

bool reader_is_half(const struct reader *input, const struct lp_frame *frame)
{
    return input->cut_off && frame->bytes.len > 0 && frame->bytes.ptr[frame->bytes.len - 1] != '\n';
}
