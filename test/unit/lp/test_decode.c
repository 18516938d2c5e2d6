#include "lp/decode.h"
#include "support.h"

#define BYTES(text)                                                                                                    \
    {                                                                                                                  \
        (text), sizeof(text) - 1                                                                                       \
    }
#define MAX_TEXT 65536
#define X64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* The pieces as text: m measurement, t tag, f field, @time, then end, blank or !position reason. */
struct decode_case {
    const char *name;
    struct span record;
    struct span pieces;
};

static const struct decode_case good[] = {
    {"least", BYTES("m v=1"), BYTES("m m|f v=1|end")},
    {"everything", BYTES("m,a=b,c=d v=1,w=2i 3"), BYTES("m m|t a=b|t c=d|f v=1|f w=2i|@3|end")},
    {"what Telegraf hands over",
     BYTES("mqtt_consumer,host=gw,topic=v1/vm/VM-1/status value=\"{\\\"ts\\\":1}\" 1700000000123456789"),
     BYTES("m mqtt_consumer|t host=gw|t topic=v1/vm/VM-1/status|f value=\"{\"ts\":1}\"|@1700000000123456789|end")},

    {"space", BYTES("m v=1 2"), BYTES("m m|f v=1|@2|end")},
    {"spaces", BYTES("m   v=1   2"), BYTES("m m|f v=1|@2|end")},
    {"white space of every kind", BYTES("m \t\v\fv=1\v\t \f2"), BYTES("m m|f v=1|@2|end")},
    {"tab", BYTES("m,a=b\tv=1\t2"), BYTES("m m|t a=b|f v=1|@2|end")},
    {"form feed", BYTES("m\fv=1\f2"), BYTES("m m|f v=1|@2|end")},
    {"in front", BYTES(" \t\v\fm v=1 2"), BYTES("m m|f v=1|@2|end")},
    {"behind the time", BYTES("m v=1 2 \t\v\f"), BYTES("m m|f v=1|@2|end")},
    {"behind the fields", BYTES("m v=1 \t "), BYTES("m m|f v=1|end")},
    {"behind a string", BYTES("m v=\"x\"\t "), BYTES("m m|f v=\"x\"|end")},

    {"any bytes in names", BYTES("m\"'#\\\xFF\x01\0 v=1"), BYTES("m m\"'#\\\xFF\x01\0|f v=1|end")},
    {"= in a measurement", BYTES("a=b v=1"), BYTES("m a=b|f v=1|end")},
    {"escapes in a measurement", BYTES("a\\,b\\ c\\=d v=1"), BYTES("m a\\,b\\ c\\=d|f v=1|end")},
    {"escapes in a tag", BYTES("m,a\\,\\=\\ b=c\\,\\=\\ d v=1"), BYTES("m m|t a\\,\\=\\ b=c\\,\\=\\ d|f v=1|end")},
    {"escapes in a field's key", BYTES("m a\\,\\=\\ b=1"), BYTES("m m|f a\\,\\=\\ b=1|end")},
    {"backslash before something else", BYTES("m,a\\b=\\n\\\"\\\\x v\\w=1"),
     BYTES("m m|t a\\b=\\n\\\"\\\\x|f v\\w=1|end")},
    {"backslash before an escape", BYTES("m,a=b\\\\,c v=1"), BYTES("m m|t a=b\\\\,c|f v=1|end")},
    {"quotes in tags", BYTES("m,\"a\"=\"b\",c=\" v=1"), BYTES("m m|t \"a\"=\"b\"|t c=\"|f v=1|end")},
    {"quotes in a field's key", BYTES("m \"v\"=1"), BYTES("m m|f \"v\"=1|end")},
    {"vertical tab in a tag", BYTES("m,a=b\vc v=1"), BYTES("m m|t a=b\vc|f v=1|end")},
    {"vertical tab in a key", BYTES("m v\vw=1,\vx=2"), BYTES("m m|f v\vw=1|f \vx=2|end")},
    {"# in a tag", BYTES("m,#=# #=1"), BYTES("m m|t #=#|f #=1|end")},
    {"not UTF-8", BYTES("\xFF,\xC0=\x80 \xED\xA0\x80=\"\xF8\""),
     BYTES("m \xFF|t \xC0=\x80|f \xED\xA0\x80=\"\xF8\"|end")},

    {"empty string", BYTES("m v=\"\",w=\"\" 1"), BYTES("m m|f v=\"\"|f w=\"\"|@1|end")},
    {"quotes and backslashes", BYTES("m v=\"\\\"\\\\\\\"\""), BYTES("m m|f v=\"\"\\\"\"|end")},
    {"everything else in a string", BYTES("m v=\"a,b= #\n\r\n\t\v\f\0\xFF\" 1"),
     BYTES("m m|f v=\"a,b= #\n\r\n\t\v\f\0\xFF\"|@1|end")},
    {"line protocol in a string", BYTES("m v=\"x\nn w=1 1\n\""), BYTES("m m|f v=\"x\nn w=1 1\n\"|end")},

    {"integers", BYTES("m a=0i,b=-0i,c=7i,d=-7i"), BYTES("m m|f a=0i|f b=0i|f c=7i|f d=-7i|end")},
    {"greatest integers", BYTES("m a=9223372036854775807i,b=-9223372036854775808i"),
     BYTES("m m|f a=9223372036854775807i|f b=-9223372036854775808i|end")},
    {"unsigned", BYTES("m a=0u,b=7u,c=18446744073709551615u"),
     BYTES("m m|f a=0u|f b=7u|f c=18446744073709551615u|end")},
    {"floats", BYTES("m a=1,b=-1,c=220.5,d=-0.25"), BYTES("m m|f a=1|f b=-1|f c=220.5|f d=-0.25|end")},
    {"floats written otherwise", BYTES("m a=007,b=.5,c=5.,d=-.5,e=-0"),
     BYTES("m m|f a=7|f b=0.5|f c=5|f d=-0.5|f e=-0|end")},
    {"exponents", BYTES("m a=1e3,b=1E3,c=1e+3,d=25e-2,e=.5e1,f=-1.5E-1"),
     BYTES("m m|f a=1000|f b=1000|f c=1000|f d=0.25|f e=5|f f=-0.15|end")},
    {"extreme floats", BYTES("m a=1.7976931348623157e308,b=5e-324,c=1e-999"),
     BYTES("m m|f a=1.7976931348623157e+308|f b=4.94065645841247e-324|f c=0|end")},
    {"true", BYTES("m a=t,b=T,c=true,d=True,e=TRUE"), BYTES("m m|f a=true|f b=true|f c=true|f d=true|f e=true|end")},
    {"false", BYTES("m a=f,b=F,c=false,d=False,e=FALSE"),
     BYTES("m m|f a=false|f b=false|f c=false|f d=false|f e=false|end")},

    {"time of 0", BYTES("m v=1 0"), BYTES("m m|f v=1|@0|end")},
    {"time before 1970", BYTES("m v=1 -1"), BYTES("m m|f v=1|@-1|end")},
    {"time with zeros in front", BYTES("m v=1 0000000000000000001"), BYTES("m m|f v=1|@1|end")},
    {"greatest time", BYTES("m v=1 9223372036854775807"), BYTES("m m|f v=1|@9223372036854775807|end")},
    {"least time", BYTES("m v=1 -9223372036854775808"), BYTES("m m|f v=1|@-9223372036854775808|end")},

    {"empty", BYTES(""), BYTES("blank")},
    {"white space only", BYTES(" \t\v\f"), BYTES("blank")},
    {"comment", BYTES("# m v=1"), BYTES("blank")},
    {"comment alone", BYTES("#"), BYTES("blank")},
    {"indented comment", BYTES(" \t#, ,=\"\\"), BYTES("blank")},
};

