#!/usr/bin/env python3
"""What fuzzing starts from: the golden cases' inputs and the captures, a folder for each target, below the folder given."""

import base64
import json
import pathlib
import sys

TEST = pathlib.Path(__file__).resolve().parents[1]
KINDS = ("telemetry", "events", "status")


def captured():
    for path in sorted((TEST / "captures").glob("*.jsonl")):
        yield from path.read_bytes().splitlines()


def messages():
    """The first byte is the kind (fuzz_message.c)."""
    for line in captured():
        try:
            message = json.loads(line)
            kind = message["topic"].rsplit("/", 1)[-1]
            if kind in KINDS and isinstance(message["payload"], str):
                yield bytes([KINDS.index(kind)]) + message["payload"].encode()
        except (ValueError, KeyError, TypeError, AttributeError, UnicodeEncodeError):
            pass  # a line that is broken on purpose


def streams():
    """The first byte is the size of a read (fuzz_stream.c)."""
    for path in sorted((TEST / "golden").glob("*/in")):
        yield b"\xff" + path.read_bytes()


def paths_of(value, above=()):
    """The dotted paths of all values in a document."""
    if above:
        yield ".".join(above)
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from paths_of(member, (*above, str(key)))


def lookups():
    """A line of paths, then texts with a NUL and a newline between them (fuzz_lookup.c): a message, and the one before it."""
    before = b"{}"
    for message in messages():
        text = message[1:]
        try:
            paths = [path for path in paths_of(json.loads(text)) if "\n" not in path and " " not in path][-16:]
        except (ValueError, RecursionError):
            paths = ["system.voltage", "environment.freezer_temps.3", "ts"]
        yield " ".join(paths).encode(errors="replace") + b"\n" + text + b"\0\n" + before + b"\0\n" + text
        before = text


def varint(number):
    """MQTT 5, 1.5.5."""
    while number > 127:
        yield number % 128 + 128
        number //= 128
    yield number


def packets():
    """Two PUBLISH packets, of QoS 0 and 1 with a content type, and a PINGRESP between them (fuzz_packet.c)."""
    for message in messages():
        topic = b"\0\x11v1/vm/VM-1/events"
        plain = topic + b"\0" + message
        dated = topic + b"\0\x07" + b"\x05\x03\0\x02{}" + message
        yield b"\x30" + bytes(varint(len(plain))) + plain + b"\xd0\0" + b"\x32" + bytes(varint(len(dated))) + dated


HOUR = (3_600 * 10**9).to_bytes(8, "little")
FIFTY_YEARS = (1_577_880_000 * 10**9).to_bytes(8, "little")
TIMES = ("1795480318", "1795480318123", "1795480318.25", ".5", "1.795480318e9", "17954803180000e-4", " +1795480318 ", "0", "99999999999",
         "2026-11-24T00:31:58.123Z", "2016-12-31T23:59:60Z", "2026-11-24 08:31:58,5+08", "2026-11-24T00:31", "1970-01-01T00:00:00Z",
         "20240601T115958.5Z", "20240601 1159+08", "2024-06-01 19:59:58 +0800", "2024-06-01T11:59:58Z[Etc/UTC]")
NUMBERS = ("0", "-0", "1.5", ".5", "5.", "1e400", "-1e-400", "9223372036854775808", "-9223372036854775808", "3e2", "3.50e1", "0.1", "220.1",
           "1795480318.123456", "179769313486231580793728971405301e276", "2.2250738585072011e-308", " +007 ", "0x10", "1_000", "nan")


def retimes():
    """Eight bytes of shift, then a time (fuzz_retime.c)."""
    for text in TIMES:
        for shift in (HOUR, FIFTY_YEARS, bytes(8), b"\xff" * 8):
            yield shift + text.encode()


def patches():
    """Kind, machine, eight bytes of shift, then a payload (fuzz_patch.c)."""
    for number, message in enumerate(messages()):
        yield message[:1] + bytes([number % 5]) + HOUR + message[1:]
        yield message[:1] + bytes([number % 5]) + HOUR + b"[" + message[1:] + b"," + message[1:] + b"]"
        yield message[:1] + bytes([number % 5]) + HOUR + message[1:] + b"\n" + message[1:]


def base64s():
    for message in messages():
        yield base64.b64encode(message[:40])
        yield message[:40]


def fleets():
    """Two bytes of how many, then a machine a line (fuzz_fleet.c)."""
    yield b"\x10\0VM-SH-001\nVM-BJ-001\nVM-SH-003\nkiosk\nkiosk-2\n1001\n"
    yield b"\x04\0A999999999999999\nA1000000000000000\n8688888888888888\n8688888888888888-1\n"
    yield b"\x02\0" + b"x" * 63 + b"9\n"


def schedules():
    """What is done with a schedule (fuzz_schedule.c)."""
    yield bytes([0, 5, 1, 2, 40, 0, 0, 9, 0, 0, 0, 2, 1, 1, 0, 9, 2, 3, 0, 7, 1, 1, 1, 1])
    yield bytes([0, 5, 0, 0, 0, 1] * 5 + [1, 1, 0, 5, 0, 0, 0, 2, 1, 1, 1, 1])


SEEDS = {
    "retime": retimes,
    "patch": patches,
    "number": lambda: (number.encode() for number in NUMBERS),
    "base64": base64s,
    "fleet": fleets,
    "schedule": schedules,
    "packet": packets,
    "lookup": lookups,
    "capture": captured,
    "message": messages,
    "stream": streams,
    "mapping": lambda: (path.read_bytes() for path in sorted((TEST / "golden").glob("*/mapping.json"))),
}

for target, seeds in SEEDS.items():
    folder = pathlib.Path(sys.argv[1]) / target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        (folder / f"seed-{number:04}").write_bytes(seed)
