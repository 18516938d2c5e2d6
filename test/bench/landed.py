"""From the broker into TimescaleDB with telegraf.d as it is: rows a second, and how long after its publishing a message is a row."""

import backlog
import payloads
from database import CONFIG, Database, Server
from replay import Running
from report import Table
from telegraf import TELEGRAF_D, Telegraf

CLIENT = "bench-landed"
SECONDS = 10
STRATEGIES = ("disk", "memory")
RATES = (100, 1_000, 10_000)
PATIENCE = 600.0


# Rows, and when each could be seen.
ROWS = "(SELECT time, pg_xact_commit_timestamp(xmin) AS at FROM vm_telemetry) AS rows"
# Between the first commit and the last.
ROWS_A_SECOND = f"""
    SELECT (count(*) - count(*) FILTER (WHERE at = began)) / extract(epoch FROM max(at) - began)
    FROM (SELECT at, min(at) OVER () AS began FROM {ROWS}) AS rows GROUP BY began"""
LATE = f"""
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY late), percentile_cont(0.99) WITHIN GROUP (ORDER BY late)
    FROM (SELECT 1000 * extract(epoch FROM at - time) AS late FROM {ROWS}) AS rows"""


def make_server():
    """With the time of every commit, which is when a row can be seen."""
    server = Server()
    server.write("postgresql.conf", CONFIG.format(port=server.port) + "track_commit_timestamp = on\n")
    server.start()
    return server


def make_telegraf(folder, broker, database, strategy):
    folder.mkdir()
    telegraf = Telegraf("1.37", folder, broker, CLIENT, database, VENDING_BUFFER_STRATEGY=strategy)
    telegraf.config = ["--config-directory", str(TELEGRAF_D)]
    return telegraf


def measure_flow(folder, server, capture, strategy):
    """Rows a second when everything waits at the broker already: between the first commit and the last."""
    broker = backlog.quiet_broker(folder / f"broker-flow-{strategy}")
    database = Database(server)
    telegraf = make_telegraf(folder / f"telegraf-flow-{strategy}", broker, database, strategy)
    try:
        backlog.make_session(broker, CLIENT, 3)
        count = backlog.publish(broker, capture)
        telegraf.start()
        database.wait_for_count("vm_telemetry", count, patience=PATIENCE)
        return float(database.value(ROWS_A_SECOND))
    finally:
        telegraf.close()
        broker.close()
        database.drop()


def measure_latency(folder, server, rate, seconds, strategy):
    """Milliseconds from what a payload states, which is when it was published, to the commit of its row: median and 99th percentile; and
    how many rows a second there were."""
    at = folder / f"latency-{strategy}-{rate}"
    at.mkdir()
    count = rate * seconds
    capture = backlog.write_capture(at / "capture.jsonl", payloads.evenly(count, rate))
    broker = backlog.quiet_broker(at / "broker")
    database = Database(server)
    telegraf = make_telegraf(at / "telegraf", broker, database, strategy)
    try:
        backlog.make_session(broker, CLIENT, 3)
        telegraf.start()
        telegraf.process.wait_until(lambda: database.count("vm_telegraf") > 0, "its first row")
        published = Running(at, broker, "--shift-time", "--in-flight", "1000", capture).result()
        assert published.failed == 0, published.log
        database.wait_for_count("vm_telemetry", count, patience=PATIENCE)
        ((median, high),) = database.sql(LATE)
        return float(median), float(high), float(database.value(ROWS_A_SECOND))
    finally:
        telegraf.close()
        broker.close()
        database.drop()


def measure(folder, quick):
    count, seconds, rates = (20_000, 5, RATES[:2]) if quick else (100_000, SECONDS, RATES)
    folder.chmod(0o755)
    capture = backlog.write_capture(folder / "capture.jsonl", payloads.telemetry(count))
    server = make_server()
    try:
        speeds = [(f"{strategy}", f"{measure_flow(folder, server, capture, strategy):,.0f}") for strategy in STRATEGIES]
        late = []
        for rate in rates:
            for strategy in STRATEGIES:
                median, high, speed = measure_latency(folder, server, rate, seconds, strategy)
                late.append((f"{rate:,}", strategy, f"{median:,.0f}", f"{high:,.0f}", f"{speed:,.0f}"))
    finally:
        server.remove()
    return [], [
        Table("Into TimescaleDB, rows a second", f"{count:,} messages wait at Mosquitto; telegraf.d as it is, with its buffer on disk (the default) and "
              "in memory. Between the first commit and the last.", ("buffer of Telegraf's output", "rows/s"), speeds),
        Table("Into TimescaleDB, from publishing to row", f"vending-replay publishes at that pace for {seconds} s; from the time that a payload states to the commit of its "
              "row. Telegraf's output flushes every second, or when 1,000 rows are there. Far fewer rows/s than messages/s: the flow is behind.",
              ("messages/s", "buffer", "median, ms", "99th percentile, ms", "rows/s"), late),
    ]
