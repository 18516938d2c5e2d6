#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/word.h"
#include "support.h"

#define BYTES(literal)                                                                                                 \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }

/* Where the first fault is; text.len = none. */
static const struct {
    const char *name;
    struct span text;
    size_t invalid_at;
} texts[] = {
    {"empty", BYTES(""), 0},
    {"ASCII", BYTES("VM-SH-001"), 9},
    {"NUL is UTF-8", BYTES("a\0b"), 3},
    {"DEL", BYTES("\x7F"), 1},
    {"two bytes, lowest", BYTES("\xC2\x80"), 2},
    {"two bytes, highest", BYTES("\xDF\xBF"), 2},
    {"three bytes, lowest", BYTES("\xE0\xA0\x80"), 3},
    {"three bytes, below surrogates", BYTES("\xED\x9F\xBF"), 3},
    {"three bytes, above surrogates", BYTES("\xEE\x80\x80"), 3},
    {"three bytes, highest", BYTES("\xEF\xBF\xBF"), 3},
    {"four bytes, lowest", BYTES("\xF0\x90\x80\x80"), 4},
    {"four bytes, middle", BYTES("\xF1\x80\x80\x80\xF3\xBF\xBF\xBF"), 8},
    {"four bytes, highest", BYTES("\xF4\x8F\xBF\xBF"), 4},
    {"Chinese", BYTES("\xE5\x8D\xA1\xE8\xB4\xA7!"), 7},
    {"byte order mark", BYTES("\xEF\xBB\xBF{}"), 5},
    {"lone continuation", BYTES("ab\x80"), 2},
    {"last continuation alone", BYTES("\xBF"), 0},
    {"overlong two, C0", BYTES("a\xC0\x80"), 1},
    {"overlong two, C1", BYTES("\xC1\xBF"), 0},
    {"overlong three", BYTES("\xE0\x9F\xBF"), 0},
    {"overlong four", BYTES("\xF0\x8F\xBF\xBF"), 0},
    {"lowest surrogate", BYTES("x\xED\xA0\x80"), 1},
    {"highest surrogate", BYTES("\xED\xBF\xBF"), 0},
    {"U+110000", BYTES("\xF4\x90\x80\x80"), 0},
    {"F5", BYTES("\xF5\x80\x80\x80"), 0},
    {"FE", BYTES("\xFE"), 0},
    {"FF", BYTES("\xFF"), 0},
    {"two bytes, cut", BYTES("a\xC3"), 1},
    {"three bytes, cut after one", BYTES("\xE4"), 0},
    {"three bytes, cut after two", BYTES("ok\xE4\xB8"), 2},
    {"four bytes, cut after three", BYTES("\xF0\x9F\x98"), 0},
    {"second byte is no continuation", BYTES("\xE4\x41\x80"), 0},
    {"third byte is no continuation", BYTES("\xE4\xB8\x41"), 0},
    {"third byte is a lead", BYTES("\xE4\xB8\xC3\xA9"), 0},
    {"fourth byte is no continuation", BYTES("\xF0\x9F\x98\x41"), 0},
    {"first fault of two", BYTES("\xC3\xA9\xFF\xFF"), 2},
};

START_TEST(validity)
{
    struct span tail = exact(texts[_i].text);
    size_t at = utf8_invalid_at(tail);
    ck_assert_msg(at == texts[_i].invalid_at, "%s: %zu, want %zu", texts[_i].name, at, texts[_i].invalid_at);
    bool nul = memchr(tail.ptr, '\0', tail.len) != NULL;
    bool storable = texts[_i].invalid_at == texts[_i].text.len && !nul;
    ck_assert_msg(utf8_is_storable(tail) == storable, "%s: storable", texts[_i].name);
    release(tail);
}
END_TEST

START_TEST(no_text_at_all)
{
    struct span none = {NULL, 0};
    ck_assert_uint_eq(utf8_invalid_at(none), 0);
    ck_assert(utf8_is_storable(none));
    ck_assert_uint_eq(utf8_prefix(none, 5).len, 0);
}
END_TEST

