"""From the SQL in a dashboard or an alert rule to SQL that PostgreSQL runs: Grafana 12.3's macros and variables, written from its
documentation (grafana-postgresql-datasource, TimescaleDB switched on). Whatever Grafana would refuse, or leave in the text, is an error here.

    expand("SELECT ... WHERE $__timeFilter(time)", start, end)                        an alert rule: macros only
    expand(raw_sql, start, end, {"device": Variable(["VM-SH-001"], multi=True)})      a panel
"""

import dataclasses
import datetime
import json
import re

MACRO = re.compile(r"\$([_a-zA-Z0-9]+)\(([^)]*)\)")
VARIABLE = re.compile(r"\$(\w+)|\[\[(\w+)(?::(\w+))?\]\]|\$\{(\w+)(?::(\w+))?\}")
DURATION = re.compile(r"(\d+)(ms|s|m|h|d|w)")
MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}

# (interval shorter than this, is rounded to that): what a panel's $__interval can be, in milliseconds.
ROUNDED = [
    (10, 1), (15, 10), (35, 20), (75, 50), (150, 100), (350, 200), (750, 500), (1_500, 1_000), (3_500, 2_000), (7_500, 5_000),
    (12_500, 10_000), (17_500, 15_000), (25_000, 20_000), (45_000, 30_000), (90_000, 60_000), (210_000, 120_000), (450_000, 300_000),
    (750_000, 600_000), (1_050_000, 900_000), (1_500_000, 1_200_000), (2_700_000, 1_800_000), (5_400_000, 3_600_000),
    (9_000_000, 7_200_000), (16_200_000, 10_800_000), (32_400_000, 21_600_000), (86_400_000, 43_200_000), (604_800_000, 86_400_000),
    (1_814_400_000, 604_800_000), (3_628_800_000, 2_592_000_000),
]


class QueryError(ValueError):
    """Grafana would show an error, or send something that it did not mean."""


@dataclasses.dataclass(frozen=True)
class Variable:
    """A dashboard variable and what is chosen in it: a text, a list of texts, or ALL. all_value is the dashboard's "custom all
    value", which Grafana puts in as it stands; without it ALL is every option."""

    value: object
    multi: bool = False
    include_all: bool = False
    all_value: str = ""
    options: tuple = ()


ALL = object()


def quote(text):
    return "'{}'".format(str(text).replace("'", "''"))


def written(name, variable, form):
    """What takes the place of ${name:form}."""
    value = variable.value
    if value is ALL:
        if not variable.include_all:
            raise QueryError(f"${name} has no All")
        if variable.all_value:
            return variable.all_value
        value = list(variable.options)
    several = isinstance(value, (list, tuple))
    if form in ("sqlstring", "singlequote"):
        return ",".join(map(quote, value if several else [value]))
    if form == "raw":
        return ",".join(value) if several else str(value)
    if form is not None:
        raise QueryError(f"${{{name}:{form}}}: not a form for SQL")
    if several:
        return ",".join(map(quote, value))
    return quote(value) if variable.multi or variable.include_all else str(value).replace("'", "''")


def expand_variables(text, variables):
    """As the browser does. Unknown names stay, as the macros have to."""

    def replace(found):
        name = next(filter(None, found.group(1, 2, 4)))
        return written(name, variables[name], found.group(3) or found.group(5)) if name in variables else found.group()

    return VARIABLE.sub(replace, text)


def milliseconds(duration):
    found = DURATION.fullmatch(duration.strip("' "))
    if not found:
        raise QueryError(f"{duration!r} is no duration")
    return int(found[1]) * MILLISECONDS[found[2]]


def duration(ms):
    for unit in ("d", "h", "m", "s", "ms"):
        if ms % MILLISECONDS[unit] == 0:
            return f"{ms // MILLISECONDS[unit]}{unit}"
    raise AssertionError


