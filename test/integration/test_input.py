"""vending-input with a real Mosquitto, and once in a real Telegraf."""

import json
import os
import signal
import subprocess
import threading
import time

import paho.mqtt.client as mqtt
import pytest

from broker import Broker
from capture import REPO, read_capture
from certificates import Authority
from expected import expected_row, message_id
from lineprotocol import field
from load import Stream, event
from process import Process, free_port
from replay import line, replay, rows_of, write_capture
from subscriber import Subscriber
from telegraf import TELEGRAF_D, input_path

FAST = ("--reconnect-max", "1s")
LOGIN = ("telegraf", "a \"quoted\" pa$$word")


@pytest.fixture
def subscribe(tmp_path):
    """A function that starts a vending-input; it is ended after the test."""
    made = []

    def make(broker, *flags, port=None, **how):
        folder = tmp_path / f"input-{len(made) + 1}"
        made.append(Subscriber(folder, port or broker.port, *FAST, *flags, **how))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def make_broker(tmp_path):
    """A function that starts a broker of its own kind; it is ended after the test."""
    made = []

    def make(**how):
        folder = tmp_path / f"broker-{len(made) + 1}"
        folder.mkdir()
        made.append(Broker(folder, **how))
        made[-1].start()
        return made[-1]

    yield make
    for broker in made:
        broker.close()


def order(number, **more):
    return json.dumps(event(order_id=f"ORDER-{number}", **more))


def orders(count, start=0):
    return [b"ORDER-%d" % number for number in range(start, start + count)]


def publish_fast(broker, folder, count, start=0, **more):
    """The same, as fast as the broker acknowledges them."""
    lines = (line(0, f"v1/vm/VM-LOAD-{number % 50:02}/events", order(number, **more)) for number in range(start, start + count))
    result = replay(broker, "--speed", "max", write_capture(folder / "orders", lines))
    assert (result.status, result.acknowledged) == (0, count)


def publish_orders(publisher, count, start=0, **more):
    for number in range(start, start + count):
        publisher.publish(f"v1/vm/VM-LOAD-{number % 50:02}/events", order(number, **more))
    publisher.flush()


# ---- what a message becomes ----


def test_rows_are_what_the_contract_says(broker, subscribe):
    messages = [message for message in read_capture("fleet.jsonl")]
    one = subscribe(broker, "--max-age", "3650d")
    one.wait_until_ready()
    publisher = broker.publisher()
    for message in messages:
        publisher.publish(message.topic, message.payload, message.retain)
    rows = one.wait_for_rows(len(messages))
    one.stop()
    assert len(rows) == len(messages)
    for row, message in zip(rows, messages):
        wanted = expected_row(message.topic, message.payload)
        if wanted.time == "arrival":
            wanted = wanted._replace(time=row.time)
        assert row == wanted


def test_properties_of_mqtt_5(broker, subscribe):
    one = subscribe(broker)
    one.wait_until_ready()
    publisher = broker.publisher(protocol=mqtt.MQTTv5)
    publish_with = lambda number, properties: publisher.publish("v1/vm/VM-1/events", order(number), properties=properties)
    publish_with(0, {"content-type": "application/json", "user-properties": {"other": "x", "priority": "Critical"}})
    publish_with(1, {"content-type": "text/plain"})
    publish_with(2, None)
    rows = one.wait_for_rows(3)
    one.stop()
    assert [field(row, "priority") for row in rows] == [b"critical", None, None]
    assert [field(row, "anomalies") for row in rows] == [
        None, b'properties.content-type="text/plain" not application/json', None]


@pytest.mark.parametrize("name", ["plain", "good"], ids=["plain", "TLS"])
def test_more_properties_than_are_taken_are_told(tls_broker, authorities, subscribe, name):
    """32 of them are; the first counts as before, those of 60 KiB too. Told once, counted at the end."""
    flags = ["--tls", "verify", "--tls-ca", str(authorities[0].file)] if name == "good" else []
    one = subscribe(tls_broker, *flags, port=tls_broker.ports.get(name))
    one.wait_until_ready()
    publisher = tls_broker.publisher(protocol=mqtt.MQTTv5)
    for number, count in enumerate((32, 33, 50)):
        user = {"priority": "high", "long": "x" * 60000} | {f"p{n}": "x" for n in range(count - 2)}
        publisher.publish("v1/vm/VM-1/events", order(number), properties={"user-properties": user})
    rows = one.wait_for_rows(3)
    one.stop()
    assert [field(row, "priority") for row in rows] == [b"high"] * 3
    assert [line for line in one.log().splitlines() if "MQTT properties" in line] == [
        "W! a message on v1/vm/VM-1/events has 33 MQTT properties: the first 32 are taken, the others left out; such messages are counted "
        "from now on",
        "W! 2 messages had more than 32 MQTT properties: 19 were left out"]


HOSTILE = [
    b"", b"\0", b"a\0b", b"\xff\xfe", b"{\"event_type\":\"A\",\"data\":{\"order_id\":\"\xe5\"}}", b"{\"event_type\":\"A\\u0000\"}", b"\r\n{}\r\n",
    b"\x1b[31m", b"\\\"", "{\"event_type\":\"出货成功\"}".encode(), b"x" * 300000,
]


