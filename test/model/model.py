"""The contract a third time: what must become of any message, well formed or not.

Written from plugin/README.md alone (section names stand beside what they say), without a look at the programs; where that leaves something open, the
comment begins with "Open:" and says what is taken to be meant. test_model.py holds the processor against this, message for message.

    model = Model(Settings())
    for outcome in model.take(Message(topic, payload, arrival_ns)): ...

An outcome is a Row, DUPLICATE or IGNORED; a reject is a Row of vm_rejected. One publish gives several outcomes if it is a batch.
"""

import base64
import math
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from jsontext import (
    INT64,
    NUMBER_PARTS,
    NUMBER_TEXT,
    BadJson,
    Node,
    Reader,
    exact_integer,
    is_real,
    repair,
    show,
    show_text,
    too_wide,
)

SECOND = 10**9
MICROSECOND = 1000
DAY = 86400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MASK = (1 << 64) - 1
INT32 = 2**31

EVENT_TYPE_BYTES = 64  # Mapped columns: "stored with 64 bytes at most"
PRIORITY_BYTES = 64  # Tables: "in lower case, up to 64 bytes"
STANDS_STILL_NS = 60 * SECOND  # Time: a clock that stands still
STANDS_STILL_READINGS = 10
NO_FIX_DEGREES = 0.001  # Anomalies: positions

DUPLICATE = "duplicate"
IGNORED = "ignored"


@dataclass
class Settings:
    """Flags, with their defaults."""

    max_age_ns: int = 7 * DAY
    max_ahead_ns: int = 600 * SECOND
    dedup_age_ns: int = 3600 * SECOND
    dedup_untimed_ns: int = 10 * SECOND
    time_zone_s: int = None  # None = not given: UTC, and counted
    max_payload: int = 256 * 1024
    max_values: int = 8192
    max_depth: int = 32


@dataclass
class Message:
    topic: str
    payload: bytes
    arrival_ns: int
    priority: str = None
    content_type: str = None


@dataclass
class Row:
    measurement: str
    tags: dict
    fields: dict
    time_ns: int
    notes: list = field(default_factory=list)  # the anomalies, one by one
    slack_ns: int = 0  # by how much its times may differ


# ---- message_id ----


def siphash24(data):
    """SipHash-2-4 with key 0 (Aumasson and Bernstein, 2012)."""
    a, b, c, d = 0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573
    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    words = [int.from_bytes(padded[i : i + 8], "little") for i in range(0, len(padded), 8)]
    for word, rounds in [(word, 2) for word in words] + [(None, 4)]:
        if word is None:
            c ^= 0xFF
        else:
            d ^= word
        for _ in range(rounds):
            a = (a + b) & MASK
            c = (c + d) & MASK
            b = ((b << 13 | b >> 51) & MASK) ^ a
            d = ((d << 16 | d >> 48) & MASK) ^ c
            a = (a << 32 | a >> 32) & MASK
            c = (c + b) & MASK
            a = (a + d) & MASK
            b = ((b << 17 | b >> 47) & MASK) ^ c
            d = ((d << 21 | d >> 43) & MASK) ^ a
            c = (c << 32 | c >> 32) & MASK
        if word is not None:
            a ^= word
    return a ^ b ^ c ^ d


def message_id(topic, payload):
    """Tables: "a 64-bit hash (SipHash-2-4 with key 0) of topic, a zero byte and payload"; a bigint, so signed."""
    value = siphash24(topic.encode() + b"\0" + payload)
    return value - (1 << 64) if value >> 63 else value


# ---- times ----

ISO = re.compile(
    r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)[Tt ](?P<H>\d\d):(?P<M>\d\d)(?::(?P<S>\d\d)(?:[.,](?P<f>\d+))?)?(?P<zone>.*)",
    re.ASCII | re.DOTALL,
)
BASIC = re.compile(
    r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)[Tt ](?P<H>\d\d)(?P<M>\d\d)(?:(?P<S>\d\d)(?:[.,](?P<f>\d+))?)?(?P<zone>.*)",
    re.ASCII | re.DOTALL,
)
# Time: "any offset", also mosquitto_sub's Z+0800 (How a line is read), "also behind a blank", "also with a zone's name in brackets behind the
# offset". Open: which names. Any.
ZONE = re.compile(r"(?: ?[Zz]|(?:[Zz]| ?)([+-])(\d\d)(?::?(\d\d))?)(?:\[.+\])?", re.ASCII | re.DOTALL)
MAX_OFFSET_HOURS = 23


def zone_seconds(text):
    """The offset behind a time; None if it is none."""
    found = ZONE.fullmatch(text)
    if not found:
        return None
    if not found[1]:
        return 0
    hours, minutes = int(found[2]), int(found[3] or 0)
    if hours > MAX_OFFSET_HOURS or minutes > 59:
        return None
    return (hours * 3600 + minutes * 60) * (-1 if found[1] == "-" else 1)