static const struct decode_case bad[] = {
    {"no measurement", BYTES(",a=b v=1"), BYTES("!0 expected a measurement")},
    {"no measurement, indented", BYTES(" \t,a=b v=1"), BYTES("!2 expected a measurement")},
    {"starts with a carriage return", BYTES("\rm v=1"), BYTES("!0 expected a measurement")},
    {"measurement alone", BYTES("m"), BYTES("!1 expected a field")},
    {"JSON", BYTES("{\"a\":1}"), BYTES("!7 expected a field")},
    {"long word", BYTES(X64), BYTES("!64 expected a field")},
    {"newline in the measurement", BYTES("a\nb v=1"), BYTES("!1 expected a comma or a space")},
    {"carriage return in the measurement", BYTES("a\rb v=1"), BYTES("!1 expected a comma or a space")},

    {"comma, nothing", BYTES("m,"), BYTES("m m|!2 expected a tag")},
    {"comma, space", BYTES("m, v=1"), BYTES("m m|!2 expected a tag")},
    {"two commas", BYTES("m,,a=b v=1"), BYTES("m m|!2 expected a tag")},
    {"tag without key", BYTES("m,=b v=1"), BYTES("m m|!2 expected a tag")},
    {"tag without =", BYTES("m,abc v=1"), BYTES("m m|!5 expected a tag")},
    {"tag that ends in its key", BYTES("m,abc"), BYTES("m m|!5 expected a tag")},
    {"tag with an escaped =", BYTES("m,a\\=b v=1"), BYTES("m m|!6 expected a tag")},
    {"newline in a tag's key", BYTES("m,a\nb=c v=1"), BYTES("m m|!3 expected a tag")},
    {"tag without value", BYTES("m,a= v=1"), BYTES("m m|!4 expected a tag value")},
    {"tag without value, comma", BYTES("m,a=,b=c v=1"), BYTES("m m|!4 expected a tag value")},
    {"tag that ends at its =", BYTES("m,a="), BYTES("m m|!4 expected a tag value")},
    {"two =", BYTES("m,a=b=c v=1"), BYTES("m m|!5 expected a comma or a space")},
    {"newline in a tag", BYTES("m,a=b\nc v=1"), BYTES("m m|!5 expected a comma or a space")},
    {"carriage return in a tag", BYTES("m,a=b\rc v=1"), BYTES("m m|!5 expected a comma or a space")},
    {"second tag broken", BYTES("m,a=b,c v=1"), BYTES("m m|t a=b|!7 expected a tag")},
    {"tags alone", BYTES("m,a=b"), BYTES("m m|!5 expected a field")},
    {"escaped space behind the tags", BYTES("m,a=b\\ v"), BYTES("m m|!8 expected a field")},

    {"no field", BYTES("m "), BYTES("m m|!2 expected a field")},
    {"no field behind tags", BYTES("m,a=b  "), BYTES("m m|t a=b|!7 expected a field")},
    {"field without =", BYTES("m abc"), BYTES("m m|!5 expected a field")},
    {"field without key", BYTES("m =1"), BYTES("m m|!2 expected a field")},
    {"comma before the fields", BYTES("m ,v=1"), BYTES("m m|!2 expected a field")},
    {"space in a key", BYTES("m a b=1"), BYTES("m m|!3 expected a field")},
    {"field with an escaped =", BYTES("m a\\=1"), BYTES("m m|!6 expected a field")},
    {"newline in a key", BYTES("m a\nb=1"), BYTES("m m|!3 expected a field")},
    {"comma behind the fields", BYTES("m v=1,"), BYTES("m m|f v=1|!6 expected a field")},
    {"two commas between fields", BYTES("m v=1,,w=2"), BYTES("m m|f v=1|!6 expected a field")},
    {"space behind a comma", BYTES("m v=1, w=2"), BYTES("m m|f v=1|!6 expected a field")},
    {"space before a comma", BYTES("m v=1 ,w=2"), BYTES("m m|f v=1|!6 expected a timestamp")},
    {"space for a comma", BYTES("m v=1 w=2"), BYTES("m m|f v=1|!6 expected a timestamp")},

    {"no value", BYTES("m v="), BYTES("m m|!4 expected a field value")},
    {"no value, comma", BYTES("m v=,w=1"), BYTES("m m|!4 expected a field value")},
    {"no value, time", BYTES("m v= 1"), BYTES("m m|!4 expected a field value")},
    {"text without quotes", BYTES("m v=abc"), BYTES("m m|!4 expected a field value")},
    {"quote behind text", BYTES("m v=1\"x\""), BYTES("m m|!4 expected a field value")},
    {"second value broken", BYTES("m v=1,w=x"), BYTES("m m|f v=1|!8 expected a field value")},

    {"string not closed", BYTES("m v=\"abc"), BYTES("m m|!8 expected the closing quote of a string")},
    {"string of nothing not closed", BYTES("m v=\""), BYTES("m m|!5 expected the closing quote of a string")},
    {"string closed by an escape", BYTES("m v=\"a\\\""), BYTES("m m|!8 expected the closing quote of a string")},
    {"string ends at a backslash", BYTES("m v=\"a\\"),
     BYTES("m m|!6 expected a quote or a backslash behind a backslash")},
    {"backslash before a letter", BYTES("m v=\"\\n\""),
     BYTES("m m|!5 expected a quote or a backslash behind a backslash")},
    {"backslash before a newline", BYTES("m v=\"a\\\n\""),
     BYTES("m m|!6 expected a quote or a backslash behind a backslash")},
    {"backslash before NUL", BYTES("m v=\"\\\0\""), BYTES("m m|!5 expected a quote or a backslash behind a backslash")},
    {"text behind a string", BYTES("m v=\"a\"b"), BYTES("m m|!7 expected a comma, a space or the end of the line")},
    {"two strings", BYTES("m v=\"a\"\"b\""), BYTES("m m|!7 expected a comma, a space or the end of the line")},
    {"newline behind a string", BYTES("m v=\"a\"\n1"),
     BYTES("m m|!7 expected a comma, a space or the end of the line")},
    {"carriage return behind a value", BYTES("m v=1\r1"),
     BYTES("m m|!5 expected a comma, a space or the end of the line")},
    {"newline behind a value", BYTES("m v=1\n1"), BYTES("m m|!5 expected a comma, a space or the end of the line")},

    {"word as time", BYTES("m v=1 now"), BYTES("m m|f v=1|!6 expected a timestamp")},
    {"minus as time", BYTES("m v=1 -"), BYTES("m m|f v=1|!6 expected a timestamp")},
    {"time with a plus", BYTES("m v=1 +1"), BYTES("m m|f v=1|!6 expected a timestamp")},
    {"time with a fraction", BYTES("m v=1 1.5"), BYTES("m m|f v=1|!6 expected a timestamp")},
    {"time with an exponent", BYTES("m v=1 1e3"), BYTES("m m|f v=1|!6 expected a timestamp")},
    {"time with an i", BYTES("m v=1 1i"), BYTES("m m|f v=1|!6 expected a timestamp")},
    {"time too great", BYTES("m v=1 9223372036854775808"), BYTES("m m|f v=1|!6 expected a timestamp")},
    {"time too small", BYTES("m v=1 -9223372036854775809"), BYTES("m m|f v=1|!6 expected a timestamp")},
    {"time of 20 digits", BYTES("m v=1 00000000000000000001"), BYTES("m m|f v=1|!6 expected a timestamp")},
    {"time of very many digits", BYTES("m v=1   " X64 X64), BYTES("m m|f v=1|!8 expected a timestamp")},
    {"NUL in the time", BYTES("m v=1 1\0"), BYTES("m m|f v=1|!6 expected a timestamp")},
    {"newline in the time", BYTES("m v=1 1\n2"), BYTES("m m|f v=1|!6 expected a timestamp")},
    {"two times", BYTES("m v=1 1  2"), BYTES("m m|f v=1|!9 expected the end of the line")},
    {"comma behind the time", BYTES("m v=1 1 ,"), BYTES("m m|f v=1|!8 expected the end of the line")},
};

