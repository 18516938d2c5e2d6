#include "replay/patch.h"
#include "support.h"
#include "json/scan.h"

#define HOUR (INT64_C(3600) * 1000000000)
#define DEVICE "VM-SH-001"
#define CLONE "VM-SH-0104"

/* What becomes of a payload that is an hour later and of another machine:
 * test/captures/README.md, and every oddity of its "Seen in the field". */
static const struct {
    const char *name;
    enum message_kind kind;
    struct span payload;
    struct span patched;
} cases[] = {
    {"telemetry", MESSAGE_TELEMETRY,
     SPAN_LITERAL("{\"device_no\":\"" DEVICE "\",\"ts\":\"2026-11-24T00:31:59.452Z\",\"system\":{\"voltage\":220.10}}"),
     SPAN_LITERAL("{\"device_no\":\"" CLONE "\",\"ts\":\"2026-11-24T01:31:59.452Z\",\"system\":{\"voltage\":220.10}}")},
    {"id for device_no, ts first, in seconds", MESSAGE_TELEMETRY,
     SPAN_LITERAL("{ \"ts\" : 1795480318 , \"id\" : \"" DEVICE "\" }"),
     SPAN_LITERAL("{ \"ts\" : 1795483918 , \"id\" : \"" CLONE "\" }")},
    {"both of them, ts as text", MESSAGE_TELEMETRY,
     SPAN_LITERAL("{\"id\":\"" DEVICE "\",\"ts\":\"1795480318123\",\"device_no\":\"" DEVICE "\"}"),
     SPAN_LITERAL("{\"id\":\"" CLONE "\",\"ts\":\"1795483918123\",\"device_no\":\"" CLONE "\"}")},
    {"an event, whose data has a time too", MESSAGE_EVENTS,
     SPAN_LITERAL(
         "{\"event_type\":\"DOOR_OPENED\",\"data\":{\"door_id\":\"D\",\"timestamp\":1795480316},\"ts\":1795480318}"),
     SPAN_LITERAL(
         "{\"event_type\":\"DOOR_OPENED\",\"data\":{\"door_id\":\"D\",\"timestamp\":1795483916},\"ts\":1795483918}")},
    {"an event's id is not the machine", MESSAGE_EVENTS, SPAN_LITERAL("{\"id\":\"" DEVICE "\",\"ts\":1795480318}"),
     SPAN_LITERAL("{\"id\":\"" DEVICE "\",\"ts\":1795483918}")},
    {"telemetry's data.timestamp is nothing that is known", MESSAGE_TELEMETRY,
     SPAN_LITERAL("{\"data\":{\"timestamp\":1795480318}}"), SPAN_LITERAL("{\"data\":{\"timestamp\":1795480318}}")},
    {"status", MESSAGE_STATUS, SPAN_LITERAL("{\"status\":\"online\",\"device_no\":\"" DEVICE "\",\"ts\":1795480318}"),
     SPAN_LITERAL("{\"status\":\"online\",\"device_no\":\"" CLONE "\",\"ts\":1795483918}")},
    {"another machine's number: the fault stays", MESSAGE_STATUS,
     SPAN_LITERAL("{\"device_no\":\"VM-SH-0011\",\"ts\":0}"),
     SPAN_LITERAL("{\"device_no\":\"VM-SH-0011\",\"ts\":3600}")},
    {"the number written with escapes", MESSAGE_STATUS, SPAN_LITERAL("{\"device_no\":\"\\u0056M\\u002dSH-001\"}"),
     SPAN_LITERAL("{\"device_no\":\"" CLONE "\"}")},
    {"a time that is none", MESSAGE_STATUS, SPAN_LITERAL("{\"device_no\":\"" DEVICE "\",\"ts\":\"soon\"}"),
     SPAN_LITERAL("{\"device_no\":\"" CLONE "\",\"ts\":\"soon\"}")},
    {"values of other types", MESSAGE_STATUS, SPAN_LITERAL("{\"device_no\":[\"" DEVICE "\"],\"ts\":null,\"id\":{}}"),
     SPAN_LITERAL("{\"device_no\":[\"" DEVICE "\"],\"ts\":null,\"id\":{}}")},
    {"the last of equal keys", MESSAGE_STATUS, SPAN_LITERAL("{\"ts\":1795480318,\"ts\":1795480319}"),
     SPAN_LITERAL("{\"ts\":1795480318,\"ts\":1795483919}")},
    {"pretty-printed, with CRLF and a byte-order mark", MESSAGE_STATUS,
     SPAN_LITERAL("\xEF\xBB\xBF\r\n{\r\n\t\"ts\":\t1795480318,\r\n\t\"id\": \"" DEVICE "\"\r\n}\r\n"),
     SPAN_LITERAL("\xEF\xBB\xBF\r\n{\r\n\t\"ts\":\t1795483918,\r\n\t\"id\": \"" CLONE "\"\r\n}\r\n")},
    {"a NUL behind", MESSAGE_STATUS, SPAN_LITERAL("{\"ts\":1795480318}\0"), SPAN_LITERAL("{\"ts\":1795483918}\0")},
    {"bytes that are not UTF-8 in a text", MESSAGE_STATUS, SPAN_LITERAL("{\"x\":\"\xB5\xE7\",\"ts\":1795480318}"),
     SPAN_LITERAL("{\"x\":\"\xB5\xE7\",\"ts\":1795483918}")},
    {"one digit more", MESSAGE_STATUS, SPAN_LITERAL("{\"ts\":9999999999,\"a\":1}"),
     SPAN_LITERAL("{\"ts\":10000003599,\"a\":1}")},
    {"a time without room to move stays", MESSAGE_STATUS, SPAN_LITERAL("{\"ts\":\"2261-12-31T23:59:59Z\"}"),
     SPAN_LITERAL("{\"ts\":\"2261-12-31T23:59:59Z\"}")},
    {"not JSON", MESSAGE_STATUS, SPAN_LITERAL("ts=1795480318"), SPAN_LITERAL("ts=1795480318")},
    {"cut off", MESSAGE_STATUS, SPAN_LITERAL("{\"ts\":1795480318,\"device_no\":\"" DEVICE),
     SPAN_LITERAL("{\"ts\":1795480318,\"device_no\":\"" DEVICE)},
    {"two documents", MESSAGE_STATUS, SPAN_LITERAL("{\"ts\":1795480318}{\"ts\":1795480318}"),
     SPAN_LITERAL("{\"ts\":1795480318}{\"ts\":1795480318}")},
    {"not an object", MESSAGE_STATUS, SPAN_LITERAL("[1795480318]"), SPAN_LITERAL("[1795480318]")},
    {"a value that is none", MESSAGE_TELEMETRY, SPAN_LITERAL("{\"ts\":1795480318,\"system\":{\"voltage\":nan}}"),
     SPAN_LITERAL("{\"ts\":1795483918,\"system\":{\"voltage\":nan}}")},
    {"several in an array", MESSAGE_TELEMETRY,
     SPAN_LITERAL(" [ {\"ts\":1795480318,\"device_no\":\"" DEVICE "\"} ,7,{\"id\":\"" DEVICE "\",\"ts\":0}] \n"),
     SPAN_LITERAL(" [ {\"ts\":1795483918,\"device_no\":\"" CLONE "\"} ,7,{\"id\":\"" CLONE "\",\"ts\":3600}] \n")},
    {"several with newlines between, one damaged, one over several lines", MESSAGE_TELEMETRY,
     SPAN_LITERAL("{\"ts\":1795480318}\n{\"ts\":1795480318\n{\n \"ts\": 1795480319\n}\r\n"),
     SPAN_LITERAL("{\"ts\":1795483918}\n{\"ts\":1795480318\n{\n \"ts\": 1795483919\n}\r\n")},
    {"nothing", MESSAGE_STATUS, SPAN_LITERAL(""), SPAN_LITERAL("")},
};

