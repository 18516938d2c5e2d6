#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lp/decode.h"
#include "lp/frame.h"
#include "support.h"

#define BYTES(text)                                                                                                    \
    {                                                                                                                  \
        (text), sizeof(text) - 1                                                                                       \
    }
#define NO_LIMIT 4096

/* Frames as text: r[...] a record, o<size>[...] one over the limit. */
static const struct {
    const char *name;
    struct span input;
    struct span frames;
    size_t max_record;
} cases[] = {
    {"nothing", BYTES(""), BYTES(""), NO_LIMIT},
    {"one record", BYTES("m v=1 1\n"), BYTES("r[m v=1 1\n]"), NO_LIMIT},
    {"two records", BYTES("m v=1 1\nn v=2 2\n"), BYTES("r[m v=1 1\n]r[n v=2 2\n]"), NO_LIMIT},
    {"no newline at the end", BYTES("m v=1 1\nn v=2 2"), BYTES("r[m v=1 1\n]r[n v=2 2]"), NO_LIMIT},
    {"CRLF stays", BYTES("m v=1 1\r\nn v=2\r\n"), BYTES("r[m v=1 1\r\n]r[n v=2\r\n]"), NO_LIMIT},
    {"empty lines", BYTES("\n\n \t\n\r\nm v=1\n"), BYTES("r[\n]r[\n]r[ \t\n]r[\r\n]r[m v=1\n]"), NO_LIMIT},
    {"comment", BYTES("# it's v=\"x\nm v=1\n"), BYTES("r[# it's v=\"x\n]r[m v=1\n]"), NO_LIMIT},
    {"indented comment", BYTES(" \t# v=\"\nm v=1\n"), BYTES("r[ \t# v=\"\n]r[m v=1\n]"), NO_LIMIT},
    {"# inside is no comment", BYTES("m# v=\"\n\" 1\n"), BYTES("r[m# v=\"\n\" 1\n]"), NO_LIMIT},
    {"not line protocol", BYTES("\"a\nb\"\n{\"x\":\n}\n"), BYTES("r[\"a\n]r[b\"\n]r[{\"x\":\n]r[}\n]"), NO_LIMIT},
    {"NUL and bytes of any kind", BYTES("\0\xFF\n\0 v=\"\n\0\"\n"), BYTES("r[\0\xFF\n]r[\0 v=\"\n\0\"\n]"), NO_LIMIT},

    {"newline in a string", BYTES("m v=\"a\nb\" 1\nn v=2\n"), BYTES("r[m v=\"a\nb\" 1\n]r[n v=2\n]"), NO_LIMIT},
    {"only newlines in a string", BYTES("m v=\"\n\n\n\"\n"), BYTES("r[m v=\"\n\n\n\"\n]"), NO_LIMIT},
    {"CRLF in a string", BYTES("m v=\"a\r\nb\"\r\n"), BYTES("r[m v=\"a\r\nb\"\r\n]"), NO_LIMIT},
    {"empty string", BYTES("m v=\"\"\nn v=\"\" 1\n"), BYTES("r[m v=\"\"\n]r[n v=\"\" 1\n]"), NO_LIMIT},
    {"string then field", BYTES("m v=\"\n\",w=\"\n\",x=1 1\n"), BYTES("r[m v=\"\n\",w=\"\n\",x=1 1\n]"), NO_LIMIT},
    {"number then string", BYTES("m x=1,v=\"\n\" 1\n"), BYTES("r[m x=1,v=\"\n\" 1\n]"), NO_LIMIT},
    {"string at the very end", BYTES("m v=\"a\nb\""), BYTES("r[m v=\"a\nb\"]"), NO_LIMIT},
    {"escaped quote", BYTES("m v=\"a\\\"\nb\"\n"), BYTES("r[m v=\"a\\\"\nb\"\n]"), NO_LIMIT},
    {"escaped backslash before the end", BYTES("m v=\"a\\\\\"\nb\n"), BYTES("r[m v=\"a\\\\\"\n]r[b\n]"), NO_LIMIT},
    {"backslash, quote, newline", BYTES("m v=\"\\\\\\\"\n\"\n"), BYTES("r[m v=\"\\\\\\\"\n\"\n]"), NO_LIMIT},
    {"backslash before a newline", BYTES("m v=\"a\\\nb\"\n"), BYTES("r[m v=\"a\\\nb\"\n]"), NO_LIMIT},
    {"line protocol in a string", BYTES("m v=\"x\nn w=1 1\n\" 1\n"), BYTES("r[m v=\"x\nn w=1 1\n\" 1\n]"), NO_LIMIT},
    {"white space behind a string", BYTES("m v=\"\n\"\t1\n"), BYTES("r[m v=\"\n\"\t1\n]"), NO_LIMIT},
    {"vertical tab, form feed too", BYTES("m v=\"\n\"\v\f1\n"), BYTES("r[m v=\"\n\"\v\f1\n]"), NO_LIMIT},
    {"any white space before fields", BYTES("m\tv=\"\n\"\nm\fv=\"\n\"\n"), BYTES("r[m\tv=\"\n\"\n]r[m\fv=\"\n\"\n]"),
     NO_LIMIT},
    {"much white space", BYTES("  m \t v=\"\n\"  1 \n"), BYTES("r[  m \t v=\"\n\"  1 \n]"), NO_LIMIT},

    {"quote in the measurement", BYTES("m\" v=1\nn v=2\n"), BYTES("r[m\" v=1\n]r[n v=2\n]"), NO_LIMIT},
    {"quote in a tag", BYTES("m,a=b\"c v=1\nn v=2\n"), BYTES("r[m,a=b\"c v=1\n]r[n v=2\n]"), NO_LIMIT},
    {"tag that starts with a quote", BYTES("m,a=\"b v=1\nn v=2\n"), BYTES("r[m,a=\"b v=1\n]r[n v=2\n]"), NO_LIMIT},
    {"quote in a tag's key", BYTES("m,\"a=b v=1\nn v=2\n"), BYTES("r[m,\"a=b v=1\n]r[n v=2\n]"), NO_LIMIT},
    {"tag with an escaped =", BYTES("m,a=b\\=\"c v=1\nn v=2\n"), BYTES("r[m,a=b\\=\"c v=1\n]r[n v=2\n]"), NO_LIMIT},
    {"tag that looks like a field", BYTES("m,a=b\\ v\\=\"c v=1\nn v=2\n"), BYTES("r[m,a=b\\ v\\=\"c v=1\n]r[n v=2\n]"),
     NO_LIMIT},
    {"backslash before an escaped space", BYTES("m,a=\\\\ v\\=\"c v=\"\n\"\n"), BYTES("r[m,a=\\\\ v\\=\"c v=\"\n\"\n]"),
     NO_LIMIT},
    {"escaped space, then a quote", BYTES("m,a=b\\\\ c,d=\" v=1\nn v=2\n"),
     BYTES("r[m,a=b\\\\ c,d=\" v=1\n]r[n v=2\n]"), NO_LIMIT},
    {"vertical tab, then a quote", BYTES("m,a=b\vc,d=\" v=1\nn v=2\n"), BYTES("r[m,a=b\vc,d=\" v=1\n]r[n v=2\n]"),
     NO_LIMIT},
    {"backslash before an escaped =", BYTES("m v\\\\=\"x=1\nn v=2\n"), BYTES("r[m v\\\\=\"x=1\n]r[n v=2\n]"), NO_LIMIT},
    {"quotes in tag and string", BYTES("m,a=\" v=\"\n\" 1\nn v=2\n"), BYTES("r[m,a=\" v=\"\n\" 1\n]r[n v=2\n]"),
     NO_LIMIT},
    {"quote in a field's key", BYTES("m \"v=1\nn v=2\n"), BYTES("r[m \"v=1\n]r[n v=2\n]"), NO_LIMIT},
    {"key with an escaped =", BYTES("m v\\=\"x=1\nn v=2\n"), BYTES("r[m v\\=\"x=1\n]r[n v=2\n]"), NO_LIMIT},
    {"quote inside a number", BYTES("m v=1\"\nn v=2\n"), BYTES("r[m v=1\"\n]r[n v=2\n]"), NO_LIMIT},
    {"second = before a quote", BYTES("m v==\"\nn v=2\n"), BYTES("r[m v==\"\n]r[n v=2\n]"), NO_LIMIT},
    {"space between = and quote", BYTES("m v= \"\nn v=2\n"), BYTES("r[m v= \"\n]r[n v=2\n]"), NO_LIMIT},
    {"quote in the timestamp", BYTES("m v=1 w=\"\nn v=2\n"), BYTES("r[m v=1 w=\"\n]r[n v=2\n]"), NO_LIMIT},

    {"quote missing", BYTES("m v=\"oops\nn v=\"ok\" 2\n"), BYTES("r[m v=\"oops\n]r[n v=\"ok\" 2\n]"), NO_LIMIT},
    {"quote missing, CRLF", BYTES("m v=\"o\r\nn v=\"ok\"\r\n"), BYTES("r[m v=\"o\r\n]r[n v=\"ok\"\r\n]"), NO_LIMIT},
    {"quote missing, lines between", BYTES("m v=\"o\nn v=1\n#\no v=\"ok\"\np v=2\n"),
     BYTES("r[m v=\"o\n]r[n v=1\n]r[#\n]r[o v=\"ok\"\n]r[p v=2\n]"), NO_LIMIT},
    {"quote missing, empty string next", BYTES("m v=\"o\nn v=\"\" 1\no v=2\n"),
     BYTES("r[m v=\"o\n]r[n v=\"\" 1\n]r[o v=2\n]"), NO_LIMIT},
    {"quote missing on many lines", BYTES("m v=\"1\nm v=\"2\nm v=\"3\nm v=\"4\"\n"),
     BYTES("r[m v=\"1\n]r[m v=\"2\n]r[m v=\"3\n]r[m v=\"4\"\n]"), NO_LIMIT},
    {"impossible, but on one line", BYTES("m v=\"a\"b,w=\"\nn v=\"\n\"\n"),
     BYTES("r[m v=\"a\"b,w=\"\n]r[n v=\"\n\"\n]"), NO_LIMIT},
    {"impossible in the second string", BYTES("m v=\"\n\",w=\"a\"b\nn v=2\n"),
     BYTES("r[m v=\"\n]r[\",w=\"a\"b\n]r[n v=2\n]"), NO_LIMIT},
    {"input ends inside a string", BYTES("m v=\"oops\nn v=1 1\n"), BYTES("r[m v=\"oops\nn v=1 1\n]"), NO_LIMIT},
    {"input ends behind a backslash", BYTES("m v=\"oops\nn\\"), BYTES("r[m v=\"oops\nn\\]"), NO_LIMIT},

    {"just what fits", BYTES("m v=1234\nn v=2\n"), BYTES("r[m v=1234\n]r[n v=2\n]"), 8},
    {"just what fits, at the end", BYTES("m v=1234"), BYTES("r[m v=1234]"), 8},
    {"one byte more", BYTES("m v=12345\nn v=2\n"), BYTES("o10[m v=1234]r[n v=2\n]"), 8},
    {"one byte more, at the end", BYTES("m v=12345"), BYTES("o9[m v=1234]"), 8},
    {"much too long", BYTES("m v=12345678901234567890123456789\nn v=2\n"), BYTES("o34[m v=1234]r[n v=2\n]"), 8},
    {"much too long, no newline", BYTES("n v=2\nm v=12345678901234567890123456789"), BYTES("r[n v=2\n]o33[m v=1234]"),
     8},
    {"two long ones", BYTES("m v=12345\nm v=123456789\nn\n"), BYTES("o10[m v=1234]o14[m v=1234]r[n\n]"), 8},
    {"long comment", BYTES("#345678901234567890\nn v=2\n"), BYTES("o20[#3456789]r[n v=2\n]"), 8},
    {"limit of nothing", BYTES("\nm\n\n"), BYTES("r[\n]o2[]r[\n]"), 0},
    {"long string over lines", BYTES("m v=\"12\nn v=1\n\"\nn v=2\n"), BYTES("o16[m v=\"12\n]r[n v=2\n]"), 8},
    {"long string, newline first behind the limit", BYTES("m v=\"123\nn v=1\n\"\nn v=2\n"),
     BYTES("o17[m v=\"123]r[n v=2\n]"), 8},
    {"limit at the quote", BYTES("m vvvvv=\"\nn v=1\n\"\nn v=2\n"), BYTES("o18[m vvvvv=]r[n v=2\n]"), 8},
    {"limit within an escape", BYTES("m v=\"12\\\"\nn v=1\n\"\nn v=2\n"), BYTES("o18[m v=\"12\\]r[n v=2\n]"), 8},
    {"long string, closed wrongly", BYTES("m v=\"12\nn v=\"x\ny\nn v=2\n"), BYTES("o15[m v=\"12\n]r[y\n]r[n v=2\n]"),
     8},
    {"long string, never closed", BYTES("m v=\"12\nn v=1\nn v=2\n"), BYTES("o20[m v=\"12\n]"), 8},
    {"cut before it gets long", BYTES("m v=\"\nn v=\"a\"\n"), BYTES("r[m v=\"\n]r[n v=\"a\"\n]"), 11},
};

