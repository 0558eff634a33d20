#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is switched, trapped and hidden (hyp/arch/README.md): the tables, the list in
el1_context.hpp, what guest/registers fills, and the machine code say the same; and the code loads in
the order that no speculative table walk can see half of. Each check is also shown a fault."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "scripts"))
sys.dont_write_bytecode = True

import fp_gate  # noqa: E402
from vector_state import Program  # noqa: E402

# DDI 0487: op0, op1, CRn, CRm, op2.
ENCODINGS = {
    "ELR_EL2": (3, 4, 4, 0, 1), "SPSR_EL2": (3, 4, 4, 0, 0), "SCTLR_EL1": (3, 0, 1, 0, 0),
    "TCR_EL1": (3, 0, 2, 0, 2), "TTBR0_EL1": (3, 0, 2, 0, 0), "TTBR1_EL1": (3, 0, 2, 0, 1),
    "MAIR_EL1": (3, 0, 10, 2, 0), "CONTEXTIDR_EL1": (3, 0, 13, 0, 1), "VBAR_EL1": (3, 0, 12, 0, 0),
    "ELR_EL1": (3, 0, 4, 0, 1), "SPSR_EL1": (3, 0, 4, 0, 0), "ESR_EL1": (3, 0, 5, 2, 0),
    "FAR_EL1": (3, 0, 6, 0, 0), "PAR_EL1": (3, 0, 7, 4, 0), "SP_EL0": (3, 0, 4, 1, 0),
    "SP_EL1": (3, 4, 4, 1, 0), "CPACR_EL1": (3, 0, 1, 0, 2), "CNTKCTL_EL1": (3, 0, 14, 1, 0),
    "TPIDR_EL0": (3, 3, 13, 0, 2), "TPIDRRO_EL0": (3, 3, 13, 0, 3), "TPIDR_EL1": (3, 0, 13, 0, 4),
    "CSSELR_EL1": (3, 2, 0, 0, 0), "AFSR0_EL1": (3, 0, 5, 1, 0), "AFSR1_EL1": (3, 0, 5, 1, 1),
    "AMAIR_EL1": (3, 0, 10, 3, 0), "VTTBR_EL2": (3, 4, 2, 1, 0), "HCR_EL2": (3, 4, 1, 1, 0),
    "VPIDR_EL2": (3, 4, 0, 0, 0), "VMPIDR_EL2": (3, 4, 0, 0, 5), "CNTVOFF_EL2": (3, 4, 14, 0, 3),
    "CNTHCTL_EL2": (3, 4, 14, 1, 0)}
NAMES = {encoding: name for name, encoding in ENCODINGS.items()}
ISB, NOP, RET = 0xD5033FDF, 0xD503201F, 0xD65F03C0
REGISTER = re.compile(r"\b[A-Z][A-Z0-9]*_EL[012]\b")
COMPILE = ("-std=c++20 -Os -ffreestanding -fno-pic -mcmodel=tiny -march=armv8-a -mgeneral-regs-only "
           "-fno-exceptions -fno-rtti -fno-asynchronous-unwind-tables -DHYP_CHECKED=0 -I.").split()


def read(path):
    """The text of a file of the project."""
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return file.read()


def listed(header, macro):
    """The registers that a list in the header names, in order."""
    body = re.search(rf"#define {macro}\(\w+\)((?:.*\\\n)*.*)\n", header)[1]
    return [name.upper() for name in re.findall(r"[a-z]\w*_el[012]\b", body)]


def documented(readme, begin, end):
    """The registers in the first column of the tables between two texts."""
    part = readme[readme.index(begin):readme.index(end)]
    rows = [line.split("|")[1] for line in part.splitlines() if line.startswith("| ")]
    return [name for row in rows for name in REGISTER.findall(row)]


def differences(what, one, other):
    """A line for each name that only one of two lists has."""
    return [f"{what}: {name}" for name in sorted(set(one) ^ set(other))]


