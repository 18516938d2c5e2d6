"""Random messages through the processor, held against an independent model of the contract: row for row, column for column, and the counts."""

import copy
import os

import pytest

import compare
import model
from generate import Generator, capture_line

RUN_MESSAGES = 2500
MESSAGES = int(os.environ.get("MODEL_MESSAGES", "100000"))
RUNS = max(2, MESSAGES // RUN_MESSAGES)
FIXED = [f"fixed {number}" for number in range(RUNS // 2)]
FRESH = [f"fresh {number}" for number in range(RUNS - RUNS // 2)]


def seed_of(name):
    """The fixed half is the same every time; a fresh one that found something is repeated with MODEL_SEED."""
    half, number = name.split()
    return f"{20261125 if half == 'fixed' else os.environ['MODEL_SEED']} {number}"


@pytest.mark.parametrize("name", FIXED + FRESH)
def test_the_processor_does_what_the_contract_says(name):
    run = compare.Run(seed_of(name), RUN_MESSAGES)
    found = run.differences()
    assert not found, f"{found}\n\nagain: test/model/compare.py '{run.seed}' {run.count}"


# ---- what compares can fail ----


@pytest.fixture(scope="module")
def rows():
    """What the model gives for some messages: rows of every table among them."""
    reference = model.Model(model.Settings())
    outcomes = [outcome for message in Generator("self-test").messages(400) for outcome in reference.take(message)]
    rows = [outcome for outcome in outcomes if isinstance(outcome, model.Row)]
    assert {row.measurement for row in rows} == {"vm_telemetry", "vm_events", "vm_status", "vm_rejected"}
    return rows


def as_got(row):
    """A row of the model as one that was read."""
    got = copy.deepcopy(row)
    if got.notes:
        got.fields["anomalies"] = "; ".join(got.notes)
    if got.measurement == "vm_rejected":
        got.fields["detail"] = "some reason"
    got.notes = []
    return got


def test_the_same_rows_are_the_same(rows):
    for row in rows:
        assert compare.differences(row, as_got(row)) == []


def altered(value):
    return {bool: lambda: not value, int: lambda: value + 1, float: lambda: value + 0.5, str: lambda: value + "x"}[
        type(value)
    ]()


def test_every_column_that_differs_is_seen(rows):
    for row in rows:
        for name in [*as_got(row).fields, "more"]:
            got = as_got(row)
            if name == "detail":
                got.fields[name] = ""
            else:
                got.fields[name] = altered(got.fields[name]) if name in got.fields else 1
            assert compare.differences(row, got), name
            if name != "more":
                del got.fields[name]
                assert compare.differences(row, got), name


def test_another_time_tag_or_table_is_seen(rows):
    for row in rows:
        for alter in (
            lambda got: setattr(got, "time_ns", got.time_ns + 1),
            lambda got: setattr(got, "tags", {**got.tags, "device_no": "another"}),
            lambda got: setattr(got, "measurement", "vm_other"),
        ):
            got = as_got(row)
            alter(got)
            assert compare.differences(row, got)


def test_an_integer_is_no_float():
    want = model.Row("vm_telemetry", {}, {"uptime": 5}, 0)
    assert compare.differences(want, model.Row("vm_telemetry", {}, {"uptime": 5.0}, 0))


@pytest.mark.parametrize("count", ["received", "duplicates", "ignored", "anomalies"])
def test_a_count_that_differs_is_seen(count):
    fields = dict.fromkeys(
        "received telemetry events status passed duplicates rejected ignored anomalies zoneless".split(), 0
    )
    counts = {**fields, count: 1}
    assert compare.Run.compare_counts(counts, model.Row("vm_ingest", {}, fields, 0))
    assert not compare.Run.compare_counts(fields, model.Row("vm_ingest", {}, fields, 0))


def test_rows_that_are_missing_or_too_many_are_seen(rows):
    message = model.Message("v1/vm/a/telemetry", b"{}", 0)
    outcomes = [(message, rows[:3])]
    got = [as_got(row) for row in rows[:4]]
    assert compare.Run("", 0).compare(outcomes, got[:3]) == ""
    assert compare.Run("", 0).compare(outcomes, got[:2])
    assert compare.Run("", 0).compare(outcomes, got[:4])


# ---- what the generator is worth ----


def test_the_same_seed_gives_the_same_messages():
    once, again, other = (
        [capture_line(message) for message in Generator(seed).messages(300)] for seed in ("1", "1", "2")
    )
    assert once == again != other


def test_every_outcome_comes_about():
    """A generator that no longer reaches a rule would let it go untested."""
    reference, reasons, kinds = model.Model(model.Settings()), set(), set()
    notes = []
    for message in Generator("coverage").messages(8000):
        for outcome in reference.take(message):
            if isinstance(outcome, model.Row):
                kinds.add(outcome.measurement)
                reasons.add(outcome.fields.get("reason") if outcome.measurement == "vm_rejected" else None)
                notes += outcome.notes
            else:
                kinds.add(outcome)
    assert kinds == {"vm_telemetry", "vm_events", "vm_status", "vm_rejected", model.DUPLICATE, model.IGNORED}
    assert reasons >= {
        "unknown_topic", "bad_device_no", "empty_payload", "invalid_utf8", "invalid_json", "too_deep", "not_an_object", "device_mismatch",
        "missing_field", "no_data",
    }  # fmt: skip
    text = "\n".join(notes)
    for reason in (
        "not a number", "not an integer", "not a boolean", "not text", "no value", "does not fit a 32-bit integer", "does not fit a double",
        "sensor fault code", "outside 0..500", "longer than 64 bytes", "holds a character that PostgreSQL cannot store", "no column", "missing",
        "empty", "not an array", "not an object\n", "not an object or array", "given twice, the last counts", "no fix", "without location.lng",
        "without location.lat", "unknown status", "not a time, arrival time used", "too old, arrival time used", "too far ahead, arrival time used",
        "missing, arrival time used", "stands still, arrival time used", "value(s) that are no number, kept as text",
        "number(s) too wide, kept as text", "character(s) PostgreSQL cannot store, replaced", "not application/json",
    ):  # fmt: skip
        assert reason in text, reason


def test_flags_other_than_the_defaults_are_tried():
    tried = set()
    for number in range(200):
        run = compare.Run(number)
        run.choose_flags()
        tried |= set(run.flags[::2])
    assert tried == set(
        "--max-age --dedup-age --dedup-untimed --time-zone --max-payload --max-values --max-depth".split()
    )


def test_siphash_is_the_known_function():
    """Of nothing, with key 0."""
    assert model.siphash24(b"") == 0x1E924B9D737700D7
