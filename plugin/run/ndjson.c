#include "run/ndjson.h"

#include "json/write.h"

void ndjson_value(struct buf *out, const struct lp_value *value)
{
    char number[FLAT_NUMBER_BYTES];
    if (value->type == LP_VALUE_TEXT) {
        json_write_string(out, value->as.text);
    } else if (value->type == LP_VALUE_BOOL) {
        buf_text(out, value->as.b ? "true" : "false");
    } else {
        buf_text(out, flat_number(value, number) ? number : "null");
    }
}

void ndjson_row(struct buf *out, const struct flat *flat)
{
    char time[FLAT_TIME_BYTES];
    buf_text(out, "{\"measurement\":");
    json_write_string(out, flat->measurement);
    buf_text(out, ",\"time\":");
    if (flat->has_time) {
        flat_time(flat->time_ns, time);
        json_write_string(out, span_of(time));
    } else {
        buf_text(out, "null");
    }
    for (size_t i = 0; i < flat->count; i++) {
        buf_char(out, ',');
        json_write_string(out, flat->columns[i].name);
        buf_char(out, ':');
        ndjson_value(out, &flat->columns[i].value);
    }
    buf_text(out, "}\n");
}
