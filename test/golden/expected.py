"""What rows a capture of well-formed traffic gives: the contract read a second time, independently of plugin/.

run.py holds the output of every case that has a `reading` file against this, beside its `out` file. Odd messages (the field-* captures) are
not read here; their rows are written by hand in `out`. A message that is not well formed raises.
"""

import json
import re
import struct
from datetime import datetime, timedelta, timezone

MASK = (1 << 64) - 1
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
SECOND = 10**9

SEVERITY = {
    "DISPENSE_SUCCESS": "medium",
    "DISPENSE_FAILED": "high",
    "CHANNEL_JAM": "high",
    "HEATING_FAILURE": "high",
    "DOOR_OPENED": "high",
    "VANDALISM_ALERT": "critical",
    "TEMP_OVERHEAT": "high",
    "SNAPSHOT_CAPTURED": "low",
}

# column, type, path
TELEMETRY = [
    ("voltage", float, "system.voltage"),
    ("current", float, "system.current"),
    ("uptime", int, "system.uptime"),
    ("door_closed", bool, "system.door_closed"),
    ("freezer_temp_0", float, "environment.freezer_temps.0"),
    ("freezer_temp_1", float, "environment.freezer_temps.1"),
    ("freezer_temp_2", float, "environment.freezer_temps.2"),
    ("freezer_temp_3", float, "environment.freezer_temps.3"),
    ("ambient_temp", float, "environment.ambient_temp"),
    ("vibration_g", float, "environment.vibration_g"),
    ("rssi", int, "connectivity.rssi"),
    ("lat", float, "location.lat"),
    ("lng", float, "location.lng"),
    ("network_type", str, "connectivity.type"),
    ("csq", int, "connectivity.csq"),
]


def siphash24(data, k0=0, k1=0):
    """SipHash-2-4 (Aumasson and Bernstein, 2012)."""
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rotate(x, bits):
        return ((x << bits) | (x >> (64 - bits))) & MASK

    def rounds(count):
        for _ in range(count):
            v[0] = (v[0] + v[1]) & MASK
            v[1] = rotate(v[1], 13) ^ v[0]
            v[0] = rotate(v[0], 32)
            v[2] = (v[2] + v[3]) & MASK
            v[3] = rotate(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & MASK
            v[3] = rotate(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & MASK
            v[1] = rotate(v[1], 17) ^ v[2]
            v[2] = rotate(v[2], 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def message_id(topic, payload):
    """The 64-bit hash of topic and payload as a signed integer."""
    return struct.unpack("<q", struct.pack("<Q", siphash24(topic + b"\0" + payload)))[0]


def line_value(value):
    """A field's value as line protocol writes it."""
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int):
        return b"%di" % value
    if isinstance(value, float):
        text = repr(value)
        return (text[:-2] if text.endswith(".0") else text).encode()
    if isinstance(value, str):
        value = value.encode()
    return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def line(measurement, device_no, fields, time_ns):
    """One row; fields is a list of (name, value), None = absent."""
    tag = b"" if device_no is None else b",device_no=" + device_no.encode()
    body = b",".join(name.encode() + b"=" + line_value(value) for name, value in fields if value is not None)
    return measurement.encode() + tag + b" " + body + b" %d\n" % time_ns


def iso_ns(text):
    """RFC 3339 with at most six digits of a fraction, or mosquitto_sub's tst, to nanoseconds."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:Z|Z\+0000)", text)
    whole = datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    fraction = int((found[2] or "0").ljust(6, "0"))
    return ((whole - EPOCH) // timedelta(microseconds=1) + fraction) * 1000


def device_ns(ts):
    return iso_ns(ts) if isinstance(ts, str) else ts * SECOND


def get(value, path):
    for key in path.split("."):
        if isinstance(value, list):
            value = value[int(key)] if int(key) < len(value) else None
        else:
            value = (value or {}).get(key)
    return value


def typed(value, kind):
    if kind is float and isinstance(value, int):
        value = float(value)
    assert value is None or type(value) is kind, (value, kind)
    return value


def telemetry_row(device_no, arrival, payload, doc, identity, properties):
    fields = [(column, typed(get(doc, path), kind)) for column, kind, path in TELEMETRY]
    return line("vm_telemetry", device_no, fields, min(device_ns(doc["ts"]), arrival))


def event_row(device_no, arrival, payload, doc, identity, properties):
    data = doc["data"]
    fields = [
        ("event_type", doc["event_type"]),
        ("order_id", data.get("order_id")),
        ("channel_id", data.get("channel_id", data.get("meal_cid"))),
        ("oven_id", data.get("oven_id")),
        ("error_code", data.get("error_code")),
        ("image_url", data.get("image_url")),
        ("video_url", data.get("video_url")),
        ("raw_data", payload),
        ("severity", SEVERITY[doc["event_type"]]),
        ("priority", properties.get("user-properties", {}).get("priority")),
        ("message_id", identity),
    ]
    return line("vm_events", device_no, fields, device_ns(doc["ts"]))


def status_row(device_no, arrival, payload, doc, identity, properties):
    device = device_ns(doc["ts"])
    fields = [
        ("status", doc["status"]),
        ("firmware", doc.get("firmware")),
        ("hardware", doc.get("hardware")),
        ("reason", doc.get("reason")),
        ("device_ts", device),
        ("message_id", identity),
    ]
    return line("vm_status", device_no, fields, arrival if doc["status"] == "offline" else min(device, arrival))


def ack_row(device_no, arrival, payload, doc, identity, properties):
    fields = [
        ("event_type", "COMMAND_ACK"),
        ("severity", {"success": "low", "failed": "high", "rejected": "high"}[doc["status"]]),
        ("error_code", (doc["error"] or {}).get("code")),
        ("raw_data", payload),
        ("message_id", identity),
    ]
    return line("vm_events", device_no, fields, arrival)


def rows(capture):
    """The rows of a capture's bytes, one bytes object each."""
    makers = {"telemetry": telemetry_row, "events": event_row, "status": status_row, "commands/ack": ack_row}
    for text in capture.splitlines():
        message = json.loads(text)
        topic, payload, arrival = message["topic"], message["payload"].encode(), iso_ns(message["tst"])
        version, vm, device_no, kind = topic.split("/", 3)
        assert (version, vm) == ("v1", "vm") and re.fullmatch("[A-Za-z0-9._:-]{1,64}", device_no)
        doc = json.loads(payload)
        assert doc.get("device_no", device_no) == device_no
        if "ts" in doc:
            trusted = arrival - 7 * 86400 * SECOND <= device_ns(doc["ts"]) <= arrival + 600 * SECOND
            assert trusted or doc.get("status") == "offline"
        properties = message.get("properties", {})
        assert properties.get("content-type", "application/json") == "application/json"
        yield makers[kind](device_no, arrival, payload, doc, message_id(topic.encode(), payload), properties)
