#include "core/mapping_print.h"

#include <math.h>

#include "base/number.h"
#include "core/mapping_builtin.h"
#include "json/write.h"

static void print_paths(struct buf *out, const char *key, const struct path *paths, size_t count)
{
    buf_format(out, "\"%s\": [", key);
    for (size_t i = 0; i < count; i++) {
        buf_text(out, i > 0 ? ", " : "");
        json_write_string(out, span_of(paths[i].text));
    }
    buf_char(out, ']');
}

static void print_number(struct buf *out, const char *key, double number)
{
    char digits[NUMBER_TEXT_BYTES] = "null";
    if (isfinite(number)) {
        number_format_double(number, digits);
    }
    buf_format(out, ", \"%s\": %s", key, digits);
}

static void print_column(struct buf *out, const struct column *column)
{
    char digits[NUMBER_TEXT_BYTES];
    buf_text(out, "      {\"column\": ");
    json_write_string(out, span_of(column->name));
    buf_text(out, ", ");
    print_paths(out, "path", column->paths, column->path_count);
    buf_format(out, ", \"type\": \"%s\", \"unit\": ", column_type_names[column->type]);
    json_write_string(out, span_of(column->unit));
    switch (column->type) {
    case COLUMN_FLOAT:
    case COLUMN_INTEGER:
    case COLUMN_BIGINT:
        print_number(out, "min", column->min);
        print_number(out, "max", column->max);
        buf_text(out, ", \"faults\": [");
        for (size_t i = 0; i < column->fault_count; i++) {
            number_format_double(column->faults[i], digits);
            buf_format(out, "%s%s", i > 0 ? ", " : "", digits);
        }
        buf_char(out, ']');
        break;
    case COLUMN_TEXT:
        buf_format(out, ", \"max_bytes\": %zu, \"form\": \"%s\"", column->max_bytes, column_form_names[column->form]);
        break;
    case COLUMN_BOOLEAN:
        break;
    }
    buf_format(out, ", \"required\": %s}", column->required ? "true" : "false");
}

static void print_columns(struct buf *out, const struct table_map *table, enum message_kind kind)
{
    const char *separator = "";
    buf_text(out, "\"columns\": [\n");
    const struct mapping_builtin_table *builtin = &mapping_builtin_tables[kind];
    for (size_t i = 0; i < builtin->column_count; i++) {
        const char *name = builtin->columns[i].name;
        if (!mapping_find_column(table, name)) {
            buf_format(out, "%s      {\"column\": \"%s\", \"enabled\": false}", separator, name);
            separator = ",\n";
        }
    }
    for (size_t c = 0; c < table->column_count; c++) {
        buf_text(out, separator);
        print_column(out, &table->columns[c]);
        separator = ",\n";
    }
    buf_text(out, "\n    ]");
}

static void print_types(struct buf *out, const struct vocabulary *words)
{
    buf_text(out, ",\n    \"types\": {\n");
    for (size_t t = 0; t < words->term_count; t++) {
        buf_text(out, "      ");
        json_write_string(out, span_of(words->terms[t].name));
        buf_text(out, ": {");
        if (words->terms[t].severity[0] != '\0') {
            buf_text(out, "\"severity\": ");
            json_write_string(out, span_of(words->terms[t].severity));
            buf_text(out, ", ");
        }
        buf_text(out, "\"aliases\": [");
        const char *separator = "";
        for (size_t a = 0; a < words->alias_count; a++) {
            if (words->aliases[a].term == t) {
                buf_text(out, separator);
                json_write_string(out, span_of(words->aliases[a].key));
                separator = ", ";
            }
        }
        buf_format(out, "]}%s\n", t + 1 < words->term_count ? "," : "");
    }
    buf_text(out, "    }");
}

void mapping_print(const struct mapping *mapping, struct buf *out)
{
    buf_text(out, "{\n");
    for (int kind = 0; kind < MESSAGE_KINDS; kind++) {
        const struct table_map *table = &mapping->tables[kind];
        buf_format(out, "  \"%s\": {\n    ", message_kind_name((enum message_kind)kind));
        print_paths(out, "device_no", table->device_no, table->device_no_count);
        buf_text(out, ",\n    ");
        print_paths(out, "time", table->time, table->time_count);
        buf_text(out, ",\n    ");
        print_columns(out, table, (enum message_kind)kind);
        if (kind != MESSAGE_TELEMETRY) {
            print_types(out, &mapping->words[kind]);
        }
        buf_format(out, "\n  }%s\n", kind + 1 < MESSAGE_KINDS ? "," : "");
    }
    buf_text(out, "}\n");
}
