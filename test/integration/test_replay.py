"""vending-replay with a real Mosquitto: what it publishes is recorded by mosquitto_sub and compared with the capture.

Nothing here asserts how fast something is, only what must not happen before its time.
"""

import collections
import functools
import json
import os
import pty
import re
import signal
import subprocess
import time

import pytest

from broker import Broker
from expected import nanoseconds
from lineprotocol import field
from process import free_port
from replay import CAPTURES, PATIENCE, SUMMARY, Recorder, Running, by_qos, command, line, read_messages, replay, rows_of, write_capture
from silent_broker import SilentBroker
from waiting import wait_until

DEMO = CAPTURES / "demo.jsonl"
EVENT = "v1/vm/VM-SH-001/events"
MIB = 1024 * 1024
CLOCKS = 0.005  # seconds by which the recorder's clock, read to the microsecond, may seem to be behind


@pytest.fixture
def recorder(tmp_path, broker):
    recorder = Recorder(tmp_path, broker)
    yield recorder
    recorder.kill()


@pytest.fixture
def start_with(tmp_path):
    """A function that starts the program with a broker; it is ended after the test."""
    made = []

    def run(broker, *args):
        made.append(Running(tmp_path, broker, *args))
        return made[-1]

    yield run
    for one in made:
        one.kill()


@pytest.fixture
def start(start_with, broker):
    return functools.partial(start_with, broker)


def captured_in(path):
    return read_messages(path.read_bytes())


def assert_all_acknowledged(result, count):
    assert result[:4] == (0, count, count, 0), result


def event(number, ts=1795478400):
    return json.dumps({"event_type": "DOOR_OPENED", "data": {"order_id": f"ORDER-{number}"}, "ts": ts})


# ---- what is published ----


@pytest.mark.parametrize("name", ["fleet.jsonl", "demo.jsonl", "field-text.jsonl", "command-acks.jsonl"])
def test_messages_are_the_captures(recorder, broker, name):
    """Topics, bytes, QoS, retain and properties, in their order."""
    captured = captured_in(CAPTURES / name)
    assert_all_acknowledged(replay(broker, "--speed=max", CAPTURES / name), len(captured))
    assert by_qos(recorder.wait_for(len(captured))) == by_qos(captured)


def test_every_qos_retain_and_property(recorder, broker, tmp_path):
    properties = {
        "content-type": "application/json",
        "user-properties": {"priority": "high", "微波": "炉 \"A\"", "": ""},
        "payload-format-indicator": 1,
        "response-topic": "a/b",
        "correlation-data": "x y",
        "message-expiry-interval": 4294967295,
    }
    lines = [line(qos, EVENT, f"m{qos}{retain}", qos, retain) for qos in (0, 1, 2) for retain in (0, 1)]
    lines += [line(3, EVENT, "{}", 1, 0, properties=properties), line(4, EVENT, "", 1, 1)]
    capture = write_capture(tmp_path / "capture.jsonl", lines)
    assert_all_acknowledged(replay(broker, "--speed=max", capture), len(lines))
    recorded = by_qos(recorder.wait_for(len(lines)))
    assert recorded == by_qos(captured_in(capture))
    assert recorded[1][2].properties == properties


def test_properties_as_long_as_mqtt_has_them(recorder, broker, tmp_path):
    """65,535 bytes (MQTT 5, 1.5.4): one more is a failure, and why is said."""
    longest, name = "x" * 65535, "n" * 65535
    captured = [
        line(0, EVENT, "a", properties={"user-properties": {name: longest}}),
        line(1, EVENT, "b", properties={"content-type": "y" * 4096, "correlation-data": longest}),
    ]
    refused = [
        line(2, EVENT, "c", properties={"user-properties": {"priority": longest + "x"}}),
        line(3, EVENT, "d", properties={"response-topic": "a\0b"}),
        line(4, EVENT, "e", properties={"user-properties": {"a": "b\0c"}}),
    ]
    capture = write_capture(tmp_path / "capture.jsonl", captured + refused)
    done = replay(broker, "--speed=max", capture)
    assert done[:5] == (1, 2, 2, 3, 0)
    assert f"cannot publish to {EVENT}: its user property priority has 65536 bytes, at most 65535 can be published\n" in done.log
    assert f"cannot publish to {EVENT}: its response-topic is not UTF-8, or holds a NUL\n" in done.log
    assert f"cannot publish to {EVENT}: its user property a is not UTF-8, or holds a NUL\n" in done.log
    assert by_qos(recorder.wait_for(2)) == by_qos(captured_in(capture)[:2])


def test_properties_that_are_left_out_are_counted(recorder, broker, tmp_path):
    users = {str(number): "x" for number in range(40)}
    lines = [line(0, EVENT, "a", properties={"user-properties": users}), line(1, EVENT, "b", properties={"content-type": 7, "x": "y", "topic-alias": 1})]
    done = replay(broker, "--speed=max", write_capture(tmp_path / "capture.jsonl", lines))
    assert done[:4] == (0, 2, 2, 0) and done.left_out == 8 + 2
    assert f"a message to {EVENT} has properties that were left out: 8\n" in done.log
    assert len(recorder.wait_for(2)[0].properties["user-properties"]) == 32


