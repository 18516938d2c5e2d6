"""schema/ in a real PostgreSQL with TimescaleDB: what it makes, how it migrates, who may do what, and the rules of the landing.

Telegraf has no part in this: rows are put into schema ingest with INSERT or COPY, by its role.
"""

import collections
import concurrent.futures
import datetime
import itertools
import json
import os
import random
import re
import threading

import pytest

from database import PROGRAMS, READER_PASSWORD, WRITER_PASSWORD, Database
from owners import OWNERS_DDL

WRITER = {"user": "vending_writer", "password": WRITER_PASSWORD}
READER = {"user": "vending_reader", "password": READER_PASSWORD}
TABLES = ("vm_telemetry", "vm_events", "vm_status", "vm_rejected", "vm_ingest", "vm_telegraf")
SKIPPED, REGISTRY = "vm_skipped", "vm_devices"
VIEWS = ("telemetry_5m", "telemetry_1h", "events_1h", "devices", "device_status", "alarm_rules", "active_alarms")

TIME, TEXT, DOUBLE, INTEGER, BIGINT = "timestamp with time zone", "text", "double precision", "integer", "bigint"
OWNERS_COLUMNS = {
    "vm_telemetry": [
        ("time", TIME, True), ("device_no", TEXT, True), ("voltage", DOUBLE, False), ("current", DOUBLE, False),
        ("uptime", INTEGER, False), ("door_closed", "boolean", False), ("freezer_temp_0", DOUBLE, False),
        ("freezer_temp_1", DOUBLE, False), ("freezer_temp_2", DOUBLE, False), ("freezer_temp_3", DOUBLE, False),
        ("ambient_temp", DOUBLE, False), ("vibration_g", DOUBLE, False), ("rssi", INTEGER, False), ("lat", DOUBLE, False),
        ("lng", DOUBLE, False),
    ],
    "vm_events": [
        ("time", TIME, True), ("device_no", TEXT, True), ("event_type", TEXT, True), ("order_id", TEXT, False),
        ("channel_id", TEXT, False), ("oven_id", TEXT, False), ("error_code", TEXT, False), ("image_url", TEXT, False),
        ("video_url", TEXT, False), ("raw_data", "jsonb", False),
    ],
    "vm_status": [
        ("time", TIME, True), ("device_no", TEXT, True), ("status", TEXT, True), ("firmware", TEXT, False),
        ("hardware", TEXT, False),
    ],
}
ADDED_COLUMNS = {
    "vm_telemetry": [("network_type", TEXT, False), ("csq", INTEGER, False), ("anomalies", TEXT, False)],
    "vm_events": [("severity", TEXT, False), ("priority", TEXT, False), ("message_id", BIGINT, False), ("anomalies", TEXT, False)],
    "vm_status": [("reason", TEXT, False), ("device_ts", TIME, False), ("message_id", BIGINT, False), ("anomalies", TEXT, False)],
    "vm_rejected": [
        ("time", TIME, True), ("device_no", TEXT, False), ("topic", TEXT, False), ("reason", TEXT, True), ("detail", TEXT, False),
        ("payload", TEXT, False), ("payload_encoding", TEXT, False), ("payload_size", BIGINT, False), ("message_id", BIGINT, False),
    ],
}


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, (bool, int, float)):
        return str(value)
    return "'{}'".format(value.replace("'", "''"))


def insert(database, table, rows, schema="ingest", **who):
    """All the rows in one INSERT; a column that a row lacks is NULL, as in Telegraf's COPY."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    values = ",\n".join("({})".format(", ".join(literal(row.get(name)) for name in columns)) for row in rows)
    database.sql(f"INSERT INTO {schema}.{table} ({', '.join(columns)}) VALUES {values}", **who)


def land(database, table, *rows):
    insert(database, table, rows, **WRITER)


def stored(database, table, columns, where="true"):
    return database.sql(f"SELECT {columns} FROM {table} WHERE {where} ORDER BY 1, 2")


def all_rows(database, table, columns="*"):
    """Counted, because a table may hold one row twice."""
    return collections.Counter(line for (line,) in database.sql(f"SELECT (t.*)::text FROM (SELECT {columns} FROM {table}) AS t"))


def refused(database, statements, **who):
    """Each statement has to be refused for want of a privilege."""
    texts = ", ".join(literal(statement) for statement in statements)
    database.sql(f"""DO $do$
        DECLARE one TEXT; allowed TEXT := '';
        BEGIN
            FOREACH one IN ARRAY ARRAY[{texts}] LOOP
                BEGIN
                    EXECUTE one;
                    allowed := allowed || one || '; ';
                EXCEPTION WHEN insufficient_privilege OR read_only_sql_transaction THEN NULL;
                END;
            END LOOP;
            IF allowed <> '' THEN RAISE EXCEPTION 'allowed: %', allowed; END IF;
        END $do$""", **who)


def at(*ago, **more):
    """A moment that long ago, as a timestamp: at(hours=1)."""
    return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(*ago, **more)).isoformat()


def nanoseconds(iso):
    moment = datetime.datetime.fromisoformat(iso)
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1) * 1000


NOON = "2026-11-20T12:00:00+00:00"


def after_noon(**later):
    return (datetime.datetime.fromisoformat(NOON) + datetime.timedelta(**later)).isoformat()


# ---- what is there ----


def columns_of(database, table):
    return [
        (name, kind, required == "t")
        for name, kind, required in database.sql(
            f"""SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
                WHERE attrelid = 'public.{table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
        )
    ]


def test_every_column_is_there_with_its_type(database):
    for table in ("vm_telemetry", "vm_events", "vm_status", "vm_rejected"):
        assert columns_of(database, table) == OWNERS_COLUMNS.get(table, []) + ADDED_COLUMNS[table]
    assert columns_of(database, SKIPPED) == [("time", TIME, True), ("measurement", TEXT, True), ("rows", BIGINT, True)]
    assert {("ignored", BIGINT, False), ("zoneless", BIGINT, False)} <= set(columns_of(database, "vm_ingest"))
    for table, keys in (("vm_ingest", ["instance"]), ("vm_telegraf", ["instance", "output"])):
        columns = columns_of(database, table)
        assert columns[: 1 + len(keys)] == [("time", TIME, True), *((key, TEXT, True) for key in keys)]
        counters = columns[1 + len(keys) :]
        assert {kind for _, kind, _ in counters} <= {BIGINT, DOUBLE} and not any(required for *_, required in counters)


def indexes(database):
    return dict(database.sql("SELECT indexname, regexp_replace(indexdef, '^CREATE (UNIQUE )?INDEX .* USING ', '\\1') "
                             "FROM pg_indexes WHERE schemaname = 'public'"))


WANTED_INDEXES = {
    "idx_telemetry_device": "UNIQUE btree (device_no, \"time\" DESC)",
    "idx_events_device": "UNIQUE btree (device_no, \"time\" DESC, message_id)",
    "idx_status_device": "UNIQUE btree (device_no, \"time\" DESC, message_id)",
    "idx_events_type": "btree (event_type, \"time\" DESC)",
    "idx_ingest_instance": "UNIQUE btree (instance, \"time\" DESC)",
    "idx_telegraf_instance": "UNIQUE btree (instance, output, \"time\" DESC)",
}


def test_the_owners_indexes_are_there_under_their_names(database):
    assert WANTED_INDEXES.items() <= indexes(database).items()


def chunk_spans(database):
    return dict(database.sql("""SELECT hypertable_name, time_interval FROM timescaledb_information.dimensions
                                WHERE hypertable_schema = 'public'"""))


def test_chunks_of_one_day(database):
    assert chunk_spans(database) == dict.fromkeys((*TABLES, SKIPPED), "1 day")
    insert(database, "vm_telemetry", [{"time": f"2026-11-0{day}T23:59:59Z", "device_no": "VM-SH-001"} for day in range(1, 6)],
           **WRITER)
    assert database.count("timescaledb_information.chunks", "hypertable_name = 'vm_telemetry'") == 5


UNCOMMENTED = """
SELECT c.relname, NULL FROM pg_class AS c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm') AND obj_description(c.oid, 'pg_class') IS NULL
UNION ALL
SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
  AND col_description(c.oid, a.attnum) IS NULL
"""


def test_every_table_view_and_column_has_a_comment(database):
    relations = database.sql("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm')")
    assert {name for (name,) in relations} == {*TABLES, SKIPPED, REGISTRY, *VIEWS}
    assert database.sql(UNCOMMENTED) == []
    unit = database.value("SELECT col_description('public.vm_telemetry'::regclass, attnum) FROM pg_attribute "
                          "WHERE attrelid = 'public.vm_telemetry'::regclass AND attname = 'voltage'")
    assert re.search(r"\bV\b", unit)


# ---- applying ----


def schema_of(database):
    """Everything that can be seen of the database's objects, its roles and their settings; not passwords, which are salted."""
    dump = database.server.as_postgres(
        f"{PROGRAMS}/pg_dump", "-h", "127.0.0.1", "-p", str(database.server.port), "-U", "postgres", "--schema-only", database.name
    )
    lines = [line for line in dump.splitlines() if not re.match(r"\\(un)?restrict ", line)]
    assert len(lines) > 500
    roles = database.sql("SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, "
                         "rolpassword IS NULL FROM pg_authid ORDER BY 1")
    settings = database.sql("SELECT setdatabase = 0, setrole::regrole, setconfig FROM pg_db_role_setting ORDER BY 2, 1, 3")
    catalogue = database.sql("SELECT * FROM timescaledb_information.hypertables ORDER BY 1, 2, 3")
    return lines, roles, settings, catalogue, chunk_spans(database)


ONE_OF_EACH = {
    "vm_telemetry": {"time": NOON, "device_no": "VM-SH-001", "voltage": 220.5, "anomalies": "csq=99 sensor fault code"},
    "vm_events": {"time": NOON, "device_no": "VM-SH-001", "event_type": "DOOR_OPENED", "raw_data": '{"a":1}', "message_id": 1},
    "vm_status": {"time": NOON, "device_no": "VM-SH-001", "status": "online", "device_ts": nanoseconds(NOON), "message_id": 2},
    "vm_rejected": {"time": NOON, "topic": "v1/vm/x/events", "reason": "invalid_json", "payload": "{", "message_id": 3},
    "vm_ingest": {"time": NOON, "instance": "here", "received": 4},
    "vm_telegraf": {"time": NOON, "instance": "here", "output": "postgresql", "metrics_written": 5},
}


def test_applying_it_again_changes_nothing(database):
    for table, row in ONE_OF_EACH.items():
        land(database, table, row)
    schema, rows = schema_of(database), {table: all_rows(database, table) for table in TABLES}
    assert database.apply() == database.notices
    assert schema_of(database) == schema
    assert {table: all_rows(database, table) for table in TABLES} == rows
    for table, row in ONE_OF_EACH.items():
        land(database, table, row)
    assert {table: all_rows(database, table) for table in TABLES} == rows


def test_notices_name_what_the_edition_lacks(database):
    assert database.value("SHOW timescaledb.license") == "apache"
    notices = database.notices.splitlines()
    for table in ("vm_telemetry", "vm_events", "vm_rejected", "vm_ingest", "vm_telegraf", SKIPPED):
        assert [line for line in notices if "NOTICE" in line and re.search(rf"retention of {table}\b", line)]
    for table in ("vm_telemetry", "vm_events"):
        assert [line for line in notices if "NOTICE" in line and re.search(rf"columnstore of {table}\b", line)]
    for view in ("telemetry_5m", "telemetry_1h", "events_1h"):
        assert [line for line in notices if "NOTICE" in line and re.search(rf"continuous aggregate {view}\b.*plain view", line)]
    assert all("not in this edition of TimescaleDB" in line for line in notices if line), "a notice about something else"


