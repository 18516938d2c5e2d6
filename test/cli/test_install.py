"""`make install`: copies what is built, compiles nothing."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROCESSOR = Path(os.environ.get("VENDING_PROCESSOR", "build/vending-processor"))
BUILD = (ROOT / PROCESSOR).parent
COMMANDS = ["vending-mend-buffer", "vending-replay-into"]
PROGRAMS = ["vending-processor", "vending-input", "vending-replay"]


def make_install(build, destination):
    command = ["make", "--no-print-directory", "install", "CC=false", f"BUILD={build}", f"DESTDIR={destination}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_what_is_built_is_copied(tmp_path):
    done = make_install(BUILD, tmp_path)
    assert done.returncode == 0, done.stderr
    installed = tmp_path / "usr/local/bin"
    assert sorted(file.name for file in installed.iterdir()) == sorted(PROGRAMS + COMMANDS)
    for name in PROGRAMS:
        assert (installed / name).read_bytes() == (BUILD / name).read_bytes()
        assert os.access(installed / name, os.X_OK)


def test_what_is_not_built_is_said(tmp_path):
    done = make_install(tmp_path / "build", tmp_path / "root")
    assert done.returncode != 0
    assert f"make install: {tmp_path}/build/vending-processor is not there: run make first, as yourself" in done.stderr
    assert not (tmp_path / "root").exists() and not (tmp_path / "build").exists()