/* For what is checked at every byte: check's own assertions cost a system call each. */
#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            ck_abort_msg("not so: %s", #condition);                                                                    \
        }                                                                                                              \
    } while (0)

struct run {
    struct lp_framer *framer;
    struct buf text;     /* the frames, as in the cases */
    struct buf records;  /* their bytes, end to end */
    uint64_t total_size; /* sum of what they say */
    size_t max_record;
};

static void start(struct run *run, size_t max_record, size_t chunk)
{
    *run = (struct run){.framer = lp_frame_new(LP_FRAME_LINE_PROTOCOL, max_record, chunk), .max_record = max_record};
    ck_assert_ptr_nonnull(run->framer);
    buf_init(&run->text, 1 << 26);
    buf_init(&run->records, 1 << 26);
}

static void finish(struct run *run)
{
    lp_frame_free(run->framer);
    buf_free(&run->text);
    buf_free(&run->records);
}

static void take(struct run *run)
{
    for (struct lp_frame frame = lp_frame_next(run->framer); frame.kind != LP_FRAME_NONE;
         frame = lp_frame_next(run->framer)) {
        if (frame.kind == LP_FRAME_OVERSIZED) {
            EXPECT(frame.bytes.len == run->max_record);
            EXPECT(frame.total_size > run->max_record);
            buf_format(&run->text, "o%llu[", (unsigned long long)frame.total_size);
        } else {
            EXPECT(frame.total_size == frame.bytes.len);
            EXPECT(frame.bytes.len > 0);
            EXPECT(frame.bytes.len <= run->max_record + 1);
            buf_text(&run->text, "r[");
        }
        buf_span(&run->text, frame.bytes);
        buf_char(&run->text, ']');
        buf_span(&run->records, frame.bytes);
        run->total_size += frame.total_size;
    }
}

