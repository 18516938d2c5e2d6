#include "core/batch.h"
#include "support.h"
#include "json/scan.h"

/* As core/payload.h refuses it. */
static enum reject reason_of(struct span payload)
{
    const struct json_limits limits = {JSON_MAX_DEPTH, SIZE_MAX};
    struct json_report report;
    switch (json_scan_text(payload, &limits, NULL, &report, NULL)) {
    case JSON_OK:
        return payload.ptr[0] == '{' ? REJECT_NONE : REJECT_NOT_AN_OBJECT;
    case JSON_INVALID_UTF8:
        return REJECT_INVALID_UTF8;
    case JSON_TOO_DEEP:
        return REJECT_TOO_DEEP;
    case JSON_INVALID:
    case JSON_TOO_MANY_VALUES:
        break;
    }
    return REJECT_INVALID_JSON;
}

/* The messages with a bar behind each; "" = no batch. */
static void put_messages(struct buf *out, struct span payload, size_t *values)
{
    struct batch batch;
    struct span message;
    if (batch_begin(&batch, payload, reason_of(payload))) {
        while (batch_next(&batch, &message)) {
            buf_span(out, message);
            buf_char(out, '|');
        }
        *values = batch.values;
        ck_assert(!batch_next(&batch, &message));
    }
}

