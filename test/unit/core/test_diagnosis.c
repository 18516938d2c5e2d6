#include "core/diagnosis.h"
#include "support.h"
#include "json/scan.h"

/* ---- payloads as they come: what, where, the bytes there, and the usual cause ---- */

static const struct {
    struct span text;
    const char *detail;
} payloads[] = {
    /* commas and brackets */
    {SPAN_LITERAL("{\"a\":1,}"), "a bracket that closes nothing here (byte 7), at `}`: a comma before }"},
    {SPAN_LITERAL("{\"a\":1,\n }"), "a bracket that closes nothing here (byte 9), at `}`: a comma before }"},
    {SPAN_LITERAL("{\"a\":[1,]}"), "a bracket that closes nothing here (byte 8), at `]}`: a comma before ]"},
    {SPAN_LITERAL("{\"a\":[1,,2]}"), "a comma that follows no value (byte 8), at `,2]}`: two commas"},
    {SPAN_LITERAL("{\"a\":,\"b\":1}"), "a comma that follows no value (byte 5), at `,\"b\":1}`: a value is missing"},
    {SPAN_LITERAL("{\"a\":}"), "a bracket that closes nothing here (byte 5), at `}`: a value is missing"},
    {SPAN_LITERAL("{\"a\": \"b\" \"c\":1}"),
     "expected a comma or a closing bracket (byte 10), at `\"c\":1}`: a comma or a colon is missing before it"},
    {SPAN_LITERAL("{\"a\" \"b\"}"), "expected a colon (byte 5), at `\"b\"}`: a comma or a colon is missing before it"},
    {SPAN_LITERAL("[1}"), "a bracket that closes nothing here (byte 2), at `}`"},

    /* words */
    {SPAN_LITERAL("{\"a\":jam}"), "expected a value (byte 5), at `jam}`: text without quotes"},
    {SPAN_LITERAL("{a:1}"), "expected a value (byte 1), at `a:1}`: text without quotes"},
    {SPAN_LITERAL("hello"), "expected a value (byte 0), at `hello`: text without quotes"},
    {SPAN_LITERAL("{\"a\":True}"),
     "expected a value (byte 5), at `True}`: a word of another language: JSON has true, false and null"},
    {SPAN_LITERAL("{\"a\":False}"),
     "expected a value (byte 5), at `False}`: a word of another language: JSON has true, false and null"},
    {SPAN_LITERAL("{\"a\":None}"),
     "expected a value (byte 5), at `None}`: a word of another language: JSON has true, false and null"},
    {SPAN_LITERAL("{\"a\":undefined}"),
     "expected a value (byte 5), at `undefined}`: a word of another language: JSON has true, false and null"},
    {SPAN_LITERAL("{'a':1}"), "expected a value (byte 1), at `'a':1}`: single quotes"},
    {SPAN_LITERAL("{\"a\":1 /* volts */}"), "expected a value (byte 7), at `/* volts */}`: a comment"},
    {SPAN_LITERAL("{\"a\":nano}"), "expected a value (byte 8), at `o}`: text without quotes"},

    /* numbers */
    {SPAN_LITERAL("{\"a\":+1}"),
     "expected a value (byte 5), at `+1}`: a number in a form that JSON has not: +1, .5, 01, 0x1F"},
    {SPAN_LITERAL("{\"a\":.5}"),
     "expected a value (byte 5), at `.5}`: a number in a form that JSON has not: +1, .5, 01, 0x1F"},
    {SPAN_LITERAL("{\"a\":01}"),
     "not a number (byte 5), at `01}`: a number in a form that JSON has not: +1, .5, 01, 0x1F"},
    {SPAN_LITERAL("{\"a\":0x1F}"),
     "expected a value (byte 6), at `x1F}`: a number in a form that JSON has not: +1, .5, 01, 0x1F"},
    {SPAN_LITERAL("{\"a\":1,5}"), "expected a key in quotes (byte 7), at `5}`: a comma inside a number"},

    /* strings */
    {SPAN_LITERAL("{\"a\":\"b\nc\"}"),
     "control character in a string (byte 7), at `?c\"}`: a line break or another control character inside a string"},
    {SPAN_LITERAL("{\"a\":\"b\0c\"}"),
     "control character in a string (byte 7), at `?c\"}`: a line break or another control character inside a string"},

    /* ends */
    {SPAN_LITERAL("{\"a\":\"b"), "the text ends inside a string (byte 7): cut off"},
    {SPAN_LITERAL("{\"a\":1"), "the text ends too early (byte 6): cut off"},
    {SPAN_LITERAL("{\"a\":"), "the text ends too early (byte 5): cut off"},
    {SPAN_LITERAL("{"), "the text ends too early (byte 1): cut off"},
    {SPAN_LITERAL("{} {}"),
     "text behind the end of the document (byte 3), at `{}`: several messages without a newline between them"},
    {SPAN_LITERAL("{}{}"),
     "text behind the end of the document (byte 2), at `{}`: several messages without a newline between them"},

    /* at most 16 bytes, and only what can be printed */
    {SPAN_LITERAL("{\"a\":abcdefghijklmnop}"), "expected a value (byte 5), at `abcdefghijklmnop`: text without quotes"},
    {SPAN_LITERAL("{\"a\":x\x7F\t\x1B[2J}"), "expected a value (byte 5), at `x???[2J}`: text without quotes"},
    {SPAN_LITERAL("{\"a\":卡货}"), "expected a value (byte 5), at `??????}`: text without quotes"},

    /* other formats */
    {SPAN_LITERAL("\x1F\x8B\x08\0\0\0"), "not UTF-8 (byte 1), at `?????`: this is gzip"},
    {SPAN_LITERAL("\x78\x9C\xAB\x56"), "not UTF-8 (byte 1), at `??V`: this looks like zlib"},
    {SPAN_LITERAL("\x78\x01\xAB\x56"), "not UTF-8 (byte 2), at `?V`: this looks like zlib"},
    {SPAN_LITERAL("PK\x03\x04xyz"), "expected a value (byte 0), at `PK??xyz`: this is a zip file"},
    {SPAN_LITERAL("\xFF\xFE{\0}\0"), "not UTF-8 (byte 0), at `??{?}?`: this looks like UTF-16"},
    {SPAN_LITERAL("{\0\"\0}\0"), "expected a value (byte 1), at `?\"?}?`: this looks like UTF-16"},
    {SPAN_LITERAL("eyJhIjoxfQ=="),
     "expected a value (byte 0), at `eyJhIjoxfQ==`: this looks like base64 of JSON: --payload-encoding base64"},
    {SPAN_LITERAL("<status>online</status>"), "expected a value (byte 0), at `<status>online</`: this looks like XML"},

    /* characters */
    {SPAN_LITERAL("{\"a\":\"\xBF\xA8\xBB\xF5\"}"), "not UTF-8 (byte 6), at `????\"}`: this looks like GBK"},
    {SPAN_LITERAL("{\"a\":\"caf\xE9\"}"), "not UTF-8 (byte 9), at `?\"}`"}, /* a quote is half of nothing */
    {SPAN_LITERAL("{\"a\":\"\xFF\"}"), "not UTF-8 (byte 6), at `?\"}`"},
    {SPAN_LITERAL("{\"a\":\"\xE5\xBE"), "not UTF-8 (byte 6), at `??`: cut off"},
    {SPAN_LITERAL("\xE5"), "not UTF-8 (byte 0), at `?`: cut off"},
    {SPAN_LITERAL("{\"a\":\"\xE5\xBE\"}"), "not UTF-8 (byte 6), at `??\"}`: this looks like GBK"},

    /* limits */
    {SPAN_LITERAL("[[[[1]]]]"), "nested deeper than 3 (byte 3), at `[1]]]]`"},
    {SPAN_LITERAL("[1,2,3,4,5,6,7,8]"), "more than 8 values (byte 15), at `8]`"},
};