static void feed(struct run *run, struct span input)
{
    while (input.len > 0) {
        size_t size;
        char *space = lp_frame_space(run->framer, &size);
        EXPECT(size >= 1);
        size_t n = input.len < size ? input.len : size;
        memcpy(space, input.ptr, n);
        lp_frame_filled(run->framer, n);
        take(run);
        input = span_after(input, n);
    }
}

static void end(struct run *run)
{
    lp_frame_end(run->framer);
    take(run);
    ck_assert_int_eq(lp_frame_next(run->framer).kind, LP_FRAME_NONE);
    ck_assert(!run->text.failed && !run->records.failed);
}

static void check_frames(const struct run *run, struct span want, const char *name, const char *how, size_t n)
{
    struct span got = buf_view(&run->text);
    ck_assert_msg(span_equal(got, want), "%s, %s %zu: got %.*s, want %.*s", name, how, n, (int)got.len, got.ptr,
                  (int)want.len, want.ptr);
}

/* In reads of one size; the buffer has no room for more, so it is compacted as often as can be. */
START_TEST(frames_in_reads_of_any_size)
{
    struct span input = cases[_i].input;
    for (size_t chunk = 1; chunk <= input.len + 1; chunk++) {
        struct run run;
        start(&run, cases[_i].max_record, chunk);
        feed(&run, input);
        end(&run);
        check_frames(&run, cases[_i].frames, cases[_i].name, "reads of", chunk);
        ck_assert_uint_eq(run.total_size, input.len);
        finish(&run);
    }
}
END_TEST

