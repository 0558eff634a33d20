#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks hyp/core at random places, one at a time, and looks whether a unit test notices.

A mutant counts when it compiles and its object code differs; the sample goes on until --count of
them counted. It is killed when a test fails, crashes, or takes too long, a static assertion of a
test file included. Every test file that can see the change is tried before one is said to have
survived.
Status 0 when at least --least per cent were killed, else 1; 2 when the tests fail unmutated.
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import glob
import os
import random
import re
import shutil
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import mutants  # noqa: E402
from mutate_build import Build, BuildError, contents, execute  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCOPE = "hyp/core"
# What becomes of a mutant.
KILLED, SURVIVED, UNSEEN = "killed", "survived", "survived: no host test has this code"
REFUSED, ASSERTED, SAME = "does not compile", "refused by a static assertion", "same object code"
COUNTED = (KILLED, SURVIVED, UNSEEN)


class Judge:
    """Finds out what becomes of one mutant."""

    def __init__(self, build, out):
        self.build, self.out = build, out
        self.kills = collections.Counter()  # (file, test file) -> mutants killed
        self.lock = threading.Lock()

    def order(self, path):
        """The groups that can see a file: first those that killed its mutants, then its namesakes,
        then the quick ones."""
        subject = path.split("/")[2] if path.count("/") > 1 else ""
        groups = [group for group in self.build.groups if self.affected(group, path)]
        with self.lock:
            return sorted(groups, key=lambda group: (
                -self.kills[path, group.source],
                os.path.basename(os.path.dirname(group.source)) != subject,
                group.seconds + sum(map(self.build.cost, self.affected(group, path)))))

    def affected(self, group, path):
        """The group's sources that are made of `path`."""
        return [source for source in group.objects if path in self.build.needs[source]]

    def judge(self, number, site, new):
        """(verdict, what killed it) of one mutant."""
        work = os.path.join(self.out, f"m{number}")
        try:
            text = contents(self.build.at(site.path)).decode()
            place = os.path.join(work, "overlay", site.path)
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8") as file:
                file.write(mutants.mutated(text, site, new))
            return self.try_all(site.path, work)
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def try_all(self, path, work):
        """Every group in turn, until one notices."""
        made = {}  # source -> object, or None when it is the same as without the fault
        for group in self.order(path):
            for source in self.affected(group, path):
                if source not in made:
                    verdict = self.compile(source, path, work, made)
                    if verdict:
                        return verdict, source
            if any(made.get(source) for source in group.objects) and self.fails(group, made, work):
                with self.lock:
                    self.kills[path, group.source] += 1
                return KILLED, group.source
        if any(made.values()):
            return SURVIVED, ""
        return self.alone(path, work), ""

    def compile(self, source, path, work, made):
        """Compiles one source with the fault into `made`; a verdict when that is the end."""
        target = os.path.join(work, source.replace("/", "+") + ".o")
        status, output = self.build.compile(source, target, os.path.join(work, "overlay"), path)
        if status != 0:
            if re.search(r"^tests/\S*: error: static assertion failed", output, re.MULTILINE):
                return KILLED
            return ASSERTED if "static assertion failed" in output else REFUSED
        same = contents(target) == contents(self.build.objects[source])
        made[source] = None if same else target
        return None

    def fails(self, group, made, work):
        """Whether the group's program, with the fault, fails."""
        program = os.path.join(work, "program")
        objects = [made.get(source) or self.build.objects[source] for source in group.objects]
        status, _ = self.build.link(objects, program)
        if status == 0:
            status, _ = execute([program, "-a"], self.build.tree, 5 + 4 * group.seconds)
        return status != 0

    def alone(self, path, work):
        """Verdict on a fault that no program shows: there is none, or nobody uses that code."""
        made = []
        for overlay in ("", os.path.join(work, "overlay")):
            target = os.path.join(work, f"alone{len(made)}.o")
            source = os.path.join(overlay, path) if overlay else path
            status, _ = execute([*self.build.command(overlay), "-fkeep-inline-functions", "-x",
                                 "c++", "-c", source, "-o", target], self.build.tree, 60)
            if status != 0:
                return REFUSED
            made.append(contents(target))
        return SAME if made[0] == made[1] else UNSEEN


def sites(build, patterns):
    """All sites of the files that fit one of the patterns (all of SCOPE without)."""
    paths = sorted(os.path.relpath(path, build.tree) for ending in ("hpp", "cpp")
                   for path in glob.glob(build.at(f"{SCOPE}/**/*.{ending}"), recursive=True))
    texts = {path: contents(build.at(path)).decode() for path in paths}
    enums = mutants.enumerators(texts.values())
    chosen = [path for path in paths
              if not patterns or any(fnmatch.fnmatch(path, f"*{one}*") for one in patterns)]
    return [site for path in chosen for site in mutants.sites_of(path, texts[path], enums)]


def sample(found, seed):
    """(site, its replacement) of every site, in a random but repeatable order."""
    source = random.Random(seed)
    chosen = [(site, source.choice(site.choices)) for site in found]
    source.shuffle(chosen)
    return chosen


