"""vending-input as a process, without a broker: flags, exit status, what it says and where. With one: test/integration/test_input.py."""

import os
import pathlib
import select
import signal
import socket
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = (ROOT / os.environ.get("VENDING_PROCESSOR", "build/vending-processor")).with_name("vending-input")


def run(*flags, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MQTT_")}
    return subprocess.run([PROGRAM, *flags], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env={**clean, **environment})


REFUSED = {
    "an unknown flag": (["--nonsense"], 'unknown flag "--nonsense"; vending-input --help shows the flags'),
    "a password in sight": (["--password", "x"], 'unknown flag "--password"; vending-input --help shows the flags'),
    "an operand": (["x"], 'unexpected argument "x"; vending-input --help shows the flags'),
    "no such CA": (["--tls", "verify", "--tls-ca", "/nonexistent"], "--tls-ca: /nonexistent: No such file or directory"),
    "no such password file": (["--password-file", "/nonexistent"], "password file /nonexistent: No such file or directory"),
    "no such mapping": (["--mapping", "/nonexistent"], "/nonexistent: No such file or directory"),
    "a CA without TLS": (["--tls-ca", "/etc/passwd"], "--tls-ca, --tls-cert and --tls-key have no effect without --tls verify"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("also", [(), ("--check",)], ids=["run", "check"])
def test_refused(case, also):
    flags, line = REFUSED[case]
    done = run(*flags, *also)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"E! vending-input: {line}\n")


@pytest.mark.parametrize("flag, words", {
    "--password-file": "password file {file}: not a regular file",
    "--tls-ca": "--tls-ca: {file}: not a regular file",
    "--tls-cert": "--tls-cert: {file}: not a regular file",
    "--tls-key": "--tls-key: {file}: not a regular file",
}.items())
def test_a_pipe_in_place_of_a_file_is_refused_and_not_waited_for(tmp_path, flag, words):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    other = {"--tls-cert": ["--tls-key", os.devnull], "--tls-key": ["--tls-cert", "/etc/passwd"]}.get(flag, [])
    done = run("--tls", "verify", flag, str(pipe), *other)
    assert (done.returncode, done.stderr) == (2, f"E! vending-input: {words.format(file=pipe)}\n")


@pytest.mark.parametrize("mode, verb", [(0o600, None), (0o640, None), (0o644, "read"), (0o622, "write"), (0o666, "read and write")])
def test_a_password_that_is_open_to_everybody_is_warned_of_once(tmp_path, mode, verb):
    password = tmp_path / "password"
    password.write_text("s3cret\n")
    password.chmod(mode)
    with Running("--password-file", str(password), "--reconnect-max", "1s", "--log-rate", "0") as running:
        for _ in range(2):
            running.wait_for_log(b"next try in")
            running.log = running.log.replace(b"next try in", b"")
        _, _, log = running.end()
    warnings = [line for line in log.splitlines() if line.startswith("W! ")]
    assert warnings == ([f"W! password file {password}: everybody may {verb} it: chmod o= it"] if verb else [])
    assert "s3cret" not in log


def test_check_says_what_is_in_force():
    done = run("--check", "--host", "broker", "--share", "group", "--record", "/nonexistent/raw", MQTT_PASSWORD="s3cret")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("configuration is valid: 15 columns of telemetry, ")
    for setting in ("host=broker", "port=0", "share=group", "record=/nonexistent/raw", "max-age=7d", "tls=off"):
        assert f" {setting} " in f" {done.stdout.rstrip()} "
    assert "s3cret" not in done.stdout


def test_version_and_help():
    assert run("--version").stdout == "vending-input 0.2.0\n"
    done = run("--help")
    assert done.returncode == 0 and done.stdout.startswith("vending-input 0.2.0 - ") and done.stderr == ""
    assert "MQTT_PASSWORD" in done.stdout


def test_the_mapping_is_the_processors():
    assert run("--print-mapping").stdout == subprocess.run([PROGRAM.with_name("vending-processor"), "--print-mapping"],
                                                           capture_output=True, text=True, check=True).stdout


# ---- its end ----


class Running:
    """Without a broker. Its standard output is read at the end alone."""

    def __init__(self, *flags, port=1, stdin=subprocess.PIPE, **how):
        self.process = subprocess.Popen([PROGRAM, "--port", str(port), "--instance", "here", *flags], stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, **how)
        self.log = b""

    def wait_for_log(self, text):
        deadline = time.monotonic() + 60
        while text not in self.log:
            assert select.select([self.process.stderr], [], [], max(0, deadline - time.monotonic()))[0], f"{text!r} is not in {self.log!r}"
            chunk = os.read(self.process.stderr.fileno(), 65536)
            assert chunk, f"{text!r} is not in {self.log!r}"
            self.log += chunk
        return self

    def end(self, signum=None):
        """Status, output and log."""
        if signum:
            self.process.send_signal(signum)
        out, rest = self.process.communicate(timeout=60)
        return self.process.returncode, out.decode(), (self.log + rest).decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


def test_it_ends_with_its_standard_input():
    """Although there is no broker. The last report says that nothing came, and the log why it ends."""
    with Running() as running:
        running.wait_for_log(b"cannot connect")
        code, out, log = running.end()  # closes it
    assert code == 0
    assert out.startswith("vm_ingest,instance=here received=0i,") and out.count("\n") == 1
    lines = log.splitlines()
    assert lines[0].startswith("I! ") and lines[-1].startswith("I! end: received 0")
    assert lines[-2] == "I! standard input has ended: so do we"


@pytest.fixture(params=["/dev/null", "a file", "an ended pipe", "an ended socket", "closed"])
def useless_stdin(request, tmp_path):
    """What standard input is under cron, systemd, nohup and a shell's &: arguments for Popen, and how the log calls it."""
    if request.param == "/dev/null":
        yield {"stdin": subprocess.DEVNULL}, "is no pipe"
    elif request.param == "a file":
        (tmp_path / "file").write_text("x\n")
        with open(tmp_path / "file", "rb") as file:
            yield {"stdin": file}, "is no pipe"
    elif request.param == "closed":
        yield {"stdin": None, "preexec_fn": lambda: os.close(0)}, "is no pipe"
    elif request.param == "an ended pipe":
        ours, theirs = os.pipe()
        os.write(theirs, b"some bytes before it\n")
        os.close(theirs)
        yield {"stdin": ours}, "has ended already"
        os.close(ours)
    else:
        ours, theirs = socket.socketpair()
        theirs.close()
        yield {"stdin": ours}, "has ended already"
        ours.close()


def test_a_standard_input_that_cannot_end_does_not_end_it(useless_stdin):
    how, word = useless_stdin
    with Running(**how) as running:
        running.wait_for_log(f"I! standard input {word}: nothing but SIGTERM ends this program\n".encode())
        running.wait_for_log(b"next try in")
        with pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(1)
        code, _, log = running.end(signal.SIGTERM)
    assert code == 0 and "has ended: so do we" not in log


def test_a_person_at_a_terminal_ends_it_with_ctrl_c():
    """As a shell starts it in the foreground, whatever the format. What is typed is left to whoever reads it."""
    ours, theirs = os.openpty()
    with Running(stdin=theirs, start_new_session=True) as running:
        running.wait_for_log(b"I! standard input is no pipe: nothing but SIGTERM or Ctrl-C ends this program\n")
        os.write(ours, b"typed\n\x04")
        running.wait_for_log(b"next try in")
        code, _, _ = running.end(signal.SIGINT)
    os.close(ours)
    os.close(theirs)
    assert code == 0


@pytest.mark.parametrize("form", ["influx", "table", "json", "csv"])
def test_signals_without_a_meaning_do_no_harm(form):
    with Running("--format", form) as running:
        running.wait_for_log(b"next try in")
        for number in (signal.SIGUSR1, signal.SIGUSR2):
            running.process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            running.process.wait(0.5)
        assert running.end(signal.SIGTERM)[0] == 0


def test_a_full_output_is_an_error():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PROGRAM, "--port", "1", "--report-interval", "1s"], stdin=subprocess.DEVNULL, stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1
    assert "E! cannot write to standard output: No space left on device" in done.stderr


def test_its_last_words_are_not_held_back():
    with Running("--log-rate", "1", stdin=subprocess.DEVNULL) as running:
        running.wait_for_log(b"cannot connect")
        code, _, log = running.end(signal.SIGTERM)
    assert code == 0 and log.splitlines()[-1].startswith("I! end: received 0") and " held back (limit: 1 a minute)" in log


POISON = {  # a property that MQTT 5 does not have, on which libmosquitto 2.0.11 aborts
    "CONNACK": [b"\x20\x05\0\0\x02\x7f\x01"],
    "SUBACK": [b"\x20\x03\0\0\0", b"\x90\x06\0\x01\x02\x7f\x01\x01"],
    "PUBLISH": [b"\x20\x03\0\0\0", b"\x32\x08\0\x01t\0\x01\x02\x7f\x01"],
    "a large PUBLISH": [b"\x20\x03\0\0\0", b"\x30\x80\x80\x40\0\x01t\x02\x7f\x01" + 0x100000 * b"x"],
    "DISCONNECT": [b"\x20\x03\0\0\0", b"\xe0\x04\x81\x02\x7f\x01"],
}


@pytest.mark.parametrize("packet", POISON)
def test_a_rogue_broker_does_not_abort_it(packet):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(60)
        with Running(port=listener.getsockname()[1]) as running:
            connection, _ = listener.accept()
            connection.settimeout(60)
            assert connection.recv(4096)[:1] == b"\x10"
            try:
                for part in POISON[packet]:
                    connection.sendall(part)
            except ConnectionError:
                pass  # it has heard enough
            running.wait_for_log(b"what comes is not MQTT 5: check --port and --tls; next try in")
            connection.close()
            code, _, log = running.end(signal.SIGTERM)
    assert code == 0 and "end: received 0 = " in log


def test_the_processor_needs_no_mqtt_library():
    libraries = lambda program: subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    assert "libmosquitto" in libraries(PROGRAM)
    assert "libmosquitto" not in libraries(PROGRAM.with_name("vending-processor"))
    assert "libssl" not in libraries(PROGRAM.with_name("vending-processor"))
