"""A Mosquitto of the test's own, on a free port of the loopback interface, and a client that publishes to it."""

import shutil
import signal
import subprocess

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from process import Process, free_port
from waiting import PATIENCE, wait_until

# A queue without limit: with Mosquitto's default it keeps 1000 messages for a client that is away, and drops the rest.
CONFIG = """
listener {port} 127.0.0.1
{access}
persistence true
persistence_location {folder}/
max_queued_messages 0
user root
log_dest stderr
log_type all
connection_messages true
{extra}
"""


# Messages on their way at most: paho numbers them with 16 bits, and drops one whose number is still in use.
BACKLOG = 10_000


def find_mosquitto():
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Broker:
    def __init__(self, folder, login=None, extra=""):
        """extra: more lines of its configuration."""
        self.folder = folder
        self.login = login
        self.port = free_port()
        self.process = None
        self.clients = []
        access = "allow_anonymous true"
        if login:
            passwords = folder / "passwords"
            passwords.touch(mode=0o600)
            subprocess.run(["mosquitto_passwd", "-b", str(passwords), *login], check=True)
            access = f"allow_anonymous false\npassword_file {passwords}"
        self.config = folder / "mosquitto.conf"
        self.config.write_text(CONFIG.format(port=self.port, folder=folder, access=access, extra=extra))
        (folder / "mosquitto.db").unlink(missing_ok=True)

    @property
    def url(self):
        return f"tcp://127.0.0.1:{self.port}"

    def start(self):
        program = find_mosquitto()
        assert program, "mosquitto is not installed"
        self.process = Process("mosquitto", [program, "-c", str(self.config)], self.folder / "mosquitto.log")
        self.process.wait_until(self.accepts_connections, "Mosquitto to listen")

    def accepts_connections(self):
        try:
            Publisher(self, "probe").close()
        except OSError:
            return False
        return True

    def stop(self):
        self.process.stop(signal.SIGTERM)

    def publisher(self, name="publisher", **how):
        client = Publisher(self, name, **how)
        self.clients.append(client)
        return client

    def times_ready(self, client_id):
        """How often the client has begun to get messages: it subscribed, or came back to the session with its subscriptions
        (Telegraf 1.37 does not subscribe again then)."""
        log = self.process.log()
        return log.count(f"Sending SUBACK to {client_id}\n") + log.count(f"Sending CONNACK to {client_id} (1, 0)\n")

    def wait_until_ready(self, client_id, times=1):
        self.process.wait_until(lambda: self.times_ready(client_id) >= times, f"{client_id} to be ready for messages")

    def close(self):
        for client in self.clients:
            client.close()
        if self.process:
            self.process.kill()


PROPERTIES = {
    "payload-format-indicator": "PayloadFormatIndicator",
    "message-expiry-interval": "MessageExpiryInterval",
    "content-type": "ContentType",
    "response-topic": "ResponseTopic",
    "correlation-data": "CorrelationData",
}


def publish_properties(wanted):
    if not wanted:
        return None
    properties = Properties(PacketTypes.PUBLISH)
    for name, value in wanted.items():
        if name == "user-properties":
            properties.UserProperty = list(value.items())
        else:
            setattr(properties, PROPERTIES[name], value.encode() if name == "correlation-data" else value)
    return properties


class Publisher:
    """Publishes at QoS 1. What flush() has returned for, the broker has acknowledged."""

    def __init__(self, broker, name, protocol=mqtt.MQTTv311):
        if hasattr(mqtt, "CallbackAPIVersion"):  # paho 2
            self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name, protocol=protocol)
        else:
            self.client = mqtt.Client(client_id=name, protocol=protocol)
        if broker.login:
            self.client.username_pw_set(*broker.login)
        self.client.max_queued_messages_set(0)
        self.client.reconnect_delay_set(1, 1)
        self.published = 0
        self.acknowledged = 0
        self.client.on_publish = self.count_acknowledged
        self.client.connect("127.0.0.1", broker.port, keepalive=600)
        self.client.loop_start()
        try:
            wait_until(self.client.is_connected, f"{name} to connect to the broker")
        except AssertionError:
            self.close()
            raise

    def publish(self, topic, payload, retain=False, qos=1, properties=None):
        """Also while the broker is away: the client sends it when it is back. properties: of MQTT 5, as a capture has them."""
        if self.published - self.acknowledged >= BACKLOG:
            self.flush()
        done = self.client.publish(topic, payload, qos=qos, retain=retain, properties=publish_properties(properties))
        assert done.rc in (mqtt.MQTT_ERR_SUCCESS, mqtt.MQTT_ERR_NO_CONN)
        self.published += 1

    def count_acknowledged(self, *_):
        self.acknowledged += 1

    def flush(self):
        wait_until(lambda: self.acknowledged == self.published, "the broker to acknowledge every message", PATIENCE)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()