static const struct {
    const char *name;
    struct span payload;
    struct span messages;
} cases[] = {
    /* arrays */
    {"an array", SPAN_LITERAL("[{\"a\":1},{\"b\":2}]"), SPAN_LITERAL("{\"a\":1}|{\"b\":2}|")},
    {"an array of one", SPAN_LITERAL("[{}]"), SPAN_LITERAL("{}|")},
    {"blanks around elements", SPAN_LITERAL("[ {} ,\r\n\t{\"a\": [1, 2]} ]"), SPAN_LITERAL("{}|{\"a\": [1, 2]}|")},
    {"elements of every kind", SPAN_LITERAL("[1,-2.5e3,\"a,]\",true,null,[],[[{}]],{},nan]"),
     SPAN_LITERAL("1|-2.5e3|\"a,]\"|true|null|[]|[[{}]]|{}|nan|")},
    {"brackets in strings", SPAN_LITERAL("[{\"a\":\"]}\\\"[{\"},{}]"), SPAN_LITERAL("{\"a\":\"]}\\\"[{\"}|{}|")},
    {"nested arrays are one element each", SPAN_LITERAL("[[{\"a\":1}],{},[{\"b\":2}]]"),
     SPAN_LITERAL("[{\"a\":1}]|{}|[{\"b\":2}]|")},
    {"an object at the end", SPAN_LITERAL("[1,{}]"), SPAN_LITERAL("1|{}|")},
    {"an array without an object", SPAN_LITERAL("[1,\"{\",null]"), SPAN_LITERAL("")},
    {"an array of arrays", SPAN_LITERAL("[[{\"a\":1}],[{\"b\":2}]]"), SPAN_LITERAL("")},
    {"an empty array", SPAN_LITERAL("[]"), SPAN_LITERAL("")},
    {"an array of blanks", SPAN_LITERAL("[ \n ]"), SPAN_LITERAL("")},
    {"an array that does not end", SPAN_LITERAL("[{\"a\":1},{\"b\":2}"), SPAN_LITERAL("")},
    {"an array with a comma too many", SPAN_LITERAL("[{\"a\":1},\n{\"b\":2},]"), SPAN_LITERAL("")},
    {"an array of which one is broken", SPAN_LITERAL("[{\"a\":1},\n{\"b\":}]"), SPAN_LITERAL("")},
    {"an array and an object", SPAN_LITERAL("[{\"a\":1}]\n{\"b\":2}"), SPAN_LITERAL("")},

    /* newlines between */
    {"two lines", SPAN_LITERAL("{\"a\":1}\n{\"b\":2}"), SPAN_LITERAL("{\"a\":1}|{\"b\":2}|")},
    {"CRLF", SPAN_LITERAL("{\"a\":1}\r\n{\"b\":2}"), SPAN_LITERAL("{\"a\":1}|{\"b\":2}|")},
    {"blank lines, blanks, NULs", SPAN_LITERAL("{\"a\":1} \n\n\t\r\n\0\n {\"b\":2}"),
     SPAN_LITERAL("{\"a\":1}|{\"b\":2}|")},
    {"pretty-printed", SPAN_LITERAL("{\n \"a\": {\n  \"b\": 1\n }\n}\n{\n \"c\": []\n}"),
     SPAN_LITERAL("{\n \"a\": {\n  \"b\": 1\n }\n}|{\n \"c\": []\n}|")},
    {"braces in strings", SPAN_LITERAL("{\"a\":\"}\\n{\"}\n{\"b\":\"\\\"}{\"}"),
     SPAN_LITERAL("{\"a\":\"}\\n{\"}|{\"b\":\"\\\"}{\"}|")},
    {"scalars behind", SPAN_LITERAL("{\"a\":1}\n7\n\"x\""), SPAN_LITERAL("{\"a\":1}|7\n\"x\"|")},
    {"a broken first", SPAN_LITERAL("{\"a\":}\n{\"b\":2}"), SPAN_LITERAL("{\"a\":}|{\"b\":2}|")},
    {"a broken middle", SPAN_LITERAL("{\"a\":1}\n{\"x\":}\n{\"b\":2}"), SPAN_LITERAL("{\"a\":1}|{\"x\":}|{\"b\":2}|")},
    {"a broken last", SPAN_LITERAL("{\"a\":1}\n{\"b\":"), SPAN_LITERAL("{\"a\":1}|{\"b\":|")},
    {"one without its end before another", SPAN_LITERAL("{\"a\":{\n{\"b\":2}"), SPAN_LITERAL("{\"a\":{|{\"b\":2}|")},
    {"a string without its end before another", SPAN_LITERAL("{\"a\":\"x\n{\"b\":2}"),
     SPAN_LITERAL("{\"a\":\"x|{\"b\":2}|")},
    {"a string without its end, and words", SPAN_LITERAL("{\"a\":\"}\nhello\n{\"b\":2}"),
     SPAN_LITERAL("{\"a\":\"}\nhello|{\"b\":2}|")},
    {"a bracket too many", SPAN_LITERAL("{\"a\":1}}\n{\"b\":2}"), SPAN_LITERAL("{\"a\":1}}|{\"b\":2}|")},
    {"the wrong bracket", SPAN_LITERAL("{\"a\":1]\n{\"b\":2}"), SPAN_LITERAL("{\"a\":1]|{\"b\":2}|")},
    {"words before", SPAN_LITERAL("hello\nworld\n{\"a\":1}"), SPAN_LITERAL("hello\nworld|{\"a\":1}|")},
    {"words between", SPAN_LITERAL("{\"a\":1}\nhello {\n{\"b\":2}"), SPAN_LITERAL("{\"a\":1}|hello {|{\"b\":2}|")},
    {"words behind", SPAN_LITERAL("{\"a\":1}\nhello\nworld"), SPAN_LITERAL("{\"a\":1}|hello\nworld|")},
    {"words on the same line", SPAN_LITERAL("{\"a\":1} x\n{\"b\":2}"), SPAN_LITERAL("{\"a\":1} x|{\"b\":2}|")},
    {"commas", SPAN_LITERAL("{\"a\":1},\n{\"b\":2}"), SPAN_LITERAL("{\"a\":1},|{\"b\":2}|")},
    {"bytes that are not UTF-8", SPAN_LITERAL("{\"a\":\"\xFF\"}\n{\"b\":2}"),
     SPAN_LITERAL("{\"a\":\"\xFF\"}|{\"b\":2}|")},
    {"two on one line, and one", SPAN_LITERAL("{\"a\":1}{\"b\":2}\n{\"c\":3}"),
     SPAN_LITERAL("{\"a\":1}{\"b\":2}|{\"c\":3}|")},

    {"a brace at the start of a line begins one, whatever is open", SPAN_LITERAL("{\"a\":[\n{\"b\":1}\n]}\n{\"c\":2}"),
     SPAN_LITERAL("{\"a\":[|{\"b\":1}|]}|{\"c\":2}|")},
    {"one behind a blank does not", SPAN_LITERAL("{\"a\":[\n {\"b\":1}\n]}\n{\"c\":2}"),
     SPAN_LITERAL("{\"a\":[\n {\"b\":1}\n]}|{\"c\":2}|")},

    /* none */
    {"one object", SPAN_LITERAL("{\"a\":1}"), SPAN_LITERAL("")},
    {"one with newlines", SPAN_LITERAL("{\n\"a\":1\n}"), SPAN_LITERAL("")},
    {"one broken", SPAN_LITERAL("{\"a\":1"), SPAN_LITERAL("")},
    {"one broken over lines", SPAN_LITERAL("{\n\"a\":{\n\"b\":1\n"), SPAN_LITERAL("")},
    {"none of two whole", SPAN_LITERAL("{\"a\":\n{\"b\":"), SPAN_LITERAL("")},
    {"no newline between", SPAN_LITERAL("{\"a\":1}{\"b\":2}"), SPAN_LITERAL("")},
    {"a blank between", SPAN_LITERAL("{\"a\":1} {\"b\":2}"), SPAN_LITERAL("")},
    {"a raw newline in a string", SPAN_LITERAL("{\"a\":\"x\ny\"}"), SPAN_LITERAL("")},
    {"a string", SPAN_LITERAL("\"{}\""), SPAN_LITERAL("")},
    {"a number", SPAN_LITERAL("7"), SPAN_LITERAL("")},
    {"words", SPAN_LITERAL("hello\nworld"), SPAN_LITERAL("")},
};

START_TEST(messages)
{
    struct buf got;
    size_t values = 0;
    struct span payload = exact(cases[_i].payload);
    buf_init(&got, 4096);
    put_messages(&got, payload, &values);
    ck_assert_msg(span_equal(buf_view(&got), cases[_i].messages), "%s: %.*s", cases[_i].name, (int)got.len, got.ptr);
    buf_free(&got);
    release(payload);
}
END_TEST