def calendar_ns(found, zone_s):
    year, month, day, hour, minute = (int(found[part]) for part in ("y", "m", "d", "H", "M"))
    second = int(found["S"] or 0)
    # Time: "Years are 1970 to 2261". Open: whether before or behind the offset: as written. RFC 3339 has a second 60.
    if not 1970 <= year <= 2261 or hour > 23 or minute > 59 or second > 60:
        return None
    try:
        date = datetime(year, month, day, tzinfo=timezone.utc)
    except ValueError:
        return None
    seconds = (date - EPOCH) // timedelta(seconds=1) + hour * 3600 + minute * 60 + second - zone_s
    return seconds * SECOND + int(((found["f"] or "") + "000000000")[:9])


def unix_ns(text):
    """Time: "The magnitude tells the unit: below 1e11 it is seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds"."""
    sign, whole, fraction, exponent = NUMBER_PARTS.fullmatch(text).groups()
    point = len(whole) + int(exponent or 0)
    digits = (whole + (fraction or "")).rstrip("0")
    leading = len(digits) - len(digits.lstrip("0"))
    if not digits:
        return 0
    if point - leading > 20:
        return None
    if point - leading < -30:
        return 0
    size = len(digits) - point  # digits behind the point
    value = int(digits) * 10 ** max(0, -size)
    scale = 10 ** max(0, size)
    unit = (
        SECOND if value < 10**11 * scale else 10**6 if value < 10**14 * scale else 1000 if value < 10**17 * scale else 1
    )
    # Time: "a fraction of it is rounded to the microsecond"
    step = MICROSECOND if size > 0 and unit > 1 else 1
    ns = (value * unit * 2 + scale * step) // (2 * scale * step) * step
    return -ns if sign == "-" else ns



def is_finer(text):
    """Whether a Unix number counts microseconds or nanoseconds."""
    return abs(float(text)) >= 10**14


@dataclass
class DeviceTime:
    ns: int = None  # None: no time
    zoneless: bool = False
    missing: bool = False
    note: str = None  # "ts=" and what it shows
    slack_ns: int = 0


def read_time(text, settings):
    """(ns, zoneless) of a text, or None."""
    if NUMBER_TEXT.fullmatch(text):
        ns = unix_ns(text)
        # Time: the years are those of ISO times. Open: how far a Unix number goes. As far as nanoseconds have 64 bits.
        return (ns, False) if ns is not None and -INT64 <= ns < INT64 else None
    found = ISO.fullmatch(text) or BASIC.fullmatch(text)
    if not found:
        return None
    if not found["zone"]:
        ns = calendar_ns(found, settings.time_zone_s or 0)
        return None if ns is None else (ns, True)
    zone_s = zone_seconds(found["zone"])
    ns = None if zone_s is None else calendar_ns(found, zone_s)
    return None if ns is None else (ns, False)


# ---- texts ----

PADDING = " \t\n\v\f\r\0"  # Never lose: "White space and NULs around a text value are cut before it is judged". Open: ASCII's white space.
CANNOT_STORE = re.compile("[\0\ud800-\udfff]")


def trim(text):
    return text.strip(PADDING)


def ascii_lower(text):
    return text.translate({code: code + 32 for code in range(0x41, 0x5B)})


def cut(text, size):
    """At most size bytes of UTF-8, whole characters."""
    return text.encode()[:size].decode("utf-8", "ignore")


# ---- the mapping ----


@dataclass
class Column:
    name: str
    paths: list
    kind: str  # float integer boolean text
    low: float = None
    high: float = None
    faults: tuple = ()
    size: int = 0
    units: tuple = ()
    words: dict = field(default_factory=dict)


CELSIUS = ("℃", "°c", "ºc", "c", "degc")
DEGREES = ("deg", "°")
# Never lose 5: "on/off for every boolean", "open/closed for door_closed alone".
BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "on": True, "off": False}
DOOR = {"open": False, "closed": True}


def real(name, path, low, high, units, faults=()):
    return Column(name, [path], "float", low, high, faults, units=units)


def whole(name, path, low, high, units=(), faults=()):
    return Column(name, [path], "integer", low, high, faults, units=units)


def text_column(name, *paths, size):
    return Column(name, list(paths), "text", size=size)