/* Every one is refused at the value's first byte. */
static const struct span bad_values[] = {
    BYTES("+1"),
    BYTES("+1i"),
    BYTES("007i"),
    BYTES("-007i"),
    BYTES("00i"),
    BYTES("1.5i"),
    BYTES("1e3i"),
    BYTES("i"),
    BYTES("-i"),
    BYTES("1ii"),
    BYTES("iu"),
    BYTES("1I"),
    BYTES("u"),
    BYTES("-1u"),
    BYTES("+1u"),
    BYTES("007u"),
    BYTES("1.5u"),
    BYTES("-0u"),
    BYTES("1U"),
    BYTES("1x"),
    BYTES("0x10"),
    BYTES("0x10i"),
    BYTES("1.2.3"),
    BYTES("1;5"),
    BYTES("."),
    BYTES("-"),
    BYTES("-."),
    BYTES("--1"),
    BYTES("1-"),
    BYTES("1_000"),
    BYTES("e5"),
    BYTES("1e"),
    BYTES("1e+"),
    BYTES("1e5.5"),
    BYTES(".e1"),
    BYTES("1e400"),
    BYTES("-1e400"),
    BYTES("nan"),
    BYTES("NaN"),
    BYTES("inf"),
    BYTES("-inf"),
    BYTES("Infinity"),
    BYTES("tru"),
    BYTES("truee"),
    BYTES("tRUE"),
    BYTES("TRue"),
    BYTES("yes"),
    BYTES("fals"),
    BYTES("null"),
    BYTES("1\0"),
    BYTES("\0"),
    BYTES("\xFF"),
    BYTES("'a'"),
    BYTES("1\\ 2"),
    BYTES("9223372036854775808i"),
    BYTES("-9223372036854775809i"),
    BYTES("18446744073709551616u"),
    BYTES("99999999999999999999999999999999999999i"),
    BYTES("99999999999999999999999999999999999999u"),
};

