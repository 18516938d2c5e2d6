#include <math.h>

#include "base/utf8.h"
#include "lp/decode.h"
#include "lp/encode.h"
#include "support.h"

#define BYTES(text)                                                                                                    \
    {                                                                                                                  \
        (text), sizeof(text) - 1                                                                                       \
    }
#define MAX_TEXT 65536
#define MAX_FIELDS 8
#define FFFD "\xEF\xBF\xBD"

#define FLOAT(number)                                                                                                  \
    {                                                                                                                  \
        .type = LP_VALUE_FLOAT, .as = {.f = (number) }                                                                 \
    }
#define INT(number)                                                                                                    \
    {                                                                                                                  \
        .type = LP_VALUE_INT, .as = {.i = (number) }                                                                   \
    }
#define UINT(number)                                                                                                   \
    {                                                                                                                  \
        .type = LP_VALUE_UINT, .as = {.u = (number) }                                                                  \
    }
#define BOOL(truth)                                                                                                    \
    {                                                                                                                  \
        .type = LP_VALUE_BOOL, .as = {.b = (truth) }                                                                   \
    }
#define TEXT(chars)                                                                                                    \
    {                                                                                                                  \
        .type = LP_VALUE_TEXT, .as = {.text = BYTES(chars) }                                                           \
    }
#define NO_TAGS                                                                                                        \
    {                                                                                                                  \
        {                                                                                                              \
            NULL, BYTES("")                                                                                            \
        }                                                                                                              \
    }
#define NO_FIELDS                                                                                                      \
    {                                                                                                                  \
        {                                                                                                              \
            NULL, INT(0)                                                                                               \
        }                                                                                                              \
    }