FREEZER = [
    real(f"freezer_temp_{zone}", f"environment.freezer_temps.{zone}", -90, 80, CELSIUS, (-127, 85)) for zone in range(4)
]
TELEMETRY = [
    real("voltage", "system.voltage", 0, 500, ("v",)),
    real("current", "system.current", 0, 200, ("a",)),
    whole("uptime", "system.uptime", 0, 2147483647, ("s",)),
    Column("door_closed", ["system.door_closed"], "boolean", words={**BOOLEANS, **DOOR}),
    *FREEZER,
    real("ambient_temp", "environment.ambient_temp", -90, 80, CELSIUS, (-127, 85)),
    real("vibration_g", "environment.vibration_g", 0, 200, ("g",)),
    whole("rssi", "connectivity.rssi", -150, 0, ("dbm",)),
    real("lat", "location.lat", -90, 90, DEGREES),
    real("lng", "location.lng", -180, 180, DEGREES),
    text_column("network_type", "connectivity.type", size=16),
    whole("csq", "connectivity.csq", 0, 199, (), (99, 199)),
]
EVENTS = [
    text_column("event_type", "event_type", size=1024),
    text_column("order_id", "data.order_id", size=128),
    text_column("channel_id", "data.channel_id", "data.meal_cid", size=64),
    text_column("oven_id", "data.oven_id", size=64),
    text_column("error_code", "data.error_code", size=64),
    text_column("image_url", "data.image_url", size=2048),
    text_column("video_url", "data.video_url", size=2048),
]
STATUS = [
    text_column("status", "status", size=32),
    text_column("firmware", "firmware", size=64),
    text_column("hardware", "hardware", size=64),
    text_column("reason", "reason", size=256),
]
# Command acknowledgements: status is required, error_code comes from error.code.
ACKS = [
    text_column("status", "status", size=32),
    text_column("error_code", "error.code", size=64),
]

# Event types
EVENT_TYPES = {
    "DISPENSE_SUCCESS": (
        "medium",
        "DISPENSED DISPENSE_OK VEND_SUCCESS VEND_OK SALE_SUCCESS 出货成功 出餐成功 取餐成功",
    ),
    "DISPENSE_FAILED": (
        "high",
        "DISPENSE_FAILURE DISPENSE_FAIL DISPENSE_ERROR VEND_FAILED VEND_FAILURE 出货失败 出餐失败",
    ),
    "CHANNEL_JAM": ("high", "CHANNEL_JAMMED JAM JAMMED MOTOR_JAM 卡货 卡货道 货道卡货 货道堵塞 货道卡住"),
    "HEATING_FAILURE": (
        "high",
        "HEATING_FAILED HEATER_FAILURE HEAT_FAILURE OVEN_FAILURE OVEN_FAULT 加热失败 加热故障 加热异常",
    ),
    "DOOR_OPENED": ("high", "DOOR_OPEN OPEN_DOOR 开门 门打开 门被打开 柜门打开"),
    "VANDALISM_ALERT": (
        "critical",
        "VANDALISM VANDAL_ALERT TAMPER TAMPER_ALERT 暴力告警 暴力破坏 震动告警 撞击告警",
    ),
    "TEMP_OVERHEAT": (
        "high",
        "TEMPERATURE_OVERHEAT OVERHEAT TEMP_HIGH HIGH_TEMP OVER_TEMPERATURE 超温 超温告警 冷冻超温 温度过高",
    ),
    "SNAPSHOT_CAPTURED": ("low", "SNAPSHOT SNAPSHOT_TAKEN PHOTO_CAPTURED 抓拍 抓拍完成 拍照"),
}
EVENT_NAMES = {
    alias.replace("_", ""): (name, severity)
    for name, (severity, aliases) in EVENT_TYPES.items()
    for alias in [name, *aliases.split()]
}
STATUS_WORDS = {
    "online": "online connected connect up birth 在线 上线 已连接",
    "offline": "offline disconnected disconnect connectionlost lost lwt down death 离线 下线 掉线 断线 已断开",
}
STATUS_NAMES = {alias: name for name, aliases in STATUS_WORDS.items() for alias in aliases.split()}
ACK_WORDS = {"success": "low", "failed": "high", "rejected": "high"}

BOUNDARY = re.compile("(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])")
SEPARATOR = re.compile("[^0-9A-Za-z\x80-\U0010ffff]+")


def canonical_event(text):
    """Event types: "upper case, one `_` for whatever stands between words". Open: what a word is. Letters and digits of ASCII, and every character
    beyond ASCII; a capital begins one behind a small letter, or before one."""
    words = SEPARATOR.sub("_", BOUNDARY.sub("_", text)).strip("_")
    name = cut(words.translate({code: code - 32 for code in range(0x61, 0x7B)}), EVENT_TYPE_BYTES).strip("_")
    return EVENT_NAMES.get(name.replace("_", ""), (name, "unknown"))


def status_word(text):
    return STATUS_NAMES.get(spelling(text))


def spelling(text):
    """Statuses: "in any case, with blanks, `_` and `-` wherever they are"; of acknowledgements as well."""
    return re.sub(r"[ \t\n\v\f\r_-]+", "", ascii_lower(text))


# ---- the values at the mapped paths ----


