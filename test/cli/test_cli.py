"""The real program as a process: flags, pipes, signals, memory.

Everything it does as plugin/README.md, Being a good execd citizen, has it.

The binary is $VENDING_PROCESSOR, else build/vending-processor. No test asserts how fast something is: every wait is a time limit.
"""

import fcntl
import json
import os
import re
import select
import shlex
import signal
import socket
import subprocess
import termios
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = str((ROOT / os.environ.get("VENDING_PROCESSOR", "build/vending-processor")).resolve())
PATIENCE = 120  # seconds that nothing healthy needs
T0 = 1795480318000000000
MIB = 1024 * 1024
MEMORY_LIMIT = 16 * MIB


# ---- line protocol, just enough ----


def telegraf_line(topic, payload, time_ns=T0, field="value"):
    """A metric as Telegraf's influx serializer writes it."""
    if isinstance(payload, str):
        payload = payload.encode()
    text = payload.replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b'mqtt_consumer,host=h,topic=%s %s="%s" %d\n' % (topic.encode(), field.encode(), text, time_ns)


def telemetry(number, device="VM-SH-001"):
    payload = {"ts": T0 + number, "system": {"uptime": number}}
    return telegraf_line(f"v1/vm/{device}/telemetry", json.dumps(payload), T0 + number)


