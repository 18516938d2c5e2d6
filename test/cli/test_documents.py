"""Every flag and default is in --help, README.md and the sample configuration, and says the same in all three."""

import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / os.environ.get("VENDING_PROCESSOR", "build/vending-processor")


def flags_of_help(program=PROGRAM):
    """{flag: default or None}, from the program itself."""
    text = subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout
    flags = {}
    for entry in re.split(r"\n  (?=--)", text)[1:]:
        words = " ".join(entry.split())
        default = re.search(r"\(default ([^,)]+)", words)
        flags[re.match(r"--[a-z-]+", words).group()] = default.group(1) if default else None
    return flags


FLAGS = flags_of_help()


def readme_section(heading):
    return (ROOT / "README.md").read_text().split(f"### {heading}\n")[1].split("\n## ")[0].split("\n### ")[0]


def flags_of_readme(heading="Flags"):
    flags = {}
    for line in readme_section(heading).splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        for name in re.findall(r"--[a-z-]+", cells[1] if len(cells) > 2 and cells[1].startswith("`--") else ""):
            flags[name] = cells[2].strip("`") or None
    return flags


def flags_of_sample(name="20-processor.conf"):
    text = (ROOT / "telegraf.d" / name).read_text()
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


REPLAY_FLAGS = flags_of_help(PROGRAM.with_name("vending-replay"))
REPLAY_HEADING = "Playing captures to a broker"


@pytest.mark.parametrize("flag", sorted(REPLAY_FLAGS))
def test_readme_says_what_the_help_of_replay_says(flag):
    """Its own flags with their defaults; those of the connection, which it shares, at least by name."""
    readme = flags_of_readme(REPLAY_HEADING)
    assert f"`{flag}" in readme_section(REPLAY_HEADING)
    if flag in readme and REPLAY_FLAGS[flag] is not None:
        assert (readme[flag] or "").replace("`", "").startswith(REPLAY_FLAGS[flag])


def test_readme_invents_no_flag_of_replay():
    assert len(REPLAY_FLAGS) >= 20
    assert set(re.findall(r"`(--[a-z-]+)", readme_section(REPLAY_HEADING))) - set(REPLAY_FLAGS) == set()


# Of no use under Telegraf.
NOT_IN_SAMPLE = {"--capture", "--format", "--check", "--version", "--help", "--print-mapping"}


@pytest.mark.parametrize("flag", sorted(set(FLAGS) - NOT_IN_SAMPLE))
def test_sample_configuration_says_what_help_says(flag):
    sample = flags_of_sample()
    assert flag in sample
    if flag not in ("--instance", "--mapping"):
        assert sample[flag] == FLAGS[flag]


INPUT_FLAGS = flags_of_help(PROGRAM.with_name("vending-input"))
INPUT_HEADING = "MQTT 5: vending-input"


@pytest.mark.parametrize("flag", sorted(INPUT_FLAGS))
def test_readme_says_what_the_help_of_input_says(flag):
    """Those that it shares with the processor stand there."""
    readme = {**flags_of_readme(), **flags_of_readme(INPUT_HEADING)}
    assert flag in readme
    if INPUT_FLAGS[flag] is not None and flag != "--client-id":
        assert readme[flag].startswith(INPUT_FLAGS[flag])


def test_readme_invents_no_flag_of_input():
    assert set(flags_of_readme(INPUT_HEADING)) <= set(INPUT_FLAGS)


# There the sample says what suits Telegraf; or a file stands for those that have none by default.
INPUT_SAMPLE_DIFFERS = {"--client-id", "--port", "--username", "--share", "--instance", "--mapping", "--password-file", "--record",
                        "--tls-ca", "--tls-cert", "--tls-key"}


@pytest.mark.parametrize("flag", sorted(set(INPUT_FLAGS) - NOT_IN_SAMPLE))
def test_sample_configuration_says_what_the_help_of_input_says(flag):
    sample = flags_of_sample("15-input-vending.conf.sample")
    assert flag in sample
    if flag not in INPUT_SAMPLE_DIFFERS:
        assert sample[flag] == INPUT_FLAGS[flag]


def test_every_reject_reason_is_in_the_readme():
    source = (ROOT / "plugin/core/reject.c").read_text()
    reasons = re.findall(r'\] = PREFIX "(\w+)"', source)
    readme = (ROOT / "README.md").read_text()
    assert len(reasons) >= 15
    assert [reason for reason in reasons if f"`{reason}`" not in readme] == []


def test_every_variable_of_the_configuration_is_in_the_readme():
    used = set()
    for file in (ROOT / "telegraf.d").glob("*.conf*"):
        used |= set(re.findall(r"\$\{(\w+):-", "".join(l for l in file.read_text().splitlines(True) if not l.lstrip().startswith("#"))))
    readme = (ROOT / "README.md").read_text()
    assert used and [name for name in sorted(used) if f"`{name}`" not in readme] == []
