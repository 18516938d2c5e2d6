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

#define SHORTEST_DIGITS 15U /* text of so many survives a double */
#define FIXED_FROM 1e-4     /* below, %g writes an exponent */

/* Without an exponent, and without zeros behind the last digit that counts, so many digits are how
 * a double is written. */
static struct span digits_of(const struct json_raw *raw, double value)
{
    static const struct span none = {"", 0};
    size_t most = SHORTEST_DIGITS + (raw->kind == JSON_KIND_REAL ? 1 : 0) + (value < 0 ? 1 : 0);
    bool ends_well = raw->kind == JSON_KIND_INT || raw->text.ptr[raw->text.len - 1] != '0';
    bool is_fixed = value >= FIXED_FROM || value <= -FIXED_FROM;
    return raw->text.len <= most && ends_well && is_fixed && !raw->has_exponent ? raw->text : none;
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
        ok = number_int64(raw->text, &out->i) == NUMBER_OK;
        out->digits = digits_of(raw, (double)out->i);
        break;
    case JSON_KIND_REAL:
        ok = number_double(raw->text, &out->r) == NUMBER_OK;
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