def test_an_error_in_the_middle_leaves_nothing_behind(make_database):
    database = make_database(apply=False)
    database.sql("CREATE VIEW devices AS SELECT 1 AS something_else")
    with pytest.raises(AssertionError, match="apply.sh failed"):
        database.apply()
    assert database.value("SELECT to_regclass('vm_telemetry') IS NULL AND to_regnamespace('ingest') IS NULL") == "t"


# ---- migrating with data in place ----


def original(make_database, owner="postgres"):
    """A database as the owner's document makes it, a few rows in each table."""
    database = make_database(apply=False)
    database.sql("CREATE EXTENSION timescaledb")
    if owner != "postgres":
        database.sql(f"CREATE ROLE {owner} LOGIN SUPERUSER PASSWORD 'secret'")
    database.sql(OWNERS_DDL, user=owner, password="secret")
    telemetry = [
        {"time": f"2026-1{month}-{day:02}T0{hour}:00:00Z", "device_no": f"VM-SH-{device:03}", "voltage": 220 + hour, "uptime": day}
        for month in range(2) for day in (1, 2, 3) for hour in range(3) for device in range(4)
    ]
    insert(database, "vm_telemetry", telemetry, "public")
    insert(database, "vm_events", [
        {"time": f"2026-10-0{day}T00:00:00Z", "device_no": "VM-SH-001", "event_type": "DOOR_OPENED", "raw_data": '{"a": [1]}'}
        for day in (1, 1, 1, 2)
    ], "public")
    insert(database, "vm_status", [
        {"time": "2026-10-01T00:00:00Z", "device_no": "VM-SH-001", "status": status, "firmware": "5.0.1"}
        for status in ("online", "online", "offline")
    ], "public")
    return database


def names(table):
    return ", ".join(name for name, *_ in OWNERS_COLUMNS[table])


@pytest.mark.parametrize("owner", ["postgres", "iot"])
def test_the_owners_tables_keep_every_row(make_database, owner):
    database = original(make_database, owner)
    try:
        before = {table: all_rows(database, table, names(table)) for table in OWNERS_COLUMNS}
        notices = database.apply()
        assert {table: all_rows(database, table, names(table)) for table in OWNERS_COLUMNS} == before
        assert "folded" not in notices
        for index in ("idx_telemetry_device", "idx_events_device", "idx_status_device"):
            assert re.search(rf"NOTICE:.*{index}.*unique", notices)
        for table in OWNERS_COLUMNS:
            assert columns_of(database, table) == OWNERS_COLUMNS[table] + ADDED_COLUMNS[table]
        assert WANTED_INDEXES.items() <= indexes(database).items()
        assert chunk_spans(database) == dict.fromkeys((*TABLES, SKIPPED), "1 day")
        assert database.sql(OWNED_BY_OTHERS) == []
        # The second time there is nothing left to do, and new rows land beside the old ones.
        schema = schema_of(database)
        assert "index" not in database.apply()
        assert schema_of(database) == schema
        for table, row in ONE_OF_EACH.items():
            land(database, table, row)
        for table in OWNERS_COLUMNS:
            after = all_rows(database, table, names(table))
            assert not before[table] - after and (after - before[table]).total() == 1
    finally:
        database.drop()
        if owner != "postgres":
            Database.sql_in(database.server, "postgres", f"DROP ROLE {owner}")


def repeated(time, *voltages):
    return [{"time": time, "device_no": "VM-BJ-001", "voltage": voltage} for voltage in voltages]


def test_repeated_readings_are_folded_and_different_ones_kept(make_database):
    """Before there was a unique key a redelivery could store a reading twice."""
    database = original(make_database)
    others = all_rows(database, "vm_telemetry", names("vm_telemetry"))
    insert(database, "vm_telemetry", [
        *repeated("2026-10-05T00:00:00Z", 220, 220, 220),
        *repeated("2026-10-05T00:00:10Z", 221, 222, 223, 222),
        *repeated("2026-10-05T00:00:10.000001Z", 224),
        *repeated("2026-10-05T23:59:59.999999Z", 231, 232),  # what is set apart from it falls into the next chunk
        *repeated("2026-10-08T00:00:00Z", 233, None, None),
        *repeated("2026-10-07T23:59:59.999999Z", 234, 235, 236),
    ], "public")
    notices = database.apply()
    assert re.search(r"NOTICE:.*vm_telemetry: 4 repeated rows folded", notices)
    device = "device_no = 'VM-BJ-001'"
    kept = stored(database, "vm_telemetry", "voltage, date_trunc('second', time + INTERVAL '1 microsecond')", device)
    assert [voltage for voltage, _ in kept] == ["220", "221", "222", "223", "224", "231", "232", "233", "234", "235", "236", "NULL"]
    furthest = "max(abs(extract(epoch FROM time - (CASE WHEN voltage > 230 THEN date_trunc('minute', time + INTERVAL '1 second') " \
               "ELSE date_trunc('second', time) END))))"
    assert float(database.value(f"SELECT {furthest} FROM vm_telemetry WHERE {device}")) <= 10e-6
    after = all_rows(database, "vm_telemetry", names("vm_telemetry"))
    assert not others - after and (after - others).total() == 12
    assert "folded" not in database.apply()


def test_plain_tables_become_hypertables_and_keep_their_rows(make_database):
    database = make_database(apply=False)
    database.sql(re.sub(r"SELECT create_hypertable.*\n", "", OWNERS_DDL))
    insert(database, "vm_telemetry", [{"time": f"2026-11-{day:02}T00:00:00Z", "device_no": "VM-SH-001", "voltage": day}
                                      for day in range(1, 11)], "public")
    before = all_rows(database, "vm_telemetry", names("vm_telemetry"))
    database.apply()
    assert all_rows(database, "vm_telemetry", names("vm_telemetry")) == before
    assert chunk_spans(database) == dict.fromkeys((*TABLES, SKIPPED), "1 day")


OLDER = {
    "columns of telemetry": "ALTER TABLE vm_telemetry DROP COLUMN network_type, DROP COLUMN csq, DROP COLUMN anomalies",
    "columns of events": "ALTER TABLE vm_events DROP COLUMN severity, DROP COLUMN priority, DROP COLUMN anomalies",
    "columns of status": "ALTER TABLE vm_status DROP COLUMN reason, DROP COLUMN anomalies",
    "columns of reports": "ALTER TABLE vm_ingest DROP COLUMN ignored, DROP COLUMN zoneless",
    "new tables": "DROP TABLE vm_telegraf; DROP TABLE vm_skipped",
    "machines": "DROP TABLE vm_devices CASCADE",
    "views": "DROP VIEW device_status, devices, active_alarms, alarm_rules",
    "roll-ups": "DROP VIEW telemetry_1h, telemetry_5m, events_1h",
    "roll-ups of fewer columns": "DROP VIEW telemetry_1h, telemetry_5m; SET ROLE vending_owner; CREATE VIEW telemetry_5m AS "
                                 "SELECT time_bucket(INTERVAL '5 minutes', time) AS bucket, device_no, count(*) AS readings FROM vm_telemetry GROUP BY 1, 2",
    "the landing": "DROP SCHEMA ingest CASCADE",
    "triggers": "DROP TRIGGER land ON ingest.vm_telemetry; DROP TRIGGER land ON ingest.vm_events",
    "time zone": "ALTER DATABASE :DBNAME RESET vending.time_zone; DROP FUNCTION start_of_day",
    "indexes": "DROP INDEX idx_events_time; DROP INDEX idx_events_sale; DROP INDEX idx_status_message; DROP INDEX idx_telemetry_device",
    "grants": "REVOKE ALL ON ALL TABLES IN SCHEMA ingest FROM vending_writer; REVOKE ALL ON ALL TABLES IN SCHEMA public FROM vending_reader",
}


@pytest.mark.parametrize("without", OLDER)
def test_an_older_version_is_brought_up_to_date_without_losing_a_row(database, without):
    kept = {table: row for table, row in ONE_OF_EACH.items() if table not in OLDER[without] or without != "new tables"}
    for table, row in kept.items():
        land(database, table, row)
    whole = {table: sorted(columns_of(database, table)) for table in TABLES}
    drop_views = "DROP VIEW IF EXISTS device_status, devices, active_alarms, telemetry_5m, events_1h CASCADE; " if "DROP COLUMN" in OLDER[without] else ""
    landing = "".join(f"DROP TABLE ingest.{table} CASCADE; " for table in TABLES) if "DROP COLUMN" in OLDER[without] else ""
    database.sql(drop_views + landing + OLDER[without])
    names_of = {table: ", ".join(name for name, *_ in columns_of(database, table)) for table in kept}
    before = {table: all_rows(database, table, names_of[table]) for table in kept}
    database.apply()
    assert {table: all_rows(database, table, names_of[table]) for table in kept} == before
    assert {table: sorted(columns_of(database, table)) for table in TABLES} == whole
    for table in TABLES:
        row = ONE_OF_EACH[table] | {"device_no": "VM-NEW-001", "time": after_noon(hours=3), "message_id": 99}
        row = {name: value for name, value in row.items() if name in ("time", *ONE_OF_EACH[table])}
        land(database, table, row)
        assert database.count(table, f"time = '{after_noon(hours=3)}'") == 1
    assert int(database.value("SELECT count(*) FROM device_status", **READER)) == 2
    assert database.sql(UNCOMMENTED) == []


def test_applying_it_while_others_write_costs_no_row(database):
    """Also over an older version. A batch of Telegraf's is one transaction over several tables, with a savepoint before each."""
    stopping, written = threading.Event(), [0, 0]

    def write(writer):
        while not stopping.is_set() or written[writer] < 20:
            device, second = f"VM-{writer}-{written[writer]}", written[writer] % 60
            of_it = f"'{after_noon(seconds=second)}', '{device}'"
            statements = [f"INSERT INTO ingest.vm_telemetry (time, device_no, uptime) VALUES ({of_it}, 1), ({of_it}, 2), ({of_it}, 3)",
                          f"INSERT INTO ingest.vm_events (time, device_no, event_type, message_id) VALUES ({of_it}, 'X', 1)",
                          f"INSERT INTO ingest.vm_status (time, device_no, status, message_id) VALUES ({of_it}, 'online', 1)"]
            database.sql("BEGIN; " + "".join(f"SAVEPOINT s; {statement}; " for statement in statements) + "COMMIT", **WRITER)
            written[writer] += 1

    older = ["", "DROP VIEW device_status", "DROP INDEX idx_status_known", "ALTER TABLE vm_ingest DROP COLUMN ignored", ""]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        writers = [pool.submit(write, writer) for writer in range(2)]
        try:
            for change in older:
                database.sql(f"BEGIN; LOCK TABLE ingest.vm_telemetry, ingest.vm_events, ingest.vm_status, ingest.vm_ingest; {change}; COMMIT")
                database.apply()
        finally:
            stopping.set()
        for writer in writers:
            writer.result()
    assert min(written) >= 20
    assert database.count("vm_telemetry") == 3 * sum(written)
    assert database.count("vm_events") == database.count("vm_status") == sum(written)
    assert database.count("vm_rejected") == database.count("vm_skipped") == 0


# ---- roles ----

OWNED_BY_OTHERS = """
SELECT relname FROM pg_class WHERE relowner <> 'vending_owner'::regrole AND relnamespace IN ('public'::regnamespace, 'ingest'::regnamespace)
  AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
UNION ALL
SELECT c.relname FROM pg_class AS c JOIN timescaledb_information.chunks AS k
    ON c.oid = format('%I.%I', k.chunk_schema, k.chunk_name)::regclass
WHERE c.relowner <> 'vending_owner'::regrole
UNION ALL
SELECT proname FROM pg_proc WHERE proowner <> 'vending_owner'::regrole AND pronamespace = 'ingest'::regnamespace
"""