START_TEST(frames_in_every_split_of_two)
{
    struct span input = cases[_i].input;
    for (size_t at = 0; at <= input.len; at++) {
        struct run run;
        start(&run, cases[_i].max_record, input.len + 1);
        feed(&run, (struct span){input.ptr, at});
        feed(&run, span_after(input, at));
        end(&run);
        check_frames(&run, cases[_i].frames, cases[_i].name, "split at", at);
        finish(&run);
    }
}
END_TEST

/* A device's own text in a record that is too long or cut off: with every limit and every end of input. */
#define INJECTED "vm_telemetry,device_no=VM-1 voltage=1 1\n"

static const struct {
    const char *name;
    struct span record;
} injections[] = {
    {"in the payload", BYTES("mqtt,topic=v1/vm/X/events value=\"{\n" INJECTED "\n" INJECTED "}\" 1\n")},
    {"behind escaped quotes", BYTES("mqtt value=\"\\\"\n" INJECTED "\\\\\\\"\n" INJECTED "\" 1\n")},
    {"in the second string", BYTES("mqtt a=\"\",value=\"\n" INJECTED "\" 1\n")},
    {"with a tag full of quotes", BYTES("mqtt,topic=\"\\=\"\\ \" value=\"\n" INJECTED "\" 1\n")},
};

