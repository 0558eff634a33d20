#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Eight VMs on two cores under random load, each QEMU CPU a thread of its own: no tick and no SGI may
be lost, none may come early or to the wrong vCPU.

usage: soak_machine.py SECONDS [SEED]

Half of the boots have delays of up to 200 us put in at random places of EL2 (scripts/plugin/
delays.c); GICv2 and GICv3 take turns. A boot lasts a minute, or a quarter of SECONDS. Each prints its
figures and, if it failed, its seed and the console's file. The last line is `N passed, N failed`;
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
SHORTEST_BOOT = 3
GRACE = 120  # seconds beyond a boot's length: the host may have others to serve
SOAK = re.compile(r"soak: (\d+) ticks of (\d+), (\d+) rings, (\d+) wrong; latest (\d+) us")
SHARERS = re.compile(r"sharers: (\d+) ticks of (\d+), .* (\d+) early, (\d+) foreign, .*"
                     r"wrong: (\d+) registers, (\d+) words of memory, counter back (\d+) times")
PERIODIC = re.compile(r"periodic: (\d+) ticks, .* (\d+) missed, (\d+) early, (\d+) foreign; "
                      r"late by (\d+) to (\d+)")


def eight(seconds, chance):
    """Four guests of two vCPUs that do anything, two that watch their registers, one that has rank 0
    and deadlines, one that disturbs."""
    def some():
        return f"rank = <{chance.randint(3, 5)}>", f"slice-us = <{chance.randint(200, 5000)}>"

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


def figures(console):
    """What the guests counted, in one line."""
    said = spoken(console)
    soak = [[int(word) for word in match] for match in SOAK.findall(said)]
    sharers = [[int(word) for word in match] for match in SHARERS.findall(said)]
    periodic = [[int(word) for word in match] for match in PERIODIC.findall(said)]
    if len(soak) != 4 or len(sharers) != 2 or len(periodic) != 1:
        raise Broken(f"not all guests came to their end: {console[-400:]!r}")
    ticks = sum(line[0] for line in soak + sharers) + periodic[0][0] + periodic[0][1]
    planned = sum(line[1] for line in soak + sharers) + periodic[0][0] + periodic[0][1]
    wrong = (sum(line[3] for line in soak) + sum(sum(line[2:]) for line in sharers)
             + sum(periodic[0][2:4]))
    if ticks != planned or wrong != 0:
        raise Broken(f"{planned - ticks} ticks lost, {wrong} wrong")
    return (f"{ticks} ticks, none lost, none early; {sum(line[2] for line in soak)} rings heard; "
            f"latest {max(line[4] for line in soak)} us")


def one_boot(number, gic, seconds, seed, delays):
    """One machine; its figures. Broken when anything was lost."""
    world = World(f"soak-{number}", eight(seconds, random.Random(seed)), gic, 2, consoles=True)
    machine = Machine(kernel=world.image(), gic=gic, smp=2)
    what = f"soak {number}"
    with tempfile.TemporaryDirectory() as directory:
        log = os.path.join(directory, "log")
        if delays:
            machine.extra += bench_run.plugin_arguments("delays", log, f"seed={seed}")
        console = bench_run.boot(machine, what, limit=seconds * 4 + GRACE)
        with open(os.path.join(LOGS, f"{number}.log"), "w", encoding="utf-8") as file:
            file.write(console)
        text = figures(console)
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
    seconds = min(LONGEST_BOOT, max(SHORTEST_BOOT, total / 4))
    boots = max(4, round(total / seconds))
    os.makedirs(LOGS, exist_ok=True)
    failed = 0
    for number in range(boots):
        gic, delays = 3 - number % 2, number // 2 % 2 == 1
        title = f"GICv{gic}, {'delays' if delays else 'no delays'}, seed {seed + number}"
        try:
            print(f"pass  {title}: {one_boot(number, gic, seconds, seed + number, delays)}",
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
