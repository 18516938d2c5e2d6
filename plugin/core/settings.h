/* core/settings.h - everything a user can set. Flags, defaults and help are in cli/shared.c. */
#ifndef VENDING_CORE_SETTINGS_H
#define VENDING_CORE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum output_format { FORMAT_INFLUX, FORMAT_TABLE, FORMAT_JSON, FORMAT_CSV };
enum payload_encoding { PAYLOAD_PLAIN, PAYLOAD_BASE64 };

struct settings {
    const char *topic_tag;     /* tag that holds the MQTT topic */
    const char *topic_prefix;  /* before /{device_no}/{kind}, no slash at its end */
    const char *payload_field; /* string field that holds the payload */
    enum payload_encoding payload_encoding;
    int64_t max_age_ns;    /* device time further back than this is not trusted */
    int64_t max_ahead_ns;  /* nor further ahead */
    const char *time_zone; /* of times without one: "+08:00"; "" = none was chosen, UTC */
    /* bytes; a larger message is rejected, its first max_payload bytes kept */
    size_t max_payload;
    size_t max_line;            /* bytes of one line-protocol record */
    size_t max_depth;           /* of nested JSON */
    size_t max_values;          /* JSON values in one payload */
    size_t dedup_window;        /* messages remembered; 0 = no duplicates are dropped here */
    int64_t dedup_age_ns;       /* and for no longer than this */
    int64_t dedup_untimed_ns;   /* those that hold no time that works for no longer than this */
    int64_t report_interval_ns; /* between vm_ingest rows; 0 = none */
    size_t log_rate;            /* log lines a minute; 0 = no limit */
    const char *instance;       /* tag of vm_ingest: which processor; "" = the host's name */
    const char *mapping_file;   /* NULL = built-in alone */
    const char *capture_file;   /* NULL = line protocol on standard input */
    enum output_format format;
    const char *rows; /* "all", a number or "auto": how many of a table --format table shows */
};

#endif