OWNED_BY_EITHER = """
SELECT 'relation', oid FROM pg_class WHERE relowner = ANY (ARRAY['vending_writer', 'vending_reader']::regrole[])
UNION ALL SELECT 'function', oid FROM pg_proc WHERE proowner = ANY (ARRAY['vending_writer', 'vending_reader']::regrole[])
UNION ALL SELECT 'schema', oid FROM pg_namespace WHERE nspowner = ANY (ARRAY['vending_writer', 'vending_reader']::regrole[])
UNION ALL SELECT 'database', oid FROM pg_database WHERE datdba = ANY (ARRAY['vending_writer', 'vending_reader']::regrole[])
UNION ALL SELECT 'type', oid FROM pg_type WHERE typowner = ANY (ARRAY['vending_writer', 'vending_reader']::regrole[])
"""

# What a role may do to the relations that are neither the catalogue's nor the extension's (those grant SELECT to everybody).
PRIVILEGES = """
SELECT n.nspname || '.' || c.relname, privilege
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace,
     unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND has_table_privilege(session_user, c.oid, privilege)
  AND (n.nspname IN ('public', 'ingest') OR n.nspname LIKE '%timescaledb%' AND privilege <> 'SELECT')
ORDER BY 1, 2
"""


def test_nothing_belongs_to_writer_or_reader(database):
    for table, row in ONE_OF_EACH.items():
        land(database, table, row)
    assert database.sql(OWNED_BY_EITHER) == []
    assert database.sql(OWNED_BY_OTHERS) == []
    assert database.sql("SELECT rolname FROM pg_roles WHERE rolname LIKE 'vending%' AND (rolsuper OR rolcreatedb OR rolcreaterole "
                        "OR rolreplication OR rolbypassrls)") == []
    assert database.sql("SELECT roleid::regrole, member::regrole FROM pg_auth_members "
                        "WHERE member IN (SELECT oid FROM pg_roles WHERE rolname LIKE 'vending%')") == []


def test_writer_may_insert_into_the_landing_and_nothing_else(database):
    for table, row in ONE_OF_EACH.items():
        land(database, table, row)
        assert database.count(table) == 1
    assert database.sql(PRIVILEGES, **WRITER) == [[f"ingest.{table}", "INSERT"] for table in sorted(TABLES)]
    actions = ["SELECT FROM ingest.{}", "SELECT FROM public.{}", "INSERT INTO public.{} (time) VALUES (now())",
               "UPDATE ingest.{} SET time = now()", "DELETE FROM ingest.{}", "TRUNCATE ingest.{}", "DROP TABLE ingest.{}",
               "ALTER TABLE ingest.{} ADD COLUMN x TEXT", "ALTER TABLE ingest.{} DISABLE TRIGGER land",
               "INSERT INTO ingest.{} (time) VALUES (now()) RETURNING *"]
    refused(database, [action.format(table) for action in actions for table in TABLES], **WRITER)
    refused(database, [f"SELECT FROM {view}" for view in VIEWS], **WRITER)
    refused(database, [
        "CREATE TABLE x ()", "CREATE TABLE ingest.x ()", "CREATE TEMPORARY TABLE x ()", "CREATE SCHEMA x", "SET ROLE vending_owner",
        "CREATE FUNCTION x() RETURNS INT LANGUAGE sql AS 'SELECT 1'", "SELECT ingest.to_jsonb('1')",
        "SELECT ingest.try_feature('x', 'DROP TABLE public.vm_events')"], **WRITER)


def test_reader_may_select_and_nothing_else(database):
    for table, row in ONE_OF_EACH.items():
        land(database, table, row)
    land(database, "vm_telemetry", ONE_OF_EACH["vm_telemetry"])
    expected = [[f"public.{name}", "SELECT"] for name in sorted((*TABLES, SKIPPED, REGISTRY, *VIEWS))]
    assert database.sql(PRIVILEGES, **READER) == expected
    rows = {"alarm_rules": 6, "active_alarms": 0}  # what was landed is too old for an alarm
    for name in (*TABLES, SKIPPED, REGISTRY, *VIEWS):
        assert int(database.value(f"SELECT count(*) FROM {name}", **READER)) == rows.get(name, 1)
    # Also where the session's default of read-only is switched off: it is no protection, only a second fence.
    actions = ["SELECT FROM ingest.{}", "INSERT INTO ingest.{} (time) VALUES (now())", "INSERT INTO {} (time) VALUES (now())",
               "DELETE FROM {}", "UPDATE {} SET time = now()", "TRUNCATE {}", "DROP TABLE {}"]
    statements = [action.format(table) for action in actions for table in TABLES] + [
        "DELETE FROM vm_skipped", "INSERT INTO vm_skipped VALUES (now(), 'vm_events', 1)",
        "CREATE TABLE x ()", "CREATE TEMPORARY TABLE x ()", "CREATE SCHEMA x", "SET ROLE vending_owner", "SET ROLE vending_writer",
        "SELECT ingest.to_jsonb('1')"]
    refused(database, statements, **READER)
    with pytest.raises(RuntimeError, match="allowed: SELECT 1"):
        refused(database, ["SELECT 1"], **READER)  # the check itself
    database.sql("ALTER ROLE vending_reader RESET default_transaction_read_only")
    refused(database, statements, **READER)
    database.apply()


def test_nobody_gets_in_with_another_password(database):
    """Those of the tests hold quotes, a backslash, a dollar sign, a per cent sign and Chinese."""
    assert set("'\\$") <= set(WRITER_PASSWORD) and set('"%') <= set(READER_PASSWORD)
    for role, password in (("vending_writer", READER_PASSWORD), ("vending_reader", WRITER_PASSWORD), ("vending_owner", "x")):
        with pytest.raises(RuntimeError, match="password authentication failed"):
            database.sql("SELECT 1", user=role, password=password)


def test_no_timeout_can_cancel_the_writer(database):
    """Telegraf drops a batch that one of them cancels."""
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "transaction_timeout"):
        assert database.value(f"SHOW {name}", **WRITER) == "0"
    assert database.value("SHOW timescaledb.max_tuples_decompressed_per_dml_transaction", **WRITER) == "0"
    assert database.value("SHOW default_transaction_read_only", **READER) == "on"


def test_what_grafana_may_take_is_limited(database):
    """Whoever may see a dashboard may send any query; and a week of reports is sorted in memory, not on disk."""
    for name, value in (("default_transaction_read_only", "on"), ("statement_timeout", "20s"), ("work_mem", "32MB"), ("jit", "off")):
        assert database.value(f"SHOW {name}", **READER) == value


# ---- device_status ----


def telemetry(device, time, **more):
    return {"time": time, "device_no": device, "voltage": 220.5, **more}


def event(device, time, message_id=1, **more):
    return {"time": time, "device_no": device, "event_type": "DOOR_OPENED", "message_id": message_id, **more}


def status(device, time, status, message_id=1, **more):
    return {"time": time, "device_no": device, "status": status, "message_id": message_id, **more}


TABLE_OF = {"voltage": "vm_telemetry", "event_type": "vm_events", "status": "vm_status"}


def machines():
    """What came in just now, and whether an operator would call the machine online."""
    return {
        "VM-SH-001 came online an hour ago and still reports": (True, [
            status("VM-SH-001", at(hours=1), "online"), telemetry("VM-SH-001", at(minutes=30)), telemetry("VM-SH-001", at(seconds=20))]),
        "VM-SH-002 has just left": (False, [
            status("VM-SH-002", at(hours=1), "online"), telemetry("VM-SH-002", at(seconds=20)),
            status("VM-SH-002", at(seconds=1), "offline", 2, reason="unexpected")]),
        "VM-SH-003 left and reports again": (True, [
            status("VM-SH-003", at(seconds=40), "offline"), telemetry("VM-SH-003", at(seconds=20))]),
        "VM-SH-004 left and is online again": (True, [
            status("VM-SH-004", at(seconds=40), "offline"), status("VM-SH-004", at(seconds=20), "online", 2)]),
        "VM-SH-005 went silent 6 minutes ago": (False, [
            status("VM-SH-005", at(hours=1), "online"), telemetry("VM-SH-005", at(minutes=6))]),
        "VM-SH-006 was heard of 4 minutes ago": (True, [
            status("VM-SH-006", at(hours=1), "online"), telemetry("VM-SH-006", at(minutes=4))]),
        "VM-SH-007 said it is online an hour ago, and no more": (False, [status("VM-SH-007", at(hours=1), "online")]),
        "VM-SH-008 has only events": (True, [event("VM-SH-008", at(seconds=20))]),
        "VM-SH-009 has only old events": (False, [event("VM-SH-009", at(hours=2))]),
        "VM-SH-010 never said a status": (True, [telemetry("VM-SH-010", at(seconds=20))]),
        "VM-SH-011 only ever left": (False, [status("VM-SH-011", at(seconds=20), "offline")]),
        "VM-SH-012 sells after it left": (True, [
            status("VM-SH-012", at(seconds=40), "offline"), event("VM-SH-012", at(seconds=20))]),
        "VM-SH-013 says words that nobody knows": (False, [status("VM-SH-013", at(seconds=20), "running"), status("VM-SH-013", at(seconds=2), "0", 2)]),
        "VM-SH-014 left and then says such a word": (False, [
            telemetry("VM-SH-014", at(seconds=50)), status("VM-SH-014", at(seconds=40), "offline"), status("VM-SH-014", at(seconds=20), "idle", 2)]),
        "VM-SH-015 is online and then says such a word": (True, [status("VM-SH-015", at(seconds=40), "online"), status("VM-SH-015", at(seconds=20), "idle", 2)]),
        "VM-SH-016 left; a reading of the future is there": (False, [
            telemetry("VM-SH-016", at(minutes=-8)), telemetry("VM-SH-016", at(seconds=40)), status("VM-SH-016", at(seconds=20), "offline")]),
        "VM-SH-017 left; an event of the future is there": (False, [event("VM-SH-017", at(minutes=-8)), status("VM-SH-017", at(seconds=20), "offline")]),
        "VM-SH-018 left; an online of the future is there": (False, [
            status("VM-SH-018", at(minutes=-8), "online"), status("VM-SH-018", at(seconds=20), "offline", 2)]),
        "VM-SH-019 reports; an offline of the future is there": (True, [status("VM-SH-019", at(minutes=-8), "offline"), telemetry("VM-SH-019", at(seconds=20))]),
        "VM-SH-020 went silent; a reading of the future is there": (False, [telemetry("VM-SH-020", at(minutes=-20)), telemetry("VM-SH-020", at(minutes=6))]),
        "VM-SH-021 acknowledges a command": (True, [event("VM-SH-021", at(seconds=20), event_type="COMMAND_ACK", severity="high")]),
    }


def test_online_as_an_operator_means_it(database):
    cases = machines()
    for _, rows in cases.values():
        for row in rows:
            land(database, next(table for column, table in TABLE_OF.items() if column in row), row)
    actual = dict(database.sql("SELECT device_no, online FROM device_status", **READER))
    assert actual == {case.split()[0]: "t" if online else "f" for case, (online, _) in cases.items()}


def test_device_status_says_what_is_known_last(database):
    land(database, "vm_status",
         status("VM-SH-001", NOON, "online", 1, firmware="5.0.0", hardware="v3.1"),
         status("VM-SH-001", after_noon(hours=1), "offline", 2, reason="maintenance"),
         status("VM-SH-001", after_noon(hours=2), "online", 3, firmware="5.0.1", hardware="v3.2"))
    recent, older = at(seconds=30), at(minutes=3)
    land(database, "vm_telemetry",
         telemetry("VM-SH-001", older, lat=31.25, lng=121.5, freezer_temp_0=-18, freezer_temp_1=-17.5),
         telemetry("VM-SH-001", recent, freezer_temp_0=-19, freezer_temp_3=-12.5))
    land(database, "vm_events", event("VM-SH-001", NOON, 5), event("VM-SH-001", after_noon(minutes=1), 6, event_type="CHANNEL_JAM"))
    columns = "status, since, firmware, hardware, reason, last_telemetry, last_seen, last_event, last_event_type, lat, lng, warmest_zone"
    (known,) = database.sql(f"SELECT row_to_json(d) FROM (SELECT {columns} FROM device_status WHERE device_no = 'VM-SH-001') AS d")
    known = json.loads(known[0])
    for name in ("since", "last_telemetry", "last_seen", "last_event"):
        known[name] = datetime.datetime.fromisoformat(known[name])
    moment = datetime.datetime.fromisoformat
    assert known == {
        "status": "online", "since": moment(after_noon(hours=2)), "firmware": "5.0.1", "hardware": "v3.2", "reason": None,
        "last_telemetry": moment(recent), "last_seen": moment(recent), "last_event": moment(after_noon(minutes=1)),
        "last_event_type": "CHANNEL_JAM", "lat": 31.25, "lng": 121.5, "warmest_zone": -12.5,
    }


