#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "support.h"

#define BYTES(literal)                                                                                                 \
    {                                                                                                                  \
        literal, sizeof(literal) - 1                                                                                   \
    }

static const struct {
    const char *name;
    struct span bytes;
    struct span text;
} pairs[] = {
    /* RFC 4648, section 10 */
    {"empty", BYTES(""), BYTES("")},
    {"f", BYTES("f"), BYTES("Zg==")},
    {"fo", BYTES("fo"), BYTES("Zm8=")},
    {"foo", BYTES("foo"), BYTES("Zm9v")},
    {"foob", BYTES("foob"), BYTES("Zm9vYg==")},
    {"fooba", BYTES("fooba"), BYTES("Zm9vYmE=")},
    {"foobar", BYTES("foobar"), BYTES("Zm9vYmFy")},
    {"one NUL", BYTES("\0"), BYTES("AA==")},
    {"three NUL", BYTES("\0\0\0"), BYTES("AAAA")},
    {"all ones", BYTES("\xFF\xFF\xFF"), BYTES("////")},
    {"plus", BYTES("\xFB\xEF\xBE"), BYTES("++++")},
    {"ones, two bytes", BYTES("\xFF\xFF"), BYTES("//8=")},
    {"ones, one byte", BYTES("\xFF"), BYTES("/w==")},
    {"JSON", BYTES("{\"a\":1}"), BYTES("eyJhIjoxfQ==")},
};

START_TEST(both_ways)
{
    struct span bytes = exact(pairs[_i].bytes);
    struct span text = exact(pairs[_i].text);
    char *encoded = malloc(BASE64_ENCODED_BYTES(bytes.len) + 1);
    char *decoded = malloc(BASE64_DECODED_BYTES(text.len));
    ck_assert_ptr_nonnull(encoded);
    ck_assert_ptr_nonnull(decoded);
    struct span got = {encoded, base64_encode(bytes, encoded)};
    ck_assert_msg(span_equal(got, pairs[_i].text), "%s: encoded as %.*s", pairs[_i].name, (int)got.len, got.ptr);
    ck_assert_msg(got.len == BASE64_ENCODED_BYTES(bytes.len), "%s: length %zu", pairs[_i].name, got.len);
    size_t len = 99;
    size_t bad_pos = 99;
    ck_assert_msg(base64_decode(text, decoded, &len, &bad_pos), "%s: refused at %zu", pairs[_i].name, bad_pos);
    got = (struct span){decoded, len};
    ck_assert_msg(span_equal(got, pairs[_i].bytes), "%s: decoded otherwise", pairs[_i].name);
    free(encoded);
    free(decoded);
    release(bytes);
    release(text);
}
END_TEST

static const struct {
    const char *name;
    struct span text;
    size_t bad_pos; /* text.len = something is missing at the end */
} faults[] = {
    {"one character", BYTES("Z"), 1},
    {"two characters", BYTES("Zg"), 2},
    {"three characters", BYTES("Zm8"), 3},
    {"one of two paddings", BYTES("Zg="), 3},
    {"five characters", BYTES("Zm9vY"), 5},
    {"padding after a whole group", BYTES("Zm9v="), 4},
    {"two paddings after a whole group", BYTES("Zm9v=="), 4},
    {"four paddings after a whole group", BYTES("Zm9v===="), 4},
    {"padding after one", BYTES("Z="), 1},
    {"two paddings after one", BYTES("Z=="), 1},
    {"three paddings after one", BYTES("Z==="), 1},
    {"two paddings after three", BYTES("Zm8=="), 4},
    {"three paddings after two", BYTES("Zg==="), 2},
    {"only padding, one", BYTES("="), 0},
    {"only padding, two", BYTES("=="), 0},
    {"only padding, four", BYTES("===="), 0},
    {"padding inside", BYTES("Zg==Zg=="), 2},
    {"padding, then data", BYTES("Zm8=Zm9v"), 3},
    {"trailing bits, one byte", BYTES("Zh=="), 1},
    {"trailing bits, one byte, highest", BYTES("Zv=="), 1},
    {"trailing bits, two bytes", BYTES("Zm9="), 2},
    {"trailing bits in the second group", BYTES("Zm9vZm+="), 6},
    {"line feed at the end", BYTES("Zm9v\n"), 4},
    {"line feed inside", BYTES("Zm9v\nZm9v"), 4},
    {"space first", BYTES(" Zm9v"), 0},
    {"URL alphabet, minus", BYTES("Zm-v"), 2},
    {"URL alphabet, underscore", BYTES("_m9v"), 0},
    {"NUL", BYTES("Zm\0v"), 2},
    {"byte over 0x7F", BYTES("Zm9\xC3"), 3},
    {"before A", BYTES("@AAA"), 0},
    {"after Z", BYTES("[AAA"), 0},
    {"before a", BYTES("`AAA"), 0},
    {"after z", BYTES("{AAA"), 0},
    {"before 0", BYTES("AAA."), 3},
    {"after 9", BYTES("AAA:"), 3},
};

