"""A processor that does not read: because its own configuration has a fault, because it is stopped, because it is dead. The health check
sees it, and what is not acknowledged comes again."""

import json
import os
import pathlib
import resource
import shutil
import signal
import subprocess

import pytest

from lineprotocol import field
from load import event
from telegraf import processor_path, subscribed

COUNT = 2000
QUICK = {"VENDING_HEALTH_TIMEOUT": "15s"}


def publish_orders(broker, count=COUNT):
    publisher = broker.publisher()
    for number in range(count):
        publisher.publish(f"v1/vm/VM-LOAD-{number % 50:02}/events", json.dumps(event(order_id=f"ORDER-{number}")))
    publisher.flush()
    publisher.close()


def orders(telegraf):
    return {int(field(one, "order_id").removeprefix(b"ORDER-")) for one in telegraf.output.of("vm_events")}


def acknowledged(telegraf, broker):
    return broker.process.log().count(f"Received PUBACK from {telegraf.client_id} ")


def bytes_in_the_pipe(missing):
    """What the missing ones took in it, at the least: payloads."""
    return sum(len(json.dumps(event(order_id=f"ORDER-{number}"))) for number in missing)


FAULTS = {"a flag": {"VENDING_MAX_AGE": "7 days"}, "the mapping": {}}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_its_own_configuration_is_seen_and_loses_a_page_at_most(broker, make_telegraf, figures, fault):
    telegraf = make_telegraf(broker, **QUICK)
    program = telegraf.environment["VENDING_PROCESSOR"]
    if fault == "the mapping":
        wrapper = telegraf.folder / "with-a-mapping"
        wrapper.write_text(f'#!/bin/sh\nexec {program} "$@" --mapping /no/such/mapping.json\n')
        wrapper.chmod(0o755)
        telegraf.environment["VENDING_PROCESSOR"] = str(wrapper)
    telegraf.environment |= FAULTS[fault]
    subscribed(telegraf, broker)
    publish_orders(broker)
    telegraf.wait_for_health(503)
    assert telegraf.process.log().count("; no message is read until that is mended") == 1
    held = telegraf.processor_pid()
    telegraf.process.kill()  # it would wait for ever until the processor takes what it has for it
    gone = acknowledged(telegraf, broker)

    telegraf.environment |= {"VENDING_MAX_AGE": "7d", "VENDING_PROCESSOR": program}
    telegraf.start()
    telegraf.process.wait_until(lambda: COUNT - 1 in orders(telegraf), "the last message")
    telegraf.wait_for_health(200)
    assert telegraf.processor_pid() != held
    telegraf.stop()
    missing = set(range(COUNT)) - orders(telegraf)
    assert len(missing) <= gone
    assert bytes_in_the_pipe(missing) <= resource.getpagesize()
    figures.append(f"Telegraf {telegraf.version}, a fault in {fault}: {COUNT} published, {gone} acknowledged (heartbeats among them), {len(missing)} missing")


def test_a_processor_that_is_stopped_is_seen_and_loses_nothing_when_it_goes_on(broker, make_telegraf):
    telegraf = subscribed(make_telegraf(broker, **QUICK), broker)
    telegraf.process.wait_until(telegraf.processor_pid, "the processor")
    os.kill(telegraf.processor_pid(), signal.SIGSTOP)
    publish_orders(broker)
    telegraf.wait_for_health(503)
    os.kill(telegraf.processor_pid(), signal.SIGCONT)
    telegraf.process.wait_until(lambda: len(orders(telegraf)) == COUNT, lambda: f"all of them ({len(orders(telegraf))})")
    telegraf.wait_for_health(200)
    telegraf.stop()


def test_a_processor_that_is_stopped_and_killed_loses_a_pipe_at_most(broker, make_telegraf, figures):
    telegraf = subscribed(make_telegraf(broker, **QUICK), broker)
    telegraf.process.wait_until(telegraf.processor_pid, "the processor")
    os.kill(telegraf.processor_pid(), signal.SIGSTOP)
    publish_orders(broker)
    telegraf.wait_for_health(503)
    gone = acknowledged(telegraf, broker)
    telegraf.process.kill()  # what a health check does in the end
    telegraf.start()
    telegraf.process.wait_until(lambda: COUNT - 1 in orders(telegraf), "the last message")
    telegraf.wait_for_health(200)
    telegraf.stop()
    missing = set(range(COUNT)) - orders(telegraf)
    assert bytes_in_the_pipe(missing) <= 65536
    figures.append(f"Telegraf {telegraf.version}, processor stopped, all killed: {COUNT} published, {gone} acknowledged, {len(missing)} missing")


def test_a_processor_that_cannot_be_started_again_is_seen(broker, make_telegraf):
    telegraf = make_telegraf(broker, **QUICK)
    program = pathlib.Path(shutil.copy(processor_path(), telegraf.folder / "vending-processor"))
    telegraf.environment["VENDING_PROCESSOR"] = str(program)
    subscribed(telegraf, broker)
    telegraf.process.wait_until(telegraf.processor_pid, "the processor")
    program.unlink()
    os.kill(telegraf.processor_pid(), signal.SIGKILL)
    telegraf.wait_for_health(503)


def test_the_heartbeat_goes_through_the_processor_and_nothing_else_does(broker, make_telegraf):
    """And a heartbeat of another mqtt_consumer is none of ours."""
    telegraf = make_telegraf(broker, VENDING_REPORT_INTERVAL="1s")
    telegraf.add_config(f"""
[[inputs.mqtt_consumer]]
  servers = ["{broker.url}"]
  topics = ["elsewhere"]
  client_id = "another"
  data_format = "value"
  data_type = "string"
""")
    subscribed(telegraf, broker)
    telegraf.process.wait_until(lambda: telegraf.output.of("vm_mqtt"), "a heartbeat")
    subprocess.run(["mosquitto_pub", "-p", str(broker.port), "-t", "elsewhere", "-m", "x"], check=True)
    telegraf.process.wait_until(lambda: telegraf.output.of("mqtt_consumer"), "the other metric")
    telegraf.stop()
    passed = sum(dict((key, value) for key, _, value in one.fields)[b"passed"] for one in telegraf.output.of("vm_ingest"))
    assert {one.tags[b"topic"] for one in telegraf.output.of("vm_mqtt")} == {b"$SYS/broker/uptime"}
    assert len(telegraf.output.of("mqtt_consumer")) == 1
    assert passed == len(telegraf.output.of("vm_mqtt"))