def event(number, device="VM-SH-001"):
    payload = {"event_type": "DOOR_OPENED", "data": {"door_id": number}, "ts": T0 // 10**9}
    return telegraf_line(f"v1/vm/{device}/events", json.dumps(payload), T0 + number)


WHOLE_RECORD = re.compile(rb'((?:[^"\n]|"(?:[^"\\]|\\.)*")*)\n', re.S)


def split_records(data):
    """Records end at a newline outside a string field."""
    records, end = [], 0
    for match in WHOLE_RECORD.finditer(data):
        assert match.start() == end, "standard output holds something that is no record"
        records.append(match[1])
        end = match.end()
    assert end == len(data), "standard output ends inside a record"
    return records


VALUE = r'"(?:[^"\\]|\\.)*"|[^,\s]+'
FIELD = re.compile(rf"([^=,\s]+)=({VALUE})", re.S)
RECORD = re.compile(rf"^([^,\s]+)((?:,[^\s]+)?) ((?:[^=,\s]+=(?:{VALUE}),?)+) (-?\d+)$", re.S)


def read_value(text):
    if text.startswith('"'):
        return re.sub(r'\\(["\\])', r"\1", text[1:-1])
    if text in ("true", "false"):
        return text == "true"
    return int(text[:-1]) if text.endswith("i") else float(text)


def read_rows(data):
    """(measurement, tags, fields, time) of every record, all of which must be line protocol."""
    rows = []
    for record in split_records(data):
        match = RECORD.match(record.decode())
        assert match, f"not line protocol: {record[:200]!r}"
        tags = dict(pair.split("=", 1) for pair in match[2].split(",")[1:])
        fields = {key: read_value(value) for key, value in FIELD.findall(match[3])}
        rows.append((match[1], tags, fields, int(match[4])))
    return rows


def of_table(rows, name):
    return [row for row in rows if row[0] == name]


REASONS_MARK = "rejected_"


def check_invariant(fields):
    """received = the sum of what became of it; and the reasons add up."""
    assert fields["received"] == sum(
        fields[key] for key in ("telemetry", "events", "status", "rejected", "duplicates", "passed")
    )
    assert fields["rejected"] == sum(value for key, value in fields.items() if key.startswith(REASONS_MARK))


# ---- processes ----


def run(*flags, data=b"", **options):
    """Runs it to its end."""
    return subprocess.run([BINARY, *flags], input=data, capture_output=True, timeout=PATIENCE, **options)


def rows_of(*flags, data):
    """Runs it over data, without reports, and reads what comes out."""
    done = run("--report-interval=0", *flags, data=data)
    assert done.returncode == 0, done.stderr
    return read_rows(done.stdout)


class Running:
    """A processor with its pipes in our hands. Output is gathered in the background, so that it never blocks."""

    def __init__(self, *flags, read_stdout=True, read_stderr=True, stdout=subprocess.PIPE):
        self.process = subprocess.Popen(
            [BINARY, *flags], stdin=subprocess.PIPE, stdout=stdout, stderr=subprocess.PIPE, bufsize=0
        )
        self.out, self.err = bytearray(), bytearray()
        self.changed = threading.Condition()
        self.threads = []
        if read_stdout and stdout == subprocess.PIPE:
            self.gather(self.process.stdout, self.out)
        if read_stderr:
            self.gather(self.process.stderr, self.err)

    def gather(self, pipe, into):
        def loop():
            while chunk := os.read(pipe.fileno(), 65536):
                with self.changed:
                    into.extend(chunk)
                    self.changed.notify_all()

        thread = threading.Thread(target=loop, daemon=True)
        thread.start()
        self.threads.append(thread)

    def send(self, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self.process.stdin.fileno(), view) :]

    def wait_until(self, condition, what):
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE), f"{what} did not happen"

    def wait_output(self, text):
        self.wait_until(lambda: text in self.out, f"{text!r} on standard output")

    def started(self):
        """Its handlers are in place when it has said that it reads."""
        self.wait_until(lambda: b"I! vending-processor" in self.err, "the start line")
        return self

    def signal(self, number):
        self.process.send_signal(number)

    def peak_memory(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024

    def close_input(self):
        self.process.stdin.close()

    def end(self, close=True):
        """Exit status, after all output has been read."""
        if close:
            self.close_input()
        code = self.process.wait(PATIENCE)
        for thread in self.threads:
            thread.join(PATIENCE)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def check_log(text):
    """Lines as execd wants them."""
    lines = text.decode().splitlines()
    for line in lines:
        assert re.match(r"[EWID]! ", line), line
        assert len(line.encode()) < 4096
    return lines


# ---- flags ----


def help_defaults():
    """Flag -> default, as --help says."""
    text = run("--help").stdout.decode()
    options = re.split(r"\n  (?=--)", text.split("Standard output carries")[0])[1:]
    found = {}
    for option in options:
        words = " ".join(option.split())
        name = re.match(r"--([a-z-]+)", words)[1]
        default = re.search(r"\(default ([^,)]*)", words)
        found[name] = default[1] if default else None
    return found


def in_force(*flags):
    """Flag -> value, as --check says."""
    done = run("--check", *flags)
    assert done.returncode == 0, done.stderr
    line = done.stdout.decode()
    assert line.startswith("configuration is valid: ") and line.count("\n") == 1
    assert done.stderr == b""
    return dict(word.split("=", 1) for word in shlex.split(line.split("; ", 1)[1]))


DEFAULTS = {
    "topic-tag": "topic",
    "topic-prefix": "v1/vm",
    "payload-field": "value",
    "payload-encoding": "plain",
    "max-age": "7d",
    "max-ahead": "10m",
    "time-zone": "Z",
    "max-payload": "256KiB",
    "max-line": "1MiB",
    "max-depth": "32",
    "max-values": "8192",
    "dedup-window": "65536",
    "dedup-age": "1h",
    "dedup-untimed": "10s",
    "report-interval": "10s",
    "log-rate": "60",
    "format": "influx",
    "rows": "auto",
}


def test_every_default_in_help_is_in_force():
    said, forced = help_defaults(), in_force()
    assert {name: said[name] for name in DEFAULTS} == DEFAULTS
    assert {name: forced[name] for name in DEFAULTS} == DEFAULTS | {"time-zone": ""}  # none was chosen
    assert said["instance"] == "the host's name" and forced["instance"] == socket.gethostname()
    assert set(forced) == set(DEFAULTS) | {"instance"}
    without_default = {name for name, default in said.items() if default is None}
    assert without_default == {"mapping", "print-mapping", "capture", "check", "version", "help"}


def nested(depth):
    return '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)


def reject_reason(payload, *flags):
    rows = rows_of(*flags, data=telegraf_line("v1/vm/A/events", payload))
    return rows[0][2].get("reason")


def event_of_size(size):
    head, tail = b'{"event_type":"X","data":{"t":"', b'"}}'
    return head + b"x" * (size - len(head) - len(tail)) + tail


@pytest.mark.parametrize(
    "flag, good, bad, reason",
    [
        ("max-payload", event_of_size(262144), event_of_size(262145), "payload_too_large"),
        ("max-depth", '{"event_type":"X","data":%s}' % nested(31), '{"event_type":"X","data":%s}' % nested(32), "too_deep"),
        (
            "max-values",
            '{"event_type":"X","data":[%s]}' % ",".join(["1"] * 8189),
            '{"event_type":"X","data":[%s]}' % ",".join(["1"] * 8190),
            "too_many_values",
        ),
    ],
    ids=["max-payload", "max-depth", "max-values"],
)
def test_default_limits_hold(flag, good, bad, reason):
    assert reject_reason(good) is None, flag
    assert reject_reason(bad) == reason


def test_default_max_line_holds():
    def line(size):
        """The newline does not count."""
        head, tail = b'm f="', b'" 1'
        return head + b"x" * (size - len(head) - len(tail)) + tail + b"\n"

    assert run("--report-interval=0", data=line(MIB)).stdout == line(MIB)
    assert rows_of(data=line(MIB + 1))[0][2]["reason"] == "line_too_long"


def test_default_clock_limits_hold():
    def time_of(device_s):
        payload = json.dumps({"ts": device_s, "event_type": "DOOR_OPENED"})
        (row,) = rows_of(data=telegraf_line("v1/vm/A/events", payload))
        return row[3]

    arrival_s = T0 // 10**9
    for age_s, trusted in ((7 * 86400, True), (7 * 86400 + 1, False), (-600, True), (-601, False)):
        assert time_of(arrival_s - age_s) == (T0 - age_s * 10**9 if trusted else T0), age_s


def test_topic_flags():
    line = b'm,where=site/a/VM-1/telemetry load="eyJzeXN0ZW0iOnsidXB0aW1lIjo1fX0=" 5\n'
    flags = ["--topic-tag=where", "--topic-prefix", "site/a", "--payload-field=load", "--payload-encoding", "base64"]
    (row,) = rows_of(*flags, data=line)
    assert row[:2] == ("vm_telemetry", {"device_no": "VM-1"}) and row[2]["uptime"] == 5
    assert run("--report-interval=0", data=line).stdout == line


BAD_FLAGS = [
    (["--max-age", "7x"], '--max-age: "7x" is not a duration such as 30s, 10m, 7d'),
    (["--max-age=7"], '--max-age: "7" is not a duration such as 30s, 10m, 7d'),
    (["--max-age"], "--max-age: the value is missing"),
    (["--max-age="], '--max-age: "" is not a duration'),
    (["--max-payload=1"], '--max-payload: "1" is outside 64 to 16MiB'),
    (["--max-payload=2MiB"], "--max-line 1048576 is less than --max-payload 2097152"),
    (["--max-depth=1e3"], '--max-depth: "1e3" is not a whole number'),
    (["--payload-encoding", "hex"], '"hex" is not plain or base64'),
    (["--topic-prefix", "v1/vm/"], "is not a topic prefix"),
    (["--max-line=1GiB"], "is not a size such as"),
    (["--bogus"], 'unknown flag "--bogus"'),
    (["-x"], 'unknown flag "-x"'),
    (["--check", "-h=1"], 'unknown flag "-h=1"'),
    (["--bo\ngus"], 'unknown flag "--bo?gus"'),
    (["capture.jsonl"], 'unexpected argument "capture.jsonl"'),
    (["--check=yes"], "--check takes no value"),
    (["--check", "--print-mapping"], "--check and --print-mapping contradict each other"),
    (["--max-age=1d", "--max-age=2d"], "--max-age is given twice"),
    (["--mapping", "/no/such/file"], "/no/such/file"),
    (["--capture", "/no/such/file"], "/no/such/file: No such file or directory"),
    (["--capture", ""], "--capture: the file name is empty"),
]


@pytest.mark.parametrize("flags, message", BAD_FLAGS)
def test_bad_flags_are_one_line_and_status_2(flags, message):
    for before in ([], ["--format=influx"]):
        done = run(*before, *flags, data=telemetry(1))
        assert done.returncode == 2
        assert done.stdout == b""
        text = done.stderr.decode()
        assert text.startswith("E! vending-processor: ") and text.count("\n") == 1 and text.endswith("\n")
        assert message in text


def test_check_finds_bad_flags_too():
    done = run("--check", "--max-age=7x")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b'E! vending-processor: --max-age: "7x" is not a duration such as 30s, 10m, 7d\n'


@pytest.mark.parametrize("program", ["vending-processor", "vending-input", "vending-replay"])
def test_h_is_help(program):
    short, long = (subprocess.run([Path(BINARY).with_name(program), flag], capture_output=True, timeout=PATIENCE) for flag in ("-h", "--help"))
    assert short.returncode == 0 and short.stdout == long.stdout != b""
    assert run("--max-age=7d", "-h").returncode == 0


# ---- a fault of its own configuration under Telegraf ----


def bad_mapping(tmp_path):
    mapping = tmp_path / "site.json"
    mapping.write_text("{")
    return mapping


@pytest.mark.parametrize("how", ["the input is closed", "SIGTERM"])
@pytest.mark.parametrize("fault", ["flag", "mapping"])
def test_under_telegraf_a_fault_of_its_own_holds_it_out(tmp_path, fault, how):
    flags = ["--max-age", "7 days"] if fault == "flag" else ["--mapping", str(bad_mapping(tmp_path))]
    with Running(*flags) as running:
        running.wait_until(lambda: b"\n" in running.err, "a line that says what is wrong")
        running.send(telemetry(1))
        for number in (signal.SIGINT, signal.SIGHUP):
            running.signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(0.3)
        if how == "SIGTERM":
            running.signal(signal.SIGTERM)
        assert running.end(close=how != "SIGTERM") == 2
        assert running.out == b""
        (line,) = check_log(bytes(running.err))
        assert line.startswith(f"E! vending-processor: {'--max-age: ' if fault == 'flag' else flags[1]}")
        assert line.endswith("; no message is read until that is mended and Telegraf restarted")


@pytest.mark.parametrize("flags", [["--check"], ["--capture", "-"], ["--capture=-"], ["--print-mapping"], ["--help"], ["--version"], ["-h"]])
def test_whoever_asks_for_something_gets_the_end_at_once(flags):
    with Running("--max-age", "7 days", *flags) as running:
        assert running.end(close=False) == 2
        assert bytes(running.err) == b'E! vending-processor: --max-age: "7 days" is not a duration such as 30s, 10m, 7d\n'


def test_on_a_terminal_a_bad_flag_ends_it():
    main, terminal = os.openpty()
    with subprocess.Popen([BINARY, "--max-age", "7 days"], stdin=subprocess.PIPE, stderr=terminal) as process:
        assert process.wait(PATIENCE) == 2
    os.close(terminal)
    assert b"7 days" in os.read(main, 4096)
    os.close(main)


def test_a_bad_flag_ends_it_when_the_input_is_a_file(tmp_path):
    source = tmp_path / "metrics.influx"
    source.write_bytes(telemetry(1))
    with open(source, "rb") as file:
        assert subprocess.run([BINARY, "--max-age", "7 days"], stdin=file, capture_output=True, timeout=PATIENCE).returncode == 2


def test_version():
    done = run("--version")
    assert done.returncode == 0 and re.fullmatch(rb"vending-processor \d+\.\d+\.\d+\n", done.stdout)


def test_help_is_complete_and_on_standard_output():
    done = run("--help")
    assert done.returncode == 0 and done.stderr == b""
    text = done.stdout.decode()
    assert text.startswith("vending-processor ") and "Usage:" in text and "How to:" in text
    assert max(map(len, text.splitlines())) <= 80


def test_check_reads_nothing_and_says_one_line(tmp_path):
    mapping = tmp_path / "mapping.json"
    mapping.write_bytes(run("--print-mapping").stdout)
    capture = tmp_path / "capture.jsonl"
    capture.write_text("")
    done = run("--check", "--mapping", str(mapping), "--capture", str(capture), data=telemetry(1))
    assert done.returncode == 0 and done.stderr == b""
    assert done.stdout.startswith(b"configuration is valid: ") and done.stdout.count(b"\n") == 1
    assert str(mapping).encode() in done.stdout


@pytest.mark.parametrize(
    "text, where",
    [
        ("{", ":"),
        ('{\n  "nonsense": 1\n}', ":2"),
        ('{"telemetry": {"columns": {"time": {"path": "a.b", "type": "float"}}}}', ":1"),
    ],
)
def test_bad_mapping_is_one_line_and_status_2(tmp_path, text, where):
    mapping = tmp_path / "site.json"
    mapping.write_text(text)
    for flags in (["--check"], [], ["--print-mapping"]):
        done = run(*flags, "--mapping", str(mapping), data=telemetry(1))
        assert done.returncode == 2 and done.stdout == b""
        assert done.stderr.startswith(b"E! vending-processor: ") and done.stderr.count(b"\n") == 1
        assert f"{mapping}{where}".encode() in done.stderr


def test_print_mapping_round_trip(tmp_path):
    printed = run("--print-mapping")
    assert printed.returncode == 0 and printed.stderr == b""
    json.loads(printed.stdout)
    mapping = tmp_path / "mapping.json"
    mapping.write_bytes(printed.stdout)
    assert run("--print-mapping", "--mapping", str(mapping)).stdout == printed.stdout
    data = telemetry(1) + event(2)
    assert rows_of("--mapping", str(mapping), data=data) == rows_of(data=data)


# ---- what goes through ----

FOREIGN = (
    b"cpu,cpu=cpu0,host=h usage_idle=98.5,usage_user=1i 1795480318000000000\n"
    b"win text=\"a\\\"b\\\\c\" 1\r\n"
    b"multi text=\"line one\nline two\r\n\nline, four\" 2\n"
    b'm\\,x,t\\ ag=v\\=1 f=1u,b=true,s=""\n'
    b"other,topic=v1/other/1/telemetry value=\"{}\" 4\n"
    b'quote"s,ta"g=v"alue f=1 5\n'
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 65536])
def test_foreign_metrics_pass_byte_for_byte_in_any_chunks(size):
    with Running("--report-interval=0") as running:
        for start in range(0, len(FOREIGN), size):
            running.send(FOREIGN[start : start + size])
        assert running.end() == 0
        assert bytes(running.out) == FOREIGN


