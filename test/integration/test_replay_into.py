"""A capture landed beside a Telegraf that is running, with the command that a package carries."""

import datetime
import json
import os
import subprocess

import pytest

from load import Stream, landed
from replay import T0, line, write_capture
from telegraf import REPO, TELEGRAF_D, processor_path, subscribed

COUNT = 5000
SCRIPT = TELEGRAF_D / "vending-replay-into"


def order(number):
    """A seventh has a raw newline, quotes and backslashes in it."""
    odd = '\n"quoted" \\\n' if number % 7 == 0 else ""
    return {"event_type": "DOOR_OPENED", "data": {"order_id": f"PAST-{number}", "note": odd}, "ts": (T0.timestamp() + number / 100)}


def capture_of(folder, count=COUNT):
    lines = (line(number / 100, f"v1/vm/VM-PAST-{number % 20:02}/events", json.dumps(order(number), indent=number % 7 == 0 or None)) for number in range(count))
    return write_capture(folder / "past.jsonl", lines)


@pytest.fixture
def replay_into(database, version):
    def replay(*words, status=0, stdin=None, **environment):
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("VENDING_", "PG", "TELEGRAF"))}
        variables |= database.telegraf_environment() | {"VENDING_PROCESSOR": str(processor_path()), "TELEGRAF": str(REPO / f"build/telegraf-{version}/telegraf")}
        done = subprocess.run([str(SCRIPT), *map(str, words)], env=variables | environment, stdin=stdin, capture_output=True, text=True)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stderr

    return replay


def past(database):
    return database.sql("SELECT time, device_no, order_id, raw_data FROM vm_events WHERE order_id LIKE 'PAST-%' ORDER BY order_id")


def test_all_of_it_lands_beside_a_live_telegraf_and_twice_is_once(broker, make_telegraf, database, replay_into, tmp_path, figures, version):
    telegraf = subscribed(make_telegraf(broker, database=database), broker)  # on disk, as by default
    stream = Stream(broker, pause=0.05)
    stream.start()
    database.wait_for_count("vm_events", 200)
    capture = capture_of(tmp_path)
    said = replay_into(capture, VENDING_BUFFER_DIRECTORY=telegraf.environment["VENDING_BUFFER_DIRECTORY"])
    assert f"{COUNT} rows are in the database" in said
    first = past(database)
    assert len({row[2] for row in first}) == COUNT == len(first)
    assert {datetime.datetime.fromisoformat(row[0]).timestamp() for row in first} == {round(T0.timestamp() + number / 100, 2) for number in range(COUNT)}
    assert [row[2] for row in first if json.loads(row[3]) != order(int(row[2].removeprefix("PAST-")))] == []

    replay_into(capture)
    assert past(database) == first
    at_replay = stream.published
    telegraf.process.wait_until(lambda: len(landed(database)) > at_replay + COUNT, "the live one to go on")
    published = stream.finish()
    telegraf.process.wait_until(lambda: len(landed(database)) == len(published) + COUNT, "all that was published meanwhile")
    telegraf.stop()
    assert "panic" not in telegraf.process.log()
    figures.append(f"replayed beside a live Telegraf {version}: {len(first)} of {COUNT} rows, {len(published)} of {len(published)} of the live one")


def test_in_pieces_from_standard_input_and_with_flags(database, replay_into, tmp_path):
    capture = capture_of(tmp_path, 1000)
    with open(capture, encoding="utf-8") as source:
        assert "1000 rows" in replay_into("-", stdin=source, VENDING_REPLAY_ROWS="300")
    assert len(past(database)) == 1000
    assert "no_such" in replay_into(capture, "--", "--mapping", "/no_such", status=2)


def test_a_database_that_is_away_is_said(replay_into, tmp_path):
    said = replay_into(capture_of(tmp_path, 10), status=1, PGPORT="1")
    assert "E! " in said and "0 rows are in the database, the next ones were refused" in said
