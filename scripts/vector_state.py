# SPDX-License-Identifier: Apache-2.0
"""What scripts/vector_gate.py walks and what it knows on the way: the program, the registers."""

import bisect

import a64
import fp_gate

ANY = ("any", 0)


class Refused(Exception):
    """The text says what is wrong at an address."""


class Program:
    """The instructions and the names of an ELF file."""

    def __init__(self, data):
        sections = fp_gate.read_sections(data)
        symbols = fp_gate.read_symbols(data, sections)
        self.words = {}
        for index, section in enumerate(sections):
            if section[1] & fp_gate.SHF_EXECINSTR:
                self.words.update(fp_gate.code_words(data, section, index, symbols))
        self.address = {name: value for _, value, _, name in symbols}
        # Of several names at one place the function's; the linker script's own are not places.
        named = sorted((value, kind == fp_gate.STT_FUNC, name) for _, value, kind, name in symbols
                       if name and name[0] not in "$_" and value in self.words)
        self.names = {value: name for value, _, name in named}
        self.starts = sorted(self.names)

    def place(self, pc):
        """(name, offset) of an address."""
        at = bisect.bisect_right(self.starts, pc) - 1
        if at < 0:
            return f"{pc:#x}", 0
        return self.names[self.starts[at]], pc - self.starts[at]


class State:
    """What is known at one point of one path."""

    def __init__(self, regs=None, memory=None):
        self.regs = regs or [("guest", n) for n in range(31)] + [("sp", 0)]
        self.memory = memory or {}  # offset from SP at entry -> value of those 8 bytes

    def copy(self):
        """A state that may go another way."""
        return State(list(self.regs), dict(self.memory))

    def get(self, number):
        """The value of a register, as the decoder numbers them."""
        return ("const", 0) if number == a64.ZR else self.regs[number]

    def put(self, number, value):
        """Sets a register."""
        if number != a64.ZR:
            self.regs[number] = value

    def address(self, base, offset):
        """The value of base + offset."""
        kind, value = self.get(base)
        return (kind, value + offset) if kind in ("sp", "const", "plan") else ANY

    def taken(self):
        """Names of the registers that are not the guest's."""
        wrong = [f"x{n}" for n in range(31) if self.regs[n] != ("guest", n)]
        return wrong + ([] if self.regs[a64.SP] == ("sp", 0) else ["sp"])