def test_a_recording_gives_the_same_rows(broker, subscribe, tmp_path):
    """Everything that a device can send comes out of a recording as it was: byte for byte, with its properties and its moment."""
    record = tmp_path / "raw"
    one = subscribe(broker, "--record", str(record), "--max-age", "3650d")
    one.wait_until_ready()
    publisher = broker.publisher(protocol=mqtt.MQTTv5)
    lines = [json.loads(line) for line in (REPO / "test/captures/fleet.jsonl").read_text().splitlines()]
    for sent in lines:
        publisher.publish(sent["topic"], sent["payload"], bool(sent["retain"]), sent["qos"], sent.get("properties"))
    for payload in HOSTILE:
        publisher.publish("v1/vm/VM-1/events", payload, properties={"message-expiry-interval": 100, "correlation-data": "xyz"})
        publisher.publish("v1/vm/ odd\"/events", payload)
    publisher.flush()
    one.process.wait_until(lambda: record.read_bytes().count(b"\n") >= len(lines) + 2 * len(HOSTILE), "the recording")
    rows = one.stop()
    assert rows_of(record, "--max-line", "8MiB", "--max-age", "3650d") == rows
    recorded = [json.loads(line) for line in record.read_bytes().decode("utf-8", "replace").splitlines()]
    # In any order: messages with QoS 0 overtake those that wait for an acknowledgement.
    said = lambda line: [line.get(key) for key in ("topic", "qos", "retain", "properties", "payload", "payloadlen")]
    sent = {line["topic"] for line in lines}
    assert sorted(map(str, map(said, lines))) == sorted(str(said(line)) for line in recorded if line["topic"] in sent)
    assert any(line.get("properties", {}).get("message-expiry-interval", 0) > 90 for line in recorded)


def test_the_processor_gives_the_same_rows_for_what_mosquitto_sub_captured(broker, subscribe, tmp_path):
    capture = tmp_path / "capture"
    with open(capture, "wb") as file:
        watcher = Process("mosquitto_sub", ["mosquitto_sub", "-V", "5", "-p", str(broker.port), "-i", "watcher", "-q", "1", "-F", "%j",
                                            "-t", "v1/vm/+/telemetry", "-t", "v1/vm/+/events", "-t", "v1/vm/+/status"],
                          tmp_path / "watcher", stdout=file)
    try:
        one = subscribe(broker, "--max-age", "3650d")
        one.wait_until_ready()
        broker.wait_until_ready("watcher")
        publisher = broker.publisher(protocol=mqtt.MQTTv5)
        lines = [json.loads(line) for line in (REPO / "test/captures/fleet.jsonl").read_text().splitlines()]
        for line in lines:
            publisher.publish(line["topic"], line["payload"], bool(line["retain"]), line["qos"], line.get("properties"))
        one.wait_for_rows(len(lines))
        watcher.wait_until(lambda: capture.read_bytes().count(b"\n") >= len(lines), "the capture")
        rows = one.stop()
    finally:
        watcher.kill()

    def timeless(row):  # the two got an offline status at different moments
        return row._replace(time=None) if field(row, "status") == b"offline" else row

    assert any(field(row, "priority") == b"high" for row in rows)
    sorted_rows = lambda rows: sorted(map(str, map(timeless, rows)))
    assert sorted_rows(rows_of(capture, "--max-age", "3650d")) == sorted_rows(rows)


# ---- delivery ----


def test_100000_messages_and_none_is_missing(broker, subscribe, tmp_path, figures):
    one = subscribe(broker)
    one.wait_until_ready()
    start = time.monotonic()
    publish_fast(broker, tmp_path, 100000)
    got = one.wait_for_orders(100000)
    figures.append(f"vending-input: 100,000 messages at QoS 1 in {time.monotonic() - start:.1f} s, {one.memory()} KiB")
    one.stop()
    assert got == orders(100000)


def test_the_broker_holds_what_is_not_read(broker, subscribe, tmp_path, figures):
    one = subscribe(broker, "--receive-maximum", "20", "--keepalive", "5s", reads=False)
    one.wait_until_ready()
    publisher = broker.publisher()
    publish_orders(publisher, 500, filler="x" * 1000)  # much more than a pipe takes
    before = one.memory()
    publish_fast(broker, tmp_path, 20000, start=500, filler="x" * 1000)
    assert one.unread() > 16384, "nothing was written although there was room"
    assert one.memory() - before < 2048, "it holds messages in memory"
    # So long unread that the broker gives up on the connection; the session stays.
    broker.process.wait_until(lambda: f"Client {one.client_id} has exceeded timeout" in broker.process.log(), "the broker to end the connection")
    publish_orders(publisher, 500, start=20500)
    figures.append(f"vending-input, output not read: 20,000 messages (20 MB) at the broker, {before} KiB before, {one.memory()} KiB after")
    one.read_now()
    one.process.wait_until(lambda: b'"ORDER-20999"' in one.output, "the last message")
    rows = one.stop()
    assert set(orders(21000)) == {field(row, "order_id") for row in rows}
    # What was read and not yet acknowledged comes twice, and is dropped as a duplicate.
    assert len(rows) == 21000


