#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the whole-system cases of tests/qemu/cases.toml, two at a time.

usage: run_cases.py [--list] [--jobs N] [WORD ...]    only the cases whose name holds a WORD

One line a case, the console of each in build/test-logs/NAME.log, and last `N passed, N failed`.
Exit status 0 when none failed, 1 when one did, 2 when the table or the arguments are wrong.
"""

import argparse
import concurrent.futures
import contextlib
import itertools
import os
import re
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass, field

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "scripts"))

from case_files import BUILD, TableError, made, prepared, stub  # noqa: E402
from case_input import Typist  # noqa: E402

TABLE = os.path.join(TOP, "tests", "qemu", "cases.toml")
LOGS = os.path.join(BUILD, "test-logs")
AXES = ("gic", "cpu", "smp", "entry", "transport")
# What the runner says is appended to the log, hence visible to the same expressions.
DEFAULT_TIMEOUT = 60


@dataclass
class Case:
    """One boot: how to start it and what has to be seen."""

    name: str
    gic: int | None = None
    cpu: str | None = None
    smp: int | None = None
    entry: str = "image"
    transport: str = ""
    guest: str = ""
    initrd: str = ""
    cmdline: str = ""
    stub: str = ""
    checked: bool = False
    self_crash: str = ""
    args: list[str] = field(default_factory=list)
    timeout: float = DEFAULT_TIMEOUT
    status: int = 0
    require: list[str] = field(default_factory=list)
    forbid: list[str] = field(default_factory=list)
    once: list[str] = field(default_factory=list)
    input: list[str] = field(default_factory=list)
    input_after: str = ""

    def command(self):
        """The runner's arguments for this case; makes the files that it needs first."""
        out = [sys.executable, os.path.join(TOP, "scripts", "run.py"), "--name",
               f"test/{self.name}", "--timeout", str(self.timeout), "--entry", self.entry]
        for option in ("gic", "cpu", "smp", "transport", "cmdline", "self_crash"):
            value = getattr(self, option)
            if value not in (None, ""):
                out += [f"--{option.replace('_', '-')}", str(value)]
        for option in ("guest", "initrd"):
            if value := getattr(self, option):
                out += [f"--{option}", made(prepared, value)]
        if self.stub:
            out += ["--stub", made(stub, self.stub, self.gic)]
        if self.checked:
            out += ["--hyp", os.path.join(BUILD, "checked")]
        return out + self.args


def filled_in(text, values):
    """`text` with the machine's {gic}, {smp} and {transport}."""
    for axis in ("gic", "smp", "transport"):
        text = text.replace(f"{{{axis}}}", str(values.get(axis)))
    return text


def expand(row, defaults):
    """The cases of one row: the product of its axes."""
    row = {**defaults, **row}
    name = row.pop("name", None)
    if not name:
        raise TableError("a row has no name")
    unknown = set(row) - set(Case.__dataclass_fields__)
    if unknown:
        raise TableError(f"case {name}: unknown key {', '.join(sorted(unknown))}")
    axes = [axis for axis in AXES if isinstance(row.get(axis), list)]
    for values in itertools.product(*(row[axis] for axis in axes)):
        chosen = dict(zip(axes, values))
        words = [f"{axis}{value}" if axis in ("gic", "smp") else str(value)
                 for axis, value in chosen.items()]
        texts = {key: [filled_in(text, {**row, **chosen}) for text in row.get(key, [])]
                 for key in ("require", "once", "forbid")}
        yield Case(name="-".join([name, *words]), **{**row, **chosen, **texts})


def load(path):
    """All cases of the table, in order."""
    with open(path, "rb") as file:
        table = tomllib.load(file)
    defaults = table.get("default", {})
    rows = {}
    cases = []
    for row in table.get("case", []):
        base = row.pop("like", None)
        if base is not None and base not in rows:
            raise TableError(f"case {row.get('name')}: no row before it is named {base}")
        row = {**rows.get(base, {}), **row}
        rows[row.get("name")] = row
        cases += expand(row, defaults)
    names = [case.name for case in cases]
    for name in names:
        if names.count(name) > 1:
            raise TableError(f"two cases are named {name}")
    for case in cases:
        for text in case.require + case.forbid + case.once:
            re.compile(text)
        re.compile(case.input_after)
        if bool(case.input) != bool(case.input_after):
            raise TableError(f"case {case.name}: input and input_after belong together")
        if not case.require and not case.once:
            raise TableError(f"case {case.name} requires nothing to be seen")
    return cases


