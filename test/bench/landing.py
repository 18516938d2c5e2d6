#!/usr/bin/env python3
"""How fast does telemetry land? Prints figures, asserts nothing. Real TimescaleDB, candidates side by side in one run.

    test/bench/landing.py [ROWS]            ways to land a row, through real Telegraf with the project's output settings; default 200000
    test/bench/landing.py instants [ROWS]   ways to keep two readings of one instant, by COPY in batches of 1000: rows a second, bytes a row
"""

import os
import pathlib
import re
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from database import WRITER_PASSWORD, Database, Server  # noqa: E402
from process import Process  # noqa: E402
from telegraf import REPO, TELEGRAF_D  # noqa: E402
from waiting import wait_until  # noqa: E402

COLUMNS = """time, device_no, voltage, current, uptime, door_closed, freezer_temp_0, freezer_temp_1, freezer_temp_2, freezer_temp_3,
    ambient_temp, vibration_g, rssi, lat, lng, network_type, csq, anomalies"""
VALUES = re.sub(r"(\w+)", r"NEW.\1", COLUMNS)

ROW_TRIGGER = f"""
CREATE FUNCTION ingest.bench_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.vm_telemetry ({COLUMNS}) VALUES ({VALUES}) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE FUNCTION ingest.bench_guarded_row() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.vm_telemetry ({COLUMNS}) VALUES ({VALUES}) ON CONFLICT DO NOTHING;
    RETURN NULL;
EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN
    RETURN NULL;
END $$;
"""
DROP = "DROP TABLE ingest.vm_telemetry CASCADE;"
TABLE = DROP + "CREATE TABLE ingest.vm_telemetry AS SELECT * FROM public.vm_telemetry WITH NO DATA;"
VIEW = DROP + "CREATE VIEW ingest.vm_telemetry AS SELECT * FROM public.vm_telemetry;"
WHOLE_DELETE = """
CREATE FUNCTION ingest.bench_statement() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.vm_telemetry (%(columns)s) SELECT %(columns)s FROM arrived ON CONFLICT DO NOTHING;
    DELETE FROM ingest.vm_telemetry;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER land AFTER INSERT ON ingest.vm_telemetry
    REFERENCING NEW TABLE AS arrived FOR EACH STATEMENT EXECUTE FUNCTION ingest.bench_statement();
""" % {"columns": COLUMNS}

# name, what is done to a database with the project's schema, the table that the rows end in
CANDIDATES = [
    ("bare table, no landing at all", TABLE, "ingest.vm_telemetry"),
    ("view, INSTEAD OF row trigger", ROW_TRIGGER + VIEW + "CREATE TRIGGER land INSTEAD OF INSERT ON ingest.vm_telemetry FOR EACH ROW EXECUTE FUNCTION ingest.bench_row();", "public.vm_telemetry"),
    ("the same, each row guarded", ROW_TRIGGER + VIEW + "CREATE TRIGGER land INSTEAD OF INSERT ON ingest.vm_telemetry FOR EACH ROW EXECUTE FUNCTION ingest.bench_guarded_row();", "public.vm_telemetry"),
    ("empty table, BEFORE row trigger, guarded", ROW_TRIGGER + TABLE + "CREATE TRIGGER land BEFORE INSERT ON ingest.vm_telemetry FOR EACH ROW EXECUTE FUNCTION ingest.bench_guarded_row();", "public.vm_telemetry"),
    ("statement trigger, whole DELETE, unguarded", WHOLE_DELETE, "public.vm_telemetry"),
    ("statement trigger, guarded, DELETE of its own blocks (the schema's)", "", "public.vm_telemetry"),
]


def write_rows(path, rows):
    """Readings of 1,000 machines every 10 s, in line protocol."""
    start = time.time_ns() - rows // 1000 * 10**10
    with open(path, "w", encoding="ascii") as file:
        for number in range(rows):
            machine, reading = number % 1000, number // 1000
            file.write(
                f"vm_telemetry,device_no=VM-SH-{machine:04} voltage=220.{reading % 10},current=1.{machine % 10},uptime={reading * 10}i,"
                f"door_closed=true,freezer_temp_0=-18.5,freezer_temp_1=-18.9,freezer_temp_2=-18.2,freezer_temp_3=-18.{machine % 10},"
                f'ambient_temp=26.9,vibration_g=0.046,rssi=-63i,lat=31.22,lng=121.46,network_type="4G",csq=25i '
                f"{start + reading * 10**10 + machine * 10**6}\n"
            )