/* line: what is expected, of no bytes where the row is refused. */
static const struct {
    const char *name;
    const char *measurement;
    struct lp_row_tag tags[LP_ROW_MAX_TAGS];
    struct {
        const char *name;
        struct lp_value value;
    } fields[MAX_FIELDS];
    int64_t time_ns;
    struct span line;
} cases[] = {
    {"least", "m", NO_TAGS, {{"v", INT(1)}}, 0, BYTES("m v=1i 0\n")},
    {"all of it",
     "vm_telemetry",
     {{"device_no", BYTES("VM-SH-001")}},
     {{"voltage", FLOAT(220.5)}, {"uptime", INT(7)}, {"door_closed", BOOL(true)}, {"network_type", TEXT("4G")}},
     1700000000123456789,
     BYTES("vm_telemetry,device_no=VM-SH-001 voltage=220.5,uptime=7i,door_closed=true,network_type=\"4G\" "
           "1700000000123456789\n")},
    {"two tags", "m", {{"b", BYTES("1")}, {"a", BYTES("2")}}, {{"v", INT(1)}}, 0, BYTES("m,b=1,a=2 v=1i 0\n")},
    {"greatest time", "m", NO_TAGS, {{"v", INT(1)}}, INT64_MAX, BYTES("m v=1i 9223372036854775807\n")},
    {"least time", "m", NO_TAGS, {{"v", INT(1)}}, INT64_MIN, BYTES("m v=1i -9223372036854775808\n")},

    {"integers",
     "m",
     NO_TAGS,
     {{"a", INT(0)}, {"b", INT(INT64_MAX)}, {"c", INT(INT64_MIN)}},
     0,
     BYTES("m a=0i,b=9223372036854775807i,c=-9223372036854775808i 0\n")},
    {"unsigned",
     "m",
     NO_TAGS,
     {{"a", UINT(0)}, {"b", UINT(UINT64_MAX)}},
     0,
     BYTES("m a=0u,b=18446744073709551615u 0\n")},
    {"booleans", "m", NO_TAGS, {{"a", BOOL(true)}, {"b", BOOL(false)}}, 0, BYTES("m a=true,b=false 0\n")},
    {"floats",
     "m",
     NO_TAGS,
     {{"a", FLOAT(0)}, {"b", FLOAT(-18.25)}, {"c", FLOAT(220.1)}, {"d", FLOAT(1e300)}},
     0,
     BYTES("m a=0,b=-18.25,c=220.1,d=1e+300 0\n")},
    {"NaN and infinities left out",
     "m",
     NO_TAGS,
     {{"a", FLOAT(NAN)}, {"b", INT(1)}, {"c", FLOAT(INFINITY)}, {"d", FLOAT(-INFINITY)}},
     0,
     BYTES("m b=1i 0\n")},

    {"escapes of a measurement", "a,b c=d\"e\\f", NO_TAGS, {{"v", INT(1)}}, 0, BYTES("a\\,b\\ c=d\"e\\f v=1i 0\n")},
    {"escapes of a tag",
     "m",
     {{"a,b c=d", BYTES("e,f g=h\"i\\j")}},
     {{"v", INT(1)}},
     0,
     BYTES("m,a\\,b\\ c\\=d=e\\,f\\ g\\=h\"i\\j v=1i 0\n")},
    {"escapes of a field's key", "m", NO_TAGS, {{"a,b c=d\"e\\f", INT(1)}}, 0, BYTES("m a\\,b\\ c\\=d\"e\\f=1i 0\n")},
    {"escapes of a string",
     "m",
     NO_TAGS,
     {{"v", TEXT("a\"b\\c,d e=f\\\"")}},
     0,
     BYTES("m v=\"a\\\"b\\\\c,d e=f\\\\\\\"\" 0\n")},
    {"line breaks in a string stay",
     "m",
     NO_TAGS,
     {{"v", TEXT("\n\r\n\t\v\f\r")}},
     0,
     BYTES("m v=\"\n\r\n\t\v\f\r\" 0\n")},
    {"line breaks elsewhere do not",
     "a\nb\rc",
     {{"d\te", BYTES("f\vg\fh\n")}},
     {{"i\nj", INT(1)}},
     0,
     BYTES("a_b_c,d_e=f_g_h_ i_j=1i 0\n")},
    {"backslashes at the end",
     "m\\",
     {{"a\\\\", BYTES("b\\\\\\")}},
     {{"v\\", TEXT("w\\")}},
     0,
     BYTES("m,a=b v=\"w\\\\\" 0\n")},
    {"tags of backslashes left out",
     "m",
     {{"a", BYTES("\\\\")}, {"\\", BYTES("b")}},
     {{"v", INT(1)}},
     0,
     BYTES("m v=1i 0\n")},
    {"fields without a name left out",
     "m",
     NO_TAGS,
     {{"\\", INT(1)}, {"v", INT(2)}, {"", INT(3)}},
     0,
     BYTES("m v=2i 0\n")},
    {"empty string", "m", NO_TAGS, {{"v", TEXT("")}, {"w", TEXT("")}}, 0, BYTES("m v=\"\",w=\"\" 0\n")},

    {"text of many bytes a character",
     "m",
     {{"a", BYTES("\xE4\xB8\xAD")}},
     {{"v", TEXT("\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80")}},
     0,
     BYTES("m,a=\xE4\xB8\xAD v=\"\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80\" 0\n")},
    {"NUL in a string",
     "m",
     NO_TAGS,
     {{"v", TEXT("\0a\0\0b\0")}},
     0,
     BYTES("m v=\"" FFFD "a" FFFD FFFD "b" FFFD "\" 0\n")},
    {"NUL in a tag", "m", {{"a", BYTES("\0,\0")}}, {{"v", INT(1)}}, 0, BYTES("m,a=" FFFD "\\," FFFD " v=1i 0\n")},
    {"not UTF-8",
     "m",
     NO_TAGS,
     {{"v", TEXT("\xFF"
                 "a\x80\xC0\xAF\xED\xA0\x80"
                 "b\xF5")}},
     0,
     BYTES("m v=\"" FFFD "a" FFFD FFFD FFFD FFFD FFFD FFFD "b" FFFD "\" 0\n")},
    {"cut within a character",
     "m",
     NO_TAGS,
     {{"v", TEXT("a\xE4\xB8")}, {"w", TEXT("\xF0")}},
     0,
     BYTES("m v=\"a" FFFD FFFD "\",w=\"" FFFD "\" 0\n")},
    {"not UTF-8 before what is escaped",
     "m",
     {{"a", BYTES("\xC3 \xC3=")}},
     {{"v", TEXT("\xC3\"\xC3\\")}},
     0,
     BYTES("m,a=" FFFD "\\ " FFFD "\\= v=\"" FFFD "\\\"" FFFD "\\\\\" 0\n")},
    {"control characters in a string",
     "m",
     NO_TAGS,
     {{"v", TEXT("\x01\x1B\x7F")}},
     0,
     BYTES("m v=\"\x01\x1B\x7F\" 0\n")},

    {"no field", "m", {{"a", BYTES("b")}}, NO_FIELDS, 0, BYTES("")},
    {"no field that can be written", "m", NO_TAGS, {{"a", FLOAT(NAN)}, {"\\", INT(1)}}, 0, BYTES("")},
    {"no measurement", "", NO_TAGS, {{"v", INT(1)}}, 0, BYTES("")},
    {"measurement of backslashes", "\\\\", NO_TAGS, {{"v", INT(1)}}, 0, BYTES("")},
};

