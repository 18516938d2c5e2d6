"""Documents, --help, samples and programs say the same.

Flags and defaults, variables, reject reasons, columns, event types, and the row that README.md shows.
"""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("VENDING_PROCESSOR", "build/vending-processor")

sys.path.insert(0, str(ROOT / "test/integration"))
from lineprotocol import read_records  # noqa: E402
from test_references import width  # noqa: E402

REFERENCE = "plugin/README.md"  # of programs: flags, columns, rejects


def flags_of_help(program=PROGRAM):
    """{flag: default or None}, from the program itself."""
    text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    flags = {}
    for entry in re.split(r"\n  (?=--)", text)[1:]:
        words = " ".join(entry.split())
        default = re.search(r"\(default ([^,)]+)", words)
        flags[re.match(r"--[a-z-]+", words).group()] = default.group(1) if default else None
    return flags


def section(heading, document=REFERENCE):
    """From a heading up to the next one, of whatever level."""
    lines, inside, in_code = [], False, False
    for line in (ROOT / document).read_text(encoding="utf-8").splitlines(True):
        in_code ^= line.startswith("```")
        if line.startswith("#") and not in_code:
            inside = line.lstrip("#").strip() == heading
        elif inside:
            lines.append(line)
    assert lines, f"{document} has no section {heading}"
    return "".join(lines)


def table(heading, document=REFERENCE):
    """The rows of a section's tables, each a list of cells; those of the head among them."""
    lines = [line for line in section(heading, document).splitlines() if line.startswith("|")]
    rows = [line.strip().strip("|").split("|") for line in lines]
    return [[cell.strip() for cell in row] for row in rows if not set("".join(row)) <= set("-: ")]


def code(cell):
    return re.findall(r"`([^`]+)`", cell)


def flags_of_document(heading):
    flags = {}
    for cells in table(heading):
        for name in re.findall(r"--[a-z-]+", cells[0] if cells[0].startswith("`--") else ""):
            flags[name] = cells[1].strip("`") or None
    return flags


