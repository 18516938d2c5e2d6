"""The network breaks during a reconnect: Telegraf 1.37's mqtt_consumer then never acknowledges again and stops. The health check notices
and heals it, and every message lands."""

import os
import signal
import subprocess

import pytest

from load import Stream, landed
from proxy import Proxy
from waiting import wait_until

MOST_UNDELIVERED = 1000  # max_undelivered_messages


@pytest.fixture
def network(broker):
    proxy = Proxy(broker.port)
    yield proxy
    proxy.close()


def running(make_telegraf, version, broker, network, database):
    telegraf = make_telegraf(version, f"tcp://127.0.0.1:{network.port}", database, VENDING_HEALTH_TIMEOUT="25s", MQTT_KEEPALIVE="10s")
    telegraf.start()
    telegraf.process.wait_until(lambda: telegraf.client_id, "its number")
    broker.wait_until_ready(telegraf.client_id)
    telegraf.process.wait_until(lambda: telegraf.health() == 200, "the health check to answer")
    return telegraf


def cut_during_a_reconnect(network):
    network.cut()
    wait_until(lambda: network.refused, "Telegraf to try again")
    network.mend()


@pytest.mark.parametrize("version", ["1.37", "1.39"])
def test_a_network_cut_during_a_reconnect_is_healed_and_loses_nothing(version, broker, network, make_telegraf, database, figures):
    telegraf = running(make_telegraf, version, broker, network, database)
    stream = Stream(broker, pause=0.05)
    stream.start()
    database.wait_for_count("vm_events", 200)
    cut_during_a_reconnect(network)
    at_cut = stream.published
    wait_until(lambda: stream.published > at_cut + 3 * MOST_UNDELIVERED, "more messages than an input without acknowledgements takes")

    # As Docker does: run the check now and then, start again what has ended.
    said, restarts = [], 0
    def watch():
        nonlocal restarts
        status, text = telegraf.check()
        if status:
            said.append(text)
        if not telegraf.process.is_running():
            restarts += 1
            telegraf.start()
        return len(landed(database)) > at_cut + 3 * MOST_UNDELIVERED

    wait_until(watch, lambda: f"messages from after the cut to land ({len(landed(database))} have; {said})", 120)
    published = stream.finish()
    wait_until(lambda: len(landed(database)) >= len(published), lambda: f"the rest to land {len(landed(database))} of {len(published)}", 90)

    assert landed(database) == published
    assert database.count("vm_events") == len(published), "a message landed twice"
    assert restarts == (1 if version == "1.37" else 0), said
    figures.append(f"network cut during a reconnect, Telegraf {version}: published {len(published)}, missing 0, restarts by the health check "
                   f"{restarts}{' (' + said[-1].strip().replace(chr(10), '; ') + ')' if said else ''}")


@pytest.mark.parametrize("version", ["1.37", "1.39"])
def test_a_processor_that_holds_out_is_seen_and_not_restarted(version, broker, network, make_telegraf, database):
    telegraf = make_telegraf(version, f"tcp://127.0.0.1:{network.port}", database, VENDING_HEALTH_TIMEOUT="12s", VENDING_MAX_AGE="7 days")
    telegraf.start()
    telegraf.process.wait_until(lambda: telegraf.client_id, "its number")
    broker.wait_until_ready(telegraf.client_id)
    telegraf.process.wait_until(lambda: telegraf.health() == 503, "the heartbeat to be missed")
    status, said = telegraf.check()
    assert status == 1 and 'a restart would not help: E! vending-processor: --max-age: "7 days" is not a duration' in said
    assert telegraf.process.is_running()


def test_a_processor_that_is_stopped_is_seen_and_all_is_started_again(broker, network, make_telegraf, database):
    telegraf = running(make_telegraf, "1.37", broker, network, database)
    (processor,) = subprocess.run(["pgrep", "-P", str(telegraf.process.popen.pid)], capture_output=True, text=True, check=True).stdout.split()
    os.kill(int(processor), signal.SIGSTOP)
    telegraf.process.wait_until(lambda: telegraf.health() == 503, "the heartbeat to be missed")
    status, said = telegraf.check()
    assert status == 1 and "ending Telegraf" in said and "would not help" not in said
    wait_until(lambda: not telegraf.process.is_running(), "its end")


def test_a_broker_that_is_away_is_no_reason_to_restart(broker, network, make_telegraf, database):
    telegraf = running(make_telegraf, "1.37", broker, network, database)
    network.close()
    wait_until(lambda: telegraf.health() == 503, "the heartbeat to be missed")
    status, said = telegraf.check()
    assert status == 1 and "a restart would not help" in said
    assert telegraf.process.is_running()
