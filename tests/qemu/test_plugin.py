#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the counting plugin, on a program of which every instruction is known."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_helpers  # noqa: E402

sys.path.insert(0, os.path.join(build_helpers.TOP, "scripts"))
import bench_run  # noqa: E402
from suite import main  # noqa: E402

BASE = 0x40200000
CALLS = 25


def count(*options, plugin="exits"):
    """A plugin's lines for one run of counted.S."""
    path = bench_run.build_plugin(plugin)
    image = build_helpers.build("counted", "helpers/counted.S", CALLS=CALLS)
    with tempfile.TemporaryDirectory() as directory:
        log = os.path.join(directory, "log")
        plugin = ",".join([path, *options])
        done = subprocess.run(
            [sys.executable, os.path.join(build_helpers.TOP, "scripts", "run.py"), "--icount",
             "--raw-image", image, "--qemu-arg=-plugin", f"--qemu-arg={plugin}", "--qemu-arg=-d",
             "--qemu-arg=plugin", "--qemu-arg=-D", f"--qemu-arg={log}"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            return done
        with open(log, encoding="ascii") as file:
            return file.read()


def words(line):
    """A line's words as {name: number}."""
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", line)}


class Counts(unittest.TestCase):
    """Each figure of a section is exactly what the program does there."""

    @classmethod
    def setUpClass(cls):
        cls.text = count(f"lo={BASE:#x}", f"hi={BASE + 0x1000:#x}", f"vectors={BASE + 0x800:#x}")
        cls.lines = cls.text.splitlines()

    def test_the_section_holds_the_calls_between_its_markers(self):
        section = words(self.lines[1])
        self.assertEqual(section, {
            "section": 1, "insns": 2 + CALLS * (12 + 3), "el2": 12 * CALLS, "exits": CALLS,
            "sync": CALLS, "irq": 0, "gic": 3 * CALLS, "barriers": 3 * CALLS, "erets": CALLS,
            "lines": 3})

    def test_the_guest_begins_after_the_first_eret(self):
        boot = words(self.lines[0])
        # 6 instructions of QEMU's boot code, the Image header's branch, helper_main.
        self.assertEqual(boot["insns"] - boot["el2"], 6)
        self.assertEqual(boot["el2"], 1 + 12)

    def test_the_total_holds_everything(self):
        total = words(self.lines[2])
        self.assertEqual(total["exits"], CALLS + 2)
        self.assertEqual(total["el2"], 1 + 12 + 12 * (CALLS + 2))

    def test_nothing_else_is_printed(self):
        self.assertEqual(len(self.lines), 3, self.text)

    def test_without_a_vector_table_no_exit_is_seen(self):
        section = words(count(f"lo={BASE:#x}", f"hi={BASE + 0x1000:#x}").splitlines()[1])
        self.assertEqual(section["exits"], 0)

    def test_an_unknown_argument_is_refused(self):
        self.assertEqual(count("low=1").returncode, 125)


class Stays(unittest.TestCase):
    """The other plugin: each stay of the same program, its cause and its length."""

    @classmethod
    def setUpClass(cls):
        cls.lines = count(f"lo={BASE:#x}", f"hi={BASE + 0x1000:#x}", f"vectors={BASE + 0x800:#x}",
                          "profile=1", plugin="stays").splitlines()

    def lines_of(self, kind):
        """The lines that begin so, with their words."""
        return [(line, words(line)) for line in self.lines if line.startswith(f"plugin {kind}")]

    def test_the_section_holds_the_calls_between_its_markers(self):
        (line, seen), = self.lines_of("section=1 ")
        self.assertIn(" cpu=0 reason=hvc ", line)
        self.assertEqual([seen[word] for word in ("stays", "insns", "longest", "shortest")],
                         [CALLS, 12 * CALLS, 12, 12])

    def test_what_ran_before_the_first_vector_is_no_stay(self):
        line, seen = self.lines_of("all ")[0]
        self.assertIn(" cpu=0 reason=boot ", line)
        self.assertEqual((seen["stays"], seen["insns"]), (0, 1 + 12))

    def test_the_longest_stay_is_shown_by_instruction(self):
        spent = self.lines_of("spent ")
        self.assertEqual(sum(seen["n"] for _, seen in spent), 12)
        profile = self.lines_of("profile section=1 ")
        self.assertEqual(sum(seen["n"] for _, seen in profile), 12 * CALLS)


if __name__ == "__main__":
    sys.exit(main())
