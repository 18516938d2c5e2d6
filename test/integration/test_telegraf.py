"""Real Mosquitto, real Telegraf, the real processor and the files of telegraf.d, each test with Telegraf 1.37 and 1.39.

What is published at QoS 1 comes out as the row the contract says, or as a row of vm_rejected; nothing vanishes.
"""

import collections
import json
import re
import signal
import subprocess
import time

import pytest

from broker import Broker
from capture import Message, read_capture
from expected import ARRIVAL, expected_row, rejected_row, row, siphash24, without_detail
from lineprotocol import RowFile, field
from load import Stream, event
from telegraf import DATA, TELEGRAF_D, subscribed
from waiting import wait_until

# A capture's clock is long past: these two make it count all the same.
TRUST_ANY_CLOCK = {"VENDING_MAX_AGE": "3650d", "VENDING_MAX_AHEAD": "3650d"}
KIB = 1024


def publish_all(broker, messages):
    publisher = broker.publisher()
    for message in messages:
        publisher.publish(message.topic, message.payload, message.retain)
    publisher.flush()


def assert_rows(actual, expected, since):
    """The same rows, in any order. Where one is expected at its arrival, it came between `since` and now."""
    now = time.time_ns()
    arrivals = collections.Counter(freeze(row) for row in expected if row.time == ARRIVAL)
    found = []
    for one in actual:
        at_arrival = freeze(one._replace(time=ARRIVAL))
        if arrivals[at_arrival] and since <= one.time <= now:
            arrivals[at_arrival] -= 1
            one = one._replace(time=ARRIVAL)
        found.append(freeze(one))
    wanted = collections.Counter(map(freeze, expected))
    missing, surplus = wanted - collections.Counter(found), collections.Counter(found) - wanted
    assert not missing and not surplus, "rows missing:\n  {}\nrows nobody expects:\n  {}".format(
        "\n  ".join(map(show, missing.elements())), "\n  ".join(map(show, surplus.elements()))
    )


def freeze(one):
    return one._replace(tags=tuple(sorted(one.tags.items())), fields=tuple(one.fields))


def show(one):
    text = str(one)
    return text if len(text) < 2000 else f"{text[:1500]} ... {text[-400:]}"


def totals(telegraf):
    """The processor's reports on itself, added up; the heartbeats, which pass, are not counted."""
    sums = collections.Counter()
    for report in telegraf.output.of("vm_ingest"):
        sums.update({key.decode(): value for key, kind, value in report.fields if kind == "int"})
    sums.subtract(dict.fromkeys(("received", "passed"), len(telegraf.output.of("vm_mqtt"))))
    return sums


def only_files(telegraf, *names):
    telegraf.config = ["--config", str(telegraf.extra)]
    for name in names:
        telegraf.config += ["--config", str(TELEGRAF_D / name)]


OTHER_INPUT = """
[[inputs.file]]
  files = ["{path}"]
  data_format = "influx"
  interval = "1s"
  precision = "1ns"
"""

# The processor as somebody would have it who did not take over `tagpass`: every metric goes through it.
PROCESSOR_FOR_ALL = """
[[processors.execd]]
  command = ["${VENDING_PROCESSOR}", "--report-interval", "0"]
  influx_uint_support = true
"""


def test_the_hash_of_expected_py_is_siphash():
    assert siphash24(bytes(range(15)), (0x0706050403020100, 0x0F0E0D0C0B0A0908)) == 0xA129CA6149BE45E5


# ---- every message one row ----


def test_every_message_of_the_capture_is_its_row(broker, make_telegraf):
    messages = read_capture("fleet.jsonl")
    telegraf = subscribed(make_telegraf(broker, **TRUST_ANY_CLOCK), broker)
    since = time.time_ns()
    publish_all(broker, messages)
    telegraf.wait_for_rows(len(messages))
    telegraf.stop()
    assert_rows(telegraf.output.of(*DATA), [expected_row(one.topic, one.payload) for one in messages], since)
    reported = totals(telegraf)
    assert reported["received"] == len(messages)
    assert sum(reported[table] for table in ("telemetry", "events", "status")) == len(messages)
    assert reported["rejected"] == reported["duplicates"] == reported["passed"] == reported["anomalies"] == 0


