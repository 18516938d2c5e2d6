"""What Grafana 12.3 makes of the rows that a rule's queries return: a state for each set of labels, from one evaluation to the next. Written
from its documentation and from what its expression engine accepts (SQL tables, one threshold, `for`, recovery threshold, missing series)."""

import dataclasses

from provisioning import EXPRESSION, seconds

NUMBERS = {"smallint", "integer", "bigint", "numeric", "real", "double precision"}
MISSING_EVALUATIONS = 2  # an alert whose row is gone ends at the second evaluation without it

PREDICATES = {
    "gt": lambda x, limit: x > limit,
    "lt": lambda x, limit: x < limit,
    "outside_range": lambda x, low, high: x < low or x > high,
    "within_range": lambda x, low, high: low < x < high,
}


class RuleError(ValueError):
    """The rule would be in state Error."""


class NoData(ValueError):
    """The rule would be in state NoData."""


@dataclasses.dataclass(frozen=True)
class Table:
    """A query's result."""

    columns: tuple  # of (name, type)
    rows: tuple  # of tuples of text; None for NULL


def series(table):
    """labels -> number, as the expression engine converts a table."""
    numeric = [i for i, (_, kind) in enumerate(table.columns) if kind in NUMBERS]
    text = [i for i, (_, kind) in enumerate(table.columns) if kind == "text"]
    if len(numeric) != 1 or len(numeric) + len(text) != len(table.columns):
        raise RuleError(f"input data must be a wide series: {table.columns}")
    if not table.rows:
        raise NoData("no rows")
    found = {}
    for row in table.rows:
        labels = frozenset((table.columns[i][0], row[i] or "") for i in text)
        if labels in found:
            raise RuleError(f"frame cannot uniquely be identified by its labels: {sorted(labels)}")
        found[labels] = None if row[numeric[0]] is None else float(row[numeric[0]])
    return found


def holds(evaluator, number):
    return number is not None and PREDICATES[evaluator["type"]](number, *evaluator["params"])


class Evaluation:
    """A rule over time: call evaluate() with each result."""

    def __init__(self, rule):
        self.rule = rule
        self.pause = seconds(rule["for"])
        self.states = {}  # labels -> "Normal", "Pending" or "Alerting"
        self.since = {}  # labels -> when its condition began to hold
        self.missing = {}  # labels -> evaluations without its row
        self.values = {}  # labels -> refId -> number, for the annotations

    def evaluate(self, now, tables):
        """now: in seconds. tables: refId -> Table, of the queries to the database."""
        data = {ref: series(table) for ref, table in tables.items()}
        (condition,) = [one for one in self.rule["data"] if one["refId"] == self.rule["condition"]]
        assert condition["datasourceUid"] == EXPRESSION and condition["model"]["type"] == "threshold"
        (threshold,) = condition["model"]["conditions"]
        measured = data[condition["model"]["expression"]]

        for labels, number in measured.items():
            self.missing[labels] = 0
            active = self.states.get(labels) in ("Pending", "Alerting")
            recovery = threshold.get("unloadEvaluator")
            breached = not holds(recovery, number) if active and recovery else holds(threshold["evaluator"], number)
            if not breached:
                self.states[labels] = "Normal"
                self.since.pop(labels, None)
            else:
                began = self.since.setdefault(labels, now)
                self.states[labels] = "Alerting" if now - began >= self.pause or self.states.get(labels) == "Alerting" else "Pending"
            self.values[labels] = {ref: self.find(known, labels) for ref, known in data.items()}

        for labels in [known for known in self.states if known not in measured]:
            self.missing[labels] += 1
            if self.missing[labels] >= MISSING_EVALUATIONS or self.states[labels] != "Alerting":
                del self.states[labels], self.missing[labels]
                self.since.pop(labels, None)
        return self

    @staticmethod
    def find(known, labels):
        """A value of the same labels, else of fewer or more."""
        if labels in known:
            return known[labels]
        return next((number for other, number in known.items() if other <= labels or labels <= other), None)

    def alerting(self):
        """The labels of each alert that fires, as dictionaries."""
        return sorted((dict(labels) for labels, state in self.states.items() if state == "Alerting"), key=lambda labels: sorted(labels.items()))

    def pending(self):
        return [dict(labels) for labels, state in self.states.items() if state == "Pending"]
