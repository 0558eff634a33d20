#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The adding-up of `make test`: a suite that is silent, crashes or lies cannot pass."""

import contextlib
import io
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))
sys.dont_write_bytecode = True

import test as summing  # noqa: E402

LINES = (
    ("12 passed, 3 failed", (12, 3)),
    ("0 passed, 0 failed", (0, 0)),
    ("All tests passed (1 assertion in 1 test case)", (1, 0)),
    ("All tests passed (2041 assertions in 55 test cases)", (55, 0)),
    ("test cases: 55 | 53 passed | 2 failed", (53, 2)),
    ("test cases:  3 | 3 failed", (0, 3)),
    ("test cases: 5 | 3 passed | 1 failed | 1 failed as expected", (3, 1)),
    ("assertions: 9 | 8 passed | 1 failed", None),
    ("No tests ran", None),
    ("x 12 passed, 3 failed", None),
)
SUITES = (
    ("good", "echo 3 passed, 0 failed", (3, 0)),
    ("the last line counts", "echo 1 passed, 0 failed; echo 3 passed, 0 failed", (3, 0)),
    ("a failure", "echo 2 passed, 1 failed; exit 1", (2, 1)),
    ("silent", "true", (0, 1)),
    ("nothing ran", "echo 0 passed, 0 failed", (0, 1)),
    ("good words, bad status", "echo 3 passed, 0 failed; exit 1", (3, 1)),
    ("killed", "echo 3 passed, 0 failed; kill -9 $$", (3, 1)),
    ("crashed before its summary", "kill -6 $$", (0, 1)),
)


def main():
    """Runs the cases; the last line is `N passed, N failed`."""
    passed = failed = 0

    def check(name, got, wanted):
        nonlocal passed, failed
        if got == wanted:
            passed += 1
        else:
            failed += 1
            print(f"FAILED: {name}: {got}, not {wanted}")

    for line, wanted in LINES:
        check(f"line '{line}'", summing.counts_of(line), wanted)
    for name, script, wanted in SUITES:
        with contextlib.redirect_stdout(io.StringIO()):
            got = summing.run_suite(name, ["/bin/sh", "-c", script])
        check(f"suite: {name}", got, wanted)
    with contextlib.redirect_stdout(io.StringIO()):
        check("suite: no such program", summing.run_suite("none", ["/nonexistent"]), (0, 1))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
