#include "json/scan.h"

#include "base/utf8.h"
#include "json/repair.h"
#include "json/token.h"

enum expect {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_CLOSE,
    EXPECT_KEY,
    EXPECT_KEY_OR_CLOSE,
    EXPECT_COLON,
    EXPECT_NEXT,
    EXPECT_END
};

struct walk {
    const struct json_limits *limits;
    struct json_report *report;
    struct err *err;
    bool is_object[JSON_MAX_DEPTH]; /* of each open container */
    size_t depth;
    enum expect expect;
};

static enum json_status bad(struct walk *walk, size_t pos, const char *what)
{
    err_set(walk->err, pos, "%s", what);
    return JSON_INVALID;
}

static enum expect after_value(const struct walk *walk)
{
    return walk->depth == 0 ? EXPECT_END : EXPECT_NEXT;
}

static enum json_status open_container(struct walk *walk, const struct json_token *token)
{
    size_t most = walk->limits->max_depth < JSON_MAX_DEPTH ? walk->limits->max_depth : JSON_MAX_DEPTH;
    if (walk->depth == most) {
        err_set(walk->err, token->start, "nested deeper than %zu", most);
        return JSON_TOO_DEEP;
    }
    bool is_object = token->kind == JSON_TOKEN_OPEN_OBJECT;
    walk->is_object[walk->depth++] = is_object;
    walk->expect = is_object ? EXPECT_KEY_OR_CLOSE : EXPECT_VALUE_OR_CLOSE;
    return JSON_OK;
}

static enum json_status close_container(struct walk *walk, const struct json_token *token)
{
    bool fits = walk->depth > 0 && walk->is_object[walk->depth - 1] == (token->kind == JSON_TOKEN_CLOSE_OBJECT);
    bool may_close =
        walk->expect == EXPECT_NEXT || walk->expect == EXPECT_KEY_OR_CLOSE || walk->expect == EXPECT_VALUE_OR_CLOSE;
    if (!fits || !may_close) {
        return bad(walk, token->start, "a bracket that closes nothing here");
    }
    walk->depth--;
    walk->expect = after_value(walk);
    return JSON_OK;
}

static enum json_status take_value(struct walk *walk, struct span text, const struct json_token *token)
{
    if (walk->expect != EXPECT_VALUE && walk->expect != EXPECT_VALUE_OR_CLOSE) {
        static const char *const wanted[] = {
            [EXPECT_VALUE] = "",
            [EXPECT_VALUE_OR_CLOSE] = "",
            [EXPECT_KEY] = "expected a key in quotes",
            [EXPECT_KEY_OR_CLOSE] = "expected a key in quotes",
            [EXPECT_COLON] = "expected a colon",
            [EXPECT_NEXT] = "expected a comma or a closing bracket",
            [EXPECT_END] = "text behind the end of the document",
        };
        return bad(walk, token->start, wanted[walk->expect]);
    }
    if (walk->report->values == walk->limits->max_values) {
        err_set(walk->err, token->start, "more than %zu values", walk->limits->max_values);
        return JSON_TOO_MANY_VALUES;
    }
    walk->report->values++;
    if (token->kind == JSON_TOKEN_OPEN_OBJECT || token->kind == JSON_TOKEN_OPEN_ARRAY) {
        return open_container(walk, token);
    }
    if (token->kind == JSON_TOKEN_STRING) {
        walk->report->bad_escapes += json_repair_count_escapes(json_token_text(text, token));
    } else if (token->kind == JSON_TOKEN_NUMBER) {
        walk->report->wide_numbers += json_repair_is_wide(json_token_text(text, token));
    }
    walk->expect = after_value(walk);
    return JSON_OK;
}

static enum json_status take_token(struct walk *walk, struct span text, const struct json_token *token)
{
    bool wants_key = walk->expect == EXPECT_KEY || walk->expect == EXPECT_KEY_OR_CLOSE;
    switch (token->kind) {
    case JSON_TOKEN_ERROR:
        return bad(walk, token->start, token->error);
    case JSON_TOKEN_END:
        return walk->expect == EXPECT_END ? JSON_OK : bad(walk, token->start, "the text ends too early");
    case JSON_TOKEN_CLOSE_OBJECT:
    case JSON_TOKEN_CLOSE_ARRAY:
        return close_container(walk, token);
    case JSON_TOKEN_COLON:
        if (walk->expect != EXPECT_COLON) {
            return bad(walk, token->start, "a colon that belongs to no key");
        }
        walk->expect = EXPECT_VALUE;
        return JSON_OK;
    case JSON_TOKEN_COMMA:
        if (walk->expect != EXPECT_NEXT) {
            return bad(walk, token->start, "a comma that follows no value");
        }
        walk->expect = walk->is_object[walk->depth - 1] ? EXPECT_KEY : EXPECT_VALUE;
        return JSON_OK;
    case JSON_TOKEN_STRING:
        if (wants_key) {
            walk->report->bad_escapes += json_repair_count_escapes(json_token_text(text, token));
            walk->expect = EXPECT_COLON;
            return JSON_OK;
        }
        return take_value(walk, text, token);
    case JSON_TOKEN_OPEN_OBJECT:
    case JSON_TOKEN_OPEN_ARRAY:
    case JSON_TOKEN_NUMBER:
    case JSON_TOKEN_WORD:
        return take_value(walk, text, token);
    }
    return JSON_OK;
}

enum json_status json_scan_text(struct span text, const struct json_limits *limits, struct json_report *report,
                                struct err *err)
{
    size_t valid = utf8_invalid_at(text);
    if (valid < text.len) {
        *report = (struct json_report){0};
        err_set(err, valid, "not UTF-8");
        return JSON_INVALID_UTF8;
    }
    return json_scan_bytes(text, limits, report, err);
}

enum json_status json_scan_bytes(struct span text, const struct json_limits *limits, struct json_report *report,
                                 struct err *err)
{
    *report = (struct json_report){0};
    struct walk walk = {.limits = limits, .report = report, .err = err, .expect = EXPECT_VALUE};
    struct json_token token = {JSON_TOKEN_END, 0, 0, NULL};
    do {
        token = json_token_next(text, token.end);
        enum json_status status = take_token(&walk, text, &token);
        if (status != JSON_OK) {
            return status;
        }
    } while (token.kind != JSON_TOKEN_END);
    return JSON_OK;
}
