"""The alerting files under grafana/provisioning, and what Grafana does with the strings in them."""

import pathlib
import re

import yaml

REPO = pathlib.Path(__file__).resolve().parents[2]
ALERTING = REPO / "grafana/provisioning/alerting"
DATABASE = "timescaledb"  # uid of the data source
EXPRESSION = "__expr__"

DURATION = re.compile(r"(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def load(name):
    return yaml.safe_load((ALERTING / name).read_text(encoding="utf-8"))


def groups():
    return load("rules.yaml")["groups"]


def rules():
    return {rule["uid"]: rule for group in groups() for rule in group["rules"]}


def queries(rule):
    """refId -> SQL, of the queries to the database."""
    return {one["refId"]: one["model"]["rawSql"] for one in rule["data"] if one["datasourceUid"] == DATABASE}


def seconds(duration):
    """Of a duration as Prometheus writes it: 1h30m. Raises ValueError."""
    found = DURATION.fullmatch(duration) if isinstance(duration, str) and duration else None
    if not found:
        raise ValueError(f"{duration!r} is no duration")
    return sum(int(number or 0) * size for number, size in zip(found.groups(), (604800, 86400, 3600, 60, 1)))
