# SPDX-License-Identifier: Apache-2.0
"""The longest stay in EL2, and where its instructions went: of every run of `make bench` with several
vCPUs, and of those cases of tests/qemu/cases.toml that ask most of EL2.

With the plugin a case takes about twice as long, so `make test` does without it. Cases run in real
time: which stays occur is not the same in two runs, how long each kind takes nearly is.
"""

import concurrent.futures
import os
import subprocess
import tempfile

import bench_run
import run_cases
from bench_run import BUILD, TOP
from bench_table import Row
from bench_worlds import Seen, functions, read_log

BOUND = 2500
CASES = ("smp-one", "smp-two", "smp-v", "conform-lrs1", "conform-lrs4", "abuse-", "devices-gic",
         "devices-lrs1", "sharers-gic", "neighbour", "registers-gic", "restart", "sleeping",
         "checks-gic", "pcpus-gic")


class Longest:
    """Every stay above the bound that was the longest of its run, CPU and reason; and the longest."""

    def __init__(self):
        self.stays = []  # (instructions, GIC, run, CPU, reason, the guest's pc, functions)
        self.runs = {2: 0, 3: 0}

    def note(self, gic, name, seen):
        """Looks at one run."""
        self.runs[gic] += 1
        for (cpu, reason), tally in seen.whole.items():
            if tally.longest == 0:
                continue
            key = (cpu, reason)
            places = functions(seen.spent.get(key, {})) if tally.longest > BOUND else []
            self.stays.append((tally.longest, gic, name, *key, seen.where[key], places[:8]))

    def row(self, gic):
        """The longest one on this GIC."""
        insns, _, name, cpu, reason, pc, places = max(stay for stay in self.stays if stay[1] == gic)
        text = ", ".join(f"{place} {count}" for count, place in places[:3])
        return Row("longest stay in EL2", gic, insns, "instructions", BOUND, None,
                   {"runs": self.runs[gic],
                    "where": f"{name}, CPU {cpu}, by {reason} at {pc:#x}: {text}"})

    def write(self, path):
        """All above the bound, the longest first."""
        with open(path, "w", encoding="ascii") as file:
            for insns, gic, name, cpu, reason, pc, places in sorted(self.stays, reverse=True):
                if insns > BOUND:
                    file.write(f"{insns} GICv{gic} {name}, CPU {cpu}, by {reason} at {pc:#x}\n")
                    file.writelines(f"    {count:8} {place}\n" for count, place in places)


def chosen_cases():
    """The cases to look at: none on the bare machine, none that counts on assertions."""
    return [case for case in run_cases.load(run_cases.TABLE)
            if any(word in case.name for word in CASES) and not case.checked
            and "bare" not in case.name and case.gic in (2, 3)]


def run_case(case):
    """One case under the plugin; what was seen, whatever the case itself would say."""
    with tempfile.TemporaryDirectory() as directory:
        log = os.path.join(directory, "log")
        plugin = bench_run.plugin_arguments("stays", log)[1]
        environment = {**os.environ, "PLUGIN": plugin, "PLUGIN_LOG": log,
                       "QEMU": os.path.join(TOP, "scripts", "qemu_with_plugin.sh")}
        done = subprocess.run(case.command(), cwd=TOP, env=environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, errors="replace", check=False,
                              timeout=3 * case.timeout + 60)
        seen = Seen(done.stdout)
        if os.path.isfile(log):
            with open(log, encoding="ascii") as file:
                read_log(file.read(), seen)
    run_cases.remove_packed(case)
    return seen


def measure_cases(longest):
    """Runs the cases, two at a time."""
    os.makedirs(os.path.join(BUILD, "test"), exist_ok=True)
    bench_run.build_plugin("stays")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        runs = {pool.submit(run_case, case): case for case in chosen_cases()
                if not case.input}
        for run in concurrent.futures.as_completed(runs):
            longest.note(runs[run].gic, runs[run].name, run.result())
