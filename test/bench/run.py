#!/usr/bin/python3
"""Runs the benches and writes what they gave. Asserts nothing.

    test/bench/run.py [--quick] [BENCH ...]      default: all of them, into test/bench/RESULTS.md
"""

import argparse
import importlib
import pathlib
import sys
import tempfile
import time
import traceback

import report
from measure import REPO

QUICK = ("files", "counted", "sizes", "memory")
ALL = (*QUICK, "telegrafs", "inputs", "landed")


def main():
    parser = argparse.ArgumentParser(description="Measures vending-processor and vending-input; asserts nothing.")
    parser.add_argument("--quick", action="store_true", help="fewer messages and runs")
    parser.add_argument("bench", nargs="*", choices=[[], *ALL], help=", ".join(ALL))
    given = parser.parse_args()
    whole = not given.bench and not given.quick
    path = REPO / ("test/bench/RESULTS.md" if whole else "build/bench/RESULTS.md")
    flags = ["--quick"] if given.quick else []
    before, targets, made, failed = report.load(), [], [], []
    for name in given.bench or (QUICK if given.quick else ALL):
        began = time.monotonic()
        try:
            with tempfile.TemporaryDirectory() as folder:
                held, tables = importlib.import_module(name).measure(pathlib.Path(folder), given.quick)
        except Exception:  # the others are still worth their time
            traceback.print_exc()
            failed.append(name)
            continue
        targets += held
        command = " ".join(["test/bench/run.py", *flags, name])
        made += [report.markdown(table, command) for table in tables]
        print("\n".join(made[-len(tables) :]), f"\n({name}: {time.monotonic() - began:.0f} s)\n", flush=True)
    command = "make bench" if whole else "make bench-quick" if not given.bench else " ".join(["test/bench/run.py", *flags, *given.bench])
    if targets:
        made.insert(0, report.markdown(report.of_targets(targets), command))
        print(made[0])
    report.write(path, made, before, command)
    if failed:
        sys.exit(f"not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
