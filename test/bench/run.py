#!/usr/bin/python3
"""Runs the benches and writes what they gave. Asserts nothing.

    test/bench/run.py [--quick] [BENCH ...]      default: all of them, into test/bench/RESULTS.md
"""

import argparse
import importlib
import pathlib
import tempfile
import time

from measure import REPO
import report

QUICK = ("files", "counted", "sizes", "memory")
ALL = (*QUICK, "telegrafs", "inputs", "landed")


def main():
    parser = argparse.ArgumentParser(description="Measures vending-processor and vending-input; asserts nothing.")
    parser.add_argument("--quick", action="store_true", help="fewer messages and runs")
    parser.add_argument("bench", nargs="*", choices=[[], *ALL], help=", ".join(ALL))
    given = parser.parse_args()
    whole = not given.bench and not given.quick
    path = REPO / ("test/bench/RESULTS.md" if whole else "build/bench/RESULTS.md")
    before, targets, tables = report.load(), [], []
    for name in given.bench or (QUICK if given.quick else ALL):
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            held, made = importlib.import_module(name).measure(pathlib.Path(folder), given.quick)
        targets += held
        tables += made
        print("\n".join(map(report.markdown, made)), f"\n({name}: {time.monotonic() - began:.0f} s)\n", flush=True)
    command = "make bench" if whole else "make bench-quick" if not given.bench else f"test/bench/run.py {' '.join(given.bench)}"
    print(report.markdown(report.of_targets(targets, command)))
    report.write(path, targets, tables, before, command)


if __name__ == "__main__":
    main()
