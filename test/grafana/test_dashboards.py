"""The dashboards: their SQL against the real database, their JSON against Grafana 12.3's own definitions, and the files that bring them in."""

import copy
import datetime
import itertools
import json
import re
import subprocess
import zoneinfo

import pytest
import yaml

import load
import sql
from database import READER_PASSWORD, WRITER_PASSWORD, Database
from sql import ALL, QueryError, Variable, expand
from telegraf import REPO

FOLDER = REPO / "grafana/dashboards"
PROVISIONING = REPO / "grafana/provisioning"
BOARDS = {path.stem: sql.load(path) for path in sorted(FOLDER.glob("*.json"))}
QUERIES = [query for board in BOARDS.values() for query in sql.queries(board)]
READER = {"user": "vending_reader", "password": READER_PASSWORD}
UTC = datetime.timezone.utc
HOUR = datetime.timedelta(hours=1)
RANGES = {"an hour": HOUR, "a day": 24 * HOUR, "a week": 168 * HOUR}

TIME = "timestamp with time zone"
NUMBERS = {"integer", "bigint", "numeric", "double precision"}


def panel_of(query):
    return next(panel for panel in sql.panels(BOARDS[query.dashboard]) if panel["id"] == query.panel)


def expanded(query, span=24 * HOUR, end=None, **chosen):
    end = end or datetime.datetime.now(UTC)
    least = sql.milliseconds(panel_of(query).get("interval", "1ms"))
    known = sql.variables(BOARDS[query.dashboard], **chosen)
    return expand(query.raw_sql, end - span, end, known, max(sql.interval_of(end - span, end), least))


def columns(database, text):
    return [tuple(row) for row in database.sql(f"{text} \\gdesc", **READER)]


def rows(database, text):
    """As Grafana's role sees them: dictionaries, in the query's order."""
    return json.loads(database.value(f"SELECT coalesce(json_agg(row_to_json(answer)), '[]') FROM ({text}) AS answer", **READER))


def query(dashboard, title, ref="A"):
    (found,) = [one for one in QUERIES if one.dashboard == dashboard and one.title.startswith(title) and one.ref == ref]
    return found


def answer(database, dashboard, title, ref="A", **how):
    return rows(database, expanded(query(dashboard, title, ref), **how))


# ---- SQL ----


@pytest.fixture(scope="module")
def filled(server):
    """The fleet, and what is odd: anomalies, rejects, reports of both programs."""
    database = Database(server)
    for name in ("field-numbers.jsonl", "field-rejects.jsonl", "field-topics.jsonl", "field-events.jsonl", "field-status.jsonl"):
        load.capture(database, name, "--report-interval", "10s", "--instance", name.split(".")[0], age=60)
    load.capture(database, "fleet.jsonl", "--report-interval", "10s", "--instance", "fleet")
    telegraf(database, (40, 0), (30, 2), (20, 2))
    yield database
    database.drop()


@pytest.fixture(scope="module")
def empty(server):
    database = Database(server)
    yield database
    database.drop()


@pytest.fixture
def fleet(server):
    """Ten machines, two minutes up to now, of which four have just left."""
    database = Database(server)
    load.capture(database, "fleet.jsonl", "--report-interval", "10s", "--instance", "here")
    yield database
    database.drop()


def telegraf(database, *counted, instance="here"):
    """Reports of Telegraf: (seconds ago, dropped), the other counters alike."""
    for ago, dropped in counted:
        database.sql("INSERT INTO ingest.vm_telegraf (time, instance, output, metrics_added, metrics_written, metrics_dropped, metrics_rejected, "
                     f"buffer_size, buffer_limit, errors) VALUES (now() - INTERVAL '{ago} s', '{instance}', 'postgresql', 100, 100, {dropped}, "
                     f"{10 * dropped}, 7, 1000, {100 * dropped})", user="vending_writer", password=WRITER_PASSWORD)


CHOSEN = {"everything": {}, "some": {"region": ["SH", "O'Neill"], "device": ["VM-SH-001", "VM'\"x"], "type": ["CHANNEL_JAM"], "instance": ["fleet"]}}


def choice(board, name):
    """What is chosen, as far as the dashboard has such a variable; a variable without All takes one."""
    chosen = {}
    for one in BOARDS[board]["templating"]["list"]:
        value = CHOSEN[name].get(one["name"])
        if value and not one["multi"]:
            value = value[0]
        if value is None and not one["includeAll"]:
            value = "VM-SH-001"
        if value is not None:
            chosen[one["name"]] = value
    return chosen


@pytest.mark.parametrize("name, span", [*(("everything", span) for span in RANGES), ("some", "a day")])
@pytest.mark.parametrize("board", BOARDS)
def test_every_query_runs_and_gives_what_its_panel_takes(filled, board, name, span):
    for one in sql.queries(BOARDS[board]):
        text = expanded(one, RANGES[span], **choice(board, name))
        given = columns(filled, text)
        names = [column for column, _ in given]
        assert len(set(names)) == len(names), f"{one}: two columns of one name"
        kinds = [kind for _, kind in given]
        assert set(kinds) <= NUMBERS | {TIME, "text", "boolean"}, f"{one}: {given}"
        if one.format == "time_series":
            assert given[0] == ("time", TIME) and kinds.count(TIME) == 1, f"{one}: {given}"
            assert kinds.count("text") <= 1 and NUMBERS & set(kinds), f"{one}: {given}"
            times = [row["time"] for row in rows(filled, text)]
            assert times == sorted(times), f"{one}: not in order of time"
        else:
            filled.sql(text, **READER)


@pytest.mark.parametrize("board", BOARDS)
def test_every_query_runs_on_an_empty_database(empty, board):
    """Right after the installation; variables have no options then."""
    for one in sql.queries(BOARDS[board]):
        device = {} if board != "vending-device" else {"device": ""}
        for row in rows(empty, expanded(one, **device)):
            assert not [value for value in row.values() if value not in (None, 0)], f"{one}: {row}"


