#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* Without memory malloc returns NULL, under AddressSanitizer too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void assert_holds(const struct buf *buf, struct span want)
{
    struct span got = buf_view(buf);
    ck_assert_msg(span_equal(got, want), "got %zu bytes \"%.*s\", want \"%.*s\"", got.len, (int)got.len,
                  got.ptr ? got.ptr : "", (int)want.len, want.ptr);
}

START_TEST(appends)
{
    struct buf buf;
    buf_init(&buf, 1000);
    ck_assert_ptr_null(buf.ptr);
    ck_assert_uint_eq(buf_view(&buf).len, 0);
    buf_bytes(&buf, "a\0b", 3);
    buf_span(&buf, SPAN_LITERAL("cd"));
    buf_span(&buf, (struct span){NULL, 0});
    buf_bytes(&buf, NULL, 0);
    buf_text(&buf, "ef");
    buf_text(&buf, "");
    buf_char(&buf, '\0');
    buf_format(&buf, "%d-%s", 42, "x");
    buf_format(&buf, "%s", "");
    ck_assert(!buf.failed);
    assert_holds(&buf, SPAN_LITERAL("a\0bcdef\0"
                                    "42-x"));
    buf_free(&buf);
    ck_assert_ptr_null(buf.ptr);
    ck_assert_uint_eq(buf.len + buf.cap, 0);
    ck_assert_uint_eq(buf.max, 1000);
    buf_free(&buf);
}
END_TEST

START_TEST(grows_up_to_the_cap)
{
    static const size_t caps[] = {1, 7, 4095, 4096, 4097, 10000, 8192, 100000};
    for (size_t c = 0; c < sizeof caps / sizeof caps[0]; c++) {
        struct buf buf;
        buf_init(&buf, caps[c]);
        for (size_t i = 0; i < caps[c]; i++) {
            buf_char(&buf, (char)(i % 251));
        }
        ck_assert_msg(!buf.failed && buf.len == caps[c] && buf.cap <= caps[c], "cap %zu: len %zu", caps[c], buf.len);
        buf_char(&buf, 'x');
        ck_assert_msg(buf.failed && buf.len == caps[c], "cap %zu: grew past it", caps[c]);
        for (size_t i = 0; i < caps[c]; i++) {
            if (buf.ptr[i] != (char)(i % 251)) {
                ck_abort_msg("cap %zu: byte %zu", caps[c], i);
            }
        }
        buf_free(&buf);
    }
}
END_TEST

/* What is added to a buffer of cap 8 that already holds "abc". */
static const struct {
    const char *name;
    size_t bytes;
    bool fits;
} adds[] = {
    {"nothing", 0, true},          {"one", 1, true}, {"to the brim", 5, true}, {"one too many", 6, false},
    {"far too many", 5000, false},
};

START_TEST(first_failure_sticks)
{
    static const char source[5000];
    struct buf buf;
    buf_init(&buf, 8);
    buf_text(&buf, "abc");
    buf_bytes(&buf, source, adds[_i].bytes);
    ck_assert_msg(buf.failed == !adds[_i].fits, "%s: failed=%d", adds[_i].name, buf.failed);
    ck_assert_msg(buf.len == (adds[_i].fits ? 3 + adds[_i].bytes : 3), "%s: len %zu", adds[_i].name, buf.len);
    if (!adds[_i].fits) {
        buf_char(&buf, 'x');
        buf_text(&buf, "y");
        buf_format(&buf, "%d", 1);
        assert_holds(&buf, SPAN_LITERAL("abc"));
        ck_assert(buf.failed);
        buf_truncate(&buf, buf.len);
        ck_assert(!buf.failed);
        buf_char(&buf, 'x');
        assert_holds(&buf, SPAN_LITERAL("abcx"));
    }
    buf_free(&buf);
}
END_TEST

/* Memory that does not exist, with the buffer's own cap out of the way; through a volatile, so that no compiler objects. */
START_TEST(no_memory)
{
    volatile size_t huge = SIZE_MAX / 2;
    struct buf buf;
    buf_init(&buf, huge);
    buf_text(&buf, "abc");
    buf_bytes(&buf, "x", huge - 2); /* one past the cap */
    ck_assert(buf.failed);
    buf_truncate(&buf, 3);
    buf_bytes(&buf, "x", huge - 3); /* up to the cap */
    ck_assert(buf.failed);
    assert_holds(&buf, SPAN_LITERAL("abc"));
    buf_truncate(&buf, 3);
    buf_char(&buf, 'd');
    assert_holds(&buf, SPAN_LITERAL("abcd"));
    buf_free(&buf);

    buf_init(&buf, SIZE_MAX);
    buf_text(&buf, "abc");
    huge = SIZE_MAX;
    buf_bytes(&buf, "x", huge); /* the length would wrap */
    ck_assert(buf.failed);
    assert_holds(&buf, SPAN_LITERAL("abc"));
    buf_free(&buf);
}
END_TEST

