#!/usr/bin/env python3
"""Writes demo.jsonl: an hour of ten machines as mosquitto_sub -F '%j' would have recorded it (-V 5 --retain-as-published).

    test/captures/make_demo.py > test/captures/demo.jsonl

The same bytes every time. What the machines do stands in the tables below; the facts of
README.md (units, ranges, event data, error codes, what is seen in the field) rule how it looks on the
wire. The end of the hour fits its beginning, so that it can be played in rounds.
"""

import json
import math
import random
import sys
from collections import namedtuple
from datetime import datetime, timedelta, timezone

START = datetime(2026, 11, 24, tzinfo=timezone.utc)
HOUR = 3600
TELEMETRY_EVERY = 20  # seconds, some less or more
MINUTE = 60

Machine = namedtuple("Machine", "number firmware hardware network lat lng ambient rush")

# rush: seconds between two orders on average.
FLEET = [
    Machine("VM-SH-001", "5.0.1", "v3.2", "4G", 31.230416, 121.473701, 23.5, 240),
    Machine("VM-SH-002", "5.0.1", "v3.2", "5G", 31.197646, 121.432140, 24.0, 420),
    Machine("VM-SH-003", "5.0.1", "v3.2", "4G", 31.236299, 121.502730, 22.0, 300),
    Machine("VM-SH-004", "5.0.1", "v3.1", "WiFi", 31.154340, 121.806720, 21.5, 360),
    Machine("VM-BJ-001", "5.0.1", "v3.2", "5G", 39.908823, 116.397470, 19.0, 300),
    Machine("VM-BJ-002", "5.0.0", "v3.1", "4G", 39.984702, 116.318417, 20.0, 480),
    Machine("VM-BJ-003", "5.0.1", "v3.2", "4G", 39.865195, 116.378517, 18.5, 420),
    Machine("VM-GZ-001", "5.0.1", "v3.2", "4G", 23.129110, 113.264385, 27.0, 360),
    Machine("VM-GZ-002", "4.8.3", "v2.6", "4G", 23.099994, 113.324520, 27.5, 480),
    Machine("VM-CD-001", "5.1.0", "v3.3", "5G", 30.657420, 104.065735, 22.5, 300),
]

# ---- what goes wrong, in minutes of the hour ----

THAW = ("VM-SH-002", 12, 34, 58)  # the compressor fails, is repaired, and all is cold again
JAM = ("VM-SH-003", 8)  # a jam; the customer gets the meal from another channel a minute later
HEATING = ("VM-BJ-001", 20, 42)  # OVEN_A gives no heat until it is repaired; OVEN_B does the work
VANDALISM = ("VM-BJ-003", 31)  # somebody kicks the machine
DROPPED = ("VM-GZ-001", 25, 39)  # its link dies, so the broker publishes its last will; later it connects again
DOOR = ("VM-SH-004", 15, 19)  # filled up by the operator, door open
BROKEN_PROBE = ("VM-GZ-002", 40, 45)  # zone 2 gives its fault code, then nothing
CUT_PAYLOAD = ("VM-BJ-002", 45)  # half a message
REDELIVERED = ("VM-CD-001", 17)  # QoS 1: the same event twice
LOW_VOLTAGE = ("VM-CD-001", 50, 53)  # the grid sags
WILL_DELAY = 45  # seconds from the last message to the will: one and a half keep-alives


def is_during(what, machine, second):
    number, begin, end = in_seconds(what)[:3]
    return machine.number == number and begin <= second < end


def in_seconds(what):
    number, *minutes = what
    return (number, *(minute * MINUTE for minute in minutes))


# ---- lines ----