def known_of(database, device, columns):
    ((line,),) = database.sql(f"SELECT row_to_json(d) FROM (SELECT {columns} FROM device_status WHERE device_no = '{device}') AS d", **READER)
    return json.loads(line)


READING = {"voltage": 220, "current": 1.5, "uptime": 900, "door_closed": False, "freezer_temp_0": -9.5, "freezer_temp_1": -18, "freezer_temp_2": -17.9,
           "freezer_temp_3": -18.4, "ambient_temp": 25, "vibration_g": 0.1, "rssi": -52, "network_type": "4G", "csq": 20, "lat": 31.2, "lng": 121.4}
SECTION_OF = {"system": list(READING)[:4], "freezer": list(READING)[4:8], "surroundings": list(READING)[8:10], "radio": list(READING)[10:13],
              "place": list(READING)[13:]}


@pytest.mark.parametrize("apart", [0, 60])
@pytest.mark.parametrize("last", SECTION_OF)
def test_a_message_a_section_hides_no_other_section(database, apart, last):
    """At one instant or one after the other; whichever comes last."""
    now = datetime.datetime.fromisoformat(at(seconds=300))
    for number, section in enumerate([*(name for name in SECTION_OF if name != last), last]):
        moment = (now + datetime.timedelta(seconds=apart * number)).isoformat()
        land(database, "vm_telemetry", {"time": moment, "device_no": "VM-SH-001", **{name: READING[name] for name in SECTION_OF[section]}})
    assert known_of(database, "VM-SH-001", ", ".join([*READING, "warmest_zone"])) == READING | {"warmest_zone": -9.5}


def test_a_message_a_probe_hides_no_other_probe(database):
    hot = at(seconds=30)
    land(database, "vm_telemetry", *[{"time": hot, "device_no": "VM-SH-001", f"freezer_temp_{zone}": temp} for zone, temp in enumerate((-9.5, -18, -18, -18))])
    for ago in range(20, 0, -1):  # and many without any
        land(database, "vm_telemetry", {"time": at(seconds=ago), "device_no": "VM-SH-001", "rssi": -60})
    assert known_of(database, "VM-SH-001", "warmest_zone, freezer_temp_0, freezer_temp_3, rssi") == {
        "warmest_zone": -9.5, "freezer_temp_0": -9.5, "freezer_temp_3": -18, "rssi": -60}


def test_a_value_is_the_latest_for_a_quarter_of_an_hour(database):
    for device, minutes in (("VM-SH-001", 14.9), ("VM-SH-002", 15.1)):
        newest = datetime.datetime.fromisoformat(at(hours=3))  # also of a machine that went silent then
        land(database, "vm_telemetry", {"time": newest.isoformat(), "device_no": device, "rssi": -60},
             {"time": (newest - datetime.timedelta(minutes=minutes)).isoformat(), "device_no": device, "freezer_temp_0": -5, "voltage": 220})
    columns = "warmest_zone, voltage, rssi"
    assert known_of(database, "VM-SH-001", columns) == {"warmest_zone": -5, "voltage": 220, "rssi": -60}
    assert known_of(database, "VM-SH-002", columns) == {"warmest_zone": None, "voltage": None, "rssi": -60}


def test_a_reading_of_the_future_hides_no_later_one(database):
    land(database, "vm_telemetry", telemetry("VM-SH-001", at(minutes=-8), freezer_temp_0=-18), telemetry("VM-SH-001", at(seconds=20), freezer_temp_0=-5))
    assert known_of(database, "VM-SH-001", "warmest_zone, last_telemetry < now() AS past") == {"warmest_zone": -5, "past": True}


def test_a_place_is_both_coordinates_of_one_reading(database):
    land(database, "vm_telemetry", telemetry("VM-SH-001", at(minutes=9), lat=31.2, lng=121.4), telemetry("VM-SH-001", at(minutes=5), lat=10),
         telemetry("VM-SH-001", at(minutes=1), lng=20))
    assert known_of(database, "VM-SH-001", "lat, lng") == {"lat": 31.2, "lng": 121.4}


def test_region_is_the_middle_of_the_device_number(database):
    regions = {"VM-SH-001": "SH", "VM-GZ-1234": "GZ", "VM-上海-001": "上海", "VM-SH-A-1": "SH", "VM001": "", "XX-SH-001": "", "VM-": ""}
    land(database, "vm_telemetry", *[telemetry(device, NOON) for device in regions])
    assert dict(database.sql("SELECT device_no, region FROM device_status")) == regions
    assert dict(database.sql("SELECT device_no, region FROM devices")) == regions


def test_a_machine_is_known_from_its_first_row_on(database):
    """Whatever row that is, and also when the batch has to go row by row; what is refused makes no machine."""
    land(database, "vm_telemetry", telemetry("VM-SH-001", NOON), telemetry("VM-SH-001", after_noon(seconds=1)), telemetry("VM-SH-002", NOON))
    land(database, "vm_telemetry", telemetry("VM-SH-003", NOON), {"device_no": "VM-SH-004", "voltage": 1.5}, telemetry("VM-SH-002", after_noon(hours=1)))
    land(database, "vm_events", event("VM-SH-005", NOON), {"time": NOON, "device_no": "VM-SH-006", "message_id": 5})
    land(database, "vm_status", status("VM-SH-007", NOON, "offline"))
    land(database, "vm_rejected", rejected("v1/vm/VM-SH-008/events", NOON) | {"device_no": "VM-SH-008"})
    assert database.sql("SELECT device_no FROM devices ORDER BY 1", **READER) == [[f"VM-SH-00{number}"] for number in (1, 2, 3, 5, 7)]


def test_a_machine_that_is_gone_can_be_forgotten_and_comes_back(database):
    land(database, "vm_status", status("VM-SH-001", NOON, "offline"), status("VM-SH-002", NOON, "online"))
    database.sql("DELETE FROM vm_devices WHERE device_no = 'VM-SH-001'")
    assert database.sql("SELECT device_no FROM device_status") == [["VM-SH-002"]]
    land(database, "vm_telemetry", telemetry("VM-SH-001", at(seconds=1)))
    assert database.count("device_status") == 2


# ---- the operators' day ----


def in_environment(database, **variables):
    """apply.sh with more variables set; returns psql's complaint, if it fails."""
    for name, value in variables.items():
        os.environ[name] = value
    try:
        database.apply()
    except AssertionError as failed:
        return str(failed)
    finally:
        for name in variables:
            del os.environ[name]


def test_the_day_begins_at_midnight_of_the_operators_time_zone(database):
    assert database.value("SELECT operator_time_zone()", **READER) == "Asia/Shanghai"
    day = "start_of_day(TIMESTAMPTZ '{}') = TIMESTAMPTZ '{}'"
    for moment, midnight in (("2026-11-24T15:59:59Z", "2026-11-23T16:00:00Z"), ("2026-11-24T16:00:00Z", "2026-11-24T16:00:00Z")):
        assert database.value(f"SELECT {day.format(moment, midnight)}", **READER) == "t"
    assert in_environment(database, VENDING_TIME_ZONE="America/New_York") is None
    # A day of summer time, one of winter time, and the day between of 25 hours.
    for moment, midnight in (("2026-07-01T03:59:59Z", "2026-06-30T04:00:00Z"), ("2026-12-01T05:00:00Z", "2026-12-01T05:00:00Z"),
                             ("2026-11-02T04:59:59Z", "2026-11-01T04:00:00Z")):
        assert database.value(f"SELECT {day.format(moment, midnight)}", **READER) == "t"
    assert database.value("SELECT start_of_day() <= now() AND now() < start_of_day() + INTERVAL '25 hours'", **READER) == "t"


def test_applying_it_without_a_time_zone_keeps_the_one_that_is_set(database):
    assert in_environment(database, VENDING_TIME_ZONE="Europe/Berlin") is None
    database.apply()
    assert database.value("SELECT operator_time_zone()") == "Europe/Berlin"
    assert in_environment(database, VENDING_TIME_ZONE="") is None
    assert database.value("SELECT operator_time_zone()") == "Europe/Berlin"


def test_a_time_zone_that_is_none_is_refused(database):
    assert "VENDING_TIME_ZONE" in in_environment(database, VENDING_TIME_ZONE="Shanghai'; DROP TABLE vm_events")
    assert database.value("SELECT operator_time_zone()") == "Asia/Shanghai"


# ---- active alarms ----


message_ids = itertools.count(1)


def fault(device, kind, ago, data=None, **more):
    return {"time": at(seconds=ago), "device_no": device, "event_type": kind, "message_id": next(message_ids), "severity": "high",
            "raw_data": json.dumps({"event_type": kind, "data": data or {}}), **more}


def sale(device, ago, **more):
    return fault(device, "DISPENSE_SUCCESS", ago, **more)


HOUR, DAY = 3600, 86400
WARM = {"zone_index": 2, "temperature": -8.5, "threshold": -12}


