#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the fuzz targets of tests/fuzz, which make has built below build/host/fuzz.

    fuzz.py replay           every kept input and a fixed number of new ones: a suite of make test
    fuzz.py run SECONDS      each target for so long, on two CPUs, from all that was ever found
    fuzz.py corpus           rewrites tests/fuzz/corpus: seeds, kept inputs and those found by `run`,
                             merged to what covers the same code with the fewest bytes

The input of a find is left in build/fuzz as TARGET-crash-*; `build/host/fuzz/TARGET FILE` shows it
again. Status 1 when there is a find, 2 when there is nothing to run.
"""

import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILT = os.path.join("build", "host", "fuzz")
FOUND = os.path.join("build", "fuzz")
CORPUS = os.path.join("tests", "fuzz", "corpus")
# New inputs in `make test`: a second or two each on one CPU.
RUNS = {"decoder": 10000, "events": 400, "list_reg": 60000, "manifest": 20000, "payload": 30000,
        "tree": 10000}
COVERAGE = re.compile(r"^#(\d+):?\s.*?cov: (\d+) ft: (\d+)", re.MULTILINE)
# The time limit of an input is by the clock on the wall, and the machine may be busy.
LIMITS = ["-detect_leaks=0", "-timeout=100", "-rss_limit_mb=2048", "-max_len=4096",
          "-print_funcs=0"]
# Of the kept corpus, all targets together.
MOST_FILES = 200
MOST_EACH = 33
MOST_BYTES = 300 * 1024


def targets():
    """Names of the targets, as their sources say."""
    return sorted(os.path.basename(path)[:-4] for path in glob.glob("tests/fuzz/*.cpp"))


def program(target):
    """The built program of a target."""
    return os.path.join(BUILT, target)


def inputs_of(folder):
    """Paths of the inputs in a folder."""
    return sorted(glob.glob(os.path.join(folder, "*")))


class Run:
    """One run of a target: what it printed, as numbers."""

    def __init__(self, target, arguments, limit):
        self.target = target
        os.makedirs(FOUND, exist_ok=True)
        prefix = os.path.join(FOUND, target + "-")
        command = [program(target), f"-artifact_prefix={prefix}", *LIMITS, *arguments]
        start = time.monotonic()
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=limit, check=False)
            self.text = done.stdout.decode(errors="replace")
            self.good = done.returncode == 0
        except subprocess.TimeoutExpired as error:
            self.text = (error.stdout or b"").decode(errors="replace") + "\nran into its time limit"
            self.good = False
        except OSError as error:
            self.text = str(error)
            self.good = False
        self.seconds = time.monotonic() - start

    def line(self, kept):
        """The run in one line."""
        seen = COVERAGE.findall(self.text)
        runs, edges, features = seen[-1] if seen else ("0", "0", "0")
        return (f"{self.target:9} {'ok' if self.good else 'FOUND':5} {kept:4} inputs kept, "
                f"{int(runs):9,} executions, coverage {edges:>4} edges, {features:>4} features, "
                f"{self.seconds:.1f} s")

    def report(self, kept):
        """Prints the line, and of a find the end of what the target said."""
        print(self.line(kept), flush=True)
        if not self.good:
            said = [line[:200] for line in self.text.splitlines()
                    if not line.startswith(("#", "INFO:"))]
            print("\n".join(said[-30:]), flush=True)


def replay_one(target):
    """Kept inputs, then new ones by a fixed seed; new inputs that cover more are thrown away."""
    kept = os.path.join(CORPUS, target)
    with tempfile.TemporaryDirectory() as scratch:
        count = RUNS[target] + len(inputs_of(kept))
        return Run(target, ["-seed=1", f"-runs={count}", scratch, kept], 400)


def replay():
    """The suite: one case a target."""
    names = targets()
    for target in names:
        if not inputs_of(os.path.join(CORPUS, target)):
            print(f"fuzz.py: {target} has no corpus")
            print(f"0 passed, {len(names)} failed")
            return 1
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        runs = list(pool.map(replay_one, names))
    for run in runs:
        run.report(len(inputs_of(os.path.join(CORPUS, run.target))))
    bad = sum(not run.good for run in runs)
    print(f"{len(runs) - bad} passed, {bad} failed")
    return 1 if bad else 0


def run_long(seconds):
    """Each target in turn, two processes each; what it finds is kept in build/fuzz/TARGET."""
    bad = 0
    for target in targets():
        found = os.path.join(FOUND, target)
        os.makedirs(found, exist_ok=True)
        kept = os.path.join(CORPUS, target)
        run = Run(target, ["-fork=2", f"-max_total_time={seconds}", found, kept], seconds + 120)
        run.report(len(inputs_of(found)) + len(inputs_of(kept)))
        bad += not run.good
    if bad:
        print(f"fuzz.py: {bad} targets found something: see {FOUND}/*-crash-* and the like")
    return 1 if bad else 0


def merge(target, seeds):
    """Rewrites the kept inputs of a target: all its seeds, and what adds to them, the large ones
    first (a small one is soon found again). Returns their number and bytes."""
    kept = os.path.join(CORPUS, target)
    first = os.path.join(seeds, target)
    begun = inputs_of(first)
    more = [folder for folder in (kept, os.path.join(FOUND, target)) if os.path.isdir(folder)]
    run = Run(target, ["-merge=1", "-use_counters=0", first, *more], 600)
    if not run.good:
        run.report(0)
        sys.exit(1)
    added = sorted(set(inputs_of(first)) - set(begun), key=os.path.getsize, reverse=True)
    shutil.rmtree(kept, ignore_errors=True)
    os.makedirs(kept)
    for path in begun + added[:max(0, MOST_EACH - len(begun))]:
        shutil.copy(path, kept)
    files = inputs_of(kept)
    size = sum(map(os.path.getsize, files))
    print(f"{target:9} {len(files):4} inputs, {size:7,} bytes")
    return len(files), size


def corpus():
    """All targets' kept inputs anew."""
    with tempfile.TemporaryDirectory() as seeds:
        subprocess.run([os.path.join("tests", "fuzz", "make_seeds.py"), seeds], check=True)
        sums = [merge(target, seeds) for target in targets()]
    files, size = (sum(column) for column in zip(*sums))
    print(f"all       {files:4} inputs, {size:7,} bytes")
    return 1 if files > MOST_FILES or size > MOST_BYTES else 0


def main():
    """Does what the first argument says."""
    os.chdir(TOP)
    words = sys.argv[1:]
    if words == ["replay"]:
        return replay()
    if words == ["corpus"]:
        return corpus()
    if len(words) == 2 and words[0] == "run":
        if not re.fullmatch(r"[1-9]\d{0,5}", words[1]):
            print(f"SECONDS must be a positive number of seconds, not '{words[1]}'",
                  file=sys.stderr)
            return 2
        return run_long(int(words[1]))
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
