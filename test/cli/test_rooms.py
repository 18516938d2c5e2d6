"""The rooms of plugin/ (plugin/README.md, Rooms): includes run downwards only, each module has its header and its tests, and a
public symbol's name tells its room and file."""

import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLUGIN = ROOT / "plugin"

# From the top. A room includes itself and what is on a lower floor.
FLOORS = [
    ["replay", "input", "processor"],
    ["mqtt", "run"],
    ["capture", "cli"],
    ["core", "io"],
    ["json", "lp"],
    ["base"],
]
FLOOR = {room: len(FLOORS) - number for number, rooms in enumerate(FLOORS) for room in rooms}

# There the name of a public symbol begins with room_file; the others are shelves of small things.
PREFIXED = ["json", "lp", "capture", "mqtt", "replay"]

SOURCES = sorted(PLUGIN.glob("*/*.[ch]"))
MODULES = [path for path in SOURCES if path.suffix == ".c" and path.stem != "main"]


def includes(text):
    return re.findall(r'^#include "([^"]+)"', text, re.M)


def arrows(files):
    """(from room, to room) of every include between rooms, with the file that has it."""
    found = {}
    for path, text in files:
        for name in includes(text):
            room = name.split("/")[0]
            if room != path.parent.name:
                found.setdefault((path.parent.name, room), []).append(path.name)
    return found


def upward(found):
    return {arrow: files for arrow, files in found.items() if FLOOR[arrow[0]] <= FLOOR.get(arrow[1], 99)}


def test_every_room_has_a_floor():
    assert {path.parent.name for path in SOURCES} == set(FLOOR)
    assert len(SOURCES) > 100


def test_includes_run_downwards():
    found = arrows((path, path.read_text()) for path in SOURCES)
    print(f"{len(found)} arrows between {len(FLOOR)} rooms")
    assert len(found) > 20
    assert upward(found) == {}


@pytest.mark.parametrize("path, name", [("json/scan.h", "core/reject.h"), ("core/topic.c", "core2/x.h"), ("io/log.c", "core/topic.h")])
def test_an_include_that_runs_upward_is_found(path, name):
    assert upward(arrows([(PLUGIN / path, f'#include "{name}"\n')]))


def test_includes_name_room_and_file():
    wrong = [(str(path), name) for path in SOURCES for name in includes(path.read_text()) if not (PLUGIN / name).is_file()]
    assert wrong == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_module_has_a_header_and_tests(path):
    assert path.with_suffix(".h").is_file()
    assert (ROOT / "test/unit" / path.parent.name / f"test_{path.stem}.c").is_file()


def test_no_test_is_left_without_its_module():
    left = [str(path) for path in (ROOT / "test/unit").glob("*/test_*.c")
            if not (PLUGIN / path.parent.name / f"{path.stem.removeprefix('test_')}.c").is_file()]
    assert left == []


def test_headers_say_what_they_are():
    wrong = []
    for path in SOURCES:
        if path.suffix == ".h":
            name = f"{path.parent.name}/{path.name}"
            guard = f"VENDING_{path.parent.name}_{path.stem}_H".upper()
            text = path.read_text()
            if not text.startswith(f"/* {name} - ") or f"#ifndef {guard}\n#define {guard}\n" not in text:
                wrong.append(name)
    assert wrong == []


def symbols(path):
    """Names that the object of a source file gives to others."""
    built = ROOT / "build/obj" / path.parent.name / f"{path.stem}.o"
    text = subprocess.run(["nm", "--extern-only", "--defined-only", built], check=True, capture_output=True, text=True).stdout
    return [line.split()[-1] for line in text.splitlines()]


@pytest.mark.parametrize("path", [path for path in MODULES if path.parent.name in PREFIXED], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_public_symbols_begin_with_room_and_file(path):
    names = symbols(path)
    assert names
    prefix = f"{path.parent.name}_{path.stem}"
    assert [name for name in names if name != prefix and not name.startswith(prefix + "_")] == []
