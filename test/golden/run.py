#!/usr/bin/env python3
"""Runs the golden cases against vending-processor and compares every byte. README.md beside this file says what a case is.

usage: run.py [--case NAME]... [--self-test]        VENDING_PROCESSOR = the program (default build/vending-processor)
"""

import argparse
import difflib
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
import expected  # noqa: E402

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DEFAULT_PROGRAM = "build/vending-processor"
RUN_SECONDS = 120
BYTE_BY_BYTE_BYTES = 16 * 1024  # larger input is fed in small random chunks instead
CHUNK_SEED = 20261124
CHUNK_MAX_BYTES = 64
CLOCK_SLACK_NS = 2 * 10**9
LOG_LINE_BYTES = 4096  # plugin/README.md, Being a good execd citizen
LOG_LINE = rb"[EWID]! "

ANY = b"<any>"
ANY_TEXT = b'"<any>"'
NOW = b"<now>"
NUMBER = re.compile(rb"-?[0-9]+[iu]|-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?")
INTEGER = re.compile(rb"-?[0-9]+")


# ---- line protocol to tokens: quotes mean something only directly behind the '=' of a field ----


def end_of_name(data, pos, stops):
    """Where an unescaped byte of stops stands, at or behind pos."""
    while pos < len(data) and data[pos : pos + 1] not in stops:
        pos += 2 if data[pos : pos + 1] == b"\\" and data[pos + 1 : pos + 2] != b"\n" else 1
    return min(pos, len(data))


def end_of_string(data, pos):
    """Behind the closing quote of the string that starts at pos, or -1."""
    pos += 1
    while pos < len(data):
        if data[pos : pos + 1] == b"\\":
            pos += 2
        elif data[pos : pos + 1] == b'"':
            return pos + 1
        else:
            pos += 1
    return -1


def read_record(data, pos):
    """The tokens of the record at pos and where the next begins. Tokens laid end to end are the record's bytes: head, then a (key, value) pair
    for each field, then the rest (the time). What does not read as a record is one token: its line."""
    line_end = data.find(b"\n", pos) + 1 or len(data)
    broken = ([data[pos:line_end]], line_end)
    at = end_of_name(data, pos, (b" ", b"\n")) + 1
    if data[at - 1 : at] != b" " or data[pos : pos + 1] == b"#":
        return broken
    tokens = [data[pos:at]]
    while True:
        start = at
        at = end_of_name(data, at, (b"=", b"\n", b" ", b",")) + 1
        if data[at - 1 : at] != b"=":
            return broken
        key, start = data[start:at], at
        if data[at : at + 1] == b'"':
            at = end_of_string(data, at)
            if at < 0:
                return broken
        else:
            at = end_of_name(data, at, (b",", b" ", b"\n"))
        tokens.append((key, data[start:at]))
        stop = data[at : at + 1]
        if stop == b",":
            tokens.append(b",")
            at += 1
        else:
            line_end = data.find(b"\n", at) + 1 or len(data)
            tokens.append(data[at:line_end])
            return tokens, line_end


def read_records(data):
    records, pos = [], 0
    while pos < len(data):
        tokens, pos = read_record(data, pos)
        records.append(tokens)
    return records


def record_bytes(tokens):
    return b"".join(token if isinstance(token, bytes) else token[0] + token[1] for token in tokens)


# ---- comparing ----


def same_value(want, got):
    if want == ANY_TEXT:
        return got[:1] == b'"'
    if want == ANY:
        return NUMBER.fullmatch(got) is not None
    return want == got


def same_rest(want, got, clock):
    if want == b" " + NOW + b"\n":
        stamp = got[1:-1]
        return (
            got[:1] + got[-1:] == b" \n" and INTEGER.fullmatch(stamp) is not None and clock[0] <= int(stamp) <= clock[1]
        )
    return want == got