class Capture:
    def __init__(self):
        self.lines = []  # (tst in us, order, line without mid)

    def add(self, second, machine, kind, payload, qos=0, retain=0, priority=None):
        """payload arrives `second` seconds into the hour."""
        moment = START + timedelta(microseconds=round(second * 1_000_000))
        line = {"tst": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ+0000"), "topic": f"v1/vm/{machine.number}/{kind}", "qos": qos, "retain": retain}
        line["payloadlen"] = len(payload.encode())
        properties = {"content-type": "application/json"}
        if priority:
            properties["user-properties"] = {"priority": priority}
        self.lines.append((moment, len(self.lines), line, properties, payload))

    def write(self, out):
        mid = 0
        for _, _, line, properties, payload in sorted(self.lines, key=lambda one: one[:2]):
            if line["qos"]:
                mid = mid % 65535 + 1
                line["mid"] = mid
            out.write(json.dumps({**line, "properties": properties, "payload": payload}, separators=(",", ":"), ensure_ascii=False) + "\n")


def compact(body):
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def unix(second):
    return int(START.timestamp()) + int(second)


def iso(second, digits):
    moment = START + timedelta(microseconds=round(second * 1_000_000))
    text = moment.strftime("%Y-%m-%dT%H:%M:%S.%f")
    return (text[: len(text) - 6 + digits] if digits else text[:-7]) + "Z"


# ---- how a machine lives through the hour ----


class Life:
    def __init__(self, machine, capture):
        self.machine = machine
        self.capture = capture
        self.dice = random.Random(machine.number)  # its own, so that a change to one machine leaves the others alone
        self.phase = self.dice.uniform(0, 900)
        self.boot = self.dice.randrange(3600, 900_000)  # uptime at the beginning
        self.orders = 0
        self.heating = []  # (from, to) of every oven run
        self.is_old = machine.firmware.startswith("4.")
        self.redelivered = False

    def is_away(self, second):
        return is_during(DROPPED, self.machine, second)

    def event(self, second, name, data, priority):
        if self.is_away(second):
            return
        ts = unix(second) * 1000 + 250 if self.is_old else unix(second)
        name = name.lower().replace("_", "-") if self.is_old else name
        payload = compact({"event_type": name, "data": data, "ts": ts})
        arrival = second + self.dice.uniform(0.08, 0.4)
        self.capture.add(arrival, self.machine, "events", payload, qos=1, priority=priority)
        if self.machine.number == REDELIVERED[0] and abs(second - REDELIVERED[1] * MINUTE) < 150 and not self.redelivered:
            self.redelivered = True
            self.capture.add(arrival + 6, self.machine, "events", payload, qos=1, priority=priority)

    def image(self, what, second):
        return f"https://oss.example.com/{self.machine.number}/{what}_{unix(second)}.jpg"

    def order_id(self, second):
        self.orders += 1
        return f"ORD{START:%Y%m%d}{self.machine.number[-6:].replace('-', '')}{self.orders:04d}"

    # ---- status ----

    def online(self, second):
        machine = self.machine
        number = {"id": machine.number} if self.is_old else {"device_no": machine.number}
        body = {"status": "online", **number, "firmware": machine.firmware, "hardware": machine.hardware, "ts": unix(second)}
        self.connected = second
        self.capture.add(second + self.dice.uniform(0.05, 0.2), machine, "status", compact(body), qos=1, retain=1)

    def offline(self, second):
        body = {"status": "offline", "device_no": self.machine.number, "reason": "unexpected", "ts": unix(self.connected)}
        self.capture.add(second, self.machine, "status", compact(body), qos=1, retain=1)

    # ---- sales ----

    def sell_all(self):
        second = self.dice.uniform(30, self.machine.rush)
        while second < HOUR - 200:
            self.sell(second)
            second += 150 + self.dice.expovariate(1 / (self.machine.rush - 150))

    def sell(self, second):
        machine = self.machine
        if machine.number == JAM[0] and abs(second - JAM[1] * MINUTE) < 200:
            return  # told by jam()
        if is_during(DOOR, machine, second):
            return
        oven = self.dice.choice(("OVEN_A", "OVEN_B"))
        meal = f"M-{self.dice.randint(1, 48):02d}"
        duration = self.dice.randint(75, 160)
        order = self.order_id(second)
        if is_during(HEATING, machine, second):
            oven = "OVEN_B"
        if self.dice.random() < 0.05:
            self.event(second, "DISPENSE_FAILED", {"order_id": order, "meal_cid": meal, "error_code": "E101"}, "high")
            return
        self.dispense(second, order, meal, oven, duration)

    def dispense(self, second, order, meal, oven, duration):
        self.heating.append((second, second + duration))
        done = second + duration + 6
        data = {"order_id": order, "meal_cid": meal, "sauce_cid": f"S-{self.dice.randint(1, 5):02d}", "oven_id": oven, "heat_duration": duration}
        if self.dice.random() < 0.7:
            data["image_url"] = self.image("dispense", done)
        self.event(done, "DISPENSE_SUCCESS", data, "medium")

    # ---- faults ----

    def jam(self):
        second = JAM[1] * MINUTE + 11
        order = self.order_id(second)
        jam = {"channel_id": "M-17", "motor_current": 4.62, "error_code": "E103", "image_url": self.image("jam", second)}
        self.event(second, "CHANNEL_JAM", jam, "high")
        self.event(second + 4, "SNAPSHOT_CAPTURED", {"image_url": self.image("snapshot", second + 4)}, "low")
        self.event(second + 9, "DISPENSE_FAILED", {"order_id": order, "meal_cid": "M-17", "error_code": "E103"}, "high")
        self.dispense(second + 58, self.order_id(second), "M-18", "OVEN_A", 112)

    def no_heat(self):
        second = HEATING[1] * MINUTE + 23
        order = self.order_id(second)
        for again in range(2):
            watts, degrees = self.dice.randint(18, 60), round(self.dice.uniform(21, 26), 1)
            data = {"oven_id": "OVEN_A", "expected_power": 1100, "actual_power": watts, "exhaust_temp": degrees}
            self.event(second + 45 * again, "HEATING_FAILURE", data, "high")
        self.event(second + 60, "DISPENSE_FAILED", {"order_id": order, "meal_cid": "M-09", "error_code": "E201"}, "high")
        self.dispense(second + 95, self.order_id(second), "M-09", "OVEN_B", 120)

    def vandalism(self):
        second = VANDALISM[1] * MINUTE + 2
        for after, force in ((0, 6.84), (3, 4.31)):
            data = {"g_force": force, "image_url": self.image("alert", second + after)}
            if after == 0:
                data["video_url"] = f"https://oss.example.com/{self.machine.number}/alert_{unix(second)}.mp4"
            self.event(second + after, "VANDALISM_ALERT", data, "critical")
        self.event(second + 8, "SNAPSHOT_CAPTURED", {"image_url": self.image("snapshot", second + 8)}, "low")

    def thaw(self):
        _, warm, end, _ = in_seconds(THAW)
        while self.freezer(warm, 1) < -10:
            warm += 5
        while warm < end:
            data = {"zone_index": 1, "temperature": self.freezer(warm, 1), "threshold": -10, "error_code": "E301"}
            self.event(warm, "TEMP_OVERHEAT", data, "high")
            warm += 5 * MINUTE

    def open_door(self):
        second = DOOR[1] * MINUTE
        self.event(second, "DOOR_OPENED", {"door_id": "MAIN", "timestamp": unix(second)}, "high")

    # ---- what the sensors say ----

    def freezer(self, second, zone):
        """-18.5 degC in a saw of the compressor; whole rounds of it in an hour."""
        saw = (second + self.phase + 37 * zone) % 900 / 900
        degrees = -18.5 + 0.9 * (saw if saw < 0.7 else (1 - saw) * 7 / 3) + 0.25 * (zone - 1.5)
        number, begin, end, cold = in_seconds(THAW)
        if self.machine.number == number and second > begin:
            heat = 25 * (1 - math.exp(-(min(second, end) - begin) / 900)) * (1.0, 1.06, 0.97, 0.9)[zone]
            if second > end:
                heat *= max(0.0, 1 - (second - end) / (cold - end))
            degrees += heat
        number, begin, end = in_seconds(DOOR)
        if self.machine.number == number and second > begin:
            degrees += 5 * (1 - math.exp(-(min(second, end) - begin) / 180)) * math.exp(-max(0, second - end) / 400)
        return round(degrees + self.dice.gauss(0, 0.06), 2)

    def zones(self, second):
        temps = [self.freezer(second, zone) for zone in range(4)]
        if is_during(BROKEN_PROBE, self.machine, second):
            temps[2] = -127 if second < (BROKEN_PROBE[1] + 3) * MINUTE else None
        return temps

    def current(self, second):
        heats = sum(begin <= second < end for begin, end in self.heating)
        return round(1.1 + 0.3 * math.sin((second + self.phase) / 450 * math.tau) + 6.1 * min(heats, 1) + self.dice.gauss(0, 0.05), 2)

    def voltage(self, second):
        volts = 221 + 2.5 * math.sin((second + 600) / HOUR * math.tau) + self.dice.gauss(0, 0.5) - 0.25 * self.current(second)
        return round(volts - (26 if is_during(LOW_VOLTAGE, self.machine, second) else 0), 1)

    def vibration(self, second):
        kicked = self.machine.number == VANDALISM[0] and 0 <= second - VANDALISM[1] * MINUTE < TELEMETRY_EVERY + 4
        return 6.84 if kicked else round(abs(self.dice.gauss(0.03, 0.02)), 3)

    def telemetry(self, second):
        machine = self.machine
        number = {"id": machine.number} if self.is_old else {"device_no": machine.number}
        digits = 6 if machine.firmware == "5.1.0" else 0 if machine.firmware == "5.0.0" else 3
        rssi = round(-66 + 6 * math.sin((second + self.phase) / HOUR * math.tau) + self.dice.gauss(0, 1.5))
        body = {
            **number,
            "ts": unix(second) * 1000 + int(second % 1 * 1000) if self.is_old else iso(second, digits),
            "system": {
                "voltage": self.voltage(second),
                "current": self.current(second),
                "uptime": self.boot + int(second),
                "door_closed": not is_during(DOOR, machine, second),
            },
            "environment": {
                "freezer_temps": self.zones(second),
                "ambient_temp": round(machine.ambient + 0.8 * math.sin(second / HOUR * math.tau) + self.dice.gauss(0, 0.1), 1),
                "vibration_g": self.vibration(second),
            },
            "connectivity": {"rssi": rssi, "type": machine.network},
            "location": {"lat": machine.lat, "lng": machine.lng},
        }
        if machine.network != "WiFi":
            body["connectivity"]["csq"] = max(0, min(31, (rssi + 113) // 2))
        return compact(body)

    def measure_all(self):
        second = self.dice.uniform(1.5, TELEMETRY_EVERY)
        has_cut = self.machine.number != CUT_PAYLOAD[0]
        while second < HOUR - 1:
            payload = self.telemetry(second)
            if not has_cut and second >= CUT_PAYLOAD[1] * MINUTE:
                payload = payload[:170]
                has_cut = True
            if not self.is_away(second):
                self.capture.add(second + self.dice.uniform(0.05, 0.3), self.machine, "telemetry", payload, priority="low")
            second += TELEMETRY_EVERY + self.dice.uniform(-1.5, 1.5)

    def live(self):
        self.online(self.dice.uniform(0, 1))
        self.sell_all()
        faults = {JAM[0]: self.jam, HEATING[0]: self.no_heat, VANDALISM[0]: self.vandalism, THAW[0]: self.thaw, DOOR[0]: self.open_door}
        if self.machine.number in faults:
            faults[self.machine.number]()
        if self.machine.number == DROPPED[0]:
            self.offline(DROPPED[1] * MINUTE + WILL_DELAY)
            self.online(DROPPED[2] * MINUTE)
        self.measure_all()


def main():
    capture = Capture()
    for machine in FLEET:
        Life(machine, capture).live()
    capture.write(sys.stdout)


if __name__ == "__main__":
    main()
