"""JSON as the contract reads it: within limits, with the words for "no number", with its texts and numbers as they were written.

Sections of plugin/README.md stand beside what they say, as in model.py.
"""

import math
import re

INT64 = 2**63
SHOWN_BYTES = 64  # Anomalies: "A value is shown with at most 64 bytes"

# ---- JSON (RFC 8259), and the words for "no number" ----


class BadJson(Exception):
    """Why a payload is no JSON that is taken; reason is a reject's, at the byte of the fault."""

    def __init__(self, reason, at):
        super().__init__(reason)
        self.reason, self.at = reason, at


class Node:
    """A JSON value. kind: null true false number word text object array. raw: its bytes. value: decoded text with lone surrogates kept, members of
    an object as a list of (key, Node), items of an array."""

    __slots__ = ("kind", "raw", "value")

    def __init__(self, kind, raw, value=None):
        self.kind, self.raw, self.value = kind, raw, value


SPACE = re.compile(rb"[ \t\n\r]*")
NUMBER = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
STRING = re.compile(rb'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"')
# Mapped columns: "one of the words nan, inf, infinity in any case, each with an optional - in front".
WORD = re.compile(rb"-?(?:nan|infinity|inf)", re.IGNORECASE)
LITERAL = re.compile(rb"true|false|null")
WORD_GOES_ON = re.compile(rb"[0-9A-Za-z_.+-]")
ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
LONE = re.compile("[\ud800-\udfff]")


