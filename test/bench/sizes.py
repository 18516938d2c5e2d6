"""Does cost grow with the bytes alone? Payloads from small to large, mappings, fleets, and the worst payloads we know."""

import json

import hostile
import payloads
from measure import REPO, cpu, in_turn, processor
from report import Table, at_most

BYTES = 24_000_000  # of payloads in one run
QUICK_BYTES = 6_000_000
RUNS = 3
SIZES = (326, 4 * 1024, 64 * 1024, 256 * 1024)
EXTRA_COLUMNS = 75
DEVICES = (10, 1_000, 100_000, 1_000_000)
LIMIT = 2  # times the normal ns a byte
CORPUS = REPO / "build/fuzz/corpus/message"
LARGEST_OF_CORPUS = 100


def write_repeated(path, message, size):
    """The message over and over; how many there are."""
    count = max(1, size // len(message.payload))
    one = payloads.record(message)
    with open(path, "wb") as file:
        for _ in range(count):
            file.write(one)
    return count


def a_byte(given, message, count, *flags):
    """Function that gives ns of CPU a byte of payload. Repeated events are duplicates: they are let through."""
    command = processor("--log-rate", "1", "--dedup-window", "0", *flags)
    return lambda: cpu(command, given) * 1e9 / (len(message.payload) * count)


def outcome(folder, message):
    """What becomes of it: the table, and the reason if it is rejected."""
    write_repeated(folder / "one.influx", message, 1)
    with open(folder / "one.out", "wb") as out:
        cpu(processor(), folder / "one.influx", out)
    row = (folder / "one.out").read_bytes()
    if not row.startswith(b"vm_rejected"):
        return row.partition(b",")[0].decode()
    return row.partition(b'reason="')[2].partition(b'"')[0].decode()


def compare(folder, given, size):
    """{name: message} -> {name: Cost in ns a byte}, in turn."""
    runs = {}
    for number, (name, message) in enumerate(given.items()):
        path = folder / f"sizes-{number}.influx"
        count = write_repeated(path, message, size)
        runs[name] = a_byte(path, message, count)
    costs = in_turn(runs, RUNS)
    for number in range(len(given)):
        (folder / f"sizes-{number}.influx").unlink()
    return costs


def of_sizes(folder, total):
    costs = compare(folder, {size: hostile.normal(size) for size in SIZES}, total)
    rows = [(f"{size / 1024:.1f} KiB", outcome(folder, hostile.normal(size)), f"{cost.median:.2f}", f"{cost.median * size / 1000:.2f}") for size, cost in costs.items()]
    notes = "An everyday message, and one that sends more and more of its past along, which is not mapped (and words, where values would be too many). A byte is one of the payload."
    return Table("Cost against the payload's size", notes, ("payload", "becomes", "ns a byte", "us a message"), rows)


def wide_mapping(folder):
    columns = [{"column": f"extra_{n}", "path": f"extra.group_{n % 5}.value_{n}", "type": "float"} for n in range(EXTRA_COLUMNS)]
    (folder / "wide.json").write_text(json.dumps({"telemetry": {"columns": columns[: 88 - 15]}}))
    return folder / "wide.json"


def of_mappings(folder, total):
    groups = {f"group_{g}": {f"value_{n}": n / 4 for n in range(g, EXTRA_COLUMNS, 5)} for g in range(5)}
    given = {"15 columns": hostile.telemetry(), "88 columns": hostile.telemetry(b'"extra":' + payloads.packed(groups))}
    mappings = {"built in": (), "88 columns": ("--mapping", wide_mapping(folder))}
    runs, rows = {}, []
    for values, message in given.items():
        path = folder / f"{values}.influx"
        count = write_repeated(path, message, total)
        for mapping, flags in mappings.items():
            runs[values, mapping] = a_byte(path, message, count, *flags)
    for (values, mapping), cost in in_turn(runs, RUNS).items():
        size = len(given[values].payload)
        rows.append((f"{values}, {size} bytes", mapping, f"{cost.median:.2f}", f"{cost.median * size / 1000:.2f}"))
    notes = "88 columns are the most that a table may have."
    header = ("payload has values for", "mapping", "ns a byte", "us a message")
    return Table("Cost against the mapping", notes, header, rows)


def of_devices(folder, fleets):
    rows, base = [], None
    for devices in fleets:
        count = max(100_000, devices)
        runs = {}
        for kind, make in payloads.KINDS.items():
            path = payloads.write(folder / f"devices-{kind}.influx", make(count, devices))
            runs[kind] = lambda path=path: cpu(processor(), path) * 1e6 / count
        costs = in_turn(runs, RUNS)
        base = base or costs
        ratio = [f"{costs[kind].median:.2f}" for kind in runs] + [f"{costs['telemetry'].median / base['telemetry'].median:.2f}"]
        rows.append((f"{devices:,}", f"{count:,}", *ratio))
    notes = f"Messages of so many machines in turn. The last column: telemetry against {fleets[0]} machines."
    header = ("machines", "messages", "telemetry, us", "events, us", "ratio")
    return Table("Cost against the number of machines", notes, header, rows)


def of_hostile(folder, given, total, title, notes):
    """Each in turn with an everyday message, and with an ordinary one of as many bytes."""
    rows = []
    for name, message in given.items():
        size = len(message.payload)
        everyday = hostile.event() if message.topic.endswith("/events") else hostile.telemetry()
        costs = compare(folder, {"it": message, "everyday": everyday, "as large": hostile.normal(size)}, total)
        it, *others = (costs[one].median for one in ("it", "everyday", "as large"))
        rows.append((name, size, outcome(folder, message), it, *others, it / others[0], it / others[1]))
    rows.sort(key=lambda row: -row[-2])
    cells = [(name, f"{size:,}", becomes, *(f"{figure:.2f}" for figure in figures)) for name, size, becomes, *figures in rows]
    header = ("payload", "bytes", "becomes", "ns a byte", "everyday", "as large", "of everyday", "of as large")
    return rows[0][-2], Table(title, notes, header, cells)


def corpus(folder):
    """The largest payloads that fuzzing kept, as telemetry: test/fuzz/fuzz_message.c's inputs, less their first byte, which says the topic."""
    files = sorted((path for path in folder.glob("*") if path.is_file()), key=lambda path: -path.stat().st_size)
    return {path.name[:12]: hostile.telemetry_of(path.read_bytes()[1:]) for path in files[:LARGEST_OF_CORPUS]}


def measure(folder, quick):
    total = QUICK_BYTES if quick else BYTES
    tables = [of_sizes(folder, total), of_mappings(folder, total), of_devices(folder, DEVICES[:2] if quick else DEVICES)]
    worst, table = of_hostile(folder, {name: make() for name, make in hostile.MESSAGES.items()}, total, "The worst payloads we know",
                              "ns of CPU a byte of payload, the median of 3 runs, each in turn with an everyday message of its kind and with an "
                              "ordinary one of as many bytes.")
    tables.append(table)
    targets = [at_most("the worst payload against an everyday message, ns a byte", LIMIT, worst, "times", 2)]
    if not quick and (found := corpus(CORPUS)):
        worst, table = of_hostile(folder, found, total, "The largest payloads of the fuzzing corpus", "Out of `build/fuzz/corpus/message`, as above.")
        tables.append(table._replace(rows=table.rows[:10]))
        targets.append(at_most("the worst of the fuzzing corpus against an everyday message", LIMIT, worst, "times", 2))
    return targets, tables
