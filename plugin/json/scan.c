#include "json/scan.h"

#include "base/macros.h"
#include "base/utf8.h"
#include "json/repair.h"
#include "json/token.h"

struct walk {
    struct span text;
    const struct json_limits *limits;
    const struct json_visitor *visitor;
    struct json_report *report;
    struct err *err;
    bool must_be_utf8;
    size_t depth;                     /* open containers */
    char closing[JSON_MAX_DEPTH + 1]; /* the bracket that closes the one of that depth; of none at 0 */
};

/* A token that stands where it may not, and what was wanted there. */
static NOT_INLINED enum json_status unexpected(const struct walk *walk, const struct json_token *token,
                                               const char *wanted)
{
    static const char *const reasons[] = {
        [JSON_TOKEN_END] = "the text ends too early",
        [JSON_TOKEN_COLON] = "a colon that belongs to no key",
        [JSON_TOKEN_COMMA] = "a comma that follows no value",
        [JSON_TOKEN_CLOSE_OBJECT] = "a bracket that closes nothing here",
        [JSON_TOKEN_CLOSE_ARRAY] = "a bracket that closes nothing here",
        [JSON_TOKEN_ERROR] = NULL, /* says it itself */
    };
    bool is_value = token->kind <= JSON_TOKEN_OPEN_OBJECT;
    const char *reason = token->kind == JSON_TOKEN_ERROR ? token->error : reasons[token->kind];
    err_set(walk->err, token->start, "%s", is_value ? wanted : reason);
    return JSON_INVALID;
}

/* The same of the token at or behind pos. */
static NOT_INLINED enum json_status bad_next(const struct walk *walk, size_t pos, const char *wanted)
{
    struct json_token token = {.end = 0};
    json_token_next(walk->text, pos, &token);
    return unexpected(walk, &token, wanted);
}

static enum json_status open_container(struct walk *walk, const struct json_token *token)
{
    size_t most = walk->limits->max_depth < JSON_MAX_DEPTH ? walk->limits->max_depth : JSON_MAX_DEPTH;
    if (walk->depth == most) {
        err_set(walk->err, token->start, "nested deeper than %zu", most);
        return JSON_TOO_DEEP;
    }
    walk->closing[++walk->depth] = token->kind == JSON_TOKEN_OPEN_OBJECT ? '}' : ']';
    return JSON_OK;
}

/* A string, key or value, that holds more than plain ASCII. */
static NOT_INLINED enum json_status check_string(struct walk *walk, const struct json_token *token)
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

/* Of a number with an exponent or many digits: may be too wide. */
static NOT_INLINED void check_number(struct walk *walk, struct json_raw *raw)
{
    if (json_repair_is_wide(raw->text)) {
        walk->report->wide_numbers++;
        *raw = (struct json_raw){.kind = JSON_KIND_TEXT, .text = raw->text};
    }
}

static enum json_status take_value(struct walk *walk, struct json_token *token)
{
    enum json_status status = JSON_OK;
    if (token->kind > JSON_TOKEN_OPEN_OBJECT) {
        return unexpected(walk, token, "");
    }
    if (walk->report->values == walk->limits->max_values) {
        err_set(walk->err, token->start, "more than %zu values", walk->limits->max_values);
        return JSON_TOO_MANY_VALUES;
    }
    walk->report->values++;
    if (token->kind >= JSON_TOKEN_OPEN_ARRAY) {
        bool is_object = token->kind == JSON_TOKEN_OPEN_OBJECT;
        token->raw = (struct json_raw){.kind = is_object ? JSON_KIND_OBJECT : JSON_KIND_ARRAY};
        status = open_container(walk, token);
    } else if (token->kind == JSON_TOKEN_STRING) {
        status = is_plain(token) ? JSON_OK : check_string(walk, token);
    } else if (token->kind == JSON_TOKEN_NUMBER && token->raw.digit_count == 0) {
        check_number(walk, &token->raw);
    } else {
        walk->report->not_numbers += token->raw.kind == JSON_KIND_NAN;
    }
    if (status == JSON_OK) {
        walk->visitor->value(walk->visitor->ctx, &token->raw);
    }
    return status;
}

static enum json_status take_key(struct walk *walk, struct json_token *token)
{
    if (token->kind != JSON_TOKEN_STRING) {
        return unexpected(walk, token, "expected a key in quotes");
    }
    enum json_status status = is_plain(token) ? JSON_OK : check_string(walk, token);
    if (status == JSON_OK) {
        walk->visitor->key(walk->visitor->ctx, &token->raw);
    }
    return status;
}

/* A value of the text, member or element each time round. */
static enum json_status scan(struct walk *walk)
{
    const struct span text = walk->text;
    struct json_token token = {.end = 0};
    size_t pos = 0;
    for (;;) {
        json_token_next(text, pos, &token);
        enum json_status status = JSON_OK;
        if (walk->closing[walk->depth] == '}') {
            status = take_key(walk, &token);
            if (status != JSON_OK) {
                return status;
            }
            pos = token.end;
            if (!json_token_take(text, &pos, ':')) {
                return bad_next(walk, pos, "expected a colon");
            }
            json_token_next(text, pos, &token);
        }
        status = take_value(walk, &token);
        if (status != JSON_OK) {
            return status;
        }
        pos = token.end;
        bool is_open = token.kind >= JSON_TOKEN_OPEN_ARRAY;
        while (walk->depth > 0 && json_token_take(text, &pos, walk->closing[walk->depth])) {
            walk->depth--;
            is_open = false;
            walk->visitor->close(walk->visitor->ctx);
        }
        if (is_open) {
            continue;
        }
        if (walk->depth == 0) {
            json_token_next(text, pos, &token);
            return token.kind == JSON_TOKEN_END ? JSON_OK
                                                : unexpected(walk, &token, "text behind the end of the document");
        }
        if (!json_token_take(text, &pos, ',')) {
            return bad_next(walk, pos, "expected a comma or a closing bracket");
        }
    }
}

static void ignore_raw(void *ctx, const struct json_raw *raw)
{
    (void)ctx;
    (void)raw;
}

static void ignore_close(void *ctx)
{
    (void)ctx;
}

static const struct json_visitor nobody = {NULL, ignore_raw, ignore_raw, ignore_close};

enum json_status json_scan_text(struct span text, const struct json_limits *limits, const struct json_visitor *visitor,
                                struct json_report *report, struct err *err)
{
    struct err found;
    struct walk walk = {text, limits, visitor ? visitor : &nobody, report, &found, .must_be_utf8 = true};
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
    struct walk walk = {text, limits, visitor ? visitor : &nobody, report, err, .must_be_utf8 = false};
    *report = (struct json_report){0};
    return scan(&walk);
}