def test_broker_restarts_lose_nothing(broker, subscribe, figures):
    one = subscribe(broker)
    one.wait_until_ready()
    stream = Stream(broker, pause=0.01)
    stream.start()
    for restart in range(3):
        one.wait_for_orders(len(one.orders()) + 200)
        broker.stop()
        one.wait_for_log("next try in", restart + 1)
        broker.start()
        one.wait_until_ready(times=restart + 2)
    one.wait_for_orders(len(one.orders()) + 200)
    published = stream.finish()
    one.process.wait_until(lambda: set(one.orders()) >= published, lambda: f"{len(published - set(one.orders()))} missing messages")
    got = one.stop() and one.orders()
    figures.append(f"vending-input, broker restarted three times: published {len(published)}, missing {len(published - set(got))}")
    assert len(got) == len(published), "a message came twice"
    assert "lost our session" not in one.log()


@pytest.mark.parametrize("how", ["SIGTERM", "end of standard input"])
def test_a_restart_loses_nothing(broker, subscribe, how):
    stream = Stream(broker, pause=0.005)
    got = []
    first = subscribe(broker)
    first.wait_until_ready()
    stream.start()
    for run in range(3):
        one = first if run == 0 else subscribe(broker)
        one.wait_for_orders(300)
        if how == "SIGTERM":
            one.stop(signal.SIGTERM)
        else:
            one.process.popen.stdin.close()
            assert one.wait_for_end() == 0
        assert "end: received" in one.log()
        got += one.orders()
    published = stream.finish()
    last = subscribe(broker)
    last.wait_until_ready()
    last.process.wait_until(lambda: set(got + last.orders()) >= published, "every message")
    last.stop()
    got += last.orders()
    assert sorted(got) == sorted(published), "a message came twice"
    # A goodbye, so the broker has no reason to wait for a time-out.
    goodbye = f"Client {last.client_id} disconnected."
    broker.process.wait_until(lambda: broker.process.log().count(goodbye) == 4, "four goodbyes")


def test_a_kill_costs_nothing(broker, subscribe, figures):
    stream = Stream(broker, pause=0.002)
    got = set()
    for run in range(6):
        one = subscribe(broker)
        one.wait_until_ready()
        if run == 0:
            stream.start()
        if run < 5:
            one.wait_for_orders(200)
            one.process.popen.kill()
            one.wait_for_end()
            got |= set(one.orders())
    published = stream.finish()
    publish_orders(broker.publisher("last"), 1, start=len(published))
    one.process.wait_until(lambda: b'"ORDER-%d"' % len(published) in one.output, "the last message")
    one.stop()
    missing = published - got - set(one.orders())
    figures.append(f"vending-input killed five times: published {len(published)}, missing {len(missing)}")
    assert not missing


@pytest.mark.parametrize("name", ["plain", "good"], ids=["plain", "TLS"])
def test_kills_in_a_burst_cost_nothing(tls_broker, authorities, subscribe, tmp_path, figures, name):
    """What the broker does not send again was acknowledged: there must be a row of it. What comes twice is a figure only: Mosquitto 2.0.11
    does not keep to --receive-maximum once a session has been resumed."""
    count, kills = 30000, 8
    flags = ["--tls", "verify", "--tls-ca", str(authorities[0].file)] if name == "good" else []
    start = lambda: subscribe(tls_broker, *flags, port=tls_broker.ports.get(name))
    one = start()
    one.wait_until_ready()
    burst = threading.Thread(target=publish_fast, args=(tls_broker, tmp_path, count))
    burst.start()
    got = []
    for kill in range(kills):
        one.process.wait_until(lambda: one.output.count(b"order_id=") >= 500 + 97 * kill, "some rows")
        one.process.popen.kill()
        one.wait_for_end()
        got += one.orders()
        one = start()
    burst.join()
    one.process.wait_until(lambda: b'"ORDER-%d"' % (count - 1) in one.output, "the last message")
    one.stop()
    got += one.orders()
    figures.append(f"vending-input killed {kills} times in a burst ({name}): published {count}, missing {count - len(set(got))}, "
                   f"came twice {len(got) - len(set(got))}")
    assert set(got) == set(orders(count))


def test_a_kill_while_nobody_reads_costs_nothing(broker, subscribe):
    """Its rows stand in the pipe, in part in its memory."""
    one = subscribe(broker, reads=False)
    one.wait_until_ready()
    publish_orders(broker.publisher(), 1000, filler="x" * 1000)
    one.process.wait_until(lambda: one.unread() > 32768, "the pipe to fill")
    one.process.popen.kill()
    one.read_now()
    one.wait_for_end()
    two = subscribe(broker)
    two.process.wait_until(lambda: b'"ORDER-999"' in two.output, "the rest")
    two.stop()
    assert 0 < len(one.orders()) < 1000
    assert set(one.orders() + two.orders()) == set(orders(1000))


