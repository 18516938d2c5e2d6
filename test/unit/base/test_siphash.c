#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"

#define VECTORS 64

/* SipHash-2-4 of the bytes 00, 01, 02 ... of length 0 to 63, key 00 to 0f: the reference implementation's vectors (there as
 * bytes, lowest first). That of length 15 is also in the paper, appendix A. */
static const uint64_t vectors[VECTORS] = {
    UINT64_C(0x726fdb47dd0e0e31), UINT64_C(0x74f839c593dc67fd), UINT64_C(0x0d6c8009d9a94f5a),
    UINT64_C(0x85676696d7fb7e2d), UINT64_C(0xcf2794e0277187b7), UINT64_C(0x18765564cd99a68d),
    UINT64_C(0xcbc9466e58fee3ce), UINT64_C(0xab0200f58b01d137), UINT64_C(0x93f5f5799a932462),
    UINT64_C(0x9e0082df0ba9e4b0), UINT64_C(0x7a5dbbc594ddb9f3), UINT64_C(0xf4b32f46226bada7),
    UINT64_C(0x751e8fbc860ee5fb), UINT64_C(0x14ea5627c0843d90), UINT64_C(0xf723ca908e7af2ee),
    UINT64_C(0xa129ca6149be45e5), UINT64_C(0x3f2acc7f57c29bdb), UINT64_C(0x699ae9f52cbe4794),
    UINT64_C(0x4bc1b3f0968dd39c), UINT64_C(0xbb6dc91da77961bd), UINT64_C(0xbed65cf21aa2ee98),
    UINT64_C(0xd0f2cbb02e3b67c7), UINT64_C(0x93536795e3a33e88), UINT64_C(0xa80c038ccd5ccec8),
    UINT64_C(0xb8ad50c6f649af94), UINT64_C(0xbce192de8a85b8ea), UINT64_C(0x17d835b85bbb15f3),
    UINT64_C(0x2f2e6163076bcfad), UINT64_C(0xde4daaaca71dc9a5), UINT64_C(0xa6a2506687956571),
    UINT64_C(0xad87a3535c49ef28), UINT64_C(0x32d892fad841c342), UINT64_C(0x7127512f72f27cce),
    UINT64_C(0xa7f32346f95978e3), UINT64_C(0x12e0b01abb051238), UINT64_C(0x15e034d40fa197ae),
    UINT64_C(0x314dffbe0815a3b4), UINT64_C(0x027990f029623981), UINT64_C(0xcadcd4e59ef40c4d),
    UINT64_C(0x9abfd8766a33735c), UINT64_C(0x0e3ea96b5304a7d0), UINT64_C(0xad0c42d6fc585992),
    UINT64_C(0x187306c89bc215a9), UINT64_C(0xd4a60abcf3792b95), UINT64_C(0xf935451de4f21df2),
    UINT64_C(0xa9538f0419755787), UINT64_C(0xdb9acddff56ca510), UINT64_C(0xd06c98cd5c0975eb),
    UINT64_C(0xe612a3cb9ecba951), UINT64_C(0xc766e62cfcadaf96), UINT64_C(0xee64435a9752fe72),
    UINT64_C(0xa192d576b245165a), UINT64_C(0x0a8787bf8ecb74b2), UINT64_C(0x81b3e73d20b49b6f),
    UINT64_C(0x7fa8220ba3b2ecea), UINT64_C(0x245731c13ca42499), UINT64_C(0xb78dbfaf3a8d83bd),
    UINT64_C(0xea1ad565322a1a0b), UINT64_C(0x60e61c23a3795013), UINT64_C(0x6606d7e446282b93),
    UINT64_C(0x6ca4ecb15c5f91e1), UINT64_C(0x9f626da15c9625f3), UINT64_C(0xe51b38608ef25f57),
    UINT64_C(0x958a324ceb064572),
};

static const struct siphash_key reference_key = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};

/* The first `len` bytes of 00 01 02 ..., in memory that ends there. */
static char *sequence(size_t len)
{
    char *bytes = malloc(len > 0 ? len : 1);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (char)i;
    }
    return bytes;
}

START_TEST(reference)
{
    size_t len = (size_t)_i;
    char *bytes = sequence(len);
    uint64_t got = siphash(reference_key, &(struct span){bytes, len}, 1);
    ck_assert_msg(got == vectors[len], "%zu bytes: %016llx", len, (unsigned long long)got);
    free(bytes);
}
END_TEST

