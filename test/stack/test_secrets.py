"""make-secrets.sh and add-device.sh: modes, once, random, and nothing that is there gets lost."""

import stat
import subprocess

import pytest

from stack import STACK, make_secrets, run

SERVICES = ("POSTGRES", "VENDING_WRITER", "VENDING_READER", "GRAFANA_ADMIN", "MQTT_TELEGRAF", "MQTT_HEALTH", "MQTT_OPERATOR")


def make(folder, *what, **environment):
    folder.mkdir(exist_ok=True)
    return make_secrets(folder, *what, **environment)


def files(root):
    return {path.relative_to(root): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def openssl(*words):
    return run("openssl", *words).stdout


def test_nobody_else_on_the_host_can_read_them(tmp_path):
    root = make(tmp_path / "a").root
    assert stat.S_IMODE((root / ".env").stat().st_mode) == 0o600
    for folder in (".secrets", ".secrets/ca"):
        assert stat.S_IMODE((root / folder).stat().st_mode) == 0o700
    assert stat.S_IMODE((root / ".secrets/ca/ca.key").stat().st_mode) == 0o600
    inside = root / ".secrets/mosquitto"  # behind .secrets for the host, readable for the broker, who is another user
    assert {stat.S_IMODE(one.stat().st_mode) for one in inside.iterdir()} == {0o644}
    assert not (inside / "ca.key").exists()


def test_every_service_has_a_password_of_its_own_and_every_stack_others(tmp_path):
    first, second = (make(tmp_path / name).environment for name in "ab")
    assert set(first) == {f"{name}_PASSWORD" for name in SERVICES}
    passwords = [*first.values(), *second.values()]
    assert len(set(passwords)) == 2 * len(SERVICES)
    assert all(len(one) == 32 and one.isalnum() for one in passwords)


def test_again_changes_nothing(tmp_path):
    root = make(tmp_path / "a").root
    before = files(root)
    make(root)
    assert files(root) == before


def test_what_is_missing_is_made_and_the_rest_stays(tmp_path):
    secrets = make(tmp_path / "a")
    root, before = secrets.root, secrets.environment
    kept = [line for line in (root / ".env").read_text().splitlines() if not line.startswith("MQTT_HEALTH")]
    (root / ".env").write_text("GRAFANA_PORT=8080\n# mine\n" + "\n".join(kept))  # as an editor leaves it, without a last newline
    (root / ".secrets/mosquitto/server.crt").unlink()
    key = (root / ".secrets/ca/ca.key").read_bytes()
    make(root, "demo", VENDING_TLS_NAMES="mqtt.cafe.de,203.0.113.5,2001:db8::1")
    text = (root / ".env").read_text()
    assert text.startswith("GRAFANA_PORT=8080\n# mine\n" + "\n".join(kept) + "\n")
    added = dict(line.split("=") for line in text.splitlines()[2 + len(kept):])
    assert set(added) == {"MQTT_HEALTH_PASSWORD", "MQTT_DEMO_PASSWORD"} and before["MQTT_HEALTH_PASSWORD"] not in added.values()
    assert (root / ".secrets/ca/ca.key").read_bytes() == key
    names = openssl("x509", "-in", root / ".secrets/mosquitto/server.crt", "-noout", "-ext", "subjectAltName")
    for name in ("DNS:localhost", "DNS:mosquitto", "IP Address:127.0.0.1", "DNS:mqtt.cafe.de", "IP Address:203.0.113.5", "IP Address:2001:DB8"):
        assert name in names


def test_the_certificate_is_the_authoritys_and_for_servers_only(tmp_path):
    secrets = make(tmp_path / "a")
    for purpose, good in (("sslserver", True), ("sslclient", False)):
        done = run("openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", secrets.broker / "ca.crt", secrets.broker / "server.crt", check=False)
        assert (done.returncode == 0) == good, done.stderr
    assert openssl("x509", "-in", secrets.broker / "server.crt", "-noout", "-pubkey") == openssl("pkey", "-in", secrets.broker / "server.key", "-pubout")


def test_a_machines_token_is_kept_as_a_hash_only(tmp_path):
    secrets = make(tmp_path / "a")
    first, other, again = (secrets.add_device(serial) for serial in ("VM-SH-001", "VM-SHx001", "VM-SH-001"))
    assert len({first, other, again}) == 3
    lines = (secrets.broker / "devices").read_text().splitlines()
    assert [line.split(":")[0] for line in lines] == ["VM-SHx001", "VM-SH-001"]
    assert not any(token in line for token in (first, other, again) for line in lines)
    secrets.add_device("VM-SH-001", "remove")
    assert [line.split(":")[0] for line in (secrets.broker / "devices").read_text().splitlines()] == ["VM-SHx001"]


@pytest.mark.parametrize("serial", ["", "+", "#", "VM/SH", "VM SH", "VM:1", "telegraf", "operator", "demo", "health", "x" * 65, "VM\n1", "a+b"])
def test_a_serial_that_would_reach_further_is_refused(serial, tmp_path):
    secrets = make(tmp_path / "a")
    done = run(STACK / "add-device.sh", serial, check=False, VENDING_ROOT=str(secrets.root))
    assert done.returncode == 2 and done.stderr
    assert (secrets.broker / "devices").read_text() == ""


def test_git_takes_none_of_it(tmp_path):
    repo = STACK.parents[1]
    for path in (".env", ".secrets/ca/ca.key", ".secrets/mosquitto/server.key"):
        assert subprocess.run(["git", "-C", str(repo), "check-ignore", "-q", path]).returncode == 0