class Lookup:
    """The values of one message, and the anomalies on the way to them, in the order of the columns."""

    def __init__(self, root):
        self.root, self.notes, self.beyond, self.said = root, [], [], set()

    def note(self, path, shown, reason):
        """Each place once."""
        if (path, reason) not in self.said:
            self.said.add((path, reason))
            self.notes.append(f"{path}={shown} {reason}")

    def find(self, path, told=True):
        """The node at a path, None if nothing is there."""
        node, way, tell = self.root, "", self.note if told else lambda *_: None
        keys = path.split(".")
        for position, key in enumerate(keys):
            here = f"{way}.{key}" if way else key
            into_array = position + 1 < len(keys) and keys[position + 1].isdigit()
            if node.kind == "object":
                found = [value for name, value in node.value if name == key]
                if not found:
                    if into_array and way:
                        tell(here, "", "missing")
                    return None
                node = found[-1]
            elif node.kind == "array":
                if not key.isdigit():
                    if node.value:
                        tell(way, show(node), "not an object")
                    return None
                if int(key) >= len(node.value):
                    return None
                node = node.value[int(key)]
            way = here
            if position + 1 == len(keys):
                return node
            if node.kind in ("object", "array"):
                if into_array and told:
                    self.judge_array(way, node)
                continue
            if node.kind == "null":
                if into_array or keys[position + 2 : position + 3] and keys[position + 2].isdigit():
                    tell(way, "null", "no value")
                return None
            tell(way, show(node), "not an object or array")
            return None
        return node

    def judge_array(self, way, node):
        """An array that columns have paths into (Anomalies)."""
        positions = ARRAYS[way]
        if node.kind == "array" and not node.value:
            self.note(way, "[]", "empty")
        elif node.kind == "object" and not any(name in positions for name, _ in node.value):
            self.note(way, "{...}", "not an array")
        elif node.kind == "array" and len(node.value) > len(positions):
            note = f"{way}.{len(positions)}={show(node.value[len(positions)])} no column"
            if note not in self.beyond:
                self.beyond.append(note)

    def first(self, paths):
        """Mapping file: "the first that holds a value counts"; null and a text of nothing but padding hold none. Without one, what is remarkable on
        the way to them is told."""
        empty = (None, None)
        for path in paths:
            node = self.find(path, told=False)
            if node is None:
                continue
            if holds_nothing(node):
                if empty[1] is None:
                    empty = (path, node)
                continue
            self.find(path)
            return path, node
        for path in paths:
            self.find(path)
        return empty

    def value(self, column):
        """A column's value, or None with its anomaly."""
        path, node = self.first(column.paths)
        if node is None:
            return None
        if holds_nothing(node):
            if column.kind != "text":
                self.note(path, show(node), "no value")
            return None
        reason, value = JUDGES[column.kind](column, node)
        if reason:
            self.note(path, show(node), reason)
            return None
        return value

    def equal_keys(self, paths):
        """Anomalies: of equal keys the last counts; in the order in which the second came."""
        places = {".".join(path.split(".")[:size]) for path in paths for size in range(1, path.count(".") + 2)}
        doubled = []

        def walk(node, way):
            if node.kind == "object":
                seen = set()
                for name, value in node.value:
                    here = f"{way}.{name}" if way else name
                    if here not in places:
                        continue
                    if name in seen and here not in doubled:
                        doubled.append(here)
                    seen.add(name)
                    walk(value, here)
            elif node.kind == "array":
                for number, value in enumerate(node.value):
                    here = f"{way}.{number}"
                    if here in places:
                        walk(value, here)

        walk(self.root, "")
        counting = [(place, self.find(place, told=False)) for place in doubled]
        return [f"{place}={show(node)} given twice, the last counts" for place, node in counting if node is not None]


def holds_nothing(node):
    return node.kind == "null" or node.kind == "text" and not trim(node.value)


ARRAYS = {"environment.freezer_temps": [str(zone) for zone in range(len(FREEZER))]}


def judge_text(column, node):
    if node.kind == "text":
        value = trim(node.value)
    elif node.kind == "number":
        if too_wide(node.raw):
            value = node.raw.decode()
        else:
            whole_number = exact_integer(node.raw.decode())
            if whole_number is None:
                return "not text", None
            # Open: up to which size the digits of a whole real are its text: 64 bits, as an integer's.
            if is_real(node.raw.decode()) and not -INT64 <= whole_number < INT64:
                return "not text", None
            value = str(whole_number)
    else:
        return "not text", None
    if CANNOT_STORE.search(value):
        return "holds a character that PostgreSQL cannot store", None
    if len(value.encode()) > column.size:
        return f"longer than {column.size} bytes", None
    return None, value


def number_text(column, node):
    """The decimal number that a value is, as text; None if it is none."""
    if node.kind == "number":
        return node.raw.decode()
    if node.kind != "text":
        return None
    text = trim(node.value)
    if NUMBER_TEXT.fullmatch(text):
        return text
    for unit in column.units:
        if ascii_lower(text).endswith(unit):
            number = text[: -len(unit)].rstrip(" \t\n\v\f\r")
            if NUMBER_TEXT.fullmatch(number):
                return number
    return None