def compare_lists(header, readme, rows):
    """The tables of the README against the header's lists and the guest's rows."""
    switched = [name for macro in ("HYP_EL1_PAIRS", "HYP_WALK_PAIR", "HYP_AUXILIARY")
                for name in listed(header, macro)]
    in_tables = documented(readme, "## Switched when", "Loaded with it")
    errors = differences("switched", switched, in_tables)
    errors += differences("confinement", listed(header, "HYP_CONFINEMENT_PAIRS"),
                          documented(readme, "Loaded with it", "### The order"))
    errors += [f"twice: {name}" for name in in_tables if in_tables.count(name) > 1]
    filled = re.findall(r'GUEST_\w+\("(\w+)"', rows)
    # Those two are what stay_away() fills, and where the guest goes on.
    errors += [f"not filled by the guest: {name}" for name in in_tables
               if name.endswith(("_EL0", "_EL1")) and name not in filled and name != "SP_EL1"]
    for name in documented(readme, "## Cleared at load", "## Trapped"):
        if f'GUEST_HIDDEN("{name}"' not in rows:
            errors.append(f"not looked for by the guest: {name}")
    words = set(re.findall(r"\w+", readme))
    stems = {re.sub(r"(Lo|Hi)?_EL[01]$|0_EL1$", "", name) for name in filled}
    errors += [f"filled by the guest, not documented: {stem}" for stem in sorted(stems)
               if not {stem, stem + "_EL0", stem + "_EL1", stem + "0_EL1"} & words and
               not stem.startswith(("CNT", "ICC_", "PMUSERENR"))]
    return errors


def compare_traps(readme, code):
    """The traps that the README names against those that the code sets."""
    part = readme[readme.index("## Switched lazily"):readme.index("## Once on each pCPU")]
    named = {(register, trap) for register, traps in
             re.findall(r"\b(HCR|MDCR|CPTR)_EL2\.([A-Z0-9]+(?:, [A-Z0-9]+)*)\b(?! = 0)", part)
             for trap in traps.split(", ")}
    written = {(register.upper(), trap.upper()) for register, trap in
               re.findall(r"\b(Hcr|Mdcr|Cptr)El2::(\w+)>\(", code)}
    # PAuth's are set by not being set; the others are no traps of registers.
    named -= {("HCR", "APK"), ("HCR", "API")}
    others = ("VM", "SWIO", "PTW", "FB", "BSU", "AMO", "RW", "TSC", "TWI")
    written -= {("HCR", other) for other in others}
    return differences("trap", map(".".join, named - {("HCR", "AMO")}),
                       map(".".join, written - {("MDCR", "HPMN")}))


def system(word):
    """(direction, name, general register) of an MRS or MSR, else None."""
    if word >> 20 not in (0xD51, 0xD53):
        return None
    encoding = (2 + (word >> 19 & 1), word >> 16 & 7, word >> 12 & 15, word >> 8 & 15, word >> 5 & 7)
    return ("mrs" if word >> 20 == 0xD53 else "msr", NAMES.get(encoding, str(encoding)), word & 31)


def pair(word):
    """(stp or ldp, base, offset, first, second) of a pair with an offset, else None."""
    kind = {0xA9000000: "stp", 0xA9400000: "ldp"}.get(word & 0xFFC00000)
    offset = (word >> 15 & 127) - (word >> 14 & 128)
    return (kind, word >> 5 & 31, offset * 8, word & 31, word >> 10 & 31) if kind else None


def common_path(words, start):
    """The instructions from `start` to RET where world_extras is 0: its CBZ is taken."""
    path, at = [], start
    while words[at] != RET:
        path.append(words[at])
        if words[at] >> 24 == 0x34:  # CBZ Wt
            offset = words[at] >> 5 & 0x7FFFF
            at += (offset - (offset >> 18 << 19)) * 4
        else:
            at += 4
    return path


