"""Random messages as machines, and what is between, might send them: valid, odd and damaged. The same seed gives the same messages.

    for message in Generator(seed).messages(1000): ...        message is a model.Message
    capture_line(message)                                      it as a line of a capture

Everything is text of JSON, put together by hand: a library writes no equal keys, no `nan` and no broken strings.
"""

import json
import random
from datetime import datetime, timedelta, timezone

from model import EVENT_TYPES, PADDING, STATUS_WORDS, Message

SECOND = 10**9
MILLISECOND = 10**6
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
BEGIN_NS = 1717200000 * SECOND

DEVICES = [f"VM-SH-{number:03d}" for number in range(1, 25)] + ["a", "Z9._:-", "10023", "x" * 64, "A4:CF:12:00:00:01", "telemetry"]
BAD_DEVICES = ["", "VM SH 001", "售货机-001", "x" * 65, "VM(1)", "VM%2D1", "VM+1", "VM\t1", 'VM"1', "VM,1=2"]
TOPIC_TAILS = ["", "/", "/Telemetry", "/telemetry/", "/telemetry/x", "/event", "/commands/", "/commands/ack/x", "/command", "/status/", "/x"]
FOREIGN_TOPICS = ["v1/vm", "v1/vm/", "V1/VM/VM-SH-001/telemetry", "/v1/vm/VM-SH-001/telemetry", "zigbee2mqtt/bridge/state", "$SYS/broker/uptime", "v1/vmx/a/status"]

UNITS = {
    "voltage": ["V", "v"],
    "current": ["A", "a"],
    "uptime": ["s", "S"],
    "vibration_g": ["g", "G"],
    "rssi": ["dBm", "dbm", "DBM"],
    "temp": ["℃", "°C", "ºC", "C", "degC", "c", "°c"],
    "position": ["deg", "°", "DEG"],
}
WRONG_UNITS = ["°F", "mV", "N", "E", "kV", "%", "F", "K", "dB", "V V", "x", "m", "sec", "℉", "bar"]
WORDS = ["nan", "NaN", "NAN", "-nan", "inf", "-inf", "Infinity", "-Infinity", "INF", "-INFINITY", "infinity"]
NOT_WORDS = ["nanx", "+nan", "undefined", "None", "NULL", "True", "+1", ".5", "1.", "0x1F", "01", "--1", "- nan", "nan1", "infinit", "nan.0", "'a'", "tru", "1e", "e5", "-"]
CHINESE = "卡货门开关超温告警出餐成功售货机上海断电"
ODD_CHARACTERS = ["\0", "\x01", "\x1f", "\x7f", "\ud800", "\udfff", "\u00a0", "\u3000", "é", "😀", "\ufeff", "\ufffe", '"', "\\", "/", "\n", "\t", "\u2028"]

# What the decisions of plugin/README.md brought; a run without them holds an older program against the model.
ALL = frozenset("nan padding dups arrays positions units batches statuses commands zones ahead repeats clocks wholes".split())


