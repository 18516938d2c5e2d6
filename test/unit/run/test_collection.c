#include <stdio.h>
#include <string.h>

#include "run/collection.h"
#include "support.h"

#define T0 INT64_C(1795480319452000000)

static bool add(struct collection *collection, const char *measurement, int64_t n)
{
    struct lp_row row;
    lp_row_begin(&row, measurement, T0);
    lp_row_field(&row, "n", lp_value_int(n));
    return collection_add_row(collection, &row);
}

static struct collection *make(size_t max_rows, bool whole)
{
    struct collection *collection = collection_new(max_rows, whole);
    ck_assert_ptr_nonnull(collection);
    return collection;
}

START_TEST(cells_of_a_row)
{
    struct collection *collection = make(COLLECTION_ALL, false);
    struct lp_row row;
    lp_row_begin(&row, "t", T0);
    lp_row_tag(&row, "tag", SPAN_LITERAL("x"));
    lp_row_field(&row, "f", lp_value_float(-1.5));
    lp_row_field(&row, "empty", lp_value_text(SPAN_LITERAL("")));
    lp_row_field(&row, "yes", lp_value_bool(true));
    ck_assert(collection_add_row(collection, &row));
    static const struct {
        const char *name, *value;
        bool has_text, has_value;
    } expected[] = {{"time", "2026-11-24T00:31:59.452Z", true, true},
                    {"tag", "x", true, true},
                    {"f", "-1.5", false, true},
                    {"empty", "", true, false},
                    {"yes", "true", true, true}};
    const struct measurement *measurement = &collection->measurements[0];
    ck_assert_uint_eq(collection->measurement_count, 1);
    ck_assert_uint_eq(measurement->column_count, COUNT(expected));
    ck_assert_uint_eq(collection->lines[0].cell_count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        const struct cell_column *column = &measurement->columns[i];
        const struct cell *cell = &collection->cells[collection->lines[0].first_cell + i];
        ck_assert(span_equal(collection_text(collection, &column->name), span_of(expected[i].name)));
        ck_assert(span_equal(collection_text(collection, cell), span_of(expected[i].value)));
        ck_assert_uint_eq(cell->column, column->id);
        ck_assert_uint_eq(column->value_width, strlen(expected[i].value));
        ck_assert_int_eq(column->has_text, expected[i].has_text);
        ck_assert_int_eq(column->has_value, expected[i].has_value);
    }
    collection_free(collection);
}
END_TEST

START_TEST(limit_of_each_measurement)
{
    struct collection *collection = make(2, false);
    for (int i = 0; i < 5; i++) {
        ck_assert(add(collection, "a", i));
        ck_assert(i > 2 || add(collection, "b", i));
        ck_assert(collection_add_raw(collection, SPAN_LITERAL("x y=1\r\n")));
    }
    ck_assert_uint_eq(collection->line_count, 4);
    ck_assert_uint_eq(collection->measurements[0].row_count, 2);
    ck_assert_uint_eq(collection->measurements[0].hidden, 3);
    ck_assert_uint_eq(collection->measurements[1].hidden, 1);
    ck_assert_uint_eq(collection->raw_count, 2);
    ck_assert_uint_eq(collection->raw_hidden, 3);
    ck_assert(span_equal(collection_text(collection, &collection->raw[1]), SPAN_LITERAL("x y=1")));
    collection_free(collection);
}
END_TEST

/* Cleared, a limit over everything still knows what it let through, a limit of each part begins
 * anew. */
START_TEST(clear)
{
    for (int whole = 0; whole < 2; whole++) {
        struct collection *collection = make(2, whole);
        for (int i = 0; i < 3; i++) {
            ck_assert(add(collection, "a", i));
            ck_assert(collection_add_raw(collection, SPAN_LITERAL("x")));
        }
        collection_clear(collection);
        ck_assert_uint_eq(collection->line_count, 0);
        ck_assert_uint_eq(collection->text_used, 0);
        ck_assert(add(collection, "a", 3));
        ck_assert(collection_add_raw(collection, SPAN_LITERAL("x")));
        ck_assert_uint_eq(collection->measurements[0].row_count, whole ? 0 : 1);
        ck_assert_uint_eq(collection->measurements[0].hidden, whole ? 2 : 0);
        ck_assert_uint_eq(collection->raw_count, whole ? 0 : 1);
        ck_assert_uint_eq(collection->raw_hidden, whole ? 2 : 0);
        collection_free(collection);
    }
}
END_TEST

/* At each bound it says so, and after collection_clear the same row fits. */
START_TEST(bounds)
{
    static char names[COLLECTION_MAX_MEASUREMENTS + 1][16];
    for (int whole = 0; whole < 2; whole++) {
        struct collection *collection = make(COLLECTION_ALL, whole);
        for (int i = 0; i < COLLECTION_MAX_ROWS; i++) {
            ck_assert(add(collection, "a", i));
            ck_assert(collection_add_raw(collection, SPAN_LITERAL("x")));
        }
        ck_assert(!add(collection, "a", 0));
        ck_assert(!collection_add_raw(collection, SPAN_LITERAL("x")));
        collection_clear(collection);
        ck_assert(add(collection, "a", 0));
        ck_assert(collection_add_raw(collection, SPAN_LITERAL("x")));
        for (int i = 1; i <= COLLECTION_MAX_MEASUREMENTS; i++) {
            snprintf(names[i], sizeof names[i], "m%d", i);
            bool fits = add(collection, names[i], i);
            ck_assert_int_eq(fits, i < COLLECTION_MAX_MEASUREMENTS);
        }
        collection_clear(collection);
        ck_assert(add(collection, names[COLLECTION_MAX_MEASUREMENTS], 0));
        collection_free(collection);
    }
}
END_TEST

START_TEST(free_nothing)
{
    collection_free(NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("collection");
    TCase *tcase = tcase_create("collection");
    tcase_add_test(tcase, cells_of_a_row);
    tcase_add_test(tcase, limit_of_each_measurement);
    tcase_add_test(tcase, clear);
    tcase_add_test(tcase, bounds);
    tcase_add_test(tcase, free_nothing);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
