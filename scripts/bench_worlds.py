# SPDX-License-Identifier: Apache-2.0
"""Machines of several VMs, run with every stay in EL2 counted.

guest/bench is the guest; scripts/plugin/stays.c counts the instructions executed at EL2, by CPU and
by what brought the CPU there, between the guest's markers.
"""

import bisect
import collections
import functools
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field

import bench_run
import qemu_elf
from bench_run import BUILD, HYP, ICOUNT_SHIFT, PACKER, WORDS
from qemu_machine import Machine
from qemu_manifest import pack

@dataclass
class Guest:
    """One VM of a manifest."""

    bootargs: str
    kernel: str = "bench"
    vcpus: int = 1
    pcpus: str = "0x1"
    more: tuple = ()

    def node(self, number, console):
        """Its node of the manifest; `console` is a property, or empty."""
        lines = [f'label = "vm{number}"', "memory-mib = <16>", f"vcpus = <{self.vcpus}>",
                 f"pcpus = <{self.pcpus}>", 'on-reset = "stop"', 'on-crash = "stop"',
                 f'kernel = "{os.path.join(BUILD, "guest", self.kernel)}.img"',
                 f'bootargs = "{self.bootargs}"', *self.more]
        lines += [console] if console else []
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
    consoles: bool = False  # a console for each; else the first has the UART, the others none

    def console(self, number):
        """What the VM of this number has for its output."""
        return "console" if self.consoles else 'devices = "pl011"' if number == 0 else ""

    def image(self):
        """Packs it and returns the file to boot."""
        option = "    options {\n        ignore-quirks;\n    };\n" if self.ignore_quirks else ""
        vms = "".join(guest.node(n, self.console(n)) for n, guest in enumerate(self.guests))
        source = ('/dts-v1/;\n\n/ {\n    compatible = "baton,manifest";\n' + option
                  + "    vms {\n" + vms + "    };\n};\n")
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
    shortest: int = 0  # of a section alone


@dataclass
class Seen:
    """What a run left: the guests' console, and the plugin's lines read."""

    console: str = field(compare=False)  # lateness beyond the section may differ by ticks
    section: dict = field(default_factory=dict)  # (cpu, reason): Tally, of section 1
    whole: dict = field(default_factory=dict)  # (cpu, reason): Tally, of the whole run
    where: dict = field(default_factory=dict)  # (cpu, reason): the guest's pc at the longest
    spent: dict = field(default_factory=dict)  # (cpu, reason): {address: count} of its longest stay
    profile: dict = field(default_factory=dict)  # {address: count} of section 1

    def insns(self, *reasons, but=()):
        """Instructions at EL2 in the section, for these reasons or all."""
        return sum(t.insns for (_, why), t in self.section.items()
                   if (not reasons or why in reasons) and why not in but)

    def stays(self, *reasons):
        """Stays at EL2 in the section, for these reasons or all; `load` is none."""
        return sum(t.stays for (_, why), t in self.section.items()
                   if (why in reasons if reasons else why != "load"))


def spoken(console):
    """What each VM said, one line for all of a VM's: a line that takes its time comes in pieces."""
    texts = {}
    for label, text in re.findall(r"^\[(\w+)\] (.*)$", console, re.MULTILINE):
        texts[label] = texts.get(label, "") + text
    return "\n".join(f"[{label}] {text}" for label, text in texts.items()) or console


def read_log(text, seen):
    """The plugin's lines into `seen`."""
    for line in text.splitlines():
        if not line.startswith("plugin "):
            continue
        kind = line.split()[1]
        words = dict(WORDS.findall(line))
        if kind.startswith("section=") or kind == "all":
            key = (int(words["cpu"]), words["reason"])
            tally = Tally(int(words["stays"]), int(words["insns"]), int(words["longest"]),
                          int(words.get("shortest", 0)))
            if kind == "all":
                seen.whole[key] = tally
                seen.where[key] = int(words["pc"], 16)
            else:
                seen.section[key] = tally
        elif kind == "spent":
            key = (int(words["cpu"]), words["reason"])
            seen.spent.setdefault(key, {})[int(words["address"], 16)] = int(words["n"])
        elif kind == "profile":
            seen.profile[int(words["address"], 16)] = int(words["n"])


def run_plain(world, *more):
    """One run of a world to its end, with more arguments of QEMU; its console."""
    machine = Machine(kernel=world.image(), gic=world.gic, smp=world.smp, icount=ICOUNT_SHIFT,
                      extra=list(more))
    return bench_run.boot(machine, f"{world.name} on GICv{world.gic}")


def run(world):
    """One run of a world to its end, under the plugin."""
    with tempfile.TemporaryDirectory() as directory:
        log = os.path.join(directory, "log")
        seen = Seen(run_plain(world, *bench_run.plugin_arguments("stays", log, "profile=1")))
        with open(log, encoding="ascii") as file:
            read_log(file.read(), seen)
    return seen


@functools.cache
def plain(name):
    """A C++ function's name without namespace, template's and call's arguments."""
    tool = shutil.which("aarch64-linux-gnu-c++filt") or shutil.which("c++filt")
    if not tool or not name.startswith("_Z"):
        return name
    text = subprocess.run([tool, "-p", name], capture_output=True, text=True, check=True).stdout
    return re.sub(r"\(anonymous namespace\)::|hyp::|<.*", "", text.strip())


def functions(counts, elf=HYP):
    """{address: count} as [(count, function)], greatest first; the function is the last symbol that
    begins at or before the address."""
    table = sorted((start, name) for name, (start, _) in qemu_elf.symbols(elf).items()
                   if not name.startswith("$"))
    starts = [start for start, _ in table]
    total = collections.Counter()
    for address, count in counts.items():
        total[table[max(0, bisect.bisect_right(starts, address) - 1)][1]] += count
    return [(count, plain(name)) for name, count in total.most_common()]