START_TEST(format_needs_one_byte_more)
{
    struct buf buf;
    buf_init(&buf, 8);
    buf_format(&buf, "%s", "1234567");
    ck_assert(!buf.failed);
    assert_holds(&buf, SPAN_LITERAL("1234567"));
    buf_truncate(&buf, 0);
    buf_format(&buf, "%s", "12345678");
    ck_assert(buf.failed);
    ck_assert_uint_eq(buf.len, 0);
    buf_free(&buf);

    buf_init(&buf, 100000);
    buf_format(&buf, "%*d", 50000, 7);
    ck_assert(!buf.failed);
    ck_assert_uint_eq(buf.len, 50000);
    ck_assert_int_eq(buf.ptr[49999], '7');
    buf_free(&buf);
}
END_TEST

START_TEST(truncate_undoes_and_keeps_memory)
{
    struct buf buf;
    buf_init(&buf, 100);
    buf_truncate(&buf, 0);
    buf_text(&buf, "record,");
    size_t mark = buf.len;
    buf_text(&buf, "half of the next");
    const char *memory = buf.ptr;
    buf_truncate(&buf, mark);
    assert_holds(&buf, SPAN_LITERAL("record,"));
    buf_truncate(&buf, 50); /* never lengthens */
    assert_holds(&buf, SPAN_LITERAL("record,"));
    buf_truncate(&buf, 0);
    ck_assert_ptr_eq(buf.ptr, memory);
    ck_assert_uint_gt(buf.cap, 0);
    buf_free(&buf);
}
END_TEST

START_TEST(consume_takes_from_the_front)
{
    struct buf buf;
    buf_init(&buf, 100);
    buf_consume(&buf, 0);
    buf_text(&buf, "abcdef");
    buf_consume(&buf, 2);
    ck_assert(span_equal(buf_view(&buf), SPAN_LITERAL("cdef")));
    buf_consume(&buf, 0);
    buf_text(&buf, "g");
    ck_assert(span_equal(buf_view(&buf), SPAN_LITERAL("cdefg")));
    buf_consume(&buf, 5);
    ck_assert_uint_eq(buf.len, 0);
    ck_assert(!buf.failed);
    buf_free(&buf);
}
END_TEST

START_TEST(cap_of_nothing)
{
    struct buf buf;
    buf_init(&buf, 0);
    buf_text(&buf, "");
    ck_assert(!buf.failed);
    buf_char(&buf, 'x');
    ck_assert(buf.failed);
    ck_assert_ptr_null(buf.ptr);
    buf_free(&buf);
}
END_TEST

/* Bytes of any length go behind bytes of any length, from anywhere, up to the cap and not past
 * it. */
START_TEST(lengths_and_alignments)
{
    char source[64];
    for (size_t i = 0; i < sizeof source; i++) {
        source[i] = (char)('0' + i);
    }
    for (size_t cap = 0; cap <= 49; cap += 7) {
        for (size_t start = 0; start <= 8; start++) {
            for (size_t len = 0; len <= 40; len++) {
                struct buf buf;
                buf_init(&buf, cap);
                buf_bytes(&buf, source, start);
                bool has_first = !buf.failed;
                buf_bytes(&buf, source + start, len);
                bool fits = start + len <= cap;
                ck_assert_msg(buf.failed == !fits && buf.cap <= cap, "%zu + %zu bytes in %zu", start, len, cap);
                assert_holds(&buf, (struct span){source, fits ? start + len : has_first ? start : 0});
                buf_free(&buf);
            }
        }
    }
}
END_TEST

/* Room that was made is room: what is added after it does not move the buffer. */
START_TEST(reserved_room_is_there)
{
    struct buf buf;
    buf_init(&buf, 10000);
    ck_assert(buf_reserve(&buf, 0));
    ck_assert(buf_reserve(&buf, 5000));
    ck_assert_uint_eq(buf.len, 0);
    const char *memory = buf.ptr;
    for (size_t i = 0; i < 5000; i++) {
        buf_char(&buf, 'x');
    }
    ck_assert_ptr_eq(buf.ptr, memory);
    ck_assert(buf_reserve(&buf, 5000));
    ck_assert(!buf.failed);
    ck_assert(!buf_reserve(&buf, 5001));
    ck_assert(buf.failed);
    ck_assert(!buf_reserve(&buf, 0));
    buf_free(&buf);
}
END_TEST

/* ---- base/span.h, which is a header alone ---- */