static bool is_last(enum lp_decode_piece piece)
{
    return piece == LP_DECODE_END || piece == LP_DECODE_BLANK || piece == LP_DECODE_ERROR;
}

static void put_named(struct buf *out, const char *kind, struct span key)
{
    buf_text(out, kind);
    buf_span(out, key);
    buf_char(out, '=');
}

static void put_piece(struct buf *out, enum lp_decode_piece piece, const struct lp_decode_item *item,
                      const struct err *err)
{
    switch (piece) {
    case LP_DECODE_MEASUREMENT:
        buf_text(out, "m ");
        buf_span(out, item->raw);
        break;
    case LP_DECODE_TAG:
        put_named(out, "t ", item->key);
        buf_span(out, item->raw);
        break;
    case LP_DECODE_FIELD:
        put_named(out, "f ", item->key);
        put_value(out, &item->value);
        break;
    case LP_DECODE_TIME:
        ck_assert_int_eq(item->value.type, LP_VALUE_INT);
        buf_format(out, "@%lld", (long long)item->value.as.i);
        break;
    case LP_DECODE_END:
        buf_text(out, "end");
        break;
    case LP_DECODE_BLANK:
        buf_text(out, "blank");
        break;
    case LP_DECODE_ERROR:
        buf_format(out, "!%zu %s", err->pos, err->text);
        break;
    }
}

