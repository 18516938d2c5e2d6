"""A real Telegraf with the files that users get. Only the environment is the test's, and one more output."""

import os
import pathlib
import urllib.error
import urllib.request

from lineprotocol import RowFile
from process import Process, free_port

REPO = pathlib.Path(__file__).resolve().parents[2]
TELEGRAF_D = REPO / "telegraf.d"
VERSIONS = ("1.37", "1.39")
DATA = ("vm_telemetry", "vm_events", "vm_status", "vm_rejected")

OUTPUT = """
[[outputs.file]]
  files = ["{path}"]
  data_format = "influx"
  influx_uint_support = true
  flush_interval = "50ms"
  metric_buffer_limit = 1000000
"""


def processor_path():
    path = pathlib.Path(os.environ.get("VENDING_PROCESSOR", "build/vending-processor"))
    return path if path.is_absolute() else REPO / path


def input_path():
    return processor_path().with_name("vending-input")


def http_status(url):
    """None when nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


class Telegraf:
    def __init__(self, version, folder, broker=None, client_id="telegraf-test", database=None, **environment):
        self.program = REPO / f"build/telegraf-{version}/telegraf"
        self.version = version
        self.folder = folder
        self.client_id = client_id
        self.runs = []
        self.output = RowFile(folder / "rows.influx")
        self.extra = folder / "extra.conf"
        self.extra.write_text(OUTPUT.format(path=self.output.path))
        self.config = ["--config", str(self.extra), "--config-directory", str(TELEGRAF_D)]
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("MQTT_", "VENDING_", "PG"))}
        self.environment["VENDING_PROCESSOR"] = str(processor_path())
        self.environment["VENDING_BUFFER_DIRECTORY"] = str(folder / "buffer")
        self.health_url = f"http://127.0.0.1:{free_port()}"
        self.environment["VENDING_HEALTH_ADDRESS"] = self.health_url
        if database:
            self.environment.update(database.telegraf_environment())
        else:  # rows are read from the file; what the database would get stays in memory
            self.environment.update(PGHOST="127.0.0.1", PGPORT="1", VENDING_BUFFER_STRATEGY="memory")
        if broker:
            self.environment.update(MQTT_SERVER=broker.url, MQTT_CLIENT_ID=client_id)
        self.environment.update(environment)

    def add_config(self, text):
        with open(self.extra, "a", encoding="utf-8") as file:
            file.write(text)

    @property
    def process(self):
        return self.runs[-1]

    def start(self, *flags):
        log = self.folder / f"telegraf-{len(self.runs) + 1}.log"
        command = [str(self.program), *flags, *self.config]
        self.runs.append(Process(f"telegraf {self.version}", command, log, self.environment))
        return self

    def stop(self, *signal, **how):
        assert self.process.stop(*signal, **how) == 0, f"Telegraf failed:\n{self.process.log()[-3000:]}"

    def wait_for_rows(self, count, measurements=DATA):
        """Until that many rows of those tables are there. More are the test's to find."""
        self.process.wait_until(
            lambda: len(self.output.of(*measurements)) >= count,
            lambda: f"{count} rows ({len(self.output.of(*measurements))} are there)",
        )
        return self.output.of(*measurements)

    def processor_pid(self):
        """None while there is none."""
        tasks = pathlib.Path(f"/proc/{self.process.popen.pid}/task")
        pids = [pid for task in tasks.iterdir() for pid in (task / "children").read_text().split()]
        return next(map(int, pids), None)

    def health(self):
        """The HTTP status, or None when nothing answers."""
        return http_status(self.health_url)

    def wait_for_health(self, status):
        self.process.wait_until(lambda: self.health() == status, lambda: f"health {status} ({self.health()} it is)")

    def close(self):
        for run in self.runs:
            run.kill()


def subscribed(telegraf, broker):
    """Starts Telegraf and waits until what is published reaches it."""
    before = broker.times_ready(telegraf.client_id)
    telegraf.start()
    broker.wait_until_ready(telegraf.client_id, before + 1)
    return telegraf
