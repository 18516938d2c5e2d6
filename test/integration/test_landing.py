"""From the broker to the tables: real Mosquitto, Telegraf, processor and TimescaleDB, and the files of telegraf.d as users get them.

Every good message ends as its row, whatever comes between; what is poisoned is in vm_rejected or in an anomalies text.
"""

import collections
import datetime
import functools
import itertools
import json
import random
import re
import time

from capture import Message, read_capture
from expected import ARRIVAL, expected_row, message_id
from load import event
from owners import OWNERS_DDL, OWNERS_TELEGRAF
from telegraf import subscribed
from waiting import wait_until

DATA = ("vm_telemetry", "vm_events", "vm_status", "vm_rejected")
TRUST_ANY_CLOCK = {"VENDING_MAX_AGE": "3650d", "VENDING_MAX_AHEAD": "3650d"}
# The disk buffer is for outages (test_outages.py has those); here it would only take time.
IN_MEMORY = {"VENDING_BUFFER_STRATEGY": "memory"}
KIB = 1024
INTEGERS = ("time", "device_ts", "message_id", "payload_size")


# ---- rows, as the database has them and as they have to be ----


def microseconds(moment):
    since = datetime.datetime.fromisoformat(moment) - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return since // datetime.timedelta(microseconds=1)


def plain(row):
    """Without what is NULL; a float column's 220 is 220.0."""
    return {
        name: float(value) if isinstance(value, int) and not isinstance(value, bool) and name not in INTEGERS else value
        for name, value in row.items()
        if value is not None
    }


def stored(database, table, where="true"):
    """Rows as dicts. In hexadecimal on the way, because psql's lines and columns are split where a text may hold anything."""
    rows = []
    query = f"SELECT encode(convert_to(row_to_json(t)::text, 'UTF8'), 'hex') FROM {table} AS t WHERE {where}"
    for (line,) in database.sql(query):
        row = json.loads(bytes.fromhex(line))
        for name in ("time", "device_ts"):
            if row.get(name):
                row[name] = microseconds(row[name])
        rows.append(plain(row))
    return rows


def expected(message):
    """The table and the row for a message without a fault."""
    row = expected_row(message.topic, message.payload)
    columns = {name.decode(): value.decode() if kind == "text" else value for name, kind, value in row.fields}
    columns |= {name.decode(): value.decode() for name, value in row.tags.items()}
    columns["time"] = row.time if row.time == ARRIVAL else row.time // 1000
    if "raw_data" in columns:
        columns["raw_data"] = json.loads(columns["raw_data"])
    if "device_ts" in columns:
        columns["device_ts"] //= 1000
    return row.measurement.decode(), plain(columns)


def key(row):
    return json.dumps(row, sort_keys=True, ensure_ascii=False)


def assert_stored(database, messages, since, where="true"):
    """Each message is its row, and no table has another one. Where arrival is expected, it lies between `since` and now."""
    wanted = {table: collections.Counter() for table in DATA}
    for message in messages:
        table, row = expected(message)
        wanted[table][key(row)] += 1
    now = time.time_ns() // 1000
    for table, rows in wanted.items():
        found = collections.Counter()
        for row in stored(database, table, where):
            if key(row) not in rows and since // 1000 <= row["time"] <= now:
                row = row | {"time": ARRIVAL}
            found[key(row)] += 1
        missing, surplus = rows - found, found - rows
        assert not missing and not surplus, "{}: {} rows missing, {} that nobody expects:\n  {}".format(
            table, missing.total(), surplus.total(), "\n  ".join(text[:1000] for text in [*itertools.islice(missing, 3), "---", *itertools.islice(surplus, 3)])
        )


def everything(database):
    """Every row of every table but the reports and the marks."""
    return {table: collections.Counter(map(key, stored(database, table, f"device_no IS DISTINCT FROM '{MARK}'"))) for table in DATA}


# ---- running ----

MARK = "VM-MARK-001"
marks = itertools.count()


def publish_all(broker, messages, name="publisher"):
    publisher = broker.publisher(name)
    for message in messages:
        publisher.publish(message.topic, message.payload, message.retain)
    publisher.flush()


