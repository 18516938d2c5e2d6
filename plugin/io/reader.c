#include "io/reader.h"

#include <errno.h>
#include <unistd.h>

bool input_init(struct input *input, int fd, enum input_kind kind, size_t max_line)
{
    *input = (struct input){.fd = fd};
    switch (kind) {
    case INPUT_LINE_PROTOCOL:
        input->framer = framer_new(max_line, INPUT_CHUNK_BYTES);
        break;
    case INPUT_LINES:
        input->lines = lines_new(max_line, INPUT_CHUNK_BYTES);
        break;
    }
    return input->framer || input->lines;
}

void input_free(struct input *input)
{
    framer_free(input->framer);
    lines_free(input->lines);
}

static void end(struct input *input)
{
    input->ended = true;
    if (input->framer) {
        framer_end(input->framer);
    } else {
        lines_end(input->lines);
    }
}

void input_cut_off(struct input *input)
{
    if (!input->ended) {
        input->cut_off = true;
        end(input);
    }
}

static char *space(struct input *input, size_t *size)
{
    return input->framer ? framer_space(input->framer, size) : lines_space(input->lines, size);
}

static void filled(struct input *input, size_t n)
{
    input->bytes += n;
    if (input->framer) {
        framer_filled(input->framer, n);
    } else {
        lines_filled(input->lines, n);
    }
}

bool input_read(struct input *input)
{
    size_t size;
    char *target = space(input, &size);
    ssize_t n = read(input->fd, target, size < INPUT_CHUNK_BYTES ? size : INPUT_CHUNK_BYTES);
    if (n > 0) {
        filled(input, (size_t)n);
    } else if (n == 0) {
        end(input);
    } else if (errno != EINTR && errno != EAGAIN) {
        input->error = errno;
        input_cut_off(input);
    }
    return n > 0;
}

struct frame input_next(struct input *input)
{
    return input->framer ? framer_next(input->framer) : lines_next(input->lines);
}

bool input_is_half(const struct input *input, const struct frame *frame)
{
    return input->cut_off && frame->bytes.len > 0 && frame->bytes.ptr[frame->bytes.len - 1] != '\n';
}
