"""What the processor holds at most, and whether it stays flat: different messages, telemetry and events by turns, through a pipe."""

import subprocess

import payloads
from measure import MIB, peak_memory, processor
from report import Table, at_most

STEPS = 10
LIMIT = 16


def measure(folder, quick):
    count = 200_000 if quick else 1_000_000
    peaks = []
    with open(folder / "memory.log", "wb") as log:
        running = subprocess.Popen([str(word) for word in processor()], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=log)
    for number, message in enumerate(payloads.mixed(count), 1):
        running.stdin.write(payloads.record(message))
        if number % (count // STEPS) == 0:
            running.stdin.flush()
            peaks.append((number, peak_memory(running.pid) / MIB))
    running.stdin.close()
    assert running.wait() == 0
    rows = [(f"{number:,}", f"{peak:.2f}") for number, peak in peaks]
    notes = f"VmHWM over {count:,} different messages, half of them events: the memory of duplicates fills up with {65536:,} of those."
    table = Table("Memory", notes, ("messages", "peak, MiB"), rows)
    return [at_most("vending-processor, memory", LIMIT, peaks[-1][1], "MiB")], [table]