def interval_of(start, end, points=1000, least="10s"):
    """$__interval of a panel that is `points` pixels wide, in milliseconds. least: the data source's timeInterval."""
    exact = max((end - start) / datetime.timedelta(milliseconds=1) / points, milliseconds(least))
    rounded = next((to for below, to in ROUNDED if exact < below), 31_536_000_000)
    return max(rounded, milliseconds(least))


def moment(when):
    return quote(when.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def expand_macros(text, start, end, interval):
    """As the server does. interval in milliseconds."""
    text = text.replace("$__interval_ms", str(interval)).replace("$__interval", duration(interval))
    text = text.replace("$__unixEpochFrom()", str(int(start.timestamp()))).replace("$__unixEpochTo()", str(int(end.timestamp())))

    def group(arguments):
        if len(arguments) not in (2, 3):
            raise QueryError("$__timeGroup needs a column and an interval")
        return f"time_bucket('{milliseconds(arguments[1]) / 1000:.3f}s',{arguments[0]})"

    macros = {
        "__time": lambda column: f'{column} AS "time"',
        "__timeEpoch": lambda column: f'extract(epoch from {column}) as "time"',
        "__timeFilter": lambda column: f"{column} BETWEEN {moment(start)} AND {moment(end)}",
        "__timeFrom": lambda *nothing: moment(start),
        "__timeTo": lambda *nothing: moment(end),
        "__timeGroup": lambda *arguments: group(arguments),
        "__timeGroupAlias": lambda *arguments: group(arguments) + ' AS "time"',
        "__unixEpochFilter": lambda column: f"{column} >= {int(start.timestamp())} AND {column} <= {int(end.timestamp())}",
    }

    def replace(found):
        name, arguments = found[1], [one.strip() for one in found[2].split(",")]
        if name not in macros:
            raise QueryError(f"unknown macro {found.group()}")
        if name == "__timeGroup" and text[found.end() : found.end() + 1] == ",":
            name = "__timeGroupAlias"  # as Grafana 5.3 and older did
        try:
            return macros[name](*arguments)
        except TypeError:
            raise QueryError(f"wrong arguments: {found.group()}") from None

    return MACRO.sub(replace, text)


def expand(raw_sql, start, end, variables=None, interval=None):
    """SQL that PostgreSQL takes. start, end: aware datetimes, the time range; interval: ms, by default that of a wide panel."""
    text = expand_variables(raw_sql, variables or {})
    text = expand_macros(text, start, end, interval or interval_of(start, end))
    left = re.search(r"\$\{?[A-Za-z_]\w*|\[\[\w+", text)
    if left:
        raise QueryError(f"{left.group()} is neither a macro nor a variable")
    if ";" in text:
        raise QueryError("one statement, without a semicolon")
    return text


# ---- dashboards ----


@dataclasses.dataclass(frozen=True)
class Query:
    """One target of a panel."""

    dashboard: str  # uid
    panel: int  # id
    title: str
    ref: str
    format: str
    raw_sql: str

    def __str__(self):
        return f"{self.dashboard}/{self.panel}{self.ref}"


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def panels(dashboard):
    """Every panel, also those within rows; not the rows themselves."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel.get("panels", [])
        else:
            yield panel


def queries(dashboard):
    for panel in panels(dashboard):
        for target in panel.get("targets", []):
            yield Query(dashboard["uid"], panel["id"], panel["title"], target["refId"], target["format"], target["rawSql"])


def variables(dashboard, **chosen):
    """The dashboard's variables with what is chosen; what is not named stands on its default (All where there is one)."""
    known = {}
    for one in dashboard["templating"]["list"]:
        if one["type"] not in ("query", "custom", "textbox", "constant"):
            continue
        default = ALL if one.get("includeAll") else one.get("current", {}).get("value", "")
        known[one["name"]] = Variable(chosen.get(one["name"], default), one.get("multi", False), one.get("includeAll", False),
                                      one.get("allValue") or "")
    return known
