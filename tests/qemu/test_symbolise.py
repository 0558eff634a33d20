#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of symbolise.py on the hypervisor that was built."""

import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_helpers  # noqa: E402

sys.path.insert(0, os.path.join(build_helpers.TOP, "scripts"))
import qemu_elf  # noqa: E402
from suite import main  # noqa: E402

SYMBOLISE = os.path.join(build_helpers.TOP, "scripts", "symbolise.py")
ELF = os.path.join(build_helpers.TOP, "build", "hyp.elf")


def symbolise(text, *arguments):
    """Runs it with `text` as the log."""
    return subprocess.run([sys.executable, SYMBOLISE, *arguments], input=text, text=True,
                          capture_output=True, timeout=60, check=False)


class Frames(unittest.TestCase):
    """Addresses of the backtrace become functions and lines."""

    def test_functions_and_lines_are_named(self):
        table = qemu_elf.symbols(ELF)
        addresses = [table["panic_on_exception"][0], table["hyp_main"][0] + 4]
        log = "baton: panic: x\nbacktrace: " + " ".join(f"{a:x}" for a in addresses) + "\nend\n"
        done = symbolise(log, "--elf", ELF)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"#0 +[0-9a-f]+ +panic_on_exception at hyp/panic\.cpp:\d+")
        self.assertRegex(done.stdout, r"hyp_main at hyp/main\.cpp:\d+")
        self.assertTrue(done.stdout.endswith("\nend\n"))

    def test_a_log_without_backtrace(self):
        done = symbolise("all is well\n", "--elf", ELF)
        self.assertEqual((done.returncode, done.stdout), (1, "all is well\n"))

    def test_missing_files(self):
        self.assertEqual(symbolise("", "--elf", "/missing").returncode, 2)
        done = symbolise("backtrace: 10\n", "--elf", SYMBOLISE)
        self.assertEqual(done.returncode, 2)
        self.assertIn("no names to give", done.stderr)
        self.assertEqual(symbolise("", "--elf", ELF, "/missing").returncode, 2)


class Symbols(unittest.TestCase):
    """The ELF reader agrees with the cross tools."""

    def test_addresses_are_those_of_nm(self):
        out = subprocess.run([f"{build_helpers.cross()}nm", ELF], capture_output=True, text=True,
                             check=True).stdout
        listed = {line.split()[2]: int(line.split()[0], 16) for line in out.splitlines()
                  if len(line.split()) == 3 and line.split()[1] in "Tt"}
        table = qemu_elf.symbols(ELF)
        for name in ("hyp_main", "machine_stopped", "vectors_v2", "vectors_v3"):
            self.assertEqual(table[name][0], listed[name])

    def test_sizes_are_those_of_size(self):
        out = subprocess.run([f"{build_helpers.cross()}size", ELF], capture_output=True, text=True,
                             check=True).stdout
        listed = [int(word) for word in out.splitlines()[1].split()[:3]]
        self.assertEqual(list(qemu_elf.loaded_bytes(ELF)), listed)

    def test_an_address_is_named_by_its_symbol(self):
        table = {"a": (0x100, 0x10), "b": (0x110, 0x20), "$x": (0x110, 0)}
        self.assertEqual(qemu_elf.find(table, 0x11C), "b+0xc")
        self.assertIsNone(qemu_elf.find(table, 0x130))


if __name__ == "__main__":
    sys.exit(main())