static void fill(struct lp_row *row, size_t i)
{
    lp_row_begin(row, cases[i].measurement, cases[i].time_ns);
    for (size_t t = 0; t < LP_ROW_MAX_TAGS && cases[i].tags[t].name; t++) {
        lp_row_tag(row, cases[i].tags[t].name, cases[i].tags[t].value);
    }
    for (size_t f = 0; f < MAX_FIELDS && cases[i].fields[f].name; f++) {
        lp_row_field(row, cases[i].fields[f].name, cases[i].fields[f].value);
    }
}

START_TEST(encodes)
{
    struct lp_row row;
    struct buf out;
    fill(&row, (size_t)_i);
    buf_init(&out, MAX_TEXT);
    buf_text(&out, "before\n");
    bool ok = lp_encode_row(&out, &row);
    struct span got = span_after(buf_view(&out), 7);

    ck_assert_msg(ok == (cases[_i].line.len > 0), "%s: returned %d", cases[_i].name, ok);
    ck_assert_msg(span_equal(got, cases[_i].line), "%s: got %.*s, want %.*s", cases[_i].name, (int)got.len, got.ptr,
                  (int)cases[_i].line.len, cases[_i].line.ptr);
    ck_assert(!out.failed);
    buf_free(&out);
}
END_TEST

/* With each cap up to what it takes: nothing or all, and what was there stays. */
START_TEST(appends_all_or_nothing)
{
    struct lp_row row;
    size_t whole = cases[_i].line.len;
    fill(&row, (size_t)_i);
    for (size_t room = 0; room <= whole + 1; room++) {
        struct buf out;
        buf_init(&out, room + 4);
        buf_text(&out, "abc\n");
        bool ok = lp_encode_row(&out, &row);
        ck_assert_msg(whole > 0 ? ok == (room >= whole) : !ok, "%s: returned %d at %zu", cases[_i].name, ok, room);
        ck_assert_uint_eq(out.len, 4 + (ok ? whole : 0));
        ck_assert(!out.failed && memcmp(out.ptr, "abc\n", 4) == 0);
        buf_free(&out);
    }
}
END_TEST

START_TEST(leaves_a_failed_buffer_alone)
{
    struct lp_row row;
    struct buf out;
    fill(&row, 0);
    buf_init(&out, 64);
    buf_text(&out, "abc");
    for (int i = 0; i < 64; i++) {
        buf_char(&out, 'x');
    }
    ck_assert(out.failed);
    size_t len = out.len;
    ck_assert(!lp_encode_row(&out, &row));
    ck_assert(out.failed);
    ck_assert_uint_eq(out.len, len);
    buf_free(&out);
}
END_TEST

#define NAME_BYTES 256

