#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Eight guests (guest/sharers) whose timers have different periods, on one core and on two: more than
ten thousand times another vCPU is loaded, which the plugin counts, and each guest finds each of its
ticks once, its counter never going back, its registers and its memory as it left them."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_helpers  # noqa: E402

sys.path.insert(0, os.path.join(build_helpers.TOP, "scripts"))
from bench_worlds import Guest, World, run, spoken  # noqa: E402
from suite import main  # noqa: E402

PERIODS_US = (1500, 1695, 1905, 2085, 2265, 2445, 2595, 2715)
WANTED = 10000
LINE = re.compile(r"\[vm(\d)\] sharers: (\d+) ticks of (\d+), .* 0 early, 0 foreign, .*"
                  r"wrong: 0 registers, 0 words of memory, counter back 0 times")


class Switches(unittest.TestCase):
    """Each GIC, one core and two."""

    def check(self, gic, cores, ticks):
        """As many switches as wanted, and every guest content."""
        guests = [Guest(f"ticks={ticks} period-us={period}", kernel="sharers",
                        pcpus=f"{(1 << cores) - 1:#x}", more=("slice-us = <200>",))
                  for period in PERIODS_US]
        seen = run(World(f"test-sharers-{cores}", guests, gic, cores, consoles=True))
        found = {int(match[1]): (int(match[2]), int(match[3]))
                 for match in LINE.finditer(spoken(seen.console))}
        self.assertEqual(found, {vm: (ticks, ticks) for vm in range(len(guests))}, seen.console)
        loads = [tally.stays for (_, reason), tally in seen.whole.items() if reason == "load"]
        self.assertEqual(len(loads), cores)
        self.assertGreater(sum(loads), WANTED)
        print(f"GICv{gic}, {cores} cores: vCPUs loaded {loads} times", flush=True)

    def test_gicv3_one_core(self):
        self.check(3, 1, 800)

    def test_gicv3_two_cores(self):
        self.check(3, 2, 500)

    def test_gicv2_one_core(self):
        self.check(2, 1, 900)

    def test_gicv2_two_cores(self):
        self.check(2, 2, 560)


if __name__ == "__main__":
    sys.exit(main())
