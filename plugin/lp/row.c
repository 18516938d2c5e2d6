#include "lp/row.h"

void row_begin(struct row *row, const char *measurement, int64_t time_ns)
{
    row->measurement = measurement;
    row->tag_count = 0;
    row->field_count = 0;
    row->time_ns = time_ns;
}

bool row_tag(struct row *row, const char *name, struct span value)
{
    if (value.len == 0) {
        return true;
    }
    if (row->tag_count == ROW_MAX_TAGS) {
        return false;
    }
    row->tags[row->tag_count++] = (struct row_tag){name, value};
    return true;
}

bool row_field(struct row *row, const char *name, struct value value)
{
    if (row->field_count == ROW_MAX_FIELDS) {
        return false;
    }
    row->fields[row->field_count++] = (struct row_field){name, value};
    return true;
}

const struct value *row_find(const struct row *row, const char *name)
{
    for (size_t i = 0; i < row->field_count; i++) {
        if (strcmp(row->fields[i].name, name) == 0) {
            return &row->fields[i].value;
        }
    }
    return NULL;
}
