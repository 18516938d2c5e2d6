#!/usr/bin/env python3
"""What fuzzing starts from: the golden cases' inputs and the captures, a folder for each target, below the folder given."""

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


SEEDS = {
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