/* A row made from a record, with the memory that its views need. */
struct decoded {
    struct lp_row row;
    char measurement[NAME_BYTES];
    char names[MAX_FIELDS + LP_ROW_MAX_TAGS][NAME_BYTES];
    char texts[MAX_FIELDS + LP_ROW_MAX_TAGS][4 * NAME_BYTES];
    char strings[MAX_TEXT]; /* of fields, without their escapes */
    size_t used;
};

static const char *plain_name(struct decoded *decoded, struct span escaped)
{
    char *name = decoded->names[decoded->used];
    ck_assert_uint_lt(escaped.len, NAME_BYTES);
    name[lp_decode_name(escaped, name)] = '\0';
    return name;
}

static void take_piece(struct decoded *decoded, enum lp_decode_piece piece, const struct lp_decode_item *item)
{
    ck_assert_uint_lt(decoded->used, COUNT(decoded->names));
    char *text = decoded->texts[decoded->used];
    struct lp_value value = item->value;
    switch (piece) {
    case LP_DECODE_MEASUREMENT:
        ck_assert_uint_lt(item->raw.len, NAME_BYTES);
        decoded->measurement[lp_decode_name(item->raw, decoded->measurement)] = '\0';
        lp_row_begin(&decoded->row, decoded->measurement, 0);
        break;
    case LP_DECODE_TAG:
        lp_row_tag(&decoded->row, plain_name(decoded, item->key), (struct span){text, lp_decode_name(item->raw, text)});
        decoded->used++;
        break;
    case LP_DECODE_FIELD:
        lp_row_field(&decoded->row, plain_name(decoded, item->key), value);
        decoded->used++;
        break;
    case LP_DECODE_TIME:
        decoded->row.time_ns = item->value.as.i;
        break;
    case LP_DECODE_END:
    case LP_DECODE_BLANK:
    case LP_DECODE_ERROR:
        break;
    }
}

static enum lp_decode_piece decode(struct span record, struct decoded *decoded)
{
    struct lp_decode_cursor cursor;
    struct lp_decode_item item;
    enum lp_decode_piece piece;
    decoded->used = 0;
    lp_decode_begin(&cursor, record, decoded->strings);
    do {
        piece = lp_decode_next(&cursor, &item, NULL);
        take_piece(decoded, piece, &item);
    } while (piece != LP_DECODE_END && piece != LP_DECODE_BLANK && piece != LP_DECODE_ERROR);
    return piece;
}

static void check_decodes_to_itself(const char *name, struct span line)
{
    static struct decoded decoded;
    struct buf out;
    buf_init(&out, MAX_TEXT);
    ck_assert_msg(decode(line, &decoded) == LP_DECODE_END, "%s: not line protocol", name);
    ck_assert_msg(lp_encode_row(&out, &decoded.row), "%s: not written", name);
    ck_assert_msg(span_equal(buf_view(&out), line), "%s: got %.*s, want %.*s", name, (int)out.len, out.ptr,
                  (int)line.len, line.ptr);
    buf_free(&out);
}

START_TEST(what_is_written_reads_back_the_same)
{
    if (cases[_i].line.len > 0) {
        check_decodes_to_itself(cases[_i].name, cases[_i].line);
    }
}
END_TEST

/* As Telegraf's serializer writes them: line breaks in tags as two characters, strings raw, floats as short as can be. */
static const struct {
    const char *name;
    struct span line;
} telegraf[] = {
    {"mqtt_consumer", BYTES("mqtt_consumer,host=gw-1,topic=v1/vm/VM-SH-001/status "
                            "value=\"{\\\"status\\\":\\\"online\\\"}\" 1700000000123456789\n")},
    {"pretty-printed payload",
     BYTES(
         "mqtt_consumer,topic=t value=\"{\n\t\\\"a\\\": 1,\r\n\t\\\"b\\\": \\\"\\\\n\\\"\n}\" 1700000000000000000\n")},
    {"cpu", BYTES("cpu,cpu=cpu0,host=a usage_idle=98.54,usage_user=0.1,n=3i,ok=true,off=false 1700000000000000001\n")},
    {"escaped tag", BYTES("disk,path=C:\\\\\\,\\ d\\=e,label=a\\tb\\nc v=1i 1\n")},
    {"quotes in a tag", BYTES("m,a=\"b,c=\" v=1i 1\n")},
    {"measurement with spaces", BYTES("my\\ metric\\,one=two v=1i 1\n")},
    {"keys with spaces", BYTES("m a\\ b=1i,c\\,d=2i,e\\=f=3i 1\n")},
    {"before 1970", BYTES("m v=-1i -1\n")},
    {"backslashes", BYTES("m v=\"C:\\\\x\\\\\\\\\" 1\n")},
    {"Chinese", BYTES("m,a=\xE4\xB8\xAD v=\"\xE6\x96\x87\" 1\n")},
    {"empty string", BYTES("m v=\"\" 1\n")},
};

