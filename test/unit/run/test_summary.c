#include <stdio.h>
#include <string.h>

#include "run/summary.h"
#include "support.h"

static struct mapping *mapping;

static void set_up(void)
{
    mapping = mapping_new();
    ck_assert_ptr_nonnull(mapping);
}

static void tear_down(void)
{
    mapping_free(mapping);
}

START_TEST(nothing_came)
{
    const struct stats stats = {0};
    struct buf out;
    buf_init(&out, 4096);
    summary_write(&out, &stats, mapping, 80);
    ck_assert_str_eq(text_of(&out), "summary\n"
                                    "  messages               0\n"
                                    "  vm_telemetry           0 rows\n"
                                    "  vm_events              0 rows\n"
                                    "  vm_status              0 rows\n"
                                    "  vm_rejected            0 rows\n"
                                    "  anomalies              0 values\n"
                                    "\n");
    size_t len = out.len;
    summary_write_reasons(&out, &stats);
    ck_assert_uint_eq(out.len, len);
    buf_free(&out);
}
END_TEST

START_TEST(everything_came)
{
    const struct stats stats = {.received = 12345 + 1 + 2 + 4 + 5 + 6,
                                .rows = {12345, 1, 2},
                                .rejected = {[REJECT_INVALID_JSON] = 3, [REJECT_TOO_DEEP] = 1},
                                .duplicates = 5,
                                .passed = 6,
                                .anomalies = 1};
    struct buf out;
    buf_init(&out, 4096);
    summary_write(&out, &stats, mapping, 80);
    ck_assert_str_eq(text_of(&out), "summary\n"
                                    "  messages           12363\n"
                                    "  vm_telemetry       12345 rows\n"
                                    "  vm_events              1 row\n"
                                    "  vm_status              2 rows\n"
                                    "  vm_rejected            4 rows\n"
                                    "    invalid_json 3, too_deep 1\n"
                                    "  duplicates             5 dropped\n"
                                    "  passed through         6 not ours\n"
                                    "  anomalies              1 value\n"
                                    "\n");
    buf_free(&out);
    buf_init(&out, 4096);
    summary_write_reasons(&out, &stats);
    ck_assert_str_eq(text_of(&out), " (invalid_json 3, too_deep 1)");
    buf_free(&out);
}
END_TEST

/* Every reason, of the greatest number, at several widths: all are there and no line is wider. */
START_TEST(many_reasons)
{
    static const size_t widths[] = {40, 60, 80, 200};
    struct stats stats = {0};
    for (int reason = REJECT_NONE + 1; reason < REJECT_REASONS; reason++) {
        stats.rejected[reason] = (uint64_t)100000 + (uint64_t)reason;
    }
    for (size_t i = 0; i < COUNT(widths); i++) {
        struct buf out;
        buf_init(&out, 65536);
        summary_write(&out, &stats, mapping, widths[i]);
        const char *text = text_of(&out);
        for (int reason = REJECT_NONE + 1; reason < REJECT_REASONS; reason++) {
            char wanted[64];
            snprintf(wanted, sizeof wanted, "%s %d", reject_name((enum reject)reason), 100000 + reason);
            ck_assert_msg(strstr(text, wanted) != NULL, "%s is missing in\n%s", wanted, text);
        }
        for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
            ck_assert_msg(strcspn(line, "\n") <= widths[i], "%zu: %s", widths[i], line);
        }
        buf_free(&out);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("summary");
    TCase *tcase = tcase_create("summary");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, nothing_came);
    tcase_add_test(tcase, everything_came);
    tcase_add_test(tcase, many_reasons);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
