"""vending-input alone, from a real Mosquitto into a pipe: CPU, memory and system calls a message."""

import os
import re
import shutil
import signal
import subprocess
import time

import backlog
import payloads
from measure import MIB, QUIET, cpu_seconds, peak_memory, tree
from process import Process
from report import Table, at_most
from telegraf import input_path

CLIENT = "bench-vending-input"
TRACED = 20_000  # messages: strace is slow
LIMITS = {"calls": 6, "CPU": 10, "memory": 16}
SUMMARY = re.compile(r"^ *[\d.]+ +[\d.]+ +\d+ +(\d+) +(?:\d+ +)?(\w+)$", re.M)  # of strace -c


class Input:
    """It, and a `cat` that reads what it writes, as Telegraf would."""

    def __init__(self, folder, broker, *before):
        self.lines = backlog.Lines(folder / f"rows-{time.monotonic_ns()}")
        reading, writing = os.pipe()
        with open(self.lines.path, "wb") as out:
            self.reader = subprocess.Popen(["cat"], stdin=reading, stdout=out)
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("MQTT_", "VENDING_"))}
        command = [*before, str(input_path()), "--host", "127.0.0.1", "--port", str(broker.port), "--client-id", CLIENT, *QUIET]
        self.process = Process("vending-input", command, folder / "input.log", clean, stdin=subprocess.PIPE, stdout=writing)
        os.close(reading)
        os.close(writing)

    @property
    def pid(self):
        """Its own, also below strace."""
        return tree(self.process.popen.pid)[-1]

    def wait_for(self, count):
        self.process.wait_until(lambda: self.lines.now() >= count, lambda: f"{count} rows ({self.lines.count} are there)")

    def stop(self):
        os.kill(self.pid, signal.SIGTERM)
        assert self.process.popen.wait(60) == 0, self.process.log()
        self.reader.wait()

    def close(self):
        self.process.kill()
        self.process.popen.stdin.close()
        self.reader.wait()


def with_messages(folder, count, run):
    """run(broker) once so many messages wait for it."""
    broker = backlog.quiet_broker(folder / f"broker-{time.monotonic_ns()}")
    try:
        backlog.make_session(broker, CLIENT, 5)
        backlog.publish(broker, backlog.write_capture(folder / "capture.jsonl", payloads.telemetry(count)))
        return run(broker)
    finally:
        broker.close()


def measure_cpu(folder, broker, count):
    """us of CPU a message, and MiB at most."""
    started = Input(folder, broker)
    try:
        started.wait_for(1)
        first, before = started.lines.now(), cpu_seconds([started.pid])
        started.wait_for(count)
        spent = cpu_seconds([started.pid]) - before
        return spent * 1e6 / (count - first), peak_memory(started.pid) / MIB
    finally:
        started.close()


def measure_calls(folder, broker, count):
    """System calls a message, by name."""
    summary = folder / "strace"
    started = Input(folder, broker, "strace", "-f", "-c", "-o", str(summary))
    try:
        started.wait_for(count)
        started.stop()
    finally:
        started.close()
    calls = {name: int(calls) / count for calls, name in SUMMARY.findall(summary.read_text()) if name != "total"}
    return dict(sorted(calls.items(), key=lambda item: -item[1]))


def measure(folder, quick):
    count = 20_000 if quick else 100_000
    runs = [with_messages(folder, count, lambda broker: measure_cpu(folder, broker, count)) for _ in range(3)]
    (low, _), (cpu, peak), (high, _) = sorted(runs)
    rows = [("CPU a message", f"{cpu:.1f} us", f"{low:.1f} to {high:.1f}"), ("memory", f"{peak:.1f} MiB", "")]
    targets = [at_most("vending-input, CPU a message", LIMITS["CPU"], cpu, "us"), at_most("vending-input, memory", LIMITS["memory"], peak, "MiB")]
    if shutil.which("strace"):
        calls = with_messages(folder, TRACED, lambda broker: measure_calls(folder, broker, TRACED))
        often = ", ".join(f"{name} {number:.2f}" for name, number in calls.items() if number >= 0.01)
        every = sum(calls.values())
        rows.append(("system calls a message", f"{every:.2f}", often))
        targets.append(at_most("vending-input, system calls a message", LIMITS["calls"], every, "calls", 2))
    else:
        rows.append(("system calls a message", "not measured", "strace is not installed"))
    notes = f"{count:,} messages of telemetry wait at Mosquitto, and it takes them; system calls by strace, of {TRACED:,}, starting up included."
    return targets, [Table("vending-input alone", notes, ("vending-input", "", "runs, or which"), rows)]
