#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what Baton costs, exactly: instructions, exits, GIC accesses and barriers of each path.

usage: bench.py [--quick]      --quick: each run once, hence no proof that the figures repeat

One image of the tiny guest runs on the bare machine and under Baton, with QEMU counting
instructions as time (16 ns each, one tick of the counter). Net is the difference. The plugin's
counts of a path are those of a run with the path, less those of a run without, by repetition.
Prints a table and leaves build/bench.json, and build/bench-profile.txt
(bench_vcpus.py). Exit status: 0; 1 when a bound is broken or two equal
runs differ; 2 when something is missing.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bench_run  # noqa: E402
import bench_vcpus  # noqa: E402
import qemu_elf  # noqa: E402
from bench_run import BUILD, ICOUNT_SHIFT, PACKER, TINY, Broken, net, results  # noqa: E402
from bench_table import Row, print_table  # noqa: E402
from qemu_machine import Machine  # noqa: E402
from qemu_manifest import Options, UsageError, Vm, one_vm_source, pack  # noqa: E402
from qemu_session import SessionError  # noqa: E402

PLUGIN = bench_run.plugin_path("exits")
SECTION = re.compile(r"^plugin section=1 (.*)$", re.MULTILINE)
EOI_EXITS = re.compile(r"^plugin section=2 .*\bexits=(\d+)", re.MULTILINE)
BOOT = re.compile(r"^plugin boot insns=(\d+)", re.MULTILINE)


def build_plugin():
    """Compiles the counting plugin when it is older than its source."""
    bench_run.build_plugin("exits")


def boot(kernel, gic, el2, append, plugin_log=None):
    """Runs one machine to its end and returns its console."""
    machine = Machine(kernel=kernel, gic=gic, el2=el2, icount=ICOUNT_SHIFT)
    if append:
        machine.extra += ["-append", append]
    if plugin_log:
        machine.extra += bench_run.plugin_arguments("exits", plugin_log)
    return bench_run.boot(machine, f"the run on GICv{gic}", needs_status=el2)


class Bench:
    """All runs, each repeated so that a difference shows."""

    def __init__(self, repeats):
        self.repeats = repeats
        self.differences = []

    def same(self, what, run):
        """`run()` as often as asked; every result must be the first one's equal."""
        first = run()
        for _ in range(1, self.repeats):
            if run() != first:
                self.differences.append(what)
        return first

    def bare(self, gic, what):
        """The guest alone."""
        return self.same(f"bare GICv{gic} {what}", lambda: results(
            boot(TINY, gic, False, f"mode=bench what={what}")))

    def _packed(self, gic, what, ignore_quirks):
        base = os.path.join(BUILD, "bench", f"{what}-gic{gic}{'-noquirk' if ignore_quirks else ''}")
        vm = Vm("tiny", TINY, 256, 1, f"mode=bench what={what}")
        pack(one_vm_source(vm, Options(ignore_quirks=ignore_quirks)), base, BUILD,
             PACKER)
        return f"{base}.img"

    def under_baton(self, gic, what, ignore_quirks=False):
        """The guest's own figures under Baton, without the plugin."""
        image = self._packed(gic, what, ignore_quirks)
        return self.same(f"Baton GICv{gic} {what}",
                          lambda: results(boot(image, gic, True, "")))

    def _plugin(self, gic, what, ignore_quirks):
        """One run with the plugin: the guest's results and the plugin's lines."""
        image = self._packed(gic, what, ignore_quirks)
        with tempfile.TemporaryDirectory() as directory:
            log = os.path.join(directory, "plugin.log")
            console = boot(image, gic, True, "", log)
            with open(log, encoding="ascii") as file:
                return results(console), file.read()

    def counted(self, gic, what, ignore_quirks=False):
        """The plugin's counts of the marked loop, as {word: number}; and "boot", all instructions
        until the guest's first."""
        def once():
            _, text = self._plugin(gic, what, ignore_quirks)
            loop, begin = SECTION.findall(text), BOOT.search(text)
            if len(loop) != 1 or not begin:
                raise Broken(f"the plugin said nothing usable: {text[-200:]!r}")
            counts = dict((word.split("=")[0], int(word.split("=")[1]))
                          for word in loop[0].split())
            counts["boot"] = int(begin[1])
            return counts

        return self.same(f"plugin GICv{gic} {what}", once)

    def exits_at_eoi(self, gic, ignore_quirks=False):
        """Exits from just before each end of interrupt to a few instructions after it, a list."""
        def once():
            ours, text = self._plugin(gic, "eoi", ignore_quirks)
            exits = [int(count) for count in EOI_EXITS.findall(text)]
            if "eoi" not in ours or len(exits) != ours["eoi"][1]:
                raise Broken(f"the plugin saw {len(exits)} ends of interrupts: {text[-200:]!r}")
            return exits

        return self.same(f"plugin GICv{gic} eoi", once)


