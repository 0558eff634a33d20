#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the case table's runner: what must fail a case does."""

import concurrent.futures
import os
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import build_helpers  # noqa: E402

sys.path.insert(0, os.path.join(build_helpers.TOP, "scripts"))
import case_files  # noqa: E402
import run_cases  # noqa: E402
from run_cases import Case, TableError, expand, judge  # noqa: E402
from suite import main  # noqa: E402

RUN_CASES = os.path.join(build_helpers.TOP, "scripts", "run_cases.py")


class Judging(unittest.TestCase):
    """A finished run is held against its row."""

    def test_what_passes(self):
        case = Case("x", require=["^a"], once=["b$"], forbid=["c"], status=3)
        self.assertEqual(judge(case, 3, "no\nab\n"), [])

    def test_another_status(self):
        self.assertEqual(judge(Case("x"), 5, ""), ["exit status 5, expected 0"])

    def test_something_unseen(self):
        self.assertEqual(judge(Case("x", require=["^a"]), 0, "ba"), ["not seen: ^a"])

    def test_something_seen_twice_or_never(self):
        case = Case("x", once=["a"])
        self.assertEqual(judge(case, 0, "a\na"), ["seen 2 times instead of once: a"])
        self.assertEqual(judge(case, 0, ""), ["seen 0 times instead of once: a"])

    def test_something_forbidden(self):
        self.assertEqual(judge(Case("x", forbid=["b.d"]), 0, "abcde"), ["must not be seen: bcd"])


class Table(unittest.TestCase):
    """Rows become cases, wrong rows are refused."""

    def test_axes_multiply(self):
        names = [case.name for case in expand({"name": "n", "gic": [2, 3], "smp": [1, 2],
                                               "require": ["v{gic}"]}, {})]
        self.assertEqual(names, ["n-gic2-smp1", "n-gic2-smp2", "n-gic3-smp1", "n-gic3-smp2"])

    def test_the_axis_is_filled_in(self):
        cases = list(expand({"name": "n", "gic": [2, 3], "require": ["v{gic}", "a{3}"]}, {}))
        self.assertEqual([case.require[0] for case in cases], ["v2", "v3"])
        self.assertEqual(cases[0].require[1], "a{3}")

    def test_long_cases_start_first(self):
        cases = [Case(name, timeout=limit) for name, limit in
                 (("a", 60), ("b", 300), ("c", 2), ("d", 60), ("e", 300))]
        self.assertEqual("".join(case.name for case in run_cases.longest_first(cases)), "beadc")

    def test_an_unknown_key_is_refused(self):
        with self.assertRaises(TableError):
            list(expand({"name": "n", "expect": 1}, {}))

    def test_the_real_table_is_sound(self):
        self.assertGreater(len(run_cases.load(run_cases.TABLE)), 50)

    def refused(self, text):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(text)
            file.flush()
            with self.assertRaises(TableError):
                run_cases.load(file.name)

    def test_two_cases_of_one_name(self):
        self.refused('[[case]]\nname="a"\nrequire=["x"]\n[[case]]\nname="a"\nrequire=["x"]\n')

    def test_a_row_like_another(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write('[[case]]\nname="a"\ngic=[2, 3]\nrequire=["x"]\nstatus=1\n'
                       '[[case]]\nname="b"\nlike="a"\nstatus=2\n')
            file.flush()
            cases = run_cases.load(file.name)
        self.assertEqual([(case.name, case.gic, case.status, case.require) for case in cases[2:]],
                         [("b-gic2", 2, 2, ["x"]), ("b-gic3", 3, 2, ["x"])])

    def test_a_row_like_none(self):
        self.refused('[[case]]\nname="a"\nlike="b"\nrequire=["x"]\n')

    def test_a_case_that_looks_at_nothing(self):
        self.refused('[[case]]\nname="a"\n')


class Making(unittest.TestCase):
    """What several cases need is made once, whoever comes first."""

    def test_cases_at_once(self):
        calls = []

        def slow(name):
            calls.append(name)
            time.sleep(0.2)
            return name + "!"

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda name: run_cases.made(slow, name), "abab"))
        self.assertEqual((sorted(calls), results), (["a", "b"], ["a!", "b!", "a!", "b!"]))

    def test_a_failure_is_not_kept(self):
        def broken():
            raise TableError("no")

        for _ in range(2):
            with self.assertRaises(TableError):
                run_cases.made(broken)

    def test_a_case_makes_its_files_so(self):
        self.assertEqual(Case("x", gic=2, stub="dirt").command(),
                         Case("x", gic=2, stub="dirt").command())
        self.assertIn((run_cases.stub, ("dirt", 2)), case_files._made)


class WholeRuns(unittest.TestCase):
    """Real boots of helpers through the real runner."""

    def run_table(self, rows, end="off", *arguments):
        image = build_helpers.build(f"{end}-0", "helpers/end.S", **{f"END_{end}": 1, "STATUS": 0})
        text = "".join(f'[[case]]\nname = "runner-{name}"\nargs = ["--raw-image", "{image}"]\n'
                       f"{body}\n" for name, body in rows.items())
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(text)
            file.flush()
            return subprocess.run([sys.executable, RUN_CASES, "--table", file.name, *arguments],
                                  text=True, capture_output=True, timeout=120, check=False)

    def test_good_cases(self):
        done = self.run_table({"a": 'once = ["helper speaking"]', "b": 'require = ["helper"]'})
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], "2 passed, 0 failed")

    def test_the_longer_case_is_started_first(self):
        done = self.run_table({"a": 'require = ["helper"]',
                               "b": 'timeout = 90\nrequire = ["helper"]'}, "off", "--jobs", "1")
        self.assertEqual([line.split()[1] for line in done.stdout.splitlines()[:2]],
                         ["runner-b", "runner-a"], done.stdout)

    def test_one_bad_case_among_good_ones(self):
        done = self.run_table({"a": 'once = ["helper speaking"]', "b": 'require = ["silence"]',
                               "c": 'status = 3\nrequire = ["helper"]'})
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertEqual(done.stdout.splitlines()[-1], "1 passed, 2 failed")
        self.assertIn("not seen: silence", done.stdout)
        self.assertIn("exit status 0, expected 3", done.stdout)

    def test_a_case_that_hangs_fails(self):
        done = self.run_table({"a": 'timeout = 2\nrequire = ["helper speaking"]'}, "hang")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("exit status 124, expected 0", done.stdout)


if __name__ == "__main__":
    sys.exit(main())