def test_times_that_cannot_be_moved_are_counted(recorder, broker, tmp_path):
    """They stay as they are: two without room for more digits (the shift has six), one past the last year, one before 1970."""
    payloads = ['{"ts":"' + 61 * " " + '0"}', '{"ts":".' + 58 * "0" + '"}', '{"ts":"2261-12-31T23:59:59Z"}', '{"ts":-5}', '{"ts":1795478400}']
    capture = write_capture(tmp_path / "capture.jsonl", [line(0, EVENT, payload) for payload in payloads])
    done = replay(broker, "--speed=max", "--shift-time", "--start=-1h", capture)
    assert done[:4] == (0, 5, 5, 0) and done.unmoved == 4
    recorded = [one.payload.decode() for one in recorder.wait_for(5)]
    assert recorded[:4] == payloads[:4] and recorded[4] != payloads[4]


def test_qos_can_be_raised(recorder, broker, tmp_path):
    capture = write_capture(tmp_path / "capture.jsonl", [line(qos, EVENT, str(qos), qos) for qos in (0, 1, 2)])
    assert_all_acknowledged(replay(broker, "--speed=max", "--min-qos=1", capture), 3)
    assert sorted((one.payload, one.qos) for one in recorder.wait_for(3)) == [(b"0", 1), (b"1", 1), (b"2", 2)]


def test_retained_messages_stay_at_the_broker(broker, tmp_path):
    lines = [line(0, "v1/vm/VM-SH-001/status", "first", 1, 1), line(1, "v1/vm/VM-SH-001/status", "last", 1, 1)]
    lines += [line(2, "v1/vm/VM-SH-002/status", "gone", 1, 1), line(3, "v1/vm/VM-SH-002/status", "", 1, 1), line(4, EVENT, "x")]
    assert_all_acknowledged(replay(broker, "--speed=max", write_capture(tmp_path / "capture.jsonl", lines)), 5)
    late = Recorder(tmp_path, broker, name="late")
    try:
        assert [(one.topic, one.payload) for one in late.wait_for(1)] == [("v1/vm/VM-SH-001/status", b"last")]
    finally:
        late.kill()


def test_files_in_order_standard_input_and_invalid_lines(recorder, broker, tmp_path):
    first = write_capture(tmp_path / "first.jsonl", [line(50, EVENT, "a"), "oops", "", line(51, EVENT, "b")])
    last = write_capture(tmp_path / "last.jsonl", [line(0, EVENT, "d"), line(1, EVENT, "e")[:-5]])
    done = replay(broker, "--speed=max", first, "-", last, input=line(9, EVENT, "c") + "\n{}\n")
    assert done[:5] == (0, 4, 4, 0, 3)
    assert [one.payload for one in recorder.wait_for(4)] == [b"a", b"b", b"c", b"d"]
    assert "first.jsonl:2: not a message, passed over: expected a value" in done.log
    assert "-:2: not a message, passed over: no tst" in done.log
    assert "last.jsonl:2: not a message, passed over: the text ends" in done.log