START_TEST(fault)
{
    struct span text = exact(faults[_i].text);
    char *decoded = malloc(BASE64_DECODED_BYTES(text.len));
    ck_assert_ptr_nonnull(decoded);
    size_t len = 99;
    size_t bad_pos = 99;
    ck_assert_msg(!base64_decode(text, decoded, &len, &bad_pos), "%s: accepted", faults[_i].name);
    ck_assert_msg(bad_pos == faults[_i].bad_pos, "%s: at %zu, want %zu", faults[_i].name, bad_pos, faults[_i].bad_pos);
    ck_assert_msg(len == 0, "%s: length %zu", faults[_i].name, len);
    free(decoded);
    release(text);
}
END_TEST

START_TEST(every_byte_in_every_place)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t place = 0; place < 4; place++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[4] = {'A', 'A', 'A', 'A'};
            char decoded[BASE64_DECODED_BYTES(4)];
            size_t len;
            size_t bad_pos;
            text[place] = (char)byte;
            bool good = memchr(alphabet, byte, 64) != NULL || (byte == '=' && place == 3);
            ck_assert_msg(base64_decode((struct span){text, 4}, decoded, &len, &bad_pos) == good,
                          "byte %d at %zu: taken otherwise", byte, place);
            ck_assert_msg(good || bad_pos == place, "byte %d at %zu: fault at %zu", byte, place, bad_pos);
        }
    }
}
END_TEST

START_TEST(every_length)
{
    for (size_t len = 0; len <= 300; len++) {
        char *bytes = malloc(len + 1);
        char *text = malloc(BASE64_ENCODED_BYTES(len) + 1);
        ck_assert(bytes && text);
        for (size_t i = 0; i < len; i++) {
            bytes[i] = (char)(i * 151 + len);
        }
        size_t encoded = base64_encode((struct span){bytes, len}, text);
        char *back = malloc(BASE64_DECODED_BYTES(encoded));
        ck_assert_ptr_nonnull(back);
        size_t decoded = 0;
        size_t bad_pos;
        ck_assert_msg(base64_decode((struct span){text, encoded}, back, &decoded, &bad_pos), "%zu bytes: refused", len);
        ck_assert_msg(decoded == len && memcmp(back, bytes, len) == 0, "%zu bytes: not the same", len);
        free(bytes);
        free(text);
        free(back);
    }
}
END_TEST

START_TEST(no_text_at_all)
{
    char out[BASE64_DECODED_BYTES(0)];
    size_t len = 99;
    size_t bad_pos = 99;
    ck_assert(base64_decode((struct span){NULL, 0}, out, &len, &bad_pos));
    ck_assert_uint_eq(len, 0);
    ck_assert_uint_eq(base64_encode((struct span){NULL, 0}, out), 0);
}
END_TEST

static Suite *base64_suite(void)
{
    Suite *suite = suite_create("base64");
    TCase *tcase = tcase_create("base64");
    tcase_add_loop_test(tcase, both_ways, 0, (int)(sizeof pairs / sizeof pairs[0]));
    tcase_add_loop_test(tcase, fault, 0, (int)(sizeof faults / sizeof faults[0]));
    tcase_add_test(tcase, every_byte_in_every_place);
    tcase_add_test(tcase, every_length);
    tcase_add_test(tcase, no_text_at_all);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(base64_suite());
}
