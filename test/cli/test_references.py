"""Every file that a comment or a document names is in the tree.

So is the heading that it names there, and what a Markdown link leads to.
"""

import ast
import fnmatch
import functools
import io
import os
import pathlib
import re
import subprocess
import tokenize
import unicodedata

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Data, what programs made, and cases whose bytes are the matter. (Documents among them are read.)
NOT_READ = [
    "test/captures/*.jsonl",
    "test/golden/*/in",
    "test/golden/*/out",
    "test/golden/*/err",
    "test/golden/*/args",
    "*/go.sum",
    "*/package-lock.json",
    "grafana/dashboards/*.json",
    "LICENSE",
]

# Named, and rightly not in the tree.
ELSEWHERE = [
    # Of others: Telegraf's main file, its parser's grammar and its sources, EMQX's files, an image.
    "telegraf.conf",
    "*machine.go.rl",
    "plugins/serializers/*",
    "base.hocon",
    "acl.conf",
    "etc/acl.conf",
    "grafana/grafana",
    # Made at run time, or on the reader's own machine.
    "capture.jsonl",
    "15-input-vending.conf",
    # Any of several is meant: each program has the one, each module of Go the other.
    "main.c",
    "go.mod",
]

SUFFIXES = "md|c|h|py|sh|sql|conf|conf.sample|jsonl|json|ya?ml|toml|hocon|mjs|go|mod|acl|rl"
NO_NAME_BEFORE = r"(?<![\w./$~{}<>*@-])"
PART = r"[\w.*$~{}-]"
NAME = re.compile(rf"{NO_NAME_BEFORE}(?:{PART}+/)*{PART}*[\w*}}]\.(?:{SUFFIXES})(?![\w*/-]|\.\w)")
FOLDERS = r"plugin|test|schema|grafana|telegraf\.d"
PATH = re.compile(rf"{NO_NAME_BEFORE}(?:{FOLDERS})/[\w.*/-]+(?<![./])")
URL = re.compile(r"\w+://\S+")
# A document and what stands there: `plugin/README.md, Never lose 3`, `grafana/README.md, "Alerts"`.
CITATION = re.compile(r"(?<![\w./-])((?:[\w.-]+/)*\w+\.md)[,:]\s+(?=([^.:;)]*))")
TITLE = re.compile(r"\"?([A-Z][\w'-]*(?:\s+[a-z][\w'-]*)*)")
PLACEHOLDER = re.compile(r"(?<![A-Za-z])(?:ROOM|FILE|NAME|CASE|DASHBOARD)(?![A-Za-z])")