def alarm_cases():
    """What a machine sent, newest last, and its active alarms: type, channel, oven or zone, occurrences, seconds since."""
    return {
        "jam": ([fault("jam", "CHANNEL_JAM", 50, channel_id="M-01")], [("CHANNEL_JAM", "M-01", 1, 50)]),
        "jam-sold": ([fault("jam-sold", "CHANNEL_JAM", 50, channel_id="M-01"), sale("jam-sold", 40, channel_id="M-01")], []),
        "jam-other": ([fault("jam-other", "CHANNEL_JAM", 50, channel_id="M-01"), sale("jam-other", 40, channel_id="M-02")],
                      [("CHANNEL_JAM", "M-01", 1, 50)]),
        "jam-before": ([sale("jam-before", 60, channel_id="M-01"), fault("jam-before", "CHANNEL_JAM", 50, channel_id="M-01")],
                       [("CHANNEL_JAM", "M-01", 1, 50)]),
        "jam-again": ([fault("jam-again", "CHANNEL_JAM", 90, channel_id="M-01"), sale("jam-again", 80, channel_id="M-01"),
                       fault("jam-again", "CHANNEL_JAM", 70, channel_id="M-01"), fault("jam-again", "CHANNEL_JAM", 60, channel_id="M-01"),
                       fault("jam-again", "CHANNEL_JAM", 65, channel_id="M-07")],
                      [("CHANNEL_JAM", "M-01", 2, 70), ("CHANNEL_JAM", "M-07", 1, 65)]),
        "jam-nowhere": ([fault("jam-nowhere", "CHANNEL_JAM", 50), fault("jam-nowhere", "CHANNEL_JAM", 30), sale("jam-nowhere", 40, channel_id="M-02")],
                        [("CHANNEL_JAM", None, 1, 30)]),
        "jam-old": ([fault("jam-old", "CHANNEL_JAM", 3 * DAY - 60, channel_id="M-01"),
                     fault("jam-old", "CHANNEL_JAM", 3 * DAY + 60, channel_id="M-02")], [("CHANNEL_JAM", "M-01", 1, 3 * DAY - 60)]),
        "failed": ([fault("failed", "DISPENSE_FAILED", 50, channel_id="M-01"), fault("failed", "DISPENSE_FAILED", DAY + 60, channel_id="M-02")],
                   [("DISPENSE_FAILED", "M-01", 1, 50)]),
        "failed-sold": ([fault("failed-sold", "DISPENSE_FAILED", 50, channel_id="M-01"), sale("failed-sold", 40, channel_id="M-01")], []),
        "heat": ([fault("heat", "HEATING_FAILURE", 50, oven_id="OVEN_A"), sale("heat", 40, oven_id="OVEN_B", channel_id="M-01")],
                 [("HEATING_FAILURE", "OVEN_A", 1, 50)]),
        "heat-sold": ([fault("heat-sold", "HEATING_FAILURE", 50, oven_id="OVEN_A"), sale("heat-sold", 40, oven_id="OVEN_A", channel_id="M-01")], []),
        "warm": ([fault("warm", "TEMP_OVERHEAT", 50, data=WARM), telemetry("warm", at(seconds=40), freezer_temp_2=-12, freezer_temp_1=-20)],
                 [("TEMP_OVERHEAT", "2", 1, 50)]),
        "warm-cold": ([fault("warm-cold", "TEMP_OVERHEAT", 50, data=WARM), telemetry("warm-cold", at(seconds=40), freezer_temp_2=-12.1),
                       telemetry("warm-cold", at(seconds=30), freezer_temp_2=-8)], []),
        "warm-again": ([fault("warm-again", "TEMP_OVERHEAT", 90, data=WARM), telemetry("warm-again", at(seconds=80), freezer_temp_2=-15),
                        fault("warm-again", "TEMP_OVERHEAT", 70, data=WARM), fault("warm-again", "TEMP_OVERHEAT", 60, data=WARM)],
                       [("TEMP_OVERHEAT", "2", 2, 70)]),
        "warm-dead": ([fault("warm-dead", "TEMP_OVERHEAT", 50, data=WARM), telemetry("warm-dead", at(seconds=40), freezer_temp_1=-20)],
                      [("TEMP_OVERHEAT", "2", 1, 50)]),
        "warm-odd": ([fault("warm-odd", "TEMP_OVERHEAT", 50, data={"zone_index": "x", "threshold": "hot"}),
                      telemetry("warm-odd", at(seconds=40), freezer_temp_0=-9.5, freezer_temp_1=-20)], [("TEMP_OVERHEAT", None, 1, 50)]),
        "warm-odd-cold": ([fault("warm-odd-cold", "TEMP_OVERHEAT", 50), telemetry("warm-odd-cold", at(seconds=40), freezer_temp_0=-10.5, freezer_temp_1=-20)],
                          []),
        "door": ([fault("door", "DOOR_OPENED", 50), telemetry("door", at(seconds=40), door_closed=False)], [("DOOR_OPENED", None, 1, 50)]),
        "door-closed": ([fault("door-closed", "DOOR_OPENED", 50), telemetry("door-closed", at(seconds=40), door_closed=True)], []),
        "door-silent": ([telemetry("door-silent", at(seconds=60), door_closed=True), fault("door-silent", "DOOR_OPENED", 50)],
                        [("DOOR_OPENED", None, 1, 50)]),
        "blow": ([fault("blow", "VANDALISM_ALERT", HOUR - 60), sale("blow", 40, channel_id="M-01")], [("VANDALISM_ALERT", None, 1, HOUR - 60)]),
        "warm-sections": ([fault("warm-sections", "TEMP_OVERHEAT", 50, data=WARM), telemetry("warm-sections", at(seconds=40), rssi=-60),
                           {"time": at(seconds=40), "device_no": "warm-sections", "freezer_temp_2": -11}], [("TEMP_OVERHEAT", "2", 1, 50)]),
        "warm-sections-cold": ([fault("warm-sections-cold", "TEMP_OVERHEAT", 50, data=WARM), {"time": at(seconds=40), "device_no": "warm-sections-cold", "freezer_temp_2": -13},
                                telemetry("warm-sections-cold", at(seconds=40), rssi=-60)], []),
        "warm-ahead": ([telemetry("warm-ahead", at(seconds=-300), freezer_temp_2=-20), fault("warm-ahead", "TEMP_OVERHEAT", 50, data=WARM)],
                       [("TEMP_OVERHEAT", "2", 1, 50)]),
        "door-ahead": ([telemetry("door-ahead", at(seconds=-300), door_closed=True), fault("door-ahead", "DOOR_OPENED", 50)], [("DOOR_OPENED", None, 1, 50)]),
        "jam-ahead": ([sale("jam-ahead", -300, channel_id="M-01"), fault("jam-ahead", "CHANNEL_JAM", 50, channel_id="M-01")], [("CHANNEL_JAM", "M-01", 1, 50)]),
        "heat-ahead": ([sale("heat-ahead", -300, oven_id="OVEN_A"), fault("heat-ahead", "HEATING_FAILURE", 50, oven_id="OVEN_A")],
                       [("HEATING_FAILURE", "OVEN_A", 1, 50)]),
        "ahead": ([fault("ahead", "CHANNEL_JAM", -300, channel_id="M-01"), sale("ahead", 40, channel_id="M-01")], [("CHANNEL_JAM", "M-01", 1, -300)]),
        # An acknowledged command is neither a fault nor a sale, whatever its severity.
        "command": ([fault("command", "CHANNEL_JAM", 50, channel_id="M-01"), fault("command", "COMMAND_ACK", 40, data={"order_id": "1"}, error_code="E103"),
                     fault("command", "COMMAND_ACK", 30) | {"severity": "low"}], [("CHANNEL_JAM", "M-01", 1, 50)]),
        "blow-old": ([fault("blow-old", "VANDALISM_ALERT", HOUR + 60)], []),
        "fine": ([sale("fine", 50, channel_id="M-01"), fault("fine", "SNAPSHOT_CAPTURED", 40), fault("fine", "FAN_STUCK", 40)], []),
    }


def test_an_alarm_is_active_until_something_ends_it(database):
    cases, began = alarm_cases(), datetime.datetime.now(datetime.timezone.utc)
    for rows, _ in cases.values():
        for row in rows:
            land(database, "vm_events" if "event_type" in row else "vm_telemetry", row)
    active = database.sql("SELECT device_no, event_type, coalesce(channel_id, oven_id, zone::text), occurrences, "
                          f"round(extract(epoch FROM TIMESTAMPTZ '{began.isoformat()}' - since)) FROM active_alarms", **READER)
    actual = {device: sorted(tuple(row[1:]) for row in active if row[0] == device) for device in cases}
    expected = {device: sorted((kind, part or "NULL", str(count), str(since)) for kind, part, count, since in alarms)
                for device, (_, alarms) in cases.items()}
    assert actual == expected
    assert len(active) == sum(map(len, expected.values())), "an alarm of a machine that is not there"


def test_an_alarm_says_what_the_latest_event_says(database):
    pictures = [{"image_url": f"https://example.com/{number}.jpg", "video_url": "https://example.com/1.mp4"} for number in range(2)]
    land(database, "vm_events",
         fault("VM-SH-001", "TEMP_OVERHEAT", 60, data=WARM, **pictures[0]),
         fault("VM-SH-001", "TEMP_OVERHEAT", 50, data=WARM | {"temperature": -7}, error_code="E301", **pictures[1]),
         fault("VM-SH-001", "HEATING_FAILURE", 50, data={"expected_power": 800, "actual_power": 45.5, "exhaust_temp": 41}, oven_id="OVEN_B"),
         fault("VM-SH-001", "VANDALISM_ALERT", 50, data={"g_force": 3.2}) | {"severity": "critical"},
         fault("VM-SH-001", "DOOR_OPENED", 50, data={"door_id": "MAIN"}),
         fault("VM-SH-001", "CHANNEL_JAM", 50) | {"raw_data": '"no object"'})
    columns = "event_type, region, title, severity, occurrences, zone, error_code, detail, image_url, since < latest"
    assert database.sql(f"SELECT {columns} FROM active_alarms ORDER BY event_type", **READER) == [
        ["CHANNEL_JAM", "SH", "卡货 Channel jam", "high", "1", "NULL", "NULL", "NULL", "NULL", "f"],
        ["DOOR_OPENED", "SH", "开门 Door open", "high", "1", "NULL", "NULL", "door MAIN", "NULL", "f"],
        ["HEATING_FAILURE", "SH", "加热失败 Heating failure", "high", "1", "NULL", "NULL", "45.5 of 800 W, exhaust 41 degC", "NULL", "f"],
        ["TEMP_OVERHEAT", "SH", "冷冻超温 Freezer too warm", "high", "2", "2", "E301", "zone 2, -7 degC, limit -12 degC",
         "https://example.com/1.jpg", "t"],
        ["VANDALISM_ALERT", "SH", "暴力告警 Vandalism", "critical", "1", "NULL", "NULL", "3.2 g", "NULL", "f"]]


def test_the_rules_say_what_active_alarms_does(database):
    """Its query repeats them as constants. One event of each type, just young enough and just too old."""
    rules = database.sql("SELECT event_type, extract(epoch FROM look_back)::integer FROM alarm_rules")
    land(database, "vm_events", *[fault(f"VM-{age}-001", kind, int(seconds) + late)
                                  for kind, seconds in rules for age, late in (("YOUNG", -60), ("OLD", 60))])
    assert sorted(database.sql("SELECT event_type, region FROM active_alarms")) == sorted([kind, "YOUNG"] for kind, _ in rules)


# ---- roll-ups ----


def test_telemetry_by_five_minutes(database):
    land(database, "vm_telemetry",
         telemetry("VM-SH-001", after_noon(seconds=1), freezer_temp_0=-18, freezer_temp_3=-10, ambient_temp=20, vibration_g=0.5, rssi=-70,
                   current=1),
         telemetry("VM-SH-001", after_noon(seconds=299), freezer_temp_0=-20, voltage=210.5, vibration_g=2.5, rssi=-75, current=8,
                   anomalies="csq=99 sensor fault code"),
         telemetry("VM-SH-001", after_noon(seconds=300), freezer_temp_0=-1),
         telemetry("VM-SH-002", after_noon(seconds=1), freezer_temp_1=-5))
    (first,) = database.sql(f"SELECT row_to_json(t) FROM telemetry_5m AS t WHERE device_no = 'VM-SH-001' AND bucket = '{NOON}'", **READER)
    first = json.loads(first[0])
    del first["bucket"]
    assert {name: value for name, value in first.items() if value is not None} == {
        "device_no": "VM-SH-001", "readings": 2, "freezer_temp_0": -19, "freezer_temp_0_max": -18, "freezer_temp_3": -10,
        "freezer_temp_3_max": -10, "ambient_temp": 20, "voltage": 215.5, "voltage_min": 210.5, "voltage_max": 220.5, "current": 4.5,
        "current_max": 8, "vibration_g_max": 2.5, "rssi": -72.5, "anomalies": 1, "freezer_temp_0_warm_s": 0, "freezer_temp_3_warm_s": 0,
    }
    assert stored(database, "telemetry_5m", "device_no, bucket = '2026-11-20 12:00Z', readings") == [
        ["VM-SH-001", "f", "1"], ["VM-SH-001", "t", "2"], ["VM-SH-002", "t", "1"]]


def test_how_long_a_zone_was_warm(database):
    """Above -10 degC; the share of the readings that there are of the zone."""
    land(database, "vm_telemetry", *[
        telemetry("VM-SH-001", after_noon(seconds=10 + 60 * number), freezer_temp_0=temperature, freezer_temp_1=-9.99)
        for number, temperature in enumerate([-10, -9.9, None, 5, -18])], telemetry("VM-SH-001", after_noon(minutes=6), freezer_temp_0=-9))
    warm = "freezer_temp_0_warm_s, freezer_temp_1_warm_s, freezer_temp_2_warm_s"
    assert stored(database, "telemetry_5m", f"bucket = '{NOON}', {warm}") == [["f", "300", "NULL", "NULL"], ["t", "150", "300", "NULL"]]
    assert stored(database, "telemetry_1h", f"bucket = '{NOON}', {warm}") == [["t", "450", "300", "NULL"]]


