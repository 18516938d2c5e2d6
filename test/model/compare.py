#!/usr/bin/env python3
"""Runs the processor over random messages and holds what it gives against the model."""

import os
import random
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import model
from generate import ALL, Generator, capture_line

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("VENDING_PROCESSOR", "build/vending-processor")
RUN_SECONDS = 120
# Anomalies: "the whole column with 2,048". Up to this many bytes nothing is left out; what is beyond is checked as such.
SURELY_WHOLE_BYTES = 1900
COLUMN_BYTES = 2048
MORE = re.compile(r"; and (\d+) more$")

FIELD = re.compile(rb'([^=,\s]+)=(?:"((?:[^"\\]|\\.)*)"|([^, \n]+))', re.DOTALL)
HEAD = re.compile(rb"([a-z_]+)((?:,(?:[^ ,=\\]|\\.)+=(?:[^ ,\\]|\\.)*)*) ", re.DOTALL)
ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def field_value(text, bare):
    if text is not None:
        return re.sub(rb'\\(["\\])', rb"\1", text).decode()
    if bare in (b"true", b"false"):
        return bare == b"true"
    return int(bare[:-1]) if bare.endswith(b"i") else float(bare)


def read_rows(data):
    """Line protocol as rows; text that is not UTF-8 or a record that is none raises."""
    at, rows = 0, []
    while at < len(data):
        head = HEAD.match(data, at)
        if not head:
            raise ValueError(f"no record: {data[at : at + 200]!r}")
        at = head.end()
        fields = {}
        while True:
            found = FIELD.match(data, at)
            if not found:
                raise ValueError(f"no field: {data[at : at + 200]!r}")
            name = found[1].decode()
            if name in fields:
                raise ValueError(f"{name} twice: {data[head.start() : at + 200]!r}")
            fields[name] = field_value(found[2], found[3])
            at = found.end()
            if data[at : at + 1] != b",":
                break
            at += 1
        end = data.index(b"\n", at)
        tags = {}
        for tag in filter(None, re.split(r"(?<!\\),", head[2].decode())):
            name, _, value = tag.partition("=")
            tags[name] = ESCAPED.sub(r"\1", value)
        rows.append(model.Row(head[1].decode(), tags, fields, int(data[at + 1 : end])))
        at = end + 1
    return rows


def same_value(want, got):
    return type(want) is type(got) and want == got


def same_notes(notes, got):
    """In their order; what a full column left out is counted at its end."""
    text = "; ".join(notes)
    if got is None or len(got.encode()) > COLUMN_BYTES:
        return not notes and got is None
    more = MORE.search(got)
    if more is None or len(text.encode()) <= SURELY_WHOLE_BYTES:
        return text == got
    shown = got[: more.start()]
    return shown == "; ".join(notes[: len(notes) - int(more[1])])


def differences(want, got):
    """What is not as the model says, one line each."""
    found = []
    if want.measurement != got.measurement:
        return [f"measurement: want {want.measurement}, got {got.measurement}"]
    if want.tags != got.tags:
        found.append(f"tags: want {want.tags}, got {got.tags}")
    if abs(want.time_ns - got.time_ns) > want.slack_ns:
        found.append(f"time: want {want.time_ns}, got {got.time_ns} ({got.time_ns - want.time_ns:+d} ns)")
    fields = dict(got.fields)
    notes = fields.pop("anomalies", None)
    if not same_notes(want.notes, notes):
        found.append(f"anomalies: want {'; '.join(want.notes)!r}\n{'':16}got  {notes!r}")
    if want.measurement == "vm_rejected":
        detail = fields.pop("detail", None)
        if not isinstance(detail, str) or not detail:
            found.append(f"detail: want some text, got {detail!r}")
    for name in sorted(want.fields.keys() | fields.keys()):
        a, b = want.fields.get(name), fields.get(name)
        if name == "device_ts" and want.slack_ns and isinstance(b, int) and abs(a - b) <= want.slack_ns:
            continue
        if not same_value(a, b):
            found.append(f"{name}: want {a!r}, got {b!r}")
    return found


