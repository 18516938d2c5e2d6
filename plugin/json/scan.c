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
    struct span text;
    const struct json_limits *limits;
    const struct json_visitor *visitor; /* NULL = none */
    struct json_report *report;
    struct err *err;
    bool must_be_utf8;
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
    if (walk->visitor) {
        walk->visitor->close(walk->visitor->ctx);
    }
    return JSON_OK;
}

/* A string, key or value, that holds more than plain ASCII. */
static enum json_status check_string(struct walk *walk, const struct json_token *token)
{
    const struct json_raw *raw = &token->raw;
    if (raw->has_escapes) {
        walk->report->bad_escapes += json_repair_count_escapes(raw->text);
    }
    bool is_bad = walk->must_be_utf8 && token->has_high && utf8_invalid_at(raw->text) < raw->text.len;
    return is_bad ? JSON_INVALID_UTF8 : JSON_OK;
}

static bool is_plain(const struct json_token *token)
{
    return !token->raw.has_escapes && !token->has_high;
}

/* Up to so many characters, and without an exponent, no number is too wide. */
#define NEVER_WIDE 18

static void check_number(struct walk *walk, struct json_raw *raw)
{
    if ((raw->text.len > NEVER_WIDE || raw->has_exponent) && json_repair_is_wide(raw->text)) {
        walk->report->wide_numbers++;
        *raw = (struct json_raw){.kind = JSON_KIND_TEXT, .text = raw->text};
    }
}

/* Calls the visitor with a value that may stand where it does. */
static enum json_status visit_value(struct walk *walk, struct json_token *token)
{
    enum json_status status = JSON_OK;
    switch (token->kind) {
    case JSON_TOKEN_OPEN_OBJECT:
        token->raw = (struct json_raw){.kind = JSON_KIND_OBJECT};
        break;
    case JSON_TOKEN_OPEN_ARRAY:
        token->raw = (struct json_raw){.kind = JSON_KIND_ARRAY};
        break;
    case JSON_TOKEN_STRING:
        status = is_plain(token) ? JSON_OK : check_string(walk, token);
        break;
    case JSON_TOKEN_NUMBER:
        check_number(walk, &token->raw);
        break;
    case JSON_TOKEN_WORD:
    case JSON_TOKEN_END:
    case JSON_TOKEN_CLOSE_OBJECT:
    case JSON_TOKEN_CLOSE_ARRAY:
    case JSON_TOKEN_COLON:
    case JSON_TOKEN_COMMA:
    case JSON_TOKEN_ERROR:
        break;
    }
    if (walk->visitor && status == JSON_OK) {
        walk->visitor->value(walk->visitor->ctx, &token->raw);
    }
    return status;
}

static enum json_status take_value(struct walk *walk, struct json_token *token)
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
    bool opens = token->kind == JSON_TOKEN_OPEN_OBJECT || token->kind == JSON_TOKEN_OPEN_ARRAY;
    enum json_status status = opens ? open_container(walk, token) : JSON_OK;
    if (status == JSON_OK) {
        status = visit_value(walk, token);
    }
    if (!opens) {
        walk->expect = after_value(walk);
    }
    return status;
}

static enum json_status take_key(struct walk *walk, const struct json_token *token)
{
    enum json_status status = is_plain(token) ? JSON_OK : check_string(walk, token);
    if (walk->visitor && status == JSON_OK) {
        walk->visitor->key(walk->visitor->ctx, &token->raw);
    }
    walk->expect = EXPECT_COLON;
    return status;
}

static enum json_status take_token(struct walk *walk, struct json_token *token)
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
        return wants_key ? take_key(walk, token) : take_value(walk, token);
    case JSON_TOKEN_OPEN_OBJECT:
    case JSON_TOKEN_OPEN_ARRAY:
    case JSON_TOKEN_NUMBER:
    case JSON_TOKEN_WORD:
        return take_value(walk, token);
    }
    return JSON_OK;
}

/* Steps over the comma or colon that is expected at pos, if it is there: half of all tokens. */
static bool take_expected_sign(struct walk *walk, size_t pos)
{
    char c = pos < walk->text.len ? walk->text.ptr[pos] : '\0';
    if (walk->expect == EXPECT_NEXT && c == ',') {
        walk->expect = walk->is_object[walk->depth - 1] ? EXPECT_KEY : EXPECT_VALUE;
        return true;
    }
    if (walk->expect == EXPECT_COLON && c == ':') {
        walk->expect = EXPECT_VALUE;
        return true;
    }
    return false;
}

static enum json_status scan(struct walk *walk)
{
    enum json_status status = JSON_OK;
    struct json_token token = {.end = 0};
    do {
        size_t pos = token.end + take_expected_sign(walk, token.end);
        json_token_next(walk->text, pos, &token);
        status = take_token(walk, &token);
    } while (status == JSON_OK && token.kind != JSON_TOKEN_END);
    return status;
}

enum json_status json_scan_text(struct span text, const struct json_limits *limits, const struct json_visitor *visitor,
                                struct json_report *report, struct err *err)
{
    struct err found;
    struct walk walk = {text, limits, visitor, report, &found, true, .expect = EXPECT_VALUE};
    err_clear(&found);
    *report = (struct json_report){0};
    enum json_status status = scan(&walk);
    if (status == JSON_OK) {
        return JSON_OK;
    }
    /* Bytes that are no characters come first, wherever they are: they may be why the rest is no
     * JSON. */
    size_t valid = utf8_invalid_at(text);
    if (valid < text.len) {
        err_set(err, valid, "not UTF-8");
        return JSON_INVALID_UTF8;
    }
    err_set(err, found.pos, "%s", found.text);
    return status;
}

enum json_status json_scan_bytes(struct span text, const struct json_limits *limits, const struct json_visitor *visitor,
                                 struct json_report *report, struct err *err)
{
    struct walk walk = {text, limits, visitor, report, err, false, .expect = EXPECT_VALUE};
    *report = (struct json_report){0};
    return scan(&walk);
}
