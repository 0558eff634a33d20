#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the benchmark: what it counts is counted, not concluded."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_helpers  # noqa: E402

sys.path.insert(0, os.path.join(build_helpers.TOP, "scripts"))
import bench  # noqa: E402
from suite import main  # noqa: E402

TICKS = 208  # guest/tiny/bench.cpp


class EndOfInterrupt(unittest.TestCase):
    """Exits at the guest's end of interrupt: the count sees one where there is one."""

    @classmethod
    def setUpClass(cls):
        bench.build_plugin()
        cls.bench = bench.Bench(1)

    def test_none_on_gicv3(self):
        self.assertEqual(self.bench.exits_at_eoi(3), [0] * TICKS)

    def test_none_on_gicv2_without_the_work_around(self):
        self.assertEqual(self.bench.exits_at_eoi(2, ignore_quirks=True), [0] * TICKS)

    def test_one_on_gicv2_with_the_work_around(self):
        self.assertEqual(self.bench.exits_at_eoi(2), [1] * TICKS)


if __name__ == "__main__":
    sys.exit(main())
