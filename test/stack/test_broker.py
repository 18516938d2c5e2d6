"""The broker as the stack runs it: who gets in, and what each account reaches."""

import pathlib
import socket
import ssl
import subprocess
import threading

import paho.mqtt.client as mqtt
import pytest

from stack import LISTENERS, STACK, make_secrets
from waiting import wait_until

pytestmark = pytest.mark.filterwarnings("ignore:ssl.PROTOCOL_TLS is deprecated:DeprecationWarning")  # paho's

NOT_AUTHORIZED = 135
SERIAL, OTHER = "VM-SH-001", "VM-SH-002"
KIB = 1024


class Client:
    """An MQTT 5 client that remembers what the broker told it."""

    def __init__(self, broker, listener, login=None, client_id="VM_SN1_42", will=None, ca=None, **tls):
        transport = "websockets" if listener == "websocket" else "tcp"
        args = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, "CallbackAPIVersion") else []
        self.client = mqtt.Client(*args, client_id=client_id, protocol=mqtt.MQTTv5, transport=transport)
        self.connected, self.lost = None, False
        self.reasons, self.received = {}, []
        self.subscribed = threading.Event()
        if login:
            self.client.username_pw_set(*login)
        if listener == "tls":
            self.client.tls_set(ca_certs=str(ca or broker.secrets.broker / "ca.crt"), **tls)
        if will:
            self.client.will_set(*will)
        self.client.on_connect = self.on_connect
        self.client.on_disconnect = self.on_disconnect
        self.client.on_message = lambda client, data, message: self.received.append((message.topic, message.payload))
        self.client.on_subscribe = lambda *args: self.subscribed.set()
        self.client._handle_pubackcomp = self.reason_of(self.client._handle_pubackcomp)
        self.client.connect("127.0.0.1", broker.ports[listener], keepalive=60)
        self.client.loop_start()
        wait_until(lambda: self.connected is not None or self.lost, "the broker to answer")

    def on_connect(self, client, data, flags, reason, properties=None):
        self.connected = reason.value

    def on_disconnect(self, *args):
        self.lost = True

    def reason_of(self, handle):
        """paho 1 does not tell the reason code of a PUBACK: take it from the packet."""

        def with_reason(command):
            packet = self.client._in_packet["packet"]
            mid = int.from_bytes(packet[:2], "big")
            self.reasons[mid] = packet[2] if len(packet) > 2 else 0
            return handle(command) if self.reasons[mid] < 128 else 0  # some reason codes of Mosquitto are none for paho

        return with_reason

    def publish(self, topic, payload=b"{}", retain=False):
        """Returns the reason code by which the broker acknowledged it."""
        mid = self.client.publish(topic, payload, qos=1, retain=retain).mid
        wait_until(lambda: mid in self.reasons or self.lost, f"an acknowledgement for {topic}")
        return self.reasons.get(mid)

    def subscribe(self, *topics):
        self.subscribed.clear()
        self.client.subscribe([(topic, 1) for topic in topics])
        assert self.subscribed.wait(30)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def connect(broker):
    made = []

    def make(*args, **kwargs):
        made.append(Client(broker, *args, **kwargs))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def secrets(secrets):
    """With two machines, before the broker starts."""
    secrets.tokens = {serial: secrets.add_device(serial) for serial in (SERIAL, OTHER)}
    return secrets


def of_device(secrets, serial=SERIAL):
    return serial, secrets.tokens[serial]


# ---- getting in ----


@pytest.mark.parametrize("listener", LISTENERS)
def test_a_machine_logs_in_with_its_serial(listener, connect, secrets):
    device = connect(listener, of_device(secrets))
    assert device.connected == 0
    assert device.publish(f"v1/vm/{SERIAL}/telemetry") in (0, 16)  # 16: nobody listens


@pytest.mark.parametrize("listener", LISTENERS)
@pytest.mark.parametrize("login", [None, (SERIAL, "wrong"), (SERIAL, None), ("VM-SH-999", "x"), ("", "")])
def test_nobody_else_does(listener, login, connect):
    assert connect(listener, login).connected == NOT_AUTHORIZED


def test_one_machine_does_not_log_in_with_the_token_of_another(connect, secrets):
    assert connect("tls", (SERIAL, secrets.tokens[OTHER])).connected == NOT_AUTHORIZED


def test_tls_is_refused_without_our_authority(broker, secrets, tmp_path):
    (tmp_path / "other").mkdir()
    stranger = make_secrets(tmp_path / "other")
    with pytest.raises(ssl.SSLCertVerificationError):
        Client(broker, "tls", of_device(secrets), ca=stranger.broker / "ca.crt")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_old_tls_is_refused(broker):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", broker.ports["tls"])) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain)


# ---- what an account reaches ----


