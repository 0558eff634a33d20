# SPDX-License-Identifier: Apache-2.0
"""What Baton's vCPUs cost each other: rows of `make bench` with several VMs or several CPUs.

Each is exact, for QEMU counts instructions as time, one thread runs all CPUs, and every spin of the
guests yields: so two runs are equal in every instruction that is counted.
"""

import os
from dataclasses import dataclass, field

import bench_neighbours
import bench_stays
from bench_run import BUILD, Broken, net, results
from bench_table import Row
from bench_worlds import Guest, World, functions, run, run_plain

CROWD_TICKS = 16
CROWD_PERIOD = 1280000  # 16 ns each: 64 vCPUs leave the core idle most of the time
REPS = 256


def crowd(vcpus, ticks=CROWD_TICKS, period=CROWD_PERIOD, more=()):
    """VMs of up to 8 vCPUs, all with timers, on one core."""
    each = min(vcpus, 8)
    return [Guest(f"what=crowd at=100000000 period={period} ticks={ticks} first={first} of={vcpus}"
                  + (" mark" if first == 0 else ""), vcpus=each, more=more)
            for first in range(0, vcpus, each)]


@dataclass
class Path:
    """A row: the world that shows it, events in the marked section, and its bound."""

    name: str
    key: str
    guests: list
    events: int
    smp: int = 1
    bound: int | None = None
    peer: dict = field(default_factory=dict)


ASLEEP = [Guest("mode=bench what=wfi_tick", kernel="tiny", more=("rank = <2>",)),
          Guest("what=spin ticks=20000000", more=("rank = <5>",))]


def two_cpus(bootargs):
    """A VM of two vCPUs, each on a pCPU of its own."""
    return [Guest(bootargs, vcpus=2, pcpus="0x1 0x2")]


PATHS = [
    Path("switch between vCPUs of two VMs", "yield",
         [Guest(f"what=yield reps={REPS} mark"), Guest(f"what=yield reps={REPS}")], 2 * REPS,
         bound=250),
    Path("SGI to a running sibling, both CPUs", "sgi-running", two_cpus(f"what=sgi reps={REPS}"),
         REPS, smp=2, bound=130, peer={2: 787, 3: 787}),
    Path("SGI to a sleeping sibling, both CPUs", "sgi-sleeping",
         two_cpus(f"what=sgi sleep reps={REPS}"), REPS, smp=2, bound=250, peer={2: 802, 3: 802}),
] + [Path(f"a tick of {n} vCPUs on one core" if n > 1 else "a tick of 1 vCPU on one core",
          f"crowd-{n}", crowd(n), CROWD_TICKS * n) for n in (1, 4, 16, 64)]


class Worlds:
    """Runs worlds, each as often as `bench` asks, and remembers the longest stays."""

    def __init__(self, bench):
        self.bench = bench
        self.profile = []  # lines of build/bench-profile.txt
        self.longest = bench_stays.Longest()

    def seen(self, path, gic, ignore_quirks):
        """What the plugin saw of this path."""
        world = World(path.key, path.guests, gic, path.smp, ignore_quirks)
        seen = self.bench.same(f"{path.key} GICv{gic}", lambda: run(world))
        if not seen.section:
            raise Broken(f"{path.key} on GICv{gic}: nothing was counted: {seen.console[-200:]!r}")
        self.note(world, seen)
        self.explain(world, seen, path.events)
        return seen

    def explain(self, world, seen, events):
        """Keeps which functions the instructions of an event were spent in."""
        title = f"{world.name} on GICv{world.gic}" + (", quirk ignored" * world.ignore_quirks)
        self.profile.append(f"{title}: {seen.insns() / events:.1f} instructions")
        for (cpu, reason), tally in sorted(seen.section.items()):
            self.profile.append(f"    CPU {cpu} by {reason}: {tally.stays / events:.2f} stays, "
                                f"{tally.insns / events:.1f}, longest {tally.longest}")
        self.profile += [f"  {count / events:9.1f} {name}" for count, name in
                         functions(seen.profile)]

    def note(self, world, seen):
        """Keeps how long the stays of a run were."""
        self.longest.note(world.gic, world.name, seen)

    def row(self, path, gic):
        """One row; on GICv2 as without QEMU's fault, with what that costs in a column."""
        ignore_quirks = gic == 2
        seen = self.seen(path, gic, ignore_quirks)
        extras = {"exits": seen.stays() / path.events}
        if ignore_quirks:
            faulty = self.seen(path, gic, False)
            extras |= {"with_fault": faulty.insns() / path.events,
                       "exits_with_fault": faulty.stays() / path.events}
        return Row(path.name, gic, seen.insns() / path.events, "instructions", path.bound,
                   path.peer.get(gic), extras)

    def asleep(self, gic, ignore_quirks):
        """Timer to vector of a vCPU that sleeps while one of lower rank spins: net mean, least,
        greatest, and exits, each sleep's included."""
        name = f"asleep GICv{gic}"
        world = World("asleep", ASLEEP, gic, 1, ignore_quirks)
        ours = self.bench.same(name, lambda: results(run_plain(world)))
        counted = self.bench.same(name, lambda: run(world))
        reps = ours["wfi_tick"][1]
        self.note(world, counted)
        self.explain(world, counted, reps)
        return *net(ours, self.bench.bare(gic, "wfi_tick"), "wfi_tick"), counted.stays() / reps

    def asleep_row(self, gic):
        """The row of asleep()."""
        value, low, high, exits = self.asleep(gic, gic == 2)
        extras = {"min": low, "max": high, "exits": exits}
        if gic == 2:
            extras["with_fault"], _, _, extras["exits_with_fault"] = self.asleep(gic, False)
        return Row("timer to vector, vCPU asleep, another runs", gic, value, "instructions", 400,
                   2894, extras)


def bound_growth(rows):
    """Of a tick's cost with 4, 16, 64 vCPUs: what a function that grows as log n does from 16 to 64
    is no more than what it does from 4 to 16; 2 % are left to rounding."""
    four, sixteen, many = rows[-3:]
    many.bound = sixteen.value + max(0, sixteen.value - four.value) + sixteen.value // 50


def measure(bench):
    """All rows of both GICs; leaves build/bench-profile.txt, where their instructions went, and
    build/bench-stays.txt, the stays in EL2 that are longer than they may be."""
    worlds = Worlds(bench)
    rows = []
    for gic in (3, 2):
        rows.append(worlds.asleep_row(gic))
        rows += [worlds.row(path, gic) for path in PATHS]
        bound_growth(rows)
        rows += bench_neighbours.measure_gic(bench, worlds, gic)
    bench_stays.measure_cases(worlds.longest)
    rows += [worlds.longest.row(gic) for gic in (3, 2)]
    worlds.longest.write(os.path.join(BUILD, "bench-stays.txt"))
    with open(os.path.join(BUILD, "bench-profile.txt"), "w", encoding="ascii") as file:
        file.write("\n".join(worlds.profile) + "\n")
    return rows