/* A block of its own size, to be freed: reading a byte too many is seen by the sanitizer. */
static struct span block_of(struct span text)
{
    char *block = malloc(text.len > 0 ? text.len : 1);
    ck_assert_ptr_nonnull(block);
    memcpy(block, text.ptr, text.len);
    return (struct span){block, text.len};
}

START_TEST(spans_without_padding)
{
    static const struct {
        struct span text;
        struct span white;   /* without white space */
        struct span padding; /* without NULs as well */
    } cases[] = {
        {SPAN_LITERAL(""), SPAN_LITERAL(""), SPAN_LITERAL("")},
        {SPAN_LITERAL("x"), SPAN_LITERAL("x"), SPAN_LITERAL("x")},
        {SPAN_LITERAL(" "), SPAN_LITERAL(""), SPAN_LITERAL("")},
        {SPAN_LITERAL("\0"), SPAN_LITERAL("\0"), SPAN_LITERAL("")},
        {SPAN_LITERAL(" \t\n\v\f\r"), SPAN_LITERAL(""), SPAN_LITERAL("")},
        {SPAN_LITERAL("\0 \0\n\0"), SPAN_LITERAL("\0 \0\n\0"), SPAN_LITERAL("")},
        {SPAN_LITERAL(" x y "), SPAN_LITERAL("x y"), SPAN_LITERAL("x y")},
        {SPAN_LITERAL("\0x\0y\0"), SPAN_LITERAL("\0x\0y\0"), SPAN_LITERAL("x\0y")},
        {SPAN_LITERAL(" \0x"), SPAN_LITERAL("\0x"), SPAN_LITERAL("x")},
        {SPAN_LITERAL("x\0 "), SPAN_LITERAL("x\0"), SPAN_LITERAL("x")},
        {SPAN_LITERAL("\x01x\x1F"), SPAN_LITERAL("\x01x\x1F"), SPAN_LITERAL("\x01x\x1F")},
        {SPAN_LITERAL("\xC2\xA0"), SPAN_LITERAL("\xC2\xA0"), SPAN_LITERAL("\xC2\xA0")}, /* a no-break space */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span text = block_of(cases[i].text);
        ck_assert_msg(span_equal(span_trim(text), cases[i].white), "case %zu: white space", i);
        ck_assert_msg(span_equal(span_trim_padding(text), cases[i].padding), "case %zu: padding", i);
        free((void *)(uintptr_t)text.ptr);
    }
    ck_assert_uint_eq(span_trim_padding((struct span){NULL, 0}).len, 0);
}
END_TEST

START_TEST(spans_that_begin_and_end)
{
    static const struct {
        struct span text;
        struct span part;
        bool starts;
        bool ends;
    } cases[] = {
        {SPAN_LITERAL(""), SPAN_LITERAL(""), true, true},      {SPAN_LITERAL("ab"), SPAN_LITERAL(""), true, true},
        {SPAN_LITERAL("ab"), SPAN_LITERAL("ab"), true, true},  {SPAN_LITERAL("ab"), SPAN_LITERAL("a"), true, false},
        {SPAN_LITERAL("ab"), SPAN_LITERAL("b"), false, true},  {SPAN_LITERAL("ab"), SPAN_LITERAL("abc"), false, false},
        {SPAN_LITERAL(""), SPAN_LITERAL("a"), false, false},   {SPAN_LITERAL("a\0b"), SPAN_LITERAL("\0b"), false, true},
        {SPAN_LITERAL("aB"), SPAN_LITERAL("b"), false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct span text = block_of(cases[i].text);
        ck_assert_msg(span_starts_with(text, cases[i].part) == cases[i].starts, "case %zu: start", i);
        ck_assert_msg(span_ends_with(text, cases[i].part) == cases[i].ends, "case %zu: end", i);
        free((void *)(uintptr_t)text.ptr);
    }
}
END_TEST

static Suite *buf_suite(void)
{
    Suite *suite = suite_create("buf");
    TCase *tcase = tcase_create("buf");
    tcase_add_test(tcase, appends);
    tcase_add_test(tcase, grows_up_to_the_cap);
    tcase_add_loop_test(tcase, first_failure_sticks, 0, (int)(sizeof adds / sizeof adds[0]));
    tcase_add_test(tcase, no_memory);
    tcase_add_test(tcase, format_needs_one_byte_more);
    tcase_add_test(tcase, truncate_undoes_and_keeps_memory);
    tcase_add_test(tcase, consume_takes_from_the_front);
    tcase_add_test(tcase, cap_of_nothing);
    tcase_add_test(tcase, lengths_and_alignments);
    tcase_add_test(tcase, reserved_room_is_there);
    tcase_add_test(tcase, spans_without_padding);
    tcase_add_test(tcase, spans_that_begin_and_end);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(buf_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