@pytest.mark.parametrize("board", BOARDS)
def test_overrides_name_columns_that_there_are(filled, board):
    for one in sql.queries(BOARDS[board]):
        names = {column for column, _ in columns(filled, expanded(one, **choice(board, "everything")))}
        for override in panel_of(one)["fieldConfig"]["overrides"]:
            matcher = override["matcher"]
            if matcher["id"] == "byName" and "metric" not in names:
                assert matcher["options"] in names, f"{one}: no column {matcher['options']}"
            if matcher["id"] == "byRegexp":
                assert any(re.search(f"^{matcher['options']}$", name) for name in names), f"{one}: nothing like {matcher['options']}"
        options = panel_of(one)["options"]
        if "xField" in options:
            assert options["xField"] in names
        for layer in options.get("layers", []):
            assert {layer["location"]["latitude"], layer["location"]["longitude"], layer["config"]["style"]["color"]["field"]} <= names


@pytest.mark.parametrize("board", BOARDS)
def test_every_panel_has_something_to_show(filled, board):
    """With the fleet's traffic, and the odd messages, in the database: none is empty for good because of a wrong name in its query."""
    nothing = {one.title.split()[0] for one in sql.queries(BOARDS[board])
               if not rows(filled, expanded(one, **({"device": "VM-SH-001"} if board == "vending-device" else {})))}
    assert nothing <= {"高于", "异常与拒收"}, nothing  # no zone was warm; nothing is wrong with that machine


def test_variables_offer_what_is_there(fleet):
    offered = {}
    for board, content in BOARDS.items():
        for one in content["templating"]["list"]:
            for chosen in ({"region": ALL}, {"region": ["SZ"]}):
                known = {name: value for name, value in sql.variables(content).items() if name != "region"} | {
                    "region": Variable(chosen["region"], True, True, "'*'")}
                text = expand(one["query"], *[datetime.datetime.now(UTC)] * 2, known)
                offered[board, one["name"], str(chosen["region"])[:6]] = [next(iter(row.values())) for row in rows(fleet, text)]
    assert {name for _, name, _ in offered} == {"region", "device", "type", "instance"}
    for (board, name, region), values in offered.items():
        assert values == {
            "region": ["HN", "SH", "SZ"],
            "device": [f"VM-SZ-00{number}" for number in (1, 2, 3)] if region.startswith("['SZ") else
                      [f"VM-{where}-00{number}" for where, count in (("HN", 3), ("SH", 4), ("SZ", 3)) for number in range(1, count + 1)],
            "type": ["CHANNEL_JAM", "DISPENSE_FAILED", "DISPENSE_SUCCESS", "DOOR_OPENED", "HEATING_FAILURE"],
            "instance": ["here"]}[name], (board, name, region)


# ---- what the panels say of the fleet; counted by hand in test/captures/fleet.jsonl ----

OFFLINE = ["VM-HN-003", "VM-SH-002", "VM-SH-003", "VM-SH-004"]  # the last wills at its end
JAMS = [("VM-HN-001", "M-05"), ("VM-HN-001", "M-06"), ("VM-SH-001", "M-05"), ("VM-SH-001", "M-06"), ("VM-SZ-001", "M-03"), ("VM-SZ-001", "M-06"),
        ("VM-SZ-002", "M-03"), ("VM-SZ-002", "M-06")]
# Two ovens sold again, of the eight doors only one was not seen closed any more, and no jammed channel sold later.
ACTIVE = [*(("CHANNEL_JAM", *jam) for jam in JAMS), ("DISPENSE_FAILED", "VM-SH-003", "M-04"), ("DOOR_OPENED", "VM-SH-004", None),
          ("HEATING_FAILURE", "VM-SH-002", "OVEN_B")]


def test_overview(fleet):
    board = "vending-overview"
    assert answer(fleet, board, "在线设备") == [{"在线 Online": 6, "总数 Total": 10}]
    assert answer(fleet, board, "在线设备", region=["SH"]) == [{"在线 Online": 1, "总数 Total": 4}]
    assert answer(fleet, board, "超温设备") == [{"超温 Too warm": 0}]
    places = {row["device_no"]: row for row in answer(fleet, board, "设备分布")}
    assert len(places) == 10 and {device for device, row in places.items() if row["state"] == 2} == set(OFFLINE)
    assert {row["state"] for row in places.values()} == {0, 2}
    assert 31 < places["VM-SH-001"]["lat"] < 32 and 121 < places["VM-SH-001"]["lng"] < 122
    latest = answer(fleet, board, "最近事件")
    assert len(latest) == 41 and latest[0]["设备 Device"] == "VM-SZ-002" and latest[0]["类型 Type"] == "CHANNEL_JAM"


def titled(board, kind, title):
    (panel,) = [panel for panel in sql.panels(BOARDS[board]) if panel["type"] == kind and panel["title"].startswith(title)]
    return next(one for one in QUERIES if (one.dashboard, one.panel) == (board, panel["id"]))


def test_counts_and_lists_of_the_overview_agree(fleet):
    board = "vending-overview"
    assert rows(fleet, expanded(titled(board, "stat", "离线设备"))) == [{"离线 Offline": 4}]
    gone = rows(fleet, expanded(titled(board, "table", "离线设备")))
    assert sorted(row["设备 Device"] for row in gone) == OFFLINE and {row["原因 Reason"] for row in gone} == {"unexpected"}
    assert rows(fleet, expanded(titled(board, "stat", "活跃告警"))) == [{"全部 All": 11, "危急 Critical": 0}]
    alarms = rows(fleet, expanded(titled(board, "table", "活跃告警")))
    assert sorted((row["类型 Type"], row["设备 Device"], row["位置 Where"]) for row in alarms) == sorted(ACTIVE, key=str)
    (failed,) = [row for row in alarms if row["类型 Type"] == "DISPENSE_FAILED"]
    assert failed["次数 Times"] == 2 and failed["始于 Since"] < failed["时间 Time"]
    only = rows(fleet, expanded(titled(board, "table", "活跃告警"), device=["VM-SZ-001", "VM-SZ-002"], region=["SZ"]))
    assert sorted((row["设备 Device"], row["位置 Where"]) for row in only) == JAMS[4:]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
