#include <inttypes.h>

#include "base/timestamp.h"
#include "replay/retime.h"
#include "support.h"

#define MS INT64_C(1000000)
#define SECOND (1000 * MS)
#define HOUR (3600 * SECOND)
#define DAY (24 * HOUR)

#define BLANKS_10 "          "
#define BLANKS_50 BLANKS_10 BLANKS_10 BLANKS_10 BLANKS_10 BLANKS_10
#define ZEROS_50 "00000000000000000000000000000000000000000000000000"

/* test/captures/README.md, Telemetry and Seen in the field: every form in which a time
 * has been met, and its neighbours. */
static const struct {
    const char *name;
    const char *text;
    int64_t shift_ns;
    const char *moved;
} cases[] = {
    {"seconds", "1795480318", HOUR, "1795483918"},
    {"seconds back", "1795480318", -DAY, "1795393918"},
    {"nothing", "1795480318", 0, "1795480318"},
    {"seconds and a part of one: cut downward", "1795480318", HOUR + 999 * MS, "1795483918"},
    {"back by a part of one: cut downward too", "1795480318", -1, "1795480317"},
    {"milliseconds", "1795480318123", HOUR + 5 * MS, "1795483918128"},
    {"microseconds", "1795480318123456", 1000, "1795480318123457"},
    {"nanoseconds", "1795480318123456789", 1, "1795480318123456790"},
    {"microseconds, which as a double would be nanoseconds", "99999999999999995", 4000, "99999999999999999"},
    {"a fraction that rounds up to nanoseconds is of them", "99999999999999999.5", 1, "100000000000000000.5"},
    {"seconds with a fraction", "1795480318.25", 90 * SECOND + 10 * MS, "1795480408.26"},
    {"a fraction keeps its zeros", "1795480318.000", HOUR, "1795483918.000"},
    {"a carry out of the fraction", "1795480318.999", 2 * MS, "1795480319.001"},
    {"a fraction finer than nanoseconds keeps its tail", "1795480318.123456789987", 1, "1795480318.123456790987"},
    {"milliseconds with a fraction", "1795480318123.5", MS / 2, "1795480318124.0"},
    {"nanoseconds with a fraction", "1795480318123456789.5", 1, "1795480318123456790.5"},
    {"a point and no digits, as text has it", "1795480318.", HOUR, "1795483918."},
    {"an exponent", "1.795480318e9", HOUR, "1.795483918e9"},
    {"an exponent with sign and few digits: cut to what they hold", "1.79548E+09", 4 * HOUR, "1.79549E+09"},
    {"an exponent of microseconds", "1.7954803181234e+15", SECOND, "1.7954803191234e+15"},
    {"a negative exponent", "17954803180000e-4", SECOND, "17954803190000e-4"},
    {"a plus, as text has it", "+1795480318", HOUR, "+1795483918"},
    {"white space around", " 1795480318\t", HOUR, " 1795483918\t"},
    {"a clock that started in 1970", "5", DAY, "86405"},
    {"the epoch", "0", SECOND, "1"},
    {"less than a second", "0.25", SECOND / 2, "0.75"},
    {"less than a second, as text has it", ".25", SECOND / 2, ".75"},
    {"no whole second is left", "1.25", -SECOND, "0.25"},
    {"leading zeros, as text has it", "001795480318", HOUR, "001795483918"},
    {"leading zeros and a shift of nothing", "0000000007.50", 0, "0000000007.50"},
    {"one digit more", "999999999", SECOND, "1000000000"},
    {"one digit less", "1000000000", -SECOND, "999999999"},

    {"ISO", "2026-11-24T00:31:58Z", HOUR, "2026-11-24T01:31:58Z"},
    {"ISO with milliseconds", "2026-11-24T00:31:58.123Z", DAY + 4 * MS, "2026-11-25T00:31:58.127Z"},
    {"ISO with microseconds", "2026-11-24T00:31:58.123456Z", 1000, "2026-11-24T00:31:58.123457Z"},
    {"ISO with nanoseconds", "2026-11-24T00:31:58.123456789Z", 1, "2026-11-24T00:31:58.123456790Z"},
    {"ISO finer than that", "2026-11-24T00:31:58.1234567891234Z", 1, "2026-11-24T00:31:58.1234567901234Z"},
    {"ISO, one digit of fraction", "2026-11-24T00:31:58.9Z", 100 * MS, "2026-11-24T00:31:59.0Z"},
    {"ISO, cut downward", "2026-11-24T00:31:58Z", 999 * MS, "2026-11-24T00:31:58Z"},
    {"ISO with an offset: local time moves, the offset stays", "2026-11-24T08:31:58+08:00", 16 * HOUR,
     "2026-11-25T00:31:58+08:00"},
    {"ISO with a short offset", "2026-11-24 08:31:58.5+08", HOUR, "2026-11-24 09:31:58.5+08"},
    {"ISO west", "2026-11-23T19:31:58-0500", HOUR, "2026-11-23T20:31:58-0500"},
    {"ISO as mosquitto writes it", "2026-11-24T00:31:58.387371Z+0000", SECOND, "2026-11-24T00:31:59.387371Z+0000"},
    {"ISO without an offset", "2026-11-24 00:31:58", HOUR, "2026-11-24 01:31:58"},
    {"ISO without seconds: cut to minutes", "2026-11-24T00:31Z", 119 * SECOND, "2026-11-24T00:32Z"},
    {"ISO with a comma and a small t", "2026-11-24t00:31:58,25z", HOUR, "2026-11-24t01:31:58,25z"},
    {"over a leap day", "2028-02-28T23:59:59Z", SECOND, "2028-02-29T00:00:00Z"},
    {"over the year's end, back", "2027-01-01T00:00:00Z", -SECOND, "2026-12-31T23:59:59Z"},
    {"a leap second", "2016-12-31T23:59:60Z", SECOND, "2017-01-01T00:00:01Z"},
    {"ISO with a blank before the offset", "2024-06-01 19:59:58 +0800", 5 * HOUR, "2024-06-02 00:59:58 +0800"},
    {"ISO with a name behind", "2024-06-01T11:59:58.5Z[Etc/UTC]", HOUR, "2024-06-01T12:59:58.5Z[Etc/UTC]"},
    {"ISO without seconds and with an offset that looks like some", "2024-06-01T11:59+0800", HOUR,
     "2024-06-01T12:59+0800"},
    {"the basic form", "20240601T115958Z", DAY + SECOND, "20240602T115959Z"},
    {"the basic form with a fraction", "20240601T115958.25Z", 750 * MS, "20240601T115959.00Z"},
    {"the basic form without seconds", "20240601T1159+08", 90 * SECOND, "20240601T1200+08"},
    {"the basic form over the year's end", " 20241231 235959", SECOND, " 20250101 000000"},
    {"ISO with white space", " 2026-11-24T00:31:58Z\n", HOUR, " 2026-11-24T01:31:58Z\n"},
    {"a leap second and a shift of nothing", "2016-12-31T23:59:60Z", 0, "2016-12-31T23:59:60Z"},

    {"one digit that becomes ten: all the room there is", BLANKS_50 "    0", 1795480318 * SECOND,
     BLANKS_50 "    1795480318"},
    {"no digit that becomes ten: all the room there is", "." ZEROS_50 "000", 1795480318 * SECOND,
     "1795480318." ZEROS_50 "000"},
    {"one digit that becomes nineteen: all the room there is", BLANKS_10 BLANKS_10 BLANKS_10 BLANKS_10 "  0e-9",
     INT64_MAX, BLANKS_10 BLANKS_10 BLANKS_10 BLANKS_10 "  9223372036854775807e-9"},
    {"as long as it may be", BLANKS_50 "    1795480318", HOUR, BLANKS_50 "    1795483918"},
    {"ISO as long as it may be", BLANKS_10 BLANKS_10 BLANKS_10 BLANKS_10 "    2026-11-24T00:31Z   ", HOUR,
     BLANKS_10 BLANKS_10 BLANKS_10 BLANKS_10 "    2026-11-24T01:31Z   "},
};

