#include "base/siphash.h"

#include "base/word.h"

struct state {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

/* By value, so that the four words stay in registers. */
static inline struct state mix(struct state s)
{
    s.v0 += s.v1;
    s.v1 = rotate(s.v1, 13) ^ s.v0;
    s.v0 = rotate(s.v0, 32);
    s.v2 += s.v3;
    s.v3 = rotate(s.v3, 16) ^ s.v2;
    s.v0 += s.v3;
    s.v3 = rotate(s.v3, 21) ^ s.v0;
    s.v2 += s.v1;
    s.v1 = rotate(s.v1, 17) ^ s.v2;
    s.v2 = rotate(s.v2, 32);
    return s;
}

static inline struct state absorb(struct state s, uint64_t word)
{
    s.v3 ^= word;
    s = mix(mix(s));
    s.v0 ^= word;
    return s;
}

/* The stream of all parts, cut into words. */
struct stream {
    struct state state;
    uint64_t word; /* what is not a whole one yet */
    uint64_t total;
};

static void take(struct stream *stream, struct span part)
{
    struct state state = stream->state;
    uint64_t word = stream->word;
    uint64_t total = stream->total;
    size_t i = 0;
    for (; part.len - i >= 8; i += 8, total += 8) { /* eight bytes that begin anywhere in a word */
        unsigned filled = (unsigned)(total % 8 * 8);
        uint64_t next = word_load_little(part.ptr + i);
        state = absorb(state, word | next << filled);
        word = filled > 0 ? next >> (64 - filled) : 0;
    }
    for (; i < part.len; i++) {
        word |= (uint64_t)(unsigned char)part.ptr[i] << total % 8 * 8;
        if (++total % 8 == 0) {
            state = absorb(state, word);
            word = 0;
        }
    }
    *stream = (struct stream){state, word, total};
}

uint64_t siphash(struct siphash_key key, const struct span *parts, size_t count)
{
    struct state s = {
        key.k0 ^ UINT64_C(0x736f6d6570736575),
        key.k1 ^ UINT64_C(0x646f72616e646f6d),
        key.k0 ^ UINT64_C(0x6c7967656e657261),
        key.k1 ^ UINT64_C(0x7465646279746573),
    };
    struct stream stream = {.state = s};
    for (size_t p = 0; p < count; p++) {
        take(&stream, parts[p]);
    }
    s = absorb(stream.state, stream.word | stream.total << 56);
    s.v2 ^= 0xFF;
    s = mix(mix(mix(mix(s))));
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
