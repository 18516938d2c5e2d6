"""compose.yml as Debian's docker-compose understands it, and plugin/Dockerfile as hadolint does."""

import json
import os
import re
import shutil
import subprocess

import pytest

from stack import REPO, ROOT, make_secrets

COMPOSE = ROOT / "usr/libexec/docker/cli-plugins/docker-compose"
OPEN = {"8883"}


def config(folder, *words):
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run([str(COMPOSE), "--profile", "*", "config", *words], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(params=["without .env", "with .env"])
def folder(request, tmp_path):
    shutil.copy(REPO / "compose.yml", tmp_path)
    if request.param == "with .env":
        make_secrets(tmp_path, "demo")
    return tmp_path


@pytest.fixture
def services(folder):
    return json.loads(config(folder, "--format", "json").stdout)["services"]


def test_nothing_to_complain_about(folder):
    assert config(folder, "--quiet").stderr == ""


def test_the_images_are_pinned(services):
    assert services["mosquitto"]["image"] == "eclipse-mosquitto:2.0.22-openssl"
    assert services["timescaledb"]["image"] == "timescale/timescaledb:latest-pg18"
    assert services["grafana"]["image"] == "grafana/grafana:12.3.0"
    assert services["telegraf"]["build"]["args"]["TELEGRAF_IMAGE"] == "telegraf:1.37"


def test_closed_by_default(services):
    for name, service in services.items():
        assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"], name
        assert int(service["mem_limit"]) > 0 and service["pids_limit"] > 0 and service["logging"]["options"]["max-file"] == "5", name
        assert "network_mode" not in service and "privileged" not in service and "cap_add" not in service, name
        for port in service.get("ports", []):
            assert port["target"] != 5432
            assert (port["host_ip"] == "0.0.0.0") == (str(port["target"]) in OPEN), f"{name}: {port}"
    assert set(services["timescaledb"]["networks"]) == {"database"}


def test_what_runs_all_the_time_is_watched_and_restarted(services):
    for name in ("mosquitto", "telegraf", "timescaledb", "grafana"):
        assert services[name]["healthcheck"]["test"] and services[name]["restart"] == "unless-stopped" and services[name]["stop_grace_period"], name


def test_every_file_that_a_container_mounts_is_there(services, folder):
    mounts = [(service, mount) for service in services.values() for mount in service.get("volumes", []) if mount["type"] == "bind"]
    assert len(mounts) >= 6
    for _, mount in mounts:
        inside = os.path.relpath(mount["source"], folder)
        assert mount["read_only"] and (inside.startswith(".secrets") or (REPO / inside).exists()), mount["source"]


def test_the_volume_of_the_database_is_where_the_images_of_18_want_it(services):
    assert [mount["target"] for mount in services["timescaledb"]["volumes"] if mount["type"] == "volume"] == ["/var/lib/postgresql"]


def test_every_setting_is_in_the_readme():
    used = set(re.findall(r"(?<!\$)\$\{(\w+)", (REPO / "compose.yml").read_text()))
    readme = (REPO / "plugin/stack/README.md").read_text()
    assert [name for name in sorted(used) if f"`{name}`" not in readme] == []


def test_the_window_of_the_broker_holds_a_batch():
    """in-flight window >= max_undelivered_messages >= metric_batch_size, and a payload of 256 KiB."""
    broker = dict(line.split(None, 1) for line in (REPO / "plugin/stack/mosquitto.conf").read_text().splitlines() if re.match(r"max_|message_size", line))
    telegraf = "\n".join(file.read_text() for file in sorted((REPO / "telegraf.d").glob("[13]0-*.conf")))
    undelivered, batch = (int(re.search(rf"^\s*{name} = (\d+)", telegraf, re.M).group(1)) for name in ("max_undelivered_messages", "metric_batch_size"))
    assert int(broker["max_inflight_messages"]) >= undelivered >= batch
    assert int(broker["message_size_limit"]) == 256 * 1024 < int(broker["max_packet_size"])


def test_grafana_has_a_value_for_every_variable_of_its_provisioning(services):
    texts = [path.read_text() for path in (REPO / "grafana").rglob("*") if path.suffix in (".yml", ".yaml")]
    used = {name for text in texts for line in text.splitlines() if not line.lstrip().startswith("#") for name in re.findall(r"\$\{([A-Z][A-Z0-9_]*)\}", line)}
    environment = services["grafana"]["environment"]
    secret = {"GRAFANA_DB_PASSWORD"}  # none without .env
    assert [name for name in sorted(used) if not environment.get(name) and name not in secret] == []
    assert secret <= set(environment)


# ---- the image ----


def test_hadolint_has_nothing_to_say():
    done = subprocess.run([str(REPO / "build/hadolint/bin/hadolint"), "--no-color", str(REPO / "plugin/Dockerfile")], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout == "", done.stdout


def stages():
    text = (REPO / "plugin/Dockerfile").read_text().replace("\\\n", " ")
    parts = re.split(r"^FROM (\S+) AS (\w+)$", text, flags=re.M)
    return {name: (base, body) for base, name, body in zip(parts[1::3], parts[2::3], parts[3::3])}


def test_the_image_is_the_official_one_and_one_file():
    base, body = stages()["telegraf"]
    assert base == "${TELEGRAF_IMAGE}" and "ARG TELEGRAF_IMAGE=telegraf:1.37\n" in (REPO / "plugin/Dockerfile").read_text()
    assert re.findall(r"^(?:COPY|ADD) .*$", body, re.M) == ["COPY --from=build /src/build/static/vending-processor /usr/local/bin/"]
    assert re.findall(r"^USER (\S+)$", body, re.M)[-1] == "telegraf"


def test_the_image_is_not_made_when_a_unit_test_fails():
    assert re.search(r"RUN .*make .*\bunit\b", stages()["build"][1])
