# SPDX-License-Identifier: Apache-2.0
"""How a suite written with unittest reports to scripts/test.py."""

import unittest


def main():
    """Runs all tests of the calling program; the last line is `N passed, N failed`. Returns its
    exit status."""
    result = unittest.main(exit=False).result
    bad = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    return 1 if bad or not result.testsRun else 0
