#include <string.h>

#include "core/event_type.h"
#include "core/mapping_builtin.h"
#include "core/vocabulary.h"
#include "support.h"

/* What core/mapping.h and the rows rely on: names are a table's columns, each once, and limits go with numbers alone. */
START_TEST(columns_are_sound)
{
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        const struct mapping_builtin_table *table = &mapping_builtin_tables[kind];
        const char *name = message_kind_name(kind == MESSAGE_ACKS ? MESSAGE_EVENTS : (enum message_kind)kind);
        ck_assert_int_eq(strncmp(table->measurement, "vm_", 3), 0);
        ck_assert_str_eq(table->measurement + 3, name);
        for (size_t i = 0; i < table->column_count; i++) {
            const struct mapping_builtin_column *column = &table->columns[i];
            bool is_number = column->type == COLUMN_FLOAT || column->type == COLUMN_INTEGER;
            ck_assert_msg(column->paths[0] != NULL, "%s has no path", column->name);
            ck_assert_msg(is_number ? column->min < column->max : column->min == 0 && column->max == 0, "%s: limits",
                          column->name);
            ck_assert_msg((column->type == COLUMN_TEXT) == (column->max_bytes > 0), "%s: max_bytes", column->name);
            ck_assert_msg(is_number || column->fault_count == 0, "%s: faults", column->name);
            for (size_t k = 0; k < i; k++) {
                ck_assert_msg(strcmp(column->name, table->columns[k].name) != 0, "%s twice", column->name);
            }
        }
    }
}
END_TEST

/* A status and an outcome are stored in lower case. */
static void check_canonical(const char *name, bool is_event)
{
    char canonical[2 * EVENT_TYPE_MAX_BYTES + 1];
    size_t len = event_type_canonical(span_of(name), canonical);
    for (size_t i = 0; i < len && !is_event; i++) {
        canonical[i] = ascii_lower(canonical[i]);
    }
    ck_assert_msg(span_equal((struct span){canonical, len}, span_of(name)), "%s is not canonical", name);
}

/* plugin/README.md, Event types and Statuses: names are canonical, and no word means two things. */
START_TEST(terms_are_sound)
{
    struct mapping *mapping = mapping_new();
    ck_assert_ptr_nonnull(mapping);
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        const struct mapping_builtin_table *table = &mapping_builtin_tables[kind];
        ck_assert_int_eq(table->term_count > 0, kind != MESSAGE_TELEMETRY);
        for (size_t i = 0; i < table->term_count; i++) {
            const struct mapping_builtin_term *term = &table->terms[i];
            check_canonical(term->name, kind == MESSAGE_EVENTS);
            ck_assert_msg((term->severity[0] == '\0') == (kind == MESSAGE_STATUS), "%s: severity", term->name);
            for (size_t a = 0; a < MAPPING_BUILTIN_MAX_ALIASES && term->aliases[a]; a++) {
                const struct term *found = vocabulary_find_spelling(&mapping->words[kind], span_of(term->aliases[a]));
                ck_assert_msg(found && strcmp(found->name, term->name) == 0, "%s means %s, not %s", term->aliases[a],
                              found ? found->name : "nothing", term->name);
            }
        }
    }
    mapping_free(mapping);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core/mapping_builtin");
    TCase *tests = tcase_create("core/mapping_builtin");
    tcase_add_test(tests, columns_are_sound);
    tcase_add_test(tests, terms_are_sound);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