def test_orders_of_today_are_those_of_the_operators_day(server, zone):
    database = Database(server)
    database.sql(f"ALTER DATABASE {database.name} SET vending.time_zone = '{zone}'")
    now = datetime.datetime.now(zoneinfo.ZoneInfo(zone))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    yesterday = (now - datetime.timedelta(days=1)).replace(tzinfo=now.tzinfo)
    sold = [midnight, now - datetime.timedelta(microseconds=1)]
    before = [midnight - datetime.timedelta(seconds=1), midnight - datetime.timedelta(days=1), midnight - datetime.timedelta(days=1, seconds=1)]
    values = ", ".join(f"('{when.isoformat()}', 'VM-SH-001', 'DISPENSE_SUCCESS', {number})" for number, when in enumerate([*sold, *before]))
    database.sql(f"INSERT INTO vm_events (time, device_no, event_type, message_id) VALUES {values}, ('{now.isoformat()}', 'VM-SH-001', 'CHANNEL_JAM', 9)")
    by_now = sum(midnight - datetime.timedelta(days=1) <= when <= yesterday for when in before)
    try:
        if datetime.datetime.now(now.tzinfo).date() == now.date():  # else midnight came between
            assert answer(database, "vending-overview", "今日订单") == [{"今日 Today": 2, "昨日同期 Yesterday by now": by_now}]
    finally:
        database.drop()


def test_freezers(fleet):
    board = "vending-freezer"
    # The latest readings: VM-SZ-002 has -16.77 in zone 2, the warmest of all; of those offline VM-SH-003 has -17.87.
    assert answer(fleet, board, "当前最高") == [{"最高 Warmest": -16.77}]
    warmest = answer(fleet, board, "最热设备")
    assert len(warmest) == 10 and [row["设备 Device"] for row in warmest[:3]] == ["VM-SZ-002", "VM-SH-001", "VM-SH-003"]
    assert [warmest[0][f"温区 {zone}"] for zone in range(4)] == [-18.74, -19.22, -16.77, -18.66]
    assert [row["在线 Online"] for row in warmest[:3]] == [True, True, False]
    assert answer(fleet, board, "失效探头") == [{"失效 Dead": 0}]
    series = answer(fleet, board, "各温区温度", span=HOUR)
    assert {row["device_no"] for row in series} == {"VM-SZ-002", "VM-SH-001", "VM-SH-003", "VM-HN-003", "VM-SH-002"}, "the five warmest"
    chosen = answer(fleet, board, "各温区温度", span=HOUR, device=["VM-HN-002"])
    assert {row["device_no"] for row in chosen} == {"VM-HN-002"} and all(-20 < row["温区 0"] < -18 for row in chosen)


def telemetry(database, device, *readings):
    """(seconds ago, zone 0 and zone 1) each."""
    for ago, zone_0, zone_1 in readings:
        database.sql("INSERT INTO ingest.vm_telemetry (time, device_no, freezer_temp_0, freezer_temp_1) VALUES "
                     f"(date_trunc('hour', now()) - INTERVAL '{ago} s', '{device}', {zone_0}, {zone_1})", user="vending_writer", password=WRITER_PASSWORD)


@pytest.mark.parametrize("span", ["an hour", "a day", "a week"])
def test_time_above_ten_below_zero(server, span):
    """Ten minutes in the hour before this one: in one five minutes half of the readings, in the other all."""
    database = Database(server)
    try:
        telemetry(database, "VM-SH-001", (290, -9, "NULL"), (200, -18, "NULL"), (500, -9, "NULL"), (400, -5, "NULL"))
        telemetry(database, "VM-SH-002", (290, -18, -10))
        end = datetime.datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        expected = {"设备 Device": "VM-SH-001", "最长 Longest": 450, "温区 0": 450, "温区 1": None, "温区 2": None, "温区 3": None}
        assert answer(database, "vending-freezer", "高于 -10 °C 的时长", span=RANGES[span], end=end) == [expected]
        assert answer(database, "vending-freezer", "高于 -10 °C 的设备", span=RANGES[span], end=end) == [{"曾超温 Too warm": 1, "有数据 Reported": 2}]
    finally:
        database.drop()


@pytest.mark.parametrize("span", [24 * HOUR, 48 * HOUR])
def test_counts_of_events(fleet, span):
    """From the events themselves, and from the hours."""
    assert answer(fleet, "vending-events", "所选时间内", span=span) == [{
        "全部 All": 41, "出货 Sold": 20, "失败 Failed": 2, "卡货 Jams": 8, "加热失败 Heating": 3, "超温 Too warm": 0, "开门 Door": 8, "暴力 Vandalism": 0}]
    assert answer(fleet, "vending-overview", "出货成功率", span=span) == [{"成功率 Success": pytest.approx(20 / 22)}]


def test_events(fleet):
    board = "vending-events"
    series = answer(fleet, board, "按类型", span=48 * HOUR)
    assert {(row["metric"], row["value"]) for row in totals(series)} == {("CHANNEL_JAM", 8), ("DISPENSE_FAILED", 2), ("DOOR_OPENED", 8), ("HEATING_FAILURE", 3)}
    assert {(row["metric"], row["value"]) for row in totals(answer(fleet, board, "按级别", span=48 * HOUR))} == {("medium", 20), ("high", 21)}
    assert answer(fleet, board, "卡货按货道") == [
        {"货道 Channel": channel, "卡货 Jams": jams} for channel, jams in (("M-06", 4), ("M-03", 2), ("M-05", 2))]
    assert sorted((row["设备 Device"], row["货道 Channel"], row["次数 Times"]) for row in answer(fleet, board, "卡货设备")) == [(*jam, 1) for jam in JAMS]
    ovens = answer(fleet, board, "加热失败按烤箱")
    assert sorted((row["设备 Device"], row["烤箱 Oven"], row["实际 Power"], row["应有 Expected"], row["排气 Exhaust"]) for row in ovens) == [
        ("VM-HN-001", "OVEN_A", 34, 1100, 22.1), ("VM-SH-002", "OVEN_B", 49, 1100, 23), ("VM-SZ-001", "OVEN_A", 21, 1100, 23.6)]
    events = answer(fleet, board, "事件 Events", type=["CHANNEL_JAM"], device=["VM-SH-001"])
    assert [row["货道 Channel"] for row in events] == ["M-06", "M-05"]
    assert all(row["图片 Image"].startswith("https://oss.example.com/VM-SH-001/jam_") and json.loads(row["原文 Payload"])["data"]["error_code"] == "E103"
               for row in events)