def test_much_passes_byte_for_byte():
    data = FOREIGN * 5000
    assert run("--report-interval=0", data=data).stdout == data


def test_last_record_without_newline():
    assert run("--report-interval=0", data=b"m f=1 5").stdout == b"m f=1 5"
    done = run(data=b"m f=1 5")
    assert done.stdout.startswith(b"m f=1 5\nvm_ingest,")


def test_messages_in_pieces_with_delays():
    data = telemetry(1) + FOREIGN + event(2)
    with Running("--report-interval=0") as running:
        for start in range(0, len(data), 37):
            running.send(data[start : start + 37])
            time.sleep(0.003)
        assert running.end() == 0
        out = bytes(running.out)
    assert out == run("--report-interval=0", data=data).stdout
    assert out.startswith(b"vm_telemetry,") and FOREIGN in out and b"\nvm_events," in out


def test_what_one_write_brought_is_out_before_the_next():
    with Running("--report-interval=0") as running:
        for number in range(1, 50):
            running.send(telemetry(number))
            running.wait_output(b"uptime=%di" % number)
        running.send(FOREIGN)
        running.wait_output(FOREIGN)
        assert running.end() == 0


def test_end_of_input_drains():
    data = b"".join(telemetry(number) for number in range(30000))
    rows = rows_of(data=data)
    assert [row[2]["uptime"] for row in rows] == list(range(30000))


