"""What a person sees: --format table on a terminal and elsewhere, --format json and csv. Terminals are pseudo terminals.

What the rows must be comes from --format influx, read by the independent reader of the integration tests; what a listing into a pipe must
look like comes from a few lines of Python below.
"""

import csv
import fcntl
import io
import json
import math
import os
import pathlib
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unicodedata

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test/integration"))
import lineprotocol  # noqa: E402

PROGRAM = str((ROOT / os.environ.get("VENDING_PROCESSOR", "build/vending-processor")).resolve())
CAPTURES = ROOT / "test/captures"
FLEET = CAPTURES / "fleet.jsonl"
MIXED = ROOT / "test/golden/stdin-json/in"  # records of ours and of others
PATIENCE = 30  # seconds that nothing healthy needs
WIDTHS = (60, 80, 130, 200)
# Of every kind of row, with wide characters, long texts, rejects and anomalies; all of at most 1,000 rows.
LISTED = ("fleet", "field-events", "field-rejects", "field-text", "field-status", "field-numbers", "command-acks")
CELL_WIDTH = 40


# ---- running ----


class Terminal:
    """The program with a terminal of a width for its standard output."""

    def __init__(self, width, *flags, stdin=subprocess.DEVNULL, errors_too=False, environment=None):
        self.master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        clean = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
        self.process = subprocess.Popen([PROGRAM, *map(str, flags)], stdin=stdin, stdout=slave, stderr=slave if errors_too else subprocess.DEVNULL,
                                        env={**clean, **(environment or {})})
        os.close(slave)
        self.seen = b""

    def read(self):
        """What comes next; b"" at the end."""
        assert select.select([self.master], [], [], PATIENCE)[0], "nothing more came: " + self.text()
        try:
            more = os.read(self.master, 65536)
        except OSError:  # EIO: nobody has the other end any more
            more = b""
        self.seen += more
        return more

    def wait_for(self, text):
        deadline = time.monotonic() + PATIENCE
        while text not in self.text():
            assert self.read() and time.monotonic() < deadline, self.text()

    def text(self):
        return self.seen.decode().replace("\r\n", "\n")

    def end(self):
        while self.read():
            pass
        assert self.process.wait(PATIENCE) == 0
        os.close(self.master)
        return self.text()


def on_terminal(width, *flags, **options):
    return Terminal(width, *flags, **options).end()


def piped(*flags, data=b"", **environment):
    done = subprocess.run([PROGRAM, *map(str, flags)], input=data, capture_output=True, check=True, timeout=PATIENCE, env={**os.environ, **environment})
    return done.stdout


# ---- reading a listing ----


