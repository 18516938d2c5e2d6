"""Messages that may cost more than their bytes: each is an ordinary one with something large in it. Their names say what."""

import payloads

LARGE = 250_000  # below --max-payload with its 256 KiB
VALUES = 8_000   # below --max-values with its 8192
DEEP = 28        # below --max-depth with its 32


def with_more(message, inside):
    return message._replace(payload=message.payload[:-1] + (b"," + inside if inside else b"") + b"}")


def telemetry(inside=b""):
    """An everyday message with more members in it."""
    return with_more(next(payloads.telemetry(1)), inside)


def event(inside=b""):
    return with_more(next(payloads.events(1)), inside)


def telemetry_of(payload):
    """With that payload, whatever it is."""
    return telemetry()._replace(payload=payload)


def counted(piece, count=VALUES, between=b","):
    make = piece if callable(piece) else lambda _: piece
    return between.join(map(make, range(count)))


def text(content):
    return b'"log":"' + content + b'"'


def array(content):
    return b'"log":[' + content + b"]"


def normal(size):
    """An ordinary message of exactly that many bytes: a machine that sends its past along, and words for what values may not fill."""
    everyday = telemetry().payload
    past = everyday[everyday.index(b'"system"') : -1]
    room = size - len(everyday)
    rounds = min((room - 40) // (len(past) + 3), VALUES // (past.count(b":") + past.count(b",")))
    inside = b'"past":[%s],"note":"%%s"' % b",".join([b"{" + past + b"}"] * max(0, rounds))
    left = size - len(telemetry(inside % b"").payload)
    return telemetry(inside % (b"all is well " * (left // 12 + 1))[:left]) if left >= 0 else telemetry_of(everyday + b" " * room)


MESSAGES = {
    "brackets, as deep as allowed": lambda: telemetry(array(counted(b"[" * DEEP + b"]" * DEEP, VALUES // DEEP))),
    "objects, as deep as allowed": lambda: telemetry(array(counted(b'{"a":' * DEEP + b"1" + b"}" * DEEP, VALUES // (DEEP + 1)))),
    "brackets without end": lambda: telemetry(b'"log":' + b"[" * LARGE),
    "backslashes": lambda: telemetry(text(b"\\\\" * (LARGE // 2))),
    "quotes": lambda: telemetry(text(b'\\"' * (LARGE // 2))),
    "escaped line breaks": lambda: telemetry(text(b"\\n" * (LARGE // 2))),
    "\\u escapes": lambda: telemetry(text(b"\\u4e2d" * (LARGE // 6))),
    "\\u escapes, surrogate pairs": lambda: telemetry(text(b"\\ud83d\\ude00" * (LARGE // 12))),
    "\\u escapes in a mapped text": lambda: telemetry(b'"connectivity":{"type":"' + b"\\u4e2d" * (LARGE // 6) + b'"}'),
    "\\u escapes, halves of pairs": lambda: telemetry(text(b"\\ud83d" * (LARGE // 6))),
    "Chinese text": lambda: telemetry(text("货道卡住".encode() * (LARGE // 12))),
    "text not UTF-8 at its end": lambda: telemetry(text(b"a" * LARGE + b"\xff")),
    "white space": lambda: telemetry(b" " * LARGE + b'"log":1'),
    "white space between values": lambda: telemetry(array(counted(b" \n\t  1  \r\n"))),
    "one number of 250,000 digits": lambda: telemetry(b'"log":' + b"7" * LARGE),
    "numbers of 30 digits": lambda: telemetry(array(counted(lambda n: b"%d.%029d" % (n % 10, n**7 + 1)))),
    "numbers hard to round": lambda: telemetry(array(counted(b"2.2250738585072011e-308"))),
    "a mapped number of 250,000 digits": lambda: telemetry(b'"system":{"voltage":220.' + b"4" * LARGE + b"}"),
    "nan, over and over": lambda: telemetry(array(counted(b"nan"))),
    "an equal key, over and over": lambda: telemetry(counted(b'"log":1')),
    "a mapped key, over and over": lambda: telemetry(counted(b'"uptime":{"voltage":1}', VALUES // 2)),
    "a mapped object, over and over": lambda: telemetry(counted(b'"system":{"voltage":220.5}', VALUES // 2)),
    "a mapped number, over and over": lambda: telemetry(b'"system":{' + counted(b'"voltage":220.5') + b"}"),
    "short keys, each another": lambda: telemetry(counted(lambda n: b'"%x":1' % n)),
    "short keys with the same ends": lambda: telemetry(counted(lambda n: b'"v%04xe":1' % n)),
    "long keys that differ in the middle": lambda: telemetry(counted(lambda n: b'"aaaaaaaaa%04xzzzzzzzzz":1' % n)),
    "keys nearly as mapped": lambda: telemetry(b'"system":{' + counted(lambda n: b'"voltag%c":1' % (97 + n % 4)) + b"}"),
    "escaped keys": lambda: telemetry(counted(b'"\\u0073ystem":1')),
    "8,000 values": lambda: telemetry(array(counted(b"1"))),
    "8,000 empty texts": lambda: telemetry(array(counted(b'""'))),
    "more values than allowed": lambda: telemetry(array(b"1," * (LARGE // 2) + b"1")),
    "a byte too many at the end": lambda: telemetry_of(normal(LARGE).payload + b"x"),
    "all but the last byte": lambda: telemetry_of(normal(LARGE).payload[:-1]),
    "not JSON at all": lambda: telemetry_of(b"\x80" * LARGE),
    "event: quotes": lambda: event(text(b'\\"' * (LARGE // 2))),
    "event: \\u escapes": lambda: event(text(b"\\u4e2d" * (LARGE // 6))),
    "event: \\u0000": lambda: event(text(b"\\u0000" * (LARGE // 6))),
    "event: halves of surrogate pairs": lambda: event(text(b"\\ud83d" * (LARGE // 6))),
    "event: Chinese text": lambda: event(text("货道卡住".encode() * (LARGE // 12))),
    "event: 8,000 values": lambda: event(array(counted(b"1"))),
    "event: numbers of 30 digits": lambda: event(array(counted(lambda n: b"%d.%029d" % (n % 10, n**7 + 1)))),
    "event: a type of 250,000 bytes": lambda: event(b'"event_type":"' + b"A_" * (LARGE // 2) + b'"'),
    "event: an order of 250,000 bytes": lambda: event(b'"data":{"order_id":"' + b"\\u4e2d" * (LARGE // 6) + b'"}'),
}