static bool is_within(struct span part, struct span whole)
{
    return !part.ptr || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

/* Decodes to the end; out, if there is one, gets the pieces. The same last piece again and again is checked here. */
static enum lp_decode_piece decode(struct span record, struct buf *out)
{
    struct lp_decode_cursor cursor;
    struct lp_decode_item item;
    struct err err;
    enum lp_decode_piece piece = LP_DECODE_TIME;
    err_clear(&err);
    struct span texts = {malloc(record.len > 0 ? record.len : 1), record.len}; /* not a byte more */
    lp_decode_begin(&cursor, record, (char *)(uintptr_t)texts.ptr);
    for (size_t pieces = 0; !is_last(piece); pieces++) {
        memset(&item, 0xA5, sizeof item);
        piece = lp_decode_next(&cursor, &item, &err);
        bool is_text = piece == LP_DECODE_FIELD && item.value.type == LP_VALUE_TEXT;
        ck_assert(pieces <= record.len + 1 && err.pos <= record.len &&
                  (piece == LP_DECODE_ERROR) == (err.text[0] != '\0') && is_within(item.key, record) &&
                  is_within(item.raw, record) && (!is_text || is_within(item.value.as.text, texts)));
        if (out) {
            buf_text(out, out->len > 0 ? "|" : "");
            put_piece(out, piece, &item, &err);
        }
    }
    ck_assert(!item.key.ptr && !item.raw.ptr && item.key.len == 0 && item.raw.len == 0);
    ck_assert_int_eq(lp_decode_next(&cursor, &item, &err), piece);
    ck_assert_int_eq(lp_decode_next(&cursor, &item, NULL), piece);
    release(texts);
    return piece;
}

static void check_case(const struct decode_case *expected, struct span ending)
{
    struct buf text;
    struct buf pieces;
    buf_init(&text, MAX_TEXT);
    buf_init(&pieces, MAX_TEXT);
    buf_span(&text, expected->record);
    buf_span(&text, ending);
    char *block;
    decode(exact_copy(buf_view(&text), &block), &pieces);
    ck_assert(!text.failed && !pieces.failed);
    ck_assert_msg(span_equal(buf_view(&pieces), expected->pieces), "%s, ending of %zu: got %.*s, want %.*s",
                  expected->name, ending.len, (int)pieces.len, pieces.ptr, (int)expected->pieces.len,
                  expected->pieces.ptr);
    free(block);
    buf_free(&text);
    buf_free(&pieces);
}

static void check_with_all_endings(const struct decode_case *expected)
{
    check_case(expected, SPAN_LITERAL(""));
    check_case(expected, SPAN_LITERAL("\n"));
    check_case(expected, SPAN_LITERAL("\r\n"));
}

START_TEST(decodes)
{
    check_with_all_endings(&good[_i]);
}
END_TEST

START_TEST(refuses)
{
    check_with_all_endings(&bad[_i]);
}
END_TEST

/* No end of input is read over: each prefix is a block of its own size. */
START_TEST(decodes_every_prefix)
{
    struct span record = _i < (int)COUNT(good) ? good[_i].record : bad[(size_t)_i - COUNT(good)].record;
    for (size_t len = 0; len < record.len; len++) {
        char *block;
        decode(exact_copy((struct span){record.ptr, len}, &block), NULL);
        free(block);
    }
}
END_TEST

START_TEST(refuses_values)
{
    struct buf text;
    buf_init(&text, MAX_TEXT);
    buf_text(&text, "m v=");
    buf_span(&text, bad_values[_i]);
    struct lp_decode_cursor cursor;
    struct lp_decode_item item;
    struct err err;
    err_clear(&err);
    char strings[MAX_TEXT];
    lp_decode_begin(&cursor, buf_view(&text), strings);
    enum lp_decode_piece piece = lp_decode_next(&cursor, &item, &err);
    while (!is_last(piece)) {
        piece = lp_decode_next(&cursor, &item, &err);
    }
    ck_assert_msg(piece == LP_DECODE_ERROR, "%.*s was taken", (int)bad_values[_i].len, bad_values[_i].ptr);
    ck_assert_uint_eq(err.pos, 4);
    buf_free(&text);
}
END_TEST

START_TEST(only_one_end_of_line_is_taken_off)
{
    static const struct decode_case cases[] = {
        {"two newlines", BYTES("m v=1\n\n"), BYTES("m m|!5 expected a comma, a space or the end of the line")},
        {"carriage return without newline", BYTES("m v=1\r"),
         BYTES("m m|!5 expected a comma, a space or the end of the line")},
        {"carriage return behind the time", BYTES("m v=1 1\r"), BYTES("m m|f v=1|!6 expected a timestamp")},
        {"two carriage returns", BYTES("m v=1\r\r\n"),
         BYTES("m m|!5 expected a comma, a space or the end of the line")},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_case(&cases[i], SPAN_LITERAL(""));
    }
}
END_TEST

/* A linear congruential generator (Knuth, MMIX): the same input on every machine. */
static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % below;
}

