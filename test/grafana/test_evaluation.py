"""evaluation.py against Grafana's documentation: what is an error, what is no data, and when an alert begins and ends."""

import pytest

from evaluation import Evaluation, NoData, RuleError, Table, series

NUMBER, TEXT = ("value", "double precision"), ("device_no", "text")
A, B = {"device_no": "a"}, {"device_no": "b"}


def table(*rows, columns=(TEXT, NUMBER)):
    return Table(columns, rows)


def rule(pause="0s", **condition):
    return {"for": pause, "condition": "C", "data": [
        {"refId": "A", "datasourceUid": "timescaledb", "model": {}},
        {"refId": "C", "datasourceUid": "__expr__", "model": {"type": "threshold", "expression": "A", "conditions": [
            {"evaluator": {"type": "gt", "params": [10]}} | condition]}}]}


def states(evaluation, *steps):
    """steps: (now, rows); what fires after each."""
    return [evaluation.evaluate(now, {"A": table(*rows)}).alerting() for now, rows in steps]


@pytest.mark.parametrize("columns, row", [
    ((TEXT, NUMBER, NUMBER), ("a", "1", "2")),
    ((TEXT, TEXT), ("a", "b")),
    ((TEXT, ("time", "timestamp with time zone"), NUMBER), ("a", "2026-11-25", "1")),
    ((TEXT, ("open", "boolean"), NUMBER), ("a", "t", "1")),
    ((TEXT, ("raw", "jsonb"), NUMBER), ("a", "{}", "1")),
])
def test_a_table_has_one_number_and_texts(columns, row):
    with pytest.raises(RuleError):
        series(table(row, columns=columns))


def test_labels_are_unique():
    with pytest.raises(RuleError):
        series(table(("a", "1"), ("a", "2")))


def test_null_and_empty_text_are_the_same_label():
    with pytest.raises(RuleError):
        series(table((None, "1"), ("", "2")))


def test_no_rows_is_no_data():
    with pytest.raises(NoData):
        series(table())


def test_null_never_fires():
    assert states(Evaluation(rule()), (0, [("a", None)])) == [[]]


def test_each_row_is_an_alert_of_its_own():
    assert states(Evaluation(rule()), (0, [("a", "11"), ("b", "10")]), (30, [("a", "9"), ("b", "12")])) == [[A], [B]]


def test_for_begins_at_the_first_breach_and_again_after_a_pause():
    steps = [(0, [("a", "11")]), (30, [("a", "11")]), (60, [("a", "9")]), (90, [("a", "11")]), (149, [("a", "11")]), (150, [("a", "11")])]
    assert states(Evaluation(rule("60s")), *steps) == [[], [], [], [], [], [A]]


def test_recovery_holds_an_alert_but_does_not_begin_one():
    recovery = {"unloadEvaluator": {"type": "lt", "params": [8]}}
    steps = [(0, [("a", "9")]), (1, [("a", "11")]), (2, [("a", "9")]), (3, [("a", "8")]), (4, [("a", "7")]), (5, [("a", "9")])]
    assert states(Evaluation(rule(**recovery)), *steps) == [[], [A], [A], [A], [], []]


def test_a_row_that_is_gone_ends_at_the_second_evaluation():
    calm = ("none", "0")
    assert states(Evaluation(rule()), (0, [("a", "11"), calm]), (30, [calm]), (60, [calm])) == [[A], [A], []]


def test_a_row_that_was_gone_and_is_back_goes_on():
    calm = ("none", "0")
    steps = [(0, [("a", "11"), calm]), (30, [calm]), (60, [("a", "11"), calm]), (90, [calm])]
    assert states(Evaluation(rule()), *steps) == [[A], [A], [A], [A]]


def test_values_of_fewer_labels_go_with_an_alert():
    evaluation = Evaluation(rule())
    doors = Table((TEXT, NUMBER), (("a", "1"), ("none", "0")))
    zones = Table((TEXT, ("zone", "text"), NUMBER), (("a", "2", "11"), ("b", "1", "12")))
    evaluation.evaluate(0, {"A": zones, "B": doors})
    assert {dict(labels)["device_no"]: values["B"] for labels, values in evaluation.values.items()} == {"a": 1.0, "b": None}
