"""A Docker engine, and the stack in it on stand-in images.

Uses the engine that is there; without one, root starts one out of build/stack. Where neither can be, the tests fail, unless
VENDING_WITHOUT_DOCKER=yes leaves them out.
"""

import json
import os
import shutil
import subprocess
import tempfile
import pathlib

import pytest

from process import Process, free_port
from stack import REPO, ROOT, Secrets

ROOTS = {"root": ROOT, "bookworm": REPO / "build/bookworm", "database": REPO / "build/trixie"}
IMAGES = REPO / "test/stack/images"
DOCKER = ROOT / "usr/bin/docker"
COMPOSE = ROOT / "usr/libexec/docker/cli-plugins/docker-compose"
WAY_OUT = "VENDING_WITHOUT_DOCKER=yes leaves these tests out"
NOT_IN_AN_IMAGE = ("dev", "proc", "sys", "run", "tmp", "srv", "var/cache/apt/archives", "usr/libexec/docker")
NAMES = {
    "MOSQUITTO_IMAGE": "vending-standin/mosquitto:test",
    "TELEGRAF_IMAGE": "vending-standin/telegraf",
    "TELEGRAF_TAG": "test",
    "BUILD_IMAGE": "vending-standin/bookworm",
    "TIMESCALEDB_IMAGE": "vending-standin/timescaledb:test",
    "GRAFANA_IMAGE": "vending-standin/grafana:test",
}
# What of the project the stack is made of.
PROJECT = ("Makefile", "compose.yml", ".dockerignore", "plugin", "schema", "telegraf.d", "grafana", "test/unit", "test/captures")


class Engine:
    def __init__(self):
        if os.environ.get("VENDING_WITHOUT_DOCKER") == "yes":
            pytest.skip("VENDING_WITHOUT_DOCKER=yes")
        self.environment = dict(os.environ)
        self.process = None
        self.state = None
        if subprocess.run([DOCKER, "info"], env=self.environment, capture_output=True).returncode == 0:
            return
        if os.geteuid() != 0:
            pytest.fail(f"no Docker engine answers, and only root can start one; {WAY_OUT}")
        self.state = pathlib.Path(tempfile.mkdtemp(prefix="vending-engine-", dir="/tmp"))
        self.environment["DOCKER_HOST"] = f"unix://{self.state}/sock"
        self.had_bridge = pathlib.Path("/sys/class/net/docker0").exists()
        self.process = Process("dockerd", ["sh", str(REPO / "test/stack/engine.sh"), str(self.state)], self.state / "log")
        try:
            self.process.wait_until(lambda: self.docker("info", check=False).returncode == 0, "Docker to answer")
        except AssertionError as error:
            self.close()
            pytest.fail(f"a Docker engine does not start here ({WAY_OUT}): {str(error)[-500:]}")

    def docker(self, *words, check=True, **how):
        done = subprocess.run([str(DOCKER), *map(str, words)], env=self.environment, capture_output=True, text=True, **how)
        assert done.returncode == 0 or not check, f"docker {words} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done

    def load_root(self, folder, name):
        excluded = [f"--exclude=./{path}/*" for path in NOT_IN_AN_IMAGE]
        with subprocess.Popen(["tar", "-C", str(folder), *excluded, "-c", "."], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tar:
            self.docker("import", "-", name, stdin=tar.stdout)

    def make_images(self, folder):
        for name, root in ROOTS.items():
            self.load_root(root, f"vending-standin/{name}")
        shutil.copytree(IMAGES, folder)
        shutil.copy(REPO / "build/telegraf-1.37/telegraf", folder / "telegraf")
        for name in ("mosquitto", "telegraf", "grafana", "timescaledb"):
            self.docker("build", "--target", name, "--tag", f"vending-standin/{name}:test", folder)

    def close(self):
        if self.process:
            self.process.stop()
            shutil.rmtree(self.state, ignore_errors=True)
            if not self.had_bridge:
                subprocess.run(["ip", "link", "delete", "docker0"], capture_output=True)


class Project:
    """A copy of the project with secrets of its own, run by its own Makefile."""

    def __init__(self, engine, folder):
        self.engine = engine
        self.folder = folder
        folder.mkdir()
        for part in PROJECT:
            source = REPO / part
            if source.is_dir():
                shutil.copytree(source, folder / part)
            elif source.exists():
                shutil.copy(source, folder / part)
        self.ports = {name: free_port() for name in ("MQTT_PORT", "MQTTS_PORT", "WEBSOCKET_PORT", "GRAFANA_PORT")}
        settings = {**NAMES, **self.ports, "MQTTS_BIND": "127.0.0.1", "COMPOSE_PROJECT_NAME": f"vending-test-{os.getpid()}"}
        (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        self.environment = {**engine.environment, "COMPOSE": str(COMPOSE), "DOCKER": str(DOCKER)}
        self.secrets = Secrets(folder)

    def make(self, *words):
        done = subprocess.run(["make", "--no-print-directory", *words], cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, f"make {words} failed:\n{done.stdout[-5000:]}{done.stderr[-5000:]}{self.logs()}"
        return done.stdout

    def compose(self, *words, check=True, **how):
        done = subprocess.run([str(COMPOSE), *words], cwd=self.folder, env=self.environment, capture_output=True, text=True, **how)
        assert done.returncode == 0 or not check, f"compose {words} failed:\n{done.stdout}{done.stderr[-3000:]}"
        return done.stdout

    def logs(self):
        return self.compose("logs", "--tail", "30", check=False)[-6000:]

    def containers(self, service=None):
        names = self.compose("ps", "--quiet", "--all", *([service] if service else [])).split()
        return json.loads(self.engine.docker("inspect", *names).stdout)

    def sql(self, text):
        out = self.compose("exec", "-T", "timescaledb", "psql", "-XAtq", "-F", "\t", "-U", "postgres", "-d", "iot_vending", "-c", text)
        return [line.split("\t") for line in out.splitlines()]

    def close(self):
        self.compose("--profile", "*", "down", "--volumes", "--timeout", "5", check=False)
