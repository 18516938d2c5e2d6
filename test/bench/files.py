"""From file to file: what a message costs, and what it costs those who do the same, or less, on the same payloads."""

import subprocess

import payloads
from measure import REPO, TEST, cpu, ended, in_turn, processor
from report import Table, at_most

BENTHOS = REPO / "build/benthos/benthos"
FLATTEN = TEST / "bench/flatten"
LIMITS = {"telemetry": 1.5, "events": 2.5}


def cat(given, out):
    """The `cat` in the middle of three: it reads a pipe and writes a pipe, as a program under Telegraf does."""
    with open(given, "rb") as source:
        first = subprocess.Popen(["cat"], stdin=source, stdout=subprocess.PIPE)
    middle = subprocess.Popen(["cat"], stdin=first.stdout, stdout=subprocess.PIPE)
    last = subprocess.Popen(["cat"], stdin=middle.stdout, stdout=out)
    for pipe in (first.stdout, middle.stdout):
        pipe.close()
    spent = ended(middle)
    assert first.wait() == last.wait() == 0
    return spent


def candidates(kind, records, texts, count, folder):
    """Name -> function that gives microseconds of CPU a message, and sees to it that all of them came out."""

    def checked(run):
        def once():
            with open(folder / "out", "wb") as out:
                spent = run(out)
            with open(folder / "out", "rb") as out:
                assert sum(1 for _ in out) == count, "not a row a message"
            return spent * 1e6 / count

        return once

    flat = FLATTEN / f"{kind}.jq"
    bloblang = {"MAPPING": str(FLATTEN / f"{kind}.blobl"), "GOMAXPROCS": "1"}
    return {
        "vending-processor": checked(lambda out: cpu(processor(), records, out)),
        "jq -c, the same columns": checked(lambda out: cpu(["jq", "-c", "-f", flat], texts, out)),
        "jq -c, as it is": checked(lambda out: cpu(["jq", "-c", "."], texts, out)),
        "benthos, the same columns": checked(lambda out: cpu([BENTHOS, "-c", FLATTEN / "benthos.yaml"], texts, out, **bloblang)),
        "a pipe (cat)": checked(lambda out: cat(records, out)),
    }


def measure(folder, quick):
    count, runs = (30_000, 3) if quick else (100_000, 5)
    rows, targets, taken = [], [], {}
    for kind, make in payloads.KINDS.items():
        records = payloads.write(folder / f"{kind}.influx", make(count))
        texts = payloads.write_payloads(folder / f"{kind}.jsonl", make(count))
        taken[kind] = in_turn(candidates(kind, records, texts, count, folder), runs)
        targets.append(at_most(f"vending-processor, CPU a message, {kind}", LIMITS[kind], taken[kind]["vending-processor"].median, "us", 2))
    for name in taken["telemetry"]:
        cells = []
        for kind in payloads.KINDS:
            cost, own = taken[kind][name], taken[kind]["vending-processor"].median
            cells += [f"{cost.median:.2f}", f"{cost.low:.2f} to {cost.high:.2f}", f"{cost.median / own:.2f}"]
        rows.append((name, *cells))
    noise = max((cost.high - cost.low) / cost.median for costs in taken.values() for cost in costs.values())
    notes = (f"us of CPU a message, user and system, of {count:,} messages; the median of {runs} runs in turn, and the least and the most. Line "
             "protocol as Telegraf writes it to vending-processor; the payloads alone, a line each, to jq and benthos (GOMAXPROCS=1, one thread), "
             "which neither validate nor repair anything nor know the topic. "
             f"One program's runs differed by up to {noise:.0%}. `vending-processor --report-interval 0 < telemetry.influx > out`, "
             "`jq -c -f test/bench/flatten/telemetry.jq`, `jq -c .`, `benthos -c test/bench/flatten/benthos.yaml`, and the middle one of "
             "`cat | cat | cat`; events likewise.")
    header = ("file to file", "telemetry, us", "runs", "of ours", "events, us", "runs", "of ours")
    return targets, [Table("CPU a message, file to file", notes, header, rows)]