START_TEST(any_bytes_end_well)
{
    static const char letters[] = "mv1-.eiut=== ,,\"\"\"\\\n\r\t\v\f#\0\xFF";
    uint64_t seed = 3;
    size_t ends[LP_DECODE_ERROR + 1] = {0};
    for (int round = 0; round < 20000; round++) {
        char text[48] = "m v=";
        size_t len = draw(&seed, sizeof text - 4);
        for (size_t i = 0; i < len; i++) {
            text[4 + i] = letters[draw(&seed, sizeof letters)];
        }
        char *block;
        size_t skip = round % 2 ? 0 : 4;
        ends[decode(exact_copy((struct span){text + skip, len + 4 - skip}, &block), NULL)]++;
        free(block);
    }
    ck_assert_uint_gt(ends[LP_DECODE_END], 0);
    ck_assert_uint_gt(ends[LP_DECODE_BLANK], 0);
    ck_assert_uint_gt(ends[LP_DECODE_ERROR], 0);
}
END_TEST

static const struct {
    const char *name;
    struct span escaped;
    struct span plain;
} names[] = {
    {"empty", BYTES(""), BYTES("")},
    {"plain", BYTES("topic"), BYTES("topic")},
    {"the three escapes", BYTES("\\,\\=\\ "), BYTES(",= ")},
    {"escapes within", BYTES("a\\,b\\=c\\ d"), BYTES("a,b=c d")},
    {"backslash before others", BYTES("\\n\\\"\\t\\x"), BYTES("\\n\\\"\\t\\x")},
    {"backslashes", BYTES("\\\\\\"), BYTES("\\\\\\")},
    {"backslash before an escape", BYTES("a\\\\,b"), BYTES("a\\,b")},
    {"backslash at the end", BYTES("a\\"), BYTES("a\\")},
    {"NUL and bytes that are not UTF-8", BYTES("\0\\\0\xFF\\\xFF"), BYTES("\0\\\0\xFF\\\xFF")},
};