def test_standard_input_is_published_as_it_comes(recorder, broker):
    program = subprocess.Popen(command(broker, "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        for number in range(3):
            program.stdin.write(line(0, EVENT, str(number)) + "\n")
            program.stdin.flush()
            recorder.wait_for(number + 1)
        output, _ = program.communicate(timeout=PATIENCE)
        assert program.returncode == 0 and SUMMARY.search(output).groups()[:2] == ("3", "3")
    finally:
        program.kill()
        program.wait()


def test_a_pipe_with_a_name_is_published_as_it_comes(recorder, broker, start, tmp_path):
    """Also if its writer comes later, behind another capture. While it is waited for, the connection is kept and signals count."""
    first = write_capture(tmp_path / "first.jsonl", [line(0, EVENT, "first")])
    os.mkfifo(tmp_path / "pipe")
    running = start(first, tmp_path / "pipe")
    recorder.wait_for(1)
    wait_until(lambda: sleeps(running.popen.pid), "the program to wait for a writer")
    with open(tmp_path / "pipe", "w", encoding="utf-8") as pipe:
        for number in range(3):
            pipe.write(line(0, EVENT, str(number)) + "\n")
            pipe.flush()
            recorder.wait_for(2 + number)
            assert running.is_running()
    assert_all_acknowledged(running.result(), 4)


def test_a_signal_while_a_pipe_has_no_writer(broker, start, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    running = start(tmp_path / "pipe")
    running.wait_until(lambda: "connected to" in running.log(), "the connection")
    assert running.stop() == 0
    assert_all_acknowledged(running.result(), 0)


def test_a_signal_ends_what_has_no_end(broker, start):
    """Gigabytes without a line, let alone a message."""
    running = start("/dev/zero")
    running.wait_until(lambda: "connected to" in running.log(), "the connection")
    assert running.stop() == 0
    assert_all_acknowledged(running.result(), 0)


def test_check_reads_a_pipe_once(broker, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(command(broker, "--check", "--loop", tmp_path / "pipe"), stdout=subprocess.PIPE, text=True) as program:
        (tmp_path / "pipe").write_text(line(0, EVENT, "a") + "\noops\n", encoding="utf-8")
        output, _ = program.communicate(timeout=PATIENCE)
    assert program.returncode == 0 and output.startswith("configuration is valid: 1 messages of 1 machines in 0.0 s, 1 invalid lines; ")


@pytest.mark.parametrize("flags", [["--loop"], ["--loop=2"], ["--devices=3"], ["--shift-time", "--speed=max"]])
def test_what_a_pipe_cannot_do_is_said(broker, tmp_path, flags):
    os.mkfifo(tmp_path / "pipe")
    done = subprocess.run(command(broker, *flags, tmp_path / "pipe"),
                          capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2 and "E! vending-replay: a capture that is a pipe or a device can be read only once" in done.stderr


# ---- when it is published ----

GAPS = [0, 0.25, 0.25, 1.0, 1.5]


def arrivals_since(before, messages):
    return [one.arrival - before for one in messages]


@pytest.mark.parametrize("speed, stretch", [("1", 1), ("0.5", 2), ("4", 0.25)])
def test_no_message_comes_before_its_time(recorder, broker, tmp_path, speed, stretch):
    capture = write_capture(tmp_path / "capture.jsonl", [line(gap, EVENT, str(i)) for i, gap in enumerate(GAPS)])
    before = time.time()
    assert_all_acknowledged(replay(broker, "--speed", speed, capture), len(GAPS))
    recorded = recorder.wait_for(len(GAPS))
    assert [one.payload for one in recorded] == [str(i).encode() for i in range(len(GAPS))]
    for since, gap in zip(arrivals_since(before, recorded), GAPS):
        assert since >= gap * stretch - CLOCKS


def test_speed_and_max_gap_shorten_what_would_take_a_day(recorder, broker, tmp_path):
    capture = write_capture(tmp_path / "capture.jsonl", [line(second, EVENT, event(second)) for second in (0, 40000, 86400)])
    assert_all_acknowledged(replay(broker, "--speed", 1000000, capture), 3)
    assert_all_acknowledged(replay(broker, "--max-gap", "50ms", capture), 3)
    assert_all_acknowledged(replay(broker, "--speed", "max", capture), 3)
    recorder.wait_for(9)


def test_rounds(recorder, broker, tmp_path):
    capture = write_capture(tmp_path / "capture.jsonl", [line(0, EVENT, "a"), "oops", line(0, EVENT, "b")])
    done = replay(broker, "--speed=max", "--loop=3", capture)
    assert done[:5] == (0, 6, 6, 0, 1), "an invalid line is one line, however often it is read"
    assert [one.payload for one in recorder.wait_for(6)] == [b"a", b"b"] * 3
    empty = write_capture(tmp_path / "empty.jsonl", ["oops"])
    assert replay(broker, "--loop", empty)[:5] == (0, 0, 0, 0, 1), "for ever nothing is over at once"


# ---- times of today ----


def time_of(message):
    """The ts of a payload of the demo, in seconds, whatever its form; None if there is none."""
    try:
        ts = json.loads(message.payload)["ts"]
    except ValueError:
        return None
    if isinstance(ts, str):
        return nanoseconds(ts) / 1e9
    return ts / 1000 if ts > 1e11 else ts


TIMES = re.compile(rb'("(?:ts|timestamp)":)("[^"]*"|[0-9.]+)')


def without_time(message):
    """The payload's bytes but for its times."""
    return TIMES.sub(rb"\1T", message.payload)


def count_rows(rows):
    return collections.Counter(row.measurement.decode() for row in rows)


def anomalies(rows):
    return sorted(field(row, "anomalies") for row in rows if field(row, "anomalies"))


def test_shifted_times_end_now_and_keep_their_form_and_spacing(recorder, broker):
    captured = captured_in(DEMO)
    before = time.time()
    assert_all_acknowledged(replay(broker, "--speed=max", "--shift-time", DEMO), len(captured))
    recorded = recorder.wait_for(len(captured))
    after = time.time()
    shifts = set()
    for old, new in pairs(captured, recorded):
        assert (old.topic, old.qos, old.retain, old.properties) == (new.topic, new.qos, new.retain, new.properties)
        if time_of(old) is None:
            assert old.payload == new.payload, "half a message stays half a message"
            continue
        assert without_time(old) == without_time(new)
        assert len(old.payload) == len(new.payload)
        assert before - 3700 <= time_of(new) <= after
        shifts.add(round(time_of(new) - time_of(old), 3))
    # One shift for all: what is written in whole seconds is cut downward.
    assert max(shifts) - min(shifts) < 1.0
    # The processor trusts every one of them, and finds what it finds in the capture.
    rows, original = rows_of(recorder.path), rows_of(DEMO)
    assert count_rows(rows) == count_rows(original)
    assert anomalies(rows) == anomalies(original)
    assert len(anomalies(rows)) == 15, "those of the broken probe"
    for row in rows:
        if row.measurement != b"vm_rejected":
            assert before - 3700 <= row.time / 1e9 <= after


def pairs(captured, recorded):
    for qos, messages in by_qos(captured).items():
        yield from zip(messages, by_qos(recorded)[qos])


def test_each_round_with_shifted_times_is_new(recorder, broker):
    captured = captured_in(DEMO)
    assert_all_acknowledged(replay(broker, "--speed=max", "--shift-time", "--loop=3", DEMO), 3 * len(captured))
    recorder.wait_for(3 * len(captured))
    once, thrice = count_rows(rows_of(DEMO)), count_rows(rows_of(recorder.path))
    # But for what cannot be shifted: half a message is the same half again, and the processor knows it by its bytes only.
    assert {name: count * 3 for name, count in once.items() if name != "vm_rejected"} == {
        name: count for name, count in thrice.items() if name != "vm_rejected"
    }
    keys = [(row.measurement, row.tags[b"device_no"], row.time) for row in rows_of(recorder.path) if row.measurement == b"vm_telemetry"]
    assert len(set(keys)) == len(keys), "the landing skips telemetry of the same moment"


def test_the_last_day_at_once(recorder, broker, tmp_path):
    """A minute of the capture an hour, for 24 hours: what the demo begins with."""
    lines = [line(second, "v1/vm/VM-SH-001/telemetry", json.dumps({"ts": f"2026-11-24T{second // 3600:02}:{second // 60 % 60:02}:00Z", "system": {"voltage": 220.5}}), 0)
             for second in range(0, 6 * 3600, 600)]
    capture = write_capture(tmp_path / "capture.jsonl", lines)
    before = time.time()
    done = replay(broker, "--loop", "--shift-time", "--start=-24h", "--until=now", "--speed=max", capture)
    after = time.time()
    round_length = 35 * 600 + 1
    wanted = 36 * (86400 // round_length) + -(-(86400 % round_length) // 600)
    assert_all_acknowledged(done, wanted)
    rows = [row for row in rows_of(recorder.wait_for(wanted) and recorder.path)]
    times = [row.time / 1e9 for row in rows]
    assert len(rows) == wanted and not anomalies(rows)
    assert times == sorted(times) and len(set(times)) == wanted
    assert before - 86400 - 1 <= times[0] and times[-1] <= after
    assert after - times[-1] < 600 + after - before, "it comes up to the present"


def test_it_is_said_when_the_present_is_reached(recorder, broker, start, tmp_path):
    """What follows may be hours away, and nothing else shows that it is waited for."""
    capture = write_capture(tmp_path / "capture.jsonl", [line(second, EVENT, event(second)) for second in (0, 5, 9000)])
    running = start("--shift-time", "--start=-1h", "--speed=max", capture)
    recorder.wait_for(2)
    running.wait_until(lambda: "I! the present is reached: what follows comes as time goes by, the next message in " in running.log(), "a word")
    assert int(re.search(r"the next message in (\d+) s", running.log()).group(1)) <= 9000 - 3600
    assert running.stop() == 0
    live = replay(broker, "--shift-time", write_capture(tmp_path / "live.jsonl", [line(second, EVENT, event(second)) for second in (0, 0.2)]))
    assert_all_acknowledged(live, 2)
    assert "the present" not in live.log, "at the capture's pace it never was anywhere else"


def test_the_past_at_once_and_then_live(recorder, broker, start, tmp_path):
    """The clones' fleet of the demo: one program brings the past, and goes on with the present for as long as it runs."""
    lines = [line(n / 10, EVENT, json.dumps({"event_type": "DOOR_OPENED", "ts": 1795478400000 + n * 100}), n % 2) for n in range(50)]
    running = start("--loop", "--shift-time", "--start=-10m", "--speed=max", "--devices=3", "--spread=1s", write_capture(tmp_path / "capture.jsonl", lines))
    before = time.time()

    def is_live():
        return any(time_of(one) > before + 1 for one in recorder.messages()[-50:])

    running.wait_until(is_live, "messages of the present")
    assert running.stop() == 0
    done = running.result()
    assert done.published == done.acknowledged and done.failed == 0
    recorded = recorder.wait_for(done.published)
    assert len(recorded) == done.published
    assert time_of(recorded[0]) < before - 590
    assert all(time_of(one) <= one.arrival + CLOCKS for one in recorded), "nothing speaks of the future"
    assert {one.topic for one in recorded} == {f"v1/vm/VM-SH-00{n}/events" for n in (1, 2, 3)}


# ---- a larger fleet ----


def test_clones_are_machines_of_their_own(recorder, broker):
    captured = captured_in(DEMO)
    done = replay(broker, "--speed=max", "--devices=25", "--spread=20s", DEMO)
    recorded = recorder.wait_for(done.published)
    assert len(recorded) == done.published == done.acknowledged and done.status == 0
    by_device = collections.defaultdict(list)
    for one in recorded:
        by_device[one.topic.split("/")[2]].append(one)
    originals = collections.defaultdict(list)
    for one in captured:
        originals[one.topic.split("/")[2]].append(one)
    assert len(originals) == 10 and len(by_device) == 25 and set(originals) < set(by_device)
    assert all(len(device) == len("VM-SH-001") for device in by_device), "numbers keep their width"

    def clone_of(device, name):
        """The machine's messages as the clone sends them: only its number is another, not that in the addresses of images or in half
        a message."""
        old, new = f'"{device}"'.encode(), f'"{name}"'.encode()
        return by_qos(one._replace(topic=one.topic.replace(device, name), payload=one.payload.replace(old, new) if time_of(one) else one.payload)
                      for one in originals[device])

    machines = collections.Counter()
    for name, messages in by_device.items():
        sources = [device for device in originals if device[:6] == name[:6] and by_qos(messages) == clone_of(device, name)]
        assert len(sources) == 1, f"{name} is the clone of {sources}"
        assert name not in originals or sources == [name], "the machine itself is as it was"
        machines[sources[0]] += 1
    assert sorted(machines.values()) == [2] * 5 + [3] * 5


def test_the_rows_of_a_clone_are_its_originals(recorder, broker):
    done = replay(broker, "--speed=max", "--devices=20", DEMO)
    recorder.wait_for(done.published)
    rows = collections.defaultdict(list)
    for row in rows_of(recorder.path, "--max-age=3650d", "--max-ahead=3650d"):
        # message_id is a hash of topic and payload, raw_data the payload, lag and arrival times the recording's.
        fields = [one for one in row.fields if one[0] not in (b"message_id", b"raw_data", b"topic", b"payload", b"payload_size")]
        is_at_arrival = row.measurement == b"vm_rejected" or field(row, "status") == b"offline"
        rows[row.tags[b"device_no"].decode()].append((row.measurement, fields, None if is_at_arrival else row.time))
    assert len(rows) == 20
    kinds = collections.Counter(json.dumps(repr(sorted(one, key=repr))) for one in rows.values())
    assert sorted(kinds.values()) == [2] * 10, "each machine's rows are there twice"


def test_a_fleet_of_today_through_telegraf(broker, make_telegraf):
    """The demo's way, up to the database: twice the machines, with times of the last hour, and nothing is missing."""
    telegraf = make_telegraf(broker)
    telegraf.start()
    broker.wait_until_ready(telegraf.client_id)
    once = rows_of(DEMO)
    done = replay(broker, "--speed=max", "--min-qos=1", "--shift-time", "--devices=20", DEMO)
    assert done.status == 0 and done.published == 2 * len(captured_in(DEMO))
    rows = telegraf.wait_for_rows(2 * len(once))
    assert count_rows(rows) == {name: 2 * count for name, count in count_rows(once).items()}
    assert anomalies(rows) == sorted(2 * anomalies(once))
    telegraf.stop()


def test_fewer_machines_than_the_capture_has(recorder, broker):
    captured = captured_in(CAPTURES / "fleet.jsonl")
    first = list(dict.fromkeys(one.topic for one in captured if one.topic.endswith("status")))[:3]
    done = replay(broker, "--speed=max", "--devices=3", CAPTURES / "fleet.jsonl")
    recorded = recorder.wait_for(done.published)
    assert {one.topic.split("/")[2] for one in recorded} == {topic.split("/")[2] for topic in first}
    assert done.status == 0 and len(recorded) == done.published


def test_clones_are_spread_in_time(recorder, broker, tmp_path):
    capture = write_capture(tmp_path / "capture.jsonl", [line(0, EVENT, event(0))])
    before = time.time()
    assert_all_acknowledged(replay(broker, "--devices=4", "--spread=1s", capture), 4)
    recorded = recorder.wait_for(4)
    assert [one.topic.split("/")[2] for one in recorded] == ["VM-SH-001", "VM-SH-002", "VM-SH-003", "VM-SH-004"]
    for place, since in enumerate(arrivals_since(before, recorded)):
        assert since >= place * 0.25 - CLOCKS


# ---- trouble ----


def orders_of(messages):
    return collections.Counter(json.loads(one.payload)["data"]["order_id"] for one in messages)


def numbered(tmp_path, count, per_second, qos=lambda number: 1):
    lines = (line(number / per_second, f"v1/vm/VM-SH-{number % 40:03}/events", event(number), qos(number)) for number in range(count))
    return write_capture(tmp_path / "numbered.jsonl", lines)


def test_none_is_missing_after_a_broker_restart_under_load(broker, start, tmp_path):
    count = 20000
    recorder = Recorder(tmp_path, broker, qos=1)  # with QoS 2 mosquitto_sub 2.0.11 ends with a protocol error under load
    running = start(numbered(tmp_path, count, 4000, lambda number: 1 + number % 2))
    recorder.wait_for(2000)
    broker.stop()
    running.wait_until(lambda: "the connection is lost" in running.log(), "the connection to be lost")
    broker.start()
    wait_until(lambda: not running.is_running(), lambda: f"the end; log:\n{running.log()[-2000:]}")
    assert_all_acknowledged(running.result(), count)
    try:
        recorder.wait_until(lambda: len(orders_of(recorder.messages())) == count, "every message to be recorded")
    finally:
        recorder.kill()


def test_100000_messages_of_qos_1(recorder, broker, start, tmp_path, figures):
    """None is missing and none comes twice, and memory does not grow with what is to be published."""
    count = 100000
    running = start("--speed=max", "--loop=2", numbered(tmp_path, count // 2, 1000))
    peak = 0
    while running.is_running():
        try:
            peak = max(peak, running.peak_memory())
        except (AttributeError, FileNotFoundError, ProcessLookupError):
            break  # it has just ended
        time.sleep(0.05)
    done = running.result()
    assert_all_acknowledged(done, count)
    orders = orders_of(recorder.wait_for(count))
    assert len(orders) == count // 2 and set(orders.values()) == {2}
    assert 0 < peak < 32 * MIB
    figures.append(f"vending-replay, 100,000 messages of QoS 1 with a recorder: {SUMMARY.search(done.log).group().split(';')[1].strip()}; peak memory {peak // 1024} KiB")


def test_a_broker_that_does_not_answer_costs_no_memory(broker, start, tmp_path):
    running = start("--speed=max", "--loop=1000", numbered(tmp_path, 1000, 1000))
    running.wait_until(lambda: broker.process.log().count("Received PUBLISH") > 1000, "load")
    os.kill(broker.process.popen.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: sleeps(running.popen.pid), "the program to wait for the broker")
        assert running.peak_memory() < 32 * MIB
        running.popen.send_signal(signal.SIGINT)  # what is in flight is waited for
        running.popen.send_signal(signal.SIGINT)  # but not if the user says so twice
    finally:
        os.kill(broker.process.popen.pid, signal.SIGCONT)
    running.popen.wait(PATIENCE)


def test_it_sleeps_while_the_broker_does_not_answer_and_more_comes_in(recorder, broker):
    program = subprocess.Popen(command(broker, "--in-flight=3", "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        program.stdin.write(line(0, EVENT, "first") + "\n")
        program.stdin.flush()
        recorder.wait_for(1)
        os.kill(broker.process.popen.pid, signal.SIGSTOP)
        try:
            for number in range(5):
                program.stdin.write(line(0, EVENT, str(number)) + "\n")
                program.stdin.flush()
                wait_until(lambda: sleeps(program.pid), "the program to wait")
        finally:
            os.kill(broker.process.popen.pid, signal.SIGCONT)
        output, _ = program.communicate(timeout=PATIENCE)
        assert program.returncode == 0 and SUMMARY.search(output).groups()[:2] == ("6", "6")
    finally:
        program.kill()
        program.wait()


def sleeps(pid):
    """Between two looks it has used no processor time."""

    def ticks():
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[11:13]

    before = ticks()
    time.sleep(0.2)
    return ticks() == before


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(recorder, broker, start, tmp_path, signum):
    running = start("--loop", numbered(tmp_path, 1000, 500))
    recorder.wait_for(100)
    assert running.stop(signum) == 0
    done = running.result()
    assert done.published == done.acknowledged >= 100 and done.failed == 0
    assert len(recorder.wait_for(done.published)) == done.published
    assert "closed its connection" not in broker.process.log().split("vending-replay")[-1], "it said goodbye"


def test_refused_messages_are_failures(tmp_path):
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Broker(folder)
    (folder / "acl").write_text("topic readwrite v1/vm/VM-SH-001/#\ntopic read #\n")
    with open(broker.config, "a", encoding="utf-8") as config:
        config.write(f"acl_file {folder}/acl\n")
    try:
        broker.start()
        lines = [line(0, EVENT, "a"), line(0, "v1/vm/VM-SH-002/events", "b"), line(0, "v1/vm/VM-SH-002/events", "c", 2), line(0, "v1/+/x", "d"), line(0, EVENT, "e", 2)]
        done = replay(broker, "--speed=max", write_capture(tmp_path / "capture.jsonl", lines))
        assert done[:4] == (1, 4, 2, 3)
        assert "not authorized" in done.log and "cannot publish to v1/+/x: the topic may not be published to" in done.log
    finally:
        broker.close()


def test_wrong_login_and_nobody_there(tmp_path):
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Broker(folder, login=("replay", "secret"))
    capture = write_capture(tmp_path / "capture.jsonl", [line(0, EVENT, "a")])
    try:
        broker.start()
        wrong = replay(broker, "--give-up=1s", "--username=replay", capture, env={**os.environ, "MQTT_PASSWORD": "wrong"})
        assert wrong[:4] == (1, 0, 0, 0) and "not authorized" in wrong.log and "no connection for 1 s (--give-up)" in wrong.log
        right = replay(broker, "--username=replay", capture, env={**os.environ, "MQTT_PASSWORD": "secret"})
        assert_all_acknowledged(right, 1)
    finally:
        broker.close()
    broker.port = free_port()
    nobody = replay(broker, "--give-up=1s", capture)
    assert nobody[:4] == (1, 0, 0, 0) and "Connection refused" in nobody.log


# ---- a broker that does not acknowledge ----


@pytest.fixture
def silent():
    """A function that makes a broker that acknowledges no more than it is told to; it is closed after the test."""
    made = []

    def make(**how):
        made.append(SilentBroker(**how))
        return made[-1]

    yield make
    for one in made:
        one.close()


def last_line(done):
    return done.log.splitlines()[-1]


REST = ", what was left of the captures was not published"


def test_a_broker_that_acknowledges_nothing(silent, tmp_path):
    broker = silent()
    done = replay(broker, "--speed=max", "--give-up=2s", numbered(tmp_path, 100, 100))
    assert done[:4] == (1, 20, 0, 0)
    assert last_line(done) == f"E! no acknowledgement for 2 s (--give-up): 0 messages acknowledged, 20 not{REST}"
    assert len(set(broker.published)) == 20 and broker.connections == 1


def test_a_broker_that_stops_acknowledging(silent, tmp_path):
    broker = silent(acknowledges=37)
    done = replay(broker, "--speed=max", "--give-up=1s", "--in-flight=5", numbered(tmp_path, 40, 100))
    assert done[:4] == (1, 40, 37, 0)
    assert last_line(done) == "E! no acknowledgement for 1 s (--give-up): 37 messages acknowledged, 3 not"


def test_a_broker_that_takes_few_at_a_time_and_stops(silent, tmp_path):
    """Its receive maximum holds, and what waits here for its turn is not acknowledged either."""
    broker = silent(acknowledges=10, receive_maximum=3)
    done = replay(broker, "--speed=max", "--give-up=1s", numbered(tmp_path, 100, 100))
    assert done[:4] == (1, 30, 10, 0)
    assert last_line(done) == f"E! no acknowledgement for 1 s (--give-up): 10 messages acknowledged, 20 not{REST}"
    assert len(broker.published) == 13


def test_a_broker_that_takes_few_at_a_time_and_acknowledges_all(silent, tmp_path):
    assert_all_acknowledged(replay(silent(acknowledges=100, receive_maximum=1), "--speed=max", "--give-up=1s", numbered(tmp_path, 100, 100)), 100)


def test_a_broker_that_comes_and_goes_and_acknowledges_nothing(silent, tmp_path):
    """Each connection is a new one, and yet it ends."""
    broker = silent(lasts=20)
    done = replay(broker, "--speed=max", "--give-up=1s", "--reconnect-max=1s", numbered(tmp_path, 100, 100))
    assert done[:3] == (1, 20, 0)
    assert re.match(r"E! no (acknowledgement|connection) for 1 s \(--give-up\): 0 messages acknowledged, 20 not", last_line(done))
    assert len(set(broker.published)) == 20


def test_qos_0_waits_for_the_next_connection(silent, tmp_path):
    """What was not written when the connection broke is published over the next one, and not burnt up as failures."""
    count = 50000
    broker = silent(breaks=100)
    done = replay(broker, "--speed=max", "--reconnect-max=1s", numbered(tmp_path, count, 1000, lambda number: 0))
    assert "cannot publish" not in done.log and broker.connections == 2
    assert done.published == done.acknowledged + done.failed == count
    numbers = [int(json.loads(payload)["data"]["order_id"].removeprefix("ORDER-")) for payload in broker.plain]
    assert numbers[:100] == list(range(100))
    second = numbers[100:]
    assert second == list(range(second[0], count)), "from where it broke off to the end"


def test_topics_of_the_broker_cost_no_connection(recorder, broker, tmp_path):
    """Mosquitto closes the connection of whoever publishes to them, and what of QoS 0 is under way is lost with it."""
    topics = ["$SYS/broker/uptime", "$share/group/v1/vm/VM-SH-001/events", "$SYS", EVENT]
    done = replay(broker, "--speed=max", write_capture(tmp_path / "capture.jsonl", [line(0, topic, "x", 0) for topic in topics]))
    assert done[:4] == (1, 1, 1, 3) and "the connection is lost" not in done.log
    assert "cannot publish to $SYS/broker/uptime: a topic below $SYS is the broker's own" in done.log
    assert "cannot publish to $share/group/v1/vm/VM-SH-001/events: a topic below $share is the broker's own" in done.log
    assert [one.topic for one in recorder.wait_for(1)] == [EVENT]


def test_messages_that_come_seldom_are_not_given_up(silent, tmp_path):
    """More time passes between them than it has patience with any of them."""
    capture = write_capture(tmp_path / "capture.jsonl", [line(second, EVENT, event(second)) for second in (0, 1.5, 3)])
    assert_all_acknowledged(replay(silent(acknowledges=3), "--give-up=1s", capture), 3)


@pytest.mark.parametrize("signals, reason", [(1, "not everything was acknowledged within 5 s of the signal"), (2, "a second signal within 5 s")])
def test_a_signal_while_nothing_is_acknowledged(silent, start_with, tmp_path, signals, reason):
    broker = silent()
    running = start_with(broker, "--speed=max", numbered(tmp_path, 20, 100))
    running.wait_until(lambda: len(broker.published) == 20, "messages in flight")
    for signum in [signal.SIGINT, signal.SIGTERM][:signals]:  # two of a kind may come as one
        running.popen.send_signal(signum)
    assert running.result()[:3] == (1, 20, 0)
    assert f"E! {reason}: 0 messages acknowledged, 20 not\n" in running.log()


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_a_stopped_mosquitto_is_given_up(broker, start, tmp_path, qos):
    """Of QoS 0 the socket takes no more."""
    running = start("--speed=max", "--loop=100000", "--give-up=2s", numbered(tmp_path, 1000, 1000, lambda number: qos))
    running.wait_until(lambda: broker.process.log().count("Received PUBLISH") > 1000, "load")
    os.kill(broker.process.popen.pid, signal.SIGSTOP)
    try:
        done = running.result()
    finally:
        os.kill(broker.process.popen.pid, signal.SIGCONT)
    assert done.status == 1 and done.published - done.acknowledged == 20 and done.failed == 0
    assert f"E! no acknowledgement for 2 s (--give-up): {done.acknowledged} messages acknowledged, 20 not{REST}\n" in done.log


def test_a_mosquitto_that_hesitates_is_not(broker, start, tmp_path):
    running = start("--speed=max", "--loop=20", "--give-up=1m", numbered(tmp_path, 1000, 1000))
    running.wait_until(lambda: broker.process.log().count("Received PUBLISH") > 1000, "load")
    os.kill(broker.process.popen.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: sleeps(running.popen.pid), "the program to wait for the broker")
    finally:
        os.kill(broker.process.popen.pid, signal.SIGCONT)
    assert_all_acknowledged(running.result(), 20000)


@pytest.mark.parametrize("args, problem", [
    (["--speed=0", "x"], "--speed: \"0\" is not a factor"),
    ([], "no capture to play"),
    (["/nowhere/x"], "/nowhere/x: No such file or directory"),
    (["/tmp"], "/tmp: Is a directory"),
    (["--mapping=/nowhere/m", str(DEMO)], "/nowhere/m"),
    (["--devices=2", "-"], "the machines have to be counted first"),
])
def test_what_is_wrong_is_said_and_ends_with_2(broker, args, problem):
    done = subprocess.run(command(broker, *args), capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("E! vending-replay: ") and problem in done.stderr and done.stderr.count("\n") == 1


def test_check_says_what_is_in_a_capture(broker):
    done = subprocess.run(command(broker, "--check", DEMO, CAPTURES / "field-capture-format.jsonl"), capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0
    assert done.stdout.startswith("configuration is valid: ") and " machines in " in done.stdout and "in-flight=20" in done.stdout


def test_a_terminal_shows_how_far_it_is(recorder, broker, tmp_path):
    capture = write_capture(tmp_path / "capture.jsonl", [line(n / 10, EVENT, event(n)) for n in range(20)])
    master, slave = pty.openpty()
    try:
        program = subprocess.Popen(command(broker, capture), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave, text=True)
        os.close(slave)
        output, _ = program.communicate(timeout=PATIENCE)
        shown = read_all(master)
    finally:
        os.close(master)
    assert program.returncode == 0 and SUMMARY.search(output).groups()[:2] == ("20", "20")
    bars = [part for part in shown.split("\r") if "% " in part and " published " in part]
    assert bars and all("[" in bar and "]" in bar for bar in bars)
    assert shown.endswith("\r\x1b[K"), "the line is taken away at the end"
    plain = replay(broker, "--speed=max", capture)
    assert "\r" not in plain.log and "published" not in plain.log


def read_all(master):
    data = b""
    try:
        while chunk := os.read(master, 65536):
            data += chunk
    except OSError:  # the other side is closed
        pass
    return data.decode()


# ---- the demo's capture ----


def test_the_demo_capture_is_what_its_generator_writes():
    made = subprocess.run(["python3", CAPTURES / "make_demo.py"], capture_output=True, timeout=PATIENCE, check=True).stdout
    assert made == DEMO.read_bytes()


def test_the_demo_has_every_fault():
    rows = rows_of(DEMO)
    events = collections.Counter(field(row, "event_type").decode() for row in rows if row.measurement == b"vm_events")
    assert {"CHANNEL_JAM", "DISPENSE_FAILED", "DISPENSE_SUCCESS", "DOOR_OPENED", "HEATING_FAILURE", "SNAPSHOT_CAPTURED", "TEMP_OVERHEAT", "VANDALISM_ALERT"} == set(events)
    assert 80 <= events["DISPENSE_SUCCESS"] <= 150
    status = [(row.tags[b"device_no"], field(row, "status")) for row in rows if row.measurement == b"vm_status"]
    assert status.count((b"VM-GZ-001", b"offline")) == 1 and status.count((b"VM-GZ-001", b"online")) == 2 and len(status) == 12
    assert [field(row, "reason") for row in rows if row.measurement == b"vm_rejected"] == [b"invalid_json"]
    thawing = [field(row, "freezer_temp_1") for row in rows if row.tags.get(b"device_no") == b"VM-SH-002" and row.measurement == b"vm_telemetry"]
    assert max(thawing) > -2 and thawing[0] < -16 and thawing[-1] < -16
    assert max(field(row, "vibration_g") or 0 for row in rows if row.tags.get(b"device_no") == b"VM-BJ-003") > 2
    redelivered = [one for one, count in collections.Counter((one.topic, one.payload) for one in captured_in(DEMO)).items() if count > 1]
    assert len(redelivered) == 1
