#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "core/event_type.h"
#include "support.h"

#define A63 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A62 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A61 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static const struct {
    const char *name;
    const char *input;
    const char *canonical;
} spellings[] = {
    {"canonical already", "DISPENSE_SUCCESS", "DISPENSE_SUCCESS"},
    {"lower case", "dispense_success", "DISPENSE_SUCCESS"},
    {"dashes", "dispense-success", "DISPENSE_SUCCESS"},
    {"spaces", "Dispense Success", "DISPENSE_SUCCESS"},
    {"dots", "dispense.success", "DISPENSE_SUCCESS"},
    {"slashes", "dispense/success", "DISPENSE_SUCCESS"},
    {"a tab and a newline", "dispense\t\nsuccess", "DISPENSE_SUCCESS"},
    {"all other ASCII marks", "a!b\"c#d$e%f&g'h(i)j*k+l,m:n;o<p=q>r?s@t[u\\v]w^x`y{z|1}2~3",
     "A_B_C_D_E_F_G_H_I_J_K_L_M_N_O_P_Q_R_S_T_U_V_W_X_Y_Z_1_2_3"},
    {"a control character", "door\x01opened\x7Fnow", "DOOR_OPENED_NOW"},
    {"camel case", "dispenseSuccess", "DISPENSE_SUCCESS"},
    {"camel case, capital first", "DispenseSuccess", "DISPENSE_SUCCESS"},
    {"no separator, upper case", "DISPENSESUCCESS", "DISPENSESUCCESS"},
    {"a run of capitals, then a word", "HTTPError", "HTTP_ERROR"},
    {"a word, then a run of capitals", "errorHTTP", "ERROR_HTTP"},
    {"a run of capitals in the middle", "theHTTPErrorCode", "THE_HTTP_ERROR_CODE"},
    {"one capital between words", "isAName", "IS_A_NAME"},
    {"camel case and separators", "Dispense-SuccessNow", "DISPENSE_SUCCESS_NOW"},
    {"a plural of capitals", "URLs", "UR_LS"},
    {"digits at the end", "error101", "ERROR101"},
    {"digits, then a word", "temp2High", "TEMP2_HIGH"},
    {"digits, then a capital", "OVEN2A", "OVEN2A"},
    {"digits, then a small letter", "e101error", "E101ERROR"},
    {"digits alone", "404", "404"},
    {"digits and separators", "4-0-4", "4_0_4"},
    {"runs of separators", "door -- / __ opened", "DOOR_OPENED"},
    {"separators at the ends", "  --door opened__ ", "DOOR_OPENED"},
    {"a separator before a capital", "door_Opened", "DOOR_OPENED"},
    {"unknown", "fan stuck", "FAN_STUCK"},
    {"one letter", "x", "X"},
    {"Chinese", "出货成功", "出货成功"},
    {"Chinese with separators", " 出货-成功 ", "出货_成功"},
    {"Chinese and letters", "门doorOpen开", "门DOOR_OPEN开"},
    {"a capital behind Chinese", "卡货Jam", "卡货JAM"},
    {"accents keep their case", "Fehler-Tür", "FEHLER_TüR"},
    {"emoji", "door🚪opened", "DOOR🚪OPENED"},
    {"emoji alone", "🔥", "🔥"},
    {"empty", "", ""},
    {"one separator", "-", ""},
    {"separators alone", " _-./\t~ ", ""},
    {"64 bytes", A63 "B", A63 "B"},
    {"65 bytes", A63 "BC", A63 "B"},
    {"cut between characters, one byte over", A62 "门", A62},
    {"cut between characters, two bytes over", A63 "门", A63},
    {"a character that just fits", A61 "门x", A61 "门"},
    {"cut between characters of four bytes", A61 "🚪", A61},
    {"no separator left by the cut", A63 "-B", A63},
    {"much too long", A63 A63 A63 A63, A63 "A"},
};

START_TEST(spelling)
{
    struct span name = exact(span_of(spellings[_i].input));
    char *out = malloc(2 * name.len + 1);
    ck_assert_ptr_nonnull(out);
    size_t len = event_type_canonical(name, out);
    const char *want = spellings[_i].canonical;
    ck_assert_msg(span_equal((struct span){out, len}, span_of(want)), "%s: got '%.*s', want '%s'", spellings[_i].name,
                  (int)len, out, want);
    ck_assert_msg(len <= EVENT_TYPE_MAX_BYTES, "%s: %zu bytes", spellings[_i].name, len);
    free(out);
    release(name);
}
END_TEST

/* Canonical names are their own canonical spelling. */
START_TEST(spelling_twice)
{
    char again[2 * EVENT_TYPE_MAX_BYTES + 1];
    struct span once = exact(span_of(spellings[_i].canonical));
    size_t len = event_type_canonical(once, again);
    ck_assert_msg(span_equal(once, (struct span){again, len}), "%s: '%.*s' became '%.*s'", spellings[_i].name,
                  (int)once.len, once.ptr, (int)len, again);
    release(once);
}
END_TEST

START_TEST(spelling_of_no_pointer)
{
    char out[1];
    ck_assert_uint_eq(event_type_canonical((struct span){NULL, 0}, out), 0);
}
END_TEST

static const struct {
    const char *canonical;
    const char *key;
} keys[] = {
    {"DISPENSE_SUCCESS", "DISPENSESUCCESS"}, {"A_B_C", "ABC"}, {"JAM", "JAM"}, {"出货_成功", "出货成功"}, {"", ""},
};

START_TEST(look_up_key)
{
    struct span canonical = exact(span_of(keys[_i].canonical));
    char *out = malloc(canonical.len > 0 ? canonical.len : 1);
    ck_assert_ptr_nonnull(out);
    size_t len = event_type_key(canonical, out);
    ck_assert_msg(span_equal((struct span){out, len}, span_of(keys[_i].key)), "%s: got '%.*s'", keys[_i].canonical,
                  (int)len, out);
    free(out);
    release(canonical);
}
END_TEST

static Suite *event_type_suite(void)
{
    Suite *suite = suite_create("event_type");
    TCase *tcase = tcase_create("event_type");
    tcase_add_loop_test(tcase, spelling, 0, COUNT(spellings));
    tcase_add_loop_test(tcase, spelling_twice, 0, COUNT(spellings));
    tcase_add_test(tcase, spelling_of_no_pointer);
    tcase_add_loop_test(tcase, look_up_key, 0, COUNT(keys));
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    return run_suite(event_type_suite());
}