def same_record(want, got, clock=(0, 0)):
    if len(want) != len(got):
        return False
    for a, b in zip(want, got):
        if isinstance(a, bytes) != isinstance(b, bytes):
            return False
        if isinstance(a, bytes):
            if not same_rest(a, b, clock):
                return False
        elif a[0] != b[0] or not same_value(a[1], b[1]):
            return False
    return True


def show(record):
    return record_bytes(record).decode("utf-8", "backslashreplace").rstrip("\n") + "\n"


def compare(want, got, clock=(0, 0)):
    """"" if the outputs are the same, else a unified diff of their records; a placeholder that is met shows as what met it."""
    want, got = read_records(want), read_records(got)
    if len(want) == len(got) and all(same_record(a, b, clock) for a, b in zip(want, got)):
        return ""
    shown, unused = [], list(got)
    for record in want:
        met = next((other for other in unused if same_record(record, other, clock)), None)
        if met is not None:
            unused.remove(met)
        shown.append(show(record if met is None else met))
    diff = "".join(difflib.unified_diff(shown, [show(record) for record in got], "expected", "got", n=0))
    return diff or "the same lines, but not the same bytes (look at the ends of lines)\n"


def check_log(log, patterns):
    """Lines of standard error are of bounded length. Each is a log line; or, where there are patterns, each meets one and each pattern has a line."""
    lines = log.split(b"\n")
    complaints = ["standard error does not end in a newline\n"] if lines.pop() else []
    for line in lines:
        text = line[:200].decode("utf-8", "backslashreplace")
        if patterns is None and not re.match(LOG_LINE, line):
            complaints.append(f"standard error has a line without its level: {text}\n")
        if len(line) >= LOG_LINE_BYTES:
            complaints.append(f"standard error has a line of {len(line)} bytes: {text}\n")
        if patterns is not None and not any(re.search(pattern, line) for pattern in patterns):
            complaints.append(f"standard error has a line that err does not allow: {text}\n")
    for pattern in patterns or []:
        if not any(re.search(pattern, line) for line in lines):
            complaints.append(f"standard error has no line like: {pattern.decode()}\n")
    return "".join(complaints)


# ---- running ----


def feed(write_end, data, sizes):
    try:
        pos = 0
        for size in sizes:
            if pos >= len(data):
                break
            pos += os.write(write_end, data[pos : pos + size])
    except BrokenPipeError:
        pass
    finally:
        os.close(write_end)


