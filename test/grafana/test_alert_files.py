"""The rules by which Grafana 12.3 accepts the files under grafana/provisioning/alerting, or refuses to start with them; and those that it does not
check but that make an alert go astray. Ported from its documentation, its source and its issues."""

import datetime
import itertools
import json
import re

import pytest
import yaml

import sql
from evaluation import PREDICATES
from provisioning import ALERTING, DATABASE, EXPRESSION, REPO, groups, load, queries, rules, seconds

FILES = {"rules.yaml": "groups", "contact-points.yaml": "contactPoints", "policies.yaml": "policies", "templates.yaml": "templates"}
UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
# What a query of an expression or to a database needs; anything else is a slip of the pen that Grafana would silently leave out.
RULE_KEYS = {"uid", "title", "condition", "for", "noDataState", "execErrState", "labels", "annotations", "data"}
OPTIONAL_RULE_KEYS = {"keepFiringFor", "dashboardUid", "panelId", "isPaused"}
DATABASE_MODEL = {"refId", "rawQuery", "editorMode", "format", "intervalMs", "maxDataPoints", "rawSql"}
THRESHOLD_MODEL = {"refId", "type", "expression", "conditions", "datasource"}
SETTINGS = {  # type -> (required, optional)
    "dingding": ({"url"}, {"msgType", "title", "message"}),
    "wecom": ({"url"}, {"msgtype", "title", "message"}),
    "email": ({"addresses"}, {"subject", "message", "singleEmail"}),
    "webhook": ({"url"}, {"httpMethod", "authorization_scheme", "authorization_credentials", "title", "message", "maxAlerts"}),
}
CHOICES = {("dingding", "msgType"): {"link", "actionCard"}, ("wecom", "msgtype"): {"markdown", "text"}, ("webhook", "httpMethod"): {"POST", "PUT"}}
ROUTE_KEYS = {"receiver", "group_by", "group_wait", "group_interval", "repeat_interval"}

RULES = rules()


