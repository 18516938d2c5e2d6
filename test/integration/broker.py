"""A Mosquitto of the test's own, on a free port of the loopback interface, and a client that publishes to it."""

import shutil
import signal
import subprocess

import paho.mqtt.client as mqtt

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
"""


# Messages on their way at most: paho numbers them with 16 bits, and drops one whose number is still in use.
BACKLOG = 10_000


def find_mosquitto():
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Broker:
    def __init__(self, folder, login=None):
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
        self.config.write_text(CONFIG.format(port=self.port, folder=folder, access=access))
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

    def publisher(self, name="publisher"):
        client = Publisher(self, name)
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


class Publisher:
    """Publishes at QoS 1. What flush() has returned for, the broker has acknowledged."""

    def __init__(self, broker, name):
        if hasattr(mqtt, "CallbackAPIVersion"):  # paho 2
            self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=name)
        else:
            self.client = mqtt.Client(client_id=name)
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

    def publish(self, topic, payload, retain=False):
        """Also while the broker is away: the client sends it when it is back."""
        if self.published - self.acknowledged >= BACKLOG:
            self.flush()
        assert self.client.publish(topic, payload, qos=1, retain=retain).rc in (mqtt.MQTT_ERR_SUCCESS, mqtt.MQTT_ERR_NO_CONN)
        self.published += 1

    def count_acknowledged(self, *_):
        self.acknowledged += 1

    def flush(self):
        wait_until(lambda: self.acknowledged == self.published, "the broker to acknowledge every message", PATIENCE)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()