def unescape(body):
    text = body.decode("utf-8")
    if "\\" not in text:
        return text
    text = ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else ESCAPES.get(m[2], m[2]), text)
    return PAIR.sub(lambda m: m[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)


class Reader:
    """Reads values one after another, within limits that hold for all of them together (Batches)."""

    def __init__(self, data, settings):
        self.data, self.settings, self.values = data, settings, 0

    def space(self, at):
        return SPACE.match(self.data, at).end()

    def read(self, at, depth=0):
        """The value at `at`, and the place behind it."""
        data = self.data
        head = data[at : at + 1]
        self.values += 1
        # Open: which of the two limits is named where one value breaks both.
        if head and head in b"{[":
            self.check_count(at)
            if depth + 1 > self.settings.max_depth:
                raise BadJson("too_deep", at)
        if head == b"{":
            return self.read_object(at, depth + 1)
        if head == b"[":
            return self.read_array(at, depth + 1)
        if head == b'"':
            found = STRING.match(data, at)
            if not found:
                raise BadJson("invalid_json", self.end_of_good_string(at))
            self.check_count(at)
            return Node("text", found[0], unescape(found[1])), found.end()
        for kind, pattern in (("number", NUMBER), ("literal", LITERAL), ("word", WORD)):
            found = pattern.match(data, at)
            if found:
                if kind != "number" and WORD_GOES_ON.match(data, found.end()):
                    break
                self.check_count(at)
                return Node(found[0].decode() if kind == "literal" else kind, found[0]), found.end()
        self.values -= 1  # it is none
        raise BadJson("invalid_json", at)

    def check_count(self, at):
        if self.values > self.settings.max_values:
            raise BadJson("too_many_values", at)

    def end_of_good_string(self, at):
        return re.compile(rb'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*').match(self.data, at).end()

    def read_object(self, start, depth):
        data, members = self.data, []
        at = self.space(start + 1)
        if data[at : at + 1] == b"}":
            return Node("object", data[start : at + 1], members), at + 1
        while True:
            key = STRING.match(data, at)
            if not key:
                raise BadJson("invalid_json", self.end_of_good_string(at) if data[at : at + 1] == b'"' else at)
            at = self.space(key.end())
            if data[at : at + 1] != b":":
                raise BadJson("invalid_json", at)
            node, at = self.read(self.space(at + 1), depth)
            members.append((unescape(key[1]), node))
            at = self.space(at)
            stop = data[at : at + 1]
            if stop == b"}":
                return Node("object", data[start : at + 1], members), at + 1
            if stop != b",":
                raise BadJson("invalid_json", at)
            at = self.space(at + 1)

    def read_array(self, start, depth):
        data, items = self.data, []
        at = self.space(start + 1)
        if data[at : at + 1] == b"]":
            return Node("array", data[start : at + 1], items), at + 1
        while True:
            node, at = self.read(at, depth)
            items.append(node)
            at = self.space(at)
            stop = data[at : at + 1]
            if stop == b"]":
                return Node("array", data[start : at + 1], items), at + 1
            if stop != b",":
                raise BadJson("invalid_json", at)
            at = self.space(at + 1)


# ---- numbers ----

NUMBER_PARTS = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?", re.ASCII)
# Never lose 5: "What is unambiguous is read". Open: which spellings of a number are. Decimal digits with a point anywhere, a sign and an exponent.
NUMBER_TEXT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def exact_integer(text):
    """A decimal number's text as an integer; None if it is not whole, and some integer far outside of any type if it is very large."""
    sign, whole, fraction, exponent = NUMBER_PARTS.fullmatch(text).groups()
    digits = whole + (fraction or "")
    point = len(whole) + int(exponent or 0)
    significant = digits.rstrip("0")
    if not significant:
        return 0
    if len(significant) > point:
        return None
    leading = len(digits) - len(digits.lstrip("0"))
    if point - leading > 60:
        value = 10**60
    else:
        value = int(significant) * 10 ** (point - len(significant))
    return -value if sign == "-" else value


def is_real(text):
    return any(character in text for character in ".eE")


def too_wide(raw):
    """Never lose 2: "a number too wide for it becomes a string of the same characters".

    Open: what is too wide. An integer outside of 64 bits; a real that is no normal double (nor zero), so that no digit is lost on the way."""
    text = raw.decode()
    if not is_real(text):
        return not -INT64 <= int(text) < INT64
    value = float(text)
    if math.isinf(value):
        return True
    return (
        abs(value) < 2.2250738585072014e-308
        and exact_integer(text.replace("-", "", 1) if text[0] == "-" else text) != 0
    )


def show_real(value):
    """The shortest decimal that is the same double, as C's %g writes it."""
    for digits in (15, 16, 17):
        text = f"{value:.{digits}g}"
        if float(text) == value:
            return text
    raise AssertionError(value)


# ---- what an anomaly shows ----


CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")


def show_character(character):
    if character in '"\\':
        return "\\" + character
    # Open: how a lone surrogate is shown, which has no UTF-8: as in raw_data.
    if LONE.match(character):
        return "\ufffd"
    # Open: what else would break a line where it is read: control characters and Unicode's separators of lines.
    if CONTROL.match(character):
        return f"\\u{ord(character):04x}"
    return character


def show_text(text):
    """Anomalies: "A value is shown with at most 64 bytes", the quotes among them."""
    shown = [show_character(character) for character in text[: SHOWN_BYTES + 1]]
    sizes = [len(part.encode()) for part in shown]
    if sum(sizes) + 2 <= SHOWN_BYTES:
        return '"' + "".join(shown) + '"'
    kept, size = "", 1 + len("...")
    for part, part_size in zip(shown, sizes):
        if size + part_size > SHOWN_BYTES:
            break
        kept += part
        size += part_size
    return '"' + kept + "..."


def show(node):
    if node.kind == "text":
        return show_text(node.value)
    if node.kind == "object":
        return "{...}"
    if node.kind == "array":
        return "[...]"
    if node.kind == "number":
        text = node.raw.decode()
        if too_wide(node.raw):
            return show_text(text)
        return show_real(float(text)) if is_real(text) else str(int(text))
    return node.raw.decode()


# ---- raw_data ----

TOKEN = re.compile(
    rb'"(?:[^"\\]|\\.)*"|-?(?:nan|infinity|inf)|-?[0-9][0-9.eE+-]*|[{}\[\]:,]|[a-z]+|[ \t\n\r]+', re.IGNORECASE
)
UNIT = re.compile(rb"\\u([0-9a-fA-F]{4})|\\.|[^\\]+")


def repair_string(raw):
    """A string without NULs and lone surrogates, and how many there were."""
    if b"\\u" not in raw:
        return raw, 0
    out, replaced, parts = [], 0, list(UNIT.finditer(raw))
    index = 0
    while index < len(parts):
        part = parts[index]
        code = int(part[1], 16) if part[1] else None
        if code is not None and 0xD800 <= code < 0xDC00 and index + 1 < len(parts) and parts[index + 1][1]:
            low = int(parts[index + 1][1], 16)
            if 0xDC00 <= low < 0xE000:
                out += [part[0], parts[index + 1][0]]
                index += 2
                continue
        if code == 0 or code is not None and 0xD800 <= code < 0xE000:
            out.append(b"\\ufffd")
            replaced += 1
        else:
            out.append(part[0])
        index += 1
    return b"".join(out), replaced


def repair(raw):
    """Never lose 2: raw_data is "always text that PostgreSQL takes as JSONB"; and the anomalies that say what was changed."""
    out, characters, numbers, words = [], 0, 0, 0
    for token in TOKEN.finditer(raw):
        part = token[0]
        head = part[:1]
        if head == b'"':
            part, count = repair_string(part)
            characters += count
        elif WORD.fullmatch(part):
            part = b'"' + part + b'"'
            words += 1
        elif head in b"-0123456789" and too_wide(part):
            part = b'"' + part + b'"'
            numbers += 1
        out.append(part)
    notes = []
    if numbers:
        notes.append(f"payload={numbers} number(s) too wide, kept as text")
    if words:
        notes.append(f"payload={words} value(s) that are no number, kept as text")
    if characters:
        notes.append(f"payload={characters} character(s) PostgreSQL cannot store, replaced")
    return b"".join(out).decode(), notes
