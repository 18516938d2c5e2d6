/* Anything on standard input: line protocol that is some, that is none, in chunks of any size. */
#include <stdlib.h>
#include <string.h>

#include "lp/frame.h"
#include "promises.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_frames(struct promises *promises, struct lp_framer *framer)
{
    for (struct lp_frame frame = lp_frame_next(framer); frame.kind != LP_FRAME_NONE; frame = lp_frame_next(framer)) {
        if (frame.kind == LP_FRAME_OVERSIZED) {
            pipeline_oversized(promises->pipeline, frame.bytes, frame.total_size, PROMISES_NOW_NS);
        } else {
            pipeline_record(promises->pipeline, frame.bytes, PROMISES_NOW_NS);
        }
    }
}

/* The first byte says how much one read brings. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct promises promises;
    size_t chunk = (size_t)data[0] + 1;
    struct lp_framer *framer = lp_frame_new(LP_FRAME_LINE_PROTOCOL, PROMISES_MAX_LINE, chunk);
    promises_begin(&promises, NULL);
    for (size_t at = 1; framer && at < size;) {
        size_t room = 0;
        char *space = lp_frame_space(framer, &room);
        size_t n = size - at < room ? size - at : room;
        n = n < chunk ? n : chunk;
        memcpy(space, data + at, n);
        lp_frame_filled(framer, n);
        at += n;
        take_frames(&promises, framer);
    }
    if (framer) {
        lp_frame_end(framer);
        take_frames(&promises, framer);
    }
    lp_frame_free(framer);
    promises_end(&promises);
    return 0;
}