def strings(value, path=""):
    """(path, text) of every string within."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from strings(one, f"{path}.{key}")
    elif isinstance(value, list):
        for i, one in enumerate(value):
            yield from strings(one, f"{path}[{i}]")
    elif isinstance(value, str):
        yield path, value


def contact_points():
    return load("contact-points.yaml")["contactPoints"]


def routes(route=None):
    """Every route, the root first."""
    route = route or load("policies.yaml")["policies"][0]
    yield route
    for child in route.get("routes", []):
        yield from routes(child)


# ---- the files ----


def test_only_files_that_grafana_reads():
    """Some releases end at a file with another suffix."""
    assert {path.name for path in ALERTING.iterdir()} == set(FILES)


def test_each_file_holds_one_kind():
    for name, kind in FILES.items():
        whole = load(name)
        assert set(whole) == {"apiVersion", kind} and whole["apiVersion"] == 1, name
        assert all(one["orgId"] == 1 for one in whole[kind]), name


def test_no_key_is_given_twice():
    """YAML takes the last one without a word."""

    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader, node):
        keys = [loader.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{node.start_mark}: {keys}"
        return yaml.SafeLoader.construct_mapping(loader, node, deep=True)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    for name in FILES:
        yaml.load((ALERTING / name).read_text(encoding="utf-8"), Strict)


# ---- `$`: expanded in some fields, literal in others ----


def expanded():
    """(where, text) of what Grafana expands variables in."""
    for group in groups():
        yield from strings({key: value for key, value in group.items() if key != "rules"}, group["name"])
    for uid, rule in RULES.items():
        yield from strings({key: value for key, value in rule.items() if key not in ("annotations", "data")}, uid)
        for one in rule["data"]:
            yield from strings({key: value for key, value in one.items() if key != "model"}, f"{uid}.{one['refId']}")
    yield from strings(contact_points(), "contactPoints")
    yield from strings(load("policies.yaml")["policies"], "policies")


def raw():
    """(where, text) of what Grafana takes as it stands."""
    for uid, rule in RULES.items():
        yield from strings(rule["annotations"], f"{uid}.annotations")
        for one in rule["data"]:
            yield from strings(one["model"], f"{uid}.{one['refId']}")
    yield from strings(load("templates.yaml")["templates"], "templates")


VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")


def variables():
    return {name for _, text in expanded() for name in VARIABLE.findall(text)}


def test_where_variables_are_expanded_there_is_nothing_else_with_a_dollar():
    """$__env{X} expands twice, ${X:-default} is a variable of that name, and $labels would be one too: empty, all of them."""
    for where, text in expanded():
        assert "$" not in VARIABLE.sub("", text.replace("$$", "")), f"{where}: {text}"


def test_where_nothing_is_expanded_there_is_no_variable():
    for where, text in raw():
        assert "$$" not in text and not VARIABLE.search(text) and "$__env" not in text and "$__file" not in text, f"{where}: {text}"


def test_annotations_use_labels_and_values_only():
    for uid, rule in RULES.items():
        columns = {name for text in queries(rule).values() for name in re.findall(r"\bAS (\w+)|\b(?:\w\.)?(device_no|region|zone|instance|output)\b", text)}
        known = set(itertools.chain.from_iterable(columns))
        for where, text in strings(rule["annotations"], uid):
            inside = "".join(re.findall(r"{{(.*?)}}", text))
            assert set(re.findall(r"\$(\w+)", inside)) <= {"labels", "values"}, f"{where}: {text}"
            assert set(re.findall(r"\$labels\.(\w+)", inside)) <= known, f"{where}: {text}"
            assert set(re.findall(r"\$values\.(\w+)", inside)) <= set(queries(rule)), f"{where}: {text}"
            assert "$" not in re.sub(r"{{.*?}}", "", text), f"{where}: {text}"


def compose_environment():
    environment = yaml.safe_load((REPO / "compose.yml").read_text(encoding="utf-8"))["services"]["grafana"]["environment"]
    return environment if isinstance(environment, dict) else dict(one.split("=", 1) for one in environment)


def test_every_variable_has_a_default_that_is_not_empty():
    """An empty address is refused, and Grafana does not start."""
    environment = compose_environment()
    for name in variables():
        assert re.fullmatch(rf"\$\{{{name}:-[^${{}}]+\}}|[^$]+", str(environment.get(name, ""))), f"{name}: {environment.get(name)!r} in compose.yml"


def test_file_and_readme_list_the_variables_that_are_used():
    text = (ALERTING / "contact-points.yaml").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^#   ([A-Z_]+): \$\{\1:-([^}]+)\}$", text, re.M))
    assert set(listed) == variables()
    told = {}
    for line in (REPO / "grafana/README.md").read_text(encoding="utf-8").splitlines():
        names, defaults = ([re.findall(r"`([^`]+)`", cell) for cell in line.split("|")[1:3]] if line.startswith("| `") else ([], []))
        told |= zip(names, defaults)
    assert {name: told.get(name) for name in listed} == listed


def test_readme_says_what_each_rule_does():
    """Its interval, its severity, and the limits, where the rule has them."""
    rows = [[cell.strip() for cell in line.split("|")] for line in (REPO / "grafana/README.md").read_text(encoding="utf-8").splitlines()]
    for group in groups():
        for rule in group["rules"]:
            chinese = rule["title"].split()[0]
            ((_, _, fires, every, ends, severity, _, _),) = [row for row in rows if len(row) == 8 and row[1].startswith(chinese)]
            assert severity == rule["labels"]["severity"]
            assert every == {20: "20 s", 30: "30 s", 60: "1 min"}[seconds(group["interval"])]
            (condition,) = [one for one in rule["data"] if one["refId"] == rule["condition"]]
            (condition,) = condition["model"]["conditions"]
            if "unloadEvaluator" in condition:
                assert all(str(limit) in fires for limit in condition["evaluator"]["params"]), chinese
                assert all(str(limit) in ends for limit in condition["unloadEvaluator"]["params"]), chinese
            if seconds(rule["for"]):
                assert f"for {seconds(rule['for']) // 60} minutes" in fires, chinese


def test_no_address_or_token_is_in_a_file():
    for point in contact_points():
        for receiver in point["receivers"]:
            for key in ("url", "addresses", "authorization_credentials"):
                assert VARIABLE.fullmatch(receiver["settings"].get(key, "${X}")), f"{point['name']}: {key}"


# ---- rules ----


def test_groups():
    for group in groups():
        assert set(group) == {"orgId", "name", "folder", "interval", "rules"}
        assert seconds(group["interval"]) % 10 == 0 and seconds(group["interval"]) > 0
        assert group["rules"]
    names = [(group["folder"], group["name"]) for group in groups()]
    assert len(names) == len(set(names))


def test_uids_and_titles():
    every = [rule for group in groups() for rule in group["rules"]]
    for key in ("uid", "title"):
        values = [rule[key] for rule in every]
        assert len(values) == len(set(values))
    for rule in every:
        assert UID.fullmatch(rule["uid"]) and 0 < len(rule["title"]) <= 190


@pytest.mark.parametrize("uid", RULES)
def test_rule(uid):
    rule = RULES[uid]
    assert RULE_KEYS <= set(rule) <= RULE_KEYS | OPTIONAL_RULE_KEYS
    assert ("dashboardUid" in rule) == ("panelId" in rule)
    seconds(rule["for"])
    assert rule["noDataState"] in {"NoData", "Alerting", "OK", "KeepLast"} and rule["execErrState"] in {"Error", "Alerting", "OK", "KeepLast"}
    assert set(rule["annotations"]) == {"summary", "link"}
    assert all(isinstance(text, str) and text for text in (*rule["labels"].values(), *rule["annotations"].values()))

    refs = [one["refId"] for one in rule["data"]]
    assert len(refs) == len(set(refs)) and rule["condition"] in refs
    read = set()
    for one in rule["data"]:
        model = one["model"]
        assert model["refId"] == one["refId"]
        if one["datasourceUid"] == DATABASE:
            assert set(one) == {"refId", "datasourceUid", "relativeTimeRange", "model"}
            span = one["relativeTimeRange"]
            assert set(span) == {"from", "to"} and all(type(value) is int for value in span.values()) and span["from"] > span["to"] >= 0
            assert set(model) == DATABASE_MODEL
            assert model["rawQuery"] is True and model["editorMode"] == "code" and model["format"] == "table"
        else:
            assert one["datasourceUid"] == EXPRESSION and set(one) == {"refId", "datasourceUid", "model"}
            assert set(model) == THRESHOLD_MODEL and model["type"] == "threshold"
            assert model["datasource"] == {"type": EXPRESSION, "uid": EXPRESSION}
            assert model["expression"] in queries(rule)
            read.add(model["expression"])
            (condition,) = model["conditions"]
            assert "evaluator" in condition and set(condition) <= {"evaluator", "unloadEvaluator"}
            assert "unloadEvaluator" not in condition or one["refId"] == rule["condition"]
            for evaluator in condition.values():
                assert evaluator["type"] in PREDICATES and len(evaluator["params"]) == (2 if "range" in evaluator["type"] else 1)
                assert all(type(value) in (int, float) for value in evaluator["params"])
    # What the condition does not read has to be in the message, or it is idle work.
    for ref in set(queries(rule)) - read:
        assert f"$values.{ref}" in "".join(rule["annotations"].values())
    assert rule["data"][refs.index(rule["condition"])]["datasourceUid"] == EXPRESSION


@pytest.mark.parametrize("uid", RULES)
def test_recovery_lies_within_the_limit(uid):
    """Else an alert would end and begin again at every evaluation."""
    for one in RULES[uid]["data"]:
        for condition in one["model"].get("conditions", []):
            if "unloadEvaluator" in condition:
                limit, recovery = condition["evaluator"], condition["unloadEvaluator"]
                assert (limit["type"], recovery["type"]) in {("gt", "lt"), ("outside_range", "within_range")}
                if limit["type"] == "gt":
                    assert recovery["params"][0] < limit["params"][0]
                else:
                    assert limit["params"][0] < recovery["params"][0] < recovery["params"][1] < limit["params"][1]


@pytest.mark.parametrize("uid", RULES)
def test_sql_is_one_statement_without_variables(uid):
    now = datetime.datetime.now(datetime.timezone.utc)
    for text in queries(RULES[uid]).values():
        assert sql.expand(text, now, now) == text, "there are no dashboard variables in a rule, and no macro is needed"


def test_one_rule_alone_tells_of_a_broken_database():
    """Else one restart of it rings for every rule."""
    assert [uid for uid, rule in RULES.items() if rule["execErrState"] != "KeepLast"] == ["vending-ingest-stopped"]
    assert [uid for uid, rule in RULES.items() if rule["noDataState"] != "KeepLast"] == ["vending-ingest-stopped"]


def test_a_hot_freezer_and_vandalism_ring_within_a_minute():
    """Next evaluation, no `for`, the longest wait for company (10 s; routes_test.go)."""
    for group in groups():
        for rule in group["rules"]:
            if rule["uid"] in ("vending-freezer", "vending-vandalism"):
                assert seconds(group["interval"]) + seconds(rule["for"]) + 10 < 60


def test_links_lead_to_dashboards():
    files = (REPO / "grafana/dashboards").glob("*.json")
    known = {one["uid"]: one for one in (json.loads(path.read_text(encoding="utf-8")) for path in files)}
    for uid, rule in RULES.items():
        found = re.search(r"}}/d/([\w-]+)(?:\?var-(\w+)=)?", rule["annotations"]["link"])
        assert found and found[1] in known, f"{uid}: {rule['annotations']['link']}"
        if found[2]:
            assert found[2] in {variable["name"] for variable in known[found[1]]["templating"]["list"]}, uid
        if "dashboardUid" in rule:
            assert rule["panelId"] in {panel["id"] for panel in known[rule["dashboardUid"]]["panels"]}, uid


# ---- contact points ----


def test_contact_points():
    points = contact_points()
    names = [point["name"] for point in points]
    assert len(names) == len(set(names))
    uids = [receiver["uid"] for point in points for receiver in point["receivers"]]
    assert len(uids) == len(set(uids)) and all(UID.fullmatch(uid) for uid in uids)
    for point in points:
        assert set(point) == {"orgId", "name", "receivers"} and len(point["receivers"]) == 1, "several show up as odd duplicates"
        (receiver,) = point["receivers"]
        assert {"uid", "type", "settings"} <= set(receiver) <= {"uid", "type", "settings", "disableResolveMessage"}
        required, optional = SETTINGS[receiver["type"]]
        settings = receiver["settings"]
        assert required <= set(settings) <= required | optional, point["name"]
        for key, value in settings.items():
            assert value in CHOICES.get((receiver["type"], key), {value}), f"{point['name']}: {key}"


def test_texts_come_from_the_templates():
    """Inline they would need $$, and be translated five times."""
    (text,) = [one["template"] for one in load("templates.yaml")["templates"]]
    defined = re.findall(r'{{-? *define "([\w.]+)"', text)
    assert len(defined) == len(set(defined))
    used = set(re.findall(r'template "([\w.]+)"', text))
    for point in contact_points():
        settings = point["receivers"][0]["settings"]
        for key in ("subject", "title", "message"):
            if key in settings:
                (name,) = re.fullmatch(r'{{ template "([\w.]+)" \. }}', settings[key]).groups()
                used.add(name)
    assert used == set(defined)


# ---- policies ----


def test_there_is_one_tree_with_a_plain_root():
    (root,) = load("policies.yaml")["policies"]
    assert set(root) == {"orgId", "routes"} | ROUTE_KEYS


def test_routes():
    names = {point["name"] for point in contact_points()}
    for number, route in enumerate(routes()):
        assert route["receiver"] in names
        if number:
            assert ROUTE_KEYS | {"object_matchers"} <= set(route) <= ROUTE_KEYS | {"object_matchers", "continue"}
            for label, operator, value in route["object_matchers"]:
                assert label in ("severity", "kind") and operator in ("=", "!=", "=~", "!~") and value
                re.compile(value)
        assert len(route["group_by"]) == len(set(route["group_by"])) and "..." not in route["group_by"]
        assert {"grafana_folder", "alertname"} <= set(route["group_by"])
        seconds(route["group_wait"])
        assert seconds(route["group_interval"]) > 0 and seconds(route["repeat_interval"]) > seconds(route["group_interval"])


def test_every_contact_point_is_used():
    assert {route["receiver"] for route in routes()} == {point["name"] for point in contact_points()}


def test_every_route_but_the_last_continues():
    """Else the first channel that matches is the only one."""
    children = load("policies.yaml")["policies"][0]["routes"]
    assert [route.get("continue", False) for route in children] == [True] * (len(children) - 1) + [False]


def test_labels_that_routes_go_by():
    for uid, rule in RULES.items():
        assert set(rule["labels"]) == {"severity", "kind"}, uid
        assert rule["labels"]["severity"] in ("critical", "warning") and rule["labels"]["kind"] in ("device", "freezer", "vandalism", "ingest"), uid