def test_only_web_addresses_become_links(server):
    """What a machine sends could as well be a script."""
    database = Database(server)
    try:
        urls = ["https://example.com/1.jpg", "http://example.com/2.mp4", "javascript:alert(1)", " https://x", "data:text/html,x", "HTTPS://x"]
        for number, url in enumerate(urls):
            database.sql("INSERT INTO ingest.vm_events (time, device_no, event_type, image_url, video_url, message_id) VALUES "
                         f"(now() - INTERVAL '{number + 1} s', 'VM-SH-001', 'CHANNEL_JAM', '{url}', '{url}', {number})", user="vending_writer", password=WRITER_PASSWORD)
        shown = [found for one in QUERIES for found in [rows(database, expanded(one, **choice(one.dashboard, "everything")))]
                 if found and "图片 Image" in found[0]]
        assert len(shown) == 5
        for found in shown:
            for column in ("图片 Image", "视频 Video"):
                assert {row[column] for row in found} <= {*urls[:2], None}
        assert [row["图片 Image"] for row in answer(database, "vending-events", "事件 Events")] == [*urls[:2], None, None, None, None]
    finally:
        database.drop()


def totals(series):
    """The hours of a series added up: the capture may lie across one."""
    metrics = {row["metric"] for row in series}
    return [{"metric": metric, "value": sum(row["value"] for row in series if row["metric"] == metric)} for metric in metrics]


def test_one_device(fleet):
    board, me = "vending-device", {"device": "VM-SH-004"}
    assert answer(fleet, board, "状态 State", **me) == [{"状态 State": 0}]
    assert answer(fleet, board, "状态 State", device="VM-SH-001") == [{"状态 State": 1}]
    assert answer(fleet, board, "固件与硬件", **me) == [{"固件 / 硬件": "5.0.1 / v3.2"}]
    (reading,) = answer(fleet, board, "最近读数", **me)
    assert [reading[f"温区 {zone}"] for zone in range(4)] == [-18.9, -19.33, -18.3, -18.6] and reading["门 Door"] == 0
    assert reading["电压 Voltage"] == 220.3
    assert [row["状态 Status"] for row in answer(fleet, board, "在线历史", **me)] == ["online", "offline"]
    assert {row["类型 Type"] for row in answer(fleet, board, "事件 Events", **me)} == {"DISPENSE_SUCCESS", "DOOR_OPENED"}
    assert answer(fleet, board, "出货按货道", **me) == [{"货道 Channel": "M-01", "成功 Sold": 2, "失败 Failed": 0, "卡货 Jams": 0}]
    assert answer(fleet, board, "出货按货道", device="VM-SH-003") == [{"货道 Channel": "M-04", "成功 Sold": 2, "失败 Failed": 2, "卡货 Jams": 0}]
    temperatures = answer(fleet, board, "温区温度", span=HOUR, **me)
    assert temperatures and all(-20 < value < -17 for row in temperatures for name, value in row.items() if name != "time")


def test_the_history_of_a_device_begins_with_the_state_before_the_time_range(fleet):
    end = datetime.datetime.now(UTC)
    late = answer(fleet, "vending-device", "在线历史", device="VM-SH-004", span=datetime.timedelta(microseconds=1), end=end)
    assert [row["状态 Status"] for row in late] == ["offline"]


def test_bars_begin_with_the_hour_in_which_the_time_range_begins(fleet):
    """Else an hour's range would show the last minutes only."""
    series = answer(fleet, "vending-events", "按级别", span=datetime.timedelta(minutes=10))
    assert {(row["metric"], row["value"]) for row in totals(series)} == {("medium", 20), ("high", 21)}


def test_odd_messages_of_a_device_are_shown_with_the_reason(server):
    database = Database(server)
    try:
        load.capture(database, "field-numbers.jsonl")
        load.capture(database, "field-rejects.jsonl")
        device = database.value("SELECT device_no FROM vm_telemetry WHERE anomalies IS NOT NULL ORDER BY device_no LIMIT 1")
        odd = answer(database, "vending-device", "异常与拒收", device=device)
        assert odd and any("=" in row["原因 Reason"] for row in odd)
    finally:
        database.drop()


def test_ingest(fleet):
    """152 messages: 97 telemetry, 41 events, 14 statuses, nothing else."""
    board = "vending-ingest"
    (went,) = answer(fleet, board, "去向")
    assert went == {"收到 Received": 152, "写入 Rows": 152, "透传 Passed": 0, "重复 Duplicates": 0, "拒收 Rejected": 0, "忽略 Ignored": 0, "异常值 Anomalies": 0}
    assert answer(fleet, board, "拒收率") == [{"拒收 Rejected": 0}]
    assert answer(fleet, board, "最近报告", instance=["nobody"]) == [{"距今 Ago": None}]
    lag = [row for row in answer(fleet, board, "延迟", span=HOUR) if row["均值 Mean"] is not None]
    assert lag and all(0 <= row["均值 Mean"] <= row["最大 Longest"] for row in lag)


def test_lag_is_weighted_by_the_rows_of_each_report(server):
    database = Database(server)
    try:
        for instance, count, mean, longest in (("a", 10, 1, 4), ("b", 30, 5, 60), ("c", 0, "NULL", "NULL"), ("d", 100, "NULL", "NULL")):
            database.sql("INSERT INTO ingest.vm_ingest (time, instance, received, telemetry, events, status, lag_avg_s, lag_max_s, interval_s) VALUES "
                         f"('2026-11-20 12:00Z', '{instance}', {count}, {count}, 0, 0, {mean}, {longest}, 10)", user="vending_writer", password=WRITER_PASSWORD)
        (row,) = answer(database, "vending-ingest", "延迟", end=datetime.datetime(2026, 11, 20, 12, 30, tzinfo=UTC), span=HOUR)
        assert (row["均值 Mean"], row["最大 Longest"]) == (4, 60)
    finally:
        database.drop()