def test_large_and_small_messages(broker, subscribe):
    """Those of more than 128 KiB go another way than the others, with the same properties and in their order."""
    one = subscribe(broker)
    one.wait_until_ready()
    publisher = broker.publisher(protocol=mqtt.MQTTv5)
    for number in range(60):
        filler = "x" * (0, 140000, 0, 1000, 180000, 200000)[number % 6]
        publisher.publish("v1/vm/VM-1/events", order(number, filler=filler), properties={"user-properties": {"priority": f"P{number}"}})
    one.wait_for_orders(60)
    rows = one.stop()
    assert [field(row, "order_id") for row in rows] == orders(60)
    assert [field(row, "priority") for row in rows] == [b"p%d" % number for number in range(60)]


def test_nothing_is_kept_without_a_session(broker, subscribe):
    one = subscribe(broker, "--session-expiry", "0")
    one.wait_until_ready()
    one.stop()
    publish_orders(broker.publisher(), 3)
    two = subscribe(broker, "--session-expiry", "0")
    two.wait_until_ready()
    publish_orders(broker.publisher("later"), 3, start=3)
    two.wait_for_orders(3)
    two.stop()
    assert two.orders() == orders(3, start=3)


def test_retained_statuses_come_once_a_session(broker, subscribe):
    publisher = broker.publisher()
    status = json.dumps({"status": "online", "ts": int(time.time())})
    publisher.publish("v1/vm/VM-1/status", status, retain=True)
    publisher.flush()
    one = subscribe(broker)
    one.wait_for_rows(1)
    one.stop()
    two = subscribe(broker)
    two.wait_until_ready()
    publish_orders(publisher, 1)
    two.wait_for_rows(1)
    two.stop()
    assert [row.measurement for row in one.rows()] == [b"vm_status"]
    assert [row.measurement for row in two.rows()] == [b"vm_events"]


@pytest.mark.parametrize("recording", [False, True], ids=["", "recording"])
def test_a_stored_status_without_a_time_is_no_news_and_a_live_one_is(broker, subscribe, tmp_path, recording):
    """Machines publish their status with the retain flag: the broker sends it as stored only to who subscribes later. A recording wants the
    flag as it was published, which does not tell the two apart: then each is a row."""
    publisher = broker.publisher()
    publisher.publish("v1/vm/VM-1/status", json.dumps({"status": "online"}), retain=True)
    publisher.publish("v1/vm/VM-2/status", json.dumps({"status": "online", "ts": int(time.time())}), retain=True)
    publisher.flush()
    one = subscribe(broker, *(["--record", str(tmp_path / "raw")] if recording else []))
    one.wait_until_ready()
    one.wait_for_rows(2 if recording else 1)
    publisher.publish("v1/vm/VM-3/status", json.dumps({"status": "online"}), retain=True)
    publisher.publish("v1/vm/VM-4/status", json.dumps({"status": "offline"}), retain=True)
    publish_orders(publisher, 1)
    one.process.wait_until(lambda: b"ORDER-0" in one.output, "the last message")
    rows = one.stop()
    machines = [row.tags[b"device_no"] for row in rows if row.measurement == b"vm_status"]
    assert sorted(machines) == ([b"VM-1"] if recording else []) + [b"VM-2", b"VM-3", b"VM-4"]
    assert f"ignored {0 if recording else 1}" in one.log()


def test_a_share_splits_events_and_copies_statuses(broker, subscribe):
    publisher = broker.publisher()
    publisher.publish("v1/vm/VM-0/status", json.dumps({"status": "online", "ts": int(time.time())}), retain=True)
    publisher.flush()
    both = [subscribe(broker, "--share", "group", client_id=f"member-{n}") for n in (1, 2)]
    for one in both:
        one.wait_until_ready()
        one.wait_for_rows(1)  # the retained status
    publish_orders(publisher, 1000)
    publisher.publish("v1/vm/VM-1/status", json.dumps({"status": "online", "ts": int(time.time())}))
    publisher.flush()
    count = lambda text: [one.output.count(text) for one in both]
    both[0].process.wait_until(lambda: sum(count(b"order_id=")) >= 1000 and min(count(b"vm_status,")) >= 2, "all of them")
    for one in both:
        one.stop()
    assert count(b"vm_status,") == [2, 2]
    got = [order for one in both for order in one.orders() if order]
    assert sorted(got) == sorted(orders(1000))
    assert min(count(b"order_id=")) > 100


def test_a_message_above_the_limit_is_rejected_with_its_first_bytes(broker, subscribe):
    one = subscribe(broker)
    one.wait_until_ready()
    broker.publisher().publish("v1/vm/VM-1/events", b"a" * 1000000)
    (row,) = one.wait_for_rows(1)
    one.stop()
    assert field(row, "reason") == b"payload_too_large" and field(row, "payload_size") == 1000000
    assert field(row, "payload") == b"a" * 262144
    assert field(row, "message_id") == message_id("v1/vm/VM-1/events", b"a" * 1000000)


# ---- refusals: one line that says why and what to do, and another try ----


def test_no_broker_yet(tmp_path, subscribe, make_broker):
    port = free_port()
    one = subscribe(None, port=port)
    one.wait_for_log(f"E! 127.0.0.1:{port}: cannot connect: Connection refused: check --host and --port, and that the broker runs; next try in", 2)
    broker = make_broker(extra=f"listener {port} 127.0.0.1\nallow_anonymous true")
    one.wait_until_ready()
    publish_orders(broker.publisher(), 1)
    assert one.wait_for_orders(1) == orders(1)
    one.stop()


