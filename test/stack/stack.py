"""The services of compose.yml outside containers: the same files, only their paths and ports replaced."""

import os
import pathlib
import re
import subprocess

from broker import Broker
from process import Process, free_port
from telegraf import REPO, http_status, processor_path

STACK = REPO / "plugin/stack"
ROOT = REPO / "build/stack"
LISTENERS = {"plain": 1883, "tls": 8883, "websocket": 9001}


class Secrets:
    """What make-secrets.sh made below `root`."""

    def __init__(self, root):
        self.root = root

    @property
    def environment(self):
        return dict(line.split("=", 1) for line in (self.root / ".env").read_text().splitlines() if line)

    @property
    def broker(self):
        return self.root / ".secrets/mosquitto"

    def login(self, account):
        return account, self.environment[f"MQTT_{account.upper()}_PASSWORD"]

    def add_device(self, serial, what="add"):
        """Returns the machine's token."""
        done = run(STACK / "add-device.sh", serial, what, VENDING_ROOT=str(self.root))
        found = re.search(r"password: +(\S+)", done.stdout)
        return found and found.group(1)


def run(*command, check=True, **environment):
    done = subprocess.run([str(word) for word in command], env={**os.environ, **environment}, capture_output=True, text=True)
    assert done.returncode == 0 or not check, f"{command} failed:\n{done.stdout}{done.stderr}"
    return done


def make_secrets(root, *what, **environment):
    run(STACK / "make-secrets.sh", *what, VENDING_ROOT=str(root), **environment)
    return Secrets(root)


def programs_of_root(folder):
    """Mosquitto's programs out of build/stack: 2.0.21, next to the image's 2.0.22. The 2.0.11 of Debian 12 loses the message at the edge of the
    in-flight window when it restarts."""
    library = ROOT / "usr/lib/x86_64-linux-gnu"
    folder.mkdir()
    for program in ("usr/sbin/mosquitto", "usr/bin/mosquitto_passwd", "usr/bin/mosquitto_sub"):
        wrapper = folder / pathlib.Path(program).name
        wrapper.write_text(f'#!/bin/sh\nexec "{next(library.glob("ld-linux*"))}" --library-path "{library}" "{ROOT / program}" "$@"\n')
        wrapper.chmod(0o755)
    return folder


class StackBroker(Broker):
    """Mosquitto as its container runs it."""

    def __init__(self, folder, secrets):
        self.folder = folder
        self.secrets = secrets
        self.process = None
        self.clients = []
        self.ports = {name: free_port() for name in LISTENERS}
        self.port = self.ports["plain"]
        self.login = secrets.login("demo")
        self.programs = programs_of_root(folder / "bin")
        for part in ("stack", "run", "data"):
            (folder / part).mkdir()
        for name in ("mosquitto.conf", "mosquitto.acl", "mosquitto.sh"):
            self.copy(name)
        with open(folder / "stack/mosquitto.conf", "a", encoding="utf-8") as file:
            file.write("\nuser root\nlog_type all\nconnection_messages true\n")

    def copy(self, name):
        text = (STACK / name).read_text()
        for inside, outside in {
            "/run/mosquitto": self.folder / "run",
            "/mosquitto/data": self.folder / "data",
            "/mosquitto/secrets": self.secrets.broker,
            "/stack/": f"{self.folder}/stack/",
        }.items():
            text = text.replace(inside, str(outside))
        for listener, port in LISTENERS.items():
            text = re.sub(rf"^listener {port}$", f"listener {self.ports[listener]} 127.0.0.1", text, flags=re.M)
        text = text.replace("kill -HUP 1\n", 'kill -HUP "$BROKER_PID"\n').replace("mosquitto_sub -t", f"mosquitto_sub -p {self.port} -t")
        target = self.folder / "stack" / name
        target.write_text(text)
        target.chmod(0o755)

    def environment(self):
        passwords = {name: value for name, value in self.secrets.environment.items() if name.startswith("MQTT_")}
        return {**os.environ, "PATH": f"{self.programs}:{os.environ['PATH']}", **passwords}

    def start(self):
        script = self.folder / "stack/mosquitto.sh"
        self.process = Process("mosquitto", ["/bin/sh", str(script), "start"], self.folder / "mosquitto.log", self.environment())
        self.process.wait_until(self.accepts_connections, "Mosquitto to listen")

    def script(self, what, check=True):
        pid = str(self.process.popen.pid)
        return run("/bin/sh", self.folder / "stack/mosquitto.sh", what, check=check, **self.environment() | {"BROKER_PID": pid})


class StackTelegraf:
    """Telegraf as its container runs it: telegraf.sh, telegraf.d and telegraf-health.sh as they are."""

    def __init__(self, version, folder, secrets, server, database, index, **environment):
        self.name = f"container-{index}"
        self.folder = folder / self.name
        self.folder.mkdir()
        self.runs = []
        self.health_url = f"http://127.0.0.1:{free_port()}"
        programs = self.folder / "bin"
        programs.mkdir()
        (programs / "telegraf").symlink_to(REPO / f"build/telegraf-{version}/telegraf")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MQTT_", "VENDING_", "PG"))}
        user, password = secrets.login("telegraf")
        self.environment = {
            **kept,
            **database.telegraf_environment(),
            "PATH": f"{programs}:{kept['PATH']}",
            "TMPDIR": str(self.folder),
            "TELEGRAF_CONFIG_DIRECTORY": str(REPO / "telegraf.d"),
            "VENDING_STATE_DIRECTORY": str(folder / "volume"),
            "VENDING_PROCESSOR": str(processor_path()),
            "VENDING_HEALTH_ADDRESS": self.health_url,
            "VENDING_STOP_GRACE": "5",
            "MQTT_SERVER": server,
            "MQTT_USERNAME": user,
            "MQTT_PASSWORD": password,
            **environment,
        }

    @property
    def process(self):
        return self.runs[-1]

    def start(self):
        log = self.folder / f"telegraf-{len(self.runs) + 1}.log"
        self.runs.append(Process(self.name, [str(STACK / "telegraf.sh")], log, self.environment))
        return self

    @property
    def client_id(self):
        found = re.search(r"MQTT session (\S+)", self.process.log())
        return found and found.group(1)

    def leave(self):
        """What scale.sh runs, in a container of its own, when some Telegrafs are gone for good. Returns what it said."""
        environment = self.environment | {"VENDING_LEAVE_GRACE": "8"}
        done = subprocess.run([str(STACK / "telegraf-leave.sh")], env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def health(self):
        """The HTTP status, or None when nothing answers."""
        return http_status(self.health_url)

    def check(self):
        """What Docker runs every few seconds. Returns the exit status and what it said."""
        done = subprocess.run([str(STACK / "telegraf-health.sh")], env=self.environment, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    def close(self):
        for one in self.runs:
            one.kill()
