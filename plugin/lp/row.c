#include "lp/row.h"

void lp_row_begin(struct lp_row *row, const char *measurement, int64_t time_ns)
{
    row->measurement = measurement;
    row->tag_count = 0;
    row->field_count = 0;
    row->time_ns = time_ns;
}

bool lp_row_tag(struct lp_row *row, const char *name, struct span value)
{
    if (value.len == 0) {
        return true;
    }
    if (row->tag_count == LP_ROW_MAX_TAGS) {
        return false;
    }
    row->tags[row->tag_count++] = (struct lp_row_tag){name, value};
    return true;
}

bool lp_row_field(struct lp_row *row, const char *name, struct lp_value value)
{
    if (row->field_count == LP_ROW_MAX_FIELDS) {
        return false;
    }
    row->fields[row->field_count++] = (struct lp_row_field){name, value};
    return true;
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