def test_an_unknown_host(subscribe):
    one = subscribe(None, host="no-such-host.invalid", port=1883)
    one.wait_for_log("E! no-such-host.invalid:1883: cannot connect: ")
    assert ": check --host; next try in" in one.log()
    one.stop()


def test_wrong_credentials_until_they_are_mended(make_broker, subscribe, tmp_path):
    broker = make_broker(login=LOGIN)
    password = tmp_path / "password"
    password.write_text("wrong\n")
    password.chmod(0o600)
    one = subscribe(broker, "--username", LOGIN[0], "--password-file", str(password))
    one.wait_for_log("E! 127.0.0.1:%d: the broker refuses the connection: not authorized (135): check --username and the password" % broker.port, 2)
    password.write_text(LOGIN[1] + "\n")
    one.wait_until_ready()
    publish_orders(broker.publisher(), 1)
    assert one.wait_for_orders(1) == orders(1)
    one.stop()
    assert "wrong" not in one.log() and LOGIN[1] not in one.log()


def test_a_password_from_the_environment_is_in_no_command_line(make_broker, subscribe):
    broker = make_broker(login=LOGIN)
    one = subscribe(broker, "--username", LOGIN[0], MQTT_PASSWORD=LOGIN[1])
    one.wait_until_ready()
    with open(f"/proc/{one.pid}/cmdline", "rb") as cmdline:
        assert LOGIN[1].encode() not in cmdline.read()
    one.stop()


def test_a_refused_subscription_is_told_and_tried_again(make_broker, subscribe, tmp_path):
    rules = tmp_path / "rules.json"
    allowed = {"acltype": "subscribePattern", "priority": 0, "allow": True}
    rules.write_text(json.dumps({
        "defaultACLAccess": {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True},
        "clients": [], "groups": [{"groupname": "all", "roles": [{"rolename": "reader"}]}], "anonymousGroup": "all",
        "roles": [{"rolename": "reader", "acls": [{**allowed, "topic": "v1/vm/+/events"}, {**allowed, "topic": "v1/vm/+/status"}]}],
    }))
    plugin = next(path for path in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib")
                  if os.path.exists(f"{path}/mosquitto_dynamic_security.so"))
    broker = make_broker(extra=f"plugin {plugin}/mosquitto_dynamic_security.so\nplugin_opt_config_file {rules}")
    one = subscribe(broker)
    one.wait_for_log("E! the broker refuses the subscription to v1/vm/+/telemetry: not authorized (135): ", 2)
    publish_orders(broker.publisher(), 1)
    assert one.wait_for_orders(1) == orders(1)
    one.stop()
    assert one.log().count("subscribed to v1/vm/+/events with QoS 1") == 1


def test_a_client_id_in_use_is_told(broker, subscribe):
    one = subscribe(broker)
    one.wait_until_ready()
    two = subscribe(broker)
    # Mosquitto 2.0.11 closes the connection without a word, later ones say session taken over (142).
    one.process.wait_until(lambda: "--client-id" in one.log() + two.log(), "a word about the client id")
    two.wait_until_ready()
    two.stop()
    one.wait_until_ready(times=2)
    one.stop()


# ---- TLS ----


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    return Authority(folder / "ours", "our CA"), Authority(folder / "others", "another CA")


LISTENER = """
listener {port} 127.0.0.1
allow_anonymous true
certfile {certificate}
keyfile {key}
"""


@pytest.fixture
def tls_broker(make_broker, authorities):
    """A broker with a listener for each certificate: {name: port} in .ports."""
    ours, others = authorities
    here = "DNS:localhost,IP:127.0.0.1"
    alone = Authority(ours.folder / "alone", "self-signed")
    certificates = {
        "good": ours.sign("good", here),
        "expired": ours.sign("expired", here, end="20260101"),
        "early": ours.sign("early", here, begin="20390101"),
        "another": ours.sign("another", "DNS:broker.example,IP:10.0.0.1"),
        "nameless": ours.sign("nameless", ""),
        "clients": ours.sign("clients", here, usage="clientAuth"),
        "unknown": others.sign("unknown", here),
        "alone": (alone.file, alone.folder / "ca.key"),
        "demanding": ours.sign("demanding", here),
    }
    ports = {name: free_port() for name in certificates}
    extra = "per_listener_settings false\n" + "".join(
        LISTENER.format(port=ports[name], certificate=certificate, key=key) +
        (f"cafile {ours.file}\nrequire_certificate true\n" if name == "demanding" else "")
        for name, (certificate, key) in certificates.items())
    broker = make_broker(extra=extra)
    broker.ports = ports
    return broker


CERTIFICATE = "TLS failed: the broker's certificate is not accepted: "

