# SPDX-License-Identifier: Apache-2.0
"""What Baton's vCPUs cost each other: rows of `make bench` with several VMs or several CPUs.

guest/bench is the guest; scripts/plugin/stays.c counts the instructions executed at EL2, by CPU and
by what brought the CPU there, between the guest's markers.
"""

import collections
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field

import bench_run
import qemu_elf
from bench_run import BUILD, HYP, ICOUNT_SHIFT, PACKER, Broken
from bench_table import Row
from qemu_machine import Machine
from qemu_manifest import pack

WORDS = re.compile(r"(\w+)=(\S+)")


@dataclass
class Guest:
    """One VM of a manifest."""

    bootargs: str
    kernel: str = "bench"
    vcpus: int = 1
    pcpus: str = "0x1"
    more: tuple = ()

    def node(self, number):
        """Its node of the manifest."""
        lines = [f'label = "vm{number}"', "memory-mib = <16>", f"vcpus = <{self.vcpus}>",
                 f"pcpus = <{self.pcpus}>", 'on-reset = "stop"', 'on-crash = "stop"',
                 f'kernel = "{os.path.join(BUILD, "guest", self.kernel)}.img"',
                 f'bootargs = "{self.bootargs}"', *self.more]
        if number == 0:
            lines.append('devices = "pl011"')
        body = "".join(f"            {line};\n" for line in lines)
        return f"        vm{number} {{\n{body}        }};\n"


@dataclass
class World:
    """A machine and its VMs."""

    name: str
    guests: list
    gic: int = 3
    smp: int = 1
    ignore_quirks: bool = False

    def image(self):
        """Packs it and returns the file to boot."""
        option = "    options {\n        ignore-quirks;\n    };\n" if self.ignore_quirks else ""
        source = ('/dts-v1/;\n\n/ {\n    compatible = "baton,manifest";\n' + option
                  + "    vms {\n" + "".join(g.node(n) for n, g in enumerate(self.guests))
                  + "    };\n};\n")
        base = os.path.join(BUILD, "bench",
                            f"{self.name}-gic{self.gic}{'-noquirk' if self.ignore_quirks else ''}")
        pack(source, base, BUILD, PACKER)
        return f"{base}.img"


@dataclass
class Tally:
    """What one CPU spent at EL2 for one reason."""

    stays: int = 0
    insns: int = 0
    longest: int = 0


@dataclass
class Seen:
    """What a run left: the guests' console, and the plugin's lines read."""

    console: str = field(compare=False)  # lateness beyond the section may differ by ticks
    section: dict = field(default_factory=dict)  # (cpu, reason): Tally, of section 1
    whole: dict = field(default_factory=dict)  # (cpu, reason): Tally, of the whole run
    where: dict = field(default_factory=dict)  # (cpu, reason): the guest's pc at the longest
    spent: dict = field(default_factory=dict)  # cpu: {address: count} of its longest stay
    profile: dict = field(default_factory=dict)  # {address: count} of section 1

    def insns(self, *reasons, but=()):
        """Instructions at EL2 in the section, for these reasons or all."""
        return sum(t.insns for (_, why), t in self.section.items()
                   if (not reasons or why in reasons) and why not in but)

    def stays(self, *reasons):
        """Stays at EL2 in the section, for these reasons or all."""
        return sum(t.stays for (_, why), t in self.section.items() if not reasons or why in reasons)


def read_log(text, seen):
    """The plugin's lines into `seen`."""
    for line in text.splitlines():
        if not line.startswith("plugin "):
            continue
        kind = line.split()[1]
        words = dict(WORDS.findall(line))
        if kind.startswith("section=") or kind == "all":
            key = (int(words["cpu"]), words["reason"])
            tally = Tally(int(words["stays"]), int(words["insns"]), int(words["longest"]))
            if kind == "all":
                seen.whole[key] = tally
                seen.where[key] = int(words["pc"], 16)
            else:
                seen.section[key] = tally
        elif kind == "spent":
            seen.spent.setdefault(int(words["cpu"]), {})[int(words["address"], 16)] = int(words["n"])
        elif kind == "profile":
            seen.profile[int(words["address"], 16)] = int(words["n"])


def run(world, profile=False):
    """One run of a world to its end, under the plugin."""
    machine = Machine(kernel=world.image(), gic=world.gic, smp=world.smp, icount=ICOUNT_SHIFT)
    with tempfile.TemporaryDirectory() as directory:
        log = os.path.join(directory, "log")
        machine.extra += bench_run.plugin_arguments("stays", log,
                                                    *(["profile=1"] if profile else []))
        seen = Seen(bench_run.boot(machine, f"{world.name} on GICv{world.gic}"))
        with open(log, encoding="ascii") as file:
            read_log(file.read(), seen)
    return seen


def plain(name):
    """A C++ function's name without namespace, template's and call's arguments."""
    tool = shutil.which("aarch64-linux-gnu-c++filt") or shutil.which("c++filt")
    if not tool or not name.startswith("_Z"):
        return name
    text = subprocess.run([tool, "-p", name], capture_output=True, text=True, check=True).stdout
    return re.sub(r"<.*", "", text.strip()).replace("hyp::", "")


def functions(counts, elf=HYP):
    """{address: count} as [(count, function)], greatest first."""
    table = sorted((start, start + max(size, 4), name) for name, (start, size)
                   in qemu_elf.symbols(elf).items() if not name.startswith("$"))
    total = collections.Counter()
    for address, count in counts.items():
        names = [name for start, end, name in table if start <= address < end]
        total[names[-1] if names else hex(address)] += count
    return [(count, plain(name)) for name, count in total.most_common()]


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
        self.longest = {}  # gic: (insns, world, cpu, reason, guest pc, functions)

    def seen(self, path, gic, ignore_quirks):
        """What the plugin saw of this path."""
        world = World(path.key, path.guests, gic, path.smp, ignore_quirks)
        seen = self.bench.same(f"{path.key} GICv{gic}", lambda: run(world))
        if not seen.section:
            raise Broken(f"{path.key} on GICv{gic}: nothing was counted: {seen.console[-200:]!r}")
        self.note(world, seen)
        return seen

    def note(self, world, seen):
        """Keeps the longest stay of each GIC."""
        for (cpu, reason), tally in seen.whole.items():
            if reason != "boot" and tally.longest > self.longest.get(world.gic, (0,))[0]:
                places = functions(seen.spent.get(cpu, {}))
                self.longest[world.gic] = (tally.longest, world.name, cpu, reason,
                                           seen.where[(cpu, reason)], places[:3])

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

    def longest_row(self, gic):
        """The longest stay of all these runs, where and why."""
        insns, world, cpu, reason, pc, places = self.longest[gic]
        text = ", ".join(f"{name} {count}" for count, name in places)
        return Row("longest stay in EL2", gic, insns, "instructions", 2500, None,
                   {"where": f"{world}, CPU {cpu}, by {reason} at {pc:#x}: {text}"})


def bound_growth(rows):
    """Of a tick's cost with 4, 16, 64 vCPUs: what a function that grows as log n does from 16 to 64
    is no more than what it does from 4 to 16; 2 % are left to rounding."""
    four, sixteen, many = rows[-3:]
    many.bound = sixteen.value + max(0, sixteen.value - four.value) + sixteen.value // 50


def measure(bench):
    """All rows of both GICs."""
    worlds = Worlds(bench)
    rows = []
    for gic in (3, 2):
        rows += [worlds.row(path, gic) for path in PATHS]
        bound_growth(rows)
        rows.append(worlds.longest_row(gic))
    return rows