def configure(folder, rows):
    """The project's output, with a buffer that holds everything, and the rows as input."""
    output = (TELEGRAF_D / "30-output.conf").read_text().replace("metric_buffer_limit = 100000", f"metric_buffer_limit = {rows}")
    (folder / "bench.conf").write_text(
        f'[agent]\n  omit_hostname = true\n  round_interval = false\n[[inputs.file]]\n  files = ["{folder}/rows.influx"]\n  data_format = "influx"\n'
        f'  interval = "15s"\n{output}'
    )


def measure(server, folder, rows, change, table):
    database = Database(server)
    try:
        if change:
            database.sql(f"SET client_min_messages = error; SET ROLE vending_owner; {change} GRANT INSERT ON ingest.vm_telemetry TO vending_writer;")
        program = REPO / "build/telegraf-1.37/telegraf"
        environment = {**os.environ, **database.telegraf_environment()}
        telegraf = Process("telegraf", [str(program), "--config", str(folder / "bench.conf")], folder / "telegraf.log", environment)
        try:
            seen = []

            def landed():
                seen.append((time.monotonic(), database.count(table)))
                return seen[-1][1] >= rows

            wait_until(landed, "all rows", patience=120)
        finally:
            telegraf.kill()
        first = next(sample for sample in seen if sample[1])
        return (seen[-1][1] - first[1]) / (seen[-1][0] - first[0])
    finally:
        database.drop()


# ---- two readings of one instant ----

# As the schema's, but for what becomes of a second reading of an instant: it is dropped.
DROP_THE_LATER = """
CREATE OR REPLACE FUNCTION ingest.land_telemetry() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    first_row TID := '(0,0)';
BEGIN
    BEGIN
        INSERT INTO public.vm_telemetry (%(columns)s) SELECT %(columns)s FROM arrived ON CONFLICT DO NOTHING;
        INSERT INTO public.vm_devices (device_no)
            SELECT DISTINCT a.device_no FROM arrived AS a
            WHERE NOT EXISTS (SELECT FROM public.vm_devices AS d WHERE d.device_no = a.device_no) ORDER BY 1 ON CONFLICT DO NOTHING;
    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
        RAISE;
    END;
    IF random() >= 0.01 THEN
        first_row := format('(%%s,0)', current_setting('vending.first_block'));
    END IF;
    DELETE FROM ingest.vm_telemetry WHERE ctid >= first_row;
    RETURN NULL;
END $$;
"""
THIRD_COLUMN = (
    "ALTER TABLE public.vm_telemetry ADD COLUMN message_id BIGINT; ALTER TABLE ingest.vm_telemetry ADD COLUMN message_id BIGINT; "
    "DROP INDEX idx_telemetry_device; CREATE UNIQUE INDEX idx_telemetry_device ON public.vm_telemetry (device_no, time DESC, message_id);"
)
# name, what is done to a database with the project's schema, whether the rows have a message_id
WAYS = [
    ("the later one is dropped", DROP_THE_LATER % {"columns": COLUMNS}, False),
    ("next free microsecond (the schema's)", "", False),
    ("third key column `message_id`", THIRD_COLUMN + DROP_THE_LATER % {"columns": COLUMNS + ", message_id"}, True),
]
ROUNDS = 3
SIZES = """
SELECT sum(pg_relation_size(format('%I.%I', chunk_schema, chunk_name)::regclass)),
       (SELECT sum(pg_relation_size(indexrelid)) FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE relname LIKE '%idx_telemetry_device')
FROM timescaledb_information.chunks WHERE hypertable_name = 'vm_telemetry'
"""