REFUSED = {
    "expired": CERTIFICATE + "certificate has expired (2026-01-01T00:00:00Z): renew the certificate",
    "early": CERTIFICATE + "certificate is not yet valid (2039-01-01T00:00:00Z): set this machine's clock",
    "another": CERTIFICATE + "hostname mismatch (broker.example, 10.0.0.1): --host must be a name in the certificate",
    "nameless": CERTIFICATE + "hostname mismatch (nameless): --host must be a name in the certificate",
    "clients": CERTIFICATE + "unsuitable certificate purpose: it must be a server's certificate",
    "unknown": CERTIFICATE + "unable to get local issuer certificate: --tls-ca must hold the CA that signed it",
    "alone": CERTIFICATE + "self-signed certificate: --tls-ca must hold this very certificate",
    "demanding": "TLS failed: it ",
}


@pytest.mark.parametrize("mode", ["verify", "verify-ca"])
def test_tls_refusals(tls_broker, subscribe, authorities, mode):
    """All at once; each says why, at its first try as at the others: libmosquitto forgets it as often as not."""
    names = [name for name in REFUSED if mode == "verify" or "hostname" not in REFUSED[name]]
    started = {name: subscribe(tls_broker, "--tls", mode, "--tls-ca", str(authorities[0].file), port=tls_broker.ports[name]) for name in names}
    for name, one in started.items():
        one.wait_for_log("; next try in ", 4)
        one.stop()
        lines = [line for line in one.log().splitlines() if "next try in" in line]
        assert all(line.startswith(f"E! 127.0.0.1:{tls_broker.ports[name]}: {REFUSED[name]}") for line in lines), lines
        assert "subscribed" not in one.log()


@pytest.mark.parametrize("port, flags", [("tls", []), ("plain", ["--tls", "verify"])], ids=["TLS there, and not here", "TLS here, and not there"])
def test_tls_on_one_side(tls_broker, subscribe, port, flags):
    one = subscribe(tls_broker, *flags, port=tls_broker.ports["good"] if port == "tls" else tls_broker.port)
    one.wait_for_log("; next try in ", 2)
    one.stop()
    assert "subscribed" not in one.log()
    assert all("--port" in line and "--tls" in line for line in one.log().splitlines() if "next try in" in line)


ACCEPTED = {
    "verify": ("good", ["--tls", "verify"]),
    "verify-ca goes without the name": ("another", ["--tls", "verify-ca"]),
    "insecure goes without a date": ("expired", ["--tls", "insecure"]),
    "insecure goes without a CA": ("unknown", ["--tls", "insecure"]),
    "insecure goes without a name": ("another", ["--tls", "insecure"]),
}


@pytest.mark.parametrize("case", ACCEPTED)
def test_tls_connections(tls_broker, subscribe, authorities, case):
    name, flags = ACCEPTED[case]
    one = subscribe(tls_broker, *flags, "--tls-ca", str(authorities[0].file), port=tls_broker.ports[name])
    one.wait_until_ready()
    publish_orders(tls_broker.publisher(), 2000, filler="x" * 500)
    assert one.wait_for_orders(2000) == orders(2000)
    one.stop()


def test_a_client_certificate(tls_broker, subscribe, authorities):
    ours, others = authorities
    flags = ("--tls", "verify", "--tls-ca", str(ours.file))
    port = tls_broker.ports["demanding"]
    certificate, key = ours.sign("client", "DNS:client")
    one = subscribe(tls_broker, *flags, "--tls-cert", str(certificate), "--tls-key", str(key), port=port)
    one.wait_until_ready()
    one.stop()
    certificate, key = others.sign("client", "DNS:client")
    two = subscribe(tls_broker, *flags, "--tls-cert", str(certificate), "--tls-key", str(key), port=port)
    two.wait_for_log("TLS failed: it does not trust our --tls-cert: ")
    two.stop()


# ---- recording ----


def recorded_orders(*files):
    return [json.loads(json.loads(line)["payload"])["data"]["order_id"].encode() for file in files for line in open(file, "rb")]


def test_recordings_rotate_within_their_bounds(broker, subscribe, tmp_path):
    record = tmp_path / "raw"
    one = subscribe(broker, "--record", str(record), "--record-size", "64KiB", "--record-keep", "3")
    one.wait_until_ready()
    publish_orders(broker.publisher(), 3000)
    one.wait_for_orders(3000)
    one.stop()
    assert "end of recording: 3000 messages written, 0 left out" in one.log()
    files = [tmp_path / "raw.2", tmp_path / "raw.1", record]
    assert sorted(path.name for path in tmp_path.glob("raw*")) == ["raw", "raw.1", "raw.2"]
    sizes = [file.stat().st_size for file in files]
    assert max(sizes) <= 65536
    # A file begins with the write for which the one before had no room, however much was gathered for that.
    assert sizes[0] + sizes[1] > 65536 and sizes[1] + sizes[2] > 65536
    kept = recorded_orders(*files)
    assert kept == orders(3000)[-len(kept):]


