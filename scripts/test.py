#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every suite of `make test` and adds them up: the last line is `N passed, N failed`.

A suite is a program that says itself how many of its cases passed: the unit tests by Catch2's
summary, the others by a last line of the same form. A suite that is silent, crashes, or ends with
another status than its count says has failed, by one case more.
Usage: test.py [SUITE...] (default: all of them)
"""

import glob
import os
import re
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed$")
CATCH_ALL = re.compile(r"^All tests passed \(\d+ assertions? in (\d+) test cases?\)")
CATCH_SOME = re.compile(r"^test cases: +(\d+) \|(?: +(\d+) passed)?(?: +\|)? *(\d+) failed")


def suites():
    """Name and command of each suite, the quick ones first."""
    out = {"unit": [os.path.join("build", "host", "unit_tests")],
           "walks": [os.path.join("build", "host", "soak"), "steps", "10000000"],
           "fuzz": [os.path.join("scripts", "fuzz.py"), "replay"],
           "spin": [os.path.join("tests", "spin", "run.sh")],
           "proofs": [os.path.join("build", "host", "prove")]}
    for path in sorted(glob.glob(os.path.join(TOP, "tests", "z3", "claims_*.cpp"))):
        compiled = os.path.basename(path).replace(".cpp", ".ll")
        out["proofs"].append(os.path.join("build", "host", "z3", compiled))
    out["litmus"] = [os.path.join("tests", "litmus", "test_litmus.py")]
    out["interleave"] = [os.path.join("tests", "interleave", "test_interleave.py")]
    for folder in ("build", "pack", "qemu"):
        for path in sorted(glob.glob(os.path.join(TOP, "tests", folder, "test_*"))):
            name = os.path.splitext(os.path.basename(path))[0].replace("test_", f"{folder}-")
            out[name] = [path]
    out["cases"] = [os.path.join("scripts", "run_cases.py")]
    return out


def counts_of(line):
    """(passed, failed) when the line is a summary, else None."""
    match = SUMMARY.match(line)
    if match:
        return int(match[1]), int(match[2])
    match = CATCH_ALL.match(line)
    if match:
        return int(match[1]), 0
    match = CATCH_SOME.match(line)
    if match:
        return int(match[2] or 0), int(match[3])
    return None


def run_suite(name, command):
    """Runs one suite with its output shown; returns (passed, failed)."""
    print(f"== {name}", flush=True)
    start = time.monotonic()
    counts = None
    try:
        with subprocess.Popen(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace") as process:
            for line in process.stdout:
                counts = counts_of(line.rstrip("\n")) or counts
                print(line, end="", flush=True)
    except OSError as error:
        print(f"{name}: {error}")
        return 0, 1
    took = time.monotonic() - start
    if counts is None or counts == (0, 0):
        print(f"{name}: ran no case (status {process.returncode})")
        return 0, 1
    passed, failed = counts
    if process.returncode != 0 and failed == 0:
        print(f"{name}: ended with status {process.returncode} although no case failed")
        failed = 1
    print(f"== {name}: {passed} passed, {failed} failed, {took:.0f} s", flush=True)
    return passed, failed


def main():
    """Runs the named suites, or all."""
    known = suites()
    names = sys.argv[1:] or list(known)
    for name in names:
        if name not in known:
            print(f"test.py: no suite '{name}': {', '.join(known)}", file=sys.stderr)
            return 2
    passed = failed = 0
    for name in names:
        good, bad = run_suite(name, known[name])
        passed += good
        failed += bad
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
