"""A capture in the database, moved in time so that it has just been recorded: the processor's own rows, put into the landing as Telegraf's role."""

import subprocess
import time

from database import WRITER_PASSWORD
from lineprotocol import read_records
from telegraf import REPO, processor_path

CAPTURES = REPO / "test/captures"


def literal(value):
    if isinstance(value, bytes):
        value = value.decode()
        return "'{}'".format(value.replace("'", "''"))
    return str(value)


def rows_of(name, *flags):
    command = [processor_path(), "--capture", CAPTURES / name, *flags]
    return read_records(subprocess.run(command, check=True, capture_output=True).stdout)[0]


def capture(database, name, *flags, age=0):
    """Lands the capture; its last row is then `age` seconds old. Returns by how many ns it was moved."""
    rows = rows_of(name, *flags)
    now = time.time_ns() - int(age * 1e9)
    shift = now - max(row.time for row in rows if row.measurement != b"vm_ingest")
    statements = []
    for row in rows:
        values = {key.decode(): literal(value) for key, value in row.tags.items()}
        values |= {key.decode(): literal(value + shift if key == b"device_ts" else value) for key, _, value in row.fields}
        arrived = now if row.measurement == b"vm_ingest" else row.time + shift  # a report has the time of the run
        values["time"] = f"to_timestamp({arrived / 1e9:.6f})"
        statements.append(f"INSERT INTO ingest.{row.measurement.decode()} ({', '.join(values)}) VALUES ({', '.join(values.values())});")
    database.sql("SET standard_conforming_strings = on;\n" + "\n".join(statements), user="vending_writer", password=WRITER_PASSWORD)
    return shift