def run(program, args, data=None, sizes=None):
    """Exit status, output, log and the clock before and after. sizes: the input comes in reads of these sizes (a pipe in packet mode
    gives each write to a read of its own)."""
    began = time.time_ns() - CLOCK_SLACK_NS
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as log, tempfile.TemporaryFile() as whole:
        read_end, feeder = whole, None
        if sizes is None:
            whole.write(data or b"")
            whole.seek(0)
        else:
            read_end, write_end = os.pipe2(os.O_CLOEXEC | getattr(os, "O_DIRECT", 0))
            feeder = threading.Thread(target=feed, args=(write_end, data, sizes))
        process = subprocess.Popen([str(program), *args], stdin=read_end, stdout=out, stderr=log, cwd=ROOT)
        if feeder:
            os.close(read_end)
            feeder.start()
        try:
            status = process.wait(RUN_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            status = f"none within {RUN_SECONDS} s"
        if feeder:
            feeder.join()
        out.seek(0)
        log.seek(0)
        return status, out.read(), log.read(), (began, time.time_ns() + CLOCK_SLACK_NS)


def chunk_sizes(data):
    if len(data) <= BYTE_BY_BYTE_BYTES:
        return "byte by byte", [1] * len(data)
    chooser = random.Random(CHUNK_SEED)
    return "in small chunks", [chooser.randint(1, CHUNK_MAX_BYTES) for _ in range(len(data))]


def read_optional(path):
    return path.read_bytes() if path.exists() else None


def lines_of(data):
    return [line for line in data.split(b"\n") if line] if data is not None else None


def run_case(program, folder):
    """"" if the case passes, else what is wrong."""
    args = [line.decode() for line in lines_of(read_optional(folder / "args") or b"")]
    want = (folder / "out").read_bytes()
    data = read_optional(folder / "in")
    patterns = lines_of(read_optional(folder / "err"))
    exit_status = int(read_optional(folder / "exit") or b"0")
    reading = read_optional(folder / "reading")

    def problems(how, result):
        status, out, log, clock = result
        found = compare(want, out, clock) + check_log(log, patterns)
        if status != exit_status:
            found += f"exit status {status}, expected {exit_status}\n"
            found += "".join(f"  | {line.decode(errors='replace')}\n" for line in log.split(b"\n")[:20])
        return f"  {how}:\n{found}" if found else ""

    found = problems("as a whole", run(program, args, data))
    if data:
        how, sizes = chunk_sizes(data)
        found += problems(how, run(program, args, data, sizes))
    if reading is not None:
        capture = (ROOT / reading.decode().strip()).read_bytes()
        diff = compare(b"".join(expected.rows(capture)), run(program, args, data)[1])
        found += f"  against expected.py:\n{diff}" if diff else ""
    return found


def cases(names):
    folders = sorted(path.parent for path in HERE.glob("*/out"))
    unknown = set(names) - {folder.name for folder in folders}
    if unknown:
        sys.exit(f"no such case: {', '.join(sorted(unknown))}")
    return [folder for folder in folders if not names or folder.name in names]


def run_cases(names):
    program = Path(os.environ.get("VENDING_PROCESSOR", DEFAULT_PROGRAM))
    program = program if program.is_absolute() else ROOT / program
    if not os.access(program, os.X_OK):
        sys.exit(f"{program} is not there: run make, or set VENDING_PROCESSOR")
    failed = passed = 0
    for folder in cases(names):
        found = run_case(program, folder)
        if found:
            failed += 1
            about = (read_optional(folder / "README") or b"").decode().strip()
            print(f"FAILED {folder.name}: {about}\n{found}")
        else:
            passed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


# ---- can the comparer fail? ----

ROW = b'vm_rejected topic="v1/vm/A/x",detail="why, \\"so\\\\",payload="a\nb c=1 2",payload_size=7i 123\n'

# name, expected, got, the same?
COMPARISONS = [
    ("equal bytes", ROW, ROW, True),
    ("any text", ROW.replace(b'"why, \\"so\\\\"', ANY_TEXT), ROW, True),
    ("any text, empty", b'm a="<any>" 1\n', b'm a="" 1\n', True),
    ("any text is text", b'm a="<any>" 1\n', b"m a=5i 1\n", False),
    ("any text stops at its quote", b'm a="<any>",c="3" 1\n', b'm a="1",b="2",c="3" 1\n', False),
    ("any text needs the field", b'm a="<any>",b=1 1\n', b"m b=1 1\n", False),
    ("any text of that field only", b'm a="<any>" 1\n', b'm b="x" 1\n', False),
    ("any text and a quote inside", b'm a="<any>",b=2 1\n', b'm a="x\\",b=2",b=2 1\n', True),
    ("any text and another rest", b'm a="<any>",b=2 1\n', b'm a="x",b=3 1\n', False),
    ("any text and newlines", b'm a="<any>" 1\nm b=1 2\n', b'm a="x\ny\nz" 1\nm b=1 2\n', True),
    ("any number", b"m a=<any> 1\n", b"m a=12i 1\n", True),
    ("any number is no text", b"m a=<any> 1\n", b'm a="1" 1\n', False),
    ("any number is a number", b"m a=<any> 1\n", b"m a=true 1\n", False),
    ("now", b"m a=1 <now>\n", b"m a=1 150\n", True),
    ("now is a time", b"m a=1 <now>\n", b"m a=1\n", False),
    ("now is not another time", b"m a=1 <now>\n", b"m a=1 99\n", False),
    ("another time", b"m a=1 150\n", b"m a=1 151\n", False),
    ("another type", b"m a=1 1\n", b"m a=1i 1\n", False),
    ("another spelling", b"m a=1 1\n", b"m a=1.0 1\n", False),
    ("another tag", b"m,t=a a=1 1\n", b"m,t=b a=1 1\n", False),
    ("a field more", b"m a=1 1\n", b"m a=1,b=2 1\n", False),
    ("fields in another order", b"m a=1,b=2 1\n", b"m b=2,a=1 1\n", False),
    ("a row more", b"m a=1 1\n", b"m a=1 1\nm a=1 1\n", False),
    ("a row less", b"m a=1 1\nm a=1 1\n", b"m a=1 1\n", False),
    ("rows in another order", b"m a=1 1\nm a=2 1\n", b"m a=2 1\nm a=1 1\n", False),
    ("nothing", b"m a=1 1\n", b"", False),
    ("no newline at the end", b"m a=1 1\n", b"m a=1 1", False),
    ("carriage return", b"m a=1 1\r\n", b"m a=1 1\n", False),
    ("a quote in a tag", b'm,t=5" a=1 1\nm b="x" 2\n', b'm,t=5" a=1 1\nm b="y" 2\n', False),
    ("no line protocol", b"a,b\n", b"a,c\n", False),
]

# name, log, patterns, right?
LOGS = [
    ("silent", b"", None, True),
    ("a log line", b"W! x\n", None, True),
    ("no level", b"x\n", None, False),
    ("no newline", b"W! x", None, False),
    ("too long", b"W! " + b"x" * LOG_LINE_BYTES + b"\n", None, False),
    ("pattern met", b"E! no file\n", [rb"^E! .*file"], True),
    ("pattern not met", b"E! no file\n", [rb"^E! .*file", rb"^W! "], False),
    ("line not allowed", b"E! no file\nE! x\n", [rb"^E! .*file"], False),
    ("pattern but silent", b"", [rb"^E! "], False),
]


def self_test():
    wrong = [name for name, want, got, same in COMPARISONS if (compare(want, got, (100, 200)) == "") != same]
    wrong += [name for name, log, patterns, right in LOGS if (check_log(log, patterns) == "") != right]
    for name, data in (("tokens", ROW), ("tokens of two", ROW + ROW), ("tokens of garbage", b'a b="\n\nc\n# d e=1\n')):
        if b"".join(record_bytes(tokens) for tokens in read_records(data)) != data:
            wrong.append(name)
    if expected.siphash24(bytes(range(15)), 0x0706050403020100, 0x0F0E0D0C0B0A0908) != 0xA129CA6149BE45E5:
        wrong.append("the published vector of SipHash-2-4")
    with tempfile.TemporaryDirectory() as place:  # cat is a processor that passes everything through
        for name, data, want, exit_status, right in (
            ("run", ROW, ROW, b"0", True),
            ("run in small chunks", ROW * 1000, ROW * 1000, b"0", True),
            ("run with another output", ROW, ROW + ROW, b"0", False),
            ("run with another exit status", ROW, ROW, b"3", False),
        ):
            for file, content in (("in", data), ("out", want), ("exit", exit_status)):
                (Path(place) / file).write_bytes(content)
            if (run_case("cat", Path(place)) == "") != right:
                wrong.append(name)
    print(f"self-test: {', '.join(wrong)}: wrong" if wrong else "self-test passed")
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", default=[], metavar="NAME", help="run this case only (repeatable)")
    parser.add_argument("--self-test", action="store_true", help="check that the comparer can fail")
    options = parser.parse_args()
    return self_test() if options.self_test else run_cases(options.case)


if __name__ == "__main__":
    sys.exit(main())