START_TEST(first_vector_as_bytes)
{
    static const unsigned char want[] = {0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72};
    uint64_t got = siphash(reference_key, NULL, 0);
    for (size_t i = 0; i < sizeof want; i++) {
        ck_assert_msg((got >> (8 * i) & 0xFF) == want[i], "byte %zu", i);
    }
}
END_TEST

/* Wherever 63 bytes are cut in three, the hash is that of all of them. */
START_TEST(spans_do_not_matter)
{
    const size_t len = VECTORS - 1;
    for (size_t a = 0; a <= len; a++) {
        for (size_t b = a; b <= len; b++) {
            char *bytes = sequence(len);
            const struct span parts[] = {{bytes, a}, {bytes + a, b - a}, {NULL, 0}, {bytes + b, len - b}};
            uint64_t got = siphash(reference_key, parts, sizeof parts / sizeof parts[0]);
            ck_assert_msg(got == vectors[len], "cut at %zu and %zu", a, b);
            free(bytes);
        }
    }
}
END_TEST

START_TEST(byte_by_byte)
{
    char *bytes = sequence(VECTORS);
    struct span parts[VECTORS];
    for (size_t i = 0; i < VECTORS; i++) {
        parts[i] = (struct span){bytes + i, 1};
    }
    for (size_t len = 0; len < VECTORS; len++) {
        ck_assert_msg(siphash(reference_key, parts, len) == vectors[len], "%zu spans", len);
    }
    free(bytes);
}
END_TEST

/* Wherever the bytes stand in memory, in one part and in two. */
START_TEST(at_every_alignment)
{
    char block[VECTORS + 16];
    for (size_t start = 0; start <= 8; start++) {
        memset(block, '#', sizeof block);
        for (size_t i = 0; i < VECTORS; i++) {
            block[start + i] = (char)i;
        }
        for (size_t len = 0; len < VECTORS; len++) {
            ck_assert_msg(siphash(reference_key, &(struct span){block + start, len}, 1) == vectors[len],
                          "%zu bytes at %zu", len, start);
            for (size_t cut = 0; cut <= len; cut++) {
                const struct span parts[] = {{block + start, cut}, {block + start + cut, len - cut}};
                if (siphash(reference_key, parts, 2) != vectors[len]) {
                    ck_abort_msg("%zu bytes at %zu, cut at %zu", len, start, cut);
                }
            }
        }
    }
}
END_TEST

/* Key zero, as message_id has it; values from another implementation. */
static const struct {
    const char *name;
    struct span text;
    uint64_t want;
} messages[] = {
    {"nothing", {"", 0}, UINT64_C(0x1e924b9d737700d7)},
    {"topic, NUL, payload", {"v1/vm/VM-SH-001/status\0{\"status\":\"online\"}", 42}, UINT64_C(0xf8ba1ef351fe51aa)},
};

START_TEST(key_of_zero)
{
    uint64_t got = siphash((struct siphash_key){0, 0}, &messages[_i].text, 1);
    ck_assert_msg(got == messages[_i].want, "%s: %016llx", messages[_i].name, (unsigned long long)got);
}
END_TEST

/* Longer than the length byte counts. */
START_TEST(more_than_255_bytes)
{
    char *zeros = calloc(300, 1);
    ck_assert_ptr_nonnull(zeros);
    ck_assert_uint_eq(siphash((struct siphash_key){0, 0}, &(struct span){zeros, 300}, 1), UINT64_C(0x239ed067b61f71a4));
    free(zeros);
}
END_TEST

START_TEST(both_halves_of_the_key_count)
{
    const struct span text = SPAN_LITERAL("x");
    uint64_t plain = siphash((struct siphash_key){0, 0}, &text, 1);
    ck_assert(siphash((struct siphash_key){1, 0}, &text, 1) != plain);
    ck_assert(siphash((struct siphash_key){0, 1}, &text, 1) != plain);
}
END_TEST

static Suite *siphash_suite(void)
{
    Suite *suite = suite_create("siphash");
    TCase *tcase = tcase_create("siphash");
    tcase_add_loop_test(tcase, reference, 0, (int)(sizeof vectors / sizeof vectors[0]));
    tcase_add_test(tcase, first_vector_as_bytes);
    tcase_add_test(tcase, spans_do_not_matter);
    tcase_add_test(tcase, byte_by_byte);
    tcase_add_test(tcase, at_every_alignment);
    tcase_add_loop_test(tcase, key_of_zero, 0, (int)(sizeof messages / sizeof messages[0]));
    tcase_add_test(tcase, more_than_255_bytes);
    tcase_add_test(tcase, both_halves_of_the_key_count);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    SRunner *runner = srunner_create(siphash_suite());
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
