#!/usr/bin/env python3
"""How fast does telemetry land? Candidates for the landing side by side in one run: real Telegraf with the project's output settings, real
TimescaleDB. Prints rows a second and the ratio to a bare table; asserts nothing.

    test/bench/landing.py [ROWS]      default 200000
"""

import os
import pathlib
import re
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from database import Database, Server  # noqa: E402
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


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    server = Server()
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