#define BLANKS_50 "                                                  "
#define ZEROS_50 "00000000000000000000000000000000000000000000000000"

/* Times that an hour's or fifty years' shift cannot be written into: they stay as they are, and
 * are counted. */
static const struct {
    const char *name;
    enum message_kind kind;
    const char *payload;
    int64_t shift_ns;
    size_t unmoved;
} unmoved[] = {
    {"a number grows and there is no room", MESSAGE_STATUS, "{\"ts\":\"" BLANKS_50 "          0\"}", 438000 * HOUR, 1},
    {"the same without a digit before the point", MESSAGE_STATUS, "{\"ts\":\"." ZEROS_50 "000000000\"}", 438000 * HOUR,
     1},
    {"longer than any time", MESSAGE_STATUS, "{\"ts\":1795480318." ZEROS_50 "0000}", HOUR, 1},
    {"past the last year", MESSAGE_STATUS, "{\"ts\":\"2261-12-31T23:59:59Z\"}", HOUR, 1},
    {"into another unit", MESSAGE_STATUS, "{\"ts\":99999999999}", HOUR, 1},
    {"a time before 1970", MESSAGE_STATUS, "{\"ts\":-5}", HOUR, 1},
    {"written with an escape", MESSAGE_STATUS, "{\"ts\":\"2026-11-24T00:31:59\\u005a\"}", HOUR, 1},
    {"two of them", MESSAGE_EVENTS, "{\"ts\":99999999999,\"data\":{\"timestamp\":99999999999}}", HOUR, 2},
    {"of several", MESSAGE_STATUS, "[{\"ts\":-5},{\"ts\":99999999999}]", HOUR, 2},
    {"nothing is to be moved", MESSAGE_STATUS, "{\"ts\":99999999999}", 0, 0},
    {"a leap second, and nothing is to be moved", MESSAGE_STATUS, "{\"ts\":\"2016-12-31T23:59:60Z\"}", 0, 0},
    {"not a time that anybody can read", MESSAGE_STATUS, "{\"ts\":\"soon\"}", HOUR, 1},
    {"no time", MESSAGE_STATUS, "{\"ts\":\"\"}", HOUR, 0},
    {"neither", MESSAGE_STATUS, "{\"ts\":null}", HOUR, 0},
};