def flags_of_sample(name="20-processor.conf"):
    text = (ROOT / "telegraf.d" / name).read_text()
    pairs = re.findall(r'^\s*(?:# )?"(--[a-z-]+)", "([^"]*)"', text, re.M)
    return {flag: re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", value) for flag, value in pairs}


# ---- flags of vending-processor ----

FLAGS = flags_of_help()
HEADING = "Flags of vending-processor"


def test_help_lists_the_flags_that_are_expected_here():
    assert len(FLAGS) >= 20 and FLAGS["--max-age"] == "7d"


@pytest.mark.parametrize("flag", sorted(FLAGS))
def test_the_reference_says_what_help_says(flag):
    documented = flags_of_document(HEADING)
    assert flag in documented
    if FLAGS[flag] is not None:
        assert documented[flag] == FLAGS[flag]


def test_the_reference_invents_no_flag():
    assert set(flags_of_document(HEADING)) == set(FLAGS)


# Of no use under Telegraf.
NOT_IN_SAMPLE = {"--capture", "--format", "--rows", "--check", "--version", "--help", "--print-mapping"}


@pytest.mark.parametrize("flag", sorted(set(FLAGS) - NOT_IN_SAMPLE))
def test_sample_configuration_says_what_help_says(flag):
    sample = flags_of_sample()
    assert flag in sample
    if flag not in ("--instance", "--mapping"):
        assert sample[flag] == FLAGS[flag]


# ---- of vending-replay ----

REPLAY_FLAGS = flags_of_help(PROGRAM.with_name("vending-replay"))
REPLAY_HEADING = "Flags of vending-replay"


@pytest.mark.parametrize("flag", sorted(REPLAY_FLAGS))
def test_the_reference_says_what_the_help_of_replay_says(flag):
    """Its own flags with their defaults; those of the connection, which it shares, at least by name."""
    documented = flags_of_document(REPLAY_HEADING)
    assert f"`{flag}" in section(REPLAY_HEADING)
    if flag in documented and REPLAY_FLAGS[flag] is not None:
        assert (documented[flag] or "").replace("`", "").startswith(REPLAY_FLAGS[flag])


def test_the_reference_invents_no_flag_of_replay():
    use = section("Playing captures to a broker")
    commands = "\n".join(re.findall(r"^vending-replay .*", use, re.M))
    named = {*re.findall(r"`(--[a-z-]+)", section(REPLAY_HEADING) + use), *re.findall(r"(?<= )--[a-z-]+", commands)}
    assert len(REPLAY_FLAGS) >= 20 and len(named) >= 20
    assert named - set(REPLAY_FLAGS) == set()


# ---- of vending-input ----

INPUT_FLAGS = flags_of_help(PROGRAM.with_name("vending-input"))
INPUT_HEADING = "Flags of vending-input"


@pytest.mark.parametrize("flag", sorted(INPUT_FLAGS))
def test_the_reference_says_what_the_help_of_input_says(flag):
    """Those that it shares with the processor stand there, and are named here."""
    documented = {**flags_of_document(HEADING), **flags_of_document(INPUT_HEADING)}
    assert flag in documented
    assert f"`{flag}" in section(INPUT_HEADING) or flag in ("--version", "--help")
    if INPUT_FLAGS[flag] is not None and flag != "--client-id":
        assert documented[flag].startswith(INPUT_FLAGS[flag])


def test_the_reference_invents_no_flag_of_input():
    assert set(re.findall(r"`(--[a-z-]+)", section(INPUT_HEADING))) <= set(INPUT_FLAGS)
    use = section("MQTT 5: vending-input", "telegraf.d/README.md")
    assert set(re.findall(r"`(--[a-z-]+)", use)) <= set(INPUT_FLAGS)


# There the sample says what suits Telegraf; or a file stands for those that have none by default.
INPUT_SAMPLE_DIFFERS = {
    *("--client-id", "--port", "--username", "--share", "--instance"),
    *("--mapping", "--password-file", "--record", "--tls-ca", "--tls-cert", "--tls-key"),
}


@pytest.mark.parametrize("flag", sorted(set(INPUT_FLAGS) - NOT_IN_SAMPLE))
def test_sample_configuration_says_what_the_help_of_input_says(flag):
    sample = flags_of_sample("15-input-vending.conf.sample")
    assert flag in sample
    if flag not in INPUT_SAMPLE_DIFFERS:
        assert sample[flag] == INPUT_FLAGS[flag]


# ---- rejects, variables ----


def test_every_reject_reason_is_in_the_reference_and_no_other():
    source = (ROOT / "plugin/core/reject.c").read_text()
    reasons = re.findall(r'\] = PREFIX "(\w+)"', source)
    assert len(reasons) >= 15
    assert [code(cells[0])[0] for cells in table("Rejects")[1:]] == [*reasons, "landing_failed"]


def test_every_variable_of_the_configuration_is_documented():
    used = set()
    for file in (ROOT / "telegraf.d").glob("*.conf*"):
        settings = [line for line in file.read_text().splitlines() if not line.lstrip().startswith("#")]
        used |= set(re.findall(r"\$\{(\w+):-", "\n".join(settings)))
    document = (ROOT / "telegraf.d/README.md").read_text()
    assert used and [name for name in sorted(used) if f"`{name}`" not in document] == []


def test_every_file_of_the_configuration_is_documented():
    files = {file.name for file in (ROOT / "telegraf.d").iterdir()} - {"README.md"}
    assert {name for cells in table("Install", "telegraf.d/README.md")[1:] for name in code(cells[0])} == files


# ---- columns and event types ----

MAPPING = json.loads(subprocess.run([PROGRAM, "--print-mapping"], check=True, capture_output=True, text=True).stdout)


def columns_of_document():
    """{kind: [(column, paths, type and unit, what is possible, what else)]}; a table's head names its kind."""
    found, kind = {}, None
    for cells in table("Mapped columns"):
        if cells[0] in MAPPING:
            kind = cells[0]
        else:
            found.setdefault(kind, []).append((code(cells[0])[0], code(cells[1]), cells[2], cells[3], cells[4]))
    return found


def possible(column):
    if column["type"] == "text":
        return f"{column['max_bytes']} bytes"
    return f"{column['min']} to {column['max']}" if "min" in column else ""


def besides(column):
    words = [", ".join(map(str, column.get("faults", []))), "required" if column["required"] else ""]
    return [word for word in words if word]


@pytest.mark.parametrize("kind", sorted(MAPPING))
def test_the_reference_has_the_columns_of_the_mapping(kind):
    documented = columns_of_document()[kind]
    for (name, paths, typed, limits, words), column in zip(documented, MAPPING[kind]["columns"], strict=True):
        assert (name, paths, limits) == (column["column"], column["path"], possible(column))
        assert typed == f"{column['type']} {column['unit']}".strip()
        assert [word for word in besides(column) if word not in words] == [] and (words == "" or besides(column)), name
        assert (column.get("form") == "lower") == ("lower case" in words), name


@pytest.mark.parametrize("kind", sorted(MAPPING))
def test_every_column_is_in_the_list_of_its_table(kind):
    measurement = "vm_events" if kind == "acks" else f"vm_{kind}"
    (listed,) = [cells[1] for cells in table("Tables") if code(cells[0]) == [measurement]]
    listed = listed.replace("`freezer_temp_0` …", "`freezer_temp_0`, `freezer_temp_1`, `freezer_temp_2`,")
    assert [column["column"] for column in MAPPING[kind]["columns"] if f"`{column['column']}`" not in listed] == []


def test_the_reference_has_the_event_types_with_severity_and_aliases():
    documented = {}
    for name, severity, aliases in table("Event types")[1:]:
        documented[code(name)[0]] = (severity, sorted(alias.replace("_", "") for alias in code(aliases)))
    known = {}
    for name, kind in MAPPING["events"]["types"].items():  # a type's own name is among its aliases
        known[name] = (kind["severity"], sorted(set(kind["aliases"]) - {name.replace("_", "")}))
    assert documented == known and len(known) >= 8


def test_the_reference_has_the_statuses_and_their_aliases():
    documented = {code(name)[0]: {alias.replace(" ", "").upper() for alias in code(aliases)} for name, aliases in table("Statuses")[1:]}
    known = {name: set(kind["aliases"]) - {name.upper()} for name, kind in MAPPING["status"]["types"].items()}
    assert documented == known and len(known) == 2


# ---- the map of the rooms ----


def test_what_lives_in_a_file_is_there():
    """The files are looked for by test_references.py; here the functions that stand beside them."""
    for _, place, *_ in table("Where does it live?")[1:]:
        files = [ROOT / "plugin" / one for one in code(place) if one.endswith((".c", ".h"))]
        text = "".join(file.read_text() for file in files)
        assert [one for one in code(place) if re.fullmatch(r"\w+", one) and f"{one}(" not in text] == []


def test_every_room_is_in_the_map():
    folders = {file.parent.name for file in (ROOT / "plugin").glob("*/*.[ch]")}
    assert {code(cells[1])[0] for cells in table("Rooms")[1:]} == folders


# ---- the README at the top ----

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_is_short():
    lines = README.splitlines()
    assert len(lines) <= 180
    assert [number for number, line in enumerate(lines, 1) if width(line) > 100] == []


def processed(tmp_path, topic, payload):
    """The records that one message gives, which comes a moment after the time that it claims."""
    sent = datetime.datetime.fromisoformat(json.loads(payload)["ts"].replace("Z", "+00:00"))
    arrival = (sent + datetime.timedelta(seconds=1)).isoformat()
    capture = tmp_path / "capture.jsonl"
    capture.write_text(json.dumps({"tst": arrival, "topic": topic, "payload": payload}) + "\n")
    output = subprocess.run([PROGRAM, "--capture", capture], check=True, capture_output=True).stdout
    records, taken = read_records(output)
    assert taken == len(output)
    return records


def shown(value):
    return str(value).lower() if isinstance(value, bool) else value.decode() if isinstance(value, bytes) else str(value)


def test_the_row_in_the_readme_is_what_the_program_makes_of_the_message(tmp_path):
    example = section("One message, and its row", "README.md")
    (topic,) = re.findall(r"`(v1/vm/\S+/telemetry)`", example)
    (_, payload), (_, row) = re.findall(r"^```(\w*)\n(.*?)^```$", example, re.M | re.S)
    (record,) = processed(tmp_path, topic, payload)
    assert f"`{record.measurement.decode()}`" in example
    time = datetime.datetime.fromtimestamp(record.time / 1e9, datetime.timezone.utc)
    time = time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    named = [*record.tags.items(), *((key, value) for key, _, value in record.fields)]
    made = [("time", time), *((key.decode(), shown(value)) for key, value in named)]
    assert [tuple(line.split(None, 1)) for line in row.splitlines()] == made


def test_the_counts_in_the_readme_are_those_of_the_bundled_capture():
    command = [PROGRAM, "--capture", ROOT / "test/captures/fleet.jsonl"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    (lines,) = re.findall(r"^received .*\n.*$", README, re.M)
    assert f"end: {' '.join(lines.split())};" in done.stderr
