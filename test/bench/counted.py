"""Instructions a message: the same on every machine with the same compiler, however busy it is."""

import payloads
from measure import instructions, processor
from report import Table, at_most

FEW, MANY = 1000, 3000
LIMIT = 15_000


def a_message(folder, kind):
    """By the difference of two runs, so that starting up is not in it."""
    counts = []
    for count in (FEW, MANY):
        given = payloads.write(folder / "counted.influx", payloads.KINDS[kind](count))
        counts.append((instructions(processor(), given), given.stat().st_size))
    (few, few_bytes), (many, many_bytes) = counts
    return (many - few) / (MANY - FEW), (many - few) / (many_bytes - few_bytes)


def measure(folder, quick):
    rows, targets = [], []
    for kind in payloads.KINDS:
        message, byte = a_message(folder, kind)
        rows.append((kind, f"{message:,.0f}", f"{byte:.1f}"))
        if kind == "telemetry":
            targets.append(at_most("vending-processor, a telemetry message", LIMIT, message, "instructions", 0))
    notes = f"By callgrind: {MANY:,} messages less {FEW:,}. A byte is one of line protocol."
    header = ("vending-processor", "instructions a message", "a byte")
    return targets, [Table("Instructions a message", notes, header, rows)]