static struct mapping *mapping;

static void make_mapping(void)
{
    mapping = mapping_new();
    ck_assert_ptr_nonnull(mapping);
}

static void free_mapping(void)
{
    mapping_free(mapping);
}

START_TEST(patches)
{
    char *block;
    struct span payload = exact_copy(cases[_i].payload, &block);
    struct replay_patch patch;
    struct buf out;
    buf_init(&out, 4096);
    replay_patch_find(mapping, cases[_i].kind, SPAN_LITERAL(DEVICE), payload, &patch);
    IGNORE_RESULT(replay_patch_apply(&patch, payload, HOUR, SPAN_LITERAL(CLONE), &out)); /* counts_what_stays */
    ck_assert_msg(span_equal(buf_view(&out), cases[_i].patched), "%s: got %.*s", cases[_i].name, (int)out.len, out.ptr);
    buf_truncate(&out, 0);
    ck_assert_uint_eq(replay_patch_apply(&patch, payload, 0, (struct span){"", 0}, &out), 0);
    ck_assert_msg(span_equal(buf_view(&out), payload), "%s, unchanged: got %.*s", cases[_i].name, (int)out.len,
                  out.ptr);
    buf_free(&out);
    free(block);
}
END_TEST

START_TEST(counts_what_stays)
{
    char *block;
    struct span payload = exact_copy(span_of(unmoved[_i].payload), &block);
    struct replay_patch patch;
    struct buf out;
    buf_init(&out, 4096);
    replay_patch_find(mapping, unmoved[_i].kind, SPAN_LITERAL(DEVICE), payload, &patch);
    size_t count = replay_patch_apply(&patch, payload, unmoved[_i].shift_ns, SPAN_LITERAL(CLONE), &out);
    ck_assert_msg(count == unmoved[_i].unmoved, "%s: counted %zu", unmoved[_i].name, count);
    ck_assert_msg(span_equal(buf_view(&out), payload), "%s: got %.*s", unmoved[_i].name, (int)out.len, out.ptr);
    buf_free(&out);
    free(block);
}
END_TEST

/* A number without quotes whose clone is no number (fleet.h: one too long to count on) gets them. */
START_TEST(a_long_number_as_machine)
{
    const struct span payload = SPAN_LITERAL("{\"device_no\":8688888888888888,\"ts\":1}");
    struct replay_patch patch;
    struct buf out;
    buf_init(&out, 4096);
    replay_patch_find(mapping, MESSAGE_STATUS, SPAN_LITERAL("8688888888888888"), payload, &patch);
    ck_assert_uint_eq(replay_patch_apply(&patch, payload, 0, SPAN_LITERAL("8688888888888888-1"), &out), 0);
    ck_assert_str_eq(text_of(&out), "{\"device_no\":\"8688888888888888-1\",\"ts\":1}");
    buf_free(&out);
}
END_TEST

START_TEST(a_number_as_machine)
{
    const struct span payload = SPAN_LITERAL("{\"device_no\":1001,\"ts\":1}");
    struct replay_patch patch;
    struct buf out;
    buf_init(&out, 4096);
    replay_patch_find(mapping, MESSAGE_STATUS, SPAN_LITERAL("1001"), payload, &patch);
    buf_text(&out, "[");
    ck_assert_uint_eq(replay_patch_apply(&patch, payload, 0, SPAN_LITERAL("1002"), &out), 0);
    ck_assert_str_eq(text_of(&out), "[{\"device_no\":1002,\"ts\":1}");
    buf_free(&out);
}
END_TEST