def test_a_full_disk_costs_the_recording_and_no_row(broker, subscribe, tmp_path):
    """The file may hold three times what is gathered for one write (64 KiB), of 1.4 MB. What is tried later may be small enough to fit."""
    record = tmp_path / "raw"
    one = subscribe(broker, "--record", str(record), limits=("prlimit", "--fsize=200000"))
    one.wait_until_ready()
    publish_orders(broker.publisher(), 1000, filler="x" * 1000)
    assert one.wait_for_orders(1000) == orders(1000)
    one.stop()
    assert "cannot record to" in one.log()
    written = recorded_orders(record)
    assert f"end of recording: {len(written)} messages written, {1000 - len(written)} left out" in one.log()
    assert 0 < len(written) < 1000 and written == [order for order in orders(1000) if order in written]


def test_a_recording_that_cannot_begin_costs_no_row(broker, subscribe, tmp_path):
    one = subscribe(broker, "--record", str(tmp_path / "none" / "raw"))
    one.wait_until_ready()
    publish_orders(broker.publisher(), 1)
    assert one.wait_for_orders(1) == orders(1)
    one.stop()
    assert "E! --record: " in one.log() and "No such file or directory" in one.log()
    assert "end of recording: 0 messages written, 1 left out" in one.log()


# ---- the process ----


def test_nobody_reads_any_more(broker, subscribe):
    one = subscribe(broker, reads=False)
    one.wait_until_ready()
    one.process.popen.stdout.close()
    assert one.wait_for_end() == 1
    assert "E! cannot write to standard output: Broken pipe" in one.log()


def test_rows_longer_than_a_pipe(broker, subscribe):
    one = subscribe(broker, reads=False)
    one.wait_until_ready()
    publish_orders(broker.publisher(), 30, filler="x" * 200000)
    one.read_now()
    assert one.wait_for_orders(30) == orders(30)
    one.stop()


LEFT = "E! standard output is not read, or too slowly: gave up "


@pytest.mark.parametrize("count, length", [(2000, 1000), (50, 100000)], ids=["short rows", "rows longer than a pipe"])
def test_told_to_end_while_nobody_reads(broker, subscribe, count, length):
    """It says so, and what was not taken comes again: also what stands in the pipe, which Telegraf closes when the program has ended."""
    one = subscribe(broker, reads=False)
    one.wait_until_ready()
    publish_orders(broker.publisher(), count, filler="x" * length)
    one.process.wait_until(lambda: one.unread() > 32768, "the pipe to fill")
    assert one.process.stop(signal.SIGTERM) == 1
    (line,) = [line for line in one.log().splitlines() if line.startswith("E! ")]
    assert line.startswith(LEFT) and line.endswith(f" {one.unread()} bytes written but not taken")
    assert float(line[len(LEFT):].split()[0]) < 4
    two = subscribe(broker)
    two.process.wait_until(lambda: b'"ORDER-%d"' % (count - 1) in two.output, "the rest")
    two.stop()
    assert set(two.orders()) == set(orders(count))


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_told_to_end_while_nobody_looks(broker, subscribe, form):
    one = subscribe(broker, "--format", form, "--rows", "all", reads=False)
    one.wait_until_ready()
    publisher = broker.publisher()
    publish_orders(publisher, 3000, filler="x" * 500)
    one.process.wait_until(lambda: one.unread() > 32768, "the pipe to fill")
    assert one.process.stop(signal.SIGINT) == 1
    assert one.log().count(LEFT) == 1


def test_what_standard_input_says_is_ignored(broker, subscribe):
    one = subscribe(broker)
    one.wait_until_ready()
    one.process.popen.stdin.write(b"\n" * 10000)  # signal = "STDIN"
    one.process.popen.stdin.flush()
    os.killpg(one.pid, signal.SIGINT)
    os.killpg(one.pid, signal.SIGHUP)
    publish_orders(broker.publisher(), 1)
    assert one.wait_for_orders(1) == orders(1)
    one.stop()


def test_reports(broker, subscribe):
    one = subscribe(broker, "--instance", "here", reports="100ms")
    one.wait_until_ready()
    publisher = broker.publisher()
    publish_orders(publisher, 5)
    publisher.publish("v1/vm/VM-1/events", "no JSON")
    publisher.flush()
    one.process.wait_until(lambda: one.output.count(b"order_id=") == 5 and b"vm_rejected" in one.output, "the rows")
    rows = [row for row in one.stop() if row.measurement == b"vm_ingest"]
    assert all(row.tags == {b"instance": b"here"} for row in rows)
    total = lambda name: sum(field(row, name) for row in rows)
    assert (total("received"), total("events"), total("rejected"), total("rejected_invalid_json")) == (6, 5, 1, 1)
    assert total("bytes_in") == sum(len(f"v1/vm/VM-LOAD-{n:02}/events") + len(order(n)) for n in range(5)) + len("v1/vm/VM-1/eventsno JSON")
    lines = one.output.splitlines(keepends=True)
    assert lines[-1].startswith(b"vm_ingest,") and total("bytes_out") == sum(map(len, lines[:-1]))
    assert "end: received 6 = telemetry 0, events 5, status 0, passed 0, duplicates 0, ignored 0, rejected 1 (invalid_json 1)" in one.log()


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_watching_a_broker(broker, tmp_path, form):
    """For people: rows as they come, and Ctrl-C ends it."""
    process = Process("vending-input", [str(input_path()), "--port", str(broker.port), "--client-id", "watch", "--session-expiry", "0",
                                        "--format", form], tmp_path / "watch", stdin=subprocess.PIPE)
    try:
        broker.wait_until_ready("watch", 3)
        publish_orders(broker.publisher(), 2)
        process.wait_until(lambda: "ORDER-1" in process.log(), "the rows")
        assert process.stop(signal.SIGINT) == 0
        assert "vm_ingest" not in process.log()
    finally:
        process.kill()
        process.popen.stdin.close()


