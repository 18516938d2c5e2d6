"""Tables for people: on standard output as they come, and all of them in a file."""

import datetime
import os
import pathlib
import platform
import re
import subprocess
import textwrap
from collections import namedtuple

from measure import REPO, shown  # first: it says where the modules of test/integration are

from broker import find_mosquitto

# header and rows are texts; the first column is left-aligned. notes: a paragraph.
Table = namedtuple("Table", "title notes header rows")
# A promise and what came of it: texts, and whether it holds.
Target = namedtuple("Target", "what wanted measured holds")


def wrapped(text, indent=""):
    """As prose has to be in this project's documents."""
    return textwrap.fill(text, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def markdown(table, command):
    """command: how to get these figures alone."""
    lines = [f"## {table.title}", "", *([wrapped(table.notes), ""] if table.notes else []), f"`{command}`", ""]
    lines += [f"| {' | '.join(table.header)} |", f"| --- |{' ---: |' * (len(table.header) - 1)}"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in table.rows]) + "\n"


def of_targets(targets):
    rows = [(one.what, one.wanted, one.measured, "yes" if one.holds else "no") for one in targets]
    return Table("Targets", "", ("what", "target", "measured", "holds"), rows)


def at_most(what, limit, measured, unit, digits=1):
    return Target(what, f"at most {limit:,g} {unit}", f"{measured:,.{digits}f} {unit}", measured <= limit)


def at_least(what, limit, measured, unit, digits=1):
    return Target(what, f"at least {limit:,g} {unit}", f"{measured:,.{digits}f} {unit}", measured >= limit)


def said_by(*command):
    """The first version number that a program prints."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    except OSError:
        return "not there"
    found = re.search(r"\d+\.\d+(\.\d+)*", done.stdout + done.stderr)
    return found[0] if found else "unknown"


VERSIONS = {
    "gcc": ("gcc", "-dumpfullversion"),
    "valgrind": ("valgrind", "--version"),
    "jq": ("jq", "--version"),
    "Telegraf": (REPO / "build/telegraf-1.37/telegraf", "--version"),
    "Mosquitto": (find_mosquitto() or "mosquitto", "-h"),
}


def processor_model():
    found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def packaged(name):
    """A package's version in build/trixie."""
    status = pathlib.Path(REPO / "build/trixie/var/lib/dpkg/status")
    found = re.search(rf"^Package: {name}\n(?:\S.*\n| .*\n)*?Version: ([\d.]+)", status.read_text(), re.M) if status.exists() else None
    return found[1] if found else "not there"


def load():
    return f"{os.getloadavg()[0]:.1f}"


def machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores ({processor_model()}), {memory:.0f} GiB, {platform.system()} {platform.release()}"


def facts(before):
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=REPO, capture_output=True, text=True, check=False).stdout.strip()
    versions = ", ".join(f"{name} {said_by(*command)}" for name, command in VERSIONS.items())
    return [
        f"- date: {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC; source: {commit or 'unknown'}",
        f"- machine: {machine()}",
        f"- versions: {versions}, benthos 4.60.0, PostgreSQL {packaged('postgresql-17')}, "
        f"TimescaleDB {packaged('postgresql-17-timescaledb')}",
        f"- load average of the last minute: {before} before, {load()} after",
    ]


def write(path, made, before, command):
    """made: texts as markdown() gives them."""
    head = ["# Results of the benches", "", f"Written by `{command}`; nothing here is asserted by a test.", "", *(wrapped(fact, "  ") for fact in facts(before)), ""]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*head, *made]), encoding="utf-8")
    print(f"written: {shown(path)}")