static void check_not_injected(const struct run *run, const char *name, size_t n)
{
    struct span text = buf_view(&run->text);
    struct span bad = SPAN_LITERAL("r[" INJECTED);
    for (; text.len > 0; text = span_after(text, 1)) {
        if (span_starts_with(text, bad)) {
            ck_abort_msg("%s, %zu: a device's text became a record", name, n);
        }
    }
}

START_TEST(never_reads_a_devices_text_as_a_record)
{
    struct span record = injections[_i].record;
    for (size_t max = 0; max <= record.len; max++) {
        for (size_t chunk = 1; chunk <= 64; chunk += 9) {
            struct run run;
            start(&run, max, chunk);
            feed(&run, record);
            feed(&run, SPAN_LITERAL("\n"));
            end(&run);
            check_not_injected(&run, injections[_i].name, max);
            struct buf want;
            buf_init(&want, NO_LIMIT);
            bool fits = record.len - 1 <= max;
            if (fits) {
                buf_text(&want, "r[");
            } else {
                buf_format(&want, "o%zu[", record.len);
            }
            buf_bytes(&want, record.ptr, fits ? record.len : max);
            buf_text(&want, "]r[\n]");
            check_frames(&run, buf_view(&want), injections[_i].name, "limit", max);
            buf_free(&want);
            finish(&run);
        }
    }
}
END_TEST

START_TEST(never_reads_a_devices_text_where_input_ends)
{
    struct span record = injections[_i].record;
    for (size_t len = 0; len < record.len; len++) {
        struct run run;
        start(&run, NO_LIMIT, 7);
        feed(&run, (struct span){record.ptr, len});
        end(&run);
        check_not_injected(&run, injections[_i].name, len);
        finish(&run);
    }
}
END_TEST

#define LONG_RECORD ((size_t)512 * 1024)
#define MIB ((size_t)1024 * 1024)

static void feed_times(struct run *run, struct span piece, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        feed(run, piece);
    }
}

/* Looking twice at what is there already would take minutes: check ends the test long before. */
START_TEST(a_long_record_byte_by_byte_is_linear)
{
    struct run run;
    start(&run, LONG_RECORD, 65536);
    feed(&run, SPAN_LITERAL("n v=1\nm v=\""));
    feed_times(&run, SPAN_LITERAL("\n"), LONG_RECORD - 6);
    feed(&run, SPAN_LITERAL("\"\nn v=2\n"));
    end(&run);
    ck_assert_uint_eq(run.records.len, 6 + LONG_RECORD + 1 + 6);
    ck_assert(span_starts_with(buf_view(&run.text), SPAN_LITERAL("r[n v=1\n]r[m v=\"\n\n")));
    finish(&run);
}
END_TEST

START_TEST(an_endless_line_is_bounded)
{
    char block[4096];
    memset(block, 'a', sizeof block);
    struct run run;
    start(&run, 65536, 4096);
    feed_times(&run, (struct span){block, sizeof block}, 8 * MIB / sizeof block);
    ck_assert_uint_eq(run.text.len, 0);
    feed(&run, SPAN_LITERAL("\nn v=2\n"));
    end(&run);
    ck_assert(span_starts_with(buf_view(&run.text), SPAN_LITERAL("o8388609[aaaa")));
    ck_assert(span_starts_with(span_after(buf_view(&run.text), run.text.len - 10), SPAN_LITERAL("]r[n v=2\n]")));
    finish(&run);
}
END_TEST

/* Each line opens a string that the next one closes impossibly. */
START_TEST(recovery_over_and_over_is_linear)
{
    size_t times = LONG_RECORD / 8;
    struct run run;
    start(&run, LONG_RECORD, 4096);
    feed_times(&run, SPAN_LITERAL("m v=\"xy\n"), times);
    feed_times(&run, SPAN_LITERAL("\n"), LONG_RECORD - 16);
    feed(&run, SPAN_LITERAL("m v=\"\"\n"));
    end(&run);
    ck_assert_uint_eq(run.total_size, 2 * LONG_RECORD - 16 + 7);
    ck_assert_uint_eq(run.records.len, run.total_size);
    struct span last = SPAN_LITERAL("r[m v=\"xy\n]r[\n]r[\n]");
    ck_assert(span_starts_with(span_after(buf_view(&run.text), (times - 1) * 11), last));
    last = SPAN_LITERAL("]r[\n]r[m v=\"\"\n]");
    ck_assert(span_starts_with(span_after(buf_view(&run.text), run.text.len - last.len), last));
    finish(&run);
}
END_TEST