/* What is no batch for any other reason: too large, a fault of the message's own. */
START_TEST(other_reasons)
{
    struct batch batch;
    for (int reason = REJECT_NONE; reason < REJECT_REASONS; reason++) {
        bool may_be_lines = reason == REJECT_INVALID_JSON || reason == REJECT_INVALID_UTF8 || reason == REJECT_TOO_DEEP;
        ck_assert_msg(batch_begin(&batch, SPAN_LITERAL("{}\n{}"), (enum reject)reason) == may_be_lines, "%s",
                      reject_name((enum reject)reason));
        ck_assert_msg(batch_begin(&batch, SPAN_LITERAL("[{}]"), (enum reject)reason) ==
                          (reason == REJECT_NOT_AN_OBJECT),
                      "%s", reject_name((enum reject)reason));
        ck_assert(!batch_begin(&batch, SPAN_LITERAL("{}\n"), (enum reject)reason)); /* one */
        ck_assert(!batch_begin(&batch, (struct span){"", 0}, (enum reject)reason));
    }
}
END_TEST

/* The values of all its lines, broken ones as far as they go. */
START_TEST(counts_values_over_lines)
{
    static const struct {
        struct span payload;
        size_t values;
    } counted[] = {
        {SPAN_LITERAL("{\"a\":1}\n{\"b\":[2,3]}"), 6},
        {SPAN_LITERAL("{}\n{}\n{}"), 3},
        {SPAN_LITERAL("{\"a\":[1,2,\n{}"), 5},
        {SPAN_LITERAL("{}\nhello"), 1},
    };
    for (size_t i = 0; i < COUNT(counted); i++) {
        struct buf got;
        size_t values = 0;
        buf_init(&got, 4096);
        put_messages(&got, counted[i].payload, &values);
        ck_assert_msg(values == counted[i].values, "%s: %zu", counted[i].payload.ptr, values);
        buf_free(&got);
    }
}
END_TEST

/* ---- bounds ---- */

/* Wherever a text is cut, and whatever byte of it is another: each message is part of the text, behind
 * the one before, and nothing but padding and newlines is between. */
static void check_parts(struct span payload)
{
    struct batch batch;
    struct span message;
    size_t end = 0;
    if (payload.len == 0 || !batch_begin(&batch, payload, reason_of(payload))) {
        return;
    }
    while (batch_next(&batch, &message)) {
        size_t start = (size_t)(message.ptr - payload.ptr);
        ck_assert(message.len > 0 && start >= end && start + message.len <= payload.len);
        for (; !batch.is_array && end < start; end++) {
            ck_assert_msg(span_is_padding(payload.ptr[end]), "byte %zu of %.*s is lost", end, (int)payload.len,
                          payload.ptr);
        }
        end = start + message.len;
    }
    for (; !batch.is_array && end < payload.len; end++) {
        ck_assert_msg(span_is_padding(payload.ptr[end]), "byte %zu of %.*s is lost", end, (int)payload.len,
                      payload.ptr);
    }
}

START_TEST(no_byte_is_lost)
{
    static const char bad[] = {'\0', '\n', '"', '{', '}', '[', ']', '\\', ',', 'x', '\xFF'};
    for (size_t c = 0; c < COUNT(cases); c++) {
        for (size_t len = 0; len <= cases[c].payload.len; len++) {
            struct span cut = exact((struct span){cases[c].payload.ptr, len});
            check_parts(cut);
            for (size_t b = 0; b < sizeof bad && len > 0; b++) {
                ((char *)(uintptr_t)cut.ptr)[len - 1] = bad[b];
                check_parts(cut);
            }
            release(cut);
        }
    }
}
END_TEST

/* Each of many openings could be followed to the end of the text: it is not. */
static void check_flood(const char *line, bool has_object)
{
    struct buf payload;
    struct batch batch;
    struct span message;
    size_t count = 0;
    buf_init(&payload, (size_t)16 * 1024 * 1024);
    buf_text(&payload, has_object ? "{}\n" : "");
    for (int i = 0; i < 100000; i++) {
        buf_text(&payload, line);
    }
    ck_assert(batch_begin(&batch, buf_view(&payload), REJECT_INVALID_JSON) == has_object);
    while (has_object && batch_next(&batch, &message)) {
        count++;
    }
    ck_assert_uint_eq(count, has_object ? 100001 : 0);
    buf_free(&payload);
}

START_TEST(floods)
{
    static const char *const lines[] = {"{[\n", "{\n", "{\"\n", "{\"a\":\"\n", "{\\\n", "{]\n"};
    check_flood(lines[_i], true);
    check_flood(lines[_i], false);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/batch");
    TCase *tests = tcase_create("core/batch");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, messages, 0, (int)COUNT(cases));
    tcase_add_test(tests, other_reasons);
    tcase_add_test(tests, counts_values_over_lines);
    tcase_add_test(tests, no_byte_is_lost);
    tcase_add_loop_test(tests, floods, 0, 6);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