def saved_at(path):
    """Register -> offset that a save stores it to."""
    holds, places = {}, {}
    for word in path:
        if system(word):
            holds[word & 31] = system(word)[1]
        elif pair(word) and pair(word)[0] == "stp":
            _, _, offset, first, second = pair(word)
            places.update({holds[first]: offset, holds[second]: offset + 8})
    return places


def loaded_from(path):
    """Register -> offset that a load takes it from; those of no memory are left out."""
    holds, places = {}, {}
    for word in path:
        if pair(word):
            _, _, offset, first, second = pair(word)
            holds.update({first: offset, second: offset + 8})
        elif system(word) and system(word)[2] in holds:
            places[system(word)[1]] = holds[system(word)[2]]
        elif not system(word) and word != ISB:
            holds.pop(word & 31, None)
    return places


def order_errors(path):
    """TCR, ISB, SCTLR, ISB, all else with VTTBR, ISB, SCTLR, ISB, TCR."""
    events = [system(word)[1] if system(word) else "ISB" for word in path
              if word == ISB or (system(word) and system(word)[0] == "msr")]
    head, tail = ["TCR_EL1", "ISB", "SCTLR_EL1", "ISB"], ["ISB", "SCTLR_EL1", "ISB", "TCR_EL1"]
    errors = []
    if events[:4] != head:
        errors.append(f"walks are not stopped first: {events[:4]}")
    if events[-4:] != tail:
        errors.append(f"the MMU is not the last: {events[-4:]}")
    if {"TCR_EL1", "SCTLR_EL1", "ISB"} & set(events[4:-4]) or "VTTBR_EL2" not in events[4:-4]:
        errors.append("between: a walk may start, or VTTBR_EL2 is not there")
    return errors


def elf_errors(words):
    """Wherever hyp.elf writes VTTBR_EL2, walks are stopped before and allowed after."""
    writes = [at for at, word in words.items() if system(word) and
              system(word)[:2] == ("msr", "VTTBR_EL2")]
    errors = [] if writes else ["VTTBR_EL2 is never written"]
    for at in writes:
        before = [system(words.get(at - 4 * n, NOP)) for n in range(1, 12)]
        barriers = [words.get(at - 4 * n) for n in range(1, 12)].count(ISB)
        stops = [reg[1] for reg in before if reg and reg[0] == "msr"]
        if barriers < 2 or stops[-2:] != ["SCTLR_EL1", "TCR_EL1"]:
            errors.append(f"{at:#x}: VTTBR_EL2 is written while walks may start")
    return errors