/* A linear congruential generator (Knuth, MMIX): the same input on every machine. */
static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % below;
}

static struct span draw_text(uint64_t *seed, char *out, size_t size)
{
    static const char letters[] = "mv1=== ,\"\"\"\\\n\n\r\t\v\f#";
    size_t len = draw(seed, (uint32_t)size);
    for (size_t i = 0; i < len; i++) {
        out[i] = letters[draw(seed, sizeof letters - 1)];
    }
    return (struct span){out, len};
}

START_TEST(any_bytes_in_any_reads_give_the_same)
{
    uint64_t seed = 1;
    for (int round = 0; round < 3000; round++) {
        char text[96];
        struct span input = draw_text(&seed, text, sizeof text);
        size_t max = round % 2 ? NO_LIMIT : draw(&seed, 40);
        struct run whole;
        struct run parts;
        start(&whole, max, sizeof text);
        feed(&whole, input);
        end(&whole);
        ck_assert_uint_eq(whole.total_size, input.len);
        ck_assert(max < NO_LIMIT || span_equal(buf_view(&whole.records), input));
        start(&parts, max, 1 + draw(&seed, 9));
        feed(&parts, input);
        end(&parts);
        check_frames(&parts, buf_view(&whole.text), "random", "round", (size_t)round);
        finish(&whole);
        finish(&parts);
    }
}
END_TEST

/* ---- the quick way against the syntax, byte by byte ---- */

/* What the bytes before one say of it. */
enum place { BEFORE, IN_COMMENT, IN_HEAD, IN_KEY, BEHIND_EQUALS, IN_NUMBER, IN_STRING, BEHIND_STRING, IN_REST };

struct reader {
    enum place place;
    bool is_escaped; /* the next byte, by a backslash */
};

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\v' || c == '\f';
}

static enum place behind_head(char c)
{
    return is_white(c) && c != '\v' ? IN_KEY : IN_HEAD;
}

static enum place behind_number(char c)
{
    return c == ',' ? IN_KEY : is_white(c) ? IN_REST : IN_NUMBER;
}

/* A backslash in a name escapes what follows, but for another one: "a\\ b" ends no name. */
static void read_byte(struct reader *reader, char c)
{
    bool in_name = reader->place == BEFORE || reader->place == IN_HEAD || reader->place == IN_KEY;
    bool is_escaped = reader->is_escaped;
    reader->is_escaped = c == '\\' && (in_name || (reader->place == IN_STRING && !is_escaped));
    if (is_escaped || reader->is_escaped) {
        reader->place = reader->place == BEFORE ? IN_HEAD : reader->place;
        return;
    }
    switch (reader->place) {
    case BEFORE:
        reader->place = c == '#' ? IN_COMMENT : is_white(c) ? BEFORE : IN_HEAD;
        break;
    case IN_HEAD:
        reader->place = behind_head(c);
        break;
    case IN_KEY:
        reader->place = c == '=' ? BEHIND_EQUALS : IN_KEY;
        break;
    case BEHIND_EQUALS:
        reader->place = c == '"' ? IN_STRING : behind_number(c);
        break;
    case IN_NUMBER:
        reader->place = behind_number(c);
        break;
    case IN_STRING:
        reader->place = c == '"' ? BEHIND_STRING : IN_STRING;
        break;
    case BEHIND_STRING:
        reader->place = c == ',' ? IN_KEY : IN_REST;
        break;
    case IN_COMMENT:
    case IN_REST:
        break;
    }
}

/* The length of the first record of input, newline included, and without the one that ends it. */
static size_t first_record(struct span input, size_t max, size_t *len)
{
    struct reader reader = {BEFORE, false};
    size_t first_break = 0; /* behind the first newline in a string; 0 = none */
    for (size_t pos = 0; pos < input.len; pos++) {
        char c = input.ptr[pos];
        *len = pos;
        if (c == '\n' && reader.place != IN_STRING) {
            return pos + 1;
        }
        if (reader.place == BEHIND_STRING && c != ',' && c != '\r' && !is_white(c) && first_break > 0 && pos <= max) {
            *len = first_break - 1;
            return first_break;
        }
        first_break = c == '\n' && first_break == 0 ? pos + 1 : first_break;
        read_byte(&reader, c);
    }
    *len = input.len;
    return input.len;
}

