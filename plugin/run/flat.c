#include "run/flat.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"
#include "base/units.h"
#include "base/utf8.h"
#include "lp/decode.h"

#define SPARE_BYTES ((size_t)256 * 1024) /* for the alignment of pieces, names and texts of a row */
#define FRACTION_DIGITS 9                /* of a second: nanoseconds */
#define TEXT_GROWTH 3                    /* U+FFFD for one byte */

/* ---- names ---- */

/* Is it the word, with any number of underscores behind it? */
static bool is_word(struct span name, struct span word)
{
    if (!span_starts_with(name, word)) {
        return false;
    }
    for (size_t i = word.len; i < name.len; i++) {
        if (name.ptr[i] != '_') {
            return false;
        }
    }
    return true;
}

static bool is_reserved(struct span name)
{
    return is_word(name, SPAN_LITERAL("measurement")) || is_word(name, SPAN_LITERAL("time"));
}

void flat_write_name(struct buf *out, struct span name)
{
    buf_span(out, name);
    buf_text(out, is_reserved(name) ? "_" : "");
}

static bool is_taken(const struct flat *flat, struct span name)
{
    for (size_t i = 0; i < flat->count; i++) {
        if (span_equal(flat->columns[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* The name with one underscore more. NULL = no memory. */
static char *longer_name(struct flat *flat, struct span *name)
{
    char *longer = arena_alloc(&flat->arena, name->len + 1);
    if (longer) {
        memcpy(longer, name->ptr, name->len);
        longer[name->len] = '_';
        *name = (struct span){longer, name->len + 1};
    }
    return longer;
}

/* ---- columns ---- */

/* Text as it is, if it is UTF-8; else mended, in the arena. */
static bool make_valid(struct flat *flat, struct span *text)
{
    if (utf8_invalid_at(*text) == text->len) {
        return true;
    }
    char *mended = arena_alloc(&flat->arena, TEXT_GROWTH * text->len);
    if (!mended) {
        return false;
    }
    size_t len = utf8_sanitise(*text, mended);
    arena_shrink(&flat->arena, mended, len);
    *text = (struct span){mended, len};
    return true;
}

static bool add(struct flat *flat, struct span name, struct lp_value value)
{
    if (flat->count == FLAT_MAX_COLUMNS || !make_valid(flat, &name) ||
        (value.type == LP_VALUE_TEXT && !make_valid(flat, &value.as.text))) {
        return false;
    }
    bool fits = !is_reserved(name) || longer_name(flat, &name);
    while (fits && is_taken(flat, name)) {
        fits = longer_name(flat, &name) != NULL;
    }
    if (fits) {
        flat->columns[flat->count++] = (struct flat_column){name, value};
    }
    return fits;
}

static void begin(struct flat *flat)
{
    arena_reset(&flat->arena);
    flat->count = 0;
    flat->has_time = false;
}

bool flat_from_row(struct flat *flat, const struct lp_row *row)
{
    begin(flat);
    flat->measurement = span_of(row->measurement);
    flat->has_time = true;
    flat->time_ns = row->time_ns;
    bool fits = make_valid(flat, &flat->measurement);
    for (size_t i = 0; fits && i < row->tag_count; i++) {
        fits = add(flat, span_of(row->tags[i].name), lp_value_text(row->tags[i].value));
    }
    for (size_t i = 0; fits && i < row->field_count; i++) {
        fits = add(flat, span_of(row->fields[i].name), row->fields[i].value);
    }
    return fits;
}

/* ---- records ---- */

/* A name, or a tag's value, without its escapes: as it is, or in the arena. */
static bool make_plain(struct flat *flat, struct span *text)
{
    if (text->len == 0 || !memchr(text->ptr, '\\', text->len)) {
        return true;
    }
    char *plain = arena_alloc(&flat->arena, text->len);
    if (!plain) {
        return false;
    }
    *text = (struct span){plain, lp_decode_name(*text, plain)};
    return true;
}

static bool add_item(struct flat *flat, enum lp_decode_piece piece, struct lp_decode_item *item)
{
    bool plain = make_plain(flat, &item->key) && make_plain(flat, &item->raw);
    return plain && add(flat, item->key, piece == LP_DECODE_TAG ? lp_value_text(item->raw) : item->value);
}

/* false = no room. */
static bool take_piece(struct flat *flat, enum lp_decode_piece piece, struct lp_decode_item *item)
{
    switch (piece) {
    case LP_DECODE_MEASUREMENT:
        flat->measurement = item->raw;
        return make_plain(flat, &flat->measurement) && make_valid(flat, &flat->measurement);
    case LP_DECODE_TAG:
    case LP_DECODE_FIELD:
        return add_item(flat, piece, item);
    case LP_DECODE_TIME:
        flat->has_time = true;
        flat->time_ns = item->value.as.i;
        return true;
    case LP_DECODE_END:
    case LP_DECODE_BLANK:
    case LP_DECODE_ERROR:
        break;
    }
    return true;
}

bool flat_from_record(struct flat *flat, struct span record, struct err *err)
{
    struct lp_decode_cursor cursor;
    struct lp_decode_item item;
    begin(flat);
    char *text = arena_alloc(&flat->arena, record.len + 1);
    if (!text) {
        err_set(err, 0, "it has too much text");
        return false;
    }
    lp_decode_begin(&cursor, span_without_newline(record), text);
    enum lp_decode_piece piece = lp_decode_next(&cursor, &item, err);
    while (piece != LP_DECODE_END && piece != LP_DECODE_ERROR && piece != LP_DECODE_BLANK) {
        if (!take_piece(flat, piece, &item)) {
            err_set(err, 0, "it has more than %d tags and fields, or too much text", FLAT_MAX_COLUMNS);
            return false;
        }
        piece = lp_decode_next(&cursor, &item, err);
    }
    if (piece == LP_DECODE_BLANK) {
        err_set(err, 0, "it is empty, or a comment");
    }
    return piece == LP_DECODE_END;
}

/* ---- values ---- */

void flat_time(int64_t time_ns, char out[FLAT_TIME_BYTES])
{
    char text[TIMESTAMP_TEXT_BYTES];
    char digits[FRACTION_DIGITS];
    timestamp_format(time_ns, text);
    size_t len = strcspn(text, ".");
    int64_t rest = time_ns % SECOND_NS;
    rest += rest < 0 ? SECOND_NS : 0;
    for (size_t i = FRACTION_DIGITS; i > 0; i--) {
        digits[i - 1] = (char)('0' + rest % 10);
        rest /= 10;
    }
    size_t shown = FRACTION_DIGITS;
    while (shown > 3 && memcmp(digits + shown - 3, "000", 3) == 0) {
        shown -= 3;
    }
    memcpy(out, text, len);
    out[len] = '.';
    memcpy(out + len + 1, digits, shown);
    memcpy(out + len + 1 + shown, "Z", sizeof "Z");
}

static void write_float(double number, char out[FLAT_NUMBER_BYTES])
{
    size_t len = number_format_double(number, out);
    if (!out[strcspn(out, ".e")]) {
        memcpy(out + len, ".0", sizeof ".0");
    }
}

bool flat_number(const struct lp_value *value, char out[FLAT_NUMBER_BYTES])
{
    switch (value->type) {
    case LP_VALUE_FLOAT:
        if (!isfinite(value->as.f)) {
            return false;
        }
        write_float(value->as.f, out);
        return true;
    case LP_VALUE_INT:
        snprintf(out, FLAT_NUMBER_BYTES, "%" PRId64, value->as.i);
        return true;
    case LP_VALUE_UINT:
        snprintf(out, FLAT_NUMBER_BYTES, "%" PRIu64, value->as.u);
        return true;
    case LP_VALUE_BOOL:
    case LP_VALUE_TEXT:
        break;
    }
    return false;
}

bool flat_init(struct flat *flat, size_t max_line)
{
    flat->count = 0;
    return arena_init(&flat->arena, (3 + TEXT_GROWTH) * max_line + SPARE_BYTES);
}

void flat_free(struct flat *flat)
{
    arena_free(&flat->arena);
}
