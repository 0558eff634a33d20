#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/mutate.py: which faults it makes, and that it tells a test that notices from one that
does not."""

import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(TOP, "scripts"))
sys.path.insert(0, os.path.join(TOP, "tests", "qemu"))
sys.dont_write_bytecode = True

import mutants  # noqa: E402
import mutate_build  # noqa: E402
import suite  # noqa: E402

ENUMS = {"Mode": ["off", "on", "auto_"]}
# A line of source -> every fault made of it, whole.
FAULTS = {
    "return a < 10;": {"return a <= 10;", "return a >= 10;", "return a < 11;", "return a < 9;",
                       "return {};"},
    "x = 0x1F'0U;": {"x = 0x1f1U;", "x = 0x1efU;", ";"},
    "if (a == b) {": {"if (!(a == b)) {", "if (a != b) {"},
    "if (int c = f(); c && d) {": {"if (int c = f();!(c && d)) {", "if (int c = f(); c || d) {"},
    "u32 c = a & ~b;": {"u32 c = a | ~b;", "u32 c = a & b;"},
    "auto m = Mode::on;": {"auto m = Mode::auto_;"},
    "auto m = Mode::auto_;": {"auto m = Mode::off;"},
    "const bool t = true;": {"const bool t = false;"},
    "state_.clear(a, b);": {";"},
    "list_[i] = other;": {";"},
    "continue;": {";"},
    "++count;": {"--count;", ";"},
    "u64 s = a << b;": {"u64 s = a >> b;"},
    "int c = a - b;": {"int c = a + b;"},
    "int c = -b;": set(),
    "const u64& x = *y;": set(),
    "Field<u8, A> f;": set(),
    "template <u32 N = 3, class T> struct S;": set(),
    "static_assert(sizeof(X) == 8);": set(),
    "struct alignas(64) X;": set(),
    "[[nodiscard]] bool f(int a);": set(),
    "void f(); // a == b": set(),
    'say("a == 1");': {";"},
    "#define A 1": set(),
    "case Mode::off: x = y;": {"case Mode::on: x = y;", "case Mode::off: ;"},
    "int v = a ? b() : c();": set(),
}
FIXTURE = {
    "hyp/core/good.cpp": "int twice(int x) {\n    return x * 2;\n}\n",
    "hyp/core/weak.cpp": "int grown(int x) {\n    return x + 1 > 5 ? 3 : 4;\n}\n",
    "hyp/core/unused.hpp": "inline int unused(int x) {\n    return x - 7;\n}\n",
    "hyp/core/idle.hpp": "template <int N> struct Unused {\n    int x = N * 3;\n};\n",
    "tests/unit/main.cpp": "int run();\nint main() {\n    return run();\n}\n",
    "tests/unit/one.cpp": '#include "hyp/core/unused.hpp"\n#include "hyp/core/idle.hpp"\n'
                          "#undef TEST_CASE\n#define TEST_CASE int run()\n"
                          "int twice(int);\nint grown(int);\n"
                          "TEST_CASE {\n    return twice(7) == 14 && grown(9) == 3 ? 0 : 1;\n}\n",
}


class Faults(unittest.TestCase):
    """What is made of a line."""

    def test_lines(self):
        """Exactly the faults of the table."""
        for line, wanted in FAULTS.items():
            sites = mutants.sites_of("x", f"int a;\n{line}\n", ENUMS)
            text = f"int a;\n{line}\n"
            got = {mutants.mutated(text, site, new).split("\n")[1]
                   for site in sites for new in site.choices}
            with self.subTest(line):
                self.assertEqual(got, wanted)
                self.assertEqual({site.line for site in sites} - {2}, set())

    def test_lines_stay(self):
        """A fault in a statement of several lines moves no line."""
        text = "f(a,\n  b);\nreturn g(a,\n   b);\nint c;\n"
        for site in mutants.sites_of("x", text, {}):
            for new in site.choices:
                changed = mutants.mutated(text, site, new)
                self.assertEqual(changed.split("\n")[4], "int c;")

    def test_enumerators(self):
        """Enumerations are found; of two of one name only what both have may be swapped."""
        found = mutants.enumerators(["enum class A : u8 { x, y = 3, // z\n w };",
                                     "enum class B { one };", "enum class C { a, b, c };",
                                     "enum class C { b, c, d };"])
        self.assertEqual(found, {"A": ["x", "y", "w"], "C": ["b", "c"]})


class Runs(unittest.TestCase):
    """The whole tool on a small tree."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        for folder in mutate_build.SOURCES:
            os.makedirs(os.path.join(cls.folder.name, folder), exist_ok=True)
        for name, text in FIXTURE.items():
            path = os.path.join(cls.folder.name, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)

    def mutate(self, *arguments):
        """(status, output) of a run."""
        done = subprocess.run([os.path.join(TOP, "scripts", "mutate.py"), "--top",
                               self.folder.name, *arguments], capture_output=True, text=True,
                              check=False)
        return done.returncode, done.stdout + done.stderr

    def test_verdicts(self):
        """A tested file is good, a weakly tested one not, an unused function neither."""
        status, output = self.mutate("core/good")
        self.assertEqual(status, 0, output)
        self.assertRegex(output, r"core/good.cpp +3 +0\n")
        self.assertIn("3 mutants, 3 killed, 0 survived: 100.0 % killed", output)
        status, output = self.mutate("core/weak", "core/unused", "core/idle")
        self.assertEqual(status, 1, output)
        self.assertRegex(output, r"\nsurvived: hyp/core/weak.cpp:2:\d+: constant: '[145]'")
        self.assertRegex(output, r"\nsurvived: no host test has this code: hyp/core/unused.hpp:2:")
        self.assertRegex(output, r" [1-9] of the same object code\n")
        again = self.mutate("core/weak", "core/unused", "core/idle")[1]
        self.assertEqual([line for line in output.split("\n") if line.startswith("survived")],
                         [line for line in again.split("\n") if line.startswith("survived")])

    def test_red_before(self):
        """Tests that fail without a fault are refused, not called good."""
        path = os.path.join(self.folder.name, "tests/unit/one.cpp")
        with open(path, "w", encoding="utf-8") as file:
            file.write(FIXTURE["tests/unit/one.cpp"].replace("== 14", "== 15"))
        try:
            status, output = self.mutate("core/good")
        finally:
            with open(path, "w", encoding="utf-8") as file:
                file.write(FIXTURE["tests/unit/one.cpp"])
        self.assertEqual(status, 2)
        self.assertIn("one.cpp fails before any mutation", output)

    def test_hang(self):
        """What does not end is ended."""
        self.assertEqual(mutate_build.execute(["sleep", "60"], "/", 0.1), (None, ""))


if __name__ == "__main__":
    sys.exit(suite.main())
