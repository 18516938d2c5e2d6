#include <string.h>

#include "core/event_type.h"
#include "core/mapping_builtin.h"
#include "support.h"

/* What core/mapping.h and the rows rely on: names are a table's columns, each once, and limits go with numbers alone. */
START_TEST(columns_are_sound)
{
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        const struct mapping_builtin_table *table = &mapping_builtin_tables[kind];
        ck_assert_int_eq(strncmp(table->measurement, "vm_", 3), 0);
        ck_assert_str_eq(table->measurement + 3, message_kind_name((enum message_kind)kind));
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

/* plugin/README.md, Tables: names are canonical, and no word means two things. */
START_TEST(types_are_sound)
{
    struct mapping *mapping = mapping_new();
    ck_assert_ptr_nonnull(mapping);
    for (size_t i = 0; i < mapping_builtin_type_count; i++) {
        const struct mapping_builtin_type *type = &mapping_builtin_types[i];
        char canonical[2 * EVENT_TYPE_MAX_BYTES + 1];
        size_t len = event_type_canonical(span_of(type->name), canonical);
        ck_assert_msg(span_equal((struct span){canonical, len}, span_of(type->name)), "%s", type->name);
        for (size_t a = 0; a < MAPPING_BUILTIN_MAX_ALIASES && type->aliases[a]; a++) {
            len = event_type_canonical(span_of(type->aliases[a]), canonical);
            const struct event_type *found = event_type_find(mapping, (struct span){canonical, len});
            ck_assert_msg(found && strcmp(found->name, type->name) == 0, "%s means %s, not %s", type->aliases[a],
                          found ? found->name : "nothing", type->name);
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
    tcase_add_test(tests, types_are_sound);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