static void put_frames(struct buf *out, struct span input, size_t max)
{
    while (input.len > 0) {
        size_t len;
        size_t size = first_record(input, max, &len);
        if (len > max) {
            buf_format(out, "o%zu[", size);
        } else {
            buf_text(out, "r[");
        }
        buf_bytes(out, input.ptr, len > max ? max : size);
        buf_char(out, ']');
        input = span_after(input, size);
    }
}

/* Records whose ends look like usual ones: a quote, a blank and a timestamp. */
static struct span draw_records(uint64_t *seed, char *out, size_t size)
{
    static const char *const pieces[] = {
        "m ",      "m,t=a ",   "m,t=\" ",  "v=",        "v=\"",        "v=\"x\"",   "=",   "\"",   "\\",
        " ",       "1",        "17954803", "\n",        ",",           "\t",        "#",   "x",    "\r\n",
        "\" 17\n", "=\" 17\n", " 17\n",    "\\\" 17\n", "\\\\\" 17\n", "\"\" 17\n", "i\n", "\"\n", "\" 1 7\n",
        "\"17\n",  "\"  17\n", "\" 17 \n", "\" 17\r\n", "\" -17\n",    "= \" 17\n", "\v",
    };
    size_t n = 0;
    for (uint32_t left = 1 + draw(seed, 14); left > 0; left--) {
        const char *piece = pieces[draw(seed, COUNT(pieces))];
        size_t len = strlen(piece);
        if (n + len > size) {
            break;
        }
        memcpy(out + n, piece, len);
        n += len;
    }
    return (struct span){out, n};
}

START_TEST(the_quick_way_is_the_syntax)
{
    uint64_t seed = 3;
    int quick = 0;
    for (int round = 0; round < rounds(60000); round++) {
        char text[200];
        struct span input = draw_records(&seed, text, sizeof text);
        size_t max = round % 4 ? NO_LIMIT : draw(&seed, 40);
        struct run run;
        struct buf want;
        buf_init(&want, NO_LIMIT);
        put_frames(&want, input, max);
        start(&run, max, 1 + draw(&seed, sizeof text));
        feed(&run, input);
        end(&run);
        if (!span_equal(buf_view(&run.text), buf_view(&want))) {
            check_frames(&run, buf_view(&want), "random ends", "round", (size_t)round);
        }
        buf_char(&want, '\0');
        quick += strstr(want.ptr, "\" 17\n]") != NULL;
        buf_free(&want);
        finish(&run);
    }
    ck_assert_int_gt(quick, rounds(10000));
}
END_TEST

static enum lp_decode_piece decode(struct span record)
{
    struct lp_decode_cursor cursor;
    struct lp_decode_item item;
    char *text = malloc(record.len + 1);
    ck_assert_ptr_nonnull(text);
    lp_decode_begin(&cursor, record, text);
    enum lp_decode_piece piece = lp_decode_next(&cursor, &item, NULL);
    while (piece != LP_DECODE_END && piece != LP_DECODE_BLANK && piece != LP_DECODE_ERROR) {
        piece = lp_decode_next(&cursor, &item, NULL);
    }
    free(text);
    return piece;
}

/* Framing and decoding follow the same syntax: a record that is whole for one is whole for the other. */
START_TEST(agrees_with_the_decoder)
{
    uint64_t seed = 2;
    int agreed = 0;
    for (int round = 0; round < 20000; round++) {
        char text[160] = "m v=\"";
        memcpy(text, round % 2 ? "m v=\"" : "m,v= ", 5);
        struct span record = {text, 5 + draw_text(&seed, text + 5, round % 3 ? 12 : 60).len};
        text[record.len++] = '"';
        text[record.len++] = '\n';
        if (decode(record) != LP_DECODE_END) {
            continue;
        }
        struct run run;
        start(&run, NO_LIMIT, 5);
        feed(&run, record);
        end(&run);
        ck_assert_msg(run.text.len == record.len + strlen("r[]"), "round %d: %.*s", round, (int)record.len, text);
        finish(&run);
        agreed++;
    }
    ck_assert_int_gt(agreed, 100);
}
END_TEST

START_TEST(refuses_sizes_that_cannot_be)
{
    ck_assert_ptr_null(lp_frame_new(LP_FRAME_LINES, 1, 0));
    ck_assert_ptr_null(lp_frame_new(LP_FRAME_LINE_PROTOCOL, SIZE_MAX, 1));
    lp_frame_free(NULL);
}
END_TEST

/* ---- lines: no syntax, only newlines ---- */

#define MAX_LINE 8