class World(unittest.TestCase):
    """Compiles the list once; each test also breaks what it looks at."""

    @classmethod
    def setUpClass(cls):
        cls.header = read("hyp/arch/el1_context.hpp")
        cls.readme = read("hyp/arch/README.md")
        cls.rows = read("guest/registers/rows.cpp")
        work = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, work)
        cross = "aarch64-none-elf-" if shutil.which("aarch64-none-elf-g++") else "aarch64-linux-gnu-"
        subprocess.run([cross + "g++", *COMPILE, "-c", "hyp/arch/el1_context.cpp", "-o",
                        f"{work}/o.o"], cwd=TOP, check=True)
        with open(f"{work}/o.o", "rb") as file:
            program = Program(file.read())
        start = {name: address for name, address in program.address.items() if "_world" in name}
        cls.words = program.words
        cls.save, cls.load = (
            common_path(program.words, next(at for name, at in start.items() if function in name))
            for function in ("save_world", "load_world"))

    def test_lists(self):
        self.assertEqual(compare_lists(self.header, self.readme, self.rows), [])

    def test_lists_that_differ(self):
        for part, old, new, error in (
                ("header", "PAIR(sp_el0, sp_el1)", "", "switched: SP_EL1"),
                ("header", "PAIR(vttbr_el2, hcr_el2)", "PAIR(vttbr_el2, mdcr_el2)",
                 "confinement: MDCR_EL2"),
                ("readme", "| SP_EL0, SP_EL1 |", "| SP_EL1 |", "switched: SP_EL0"),
                ("readme", "| SP_EL0, SP_EL1 |", "| SP_EL0, SP_EL1, ESR_EL1 |", "twice: ESR_EL1"),
                ("readme", "| TPIDR2_EL0 |", "| TPIDR3_EL0 |", "not looked for by the guest"),
                ("readme", "ACTLR_EL1", "its own", "filled by the guest, not documented: ACTLR"),
                ("rows", '"FAR_EL1"', '"FAR"', "not filled by the guest: FAR_EL1")):
            with self.subTest(error):
                texts = {"header": self.header, "readme": self.readme, "rows": self.rows}
                self.assertIn(old, texts[part])
                texts[part] = texts[part].replace(old, new)
                self.assertIn(error, "\n".join(compare_lists(**texts)))

    def test_traps(self):
        hcr = read("hyp/core/regs/hcr.hpp")
        hcr = hcr[hcr.index("hcr_guest = "):hcr.index("static_assert(hcr_guest")]
        code = hcr + read("hyp/el2_setup.cpp")
        self.assertEqual(compare_traps(self.readme, code), [])
        self.assertEqual(compare_traps(self.readme.replace("TDA, TDOSA", "TDOSA"), code),
                         ["trap: MDCR.TDA"])
        self.assertEqual(compare_traps(self.readme, code.replace(".with<CptrEl2::Tta>(true)", "")),
                         ["trap: CPTR.TTA"])

    def test_the_code_saves_and_loads_the_list(self):
        wanted = set(listed(self.header, "HYP_EL1_PAIRS") + listed(self.header, "HYP_WALK_PAIR"))
        saved, loaded = saved_at(self.save), loaded_from(self.load)
        self.assertEqual(set(saved), wanted)
        self.assertEqual(len(set(saved.values())), len(saved))
        confined = set(listed(self.header, "HYP_CONFINEMENT_PAIRS"))
        self.assertEqual(set(loaded), wanted | confined)
        self.assertEqual({name: loaded[name] for name in wanted}, saved)
        self.assertEqual(sorted(loaded[name] for name in confined), list(range(0, 48, 8)))

    def test_the_order(self):
        self.assertEqual(order_errors(self.load), [])
        for at, word in enumerate(self.load):
            if word == ISB:
                broken = self.load[:at] + [NOP] + self.load[at + 1:]
                self.assertNotEqual(order_errors(broken), [], f"ISB at {at}")
        vttbr = next(at for at, word in enumerate(self.load)
                     if system(word) and system(word)[1] == "VTTBR_EL2")
        self.assertNotEqual(order_errors([self.load[vttbr]] + self.load[:vttbr] +
                                         self.load[vttbr + 1:]), [])

    def test_the_order_in_the_image(self):
        with open(os.path.join(TOP, "build/hyp.elf"), "rb") as file:
            words = Program(file.read()).words
        self.assertEqual(elf_errors(words), [])
        at = next(at for at, word in words.items() if system(word) and
                  system(word)[:2] == ("msr", "VTTBR_EL2"))
        for old in (ISB, *(words[at - 4 * n] for n in range(1, 12) if system(words[at - 4 * n]) and
                           system(words[at - 4 * n])[1] == "TCR_EL1")):
            broken = dict(words)
            broken.update({at - 4 * n: NOP for n in range(1, 12) if words[at - 4 * n] == old})
            self.assertNotEqual(elf_errors(broken), [])

    def test_the_counts(self):
        counted = re.search(r"save (\d+), load (\d+)\.", self.readme)
        self.assertEqual((len(self.save), len(self.load)), (int(counted[1]), int(counted[2])))

    def test_fp_only_where_it_is_allowed(self):
        with open(os.path.join(TOP, "build/hyp.elf"), "rb") as file:
            found = fp_gate.offenders(file.read())
        self.assertLessEqual(set(found), set(fp_gate.ALLOWED))
        self.assertIn("fp_load_registers", found)


def main():
    """Prints the summary that make test adds up."""
    result = unittest.main(exit=False).result
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
