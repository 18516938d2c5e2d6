"""vending-replay, captures made for a test, and a subscriber that records what comes: a real mosquitto_sub."""

import datetime
import json
import pathlib
import re
import subprocess
from collections import namedtuple

from lineprotocol import read_records
from process import Process
from telegraf import REPO, processor_path
from waiting import PATIENCE

CAPTURES = REPO / "test/captures"
T0 = datetime.datetime(2026, 11, 24, tzinfo=datetime.timezone.utc)
SUMMARY = re.compile(r"^published (\d+), acknowledged (\d+), failed (\d+), invalid lines (\d+)(?:, times not moved (\d+))?(?:, properties left out (\d+))?; [\d.]+ s, \d+/s$", re.M)

Message = namedtuple("Message", "topic payload qos retain properties arrival")
Result = namedtuple("Result", "status published acknowledged failed invalid unmoved left_out log")


def replay_path():
    return processor_path().with_name("vending-replay")


# ---- captures ----


def line(second, topic, payload, qos=1, retain=0, **more):
    """A line of a capture, `second` seconds after T0."""
    tst = (T0 + datetime.timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.%fZ+0000")
    return json.dumps({"tst": tst, "topic": topic, "qos": qos, "retain": retain, "payloadlen": len(payload.encode()), **more, "payload": payload})


def write_capture(path, lines):
    path.write_text("".join(f"{one}\n" for one in lines), encoding="utf-8")
    return path


def read_messages(data):
    """Messages of a capture's bytes, a half line at the end left out."""
    messages = []
    for one in data[: data.rfind(b"\n") + 1].splitlines():
        if not one.startswith(b"{"):
            continue  # a word of mosquitto_sub's about its connection
        fields = json.loads(one.decode("utf-8", "surrogateescape"))
        arrival = datetime.datetime.strptime(fields["tst"], "%Y-%m-%dT%H:%M:%S.%fZ%z").timestamp()
        payload = (fields["payload"] or "").encode("utf-8", "surrogateescape")
        messages.append(Message(fields["topic"], payload, fields["qos"], fields["retain"], fields.get("properties"), arrival))
    return messages


def by_qos(messages):
    """Without their arrivals, which differ, and grouped: MQTT keeps the order of each QoS, and not among them. mosquitto_sub ends a
    payload at a NUL."""
    groups = {0: [], 1: [], 2: []}
    for one in messages:
        groups[one.qos].append(one._replace(arrival=0, payload=one.payload.split(b"\0")[0]))
    return groups


# ---- the program ----


def command(broker, *args):
    return [str(replay_path()), "--port", str(broker.port), *map(str, args)]


def result_of(status, output, log):
    counts = SUMMARY.findall(output)
    assert len(counts) == 1, f"no summary, or more than one: {output!r}; log:\n{log}"
    return Result(status, *(int(count or 0) for count in counts[0]), log)


def replay(broker, *args, **how):
    """Runs it to its end."""
    done = subprocess.run(command(broker, *args), capture_output=True, text=True, timeout=2 * PATIENCE, check=False, **how)
    return result_of(done.returncode, done.stdout, done.stderr)


class Running(Process):
    """The program while it runs: its log holds both its outputs."""

    def __init__(self, folder, broker, *args):
        super().__init__("vending-replay", command(broker, *args), folder / "replay.log")

    def peak_memory(self):
        status = pathlib.Path(f"/proc/{self.popen.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1)) * 1024

    def result(self):
        """After its end."""
        return result_of(self.popen.wait(PATIENCE), self.log(), self.log())


# ---- the other side ----


class Recorder(Process):
    """mosquitto_sub with a session of its own, so that it misses nothing while the broker is away."""

    def __init__(self, folder, broker, topic="v1/vm/#", name="recorder", qos=2):
        args = ["-i", name, "-c", "-x", "3600", "-q", str(qos), "-V", "5", "--retain-as-published", "-t", topic, "-F", "%j"]
        super().__init__(name, ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), *args], folder / f"{name}.jsonl")
        broker.wait_until_ready(name)

    @property
    def path(self):
        return self.log_path

    def messages(self):
        return read_messages(self.path.read_bytes())

    def wait_for(self, count):
        """Until that many have come. More are the test's to find."""
        lines = lambda: self.path.read_bytes().count(b'\n{"tst"') + 1  # cheaper than reading them all
        self.wait_until(lambda: count == 0 or lines() >= count and self.path.read_bytes().endswith(b"}\n"), lambda: f"{count} messages")
        return self.messages()


def rows_of(path, *args):
    """What the processor makes of a recording."""
    done = subprocess.run([processor_path(), "--capture", path, *args], capture_output=True, timeout=PATIENCE, check=True)
    rows, used = read_records(done.stdout)
    assert used == len(done.stdout)
    return rows