def tracked():
    """What git knows of. Nothing of the checkout is run, so it may belong to somebody else."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def is_one_of(name, patterns):
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


FILES = tracked()
TREE = frozenset(FILES) | {str(folder) for name in FILES for folder in pathlib.PurePath(name).parents}
READ = [name for name in FILES if not is_one_of(name, NOT_READ)]
DOCUMENTS = [name for name in READ if name.endswith(".md")]


@functools.cache
def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


# ---- what a file says to people ----


def comments_of_python(text):
    lines = tokenize.generate_tokens(io.StringIO(text).readline)
    nodes = (ast.Module, ast.ClassDef, ast.FunctionDef)
    said = [ast.get_docstring(node) or "" for node in ast.walk(ast.parse(text)) if isinstance(node, nodes)]
    return "\n".join([*said, *(token.string for token in lines if token.type == tokenize.COMMENT)])


def comments_like_c(text):
    strings = r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`[^`]*`"
    found = re.finditer(rf"{strings}|(?P<comment>/\*.*?\*/|//[^\n]*)", text, re.S)
    return "\n".join(one["comment"] for one in found if one["comment"])


def comments(name, text):
    suffix = pathlib.PurePath(name).suffix
    if suffix == ".md" or name.endswith("README"):
        return text
    if suffix == ".py":
        return comments_of_python(text)
    if suffix in (".c", ".h", ".go", ".mjs", ".mod"):
        return comments_like_c(text)
    if suffix == ".sql":
        return "\n".join(re.findall(r"--[^\n]*", text))
    if suffix == ".json":
        return ""
    return "\n".join(re.findall(r"(?:^|(?<=\s))#[^\n]*", text))


# ---- names of files, and headings in them ----


def is_there(named, beside):
    """Seen from the file's folder or one above it, or as the end of exactly one path of the tree.

    Of a pattern it is enough to meet something.
    """
    pattern = PLACEHOLDER.sub("*", named)
    paths = [os.path.normpath(folder / pattern) for folder in pathlib.PurePath(beside).parents]
    if "*" in pattern:
        return any(is_one_of(name, [*paths, f"*/{pattern}"]) for name in TREE)
    return any(path in TREE for path in paths) or sum(name.endswith(f"/{pattern}") for name in FILES) == 1


def missing_files(name, text, elsewhere=()):
    words = URL.sub("", comments(name, text))
    named = {*NAME.findall(words), *PATH.findall(words)}
    return sorted(one for one in named if not is_there(one, name) and not is_one_of(one, elsewhere))


def begins(start, whole):
    return re.match(rf"{re.escape(start)}(?!\w)", whole)


def missing_headings(name, text):
    """Of "FILE.md, Heading, Heading": each that begins with a capital has to be there.

    As a heading, as its first words ("Never lose"), or with more words behind it ("Time in ...").
    """
    missing = []
    for named, cited in CITATION.findall(re.sub(r"\s*\n\s*(?:\*|#|--)?\s*", " ", comments(name, text))):
        beside = os.path.normpath(os.path.join(os.path.dirname(name), named))
        titles = [title for file in {named, beside} & TREE for title, _ in headings(read(file))]
        words = [found[1] for one in re.split(r",\s+|\s+and\s+", cited) if (found := TITLE.match(one))]
        for one in words:
            if titles and not any(begins(one, title) or begins(title, one) for title in titles):
                missing.append(f"{named}, {one}")
    return missing


# ---- Markdown ----


def without_code(text):
    return re.sub(r"^```.*?^```", lambda block: "\n" * block[0].count("\n"), text, flags=re.M | re.S)


def headings(text):
    """(title, anchor) of each heading, by GitHub's rule.

    Small letters, blanks to dashes, other punctuation gone, a number behind what comes again.
    """
    found, used = [], {}
    for line in without_code(text).splitlines():
        if match := re.match(r"#{1,6}\s+(.*?)\s*#*$", line):
            title = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", match[1]).replace("`", "")
            dashed = title.lower().replace(" ", "-")
            anchor = "".join(c for c in dashed if c in "-_" or unicodedata.category(c)[0] in "LNM")
            used[anchor] = used.get(anchor, -1) + 1
            found.append((title, f"{anchor}-{used[anchor]}" if used[anchor] else anchor))
    return found


def dead_links(name, text):
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", without_code(text))):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        file = os.path.normpath(os.path.join(os.path.dirname(name), path)) if path else name
        titles = headings(text) if file == name else headings(read(file)) if file in FILES else []
        if file not in {*TREE, name} or (anchor and anchor not in [one for _, one in titles]):
            dead.append(target)
    return dead


def width(line):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def wide_prose(text):
    """Numbers of the lines of more than 100 columns, but for tables and blocks of code."""
    lines = enumerate(without_code(text).splitlines(), 1)
    return [number for number, line in lines if width(line) > 100 and not line.startswith("|")]


# ---- the tests ----


def test_there_is_something_to_read():
    assert len(READ) > 250 and len(DOCUMENTS) >= 9
    assert {"README.md", "Makefile", "plugin/core/pipeline.c", "test/golden/redelivery/README"} <= set(READ)


@pytest.mark.parametrize("name", READ)
def test_every_file_that_is_named_is_there(name):
    text = read(name)
    assert missing_files(name, text, ELSEWHERE) == []
    assert missing_headings(name, text) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_leads_somewhere(name):
    assert dead_links(name, read(name)) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_prose_has_a_hundred_columns(name):
    assert wide_prose(read(name)) == []


def test_what_is_said_to_be_elsewhere_is_named_somewhere():
    """A list of exceptions that only grows hides what it was not made for."""
    everything = {one for name in READ for one in missing_files(name, read(name))}
    assert [pattern for pattern in ELSEWHERE if not any(is_one_of(one, [pattern]) for one in everything)] == []


# ---- can they fail? ----

MADE_UP = {
    "plugin/core/x.c": (
        "/* See rules.md, Time, options.c and core/nothing.h; base/span.h and test_arena.c are there. */\n"
        '#include "not_a_comment.h"\n// plugin/core/absent/ and https://example.com/elsewhere.md\n',
        ["core/nothing.h", "options.c", "plugin/core/absent", "rules.md"],
    ),
    "test/x.py": (
        '"""Like test/gone.py."""\nNAME = "made.jsonl"  # but not absent.sh\n',
        ["absent.sh", "test/gone.py"],
    ),
    "x.sql": (
        "SELECT 'x.md'; -- measured in nowhere.md\n",
        ["nowhere.md"],
    ),
    "x.conf": (
        'topic = "a#b.md"  # 10-input-mqtt.conf, not 11-nothing.conf, nor /etc/telegraf/of-others.conf\n',
        ["11-nothing.conf"],
    ),
    "plugin/x.md": (
        "`stack/telegraf.sh`, core/*.c, test/unit/ROOM/test_FILE.c, but `core/*.cpp.c` and `stack/none.sh`.\n",
        ["core/*.cpp.c", "stack/none.sh"],
    ),
    "test/golden/x/README": (
        "What a case pins: expected.py, unexpected.py\n",
        ["unexpected.py"],
    ),
}


@pytest.mark.parametrize("name", sorted(MADE_UP))
def test_a_name_that_leads_nowhere_is_found(name):
    text, expected = MADE_UP[name]
    assert missing_files(name, text) == expected
    assert missing_files(name, text, ["*"]) == []


def test_a_heading_that_is_not_there_is_found():
    text = '/* See test/golden/README.md, Golden cases, and (schema/README.md, "Without\n * policies", Roles). */'
    assert missing_headings("plugin/x.c", text) == []
    for word, other, missing in [
        ("cases", "rules", "test/golden/README.md, Golden rules"),
        ("policies", "politics", "schema/README.md, Without politics"),
        ("Roles", "Rules", "schema/README.md, Rules"),
    ]:
        assert missing_headings("plugin/x.c", text.replace(word, other)) == [missing]


def test_a_dead_link_is_found():
    text = (
        "# Some `code`: a title\n\n## 冷冻超温 and so on\n\n## Twice\n\n## Twice\n\n"
        "```sh\n# no title\n[x](none.md)\n```\n"
    )
    alive = ["#some-code-a-title", "#冷冻超温-and-so-on", "#twice-1", "README.md", "captures"]
    alive += ["../schema/README.md#the-landing", "https://example.com"]
    dead = ["#twice-2", "#no-title", "none.md", "../schema/README.md#the-sea"]
    assert dead_links("test/x.md", text + " ".join(f"[x]({link})" for link in alive)) == []
    assert dead_links("test/x.md", text + " ".join(f"[x]({link})" for link in dead)) == dead


def test_a_line_that_is_too_long_is_found():
    long = "x" * 101
    assert wide_prose(f"{long[:100]}\n| {long}\n```\n{long}\n```\n{long}\n{'宽' * 51}\n") == [6, 7]
