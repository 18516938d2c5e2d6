"""Three real Telegrafs behind a shared subscription: each message lands once, none is lost, and each keeps its number."""

import json

import pytest

from load import Stream, event, landed
from waiting import wait_until

SHARE = "$share/vending/"


@pytest.fixture(params=["1.37", "1.39"])
def three(request, broker, make_telegraf, database):
    url = f"tcp://127.0.0.1:{broker.port}"
    telegrafs = [make_telegraf(request.param, url, database, VENDING_SHARE=SHARE, VENDING_REPORT_INTERVAL="1s", VENDING_HEALTH_TIMEOUT="25s") for _ in range(3)]
    for telegraf in telegrafs:
        telegraf.start()
    for telegraf in telegrafs:
        telegraf.process.wait_until(lambda telegraf=telegraf: telegraf.client_id, "its number")
        broker.wait_until_ready(telegraf.client_id)
    return telegrafs


def reported(database, column):
    return {name: int(count) for name, count in database.sql(f"SELECT instance, sum({column}) FROM vm_ingest GROUP BY 1")}


def test_each_message_lands_once_and_goes_to_one_of_them(three, broker, database):
    assert {telegraf.client_id for telegraf in three} == {f"telegraf-vending-{number}" for number in (1, 2, 3)}
    publisher = broker.publisher()
    for number in range(3000):
        publisher.publish(f"v1/vm/VM-LOAD-{number % 50:02}/events", json.dumps(event(order_id=f"ORDER-{number}")))
    publisher.flush()
    database.wait_for_count("vm_events", 3000)
    wait_until(lambda: sum(reported(database, "events").values()) >= 3000, lambda: f"the reports ({reported(database, 'events')})")
    counts = reported(database, "events")
    assert sum(counts.values()) == 3000 and len(landed(database)) == 3000 == database.count("vm_events")
    assert len(counts) == 3 and min(counts.values()) >= 500, f"not shared: {counts}"
    assert sum(reported(database, "received").values()) - sum(reported(database, "passed").values()) == 3000  # the heartbeats pass


def test_a_status_reaches_all_of_them_and_the_table_once(three, broker, database):
    """Retained, before a Telegraf comes: a shared subscription would not bring it."""
    publisher = broker.publisher()
    for number in range(50):
        publisher.publish(f"v1/vm/VM-STATUS-{number:02}/status", json.dumps({"status": "online", "ts": event()["ts"]}), retain=True)
    publisher.flush()
    wait_until(lambda: sum(reported(database, "status").values()) >= 150, lambda: f"all three to report them ({reported(database, 'status')})")
    assert database.count("vm_status") == 50


def test_one_that_leaves_takes_nothing_with_it(three, broker, database):
    stream = Stream(broker, pause=0.05)
    stream.start()
    database.wait_for_count("vm_events", 300)
    leaving = three[2]
    name = leaving.client_id
    assert leaving.process.stop() == 0
    at_stop = stream.published
    wait_until(lambda: stream.published > at_stop + 300, "messages that are put aside for the one that stopped")
    assert leaving.leave() == f"{name} has left\n"
    at_leave = stream.published
    wait_until(lambda: stream.published > at_leave + 600, "messages for those who stay")
    published = stream.finish()
    wait_until(lambda: len(landed(database)) >= len(published), lambda: f"{len(published)} events to land, {len(landed(database))} have")
    assert landed(database) == published and database.count("vm_events") == len(published)

    leaving.start()
    leaving.process.wait_until(lambda: "Connected [tcp" in leaving.process.log(), "it to connect, with a session that is a new one")
    publisher = broker.publisher()
    three[0].process.stop()
    three[1].process.stop()
    instance = name.replace("telegraf-vending", "telegraf")
    before = reported(database, "events").get(instance, 0)
    for number in range(300):
        publisher.publish("v1/vm/VM-LOAD-00/events", json.dumps(event(order_id=f"AGAIN-{number}")))
    publisher.flush()
    wait_until(lambda: reported(database, "events").get(instance, 0) >= before + 90, "its share to come to it again")


def test_the_broker_forgets_the_shares_and_they_are_taken_again(three, broker, database):
    """Mosquitto 2.0 keeps sessions over a restart, but not their shared subscriptions."""
    at_restart = reported(database, "events")
    broker.stop()
    broker.start()

    def check():  # as Docker does
        for telegraf in three:
            telegraf.check()
            if not telegraf.process.is_running():
                telegraf.start()
        publisher.publish("v1/vm/VM-LOAD-00/events", json.dumps(event(order_id=f"PROBE-{len(probes)}")))
        publisher.flush()
        probes.append(None)

    def all_have_a_share():
        check()
        now = reported(database, "events")
        return len(now) == 3 and all(count > at_restart.get(name, 0) for name, count in now.items())

    probes, publisher = [], broker.publisher()
    # A health check that still answers 200 may do so for the heartbeats of before: only events tell that all three are back.
    wait_until(all_have_a_share, lambda: f"an event to come to each of them ({reported(database, 'events')}, before {at_restart})", 240)
    # All three have what they had: nothing is lost from now on, and each takes its share.
    before = reported(database, "events")
    for number in range(300):
        publisher.publish("v1/vm/VM-LOAD-00/events", json.dumps(event(order_id=f"AGAIN-{number}")))
    publisher.flush()
    wait_until(lambda: len([one for one in landed(database) if one.startswith(b"AGAIN")]) == 300, "all of them to land")
    wait_until(lambda: all(count > before.get(name, 0) + 50 for name, count in reported(database, "events").items()), "each to take its share")


def test_one_that_comes_back_takes_its_number_and_what_waited_for_it(three, broker, database):
    stream = Stream(broker, pause=0.05)
    stream.start()
    database.wait_for_count("vm_events", 300)
    gone = three[1]
    number = gone.client_id
    assert gone.process.stop() == 0
    at_stop = stream.published
    wait_until(lambda: stream.published > at_stop + 600, "messages, a third of them for the one that is away")
    gone.start()
    gone.process.wait_until(lambda: gone.client_id, "its number")
    assert gone.client_id == number
    published = stream.finish()
    wait_until(lambda: len(landed(database)) >= len(published), lambda: f"{len(published)} events to land, {len(landed(database))} have")
    assert landed(database) == published and database.count("vm_events") == len(published)
