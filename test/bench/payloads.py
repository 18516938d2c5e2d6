"""Messages for the benches, made of real ones, and how Telegraf hands them to a processor."""

import datetime
import itertools
import json
from collections import namedtuple

import measure  # noqa: F401 (where the modules of test/integration are found)
from capture import read_capture

MACHINES = 1000
EVERY = datetime.timedelta(seconds=10)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)

Message = namedtuple("Message", "topic payload arrival")  # arrival: nanoseconds since 1970


def bodies(kind):
    """The payloads of that kind in the captured fleet, read."""
    return [json.loads(one.payload) for one in read_capture("fleet.jsonl") if one.topic.endswith(f"/{kind}")]


def packed(body):
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def rounds(count, machines):
    """Number, machine and time of each message: every machine every 10 s, the last of them now."""
    start = datetime.datetime.now(datetime.timezone.utc) - (count // machines + 1) * EVERY
    for number in range(count):
        reading, machine = divmod(number, machines)
        yield number, f"VM-SH-{machine:04}", start + reading * EVERY + machine * EVERY / machines


def nanoseconds(moment):
    return int(moment.timestamp() * 1000) * 1_000_000


def telemetry(count, machines=MACHINES):
    made = bodies("telemetry")
    for number, device, moment in rounds(count, machines):
        ts = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        yield Message(f"v1/vm/{device}/telemetry", packed({**made[number % len(made)], "device_no": device, "ts": ts}), nanoseconds(moment))


def events(count, machines=MACHINES):
    """Each is another: with an order of its own."""
    made = bodies("events")
    for number, device, moment in rounds(count, machines):
        body = made[number % len(made)]
        data = {**body["data"], "order_id": f"ORD{number:011}"}
        yield Message(f"v1/vm/{device}/events", packed({**body, "data": data, "ts": int(moment.timestamp())}), nanoseconds(moment))


def mixed(count):
    """Telemetry and events by turns."""
    pairs = zip(telemetry((count + 1) // 2), events((count + 1) // 2))
    return itertools.islice(itertools.chain.from_iterable(pairs), count)


KINDS = {"telemetry": telemetry, "events": events}


def record(message):
    """As Telegraf's mqtt_consumer with data_format = "value" gives it to a processor: quotes and backslashes escaped."""
    value = message.payload.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b'mqtt_consumer,topic=%s value="%s" %d\n' % (message.topic.encode(), value, message.arrival)


def write(path, messages, form=record):
    with open(path, "wb") as file:
        file.writelines(map(form, messages))
    return path


def write_payloads(path, messages):
    """A payload a line, for programs that know nothing of line protocol."""
    return write(path, messages, lambda one: one.payload + b"\n")


def capture_line(message):
    """As mosquitto_sub -F '%j' records it, with QoS 1."""
    seconds, rest = divmod(message.arrival, 1_000_000_000)
    arrived = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc) + datetime.timedelta(microseconds=rest // 1000)
    line = {"tst": arrived.strftime("%Y-%m-%dT%H:%M:%S.%fZ+0000"), "topic": message.topic, "qos": 1, "retain": 0,
            "payloadlen": len(message.payload), "payload": message.payload.decode()}
    return packed(line) + b"\n"


def evenly(count, rate, machines=MACHINES):
    """Telemetry at so many messages a second, each with its own microsecond as `ts`."""
    start = datetime.datetime.now(datetime.timezone.utc)
    for number, message in enumerate(telemetry(count, machines)):
        moment = start + number * datetime.timedelta(seconds=1) / rate
        ts = moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
        arrival = int((moment - EPOCH) / datetime.timedelta(microseconds=1)) * 1000
        yield message._replace(payload=packed({**json.loads(message.payload), "ts": ts}), arrival=arrival)
