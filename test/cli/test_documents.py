"""Every flag and default is in --help, README.md and telegraf.d/20-processor.conf, and says the same in all three."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("VENDING_PROCESSOR", "build/vending-processor")


def flags_of_help():
    """{flag: default or None}, from the program itself."""
    text = subprocess.run([PROGRAM, "--help"], check=True, capture_output=True, text=True).stdout
    flags = {}
    for entry in re.split(r"\n  (?=--)", text)[1:]:
        words = " ".join(entry.split())
        default = re.search(r"\(default ([^,)]+)", words)
        flags[re.match(r"--[a-z-]+", words).group()] = default.group(1) if default else None
    return flags


FLAGS = flags_of_help()


def flags_of_readme():
    section = (ROOT / "README.md").read_text().split("### Flags")[1].split("\n### ")[0]
    flags = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        for name in re.findall(r"--[a-z-]+", cells[1] if len(cells) > 2 and cells[1].startswith("`--") else ""):
            flags[name] = cells[2].strip("`") or None
    return flags


def flags_of_sample():
    text = (ROOT / "telegraf.d/20-processor.conf").read_text()
    pairs = re.findall(r'^\s*(?:# )?"(--[a-z-]+)", "([^"]*)"', text, re.M)
    return {flag: re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", value) for flag, value in pairs}


def test_help_lists_the_flags_that_are_expected_here():
    assert len(FLAGS) >= 20 and FLAGS["--max-age"] == "7d"


@pytest.mark.parametrize("flag", sorted(FLAGS))
def test_readme_says_what_help_says(flag):
    readme = flags_of_readme()
    assert flag in readme
    if FLAGS[flag] is not None:
        assert readme[flag] == FLAGS[flag]


def test_readme_invents_no_flag():
    assert set(flags_of_readme()) == set(FLAGS)


# Of no use under Telegraf.
NOT_IN_SAMPLE = {"--capture", "--format", "--check", "--version", "--help", "--print-mapping"}


@pytest.mark.parametrize("flag", sorted(set(FLAGS) - NOT_IN_SAMPLE))
def test_sample_configuration_says_what_help_says(flag):
    sample = flags_of_sample()
    assert flag in sample
    if flag not in ("--instance", "--mapping"):
        assert sample[flag] == FLAGS[flag]


def test_every_reject_reason_is_in_the_readme():
    source = (ROOT / "plugin/reject.c").read_text()
    reasons = re.findall(r'\] = PREFIX "(\w+)"', source)
    readme = (ROOT / "README.md").read_text()
    assert len(reasons) >= 15
    assert [reason for reason in reasons if f"`{reason}`" not in readme] == []


def test_every_variable_of_the_configuration_is_in_the_readme():
    used = set()
    for file in (ROOT / "telegraf.d").glob("*.conf"):
        used |= set(re.findall(r"\$\{(\w+):-", "".join(l for l in file.read_text().splitlines(True) if not l.lstrip().startswith("#"))))
    readme = (ROOT / "README.md").read_text()
    assert used and [name for name in sorted(used) if f"`{name}`" not in readme] == []