# ---- Telegraf ----


@pytest.fixture
def make_input_telegraf(broker, make_telegraf, tmp_path):
    """A Telegraf with the files that users get: the sample in place of 10-input-mqtt.conf and 20-processor.conf."""

    def make(**how):
        sample = tmp_path / "15-input-vending.conf"
        sample.write_text((TELEGRAF_D / "15-input-vending.conf.sample").read_text())
        others = [path for path in TELEGRAF_D.glob("*.conf") if not path.name.startswith(("10-", "20-"))]
        telegraf = make_telegraf(broker, MQTT_HOST="127.0.0.1", MQTT_PORT=str(broker.port), VENDING_INPUT=str(input_path()), **how)
        telegraf.config = ["--config", str(telegraf.extra)]
        for path in sorted([sample, *others], key=lambda path: path.name):
            telegraf.config += ["--config", str(path)]
        return telegraf

    return make


def test_in_telegraf(broker, make_input_telegraf):
    telegraf = make_input_telegraf().start()
    broker.wait_until_ready(telegraf.client_id, 3)
    stream = Stream(broker, pause=0.01)
    stream.start()
    telegraf.wait_for_rows(500)
    telegraf.stop()
    telegraf.start()
    telegraf.wait_for_rows(1000)
    published = stream.finish()
    got = lambda: [field(row, "order_id") for row in telegraf.output.of("vm_events")]
    telegraf.process.wait_until(lambda: set(got()) >= published, lambda: f"{len(published - set(got()))} missing messages")
    telegraf.stop()
    assert sorted(got()) == sorted(published)
    row = telegraf.output.of("vm_events")[0]
    assert set(row.tags) == {b"device_no"}
    assert telegraf.output.of("vm_ingest")
    assert any(row.time % 1_000_000_000 for row in telegraf.output.of("vm_ingest")), "times were rounded"


def child_of(telegraf):
    """The vending-input that runs in it, or None."""
    for task in os.listdir(f"/proc/{telegraf.process.popen.pid}/task"):
        with open(f"/proc/{telegraf.process.popen.pid}/task/{task}/children", encoding="ascii") as file:
            for pid in file.read().split():
                return int(pid)
    return None


def test_kills_in_a_burst_land_every_message_once(broker, make_input_telegraf, database, tmp_path, figures):
    """Both ends: what the broker has acknowledged to the publisher is in the tables, and once. What stands in the pipe when vending-input is
    killed is lost with it, because Telegraf closes its end: the broker has to send that again."""
    count, kills = 30000, 6
    telegraf = make_input_telegraf(database=database).start()
    broker.wait_until_ready(telegraf.client_id, 3)
    burst = threading.Thread(target=publish_fast, args=(broker, tmp_path, count))
    burst.start()
    killed = []
    for _ in range(kills):
        connected = broker.times_ready(telegraf.client_id)
        received = lambda: broker.process.log().count(f"Received PUBACK from {telegraf.client_id}")
        before = received()
        broker.process.wait_until(lambda: received() > before + 300, "messages to be acknowledged")
        killed.append(child_of(telegraf))
        os.kill(killed[-1], signal.SIGKILL)
        broker.wait_until_ready(telegraf.client_id, connected + 1)
    burst.join()
    try:
        database.wait_for_count("(SELECT DISTINCT order_id FROM vm_events) AS landed", count)
    except AssertionError:
        pass  # judged below
    telegraf.stop()
    orders_landed = int(database.value("SELECT count(DISTINCT order_id) FROM vm_events"))
    figures.append(f"Telegraf {telegraf.version}, vending-input killed {kills} times in a burst: acknowledged to the publisher {count}, landed "
                   f"{orders_landed}, rows {database.count('vm_events')}")
    assert len(set(killed)) == kills
    assert orders_landed == count
    assert database.count("vm_events") == count and database.count("vm_rejected") == 0


def test_landing(broker, make_input_telegraf, database):
    telegraf = make_input_telegraf(database=database).start()
    broker.wait_until_ready(telegraf.client_id, 3)
    publisher = broker.publisher(protocol=mqtt.MQTTv5)
    publisher.publish("v1/vm/VM-1/events", order(1), properties={"user-properties": {"priority": "High"}})
    publisher.publish("v1/vm/VM-1/events", order(2), properties={"content-type": "text/plain"})
    database.wait_for_count("vm_events", 2)
    assert database.sql("SELECT order_id, severity, priority, anomalies FROM vm_events ORDER BY order_id") == [
        ["ORDER-1", "high", "high", "NULL"],
        ["ORDER-2", "high", "NULL", 'properties.content-type="text/plain" not application/json']]
    database.wait_for_count("vm_ingest", 1)
    telegraf.stop()