static enum reject reason_of(enum json_status status)
{
    static const enum reject reasons[] = {
        [JSON_OK] = REJECT_NONE,
        [JSON_INVALID_UTF8] = REJECT_INVALID_UTF8,
        [JSON_INVALID] = REJECT_INVALID_JSON,
        [JSON_TOO_DEEP] = REJECT_TOO_DEEP,
        [JSON_TOO_MANY_VALUES] = REJECT_TOO_MANY_VALUES,
    };
    return reasons[status];
}

START_TEST(of_payloads)
{
    const struct json_limits limits = {3, 8};
    struct json_report report;
    struct err err;
    char detail[DIAGNOSIS_BYTES];
    struct span text = exact(payloads[_i].text);
    err_clear(&err);
    enum reject reason = reason_of(json_scan_text(text, &limits, NULL, &report, &err));
    ck_assert_int_ne(reason, REJECT_NONE);
    diagnosis_write(reason, text, &err, detail);
    ck_assert_msg(strcmp(detail, payloads[_i].detail) == 0, "%s\nwant %s", detail, payloads[_i].detail);
    release(text);
}
END_TEST

/* ---- JSON, but no object ---- */

START_TEST(of_what_is_no_object)
{
    static const struct {
        const char *text;
        const char *detail;
    } cases[] = {
        {"[]", "no object: an array without any object instead of an object"},
        {"[1]", "no object: an array without any object instead of an object"},
        {"\"jam\"", "no object: a string instead of an object"},
        {"true", "no object: a boolean instead of an object"},
        {"false", "no object: a boolean instead of an object"},
        {"null", "no object: null instead of an object"},
        {"7", "no object: a number instead of an object"},
        {"-7.5", "no object: a number instead of an object"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err err;
        char detail[DIAGNOSIS_BYTES];
        struct span text = exact(span_of(cases[i].text));
        err_clear(&err);
        err_set(&err, 0, "no object");
        diagnosis_write(REJECT_NOT_AN_OBJECT, text, &err, detail);
        ck_assert_str_eq(detail, cases[i].detail);
        release(text);
    }
}
END_TEST

/* ---- the rest: no place in the payload, so none is named ---- */

START_TEST(of_other_reasons)
{
    static const enum reject reasons[] = {REJECT_UNKNOWN_TOPIC, REJECT_BAD_DEVICE_NO,     REJECT_NO_PAYLOAD,
                                          REJECT_EMPTY_PAYLOAD, REJECT_PAYLOAD_TOO_LARGE, REJECT_DEVICE_MISMATCH,
                                          REJECT_MISSING_FIELD, REJECT_NO_DATA,           REJECT_OUT_OF_MEMORY};
    for (size_t i = 0; i < COUNT(reasons); i++) {
        struct err err;
        char detail[DIAGNOSIS_BYTES];
        err_clear(&err);
        err_set(&err, 0, "what is wrong");
        diagnosis_write(reasons[i], SPAN_LITERAL("{\"a\":1,}"), &err, detail);
        ck_assert_msg(strcmp(detail, "what is wrong") == 0, "%s: %s", reject_name(reasons[i]), detail);
        diagnosis_write(reasons[i], (struct span){NULL, 0}, &err, detail);
        ck_assert_msg(strcmp(detail, "what is wrong") == 0, "%s: %s", reject_name(reasons[i]), detail);
    }
}
END_TEST

START_TEST(of_line_protocol_and_base64)
{
    struct err err;
    char detail[DIAGNOSIS_BYTES];
    err_clear(&err);
    err_set(&err, 5, "no field");
    diagnosis_write(REJECT_NOT_LINE_PROTOCOL, SPAN_LITERAL("hello world\n"), &err, detail);
    ck_assert_str_eq(detail, "no field (byte 5), at ` world?`");
    diagnosis_write(REJECT_BAD_BASE64, SPAN_LITERAL("e30=x"), &err, detail);
    ck_assert_str_eq(detail, "no field (byte 5)"); /* the end of the text has no bytes */
}
END_TEST

/* Nothing is cut, and nothing but what can be printed is written, whatever the bytes and the place. */
START_TEST(at_every_place_of_any_bytes)
{
    static const enum reject reasons[] = {REJECT_INVALID_UTF8, REJECT_INVALID_JSON, REJECT_NOT_AN_OBJECT,
                                          REJECT_TOO_DEEP, REJECT_NOT_LINE_PROTOCOL};
    uint64_t seed = 11;
    for (int round = 0; round < rounds(20000); round++) {
        char bytes[40];
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        size_t len = (size_t)(seed >> 33) % sizeof bytes;
        for (size_t i = 0; i < len; i++) {
            static const char common[] = "{}[]:,\"' +-.0159aenTFNu/\\\n\t\0\xE5\xBE\xAE\xFF\x1F\x8B";
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            bytes[i] = common[(size_t)(seed >> 33) % (sizeof common - 1)];
        }
        struct span text = exact((struct span){bytes, len});
        struct err err;
        char detail[DIAGNOSIS_BYTES];
        err_clear(&err);
        err_set(&err, len > 0 ? (size_t)(seed >> 40) % (len + 1) : 0, "why");
        for (size_t r = 0; r < COUNT(reasons); r++) {
            diagnosis_write(reasons[r], text, &err, detail);
            size_t shown = strlen(detail);
            ck_assert(strncmp(detail, "why", 3) == 0 && shown < DIAGNOSIS_BYTES - 1);
            for (size_t i = 0; i < shown; i++) {
                if (detail[i] < ' ' || detail[i] > '~') {
                    ck_abort_msg("byte %02x in %s", (unsigned char)detail[i], detail);
                }
            }
        }
        release(text);
    }
}
END_TEST

/* The longest words, place, bytes and cause there can be. */
START_TEST(the_longest)
{
    struct err err;
    char words[ERR_TEXT_BYTES];
    char detail[DIAGNOSIS_BYTES];
    memset(words, 'w', sizeof words);
    words[sizeof words - 1] = '\0';
    err_clear(&err);
    err_set(&err, 0, "%s", words);
    diagnosis_write(REJECT_INVALID_JSON, SPAN_LITERAL("eyJhIjoxfQ==eyJhIjoxfQ=="), &err, detail);
    ck_assert_int_eq(strncmp(detail, err.text, strlen(err.text)), 0);
    ck_assert_str_eq(detail + strlen(err.text),
                     " (byte 0), at `eyJhIjoxfQ==eyJh`: this looks like base64 of JSON: --payload-encoding base64");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/diagnosis");
    TCase *tests = tcase_create("core/diagnosis");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, of_payloads, 0, (int)COUNT(payloads));
    tcase_add_test(tests, of_what_is_no_object);
    tcase_add_test(tests, of_other_reasons);
    tcase_add_test(tests, of_line_protocol_and_base64);
    tcase_add_test(tests, at_every_place_of_any_bytes);
    tcase_add_test(tests, the_longest);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