def test_nothing_but_data_on_standard_output():
    done = run("--report-interval=0", data=b"not line protocol\n" + telemetry(1))
    assert [row[0] for row in read_rows(done.stdout)] == ["vm_rejected", "vm_telemetry"]
    check_log(done.stderr)


def test_empty_input():
    done = run("--report-interval=0")
    assert (done.returncode, done.stdout) == (0, b"")
    lines = check_log(done.stderr)
    assert len(lines) == 2 and lines[0].startswith("I! vending-processor ") and lines[1].startswith("I! end: received 0 =")


# ---- signals and the end ----


def test_interrupt_and_hangup_are_ignored():
    with Running("--report-interval=0").started() as running:
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGINT):
            running.signal(number)
        running.send(telemetry(1))
        running.wait_output(b"uptime=1i")
        running.signal(signal.SIGINT)
        running.send(telemetry(2))
        assert running.end() == 0
        assert b"uptime=2i" in running.out


def test_interrupt_while_input_is_closed():
    """What Telegraf's process group gets on Ctrl-C: the signal, then the end of input."""
    with Running().started() as running:
        data = b"".join(telemetry(number) for number in range(5000))
        running.send(data)
        running.signal(signal.SIGINT)
        assert running.end() == 0
        rows = read_rows(bytes(running.out))
    assert len(of_table(rows, "vm_telemetry")) == 5000


def test_terminate_drains_what_still_comes():
    """systemd signals the whole control group, so Telegraf may still be writing."""
    with Running().started() as running:
        running.send(telemetry(1))
        running.signal(signal.SIGTERM)
        running.send(telemetry(2))
        time.sleep(0.3)
        running.send(telemetry(3) + telemetry(4)[:-5])
        assert running.end(close=False) == 0
        rows = read_rows(bytes(running.out))
    assert [row[2]["uptime"] for row in of_table(rows, "vm_telemetry")] == [1, 2, 3]
    (half,) = of_table(rows, "vm_rejected")
    assert half[2]["reason"] == "not_line_protocol" and half[2]["detail"] == "reading was stopped inside this record"
    assert half[2]["payload"].encode() == telemetry(4)[:-5]
    (ingest,) = of_table(rows, "vm_ingest")
    assert rows[-1] == ingest and ingest[2]["received"] == 4
    check_invariant(ingest[2])


def test_terminate_then_end_of_input():
    with Running().started() as running:
        running.signal(signal.SIGTERM)
        running.send(telemetry(1))
        assert running.end() == 0
        assert b"uptime=1i" in running.out


def test_terminate_under_constant_load_ends():
    with Running("--report-interval=0").started() as running:
        stop = threading.Event()

        def load():
            block = b"".join(telemetry(number) for number in range(200))
            try:
                while not stop.is_set():
                    running.send(block)
            except BrokenPipeError:
                pass

        thread = threading.Thread(target=load, daemon=True)
        thread.start()
        running.wait_output(b"uptime=199i")
        running.signal(signal.SIGTERM)
        code = running.end(close=False)
        stop.set()
        thread.join(PATIENCE)
        assert code == 0
        rows = split_records(bytes(running.out))
    lines = check_log(bytes(running.err))
    received = int(re.search(r"received (\d+) =", lines[-1])[1])
    assert len(rows) == received  # whatever was read has come out


