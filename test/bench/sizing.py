#!/usr/bin/python3
"""What a machine costs: bytes on the wire and on disk, and how many messages a second one Telegraf takes from the broker to the tables. The stack's
own broker, Telegraf and schema, outside containers. Prints figures; asserts nothing.

    test/bench/sizing.py [MESSAGES]      default 100000
"""

import collections
import json
import pathlib
import sys
import tempfile
import time

from measure import cpu_seconds, tree
from payloads import MACHINES, telemetry

from capture import read_capture
from database import Database, Server
from stack import StackBroker, StackTelegraf, make_secrets


def measure_flow(folder, server, count, strategy):
    """Messages wait at the broker for a Telegraf that is away; then it takes them all."""
    secrets = make_secrets(folder, "demo")
    broker = StackBroker(folder / "broker", secrets)
    database = Database(server)
    telegraf = StackTelegraf("1.37", folder, secrets, f"tcp://127.0.0.1:{broker.port}", database, 1, VENDING_BUFFER_STRATEGY=strategy)
    try:
        broker.start()
        telegraf.start()
        telegraf.process.wait_until(lambda: telegraf.client_id, "its number")
        broker.wait_until_ready(telegraf.client_id)
        telegraf.process.stop()
        publisher = broker.publisher()
        sent = 0
        for number, message in enumerate(telemetry(count), 1):
            publisher.publish(message.topic, message.payload)
            sent += len(message.payload)
            if number % 5000 == 0:
                publisher.flush()
        publisher.flush()
        before = cpu_seconds([broker.process.popen.pid])
        telegraf.start()
        telegraf.process.wait_until(lambda: database.count("vm_telemetry") > 0, "the first rows")
        first, began = database.count("vm_telemetry"), time.monotonic()
        telegraf.process.wait_until(lambda: database.count("vm_telemetry") >= count, lambda: f"all rows ({database.count('vm_telemetry')})")
        took = time.monotonic() - began
        own = cpu_seconds(tree(telegraf.process.popen.pid))
        brokers = cpu_seconds([broker.process.popen.pid]) - before
        print(f"{strategy}: {(count - first) / took:,.0f} messages/s from the broker to the table; CPU a message: Telegraf and processor {own / count * 1e6:.0f} us, "
              f"broker {brokers / count * 1e6:.0f} us; {sent / count:.0f} bytes a payload")
    finally:
        telegraf.close()
        broker.close()
        database.drop()


def measure_disk(server, rows):
    database = Database(server)
    bodies = collections.defaultdict(list)
    for one in read_capture("fleet.jsonl"):
        bodies[one.topic.rsplit("/", 1)[1]].append(one.payload.decode())
    database.sql(f"""
        INSERT INTO vm_telemetry (time, device_no, voltage, current, uptime, door_closed, freezer_temp_0, freezer_temp_1, freezer_temp_2, freezer_temp_3,
                                  ambient_temp, vibration_g, rssi, lat, lng, network_type, csq)
        SELECT now() - INTERVAL '20 hours' + r * INTERVAL '10 s' + m * INTERVAL '1 ms', 'VM-SH-' || lpad(m::text, 4, '0'), 219.9 + random(), 1 + random(), r * 10, true,
               -18 - random(), -18 - random(), -18 - random(), -18 - random(), 26 + random(), random(), -63, 31.2, 121.4, '4G', 25
        FROM generate_series(0, {rows // MACHINES - 1}) AS r, generate_series(0, {MACHINES - 1}) AS m ORDER BY r, m""")
    events = json.dumps([body for body in bodies["events"]]).replace("'", "''")
    database.sql(f"""
        WITH sample AS (SELECT value #>> '{{}}' AS body, row_number() OVER () - 1 AS n, count(*) OVER () AS of FROM jsonb_array_elements('{events}'))
        INSERT INTO vm_events (time, device_no, event_type, order_id, channel_id, oven_id, image_url, raw_data, severity, message_id)
        SELECT now() - i * INTERVAL '0.5 s', 'VM-SH-' || lpad((i % 1000)::text, 4, '0'), 'DISPENSE_SUCCESS', 'ORD-20261124-' || i, 'M-07', 'OVEN_A', NULL, body::jsonb, 'medium',
               hashtextextended(i::text, 0)
        FROM generate_series(1, 100000) AS i JOIN sample ON n = i % of""")
    for table in ("vm_telemetry", "vm_events"):
        ((count, size, indexes),) = database.sql(f"SELECT count(*), (SELECT sum(total_bytes) FROM hypertable_detailed_size('{table}')), "
                                                 f"(SELECT sum(index_bytes) FROM hypertable_detailed_size('{table}')) FROM {table}")
        print(f"{table}: {int(size) / int(count):.0f} bytes a row on disk, {int(indexes) / int(count):.0f} of them indexes, {int(count):,} rows")
    database.drop()


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
    server = Server()
    try:
        server.start()
        measure_disk(server, 1000000)
        for strategy in ("disk", "memory"):
            with tempfile.TemporaryDirectory() as name:
                folder = pathlib.Path(name)
                folder.chmod(0o755)
                (folder / "broker").mkdir()
                measure_flow(folder, server, count, strategy)
    finally:
        server.remove()


if __name__ == "__main__":
    main()