def copy_script(rows, sections, message_id):
    """COPY statements of 1,000 rows each: readings of 1,000 machines every 10 s; with sections each comes as three rows of its instant."""
    columns = COLUMNS + (", message_id" if message_id else "")
    start = time.time() // 10 * 10 - rows // 1000 * 10
    parts = ([slice(2, 6)], [slice(6, 12)], [slice(12, 17)]) if sections else ([slice(2, 18)],)
    lines, script = [], []
    for number in range(rows):
        reading, part = divmod(number, len(parts))
        reading, machine = divmod(reading, 1000)
        moment = f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime(start + reading * 10))}.{machine:03}+00"
        values = [moment, f"VM-SH-{machine:04}", f"220.{reading % 10}", f"1.{machine % 10}", str(reading * 10), "t", "-18.5", "-18.9", "-18.2",
                  f"-18.{machine % 10}", "26.9", "0.046", "-63", "31.22", "121.46", "4G", "25", "\\N"]
        shown = {index for one in parts[part] for index in range(18)[one]} | {0, 1}
        row = [value if index in shown else "\\N" for index, value in enumerate(values)]
        lines.append("\t".join(row + ([str(hash((number, "id")))] if message_id else [])))
        if len(lines) == 1000 or number == rows - 1:
            script.append(f"COPY ingest.vm_telemetry ({columns}) FROM STDIN;\n" + "\n".join(lines) + "\n\\.\n")
            lines = []
    return "".join(script)


def measure_way(server, change, script, rows):
    """Rows a second of all, rows a second of all of it again, bytes a row of table and index, rows in the table."""
    database = Database(server)
    try:
        if change:
            database.sql(f"SET client_min_messages = error; SET ROLE vending_owner; {change}")
            database.sql("GRANT INSERT ON ingest.vm_telemetry TO vending_writer")
        writer = {"user": "vending_writer", "password": WRITER_PASSWORD}
        spent = []
        for _ in range(2):
            began = time.monotonic()
            database.sql(script, **writer)
            spent.append(time.monotonic() - began)
        ((heap, index),) = database.sql(SIZES)
        there = database.count("vm_telemetry")
        return rows / spent[0], rows / spent[1], int(heap) / there, int(index) / there, there
    finally:
        database.drop()


def compare_instants(server, rows):
    for title, sections in (("everyday readings", False), ("every reading as three rows of its instant", True)):
        print(f"\n{rows} rows, {title}, COPY in batches of 1000, {os.cpu_count()} cores, median (least to most) of {ROUNDS} rounds\n")
        print("| second reading of an instant | rows/s | all of it again, rows/s | heap, bytes a row | key, bytes a row | rows kept |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        scripts = {message_id: copy_script(rows, sections, message_id) for message_id in (False, True)}
        found = {label: [] for label, *_ in WAYS}
        for _ in range(ROUNDS):
            for label, change, message_id in WAYS:
                found[label].append(measure_way(server, change, scripts[message_id], rows))
        for label, results in found.items():
            speeds = ["{:,.0f} ({:,.0f} to {:,.0f})".format(statistics.median(one), min(one), max(one)) for one in list(zip(*results))[:2]]
            print(f"| {label} | {' | '.join(speeds)} | {results[0][2]:.0f} | {results[0][3]:.0f} | {results[0][4]} |", flush=True)


def main():
    instants = sys.argv[1:2] == ["instants"]
    rows = int(sys.argv[1 + instants]) if len(sys.argv) > 1 + instants else 200_000
    server = Server()
    if instants:
        try:
            server.start()
            compare_instants(server, rows)
        finally:
            server.remove()
        return
    try:
        server.start()
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            write_rows(folder / "rows.influx", rows)
            configure(folder, rows)
            bare = None
            print(f"{rows} rows of telemetry through Telegraf 1.37, batches of 1000, {os.cpu_count()} cores\n")
            print("| landing | rows/s | of a bare table |\n| --- | ---: | ---: |")
            for label, change, table in CANDIDATES:
                speed = measure(server, folder, rows, change, table)
                bare = bare or speed
                print(f"| {label} | {speed:,.0f} | {speed / bare:.0%} |", flush=True)
    finally:
        server.remove()


if __name__ == "__main__":
    main()