def columns_of(text):
    """How wide it is on a terminal. Python calls what is no character (U+FFFE) wide."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" and unicodedata.category(c) != "Cn" else 1 for c in text)


def cut_out(line, start, end):
    """What stands in those columns of the terminal."""
    found, at = "", 0
    for c in line:
        if start <= at < end:
            found += c
        at += columns_of(c)
    return found.strip(" ")


def tables_of(text):
    """{heading: [(row, [lines below it])]} with row = {column: value}."""
    tables = {}
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line]
        rule = next((i for i, line in enumerate(lines) if re.fullmatch("-+(  -+)*", line)), None)
        if rule is None:
            continue
        spans = [found.span() for found in re.finditer("-+", lines[rule])]
        names = ["".join(cut_out(line, *span) for line in lines[1:rule]) for span in spans]
        rows = tables.setdefault(lines[0], [])
        for line in lines[rule + 1:]:
            if line.startswith("    "):
                rows[-1][1].append(line[4:])
            elif line[:4].isdigit():
                rows.append((dict(zip(names, (cut_out(line, *span) for span in spans))), []))
    return tables


def is_shown(value, shown):
    """As it is, or its start with an ellipsis."""
    return shown == value or (shown.endswith("…") and value.startswith(shown[:-1].rstrip()) and len(shown) > 1)


def is_below(name, value, lines):
    for line in lines:
        for found in re.finditer(rf"(?:^|  ){re.escape(name)}=", line):
            rest = line[found.end():]
            if rest.startswith(value) or is_shown(value, rest[:rest.find("…") + 1]):
                return True
    return False


def summary_of(text):
    """{name: number} and {reason: number}."""
    block = text[text.index("summary\n"):].split("\n\n")[0]
    counts = {name: int(number) for name, number in re.findall(r"^  (\S.*?) +(\d+)", block, re.M)}
    reasons = {name: int(number) for name, number in re.findall(r"(\w+) (\d+)(?:,|$)", "\n".join(re.findall("^    (.*)", block, re.M)), re.M)}
    return counts, reasons


# ---- a listing as it must be ----


def rows_of(*flags, data=b""):
    """[(measurement, time, [(name, value)])], tags first, by way of line protocol."""
    output = piped(*flags, "--format", "influx", data=data)
    rows, done = lineprotocol.read_records(output)
    assert done == len(output)
    return [(row.measurement.decode(), row.time, [(name.decode(), value.decode()) for name, value in row.tags.items()] +
             [(name.decode(), value.decode() if kind == "text" else value) for name, kind, value in row.fields]) for row in rows]


def shown_time(ns):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + f".{ns // 10**6 % 1000:03}Z"


def shown_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return next(text for text in (f"{value:.{digits}g}" for digits in (15, 16, 17)) if float(text) == value)
    pieces = [shown_character(c) for c in str(value)]
    if columns_of("".join(pieces)) <= CELL_WIDTH:
        return "".join(pieces)
    while columns_of("".join(pieces)) > CELL_WIDTH - 1:
        del pieces[-1]
    return "".join(pieces) + "…"


def shown_character(c):
    """Line breaks and tabs are blanks on one line; what would not be seen, or would deceive, is an escape, whole or not there."""
    if c in "\n\r\t":
        return " "
    return f"\\u{ord(c):04x}" if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp") else c


def listing(rows):
    """Of at most 1,000 rows."""
    tables = {}
    for measurement, ns, values in rows:
        names, lines = tables.setdefault(measurement, ([], []))
        place = 0
        for name, _ in [("time", None)] + values:
            if name not in names:
                names.insert(place, name)
            place = names.index(name) + 1
        lines.append({"time": shown_time(ns), **dict(values)})
    text = ""
    for measurement, (names, lines) in tables.items():
        names = [name for name in names if any(line.get(name, "") != "" for line in lines)]
        numbers = {name for name in names if all(isinstance(line[name], (int, float)) and not isinstance(line[name], bool)
                                                 for line in lines if name in line)}
        shown = [{name: shown_value(line[name]) for name in names if name in line} for line in lines]
        widths = {name: max([columns_of(name)] + [columns_of(line.get(name, "")) for line in shown]) for name in names}

        def aligned(values):
            return "  ".join(" " * (widths[name] - columns_of(value)) * (name in numbers) + value + " " * (widths[name] - columns_of(value)) * (name not in numbers)
                             for name in names for value in [values.get(name, "")]).rstrip(" ")

        text += f"{measurement} ({len(lines)} row{'s' * (len(lines) != 1)})\n"
        text += "\n".join([aligned({name: name for name in names}), "  ".join("-" * widths[name] for name in names)] + [aligned(line) for line in shown])
        text += "\n\n"
    return text


# ---- into a pipe ----


@pytest.mark.parametrize("capture", LISTED)
def test_into_a_pipe_it_is_as_wide_as_it_needs(capture):
    file = CAPTURES / f"{capture}.jsonl"
    got = piped("--capture", file, "--format", "table", COLUMNS="40").decode()
    assert got == listing(rows_of("--capture", file))
    assert piped("--capture", "-", "--format", "table", "--rows", "all", data=file.read_bytes()).decode() == got


def test_into_a_pipe_with_a_limit():
    tables = tables_of(piped("--capture", FLEET, "--format", "table", "--rows", "3").decode())
    assert {heading: len(rows) for heading, rows in tables.items()} == {"vm_status (14 rows)": 3, "vm_events (41 rows)": 3, "vm_telemetry (97 rows)": 3}


def test_rows_must_be_a_number_or_all():
    done = subprocess.run([PROGRAM, "--rows", "some"], capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
    assert (done.returncode, done.stderr) == (2, 'E! vending-processor: --rows: "some" is not all, auto, or a whole number from 1 to 1000000\n')


# ---- on a terminal ----


@pytest.mark.parametrize("capture", LISTED)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_terminal_and_nothing_is_lost(width, capture):
    file = CAPTURES / f"{capture}.jsonl"
    got = on_terminal(width, "--capture", file, "--format", "table", "--rows", "all")
    assert [line for line in got.split("\n") if columns_of(line) > width] == []
    assert "\x1b" not in got
    wide = tables_of(piped("--capture", file, "--format", "table").decode())
    narrow = tables_of(got)
    assert list(narrow) == list(wide)
    for heading in wide:
        assert len(narrow[heading]) == len(wide[heading]) > 0
        for (whole, _), (row, below) in zip(wide[heading], narrow[heading]):
            for name, value in whole.items():
                assert is_shown(value, row[name]) if name in row else value == "" or is_below(name, value, below), (heading, name, whole, row, below)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_table_that_fits_is_as_in_a_pipe(width):
    """The first table of the fleet has 108 columns."""
    first = piped("--capture", FLEET, "--format", "table").decode().split("\n\n")[0]
    assert (first in on_terminal(width, "--capture", FLEET, "--format", "table", "--rows", "all")) == (width > 108)


@pytest.mark.parametrize("capture", LISTED)
def test_the_summary_comes_first_and_is_right(capture):
    file = CAPTURES / f"{capture}.jsonl"
    got = on_terminal(100, "--capture", file, "--format", "table")
    counts, reasons = summary_of(got)
    rows = rows_of("--capture", file)
    assert got.startswith("summary\n")
    measurements = [row[0] for row in rows]
    for measurement in ("vm_telemetry", "vm_events", "vm_status", "vm_rejected"):
        assert counts[measurement] == measurements.count(measurement)
    rejected = [dict(values)["reason"] for measurement, _, values in rows if measurement == "vm_rejected"]
    assert reasons == {reason: rejected.count(reason) for reason in rejected}
    assert counts["messages"] == len(rows) + counts.get("duplicates", 0)
    assert (counts["anomalies"] > 0) == any("anomalies" in dict(values) for _, _, values in rows)
    for heading, shown in tables_of(got).items():
        measurement, number = re.fullmatch(r"(\w+) \((\d+) rows?\)", heading).groups()
        assert (int(number), len(shown)) == (counts[measurement], min(counts[measurement], 10))
        more = re.search(rf"^{re.escape(heading)}\n(?:.+\n)*?(\d+) more rows?: --rows all$", got, re.M)
        assert int(more[1]) == counts[measurement] - 10 if counts[measurement] > 10 else not more


@pytest.mark.parametrize("rows, shown", [("1", 1), ("20", 14), ("all", 14)])
def test_rows_says_how_many(rows, shown):
    tables = tables_of(on_terminal(120, "--capture", FLEET, "--format", "table", "--rows", rows))
    assert len(tables["vm_status (14 rows)"]) == shown


@pytest.mark.parametrize("width", WIDTHS)
def test_what_make_run_shows_fits_with_the_log_on_the_same_terminal(width):
    got = on_terminal(width, "--capture", FLEET, "--format", "table", errors_too=True)
    assert got.startswith("summary\n") and max(map(columns_of, got.split("\n"))) <= width


def test_standard_input_that_is_a_file_has_its_summary_first():
    with open(FLEET, "rb") as file:
        got = on_terminal(80, "--capture", "-", "--format", "table", stdin=file)
    assert got == on_terminal(80, "--capture", FLEET, "--format", "table")


def test_more_rows_than_are_kept_come_in_parts_and_the_summary_last():
    got = on_terminal(130, "--capture", CAPTURES / "demo.jsonl", "--format", "table", "--rows", "all")
    counts, _ = summary_of(got)
    assert got.count("summary\n") == 1 and not tables_of(got[got.index("summary\n"):])
    assert sum(len(rows) for rows in tables_of(got).values()) == counts["messages"] - counts["duplicates"] == 1888


def test_what_is_coming_in_is_shown_as_it_comes():
    """A person looks on: rows appear although the input has not ended, and the summary is the last thing."""
    first, second = FLEET.read_bytes().splitlines(True)[:2]
    terminal = Terminal(80, "--capture", "-", "--format", "table", stdin=subprocess.PIPE)
    for line, count in ((first, 1), (second, 2)):
        terminal.process.stdin.write(line)
        terminal.process.stdin.flush()
        while terminal.text().count("vm_status (1 row)\n") < count or not terminal.text().endswith("\n\n"):
            assert terminal.read()
    assert "summary" not in terminal.text()
    terminal.process.stdin.close()
    got = terminal.end()
    assert got.endswith("  anomalies              0 values\n\n") and summary_of(got)[0]["vm_status"] == 2


def test_width_of_the_environment_where_the_terminal_knows_none():
    got = on_terminal(0, "--capture", FLEET, "--format", "table", environment={"COLUMNS": "100"})
    assert got == on_terminal(100, "--capture", FLEET, "--format", "table")
    assert on_terminal(0, "--capture", FLEET, "--format", "table") == on_terminal(80, "--capture", FLEET, "--format", "table")


def test_records_of_others_on_a_terminal():
    with open(MIXED, "rb") as file:
        got = on_terminal(60, "--report-interval", "0", "--format", "table", "--rows", "2", stdin=file)
    counts, _ = summary_of(got)
    assert max(map(columns_of, got.split("\n"))) <= 60
    assert f"passed through ({counts['passed through']} records)\n" in got
    assert got.endswith(f"{counts['passed through'] - 2} more records: --rows all\n\n")


# ---- json ----


def json_rows(*flags, data=b""):
    def unique(pairs):
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    lines = piped(*flags, "--format", "json", data=data).decode().split("\n")
    assert lines.pop() == ""
    return [json.loads(line, object_pairs_hook=unique, parse_constant=pytest.fail) for line in lines]


def json_time(ns):
    digits = f"{ns % 10**9:09}"
    while len(digits) > 3 and digits.endswith("000"):
        digits = digits[:-3]
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ns // 10**9)) + f".{digits}Z"


@pytest.mark.parametrize("file", sorted(CAPTURES.glob("*.jsonl")), ids=lambda file: file.stem)
def test_json_holds_every_row_with_its_types(file):
    expected = rows_of("--capture", file)
    got = json_rows("--capture", file)
    assert len(got) == len(expected)
    for row, (measurement, ns, values) in zip(got, expected):
        wanted = {"measurement": measurement, "time": json_time(ns), **dict(values)}
        assert row == wanted and list(row) == list(wanted)
        assert [type(value) for value in row.values()] == [type(value) for value in wanted.values()]


def test_payloads_that_are_not_utf8_are_in_base64_also_here():
    rows = [row for row in json_rows("--capture", CAPTURES / "field-rejects.jsonl") if row["measurement"] == "vm_rejected"]
    assert {row["payload_encoding"] for row in rows if row["reason"] == "invalid_utf8"} == {"base64"}


def test_jq_reads_it():
    output = piped("--capture", FLEET, "--format", "json")
    done = subprocess.run(["jq", "-r", 'select(.measurement == "vm_telemetry" and .voltage > 220) | .device_no'], input=output, capture_output=True,
                          check=True, timeout=PATIENCE)
    wanted = [dict(values)["device_no"] for measurement, _, values in rows_of("--capture", FLEET)
              if measurement == "vm_telemetry" and dict(values)["voltage"] > 220]
    assert done.stdout.decode().split() == wanted and len(wanted) > 10


def test_a_record_that_cannot_be_shown_is_on_the_log():
    wide = b"wide " + b",".join(b"f%d=1i" % i for i in range(1025)) + b" 1\n"
    done = subprocess.run([PROGRAM, "--format", "json", "--report-interval", "0"], input=wide + b"cpu v=1 1\n", capture_output=True, check=True,
                          timeout=PATIENCE)
    assert [json.loads(line)["measurement"] for line in done.stdout.splitlines()] == ["cpu"]
    assert b"W! left out records that are not ours: 1, the last because it has more than 1024 tags and fields, or too much text\n" in done.stderr


# ---- csv ----


def csv_rows(*flags, data=b""):
    output = piped(*flags, "--format", "csv", data=data).decode()
    assert output.endswith("\r\n")
    rows = list(csv.reader(io.StringIO(output, newline=""), strict=True))
    assert len(set(rows[0])) == len(rows[0]) and {len(row) for row in rows} == {len(rows[0])}
    return rows[0], [dict(zip(rows[0], row)) for row in rows[1:]]


def csv_text(value):
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def is_same(text, value):
    return math.isclose(float(text), value, rel_tol=0, abs_tol=0) if isinstance(value, float) else text == csv_text(value)


@pytest.mark.parametrize("file", sorted(CAPTURES.glob("*.jsonl")), ids=lambda file: file.stem)
def test_csv_holds_what_json_holds_and_every_column_of_ours_has_its_own(file):
    expected = json_rows("--capture", file)
    header, got = csv_rows("--capture", file)
    assert header[:3] == ["measurement", "time", "device_no"] and header[-1] == "other"
    assert len(got) == len(expected)
    for row, wanted in zip(got, expected):
        assert set(wanted) <= set(header) and row["other"] == ""
        for name in header:
            assert is_same(row[name], wanted.get(name))


def test_csv_of_records_of_others():
    data = MIXED.read_bytes()
    flags = ("--report-interval", "0")
    header, got = csv_rows(*flags, data=data)
    expected = json_rows(*flags, data=data)
    assert len(got) == len(expected) > 5
    for row, wanted in zip(got, expected):
        other = json.loads(row["other"] or "{}")
        assert other == {name: value for name, value in wanted.items() if name not in header}
        assert all(is_same(row[name], wanted.get(name)) for name in header[:-1])


def test_csv_has_columns_for_reports_if_they_come():
    header, rows = csv_rows("--capture", FLEET, "--report-interval", "10s", "--instance", "here")
    assert {"instance", "received", "rejected_invalid_json", "lag_max_s"} <= set(header)
    assert (rows[-1]["measurement"], rows[-1]["instance"], rows[-1]["received"], rows[-1]["other"]) == ("vm_ingest", "here", "152", "")


def test_csv_of_nothing_is_its_header():
    assert csv_rows("--report-interval", "0")[1] == []


# ---- vending-input ----


def output_of_input(*flags):
    """Of vending-input without a broker, until SIGTERM."""
    program = pathlib.Path(PROGRAM).with_name("vending-input")
    with subprocess.Popen([program, "--port", "1", *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stderr.readline().startswith(b"I! vending-input ")
        running.send_signal(signal.SIGTERM)
        out, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0
    return out


@pytest.mark.parametrize("form", ["json", "csv", "table"])
def test_the_input_has_the_same_formats(form):
    """Without a broker there is nothing, and no report unless it is asked for."""
    assert output_of_input("--format", form).count(b"\n") == (1 if form == "csv" else 0)
    assert b"vm_ingest" in output_of_input("--format", form, "--report-interval", "10s")
