#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two CPUs of the real image pass through the windows of windows.py in every order.

usage: test_interleave.py [--long] [WINDOW ...]

Without --long: those that `make test` runs. The planted fault, a word that is read and cleared in two
steps, is found; tests/litmus (kick-merged, exchange) and tests/spin (SPLIT_TAKE) find it in their ways.
"""

import argparse
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from explore import Explorer  # noqa: E402
from gdb import Lost  # noqa: E402
from machine import Machine  # noqa: E402
from windows import FAULT_IN, WINDOWS  # noqa: E402


def explore(window, plant):
    """The window's Result, with the fault or without, and what was planted."""
    machine = Machine(window.name, window.number, window.pcpus)
    try:
        explorer = Explorer(machine, window)
        explorer.learn()
        planted = explorer.plant_split_take() if plant else 0
        return explorer.explore(), planted
    finally:
        machine.close()


def judge(window, plant):
    """One line; True when it is as it must be."""
    start = time.monotonic()
    name = f"{window.name}{', with the fault' if plant else ''}"
    try:
        result, planted = explore(window, plant)
    except (RuntimeError, Lost) as error:
        print(f"FAIL  {name}: {error}")
        return False
    good = (planted != 0 and result.lost != []) if plant else result.lost == []
    print(f"{'pass' if good else 'FAIL'}  {name}: {result.runs} orders"
          f"{', all' if result.whole else ''} with {window.switches} switches at most, "
          f"{result.events} events ({time.monotonic() - start:.1f} s)")
    for sentence in result.lost:
        print(f"      {'found' if plant else 'LOST'}: {sentence}", flush=True)
    return good


def main():
    """Runs and counts."""
    parser = argparse.ArgumentParser(description="Interleaves two CPUs of the real image.")
    parser.add_argument("--long", action="store_true", help="all windows, more orders")
    parser.add_argument("window", nargs="*")
    args = parser.parse_args()
    passed = failed = 0
    for window in WINDOWS:
        if args.window and window.name not in args.window:
            continue
        if not args.window and not args.long and not window.quick:
            continue
        if args.long:
            window.switches, window.most_runs = window.switches + 2, 20 * window.most_runs
        for plant in (False, True) if window.name == FAULT_IN else (False,):
            good = judge(window, plant)
            passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed != 0 else 1


if __name__ == "__main__":
    sys.exit(main())
