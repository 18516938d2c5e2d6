"""Messages that wait at a real Mosquitto for clients that are away, so that each client takes them as fast as it can."""

import subprocess

import payloads
from broker import Broker
from replay import replay

TELEMETRY = "v1/vm/+/telemetry"


def quiet_broker(folder):
    """Without its log of every message; as many in flight as the stack has (plugin/stack/mosquitto.conf)."""
    folder.mkdir()
    broker = Broker(folder, extra="log_type none\nmax_inflight_messages 1000\n")
    broker.start()
    return broker


def make_session(broker, client_id, version):
    """A subscription to telemetry that outlives its connection; the program with that client id takes it over."""
    lasting = ["-V", "5", "-x", "86400"] if version == 5 else ["-V", "311"]
    subprocess.run(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-i", client_id, "-c", "-E", "-q", "1", *lasting, "-t", TELEMETRY],
                   check=True, stdout=subprocess.DEVNULL)


def publish(broker, capture):
    """All at once, with QoS 1. Returns how many."""
    result = replay(broker, "--speed", "max", "--in-flight", "100", capture)
    assert result.status == 0 and result.failed == 0, result.log
    return result.published


def write_capture(path, messages):
    return payloads.write(path, messages, payloads.capture_line)


class Lines:
    """How many lines a file that grows has by now."""

    def __init__(self, path):
        self.path = path
        self.read = 0
        self.count = 0

    def now(self):
        if self.path.exists():
            with open(self.path, "rb") as file:
                file.seek(self.read)
                while fresh := file.read(1 << 20):
                    self.read += len(fresh)
                    self.count += fresh.count(b"\n")
        return self.count