def wait_for_mark(broker, database, telegraf):
    """Until all that was published before now has landed: messages stay in order, and a batch is one transaction."""
    order = f"MARK-{next(marks)}"
    publish_all(broker, [Message(f"v1/vm/{MARK}/events", json.dumps(event(order_id=order)).encode(), False)], "marker")
    telegraf.process.wait_until(lambda: database.count("vm_events", f"order_id = '{order}'"), f"{order} to land")


# ---- the capture ----


def test_the_capture_ends_in_the_tables_row_for_row(broker, make_telegraf, database):
    messages = read_capture("fleet.jsonl")
    since = time.time_ns()
    telegraf = subscribed(make_telegraf(broker, database=database, **TRUST_ANY_CLOCK), broker)
    publish_all(broker, messages)
    wait_for_mark(broker, database, telegraf)
    telegraf.stop()
    assert_stored(database, messages, since, f"device_no <> '{MARK}'")
    events = [json.loads(message.payload) for message in messages if message.topic.endswith("/events")]
    for question in ("raw_data ->> 'event_type'", "raw_data -> 'data' ->> 'order_id'", "raw_data #>> '{data,error_code}'"):
        path = re.findall(r"[a-z_]+", question.split("raw_data", 1)[1])
        answers = collections.Counter(functools.reduce(lambda value, step: (value or {}).get(step), path, one) or "NULL" for one in events)
        counted = database.sql(f"SELECT {question}, count(*) FROM vm_events WHERE device_no <> '{MARK}' GROUP BY 1")
        assert {answer: int(count) for answer, count in counted} == answers
        assert len(answers) > 1
    assert database.count("vm_ingest") >= 1


def recent(messages):
    """The capture as though it had just ended: a working clock, whatever the clock of this machine says."""
    last = max(json.loads(message.payload)["ts"] for message in messages if message.topic.endswith("/events"))
    shift = int(time.time()) - 60 - last
    moved = []
    for message in messages:
        body = json.loads(message.payload)
        if isinstance(body["ts"], int):
            body["ts"] += shift
        else:
            moment = datetime.datetime.fromisoformat(body["ts"].replace("Z", "+00:00")) + datetime.timedelta(seconds=shift)
            body["ts"] = moment.isoformat().replace("+00:00", "Z")
        moved.append(message._replace(payload=json.dumps(body).encode(), retain=message.topic.endswith("/status")))
    return moved


def test_the_capture_again_leaves_the_same_rows(broker, make_telegraf, database):
    """Another Telegraf, whose processor has seen nothing; the same one again, whose processor has; all of it twice in a row."""
    messages = recent(read_capture("fleet.jsonl"))
    since = time.time_ns()
    first = subscribed(make_telegraf(broker, database=database), broker)
    publish_all(broker, messages)
    wait_for_mark(broker, database, first)
    before = everything(database)
    assert_stored(database, messages, since, f"device_no <> '{MARK}'")

    publish_all(broker, messages)
    wait_for_mark(broker, database, first)
    assert everything(database) == before, "published again"
    first.stop()

    second = subscribed(make_telegraf(broker, "telegraf-2", database), broker)
    publish_all(broker, messages)
    wait_for_mark(broker, database, second)
    assert everything(database) == before, "published again to a new Telegraf"

    subscribed(first, broker)  # with its session: the broker has kept what came in between
    publish_all(broker, messages + messages[::-1])
    wait_for_mark(broker, database, first)
    wait_for_mark(broker, database, second)
    assert everything(database) == before, "two Telegrafs at once"


def test_retained_statuses_repeated_at_every_start_are_no_new_rows(broker, make_telegraf, database):
    """Of machines whose clock works, and last wills of any. A status without a time is a new one if it comes more than seconds later."""
    now = int(time.time())
    bodies = [{"status": "online", "firmware": "5.0.1", "ts": now - number} for number in range(5)]
    bodies += [{"status": "offline", "reason": "unexpected", **sent} for sent in ({"ts": now - 3600}, {"ts": 7}, {})]
    retained = [Message(f"v1/vm/VM-SH-{number:03}/status", json.dumps(body).encode(), True) for number, body in enumerate(bodies)]
    publish_all(broker, retained)
    before = None
    for times, client_id in enumerate(("telegraf-1", "telegraf-2", "telegraf-3", "telegraf-3")):
        telegraf = subscribed(make_telegraf(broker, client_id, database), broker)
        telegraf.process.wait_until(lambda: database.count("vm_status") >= len(bodies), "the retained statuses")
        wait_for_mark(broker, database, telegraf)
        telegraf.stop()
        assert database.count("vm_status") == len(bodies)
        assert before in (None, everything(database))
        before = everything(database)
        # a session that is there already is not always subscribed again, and then nothing is repeated
        repeated = {times * len(bodies), min(times, 2) * len(bodies)}
        assert counted(database)["vm_status"].skipped in repeated, "what the landing skipped is counted"


