#include <stdio.h>
#include <string.h>

#include "core/path.h"
#include "support.h"

START_TEST(splits_paths)
{
    static const struct {
        const char *text;
        bool is_path;
        const char *parts; /* name or name=index, each with a slash */
    } cases[] = {
        {"ts", true, "ts/"},
        {"system.voltage", true, "system/voltage/"},
        {"environment.freezer_temps.2", true, "environment/freezer_temps/2=2/"},
        {"0", true, "0=0/"},
        {"a.999999", true, "a/999999=999999/"},
        {"a.10.100", true, "a/10=10/100=100/"},
        {"a.00.01.000010", true, "a/00/01/000010/"}, /* one name for one position */
        {"a.1000000", true, "a/1000000/"},
        {"a.99999999999999999999", true, "a/99999999999999999999/"},
        {"a.-1.+1. 1.1x", true, "a/-1/+1/ 1/1x/"},
        {"a.b.c.d.e.f.g.h", true, "a/b/c/d/e/f/g/h/"},
        {"a.b.c.d.e.f.g.h.i", false, ""},
        {"", false, ""},
        {".", false, ""},
        {".a", false, ""},
        {"a.", false, ""},
        {"a..b", false, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct path path;
        char *storage = malloc(strlen(cases[i].text) + 1);
        ck_assert_ptr_nonnull(storage);
        bool is_path = path_split(&path, cases[i].text, storage);
        ck_assert_msg(is_path == cases[i].is_path, "\"%s\": %d", cases[i].text, is_path);
        char got[128] = "";
        size_t n = 0;
        for (size_t p = 0; is_path && p < path.count; p++) {
            n += (size_t)snprintf(got + n, sizeof got - n, "%s", path.parts[p].name);
            n += path.parts[p].index < 0 ? 0 : (size_t)snprintf(got + n, sizeof got - n, "=%ld", path.parts[p].index);
            n += (size_t)snprintf(got + n, sizeof got - n, "/");
        }
        ck_assert_msg(strcmp(got, cases[i].parts) == 0, "\"%s\": %s", cases[i].text, got);
        ck_assert(path.text == cases[i].text);
        free(storage);
    }
}
END_TEST

START_TEST(prefixes)
{
    char storage[64];
    struct path path;
    ck_assert(path_split(&path, "environment.freezer_temps.2", storage));
    ck_assert(span_equal(path_prefix(&path, 0), SPAN_LITERAL("")));
    ck_assert(span_equal(path_prefix(&path, 1), SPAN_LITERAL("environment")));
    ck_assert(span_equal(path_prefix(&path, 2), SPAN_LITERAL("environment.freezer_temps")));
    ck_assert(span_equal(path_prefix(&path, 3), SPAN_LITERAL("environment.freezer_temps.2")));
    ck_assert(span_equal(path_text(&path), SPAN_LITERAL("environment.freezer_temps.2")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/path");
    TCase *tests = tcase_create("core/path");
    tcase_add_test(tests, splits_paths);
    tcase_add_test(tests, prefixes);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