def test_telemetry_by_the_hour(database):
    """Of the five-minute means, each weighing the same."""
    land(database, "vm_telemetry",
         telemetry("VM-SH-001", NOON, freezer_temp_0=-20, current=1, rssi=-70, vibration_g=0.1, anomalies="csq=99 sensor fault code"),
         telemetry("VM-SH-001", after_noon(minutes=1), freezer_temp_0=-18, voltage=210.5, current=2, rssi=-72, ambient_temp=20),
         telemetry("VM-SH-001", after_noon(minutes=59), freezer_temp_0=-9, voltage=231, current=8, rssi=-75, vibration_g=2.5, ambient_temp=30),
         telemetry("VM-SH-001", after_noon(minutes=60)), telemetry("VM-SH-002", NOON))
    (first,) = database.sql(f"SELECT row_to_json(t) FROM telemetry_1h AS t WHERE device_no = 'VM-SH-001' AND bucket = '{NOON}'", **READER)
    first = json.loads(first[0])
    del first["bucket"]
    assert {name: value for name, value in first.items() if value is not None} == {
        "device_no": "VM-SH-001", "readings": 3, "freezer_temp_0": -14, "freezer_temp_0_max": -9, "freezer_temp_0_warm_s": 300,
        "ambient_temp": 25, "voltage": 223.25, "voltage_min": 210.5, "voltage_max": 231, "current": 4.75, "current_max": 8,
        "vibration_g_max": 2.5, "rssi": -73, "anomalies": 1,
    }
    assert database.count("telemetry_1h") == 3


def test_events_by_the_hour(database):
    land(database, "vm_events",
         event("VM-SH-001", NOON, 1, severity="high"), event("VM-SH-001", after_noon(minutes=59), 2, severity="high"),
         event("VM-SH-001", after_noon(minutes=60), 3, severity="high"),
         event("VM-SH-001", NOON, 4, event_type="NEW_ONE", severity="unknown"))
    assert stored(database, "events_1h", "event_type, extract(hour FROM bucket AT TIME ZONE 'UTC'), device_no, severity, events") == [
        ["DOOR_OPENED", "12", "VM-SH-001", "high", "2"], ["DOOR_OPENED", "13", "VM-SH-001", "high", "1"],
        ["NEW_ONE", "12", "VM-SH-001", "unknown", "1"]]


# ---- landing: the same again ----


@pytest.mark.parametrize("table", TABLES)
def test_what_is_there_already_is_skipped(database, table):
    row = ONE_OF_EACH[table]
    land(database, table, row, row, row)
    assert database.count(table) == 1
    land(database, table, row)
    land(database, table, row, row)
    assert database.count(table) == 1
    assert database.count("vm_rejected", "reason = 'landing_failed'") == 0
    assert database.count(f"ingest.{table}") == 0


@pytest.mark.parametrize("table", TABLES)
def test_copy_lands_as_insert_does(database, table):
    """Telegraf copies."""
    row = ONE_OF_EACH[table]
    line = "\t".join(str(value) for value in row.values())
    database.sql(f"COPY ingest.{table} ({', '.join(row)}) FROM STDIN;\n{line}\n{line}\n\\.\n", **WRITER)
    assert database.count(table) == 1
    copied = all_rows(database, table)
    database.sql(f"TRUNCATE {table}")
    land(database, table, row)
    assert all_rows(database, table) == copied


def skipped(database):
    return {table: int(rows) for table, rows in database.sql("SELECT measurement, sum(rows) FROM vm_skipped GROUP BY 1")}


def test_what_was_skipped_is_counted_once_a_batch(database):
    """Of every table, whatever made it a repeat; nothing is written where nothing was skipped."""
    for table, row in ONE_OF_EACH.items():
        land(database, table, row)
    assert database.count("vm_skipped") == 0
    for number, (table, row) in enumerate(ONE_OF_EACH.items(), 1):
        land(database, table, *[row] * 30)
        assert database.count("vm_skipped") == number, "a row a batch"
    assert skipped(database) == dict.fromkeys(TABLES, 30)
    # Some of a batch, and several statements of one transaction, as Telegraf's.
    database.sql("TRUNCATE vm_skipped")
    statements = [f"INSERT INTO ingest.vm_status (time, device_no, status, message_id) VALUES ('{moment}', 'VM-SH-001', 'offline', {number})"
                  for moment, number in ((after_noon(hours=1), 7), (after_noon(hours=2), 7), (after_noon(hours=3), 7), (after_noon(hours=4), 8))]
    statements.insert(2, f"INSERT INTO ingest.vm_events (time, device_no, event_type, message_id) VALUES ('{NOON}', 'VM-SH-001', 'X', 1)")
    database.sql("BEGIN; " + "; SAVEPOINT s; ".join(statements) + "; COMMIT", **WRITER)
    assert stored(database, "vm_skipped", "measurement, rows") == [["vm_events", "1"], ["vm_status", "1"], ["vm_status", "1"]]
    assert database.value("SELECT max(time) > now() - INTERVAL '1 minute' FROM vm_skipped") == "t"


def test_a_refused_row_that_comes_again_is_counted(database):
    """received = rows + skipped + landing_failed, however often all of it comes."""
    bad = {"vm_telemetry": {"time": NOON, "voltage": 1.5}, "vm_events": {"time": NOON, "device_no": "VM-SH-001", "message_id": 7}}
    for table, row in bad.items():
        rows = [*good_rows(table, 5), row, row]
        for times in (1, 2, 3):
            land(database, table, *rows)
            assert database.count(table) == 5 and database.count("vm_rejected", f"detail LIKE '{table}:%'") == 1
            assert skipped(database)[table] == 7 * times - 6


def test_a_batch_that_is_taken_back_counts_nothing(database):
    row = ONE_OF_EACH["vm_status"]
    land(database, "vm_status", row)
    insertion = f"INSERT INTO ingest.vm_status (time, device_no, status, message_id) VALUES ('{NOON}', 'VM-SH-001', 'online', 2)"
    database.sql(f"BEGIN; SAVEPOINT s; {insertion}; ROLLBACK TO s; COMMIT", **WRITER)
    assert skipped(database) == {}


# ---- landing: several readings of one instant ----

# A message a section, as some machines send them; two of a second; and one of the microsecond that the second one gets.
SECTIONS = [{"voltage": 221.4, "uptime": 86400}, {"freezer_temp_0": -9.5, "freezer_temp_1": -18}, {"rssi": -52}, {"voltage": 221.5, "uptime": 86400}]


def readings(*, device="VM-SH-001"):
    rows = [{"time": NOON, "device_no": device, **section} for section in SECTIONS]
    return [*rows, {"time": after_noon(microseconds=1), "device_no": device, "csq": 9}, {"time": after_noon(seconds=1), "device_no": device, "csq": 9}]


MEASURED = "device_no, voltage, uptime, freezer_temp_0, freezer_temp_1, rssi, csq"


@pytest.mark.parametrize("batch", [1, 4, 100])
def test_different_readings_of_one_instant_are_all_kept(database, batch):
    """In whatever order they come, in one batch or in many; and all of it again, in any order, adds nothing."""
    wanted = all_of = None
    for seed in range(4):
        database.sql("TRUNCATE vm_telemetry; TRUNCATE vm_skipped")
        rows = [row for device in ("VM-SH-001", "VM-SH-002") for row in readings(device=device)] * 2
        order = random.Random(seed)
        for time in range(3):
            order.shuffle(rows)
            for start in range(0, len(rows), batch):
                land(database, "vm_telemetry", *rows[start : start + batch])
            before, all_of = all_of, all_rows(database, "vm_telemetry")
            assert time == 0 or all_of == before, "the same again"
            assert skipped(database) == {"vm_telemetry": len(rows) * (time + 1) - 12}
        values = all_rows(database, "vm_telemetry", MEASURED)
        assert values.total() == 12 and wanted in (None, values)
        wanted = values
    assert float(database.value(f"SELECT max(extract(epoch FROM time - '{NOON}')) FROM vm_telemetry WHERE time < '{after_noon(milliseconds=1)}'")) < 6e-6
    assert database.count("vm_rejected") == 0


def test_the_first_reading_keeps_its_instant_and_the_later_ones_follow(database):
    land(database, "vm_telemetry", telemetry("VM-SH-001", NOON, uptime=1))
    land(database, "vm_telemetry", telemetry("VM-SH-001", NOON, uptime=2), telemetry("VM-SH-001", after_noon(seconds=1), uptime=9),
         *[telemetry("VM-SH-001", NOON, uptime=number) for number in (3, 2, 1, 4, 5, 6, 7, 8, 8)])
    place = f"round(extract(epoch FROM time - '{NOON}') * 1000000)::integer"
    assert stored(database, "vm_telemetry", f"uptime, {place}") == [[str(number), str(number - 1)] for number in range(1, 9)] + [["9", "1000000"]]
    assert skipped(database) == {"vm_telemetry": 3}


def test_readings_at_midnight_go_over_into_the_next_chunk(database):
    last = "2026-11-20T23:59:59.999998+00:00"
    rows = [telemetry("VM-SH-001", last, uptime=number) for number in range(9)]
    for _ in range(2):
        land(database, "vm_telemetry", *rows)
        land(database, "vm_telemetry", *reversed(rows))
    assert database.count("vm_telemetry") == 9 and skipped(database) == {"vm_telemetry": 27}
    assert database.count("vm_telemetry", "time >= '2026-11-21'") == 7


def test_only_a_reading_that_is_equal_in_every_column_is_a_repeat(database):
    """NULL is a value of its own; so are two texts that look alike."""
    whole = {"voltage": 220.5, "current": 1.5, "uptime": 5, "door_closed": True, "freezer_temp_0": -18.5, "freezer_temp_1": -18, "freezer_temp_2": -18,
             "freezer_temp_3": -18, "ambient_temp": 25, "vibration_g": 0.5, "rssi": -60, "lat": 31.2, "lng": 121.4, "network_type": "4G", "csq": 20,
             "anomalies": "csq=99 sensor fault code"}
    assert set(whole) == {name for name, *_ in columns_of(database, "vm_telemetry")} - {"time", "device_no"}
    variants = [whole, *({**whole, name: None} for name in whole), whole | {"network_type": "4G "}, whole | {"voltage": 220.50000000000003}]
    for _ in range(2):
        land(database, "vm_telemetry", *[{"time": NOON, "device_no": "VM-SH-001", **row} for row in variants])
    assert database.count("vm_telemetry") == len(variants) == skipped(database)["vm_telemetry"]


def test_a_sites_own_columns_tell_readings_apart(database):
    """Also those of a type that knows no equality, and with defaults: a clock's or a sequence's is another value each time, and tells nothing."""
    database.sql("""CREATE SEQUENCE numbers;
                    ALTER TABLE vm_telemetry ADD COLUMN humidity NUMERIC(5, 1), ADD COLUMN extra JSON, ADD COLUMN place POINT, ADD COLUMN "Mixed Case" TEXT,
                        ADD COLUMN landed TIMESTAMPTZ DEFAULT clock_timestamp(), ADD COLUMN number BIGINT DEFAULT nextval('numbers'), ADD COLUMN site TEXT DEFAULT 'here',
                        ADD COLUMN doubled DOUBLE PRECISION GENERATED ALWAYS AS (voltage * 2) STORED;
                    GRANT USAGE ON SEQUENCE numbers TO vending_owner""")
    database.apply()
    variants = [{}, {"humidity": 55.55}, {"humidity": 55.65}, {"extra": '{"a": 1}'}, {"extra": '{"a": 2}'}, {"place": "(1,2)"}, {"place": "(1,3)"},
                {'"Mixed Case"': "x"}, {"site": "there"}]
    for _ in range(2):
        land(database, "vm_telemetry", *[telemetry("VM-SH-001", NOON, **row) for row in variants])
        land(database, "vm_telemetry", *[telemetry("VM-SH-001", NOON, **row) for row in reversed(variants)], telemetry("VM-SH-001", NOON, site="here"))
    assert database.count("vm_telemetry") == len(variants)
    database.sql("ALTER TABLE vm_telemetry DROP COLUMN doubled")
    database.apply()
    land(database, "vm_telemetry", *[telemetry("VM-SH-001", NOON, **row) for row in variants])
    assert database.count("vm_telemetry") == len(variants) and database.count("vm_rejected") == 0