def judge(case, status, text):
    """What is wrong with a finished run, as sentences; empty when it passed."""
    wrong = []
    if status != case.status:
        wrong.append(f"exit status {status}, expected {case.status}")
    wrong += [f"not seen: {pattern}" for pattern in case.require
              if not re.search(pattern, text, re.MULTILINE)]
    for pattern in case.once:
        found = len(re.findall(pattern, text, re.MULTILINE))
        if found != 1:
            wrong.append(f"seen {found} times instead of once: {pattern}")
    for pattern in case.forbid:
        if match := re.search(pattern, text, re.MULTILINE):
            wrong.append(f"must not be seen: {match.group(0)}")
    return wrong


def read(path):
    """The log so far; a console may hold anything."""
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        return file.read().replace("\r\n", "\n")


def wait(case, process):
    """Waits for the runner, which ends a machine that hangs; if it hangs itself, ends it."""
    try:
        return process.wait(timeout=case.timeout + 60)
    except subprocess.TimeoutExpired:
        process.terminate()
        return process.wait(timeout=30)


def longest_first(cases):
    """In the order in which to start them: a long one begun last would run alone. How long each
    takes is not known, but its time limit is."""
    return sorted(cases, key=lambda case: -case.timeout)


def run(case):
    """Runs one case; returns (case, what is wrong, seconds)."""
    start = time.monotonic()
    log = os.path.join(LOGS, f"{case.name}.log")
    try:
        command = case.command()
        with open(log, "wb") as file:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE if case.input else subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, cwd=TOP)
            try:
                with (Typist(log, process.stdin, case.input_after, case.input) if case.input
                      else contextlib.nullcontext()):
                    status = wait(case, process)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        wrong = judge(case, status, read(log))
        if wrong:
            name_frames(case, log)
    except (subprocess.SubprocessError, OSError, TableError) as error:
        wrong = [f"{error}"]
    remove_packed(case)
    return case, wrong, time.monotonic() - start


def name_frames(case, log):
    """Appends to the log of a failed case the functions of its panic."""
    if "backtrace:" not in read(log):
        return
    elf = os.path.join(BUILD, "checked" if case.checked else "", "hyp.elf")
    done = subprocess.run([sys.executable, os.path.join(TOP, "scripts", "symbolise.py"), "--elf",
                           elf, log], capture_output=True, text=True, check=False)
    with open(log, "a", encoding="utf-8") as file:
        file.write("\n==== with names ====\n" + done.stdout + done.stderr)


def remove_packed(case):
    """The packed images of a hundred cases fill a disk; the manifest and the log stay."""
    for ending in ("img", "elf"):
        try:
            os.remove(os.path.join(BUILD, "test", f"{case.name}.{ending}"))
        except FileNotFoundError:
            continue


def show(case, wrong, seconds):
    """One line a case, and what is wrong below a failed one."""
    print(f"{'FAIL' if wrong else 'pass'}  {case.name}  ({seconds:.1f} s)", flush=True)
    for sentence in wrong:
        print(f"      {sentence}")
    if wrong:
        print(f"      console: build/test-logs/{case.name}.log", flush=True)


def main():
    """Runs the chosen cases and counts."""
    parser = argparse.ArgumentParser(description="Runs the whole-system cases.")
    parser.add_argument("--list", action="store_true", help="print the names, run nothing")
    parser.add_argument("--jobs", type=int, default=2, help="cases at a time (2)")
    parser.add_argument("--table", default=TABLE, help=argparse.SUPPRESS)
    parser.add_argument("word", nargs="*", help="only cases whose name holds one of these")
    args = parser.parse_args()
    try:
        cases = load(args.table)
    except (TableError, tomllib.TOMLDecodeError, re.error, TypeError) as error:
        print(f"run_cases: {error}", file=sys.stderr)
        return 2
    chosen = [case for case in cases
              if not args.word or any(word in case.name for word in args.word)]
    if not chosen:
        print("run_cases: no case has such a name", file=sys.stderr)
        return 2
    if args.list:
        print("\n".join(case.name for case in chosen))
        return 0
    os.makedirs(LOGS, exist_ok=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(max(1, args.jobs)) as pool:
        runs = [pool.submit(run, case) for case in longest_first(chosen)]
        for done in concurrent.futures.as_completed(runs):
            show(*done.result())
            failed += bool(done.result()[1])
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
