#!/usr/bin/env python3
"""How long does each panel take on a large fleet, and each alert rule? Every query of every dashboard, for a day and for a week, as Grafana's role, on the real
PostgreSQL with TimescaleDB. Prints the time of EXPLAIN ANALYZE, planning and execution, the best of three; asserts nothing.

    test/bench/dashboards.py [MACHINES [DAYS [SECONDS]]]      default 1000 7 60: a reading of each machine every minute
"""

import datetime
import os
import pathlib
import re
import sys
import time

TEST = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TEST / "integration"), str(TEST / "grafana")]

import fleet  # noqa: E402
import provisioning  # noqa: E402
import sql  # noqa: E402
from database import READER_PASSWORD, Database, Server  # noqa: E402
from telegraf import REPO  # noqa: E402

TARGET = 200  # ms
RUNS = 3
READER = {"user": "vending_reader", "password": READER_PASSWORD}


def measure(database, text):
    """Milliseconds, the best of several, and the rows that come out."""
    best, rows = None, 0
    for _ in range(RUNS):
        plan = "\n".join(line for (line, *_) in database.sql(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {text}", **READER))
        spent = sum(map(float, re.findall(r"(?:Planning|Execution) Time: ([\d.]+)", plan)))
        rows = int(re.search(r"actual rows=(\d+)", plan)[1])
        best = spent if best is None else min(best, spent)
    return best, rows


def main():
    machines, days, every = (int(given) for given in (sys.argv[1:] + ["1000", "7", "60"][len(sys.argv) - 1 :]))
    server = Server()
    try:
        server.start()
        database = Database(server)
        began = time.monotonic()
        fleet.fill(database, machines, days, every)
        fleet.materialize(database)
        counts = {table: database.count(table) for table in ("vm_telemetry", "vm_events", "vm_rejected", "vm_ingest", "active_alarms")}
        print(f"{machines} machines, {days} days, a reading every {every} s; {os.cpu_count()} cores; made in {time.monotonic() - began:.0f} s")
        print(", ".join(f"{count:,} {table}" for table, count in counts.items()) + "\n")
        device = database.value("SELECT min(device_no) FROM devices")
        print("| dashboard | panel | a day, ms | a week, ms | rows |\n| --- | --- | ---: | ---: | ---: |")
        slow, worst = [], 0
        for path in sorted((REPO / "grafana/dashboards").glob("*.json")):
            board = sql.load(path)
            known = sql.variables(board, **({"device": device} if board["uid"] == "vending-device" else {}))
            for query in sql.queries(board):
                panel = next(one for one in sql.panels(board) if one["id"] == query.panel)
                end, spent = datetime.datetime.now(datetime.timezone.utc), []
                for span in (datetime.timedelta(days=1), datetime.timedelta(days=7)):
                    interval = max(sql.interval_of(end - span, end), sql.milliseconds(panel.get("interval", "1ms")))
                    milliseconds, rows = measure(database, sql.expand(query.raw_sql, end - span, end, known, interval))
                    spent.append(milliseconds)
                print(f"| {board['uid']} | {query.title} | {spent[0]:.0f} | {spent[1]:.0f} | {rows} |", flush=True)
                worst = max(worst, *spent)
                slow += [f"{board['uid']}: {query.title}"] if max(spent) > TARGET else []
        print("\n| alert rule | query | ms | rows |\n| --- | --- | ---: | ---: |")
        for uid, rule in provisioning.rules().items():
            for ref, text in provisioning.queries(rule).items():
                milliseconds, rows = measure(database, text)
                print(f"| {uid} | {ref} | {milliseconds:.0f} | {rows} |", flush=True)
                worst = max(worst, milliseconds)
                slow += [f"{uid} {ref}"] if milliseconds > TARGET else []
        print(f"\nslowest {worst:.0f} ms; above {TARGET} ms: {', '.join(slow) or 'none'}")
    finally:
        server.remove()


if __name__ == "__main__":
    main()