@pytest.mark.parametrize("kind", ["telemetry", "events", "status", "commands/ack"])
def test_a_machine_publishes_under_its_own_name_only(kind, connect, secrets):
    device = connect("tls", of_device(secrets))
    assert device.publish(f"v1/vm/{SERIAL}/{kind}") in (0, 16)
    assert device.publish(f"v1/vm/{OTHER}/{kind}") == NOT_AUTHORIZED
    assert device.publish(f"v1/vm/{SERIAL}x/{kind}") == NOT_AUTHORIZED


@pytest.mark.parametrize("topic", [f"v1/vm/{SERIAL}/commands", f"v1/vm/{OTHER}/commands", "v1/vm/telemetry", "other", f"v1/vm/{SERIAL}/telemetry/more"])
def test_a_machine_publishes_nothing_else(topic, connect, secrets):
    assert connect("tls", of_device(secrets)).publish(topic) == NOT_AUTHORIZED


def test_a_machine_reads_its_own_commands_and_nothing_else(connect, secrets):
    """Mosquitto acknowledges the subscription to something forbidden, and delivers nothing of it."""
    operator = connect("plain", secrets.login("operator"), client_id="operator")
    retained = f"v1/vm/{OTHER}/commands"
    assert operator.publish(retained, b"retained", retain=True) in (0, 16)
    device = connect("tls", of_device(secrets))
    device.subscribe("#", "$SYS/#", f"v1/vm/{OTHER}/commands", f"v1/vm/{SERIAL}/commands", "v1/vm/+/telemetry")
    shared = connect("tls", of_device(secrets, OTHER), client_id="other")
    shared.subscribe(f"$share/a/v1/vm/{SERIAL}/commands")
    assert shared.publish(f"v1/vm/{OTHER}/telemetry") in (0, 16)
    assert operator.publish(f"v1/vm/{OTHER}/commands", b"for the other") in (0, 16)
    assert operator.publish(f"v1/vm/{SERIAL}/commands", b"for me") == 0
    wait_until(lambda: device.received, "the command")
    assert set(device.received) == {(f"v1/vm/{SERIAL}/commands", b"for me")}
    assert not shared.received


def test_telegraf_reads_and_cannot_write(connect, secrets):
    telegraf = connect("plain", secrets.login("telegraf"), client_id="t")
    telegraf.subscribe("v1/vm/#", "$SYS/broker/uptime")
    device = connect("tls", of_device(secrets))
    for kind in ("telemetry", "events", "status", "commands/ack"):
        device.publish(f"v1/vm/{SERIAL}/{kind}", kind.encode())
    operator = connect("plain", secrets.login("operator"), client_id="operator")
    operator.publish(f"v1/vm/{SERIAL}/commands")
    device.publish(f"v1/vm/{SERIAL}/events", b"the last")

    def payloads():
        return [payload for topic, payload in telegraf.received if topic.startswith("v1/")]

    wait_until(lambda: payloads()[-1:] == [b"the last"], "what the machine published")
    assert payloads() == [b"telemetry", b"events", b"status", b"the last"]
    for topic in (f"v1/vm/{SERIAL}/telemetry", f"v1/vm/{SERIAL}/commands", "v1/vm/telegraf/telemetry", "v1/vm/telegraf/status", "other"):
        assert telegraf.publish(topic) == NOT_AUTHORIZED


@pytest.mark.parametrize("account", ["health", "operator", "demo", "telegraf"])
def test_no_service_is_a_machine(account, connect, secrets):
    client = connect("plain", secrets.login(account), client_id=account)
    for kind in ("telemetry", "events", "status", "commands/ack", "commands"):
        allowed = account == "operator" and kind == "commands"  # ... to any machine, but none has this name
        assert client.publish(f"v1/vm/{account}/{kind}") == NOT_AUTHORIZED or allowed


def test_the_last_will_of_a_machine_is_kept(connect, secrets):
    will = (f"v1/vm/{SERIAL}/status", b'{"status":"offline"}', 1, True)
    device = connect("tls", of_device(secrets), will=will)
    device.client._sock_close()  # gone without a word
    device.client.loop_stop()
    telegraf = connect("plain", secrets.login("telegraf"), client_id="t")
    telegraf.subscribe("v1/vm/+/status")
    wait_until(lambda: telegraf.received, "the will")
    assert telegraf.received[0] == will[:2]


def test_nobody_takes_over_the_session_of_another(connect, secrets):
    """On the listener for machines the client id is the user name."""
    telegraf = connect("plain", secrets.login("telegraf"), client_id="telegraf-vending-1")
    device = connect("tls", of_device(secrets))
    impostor = connect("tls", of_device(secrets, OTHER), client_id="telegraf-vending-1")
    second = connect("tls", of_device(secrets, OTHER), client_id=SERIAL)
    wait_until(lambda: impostor.lost, "the second connection of the same machine to replace the first")
    assert second.publish(f"v1/vm/{OTHER}/telemetry") in (0, 16)
    assert not telegraf.lost and not device.lost