def test_rejects_are_shown_whole(filled):
    board = "vending-ingest"
    reasons = {row["原因 Reason"]: row["条数 Messages"] for row in answer(filled, board, "拒收原因")}
    # field-topics.jsonl and field-rejects.jsonl, as the processor's own account of them says (golden/topics, golden/rejects).
    assert (reasons["unknown_topic"], reasons["bad_device_no"], reasons["invalid_utf8"], reasons["too_deep"]) == (14, 30, 11, 3)
    messages = answer(filled, board, "拒收的消息")
    assert len(messages) == sum(reasons.values()) and all(row["原文 Payload"] is not None and row["大小 Size"] is not None for row in messages)
    (rate,) = answer(filled, board, "拒收率")
    (went,) = answer(filled, board, "去向")
    assert went["收到 Received"] == sum(went[name] for name in ("写入 Rows", "透传 Passed", "重复 Duplicates", "拒收 Rejected", "忽略 Ignored"))
    assert rate["拒收 Rejected"] == pytest.approx(went["拒收 Rejected"] / went["收到 Received"]) and went["拒收 Rejected"] == sum(reasons.values())
    odd = answer(filled, board, "异常设备")
    assert odd and all("=" in row["异常 Anomaly"] for row in odd)


def test_telegrafs_counters_begin_again_when_it_does(server):
    database = Database(server)
    try:
        telegraf(database, (60, 5), (50, 8), (40, 8), (30, 2), (20, 3), instance="a")  # 3 more; started again: 2, then 1 more
        telegraf(database, (45, 100), (35, 101), instance="b")
        expected = {"丢弃 Dropped": 7, "拒绝 Refused": 70, "错误 Errors": 700}
        board = "vending-ingest"
        assert rows(database, expanded(titled(board, "stat", "Telegraf 丢弃"))) == [expected]
        assert rows(database, expanded(titled(board, "stat", "Telegraf 丢弃"), instance=["b"])) == [{name: value / 7 for name, value in expected.items()}]
        series = rows(database, expanded(titled(board, "timeseries", "Telegraf 丢弃")))
        assert {name: sum(row[name] or 0 for row in series) for name in expected} == expected and series[0]["缓冲 Buffer"] == 7
    finally:
        database.drop()


# ---- JSON ----


def test_dashboards_are_what_grafana_12_3_takes():
    assert set(BOARDS) == {"vending-overview", "vending-freezer", "vending-events", "vending-device", "vending-ingest"}
    titles = [board["title"] for board in BOARDS.values()]
    assert len(set(titles)) == len(titles)
    for uid, board in BOARDS.items():
        assert board["uid"] == uid and re.fullmatch(r"[A-Za-z0-9_-]{1,40}", uid)
        assert board["schemaVersion"] == 42 and "id" not in board and "__inputs" not in board and "dashboard" not in board
        assert board["description"] and board["tags"] == ["vending"]
        assert board["timezone"] == "", "that of the user, else of the server"
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids)


def bilingual(text):
    return re.search(r"[\u4e00-\u9fff]", text) and re.search(r"[A-Za-z]{2}", text)


@pytest.mark.parametrize("board", BOARDS)
def test_panels_say_what_they_are(board):
    assert bilingual(BOARDS[board]["title"])
    seen = set()
    for panel in sql.panels(BOARDS[board]):
        assert bilingual(panel["title"]), panel["title"]
        assert (panel["title"], panel["type"]) not in seen
        seen.add((panel["title"], panel["type"]))
        assert bilingual(panel["description"]) and len(panel["description"]) > 15, panel["title"]
        defaults = panel["fieldConfig"]["defaults"]
        assert bilingual(defaults["noValue"]), panel["title"]
        assert defaults["unit"], panel["title"]
    for one in BOARDS[board]["templating"]["list"]:
        assert bilingual(one["label"]) and bilingual(one["description"])