def test_a_column_whose_type_a_site_has_changed_is_compared_as_it_is_stored(database):
    views = "device_status, telemetry_1h, telemetry_5m"
    database.sql(f"DROP VIEW {views}; ALTER TABLE vm_telemetry ALTER COLUMN voltage TYPE REAL, ALTER COLUMN rssi TYPE BIGINT")
    database.apply()
    for _ in range(2):
        land(database, "vm_telemetry", *[telemetry("VM-SH-001", NOON, voltage=voltage, rssi=-60) for voltage in (220.1, 220.2)])
    assert database.count("vm_telemetry") == 2 and skipped(database) == {"vm_telemetry": 2}


def test_a_trigger_of_the_sites_own_may_leave_a_reading_out(database):
    database.sql("""CREATE FUNCTION public.leave_out() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN NEW.voltage > 300 THEN NULL ELSE NEW END; END $$;
                    CREATE TRIGGER leave_out BEFORE INSERT ON vm_telemetry FOR EACH ROW EXECUTE FUNCTION public.leave_out()""")
    land(database, "vm_telemetry", telemetry("VM-SH-001", NOON, voltage=301), telemetry("VM-SH-002", NOON), telemetry("VM-SH-002", NOON, voltage=302))
    assert database.count("vm_telemetry") == 1 and skipped(database) == {"vm_telemetry": 2}


def test_beyond_a_thousand_readings_of_one_instant_they_are_refused(database):
    """A clock that stands still fills no table, and loses nothing: what is too much is in vm_rejected."""
    rows = [telemetry("VM-SH-001", NOON, uptime=number) for number in range(1010)]
    rows.insert(500, telemetry("VM-SH-002", NOON))
    for time in range(3):
        land(database, "vm_telemetry", *rows)
        assert database.count("vm_telemetry") == 1001
        assert database.count("vm_rejected", "reason = 'landing_failed' AND detail LIKE 'vm_telemetry: %this instant%'") == 10
        assert skipped(database) == ({"vm_telemetry": 1011 * time} if time else {})
    assert sorted(int(uptime) for (uptime,) in database.sql("SELECT (payload::json ->> 'uptime') FROM vm_rejected")) == list(range(1000, 1010))


def test_two_writers_at_once_keep_every_reading_once(database):
    """Both land the same rows, in another order each; a deadlock is repeated, as Telegraf repeats it."""
    order = random.Random(7)
    rows = [telemetry(f"VM-SH-{machine:03}", after_noon(seconds=second), uptime=number)
            for machine in range(5) for second in range(10) for number in range(8)]

    def write(seed):
        mine = rows[:]
        random.Random(seed).shuffle(mine)
        for start in range(0, len(mine), 50):
            while True:
                try:
                    land(database, "vm_telemetry", *mine[start : start + 50])
                    break
                except RuntimeError as error:
                    assert "deadlock detected" in str(error)

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        list(pool.map(write, [order.random() for _ in range(3)]))
    assert all_rows(database, "vm_telemetry", "device_no, uptime, date_trunc('second', time)") == collections.Counter(
        all_rows(database, "vm_telemetry", "DISTINCT device_no, uptime, date_trunc('second', time)"))
    assert database.count("vm_telemetry") == len(rows) and skipped(database) == {"vm_telemetry": 2 * len(rows)}


def test_readings_of_many_days_in_one_batch(database):
    rows = [telemetry("VM-SH-001", f"2026-10-{day:02}T12:00:00Z", uptime=number) for day in range(1, 29) for number in range(3)]
    for _ in range(2):
        land(database, "vm_telemetry", *rows)
    assert database.count("vm_telemetry") == len(rows) == skipped(database)["vm_telemetry"]


# ---- landing: events, statuses and rejects that come again ----


def test_an_event_without_a_clock_is_the_same_within_seconds(database):
    """Three jams a quarter of an hour apart, of equal bytes, are three."""
    land(database, "vm_events", event("VM-SH-001", NOON, 7))
    land(database, "vm_events", event("VM-SH-001", after_noon(seconds=10), 7), event("VM-SH-001", after_noon(seconds=-10), 7))
    assert database.count("vm_events") == 1
    land(database, "vm_events", event("VM-SH-001", after_noon(seconds=9), 8), event("VM-SH-002", after_noon(seconds=1), 7))
    assert database.count("vm_events") == 3, "other bytes, or another machine: another event"
    land(database, "vm_events", event("VM-SH-001", after_noon(seconds=11), 7), event("VM-SH-001", after_noon(seconds=-11), 7))
    assert database.count("vm_events") == 5, "the same bytes later are another event"
    land(database, "vm_events", event("VM-SH-001", after_noon(hours=5), 9), event("VM-SH-001", after_noon(hours=5, seconds=10), 9))
    assert database.count("vm_events") == 6, "two of one batch"
    for minutes in (0, 15, 30):
        land(database, "vm_events", event("VM-SH-003", after_noon(minutes=minutes), 9))
    assert database.count("vm_events") == 9
    assert skipped(database) == {"vm_events": 3}


def statuses(database):
    return [row[1] for row in stored(database, "vm_status", "time, status")]


def in_order(database):
    return [word for word, _ in database.sql("SELECT status, time FROM vm_status ORDER BY time, message_id")]


def test_a_status_of_a_working_clock_is_one_row_however_often_it_comes(database):
    """The broker sends the retained one at every subscribe; its bytes hold its time."""
    rows = [status("VM-SH-001", after_noon(hours=hour), "online", 10 + hour, device_ts=nanoseconds(after_noon(hours=hour))) for hour in range(3)]
    for _ in range(2):
        land(database, "vm_status", *rows)
        for hours in range(4):  # as arrival time, where the processor finds the time too old
            land(database, "vm_status", *[row | {"time": after_noon(hours=5 + hours)} for row in reversed(rows)])
    assert in_order(database) == ["online"] * 3


def test_a_status_without_a_clock_is_a_repeat_within_seconds(database):
    for seconds in (0, 3, 10, 3600, 3605, 7200):  # the clock of this machine stands in 1970, so its time is that of each arrival
        land(database, "vm_status", status("VM-SH-001", after_noon(seconds=seconds), "online", 1, device_ts=5_000_000_000))
        land(database, "vm_status", status("VM-SH-002", after_noon(seconds=seconds), "unknown word", 1))
    assert statuses(database).count("online") == statuses(database).count("unknown word") == 3
    assert skipped(database) == {"vm_status": 6}


def test_an_offline_repeats_only_the_status_beside_it(database):
    """Last wills of equal bytes: online, offline, online, offline are four rows; the retained offline at each subscribe is none."""
    sent = nanoseconds(NOON)  # of the will, written when the machine connected: no time of going offline
    came = [status("VM-SH-001", after_noon(minutes=minute), word, message_id, device_ts=stamp) for minute, word, message_id, stamp in (
        (0, "online", 1, sent), (10, "offline", 2, sent), (20, "online", 3, nanoseconds(after_noon(minutes=20))), (30, "offline", 2, sent))]
    repeats = [came[-1] | {"time": after_noon(hours=hour)} for hour in range(1, 4)]
    land(database, "vm_status", *came, *repeats)
    assert in_order(database) == ["online", "offline", "online", "offline"]
    for row in [*came, *repeats, *came[::-1], *repeats[::-1]]:
        land(database, "vm_status", row)
    assert in_order(database) == ["online", "offline", "online", "offline"], "all of it again"
    land(database, "vm_status", came[1] | {"time": after_noon(hours=5)}, status("VM-SH-001", after_noon(hours=6), "online", 4), came[1] | {"time": after_noon(hours=7)})
    assert in_order(database) == ["online", "offline"] * 3


def test_machines_that_come_and_go_without_a_clock(database):
    come, go = (1, "online"), (2, "offline")
    rows = [status("VM-SH-001", after_noon(minutes=minute), what, message_id, device_ts=5_000_000_000)
            for minute, (message_id, what) in enumerate([come, go, come, go, go, come, come])]
    wanted = ["online", "offline", "online", "offline", "online", "online"]
    for row in rows:
        land(database, "vm_status", row)
    assert in_order(database) == wanted
    database.sql("TRUNCATE vm_status")
    for _ in range(2):
        land(database, "vm_status", *rows)
        assert in_order(database) == wanted, "all in one batch, and once more"


def test_a_status_of_the_future_hides_no_later_one(database):
    """As an older version stored it, of a clock that ran ahead. What came before it is compared with what came before."""
    database.sql(f"INSERT INTO vm_status (time, device_no, status, message_id) VALUES ('{after_noon(hours=9)}', 'VM-SH-001', 'online', 5)")
    rows = [status("VM-SH-001", after_noon(minutes=minute), word, number) for minute, word, number in ((1, "offline", 1), (2, "online", 2), (3, "offline", 1))]
    land(database, "vm_status", *rows)
    land(database, "vm_status", *[row | {"time": after_noon(minutes=4)} for row in rows[2:]])
    assert in_order(database) == ["offline", "online", "offline", "online"]


def test_a_status_of_another_machine_with_the_same_hash_lands(database):
    land(database, "vm_status", status("VM-SH-001", NOON, "online", 1, device_ts=nanoseconds(NOON)),
         status("VM-SH-002", NOON, "online", 1, device_ts=nanoseconds(NOON)))
    assert database.count("vm_status") == 2
    assert stored(database, "vm_status", f"device_no, device_ts = '{NOON}'") == [["VM-SH-001", "t"], ["VM-SH-002", "t"]]


def test_repeats_of_one_batch_are_seen_where_the_day_is_new(database):
    """The first of them makes the chunk that the second has to be looked for in."""
    for hours in (24, 48):
        land(database, "vm_events", event("VM-SH-001", after_noon(hours=hours), 7), event("VM-SH-001", after_noon(hours=hours, seconds=5), 7))
        land(database, "vm_status", status("VM-SH-001", after_noon(hours=hours), "online", hours), status("VM-SH-001", after_noon(hours=hours, seconds=5), "online", hours))
        land(database, "vm_rejected", *[rejected("v1/vm/VM-SH-001/events", after_noon(hours=hours, seconds=late)) for late in (0, 5)])
    assert skipped(database) == {"vm_events": 2, "vm_status": 2, "vm_rejected": 2}


def rejected(topic, time, message_id=1):
    return {"time": time, "topic": topic, "reason": "invalid_json", "detail": "x", "payload": "{", "message_id": message_id}


@pytest.mark.parametrize("kind", ["events", "status", "commands/ack"])
def test_a_rejected_message_that_is_delivered_again_is_kept_once(database, kind):
    topic = f"v1/vm/VM-SH-001/{kind}"
    land(database, "vm_rejected", rejected(topic, NOON), rejected(topic, after_noon(seconds=10)))
    assert database.count("vm_rejected") == 1
    land(database, "vm_rejected", rejected(topic, after_noon(seconds=11)))
    assert database.count("vm_rejected") == 2
    assert skipped(database) == {"vm_rejected": 1}