@dataclass
class Run:
    """One run of the processor over one capture."""

    seed: object
    count: int = 3000
    features: frozenset = ALL
    flags: list = field(default_factory=list)
    settings: model.Settings = None

    def choose_flags(self):
        """Now and then other flags than the defaults."""
        dice = random.Random(f"flags {self.seed}")
        settings = model.Settings()

        def flag(probability, name, attribute, choices):
            if dice.random() < probability:
                text, value = dice.choice(choices)
                self.flags += [name, text]
                setattr(settings, attribute, value)

        second, minute = model.SECOND, 60 * model.SECOND
        flag(0.2, "--max-age", "max_age_ns", [("1h", 60 * minute), ("30d", 30 * model.DAY), ("10s", 10 * second)])
        flag(0.2, "--dedup-age", "dedup_age_ns", [("1m", minute), ("10m", 10 * minute), ("1d", model.DAY)])
        if "repeats" in self.features:
            flag(0.2, "--dedup-untimed", "dedup_untimed_ns", [("1s", second), ("1m", minute), ("500ms", second // 2)])
        if "zones" in self.features:
            flag(0.3, "--time-zone", "time_zone_s", [("+08:00", 28800), ("-03:30", -12600), ("Z", 0)])
        flag(0.2, "--max-payload", "max_payload", [("1KiB", 1024), ("400", 400)])
        flag(0.2, "--max-values", "max_values", [("20", 20), ("100", 100)])
        flag(0.2, "--max-depth", "max_depth", [("3", 3), ("8", 8)])
        self.settings = settings
        # Batches: "--max-values hold for the whole". Open: how many values a damaged message has; so no batches where that decides.
        if settings.max_values != model.Settings.max_values:
            self.features = self.features - {"batches"}

    def differences(self):
        """What is not as the model says, as text for a person; "" if all is."""
        if self.settings is None:
            self.choose_flags()
        generator = Generator(self.seed, self.features, self.settings.max_payload)
        messages = list(generator.messages(self.count))
        reference = model.Model(self.settings)
        outcomes = [(message, reference.take(message)) for message in messages]
        data = b"".join(map(capture_line, messages))
        program = [PROGRAM, "--capture", "-", "--report-interval", "1h", "--log-rate", "1", *self.flags]
        done = subprocess.run(program, input=data, capture_output=True, cwd=ROOT, timeout=RUN_SECONDS)
        where = f"seed {self.seed!r}, {self.count} messages, flags {' '.join(self.flags) or 'none'}"
        if done.returncode != 0:
            return f"{where}: the processor ended with {done.returncode}: {done.stderr[-500:]!r}"
        rows = read_rows(done.stdout)
        report = rows.pop() if rows and rows[-1].measurement == "vm_ingest" else None
        found = self.compare(outcomes, rows)
        if not found:
            found = self.compare_counts(reference.counts, report)
        return f"{where}\n{found}" if found else ""

    @staticmethod
    def describe(message, wanted):
        lines = [f"message    {message.topic} at {message.arrival_ns}", f"payload    {message.payload[:1500]!r}"]
        if message.priority is not None or message.content_type is not None:
            lines.append(f"properties priority {message.priority!r}, content type {message.content_type!r}")
        lines += [f"want       {outcome}" for outcome in wanted]
        return "\n".join(lines)[:6000]

    def compare(self, outcomes, rows):
        """Row for row, up to the first that differs."""
        at, without = 0, []
        for message, wanted in outcomes:
            for outcome in wanted:
                if not isinstance(outcome, model.Row):
                    without.append(f"  {outcome}: {message.topic} at {message.arrival_ns} {message.payload[:300]!r}")
                    continue
                got = rows[at] if at < len(rows) else None
                found = differences(outcome, got) if got else ["no row"]
                if found:
                    if without:
                        without.insert(0, "before it, messages without a row:")
                    return "\n".join([self.describe(message, wanted), f"got        {got}", *found, *without[:6]])
                at += 1
                without = []
        if at < len(rows):
            return "\n".join([f"{len(rows) - at} rows too many, the first: {rows[at]}", *without[:6]])
        return ""

    @staticmethod
    def compare_counts(counts, report):
        if report is None:
            return "no row of vm_ingest at the end"
        got = report.fields
        parts = [
            got.get(name, 0)
            for name in ("telemetry", "events", "status", "passed", "duplicates", "rejected", "ignored")
        ]
        found = [] if got["received"] == sum(parts) else [f"received {got['received']} is not the sum of {parts}"]
        for name, want in counts.items():
            if got.get(name, 0) != want:
                found.append(f"vm_ingest.{name}: want {want}, got {got.get(name)}")
        reasons = sum(value for name, value in got.items() if name.startswith("rejected_"))
        if reasons != got["rejected"]:
            found.append(f"rejected {got['rejected']} is not the sum of its reasons, {reasons}")
        return "\n".join(found)


def main():
    """compare.py SEED [COUNT]: one run, and what differs."""
    found = Run(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 2500).differences()
    print(found or "no difference")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