@pytest.mark.parametrize("board", BOARDS)
def test_panels_lie_side_by_side(board):
    taken = {}
    for panel in BOARDS[board]["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for cell in itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])):
            assert cell not in taken, f"{panel['title']} lies on {taken.get(cell)}"
            taken[cell] = panel["title"]


DATASOURCE = yaml.safe_load((PROVISIONING / "datasources/timescaledb.yaml").read_text())["datasources"]
WANTED_SOURCE = {"type": "grafana-postgresql-datasource", "uid": "timescaledb"}


def every(value, key):
    """All values under that key, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key:
                yield inner
            yield from every(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from every(inner, key)


@pytest.mark.parametrize("board", BOARDS)
def test_every_query_goes_to_the_data_source_that_is_provisioned(board):
    (source,) = DATASOURCE
    assert {"type": source["type"], "uid": source["uid"]} == WANTED_SOURCE
    sources = list(every(BOARDS[board], "datasource"))
    assert len(sources) > 20 and all(one == WANTED_SOURCE for one in sources)
    for panel in sql.panels(BOARDS[board]):
        assert panel["targets"] and len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])
        for target in panel["targets"]:
            assert target["rawQuery"] is True and target["editorMode"] == "code", "else the query builder takes over"
            assert target["format"] in ("table", "time_series")


LINK = re.compile(r"^/d/([\w-]+)\?(.*)$")
BUILT_IN = {"__url_time_range", "__value", "__data", "__field", "__interval", "__interval_ms"}


def used_in(text):
    return {next(filter(None, found.groups())) for found in re.finditer(r"\$\{(\w+)|\$(\w+)", text)}


def expected_names(board):
    return {one["name"] for one in BOARDS[board]["templating"]["list"]}


@pytest.mark.parametrize("board", BOARDS)
def test_links_lead_to_dashboards_and_keep_variables_and_time(board):
    links = [link for panel in sql.panels(BOARDS[board]) for found in every(panel["fieldConfig"], "links") for link in found]
    links += [link for panel in sql.panels(BOARDS[board]) for override in panel["fieldConfig"]["overrides"]
              for one in override["properties"] if one["id"] == "links" for link in one["value"]]
    inner = [link for link in links if link["url"].startswith("/")]
    assert inner or board == "vending-device"
    for link in links:
        if link not in inner:
            assert link["url"] == "${__value.raw}" and link["targetBlank"], "what a machine sent, and nothing else"
            continue
        target, arguments = LINK.match(link["url"]).groups()
        assert target in BOARDS and bilingual(link["title"])
        assert "${__url_time_range}" in arguments.split("&")
        for argument in arguments.split("&"):
            passed = re.fullmatch(r"var-(\w+)=\$\{__(?:value\.raw|data\.fields\.\w+):percentencode\}|\$\{(\w+):queryparam\}|\$\{__url_time_range\}", argument)
            assert passed, argument
            for name in filter(None, passed.groups()):
                assert name in expected_names(target), f"{target} has no variable {name}"
        assert used_in(link["url"]) - BUILT_IN <= expected_names(board)
    (own,) = BOARDS[board]["links"]
    assert own["type"] == "dashboards" and own["tags"] == ["vending"] and own["includeVars"] and own["keepTime"]


@pytest.mark.parametrize("board", BOARDS)
def test_variables_are_used_and_known(board):
    used = set().union(*(used_in(one.raw_sql) for one in sql.queries(BOARDS[board])))
    known = expected_names(board)
    assert {name for name in used if not name.startswith("__")} <= known
    for one in BOARDS[board]["templating"]["list"]:
        others = [other["query"] for other in BOARDS[board]["templating"]["list"] if other is not one]
        assert one["name"] in used | set().union(set(), *map(used_in, others)), f"{one['name']} is used by nothing"
        assert one["type"] == "query" and one["refresh"] == 1
        if one["includeAll"]:
            # Without it All is every name there is, in each query.
            assert one["allValue"] == "'*'" and one["current"]["value"] == ["$__all"] and one["multi"]
    for one in sql.queries(BOARDS[board]):
        for found in re.findall(r"\$\{(\w+)(:\w+)?\}", one.raw_sql):
            assert found[1] == ":sqlstring", f"{one}: {found} is not quoted"


# ---- against Grafana's own packages ----

NPM = REPO / "build/grafana-npm"


def check(*paths):
    done = subprocess.run(["node", REPO / "test/grafana/check.mjs", NPM, *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # a package prints an advertisement before


@pytest.fixture(scope="module")
def checked():
    subprocess.run([REPO / "test/grafana/npm.sh"], check=True)
    return check(*sorted(FOLDER.glob("*.json")))


def test_panels_options_and_units_are_grafanas_own(checked):
    assert len(checked["problems"]) == 5 and checked["units"] > 250
    assert [line for lines in checked["problems"].values() for line in lines] == []


def test_intervals_are_rounded_as_grafana_rounds_them(checked):
    for exact, rounded in checked["rounding"].items():
        assert next(to for below, to in sql.ROUNDED if int(exact) < below) == rounded


def first(board, kind):
    return next(panel for panel in sql.panels(board) if panel["type"] == kind)


WRONG = {
    "no such unit": ("unit", lambda board: first(board, "stat")["fieldConfig"]["defaults"].update(unit="currencyCNY")),
    "no such unit in an override": ("unit", lambda board: first(board, "geomap")["fieldConfig"]["overrides"][3]["properties"][1].update(value="celcius")),
    "no such reducer": ("reducer", lambda board: first(board, "stat")["options"]["reduceOptions"].update(calcs=["lastValue"])),
    "no such option": ("colourMode", lambda board: first(board, "stat")["options"].update(colourMode="value")),
    "no such value of an option": ("colorMode", lambda board: first(board, "stat")["options"].update(colorMode="bg")),
    "option of a wrong type": ("cellHeight", lambda board: first(board, "table")["options"].update(cellHeight=1)),
    "no such field option": ("fillOpacty", lambda board: first(board, "timeseries")["fieldConfig"]["defaults"]["custom"].update(fillOpacty=1)),
    "no such value of a field option": ("drawStyle", lambda board: first(board, "timeseries")["fieldConfig"]["defaults"]["custom"].update(drawStyle="bar")),
    "no such property to override": ("custom.colour", lambda board: first(board, "table")["fieldConfig"]["overrides"][0]["properties"].append(
        {"id": "custom.colour", "value": "red"})),
    "no such cell": ("cellOptions", lambda board: first(board, "table")["fieldConfig"]["overrides"][2]["properties"].append(
        {"id": "custom.cellOptions", "value": {"type": "colour"}})),
    "no such matcher": ("matcher", lambda board: first(board, "table")["fieldConfig"]["overrides"][0]["matcher"].update(id="byname")),
    "no such panel": ("type", lambda board: first(board, "table").update(type="grid")),
    "no such key": ("gridpos", lambda board: first(board, "table").update(gridpos={})),
    "no such key of the dashboard": ("refreshing", lambda board: board.update(refreshing="5s")),
    "a threshold of text": ("thresholds", lambda board: first(board, "stat")["fieldConfig"]["defaults"]["thresholds"]["steps"][0].update(value="x")),
    "a variable of another kind": ("type", lambda board: board["templating"]["list"][0].update(type="sql")),
    "the map's tooltip": ("tooltip", lambda board: first(board, "geomap")["options"]["tooltip"].update(mode="all")),
}


def test_the_check_itself_finds_mistakes(checked, tmp_path):
    paths = []
    for number, (_, spoil) in enumerate(WRONG.values()):
        board = copy.deepcopy(BOARDS["vending-overview"])
        spoil(board)
        paths.append(tmp_path / f"{number}.json")
        paths[-1].write_text(json.dumps(board))
    found = check(*paths)["problems"]
    for name, path, (word, _) in zip(WRONG, paths, WRONG.values()):
        assert len(found[str(path)]) == 1 and word in found[str(path)][0], f"{name}: {found[str(path)]}"


# ---- what is shown, by Grafana's own code ----

KINDS = {TIME: "time", "text": "string", "boolean": "boolean"} | dict.fromkeys(NUMBERS, "number")


def shown(database, *asked):
    """For each (query, chosen): field name -> its texts, colours and links, a list over the rows."""
    given = []
    for one, chosen in asked:
        text = expanded(one, **({"span": HOUR} | chosen))
        kinds = [(name, KINDS[kind]) for name, kind in columns(database, text)]
        values = [[datetime.datetime.fromisoformat(row[name]).timestamp() * 1000 if kind == "time" and row[name] else row[name] for name, kind in kinds]
                  for row in rows(database, text)]
        given.append({"panel": panel_of(one), "format": one.format, "columns": kinds, "rows": values})
    done = subprocess.run(["node", REPO / "test/grafana/render.mjs", NPM], input=json.dumps(given), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [{field["name"]: field for field in fields} for fields in json.loads(done.stdout.splitlines()[-1])]


def test_tables_show_words_for_codes_and_nothing_for_nothing(checked, fleet):
    alarms, events, warmest, gone = shown(fleet, (titled("vending-overview", "table", "活跃告警"), {}), (titled("vending-events", "table", "事件"), {}),
                                          (titled("vending-freezer", "table", "最热设备"), {}), (titled("vending-overview", "table", "离线设备"), {}))
    assert set(alarms["类型 Type"]["texts"]) == {"卡货 Channel jam", "出货失败 Dispense failed", "开门 Door opened", "加热失败 Heating failure"}
    assert set(alarms["级别 Severity"]["texts"]) == {"严重 high"}
    jams = [kind == "卡货 Channel jam" for kind in alarms["类型 Type"]["texts"]]
    assert alarms["图片 Image"]["texts"] == ["打开 Open" if jam else "" for jam in jams], "an alarm without a picture shows none"
    assert all(link[0].startswith("https://oss.example.com/") for link, jam in zip(alarms["图片 Image"]["links"], jams) if jam)
    assert set(alarms["视频 Video"]["texts"]) == {""}
    device = alarms["设备 Device"]["texts"][0]
    assert alarms["设备 Device"]["links"][0] == [f"/d/vending-device?var-device={device}&${{region:queryparam}}&${{__url_time_range}}"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", alarms["时间 Time"]["texts"][0])
    assert all(text.endswith("ago") for text in alarms["始于 Since"]["texts"])
    assert all(order.startswith("ORD2026") or order == "" for order in events["订单 Order"]["texts"])
    assert warmest["最热 Warmest"]["texts"][0] == "-16.8 °C" and warmest["在线 Online"]["texts"][:3] == ["是 yes", "是 yes", "否 no"]
    assert set(warmest["门 Door"]["texts"]) == {"关 closed", "开 open"}
    assert set(gone["原因 Reason"]["texts"]) == {"意外断开 unexpected"}


def test_a_text_that_looks_like_a_number_is_shown_as_it_is(checked, server):
    database = Database(server)
    try:
        database.sql("INSERT INTO ingest.vm_events (time, device_no, event_type, order_id, channel_id, error_code, message_id) VALUES "
                     "(now() - INTERVAL '1 s', 'VM-SH-001', 'DISPENSE_FAILED', '00012345678901234567', '007', '1e3', 1)", user="vending_writer", password=WRITER_PASSWORD)
        for fields in shown(database, (titled("vending-events", "table", "事件"), {}), (titled("vending-device", "table", "事件"), {"device": "VM-SH-001"})):
            assert [fields[name]["texts"] for name in ("订单 Order", "货道 Channel", "代码 Code")] == [["00012345678901234567"], ["007"], ["1e3"]]
    finally:
        database.drop()


def test_numbers_have_their_units_and_colours(checked, fleet):
    green, orange, red = "#73BF69", "#FF9830", "#F2495C"
    online, success, state, reading, rate, places = shown(
        fleet, (titled("vending-overview", "stat", "在线设备"), {}), (titled("vending-overview", "stat", "出货成功率"), {}),
        (titled("vending-device", "stat", "状态 State"), {"device": "VM-SH-004"}), (titled("vending-device", "stat", "最近读数"), {"device": "VM-SH-004"}),
        (titled("vending-ingest", "stat", "拒收率"), {}), (titled("vending-overview", "geomap", "设备分布"), {}))
    assert (online["在线 Online"]["texts"], online["在线 Online"]["colors"]) == (["6"], [green])
    assert (success["成功率 Success"]["texts"], success["成功率 Success"]["colors"]) == (["90.9%"], [orange])
    assert (state["状态 State"]["texts"], state["状态 State"]["colors"]) == (["离线 Offline"], [red])
    assert {name: field["texts"][0] for name, field in reading.items()} == {
        "温区 0": "-18.9 °C", "温区 1": "-19.3 °C", "温区 2": "-18.3 °C", "温区 3": "-18.6 °C", "环境 Ambient": reading["环境 Ambient"]["texts"][0],
        "电压 Voltage": "220.3 V", "电流 Current": reading["电流 Current"]["texts"][0], "信号 RSSI": reading["信号 RSSI"]["texts"][0],
        "振动 Vibration": reading["振动 Vibration"]["texts"][0], "运行 Uptime": reading["运行 Uptime"]["texts"][0], "门 Door": "开 open"}
    assert [re.sub(r"[-\d.]+", "#", reading[name]["texts"][0]) for name in ("环境 Ambient", "电流 Current", "信号 RSSI", "振动 Vibration")] == [
        "# °C", "# A", "# dBm", "# g"]
    assert rate["拒收 Rejected"]["texts"] == ["0.00%"] and rate["拒收 Rejected"]["colors"] == [green]
    by_device = dict(zip(places["设备 Device"]["texts"], zip(places["状态 State"]["texts"], places["状态 State"]["colors"])))
    assert {by_device[device] for device in OFFLINE} == {("离线 Offline", red)}
    assert {place for device, place in by_device.items() if device not in OFFLINE} == {("在线 Online", green)}
    assert re.fullmatch(r"\d\d\.\d{5}", places["lat"]["texts"][0])


@pytest.mark.parametrize("temperature, colour", [(-25, "#5794F2"), (-18, "#73BF69"), (-12, "#FF9830"), (-9.9, "#F2495C")])
def test_a_zone_is_coloured_by_its_temperature(checked, server, temperature, colour):
    database = Database(server)
    try:
        database.sql(f"INSERT INTO ingest.vm_telemetry (time, device_no, freezer_temp_0) VALUES (now(), 'VM-SH-001', {temperature})",
                     user="vending_writer", password=WRITER_PASSWORD)
        (fields,) = shown(database, (titled("vending-freezer", "table", "最热设备"), {}))
        assert (fields["温区 0"]["colors"], fields["温区 1"]["texts"]) == ([colour], [""])
    finally:
        database.drop()


def test_series_have_names_for_people(checked, fleet):
    zones, kinds, severities, sold = shown(
        fleet, (titled("vending-freezer", "timeseries", "各温区温度"), {"device": ["VM-SZ-002", "VM-SH-001"]}),
        (titled("vending-events", "timeseries", "按类型"), {}), (titled("vending-events", "timeseries", "按级别"), {}),
        (titled("vending-overview", "timeseries", "每小时出货"), {}))
    assert set(zones) - {"time"} == {f"{device} 温区 {zone}" for device in ("VM-SZ-002", "VM-SH-001") for zone in range(4)}
    assert set(kinds) - {"time"} == {"卡货 Channel jam", "出货失败 Dispense failed", "开门 Door opened", "加热失败 Heating failure"}
    assert set(severities) - {"time"} == {"严重 high", "一般 medium"}
    assert set(sold) - {"time"} == {"出货成功 Sold", "出货失败 Dispense failed"}


# ---- the files that bring them in ----


def test_the_data_source():
    (source,) = DATASOURCE
    settings = source["jsonData"]
    # Beside url alone it passes "Save & test", and every panel fails (grafana/grafana issue 112418).
    assert settings["database"] == "${GRAFANA_DB_NAME}" and "database" not in source
    assert settings["timescaledb"] is True
    assert source["url"] == "${GRAFANA_DB_HOST}" and source["user"] == "${GRAFANA_DB_USER}"
    # $NAME is expanded once; $__env{NAME} would be twice, and a password that holds a $ mangled.
    assert source["secureJsonData"] == {"password": "${GRAFANA_DB_PASSWORD}"}
    assert source["isDefault"] is True and source["editable"] is False
    assert settings["connMaxLifetime"] > 0 and all(isinstance(settings[name], int) for name in ("maxOpenConns", "maxIdleConns", "connMaxLifetime"))
    text = (PROVISIONING / "datasources/timescaledb.yaml").read_text()
    assert ":-" not in text, "Grafana knows no default for a variable"
    assert sql.milliseconds(settings["timeInterval"]) == 10_000


def test_the_provider():
    content = yaml.safe_load((PROVISIONING / "dashboards/vending.yaml").read_text())
    (provider,) = content["providers"]
    assert content["apiVersion"] == 1 and provider["type"] == "file" and provider["allowUiUpdates"] is False
    assert provider["options"]["path"] == "/etc/grafana/dashboards", "not below /var/lib/grafana, which a volume covers"
    assert bilingual(provider["folder"]) and re.fullmatch(r"[\w-]{1,40}", provider["folderUid"])
    # Nothing else lies there: Grafana reads every file.
    assert {path.suffix for path in FOLDER.iterdir()} == {".json"}
    assert {path.suffix for kind in ("datasources", "dashboards") for path in (PROVISIONING / kind).iterdir()} == {".yaml"}


def test_the_readme_names_every_dashboard_and_variable():
    readme = (REPO / "grafana/README.md").read_text(encoding="utf-8")
    for uid, board in BOARDS.items():
        assert re.search(rf"^\| {re.escape(board['title'])} `/d/{uid}\b", readme, re.M), board["title"]
    used = set(re.findall(r"\$\{(\w+)\}", (PROVISIONING / "datasources/timescaledb.yaml").read_text()))
    assert used and all(f"`{name}`" in readme for name in used)


# ---- sql.py ----

FROM, TO = datetime.datetime(2026, 11, 24, 8, tzinfo=datetime.timezone(datetime.timedelta(hours=8))), datetime.datetime(2026, 11, 24, 6, tzinfo=UTC)
RANGE = "BETWEEN '2026-11-24T00:00:00.000000Z' AND '2026-11-24T06:00:00.000000Z'"
SEVERAL = Variable(["a", "b'c"], multi=True)
EXPANDED = {
    "$__timeFilter(t.time)": f"t.time {RANGE}",
    "$__timeGroupAlias(time, $__interval)": "time_bucket('20.000s',time) AS \"time\"",
    "$__timeGroup(time,'5m'), x": "time_bucket('300.000s',time) AS \"time\", x",
    "GROUP BY $__timeGroup(time,'1h')": "GROUP BY time_bucket('3600.000s',time)",
    "$__interval_ms": "20000",
    "$__timeFrom()::timestamptz": "'2026-11-24T00:00:00.000000Z'::timestamptz",
    "$__unixEpochFilter(s)": "s >= 1795478400 AND s <= 1795500000",
    "x IN ($several)": "x IN ('a','b''c')",
    "x IN (${several:sqlstring})": "x IN ('a','b''c')",
    "x = '$one'": "x = 'b''c'",
    "x = ${one:sqlstring}": "x = 'b''c'",
    "x IN (${all:sqlstring})": "x IN ('*')",
    "x IN (${options:sqlstring})": "x IN ('p','q')",
    "x IN ([[several]])": "x IN ('a','b''c')",
}
REFUSED = ["$__timeFilter()x$nobody", "${one:csv}", "$__timeGroup(time)", "$__nothing(time)", "SELECT 1; SELECT 2", "x = $nobody", "$__timeGroup(time, often)"]
VARIABLES = {"several": SEVERAL, "one": Variable("b'c"), "all": Variable(ALL, True, True, "'*'"), "options": Variable(ALL, True, True, options=("p", "q"))}


def test_macros_and_variables_become_what_grafana_makes_of_them():
    assert {text: expand(text, FROM, TO, VARIABLES) for text in EXPANDED} == EXPANDED


@pytest.mark.parametrize("text", REFUSED)
def test_what_grafana_would_not_understand_is_refused(text):
    with pytest.raises(QueryError):
        expand(text, FROM, TO, VARIABLES)
