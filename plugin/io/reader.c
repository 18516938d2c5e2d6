#include "io/reader.h"

#include <errno.h>
#include <unistd.h>

bool reader_init(struct reader *reader, int fd, enum lp_frame_syntax syntax, size_t max_line)
{
    *reader = (struct reader){.fd = fd, .framer = lp_frame_new(syntax, max_line, READER_CHUNK_BYTES)};
    return reader->framer != NULL;
}

void reader_free(struct reader *reader)
{
    lp_frame_free(reader->framer);
}

static void end(struct reader *reader)
{
    reader->ended = true;
    lp_frame_end(reader->framer);
}

void reader_cut_off(struct reader *reader)
{
    if (!reader->ended) {
        reader->cut_off = true;
        end(reader);
    }
}

bool reader_read(struct reader *reader)
{
    size_t size;
    char *space = lp_frame_space(reader->framer, &size);
    ssize_t n = read(reader->fd, space, size);
    if (n > 0) {
        reader->bytes += (uint64_t)n;
        lp_frame_filled(reader->framer, (size_t)n);
    } else if (n == 0) {
        end(reader);
    } else if (errno != EINTR && errno != EAGAIN) {
        reader->error = errno;
        reader_cut_off(reader);
    }
    return n > 0;
}

struct lp_frame reader_next(struct reader *reader)
{
    return lp_frame_next(reader->framer);
}

bool reader_is_half(const struct reader *reader, const struct lp_frame *frame)
{
    return reader->cut_off && frame->bytes.len > 0 && frame->bytes.ptr[frame->bytes.len - 1] != '\n';
}