START_TEST(undoes_the_escapes_of_names)
{
    char *block;
    char *plain_block;
    struct span escaped = exact_copy(names[_i].escaped, &block);
    struct span plain = exact_copy(names[_i].plain, &plain_block);
    char *out = malloc(escaped.len > 0 ? escaped.len : 1);
    ck_assert_ptr_nonnull(out);
    struct span got = {out, lp_decode_name(escaped, out)};

    ck_assert_msg(span_equal(got, plain), "%s: got %.*s", names[_i].name, (int)got.len, got.ptr);
    ck_assert_msg(lp_decode_name_equal(escaped, plain), "%s: not equal", names[_i].name);
    for (size_t len = 0; len < plain.len; len++) {
        ck_assert_msg(!lp_decode_name_equal(escaped, (struct span){plain.ptr, len}), "%s: equal at %zu", names[_i].name,
                      len);
    }
    free(out);
    free(plain_block);
    free(block);
}
END_TEST

START_TEST(tells_names_apart)
{
    static const struct {
        const char *escaped;
        const char *plain;
    } different[] = {
        {"topic", "topics"}, {"topics", "topic"}, {"topic", "Topic"}, {"", "a"},
        {"a", ""},           {"a\\,b", "a\\,b"},  {"a\\", "a"},       {"a\\ ", "a"},
    };
    for (size_t i = 0; i < COUNT(different); i++) {
        ck_assert_msg(!lp_decode_name_equal(span_of(different[i].escaped), span_of(different[i].plain)), "%s is not %s",
                      different[i].escaped, different[i].plain);
    }
}
END_TEST

static const struct {
    const char *name;
    struct span escaped;
    struct span plain;
} strings[] = {
    {"empty", BYTES(""), BYTES("")},
    {"plain", BYTES("a,b= c\n\t\0\xFF"), BYTES("a,b= c\n\t\0\xFF")},
    {"quote", BYTES("\\\""), BYTES("\"")},
    {"backslash", BYTES("\\\\"), BYTES("\\")},
    {"JSON with an escape", BYTES("{\\\"a\\\":\\\"\\\\n\\\\\\\"\\\"}"), BYTES("{\"a\":\"\\n\\\"\"}")},
};

/* In every place of a record that is read in words of eight bytes. */
START_TEST(undoes_the_escapes_of_strings)
{
    static const char blanks[] = "                ";
    for (int shift = 0; shift < 16; shift++) {
        struct buf record;
        struct buf want;
        char texts[256];
        struct lp_decode_cursor cursor;
        struct lp_decode_item item;
        buf_init(&record, MAX_TEXT);
        buf_init(&want, MAX_TEXT);
        buf_format(&record, "m v=\"%.*s", shift, blanks);
        buf_span(&record, strings[_i].escaped);
        buf_text(&record, "\",w=\"x\" 1");
        buf_format(&want, "%.*s", shift, blanks);
        buf_span(&want, strings[_i].plain);
        lp_decode_begin(&cursor, buf_view(&record), texts);
        ck_assert_int_eq(lp_decode_next(&cursor, &item, NULL), LP_DECODE_MEASUREMENT);
        ck_assert_int_eq(lp_decode_next(&cursor, &item, NULL), LP_DECODE_FIELD);
        struct span got = item.value.as.text;
        ck_assert_int_eq(lp_decode_next(&cursor, &item, NULL), LP_DECODE_FIELD);
        ck_assert_msg(span_equal(got, buf_view(&want)), "%s behind %d: got %.*s", strings[_i].name, shift, (int)got.len,
                      got.ptr);
        ck_assert(span_equal(item.value.as.text, SPAN_LITERAL("x")));
        buf_free(&record);
        buf_free(&want);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lp_decode");
    TCase *tcase = tcase_create("lp_decode");
    tcase_add_loop_test(tcase, decodes, 0, COUNT(good));
    tcase_add_loop_test(tcase, refuses, 0, COUNT(bad));
    tcase_add_loop_test(tcase, refuses_values, 0, COUNT(bad_values));
    tcase_add_loop_test(tcase, decodes_every_prefix, 0, COUNT(good) + COUNT(bad));
    tcase_add_test(tcase, only_one_end_of_line_is_taken_off);
    tcase_add_test(tcase, any_bytes_end_well);
    tcase_add_loop_test(tcase, undoes_the_escapes_of_names, 0, COUNT(names));
    tcase_add_test(tcase, tells_names_apart);
    tcase_add_loop_test(tcase, undoes_the_escapes_of_strings, 0, COUNT(strings));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
