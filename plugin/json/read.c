#include "json/read.h"

#include <stdio.h>

#include "base/utf8.h"
#include "json/token.h"

/* The end of the value whose first token is given. */
static size_t value_end(struct span text, struct json_token token)
{
    size_t depth = 0;
    for (;;) {
        switch (token.kind) {
        case JSON_TOKEN_OPEN_OBJECT:
        case JSON_TOKEN_OPEN_ARRAY:
            depth++;
            break;
        case JSON_TOKEN_CLOSE_OBJECT:
        case JSON_TOKEN_CLOSE_ARRAY:
            depth -= depth > 0 ? 1 : 0;
            break;
        case JSON_TOKEN_END:
        case JSON_TOKEN_ERROR:
            return token.end;
        case JSON_TOKEN_COLON:
        case JSON_TOKEN_COMMA:
        case JSON_TOKEN_STRING:
        case JSON_TOKEN_NUMBER:
        case JSON_TOKEN_WORD:
            break;
        }
        if (depth == 0) {
            return token.end;
        }
        json_token_next(text, token.end, &token);
    }
}

void json_read_begin(struct json_read_iter *iter, struct span text)
{
    struct json_token open;
    json_token_next(text, 0, &open);
    *iter = (struct json_read_iter){text, open.end, (int)open.kind};
}

bool json_read_next(struct json_read_iter *iter, struct json_read_member *member)
{
    *member = (struct json_read_member){{"", 0}, {"", 0}};
    if (iter->state != JSON_TOKEN_OPEN_OBJECT && iter->state != JSON_TOKEN_OPEN_ARRAY) {
        return false;
    }
    struct json_token token;
    json_token_next(iter->text, iter->pos, &token);
    if (token.kind == JSON_TOKEN_COMMA) {
        json_token_next(iter->text, token.end, &token);
    }
    if (iter->state == JSON_TOKEN_OPEN_OBJECT && token.kind == JSON_TOKEN_STRING) {
        member->key = (struct span){iter->text.ptr + token.start + 1, token.end - token.start - 2};
        json_token_next(iter->text, token.end, &token); /* the colon */
        json_token_next(iter->text, token.end, &token);
    }
    if (token.kind == JSON_TOKEN_CLOSE_OBJECT || token.kind == JSON_TOKEN_CLOSE_ARRAY || token.kind == JSON_TOKEN_END ||
        token.kind == JSON_TOKEN_ERROR) {
        return false;
    }
    iter->pos = value_end(iter->text, token);
    member->value = (struct span){iter->text.ptr + token.start, iter->pos - token.start};
    return true;
}

size_t json_read_string(struct span escaped, char *out)
{
    size_t n = 0;
    for (size_t pos = 0; pos < escaped.len;) {
        struct json_token_unit unit = json_token_read_unit(escaped, pos);
        if (unit.is_escape) {
            n += utf8_write(unit.code, out + n);
        } else {
            out[n++] = escaped.ptr[pos];
        }
        pos += unit.len;
    }
    return n;
}

/* ---- by path ---- */

static bool is_index(struct span part, size_t index)
{
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%zu", index);
    return len > 0 && span_equal(part, (struct span){digits, (size_t)len});
}

/* The member or element that a path's part names. */
static bool find_part(struct span container, struct span part, struct json_read_member *found)
{
    struct json_read_iter iter;
    bool hit = false;
    struct json_read_member member;
    json_read_begin(&iter, container);
    for (size_t index = 0; json_read_next(&iter, &member); index++) {
        bool here = iter.state == JSON_TOKEN_OPEN_OBJECT ? span_equal(member.key, part) : is_index(part, index);
        if (here) {
            *found = member; /* the last of equal keys counts */
            hit = true;
        }
    }
    return hit;
}

/* One part further down a path; false = there is no such part, or no more. */
static bool descend(struct span container, const char **path, struct json_read_member *found)
{
    size_t len = strcspn(*path, ".");
    if (len == 0 || !find_part(container, (struct span){*path, len}, found)) {
        return false;
    }
    *path += len + ((*path)[len] == '.' ? 1 : 0);
    return true;
}

bool json_read_find(struct span text, const char *dotted_path, struct span *value)
{
    struct json_read_member member = {.value = text};
    while (descend(member.value, &dotted_path, &member)) {
    }
    bool found = *dotted_path == '\0';
    *value = found ? member.value : (struct span){"", 0};
    return found;
}

size_t json_read_line_of(struct span text, const char *dotted_path)
{
    struct json_read_member member = {.value = text};
    const char *place = text.ptr;
    while (descend(member.value, &dotted_path, &member)) {
        place = member.key.len > 0 ? member.key.ptr : member.value.ptr;
    }
    size_t line = 1;
    for (const char *c = text.ptr; c < place; c++) {
        line += *c == '\n';
    }
    return line;
}
