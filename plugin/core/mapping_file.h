/* core/mapping_file.h - a site's JSON file, laid over the mapping.
 *
 *     {"telemetry": {"device_no": ["device_no", "id"], "time": ["ts"],
 *                    "columns": [{"column": "voltage", "path": "system.voltage", "type": "float",
 *                                 "unit": "V", "min": 0, "max": 500, "faults": []}]},
 *      "events": {"columns": [...],
 *                 "types": {"CHANNEL_JAM": {"severity": "high", "aliases": ["卡货"]}}},
 *      "status": {"columns": [...], "types": {"offline": {"aliases": ["0"]}}},
 *      "acks": {"columns": [...], "types": {"failed": {"severity": "high", "aliases": ["error"]}}}}
 *
 * Keys of a column: column (its name), path (one, or an array of up to COLUMN_MAX_PATHS: the first
 * that holds a value counts), type (float, integer, bigint, boolean, text), unit, min, max (null =
 * no limit), faults, max_bytes (of a text), form (plain, lower), required, enabled. min, max and
 * faults go with numbers, max_bytes and form with text. A change of type drops what the new type
 * has no use for.
 */
#ifndef VENDING_CORE_MAPPING_FILE_H
#define VENDING_CORE_MAPPING_FILE_H

#include <stdbool.h>

#include "base/err.h"
#include "core/mapping.h"

#define MAPPING_FILE_MAX_BYTES 1048576
/* of one table; leaves room in a row for the columns that are worked out */
#define MAPPING_MAX_COLUMNS 88
#define MAPPING_TEXT_MAX_BYTES 512 /* max_bytes of a new text column that does not say */
#define MAPPING_MAX_TYPES 256
#define MAPPING_MAX_ALIASES 2048 /* of all types of one section together */

/* Lays a site's file over the mapping: a column that is there changes in the keys given, a new one
 * (path and type needed) is added, "enabled": false removes one; aliases are added, a severity
 * replaced. false = *err says "FILE:LINE: key KEY: what is wrong and what is allowed"; the mapping
 * is then to be freed. Refused: unknown keys, wrong types, a column named time, like a tag
 * (device_no, topic) or like one that is worked out (on any table), min above max, an alias that
 * another type has, removing what is not there, removing or loosening a column that its table
 * cannot do without (event_type, status, the severity of acks), and too many of anything. */
MUST_USE bool mapping_overlay(struct mapping *mapping, const char *file, struct err *err);

/* The same from text; file is the name for messages. */
MUST_USE bool mapping_overlay_text(struct mapping *mapping, struct span text, const char *file, struct err *err);

#endif
