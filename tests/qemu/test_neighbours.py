#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A vCPU of rank 0 beside a hostile neighbour: what it notices, counted exactly."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_helpers  # noqa: E402

sys.path.insert(0, os.path.join(build_helpers.TOP, "scripts"))
import bench_neighbours  # noqa: E402
from bench_worlds import run  # noqa: E402
from suite import main  # noqa: E402


def look(gic, neighbour, **change):
    """What the periodic guest notices; `change` are fields of the World."""
    world = bench_neighbours.world(f"test-neighbour-{neighbour}", gic, neighbour)
    for name, value in change.items():
        setattr(world, name, value)
    return bench_neighbours.look(run(world))


class OwnCore(unittest.TestCase):
    """Each has a core of its own."""

    def check(self, gic):
        """No exit more than alone, and each tick as late as the others."""
        alone, beside = look(gic, None), look(gic, "0x2")
        self.assertEqual(beside.stays, alone.stays)
        self.assertEqual(beside.missed, 0)
        self.assertLessEqual(beside.high - beside.low, bench_neighbours.SPREAD)
        self.assertLessEqual(beside.el2_spread, bench_neighbours.SPREAD)

    def test_gicv3(self):
        self.check(3)

    def test_gicv2(self):
        self.check(2)


class SharedCore(unittest.TestCase):
    """What the figures above would be if the neighbour were noticed."""

    def test_exits_are_seen(self):
        alone, beside = look(3, None), look(3, "0x1")
        self.assertGreater(beside.stays, alone.stays)


if __name__ == "__main__":
    sys.exit(main())
