"""Random messages, most of them odd or damaged, all the way into the tables: what leaves the processor lands, or was there already.

Messages and their meaning are test/model's (generate.py, model.py); here it is the real Telegraf's COPY and the real landing that have to take every row.
"""

import collections
import subprocess
import sys

import pytest

from telegraf import REPO, TELEGRAF_D, processor_path
from test_landing import key, plain, stored

sys.path.insert(0, str(REPO / "test/model"))
import compare  # noqa: E402
from generate import Generator, capture_line  # noqa: E402

MESSAGES = 20000
SEED = "landing 1"
MOST_STEPS_US = 1000
SECONDS_US = 10 * 10**6
TABLES = ("vm_telemetry", "vm_events", "vm_status", "vm_rejected")

# The processor as an input, so that its rows go to the output as they are. It ends; a restart would send them again.
INPUT = """
[[inputs.execd]]
  command = ["sh", "-c", '"$0" --capture "$1" --report-interval 0 && exec sleep infinity', "{program}", "{capture}"]
  signal = "none"
  restart_delay = "1h"
  data_format = "influx"
"""


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    path = tmp_path_factory.mktemp("random") / "random.jsonl"
    path.write_bytes(b"".join(map(capture_line, Generator(SEED).messages(MESSAGES))))
    return path


def rows_of(capture):
    done = subprocess.run(
        [processor_path(), "--capture", capture, "--report-interval", "0", "--log-rate", "1"],
        capture_output=True,
        check=True,
    )
    return compare.read_rows(done.stdout)


def landed(database):
    return {table: database.count(table) for table in TABLES}


def skipped(database):
    counts = dict.fromkeys(TABLES, 0)
    counts.update(
        {table: int(rows) for table, rows in database.sql("SELECT measurement, sum(rows) FROM vm_skipped GROUP BY 1")}
    )
    return counts


def play(make_telegraf, database, capture):
    """Writes the capture's rows as Telegraf does."""
    telegraf = make_telegraf(database=database, VENDING_BUFFER_STRATEGY="memory")
    telegraf.config = [
        "--config",
        str(telegraf.extra),
        *(f"--config={TELEGRAF_D / name}" for name in ("00-agent.conf", "30-output.conf")),
    ]
    telegraf.extra.write_text(INPUT.format(program=processor_path(), capture=capture))
    return telegraf.start()


def wait_for_all(telegraf, database, wanted):
    def all_of_them():
        return sum(landed(database).values()) + sum(skipped(database).values()) >= wanted

    telegraf.process.wait_until(
        all_of_them, lambda: f"{wanted} rows to land or be skipped ({landed(database)}, skipped {skipped(database)})"
    )


def refused(database):
    return database.sql("SELECT detail, left(payload, 500) FROM vm_rejected WHERE reason = 'landing_failed' LIMIT 3")


def assert_there(database, rows):
    """Each row is in its table, itself or the one that it repeats. A reading is at its moment or some microseconds behind; of what has a message_id
    the same message is there, and of an event within seconds."""
    times = collections.defaultdict(list)
    for table in TABLES:
        for row in stored(database, table):
            moment = row.pop("time")
            times[table, key(row) if table == "vm_telemetry" else (row.get("device_no"), row["message_id"])].append(moment)
    for row in rows:
        moment = row.time_ns // 1000
        if row.measurement == "vm_telemetry":
            fields = {name: value or 0.0 if isinstance(value, float) else value for name, value in row.fields.items()}  # -0.0 is 0
            there = times[row.measurement, key(plain({**row.tags, **fields}))]
            assert any(0 <= other - moment < MOST_STEPS_US for other in there), row
        else:
            there = times[row.measurement, (row.tags.get("device_no"), row.fields["message_id"])]
            near = SECONDS_US if row.measurement == "vm_events" else float("inf")
            assert any(abs(other - moment) <= near for other in there), row


def test_every_row_lands_or_is_there_already(make_telegraf, database, capture, figures):
    gone_out = rows_of(capture)
    rows = collections.Counter(row.measurement for row in gone_out)
    assert set(rows) == set(TABLES)
    telegraf = play(make_telegraf, database, capture)
    wait_for_all(telegraf, database, sum(rows.values()))
    telegraf.stop()
    assert refused(database) == []
    once, again = landed(database), skipped(database)
    assert {table: once[table] + again[table] for table in TABLES} == rows
    assert_there(database, gone_out)
    figures.append(f"random messages: {MESSAGES}, rows {dict(rows)}, of these skipped {again}")

    telegraf = play(make_telegraf, database, capture)
    wait_for_all(telegraf, database, 2 * sum(rows.values()))
    telegraf.stop()
    assert refused(database) == []
    assert landed(database) == once, "the capture again leaves the same rows"
    assert {table: once[table] + skipped(database)[table] for table in TABLES} == {
        table: 2 * rows[table] for table in TABLES
    }