START_TEST(what_telegraf_writes_comes_out_again)
{
    check_decodes_to_itself(telegraf[_i].name, telegraf[_i].line);
}
END_TEST

/* A linear congruential generator (Knuth, MMIX): the same input on every machine. */
static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % below;
}

static struct span draw_text(uint64_t *seed, char *out, size_t size)
{
    static const char letters[] = "ab,= \"\\\n\r\t\v\f#\0\xC3\xA9\xFF\xE4\xB8\xAD";
    size_t len = 1 + draw(seed, (uint32_t)size - 1);
    for (size_t i = 0; i < len; i++) {
        out[i] = letters[draw(seed, sizeof letters)];
    }
    return (struct span){out, len};
}

/* Whatever a row holds, the line is one record of clean text, and decoding and encoding it again changes nothing. */
START_TEST(any_text_makes_a_clean_line)
{
    uint64_t seed = 4;
    for (int round = 0; round < 5000; round++) {
        char tag[24];
        char text[40];
        struct lp_row row;
        struct buf out;
        lp_row_begin(&row, "vm_rejected", round);
        lp_row_tag(&row, "device_no", draw_text(&seed, tag, sizeof tag));
        lp_row_field(&row, "payload", lp_value_text(draw_text(&seed, text, sizeof text)));
        buf_init(&out, MAX_TEXT);
        ck_assert(lp_encode_row(&out, &row));
        ck_assert(utf8_is_storable(buf_view(&out)));
        check_decodes_to_itself("random", buf_view(&out));
        buf_free(&out);
    }
}
END_TEST

/* A name that needs no escape is written alike, whether that is known or not; whole or not at all. */
START_TEST(plain_names)
{
    static const char name[] = "freezer_temp_0";
    for (size_t max = 20; max < 64; max++) {
        struct buf plain;
        struct buf searched;
        struct lp_row row;
        buf_init(&plain, max);
        buf_init(&searched, max);
        lp_row_begin(&row, "m", 7);
        for (size_t len = 1; len < sizeof name; len += 6) {
            lp_row_field(&row, name + sizeof name - 1 - len, lp_value_int((int64_t)len));
        }
        bool is_searched = lp_encode_row(&searched, &row);
        for (size_t i = 0; i < row.field_count; i++) {
            row.fields[i].plain_len = strlen(row.fields[i].name);
        }
        ck_assert(lp_encode_row(&plain, &row) == is_searched);
        ck_assert(is_searched == (max >= strlen("m 0=1i,_temp_0=7i,reezer_temp_0=13i 7\n")));
        ck_assert(span_equal(buf_view(&plain), buf_view(&searched)));
        buf_free(&plain);
        buf_free(&searched);
    }
}
END_TEST

/* ---- eight bytes at a time ---- */

/* The text as a tag and as a field. */
static void encode_twice(struct buf *out, struct span text)
{
    struct lp_row row;
    lp_row_begin(&row, "m", 7);
    lp_row_tag(&row, "t", text);
    lp_row_field(&row, "s", lp_value_text(text));
    buf_truncate(out, 0);
    if (!lp_encode_row(out, &row)) { /* cheaper than an assertion */
        ck_abort_msg("not written");
    }
}

