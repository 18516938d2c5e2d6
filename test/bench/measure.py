"""What a run costs: CPU, instructions, memory of a program and of those that it starts; and fair comparison on a machine that is shared."""

import os
import pathlib
import re
import statistics
import subprocess
import sys
from collections import namedtuple

TEST = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TEST / "integration"), str(TEST / "stack")]

from telegraf import REPO, processor_path  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
MIB = 1024 * 1024
QUIET = ["--report-interval", "0"]  # no rows of vm_ingest among what is counted

Cost = namedtuple("Cost", "median low high")  # low and high: of the runs


def shown(path):
    """As it stands in a command to copy."""
    return str(path).replace(f"{REPO}/", "")


def cpu(command, given, out=subprocess.DEVNULL, **environment):
    """Seconds of CPU, user and system, of one run with the file `given` as its standard input."""
    with open(given, "rb") as source:
        started = subprocess.Popen([str(word) for word in command], stdin=source, stdout=out, stderr=subprocess.DEVNULL,
                                   env={**os.environ, **environment})
    return ended(started)


def ended(started):
    """Waits for a Popen; its seconds of CPU."""
    _, status, usage = os.wait4(started.pid, 0)
    started.returncode = os.waitstatus_to_exitcode(status)
    assert started.returncode == 0, f"{started.args} ended with {started.returncode}"
    return usage.ru_utime + usage.ru_stime


def in_turn(candidates, runs):
    """{name: function that gives a figure} -> {name: Cost}. A B C, A B C, ...: what else the machine does is spread over all of them."""
    seen = {name: [] for name in candidates}
    for _ in range(runs):
        for name, run in candidates.items():
            seen[name].append(run())
    return {name: cost(values) for name, values in seen.items()}


def cost(values):
    return Cost(statistics.median(values), min(values), max(values))


def instructions(command, given):
    """Instructions of one run, as callgrind counts them."""
    with open(given, "rb") as source:
        done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *map(str, command)], stdin=source,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def peak_memory(pid):
    """Bytes that a running program held at most."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        try:
            fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15]))  # its own and its ended children's, user and system
    return total / TICKS


def tree(pid):
    children = [int(one) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/children") for one in path.read_text().split()]
    return [pid, *(one for child in children for one in tree(child))]


def processor(*flags):
    return [processor_path(), *QUIET, *flags]