FORMATS = ["influx", "table", "json", "csv"]
LEFT = re.compile(r"E! standard output is not read, or too slowly: gave up (\d\.\d) s after the request to end, with (\d+) bytes of rows not"
                  r" written and (\d+) bytes written but not taken")


def send_until_full(running):
    """More than pipe and processor hold: it waits for its reader then. The thread ends with the process."""
    def send():
        try:
            for block in range(200):
                running.send(b"".join(telemetry(200 * block + number) for number in range(200)))
        except BrokenPipeError:
            pass

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("form", FORMATS)
def test_terminate_while_nobody_reads(form):
    """Telegraf kills 5 s after the signal: until then it has ended by itself, and said what that costs."""
    with Running("--report-interval=0", "--format", form, read_stdout=False).started() as running:
        thread = send_until_full(running)
        unread = lambda: int.from_bytes(fcntl.ioctl(running.process.stdout, termios.FIONREAD, bytes(4)), "little")
        deadline = time.monotonic() + PATIENCE
        while unread() < 32768:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        running.signal(signal.SIGTERM)
        assert running.end(close=False) == 1
        thread.join(PATIENCE)
        lines = check_log(bytes(running.err))
        (left,) = [LEFT.fullmatch(line) for line in lines if line.startswith("E! ")]
        assert float(left[1]) < 5 and int(left[2]) > 0 and int(left[3]) == unread()
        assert lines[-1].startswith("I! end: received ")
        out = running.process.stdout.read()
    assert len(out) == int(left[3]) and out.endswith(b"\n")


def test_terminate_with_a_slow_reader():
    """40 kB a second: what it takes within the limit is whole rows, the rest is counted."""
    with Running("--report-interval=0", read_stdout=False).started() as running:
        thread = send_until_full(running)
        out = bytearray()
        deadline = time.monotonic() + PATIENCE
        while chunk := os.read(running.process.stdout.fileno(), 4000):
            out += chunk
            if len(out) == 40000:
                running.signal(signal.SIGTERM)
            assert time.monotonic() < deadline
            time.sleep(0.1 if running.process.poll() is None else 0)
        assert running.end(close=False) == 1
        thread.join(PATIENCE)
        lines = check_log(bytes(running.err))
    (left,) = [LEFT.fullmatch(line) for line in lines if line.startswith("E! ")]
    assert float(left[1]) < 5 and int(left[2]) + int(left[3]) > 0
    rows = split_records(bytes(out))
    assert out.endswith(b"\n") and len(rows) > 100
    assert f" bytes in, {len(out)} out, in " in lines[-1]


def test_the_end_waits_for_a_reader_that_takes_its_time():
    """As a person with a pager does; without a signal there is no limit."""
    with Running("--report-interval=0", read_stdout=False).started() as running:
        running.send(telemetry(1))
        running.close_input()
        with pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(5)
        assert b"uptime=1i" in running.process.stdout.read()
        assert running.end(close=False) == 0


def test_a_reader_that_goes_before_the_last_row_is_an_error():
    with Running("--report-interval=0", read_stdout=False).started() as running:
        running.send(telemetry(1))
        assert select.select([running.process.stdout], [], [], PATIENCE)[0]
        running.close_input()
        running.process.stdout.close()
        assert running.end(close=False) == 1
        (line,) = [line for line in check_log(bytes(running.err)) if line.startswith("E! ")]
    assert re.fullmatch(r"E! standard output was closed before its last \d+ bytes were read", line)


@pytest.mark.parametrize("flags", [(), ("--capture", "-")], ids=["below Telegraf", "a capture"])
def test_signals_without_a_meaning_do_no_harm(flags):
    with Running("--report-interval=0", *flags).started() as running:
        running.signal(signal.SIGUSR1)
        running.signal(signal.SIGUSR2)
        running.send(CAPTURE if flags else telemetry(1))
        running.wait_output(b"vm_telemetry,")
        assert running.end() == 0


def test_reader_gone_is_one_error_line_and_status_1():
    with Running("--report-interval=0", read_stdout=False).started() as running:
        running.process.stdout.close()
        running.send(telemetry(1))
        assert running.end(close=False) == 1
        lines = check_log(bytes(running.err))
    errors = [line for line in lines if line.startswith("E! ")]
    assert errors == ["E! cannot write to standard output: Broken pipe"]


def test_full_disk_is_one_error_line_and_status_1():
    with open("/dev/full", "wb") as full:
        with Running("--report-interval=0", stdout=full).started() as running:
            running.send(telemetry(1))
            assert running.end(close=False) == 1
            lines = check_log(bytes(running.err))
    assert [line for line in lines if line.startswith("E! ")] == [
        "E! cannot write to standard output: No space left on device"
    ]


@pytest.mark.parametrize("flag", ["--help", "--version", "--check", "--print-mapping"])
def test_full_disk_while_printing(flag):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([BINARY, flag], stdout=full, stderr=subprocess.PIPE, timeout=PATIENCE)
    assert done.returncode == 1
    assert done.stderr == b"E! cannot write to standard output: No space left on device\n"


def test_read_error_is_one_error_line_and_status_1():
    done = run("--capture", "/")
    assert done.returncode == 1 and done.stdout == b""
    errors = [line for line in check_log(done.stderr) if line.startswith("E! ")]
    assert errors == ["E! cannot read the input: Is a directory"]


def test_closed_standard_input():
    done = subprocess.run(["sh", "-c", f"exec {shlex.quote(BINARY)} <&-"], capture_output=True, timeout=PATIENCE)
    assert done.returncode == 1
    assert b"E! cannot read the input: Bad file descriptor\n" in done.stderr


