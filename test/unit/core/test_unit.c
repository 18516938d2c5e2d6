#include "core/unit.h"
#include "support.h"

/* plugin/README.md, Never lose 5: a column's own unit behind a number. */
static const struct {
    const char *text;
    const char *unit;
    const char *left;
} cases[] = {
    /* each of the units that are built in, in each of its spellings */
    {"221.4V", "V", "221.4"},
    {"221.4 V", "V", "221.4"},
    {"221.4 \t v", "V", "221.4"},
    {"1.1A", "A", "1.1"},
    {"1.1 a", "A", "1.1"},
    {"10s", "s", "10"},
    {"10 S", "s", "10"},
    {"0.05g", "g", "0.05"},
    {"0.05 G", "g", "0.05"},
    {"-63dBm", "dBm", "-63"},
    {"-63 DBM", "dBm", "-63"},
    {"24.1℃", "degC", "24.1"},
    {"24.1 ℃", "degC", "24.1"},
    {"24.1°C", "degC", "24.1"},
    {"24.1 °c", "degC", "24.1"},
    {"24.1ºC", "degC", "24.1"},
    {"24.1C", "degC", "24.1"},
    {"24.1 c", "degC", "24.1"},
    {"24.1degC", "degC", "24.1"},
    {"24.1 DegC", "degC", "24.1"},
    {"31.2deg", "deg", "31.2"},
    {"31.2 DEG", "deg", "31.2"},
    {"31.2°", "deg", "31.2"},

    /* what another column has */
    {"221.4V", "A", "221.4V"},
    {"24.1°F", "degC", "24.1°F"},
    {"24.1F", "degC", "24.1F"},
    {"24.1°", "degC", "24.1°"},
    {"24.1 deg", "degC", "24.1 deg"},
    {"31.2°C", "deg", "31.2°C"},
    {"31.2N", "deg", "31.2N"},
    {"-63dB", "dBm", "-63dB"},
    {"-63m", "dBm", "-63m"},

    /* another size of it: the number in front is then none */
    {"221 mV", "V", "221 m"},
    {"10ms", "s", "10m"},
    {"2kg", "g", "2k"},

    /* a site's own unit, as it is written */
    {"55%", "%", "55"},
    {"55 %", "%", "55"},
    {"5 bar", "bar", "5"},
    {"5 Bar", "bar", "5 Bar"},
    {"12 mm", "mm", "12"},
    {"3 m³", "m³", "3"},
    {"3 v", "mv", "3 v"},

    /* nothing to take */
    {"24.1", "degC", "24.1"},
    {"24.1 ", "degC", "24.1 "},
    {"7", "", "7"},
    {"7V", "", "7V"},
    {"", "V", ""},
    {"", "", ""},
    {"V", "V", ""},
    {" V", "V", ""},
    {"v", "V", ""},
    {"dBm", "dBm", ""},
    {"m", "dBm", "m"},
    {"\x83", "degC", "\x83"}, /* the end of the sign for degrees */
    {"5\x84\x83", "degC", "5\x84\x83"},
    {"220VV", "V", "220V"}, /* once, and what is left is no number */
};

START_TEST(strips)
{
    struct span text = exact(span_of(cases[_i].text));
    struct span left = unit_strip(text, cases[_i].unit);
    ck_assert_msg(span_equal(left, span_of(cases[_i].left)), "'%s' of %s: '%.*s'", cases[_i].text, cases[_i].unit,
                  (int)left.len, left.ptr);
    ck_assert_msg(left.len == 0 || left.ptr == text.ptr, "'%s': not where it stands", cases[_i].text);
    release(text);
}
END_TEST

/* Whatever text it is, and whatever the unit: the beginning of the same bytes is left. */
START_TEST(any_byte_before_and_behind)
{
    static const char *const units[] = {"V", "A", "s", "g", "dBm", "degC", "deg", "%", ""};
    for (size_t u = 0; u < COUNT(units); u++) {
        for (unsigned first = 0; first < 256; first++) {
            for (unsigned second = 0; second < 256; second++) {
                char *block;
                const char bytes[] = {(char)first, (char)second};
                struct span text = exact_copy((struct span){bytes, sizeof bytes}, &block);
                struct span left = unit_strip(text, units[u]);
                if (left.len > text.len || memcmp(left.ptr, bytes, left.len) != 0) {
                    ck_abort_msg("%02x %02x of %s", first, second, units[u]);
                }
                free(block);
            }
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/unit");
    TCase *tests = tcase_create("core/unit");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, strips, 0, (int)COUNT(cases));
    tcase_add_test(tests, any_byte_before_and_behind);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
