"""`make up` in a real Docker engine, on stand-in images out of Debian packages: the real compose.yml, Dockerfile, scripts and configuration."""

import json
import re

import paho.mqtt.client as mqtt
import pytest

from engine import Engine, Project
from load import event
from waiting import wait_until

SERIAL = "VM-SH-001"
PATIENCE = 180


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stack", numbered=True)
    engine = Engine()
    project = None
    try:
        engine.make_images(folder / "images")
        project = Project(engine, folder / "project")
        project.make("up")
        yield project
    finally:
        if project:
            project.close()
        engine.close()


class Machine:
    """Publishes over TLS, through the published port, as a machine in the field does."""

    def __init__(self, project, serial):
        token = project.make("device", f"SERIAL={serial}").split("password:")[1].split()[0]
        args = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, "CallbackAPIVersion") else []
        self.client = mqtt.Client(*args, client_id=f"VM_{serial}_1", protocol=mqtt.MQTTv5)
        self.client.username_pw_set(serial, token)
        self.client.tls_set(ca_certs=str(project.secrets.broker / "ca.crt"))
        self.client.max_queued_messages_set(0)
        self.acknowledged = set()
        self.client.on_publish = lambda client, data, mid: self.acknowledged.add(mid)
        self.client.connect("localhost", project.ports["MQTTS_PORT"])
        self.client.loop_start()
        self.serial = serial

    def publish(self, orders):
        mids = {self.client.publish(f"v1/vm/{self.serial}/events", json.dumps(event(order_id=order)), qos=1).mid for order in orders}
        wait_until(lambda: mids <= self.acknowledged, "the broker to acknowledge every event", PATIENCE)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(scope="module")
def machine(project):
    machine = Machine(project, SERIAL)
    yield machine
    machine.close()


def wait_for_orders(project, like, count):
    found = lambda: int(project.sql(f"SELECT count(DISTINCT order_id) FROM vm_events WHERE order_id LIKE '{like}'")[0][0])
    wait_until(lambda: found() >= count, lambda: f"{count} events to land ({found()} have)\n{project.logs()}", PATIENCE)
    assert project.sql(f"SELECT count(*), count(DISTINCT order_id) FROM vm_events WHERE order_id LIKE '{like}'") == [[str(count)] * 2]


def health(project, service):
    return [one["State"]["Health"]["Status"] for one in project.containers(service)]


def test_an_event_of_a_machine_lands(project, machine):
    machine.publish(["FIRST-1"])
    wait_for_orders(project, "FIRST-%", 1)


def test_everything_is_healthy_and_grafana_can_read(project):
    assert {status for one in ("mosquitto", "telegraf", "timescaledb", "grafana") for status in health(project, one)} == {"healthy"}
    environment = dict(line.split("=", 1) for line in project.containers("grafana")[0]["Config"]["Env"])
    rows = project.compose("exec", "-T", "-e", f"PGPASSWORD={environment['GRAFANA_DB_PASSWORD']}", "timescaledb", "psql", "-XAtq", "-h", "timescaledb",
                           "-U", environment["GRAFANA_DB_USER"], "-d", environment["GRAFANA_DB_NAME"], "-c", "SELECT count(*) >= 0 FROM vm_events")
    assert rows.strip() == "t"


