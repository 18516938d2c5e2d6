"""An independent reading of the contract for messages without a fault: from a capture's JSON to the row it has to become.

Written from the documents, not from the program. Anything odd (a wrong type, an untrusted clock) is refused here, so that a test
cannot rely on what this does not know.
"""

import base64
import datetime
import json

from lineprotocol import Row

ARRIVAL = "arrival"  # in place of a row's time: when the message came in

TELEMETRY = (
    ("voltage", "float", "system", "voltage"),
    ("current", "float", "system", "current"),
    ("uptime", "int", "system", "uptime"),
    ("door_closed", "bool", "system", "door_closed"),
    ("freezer_temp_0", "float", "environment", "freezer_temps", 0),
    ("freezer_temp_1", "float", "environment", "freezer_temps", 1),
    ("freezer_temp_2", "float", "environment", "freezer_temps", 2),
    ("freezer_temp_3", "float", "environment", "freezer_temps", 3),
    ("ambient_temp", "float", "environment", "ambient_temp"),
    ("vibration_g", "float", "environment", "vibration_g"),
    ("rssi", "int", "connectivity", "rssi"),
    ("lat", "float", "location", "lat"),
    ("lng", "float", "location", "lng"),
    ("network_type", "text", "connectivity", "type"),
    ("csq", "int", "connectivity", "csq"),
)
EVENT_TEXTS = ("order_id", "channel_id", "oven_id", "error_code", "image_url", "video_url")
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
STATUS_TEXTS = ("status", "firmware", "hardware", "reason")

MASK = (1 << 64) - 1


def siphash24(data, key=(0, 0)):
    """SipHash-2-4 as its authors describe it."""

    def rotate(x, bits):
        return ((x << bits) | (x >> (64 - bits))) & MASK

    v0, v1, v2, v3 = (
        constant ^ key[i % 2]
        for i, constant in enumerate((0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573))
    )

    def rounds(count):
        nonlocal v0, v1, v2, v3
        for _ in range(count):
            v0 = (v0 + v1) & MASK
            v1 = rotate(v1, 13) ^ v0
            v0 = rotate(v0, 32)
            v2 = (v2 + v3) & MASK
            v3 = rotate(v3, 16) ^ v2
            v0 = (v0 + v3) & MASK
            v3 = rotate(v3, 21) ^ v0
            v2 = (v2 + v1) & MASK
            v1 = rotate(v1, 17) ^ v2
            v2 = rotate(v2, 32)

    padded = data + bytes(-(len(data) + 1) % 8) + bytes([len(data) & 0xFF])
    for at in range(0, len(padded), 8):
        word = int.from_bytes(padded[at : at + 8], "little")
        v3 ^= word
        rounds(2)
        v0 ^= word
    v2 ^= 0xFF
    rounds(4)
    return v0 ^ v1 ^ v2 ^ v3


def message_id(topic, payload):
    """64 bits over topic, a zero byte and payload, as PostgreSQL's bigint has them."""
    value = siphash24(topic.encode() + b"\0" + payload)
    return value - (1 << 64) if value >> 63 else value


def nanoseconds(ts):
    if isinstance(ts, int):
        return ts * 1_000_000_000
    moment = datetime.datetime.fromisoformat(ts.replace("Z", "+00:00"))
    since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (since // datetime.timedelta(microseconds=1)) * 1000


def at_path(value, path):
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def typed(name, kind, value):
    """As the column has it. A JSON integer is a fine float; nothing else is converted here."""
    allowed = {"float": (int, float), "int": (int,), "bool": (bool,), "text": (str,)}[kind]
    assert isinstance(value, allowed) and (kind == "bool") == isinstance(value, bool), f"{name}={value!r} is not plain"
    if kind == "text":
        return name.encode(), kind, value.encode()
    return name.encode(), kind, float(value) if kind == "float" else value


def telemetry_row(device_no, payload, _topic):
    body = json.loads(payload)
    fields = [(name, kind, at_path(body, path)) for name, kind, *path in TELEMETRY]
    return row("vm_telemetry", device_no, [typed(*one) for one in fields if one[2] is not None], nanoseconds(body["ts"]))


def event_row(device_no, payload, topic):
    body = json.loads(payload)
    data = dict(body.get("data", {}))
    data.setdefault("channel_id", data.get("meal_cid"))
    fields = [typed("event_type", "text", body["event_type"])]
    fields += [typed(name, "text", data[name]) for name in EVENT_TEXTS if data.get(name) is not None]
    fields += [(b"raw_data", "text", payload), typed("severity", "text", SEVERITY[body["event_type"]])]
    fields += [(b"message_id", "int", message_id(topic, payload))]
    return row("vm_events", device_no, fields, nanoseconds(body["ts"]))


def status_row(device_no, payload, topic):
    body = json.loads(payload)
    fields = [typed(name, "text", body[name]) for name in STATUS_TEXTS if name in body]
    fields += [(b"device_ts", "int", nanoseconds(body["ts"])), (b"message_id", "int", message_id(topic, payload))]
    return row("vm_status", device_no, fields, ARRIVAL if body["status"] == "offline" else nanoseconds(body["ts"]))


def row(measurement, device_no, fields, time):
    tags = {b"device_no": device_no.encode()} if device_no else {}
    return Row(measurement.encode(), tags, fields, time)


KINDS = {"telemetry": telemetry_row, "events": event_row, "status": status_row}


def expected_row(topic, payload):
    """The row for one message. The payload must not need trimming."""
    *_, device_no, kind = topic.split("/")
    return KINDS[kind](device_no, payload, topic)


def rejected_row(topic, payload, reason, device_no=None, whole=None):
    """Without `detail`, which is for people. payload is what is kept, whole what came."""
    whole = payload if whole is None else whole
    try:
        payload.decode()
        plain = b"\0" not in payload
    except UnicodeDecodeError:
        plain = False
    fields = [
        (b"topic", "text", topic.encode()),
        (b"reason", "text", reason.encode()),
        (b"payload", "text", payload if plain else base64.b64encode(payload)),
        (b"payload_encoding", "text", b"text" if plain else b"base64"),
        (b"payload_size", "int", len(whole)),
        (b"message_id", "int", message_id(topic, whole)),
    ]
    return row("vm_rejected", device_no, fields, ARRIVAL)


def without_detail(actual):
    """A vm_rejected row as rejected_row() gives it; detail has to be there, in words."""
    detail = [value for key, _, value in actual.fields if key == b"detail"]
    assert len(detail) == 1 and detail[0].strip(), f"no detail in {actual}"
    return actual._replace(fields=[one for one in actual.fields if one[0] != b"detail"])
