"""A program under test: its own process group, its output in files, and always reaped."""

import fcntl
import os
import pathlib
import random
import signal
import socket
import subprocess
import tempfile

from waiting import wait_until

STOP_PATIENCE = 40.0  # Telegraf gives a processor 10 s to end before it kills it

# Below the ports that the kernel takes for outgoing connections (from 32768 on): none of those takes one before the server listens.
PORTS = range(20000, 32000)
# A byte a port: whoever holds the lock on it has been given the port, until its process ends.
PORT_LOCKS = pathlib.Path(tempfile.gettempdir()) / f"vending-test-ports-{os.geteuid()}.lock"
locks = open(PORT_LOCKS, "wb")
given_ports = set()


def take_port(port):
    """False if another process has it: tests run in several."""
    try:
        fcntl.lockf(locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    given_ports.add(port)
    return True


def free_port():
    """One that nobody has, and that no running test has been given."""
    while True:
        port = random.choice(PORTS)
        if port in given_ports or not take_port(port):
            continue
        try:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
            return port
        except OSError:
            pass  # somebody else's


class Process:
    def __init__(self, name, command, log_path, env=None, stdin=subprocess.DEVNULL, stdout=None):
        """stdout: a file or subprocess.PIPE; without it, it goes to the log."""
        self.name = name
        self.log_path = log_path
        # A shell's background job has SIGINT ignored, and a program started from it would inherit that.
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        with open(log_path, "ab") as log:
            self.popen = subprocess.Popen(
                command, env=env, stdin=stdin, stdout=stdout or log, stderr=log, start_new_session=True
            )

    def log(self):
        return self.log_path.read_text(errors="replace")

    def is_running(self):
        return self.popen.poll() is None

    def wait_until(self, condition, what):
        """As waiting.wait_until, but does not wait for a dead process."""

        def check():
            result = condition()
            assert result or self.is_running(), f"{self.name} ended; its log ends with:\n{self.log()[-3000:]}"
            return result

        return wait_until(check, lambda: f"{what() if callable(what) else what}; log of {self.name}:\n{self.log()[-3000:]}")

    def stop(self, signum=signal.SIGTERM, whole_group=False):
        """Sends the signal, waits for the end and returns the exit status."""
        if whole_group:
            os.killpg(self.popen.pid, signum)
        else:
            self.popen.send_signal(signum)
        try:
            status = self.popen.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"{self.name} did not end within {STOP_PATIENCE:g} s of {signum!r}; its log ends with:\n{self.log()[-3000:]}"
            ) from None
        assert not self.has_group(), f"{self.name} ended and left a process behind"
        return status

    def has_group(self):
        try:
            os.killpg(self.popen.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self):
        """The end of a test, however it went: nothing of the process group is left."""
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait(STOP_PATIENCE)