# ---- both ends ----

Count = collections.namedtuple("Count", "went_in rows skipped failed")


def counted(database):
    """What the processors say they wrote for each table, and what is there: they must come to the same."""
    failed = "reason = 'landing_failed'"
    reports = json.loads(database.value("SELECT row_to_json(r) FROM (SELECT coalesce(sum(telemetry), 0) AS vm_telemetry, coalesce(sum(events), 0) AS vm_events, "
                                        "coalesce(sum(status), 0) AS vm_status, coalesce(sum(rejected), 0) AS vm_rejected FROM vm_ingest) AS r"))
    return {table: Count(went_in, database.count(table, f"NOT {failed}" if table == "vm_rejected" else "true"),
                         int(database.value(f"SELECT coalesce(sum(rows), 0) FROM vm_skipped WHERE measurement = '{table}'")),
                         database.count("vm_rejected", f"{failed} AND detail LIKE '{table}:%'"))
            for table, went_in in reports.items()}


def mixed_load(seed):
    """Messages with working clocks whose order does not matter but for the statuses of one machine; some of them twice."""
    now, order = int(time.time()), random.Random(seed)
    messages, statuses = [], []
    for machine in range(8):
        device = f"VM-SH-{machine:03}"
        for reading in range(12):
            stamp = {"device_no": device, "ts": now - 600 + 30 * reading}
            parts = [{name: BASE[name]} for name in BASE]  # a message a section, all of one instant
            parts += [{"system": {"uptime": 86400 + turn}} for turn in range(reading % 3)]  # several readings in a second
            messages += [Message(f"v1/vm/{device}/telemetry", dump(stamp | part), False) for part in parts]
        for number in range(6):
            body = {"event_type": "CHANNEL_JAM", "data": {"order_id": f"O-{machine}-{number}"}, "ts": now - 500 + number // 2}
            messages.append(Message(f"v1/vm/{device}/events", dump(body), False))
        messages.append(Message(f"v1/vm/{device}/telemetry", b"{", False))
        messages.append(Message(f"v1/vm/{device}/telemetry", changed("system.voltage", "high")(device, now - 300), False))
        # Online and offline, twice, with a last will of equal bytes. The clock is a minute ahead, so each has the time of its arrival.
        bodies = [{"status": word, "ts": now + 60 + later} for word, later in (("online", 0), ("offline", 0), ("online", 9), ("offline", 0))]
        statuses.append([Message(f"v1/vm/{device}/status", dump(body), False) for body in bodies])
    messages += order.sample(messages, len(messages) // 3)
    order.shuffle(messages)
    for words in statuses:  # of one machine in their order, among all the rest
        for place, message in zip(sorted(order.sample(range(len(messages)), len(words))), words):
            messages.insert(place, message)
    return messages


def test_what_went_in_is_in_the_tables_or_counted(broker, make_telegraf, database, figures, version):
    """Both ends: what was published is received; what the processor wrote is rows, repeats or refused rows, and nothing else. All of it again,
    by a Telegraf whose processor has seen nothing: every message is counted, and there is not one more row."""
    messages = mixed_load(time.time_ns())
    sent = collections.Counter(message.topic.split("/")[-1] for message in messages)
    different = collections.Counter(topic.split("/")[-1] for topic, payload in {(message.topic, message.payload) for message in messages})
    broken = {message.topic for message in messages if message.payload == b"{"}
    before = None
    for times, client_id in enumerate(("telegraf-1", "telegraf-2", "telegraf-3"), 1):
        telegraf = subscribed(make_telegraf(broker, client_id, database), broker)
        publish_all(broker, messages)
        wait_for_mark(broker, database, telegraf)
        telegraf.stop()
        received, accounted, duplicates = map(int, database.sql(
            "SELECT sum(received), sum(telemetry + events + status + passed + duplicates + rejected + ignored), sum(duplicates) FROM vm_ingest")[0])
        assert received == accounted >= times * (len(messages) + 1)
        counts = counted(database)
        for table, count in counts.items():
            assert count.went_in == count.rows + count.skipped + count.failed, table
            assert count.failed == 0
        marks_there = database.count("vm_events", f"device_no = '{MARK}'")
        assert counts["vm_telemetry"].rows == different["telemetry"] - len(broken)
        assert counts["vm_events"].rows == different["events"] + marks_there
        assert counts["vm_status"].rows == sent["status"], "online, offline, online, offline of equal bytes"
        if before is not None:
            assert everything(database)["vm_telemetry"] == before["vm_telemetry"]
            assert [everything(database)[table] == before[table] for table in ("vm_events", "vm_status")] == [True, True]
        before = everything(database)
        broker_side = sum(count.went_in for count in counts.values()) + duplicates
        figures.append(f"both ends, Telegraf {version}, pass {times}: {len(messages)} published, {received} received so far = "
                       f"{sum(count.rows for count in counts.values())} rows + {sum(count.skipped for count in counts.values())} skipped + {duplicates} duplicates"
                       f" + {received - broker_side} others")
    assert counted(database)["vm_telemetry"].skipped >= 2 * counts["vm_telemetry"].rows


# ---- poison ----

BATCH = 1000
BASE = {
    "system": {"voltage": 220.5, "current": 1.25, "uptime": 86400, "door_closed": True},
    "environment": {"freezer_temps": [-18.5, -18.25, -19, -17.75], "ambient_temp": 23.5, "vibration_g": 0.02},
    "connectivity": {"rssi": -67, "type": "4G", "csq": 25},
    "location": {"lat": 31.2304, "lng": 121.4737},
}


def iso(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat().replace("+00:00", "Z")


class Raw(str):
    """JSON text that json.dumps would not write."""


def dump(body):
    """As json.dumps, with Raw texts as they are."""
    raws = []

    def keep(value):
        if isinstance(value, Raw):
            raws.append(value)
            return f"\x01{len(raws) - 1}\x01"
        if isinstance(value, dict):
            return {name: keep(one) for name, one in value.items()}
        return [keep(one) for one in value] if isinstance(value, list) else value

    text = json.dumps(keep(body), ensure_ascii=False)
    return re.sub(r'"\\u0001(\d+)\\u0001"', lambda found: raws[int(found.group(1))], text).encode()


def changed(path, value):
    """The good telemetry with one value changed, None = null."""
    def payload(device, now):
        body = json.loads(json.dumps(BASE | {"device_no": device, "ts": iso(now)}))
        *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        functools.reduce(lambda inner, step: inner[step], parents, body)[last] = value
        return dump(body)

    return payload


def whole(payload):
    return lambda device, now: payload


def event_with(**more):
    return lambda device, now: dump({"event_type": "DOOR_OPENED", "data": {"door_id": "MAIN"}, "ts": int(now)} | more)


def status_with(**more):
    return lambda device, now: dump({"status": "online", "device_no": device, "firmware": "5.0.1", "ts": int(now)} | more)


WRONG_TYPES = {
    "system.voltage": "high", "system.current": {"a": 1}, "system.uptime": "long", "system.door_closed": "ajar",
    "environment.freezer_temps.0": True, "environment.freezer_temps.1": [1], "environment.freezer_temps.2": "cold",
    "environment.freezer_temps.3": {}, "environment.ambient_temp": "warm", "environment.vibration_g": [0.1], "connectivity.rssi": "weak",
    "connectivity.type": 4.5, "connectivity.csq": False, "location.lat": "north", "location.lng": None,
}
DIGITS = Raw("1234567890" * 20)
NESTED = [b"[" * depth + b"]" * depth for depth in (40, 100_000)]

# What is wrong: the kind of message, its payload, and what has to be told: the reason of a reject, or what is in anomalies.
POISON = {
    **{f"{path} = {value!r}": ("telemetry", changed(path, value), f"~{path}=") for path, value in WRONG_TYPES.items()},
    "environment is a text": ("telemetry", changed("environment", "fine"), "~environment="),
    "freezer_temps is a number": ("telemetry", changed("environment.freezer_temps", -18), "~environment.freezer_temps="),
    "five zones": ("telemetry", changed("environment.freezer_temps", [-18, -18, -18, -18, -18]), "~environment.freezer_temps.4="),
    "uptime beyond int4": ("telemetry", changed("system.uptime", 2**31), "~system.uptime="),
    "uptime in ms": ("telemetry", changed("system.uptime", 86_400_000_000), "~system.uptime="),
    "uptime beyond int8": ("telemetry", changed("system.uptime", 2**63), "~system.uptime="),
    "uptime below zero": ("telemetry", changed("system.uptime", -1), "~system.uptime="),
    "uptime 5.7": ("telemetry", changed("system.uptime", 5.7), "~system.uptime="),
    "uptime of four letters": ("telemetry", changed("system.uptime", "abcd"), "~system.uptime="),
    "rssi below int4": ("telemetry", changed("connectivity.rssi", -3_000_000_000), "~connectivity.rssi="),
    "csq beyond int4": ("telemetry", changed("connectivity.csq", 4_294_967_296), "~connectivity.csq="),
    "voltage of eight letters": ("telemetry", changed("system.voltage", "12345abc"), "~system.voltage="),
    "1e999": ("telemetry", changed("system.voltage", Raw("1e999")), "~system.voltage="),
    "200 digits": ("telemetry", changed("system.uptime", DIGITS), "~system.uptime="),
    "200 digits for a float": ("telemetry", changed("system.voltage", DIGITS), "~system.voltage="),
    "NaN": ("telemetry", changed("system.voltage", Raw("NaN")), "~system.voltage=NaN"),
    "-Infinity": ("telemetry", changed("system.voltage", Raw("-Infinity")), "~system.voltage=-Infinity"),
    "nan among the zones": ("telemetry", changed("environment.freezer_temps.2", Raw("nan")), "~environment.freezer_temps.2=nan"),
    "a comma too much": ("telemetry", whole(b'{"system":{"voltage":220,}}'), "invalid_json"),
    "NaN as a text": ("telemetry", changed("system.voltage", "NaN"), "~system.voltage="),
    "a dead probe": ("telemetry", changed("environment.freezer_temps.2", None), "~environment.freezer_temps.2="),
    "a sensor's fault code": ("telemetry", changed("environment.freezer_temps.2", -127), "~environment.freezer_temps.2="),
    "\\u0000 in a column": ("telemetry", changed("connectivity.type", Raw('"4\\u0000G"')), "~connectivity.type="),
    "a lone surrogate in a column": ("telemetry", changed("connectivity.type", Raw('"\\ud800"')), "~connectivity.type="),
    "a long text": ("telemetry", changed("connectivity.type", "4G" * 2000), "~connectivity.type="),
    "not UTF-8": ("telemetry", whole(b'{"system":{"voltage":220},"note":"caf\xe9"}'), "invalid_utf8"),
    "half a message": ("telemetry", lambda device, now: changed("system.uptime", 1)(device, now)[:80], "invalid_json"),
    "a raw NUL within": ("telemetry", whole(b'{"system":{"voltage":220},"note":"a\0b"}'), "invalid_json"),
    "empty": ("telemetry", whole(b""), "empty_payload"),
    "NULs": ("telemetry", whole(b"\0\0\0"), "empty_payload"),
    "an empty array": ("telemetry", whole(b"[]"), "not_an_object"),
    "a status that nobody knows": ("status", status_with(status="running"), "~status="),
    "null": ("telemetry", whole(b"null"), "not_an_object"),
    "no object but a text": ("telemetry", whole(b'"{}"'), "not_an_object"),
    "nothing in it": ("telemetry", whole(b"{}"), "no_data"),
    "40 deep": ("telemetry", whole(b'{"a":%b}' % NESTED[0]), "too_deep"),
    "100,000 deep": ("telemetry", whole(b'{"a":%b}' % NESTED[1]), "too_deep"),
    "300 KiB": ("telemetry", changed("connectivity.type", "x" * 300 * KIB), "payload_too_large"),
    "another machine's": ("telemetry", changed("device_no", "VM-XX-999"), "device_mismatch"),
    "ts is true": ("telemetry", changed("ts", True), "~ts="),
    "ts is an object": ("telemetry", changed("ts", {"seconds": 1}), "~ts="),
    "ts is a word": ("telemetry", changed("ts", "yesterday"), "~ts="),
    "ts is null": ("telemetry", changed("ts", None), "~ts="),
    "ts in 1970": ("telemetry", changed("ts", "1970-01-01T00:00:12Z"), "~ts="),
    "ts in 2126": ("telemetry", changed("ts", "2126-01-01T00:00:00Z"), "~ts="),
    "ts in 300000": ("telemetry", changed("ts", "300000-01-01T00:00:00Z"), "~ts="),
    "ts beyond all time": ("telemetry", changed("ts", Raw("1e300")), "~ts="),
    "ts before all time": ("telemetry", changed("ts", Raw("-9223372036854775808")), "~ts="),
    "ts of 200 digits": ("telemetry", changed("ts", DIGITS), "~ts="),
    "no event_type": ("events", whole(b'{"data":{}}'), "missing_field"),
    "event_type is null": ("events", event_with(event_type=None), "missing_field"),
    "event_type is an object": ("events", event_with(event_type={}), "missing_field"),
    "event_type is empty": ("events", event_with(event_type=""), "missing_field"),
    "event_type of 5,000 letters": ("events", event_with(event_type="X" * 5000), "missing_field"),
    "order_id is an object": ("events", event_with(data={"order_id": {"a": 1}}), "~data.order_id="),
    "order_id of 5,000 letters": ("events", event_with(data={"order_id": "X" * 5000}), "~data.order_id="),
    "order_id holds \\u0000": ("events", event_with(data={"order_id": Raw('"a\\u0000b"')}), "~data.order_id="),
    "error_code is 5.5": ("events", event_with(data={"error_code": 5.5}), "~data.error_code="),
    "data is a text": ("events", event_with(data="none"), "~data="),
    "\\u0000 in raw_data": ("events", event_with(note=Raw('"a\\u0000b"')), "~payload="),
    "a lone surrogate in raw_data": ("events", event_with(note=Raw('"a\\ud800b"')), "~payload="),
    "1e999 in raw_data": ("events", event_with(note=Raw("1e999")), "~payload="),
    "1e200000 in raw_data": ("events", event_with(note=Raw("1e200000")), "~payload="),
    "event not UTF-8": ("events", whole(b'{"event_type":"DOOR_OPENED","x":"\xff"}'), "invalid_utf8"),
    "event 40 deep": ("events", event_with(data=Raw(NESTED[0].decode())), "too_deep"),
    "event of 300 KiB": ("events", event_with(filler="x" * 300 * KIB), "payload_too_large"),
    "status is null": ("status", status_with(status=None), "missing_field"),
    "status is a list": ("status", status_with(status=["online"]), "missing_field"),
    "status of 5,000 letters": ("status", status_with(status="x" * 5000), "missing_field"),
    "firmware is an object": ("status", status_with(firmware={"v": 5}), "~firmware="),
    "a status' ts is a list": ("status", status_with(ts=[1]), "~ts="),
}
ODD_DEVICES = ('VM"1', "VM'1", "$VM", "VM 1", "VM,x=1", "VM\\1", "VM-上海-1", "VM;DROP TABLE vm_events;--", "%s", "")


def good(number, now):
    """The number-th good message. No two of one machine have the same time."""
    device = f"VM-{('SH', 'BJ', 'GZ')[number % 3]}-{number % 200:03}"
    at = now - 3600 + number // 200 * 2
    turn = number % 20
    if turn < 16:
        body = BASE | {"device_no": device, "ts": iso(at)}
        if turn == 0:  # keys that have the name of a column or tag elsewhere: they must not get in the way
            body |= {"time": 1, "host": "h", "topic": "t", "anomalies": "none", "voltage": "x"}
        return Message(f"v1/vm/{device}/telemetry", dump(body), False)
    if turn < 19:
        body = {"event_type": "DISPENSE_SUCCESS", "data": {"order_id": f"O'{number}\\", "meal_cid": "M-07", "name": "宫保鸡丁"}, "ts": int(at)}
        return Message(f"v1/vm/{device}/events", dump(body), False)
    body = {"status": "online", "device_no": device, "firmware": "5.0.1", "hardware": "v3.2", "ts": int(at)}
    return Message(f"v1/vm/{device}/status", dump(body), False)


@functools.cache
def poisoned_load():
    """The good messages, and all of them in batches of a thousand with one poisoned message somewhere in each: (message, what is
    wrong, what has to be told)."""
    now = int(time.time())
    bad = []
    for number, (name, (kind, payload, told)) in enumerate(POISON.items()):
        device = f"VM-BAD-{number:03}"
        bad.append((Message(f"v1/vm/{device}/{kind}", payload(device, now), False), name, told))
    for device in ODD_DEVICES:
        topic = f"v1/vm/{device}/telemetry"
        bad.append((Message(topic, dump(BASE | {"ts": iso(now)}), False), f"topic {topic}", "bad_device_no"))
    goods, load = [], []
    for batch, (message, _, _) in enumerate(bad):
        numbers = range(batch * BATCH, (batch + 1) * BATCH)
        fresh = [good(number, now) for number in numbers]
        goods += fresh
        place = 37 * batch % BATCH
        load += [*fresh[:place], message, *fresh[place:]]
    return goods, bad, load


def test_a_poisoned_message_costs_no_other(broker, make_telegraf, database, version, figures):
    goods, bad, load = poisoned_load()
    telegraf = subscribed(make_telegraf(broker, database=database, **IN_MEMORY), broker)
    since = time.time_ns()
    publish_all(broker, load)
    wait_for_mark(broker, database, telegraf)
    telegraf.stop()
    others = "device_no <> '{}' AND device_no NOT LIKE 'VM-BAD-%'".format(MARK)
    assert_stored(database, goods, since, others)
    figures.append(f"poison, Telegraf {version}: {len(goods)} good messages, {len(bad)} poisoned ones, 0 good rows lost")

    rejected = {row["topic"]: row for row in stored(database, "vm_rejected")}
    anomalies = {row["device_no"]: row for table in DATA[:3] for row in stored(database, table, "device_no LIKE 'VM-BAD-%'")}
    wrong = []
    for message, name, told in bad:
        device = message.topic.split("/")[2]
        row = anomalies.get(device) if told.startswith("~") else rejected.get(message.topic)
        if row is None:
            wrong.append(f"{name}: no row")
        elif told.startswith("~"):
            text = row.get("anomalies", "")
            if not any(item.startswith(told[1:]) for item in text.split("; ")):
                wrong.append(f"{name}: anomalies {text[:200]!r}")
        elif (row["reason"], row["message_id"]) != (told, message_id(message.topic, message.payload.strip(b"\0"))):
            wrong.append(f"{name}: reason {row['reason']}")
    assert not wrong, "\n".join(wrong)
    assert len(rejected) + len(anomalies) == len(bad)
    assert database.count("vm_rejected") == len(rejected), "rejected twice, or something else was rejected"


def test_control_the_owners_own_configuration_loses_good_rows(broker, make_telegraf, make_database, version, figures):
    """Not ours: what the same messages come to without this project."""
    goods, bad, load = poisoned_load()
    database = make_database(apply=False)
    database.sql("CREATE EXTENSION timescaledb;" + OWNERS_DDL)
    control = make_telegraf(broker, "telegraf-control")
    connection = f"postgres://postgres@127.0.0.1:{database.server.port}/{database.name}?sslmode=disable"
    control.extra.write_text(OWNERS_TELEGRAF.format(broker=broker.url, client_id=control.client_id, connection=connection))
    control.config = ["--config", str(control.extra)]
    subscribed(control, broker)
    publish_all(broker, load)

    def settled():
        # A mark could be lost with its batch: another one each time.
        publish_all(broker, [Message(f"v1/vm/{MARK}/telemetry", changed("system.uptime", 1)(MARK, 0), False)], f"mark-{next(marks)}")
        return database.count("vm_telemetry", f"device_no = '{MARK}'")

    wait_until(settled, lambda: f"a mark to land; log:\n{control.process.log()[-2000:]}")
    control.stop()
    sent = collections.Counter(message.topic.split("/")[-1] for message in goods)
    there = {table: database.count(f"vm_{table}", f"device_no <> '{MARK}' AND device_no NOT LIKE 'VM-BAD-%'") for table in sent}
    lost = sent["telemetry"] - there["telemetry"]
    figures.append(
        f"control, the owner's json_v2 configuration, Telegraf {version}, {len(bad)} poisoned among {len(goods)} good messages: "
        f"{lost} of {sent['telemetry']} good telemetry rows lost ({control.process.log().count('permanent, dropping sub-batch')} batches); "
        f"{there['events']} of {sent['events']} events and {there['status']} of {sent['status']} statuses stored"
    )
    assert lost > 0
    assert there["telemetry"] > 0, "the control does not work at all: it proves nothing"