/* Every code point there is goes out and comes back; surrogates, spelled out by hand, do not. */
START_TEST(every_code_point)
{
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        char out[UTF8_MAX_BYTES + 1] = {0, 0, 0, 0, '#'};
        size_t written = utf8_write(code, out);
        size_t want = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        struct span text = {out, written};
        bool surrogate = code >= 0xD800 && code <= 0xDFFF;
        if (written != want || out[4] != '#') {
            ck_abort_msg("U+%04X: %zu bytes", (unsigned)code, written);
        }
        if ((utf8_invalid_at(text) == written) == surrogate) {
            ck_abort_msg("U+%04X: validity", (unsigned)code);
        }
        if (!surrogate) {
            size_t len = 0;
            uint32_t back = utf8_decode(text, &len);
            if (back != code || len != written) {
                ck_abort_msg("U+%04X: back as U+%04X", (unsigned)code, (unsigned)back);
            }
        }
    }
}
END_TEST

START_TEST(decode_stays_inside)
{
    struct span tail = exact(SPAN_LITERAL("\xE5\x8D\xA1"));
    size_t len = 0;
    ck_assert_uint_eq(utf8_decode(tail, &len), 0x5361);
    ck_assert_uint_eq(len, 3);
    release(tail);
}
END_TEST

#define MIXED "a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80z" /* characters of 1, 2, 3, 4 and 1 bytes */

START_TEST(prefix)
{
    static const size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    struct span tail = exact(SPAN_LITERAL(MIXED));
    for (size_t max = 0; max < sizeof kept / sizeof kept[0]; max++) {
        struct span got = utf8_prefix(tail, max);
        ck_assert_msg(got.len == kept[max] && got.ptr == tail.ptr, "max %zu: %zu, want %zu", max, got.len, kept[max]);
        ck_assert_msg(utf8_invalid_at(got) == got.len, "max %zu: a character is cut", max);
    }
    ck_assert_uint_eq(utf8_prefix(tail, SIZE_MAX).len, tail.len);
    release(tail);
}
END_TEST

#define R "\xEF\xBF\xBD"

static const struct {
    const char *name;
    struct span text;
    struct span want;
} dirt[] = {
    {"empty", BYTES(""), BYTES("")},
    {"clean", BYTES(MIXED), BYTES(MIXED)},
    {"NUL", BYTES("a\0b"), BYTES("a" R "b")},
    {"only NUL", BYTES("\0\0"), BYTES(R R)},
    {"every bad byte is one", BYTES("\xFF\xFE\x80"), BYTES(R R R)},
    {"cut character, byte by byte", BYTES("a\xE4\xB8"), BYTES("a" R R)},
    {"surrogate", BYTES("\xED\xA0\x80"), BYTES(R R R)},
    {"overlong NUL", BYTES("\xC0\x80"), BYTES(R R)},
    {"good after bad", BYTES("\xE4\xC3\xA9\xF0z"), BYTES(R "\xC3\xA9" R "z")},
    {"GBK for a jam", BYTES("\xBF\xA8\xBB\xF5"), BYTES(R R R R)},
};

START_TEST(sanitise)
{
    struct span tail = exact(dirt[_i].text);
    char *out = malloc(3 * tail.len + 1);
    ck_assert_ptr_nonnull(out);
    out[3 * tail.len] = '#';
    struct span got = {out, utf8_sanitise(tail, out)};
    ck_assert_msg(span_equal(got, dirt[_i].want), "%s: got \"%.*s\"", dirt[_i].name, (int)got.len, got.ptr);
    ck_assert_msg(utf8_is_storable(got), "%s: not storable", dirt[_i].name);
    ck_assert_msg(out[3 * tail.len] == '#', "%s: wrote past the end", dirt[_i].name);
    free(out);
    release(tail);
}
END_TEST

/* ---- eight bytes at a time ---- */

/* Wherever a text stands in memory, and whatever its length: a fault at each of its places is
 * found there, and none where there is none. */
START_TEST(at_every_alignment)
{
    char block[64];
    for (size_t start = 0; start <= 8; start++) {
        for (size_t len = 0; len <= 40; len++) {
            memset(block, '\xFF', sizeof block);
            memset(block + start, 'a', len);
            struct span text = {block + start, len};
            ck_assert_msg(utf8_invalid_at(text) == len && utf8_is_storable(text), "%zu bytes at %zu", len, start);
            for (size_t at = 0; at < len; at++) {
                block[start + at] = '\x80';
                bool good = utf8_invalid_at(text) == at && !utf8_is_storable(text);
                block[start + at] = '\0';
                good = good && utf8_invalid_at(text) == len && !utf8_is_storable(text);
                block[start + at] = 'a';
                ck_assert_msg(good, "%zu bytes at %zu, the fault at %zu", len, start, at);
            }
            for (size_t at = 0; at + 3 <= len; at++) {
                memcpy(block + start + at, "\xE5\xBE\xAE", 3);
                size_t found = utf8_invalid_at(text);
                memset(block + start + at, 'a', 3);
                ck_assert_msg(found == len, "%zu bytes at %zu, a character at %zu", len, start, at);
            }
        }
    }
}
END_TEST