def survivors(log, chosen):
    """Those of a sample that survived in an earlier run, by its log."""
    left = set()
    for line in contents(log).decode().splitlines():
        for verdict in (UNSEEN, SURVIVED):
            if line.startswith(f"{verdict}: "):
                left.add(line[len(verdict) + 2:])
                break
    return [one for one in chosen if describe(*one) in left]


def describe(site, new):
    """A mutant in one line."""
    def short(text):
        flat = " ".join(text.split())
        return flat if len(flat) < 60 else flat[:57] + "..."
    place = f"{site.path}:{site.line}:{site.column}"
    return f"{place}: {site.kind}: '{short(site.old)}' -> '{short(new)}'"


def run(judge, chosen, count, jobs, log):
    """Judges mutants until `count` of them counted; returns (site, new, verdict, by) of each."""
    results, counted, at = [], 0, 0
    pending = {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        while counted < count and (at < len(chosen) or pending):
            while at < len(chosen) and len(pending) < min(jobs, count - counted):
                pending[pool.submit(judge.judge, at, *chosen[at])] = chosen[at]
                at += 1
            done, _ = concurrent.futures.wait(pending, return_when="FIRST_COMPLETED")
            for future in done:
                site, new = pending.pop(future)
                verdict, by = future.result()
                results.append((site, new, verdict, by))
                counted += verdict in COUNTED
                print(f"{verdict}{' by ' + by if by else ''}: {describe(site, new)}", file=log,
                      flush=True)
                if verdict in COUNTED and counted % 25 == 0:
                    print(f"mutate: {counted} of {count}", flush=True)
    return results


def report(results, seconds, least):
    """Prints the table and the survivors; returns the status."""
    table = collections.defaultdict(collections.Counter)
    for site, _, verdict, _ in results:
        table[site.path][verdict] += 1
    total = collections.Counter(verdict for _, _, verdict, _ in results)
    print(f"{'file':44} killed survived")
    for path in sorted(table):
        row = table[path]
        if any(row[verdict] for verdict in COUNTED):
            print(f"{path:44} {row[KILLED]:6} {row[SURVIVED] + row[UNSEEN]:8}")
    for site, new, verdict, _ in sorted(results, key=lambda one: (one[0].path, one[0].start)):
        if verdict in (SURVIVED, UNSEEN):
            print(f"{verdict}: {describe(site, new)}")
    counted = sum(total[verdict] for verdict in COUNTED)
    rate = 100 * total[KILLED] / counted if counted else 0
    print(f"not counted: {total[REFUSED]} do not compile, {total[ASSERTED]} refused by a static "
          f"assertion, {total[SAME]} of the same object code")
    print(f"mutate: {counted} mutants, {total[KILLED]} killed, {counted - total[KILLED]} survived: "
          f"{rate:.1f} % killed, {least} % wanted, {seconds:.0f} s")
    return 0 if counted and rate >= least else 1


def main():
    """Builds, samples, judges, reports."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    option = parser.add_argument
    option("--count", type=int, default=300, help="mutants that must count (300)")
    option("--seed", type=int, default=1, help="of the sample (1)")
    option("--jobs", type=int, default=2, help="mutants at a time (2)")
    option("--least", type=float, default=90, help="per cent that must be killed (90)")
    option("--top", default=TOP, help=argparse.SUPPRESS)
    option("--out", default="", help="where to work (build/mutate)")
    option("--cxx", default="g++", help="the host's compiler (g++)")
    option("--tests", default="", help="only test files whose path fits this expression")
    option("--again", metavar="LOG", help="only what survived in a run with this log, same seed")
    option("--list", action="store_true", help="print the sample, judge nothing")
    option("file", nargs="*", help="only files whose path holds one of these patterns")
    args = parser.parse_args()
    start = time.monotonic()
    out = os.path.abspath(args.out or os.path.join(args.top, "build", "mutate"))
    build = Build(os.path.abspath(args.top), out, args.cxx, args.jobs, args.tests)
    try:
        build.prepare(lambda text: print(f"mutate: {text}", flush=True))
    except (BuildError, OSError) as error:
        print(f"mutate: {error}", file=sys.stderr)
        return 2
    chosen = sample(sites(build, args.file), args.seed)
    if args.again:
        chosen = survivors(args.again, chosen)
    print(f"mutate: {len(build.groups)} test programs, {len(chosen)} places to break, "
          f"{time.monotonic() - start:.0f} s")
    if args.list:
        print("\n".join(describe(*one) for one in chosen[:args.count]))
        return 0
    with open(os.path.join(out, "log"), "w", encoding="utf-8") as log:
        for group in sorted(build.groups, key=lambda one: -one.seconds):
            print(f"{group.seconds:6.2f} s unmutated: {group.source}", file=log)
        results = run(Judge(build, out), chosen, args.count, args.jobs, log)
    return report(results, time.monotonic() - start, args.least)


if __name__ == "__main__":
    sys.exit(main())
