#include "json/value.h"

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

static bool read_int(const struct json_raw *raw, int64_t *out)
{
    if (raw->digit_count == 0) {
        return number_int64(raw->text, out) == NUMBER_OK;
    }
    *out = raw->text.ptr[0] == '-' ? -(int64_t)raw->digits : (int64_t)raw->digits;
    return true;
}

static bool is_exact(const struct json_raw *raw)
{
    return raw->digit_count > 0 && raw->digit_count <= NUMBER_EXACT_DIGITS;
}

static bool read_real(const struct json_raw *raw, double *out)
{
    if (!is_exact(raw)) {
        return number_double(raw->text, out) == NUMBER_OK;
    }
    double value = number_from_digits(raw->digits, raw->behind);
    *out = raw->text.ptr[0] == '-' ? -value : value;
    return true;
}

/* Without an exponent, and without zeros behind the last digit that counts, so few digits are how a
 * double is written. */
static struct span digits_of(const struct json_raw *raw, double value)
{
    static const struct span none = {"", 0};
    bool ends_well = raw->behind == 0 || raw->text.ptr[raw->text.len - 1] != '0';
    bool is_fixed = value >= FIXED_FROM || value <= -FIXED_FROM;
    return is_exact(raw) && ends_well && is_fixed ? raw->text : none;
}

bool json_value_read(const struct json_raw *raw, struct arena *arena, struct json_value *out)
{
    bool ok = true;
    out->kind = raw->kind;
    switch (raw->kind) {
    case JSON_KIND_TEXT:
        ok = read_text(raw, arena, &out->text);
        break;
    case JSON_KIND_INT:
        ok = read_int(raw, &out->i);
        out->digits = digits_of(raw, (double)out->i);
        break;
    case JSON_KIND_REAL:
        ok = read_real(raw, &out->r);
        out->digits = digits_of(raw, out->r);
        break;
    case JSON_KIND_BOOL:
        out->b = raw->text.ptr[0] == 't';
        break;
    case JSON_KIND_ABSENT:
    case JSON_KIND_NULL:
    case JSON_KIND_OBJECT:
    case JSON_KIND_ARRAY:
        break;
    }
    if (!ok) {
        out->kind = JSON_KIND_ABSENT;
    }
    return ok;
}