/* The first of eight bytes for which it holds, WORD_BYTES = none. */
static size_t first_of(const char *bytes, bool (*holds)(unsigned char c, unsigned char with), unsigned char with)
{
    size_t i = 0;
    while (i < WORD_BYTES && !holds((unsigned char)bytes[i], with)) {
        i++;
    }
    return i;
}

static bool is_same(unsigned char c, unsigned char with)
{
    return c == with;
}

static bool is_below(unsigned char c, unsigned char with)
{
    return c < with;
}

static bool is_high(unsigned char c, unsigned char with)
{
    return c >= with;
}

static void check_word(const char *bytes, unsigned char with)
{
    uint64_t word = word_load(bytes);
    const struct {
        const char *name;
        uint64_t found;
        size_t want;
    } answers[] = {
        {"zeros", word_zeros(word), first_of(bytes, is_same, 0)},
        {"equal", word_equal(word, (char)with), first_of(bytes, is_same, with)},
        {"below", with <= 0x80 ? word_below(word, with) : 0,
         with <= 0x80 ? first_of(bytes, is_below, with) : WORD_BYTES},
        {"high", word_high(word), first_of(bytes, is_high, 0x80)},
    };
    for (size_t i = 0; i < COUNT(answers); i++) {
        size_t got = answers[i].found ? word_first(answers[i].found) : WORD_BYTES;
        if (got != answers[i].want) {
            ck_abort_msg("%s %02x in %016llx: %zu, want %zu", answers[i].name, with, (unsigned long long)word, got,
                         answers[i].want);
        }
    }
}

/* Each byte in each place, among neighbours that borrow and carry. */
START_TEST(every_byte_in_every_place_of_a_word)
{
    static const unsigned char neighbours[] = {0x00, 0x01, 0x1F, 0x20, 0x22, 0x5C, 0x7F, 0x80, 0x81, 0xFF};
    static const unsigned char asked[] = {0x00, 0x01, 0x20, 0x21, '"', ',', '=', '\\', 0x7F, 0x80, 0x81, 0xFF};
    for (size_t n = 0; WORD_IS_USABLE && n < COUNT(neighbours) * COUNT(neighbours); n++) {
        for (size_t place = 0; place < WORD_BYTES; place++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                char bytes[WORD_BYTES];
                memset(bytes, neighbours[n % COUNT(neighbours)], place);
                memset(bytes + place, neighbours[n / COUNT(neighbours)], WORD_BYTES - place);
                bytes[place] = (char)byte;
                for (size_t i = 0; i < COUNT(asked); i++) {
                    check_word(bytes, asked[i]);
                }
                check_word(bytes, (unsigned char)byte);
            }
        }
    }
}
END_TEST

/* Wherever it stands, the first byte is the lowest. */
START_TEST(words_of_any_machine)
{
    char block[32];
    for (size_t i = 0; i < sizeof block; i++) {
        block[i] = (char)(i + 0xF0);
    }
    for (size_t start = 0; start + WORD_BYTES <= sizeof block; start++) {
        uint64_t want = 0;
        for (size_t i = WORD_BYTES; i > 0; i--) {
            want = want << 8 | (unsigned char)block[start + i - 1];
        }
        ck_assert_uint_eq(word_load_little(block + start), want);
    }
}
END_TEST

static Suite *utf8_suite(void)
{
    Suite *suite = suite_create("utf8");
    TCase *tcase = tcase_create("utf8");
    tcase_add_loop_test(tcase, validity, 0, (int)(sizeof texts / sizeof texts[0]));
    tcase_add_test(tcase, no_text_at_all);
    tcase_add_test(tcase, every_code_point);
    tcase_add_test(tcase, decode_stays_inside);
    tcase_add_test(tcase, prefix);
    tcase_add_loop_test(tcase, sanitise, 0, (int)(sizeof dirt / sizeof dirt[0]));
    tcase_add_test(tcase, at_every_alignment);
    tcase_add_test(tcase, every_byte_in_every_place_of_a_word);
    tcase_add_test(tcase, words_of_any_machine);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(utf8_suite());
}
