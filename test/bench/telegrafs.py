"""Under a real Telegraf 1.37, from a real Mosquitto into a file: what a message costs Telegraf and the program that it runs."""

import statistics
import time
from collections import namedtuple

import backlog
import payloads
from measure import cpu_seconds, tree
from owners import OWNERS_TELEGRAF
from report import Table, at_least, at_most
from telegraf import TELEGRAF_D, Telegraf, input_path

AGENT = "[agent]\n  omit_hostname = true\n"
CAT = '[[processors.execd]]\n  command = ["cat"]\n'
ROUNDS = 5

# Text of its own, files of telegraf.d, and the MQTT version of its client.
Candidate = namedtuple("Candidate", "text files mqtt")
Run = namedtuple("Run", "telegraf program wall")  # us of CPU a message, twice; us of time a message


def owners_text():
    """The owner's input, with a session that lasts while it is away; without the output."""
    return OWNERS_TELEGRAF.replace("  qos = 1\n", "  qos = 1\n  persistent_session = true\n").partition("[[outputs.postgresql]]")[0]


# What the owner's ten fields leave out.
MORE = (("environment.vibration_g", "vibration_g", "float"), ("location.lat", "lat", "float"), ("location.lng", "lng", "float"),
        ("connectivity.type", "network_type", "string"), ("connectivity.csq", "csq", "int"))
FIELD = """    [[inputs.mqtt_consumer.json_v2.field]]
      path = "{}"
      rename = "{}"
      type = "{}"
"""

CANDIDATES = {
    "json_v2 (owner's 10 fields)": Candidate(owners_text(), [], 3),
    "json_v2-15 (our 15 columns)": Candidate(owners_text().rstrip() + "\n" + "".join(FIELD.format(*one) for one in MORE), [], 3),
    "processors.execd with cat": Candidate(AGENT + CAT, ["10-input-mqtt.conf"], 3),
    "vending-processor": Candidate(AGENT, ["10-input-mqtt.conf", "20-processor.conf"], 3),
    "vending-input": Candidate(AGENT, ["15-input-vending.conf.sample"], 5),
}
JSON_V2, JSON_V2_ALL, CAT_ALONE, PROCESSOR, INPUT = CANDIDATES


def client_id(name):
    return "bench-" + name.split(" ")[0].replace(".", "-")


def prepared(folder, broker, name):
    folder.mkdir()
    candidate = CANDIDATES[name]
    telegraf = Telegraf("1.37", folder, broker, client_id(name), VENDING_REPORT_INTERVAL="1d", VENDING_INPUT=str(input_path()),
                        MQTT_HOST="127.0.0.1", MQTT_PORT=str(broker.port))
    telegraf.add_config(candidate.text.replace("{broker}", broker.url).replace("{client_id}", client_id(name)))
    telegraf.config = ["--config", str(telegraf.extra)]
    for file in candidate.files:
        copy = folder / file.removesuffix(".sample")
        copy.write_text((TELEGRAF_D / file).read_text())
        telegraf.config += ["--config", str(copy)]
    return telegraf


def run(folder, broker, name, count):
    """From the first rows in the file to the last, so that starting up is not in it."""
    telegraf = prepared(folder, broker, name)
    lines = backlog.Lines(telegraf.output.path)

    def so_far():
        own, *programs = tree(telegraf.process.popen.pid)
        return lines.now(), time.monotonic(), cpu_seconds([own]), cpu_seconds(programs)

    try:
        telegraf.start()
        telegraf.process.wait_until(lambda: lines.now() > 0, "the first rows")
        first = so_far()
        telegraf.process.wait_until(lambda: lines.now() >= count, lambda: f"all rows ({lines.count} are there)")
        rows, wall, own, program = (after - before for after, before in zip(so_far(), first))
    finally:
        telegraf.close()
    return Run(own * 1e6 / rows, program * 1e6 / rows, wall * 1e6 / rows)


def one_round(folder, capture, order):
    """The same messages wait for each, and one after the other takes them."""
    broker = backlog.quiet_broker(folder / "broker")
    try:
        for name in order:
            backlog.make_session(broker, client_id(name), CANDIDATES[name].mqtt)
        count = backlog.publish(broker, capture)
        return {name: run(folder / client_id(name), broker, name, count) for name in order}
    finally:
        broker.close()


def ratio(rounds, name, base, figure):
    """The median of the rounds' ratios: what is compared ran side by side."""
    return statistics.median(figure(one[name]) / figure(one[base]) for one in rounds)


def total(run):
    return run.telegraf + run.program


def measure(folder, quick):
    count, rounds = (20_000, 1) if quick else (100_000, ROUNDS)
    capture = backlog.write_capture(folder / "capture.jsonl", payloads.telemetry(count))
    names, done = list(CANDIDATES), []
    for number in range(rounds):
        at = folder / f"round-{number}"
        at.mkdir()
        done.append(one_round(at, capture, names[number:] + names[:number]))
    rows = []
    for name in names:
        median = Run(*(statistics.median(values) for values in zip(*(one[name] for one in done))))
        sums = [total(one[name]) for one in done]
        program = "-" if name in (JSON_V2, JSON_V2_ALL) else f"{median.program:.1f}"
        rows.append((name, f"{median.telegraf:.1f}", program, f"{statistics.median(sums):.1f}", f"{min(sums):.1f} to {max(sums):.1f}",
                     f"{ratio(done, name, JSON_V2, total):.2f}", f"{median.wall * count / 1e6:.2f}", f"{1e6 / median.wall:,.0f}",
                     f"{1 / ratio(done, name, CAT_ALONE, lambda run: run.wall):.2f}"))
    notes = (f"{count:,} messages of telemetry wait at Mosquitto for each, and it takes them, rows into a file; us of CPU a message, medians of "
             f"{rounds} rounds in turn. Ratios are medians of each round's.")
    header = ("under Telegraf 1.37", "Telegraf", "program", "sum, us", "runs", "of json_v2", f"{count:,}: s", "messages/s", "throughput of cat")
    targets = [
        at_most("Telegraf and vending-processor, CPU of json_v2's", 0.65, ratio(done, PROCESSOR, JSON_V2, total), "times", 2),
        at_least("vending-processor under Telegraf, throughput of cat's", 0.95, 1 / ratio(done, PROCESSOR, CAT_ALONE, lambda run: run.wall), "times", 3),
    ]
    return targets, [Table("Under Telegraf", notes, header, rows)]
