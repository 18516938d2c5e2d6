#include "core/mapping_file.h"
#include "core/status_word.h"
#include "support.h"

#define ARENA_BYTES ((size_t)4096)
#define A64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static struct mapping *mapping;
static struct arena arena;

static void set_up(void)
{
    mapping = mapping_new();
    ck_assert_ptr_nonnull(mapping);
    ck_assert(arena_init(&arena, ARENA_BYTES));
}

static void tear_down(void)
{
    mapping_free(mapping);
    arena_free(&arena);
}

static void overlay(const char *text)
{
    struct err err;
    err_clear(&err);
    ck_assert_msg(mapping_overlay_text(mapping, span_of(text), "site.json", &err), "%s", err.text);
}

#define OFFLINE "{\"status\":\"offline\"}"
#define ONLINE "{\"status\":\"online\"}"

/* plugin/README.md, Statuses: payloads as core/payload.h trims them. */
static const struct {
    struct span bytes;
    const char *payload; /* "" = no word that is known */
} cases[] = {
    {SPAN_LITERAL("offline"), OFFLINE},
    {SPAN_LITERAL("Offline"), OFFLINE},
    {SPAN_LITERAL("\"offline\""), OFFLINE},
    {SPAN_LITERAL("\" OFF-LINE \""), OFFLINE},
    {SPAN_LITERAL("LWT"), OFFLINE},
    {SPAN_LITERAL("connection lost"), OFFLINE},
    {SPAN_LITERAL("Connection_Lost"), OFFLINE},
    {SPAN_LITERAL("离线"), OFFLINE},
    {SPAN_LITERAL("\"掉线\""), OFFLINE},
    {SPAN_LITERAL("online"), ONLINE},
    {SPAN_LITERAL("\"up\""), ONLINE},
    {SPAN_LITERAL("已连接"), ONLINE},

    {SPAN_LITERAL(""), ""},
    {SPAN_LITERAL("\""), ""},
    {SPAN_LITERAL("\"\""), ""},
    {SPAN_LITERAL("\" \""), ""},
    {SPAN_LITERAL("\"offline"), ""},
    {SPAN_LITERAL("offline\""), ""},
    {SPAN_LITERAL("\"\"offline\"\""), ""},
    {SPAN_LITERAL("'offline'"), ""},
    {SPAN_LITERAL("{offline}"), ""},
    {SPAN_LITERAL("[offline]"), ""},
    {SPAN_LITERAL("{\"status\":\"offline\""), ""},
    {SPAN_LITERAL("status=offline"), ""},
    {SPAN_LITERAL("offline."), ""},
    {SPAN_LITERAL("offline\nonline"), ""},
    {SPAN_LITERAL("off\0line"), ""},
    {SPAN_LITERAL("sleeping"), ""},
    {SPAN_LITERAL("0"), ""},
    {SPAN_LITERAL("1"), ""},
    {SPAN_LITERAL("true"), ""},
    {SPAN_LITERAL("null"), ""},
    {SPAN_LITERAL("\xC0\xEB\xCF\xDF"), ""}, /* offline in GBK */
    {SPAN_LITERAL("offline\xFF"), ""},
    {SPAN_LITERAL(A64), ""},
    {SPAN_LITERAL(A64 "A"), ""},
};

START_TEST(words)
{
    struct span bytes = exact(cases[_i].bytes);
    struct span payload = status_word_payload(mapping, bytes, &arena);
    ck_assert_msg(span_equal(payload, span_of(cases[_i].payload)), "%.*s: %.*s", (int)bytes.len, bytes.ptr,
                  (int)payload.len, payload.ptr);
    release(bytes);
}
END_TEST

/* A word of the site's own, where the site has its status. */
START_TEST(words_of_a_site)
{
    overlay("{\"status\": {\"types\": {\"online\": {\"aliases\": [\"1\"]}, \"in_service\": {\"aliases\": [\"维护\"]}}, "
            "\"columns\": [{\"column\": \"status\", \"path\": [\"state.0.now\", \"status\"]}]}}");
    static const struct {
        const char *bytes;
        const char *payload;
    } sites[] = {
        {"1", "{\"state\":{\"0\":{\"now\":\"online\"}}}"},
        {"\"1\"", "{\"state\":{\"0\":{\"now\":\"online\"}}}"},
        {"维护", "{\"state\":{\"0\":{\"now\":\"in_service\"}}}"},
        {"In Service", "{\"state\":{\"0\":{\"now\":\"in_service\"}}}"},
        {"lwt", "{\"state\":{\"0\":{\"now\":\"offline\"}}}"},
        {"0", ""},
    };
    for (size_t i = 0; i < COUNT(sites); i++) {
        struct span payload = status_word_payload(mapping, span_of(sites[i].bytes), &arena);
        ck_assert_msg(span_equal(payload, span_of(sites[i].payload)), "%s: %.*s", sites[i].bytes, (int)payload.len,
                      payload.ptr);
    }
}
END_TEST

/* However small the arena: all of it, or nothing. */
START_TEST(a_full_arena_gives_nothing)
{
    const struct span want = SPAN_LITERAL(OFFLINE);
    size_t enough = 0;
    for (size_t size = 0; enough == 0 && size < 100; size++) {
        struct arena small;
        ck_assert(arena_init(&small, size));
        struct span payload = status_word_payload(mapping, SPAN_LITERAL("offline"), &small);
        ck_assert(payload.len == 0 || span_equal(payload, want));
        enough = payload.len > 0 ? size : 0;
        arena_free(&small);
    }
    ck_assert_uint_ge(enough, want.len);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/status_word");
    TCase *tests = tcase_create("core/status_word");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, words, 0, (int)COUNT(cases));
    tcase_add_test(tests, words_of_a_site);
    tcase_add_test(tests, a_full_arena_gives_nothing);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
