"""telegraf.sh starts a Telegraf whose buffer on disk was cut short, or was made under other settings."""

import json
import shutil

import pytest

from load import event, landed
from telegraf import TELEGRAF_D

COUNT = 40


def files_of(telegraf):
    return [file for file in (telegraf.folder.parent / "volume/1/buffer").rglob("*") if file.is_file() and file.stat().st_size > 0]


@pytest.mark.parametrize("version, then", [("1.37", "1.37"), ("1.39", "1.39"), ("1.37", "1.39")])
def test_rows_of_a_buffer_that_would_not_be_read_land(version, then, broker, make_telegraf, database, tmp_path):
    server = f"tcp://127.0.0.1:{broker.port}"
    away = make_telegraf(version, server, database, PGPORT="1").start()
    away.process.wait_until(lambda: away.client_id, "its number")
    broker.wait_until_ready(away.client_id)
    publisher = broker.publisher()
    for number in range(COUNT):
        publisher.publish("v1/vm/VM-LOAD-01/events", json.dumps(event(order_id=f"ORDER-{number}")))
    publisher.flush()
    last = b"ORDER-%d\"" % (COUNT - 1)
    holding = lambda: next((file for file in files_of(away) if last in file.read_bytes()), None)
    log = away.process.wait_until(holding, "the rows on disk")
    away.process.kill()
    with open(log, "ab") as file:
        file.write(b"\xcb\x04half a row")

    other = tmp_path / "telegraf.d"
    shutil.copytree(TELEGRAF_D, other)
    output = other / "30-output.conf"
    output.write_text(output.read_text().replace("metric_buffer_limit = 100000", "metric_buffer_limit = 200000"))
    back = make_telegraf(then, server, database, TELEGRAF_CONFIG_DIRECTORY=str(other)).start()
    back.process.wait_until(lambda: len(landed(database)) == COUNT, lambda: f"all of them ({len(landed(database))} have)")
    assert "is cut short" in back.process.log() and "this Telegraf takes it over" in back.process.log()
