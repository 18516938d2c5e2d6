"""What Telegraf's buffer on disk holds when the next Telegraf cannot read it: a file cut short, another version's folder, other settings."""

import json
import os
import subprocess

import pytest

from load import event, landed
from telegraf import TELEGRAF_D, subscribed
from waiting import wait_until

COUNT = 40
SCRIPT = TELEGRAF_D / "vending-mend-buffer"
ALL = {b"ORDER-%d" % number for number in range(COUNT)}


@pytest.fixture
def leave_rows(broker, make_telegraf, database):
    """A function that runs a Telegraf while the database is away: it ends with those rows in its buffer."""

    def leave(numbers=range(COUNT), flags=(), **environment):
        telegraf = make_telegraf(broker, database=database, PGPORT="1", **environment)
        telegraf.environment["VENDING_BUFFER_DIRECTORY"] = str(telegraf.folder.parent / "buffer")
        before = broker.times_ready(telegraf.client_id)
        telegraf.start(*flags)
        broker.wait_until_ready(telegraf.client_id, before + 1)
        publisher = broker.publisher()
        for number in numbers:
            publisher.publish("v1/vm/VM-LOAD-01/events", json.dumps(event(order_id=f"ORDER-{number}")))
        publisher.flush()
        publisher.close()
        telegraf.wait_for_rows(len(numbers))
        telegraf.stop()
        telegraf.environment |= database.telegraf_environment()
        return telegraf

    return leave


def mend(telegraf, *flags, status=0, **environment):
    """As before its start. Returns what was said."""
    variables = telegraf.environment | {"TELEGRAF": str(telegraf.program), "VENDING_DRAIN_PATIENCE": "3"} | environment
    done = subprocess.run([str(SCRIPT), *flags, *telegraf.config], env=variables, capture_output=True, text=True)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stderr


def waiting_files(telegraf):
    folder = telegraf.folder.parent / "buffer"
    return [file for file in folder.rglob("*") if file.is_file() and file.stat().st_size > 0]


def use(telegraf, version):
    telegraf.program = telegraf.program.parents[1] / f"telegraf-{version}/telegraf"
    telegraf.version = version


def wait_for_orders(telegraf, database, orders=ALL):
    telegraf.process.wait_until(lambda: orders <= landed(database), lambda: f"all of them ({len(landed(database))} of {len(orders)})")


def test_a_file_cut_short_is_cut_back_to_whole_rows(leave_rows, database, figures):
    telegraf = leave_rows()
    (log,) = waiting_files(telegraf)
    os.truncate(log, log.stat().st_size - 10)
    telegraf.start()
    wait_until(lambda: not telegraf.process.is_running(), "it to fail")
    assert "corrupt" in telegraf.process.log()

    assert "is cut short" in mend(telegraf)
    assert mend(telegraf) == ""
    telegraf.start()
    telegraf.process.wait_until(lambda: not waiting_files(telegraf), "the buffer to be written")
    telegraf.stop()
    assert len(ALL - landed(database)) <= 1  # the last row may have been one of them
    figures.append(f"Telegraf {telegraf.version}, buffer file cut short: {len(landed(database))} of {COUNT} rows landed")


def test_zeros_behind_the_last_row_are_cut_off(leave_rows, database):
    """A file system that had noted the length before the power cut, and not the bytes."""
    telegraf = leave_rows()
    (log,) = waiting_files(telegraf)
    with open(log, "ab") as file:
        file.write(bytes(5000))
    assert "5000 of" in mend(telegraf)
    telegraf.start()
    wait_for_orders(telegraf, database)


@pytest.mark.parametrize("version", ["1.37"])
def test_the_folder_of_another_version_is_taken_over(leave_rows, database, figures):
    telegraf = leave_rows()  # as 1.37 starts by default: variables pasted into the settings
    use(telegraf, "1.39")
    telegraf.start()
    database.wait_for_count("vm_ingest", 1)
    telegraf.stop()
    assert landed(database) == set(), "it reads them by itself: nothing to be mended any more?"

    assert "this Telegraf takes it over" in mend(telegraf)
    telegraf.start()
    wait_for_orders(telegraf, database)
    telegraf.stop()
    assert mend(telegraf) == ""
    figures.append(f"buffer of Telegraf 1.37 under 1.39: 0 of {COUNT} rows landed, after vending-mend-buffer {len(landed(database))}")


@pytest.mark.parametrize("version", ["1.37"])
def test_rows_in_both_folders_all_land(leave_rows, database):
    leave_rows(range(0, COUNT, 2))
    telegraf = leave_rows(range(1, COUNT, 2), flags=["--strict-env-handling"])
    assert len(waiting_files(telegraf)) == 2
    said = mend(telegraf, "--strict-env-handling", status=1, PGPORT="1")
    assert "bytes are left in" in said and "for the next start" in said
    assert len(waiting_files(telegraf)) == 2
    assert "another one writes them" in mend(telegraf, "--strict-env-handling")
    assert landed(database) == {b"ORDER-%d" % number for number in range(0, COUNT, 2)}
    telegraf.start("--strict-env-handling")
    wait_for_orders(telegraf, database)


def test_rows_on_disk_land_when_the_buffer_is_in_memory_now(leave_rows, database):
    telegraf = leave_rows()
    mend(telegraf, VENDING_BUFFER_STRATEGY="memory")
    assert landed(database) == ALL and not waiting_files(telegraf)


def test_it_keeps_away_from_one_that_is_running(broker, leave_rows, database):
    telegraf = leave_rows()
    telegraf.environment["PGPORT"] = "1"
    subscribed(telegraf, broker)
    assert "is in use: stop Telegraf first" in mend(telegraf, status=1)
    assert waiting_files(telegraf)
