#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Eight VMs on two cores under random load, each QEMU CPU a thread of its own: no tick and no SGI may
be lost, none may come early or to the wrong vCPU.

usage: soak_machine.py SECONDS [SEED]

Two thirds of the boots have delays of up to 200 us put in at random places of EL2 (scripts/plugin/
delays.c), and a third has one VM alone, whose vCPUs sleep until they ring each other; GICv2 and GICv3
take turns. A boot lasts a minute, or a sixth of SECONDS. Each prints its figures and its seed. The last line is `N passed, N failed`;
status 0, or 1 when a boot failed, 2 when something is missing.
"""

import os
import random
import re
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import bench_run  # noqa: E402
from bench_run import BUILD, Broken  # noqa: E402
from bench_worlds import Guest, World, spoken  # noqa: E402
from qemu_machine import Machine  # noqa: E402
from qemu_manifest import UsageError  # noqa: E402
from qemu_session import SessionError  # noqa: E402

LOGS = os.path.join(BUILD, "soak")
LONGEST_BOOT = 60
SHORTEST_BOOT = 2
GRACE = 120  # seconds beyond a boot's length: the host may have others to serve
SOAK = re.compile(r"soak: (\d+) ticks of (\d+), (\d+) rings, (\d+) wrong; latest (\d+) us")
SHARERS = re.compile(r"sharers: (\d+) ticks of (\d+), .* (\d+) early, (\d+) foreign, .*"
                     r"wrong: (\d+) registers, (\d+) words of memory, counter back (\d+) times")
PERIODIC = re.compile(r"periodic: (\d+) ticks, .* (\d+) missed, (\d+) early, (\d+) foreign; "
                      r"late by (\d+) to (\d+)")


def eight(seconds, chance):
    """Four guests of two vCPUs that do anything, two that watch their registers, one that has rank 0
    and deadlines, one that disturbs."""
    rank = chance.randint(1, 6)  # of all six: where the host is busy a lower one might never run

    def some():
        return f"rank = <{rank}>", f"slice-us = <{chance.randint(200, 5000)}>"

    ms = int(seconds * 1000)
    guests = [Guest(f"ms={ms} seed={chance.randint(1, 10**9)}", "soak", 2, "0x3", some())
              for _ in range(4)]
    for _ in range(2):
        period = chance.randint(1500, 9000)
        guests.append(Guest(f"period-us={period} ticks={ms * 800 // period}", "sharers", 1, "0x3",
                            some()))
    period = chance.randint(500, 2000)
    guests.append(Guest(f"period-us={period} ticks={ms * 800 // period}", "periodic", 1, "0x1",
                        ("rank = <0>",)))
    guests.append(Guest(f"ms={ms // 16}", "hostile", 1, "0x2", ("rank = <7>",)))
    return guests


def quiet(seconds, chance):
    """One guest of two vCPUs, each with a core of its own and nobody else: what is not sent now will
    not be noticed by the way."""
    return [Guest(f"ms={int(seconds * 1000)} seed={chance.randint(1, 10**9)}", "soak", 2, "0x1 0x2")]


KINDS = ((3, eight, False), (2, eight, False), (3, eight, True), (2, eight, True),
         (3, quiet, True), (2, quiet, True))


def figures(console, guests):
    """What the guests counted, in one line."""
    said = spoken(console)
    soak = [[int(word) for word in match] for match in SOAK.findall(said)]
    sharers = [[int(word) for word in match] for match in SHARERS.findall(said)]
    periodic = [[int(word) for word in match] for match in PERIODIC.findall(said)]
    kernels = [guest.kernel for guest in guests]
    if [len(soak), len(sharers), len(periodic)] != [kernels.count(name) for name in
                                                    ("soak", "sharers", "periodic")]:
        raise Broken(f"not all guests came to their end: {console[-400:]!r}")
    late = sum(sum(line[:2]) for line in periodic)  # of these, some are missed and no less taken
    ticks = sum(line[0] for line in soak + sharers) + late
    planned = sum(line[1] for line in soak + sharers) + late
    wrong = (sum(line[3] for line in soak) + sum(sum(line[2:]) for line in sharers)
             + sum(sum(line[2:4]) for line in periodic))
    if ticks != planned or wrong != 0:
        raise Broken(f"{planned - ticks} ticks lost, {wrong} wrong")
    return (f"{ticks} ticks, none lost, none early; {sum(line[2] for line in soak)} rings heard; "
            f"latest {max(line[4] for line in soak)} us")


def one_boot(number, kind, seconds, seed):
    """One machine; its figures. Broken when anything was lost."""
    gic, guests_of, delays = kind
    guests = guests_of(seconds, random.Random(seed))
    world = World(f"soak-{number}", guests, gic, 2, consoles=True)
    machine = Machine(kernel=world.image(), gic=gic, smp=2)
    what = f"soak {number}"
    with tempfile.TemporaryDirectory() as directory:
        log = os.path.join(directory, "log")
        if delays:
            machine.extra += bench_run.plugin_arguments("delays", log, f"seed={seed}")
        console = bench_run.boot(machine, what, limit=seconds * 4 + GRACE)
        with open(os.path.join(LOGS, f"{number}.log"), "w", encoding="utf-8") as file:
            file.write(console)
        text = figures(console, guests)
        if delays:
            with open(log, encoding="ascii") as file:
                words = dict(bench_run.WORDS.findall(file.read()))
            text += f"; EL2 delayed {words['delays']} times, {int(words['us']) // 1000} ms in all"
    return text


def main(words):
    """Boots until the time is over."""
    if len(words) not in (1, 2) or not all(word.isdigit() for word in words):
        print("usage: soak_machine.py SECONDS [SEED]", file=sys.stderr)
        return 2
    total = int(words[0])
    seed = int(words[1]) if len(words) == 2 else int(time.time())
    seconds = min(LONGEST_BOOT, max(SHORTEST_BOOT, total / len(KINDS)))
    boots = max(len(KINDS), round(total / seconds))
    os.makedirs(LOGS, exist_ok=True)
    failed = 0
    for number in range(boots):
        kind = KINDS[number % len(KINDS)]
        title = (f"GICv{kind[0]}, {kind[1].__name__}, {'delays' if kind[2] else 'no delays'}, "
                 f"seed {seed + number}")
        try:
            print(f"pass  {title}: {one_boot(number, kind, seconds, seed + number)}",
                  flush=True)
        except Broken as error:
            failed += 1
            print(f"FAIL  {title}: {error}", flush=True)
        except (UsageError, SessionError, OSError, subprocess.CalledProcessError) as error:
            print(f"soak: {error}", file=sys.stderr)
            return 2
    print(f"{boots - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
