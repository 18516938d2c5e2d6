"""What Telegraf's file output writes, read back strictly: an independent reading of line protocol.

A row is compared field by field, with the types: Row.fields is a list of (key, type, value), in the order of the line.
"""

import re
from collections import namedtuple

Row = namedtuple("Row", "measurement tags fields time")

NAME = re.compile(rb'(?:\\.|[^\\, \n])+', re.DOTALL)
KEY = re.compile(rb'(?:\\.|[^\\,= \n])+', re.DOTALL)
TEXT = re.compile(rb'"((?:[^"\\]|\\["\\])*)"', re.DOTALL)
NUMBER = re.compile(rb'-?\d+[iu]?(?![\d.eE])|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false')
TIME = re.compile(rb' (-?\d+)\n')

# Telegraf writes a line break in a tag or a name as two characters.
ESCAPES = {rb"\n": b"\n", rb"\r": b"\r", rb"\t": b"\t", rb"\f": b"\f", rb"\,": b",", rb"\ ": b" ", rb"\=": b"="}
ESCAPE = re.compile(rb"\\[nrtf, =]")


def unescape(text):
    return ESCAPE.sub(lambda found: ESCAPES[found.group()], text)


def unescape_text(text):
    return re.sub(rb'\\(["\\])', rb"\1", text)


def typed(token):
    if token in (b"true", b"false"):
        return "bool", token == b"true"
    if token.endswith(b"i"):
        return "int", int(token[:-1])
    if token.endswith(b"u"):
        return "uint", int(token[:-1])
    return "float", float(token)


class Incomplete(Exception):
    """The bytes end before the record does: it is still being written."""


class Reader:
    """One record after the other; every byte has to make sense."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, pattern, what):
        found = pattern.match(self.data, self.at)
        if not found:
            # The patterns match as soon as their bytes are all there; only the rest of the last line may be incomplete.
            if b"\n" not in self.data[self.at :] or what == "text":
                raise Incomplete
            raise AssertionError(f"no {what} at {self.data[self.at:self.at + 80]!r}")
        self.at = found.end()
        return found

    def next_is(self, byte):
        if self.at >= len(self.data):
            raise Incomplete
        return self.data[self.at : self.at + 1] == byte

    def expect(self, byte):
        assert self.next_is(byte), f"no {byte!r} at {self.data[self.at:self.at + 80]!r}"
        self.at += 1

    def record(self):
        measurement = unescape(self.take(NAME, "measurement").group())
        tags = {}
        while self.next_is(b","):
            self.at += 1
            key = unescape(self.take(KEY, "tag key").group())
            self.expect(b"=")
            tags[key] = unescape(self.take(KEY, "tag value").group())
        fields = []
        self.expect(b" ")
        while True:
            key = unescape(self.take(KEY, "field key").group())
            self.expect(b"=")
            if self.next_is(b'"'):
                fields.append((key, "text", unescape_text(self.take(TEXT, "text").group(1))))
            else:
                fields.append((key, *typed(self.take(NUMBER, "number").group())))
            if not self.next_is(b","):
                break
            self.at += 1
        time = int(self.take(TIME, "time").group(1))
        return Row(measurement, tags, fields, time)


def read_records(data):
    """Returns the rows and how many bytes they took."""
    reader, rows, done = Reader(data), [], 0
    while reader.at < len(data):
        try:
            rows.append(reader.record())
        except Incomplete:
            break
        done = reader.at
    return rows, done


class RowFile:
    """The rows in a file that grows; rows() reads what is new and returns all there are."""

    def __init__(self, path):
        self.path = path
        self.read = 0
        self.all = []

    def rows(self):
        if self.path.exists():
            with open(self.path, "rb") as file:
                file.seek(self.read)
                fresh, done = read_records(file.read())
            self.read += done
            self.all.extend(fresh)
        return self.all

    def of(self, *measurements):
        return [row for row in self.rows() if row.measurement.decode() in measurements]


def field(row, name):
    """Its value; None if the row has no such field."""
    for key, _, value in row.fields:
        if key == name.encode():
            return value
    return None