def test_non_blocking_pipes():
    """Another process that shares a pipe may have made it non-blocking."""
    with Running("--report-interval=0", read_stdout=False).started() as running:
        os.set_blocking(running.process.stdout.fileno(), False)
        data = b"".join(telemetry(number) for number in range(5000))
        thread = threading.Thread(target=running.send, args=(data,), daemon=True)
        thread.start()
        out = bytearray()
        while out.count(b"\n") < 5000:
            assert select.select([running.process.stdout], [], [], PATIENCE)[0]
            out += os.read(running.process.stdout.fileno(), 1000)
        thread.join(PATIENCE)
        assert running.end() == 0
    assert len(read_rows(bytes(out))) == 5000


# ---- log lines ----


def test_rejects_are_logged_with_reason_topic_and_detail():
    done = run("--report-interval=0", data=telegraf_line("v1/vm/VM-9/events", "{nonsense"))
    (line,) = [line for line in check_log(done.stderr) if line.startswith("W! ")]
    assert re.match(r"W! rejected invalid_json on v1/vm/VM-9/events: .+", line)


REJECTS = b"".join(telegraf_line("v1/vm/A/telemetry", "nonsense %d" % number) for number in range(10000))


def test_log_is_rate_limited_and_the_count_is_said():
    done = run("--report-interval=0", data=REJECTS)
    assert done.returncode == 0 and len(read_rows(done.stdout)) == 10000
    lines = check_log(done.stderr)
    assert 10 < len(lines) <= 64
    (count,) = [line for line in lines if "held back" in line]
    held_back = int(re.match(r"W! (\d+) more log lines were held back", count)[1])
    assert held_back + sum(line.startswith("W! rejected") for line in lines) == 10000
    assert "rejected 10000 (invalid_json 10000)" in lines[-1]


def test_log_rate_flag():
    few = run("--report-interval=0", "--log-rate=5", data=REJECTS)
    assert len(check_log(few.stderr)) == 7  # five, the count, the end
    # 0 = no limit, as far as the reader keeps up: what does not fit into the pipe is counted
    with Running("--report-interval=0", "--log-rate=0") as running:
        running.send(REJECTS[: REJECTS.index(b"nonsense 1000")])
        assert running.end() == 0
        assert len(check_log(bytes(running.err))) > 70


def test_log_lines_stay_short_and_clean():
    nasty = telegraf_line("v1/vm/" + "x" * 100000 + "/events", "{}") + b"\x00\x1b[31m\xff" * 3000 + b"\n"
    done = run("--report-interval=0", data=nasty)
    for line in check_log(done.stderr):
        assert len(line.encode()) < 1024 and "\x1b" not in line and "\x00" not in line


