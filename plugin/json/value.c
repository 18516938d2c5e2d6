#include "json/value.h"

#include "base/macros.h"
#include "base/number.h"
#include "base/utf8.h"
#include "json/token.h"

#define REPLACEMENT 0xFFFDU

/* Writes a text's characters, and `bad` for \u0000 and each lone surrogate. Returns the bytes. */
static size_t unescape(struct span text, uint32_t bad, char *out)
{
    size_t n = 0;
    for (size_t pos = 0; pos < text.len;) {
        struct json_token_unit unit = json_token_read_unit(text, pos);
        if (unit.is_escape) {
            n += utf8_write(unit.is_bad ? bad : unit.code, out + n);
        } else {
            out[n++] = text.ptr[pos];
        }
        pos += unit.len;
    }
    return n;
}

size_t json_value_read_key(const struct json_raw *key, char *out)
{
    return unescape(key->text, REPLACEMENT, out);
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
    *out = (struct span){space, unescape(raw->text, 0, space)};
    arena_shrink(arena, space, out->len);
    return true;
}

#define FIXED_FROM 1e-4 /* below, %g writes an exponent */

static NOT_INLINED bool read_long_int(const struct json_raw *raw, int64_t *out)
{
    return number_int64(raw->text, out) == NUMBER_OK;
}

static bool read_int(const struct json_raw *raw, int64_t *out)
{
    if (raw->digit_count == 0) {
        return read_long_int(raw, out);
    }
    *out = raw->text.ptr[0] == '-' ? -(int64_t)raw->digits : (int64_t)raw->digits;
    return true;
}

static bool is_exact(const struct json_raw *raw)
{
    return raw->digit_count > 0 && raw->digit_count <= NUMBER_EXACT_DIGITS;
}

static NOT_INLINED bool read_long_real(const struct json_raw *raw, double *out)
{
    return number_double(raw->text, out) == NUMBER_OK;
}

static bool read_real(const struct json_raw *raw, double *out)
{
    if (!is_exact(raw)) {
        return read_long_real(raw, out);
    }
    double value = number_from_digits(raw->digits, raw->behind);
    *out = raw->text.ptr[0] == '-' ? -value : value;
    return true;
}

/* Without an exponent, and without zeros behind the last digit that counts, so few digits are how a
 * double is written. */
static inline struct span digits_of(const struct json_raw *raw, double value)
{
    static const struct span none = {"", 0};
    bool ends_well = raw->behind == 0 || raw->text.ptr[raw->text.len - 1] != '0';
    bool is_fixed = value >= FIXED_FROM || value <= -FIXED_FROM;
    return is_exact(raw) && ends_well && is_fixed ? raw->text : none;
}

/* Of what is no number. */
static NOT_INLINED bool read_other(const struct json_raw *raw, struct arena *arena, struct json_value *out)
{
    if (raw->kind == JSON_KIND_TEXT && !read_text(raw, arena, &out->text)) {
        out->kind = JSON_KIND_ABSENT;
        return false;
    }
    out->b = raw->kind == JSON_KIND_BOOL && raw->text.ptr[0] == 't';
    return true;
}

bool json_value_read(const struct json_raw *raw, struct arena *arena, struct json_value *out)
{
    bool ok;
    out->kind = raw->kind;
    if (raw->kind == JSON_KIND_REAL) {
        ok = read_real(raw, &out->r);
        out->digits = digits_of(raw, out->r);
    } else if (raw->kind == JSON_KIND_INT) {
        ok = read_int(raw, &out->i);
        out->digits = digits_of(raw, (double)out->i);
    } else {
        return read_other(raw, arena, out);
    }
    if (!ok) {
        out->kind = JSON_KIND_ABSENT;
    }
    return ok;
}
