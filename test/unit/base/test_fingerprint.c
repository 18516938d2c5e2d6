#include "base/fingerprint.h"
#include "support.h"

START_TEST(every_bit_counts)
{
    for (size_t len = 1; len <= 40; len++) {
        char *block;
        const char zeros[40] = {0};
        struct span text = exact_copy((struct span){zeros, len}, &block);
        uint64_t before = fingerprint(7, text);
        ck_assert(before == fingerprint(7, text));
        ck_assert(before != fingerprint(8, text));
        for (size_t bit = 0; bit < 8 * len; bit++) {
            block[bit / 8] = (char)(block[bit / 8] ^ 1 << bit % 8);
            ck_assert_msg(fingerprint(7, text) != before, "%zu bytes, bit %zu", len, bit);
            block[bit / 8] = (char)(block[bit / 8] ^ 1 << bit % 8);
        }
        free(block);
    }
}
END_TEST

START_TEST(every_length_is_another)
{
    const char zeros[64] = {0};
    for (size_t a = 0; a < sizeof zeros; a++) {
        for (size_t b = 0; b < a; b++) {
            ck_assert(fingerprint(7, (struct span){zeros, a}) != fingerprint(7, (struct span){zeros, b}));
        }
    }
}
END_TEST

/* What readings differ by: a digit, or two that change places. */
START_TEST(readings)
{
    uint64_t one = fingerprint(7, SPAN_LITERAL("{\"ts\":1,\"system\":{\"voltage\":221.4,\"current\":1.2}}"));
    ck_assert(one != fingerprint(7, SPAN_LITERAL("{\"ts\":1,\"system\":{\"voltage\":221.5,\"current\":1.2}}")));
    ck_assert(one != fingerprint(7, SPAN_LITERAL("{\"ts\":1,\"system\":{\"voltage\":212.4,\"current\":1.2}}")));
    ck_assert(one != fingerprint(7, SPAN_LITERAL("{\"ts\":1,\"system\":{\"current\":221.4,\"voltage\":1.2}}")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/fingerprint");
    TCase *tests = tcase_create("base/fingerprint");
    tcase_add_test(tests, every_bit_counts);
    tcase_add_test(tests, every_length_is_another);
    tcase_add_test(tests, readings);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