def test_rejected_telemetry_is_kept_each_time(database):
    health = "v1/vm/VM-SH-001/telemetry"
    land(database, "vm_rejected", rejected(health, NOON, 2), rejected(health, after_noon(seconds=5), 2), rejected(health, NOON, 2))
    assert database.count("vm_rejected") == 2, "a machine may send the same broken telemetry again and again"
    land(database, "vm_rejected", rejected(None, NOON, None), rejected(None, after_noon(seconds=1), 3))
    assert database.count("vm_rejected") == 4, "without a topic"


# ---- landing: what a table refuses ----

LONG = "".join(chr(0x4E00 + number * 7919 % 20000) for number in range(3000))  # more than an index takes, also compressed

REFUSED = {
    "telemetry without device_no": ("vm_telemetry", {"time": NOON, "voltage": 1.5}),
    "telemetry without time": ("vm_telemetry", {"device_no": "VM-SH-001", "voltage": 1.5}),
    "telemetry of nothing": ("vm_telemetry", {"voltage": None}),
    "telemetry of a device_no beyond the index": ("vm_telemetry", {"time": NOON, "device_no": LONG}),
    "event without event_type": ("vm_events", {"time": NOON, "device_no": "VM-SH-001", "raw_data": "{}", "message_id": 77}),
    "event of JSON deeper than the database takes": ("vm_events", {"time": NOON, "device_no": "VM-SH-001", "event_type": "DOOR_OPENED",
                                                                   "raw_data": "[" * 20_000, "message_id": 77}),
    "event without device_no": ("vm_events", {"time": NOON, "event_type": "DOOR_OPENED", "message_id": 77}),
    "event without time": ("vm_events", {"device_no": "VM-SH-001", "event_type": "DOOR_OPENED", "message_id": 77}),
    "event_type beyond the index": ("vm_events", {"time": NOON, "device_no": "VM-SH-001", "event_type": LONG, "message_id": 77}),
    "status without status": ("vm_status", {"time": NOON, "device_no": "VM-SH-001", "message_id": 77}),
    "status without device_no": ("vm_status", {"time": NOON, "status": "online", "message_id": 77}),
    "status without time": ("vm_status", {"device_no": "VM-SH-001", "status": "online", "message_id": 77}),
    "report without instance": ("vm_ingest", {"time": NOON, "received": 5}),
    "report without time": ("vm_ingest", {"instance": "here", "received": 5}),
    "report of no output": ("vm_telegraf", {"time": NOON, "instance": "here", "errors": 5}),
    "reject without reason": ("vm_rejected", {"time": NOON, "payload": "{", "message_id": 77}),
    "reject without time": ("vm_rejected", {"reason": "invalid_json", "payload": "{", "message_id": 77}),
}


def good_rows(table, count):
    row = ONE_OF_EACH[table]
    return [row | {"time": after_noon(seconds=number), **({"message_id": 1000 + number} if "message_id" in row else {})}
            for number in range(count)]


@pytest.mark.parametrize("case", REFUSED)
def test_a_row_that_its_table_refuses_costs_no_other(database, case):
    table, bad = REFUSED[case]
    rows = good_rows(table, 20)
    if "status" in rows[0]:
        rows = [row | {"device_ts": nanoseconds(row["time"])} for row in rows]
    rows.insert(10, bad)
    land(database, table, *rows)
    failed = "reason = 'landing_failed'"
    assert database.count(table, f"NOT {failed}" if table == "vm_rejected" else "true") == 20
    ((detail, payload, encoding, size),) = database.sql(
        f"SELECT detail, payload, payload_encoding, payload_size FROM vm_rejected WHERE {failed}")
    assert detail.startswith(f"{table}: ") and len(detail) > len(table) + 10
    assert encoding == "text" and int(size) == len(payload.encode())
    kept = {name: value for name, value in json.loads(payload).items() if value is not None}
    assert kept == {name: value for name, value in bad.items() if value is not None}
    # Telegraf may send all of it again: nothing is added, but for a row without a time, which is another one each time.
    land(database, table, *rows)
    assert database.count("vm_rejected", failed) == (1 if bad.get("time") else 2)
    assert database.count(table, f"NOT {failed}" if table == "vm_rejected" else "true") == 20


def test_a_batch_of_nothing_but_refused_rows(database):
    land(database, "vm_telemetry", *[{"time": after_noon(seconds=number), "voltage": number} for number in range(50)])
    assert database.count("vm_rejected", "reason = 'landing_failed'") == 50
    assert database.count("vm_telemetry") == 0


def test_what_a_site_demands_beyond_the_tables_is_refused_alike(database):
    database.sql("ALTER TABLE vm_telemetry ADD CONSTRAINT plausible CHECK (voltage < 300); "
                 "ALTER TABLE vm_telemetry ADD COLUMN per_uptime NUMERIC GENERATED ALWAYS AS (100 / uptime) STORED")
    database.apply()
    land(database, "vm_telemetry", telemetry("VM-SH-001", NOON, voltage=301, uptime=1), telemetry("VM-SH-002", NOON, uptime=0),
         telemetry("VM-SH-003", NOON, uptime=4))
    assert stored(database, "vm_telemetry", "device_no, per_uptime") == [["VM-SH-003", "25"]]
    details = [detail for detail, _ in stored(database, "vm_rejected", "detail, device_no", "reason = 'landing_failed'")]
    assert len(details) == 2 and "division by zero" in details[0] and "plausible" in details[1]


def test_a_sites_own_default_stands_in_for_nothing(database):
    """Telegraf sends every column of a batch for every row."""
    database.sql("""CREATE FUNCTION percent() RETURNS TEXT LANGUAGE sql AS $$ SELECT '100 %' $$;
                    ALTER TABLE vm_telemetry ADD COLUMN site TEXT NOT NULL DEFAULT '50 % '';', ADD COLUMN landed TIMESTAMPTZ DEFAULT now();
                    ALTER TABLE vm_events ADD COLUMN site TEXT NOT NULL DEFAULT percent(), ADD COLUMN number BIGINT GENERATED ALWAYS AS IDENTITY""")
    database.apply()
    land(database, "vm_telemetry", telemetry("VM-SH-001", NOON, site="here"), telemetry("VM-SH-002", NOON))
    land(database, "vm_telemetry", telemetry("VM-SH-003", NOON))
    land(database, "vm_events", event("VM-SH-001", NOON, 1, site="here"), event("VM-SH-002", NOON, 2))
    assert stored(database, "vm_telemetry", "device_no, site, landed IS NULL") == [
        ["VM-SH-001", "here", "f"], ["VM-SH-002", "50 % ';", "f"], ["VM-SH-003", "50 % ';", "f"]]
    assert stored(database, "vm_events", "device_no, site, number") == [["VM-SH-001", "here", "1"], ["VM-SH-002", "100 %", "2"]]


BAD_JSON = ("", "{", "hello", '{"a":"\\u0000"}', '{"a":"\\ud800"}', '{"a":1e999999}', "NaN", 'quotes \' " \\ $', "1 2")


def test_raw_data_that_is_no_json_is_kept_as_text(database):
    documents = ['{"a": {"b": ["密", 1.50]}}', "null", '"text"', "[1]", *BAD_JSON]
    land(database, "vm_events", *[event("VM-SH-001", after_noon(seconds=number), number, raw_data=document)
                                  for number, document in enumerate(documents)])
    rows = database.sql("SELECT jsonb_typeof(raw_data), to_json(raw_data #>> '{}') FROM vm_events ORDER BY message_id")
    assert [kind for kind, _ in rows] == ["object", "null", "string", "array"] + ["string"] * len(BAD_JSON)
    assert [json.loads(text) for _, text in rows[4:]] == list(BAD_JSON)
    assert database.value("SELECT raw_data -> 'a' -> 'b' ->> 0 FROM vm_events WHERE message_id = 0") == "密"
    assert database.count("vm_rejected") == 0


# ---- landing: what is not the data's fault ----

NOT_THE_DATA = {"disk full": "53100", "out of memory": "53200", "deadlock": "40P01", "shutdown": "57P01", "read only": "25006",
                "lock not available": "55P03", "no right": "42501", "no such column": "42703", "internal error": "XX000", "raised": "P0001"}
THE_DATA = {"value out of range": "22003", "bad text": "22P02", "null": "23502", "check": "23514", "too many": "54000"}

FAILING = """
CREATE OR REPLACE FUNCTION public.fail() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.time = '{time}' AND to_jsonb(NEW) ->> 'reason' IS DISTINCT FROM 'landing_failed' THEN RAISE EXCEPTION 'made to fail' USING ERRCODE = '{code}'; END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION public.fail();
"""


@pytest.mark.parametrize("table", TABLES)
def test_faults_that_are_not_the_datas_reach_telegraf(database, table):
    """It keeps the batch and sends it again; none of it is stored, none of it is in vm_rejected."""
    rows = good_rows(table, 3)
    failed = "reason = 'landing_failed'"
    landed = f"NOT {failed}" if table == "vm_rejected" else "true"
    for code in NOT_THE_DATA.values():
        database.sql(FAILING.format(time=rows[1]["time"], code=code, table=table))
        with pytest.raises(RuntimeError, match="made to fail"):
            land(database, table, *rows)
        assert database.value(f"SELECT EXISTS (SELECT FROM {table} UNION ALL SELECT FROM ingest.{table} UNION ALL SELECT FROM vm_rejected)") \
            == "f", code
    for number, code in enumerate(THE_DATA.values(), 1):
        database.sql(FAILING.format(time=rows[1]["time"], code=code, table=table))
        if table == "vm_events":
            rows = [row | {"order_id": code} for row in rows]  # another row each time, so that each is refused anew
        land(database, table, *rows)
        counts = database.sql(f"SELECT (SELECT count(*) FROM {table} WHERE {landed}), (SELECT count(*) FROM vm_rejected WHERE {failed})")
        assert counts == [["2", str(number) if table == "vm_events" else "1"]], code
    database.sql(f"DROP TRIGGER fail ON {table}")
    land(database, table, *rows)
    assert database.count(table, landed) == 3


def test_a_read_only_database_is_told_to_telegraf(database):
    for table, row in ONE_OF_EACH.items():
        with pytest.raises(RuntimeError, match="read-only transaction"):
            database.sql(f"SET default_transaction_read_only = on; INSERT INTO ingest.{table} (time) VALUES ('{row['time']}')", **WRITER)


def test_a_crash_of_the_server_keeps_what_was_committed(database):
    for table, row in ONE_OF_EACH.items():
        land(database, table, row)
    before = {table: all_rows(database, table) for table in TABLES}
    database.server.stop("immediate")
    database.server.start()
    assert {table: all_rows(database, table) for table in TABLES} == before
    for table, row in ONE_OF_EACH.items():
        land(database, table, row, row | {"time": after_noon(hours=2)})
        assert database.count(table) == (1 if table == "vm_status" else 2)


# ---- a site's own columns ----


def test_a_sites_own_column_lands_after_applying_again(database):
    database.sql("""ALTER TABLE vm_telemetry ADD COLUMN humidity DOUBLE PRECISION, ADD COLUMN "Mixed Case" TEXT;
                    ALTER TABLE vm_events ADD COLUMN heat_duration INTEGER;
                    ALTER TABLE vm_status ADD COLUMN modem TEXT""")
    land(database, "vm_telemetry", telemetry("VM-SH-001", NOON))
    database.apply()
    land(database, "vm_telemetry", telemetry("VM-SH-001", after_noon(seconds=1), humidity=55.5) | {'"Mixed Case"': "yes"})
    land(database, "vm_events", event("VM-SH-001", NOON, heat_duration=90))
    land(database, "vm_status", status("VM-SH-001", NOON, "online", modem="EC20"))
    assert stored(database, "vm_telemetry", 'humidity, "Mixed Case"') == [["55.5", "yes"], ["NULL", "NULL"]]
    assert database.value("SELECT heat_duration FROM vm_events") == "90"
    assert database.value("SELECT modem FROM vm_status") == "EC20"
    schema = schema_of(database)
    database.apply()
    assert schema_of(database) == schema
