"""Messages of a capture: what `mosquitto_sub -F '%j'` wrote."""

import json
from collections import namedtuple

from telegraf import REPO

Message = namedtuple("Message", "topic payload retain")


def read_capture(name):
    lines = (REPO / "test/captures" / name).read_text(encoding="utf-8").splitlines()
    fields = [json.loads(line) for line in lines]
    return [Message(one["topic"], one["payload"].encode(), bool(one["retain"])) for one in fields]