static void put_times(struct buf *out, char c, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        buf_char(out, c);
    }
}

/* What stands for c in the line of a short text: as a tag, as a field. */
static void read_short(struct buf *line, char c, struct span *tag, struct span *field)
{
    const char text[] = {'a', c, 'a'};
    encode_twice(line, (struct span){text, sizeof text});
    const char *head = "m,t=a";
    const char *middle = "a s=\"a";
    const char *tail = "a\" 7\n";
    const char *found = strstr(text_of(line), middle);
    ck_assert(found && span_starts_with(buf_view(line), span_of(head)));
    *tag = (struct span){line->ptr + strlen(head), (size_t)(found - line->ptr) - strlen(head)};
    size_t at = (size_t)(found - line->ptr) + strlen(middle);
    *field = (struct span){line->ptr + at, line->len - at - strlen(tail)};
}

static struct span read_field(struct span line, char *strings)
{
    struct lp_decode_cursor cursor;
    struct lp_decode_item item;
    lp_decode_begin(&cursor, line, strings);
    while (lp_decode_next(&cursor, &item, NULL) != LP_DECODE_FIELD) {
    }
    return item.value.as.text;
}

/* Wherever a text stands in memory, whatever its length: a byte in each of its places is written
 * as in a short text, and read back. */
START_TEST(at_every_alignment)
{
    static const char bytes[] = "\0\x01\t\n\v\f\r\x1F !\"#,-=>\\]\x7F\x80\xFF";
    struct buf short_line;
    struct buf line;
    struct buf want;
    buf_init(&short_line, MAX_TEXT);
    buf_init(&line, MAX_TEXT);
    buf_init(&want, MAX_TEXT);
    for (size_t b = 0; b < sizeof bytes - 1; b++) {
        struct span tag;
        struct span field;
        read_short(&short_line, bytes[b], &tag, &field);
        for (size_t start = 0; start <= 8; start++) {
            for (size_t len = 3; len <= 40; len++) {
                char block[48];
                char strings[256];
                struct span text = {block + start, len};
                memset(block, '\\', sizeof block); /* beside the text, as it needs care */
                memset(block + start, 'a', len);
                for (size_t at = 1; at + 1 < len; at++) {
                    block[start + at] = bytes[b];
                    encode_twice(&line, text);
                    buf_truncate(&want, 0);
                    buf_text(&want, "m,t=");
                    put_times(&want, 'a', at);
                    buf_span(&want, tag);
                    put_times(&want, 'a', len - at - 1);
                    buf_text(&want, " s=\"");
                    put_times(&want, 'a', at);
                    buf_span(&want, field);
                    put_times(&want, 'a', len - at - 1);
                    buf_text(&want, "\" 7\n");
                    bool is_plain = bytes[b] > 0;
                    bool same = span_equal(buf_view(&line), buf_view(&want)) &&
                                (!is_plain || span_equal(read_field(buf_view(&line), strings), text));
                    block[start + at] = 'a';
                    if (!same) {
                        ck_abort_msg("%zu bytes at %zu, %02x at %zu: %s", len, start, (unsigned char)bytes[b], at,
                                     text_of(&line));
                    }
                }
            }
        }
    }
    buf_free(&short_line);
    buf_free(&line);
    buf_free(&want);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lp_encode_row");
    TCase *tcase = tcase_create("lp_encode_row");
    tcase_add_loop_test(tcase, encodes, 0, COUNT(cases));
    tcase_add_loop_test(tcase, appends_all_or_nothing, 0, COUNT(cases));
    tcase_add_loop_test(tcase, what_is_written_reads_back_the_same, 0, COUNT(cases));
    tcase_add_loop_test(tcase, what_telegraf_writes_comes_out_again, 0, COUNT(telegraf));
    tcase_add_test(tcase, leaves_a_failed_buffer_alone);
    tcase_add_test(tcase, any_text_makes_a_clean_line);
    tcase_add_test(tcase, plain_names);
    tcase_add_test(tcase, at_every_alignment);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
