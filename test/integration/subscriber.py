"""A real vending-input between a real broker and the test, which stands in for Telegraf: it holds its standard input open and
reads its rows."""

import fcntl
import os
import subprocess
import threading

from lineprotocol import field, read_records
from process import Process
from telegraf import input_path


class Subscriber:
    """reads=False: its standard output is a pipe that nobody reads, until read_now()."""

    def __init__(self, folder, port, *flags, host="127.0.0.1", client_id="vending-input-test", reads=True, reports="0", limits=(),
                 **environment):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.client_id = client_id
        self.output = b""
        self.reader = None
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("MQTT_", "VENDING_"))}
        command = [str(input_path()), "--host", host, "--port", str(port), "--client-id", client_id, "--report-interval", reports,
                   "--log-rate", "0", *flags]
        self.process = Process("vending-input", [*limits, *command], folder / "log", {**clean, **environment},
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if reads:
            self.read_now()

    @property
    def pid(self):
        return self.process.popen.pid

    def read_now(self):
        def read():
            while chunk := os.read(self.process.popen.stdout.fileno(), 65536):
                self.output += chunk

        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()

    def log(self):
        return self.process.log()

    def wait_for_log(self, text, times=1):
        self.process.wait_until(lambda: self.log().count(text) >= times, f"{times} times {text!r} in the log")

    def wait_until_ready(self, filters=3, times=1):
        self.wait_for_log("subscribed to ", filters * times)

    def rows(self):
        return read_records(self.output)[0]

    def wait_for_rows(self, count):
        """Until that many rows have been written. More are the test's to find."""
        self.process.wait_until(lambda: self.output.count(b"\n") >= count, lambda: f"{count} rows ({len(self.rows())} are there)")
        return self.rows()

    def orders(self):
        return [field(row, "order_id") for row in self.rows()]

    def wait_for_orders(self, count):
        def all_are_whole():
            return self.output.count(b"order_id=") >= count and self.output.endswith(b"\n")

        self.process.wait_until(all_are_whole, lambda: f"{count} orders")
        return self.orders()

    def unread(self):
        """Bytes in the pipe that nobody has read."""
        return int.from_bytes(fcntl.ioctl(self.process.popen.stdout.fileno(), 0x541B, bytes(4)), "little")  # FIONREAD

    def memory(self):
        """KiB that it holds now."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def wait_for_end(self):
        status = self.process.popen.wait(40)
        if self.reader:
            self.reader.join(40)
        return status

    def stop(self, *signal):
        status = self.process.stop(*signal)
        if self.reader:
            self.reader.join(40)
        assert status == 0, f"vending-input failed:\n{self.log()[-3000:]}"
        return self.rows()

    def close(self):
        self.process.kill()
        for pipe in (self.process.popen.stdin, self.process.popen.stdout):
            pipe.close()
