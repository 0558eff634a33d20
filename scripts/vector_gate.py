#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves on the ELF file that a fast path gives the guest back what it took.

Each vector that a running guest enters (the synchronous and the IRQ one of both tables) is
followed along every path through whatever it jumps to, with a value known for each register: the
guest's own, SP at entry and how far from it, a constant, or anything. A path ends at ERET or at
slow_*, which saves the registers itself. Refused:

  - a register or SP that is not the guest's again at the end; at ERET from the synchronous vector
    x0 may be a constant instead, a call's result, and any register what was stored in its place
    in the frame by an index, a trapped load's
  - a call, an indirect branch, a loop but for the retry of one load and store exclusive, an FP/SIMD
    instruction, one that the decoder does not know
  - an index into memory without a bound
  - a store anywhere but to the stack below the frame (--stack bytes), the frame (--frame bytes), or
    EL2's constant addresses (--constants and up), or by store exclusive with a bounded index to
    where a pointer from there or TPIDR_EL2 points, or one found there; and a system register not in
    WRITABLE
  - ERET without DSB NSH and ISB behind it
  - more than 128 bytes in a vector's place, more instructions than LIMITS says

Usage: vector_gate.py FILE [-v].  Status 0, with -v the longest path of each kind; 1 with one line
for each fault; 2 when the file cannot be judged.
"""

import argparse
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import a64  # noqa: E402
import fp_gate  # noqa: E402
from vector_state import ANY, Program, Refused, State  # noqa: E402

SLOT = 128
VECTORS = (("sync", 0x400), ("irq", 0x480))
TABLES = ("vectors_v2", "vectors_v3")
LIMITS = {"sync": 130, "irq": 110}
SAVED_FIRST = 16  # slow_rest_* finds x0 to x15 in the frame and saves the others
SAVED_NAMES = frozenset(f"x{n}" for n in range(SAVED_FIRST))
DSB_NSH, ISB = 0xD503379F, 0xD5033FDF
# DDI 0487: what a fast path may write, by its encoding.
WRITABLE = {"S3_0_C12_C12_1": "ICC_EOIR1_EL1", "S3_0_C12_C11_1": "ICC_DIR_EL1",
            "S3_0_C12_C11_5": "ICC_SGI1R_EL1", "S3_4_C4_C0_1": "ELR_EL2",
            "S3_4_C12_C12_0": "ICH_LR0_EL2", "S3_4_C12_C12_1": "ICH_LR1_EL2",
            "S3_4_C12_C12_2": "ICH_LR2_EL2", "S3_4_C12_C12_3": "ICH_LR3_EL2"}
PLAN = "S3_4_C13_C0_2"  # TPIDR_EL2, which points to the vCPU's plan
MAX_PATHS = 20000


class Walker:
    """Follows every path of one vector."""

    def __init__(self, program, kind, start, options):
        self.program = program
        self.kind = kind
        self.start = start
        self.options = options
        self.longest = {}  # (functions passed, end) -> instructions
        self.faults = {}   # address -> what is wrong there

    def run(self):
        """Walks; a path ends at its first fault."""
        pending = [(self.start, State(), ())]
        paths = 0
        while pending and paths <= MAX_PATHS:
            pc, state, passed = pending.pop()
            paths += 1
            try:
                self.follow(pc, state, passed, pending)
            except Refused as fault:
                self.faults.setdefault(fault.args[0], fault.args[1])
        if paths > MAX_PATHS:
            self.faults[self.start] = f"more than {MAX_PATHS} paths"

    def follow(self, pc, state, passed, pending):
        """One path from pc, with `passed` behind it, to its end; leaves its branches in pending."""
        seen = set(passed)
        passed = list(passed)
        while True:
            name, offset = self.program.place(pc)
            if name.startswith("slow_") and not offset:
                return self.finish(pc, state, passed, name)
            if pc in seen:
                raise Refused(pc, "a loop")
            if pc not in self.program.words:
                raise Refused(passed[-1] if passed else pc, f"leaves the code, to {pc:#x}")
            if offset >= SLOT and pc - offset == self.start:
                raise Refused(pc, f"more than {SLOT} bytes in a vector's place")
            seen.add(pc)
            passed.append(pc)
            insn = a64.decode(self.program.words[pc], pc)
            if insn.kind == "eret":
                return self.finish(pc, state, passed, "eret")
            if insn.kind == "cond" and not self.retries(pc, insn.value):
                pending.append((insn.value, state.copy(), tuple(passed)))
            else:
                self.step(pc, insn, state)
            pc = insn.value if insn.kind == "jump" else pc + 4
            if len(passed) > LIMITS[self.kind]:
                raise Refused(pc, f"more than {LIMITS[self.kind]} instructions on one path")

    def retries(self, pc, target):
        """A branch behind a store exclusive, back to its load: to do the same once more."""
        first, last = (a64.decode(self.program.words.get(at, 0), at) for at in (target, pc - 4))
        near = pc - 16 <= target < pc - 4
        return near and first.kind == "load" and last.kind == "store" and \
            "exclusive" in first.notes and "exclusive" in last.notes and first.base == last.base

    def step(self, pc, insn, state):
        """Changes the state as one instruction does."""
        if insn.kind == "call":
            raise Refused(pc, f"{insn.name}: a fast path calls nothing")
        if insn.kind in ("fp", "unknown", "sys"):
            raise Refused(pc, {"fp": "an FP/SIMD instruction", "unknown": "an unknown instruction",
                               "sys": f"system instruction {insn.name}"}[insn.kind])
        if insn.kind == "msr" and insn.name not in WRITABLE:
            raise Refused(pc, f"writes the system register {insn.name}")
        if insn.kind in ("load", "store"):
            self.access(pc, insn, state)
            return
        value = {"const": ("const", insn.value), "at_most": ("at_most", insn.value),
                 "add": state.address(insn.base, insn.value),
                 "copy": state.get(insn.base)}.get(insn.kind, ANY)
        if "narrow" in insn.notes and value[0] not in ("at_most", "const"):
            value = ANY
        if insn.kind == "sum" and ("byte" in insn.notes or
                                   state.get(insn.index)[0] == "at_most"):
            value = state.get(insn.base) if state.get(insn.base)[0] == "plan" else ANY
        if insn.kind == "keep16" and state.get(insn.to[0])[0] == "const":
            old = state.get(insn.to[0])[1] & ~(0xFFFF << insn.shift)
            value = ("const", old | insn.value << insn.shift)
        if insn.name == PLAN:
            value = ("plan", 0)
        for number in insn.to:
            state.put(number, value)
        if state.regs[a64.SP][0] != "sp":
            raise Refused(pc, "SP is not known any more")

    def access(self, pc, insn, state):
        """A load or store, and what it adds to its base register."""
        if insn.index is not None:
            self.indexed(pc, insn, state)
            return
        before = state.get(insn.base)
        if insn.pre:
            state.put(insn.base, state.address(insn.base, insn.after))
        kind, at = state.address(insn.base, insn.value)
        results = []
        for index, number in enumerate(insn.regs or insn.to):
            place = at + index * insn.size
            if insn.kind == "store":
                self.store(pc, insn, state, (kind, place), state.get(number))
            else:
                whole = kind == "sp" and insn.size == 8
                planned = insn.size == 8 and (kind == "plan" or kind == "const" and
                                              at >= self.options.constants)
                results.append(state.memory.get(place, ANY) if whole else
                               ("plan", 0) if planned else ANY)
        if insn.after and not insn.pre:
            state.put(insn.base, (before[0], before[1] + insn.after)
                      if before[0] in ("sp", "const") else ANY)
        for number, value in zip(insn.to, results or [ANY] * len(insn.to)):
            state.put(number, value)

    def indexed(self, pc, insn, state):
        """A load or store of one register with an index; a store may only go to the frame, where it
        then may or may not have replaced each register up to its bound."""
        kind, bound = state.get(insn.index)
        if kind not in ("at_most", "const"):
            raise Refused(pc, "an index without a bound")
        base, at = state.get(insn.base)
        last = at + (bound << insn.shift)
        if insn.kind == "load":
            state.put(insn.to[0], ANY)
        elif base != "sp" or insn.size != 8 or insn.shift != 3 or at < 0 or at % 8 or \
                last > self.options.frame - insn.size:
            raise Refused(pc, "a store to an address that is not known")
        else:
            for place in range(at, last + 1, 8):
                state.memory[place] = ("stored", state.memory.get(place, ANY))

    def store(self, pc, insn, state, where, value):
        """Writes one register to memory, if that is where a fast path may write."""
        kind, at = where
        if kind == "sp":
            if not -self.options.stack <= at <= self.options.frame - insn.size:
                raise Refused(pc, f"a store at {at} from the frame: of {self.options.stack} bytes "
                              f"below and {self.options.frame} above")
            for old in range(at - 7, at + insn.size):
                state.memory.pop(old, None)
            if insn.size == 8:
                state.memory[at] = value
        elif kind == "plan" and "exclusive" in insn.notes:
            return
        elif kind != "const" or at < self.options.constants:
            raise Refused(pc, "a store to an address that is not known")

    def finish(self, pc, state, passed, end):
        """Judges the end of a path and keeps its length."""
        wrong = state.taken()
        if end.startswith("slow_rest"):
            wrong = [f"x{n}" for n in range(SAVED_FIRST) if state.memory.get(8 * n) != ("guest", n)]
            wrong += [name for name in state.taken() if name not in SAVED_NAMES]
        if end == "eret":
            if self.kind == "sync":
                allowed = {f"x{n}" for n in range(31) if state.regs[n] == ("stored", ("guest", n))}
                allowed |= {"x0"} if state.regs[0][0] == "const" else set()
                wrong = [name for name in wrong if name not in allowed]
            after = [self.program.words.get(pc + 4 * n) for n in (1, 2)]
            if after != [DSB_NSH, ISB]:
                raise Refused(pc, "no DSB NSH; ISB behind ERET")
        if wrong:
            raise Refused(passed[-1], f"at {end} not the guest's: {' '.join(wrong)}")
        functions = []
        for address in passed:
            name = self.program.place(address)[0]
            if name not in functions:
                functions.append(name)
        key = " ".join(functions), end
        self.longest[key] = max(self.longest.get(key, 0), len(passed))


def judge(program, options):
    """Walks all vectors; returns (report lines, fault lines)."""
    report, faults = [], []
    for table in TABLES:
        if table not in program.address:
            raise fp_gate.BadElf(f"it has no {table}")
        for kind, offset in VECTORS:
            walker = Walker(program, kind, program.address[table] + offset, options)
            walker.run()
            if not walker.longest and not walker.faults:
                faults.append(f"{table}, {kind}: no path ends")
            for pc, reason in sorted(walker.faults.items()):
                name, at = program.place(pc)
                faults.append(f"{table}, {kind}: {name}+{at:#x}: {reason}")
            report += [f"{count:4} instructions, {table} {kind}: {passed} -> {end}"
                       for (passed, end), count in sorted(walker.longest.items())]
    return report, faults


def main():
    """Judges one file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("-v", action="store_true", help="print the longest path of each kind")
    parser.add_argument("--stack", type=int, default=128, help="bytes below the frame (128)")
    parser.add_argument("--frame", type=int, default=256, help="bytes of the frame (256)")
    parser.add_argument("--constants", type=lambda text: int(text, 0), default=0x3FFFFE00000,
                        help="EL2's constant addresses begin here (0x3ffffe00000)")
    args = parser.parse_args()
    try:
        with open(args.file, "rb") as file:
            program = Program(file.read())
        report, faults = judge(program, args)
    except (OSError, fp_gate.BadElf, struct.error, ValueError) as error:
        print(f"vector_gate.py: {args.file}: {error}", file=sys.stderr)
        return 2
    print("".join([f"{line}\n" for line in report if args.v] +
                  [f"{args.file}: {line}\n" for line in faults]), end="")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