class Generator:
    def __init__(self, seed, features=ALL, max_payload=256 * 1024):
        self.random = random.Random(seed)
        self.features = features
        self.max_payload = max_payload
        self.now = BEGIN_NS + self.random.randrange(10**6) * SECOND
        self.sent = []
        self.clock = {}  # device -> the moment at which its clock stands still, and for how many messages
        self.burst = 0  # messages of the same machine that still follow at once

    # ---- choices ----

    def chance(self, probability):
        return self.random.random() < probability

    def has(self, feature, probability=1.0):
        return feature in self.features and self.chance(probability)

    def pick(self, choices):
        return self.random.choice(choices)

    def between(self, low, high):
        return self.random.randint(low, high)

    # ---- texts of JSON ----

    def string(self, text):
        """A JSON string; some characters as escapes."""
        style = self.random.random()
        parts = []
        for character in text:
            code = ord(character)
            if character in '"\\':
                parts.append("\\" + character)
            elif code < 0x20:
                short = {8: "\\b", 12: "\\f", 10: "\\n", 13: "\\r", 9: "\\t"}.get(code)
                parts.append(short if short and style < 0.5 else f"\\u{code:04x}")
            elif 0xD800 <= code < 0xE000 or style < 0.02 or style < 0.04 and code > 0x7F:
                for unit in [code] if code < 0x10000 else [0xD7C0 + (code >> 10), 0xDC00 + (code & 0x3FF)]:
                    parts.append(f"\\u{unit:04x}" if style < 0.03 else f"\\u{unit:04X}")
            elif character == "/" and style < 0.1:
                parts.append("\\/")
            else:
                parts.append(character)
        return '"' + "".join(parts) + '"'

    def padded(self, text):
        if not self.has("padding", 0.12):
            return text
        padding = [" ", "  ", "\t", "\n", "\r\n", "\0", "\0\0\0", " \0", "\v", "\f"]
        return (self.pick(padding) if self.chance(0.5) else "") + text + (self.pick(padding) if self.chance(0.7) else "")

    def some_text(self, most=12):
        if self.chance(0.1):
            return "".join(self.pick(CHINESE) for _ in range(self.between(1, most)))
        text = "".join(self.pick("abcdefXYZ0189-_ .:/") for _ in range(self.between(1, most)))
        if self.chance(0.15):
            at = self.between(0, len(text))
            text = text[:at] + self.pick(ODD_CHARACTERS) + text[at:]
        return text if "padding" in self.features else text.strip(PADDING) or "x"

    def padding_only(self):
        return self.pick(["", " ", "\0", " \0 ", "\t\n", "  "]) if "padding" in self.features else None

    def object(self, members):
        """members: [(key, text of JSON)]; equal keys stay."""
        style = self.style
        if not members:
            return "{}" if self.chance(0.8) else "{ }"
        if style == "pretty":
            body = ",\n ".join(f"{self.key(key)}: {value}" for key, value in members)
            return "{\n " + body + "\n}"
        comma, colon = (", ", ": ") if style == "spaced" else (",", ":")
        return "{" + comma.join(f"{self.key(key)}{colon}{value}" for key, value in members) + "}"

    def key(self, key):
        return self.string(key) if self.chance(0.02) else '"' + key.replace('"', '\\"') + '"'

    def array(self, items):
        return ("[" + (", " if self.style == "spaced" else ",").join(items) + "]") if items else "[]"

    def junk(self, depth=0):
        """Any value that is JSON."""
        choice = self.random.random()
        if choice < 0.2 and depth < 4:
            return self.array([self.junk(depth + 1) for _ in range(self.between(0, 3))])
        if choice < 0.4 and depth < 4:
            return self.object([(self.some_text(5), self.junk(depth + 1)) for _ in range(self.between(0, 3))])
        if choice < 0.6:
            return self.string(self.some_text(20))
        if choice < 0.8:
            return self.number()
        if self.has("nan", 0.15):
            return self.pick(WORDS)
        return self.pick(["null", "true", "false"])

    def number(self):
        """A JSON number of any form."""
        return self.pick(
            [
                lambda: str(self.between(-300, 600)),
                lambda: f"{self.random.uniform(-200, 600):.{self.between(1, 17)}f}",
                lambda: f"{self.random.uniform(-2, 2) * 10 ** self.between(-12, 25):.{self.between(0, 16)}e}",
                lambda: self.pick(["0", "-0", "-0.0", "0.0", "1e2", "1E+2", "25e-1", "1.0", "3.0", "100e-2", "0e9", "12.50", "1e0"]),
                lambda: self.pick(["1e999", "-1e999", "1e-400", "-1e-310", "1e400", "123456789012345678901234567890", "9" * 100]),
                lambda: self.pick(["2147483647", "2147483648", "-2147483648", "-2147483649", "9223372036854775807", "9223372036854775808"]),
                lambda: str(self.random.getrandbits(self.between(1, 70))),
                lambda: f"{self.between(0, 300)}.{'0' * self.between(1, 12)}",
            ]
        )()

    def wide_fraction(self):
        """Judged by its text, not by the double that is next to it."""
        return f"{self.between(0, 500)}." + "0" * self.between(15, 25) + "1"

    # ---- values of columns ----

    def number_text(self, low, high, units):
        digits = self.between(0, 6)
        number = f"{self.random.uniform(low, high):.{digits}f}"
        if self.chance(0.15):
            number = self.pick(["+5", ".5", "5.", "1e1", "1E+1", "-0", "007", "1,5", "1.2.3", "0x1F", "1_0", "- 1", "", "abc", "12abc", "--", "N/A", "1e400", "1e-400", "１２", "+-1", "e5", "."])
            if not number and "padding" not in self.features:
                number = "?"
        if self.has("units", 0.25):
            number += self.pick(["", " ", "  "]) + self.pick(units if units and self.chance(0.75) else WRONG_UNITS)
        elif self.chance(0.03):
            number += self.pick(WRONG_UNITS)
        return self.string(self.padded(number))

    def numeric(self, low, high, units=(), normal=None):
        """For a column that is a number with such limits."""
        choice = self.random.random()
        if choice < 0.72:
            low, high = normal or (low, high)
            return f"{self.random.uniform(low, high):.{self.between(0, 4)}f}"
        if choice < 0.82:
            return self.number_text(low, high, units)
        if choice < 0.86:
            return self.pick([str(low), str(high), f"{low}.0", f"{high}.0", str(low - 1), str(high + 1), f"{high}.001", f"{low}.5", "-127", "85", "85.0", "99", "199", "-127.00", '"85.0"', '"-127"', '"99"'])
        if choice < 0.90:
            return self.number()
        if choice < 0.93:
            return "null"
        if self.has("nan", 0.3):
            return self.pick(WORDS)
        if self.has("wholes", 0.1):
            return self.wide_fraction()
        if self.has("padding", 0.2):
            return self.string(self.padding_only())
        return self.junk()

    def boolean(self):
        choice = self.random.random()
        if choice < 0.7:
            return self.pick(["true", "false"])
        if choice < 0.85:
            words = ["true", "false", "TRUE", "False", "1", "0", "yes", "no", "Y", "N", "T", "F", "2", "1.0", "-1"]
            if "units" in self.features:
                words += ["on", "off", "ON", "Off", "open", "closed", "OPEN", "Closed", "opened", "close"]
            return self.string(self.padded(self.pick(words)))
        if choice < 0.92:
            return self.pick(["1", "0", "1.0", "0.0", "2", "-1", "0.5", "null", "1e0", "10e-1", "-0", "0e5"])
        if self.has("wholes", 0.2):
            return self.wide_fraction()
        return self.junk()

    def text(self, choices, most):
        choice = self.random.random()
        if choice < 0.75:
            return self.string(self.padded(self.pick(choices)))
        if choice < 0.80:
            return str(self.between(-10, 10**self.between(1, 18)))
        if choice < 0.84:
            return self.string(self.padded("".join(self.pick("xy中") for _ in range(self.between(max(0, most // 3 - 1), most + 2)))))
        if choice < 0.90:
            return self.string(self.padded(self.some_text(20)))
        if choice < 0.94:
            return "null"
        if self.has("padding", 0.4):
            return self.string(self.padding_only())
        if self.has("wholes", 0.3):
            return self.pick(["101.0", "1717243198250.0", "1e18", "5e0", "1.5", "12.30", "-7.0", "1200e-2", "0.0"])
        if "wholes" not in self.features:
            return self.pick(["true", "[]", '["a"]', "{}", "1.5", "12345678901234567890", "3.25"])
        return self.pick(["true", "[]", '["a"]', "{}", "1.5", "12345678901234567890", "3.25"])

    def members(self, members):
        """Some left out, some twice, some that nobody knows, in any order."""
        kept = [member for member in members if self.chance(0.9)]
        # One in a message: what two in each other mean is open.
        if self.has("dups", 0.03) and kept and not self.doubled:
            self.doubled = True
            kept.insert(self.between(0, len(kept)), self.pick(members))
            if self.chance(0.3):
                kept.append(self.pick(members))
        if self.chance(0.1):
            kept.insert(self.between(0, len(kept)), (self.pick(["extra", "Voltage", "freezerTemps", "0", "seq", self.some_text(4)]), self.junk()))
        if self.chance(0.15):
            self.random.shuffle(kept)
        return kept

    def section(self, members):
        """A section of telemetry: an object, or something else in its place."""
        if self.chance(0.97):
            return self.object(self.members(members))
        shapes = ["5", '"ok"', "true", "null", "[]", "{}"]
        if "arrays" in self.features:
            shapes += ["[1,2]", "[{}]", "nan" if "nan" in self.features else "0"]
        return self.pick(shapes)

    def freezers(self):
        def zone():
            return self.numeric(-90, 80, UNITS["temp"], (-25, -12))

        choice = self.random.random()
        if choice < 0.8:
            return self.array([zone() for _ in range(4)])
        if choice < 0.92:
            return self.array([zone() for _ in range(self.between(1, 7))])
        if choice < 0.94:
            names = ["0", "1", "2", "3", "4", "a"] if "arrays" in self.features else ["0", "1"]
            return self.object([(name, zone()) for name in names if self.chance(0.6)] or [("0", zone())])
        if "arrays" in self.features:
            return self.pick(["null", "[]", "{}", '{"zone_a":-18}', '{"4":1}', "-18.2", '"-18,-17"', "[[-18.2,-18]]", "[{}]", "true", "[null]", '{"00":1}'])
        return self.pick(["-18.2", '"-18,-17"', "[[-18.2,-18]]", "[{}]", "true", "[null]"])

    def position(self):
        choice = self.random.random()
        if "positions" not in self.features:
            return [("lat", f"{self.random.uniform(-90, 90):.6f}"), ("lng", f"{self.random.uniform(-180, 180):.6f}")]
        if choice < 0.8:
            return [("lat", f"{self.random.uniform(-90, 90):.6f}"), ("lng", f"{self.random.uniform(-180, 180):.6f}")]
        if choice < 0.9:
            near = ["0", "0.0", "-0.0", "0.0005", "-0.001", "0.001", "0.0010001", "-0.0005", '"0.000000"', "1e-9", "0.002", '"0°"', "31.2"]
            return [("lat", self.pick(near)), ("lng", self.pick(near))]
        return [("lat", self.numeric(-90, 90, UNITS["position"])), ("lng", self.numeric(-180, 180, UNITS["position"]))]

    # ---- times ----

    def moment(self, device):
        """A device's clock, in ns; and whether it works."""
        choice = self.random.random()
        now = self.now
        if choice < 0.80:
            return now - self.between(0, 30 * 10**6) * 1000
        if choice < 0.84:
            return now - self.between(0, 7 * 86400 + 3600) * SECOND
        if choice < 0.87:
            return now - 7 * 86400 * SECOND + self.between(-3, 3) * 1000
        if choice < 0.90:
            return self.between(0, 10**self.between(1, 8)) * SECOND
        if choice < 0.94:
            if "ahead" not in self.features:
                return now + 601 * SECOND + self.between(1, 10**7) * SECOND
            return now + self.pick([600 * SECOND + self.between(-3, 3) * 1000, self.between(1, 600) * SECOND, self.between(1, 10**6) * 1000, self.between(600, 10**7) * SECOND])
        return now - self.between(0, 30 * 10**6) * 1000

    def stuck_clock(self, device):
        """A clock that stands still for some messages: their moment, or None."""
        if "clocks" not in self.features:
            return None
        moment, left = self.clock.get(device, (0, 0))
        if left:
            self.clock[device] = (moment, left - 1)
            return moment if self.chance(0.95) else None
        if self.chance(0.01):
            self.clock[device] = (self.now - self.between(0, 100) * SECOND, self.between(1, 15))
        return None

    def unix(self, ns):
        forms = [str(ns // SECOND)] * 6 + [str(ns // MILLISECOND)] * 4 + [str(ns // 1000), str(ns)]
        if ns >= 10**15:
            forms += [f"{ns // SECOND}.{ns // MILLISECOND % 1000:03d}", f"{ns // SECOND}.{ns // 1000 % 10**6:06d}", f"{ns // SECOND}.0"]
            forms += [f"{ns // 10**7 / 10**11:.9f}e9"[: self.between(5, 12)] + "e9" if self.chance(0.1) else f"{ns // MILLISECOND}.5"]
        return self.pick(forms)

    def iso(self, ns):
        seconds, fraction = divmod(ns, SECOND)
        if not 0 <= seconds < 253402300799:
            return "1970-01-01T00:00:00Z"
        offset = 0 if self.chance(0.7) else self.pick([8 * 3600, -5 * 3600 - 1800, 14 * 3600, -3600, 5 * 3600 + 2700, -23 * 3600])
        zoneless = self.chance(0.1)
        if zoneless:
            offset = 0
        date = EPOCH + timedelta(seconds=max(0, seconds + offset))
        digits = self.pick([0, 0, 3, 3, 6, 6, 1, 9, 2, 12])
        tail = "" if not digits else self.pick(".....,") + (f"{fraction:09d}" + "999")[:digits]
        if offset or self.chance(0.1):
            sign = "-" if offset < 0 else "+"
            hours, minutes = abs(offset) // 3600, abs(offset) % 3600 // 60
            zones = [f"{sign}{hours:02d}:{minutes:02d}", f"{sign}{hours:02d}{minutes:02d}", f"Z{sign}{hours:02d}{minutes:02d}"]
            if not minutes:
                zones.append(f"{sign}{hours:02d}")
            zone = self.pick(zones)
            if self.has("zones", 0.2):
                zone = " " + zone.lstrip("Z")
        else:
            zone = self.pick("ZZZZZz")
        if zoneless:
            zone = ""
        elif self.has("zones", 0.05):
            zone += self.pick(["[UTC]", "[UTC]", "[Asia/Shanghai]"])
        elif self.chance(0.02):
            zone = self.pick([" CST", "CST", "+25:00", "+8", "+8:00", "ZZ", "+08:60", "[UTC]", "Z[", "UTC", "  +0800", "+24:00"]) if "zones" in self.features else "+25:00"
        if self.has("zones", 0.08):
            return date.strftime("%Y%m%dT%H%M%S") + tail + zone
        if self.chance(0.03):
            return date.strftime("%Y-%m-%dT%H:%M") + zone
        return date.strftime("%Y-%m-%d") + self.pick("TTTTTTt  ") + date.strftime("%H:%M:%S") + tail + zone

    BAD_TIMES = [
        "true", '"yesterday"', '{"s":1}', "[1]", '"2026-02-30T00:00:00Z"', '"2024-13-01T00:00:00Z"', '"24/11/2026 00:39:58"', '"2024-06-01"', '"2024-06-01T24:00:00Z"',
        '"9999-12-31T23:59:59Z"', '"1969-12-31T23:59:59Z"', "1e999", "123456789012345678901234567890", '"0x665B0EFE"', '"1717243198s"', "17172431982", "99999999999",
        '"2024-06-01T11:60:00Z"', '"2024-06-01T11:59:61Z"', '"2024-6-1T1:00:00Z"', '"NaN"', "12", "0", '"12"', "12345678", "false", '"2024-06-01T11:59:58.Z"', "{}", "[]",
    ]  # fmt: skip

    def time_member(self, device, ns=None):
        """[("ts", ...)], or nothing."""
        choice = self.random.random()
        if choice < 0.03:
            return []
        if choice < 0.05:
            return [("ts", "null")]
        if choice < 0.09:
            return [("ts", self.pick(self.BAD_TIMES + (WORDS + ["-1", '"-1"'] if "nan" in self.features else [])))]
        if self.has("padding", 0.005):
            return [("ts", self.string(self.padding_only()))]
        if ns is None:
            ns = self.stuck_clock(device)
        ns = self.moment(device) if ns is None else ns
        if choice < 0.5:
            return [("ts", self.unix(ns))]
        if choice < 0.6:
            return [("ts", self.string(self.padded(self.unix(ns))))]
        return [("ts", self.string(self.padded(self.iso(ns))))]

    def identity(self, device):
        choice = self.random.random()
        if choice < 0.7:
            return [("device_no", self.string(self.padded(device)))]
        if choice < 0.8:
            return [("id", self.string(self.padded(device)))]
        if choice < 0.94:
            return []
        if choice < 0.96:
            return [("device_no", "null"), ("id", self.pick([self.string(device), '"other"', "4711", "null"]))]
        if device.isdigit() and self.chance(0.5):
            return [("device_no", device)]
        if self.has("padding", 0.3):
            return [("device_no", self.string(self.padding_only())), ("id", self.string(device))]
        return [("device_no", self.pick(['"VM-SH-999"', "1", "true", "[]", "{}", self.string(device.lower() + "x"), '"VM\\ud800"', "1.5", "12345678901234567890"]))]

    # ---- payloads ----

    def telemetry(self, device):
        system = [
            ("voltage", self.numeric(0, 500, UNITS["voltage"], (200, 240))),
            ("current", self.numeric(0, 200, UNITS["current"], (0, 8))),
            ("uptime", self.numeric(0, 2147483647, UNITS["uptime"], (0, 10**6)).split(".")[0] if self.chance(0.8) else self.numeric(0, 2147483647, UNITS["uptime"])),
            ("door_closed", self.boolean()),
        ]
        system[2] = ("uptime", self.repair_json(system[2][1]))
        environment = [
            ("freezer_temps", self.freezers()),
            ("ambient_temp", self.numeric(-90, 80, UNITS["temp"], (10, 40))),
            ("vibration_g", self.numeric(0, 200, UNITS["vibration_g"], (0, 3))),
        ]
        connectivity = [
            ("rssi", self.repair_json(self.numeric(-150, 0, UNITS["rssi"], (-110, -50)).split(".")[0])),
            ("type", self.text(["4G", "5G", "WiFi", "Ethernet"], 16)),
            ("csq", self.repair_json(self.numeric(0, 199, (), (0, 31)).split(".")[0])),
        ]
        sections = [("system", self.section(system)), ("environment", self.section(environment)), ("connectivity", self.section(connectivity))]
        sections.append(("location", self.section(self.position()) if "positions" in self.features else self.object(self.position())))
        few = 0.75 if self.chance(0.8) else 0.25
        return self.object(self.members(self.identity(device) + self.time_member(device) + [part for part in sections if self.chance(few)]))

    @staticmethod
    def repair_json(text):
        """What a cut at the point left of a value; whole again."""
        try:
            json.loads(text)
        except ValueError:
            return "null" if text not in WORDS else text
        return text

    def event_name(self):
        name = self.pick(list(EVENT_TYPES))
        choice = self.random.random()
        if choice < 0.4:
            return name
        if choice < 0.6:
            return self.pick(EVENT_TYPES[name][1].split())
        if choice < 0.85:
            words = name.split("_")
            spelling = self.between(0, 6)
            if spelling == 0:
                return "-".join(words).lower()
            if spelling == 1:
                return " ".join(word.title() for word in words)
            if spelling == 2:
                return words[0].lower() + "".join(word.title() for word in words[1:])
            if spelling == 3:
                return "".join(words)
            if spelling == 4:
                return "".join(word.title() for word in words)
            if spelling == 5:
                return "__" + ". ".join(words).lower() + "!"
            return "/".join(words)
        if choice < 0.95:
            return self.pick(["fan stuck", "fanStuck", "HTTPError", "XMLHttp2Request", "风扇故障", "A1B", "x" * self.between(60, 70), "é" * 40, "door-2Open", "卡 货", "a_b-c"])
        return self.some_text(30)

    def event_type(self):
        choice = self.random.random()
        if choice < 0.94:
            return self.string(self.padded(self.event_name()))
        kinds = ["null", "17", "true", '["DOOR_OPENED"]', '{"name":"x"}', "5.5", '"---"', self.string("y" * self.between(1020, 1028))]
        if "nan" in self.features:
            kinds += WORDS[:2]
        if "padding" in self.features:
            kinds += ['""', '"\\u0000"', '" "']
        return self.pick(kinds)

    def event(self, device):
        data = [
            ("order_id", self.text(["ORD1", "20261124-7", "000123", "订单-7"], 128)),
            ("channel_id", self.text(["M-05", "7", "A1"], 64)),
            ("meal_cid", self.text(["M-01", "M-48"], 64)),
            ("oven_id", self.text(["OVEN_A", "OVEN_B"], 64)),
            ("error_code", self.text(["E101", "E103", "101"], 64)),
            ("image_url", self.text(["https://oss.example.com/1.jpg"], 2048)),
            ("video_url", self.text(["https://oss.example.com/v.mp4"], 2048)),
            ("note", self.junk()),
            ("g_force", self.number()),
        ]
        kept = [member for member in data if self.chance(0.3)]
        shapes = ["null", '"none"', "5", "[]", "{}"] + (['["a"]'] if "arrays" in self.features else [])
        body = self.object(self.members(kept)) if self.chance(0.93) else self.pick(shapes)
        identity = self.identity(device) if self.chance(0.2) else []
        if identity and identity[0][0] == "id":
            identity = [("id", '"evt-17"')]
        return self.object(self.members([("event_type", self.event_type())] + identity + [("data", body)] + self.time_member(device)))

    def status_value(self):
        known = ["online", "offline", "Online", "OFFLINE"]
        if "statuses" in self.features:
            known += [word for words in STATUS_WORDS.values() for word in words.split()] + ["connection lost", "Connection_Lost", "On-Line", " LWT", "1", "0", "rebooting", "sleeping", "已 断开", "在线。"]
        choice = self.random.random()
        if choice < 0.92:
            return self.string(self.padded(self.pick(known)))
        kinds = ["null", "true", '["online"]', '{"state":"online"}', "5.5", self.string("o" * self.between(33, 40)), '"on\\u0000line"']
        if "statuses" in self.features:
            kinds += ["1", "0", self.string("o" * 32), self.string(self.some_text(20))]
        if "padding" in self.features:
            kinds += ['""', '" "', '"\\u0000"']
        if "nan" in self.features:
            kinds.append("nan")
        return self.pick(kinds)

    def status(self, device):
        members = [
            ("status", self.status_value()),
            ("firmware", self.text(["5.0.1", "5.0.2"], 64)),
            ("hardware", self.text(["v3.2"], 64)),
            ("reason", self.text(["unexpected", "maintenance", "断电"], 256)),
        ]
        kept = [member for member in members if member[0] == "status" or self.chance(0.5)]
        return self.object(self.members(kept + self.identity(device) + self.time_member(device)))

    def plain_status(self):
        words = ["online", "offline", '"offline"', ' "online" ', "Online\n", "lwt", "connection lost", "在线", "掉线", "0", "1", "true", "sleeping", '"x"', "online offline", "null"]
        return self.pick(words)

    def ack(self, device):
        status = self.string(self.padded(self.pick(["success", "failed", "rejected", "SUCCESS", "Failed", "Rejected", "done", "ok"])))
        if self.chance(0.1):
            status = self.pick(["null", "5", "true", '""', "{}", '"failed\\u0000x"', "1.5"])
        error = self.pick(["null", "null", '{"code":"E301","message":"x"}', '{"code":301}', '{"code":null}', "[]", '"E1"', '{"code":""}', "{}"])
        members = [("cmd_id", self.string(f"c-{self.between(1, 10**6)}")), ("status", status), ("result", self.junk()), ("error", error)]
        if self.chance(0.1):
            members += self.time_member(device, self.now - self.between(0, 10**7) * 1000)
        if self.chance(0.1):
            members += self.identity(device)
        return self.object(self.members(members))

    def deep(self):
        depth = self.between(20, 40) if self.chance(0.9) else 3000
        opener, closer = self.pick([("[", "]"), ('{"a":', "}")])
        nested = opener * depth + ("1" if opener != "[" else "") + closer * (depth if self.chance(0.8) else self.between(0, depth))
        return self.object([("event_type", '"DEEP"'), ("data", nested), ("ts", str(self.now // SECOND))])

    def big(self):
        size = self.pick([2000, 5000, 20000]) if self.chance(0.97) else self.max_payload + self.between(-100, 100)
        body = self.pick(["x", "中", "\\n"]) * (size // 2)
        if self.chance(0.3):
            body = '"' + body + '"'
            return self.object([("event_type", '"BIG"'), ("data", body), ("ts", str(self.now // SECOND))])
        return self.object([("event_type", '"BIG"'), ("data", self.array(["1"] * (size // 2))), ("ts", str(self.now // SECOND))])

    NOT_JSON = ["not json", "{", "}", "[", '"', "{'a':1}", "{a:1}", '{"a":1}x', "{} {}", "[1,2]", "42", "null", "true", '"text"', "-1.5e3", "[]", "<xml/>", "=", "// x\n{}", "{}", "\ufeff{}", "OK", "a=1&b=2"]

    def payload(self, kind, device):
        self.style = self.pick(["compact", "compact", "compact", "spaced", "pretty"])
        self.doubled = False
        choice = self.random.random()
        if kind == "status" and self.has("statuses", 0.06):
            return self.plain_status().encode()
        if choice < 0.01:
            text = self.pick(self.NOT_JSON if "batches" in self.features else [bad for bad in self.NOT_JSON if "\n" not in bad and bad not in ("[]", "[1,2]")])
        elif choice < 0.012:
            text = self.deep()
        elif choice < 0.014:
            text = self.big()
        elif kind == "telemetry":
            text = self.telemetry(device)
        elif kind == "status":
            text = self.status(device)
        elif kind == "commands/ack":
            text = self.ack(device)
        else:
            text = self.event(device)
        if self.has("batches", 0.04):
            text = self.batch(kind, device, text)
        data = text.encode("utf-8", "surrogatepass")
        if self.chance(0.05):
            data = self.damaged(data)
        if self.chance(0.03):
            data = self.pick([b"", b" ", b"\r\n", b"\0", b"\xef\xbb\xbf", b"\t\n "]) + data + self.pick([b"", b"\n", b"\0\0", b" \r\n", b" "])
        if self.chance(0.003):
            data = self.pick([b"", b"", b" ", b"\0\0", b"\n \t", b"\xef\xbb\xbf"])
        return data

    def batch(self, kind, device, first):
        maker = {"telemetry": self.telemetry, "status": self.status, "commands/ack": self.ack}.get(kind, self.event)
        elements = [first] + [maker(device) for _ in range(self.between(0, 3))]
        if self.chance(0.3):
            elements.insert(self.between(0, len(elements)), self.pick(["5", "null", '"x"', "[]", "[{}]", "true", "nan"]))
        if self.chance(0.1):
            elements.append(elements[0])
        if self.chance(0.5):
            return self.pick(["[", "[ ", "[\n"]) + self.pick([",", ", ", ",\n"]).join(elements) + self.pick(["]", "\n]", "" if self.chance(0.1) else "]"])
        if self.chance(0.2):
            at = self.between(0, len(elements) - 1)
            broken = elements[at]
            elements[at] = self.pick([broken[: len(broken) // 2], broken + "}", broken[1:], "log: " + broken, broken + broken, "", broken + " x"])
        return self.pick(["\n", "\n", "\r\n", "\n\n", " \n "]).join(elements)

    def damaged(self, data):
        if not data:
            return data
        at = self.between(0, len(data) - 1)
        choice = self.between(0, 9)
        if choice == 0:
            return data[:at]
        if choice == 1:
            return data[at:]
        if choice == 2:
            return data[:at] + data[at + self.between(1, 5) :]
        if choice == 3:
            return data[:at] + bytes([self.between(0, 255)]) + data[at + 1 :]
        if choice == 4:
            return data[:at] + self.pick([b"\0", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe4\xb8", b"\n", b"\t", b"\x1b"]) + data[at:]
        if choice == 5:
            return data.replace(b"}", b",}", 1)
        if choice == 6:
            return data.replace(b":", self.pick([b":", b"=", b"::", b" "]), 1)
        if choice == 7:
            values = NOT_WORDS + (WORDS if "nan" in self.features else [])
            return data.replace(b":", b":" + self.pick(values).encode() + self.pick([b",", b""]), 1)
        if choice == 8:
            return data[:at] + data[self.between(0, len(data) - 1) :]
        return data.replace(b'"', self.pick([b"'", b"", b'\\"']), 1)

    # ---- messages ----

    def topic(self):
        """(topic, kind, device)."""
        device = self.pick(DEVICES[:8]) if self.chance(0.5) else self.pick(DEVICES)
        kinds = ["telemetry"] * 10 + ["events"] * 7 + ["status"] * 5 + (["commands/ack", "commands"] if "commands" in self.features else [])
        kind = self.pick(kinds)
        choice = self.random.random()
        if choice < 0.975:
            return f"v1/vm/{device}/{kind}", kind, device
        if choice < 0.985:
            return f"v1/vm/{self.pick(BAD_DEVICES)}/{kind}", kind, device
        if choice < 0.995:
            return f"v1/vm/{self.pick([device, *BAD_DEVICES])}{self.pick(TOPIC_TAILS)}", kind, device
        return self.pick(FOREIGN_TOPICS), kind, device

    def step(self):
        choice = self.random.random()
        if choice < 0.6:
            return self.between(0, 50000) * 1000
        if choice < 0.9:
            return self.between(0, 2 * 10**6) * 1000
        if choice < 0.985:
            return self.between(0, 20 * 10**6) * 1000
        if choice < 0.997:
            return self.between(0, 600) * SECOND
        return self.between(0, 3 * 3600) * SECOND

    def repeated(self):
        """Something that was sent before, recently or long ago."""
        back = self.between(1, 5) if self.chance(0.6) else self.between(1, 300)
        message = self.sent[-min(back, len(self.sent))]
        if "repeats" not in self.features and "/events" not in message.topic:
            return None
        payload = message.payload
        if self.chance(0.1):
            payload += self.pick([b"\n", b" ", b"\0"])
        return Message(message.topic, payload, self.now, message.priority, message.content_type)

    def message(self):
        if self.burst:
            # Parts of a reading, or a buffer that is emptied.
            self.burst -= 1
            self.now += self.pick([0, 0, 1000, self.between(0, 10**6) * 1000, self.between(0, 10**7) * 1000])
            return Message(self.sent[-1].topic, self.payload("telemetry", self.sent[-1].topic.split("/")[2]), self.now)
        self.now += self.step()
        if self.sent and self.chance(0.12):
            message = self.repeated()
            if message is not None:
                return message
        topic, kind, device = self.topic()
        message = Message(topic, self.payload(kind, device), self.now)
        if topic == f"v1/vm/{device}/telemetry" and self.has("clocks", 0.01):
            self.burst = self.between(3, 20)
            self.clock[device] = (self.now - self.between(0, 100) * SECOND, self.burst)
        if self.chance(0.1):
            message.priority = self.pick(["high", "Medium", " LOW ", "", "critical", "é" * 33, "x" * 64, "x" * 65, "高"])
        if self.chance(0.1):
            message.content_type = self.pick(["application/json", "application/json", "application/json; charset=utf-8", "text/plain", "APPLICATION/JSON", "x" * 80])
        return message

    def messages(self, count):
        for _ in range(count):
            message = self.message()
            self.sent.append(message)
            if len(self.sent) > 600:
                del self.sent[:300]
            yield message


def capture_string(data):
    """Bytes as a JSON string; those that are not UTF-8 stay as they are (How a line is read)."""
    out = bytearray(b'"')
    for byte in data:
        if byte in b'"\\':
            out += b"\\" + bytes([byte])
        elif byte < 0x20:
            out += b"\\u%04x" % byte
        else:
            out.append(byte)
    return bytes(out + b'"')


def capture_line(message):
    """A message as mosquitto_sub -F '%j' writes it."""
    seconds, ns = divmod(message.arrival_ns, SECOND)
    stamp = (EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S") + f".{ns // 1000:06d}Z"
    properties = []
    if message.content_type is not None:
        properties.append(b'"content-type":' + capture_string(message.content_type.encode()))
    if message.priority is not None:
        properties.append(b'"user-properties":{"priority":' + capture_string(message.priority.encode()) + b"}")
    extra = b',"properties":{' + b",".join(properties) + b"}" if properties else b""
    line = b'{"tst":"%s","topic":%s,"qos":1,"retain":0,"payloadlen":%d%s,"payload":%s}\n'
    return line % (stamp.encode(), capture_string(message.topic.encode()), len(message.payload), extra, capture_string(message.payload))