def test_text_that_would_deceive_is_shown_as_escapes():
    """A machine's or a broker's own text, in the log and in tables: a terminal shows what is there."""
    nasty = "\u202eg\u2066\u009b\x1b]\x07"
    shown = r"\u202eg\u2066\u009b\u001b]\u0007"
    done = run("--report-interval=0", data=telegraf_line(f"v1/vm/{nasty}/events", "{}"))
    assert shown in done.stderr.decode()
    payload = json.dumps({"event_type": "A", "data": {"order_id": nasty}, "ts": T0 // 10**9}, ensure_ascii=False).replace("\x1b", "\\u001b")
    done = run("--capture=-", "--format=table", data=capture_line("v1/vm/VM-1/events", payload.replace("\x07", "\\u0007")))
    assert shown in done.stdout.decode()
    assert not any(character in done.stdout.decode() for character in nasty if character not in "g]")


def test_unread_log_does_not_stop_the_data():
    with Running("--report-interval=0", "--log-rate=0", read_stderr=False) as running:
        running.send(REJECTS)
        running.wait_output(b"nonsense 9999")
        running.close_input()
        assert running.process.wait(PATIENCE) == 0


# ---- reports ----


def test_report_at_the_end_adds_up():
    data = (
        telemetry(1)
        + telemetry(2)
        + event(3)
        + event(3)
        + telegraf_line("v1/vm/A/status", '{"status":"online","ts":1795480318}')
        + telegraf_line("v1/vm/A/command", "{}")
        + telegraf_line("v1/vm/A/telemetry", '{"ts":1795480318,"system":{"voltage":"x","uptime":1}}')
        + telegraf_line("v1/vm/A/telemetry", "{")
        + b"nonsense\n\n# comment\n"
        + b"cpu f=1 1\n"
    )
    done = run("--instance=edge-1", data=data)
    rows = read_rows(done.stdout)
    (ingest,) = of_table(rows, "vm_ingest")
    name, tags, fields, _ = ingest
    assert rows[-1] == ingest and tags == {"instance": "edge-1"}
    check_invariant(fields)
    expected = {
        "received": 10,
        "telemetry": 3,
        "events": 1,
        "status": 1,
        "passed": 1,
        "duplicates": 1,
        "anomalies": 1,
        "rejected": 3,
        "rejected_unknown_topic": 1,
        "rejected_invalid_json": 1,
        "rejected_not_line_protocol": 1,
        "bytes_in": len(data),
        "bytes_out": done.stdout.index(b"vm_ingest"),
    }
    assert {key: fields[key] for key in expected} == expected
    assert fields["busy_us"] > 0 and fields["interval_s"] > 0


def test_default_instance_is_the_host():
    rows = read_rows(run().stdout)
    assert rows[0][:2] == ("vm_ingest", {"instance": socket.gethostname()})


def test_reports_while_idle():
    with Running("--report-interval=100ms").started() as running:
        running.wait_until(lambda: running.out.count(b"vm_ingest,") >= 4, "reports")
        assert running.end() == 0
        rows = read_rows(bytes(running.out))
    for row in rows:
        assert row[2]["received"] == 0 and row[2]["busy_us"] < 50000
        check_invariant(row[2])


def test_reports_under_constant_load_sum_up():
    with Running("--report-interval=100ms").started() as running:
        sent = 0
        while running.out.count(b"vm_ingest,") < 5:
            running.send(b"".join(telemetry(sent + number) for number in range(100)))
            sent += 100
        assert running.end() == 0
        rows = read_rows(bytes(running.out))
    reports = of_table(rows, "vm_ingest")
    for row in reports:
        check_invariant(row[2])
    assert sum(row[2]["received"] for row in reports) == sent == len(of_table(rows, "vm_telemetry"))
    before_last_report = bytes(running.out).rindex(b"vm_ingest,")
    assert sum(row[2]["bytes_out"] for row in reports) == before_last_report


def test_no_reports():
    assert run("--report-interval=0", data=telemetry(1)).stdout.count(b"vm_ingest") == 0


# ---- captures and tables ----


def capture_line(topic, payload, second=0, **more):
    tst = "2026-11-24T00:31:%02d.387371Z+0000" % second
    return json.dumps({"tst": tst, "topic": topic, "qos": 1, "retain": 0, "payload": payload, **more}).encode() + b"\n"


ONLINE = '{"status":"online","ts":1795480318}'
CAPTURE = (
    capture_line("v1/vm/VM-1/status", ONLINE, 1)
    + b"\n"
    + capture_line("v1/vm/VM-1/telemetry", '{"system":{"uptime":5,"voltage":220.5}}', 2)
    + b"\r\n"
    + b"this is no capture line\n"
    + capture_line("v1/vm/VM-1/command", '{"cmd_id":"1"}', 4)
)


@pytest.mark.parametrize("way", ["file", "stdin", "pipe in pieces"])
def test_capture(tmp_path, way):
    if way == "file":
        file = tmp_path / "capture.jsonl"
        file.write_bytes(CAPTURE)
        done = run("--capture", str(file))
        code, out, err = done.returncode, done.stdout, done.stderr
    elif way == "stdin":
        done = run("--capture=-", data=CAPTURE)
        code, out, err = done.returncode, done.stdout, done.stderr
    else:
        with Running("--capture", "-") as running:
            for start in range(0, len(CAPTURE), 11):
                running.send(CAPTURE[start : start + 11])
                time.sleep(0.001)
            code, out, err = running.end(), bytes(running.out), bytes(running.err)
    assert code == 0
    rows = read_rows(out)
    assert [row[0] for row in rows] == ["vm_status", "vm_telemetry", "vm_rejected", "vm_rejected"]
    assert rows[1][2]["uptime"] == 5
    bad = rows[2][2]
    assert bad["reason"] == "not_line_protocol" and bad["payload"] == "this is no capture line"
    assert bad["detail"].startswith("not a line of a capture: ")
    assert rows[2][3] == rows[1][3]  # a line without a time arrived with the one before
    assert rows[3][2]["reason"] == "unknown_topic"
    lines = check_log(err)
    assert "received 4 = telemetry 1, events 0, status 1, passed 0, duplicates 0, ignored 0, rejected 2" in lines[-1]


def test_capture_time_is_arrival_time():
    (row,) = rows_of("--capture=-", data=capture_line("v1/vm/A/telemetry", '{"system":{"uptime":5}}', 59))
    assert row[3] == 1795480319387371000  # no time in the payload


def test_capture_reports_only_if_asked():
    assert b"vm_ingest" not in run("--capture=-", data=CAPTURE).stdout
    rows = read_rows(run("--capture=-", "--report-interval=10s", data=CAPTURE).stdout)
    check_invariant(of_table(rows, "vm_ingest")[0][2])


def test_capture_replayed_twice_gives_the_same():
    assert run("--capture=-", data=CAPTURE).stdout == run("--capture=-", data=CAPTURE).stdout


def test_default_max_line_holds_for_captures():
    def line(size):
        start = capture_line("v1/vm/A/telemetry", '{"system":{"uptime":5}}')[:-2]
        return start + b" " * (size - len(start) - 1) + b"}\n"

    assert rows_of("--capture=-", data=line(MIB))[0][0] == "vm_telemetry"
    assert rows_of("--capture=-", data=line(MIB + 1))[0][2]["reason"] == "line_too_long"


def test_capture_line_over_the_limit():
    long = capture_line("v1/vm/A/events", "x" * (2 * MIB))
    rows = rows_of("--capture=-", data=CAPTURE + long + CAPTURE.replace(b"VM-1", b"VM-2"))
    reasons = [row[2].get("reason") for row in rows if row[0] == "vm_rejected"]
    assert reasons.count("line_too_long") == 1
    assert [row[1].get("device_no") for row in rows if row[0] == "vm_telemetry"] == ["VM-1", "VM-2"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_interrupt_ends_a_capture_with_what_came(number):
    """A person who watches a broker presses Ctrl-C, or closes the terminal."""
    with Running("--capture", "-", "--format", "table").started() as running:
        running.send(CAPTURE)
        running.signal(number)
        assert running.end(close=False) == 0
        assert b"vm_telemetry (1 row)" in running.out


def test_table_appears_while_input_is_idle():
    with Running("--capture", "-", "--format", "table").started() as running:
        running.send(CAPTURE)
        running.wait_output(b"vm_telemetry (1 row)")
        assert running.end() == 0


def test_table():
    text = "\u95e8\u5df2\u6253\u5f00"
    data = CAPTURE + capture_line("v1/vm/VM-2/events", json.dumps({"event_type": text, "ts": 1795480318}, ensure_ascii=False))
    done = run("--capture=-", "--format=table", data=data)
    assert done.returncode == 0
    sections = done.stdout.decode().split("\n\n")
    assert [section.split("\n")[0] for section in sections if section] == [
        "vm_status (1 row)",
        "vm_telemetry (1 row)",
        "vm_rejected (2 rows)",
        "vm_events (1 row)",
    ]
    heading, names, rule, row = sections[1].split("\n")
    assert names.split()[:4] == ["time", "device_no", "voltage", "uptime"]
    assert row.split()[0] == "2026-11-24T00:31:02.387Z" and row.split()[1] == "VM-1"
    assert set(rule) == {"-", " "}


def test_table_shows_passed_records():
    done = run("--format=table", "--report-interval=0", data=FOREIGN)
    assert b"passed through (6 records)\ncpu,cpu=cpu0" in done.stdout


# ---- hostile input in bounded memory ----


def feed_and_measure(pieces, expected, *flags):
    """Sends the pieces, then a good message; returns the rows. Memory stays bounded and the stream goes on."""
    with Running("--report-interval=0", *flags) as running:
        for piece in pieces:
            running.send(piece)
        running.send(telemetry(4711))
        running.wait_output(b"uptime=4711i")
        peak = running.peak_memory()
        assert running.end() == 0
        rows = read_rows(bytes(running.out)) if expected else []
        assert peak < MEMORY_LIMIT, f"{peak / MIB:.1f} MiB"
        return rows


def count_records(pieces, marks, *flags):
    """The same for output too large to take apart: how often each mark is in it, and the last part of it."""
    counts = dict.fromkeys(marks, 0)
    process = subprocess.Popen(
        [BINARY, "--report-interval=0", *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    peaks = []

    def write():
        for piece in pieces:
            process.stdin.write(piece)
        process.stdin.write(telemetry(4711))
        process.stdin.flush()

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    try:
        while line := process.stdout.readline():
            for mark in marks:
                counts[mark] += line.startswith(mark)
            if b"uptime=4711i" in line:
                status = Path(f"/proc/{process.pid}/status").read_text()
                peaks.append(int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024)
                writer.join(PATIENCE)
                process.stdin.close()
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
    assert peaks and peaks[0] < MEMORY_LIMIT, f"{peaks[0] / MIB:.1f} MiB"
    return counts


QUARTER = 256 * 1024


@pytest.mark.parametrize(
    "payload, table",
    [
        (event_of_size(QUARTER), b"vm_events,"),
        (b"{" + b" " * (QUARTER - 2) + b"}", b"vm_rejected,"),
        (b"\xff" * QUARTER, b"vm_rejected,"),
        (b'"' * QUARTER, b"vm_rejected,"),
        (b'{"event_type":"X","data":[' + b",".join([b"1" * 30] * 8000) + b"]}", b"vm_events,"),
        (b'{"event_type":"X","data":[' + b",".join([b'"a"'] * 8000) + b"]}", b"vm_events,"),
        (b"[" * QUARTER, b"vm_rejected,"),
    ],
    ids=["event", "blanks", "not UTF-8", "quotes", "wide numbers", "many values", "brackets"],
)
def test_a_thousand_messages_of_256_kib(payload, table):
    def pieces():
        for number in range(1000):
            body = payload.replace(b'"X"', b'"X%d"' % number) if len(payload) < QUARTER else payload
            yield telegraf_line("v1/vm/VM-%d/events" % number, body, T0 + number)

    counts = count_records(pieces(), [table, b"vm_telemetry,"])
    assert counts == {table: 1000, b"vm_telemetry,": 1}


ENDLESS = 64 * MIB


@pytest.mark.parametrize(
    "head, filler, tail",
    [
        (b"", b"x" * MIB, b"\n"),
        (b"m,topic=v1/vm/A/telemetry value=\"", b"x" * MIB, b'" 1\n'),
        (b"m ", b"f=1," * (MIB // 4), b"g=1\n"),
        (b"m,", b"\\" * MIB, b"\n"),
        (b"m f=\"", b'\\"' * (MIB // 2), b'"\n'),
    ],
    ids=["one word", "inside a string", "fields", "backslashes", "quotes"],
)
def test_an_endless_line(head, filler, tail):
    pieces = [head] + [filler] * (ENDLESS // MIB) + [tail]
    rows = feed_and_measure(pieces, True)
    assert [row[0] for row in rows] == ["vm_rejected", "vm_telemetry"]
    assert rows[0][2]["reason"] == "line_too_long"
    assert rows[0][2]["payload_size"] in (sum(map(len, pieces)), sum(map(len, pieces)) - 1)


def test_an_endless_capture_line():
    with Running("--capture=-") as running:
        for _ in range(ENDLESS // MIB):
            running.send(b"x" * MIB)
        running.send(b"\n" + CAPTURE)
        running.wait_output(b"vm_telemetry")
        peak = running.peak_memory()
        assert running.end() == 0
        rows = read_rows(bytes(running.out))
    assert rows[0][2]["reason"] == "line_too_long" and len(rows) == 5
    assert peak < MEMORY_LIMIT, f"{peak / MIB:.1f} MiB"


@pytest.mark.parametrize("open_, close", [("[", "]"), ('{"a":', "}"), ("[", "")])
def test_nested_a_hundred_thousand_deep(open_, close):
    depth = 100000
    payload = open_ * depth + ("1" if close else "") + close * depth
    flags = ["--max-payload=1MiB", "--max-line=4MiB"] if len(payload) > 262144 else []
    rows = feed_and_measure([telegraf_line("v1/vm/A/events", payload)] * 3, True, *flags)
    assert [row[2].get("reason") for row in rows][:1] == ["too_deep"]
    assert rows[-1][0] == "vm_telemetry"


def test_memory_stays_flat():
    """Twice as much input, the same memory."""
    with Running("--report-interval=0", read_stdout=False) as running:

        def discard():
            while os.read(running.process.stdout.fileno(), MIB):
                pass

        threading.Thread(target=discard, daemon=True).start()
        block = b"".join(telemetry(number) + event(number) for number in range(2000))
        peaks = []
        for _ in range(2):
            for _ in range(25):
                running.send(block)
            peaks.append(running.peak_memory())
        assert running.end() == 0
    assert peaks[1] <= peaks[0] + MIB and peaks[1] < MEMORY_LIMIT
