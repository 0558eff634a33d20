# SPDX-License-Identifier: Apache-2.0
"""A vCPU of rank 0 with deadlines (guest/periodic) and a hostile neighbour of rank 7
(guest/hostile): what the first one notices of the second.

With a core of its own it must notice nothing: no exit more than when it is alone, and ticks that
are as late. With a core that both share a tick may find EL2 busy with the neighbour: there the bound
is that of a stay. GICv2 is shown without the work-around for QEMU's fault: with it, QEMU lets the
other CPU go on at each of EL2's accesses to the GIC, and lateness counts the instructions of both.
"""

import re
from dataclasses import dataclass

from bench_run import Broken
from bench_table import Row
from bench_worlds import Guest, World, run, spoken

TICKS = 200
STORM_MS = 4  # each of hostile's storms; all together outlast the ticks
LATE = re.compile(r"periodic: (\d+) ticks, .* (\d+) missed, (\d+) early, (\d+) foreign; "
                  r"late by (\d+) to (\d+), spread (\d+)")
SPREAD = 50
SPREAD_SHARED = 2500


def world(name, gic, neighbour=None):
    """`neighbour` is the set of pCPUs of a hostile neighbour, or None."""
    guests = [Guest(f"period-us=200 ticks={TICKS} end-first", kernel="periodic",
                    more=("rank = <0>",))]
    if neighbour:
        guests.append(Guest(f"ms={STORM_MS}", kernel="hostile", pcpus=neighbour,
                            more=("rank = <7>",)))
    return World(name, guests, gic, 2 if neighbour == "0x2" else 1, ignore_quirks=gic == 2,
                 consoles=True)


@dataclass
class Noticed:
    """What the run of a world shows of the periodic guest, between its first tick and its last."""

    stays: int  # of its core
    missed: int
    low: int
    high: int
    el2_spread: int  # between its core's longest and shortest stay for the same reason


def look(world_run):
    """Reads a run; Broken when the periodic guest found anything wrong."""
    match = LATE.search(spoken(world_run.console))
    if not match or int(match[1]) + int(match[2]) != TICKS or match[3] != "0" or match[4] != "0":
        raise Broken(f"the periodic guest is not content: {world_run.console[-300:]!r}")
    own = [tally for (cpu, reason), tally in world_run.section.items() if cpu == 0 and reason != "load"]
    return Noticed(sum(tally.stays for tally in own), int(match[2]), int(match[5]), int(match[6]),
                   max(tally.longest - tally.shortest for tally in own))


def measure_gic(bench, worlds, gic):
    """The rows of one GIC."""
    found = {}
    for name, neighbour in (("alone", None), ("own-core", "0x2"), ("same-core", "0x1")):
        here = world(f"neighbour-{name}", gic, neighbour)
        seen = bench.same(f"{name} GICv{gic}", lambda here=here: run(here))
        worlds.note(here, seen)
        found[name] = look(seen)
    alone, own, same = found["alone"], found["own-core"], found["same-core"]
    spread = max(own.high - own.low, own.el2_spread)
    late = {"min": own.low, "max": own.high, "missed": own.missed}
    return [
        Row("hostile neighbour on another core: exits more", gic, own.stays - alone.stays, "exits",
            0, None, {"exits": own.stays / TICKS}),
        Row("hostile neighbour on another core: spread of ticks", gic, spread, "instructions",
            SPREAD, None, late),
        Row("hostile neighbour on the same core: spread of ticks", gic, same.high - same.low,
            "instructions", SPREAD_SHARED, None,
            {"min": same.low, "max": same.high, "missed": same.missed,
             "exits": same.stays / TICKS})]