/* A site's mapping may name other paths; one that stands there twice counts once. */
START_TEST(follows_the_mapping)
{
    static const char payload[] =
        "{\"t\":1795480318,\"m\":{\"no\":\"" DEVICE "\",\"at\":1795480318},\"ts\":1795480318}";
    static const char patched[] = "{\"t\":1795483918,\"m\":{\"no\":\"" CLONE "\",\"at\":1795483918},\"ts\":1795480318}";
    struct mapping *other = mapping_new();
    struct table_map *table = &other->tables[MESSAGE_STATUS];
    struct replay_patch patch;
    struct buf out;
    buf_init(&out, 4096);
    table->time_count = 0;
    table->device_no_count = 0;
    ck_assert(mapping_add_path(other, table->time, &table->time_count, "m.at"));
    ck_assert(mapping_add_path(other, table->time, &table->time_count, "t"));
    ck_assert(mapping_add_path(other, table->time, &table->time_count, "t"));
    ck_assert(mapping_add_path(other, table->device_no, &table->device_no_count, "m.no"));
    replay_patch_find(other, MESSAGE_STATUS, SPAN_LITERAL(DEVICE), SPAN_LITERAL(payload), &patch);
    ck_assert_uint_eq(replay_patch_apply(&patch, SPAN_LITERAL(payload), HOUR, SPAN_LITERAL(CLONE), &out), 0);
    ck_assert_str_eq(text_of(&out), patched);
    ck_assert_uint_eq(patch.count, 3);
    buf_free(&out);
    mapping_free(other);
}
END_TEST

static bool is_json(struct span text)
{
    const struct json_limits limits = {JSON_MAX_DEPTH, 1000};
    struct json_report report;
    return json_scan_bytes(text, &limits, NULL, &report, NULL) == JSON_OK;
}

/* Whatever a device sends: nothing changes when nothing is to be changed, and what was JSON
 * stays JSON. */
START_TEST(survives_every_changed_byte)
{
    static const char payload[] = "{\"device_no\":\"" DEVICE "\",\"ts\":\"2026-11-24T00:31:59.4Z\",\"id\":\"" DEVICE
                                  "\",\"data\":{\"timestamp\":1795480318.5e0,\"a\":[1,null]},\"ts\":1795480318}";
    static const char bytes[] = "\0 \n\"\\{}[],:.-+eE01u9xZT\x7f\x80\xff";
    for (size_t at = 0; at < sizeof payload - 1; at++) {
        for (size_t b = 0; b < sizeof bytes - 1; b++) {
            char *block;
            struct replay_patch patch;
            struct buf same;
            struct buf other;
            struct span changed = exact_copy(SPAN_LITERAL(payload), &block);
            block[at] = bytes[b];
            buf_init(&same, 4096);
            buf_init(&other, 4096);
            replay_patch_find(mapping, MESSAGE_EVENTS, SPAN_LITERAL(DEVICE), changed, &patch);
            ck_assert_uint_eq(replay_patch_apply(&patch, changed, 0, (struct span){"", 0}, &same), 0);
            ck_assert_uint_le(replay_patch_apply(&patch, changed, HOUR, SPAN_LITERAL(CLONE), &other), patch.count);
            ck_assert_msg(span_equal(buf_view(&same), changed), "byte %zu as %#x", at, (unsigned char)bytes[b]);
            ck_assert_msg(is_json(changed) == is_json(buf_view(&other)), "byte %zu as %#x: %.*s", at,
                          (unsigned char)bytes[b], (int)other.len, other.ptr);
            buf_free(&same);
            buf_free(&other);
            free(block);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_patch");
    TCase *tcase = tcase_create("replay_patch");
    tcase_add_checked_fixture(tcase, make_mapping, free_mapping);
    tcase_add_loop_test(tcase, patches, 0, (int)COUNT(cases));
    tcase_add_loop_test(tcase, counts_what_stays, 0, (int)COUNT(unmoved));
    tcase_add_test(tcase, a_number_as_machine);
    tcase_add_test(tcase, a_long_number_as_machine);
    tcase_add_test(tcase, follows_the_mapping);
    tcase_add_test(tcase, survives_every_changed_byte);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