# ---- limits ----


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # paho does not expect to be thrown out
def test_a_payload_of_256_kib_passes_and_more_does_not(broker, connect, secrets):
    telegraf = connect("plain", secrets.login("telegraf"), client_id="t")
    telegraf.subscribe("v1/vm/+/events")
    device = connect("tls", of_device(secrets))
    topic = f"v1/vm/{SERIAL}/events"
    assert device.publish(topic, b"a" * 256 * KIB) == 0
    assert device.publish(topic, b"b" * (256 * KIB + 1)) >= 128
    assert device.publish(topic, b"c") == 0
    wait_until(lambda: len(telegraf.received) >= 2, "the messages")
    assert [payload[:1] for _, payload in telegraf.received] == [b"a", b"c"]
    device.client.publish(topic, b"d" * 400 * KIB)
    broker.process.wait_until(lambda: f"Client {SERIAL} disconnected due to oversize packet" in broker.process.log(), "the client to be thrown out")


def test_what_is_for_a_telegraf_that_is_away_is_kept_over_a_restart(broker, connect, secrets):
    def telegraf():
        args = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, "CallbackAPIVersion") else []
        client = mqtt.Client(*args, client_id="telegraf-vending-1", clean_session=False)
        client.username_pw_set(*secrets.login("telegraf"))
        client.received = []
        client.on_message = lambda client, data, message: client.received.append((message.topic, message.payload))
        client.connect("127.0.0.1", broker.port)
        return client

    first = telegraf()
    first.subscribe([("$share/vending/v1/vm/+/telemetry", 1), ("$share/vending/v1/vm/+/events", 1), ("v1/vm/+/status", 1)])
    first.loop_start()
    broker.wait_until_ready("telegraf-vending-1")
    first.disconnect()
    first.loop_stop()
    publisher = broker.publisher()
    wanted = [(f"v1/vm/{SERIAL}/{kind}", b"%d" % number) for number in range(1500) for kind in ("events", "status")]
    for topic, payload in wanted:
        publisher.publish(topic, payload)
    publisher.flush()
    at_most_once = (f"v1/vm/{SERIAL}/telemetry", b"QoS 0")
    publisher.client.publish(*at_most_once, qos=0)
    publisher.publish(f"v1/vm/{SERIAL}/events", b"the last")
    publisher.flush()
    broker.stop()
    broker.start()
    wanted += [at_most_once, (f"v1/vm/{SERIAL}/events", b"the last")]
    received = set()
    for most in (len(wanted) - 1, len(wanted)):  # Mosquitto may hold the message at the edge of its in-flight window back until the next connect
        again = telegraf()
        again.loop_start()

        def so_far(again=again, before=frozenset(received)):
            return before | set(again.received)

        wait_until(lambda so_far=so_far, most=most: len(so_far()) >= most, lambda so_far=so_far: f"what was kept, {set(wanted) - so_far()}")
        again.disconnect()
        again.loop_stop()
        received |= set(again.received)
    assert received == set(wanted)


# ---- the script ----


def test_machines_come_and_go_while_the_broker_runs(broker, connect, secrets):
    assert broker.script("check").returncode == 0
    token = secrets.add_device("VM-NEW.7")
    broker.script("reload")

    def can_log_in(serial, token):
        client = Client(broker, "tls", (serial, token))
        client.close()
        return client.connected == 0

    wait_until(lambda: can_log_in("VM-NEW.7", token), "the new machine to get in")
    assert can_log_in(*of_device(secrets))
    secrets.add_device("VM-NEW.7", "remove")
    fresh = secrets.add_device(SERIAL)
    broker.script("reload")
    wait_until(lambda: not can_log_in("VM-NEW.7", token), "the machine to be locked out")
    assert can_log_in(SERIAL, fresh) and not can_log_in(*of_device(secrets)) and can_log_in(*of_device(secrets, OTHER))


def test_only_the_broker_can_read_what_it_runs_with(broker):
    for name in ("passwords", "server.key", "acl", "mosquitto_sub"):
        assert (broker.folder / "run" / name).stat().st_mode & 0o77 == 0
    text = (broker.folder / "run/passwords").read_text()
    assert not any(password in text for password in broker.secrets.environment.values())
    environment = pathlib.Path(f"/proc/{broker.process.popen.pid}/environ").read_bytes()
    assert b"PASSWORD" not in environment
    assert "permissions" not in broker.process.log(), "Mosquitto complains"


@pytest.mark.parametrize("missing", ["MQTT_TELEGRAF_PASSWORD", "MQTT_HEALTH_PASSWORD", "MQTT_OPERATOR_PASSWORD"])
def test_the_broker_does_not_start_without_a_password(missing, broker):
    environment = broker.environment() | {missing: ""}
    done = subprocess.run(["/bin/sh", str(broker.folder / "stack/mosquitto.sh"), "start"], env=environment, capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and missing in done.stderr


def test_every_listener_of_the_configuration_is_tested_here():
    lines = (STACK / "mosquitto.conf").read_text().splitlines()
    assert [line for line in lines if line.startswith("listener")] == [f"listener {port}" for port in LISTENERS.values()]
