#include "lp/row.h"

void lp_row_begin(struct lp_row *row, const char *measurement, int64_t time_ns)
{
    row->measurement = measurement;
    row->tag_count = 0;
    row->field_count = 0;
    row->time_ns = time_ns;
    row->failed = false;
}

void lp_row_tag(struct lp_row *row, const char *name, struct span value)
{
    if (value.len == 0) {
        return;
    }
    if (row->tag_count == LP_ROW_MAX_TAGS) {
        row->failed = true;
        return;
    }
    row->tags[row->tag_count++] = (struct lp_row_tag){name, value};
}

void lp_row_field(struct lp_row *row, const char *name, struct lp_value value)
{
    struct lp_value *space = lp_row_space(row);
    if (space) {
        *space = value;
        lp_row_keep(row, name, 0);
    }
}

void lp_row_remove(struct lp_row *row, size_t field)
{
    row->field_count--;
    memmove(&row->fields[field], &row->fields[field + 1], (row->field_count - field) * sizeof row->fields[0]);
}

const struct lp_value *lp_row_find(const struct lp_row *row, const char *name)
{
    for (size_t i = 0; i < row->field_count; i++) {
        if (strcmp(row->fields[i].name, name) == 0) {
            return &row->fields[i].value;
        }
    }
    return NULL;
}