def judge_number(column, node):
    text = number_text(column, node)
    if column.kind == "integer":
        if text is None:
            return "not an integer", None
        value = exact_integer(text)
        if value is None:
            return "not an integer", None
        if not -INT32 <= value < INT32:
            return "does not fit a 32-bit integer", None
    else:
        if text is None:
            return "not a number", None
        value = float(text)
        if math.isinf(value):
            return "does not fit a double", None
    if value in column.faults:
        return "sensor fault code", None
    if not column.low <= value <= column.high:
        return f"outside {column.low}..{column.high}", None
    return None, value


def judge_boolean(column, node):
    if node.kind in ("true", "false"):
        return None, node.kind == "true"
    if node.kind == "number":
        value = exact_integer(node.raw.decode())
        if value in (0, 1):
            return None, value == 1
    if node.kind == "text":
        value = column.words.get(ascii_lower(trim(node.value)))
        if value is not None:
            return None, value
    return "not a boolean", None


JUDGES = {"text": judge_text, "float": judge_number, "integer": judge_number, "boolean": judge_boolean}


# ---- a message ----

DEVICE_NO = re.compile(r"[A-Za-z0-9._:-]{1,64}")
PREFIX = "v1/vm/"
KINDS = {
    "telemetry": "telemetry",
    "events": "events",
    "status": "status",
    "commands": "commands",
    "commands/ack": "ack",
}
# Tables: "without the white space, NULs and byte-order mark around it".
LEADING = re.compile(rb"(?:[ \t\n\v\f\r\x00]|\xef\xbb\xbf)*")
TRAILING_BYTES = b" \t\n\v\f\r\0"
LINE_START = re.compile(rb"\n(?=\{)")
BRACKET = re.compile(rb'[{\[}\]]|"(?:[^"\\\n]|\\[^\n])*"?')  # or a string, which ends on its line at the latest


def trim_payload(payload):
    start = LEADING.match(payload).end()
    return payload[start:].rstrip(TRAILING_BYTES)


class Reject(Exception):
    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


@dataclass
class Part:
    """One message of a publish: its bytes, how many they are counted, and what they are."""

    data: bytes
    size: int
    node: Node = None
    reason: str = None


COUNTED_DEPTH = 200  # as deep as this reader goes


def judge(data, settings):
    """What bytes are: (node if they are JSON, reason of a reject, how many values)."""
    if not valid_utf8(data):
        # Open: how many values count of what is not read to its end, where a limit holds for the whole: those in front of the fault.
        return None, "invalid_utf8", judge(data.decode("utf-8", "replace").partition("\ufffd")[0].encode(), settings)[2]
    reader = Reader(data, settings)
    try:
        node, end = reader.read(0)
        if reader.space(end) < len(data):
            raise BadJson("invalid_json", end)
    except BadJson as fault:
        if fault.reason == "too_deep":
            # Open: what is too deep, and JSON otherwise, is a whole message with all of its values.
            if settings.max_depth == COUNTED_DEPTH:
                return None, "too_deep", reader.values
            node, _, values = judge(data, replace(settings, max_depth=COUNTED_DEPTH))
            return node, "too_deep", values
        return None, fault.reason, reader.values
    return node, None, reader.values


def pieces(payload):
    """The messages of a newline batch (Batches): "a `{` at the start of a line begins a message. One that is damaged reaches to the newline before the
    next". Open: where one ends that begins no line's message: behind the bracket that closes it, if a newline follows."""
    at = LEADING.match(payload).end()
    while at < len(payload):
        line = LINE_START.search(payload, at)
        end = line.start() if line else len(payload)
        behind, depth = end, 0
        for token in BRACKET.finditer(payload, at, end) if payload[at : at + 1] == b"{" else ():
            depth += {b"{": 1, b"[": 1, b"}": -1, b"]": -1}.get(token[0], 0)
            if depth == 0 and token[0] in (b"}", b"]"):
                after = LEADING.match(payload, token.end()).end()
                if after == len(payload) or b"\n" in payload[token.end() : after]:
                    end, behind = token.end(), after
                break
        yield trim_payload(payload[at:end])
        at = LEADING.match(payload, behind).end()


def split(payload, size, settings):
    """The messages of a publish: an array's elements, or objects with a newline between (Batches)."""
    node, reason, _ = judge(payload, settings)
    if not reason and node.kind == "array" and any(item.kind == "object" for item in node.value):
        return [Part(item.raw, len(item.raw), item) for item in node.value]
    whole_of_it = [Part(payload, size, node, reason)]
    # "--max-values hold for the whole"; "an array [...] is one reject, and so is one that is not JSON"
    if node or reason == "too_many_values" or payload[:1] == b"[":
        return whole_of_it
    parts, values = [], 0
    for data in pieces(payload):
        node, reason, count = judge(data, settings)
        values += count
        parts.append(Part(data, len(data), node, reason))
    # "Where no message is whole it is one damaged payload, and one reject"
    if len(parts) == 1 or not any(part.node for part in parts):
        return whole_of_it
    if values > settings.max_values:
        return [Part(payload, size, reason="too_many_values")]
    return parts


