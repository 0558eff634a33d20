#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/conformance.py: the three tables as they are, printed; and that it sees a name of no test,
a row without one, and whatever else may be wrong with them."""

import os
import shutil
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "scripts"))
sys.dont_write_bytecode = True

import conformance  # noqa: E402

TABLES = (conformance.TABLE, conformance.GALLERY, conformance.FIXES)


class Tables(unittest.TestCase):
    """Each test changes one thing in a copy of the tables."""

    def setUp(self):
        self.top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.top)
        os.makedirs(os.path.join(self.top, "tests"))
        for part in ("guest", "tests/target", "tests/unit", "tests/qemu"):
            os.symlink(os.path.join(TOP, part), os.path.join(self.top, part))
        for table in TABLES:
            shutil.copy(os.path.join(TOP, table), os.path.join(self.top, table))

    def change(self, table, old, new):
        """Replaces the first `old`, which must be there."""
        path = os.path.join(self.top, table)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertIn(old, text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(old, new, 1))

    def errors(self):
        """All that is wrong, in one text."""
        _, found = conformance.check(self.top)
        return "; ".join(f"{place}: {error}" for place, errors in found.items() for error in errors)

    def test_as_they_are(self):
        self.assertEqual(self.errors(), "")

    def test_names_of_no_test(self):
        for table, old, new in (
                (conformance.TABLE, '"lifecycle:T7"', '"lifecycle:T7x"'),
                (conformance.TABLE, '"lifecycle:T7"', '"bench:T7"'),
                (conformance.TABLE, '"lifecycle:T7"', '"lifecycle T7"'),
                (conformance.TABLE, '"lifecycle:T7"', '"common:T7"'),
                (conformance.TABLE, '"case:sleeping"', '"case:sleepin"'),
                (conformance.TABLE, '"unit:bao#178"', '"unit:bao#17"'),
                (conformance.GALLERY, "`devices:T32`", "`devices:T3`"),
                (conformance.FIXES, "`tiny:N17`", "`tiny:N170`")):
            with self.subTest(new):
                self.change(table, old, new)
                self.assertIn("'" + new.strip('"`') + "'", self.errors())
                self.change(table, new, old)
        self.assertEqual(self.errors(), "")

    def test_a_program_that_nobody_runs(self):
        os.unlink(os.path.join(self.top, "tests/qemu"))
        os.makedirs(os.path.join(self.top, "tests/qemu"))
        with open(os.path.join(TOP, conformance.CASES), encoding="utf-8") as file:
            cases = file.read().replace("target/lifecycle.elf", "target/other.elf")
        with open(os.path.join(self.top, conformance.CASES), "w", encoding="utf-8") as file:
            file.write(cases)
        self.assertIn("no case runs the program 'lifecycle'", self.errors())

    def test_rows_that_show_nothing(self):
        self.change(conformance.TABLE, 'tests = ["lifecycle:T1", "lifecycle:T16", "tiny:T16"]',
                    'tests = ["unit:H10"]')
        self.assertIn("no test that reads the hardware back", self.errors())

    def test_verdicts(self):
        self.change(conformance.TABLE, 'gicv3 = "holds"', 'gicv3 = "perhaps"')
        self.assertIn("verdict 'perhaps'", self.errors())
        self.change(conformance.TABLE, 'gicv3 = "perhaps"', 'gicv3 = "refuted"')
        self.assertIn("without a word of what happens instead", self.errors())

    def test_keys_and_numbers(self):
        self.change(conformance.TABLE, 'document = "both"\n', "")
        self.change(conformance.TABLE, 'id = "1.3"', 'id = "1.2"')
        self.change(conformance.TABLE, 'document = "newer"', 'document = "newest"')
        errors = self.errors()
        for error in ("keys document", "1.2: twice", "document 'newest'"):
            self.assertIn(error, errors)

    def test_empty_tables(self):
        for table in TABLES:
            path = os.path.join(self.top, table)
            with open(path, "w", encoding="utf-8") as file:
                file.write("# nothing\n")
            with self.assertRaises(conformance.Wrong):
                conformance.check(self.top)
            shutil.copy(os.path.join(TOP, table), path)

    def test_rows_of_the_markdown_tables(self):
        for table, old, new, error in (
                (conformance.FIXES, "| 16e604a437c8 |", "| 16e604a |", "not a commit"),
                (conformance.FIXES, "| impossible by type", "| never", "verdict 'never"),
                (conformance.FIXES, "caught by `lifecycle:N16`, `lifecycle:STALE`", "caught by it",
                 "caught by no test"),
                (conformance.GALLERY, "| stated |", "| known |", "cause 'known'"),
                (conformance.GALLERY, "https://github.com/au-ts/libvmm/pull/238", "libvmm",
                 "no link"),
                (conformance.GALLERY, "`unit:libvmm#257`", "", "a stated cause without a test"),
                (conformance.GALLERY, "`unit:libvmm#257`", "", "libvmm#257: a second interrupt")):
            with self.subTest(error):
                self.change(table, old, new)
                self.assertIn(error, self.errors())
                shutil.copy(os.path.join(TOP, table), os.path.join(self.top, table))

    def test_a_story_that_is_in_no_table(self):
        os.unlink(os.path.join(self.top, "tests/unit"))
        shutil.copytree(os.path.join(TOP, "tests/unit/gallery"),
                        os.path.join(self.top, "tests/unit/gallery"))
        path = os.path.join(self.top, "tests/unit/gallery/new.cpp")
        with open(path, "w", encoding="utf-8") as file:
            file.write('TEST_CASE("new#1: a story", "[gallery]") {}\n')
        errors = self.errors()
        self.assertIn("unit:new#1: a story is in neither table", errors)
        self.assertIn("'new#1: a story' has no link", errors)


def main():
    """The tables as they are count as one case a row."""
    passed, failed = conformance.report(TOP)
    result = unittest.main(exit=False).result
    bad = len(result.failures) + len(result.errors)
    print(f"{passed + result.testsRun - bad} passed, {failed + bad} failed")
    return 1 if failed + bad else 0


if __name__ == "__main__":
    sys.exit(main())
