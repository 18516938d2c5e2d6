#include "json/value.h"

#include "base/ascii.h"
#include "base/macros.h"
#include "base/number.h"
#include "base/utf8.h"
#include "json/token.h"

#define REPLACEMENT 0xFFFDU

#define NOT_UTF8 '\xFF'

size_t json_value_read_key(const struct json_raw *key, char *out)
{
    size_t n = 0;
    for (size_t pos = 0; pos < key->text.len;) {
        struct json_token_unit unit = json_token_read_unit(key->text, pos);
        if (unit.is_escape) {
            n += utf8_write(unit.is_bad ? REPLACEMENT : unit.code, out + n);
        } else {
            out[n++] = key->text.ptr[pos];
        }
        pos += unit.len;
    }
    return n;
}

static size_t unescape(struct span text, char *out)
{
    size_t n = 0;
    for (size_t pos = 0; pos < text.len;) {
        struct json_token_unit unit = json_token_read_unit(text, pos);
        if (unit.is_bad && unit.code != 0) {
            out[n++] = NOT_UTF8;
        } else if (unit.is_escape) {
            n += utf8_write(unit.code, out + n);
        } else {
            out[n++] = text.ptr[pos];
        }
        pos += unit.len;
    }
    return n;
}

bool json_value_is_blank(const struct json_raw *raw)
{
    size_t pos = 0;
    while (raw->kind == JSON_KIND_TEXT && pos < raw->text.len) {
        struct json_token_unit unit = json_token_read_unit(raw->text, pos);
        if (unit.code != 0 && (unit.code > ' ' || !ascii_is_space((char)unit.code))) {
            return false;
        }
        pos += unit.len;
    }
    return raw->kind == JSON_KIND_TEXT;
}

static bool read_text(const struct json_raw *raw, struct arena *arena, struct span *out)
{
    if (!raw->has_escapes) {
        *out = raw->text;
        return true;
    }
    char *space = arena_alloc(arena, raw->text.len);
    if (!space) {
        return false;
    }
    *out = (struct span){space, unescape(raw->text, space)};
    arena_shrink(arena, space, out->len);
    return true;
}

#define FIXED_FROM 1e-4 /* below, %g writes an exponent */

static const struct span no_digits = {"", 0};

/* Of a number with an exponent or many digits. */
static NOT_INLINED bool read_long(const struct json_raw *raw, struct json_value *out)
{
    enum number_status status =
        raw->kind == JSON_KIND_INT ? number_int64(raw->text, &out->i) : number_double(raw->text, &out->r);
    out->digits = no_digits;
    if (status != NUMBER_OK) {
        out->kind = JSON_KIND_ABSENT;
    }
    return status == NUMBER_OK;
}

/* Of what is no number. */
static NOT_INLINED bool read_other(const struct json_raw *raw, struct arena *arena, struct json_value *out)
{
    out->text = raw->text;
    if (raw->kind == JSON_KIND_TEXT && !read_text(raw, arena, &out->text)) {
        out->kind = JSON_KIND_ABSENT;
        return false;
    }
    out->b = raw->kind == JSON_KIND_BOOL && raw->text.ptr[0] == 't';
    return true;
}

bool json_value_read(const struct json_raw *raw, struct arena *arena, struct json_value *out)
{
    out->kind = raw->kind;
    if (raw->kind != JSON_KIND_REAL && raw->kind != JSON_KIND_INT) {
        return read_other(raw, arena, out);
    }
    out->text = raw->text;
    if (raw->digit_count == 0 || raw->digit_count > NUMBER_EXACT_DIGITS) {
        return read_long(raw, out);
    }
    bool is_negative = raw->text.ptr[0] == '-';
    bool is_fixed = raw->digits > 0;
    if (raw->kind == JSON_KIND_INT) {
        out->i = is_negative ? -(int64_t)raw->digits : (int64_t)raw->digits;
    } else {
        double value = number_from_digits(raw->digits, raw->behind);
        out->r = is_negative ? -value : value;
        is_fixed = value >= FIXED_FROM;
    }
    /* So few digits are how a double is written, but for zeros behind the last that counts. */
    bool ends_well = raw->behind == 0 || raw->text.ptr[raw->text.len - 1] != '0';
    out->digits = is_fixed && ends_well ? raw->text : no_digits;
    return true;
}
