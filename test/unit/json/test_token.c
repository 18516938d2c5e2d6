#include <string.h>

#include "support.h"
#include "json/token.h"

/* The kinds of all tokens, a letter each, and where the last one ends. */
static void read_all(struct span text, char *kinds, size_t *end)
{
    static const char letters[] = "wns[{]}:,.!"; /* in the order of the enum */
    struct json_token token = {.end = 0};
    do {
        json_token_next(text, token.end, &token);
        *kinds++ = letters[token.kind];
        ck_assert(token.start <= token.end && token.end <= text.len);
        ck_assert((token.kind == JSON_TOKEN_ERROR) == (token.error != NULL));
    } while (token.kind != JSON_TOKEN_END && token.kind != JSON_TOKEN_ERROR);
    *kinds = '\0';
    *end = token.end;
}

START_TEST(tokens)
{
    static const struct {
        const char *text;
        const char *kinds;
        size_t end;
    } cases[] = {
        {"", ".", 0},
        {" \t\r\n", ".", 4},
        {"{}[]:,", "{}[]:,.", 6},
        {"{\"a\": [1, -2.5e+3, true,false , null]}", "{s:[n,n,w,w,w]}.", 38},
        {"\"\\\"\"1", "sn.", 5},
        {"01", "!", 0},  /* a number has no zero in front */
        {"1.", "!", 2},  /* ... and a digit behind the point */
        {"nul", "!", 0}, /* no word */
        {"\"a", "!", 2}, /* no end */
        {"'a'", "!", 0},
        {"1 #", "n!", 2},
        {"nan", "w.", 3},
        {"-nan", "w.", 4},
        {"[NaN,-INF,Infinity,-infinity]", "[w,w,w,w].", 29},
        {"nano", "w!", 3}, /* the word, and what begins none */
        {"infinit", "w!", 3},
        {"infin", "w!", 3},
        {"na", "!", 0},
        {"-na", "!", 0},
        {"-", "!", 0},
        {"i", "!", 0},
        {"+nan", "!", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char kinds[64];
        size_t end;
        struct span text = exact(span_of(cases[i].text));
        read_all(text, kinds, &end);
        ck_assert_msg(strcmp(kinds, cases[i].kinds) == 0 && end == cases[i].end, "%s: %s to %zu", cases[i].text, kinds,
                      end);
        release(text);
    }
}
END_TEST

START_TEST(texts_of_tokens)
{
    struct span text = SPAN_LITERAL(" [ \"x\" ]");
    struct json_token token;
    json_token_next(text, 0, &token);
    ck_assert(span_equal(json_token_text(text, &token), SPAN_LITERAL("[")));
    json_token_next(text, token.end, &token);
    ck_assert(span_equal(json_token_text(text, &token), SPAN_LITERAL("\"x\"")));
}
END_TEST

/* nan and its kin: the characters as they came, the minus among them. */
START_TEST(words_that_are_no_number)
{
    static const struct {
        const char *text;
        const char *word; /* NULL = none */
    } cases[] = {
        {"nan", "nan"},
        {"NaN]", "NaN"},
        {"-nan", "-nan"},
        {"-NAN ", "-NAN"},
        {"inf", "inf"},
        {"-Inf}", "-Inf"},
        {"infinity", "infinity"},
        {"-Infinity,", "-Infinity"},
        {"infinit", "inf"},
        {"nanny", "nan"},
        {"n", NULL},
        {"na", NULL},
        {"-n", NULL},
        {"-in", NULL},
        {"null", NULL},
        {"NULL", NULL},
        {"None", NULL},
        {"undefined", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span text = exact(span_of(cases[i].text));
        struct json_token token = {.end = 0};
        json_token_next(text, 0, &token);
        bool is_nan = token.kind == JSON_TOKEN_WORD && token.raw.kind == JSON_KIND_NAN;
        ck_assert_msg(is_nan == (cases[i].word != NULL), "%s: kind %d", cases[i].text, (int)token.raw.kind);
        if (is_nan) {
            ck_assert_msg(span_equal(token.raw.text, span_of(cases[i].word)), "%s: %.*s", cases[i].text,
                          (int)token.raw.text.len, token.raw.text.ptr);
            ck_assert(span_equal(json_token_text(text, &token), token.raw.text));
            ck_assert(!token.raw.has_escapes && token.raw.digit_count == 0);
        }
        release(text);
    }
}
END_TEST

/* Wherever a string stands in memory, whatever its length: each byte in each of its places. */
static void check_string(struct span text, size_t at)
{
    unsigned char c = (unsigned char)text.ptr[at];
    struct json_token token = {.end = 0};
    json_token_next(text, 0, &token);
    bool good;
    if (c < 0x20 || c == '\\') { /* an 'a' follows: no escape */
        good = token.kind == JSON_TOKEN_ERROR && token.start == at && token.error;
    } else {
        size_t end = c == '"' ? at + 1 : text.len;
        good = token.kind == JSON_TOKEN_STRING && token.start == 0 && token.end == end && token.has_high == (c >= 0x80);
    }
    if (!good) {
        ck_abort_msg("%zu bytes, %02x at %zu: kind %d, %zu to %zu", text.len, c, at, (int)token.kind, token.start,
                     token.end);
    }
}

START_TEST(strings_at_every_alignment)
{
    for (size_t start = 0; start <= 8; start++) {
        for (size_t len = 3; len <= 43; len++) {
            char *block = malloc(start + len);
            ck_assert_ptr_nonnull(block);
            struct span text = {block + start, len};
            memset(block, 'a', start + len);
            block[start] = block[start + len - 1] = '"';
            for (size_t at = 1; at + 1 < len; at++) {
                for (unsigned byte = 0; byte < 256; byte++) {
                    bool may_be_escape = byte == '\\' && at + 2 == len; /* of the last quote */
                    block[start + at] = (char)byte;
                    if (!may_be_escape) {
                        check_string(text, at);
                    }
                }
                block[start + at] = 'a';
            }
            free(block);
        }
    }
}
END_TEST

START_TEST(units_of_strings)
{
    static const struct {
        const char *text;
        struct json_token_unit unit;
    } cases[] = {
        {"a", {'a', 1, false, false}},
        {"\xe5", {0xe5, 1, false, false}}, /* bytes come one by one */
        {"\\n", {'\n', 2, true, false}},
        {"\\/", {'/', 2, true, false}},
        {"\\u00e9", {0xe9, 6, true, false}},
        {"\\u0000", {0, 6, true, true}},
        {"\\ud83d\\ude00", {0x1f600, 12, true, false}},
        {"\\ud83dx", {0xfffd, 6, true, true}},
        {"\\ude00", {0xfffd, 6, true, true}},
        {"\\ud83d\\u0041", {0xfffd, 6, true, true}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct span text = exact(span_of(cases[i].text));
        struct json_token_unit unit = json_token_read_unit(text, 0);
        ck_assert_msg(unit.code == cases[i].unit.code && unit.len == cases[i].unit.len &&
                          unit.is_escape == cases[i].unit.is_escape && unit.is_bad == cases[i].unit.is_bad,
                      "%s: U+%04X, %zu bytes", cases[i].text, unit.code, unit.len);
        release(text);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json/token");
    TCase *tests = tcase_create("json/token");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, tokens);
    tcase_add_test(tests, texts_of_tokens);
    tcase_add_test(tests, words_that_are_no_number);
    tcase_add_test(tests, strings_at_every_alignment);
    tcase_add_test(tests, units_of_strings);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