def test_a_host_tag_that_a_stock_telegraf_conf_wants_is_in_no_row(broker, make_telegraf):
    telegraf = make_telegraf(broker, **TRUST_ANY_CLOCK)
    telegraf.add_config('[agent]\n  hostname = "some-host"\n')
    subscribed(telegraf, broker)
    messages = read_capture("fleet.jsonl")[-20:]
    since = time.time_ns()
    publish_all(broker, messages)
    telegraf.wait_for_rows(len(messages))
    telegraf.stop()
    assert_rows(telegraf.output.of(*DATA), [expected_row(one.topic, one.payload) for one in messages], since)


def padded_event(size):
    """A valid event of exactly that many bytes."""
    empty = json.dumps(event(filler="")).encode()
    return json.dumps(event(filler="x" * (size - len(empty)))).encode()


def quotes_event(size):
    """The same, nearly all of it quotes and backslashes: in line protocol it is twice as long."""
    empty = json.dumps(event(filler="")).encode()
    filler = '\\"' * ((size - len(empty)) // 4)
    return json.dumps(event(filler=filler)).encode()


ODD_EVENTS = {
    "pretty-printed": json.dumps(event(door_id="主门", note='a "quoted" \\ word'), indent=4, ensure_ascii=False).encode(),
    "carriage returns": json.dumps(event(door_id="MAIN"), indent=1).replace("\n", "\r\n").encode(),
    "tabs": json.dumps(event(door_id="MAIN"), indent="\t").encode(),
    "escapes": b'{"event_type":"DOOR_OPENED","data":{"door_id":"\\"\\\\\\/\\n\\u4e3b"},"ts":%d}' % int(time.time()),
    "looks like line protocol": json.dumps(event(note='vm_events,a=b c="d" 1\nx y=1i 2\n# z')).encode(),
    "ends with a backslash and a quote": json.dumps(event(note='\\"')).encode(),
    "256 KiB": padded_event(256 * KIB),
    "quotes for 256 KiB": quotes_event(256 * KIB),
}

TRIMMED = {  # what Telegraf or the processor takes off the ends
    "white space around": (b" \r\n\t%b\n\n", b"%b"),
    "NULs around": (b"\0\0%b\0", b"%b"),
    "NULs and white space": (b" \0 %b \0 ", b"%b"),
    "byte order mark": (b"\xef\xbb\xbf%b", b"%b"),
    "ideographic space": (b"%b\xe3\x80\x80", b"%b"),
}

REJECTED = {
    "empty": (b"", "empty_payload"),
    "blank": (b" \r\n\t ", "empty_payload"),
    "a NUL": (b"\0", "empty_payload"),
    "NULs": (b"\0" * 100, "empty_payload"),
    "a NUL in the middle": (b'{"event_type":"DOOR_OPENED","x":"a\0b"}', "invalid_json"),
    "not UTF-8": (b'{"event_type":"DOOR_OPENED","x":"caf\xe9"}', "invalid_utf8"),
    "bytes": (bytes(range(128, 256)), "invalid_utf8"),
    "every byte": (bytes(range(1, 256)) * 3, "invalid_utf8"),
    "half a character": (b'{"event_type":"DOOR_OPENED"} \xe4\xb8', "invalid_utf8"),
    "a surrogate": (b'{"event_type":"\xed\xa0\x80"}', "invalid_utf8"),
    "not JSON": (b"hello, world", "invalid_json"),
    "half JSON": (b'{"event_type":"DOOR_OP', "invalid_json"),
    "JSON twice": (b"{}{}", "invalid_json"),
    "a quote": (b'"', "invalid_json"),
    "a backslash": (b"\\", "invalid_json"),
    "a raw newline in a text": (b'{"event_type":"DOOR\nOPENED"}', "invalid_json"),
    "an array": (b"[1,2,3]", "not_an_object"),
    "a number": (b"42", "not_an_object"),
    "a text": (b'"DOOR_OPENED"', "not_an_object"),
    "null": (b"null", "not_an_object"),
    "too deep": (b'{"a":' * 40 + b"1" + b"}" * 40, "too_deep"),
    "100,000 deep": (b"[" * 100_000, "too_deep"),
    "too many values": (b'{"a":[%b]}' % b",".join([b"1"] * 10_000), "too_many_values"),
    "no event_type": (b'{"data":{}}', "missing_field"),
    "another device": (b'{"event_type":"DOOR_OPENED","device_no":"VM-XX-999"}', "device_mismatch"),
}


def numbered_topic(number):
    return f"v1/vm/VM-ODD-{number:03}/events"


def test_odd_payloads_end_as_a_row_or_rejected(broker, make_telegraf):
    telegraf = subscribed(make_telegraf(broker), broker)
    messages, expected = [], []

    def add(payload, make_row):
        topic = numbered_topic(len(messages))
        messages.append(Message(topic, payload, False))
        expected.append(make_row(topic, topic.split("/")[2]))

    since = time.time_ns()
    for payload in ODD_EVENTS.values():
        add(payload, lambda topic, _, payload=payload: expected_row(topic, payload))
    for came, kept in TRIMMED.values():
        body = json.dumps(event(door_id="MAIN")).encode()
        add(came % body, lambda topic, _, payload=kept % body: expected_row(topic, payload))
    for payload, reason in REJECTED.values():
        kept = payload.strip(b" \r\n\t\0")
        add(payload, lambda topic, device, kept=kept, reason=reason: rejected_row(topic, kept, reason, device))
    large = padded_event(300 * KIB)
    add(large, lambda topic, device: rejected_row(topic, large[: 256 * KIB], "payload_too_large", device, large))

    publish_all(broker, messages)
    telegraf.wait_for_rows(len(messages))
    telegraf.stop()
    actual = [without_detail(one) if one.measurement == b"vm_rejected" else one for one in telegraf.output.of(*DATA)]
    assert_rows(actual, expected, since)


def test_a_message_longer_than_a_line_is_rejected_and_the_next_ones_are_read(broker, make_telegraf):
    telegraf = subscribed(make_telegraf(broker), broker)
    after = json.dumps(event(door_id="MAIN")).encode()
    since = time.time_ns()
    publish_all(broker, [Message(numbered_topic(0), padded_event(3 << 20), False), Message(numbered_topic(1), after, False)])
    telegraf.wait_for_rows(2)
    telegraf.stop()
    (rejected,) = telegraf.output.of("vm_rejected")
    assert field(rejected, "reason") == b"line_too_long"
    assert_rows(telegraf.output.of("vm_events"), [expected_row(numbered_topic(1), after)], since)


# Device numbers that are none; each is one level of a topic. MQTT allows them.
ODD_DEVICES = (
    'VM"1', "VM'1", "$VM", "VM 1", " ", "VM,1", "VM=1", "VM,device_no=VM-SH-001", "VM\\1", "VM-上海-1", "VM-😀",
    "", "x" * 65, "VM;1", "VM%1", "{}", "`id`", "VM\u00a01", "VM\u3000",
)


def test_topics_with_odd_characters_are_rejected_with_the_topic_as_it_was(broker, make_telegraf):
    telegraf = subscribed(make_telegraf(broker), broker)
    payload = json.dumps(event(door_id="MAIN")).encode()
    topics = [f"v1/vm/{device}/events" for device in ODD_DEVICES]
    since = time.time_ns()
    publish_all(broker, [Message(topic, payload, False) for topic in topics])
    telegraf.wait_for_rows(len(topics))
    telegraf.stop()
    actual = [without_detail(one) for one in telegraf.output.of(*DATA)]
    assert_rows(actual, [rejected_row(topic, payload, "bad_device_no") for topic in topics], since)


# Where line protocol itself is ambiguous: Telegraf does not double a backslash in a tag.
AMBIGUOUS_DEVICES = ("VM\\n1", "VM\\ 1", "VM\\,1", "VM\\=1", "VM\\", "VM\\\\1", "\\")


def test_topics_that_line_protocol_cannot_say_are_rejected_all_the_same(broker, make_telegraf):
    telegraf = subscribed(make_telegraf(broker), broker)
    payload = json.dumps(event(door_id="MAIN")).encode()
    publish_all(broker, [Message(f"v1/vm/{device}/events", payload, False) for device in AMBIGUOUS_DEVICES])
    actual = telegraf.wait_for_rows(len(AMBIGUOUS_DEVICES))
    telegraf.stop()
    assert [(one.measurement, field(one, "reason"), field(one, "payload")) for one in actual] == [
        (b"vm_rejected", b"bad_device_no", payload)
    ] * len(AMBIGUOUS_DEVICES)


# ---- time, duplicates, retained messages ----


def test_arrival_time_is_exact_and_stands_in_for_a_wrong_clock(broker, make_telegraf):
    """Telegraf would round it to whole seconds: two readings of a device in one second would be one row."""
    telegraf = subscribed(make_telegraf(broker), broker)
    topic = "v1/vm/VM-SH-001/telemetry"
    payloads = [b'{"device_no":"VM-SH-001","ts":"1970-01-01T00:00:0%dZ","system":{"voltage":220.5}}' % i for i in range(10)]
    since = time.time_ns()
    publish_all(broker, [Message(topic, payload, False) for payload in payloads])
    rows = telegraf.wait_for_rows(len(payloads))
    telegraf.stop()
    anomaly = b"ts=1970-01-01T00:00:0%dZ too old, arrival time used"
    expected = [
        row("vm_telemetry", "VM-SH-001", [(b"voltage", "float", 220.5), (b"anomalies", "text", anomaly % i)], ARRIVAL)
        for i in range(10)
    ]
    actual = [one._replace(fields=[(k, t, v.replace(b'"', b"") if k == b"anomalies" else v) for k, t, v in one.fields]) for one in rows]
    assert_rows(actual, expected, since)
    assert len({one.time for one in rows}) == len(payloads), "rows of one device with the same time"


def test_a_repeated_event_is_counted_not_written(broker, make_telegraf):
    telegraf = subscribed(make_telegraf(broker), broker)
    payload = json.dumps(event(door_id="MAIN")).encode()
    last = json.dumps(event(door_id="LAST")).encode()
    since = time.time_ns()
    publish_all(broker, [Message(numbered_topic(0), payload, False)] * 5 + [Message(numbered_topic(1), last, False)])
    telegraf.wait_for_rows(2)
    telegraf.stop()
    expected = [expected_row(numbered_topic(0), payload), expected_row(numbered_topic(1), last)]
    assert_rows(telegraf.output.of(*DATA), expected, since)
    reported = totals(telegraf)
    assert (reported["received"], reported["events"], reported["duplicates"]) == (6, 2, 4)


def test_a_retained_status_is_there_from_the_start(broker, make_telegraf):
    """It was published before Telegraf ever subscribed."""
    topic = "v1/vm/VM-SH-001/status"
    payload = b'{"status":"online","device_no":"VM-SH-001","firmware":"5.0.1","hardware":"v3.2","ts":%d}' % time.time()
    since = time.time_ns()
    publish_all(broker, [Message(topic, payload, True)])
    telegraf = subscribed(make_telegraf(broker), broker)
    telegraf.wait_for_rows(1)
    telegraf.stop()
    assert_rows(telegraf.output.of(*DATA), [expected_row(topic, payload)], since)


# ---- nothing is lost ----


def orders(telegraf):
    return {field(one, "order_id") for one in telegraf.output.of("vm_events")}


STOPS = {
    "SIGTERM": (signal.SIGTERM, False),
    "SIGINT to the whole process group": (signal.SIGINT, True),
}


@pytest.mark.parametrize("how", STOPS)
def test_telegraf_stopped_under_load_loses_nothing(broker, make_telegraf, how):
    signum, whole_group = STOPS[how]
    telegraf = subscribed(make_telegraf(broker), broker)
    stream = Stream(broker, batch=500, filler="x" * 2000)  # so that the processor has something to do whenever the signal comes
    stream.start()
    for _ in range(3):
        seen = len(orders(telegraf))
        telegraf.process.wait_until(lambda seen=seen: len(orders(telegraf)) > seen + 500, "500 more rows")
        telegraf.stop(signum, whole_group=whole_group)
        away = stream.published
        wait_until(lambda away=away: stream.published > away + 200, "messages for the time that Telegraf is away")
        telegraf.start()
    published = stream.finish()
    telegraf.process.wait_until(
        lambda: published <= orders(telegraf), lambda: f"{len(published - orders(telegraf))} of {len(published)} events"
    )
    telegraf.stop(signum, whole_group=whole_group)
    assert orders(telegraf) == published
    assert not telegraf.output.of("vm_rejected", "vm_telemetry", "vm_status")
    # Every processor reported at its end, and what it reported has arrived: none was killed, nothing stuck in a pipe.
    reported = totals(telegraf)
    assert reported["received"] == len(telegraf.output.of("vm_events")) + reported["duplicates"]


def test_what_the_processor_writes_last_arrives(make_telegraf):
    """Telegraf closes its end of the pipe the moment the processor has ended, also when there is something left in it."""
    telegraf = make_telegraf()
    source = telegraf.folder / "metrics.influx"
    source.write_bytes(b"".join(b"metric number=%di %d\n" % (number, number) for number in range(3000)))
    telegraf.add_config(OTHER_INPUT.format(path=source) + PROCESSOR_FOR_ALL)
    only_files(telegraf)
    for run in range(1, 6):
        telegraf.start("--once")
        wait_until(lambda: not telegraf.process.is_running(), "the end of `telegraf --once`")
        assert len(telegraf.output.of("metric")) == run * 3000, "metrics were lost at the end"


def test_telegraf_waits_for_a_broker_that_is_not_there_yet(broker, make_telegraf):
    broker.stop()
    telegraf = make_telegraf(broker)
    telegraf.start()
    telegraf.process.wait_until(lambda: "retrying" in telegraf.process.log(), "Telegraf to miss the broker")
    broker.start()
    broker.wait_until_ready(telegraf.client_id)
    payload = json.dumps(event(door_id="MAIN")).encode()
    since = time.time_ns()
    publish_all(broker, [Message(numbered_topic(i), payload, False) for i in range(3)])
    telegraf.wait_for_rows(3)
    telegraf.stop()
    assert_rows(telegraf.output.of(*DATA), [expected_row(numbered_topic(i), payload) for i in range(3)], since)


AWKWARD_PASSWORD = 'p"a\\ss $HOME ${HOME} $$ # \'x\' 密码'
STRICT = "--strict-env-handling"
PASSWORDS = [(AWKWARD_PASSWORD, []), (AWKWARD_PASSWORD, [STRICT]), ('"\\', []), ("it's" + 3 * "'", [STRICT])]


@pytest.mark.parametrize("password, flags", PASSWORDS)
def test_a_password_may_hold_any_character(tmp_path, make_telegraf, password, flags):
    """Only what ends in a single quote, or has three of them, needs the flag."""
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Broker(folder, login=("telegraf", password))
    try:
        broker.start()
        telegraf = make_telegraf(broker, MQTT_USERNAME="telegraf", MQTT_PASSWORD=password)
        checked = check_config(telegraf, *flags)
        assert checked.returncode == 0, checked.stderr
        telegraf.start(*flags)
        broker.wait_until_ready(telegraf.client_id)
        telegraf.stop()
    finally:
        broker.close()


def check_config(telegraf, *flags):
    command = [str(telegraf.program), "config", "check", *flags, *telegraf.config]
    return subprocess.run(command, env=telegraf.environment, capture_output=True, text=True)


def test_config_check_finds_what_is_wrong(make_telegraf):
    telegraf = make_telegraf()
    assert check_config(telegraf).returncode == 0
    telegraf.add_config("[[outputs.file]]\n  no_such_setting = true\n")
    assert check_config(telegraf).returncode != 0


# ---- what other plugins collect ----

OTHER_METRICS = (
    rb"""cpu,cpu=cpu0,host=h usage_idle=99.5,usage=1i,big=18446744073709551615u,ok=true,no=false 1700000000000000001
m\ e\,a=sure,t\ a\,g\=1=v\ a\,l\=ue,x="quoted" f\ i\,e\=ld=1,"q"="a \"b\" \\ c" 1700000000000000002
text s="",n="line one
line two ",c="\\" 1700000000000000003
numbers min=-9223372036854775808i,max=9223372036854775807i,u=0u,z=-0,tiny=5e-324,huge=1.7976931348623157e+308,third=0.3333333333333333 -1
no_kind,topic=somewhere/else value="not ours",other=1i 1700000000000000004
below,topic=v1/other/VM-SH-001/events value="{}" 1700000000000000005
back\slash,t\ag=v\alue fi\eld=1 1700000000000000006
alike,topic=v1/vmx/VM-SH-001/events value="{\"event_type\":\"DOOR_OPENED\"}" 1700000000000000007
"""
    + 'bytes d="tab\t",u="中文",e="😀",bad="'.encode() + b'\xff\xfe\x01" 1700000000000000008\n'
)
OTHER_COUNT = 9


OUR_REPORTS = ("vm_ingest", "vm_telegraf", "vm_mqtt")  # what the files of telegraf.d add by themselves; the last is the heartbeat


def lines_of_others(telegraf, folder, extra=""):
    """Every distinct line that comes out for the metrics of another input."""
    source = folder / "others.influx"
    source.write_bytes(OTHER_METRICS)
    telegraf.add_config(OTHER_INPUT.format(path=source) + extra)
    telegraf.start()

    def others():
        return [one for one in telegraf.output.rows() if one.measurement.decode() not in OUR_REPORTS]

    def names():
        return {one.measurement for one in others()}

    telegraf.process.wait_until(lambda: len(names()) >= OTHER_COUNT, lambda: f"the metrics of another input ({sorted(names())})")
    telegraf.stop()
    assert not telegraf.output.of(*DATA)
    return {str(freeze(one)) for one in others()}, telegraf.output.path.read_bytes()


def test_metrics_of_other_plugins_pass_untouched(broker, make_telegraf, tmp_path):
    without = make_telegraf(broker)
    only_files(without, "00-agent.conf")
    plain, plain_bytes = lines_of_others(without, tmp_path)
    assert len(plain) == OTHER_COUNT and b"\xff\xfe" in plain_bytes

    beside, _ = lines_of_others(make_telegraf(broker), tmp_path)
    assert beside == plain, "changed beside the files of telegraf.d"

    through = make_telegraf(broker)
    only_files(through, "00-agent.conf")
    passed, _ = lines_of_others(through, tmp_path, PROCESSOR_FOR_ALL)
    assert passed == plain, "changed by going through the processor"


OTHER_OUTPUT = """
[[outputs.file]]
  files = ["{path}"]
  data_format = "influx"
  flush_interval = "50ms"
  namedrop = ["vm_*"]
"""


def test_another_output_gets_nothing_of_ours_with_one_line(broker, make_telegraf, tmp_path):
    """namedrop = ["vm_*"], as telegraf.d/README.md says: no rows, reports, or heartbeat, but all that is the user's own."""
    telegraf = make_telegraf(broker, VENDING_REPORT_INTERVAL="1s")
    theirs = RowFile(tmp_path / "theirs.influx")
    source = tmp_path / "others.influx"
    source.write_bytes(OTHER_METRICS)
    telegraf.add_config(OTHER_OUTPUT.format(path=theirs.path) + OTHER_INPUT.format(path=source))
    subscribed(telegraf, broker)
    messages = read_capture("fleet.jsonl")
    publish_all(broker, messages)
    telegraf.wait_for_rows(len(messages))
    for table in ("vm_ingest", "vm_telegraf", "vm_mqtt"):
        telegraf.process.wait_until(lambda table=table: telegraf.output.of(table), f"{table} where everything goes")
    telegraf.process.wait_until(lambda: len({one.measurement for one in theirs.rows()}) == OTHER_COUNT, "the user's own metrics")
    telegraf.stop()
    assert {one.measurement for one in theirs.rows()} == {one.measurement for one in telegraf.output.rows() if not one.measurement.startswith(b"vm_")}


def test_the_snippet_for_a_telegraf_conf_of_ones_own_gives_the_rows(broker, make_telegraf):
    """As it stands in telegraf.d/README.md, but for broker, client id and program; an unsigned number of another input stays one."""
    (snippet,) = re.findall(r"^By hand,.*?```toml\n(.*?)```", (TELEGRAF_D / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    telegraf = make_telegraf(broker)
    for inside, outside in {
        '"tcp://127.0.0.1:1883"': f'"{broker.url}"',
        '"telegraf-vending"': f'"{telegraf.client_id}"',
        '"/usr/local/bin/vending-processor"': f'"{telegraf.environment["VENDING_PROCESSOR"]}", "--max-age", "3650d"',
    }.items():
        assert inside in snippet
        snippet = snippet.replace(inside, outside)
    source = telegraf.folder / "others.influx"
    source.write_bytes(OTHER_METRICS)
    telegraf.add_config("[agent]\n  omit_hostname = true\n" + snippet + OTHER_INPUT.format(path=source))
    only_files(telegraf)
    subscribed(telegraf, broker)
    messages = read_capture("fleet.jsonl")
    since = time.time_ns()
    publish_all(broker, messages)
    telegraf.wait_for_rows(len(messages))
    telegraf.process.wait_until(lambda: telegraf.output.of("cpu"), "another input's metric")
    telegraf.stop()
    assert_rows(telegraf.output.of(*DATA), [expected_row(one.topic, one.payload) for one in messages], since)
    assert (b"big", "uint", 18446744073709551615) in telegraf.output.of("cpu")[0].fields
