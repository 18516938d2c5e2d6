"""vending-input as a process, without a broker: flags, exit status, what it says and where. With one: test/integration/test_input.py."""

import os
import pathlib
import subprocess

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


def test_it_ends_with_its_standard_input():
    """Although there is no broker. The last report says that nothing came."""
    done = run("--port", "1", "--instance", "here")
    assert done.returncode == 0
    assert done.stdout.startswith("vm_ingest,instance=here received=0i,") and done.stdout.count("\n") == 1
    assert [line[:3] for line in done.stderr.splitlines()][0] == "I! " and "end: received 0" in done.stderr


def test_a_full_output_is_an_error():
    with open("/dev/full", "wb") as full:
        done = subprocess.run([PROGRAM, "--port", "1"], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1
    assert "E! cannot write to standard output: No space left on device" in done.stderr


def test_the_processor_needs_no_mqtt_library():
    libraries = lambda program: subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    assert "libmosquitto" in libraries(PROGRAM)
    assert "libmosquitto" not in libraries(PROGRAM.with_name("vending-processor"))
    assert "libssl" not in libraries(PROGRAM.with_name("vending-processor"))