/* Room for a moved time in a block of its own, so that the sanitizer sees one byte too many. */
static char *make_room(void)
{
    char *room = malloc(REPLAY_RETIME_MAX_BYTES);
    ck_assert_ptr_nonnull(room);
    return room;
}

START_TEST(moves)
{
    char *block;
    char *out = make_room();
    size_t len;
    struct span text = exact_copy(span_of(cases[_i].text), &block);
    ck_assert_msg(replay_retime(text, cases[_i].shift_ns, out, &len), "%s: not moved", cases[_i].name);
    ck_assert_msg(span_equal((struct span){out, len}, span_of(cases[_i].moved)), "%s: got %.*s", cases[_i].name,
                  (int)len, out);
    free(block);
    free(out);
}
END_TEST

/* What the processor will read: just as much later. Only where the form is fine enough for the
 * shift. */
START_TEST(reads_as_moved)
{
    static const char *const forms[] = {"1795480318",
                                        "1795480318123",
                                        "1795480318123456",
                                        "1795480318123456789",
                                        "1795480318.25",
                                        "1.795480318e9",
                                        "2026-11-24T00:31:58Z",
                                        "2026-11-24T00:31:58.123Z",
                                        "2026-11-24 08:31+08:00",
                                        "2026-11-24T00:31:58,5",
                                        "2026-11-23T19:31:58.5-05:00"};
    static const int64_t shifts[] = {0, 60 * SECOND, -60 * SECOND, 400 * DAY, -400 * DAY, 12 * HOUR};
    struct timestamp_zone utc = {0, false};
    for (size_t f = 0; f < COUNT(forms); f++) {
        for (size_t s = 0; s < COUNT(shifts); s++) {
            char out[REPLAY_RETIME_MAX_BYTES];
            size_t len;
            int64_t before;
            int64_t after;
            ck_assert(timestamp_parse_text(span_of(forms[f]), &utc, &before));
            ck_assert(replay_retime(span_of(forms[f]), shifts[s], out, &len));
            ck_assert(timestamp_parse_text((struct span){out, len}, &utc, &after));
            ck_assert_msg(after - before == shifts[s], "%s by %" PRId64 ": %.*s", forms[f], shifts[s], (int)len, out);
        }
    }
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    int64_t shift_ns;
} refused[] = {
    {"nothing", "", HOUR},
    {"white space", "  ", HOUR},
    {"a word", "yesterday", HOUR},
    {"a date that does not exist", "2026-02-30T00:00:00Z", HOUR},
    {"before 1970", "-5", HOUR},
    {"minus nothing", "-0", HOUR},
    {"moved to before 1970", "5", -DAY},
    {"moved to before 1970, ISO", "1970-01-01T00:00:05Z", -DAY},
    {"moved past 2261, ISO", "2261-12-31T23:59:59Z", 365 * DAY},
    {"seconds moved to where they would be milliseconds", "99999999999", SECOND},
    {"milliseconds moved to where they would be seconds", "100000000000", -MS},
    {"microseconds moved to where they would be nanoseconds", "99999999999999995", 5000},
    {"nanoseconds past what can be counted", "9223372036854775807", 1},
    {"a number too large", "1e300", HOUR},
    {"an exponent that leaves no digit to move", "0.0000000001e20", HOUR},
    {"not a number", "12:30", HOUR},
    {"too long", "1795480318." ZEROS_50 "0000", HOUR},
    {"one digit that becomes ten", BLANKS_50 "     0", 1795480318 * SECOND},
    {"the same, as long as it may be", BLANKS_50 BLANKS_10 "  0 ", 1795480318 * SECOND},
    {"no digit that becomes ten", "." ZEROS_50 "0000", 1795480318 * SECOND},
    {"one digit that becomes nineteen", BLANKS_50 "0e-9", INT64_MAX},
    {"ISO of one byte too many", " " BLANKS_10 BLANKS_10 BLANKS_10 BLANKS_10 "    2026-11-24T00:31Z   ", HOUR},
    {"the most that can be asked for", "1795480318", INT64_MIN},
};

START_TEST(refuses)
{
    char *out = make_room();
    size_t len = 9;
    char *block;
    struct span text = exact_copy(span_of(refused[_i].text), &block);
    ck_assert_msg(!replay_retime(text, refused[_i].shift_ns, out, &len), "%s: got %.*s", refused[_i].name, (int)len,
                  out);
    ck_assert_uint_eq(len, 0);
    free(block);
    free(out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replay_retime");
    TCase *tcase = tcase_create("replay_retime");
    tcase_add_loop_test(tcase, moves, 0, (int)COUNT(cases));
    tcase_add_test(tcase, reads_as_moved);
    tcase_add_loop_test(tcase, refuses, 0, (int)COUNT(refused));
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