static const struct {
    const char *name;
    const char *input;
    const char *frames;
} line_cases[] = {
    {"nothing", "", ""},
    {"one line", "abc\n", "r[abc\n]"},
    {"no newline at the end", "abc\nde", "r[abc\n]r[de]"},
    {"empty lines", "\n\na\n", "r[\n]r[\n]r[a\n]"},
    {"CRLF stays", "a\r\n", "r[a\r\n]"},
    {"just what fits", "12345678\nab\n", "r[12345678\n]r[ab\n]"},
    {"one byte more", "123456789\nab\n", "o10[12345678]r[ab\n]"},
    {"one byte more, at the end", "123456789", "o9[12345678]"},
    {"just what fits, at the end", "12345678", "r[12345678]"},
    {"much too long", "123456789012345678901234567890\nab\n", "o31[12345678]r[ab\n]"},
    {"much too long, at the end", "x\n123456789012345678901234567890", "r[x\n]o30[12345678]"},
    {"two long ones", "1234567890\nabcdefghijklmnop\nz", "o11[12345678]o17[abcdefgh]r[z]"},
    {"quotes mean nothing", "\"a\nb\"\n", "r[\"a\n]r[b\"\n]"},
};

static void take_lines(struct lp_framer *lines, char *out)
{
    for (struct lp_frame frame = lp_frame_next(lines); frame.kind != LP_FRAME_NONE; frame = lp_frame_next(lines)) {
        char head[32];
        if (frame.kind == LP_FRAME_OVERSIZED) {
            snprintf(head, sizeof head, "o%llu[", (unsigned long long)frame.total_size);
        } else {
            ck_assert_uint_eq(frame.total_size, frame.bytes.len);
            snprintf(head, sizeof head, "r[");
        }
        strcat(out, head);
        strncat(out, frame.bytes.ptr, frame.bytes.len);
        strcat(out, "]");
    }
}

static void feed_lines(struct lp_framer *lines, const char *input, size_t chunk, char *out)
{
    size_t len = strlen(input);
    for (size_t pos = 0; pos < len;) {
        size_t size;
        char *space = lp_frame_space(lines, &size);
        ck_assert_uint_ge(size, 1);
        size_t n = len - pos < chunk ? len - pos : chunk;
        n = n < size ? n : size;
        memcpy(space, input + pos, n);
        lp_frame_filled(lines, n);
        take_lines(lines, out);
        pos += n;
    }
    lp_frame_end(lines);
    take_lines(lines, out);
    take_lines(lines, out); /* the end stays the end */
}

START_TEST(frames_lines_in_any_chunks)
{
    for (size_t chunk = 1; chunk <= 40; chunk++) {
        for (size_t space = 1; space <= 40; space += 13) {
            char out[512] = "";
            struct lp_framer *lines = lp_frame_new(LP_FRAME_LINES, MAX_LINE, space);
            ck_assert_ptr_nonnull(lines);
            feed_lines(lines, line_cases[_i].input, chunk, out);
            ck_assert_msg(strcmp(out, line_cases[_i].frames) == 0, "%s in chunks of %zu: got %s", line_cases[_i].name,
                          chunk, out);
            lp_frame_free(lines);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lp_frame");
    TCase *tcase = tcase_create("lp_frame");
    tcase_add_loop_test(tcase, frames_in_reads_of_any_size, 0, COUNT(cases));
    tcase_add_loop_test(tcase, frames_in_every_split_of_two, 0, COUNT(cases));
    tcase_add_loop_test(tcase, never_reads_a_devices_text_as_a_record, 0, COUNT(injections));
    tcase_add_loop_test(tcase, never_reads_a_devices_text_where_input_ends, 0, COUNT(injections));
    tcase_add_test(tcase, any_bytes_in_any_reads_give_the_same);
    tcase_add_test(tcase, the_quick_way_is_the_syntax);
    tcase_add_test(tcase, agrees_with_the_decoder);
    tcase_add_test(tcase, refuses_sizes_that_cannot_be);
    tcase_add_loop_test(tcase, frames_lines_in_any_chunks, 0, (int)COUNT(line_cases));
    suite_add_tcase(suite, tcase);
    TCase *large = tcase_create("large");
    tcase_set_timeout(large, 20);
    tcase_add_test(large, a_long_record_byte_by_byte_is_linear);
    tcase_add_test(large, an_endless_line_is_bounded);
    tcase_add_test(large, recovery_over_and_over_is_linear);
    suite_add_tcase(suite, large);
    return run_suite(suite);
}