class Model:
    def __init__(self, settings):
        self.settings = settings
        self.seen = {}  # (topic, bytes) -> arrival of the first delivery
        self.newest = {}  # topic of a status -> bytes
        self.clocks = {}  # topic of telemetry -> [ts, arrival of the first reading with it, readings]
        names = "received telemetry events status passed duplicates rejected ignored anomalies zoneless"
        self.counts = dict.fromkeys(names.split(), 0)

    # -- one publish --

    def take(self, message):
        outcomes = []
        kind, device_no, reason = self.classify(message.topic)
        payload = trim_payload(message.payload)
        parts = [Part(payload, len(message.payload))]
        if reason is None:
            if kind == "commands" or kind == "status" and not message.payload:
                self.counts["received"] += 1
                self.counts["ignored"] += 1
                return [IGNORED]
            parts = self.parts(kind, payload, len(message.payload))
        for part in parts:
            part.reason = reason or part.reason
            outcome = self.take_part(message, kind, device_no, part)
            self.count(outcome)
            outcomes.append(outcome)
        return outcomes

    @staticmethod
    def classify(topic):
        """kind, device_no where it is known, and the reason to reject."""
        if not topic.startswith(PREFIX):
            return None, None, "unknown_topic"
        device_no, _, rest = topic[len(PREFIX) :].partition("/")
        known = device_no if DEVICE_NO.fullmatch(device_no) else None
        kind = KINDS.get(rest)
        if kind is None:
            return None, known, "unknown_topic"
        return kind, known, None if known else "bad_device_no"

    def parts(self, kind, payload, size):
        whole_of_it = Part(payload, size)
        if not payload:
            whole_of_it.reason = "empty_payload"
        elif len(payload) > self.settings.max_payload:
            whole_of_it.reason = "payload_too_large"
        else:
            return split(payload, size, self.settings)
        return [whole_of_it]

    def count(self, outcome):
        counts = self.counts
        counts["received"] += 1
        if outcome == DUPLICATE:
            counts["duplicates"] += 1
        else:
            counts[outcome.measurement[3:]] += 1
            counts["anomalies"] += len(outcome.notes)

    # -- one message --

    def take_part(self, message, kind, device_no, part):
        key = (message.topic, part.data)
        try:
            if (
                kind == "status"
                and part.reason in (None, "invalid_json")
                and (part.node is None or part.node.kind != "object")
            ):
                word = plain_status(part.data)
                if word:
                    part.reason, part.node = (
                        None,
                        Node("object", part.data, [("status", Node("text", part.data, word))]),
                    )
            if part.reason:
                raise Reject(part.reason)
            if part.node.kind != "object":
                raise Reject("not_an_object")
            row, timed = getattr(self, "take_" + kind)(message, device_no, part)
        except Reject as reject:
            if kind in ("events", "status", "ack") and self.is_repeat(kind, key, message.arrival_ns, False, False):
                return DUPLICATE
            return self.rejected(message, device_no, part, reject.reason)
        if row is None:
            return DUPLICATE
        return row

    def rejected(self, message, device_no, part, reason):
        kept = part.data
        if len(kept) > self.settings.max_payload:
            kept = kept[: self.settings.max_payload]
            # Open: where a payload that is cut ends. Behind a whole character.
            for back in range(1, 4):
                if not valid_utf8(kept) and valid_utf8(kept[:-back]):
                    kept = kept[:-back]
        is_text = valid_utf8(kept) and b"\0" not in kept
        fields = {
            "topic": message.topic,
            "reason": reason,
            "payload": kept.decode() if is_text else base64.b64encode(kept).decode(),
            "payload_encoding": "text" if is_text else "base64",
            "payload_size": part.size,
            "message_id": message_id(message.topic, part.data),
        }
        return Row("vm_rejected", {"device_no": device_no} if device_no else {}, fields, message.arrival_ns)

    def is_repeat(self, kind, key, now, timed, offline):
        """Redelivery. Remembers the message if it is none."""
        age = self.settings.dedup_age_ns if timed else self.settings.dedup_untimed_ns
        is_young = key in self.seen and now - self.seen[key] <= age
        if kind == "status":
            topic, data = key
            if self.newest.get(topic) == data:
                if timed or offline or is_young:
                    return True
            elif timed and is_young:
                return True
            self.newest[topic] = data
        elif is_young:
            return True
        self.seen[key] = now
        return False

    def identity(self, lookup, device_no, paths):
        """Rejects: "the payload names another machine than the topic; a missing or null one is fine"."""
        _, node = lookup.first(paths)
        if node is None or holds_nothing(node):
            return
        if node.kind == "text":
            same = trim(node.value) == device_no
        elif node.kind == "number":
            # Mapped columns: "A whole number is taken as text, too".
            same = device_no == judge_text(Column("", [], "text", size=64), node)[1]
        else:
            same = False
        if not same:
            raise Reject("device_mismatch")

    def device_time(self, lookup):
        _, node = lookup.first(["ts"])
        if node is None or holds_nothing(node):
            return DeviceTime(missing=True)
        found = None
        if node.kind == "text":
            found = read_time(trim(node.value), self.settings)
        elif node.kind == "number" and not too_wide(node.raw):
            found = read_time(node.raw.decode(), self.settings)
        if found is None:
            return DeviceTime(note="ts=" + show(node))
        # Open: a fraction of a microsecond or a nanosecond, which no clock has. Within a microsecond.
        text = trim(node.value) if node.kind == "text" else node.raw.decode()
        is_loose = is_real(text) and NUMBER_TEXT.fullmatch(text) and is_finer(text)
        return DeviceTime(found[0], found[1], note="ts=" + show(node), slack_ns=MICROSECOND if is_loose else 0)

    def is_usable(self, time, arrival_ns):
        return (
            time.ns is not None
            and arrival_ns - self.settings.max_age_ns <= time.ns <= arrival_ns + self.settings.max_ahead_ns
        )

    def row_time(self, time, arrival_ns):
        """The row's time, and the anomaly if it is not the device's (Time)."""
        if time.missing:
            return arrival_ns, "ts= missing, arrival time used"
        if time.ns is None:
            return arrival_ns, time.note + " not a time, arrival time used"
        if time.ns < arrival_ns - self.settings.max_age_ns:
            return arrival_ns, time.note + " too old, arrival time used"
        if time.ns > arrival_ns + self.settings.max_ahead_ns:
            return arrival_ns, time.note + " too far ahead, arrival time used"
        return time.ns, None

    def all_notes(self, message, lookup, paths, time_note, position=(), payload=(), priority=()):
        """Anomalies: the order of them. Columns, elements beyond them, equal keys, positions, payload, properties, time."""
        paths = [path for column in paths for path in column.paths] + ["ts", "device_no"]
        doubled = lookup.equal_keys(paths)
        notes = [*lookup.notes, *lookup.beyond, *doubled, *position, *payload, *self.property_notes(message), *priority]
        return notes + ([time_note] if time_note else [])

    @staticmethod
    def property_notes(message):
        if message.content_type is None:
            return []
        # Tables: "A content type other than application/json is an anomaly". Open: parameters behind ; and case do not make another.
        if ascii_lower(message.content_type.split(";")[0]).strip() == "application/json":
            return []
        return [f"properties.content-type={show_text(message.content_type)} not application/json"]

    @staticmethod
    def priority(message):
        """Tables: "in lower case, up to 64 bytes"."""
        value = trim(message.priority or "")
        if not value:
            return None, []
        if CANNOT_STORE.search(value):
            return None, [
                f"properties.priority={show_text(message.priority)} holds a character that PostgreSQL cannot store"
            ]
        if len(value.encode()) > PRIORITY_BYTES:
            return None, [f"properties.priority={show_text(message.priority)} longer than {PRIORITY_BYTES} bytes"]
        return ascii_lower(value), []

    def row(self, measurement, device_no, fields, time, time_ns, notes):
        # Time: "As long as none was chosen", zoneless "counts such rows".
        if time.zoneless and self.settings.time_zone_s is None:
            self.counts["zoneless"] += 1
        fields = {name: value for name, value in fields.items() if value is not None}
        return Row(measurement, {"device_no": device_no}, fields, time_ns, notes, time.slack_ns)

    def take_telemetry(self, message, device_no, part):
        lookup = Lookup(part.node)
        self.identity(lookup, device_no, ["device_no", "id"])
        values = {column.name: lookup.value(column) for column in TELEMETRY}
        # Rejects: no_data, "none of the mapped values is there"; one that is there and refused is in anomalies.
        if not lookup.notes and all(value is None for value in values.values()):
            raise Reject("no_data")
        position = self.judge_position(lookup, values)
        time = self.device_time(lookup)
        usable = self.is_usable(time, message.arrival_ns)
        time_ns, note = self.row_time(time, message.arrival_ns)
        if usable and self.stands_still(message, part.data, time.ns):
            time_ns, note = message.arrival_ns, time.note + " stands still, arrival time used"
        columns = [*TELEMETRY, Column("", ["id"], "text")]
        notes = self.all_notes(message, lookup, columns, note, position)
        # Time: a clock that ran ahead, "min(ts, arrival)".
        return self.row("vm_telemetry", device_no, values, time, min(time_ns, message.arrival_ns), notes), usable

    def stands_still(self, message, data, ts):
        """Time: "the same ts as the device's reading before, bytes that differ from those of the reading before (the same bytes once more are not
        counted and keep ts), and (more than 60 s of arrival after the first reading with that ts, or the 10th or later one with that ts whose
        arrival is not that of the first)"."""
        clock = self.clocks.get(message.topic)
        if clock is None or clock[0] != ts:
            self.clocks[message.topic] = [ts, message.arrival_ns, 1, data]
            return False
        if clock[3] == data:
            return False
        clock[2] += 1
        clock[3] = data
        later = message.arrival_ns - clock[1]
        return later > STANDS_STILL_NS or clock[2] >= STANDS_STILL_READINGS and later != 0

    @staticmethod
    def judge_position(lookup, values):
        """Anomalies: positions stand or fall together. Gives the anomaly."""
        lat, lng = values["lat"], values["lng"]
        if (lat is None) == (lng is None):
            if lat is None or abs(lat) > NO_FIX_DEGREES or abs(lng) > NO_FIX_DEGREES:
                return []
            note = f"location.lat={show(lookup.find('location.lat'))} no fix"
        elif lng is None:
            note = f"location.lat={show(lookup.find('location.lat'))} without location.lng"
        else:
            note = f"location.lng={show(lookup.find('location.lng'))} without location.lat"
        values["lat"] = values["lng"] = None
        return [note]

    def take_events(self, message, device_no, part):
        lookup = Lookup(part.node)
        self.identity(lookup, device_no, ["device_no"])
        values = {column.name: lookup.value(column) for column in EVENTS}
        name, severity = canonical_event(values["event_type"] or "")
        if not name:
            raise Reject("missing_field")
        time = self.device_time(lookup)
        usable = self.is_usable(time, message.arrival_ns)
        if self.is_repeat("events", (message.topic, part.data), message.arrival_ns, usable, False):
            return None, usable
        raw_data, raw_notes = repair(part.data)
        priority, priority_notes = self.priority(message)
        time_ns, note = self.row_time(time, message.arrival_ns)
        values.update(event_type=name, raw_data=raw_data, severity=severity, priority=priority)
        values["message_id"] = message_id(message.topic, part.data)
        notes = self.all_notes(message, lookup, EVENTS, note, payload=raw_notes, priority=priority_notes)
        return self.row("vm_events", device_no, values, time, time_ns, notes), usable

    def take_ack(self, message, device_no, part):
        lookup = Lookup(part.node)
        self.identity(lookup, device_no, ["device_no"])
        values = {column.name: lookup.value(column) for column in ACKS}
        status = values.pop("status")
        if status is None:
            raise Reject("missing_field")
        severity = ACK_WORDS.get(spelling(status))
        if severity is None:
            lookup.notes.insert(0, f"status={show(lookup.find('status'))} unknown status")
        time = self.device_time(lookup)
        usable = self.is_usable(time, message.arrival_ns)
        if self.is_repeat("ack", (message.topic, part.data), message.arrival_ns, usable, False):
            return None, usable
        raw_data, raw_notes = repair(part.data)
        priority, priority_notes = self.priority(message)
        values.update(event_type="COMMAND_ACK", raw_data=raw_data, severity=severity or "low", priority=priority)
        values["message_id"] = message_id(message.topic, part.data)
        # Command acknowledgements: "arrival time without anomaly (a usable ts is taken if there is one)". Open: a ts that is no time, or too old, is
        # what it is everywhere.
        time_ns, note = self.row_time(time, message.arrival_ns)
        notes = self.all_notes(
            message, lookup, ACKS, None if time.missing else note, payload=raw_notes, priority=priority_notes
        )
        return self.row("vm_events", device_no, values, time, time_ns, notes), usable

    def take_status(self, message, device_no, part):
        lookup = Lookup(part.node)
        self.identity(lookup, device_no, ["device_no", "id"])
        values = {column.name: lookup.value(column) for column in STATUS}
        if values["status"] is None:
            raise Reject("missing_field")
        word = status_word(values["status"])
        if word is None:
            lookup.notes.insert(0, f"status={show(lookup.find('status'))} unknown status")
            word = ascii_lower(values["status"])
        offline = word == "offline"
        time = self.device_time(lookup)
        usable = self.is_usable(time, message.arrival_ns) and not offline
        if self.is_repeat("status", (message.topic, part.data), message.arrival_ns, usable, offline):
            return None, usable
        time_ns, note = self.row_time(time, message.arrival_ns)
        if offline:
            # Time: "a missing one is no anomaly", and a stale one neither.
            time_ns, note = (
                message.arrival_ns,
                None if time.missing or time.ns is not None else time.note + " not a time",
            )
        values.update(status=word, device_ts=time.ns, message_id=message_id(message.topic, part.data))
        notes = self.all_notes(message, lookup, [*STATUS, Column("", ["id"], "text")], note)
        return self.row("vm_status", device_no, values, time, min(time_ns, message.arrival_ns), notes), usable


def plain_status(payload):
    """Status: a payload that is no object, but a known word, "trimmed and without quotes"."""
    text = trim(payload.decode())
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = trim(text[1:-1])
    return text if status_word(text) else None


def valid_utf8(data):
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