# Name, what the guest is asked for, bound by (GIC, quirk ignored), best peer by GIC.
PATHS = (
    ("null HVC", "hvc", {(2, False): 16, (3, False): 16}, {2: 188, 3: 188}),
    ("read of GICD_TYPER", "gicd_read", {(2, True): 64, (3, False): 64}, {2: 224, 3: 224}),
    ("write of ISENABLER, software SPI", "gicd_enable", {(2, True): 110, (3, False): 110},
     {2: 726, 3: 726}),
    ("SGI to self until the vector", "sgi_self", {(2, True): 70, (3, False): 70},
     {2: 775, 3: 775}),
    ("SPI's line to guest vector", "spi_line", {(3, False): 60}, {}),
    ("20 software interrupts at once", "burst", {}, {}),
    ("timer to guest vector", "tick", {(2, True): 24, (3, False): 20}, {2: 204, 3: 199}),
    ("timer to vector, lone vCPU in WFI", "wfi_tick", {(2, True): 40, (3, False): 40},
     {2: 204, 3: 199}),
    ("timer to vector, EOI before mask", "tick_eoi_first", {}, {}),
)
EXITS = {(2, False): 2.0, (2, True): 1.0, (3, False): 1.0}
EOI_BOUND = {(2, True): 0, (3, False): 0}  # on the quirk the second exit is the remedy


def measure_gic(bench, gic, ignore_quirks):
    """All rows of one GIC; on GICv2 once with QEMU's fault handled and once as if it were not."""
    rows = []
    key = (gic, ignore_quirks)
    suffix = ", quirk ignored" if ignore_quirks else ""
    for name, what, bounds, peers in PATHS:
        if ignore_quirks and what not in ("tick", "wfi_tick", "gicd_read", "gicd_enable",
                                          "sgi_self", "spi_line"):
            continue  # nothing else differs, or the guest would lose interrupts
        ours = bench.under_baton(gic, what, ignore_quirks)
        value, low, high = net(ours, bench.bare(gic, what), what)
        counts = bench.counted(gic, what, ignore_quirks)
        reps = ours[what][1]
        rows.append(Row(name + suffix, gic, value, "instructions", bounds.get(key), peers.get(gic),
                        {"min": low, "max": high, "lines": counts["lines"],
                         "gic_accesses": counts["gic"] / reps,
                         **{word: counts[word] / reps for word in ("exits", "barriers", "el2")}}))
        if what == "tick":
            rows.append(Row("exits per tick" + suffix, gic, counts["exits"] / reps, "exits",
                            EXITS[key], 1))
            exits = bench.exits_at_eoi(gic, ignore_quirks)
            rows.append(Row("exits at EOI" + suffix, gic, sum(exits) / len(exits), "exits",
                            EOI_BOUND.get(key), 0, {"min": min(exits), "max": max(exits)}))
        if what == "hvc":
            rows.append(Row("reset to first guest instruction", gic, counts["boot"],
                            "instructions", 440000, {2: 450688, 3: 444960}[gic]))
    return rows


def size_row():
    """Text and data of the hypervisor, without what is zero at the start."""
    text, data, zero = qemu_elf.loaded_bytes(os.path.join(BUILD, "hyp.elf"))
    return Row("text + data", None, text + data, "bytes", 96 * 1024, 83 * 1024,
               {"text": text, "data": data, "zero": zero})


def main():
    """Measures, prints, writes build/bench.json."""
    parser = argparse.ArgumentParser(description="Measures what Baton costs.")
    parser.add_argument("--quick", action="store_true", help="each run once")
    args = parser.parse_args()
    bench = Bench(1 if args.quick else 2)
    try:
        build_plugin()
        rows = measure_gic(bench, 3, False) + measure_gic(bench, 2, False)
        rows += measure_gic(bench, 2, True)
        rows += bench_vcpus.measure(bench) + [size_row()]
    except (UsageError, SessionError, Broken, qemu_elf.ElfError, OSError,
            subprocess.CalledProcessError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2
    with open(os.path.join(BUILD, "bench.json"), "w", encoding="ascii") as file:
        json.dump([row.json() for row in rows], file, indent=1)
        file.write("\n")
    print_table(rows)
    for what in bench.differences:
        print(f"bench: two runs of the same differ: {what}", file=sys.stderr)
    broken = [row for row in rows if row.broken()]
    for row in broken:
        where = f" on GICv{row.gic}" if row.gic else ""
        print(f"bench: {row.name}{where} is {row.value:g} {row.unit}, above the "
              f"bound of {row.bound:g}", file=sys.stderr)
    return 1 if broken or bench.differences else 0


if __name__ == "__main__":
    sys.exit(main())