def test_no_container_can_do_more_than_it_must(project):
    for one in project.containers():
        host, name = one["HostConfig"], one["Name"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"] and not host["CapAdd"] and not host["Privileged"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert host["Memory"] > 0 and host["PidsLimit"] > 0, name
        assert host["RestartPolicy"]["Name"] == "unless-stopped", name
        assert host["LogConfig"]["Config"] == {"max-file": "5", "max-size": "10m"}, name
        status = project.engine.docker("exec", one["Id"], "cat", "/proc/1/status").stdout
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert "0" not in fields["Uid"].split(), f"{name} runs as root"
        assert int(fields["CapEff"], 16) == 0 and fields["NoNewPrivs"] == "1", name
        assert [mount for mount in one["Mounts"] if mount["Type"] == "volume" and len(mount["Name"]) == 64] == [], "a volume without a name"


def test_only_tls_would_be_open_to_the_network(project):
    published = {one["Config"]["Labels"]["com.docker.compose.service"]: one["HostConfig"]["PortBindings"] for one in project.containers()}
    assert not published["timescaledb"] and not published["telegraf"]
    assert all(binding["HostIp"] == "127.0.0.1" for ports in published.values() for bindings in ports.values() for binding in bindings)


def test_a_new_container_takes_over_the_session_of_the_old_one(project, machine):
    before = project.containers("telegraf")[0]["Id"]
    project.compose("stop", "telegraf")
    machine.publish(f"AWAY-{number}" for number in range(50))
    project.compose("up", "-d", "--wait", "--force-recreate", "--no-deps", "telegraf")
    assert project.containers("telegraf")[0]["Id"] != before
    wait_for_orders(project, "AWAY-%", 50)
    assert "MQTT session telegraf-vending-1" in project.compose("logs", "telegraf")


def test_the_schema_is_applied_again_and_keeps_the_rows(project):
    before = project.sql("SELECT count(*) FROM vm_events")
    assert "the schema is in place" in project.make("migrate")
    assert project.sql("SELECT count(*) FROM vm_events") == before != [["0"]]


def test_a_telegraf_that_hangs_is_restarted(project, machine):
    """Stopped by a signal that it cannot answer: nothing moves any more, and it does not end by itself."""
    one = project.containers("telegraf")[0]["Id"]
    project.engine.docker("exec", one, "sh", "-c", "kill -STOP $(cat /tmp/telegraf.pid)")
    machine.publish(f"HANGS-{number}" for number in range(20))
    wait_until(lambda: project.containers("telegraf")[0]["RestartCount"] == 1, lambda: f"the restart\n{project.logs()}", PATIENCE)
    wait_for_orders(project, "HANGS-%", 20)


def test_three_telegrafs_share_the_work(project, machine):
    project.make("scale", "N=3")
    assert health(project, "telegraf") == ["healthy"] * 3
    since = project.sql("SELECT now()")[0][0]
    machine.publish(f"SHARED-{number}" for number in range(300))
    wait_for_orders(project, "SHARED-%", 300)

    def reported():
        return dict(project.sql(f"SELECT instance, sum(events) FROM vm_ingest WHERE time > '{since}' GROUP BY 1"))

    wait_until(lambda: sum(map(int, reported().values())) >= 300, lambda: f"the reports of all three ({reported()})")
    assert set(reported()) == {"telegraf-1", "telegraf-2", "telegraf-3"}
    assert sum(map(int, reported().values())) == 300, "a message went to two of them"
    assert min(map(int, reported().values())) > 50


def test_two_of_them_leave(project, machine):
    assert project.make("scale", "N=1").count("has left") == 2
    assert len(project.containers("telegraf")) == 1 and project.secrets.environment["TELEGRAF_REPLICAS"] == "1"
    machine.publish(f"ALONE-{number}" for number in range(60))
    wait_for_orders(project, "ALONE-%", 60)


def test_a_simulated_fleet_lives_and_has_a_yesterday(project):
    project.make("demo", "DEMO_DEVICES=20")

    def hours():
        return int(project.sql("SELECT count(DISTINCT date_trunc('hour', time)) FROM vm_telemetry WHERE time > now() - INTERVAL '25 hours'")[0][0])

    wait_until(lambda: hours() >= 24, lambda: f"the last 24 hours ({hours()} hours are there)\n{project.logs()}", PATIENCE)

    def live():
        return int(project.sql("SELECT count(DISTINCT device_no) FROM vm_telemetry WHERE time > now() - INTERVAL '1 minute'")[0][0])

    wait_until(lambda: live() >= 15, lambda: f"a fleet of 20 to report ({live()} do)\n{project.logs()}", PATIENCE)
    kinds = {kind for (kind,) in project.sql("SELECT DISTINCT event_type FROM vm_events")}
    assert kinds >= {"DISPENSE_SUCCESS", "CHANNEL_JAM", "HEATING_FAILURE", "VANDALISM_ALERT", "TEMP_OVERHEAT", "DOOR_OPENED"}
    assert project.sql("SELECT count(*) > 0 FROM vm_rejected") == [["t"]], "the fleet has a bad payload now and then"
    assert project.sql("SELECT count(*) FROM vm_rejected WHERE reason = 'landing_failed'") == [["0"]]

    def states():
        return {one: health(project, one) for one in ("mosquitto", "telegraf", "timescaledb", "grafana")}

    wait_until(lambda: all(set(state) == {"healthy"} for state in states().values()), lambda: f"everything to be healthy ({states()})", PATIENCE)


def test_a_capture_lands_beside_the_telegraf_that_is_running(project):
    """With the command of telegraf.d/README.md."""
    text = (project.folder / "telegraf.d/README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^docker compose (run .*vending-replay-into \\\n +telegraf -) < capture\.jsonl", text, re.M)
    capture = "".join(
        json.dumps({"tst": "2026-11-24T00:00:00Z", "topic": f"v1/vm/{SERIAL}/events", "payload": json.dumps(event(order_id=f"PAST-{number}"))}) + "\n"
        for number in range(100)
    )
    project.compose(*command.replace("\\\n", "").split(), input=capture)
    wait_for_orders(project, "PAST-%", 100)


def test_a_wrong_flag_is_unhealthy_and_loses_next_to_nothing(project, machine):
    """It is said, not restarted again and again; what was published meanwhile lands when it is corrected."""
    try:
        project.environment |= {"VENDING_MAX_AGE": "7 days", "VENDING_HEALTH_TIMEOUT": "15s"}
        project.compose("up", "-d", "--no-deps", "telegraf")
        (started,) = (one["State"]["StartedAt"] for one in project.containers("telegraf"))
        machine.publish(f"HELD-{number}" for number in range(200))
        wait_until(lambda: health(project, "telegraf") == ["unhealthy"], lambda: f"it to be unhealthy\n{project.logs()}", PATIENCE)
        (one,) = project.containers("telegraf")
        assert 'E! vending-processor: --max-age: "7 days" is not a duration' in one["State"]["Health"]["Log"][-1]["Output"]
        assert one["State"]["StartedAt"] == started and one["State"]["Running"]
        project.compose("kill", "telegraf")
    finally:
        del project.environment["VENDING_MAX_AGE"], project.environment["VENDING_HEALTH_TIMEOUT"]
        project.compose("up", "-d", "--wait", "--no-deps", "telegraf")
    # What is in the pipe then is a page of line protocol at most; an event's record is longer than its payload.
    most = 4096 // len(json.dumps(event(order_id="HELD-0")))
    wait_for = lambda: int(project.sql("SELECT count(DISTINCT order_id) FROM vm_events WHERE order_id LIKE 'HELD-%'")[0][0])
    wait_until(lambda: wait_for() >= 200 - most, lambda: f"the rest of 200 events to land ({wait_for()} have)\n{project.logs()}", PATIENCE)
